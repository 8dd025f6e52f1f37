/* SPDX-License-Identifier: Apache-2.0
 *
 * Contracts of the engine: latency when it is idle, nothing dropped for want of cycles, every frame
 * counted, nothing left at the end.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Cycles from the last beat in to the first beat out; rtl/toe_top.sv's documents promise it at 64
 * bits. */
enum { LATENCY_LIMIT = 40, COUNTERS = 64, REST_NS = 5000, LATE_US = 100 };

/* --- Events ----------------------------------------------------------------------------------- */

/* Microseconds from @p deadline_us to the event; below zero: it comes later. */
static int64_t overdue(const rtl_tcb_event_t *ev, uint64_t deadline_us) {
  return (int64_t)((ev->now_us - deadline_us) << 24) >> 24; /* time has 40 bits */
}

/* Timers run out when they should: all deadlines are read in as many cycles as there are. */
static void check_timer(side_t *side, const rtl_tcb_event_t *ev, const rtl_tcb_t *tcb) {
  int64_t late_us = INT64_MIN;

  if (tcb->rtx_mode != RtxOff) late_us = overdue(ev, tcb->rtx_deadline_us);
  if (tcb->delack_armed && overdue(ev, tcb->delack_deadline_us) > late_us)
    late_us = overdue(ev, tcb->delack_deadline_us);
  if (tcb->keep_armed && overdue(ev, tcb->keep_deadline_us) > late_us)
    late_us = overdue(ev, tcb->keep_deadline_us);
  if (tcb->user_timeout_armed && overdue(ev, tcb->user_deadline_us) > late_us)
    late_us = overdue(ev, tcb->user_deadline_us);
  if (late_us > LATE_US)
    world_fail(side->world, "engine %u, connection %u: a timer ran out %" PRId64 " us late",
               side->number, ev->conn, late_us);
}

/* A segment's event is of the connection that its addresses name. */
static void check_owner(side_t *side, const rtl_tcb_event_t *ev, const rtl_tcb_t *tcb) {
  const rtl_flow_key_t *key = ev->open_valid ? &ev->open.key : &tcb->key;

  if (key->remote_ip != ev->seg.key.remote_ip || key->remote_port != ev->seg.key.remote_port ||
      key->local_port != ev->seg.key.local_port || !(tcb->in_use || ev->open_valid))
    world_fail(side->world,
               "engine %u: a segment for port %u went to connection %u, which is not its",
               side->number, ev->seg.key.local_port, ev->conn);
}

/* The one place where every event of every engine arrives. */
static void on_event(side_t *side, const rtl_trace_t *trace) {
  const rtl_tcb_event_t *ev = &trace->ev;
  probe_t *probe = &side->probe;

  if (side->coverage_file != NULL)
    coverage_event(&side->coverage, ev, &trace->tcb_before, &trace->tcb_after, &trace->action);
  if (ev->kind == EvTimer && !side->world->round.stalls) check_timer(side, ev, &trace->tcb_before);
  if (ev->kind == EvSegment) check_owner(side, ev, &trace->tcb_before);
  if (ev->kind > EvDiscard || ev->seg.icmp.kind != IcmpNone) return;
  side->segment_events++;
  if (!probe->armed || ev->seg.key.local_port != probe->local_port ||
      ev->seg.key.remote_port != probe->remote_port)
    return;
  probe->answered_at_once = trace->action.tx_valid && trace->action.tx.payload_len == 0;
  /* The SYN-ACK of a simultaneous open waits for its turn to send. */
  if (ev->kind != EvDiscard) probe->is_syn = false;
  /* The limit is for connections that are open; one that opens goes through the SYN cache. */
  if (ev->open_valid) probe->armed = false;
}

static void traced(void *user, uint64_t now_ns, const uint32_t *words, size_t count) {
  rtl_trace_t trace;

  (void)now_ns;
  (void)count;
  rtl_trace_get(&trace, words, 0);
  on_event(user, &trace);
}

void audit_attach(side_t *side) {
  side->coverage_file = coverage_open();
  toe_sim_trace(side->sim, traced, side);
}

/* --- Latency ---------------------------------------------------------------------------------- */

static uint64_t beats(const side_t *side, size_t octets) {
  const uint32_t beat_octets = toe_sim_config_get(side->sim)->data_width / 8;
  return (octets + beat_octets - 1) / beat_octets;
}

/* One frame into an engine that rests, and nothing beside it until it is answered: no other frame,
 * no timer, nothing from the host. */
