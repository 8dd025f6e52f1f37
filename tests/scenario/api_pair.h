/* SPDX-License-Identifier: Apache-2.0
 *
 * Two simulated engines joined by a link, each with libtoe on it.  One thread drives both sides, so
 * a call that waits on one side runs both engines, but only reads that side's news.
 */
#ifndef TOE_TESTS_API_PAIR_H
#define TOE_TESTS_API_PAIR_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "driver/toe_transport.h"
#include "replay.h"
#include "tb.h"
#include "toe/toe.h"
#include "toe/toe_net.h"

enum { PORT = 7000 };

#define SECOND_US INT64_C(1000000)

static const uint32_t kIp[2] = {0x0a000001, 0x0a000002};

struct api_pair {
  struct toe_sim *sim[2];
  struct toe_pcap_writer *pcap;
  struct toe_pair *pair;
  struct toe_engine *engine[2];
};

/* Engine n of a pair: address 10.0.0.(n + 1), a key that is always the same. */
static inline struct toe_config api_config(int n) {
  struct toe_config config;

  toe_config_init(&config);
  config.ip = kIp[n];
  config.prefix_len = 24;
  config.has_key = true;
  for (int i = 0; i < 16; i++) config.key[i] = (uint8_t)(16 * n + i);
  return config;
}

/* TOE_PCAP names a file to record to. */
static inline struct api_pair *api_pair_new_with(const struct toe_config configs[2],
                                                 const struct toe_link_config *link) {
  struct api_pair *p = calloc(1, sizeof *p);
  struct toe_link_config links[2];
  char message[TOE_SIM_MESSAGE_LEN] = "";
  const char *path = getenv("TOE_PCAP");

  if (path != NULL) cr_assert_eq(toe_pcap_create(path, &p->pcap, NULL), 0);
  for (int i = 0; i < 2; i++) {
    struct toe_sim_config config = {.seed = tb_seed() + (uint32_t)i, .check = true};
    replay_set(&config, (unsigned)i, "");
    cr_assert_eq(toe_sim_create(&config, &p->sim[i], message), 0, "%s", message);
    if (link != NULL) {
      links[i] = *link;
      links[i].seed = 2 * tb_seed() + (uint32_t)i;
    }
  }
  cr_assert_eq(toe_pair_create(p->sim[0], p->sim[1], link != NULL ? &links[0] : NULL,
                               link != NULL ? &links[1] : NULL, p->pcap, &p->pair),
               0);
  for (unsigned i = 0; i < 2; i++) {
    struct toe_transport transport;
    cr_assert_eq(toe_pair_transport(p->pair, i, &transport), 0);
    cr_assert_eq(toe_open_transport(&transport, &configs[i], &p->engine[i]), 0);
  }
  return p;
}

static inline struct api_pair *api_pair_new(void) {
  const struct toe_config configs[2] = {api_config(0), api_config(1)};
  return api_pair_new_with(configs, NULL);
}

static inline void api_pair_delete(struct api_pair *p) {
  toe_close(p->engine[0]);
  toe_close(p->engine[1]);
  toe_pair_destroy(p->pair);
  toe_sim_destroy(p->sim[0]);
  toe_sim_destroy(p->sim[1]);
  if (p->pcap != NULL) toe_pcap_close(p->pcap);
  free(p);
}

/* Lets time pass on both sides. */
static inline void api_run(struct api_pair *p, uint64_t us) {
  const uint64_t end_us = toe_now_us(p->engine[0]) + us;

  for (;;) {
    cr_assert_geq(toe_process(p->engine[0], 0), 0);
    cr_assert_geq(toe_process(p->engine[1], 0), 0);
    const uint64_t now_us = toe_pair_now(p->pair) / 1000;
    if (now_us >= end_us) break;
    toe_pair_advance(p->pair, end_us * 1000, 3);
  }
}

/* A connection from engine 0 to engine 1: conns[0] and conns[1] are its two ends. */
static inline void api_connect(struct api_pair *p, struct toe_conn *conns[2]) {
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &conns[0]), 0);
  cr_assert_eq(toe_sock_accept(listener, SECOND_US, &conns[1]), 0);
  toe_listener_close(listener);
}

/* Octet number i of a stream that tells its place. */
static inline uint8_t api_octet(uint64_t i) {
  return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

#endif
