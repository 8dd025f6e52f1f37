/* SPDX-License-Identifier: Apache-2.0
 *
 * What time does: RFC 9293 section 3.10.8, RFC 6298 section 5, keep-alive, delayed ACK.
 */
#include "model/model_internal.h"

/* RFC 9293 section 3.10.5: states in which ending the connection tells the peer by RST. */
static bool reset_is_sent(const model_tcb_t *tcb) {
  switch (tcb->state) {
    case MODEL_SYN_RECEIVED:
    case MODEL_ESTABLISHED:
    case MODEL_FIN_WAIT_1:
    case MODEL_FIN_WAIT_2:
    case MODEL_CLOSE_WAIT:
      return true;
    default:
      return false;
  }
}

void model_give_up(step_t *step, uint8_t reason) {
  if (reset_is_sent(step->tcb)) model_send_rst(step);
  model_finish(step, MODEL_CLOSED, reason);
}

/* RFC 9293 section 3.8.3 (MUST-21): from the first octet that waits, or the last progress. */
static void settle_user_timeout(step_t *step, bool pending) {
  model_tcb_t *tcb = step->tcb;
  const bool was_armed = tcb->user_timeout_armed;

  tcb->user_timeout_armed = tcb->user_timeout_us != 0 && pending;
  if (step->progress || !was_armed)
    tcb->user_deadline_us = time_after(step->ev->now_us, tcb->user_timeout_us);
}

/* RFC 9293 section 3.8.4: off unless asked for, counted from the last segment of the peer. */
static void settle_keep_alive(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const bool was_armed = tcb->keep_armed;

  tcb->keep_armed = tcb->opts.keepalive && model_is_open(tcb);
  if (step->keep_alive_due)
    tcb->keep_deadline_us = time_after(step->ev->now_us, step->cfg->keepalive_interval_us);
  else if (step->heard || !was_armed)
    tcb->keep_deadline_us = time_after(step->ev->now_us, step->cfg->keepalive_us);
}

static void settle_delayed_ack(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (model_is_finished(tcb)) {
    tcb->unacked_segs = 0;
    tcb->delack_armed = 0;
  }
  if (tcb->unacked_segs == 0 || tcb->delack_armed) return;
  tcb->delack_armed = 1;
  tcb->delack_deadline_us = time_after(step->ev->now_us, step->cfg->delack_us);
}

void model_settle_timers(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const bool pending = tcb->snd_una != model_send_end(tcb) && !model_is_finished(tcb);

  if (!pending) {
    /* The back-off of window probes ends with them. */
    if (tcb->rtx_mode == MODEL_RTX_PERSIST && !step->rtt_measured) model_rto_restore(step);
    tcb->rtx_mode = MODEL_RTX_OFF;
  }
  if (step->ev->kind == MODEL_EV_NOTIFY) return; /* nothing happened to the connection */
  settle_delayed_ack(step);
  settle_keep_alive(step);
  settle_user_timeout(step, pending);
}

static bool is_opening(const model_tcb_t *tcb) {
  return tcb->state == MODEL_SYN_SENT || tcb->state == MODEL_SYN_RECEIVED;
}

/* False when the peer has not answered often enough: the connection is given up. */
static bool try_again(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->retries >= (is_opening(tcb) ? step->cfg->syn_retries : step->cfg->data_retries)) {
    model_give_up(step, MODEL_REASON_TIMEOUT);
    return false;
  }
  step->turn_wanted = true;
  return true;
}

static void count_try(model_tcb_t *tcb) {
  if (tcb->retries < 15) tcb->retries++;
}

/* RFC 9293 section 3.8.3 (MUST-20): the retransmission that reaches R1. */
static bool reaches_r1(const step_t *step) {
  return step->tcb->retries + 1 == step->cfg->r1_retries;
}

/* RFC 6298 (5.4) to (5.6): everything from snd_una on is sent again, as windows allow.  RFC 9293
 * section 3.8.6.1: window probes back off in the same way. */
static void retransmission_timeout(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->rtx_mode == MODEL_RTX_RETRANSMIT) {
    model_congestion_timeout(tcb);
    tcb->snd_nxt = tcb->snd_una;
    if (reaches_r1(step)) tcb->notify.retrying = 1;
  } else {
    tcb->probe_now = 1;
  }
  count_try(tcb);
  model_rto_back_off(step);
  tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
}

/* A connection with something in flight proves the peer alive by retransmission. */
static bool keep_alive_timeout(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  step->keep_alive_due = true;
  if (tcb->rtx_mode != MODEL_RTX_OFF) return true;
  if (!try_again(step)) return false;
  count_try(tcb);
  tcb->probe_now = 1;
  return true;
}

void model_timeouts(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const uint64_t now_us = step->ev->now_us;

  if (tcb->user_timeout_armed && time_reached(now_us, tcb->user_deadline_us)) {
    model_give_up(step, MODEL_REASON_USER_TIMEOUT);
    return;
  }
  if (tcb->rtx_mode != MODEL_RTX_OFF && time_reached(now_us, tcb->rtx_deadline_us)) {
    /* MUST-21.  Engine policy: an open connection with a user timeout has that in place of R2. */
    if (tcb->user_timeout_us != 0 && !is_opening(tcb))
      step->turn_wanted = true;
    else if (!try_again(step))
      return;
    retransmission_timeout(step);
  }
  if (tcb->keep_armed && time_reached(now_us, tcb->keep_deadline_us) && !keep_alive_timeout(step))
    return;
  if (tcb->delack_armed && time_reached(now_us, tcb->delack_deadline_us)) model_send_ack(step);
}
