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

#include "model/toe_model_frame.h"

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
  bool doubted; /* TCP has doubted an address, last at doubted_ns */
  uint64_t doubted_ns;
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
  size_t payload_off;  /* octets before the payload */
};

/** What a frame of the engine holds. */
enum sim_frame_content {
  SIM_FRAME_OTHER,   /**< no TCP */
  SIM_FRAME_SEGMENT, /**< a segment that model_parse takes */
  SIM_FRAME_UNSOUND  /**< one that it drops: nobody would take it */
};

/** Reads the TCP segment in a frame of the engine, as its receiver would. */
enum sim_frame_content sim_frame_read(const uint8_t *frame, size_t len, struct sim_segment *out);

/** The first octet in which a frame differs from what @p own builds of the segment in it: every
 * header field, the options' layout, the padding; the payload and the receiver are the frame's. -1:
 * none.
 */
long sim_frame_difference(const uint8_t *frame, size_t len, const struct sim_segment *left,
                          const model_netif_t *own);

enum { SIM_ARRIVED = 1024 };

/** Segments and ICMP errors that arrived and are no event yet, oldest first.  Zero to begin with.
 */
struct sim_arrived_list {
  model_rx_seg_t items[SIM_ARRIVED];
  size_t first, count;
};

/** A frame has reached the engine @p own: adds the segment or ICMP error in it, if model_parse
 * takes one. */
void sim_arrived_add(struct sim_arrived_list *list, const model_netif_t *own, const uint8_t *frame,
                     size_t len, bool fcs_good);

/** An event for @p seg: takes it off the list, and forgets those before it, which the engine had no
 * room for.  False: no frame held it, or one that came after it was an event already. */
bool sim_arrived_take(struct sim_arrived_list *list, const model_rx_seg_t *seg);

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
