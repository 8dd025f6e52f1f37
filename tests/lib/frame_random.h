/* SPDX-License-Identifier: Apache-2.0
 *
 * Random frames: sound ones of every kind, and what is left of them when somebody meddles.
 */
#ifndef TOE_TESTS_FRAME_RANDOM_H
#define TOE_TESTS_FRAME_RANDOM_H

#include "frame.h"
#include "tb.h"

/** A sound frame over @p path with random tag, IPv4 options, kind, TCP options and payload:
 * segments mostly, else ARP, ICMP, another protocol, another type.  At most 2,300 octets. */
void frame_random(frame_t *frame, const frame_path_t *path, tb_rng_t *rng);

/** Changes one thing that a reader of headers may care about; 1 to @p max_len octets remain.  The
 * checksums stay as they were. */
void frame_mutate(frame_t *frame, uint32_t max_len, tb_rng_t *rng);

/** Makes the checksums right, as far as the lengths in the headers lie within the frame. */
void frame_fix(frame_t *frame);

#endif
