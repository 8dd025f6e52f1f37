/* SPDX-License-Identifier: Apache-2.0
 *
 * The job of `make run` between two simulated engines in one process, for machines without TAP: a
 * file each way, 200 connections, and a half-close that the other side answers with data.
 *
 * Also the shortest example of bringing your own network: everything it uses is public.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "driver/toe_transport.h"
#include "toe/toe.h"
#include "toe/toe_net.h"

enum { PORT = 7, CONNECTIONS = 200, PATIENCE_US = 30000000 };

static const char kUsage[] =
    "usage: two_engines [--octets N] [--pcap FILE]\n"
    "\n"
    "Moves octets between two simulated engines, in virtual time.\n"
    "\n"
    "  --octets N         of each file; 16777216\n"
    "  --pcap FILE        what to record\n";

static const uint32_t kIp[2] = {0x0a4d0002, 0x0a4d0003};

struct world {
  struct toe_sim *sim[2];
  struct toe_pcap_writer *pcap;
  struct toe_pair *pair;
  struct toe_engine *engine[2];
  struct toe_listener *listener; /* on engine 1 */
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "two_engines: %s: %s\n", what, why);
  exit(1);
}

static void want(const char *what, int result) {
  if (result < 0) fail(what, toe_strerror(result));
}

static void create(struct world *world, const char *pcap) {
  char message[TOE_SIM_MESSAGE_LEN] = "";

  if (pcap != NULL && toe_pcap_create(pcap, &world->pcap, message) != 0) fail("capture", message);
  for (int i = 0; i < 2; i++)
    if (toe_sim_create(NULL, &world->sim[i], message) != 0) fail("simulated engine", message);
  want("link",
       toe_pair_create(world->sim[0], world->sim[1], NULL, NULL, world->pcap, &world->pair));
  for (unsigned i = 0; i < 2; i++) {
    struct toe_transport transport;
    struct toe_config config;
    toe_config_init(&config);
    config.ip = kIp[i];
    config.prefix_len = 24;
    want("transport", toe_pair_transport(world->pair, i, &transport));
    want("engine", toe_open_transport(&transport, &config, &world->engine[i]));
  }
  want("listen", toe_listen(world->engine[1], PORT, 64, 0, &world->listener));
}

static void destroy(struct world *world) {
  toe_listener_close(world->listener);
  for (int i = 0; i < 2; i++) toe_close(world->engine[i]);
  toe_pair_destroy(world->pair);
  for (int i = 0; i < 2; i++) toe_sim_destroy(world->sim[i]);
  if (world->pcap != NULL) toe_pcap_close(world->pcap);
}

/* Both ends of a new connection from engine 0 to engine 1. */
static void open_both(struct world *world, struct toe_conn *conns[2]) {
  want("connect", toe_sock_connect(world->engine[0], kIp[1], PORT, NULL, PATIENCE_US, &conns[0]));
  want("accept", toe_sock_accept(world->listener, PATIENCE_US, &conns[1]));
}

/* Moves all of data from one end to the other, then half-closes. */
static void move(struct world *world, struct toe_conn *from, struct toe_conn *to,
                 const uint8_t *data, uint8_t *back, size_t octets) {
  size_t sent = 0, received = 0;
  ssize_t got = 1;

  while (got != 0) {
    if (sent < octets) {
      const ssize_t taken = toe_send(from, data + sent, octets - sent, 0);
      if (taken != TOE_ERR_AGAIN) want("send", (int)(taken < 0 ? taken : 0));
      if (taken > 0) sent += (size_t)taken;
      if (sent == octets) want("shutdown", toe_shutdown(from));
    }
    got = toe_recv(to, back + received, octets + 1 - received, 0);
    if (got > 0) received += (size_t)got;
    if (received > octets) fail("compare", "more came than was sent");
    if (got < 0 && got != TOE_ERR_AGAIN) want("receive", (int)got);
    for (int i = 0; i < 2; i++) want("process", toe_process(world->engine[i], i == 0 ? 20 : 0));
  }
  if (received != octets || memcmp(data, back, octets) != 0)
    fail("compare", "what came is not what was sent");
}

static void report(struct world *world, const char *what, size_t octets, uint64_t start_ns) {
  const double seconds = (double)(toe_pair_now(world->pair) - start_ns) / 1e9;

  printf("%s: %zu octets in %.6f s of virtual time, %.0f Mbit/s\n", what, octets, seconds,
         (double)octets * 8e-6 / seconds);
}

static void run(struct world *world, const uint8_t *data, uint8_t *back, size_t octets) {
  struct toe_conn *conns[2];
  uint64_t start_ns = toe_pair_now(world->pair);

  open_both(world, conns);
  move(world, conns[0], conns[1], data, back, octets);
  report(world, "file from the first to the second", octets, start_ns);
  /* The first one has half-closed; the second one goes on sending. */
  start_ns = toe_pair_now(world->pair);
  move(world, conns[1], conns[0], data, back, octets);
  report(world, "file back, after the half-close", octets, start_ns);
  for (int i = 0; i < 2; i++) toe_conn_close(conns[i]);

  for (int n = 0; n < CONNECTIONS; n++) {
    open_both(world, conns);
    move(world, conns[n % 2], conns[1 - n % 2], data, back, octets < 1000 ? octets : 1000);
    for (int i = 0; i < 2; i++) toe_conn_close(conns[i]);
  }
  printf("%d connections opened and closed, from either side\n", CONNECTIONS);
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"octets", required_argument, NULL, 'n'},
                                          {"pcap", required_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  size_t octets = 16777216;
  const char *pcap = NULL;
  struct world world = {0};
  char *end;
  int option;

  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
      case 'n':
        octets = strtoull(optarg, &end, 10);
        if (*end != '\0' || octets < 1 || octets > 1000000000)
          fail("--octets", "takes a number from 1 to 1000000000");
        break;
      case 'p':
        pcap = optarg;
        break;
      case 'h':
        fputs(kUsage, stdout);
        return 0;
      default:
        fputs(kUsage, stderr);
        return 2;
    }
  }
  uint8_t *data = malloc(octets), *back = malloc(octets + 1);
  if (data == NULL || back == NULL) fail("memory", strerror(ENOMEM));
  for (size_t at = 0; at < octets;) {
    const ssize_t got = getrandom(data + at, octets - at < 256 ? octets - at : 256, 0);
    if (got < 0) fail("random octets", strerror(errno));
    at += (size_t)got;
  }
  create(&world, pcap);
  run(&world, data, back, octets);
  destroy(&world);
  free(data);
  free(back);
  return 0;
}
