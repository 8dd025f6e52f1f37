/* SPDX-License-Identifier: Apache-2.0
 *
 * The send path: every frame octet for octet, under every pattern of memory and MAC, and its rate.
 * tb: top=tb_tx widths=64,128,256,512 params=NumConns=16
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "tx_bench.h"

/* Any segment whose MAC is known: all options that the TCP core may ask for, and some it won't. */
static struct segment random_segment(struct bench *b) {
  tb_rng_t *r = &b->rng;
  static const uint16_t usual[] = {0, 0, 0, 1, 2, 5, 6, 7, 10, 64, 536, 1448, 1460};
  struct segment s = {.dst_mac = PEER_MAC + tb_random_below(r, 3),
                      .remote_ip = tb_random(r),
                      .remote_port = (uint16_t)tb_random(r),
                      .local_port = (uint16_t)tb_random(r),
                      .seq = tb_random(r),
                      .ack = tb_random(r),
                      .flags = (uint8_t)tb_random(r),
                      .wnd = (uint16_t)tb_random(r),
                      .urg_ptr = (uint16_t)tb_random(r),
                      .dscp = (uint8_t)tb_random_below(r, 64),
                      .conn = (uint16_t)tb_random_below(r, CONNS),
                      .mss = (uint16_t)tb_random(r),
                      .wscale = (uint8_t)tb_random_below(r, 15),
                      .ts_val = tb_random(r),
                      .ts_ecr = tb_random(r),
                      .ts_valid = tb_random_below(r, 2) != 0};
  for (uint32_t i = 0; i < 8; i++) {
    s.sack[i] = tb_random(r);
  }
  if (tb_random_below(r, 4) == 0) {
    s.mss_valid = tb_random_below(r, 4) != 0;
    s.wscale_valid = tb_random_below(r, 2) != 0;
    s.sack_permitted = tb_random_below(r, 2) != 0;
  }
  if (tb_random_below(r, 3) == 0) {
    s.sack_count = (uint8_t)tb_random_below(r, 5);
  }
  s.payload_len = tb_random_below(r, 2) != 0
                      ? usual[tb_random_below(r, sizeof usual / sizeof *usual)]
                      : (uint16_t)tb_random_below(r, b->mtu);
  return s;
}

struct pattern_case {
  tb_pattern_t seg, memory, mac;
  uint8_t rx_ring_log2, tx_ring_log2;
  uint16_t mtu;
};

