/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): segments in synchronized states: acceptance, text, acknowledgement, attacks.
 * tb: top=tb_step
 */
#include "step_bench.h"

/* The payload of the last segment goes to [seq, seq + len), skip octets left out. */
static void keeps(const bench_t *b, uint32_t seq, uint16_t len, uint16_t skip) {
  cr_assert(b->act.verdict.keep);
  cr_assert_eq(b->act.verdict.seq, PEER_ISS + seq, "kept from %u", b->act.verdict.seq - PEER_ISS);
  cr_assert_eq(b->act.verdict.len, len, "kept %u octets", b->act.verdict.len);
  cr_assert_eq(b->act.verdict.skip, skip, "skipped %u", b->act.verdict.skip);
}

static void keeps_nothing(const bench_t *b, unsigned drop) {
  cr_assert_not(b->act.verdict.keep);
  cr_assert(b->act.drop_valid);
  cr_assert_eq(b->act.drop, drop, "dropped as %s", rtl_drop_e_name(b->act.drop));
}

/* The whole window is 100 octets at the end of the ring. */
static bench_t small_window(void) {
  bench_t b = established();
  for (uint32_t seq = 1; seq < 65001; seq += 1000) rx(&b, "A", .seq = seq, .ack = 1, .len = 1000);
  rx(&b, "A", .seq = 65001, .ack = 1, .len = 435);
  b.expected_count = b.sent_count = 0;
  b.tcb.unacked_segs = 0;
  b.tcb.delack_armed = 0;
  cr_assert_eq(b.tcb.rcv_adv - b.tcb.rcv_nxt, 100);
  return b;
}

/* --- Text in order --- */

Test(established, data_in_order_waits_for_the_second_segment) {
  bench_t b = established();
  rx_only(&b, "A", .seq = 1, .ack = 1, .len = 100);
  keeps(&b, 1, 100, 0);
  quiet(&b);
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 201);
  rx(&b, "A", .seq = 201, .ack = 1, .len = 100);
  quiet(&b);
}

Test(established, delayed_ack_comes_in_time) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  cr_assert_eq(b.act.deadline_us, b.now_us + DELACK_US);
  wait_us(&b, DELACK_US);
  tx(&b, "A", .seq = 1, .ack = 101);
  cr_assert_not(b.act.deadline_valid);
}

Test(established, data_tells_the_host_once) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.data && !news.room && !news.peer_closed);
  cr_assert_eq(b.ntf.body.rcv_nxt, PEER_ISS + 201);
  cr_assert_not(notified(&b).data);
}

Test(established, quickack_acknowledges_every_segment) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.quickack = 1});
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 101);
}

Test(established, ack_rides_on_data) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 101, .len = 10);
  wait_us(&b, DELACK_US);
  quiet(&b);
}

Test(established, segment_is_trimmed_to_the_window_on_the_left) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  rx_only(&b, "A", .seq = 51, .ack = 1, .len = 100);
  keeps(&b, 101, 50, 50);
}

Test(established, segment_is_trimmed_to_the_window_on_the_right) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 150);
  keeps(&b, 65436, 100, 0);
  tx(&b, "A", .seq = 1, .ack = 65536);
  cr_assert_eq(last_tx(&b)->wnd, 0);
}

Test(established, segment_around_the_window_is_trimmed_on_both_sides) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65426, .ack = 1, .len = 100);
  keeps(&b, 65436, 90, 10);
}

Test(established, fin_beyond_the_window_is_cut_off) {
  bench_t b = small_window();
  rx(&b, "FA", .seq = 65436, .ack = 1, .len = 100);
  keeps(&b, 65436, 100, 0);
  tx(&b, "A", .seq = 1, .ack = 65536);
  state_is(&b, TcpEstablished);
  host_read(&b, 65536);
  tx(&b, "A", .seq = 1, .ack = 65536);
  rx(&b, "FA", .seq = 65536, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 65537);
  state_is(&b, TcpCloseWait);
}

Test(established, old_duplicate_is_acknowledged_at_once) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 101);
  keeps_nothing(&b, DropOutOfWindow);
}

