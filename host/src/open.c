/* SPDX-License-Identifier: Apache-2.0
 *
 * How connections begin and end: the pool, connect, close, abort.
 */
#include "host/src/internal.h"

struct toe_conn *conn_new(struct toe_engine *engine) {
  if (list_empty(&engine->pool)) return NULL;
  struct toe_conn *conn = TOE_CONTAINER(struct toe_conn, member, engine->pool.next);
  list_remove(&conn->member);
  *conn = (struct toe_conn){.engine = engine,
                            .phase = CONN_ASKED,
                            .id = TOE_NO_CONN_ID,
                            .dscp = engine->dscp,
                            .orphan_deadline_us = UINT64_MAX};
  engine->without_id++;
  return conn;
}

void conn_set_id(struct toe_conn *conn, int32_t id) {
  conn->id = id;
  conn->engine->by_id[id] = conn;
  conn->engine->without_id--;
}

void conn_free(struct toe_conn *conn) {
  struct toe_engine *engine = conn->engine;

  if (conn->id == TOE_NO_CONN_ID) engine->without_id--;
  list_remove(&conn->source.link);
  list_remove(&conn->dirty);
  list_remove(&conn->member);
  conn->phase = CONN_FREE;
  list_append(&engine->pool, &conn->member);
}

/* A control block goes back when the user has let go and the connection has ended. */
static void give_back(struct toe_conn *conn) {
  if (conn->id == TOE_NO_CONN_ID) {
    conn_free(conn);
  } else {
    list_remove(&conn->member);
    conn_pend(conn, PENDING_RELEASE);
  }
}

void conn_ended(struct toe_conn *conn, int error) {
  conn->phase = CONN_ENDED;
  if (conn->error == 0) conn->error = error;
  if (conn->orphan)
    give_back(conn);
  else if (!conn->unaccepted)
    source_ready(conn->engine, &conn->source);
}

/* ---- Connect -------------------------------------------------------------------------------- */

