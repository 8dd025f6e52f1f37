/* SPDX-License-Identifier: Apache-2.0
 *
 * The model peer's connections: which event a segment, a deadline or a call is, and what comes of
 * it.
 */
#include "model/peer_internal.h"

#include <string.h>

/* --- Rings ----------------------------------------------------------------------------------- */

static void ring_put(uint8_t *ring, unsigned log2, uint32_t seq, const uint8_t *from, size_t len) {
  for (size_t i = 0; i < len; i++) ring[(seq + i) & ((UINT32_C(1) << log2) - 1)] = from[i];
}

static void ring_get(const uint8_t *ring, unsigned log2, uint32_t seq, uint8_t *to, size_t len) {
  for (size_t i = 0; i < len; i++) to[i] = ring[(seq + i) & ((UINT32_C(1) << log2) - 1)];
}

/* --- Events ---------------------------------------------------------------------------------- */

static void enter_time_wait(struct model_peer *peer, const model_time_wait_t *rec) {
  model_waiting_t *entry = &peer->waiting[0];

  for (uint16_t i = 0; i < peer->config.waiting; i++) {
    if (!peer->waiting[i].in_use) {
      entry = &peer->waiting[i];
      break;
    }
    if (!time_reached(peer->waiting[i].deadline_us, entry->deadline_us)) entry = &peer->waiting[i];
  }
  *entry = (model_waiting_t){.in_use = true,
                             .rec = *rec,
                             .deadline_us = time_after(peer->now_us, peer->config.time_wait_us)};
}

/* Place in the ring of turns, from one that may lie up to a ring's length beyond. */
static uint16_t turn_place(const struct model_peer *peer, uint32_t place) {
  return (uint16_t)(place < peer->config.conns ? place : place - peer->config.conns);
}

static void transmit(struct model_peer *peer, const peer_conn_t *conn, const model_tx_seg_t *seg) {
  if (seg->payload_len != 0)
    ring_get(conn->tx, peer->config.cfg.tx_ring_log2, seg->seq, peer->scratch, seg->payload_len);
  peer_transmit(peer, seg, peer->scratch);
}

void peer_happens(struct model_peer *peer, peer_conn_t *conn, model_tcb_event_t *ev,
                  const uint8_t *payload) {
  const uint16_t number = (uint16_t)(conn - peer->conns);
  model_tcb_action_t act;

  ev->conn = number;
  ev->now_us = peer->now_us;
  model_step(&peer->config.cfg, &conn->tcb, ev, &act);
  conn->deadline_valid = act.deadline_valid;
  conn->deadline_us = act.deadline_us;
  if (payload != NULL && act.verdict_valid && act.verdict.keep)
    ring_put(conn->rx, peer->config.cfg.rx_ring_log2, act.verdict.seq, payload + act.verdict.skip,
             act.verdict.len);
  if (act.drop_valid) peer_count_drop(peer, act.drop);
  if (act.tx_valid) transmit(peer, conn, &act.tx);
  if (act.enqueue_send)
    peer->turns[turn_place(peer, peer->first_turn + (uint32_t)peer->turn_count++)] = number;
  if (act.unlink) conn->linked = false;
  if (act.time_wait) enter_time_wait(peer, &act.time_wait_rec);
  if (act.ntf_valid && act.ntf.body.flags.accepted) conn->acceptable = true;
  if (act.free) conn->used = false;
  /* The host always has time for news. */
  if (act.enqueue_notify)
    peer_happens(peer, conn, &(model_tcb_event_t){.kind = MODEL_EV_NOTIFY}, NULL);
}

void peer_give_turns(struct model_peer *peer) {
  while (peer->turn_count != 0 && peer_has_room(peer, 2)) {
    peer_conn_t *conn = &peer->conns[peer->turns[peer->first_turn]];
    peer->first_turn = turn_place(peer, peer->first_turn + 1u);
    peer->turn_count--;
    peer_happens(peer, conn, &(model_tcb_event_t){.kind = MODEL_EV_SEND}, NULL);
  }
}

/* --- Segments -------------------------------------------------------------------------------- */

static peer_conn_t *conn_of(struct model_peer *peer, const model_flow_key_t *key) {
  for (uint16_t i = 0; i < peer->config.conns; i++)
    if (peer->conns[i].linked && model_same_flow(&peer->conns[i].tcb.key, key))
      return &peer->conns[i];
  return NULL;
}

static model_half_open_t *half_open_of(struct model_peer *peer, const model_flow_key_t *key) {
  for (uint16_t i = 0; i < peer->config.half_open; i++)
    if (peer->half_open[i].in_use && model_same_flow(&peer->half_open[i].key, key))
      return &peer->half_open[i];
  return NULL;
}

