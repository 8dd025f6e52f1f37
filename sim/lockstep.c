/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model beside a running engine.
 */
#include "sim/lockstep.h"

#include <stddef.h>
#include <stdlib.h>
#include <toe/toe_regs.h>

#include "sim/lockstep_compare.h"

enum { HISTORY = 20 };

struct record {
  rtl_tcb_event_t ev;
  rtl_tcb_t before;
};

struct connection {
  model_tcb_t tcb; /* all zero unless it is open */
  struct record history[HISTORY];
  uint64_t events; /* since it was opened */
};

struct sim_lockstep {
  model_cfg_t cfg;
  uint32_t seed;
  uint64_t events;
  bool reset; /* soft reset was asked for, and the engine is not enabled again */
  uint32_t num_conns;
  struct connection none;     /* for events that belong to no control block */
  struct connection *conns[]; /* NULL: no event yet */
};

/* --- Configuration --------------------------------------------------------------------------- */

/* As after reset; rtl/toe_regs.rdl. */
static model_cfg_t initial_config(const struct toe_sim_config *config) {
  return (model_cfg_t){
      .mtu = TOE_REGS__MTU__VALUE_reset,
      .min_mss = TOE_REGS__MIN_MSS__VALUE_reset,
      .ts_enable = TOE_REGS__FEATURES__TS_reset,
      .sack_enable = TOE_REGS__FEATURES__SACK_reset,
      .wscale_enable = TOE_REGS__FEATURES__WSCALE_reset,
      .rto_initial_us = TOE_REGS__RTO_INITIAL_US__VALUE_reset,
      .rto_min_us = TOE_REGS__RTO_MIN_US__VALUE_reset,
      .rto_max_us = TOE_REGS__RTO_MAX_US__VALUE_reset,
      .data_retries = TOE_REGS__RETRIES__DATA_reset,
      .syn_retries = TOE_REGS__RETRIES__SYN_reset,
      .delack_us = TOE_REGS__DELACK_US__VALUE_reset,
      .keepalive_us = (uint64_t)TOE_REGS__KEEPALIVE_US_HI__VALUE_reset << 32 |
                      TOE_REGS__KEEPALIVE_US_LO__VALUE_reset,
      .keepalive_interval_us = TOE_REGS__KEEPALIVE_INTERVAL_US__VALUE_reset,
      .rx_ring_log2 = (uint8_t)config->rx_ring_log2,
      .tx_ring_log2 = (uint8_t)config->tx_ring_log2,
  };
}

static void forget_connections(struct sim_lockstep *lockstep) {
  for (uint32_t i = 0; i < lockstep->num_conns; i++) {
    free(lockstep->conns[i]);
    lockstep->conns[i] = NULL;
  }
}

/* Events that were under way when a soft reset was asked for may still come; none comes between the
 * reset and the next time that the engine is enabled. */
static void control(struct sim_lockstep *lockstep, uint32_t value) {
  if ((value & TOE_REGS__CTRL__SOFT_RESET_bm) != 0) {
    lockstep->reset = true;
  } else if (lockstep->reset && (value & TOE_REGS__CTRL__ENABLE_bm) != 0) {
    lockstep->reset = false;
    forget_connections(lockstep);
  }
}

/* What is written is followed, not read back, because a read would take cycles. */
void sim_lockstep_register(struct sim_lockstep *lockstep, uint32_t offset, uint32_t value) {
  model_cfg_t *cfg = &lockstep->cfg;

  switch (offset) {
    case offsetof(toe_regs_t, CTRL):
      control(lockstep, value);
      break;
    case offsetof(toe_regs_t, MTU):
      cfg->mtu = (uint16_t)value;
      break;
    case offsetof(toe_regs_t, MIN_MSS):
      cfg->min_mss = (uint16_t)value;
      break;
    case offsetof(toe_regs_t, FEATURES):
      cfg->ts_enable = (value & TOE_REGS__FEATURES__TS_bm) != 0;
      cfg->sack_enable = (value & TOE_REGS__FEATURES__SACK_bm) != 0;
      cfg->wscale_enable = (value & TOE_REGS__FEATURES__WSCALE_bm) != 0;
      break;
    case offsetof(toe_regs_t, RTO_INITIAL_US):
      cfg->rto_initial_us = value;
      break;
    case offsetof(toe_regs_t, RTO_MIN_US):
      cfg->rto_min_us = value;
      break;
    case offsetof(toe_regs_t, RTO_MAX_US):
      cfg->rto_max_us = value;
      break;
    case offsetof(toe_regs_t, RETRIES):
      cfg->data_retries = value & TOE_REGS__RETRIES__DATA_bm;
      cfg->syn_retries = (value & TOE_REGS__RETRIES__SYN_bm) >> TOE_REGS__RETRIES__SYN_bp;
      break;
    case offsetof(toe_regs_t, DELACK_US):
      cfg->delack_us = value;
      break;
    case offsetof(toe_regs_t, KEEPALIVE_US_LO):
      cfg->keepalive_us = (cfg->keepalive_us >> 32 << 32) | value;
      break;
    case offsetof(toe_regs_t, KEEPALIVE_US_HI):
      cfg->keepalive_us = (uint64_t)(value & TOE_REGS__KEEPALIVE_US_HI__VALUE_bm) << 32 |
                          (uint32_t)cfg->keepalive_us;
      break;
    case offsetof(toe_regs_t, KEEPALIVE_INTERVAL_US):
      cfg->keepalive_interval_us = value;
      break;
    default:
      break;
  }
}

