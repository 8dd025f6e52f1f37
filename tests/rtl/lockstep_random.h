/* SPDX-License-Identifier: Apache-2.0
 *
 * Random events for one connection after the other.
 */
#ifndef TOE_TESTS_LOCKSTEP_RANDOM_H
#define TOE_TESTS_LOCKSTEP_RANDOM_H

#include "lockstep_peer.h"

/* --- The host --- */

static inline rtl_conn_opts_t random_opts(world_t *w) {
  return (rtl_conn_opts_t){.dscp = (uint8_t)below(w, 64),
                           .quickack = chance(w, 1, 4),
                           .keepalive = chance(w, 1, 3),
                           .cork = chance(w, 1, 6),
                           .nodelay = chance(w, 1, 3)};
}

static inline uint32_t random_user_timeout(world_t *w) {
  return chance(w, 1, 4) ? 1000 + below(w, 4000000) : 0;
}

static inline rtl_cmd_t random_send(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const uint32_t start = t->snd_una == t->iss ? t->iss + 1 : t->snd_una;
  const uint32_t room = (1u << w->cfg.tx_ring_log2) - (t->snd_end - start);
  const uint32_t wanted = w->habits.bulk ? room : chance(w, 1, 2) ? below(w, 300) : below(w, 30000);
  rtl_cmd_t cmd = {.op = CmdSend, .flags = (uint8_t)(chance(w, 1, 8) ? below(w, 4) : 0)};

  cmd.value = t->snd_end + (wanted < room ? wanted : room);
  if (chance(w, 1, 64)) cmd.value = near_an_edge(w);
  if (chance(w, 1, 64)) cmd.value = t->snd_end + room + 1;
  return cmd;
}

static inline rtl_cmd_t random_received(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const uint32_t unread = t->rcv_nxt - t->rcv_read;
  rtl_cmd_t cmd = {.op = CmdReceived, .value = t->rcv_nxt};

  if (t->fin_rcvd && t->rcv_nxt == t->fin_seq + 1 && chance(w, 15, 16)) cmd.value--;
  if (unread > 1 && chance(w, 1, 2)) cmd.value = t->rcv_read + below(w, unread);
  if (chance(w, 1, 32)) cmd.value = near_an_edge(w);
  return cmd;
}

static inline rtl_cmd_t random_command(world_t *w) {
  const bool over = w->events_left == 0;
  rtl_cmd_t cmd = {0};

  if (w->tcb.state == TcpClosed || w->tcb.state == TcpTimeWait || over) {
    static const uint8_t ops[] = {CmdRelease, CmdRelease,  CmdReceived, CmdQuery,
                                  CmdSend,    CmdShutdown, CmdAbort,    CmdSetOpts};
    cmd.op = over && chance(w, 1, 2) ? CmdAbort : ops[below(w, sizeof ops)];
    cmd.value = near_an_edge(w);
  } else if (chance(w, w->habits.closes, 64)) {
    cmd.op = CmdShutdown;
  } else if (chance(w, 1, 10)) {
    static const uint8_t ops[] = {CmdQuery,   CmdQuery,   CmdSetOpts, CmdSetOpts,
                                  CmdSetOpts, CmdSetOpts, CmdSetOpts, CmdRelease,
                                  CmdNop,     CmdListen,  99};
    cmd.op = ops[below(w, sizeof ops)];
    if (chance(w, 1, 64)) cmd.op = CmdAbort;
  } else {
    cmd = chance(w, 1, 2) ? random_send(w) : random_received(w);
  }
  cmd.opts = random_opts(w);
  cmd.user_timeout_us = random_user_timeout(w);
  cmd.tag = tb_random(&w->rng);
  return cmd;
}

/* --- Events --- */

static inline rtl_tcb_event_t opening_event(world_t *w) {
  rtl_tcb_event_t ev = {.open_valid = 1};
  const rtl_tcp_options_t opt = random_syn_options(w);
  const rtl_tcb_t held = w->tcb;

  if (chance(w, 1, 32)) {
    w->habits = bulk_habits(w);
    w->events_left = 500 + below(w, 3000);
  } else {
    w->habits = random_habits(w);
    w->events_left = 20 + below(w, chance(w, 1, 4) ? 600 : 150);
  }
  w->peer_wnd = 30000;
  w->duplicates = 0;
  w->peer_iss = random_iss(w);
  ev.open.key = (rtl_flow_key_t){.remote_ip = tb_random(&w->rng),
                                 .remote_port = (uint16_t)tb_random(&w->rng),
                                 .local_port = (uint16_t)tb_random(&w->rng)};
  ev.open.flow_hash = tb_random(&w->rng);
  ev.open.iss = random_iss(w);
  if (chance(w, 1, 2)) {
    ev.kind = EvCommand;
    ev.cmd.op = CmdConnect;
    ev.cmd.opts = random_opts(w);
    ev.cmd.user_timeout_us = random_user_timeout(w);
    ev.cmd.tag = tb_random(&w->rng);
    return ev;
  }
  ev.kind = EvSegment;
  ev.open.passive = 1;
  ev.open.irs = w->peer_iss;
  ev.open.peer_mss = opt.mss_valid ? opt.mss : 536;
  ev.open.wscale_ok = w->cfg.wscale_enable && opt.wscale_valid;
  ev.open.snd_wscale = ev.open.wscale_ok ? opt.wscale : 0;
  ev.open.sack_ok = w->cfg.sack_enable && opt.sack_permitted;
  ev.open.ts_ok = w->cfg.ts_enable && opt.ts_valid;
  ev.open.ts_recent = ev.open.ts_ok ? opt.ts_val : 0;
  /* The ACK of the handshake, sometimes with text or FIN, sometimes spoiled. */
  w->tcb = (rtl_tcb_t){.state = TcpSynRcvd,
                       .key = ev.open.key,
                       .rcv_nxt = ev.open.irs + 1,
                       .rcv_adv = ev.open.irs + 60000,
                       .irs = ev.open.irs,
                       .snd_una = ev.open.iss,
                       .snd_max = ev.open.iss + 1,
                       .ts_ok = ev.open.ts_ok,
                       .ts_recent = ev.open.ts_recent};
  ev.seg = peer_segment(w);
  if (chance(w, 7, 8)) ev.seg.ack = ev.open.iss + 1;
  w->tcb = held;
  return ev;
}

