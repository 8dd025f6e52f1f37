/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier engines got wrong when they send, seen from the wire.
 */
#include "wire.h"

#include <criterion/criterion.h>

typedef struct open {
  wire_t *w;
  wire_peer_t p;
  struct toe_conn *conn;
} open_t;

static open_t open_with(const struct toe_config *config, const char *options) {
  open_t o = {.w = wire_new(config, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.conn = wire_accept(&o.p, wire_listen(o.w, 80), options);
  return o;
}

/* Asserts that @p us is @p want_us, give or take 2 %. */
static void about(uint64_t us, uint64_t want_us) {
  cr_expect(us > want_us - want_us / 50 && us < want_us + want_us / 50, "%llu us, not %llu us",
            (unsigned long long)us, (unsigned long long)want_us);
}

/* The host sends octets [from, to), and the peer acknowledges each segment. */
static void transfer(open_t *o, uint32_t from, uint32_t to) {
  wire_seg_t seg;

  while (from < to) {
    const uint32_t len = to - from < 20000 ? to - from : 20000;
    wire_write(o->conn, from, from + len);
    for (const uint32_t end = from + len; from < end; from += seg.len) {
      cr_assert(wire_next(&o->p, 100000, &seg), "nothing sent at %u", from);
      cr_assert_eq(seg.seq, from);
      wire_in(&o->p, ". 1:1 ack %u", seg.seq + seg.len);
    }
    wire_run(o->w, 50);
  }
}

/* --- Windows --------------------------------------------------------------------------------- */

Test(lesson_send, window_of_the_handshake_is_respected) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  struct toe_conn *conn = wire_connect(&p, 1000, "mss 1460,wscale 7");

  wire_write(conn, 1, 5001);
  wire_out(&p, ". 1:1001 ack 1"); /* a SYN's window is never scaled */
  wire_quiet(&p, 100000);
  wire_in(&p, ". 1:1 ack 1001 win 10");
  wire_out(&p, ". 1001:2281");
  wire_quiet(&p, 100000);
  wire_in(&p, ". 1:1 ack 2281 win 100");
  wire_out(&p, ". 2281:3741");
  wire_in(&p, ". 1:1 ack 3741 win 100");
  wire_out(&p, "P. 3741:5001");
  wire_delete(w);
}

Test(lesson_send, closed_window_is_probed_until_an_update_gets_through) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  struct toe_conn *conn = wire_connect(&p, 1000, "mss 1460");

  wire_write(conn, 1, 3001);
  wire_out(&p, ". 1:1001");
  wire_in(&p, ". 1:1 ack 1001 win 0");
  const uint64_t closed_us = wire_now_us(w);
  const uint64_t first_us = wire_out_within(&p, 2000000, ". 1001:1002").time_us;
  cr_expect_leq(first_us - closed_us, 1100000);
  wire_in(&p, ". 1:1 ack 1001 win 0");
  const uint64_t second_us = wire_out_within(&p, 4000000, ". 1001:1002").time_us;
  wire_in(&p, ". 1:1 ack 1001 win 0");
  const uint64_t third_us = wire_out_within(&p, 8000000, ". 1001:1002").time_us;
  about(third_us - second_us, 2 * (second_us - first_us));
  wire_in(&p, ". 1:1 ack 1002 win 5000");
  wire_out_within(&p, 1000, ". 1002:2462");
  wire_in(&p, ". 1:1 ack 2462 win 5000");
  wire_out_within(&p, 1000, "P. 2462:3001");
  wire_delete(w);
}