Test(established, segment_beyond_the_window_is_acknowledged_and_dropped) {
  bench_t b = established();
  rx(&b, "A", .seq = 1 + 65535, .ack = 1, .len = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  keeps_nothing(&b, DropOutOfWindow);
}

Test(established, last_octet_of_the_window_is_taken) {
  bench_t b = established();
  rx_only(&b, "A", .seq = 65535, .ack = 1, .len = 1);
  keeps(&b, 65535, 1, 0);
}

Test(established, keep_alive_of_the_peer_is_answered) {
  bench_t b = established();
  rx(&b, "A", .seq = 0, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
}

/* --- Receive window --- */

Test(established, closed_window_refuses_data_but_takes_its_ack) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 100);
  host_send(&b, 11);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 65536, .ack = 11, .len = 1);
  keeps_nothing(&b, DropOutOfWindow);
  tx(&b, "A", .seq = 11, .ack = 65536);
  cr_assert_eq(b.tcb.snd_una, OUR_ISS + 11);
}

Test(established, window_update_comes_when_a_segment_fits) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 100);
  wait_us(&b, DELACK_US);
  tx(&b, "A", .seq = 1, .ack = 65536);
  host_read(&b, WINDOW + MSS - 1); /* the window is half of this ring */
  quiet(&b);
  host_read(&b, WINDOW + MSS);
  tx(&b, "A", .seq = 1, .ack = 65536, .wnd = MSS);
}

Test(established, small_reads_do_not_make_small_windows) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 100);
  host_read(&b, WINDOW + 500);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 65536, .ack = 1, .len = 1); /* probe */
  tx(&b, "A", .seq = 1, .ack = 65536);
  cr_assert_eq(last_tx(&b)->wnd, 0);
}

Test(established, no_window_update_while_the_window_is_wide) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.wscale_valid = 1});
  rx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  rx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = MSS);
  tx(&b, "A", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS);
  host_read(&b, 1 + 2 * MSS);
  quiet(&b);
}

Test(established, scaled_window_is_the_whole_ring) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.wscale_valid = 1});
  rx(&b, "A", .seq = 1, .ack = 1, .len = 10);
  host_read(&b, 11);
  rx(&b, "A", .seq = 11, .ack = 1, .len = 10);
  tx(&b, "A", .seq = 1, .ack = 1, .wnd = 32767);
  tx(&b, "A", .seq = 1, .ack = 21, .wnd = (65535 - 20) >> 1);
}

/* --- Out of order --- */

Test(established, gap_is_acknowledged_at_once_and_text_kept) {
  bench_t b = established();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  keeps(&b, 101, 100, 0);
  tx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_eq(b.tcb.rcv_nxt, PEER_ISS + 1);
  cr_assert_not(notified(&b).data);
}

Test(established, filled_gap_is_acknowledged_at_once) {
  bench_t b = established();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 201);
  cr_assert_eq(b.tcb.ooo_valid, 0);
  cr_assert(notified(&b).data);
}

Test(established, partly_filled_gap_is_acknowledged_at_once) {
  bench_t b = established();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 50);
  tx(&b, "A", .seq = 1, .ack = 51);
}

Test(established, one_segment_joins_many_intervals) {
  bench_t b = established();
  for (uint32_t seq = 101; seq < 900; seq += 200) rx(&b, "A", .seq = seq, .ack = 1, .len = 100);
  cr_assert_eq(b.tcb.ooo_valid, 15);
  rx(&b, "A", .seq = 150, .ack = 1, .len = 600);
  cr_assert_eq(b.tcb.ooo_valid, 1);
  cr_assert_eq(b.tcb.ooo[0].left, PEER_ISS + 101);
  cr_assert_eq(b.tcb.ooo[0].right, PEER_ISS + 801);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1, .ack = 1, .len = 150);
  tx(&b, "A", .seq = 1, .ack = 801);
}

