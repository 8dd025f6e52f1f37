/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): loss, congestion, and peers that do not answer.
 * tb: top=tb_step
 */
#include "step_bench.h"
#include "toe/toe_regs.h"

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
  cr_assert_eq(b.act.deadline_us, b.now_us + RTO_INITIAL_US, "the timeout as it was");
  cr_assert_eq(b.tcb.rto_us, 900000, "the next one: 300 ms + 4 * 150 ms");
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

/* --- Thresholds of RFC 9293 section 3.8.3 --- */

Test(established, third_retransmission_is_told_and_doubts_the_next_hop) {
  bench_t b = in_flight(1);
  b.cfg.r1_retries = 3;
  for (unsigned i = 1; i <= DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "PA", .seq = 1, .ack = 1, .len = MSS);
    cr_assert_eq(last_tx(&b)->doubt, i >= 3, "retransmission %u", i);
    cr_assert_eq(notified(&b).retrying, i == 3, "once, not with retransmission %u", i);
  }
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  host_send(&b, 1 + MSS + 100);
  tx(&b, "PA", .seq = 1 + MSS, .ack = 1, .len = 100);
  cr_assert_not(last_tx(&b)->doubt, "the path works again");
}

Test(established, r1_of_zero_is_never_reached) {
  bench_t b = in_flight(1);
  b.cfg.r1_retries = 0;
  for (unsigned i = 1; i <= DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "PA", .seq = 1, .ack = 1, .len = MSS);
    cr_assert_not(last_tx(&b)->doubt);
    cr_assert_not(notified(&b).retrying);
  }
}

Test(syn_sent, lost_syns_reach_r1_too) {
  bench_t b = syn_sent();
  b.cfg.r1_retries = 2;
  notified(&b);
  wait_deadline(&b);
  tx(&b, "S", .seq = 0);
  cr_assert_not(notified(&b).retrying);
  wait_deadline(&b);
  tx(&b, "S", .seq = 0);
  cr_assert(last_tx(&b)->doubt);
  cr_assert(notified(&b).retrying);
}

Test(established, window_probes_are_no_retransmissions_for_r1) {
  bench_t b = in_flight(1);
  b.cfg.r1_retries = 1;
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  host_send(&b, 1 + MSS + 100);
  for (unsigned i = 0; i < 3; i++) {
    wait_deadline(&b);
    tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = 1);
    cr_assert_not(last_tx(&b)->doubt);
    cr_assert_not(notified(&b).retrying);
  }
}

Test(established, user_timeout_may_outlive_data_retries) {
  bench_t b = in_flight(1);
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 4000000000u});
  for (unsigned i = 1; i <= 20; i++) {
    wait_deadline(&b);
    tx(&b, "PA", .seq = 1, .ack = 1, .len = MSS);
    cr_assert_eq(b.tcb.retries, i < 15 ? i : 15);
  }
  state_is(&b, TcpEstablished);
  /* Without it the retries count at once. */
  command(&b, (rtl_cmd_t){.op = CmdSetOpts});
  wait_deadline(&b);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonTimeout);
}

Test(syn_sent, user_timeout_does_not_outlive_syn_retries) {
  bench_t b = connecting_with(NULL, (rtl_cmd_t){.user_timeout_us = 4000000000u});
  for (unsigned i = 0; i <= SYN_RETRIES; i++) wait_deadline(&b);
  state_is(&b, TcpClosed);
  cr_assert_eq(b.sent_count, 1 + SYN_RETRIES);
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

/* What waited for the probe's timer is lost. */
static void loses_eight_segments_after_a_probe(bench_t *b) {
  cr_assert_eq(b->tcb.retries, 1);
  host_send(b, 1 + 8 * MSS);
  b->expected_count = b->sent_count;
  cr_assert_eq(b->tcb.rtx_mode, RtxRetransmit);
  wait_us(b, b->tcb.rtx_deadline_us - b->now_us);
  tx_full(b, 1, 1);
  cr_assert_eq(b->tcb.ssthresh, 4 * MSS);
  cr_assert_eq(b->tcb.retries, 1);
}

Test(established, first_timeout_after_a_keep_alive_probe_sets_ssthresh) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.keepalive = 1});
  wait_deadline(&b);
  loses_eight_segments_after_a_probe(&b);
}

