/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "driver/toe_transport.h"
#include "replay.h"
#include "tb.h"
#include "wire_line.h"

enum { MAX_WAITING = 4096 };

static const uint64_t kPatienceUs = 100000;
typedef struct waiting {
  uint64_t time_ns;
  frame_info_t info;
  uint32_t len;
  uint8_t *data;
} waiting_t;

struct wire {
  struct toe_sim *sim;
  struct toe_engine *engine;
  waiting_t waiting[MAX_WAITING]; /* TCP segments, oldest first */
  unsigned waiting_count;
  unsigned arp_requests[256]; /* by the last octet of the address asked for */
  uint64_t marks[TOE_HW_COUNTER_COUNT];
  frame_t frame;
  coverage_t coverage;
  FILE *coverage_file; /* NULL: nobody asks */
};

uint8_t wire_octet(uint32_t place) {
  return (uint8_t)(place ^ place >> 8 ^ place >> 16);
}

/* --- What the engine sends ------------------------------------------------------------------- */

static frame_path_t path_from(uint32_t ip) {
  frame_path_t path = {.src_ip = ip,
                       .dst_ip = WIRE_IP,
                       .dst_mac = {0x02, 0, 0x0a, 0, 0, 0x02},
                       .src_mac = {0x06, 0, 0, 0, 0, (uint8_t)ip}};
  return path;
}

void wire_frame_in(wire_t *wire, const frame_t *frame, unsigned flags) {
  cr_assert_eq(toe_sim_frame_in(wire->sim, frame->data, frame->len, flags), 0);
}

static void take_arp(wire_t *wire, const frame_t *frame) {
  const uint32_t target = frame_get32(frame, 38);
  frame_t reply;

  if (frame_get16(frame, 20) != 1 || target == WIRE_IP) return;
  wire->arp_requests[target & 0xff]++;
  if (target == WIRE_DEAD_IP) return;
  const frame_path_t path = path_from(target);
  frame_build_arp(&reply, &path, 2, frame->data + 6);
  frame_pad(&reply, 60, 0);
  wire_frame_in(wire, &reply, 0);
}

/* Empties the engine's queue: every frame is checked, ARP is answered, segments wait. */
static void take_frames(wire_t *wire) {
  frame_t *frame = &wire->frame;
  frame_info_t info;
  uint64_t time_ns;
  int len;

  while ((len = toe_sim_frame_out(wire->sim, frame->data, sizeof frame->data, &time_ns)) > 0) {
    frame->len = (uint32_t)len;
    const char *wrong = frame_check(frame, &info);
    cr_assert_null(wrong, "engine sent a bad frame: %s", wrong);
    if (info.type == FRAME_TYPE_ARP) take_arp(wire, frame);
    if (info.type != FRAME_TYPE_IPV4 || info.proto != FRAME_TCP) continue;
    cr_assert_eq(frame->data[5], (uint8_t)info.dst_ip, "wrong Ethernet address");
    cr_assert_lt(wire->waiting_count, MAX_WAITING);
    waiting_t *w = &wire->waiting[wire->waiting_count++];
    *w = (waiting_t){.time_ns = time_ns, .info = info, .len = frame->len};
    w->data = malloc(frame->len);
    memcpy(w->data, frame->data, frame->len);
  }
}

/* Runs to @p until_ns, or to a host event when @p stop is set. */
static void advance(wire_t *wire, uint64_t until_ns, bool stop_on_host) {
  const unsigned stop_on = TOE_SIM_FRAME | (stop_on_host ? TOE_SIM_HOST_EVENT : 0U);

  for (;;) {
    const int why = toe_sim_advance(wire->sim, until_ns, stop_on);
    cr_assert_geq(why, 0);
    take_frames(wire);
    if ((why & TOE_SIM_FRAME) == 0) return;
  }
}

/* wait() of the host library's transport: the wire goes on meanwhile. */
static int host_wait(void *user, int64_t timeout_us) {
  wire_t *wire = user;
  const uint64_t now_ns = toe_sim_now(wire->sim);

  if (timeout_us < 0) {
    while (!toe_sim_host_event(wire->sim) && toe_sim_next_ns(wire->sim) != UINT64_MAX)
      advance(wire, toe_sim_next_ns(wire->sim) + 1000, true);
  } else if (timeout_us > 0) {
    advance(wire, now_ns + (uint64_t)timeout_us * 1000, true);
  }
  return toe_sim_host_event(wire->sim) ? 1 : 0;
}

