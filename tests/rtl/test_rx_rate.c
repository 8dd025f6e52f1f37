/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx at the rate of the wire: no frame is lost while verdicts come promptly, whatever the
 * sizes; and how long a frame takes.
 */
/* tb: top=tb_rx widths=64,128,256,512 */
#include "rx_bench.h"

static frame_t frame;

/* Acknowledged in order: the payload of each segment follows that of the one before, a ring each.
 */
static void decide_in_order(rx_bench_t *bench, const sent_t *sent, verdict_t *verdict) {
  static uint32_t next[CONNS];
  uint16_t conn = (uint16_t)tb_random_below(&bench->rng, CONNS);

  if (bench->verdict_count == 1) memset(next, 0, sizeof next);
  *verdict = (verdict_t){.keep = sent->info.payload_len != 0,
                         .conn = conn,
                         .seq = next[conn],
                         .len = (uint16_t)sent->info.payload_len};
  next[conn] += sent->info.payload_len;
}

/* As far as memory is concerned, every payload begins with a beat. */
static void decide_aligned(rx_bench_t *bench, const sent_t *sent, verdict_t *verdict) {
  decide_in_order(bench, sent, verdict);
  verdict->seq = tb_random(&bench->rng) / LANES * LANES;
}

static void send_all(rx_bench_t *bench, uint32_t count, uint32_t min_len, uint32_t max_len,
                     uint32_t gap_octets) {
  uint32_t owed_octets = 0; /* of wire time, not yet a whole beat */

  for (uint32_t i = 0; i < count; i++) {
    rx_make_segment(bench, &frame, &rx_path,
                    min_len + tb_random_below(&bench->rng, max_len - min_len + 1));
    frame_pad(&frame, 60, 0);
    /* A frame takes up its octets and the gap on the wire, and comes in whole beats. */
    owed_octets += gap_octets != 0 ? frame.len + gap_octets : 0;
    if (gap_octets != 0) {
      uint32_t beats = (frame.len + LANES - 1) / LANES;

      bench->idle_after[bench->sent_count] =
          owed_octets > beats * LANES ? owed_octets / LANES - beats : 0;
      owed_octets -= owed_octets > beats * LANES ? owed_octets / LANES * LANES : owed_octets;
    }
    rx_send(bench, &frame, TO_SEGMENT, 0);
  }
}

/* Sends them all and expects none to be lost; reports by whose fault in why. */
static void expect_no_loss(rx_bench_t *bench) {
  rx_run(bench);
  cr_expect_eq(bench->drops[DROP_RX_FULL], 0);
  rx_delete(bench);
}

Test(rx_rate, minimum_frames_without_payload_back_to_back) {
  rx_bench_t *bench = rx_new();

  send_all(bench, 4000, 0, 0, 0);
  expect_no_loss(bench);
}

Test(rx_rate, minimum_frames_with_payload_back_to_back) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_aligned;
  send_all(bench, 4000, 1, 6, 0);
  expect_no_loss(bench);
}

Test(rx_rate, full_frames_back_to_back) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_in_order;
  send_all(bench, 2000, 1460, 1460, 0);
  expect_no_loss(bench);
}

Test(rx_rate, frames_of_all_sizes_back_to_back_to_aligned_places) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_aligned;
  send_all(bench, 3000, 0, 1460, 0);
  expect_no_loss(bench);
}

/* 24 octets between frames, as Ethernet has them: preamble, FCS, gap. */
Test(rx_rate, frames_of_all_sizes_at_the_rate_of_the_wire) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_in_order;
  send_all(bench, 3000, 0, 1460, 24);
  expect_no_loss(bench);
}

Test(rx_rate, small_frames_at_the_rate_of_the_wire) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_in_order;
  send_all(bench, 4000, 0, 200, 24);
  expect_no_loss(bench);
}

Test(rx_rate, segment_is_offered_twelve_cycles_after_its_last_beat) {
  for (uint32_t len = 0; len < 300; len += 7) {
    rx_bench_t *bench = rx_new();

    rx_make_segment(bench, &frame, &rx_path, len);
    rx_send(bench, &frame, TO_SEGMENT, 0);
    rx_run(bench);
    cr_expect_eq(bench->segment_cycle - bench->last_beat_cycle, 12);
    rx_delete(bench);
  }
}

Test(rx_rate, arp_comes_four_cycles_after_its_last_beat) {
  rx_bench_t *bench = rx_new();

  frame_build_arp(&frame, &rx_path, 1, NULL);
  rx_send(bench, &frame, TO_ARP, 0);
  rx_run(bench);
  cr_expect_eq(bench->arp_cycle - bench->last_beat_cycle, 4);
  rx_delete(bench);
}