Test(established, segment_over_everything_held_fills_it) {
  bench_t b = established();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 301, .ack = 1, .len = 100);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1, .ack = 1, .len = 1000);
  tx(&b, "A", .seq = 1, .ack = 1001);
  cr_assert_eq(b.tcb.ooo_valid, 0);
}

Test(established, fifth_interval_is_dropped_and_acknowledged) {
  bench_t b = established();
  for (uint32_t seq = 101; seq < 900; seq += 200) rx(&b, "A", .seq = seq, .ack = 1, .len = 100);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1001, .ack = 1, .len = 100);
  keeps_nothing(&b, DropReassembly);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 801, .ack = 1, .len = 100); /* the fourth grows */
  keeps(&b, 801, 100, 0);
}

Test(established, sack_names_the_newest_interval_first) {
  bench_t b = established();
  b.tcb.sack_ok = 1;
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 301, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 501, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 701, .ack = 1, .len = 100);
  rx(&b, "A", .seq = 401, .ack = 1, .len = 50);
  b.expected_count = b.sent_count;
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  const uint32_t edges[] = {301, 451, 701, 801, 501, 601, 101, 201};
  cr_assert_eq(opt->sack_count, 4);
  for (int i = 0; i < 4; i++) {
    cr_assert_eq(opt->sack[i].left - PEER_ISS, edges[2 * i]);
    cr_assert_eq(opt->sack[i].right - PEER_ISS, edges[2 * i + 1]);
  }
}

Test(established, sack_beside_timestamps_has_three_blocks) {
  bench_t b = established_ts();
  for (uint32_t seq = 101; seq < 900; seq += 200) {
    rx(&b, "A", .seq = seq, .ack = 1, .len = 100, .opt = {.ts_valid = 1, .ts_val = 101});
    tx(&b, "A", .seq = 1, .ack = 1);
  }
  cr_assert_eq(last_tx(&b)->opt.sack_count, 3);
}

Test(established, no_sack_unless_permitted) {
  bench_t b = established();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_eq(last_tx(&b)->opt.sack_count, 0);
}

/* --- FIN --- */

Test(established, fin_enters_close_wait) {
  bench_t b = established();
  rx(&b, "FA", .seq = 1, .ack = 1, .len = 10);
  tx(&b, "A", .seq = 1, .ack = 12);
  state_is(&b, TcpCloseWait);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.data && news.peer_closed && !news.closed);
  cr_assert_eq(b.ntf.body.rcv_nxt, PEER_ISS + 12);
}

Test(established, fin_ahead_of_a_gap_waits_for_it) {
  bench_t b = established();
  rx(&b, "FA", .seq = 101, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 1);
  state_is(&b, TcpEstablished);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 202);
  state_is(&b, TcpCloseWait);
}

Test(established, bare_fin_ahead_of_a_gap_waits_for_it) {
  bench_t b = established();
  rx(&b, "FA", .seq = 101, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 102);
  state_is(&b, TcpCloseWait);
}

Test(established, blind_fin_far_away_does_nothing) {
  bench_t b = established();
  rx(&b, "FA", .seq = 1u << 30, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  state_is(&b, TcpEstablished);
  cr_assert_not(b.tcb.fin_rcvd);
}

Test(close_wait, text_after_fin_is_not_delivered) {
  bench_t b = close_wait();
  rx(&b, "A", .seq = 2, .ack = 1, .len = 100);
  keeps_nothing(&b, DropAfterClose);
  tx(&b, "A", .seq = 1, .ack = 2);
  cr_assert_not(notified(&b).data);
}

Test(close_wait, fin_again_is_acknowledged_again) {
  bench_t b = close_wait();
  rx(&b, "FA", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 2);
  cr_assert_not(notified(&b).peer_closed);
}

/* --- RST, SYN, bad ACK (RFC 5961) --- */

Test(established, rst_at_rcv_nxt_resets) {
  bench_t b = established();
  rx(&b, "R", .seq = 1);
  quiet(&b);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonPeerReset);
  cr_assert_eq(b.unlinks, 1);
  cr_assert_eq(b.time_waits, 0);
}

Test(established, rst_at_rcv_nxt_resets_while_the_window_is_closed) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 100);
  rx(&b, "R", .seq = 65536);
  state_is(&b, TcpClosed);
}

