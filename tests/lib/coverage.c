/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "toe/toe_hw.h"

static const char *const kOutcomes[COVERAGE_OUTCOMES] = {"state", "drop", "keep", "refuse",
                                                         "again", "sent", "told", "other"};
static const char *const kTimers[COVERAGE_TIMERS] = {"retransmission", "persist", "delayed-ack",
                                                     "keep-alive", "user-timeout"};
static const char *const kOptions[COVERAGE_OPTIONS] = {"mss", "wscale", "sack-permitted",
                                                       "timestamps", "sack"};

/* In the order of drop_e, and then the rest. */
static const char *const kCounters[TOE_HW_COUNTER_COUNT] = {
#define COUNTER_NAME(NAME, name, offset, meaning) name,
    TOE_HW_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};

static coverage_outcome_t outcome_of(const rtl_tcb_t *before, const rtl_tcb_t *after,
                                     const rtl_tcb_action_t *act) {
  if (before->state != after->state) return COVERAGE_CHANGED_STATE;
  if (act->drop_valid) return COVERAGE_DROPPED;
  if (act->verdict.keep) return COVERAGE_KEPT;
  if (act->ntf_valid) return act->ntf.body.flags.refused ? COVERAGE_REFUSED : COVERAGE_TOLD;
  if (act->tx_valid) return act->tx_is_rexmit ? COVERAGE_SENT_AGAIN : COVERAGE_SENT;
  return COVERAGE_OTHER;
}

static bool is_due(uint64_t now_us, uint64_t deadline_us) {
  return ((now_us - deadline_us) & ((UINT64_C(1) << 40) - 1)) < UINT64_C(1) << 39;
}

static void count_timers(coverage_t *c, const rtl_tcb_event_t *ev, const rtl_tcb_t *t) {
  const uint64_t now_us = ev->now_us;

  if (t->rtx_mode != RtxOff && is_due(now_us, t->rtx_deadline_us))
    c->timer[t->rtx_mode == RtxPersist ? COVERAGE_PERSIST : COVERAGE_RETRANSMIT][t->state]++;
  if (t->delack_armed && is_due(now_us, t->delack_deadline_us))
    c->timer[COVERAGE_DELACK][t->state]++;
  if (t->keep_armed && is_due(now_us, t->keep_deadline_us)) c->timer[COVERAGE_KEEP][t->state]++;
  if (t->user_timeout_armed && is_due(now_us, t->user_deadline_us))
    c->timer[COVERAGE_USER][t->state]++;
}

static void count_options(coverage_t *c, const rtl_rx_seg_t *seg) {
  const rtl_tcp_options_t *o = &seg->opt;
  const unsigned syn = seg->flags.syn;

  c->option[COVERAGE_MSS][syn] += o->mss_valid;
  c->option[COVERAGE_WSCALE][syn] += o->wscale_valid;
  c->option[COVERAGE_SACK_PERMITTED][syn] += o->sack_permitted;
  c->option[COVERAGE_TIMESTAMPS][syn] += o->ts_valid;
  c->option[COVERAGE_SACK][syn] += o->sack_count != 0;
}

void coverage_event(coverage_t *c, const rtl_tcb_event_t *ev, const rtl_tcb_t *before,
                    const rtl_tcb_t *after, const rtl_tcb_action_t *act) {
  /* An event that opens leads from CLOSED to wherever it ends. */
  const rtl_tcb_t closed = {0};
  if (ev->open_valid) before = &closed;

  c->cell[before->state][ev->kind][outcome_of(before, after, act)]++;
  c->edge[before->state][after->state]++;
  if (act->drop_valid) c->drop[act->drop]++;
  if (ev->kind == EvTimer) count_timers(c, ev, before);
  if (ev->kind <= EvDiscard) count_options(c, &ev->seg);
}

