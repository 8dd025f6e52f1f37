/* SPDX-License-Identifier: Apache-2.0
 *
 * Random segments of a peer that mostly does what a real one would, so that deep states are
 * reached, and sometimes what none should.
 */
#ifndef TOE_TESTS_LOCKSTEP_PEER_H
#define TOE_TESTS_LOCKSTEP_PEER_H

#include "lockstep_world.h"

static inline uint16_t random_len(world_t *w) {
  static const uint16_t lens[] = {1, 2, 100, 500, 536, 1448, 1460, 1460, 1460, 8960};
  return chance(w, 1, 4) ? (uint16_t)(1 + below(w, 2000))
                         : lens[below(w, sizeof lens / sizeof *lens)];
}

/* A number somewhere that decisions depend on. */
static inline uint32_t near_an_edge(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const uint32_t places[] = {t->rcv_nxt,
                             t->rcv_adv,
                             t->rcv_read,
                             t->ooo[0].left,
                             t->ooo[0].right,
                             t->ooo[1].left,
                             t->fin_seq,
                             t->snd_una,
                             t->snd_nxt,
                             t->snd_max,
                             t->snd_end,
                             t->recover,
                             t->ooo[2].right,
                             t->snd_una + t->snd_wnd,
                             t->snd_una - t->max_snd_wnd,
                             t->last_ack_sent};
  const uint32_t place = places[below(w, sizeof places / sizeof *places)];

  if (chance(w, 1, 3)) return place;
  if (chance(w, 1, 2)) return place + below(w, 7) - 3;
  return chance(w, 7, 8) ? place + below(w, 6000) - 3000 : tb_random(&w->rng);
}

static inline uint32_t peer_ack(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const uint32_t flight = t->snd_max - t->snd_una;

  if (chance(w, w->habits.peer_acks, 16) && flight > 0) {
    if (chance(w, 1, 2)) return t->snd_max;
    if (t->snd_mss != 0 && flight > t->snd_mss && chance(w, 2, 3))
      return t->snd_una + t->snd_mss * (1 + below(w, flight / t->snd_mss));
    return t->snd_una + 1 + below(w, flight);
  }
  return chance(w, 30, 32) ? t->snd_una : near_an_edge(w);
}

static inline uint32_t peer_seq(world_t *w, uint32_t len) {
  const rtl_tcb_t *t = &w->tcb;

  if (!chance(w, w->habits.gaps, 16)) return t->rcv_nxt;
  switch (below(w, 6)) {
    case 0: /* overlaps what came */
      return t->rcv_nxt - below(w, len + 1);
    case 1: /* behind a gap of one segment */
      return t->rcv_nxt + len;
    case 2: /* fits on to what is held */
      return t->ooo[below(w, 4)].right;
    case 3:
      return t->ooo[below(w, 4)].left - len;
    case 4: /* anywhere in the window */
      return t->rcv_nxt + (t->rcv_adv != t->rcv_nxt ? below(w, t->rcv_adv - t->rcv_nxt) : 0);
    default:
      return near_an_edge(w);
  }
}

static inline uint16_t peer_window(world_t *w) {
  if (chance(w, w->habits.small_windows, 64))
    w->peer_wnd = chance(w, 1, 2) ? 0 : below(w, 3000);
  else if (chance(w, 1, 24))
    w->peer_wnd = chance(w, 1, 2) ? 30000 : below(w, 65536);
  return (uint16_t)w->peer_wnd;
}

/* Timestamps, and SACK blocks of any kind. */
static inline void peer_options(world_t *w, rtl_tcp_options_t *opt) {
  const rtl_tcb_t *t = &w->tcb;

  opt->ts_valid = t->ts_ok ? !chance(w, 1, 64) : chance(w, 1, 16);
  opt->ts_val = t->ts_recent + (chance(w, 1, 2) ? below(w, 4) : 0);
  if (chance(w, 1, 32)) opt->ts_val = t->ts_recent - below(w, 100000);
  opt->ts_ecr = (uint32_t)(w->now_us >> 8);
  if (chance(w, 1, 16)) {
    opt->sack_count = (uint8_t)below(w, 5);
    for (unsigned i = 0; i < opt->sack_count; i++) {
      opt->sack[i].left = t->snd_una + below(w, 65536);
      opt->sack[i].right = opt->sack[i].left + below(w, 3000);
    }
  }
}

