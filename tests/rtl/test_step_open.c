/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): how a connection begins, and segments that belong to none.
 * tb: top=tb_step
 */
#include "step_bench.h"
#include "toe/toe_regs.h"

/* --- CLOSED --- */

static bench_t no_connection(const char *flags, uint32_t seq, uint32_t ack, uint16_t len) {
  bench_t b = new_bench();
  b.ev = (rtl_tcb_event_t){
      .kind = EvNoConn,
      .seg = wire_segment(&b, (seg_t){.flags = flags, .seq = seq, .ack = ack, .len = len})};
  run_event(&b);
  cr_assert_eq(b.act.tcb_write, 0);
  cr_assert_eq(b.act.verdict.keep, 0);
  cr_assert_eq(b.act.drop, DropNoConn);
  return b;
}

Test(no_conn, syn_gets_rst_that_acknowledges_it) {
  bench_t b = no_connection("S", 0, 0, 0);
  tx(&b, "RA", .seq = -OUR_ISS, .ack = 1);
}

Test(no_conn, data_and_fin_without_ack_count_in_the_rst) {
  bench_t b = no_connection("F", 10, 0, 100);
  tx(&b, "RA", .seq = -OUR_ISS, .ack = 111);
}

Test(no_conn, ack_gets_rst_at_its_number) {
  bench_t b = no_connection("A", 10, 77, 0);
  tx(&b, "R", .seq = 77);
}

Test(no_conn, number_given_to_another_connection_on_the_way) {
  bench_t b = established();
  b.ev = (rtl_tcb_event_t){
      .kind = EvSegment,
      .seg = wire_segment(&b, (seg_t){.flags = "A", .seq = 1, .ack = 1, .len = 9})};
  b.ev.seg.key.remote_port ^= 1;
  run_event(&b);
  cr_assert_eq(b.act.drop, DropNoConn);
  cr_assert_eq(b.act.verdict.keep, 0);
  cr_assert_eq(b.tcb.rcv_nxt, PEER_ISS + 1);
  tx(&b, "R", .seq = 1);
  cr_assert_eq(last_tx(&b)->key.remote_port, b.tcb.key.remote_port ^ 1);
  b.ev.seg.flags = flags_of("R");
  run_event(&b);
  state_is(&b, TcpEstablished);
  quiet(&b);
}

Test(no_conn, rst_gets_nothing) {
  bench_t b = no_connection("R", 10, 0, 0);
  quiet(&b);
  b = no_connection("RA", 10, 77, 0);
  quiet(&b);
}

Test(no_conn, answer_goes_back_where_the_frame_came_from) {
  bench_t b = no_connection("S", 0, 0, 0);
  tx(&b, "RA", .seq = -OUR_ISS, .ack = 1);
  cr_assert_eq(last_tx(&b)->mac_valid, 1);
  cr_assert_eq(last_tx(&b)->dst_mac, PEER_MAC);
}

Test(discard, payload_goes_and_nothing_else_happens) {
  bench_t b = established();
  b.ev = (rtl_tcb_event_t){
      .kind = EvDiscard,
      .seg = wire_segment(&b, (seg_t){.flags = "A", .seq = 1, .ack = 1, .len = 9})};
  run_event(&b);
  cr_assert_eq(b.act.tcb_write, 0);
  cr_assert_eq(b.act.verdict.keep, 0);
  quiet(&b);
}

Test(closed, segment_on_its_way_gets_rst) {
  bench_t b = reset_by_peer();
  rx(&b, "A", .seq = 1, .ack = 1, .len = 5);
  tx(&b, "R", .seq = 1);
  cr_assert_eq(b.act.verdict.keep, 0);
  rx(&b, "R", .seq = 1);
  quiet(&b);
}

/* --- SYN-SENT --- */

Test(syn_sent, connect_sends_syn_with_what_we_offer) {
  bench_t b = connecting();
  tx(&b, "S", .seq = 0, .wnd = 65535);
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  cr_assert(opt->mss_valid && opt->mss == MSS);
  cr_assert(opt->wscale_valid && opt->wscale == 1);
  cr_assert(opt->sack_permitted);
  cr_assert(opt->ts_valid && opt->ts_val == (uint32_t)(b.now_us >> 8) && opt->ts_ecr == 0);
  cr_assert_eq(b.act.deadline_us, b.now_us + RTO_INITIAL_US);
}

