/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): what a send grant sends, and when: windows, Nagle, loss, timers.
 * tb: top=tb_step
 */
#include "step_bench.h"

/* ESTABLISHED with peer's window closed and `queued` octets waiting; the persist timer runs. */
static bench_t window_closed(uint32_t queued) {
  bench_t b = established();
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 11);
  host_send(&b, 11 + queued);
  quiet(&b);
  cr_assert_eq(b.tcb.rtx_mode, RtxPersist);
  return b;
}

/* Takes n full segments from the trace, from seq on. */
static void tx_full(bench_t *b, uint32_t seq, unsigned n) {
  for (unsigned i = 0; i < n; i++, seq += MSS) {
    cr_assert_lt(b->expected_count, b->sent_count, "segment %u of %u was not sent", i, n);
    const rtl_tx_seg_t *sent = &b->sent[b->expected_count++];
    cr_assert_eq(sent->seq, OUR_ISS + seq);
    cr_assert_eq(sent->payload_len, MSS);
  }
}

/* --- Segmentation, PSH, windows --- */

Test(established, data_goes_out_in_full_segments_with_psh_at_the_end) {
  bench_t b = established();
  host_send(&b, 1 + 2 * MSS + 100);
  tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = MSS);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS);
  tx(&b, "PA", .seq = 1 + 2 * MSS, .ack = 1, .len = 100);
  quiet(&b);
}

Test(established, one_grant_sends_one_segment) {
  bench_t b = established();
  command_only(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 1 + 3 * MSS});
  grant_once(&b);
  tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  quiet(&b);
  cr_assert(b.send_waits, "it asks for another turn");
}

Test(established, grant_with_nothing_to_send_sends_nothing) {
  bench_t b = established();
  grant_once(&b);
  quiet(&b);
  cr_assert_not(b.send_waits);
}

Test(established, peers_window_is_kept) {
  bench_t b = established();
  b.peer_wnd = 3000;
  rx(&b, "A", .seq = 1, .ack = 1);
  host_send(&b, 20001);
  tx_full(&b, 1, 2);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  tx_full(&b, 1 + 2 * MSS, 1);
  quiet(&b);
}

Test(established, congestion_window_is_kept) {
  bench_t b = established();
  host_send(&b, 1 + 20 * MSS);
  tx_full(&b, 1, 10);
  quiet(&b);
}

Test(established, older_segment_does_not_move_the_window) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 100, .wnd = 20000);
  rx(&b, "A", .seq = 51, .ack = 1, .len = 50, .wnd = 5); /* wl1 moves to 51 */
  rx(&b, "A", .seq = 51, .ack = 1, .len = 60, .wnd = 6000);
  cr_assert_eq(b.tcb.snd_wnd, 6000);
  b.tcb.snd_wl1 = PEER_ISS + 101;
  rx(&b, "A", .seq = 100, .ack = 1, .len = 20, .wnd = 7);
  cr_assert_eq(b.tcb.snd_wnd, 6000);
}

Test(established, room_tells_the_host) {
  bench_t b = in_flight(1);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert(notified(&b).room);
  cr_assert_eq(b.ntf.body.snd_una, OUR_ISS + 1 + MSS);
}

Test(established, urgent_data_sets_the_pointer_until_acknowledged) {
  bench_t b = established();
  command(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11, .flags = 1});
  tx(&b, "UPA", .seq = 1, .ack = 1, .len = 10);
  cr_assert_eq(last_tx(&b)->urg_ptr, 10);
  rx(&b, "A", .seq = 1, .ack = 11);
  host_send(&b, 21);
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 10);
}

/* --- Nagle, silly windows, cork --- */

Test(established, nagle_holds_a_small_segment_while_data_is_in_flight) {
  bench_t b = established();
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  host_send(&b, 21);
  host_send(&b, 31);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 11);
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 20);
}

