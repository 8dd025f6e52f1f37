/* SPDX-License-Identifier: Apache-2.0
 *
 * Cycles from the last beat of a frame in to the first beat of its answer out, for a SYN and for a
 * second segment, which is acknowledged at once; handshakes a second, with a host that accepts and
 * releases.
 */
/* sim: variants=w64,w128,w256,w512 */
#include <stdio.h>

#include "rig.h"

/* No connection has more than one frame under way, and so many segments wait without a drop.  A SYN
 * whose set of the SYN cache is full is dropped, and comes again. */
enum { LIMIT_CYCLES = 40, HANDSHAKES = 2048, AT_ONCE = 32, SYN_AGAIN_CYCLES = 4000 };

static const double kClockHz = 156.25e6;

/* Cycles to the answer to a frame of @p octets that was handed over at @p cycle.  The beats of the
 * answer are taken to follow each other; if they did not, it would have begun earlier. */
static double answer_cycles(const rig_t *rig, uint64_t cycle, uint32_t octets) {
  const uint64_t last_in = cycle + rig_beats(rig, octets);
  const uint64_t first_out = rig->last_out_cycle - (rig_beats(rig, rig->last_out_len) - 1);

  rig_check(rig->last_out_cycle > cycle, "no answer");
  return (double)first_out - (double)last_in;
}

static void bench_syn(void) {
  rig_t *rig = rig_new(1460, true);
  const uint32_t octets = RIG_HEADERS + 8; /* of options */

  const uint64_t start = rig_cycle(rig);
  rig_send_syn(rig, 0);
  while (!rig->conns[0].answered) {
    rig_run(rig, rig_cycle(rig) + 1);
    rig_check(rig_cycle(rig) < start + 10000, "no SYN-ACK");
  }
  rig_result(rig, "syn_to_syn_ack", 1, octets, answer_cycles(rig, start, octets), "cycles",
             LIMIT_CYCLES);
  rig_delete(rig);
}

static void bench_ack(uint32_t octets) {
  rig_t *rig = rig_new(octets - RIG_HEADERS, true);

  rig_open(rig, 1);
  rig_send_data(rig, 0, octets - RIG_HEADERS);
  rig_settle(rig);
  const uint64_t start = rig_cycle(rig);
  rig_send_data(rig, 0, octets - RIG_HEADERS);
  rig_settle(rig);
  rig_result(rig, "segment_to_ack", 1, octets, answer_cycles(rig, start, octets), "cycles",
             LIMIT_CYCLES);
  rig_delete(rig);
}

static void bench_handshakes(void) {
  static uint64_t asked_cycle[HANDSHAKES];
  rig_t *rig = rig_new(1460, true);
  const uint32_t drops = rig_drops(rig);
  uint32_t asked = 0, ended = 0, half = 0, again = 0;
  uint64_t half_cycle = 0;
  const uint64_t start = rig_cycle(rig);

  /* Connection after connection: SYN, SYN-ACK, ACK, accepted by the host, RST, released. */
  while (rig->closed < HANDSHAKES) {
    if (asked < HANDSHAKES && asked - rig->closed < AT_ONCE) {
      asked_cycle[asked] = rig_cycle(rig);
      rig_send_syn(rig, asked++);
    }
    if (ended < asked && !rig->conns[ended].answered &&
        rig_cycle(rig) - asked_cycle[ended] > SYN_AGAIN_CYCLES) {
      asked_cycle[ended] = rig_cycle(rig);
      rig_send_syn(rig, ended);
      again++;
    }
    while (ended < asked && rig->conns[ended].accepted) rig_send_rst(rig, ended++);
    rig_run(rig, rig_cycle(rig) + 1);
    rig_check(rig_cycle(rig) < start + UINT64_C(1000) * HANDSHAKES, "handshakes stand still");
    if (half == 0 && rig->closed >= HANDSHAKES / 2) {
      half = rig->closed;
      half_cycle = rig_cycle(rig);
    }
  }
  const double cycles = (double)(rig_cycle(rig) - half_cycle);
  const double counted = (double)(rig->closed - half);
  rig_settle(rig);
  rig_check(rig_drops(rig) - drops == again, "a frame was dropped during handshakes");
  rig_result(rig, "handshakes", AT_ONCE, 0, kClockHz * counted / cycles, "1/s at 156.25 MHz", -1);
  rig_delete(rig);
}

int main(void) {
  bench_syn();
  bench_ack(64);
  bench_ack(1514);
  bench_handshakes();
  return 0;
}
