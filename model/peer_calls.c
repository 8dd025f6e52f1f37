/* SPDX-License-Identifier: Apache-2.0
 *
 * The model peer's calls (RFC 9293 section 3.9.1), and its memory.
 */
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "model/peer_internal.h"

/* --- Memory ---------------------------------------------------------------------------------- */

/* Takes @p octets of the memory, counted or real. */
static size_t carve(size_t *used, size_t octets) {
  const size_t at = *used;

  *used += (octets + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  return at;
}

/* Where each part begins, octets from the start of the memory. */
typedef struct layout {
  size_t peer, conns, half_open, waiting, neighbours, turns, frame_lens, frames, held, scratch, rx,
      tx, size;
} layout_t;

static layout_t layout_of(const model_peer_config_t *config) {
  const size_t frame = peer_frame_size(config);
  layout_t layout;
  size_t used = 0;

  layout.peer = carve(&used, sizeof(struct model_peer));
  layout.conns = carve(&used, config->conns * sizeof(peer_conn_t));
  layout.half_open = carve(&used, config->half_open * sizeof(model_half_open_t));
  layout.waiting = carve(&used, config->waiting * sizeof(model_waiting_t));
  layout.neighbours = carve(&used, config->neighbours * sizeof(peer_neighbour_t));
  layout.turns = carve(&used, config->conns * sizeof(uint16_t));
  layout.frame_lens = carve(&used, config->frames * sizeof(size_t));
  layout.frames = carve(&used, config->frames * frame);
  layout.held = carve(&used, config->neighbours * frame);
  layout.scratch = carve(&used, UINT16_MAX);
  layout.rx = carve(&used, (size_t)config->conns << config->cfg.rx_ring_log2);
  layout.tx = carve(&used, (size_t)config->conns << config->cfg.tx_ring_log2);
  layout.size = used;
  return layout;
}

size_t model_peer_size(const model_peer_config_t *config) {
  return layout_of(config).size;
}

struct model_peer *model_peer_new(const model_peer_config_t *config, void *memory) {
  const layout_t layout = layout_of(config);
  uint8_t *base = memory;
  struct model_peer *peer = memory;

  memset(memory, 0, layout.size);
  peer->config = *config;
  peer->conns = (void *)(base + layout.conns);
  peer->half_open = (void *)(base + layout.half_open);
  peer->waiting = (void *)(base + layout.waiting);
  peer->neighbours = (void *)(base + layout.neighbours);
  peer->turns = (void *)(base + layout.turns);
  peer->frame_lens = (void *)(base + layout.frame_lens);
  peer->frames = base + layout.frames;
  peer->scratch = base + layout.scratch;
  peer->cookies = (model_cookies_t){
      .enabled = config->cookies, .high = config->cookies_from, .low = config->cookies_until};
  /* A key of its own, from the same secret. */
  for (size_t i = 0; i < sizeof config->key; i++)
    peer->cookies.loaded[i] = (uint8_t)~config->key[i];
  model_cookies_time(&peer->cookies, 0);
  for (size_t i = 0; i < config->neighbours; i++)
    peer->neighbours[i].waiting = base + layout.held + i * peer_frame_size(config);
  for (size_t i = 0; i < config->conns; i++) {
    peer->conns[i].rx = base + layout.rx + (i << config->cfg.rx_ring_log2);
    peer->conns[i].tx = base + layout.tx + (i << config->cfg.tx_ring_log2);
  }
  return peer;
}

/* --- Calls ----------------------------------------------------------------------------------- */

static peer_conn_t *conn_at(const struct model_peer *peer, int conn) {
  if (conn < 0 || conn >= peer->config.conns || !peer->conns[conn].used) return NULL;
  return &peer->conns[conn];
}

/* A call of the host: nothing for a number that is not in use. */
static void call(struct model_peer *peer, int conn, uint8_t op, uint32_t value) {
  peer_conn_t *at = conn_at(peer, conn);

  if (at == NULL) return;
  peer_happens(peer, at,
               &(model_tcb_event_t){.kind = MODEL_EV_COMMAND, .cmd = {.op = op, .value = value}},
               NULL);
  peer_give_turns(peer);
}

bool model_peer_listen(struct model_peer *peer, uint16_t port) {
  for (size_t i = 0; i < MODEL_PEER_LISTENERS; i++) {
    if (peer->listeners[i] != 0 && peer->listeners[i] != port) continue;
    peer->listeners[i] = port;
    return true;
  }
  return false;
}

int model_peer_connect(struct model_peer *peer, uint32_t ip, uint16_t port, uint16_t local_port) {
  const model_flow_key_t key = {ip, port, local_port};
  peer_conn_t *conn = peer_key_is_free(peer, &key) ? peer_new_conn(peer) : NULL;

  if (conn == NULL) return MODEL_PEER_NOBODY;
  model_tcb_event_t ev = {
      .kind = MODEL_EV_COMMAND,
      .cmd = {.op = MODEL_CMD_CONNECT},
      .open_valid = 1,
      .open = {.key = key,
               .iss = model_isn(peer->config.key, &key, peer->config.netif.ip, peer->now_us)}};
  peer_happens(peer, conn, &ev, NULL);
  peer_give_turns(peer);
  return (int)(conn - peer->conns);
}

int model_peer_accept(struct model_peer *peer) {
  for (int i = 0; i < peer->config.conns; i++) {
    if (!peer->conns[i].used || !peer->conns[i].acceptable) continue;
    peer->conns[i].acceptable = false;
    return i;
  }
  return MODEL_PEER_NOBODY;
}

size_t model_peer_send(struct model_peer *peer, int conn, const uint8_t *octets, size_t len) {
  peer_conn_t *at = conn_at(peer, conn);

  if (at == NULL || at->tcb.fin_queued || !model_is_open(&at->tcb)) return 0;
  const uint32_t size = UINT32_C(1) << peer->config.cfg.tx_ring_log2;
  const uint32_t room = size - (at->tcb.snd_end - at->tcb.snd_una);
  const uint32_t taken = len < room ? (uint32_t)len : room;
  if (taken == 0) return 0;
  for (uint32_t i = 0; i < taken; i++) at->tx[(at->tcb.snd_end + i) & (size - 1)] = octets[i];
  call(peer, conn, MODEL_CMD_SEND, at->tcb.snd_end + taken);
  return taken;
}

/* The FIN takes a number, but is not an octet. */
static uint32_t end_of_text(const model_tcb_t *tcb) {
  return tcb->rcv_nxt - (tcb->fin_rcvd && tcb->rcv_nxt == tcb->fin_seq + 1);
}

size_t model_peer_readable(const struct model_peer *peer, int conn) {
  const peer_conn_t *at = conn_at(peer, conn);

  return at != NULL ? end_of_text(&at->tcb) - at->tcb.rcv_read : 0;
}

size_t model_peer_receive(struct model_peer *peer, int conn, uint8_t *octets, size_t len) {
  const size_t readable = model_peer_readable(peer, conn);
  const uint32_t taken = (uint32_t)(len < readable ? len : readable);

  if (taken == 0) return 0;
  const peer_conn_t *at = &peer->conns[conn];
  const uint32_t mask = (UINT32_C(1) << peer->config.cfg.rx_ring_log2) - 1;
  for (uint32_t i = 0; i < taken; i++) octets[i] = at->rx[(at->tcb.rcv_read + i) & mask];
  call(peer, conn, MODEL_CMD_RECEIVED, at->tcb.rcv_read + taken);
  return taken;
}

bool model_peer_at_end(const struct model_peer *peer, int conn) {
  const peer_conn_t *at = conn_at(peer, conn);

  return at != NULL && end_of_text(&at->tcb) != at->tcb.rcv_nxt &&
         model_peer_readable(peer, conn) == 0;
}

void model_peer_close(struct model_peer *peer, int conn) {
  call(peer, conn, MODEL_CMD_SHUTDOWN, 0);
}

void model_peer_abort(struct model_peer *peer, int conn) {
  call(peer, conn, MODEL_CMD_ABORT, 0);
}

void model_peer_release(struct model_peer *peer, int conn) {
  call(peer, conn, MODEL_CMD_RELEASE, 0);
}

const model_tcb_t *model_peer_tcb(const struct model_peer *peer, int conn) {
  const peer_conn_t *at = conn_at(peer, conn);

  return at != NULL ? &at->tcb : NULL;
}

const model_cookies_t *model_peer_cookies(const struct model_peer *peer) {
  return &peer->cookies;
}

uint64_t model_peer_drops(const struct model_peer *peer, uint8_t reason) {
  return peer->drops[reason % PEER_REASONS];
}
