/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of libtoe share.
 *
 * Rules inside: a connection's struct lives in a pool that is allocated at open, so news of a
 * connection always finds one.  It goes back to the pool when both the user has let go of the
 * handle and the engine has given its control block back (or never gave one).
 */
#ifndef TOE_INTERNAL_H
#define TOE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/toe_transport.h"
#include "toe/toe.h"
#include "toe/toe_regs.h"

enum {
  TOE_NO_CONN_ID = -1,
  TOE_PORT_TRIES = 16,    /* random local ports tried before a connect is refused */
  TOE_PORT_FIRST = 32768, /* of the range of random local ports */
  TOE_PORT_COUNT = 60999 - 32768 + 1,
};

/* Tags of commands: 0 where no answer is expected, index + 1 of the connection for a connect,
 * this bit and a count for those that the caller waits for. */
static const uint32_t kSyncTag = UINT32_C(1) << 31;

/* Register reads, or notifications of other things, after which an engine that does not answer is
 * lost.  Fuzzers have less patience. */
#ifndef TOE_PATIENCE
#define TOE_PATIENCE 200000
#endif

/* Life of a connection, as the library sees it. */
enum conn_phase {
  CONN_FREE,       /* in the pool */
  CONN_ASKED,      /* the engine has not answered the connect: no number yet */
  CONN_CONNECTING, /* has a number, SYN sent */
  CONN_OPEN,       /* handshake complete; either direction may have ended */
  CONN_ENDED,      /* closed notification seen, or connect refused */
};

/* What is still to be told to the engine about a connection. */
enum pending {
  PENDING_CONNECT = 1 << 0,
  PENDING_OPTS = 1 << 1,
  PENDING_URGENT = 1 << 2,
  PENDING_SEND = 1 << 3,
  PENDING_RECEIVED = 1 << 4,
  PENDING_SHUTDOWN = 1 << 5,
  PENDING_ABORT = 1 << 6,
  PENDING_QUERY = 1 << 7,
  PENDING_RELEASE = 1 << 8,
};

/* Link of a doubly linked list with a head of the same type; unlinked: both NULL. */
struct link {
  struct link *next, *prev;
};

/* First in every object that can be ready. */
struct source {
  struct link link; /* in engine->ready */
  uint64_t tag;
  bool is_listener;
};

struct toe_conn {
  struct source source;
  struct toe_engine *engine;
  struct link dirty;  /* in engine->dirty: pending != 0 */
  struct link member; /* in engine->orphans, or in listener->backlog, or in engine->pool */
  enum conn_phase phase;
  int32_t id; /* the engine's number, or TOE_NO_CONN_ID */
  uint32_t remote_ip;
  uint16_t remote_port, local_port;
  uint16_t port_tries; /* left, for random local ports */
  uint16_t pending;    /* enum pending */
  bool unaccepted;     /* in listener->backlog: the user does not know it yet */
  bool orphan;         /* the user has let go */
  bool shut_down;      /* FIN is queued */
  bool peer_closed;    /* rcv_end is final */
  bool room_wanted;    /* a send did not find enough room: say when there is some */
  bool linger_zero;
  bool more_used;  /* TOE_MORE: the engine corks, and what may go carries push */
  bool push;       /* the next CmdSend does */
  bool asked_info; /* a query is on its way: no release before its answer */
  bool info_valid; /* engine->info answers the query of this connection */
  bool troubled;   /* trouble has something that the user has not taken */
  struct toe_trouble trouble;
  int error;     /* pending error, 0 or negative */
  uint32_t opts; /* TOE_OPTS_ bits as the user set them */
  uint32_t user_timeout_us;
  uint8_t dscp;
  uint16_t snd_mss;
  uint32_t iss, irs;
  uint32_t snd_una;            /* oldest octet in the transmit ring */
  uint32_t snd_end;            /* one past the last octet written to it */
  uint32_t urgent_end;         /* value of the pending urgent CmdSend */
  uint32_t rcv_read;           /* one past the last octet that the user has read */
  uint32_t rcv_reported;       /* the same, as far as the engine was told */
  uint32_t rcv_end;            /* one past the last octet in the receive ring */
  uint32_t rcv_up;             /* one past the last urgent octet */
  uint64_t orphan_deadline_us; /* UINT64_MAX: none */
};