static model_waiting_t *waiting_of(struct model_peer *peer, const model_flow_key_t *key) {
  for (uint16_t i = 0; i < peer->config.waiting; i++)
    if (peer->waiting[i].in_use && model_same_flow(&peer->waiting[i].rec.key, key))
      return &peer->waiting[i];
  return NULL;
}

bool peer_key_is_free(struct model_peer *peer, const model_flow_key_t *key) {
  return conn_of(peer, key) == NULL && half_open_of(peer, key) == NULL &&
         waiting_of(peer, key) == NULL;
}

static bool is_listening(const struct model_peer *peer, uint16_t port) {
  for (size_t i = 0; i < MODEL_PEER_LISTENERS; i++)
    if (port != 0 && peer->listeners[i] == port) return true;
  return false;
}

peer_conn_t *peer_new_conn(struct model_peer *peer) {
  for (uint16_t i = 0; i < peer->config.conns; i++) {
    peer_conn_t *conn = &peer->conns[i];
    if (conn->used) continue;
    *conn = (peer_conn_t){.used = true, .linked = true, .rx = conn->rx, .tx = conn->tx};
    return conn;
  }
  return NULL;
}

/* RFC 9293 section 3.10.7.1 */
static void answer_closed(struct model_peer *peer, const model_rx_seg_t *seg) {
  model_tcb_event_t ev = {.kind = MODEL_EV_NO_CONN, .now_us = peer->now_us, .seg = *seg};
  model_tcb_t none = {0};
  model_tcb_action_t act;

  model_step(&peer->config.cfg, &none, &ev, &act);
  if (act.drop_valid) peer_count_drop(peer, act.drop);
  if (act.tx_valid) peer_transmit(peer, &act.tx, NULL);
}

/* RFC 9293 section 3.10.7.2.  before: the TIME-WAIT that gives way, or NULL. */
static void arrives_at_listener(struct model_peer *peer, const model_rx_seg_t *seg,
                                model_waiting_t *before) {
  const model_peer_config_t *config = &peer->config;
  uint32_t iss = model_isn(config->key, &seg->key, config->netif.ip, peer->now_us), half_open = 0;
  model_half_open_t *place = NULL;
  model_tx_seg_t answer;

  if (!seg->flags.syn) {
    peer_count_drop(peer, MODEL_DROP_NO_ACK_BIT);
    return;
  }
  for (uint16_t i = 0; i < config->half_open; i++) {
    if (peer->half_open[i].in_use)
      half_open++;
    else if (place == NULL)
      place = &peer->half_open[i];
  }
  /* No cookie is beyond the numbers of the connection before. */
  const bool cookie = model_cookies_wanted(&peer->cookies, half_open, place != NULL);
  if (before != NULL) {
    iss = model_waiting_next_iss(before, iss);
  } else if (cookie) {
    model_cookie_answer(&config->cfg, &peer->cookies, seg, peer->now_us, &answer);
    peer_transmit(peer, &answer, NULL);
    return;
  }
  if (place == NULL) {
    peer_count_drop(peer, MODEL_DROP_SYN_CACHE_FULL);
    return;
  }
  model_half_open_begin(&config->cfg, seg, iss, peer->now_us, place, &answer);
  peer_transmit(peer, &answer, NULL);
}

/* True: it brought a cookie back, and is dealt with. */
static bool arrives_with_cookie(struct model_peer *peer, const model_rx_seg_t *seg,
                                const uint8_t *payload) {
  model_tcb_event_t ev = {.kind = MODEL_EV_SEGMENT, .seg = *seg, .open_valid = 1};

  if (!model_cookie_arrives(&peer->config.cfg, &peer->cookies, seg, &ev.open)) return false;
  peer_conn_t *conn = peer_new_conn(peer);
  if (conn == NULL)
    peer_count_drop(peer, MODEL_DROP_NO_FREE_CONN);
  else
    peer_happens(peer, conn, &ev, payload);
  return true;
}

static void arrives_half_open(struct model_peer *peer, model_half_open_t *entry,
                              const model_rx_seg_t *seg, const uint8_t *payload) {
  model_tcb_event_t ev = {.kind = MODEL_EV_SEGMENT, .seg = *seg, .open_valid = 1};
  model_waiting_t *before = waiting_of(peer, &seg->key);
  model_tx_seg_t answer;
  peer_conn_t *conn;

  switch (model_half_open_arrives(&peer->config.cfg, entry, seg, peer->now_us, &answer, &ev.open)) {
    case MODEL_HALF_OPEN_ANSWERED:
      peer_transmit(peer, &answer, NULL);
      break;
    case MODEL_HALF_OPEN_REFUSED:
      answer_closed(peer, seg);
      break;
    case MODEL_HALF_OPEN_COMPLETE:
      conn = peer_new_conn(peer);
      if (conn == NULL) {
        peer_count_drop(peer, MODEL_DROP_NO_FREE_CONN);
        break;
      }
      entry->in_use = false;
      if (before != NULL) before->in_use = false;
      peer_happens(peer, conn, &ev, payload);
      break;
    default: /* ignored, or reset */
      break;
  }
}

