/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine and the model peer at the ends of a wire: streams both ways over its faults, opened
 * from either side and from both at once, closed in every order.  Every event of the engine is
 * compared with the model as well (check), so the two ends of the wire agree in more than what they
 * say.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "driver/toe_transport.h"
#include "peer_config.h"
#include "tb.h"
#include "toe/toe.h"
#include "toe/toe_net.h"

enum {
  ENGINE_IP = 0x0a000001,
  PEER_IP = 0x0a000002,
  PORT = 7,
  FLOWS = 12,
  FIRST_PORT = FLOWS * 1000, /* of the end that opens: so its remainder is the flow's number */
  PEER_CONNS = 16,
  RING_LOG2 = 15
};

#define SECOND_US INT64_C(1000000)

/* A connection, and what has gone through it: [0] from the engine, [1] from the peer. */
typedef struct flow {
  struct toe_conn *conn;
  int peer_conn;
  uint64_t sent[2], received[2], wanted[2];
} flow_t;

static struct toe_sim *sim;
static struct toe_engine *engine;
static struct model_peer *peer;
static void *memory;
static struct toe_link *to_peer, *to_engine;
static bool cookies_only; /* neither end holds a handshake */
static flow_t flows[FLOWS];
static tb_rng_t rng;

/* --- The wire ----------------------------------------------------------------------------------
 */

/* Frames that have left or arrived by now. */
static void carry(void) {
  uint8_t frame[TOE_SIM_MAX_FRAME];
  uint64_t time_ns;
  int len;

  while ((len = toe_sim_frame_out(sim, frame, sizeof frame, &time_ns)) > 0)
    cr_assert_eq(toe_link_put(to_peer, time_ns, frame, (size_t)len), 0);
  const uint64_t now_ns = toe_sim_now(sim);
  model_peer_advance(peer, now_ns / 1000);
  while ((len = toe_link_get(to_peer, now_ns, frame, sizeof frame, NULL)) > 0)
    model_peer_frame_in(peer, frame, (size_t)len);
  for (size_t out; (out = model_peer_frame_out(peer, frame)) != 0;)
    cr_assert_eq(toe_link_put(to_engine, now_ns, frame, out), 0);
  while (toe_sim_frame_room(sim) != 0 &&
         (len = toe_link_get(to_engine, now_ns, frame, sizeof frame, NULL)) > 0)
    toe_sim_frame_in(sim, frame, (size_t)len, 0);
}

static uint64_t next_ns(void) {
  const uint64_t peer_us = model_peer_next_us(peer);

  return tb_earlier(peer_us == UINT64_MAX ? UINT64_MAX : peer_us * 1000,
                    tb_earlier(toe_link_next_ns(to_peer), toe_link_next_ns(to_engine)));
}

/* The transport's wait: the world goes on until the engine has news. */
static int wait_for_news(void *user, int64_t timeout_us) {
  const uint64_t until_ns = toe_sim_now(sim) + (uint64_t)(timeout_us < 0 ? 0 : timeout_us) * 1000;

  (void)user;
  for (;;) {
    carry();
    const uint64_t now_ns = toe_sim_now(sim);
    if (toe_sim_host_event(sim)) return 1;
    if (now_ns >= until_ns) return 0;
    uint64_t to_ns = tb_earlier(until_ns, next_ns());
    if (to_ns <= now_ns) to_ns = now_ns + 1000;
    toe_sim_advance(sim, to_ns, TOE_SIM_FRAME | TOE_SIM_HOST_EVENT);
  }
}

static model_peer_config_t peer_config(void) {
  model_peer_config_t config = peer_config_of(2);

  config.cfg.ts_enable = tb_random_below(&rng, 2) != 0;
  config.cfg.wscale_enable = tb_random_below(&rng, 2) != 0;
  config.cfg.rx_ring_log2 = config.cfg.tx_ring_log2 = RING_LOG2;
  config.time_wait_us = 1000000;
  config.conns = config.half_open = config.waiting = PEER_CONNS;
  config.frames = 32;
  config.cookies = cookies_only;
  return config;
}

