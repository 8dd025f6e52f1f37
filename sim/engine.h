/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of struct toe_sim, for the files of the simulated engine only.
 */
#ifndef TOE_SIM_ENGINE_H
#define TOE_SIM_ENGINE_H
#include <toe/toe_sim.h>
#include "sim/axi_mem.h"
#include "sim/frame_queue.h"
#include "sim/lockstep.h"
#include "sim/model.h"

struct toe_sim {
  struct sim_model *model;
  struct toe_sim_config config;
  char *waveform; /* config.waveform points to it */
  char *replay;   /* config.replay points to it */
  struct sim_axi_mem mem;

  /* Time.  The next clock edge is at edge_ns and edge_ps (0 to 999) picoseconds. */
  uint64_t now_ns;
  uint64_t edge_ns;
  uint32_t edge_ps;
  uint64_t now_us; /* as the engine sees it */

  bool unsettled; /* an input has changed since the outputs were computed */

  /* Frame entering the engine, beat by beat. */
  struct sim_frame_queue in;
  size_t in_offset; /* octets of the oldest frame that are on the port or past it; 0: none */

  /* Frame leaving it. */
  struct sim_frame_queue out;
  size_t out_len;
  uint32_t tx_stall_cycles; /* that the transmitter still stands still */
  uint64_t tx_random;
  uint8_t out_frame[TOE_SIM_MAX_FRAME];

  toe_sim_trace_fn *trace;
  void *trace_user;
  struct sim_lockstep *lockstep; /* NULL: nothing is checked */
  struct toe_sim_stats stats;
};

/** Settles the outputs, when an input has changed. */
static inline void sim_settle(struct toe_sim *sim) {
  if (!sim->unsettled) return;
  sim->unsettled = false;
  sim_model_settle(sim->model);
}

/** One clock cycle of everything around the engine; free time moves to its edge. */
void sim_cycle(struct toe_sim *sim);

/** Up to @p cycles cycles at one time; stops for @p stop_on or when nothing is left to do. */
unsigned sim_run(struct toe_sim *sim, uint64_t cycles, unsigned stop_on);

/** Sets the time that the engine sees to @p now_ns, which may not go back. */
void sim_set_time(struct toe_sim *sim, uint64_t now_ns);

#endif
