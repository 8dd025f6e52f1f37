/* SPDX-License-Identifier: Apache-2.0
 *
 * The segments that events asked for, until they leave as frames.  Part of the lock-step check.
 *
 * Frames leave in the order of the events, once each.  Two things may come between: what waits for
 * an Ethernet address leaves later, in its order among those to the same machine, and what waits
 * too long or finds no place to wait is lost (rtl/tx/toe_tx_resolve.sv).
 */
#ifndef TOE_SIM_LOCKSTEP_FRAMES_H
#define TOE_SIM_LOCKSTEP_FRAMES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/toe_model.h"

/** A segment on its way. */
struct sim_awaited {
  model_tx_seg_t seg;
  uint64_t ns;   /* when it was asked for */
  bool may_fail; /* it may be lost */
};

enum { SIM_NEIGHBOURS = 64 };

/** All of them, oldest first.  Zero to begin with. */
struct sim_awaited_list {
  struct sim_awaited *items;
  size_t count, capacity;
  struct {
    uint32_t ip;
    uint64_t ns; /* when a segment last left for it */
  } neighbours[SIM_NEIGHBOURS];
  bool disabled; /* the engine drops what it should send */
};

void sim_awaited_free(struct sim_awaited_list *list);

/** An event asked for @p seg.  False when there is no memory. */
bool sim_awaited_add(struct sim_awaited_list *list, const model_tx_seg_t *seg, uint64_t now_ns);

/** The engine may lose what it holds now, and all that follows while it is @p disabled. */
void sim_awaited_disable(struct sim_awaited_list *list, bool disabled);

/** Nothing is on its way any more. */
void sim_awaited_clear(struct sim_awaited_list *list);

/** A TCP segment that left. */
struct sim_segment {
  model_tx_seg_t seg;  /* mac_valid, conn and doubt are 0 */
  uint16_t packet_len; /* octets of the IPv4 packet */
  uint8_t ecn, ttl;    /* of the IPv4 header */
};

/** Reads the TCP segment in a frame of the engine; false when there is none. */
bool sim_frame_read(const uint8_t *frame, size_t len, struct sim_segment *out);

/** What became of a frame that left. */
enum sim_awaited_result {
  SIM_AWAITED_FOUND,   /**< an event asked for it */
  SIM_AWAITED_UNKNOWN, /**< nothing of its connection is on its way */
  SIM_AWAITED_WRONG,   /**< only other segments of its connection are */
  SIM_AWAITED_SKIPPED  /**< found, but one before it is missing; which one is printed */
};

/**
 * Finds the segment that @p left, and takes it off the list.
 *
 * @param mtu  of the engine: a longer payload is cut.
 * @param out  where a missing segment is named.
 */
enum sim_awaited_result sim_awaited_take(struct sim_awaited_list *list,
                                         const struct sim_segment *left, uint16_t mtu,
                                         uint64_t now_ns, FILE *out);

/** Prints what differs between @p left and the oldest segment of its connection. */
void sim_awaited_explain(const struct sim_awaited_list *list, const struct sim_segment *left,
                         uint16_t mtu, FILE *out);

#endif
