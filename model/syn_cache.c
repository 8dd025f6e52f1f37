/* SPDX-License-Identifier: Apache-2.0
 *
 * Half-open connections: RFC 9293 sections 3.10.7.2 and 3.10.7.4, RFC 6298 (5.5), RFC 5961.
 */
#include <string.h>

#include "model/model_internal.h"
#include "model/toe_model_table.h"

/* Window of a segment with SYN, which is never scaled (RFC 7323 section 2.2). */
static uint32_t syn_window(const model_cfg_t *cfg) {
  return min_u32(UINT32_C(1) << cfg->rx_ring_log2, 65535);
}

static void begin_answer(const model_half_open_t *entry, uint64_t now_us, model_tx_seg_t *answer) {
  memset(answer, 0, sizeof *answer);
  answer->key = entry->key;
  answer->mac_valid = 1;
  answer->dst_mac = entry->mac;
  answer->ack = entry->irs + 1;
  answer->flags.ack = 1;
  if (!entry->ts_ok) return;
  answer->opt.ts_valid = 1;
  answer->opt.ts_val = (uint32_t)(now_us >> 8); /* the clock of model/transmit.c */
  answer->opt.ts_ecr = entry->ts_recent;
}

/* An option is answered only when the peer offered it (RFC 7323 sections 2.2 and 3.2, RFC 2018). */
static void syn_ack(const model_cfg_t *cfg, const model_half_open_t *entry, uint64_t now_us,
                    model_tx_seg_t *answer) {
  begin_answer(entry, now_us, answer);
  answer->seq = entry->iss;
  answer->flags.syn = 1;
  answer->wnd = (uint16_t)syn_window(cfg);
  answer->opt.mss_valid = 1;
  answer->opt.mss = (uint16_t)(cfg->mtu - 40);
  answer->opt.sack_permitted = entry->sack_ok;
  answer->opt.wscale_valid = entry->wscale_ok;
  if (entry->wscale_ok) answer->opt.wscale = model_own_wscale(cfg);
}

/* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
static void plain_ack(const model_cfg_t *cfg, const model_half_open_t *entry, uint64_t now_us,
                      model_tx_seg_t *answer) {
  begin_answer(entry, now_us, answer);
  answer->seq = entry->iss + 1;
  answer->wnd = (uint16_t)(syn_window(cfg) >> (entry->wscale_ok ? model_own_wscale(cfg) : 0));
}

void model_half_open_begin(const model_cfg_t *cfg, const model_rx_seg_t *syn, uint32_t iss,
                           uint64_t now_us, model_half_open_t *entry, model_tx_seg_t *answer) {
  const model_tcp_options_t *opt = &syn->opt;

  *entry = (model_half_open_t){.in_use = true,
                               .key = syn->key,
                               .mac = syn->src_mac,
                               .irs = syn->seq,
                               .iss = iss,
                               .peer_mss = opt->mss_valid ? opt->mss : 536,
                               .wscale_ok = cfg->wscale_enable && opt->wscale_valid,
                               .sack_ok = cfg->sack_enable && opt->sack_permitted,
                               .ts_ok = cfg->ts_enable && opt->ts_valid,
                               .rto_us = cfg->rto_initial_us,
                               .deadline_us = time_after(now_us, cfg->rto_initial_us)};
  if (entry->wscale_ok) entry->snd_wscale = opt->wscale;
  if (entry->ts_ok) entry->ts_recent = opt->ts_val;
  syn_ack(cfg, entry, now_us, answer);
}

static void complete(const model_half_open_t *entry, model_tcb_open_t *open) {
  *open = (model_tcb_open_t){.passive = 1,
                             .key = entry->key,
                             .iss = entry->iss,
                             .irs = entry->irs,
                             .peer_mss = entry->peer_mss,
                             .wscale_ok = entry->wscale_ok,
                             .snd_wscale = entry->snd_wscale,
                             .sack_ok = entry->sack_ok,
                             .ts_ok = entry->ts_ok,
                             .ts_recent = entry->ts_recent};
}

/* First check of section 3.10.7.4. */
static bool is_acceptable(const model_cfg_t *cfg, const model_half_open_t *entry,
                          const model_rx_seg_t *seg) {
  const uint32_t first = seg->seq - (entry->irs + 1);
  const uint32_t len = (uint32_t)seg->payload_len + seg->flags.fin;

  return first < syn_window(cfg) || (len != 0 && first + len - 1 < syn_window(cfg));
}

model_half_open_result_t model_half_open_arrives(const model_cfg_t *cfg, model_half_open_t *entry,
                                                 const model_rx_seg_t *seg, uint64_t now_us,
                                                 model_tx_seg_t *answer, model_tcb_open_t *open) {
  const bool has_ts = entry->ts_ok && seg->opt.ts_valid;
  const bool ts_old = has_ts && seq_lt(seg->opt.ts_val, entry->ts_recent);

  if (seg->flags.rst) { /* RFC 5961 section 3.2: only the one that fits exactly counts */
    if (seg->seq != entry->irs + 1) return MODEL_HALF_OPEN_IGNORED;
    entry->in_use = false;
    return MODEL_HALF_OPEN_RESET;
  }
  if (seg->flags.syn && !seg->flags.ack && seg->seq == entry->irs) {
    /* The SYN again.  Engine policy: it gets SYN-ACK at once, whatever the back-off. */
    entry->mac = seg->src_mac;
    if (has_ts && !ts_old) entry->ts_recent = seg->opt.ts_val;
    syn_ack(cfg, entry, now_us, answer);
    return MODEL_HALF_OPEN_ANSWERED;
  }
  /* RFC 5961 section 4.2, RFC 7323 section 5.3 R1, RFC 9293 section 3.10.7.4, first check. */
  if (seg->flags.syn || ts_old || !is_acceptable(cfg, entry, seg)) {
    plain_ack(cfg, entry, now_us, answer);
    answer->dst_mac = seg->src_mac;
    return MODEL_HALF_OPEN_ANSWERED;
  }
  if (!seg->flags.ack) return MODEL_HALF_OPEN_IGNORED;
  if (seg->ack != entry->iss + 1) return MODEL_HALF_OPEN_REFUSED;
  complete(entry, open);
  return MODEL_HALF_OPEN_COMPLETE;
}

bool model_half_open_timeout(const model_cfg_t *cfg, model_half_open_t *entry, uint64_t now_us,
                             model_tx_seg_t *answer) {
  if (entry->retries >= cfg->syn_retries) {
    entry->in_use = false;
    return false;
  }
  entry->retries++;
  entry->rto_us = entry->rto_us > cfg->rto_max_us / 2 ? cfg->rto_max_us : 2 * entry->rto_us;
  entry->deadline_us = time_after(now_us, entry->rto_us);
  syn_ack(cfg, entry, now_us, answer);
  return true;
}