Test(established, nagle_lets_a_full_segment_go) {
  bench_t b = established();
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  host_send(&b, 11 + MSS + 1);
  tx(&b, "A", .seq = 11, .ack = 1, .len = MSS);
  quiet(&b);
}

Test(established, nodelay_sends_at_once) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.nodelay = 1});
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  host_send(&b, 21);
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 10);
}

Test(established, turning_nodelay_on_releases_what_nagle_held) {
  bench_t b = established();
  host_send(&b, 11);
  host_send(&b, 21);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  quiet(&b);
  host_sets(&b, (rtl_conn_opts_t){.nodelay = 1});
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 10);
}

Test(established, cork_sends_full_segments_only) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  host_send(&b, 1 + MSS + 10);
  tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  quiet(&b);
  host_sets(&b, (rtl_conn_opts_t){0});
  tx(&b, "PA", .seq = 1 + MSS, .ack = 1, .len = 10);
}

Test(established, push_goes_through_cork) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  command(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11, .flags = 2});
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  rx(&b, "A", .seq = 1, .ack = 11);
  host_send(&b, 21);
  quiet(&b);
}

Test(established, cork_forgotten_is_flushed_by_the_timer) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  host_send(&b, 11);
  quiet(&b);
  wait_deadline(&b);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
}

Test(established, silly_window_is_not_used) {
  bench_t b = in_flight(10);
  host_send(&b, 1 + 12 * MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + 10 * MSS, .wnd = 500);
  quiet(&b);
  cr_assert_eq(b.tcb.rtx_mode, RtxPersist);
  rx(&b, "A", .seq = 1, .ack = 1 + 10 * MSS, .wnd = MSS);
  tx_full(&b, 1 + 10 * MSS, 1);
}

Test(established, silly_window_is_used_after_the_override_time) {
  bench_t b = in_flight(10);
  host_send(&b, 1 + 12 * MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + 10 * MSS, .wnd = 500);
  wait_deadline(&b);
  tx(&b, "A", .seq = 1 + 10 * MSS, .ack = 1, .len = 500);
  cr_assert_eq(b.tcb.rtx_mode, RtxRetransmit);
}

Test(established, small_peer_gets_half_its_largest_window) {
  bench_t b = accepting((rtl_tcb_open_t){0}, (seg_t){.flags = "A", .seq = 1, .ack = 1, .wnd = 400});
  host_send(&b, 2001);
  tx(&b, "A", .seq = 1, .ack = 1, .len = 400);
  rx(&b, "A", .seq = 1, .ack = 401, .wnd = 250);
  tx(&b, "A", .seq = 401, .ack = 1, .len = 250);
}

/* --- Zero window --- */

Test(established, closed_window_is_probed_with_back_off) {
  bench_t b = window_closed(100);
  for (unsigned i = 0; i < 8; i++) {
    const uint64_t start_us = b.now_us;
    wait_deadline(&b);
    tx(&b, "A", .seq = 11, .ack = 1, .len = 1);
    quiet(&b);
    cr_assert_eq(b.now_us - start_us, RTO_MIN_US << i);
    rx(&b, "A", .seq = 1, .ack = 11); /* answered: it may go on for ever */
  }
  state_is(&b, TcpEstablished);
}

Test(established, lost_window_update_is_found_by_a_probe) {
  bench_t b = window_closed(100);
  wait_deadline(&b);
  tx(&b, "A", .seq = 11, .ack = 1, .len = 1);
  rx(&b, "A", .seq = 1, .ack = 12, .wnd = 5000);
  tx(&b, "PA", .seq = 12, .ack = 1, .len = 99);
  cr_assert_eq(b.tcb.rtx_mode, RtxRetransmit);
}

Test(established, refused_probe_is_sent_again_when_the_window_opens) {
  bench_t b = window_closed(100);
  wait_deadline(&b);
  tx(&b, "A", .seq = 11, .ack = 1, .len = 1);
  rx(&b, "A", .seq = 1, .ack = 11, .wnd = 5000);
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 100);
}