Test(syn_sent, syn_offers_only_what_is_enabled) {
  bench_t fresh = new_bench();
  rtl_cfg_t cfg = fresh.cfg;
  cfg.ts_enable = cfg.sack_enable = cfg.wscale_enable = 0;
  bench_t b = connecting_with(&cfg, (rtl_cmd_t){0});
  tx(&b, "S", .seq = 0);
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  cr_assert(opt->mss_valid && !opt->wscale_valid && !opt->sack_permitted && !opt->ts_valid);
}

Test(syn_sent, syn_ack_establishes) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  quiet(&b);
  state_is(&b, TcpEstablished);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.connected && !news.accepted);
  cr_assert_eq(b.ntf.body.irs_or_rcv_up, PEER_ISS);
}

Test(syn_sent, syn_ack_window_is_not_scaled) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .wnd = 5000, .opt = {.wscale_valid = 1, .wscale = 7});
  cr_assert_eq(b.tcb.snd_wnd, 5000);
  rx(&b, "A", .seq = 1, .ack = 1, .wnd = 40);
  cr_assert_eq(b.tcb.snd_wnd, 40 << 7);
}

Test(syn_sent, scale_goes_both_ways_or_not_at_all) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1, .wnd = 65535); /* as in the SYN: it never shrinks */
  cr_assert_eq(b.tcb.rcv_wscale, 0);

  b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.wscale_valid = 1, .wscale = 0});
  tx(&b, "A", .seq = 1, .ack = 1, .wnd = 32767);
  cr_assert_eq(b.tcb.rcv_wscale, 1);
}

Test(syn_sent, peer_without_mss_option_gets_536) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1);
  cr_assert_eq(b.tcb.snd_mss, 536);
}

Test(syn_sent, mss_is_bounded_below_and_by_our_mtu) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.mss_valid = 1, .mss = 1});
  cr_assert_eq(b.tcb.snd_mss, 64);
  b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.mss_valid = 1, .mss = 9000, .ts_valid = 1});
  cr_assert_eq(b.tcb.snd_mss, MSS - 12);
}

Test(syn_sent, timestamp_is_echoed_once_agreed) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 4711});
  tx(&b, "A", .seq = 1, .ack = 1);
  cr_assert(last_tx(&b)->opt.ts_valid && last_tx(&b)->opt.ts_ecr == 4711);
}

Test(syn_sent, initial_window_is_ten_segments) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.mss_valid = 1, .mss = MSS});
  cr_assert_eq(b.tcb.cwnd, 10 * MSS);
}

Test(syn_sent, lost_syn_is_sent_again_with_back_off) {
  bench_t b = syn_sent();
  for (unsigned i = 0; i < SYN_RETRIES; i++) {
    const uint64_t start_us = b.now_us;
    wait_deadline(&b);
    cr_assert_eq(b.now_us - start_us, RTO_INITIAL_US << i);
    tx(&b, "S", .seq = 0);
    cr_assert_eq(b.act.tx_is_rexmit, 1);
  }
  wait_deadline(&b);
  quiet(&b);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonTimeout);
  cr_assert_eq(b.unlinks, 1);
}

/* RFC 9293 section 3.8.3, MUST-23. */
Test(syn_sent, lost_syn_is_sent_for_three_minutes_by_default) {
  bench_t b = new_bench();
  b.cfg.syn_retries = TOE_REGS__RETRIES__SYN_reset;
  b.cfg.rto_initial_us = TOE_REGS__RTO_INITIAL_US__VALUE_reset;
  b.cfg.rto_max_us = TOE_REGS__RTO_MAX_US__VALUE_reset;
  b = connecting_with(&b.cfg, (rtl_cmd_t){0});
  const uint64_t start_us = b.now_us;
  while (b.tcb.state == TcpSynSent) wait_deadline(&b);
  cr_assert_geq(b.now_us - start_us, 180000000);
  cr_assert_eq(b.sent_count, 1 + TOE_REGS__RETRIES__SYN_reset);
}

