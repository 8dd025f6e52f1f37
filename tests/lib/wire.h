/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted peer on the wire of one simulated engine, in virtual time.  Scenario tests only.
 *
 * Segments are written as packet traces show them:
 *
 *   "FLAGS SEQ[:END] [ack N] [win N] [urg N] [<OPTION,...>]"
 *
 * FLAGS are of S F R P U E W and . for ACK.  SEQ and END are relative to the sender's initial
 * sequence number, so the SYN is 0:0 and the first octet is 1; END - SEQ octets of payload follow,
 * and each octet tells its place in the stream (wire_octet()).  N of ack is relative to the
 * receiver's initial sequence number; win is as in the header.  Options: "mss 1460", "wscale 7",
 * "sackOK", "ts VALUE ECHO", "sack LEFT:RIGHT ..." (relative), "nop".
 *
 * What is sent is exactly what is written; its window is 65535 unless it is given.  Of what is
 * expected only those fields count that are written, but flags (PSH apart), sequence numbers and
 * payload always do.
 */
#ifndef TOE_TESTS_WIRE_H
#define TOE_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "toe/toe.h"
#include "toe/toe_sim.h"

enum {
  WIRE_IP = 0x0a000002,     /**< of the engine, 10.0.0.2/24 */
  WIRE_PEER = 0x0a000001,   /**< a peer that answers ARP, as all of 10.0.0.0/24 do but the next */
  WIRE_DEAD_IP = 0x0a0000fe /**< nobody */
};

/** One engine, its host library and its wire. */
typedef struct wire wire_t;

/** Default configuration of the host library, with the address and a fixed key. */
struct toe_config wire_config(void);

/** An engine that is open.  @p config NULL: wire_config().  @p start_us: its time at creation. */
wire_t *wire_new(const struct toe_config *config, uint64_t start_us);

/** Closes and frees everything. */
void wire_delete(wire_t *wire);

struct toe_engine *wire_engine(wire_t *wire);
struct toe_sim *wire_sim(wire_t *wire);

/** Lets @p us of virtual time pass, while the host library reads its news. */
void wire_run(wire_t *wire, uint64_t us);

/** The same without the host library: a host that stalls. */
void wire_run_without_host(wire_t *wire, uint64_t us);

/** Virtual time. */
uint64_t wire_now_us(wire_t *wire);

/** Hands the engine a frame as it is; @p flags of enum toe_sim_frame_flag. */
void wire_frame_in(wire_t *wire, const frame_t *frame, unsigned flags);

/** Frames of EtherType ARP that asked for @p ip so far. */
unsigned wire_arp_requests(const wire_t *wire, uint32_t ip);

/** Value of the counter @p name. */
uint64_t wire_count(wire_t *wire, const char *name);

/** Remembers the drop counters for wire_drops(). */
void wire_mark(wire_t *wire);

/** Asserts that since wire_mark() exactly @p count frames were dropped, all for @p reason (a
 * counter's name; NULL: none was). */
void wire_drops(wire_t *wire, const char *reason, unsigned count);

/** One end of a connection, the scripted one. */
typedef struct wire_peer {
  wire_t *wire;
  uint32_t ip;
  uint16_t port;
  uint16_t engine_port;
  uint32_t iss; /**< may be changed before the first segment */
  uint32_t irs; /**< learned from the engine's SYN */
} wire_peer_t;

/** A peer at WIRE_PEER:@p port that speaks to port @p engine_port of the engine. */
wire_peer_t wire_peer(wire_t *wire, uint16_t port, uint16_t engine_port);

/** A segment that the engine sent.  seq and ack are relative. */
typedef struct wire_seg {
  uint64_t time_us;
  uint32_t seq, ack, len;
  uint8_t flags;
  uint8_t ttl, tos; /**< of the IPv4 header */
  uint16_t wnd, urg_ptr;
  uint8_t options_len; /**< octets, padding included */
  uint8_t options[40];
  bool has_mss, has_wscale, has_ts, sack_ok;
  uint16_t mss;
  uint8_t wscale;
  uint32_t ts_val, ts_ecr;
  size_t sack_count;
  uint32_t sack[8]; /**< relative edges */
} wire_seg_t;

/** Builds the segment described, without sending it. */
void wire_build(const wire_peer_t *peer, frame_t *frame, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The peer sends the segment described. */
void wire_in(const wire_peer_t *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The next segment that the engine sends to @p peer is the one described, and it leaves within
 * 100 ms. */
wire_seg_t wire_out(wire_peer_t *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same, within @p within_us. */
wire_seg_t wire_out_within(wire_peer_t *peer, uint64_t within_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The next segment whatever it is, within @p within_us; false: there is none. */
bool wire_next(wire_peer_t *peer, uint64_t within_us, wire_seg_t *seg);

/** The engine sends nothing to @p peer for @p us. */
void wire_quiet(wire_peer_t *peer, uint64_t us);

/** Handshake that the peer begins, with @p options in its SYN ("mss 1460,wscale 7"); the
 * connection of @p listener. */
struct toe_conn *wire_accept(wire_peer_t *peer, struct toe_listener *listener, const char *options);

/** Handshake that the engine begins, the peer's SYN-ACK with @p win and @p options. */
struct toe_conn *wire_connect(wire_peer_t *peer, unsigned win, const char *options);

/** A listener with a backlog of 16. */
struct toe_listener *wire_listen(wire_t *wire, uint16_t port);

/** Octet at relative sequence number @p place of every stream. */
uint8_t wire_octet(uint32_t place);

/** The host sends octets [from, to) of its stream; all must find room. */
void wire_write(struct toe_conn *conn, uint32_t from, uint32_t to);

/** The host receives octets [from, to) of the peer's stream, and they are right. */
void wire_read(struct toe_conn *conn, uint32_t from, uint32_t to);

/** Octets [at, at + 100) go both ways and are acknowledged. */
void wire_talk(wire_peer_t *peer, struct toe_conn *conn, uint32_t at);

/** A router between engine and peer reports an ICMP error about the engine's segment at relative
 * sequence number @p seq. */
void wire_icmp_error(const wire_peer_t *peer, uint8_t type, uint8_t code, uint16_t mtu,
                     uint32_t seq);

#endif
