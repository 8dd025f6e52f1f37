/* SPDX-License-Identifier: Apache-2.0
 *
 * What users of earlier engines had to live with: hangs, neighbours that suffer, silence.
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <string.h>

/* A connection of its own, by its number. */
static struct toe_conn *accept_nth(wire_t *w, wire_peer_t *p, struct toe_listener *l, uint16_t n) {
  *p = wire_peer(w, (uint16_t)(4000 + n), 80);
  return wire_accept(p, l, "mss 1460");
}

/* --- Nobody waits for somebody else ---------------------------------------------------------- */

Test(lesson_life, dead_next_hop_delays_no_other_connection) {
  struct toe_config config = wire_config();
  config.syn_retries = 2;
  wire_t *w = wire_new(&config, 0);
  struct toe_conn *dead[4], *conn;

  wire_mark(w);
  for (uint16_t i = 0; i < 4; i++) {
    const struct toe_connect_opts opts = {.local_port = (uint16_t)(6000 + i)};
    cr_assert_eq(toe_connect(wire_engine(w), WIRE_DEAD_IP, 80, &opts, 0, &dead[i]), 0);
  }
  wire_run(w, 100);
  const uint64_t start_us = wire_now_us(w);
  wire_peer_t p = wire_peer(w, 80, 5000);
  conn = wire_connect(&p, 65535, "mss 1460");
  cr_expect_lt(wire_now_us(w) - start_us, 200);
  wire_talk(&p, conn, 1);
  for (int i = 0; i < 4; i++) {
    cr_expect_eq(toe_sock_wait_closed(dead[i], 10000000), 0);
    cr_expect_eq(toe_conn_error(dead[i]), TOE_ERR_TIMEOUT);
  }
  wire_run(w, 5000000);
  cr_expect_gt(wire_arp_requests(w, WIRE_DEAD_IP), 2);
  cr_expect_lt(wire_arp_requests(w, WIRE_DEAD_IP), 20, "one question a second at most");
  wire_drops(w, "drop_tx_no_arp", 12); /* a SYN and two more for each */
  wire_talk(&p, conn, 101);
  wire_delete(w);
}

Test(lesson_life, host_that_never_reads_one_connection_delays_no_other) {
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  wire_peer_t full, p;
  wire_seg_t seg = {0};

  accept_nth(w, &full, listener, 0);
  struct toe_conn *conn = accept_nth(w, &p, listener, 1);
  for (uint32_t at = 1; at < 80000; at += 1460) { /* more than there is room for */
    wire_in(&full, ". %u:%u ack 1", at, at + 1460);
    wire_run(w, 10);
  }
  while (wire_next(&full, 100, &seg)) {
  }
  cr_expect_eq(seg.wnd, 0);
  for (uint32_t i = 0; i < 20; i++) wire_talk(&p, conn, 1 + 100 * i);
  wire_delete(w);
}

Test(lesson_life, stalled_host_loses_nothing) {
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  enum { COUNT = 200, ROUNDS = 4 };
  static wire_peer_t peers[COUNT];
  static struct toe_conn *conns[COUNT];

  for (int i = 0; i < COUNT; i++) conns[i] = accept_nth(w, &peers[i], listener, (uint16_t)i);
  /* 800 segments, 256 completions at most. */
  for (uint32_t round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < COUNT; i++) {
      wire_in(&peers[i], "P. %u:%u ack 1", 1 + 50 * round, 51 + 50 * round);
      wire_run_without_host(w, 2);
    }
  }
  wire_run_without_host(w, 100);
  for (int i = 0; i < COUNT; i++) {
    wire_seg_t seg = {0};
    while (wire_next(&peers[i], 0, &seg)) {
    }
    cr_expect_eq(seg.ack, 1 + 50 * ROUNDS, "acknowledged whoever reads");
    wire_read(conns[i], 1, 1 + 50 * ROUNDS);
  }
  wire_delete(w);
}