Test(syn_sent, window_after_a_lost_syn_is_one_segment) {
  bench_t b = syn_sent();
  wait_deadline(&b);
  tx(&b, "S", .seq = 0);
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.mss_valid = 1, .mss = MSS});
  cr_assert_eq(b.tcb.cwnd, MSS);
  cr_assert_eq(b.tcb.rto_us, 3000000);
  cr_assert_gt(b.tcb.ssthresh, RING, "slow start goes on from there");
  cr_assert_eq(b.tcb.rtt_valid, 0, "Karn: a SYN sent twice is no measurement");
}

Test(syn_sent, first_measurement_sets_timeout) {
  bench_t b = syn_sent();
  b.now_us += 100000;
  rx(&b, "SA", .seq = 0, .ack = 1);
  cr_assert_eq(b.tcb.srtt_us, 100000);
  cr_assert_eq(b.tcb.rttvar_us, 50000);
  cr_assert_eq(b.tcb.rto_us, 300000);
}

Test(syn_sent, wrong_ack_gets_rst) {
  bench_t b = syn_sent();
  rx(&b, "SA", .seq = 0, .ack = 2);
  tx(&b, "R", .seq = 2);
  state_is(&b, TcpSynSent);
  rx(&b, "A", .seq = 0, .ack = 0);
  tx(&b, "R", .seq = 0);
  state_is(&b, TcpSynSent);
}

Test(syn_sent, rst_with_wrong_ack_is_ignored) {
  bench_t b = syn_sent();
  rx(&b, "RA", .seq = 0, .ack = 2);
  rx(&b, "R", .seq = 0);
  quiet(&b);
  state_is(&b, TcpSynSent);
}

Test(syn_sent, rst_refuses_the_connection) {
  bench_t b = syn_sent();
  rx(&b, "RA", .seq = 0, .ack = 1);
  quiet(&b);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonConnRefused);
  cr_assert_eq(b.unlinks, 1);
}

Test(syn_sent, ack_without_syn_changes_nothing) {
  bench_t b = syn_sent();
  rx(&b, "A", .seq = 0, .ack = 1);
  quiet(&b);
  state_is(&b, TcpSynSent);
}

Test(syn_sent, syn_ack_before_our_syn_left_gets_rst) {
  bench_t b = new_bench();
  b.ev = (rtl_tcb_event_t){
      .kind = EvCommand,
      .cmd = {.op = CmdConnect},
      .open_valid = 1,
      .open = {.key = KEY, .iss = OUR_ISS},
  };
  run_event(&b);
  rx_only(&b, "SA", .seq = 0, .ack = 1);
  tx(&b, "R", .seq = 1);
  state_is(&b, TcpSynSent);
}

Test(syn_sent, shutdown_ends_it_without_a_segment) {
  bench_t b = syn_sent();
  host_does(&b, CmdShutdown);
  quiet(&b);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
}

Test(syn_sent, abort_ends_it_without_a_segment) {
  bench_t b = syn_sent();
  cr_assert_eq(host_does(&b, CmdAbort), ReasonNone);
  quiet(&b);
  state_is(&b, TcpClosed);
}

Test(syn_sent, queued_data_follows_the_handshake) {
  bench_t b = syn_sent();
  host_send(&b, 101);
  quiet(&b);
  rx(&b, "SA", .seq = 0, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 1);
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 100);
  quiet(&b);
}

/* --- SYN-RECEIVED --- */

/* Both ends open at once (RFC 9293 figure 8). */
static bench_t syn_rcvd(void) {
  bench_t b = syn_sent();
  rx(&b, "S", .seq = 0, .opt = {.ts_valid = 1, .ts_val = 9, .wscale_valid = 1, .wscale = 2});
  tx(&b, "SA", .seq = 0, .ack = 1);
  state_is(&b, TcpSynRcvd);
  return b;
}

Test(syn_sent, syn_alone_enters_syn_received) {
  bench_t b = syn_rcvd();
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  cr_assert(opt->ts_valid && opt->ts_ecr == 9);
  cr_assert(opt->wscale_valid && !opt->sack_permitted, "SYN-ACK answers what was offered");
  quiet(&b);
}

