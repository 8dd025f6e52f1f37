/* SPDX-License-Identifier: Apache-2.0
 *
 * TIME-WAIT as records without a control block, in toe_flow.
 * tb: top=tb_flow
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "flow_bench.h"

enum { RPORT = 5000, SND_NXT = 0x10000000, IRS = 0x20000000 };
#define RCV_NXT 0xffffffffu

static bench_t *new_with_record(bool ts_ok, uint32_t ts_recent) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_time_wait(b, peer_key(RPORT), SND_NXT, RCV_NXT, ts_ok, ts_recent);
  bench_settle(b);
  cr_assert_eq(*b->tb->time_wait_count_o, 1);
  return b;
}

/* The record still answers. */
static void expect_record(bench_t *b) {
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT, .ack = SND_NXT, .flags = ACK, .len = 1});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_AFTER_CLOSE);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
}

Test(time_wait, fin_again_is_acknowledged_and_restarts) {
  bench_t *b = new_with_record(false, 0);

  bench_wait_us(b, TIME_WAIT_US - 1);
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT - 1, .ack = SND_NXT, .flags = ACK | FIN});
  bench_expect_event(b, EV_DISCARD);
  cr_expect_eq(b->sent[b->next_sent].wnd, 1234);
  cr_expect_not(b->sent[b->next_sent].ts);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  bench_wait_us(b, TIME_WAIT_US - 1);
  cr_expect_eq(*b->tb->time_wait_count_o, 1);
  cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + 1);
  bench_wait_us(b, 1);
  cr_expect_eq(*b->tb->time_wait_count_o, 0);
  bench_delete(b);
}

Test(time_wait, fin_with_data_again_is_acknowledged_and_restarts) {
  bench_t *b = new_with_record(false, 0);

  bench_wait_us(b, TIME_WAIT_US / 2);
  bench_send(
      b, (seg_t){
             .rport = RPORT, .seq = RCV_NXT - 101, .ack = SND_NXT, .flags = ACK | FIN, .len = 100});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  bench_wait_us(b, TIME_WAIT_US / 2);
  expect_record(b);
  bench_delete(b);
}

Test(time_wait, another_fin_is_acknowledged_and_does_not_restart) {
  bench_t *b = new_with_record(false, 0);

  bench_wait_us(b, TIME_WAIT_US / 2);
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT + 9, .ack = SND_NXT, .flags = ACK | FIN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_OUT_OF_WINDOW);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  bench_wait_us(b, TIME_WAIT_US / 2);
  cr_expect_eq(*b->tb->time_wait_count_o, 0);
  bench_delete(b);
}

Test(time_wait, timestamps_are_echoed_and_renewed) {
  bench_t *b = new_with_record(true, 500);
  const seg_t fin = {.rport = RPORT,
                     .seq = RCV_NXT - 1,
                     .ack = SND_NXT,
                     .flags = ACK | FIN,
                     .ts = true,
                     .ts_val = 600};

  for (unsigned i = 0; i < 2; i++) {
    bench_send(b, fin);
    bench_expect_event(b, EV_DISCARD);
    const sent_t a = bench_sent(b);
    cr_expect(a.ts);
    cr_expect_eq(a.ts_val, 0x123456789 >> 8);
    cr_expect_eq(a.ts_ecr, i == 0 ? 500 : 600);
  }
  bench_delete(b);
}

Test(time_wait, data_is_acknowledged_empty_segment_is_not) {
  bench_t *b = new_with_record(false, 0);

  expect_record(b);
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT - 5, .ack = SND_NXT, .flags = ACK});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_AFTER_CLOSE);
  bench_delete(b);
}

Test(time_wait, rst_is_ignored) {
  bench_t *b = new_with_record(false, 0);

  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_RST_BLIND);
  expect_record(b);
  bench_delete(b);
}

Test(time_wait, segment_without_ack_is_dropped) {
  bench_t *b = new_with_record(false, 0);

  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT, .flags = FIN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_NO_ACK_BIT);
  bench_delete(b);
}

Test(time_wait, after_2msl_the_flow_is_unknown) {
  bench_t *b = new_with_record(false, 0);

  cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + TIME_WAIT_US);
  bench_wait_us(b, TIME_WAIT_US);
  cr_expect_not(*b->tb->deadline_valid_o);
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT, .ack = SND_NXT, .flags = ACK, .len = 1});
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

