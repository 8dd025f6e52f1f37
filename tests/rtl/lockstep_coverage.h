/* SPDX-License-Identifier: Apache-2.0
 *
 * Which states, events, drops, timers and transitions a lock-step run has reached.
 */
#ifndef TOE_TESTS_LOCKSTEP_COVERAGE_H
#define TOE_TESTS_LOCKSTEP_COVERAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "toe_structs.h"

enum { STATES = TcpTimeWait + 1, KINDS = EvNotify + 1, DROPS = DropAfterClose + 1 };

/* What one event led to: the first that fits. */
typedef enum outcome {
  CHANGED_STATE,
  DROPPED,
  KEPT,
  REFUSED,
  SENT_AGAIN,
  SENT,
  TOLD,
  OTHER,
  OUTCOMES
} outcome_t;

typedef enum timer_kind {
  TIMER_RETRANSMIT,
  TIMER_PERSIST,
  TIMER_DELACK,
  TIMER_KEEP,
  TIMER_USER,
  TIMERS
} timer_kind_t;

typedef struct coverage {
  unsigned cell[STATES][KINDS][OUTCOMES];
  unsigned state[STATES];
  unsigned drop[DROPS];
  unsigned timer[TIMERS][STATES];
  unsigned edge[STATES][STATES];
} coverage_t;

static inline outcome_t outcome_of(const rtl_tcb_t *before, const rtl_tcb_t *after,
                                   const rtl_tcb_action_t *act) {
  if (before->state != after->state) return CHANGED_STATE;
  if (act->drop_valid) return DROPPED;
  if (act->verdict.keep) return KEPT;
  if (act->ntf_valid) return act->ntf.body.flags.refused ? REFUSED : TOLD;
  if (act->tx_valid) return act->tx_is_rexmit ? SENT_AGAIN : SENT;
  return OTHER;
}

static inline bool is_due(uint64_t now_us, uint64_t deadline_us) {
  return ((now_us - deadline_us) & ((UINT64_C(1) << 40) - 1)) < UINT64_C(1) << 39;
}

static inline void cover_timers(coverage_t *c, const rtl_tcb_event_t *ev, const rtl_tcb_t *t) {
  if (ev->kind != EvTimer) return;
  if (t->rtx_mode != RtxOff && is_due(ev->now_us, t->rtx_deadline_us))
    c->timer[t->rtx_mode == RtxPersist ? TIMER_PERSIST : TIMER_RETRANSMIT][t->state]++;
  if (t->delack_armed && is_due(ev->now_us, t->delack_deadline_us))
    c->timer[TIMER_DELACK][t->state]++;
  if (t->keep_armed && is_due(ev->now_us, t->keep_deadline_us)) c->timer[TIMER_KEEP][t->state]++;
  if (t->user_timeout_armed && is_due(ev->now_us, t->user_deadline_us))
    c->timer[TIMER_USER][t->state]++;
}

static inline void cover(coverage_t *c, const rtl_tcb_event_t *ev, const rtl_tcb_t *before,
                         const rtl_tcb_t *after, const rtl_tcb_action_t *act) {
  /* An event that opens leads from CLOSED to wherever it ends. */
  const rtl_tcb_t closed = {0};
  if (ev->open_valid) before = &closed;

  c->cell[before->state][ev->kind][outcome_of(before, after, act)]++;
  c->state[after->state]++;
  c->edge[before->state][after->state]++;
  if (act->drop_valid) c->drop[act->drop]++;
  cover_timers(c, ev, before);
}

static inline void print_coverage(FILE *out, const coverage_t *c) {
  static const char *const names[OUTCOMES] = {"state", "drop", "keep", "refuse",
                                              "again", "sent", "told", "other"};
  unsigned hit = 0;

  fprintf(out, "%-15s %-10s", "state", "event");
  for (int o = 0; o < OUTCOMES; o++) fprintf(out, "%9s", names[o]);
  fprintf(out, "\n");
  for (unsigned s = 0; s < STATES; s++) {
    if (s == TcpListen) continue;
    for (unsigned k = 0; k < KINDS; k++) {
      fprintf(out, "%-15s %-10s", rtl_tcp_state_e_name(s), rtl_tcb_event_e_name(k));
      for (int o = 0; o < OUTCOMES; o++) {
        fprintf(out, "%9u", c->cell[s][k][o]);
        hit += c->cell[s][k][o] != 0;
      }
      fprintf(out, "\n");
    }
  }
  fprintf(out, "cells of state, event and outcome that were hit: %u\n", hit);
}

