/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock, the MAC streams and the time of a simulated engine.
 */
#include "sim/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

/* Cycles that one call may spend at one moment of a clock that is followed. */
static const uint64_t kFollowCycles = 1000000;

/* --- MAC streams ----------------------------------------------------------------------------- */

/* Puts the next beat of the oldest frame on the receive port, or takes the last one off it.  The
 * port leads to registers only, so there is nothing to settle. */
static void drive_rx(struct toe_sim *sim) {
  struct sim_model *m = sim->model;
  const struct sim_frame *frame = sim_frame_queue_peek(&sim->in);

  if (frame != NULL && sim->in_offset >= frame->len) {
    sim->stats.frames_in++;
    sim->stats.octets_in += frame->len;
    sim_frame_queue_drop(&sim->in);
    sim->in_offset = 0;
    frame = sim_frame_queue_peek(&sim->in);
  }
  if (frame == NULL) {
    *m->rx_tvalid = 0;
    *m->rx_tlast = 0;
    *m->rx_tuser = 0;
    return;
  }
  if (sim->in_offset == 0 && sim->lockstep != NULL)
    sim_lockstep_arrives(sim->lockstep, frame->octets, frame->len,
                         (frame->flags & TOE_SIM_BAD_FCS) == 0);
  const size_t left = frame->len - sim->in_offset;
  const bool last = left <= m->beat_octets;
  const size_t octets = last ? left : m->beat_octets;
  const uint64_t keep = ~UINT64_C(0) >> (64 - octets);

  if (last) memset(m->rx_tdata, 0, m->beat_octets);
  memcpy(m->rx_tdata, frame->octets + sim->in_offset, octets);
  memcpy(m->rx_tkeep, &keep, (m->beat_octets + 7) / 8);
  *m->rx_tvalid = 1;
  *m->rx_tlast = last;
  *m->rx_tuser = last && (frame->flags & TOE_SIM_BAD_FCS) != 0;
  sim->in_offset += octets;
}

/* RTL and model differ.  The waveform ends whole. */
static _Noreturn void stop_at_difference(struct toe_sim *sim) {
  if (sim->config.replay != NULL)
    fprintf(stderr, "again, with a waveform: %s\n", sim->config.replay);
  sim_model_delete(sim->model);
  abort();
}

/* A beat leaves with the coming edge. */
static void take_tx(struct toe_sim *sim) {
  const struct sim_model *m = sim->model;
  uint64_t keep = 0;

  memcpy(&keep, m->tx_tkeep, (m->beat_octets + 7) / 8);
  const size_t octets = (size_t)__builtin_popcountll(keep);
  if (sim->out_len + octets <= sizeof sim->out_frame) {
    memcpy(sim->out_frame + sim->out_len, m->tx_tdata, octets);
    sim->out_len += octets;
  }
  if (!*m->tx_tlast) return;
  sim->stats.frames_out++;
  sim->stats.octets_out += sim->out_len;
  const struct sim_moment now = {sim->now_ns, sim->stats.cycles};
  if (sim->lockstep != NULL &&
      !sim_lockstep_frame(sim->lockstep, &now, sim->out_frame, sim->out_len, stderr))
    stop_at_difference(sim);
  if (sim->lockstep != NULL) sim->stats.cookies_checked = sim_lockstep_cookies(sim->lockstep);
  sim_frame_queue_put(&sim->out, sim->out_frame, sim->out_len, sim->now_ns, 0);
  sim->out_len = 0;
}

/* --- Trace port ------------------------------------------------------------------------------ */

static void show_event(struct toe_sim *sim) {
  const struct sim_model *m = sim->model;

  if (sim->trace != NULL) sim->trace(sim->trace_user, sim->now_ns, m->trace, m->trace_words);
  if (sim->lockstep == NULL) return;
  const struct sim_moment now = {sim->now_ns, sim->stats.cycles};
  if (!sim_lockstep_event(sim->lockstep, &now, m->trace, stderr)) stop_at_difference(sim);
  sim->stats.events_checked++;
  sim->stats.cookies_checked = sim_lockstep_cookies(sim->lockstep);
}

