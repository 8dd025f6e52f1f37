/* SPDX-License-Identifier: Apache-2.0 */
#include "tb.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t tb_seed(void) {
  static bool printed;
  const char *text = getenv("SEED");
  const uint32_t seed = text != NULL ? (uint32_t)strtoul(text, NULL, 0) : 0;

  if (!printed) {
    printf("SEED=%u\n", seed);
    printed = true;
  }
  return seed;
}

static uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  return (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
}

/* Mixed, because every state lies on one circle that all sequences walk along in equal steps: seeds
 * that are steps apart would give one sequence, moved by a few numbers. */
tb_rng_t tb_rng(uint32_t seed) {
  return (tb_rng_t){.state = mixed(mixed(seed)) + UINT64_C(0x2545f4914f6cdd1d)};
}

/* splitmix64: any state is a good one. */
uint32_t tb_random(tb_rng_t *rng) {
  return (uint32_t)(mixed(rng->state += UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

uint32_t tb_random_below(tb_rng_t *rng, uint32_t bound) {
  return (uint32_t)(((uint64_t)tb_random(rng) * bound) >> 32);
}

bool tb_gate_next(tb_gate_t *gate, tb_rng_t *rng) {
  switch (gate->pattern) {
    case TB_RANDOM:
      return tb_random_below(rng, 2) == 0;
    case TB_RARELY:
      return tb_random_below(rng, 8) == 0;
    case TB_BURSTS:
      if (gate->left_cycles == 0) {
        gate->on = !gate->on;
        gate->left_cycles = 1 + tb_random_below(rng, 32);
      }
      gate->left_cycles--;
      return gate->on;
    case TB_ALWAYS:
    case TB_PATTERN_COUNT:
      break;
  }
  return true;
}

uint64_t tb_get_bits(const uint32_t *words, unsigned lsb, unsigned width) {
  uint64_t value = 0;

  for (unsigned i = 0; i < width; i++) {
    const unsigned bit = lsb + i;
    value |= (uint64_t)((words[bit / 32] >> (bit % 32)) & 1u) << i;
  }
  return value;
}

void tb_set_bits(uint32_t *words, unsigned lsb, unsigned width, uint64_t value) {
  for (unsigned i = 0; i < width; i++) {
    const unsigned bit = lsb + i;
    const uint32_t mask = UINT32_C(1) << (bit % 32);
    words[bit / 32] = ((value >> i) & 1u) != 0 ? words[bit / 32] | mask : words[bit / 32] & ~mask;
  }
}
