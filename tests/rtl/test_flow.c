/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_flow as a whole: rate, latency, order, what never waits, and random traffic against a list of
 * peers.
 * tb: top=tb_flow widths=64,128,256,512
 */
#include "flow_bench.h"

enum { RPORT = 6000, LPORT = 50000, IRS = 0x7000 };

/* As many as frames of 60 octets can bring. */
Test(flow, known_flows_pass_at_line_rate_within_twelve) {
  enum { SEGMENTS = 200, CONNS = 4, INTERVAL = 512 / DATA_WIDTH };
  bench_t *b = bench_new();

  bench_listen(b, 8);
  for (uint16_t i = 0; i < CONNS; i++) bench_open(b, RPORT + i, IRS);
  const uint64_t start = b->tb->cycles;
  for (uint32_t i = 0; i < SEGMENTS; i++) {
    const seg_t s = {.rport = (uint16_t)(RPORT + i % CONNS), .seq = i, .flags = ACK};
    bench_set_seg(b, &s);
    *b->tb->seg_valid_i = 1;
    for (unsigned cycle = 0; cycle < INTERVAL; cycle++) {
      tb_tb_flow_eval(b->tb);
      const bool taken = *b->tb->seg_ready_o;
      bench_tick(b);
      if (taken) *b->tb->seg_valid_i = 0;
    }
    cr_assert(!*b->tb->seg_valid_i, "segment %u", i);
  }
  bench_settle(b);
  for (uint32_t i = 0; i < SEGMENTS; i++) {
    const event_t ev = bench_expect_event(b, EV_SEGMENT);
    cr_expect_eq(ev.seq, i);
    cr_expect_eq(ev.conn, i % CONNS);
    const uint64_t cycles = ev.cycle - start - (uint64_t)i * INTERVAL;
    cr_expect_leq(cycles, 12, "segment %u, %u cycles", i, (unsigned)cycles);
  }
  bench_delete(b);
}

Test(flow, unlinked_flow_is_unknown_and_can_come_again) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint16_t first = bench_open(b, RPORT, IRS);
  bench_unlink(b, peer_key(RPORT));
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .ack = 1, .flags = ACK});
  bench_expect_event(b, EV_NO_CONN);
  const uint16_t second = bench_open(b, RPORT, IRS + 1000);
  cr_expect_neq(first, second, "the first was not given back");
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .ack = 1, .flags = ACK});
  cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, second);
  bench_delete(b);
}

Test(flow, reset_of_one_cycle_forgets_an_unlink) {
  bench_t *b = bench_new();

  *b->tb->unlink_key_i = peer_key(RPORT);
  *b->tb->unlink_hash_i = (uint32_t)hash_of_key(peer_key(RPORT));
  *b->tb->unlink_valid_i = 1;
  bench_tick(b);
  *b->tb->unlink_valid_i = 0;
  *b->tb->rst_i = 1;
  bench_tick(b);
  *b->tb->rst_i = 0;
  for (unsigned i = 0; i < 2000; i++) {
    tb_tb_flow_eval(b->tb);
    cr_assert_not(*b->tb->unlink_ready_o, "done, and nobody had asked");
    bench_tick(b);
  }
  bench_delete(b);
}

Test(flow, unlink_of_an_unknown_flow_changes_nothing) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint16_t conn = bench_open(b, RPORT, IRS);
  bench_unlink(b, peer_key(RPORT + 1));
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .ack = 1, .flags = ACK});
  cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, conn);
  bench_delete(b);
}

/* Offers a segment again and again until it waits for good, and goes on offering it.  Returns how
 * many that makes. */
static unsigned fill(bench_t *b, seg_t s) {
  unsigned count = 1;

  bench_set_seg(b, &s);
  *b->tb->seg_valid_i = 1;
  for (unsigned waited = 0; waited < 40; waited++) {
    tb_tb_flow_eval(b->tb);
    if (*b->tb->seg_ready_o) {
      count++;
      waited = 0;
    }
    bench_tick(b);
    cr_assert_lt(count, 40, "nothing holds the segments");
  }
  return count;
}