Test(syn_sent, syn_without_options_gets_none_back) {
  bench_t b = syn_sent();
  rx(&b, "S", .seq = 0);
  tx(&b, "SA", .seq = 0, .ack = 1);
  const rtl_tcp_options_t *opt = &last_tx(&b)->opt;
  cr_assert(opt->mss_valid && !opt->wscale_valid && !opt->ts_valid && !opt->sack_permitted);
}

Test(syn_rcvd, syn_ack_of_simultaneous_open_establishes) {
  bench_t b = syn_rcvd();
  rx(&b, "SA", .seq = 0, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "A", .seq = 1, .ack = 1);
  cr_assert_eq(b.tcb.snd_wnd, PEER_WND, "no window of a SYN is scaled");
  state_is(&b, TcpEstablished);
  cr_assert(notified(&b).connected);
}

Test(syn_rcvd, ack_establishes) {
  bench_t b = syn_rcvd();
  rx(&b, "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 9});
  quiet(&b);
  state_is(&b, TcpEstablished);
}

Test(syn_rcvd, syn_again_gets_syn_ack_again) {
  bench_t b = syn_rcvd();
  rx(&b, "S", .seq = 0, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "SA", .seq = 0, .ack = 1);
  quiet(&b);
}

Test(syn_rcvd, lost_syn_ack_is_sent_again) {
  bench_t b = syn_rcvd();
  wait_deadline(&b);
  tx(&b, "SA", .seq = 0, .ack = 1);
}

Test(syn_rcvd, fin_beside_the_syn_ack_does_not_cut_off_all_text) {
  bench_t b = syn_rcvd();
  const rtl_tcp_options_t ts = {.ts_valid = 1, .ts_val = 9};
  rx(&b, "SFA", .seq = 0, .ack = 1, .opt = ts);
  tx(&b, "A", .seq = 1, .ack = 1);
  state_is(&b, TcpEstablished);
  cr_assert_not(b.tcb.fin_rcvd, "it comes again, behind the SYN");
  rx_only(&b, "A", .seq = -20u, .ack = 1, .len = 31, .opt = ts);
  cr_assert_eq(b.act.verdict.seq, PEER_ISS + 1);
  cr_assert_eq(b.act.verdict.len, 10);
  rx(&b, "FA", .seq = 11, .ack = 1, .opt = ts);
  state_is(&b, TcpCloseWait);
}

Test(syn_rcvd, timestamp_ahead_of_a_gap_is_not_taken_before_our_first_ack) {
  bench_t b = syn_sent();
  rx_only(&b, "S", .seq = 0, .opt = {.ts_valid = 1, .ts_val = 9});
  rx_only(&b, "A", .seq = 101, .ack = 1, .len = 100, .opt = {.ts_valid = 1, .ts_val = 50});
  cr_assert_eq(b.tcb.ts_recent, 9);
}

Test(syn_rcvd, syn_ack_again_forgets_no_push) {
  bench_t b = syn_rcvd();
  host_sets(&b, (rtl_conn_opts_t){.cork = 1});
  command(&b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + 11, .flags = 2});
  wait_deadline(&b);
  tx(&b, "SA", .seq = 0, .ack = 1);
  rx(&b, "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "PA", .seq = 1, .ack = 1, .len = 10);
}

Test(syn_rcvd, wrong_ack_gets_rst) {
  bench_t b = syn_rcvd();
  rx(&b, "A", .seq = 1, .ack = 2, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "R", .seq = 2);
  state_is(&b, TcpSynRcvd);
}

Test(syn_rcvd, rst_refuses_the_connection) {
  bench_t b = syn_rcvd();
  rx(&b, "R", .seq = 1);
  state_is(&b, TcpClosed);
  cr_assert(notified(&b).closed);
  cr_assert_eq(b.ntf.reason, ReasonConnRefused);
}

Test(syn_rcvd, shutdown_waits_for_established) {
  bench_t b = syn_rcvd();
  host_does(&b, CmdShutdown);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "FA", .seq = 1, .ack = 1);
  state_is(&b, TcpFinWait1);
}