/* Time on to a deadline: just before, exactly, soon after, long after. */
static inline rtl_tcb_event_t timer_event(world_t *w) {
  static const uint32_t late_us[] = {0, 0, 0, 1, 1000, 300000, 100000000};

  if (w->deadline_valid && chance(w, 7, 8)) {
    const uint64_t wait_us = as_time(w->deadline_us - w->now_us);
    if (wait_us < UINT64_C(1) << 39) w->now_us += wait_us;
    if (chance(w, 1, 8) && wait_us > 0)
      w->now_us--;
    else
      w->now_us += late_us[below(w, sizeof late_us / sizeof *late_us)];
  }
  return (rtl_tcb_event_t){.kind = EvTimer};
}

static inline rtl_tcb_event_t stray_event(world_t *w) {
  rtl_tcb_event_t ev = {.kind = EvSegment, .seg = peer_segment(w)};

  if (chance(w, 1, 2))
    ev.seg.key.remote_port ^= 1;
  else
    ev.kind = chance(w, 1, 2) ? EvNoConn : EvDiscard;
  ev.muted = ev.kind == EvNoConn && chance(w, 1, 2);
  return ev;
}

/* An error about something in flight, most of the time. */
static inline rtl_tcb_event_t icmp_event(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const uint32_t flight = t->snd_max - t->snd_una;
  rtl_tcb_event_t ev = {.kind = EvIcmp, .seg = {.key = t->key}};
  rtl_icmp_error_t *icmp = &ev.seg.icmp;

  ev.seg.seq = flight != 0 && chance(w, 7, 8) ? t->snd_una + below(w, flight) : near_an_edge(w);
  icmp->kind = (uint8_t)(1 + below(w, 3));
  icmp->code = (uint8_t)below(w, icmp->kind == IcmpUnreachable ? 16 : 3);
  if (chance(w, 1, 2)) {
    icmp->kind = IcmpUnreachable;
    icmp->code = (uint8_t)(2 + below(w, 3));
  }
  if (icmp->kind == IcmpUnreachable && icmp->code == 4 && chance(w, 7, 8))
    icmp->mtu = (uint16_t)(t->snd_mss + 40 - below(w, 60) + below(w, 60));
  if (chance(w, 1, 16)) ev.seg.key.local_port ^= 1;
  return ev;
}

static inline rtl_tcb_event_t random_event(world_t *w) {
  const rtl_tcb_t *t = &w->tcb;
  const habits_t *h = &w->habits;

  w->now_us += below(w, chance(w, 1, 8) ? 200000 : 1000);
  if (!t->in_use && chance(w, 3, 4)) {
    if (chance(w, 1, 8)) w->cfg = random_cfg(w);
    return opening_event(w);
  }
  if (w->events_left > 0) w->events_left--;
  if (t->send_queued && !chance(w, h->slow, 20)) return (rtl_tcb_event_t){.kind = EvSend};
  if (t->notify_queued && !chance(w, 4 + h->slow, 20)) return (rtl_tcb_event_t){.kind = EvNotify};
  if (chance(w, 1, 64)) return stray_event(w);
  if (chance(w, 1, t->in_recovery ? 24 : h->bulk ? 4000 : 80)) return icmp_event(w);
  if (w->events_left == 0) return (rtl_tcb_event_t){.kind = EvCommand, .cmd = random_command(w)};
  const unsigned pick = below(w, h->segments + h->commands + h->timers);
  if (pick < h->segments) {
    if (t->state > TcpSynRcvd && chance(w, 1, 400)) w->duplicates = 2 + below(w, 18);
    return (rtl_tcb_event_t){.kind = EvSegment,
                             .seg = w->duplicates > 0 ? duplicate_ack(w) : peer_segment(w),
                             .more = chance(w, 1, 3)};
  }
  if (pick < h->segments + h->commands)
    return (rtl_tcb_event_t){.kind = EvCommand, .cmd = random_command(w)};
  return timer_event(w);
}

#endif
