/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier engines got wrong when connections open, seen from the wire.
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Asserts that @p us is @p want_us, give or take 2 %. */
static void about(uint64_t us, uint64_t want_us) {
  cr_expect(us > want_us - want_us / 50 && us < want_us + want_us / 50, "%llu us, not %llu us",
            (unsigned long long)us, (unsigned long long)want_us);
}

/* --- Options --------------------------------------------------------------------------------- */

Test(lesson_open, window_scale_0_connects) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_listener *listener = wire_listen(w, 80);

  wire_in(&p, "S 0:0 <mss 1460,wscale 0>");
  wire_out(&p, "S. 0:0 ack 1 win 65535 <mss 1460,wscale 1>");
  wire_in(&p, ". 1:1 ack 1 win 1000");
  struct toe_conn *conn;
  cr_assert_eq(toe_sock_accept(listener, 1000, &conn), 0);
  wire_write(conn, 1, 3001);
  wire_out(&p, ". 1:1001 ack 1");
  wire_quiet(&p, 100000);
  wire_delete(w);
}

Test(lesson_open, window_scale_above_14_is_taken_as_14) {
  static const unsigned scales[] = {14, 15, 16, 255};
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);

  for (unsigned i = 0; i < 4; i++) {
    wire_peer_t p = wire_peer(w, (uint16_t)(4000 + i), 80);
    char options[64];
    struct toe_conn_info info;
    snprintf(options, sizeof options, "mss 1460,wscale %u", scales[i]);
    struct toe_conn *conn = wire_accept(&p, listener, options);
    cr_assert_eq(toe_conn_info(conn, &info), 0);
    cr_expect_eq(info.snd_wscale, 14, "%u", scales[i]);
    cr_expect_eq(info.snd_wnd, 65535U << 14);
  }
  wire_delete(w);
}

Test(lesson_open, peers_mss_is_respected) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = wire_accept(&p, wire_listen(w, 80), "mss 600");

  wire_write(conn, 1, 2001);
  wire_out(&p, ". 1:601");
  wire_out(&p, ". 601:1201");
  wire_out(&p, ". 1201:1801");
  wire_in(&p, ". 1:1 ack 1801");
  wire_out(&p, "P. 1801:2001");
  wire_delete(w);
}

Test(lesson_open, mss_is_536_without_the_option) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = wire_accept(&p, wire_listen(w, 80), "");

  wire_write(conn, 1, 1073);
  wire_out(&p, ". 1:537");
  wire_out(&p, "P. 537:1073");
  wire_delete(w);
}

Test(lesson_open, options_of_our_syn_are_well_formed) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  const struct toe_connect_opts opts = {.local_port = 4000};
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), p.ip, p.port, &opts, 0, &conn), 0);
  const wire_seg_t syn = wire_out(&p, "S 0:0 win 65535 <mss 1460,wscale 1,sackOK>");
  cr_expect(syn.has_ts && syn.ts_ecr == 0);
  cr_expect_eq(syn.options_len, 20, "no octet more than these options take");
  cr_expect_eq(syn.options[0], 2, "MSS first");
  cr_expect_eq(syn.options[1], 4);

  wire_peer_t q = wire_peer(w, 4000, 81);
  wire_listen(w, 81);
  wire_in(&q, "S 0:0 <mss 1460>");
  const wire_seg_t syn_ack = wire_out(&q, "S. 0:0 ack 1 <mss 1460>");
  cr_expect_eq(syn_ack.options_len, 4, "nothing that was not offered");
  wire_delete(w);
}

/* --- Handshake ------------------------------------------------------------------------------- */