/* Nothing holds anything any more, and the segment of fill() is taken as well. */
static void release(bench_t *b) {
  const uint64_t start = b->tb->cycles;
  bool taken = false;

  b->hold_rx = b->hold_tx = b->hold_ntf = b->hold_cmd = false;
  while (*b->tb->seg_valid_i && !taken) {
    tb_tb_flow_eval(b->tb);
    taken = *b->tb->seg_ready_o;
    bench_tick(b);
    cr_assert_lt(b->tb->cycles, start + 1000, "segment never taken");
  }
  *b->tb->seg_valid_i = 0;
  b->drops[DROP_TIME_WAIT_EVICT] = 0;
  bench_settle(b);
}

/* Whatever is stuck, what the control blocks give back is taken (bench_give() says within what). */
static void give_back_everything(bench_t *b) {
  for (uint16_t i = 0; i < 40; i++) {
    bench_time_wait(b, peer_key((uint16_t)(20000 + i)), 1, 2, false, 0);
    bench_unlink(b, peer_key((uint16_t)(20000 + i)));
    bench_free(b, i % NUM_CONNS);
  }
}

static void release_and_check(bench_t *b, unsigned events, unsigned passed) {
  release(b);
  cr_expect_eq(b->num_events - b->next_event, events);
  cr_expect_eq(b->num_passed - b->next_passed, passed);
  b->next_event = b->num_events;
  b->next_sent = b->num_sent;
  b->next_ntf = b->num_ntfs;
  b->next_passed = b->num_passed;
  b->drops[DROP_TIME_WAIT_EVICT] = 0;
  bench_delete(b);
}

Test(flow, gives_back_while_a_known_segment_waits) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_open(b, RPORT, IRS);
  b->hold_rx = b->hold_tx = b->hold_ntf = b->hold_cmd = true;
  const unsigned count = fill(b, (seg_t){.rport = RPORT, .ack = 1, .flags = ACK});
  give_back_everything(b);
  release_and_check(b, count, 0);
}

Test(flow, gives_back_while_a_syn_waits_for_its_answer) {
  bench_t *b = bench_new();

  bench_listen(b, 80);
  b->hold_tx = b->hold_ntf = b->hold_cmd = true;
  const unsigned count = fill(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  cr_expect_gt(count, 1, "the first is answered");
  give_back_everything(b);
  release_and_check(b, count, 0);
}

Test(flow, gives_back_while_a_new_connection_waits) {
  bench_t *b = bench_new();

  bench_listen(b, 80);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  b->hold_rx = b->hold_tx = b->hold_ntf = b->hold_cmd = true;
  const unsigned count =
      fill(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .ack = iss + 1, .flags = ACK});
  for (uint16_t i = 1; i < 20; i++) {
    bench_time_wait(b, peer_key((uint16_t)(20000 + i)), 1, 2, false, 0);
    bench_unlink(b, peer_key((uint16_t)(20000 + i)));
    bench_free(b, i % NUM_CONNS); /* not in use: nothing happens */
  }
  release(b);
  const event_t ev = bench_event(b);
  cr_expect(ev.open);
  cr_expect_eq(ev.iss, iss);
  for (unsigned i = 1; i < count; i++)
    cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, ev.conn);
  bench_delete(b);
}

Test(flow, gives_back_while_a_command_waits) {
  bench_t *b = bench_new();

  b->hold_rx = b->hold_tx = b->hold_ntf = b->hold_cmd = true;
  bench_command(b, CMD_CONNECT, 0, 0, key_of(PEER_IP, RPORT, LPORT), 1);
  for (unsigned i = 0; i < 40; i++) bench_tick(b);
  for (uint16_t i = 1; i < 20; i++) {
    bench_time_wait(b, peer_key((uint16_t)(20000 + i)), 1, 2, false, 0);
    bench_unlink(b, peer_key((uint16_t)(20000 + i)));
    bench_free(b, i % NUM_CONNS == 0 ? 1 : i % NUM_CONNS);
  }
  release_and_check(b, 0, 1);
}