void audit_frame_in(side_t *side, const uint8_t *frame, size_t len) {
  static frame_t copy;
  frame_info_t info = {0};
  const bool armed = side->probe.armed;

  side->probe.armed = false;
  if (side->world->round.stalls || armed || toe_sim_busy(side->sim)) return;
  if (toe_sim_next_ns(side->sim) < toe_sim_now(side->sim) + REST_NS) return;
  memcpy(copy.data, frame, len);
  copy.len = (uint32_t)len;
  if (frame_check(&copy, &info) != NULL || info.type != FRAME_TYPE_IPV4 || info.proto != FRAME_TCP)
    return;
  side->probe = (probe_t){.armed = true,
                          .in_ns = toe_sim_now(side->sim),
                          .in_beats = beats(side, len),
                          .local_port = info.dst_port,
                          .remote_port = info.src_port,
                          .is_syn = info.flags == FRAME_SYN};
}

void audit_frame_out(side_t *side, const frame_t *frame, const frame_info_t *info,
                     uint64_t time_ns) {
  world_t *world = side->world;
  probe_t *probe = &side->probe;

  if (!probe->armed || time_ns <= probe->in_ns) return;
  probe->armed = false;
  if (info->type != FRAME_TYPE_IPV4 || info->proto != FRAME_TCP) return;
  if (info->src_port != probe->local_port || info->dst_port != probe->remote_port) return;
  const bool syn_ack = probe->is_syn && info->flags == (FRAME_SYN | FRAME_ACK);
  const bool ack = probe->answered_at_once && info->flags == FRAME_ACK && info->payload_len == 0;
  if (!syn_ack && !ack) return;
  /* The first edge came up to one cycle after the frame was handed over, so this may be one less
   * than the truth. */
  const uint64_t cycles = (time_ns - probe->in_ns) * 1000 / world->round.period_ps + 1 -
                          probe->in_beats - beats(side, frame->len);
  world->latencies++;
  if (cycles > world->latency_worst) world->latency_worst = cycles;
  if (cycles > LATENCY_LIMIT && toe_sim_config_get(side->sim)->data_width == 64)
    world_fail(world, "engine %u took %" PRIu64 " cycles to answer %s", side->number, cycles,
               syn_ack ? "a SYN" : "a segment");
}

/* --- At the end ------------------------------------------------------------------------------- */

/* Sum of the counters from @p first to @p last, in the order of rtl/toe_pkg.sv. */
static uint64_t sum(const struct toe_counter *counters, const char *first, const char *last) {
  uint64_t value = 0;
  int i = 0;

  while (strcmp(counters[i].name, first) != 0) i++;
  while (strcmp(counters[i].name, last) != 0) value += counters[i++].value;
  return value + counters[i].value;
}

static uint64_t count(const struct toe_counter *counters, const char *name) {
  return sum(counters, name, name);
}

static void check_equal(side_t *side, const char *what, uint64_t one, uint64_t other) {
  if (one != other)
    world_fail(side->world, "engine %u: %s: %" PRIu64 " and %" PRIu64, side->number, what, one,
               other);
}

static void check_counters(side_t *side) {
  struct toe_counter c[COUNTERS];
  struct toe_sim_stats stats;

  cr_assert_leq(toe_counters(side->engine, c, COUNTERS), COUNTERS);
  toe_sim_stats_get(side->sim, &stats);
  check_equal(side, "broken rules of AXI, and none", stats.mem_errors, 0);
  check_equal(side, "frames in, and whole ones with those dropped before TCP", stats.frames_in,
              count(c, "rx_frame") + sum(c, "drop_disabled", "drop_rx_full") +
                  count(c, "drop_ip_source_route") + count(c, "drop_icmp_quote"));
  check_equal(side, "segments for TCP, and events they became", count(c, "rx_segment"),
              side->segment_events);
  check_equal(side, "frames out, and frames counted", stats.frames_out, count(c, "tx_frame"));
  if (side->world->round.paced && !side->world->round.stalls &&
      toe_sim_config_get(side->sim)->data_width == 64)
    check_equal(side, "frames dropped for want of cycles, and none", count(c, "drop_rx_full"), 0);
}

static void check_leaks(side_t *side) {
  struct toe_engine_info info;

  if (toe_engine_info(side->engine, &info) != 0) world_fail(side->world, "the engine is gone");
  if (info.free_conns != side->free_conns || info.half_open != 0 || info.time_wait != 0)
    world_fail(side->world, "engine %u: %u of %u numbers free, %u half open, %u in TIME-WAIT",
               side->number, info.free_conns, side->free_conns, info.half_open, info.time_wait);
}

static void write_coverage(side_t *side) {
  struct toe_counter counters[COUNTERS];

  if (side->coverage_file == NULL) return;
  coverage_bins(side->coverage_file, &side->coverage);
  if (toe_counters(side->engine, counters, COUNTERS) > 0)
    coverage_counters(side->coverage_file, counters);
  coverage_close(side->coverage_file);
}

void audit_end(world_t *world) {
  for (int i = 0; i < 2; i++) {
    check_leaks(&world->sides[i]);
    check_counters(&world->sides[i]);
    write_coverage(&world->sides[i]);
  }
}
