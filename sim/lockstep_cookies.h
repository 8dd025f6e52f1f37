/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's SYN cookies beside a running engine's.
 *
 * When a SYN gets one is the engine's business here, because handshakes that it holds are not
 * followed. But a number that is a cookie is known as one by everybody who has the key; what comes
 * with it, and what is made of it when it comes back, is the model's.
 */
#ifndef TOE_SIM_LOCKSTEP_COOKIES_H
#define TOE_SIM_LOCKSTEP_COOKIES_H

#include "model/toe_model_cookie.h"

struct sim_cookies {
  model_cookies_t model;
  uint32_t words[4]; /* of the key, as they were written */
  bool loaded;       /* all of them, once */
  uint64_t checked;  /* segments and openings that were known as a cookie's */
};

/** A register of the engine was written. */
void sim_cookies_register(struct sim_cookies *cookies, uint32_t offset, uint32_t value);

/** The engine has forgotten everything but its configuration. */
void sim_cookies_reset(struct sim_cookies *cookies);

/** A segment has left.  What is wrong with it, or NULL. */
const char *sim_cookies_sent(struct sim_cookies *cookies, const model_tx_seg_t *seg,
                             uint64_t now_us);

/** A connection was opened by a segment.  What is wrong with that event, or NULL. */
const char *sim_cookies_opened(struct sim_cookies *cookies, const model_cfg_t *cfg,
                               const model_tcb_event_t *ev);

#endif
