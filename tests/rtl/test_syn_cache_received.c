/* SPDX-License-Identifier: Apache-2.0
 *
 * SYN-RECEIVED in toe_flow: half-open connections in the SYN cache, without a control block.
 * tb: top=tb_flow
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "syn_bench.h"

Test(syn_received, ack_opens_the_connection) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const uint32_t iss = bench_expect_syn_ack(b, RPORT, IRS);
  bench_send(
      b,
      (seg_t){
          .rport = RPORT, .seq = IRS + 1, .ack = iss + 1, .flags = ACK, .ts = true, .ts_val = 78});
  const event_t ev = bench_event(b);
  cr_expect_eq(ev.kind, EV_SEGMENT);
  cr_expect(ev.open);
  cr_expect(ev.passive);
  cr_expect_eq(ev.conn, 0);
  cr_expect_eq(ev.key, peer_key(RPORT));
  cr_expect_eq(ev.hash, (uint32_t)hash_of_key(peer_key(RPORT)));
  cr_expect_eq(ev.iss, iss);
  cr_expect_eq(ev.irs, IRS);
  cr_expect_eq(ev.mss, 1400);
  cr_expect(ev.wscale_ok);
  cr_expect_eq(ev.wscale, 7);
  cr_expect(ev.sack_ok);
  cr_expect(ev.ts_ok);
  cr_expect_eq(ev.ts_recent, 77);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS - 1);
  bench_wait_us(b, 100 * RTO_MAX_US); /* nothing is repeated any more */
  bench_delete(b);
}

Test(syn_received, without_mss_option_536_is_assumed) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_open(b, RPORT, IRS);
  cr_expect_eq(b->events[b->num_events - 1].mss, 536);
  bench_delete(b);
}

Test(syn_received, ack_with_data_and_fin_opens_and_keeps_them) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_send(
      b, (seg_t){.rport = RPORT, .seq = IRS + 1, .ack = iss + 1, .flags = ACK | FIN, .len = 700});
  const event_t ev = bench_event(b);
  cr_expect_eq(ev.kind, EV_SEGMENT);
  cr_expect(ev.open);
  cr_expect_eq(ev.len, 700);
  bench_delete(b);
}

/* The segments right behind the ACK were looked up before the connection was there. */
Test(syn_received, segments_behind_the_ack_find_the_connection) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  for (uint16_t i = 0; i < 4; i++) {
    const uint32_t iss = bench_half_open(b, RPORT + i, IRS);
    for (unsigned k = 0; k < 8; k++)
      bench_offer(b, (seg_t){.rport = RPORT + i, .seq = IRS + 1, .ack = iss + 1, .flags = ACK});
    bench_settle(b);
    const event_t first = bench_event(b);
    cr_assert(first.open);
    cr_expect_eq(first.conn, i);
    for (unsigned k = 1; k < 8; k++)
      cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, first.conn);
  }
  bench_delete(b);
}

Test(syn_received, same_syn_is_answered_again_at_once) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const uint32_t iss = bench_expect_syn_ack(b, RPORT, IRS);
  seg_t again = full_syn;
  again.ts_val = 99;
  bench_wait_us(b, RTO_US / 2);
  bench_send(b, again);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.flags, SYN | ACK);
  cr_expect_eq(a.seq, iss, "the same number");
  cr_expect_eq(a.ts_ecr, 99, "the newer timestamp");
  cr_expect_eq(*b->tb->half_open_count_o, 1);
  cr_expect_eq(b->retransmits, 1);
  bench_complete(b, RPORT, IRS, iss);
  cr_expect_eq(b->events[b->num_events - 1].ts_recent, 99);
  bench_delete(b);
}

Test(syn_received, deadline_repeats_syn_ack_with_back_off_then_gives_up) {
  static const uint32_t waits_us[] = {RTO_US, 2 * RTO_US, 4 * RTO_US, RTO_MAX_US};
  bench_t *b = bench_new();

  bench_listen(b, 1);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  for (unsigned i = 0; i < 4; i++) {
    cr_assert(*b->tb->deadline_valid_o);
    cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + waits_us[i], "round %u", i);
    bench_wait_us(b, waits_us[i] - 1);
    cr_expect_eq(b->next_sent, b->num_sent, "not yet");
    bench_wait_us(b, 1);
    if (i < 3) cr_expect_eq(bench_expect_syn_ack(b, RPORT, IRS), iss);
  }
  cr_expect_eq(b->retransmits, 3);
  cr_expect_eq(*b->tb->half_open_count_o, 0, "given up");
  cr_expect_not(*b->tb->deadline_valid_o);
  bench_half_open(b, RPORT + 1, IRS); /* its place in the backlog is free */
  bench_delete(b);
}

