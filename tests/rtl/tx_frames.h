/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments to send, and the frames that they must become.
 */
#ifndef TOE_TESTS_TX_FRAMES_H
#define TOE_TESTS_TX_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

#define LOCAL_MAC UINT64_C(0x020000000001)
#define PEER_MAC UINT64_C(0x02aabbccdd01)
#define BROADCAST UINT64_C(0xffffffffffff)
#define LOCAL_IP UINT32_C(0x0a000001)
#define PEER_IP UINT32_C(0x0a000002)
#define NETMASK UINT32_C(0xffff0000)
#define GATEWAY_IP UINT32_C(0x0a0000fe)

/* TTL and DSCP are none that anything would have by itself. */
enum { MIN_FRAME = 60, DONT_FRAGMENT = 0x4000, TTL = 61, DEFAULT_DSCP = 0x2a };

struct segment {
  uint64_t dst_mac; /* 0: ask ARP */
  uint32_t remote_ip, seq, ack;
  uint32_t ts_val, ts_ecr;
  uint32_t sack[8]; /* left, right, left ... */
  uint16_t remote_port, local_port, wnd, urg_ptr, conn, payload_len;
  uint16_t mss;
  uint8_t flags, dscp, wscale, sack_count;
  bool mss_valid, wscale_valid, sack_permitted, ts_valid;
  bool doubt; /* TCP doubts the next hop */
};

/* What lies at an address of the buffer memory. */
static inline uint8_t octet_at(uint64_t address) {
  return (uint8_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 33);
}

static inline void put_mac(uint8_t *octets, uint64_t mac) {
  for (int i = 0; i < 6; i++) {
    octets[i] = (uint8_t)(mac >> (40 - 8 * i));
  }
}

static inline frame_path_t path_to(uint64_t dst_mac, uint32_t dst_ip) {
  frame_path_t path = {.src_ip = LOCAL_IP,
                       .dst_ip = dst_ip,
                       .fragment = DONT_FRAGMENT,
                       .ttl = TTL,
                       .tos = DEFAULT_DSCP << 2};
  put_mac(path.dst_mac, dst_mac);
  put_mac(path.src_mac, LOCAL_MAC);
  return path;
}

/* Options in the order of Linux: two octets of padding before each, or SACK-permitted there. */
static inline void add_options(frame_tcp_t *tcp, const struct segment *s) {
  if (s->mss_valid) {
    frame_add_mss(tcp, s->mss);
  }
  if (s->sack_permitted && s->ts_valid) {
    frame_add_sack_permitted(tcp);
  } else if (s->sack_permitted || s->ts_valid) {
    frame_add_option(tcp, 1, NULL, 1);
    frame_add_option(tcp, 1, NULL, 1);
  }
  if (s->ts_valid) {
    frame_add_timestamps(tcp, s->ts_val, s->ts_ecr);
  } else if (s->sack_permitted) {
    frame_add_sack_permitted(tcp);
  }
  if (s->wscale_valid) {
    frame_add_option(tcp, 1, NULL, 1);
    frame_add_wscale(tcp, s->wscale);
  }
  if (s->sack_count != 0 && !s->mss_valid && !s->wscale_valid && !s->sack_permitted) {
    const unsigned most = s->ts_valid ? 3 : 4;
    frame_add_option(tcp, 1, NULL, 1);
    frame_add_option(tcp, 1, NULL, 1);
    frame_add_sack(tcp, s->sack, s->sack_count < most ? s->sack_count : most);
  }
}

/* The frame for a segment, with payload from the ring at address @p ring, cut to the MTU. */
static inline void build_segment(frame_t *frame, const struct segment *s, uint64_t dst_mac,
                                 uint16_t mtu, uint64_t ring, uint8_t ring_log2) {
  frame_path_t path = path_to(dst_mac, s->remote_ip);
  const uint64_t mask = (UINT64_C(1) << ring_log2) - 1;
  static uint8_t payload[UINT16_MAX];
  frame_tcp_t tcp = {.src_port = s->local_port,
                     .dst_port = s->remote_port,
                     .seq = s->seq,
                     .ack = s->ack,
                     .flags = s->flags,
                     .wnd = s->wnd,
                     .urg_ptr = s->urg_ptr,
                     .payload = payload,
                     .payload_len = s->payload_len};

  path.tos = (uint8_t)(s->dscp << 2);
  add_options(&tcp, s);
  if (tcp.payload_len > mtu - 40u - tcp.options_len) {
    tcp.payload_len = mtu - 40u - tcp.options_len;
  }
  for (uint32_t i = 0; i < tcp.payload_len; i++) {
    payload[i] = octet_at(ring + ((s->seq + i) & mask));
  }
  frame_build_tcp(frame, &path, &tcp);
  frame_pad(frame, MIN_FRAME, 0);
}

#endif
