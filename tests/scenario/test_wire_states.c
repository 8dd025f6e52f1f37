/* SPDX-License-Identifier: Apache-2.0
 *
 * States of the engine's end of a connection, driven from the wire.
 */
#include "wire.h"

#include <criterion/criterion.h>

typedef struct open {
  wire_t *w;
  wire_peer_t p;
  struct toe_listener *listener;
  struct toe_conn *conn;
} open_t;

static open_t listening(void) {
  open_t o = {.w = wire_new(NULL, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.listener = wire_listen(o.w, 80);
  return o;
}

static open_t established(const char *options) {
  open_t o = listening();

  o.conn = wire_accept(&o.p, o.listener, options);
  wire_mark(o.w);
  return o;
}

static uint32_t half_open(wire_t *w) {
  struct toe_engine_info info;

  cr_assert_eq(toe_engine_info(wire_engine(w), &info), 0);
  return info.half_open;
}

/* --- SYN-RECEIVED ---------------------------------------------------------------------------- */

Test(syn_received, data_with_the_last_ack_of_the_handshake_is_received) {
  open_t o = listening();

  wire_in(&o.p, "S 0:0 <mss 1460>");
  wire_out(&o.p, "S. 0:0 ack 1");
  wire_in(&o.p, "P. 1:101 ack 1");
  cr_assert_eq(toe_sock_accept(o.listener, 1000, &o.conn), 0);
  wire_read(o.conn, 1, 101);
  wire_out(&o.p, ". 1:1 ack 101");
  wire_delete(o.w);
}

Test(syn_received, fin_with_the_last_ack_of_the_handshake_enters_close_wait) {
  open_t o = listening();
  struct toe_conn_info info;

  wire_in(&o.p, "S 0:0 <mss 1460>");
  wire_out(&o.p, "S. 0:0 ack 1");
  wire_in(&o.p, "FP. 1:101 ack 1");
  wire_out(&o.p, ". 1:1 ack 102");
  cr_assert_eq(toe_sock_accept(o.listener, 1000, &o.conn), 0);
  wire_read(o.conn, 1, 101);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  cr_expect_eq(info.state, TOE_TCP_CLOSE_WAIT);
  wire_delete(o.w);
}

Test(syn_received, data_completes_the_handshake_when_its_ack_was_lost) {
  open_t o = listening();

  wire_in(&o.p, "S 0:0 <mss 1460>");
  wire_out(&o.p, "S. 0:0 ack 1");
  wire_in(&o.p, "P. 101:201 ack 1"); /* the first segment is lost as well */
  wire_out(&o.p, ". 1:1 ack 1");
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out(&o.p, ". 1:1 ack 201");
  cr_assert_eq(toe_sock_accept(o.listener, 1000, &o.conn), 0);
  wire_read(o.conn, 1, 201);
  wire_delete(o.w);
}

Test(syn_received, wrong_ack_is_reset_and_the_handshake_goes_on) {
  open_t o = listening();

  wire_in(&o.p, "S 0:0 <mss 1460>");
  wire_out(&o.p, "S. 0:0 ack 1");
  wire_in(&o.p, ". 1:1 ack 77");
  wire_out_within(&o.p, 1000, "R 77:77");
  cr_expect_eq(half_open(o.w), 1);
  wire_in(&o.p, ". 1:1 ack 1");
  cr_expect_eq(toe_sock_accept(o.listener, 1000, &o.conn), 0);
  wire_delete(o.w);
}

Test(syn_received, only_the_exact_rst_ends_the_handshake) {
  open_t o = listening();

  wire_in(&o.p, "S 0:0 <mss 1460>");
  wire_out(&o.p, "S. 0:0 ack 1");
  wire_mark(o.w);
  wire_in(&o.p, "R 2:2");
  wire_run(o.w, 100);
  wire_drops(o.w, "drop_rst_blind", 1);
  cr_expect_eq(half_open(o.w), 1);
  wire_in(&o.p, "R 1:1");
  wire_run(o.w, 100);
  cr_expect_eq(half_open(o.w), 0);
  wire_quiet(&o.p, 5000000);
  wire_delete(o.w);
}

Test(syn_received, peer_that_never_answers_is_forgotten) {
  struct toe_config config = wire_config();
  config.syn_retries = 2;
  open_t o = {.w = wire_new(&config, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.listener = wire_listen(o.w, 80);
  wire_in(&o.p, "S 0:0 <mss 1460>");
  for (int i = 0; i < 3; i++) wire_out_within(&o.p, 5000000, "S. 0:0 ack 1");
  wire_quiet(&o.p, 10000000);
  cr_expect_eq(half_open(o.w), 0);
  wire_delete(o.w);
}

/* --- ESTABLISHED ----------------------------------------------------------------------------- */

Test(established, syn_ack_again_is_acknowledged) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 4000);

  wire_connect(&p, 65535, "mss 1460");
  wire_in(&p, "S. 0:0 ack 1 <mss 1460>"); /* our ACK was lost */
  wire_out_within(&p, 1000, ". 1:1 ack 1");
  wire_delete(w);
}

Test(established, gap_beyond_the_held_intervals_is_dropped_and_asked_for_again) {
  open_t o = established("mss 1460,sackOK");
  uint32_t left = 201;

  for (; left <= 801; left += 200) {
    wire_in(&o.p, "P. %u:%u ack 1", left, left + 100);
    wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  }
  wire_drops(o.w, NULL, 0);
  wire_in(&o.p, "P. %u:%u ack 1", left, left + 100);
  wire_out_within(&o.p, 1000, ". 1:1 ack 1 <sack 801:901 601:701 401:501 201:301>");
  wire_drops(o.w, "drop_reassembly", 1);
  wire_in(&o.p, "P. 1:1001 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1001");
  wire_read(o.conn, 1, 1001);
  wire_delete(o.w);
}

Test(established, octets_beyond_the_window_are_cut_off) {
  open_t o = established("mss 9000");

  for (uint32_t at = 1; at < 64001; at += 1000) {
    wire_in(&o.p, ". %u:%u ack 1", at, at + 1000);
    wire_run_without_host(o.w, 10);
  }
  wire_in(&o.p, ". 65001:66001 ack 1"); /* the window ends at 65536 */
  wire_in(&o.p, ". 64001:65001 ack 1");
  wire_run(o.w, 100);
  wire_read(o.conn, 1, 65536);
  cr_expect_eq(toe_recv_waiting(o.conn), 0);
  wire_delete(o.w);
}

Test(established, old_ack_is_ignored_and_its_window_too) {
  open_t o = established("mss 1460");
  struct toe_conn_info info;

  wire_in(&o.p, ". 1:1 ack 1 win 30000");
  wire_write(o.conn, 1, 2921);
  wire_out(&o.p, ". 1:1461");
  wire_out(&o.p, "P. 1461:2921");
  wire_in(&o.p, ". 1:1 ack 2921 win 20000");
  wire_in(&o.p, ". 1:1 ack 1461 win 10"); /* overtaken on the way */
  wire_run(o.w, 100);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  cr_expect_eq(info.snd_wnd, 20000);
  cr_expect_eq(info.snd_una - info.iss, 2921);
  wire_delete(o.w);
}

/* --- Timestamps (RFC 7323) ------------------------------------------------------------------- */

Test(timestamps, are_echoed_and_old_ones_are_refused) {
  open_t o = established("mss 1460,ts 1 0");

  wire_in(&o.p, "P. 1:101 ack 1 <ts 1000 0>");
  wire_read(o.conn, 1, 101);
  wire_out(&o.p, ". 1:1 ack 101 <ts 0 1000>");
  wire_in(&o.p, "P. 101:201 ack 1 <ts 999 0>"); /* from before, PAWS */
  wire_out_within(&o.p, 1000, ". 1:1 ack 101 <ts 0 1000>");
  wire_drops(o.w, "drop_paws", 1);
  wire_mark(o.w);
  wire_in(&o.p, "P. 101:201 ack 1"); /* without, though agreed */
  wire_quiet(&o.p, 100000);
  wire_drops(o.w, "drop_paws", 1);
  wire_in(&o.p, "P. 201:301 ack 1 <ts 1002 0>"); /* ahead: its value is not taken */
  wire_out_within(&o.p, 1000, ". 1:1 ack 101 <ts 0 1000>");
  wire_in(&o.p, "P. 101:201 ack 1 <ts 1001 0>");
  wire_out_within(&o.p, 1000, ". 1:1 ack 301 <ts 0 1001>");
  wire_read(o.conn, 101, 301);
  wire_write(o.conn, 1, 1500); /* twelve octets less in a segment */
  wire_out(&o.p, ". 1:1449 <ts 0 1001>");
  wire_delete(o.w);
}

Test(timestamps, clock_passes_zero) {
  open_t o = listening();

  wire_in(&o.p, "S 0:0 <mss 1460,ts 0xfffffff0 0>");
  const uint32_t value = wire_out(&o.p, "S. 0:0 ack 1 <ts 0 0xfffffff0>").ts_val;
  wire_in(&o.p, ". 1:1 ack 1 <ts 0xfffffff8 %u>", value);
  cr_assert_eq(toe_sock_accept(o.listener, 1000, &o.conn), 0);
  wire_in(&o.p, "P. 1:101 ack 1 <ts 5 %u>", value);
  wire_read(o.conn, 1, 101);
  wire_out(&o.p, ". 1:1 ack 101 <ts 0 5>");
  wire_mark(o.w);
  wire_in(&o.p, "P. 101:201 ack 1 <ts 0xfffffffa %u>", value);
  wire_out(&o.p, ". 1:1 ack 101 <ts 0 5>");
  wire_drops(o.w, "drop_paws", 1);
  wire_delete(o.w);
}

/* --- Options --------------------------------------------------------------------------------- */

Test(options, lying_length_drops_the_segment) {
  open_t o = established("mss 1460");
  frame_t frame;

  for (uint8_t len = 0; len < 2; len++) {
    wire_mark(o.w);
    wire_build(&o.p, &frame, "P. 1:101 ack 1 <mss 1460>");
    frame.data[14 + 20 + 20 + 1] = len;
    frame_fix_layer4(&frame);
    wire_frame_in(o.w, &frame, 0);
    wire_quiet(&o.p, 100000);
    wire_drops(o.w, "drop_tcp_option", 1);
  }
  wire_build(&o.p, &frame, "P. 1:101 ack 1 <mss 1460>");
  frame.data[14 + 20 + 20 + 1] = 40; /* beyond the header */
  frame_fix_layer4(&frame);
  wire_mark(o.w);
  wire_frame_in(o.w, &frame, 0);
  wire_quiet(&o.p, 100000);
  wire_drops(o.w, "drop_tcp_option", 1);
  wire_delete(o.w);
}

Test(options, unknown_ones_are_skipped) {
  open_t o = established("mss 1460");
  frame_t frame;

  wire_build(&o.p, &frame, "P. 1:101 ack 1 <mss 1460>");
  frame.data[14 + 20 + 20] = 253;
  frame_fix_layer4(&frame);
  wire_frame_in(o.w, &frame, 0);
  wire_read(o.conn, 1, 101);
  wire_drops(o.w, NULL, 0);
  wire_delete(o.w);
}

/* --- FIN-WAIT -------------------------------------------------------------------------------- */

Test(fin_wait_1, fin_with_the_ack_enters_time_wait) {
  open_t o = established("mss 1460");
  struct toe_engine_info info;

  toe_conn_close(o.conn);
  wire_out(&o.p, "F. 1:1 ack 1");
  wire_in(&o.p, "F. 1:1 ack 2");
  wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  cr_assert_eq(toe_engine_info(wire_engine(o.w), &info), 0);
  cr_expect_eq(info.time_wait, 1);
  wire_delete(o.w);
}

Test(close_wait, rst_is_reported_though_the_peer_has_closed) {
  open_t o = established("mss 1460");

  wire_in(&o.p, "F. 1:1 ack 1");
  wire_out(&o.p, ". 1:1 ack 2");
  wire_in(&o.p, "R 2:2");
  cr_expect_eq(toe_sock_wait_closed(o.conn, 1000), 0);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_RESET);
  wire_delete(o.w);
}

Test(last_ack, lost_fin_is_sent_again_until_acknowledged) {
  open_t o = established("mss 1460");

  wire_in(&o.p, "F. 1:1 ack 1");
  wire_out(&o.p, ". 1:1 ack 2");
  toe_conn_close(o.conn);
  wire_out(&o.p, "F. 1:1 ack 2");
  wire_out_within(&o.p, 1500000, "F. 1:1 ack 2");
  wire_in(&o.p, "F. 1:1 ack 1"); /* the peer's FIN again: our ACK was lost too */
  wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  wire_in(&o.p, ". 2:2 ack 2");
  cr_expect_eq(toe_drain(wire_engine(o.w), 1000), 0);
  wire_in(&o.p, ". 2:2 ack 2");
  wire_out_within(&o.p, 1000, "R 2:2");
  wire_delete(o.w);
}
