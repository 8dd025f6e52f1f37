/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model beside a running engine.
 */
#include "sim/lockstep.h"

#include <stddef.h>
#include <stdlib.h>
#include <toe/toe_regs.h>

#include "sim/lockstep_compare.h"
#include "sim/lockstep_cookies.h"
#include "sim/lockstep_frames.h"

enum {
  HISTORY = 20,
  SLOW_CYCLES = 10000 /* an answer without an event may leave after the connection is open */
};

struct record {
  rtl_tcb_event_t ev;
  rtl_tcb_t before;
};

struct connection {
  model_tcb_t tcb; /* all zero unless it is open */
  struct record history[HISTORY];
  uint64_t events;       /* since it was opened */
  uint64_t opened_cycle; /* when that was */
};

struct sim_lockstep {
  model_cfg_t cfg;
  uint32_t seed;
  uint64_t events;
  bool reset; /* soft reset was asked for, and the engine is not enabled again */
  uint32_t num_conns;
  model_netif_t netif;
  struct sim_awaited_list awaited;
  struct sim_arrived_list arrived;
  struct sim_cookies cookies;
  struct connection none;     /* for events that belong to no control block */
  struct connection *conns[]; /* NULL: no event yet */
};

/* --- Configuration --------------------------------------------------------------------------- */

