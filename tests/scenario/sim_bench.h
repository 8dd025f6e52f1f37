/* SPDX-License-Identifier: Apache-2.0
 *
 * One simulated engine without a host library: enabled through its registers, spoken to in frames.
 */
#ifndef TOE_TESTS_SIM_BENCH_H
#define TOE_TESTS_SIM_BENCH_H

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "tb.h"
#include "toe/toe_regs.h"
#include "toe/toe_sim.h"

static const uint8_t kOurMac[6] = {0x02, 0, 0, 0, 0, 0x02};
static const uint8_t kPeerMac[6] = {0x02, 0, 0, 0, 0, 0x01};
static const uint64_t kSecondNs = UINT64_C(1000000000);

enum { OUR_IP = 0x0a000002, PEER_IP = 0x0a000001 };

#define SIM_REG(NAME) ((uint32_t)offsetof(toe_regs_t, NAME))

/* Addresses of the engine; everything else at its default. */
static inline struct toe_sim_config sim_bench_config(void) {
  struct toe_sim_config config = {
      .ip = OUR_IP, .netmask = 0xffffff00, .seed = tb_seed(), .check = true};

  memcpy(config.mac, kOurMac, sizeof config.mac);
  return config;
}

static inline struct toe_sim *sim_bench_create(const struct toe_sim_config *config) {
  struct toe_sim *sim = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";

  cr_assert_eq(toe_sim_create(config, &sim, message), 0, "%s", message);
  return sim;
}

static inline uint32_t sim_read(struct toe_sim *sim, uint32_t offset) {
  uint32_t value = 0;

  cr_assert_eq(toe_sim_reg_read(sim, offset, &value, 1), 0);
  return value;
}

static inline void sim_write(struct toe_sim *sim, uint32_t offset, uint32_t value) {
  cr_assert_eq(toe_sim_reg_write(sim, offset, &value, 1), 0);
}

/* Loads a key, enables the engine and its interrupt, and throws away what it announces. */
static inline void sim_bench_enable(struct toe_sim *sim) {
  static const uint32_t key[4] = {1, 2, 3, 4};
  uint8_t frame[TOE_SIM_MAX_FRAME];

  cr_assert_eq(toe_sim_reg_write(sim, SIM_REG(HASH_KEY0), key, 4), 0);
  sim_write(sim, SIM_REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
  cr_assert_eq(toe_sim_advance(sim, toe_sim_now(sim) + 10000, 0), 0);
  while (toe_sim_frame_out(sim, frame, sizeof frame, NULL) > 0) {
  }
}

static inline frame_path_t sim_bench_path(void) {
  frame_path_t path = {.src_ip = PEER_IP, .dst_ip = OUR_IP};

  memcpy(path.dst_mac, kOurMac, 6);
  memcpy(path.src_mac, kPeerMac, 6);
  return path;
}

/* Echo request number @p sequence with @p len octets of data. */
static inline void sim_bench_ping(frame_t *frame, uint16_t sequence, uint32_t len) {
  const frame_path_t path = sim_bench_path();
  uint8_t body[FRAME_MAX_OCTETS];

  for (uint32_t i = 0; i < len + 4; i++) body[i] = (uint8_t)i;
  body[2] = (uint8_t)(sequence >> 8);
  body[3] = (uint8_t)sequence;
  frame_build_icmp(frame, &path, 8, 0, body, len + 4);
}

/* The next frame that the engine sends within a millisecond; the time when it left. */
static inline uint64_t sim_bench_next(struct toe_sim *sim, frame_t *frame) {
  uint64_t time_ns = 0;

  toe_sim_advance(sim, toe_sim_now(sim) + 1000000, TOE_SIM_FRAME);
  const int len = toe_sim_frame_out(sim, frame->data, sizeof frame->data, &time_ns);
  cr_assert_gt(len, 0, "no frame");
  frame->len = (uint32_t)len;
  return time_ns;
}

/* Posts a CmdQuery for a connection that does not exist: its refusal is a host event. */
static inline void sim_bench_cause_event(struct toe_sim *sim) {
  const uint32_t tail = sim_read(sim, SIM_REG(SQ_TAIL));
  const uint32_t command[8] = {9};

  cr_assert_eq(toe_sim_reg_write(sim, SIM_REG(SQ) + 32 * (tail % 64), command, 8), 0);
  sim_write(sim, SIM_REG(SQ_TAIL), (tail + 1) & 0xffff);
}

/* Reads all completions there are. */
static inline void sim_bench_drain(struct toe_sim *sim) {
  sim_write(sim, SIM_REG(CQ_HEAD), sim_read(sim, SIM_REG(CQ_TAIL)));
  toe_sim_advance(sim, toe_sim_now(sim) + 1000, 0);
}

#endif
