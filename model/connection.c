/* SPDX-License-Identifier: Apache-2.0
 *
 * How a control block begins and ends.
 */
#include <string.h>

#include "model/model_internal.h"

uint32_t model_send_end(const model_tcb_t *tcb) {
  return tcb->snd_end + tcb->fin_queued;
}

bool model_is_finished(const model_tcb_t *tcb) {
  return tcb->state == MODEL_CLOSED || tcb->state == MODEL_TIME_WAIT;
}

bool model_receives_text(const model_tcb_t *tcb) {
  return tcb->state == MODEL_ESTABLISHED || tcb->state == MODEL_FIN_WAIT_1 ||
         tcb->state == MODEL_FIN_WAIT_2;
}

bool model_is_open(const model_tcb_t *tcb) {
  return model_receives_text(tcb) || tcb->state == MODEL_CLOSE_WAIT ||
         tcb->state == MODEL_CLOSING || tcb->state == MODEL_LAST_ACK;
}

/* Window of a segment with SYN, which is never scaled (RFC 7323 section 2.2). */
static uint32_t syn_window(const model_cfg_t *cfg) {
  return min_u32(UINT32_C(1) << cfg->rx_ring_log2, 65535);
}

/* Both ends know the peer's SYN: receive sequence space begins behind it. */
static void begin_receiving(step_t *step, uint32_t irs) {
  model_tcb_t *tcb = step->tcb;

  tcb->irs = irs;
  tcb->rcv_nxt = tcb->rcv_read = tcb->rcv_up = irs + 1;
  /* None was sent yet: only what follows the SYN may change TS.Recent (RFC 7323 section 4.3). */
  tcb->last_ack_sent = irs + 1;
  tcb->rcv_adv = irs + 1 + syn_window(step->cfg);
}

/* RFC 7323 section 2.2: the smallest shift with which 16 bits can name the whole ring. */
uint8_t model_own_wscale(const model_cfg_t *cfg) {
  return cfg->rx_ring_log2 > 15 ? (uint8_t)(cfg->rx_ring_log2 - 15) : 0;
}

/* RFC 6691: the MSS option counts neither IP nor TCP options, so a sender takes off its own. */
static void negotiate(step_t *step, uint16_t peer_mss, bool ts_ok) {
  model_tcb_t *tcb = step->tcb;
  const uint32_t own_mss = step->cfg->mtu - 40u;
  uint32_t mss = min_u32(max_u32(peer_mss, step->cfg->min_mss), own_mss);

  tcb->ts_ok = ts_ok;
  if (ts_ok) mss -= 12;
  tcb->snd_mss = (uint16_t)mss;
}

void model_open(step_t *step) {
  const model_tcb_open_t *open = &step->ev->open;
  model_tcb_t *tcb = step->tcb;

  memset(tcb, 0, sizeof *tcb);
  tcb->in_use = 1;
  tcb->passive = open->passive;
  tcb->key = open->key;
  tcb->flow_hash = open->flow_hash;
  tcb->iss = tcb->snd_una = tcb->snd_nxt = tcb->snd_max = open->iss;
  tcb->snd_end = open->iss + 1;
  tcb->recover = open->iss;
  tcb->rto_us = step->cfg->rto_initial_us;
  /* RFC 5681 section 3.1: arbitrarily high, so that slow start finds the path's capacity. */
  tcb->ssthresh = INT32_MAX;
  if (!open->passive) {
    tcb->state = MODEL_SYN_SENT;
    return;
  }
  /* The SYN cache has sent SYN-ACK. */
  tcb->state = MODEL_SYN_RECEIVED;
  tcb->snd_nxt = tcb->snd_max = open->iss + 1;
  begin_receiving(step, open->irs);
  tcb->snd_wl1 = open->irs;
  if (open->wscale_ok) {
    tcb->snd_wscale = open->snd_wscale;
    tcb->rcv_wscale = model_own_wscale(step->cfg);
  }
  tcb->sack_ok = open->sack_ok;
  tcb->ts_recent = open->ts_recent;
  negotiate(step, open->peer_mss, open->ts_ok);
  tcb->rtx_mode = MODEL_RTX_RETRANSMIT;
  tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
  tcb->opts.dscp = step->cfg->dscp; /* as SYN-ACK had it */
}

void model_receive_syn(step_t *step) {
  const model_tcp_options_t *opt = &step->ev->seg.opt;
  const model_cfg_t *cfg = step->cfg;
  model_tcb_t *tcb = step->tcb;

  begin_receiving(step, step->ev->seg.seq);
  if (cfg->wscale_enable && opt->wscale_valid) {
    tcb->snd_wscale = opt->wscale;
    tcb->rcv_wscale = model_own_wscale(cfg);
  }
  tcb->sack_ok = cfg->sack_enable && opt->sack_permitted;
  if (cfg->ts_enable && opt->ts_valid) tcb->ts_recent = opt->ts_val;
  /* RFC 9293 section 3.7.1 (MUST-15): 536 unless the peer says otherwise. */
  negotiate(step, opt->mss_valid ? opt->mss : 536, cfg->ts_enable && opt->ts_valid);
}

/* RFC 9293 section 3.10.7.4: "all segment queues are flushed, the TCB is deleted".  Here it stays
 * until the host, who may still have octets to read, releases it; but nothing moves in it. */
void model_finish(step_t *step, uint8_t state, uint8_t reason) {
  model_tcb_t *tcb = step->tcb;

  tcb->state = state;
  tcb->reason = reason;
  tcb->rexmit_one = 0;
  tcb->probe_now = 0;
  tcb->notify.closed = 1;
  step->act->unlink = 1;
}

/* Both directions are closed; a record elsewhere answers the peer for 2MSL. */
void model_enter_time_wait(step_t *step) {
  const model_tcb_t *tcb = step->tcb;
  model_time_wait_t *rec = &step->act->time_wait_rec;

  model_finish(step, MODEL_TIME_WAIT, MODEL_REASON_NONE);
  step->act->time_wait = 1;
  rec->key = tcb->key;
  rec->flow_hash = tcb->flow_hash;
  rec->snd_nxt = tcb->snd_max;
  rec->rcv_nxt = tcb->rcv_nxt;
  rec->rcv_wnd = model_wire_window(step);
  rec->ts_ok = tcb->ts_ok;
  rec->ts_recent = tcb->ts_recent;
}

void model_free_if_released(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (!tcb->release_pending || tcb->send_queued || tcb->notify_queued) return;
  tcb->release_pending = 0;
  step->act->free = 1;
}
