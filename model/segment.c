/* SPDX-License-Identifier: Apache-2.0
 *
 * SEGMENT ARRIVES (RFC 9293 section 3.10.7), with RFC 5961 and RFC 7323.
 */
#include "model/model_internal.h"

void model_drop(step_t *step, uint8_t drop) {
  step->act->drop_valid = 1;
  step->act->drop = drop;
}

/* Octets of sequence space that the segment takes. */
static uint32_t seg_len(const model_rx_seg_t *seg) {
  return (uint32_t)seg->payload_len + seg->flags.syn + seg->flags.fin;
}

void model_segment_arrives_closed(step_t *step) {
  model_drop(step, MODEL_DROP_NO_CONN);
  if (!step->ev->seg.flags.rst && !step->ev->muted) model_answer_with_rst(step);
}

void model_answer_with_rst(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tx_seg_t *tx = &step->act->tx;

  step->act->tx_valid = 1;
  tx->key = seg->key;
  tx->conn = step->ev->conn;
  tx->dscp = step->cfg->dscp;
  /* The answer goes back where the frame came from: there is no reason to ask ARP.  Engine policy:
   * it has no options, whatever the connection agreed on. */
  tx->mac_valid = 1;
  tx->dst_mac = seg->src_mac;
  tx->flags.rst = 1;
  if (seg->flags.ack) {
    tx->seq = seg->ack;
  } else {
    tx->flags.ack = 1;
    tx->ack = seg->seq + seg_len(seg);
  }
}

/* RFC 5961 section 7: ACKs that answer what was refused are limited, and each connection has a
 * limit of its own: one that connections share tells an attacker about others.  Engine policy: four
 * to seven in 2**19 us. */
void model_challenge(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const uint8_t span = step->ev->now_us >> 19 & 63;

  if (tcb->challenge_span != span) {
    /* A new span begins with its first challenge ACK. */
    tcb->challenge_span = span;
    tcb->challenge_count = 0;
  } else {
    const unsigned extra = (tcb->iss ^ span) % 4;
    if (tcb->challenge_count >= 4 + extra) return;
  }
  tcb->challenge_count++;
  model_send_ack(step);
}

/* Engine policy: text and FIN that come again are always acknowledged, because their ACK may have
 * been lost, and no ACK calls them forth. */
static void answer_unacceptable(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;

  if (seg->payload_len == 0 && !seg->flags.fin)
    model_challenge(step);
  else
    model_send_ack(step);
}

/* RFC 7323 section 5.3 R1, and section 3.2 for a missing timestamp.  True: go on.
 * Not done: section 5.5 wants TS.Recent forgotten after 24 idle days, and the control block has no
 * age of it. */
static bool check_timestamp(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;

  if (!tcb->ts_ok || seg->flags.rst) return true;
  if (!seg->opt.ts_valid) {
    model_drop(step, MODEL_DROP_PAWS);
    return false;
  }
  if (seq_lt(seg->opt.ts_val, tcb->ts_recent)) {
    model_drop(step, MODEL_DROP_PAWS);
    answer_unacceptable(step);
    return false;
  }
  return true;
}

/* Section 3.10.7.4, table 6 */
static bool is_acceptable(const step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;
  const uint32_t window = tcb->rcv_adv - tcb->rcv_nxt;
  const uint32_t first = seg->seq - tcb->rcv_nxt;
  const uint32_t len = seg_len(seg);

  if (len == 0) return window == 0 ? first == 0 : first < window;
  return first < window || first + len - 1 < window;
}

/* RFC 7323 section 4.3 (2), 5.3 R3.  Engine policy: only after the ACK was found acceptable. */
static void take_timestamp(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tcb_t *tcb = step->tcb;

  if (tcb->ts_ok && seq_le(tcb->ts_recent, seg->opt.ts_val) && seq_le(seg->seq, tcb->last_ack_sent))
    tcb->ts_recent = seg->opt.ts_val;
}

/* The peer's SYN again: it has not seen ours yet, or answers it (RFC 9293 figure 7).  It lies left
 * of the window, but its ACK counts: else a simultaneous open ends only by a timeout. */
static bool is_repeated_syn(const step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;

  return step->tcb->state == MODEL_SYN_RECEIVED && seg->flags.syn && !seg->flags.rst &&
         seg->seq == step->tcb->irs;
}