/* RFC 6191 section 2: which SYN opens the connection anew. */
struct reuse_case {
  char why[48];
  bool ts_before, ts_now, reused;
  uint32_t seq, ts_val;
};

ParameterizedTestParameters(time_wait, reuse_by_a_newer_syn) {
  static struct reuse_case cases[] = {
      {"newer number", false, false, true, RCV_NXT + 1u, 0},
      {"same number", false, false, false, RCV_NXT, 0},
      {"older number", false, false, false, RCV_NXT - 1000u, 0},
      {"timestamp where there was none, older number", false, true, true, RCV_NXT - 1000u, 1},
      {"newer timestamp, older number", true, true, true, RCV_NXT - 1000u, 501},
      {"same timestamp, newer number", true, true, true, RCV_NXT + 1u, 500},
      {"same timestamp, older number", true, true, false, RCV_NXT - 1000u, 500},
      {"older timestamp, newer number", true, true, false, RCV_NXT + 1u, 499},
      {"timestamp missing, newer number", true, false, true, RCV_NXT + 1u, 0},
      {"timestamp missing, older number", true, false, false, RCV_NXT - 1000u, 0},
  };
  return cr_make_param_array(struct reuse_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct reuse_case *c, time_wait, reuse_by_a_newer_syn) {
  bench_t *b = new_with_record(c->ts_before, 500);

  bench_send(
      b,
      (seg_t){.rport = RPORT, .seq = c->seq, .flags = SYN, .ts = c->ts_now, .ts_val = c->ts_val});
  bench_expect_event(b, EV_DISCARD);
  cr_expect_eq(*b->tb->half_open_count_o, c->reused, "%s", c->why);
  if (c->reused) {
    bench_expect_syn_ack(b, RPORT, c->seq);
  } else {
    bench_expect_drop(b, DROP_SYN_BLIND);
    bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  }
  bench_delete(b);
}

Test(time_wait, new_connection_begins_beyond_the_old_numbers) {
  for (unsigned i = 0; i < 2; i++) {
    bench_t *b = bench_new();
    const uint32_t isn = (uint32_t)((hash_of_key(peer_key(RPORT)) >> 32) + (0x123456789 >> 2));
    const uint32_t snd_nxt = i == 0 ? isn - 1 : isn;

    bench_listen(b, 8);
    bench_time_wait(b, peer_key(RPORT), snd_nxt, RCV_NXT, false, 0);
    const uint32_t iss = bench_half_open(b, RPORT, IRS);
    cr_expect_eq(iss, i == 0 ? isn : isn + 65536);
    cr_expect_gt((int32_t)(iss - snd_nxt), 0);
    bench_delete(b);
  }
}

Test(time_wait, finished_handshake_removes_the_record) {
  bench_t *b = new_with_record(false, 0);

  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  cr_expect_eq(*b->tb->time_wait_count_o, 1);
  bench_complete(b, RPORT, IRS, iss);
  cr_expect_eq(*b->tb->time_wait_count_o, 0);
  cr_expect_not(*b->tb->deadline_valid_o && *b->tb->deadline_us_o < *b->tb->now_us_i);
  bench_unlink(b, peer_key(RPORT));
  bench_send(b, (seg_t){.rport = RPORT, .seq = RCV_NXT, .ack = SND_NXT, .flags = ACK, .len = 1});
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

/* RFC 9293 section 3.10.7.4, MAY-2 (2): back to TIME-WAIT when the SYN was an old duplicate. */
Test(time_wait, syn_that_is_reset_leaves_the_record) {
  bench_t *b = new_with_record(false, 0);

  bench_half_open(b, RPORT, IRS);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  expect_record(b);
  bench_delete(b);
}

Test(time_wait, syn_for_a_port_nobody_listens_on_is_challenged) {
  bench_t *b = new_with_record(false, 0);

  bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
  bench_settle(b);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_BLIND);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  bench_delete(b);
}

Test(time_wait, syn_with_ack_is_challenged) {
  bench_t *b = new_with_record(false, 0);

  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .ack = 5, .flags = SYN | ACK});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_SYN_BLIND);
  bench_expect_ack(b, RPORT, SND_NXT, RCV_NXT);
  bench_delete(b);
}

/* Peer ports whose records share a set. */
static void same_set_ports(uint16_t *ports, unsigned count) {
  const uint64_t set = hash_of_key(peer_key(RPORT)) % (CACHE_SIZE / 4);
  uint16_t port = RPORT;

  for (unsigned found = 0; found < count; port++)
    if (hash_of_key(peer_key(port)) % (CACHE_SIZE / 4) == set) ports[found++] = port;
}

