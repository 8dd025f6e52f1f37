/* SPDX-License-Identifier: Apache-2.0
 *
 * What an owner can put around a simulated engine: a transmitter that stands still, and idle time
 * that is clocked.
 */
#include "sim_bench.h"

/* Cycles to the end of the answer to a ping, and of a millisecond of rest before it. */
static uint64_t ping_cycles(const struct toe_sim_config *config, uint64_t *rest) {
  static frame_t frame;
  struct toe_sim *sim = sim_bench_create(config);
  struct toe_sim_stats before, rested, after;

  sim_bench_enable(sim);
  toe_sim_stats_get(sim, &before);
  toe_sim_advance(sim, toe_sim_now(sim) + 1000000, 0);
  toe_sim_stats_get(sim, &rested);
  sim_bench_ping(&frame, 1, 1000);
  cr_assert_eq(toe_sim_frame_in(sim, frame.data, frame.len, 0), 0);
  sim_bench_next(sim, &frame);
  toe_sim_stats_get(sim, &after);
  toe_sim_destroy(sim);
  *rest = rested.cycles - before.cycles;
  return after.cycles - rested.cycles;
}

Test(sim_surroundings, transmitter_that_stands_still_delays_a_frame) {
  struct toe_sim_config config = sim_bench_config();
  uint64_t rest;
  const uint64_t plain = ping_cycles(&config, &rest);

  config.tx_stall_ppm = 100000;
  cr_expect_gt(ping_cycles(&config, &rest), plain + 50);
}

Test(sim_surroundings, idle_time_is_clocked_when_asked_for) {
  struct toe_sim_config config = sim_bench_config();
  uint64_t jumped, clocked;

  ping_cycles(&config, &jumped);
  config.clock_idle = true;
  ping_cycles(&config, &clocked);
  cr_expect_lt(jumped, 100);
  cr_expect_geq(clocked, 1000000000 / 6400 - 1);
}

Test(sim_surroundings, chance_beyond_one_is_refused) {
  struct toe_sim_config config = sim_bench_config();
  struct toe_sim *sim = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";

  config.tx_stall_ppm = 1000001;
  cr_expect_eq(toe_sim_create(&config, &sim, message), TOE_ERR_RANGE);
  cr_expect_not_null(strstr(message, "tx_stall_ppm"), "%s", message);
}