/* "If the RCV.WND is zero, no segments will be acceptable, but special allowance should be made to
 * accept valid ACKs, URGs, and RSTs." */
static bool meets_closed_window(const step_t *step) {
  const model_tcb_t *tcb = step->tcb;

  return tcb->rcv_adv == tcb->rcv_nxt && step->ev->seg.seq == tcb->rcv_nxt;
}

/* First: sequence number.  True: go on. */
static bool check_sequence(step_t *step) {
  if (!check_timestamp(step)) return false;
  if (is_acceptable(step) || meets_closed_window(step) || is_repeated_syn(step)) return true;
  model_drop(step, MODEL_DROP_OUT_OF_WINDOW);
  if (!step->ev->seg.flags.rst) answer_unacceptable(step);
  return false;
}

/* Second: RST (RFC 5961 section 3.2).  True: go on. */
static bool check_rst(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const model_tcb_t *tcb = step->tcb;
  const bool refused = tcb->state == MODEL_SYN_RECEIVED && !tcb->passive;

  if (!seg->flags.rst) return true;
  if (seg->seq == tcb->rcv_nxt) {
    model_finish(step, MODEL_CLOSED, refused ? MODEL_REASON_CONN_REFUSED : MODEL_REASON_PEER_RESET);
    return false;
  }
  model_drop(step, MODEL_DROP_RST_BLIND);
  /* One that only its text brings into the window began outside of it. */
  if (seg->seq - tcb->rcv_nxt < tcb->rcv_adv - tcb->rcv_nxt) model_challenge(step);
  return false;
}

/* Fourth: SYN (RFC 5961 section 4.2).  True: go on. */
static bool check_syn(step_t *step) {
  if (!step->ev->seg.flags.syn || is_repeated_syn(step)) return true;
  model_drop(step, MODEL_DROP_SYN_BLIND);
  model_challenge(step);
  return false;
}

/* Section 3.10.7.4 */
static void segment_arrives_otherwise(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;
  const bool repeated_syn = is_repeated_syn(step);

  if (!check_sequence(step) || !check_rst(step) || !check_syn(step)) return;
  if (repeated_syn && !seg->flags.ack) {
    /* Engine policy: it gets SYN-ACK again at once, not an ACK that it cannot use. */
    step->tcb->snd_nxt = step->tcb->iss;
    step->turn_wanted = true;
    return;
  }
  /* Engine policy: text and FIN beside a SYN are not taken; the peer sends them again. */
  const bool acceptable = is_acceptable(step) && !seg->flags.syn;
  const bool fin_is_last = model_fin_is_last(step);
  if (!model_check_ack(step)) return;
  take_timestamp(step);
  model_take_ack(step);
  step->heard = true;
  step->turn_wanted = true;
  model_check_urg(step);
  model_segment_text(step, acceptable);
  model_check_fin(step, acceptable, fin_is_last);
  /* Every second segment, but what waits is processed first (RFC 9293 section 3.8.6.3, MUST-58 and
   * 59).  Engine policy: what waits is what is next of all that was received. */
  if (step->tcb->unacked_segs >= 2 && !step->ev->more) step->ack_due = true;
  if (step->ack_due || repeated_syn) model_send_ack(step);
}

/* Only what was on its way when the record in the TIME-WAIT table took over comes here.
 * RFC 9293 section 3.10.7.4: what takes sequence space is acknowledged again.  RFC 1337: RST ends
 * nothing. */
static void segment_arrives_time_wait(step_t *step) {
  const model_rx_seg_t *seg = &step->ev->seg;

  model_drop(step, MODEL_DROP_AFTER_CLOSE);
  if (seg_len(seg) > 0 && !seg->flags.rst) model_send_ack(step);
}

void model_segment_arrives(step_t *step) {
  switch (step->tcb->state) {
    case MODEL_CLOSED:
      model_segment_arrives_closed(step);
      break;
    case MODEL_SYN_SENT:
      model_segment_arrives_syn_sent(step);
      break;
    case MODEL_TIME_WAIT:
      segment_arrives_time_wait(step);
      break;
    default:
      segment_arrives_otherwise(step);
  }
}
