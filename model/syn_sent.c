/* SPDX-License-Identifier: Apache-2.0
 *
 * SEGMENT ARRIVES in SYN-SENT (RFC 9293 section 3.10.7.3).
 */
#include "model/model_internal.h"

/* First: ACK.  Our SYN is acknowledged by ISS + 1 and nothing else. */
static bool ack_acceptable(const step_t *step) {
  const model_tcb_t *tcb = step->tcb;
  const uint32_t ack = step->ev->seg.ack;

  return seq_lt(tcb->snd_una, ack) && seq_le(ack, tcb->snd_max);
}

static void established_by_syn_ack(step_t *step) {
  model_receive_syn(step);
  model_take_window(step);
  model_handshake_done(step);
  model_send_ack(step);
}

/* RFC 9293 figure 7: both ends open at once.  Our SYN goes out again, now with an ACK. */
static void simultaneous_open(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  model_receive_syn(step);
  model_take_window(step);
  tcb->snd_wl2 = tcb->iss; /* SEG.ACK of a segment without ACK says nothing */
  tcb->state = MODEL_SYN_RECEIVED;
  tcb->snd_nxt = tcb->iss;
}

void model_segment_arrives_syn_sent(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;

  if (seg->flags.ack && !ack_acceptable(step)) {
    model_drop(step, MODEL_DROP_BAD_ACK);
    if (!seg->flags.rst) model_answer_with_rst(step);
    return;
  }
  /* Second: RST, which counts only with an acceptable ACK. */
  if (seg->flags.rst) {
    if (seg->flags.ack)
      model_finish(step, MODEL_CLOSED, MODEL_REASON_CONN_REFUSED);
    else
      model_drop(step, MODEL_DROP_RST_BLIND);
    return;
  }
  /* Fifth: neither SYN nor RST. */
  if (!seg->flags.syn) {
    model_drop(step, MODEL_DROP_NO_ACK_BIT);
    return;
  }
  /* Fourth: SYN.  Engine policy: text and FIN beside it are not taken; the peer sends them again.
   */
  step->heard = true;
  step->turn_wanted = true;
  if (seg->flags.ack)
    established_by_syn_ack(step);
  else
    simultaneous_open(step);
}
