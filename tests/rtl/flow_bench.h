/* SPDX-License-Identifier: Apache-2.0
 *
 * Test bench of toe_flow (tb_flow.sv): segments, commands and time go in; what comes out is kept in
 * order, with the cycle of its handshake, until a test takes it.
 */
#ifndef TOE_TESTS_FLOW_BENCH_H
#define TOE_TESTS_FLOW_BENCH_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "siphash.h"
#include "tb.h"
#include "tb_tb_flow.h"

enum { NUM_CONNS = 16, NUM_LISTENERS = 4, CACHE_SIZE = 16, NUM_DROPS = 42, MAX_KEPT = 4096 };

/* As in rtl/toe_pkg.sv and rtl/toe_tcp_pkg.sv. */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };
enum { EV_SEGMENT, EV_NO_CONN, EV_DISCARD };
enum {
  CMD_NOP,
  CMD_CONNECT,
  CMD_LISTEN,
  CMD_UNLISTEN,
  CMD_SEND,
  CMD_RECEIVED,
  CMD_SHUTDOWN,
  CMD_ABORT,
  CMD_RELEASE,
  CMD_QUERY,
  CMD_SET_OPTS
};
enum {
  REASON_BAD_OP = 16,
  REASON_BAD_CONN,
  REASON_BAD_STATE,
  REASON_BAD_VALUE,
  REASON_NO_CONN,
  REASON_FLOW_FULL,
  REASON_ADDR_IN_USE,
  REASON_NO_KEY,
  REASON_LISTEN_FULL,
  REASON_NOT_LISTENING
};
enum {
  DROP_SYN_NO_KEY = 22,
  DROP_SYN_CACHE_FULL,
  DROP_SYN_BACKLOG,
  DROP_NO_FREE_CONN,
  DROP_FLOW_FULL,
  DROP_OUT_OF_WINDOW,
  DROP_PAWS,
  DROP_BAD_ACK,
  DROP_NO_ACK_BIT,
  DROP_REASSEMBLY,
  DROP_RST_BLIND,
  DROP_SYN_BLIND,
  DROP_AFTER_CLOSE,
  DROP_TIME_WAIT_EVICT = 37
};

enum { LOCAL_IP = 0x0a000001, PEER_IP = 0x0a000002, PORT = 80 };
#define PEER_MAC UINT64_C(0x020000000002)
#define RTO_US 1000000u
#define RTO_MAX_US 6000000u
#define TIME_WAIT_US 60000000u

/** A segment to offer; what is left out is zero and no option. */
typedef struct seg {
  uint32_t ip;           /* 0: PEER_IP */
  uint16_t rport, lport; /* lport 0: PORT */
  uint32_t seq, ack;
  uint8_t flags;
  uint16_t len;
  uint16_t mss; /* 0: none */
  int wscale;   /* 0: none, else scale + 1 */
  bool sack, ts;
  uint32_t ts_val, ts_ecr;
} seg_t;

typedef struct event {
  uint64_t cycle;
  uint8_t kind;
  uint16_t conn, len;
  uint32_t seq;
  bool open, passive, wscale_ok, sack_ok, ts_ok;
  uint64_t key;
  uint32_t hash, iss, irs, ts_recent;
  uint16_t mss;
  uint8_t wscale;
} event_t;

typedef struct sent {
  uint64_t cycle, key, mac;
  uint32_t seq, ack, ts_val, ts_ecr;
  uint8_t flags, wscale;
  uint16_t wnd, mss;
  bool mss_valid, wscale_valid, sack, ts;
} sent_t;

typedef struct ntf {
  uint64_t cycle;
  bool opened, refused;
  uint8_t reason;
  uint16_t conn;
  uint32_t tag, iss;
} ntf_t;

typedef struct passed {
  uint64_t cycle, key;
  uint8_t op;
  uint16_t conn;
  bool open, passive;
  uint32_t hash, iss;
} passed_t;

typedef struct bench {
  tb_tb_flow_t *tb;
  tb_rng_t rng;
  tb_gate_t rx_gate, tx_gate, ntf_gate, cmd_gate;
  bool hold_rx, hold_tx, hold_ntf, hold_cmd; /* not ready at all */
  event_t events[MAX_KEPT];
  sent_t sent[MAX_KEPT];
  ntf_t ntfs[MAX_KEPT];
  passed_t passed[MAX_KEPT];
  unsigned num_events, num_sent, num_ntfs, num_passed;   /* kept */
  unsigned next_event, next_sent, next_ntf, next_passed; /* not yet taken by the test */
  unsigned drops[NUM_DROPS];
  uint64_t covered[COVERAGE_DROPS]; /* never taken back */
  unsigned retransmits;
  unsigned cookies_sent, cookies_accepted, cookies_refused;
} bench_t;

