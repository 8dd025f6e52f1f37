/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): how a connection ends, and what the host may command.
 * tb: top=tb_step
 */
#include "step_bench.h"

/* The connection is over for the wire: TIME-WAIT when it says so. */
static void is_over(bench_t *b, unsigned reason, bool in_time_wait) {
  cr_assert_eq(b->unlinks, 1);
  cr_assert_eq(b->time_waits, in_time_wait);
  cr_assert_eq(b->tcb.state, in_time_wait ? TcpTimeWait : TcpClosed);
  cr_assert(notified(b).closed);
  cr_assert_eq(b->ntf.reason, reason);
}

/* --- ESTABLISHED to FIN-WAIT-1 --- */

Test(established, shutdown_sends_fin) {
  bench_t b = established();
  host_does(&b, CmdShutdown);
  tx(&b, "FA", .seq = 1, .ack = 1);
  state_is(&b, TcpFinWait1);
  cr_assert(b.act.deadline_valid);
}

Test(established, fin_follows_queued_data) {
  bench_t b = established();
  host_send(&b, 1 + 3000);
  tx(&b, "A", .seq = 1, .ack = 1, .len = MSS);
  tx(&b, "A", .seq = 1 + MSS, .ack = 1, .len = MSS);
  quiet(&b); /* Nagle */
  host_does(&b, CmdShutdown);
  tx(&b, "FPA", .seq = 1 + 2 * MSS, .ack = 1, .len = 80);
}

Test(established, fin_waits_for_the_window) {
  bench_t b = established();
  rx(&b, "A", .seq = 1, .ack = 1, .wnd = 100);
  host_send(&b, 101);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 100);
  host_does(&b, CmdShutdown);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 101, .wnd = 100);
  tx(&b, "FA", .seq = 101, .ack = 1);
}

Test(established, fin_goes_through_cork) {
  bench_t b = established();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  host_send(&b, 11);
  quiet(&b);
  host_does(&b, CmdShutdown);
  tx(&b, "FPA", .seq = 1, .ack = 1, .len = 10);
}

/* --- FIN-WAIT-1 --- */

Test(fin_wait_1, ack_of_fin_enters_fin_wait_2) {
  bench_t b = fin_wait_1();
  rx(&b, "A", .seq = 1, .ack = 2);
  quiet(&b);
  state_is(&b, TcpFinWait2);
  cr_assert_not(b.act.deadline_valid);
}

Test(fin_wait_1, ack_of_data_only_stays) {
  bench_t b = established();
  host_send(&b, 11);
  host_does(&b, CmdShutdown);
  b.expected_count = b.sent_count;
  rx(&b, "A", .seq = 1, .ack = 11);
  state_is(&b, TcpFinWait1);
}

Test(fin_wait_1, fin_enters_closing) {
  bench_t b = fin_wait_1();
  rx(&b, "FA", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 2, .ack = 2);
  state_is(&b, TcpClosing);
  cr_assert(notified(&b).peer_closed);
}

Test(fin_wait_1, fin_and_ack_enters_time_wait) {
  bench_t b = fin_wait_1();
  rx(&b, "FA", .seq = 1, .ack = 2);
  tx(&b, "A", .seq = 2, .ack = 2);
  is_over(&b, ReasonNone, true);
}

Test(fin_wait_1, lost_fin_is_sent_again) {
  bench_t b = fin_wait_1();
  wait_deadline(&b);
  tx(&b, "FA", .seq = 1, .ack = 1);
  cr_assert_eq(b.act.tx_is_rexmit, 1);
}

Test(fin_wait_1, lost_data_and_fin_are_sent_again_together) {
  bench_t b = established();
  host_send(&b, 11);
  host_does(&b, CmdShutdown);
  b.expected_count = b.sent_count;
  wait_deadline(&b);
  tx(&b, "FPA", .seq = 1, .ack = 1, .len = 10);
}

Test(fin_wait_1, data_is_still_received) {
  bench_t b = fin_wait_1();
  rx_only(&b, "A", .seq = 1, .ack = 1, .len = 100);
  cr_assert_eq(b.act.verdict.len, 100);
  cr_assert(notified(&b).data);
}