ParameterizedTestParameters(tx, segments_become_the_frames_built_in_c) {
  static struct pattern_case cases[] = {
      {TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, 16, 16, 1500},
      {TB_ALWAYS, TB_ALWAYS, TB_RANDOM, 12, 12, 1500},
      {TB_ALWAYS, TB_RANDOM, TB_ALWAYS, 20, 13, 1500},
      {TB_RANDOM, TB_RANDOM, TB_RANDOM, 12, 20, 1500},
      {TB_BURSTS, TB_BURSTS, TB_BURSTS, 14, 16, 576},
      {TB_ALWAYS, TB_RARELY, TB_ALWAYS, 12, 17, 1500},
      {TB_ALWAYS, TB_ALWAYS, TB_RARELY, 16, 15, 1500},
      {TB_ALWAYS, TB_BURSTS, TB_ALWAYS, 13, 14, 9000},
      {TB_RANDOM, TB_ALWAYS, TB_BURSTS, 18, 18, 9000},
  };
  return cr_make_param_array(struct pattern_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct pattern_case *c, tx, segments_become_the_frames_built_in_c) {
  struct bench *b = bench_new(c->rx_ring_log2, c->tx_ring_log2, c->mtu);

  b->seg_gate.pattern = c->seg;
  b->ar_gate.pattern = b->r_gate.pattern = c->memory;
  b->mac_gate.pattern = c->mac;
  b->latency_min = 1;
  b->latency_max = 40;
  enable(b);
  const uint32_t count = c->mtu > 1500 ? 100 : 400;
  for (uint32_t i = 0; i < count; i++) {
    const struct segment s = random_segment(b);
    want_segment(b, &s, s.dst_mac);
    send(b, &s);
  }
  check_all_came(b);
  cr_assert_eq(b->segments, count);
  cr_assert_eq(b->frames, count + 1, "the announcement is a frame too");
  bench_delete(b);
}

Test(tx, every_alignment_of_ring_and_payload) {
  struct bench *b = bench_new(12, 12, 1500);

  enable(b);
  for (uint32_t at = 0; at < LANES; at++) {
    for (uint32_t len = 1; len < 2 * LANES + 2; len += 1 + (LANES > 16)) {
      const struct segment s = {.dst_mac = PEER_MAC,
                                .remote_ip = PEER_IP,
                                .seq = 4096u - LANES + at,
                                .flags = FRAME_ACK,
                                .ts_valid = (at & 1) != 0,
                                .payload_len = (uint16_t)len};
      want_segment(b, &s, PEER_MAC);
      send(b, &s);
      if (b->wanted_tail == MAX_WANTED) {
        check_all_came(b);
        b->wanted_head = b->wanted_tail = 0;
      }
    }
  }
  check_all_came(b);
  bench_delete(b);
}

static struct segment data_segment(uint32_t n, uint16_t conn, uint16_t payload_len) {
  return (struct segment){.dst_mac = PEER_MAC,
                          .remote_ip = PEER_IP,
                          .remote_port = 80,
                          .local_port = (uint16_t)(40000 + conn),
                          .seq = 1 + n * payload_len,
                          .ack = 77,
                          .flags = FRAME_ACK,
                          .wnd = 1000,
                          .conn = conn,
                          .payload_len = payload_len};
}

/* An MTU that nobody told the TCP core about: the rest of the payload is not lost, it is not sent.
 */
Test(tx, payload_beyond_the_mtu_is_cut) {
  struct bench *b = bench_new(16, 16, 576);

  enable(b);
  for (uint16_t len = 530; len < 550; len++) {
    const struct segment s = data_segment(0, 3, len);
    want_segment(b, &s, PEER_MAC);
    send(b, &s);
  }
  const struct segment whole_ring = data_segment(0, 3, 65535);
  want_segment(b, &whole_ring, PEER_MAC);
  send(b, &whole_ring);
  check_all_came(b);
  cr_assert_eq(b->wanted[b->wanted_tail - 1].frame.len, 14 + 576);
  bench_delete(b);
}

Test(tx, ack_leaves_within_eight_cycles) {
  struct bench *b = bench_new(16, 16, 1500);

  enable(b);
  const struct segment s = data_segment(0, 0, 0);
  want_segment(b, &s, PEER_MAC);
  const uint64_t offered = b->cycle;
  send(b, &s);
  check_all_came(b);
  const uint64_t cycles = b->wanted[0].first_cycle - offered;
  printf("width %d: %u cycles from seg_valid to the first beat\n", DATA_WIDTH, (unsigned)cycles);
  cr_assert_leq(cycles, 8);
  bench_delete(b);
}

struct rate_case {
  uint16_t payload_len;
  uint16_t conns;
  bool timestamps;
};

ParameterizedTestParameters(tx, frames_follow_at_the_rate_of_the_bus) {
  static struct rate_case cases[] = {
      {0, 1, false},    {6, 1, false},     {6, 16, false},   {202, 1, false}, {970, 16, false},
      {1460, 1, false}, {1460, 16, false}, {1448, 16, true}, {0, 16, true},
  };
  return cr_make_param_array(struct rate_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct rate_case *c, tx, frames_follow_at_the_rate_of_the_bus) {
  enum { FRAMES = 200 };
  struct bench *b = bench_new(16, 16, 1500);

  enable(b);
  for (uint32_t i = 0; i < FRAMES; i++) {
    struct segment s = data_segment(i / c->conns, (uint16_t)(i % c->conns), c->payload_len);
    s.ts_valid = c->timestamps;
    want_segment(b, &s, PEER_MAC);
    send(b, &s);
  }
  check_all_came(b);
  const uint64_t cycles = b->wanted[FRAMES - 1].last_cycle - b->wanted[0].first_cycle + 1;
  const uint64_t beats = (uint64_t)FRAMES * ((b->wanted[0].frame.len + LANES - 1) / LANES);
  printf("width %d, frames of %u octets, %u connections: %.3f cycles a beat, %u bursts at once\n",
         DATA_WIDTH, b->wanted[0].frame.len, c->conns, (double)cycles / (double)beats,
         b->most_bursts);
  cr_assert_leq(cycles * 100, beats * 110);
  cr_assert_eq(b->gaps, 0, "a gap inside a frame");
  bench_delete(b);
}

/* While the MAC takes nothing the input stalls; afterwards everything comes. */
Test(tx, mac_closed_for_long_loses_nothing) {
  struct bench *b = bench_new(16, 16, 1500);

  enable(b);
  b->mac_closed = true;
  uint32_t n = 0;
  for (uint32_t i = 0; i < 20000; i++) {
    if (!*b->tb->seg_valid_i) {
      struct segment s = data_segment(n, (uint16_t)(n % CONNS), n % 3 == 0 ? 0 : 1460);
      want_segment(b, &s, PEER_MAC);
      offer(b, &s);
      n++;
    }
    cycle(b);
  }
  cr_assert_eq(b->wanted_head, 0, "a frame passed a closed MAC");
  cr_assert_lt(n, 80, "the input never stalled");
  cr_assert(!*b->tb->idle_o);
  b->mac_closed = false;
  check_all_came(b);
  cr_assert_eq(b->wanted_head, n);
  bench_delete(b);
}

/* ---- Echo ---------------------------------------------------------------------------------------
 */

/* Offers an echo request with @p len octets after its checksum, and wants the answer. */
static void request_echo(struct bench *b, uint8_t *data, uint32_t len, bool zeros) {
  const frame_path_t path = path_to(PEER_MAC + 9, PEER_IP);
  frame_t request;

  for (uint32_t i = 0; i < len; i++) {
    data[i] = zeros ? 0 : (uint8_t)tb_random(&b->rng);
  }
  frame_build_icmp(&request, &path, 8, 0, data, len);
  frame_build_icmp(&b->aside, &path, 0, 0, data, len);
  frame_pad(&b->aside, MIN_FRAME, 0);
  b->aside_wanted = true;

  tb_tb_tx_t *tb = b->tb;
  *tb->echo_valid_i = 1;
  *tb->echo_src_mac_i = PEER_MAC + 9;
  *tb->echo_src_ip_i = PEER_IP;
  *tb->echo_checksum_i = frame_get16(&request, 36);
  *tb->echo_len_i = (uint16_t)len;
  b->echo_data = data;
  b->echo_left = len;
}

Test(tx, echo_is_answered_at_every_length) {
  struct bench *b = bench_new(16, 16, 1500);
  uint8_t data[1500];

  b->echo_gate.pattern = TB_RANDOM;
  enable(b);
  for (uint32_t len = 4; len <= 1476; len += len < 150 ? 1 : 17) {
    request_echo(b, data, len, false);
    check_all_came(b);
  }
  bench_delete(b);
}

/* The sum of an all-zero message has no second form: its checksum is ffff, never 0. */
Test(tx, echo_of_zeros_has_a_good_checksum) {
  struct bench *b = bench_new(16, 16, 1500);
  uint8_t data[64];

  enable(b);
  request_echo(b, data, 32, true);
  cr_assert_eq(*b->tb->echo_checksum_i, 0xf7ff);
  check_all_came(b);
  cr_assert_eq(frame_get16(&b->aside, 36), 0xffff);
  bench_delete(b);
}

/* Both at once: each frame is whole, each side in its own order. */
Test(tx, echo_and_segments_share_the_wire) {
  struct bench *b = bench_new(16, 16, 1500);
  uint8_t data[1500];

  b->r_gate.pattern = TB_RANDOM;
  b->echo_gate.pattern = TB_BURSTS;
  b->mac_gate.pattern = TB_RANDOM;
  enable(b);
  for (uint32_t i = 0; i < 60; i++) {
    request_echo(b, data, 4 + tb_random_below(&b->rng, 1400), false);
    for (uint32_t n = 0; n < 3; n++) {
      const struct segment s = random_segment(b);
      want_segment(b, &s, s.dst_mac);
      send(b, &s);
    }
    while (b->aside_wanted) {
      cycle(b);
    }
  }
  check_all_came(b);
  bench_delete(b);
}

/* Offers the next segment if none waits, and runs one cycle. */
static void cycle_with_segments(struct bench *b, uint32_t *n) {
  if (!*b->tb->seg_valid_i) {
    const struct segment s = data_segment(*n, (uint16_t)(*n % CONNS), 0);
    want_segment(b, &s, PEER_MAC);
    offer(b, &s);
    (*n)++;
  }
  cycle(b);
}

/* Segments and the rest take turns, however long the queue is full: one segment may go first, and
 * one more be on its way to the port. */
Test(tx, echo_lets_one_segment_go_first) {
  struct bench *b = bench_new(16, 16, 1500);
  uint8_t data[1500];
  uint32_t n = 0;

  b->mac_gate.pattern = TB_RANDOM;
  enable(b);
  for (uint32_t i = 0; i < 500; i++) {
    cycle_with_segments(b, &n);
  }
  for (uint32_t i = 0; i < 100; i++) {
    request_echo(b, data, 4 + tb_random_below(&b->rng, 40), false);
    const uint32_t before = b->taken_segments;
    for (uint32_t k = 0; *b->tb->echo_valid_i; k++) {
      cr_assert_lt(k, IDLE_LIMIT, "an echo is never taken");
      cycle_with_segments(b, &n);
    }
    cr_assert_leq(b->taken_segments - before, 2, "echo %u: %u segments went first", i,
                  b->taken_segments - before);
    while (b->aside_wanted) {
      cycle_with_segments(b, &n);
    }
  }
  check_all_came(b);
  bench_delete(b);
}

/* ---- Reset and disable
 * --------------------------------------------------------------------------- */

/* Beats that were asked for before a reset must not end up in a frame after it. */
Test(tx, beats_from_before_a_reset_are_thrown_away) {
  struct bench *b = bench_new(16, 16, 1500);

  b->latency_min = b->latency_max = 60;
  enable(b);
  for (uint32_t i = 0; i < 3; i++) {
    const struct segment lost = data_segment(i, 5, 1460);
    send(b, &lost);
  }
  run(b, 20);
  cr_assert_neq(b->burst_head, b->burst_tail, "nothing was outstanding");
  *b->tb->rst_i = 1;
  cycle(b);
  cycle(b);
  *b->tb->rst_i = 0;
  b->ar_stalled = b->t_stalled = false;
  b->now.frame.len = 0;
  while (b->burst_head != b->burst_tail) {
    cycle(b);
  }
  run_to_idle(b);
  for (uint32_t i = 0; i < 3; i++) {
    const struct segment s = data_segment(9 + i, 2, 700);
    want_segment(b, &s, PEER_MAC);
    send(b, &s);
  }
  check_all_came(b);
  bench_delete(b);
}

Test(tx, disabled_engine_drops_segments) {
  struct bench *b = bench_new(16, 16, 1500);
  const struct segment s = data_segment(0, 0, 100);

  for (uint32_t i = 0; i < 5; i++) {
    send(b, &s);
  }
  run_to_idle(b);
  cr_assert_eq(b->drops_disabled, 5);
  cr_assert_eq(b->frames, 0);
  enable(b);
  want_segment(b, &s, PEER_MAC);
  send(b, &s);
  check_all_came(b);
  bench_delete(b);
}