Test(syn_received, deadline_in_a_jump_of_time_is_seen_once) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  for (uint16_t i = 0; i < 3; i++) bench_half_open(b, RPORT + i, IRS);
  bench_wait_us(b, 1000 * (uint64_t)RTO_MAX_US);
  cr_expect_eq(b->num_sent - b->next_sent, 3, "each once");
  b->next_sent = b->num_sent;
  bench_delete(b);
}

Test(syn_received, exact_rst_ends_it) {
  bench_t *b = bench_new();

  bench_listen(b, 1);
  bench_half_open(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = RST | ACK});
  bench_expect_event(b, EV_DISCARD);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  bench_wait_us(b, 10 * RTO_US);
  bench_half_open(b, RPORT, IRS + 1000);
  bench_delete(b);
}

Test(syn_received, blind_rst_is_ignored) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  for (uint32_t i = 0; i < 3; i += 2) {
    bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + i, .flags = RST});
    bench_expect_event(b, EV_DISCARD);
    bench_expect_drop(b, DROP_RST_BLIND);
  }
  bench_complete(b, RPORT, IRS, iss);
  bench_delete(b);
}

Test(syn_received, wrong_ack_is_reset_and_the_entry_stays) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .ack = iss, .flags = ACK});
  bench_expect_event(b, EV_NO_CONN);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .ack = iss + 2, .flags = ACK});
  bench_expect_event(b, EV_NO_CONN);
  bench_complete(b, RPORT, IRS, iss);
  bench_delete(b);
}

struct window_case {
  char why[48];
  uint32_t seq;
  uint16_t len;
  uint8_t flags;
  bool inside;
};

ParameterizedTestParameters(syn_received, acceptance_by_the_window) {
  static struct window_case cases[] = {
      {"one before", IRS, 0, ACK, false},
      {"last octet of the window", IRS + 65535u, 0, ACK, true},
      {"one past the window", IRS + 65536u, 0, ACK, false},
      {"old data", IRS - 99, 100, ACK, false},
      {"old data with one new octet", IRS - 99, 101, ACK, true},
      {"old data with a new FIN", IRS - 99, 100, ACK | FIN, true},
      {"data that begins past the window", IRS + 65536u, 10, ACK, false},
  };
  return cr_make_param_array(struct window_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct window_case *c, syn_received, acceptance_by_the_window) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_send(
      b, (seg_t){.rport = RPORT, .seq = c->seq, .ack = iss + 1, .flags = c->flags, .len = c->len});
  const event_t ev = bench_event(b);
  cr_expect_eq(ev.open, c->inside, "%s", c->why);
  if (!ev.open) {
    cr_expect_eq(ev.kind, EV_DISCARD);
    bench_expect_ack(b, RPORT, iss + 1, IRS + 1);
    bench_expect_drop(b, DROP_OUT_OF_WINDOW);
    bench_complete(b, RPORT, IRS, iss);
  }
  bench_delete(b);
}

Test(syn_received, old_timestamp_is_answered_by_ack) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_send(b, full_syn);
  bench_expect_event(b, EV_DISCARD);
  const uint32_t iss = bench_expect_syn_ack(b, RPORT, IRS);
  bench_send(
      b,
      (seg_t){
          .rport = RPORT, .seq = IRS + 1, .ack = iss + 1, .flags = ACK, .ts = true, .ts_val = 76});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_PAWS);
  cr_expect_eq(b->sent[b->next_sent].ts_ecr, 77);
  cr_expect(b->sent[b->next_sent].ts);
  cr_expect_eq(b->sent[b->next_sent].wnd, 65535 >> 3, "scaled, because scaling was agreed");
  bench_expect_ack(b, RPORT, iss + 1, IRS + 1);
  bench_complete(b, RPORT, IRS, iss);
  bench_delete(b);
}

Test(syn_received, another_syn_is_challenged_and_its_rst_ends_it) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 5000, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_BLIND);
  bench_expect_ack(b, RPORT, iss + 1, IRS + 1);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  bench_open(b, RPORT, IRS + 5000);
  bench_delete(b);
}