/** Key as the engine packs it. */
static inline uint64_t key_of(uint32_t ip, uint16_t rport, uint16_t lport) {
  return (uint64_t)ip << 32 | (uint64_t)rport << 16 | lport;
}

/** The hash that toe_flow must give this flow. */
static inline uint64_t hash_of_key(uint64_t key) {
  uint8_t hash_key[16], msg[12];

  for (unsigned i = 0; i < 16; i++) hash_key[i] = (uint8_t)i;
  for (unsigned i = 0; i < 4; i++) {
    msg[i] = (uint8_t)(key >> (56 - 8 * i));
    msg[4 + i] = (uint8_t)(LOCAL_IP >> (24 - 8 * i));
    msg[8 + i] = (uint8_t)(key >> (24 - 8 * i));
  }
  return siphash_2_4(hash_key, msg, sizeof msg);
}

/** Key of peer port @p rport at PEER_IP and PORT. */
static inline uint64_t peer_key(uint16_t rport) {
  return key_of(PEER_IP, rport, PORT);
}

/* What is offered must stay, unchanged, until it is taken. */
static inline void keep_event(bench_t *b) {
  const tb_tb_flow_t *tb = b->tb;
  cr_assert_lt(b->num_events, MAX_KEPT);
  b->events[b->num_events++] = (event_t){.cycle = tb->cycles,
                                         .kind = *tb->rx_ev_kind_o,
                                         .conn = *tb->rx_ev_conn_o,
                                         .len = *tb->rx_ev_payload_len_o,
                                         .seq = *tb->rx_ev_seq_o,
                                         .open = *tb->rx_ev_open_valid_o,
                                         .passive = *tb->open_passive_o,
                                         .wscale_ok = *tb->open_wscale_ok_o,
                                         .sack_ok = *tb->open_sack_ok_o,
                                         .ts_ok = *tb->open_ts_ok_o,
                                         .key = *tb->open_key_o,
                                         .hash = *tb->open_flow_hash_o,
                                         .iss = *tb->open_iss_o,
                                         .irs = *tb->open_irs_o,
                                         .ts_recent = *tb->open_ts_recent_o,
                                         .mss = *tb->open_peer_mss_o,
                                         .wscale = *tb->open_snd_wscale_o};
}

static inline void keep_sent(bench_t *b) {
  const tb_tb_flow_t *tb = b->tb;
  cr_assert_lt(b->num_sent, MAX_KEPT);
  cr_assert(*tb->tx_mac_valid_o, "an answer goes back where the frame came from");
  cr_assert_eq(*tb->tx_payload_len_o, 0);
  b->sent[b->num_sent++] = (sent_t){.cycle = tb->cycles,
                                    .key = *tb->tx_key_o,
                                    .mac = *tb->tx_dst_mac_o,
                                    .seq = *tb->tx_seq_o,
                                    .ack = *tb->tx_ack_o,
                                    .ts_val = *tb->tx_ts_val_o,
                                    .ts_ecr = *tb->tx_ts_ecr_o,
                                    .flags = *tb->tx_flags_o,
                                    .wscale = *tb->tx_wscale_o,
                                    .wnd = *tb->tx_wnd_o,
                                    .mss = *tb->tx_mss_o,
                                    .mss_valid = *tb->tx_mss_valid_o,
                                    .wscale_valid = *tb->tx_wscale_valid_o,
                                    .sack = *tb->tx_sack_permitted_o,
                                    .ts = *tb->tx_ts_valid_o};
}

static inline void keep_ntf(bench_t *b) {
  const tb_tb_flow_t *tb = b->tb;
  cr_assert_lt(b->num_ntfs, MAX_KEPT);
  b->ntfs[b->num_ntfs++] = (ntf_t){.cycle = tb->cycles,
                                   .opened = *tb->ntf_opened_o,
                                   .refused = *tb->ntf_refused_o,
                                   .reason = *tb->ntf_reason_o,
                                   .conn = *tb->ntf_conn_o,
                                   .tag = *tb->ntf_tag_o,
                                   .iss = *tb->ntf_iss_o};
}

static inline void keep_passed(bench_t *b) {
  const tb_tb_flow_t *tb = b->tb;
  cr_assert_lt(b->num_passed, MAX_KEPT);
  b->passed[b->num_passed++] = (passed_t){.cycle = tb->cycles,
                                          .key = *tb->cmd_ev_key_o,
                                          .op = *tb->cmd_ev_op_o,
                                          .conn = *tb->cmd_ev_conn_o,
                                          .open = *tb->cmd_ev_open_valid_o,
                                          .passive = *tb->cmd_ev_passive_o,
                                          .hash = *tb->cmd_ev_flow_hash_o,
                                          .iss = *tb->cmd_ev_iss_o};
}

