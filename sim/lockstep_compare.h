/* SPDX-License-Identifier: Apache-2.0
 *
 * RTL's structs and the model's: conversion, comparison and print, made from the lists of
 * model/toe_model_fields.h.  For the checker of a running engine and the test of step() alone.
 */
#ifndef TOE_SIM_LOCKSTEP_COMPARE_H
#define TOE_SIM_LOCKSTEP_COMPARE_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/toe_model.h"
#include "toe_structs.h"

/* --- CONVERSION: model_KIND_t from_rtl_KIND(rtl_KIND_t) --- */

#define FROM_NUMBER(type, name) to->name = (type)from->name;
#define FROM_STRUCT(kind, name) from_rtl_##kind(&from->name, &to->name);
#define FROM_ARRAY(kind, name, count) \
  for (int i = 0; i < (count); i++) from_rtl_##kind(&from->name[i], &to->name[i]);
#define DEFINE_FROM(kind, FIELDS)                                                        \
  static inline void from_rtl_##kind(const rtl_##kind##_t *from, model_##kind##_t *to) { \
    FIELDS(FROM_NUMBER, FROM_STRUCT, FROM_ARRAY)                                         \
  }
MODEL_STRUCTS(DEFINE_FROM)

/* --- What means nothing becomes 0: a member under a flag that is 0 --- */

static inline void forget_meaningless_options(model_tcp_options_t *opt) {
  if (!opt->mss_valid) opt->mss = 0;
  if (!opt->wscale_valid) opt->wscale = 0;
  if (!opt->ts_valid) opt->ts_val = opt->ts_ecr = 0;
  for (unsigned i = opt->sack_count; i < 4; i++) opt->sack[i] = (model_seq_range_t){0};
}

static inline void forget_meaningless_tcb(model_tcb_t *t) {
  if (!t->in_use)
    *t = (model_tcb_t){.state = t->state,
                       .key = t->key,
                       .send_queued = t->send_queued,
                       .notify_queued = t->notify_queued,
                       .release_pending = t->release_pending};
  if (!t->ts_ok) t->ts_recent = 0;
  if (t->rtx_mode == RtxOff) t->rtx_deadline_us = 0;
  if (!t->delack_armed) t->delack_deadline_us = 0;
  if (!t->keep_armed) t->keep_deadline_us = 0;
  if (!t->user_timeout_armed) t->user_deadline_us = 0;
  if (!t->rtt_timing) t->rtt_seq = 0, t->rtt_start_us = 0;
  if (!t->rtt_valid) t->srtt_us = t->rttvar_us = 0;
  if (!t->snd_urgent) t->snd_up = 0;
  if (!t->fin_rcvd) t->fin_seq = 0;
  for (int i = 0; i < MODEL_INTERVALS; i++)
    if (!(t->ooo_valid >> i & 1)) t->ooo[i] = (model_seq_range_t){0};
}

static inline void forget_meaningless_action(model_tcb_action_t *a) {
  if (!a->tx_valid) {
    a->tx = (model_tx_seg_t){0};
    a->tx_is_rexmit = 0;
  }
  forget_meaningless_options(&a->tx.opt);
  if (!a->tx.mac_valid) a->tx.dst_mac = 0;
  if (!a->verdict.keep) a->verdict = (model_rx_verdict_t){0};
  if (!a->ntf_valid) a->ntf = (model_ntf_t){0};
  if (!a->deadline_valid) a->deadline_us = 0;
  if (!a->time_wait) a->time_wait_rec = (model_time_wait_t){0};
  if (!a->time_wait_rec.ts_ok) a->time_wait_rec.ts_recent = 0;
  if (!a->drop_valid) a->drop = 0;
}

/* --- Comparison: how many members differ; each is printed to out, unless that is NULL --- */

/* The struct that a member lies in. */
typedef struct path {
  const struct path *up; /* NULL for the outermost */
  const char *name;
} path_t;

static inline void print_path(FILE *out, const path_t *path) {
  if (path->up != NULL) print_path(out, path->up);
  fprintf(out, "%s.", path->name);
}