Test(fin_wait_1, rst_resets) {
  bench_t b = fin_wait_1();
  rx(&b, "R", .seq = 1);
  is_over(&b, ReasonPeerReset, false);
}

/* --- FIN-WAIT-2 --- */

Test(fin_wait_2, half_closed_connection_receives) {
  bench_t b = fin_wait_2();
  rx(&b, "A", .seq = 1, .ack = 2, .len = 100);
  rx(&b, "A", .seq = 101, .ack = 2, .len = 100);
  tx(&b, "A", .seq = 2, .ack = 201);
  host_read(&b, 201);
  cr_assert(notified(&b).data);
}

Test(fin_wait_2, fin_enters_time_wait) {
  bench_t b = fin_wait_2();
  rx(&b, "FA", .seq = 1, .ack = 2, .len = 10);
  tx(&b, "A", .seq = 2, .ack = 12);
  const rtl_time_wait_t rec = b.act.time_wait_rec;
  cr_assert_eq(rec.snd_nxt, OUR_ISS + 2);
  cr_assert_eq(rec.rcv_nxt, PEER_ISS + 12);
  cr_assert_eq(rec.rcv_wnd, last_tx(&b)->wnd);
  cr_assert_eq(rec.key.remote_port, KEY.remote_port);
  cr_assert_eq(rec.flow_hash, 0x12345678);
  is_over(&b, ReasonNone, true);
}

/* --- CLOSING, TIME-WAIT --- */

Test(closing, ack_of_fin_enters_time_wait) {
  bench_t b = closing();
  rx(&b, "A", .seq = 2, .ack = 2);
  quiet(&b);
  is_over(&b, ReasonNone, true);
}

Test(closing, fin_again_is_acknowledged_again) {
  bench_t b = closing();
  rx(&b, "FA", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 2, .ack = 2);
  state_is(&b, TcpClosing);
}

Test(closing, lost_fin_is_sent_again) {
  bench_t b = closing();
  wait_deadline(&b);
  tx(&b, "FA", .seq = 1, .ack = 2);
}

Test(closing, rst_resets) {
  bench_t b = closing();
  rx(&b, "R", .seq = 2);
  is_over(&b, ReasonPeerReset, false);
}

Test(time_wait, fin_again_is_acknowledged) {
  bench_t b = time_wait();
  rx(&b, "FA", .seq = 1, .ack = 2);
  tx(&b, "A", .seq = 2, .ack = 2);
  cr_assert_eq(b.unlinks, 1, "once");
  cr_assert_eq(b.time_waits, 1, "once");
}

Test(time_wait, rst_and_plain_ack_are_ignored) {
  bench_t b = time_wait();
  rx(&b, "R", .seq = 2);
  rx(&b, "A", .seq = 2, .ack = 2);
  quiet(&b);
  state_is(&b, TcpTimeWait);
}

/* --- CLOSE-WAIT, LAST-ACK --- */

Test(close_wait, data_is_still_sent) {
  bench_t b = close_wait();
  host_send(&b, 101);
  tx(&b, "PA", .seq = 1, .ack = 2, .len = 100);
  rx(&b, "A", .seq = 2, .ack = 101);
  cr_assert(notified(&b).room);
}

Test(close_wait, nothing_is_closed_until_the_host_says_so) {
  bench_t b = close_wait();
  quiet(&b);
  cr_assert_not(b.act.deadline_valid);
  host_does(&b, CmdShutdown);
  tx(&b, "FA", .seq = 1, .ack = 2);
  state_is(&b, TcpLastAck);
}

Test(close_wait, rst_resets) {
  bench_t b = close_wait();
  rx(&b, "R", .seq = 2);
  is_over(&b, ReasonPeerReset, false);
}

Test(last_ack, ack_of_fin_closes) {
  bench_t b = last_ack();
  rx(&b, "A", .seq = 2, .ack = 2);
  quiet(&b);
  is_over(&b, ReasonNone, false);
}

