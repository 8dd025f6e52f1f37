/* SPDX-License-Identifier: Apache-2.0
 *
 * What connections cost: as many as the engine was built for are open at once, and traffic goes
 * over all of them, or over some 1,024 far apart.
 */
/* sim: variants=w64_c16,w64,w64_c65536 */
#include <stdio.h>
#include <time.h>

#include "rig.h"

enum { OCTETS = 64, FRAMES = 4096, ACTIVE = 1024, ACK_LIMIT_CYCLES = 40 };

static const uint64_t kHourCycles = UINT64_C(3600000000000) / RIG_PERIOD_NS;
static const uint32_t kLen = OCTETS - RIG_HEADERS;

/* Number @p i of the connections that traffic goes over. */
static uint32_t nth(const rig_t *rig, uint32_t i) {
  const uint32_t active = rig->num_conns < ACTIVE ? rig->num_conns : ACTIVE;
  return i % active * (rig->num_conns / active);
}

static void bench_receive(rig_t *rig) {
  const uint32_t drops = rig_drops(rig);

  rig->segments = 0;
  for (uint32_t i = 0; i < FRAMES; i++) {
    rig_send_data(rig, nth(rig, i), kLen);
    if (toe_sim_frame_room(rig->sim) < 1024) rig_run(rig, rig_cycle(rig) + 1024);
  }
  rig_settle(rig);
  rig_check(rig_drops(rig) == drops, "a frame was dropped at line rate");
  rig_check(rig->segments == FRAMES, "segments are missing");
  rig_result(rig, "receive_all_open", rig->num_conns, OCTETS,
             (double)(rig->last_segment_cycle - rig->first_segment_cycle) / (FRAMES - 1),
             "cycles/segment", rig_beats(rig, OCTETS));
}

static void bench_send(rig_t *rig) {
  const uint32_t drops = rig_drops(rig);
  const uint32_t active = rig->num_conns < ACTIVE ? rig->num_conns : ACTIVE;
  const uint32_t each = 8 * FRAMES / active;
  const uint64_t start = rig_cycle(rig);
  uint64_t half = 0, half_cycle = 0;

  rig->data_out = 0;
  for (uint32_t i = 0; i < active; i++) rig_post(rig, nth(rig, i), each * kLen);
  rig_ring(rig);
  while (rig->data_out < (uint64_t)each * active) {
    rig_run(rig, rig_cycle(rig) + 1);
    rig_check(rig_cycle(rig) < start + UINT64_C(800) * FRAMES, "sending stands still");
    if (half == 0 && rig->data_out >= each * active / 2) {
      half = rig->data_out;
      half_cycle = rig->last_out_cycle;
    }
  }
  const double cycles = (double)(rig->last_out_cycle - half_cycle);
  const double segments = (double)(rig->data_out - half);
  rig_settle(rig);
  rig_check(rig_drops(rig) == drops, "a frame was dropped while sending");
  rig_result(rig, "send_all_open", rig->num_conns, OCTETS, cycles / segments, "cycles/segment",
             rig_beats(rig, OCTETS));
}

static void bench_ack(rig_t *rig) {
  const uint32_t conn = rig->num_conns - 1;

  rig_send_data(rig, conn, kLen);
  rig_settle(rig);
  const uint64_t start = rig_cycle(rig);
  rig_send_data(rig, conn, kLen);
  rig_settle(rig);
  rig_check(rig->last_out_cycle > start, "no acknowledgement");
  const uint64_t first_out = rig->last_out_cycle - (rig_beats(rig, rig->last_out_len) - 1);
  rig_result(rig, "segment_to_ack_all_open", rig->num_conns, OCTETS,
             (double)first_out - (double)(start + rig_beats(rig, OCTETS)), "cycles",
             ACK_LIMIT_CYCLES);
}

static uint64_t cycles_of(const rig_t *rig) {
  struct toe_sim_stats stats;

  toe_sim_stats_get(rig->sim, &stats);
  return stats.cycles;
}

/* Clock cycles that have to be simulated while nothing happens for an hour. */
static void bench_idle(rig_t *rig) {
  const uint64_t before = cycles_of(rig);

  rig_run(rig, rig_cycle(rig) + kHourCycles);
  rig_result(rig, "idle_hour", rig->num_conns, 0, (double)(cycles_of(rig) - before), "cycles", -1);
}

int main(void) {
  struct timespec begin, end;
  rig_t *rig = rig_new(kLen, false);

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  const uint64_t before = cycles_of(rig);
  rig_open(rig, rig->num_conns);
  bench_receive(rig);
  bench_send(rig);
  bench_ack(rig);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  const double seconds =
      (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
  printf("%u connections: %.0f cycles simulated a second of processor time, peer included\n",
         rig->num_conns, (double)(cycles_of(rig) - before) / seconds);
  bench_idle(rig);
  rig_delete(rig);
  return 0;
}
