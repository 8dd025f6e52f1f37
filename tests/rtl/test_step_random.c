/* SPDX-License-Identifier: Apache-2.0
 *
 * step() against chance: nonsense from the wire and the host, and two engines over a bad link.
 * tb: top=tb_step
 */
#include <stdlib.h>

#include "step_bench.h"

/* --- Nonsense --- */

static const char *const FLAGS[] = {"A",  "A", "A",  "A",  "PA", "FA", "S",
                                    "SA", "R", "RA", "UA", "F",  ""};

/* A number near one of the places where decisions change. */
static uint32_t near_edge(tb_rng_t *rng, const rtl_tcb_t *t, bool receive) {
  const uint32_t places[2][6] = {
      {t->snd_una, t->snd_nxt, t->snd_max, t->snd_end, t->recover, t->snd_una + t->snd_wnd},
      {t->rcv_nxt, t->rcv_adv, t->rcv_read, t->ooo[0].left, t->ooo[1].right, t->fin_seq},
  };
  uint32_t place = places[receive][tb_random_below(rng, 6)];

  switch (tb_random_below(rng, 4)) {
    case 0:
      return place;
    case 1:
      return place + tb_random_below(rng, 5) - 2;
    case 2:
      return place + tb_random_below(rng, 4000) - 2000;
    default:
      return tb_random_below(rng, 8) == 0 ? tb_random(rng) : place + tb_random_below(rng, 40000);
  }
}

static void random_segment(bench_t *b, tb_rng_t *rng) {
  seg_t seg = {
      .flags = FLAGS[tb_random_below(rng, sizeof FLAGS / sizeof *FLAGS)],
      .seq = near_edge(rng, &b->tcb, true) - PEER_ISS,
      .ack = near_edge(rng, &b->tcb, false) - OUR_ISS,
      .urg = (uint16_t)tb_random(rng),
  };
  static const uint16_t lengths[] = {0, 0, 1, 10, 100, 1000, MSS};

  if (seg.flags[0] == 'R' && tb_random_below(rng, 8) != 0) seg.flags = "A";
  seg.len = lengths[tb_random_below(rng, sizeof lengths / sizeof *lengths)];
  seg.opt.ts_valid = tb_random_below(rng, 8) != 0;
  seg.opt.ts_val = b->tcb.ts_recent + tb_random_below(rng, 20) - 2;
  seg.opt.wscale_valid = tb_random_below(rng, 2) != 0;
  seg.opt.wscale = (uint8_t)tb_random_below(rng, 15);
  seg.opt.mss_valid = tb_random_below(rng, 2) != 0;
  seg.opt.mss = (uint16_t)tb_random(rng);
  seg.opt.sack_permitted = tb_random_below(rng, 2) != 0;
  b->peer_wnd =
      tb_random_below(rng, 4) == 0 ? tb_random_below(rng, 3) : tb_random_below(rng, 65536);
  rx_only_segment(b, seg);
}

static void random_command(bench_t *b, tb_rng_t *rng) {
  static const uint8_t ops[] = {CmdSend,     CmdSend,  CmdSend,    CmdReceived, CmdReceived,
                                CmdReceived, CmdQuery, CmdSetOpts, CmdShutdown, CmdAbort};
  rtl_cmd_t cmd = {
      .op = ops[tb_random_below(rng, sizeof ops)],
      .flags = (uint8_t)tb_random_below(rng, 4),
      .user_timeout_us = tb_random_below(rng, 3) == 0 ? tb_random_below(rng, 10000000) : 0,
      .opts = {.quickack = tb_random(rng) & 1,
               .keepalive = tb_random(rng) & 1,
               .cork = tb_random(rng) & 1,
               .nodelay = tb_random(rng) & 1},
  };

  if (cmd.op == CmdAbort && tb_random_below(rng, 16) != 0) cmd.op = CmdSend;
  if (cmd.op == CmdShutdown && tb_random_below(rng, 3) != 0) cmd.op = CmdSend;
  cmd.value = cmd.op == CmdSend ? b->tcb.snd_end + tb_random_below(rng, 5000)
                                : b->tcb.rcv_read + tb_random_below(rng, 5000);
  if (cmd.op == CmdReceived && tb_random_below(rng, 2) == 0) cmd.value = b->tcb.rcv_nxt;
  command_only(b, cmd);
}