Test(last_ack, lost_fin_is_sent_again_then_given_up) {
  bench_t b = last_ack();
  for (int i = 0; i < DATA_RETRIES; i++) {
    wait_deadline(&b);
    tx(&b, "FA", .seq = 1, .ack = 2);
  }
  wait_deadline(&b);
  quiet(&b); /* RFC 9293 section 3.10.5: no RST in LAST-ACK */
  is_over(&b, ReasonTimeout, false);
}

Test(last_ack, rst_closes) {
  bench_t b = last_ack();
  rx(&b, "R", .seq = 2);
  is_over(&b, ReasonPeerReset, false);
}

/* --- Abort --- */

Test(established, abort_sends_rst_at_snd_nxt) {
  bench_t b = in_flight(2);
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 1 + 2 * MSS);
  is_over(&b, ReasonAborted, false);
}

Test(established, abort_tells_the_time) {
  bench_t b = established_ts();
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 1);
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  cr_assert(opt->ts_valid && opt->ts_val == (uint32_t)(b.now_us >> 8));
  cr_assert_eq(opt->ts_ecr, 0, "nothing is acknowledged");
}

Test(established, abort_during_repair_sends_rst_at_the_highest_octet) {
  bench_t b = in_flight(2);
  wait_deadline(&b);
  b.expected_count = b.sent_count;
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 1 + 2 * MSS);
}

Test(fin_wait_1, abort_sends_rst) {
  bench_t b = fin_wait_1();
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 2);
  is_over(&b, ReasonAborted, false);
}

Test(fin_wait_2, abort_sends_rst) {
  bench_t b = fin_wait_2();
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 2);
  is_over(&b, ReasonAborted, false);
}

Test(close_wait, abort_sends_rst) {
  bench_t b = close_wait();
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 1);
  is_over(&b, ReasonAborted, false);
}

Test(closing, abort_needs_no_rst) {
  bench_t b = closing();
  notified(&b);
  host_does(&b, CmdAbort);
  quiet(&b);
  is_over(&b, ReasonAborted, false);
}

/* --- Refusals --- */

Test(refused, unknown_command) {
  bench_t b = established();
  cr_assert_eq(host_does(&b, 99), ReasonBadOp);
  cr_assert_eq(host_does(&b, CmdListen), ReasonBadOp);
}

Test(refused, connection_not_in_use) {
  bench_t b = new_bench();
  cr_assert_eq(host_does(&b, CmdQuery), ReasonBadConn);
  cr_assert_eq(host_does(&b, CmdRelease), ReasonBadConn);
  cr_assert_eq(b.frees, 0);
}

Test(refused, send_beyond_the_ring_or_backwards) {
  bench_t b = established();
  cr_assert_eq(host_send(&b, 1 + RING + 1), ReasonBadValue);
  cr_assert_eq(host_send(&b, 0), ReasonBadValue);
  cr_assert_eq(host_send(&b, 1 + RING), ReasonNone);
  cr_assert_eq(host_send(&b, RING), ReasonBadValue);
}

Test(refused, send_before_the_handshake_has_the_whole_ring) {
  bench_t b = syn_sent();
  cr_assert_eq(host_send(&b, 1 + RING + 1), ReasonBadValue);
  cr_assert_eq(host_send(&b, 1 + RING), ReasonNone);
}

Test(refused, send_after_shutdown) {
  bench_t b = fin_wait_1();
  cr_assert_eq(host_send(&b, 11), ReasonBadState);
  cr_assert_eq(host_does(&b, CmdShutdown), ReasonBadState);
}

Test(refused, read_beyond_what_came_or_backwards) {
  bench_t b = established();
  rx(&b, "FA", .seq = 1, .ack = 1, .len = 100);
  cr_assert_eq(host_read(&b, 102), ReasonBadValue, "the FIN is no octet");
  cr_assert_eq(host_read(&b, 101), ReasonNone);
  cr_assert_eq(host_read(&b, 100), ReasonBadValue);
}

Test(refused, commands_after_the_end) {
  bench_t b = reset_by_peer();
  cr_assert_eq(host_send(&b, 11), ReasonBadState);
  cr_assert_eq(host_does(&b, CmdShutdown), ReasonBadState);
  cr_assert_eq(host_does(&b, CmdAbort), ReasonBadState);
}

