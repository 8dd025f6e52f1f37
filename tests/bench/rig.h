/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated engine between a peer and a host that both check every octet, for benches.
 *
 * The peer speaks in frames, takes no time to answer, acknowledges every second segment and offers
 * a window that never limits.  The host reads notifications and posts commands through the
 * registers, which takes the cycles that it takes.  Time is counted in cycles.  What is wrong ends
 * the program with status 1 and a sentence: a bench that measures nonsense measures nothing.
 */
#ifndef TOE_TESTS_RIG_H
#define TOE_TESTS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "toe/toe_sim.h"

enum {
  RIG_HEADERS = 54,      /**< octets of a frame before its payload, no options */
  RIG_PERIOD_NS = 8,     /**< of a cycle; a microsecond is a whole number of them */
  RIG_CONN_LIMIT = 65536 /**< connections of one rig */
};

/** One connection: what the peer knows, then what the host knows. */
typedef struct rig_conn {
  uint32_t peer_iss, peer_nxt, peer_edge; /* sent first, sent next, may be sent up to */
  uint32_t engine_iss, engine_nxt;        /* first and next sequence number from the engine */
  uint8_t unacked;                        /* segments that the peer has not acknowledged */
  bool answered;                          /* the SYN-ACK has come */
  bool accepted, closed, released;
  uint16_t id;
  uint32_t rcv_read, snd_una, snd_end;
} rig_conn_t;

/** One rig. */
typedef struct rig {
  struct toe_sim *sim;
  uint32_t width;       /* bits of a beat */
  uint32_t num_conns;   /* that the engine can hold */
  uint32_t ring_octets; /* of every ring, either way */
  uint32_t mss;         /* octets, of either side */
  rig_conn_t *conns;    /* RIG_CONN_LIMIT of them */
  int32_t *by_id;       /* index of the connection with that number, or -1 */
  uint32_t accepted, closed;
  uint32_t post_octets; /* the host goes on to queue as much on a connection; 0: it does not */

  uint64_t last_out_cycle; /* when the last beat of the last segment left */
  uint32_t last_out_len;   /* octets of its frame */
  uint64_t data_out;       /* segments with payload that have left */
  uint64_t segments;       /* EvSegment events that have left the pipeline */
  uint64_t first_segment_cycle, last_segment_cycle;

  uint16_t sq_tail, sq_head, cq_head;
  uint32_t commands[64][8]; /* not rung yet */
  uint32_t command_count;
} rig_t;

/** Beats of a frame of @p octets. */
uint32_t rig_beats(const rig_t *rig, uint32_t octets);

/** An enabled engine that listens and knows the peer's address; segments of @p mss octets.  @p
 * check: against the reference model; takes memory and time for every connection. */
rig_t *rig_new(uint32_t mss, bool check);
void rig_delete(rig_t *rig);

/** Now, in cycles. */
uint64_t rig_cycle(const rig_t *rig);

/** Lets cycles pass up to @p cycle; peer and host do their part. */
void rig_run(rig_t *rig, uint64_t cycle);

/** Lets cycles pass until engine and host have nothing to do. */
void rig_settle(rig_t *rig);

/** Opens connections 0 to @p count - 1 and waits until the host has accepted them. */
void rig_open(rig_t *rig, uint32_t count);

/** The peer's SYN for connection @p index, into the receive queue. */
void rig_send_syn(rig_t *rig, uint32_t index);

/** The peer's RST for connection @p index. */
void rig_send_rst(rig_t *rig, uint32_t index);

/** True when the engine's window takes @p len more octets on connection @p index. */
bool rig_may_send(const rig_t *rig, uint32_t index, uint32_t len);

/** The peer's next @p len octets on connection @p index, in one segment. */
void rig_send_data(rig_t *rig, uint32_t index, uint32_t len);

/** The host queues @p len more octets on connection @p index. */
void rig_post(rig_t *rig, uint32_t index, uint32_t len);

/** Gives what rig_post() and others have said to the engine. */
void rig_ring(rig_t *rig);

/** Octets that the host has read on connection @p index. */
uint32_t rig_read(const rig_t *rig, uint32_t index);

/** Frames and segments dropped since reset, for any reason. */
uint32_t rig_drops(rig_t *rig);

/** Ends the program unless @p ok. */
void rig_check(bool ok, const char *what);

/** Prints one result.  @p limit below 0: none. */
void rig_result(const rig_t *rig, const char *name, uint32_t connections, uint32_t octets,
                double value, const char *unit, double limit);

#endif
