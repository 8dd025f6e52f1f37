/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/frame_queue.h"

#include <stdlib.h>
#include <string.h>

bool sim_frame_queue_init(struct sim_frame_queue *queue, size_t limit) {
  *queue = (struct sim_frame_queue){.limit = limit};
  queue->slots = calloc(limit, sizeof *queue->slots);
  return queue->slots != NULL;
}

void sim_frame_queue_free(struct sim_frame_queue *queue) {
  for (size_t i = 0; queue->slots != NULL && i < queue->limit; i++) free(queue->slots[i].octets);
  free(queue->slots);
  *queue = (struct sim_frame_queue){0};
}

bool sim_frame_queue_put(struct sim_frame_queue *queue, const void *octets, size_t len,
                         uint64_t time_ns, unsigned flags) {
  if (queue->count == queue->limit) return false;
  struct sim_frame *slot = &queue->slots[(queue->head + queue->count) % queue->limit];
  if (slot->capacity < len) {
    uint8_t *larger = realloc(slot->octets, len);
    if (larger == NULL) return false;
    slot->octets = larger;
    slot->capacity = len;
  }
  memcpy(slot->octets, octets, len);
  slot->len = len;
  slot->time_ns = time_ns;
  slot->flags = flags;
  queue->count++;
  return true;
}

const struct sim_frame *sim_frame_queue_peek(const struct sim_frame_queue *queue) {
  return queue->count == 0 ? NULL : &queue->slots[queue->head];
}

void sim_frame_queue_drop(struct sim_frame_queue *queue) {
  queue->head = (queue->head + 1) % queue->limit;
  queue->count--;
}
