/* SPDX-License-Identifier: Apache-2.0
 *
 * State log, from the engine's trace port, and statistics of a simulation.
 */
#include "sim/live_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "toe/toe_hw.h"
#include "toe_structs.h"

struct live_log {
  struct toe_sim *sim;
  FILE *states, *stats;
  uint64_t time_offset_ns;
  uint64_t cpu_start_ns;
};

static uint64_t cpu_ns(void) {
  struct timespec used;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

/* The TCB before an event that opens it is whatever its slot held, so an open always shows. */
static void on_event(void *user, uint64_t now_ns, const uint32_t *words, size_t count) {
  struct live_log *log = user;
  rtl_trace_t trace;

  if (count < RTL_TRACE_WORDS) return;
  rtl_trace_get(&trace, words, 0);
  if (!trace.action.tcb_write) return;
  if (!trace.ev.open_valid && trace.tcb_before.state == trace.tcb_after.state) return;
  const rtl_flow_key_t *key = &trace.tcb_after.key;
  fprintf(log->states,
          "{\"ns\": %" PRIu64
          ", \"state\": \"%s\", \"local_port\": %u, \"remote_ip\": \"%u.%u.%u.%u\", "
          "\"remote_port\": %u}\n",
          now_ns + log->time_offset_ns, toe_tcp_state_name(trace.tcb_after.state), key->local_port,
          key->remote_ip >> 24, key->remote_ip >> 16 & 255, key->remote_ip >> 8 & 255,
          key->remote_ip & 255, key->remote_port);
}

static FILE *create(const char *path, const char *what, char *message) {
  FILE *file = fopen(path, "w");

  if (file == NULL)
    snprintf(message, TOE_SIM_MESSAGE_LEN, "the %s \"%.100s\" cannot be written: %s", what, path,
             strerror(errno));
  return file;
}

int live_log_open(struct toe_sim *sim, const char *states, const char *stats,
                  uint64_t time_offset_ns, struct live_log **out, char *message) {
  struct live_log *log = calloc(1, sizeof *log);

  *out = log;
  if (log == NULL) return TOE_ERR_NO_MEMORY;
  *log = (struct live_log){.sim = sim, .time_offset_ns = time_offset_ns, .cpu_start_ns = cpu_ns()};
  if (states != NULL) {
    log->states = create(states, "state log", message);
    if (log->states == NULL) return TOE_ERR_IO;
    toe_sim_trace(sim, on_event, log);
  }
  if (stats != NULL) {
    log->stats = create(stats, "statistics file", message);
    if (log->stats == NULL) return TOE_ERR_IO;
  }
  return 0;
}

static void write_stats(const struct live_log *log) {
  struct toe_sim_stats stats;

  toe_sim_stats_get(log->sim, &stats);
  fprintf(log->stats,
          "{\"cycles\": %" PRIu64 ", \"frames_in\": %" PRIu64 ", \"frames_out\": %" PRIu64
          ", \"octets_in\": %" PRIu64 ", \"octets_out\": %" PRIu64 ", \"mem_errors\": %" PRIu64
          ", \"events_checked\": %" PRIu64 ", \"cookies_checked\": %" PRIu64
          ", \"beat_octets\": %u, \"cpu_ns\": %" PRIu64 "}\n",
          stats.cycles, stats.frames_in, stats.frames_out, stats.octets_in, stats.octets_out,
          stats.mem_errors, stats.events_checked, stats.cookies_checked,
          toe_sim_config_get(log->sim)->data_width / 8, cpu_ns() - log->cpu_start_ns);
}

void live_log_close(struct live_log *log) {
  if (log == NULL) return;
  toe_sim_trace(log->sim, NULL, NULL);
  if (log->stats != NULL) {
    write_stats(log);
    fclose(log->stats);
  }
  if (log->states != NULL) fclose(log->states);
  free(log);
}
