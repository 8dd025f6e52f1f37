/* SPDX-License-Identifier: Apache-2.0
 *
 * Two engines joined by links.  Each announces its address when it is enabled (gratuitous ARP),
 * which is enough to watch frames cross.
 */
#include "driver/toe_transport.h"
#include "sim_bench.h"
#include "toe/toe_net.h"

static struct toe_sim *sims[2];

static struct toe_sim *make(uint8_t number, uint64_t start_ns) {
  struct toe_sim_config config = sim_bench_config();

  config.ip = 0x0a000000u + number;
  config.mac[5] = number;
  config.start_ns = start_ns;
  return sim_bench_create(&config);
}

static void make_both(void) {
  sims[0] = make(1, 0);
  sims[1] = make(2, 0);
}

static void destroy_both(void) {
  toe_sim_destroy(sims[0]);
  toe_sim_destroy(sims[1]);
}

/* Enables an engine; its announcement waits to be sent. */
static void enable(struct toe_sim *sim) {
  static const uint32_t key[4] = {1, 2, 3, 4};

  cr_assert_eq(toe_sim_reg_write(sim, SIM_REG(HASH_KEY0), key, 4), 0);
  sim_write(sim, SIM_REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
}

static uint32_t frames_received(struct toe_sim *sim) {
  return sim_read(sim, SIM_REG(COUNTERS.RX_FRAME));
}

static struct toe_pair *join(const struct toe_link_config *link, struct toe_pcap_writer *pcap) {
  struct toe_pair *pair = NULL;

  cr_assert_eq(toe_pair_create(sims[0], sims[1], link, link, pcap, &pair), 0);
  return pair;
}

Test(sim_pair, frame_crosses_after_the_delay, .init = make_both, .fini = destroy_both) {
  const struct toe_link_config link = {.delay_ns = 50000};
  struct toe_pair *pair = join(&link, NULL);

  enable(sims[1]);
  enable(sims[0]);
  const uint64_t start_ns = toe_pair_now(pair);
  cr_expect_eq(toe_pair_advance(pair, start_ns + 49000, 3), 0);
  cr_expect_eq(frames_received(sims[1]), 0);
  cr_expect_eq(toe_pair_advance(pair, start_ns + 60000, 3), 0);
  cr_expect_eq(toe_pair_now(pair), start_ns + 60000);
  cr_expect_eq(frames_received(sims[0]), 1);
  cr_expect_eq(frames_received(sims[1]), 1);
  cr_expect_eq(toe_pair_next_ns(pair), UINT64_MAX);
  toe_pair_destroy(pair);
}

Test(sim_pair, idle_hour_is_skipped, .init = make_both, .fini = destroy_both) {
  struct toe_pair *pair = join(NULL, NULL);
  struct toe_sim_stats stats;

  enable(sims[0]);
  enable(sims[1]);
  cr_expect_eq(toe_pair_advance(pair, 3600 * kSecondNs, 3), 0);
  cr_expect_eq(toe_pair_now(pair), 3600 * kSecondNs);
  toe_sim_stats_get(sims[0], &stats);
  cr_expect_lt(stats.cycles, 2000);
  toe_pair_destroy(pair);
}

Test(sim_pair, losing_link_loses, .init = make_both, .fini = destroy_both) {
  const struct toe_link_config link = {.delay_ns = 1000, .loss_ppm = 1000000};
  struct toe_pair *pair = join(&link, NULL);
  struct toe_link_stats stats;

  enable(sims[1]);
  enable(sims[0]);
  toe_pair_advance(pair, toe_pair_now(pair) + 100000, 0);
  cr_expect_eq(frames_received(sims[1]), 0);
  toe_link_stats_get(toe_pair_link(pair, 0), &stats);
  cr_expect_eq(stats.lost, 1);
  toe_pair_destroy(pair);
}

Test(sim_pair, event_of_a_named_side_stops, .init = make_both, .fini = destroy_both) {
  struct toe_pair *pair = join(NULL, NULL);

  enable(sims[0]);
  enable(sims[1]);
  toe_pair_advance(pair, toe_pair_now(pair) + 100000, 0);
  sim_bench_cause_event(sims[1]);
  const uint64_t start_ns = toe_pair_now(pair);
  cr_expect_eq(toe_pair_advance(pair, start_ns + 50000, 1), 0, "not side 0's");
  cr_expect_eq(toe_pair_advance(pair, start_ns + 1000000, 3), 2);
  cr_expect_eq(toe_pair_now(pair), start_ns + 50000, "it waited already");
  sim_bench_drain(sims[1]);
  cr_expect_eq(toe_pair_advance(pair, start_ns + 1000000, 3), 0);
  toe_pair_destroy(pair);
}

Test(sim_pair, wait_of_one_side_runs_both, .init = make_both, .fini = destroy_both) {
  struct toe_pair *pair = join(NULL, NULL);
  struct toe_transport transport;

  enable(sims[0]);
  enable(sims[1]);
  cr_assert_eq(toe_pair_transport(pair, 1, &transport), 0);
  cr_expect_eq(transport.wait(transport.ctx, 1000), 0);
  cr_expect_eq(frames_received(sims[0]), 1);
  cr_expect_eq(transport.wait(transport.ctx, -1), 0, "nothing can ever happen");
  sim_bench_cause_event(sims[1]);
  cr_expect_eq(transport.wait(transport.ctx, -1), 1);
  transport.close(transport.ctx);
  cr_expect_eq(toe_pair_transport(pair, 2, &transport), TOE_ERR_RANGE);
  toe_pair_destroy(pair);
}

/* Both engines answer a row of requests at the same time; one of them stops for an event meanwhile,
 * while the other is ahead. */
Test(sim_pair, capture_is_in_the_order_of_time, .init = make_both, .fini = destroy_both) {
  static frame_t request;
  char path[] = "/tmp/toe_pair_XXXXXX";
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  uint8_t frame[TOE_SIM_MAX_FRAME];
  uint64_t last_ns = 0;
  uint64_t time_ns;
  unsigned frames = 0;
  unsigned turns = 0;
  uint8_t last_sender = 0;

  close(mkstemp(path));
  cr_assert_eq(toe_pcap_create(path, &writer, NULL), 0);
  const struct toe_link_config link = {.delay_ns = 20000};
  struct toe_pair *pair = join(&link, writer);
  enable(sims[0]);
  enable(sims[1]);
  toe_pair_advance(pair, toe_pair_now(pair) + 100000, 0);
  for (uint8_t i = 0; i < 2; i++) {
    frame_path_t to = sim_bench_path();
    to.src_ip = 0x0a000009;
    to.dst_ip = 0x0a000001u + i;
    to.dst_mac[5] = (uint8_t)(i + 1);
    frame_build_arp(&request, &to, 1, NULL);
    for (int n = 0; n < 20; n++)
      cr_assert_eq(toe_sim_frame_in(sims[i], request.data, request.len, 0), 0);
  }
  sim_bench_cause_event(sims[1]);
  cr_expect_eq(toe_pair_advance(pair, toe_pair_now(pair) + 100000, 2), 2);
  sim_write(sims[1], SIM_REG(CQ_HEAD), sim_read(sims[1], SIM_REG(CQ_TAIL)));
  cr_expect_eq(toe_pair_advance(pair, toe_pair_now(pair) + 100000, 2), 0);
  toe_pair_destroy(pair);
  cr_assert_eq(toe_pcap_close(writer), 0);
  cr_assert_eq(toe_pcap_open(path, &reader, NULL), 0);
  while (toe_pcap_read(reader, frame, sizeof frame, &time_ns) > 0) {
    cr_expect_geq(time_ns, last_ns);
    last_ns = time_ns;
    if (frame[11] != last_sender) turns++;
    last_sender = frame[11];
    frames++;
  }
  cr_expect_eq(frames, 42, "%u", frames);
  cr_expect_gt(turns, 10, "both sides sent in turn: %u", turns);
  toe_pcap_reader_close(reader);
  unlink(path);
}

Test(sim_pair, what_it_cannot_join_is_refused, .init = make_both, .fini = destroy_both) {
  const struct toe_link_config fast = {.delay_ns = TOE_PAIR_MIN_DELAY_NS - 1};
  struct toe_sim_config config = sim_bench_config();
  struct toe_pair *pair = NULL;

  cr_expect_eq(toe_pair_create(sims[0], sims[1], &fast, NULL, NULL, &pair), TOE_ERR_RANGE);
  config.follow_clock = true;
  struct toe_sim *follower = sim_bench_create(&config);
  cr_expect_eq(toe_pair_create(sims[0], follower, NULL, NULL, NULL, &pair), TOE_ERR_STATE);
  toe_sim_destroy(follower);
}
