/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness: the mask of a connection, and the queue of changes.
 */
#include "host/src/internal.h"

void source_ready(struct toe_engine *engine, struct source *source) {
  if (!list_linked(&source->link)) list_append(&engine->ready, &source->link);
}

uint32_t toe_conn_ready(const struct toe_conn *conn) {
  uint32_t ready = 0;

  if (conn->phase == CONN_OPEN || conn->phase == CONN_ENDED) {
    if (conn->rcv_read != conn->rcv_end || conn->peer_closed) ready |= TOE_READABLE;
    if (conn->peer_closed) ready |= TOE_PEER_CLOSED;
    if (seq_lt(conn->rcv_read, conn->rcv_up)) ready |= TOE_URGENT_DATA;
  }
  if (conn->phase == CONN_OPEN) {
    ready |= TOE_CONNECTED;
    const uint32_t used = conn->snd_end - conn->snd_una;
    if (!conn->shut_down && used < UINT32_C(1) << conn->engine->tx_ring_log2) ready |= TOE_WRITABLE;
  }
  if (conn->phase == CONN_ENDED) ready |= TOE_CLOSED;
  if (conn->error != 0) ready |= TOE_ERROR;
  if (conn->troubled) ready |= TOE_TROUBLE;
  return ready;
}

static struct toe_event make_event(struct source *source) {
  struct toe_event event = {.tag = source->tag};

  if (source->is_listener) {
    event.listener = TOE_CONTAINER(struct toe_listener, source, source);
    event.ready = list_empty(&event.listener->backlog) ? 0 : (uint32_t)TOE_ACCEPTABLE;
  } else {
    event.conn = TOE_CONTAINER(struct toe_conn, source, source);
    event.ready = toe_conn_ready(event.conn);
  }
  return event;
}

int toe_wait(struct toe_engine *engine, struct toe_event *events, int max, int64_t timeout_us) {
  if (max < 1) return TOE_ERR_RANGE;
  const bool waiting = list_empty(&engine->ready);
  const uint64_t deadline_us = deadline_after(engine, waiting ? timeout_us : 0);

  int result;
  do {
    result = process_until(engine, deadline_us);
    if (result < 0) return result;
  } while (result != 0 && list_empty(&engine->ready) && toe_now_us(engine) < deadline_us);

  int count = 0;
  while (count < max && !list_empty(&engine->ready)) {
    struct source *source = TOE_CONTAINER(struct source, link, engine->ready.next);
    list_remove(&source->link);
    events[count++] = make_event(source);
  }
  return count;
}