Test(lesson_open, syn_ack_is_sent_again) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_listener *listener = wire_listen(w, 80);
  struct toe_conn *conn;

  wire_in(&p, "S 0:0 <mss 1460>");
  const uint64_t first_us = wire_out(&p, "S. 0:0 ack 1").time_us;
  const uint32_t iss = p.irs;
  const uint64_t second_us = wire_out_within(&p, 2000000, "S. 0:0 ack 1").time_us;
  cr_expect_eq(p.irs, iss);
  const uint64_t third_us = wire_out_within(&p, 3000000, "S. 0:0 ack 1").time_us;
  cr_expect_eq(p.irs, iss);
  about(second_us - first_us, 1000000);
  about(third_us - second_us, 2000000);
  wire_in(&p, ". 1:1 ack 1");
  cr_expect_eq(toe_sock_accept(listener, 1000, &conn), 0);
  cr_expect_eq(wire_count(w, "tx_retransmit"), 2);
  wire_delete(w);
}

Test(lesson_open, repeated_syn_is_answered) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);

  wire_listen(w, 80);
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  const uint32_t iss = p.irs;
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out_within(&p, 1000, "S. 0:0 ack 1");
  cr_expect_eq(p.irs, iss);
  wire_delete(w);
}

Test(lesson_open, half_open_connection_does_not_block_the_port) {
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  struct toe_engine_info info;

  for (uint16_t i = 0; i < 15; i++) {
    wire_peer_t silent = wire_peer(w, (uint16_t)(5000 + i), 80);
    wire_in(&silent, "S 0:0 <mss 1460>");
    wire_out(&silent, "S. 0:0 ack 1");
  }
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = wire_accept(&p, listener, "mss 1460");
  wire_in(&p, "P. 1:11 ack 1");
  wire_read(conn, 1, 11);
  cr_assert_eq(toe_engine_info(wire_engine(w), &info), 0);
  cr_expect_eq(info.half_open, 15);
  wire_delete(w);
}

Test(lesson_open, syn_beyond_the_backlog_is_dropped_and_counted_without_cookies) {
  struct toe_config config = wire_config();
  config.syn_cookies = false;
  wire_t *w = wire_new(&config, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  wire_peer_t q = wire_peer(w, 4001, 80);
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(wire_engine(w), 80, 1, 0, &listener), 0);
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  wire_mark(w);
  wire_in(&q, "S 0:0 <mss 1460>");
  wire_quiet(&q, 1000);
  wire_drops(w, "drop_syn_backlog", 1);
  wire_in(&p, ". 1:1 ack 1");
  wire_run(w, 100);
  wire_in(&q, "S 0:0 <mss 1460>");
  wire_out(&q, "S. 0:0 ack 1");
  wire_delete(w);
}

Test(lesson_open, listener_goes_on_listening_without_accept) {
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  struct toe_conn *conn;

  for (uint16_t i = 0; i < 20; i++) {
    wire_peer_t p = wire_peer(w, (uint16_t)(4000 + i), 80);
    wire_in(&p, "S 0:0 <mss 1460>");
    wire_out(&p, "S. 0:0 ack 1");
    wire_in(&p, ". 1:1 ack 1");
    wire_quiet(&p, 100);
  }
  for (uint16_t i = 0; i < 20; i++) {
    uint16_t port;
    cr_assert_eq(toe_sock_accept(listener, 1000, &conn), 0);
    toe_conn_peer(conn, NULL, &port);
    cr_expect_eq(port, 4000 + i);
  }
  wire_delete(w);
}

Test(lesson_open, both_sides_at_once) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  const struct toe_connect_opts opts = {.local_port = 4000};
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), p.ip, p.port, &opts, 0, &conn), 0);
  wire_out(&p, "S 0:0");
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  wire_in(&p, "S. 0:0 ack 1 <mss 1460>");
  wire_out(&p, ". 1:1 ack 1");
  wire_run(w, 100);
  cr_expect_neq(toe_conn_ready(conn) & TOE_CONNECTED, 0);
  wire_in(&p, "P. 1:11 ack 1");
  wire_read(conn, 1, 11);
  wire_write(conn, 1, 11);
  wire_out(&p, "P. 1:11 ack 11");
  wire_delete(w);
}

/* --- No connection --------------------------------------------------------------------------- */

