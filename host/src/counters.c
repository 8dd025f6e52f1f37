/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters: 32 bits that wrap in the engine, 64 bits since toe_open() here.
 */
#include "host/src/internal.h"

/* A counter of frames takes about 29 s to wrap at one frame a cycle and 150 MHz. */
static const uint64_t kPeriodUs = 10000000;

static const struct {
  const char *name;
  uint32_t offset;
} kCounters[TOE_HW_COUNTER_COUNT] = {
#define TOE_COUNTER_ROW(NAME, name, offset, meaning) {name, offset},
    TOE_HW_COUNTERS(TOE_COUNTER_ROW)
#undef TOE_COUNTER_ROW
};

int counters_update(struct toe_engine *engine) {
  uint32_t values[TOE_HW_COUNTER_COUNT];

  for (size_t first = 0; first < TOE_HW_COUNTER_COUNT;) {
    size_t end = first + 1;
    while (end < TOE_HW_COUNTER_COUNT && kCounters[end].offset == kCounters[end - 1].offset + 4)
      end++;
    const int result = reg_read(engine, kCounters[first].offset, values + first, end - first);
    if (result != 0) return result;
    first = end;
  }
  for (size_t i = 0; i < TOE_HW_COUNTER_COUNT; i++) {
    engine->counter_total[i] += values[i] - engine->counter_last[i];
    engine->counter_last[i] = values[i];
  }
  engine->counters_due_us = engine->transport.now_us(engine->transport.ctx) + kPeriodUs;
  return 0;
}

int toe_counters(struct toe_engine *engine, struct toe_counter *counters, int max) {
  const int result = counters_update(engine);

  if (result != 0) return result;
  for (int i = 0; i < max && i < TOE_HW_COUNTER_COUNT; i++)
    counters[i] = (struct toe_counter){kCounters[i].name, engine->counter_total[i]};
  return TOE_HW_COUNTER_COUNT;
}
