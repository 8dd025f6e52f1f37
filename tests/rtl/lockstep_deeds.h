/* SPDX-License-Identifier: Apache-2.0
 *
 * What TCP does in its depths, and how often a lock-step run has seen it.
 */
#ifndef TOE_TESTS_LOCKSTEP_DEEDS_H
#define TOE_TESTS_LOCKSTEP_DEEDS_H

#include <stdbool.h>
#include <stdio.h>

#include "coverage.h"
#include "toe_structs.h"

enum { DEEDS_MAX = 80 };

typedef struct deeds {
  unsigned count, next;
  const char *name[DEEDS_MAX];
  unsigned seen[DEEDS_MAX];
} deeds_t;

/* One event, with the control block around it. */
typedef struct scene {
  const rtl_cfg_t *cfg;
  const rtl_tcb_event_t *ev;
  const rtl_tcb_t *before, *after;
  const rtl_tcb_action_t *act;
} scene_t;

/* The same names in the same order for every event. */
static inline void note(deeds_t *d, const char *name, bool happened) {
  d->name[d->next] = name;
  d->seen[d->next] += happened;
  if (++d->next > d->count) d->count = d->next;
}

static inline unsigned intervals(const rtl_tcb_t *t) {
  return (unsigned)__builtin_popcount(t->ooo_valid);
}

static inline void note_congestion(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const bool segment = s->ev->kind == EvSegment;
  const bool moved = a->snd_una != b->snd_una;
  const bool in_window = b->snd_nxt - b->snd_una + s->act->tx.payload_len <= b->cwnd;

  note(d, "fast retransmit", !b->in_recovery && a->in_recovery);
  note(d, "partial ACK", segment && b->in_recovery && a->in_recovery && moved);
  note(d, "full ACK", segment && b->in_recovery && !a->in_recovery);
  note(d, "timeout during recovery", s->ev->kind == EvTimer && b->in_recovery && !a->in_recovery);
  note(d, "window inflated", segment && b->in_recovery && !moved && a->cwnd > b->cwnd);
  note(d, "third duplicate of an old loss", a->dupacks == 3 && b->dupacks == 2 && !a->in_recovery);
  note(d, "fifteen duplicates", a->dupacks == 15);
  note(d, "limited transmit",
       s->ev->kind == EvSend && b->dupacks > 0 && !b->in_recovery && s->act->tx.payload_len > 0 &&
           b->snd_nxt == b->snd_max && !b->rexmit_one && !in_window);
  note(d, "slow start", segment && moved && b->cwnd < b->ssthresh && a->cwnd > b->cwnd);
  note(d, "congestion avoidance",
       segment && moved && !b->in_recovery && b->cwnd >= b->ssthresh && a->cwnd > b->cwnd);
  note(d, "window of an idle connection", s->ev->kind == EvSend && a->cwnd < b->cwnd);
  note(d, "more than 64 KiB in flight", a->snd_max - a->snd_una > 65535 && a->in_use);
}

static inline void note_receive(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const rtl_tcp_options_t *opt = &s->act->tx.opt;
  const bool sent = s->act->tx_valid;

  note(d, "four intervals", intervals(a) == 4);
  note(d, "intervals joined", intervals(a) > 0 && intervals(a) + 1 < intervals(b));
  note(d, "gap closed", intervals(b) > 1 && a->ooo_valid == 0 && a->in_use);
  note(d, "FIN ahead of a gap", a->fin_rcvd && !b->fin_rcvd && a->rcv_nxt != a->fin_seq + 1);
  note(d, "FIN reached later", b->fin_rcvd && a->notify.peer_closed && !b->notify.peer_closed);
  note(d, "four SACK blocks", sent && opt->sack_count == 4);
  note(d, "three SACK blocks of four", sent && opt->sack_count == 3 && intervals(a) == 4);
  note(d, "receive window closed", a->in_use && a->state > TcpSynSent && a->rcv_adv == a->rcv_nxt);
  note(d, "ACK in a closed window",
       s->ev->kind == EvSegment && b->rcv_adv == b->rcv_nxt && s->act->drop_valid &&
           a->snd_una != b->snd_una);
  note(d, "window update after reading", s->ev->kind == EvCommand && sent && s->act->tx.flags.ack);
  note(d, "window of more than 64 KiB",
       a->state > TcpSynSent && a->rcv_adv - a->rcv_nxt > 65535 && a->rcv_wscale != 0);
  note(d, "urgent pointer received", a->notify.urgent && !b->notify.urgent);
  note(d, "newer timestamp", a->ts_ok && b->state > TcpSynSent && a->ts_recent != b->ts_recent);
  note(d, "receive numbers wrap", a->rcv_nxt < b->rcv_nxt && !s->ev->open_valid && b->rcv_nxt != 0);
}

static inline void note_aggregation(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const bool segment = s->ev->kind == EvSegment;

  note(d, "ACK left to the segment behind", segment && a->unacked_segs == 3);
  note(d, "fourth segment acknowledged though more wait",
       segment && s->ev->more && b->unacked_segs == 3 && s->act->verdict.keep &&
           a->unacked_segs == 0);
  note(d, "ACK that was left sent beside no text",
       segment && b->unacked_segs >= 2 && !s->act->verdict.keep && s->act->tx_valid);
}