Test(established, first_timeout_after_a_forgotten_cork_sets_ssthresh) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  host_send(&b, 11);
  wait_deadline(&b);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  wait_us(&b, b.tcb.rtx_deadline_us - b.now_us);
  cr_assert_eq(b.tcb.ssthresh, 2 * MSS);
  cr_assert_eq(b.tcb.retries, 1);
}

Test(established, progress_begins_to_count_retries_anew) {
  bench_t b = in_flight(4);
  for (int i = 0; i < DATA_RETRIES; i++) wait_deadline(&b);
  cr_assert_eq(b.tcb.retries, DATA_RETRIES);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.retries, 0);
  wait_deadline(&b);
  state_is(&b, TcpEstablished);
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

/* RFC 9293 section 3.8.6, MAY-7. */
Test(established, lost_segment_is_sent_again_beyond_a_shrunken_window) {
  bench_t b = in_flight(4);
  b.peer_wnd = 500;
  for (int i = 0; i < 4; i++) rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, 1, 1);
  quiet(&b);
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

Test(established, limited_transmit_does_not_count_in_ssthresh) {
  bench_t b = in_flight(10); /* a whole congestion window */
  host_send(&b, 1 + 20 * MSS);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1);
  tx_full(&b, 1 + 10 * MSS, 2);
  tx_full(&b, 1, 1);
  cr_assert_eq(b.tcb.ssthresh, 5 * MSS);
  cr_assert_eq(b.tcb.cwnd, 8 * MSS);
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

Test(established, loss_long_after_the_last_one_is_repaired_too) {
  bench_t b = in_flight(8);
  b.tcb.recover = OUR_ISS - 0x7ffffff0u;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  for (int i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = MSS);
}

Test(established, numbers_may_come_round_to_iss_again) {
  bench_t b = in_flight(4);
  b.tcb.iss = b.tcb.snd_una;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_not(notified(&b).accepted);
  cr_assert_eq(b.tcb.cwnd, 11 * MSS);
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

/* RFC 9293 section 3.8.4, MUST-26. */
Test(established, keep_alive_waits_while_data_is_in_flight) {
  bench_t b = established();
  b.cfg.keepalive_us = 500000;
  b.tcb.rto_us = 4000000;
  host_sets(&b, (rtl_conn_opts_t){.keepalive = 1});
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  const uint64_t sent_us = b.now_us;
  while (b.now_us < sent_us + 3900000) {
    wait_deadline(&b);
    quiet(&b);
  }
  state_is(&b, TcpEstablished);
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

/* RFC 9293 section 3.8.3, SHLD-11. */
Test(established, data_is_sent_again_for_a_hundred_seconds_by_default) {
  bench_t b = established();
  b.cfg.data_retries = TOE_REGS__RETRIES__DATA_reset;
  b.cfg.rto_min_us = b.tcb.rto_us = TOE_REGS__RTO_MIN_US__VALUE_reset;
  b.cfg.rto_max_us = TOE_REGS__RTO_MAX_US__VALUE_reset;
  host_send(&b, 11);
  const uint64_t start_us = b.now_us;
  while (b.tcb.state == TcpEstablished) wait_deadline(&b);
  cr_assert_geq(b.now_us - start_us, 100000000);
  cr_assert_eq(b.sent_count, b.expected_count + 1 + TOE_REGS__RETRIES__DATA_reset + 1);
}

Test(established, progress_restarts_the_user_timeout) {
  bench_t b = in_flight(2);
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 500000});
  b.now_us += 400000;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  cr_assert_eq(b.tcb.user_deadline_us, b.now_us + 500000);
}

Test(established, new_user_timeout_counts_from_its_command) {
  bench_t b = in_flight(2);
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 500000});
  b.now_us += 400000;
  command(&b, (rtl_cmd_t){.op = CmdSetOpts, .user_timeout_us = 600000});
  cr_assert_eq(b.tcb.user_deadline_us, b.now_us + 600000);
}
