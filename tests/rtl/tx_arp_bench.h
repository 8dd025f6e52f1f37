/* SPDX-License-Identifier: Apache-2.0
 *
 * Neighbours that answer ARP, or do not, and what must be said to them.
 */
#ifndef TOE_TESTS_TX_ARP_BENCH_H
#define TOE_TESTS_TX_ARP_BENCH_H

#include "tx_bench.h"

static inline struct bench *new_bench(void) {
  struct bench *b = bench_new(16, 16, 1500);
  enable(b);
  return b;
}

static inline struct segment segment_to(uint32_t remote_ip, uint32_t n, uint16_t payload_len) {
  return (struct segment){.remote_ip = remote_ip,
                          .remote_port = 80,
                          .local_port = 40000,
                          .seq = n,
                          .flags = FRAME_ACK,
                          .conn = (uint16_t)(n % CONNS),
                          .payload_len = payload_len};
}

/* Every neighbour has a MAC of its own. */
static inline uint64_t mac_of(uint32_t ip) {
  return PEER_MAC ^ (uint64_t)ip << 8;
}

static inline void answer(struct bench *b, uint32_t ip) {
  send_arp(b,
           &(struct arp_packet){.sender_mac = mac_of(ip), .sender_ip = ip, .target_ip = LOCAL_IP});
}

static inline void request_from(struct bench *b, uint32_t ip, uint32_t target_ip) {
  send_arp(
      b,
      &(struct arp_packet){
          .is_request = true, .sender_mac = mac_of(ip), .sender_ip = ip, .target_ip = target_ip});
}

static inline void check_arp(const frame_t *f, uint64_t dst_mac, uint16_t op, uint64_t target_mac,
                             uint32_t target_ip) {
  const frame_path_t path = path_to(dst_mac, target_ip);
  frame_t wanted;
  uint8_t target[6];

  put_mac(target, target_mac);
  frame_build_arp(&wanted, &path, op, target);
  frame_pad(&wanted, MIN_FRAME, 0);
  cr_assert_eq(f->len, wanted.len);
  cr_assert_arr_eq(f->data, wanted.data, MIN_FRAME);
}

static inline void check_request(const frame_t *f, uint32_t target_ip) {
  check_arp(f, BROADCAST, 1, 0, target_ip);
}

/* Runs until idle; the ARP frames that came meanwhile must be as many as given. */
static inline void expect_arps(struct bench *b, uint32_t count) {
  run_to_idle(b);
  cr_assert_eq(b->arp_count, count, "%u ARP frames, not %u", b->arp_count, count);
  b->arp_count = 0;
}

static inline void make_known(struct bench *b, uint32_t ip) {
  request_from(b, ip, LOCAL_IP);
  expect_arps(b, 1);
}

/* Sends one segment to @p ip, which must leave at once and without a question. */
static inline void check_known(struct bench *b, uint32_t ip) {
  const struct segment s = segment_to(ip, 1, 0);
  want_segment(b, &s, mac_of(ip));
  send(b, &s);
  check_all_came(b);
  expect_arps(b, 0);
}

#endif