/* --- Report ---------------------------------------------------------------------------------- */

static void print_history(FILE *out, const struct connection *conn) {
  const uint64_t first = conn->events > HISTORY ? conn->events - HISTORY : 0;

  fprintf(out, "its last events, sequence numbers relative to irs and iss:\n");
  for (uint64_t i = first; i < conn->events; i++) {
    const struct record *record = &conn->history[i % HISTORY];
    print_event(out, &record->ev, &record->before);
  }
}

struct results {
  model_tcb_t before, after;
  model_tcb_action_t action;
};

static unsigned differences(FILE *out, const struct results *rtl, const struct results *model) {
  return differ_tcb(out, &(path_t){NULL, "tcb_before"}, &rtl->before, &model->before) +
         differ_tcb(out, &(path_t){NULL, "tcb_after"}, &rtl->after, &model->after) +
         differ_tcb_action(out, &(path_t){NULL, "action"}, &rtl->action, &model->action);
}

/* --- Events ---------------------------------------------------------------------------------- */

/* The control block that an event reads and writes; NULL: no memory. */
static struct connection *connection_of(struct sim_lockstep *lockstep, const rtl_tcb_event_t *ev) {
  if (ev->kind == EvNoConn || ev->kind == EvDiscard || ev->conn >= lockstep->num_conns) {
    lockstep->none.tcb = (model_tcb_t){0};
    return &lockstep->none;
  }
  struct connection **conn = &lockstep->conns[ev->conn];
  if (*conn == NULL) *conn = calloc(1, sizeof **conn);
  return *conn;
}

static void remember(struct connection *conn, const rtl_trace_t *trace) {
  if (trace->ev.open_valid) conn->events = 0;
  conn->history[conn->events++ % HISTORY] = (struct record){trace->ev, trace->tcb_before};
}

static void read_rtl(const rtl_trace_t *trace, struct results *rtl) {
  from_rtl_tcb(&trace->tcb_before, &rtl->before);
  from_rtl_tcb(trace->action.tcb_write ? &trace->tcb_after : &trace->tcb_before, &rtl->after);
  from_rtl_tcb_action(&trace->action, &rtl->action);
}

static void forget_meaningless(struct results *results) {
  forget_meaningless_tcb(&results->before);
  forget_meaningless_tcb(&results->after);
  forget_meaningless_action(&results->action);
}

bool sim_lockstep_event(struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const uint32_t *words, FILE *out) {
  rtl_trace_t trace;
  model_tcb_event_t ev;
  struct results rtl, model;

  rtl_trace_get(&trace, words, 0);
  struct connection *conn = connection_of(lockstep, &trace.ev);
  if (conn == NULL) {
    fprintf(out, "lock-step: out of memory\n");
    return false;
  }
  lockstep->events++;
  remember(conn, &trace);
  /* An open starts from nothing, whatever was there. */
  if (trace.ev.open_valid) conn->tcb = (model_tcb_t){0};
  read_rtl(&trace, &rtl);
  from_rtl_tcb_event(&trace.ev, &ev);
  model.before = conn->tcb;
  model_step(&lockstep->cfg, &conn->tcb, &ev, &model.action);
  model.after = conn->tcb;
  forget_meaningless(&rtl);
  forget_meaningless(&model);
  if (differences(NULL, &rtl, &model) != 0) {
    fprintf(out,
            "lock-step: RTL and reference model differ at event %" PRIu64
            ", connection %u, cycle %" PRIu64 ", %" PRIu64 " ns, engine's seed %u\n",
            lockstep->events, trace.ev.conn, now->cycle, now->ns, lockstep->seed);
    print_history(out, conn);
    fprintf(out, "the last one differs in\n");
    differences(out, &rtl, &model);
    return false;
  }
  /* Nobody can read the control block of a number that was given back. */
  if (model.action.free) conn->tcb = (model_tcb_t){0};
  return true;
}

/* --- Life ------------------------------------------------------------------------------------ */

struct sim_lockstep *sim_lockstep_new(const struct toe_sim_config *config) {
  const size_t pointers = config->num_conns * sizeof(struct connection *);
  struct sim_lockstep *lockstep = calloc(1, sizeof *lockstep + pointers);

  if (lockstep == NULL) return NULL;
  lockstep->cfg = initial_config(config);
  lockstep->seed = config->seed;
  lockstep->num_conns = config->num_conns;
  return lockstep;
}

void sim_lockstep_delete(struct sim_lockstep *lockstep) {
  if (lockstep == NULL) return;
  forget_connections(lockstep);
  free(lockstep);
}
