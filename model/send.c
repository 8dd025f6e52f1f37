/* SPDX-License-Identifier: Apache-2.0
 *
 * A turn to send: which segment goes next, if any (RFC 9293 sections 3.7.4, 3.8.6).
 */
#include "model/model_internal.h"

/* The segment that could go next.  D and U are those of RFC 9293 section 3.8.6.2.1. */
typedef struct plan {
  uint32_t data;   /* D: octets queued from seq on */
  uint32_t usable; /* U: octets that windows leave */
  bool fin_waits;  /* FIN is queued and not sent since the last timeout */
  uint32_t seq;
  uint32_t len;
  bool fin;
  bool last; /* nothing is queued behind it */
} plan_t;

static plan_t next_segment(const model_tcb_t *tcb) {
  const uint32_t window = min_u32(tcb->snd_wnd, model_congestion_allowance(tcb));
  const uint32_t used = tcb->snd_nxt - tcb->snd_una;
  plan_t plan = {.seq = tcb->snd_nxt};

  plan.data = seq_lt(tcb->snd_nxt, tcb->snd_end) ? tcb->snd_end - tcb->snd_nxt : 0;
  plan.usable = used < window ? window - used : 0;
  plan.fin_waits = tcb->fin_queued && seq_le(tcb->snd_nxt, tcb->snd_end);
  plan.len = min_u32(min_u32(plan.data, plan.usable), tcb->snd_mss);
  plan.last = plan.len == plan.data;
  plan.fin = plan.fin_waits && plan.last && plan.len < plan.usable;
  return plan;
}

static bool something_waits(const model_tcb_t *tcb, const plan_t *plan) {
  return model_is_open(tcb) && (plan->data > 0 || plan->fin_waits);
}

/* RFC 9293 section 3.8.6.2.1 with Nagle's condition of section 3.7.4. */
static bool worth_sending(const model_tcb_t *tcb, const plan_t *plan) {
  const bool nothing_in_flight = tcb->snd_nxt == tcb->snd_una;
  const bool nagle = nothing_in_flight || tcb->opts.nodelay;
  const uint32_t half = tcb->max_snd_wnd / 2;

  if (!something_waits(tcb, plan) || plan->usable == 0) return false;
  if (plan->len == tcb->snd_mss) return true; /* (1) */
  /* What a timeout repeats was let through once.  A FIN behind it leaves nothing to wait for. */
  if (tcb->snd_nxt != tcb->snd_max && (plan->last || nothing_in_flight)) return true;
  if (plan->last && plan->fin_waits) return true;
  if (plan->last && nagle && (!tcb->opts.cork || tcb->push)) return true; /* (2) */
  return nagle && half > 0 && plan->len >= half;                          /* (3) */
}

static bool syn_waits(const model_tcb_t *tcb) {
  return (tcb->state == MODEL_SYN_SENT || tcb->state == MODEL_SYN_RECEIVED) &&
         tcb->snd_nxt == tcb->iss;
}

/* Engine policy: whether windows and Nagle let it go is found out at the turn. */
bool model_has_something_to_send(const model_tcb_t *tcb) {
  if (!model_is_open(tcb)) return syn_waits(tcb);
  return tcb->snd_nxt != model_send_end(tcb) || tcb->rexmit_one || tcb->probe_now;
}

static void arm_retransmission(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->rtx_mode == MODEL_RTX_RETRANSMIT) return; /* RFC 6298 (5.1) */
  tcb->rtx_mode = MODEL_RTX_RETRANSMIT;
  tcb->retries = 0; /* probes that came before are no retransmissions of this segment */
  tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
}

/* What every segment of sequence space means for measurement and counters. */
static void account(step_t *step, bool repeated) {
  model_tcb_t *tcb = step->tcb;

  tcb->last_send_us = step->ev->now_us;
  if (!repeated) return;
  step->act->tx_is_rexmit = 1;
  tcb->rtt_timing = 0; /* Karn */
  if (tcb->retransmit_count < UINT16_MAX) tcb->retransmit_count++;
}

