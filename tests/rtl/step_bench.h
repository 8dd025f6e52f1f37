/* SPDX-License-Identifier: Apache-2.0
 *
 * Packet traces against step(): one connection, its wire and its host.
 *
 * Sequence numbers in tests are relative: octet 1 is the first of each direction, 0 the SYN.  Both
 * initial numbers lie just below 2**32, so that most traces wrap.  Every event is also checked
 * against the rules that always hold (check_rules).
 */
#ifndef TOE_TESTS_STEP_BENCH_H
#define TOE_TESTS_STEP_BENCH_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "tb.h"
#include "tb_tb_step.h"
#include "toe_structs.h"

enum {
  MSS = 1460,
  RING_LOG2 = 16,
  RING = 1 << RING_LOG2,
  WINDOW = 32768, /* of the ring, without scaling */
  PEER_WND = 30000,
  DELACK_US = 40000,
  RTO_INITIAL_US = 1000000,
  RTO_MIN_US = 200000,
  RTO_MAX_US = 60000000,
  KEEP_US = 7200000,
  KEEP_INTERVAL_US = 75000,
  DATA_RETRIES = 5,
  SYN_RETRIES = 3,
  CONN = 7,
  TAG = 0x7a6,
  SENT_MAX = 64
};
static const uint32_t OUR_ISS = 0xfffffa00u;
static const uint32_t PEER_ISS = 0xfffffd00u;
static const uint64_t PEER_MAC = 0x0200000000feu;

/* A segment of a trace. */
typedef struct seg {
  const char *flags; /* of S A F R P U */
  uint32_t seq, ack; /* relative to their sender's and receiver's initial number */
  uint16_t len;
  uint16_t wnd; /* 0: the peer's usual one */
  uint16_t urg;
  bool more; /* another segment waits behind it */
  rtl_tcp_options_t opt;
} seg_t;

typedef struct bench {
  tb_tb_step_t *tb;
  rtl_cfg_t cfg;
  rtl_tcb_t tcb;
  rtl_tcb_action_t act; /* of the last event */
  rtl_tcb_event_t ev;   /* the last event */
  uint64_t now_us;
  uint32_t peer_wnd;
  bool send_waits, notify_waits; /* entries in the two queues */
  rtl_tx_seg_t sent[SENT_MAX];   /* on the wire, not yet expected by the trace */
  unsigned sent_count, expected_count;
  rtl_ntf_t ntf; /* last notification */
  unsigned unlinks, time_waits, frees;
} bench_t;

