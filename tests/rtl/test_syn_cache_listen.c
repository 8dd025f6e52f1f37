/* SPDX-License-Identifier: Apache-2.0
 *
 * LISTEN in toe_flow: what a SYN and other segments to a listening port give.
 * tb: top=tb_flow
 */
#include "syn_bench.h"

Test(listen, syn_is_answered_by_syn_ack) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.flags, SYN | ACK);
  cr_expect_eq(a.key, peer_key(RPORT));
  cr_expect_eq(a.mac, PEER_MAC);
  cr_expect_eq(a.ack, IRS + 1);
  cr_expect_eq(a.seq, (uint32_t)((hash_of_key(peer_key(RPORT)) >> 32) + (0x123456789 >> 2)));
  cr_expect_eq(a.wnd, 65535, "never scaled");
  cr_expect(a.mss_valid);
  cr_expect_eq(a.mss, 1460);
  cr_expect_not(a.wscale_valid, "options only when the peer offers them");
  cr_expect_not(a.sack);
  cr_expect_not(a.ts);
  cr_expect_eq(*b->tb->half_open_count_o, 1);
  cr_expect_eq(b->retransmits, 0);
  bench_delete(b);
}

Test(listen, syn_with_options_gets_the_same_back) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect(a.wscale_valid);
  cr_expect_eq(a.wscale, 3, "2^18 octets in units of 2^3 fit 16 bits");
  cr_expect(a.sack);
  cr_expect(a.ts);
  cr_expect_eq(a.ts_val, 0x123456789 >> 8);
  cr_expect_eq(a.ts_ecr, 77);
  bench_delete(b);
}

Test(listen, options_that_are_switched_off_are_not_answered) {
  bench_t *b = bench_new();

  *b->tb->cfg_options_i = 0;
  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_not(a.wscale_valid);
  cr_expect_not(a.sack);
  cr_expect_not(a.ts);
  bench_complete(b, RPORT, IRS, a.seq);
  const event_t *ev = &b->events[b->num_events - 1];
  cr_expect_not(ev->wscale_ok);
  cr_expect_not(ev->sack_ok);
  cr_expect_not(ev->ts_ok);
  bench_delete(b);
}

Test(listen, small_ring_offers_its_size) {
  bench_t *b = bench_new();

  *b->tb->cfg_rx_ring_log2_i = 12;
  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.wnd, 4096);
  cr_expect_eq(a.wscale, 0);
  bench_delete(b);
}

Test(listen, initial_number_depends_on_flow_and_time) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t first = bench_half_open(b, RPORT, IRS);
  const uint32_t other = bench_half_open(b, RPORT + 1, IRS);
  cr_expect_neq(first, other);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  bench_wait_us(b, 400);
  cr_expect_eq(bench_half_open(b, RPORT, IRS), first + 100, "the clock of RFC 6528: 4 us");
  bench_delete(b);
}

Test(listen, syn_with_data_or_fin_is_a_syn) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN, .len = 100});
  cr_expect_eq(bench_expect_event(b, EV_DISCARD).len, 100);
  bench_expect_syn_ack(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT + 1, .seq = IRS, .flags = SYN | FIN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_syn_ack(b, RPORT + 1, IRS);
  bench_delete(b);
}

Test(listen, other_segments_are_refused) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, (seg_t){.rport = RPORT, .seq = 1, .flags = ACK, .ack = 9});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .seq = 1, .flags = SYN | ACK, .ack = 9});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .seq = 1, .flags = RST});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .seq = 1, .flags = SYN | RST});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .seq = 1, .flags = FIN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_NO_ACK_BIT);
  bench_delete(b);
}

Test(listen, closed_port_belongs_to_closed_state) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, (seg_t){.rport = RPORT, .lport = PORT + 1, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .lport = PORT + 1, .seq = IRS, .flags = FIN});
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

Test(listen, without_key_syn_is_dropped) {
  bench_t *b = bench_new();

  *b->tb->cfg_key_valid_i = 0;
  bench_listen(b, 8);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_NO_KEY);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  bench_delete(b);
}

Test(listen, full_backlog_drops_until_one_completes) {
  bench_t *b = bench_new();

  bench_listen(b, 2);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_half_open(b, RPORT + 1, IRS);
  bench_send(b, (seg_t){.rport = RPORT + 2, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_BACKLOG);
  bench_complete(b, RPORT, IRS, iss);
  bench_half_open(b, RPORT + 2, IRS);
  bench_delete(b);
}

/* Peer ports whose flows share the set of the SYN cache that RPORT has. */
static void same_set_ports(uint16_t *ports, unsigned count) {
  const uint64_t set = hash_of_key(peer_key(RPORT)) % (CACHE_SIZE / 4);
  uint16_t port = RPORT;

  for (unsigned found = 0; found < count; port++)
    if (hash_of_key(peer_key(port)) % (CACHE_SIZE / 4) == set) ports[found++] = port;
}

Test(listen, full_set_drops_until_one_is_gone) {
  bench_t *b = bench_new();
  uint16_t ports[5];

  same_set_ports(ports, 5);
  bench_listen(b, 100);
  for (unsigned i = 0; i < 4; i++) bench_half_open(b, ports[i], IRS);
  bench_send(b, (seg_t){.rport = ports[4], .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_CACHE_FULL);
  bench_send(b, (seg_t){.rport = ports[1], .seq = IRS + 1, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  bench_half_open(b, ports[4], IRS);
  cr_expect_eq(*b->tb->half_open_count_o, 4);
  bench_delete(b);
}

Test(listen, syn_is_answered_within_twenty_cycles) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint64_t start = bench_offer(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_settle(b);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_leq(a.cycle - start, 20, "%u cycles", (unsigned)(a.cycle - start));
  bench_delete(b);
}

Test(listen, flood_costs_eight_cycles_a_syn_at_most) {
  enum { SYNS = 400 };
  bench_t *b = bench_new();

  bench_listen(b, 8);
  for (uint16_t i = 0; i < SYNS; i++)
    bench_offer(b, (seg_t){.ip = 0x0b000000u + i, .rport = i, .seq = i, .flags = SYN});
  bench_settle(b);
  cr_assert_eq(b->num_events, SYNS);
  cr_expect_leq(b->events[SYNS - 1].cycle - b->events[0].cycle, 8 * (SYNS - 1));
  for (unsigned i = 0; i < SYNS; i++) cr_expect_eq(bench_expect_event(b, EV_DISCARD).seq, i);
  b->next_sent = b->num_sent;
  cr_expect_eq(b->num_sent, 8);
  cr_expect_eq(b->drops[DROP_SYN_BACKLOG] + b->drops[DROP_SYN_CACHE_FULL], SYNS - 8);
  memset(b->drops, 0, sizeof b->drops);
  bench_delete(b);
}
