/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine must be told.  Nothing is queued by value: a connection notes what has changed,
 * and the command is made when the ring has room, so a full ring merges commands and loses none.
 */
#include "host/src/internal.h"

void conn_pend(struct toe_conn *conn, unsigned pending) {
  conn->pending |= (uint16_t)pending;
  if (!list_linked(&conn->dirty)) list_append(&conn->engine->dirty, &conn->dirty);
}

static uint32_t opts_now(const struct toe_conn *conn) {
  return conn->opts | (uint32_t)conn->dscp << TOE_OPTS_DSCP_LSB |
         (conn->more_used ? (uint32_t)TOE_OPTS_CORK : 0);
}

static struct command make_command(const struct toe_conn *conn, unsigned what) {
  struct command command = {.conn = (uint16_t)conn->id};

  switch (what) {
    case PENDING_CONNECT:
      command.op = TOE_CMD_CONNECT;
      command.conn = 0;
      command.remote_ip = conn->remote_ip;
      command.remote_port = conn->remote_port;
      command.local_port = conn->local_port;
      command.user_timeout_us = conn->user_timeout_us;
      command.opts = opts_now(conn);
      command.tag = (uint32_t)(conn - conn->engine->conns) + 1;
      break;
    case PENDING_OPTS:
      command.op = TOE_CMD_SET_OPTS;
      command.user_timeout_us = conn->user_timeout_us;
      command.opts = opts_now(conn);
      break;
    case PENDING_URGENT:
      command.op = TOE_CMD_SEND;
      command.value = conn->urgent_end;
      command.flags = (uint8_t)(SEND_URGENT | (conn->push ? SEND_PUSH : 0));
      break;
    case PENDING_SEND:
      command.op = TOE_CMD_SEND;
      command.value = conn->snd_end;
      command.flags = conn->push ? SEND_PUSH : 0;
      break;
    case PENDING_RECEIVED:
      command.op = TOE_CMD_RECEIVED;
      command.value = conn->rcv_read;
      break;
    case PENDING_SHUTDOWN:
      command.op = TOE_CMD_SHUTDOWN;
      break;
    case PENDING_ABORT:
      command.op = TOE_CMD_ABORT;
      break;
    case PENDING_QUERY:
      command.op = TOE_CMD_QUERY;
      break;
    default:
      command.op = TOE_CMD_RELEASE;
      break;
  }
  return command;
}

/* What the connection's life has overtaken need not be said any more. */
static void drop_pointless(struct toe_conn *conn) {
  const unsigned data = PENDING_OPTS | PENDING_URGENT | PENDING_SEND | PENDING_RECEIVED;

  if ((conn->pending & PENDING_ABORT) != 0) conn->pending &= (uint16_t) ~(data | PENDING_SHUTDOWN);
  if (conn->phase == CONN_ENDED)
    conn->pending &= (uint16_t) ~(data | PENDING_SHUTDOWN | PENDING_ABORT | PENDING_CONNECT);
}

/* The lowest bit is said first.  False when the ring is full. */
static bool flush_conn(struct toe_conn *conn) {
  drop_pointless(conn);
  while (conn->pending != 0) {
    const unsigned what = conn->pending & (0U - conn->pending);
    if (what == PENDING_RELEASE && conn->asked_info) break;
    const struct command command = make_command(conn, what);
    if (!sq_put(conn->engine, &command)) return false;
    conn->pending &= (uint16_t)~what;
    if (what == PENDING_RECEIVED) conn->rcv_reported = conn->rcv_read;
    if (what == PENDING_SEND) conn->push = false;
    if (what == PENDING_QUERY) conn->asked_info = true;
    if (what == PENDING_RELEASE) {
      conn->engine->by_id[conn->id] = NULL;
      conn_free(conn);
      return true;
    }
  }
  list_remove(&conn->dirty);
  return true;
}

int flush(struct toe_engine *engine) {
  if (engine->gone) return TOE_ERR_GONE;
  while (!list_empty(&engine->dirty)) {
    if (!flush_conn(TOE_CONTAINER(struct toe_conn, dirty, engine->dirty.next))) break;
  }
  return sq_ring(engine);
}

/* A full ring empties unless the completion ring is full too, or the engine is stuck. */
static int put_waiting(struct toe_engine *engine, const struct command *command) {
  for (unsigned i = 0; !sq_put(engine, command); i++) {
    if (engine->gone || i == TOE_PATIENCE) return engine_gone(engine);
    int result = sq_ring(engine);
    if (result == 0) result = cq_drain(engine);
    if (result < 0) return result;
  }
  return 0;
}

int command_sync(struct toe_engine *engine, struct command *command) {
  /* Listening is not answered when it works.  An operation that no engine knows is always refused,
   * and what is refused comes in order, so the second refusal says that the first command is done.
   */
  struct command barrier = {.op = (enum toe_cmd_op)0xff};

  engine->sync_tag = kSyncTag | (engine->sync_count++ & ~kSyncTag);
  engine->barrier_tag = kSyncTag | (engine->sync_count++ & ~kSyncTag);
  engine->sync_reason = TOE_REASON_NONE;
  engine->sync_done = false;
  command->tag = engine->sync_tag;
  barrier.tag = engine->barrier_tag;
  int result = flush(engine);
  if (result == 0) result = put_waiting(engine, command);
  if (result == 0) result = put_waiting(engine, &barrier);
  if (result == 0) result = sq_ring(engine);
  if (result == 0) result = poll_answer(engine, &engine->sync_done);
  if (result != 0) return result;
  return engine->sync_reason == TOE_REASON_NONE ? 0 : error_of_reason(engine->sync_reason);
}