/* A segment at snd_nxt has gone out; octets: of sequence space. */
static void advance(step_t *step, uint32_t octets) {
  model_tcb_t *tcb = step->tcb;
  const bool repeated = tcb->snd_nxt != tcb->snd_max;

  account(step, repeated);
  if (!repeated && !tcb->rtt_timing) {
    tcb->rtt_timing = 1;
    tcb->rtt_seq = tcb->snd_nxt;
    tcb->rtt_start_us = step->ev->now_us;
  }
  tcb->snd_nxt += octets;
  tcb->snd_max = seq_max(tcb->snd_max, tcb->snd_nxt);
  arm_retransmission(step);
}

static void send_syn(step_t *step) {
  model_send_syn(step);
  advance(step, 1);
}

static void send_planned(step_t *step, const plan_t *plan) {
  model_send_data(step, plan->seq, plan->len, plan->fin, plan->last);
  if (plan->last) step->tcb->push = 0;
  advance(step, plan->len + plan->fin);
  if (plan->data > step->tcb->snd_mss && plan->usable > step->tcb->snd_mss)
    step->turn_wanted = true;
}

/* RFC 9293 section 3.8.6.1: an octet, or FIN, into a closed window.  It stays the next one to send;
 * the persist timer goes on. */
static void send_window_probe(step_t *step, const plan_t *plan) {
  model_tcb_t *tcb = step->tcb;

  model_send_data(step, plan->seq, plan->data > 0, plan->data == 0, false);
  account(step, tcb->snd_nxt != tcb->snd_max);
  tcb->snd_max = seq_max(tcb->snd_max, tcb->snd_nxt + 1);
}

/* RFC 5681 section 3.2 (3), RFC 6582: the segment at snd_una; snd_nxt stays.  RFC 9293
 * section 3.8.6 (MAY-7): beyond a window that has shrunk, too. */
static void send_lost_segment(step_t *step, bool more_waits) {
  model_tcb_t *tcb = step->tcb;
  const bool fin_sent = tcb->fin_queued && tcb->snd_max == tcb->snd_end + 1;
  const uint32_t data = tcb->snd_max - tcb->snd_una - fin_sent;
  const uint32_t len = min_u32(data, tcb->snd_mss);
  const bool fin = fin_sent && len == data;

  model_send_data(step, tcb->snd_una, len, fin, fin);
  if (fin) tcb->push = 0;
  account(step, true);
  arm_retransmission(step);
  step->turn_wanted = more_waits;
}

/* RFC 9293 section 3.8.6.1 (MUST-36), 3.8.6.2.1 (4): whatever keeps back what is queued while
 * nothing is in flight, there is a time after which it is tried. */
static void arm_persist(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->snd_nxt != tcb->snd_una || tcb->rtx_mode == MODEL_RTX_PERSIST) return;
  tcb->rtx_mode = MODEL_RTX_PERSIST;
  tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
}

static void send_data_or_probe(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const plan_t plan = next_segment(tcb);
  const bool waits = something_waits(tcb, &plan);

  if (tcb->rexmit_one && tcb->snd_una != tcb->snd_max)
    send_lost_segment(step, waits);
  else if (worth_sending(tcb, &plan) || (waits && tcb->probe_now && plan.usable > 0))
    send_planned(step, &plan);
  else if (waits && tcb->probe_now)
    send_window_probe(step, &plan);
  else if (waits)
    arm_persist(step);
  else if (tcb->probe_now)
    model_send_keep_alive(step);
}

/* RFC 9293 section 3.8.3 (MUST-20): from R1 on, what is sent again tells IP of the trouble. */
static bool doubts_next_hop(const step_t *step) {
  return step->tcb->rtx_mode == MODEL_RTX_RETRANSMIT && step->cfg->r1_retries != 0 &&
         step->tcb->retries >= step->cfg->r1_retries;
}

void model_send_turn(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  tcb->send_queued = 0;
  model_free_if_released(step);
  model_congestion_restart_idle(step);
  if (syn_waits(tcb))
    send_syn(step);
  else if (model_is_open(tcb))
    send_data_or_probe(step);
  step->act->tx.doubt = step->act->tx_valid && doubts_next_hop(step);
  tcb->rexmit_one = 0;
  tcb->probe_now = 0;
}
