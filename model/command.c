/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host may ask: RFC 9293 sections 3.10.1 to 3.10.6.
 */
#include "model/model_internal.h"

enum { SEND_URGENT = 1, SEND_PUSH = 2 };

static void set_options(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  tcb->opts = step->ev->cmd.opts;
  tcb->user_timeout_us = step->ev->cmd.user_timeout_us;
}

/* SEND (section 3.10.2): in every state in which our end has not closed. */
static void command_send(step_t *step) {
  const model_cmd_t *cmd = &step->ev->cmd;
  model_tcb_t *tcb = step->tcb;
  /* Our SYN takes a number, but no octet of the ring. */
  const uint32_t ring_start = tcb->snd_una + !model_is_open(tcb);

  if (tcb->fin_queued || model_is_finished(tcb)) {
    model_refuse(step, MODEL_REASON_BAD_STATE);
    return;
  }
  if (seq_lt(cmd->value, tcb->snd_end) ||
      cmd->value - ring_start > UINT32_C(1) << step->cfg->tx_ring_log2) {
    model_refuse(step, MODEL_REASON_BAD_VALUE);
    return;
  }
  tcb->snd_end = cmd->value;
  if (cmd->flags & SEND_URGENT) {
    tcb->snd_urgent = 1;
    tcb->snd_up = cmd->value;
  }
  if (cmd->flags & SEND_PUSH) tcb->push = 1;
  step->turn_wanted = true;
}

/* RECEIVE (section 3.10.3): octets that the host has read make room. */
static void command_received(step_t *step) {
  const uint32_t value = step->ev->cmd.value;
  model_tcb_t *tcb = step->tcb;
  const bool fin_counted = tcb->fin_rcvd && tcb->rcv_nxt == tcb->fin_seq + 1;

  if (seq_lt(value, tcb->rcv_read) || seq_lt(tcb->rcv_nxt - fin_counted, value)) {
    model_refuse(step, MODEL_REASON_BAD_VALUE);
    return;
  }
  tcb->rcv_read = value;
  /* RCV.UP never falls behind what was read, so that it can be compared half a circle later. */
  tcb->rcv_up = seq_max(tcb->rcv_up, value);
  if (model_window_update_due(step)) model_send_ack(step);
}

/* CLOSE (section 3.10.4).  Engine policy: our half is closed at once; FIN follows what is queued.
 */
static void command_shutdown(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  if (tcb->fin_queued || model_is_finished(tcb)) {
    model_refuse(step, MODEL_REASON_BAD_STATE);
    return;
  }
  switch (tcb->state) {
    case MODEL_SYN_SENT:
      model_finish(step, MODEL_CLOSED, MODEL_REASON_ABORTED);
      return;
    case MODEL_ESTABLISHED:
      tcb->state = MODEL_FIN_WAIT_1;
      break;
    case MODEL_CLOSE_WAIT:
      tcb->state = MODEL_LAST_ACK;
      break;
    default: /* SYN-RECEIVED: "queue for processing after entering ESTABLISHED state" */
      break;
  }
  tcb->fin_queued = 1;
  step->turn_wanted = true;
}

/* ABORT (section 3.10.5) */
static void command_abort(step_t *step) {
  const model_tcb_t *tcb = step->tcb;

  if (model_is_finished(tcb)) {
    model_refuse(step, MODEL_REASON_BAD_STATE);
    return;
  }
  model_give_up(step, MODEL_REASON_ABORTED);
}

static void command_release(step_t *step) {
  if (!model_is_finished(step->tcb)) {
    model_refuse(step, MODEL_REASON_BAD_STATE);
    return;
  }
  step->tcb->in_use = 0;
  step->tcb->release_pending = 1;
  model_free_if_released(step);
}

static void command_set_opts(step_t *step) {
  set_options(step);
  step->tcb->user_timeout_armed = 0; /* it counts from now */
  step->turn_wanted = true;
}

static bool is_known(uint8_t op) {
  return op == MODEL_CMD_CONNECT || (op >= MODEL_CMD_SEND && op <= MODEL_CMD_SET_OPTS);
}

void model_command(step_t *step) {
  const model_cmd_t *cmd = &step->ev->cmd;

  if (cmd->op == MODEL_CMD_NOP) return;
  if (!is_known(cmd->op)) {
    model_refuse(step, MODEL_REASON_BAD_OP);
    return;
  }
  if (!step->tcb->in_use) {
    model_refuse(step, MODEL_REASON_BAD_CONN);
    return;
  }
  switch (cmd->op) {
    case MODEL_CMD_CONNECT: /* OPEN (section 3.10.1): model_open has done the rest */
      if (step->ev->open_valid) set_options(step);
      step->turn_wanted = true;
      break;
    case MODEL_CMD_SEND:
      command_send(step);
      break;
    case MODEL_CMD_RECEIVED:
      command_received(step);
      break;
    case MODEL_CMD_SHUTDOWN:
      command_shutdown(step);
      break;
    case MODEL_CMD_ABORT:
      command_abort(step);
      break;
    case MODEL_CMD_RELEASE:
      command_release(step);
      break;
    case MODEL_CMD_QUERY: /* STATUS (section 3.10.6) */
      step->tcb->notify.info = 1;
      break;
    case MODEL_CMD_SET_OPTS:
      command_set_opts(step);
      break;
    default:
      break;
  }
}