struct toe_listener {
  struct source source;
  struct toe_engine *engine;
  struct link member; /* in engine->listeners */
  struct link backlog;
  uint16_t port;
};

struct toe_monitor;

struct capture {
  toe_capture_fn *fn; /* NULL: none */
  void *user;
};

struct toe_engine {
  struct toe_transport transport;
  bool gone;

  uint32_t data_width, num_conns, num_listeners;
  uint32_t rx_ring_log2, tx_ring_log2;
  uint64_t tx_base; /* octet address of the first transmit ring */
  uint32_t local_ip, netmask;
  uint64_t orphan_timeout_us;
  uint8_t dscp; /* that connections begin with */

  struct toe_conn *conns;  /* conns[2 * num_conns] */
  struct toe_conn **by_id; /* by_id[num_conns], NULL: free */
  uint32_t without_id;     /* structs in use that have no number; at most num_conns */
  struct link pool;
  struct link dirty;
  struct link orphans;
  struct link listeners;
  struct link ready;

  /* Submission ring. */
  uint16_t sq_tail, sq_head; /* tail as written here, head as last read */
  uint16_t sq_rung;          /* tail as last told to the engine */
  uint32_t sq[TOE_SQ_DEPTH * TOE_CMD_WORDS];
  uint16_t cq_head;

  /* Answers that a caller waits for. */
  uint32_t sync_count;  /* makes tags */
  uint32_t sync_tag;    /* of the command */
  uint32_t barrier_tag; /* of the command behind it, which is always refused */
  enum toe_reason sync_reason;
  bool sync_done;
  struct toe_conn_info info;

  struct toe_monitor *monitor;    /* NULL: none */
  struct capture capture;         /* the program's */
  struct capture monitor_capture; /* that of who watches */

  uint64_t random; /* state of the local port numbers */
  uint32_t late_commands;

  uint32_t counter_last[TOE_HW_COUNTER_COUNT];
  uint64_t counter_total[TOE_HW_COUNTER_COUNT];
  uint64_t counters_due_us;
};

/* A command, by names. */
struct command {
  enum toe_cmd_op op;
  uint8_t flags;
  uint16_t conn;
  uint32_t user_timeout_us, remote_ip;
  uint16_t remote_port, local_port;
  uint32_t tag, value, opts;
};

/* Flags of CmdSend. */
enum { SEND_URGENT = 1 << 0, SEND_PUSH = 1 << 1 };

/* Byte offset of a register. */
#define TOE_REG(name) ((uint32_t)offsetof(toe_regs_t, name))

/* ---- Sequence numbers ----------------------------------------------------------------------- */