Test(syn_received, segment_without_ack_is_dropped) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = PSH, .len = 5});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_NO_ACK_BIT);
  bench_complete(b, RPORT, IRS, iss);
  bench_delete(b);
}

Test(syn_received, without_free_block_the_entry_waits) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  for (uint16_t i = 0; i < NUM_CONNS; i++) cr_expect_eq(bench_open(b, RPORT + i, IRS), i);
  const uint32_t iss = bench_half_open(b, RPORT + 100, IRS);
  const seg_t ack = {.rport = RPORT + 100, .seq = IRS + 1, .ack = iss + 1, .flags = ACK};
  bench_send(b, ack);
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_NO_FREE_CONN);
  cr_expect_eq(*b->tb->half_open_count_o, 1);
  bench_unlink(b, peer_key(RPORT + 5));
  bench_free(b, 5);
  cr_expect_eq(bench_complete(b, RPORT + 100, IRS, iss), 5);
  bench_delete(b);
}

Test(syn_received, full_buckets_keep_the_entry_and_the_block) {
  enum { PLACES = 8 };
  uint16_t ports[PLACES + 1];
  const uint32_t buckets = hash_of_key(peer_key(RPORT)) & 0x000f000f;
  bench_t *b = bench_new();
  unsigned found = 0;

  for (uint16_t port = RPORT; found < PLACES + 1; port++)
    if ((hash_of_key(peer_key(port)) & 0x000f000f) == buckets) ports[found++] = port;
  bench_listen(b, 8);
  for (unsigned i = 0; i < PLACES; i++) bench_open(b, ports[i], IRS);
  const uint32_t iss = bench_half_open(b, ports[PLACES], IRS);
  bench_send(b, (seg_t){.rport = ports[PLACES], .seq = IRS + 1, .ack = iss + 1, .flags = ACK});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_FLOW_FULL);
  cr_expect_eq(*b->tb->half_open_count_o, 1);
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS - PLACES, "the block was not used up");
  bench_unlink(b, peer_key(ports[3]));
  bench_complete(b, ports[PLACES], IRS, iss);
  bench_delete(b);
}

Test(syn_received, end_of_listening_resets_at_the_ack) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
  bench_settle(b);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .ack = iss + 1, .flags = ACK});
  bench_expect_event(b, EV_NO_CONN);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  bench_delete(b);
}

Test(syn_received, end_of_listening_stops_repeats) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_half_open(b, RPORT, IRS);
  bench_half_open(b, RPORT + 1, IRS);
  bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
  bench_settle(b);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_NO_CONN);
  bench_wait_us(b, RTO_US);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  cr_expect_not(*b->tb->deadline_valid_o);
  bench_delete(b);
}

/* The backlog of a port that is listened on again still counts those of before. */
Test(syn_received, listening_again_keeps_the_count) {
  bench_t *b = bench_new();

  bench_listen(b, 2);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_half_open(b, RPORT + 1, IRS);
  bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
  for (uint16_t i = 1; i < NUM_LISTENERS; i++) bench_command(b, CMD_LISTEN, 0, 9, PORT + i, i);
  bench_command(b, CMD_LISTEN, 0, 9, PORT + 9, 77);
  bench_settle(b);
  const ntf_t refused = bench_ntf(b);
  cr_expect(refused.refused);
  cr_expect_eq(refused.reason, REASON_LISTEN_FULL, "its place is not free yet");
  cr_expect_eq(refused.tag, 77);
  bench_listen(b, 2);
  bench_send(b, (seg_t){.rport = RPORT + 2, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_BACKLOG);
  bench_complete(b, RPORT, IRS, iss);
  bench_half_open(b, RPORT + 2, IRS);
  bench_delete(b);
}

Test(syn_received, held_answers_hold_syns_but_nothing_is_lost) {
  enum { SYNS = 3 }; /* one answered, two that wait */
  bench_t *b = bench_new();

  bench_listen(b, 100);
  b->hold_tx = true;
  for (uint16_t i = 0; i < SYNS; i++)
    bench_offer(b, (seg_t){.rport = RPORT + i, .seq = IRS, .flags = SYN});
  for (unsigned i = 0; i < 200; i++) bench_tick(b);
  cr_expect_eq(b->num_sent, 0);
  b->hold_tx = false;
  bench_settle(b);
  for (uint16_t i = 0; i < SYNS; i++) {
    bench_expect_event(b, EV_DISCARD);
    bench_expect_syn_ack(b, RPORT + i, IRS);
  }
  bench_delete(b);
}
