/* SPDX-License-Identifier: Apache-2.0
 *
 * Urgent pointer, text and FIN: sixth to eighth check of RFC 9293 section 3.10.7.4.
 */
#include "model/model_internal.h"

void model_check_urg(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tcb_t *tcb = step->tcb;
  const uint32_t up = seg->seq + seg->urg_ptr;

  if (!seg->flags.urg || !model_receives_text(tcb) || !seq_lt(tcb->rcv_up, up)) return;
  tcb->rcv_up = up;
  tcb->notify.urgent = 1;
}

/* Where a FIN that is now in order leads (RFC 9293 figure 5). */
static void fin_in_order(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  tcb->rcv_nxt++;
  tcb->notify.peer_closed = 1;
  switch (tcb->state) {
    case MODEL_ESTABLISHED:
      tcb->state = MODEL_CLOSE_WAIT;
      break;
    case MODEL_FIN_WAIT_1: /* the ACK of our FIN would have led to FIN-WAIT-2 by now */
      tcb->state = MODEL_CLOSING;
      break;
    default: /* FIN-WAIT-2 */
      model_enter_time_wait(step);
      break;
  }
}

static void keep(step_t *step, uint32_t left, uint32_t right) {
  model_rx_verdict_t *verdict = &step->act->verdict;

  verdict->keep = 1;
  verdict->conn = step->ev->conn;
  verdict->seq = left;
  verdict->skip = (uint16_t)(left - step->ev->seg.seq);
  verdict->len = (uint16_t)(right - left);
}

/* Whether text is acknowledged at once or later (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
 * At once: what lies behind a gap, what fills one or part of one, what is beyond the window or a
 * FIN.  Engine policy: the fourth segment with text too, whatever waits behind it. */
static bool ack_can_wait(const model_tcb_t *tcb, bool ahead, bool cut) {
  return !ahead && !cut && tcb->ooo_valid == 0 && tcb->unacked_segs < 3 && !tcb->opts.quickack;
}

/* [left, right) is what the window leaves of the text. */
static void take_text(step_t *step, uint32_t left, uint32_t right, bool cut) {
  model_tcb_t *tcb = step->tcb;
  const bool ahead = seq_lt(tcb->rcv_nxt, left);

  if (!ack_can_wait(tcb, ahead, cut)) step->ack_due = true;
  if (!ahead) {
    tcb->rcv_nxt = right;
    model_release_held(tcb);
    tcb->notify.data = 1;
  } else if (!model_hold(tcb, left, right)) {
    model_drop(step, MODEL_DROP_REASSEMBLY);
    return;
  }
  if (tcb->unacked_segs < 3) tcb->unacked_segs++;
  keep(step, left, right);
}

void model_segment_text(step_t *step, bool acceptable) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;
  const uint32_t end = seg->seq + seg->payload_len;
  /* Nothing follows a FIN, wherever the window ends. */
  const uint32_t edge = tcb->fin_rcvd ? tcb->fin_seq : tcb->rcv_adv;
  const uint32_t left = seq_max(seg->seq, tcb->rcv_nxt);
  const uint32_t right = seq_min(end, edge);

  if (seg->payload_len == 0) return;
  if (model_receives_text(tcb) && acceptable && seq_lt(left, right)) {
    take_text(step, left, right, seq_lt(edge, end));
    return;
  }
  /* "This should not occur, since a FIN has been received from the remote side.  Ignore the segment
   * text."  Engine policy: it is acknowledged like any text that is not taken. */
  model_drop(step, model_receives_text(tcb) ? MODEL_DROP_OUT_OF_WINDOW : MODEL_DROP_AFTER_CLOSE);
  step->ack_due = true;
}

/* Engine policy: a FIN that text beyond it contradicts is not believed. */
bool model_fin_is_last(const step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;
  const uint32_t fin_seq = seg->seq + seg->payload_len;

  for (unsigned i = 0; i < MODEL_INTERVALS; i++)
    if ((tcb->ooo_valid >> i & 1) && seq_lt(fin_seq, tcb->ooo[i].right)) return false;
  return true;
}

void model_check_fin(step_t *step, bool acceptable, bool fin_is_last) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tcb_t *tcb = step->tcb;
  const uint32_t fin_seq = seg->seq + seg->payload_len;

  if (seg->flags.fin) step->ack_due = true;
  if (!model_receives_text(tcb)) return;
  /* A FIN beyond the window is cut off with the text around it; one ahead of a gap is remembered.
   */
  if (seg->flags.fin && acceptable && !tcb->fin_rcvd && fin_is_last &&
      seq_lt(fin_seq, tcb->rcv_adv)) {
    tcb->fin_rcvd = 1;
    tcb->fin_seq = fin_seq;
  }
  if (tcb->fin_rcvd && tcb->rcv_nxt == tcb->fin_seq) {
    step->ack_due = true;
    fin_in_order(step);
  }
}
