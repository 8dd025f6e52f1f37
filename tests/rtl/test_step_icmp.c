/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): ICMP errors about segments in flight (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191).
 * tb: top=tb_step
 */
#include "step_bench.h"

static const rtl_icmp_error_t PORT_UNREACHABLE = {.kind = IcmpUnreachable, .code = 3};

static rtl_icmp_error_t too_big(uint16_t mtu) {
  return (rtl_icmp_error_t){.kind = IcmpUnreachable, .code = 4, .mtu = mtu};
}

static void expect_dropped(const bench_t *b, unsigned drop) {
  cr_expect(b->act.drop_valid);
  cr_expect_eq(b->act.drop, drop, "dropped as %s", rtl_drop_e_name(b->act.drop));
  cr_expect_not(b->act.tx_valid);
}

/* --- SYN-SENT -------------------------------------------------------------------------------- */

Test(syn_sent, no_such_port_or_protocol_ends_it) {
  for (uint8_t code = 2; code <= 3; code++) {
    bench_t b = syn_sent();
    rx_icmp(&b, 0, (rtl_icmp_error_t){.kind = IcmpUnreachable, .code = code});
    state_is(&b, TcpClosed);
    cr_expect_eq(b.unlinks, 1);
    quiet(&b); /* nobody is there to be told */
    const rtl_ntf_flags_t flags = notified(&b);
    cr_expect(flags.closed && flags.icmp_error);
    cr_expect_eq(b.ntf.reason, ReasonUnreachable);
    cr_expect_eq(b.ntf.body.mss_scales >> 10 & 63, IcmpUnreachable << 4 | code);
  }
}

Test(syn_sent, soft_error_is_told_and_the_syn_goes_out_again) {
  static const rtl_icmp_error_t soft[] = {
      {.kind = IcmpUnreachable, .code = 0},  {.kind = IcmpUnreachable, .code = 1},
      {.kind = IcmpUnreachable, .code = 5},  {.kind = IcmpUnreachable, .code = 13},
      {.kind = IcmpTimeExceeded, .code = 0}, {.kind = IcmpTimeExceeded, .code = 1},
      {.kind = IcmpParameter, .code = 0},    {.kind = IcmpUnreachable, .code = 4, .mtu = 900},
  };

  for (unsigned i = 0; i < sizeof soft / sizeof *soft; i++) {
    bench_t b = syn_sent();
    rx_icmp(&b, 0, soft[i]);
    state_is(&b, TcpSynSent);
    cr_expect_not(b.act.drop_valid);
    cr_expect(notified(&b).icmp_error);
    cr_expect_eq(b.ntf.body.mss_scales >> 10 & 63, soft[i].kind << 4 | soft[i].code);
    quiet(&b);
    wait_deadline(&b);
    tx(&b, "S", .seq = 0);
  }
}

Test(syn_sent, error_about_another_number_is_dropped) {
  static const uint32_t wrong[] = {1, 2, 0xffffffff, 0x80000000};

  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    bench_t b = syn_sent();
    rx_icmp(&b, wrong[i], PORT_UNREACHABLE);
    expect_dropped(&b, DropIcmpSeq);
    state_is(&b, TcpSynSent);
    cr_expect_not(notified(&b).icmp_error);
  }
}

Test(syn_rcvd, hard_error_ends_nothing) {
  bench_t b = syn_sent();
  rx(&b, "S", .seq = 0);
  tx(&b, "SA", .seq = 0, .ack = 1);
  rx_icmp(&b, 0, PORT_UNREACHABLE);
  state_is(&b, TcpSynRcvd);
  cr_expect(notified(&b).icmp_error);
}

/* --- Synchronized states --------------------------------------------------------------------- */

Test(established, hard_error_is_told_and_ends_nothing) {
  bench_t b = in_flight(1);
  rx_icmp(&b, 1, PORT_UNREACHABLE);
  state_is(&b, TcpEstablished);
  cr_expect(notified(&b).icmp_error);
  cr_expect_eq(b.ntf.body.mss_scales >> 10 & 63, IcmpUnreachable << 4 | 3);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1 + MSS);
  host_send(&b, 1 + 2 * MSS);
  tx_full(&b, 1 + MSS, 1);
}

Test(established, error_counts_only_about_octets_in_flight) {
  static const struct {
    uint32_t seq;
    bool counts;
  } cases[] = {{MSS, false},    {1 + MSS, true},      {2 * MSS, true},
               {3 * MSS, true}, {1 + 3 * MSS, false}, {1 + 3 * MSS + RING, false},
               {0, false}};

  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    bench_t b = in_flight(3);
    rx(&b, "A", .seq = 1, .ack = 1 + MSS);
    notified(&b);
    const rtl_tcb_t before = b.tcb;
    rx_icmp(&b, cases[i].seq, (rtl_icmp_error_t){.kind = IcmpTimeExceeded});
    cr_expect_eq(notified(&b).icmp_error, cases[i].counts, "seq %u", cases[i].seq);
    if (cases[i].counts) continue;
    expect_dropped(&b, DropIcmpSeq);
    rx_icmp(&b, cases[i].seq, too_big(600));
    expect_dropped(&b, DropIcmpSeq);
    cr_expect_eq(memcmp(&before, &b.tcb, sizeof before), 0, "seq %u changed something",
                 cases[i].seq);
  }
}

