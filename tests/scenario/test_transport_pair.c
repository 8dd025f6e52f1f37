/* SPDX-License-Identifier: Apache-2.0
 *
 * Two engines by one URI, the list of engines that there are, and what a capture of one sees.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "driver/toe_transport.h"
#include "toe/toe.h"

enum { PORT = 7000, SECOND_US = 1000000 };

static const uint32_t kIp[2] = {0x0a000001, 0x0a000002};

static struct toe_transport transports[2];
static struct toe_engine *engines[2];

static void open_engines(void) {
  for (int i = 0; i < 2; i++) {
    struct toe_config config;
    toe_config_init(&config);
    config.ip = kIp[i];
    config.prefix_len = 24;
    cr_assert_eq(toe_open_transport(&transports[i], &config, &engines[i]), 0);
  }
}

/* Moves octets from the first to the second engine. */
static void move(void) {
  static const char sent[] = "from one engine to the other";
  struct toe_listener *listener;
  struct toe_conn *conns[2];
  char got[sizeof sent];

  cr_assert_eq(toe_listen(engines[1], PORT, 1, 0, &listener), 0);
  cr_assert_eq(toe_sock_connect(engines[0], kIp[1], PORT, NULL, SECOND_US, &conns[0]), 0);
  cr_assert_eq(toe_sock_accept(listener, SECOND_US, &conns[1]), 0);
  cr_assert_eq(toe_sock_send(conns[0], sent, sizeof sent, SECOND_US), sizeof sent);
  cr_assert_eq(toe_sock_recv(conns[1], got, sizeof got, SECOND_US), sizeof got);
  cr_expect_str_eq(got, sent);
}

Test(transport_pair, octets_pass_from_one_to_the_other) {
  for (int first = 0; first < 2; first++) {
    cr_assert_eq(toe_transport_open_pair("sim:check=1,seed=3", transports), 0);
    open_engines();
    move();
    /* In either order; the leak and the use of what was freed show under a sanitizer. */
    toe_close(engines[first]);
    toe_close(engines[1 - first]);
  }
}

Test(transport_pair, link_of_the_uri_counts) {
  const char *const uris[2] = {"sim:delay=1us", "sim:delay=20ms"};
  uint64_t took_us[2];

  for (int i = 0; i < 2; i++) {
    cr_assert_eq(toe_transport_open_pair(uris[i], transports), 0);
    open_engines();
    const uint64_t start_us = toe_now_us(engines[0]);
    move();
    took_us[i] = toe_now_us(engines[0]) - start_us;
    toe_close(engines[0]);
    toe_close(engines[1]);
  }
  /* ARP there and back, SYN there and back, then the octets. */
  cr_expect_geq(took_us[1], took_us[0] + 80000);
  cr_expect_lt(took_us[1], took_us[0] + 200000);
}

static void expect_refused(const char *uri, int error, const char *said) {
  cr_expect_eq(toe_transport_open_pair(uri, transports), error, "%s", uri);
  cr_expect_not_null(strstr(transports[0].message, said), "%s: %s", uri, transports[0].message);
}

Test(transport_pair, what_a_pair_cannot_have_is_named) {
  expect_refused("sim:tap=toe0", TOE_ERR_URI, "tap= means nothing");
  expect_refused("sim:ip=10.0.0.1/24", TOE_ERR_URI, "ip= means nothing");
  expect_refused("sim:gw=10.0.0.1", TOE_ERR_URI, "gw= means nothing");
  expect_refused("sim:mac=02:00:00:00:00:02", TOE_ERR_URI, "mac= means nothing");
  expect_refused("sim:replay=x", TOE_ERR_URI, "replay= means nothing");
  expect_refused("sim:states=x", TOE_ERR_URI, "states= means nothing");
  expect_refused("sim:stats=x", TOE_ERR_URI, "stats= means nothing");
  expect_refused("sim:loop=1", TOE_ERR_URI, "loop= means nothing");
  expect_refused("sim:delay=5ns", TOE_ERR_RANGE, "delay is below 100 ns");
  expect_refused("sim:pcap=/no/such/folder/file", TOE_ERR_IO, "cannot write");
  expect_refused("sim:nosuch=1", TOE_ERR_URI, "no option \"nosuch\"");
  expect_refused("other:", TOE_ERR_URI, "not two engines");
}

/* ---- The list ------------------------------------------------------------------------------- */

Test(transport_list, installed_engines_are_in_it_and_open) {
  struct toe_transport_found found[32];
  const int count = toe_transport_list(found, 32);
  bool default_there = false;

  cr_assert_gt(count, 0);
  cr_assert_leq(count, 32);
  for (int i = 0; i < count; i++) {
    if (strcmp(found[i].uri, "sim:width=64,conns=1024") != 0) continue;
    default_there = true;
    cr_expect_str_eq(found[i].text, "simulated engine, 64 bits, 1024 connections");
    cr_assert_eq(toe_transport_open(found[i].uri, &transports[0]), 0);
    transports[0].close(transports[0].ctx);
  }
  cr_expect(default_there);
  cr_expect_eq(toe_transport_list(NULL, 0), count);
}

/* ---- Capture -------------------------------------------------------------------------------- */

static struct {
  unsigned sent, received;
  uint8_t last_sent[64], last_received[64];
} seen;

static void on_frame(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len) {
  cr_expect_eq(user, &seen);
  cr_expect_geq(time_ns, 1);
  memcpy(sent ? seen.last_sent : seen.last_received, frame, len < 64 ? len : 64);
  if (sent)
    seen.sent++;
  else
    seen.received++;
}

static void run_for(struct toe_engine *engine, uint64_t us) {
  const uint64_t until_us = toe_now_us(engine) + us;

  while (toe_now_us(engine) < until_us) cr_assert_geq(toe_process(engine, 1000), 0);
}

Test(capture, loop_shows_each_frame_leave_and_come) {
  struct toe_config config;
  struct toe_engine *engine;
  struct toe_conn *conn;
  char message[256];

  toe_config_init(&config);
  config.ip = kIp[0];
  config.prefix_len = 24;
  cr_assert_eq(toe_open("sim:loop=1,check=1", &config, &engine, message, sizeof message), 0, "%s",
               message);
  run_for(engine, 1000); /* the announcement of its address */
  cr_assert_eq(toe_capture(engine, on_frame, &seen), 0);
  cr_assert_eq(toe_connect(engine, kIp[1], PORT, NULL, 0, &conn), 0);
  run_for(engine, 1000);
  /* An ARP request for the other address. */
  cr_expect_eq(seen.sent, 1);
  cr_expect_eq(seen.received, 1);
  cr_expect_arr_eq(seen.last_sent, seen.last_received, sizeof seen.last_sent);
  cr_expect_arr_eq(seen.last_sent + 12, "\x08\x06", 2);
  cr_assert_eq(toe_capture(engine, NULL, NULL), 0);
  run_for(engine, 5000000);
  cr_expect_eq(seen.sent, 1);
  toe_close(engine);
}