Test(lesson_open, segment_to_a_closed_port_is_reset) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);

  wire_mark(w);
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out_within(&p, 1000, "R. 0:0 ack 1");
  wire_in(&p, ". 1:1 ack 500");
  wire_out_within(&p, 1000, "R 500:500");
  wire_in(&p, "F. 1:101 ack 500");
  wire_out_within(&p, 1000, "R 500:500");
  wire_in(&p, "R. 1:1 ack 500");
  wire_quiet(&p, 1000);
  wire_drops(w, "drop_no_conn", 4);
  cr_expect_eq(wire_count(w, "tx_rst"), 3);
  wire_delete(w);
}

Test(lesson_open, refusal_counts_only_with_the_right_acknowledgement) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  const struct toe_connect_opts opts = {.local_port = 4000};
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), p.ip, p.port, &opts, 0, &conn), 0);
  wire_out(&p, "S 0:0");
  wire_in(&p, "R. 0:0 ack 2");
  wire_in(&p, "R 0:0");
  wire_quiet(&p, 1000);
  cr_expect_eq(toe_conn_ready(conn) & TOE_CLOSED, 0);
  wire_in(&p, "R. 0:0 ack 1");
  cr_expect_eq(toe_sock_wait_closed(conn, 1000), 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_REFUSED);
  wire_quiet(&p, 10000000);
  wire_delete(w);
}

Test(lesson_open, syn_without_an_answer_ends_in_a_timeout) {
  struct toe_config config = wire_config();
  config.syn_retries = 2;
  wire_t *w = wire_new(&config, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);
  const struct toe_connect_opts opts = {.local_port = 4000};
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), p.ip, p.port, &opts, 0, &conn), 0);
  const uint64_t start_us = wire_out(&p, "S 0:0").time_us;
  about(wire_out_within(&p, 2000000, "S 0:0").time_us - start_us, 1000000);
  about(wire_out_within(&p, 3000000, "S 0:0").time_us - start_us, 3000000);
  cr_expect_eq(toe_sock_wait_closed(conn, 5000000), 0);
  about(wire_now_us(w) - start_us, 7000000);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_TIMEOUT);
  wire_delete(w);
}

/* --- Initial sequence numbers ---------------------------------------------------------------- */

/* The engine's initial sequence number for a peer's port, half open and forgotten at once. */
static uint32_t isn_for(wire_t *w, uint32_t ip, uint16_t port) {
  wire_peer_t p = wire_peer(w, port, 80);

  p.ip = ip;
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  wire_in(&p, "R 1:1");
  wire_quiet(&p, 100);
  return p.irs;
}

Test(lesson_open, initial_sequence_number_is_unpredictable_but_grows) {
  struct toe_config other_key = wire_config();
  wire_t *w = wire_new(NULL, 0);
  uint32_t isns[16];

  wire_listen(w, 80);
  for (uint16_t i = 0; i < 8; i++) isns[i] = isn_for(w, WIRE_PEER, (uint16_t)(4000 + i));
  for (uint16_t i = 0; i < 8; i++) isns[8 + i] = isn_for(w, WIRE_PEER + 8U + i, 4000);
  for (int i = 0; i < 16; i++) {
    for (int k = 0; k < i; k++) {
      const int32_t distance = (int32_t)(isns[i] - isns[k]);
      cr_expect(distance > 65536 || distance < -65536, "%d and %d are near", i, k);
    }
  }
  /* The same four-tuple: a clock of 4 us. */
  const uint64_t start_us = wire_now_us(w);
  const uint32_t before = isn_for(w, WIRE_PEER, 4000);
  wire_run(w, 1000000);
  const uint64_t took_us = wire_now_us(w) - start_us;
  about(4 * (uint64_t)(isn_for(w, WIRE_PEER, 4000) - before), took_us);
  wire_delete(w);

  other_key.key[0] ^= 1;
  w = wire_new(&other_key, 0);
  wire_listen(w, 80);
  const int32_t distance = (int32_t)(isn_for(w, WIRE_PEER, 4000) - isns[0]);
  cr_expect(distance > 65536 || distance < -65536, "another key, another number");
  wire_delete(w);
}
