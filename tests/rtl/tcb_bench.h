/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_tcb and its neighbours: a peer and a host for each connection, outputs taken in any pattern.
 */
#ifndef TOE_TESTS_TCB_BENCH_H
#define TOE_TESTS_TCB_BENCH_H

#include <criterion/criterion.h>
#include <string.h>

#include "tb.h"
#include "tb_tb_tcb.h"

enum {
  CONNS = 16,
  TIMEOUT_CYCLES = 200000,
  SENDS_KEPT = 4,
};

/* tcb_event_e */
enum { EV_SEGMENT, EV_NO_CONN, EV_DISCARD, EV_COMMAND, EV_TIMER, EV_SEND, EV_NOTIFY };

/* cmd_op_e */
enum {
  CMD_SEND = 4,
  CMD_RECEIVED = 5,
  CMD_SHUTDOWN = 6,
  CMD_ABORT = 7,
  CMD_RELEASE = 8,
  CMD_QUERY = 9,
};

/* tcp_flags_t */
enum { FIN = 1, RST = 4, ACK = 16 };

/* ntf_flags_t */
enum {
  NTF_ACCEPTED = 1 << 3,
  NTF_DATA = 1 << 4,
  NTF_CLOSED = 1 << 7,
  NTF_INFO = 1 << 9,
  NTF_REFUSED = 1 << 11,
};

/* What was seen of one connection. */
struct seen {
  uint32_t peer_nxt;  /* next octet that the peer sends */
  uint32_t snd_nxt;   /* next octet that the engine has not sent yet */
  uint32_t snd_end;   /* one past what the host has queued */
  uint32_t rcv_nxt;   /* as the last notification said */
  uint32_t segments;  /* from the engine */
  uint32_t rsts;      /* of these with RST */
  uint32_t repeated;  /* of these with octets sent before */
  uint32_t ntf_flags; /* of all notifications together */
  bool in_time_wait, unlinked, freed;
};

/* A segment that waits for its verdict. */
struct expected {
  bool keep; /* the peer is sure that it fits */
  uint16_t conn;
  uint32_t seq, len;
};

struct bench {
  tb_tb_tcb_t *tb;
  tb_rng_t rng;
  struct seen seen[CONNS];
  tb_gate_t verdict, tx, ntf, ending; /* how the outputs are taken */
  bool mac_stalled, host_stalled;     /* and these not at all */
  struct expected expected[256];      /* a ring */
  uint32_t segments, verdicts;        /* in and out */
  uint32_t keeps, ntfs, refused;
  uint32_t last_reason, last_tag;
  bool slow_memory; /* delivered_count_i is the test's business */
  uint32_t traced;
  uint64_t sends[SENDS_KEPT]; /* cycles in which the last EvSends showed, newest first */
};

static inline uint32_t iss_of(uint16_t conn) {
  return 0xfffff000u + 77u * conn;
}

static inline uint32_t irs_of(uint16_t conn) {
  return 0xffffe000u + 991u * conn;
}

/* Waits out the cycles in which the engine forgets all connections. */
static inline void start_bench(struct bench *b) {
  *b->tb->rx_valid_i = *b->tb->cmd_valid_i = 0;
  *b->tb->verdict_ready_i = *b->tb->tx_ready_i = *b->tb->ntf_ready_i = 0;
  *b->tb->unlink_ready_i = *b->tb->time_wait_ready_i = *b->tb->free_ready_i = 0;
  *b->tb->delivered_count_i = 0;
  tb_tb_tcb_reset(b->tb);
  for (int n = 0; n <= CONNS && !*b->tb->idle_o; n++) tb_tb_tcb_tick(b->tb);
  cr_assert_eq(*b->tb->idle_o, 1, "idle after reset");
}

static inline struct bench *new_bench(void) {
  struct bench *b = calloc(1, sizeof *b);
  b->tb = tb_tb_tcb_new(tb_seed());
  b->rng = tb_rng(tb_seed());
  *b->tb->now_us_i = 1000000;
  start_bench(b);
  return b;
}

static inline void delete_bench(struct bench *b) {
  tb_tb_tcb_delete(b->tb);
  free(b);
}

