/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of a connection, and questions about it.
 */
#include "host/src/internal.h"

/* The option's bit in the engine, 0 for one that is not a bit there. */
static uint32_t opts_bit(enum toe_option option) {
  switch (option) {
    case TOE_OPT_NODELAY:
      return TOE_OPTS_NODELAY;
    case TOE_OPT_CORK:
      return TOE_OPTS_CORK;
    case TOE_OPT_KEEPALIVE:
      return TOE_OPTS_KEEPALIVE;
    case TOE_OPT_QUICKACK:
      return TOE_OPTS_QUICKACK;
    default:
      return 0;
  }
}

int toe_set_option(struct toe_conn *conn, enum toe_option option, uint64_t value) {
  const uint32_t bit = opts_bit(option);

  if (conn->engine->gone) return TOE_ERR_GONE;
  if (conn->phase == CONN_ENDED) return TOE_ERR_STATE;
  if (bit != 0 || option == TOE_OPT_LINGER_ZERO) {
    if (value > 1) return TOE_ERR_RANGE;
  }
  if (bit != 0) {
    conn->opts = value != 0 ? conn->opts | bit : conn->opts & ~bit;
    if (option == TOE_OPT_CORK && value == 0) conn->more_used = false; /* lets go what was held */
  } else if (option == TOE_OPT_USER_TIMEOUT_US) {
    if (value > UINT32_MAX) return TOE_ERR_RANGE;
    conn->user_timeout_us = (uint32_t)value;
  } else if (option == TOE_OPT_DSCP) {
    if (value >= UINT64_C(1) << TOE_OPTS_DSCP_WIDTH) return TOE_ERR_RANGE;
    conn->dscp = (uint8_t)value;
  } else if (option == TOE_OPT_LINGER_ZERO) {
    conn->linger_zero = value != 0;
    return 0;
  } else {
    return TOE_ERR_RANGE;
  }
  conn_pend(conn, PENDING_OPTS);
  return flush(conn->engine);
}

int toe_get_option(const struct toe_conn *conn, enum toe_option option, uint64_t *value) {
  const uint32_t bit = opts_bit(option);

  if (bit != 0)
    *value = (conn->opts & bit) != 0;
  else if (option == TOE_OPT_USER_TIMEOUT_US)
    *value = conn->user_timeout_us;
  else if (option == TOE_OPT_DSCP)
    *value = conn->dscp;
  else if (option == TOE_OPT_LINGER_ZERO)
    *value = conn->linger_zero;
  else
    return TOE_ERR_RANGE;
  return 0;
}

int toe_conn_info(struct toe_conn *conn, struct toe_conn_info *info) {
  struct toe_engine *engine = conn->engine;

  if (engine->gone) return TOE_ERR_GONE;
  if (conn->phase == CONN_ASKED) {
    *info = (struct toe_conn_info){.state = TOE_TCP_SYN_SENT,
                                   .local_ip = engine->local_ip,
                                   .remote_ip = conn->remote_ip,
                                   .local_port = conn->local_port,
                                   .remote_port = conn->remote_port};
    return 0;
  }
  if (conn->id == TOE_NO_CONN_ID) return TOE_ERR_STATE;
  conn->info_valid = false;
  conn_pend(conn, PENDING_QUERY);
  const int result = poll_answer(engine, &conn->info_valid);
  if (result == 0) *info = engine->info;
  return result;
}
