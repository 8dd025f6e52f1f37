/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's SYN cookies beside a running engine's.
 */
#include "sim/lockstep_cookies.h"

#include <stddef.h>
#include <string.h>
#include <toe/toe_regs.h>

void sim_cookies_register(struct sim_cookies *cookies, uint32_t offset, uint32_t value) {
  const uint32_t first = offsetof(toe_regs_t, COOKIE_KEY0);
  model_cookies_t *model = &cookies->model;

  if (offset < first || offset > offsetof(toe_regs_t, COOKIE_KEY3)) return;
  cookies->words[(offset - first) / 4] = value;
  if (offset != offsetof(toe_regs_t, COOKIE_KEY3)) return;
  for (size_t i = 0; i < sizeof model->loaded; i++)
    model->loaded[i] = (uint8_t)(cookies->words[i / 4] >> (8 * (i % 4)));
  cookies->loaded = true;
}

void sim_cookies_reset(struct sim_cookies *cookies) {
  cookies->model.has_key = false;
}

static bool is_cookie(struct sim_cookies *cookies, const model_flow_key_t *key, uint32_t irs,
                      uint32_t number, uint64_t now_us) {
  if (!cookies->loaded) return false;
  model_cookies_time(&cookies->model, now_us);
  if (!model_cookie_is_good(&cookies->model, key, irs, number)) return false;
  cookies->checked++;
  return true;
}

const char *sim_cookies_sent(struct sim_cookies *cookies, const model_tx_seg_t *seg,
                             uint64_t now_us) {
  const model_tcp_options_t *opt = &seg->opt;

  if (!seg->flags.syn || !seg->flags.ack) return NULL;
  if (!is_cookie(cookies, &seg->key, seg->ack - 1, seg->seq, now_us)) return NULL;
  if (!opt->ts_valid)
    return opt->sack_permitted || opt->wscale_valid
               ? "a cookie agrees on what only a timestamp could bring back"
               : NULL;
  if ((int32_t)((uint32_t)(now_us >> 8) - opt->ts_val) < 0)
    return "a cookie's timestamp is ahead of the clock";
  if ((opt->ts_val >> 4 & 1) != opt->sack_permitted ||
      ((opt->ts_val & 15) == 15) == opt->wscale_valid)
    return "a cookie's timestamp does not say what its options do";
  return NULL;
}

const char *sim_cookies_opened(struct sim_cookies *cookies, const model_cfg_t *cfg,
                               const model_tcb_event_t *ev) {
  const model_rx_seg_t *seg = &ev->seg;
  const model_tcb_open_t *rtl = &ev->open;
  model_tcb_open_t open;

  if (!is_cookie(cookies, &seg->key, seg->seq - 1, seg->ack - 1, ev->now_us)) return NULL;
  /* That one was sent is not asked: the frame may have been lost on its way out. */
  cookies->model.now.out = cookies->model.last.out = true;
  if (!model_cookie_arrives(cfg, &cookies->model, seg, &open))
    return "a cookie cannot come back with the segment of";
  if (rtl->iss != open.iss || rtl->irs != open.irs)
    return "a cookie says other numbers than those of";
  if (rtl->peer_mss != open.peer_mss) return "a cookie says another MSS than that of";
  if (rtl->ts_ok != open.ts_ok || (open.ts_ok && rtl->ts_recent != open.ts_recent))
    return "a cookie's timestamp is not that of";
  if (rtl->sack_ok != open.sack_ok || rtl->wscale_ok != open.wscale_ok ||
      (open.wscale_ok && rtl->snd_wscale != open.snd_wscale))
    return "a cookie brings back other options than those of";
  return NULL;
}
