/* SPDX-License-Identifier: Apache-2.0
 *
 * The two measurements of toectl bench.  All times are the engine's.
 */
#include <stdlib.h>
#include <string.h>

#include "host/tools/toectl/bench.h"

enum { CHUNK = 65536 };

/* What is sent is not looked at on the way, but a counter shows octets that were moved or lost. */
static void fill(uint8_t *octets, size_t len, uint64_t from) {
  for (size_t i = 0; i < len; i++) octets[i] = (uint8_t)((from + i) * 0x9e3779b1 >> 16);
}

static int no_error(ssize_t result) {
  return result < 0 && result != TOE_ERR_AGAIN ? (int)result : 0;
}

/* Lets the engines work until something happens to the one that measures. */
static int progress(struct bench *bench, bool *happened) {
  /* Two engines share one time: each host looks once a microsecond. */
  if (bench->server != NULL) {
    const int served = toe_process(bench->server, 0);
    if (served < 0) return served;
    *happened = *happened || served > 0;
  }
  const int result = toe_process(bench->engine, bench->server != NULL ? 1 : 100000);
  *happened = *happened || result > 0;
  return result < 0 ? result : 0;
}

/* Why a connection that should go on does not; 0: it does. */
static int ended_early(const struct bench *bench) {
  const int error = toe_conn_error(bench->conn);

  if (error != 0) return error;
  return (toe_conn_ready(bench->conn) & TOE_CLOSED) != 0 ? TOE_ERR_RESET : 0;
}

/* ---- Goodput -------------------------------------------------------------------------------- */

static int discard(struct toe_conn *conn, uint64_t *taken, bool *happened) {
  static uint8_t octets[CHUNK];
  ssize_t got;

  if (conn == NULL) return 0;
  while ((got = toe_recv(conn, octets, sizeof octets, 0)) > 0) {
    *taken += (uint64_t)got;
    *happened = true;
  }
  return no_error(got);
}

int bench_send(struct bench *bench, struct goodput *goodput) {
  static uint8_t octets[CHUNK];
  uint64_t queued = 0, unacked = 0, discarded = 0;
  int result = 0;

  const uint64_t start_us = toe_now_us(bench->engine);
  uint64_t progress_us = start_us, now_us = start_us;
  fill(octets, sizeof octets, 0);
  while (result == 0 && (queued < bench->octets || toe_send_unacked(bench->conn) != 0)) {
    bool happened = false;
    const uint64_t left = bench->octets - queued;
    ssize_t taken = 0;
    if (left != 0) taken = toe_send(bench->conn, octets, left < CHUNK ? left : CHUNK, 0);
    result = no_error(taken);
    if (taken > 0) {
      queued += (uint64_t)taken;
      happened = true;
      /* The FIN makes the other end acknowledge the last octet at once. */
      if (queued == bench->octets) result = toe_shutdown(bench->conn);
    }
    if (result == 0) result = progress(bench, &happened);
    if (result == 0) result = discard(bench->peer, &discarded, &happened);
    if (result == 0 && (queued < bench->octets || toe_send_unacked(bench->conn) != 0))
      result = ended_early(bench);
    now_us = toe_now_us(bench->engine);
    if (happened || toe_send_unacked(bench->conn) != unacked) progress_us = now_us;
    unacked = toe_send_unacked(bench->conn);
    if (result == 0 && now_us - progress_us > (uint64_t)bench->patience_us)
      result = TOE_ERR_TIMEOUT;
  }
  *goodput = (struct goodput){.octets = queued, .seconds = (double)(now_us - start_us) / 1e6};
  return result;
}

/* ---- Latency -------------------------------------------------------------------------------- */

static int compare_us(const void *a, const void *b) {
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

  return left < right ? -1 : left > right;
}

/* The server's end of our own: gives back what has come. */
static int echo(struct toe_conn *conn, bool *happened) {
  static uint8_t octets[CHUNK];
  ssize_t sent = 0;

  if (conn == NULL) return 0;
  const size_t room = toe_send_room(conn);
  if (room == 0) return 0;
  const ssize_t got = toe_recv(conn, octets, room < CHUNK ? room : CHUNK, 0);
  if (got > 0) {
    sent = toe_send(conn, octets, (size_t)got, 0);
    *happened = true;
  }
  return no_error(got) != 0 ? no_error(got) : no_error(sent);
}

/* One transaction. */
static int once(struct bench *bench, const uint8_t *octets, uint8_t *back) {
  size_t sent = 0, received = 0;
  uint64_t progress_us = toe_now_us(bench->engine);
  int result = 0;

  while (result == 0 && received < bench->size) {
    bool happened = false;
    ssize_t moved = 0;
    if (sent < bench->size) moved = toe_send(bench->conn, octets + sent, bench->size - sent, 0);
    if (moved > 0) sent += (size_t)moved;
    result = no_error(moved);
    if (result == 0) result = progress(bench, &happened);
    if (result == 0) result = echo(bench->peer, &happened);
    if (result != 0) break;
    moved = toe_recv(bench->conn, back + received, bench->size - received, 0);
    if (moved == 0) return TOE_ERR_RESET; /* a server that closes does not echo */
    if (moved > 0) received += (size_t)moved;
    result = no_error(moved);
    if (moved > 0 || happened) progress_us = toe_now_us(bench->engine);
    if (result == 0 && toe_now_us(bench->engine) - progress_us > (uint64_t)bench->patience_us)
      result = TOE_ERR_TIMEOUT;
  }
  if (result == 0 && memcmp(octets, back, bench->size) != 0) result = TOE_ERR_IO;
  return result;
}

int bench_echo(struct bench *bench, struct latency *latency) {
  uint64_t *times_us = calloc(bench->count, sizeof *times_us);
  uint8_t *octets = malloc(bench->size), *back = malloc(bench->size);
  int result = times_us != NULL && octets != NULL && back != NULL ? 0 : TOE_ERR_NO_MEMORY;

  const uint64_t start_us = toe_now_us(bench->engine);
  uint64_t before_us = start_us;
  for (uint64_t i = 0; i < bench->count && result == 0; i++) {
    fill(octets, bench->size, i * bench->size);
    result = once(bench, octets, back);
    const uint64_t now_us = toe_now_us(bench->engine);
    times_us[i] = now_us - before_us;
    before_us = now_us;
  }
  if (result == 0) {
    qsort(times_us, bench->count, sizeof *times_us, compare_us);
    *latency = (struct latency){.count = bench->count,
                                .seconds = (double)(before_us - start_us) / 1e6,
                                .min_us = times_us[0],
                                .median_us = times_us[bench->count / 2],
                                .p99_us = times_us[bench->count * 99 / 100],
                                .max_us = times_us[bench->count - 1]};
  }
  free(times_us);
  free(octets);
  free(back);
  return result;
}