/* What the limits on answers hold back. */
static inline void note_limits(deeds_t *d, const scene_t *s) {
  const bool refused = s->act->drop_valid && s->ev->kind == EvSegment;
  const bool silent = refused && !s->act->tx_valid && !s->ev->seg.flags.rst;
  const uint8_t drop = s->act->drop;

  note(d, "seventh challenge ACK", s->after->challenge_count == 7);
  note(d, "empty segment out of the window not answered", silent && drop == DropOutOfWindow);
  note(d, "SYN not answered", silent && drop == DropSynBlind);
  note(d, "bad ACK not answered", silent && drop == DropBadAck);
  note(d, "text answered though challenge ACKs are used up",
       refused && drop == DropOutOfWindow && s->act->tx_valid && s->ev->seg.payload_len > 0 &&
           s->before->challenge_count == 7);
  note(d, "no RST when they are used up",
       s->ev->kind == EvNoConn && s->ev->muted && !s->ev->seg.flags.rst && !s->act->tx_valid);
}

static inline void note_send(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const bool turn = s->ev->kind == EvSend;
  const bool sent = turn && s->act->tx_valid;
  const rtl_tx_seg_t *tx = &s->act->tx;

  note(d, "closed window probed", sent && b->probe_now && b->snd_wnd == 0 && tx->payload_len == 1);
  note(d, "FIN into a closed window", sent && b->probe_now && b->snd_wnd == 0 && tx->flags.fin);
  note(d, "small window used at last",
       sent && b->probe_now && b->snd_wnd != 0 && tx->payload_len > 1);
  note(d, "keep-alive probe", sent && tx->seq == b->snd_una - 1);
  note(d, "timeout over a closed window",
       turn && b->rtx_mode == RtxRetransmit && a->rtx_mode == RtxPersist);
  note(d, "nothing sent at a turn", turn && !sent && b->snd_nxt != b->snd_end);
  note(d, "urgent pointer sent", sent && tx->flags.urg);
  note(d, "urgent pointer beyond 16 bits", sent && tx->flags.urg && tx->urg_ptr == 0xffff);
  note(d, "push through cork", sent && b->push && b->opts.cork && !a->push);
  note(d, "FIN with data", sent && tx->flags.fin && tx->payload_len > 0);
  note(d, "FIN sent again", sent && tx->flags.fin && s->act->tx_is_rexmit);
  note(d, "send numbers wrap", a->snd_max < b->snd_max && !s->ev->open_valid);
  note(d, "scaled window", a->snd_wnd > 65535);
  note(d, "RST sent by abort or timeout", s->ev->kind != EvSegment && tx->flags.rst);
}

static inline void note_timers(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const bool segment = s->ev->kind == EvSegment;
  const bool gave_up = s->ev->kind == EvTimer && a->state == TcpClosed && b->state != TcpClosed &&
                       a->reason == ReasonTimeout;

  note(d, "SYN given up", gave_up && b->state == TcpSynSent);
  note(d, "data given up", gave_up && b->rtx_mode == RtxRetransmit && b->state > TcpSynRcvd);
  note(d, "closed window given up", gave_up && b->rtx_mode == RtxPersist);
  note(d, "idle peer given up", gave_up && b->rtx_mode == RtxOff);
  note(d, "R1 reached", a->notify.retrying && !b->notify.retrying);
  note(d, "next hop doubted", s->act->tx_valid && s->act->tx.doubt);
  note(d, "R2 of its own outlives data_retries",
       s->ev->kind == EvTimer && b->retries >= s->cfg->data_retries && b->state > TcpSynRcvd &&
           b->rtx_mode != RtxOff && a->state == b->state && a->rto_us > b->rto_us);
  note(d, "sixteenth try", b->retries == 15 && s->ev->kind == EvTimer && a->state == b->state);
  note(d, "back-off at its limit", s->ev->kind == EvTimer && a->rto_us == s->cfg->rto_max_us);
  note(d, "first measurement", segment && a->rtt_valid && !b->rtt_valid && b->in_use);
  note(d, "further measurement",
       segment && b->rtt_valid && a->rtt_valid && a->srtt_us != b->srtt_us);
  note(d, "handshake after a lost SYN",
       segment && b->state == TcpSynSent && a->state == TcpEstablished && b->retries > 0);
  note(d, "back-off of probes ends", segment && b->rtx_mode == RtxPersist && a->rto_us < b->rto_us);
  note(d, "release waits for a queue",
       s->act->free && (s->ev->kind == EvSend || s->ev->kind == EvNotify));
}

static inline void note_icmp(deeds_t *d, const scene_t *s) {
  const rtl_tcb_t *b = s->before, *a = s->after;
  const bool icmp = s->ev->kind == EvIcmp;
  const bool smaller = icmp && a->snd_mss < b->snd_mss;

  note(d, "ICMP error noted", icmp && a->notify.icmp_error && a->state == b->state);
  note(d, "hard error while opening", icmp && b->state == TcpSynSent && a->state == TcpClosed);
  note(d, "path MTU falls", smaller && a->snd_nxt != b->snd_nxt);
  note(d, "path MTU falls during recovery", smaller && b->in_recovery);
  note(d, "path MTU falls to its least",
       smaller && s->ev->seg.icmp.mtu < s->cfg->min_pmtu && s->cfg->min_pmtu > 68);
  note(d, "path MTU that changes nothing",
       icmp && s->ev->seg.icmp.mtu != 0 && a->snd_mss == b->snd_mss && !s->act->drop_valid);
}

static inline void note_deeds(deeds_t *d, const scene_t *s) {
  d->next = 0;
  note_congestion(d, s);
  note_receive(d, s);
  note_aggregation(d, s);
  note_limits(d, s);
  note_send(d, s);
  note_timers(d, s);
  note_icmp(d, s);
}

static inline void print_deeds(FILE *out, const deeds_t *d) {
  for (unsigned i = 0; i < d->count; i++) fprintf(out, "%9u %s\n", d->seen[i], d->name[i]);
}

static inline void deeds_bins(FILE *file, const deeds_t *d) {
  for (unsigned i = 0; i < d->count; i++) coverage_bin(file, "deed", d->name[i], d->seen[i]);
}

#endif
