/* SPDX-License-Identifier: Apache-2.0
 *
 * Round-trip time and retransmission timeout (RFC 6298).
 */
#include "model/model_internal.h"

/* number / 2**shift, rounded down for negative numbers too. */
static int64_t fraction(int64_t number, unsigned shift) {
  const int64_t size = INT64_C(1) << shift;

  return number >= 0 ? number / size : -((-number + size - 1) / size);
}

/* RFC 6298 (2.2) and (2.3), alpha = 1/8, beta = 1/4.  Engine policy: the change is rounded down. */
static void measured(model_tcb_t *tcb, uint32_t r_us) {
  if (!tcb->rtt_valid) {
    tcb->rtt_valid = 1;
    tcb->srtt_us = r_us;
    tcb->rttvar_us = r_us / 2;
    return;
  }
  const int64_t error_us = (int64_t)r_us - tcb->srtt_us;
  const int64_t size_us = error_us < 0 ? -error_us : error_us;
  tcb->rttvar_us = (uint32_t)(tcb->rttvar_us + fraction(size_us - tcb->rttvar_us, 2));
  tcb->srtt_us = (uint32_t)(tcb->srtt_us + fraction(error_us, 3));
}

/* RFC 6298 (2.1) to (2.5).  The clock's granularity of 1 us never decides. */
void model_rto_restore(step_t *step) {
  const model_cfg_t *cfg = step->cfg;
  model_tcb_t *tcb = step->tcb;

  if (!tcb->rtt_valid) {
    tcb->rto_us = cfg->rto_initial_us;
    return;
  }
  const uint64_t rto_us = (uint64_t)tcb->srtt_us + 4 * (uint64_t)tcb->rttvar_us;
  if (rto_us < cfg->rto_min_us)
    tcb->rto_us = cfg->rto_min_us;
  else
    tcb->rto_us = rto_us > cfg->rto_max_us ? cfg->rto_max_us : (uint32_t)rto_us;
}

/* snd_una has moved.  One segment is timed at a time, and never one that was sent again (Karn).
 * Engine policy: the ACK of its first octet ends the measurement. */
void model_rtt_ack(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (!tcb->rtt_timing || !seq_lt(tcb->rtt_seq, tcb->snd_una)) return;
  tcb->rtt_timing = 0;
  step->rtt_measured = true;
  measured(tcb, (uint32_t)time_after(step->ev->now_us, UINT64_C(0) - tcb->rtt_start_us));
  model_rto_restore(step);
}

/* RFC 6298 (5.5) */
void model_rto_back_off(step_t *step) {
  const uint64_t doubled_us = 2 * (uint64_t)step->tcb->rto_us;

  step->tcb->rto_us =
      doubled_us < step->cfg->rto_max_us ? (uint32_t)doubled_us : step->cfg->rto_max_us;
}
