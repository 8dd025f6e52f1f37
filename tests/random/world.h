/* SPDX-License-Identifier: Apache-2.0
 *
 * The random testbench: two engines, the links between them, the programs on their hosts and
 * somebody who means ill.  One round is one such world from its creation to its end; everything in
 * it follows from SEED and the number of the round.
 */
#ifndef TOE_TESTS_WORLD_H
#define TOE_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coverage.h"
#include "frame.h"
#include "tb.h"
#include "toe/toe.h"
#include "toe/toe_net.h"
#include "toe_structs.h"

enum {
  WORLD_FLOWS = 160, /* connections of a round at most */
  WORLD_LISTENERS = 3,
  WORLD_FIRST_PORT = 7000,
  WORLD_HEARD = 32, /* frames that the hostile one remembers of each side */
  WORLD_GRID_NS = 10,
  WORLD_CHUNK = 9000, /* octets of a call at most */
  ICMP_TYPES = 13     /* more than the highest type that is an error */
};

#define WORLD_NEVER UINT64_MAX

/** How a program on the host ends its connection. */
typedef enum ending {
  ENDING_SHUTDOWN,    /**< half-close when all is sent, then waits for the peer's end */
  ENDING_LAST,        /**< closes after the peer has closed */
  ENDING_CLOSE,       /**< closes as soon as all is sent */
  ENDING_LINGER_ZERO, /**< the same, with RST */
  ENDING_ABORT,       /**< aborts somewhere on the way */
  ENDING_COUNT
} ending_t;

/** Where one end of a connection stands. */
typedef enum phase {
  PHASE_NONE,    /**< no connection was seen */
  PHASE_OPENING, /**< toe_connect() was called */
  PHASE_OPEN,
  PHASE_GONE /**< the handle was given back */
} phase_t;

struct flow;
struct side;

/** One end of a connection, and the program that uses it. */
typedef struct end {
  struct side *side;
  struct flow *flow;
  struct toe_conn *conn;
  phase_t phase;
  ending_t ending;
  uint64_t goal; /* octets that it wants to send */
  uint64_t sent, received;
  uint32_t chunk;        /* octets of a call at most */
  uint32_t pause_ppm;    /* chance after a call that the program sleeps */
  uint64_t pause_max_ns; /* for so long at most */
  uint64_t wake_ns;      /* when it looks again, unless there is news before */
  uint64_t patience_ns;  /* ENDING_LAST waits for so long at most */
  uint64_t progress_ns;  /* when it last could do something */
  bool opened;           /* the handshake was seen to be complete */
  bool impatient;        /* it has set a user timeout or keep-alive */
  bool shut;             /* toe_shutdown() was called, after .sent octets */
  bool closed;           /* toe_conn_close() was called with nothing unread, after .sent octets */
  bool cut;              /* it reset the connection, or may have */
  bool eof;              /* it has read the peer's end */
  bool finished;         /* told of an orderly end of both directions */
  int error;             /* that it was told */
  uint16_t icmp_codes[ICMP_TYPES]; /* bit c: an ICMP error of this type and code c was about it */
} end_t;

/** Longer than all retransmissions of a segment take. */
#define WORLD_PATIENCE_NS UINT64_C(30000000000)

/** True when no program uses this end. */
static inline bool end_is_over(const end_t *end) {
  return end->phase == PHASE_NONE || end->phase == PHASE_GONE;
}

/** What the wire has shown of one direction. */
typedef struct heard {
  bool iss_known;
  uint32_t iss;
  uint32_t seq_end; /* one past the highest octet seen, relative to iss */
  uint32_t ack;     /* highest acknowledgement, relative to the other's iss */
  uint16_t wnd;
  bool has_ts;
  uint32_t ts_val, ts_ecr;
} heard_t;

/** One connection. */
typedef struct flow {
  unsigned number;
  uint16_t ports[2]; /* by side */
  bool simultaneous;
  unsigned opener;
  bool listened_on; /* its port was, when it was opened */
  bool attacked;    /* a RST that must be obeyed was sent to one end */
  end_t ends[2];    /* by side */
  heard_t heard[2];
} flow_t;

/** Whose a connection number is, apart from now. */
typedef struct owner {
  rtl_flow_key_t former; /* the one before */
  bool promised;         /* a segment for the next one came before the command that opens it */
  rtl_flow_key_t next;
} owner_t;

/** What is watched for the latency of one answer. */
typedef struct probe {
  bool armed;
  uint64_t in_ns; /* when the frame was handed over */
  uint64_t in_beats;
  uint16_t local_port, remote_port;
  bool is_syn;
  bool answered_at_once; /* the event asked for an acknowledgement */
} probe_t;

/** One engine, its host, and the wire that it sends on. */
typedef struct side {
  struct world *world;
  unsigned number;
  struct toe_config config;
  struct toe_sim *sim;
  struct toe_engine *engine;
  struct toe_link *link;     /* to the other side */
  struct toe_link *arp_link; /* for ARP: an error in it has no checksum to show it */
  struct toe_listener *listeners[WORLD_LISTENERS];
  uint64_t stalled_until_ns;
  uint64_t listen_again_ns;
  uint32_t free_conns;
  probe_t probe;
  uint64_t segment_events; /* seen on the trace port */
  owner_t *owners;         /* of every connection number */
  coverage_t coverage;
  FILE *coverage_file; /* NULL: nobody asks */
  uint64_t frames_to_itself;
  uint32_t heard_count;
  frame_t *heard; /* the last frames that it sent, WORLD_HEARD of them */
} side_t;