/* --- What must have happened --- */

static inline unsigned missing_states(FILE *out, const coverage_t *c) {
  unsigned missing = 0;

  for (unsigned s = 0; s < STATES; s++) {
    if (s == TcpListen || c->state[s] != 0) continue;
    fprintf(out, "never in %s\n", rtl_tcp_state_e_name(s));
    missing++;
  }
  return missing;
}

static inline unsigned missing_drops(FILE *out, const coverage_t *c) {
  static const uint8_t drops[] = {DropNoConn,   DropOutOfWindow, DropPaws,
                                  DropBadAck,   DropNoAckBit,    DropReassembly,
                                  DropRstBlind, DropSynBlind,    DropAfterClose};
  unsigned missing = 0;

  for (unsigned i = 0; i < sizeof drops; i++) {
    if (c->drop[drops[i]] != 0) continue;
    fprintf(out, "nothing was dropped as %s\n", rtl_drop_e_name(drops[i]));
    missing++;
  }
  return missing;
}

static inline unsigned missing_timers(FILE *out, const coverage_t *c) {
  static const char *const names[TIMERS] = {"retransmission", "persist", "delayed ACK",
                                            "keep-alive", "user timeout"};
  /* States in which each timer can run, as bits. */
  enum {
    FLIGHT = 1 << TcpEstablished | 1 << TcpFinWait1 | 1 << TcpCloseWait | 1 << TcpClosing |
             1 << TcpLastAck,
    OPENING = 1 << TcpSynSent | 1 << TcpSynRcvd,
    TEXT = 1 << TcpEstablished | 1 << TcpFinWait1 | 1 << TcpFinWait2,
    OPEN = 1 << TcpEstablished | 1 << TcpFinWait1 | 1 << TcpFinWait2 | 1 << TcpCloseWait
  };
  static const unsigned can_run[TIMERS] = {FLIGHT | OPENING, FLIGHT, TEXT, OPEN, FLIGHT | OPENING};
  unsigned missing = 0;

  for (unsigned t = 0; t < TIMERS; t++) {
    for (unsigned s = 0; s < STATES; s++) {
      if (!(can_run[t] >> s & 1) || c->timer[t][s] != 0) continue;
      fprintf(out, "no %s timer fired in %s\n", names[t], rtl_tcp_state_e_name(s));
      missing++;
    }
  }
  return missing;
}

/* RFC 9293 figure 5, without LISTEN, and the ends that RST, abort and timeouts make. */
static inline unsigned missing_edges(FILE *out, const coverage_t *c) {
  static const uint8_t edges[][2] = {
      {TcpClosed, TcpSynSent},        {TcpClosed, TcpEstablished}, {TcpSynSent, TcpSynRcvd},
      {TcpSynSent, TcpEstablished},   {TcpSynSent, TcpClosed},     {TcpSynRcvd, TcpEstablished},
      {TcpSynRcvd, TcpFinWait1},      {TcpSynRcvd, TcpClosed},     {TcpEstablished, TcpFinWait1},
      {TcpEstablished, TcpCloseWait}, {TcpEstablished, TcpClosed}, {TcpFinWait1, TcpFinWait2},
      {TcpFinWait1, TcpClosing},      {TcpFinWait1, TcpTimeWait},  {TcpFinWait1, TcpClosed},
      {TcpFinWait2, TcpTimeWait},     {TcpFinWait2, TcpClosed},    {TcpCloseWait, TcpLastAck},
      {TcpCloseWait, TcpClosed},      {TcpClosing, TcpTimeWait},   {TcpClosing, TcpClosed},
      {TcpLastAck, TcpClosed},
  };
  unsigned missing = 0;

  for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++) {
    if (c->edge[edges[i][0]][edges[i][1]] != 0) continue;
    fprintf(out, "never from %s to %s\n", rtl_tcp_state_e_name(edges[i][0]),
            rtl_tcp_state_e_name(edges[i][1]));
    missing++;
  }
  return missing;
}

static inline unsigned missing_coverage(FILE *out, const coverage_t *c) {
  return missing_states(out, c) + missing_drops(out, c) + missing_timers(out, c) +
         missing_edges(out, c);
}

#endif