Test(established, opened_window_ends_the_probes_back_off) {
  bench_t b = window_closed(100);
  for (int i = 0; i < 4; i++) wait_deadline(&b);
  cr_assert_eq(b.tcb.rto_us, RTO_MIN_US << 4);
  rx(&b, "A", .seq = 1, .ack = 11, .wnd = 5000);
  cr_assert_eq(b.tcb.rto_us, RTO_MIN_US);
  cr_assert_eq(b.act.deadline_us, b.now_us + RTO_MIN_US);
}

Test(established, unanswered_probes_give_up) {
  bench_t b = window_closed(100);
  for (int i = 0; i < DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "A", .seq = 11, .ack = 1, .len = 1);
  }
  wait_deadline(&b);
  tx(&b, "R", .seq = 11);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonTimeout);
}

Test(established, last_octet_taken_as_a_probe_stops_the_timer) {
  bench_t b = window_closed(1);
  wait_deadline(&b);
  tx(&b, "A", .seq = 11, .ack = 1, .len = 1);
  rx(&b, "A", .seq = 1, .ack = 12);
  cr_assert_eq(b.tcb.rtx_mode, RtxOff);
  cr_assert_eq(b.tcb.rto_us, RTO_MIN_US);
}

Test(fin_wait_1, fin_probes_a_closed_window) {
  bench_t b = established();
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 1);
  host_does(&b, CmdShutdown);
  quiet(&b);
  wait_deadline(&b);
  tx(&b, "FA", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 2);
  state_is(&b, TcpFinWait2);
}

Test(established, window_that_closes_over_data_in_flight_is_probed) {
  bench_t b = in_flight(2);
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  wait_deadline(&b);
  quiet(&b);
  cr_assert_eq(b.tcb.rtx_mode, RtxPersist);
  wait_deadline(&b);
  tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = 1);
}

/* --- Retransmission timer (RFC 6298) --- */

Test(established, timer_runs_while_data_is_in_flight) {
  bench_t b = established();
  cr_assert_not(b.act.deadline_valid);
  host_send(&b, 11);
  cr_assert_eq(b.act.deadline_us, b.now_us + RTO_INITIAL_US);
  b.now_us += 1000;
  rx(&b, "A", .seq = 1, .ack = 11);
  cr_assert_not(b.act.deadline_valid);
}

Test(established, ack_of_new_data_restarts_the_timer) {
  bench_t b = in_flight(2);
  b.now_us += 300000;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_geq(b.act.deadline_us, b.now_us + RTO_MIN_US);
}

Test(established, timeout_sends_one_segment_with_back_off) {
  bench_t b = in_flight(4);
  for (unsigned i = 0; i < DATA_RETRIES; i++) {
    const uint64_t start_us = b.now_us;
    wait_deadline(&b);
    cr_assert_eq(b.now_us - start_us, RTO_INITIAL_US << i);
    tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
    quiet(&b);
  }
  cr_assert_eq(b.tcb.retransmit_count, DATA_RETRIES);
  wait_deadline(&b);
  tx(&b, "R", .seq = 1 + 4 * MSS);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonTimeout);
}

Test(established, timeout_sets_windows_as_rfc_5681_says) {
  bench_t b = in_flight(8);
  wait_deadline(&b);
  cr_assert_eq(b.tcb.cwnd, MSS);
  cr_assert_eq(b.tcb.ssthresh, 4 * MSS);
  wait_deadline(&b);
  cr_assert_eq(b.tcb.ssthresh, 4 * MSS, "once for each loss");
}

Test(established, after_a_timeout_the_rest_follows_in_slow_start) {
  bench_t b = in_flight(4);
  wait_deadline(&b);
  tx_full(&b, 1, 1);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  tx_full(&b, 1 + MSS, 2);
  rx(&b, "A", .seq = 1, .ack = 1 + 4 * MSS); /* the rest had arrived */
  quiet(&b);
  cr_assert_eq(b.tcb.snd_nxt, OUR_ISS + 1 + 4 * MSS);
  cr_assert_not(b.act.deadline_valid);
}