/* A segment may come at any moment of the change: it finds the connection or the record. */
Test(flow, connection_gives_way_to_its_record_without_a_gap) {
  enum { SEGMENTS = 40 };

  for (unsigned delay = 0; delay < 20; delay++) {
    bench_t *b = bench_new();
    unsigned sent = 0, step = 0;

    bench_listen(b, 8);
    bench_open(b, RPORT, IRS);
    bench_set_time_wait(b, peer_key(RPORT), 1, 2, false, 0);
    *b->tb->unlink_key_i = peer_key(RPORT);
    *b->tb->unlink_hash_i = (uint32_t)hash_of_key(peer_key(RPORT));
    for (unsigned cycle = 0; sent < SEGMENTS || step < 2; cycle++) {
      cr_assert_lt(cycle, 1000);
      const seg_t s = {.rport = RPORT, .seq = sent, .flags = RST};
      bench_set_seg(b, &s);
      *b->tb->seg_valid_i = sent < SEGMENTS;
      *b->tb->time_wait_valid_i = cycle >= delay && step == 0;
      *b->tb->unlink_valid_i = step == 1;
      tb_tb_flow_eval(b->tb);
      sent += *b->tb->seg_valid_i && *b->tb->seg_ready_o;
      step += (*b->tb->time_wait_valid_i && *b->tb->time_wait_ready_o) ||
              (*b->tb->unlink_valid_i && *b->tb->unlink_ready_o);
      bench_tick(b);
    }
    *b->tb->seg_valid_i = 0;
    *b->tb->unlink_valid_i = 0;
    bench_settle(b);
    unsigned ignored = 0;
    for (unsigned i = 0; i < SEGMENTS; i++) {
      const event_t ev = bench_event(b);
      cr_assert_eq(ev.seq, i);
      cr_assert_neq(ev.kind, EV_NO_CONN, "segment %u, delay %u", i, delay);
      ignored += ev.kind == EV_DISCARD;
    }
    cr_expect_gt(ignored, 0);
    if (delay > 10) cr_expect_lt(ignored, SEGMENTS, "delay %u", delay);
    cr_expect_eq(b->drops[DROP_RST_BLIND], ignored);
    b->drops[DROP_RST_BLIND] = 0;
    bench_delete(b);
  }
}

Test(flow, deadlines_are_known_before_it_is_idle) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_half_open(b, RPORT, IRS);
  cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + RTO_US);
  bench_time_wait(b, peer_key(RPORT + 1), 1, 2, false, 0);
  bench_settle(b);
  cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + RTO_US, "the earlier of two");
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS + 1, .flags = RST});
  bench_expect_event(b, EV_DISCARD);
  bench_wait_us(b, RTO_US);
  cr_expect_eq(*b->tb->deadline_us_o, *b->tb->now_us_i + TIME_WAIT_US - RTO_US);
  bench_delete(b);
}

/* ---- Random traffic -------------------------------------------------------------------------- */

enum { PEERS = 24, BURST = 60, BURSTS = 40 };

enum peer_state { CLOSED, HALF_OPEN, OPEN };

struct peer {
  uint16_t port, conn;
  enum peer_state state;
  uint32_t irs, iss;
};

struct expected {
  struct peer *peer;
  uint8_t kind;
  bool open;
};

/* The peers, and what their segments must give, in order. */
struct traffic {
  bench_t *b;
  struct peer peers[PEERS];
  struct expected expected[BURST];
  unsigned count, open_count;
};

static unsigned half_open_in_set(const struct traffic *t, const struct peer *p) {
  unsigned count = 0;

  for (unsigned i = 0; i < PEERS; i++) {
    const struct peer *q = &t->peers[i];
    const uint64_t sets = CACHE_SIZE / 4;
    count += q->state == HALF_OPEN &&
             hash_of_key(peer_key(q->port)) % sets == hash_of_key(peer_key(p->port)) % sets;
  }
  return count;
}

