/* SPDX-License-Identifier: Apache-2.0
 *
 * Two model peers at the ends of a wire that may misbehave, and streams between them whose every
 * octet is known.
 */
#ifndef PEER_PAIR_H
#define PEER_PAIR_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer_config.h"
#include "toe/toe_net.h"

enum { PAIR_CONNS = 64 };

/** Peer 0 is 10.0.0.1, peer 1 10.0.0.2.  way[i] leads away from peer i. */
typedef struct peer_pair {
  struct model_peer *peer[2];
  void *memory[2];
  struct toe_link *way[2];
  uint64_t now_us;
  uint64_t frames[2]; /**< sent by each */
} peer_pair_t;

/** What a test asks of the wire: millionths, as in struct toe_link_config. */
typedef struct pair_faults {
  uint32_t loss_ppm, reorder_ppm, duplicate_ppm, corrupt_ppm, truncate_ppm;
} pair_faults_t;

/** Configuration of peer @p side, to be changed before pair_new(). */
static inline model_peer_config_t pair_config(int side) {
  model_peer_config_t config = peer_config_of((uint8_t)(1 + side));

  memcpy(config.key, (const uint8_t[]){1, 2, 3, (uint8_t)side}, 4);
  config.conns = config.half_open = PAIR_CONNS;
  config.waiting = 2 * PAIR_CONNS;
  config.neighbours = 4;
  return config;
}

/** The pair; ends the test when it cannot be made.  NULL @p faults: a perfect wire. */
static inline peer_pair_t *pair_new(const model_peer_config_t config[2],
                                    const pair_faults_t *faults, uint32_t seed) {
  static const pair_faults_t none;
  peer_pair_t *pair = calloc(1, sizeof *pair);

  cr_assert_not_null(pair);
  if (faults == NULL) faults = &none;
  for (unsigned i = 0; i < 2; i++) {
    const struct toe_link_config link = {.seed = seed + i,
                                         .loss_ppm = faults->loss_ppm,
                                         .reorder_ppm = faults->reorder_ppm,
                                         .reorder_ns = 3000000,
                                         .duplicate_ppm = faults->duplicate_ppm,
                                         .corrupt_ppm = faults->corrupt_ppm,
                                         .truncate_ppm = faults->truncate_ppm,
                                         .delay_ns = 500000,
                                         .rate_bps = 1000000000};
    pair->memory[i] = malloc(model_peer_size(&config[i]));
    cr_assert_not_null(pair->memory[i]);
    pair->peer[i] = model_peer_new(&config[i], pair->memory[i]);
    cr_assert_eq(toe_link_create(&link, &pair->way[i]), 0);
  }
  return pair;
}

static inline void pair_delete(peer_pair_t *pair) {
  for (unsigned i = 0; i < 2; i++) {
    toe_link_destroy(pair->way[i]);
    free(pair->memory[i]);
  }
  free(pair);
}

/** Takes what both want to send to the wire. */
static inline void pair_flush(peer_pair_t *pair) {
  uint8_t frame[2048];

  for (unsigned i = 0; i < 2; i++) {
    for (size_t len = 0; (len = model_peer_frame_out(pair->peer[i], frame)) != 0;) {
      cr_assert_eq(toe_link_put(pair->way[i], 1000 * pair->now_us, frame, len), 0);
      pair->frames[i]++;
    }
  }
}

static inline void pair_deliver(peer_pair_t *pair) {
  uint8_t frame[2048];

  for (unsigned i = 0; i < 2; i++) {
    int len;
    while ((len = toe_link_get(pair->way[i], 1000 * pair->now_us, frame, sizeof frame, NULL)) > 0) {
      model_peer_frame_in(pair->peer[1 - i], frame, (size_t)len);
      pair_flush(pair);
    }
  }
}

/** Goes on to the next thing that happens, but not past @p until_us.  False: nothing before that.
 */
static inline bool pair_step(peer_pair_t *pair, uint64_t until_us) {
  uint64_t next_us = UINT64_MAX;

  pair_flush(pair);
  for (unsigned i = 0; i < 2; i++) {
    const uint64_t peer_us = model_peer_next_us(pair->peer[i]);
    const uint64_t link_ns = toe_link_next_ns(pair->way[i]);
    const uint64_t link_us = link_ns == UINT64_MAX ? UINT64_MAX : (link_ns + 999) / 1000;

    if (peer_us < next_us) next_us = peer_us;
    if (link_us < next_us) next_us = link_us;
  }
  const bool happens = next_us <= until_us;
  if (!happens) next_us = until_us;
  if (next_us > pair->now_us) pair->now_us = next_us;
  for (unsigned i = 0; i < 2; i++) model_peer_advance(pair->peer[i], pair->now_us);
  pair_flush(pair);
  pair_deliver(pair);
  return happens;
}

/** Everything that happens within @p span_us. */
static inline void pair_run(peer_pair_t *pair, uint64_t span_us) {
  const uint64_t until_us = pair->now_us + span_us;

  while (pair_step(pair, until_us)) {
  }
}

/** Octet @p at of the stream @p stream. */
static inline uint8_t pair_octet(uint32_t stream, uint64_t at) {
  const uint64_t mixed =
      (at + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ stream * UINT64_C(0xbf58476d1ce4e5b9);

  return (uint8_t)(mixed >> 56 ^ mixed >> 20);
}

#endif