/* --- Life ------------------------------------------------------------------------------------ */

struct toe_config wire_config(void) {
  struct toe_config config;

  toe_config_init(&config);
  config.ip = WIRE_IP;
  config.prefix_len = 24;
  config.has_key = true;
  for (int i = 0; i < 16; i++) config.key[i] = (uint8_t)(i + 1);
  return config;
}

static void take_trace(void *user, uint64_t now_ns, const uint32_t *words, size_t count) {
  wire_t *wire = user;
  rtl_trace_t t;

  (void)now_ns;
  (void)count;
  rtl_trace_get(&t, words, 0);
  coverage_event(&wire->coverage, &t.ev, &t.tcb_before, &t.tcb_after, &t.action);
}

wire_t *wire_new(const struct toe_config *config, uint64_t start_us) {
  struct toe_sim_config sim_config = {
      .seed = tb_seed(), .start_ns = start_us * 1000, .check = true};
  const struct toe_config plain = wire_config();
  char message[TOE_SIM_MESSAGE_LEN] = "";
  struct toe_transport transport;
  wire_t *wire = calloc(1, sizeof *wire);

  replay_set(&sim_config, 0, "");
  cr_assert_eq(toe_sim_create(&sim_config, &wire->sim, message), 0, "%s", message);
  wire->coverage_file = coverage_open();
  if (wire->coverage_file != NULL) toe_sim_trace(wire->sim, take_trace, wire);
  cr_assert_eq(toe_sim_transport(wire->sim, host_wait, wire, &transport), 0);
  cr_assert_eq(toe_open_transport(&transport, config != NULL ? config : &plain, &wire->engine), 0);
  wire_run(wire, 100);
  return wire;
}

void wire_delete(wire_t *wire) {
  coverage_engine(wire->coverage_file, &wire->coverage, wire->engine);
  toe_close(wire->engine);
  toe_sim_destroy(wire->sim);
  for (unsigned i = 0; i < wire->waiting_count; i++) free(wire->waiting[i].data);
  free(wire);
}

struct toe_engine *wire_engine(wire_t *wire) {
  return wire->engine;
}

struct toe_sim *wire_sim(wire_t *wire) {
  return wire->sim;
}

uint64_t wire_now_us(wire_t *wire) {
  return toe_sim_now(wire->sim) / 1000;
}

void wire_run_without_host(wire_t *wire, uint64_t us) {
  advance(wire, toe_sim_now(wire->sim) + us * 1000, false);
}

static void run_until(wire_t *wire, uint64_t until_ns) {
  do {
    cr_assert_geq(toe_process(wire->engine, 0), 0);
    advance(wire, until_ns, true);
  } while (toe_sim_now(wire->sim) < until_ns);
  cr_assert_geq(toe_process(wire->engine, 0), 0);
}

void wire_run(wire_t *wire, uint64_t us) {
  run_until(wire, toe_sim_now(wire->sim) + us * 1000);
}

/* --- Counters -------------------------------------------------------------------------------- */

unsigned wire_arp_requests(const wire_t *wire, uint32_t ip) {
  return wire->arp_requests[ip & 0xff];
}

static void read_counters(wire_t *wire, struct toe_counter counters[TOE_HW_COUNTER_COUNT]) {
  cr_assert_eq(toe_counters(wire->engine, counters, TOE_HW_COUNTER_COUNT), TOE_HW_COUNTER_COUNT);
}

uint64_t wire_count(wire_t *wire, const char *name) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];

  read_counters(wire, counters);
  for (int i = 0; i < TOE_HW_COUNTER_COUNT; i++) {
    if (strcmp(counters[i].name, name) == 0) return counters[i].value;
  }
  cr_assert_fail("no counter %s", name);
  return 0;
}

void wire_mark(wire_t *wire) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];

  read_counters(wire, counters);
  for (int i = 0; i < TOE_HW_COUNTER_COUNT; i++) wire->marks[i] = counters[i].value;
}