static bool has_record(bench_t *b, uint16_t port) {
  bench_send(b, (seg_t){.rport = port, .seq = RCV_NXT, .flags = RST});
  const bool found = bench_event(b).kind == EV_DISCARD;
  if (found) bench_expect_drop(b, DROP_RST_BLIND);
  return found;
}

Test(time_wait, full_set_gives_up_its_oldest_record) {
  enum { WAYS = 4, RECORDS = 11 };
  bench_t *b = bench_new();
  uint16_t ports[RECORDS];

  same_set_ports(ports, RECORDS);
  for (unsigned i = 0; i < RECORDS; i++) {
    bench_time_wait(b, peer_key(ports[i]), SND_NXT, RCV_NXT, false, 0);
    bench_settle(b);
    if (i >= WAYS) bench_expect_drop(b, DROP_TIME_WAIT_EVICT);
    for (unsigned k = 0; k <= i; k++)
      cr_expect_eq(has_record(b, ports[k]), k + WAYS > i, "record %u after %u", k, i);
  }
  cr_expect_eq(*b->tb->time_wait_count_o, WAYS);
  bench_wait_us(b, TIME_WAIT_US);
  cr_expect_eq(*b->tb->time_wait_count_o, 0);
  bench_delete(b);
}

Test(time_wait, record_of_the_same_flow_is_replaced) {
  bench_t *b = new_with_record(false, 0);

  bench_time_wait(b, peer_key(RPORT), SND_NXT + 10, RCV_NXT + 20u, false, 0);
  bench_settle(b);
  cr_expect_eq(*b->tb->time_wait_count_o, 1);
  bench_send(b,
             (seg_t){.rport = RPORT, .seq = RCV_NXT + 20u, .ack = SND_NXT, .flags = ACK, .len = 1});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_AFTER_CLOSE);
  bench_expect_ack(b, RPORT, SND_NXT + 10, RCV_NXT + 20u);
  bench_delete(b);
}

/* Both are compared in the same place: neither may be taken for the other, whenever they come. */
Test(time_wait, record_is_replaced_while_another_flow_is_looked_up) {
  for (unsigned delay = 0; delay < 24; delay++) {
    bench_t *b = new_with_record(false, 0);
    const seg_t stray = {.rport = RPORT + 1, .flags = ACK};
    bool taken = false, put = false;

    bench_set_seg(b, &stray);
    bench_set_time_wait(b, peer_key(RPORT), SND_NXT, RCV_NXT, false, 0);
    for (unsigned cycle = 0; !taken || !put; cycle++) {
      cr_assert_lt(cycle, 1000);
      *b->tb->seg_valid_i = !taken;
      *b->tb->time_wait_valid_i = cycle >= delay && !put;
      tb_tb_flow_eval(b->tb);
      taken |= *b->tb->seg_valid_i && *b->tb->seg_ready_o;
      put |= *b->tb->time_wait_valid_i && *b->tb->time_wait_ready_o;
      bench_tick(b);
      *b->tb->seg_valid_i = *b->tb->time_wait_valid_i = 0;
    }
    bench_settle(b);
    bench_expect_event(b, EV_NO_CONN);
    cr_expect_eq(*b->tb->time_wait_count_o, 1, "delay %u", delay);
    expect_record(b);
    bench_delete(b);
  }
}

Test(time_wait, records_end_each_at_its_own_time) {
  enum { RECORDS = 6 };
  bench_t *b = bench_new();

  for (uint16_t i = 0; i < RECORDS; i++) {
    bench_time_wait(b, peer_key((uint16_t)(RPORT + i * 7)), SND_NXT, RCV_NXT, false, 0);
    bench_wait_us(b, 1000);
  }
  const unsigned evicted = b->drops[DROP_TIME_WAIT_EVICT];
  b->drops[DROP_TIME_WAIT_EVICT] = 0;
  for (unsigned left = RECORDS - evicted; left > 0; left--) {
    cr_assert_eq(*b->tb->time_wait_count_o, left);
    cr_assert(*b->tb->deadline_valid_o);
    const uint64_t wait_us = *b->tb->deadline_us_o - *b->tb->now_us_i;
    cr_expect_leq(wait_us, TIME_WAIT_US);
    bench_wait_us(b, wait_us);
  }
  cr_expect_eq(*b->tb->time_wait_count_o, 0);
  bench_delete(b);
}
