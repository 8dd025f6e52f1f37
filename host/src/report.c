/* SPDX-License-Identifier: Apache-2.0
 *
 * All that is known of an engine as text: what toectl shows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/src/internal.h"

static void write_engine(struct toe_engine *engine, FILE *out) {
  struct toe_engine_info info;

  if (toe_engine_info(engine, &info) != 0) return;
  fprintf(out,
          "engine version=%u.%u data_width=%u num_conns=%u rx_ring_octets=%u tx_ring_octets=%u "
          "listeners=%u half_open=%u time_wait=%u free_conns=%u late_commands=%u now_us=%" PRIu64
          "\n",
          info.version >> 8, info.version & 0xffU, info.data_width, info.num_conns,
          info.rx_ring_octets, info.tx_ring_octets, info.listeners, info.half_open, info.time_wait,
          info.free_conns, info.late_commands, toe_now_us(engine));
}

static void write_address(FILE *out, const char *name, uint32_t ip, uint16_t port) {
  fprintf(out, " %s=%u.%u.%u.%u:%u", name, ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff,
          port);
}

static void write_listeners(struct toe_engine *engine, FILE *out) {
  for (struct link *link = engine->listeners.next; link != &engine->listeners; link = link->next) {
    const struct toe_listener *listener = TOE_CONTAINER(struct toe_listener, member, link);
    unsigned waiting = 0;
    for (struct link *conn = listener->backlog.next; conn != &listener->backlog; conn = conn->next)
      waiting++;
    fputs("listener", out);
    write_address(out, "local", engine->local_ip, listener->port);
    fprintf(out, " waiting=%u\n", waiting);
  }
}

static const char *owner_of(const struct toe_conn *conn) {
  if (conn->orphan) return "nobody";
  return conn->unaccepted ? "listener" : "program";
}

static void write_conn(struct toe_conn *conn, FILE *out) {
  struct toe_conn_info info;
  char id[16] = "-";

  if (conn->phase == CONN_FREE || (conn->pending & PENDING_RELEASE) != 0) return;
  if (toe_conn_info(conn, &info) != 0) return;
  if (conn->id != TOE_NO_CONN_ID) snprintf(id, sizeof id, "%" PRId32, conn->id);
  fprintf(out, "connection id=%s state=%s", id, toe_tcp_state_name(info.state));
  write_address(out, "local", info.local_ip, info.local_port);
  write_address(out, "remote", info.remote_ip, info.remote_port);
  fprintf(out,
          " owner=%s recv_queue=%zu send_queue=%zu iss=%u irs=%u snd_una=%u snd_nxt=%u rcv_nxt=%u "
          "snd_wnd=%u "
          "cwnd=%u ssthresh=%u srtt_us=%u rttvar_us=%u rto_us=%u snd_mss=%u snd_wscale=%u "
          "rcv_wscale=%u timestamps=%d sack=%d retransmits=%u retries=%u icmp=%u/%u\n",
          owner_of(conn), toe_recv_waiting(conn), toe_send_unacked(conn), info.iss, info.irs,
          info.snd_una, info.snd_nxt, info.rcv_nxt, info.snd_wnd, info.cwnd, info.ssthresh,
          info.srtt_us, info.rttvar_us, info.rto_us, info.snd_mss, info.snd_wscale, info.rcv_wscale,
          info.timestamps, info.sack, info.retransmits, info.retries, info.icmp_type,
          info.icmp_code);
}

static void write_counters(struct toe_engine *engine, FILE *out) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];
  const int count = toe_counters(engine, counters, TOE_HW_COUNTER_COUNT);

  for (int i = 0; i < count; i++)
    fprintf(out, "counter name=%s value=%" PRIu64 "\n", counters[i].name, counters[i].value);
}

int toe_report(struct toe_engine *engine, char **text) {
  char *written = NULL;
  size_t len;

  if (engine->gone) return TOE_ERR_GONE;
  FILE *out = open_memstream(&written, &len);
  if (out == NULL) return TOE_ERR_NO_MEMORY;
  write_engine(engine, out);
  write_listeners(engine, out);
  /* By place in the pool, because asking about one may end another. */
  for (size_t i = 0; i < 2 * (size_t)engine->num_conns; i++) write_conn(&engine->conns[i], out);
  write_counters(engine, out);
  const bool failed = ferror(out) != 0;
  if (fclose(out) != 0 || failed || engine->gone) {
    free(written);
    return engine->gone ? TOE_ERR_GONE : TOE_ERR_NO_MEMORY;
  }
  *text = written;
  return 0;
}