/* True: dealt with. */
static bool arrives_in_time_wait(struct model_peer *peer, model_waiting_t *entry,
                                 const model_rx_seg_t *seg) {
  const bool listening = is_listening(peer, seg->key.local_port);
  model_tx_seg_t answer;

  switch (model_waiting_arrives(entry, seg, listening, peer->now_us, peer->config.time_wait_us,
                                &answer)) {
    case MODEL_WAITING_REUSE:
      return false;
    case MODEL_WAITING_ANSWERED:
      peer_transmit(peer, &answer, NULL);
      return true;
    default:
      return true;
  }
}

void peer_segment_arrives(struct model_peer *peer, const model_rx_seg_t *seg,
                          const uint8_t *payload) {
  peer_conn_t *conn = conn_of(peer, &seg->key);
  model_half_open_t *entry = half_open_of(peer, &seg->key);
  model_waiting_t *waiting = waiting_of(peer, &seg->key);

  if (conn != NULL) {
    peer_happens(peer, conn, &(model_tcb_event_t){.kind = MODEL_EV_SEGMENT, .seg = *seg}, payload);
  } else if (entry != NULL) {
    arrives_half_open(peer, entry, seg, payload);
  } else if (waiting == NULL || !arrives_in_time_wait(peer, waiting, seg)) {
    const bool listening = is_listening(peer, seg->key.local_port);
    if (listening && !seg->flags.rst && !seg->flags.ack)
      arrives_at_listener(peer, seg, waiting);
    else if (!listening || waiting != NULL || !arrives_with_cookie(peer, seg, payload))
      answer_closed(peer, seg);
  }
}

void peer_icmp_error_arrives(struct model_peer *peer, const model_rx_seg_t *seg) {
  peer_conn_t *conn = conn_of(peer, &seg->key);

  if (conn != NULL)
    peer_happens(peer, conn, &(model_tcb_event_t){.kind = MODEL_EV_ICMP, .seg = *seg}, NULL);
  else
    peer_count_drop(peer, MODEL_DROP_ICMP_NO_CONN);
}

/* --- Time ------------------------------------------------------------------------------------ */

void model_peer_advance(struct model_peer *peer, uint64_t now_us) {
  model_tx_seg_t answer;

  peer->now_us = time_after(now_us, 0);
  model_cookies_time(&peer->cookies, peer->now_us);
  for (uint16_t i = 0; i < peer->config.conns; i++) {
    peer_conn_t *conn = &peer->conns[i];
    if (conn->used && conn->deadline_valid && time_reached(peer->now_us, conn->deadline_us))
      peer_happens(peer, conn, &(model_tcb_event_t){.kind = MODEL_EV_TIMER}, NULL);
  }
  for (uint16_t i = 0; i < peer->config.half_open; i++) {
    model_half_open_t *entry = &peer->half_open[i];
    if (entry->in_use && time_reached(peer->now_us, entry->deadline_us) &&
        model_half_open_timeout(&peer->config.cfg, entry, peer->now_us, &answer))
      peer_transmit(peer, &answer, NULL);
  }
  for (uint16_t i = 0; i < peer->config.waiting; i++)
    if (time_reached(peer->now_us, peer->waiting[i].deadline_us)) peer->waiting[i].in_use = false;
  peer_give_turns(peer);
}

static void consider(const struct model_peer *peer, bool valid, uint64_t deadline_us,
                     uint64_t *wait_us) {
  if (!valid) return;
  const uint64_t left_us =
      time_reached(peer->now_us, deadline_us) ? 0 : time_after(deadline_us, -peer->now_us);
  if (left_us < *wait_us) *wait_us = left_us;
}

uint64_t model_peer_next_us(const struct model_peer *peer) {
  uint64_t wait_us = UINT64_MAX;

  for (uint16_t i = 0; i < peer->config.conns; i++) {
    const peer_conn_t *conn = &peer->conns[i];
    consider(peer, conn->used && conn->deadline_valid, conn->deadline_us, &wait_us);
  }
  for (uint16_t i = 0; i < peer->config.half_open; i++)
    consider(peer, peer->half_open[i].in_use, peer->half_open[i].deadline_us, &wait_us);
  for (uint16_t i = 0; i < peer->config.waiting; i++)
    consider(peer, peer->waiting[i].in_use, peer->waiting[i].deadline_us, &wait_us);
  return wait_us == UINT64_MAX ? UINT64_MAX : peer->now_us + wait_us;
}