void wire_drops(wire_t *wire, const char *reason, unsigned count) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];
  bool found = reason == NULL;

  read_counters(wire, counters);
  for (int i = 0; i < TOE_DROP_COUNT; i++) {
    const bool named = reason != NULL && strcmp(counters[i].name, reason) == 0;
    const uint64_t rose = counters[i].value - wire->marks[i];
    found = found || named;
    cr_assert_eq(rose, named ? count : 0, "%s rose by %" PRIu64, counters[i].name, rose);
  }
  cr_assert(found, "no counter %s", reason);
}

static wire_line_t read_format(const char *format, va_list args, uint32_t sack_base) {
  char text[256];

  vsnprintf(text, sizeof text, format, args);
  return wire_line_read(text, sack_base);
}

/* --- Peer ------------------------------------------------------------------------------------ */

wire_peer_t wire_peer(wire_t *wire, uint16_t port, uint16_t engine_port) {
  return (wire_peer_t){
      .wire = wire, .ip = WIRE_PEER, .port = port, .engine_port = engine_port, .iss = 1000000};
}

static void build(const wire_peer_t *peer, frame_t *frame, const char *format, va_list args) {
  wire_line_t line = read_format(format, args, peer->irs);
  const frame_path_t path = path_from(peer->ip);
  uint8_t payload[WIRE_LINE_MAX_OCTETS];

  for (uint32_t i = 0; i < line.tcp.payload_len; i++) payload[i] = wire_octet(line.tcp.seq + i);
  line.tcp.payload = payload;
  line.tcp.src_port = peer->port;
  line.tcp.dst_port = peer->engine_port;
  line.tcp.seq += peer->iss;
  line.tcp.ack += line.has_ack ? peer->irs : 0;
  frame_build_tcp(frame, &path, &line.tcp);
  frame_pad(frame, 60, 0);
}

void wire_build(const wire_peer_t *peer, frame_t *frame, const char *format, ...) {
  va_list args;

  va_start(args, format);
  build(peer, frame, format, args);
  va_end(args);
}

void wire_in(const wire_peer_t *peer, const char *format, ...) {
  frame_t frame;
  va_list args;

  va_start(args, format);
  build(peer, &frame, format, args);
  va_end(args);
  wire_frame_in(peer->wire, &frame, 0);
}

static wire_seg_t segment_of(wire_peer_t *peer, const waiting_t *w) {
  wire_seg_t seg = {.time_us = w->time_ns / 1000,
                    .len = w->info.payload_len,
                    .flags = w->info.flags,
                    .ttl = w->data[w->info.layer3 + 8],
                    .tos = w->data[w->info.layer3 + 1],
                    .wnd = w->info.wnd,
                    .urg_ptr = w->info.urg_ptr,
                    .options_len = (uint8_t)w->info.options_len};

  if ((seg.flags & FRAME_SYN) != 0) peer->irs = w->info.seq;
  seg.seq = w->info.seq - peer->irs;
  seg.ack = (seg.flags & FRAME_ACK) != 0 ? w->info.ack - peer->iss : 0;
  memcpy(seg.options, w->data + w->info.layer4 + 20, seg.options_len);
  wire_line_options(&seg, peer->iss);
  for (uint32_t i = 0; i < seg.len; i++) {
    cr_assert_eq(w->data[w->info.payload + i], wire_octet(seg.seq + i), "octet %u of %u:%u", i,
                 seg.seq, seg.seq + seg.len);
  }
  return seg;
}

/* The oldest segment for @p peer leaves the queue. */
static bool take_segment(wire_peer_t *peer, wire_seg_t *seg) {
  wire_t *wire = peer->wire;

  take_frames(wire);
  for (unsigned i = 0; i < wire->waiting_count; i++) {
    waiting_t *w = &wire->waiting[i];
    if (w->info.dst_ip != peer->ip || w->info.dst_port != peer->port ||
        w->info.src_port != peer->engine_port)
      continue;
    *seg = segment_of(peer, w);
    free(w->data);
    wire->waiting_count--;
    memmove(w, w + 1, (wire->waiting_count - i) * sizeof *w);
    return true;
  }
  return false;
}

bool wire_next(wire_peer_t *peer, uint64_t within_us, wire_seg_t *seg) {
  wire_t *wire = peer->wire;
  const uint64_t until_ns = toe_sim_now(wire->sim) + within_us * 1000;

  for (;;) {
    cr_assert_geq(toe_process(wire->engine, 0), 0);
    if (take_segment(peer, seg)) return true;
    if (toe_sim_now(wire->sim) >= until_ns) return false;
    toe_sim_advance(wire->sim, until_ns, TOE_SIM_FRAME | TOE_SIM_HOST_EVENT);
  }
}