/** One cycle. */
static inline void bench_tick(bench_t *b) {
  tb_tb_flow_t *tb = b->tb;

  *tb->rx_ev_ready_i = !b->hold_rx && tb_gate_next(&b->rx_gate, &b->rng);
  *tb->tx_ready_i = !b->hold_tx && tb_gate_next(&b->tx_gate, &b->rng);
  *tb->ntf_ready_i = !b->hold_ntf && tb_gate_next(&b->ntf_gate, &b->rng);
  *tb->cmd_ev_ready_i = !b->hold_cmd && tb_gate_next(&b->cmd_gate, &b->rng);
  tb_tb_flow_eval(tb);
  if (*tb->rx_ev_valid_o && *tb->rx_ev_ready_i) keep_event(b);
  if (*tb->tx_valid_o && *tb->tx_ready_i) keep_sent(b);
  if (*tb->ntf_valid_o && *tb->ntf_ready_i) keep_ntf(b);
  if (*tb->cmd_ev_valid_o && *tb->cmd_ev_ready_i) keep_passed(b);
  for (unsigned i = 0; i < NUM_DROPS; i++) {
    b->drops[i] += (unsigned)(*tb->drop_o >> i & 1);
    b->covered[i] += *tb->drop_o >> i & 1;
  }
  b->retransmits += *tb->retransmit_o;
  b->cookies_sent += *tb->cookie_sent_o;
  b->cookies_accepted += *tb->cookie_accepted_o;
  b->cookies_refused += *tb->cookie_refused_o;
  tb_tb_flow_tick(tb);
}

/** Cycles until the engine is idle. */
static inline void bench_settle(bench_t *b) {
  const uint64_t start = b->tb->cycles;

  do {
    bench_tick(b);
    tb_tb_flow_eval(b->tb);
    cr_assert_lt(b->tb->cycles, start + 20000, "never idle");
  } while (!*b->tb->idle_o);
}

/** Moves time on by @p us and settles. */
static inline void bench_wait_us(bench_t *b, uint64_t us) {
  *b->tb->now_us_i += us;
  bench_settle(b);
}

/** A bench after reset, its tables clear, time at 0x123456789 us, every option allowed.  Memories
 * start with anything in them, whatever the seed. */
static inline bench_t *bench_new(void) {
  bench_t *b = calloc(1, sizeof *b);
  tb_tb_flow_t *tb = tb_tb_flow_new(tb_seed() + 1);

  b->tb = tb;
  b->rng = tb_rng(tb_seed());
  *tb->now_us_i = 0x123456789;
  *tb->cfg_enable_i = *tb->cfg_key_valid_i = *tb->cfg_options_i = 1;
  *tb->cfg_syn_retries_i = 3;
  *tb->cfg_rto_initial_us_i = RTO_US;
  *tb->cfg_rto_max_us_i = RTO_MAX_US;
  *tb->cfg_time_wait_us_i = TIME_WAIT_US;
  *tb->cfg_rx_ring_log2_i = 18;
  *tb->cfg_syn_cookies_i = 1;
  *tb->cfg_cookie_key_valid_i = 0; /* no cookies but where a test wants them */
  *tb->cfg_cookie_high_i = CACHE_SIZE;
  *tb->cfg_cookie_low_i = 0;
  *tb->seg_valid_i = *tb->cmd_valid_i = 0;
  *tb->unlink_valid_i = *tb->time_wait_valid_i = *tb->free_valid_i = 0;
  *tb->rx_ev_ready_i = *tb->tx_ready_i = *tb->ntf_ready_i = *tb->cmd_ev_ready_i = 0;
  tb_tb_flow_reset(tb);
  cr_assert_not(*tb->idle_o, "the tables are being cleared");
  bench_settle(b);
  cr_assert_not(*tb->deadline_valid_o);
  return b;
}

/** Ends the bench; everything that came out must have been taken by the test, drops included. */
static inline void bench_delete(bench_t *b) {
  cr_expect_eq(b->next_event, b->num_events, "an event nobody expected");
  cr_expect_eq(b->next_sent, b->num_sent, "an answer nobody expected");
  cr_expect_eq(b->next_ntf, b->num_ntfs, "a notification nobody expected");
  cr_expect_eq(b->next_passed, b->num_passed, "a command passed on that nobody expected");
  for (unsigned i = 0; i < NUM_DROPS; i++) cr_expect_eq(b->drops[i], 0, "drop reason %u", i);
  cr_expect_eq(b->cookies_sent, 0, "cookies nobody expected");
  cr_expect_eq(b->cookies_accepted, 0);
  cr_expect_eq(b->cookies_refused, 0);
  coverage_drops(b->covered);
  tb_tb_flow_delete(b->tb);
  free(b);
}

