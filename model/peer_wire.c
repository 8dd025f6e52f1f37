/* SPDX-License-Identifier: Apache-2.0
 *
 * The model peer's side towards the wire: frames in and out, ARP, echo.
 */
#include <string.h>

#include "model/octets.h"
#include "model/peer_internal.h"

static const uint64_t kBroadcast = UINT64_C(0xffffffffffff);

/* RFC 1122 section 2.3.2.1: one request a second for one address. */
static const uint64_t kAskAgainUs = 1000000;

/* --- Frames to send -------------------------------------------------------------------------- */

bool peer_has_room(const struct model_peer *peer, uint16_t frames) {
  return peer->config.frames - peer->frame_count >= frames;
}

static uint8_t *frame_at(const struct model_peer *peer, uint16_t place) {
  return peer->frames + (size_t)place * peer_frame_size(&peer->config);
}

/* Where the next frame goes; NULL: it is lost. */
static uint8_t *new_frame(struct model_peer *peer) {
  if (!peer_has_room(peer, 1)) return NULL;
  return frame_at(peer, (uint16_t)((peer->first_frame + peer->frame_count) % peer->config.frames));
}

static void frame_is_ready(struct model_peer *peer, size_t len) {
  peer->frame_lens[(peer->first_frame + peer->frame_count) % peer->config.frames] = len;
  peer->frame_count++;
}

size_t model_peer_frame_out(struct model_peer *peer, uint8_t *octets) {
  if (peer->frame_count == 0) return 0;
  const size_t len = peer->frame_lens[peer->first_frame];
  memcpy(octets, frame_at(peer, peer->first_frame), len);
  peer->first_frame = (uint16_t)((peer->first_frame + 1) % peer->config.frames);
  peer->frame_count--;
  peer_give_turns(peer);
  return len;
}

/* --- ARP ------------------------------------------------------------------------------------- */

static peer_neighbour_t *neighbour_of(struct model_peer *peer, uint32_t ip) {
  for (uint16_t i = 0; i < peer->config.neighbours; i++)
    if (peer->neighbours[i].used && peer->neighbours[i].ip == ip) return &peer->neighbours[i];
  return NULL;
}

static peer_neighbour_t *new_neighbour(struct model_peer *peer, uint32_t ip) {
  peer_neighbour_t *neighbour = &peer->neighbours[peer->next_neighbour];

  peer->next_neighbour = (uint16_t)((peer->next_neighbour + 1) % peer->config.neighbours);
  *neighbour = (peer_neighbour_t){.used = true, .ip = ip, .waiting = neighbour->waiting};
  return neighbour;
}

static void send_arp(struct model_peer *peer, bool is_request, uint64_t mac, uint32_t ip) {
  uint8_t *frame = new_frame(peer);

  if (frame != NULL)
    frame_is_ready(peer, model_build_arp(&peer->config.netif, is_request, mac, ip, frame));
}

static void ask(struct model_peer *peer, peer_neighbour_t *neighbour) {
  if (neighbour->asked && !time_reached(peer->now_us, time_after(neighbour->asked_us, kAskAgainUs)))
    return;
  neighbour->asked = true;
  neighbour->asked_us = peer->now_us;
  send_arp(peer, true, kBroadcast, neighbour->ip);
}

static void send_waiting(struct model_peer *peer, peer_neighbour_t *neighbour) {
  uint8_t *frame = neighbour->waiting_len != 0 ? new_frame(peer) : NULL;

  if (frame != NULL) {
    memcpy(frame, neighbour->waiting, neighbour->waiting_len);
    put48(frame, neighbour->mac);
    frame_is_ready(peer, neighbour->waiting_len);
  }
  neighbour->waiting_len = 0;
}

/* "Packet Reception" of RFC 826: what is known is brought up to date; who asks for us will be
 * talked to.  A sender without an address (RFC 5227) is nobody's neighbour. */
static void arp_arrives(struct model_peer *peer, const model_arp_t *arp) {
  const bool for_us = arp->target_ip == peer->config.netif.ip;
  peer_neighbour_t *neighbour = neighbour_of(peer, arp->sender_ip);

  if (neighbour == NULL && for_us && arp->sender_ip != 0)
    neighbour = new_neighbour(peer, arp->sender_ip);
  if (neighbour != NULL) {
    neighbour->mac = arp->sender_mac;
    neighbour->known = true;
    send_waiting(peer, neighbour);
  }
  if (for_us && arp->is_request) send_arp(peer, false, arp->sender_mac, arp->sender_ip);
}

/* --- Segments and echoes --------------------------------------------------------------------- */

void peer_transmit(struct model_peer *peer, const model_tx_seg_t *seg, const uint8_t *payload) {
  const model_netif_t *netif = &peer->config.netif;
  model_tx_seg_t out = *seg;

  if (!seg->mac_valid) {
    peer_neighbour_t *neighbour = neighbour_of(peer, seg->key.remote_ip);
    if (neighbour == NULL) neighbour = new_neighbour(peer, seg->key.remote_ip);
    if (!neighbour->known) {
      neighbour->waiting_len = model_build_segment(netif, &out, payload, neighbour->waiting);
      ask(peer, neighbour);
      return;
    }
    out.dst_mac = neighbour->mac;
  }
  uint8_t *frame = new_frame(peer);
  if (frame != NULL) frame_is_ready(peer, model_build_segment(netif, &out, payload, frame));
}

static void echo_arrives(struct model_peer *peer, const model_echo_t *echo, const uint8_t *data) {
  uint8_t *frame = new_frame(peer);

  if (frame != NULL) frame_is_ready(peer, model_build_echo(&peer->config.netif, echo, data, frame));
}

void model_peer_frame_in(struct model_peer *peer, const uint8_t *octets, size_t len) {
  model_frame_t frame;

  model_parse(&peer->config.netif, octets, len, true, &frame);
  switch (frame.kind) {
    case MODEL_FRAME_SEGMENT:
      peer_segment_arrives(peer, &frame.seg, octets + frame.payload_off);
      break;
    case MODEL_FRAME_ARP:
      arp_arrives(peer, &frame.arp);
      break;
    case MODEL_FRAME_ECHO:
      echo_arrives(peer, &frame.echo, octets + frame.payload_off);
      break;
    case MODEL_FRAME_ICMP_ERROR:
      peer_icmp_error_arrives(peer, &frame.seg);
      break;
    default:
      peer_count_drop(peer, frame.drop);
      break;
  }
  peer_give_turns(peer);
}
