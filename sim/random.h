/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers of the simulated surroundings: splitmix64, of which every state is a good one.
 */
#ifndef TOE_SIM_RANDOM_H
#define TOE_SIM_RANDOM_H
#include <stdint.h>

/** The next 64 random bits of @p state, which may start anywhere. */
static inline uint64_t sim_random(uint64_t *state) {
  uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/** A number from 0 to @p bound - 1; @p bound is 1 to 2^32. */
static inline uint64_t sim_random_below(uint64_t *state, uint64_t bound) {
  return (sim_random(state) >> 32) * bound >> 32;
}

#endif
