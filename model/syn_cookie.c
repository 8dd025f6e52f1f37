/* SPDX-License-Identifier: Apache-2.0
 *
 * SYN cookies: RFC 4987 section 3.6.
 */
#include <string.h>

#include "model/model_internal.h"
#include "model/octets.h"
#include "model/toe_model_cookie.h"
#include "model/toe_model_table.h"

enum { EPOCH_LOG2_US = 26, EPOCHS = 1 << 14, NO_SCALE = 15, SACK = 16, OPTION_BITS = 31 };

/* What three bits can say of the peer's MSS; 0: the least that the engine sends (min_mss). */
static const uint16_t kMss[8] = {0, 256, 536, 1220, 1360, 1440, 1460, 8960};

void model_cookies_time(model_cookies_t *cookies, uint64_t now_us) {
  const uint64_t number = (now_us >> EPOCH_LOG2_US) % EPOCHS;

  if (!cookies->has_key) {
    cookies->now = (model_cookie_epoch_t){.number = number};
    memcpy(cookies->now.key, cookies->loaded, sizeof cookies->loaded);
    cookies->has_key = true;
  } else if (number != cookies->now.number) {
    cookies->last = cookies->now;
    cookies->now.number = number;
    cookies->now.out = false;
    memcpy(cookies->now.key, cookies->loaded, sizeof cookies->loaded);
  }
}

bool model_cookies_wanted(model_cookies_t *cookies, uint32_t half_open, bool room) {
  if (!cookies->enabled || !cookies->has_key) return false;
  if (half_open >= cookies->high)
    cookies->active = true;
  else if (half_open <= cookies->low)
    cookies->active = false;
  return cookies->active || !room;
}

/* The number of the handshake that began in @p epoch with the peer's number @p irs. */
static uint32_t cookie(const model_cookie_epoch_t *epoch, const model_flow_key_t *key, uint32_t irs,
                       unsigned mss) {
  const uint32_t tail = (uint32_t)epoch->number << 3 | mss;
  uint8_t octets[15];

  put16(put8(put32(put16(put16(put32(octets, key->remote_ip), key->remote_port), key->local_port),
                   irs),
             (uint8_t)(tail >> 16)),
        (uint16_t)tail);
  const uint32_t mac = (uint32_t)model_siphash(epoch->key, octets, sizeof octets);
  return mac << 4 | mss << 1 | (epoch->number & 1);
}

/* The timestamp that carries the SYN's options: the latest one not after now that ends in them. */
static uint32_t timestamp(uint64_t now_us, uint32_t options) {
  uint32_t value = (uint32_t)(now_us >> 8); /* the clock of model/transmit.c */

  while ((value & OPTION_BITS) != options) value--;
  return value;
}

void model_cookie_answer(const model_cfg_t *cfg, model_cookies_t *cookies,
                         const model_rx_seg_t *syn, uint64_t now_us, model_tx_seg_t *answer) {
  const uint16_t said = syn->opt.mss_valid ? syn->opt.mss : 536;
  model_rx_seg_t seen = *syn;
  model_half_open_t entry;
  unsigned mss = 7;

  while (kMss[mss] > said) mss--;
  /* What no timestamp brings back is not agreed on. */
  if (!cfg->ts_enable || !syn->opt.ts_valid) seen.opt.wscale_valid = seen.opt.sack_permitted = 0;
  model_half_open_begin(cfg, &seen, cookie(&cookies->now, &syn->key, syn->seq, mss), now_us, &entry,
                        answer);
  if (answer->opt.ts_valid)
    answer->opt.ts_val = timestamp(
        now_us, (entry.sack_ok ? SACK : 0U) | (entry.wscale_ok ? entry.snd_wscale : NO_SCALE));
  cookies->now.out = true;
  cookies->sent++;
}

/* The epoch that a number says it is of, or NULL. */
static const model_cookie_epoch_t *epoch_of(const model_cookies_t *cookies, uint32_t number) {
  if (!cookies->has_key) return NULL;
  if ((number & 1) == (cookies->now.number & 1)) return &cookies->now;
  return (cookies->last.number + 1) % EPOCHS == cookies->now.number ? &cookies->last : NULL;
}

bool model_cookie_is_good(const model_cookies_t *cookies, const model_flow_key_t *key, uint32_t irs,
                          uint32_t number) {
  const model_cookie_epoch_t *epoch = epoch_of(cookies, number);

  return epoch != NULL && number == cookie(epoch, key, irs, number >> 1 & 7);
}

bool model_cookie_arrives(const model_cfg_t *cfg, model_cookies_t *cookies,
                          const model_rx_seg_t *seg, model_tcb_open_t *open) {
  const uint32_t number = seg->ack - 1, irs = seg->seq - 1;
  const model_cookie_epoch_t *epoch = epoch_of(cookies, number);

  if (!seg->flags.ack || seg->flags.syn || seg->flags.rst) return false;
  if (epoch == NULL || !epoch->out) return false;
  if (!model_cookie_is_good(cookies, &seg->key, irs, number)) {
    cookies->refused++;
    return false;
  }
  *open = (model_tcb_open_t){
      .passive = 1, .key = seg->key, .iss = number, .irs = irs, .peer_mss = kMss[number >> 1 & 7]};
  if (cfg->ts_enable && seg->opt.ts_valid) {
    const uint32_t options = seg->opt.ts_ecr & OPTION_BITS;
    open->ts_ok = 1;
    open->ts_recent = seg->opt.ts_val;
    open->sack_ok = cfg->sack_enable && (options & SACK) != 0;
    open->wscale_ok = cfg->wscale_enable && (options & NO_SCALE) != NO_SCALE;
    if (open->wscale_ok) open->snd_wscale = options & NO_SCALE;
  }
  cookies->accepted++;
  return true;
}
