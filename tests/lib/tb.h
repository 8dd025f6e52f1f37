/* SPDX-License-Identifier: Apache-2.0
 *
 * Helpers for test benches: seeded random numbers, idle and back-pressure patterns, and fields of
 * wide ports, which Verilator shows as arrays of 32-bit words, least significant first.
 */
#ifndef TOE_TESTS_TB_H
#define TOE_TESTS_TB_H

#include <stdbool.h>
#include <stdint.h>

/** State of one random sequence; never 0. */
typedef struct tb_rng {
  uint64_t state;
} tb_rng_t;

/** SEED of the environment, or 0; printed once a process, so that a failure can be repeated. */
uint32_t tb_seed(void);

/** A random sequence of its own for @p seed; the same seed gives the same sequence. */
tb_rng_t tb_rng(uint32_t seed);

/** The next 32 random bits. */
uint32_t tb_random(tb_rng_t *rng);

/** A number from 0 to @p bound - 1; @p bound is 1 or more. */
uint32_t tb_random_below(tb_rng_t *rng, uint32_t bound);

/** How a stream is offered or taken. */
typedef enum tb_pattern {
  TB_ALWAYS, /**< every cycle */
  TB_RANDOM, /**< about every second cycle */
  TB_BURSTS, /**< random runs of on and off, up to 32 cycles each */
  TB_RARELY, /**< about every eighth cycle */
  TB_PATTERN_COUNT
} tb_pattern_t;

/** One side of a stream: whether it offers (or takes) in this cycle.  Zero before the first use. */
typedef struct tb_gate {
  tb_pattern_t pattern;
  uint32_t left_cycles; /* of the present run, TB_BURSTS */
  bool on;
} tb_gate_t;

/** Next cycle of @p gate: true to offer.  A caller that must hold an offer asks only when free. */
bool tb_gate_next(tb_gate_t *gate, tb_rng_t *rng);

/** The earlier of two times. */
static inline uint64_t tb_earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/** Bits [lsb, lsb + width) of a wide port; @p width is 1 to 64. */
uint64_t tb_get_bits(const uint32_t *words, unsigned lsb, unsigned width);

/** Sets bits [lsb, lsb + width) of a wide port to @p value; @p width is 1 to 64. */
void tb_set_bits(uint32_t *words, unsigned lsb, unsigned width, uint64_t value);

#endif