Test(lesson_life, back_to_back_frames_of_every_size_pass) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p;
  struct toe_conn *conn = accept_nth(w, &p, wire_listen(w, 80), 0);
  uint32_t at;

  wire_talk(&p, conn, 1); /* the engine knows the peer's Ethernet address */
  at = 101;
  wire_mark(w);
  for (uint32_t len = 0; len < 200;) {
    for (int burst = 0; burst < 50; burst++, len++) {
      wire_in(&p, "P. %u:%u ack 101", at, at + len);
      at += len;
    }
    wire_run(w, 200);
  }
  wire_read(conn, 101, at);
  wire_drops(w, NULL, 0);
  wire_delete(w);
}

/* --- Frames that are not what they seem ------------------------------------------------------ */

typedef struct bad_frame {
  const char *counter;
  void (*spoil)(frame_t *frame);
} bad_frame_t;

static void set_ip(frame_t *frame, uint32_t offset, uint32_t ip) {
  frame_put32(frame, 14 + offset, ip);
  frame_fix_ip(frame);
  frame_fix_layer4(frame);
}

static void from_us(frame_t *frame) {
  set_ip(frame, 12, WIRE_IP);
}

static void from_broadcast(frame_t *frame) {
  set_ip(frame, 12, 0xffffffff);
}

static void from_subnet_broadcast(frame_t *frame) {
  set_ip(frame, 12, 0x0a0000ff);
}

static void from_multicast(frame_t *frame) {
  set_ip(frame, 12, 0xe0000001);
}

static void from_loopback(frame_t *frame) {
  set_ip(frame, 12, 0x7f000001);
}

static void to_other_ip(frame_t *frame) {
  set_ip(frame, 16, WIRE_IP + 1);
}

static void to_other_mac(frame_t *frame) {
  frame->data[5] ^= 0x80;
}

static void more_fragments(frame_t *frame) {
  frame_put16(frame, 20, 0x2000);
  frame_fix_ip(frame);
}

static void later_fragment(frame_t *frame) {
  frame_put16(frame, 20, 8);
  frame_fix_ip(frame);
}

static void cut_in_tcp_header(frame_t *frame) {
  frame->len = 14 + 20 + 12;
}

static void cut_in_payload(frame_t *frame) {
  frame->len -= 3;
}

static void empty_packet(frame_t *frame) {
  frame_put16(frame, 16, 20);
  frame_fix_ip(frame);
}

static void data_offset_lies(frame_t *frame) {
  frame->data[14 + 20 + 12] = 0xf0;
  frame_put16(frame, 16, 60);
  frame_fix_ip(frame);
  frame_fix_layer4(frame);
}

static void bad_ip_checksum(frame_t *frame) {
  frame->data[24] ^= 1;
}

static void other_protocol(frame_t *frame) {
  frame->data[23] = 17;
  frame_fix_ip(frame);
}

static void other_ether_type(frame_t *frame) {
  frame_put16(frame, 12, 0x86dd);
}

static const bad_frame_t kBadFrames[] = {
    {"drop_ip_src", from_us},
    {"drop_ip_src", from_broadcast},
    {"drop_ip_src", from_subnet_broadcast},
    {"drop_ip_src", from_multicast},
    {"drop_ip_src", from_loopback},
    {"drop_ip_dst", to_other_ip},
    {"drop_not_for_us", to_other_mac},
    {"drop_ip_fragment", more_fragments},
    {"drop_ip_fragment", later_fragment},
    {"drop_ip_header", cut_in_tcp_header},
    {"drop_ip_header", cut_in_payload},
    {"drop_tcp_header", empty_packet},
    {"drop_tcp_header", data_offset_lies},
    {"drop_ip_checksum", bad_ip_checksum},
    {"drop_ip_proto", other_protocol},
    {"drop_ether_type", other_ether_type},
};

