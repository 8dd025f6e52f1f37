/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the model peer share.
 */
#ifndef TOE_MODEL_PEER_INTERNAL_H
#define TOE_MODEL_PEER_INTERNAL_H

#include "model/model_internal.h"
#include "model/toe_model_peer.h"
#include "model/toe_model_table.h"

enum { PEER_REASONS = 64 };

typedef struct peer_conn {
  model_tcb_t tcb;
  bool used;       /* the number is not free */
  bool linked;     /* segments find it */
  bool acceptable; /* the peer opened it, and nobody has accepted it */
  bool deadline_valid;
  uint64_t deadline_us;
  uint8_t *rx, *tx; /* rings; an octet's place is its number modulo the size */
} peer_conn_t;

/* An Ethernet address (RFC 826), or a frame that waits for it. */
typedef struct peer_neighbour {
  bool used, known, asked;
  uint32_t ip;
  uint64_t mac;
  uint64_t asked_us;
  size_t waiting_len; /* 0: none; the latest is kept (RFC 1122 section 2.3.2.2) */
  uint8_t *waiting;
} peer_neighbour_t;

struct model_peer {
  model_peer_config_t config;
  uint64_t now_us;
  peer_conn_t *conns;
  model_half_open_t *half_open;
  model_waiting_t *waiting;
  model_cookies_t cookies;
  peer_neighbour_t *neighbours;
  uint16_t next_neighbour; /* that gives way */
  uint16_t listeners[MODEL_PEER_LISTENERS];
  uint16_t *turns; /* conns that wait for a turn to send, each once */
  uint16_t first_turn, turn_count;
  uint8_t *frames; /* to send */
  size_t *frame_lens;
  uint16_t first_frame, frame_count;
  uint8_t *scratch; /* one payload in one piece */
  uint64_t drops[PEER_REASONS];
};

/* Octets that a frame takes at most. */
static inline size_t peer_frame_size(const model_peer_config_t *config) {
  return MODEL_MAX_HEADERS + (size_t)config->netif.mtu;
}

static inline void peer_count_drop(struct model_peer *peer, uint8_t reason) {
  peer->drops[reason % PEER_REASONS]++;
}

/* --- peer.c --- */

/* One event of a connection, and what it asks for.  payload: of the segment. */
void peer_happens(struct model_peer *peer, peer_conn_t *conn, model_tcb_event_t *ev,
                  const uint8_t *payload);

/* A number that is free, its control block to begin with the next event; NULL: none. */
peer_conn_t *peer_new_conn(struct model_peer *peer);

/* Neither a connection, nor a handshake, nor TIME-WAIT has this four-tuple. */
bool peer_key_is_free(struct model_peer *peer, const model_flow_key_t *key);

/* A segment of a sound frame; payload: where its octets begin. */
void peer_segment_arrives(struct model_peer *peer, const model_rx_seg_t *seg,
                          const uint8_t *payload);

/* An ICMP error about a segment that was sent. */
void peer_icmp_error_arrives(struct model_peer *peer, const model_rx_seg_t *seg);

/* Turns to send, as long as there is room for frames. */
void peer_give_turns(struct model_peer *peer);

/* --- peer_wire.c --- */

bool peer_has_room(const struct model_peer *peer, uint16_t frames);

/* Sends a segment; payload: its octets.  Where the Ethernet address is not known it waits for it,
 * and ARP asks. */
void peer_transmit(struct model_peer *peer, const model_tx_seg_t *seg, const uint8_t *payload);

#endif