static void random_event(bench_t *b, tb_rng_t *rng) {
  b->now_us += tb_random_below(rng, 4) == 0 ? tb_random_below(rng, 300000) : 10;
  switch (tb_random_below(rng, 8)) {
    case 0:
    case 1:
    case 2:
      random_segment(b, rng);
      break;
    case 3:
    case 4:
      random_command(b, rng);
      break;
    case 5:
      b->ev = (rtl_tcb_event_t){.kind = EvTimer};
      run_event(b);
      break;
    case 6:
      notified(b);
      break;
    default:
      if (b->send_waits) grant_once(b);
  }
  b->sent_count = 0;
}

/* The rules of check_rules hold after every event, and the connection can always be given back. */
Test(random, nonsense_breaks_no_rule) {
  tb_rng_t rng = tb_rng(tb_seed());
  bench_t b = new_bench();
  unsigned states[TcpTimeWait + 1] = {0};

  for (unsigned run = 0; run < 1500; run++) {
    rtl_tcb_open_t open = {
        .passive = tb_random(&rng) & 1,
        .key = KEY,
        .iss = OUR_ISS,
        .irs = PEER_ISS,
        .peer_mss = (uint16_t)tb_random(&rng),
        .wscale_ok = tb_random(&rng) & 1,
        .snd_wscale = (uint8_t)tb_random_below(&rng, 15),
        .sack_ok = tb_random(&rng) & 1,
        .ts_ok = tb_random(&rng) & 1,
        .ts_recent = tb_random(&rng),
    };
    if (!open.wscale_ok) open.snd_wscale = 0;
    b.peer_wnd = PEER_WND;
    b.ev = (rtl_tcb_event_t){.kind = open.passive ? EvSegment : EvCommand,
                             .cmd = {.op = CmdConnect},
                             .open_valid = 1,
                             .open = open};
    b.ev.seg = wire_segment(
        &b,
        (seg_t){
            .flags = "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = open.ts_recent}});
    run_event(&b);
    for (unsigned i = 0; i < 200; i++) {
      random_event(&b, &rng);
      states[b.tcb.state]++;
    }
    if (!finished(&b.tcb)) command_only(&b, (rtl_cmd_t){.op = CmdAbort});
    cr_assert(finished(&b.tcb));
    command_only(&b, (rtl_cmd_t){.op = CmdRelease});
    if (b.send_waits) grant_once(&b);
    notified(&b);
    cr_assert_eq(b.frees, run + 1);
    cr_assert_eq(b.unlinks, run + 1);
    b.sent_count = 0;
  }
  for (unsigned state = TcpSynSent; state <= TcpTimeWait; state++)
    cr_expect_gt(states[state], 0, "never in %s", rtl_tcp_state_e_name(state));
}

/* --- Two engines --- */

enum { LINK_MAX = 4096, LOSS_PERCENT = 4, COPY_PERCENT = 2, OCTETS = 150000 };

typedef struct flight {
  uint64_t at_us;
  int to;
  rtl_rx_seg_t seg;
} flight_t;

typedef struct side {
  bench_t b;
  uint32_t iss, octets; /* to send */
  bool listens, shut;
  uint8_t *held; /* of the peer's octets: kept in the ring */
} side_t;

typedef struct pair {
  side_t side[2];
  flight_t link[LINK_MAX];
  unsigned count;
  uint64_t now_us;
  tb_rng_t rng;
} pair_t;

static rtl_rx_seg_t received(const rtl_tx_seg_t *tx, const rtl_flow_key_t *key) {
  return (rtl_rx_seg_t){.key = *key,
                        .seq = tx->seq,
                        .ack = tx->ack,
                        .flags = tx->flags,
                        .wnd = tx->wnd,
                        .urg_ptr = tx->urg_ptr,
                        .payload_len = tx->payload_len,
                        .opt = tx->opt};
}

/* Onto the link: lost, delayed by up to 20 ms, or delivered twice. */
static void carry(pair_t *p, int to, rtl_rx_seg_t seg) {
  for (int copy = 0; copy < 2; copy++) {
    if (copy == 1 && tb_random_below(&p->rng, 100) >= COPY_PERCENT) return;
    if (tb_random_below(&p->rng, 100) < LOSS_PERCENT) continue;
    cr_assert_lt(p->count, LINK_MAX);
    p->link[p->count++] = (flight_t){
        .at_us = p->now_us + 100 + tb_random_below(&p->rng, 20000), .to = to, .seg = seg};
  }
}

/* What one event did: its segment goes onto the link, its payload into the ring. */
static void after_event(pair_t *p, int index) {
  side_t *s = &p->side[index];
  const rtl_rx_verdict_t *v = &s->b.act.verdict;
  const uint32_t first = p->side[!index].iss + 1;

  for (unsigned i = 0; i < s->b.sent_count; i++) carry(p, !index, received(&s->b.sent[i], &KEY));
  s->b.sent_count = 0;
  if (s->b.act.verdict_valid && v->keep) {
    cr_assert_leq(v->seq - first + v->len, OCTETS);
    memset(s->held + (v->seq - first), 1, v->len);
  }
  /* Everything acknowledged is in the ring. */
  uint32_t end = s->b.tcb.rcv_nxt - first;
  if (s->b.tcb.state < TcpSynRcvd) return;
  if (end > p->side[!index].octets) end = p->side[!index].octets;
  if (end > 0) cr_assert_eq(memchr(s->held, 0, end), NULL, "acknowledged, but not in the ring");
}

static void grant_and_notify(pair_t *p, int index) {
  bench_t *b = &p->side[index].b;
  after_event(p, index);
  while (b->send_waits) {
    grant_once(b);
    after_event(p, index);
  }
  notified(b);
}

/* The SYN cache's part, without its timer: the peer's SYN or data make it answer again. */
static void listen_segment(pair_t *p, int index, const rtl_rx_seg_t *seg) {
  side_t *s = &p->side[index];
  const bench_t *b = &s->b;

  if (seg->flags.syn) {
    rtl_rx_seg_t answer = {.key = KEY,
                           .seq = s->iss,
                           .ack = seg->seq + 1,
                           .flags = {.syn = 1, .ack = 1},
                           .wnd = 65535,
                           .opt = seg->opt};
    answer.opt.ts_ecr = seg->opt.ts_val;
    answer.opt.ts_val = (uint32_t)(p->now_us >> 8);
    carry(p, !index, answer);
  } else if (seg->flags.ack && seg->ack == s->iss + 1 && !seg->flags.rst) {
    s->listens = false;
    s->b.ev = (rtl_tcb_event_t){
        .kind = EvSegment,
        .seg = *seg,
        .open_valid = 1,
        .open = {.passive = 1,
                 .key = KEY,
                 .iss = s->iss,
                 .irs = p->side[!index].iss,
                 .peer_mss = MSS,
                 .wscale_ok = b->cfg.wscale_enable,
                 .snd_wscale = 1,
                 .sack_ok = b->cfg.sack_enable,
                 .ts_ok = b->cfg.ts_enable,
                 .ts_recent = p->side[!index].b.cfg.ts_enable ? seg->opt.ts_val : 0},
    };
    run_event(&s->b);
    grant_and_notify(p, index);
  }
}

/* The host of one side writes and reads some, and shuts down after its last octet. */
static void host_works(pair_t *p, int index) {
  side_t *s = &p->side[index];
  const rtl_tcb_t *t = &s->b.tcb;
  const uint32_t queued = t->snd_end - s->iss - 1;
  const uint32_t in_ring = t->snd_una == s->iss ? queued : t->snd_end - t->snd_una;

  if (s->listens || finished(t) || s->shut) return;
  uint32_t more = tb_random_below(&p->rng, 20000);
  if (more > s->octets - queued) more = s->octets - queued;
  if (more > RING - in_ring) more = RING - in_ring;
  if (more > 0) {
    cr_assert_eq(command_only(&s->b, (rtl_cmd_t){.op = CmdSend, .value = t->snd_end + more}), 0);
    grant_and_notify(p, index);
  } else if (queued == s->octets && t->state != TcpSynSent) {
    s->shut = true;
    cr_assert_eq(command_only(&s->b, (rtl_cmd_t){.op = CmdShutdown}), 0);
    grant_and_notify(p, index);
  }
}

static void host_reads(pair_t *p, int index) {
  side_t *s = &p->side[index];
  const rtl_tcb_t *t = &s->b.tcb;
  const uint32_t data_end = t->rcv_nxt - (t->fin_rcvd && t->rcv_nxt == t->fin_seq + 1);

  if (s->listens || t->state == TcpSynSent || finished(t) || data_end == t->rcv_read) return;
  const uint32_t value = t->rcv_read + 1 + tb_random_below(&p->rng, data_end - t->rcv_read);
  cr_assert_eq(command_only(&s->b, (rtl_cmd_t){.op = CmdReceived, .value = value}), 0);
  grant_and_notify(p, index);
}

/* Delivers what arrives now and runs timers that are due. */
static void run_now(pair_t *p) {
  for (unsigned i = 0; i < p->count;) {
    if (p->link[i].at_us > p->now_us) {
      i++;
      continue;
    }
    const flight_t f = p->link[i];
    side_t *s = &p->side[f.to];
    p->link[i] = p->link[--p->count];
    if (s->listens) {
      listen_segment(p, f.to, &f.seg);
    } else {
      s->b.ev = (rtl_tcb_event_t){.kind = EvSegment, .seg = f.seg};
      run_event(&s->b);
      grant_and_notify(p, f.to);
    }
  }
  for (int i = 0; i < 2; i++) {
    bench_t *b = &p->side[i].b;
    if (b->act.tcb_write && b->act.deadline_valid && b->act.deadline_us <= p->now_us) {
      b->ev = (rtl_tcb_event_t){.kind = EvTimer};
      run_event(b);
      grant_and_notify(p, i);
    }
  }
}

/* Both send their octets, read the other's, and close: nothing is lost, nothing stalls.  How many
 * segments were sent again. */
static unsigned run_pair(uint32_t seed, bool simultaneous) {
  pair_t *p = calloc(1, sizeof *p);
  cr_assert_neq(p, NULL);
  p->rng = tb_rng(seed);
  p->now_us = 1000000;
  for (int i = 0; i < 2; i++) {
    side_t *s = &p->side[i];
    s->b = new_bench();
    s->b.cfg.data_retries = s->b.cfg.syn_retries = 15;
    s->b.cfg.ts_enable = s->b.cfg.sack_enable = seed & 1;
    s->b.cfg.wscale_enable = seed >> 1 & 1;
    s->iss = i == 0 ? OUR_ISS : PEER_ISS;
    s->octets = tb_random_below(&p->rng, 8) == 0 ? 0 : 1 + tb_random_below(&p->rng, OCTETS - 1);
    s->held = calloc(1, OCTETS);
    s->listens = i == 1 && !simultaneous;
  }
  if (p->side[0].octets == 0) p->side[0].octets = 1; /* its data ends the handshake for certain */
  for (int i = 0; i < 2; i++) {
    bench_t *b = &p->side[i].b;
    b->now_us = p->now_us;
    if (p->side[i].listens) continue;
    b->ev = (rtl_tcb_event_t){.kind = EvCommand,
                              .cmd = {.op = CmdConnect},
                              .open_valid = 1,
                              .open = {.key = KEY, .iss = p->side[i].iss}};
    run_event(b);
    grant_and_notify(p, i);
  }
  while (p->side[0].listens || p->side[1].listens || !finished(&p->side[0].b.tcb) ||
         !finished(&p->side[1].b.tcb)) {
    p->now_us += 1 + tb_random_below(&p->rng, 3000);
    p->side[0].b.now_us = p->side[1].b.now_us = p->now_us;
    cr_assert_lt(p->now_us, UINT64_C(3600000000), "seed %u: it stalls in %s and %s", seed,
                 rtl_tcp_state_e_name(p->side[0].b.tcb.state),
                 rtl_tcp_state_e_name(p->side[1].b.tcb.state));
    run_now(p);
    for (int i = 0; i < 2; i++) {
      if (tb_random_below(&p->rng, 4) == 0) host_works(p, i);
      if (tb_random_below(&p->rng, 4) == 0) host_reads(p, i);
    }
  }
  for (int i = 0; i < 2; i++) {
    const rtl_tcb_t *t = &p->side[i].b.tcb;
    cr_assert_eq(t->reason, ReasonNone, "seed %u: ended by %s", seed, rtl_reason_e_name(t->reason));
    cr_assert_eq(t->snd_una, p->side[i].iss + p->side[i].octets + 2, "all is acknowledged");
    cr_assert_eq(t->rcv_nxt, p->side[!i].iss + p->side[!i].octets + 2, "all has arrived");
  }
  unsigned repeated = 0;
  for (int i = 0; i < 2; i++) {
    repeated += p->side[i].b.tcb.retransmit_count;
    free(p->side[i].held);
    tb_tb_step_delete(p->side[i].b.tb);
  }
  free(p);
  return repeated;
}

Test(two_engines, exchange_everything_over_a_bad_link) {
  unsigned repeated = 0;
  for (uint32_t i = 0; i < 40; i++) repeated += run_pair(tb_seed() * 1000 + i, false);
  cr_assert_gt(repeated, 40);
}

Test(two_engines, open_at_once_and_exchange_everything) {
  unsigned repeated = 0;
  for (uint32_t i = 0; i < 20; i++) repeated += run_pair(tb_seed() * 1000 + i, true);
  cr_assert_gt(repeated, 20);
}
