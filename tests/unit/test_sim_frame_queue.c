/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of frames: order, limit, and buffers used again for longer frames.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "sim/frame_queue.h"

Test(frame_queue, full_refuses_and_keeps_the_order) {
  struct sim_frame_queue queue;
  uint8_t frame[2000];

  cr_assert(sim_frame_queue_init(&queue, 3));
  cr_expect_null(sim_frame_queue_peek(&queue));
  size_t put = 0;
  size_t taken = 0;
  for (int round = 0; round < 5; round++) {
    while (queue.count < 3) {
      memset(frame, (int)put, sizeof frame);
      cr_assert(sim_frame_queue_put(&queue, frame, 60 + 300 * put % 1900, put, (unsigned)put));
      put++;
    }
    cr_assert_not(sim_frame_queue_put(&queue, frame, 60, 0, 0), "a fourth frame");
    for (int i = 0; i < 2; i++, taken++) {
      const struct sim_frame *oldest = sim_frame_queue_peek(&queue);
      cr_assert_not_null(oldest);
      cr_expect_eq(oldest->len, 60 + 300 * taken % 1900);
      cr_expect_eq(oldest->octets[oldest->len - 1], taken);
      cr_expect_geq(oldest->capacity, oldest->len);
      cr_expect_eq(oldest->time_ns, taken);
      cr_expect_eq(oldest->flags, taken);
      sim_frame_queue_drop(&queue);
    }
  }
  sim_frame_queue_free(&queue);
}