/* One field becomes something else. */
static inline void corrupt(world_t *w, rtl_rx_seg_t *seg) {
  switch (below(w, 12)) {
    case 0:
      seg->seq = near_an_edge(w);
      break;
    case 1:
      seg->ack = near_an_edge(w);
      break;
    case 2:
      seg->flags.ack ^= 1;
      break;
    case 3:
      seg->flags.rst = 1;
      break;
    case 4:
      seg->flags.rst = 1;
      seg->seq = w->tcb.rcv_nxt + below(w, 3) - 1;
      break;
    case 5:
      seg->flags.syn = 1;
      break;
    case 6:
      seg->flags.syn = 1;
      seg->seq = w->tcb.irs;
      break;
    case 7:
      seg->wnd = (uint16_t)tb_random(&w->rng);
      break;
    case 8:
      seg->payload_len = (uint16_t)below(w, 9000);
      break;
    case 9:
      seg->flags.urg = 1;
      seg->urg_ptr = (uint16_t)tb_random(&w->rng);
      break;
    case 10:
      seg->opt.ts_val = tb_random(&w->rng);
      break;
    default:
      seg->opt.ts_valid ^= 1;
  }
}

static inline rtl_rx_seg_t duplicate_ack(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  rtl_rx_seg_t seg = {.key = t->key, .seq = t->rcv_nxt, .ack = t->snd_una, .flags = {.ack = 1}};

  w->duplicates--;
  seg.wnd = (uint16_t)(t->snd_wnd >> t->snd_wscale);
  peer_options(w, &seg.opt);
  return seg;
}

static inline rtl_rx_seg_t peer_segment(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  rtl_rx_seg_t seg = {.key = t->key, .src_mac = 0x0200000000feu};
  const bool synchronized = t->state > TcpSynSent;

  seg.payload_len = chance(w, w->habits.peer_text, 16) ? random_len(w) : 0;
  seg.seq = peer_seq(w, seg.payload_len);
  seg.flags.ack = 1;
  seg.flags.psh = chance(w, 1, 4);
  seg.flags.fin = chance(w, w->habits.closes, 64);
  seg.ack = peer_ack(w);
  seg.wnd = peer_window(w);
  if (t->fin_rcvd && chance(w, 15, 16)) { /* the peer has said its last octet */
    seg.payload_len = 0;
    seg.seq = chance(w, 7, 8) ? t->rcv_nxt : t->fin_seq;
    seg.flags.fin = seg.seq == t->fin_seq;
  }
  if (chance(w, 1, 24)) {
    seg.flags.urg = 1;
    seg.urg_ptr = (uint16_t)below(w, 3000);
  }
  peer_options(w, &seg.opt);
  if (!synchronized || (t->state == TcpSynRcvd && chance(w, 1, 4))) {
    seg.opt = random_syn_options(w);
    seg.flags.syn = !chance(w, 1, 16);
    seg.flags.ack = chance(w, 1, 2);
    seg.flags.fin = chance(w, 1, 32);
    seg.seq = synchronized ? t->irs : w->peer_iss;
    if (chance(w, 7, 8)) seg.ack = t->snd_max;
    if (chance(w, 7, 8)) seg.payload_len = 0;
    if (synchronized) peer_options(w, &seg.opt);
  }
  if (chance(w, 1, 400)) {
    seg.flags.rst = 1;
    seg.seq = t->rcv_nxt;
  }
  /* Who guesses goes on when nothing answers any more. */
  if (synchronized && t->challenge_count >= 4 && chance(w, 1, 8)) {
    if (chance(w, 1, 2)) {
      seg.flags.syn = 1;
    } else { /* and text that comes again is answered all the same */
      seg.payload_len = (uint16_t)(1 + below(w, 1000));
      seg.seq = t->rcv_nxt - 5000;
    }
  }
  if (chance(w, w->habits.odd, 64)) corrupt(w, &seg);
  return seg;
}

#endif