static inline unsigned differ(FILE *out, const path_t *path, const char *name, uint64_t rtl,
                              uint64_t model) {
  if (rtl == model) return 0;
  if (out != NULL) {
    fprintf(out, "  ");
    print_path(out, path);
    fprintf(out, "%s: rtl %" PRIu64 " (0x%" PRIx64 ") model %" PRIu64 " (0x%" PRIx64 ")\n", name,
            rtl, rtl, model, model);
  }
  return 1;
}

#define DIFFER_NUMBER(type, name) count += differ(out, path, #name, rtl->name, model->name);
#define DIFFER_STRUCT(kind, name) \
  count += differ_##kind(out, &(path_t){path, #name}, &rtl->name, &model->name);
#define DIFFER_ARRAY(kind, name, entries) \
  for (int i = 0; i < (entries); i++)     \
    count += differ_##kind(out, &(path_t){path, #name}, &rtl->name[i], &model->name[i]);
#define DEFINE_DIFFER(kind, FIELDS)                                                                \
  static inline unsigned differ_##kind(FILE *out, const path_t *path, const model_##kind##_t *rtl, \
                                       const model_##kind##_t *model) {                            \
    unsigned count = 0;                                                                            \
    FIELDS(DIFFER_NUMBER, DIFFER_STRUCT, DIFFER_ARRAY)                                             \
    return count;                                                                                  \
  }
MODEL_STRUCTS(DEFINE_DIFFER)

/* --- Print: a segment or an event in one line, numbers relative to the initial ones --- */

static inline void print_flags(FILE *out, const rtl_tcp_flags_t *flags) {
  fprintf(out, "%s%s%s%s%s%s", flags->syn ? "S" : "", flags->fin ? "F" : "", flags->rst ? "R" : "",
          flags->psh ? "P" : "", flags->urg ? "U" : "", flags->ack ? "A" : "");
}

static inline void print_segment(FILE *out, const rtl_rx_seg_t *seg, uint32_t irs, uint32_t iss) {
  print_flags(out, &seg->flags);
  fprintf(out, " seq %d ack %d len %u wnd %u", (int32_t)(seg->seq - irs), (int32_t)(seg->ack - iss),
          seg->payload_len, seg->wnd);
  if (seg->flags.urg) fprintf(out, " urg %u", seg->urg_ptr);
  if (seg->opt.ts_valid) fprintf(out, " ts %u", seg->opt.ts_val);
  if (seg->opt.mss_valid) fprintf(out, " mss %u", seg->opt.mss);
  if (seg->opt.wscale_valid) fprintf(out, " wscale %u", seg->opt.wscale);
  if (seg->opt.sack_permitted) fprintf(out, " sackok");
}

static inline void print_event(FILE *out, const rtl_tcb_event_t *ev, const rtl_tcb_t *before) {
  const uint32_t iss = ev->open_valid ? ev->open.iss : before->iss;
  const uint32_t irs = ev->open_valid ? ev->open.irs : before->irs;

  fprintf(out, "%14" PRIu64 " us %-14s %s ", ev->now_us, rtl_tcp_state_e_name(before->state),
          rtl_tcb_event_e_name(ev->kind));
  if (ev->open_valid)
    fprintf(out, "open passive %u ts %u sack %u wscale %u,%u mss %u; ", ev->open.passive,
            ev->open.ts_ok, ev->open.sack_ok, ev->open.wscale_ok, ev->open.snd_wscale,
            ev->open.peer_mss);
  if (ev->kind == EvCommand)
    fprintf(out, "%s value %d from iss, %d from irs, flags %u opts q%u k%u c%u n%u d%u timeout %u",
            rtl_cmd_op_e_name(ev->cmd.op), (int32_t)(ev->cmd.value - iss),
            (int32_t)(ev->cmd.value - irs), ev->cmd.flags, ev->cmd.opts.quickack,
            ev->cmd.opts.keepalive, ev->cmd.opts.cork, ev->cmd.opts.nodelay, ev->cmd.opts.dscp,
            ev->cmd.user_timeout_us);
  if (ev->kind <= EvDiscard) print_segment(out, &ev->seg, irs, iss);
  if (ev->kind == EvIcmp)
    fprintf(out, "seq %d from iss, %s code %u mtu %u", (int32_t)(ev->seg.seq - iss),
            rtl_icmp_kind_e_name(ev->seg.icmp.kind), ev->seg.icmp.code, ev->seg.icmp.mtu);
  fprintf(out, "\n");
}

#endif
