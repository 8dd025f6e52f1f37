/* SPDX-License-Identifier: Apache-2.0
 *
 * TIME-WAIT: RFC 9293 section 3.10.7.4, RFC 1337, RFC 6191.
 */
#include <string.h>

#include "model/model_internal.h"
#include "model/toe_model_table.h"

static void acknowledge(const model_waiting_t *entry, const model_rx_seg_t *seg, uint64_t now_us,
                        model_tx_seg_t *answer) {
  const model_time_wait_t *rec = &entry->rec;

  memset(answer, 0, sizeof *answer);
  answer->key = rec->key;
  answer->mac_valid = 1;
  answer->dst_mac = seg->src_mac;
  answer->seq = rec->snd_nxt;
  answer->ack = rec->rcv_nxt;
  answer->flags.ack = 1;
  answer->wnd = rec->rcv_wnd;
  if (!rec->ts_ok) return;
  answer->opt.ts_valid = 1;
  answer->opt.ts_val = (uint32_t)(now_us >> 8); /* the clock of model/transmit.c */
  answer->opt.ts_ecr = rec->ts_recent;
}

/* RFC 6191 section 2: a SYN that cannot be an old duplicate. */
static bool begins_anew(const model_time_wait_t *rec, const model_rx_seg_t *seg) {
  const bool seq_newer = seq_lt(rec->rcv_nxt, seg->seq);

  if (!rec->ts_ok) return seg->opt.ts_valid || seq_newer;
  if (!seg->opt.ts_valid) return seq_newer;
  return seq_lt(rec->ts_recent, seg->opt.ts_val) ||
         (seg->opt.ts_val == rec->ts_recent && seq_newer);
}

model_waiting_result_t model_waiting_arrives(model_waiting_t *entry, const model_rx_seg_t *seg,
                                             bool listening, uint64_t now_us, uint32_t time_wait_us,
                                             model_tx_seg_t *answer) {
  model_time_wait_t *rec = &entry->rec;
  const uint32_t len = (uint32_t)seg->payload_len + seg->flags.fin;

  if (seg->flags.rst) return MODEL_WAITING_IGNORED; /* RFC 1337 */
  if (seg->flags.syn) {
    if (!seg->flags.ack && listening && begins_anew(rec, seg)) return MODEL_WAITING_REUSE;
    acknowledge(entry, seg, now_us, answer); /* RFC 5961 section 4.2 */
    return MODEL_WAITING_ANSWERED;
  }
  /* Engine policy: an empty segment is not answered, so that two ends in TIME-WAIT cannot keep each
   * other awake. */
  if (!seg->flags.ack || len == 0) return MODEL_WAITING_IGNORED;
  /* "Acknowledge it, and restart the 2 MSL timeout." */
  if (seg->flags.fin && seg->seq + len == rec->rcv_nxt) {
    entry->deadline_us = time_after(now_us, time_wait_us);
    acknowledge(entry, seg, now_us, answer);
    if (rec->ts_ok && seg->opt.ts_valid && !seq_lt(seg->opt.ts_val, rec->ts_recent))
      rec->ts_recent = seg->opt.ts_val;
    return MODEL_WAITING_ANSWERED;
  }
  acknowledge(entry, seg, now_us, answer);
  return MODEL_WAITING_ANSWERED;
}

uint32_t model_waiting_next_iss(const model_waiting_t *entry, uint32_t iss) {
  /* Engine policy: 64 KiB beyond, as the hash alone puts it anywhere. */
  return seq_le(iss, entry->rec.snd_nxt) ? entry->rec.snd_nxt + 0x10000 : iss;
}
