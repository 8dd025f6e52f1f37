/* SPDX-License-Identifier: Apache-2.0
 *
 * Functional coverage: which states, events, outcomes, drops, timers, transitions and options a run
 * has reached.  `make coverage` and `make regress` add up what the programs write.
 */
#ifndef TOE_TESTS_COVERAGE_H
#define TOE_TESTS_COVERAGE_H

#include <stdint.h>
#include <stdio.h>

#include "toe/toe.h"
#include "toe/toe_hw.h"
#include "toe_structs.h"

enum { COVERAGE_STATES = TcpTimeWait + 1, COVERAGE_KINDS = EvIcmp + 1, COVERAGE_DROPS = DropCount };

/** What one event led to: the first that fits. */
typedef enum coverage_outcome {
  COVERAGE_CHANGED_STATE,
  COVERAGE_DROPPED,
  COVERAGE_KEPT,
  COVERAGE_REFUSED,
  COVERAGE_SENT_AGAIN,
  COVERAGE_SENT,
  COVERAGE_TOLD,
  COVERAGE_OTHER,
  COVERAGE_OUTCOMES
} coverage_outcome_t;

typedef enum coverage_timer {
  COVERAGE_RETRANSMIT,
  COVERAGE_PERSIST,
  COVERAGE_DELACK,
  COVERAGE_KEEP,
  COVERAGE_USER,
  COVERAGE_TIMERS
} coverage_timer_t;

/** A TCP option, as it came on a SYN or on any other segment. */
typedef enum coverage_option {
  COVERAGE_MSS,
  COVERAGE_WSCALE,
  COVERAGE_SACK_PERMITTED,
  COVERAGE_TIMESTAMPS,
  COVERAGE_SACK,
  COVERAGE_OPTIONS
} coverage_option_t;

/** How often each was seen.  Zero before the first event. */
typedef struct coverage {
  uint64_t cell[COVERAGE_STATES][COVERAGE_KINDS][COVERAGE_OUTCOMES];
  uint64_t edge[COVERAGE_STATES][COVERAGE_STATES];
  uint64_t drop[COVERAGE_DROPS];
  uint64_t timer[COVERAGE_TIMERS][COVERAGE_STATES];
  uint64_t option[COVERAGE_OPTIONS][2]; /* [1]: on a SYN */
} coverage_t;

/** Counts one event, with the control block before and after it. */
void coverage_event(coverage_t *c, const rtl_tcb_event_t *ev, const rtl_tcb_t *before,
                    const rtl_tcb_t *after, const rtl_tcb_action_t *act);

/** The table of states, events and outcomes. */
void coverage_print(FILE *out, const coverage_t *c);

/**
 * Begins a new file of counts in the folder that COVERAGE_DIR of the environment names.
 *
 * @return the file, to be given to coverage_bin() and coverage_close(); NULL when nobody asks.
 */
FILE *coverage_open(void);

/** Writes that @p group.@p name was seen @p count times; 0 says that it could have been. */
void coverage_bin(FILE *file, const char *group, const char *name, uint64_t count);

/** Writes every count of @p c, zeros too. */
void coverage_bins(FILE *file, const coverage_t *c);

/** Writes what toe_counters() gave: TOE_HW_COUNTER_COUNT of them. */
void coverage_counters(FILE *file, const struct toe_counter *counters);

/** Ends the file; NULL is allowed. */
void coverage_close(FILE *file);

/** Writes all of a whole engine, its counters if it still answers, and ends the file; NULL is
 * allowed. */
static inline void coverage_engine(FILE *file, const coverage_t *c, struct toe_engine *engine) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];

  if (file == NULL) return;
  coverage_bins(file, c);
  if (toe_counters(engine, counters, TOE_HW_COUNTER_COUNT) > 0) coverage_counters(file, counters);
  coverage_close(file);
}

/** A file with these counts alone, of a bench of one block: index is enum drop_e. */
void coverage_drops(const uint64_t drops[COVERAGE_DROPS]);

#endif