Test(established, idle_connection_believes_no_error) {
  bench_t b = established();
  rx_icmp(&b, 1, PORT_UNREACHABLE);
  expect_dropped(&b, DropIcmpSeq);
  rx_icmp(&b, 0, PORT_UNREACHABLE);
  expect_dropped(&b, DropIcmpSeq);
}

Test(fin_wait_1, error_about_the_fin_alone_counts) {
  bench_t b = established();
  host_does(&b, CmdShutdown);
  tx(&b, "FA", .seq = 1, .ack = 1);
  rx_icmp(&b, 1, (rtl_icmp_error_t){.kind = IcmpUnreachable, .code = 1});
  state_is(&b, TcpFinWait1);
  cr_expect(notified(&b).icmp_error);
}

Test(closed, error_after_the_end_or_about_another_connection_is_dropped) {
  bench_t b = in_flight(1);
  b.ev = (rtl_tcb_event_t){.kind = EvIcmp,
                           .seg = {.key = KEY, .seq = OUR_ISS + 1, .icmp = PORT_UNREACHABLE}};
  b.ev.seg.key.remote_port ^= 1;
  run_event(&b);
  expect_dropped(&b, DropIcmpNoConn);
  host_does(&b, CmdAbort);
  tx_full(&b, 1, 0);
  rx_icmp(&b, 1, PORT_UNREACHABLE);
  expect_dropped(&b, DropIcmpNoConn);
}

/* --- Path MTU -------------------------------------------------------------------------------- */

Test(path_mtu, segments_get_smaller_and_are_sent_again) {
  bench_t b = in_flight(4);
  const uint32_t ssthresh = b.tcb.ssthresh, rto_us = b.tcb.rto_us;
  b.now_us += 1000;
  rx_icmp(&b, 1 + MSS, too_big(1000));
  cr_expect_eq(b.tcb.snd_mss, 960);
  tx(&b, "A", .seq = 1, .ack = 1, .len = 960);
  quiet(&b); /* one, until it is acknowledged */
  cr_expect_eq(b.tcb.ssthresh, ssthresh, "no congestion");
  cr_expect_eq(b.tcb.rto_us, rto_us, "no back-off");
  cr_expect_eq(b.tcb.retries, 0);
  cr_expect_eq(b.act.deadline_us, b.now_us + rto_us, "the timer starts again");
  cr_expect_not(notified(&b).icmp_error);
  rx(&b, "A", .seq = 1, .ack = 961);
  tx(&b, "A", .seq = 961, .ack = 1, .len = 960);
  tx(&b, "A", .seq = 1921, .ack = 1, .len = 960);
  quiet(&b);
  rx(&b, "A", .seq = 1, .ack = 1 + 4 * MSS);
  host_send(&b, 1 + 4 * MSS + 961);
  tx(&b, "A", .seq = 1 + 4 * MSS, .ack = 1, .len = 960);
}

Test(path_mtu, timestamps_take_their_octets) {
  bench_t b = accepting((rtl_tcb_open_t){.ts_ok = 1},
                        (seg_t){.flags = "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1}});
  notified(&b);
  host_send(&b, 1 + 3000);
  b.expected_count = b.sent_count;
  rx_icmp(&b, 1, too_big(1000));
  tx(&b, "A", .seq = 1, .ack = 1, .len = 948);
}

Test(path_mtu, never_falls_below_its_least) {
  static const uint16_t mtus[] = {0, 68, 575, 576};

  for (unsigned i = 0; i < sizeof mtus / sizeof *mtus; i++) {
    bench_t b = in_flight(1);
    rx_icmp(&b, 1, too_big(mtus[i]));
    tx(&b, "A", .seq = 1, .ack = 1, .len = 536);
    quiet(&b);
    rx_icmp(&b, 1, too_big(mtus[i])); /* once is enough */
    quiet(&b);
  }
}

Test(path_mtu, never_grows_and_what_fits_is_not_sent_again) {
  static const uint16_t mtus[] = {MSS + 40, MSS + 41, 9000, 65535};

  for (unsigned i = 0; i < sizeof mtus / sizeof *mtus; i++) {
    bench_t b = in_flight(2);
    const rtl_tcb_t before = b.tcb;
    rx_icmp(&b, 1, too_big(mtus[i]));
    quiet(&b);
    cr_expect_eq(memcmp(&before, &b.tcb, sizeof before), 0, "MTU %u changed something", mtus[i]);
    cr_expect_not(b.act.drop_valid);
  }
}

Test(path_mtu, ends_a_recovery_that_it_explains) {
  bench_t b = in_flight(8);
  for (unsigned i = 0; i < 3; i++) rx(&b, "A", .seq = 1, .ack = 1);
  cr_assert(b.tcb.in_recovery);
  b.expected_count = b.sent_count;
  rx_icmp(&b, 1, too_big(1000));
  cr_expect_not(b.tcb.in_recovery);
  tx(&b, "A", .seq = 1, .ack = 1, .len = 960);
  quiet(&b);
}