static void begin(uint32_t fault_ppm) {
  const struct toe_link_config link = {.seed = tb_seed(),
                                       .loss_ppm = fault_ppm,
                                       .reorder_ppm = 2 * fault_ppm,
                                       .reorder_ns = 2000000,
                                       .duplicate_ppm = fault_ppm,
                                       .corrupt_ppm = fault_ppm / 2,
                                       .delay_ns = 100000,
                                       .rate_bps = 1000000000};
  const struct toe_sim_config config = {.seed = tb_seed(), .check = true};
  struct toe_link_config back = link;
  struct toe_transport transport;
  struct toe_config host;
  char message[TOE_SIM_MESSAGE_LEN] = "";

  rng = tb_rng(tb_seed());
  const model_peer_config_t other = peer_config();
  memory = malloc(model_peer_size(&other));
  cr_assert_not_null(memory);
  peer = model_peer_new(&other, memory);
  back.seed++;
  cr_assert_eq(toe_link_create(&link, &to_peer), 0);
  cr_assert_eq(toe_link_create(&back, &to_engine), 0);
  cr_assert_eq(toe_sim_create(&config, &sim, message), 0, "%s", message);
  cr_assert_eq(toe_sim_transport(sim, wait_for_news, NULL, &transport), 0);
  toe_config_init(&host);
  host.ip = ENGINE_IP;
  host.prefix_len = 24;
  host.has_key = true;
  if (cookies_only) host.cookies_from = host.cookies_until = 0;
  cr_assert_eq(toe_open_transport(&transport, &host, &engine), 0);
  memset(flows, 0, sizeof flows);
}

static void perfect(void) {
  begin(0);
}

static void end(void) {
  toe_close(engine);
  toe_sim_destroy(sim);
  toe_link_destroy(to_peer);
  toe_link_destroy(to_engine);
  free(memory);
}

/* --- Streams -----------------------------------------------------------------------------------
 */

static uint8_t octet(size_t flow, int from, uint64_t at) {
  return (uint8_t)((at * 2654435761u >> 13) ^ (flow * 40503u) ^ (size_t)from * 85u);
}

static uint64_t fill(const flow_t *flow, int from, uint8_t *octets, uint64_t room) {
  const uint64_t left = flow->wanted[from] - flow->sent[from];
  const uint64_t len = 1 + tb_random_below(&rng, (uint32_t)room);
  const size_t number = (size_t)(flow - flows);

  for (uint64_t i = 0; i < len; i++) octets[i] = octet(number, from, flow->sent[from] + i);
  return tb_earlier(len, left);
}

static void check_octets(flow_t *flow, int from, const uint8_t *octets, uint64_t len) {
  const size_t number = (size_t)(flow - flows);

  for (uint64_t i = 0; i < len; i++)
    cr_assert_eq(octets[i], octet(number, from, flow->received[from] + i),
                 "octet %u of flow %zu from %s", (unsigned)(flow->received[from] + i), number,
                 from == 0 ? "the engine" : "the peer");
  flow->received[from] += len;
}

static void serve_engine(flow_t *flow) {
  uint8_t octets[3000];

  if (flow->sent[0] < flow->wanted[0]) {
    const ssize_t sent = toe_send(flow->conn, octets, fill(flow, 0, octets, sizeof octets), 0);
    if (sent > 0) flow->sent[0] += (uint64_t)sent;
    if (flow->sent[0] == flow->wanted[0]) cr_assert_eq(toe_shutdown(flow->conn), 0);
  }
  const ssize_t got = toe_recv(flow->conn, octets, sizeof octets, 0);
  if (got > 0) check_octets(flow, 1, octets, (uint64_t)got);
}

