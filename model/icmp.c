/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP errors that quote a segment of the connection: RFC 9293 section 3.9.2.2.
 */
#include "model/model_internal.h"

enum { PROTOCOL_UNREACHABLE = 2, PORT_UNREACHABLE = 3, FRAGMENTATION_NEEDED = 4 };

/* RFC 5927 section 4.1: SND.UNA =< SEG.SEQ < SND.NXT, which is the highest that was sent: only who
 * sees the segments, or guesses, can say something about what is in flight. */
static bool is_in_flight(const model_tcb_t *tcb, uint32_t seq) {
  return seq_le(tcb->snd_una, seq) && seq_lt(seq, tcb->snd_max);
}

static bool is_unreachable(const step_t *step, uint8_t code) {
  const model_icmp_error_t *icmp = &step->ev->seg.icmp;

  return icmp->kind == MODEL_ICMP_UNREACHABLE && icmp->code == code;
}

/* RFC 1191 section 6.4: what no longer fits is sent again.  Engine policy: all that is in flight
 * is, from snd_una on; and a path MTU below the configured least is not believed further than that
 * (RFC 5927 section 7.2). */
static void path_mtu_falls(step_t *step) {
  /* RFC 791 section 3.2: every link carries 68 octets. */
  const uint32_t mtu = max_u32(max_u32(step->ev->seg.icmp.mtu, step->cfg->min_pmtu), 68);
  model_tcb_t *tcb = step->tcb;
  const uint32_t mss = mtu - 40 - (tcb->ts_ok ? 12 : 0);

  if (mss >= tcb->snd_mss) return;
  tcb->snd_mss = (uint16_t)mss;
  model_congestion_new_mss(tcb);
  tcb->snd_nxt = tcb->snd_una;
  if (tcb->rtx_mode == MODEL_RTX_RETRANSMIT)
    tcb->rtx_deadline_us = time_after(step->ev->now_us, tcb->rto_us);
  step->turn_wanted = true;
}

void model_icmp_arrives(step_t *step, bool same_key) {
  const model_rx_seg_t *seg = &step->ev->seg;
  model_tcb_t *tcb = step->tcb;

  if (!same_key || model_is_finished(tcb)) {
    model_drop(step, MODEL_DROP_ICMP_NO_CONN);
    return;
  }
  if (!is_in_flight(tcb, seg->seq)) {
    model_drop(step, MODEL_DROP_ICMP_SEQ);
    return;
  }
  if (is_unreachable(step, FRAGMENTATION_NEEDED) && model_is_open(tcb)) {
    path_mtu_falls(step);
    return;
  }
  /* SHLD-25: the application hears of it. */
  tcb->icmp_kind = seg->icmp.kind;
  tcb->icmp_code = seg->icmp.code;
  tcb->notify.icmp_error = 1;
  /* SHLD-26.  Engine policy: only while nothing has come from the peer (RFC 5927 section 5.2);
   * later the connection is as good as its retransmissions. */
  if (tcb->state == MODEL_SYN_SENT &&
      (is_unreachable(step, PROTOCOL_UNREACHABLE) || is_unreachable(step, PORT_UNREACHABLE)))
    model_finish(step, MODEL_CLOSED, MODEL_REASON_UNREACHABLE);
}