void coverage_print(FILE *out, const coverage_t *c) {
  unsigned hit = 0;

  fprintf(out, "%-15s %-10s", "state", "event");
  for (int o = 0; o < COVERAGE_OUTCOMES; o++) fprintf(out, "%9s", kOutcomes[o]);
  fprintf(out, "\n");
  for (unsigned s = 0; s < COVERAGE_STATES; s++) {
    if (s == TcpListen) continue;
    for (unsigned k = 0; k < COVERAGE_KINDS; k++) {
      fprintf(out, "%-15s %-10s", rtl_tcp_state_e_name(s), rtl_tcb_event_e_name(k));
      for (int o = 0; o < COVERAGE_OUTCOMES; o++) {
        fprintf(out, "%9" PRIu64, c->cell[s][k][o]);
        hit += c->cell[s][k][o] != 0;
      }
      fprintf(out, "\n");
    }
  }
  fprintf(out, "cells of state, event and outcome that were hit: %u\n", hit);
}

/* --- Files --- */

FILE *coverage_open(void) {
  static unsigned files;
  const char *folder = getenv("COVERAGE_DIR");
  char path[4096];

  if (folder == NULL || folder[0] == '\0') return NULL;
  snprintf(path, sizeof path, "%s/%ld.%u.func", folder, (long)getpid(), files++);
  FILE *file = fopen(path, "we");
  if (file == NULL) perror(path);
  return file;
}

void coverage_bin(FILE *file, const char *group, const char *name, uint64_t count) {
  fprintf(file, "%s.%s\t%" PRIu64 "\n", group, name, count);
}

static void write_cells(FILE *file, const coverage_t *c) {
  char name[128];

  for (unsigned s = 0; s < COVERAGE_STATES; s++) {
    for (unsigned k = 0; k < COVERAGE_KINDS; k++) {
      for (int o = 0; o < COVERAGE_OUTCOMES; o++) {
        snprintf(name, sizeof name, "%s.%s.%s", rtl_tcp_state_e_name(s), rtl_tcb_event_e_name(k),
                 kOutcomes[o]);
        coverage_bin(file, "cell", name, c->cell[s][k][o]);
      }
    }
  }
}

static void write_edges(FILE *file, const coverage_t *c) {
  char name[128];

  for (unsigned from = 0; from < COVERAGE_STATES; from++) {
    for (unsigned to = 0; to < COVERAGE_STATES; to++) {
      if (from == to) continue;
      snprintf(name, sizeof name, "%s.%s", rtl_tcp_state_e_name(from), rtl_tcp_state_e_name(to));
      coverage_bin(file, "edge", name, c->edge[from][to]);
    }
  }
}

static void write_timers(FILE *file, const coverage_t *c) {
  char name[128];

  for (unsigned t = 0; t < COVERAGE_TIMERS; t++) {
    for (unsigned s = 0; s < COVERAGE_STATES; s++) {
      snprintf(name, sizeof name, "%s.%s", kTimers[t], rtl_tcp_state_e_name(s));
      coverage_bin(file, "timer", name, c->timer[t][s]);
    }
  }
}

static void write_options(FILE *file, const coverage_t *c) {
  char name[128];

  for (unsigned o = 0; o < COVERAGE_OPTIONS; o++) {
    for (unsigned syn = 0; syn < 2; syn++) {
      snprintf(name, sizeof name, "%s.%s", kOptions[o], syn ? "syn" : "other");
      coverage_bin(file, "option", name, c->option[o][syn]);
    }
  }
}

void coverage_bins(FILE *file, const coverage_t *c) {
  write_cells(file, c);
  write_edges(file, c);
  write_timers(file, c);
  write_options(file, c);
  for (unsigned d = 0; d < COVERAGE_DROPS; d++)
    coverage_bin(file, "counter", kCounters[d], c->drop[d]);
}

void coverage_counters(FILE *file, const struct toe_counter *counters) {
  for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++)
    coverage_bin(file, "counter", counters[i].name, counters[i].value);
}

void coverage_drops(const uint64_t drops[COVERAGE_DROPS]) {
  FILE *file = coverage_open();

  if (file == NULL) return;
  for (unsigned d = 0; d < COVERAGE_DROPS; d++)
    coverage_bin(file, "counter", kCounters[d], drops[d]);
  coverage_close(file);
}

void coverage_close(FILE *file) {
  if (file != NULL && fclose(file) != 0) perror("coverage");
}
