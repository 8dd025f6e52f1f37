/* SPDX-License-Identifier: Apache-2.0
 *
 * One event: which section of the RFC it belongs to, and what follows from every event alike.
 */
#include <string.h>

#include "model/model_internal.h"

/* RFC 9293 section 3.10.7: the connection may have ended while the segment was on its way, and its
 * number may already belong to another four-tuple. */
static bool is_for_this_connection(const step_t *step) {
  return model_same_flow(&step->tcb->key, &step->ev->seg.key);
}

static void dispatch(step_t *step) {
  switch (step->ev->kind) {
    case MODEL_EV_SEGMENT:
      if (is_for_this_connection(step))
        model_segment_arrives(step);
      else
        model_segment_arrives_closed(step);
      break;
    case MODEL_EV_ICMP:
      model_icmp_arrives(step, is_for_this_connection(step));
      break;
    case MODEL_EV_NO_CONN:
      model_segment_arrives_closed(step);
      break;
    case MODEL_EV_COMMAND:
      model_command(step);
      break;
    case MODEL_EV_TIMER:
      model_timeouts(step);
      break;
    case MODEL_EV_SEND:
      model_send_turn(step);
      break;
    case MODEL_EV_NOTIFY:
      model_notify_turn(step);
      break;
    default: /* MODEL_EV_DISCARD */
      break;
  }
}

static bool any_news(const model_ntf_flags_t *news) {
  return news->refused || news->opened || news->info || news->urgent || news->closed ||
         news->peer_closed || news->room || news->data || news->accepted || news->connected ||
         news->icmp_error || news->retrying;
}

/* A place in a queue is asked for once, until the queue gives the turn. */
static void ask_for_turns(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (step->turn_wanted && !tcb->send_queued && model_has_something_to_send(tcb)) {
    tcb->send_queued = 1;
    step->act->enqueue_send = 1;
  }
  if (tcb->in_use && any_news(&tcb->notify) && !tcb->notify_queued) {
    tcb->notify_queued = 1;
    step->act->enqueue_notify = 1;
  }
}

static void consider_deadline(model_tcb_action_t *act, bool armed, uint64_t deadline_us) {
  if (!armed) return;
  if (!act->deadline_valid || !time_reached(deadline_us, act->deadline_us))
    act->deadline_us = deadline_us;
  act->deadline_valid = 1;
}

static void report_deadline(step_t *step) {
  const model_tcb_t *tcb = step->tcb;
  model_tcb_action_t *act = step->act;

  consider_deadline(act, tcb->rtx_mode != MODEL_RTX_OFF, tcb->rtx_deadline_us);
  consider_deadline(act, tcb->delack_armed, tcb->delack_deadline_us);
  consider_deadline(act, tcb->keep_armed, tcb->keep_deadline_us);
  consider_deadline(act, tcb->user_timeout_armed, tcb->user_deadline_us);
}

void model_step(const model_cfg_t *cfg, model_tcb_t *tcb, const model_tcb_event_t *event,
                model_tcb_action_t *action) {
  step_t step = {.cfg = cfg, .tcb = tcb, .ev = event, .act = action};

  memset(action, 0, sizeof *action);
  action->verdict_valid = event->kind == MODEL_EV_SEGMENT || event->kind == MODEL_EV_NO_CONN ||
                          event->kind == MODEL_EV_DISCARD || event->kind == MODEL_EV_ICMP;
  action->tcb_write = event->kind != MODEL_EV_NO_CONN && event->kind != MODEL_EV_DISCARD;
  if (event->open_valid) model_open(&step);
  step.window_may_move = tcb->state != MODEL_SYN_SENT && !model_is_finished(tcb);
  dispatch(&step);
  if (!action->tcb_write) return;
  model_settle_timers(&step);
  ask_for_turns(&step);
  report_deadline(&step);
}
