/* SPDX-License-Identifier: Apache-2.0
 *
 * step() of the RTL and the reference model, event by event: every member of the control block and
 * of the action is equal.  EVENTS=n runs for longer.
 * tb: top=tb_step
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "coverage.h"
#include "lockstep_deeds.h"
#include "lockstep_random.h"
#include "sim/lockstep_compare.h"
#include "tb_tb_step.h"

enum { EVENTS_DEFAULT = 1000000, HISTORY = 20, CONN = 7 };

typedef struct record {
  rtl_tcb_event_t ev;
  rtl_tcb_t before;
} record_t;

typedef struct lockstep {
  tb_tb_step_t *tb;
  world_t world;
  model_tcb_t model_tcb;
  coverage_t coverage;
  deeds_t deeds;
  record_t history[HISTORY]; /* of the present connection */
  unsigned history_count;
  uint64_t events;
} lockstep_t;

static void remember(lockstep_t *l, const rtl_tcb_event_t *ev) {
  if (ev->open_valid) l->history_count = 0;
  l->history[l->history_count++ % HISTORY] = (record_t){*ev, l->world.tcb};
}

static void print_history(const lockstep_t *l) {
  const unsigned first = l->history_count > HISTORY ? l->history_count - HISTORY : 0;

  for (unsigned i = first; i < l->history_count; i++) {
    const record_t *r = &l->history[i % HISTORY];
    print_event(stderr, &r->ev, &r->before);
  }
}

static void require_equal(const lockstep_t *l, const model_tcb_t *rtl_tcb,
                          const model_tcb_t *model_tcb, const model_tcb_action_t *rtl_act,
                          const model_tcb_action_t *model_act) {
  const path_t tcb = {NULL, "tcb"};
  const path_t action = {NULL, "action"};

  if (differ_tcb(NULL, &tcb, rtl_tcb, model_tcb) +
          differ_tcb_action(NULL, &action, rtl_act, model_act) ==
      0)
    return;
  fprintf(stderr, "SEED=%u, event %" PRIu64 ":\n", tb_seed(), l->events);
  print_history(l);
  fprintf(stderr, "differs in\n");
  differ_tcb(stderr, &tcb, rtl_tcb, model_tcb);
  differ_tcb_action(stderr, &action, rtl_act, model_act);
  cr_assert_fail("SEED=%u: RTL and model differ at event %" PRIu64, tb_seed(), l->events);
}

/* One event through both. */
static void run_event(lockstep_t *l, rtl_tcb_event_t *ev) {
  world_t *w = &l->world;
  rtl_tcb_t after;
  rtl_tcb_action_t rtl_act;
  model_cfg_t cfg;
  model_tcb_event_t model_ev;
  model_tcb_t rtl_tcb, model_after;
  model_tcb_action_t rtl_action, model_action;

  ev->conn = CONN;
  ev->now_us = as_time(w->now_us);
  remember(l, ev);
  rtl_cfg_put(&w->cfg, l->tb->cfg_i, 0);
  rtl_tcb_put(&w->tcb, l->tb->tcb_i, 0);
  rtl_tcb_event_put(ev, l->tb->ev_i, 0);
  tb_tb_step_eval(l->tb);
  rtl_tcb_action_get(&rtl_act, l->tb->action_o, 0);
  after = w->tcb;
  if (rtl_act.tcb_write) rtl_tcb_get(&after, l->tb->after_o, 0);

  from_rtl_cfg(&w->cfg, &cfg);
  from_rtl_tcb_event(ev, &model_ev);
  model_step(&cfg, &l->model_tcb, &model_ev, &model_action);
  from_rtl_tcb(&after, &rtl_tcb);
  from_rtl_tcb_action(&rtl_act, &rtl_action);
  model_after = l->model_tcb;
  forget_meaningless_tcb(&rtl_tcb);
  forget_meaningless_tcb(&model_after);
  forget_meaningless_action(&rtl_action);
  forget_meaningless_action(&model_action);
  require_equal(l, &rtl_tcb, &model_after, &rtl_action, &model_action);

  coverage_event(&l->coverage, ev, &w->tcb, &after, &rtl_act);
  note_deeds(&l->deeds, &(scene_t){&w->cfg, ev, &w->tcb, &after, &rtl_act});
  w->tcb = after;
  if (rtl_act.tcb_write) {
    w->deadline_valid = rtl_act.deadline_valid;
    w->deadline_us = rtl_act.deadline_us;
  }
}

static uint64_t events_wanted(void) {
  const char *text = getenv("EVENTS");

  return text != NULL ? strtoull(text, NULL, 0) : EVENTS_DEFAULT;
}

static double seconds(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* tools/functional.py says what is missing. */
static void write_coverage(const lockstep_t *l) {
  FILE *file = coverage_open();

  if (file == NULL) return;
  coverage_bins(file, &l->coverage);
  deeds_bins(file, &l->deeds);
  coverage_close(file);
}

Test(lockstep, rtl_and_model_agree_on_every_event) {
  lockstep_t *l = calloc(1, sizeof *l);
  const uint64_t wanted = events_wanted();
  const double start = seconds();

  cr_assert_neq(l, NULL);
  l->tb = tb_tb_step_new(tb_seed());
  l->world.rng = tb_rng(tb_seed());
  l->world.now_us = (UINT64_C(1) << 40) - 1000000000; /* the clock wraps on the way */
  l->world.cfg = random_cfg(&l->world);
  for (; l->events < wanted; l->events++) {
    rtl_tcb_event_t ev = random_event(&l->world);
    run_event(l, &ev);
  }
  const double took = seconds() - start;
  coverage_print(stderr, &l->coverage);
  fprintf(stderr, "SEED=%u: %" PRIu64 " events equal, %.0f a second\n", tb_seed(), l->events,
          (double)l->events / took);
  print_deeds(stderr, &l->deeds);
  write_coverage(l);
  tb_tb_step_delete(l->tb);
  free(l);
}