/** Sets the segment ports, without valid. */
static inline void bench_set_seg(bench_t *b, const seg_t *s) {
  tb_tb_flow_t *tb = b->tb;

  *tb->seg_remote_ip_i = s->ip != 0 ? s->ip : PEER_IP;
  *tb->seg_remote_port_i = s->rport;
  *tb->seg_local_port_i = s->lport != 0 ? s->lport : PORT;
  *tb->seg_src_mac_i = PEER_MAC;
  *tb->seg_seq_i = s->seq;
  *tb->seg_ack_i = s->ack;
  *tb->seg_flags_i = s->flags;
  *tb->seg_payload_len_i = s->len;
  *tb->seg_mss_valid_i = s->mss != 0;
  *tb->seg_mss_i = s->mss;
  *tb->seg_wscale_valid_i = s->wscale != 0;
  *tb->seg_wscale_i = (uint8_t)(s->wscale != 0 ? s->wscale - 1 : 0);
  *tb->seg_sack_permitted_i = s->sack;
  *tb->seg_ts_valid_i = s->ts;
  *tb->seg_ts_val_i = s->ts_val;
  *tb->seg_ts_ecr_i = s->ts_ecr;
}

/** Offers a segment until it is taken; returns the cycle in which it was first offered. */
static inline uint64_t bench_offer(bench_t *b, seg_t s) {
  const uint64_t start = b->tb->cycles;
  bool taken = false;

  bench_set_seg(b, &s);
  *b->tb->seg_valid_i = 1;
  while (!taken) {
    tb_tb_flow_eval(b->tb);
    taken = *b->tb->seg_ready_o;
    bench_tick(b);
    cr_assert_lt(b->tb->cycles, start + 20000, "segment never taken");
  }
  *b->tb->seg_valid_i = 0;
  return start;
}

/** bench_offer and bench_settle. */
static inline void bench_send(bench_t *b, seg_t s) {
  bench_offer(b, s);
  bench_settle(b);
}

/** Offers a command until it is taken, and ticks once. */
static inline void bench_command(bench_t *b, uint8_t op, uint16_t conn, uint32_t value,
                                 uint64_t key, uint32_t tag) {
  const uint64_t start = b->tb->cycles;
  bool taken = false;

  *b->tb->cmd_op_i = op;
  *b->tb->cmd_conn_i = conn;
  *b->tb->cmd_value_i = value;
  *b->tb->cmd_tag_i = tag;
  *b->tb->cmd_remote_ip_i = (uint32_t)(key >> 32);
  *b->tb->cmd_remote_port_i = (uint16_t)(key >> 16);
  *b->tb->cmd_local_port_i = (uint16_t)key;
  *b->tb->cmd_valid_i = 1;
  while (!taken) {
    tb_tb_flow_eval(b->tb);
    taken = *b->tb->cmd_ready_o;
    bench_tick(b);
    cr_assert_lt(b->tb->cycles, start + 20000, "command never taken");
  }
  *b->tb->cmd_valid_i = 0;
}

/** Starts listening on PORT. */
static inline void bench_listen(bench_t *b, uint16_t backlog) {
  bench_command(b, CMD_LISTEN, 0, backlog, PORT, 0);
  bench_settle(b);
}

/** The next event, answer, notification, passed command; fails when there is none. */
static inline event_t bench_event(bench_t *b) {
  cr_assert_lt(b->next_event, b->num_events, "no event");
  return b->events[b->next_event++];
}

static inline sent_t bench_sent(bench_t *b) {
  cr_assert_lt(b->next_sent, b->num_sent, "no answer");
  return b->sent[b->next_sent++];
}

static inline ntf_t bench_ntf(bench_t *b) {
  cr_assert_lt(b->next_ntf, b->num_ntfs, "no notification");
  return b->ntfs[b->next_ntf++];
}

static inline passed_t bench_passed(bench_t *b) {
  cr_assert_lt(b->next_passed, b->num_passed, "no command passed on");
  return b->passed[b->next_passed++];
}

/** The next event is of @p kind and opens nothing. */
static inline event_t bench_expect_event(bench_t *b, uint8_t kind) {
  const event_t ev = bench_event(b);
  cr_expect_eq(ev.kind, kind, "event %u, expected %u", ev.kind, kind);
  cr_expect_not(ev.open);
  return ev;
}

