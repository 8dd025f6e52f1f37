/* SPDX-License-Identifier: Apache-2.0
 *
 * Making segments: numbers, window, options.
 */
#include "model/model_internal.h"

/* Engine policy: without scaling half of what 16 bits can say, so that the size is a power of two
 * like that of the ring. */
static uint32_t largest_window(const step_t *step) {
  const uint32_t ring = UINT32_C(1) << step->cfg->rx_ring_log2;

  return step->tcb->rcv_wscale == 0 ? min_u32(ring, 0x8000) : ring;
}

/* RFC 9293 section 3.8.6.2.2: the edge moves by a segment or half the window, or not at all.
 * Engine policy: the window of a SYN stands in the ACK that answers it. */
static uint32_t edge_to_advertise(const step_t *step) {
  const uint32_t least = min_u32(step->cfg->mtu - 40u, largest_window(step) / 2);
  const uint32_t edge = step->tcb->rcv_read + largest_window(step);

  if (!step->window_may_move || seq_lt(edge, step->tcb->rcv_adv + least)) return step->tcb->rcv_adv;
  return edge;
}

bool model_window_update_due(const step_t *step) {
  const model_tcb_t *tcb = step->tcb;

  return model_receives_text(tcb) && edge_to_advertise(step) != tcb->rcv_adv &&
         tcb->rcv_adv - tcb->rcv_nxt < largest_window(step) / 2;
}

uint16_t model_wire_window(const step_t *step) {
  const model_tcb_t *tcb = step->tcb;

  return (uint16_t)((edge_to_advertise(step) - tcb->rcv_nxt) >> tcb->rcv_wscale);
}

static void put_timestamp(const step_t *step, model_tcp_options_t *opt) {
  opt->ts_valid = 1;
  opt->ts_val = (uint32_t)(step->ev->now_us >> 8); /* RFC 7323 section 4: a clock of 256 us */
  opt->ts_ecr = step->tcb->ts_recent;              /* 0 before the peer has sent one */
}

static model_tx_seg_t *begin_segment(step_t *step, uint32_t seq) {
  model_tx_seg_t *tx = &step->act->tx;

  step->act->tx_valid = 1;
  tx->key = step->tcb->key;
  tx->conn = step->ev->conn;
  tx->dscp = step->tcb->opts.dscp;
  tx->seq = seq;
  return tx;
}

/* What every segment with ACK says, and what is settled by it: nothing is left to acknowledge. */
static void put_ack(step_t *step, model_tx_seg_t *tx) {
  model_tcb_t *tcb = step->tcb;

  tx->flags.ack = 1;
  tx->ack = tcb->rcv_nxt;
  tx->wnd = model_wire_window(step);
  tcb->rcv_adv = edge_to_advertise(step);
  if (tcb->ts_ok) put_timestamp(step, &tx->opt);
  tcb->last_ack_sent = tcb->rcv_nxt;
  tcb->delack_armed = 0;
  tcb->unacked_segs = 0;
}

/* SND.NXT of a segment without data.  While a timeout is being repaired it is the highest one,
 * which is where the peer's window begins at the latest.  Engine policy: the octet of a window
 * probe does not count, because it was most likely refused. */
static uint32_t empty_seq(const model_tcb_t *tcb) {
  return tcb->rtx_mode == MODEL_RTX_PERSIST ? tcb->snd_nxt : tcb->snd_max;
}

void model_send_ack(step_t *step) {
  const model_tcb_t *tcb = step->tcb;
  model_tx_seg_t *tx = begin_segment(step, empty_seq(tcb));

  put_ack(step, tx);
  /* RFC 2018 section 3: beside timestamps there is room for three blocks. */
  if (tcb->sack_ok) model_sack_blocks(tcb, &tx->opt, tcb->ts_ok ? 3 : 4);
}

/* Engine policy: SACK blocks go out on segments without data only (RFC 2018 section 4 says SHOULD
 * for all), so that a full segment always has snd_mss octets (RFC 6691). */
void model_send_data(step_t *step, uint32_t seq, uint32_t len, bool fin, bool last) {
  const model_tcb_t *tcb = step->tcb;
  model_tx_seg_t *tx = begin_segment(step, seq);

  put_ack(step, tx);
  tx->payload_len = (uint16_t)len;
  tx->flags.fin = fin;
  tx->flags.psh = len > 0 && last;
  if (tcb->snd_urgent && seq_lt(seq, tcb->snd_up)) {
    tx->flags.urg = 1;
    tx->urg_ptr = (uint16_t)min_u32(tcb->snd_up - seq, 65535);
  }
}

/* RFC 9293 section 3.8.4: an old number, which the peer must answer. */
void model_send_keep_alive(step_t *step) {
  put_ack(step, begin_segment(step, step->tcb->snd_una - 1));
}

void model_send_syn(step_t *step) {
  const model_cfg_t *cfg = step->cfg;
  model_tcb_t *tcb = step->tcb;
  const bool answers = tcb->state == MODEL_SYN_RECEIVED;
  const uint32_t syn_edge = tcb->rcv_adv;
  model_tx_seg_t *tx = begin_segment(step, tcb->iss);

  if (answers) {
    put_ack(step, tx);
    tcb->rcv_adv = syn_edge; /* the window below is the first one again */
  }
  tx->flags.syn = 1;
  tx->wnd = (uint16_t)min_u32(UINT32_C(1) << cfg->rx_ring_log2, 65535);
  tx->opt.mss_valid = 1;
  tx->opt.mss = (uint16_t)(cfg->mtu - 40);
  /* An answer has the option only when the peer's SYN had it (RFC 7323 section 2.2).  Two shifts of
   * 0 are the same as no option. */
  tx->opt.wscale_valid = answers ? (tcb->rcv_wscale | tcb->snd_wscale) != 0 : cfg->wscale_enable;
  if (tx->opt.wscale_valid) tx->opt.wscale = model_own_wscale(cfg);
  tx->opt.sack_permitted = answers ? tcb->sack_ok : cfg->sack_enable;
  if (answers ? tcb->ts_ok : cfg->ts_enable) put_timestamp(step, &tx->opt);
}

void model_send_rst(step_t *step) {
  model_tx_seg_t *tx = begin_segment(step, empty_seq(step->tcb));

  tx->flags.rst = 1;
  /* RFC 7323 section 3.2: it SHOULD say the time as well; without ACK there is no echo. */
  if (step->tcb->ts_ok) put_timestamp(step, &tx->opt);
  tx->opt.ts_ecr = 0;
}
