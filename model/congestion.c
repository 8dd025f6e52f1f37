/* SPDX-License-Identifier: Apache-2.0
 *
 * Congestion control: RFC 5681 with NewReno (RFC 6582) and limited transmit (RFC 3042).
 */
#include "model/model_internal.h"

/* RFC 6928 section 2. */
uint32_t model_initial_window(const model_tcb_t *tcb) {
  const uint32_t mss = tcb->snd_mss;

  return min_u32(10 * mss, max_u32(2 * mss, 14600));
}

static uint32_t flight_size(const model_tcb_t *tcb) {
  return tcb->snd_max - tcb->snd_una;
}

/* RFC 5681 (4) */
static uint32_t halved(const model_tcb_t *tcb, uint32_t flight) {
  return max_u32(flight / 2, 2u * tcb->snd_mss);
}

/* Engine policy: a window of 2**30 octets, the largest that can be offered, grows no more. */
static void grow(model_tcb_t *tcb, uint32_t octets) {
  if (!(tcb->cwnd & UINT32_C(0x40000000))) tcb->cwnd += octets;
}

/* RFC 6582 section 3.2 (3): an ACK of new data during fast recovery.  snd_una has moved. */
static void recovery_ack(model_tcb_t *tcb, uint32_t acked) {
  const uint32_t mss = tcb->snd_mss;

  if (seq_le(tcb->recover, tcb->snd_una)) {
    /* Full: the first of the two choices, which sends no burst. */
    tcb->cwnd = min_u32(tcb->ssthresh, max_u32(flight_size(tcb), mss) + mss);
    tcb->cwnd_acked = 0;
    tcb->in_recovery = 0;
    return;
  }
  tcb->rexmit_one = 1;
  /* Engine policy: a window that deflates to nothing gets its segment back as well. */
  const bool add_back = acked >= mss || acked >= tcb->cwnd;
  tcb->cwnd -= min_u32(acked, tcb->cwnd);
  if (add_back) tcb->cwnd += mss;
}

void model_congestion_ack(model_tcb_t *tcb, uint32_t acked) {
  tcb->dupacks = 0;
  if (tcb->in_recovery) {
    recovery_ack(tcb, acked);
  } else if (tcb->cwnd < tcb->ssthresh) {
    tcb->cwnd += min_u32(acked, tcb->snd_mss); /* RFC 5681 (2) */
  } else if (tcb->cwnd_acked >= tcb->cwnd) {
    /* RFC 5681 section 3.1: a segment for each window of octets acknowledged.  Engine policy: it is
     * added with the ACK after the one that completes the window, which starts the next count. */
    grow(tcb, tcb->snd_mss);
    tcb->cwnd_acked = acked;
  } else {
    tcb->cwnd_acked += acked;
  }
}

/* RFC 5681 section 3.2, RFC 6582 section 3.2. */
void model_congestion_dupack(model_tcb_t *tcb) {
  if (tcb->dupacks < 15) tcb->dupacks++;
  if (tcb->in_recovery) {
    grow(tcb, tcb->snd_mss);
    return;
  }
  /* RFC 6582 section 3.2 (2): not once more for the loss that a timeout is repairing: the ACK must
   * cover more than recover. */
  if (tcb->dupacks != 3 || !seq_lt(tcb->recover, tcb->snd_una)) return;
  tcb->in_recovery = 1;
  tcb->recover = tcb->snd_max;
  /* RFC 5681 section 3.2 (2): what limited transmit sent does not count, which is whatever goes
   * beyond the congestion window. */
  tcb->ssthresh = halved(tcb, min_u32(flight_size(tcb), tcb->cwnd));
  tcb->cwnd = tcb->ssthresh + 3u * tcb->snd_mss;
  tcb->rexmit_one = 1;
}

/* RFC 5681 section 3.1, RFC 6582 section 4.  One loss halves ssthresh once, and a lost SYN says
 * nothing about the path's capacity. */
void model_congestion_timeout(model_tcb_t *tcb) {
  if (tcb->retries == 0 && model_is_open(tcb)) tcb->ssthresh = halved(tcb, flight_size(tcb));
  tcb->cwnd = tcb->snd_mss;
  tcb->cwnd_acked = 0;
  tcb->dupacks = 0;
  tcb->in_recovery = 0;
  tcb->rexmit_one = 0;
  tcb->recover = tcb->snd_max;
}

/* RFC 1191 section 6.5: it is not congestion, but begins again with one segment. */
void model_congestion_new_mss(model_tcb_t *tcb) {
  tcb->cwnd = tcb->snd_mss;
  tcb->cwnd_acked = 0;
  tcb->dupacks = 0;
  tcb->in_recovery = 0;
  tcb->rexmit_one = 0;
  tcb->recover = tcb->snd_max;
}

/* RFC 5681 section 4.1: after an idle time of more than one timeout the path is unknown again. */
void model_congestion_restart_idle(step_t *step) {
  model_tcb_t *tcb = step->tcb;
  const uint64_t idle_us = time_after(step->ev->now_us, UINT64_C(0) - tcb->last_send_us);

  if (tcb->snd_una == tcb->snd_max && idle_us > tcb->rto_us)
    tcb->cwnd = min_u32(tcb->cwnd, model_initial_window(tcb));
}

/* RFC 3042: one new segment for each of the first two duplicates. */
uint32_t model_congestion_allowance(const model_tcb_t *tcb) {
  if (!tcb->in_recovery && (tcb->dupacks == 1 || tcb->dupacks == 2))
    return tcb->cwnd + (uint32_t)tcb->dupacks * tcb->snd_mss;
  return tcb->cwnd;
}