/** What the links and the hosts of a round are like. */
typedef struct round {
  bool faults;         /* links lose and spoil frames */
  bool hostile;        /* somebody sends frames of his own */
  bool stalls;         /* memory and transmitter are slow */
  bool paced;          /* the links are so slow that answers always find room on the wire */
  bool repeatable;     /* nothing in it depends on the number of cycles */
  bool clock_idle;     /* clocks through idle time */
  unsigned flows;      /* in all */
  unsigned flows_live; /* at once */
  uint32_t period_ps;
  uint64_t window_ns; /* both engines run alone for so long */
} round_t;

/** Sums over the rounds of a run. */
typedef struct totals {
  uint64_t events, rounds, flows, octets, frames, cycles, broken, refused, hostile_frames;
  uint64_t latencies, latency_worst; /* cycles */
  uint64_t digest;
} totals_t;

typedef struct world {
  uint32_t number; /* of the round */
  round_t round;
  tb_rng_t rng;
  side_t sides[2];
  flow_t flows[WORLD_FLOWS];
  unsigned flow_count, flow_live, flow_first; /* those before flow_first are over */
  uint64_t next_flow_ns, next_hostile_ns;
  uint64_t digest;
  uint64_t octets; /* received by programs */
  uint64_t hostile_frames, latencies, latency_worst;
  unsigned broken, refused;
  frame_t frame;
} world_t;

/* --- world.c: engines, links, time ------------------------------------------------------------ */

/** How a round treats idle time. */
typedef enum idle_mode {
  IDLE_ANY,     /**< jumps over it */
  IDLE_JUMPED,  /**< the same, in a round that IDLE_CLOCKED repeats at the same times */
  IDLE_CLOCKED, /**< clocks through it */
} idle_mode_t;

/** A world for round @p number of this run. */
world_t *world_new(uint32_t number, idle_mode_t idle);
void world_delete(world_t *world);

/** Ends the test: says what is wrong and how to see each engine again. */
_Noreturn void world_fail(world_t *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same, when the engine of @p side is the one to look at. */
_Noreturn void side_fail(side_t *side, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The time that both engines have reached. */
uint64_t world_now(const world_t *world);

/** Runs both engines to @p until_ns. */
void world_run(world_t *world, uint64_t until_ns);

/** Earliest time at which an engine or a link does anything by itself. */
uint64_t world_next(world_t *world);

/** Hands a frame to the engine of @p side, if its queue has room. */
void world_frame_in(side_t *side, const frame_t *frame, unsigned flags);

/** True once in about a million / @p ppm calls. */
bool world_chance(world_t *world, uint32_t ppm);

/** A number between @p low and @p high, both included. */
uint64_t world_between(world_t *world, uint64_t low, uint64_t high);

/* --- hosts.c: programs ------------------------------------------------------------------------ */

/** Octets [@p from, @p from + @p len) of what side @p sender sends on @p flow. */
void stream_fill(const flow_t *flow, unsigned sender, uint64_t from, uint8_t *octets, size_t len);

/** Opens connections whose time has come. */
void hosts_open(world_t *world);

/** The host of @p side does what it does now. */
void host_act(side_t *side);

/** The program at this end does what it does now (programs.c). */
void program_act(end_t *end);

/** When the hosts want to act without news. */
uint64_t hosts_next(const world_t *world);

/** True when every connection of the round has begun and ended. */
bool hosts_done(world_t *world);

/** Asserts that what each end was told fits what the other one did. */
void hosts_check(world_t *world);

/* --- hostile.c -------------------------------------------------------------------------------- */

/** The hostile one hears a frame that @p side sent; the octets on the wire are checked too. */
void hostile_hear(side_t *side, const frame_t *frame, const frame_info_t *info);

/** He sends a few frames. */
void hostile_act(world_t *world);

/** The flow that a segment from or to @p side belongs to, by the ports of that side and of the
 * other one; NULL: none. */
flow_t *world_flow(world_t *world, unsigned side, uint16_t port, uint16_t other_port);

/* --- audit.c: contracts ----------------------------------------------------------------------- */

/** Looks at every event of @p side's engine from now on. */
void audit_attach(side_t *side);

/** A frame is about to enter the engine of @p side. */
void audit_frame_in(side_t *side, const uint8_t *frame, size_t len);

/** The engine of @p side has sent a frame, whose last beat left at @p time_ns. */
void audit_frame_out(side_t *side, const frame_t *frame, const frame_info_t *info,
                     uint64_t time_ns);

/** What the counter @p name of @p side's engine counts now. */
uint64_t audit_count(const side_t *side, const char *name);

/** At the end: nothing is left, and the counters add up. */
void audit_end(world_t *world);

#endif
