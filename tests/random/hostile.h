/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the hostile one share.
 */
#ifndef TOE_TESTS_HOSTILE_H
#define TOE_TESTS_HOSTILE_H

#include "world.h"

/** A number below @p bound. */
static inline uint32_t below(world_t *world, uint32_t bound) {
  return tb_random_below(&world->rng, bound);
}

/** From the other side, to @p side. */
frame_path_t path_to(const side_t *side);

/** Pads @p frame, counts it and hands it to the engine of @p side. */
void send_to(side_t *side, frame_t *frame, unsigned flags);

/** One of the last frames that @p from sent, all of them TCP, IPv4 header of 20 octets and no tag;
 * NULL: there is none yet. */
const frame_t *heard_frame(world_t *world, side_t *from);

/** Marks the flow of a segment to @p side when it is a RST that may have to be obeyed. */
void mark_reset(side_t *side, const frame_info_t *info);

/** Sends @p side an ICMP error that quotes something it has sent, or something like it. */
void lie_about_path(side_t *side);

/** Sends @p side an old segment with any IPv4 options. */
void add_ip_options(side_t *side);

#endif