Test(established, back_off_has_a_limit) {
  bench_t b = in_flight(1);
  b.tcb.rto_us = RTO_MAX_US - 1;
  wait_deadline(&b);
  cr_assert_eq(b.tcb.rto_us, RTO_MAX_US);
}

Test(established, round_trip_time_is_smoothed) {
  bench_t b = in_flight(1);
  b.now_us += 80000;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.srtt_us, 80000);
  cr_assert_eq(b.tcb.rttvar_us, 40000);
  host_send(&b, 1 + 2 * MSS);
  b.now_us += 160000;
  rx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS);
  cr_assert_eq(b.tcb.srtt_us, 90000);
  cr_assert_eq(b.tcb.rttvar_us, 50000);
  cr_assert_eq(b.tcb.rto_us, 290000);
  host_send(&b, 1 + 3 * MSS);
  b.now_us += 10000;
  rx(&b, "A", .seq = 1, .ack = 1 + 3 * MSS);
  cr_assert_eq(b.tcb.srtt_us, 80000);
  cr_assert_eq(b.tcb.rttvar_us, 57500);
}

Test(established, timeout_has_a_minimum) {
  bench_t b = in_flight(1);
  b.now_us += 10;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.rto_us, RTO_MIN_US);
}

Test(established, retransmitted_segment_is_no_measurement) {
  bench_t b = in_flight(1);
  wait_deadline(&b);
  b.now_us += 10;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.rtt_valid, 0);
  cr_assert_eq(b.tcb.rto_us, 2 * RTO_INITIAL_US, "back-off stays until a measurement");
}

/* --- Congestion control (RFC 5681, 6582) --- */

Test(established, slow_start_grows_by_a_segment_each_ack) {
  bench_t b = in_flight(4);
  rx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS);
  cr_assert_eq(b.tcb.cwnd, 11 * MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS + 100);
  cr_assert_eq(b.tcb.cwnd, 11 * MSS + 100);
}

Test(established, congestion_avoidance_grows_by_a_segment_each_window) {
  bench_t b = established();
  uint32_t acked = 1;
  b.tcb.ssthresh = 4 * MSS;
  b.tcb.cwnd = 5 * MSS;
  host_send(&b, 1 + 12 * MSS);
  for (int i = 0; i < 6; i++) {
    cr_assert_eq(b.tcb.cwnd, 5 * MSS, "after %d ACKs", i);
    rx(&b, "A", .seq = 1, .ack = acked += MSS);
  }
  cr_assert_eq(b.tcb.cwnd, 6 * MSS);
}

Test(established, third_duplicate_ack_retransmits_at_once) {
  bench_t b = in_flight(8);
  rx(&b, "A", .seq = 1, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 1);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  quiet(&b);
  cr_assert_eq(b.tcb.ssthresh, 4 * MSS);
  cr_assert_eq(b.tcb.cwnd, 7 * MSS);
  cr_assert_eq(b.act.tx_is_rexmit, 1);
}

Test(established, two_duplicates_send_new_data) {
  bench_t b = in_flight(10);
  host_send(&b, 1 + 20 * MSS);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, 1 + 10 * MSS, 1);
  rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, 1 + 11 * MSS, 1);
  quiet(&b);
}

Test(established, data_or_a_window_update_is_no_duplicate_ack) {
  bench_t b = in_flight(8);
  rx(&b, "A", .seq = 1, .ack = 1, .len = 10);
  rx(&b, "A", .seq = 11, .ack = 1, .wnd = 20000);
  rx(&b, "A", .seq = 11, .ack = 1, .wnd = 20001);
  rx(&b, "A", .seq = 11, .ack = 1, .wnd = 20002);
  cr_assert_eq(b.tcb.dupacks, 0);
}