Test(lesson_life, each_bad_frame_is_dropped_whole_and_counted_once) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p;
  struct toe_conn *conn = accept_nth(w, &p, wire_listen(w, 80), 0);
  const uint64_t segments = wire_count(w, "tx_segment");

  for (size_t i = 0; i < sizeof kBadFrames / sizeof *kBadFrames; i++) {
    frame_t frame;
    wire_mark(w);
    wire_build(&p, &frame, "P. 1:101 ack 1");
    kBadFrames[i].spoil(&frame);
    wire_frame_in(w, &frame, 0);
    wire_run(w, 600000);
    cr_expect_eq(toe_recv_waiting(conn), 0, "frame %zu", i);
    wire_drops(w, kBadFrames[i].counter, 1);
  }
  cr_expect_eq(wire_count(w, "tx_segment"), segments, "none is answered");
  wire_talk(&p, conn, 1);
  wire_delete(w);
}

Test(lesson_life, oversized_frames_are_dropped_and_the_next_one_passes) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p;
  struct toe_conn *conn = accept_nth(w, &p, wire_listen(w, 80), 0);
  frame_t frame;

  wire_mark(w);
  for (uint32_t len = 1479; len < 8000; len += 700) {
    wire_build(&p, &frame, "P. 1:%u ack 1", 1 + len);
    wire_frame_in(w, &frame, 0);
  }
  memset(frame.data, 0xff, sizeof frame.data);
  frame.len = TOE_SIM_MAX_FRAME;
  wire_frame_in(w, &frame, 0);
  wire_in(&p, "P. 1:101 ack 1");
  wire_out(&p, ". 1:1 ack 101");
  wire_read(conn, 1, 101);
  wire_drops(w, "drop_oversize", 11);
  wire_delete(w);
}

Test(lesson_life, land_attack_is_dropped) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 80);

  wire_listen(w, 80);
  p.ip = WIRE_IP;
  wire_mark(w);
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_quiet(&p, 5000000);
  wire_drops(w, "drop_ip_src", 1);
  wire_delete(w);
}

/* --- Something to wait for ------------------------------------------------------------------- */

Test(lesson_life, every_change_is_an_event) {
  wire_t *w = wire_new(NULL, 0);
  struct toe_engine *engine = wire_engine(w);
  struct toe_listener *listener = wire_listen(w, 80);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_event event;
  struct toe_conn *conn;

  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  wire_in(&p, ". 1:1 ack 1");
  cr_assert_eq(toe_wait(engine, &event, 1, 1000), 1);
  cr_expect(event.listener == listener && (event.ready & TOE_ACCEPTABLE) != 0);
  cr_assert_eq(toe_accept(listener, 7, &conn), 0);
  while (toe_wait(engine, &event, 1, 1000) > 0) {
  }
  wire_in(&p, "P. 1:101 ack 1");
  cr_assert_eq(toe_wait(engine, &event, 1, 1000), 1);
  cr_expect(event.conn == conn && event.tag == 7 && (event.ready & TOE_READABLE) != 0);
  wire_read(conn, 1, 101);
  wire_in(&p, "F. 101:101 ack 1");
  cr_assert_eq(toe_wait(engine, &event, 1, 1000), 1);
  cr_expect_neq(event.ready & TOE_PEER_CLOSED, 0);
  wire_in(&p, "R 102:102");
  cr_assert_eq(toe_wait(engine, &event, 1, 1000), 1);
  cr_expect_neq(event.ready & TOE_CLOSED, 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_RESET);
  cr_expect_eq(toe_wait(engine, &event, 1, 1000), 0);
  wire_delete(w);
}

Test(lesson_life, counters_tell_what_passed) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p;
  struct toe_conn *conn = accept_nth(w, &p, wire_listen(w, 80), 0);

  wire_talk(&p, conn, 1);
  cr_expect_eq(wire_count(w, "rx_segment"), 4);
  cr_expect_eq(wire_count(w, "tx_segment"), 2);
  cr_expect_eq(wire_count(w, "passive_open"), 1);
  cr_expect_eq(wire_count(w, "active_open"), 0);
  cr_expect_eq(wire_count(w, "tx_retransmit"), 0);
  cr_expect_eq(wire_count(w, "tx_rst"), 0);
  wire_delete(w);
}