/* --- Clock ----------------------------------------------------------------------------------- */

void sim_set_time(struct toe_sim *sim, uint64_t now_ns) {
  const uint64_t now_us = now_ns / 1000;

  sim->now_ns = now_ns;
  if (now_us == sim->now_us) return;
  sim->now_us = now_us;
  *sim->model->now_us = now_us;
  sim->unsettled = true;
}

/* Free time moves to the coming edge. */
static inline void move_to_edge(struct toe_sim *sim) {
  const uint64_t edge_ns = sim->edge_ns;

  sim->edge_ps += sim->config.clock_period_ps;
  sim->edge_ns += sim->edge_ps / 1000;
  sim->edge_ps %= 1000;
  if (edge_ns >= (sim->now_us + 1) * 1000)
    sim_set_time(sim, edge_ns);
  else
    sim->now_ns = edge_ns;
}

/* Whether the transmitter takes no beat in the next cycle, by chance. */
static bool tx_stalls(struct toe_sim *sim) {
  if (sim->config.tx_stall_ppm == 0) return false;
  if (sim->tx_stall_cycles != 0) {
    sim->tx_stall_cycles--;
    return true;
  }
  if (sim_random_below(&sim->tx_random, 1000000) >= sim->config.tx_stall_ppm) return false;
  sim->tx_stall_cycles = (uint32_t)sim_random_below(&sim->tx_random, 32);
  return true;
}

void sim_cycle(struct toe_sim *sim) {
  struct sim_model *m = sim->model;

  if (!sim->config.follow_clock) move_to_edge(sim);
  sim_settle(sim);
  const bool mem_active = sim_axi_mem_sample(&sim->mem);
  if (*m->tx_tvalid && *m->tx_tready) take_tx(sim);
  if (*m->trace_valid) show_event(sim);

  sim_model_edge(m);
  sim->stats.cycles++;

  if (mem_active && sim_axi_mem_drive(&sim->mem)) sim->unsettled = true;
  if (sim->in.count != 0) drive_rx(sim);
  const uint8_t tx_ready = sim->out.count < sim->out.limit && !tx_stalls(sim);
  if (*m->tx_tready != tx_ready) {
    *m->tx_tready = tx_ready;
    sim->unsettled = true;
  }
}

/* --- Work and idleness ----------------------------------------------------------------------- */

/* Nothing but time, a frame or the host can make work. */
static bool quiet(struct toe_sim *sim) {
  sim_settle(sim);
  return *sim->model->idle && sim->in.count == 0 && !sim_axi_mem_busy(&sim->mem) &&
         *sim->model->next_deadline_us > sim->now_us;
}

static unsigned reasons(struct toe_sim *sim) {
  sim_settle(sim);
  return (sim->out.count != 0 ? (unsigned)TOE_SIM_FRAME : 0) |
         (*sim->model->irq ? (unsigned)TOE_SIM_HOST_EVENT : 0);
}

/* Reasons to stop now; a full transmit queue is one always. */
static unsigned stops(struct toe_sim *sim, unsigned stop_on) {
  if (sim->out.count == sim->out.limit) stop_on |= TOE_SIM_FRAME;
  if (stop_on == 0) return 0;
  const unsigned now = reasons(sim);
  return (now & stop_on) != 0 ? now : 0;
}

unsigned sim_run(struct toe_sim *sim, uint64_t cycles, unsigned stop_on) {
  for (uint64_t i = 0; i < cycles; i++) {
    const unsigned why = stops(sim, stop_on);
    if (why != 0) return why;
    if (quiet(sim)) return 0;
    sim_cycle(sim);
  }
  return stops(sim, stop_on);
}

static bool edge_due(const struct toe_sim *sim, uint64_t until_ns) {
  return sim->edge_ns < until_ns || (sim->edge_ns == until_ns && sim->edge_ps == 0);
}