Test(refused, release_of_a_living_connection) {
  bench_t b = established();
  cr_assert_eq(host_does(&b, CmdRelease), ReasonBadState);
  b = fin_wait_2();
  cr_assert_eq(host_does(&b, CmdRelease), ReasonBadState);
}

Test(host, nop_does_nothing) {
  bench_t b = new_bench();
  cr_assert_eq(host_does(&b, CmdNop), ReasonNone);
  quiet(&b);
}

/* --- Release, notifications --- */

Test(host, release_frees_at_once_when_no_queue_holds_the_connection) {
  bench_t b = reset_by_peer();
  notified(&b);
  cr_assert_eq(host_does(&b, CmdRelease), ReasonNone);
  cr_assert_eq(b.frees, 1);
  cr_assert_eq(host_does(&b, CmdRelease), ReasonBadConn);
  cr_assert_eq(b.frees, 1);
}

Test(host, release_waits_for_both_queues) {
  bench_t b = established();
  command_only(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11});
  rx_only(&b, "R", .seq = 1);
  cr_assert(b.send_waits && b.notify_waits);
  command_only(&b, (rtl_cmd_t){.op = CmdRelease});
  cr_assert_eq(b.frees, 0);
  grant_once(&b);
  cr_assert_eq(b.frees, 0);
  notified(&b);
  cr_assert_eq(b.act.ntf_valid, 0, "nobody asks any more");
  cr_assert_eq(b.frees, 1);
  quiet(&b);
}

Test(host, release_waits_for_the_send_queue_last) {
  bench_t b = established();
  command_only(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11});
  rx_only(&b, "R", .seq = 1);
  command_only(&b, (rtl_cmd_t){.op = CmdRelease});
  notified(&b);
  cr_assert_eq(b.frees, 0);
  grant_once(&b);
  cr_assert_eq(b.frees, 1);
}

Test(host, news_add_up_while_the_ring_is_full) {
  bench_t b = established();
  host_send(&b, 11);
  rx(&b, "A", .seq = 1, .ack = 11, .len = 5);
  rx(&b, "FA", .seq = 6, .ack = 11);
  rx(&b, "R", .seq = 7);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.room && news.data && news.peer_closed && news.closed);
  cr_assert_eq(b.ntf.reason, ReasonPeerReset);
  cr_assert_eq(b.ntf.body.rcv_nxt, PEER_ISS + 7);
}

Test(host, query_tells_everything) {
  bench_t b = in_flight(2);
  host_does(&b, CmdQuery);
  cr_assert(notified(&b).info);
  cr_assert_eq(b.ntf.body.state, TcpEstablished);
  cr_assert_eq(b.ntf.body.conn, CONN);
  cr_assert_eq(b.ntf.body.snd_una, OUR_ISS + 1);
  cr_assert_eq(b.ntf.body.tag_or_snd_nxt, OUR_ISS + 1 + 2 * MSS);
  cr_assert_eq(b.ntf.body.snd_wnd, PEER_WND);
  cr_assert_eq(b.ntf.body.cwnd, 10 * MSS);
  cr_assert_eq(b.ntf.body.rto_us, RTO_INITIAL_US);
  cr_assert_eq(b.ntf.body.mss_scales >> 16, MSS);
}

/* --- Time --- */

Test(time, deadlines_work_across_the_clocks_wrap) {
  bench_t b = established();
  b.now_us = (UINT64_C(1) << 40) - 100;
  host_send(&b, 11);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
  cr_assert_eq(b.act.deadline_us, RTO_INITIAL_US - 100);
  b.now_us = (UINT64_C(1) << 40) + RTO_INITIAL_US - 101;
  b.ev = (rtl_tcb_event_t){.kind = EvTimer};
  run_event(&b);
  cr_assert_eq(b.tcb.retries, 0, "not yet");
  b.now_us++;
  b.ev = (rtl_tcb_event_t){.kind = EvTimer};
  run_event(&b);
  cr_assert_eq(b.tcb.retries, 1);
}