static void serve_peer(flow_t *flow) {
  uint8_t octets[3000];

  if (flow->peer_conn < 0) return;
  if (flow->sent[1] < flow->wanted[1]) {
    flow->sent[1] +=
        model_peer_send(peer, flow->peer_conn, octets, fill(flow, 1, octets, sizeof octets));
    if (flow->sent[1] == flow->wanted[1]) model_peer_close(peer, flow->peer_conn);
  }
  const size_t got = model_peer_receive(peer, flow->peer_conn, octets, sizeof octets);
  check_octets(flow, 0, octets, got);
}

static bool is_over(const flow_t *flow) {
  return flow->conn != NULL && (toe_conn_ready(flow->conn) & TOE_CLOSED) != 0 &&
         flow->received[0] == flow->wanted[0] && flow->received[1] == flow->wanted[1];
}

static bool all_over(size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!is_over(&flows[i])) return false;
  return true;
}

/* Until every octet is there and every connection has ended well. */
static void run(size_t count) {
  const uint64_t limit_us = toe_now_us(engine) + 600 * (uint64_t)SECOND_US;

  while (!all_over(count)) {
    cr_assert_lt(toe_now_us(engine), limit_us, "ten minutes, and it has not ended");
    cr_assert_geq(toe_process(engine, 2000), 0);
    for (size_t i = 0; i < count; i++) {
      if (flows[i].conn == NULL) continue;
      serve_engine(&flows[i]);
      serve_peer(&flows[i]);
    }
  }
  for (size_t i = 0; i < count; i++) {
    const model_tcb_t *tcb = model_peer_tcb(peer, flows[i].peer_conn);
    cr_expect_eq(toe_conn_error(flows[i].conn), 0);
    cr_expect_eq(tcb->reason, MODEL_REASON_NONE);
    toe_conn_close(flows[i].conn);
  }
}

static void want(flow_t *flow, uint64_t octets) {
  flow->peer_conn = MODEL_PEER_NOBODY;
  flow->wanted[0] = octets;
  flow->wanted[1] = 1 + octets / 2;
}

static flow_t *flow_of_port(uint16_t engine_port) {
  return &flows[engine_port % FLOWS];
}

/* The peer's ends of connections that the engine opened. */
static void accept_at_peer(size_t count) {
  for (size_t accepted = 0; accepted < count;) {
    cr_assert_geq(toe_process(engine, 10000), 0);
    for (int conn; (conn = model_peer_accept(peer)) >= 0; accepted++)
      flow_of_port(model_peer_tcb(peer, conn)->key.remote_port)->peer_conn = conn;
  }
}

static void engine_opens(size_t count, uint64_t octets) {
  model_peer_listen(peer, PORT);
  for (size_t i = 0; i < count; i++) {
    const struct toe_connect_opts opts = {.local_port = (uint16_t)(FIRST_PORT + i)};
    want(&flows[i], octets);
    cr_assert_eq(toe_connect(engine, PEER_IP, PORT, &opts, i, &flows[i].conn), 0);
  }
  accept_at_peer(count);
  run(count);
}

static void peer_opens(size_t count, uint64_t octets) {
  struct toe_listener *listener;
  size_t accepted = 0;

  cr_assert_eq(toe_listen(engine, PORT, FLOWS, 0, &listener), 0);
  for (size_t i = 0; i < count; i++) {
    want(&flows[i], octets);
    flows[i].peer_conn = model_peer_connect(peer, ENGINE_IP, PORT, (uint16_t)(FIRST_PORT + i));
    cr_assert_geq(flows[i].peer_conn, 0);
  }
  while (accepted < count) {
    struct toe_conn *conn;
    uint16_t port;
    cr_assert_geq(toe_process(engine, 10000), 0);
    if (toe_accept(listener, 0, &conn) != 0) continue;
    toe_conn_peer(conn, NULL, &port);
    flow_of_port(port)->conn = conn;
    accepted++;
  }
  run(count);
  toe_listener_close(listener);
}