static inline void see_verdict(struct bench *b) {
  tb_tb_tcb_t *tb = b->tb;
  struct expected *e = &b->expected[b->verdicts++ % 256];
  cr_assert_leq(b->verdicts, b->segments, "a verdict for no segment");
  b->keeps += *tb->verdict_keep_o;
  if (!b->slow_memory) *tb->delivered_count_i = (uint16_t)b->keeps;
  if (!e->keep) return;
  cr_assert(*tb->verdict_keep_o, "segment %u of connection %u", b->verdicts, e->conn);
  cr_assert_eq(*tb->verdict_conn_o, e->conn, "segment %u", b->verdicts);
  cr_assert_eq(*tb->verdict_seq_o, e->seq, "segment %u", b->verdicts);
  cr_assert_eq(*tb->verdict_len_o, e->len, "segment %u", b->verdicts);
  cr_assert_eq(*tb->verdict_skip_o, 0, "segment %u", b->verdicts);
}

static inline void see_tx(struct bench *b) {
  tb_tb_tcb_t *tb = b->tb;
  uint16_t conn = *tb->tx_conn_o;
  if (conn >= CONNS) return;
  struct seen *seen = &b->seen[conn];
  uint32_t end = *tb->tx_seq_o + *tb->tx_len_o;
  seen->segments++;
  if (*tb->tx_flags_o & RST) seen->rsts++;
  if (*tb->tx_len_o == 0) return;
  if (*tb->tx_seq_o == seen->snd_nxt)
    seen->snd_nxt = end;
  else
    seen->repeated++;
}

static inline void see_ntf(struct bench *b) {
  tb_tb_tcb_t *tb = b->tb;
  uint16_t conn = *tb->ntf_conn_o;
  b->ntfs++;
  if (*tb->ntf_flags_o & NTF_REFUSED) {
    b->refused++;
    b->last_reason = *tb->ntf_reason_o;
    b->last_tag = *tb->ntf_tag_o;
    return;
  }
  cr_assert_lt(conn, CONNS);
  b->seen[conn].ntf_flags |= *tb->ntf_flags_o;
  b->seen[conn].rcv_nxt = *tb->ntf_rcv_nxt_o;
}

static inline void see_ending(struct bench *b) {
  tb_tb_tcb_t *tb = b->tb;
  cr_assert_leq(*tb->time_wait_valid_o + *tb->unlink_valid_o + *tb->free_valid_o, 1);
  if (*tb->time_wait_valid_o && *tb->time_wait_ready_i) {
    struct seen *seen = &b->seen[*tb->time_wait_port_o - 1000];
    cr_assert_not(seen->unlinked || seen->in_time_wait, "time_wait comes first, once");
    seen->in_time_wait = true;
  }
  if (*tb->unlink_valid_o && *tb->unlink_ready_i) {
    struct seen *seen = &b->seen[*tb->unlink_port_o - 1000];
    cr_assert_eq(*tb->unlink_hash_o, 0xbeef0000u + *tb->unlink_port_o - 1000);
    cr_assert_not(seen->unlinked, "unlink comes once");
    seen->unlinked = true;
  }
  if (*tb->free_valid_o && *tb->free_ready_i) {
    struct seen *seen = &b->seen[*tb->free_conn_o];
    cr_assert(seen->unlinked && !seen->freed, "free comes last, once");
    seen->freed = true;
  }
}

static inline void see_trace(struct bench *b) {
  if (!*b->tb->trace_valid_o) return;
  b->traced++;
  if (*b->tb->trace_kind_o != EV_SEND) return;
  memmove(&b->sends[1], &b->sends[0], (SENDS_KEPT - 1) * sizeof b->sends[0]);
  b->sends[0] = b->tb->cycles;
}

