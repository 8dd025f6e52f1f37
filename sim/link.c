/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a wire: frames wait in a heap ordered by arrival, then by entry.
 */
#include <toe/toe_net.h>

#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

enum { DEFAULT_QUEUE_FRAMES = 4096, MILLION = 1000000, FRAME_OVERHEAD_OCTETS = 24 };

struct waiting {
  uint64_t time_ns;
  uint64_t entry;
  size_t len;
  uint8_t *octets;
};

struct toe_link {
  struct toe_link_config config;
  struct toe_link_stats stats;
  uint64_t random;
  uint32_t burst_left; /* frames of the present burst still to lose */
  uint64_t free_ns;    /* when the last frame has left the transmitter */
  uint64_t last_ns;    /* arrival of the last frame that was not held back */
  uint64_t entries;
  struct waiting *heap;
  size_t count;
};

static uint64_t draw_below(struct toe_link *link, uint64_t bound) {
  return sim_random_below(&link->random, bound);
}

static bool happens(struct toe_link *link, uint32_t ppm) {
  return ppm != 0 && draw_below(link, MILLION) < ppm;
}

int toe_link_create(const struct toe_link_config *config, struct toe_link **out) {
  if (config->loss_ppm > MILLION || config->burst_ppm > MILLION || config->corrupt_ppm > MILLION ||
      config->truncate_ppm > MILLION || config->duplicate_ppm > MILLION ||
      config->reorder_ppm > MILLION || (config->burst_ppm != 0 && config->burst_frames == 0))
    return TOE_ERR_RANGE;
  struct toe_link *link = calloc(1, sizeof *link);
  if (link == NULL) return TOE_ERR_NO_MEMORY;
  link->config = *config;
  link->random = config->seed;
  if (link->config.queue_frames == 0) link->config.queue_frames = DEFAULT_QUEUE_FRAMES;
  link->heap = calloc(link->config.queue_frames, sizeof *link->heap);
  if (link->heap == NULL) {
    free(link);
    return TOE_ERR_NO_MEMORY;
  }
  *out = link;
  return 0;
}

void toe_link_destroy(struct toe_link *link) {
  if (link == NULL) return;
  for (size_t i = 0; i < link->count; i++) free(link->heap[i].octets);
  free(link->heap);
  free(link);
}

/* --- Heap ------------------------------------------------------------------------------------ */

static bool before(const struct waiting *a, const struct waiting *b) {
  return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->entry < b->entry;
}

static void swap(struct waiting *a, struct waiting *b) {
  const struct waiting was = *a;

  *a = *b;
  *b = was;
}

static void heap_add(struct toe_link *link, struct waiting frame) {
  size_t i = link->count++;

  link->heap[i] = frame;
  for (; i != 0 && before(&link->heap[i], &link->heap[(i - 1) / 2]); i = (i - 1) / 2)
    swap(&link->heap[i], &link->heap[(i - 1) / 2]);
}

static void heap_remove_first(struct toe_link *link) {
  link->heap[0] = link->heap[--link->count];
  for (size_t i = 0;;) {
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < link->count; child++) {
      if (before(&link->heap[child], &link->heap[least])) least = child;
    }
    if (least == i) return;
    swap(&link->heap[i], &link->heap[least]);
    i = least;
  }
}

/* --- Frames ---------------------------------------------------------------------------------- */

/* Lengths are spread evenly from 1 to twice the average less 1. */
static bool loses(struct toe_link *link) {
  if (link->burst_left == 0 && happens(link, link->config.burst_ppm))
    link->burst_left = 1 + (uint32_t)draw_below(link, 2 * (uint64_t)link->config.burst_frames - 1);
  if (link->burst_left != 0) {
    link->burst_left--;
    return true;
  }
  return happens(link, link->config.loss_ppm);
}

/* When a frame of @p len octets arrives that enters at @p now_ns. */
static uint64_t arrival(struct toe_link *link, uint64_t now_ns, size_t len) {
  const struct toe_link_config *config = &link->config;

  if (config->rate_bps != 0) {
    const uint64_t bits = 8 * (len + FRAME_OVERHEAD_OCTETS);
    if (link->free_ns < now_ns) link->free_ns = now_ns;
    link->free_ns += bits * UINT64_C(1000000000) / config->rate_bps;
    now_ns = link->free_ns;
  }
  uint64_t time_ns = now_ns + config->delay_ns;
  if (config->jitter_ns != 0) time_ns += draw_below(link, config->jitter_ns + 1);
  if (time_ns < link->last_ns) time_ns = link->last_ns;
  if (happens(link, config->reorder_ppm)) {
    link->stats.reordered++;
    return time_ns + config->reorder_ns;
  }
  link->last_ns = time_ns;
  return time_ns;
}

static void send(struct toe_link *link, uint64_t now_ns, const uint8_t *octets, size_t len,
                 const size_t *flip_bit) {
  uint8_t *copy = link->count < link->config.queue_frames ? malloc(len) : NULL;

  if (copy == NULL) {
    link->stats.overflowed++;
    return;
  }
  memcpy(copy, octets, len);
  if (flip_bit != NULL) copy[*flip_bit / 8] ^= (uint8_t)(1u << (*flip_bit % 8));
  heap_add(link, (struct waiting){.time_ns = arrival(link, now_ns, len),
                                  .entry = link->entries++,
                                  .len = len,
                                  .octets = copy});
}

int toe_link_put(struct toe_link *link, uint64_t now_ns, const void *frame, size_t len) {
  size_t bit = 0;
  const size_t *flip_bit = NULL;

  if (len == 0 || len > TOE_SIM_MAX_FRAME) return TOE_ERR_RANGE;
  link->stats.frames++;
  if (loses(link)) {
    link->stats.lost++;
    return 0;
  }
  if (happens(link, link->config.corrupt_ppm)) {
    bit = (size_t)draw_below(link, 8 * len);
    flip_bit = &bit;
    link->stats.corrupted++;
  }
  if (len > 1 && happens(link, link->config.truncate_ppm)) {
    len = 1 + (size_t)draw_below(link, len - 1);
    if (bit >= 8 * len) flip_bit = NULL;
    link->stats.truncated++;
  }
  const bool twice = happens(link, link->config.duplicate_ppm);
  send(link, now_ns, frame, len, flip_bit);
  if (twice) {
    link->stats.duplicated++;
    send(link, now_ns, frame, len, flip_bit);
  }
  return 0;
}

int toe_link_get(struct toe_link *link, uint64_t now_ns, void *frame, size_t capacity,
                 uint64_t *time_ns) {
  if (link->count == 0 || link->heap[0].time_ns > now_ns) return TOE_ERR_AGAIN;
  const struct waiting first = link->heap[0];
  if (first.len > capacity) return TOE_ERR_RANGE;
  memcpy(frame, first.octets, first.len);
  if (time_ns != NULL) *time_ns = first.time_ns;
  free(first.octets);
  heap_remove_first(link);
  return (int)first.len;
}

uint64_t toe_link_next_ns(const struct toe_link *link) {
  return link->count == 0 ? UINT64_MAX : link->heap[0].time_ns;
}

void toe_link_stats_get(const struct toe_link *link, struct toe_link_stats *out) {
  *out = link->stats;
}