static inline bool before(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

static inline bool at_or_before(uint32_t a, uint32_t b) {
  return !before(b, a);
}

static inline bool finished(const rtl_tcb_t *tcb) {
  return tcb->state == TcpClosed || tcb->state == TcpTimeWait;
}

/* Held intervals are compact, beyond rcv_nxt, inside the window, and apart from each other. */
static inline void check_intervals(const rtl_tcb_t *t) {
  for (int i = 0; i < 4; i++) {
    const rtl_seq_range_t *a = &t->ooo[i];
    if (!(t->ooo_valid >> i & 1)) {
      cr_assert_eq(t->ooo_valid >> i, 0, "held intervals have a hole");
      return;
    }
    cr_assert(before(a->left, a->right));
    cr_assert(before(t->rcv_nxt, a->left));
    cr_assert(at_or_before(a->right, t->rcv_adv));
    for (int j = 0; j < i; j++) {
      const rtl_seq_range_t *b = &t->ooo[j];
      cr_assert(before(a->right, b->left) || before(b->right, a->left), "intervals %d, %d", i, j);
    }
  }
}

/* What must hold after every event, whatever it was. */
static inline void check_rules(const bench_t *b, const rtl_tcb_t *old) {
  const rtl_tcb_t *t = &b->tcb;
  const bool segment = b->ev.kind == EvSegment || b->ev.kind == EvNoConn ||
                       b->ev.kind == EvDiscard || b->ev.kind == EvIcmp;

  cr_assert_eq(b->act.verdict_valid, segment);
  cr_assert(!b->act.verdict.keep || b->act.verdict.len > 0);
  if (!t->in_use) return;
  cr_assert(at_or_before(t->snd_una, t->snd_nxt), "snd_una passes snd_nxt");
  cr_assert(at_or_before(t->snd_nxt, t->snd_max), "snd_nxt passes snd_max");
  cr_assert(at_or_before(t->snd_max, t->snd_end + t->fin_queued), "snd_max passes snd_end");
  if (old->in_use && old->state != TcpSynSent && !b->ev.open_valid) {
    cr_assert(at_or_before(old->rcv_nxt, t->rcv_nxt), "rcv_nxt moves back");
    cr_assert(at_or_before(old->rcv_adv, t->rcv_adv), "rcv_adv moves back");
    cr_assert(at_or_before(old->snd_una, t->snd_una), "snd_una moves back");
  }
  cr_assert(at_or_before(t->rcv_adv, t->rcv_read + RING), "more offered than there is room");
  check_intervals(t);
  if (b->act.verdict.keep) {
    cr_assert(at_or_before(old->rcv_nxt, b->act.verdict.seq) || b->ev.open_valid);
    cr_assert(at_or_before(b->act.verdict.seq + b->act.verdict.len, t->rcv_adv));
  }
  if (finished(t)) {
    cr_assert(!t->delack_armed && !t->keep_armed && !t->user_timeout_armed);
    cr_assert_eq(t->rtx_mode, RtxOff);
  } else if (t->snd_una != t->snd_end + t->fin_queued) {
    cr_assert(t->send_queued || t->rtx_mode != RtxOff || t->state == TcpSynRcvd, "it stalls");
  } else {
    cr_assert_eq(t->rtx_mode, RtxOff, "nothing to retransmit");
  }
}

/* One event through step(), and its actions out to wire, host and queues. */
static inline void run_event(bench_t *b) {
  const rtl_tcb_t old = b->tcb;
  uint64_t deadline_us = UINT64_MAX;

  b->ev.conn = CONN;
  b->ev.now_us = b->now_us & ((UINT64_C(1) << 40) - 1);
  rtl_cfg_put(&b->cfg, b->tb->cfg_i, 0);
  rtl_tcb_put(&b->tcb, b->tb->tcb_i, 0);
  rtl_tcb_event_put(&b->ev, b->tb->ev_i, 0);
  tb_tb_step_eval(b->tb);
  rtl_tcb_action_get(&b->act, b->tb->action_o, 0);
  if (b->act.tcb_write) rtl_tcb_get(&b->tcb, b->tb->after_o, 0);

  if (b->ev.kind == EvSend) b->send_waits = false;
  if (b->ev.kind == EvNotify) b->notify_waits = false;
  if (b->act.enqueue_send) {
    cr_assert(!b->send_waits, "queued twice for sending");
    b->send_waits = true;
  }
  if (b->act.enqueue_notify) {
    cr_assert(!b->notify_waits, "queued twice for notification");
    b->notify_waits = true;
  }
  cr_assert_eq(b->tcb.send_queued, b->send_waits);
  cr_assert_eq(b->tcb.notify_queued, b->notify_waits);
  if (b->act.tx_valid) {
    cr_assert_lt(b->sent_count, SENT_MAX);
    b->sent[b->sent_count++] = b->act.tx;
  }
  if (b->act.ntf_valid) b->ntf = b->act.ntf;
  b->unlinks += b->act.unlink;
  b->time_waits += b->act.time_wait;
  b->frees += b->act.free;
  if (b->tcb.rtx_mode != RtxOff) deadline_us = b->tcb.rtx_deadline_us;
  if (b->tcb.delack_armed && b->tcb.delack_deadline_us < deadline_us)
    deadline_us = b->tcb.delack_deadline_us;
  if (b->tcb.keep_armed && b->tcb.keep_deadline_us < deadline_us)
    deadline_us = b->tcb.keep_deadline_us;
  if (b->tcb.user_timeout_armed && b->tcb.user_deadline_us < deadline_us)
    deadline_us = b->tcb.user_deadline_us;
  if (b->act.tcb_write) {
    cr_assert_eq(b->act.deadline_valid, deadline_us != UINT64_MAX);
    if (b->act.deadline_valid) cr_assert_eq(b->act.deadline_us, deadline_us);
  }
  check_rules(b, &old);
}

/* One turn of the send scheduler. */
static inline void grant_once(bench_t *b) {
  b->ev = (rtl_tcb_event_t){.kind = EvSend};
  run_event(b);
}

/* Turns of the send scheduler for as long as the connection asks for them. */
static inline void grant(bench_t *b) {
  for (unsigned turns = 0; b->send_waits; turns++) {
    cr_assert_lt(turns, 2 * SENT_MAX, "it asks for turns without end");
    grant_once(b);
  }
}

/* The host takes the notification that waits; its flags. */
static inline rtl_ntf_flags_t notified(bench_t *b) {
  if (!b->notify_waits) return (rtl_ntf_flags_t){0};
  b->ev = (rtl_tcb_event_t){.kind = EvNotify};
  run_event(b);
  return b->ntf.body.flags;
}

static inline rtl_tcp_flags_t flags_of(const char *text) {
  return (rtl_tcp_flags_t){
      .syn = strchr(text, 'S') != NULL,
      .ack = strchr(text, 'A') != NULL,
      .fin = strchr(text, 'F') != NULL,
      .rst = strchr(text, 'R') != NULL,
      .psh = strchr(text, 'P') != NULL,
      .urg = strchr(text, 'U') != NULL,
  };
}

static inline rtl_rx_seg_t wire_segment(const bench_t *b, seg_t seg) {
  rtl_rx_seg_t wire = {
      .key = b->tcb.key,
      .src_mac = PEER_MAC,
      .seq = PEER_ISS + seg.seq,
      .flags = flags_of(seg.flags),
      .wnd = seg.wnd != 0 ? seg.wnd : (uint16_t)b->peer_wnd,
      .urg_ptr = seg.urg,
      .payload_len = seg.len,
      .opt = seg.opt,
  };
  if (wire.flags.ack) wire.ack = OUR_ISS + seg.ack;
  return wire;
}

/* A segment from the peer, without the grant that it may cause. */
static inline void rx_only_segment(bench_t *b, seg_t seg) {
  b->ev = (rtl_tcb_event_t){.kind = EvSegment, .seg = wire_segment(b, seg), .more = seg.more};
  run_event(b);
}

static inline void rx_segment(bench_t *b, seg_t seg) {
  rx_only_segment(b, seg);
  grant(b);
}

/* An ICMP error about our segment at relative number seq. */
static inline void rx_icmp(bench_t *b, uint32_t seq, rtl_icmp_error_t icmp) {
  b->ev = (rtl_tcb_event_t){.kind = EvIcmp,
                            .seg = {.key = b->tcb.key, .seq = OUR_ISS + seq, .icmp = icmp}};
  run_event(b);
  grant(b);
}

/* The trace expects this segment from us next. */
static inline void tx_segment(bench_t *b, seg_t seg, int line) {
  const rtl_tcp_flags_t want = flags_of(seg.flags);

  cr_assert_lt(b->expected_count, b->sent_count, "line %d: nothing was sent", line);
  const rtl_tx_seg_t *tx = &b->sent[b->expected_count++];
  cr_assert_eq(memcmp(&tx->flags, &want, sizeof want), 0,
               "line %d: sent S%d A%d F%d R%d P%d U%d, not %s", line, tx->flags.syn, tx->flags.ack,
               tx->flags.fin, tx->flags.rst, tx->flags.psh, tx->flags.urg, seg.flags);
  cr_assert_eq(tx->seq, OUR_ISS + seg.seq, "line %d: seq %u, not %u", line, tx->seq - OUR_ISS,
               seg.seq);
  cr_assert_eq(tx->ack, want.ack ? PEER_ISS + seg.ack : 0, "line %d: ack %u, not %u", line,
               tx->ack - PEER_ISS, seg.ack);
  cr_assert_eq(tx->payload_len, seg.len, "line %d: %u octets, not %u", line, tx->payload_len,
               seg.len);
  if (seg.wnd != 0) cr_assert_eq(tx->wnd, seg.wnd, "line %d: window %u", line, tx->wnd);
}

/* The trace expects nothing more from us now. */
static inline void quiet_at(const bench_t *b, int line) {
  if (b->expected_count == b->sent_count) return;
  const rtl_tx_seg_t *tx = &b->sent[b->expected_count];
  cr_assert_fail("line %d: also sent seq %u, %u octets, ack %u, S%d F%d R%d", line,
                 tx->seq - OUR_ISS, tx->payload_len, tx->ack - PEER_ISS, tx->flags.syn,
                 tx->flags.fin, tx->flags.rst);
}

/* rx(&b, "A", .seq = 1, .ack = 1, .len = 100) and tx(&b, "A", .seq = 1, .ack = 101) */
#define rx(b, text, ...) rx_segment((b), (seg_t){.flags = (text), ##__VA_ARGS__})
#define rx_only(b, text, ...) rx_only_segment((b), (seg_t){.flags = (text), ##__VA_ARGS__})
#define tx(b, text, ...) tx_segment((b), (seg_t){.flags = (text), ##__VA_ARGS__}, __LINE__)
#define quiet(b) quiet_at((b), __LINE__)
#define state_is(b, name) \
  cr_assert_eq((b)->tcb.state, (name), "state %s", rtl_tcp_state_e_name((b)->tcb.state))

/* The last sent segment that the trace has taken. */
static inline const rtl_tx_seg_t *last_tx(const bench_t *b) {
  return &b->sent[b->expected_count - 1];
}

/* Takes n full segments from the trace, from seq on. */
static inline void tx_full(bench_t *b, uint32_t seq, unsigned n) {
  for (unsigned i = 0; i < n; i++, seq += MSS) {
    cr_assert_lt(b->expected_count, b->sent_count, "segment %u of %u was not sent", i, n);
    const rtl_tx_seg_t *sent = &b->sent[b->expected_count++];
    cr_assert_eq(sent->seq, OUR_ISS + seq);
    cr_assert_eq(sent->payload_len, MSS);
  }
}

/* A host command, without the grant that it may cause; the reason when it is refused. */
static inline unsigned command_only(bench_t *b, rtl_cmd_t cmd) {
  cmd.tag = TAG;
  b->ev = (rtl_tcb_event_t){.kind = EvCommand, .cmd = cmd};
  run_event(b);
  if (!b->act.ntf_valid) return ReasonNone;
  cr_assert_eq(b->act.ntf.body.flags.refused, 1);
  cr_assert_eq(b->act.ntf.body.tag_or_snd_nxt, TAG);
  return b->act.ntf.reason;
}

static inline unsigned command(bench_t *b, rtl_cmd_t cmd) {
  const unsigned reason = command_only(b, cmd);
  grant(b);
  return reason;
}

/* The host has queued octets up to, not including, relative number end. */
static inline unsigned host_send(bench_t *b, uint32_t end) {
  return command(b, (rtl_cmd_t){.op = CmdSend, .value = OUR_ISS + end});
}

/* The host has read up to, not including, relative number end. */
static inline unsigned host_read(bench_t *b, uint32_t end) {
  return command(b, (rtl_cmd_t){.op = CmdReceived, .value = PEER_ISS + end});
}

static inline unsigned host_does(bench_t *b, unsigned op) {
  return command(b, (rtl_cmd_t){.op = (uint8_t)op});
}

static inline unsigned host_sets(bench_t *b, rtl_conn_opts_t opts) {
  return command(b, (rtl_cmd_t){.op = CmdSetOpts, .opts = opts});
}

/* Time passes; the timer event comes when a deadline has. */
static inline void wait_us(bench_t *b, uint64_t us) {
  b->now_us += us;
  if (b->act.deadline_valid && b->act.deadline_us <= b->now_us) {
    b->ev = (rtl_tcb_event_t){.kind = EvTimer};
    run_event(b);
    grant(b);
  }
}

/* Time passes until the connection's next deadline. */
static inline void wait_deadline(bench_t *b) {
  cr_assert(b->act.deadline_valid, "no timer runs");
  wait_us(b, b->act.deadline_us - b->now_us);
}

static inline bench_t new_bench(void) {
  bench_t b = {
      .tb = tb_tb_step_new(tb_seed()),
      .now_us = 1000000000,
      .peer_wnd = PEER_WND,
      .cfg =
          {
              .enable = 1,
              .key_valid = 1,
              .mtu = MSS + 40,
              .min_mss = 64,
              .min_pmtu = 576,
              .ts_enable = 1,
              .sack_enable = 1,
              .wscale_enable = 1,
              .rto_initial_us = RTO_INITIAL_US,
              .rto_min_us = RTO_MIN_US,
              .rto_max_us = RTO_MAX_US,
              .data_retries = DATA_RETRIES,
              .syn_retries = SYN_RETRIES,
              .delack_us = DELACK_US,
              .keepalive_us = KEEP_US,
              .keepalive_interval_us = KEEP_INTERVAL_US,
              .rx_ring_log2 = RING_LOG2,
              .tx_ring_log2 = RING_LOG2,
          },
  };
  return b;
}

static const rtl_flow_key_t KEY = {.remote_ip = 0x0a000002, .remote_port = 40000, .local_port = 80};

/* The host connects; the SYN is on the wire, unless send is false. */
static inline bench_t connecting_with(rtl_cfg_t *cfg, rtl_cmd_t cmd) {
  bench_t b = new_bench();
  if (cfg != NULL) b.cfg = *cfg;
  cmd.op = CmdConnect;
  cmd.tag = TAG;
  b.ev = (rtl_tcb_event_t){
      .kind = EvCommand,
      .cmd = cmd,
      .open_valid = 1,
      .open = {.key = KEY, .flow_hash = 0x12345678, .iss = OUR_ISS},
  };
  run_event(&b);
  grant(&b);
  return b;
}

static inline bench_t connecting(void) {
  return connecting_with(NULL, (rtl_cmd_t){0});
}

/* SYN-SENT, the SYN taken from the trace. */
static inline bench_t syn_sent(void) {
  bench_t b = connecting();
  tx(&b, "S", .seq = 0);
  return b;
}

/* A handshake completed by the segment, on a passive open with these options. */
static inline bench_t accepting(rtl_tcb_open_t open, seg_t seg) {
  bench_t b = new_bench();
  open.passive = 1;
  open.key = KEY;
  open.flow_hash = 0x12345678;
  open.iss = OUR_ISS;
  open.irs = PEER_ISS;
  if (open.peer_mss == 0) open.peer_mss = MSS;
  b.tcb.key = KEY;
  b.ev = (rtl_tcb_event_t){
      .kind = EvSegment, .seg = wire_segment(&b, seg), .open_valid = 1, .open = open};
  run_event(&b);
  grant(&b);
  return b;
}

/* ESTABLISHED by a passive open without options, nothing waiting for the host. */
static inline bench_t established(void) {
  bench_t b = accepting((rtl_tcb_open_t){0}, (seg_t){.flags = "A", .seq = 1, .ack = 1});
  cr_assert_eq(b.tcb.state, TcpEstablished);
  notified(&b);
  return b;
}

/* ESTABLISHED with timestamps; the peer's first one is 100. */
static inline bench_t established_ts(void) {
  rtl_tcb_open_t open = {.ts_ok = 1, .sack_ok = 1, .ts_recent = 100};
  bench_t b = accepting(
      open, (seg_t){.flags = "A", .seq = 1, .ack = 1, .opt = {.ts_valid = 1, .ts_val = 100}});
  cr_assert_eq(b.tcb.state, TcpEstablished);
  notified(&b);
  return b;
}

/* ESTABLISHED with n full segments in flight, all taken from the trace. */
static inline bench_t in_flight(unsigned n) {
  bench_t b = established();
  host_send(&b, 1 + n * MSS);
  b.expected_count = b.sent_count;
  return b;
}

static inline bench_t fin_wait_1(void) {
  bench_t b = established();
  host_does(&b, CmdShutdown);
  tx(&b, "FA", .seq = 1, .ack = 1);
  state_is(&b, TcpFinWait1);
  return b;
}

static inline bench_t fin_wait_2(void) {
  bench_t b = fin_wait_1();
  rx(&b, "A", .seq = 1, .ack = 2);
  state_is(&b, TcpFinWait2);
  notified(&b);
  return b;
}

static inline bench_t close_wait(void) {
  bench_t b = established();
  rx(&b, "FA", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 1, .ack = 2);
  state_is(&b, TcpCloseWait);
  notified(&b);
  return b;
}

static inline bench_t last_ack(void) {
  bench_t b = close_wait();
  host_does(&b, CmdShutdown);
  tx(&b, "FA", .seq = 1, .ack = 2);
  state_is(&b, TcpLastAck);
  return b;
}

static inline bench_t closing(void) {
  bench_t b = fin_wait_1();
  rx(&b, "FA", .seq = 1, .ack = 1);
  tx(&b, "A", .seq = 2, .ack = 2);
  state_is(&b, TcpClosing);
  return b;
}

static inline bench_t time_wait(void) {
  bench_t b = fin_wait_2();
  rx(&b, "FA", .seq = 1, .ack = 2);
  tx(&b, "A", .seq = 2, .ack = 2);
  state_is(&b, TcpTimeWait);
  return b;
}

static inline bench_t reset_by_peer(void) {
  bench_t b = established();
  rx(&b, "R", .seq = 1);
  state_is(&b, TcpClosed);
  return b;
}

#endif