Test(syn_rcvd, fin_after_shutdown_enters_closing) {
  bench_t b = syn_rcvd();
  host_does(&b, CmdShutdown);
  rx(&b, "FA", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 9});
  tx(&b, "A", .seq = 1, .ack = 2);
  tx(&b, "FA", .seq = 1, .ack = 2);
  state_is(&b, TcpClosing);
}

Test(syn_rcvd, abort_sends_rst) {
  bench_t b = syn_rcvd();
  host_does(&b, CmdAbort);
  tx(&b, "R", .seq = 1);
  state_is(&b, TcpClosed);
}

/* --- Passive open --- */

Test(passive_open, ack_of_handshake_is_accepted) {
  bench_t b = accepting((rtl_tcb_open_t){0}, (seg_t){.flags = "A", .seq = 1, .ack = 1});
  quiet(&b);
  state_is(&b, TcpEstablished);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.accepted && !news.connected && !news.data);
  cr_assert_eq(b.ntf.body.iss, OUR_ISS);
  cr_assert_eq(b.ntf.body.irs_or_rcv_up, PEER_ISS);
  cr_assert_eq(b.ntf.body.remote_port, 40000);
}

Test(passive_open, data_with_the_ack_is_delivered) {
  bench_t b = accepting((rtl_tcb_open_t){0}, (seg_t){.flags = "A", .seq = 1, .ack = 1, .len = 50});
  cr_assert(b.act.verdict.keep && b.act.verdict.len == 50 && b.act.verdict.conn == CONN);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.accepted && news.data);
  cr_assert_eq(b.ntf.body.rcv_nxt, PEER_ISS + 51);
}

Test(passive_open, window_of_the_ack_counts_although_its_text_begins_early) {
  bench_t b = accepting((rtl_tcb_open_t){0},
                        (seg_t){.flags = "A", .seq = 0, .ack = 1, .len = 10, .wnd = 999});
  state_is(&b, TcpEstablished);
  cr_assert_eq(b.tcb.snd_wnd, 999);
}

Test(passive_open, fin_with_the_ack_enters_close_wait) {
  bench_t b = accepting((rtl_tcb_open_t){0}, (seg_t){.flags = "FA", .seq = 1, .ack = 1});
  tx(&b, "A", .seq = 1, .ack = 2);
  state_is(&b, TcpCloseWait);
  rtl_ntf_flags_t news = notified(&b);
  cr_assert(news.accepted && news.peer_closed);
}

Test(passive_open, options_of_the_handshake_hold) {
  rtl_tcb_open_t open = {.wscale_ok = 1, .snd_wscale = 3, .ts_ok = 1, .ts_recent = 5};
  bench_t b = accepting(
      open,
      (seg_t){.flags = "A", .seq = 1, .ack = 1, .wnd = 1000, .opt = {.ts_valid = 1, .ts_val = 6}});
  cr_assert_eq(b.tcb.snd_wnd, 8000);
  cr_assert_eq(b.tcb.rcv_wscale, 1);
  cr_assert_eq(b.tcb.snd_mss, MSS - 12);
  cr_assert_eq(b.tcb.ts_recent, 6);
}

Test(passive_open, old_connection_leaves_no_trace_in_the_new_one) {
  bench_t b = in_flight(3);
  rx(&b, "A", .seq = 1461, .ack = 1, .len = 10);
  const rtl_tcb_open_t open = {
      .passive = 1, .key = KEY, .iss = OUR_ISS, .irs = PEER_ISS, .peer_mss = MSS};
  b.tcb.state = TcpClosed;
  b.send_waits = b.notify_waits = false;
  b.ev = (rtl_tcb_event_t){.kind = EvSegment,
                           .seg = wire_segment(&b, (seg_t){.flags = "A", .seq = 1, .ack = 1}),
                           .open_valid = 1,
                           .open = open};
  run_event(&b);
  cr_assert_eq(b.tcb.snd_max, OUR_ISS + 1);
  cr_assert_eq(b.tcb.ooo_valid, 0);
  cr_assert_eq(b.tcb.notify.room, 0);
}
