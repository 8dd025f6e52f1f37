/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's connections that have no control block: half-open ones (LISTEN and
 * SYN-RECEIVED after a passive open), and TIME-WAIT; and initial sequence numbers.
 *
 * One entry each; where entries lie, and which one gives way when all are in use, is the business
 * of whoever keeps them.  Times are microseconds modulo 2**40.
 */
#ifndef TOE_MODEL_TABLE_H
#define TOE_MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/toe_model.h"

/** SipHash-2-4 of @p len octets under @p key. */
uint64_t model_siphash(const uint8_t key[16], const uint8_t *octets, size_t len);

/**
 * Initial sequence number (RFC 6528 section 3): a clock of 4 us, and a keyed hash of the
 * four-tuple. How the hash is cut up is this model's own: it need not equal the RTL's number.
 */
uint32_t model_isn(const uint8_t key[16], const model_flow_key_t *flow, uint32_t local_ip,
                   uint64_t now_us);

/** A handshake that waits for its last segment. */
typedef struct model_half_open {
  bool in_use;
  model_flow_key_t key;
  uint64_t mac; /**< where the SYN-ACK goes */
  uint32_t irs, iss;
  uint16_t peer_mss; /**< octets, as received, or 536 (RFC 9293 MUST-15) */
  bool wscale_ok, sack_ok, ts_ok;
  uint8_t snd_wscale;
  uint32_t ts_recent;
  uint8_t retries; /**< SYN-ACKs sent again because nothing came */
  uint32_t rto_us; /**< back-off included */
  uint64_t deadline_us;
} model_half_open_t;

/** What a segment means to a half-open connection. */
typedef enum model_half_open_result {
  MODEL_HALF_OPEN_IGNORED,
  MODEL_HALF_OPEN_ANSWERED, /**< answer is to be sent */
  MODEL_HALF_OPEN_RESET,    /**< the entry is gone */
  MODEL_HALF_OPEN_REFUSED,  /**< MODEL_EV_NO_CONN answers; the entry stays */
  MODEL_HALF_OPEN_COMPLETE  /**< open begins a control block, whose first event is the segment */
} model_half_open_result_t;

/**
 * A SYN for a port that is listened on: RFC 9293 section 3.10.7.2.
 *
 * @param iss     ours
 * @param entry   filled in
 * @param answer  SYN-ACK
 */
void model_half_open_begin(const model_cfg_t *cfg, const model_rx_seg_t *syn, uint32_t iss,
                           uint64_t now_us, model_half_open_t *entry, model_tx_seg_t *answer);

/** A segment for @p entry: RFC 9293 section 3.10.7.4 for SYN-RECEIVED, RFC 5961, RFC 7323.
 * @p answer and @p open are filled in where the result says so. */
model_half_open_result_t model_half_open_arrives(const model_cfg_t *cfg, model_half_open_t *entry,
                                                 const model_rx_seg_t *seg, uint64_t now_us,
                                                 model_tx_seg_t *answer, model_tcb_open_t *open);

/** Its deadline has passed.  True: @p answer, the SYN-ACK again, is to be sent; false: the entry is
 * gone, because it was sent often enough. */
bool model_half_open_timeout(const model_cfg_t *cfg, model_half_open_t *entry, uint64_t now_us,
                             model_tx_seg_t *answer);

/** A connection that is over, for 2MSL. */
typedef struct model_waiting {
  bool in_use;
  model_time_wait_t rec;
  uint64_t deadline_us;
} model_waiting_t;

/** What a segment means in TIME-WAIT. */
typedef enum model_waiting_result {
  MODEL_WAITING_IGNORED,
  MODEL_WAITING_ANSWERED, /**< answer is to be sent */
  MODEL_WAITING_REUSE     /**< a SYN that begins a new connection with the same four-tuple */
} model_waiting_result_t;

/** A segment for @p entry: RFC 9293 section 3.10.7.4 for TIME-WAIT, RFC 1337, RFC 6191.
 * @p listening: its port is listened on. */
model_waiting_result_t model_waiting_arrives(model_waiting_t *entry, const model_rx_seg_t *seg,
                                             bool listening, uint64_t now_us, uint32_t time_wait_us,
                                             model_tx_seg_t *answer);

/** The least initial sequence number of a connection that takes the place of @p entry (RFC 9293
 * MAY-2): beyond everything that the old one sent. */
uint32_t model_waiting_next_iss(const model_waiting_t *entry, uint32_t iss);

#endif