/* RFC 9293 section 3.5.3, SHLD-2. */
Test(established, rst_with_text_resets) {
  bench_t b = established();
  rx(&b, "R", .seq = 1, .len = 20);
  quiet(&b);
  state_is(&b, TcpClosed);
  cr_assert_not(b.act.verdict.keep);
}

Test(established, rst_elsewhere_in_the_window_is_challenged) {
  bench_t b = established();
  rx(&b, "R", .seq = 2);
  tx(&b, "A", .seq = 1, .ack = 1);
  state_is(&b, TcpEstablished);
  keeps_nothing(&b, DropRstBlind);
}

Test(established, rst_outside_the_window_is_ignored) {
  bench_t b = established();
  rx(&b, "R", .seq = 0);
  rx(&b, "R", .seq = 1u << 30);
  quiet(&b);
  state_is(&b, TcpEstablished);
}

Test(established, syn_is_challenged_wherever_it_is) {
  bench_t b = established();
  rx(&b, "S", .seq = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "S", .seq = 0);
  tx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "SA", .seq = 1u << 30, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  state_is(&b, TcpEstablished);
}

Test(established, ack_of_what_was_never_sent_is_challenged) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 2, .len = 10);
  tx(&b, "A", .seq = 1, .ack = 1);
  keeps_nothing(&b, DropBadAck);
}

Test(established, ack_older_than_any_window_is_challenged) {
  const uint32_t oldest = 1u + 10 * MSS - PEER_WND;
  bench_t b = in_flight(10);
  rx(&b, "A", .seq = 1, .ack = 1 + 10 * MSS);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1, .ack = oldest, .len = 10);
  cr_assert(b.act.verdict.keep, "just inside the range");
  rx(&b, "A", .seq = 11, .ack = oldest - 1, .len = 10);
  tx(&b, "A", .seq = 1 + 10 * MSS, .ack = 11);
  keeps_nothing(&b, DropBadAck);
}

Test(established, segment_without_ack_is_dropped) {
  bench_t b = established();
  rx(&b, "", .seq = 1, .len = 10);
  quiet(&b);
  keeps_nothing(&b, DropNoAckBit);
}

/* --- Timestamps (RFC 7323) --- */

Test(established, older_timestamp_fails_paws) {
  bench_t b = established_ts();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 10, .opt = {.ts_valid = 1, .ts_val = 99});
  tx(&b, "A", .seq = 1, .ack = 1);
  keeps_nothing(&b, DropPaws);
  cr_assert_eq(last_tx(&b)->opt.ts_ecr, 100);
}

Test(established, missing_timestamp_is_dropped_silently) {
  bench_t b = established_ts();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 10);
  quiet(&b);
  keeps_nothing(&b, DropPaws);
}

Test(established, rst_needs_no_timestamp) {
  bench_t b = established_ts();
  rx(&b, "R", .seq = 1);
  state_is(&b, TcpClosed);
}

Test(established, timestamp_is_taken_at_the_left_edge_only) {
  bench_t b = established_ts();
  rx(&b, "A", .seq = 101, .ack = 1, .len = 10, .opt = {.ts_valid = 1, .ts_val = 200});
  tx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_eq(last_tx(&b)->opt.ts_ecr, 100, "a gap: Last.ACK.sent is behind");
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100, .opt = {.ts_valid = 1, .ts_val = 150});
  tx(&b, "A", .seq = 1, .ack = 111);
  cr_assert_eq(last_tx(&b)->opt.ts_ecr, 150);
}

Test(established, delayed_ack_echoes_the_first_of_two) {
  bench_t b = established_ts();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 10, .opt = {.ts_valid = 1, .ts_val = 101});
  rx(&b, "A", .seq = 11, .ack = 1, .len = 10, .opt = {.ts_valid = 1, .ts_val = 102});
  tx(&b, "A", .seq = 1, .ack = 21);
  cr_assert_eq(last_tx(&b)->opt.ts_ecr, 101);
}

