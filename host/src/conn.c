/* SPDX-License-Identifier: Apache-2.0
 *
 * Octets: between the user's buffers and the rings in buffer memory.  An octet's place in its ring
 * is its sequence number modulo the ring's size.
 */
#include "host/src/internal.h"

/* What an operation on an ended or unfinished connection answers. */
static int state_error(const struct toe_conn *conn) {
  if (conn->engine->gone) return TOE_ERR_GONE;
  if (conn->error != 0) return conn->error;
  return TOE_ERR_STATE;
}

/* A transfer between a ring and a buffer, in two pieces where the ring wraps. */
static int ring_copy(struct toe_engine *engine, uint64_t ring, uint32_t ring_log2, uint32_t seq,
                     void *to, const void *from, uint32_t len) {
  const struct toe_transport *t = &engine->transport;
  const uint32_t size = UINT32_C(1) << ring_log2;
  const uint32_t place = seq & (size - 1);
  const uint32_t first = len < size - place ? len : size - place;
  int result;

  if (to != NULL) {
    result = t->mem_read(t->ctx, ring + place, to, first);
    if (result == 0 && first < len)
      result = t->mem_read(t->ctx, ring, (uint8_t *)to + first, len - first);
  } else {
    result = t->mem_write(t->ctx, ring + place, from, first);
    if (result == 0 && first < len)
      result = t->mem_write(t->ctx, ring, (const uint8_t *)from + first, len - first);
  }
  return result == 0 ? 0 : engine_gone(engine);
}

/* ---- Send ----------------------------------------------------------------------------------- */

/* The engine corks a connection on which TOE_MORE was used; what may go carries a push. */
static void mark_more(struct toe_conn *conn, bool more) {
  if (more && !conn->more_used) {
    conn->more_used = true;
    conn_pend(conn, PENDING_OPTS);
  }
  if (!more && conn->more_used && (conn->opts & TOE_OPTS_CORK) == 0) conn->push = true;
}

ssize_t toe_send(struct toe_conn *conn, const void *buf, size_t len, unsigned flags) {
  struct toe_engine *engine = conn->engine;

  if (conn->phase != CONN_OPEN || engine->gone) return state_error(conn);
  if (conn->shut_down) return TOE_ERR_STATE;
  if (len == 0 || (flags & ~(unsigned)(TOE_MORE | TOE_URGENT)) != 0) return TOE_ERR_RANGE;
  const uint32_t room = (UINT32_C(1) << engine->tx_ring_log2) - (conn->snd_end - conn->snd_una);
  const uint32_t taken = len < room ? (uint32_t)len : room;
  if (taken < len) conn->room_wanted = true;
  if (taken == 0) return TOE_ERR_AGAIN;

  const uint64_t ring = engine->tx_base + ((uint64_t)(uint32_t)conn->id << engine->tx_ring_log2);
  int result = ring_copy(engine, ring, engine->tx_ring_log2, conn->snd_end, NULL, buf, taken);
  if (result != 0) return result;
  conn->snd_end += taken;
  mark_more(conn, (flags & TOE_MORE) != 0);
  if ((flags & TOE_URGENT) != 0 && taken == len) {
    conn->urgent_end = conn->snd_end;
    conn_pend(conn, PENDING_URGENT);
  }
  conn_pend(conn, PENDING_SEND);
  result = flush(engine);
  return result == 0 ? (ssize_t)taken : result;
}

/* ---- Receive -------------------------------------------------------------------------------- */

/* Tells the engine of the room when that opens the window by a useful amount (the silly window,
 * RFC 9293 section 3.8.6.2.2).  What it does not know of is less than an eighth of the ring. */
static int report_room(struct toe_conn *conn) {
  struct toe_engine *engine = conn->engine;
  const uint32_t unreported = conn->rcv_read - conn->rcv_reported;
  const uint32_t eighth = UINT32_C(1) << (engine->rx_ring_log2 - 3);
  const uint32_t segments = 2 * (uint32_t)conn->snd_mss;

  if (conn->phase != CONN_OPEN || conn->peer_closed) return 0;
  if (unreported < eighth && unreported < segments) return 0;
  conn_pend(conn, PENDING_RECEIVED);
  return flush(engine);
}

ssize_t toe_recv(struct toe_conn *conn, void *buf, size_t len, unsigned flags) {
  struct toe_engine *engine = conn->engine;

  if (engine->gone) return TOE_ERR_GONE;
  if (conn->phase != CONN_OPEN && conn->phase != CONN_ENDED) return TOE_ERR_STATE;
  if (len == 0 || (flags & ~(unsigned)TOE_PEEK) != 0) return TOE_ERR_RANGE;
  const uint32_t waiting = conn->rcv_end - conn->rcv_read;
  if (waiting == 0) {
    if (conn->error != 0) return conn->error;
    if (conn->peer_closed) return 0;
    return conn->phase == CONN_OPEN ? TOE_ERR_AGAIN : TOE_ERR_STATE;
  }
  const uint32_t taken = len < waiting ? (uint32_t)len : waiting;
  const uint64_t ring = (uint64_t)(uint32_t)conn->id << engine->rx_ring_log2;
  int result = ring_copy(engine, ring, engine->rx_ring_log2, conn->rcv_read, buf, NULL, taken);
  if (result != 0) return result;
  if ((flags & TOE_PEEK) == 0) {
    conn->rcv_read += taken;
    result = report_room(conn);
  }
  return result == 0 ? (ssize_t)taken : result;
}

size_t toe_send_room(const struct toe_conn *conn) {
  if (conn->phase != CONN_OPEN || conn->shut_down) return 0;
  return (UINT32_C(1) << conn->engine->tx_ring_log2) - (conn->snd_end - conn->snd_una);
}

size_t toe_recv_waiting(const struct toe_conn *conn) {
  if (conn->phase != CONN_OPEN && conn->phase != CONN_ENDED) return 0;
  return conn->rcv_end - conn->rcv_read;
}

size_t toe_send_unacked(const struct toe_conn *conn) {
  if (conn->phase != CONN_OPEN && conn->phase != CONN_ENDED) return 0;
  return seq_lt(conn->snd_una, conn->snd_end) ? conn->snd_end - conn->snd_una : 0;
}

int toe_conn_error(const struct toe_conn *conn) {
  return conn->engine->gone ? TOE_ERR_GONE : conn->error;
}

bool toe_conn_trouble(struct toe_conn *conn, struct toe_trouble *trouble) {
  const bool troubled = conn->troubled;

  *trouble = conn->trouble;
  conn->trouble = (struct toe_trouble){0};
  conn->troubled = false;
  return troubled;
}

uint64_t toe_conn_tag(const struct toe_conn *conn) {
  return conn->source.tag;
}

void toe_conn_set_tag(struct toe_conn *conn, uint64_t tag) {
  conn->source.tag = tag;
}

void toe_conn_peer(const struct toe_conn *conn, uint32_t *ip, uint16_t *port) {
  if (ip != NULL) *ip = conn->remote_ip;
  if (port != NULL) *port = conn->remote_port;
}