/* As after reset; rtl/toe_regs.rdl. */
static model_cfg_t initial_config(const struct toe_sim_config *config) {
  return (model_cfg_t){
      .mtu = TOE_REGS__MTU__VALUE_reset,
      .min_mss = TOE_REGS__MIN_MSS__VALUE_reset,
      .min_pmtu = TOE_REGS__MIN_PMTU__VALUE_reset,
      .dscp = TOE_REGS__IP_HEADER__DSCP_reset,
      .ts_enable = TOE_REGS__FEATURES__TS_reset,
      .sack_enable = TOE_REGS__FEATURES__SACK_reset,
      .wscale_enable = TOE_REGS__FEATURES__WSCALE_reset,
      .rto_initial_us = TOE_REGS__RTO_INITIAL_US__VALUE_reset,
      .rto_min_us = TOE_REGS__RTO_MIN_US__VALUE_reset,
      .rto_max_us = TOE_REGS__RTO_MAX_US__VALUE_reset,
      .r1_retries = TOE_REGS__RETRIES__R1_reset,
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

/* The simulation writes what it was created with before anything else. */
static model_netif_t initial_netif(const struct toe_sim_config *config) {
  uint64_t mac = 0;

  for (size_t i = 0; i < sizeof config->mac; i++) mac = mac << 8 | config->mac[i];
  return (model_netif_t){.mac = mac,
                         .ip = config->ip,
                         .netmask = config->netmask,
                         .mtu = config->mtu != 0 ? config->mtu : TOE_REGS__MTU__VALUE_reset,
                         .ttl = TOE_REGS__IP_HEADER__TTL_reset,
                         .enabled = true};
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
  const bool reset = (value & TOE_REGS__CTRL__SOFT_RESET_bm) != 0;
  const bool enabled = !reset && (value & TOE_REGS__CTRL__ENABLE_bm) != 0;

  if (lockstep->reset && enabled) {
    forget_connections(lockstep);
    sim_awaited_clear(&lockstep->awaited);
    sim_cookies_reset(&lockstep->cookies);
  }
  lockstep->reset = reset || (lockstep->reset && !enabled);
  sim_awaited_disable(&lockstep->awaited, !enabled);
}

/* What is written is followed, not read back, because a read would take cycles. */
void sim_lockstep_register(struct sim_lockstep *lockstep, uint32_t offset, uint32_t value) {
  model_cfg_t *cfg = &lockstep->cfg;
  model_netif_t *netif = &lockstep->netif;

  sim_cookies_register(&lockstep->cookies, offset, value);
  switch (offset) {
    case offsetof(toe_regs_t, CTRL):
      control(lockstep, value);
      break;
    case offsetof(toe_regs_t, LOCAL_MAC_HI):
      netif->mac = (uint64_t)(value & 0xffff) << 32 | (uint32_t)netif->mac;
      break;
    case offsetof(toe_regs_t, LOCAL_MAC_LO):
      netif->mac = netif->mac >> 32 << 32 | value;
      break;
    case offsetof(toe_regs_t, LOCAL_IP):
      netif->ip = value;
      break;
    case offsetof(toe_regs_t, NETMASK):
      netif->netmask = value;
      break;
    case offsetof(toe_regs_t, MTU):
      cfg->mtu = netif->mtu = (uint16_t)value;
      break;
    case offsetof(toe_regs_t, MIN_MSS):
      cfg->min_mss = (uint16_t)value;
      break;
    case offsetof(toe_regs_t, FEATURES):
      cfg->ts_enable = (value & TOE_REGS__FEATURES__TS_bm) != 0;
      cfg->sack_enable = (value & TOE_REGS__FEATURES__SACK_bm) != 0;
      cfg->wscale_enable = (value & TOE_REGS__FEATURES__WSCALE_bm) != 0;
      break;
    case offsetof(toe_regs_t, MIN_PMTU):
      cfg->min_pmtu = (uint16_t)value;
      break;
    case offsetof(toe_regs_t, IP_HEADER):
      netif->ttl = value & TOE_REGS__IP_HEADER__TTL_bm;
      cfg->dscp = (value & TOE_REGS__IP_HEADER__DSCP_bm) >> TOE_REGS__IP_HEADER__DSCP_bp;
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
      cfg->r1_retries = (value & TOE_REGS__RETRIES__R1_bm) >> TOE_REGS__RETRIES__R1_bp;
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

static bool no_memory(FILE *out) {
  fprintf(out, "lock-step: out of memory\n");
  return false;
}

static void print_history(FILE *out, const struct connection *conn) {
  const uint64_t first = conn->events > HISTORY ? conn->events - HISTORY : 0;

  fprintf(out, "its last events, sequence numbers relative to irs and iss:\n");
  for (uint64_t i = first; i < conn->events; i++) {
    const struct record *record = &conn->history[i % HISTORY];
    print_event(out, &record->ev, &record->before);
  }
}

/* What is wrong with an event of @p conn; its history follows. */
static void print_place(const struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const char *what, uint16_t conn, FILE *out) {
  fprintf(out,
          "lock-step: %s event %" PRIu64 ", connection %u, cycle %" PRIu64 ", %" PRIu64
          " ns, engine's seed %u\n",
          what, lockstep->events, conn, now->cycle, now->ns, lockstep->seed);
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

static void remember(struct connection *conn, const rtl_trace_t *trace, uint64_t cycle) {
  if (trace->ev.open_valid) {
    conn->events = 0;
    conn->opened_cycle = cycle;
  }
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

/* The parser's part of an event: the segment is one that the model finds in a frame as well. */
static bool has_arrived(struct sim_lockstep *lockstep, const model_rx_seg_t *seg) {
  model_rx_seg_t sound = *seg;

  forget_meaningless_options(&sound.opt);
  return sim_arrived_take(&lockstep->arrived, &sound);
}

bool sim_lockstep_event(struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const uint32_t *words, FILE *out) {
  rtl_trace_t trace;
  model_tcb_event_t ev;
  struct results rtl, model;

  rtl_trace_get(&trace, words, 0);
  struct connection *conn = connection_of(lockstep, &trace.ev);
  if (conn == NULL) return no_memory(out);
  lockstep->events++;
  remember(conn, &trace, now->cycle);
  /* An open starts from nothing, whatever was there. */
  if (trace.ev.open_valid) conn->tcb = (model_tcb_t){0};
  read_rtl(&trace, &rtl);
  from_rtl_tcb_event(&trace.ev, &ev);
  const bool from_wire = trace.ev.kind <= EvDiscard || trace.ev.kind == EvIcmp;
  const char *wrong = NULL;
  if (from_wire && !has_arrived(lockstep, &ev.seg))
    wrong = "no frame that arrived holds the segment of";
  else if (ev.kind == EvSegment && ev.open_valid)
    wrong = sim_cookies_opened(&lockstep->cookies, &lockstep->cfg, &ev);
  if (wrong != NULL) {
    print_place(lockstep, now, wrong, ev.conn, out);
    print_history(out, conn);
    return false;
  }
  model.before = conn->tcb;
  model_step(&lockstep->cfg, &conn->tcb, &ev, &model.action);
  model.after = conn->tcb;
  forget_meaningless(&rtl);
  forget_meaningless(&model);
  if (differences(NULL, &rtl, &model) != 0) {
    print_place(lockstep, now, "RTL and reference model differ at", ev.conn, out);
    print_history(out, conn);
    fprintf(out, "the last one differs in\n");
    differences(out, &rtl, &model);
    return false;
  }
  /* Nobody can read the control block of a number that was given back. */
  if (model.action.free) conn->tcb = (model_tcb_t){0};
  if (model.action.tx_valid && !sim_awaited_add(&lockstep->awaited, &model.action.tx, now->ns))
    return no_memory(out);
  return true;
}

/* --- Frames ---------------------------------------------------------------------------------- */

static bool is_live(const model_tcb_t *tcb) {
  return tcb->in_use && tcb->state != MODEL_CLOSED && tcb->state != MODEL_TIME_WAIT;
}

/* The connection that @p key belongs to, while it is open; else NULL. */
static const struct connection *live_connection(const struct sim_lockstep *lockstep,
                                                const model_flow_key_t *key) {
  for (uint32_t i = 0; i < lockstep->num_conns; i++) {
    const struct connection *conn = lockstep->conns[i];
    if (conn != NULL && is_live(&conn->tcb) && model_same_flow(&conn->tcb.key, key)) return conn;
  }
  return NULL;
}

static bool needs_no_event(const struct sim_lockstep *lockstep, const model_tx_seg_t *seg,
                           uint64_t cycle) {
  const model_tcp_flags_t *flags = &seg->flags;
  if (seg->dscp != lockstep->cfg.dscp) return false;
  if (seg->payload_len != 0 || flags->fin || flags->psh || flags->urg || flags->syn > flags->ack)
    return false;
  const struct connection *conn = live_connection(lockstep, &seg->key);
  return conn == NULL || cycle - conn->opened_cycle < SLOW_CYCLES;
}

static const char *complaint(const struct sim_lockstep *lockstep, const struct sim_segment *left,
                             enum sim_awaited_result result, uint64_t cycle) {
  switch (result) {
    case SIM_AWAITED_FOUND:
      return NULL;
    case SIM_AWAITED_SKIPPED:
      return "a segment was asked for before this frame's and has not left";
    case SIM_AWAITED_WRONG:
      if (needs_no_event(lockstep, &left->seg, cycle)) return NULL;
      return "the frame is not the segment that was asked for";
    default:
      if (needs_no_event(lockstep, &left->seg, cycle)) return NULL;
      return "no event asked for this frame";
  }
}

/* Whether the engine is enabled is not asked: what it drops for that is lost like any frame. */
void sim_lockstep_arrives(struct sim_lockstep *lockstep, const uint8_t *frame, size_t len,
                          bool fcs_good) {
  sim_arrived_add(&lockstep->arrived, &lockstep->netif, frame, len, fcs_good);
}

/* The octets of a frame that left.  out: where a complaint goes. */
static bool is_well_built(const struct sim_lockstep *lockstep, const struct sim_moment *now,
                          const uint8_t *frame, size_t len, struct sim_segment *left, FILE *out) {
  const enum sim_frame_content content = sim_frame_read(frame, len, left);
  const long at =
      content == SIM_FRAME_SEGMENT ? sim_frame_difference(frame, len, left, &lockstep->netif) : -1;

  if (content == SIM_FRAME_UNSOUND)
    fprintf(out, "lock-step: no receiver would take a frame that left");
  else if (at >= 0)
    fprintf(out, "lock-step: a frame is not built as the model builds it, from octet %ld on", at);
  else
    return true;
  fprintf(out, ", cycle %" PRIu64 ", %" PRIu64 " ns, engine's seed %u\n", now->cycle, now->ns,
          lockstep->seed);
  for (size_t i = 0; i < len && i < MODEL_MAX_HEADERS; i++)
    fprintf(out, "%02x%s", frame[i], i % 16 == 15 ? "\n" : " ");
  fprintf(out, "\n");
  return false;
}

bool sim_lockstep_frame(struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const uint8_t *frame, size_t len, FILE *out) {
  struct sim_segment left = {0};

  if (!is_well_built(lockstep, now, frame, len, &left, out)) return false;
  if (left.packet_len == 0) return true; /* no TCP */
  const enum sim_awaited_result result =
      sim_awaited_take(&lockstep->awaited, &left, lockstep->cfg.mtu, now->ns, out);
  const char *what = complaint(lockstep, &left, result, now->cycle);
  if (what == NULL)
    what = sim_cookies_sent(&lockstep->cookies, &left.seg, now->ns / 1000 % (UINT64_C(1) << 40));
  if (what == NULL) return true;
  fprintf(out,
          "lock-step: %s, cycle %" PRIu64 ", %" PRIu64
          " ns, engine's seed %u\nlocal port %u, remote port %u, seq %u ack %u, %u octets\n",
          what, now->cycle, now->ns, lockstep->seed, left.seg.key.local_port,
          left.seg.key.remote_port, left.seg.seq, left.seg.ack, left.seg.payload_len);
  if (result == SIM_AWAITED_WRONG)
    sim_awaited_explain(&lockstep->awaited, &left, lockstep->cfg.mtu, out);
  const struct connection *conn = live_connection(lockstep, &left.seg.key);
  if (conn != NULL) print_history(out, conn);
  return false;
}

uint64_t sim_lockstep_cookies(const struct sim_lockstep *lockstep) {
  return lockstep->cookies.checked;
}

/* --- Life ------------------------------------------------------------------------------------ */

struct sim_lockstep *sim_lockstep_new(const struct toe_sim_config *config) {
  const size_t pointers = config->num_conns * sizeof(struct connection *);
  struct sim_lockstep *lockstep = calloc(1, sizeof *lockstep + pointers);

  if (lockstep == NULL) return NULL;
  lockstep->cfg = initial_config(config);
  lockstep->netif = initial_netif(config);
  lockstep->seed = config->seed;
  lockstep->num_conns = config->num_conns;
  return lockstep;
}

void sim_lockstep_delete(struct sim_lockstep *lockstep) {
  if (lockstep == NULL) return;
  forget_connections(lockstep);
  sim_awaited_free(&lockstep->awaited);
  free(lockstep);
}
