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
    side_fail(side, "engine %u, connection %u: a timer ran out %" PRId64 " us late", side->number,
              ev->conn, late_us);
}

static bool same_key(const rtl_flow_key_t *one, const rtl_flow_key_t *other) {
  return one->remote_ip == other->remote_ip && one->remote_port == other->remote_port &&
         one->local_port == other->local_port;
}

static bool is_refused(const rtl_trace_t *trace) {
  const uint8_t drop = trace->action.drop;

  if (!trace->action.drop_valid || trace->action.verdict.keep ||
      trace->tcb_after.state != trace->tcb_before.state)
    return false;
  if (trace->ev.kind == EvIcmp) return drop == DropIcmpNoConn;
  return drop == DropNoConn || drop == DropAfterClose;
}

/* A segment that went to a number which is not, or not yet, its connection's. */
static bool may_stray(owner_t *owner, const rtl_trace_t *trace) {
  const rtl_flow_key_t *key = &trace->ev.seg.key;
  const rtl_tcb_t *tcb = &trace->tcb_before;

  if (tcb->in_use) return same_key(key, &owner->former);
  if (same_key(key, &tcb->key)) return true;
  if (owner->promised && !same_key(key, &owner->next)) return false;
  owner->promised = true;
  owner->next = *key;
  return true;
}

/* The event of a segment, or of an error about one, is of the connection that its addresses name.
 * While it was on its way that connection may have been released, and the number may be another's
 * already; or the connection is in the flow table, and the command that opens it comes right
 * behind.  Then the segment changes nothing. */
static void check_owner(side_t *side, const rtl_trace_t *trace) {
  const rtl_tcb_event_t *ev = &trace->ev;
  const rtl_tcb_t *tcb = &trace->tcb_before;
  const rtl_flow_key_t *key = &ev->seg.key;

  if (ev->open_valid ? same_key(key, &ev->open.key) : tcb->in_use && same_key(key, &tcb->key))
    return;
  if (ev->open_valid || !is_refused(trace) || !may_stray(&side->owners[ev->conn], trace))
    side_fail(side, "engine %u: a segment for port %u went to connection %u, which is not its",
              side->number, key->local_port, ev->conn);
}

static void note_owner(side_t *side, const rtl_trace_t *trace) {
  owner_t *owner = &side->owners[trace->ev.conn];

  if (owner->promised && !same_key(&owner->next, &trace->ev.open.key))
    side_fail(side,
              "engine %u: a segment for port %u went to connection %u, which became another's",
              side->number, owner->next.local_port, trace->ev.conn);
  *owner = (owner_t){.former = trace->tcb_before.key};
}

/* The one place where every event of every engine arrives. */
static void on_event(side_t *side, const rtl_trace_t *trace) {
  const rtl_tcb_event_t *ev = &trace->ev;
  probe_t *probe = &side->probe;

  if (side->coverage_file != NULL)
    coverage_event(&side->coverage, ev, &trace->tcb_before, &trace->tcb_after, &trace->action);
  if (ev->kind == EvTimer && !side->world->round.stalls) check_timer(side, ev, &trace->tcb_before);
  if (ev->kind == EvSegment || ev->kind == EvIcmp) check_owner(side, trace);
  if (ev->open_valid) note_owner(side, trace);
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
  const uint32_t num_conns = toe_sim_config_get(side->sim)->num_conns;

  side->owners = calloc(num_conns, sizeof *side->owners);
  cr_assert_not_null(side->owners);
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
    side_fail(side, "engine %u took %" PRIu64 " cycles to answer %s", side->number, cycles,
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

uint64_t audit_count(const side_t *side, const char *name) {
  struct toe_counter counters[COUNTERS];

  cr_assert_leq(toe_counters(side->engine, counters, COUNTERS), COUNTERS);
  return count(counters, name);
}

static void check_equal(side_t *side, const char *what, uint64_t one, uint64_t other) {
  if (one != other)
    side_fail(side, "engine %u: %s: %" PRIu64 " and %" PRIu64, side->number, what, one, other);
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

  if (toe_engine_info(side->engine, &info) != 0) side_fail(side, "the engine is gone");
  if (info.free_conns != side->free_conns || info.half_open != 0 || info.time_wait != 0)
    side_fail(side, "engine %u: %u of %u numbers free, %u half open, %u in TIME-WAIT", side->number,
              info.free_conns, side->free_conns, info.half_open, info.time_wait);
}

/* Every number that a segment went to too early has become its connection's. */
static void check_promises(side_t *side) {
  const uint32_t num_conns = toe_sim_config_get(side->sim)->num_conns;

  for (uint32_t i = 0; i < num_conns; i++)
    if (side->owners[i].promised)
      side_fail(side, "engine %u: a segment for port %u went to connection %u, which nobody opened",
                side->number, side->owners[i].next.local_port, i);
}

void audit_end(world_t *world) {
  for (int i = 0; i < 2; i++) {
    check_leaks(&world->sides[i]);
    check_counters(&world->sides[i]);
    check_promises(&world->sides[i]);
    coverage_engine(world->sides[i].coverage_file, &world->sides[i].coverage,
                    world->sides[i].engine);
  }
}
