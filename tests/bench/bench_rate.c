/* SPDX-License-Identifier: Apache-2.0
 *
 * Cycles per segment, receive and send, of frames of four sizes on one connection and on 256.
 *
 * Receive: the peer sends at line rate.  Where the engine drops frames then, the peer spaces them
 * wider, a cycle at a time, until none is dropped.  Send: the peer acknowledges every second
 * segment; the second half of a transfer counts, and acknowledgements that are dropped are named.
 * At 64 bits every drop is a failure.
 */
/* sim: variants=w64,w128,w256,w512 */
#include <stdio.h>

#include "rig.h"

enum { MEASURED_CYCLES = 40000, MAX_FRAMES = 8192, AHEAD_CYCLES = 2048, STUCK_CYCLES = 20000 };

static uint32_t frame_count(const rig_t *rig, uint32_t conns, uint32_t octets) {
  uint32_t count = MEASURED_CYCLES / rig_beats(rig, octets);

  if (count > MAX_FRAMES) count = MAX_FRAMES;
  if (count < 4 * conns) count = 4 * conns;
  return count / conns * conns;
}

/* Sends @p count frames, one each @p gap cycles.  False when some were dropped. */
static bool receive(rig_t *rig, uint32_t conns, uint32_t octets, uint32_t count, uint32_t gap) {
  const uint32_t len = octets - RIG_HEADERS;
  const uint32_t drops = rig_drops(rig);
  const uint64_t start = rig_cycle(rig);
  const bool line_rate = gap == rig_beats(rig, octets);
  uint64_t progress = start;

  rig->segments = 0;
  for (uint32_t sent = 0; sent < count;) {
    const uint64_t now = rig_cycle(rig);
    /* At line rate the queue never runs dry; with gaps a frame enters when its time has come. */
    const uint64_t due = now + (line_rate ? AHEAD_CYCLES : 0);
    for (; sent < count && start + (uint64_t)sent * gap <= due; sent++) {
      if (!rig_may_send(rig, sent % conns, len)) break;
      rig_send_data(rig, sent % conns, len);
      progress = now;
    }
    if (now - progress > STUCK_CYCLES) return false;
    const uint64_t next = start + (uint64_t)sent * gap;
    rig_run(rig, line_rate || next <= now ? now + 1 : next);
  }
  rig_settle(rig);
  if (rig_drops(rig) != drops) return false;
  for (uint32_t i = 0; i < conns; i++)
    rig_check(rig_read(rig, i) == count / conns * len, "octets are missing");
  return true;
}

static void bench_receive(uint32_t conns, uint32_t octets) {
  rig_t *rig = rig_new(octets - RIG_HEADERS, true);
  const uint32_t beats = rig_beats(rig, octets);
  const uint32_t count = frame_count(rig, conns, octets);
  uint32_t gap = beats;

  for (;;) {
    rig_open(rig, conns);
    if (receive(rig, conns, octets, count, gap)) break;
    rig_check(rig->width != 64, "a frame was dropped at line rate");
    rig_delete(rig);
    rig = rig_new(octets - RIG_HEADERS, true);
    gap++;
    rig_check(gap < beats + 32, "frames are dropped at every rate");
  }
  const double cycles = (double)(rig->last_segment_cycle - rig->first_segment_cycle);
  rig_result(rig, "receive", conns, octets, cycles / (double)(rig->segments - 1), "cycles/segment",
             beats);
  rig_delete(rig);
}

static void bench_send(uint32_t conns, uint32_t octets) {
  rig_t *rig = rig_new(octets - RIG_HEADERS, true);
  const uint32_t count = frame_count(rig, conns, octets);
  const uint32_t drops = rig_drops(rig);
  uint64_t half = 0, half_cycle = 0;

  rig_open(rig, conns);
  uint32_t at_once = count / conns * rig->mss;
  if (conns == 1) {
    at_once = rig->ring_octets / rig->mss * rig->mss;
    rig->post_octets = at_once;
  }
  rig_check(at_once <= rig->ring_octets, "more than a ring holds");
  for (uint32_t i = 0; i < conns; i++) rig_post(rig, i, at_once);
  rig_ring(rig);
  const uint64_t limit = rig_cycle(rig) + UINT64_C(40) * MEASURED_CYCLES;
  while (rig->data_out < count) {
    rig_run(rig, rig_cycle(rig) + 1);
    rig_check(rig_cycle(rig) < limit, "sending stands still");
    if (half == 0 && rig->data_out >= count / 2) {
      half = rig->data_out;
      half_cycle = rig->last_out_cycle;
    }
  }
  const uint32_t lost = rig_drops(rig) - drops;
  rig_check(lost == 0 || rig->width != 64, "a frame was dropped while sending");
  if (lost != 0)
    printf("send, %u bits, %u connections, %u octets: %u acknowledgements dropped\n", rig->width,
           conns, octets, lost);
  rig_result(rig, "send", conns, octets,
             (double)(rig->last_out_cycle - half_cycle) / (double)(rig->data_out - half),
             "cycles/segment", rig_beats(rig, octets));
  rig_delete(rig);
}

int main(void) {
  static const uint32_t sizes[] = {64, 256, 1024, 1514};

  for (uint32_t conns = 1; conns <= 256; conns += 255) {
    for (int i = 0; i < 4; i++) bench_receive(conns, sizes[i]);
    for (int i = 0; i < 4; i++) bench_send(conns, sizes[i]);
  }
  return 0;
}