/* xorshift64*: ports only have to be hard to guess from outside, and the key seeded it. */
static uint16_t random_port(struct toe_engine *engine) {
  uint64_t x = engine->random;

  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  engine->random = x;
  const uint32_t high = (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
  return (uint16_t)(TOE_PORT_FIRST + ((uint64_t)high * TOE_PORT_COUNT >> 32));
}

/* An address that no peer can have (RFC 1122 section 3.2.1.3). */
static bool bad_remote(const struct toe_engine *engine, uint32_t ip) {
  const bool local = ((ip ^ engine->local_ip) & engine->netmask) == 0;
  const bool broadcast = local && (ip | engine->netmask) == UINT32_MAX && engine->netmask % 4 == 0;

  return ip >> 24 == 0 || ip >> 24 == 127 || ip >> 29 == 7 || ip == engine->local_ip || broadcast;
}

int toe_connect(struct toe_engine *engine, uint32_t remote_ip, uint16_t remote_port,
                const struct toe_connect_opts *opts, uint64_t tag, struct toe_conn **out) {
  static const struct toe_connect_opts defaults = {0};

  if (engine->gone) return TOE_ERR_GONE;
  if (opts == NULL) opts = &defaults;
  if (remote_port == 0 || bad_remote(engine, remote_ip)) return TOE_ERR_RANGE;
  if (opts->dscp >> TOE_OPTS_DSCP_WIDTH != 0) return TOE_ERR_RANGE;
  if (engine->without_id == engine->num_conns) return TOE_ERR_FULL;
  struct toe_conn *conn = conn_new(engine);
  if (conn == NULL) return TOE_ERR_FULL;
  conn->source.tag = tag;
  conn->remote_ip = remote_ip;
  conn->remote_port = remote_port;
  conn->local_port = opts->local_port;
  if (opts->local_port == 0) {
    conn->port_tries = TOE_PORT_TRIES - 1;
    conn->local_port = random_port(engine);
  }
  conn->opts = (opts->nodelay ? (uint32_t)TOE_OPTS_NODELAY : 0) |
               (opts->keepalive ? (uint32_t)TOE_OPTS_KEEPALIVE : 0);
  conn->user_timeout_us = opts->user_timeout_us;
  if (opts->dscp != 0) conn->dscp = opts->dscp;
  conn_pend(conn, PENDING_CONNECT);
  *out = conn;
  return flush(engine);
}

void connect_refused(struct toe_conn *conn, enum toe_reason reason) {
  if (conn->orphan) {
    conn_free(conn);
  } else if ((reason == TOE_REASON_ADDR_IN_USE || reason == TOE_REASON_FLOW_FULL) &&
             conn->port_tries != 0) {
    conn->port_tries--;
    conn->local_port = random_port(conn->engine);
    conn_pend(conn, PENDING_CONNECT);
  } else {
    conn_ended(conn, error_of_reason(reason));
  }
}

/* ---- End ------------------------------------------------------------------------------------ */

void conn_orphan(struct toe_conn *conn, bool reset) {
  struct toe_engine *engine = conn->engine;

  conn->orphan = true;
  conn->unaccepted = false;
  list_remove(&conn->source.link);
  list_remove(&conn->member);
  switch (conn->phase) {
    case CONN_ASKED:
      break; /* aborted when its number is known */
    case CONN_ENDED:
      give_back(conn);
      return;
    case CONN_CONNECTING:
      conn_pend(conn, PENDING_ABORT);
      break;
    default:
      if (reset)
        conn_pend(conn, PENDING_ABORT);
      else if (!conn->shut_down)
        conn_pend(conn, PENDING_SHUTDOWN);
      conn->shut_down = true;
      break;
  }
  list_append(&engine->orphans, &conn->member);
}

void toe_conn_close(struct toe_conn *conn) {
  if (conn == NULL) return;
  struct toe_engine *engine = conn->engine;
  const bool unread = conn->rcv_read != conn->rcv_end;
  /* Both FINs acknowledged or under way: nothing that a reset could tell. */
  conn_orphan(conn, unread || conn->linger_zero);
  flush(engine);
}

void toe_abort(struct toe_conn *conn) {
  if (conn == NULL) return;
  struct toe_engine *engine = conn->engine;
  conn_orphan(conn, true);
  flush(engine);
}

int toe_shutdown(struct toe_conn *conn) {
  if (conn->engine->gone) return TOE_ERR_GONE;
  if (conn->phase != CONN_OPEN || conn->shut_down) return TOE_ERR_STATE;
  conn->shut_down = true;
  conn_pend(conn, PENDING_SHUTDOWN);
  return flush(conn->engine);
}

uint64_t orphans_check(struct toe_engine *engine) {
  uint64_t next_us = UINT64_MAX;
  struct link *link = engine->orphans.next;
  const uint64_t now_us = engine->transport.now_us(engine->transport.ctx);

  while (link != &engine->orphans) {
    struct toe_conn *conn = TOE_CONTAINER(struct toe_conn, member, link);
    link = link->next;
    if (conn->orphan_deadline_us <= now_us) {
      conn->orphan_deadline_us = UINT64_MAX;
      conn_pend(conn, PENDING_ABORT);
    } else if (conn->orphan_deadline_us < next_us) {
      next_us = conn->orphan_deadline_us;
    }
  }
  return next_us;
}

int toe_drain(struct toe_engine *engine, int64_t timeout_us) {
  const uint64_t deadline_us = deadline_after(engine, timeout_us);

  int result = flush(engine);
  while (result == 0 && !(list_empty(&engine->orphans) && list_empty(&engine->dirty))) {
    result = toe_now_us(engine) > deadline_us ? 0 : process_until(engine, deadline_us);
    if (result == 0) return TOE_ERR_TIMEOUT;
    if (result > 0) result = flush(engine);
  }
  return result;
}
