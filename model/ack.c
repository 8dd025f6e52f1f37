/* SPDX-License-Identifier: Apache-2.0
 *
 * The ACK of a segment: fifth check of RFC 9293 section 3.10.7.4.
 */
#include "model/model_internal.h"

/* SND.WND of the segment; the window of a SYN is never scaled (RFC 7323 section 2.2). */
static uint32_t seg_window(const step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;

  return seg->flags.syn ? seg->wnd : (uint32_t)seg->wnd << step->tcb->snd_wscale;
}

void model_take_window(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tcb_t *tcb = step->tcb;

  tcb->snd_wnd = seg_window(step);
  tcb->max_snd_wnd = max_u32(tcb->max_snd_wnd, tcb->snd_wnd);
  tcb->snd_wl1 = seg->seq;
  tcb->snd_wl2 = seg->ack;
}

/* SND.UNA moves: what that means for numbers, urgent data, measurement and timer. */
static void move_una(step_t *step) {
  const uint32_t ack = step->ev->seg.ack;
  model_tcb_t *tcb = step->tcb;

  /* RECOVER follows at a distance, so that it is not ahead again after 2**31 octets. */
  if (seq_lt(tcb->recover, tcb->snd_una)) tcb->recover = tcb->snd_una;
  tcb->snd_una = ack;
  tcb->snd_nxt = seq_max(tcb->snd_nxt, ack);
  tcb->retries = 0;
  step->progress = true;
  if (tcb->snd_urgent && seq_le(tcb->snd_up, ack)) tcb->snd_urgent = 0;
  if (tcb->rtx_mode != MODEL_RTX_PERSIST) {
    if (ack == tcb->snd_max)
      tcb->rtx_mode = MODEL_RTX_OFF; /* RFC 6298 (5.2) */
    else /* RFC 6298 (5.3).  Engine policy: the timeout as it was before this ACK's measurement. */
      tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
  }
  model_rtt_ack(step);
}

/* Our SYN is acknowledged: ESTABLISHED, and further when the host has shut down meanwhile. */
void model_handshake_done(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  tcb->cwnd = model_initial_window(tcb);
  if (tcb->retries > 0) {
    /* RFC 5681 section 3.1 and RFC 6298 (5.7): a SYN was lost. */
    tcb->cwnd = tcb->snd_mss;
    tcb->rto_us = max_u32(tcb->rto_us, 3000000);
  }
  move_una(step);
  tcb->state = tcb->fin_queued ? MODEL_FIN_WAIT_1 : MODEL_ESTABLISHED;
  if (tcb->passive)
    tcb->notify.accepted = 1;
  else
    tcb->notify.connected = 1;
}

/* RFC 5961 section 5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT */
static bool ack_in_range(const model_tcb_t *tcb, uint32_t ack) {
  return seq_le(tcb->snd_una - tcb->max_snd_wnd, ack) && seq_le(ack, tcb->snd_max);
}

/* RFC 5681 section 2.  Engine policy: a window probe alone is no outstanding data. */
static bool is_duplicate(const step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;

  return seg->ack == tcb->snd_una && tcb->rtx_mode == MODEL_RTX_RETRANSMIT &&
         seg->payload_len == 0 && !seg->flags.fin && seg_window(step) == tcb->snd_wnd;
}

static void update_window(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;

  if (seq_lt(seg->ack, tcb->snd_una)) return;
  if (!seq_lt(tcb->snd_wl1, seg->seq) &&
      !(tcb->snd_wl1 == seg->seq && seq_le(tcb->snd_wl2, seg->ack)))
    return;
  model_take_window(step);
  /* Engine policy: when the window opens, the timeout loses the back-off of the probes.  The next
   * one measures the path again, not the peer's patience. */
  if (tcb->rtx_mode == MODEL_RTX_PERSIST && tcb->snd_wnd != 0 && !step->rtt_measured)
    model_rto_restore(step);
}

/* Engine policy: the host hears of room when nothing is in flight any more, or when snd_una enters
 * another eighth of the ring; not with every ACK. */
static bool room_is_news(const step_t *step, uint32_t old_una) {
  const unsigned eighth_log2 = step->cfg->tx_ring_log2 - 3u;
  const model_tcb_t *tcb = step->tcb;

  return tcb->snd_una == tcb->snd_max || old_una >> eighth_log2 != tcb->snd_una >> eighth_log2;
}

static void new_data_acked(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const uint32_t old_una = tcb->snd_una;

  move_una(step);
  model_congestion_ack(tcb, tcb->snd_una - old_una);
  if (room_is_news(step, old_una)) tcb->notify.room = 1;
}

/* Where the ACK of our FIN leads.  Engine policy: what comes beside it is still looked at, so that
 * text is counted as dropped and answered. */
static void check_ack_of_fin(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (!tcb->fin_queued || tcb->snd_una != tcb->snd_end + 1) return;
  switch (tcb->state) {
    case MODEL_FIN_WAIT_1:
      tcb->state = MODEL_FIN_WAIT_2;
      break;
    case MODEL_CLOSING:
      model_enter_time_wait(step);
      break;
    case MODEL_LAST_ACK:
      model_finish(step, MODEL_CLOSED, MODEL_REASON_NONE);
      break;
    default:
      break;
  }
}

bool model_check_ack(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;

  if (!seg->flags.ack) {
    model_drop(step, MODEL_DROP_NO_ACK_BIT);
    return false;
  }
  if (tcb->state == MODEL_SYN_RECEIVED) {
    if (seq_lt(tcb->snd_una, seg->ack) && seq_le(seg->ack, tcb->snd_max)) return true;
    model_drop(step, MODEL_DROP_BAD_ACK);
    model_answer_with_rst(step);
    return false;
  }
  if (ack_in_range(tcb, seg->ack)) return true;
  model_drop(step, MODEL_DROP_BAD_ACK);
  model_challenge(step);
  return false;
}

void model_take_ack(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->state == MODEL_SYN_RECEIVED) {
    /* ESTABLISHED with the segment's window, however old its numbers are. */
    model_handshake_done(step);
    model_take_window(step);
    return;
  }
  if (is_duplicate(step)) model_congestion_dupack(tcb);
  /* A peer that answers probes is alive (RFC 9293 section 3.8.6.1, MUST-37). */
  if (tcb->rtx_mode != MODEL_RTX_RETRANSMIT) tcb->retries = 0;
  if (seq_lt(tcb->snd_una, step->ev->seg.ack)) new_data_acked(step);
  update_window(step);
  check_ack_of_fin(step);
}
