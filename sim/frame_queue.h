/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue of frames, each with a time and flags.  Buffers are kept and used again.
 */
#ifndef TOE_SIM_FRAME_QUEUE_H
#define TOE_SIM_FRAME_QUEUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_frame {
  uint8_t *octets;
  size_t capacity;
  size_t len;
  uint64_t time_ns;
  unsigned flags;
};

struct sim_frame_queue {
  struct sim_frame *slots;
  size_t limit;
  size_t head; /* oldest */
  size_t count;
};

/** Room for @p limit frames, at least 1.  False when out of memory. */
bool sim_frame_queue_init(struct sim_frame_queue *queue, size_t limit);

/** Frees the frames and the queue's memory. */
void sim_frame_queue_free(struct sim_frame_queue *queue);

/** Copies a frame to the end.  False when the queue is full or memory is out. */
bool sim_frame_queue_put(struct sim_frame_queue *queue, const void *octets, size_t len,
                         uint64_t time_ns, unsigned flags);

/** The oldest frame, NULL when there is none.  Valid until sim_frame_queue_drop(). */
const struct sim_frame *sim_frame_queue_peek(const struct sim_frame_queue *queue);

/** Forgets the oldest frame. */
void sim_frame_queue_drop(struct sim_frame_queue *queue);

#endif
