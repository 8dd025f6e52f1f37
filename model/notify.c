/* SPDX-License-Identifier: Apache-2.0
 *
 * News for the host.
 */
#include <string.h>

#include "model/model_internal.h"

/* Words of one completion; see ntf_body_t of rtl/toe_tcp_pkg.sv. */
static void fill_in(step_t *step) {
  const model_tcb_t *tcb = step->tcb;
  model_ntf_body_t *body = &step->act->ntf.body;
  const bool opening = tcb->notify.accepted || tcb->notify.connected;

  step->act->ntf_valid = 1;
  body->retransmits = (uint32_t)tcb->retransmit_count << 16 | tcb->retries;
  body->mss_scales = (uint32_t)tcb->snd_mss << 16 | (uint32_t)tcb->icmp_kind << 14 |
                     (uint32_t)tcb->icmp_code << 10 | (uint32_t)tcb->sack_ok << 9 |
                     (uint32_t)tcb->ts_ok << 8 | (uint32_t)tcb->snd_wscale << 4 | tcb->rcv_wscale;
  body->rto_us = tcb->rto_us;
  body->rttvar_us = tcb->rttvar_us;
  body->srtt_us = tcb->srtt_us;
  body->ssthresh = tcb->ssthresh;
  body->cwnd = tcb->cwnd;
  body->snd_wnd = tcb->snd_wnd;
  body->tag_or_snd_nxt = tcb->snd_nxt;
  body->irs_or_rcv_up = tcb->notify.urgent && !opening ? tcb->rcv_up : tcb->irs;
  body->iss = tcb->iss;
  body->snd_una = tcb->snd_una;
  body->rcv_nxt = tcb->rcv_nxt;
  body->remote_ip = tcb->key.remote_ip;
  body->remote_port = tcb->key.remote_port;
  body->local_port = tcb->key.local_port;
  body->conn = step->ev->conn;
  body->flags = tcb->notify;
  body->state = tcb->state;
}

void model_refuse(step_t *step, uint8_t reason) {
  model_ntf_t *ntf = &step->act->ntf;

  fill_in(step);
  ntf->reason = reason;
  ntf->body.flags = (model_ntf_flags_t){.refused = 1};
  ntf->body.tag_or_snd_nxt = step->ev->cmd.tag;
}

void model_notify_turn(step_t *step) {
  model_tcb_t *tcb = step->tcb;

  tcb->notify_queued = 0;
  if (tcb->in_use) {
    fill_in(step);
    step->act->ntf.reason = tcb->reason;
  }
  memset(&tcb->notify, 0, sizeof tcb->notify);
  model_free_if_released(step);
}
