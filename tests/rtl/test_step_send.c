/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): what a send grant sends, and when: segments, windows, Nagle, probes.
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

Test(established, only_what_may_help_asks_for_a_turn) {
  bench_t b = established();
  host_send(&b, 11);
  host_send(&b, 21); /* Nagle holds it */
  command_only(&b, (rtl_cmd_t){.op = CmdQuery});
  cr_assert_not(b.send_waits);
  rx_only(&b, "A", .seq = 1, .ack = 999);
  cr_assert_not(b.send_waits);
  rx_only(&b, "A", .seq = 1, .ack = 11);
  cr_assert(b.send_waits);
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

/* RFC 9293 section 3.1, MUST-1. */
Test(established, window_of_65535_is_no_negative_number) {
  bench_t b = established();
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  b.peer_wnd = 65535;
  rx(&b, "A", .seq = 1, .ack = 11);
  b.tcb.cwnd = 100000; /* an idle connection would begin with the initial window */
  host_send(&b, 65011);
  tx_full(&b, 11, 44);
  cr_assert_gt(b.tcb.snd_nxt - b.tcb.snd_una, 32768);
}

/* RFC 9293 section 3.2, MUST-65. */
Test(established, no_segment_but_a_syn_has_the_mss_option) {
  bench_t b = established();
  host_send(&b, 11);
  rx(&b, "A", .seq = 1, .ack = 11, .len = 10);
  rx(&b, "A", .seq = 11, .ack = 11, .len = 10);
  host_does(&b, CmdShutdown);
  host_does(&b, CmdAbort);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  cr_assert_not(last_tx(&b)->opt.mss_valid);
  tx(&b, "A", .seq = 11, .ack = 21);
  cr_assert_not(last_tx(&b)->opt.mss_valid);
  tx(&b, "FA", .seq = 11, .ack = 21);
  cr_assert_not(last_tx(&b)->opt.mss_valid);
  tx(&b, "R", .seq = 12);
  cr_assert_not(last_tx(&b)->opt.mss_valid);
}

/* RFC 9293 section 3.8.6, MUST-34, SHLD-15, SHLD-16. */
Test(established, shrunken_window_takes_no_new_data_and_old_data_within_it) {
  bench_t b = in_flight(4);
  b.peer_wnd = 2000;
  rx(&b, "A", .seq = 1, .ack = 1);
  host_send(&b, 1 + 8 * MSS);
  quiet(&b);
  wait_deadline(&b);
  tx_full(&b, 1, 1);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  tx_full(&b, 1 + MSS, 1);
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

Test(established, room_is_told_once_for_each_eighth_of_the_ring) {
  bench_t b = established();
  host_send(&b, 1 + 8 * MSS);
  tx_full(&b, 1, 8);
  unsigned told = 0, crossed = 0;
  for (uint32_t ack = 1; ack <= 8 * MSS; ack += 100) {
    const uint32_t old_una = b.tcb.snd_una;
    rx(&b, "A", .seq = 1, .ack = ack);
    crossed += old_una / (RING / 8) != b.tcb.snd_una / (RING / 8);
    told += notified(&b).room;
  }
  cr_assert_eq(told, crossed);
  cr_assert_eq(crossed, 2, "%u", crossed);
  rx(&b, "A", .seq = 1, .ack = 1 + 8 * MSS);
  cr_assert(notified(&b).room, "nothing is left in the ring");
}

Test(established, urgent_data_sets_the_pointer_until_acknowledged) {
  bench_t b = established();
  command(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11, .flags = 1});
  tx(&b, "UPA", .seq = 1, .ack = 1, .len = 10);
  cr_assert_eq(last_tx(&b)->urg_ptr, 10);
  rx(&b, "A", .seq = 1, .ack = 11);
  cr_assert_not(b.tcb.snd_urgent);
  host_send(&b, 21);
  tx(&b, "PA", .seq = 11, .ack = 1, .len = 10);
}

/* --- Nagle, silly windows, cork --- */

/* RFC 9293 section 3.8.5, MUST-31, MUST-62. */
Test(established, long_urgent_data_sets_the_pointer_in_every_segment) {
  bench_t b = established();
  command(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 1 + 3 * MSS, .flags = 1});
  tx(&b, "UA", .seq = 1, .ack = 1, .len = MSS);
  cr_assert_eq(last_tx(&b)->urg_ptr, 3 * MSS);
  tx(&b, "UA", .seq = 1 + MSS, .ack = 1, .len = MSS);
  cr_assert_eq(last_tx(&b)->urg_ptr, 2 * MSS);
  tx(&b, "UPA", .seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
  cr_assert_eq(last_tx(&b)->urg_ptr, MSS);
}

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

Test(established, opened_window_ends_back_off_without_a_measurement_too) {
  bench_t b = established();
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 1);
  host_send(&b, 101);
  for (int i = 0; i < 3; i++) wait_deadline(&b);
  cr_assert_eq(b.tcb.rto_us, RTO_INITIAL_US << 3);
  rx(&b, "A", .seq = 1, .ack = 1, .wnd = 5000);
  cr_assert_eq(b.tcb.rto_us, RTO_INITIAL_US);
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

/* RFC 9293 section 3.8.6, SHLD-17. */
Test(established, data_beyond_a_closed_window_does_not_end_the_connection) {
  bench_t b = in_flight(2);
  b.peer_wnd = 0;
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  wait_deadline(&b);
  for (int i = 0; i < 2 * DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = 1);
    rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  }
  state_is(&b, TcpEstablished);
}