/* One random segment of one random peer, and what it does to the list. */
static seg_t random_segment(struct traffic *t, uint32_t number) {
  struct peer *p = &t->peers[tb_random_below(&t->b->rng, PEERS)];
  struct expected *e = &t->expected[t->count++];
  seg_t s = {.rport = p->port, .len = (uint16_t)number};

  *e = (struct expected){.peer = p, .kind = EV_SEGMENT};
  switch (p->state) {
    case CLOSED:
      if (tb_random_below(&t->b->rng, 4) == 0) { /* a stray ACK */
        e->kind = EV_NO_CONN;
        s.flags = ACK;
        break;
      }
      e->kind = EV_DISCARD;
      s.flags = SYN;
      s.seq = tb_random(&t->b->rng);
      if (half_open_in_set(t, p) == 4) break;
      p->state = HALF_OPEN;
      p->irs = s.seq;
      p->iss = (uint32_t)((hash_of_key(peer_key(p->port)) >> 32) + (*t->b->tb->now_us_i >> 2));
      break;
    case HALF_OPEN:
      e->kind = EV_DISCARD;
      s.seq = p->irs + 1;
      switch (tb_random_below(&t->b->rng, 6)) {
        case 0:
          s.flags = RST;
          p->state = CLOSED;
          break;
        case 1:
          s.flags = SYN;
          s.seq = p->irs;
          break;
        case 2:
          s.flags = ACK;
          s.ack = p->iss + 2;
          e->kind = EV_NO_CONN;
          break;
        default:
          s.flags = ACK;
          s.ack = p->iss + 1;
          if (t->open_count == NUM_CONNS) break;
          t->open_count++;
          p->state = OPEN;
          e->kind = EV_SEGMENT;
          e->open = true;
      }
      break;
    case OPEN:
      s.flags = (uint8_t)tb_random_below(&t->b->rng, 64);
      break;
  }
  return s;
}

static void check_burst(struct traffic *t, unsigned burst) {
  cr_assert_eq(t->b->num_events - t->b->next_event, t->count, "burst %u", burst);
  for (unsigned i = 0; i < t->count; i++) {
    const event_t ev = bench_event(t->b);
    struct peer *p = t->expected[i].peer;

    cr_assert_eq(ev.kind, t->expected[i].kind, "burst %u, segment %u: %u, not %u", burst, i,
                 ev.kind, t->expected[i].kind);
    cr_assert_eq(ev.len, i, "order");
    cr_assert_eq(ev.open, t->expected[i].open, "burst %u, segment %u", burst, i);
    if (ev.open) {
      p->conn = ev.conn;
      cr_assert_eq(ev.iss, p->iss);
    }
    if (ev.kind == EV_SEGMENT) cr_assert_eq(ev.conn, p->conn, "burst %u, segment %u", burst, i);
  }
  t->count = 0;
}

Test(flow, random_traffic_matches_the_list_of_peers) {
  struct traffic *t = calloc(1, sizeof *t);
  bench_t *b = t->b = bench_new();
  tb_gate_t offer = {.pattern = TB_BURSTS};

  for (uint16_t i = 0; i < PEERS; i++) t->peers[i].port = (uint16_t)(RPORT + 131 * i);
  bench_listen(b, 1000);
  for (unsigned burst = 0; burst < BURSTS; burst++) {
    b->rx_gate.pattern = (tb_pattern_t)(burst % TB_PATTERN_COUNT);
    b->tx_gate.pattern = (tb_pattern_t)(burst / TB_PATTERN_COUNT % TB_PATTERN_COUNT);
    for (uint32_t i = 0; i < BURST; i++) {
      while (!tb_gate_next(&offer, &b->rng)) bench_tick(b);
      bench_offer(b, random_segment(t, i));
    }
    bench_settle(b);
    check_burst(t, burst);
    for (unsigned i = 0; i < PEERS; i++) { /* some connections end */
      struct peer *p = &t->peers[i];
      if (p->state != OPEN || tb_random_below(&b->rng, 3) == 0) continue;
      bench_unlink(b, peer_key(p->port));
      bench_free(b, p->conn);
      p->state = CLOSED;
      t->open_count--;
    }
    bench_settle(b);
    cr_assert_eq(*b->tb->free_count_o, NUM_CONNS - t->open_count);
    b->num_sent = b->next_sent = b->num_events = b->next_event = 0;
  }
  memset(b->drops, 0, sizeof b->drops);
  bench_delete(b);
  free(t);
}
