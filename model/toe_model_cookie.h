/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's SYN cookies: RFC 4987 section 3.6, laid out as docs/architecture.md says,
 * so that they are the RTL's number by number under the same key.
 */
#ifndef TOE_MODEL_COOKIE_H
#define TOE_MODEL_COOKIE_H

#include <stdbool.h>

#include "model/toe_model.h"

/** An epoch, 2**26 us, and the key that its cookies are made with. */
typedef struct model_cookie_epoch {
  uint64_t number;
  uint8_t key[16];
  bool out; /**< a cookie of this epoch was sent */
} model_cookie_epoch_t;

typedef struct model_cookies {
  bool enabled;
  uint16_t high, low; /**< half-open connections: begin and end of answering every SYN so */
  uint8_t loaded[16]; /**< key from the next epoch on */
  bool has_key;       /**< of this epoch */
  bool active;        /**< every SYN gets one */
  model_cookie_epoch_t now, last;
  uint64_t sent, accepted, refused;
} model_cookies_t;

/** Time is now @p now_us, which never goes back: an epoch may begin.  The first key begins at once.
 */
void model_cookies_time(model_cookies_t *cookies, uint64_t now_us);

/** Whether a SYN gets one, while so many connections are half-open. @p room: there would be room.
 */
bool model_cookies_wanted(model_cookies_t *cookies, uint32_t half_open, bool room);

/** The SYN-ACK for @p syn; nothing is held. */
void model_cookie_answer(const model_cfg_t *cfg, model_cookies_t *cookies,
                         const model_rx_seg_t *syn, uint64_t now_us, model_tx_seg_t *answer);

/** @p number is a cookie of this epoch or the last for @p key and the peer's number @p irs. */
bool model_cookie_is_good(const model_cookies_t *cookies, const model_flow_key_t *key, uint32_t irs,
                          uint32_t number);

/** A segment that nobody knows, to a port that is listened on.  True: it ends a handshake, and
 * @p open begins its control block, whose first event is the segment. */
bool model_cookie_arrives(const model_cfg_t *cfg, model_cookies_t *cookies,
                          const model_rx_seg_t *seg, model_tcb_open_t *open);

#endif