/* a before b on the sequence circle (RFC 9293 section 3.4). */
static inline bool seq_lt(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

#define TOE_CONTAINER(type, field, pointer) ((type *)((char *)(pointer)-offsetof(type, field)))

static inline void list_init(struct link *head) {
  head->next = head->prev = head;
}

static inline bool list_empty(const struct link *head) {
  return head->next == head;
}

static inline bool list_linked(const struct link *link) {
  return link->next != NULL;
}

static inline void list_append(struct link *head, struct link *link) {
  link->prev = head->prev;
  link->next = head;
  head->prev->next = link;
  head->prev = link;
}

/* Nothing happens when it is in no list. */
static inline void list_remove(struct link *link) {
  if (!list_linked(link)) return;
  link->prev->next = link->next;
  link->next->prev = link->prev;
  link->next = link->prev = NULL;
}

/* ---- engine.c ------------------------------------------------------------------------------- */

/* Engine lost: every later call says so.  Returns TOE_ERR_GONE. */
int engine_gone(struct toe_engine *engine);
int reg_read(struct toe_engine *engine, uint32_t offset, uint32_t *values, size_t count);
int reg_write(struct toe_engine *engine, uint32_t offset, const uint32_t *values, size_t count);
int reg_write1(struct toe_engine *engine, uint32_t offset, uint32_t value);

/* toe_process() up to a point in the engine's time (UINT64_MAX: no limit). */
int process_until(struct toe_engine *engine, uint64_t deadline_us);

/* The engine's time timeout_us from now; negative: UINT64_MAX. */
uint64_t deadline_after(struct toe_engine *engine, int64_t timeout_us);

/* Takes notifications without waiting until *done; the engine answers commands in a few cycles. */
int poll_answer(struct toe_engine *engine, const bool *done);

/* ---- config.c ------------------------------------------------------------------------------- */

/* Fills what is zero with what the engine's registers hold.  0 or TOE_ERR_GONE. */
int config_adopt(struct toe_engine *engine, struct toe_config *config);
/* What is wrong with a configuration, NULL: nothing. */
const char *config_complaint(const struct toe_config *config);
/* Writes it to an engine that is not enabled, the key last. */
int config_write(struct toe_engine *engine, const struct toe_config *config);

/* ---- rings.c -------------------------------------------------------------------------------- */

/* Puts one command into the ring.  False when it is full. */
bool sq_put(struct toe_engine *engine, const struct command *command);
/* Tells the engine of what sq_put() has put. */
int sq_ring(struct toe_engine *engine);
/* Takes the notifications that are there, a ring's worth at most: how many, or TOE_ERR_GONE. */
int cq_drain(struct toe_engine *engine);

/* ---- submit.c ------------------------------------------------------------------------------- */

/* Notes what is to be told about a connection; flush() tells it. */
void conn_pend(struct toe_conn *conn, unsigned pending);
/* Everything that is pending, as far as the ring has room.  0 or TOE_ERR_GONE. */
int flush(struct toe_engine *engine);
/* Sends a command of no connection and waits for the engine's answer: 0 or an error. */
int command_sync(struct toe_engine *engine, struct command *command);

/* ---- notify.c ------------------------------------------------------------------------------- */

/* One notification: TOE_NTF_WORDS words, the upper half only where ntf_is_long(). */
void dispatch(struct toe_engine *engine, const uint32_t *words);
bool ntf_is_long(uint32_t word0);
int error_of_reason(enum toe_reason reason);

/* ---- conn.c, open.c ------------------------------------------------------------------------- */

struct toe_conn *conn_new(struct toe_engine *engine);
void conn_set_id(struct toe_conn *conn, int32_t id);
/* Ends it for the user, or gives it back when the user has let go. */
void conn_ended(struct toe_conn *conn, int error);
/* Back to the pool; its control block is released or was never there. */
void conn_free(struct toe_conn *conn);
/* The user lets go: FIN or, with reset, RST. */
void conn_orphan(struct toe_conn *conn, bool reset);
/* The engine refused its connect. */
void connect_refused(struct toe_conn *conn, enum toe_reason reason);
/* Aborts orphans that wait for a FIN too long; when to look again, UINT64_MAX: never. */
uint64_t orphans_check(struct toe_engine *engine);

/* ---- ready.c -------------------------------------------------------------------------------- */

/* Queues an event of a connection or listener, once. */
void source_ready(struct toe_engine *engine, struct source *source);

/* ---- monitor.c ------------------------------------------------------------------------------ */

/* Answers who has asked; nothing to do without a monitor. */
void monitor_serve(struct toe_engine *engine);
void monitor_close(struct toe_engine *engine);

/* ---- capture.c ------------------------------------------------------------------------------ */

/* The monitor's own toe_capture(). */
int capture_for_monitor(struct toe_engine *engine, toe_capture_fn *fn, void *user);

/* ---- counters.c ----------------------------------------------------------------------------- */

/* Adds what the counters have gained since last time.  0 or TOE_ERR_GONE. */
int counters_update(struct toe_engine *engine);

#endif