Test(established, fast_recovery_repairs_two_losses_in_two_round_trips) {
  bench_t b = in_flight(8);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, 1, 1);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1); /* inflates */
  cr_assert_eq(b.tcb.cwnd, 10 * MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + 3 * MSS); /* partial */
  tx_full(&b, 1 + 3 * MSS, 1);
  cr_assert_eq(b.tcb.cwnd, 8 * MSS);
  cr_assert(b.tcb.in_recovery);
  rx(&b, "A", .seq = 1, .ack = 1 + 8 * MSS); /* full */
  cr_assert_not(b.tcb.in_recovery);
  cr_assert_eq(b.tcb.cwnd, 2 * MSS, "nothing in flight: no burst");
  quiet(&b);
}

Test(established, recovery_sends_new_data_as_duplicates_arrive) {
  bench_t b = in_flight(10);
  host_send(&b, 1 + 20 * MSS);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1);
  b.expected_count = b.sent_count;
  uint32_t next = b.tcb.snd_nxt - OUR_ISS;
  for (int i = 0; i < 8 && b.expected_count == b.sent_count; i++) rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, next, 1);
}

Test(established, duplicates_after_a_timeout_do_not_retransmit_again) {
  bench_t b = in_flight(8);
  wait_deadline(&b);
  tx_full(&b, 1, 1);
  for (int i = 0; i < 5; i++) rx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_not(b.tcb.in_recovery);
}

Test(established, fin_lost_with_data_is_repaired_by_fast_retransmit) {
  bench_t b = established();
  host_send(&b, 1 + 4 * MSS);
  host_does(&b, CmdShutdown);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1, .ack = 1 + 4 * MSS);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1 + 4 * MSS);
  tx(&b, "FA", .seq = 1 + 4 * MSS, .ack = 1);
}

Test(established, idle_connection_begins_with_the_initial_window) {
  bench_t b = in_flight(1);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  b.tcb.cwnd = 40 * MSS;
  b.now_us += RTO_MIN_US;
  host_send(&b, 1 + 2 * MSS);
  rx(&b, "A", .seq = 1, .ack = 1 + 2 * MSS);
  cr_assert_gt(b.tcb.cwnd, 40 * MSS);
  b.now_us += RTO_MIN_US + 1;
  host_send(&b, 1 + 3 * MSS);
  cr_assert_eq(b.tcb.cwnd, 10 * MSS);
}

/* --- Keep-alive, user timeout --- */

Test(established, keep_alive_probes_an_idle_peer) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.keepalive = 1});
  cr_assert_eq(b.act.deadline_us, b.now_us + KEEP_US);
  wait_deadline(&b);
  tx(&b, "A", .seq = 0, .ack = 1);
  cr_assert_eq(b.act.deadline_us, b.now_us + KEEP_INTERVAL_US);
  rx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_eq(b.act.deadline_us, b.now_us + KEEP_US);
  cr_assert_eq(b.tcb.retries, 0);
}

Test(established, dead_peer_ends_the_connection) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.keepalive = 1});
  for (int i = 0; i < DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "A", .seq = 0, .ack = 1);
  }
  wait_deadline(&b);
  tx(&b, "R", .seq = 1);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonTimeout);
}

Test(established, keep_alive_is_off_by_default) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_not(b.act.deadline_valid);
}

Test(established, user_timeout_ends_the_connection) {
  bench_t b = established();
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 1500000});
  cr_assert_not(b.act.deadline_valid, "nothing waits");
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  wait_deadline(&b);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  wait_deadline(&b);
  tx(&b, "R", .seq = 11);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonUserTimeout);
}

Test(established, progress_restarts_the_user_timeout) {
  bench_t b = in_flight(2);
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 500000});
  b.now_us += 400000;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.user_deadline_us, b.now_us + 500000);
}