/* --- Urgent --- */

Test(established, urgent_pointer_tells_the_host_once) {
  bench_t b = established();
  rx(&b, "UA", .seq = 1, .ack = 1, .len = 10, .urg = 5);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.urgent && news.data);
  cr_assert_eq(b.ntf.body.irs_or_rcv_up, PEER_ISS + 6);
  rx(&b, "UA", .seq = 3, .ack = 1, .len = 20, .urg = 3);
  cr_assert_not(notified(&b).urgent);
}

Test(established, urgent_pointer_follows_what_the_host_reads) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100);
  host_read(&b, 61);
  cr_assert_eq(b.tcb.rcv_up, PEER_ISS + 61);
  rx(&b, "UA", .seq = 101, .ack = 1, .len = 10, .urg = 10);
  cr_assert(notified(&b).urgent);
  host_read(&b, 105);
  cr_assert_eq(b.tcb.rcv_up, PEER_ISS + 111);
}

/* RFC 9293 section 3.4, MUST-66. */
Test(established, urgent_pointer_tells_the_host_while_the_window_is_closed) {
  bench_t b = small_window();
  rx(&b, "A", .seq = 65436, .ack = 1, .len = 100);
  notified(&b);
  rx(&b, "UA", .seq = 65536, .ack = 1, .len = 1, .urg = 1);
  cr_assert_not(b.act.verdict.keep);
  cr_assert(notified(&b).urgent);
  cr_assert_eq(b.ntf.body.irs_or_rcv_up, PEER_ISS + 65537);
}

Test(close_wait, urgent_pointer_is_ignored) {
  bench_t b = close_wait();
  rx(&b, "UA", .seq = 2, .ack = 1, .urg = 5);
  cr_assert_not(notified(&b).urgent);
}

/* --- Segments that wait behind (RFC 9293 MUST-58, MUST-59) --- */

Test(established, ack_is_left_to_the_last_segment_that_waits) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100, .more = true);
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100, .more = true);
  rx(&b, "A", .seq = 201, .ack = 1, .len = 100, .more = true);
  quiet(&b);
  cr_assert(b.tcb.delack_armed);
  rx(&b, "A", .seq = 301, .ack = 1, .len = 100);
  tx(&b, "A", .seq = 1, .ack = 401);
  quiet(&b);
}

Test(established, fourth_segment_is_acknowledged_whatever_waits) {
  bench_t b = established();
  for (uint32_t i = 0; i < 8; i++) {
    rx(&b, "A", .seq = 1 + 100 * i, .ack = 1, .len = 100, .more = true);
    if (i % 4 == 3) tx(&b, "A", .seq = 1, .ack = 101 + 100 * i);
    quiet(&b);
  }
}

Test(established, ack_that_was_left_does_not_depend_on_the_next_segments_text) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100, .more = true);
  rx(&b, "A", .seq = 101, .ack = 1, .len = 100, .more = true);
  rx(&b, "A", .seq = 201, .ack = 1); /* empty */
  tx(&b, "A", .seq = 1, .ack = 201);
  quiet(&b);
  /* When the next one is good for nothing, time brings the ACK. */
  rx(&b, "A", .seq = 201, .ack = 1, .len = 100, .more = true);
  rx(&b, "A", .seq = 301, .ack = 1, .len = 100, .more = true);
  rx(&b, "", .seq = 401);
  quiet(&b);
  wait_us(&b, DELACK_US);
  tx(&b, "A", .seq = 1, .ack = 401);
}

Test(established, duplicate_acks_for_a_gap_wait_for_nobody) {
  bench_t b = established();
  for (uint32_t i = 0; i < 3; i++) {
    rx(&b, "A", .seq = 101 + 100 * i, .ack = 1, .len = 100, .more = true);
    tx(&b, "A", .seq = 1, .ack = 1);
  }
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100, .more = true);
  tx(&b, "A", .seq = 1, .ack = 401);
  rx(&b, "FA", .seq = 401, .ack = 1, .len = 100, .more = true);
  tx(&b, "A", .seq = 1, .ack = 502);
}