/* One cycle. */
static inline void cycle(struct bench *b) {
  tb_tb_tcb_t *tb = b->tb;
  *tb->verdict_ready_i = tb_gate_next(&b->verdict, &b->rng);
  *tb->tx_ready_i = !b->mac_stalled && tb_gate_next(&b->tx, &b->rng);
  *tb->ntf_ready_i = !b->host_stalled && tb_gate_next(&b->ntf, &b->rng);
  *tb->unlink_ready_i = tb_gate_next(&b->ending, &b->rng);
  *tb->time_wait_ready_i = tb_gate_next(&b->ending, &b->rng);
  *tb->free_ready_i = tb_gate_next(&b->ending, &b->rng);
  tb_tb_tcb_eval(tb);
  see_trace(b);
  if (*tb->verdict_valid_o && *tb->verdict_ready_i) see_verdict(b);
  if (*tb->tx_valid_o && *tb->tx_ready_i) see_tx(b);
  if (*tb->ntf_valid_o && *tb->ntf_ready_i) see_ntf(b);
  see_ending(b);
  bool rx_taken = *tb->rx_valid_i && *tb->rx_ready_o;
  bool cmd_taken = *tb->cmd_valid_i && *tb->cmd_ready_o;
  tb_tb_tcb_tick(tb);
  if (rx_taken) *tb->rx_valid_i = 0;
  if (cmd_taken) *tb->cmd_valid_i = 0;
}

/* Offers a segment; the caller sees to it that the last one was taken. */
static inline void offer_segment(struct bench *b, uint8_t kind, uint16_t conn, uint32_t seq,
                                 uint32_t ack, uint8_t flags, uint16_t len) {
  tb_tb_tcb_t *tb = b->tb;
  *tb->rx_valid_i = 1;
  *tb->rx_kind_i = kind;
  *tb->rx_conn_i = conn;
  *tb->rx_open_i = 0;
  *tb->rx_seq_i = seq;
  *tb->rx_ack_i = ack;
  *tb->rx_flags_i = flags;
  *tb->rx_len_i = len;
  b->expected[b->segments++ % 256] =
      (struct expected){kind == EV_SEGMENT && len > 0, conn, seq, len};
  cr_assert_leq(b->segments - b->verdicts, 256u, "segments without a verdict");
}

/* Offers the peer's next data, with an acknowledgement of all that it has seen. */
static inline void offer_data(struct bench *b, uint16_t conn, uint16_t len) {
  struct seen *seen = &b->seen[conn];
  offer_segment(b, EV_SEGMENT, conn, seen->peer_nxt, seen->snd_nxt, ACK, len);
  seen->peer_nxt += len;
}

static inline void offer_command(struct bench *b, uint8_t op, uint16_t conn, uint32_t value) {
  *b->tb->cmd_valid_i = 1;
  *b->tb->cmd_op_i = op;
  *b->tb->cmd_conn_i = conn;
  *b->tb->cmd_value_i = value;
  *b->tb->cmd_tag_i = 0x70000000u + b->refused;
}

/* The host has written more octets to send. */
static inline void offer_send(struct bench *b, uint16_t conn, uint32_t len) {
  b->seen[conn].snd_end += len;
  offer_command(b, CMD_SEND, conn, b->seen[conn].snd_end);
}

/* Until everything offered was taken. */
static inline void wait_taken(struct bench *b) {
  for (int n = 0; *b->tb->rx_valid_i || *b->tb->cmd_valid_i; n++) {
    cr_assert_lt(n, TIMEOUT_CYCLES, "not taken");
    cycle(b);
  }
}

/* Until the engine is idle and the host has every notification; timers may be running. */
static inline void wait_idle(struct bench *b) {
  wait_taken(b);
  for (int n = 0; !*b->tb->idle_o || *b->tb->ntf_valid_o; n++) {
    cr_assert_lt(n, TIMEOUT_CYCLES, "not idle");
    cycle(b);
  }
}

/* The ACK that completes a handshake: the connection is ESTABLISHED when the engine is idle. */
static inline void offer_open(struct bench *b, uint16_t conn) {
  struct seen *seen = &b->seen[conn];
  *seen = (struct seen){0};
  seen->peer_nxt = irs_of(conn) + 1;
  seen->snd_nxt = seen->snd_end = iss_of(conn) + 1;
  seen->rcv_nxt = seen->peer_nxt;
  offer_data(b, conn, 0);
  *b->tb->rx_open_i = 1;
  *b->tb->rx_iss_i = iss_of(conn);
  *b->tb->rx_irs_i = irs_of(conn);
}

static inline void open_all(struct bench *b) {
  for (uint16_t conn = 0; conn < CONNS; conn++) {
    offer_open(b, conn);
    wait_taken(b);
  }
  wait_idle(b);
}

#endif