/* Jumps over idle time: no further than the next deadline, so that an edge comes right at it. */
static void skip_idle(struct toe_sim *sim, uint64_t until_ns) {
  const uint64_t deadline_us = *sim->model->next_deadline_us;
  const uint64_t deadline_ns = deadline_us > UINT64_MAX / 1000 ? UINT64_MAX : deadline_us * 1000;

  if (deadline_ns <= until_ns) {
    if (sim->edge_ns < deadline_ns) {
      sim->edge_ns = deadline_ns;
      sim->edge_ps = 0;
    }
  } else {
    sim->edge_ns = until_ns + sim->config.clock_period_ps / 1000;
    sim->edge_ps = sim->config.clock_period_ps % 1000;
  }
}

static unsigned advance_free(struct toe_sim *sim, uint64_t until_ns, unsigned stop_on) {
  unsigned why = stops(sim, stop_on);

  while (why == 0 && edge_due(sim, until_ns)) {
    if (!sim->config.clock_idle && quiet(sim)) skip_idle(sim, until_ns);
    if (!edge_due(sim, until_ns)) break;
    sim_cycle(sim);
    why = stops(sim, stop_on);
  }
  if (why == 0 && until_ns > sim->now_ns) sim_set_time(sim, until_ns);
  return why;
}

int toe_sim_advance(struct toe_sim *sim, uint64_t until_ns, unsigned stop_on) {
  if ((stop_on & ~(unsigned)(TOE_SIM_FRAME | TOE_SIM_HOST_EVENT)) != 0) return TOE_ERR_RANGE;
  if (!sim->config.follow_clock) return (int)advance_free(sim, until_ns, stop_on);
  if (until_ns > sim->now_ns) sim_set_time(sim, until_ns);
  return (int)sim_run(sim, kFollowCycles, stop_on);
}

bool toe_sim_busy(struct toe_sim *sim) {
  return !quiet(sim);
}

uint64_t toe_sim_next_ns(struct toe_sim *sim) {
  if (!quiet(sim)) return sim->now_ns;
  const uint64_t deadline_us = *sim->model->next_deadline_us;
  return deadline_us > UINT64_MAX / 1000 ? UINT64_MAX : deadline_us * 1000;
}

/* --- Owner's view ---------------------------------------------------------------------------- */

int toe_sim_frame_in(struct toe_sim *sim, const void *frame, size_t len, unsigned flags) {
  if (len == 0 || len > TOE_SIM_MAX_FRAME) return TOE_ERR_RANGE;
  if (!sim_frame_queue_put(&sim->in, frame, len, sim->now_ns, flags)) return TOE_ERR_AGAIN;
  if (sim->in.count == 1) drive_rx(sim);
  return 0;
}

int toe_sim_frame_out(struct toe_sim *sim, void *frame, size_t capacity, uint64_t *time_ns) {
  const struct sim_frame *oldest = sim_frame_queue_peek(&sim->out);

  if (oldest == NULL) return TOE_ERR_AGAIN;
  if (oldest->len > capacity) return TOE_ERR_RANGE;
  const int len = (int)oldest->len;
  memcpy(frame, oldest->octets, oldest->len);
  if (time_ns != NULL) *time_ns = oldest->time_ns;
  sim_frame_queue_drop(&sim->out);
  return len;
}

size_t toe_sim_frame_room(const struct toe_sim *sim) {
  return sim->in.limit - sim->in.count;
}

uint64_t toe_sim_now(const struct toe_sim *sim) {
  return sim->now_ns;
}

bool toe_sim_host_event(struct toe_sim *sim) {
  sim_settle(sim);
  return *sim->model->irq != 0;
}

void toe_sim_stats_get(const struct toe_sim *sim, struct toe_sim_stats *out) {
  *out = sim->stats;
  out->mem_bursts_read = sim->mem.bursts_read;
  out->mem_bursts_written = sim->mem.bursts_written;
  out->mem_errors = sim->mem.errors;
}

void toe_sim_trace(struct toe_sim *sim, toe_sim_trace_fn *fn, void *user) {
  sim->trace = fn;
  sim->trace_user = user;
}
