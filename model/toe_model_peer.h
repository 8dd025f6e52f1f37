/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model at the end of a wire: a TCP/IP host of its own.
 *
 * Frames go in and come out, time is an argument, and the calls are those of RFC 9293
 * section 3.9.1. It is made of the model's parts: parser, half-open connections, TIME-WAIT, step,
 * builder.  All memory is handed over at the start; no clock, no allocation, no output, no global.
 * One thread at a time for each peer.
 *
 * Every call may leave frames to send; take them with model_peer_frame_out() until there is none.
 */
#ifndef TOE_MODEL_PEER_H
#define TOE_MODEL_PEER_H

#include "model/toe_model_cookie.h"
#include "model/toe_model_frame.h"

struct model_peer;

enum { MODEL_PEER_LISTENERS = 16, MODEL_PEER_NOBODY = -1 };

/** What a peer is made with; constant while it lives.  Every other host is on its own network. */
typedef struct model_peer_config {
  model_netif_t netif;
  model_cfg_t cfg;        /**< mtu as in netif; rings as large as memory allows */
  uint8_t key[16];        /**< of initial sequence numbers: secret where that matters */
  uint32_t time_wait_us;  /**< 2MSL */
  bool cookies;           /**< SYN cookies where there is no room for a handshake, */
  uint16_t cookies_from;  /**< and for every SYN from so many handshakes on */
  uint16_t cookies_until; /**< down to so many */
  uint16_t conns;         /**< all of these 1 or more: connections */
  uint16_t half_open;     /**< handshakes at a time */
  uint16_t waiting;       /**< TIME-WAIT at a time; then the oldest gives way */
  uint16_t neighbours;    /**< Ethernet addresses */
  uint16_t frames;        /**< to send, 4 or more; one that finds no place is lost, as on a wire */
} model_peer_config_t;

/** Octets of memory that a peer needs. */
size_t model_peer_size(const model_peer_config_t *config);

/**
 * Makes a peer.
 *
 * @param memory  model_peer_size() octets, aligned for any type; the peer's until it is no longer
 *                used, and nothing need be undone then
 * @return the peer, in @p memory
 */
struct model_peer *model_peer_new(const model_peer_config_t *config, void *memory);

/** Time is now @p now_us, which never goes back: what was due happens. */
void model_peer_advance(struct model_peer *peer, uint64_t now_us);

/** When something happens by itself; UINT64_MAX: never. */
uint64_t model_peer_next_us(const struct model_peer *peer);

/** A frame of @p len octets, without FCS, has arrived. */
void model_peer_frame_in(struct model_peer *peer, const uint8_t *octets, size_t len);

/** Takes the next frame to send, at most MODEL_MAX_HEADERS + MTU octets; its octets, 0: none. */
size_t model_peer_frame_out(struct model_peer *peer, uint8_t *octets);

/** OPEN, passive.  False when every listener is in use. */
bool model_peer_listen(struct model_peer *peer, uint16_t port);

/** OPEN, active: the connection's number, or MODEL_PEER_NOBODY when none is free or the four-tuple
 * is in use. */
int model_peer_connect(struct model_peer *peer, uint32_t ip, uint16_t port, uint16_t local_port);

/** The next connection that a peer opened: its number, or MODEL_PEER_NOBODY. */
int model_peer_accept(struct model_peer *peer);

/** SEND: octets taken, as many as there is room for; 0 as well when nothing may be sent (any more).
 */
size_t model_peer_send(struct model_peer *peer, int conn, const uint8_t *octets, size_t len);

/** RECEIVE: octets given, up to @p len. */
size_t model_peer_receive(struct model_peer *peer, int conn, uint8_t *octets, size_t len);

/** CLOSE: FIN after what was sent. */
void model_peer_close(struct model_peer *peer, int conn);

/** ABORT: RST. */
void model_peer_abort(struct model_peer *peer, int conn);

/** Gives the number of a finished connection back; what was not received is lost. */
void model_peer_release(struct model_peer *peer, int conn);

/** STATUS: the control block, to be read only; NULL for a number that is not in use. */
const model_tcb_t *model_peer_tcb(const struct model_peer *peer, int conn);

/** Octets that model_peer_receive() would give. */
size_t model_peer_readable(const struct model_peer *peer, int conn);

/** Everything that the other end sent was given, and it has closed. */
bool model_peer_at_end(const struct model_peer *peer, int conn);

/** Its SYN cookies, to be read only. */
const model_cookies_t *model_peer_cookies(const struct model_peer *peer);

/** Frames and segments dropped for a reason, model_drop_t. */
uint64_t model_peer_drops(const struct model_peer *peer, uint8_t reason);

#endif