Test(lesson_send, patient_peer_with_a_closed_window_is_probed_for_ever) {
  struct toe_config config = wire_config();
  config.data_retries = 3;
  wire_t *w = wire_new(&config, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  struct toe_conn *conn = wire_connect(&p, 1000, "mss 1460");
  wire_seg_t seg;

  wire_write(conn, 1, 3001);
  wire_out(&p, ". 1:1001");
  wire_in(&p, ". 1:1 ack 1001 win 0");
  for (int i = 0; i < 10; i++) {
    cr_assert(wire_next(&p, 61000000, &seg), "probe %d", i);
    cr_assert_eq(seg.len, 1);
    wire_in(&p, ". 1:1 ack 1001 win 0");
  }
  cr_expect_eq(toe_conn_ready(conn) & TOE_CLOSED, 0);
  for (int i = 0; i < 4; i++) wire_next(&p, 61000000, &seg); /* silent from now on */
  cr_expect_eq(toe_sock_wait_closed(conn, 300000000), 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_TIMEOUT);
  wire_delete(w);
}

Test(lesson_send, window_opens_by_acknowledgements_not_by_one_at_a_time) {
  open_t o = open_with(NULL, "mss 1460");

  wire_write(o.conn, 1, 30001);
  for (uint32_t i = 0; i < 10; i++)
    wire_out_within(&o.p, 100, ". %u:%u", 1 + 1460 * i, 1461 + 1460 * i);
  wire_quiet(&o.p, 1000); /* initial window of ten segments, RFC 6928 */
  wire_in(&o.p, ". 1:1 ack 2921");
  for (uint32_t i = 10; i < 13; i++)
    wire_out_within(&o.p, 100, ". %u:%u", 1 + 1460 * i, 1461 + 1460 * i);
  wire_quiet(&o.p, 1000);
  wire_delete(o.w);
}

Test(lesson_send, nodelay_sends_small_segments_without_waiting) {
  open_t o = open_with(NULL, "mss 1460");

  wire_write(o.conn, 1, 11);
  wire_out(&o.p, "P. 1:11");
  wire_write(o.conn, 11, 21);
  wire_quiet(&o.p, 10000); /* Nagle */
  cr_assert_eq(toe_set_option(o.conn, TOE_OPT_NODELAY, 1), 0);
  wire_out(&o.p, "P. 11:21");
  wire_write(o.conn, 21, 31);
  wire_out_within(&o.p, 100, "P. 21:31");
  wire_delete(o.w);
}

/* --- Loss ------------------------------------------------------------------------------------ */

Test(lesson_send, timeout_follows_the_round_trip_time_and_backs_off) {
  open_t o = open_with(NULL, "mss 1460");
  struct toe_conn_info info;

  wire_write(o.conn, 1, 101);
  wire_out(&o.p, "P. 1:101");
  wire_run(o.w, 300000);
  wire_in(&o.p, ". 1:1 ack 101");
  wire_run(o.w, 100);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  about(info.srtt_us, 300000);
  about(info.rttvar_us, 150000);
  about(info.rto_us, 900000);

  wire_write(o.conn, 101, 201);
  uint64_t last_us = wire_out(&o.p, "P. 101:201").time_us;
  uint64_t rto_us = 900000;
  for (int i = 0; i < 5; i++, rto_us *= 2) {
    const wire_seg_t again = wire_out_within(&o.p, 2 * rto_us, "P. 101:201");
    about(again.time_us - last_us, rto_us);
    last_us = again.time_us;
  }
  wire_in(&o.p, ". 1:1 ack 201"); /* Karn: no measurement of what was repeated */
  wire_run(o.w, 100);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  about(info.srtt_us, 300000);
  cr_expect_eq(info.retransmits, 5);
  cr_expect_eq(wire_count(o.w, "tx_retransmit"), 5);
  wire_delete(o.w);
}

Test(lesson_send, third_duplicate_ack_repeats_the_lost_segment) {
  open_t o = open_with(NULL, "mss 1460");

  wire_write(o.conn, 1, 7301);
  for (uint32_t i = 0; i < 4; i++) wire_out(&o.p, ". %u:%u", 1 + 1460 * i, 1461 + 1460 * i);
  wire_out(&o.p, "P. 5841:7301");
  wire_in(&o.p, ". 1:1 ack 1461");
  wire_in(&o.p, ". 1:1 ack 1461");
  wire_in(&o.p, ". 1:1 ack 1461");
  wire_quiet(&o.p, 1000);
  wire_in(&o.p, ". 1:1 ack 1461");
  wire_out_within(&o.p, 1000, ". 1461:2921");
  wire_quiet(&o.p, 1000);
  wire_in(&o.p, ". 1:1 ack 7301");
  wire_quiet(&o.p, 2000000);
  cr_expect_eq(wire_count(o.w, "tx_retransmit"), 1);
  wire_delete(o.w);
}

/* The transmit ring has 65,536 octets; an octet lies at its sequence number modulo that. */
Test(lesson_send, retransmission_across_the_wrap_of_the_ring_reads_the_right_octets) {
  open_t o = open_with(NULL, "mss 1460");

  for (int i = 0; i < 3; i++) {
    const uint32_t wrap = 65536 * (1U + (uint32_t)i) - (o.p.irs & 0xffff);
    const uint32_t from = wrap - 700 + 3 * (uint32_t)i; /* every alignment of the memory */
    struct toe_conn_info info;
    cr_assert_eq(toe_conn_info(o.conn, &info), 0);
    transfer(&o, info.snd_nxt - o.p.irs, from);
    wire_write(o.conn, from, from + 1460);
    wire_out(&o.p, "P. %u:%u", from, from + 1460);
    wire_out_within(&o.p, 1500000, "P. %u:%u", from, from + 1460);
    wire_in(&o.p, ". 1:1 ack %u", from + 600); /* a part of it arrived */
    wire_out_within(&o.p, 3000000, "P. %u:%u", from + 600, from + 1460);
    wire_in(&o.p, ". 1:1 ack %u", from + 1460);
    wire_run(o.w, 100);
  }
  wire_delete(o.w);
}

/* The initial sequence number is a clock of 4 us with an offset that depends on the four-tuple: an
 * engine that begins at the right time sends across zero. */
Test(lesson_send, sequence_numbers_pass_zero) {
  open_t o = {.w = wire_new(NULL, 0)};
  o.p = wire_peer(o.w, 80, 4000);
  wire_connect(&o.p, 65535, "mss 1460");
  const uint64_t start_us = 4 * (uint64_t)(0xfffff000 - o.p.irs);
  wire_delete(o.w);

  o.w = wire_new(NULL, start_us);
  o.p = wire_peer(o.w, 80, 4000);
  o.conn = wire_connect(&o.p, 65535, "mss 1460");
  cr_assert_geq(o.p.irs, 0xffffe000);
  const uint32_t zero = 0 - o.p.irs;
  transfer(&o, 1, zero - 3000);
  wire_write(o.conn, zero - 3000, zero + 4300);
  for (int i = 0; i < 5; i++) {
    const uint32_t at = zero - 3000 + 1460 * (uint32_t)i;
    wire_out(&o.p, ". %u:%u", at, at + 1460);
  }
  for (int i = 0; i < 3; i++) wire_in(&o.p, ". 1:1 ack %u", zero - 3000);
  wire_out_within(&o.p, 1000, ". %u:%u", zero - 3000, zero - 1540);
  wire_in(&o.p, ". 1:1 ack %u", zero - 80); /* partial: the one across zero is lost too */
  wire_out_within(&o.p, 1000, ". %u:%u", zero - 80, zero + 1380);
  wire_in(&o.p, ". 1:1 ack %u", zero + 2840);
  wire_out_within(&o.p, 1000, ". %u:%u", zero + 2840, zero + 4300);
  wire_in(&o.p, ". 1:1 ack %u", zero + 4300);
  transfer(&o, zero + 4300, zero + 90000);
  wire_run(o.w, 100);
  cr_expect_eq(toe_send_unacked(o.conn), 0);
  wire_delete(o.w);
}

/* --- Peers that stop ------------------------------------------------------------------------- */

Test(lesson_send, silent_peer_is_given_up_with_a_reason) {
  struct toe_config config = wire_config();
  config.data_retries = 3;
  open_t o = open_with(&config, "mss 1460");

  wire_write(o.conn, 1, 101);
  const uint64_t start_us = wire_out(&o.p, "P. 1:101").time_us;
  for (int i = 0; i < 3; i++) wire_out_within(&o.p, 10000000, "P. 1:101");
  cr_expect_eq(toe_sock_wait_closed(o.conn, 60000000), 0);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_TIMEOUT);
  about(wire_now_us(o.w) - start_us, 15000000); /* 1 + 2 + 4 + 8 s */
  wire_delete(o.w);
}

