/* SPDX-License-Identifier: Apache-2.0
 *
 * Attackers with a connection of their own, who hold on to what it takes or lie about what they
 * have received.
 */
#include "wire.h"

#include <criterion/criterion.h>

TestSuite(attack_hold, .timeout = 60);

typedef struct open {
  wire_t *w;
  wire_peer_t p, q; /* the attacker, and somebody else */
  struct toe_conn *conn, *other;
} open_t;

static open_t open_with(const char *options) {
  open_t o = {.w = wire_new(NULL, 0)};
  struct toe_listener *listener = wire_listen(o.w, 80);

  o.p = wire_peer(o.w, 4000, 80);
  o.q = wire_peer(o.w, 4001, 80);
  o.conn = wire_accept(&o.p, listener, options);
  o.other = wire_accept(&o.q, listener, "mss 1460");
  wire_mark(o.w);
  return o;
}

/* Somebody else's connection goes on: octets [at, at + 100) both ways, at once. */
static void other_talks(open_t *o, uint32_t at) {
  wire_in(&o->q, "P. %u:%u ack %u", at, at + 100, at);
  wire_run(o->w, 20);
  wire_read(o->other, at, at + 100);
  wire_write(o->other, at, at + 100);
  wire_out_within(&o->q, 100, "P. %u:%u ack %u", at, at + 100, at + 100);
  wire_in(&o->q, ". %u:%u ack %u", at + 100, at + 100, at + 100);
  wire_run(o->w, 50);
}

/* --- Windows --------------------------------------------------------------------------------- */

/* Answers every probe of the closed window until the connection ends or @p until_us.  The number of
 * probes. */
static unsigned hold_window_closed(open_t *o, uint64_t until_us) {
  unsigned probes = 0;
  wire_seg_t seg;

  while (wire_now_us(o->w) < until_us && (toe_conn_ready(o->conn) & TOE_CLOSED) == 0) {
    if (!wire_next(&o->p, 1000000, &seg)) continue;
    if ((seg.flags & FRAME_RST) != 0) break;
    cr_expect_leq(seg.len, 1);
    probes++;
    wire_in(&o->p, ". 1:1 ack 1 win 0");
    wire_run(o->w, 50);
  }
  wire_run(o->w, 100);
  return probes;
}

/* sockstress: a window of nothing, and every probe answered.  RFC 9293 MUST-37 lets it live for as
 * long as the application does; the user timeout is how the application says how long. */
Test(attack_hold, closed_window_ends_with_the_user_timeout) {
  enum { TIMEOUT_US = 20000000 };
  open_t o = open_with("mss 1460");

  cr_assert_eq(toe_set_option(o.conn, TOE_OPT_USER_TIMEOUT_US, TIMEOUT_US), 0);
  wire_in(&o.p, ". 1:1 ack 1 win 0");
  wire_run(o.w, 50);
  wire_write(o.conn, 1, 20001);
  const uint64_t start_us = wire_now_us(o.w);
  hold_window_closed(&o, start_us + 3 * (uint64_t)TIMEOUT_US);
  cr_expect_neq(toe_conn_ready(o.conn) & TOE_CLOSED, 0);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_TIMEOUT);
  const uint64_t took_us = wire_now_us(o.w) - start_us;
  cr_expect(took_us >= TIMEOUT_US && took_us < TIMEOUT_US + 1000000, "%u us", (unsigned)took_us);
  other_talks(&o, 1);
  wire_delete(o.w);
}

/* Without one it lives, at the price of its own rings and ever rarer probes. */
Test(attack_hold, closed_window_costs_ever_rarer_probes) {
  open_t o = open_with("mss 1460");

  wire_in(&o.p, ". 1:1 ack 1 win 0");
  wire_run(o.w, 50);
  wire_write(o.conn, 1, 20001);
  const unsigned early = hold_window_closed(&o, wire_now_us(o.w) + 120000000);
  const unsigned late = hold_window_closed(&o, wire_now_us(o.w) + 1200000000);
  cr_expect_eq(toe_conn_ready(o.conn) & TOE_CLOSED, 0, "RFC 9293 MUST-37");
  cr_expect_leq(early, 12);
  cr_expect_leq(late, 22, "one a minute");
  other_talks(&o, 1);
  wire_delete(o.w);
}

