/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening ports and the connections that wait to be accepted.
 */
#include <stdlib.h>

#include "host/src/internal.h"

int toe_listen(struct toe_engine *engine, uint16_t port, uint32_t backlog, uint64_t tag,
               struct toe_listener **out) {
  if (engine->gone) return TOE_ERR_GONE;
  if (port == 0 || backlog == 0 || backlog > 65535) return TOE_ERR_RANGE;
  struct toe_listener *listener = calloc(1, sizeof *listener);
  if (listener == NULL) return TOE_ERR_NO_MEMORY;
  listener->source.tag = tag;
  listener->source.is_listener = true;
  listener->engine = engine;
  listener->port = port;
  list_init(&listener->backlog);

  /* First in the list: a connection may be complete before the answer is read. */
  list_append(&engine->listeners, &listener->member);
  struct command command = {.op = TOE_CMD_LISTEN, .local_port = port, .value = backlog};
  const int result = command_sync(engine, &command);
  if (result != 0) {
    list_remove(&listener->source.link);
    list_remove(&listener->member);
    free(listener);
    return result;
  }
  *out = listener;
  return 0;
}

void toe_listener_close(struct toe_listener *listener) {
  if (listener == NULL) return;
  struct toe_engine *engine = listener->engine;
  struct command command = {.op = TOE_CMD_UNLISTEN, .local_port = listener->port};

  list_remove(&listener->source.link);
  list_remove(&listener->member);
  while (!list_empty(&listener->backlog))
    conn_orphan(TOE_CONTAINER(struct toe_conn, member, listener->backlog.next), true);
  free(listener);
  if (!engine->gone) command_sync(engine, &command);
}

int toe_accept(struct toe_listener *listener, uint64_t tag, struct toe_conn **out) {
  struct toe_engine *engine = listener->engine;

  if (engine->gone) return TOE_ERR_GONE;
  if (list_empty(&listener->backlog)) return TOE_ERR_AGAIN;
  struct toe_conn *conn = TOE_CONTAINER(struct toe_conn, member, listener->backlog.next);
  list_remove(&conn->member);
  conn->unaccepted = false;
  conn->source.tag = tag;
  source_ready(engine, &conn->source); /* whatever it can do already */
  *out = conn;
  return 0;
}

uint16_t toe_listener_port(const struct toe_listener *listener) {
  return listener->port;
}