Test(lesson_send, user_timeout_ends_it_sooner) {
  open_t o = open_with(NULL, "mss 1460");

  cr_assert_eq(toe_set_option(o.conn, TOE_OPT_USER_TIMEOUT_US, 2500000), 0);
  wire_run(o.w, 10000000); /* nothing to wait for: it does not run */
  cr_expect_eq(toe_conn_ready(o.conn) & TOE_CLOSED, 0);
  wire_write(o.conn, 1, 101);
  const uint64_t start_us = wire_out(&o.p, "P. 1:101").time_us;
  cr_expect_eq(toe_sock_wait_closed(o.conn, 60000000), 0);
  about(wire_now_us(o.w) - start_us, 2500000);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_TIMEOUT);
  wire_delete(o.w);
}

Test(lesson_send, keep_alive_finds_out_who_is_gone) {
  struct toe_config config = wire_config();
  config.keepalive_us = 5000000;
  config.keepalive_interval_us = 1000000;
  config.data_retries = 3;
  open_t o = open_with(&config, "mss 1460");

  wire_quiet(&o.p, 20000000); /* off unless asked for (RFC 9293 MUST-25) */
  cr_assert_eq(toe_set_option(o.conn, TOE_OPT_KEEPALIVE, 1), 0);
  const uint64_t start_us = wire_now_us(o.w);
  uint64_t probe_us = wire_out_within(&o.p, 6000000, ". 0:0 ack 1").time_us;
  about(probe_us - start_us, 5000000);
  wire_in(&o.p, ". 1:1 ack 1");
  const uint64_t answer_us = wire_now_us(o.w);
  probe_us = wire_out_within(&o.p, 6000000, ". 0:0 ack 1").time_us;
  about(probe_us - answer_us, 5000000);
  for (int i = 0; i < 2; i++) {
    const uint64_t next_us = wire_out_within(&o.p, 6000000, ". 0:0 ack 1").time_us;
    about(next_us - probe_us, 1000000);
    probe_us = next_us;
  }
  cr_expect_eq(toe_sock_wait_closed(o.conn, 2000000), 0);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_TIMEOUT);
  wire_delete(o.w);
}

Test(lesson_send, answer_to_a_keep_alive_of_the_peer) {
  open_t o = open_with(NULL, "mss 1460");

  wire_in(&o.p, ". 0:0 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_delete(o.w);
}