static wire_seg_t expect(wire_peer_t *peer, uint64_t within_us, const char *text) {
  const wire_line_t want = wire_line_read(text, 0);
  wire_seg_t seg;
  char got[200];

  cr_assert(wire_next(peer, within_us, &seg), "nothing sent, expected \"%s\"", text);
  wire_line_write(&seg, got, sizeof got);
  const bool ok = ((seg.flags ^ want.tcp.flags) & (uint8_t)~FRAME_PSH) == 0 &&
                  seg.seq == want.tcp.seq && seg.len == want.tcp.payload_len &&
                  (!want.has_ack || seg.ack == want.tcp.ack) &&
                  (!want.has_win || seg.wnd == want.tcp.wnd) &&
                  (!want.has_urg || seg.urg_ptr == want.tcp.urg_ptr) &&
                  (!want.has_options || wire_line_options_match(&seg, &want.options));
  cr_assert(ok, "sent \"%s\", expected \"%s\"", got, text);
  return seg;
}

wire_seg_t wire_out(wire_peer_t *peer, const char *format, ...) {
  char text[256];
  va_list args;

  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return expect(peer, kPatienceUs, text);
}

wire_seg_t wire_out_within(wire_peer_t *peer, uint64_t within_us, const char *format, ...) {
  char text[256];
  va_list args;

  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return expect(peer, within_us, text);
}

void wire_quiet(wire_peer_t *peer, uint64_t us) {
  wire_seg_t seg;
  char got[200];

  if (!wire_next(peer, us, &seg)) return;
  wire_line_write(&seg, got, sizeof got);
  cr_assert_fail("sent \"%s\", expected nothing", got);
}

/* --- The host's side ------------------------------------------------------------------------- */

struct toe_listener *wire_listen(wire_t *wire, uint16_t port) {
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(wire->engine, port, 16, 0, &listener), 0);
  return listener;
}

struct toe_conn *wire_accept(wire_peer_t *peer, struct toe_listener *listener,
                             const char *options) {
  struct toe_conn *conn;

  wire_in(peer, "S 0:0 <%s>", options);
  const wire_seg_t seg = wire_out(peer, "S. 0:0 ack 1");
  if (seg.has_ts)
    wire_in(peer, ". 1:1 ack 1 <ts 2 %u>", seg.ts_val);
  else
    wire_in(peer, ". 1:1 ack 1");
  cr_assert_eq(toe_sock_accept(listener, (int64_t)kPatienceUs, &conn), 0);
  return conn;
}

struct toe_conn *wire_connect(wire_peer_t *peer, unsigned win, const char *options) {
  const struct toe_connect_opts opts = {.local_port = peer->engine_port};
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(peer->wire->engine, peer->ip, peer->port, &opts, 0, &conn), 0);
  wire_out(peer, "S 0:0");
  wire_in(peer, "S. 0:0 ack 1 win %u <%s>", win, options);
  wire_out(peer, ". 1:1 ack 1");
  wire_run(peer->wire, 100);
  cr_assert_neq(toe_conn_ready(conn) & TOE_CONNECTED, 0);
  return conn;
}

void wire_write(struct toe_conn *conn, uint32_t from, uint32_t to) {
  uint8_t *octets = malloc(to - from);

  for (uint32_t i = from; i < to; i++) octets[i - from] = wire_octet(i);
  cr_assert_eq(toe_send(conn, octets, to - from, 0), (ssize_t)(to - from));
  free(octets);
}

void wire_read(struct toe_conn *conn, uint32_t from, uint32_t to) {
  uint8_t octets[256];

  while (from < to) {
    const uint32_t most = to - from < sizeof octets ? to - from : (uint32_t)sizeof octets;
    const ssize_t got = toe_sock_recv(conn, octets, most, (int64_t)kPatienceUs);
    cr_assert_gt(got, 0, "octet %u: %s", from, toe_strerror((int)got));
    for (ssize_t i = 0; i < got; i++, from++)
      cr_assert_eq(octets[i], wire_octet(from), "octet %u", from);
  }
}
