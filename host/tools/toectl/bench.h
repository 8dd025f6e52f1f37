/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring connections: to a server somewhere, or from one simulated engine to another.
 */
#ifndef TOECTL_BENCH_H
#define TOECTL_BENCH_H

#include "toe/toe.h"

/* What both kinds of run need to know. */
struct bench {
  struct toe_engine *engine; /* that measures */
  struct toe_engine *server; /* the other simulated engine; NULL: the server is not ours */
  struct toe_conn *conn;
  struct toe_conn *peer; /* the server's end of conn; NULL as server */
  uint64_t octets;       /* to send */
  uint64_t count;        /* transactions */
  uint32_t size;         /* octets of one */
  int64_t patience_us;   /* without progress */
};

struct goodput {
  uint64_t octets;
  double seconds; /* from the first octet sent until the last was acknowledged */
};

struct latency {
  uint64_t count;
  double seconds; /* for all */
  uint64_t min_us, median_us, p99_us, max_us;
};

/* Sends octets that the other end throws away.  0 or an error of libtoe. */
int bench_send(struct bench *bench, struct goodput *goodput);

/* Sends size octets and waits until the same have come back, count times.  0, an error of libtoe,
 * or TOE_ERR_IO when others came back. */
int bench_echo(struct bench *bench, struct latency *latency);

#endif