Test(model_peer, engine_opens_on_a_perfect_wire, .init = perfect, .fini = end) {
  engine_opens(4, 50000);
}

Test(model_peer, engine_opens_on_a_bad_wire, .fini = end) {
  begin(10000);
  engine_opens(FLOWS, 20000);
}

Test(model_peer, peer_opens_on_a_perfect_wire, .init = perfect, .fini = end) {
  peer_opens(4, 50000);
}

Test(model_peer, peer_opens_on_a_bad_wire, .fini = end) {
  begin(10000);
  peer_opens(FLOWS, 20000);
}

Test(model_peer, engine_opens_without_the_peer_holding_anything, .fini = end) {
  cookies_only = true;
  begin(0);
  engine_opens(FLOWS, 20000);
  const model_cookies_t *cookies = model_peer_cookies(peer);
  cr_expect_eq(cookies->sent, FLOWS);
  cr_expect_eq(cookies->accepted, FLOWS);
  cr_expect_eq(cookies->refused, 0);
}

Test(model_peer, peer_opens_without_the_engine_holding_anything, .fini = end) {
  struct toe_sim_stats stats;

  cookies_only = true;
  begin(0);
  peer_opens(FLOWS, 20000);
  toe_sim_stats_get(sim, &stats);
  cr_expect_eq(stats.cookies_checked, UINT64_C(2) * FLOWS, "sent, and come back");
}

/* A second, whatever news it brings. */
static void settle(void) {
  const uint64_t until_us = toe_now_us(engine) + (uint64_t)SECOND_US;

  while (toe_now_us(engine) < until_us) cr_assert_geq(toe_process(engine, SECOND_US), 0);
}

/* RFC 9293 figure 7, and figure 13 at the end. */
Test(model_peer, both_open_and_both_close_at_once, .init = perfect, .fini = end) {
  const struct toe_connect_opts opts = {.local_port = 4000};
  flow_t *flow = &flows[0];

  flow->peer_conn = model_peer_connect(peer, ENGINE_IP, 4000, 5000);
  cr_assert_eq(toe_connect(engine, PEER_IP, 5000, &opts, 0, &flow->conn), 0);
  while (!(toe_conn_ready(flow->conn) & TOE_CONNECTED)) {
    cr_assert_lt(toe_now_us(engine), 20 * (uint64_t)SECOND_US, "never open");
    toe_process(engine, 10000);
  }
  settle();
  cr_assert_eq(model_peer_tcb(peer, flow->peer_conn)->state, MODEL_ESTABLISHED);
  model_peer_close(peer, flow->peer_conn);
  cr_assert_eq(toe_shutdown(flow->conn), 0);
  cr_assert_eq(toe_sock_wait_closed(flow->conn, 5 * SECOND_US), 0);
  settle();
  cr_expect_eq(model_peer_tcb(peer, flow->peer_conn)->state, MODEL_TIME_WAIT);
  cr_expect_eq(toe_conn_error(flow->conn), 0);
}

Test(model_peer, reset_reaches_the_other_end, .init = perfect, .fini = end) {
  struct toe_conn *conn;

  model_peer_listen(peer, PORT);
  cr_assert_eq(toe_sock_connect(engine, PEER_IP, PORT, NULL, 5 * SECOND_US, &conn), 0);
  settle();
  const int first = model_peer_accept(peer);
  model_peer_abort(peer, first);
  cr_assert_eq(toe_sock_wait_closed(conn, SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_RESET);
  model_peer_release(peer, first);
  cr_assert_eq(toe_sock_connect(engine, PEER_IP, PORT, NULL, 5 * SECOND_US, &conn), 0);
  settle();
  const int second = model_peer_accept(peer);
  toe_abort(conn);
  settle();
  cr_expect_eq(model_peer_tcb(peer, second)->reason, MODEL_REASON_PEER_RESET);
}