/** @p reason was counted once more; bench_delete() finds what was counted and not expected. */
static inline void bench_expect_drop(bench_t *b, unsigned reason) {
  cr_expect_eq(b->drops[reason], 1, "drop reason %u counted %u times", reason, b->drops[reason]);
  b->drops[reason] = 0;
}

/** The next answer is a plain ACK. */
static inline void bench_expect_ack(bench_t *b, uint16_t rport, uint32_t seq, uint32_t ack) {
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.flags, ACK);
  cr_expect_eq(a.key, peer_key(rport));
  cr_expect_eq(a.mac, PEER_MAC);
  cr_expect_eq(a.seq, seq);
  cr_expect_eq(a.ack, ack);
  cr_expect_not(a.mss_valid);
  cr_expect_not(a.wscale_valid);
  cr_expect_not(a.sack);
}

/** The next answer is a SYN-ACK; returns its sequence number. */
static inline uint32_t bench_expect_syn_ack(bench_t *b, uint16_t rport, uint32_t irs) {
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.flags, SYN | ACK);
  cr_expect_eq(a.key, peer_key(rport));
  cr_expect_eq(a.mac, PEER_MAC);
  cr_expect_eq(a.ack, irs + 1);
  return a.seq;
}

/** SYN and SYN-ACK of peer port @p rport with sequence number @p irs; returns our iss. */
static inline uint32_t bench_half_open(bench_t *b, uint16_t rport, uint32_t irs) {
  bench_send(b, (seg_t){.rport = rport, .seq = irs, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  return bench_expect_syn_ack(b, rport, irs);
}

/** The ACK that ends the handshake; returns the connection. */
static inline uint16_t bench_complete(bench_t *b, uint16_t rport, uint32_t irs, uint32_t iss) {
  bench_send(b, (seg_t){.rport = rport, .seq = irs + 1, .ack = iss + 1, .flags = ACK});
  const event_t ev = bench_event(b);
  cr_assert_eq(ev.kind, EV_SEGMENT);
  cr_assert(ev.open);
  cr_expect_eq(ev.iss, iss);
  cr_expect_eq(ev.irs, irs);
  return ev.conn;
}

/** The whole handshake; returns the connection. */
static inline uint16_t bench_open(bench_t *b, uint16_t rport, uint32_t irs) {
  return bench_complete(b, rport, irs, bench_half_open(b, rport, irs));
}

/* Ticks until *ready, which answers *valid. */
static inline void bench_give(bench_t *b, uint8_t *valid, const uint8_t *ready) {
  const uint64_t start = b->tb->cycles;
  bool taken = false;

  *valid = 1;
  while (!taken) {
    tb_tb_flow_eval(b->tb);
    taken = *ready;
    bench_tick(b);
    cr_assert_lt(b->tb->cycles, start + 40, "what is given back is always taken");
  }
  *valid = 0;
}

/** Takes a flow out of the table. */
static inline void bench_unlink(bench_t *b, uint64_t key) {
  *b->tb->unlink_key_i = key;
  *b->tb->unlink_hash_i = (uint32_t)hash_of_key(key);
  bench_give(b, b->tb->unlink_valid_i, b->tb->unlink_ready_o);
}

/* Sets the ports of a TIME-WAIT record, without valid. */
static inline void bench_set_time_wait(bench_t *b, uint64_t key, uint32_t snd_nxt, uint32_t rcv_nxt,
                                       bool ts_ok, uint32_t ts_recent) {
  *b->tb->time_wait_key_i = key;
  *b->tb->time_wait_hash_i = (uint32_t)hash_of_key(key);
  *b->tb->time_wait_snd_nxt_i = snd_nxt;
  *b->tb->time_wait_rcv_nxt_i = rcv_nxt;
  *b->tb->time_wait_ts_ok_i = ts_ok;
  *b->tb->time_wait_ts_recent_i = ts_recent;
}

/** Puts a TIME-WAIT record in. */
static inline void bench_time_wait(bench_t *b, uint64_t key, uint32_t snd_nxt, uint32_t rcv_nxt,
                                   bool ts_ok, uint32_t ts_recent) {
  bench_set_time_wait(b, key, snd_nxt, rcv_nxt, ts_ok, ts_recent);
  bench_give(b, b->tb->time_wait_valid_i, b->tb->time_wait_ready_o);
}

/** Gives a connection back. */
static inline void bench_free(bench_t *b, uint16_t conn) {
  *b->tb->free_conn_i = conn;
  bench_give(b, b->tb->free_valid_i, b->tb->free_ready_o);
}

#endif