/* A reader of one octet at a time: the sender's silly-window avoidance (RFC 9293 MUST-38). */
Test(attack_hold, slow_reader_does_not_get_tiny_segments) {
  open_t o = open_with("mss 1460");
  unsigned segments = 0;
  wire_seg_t seg;

  wire_in(&o.p, ". 1:1 ack 1 win 1");
  wire_run(o.w, 50);
  wire_write(o.conn, 1, 20001);
  for (unsigned i = 0; i < 150;
       i++) { /* a window of 1, 2, 3... octets, one more each millisecond */
    wire_in(&o.p, ". 1:1 ack 1 win %u", 1 + i);
    while (wire_next(&o.p, 1000, &seg)) segments++;
  }
  cr_expect_leq(segments, 1, "%u segments", segments);
  other_talks(&o, 1);
  wire_delete(o.w);
}

/* --- Reassembly ------------------------------------------------------------------------------ */

/* Each octet leaves a hole before it. */
Test(attack_hold, holes_beyond_the_fourth_are_dropped_and_cost_nothing) {
  open_t o = open_with("mss 1460,sackOK");
  wire_seg_t seg;

  for (uint32_t i = 0; i < 200; i++) {
    wire_in(&o.p, ". %u:%u ack 1", 3 + 2 * i, 4 + 2 * i);
    wire_run(o.w, 2);
  }
  wire_run(o.w, 100);
  wire_drops(o.w, "drop_reassembly", 196);
  while (wire_next(&o.p, 0, &seg)) cr_expect_eq(seg.ack, 1);
  other_talks(&o, 1);
  /* What is held is right, and what was dropped comes again. */
  wire_in(&o.p, "P. 1:401 ack 1");
  wire_read(o.conn, 1, 401);
  wire_delete(o.w);
}

/* Their octets lie side by side in the ring: a segment of one octet takes one. */
Test(attack_hold, tiny_segments_take_no_more_memory_than_their_octets) {
  open_t o = open_with("mss 1460");
  enum { COUNT = 2000 };

  for (uint32_t i = 1; i <= COUNT; i++) {
    wire_in(&o.p, ". %u:%u ack 1", i, i + 1);
    wire_run_without_host(o.w, 1);
  }
  wire_run_without_host(o.w, 100);
  cr_expect_eq(toe_recv_waiting(o.conn), 0, "the host has not looked yet");
  wire_run(o.w, 1);
  cr_expect_eq(toe_recv_waiting(o.conn), COUNT);
  wire_read(o.conn, 1, 1 + COUNT);
  wire_drops(o.w, NULL, 0);
  other_talks(&o, 1);
  wire_delete(o.w);
}

/* CVE-2019-11479: a segment for each octet, each with its headers. */
Test(attack_hold, tiny_mss_is_not_believed) {
  open_t o = open_with("mss 1");
  struct toe_conn_info info;

  wire_write(o.conn, 1, 641);
  for (uint32_t at = 1; at < 641; at += 64) wire_out(&o.p, ". %u:%u ack 1", at, at + 64);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  cr_expect_eq(info.snd_mss, 64);
  wire_delete(o.w);
}

/* --- Acknowledgements that lie --------------------------------------------------------------- */

static uint32_t cwnd_of(const open_t *o) {
  struct toe_conn_info info;

  cr_assert_eq(toe_conn_info(o->conn, &info), 0);
  return info.cwnd;
}

/* Many ACKs for one segment, none for more than a part of it. */
Test(attack_hold, divided_acks_grow_the_window_by_what_they_cover) {
  open_t o = open_with("mss 1460");
  wire_seg_t seg;

  wire_write(o.conn, 1, 60001);
  while (wire_next(&o.p, 1000, &seg)) {
  }
  const uint32_t before = cwnd_of(&o);
  for (uint32_t i = 1; i <= 146; i++) {
    wire_in(&o.p, ". 1:1 ack %u", 1 + 10 * i);
    wire_run(o.w, 2);
  }
  cr_expect_eq(cwnd_of(&o), before + 1460);
  wire_delete(o.w);
}

/* ACKs of what has not been sent yet. */
Test(attack_hold, optimistic_acks_of_what_was_never_sent_grow_nothing) {
  open_t o = open_with("mss 1460");
  uint32_t end = 1;
  wire_seg_t seg;

  wire_write(o.conn, 1, 60001);
  while (wire_next(&o.p, 1000, &seg)) end = seg.seq + seg.len;
  const uint32_t before = cwnd_of(&o);
  for (uint32_t i = 1; i <= 30; i++) {
    wire_in(&o.p, ". 1:1 ack %u", end + 1460 * i);
    wire_run(o.w, 2);
  }
  cr_expect_eq(cwnd_of(&o), before);
  wire_drops(o.w, "drop_bad_ack", 30);
  while (wire_next(&o.p, 1000, &seg)) cr_expect_eq(seg.len, 0, "data for an ACK that lies");
  wire_delete(o.w);
}
