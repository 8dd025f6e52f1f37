/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated engine as its owner sees it: frames, time, stops, counts.
 */
#include "driver/toe_transport.h"
#include "sim_bench.h"

static frame_t request, answer;

static struct toe_sim *create(void) {
  const struct toe_sim_config config = sim_bench_config();
  struct toe_sim *sim = sim_bench_create(&config);

  sim_bench_enable(sim);
  return sim;
}

static struct toe_sim_stats stats_of(const struct toe_sim *sim) {
  struct toe_sim_stats stats;

  toe_sim_stats_get(sim, &stats);
  return stats;
}

/* --- Creation -------------------------------------------------------------------------------- */

Test(sim_create, takes_sizes_from_the_build_and_starts_at_its_time) {
  struct toe_sim_config config = sim_bench_config();

  config.start_ns = 123456789;
  struct toe_sim *sim = sim_bench_create(&config);
  cr_expect_eq(toe_sim_config_get(sim)->data_width, 64);
  cr_expect_eq(toe_sim_config_get(sim)->num_conns, 1024);
  cr_expect_eq(toe_sim_now(sim), 123456789);
  cr_expect_eq(stats_of(sim).cycles, 0);
  cr_expect_eq(sim_read(sim, SIM_REG(LOCAL_IP)), OUR_IP);
  cr_expect_eq(sim_read(sim, SIM_REG(LOCAL_MAC_HI)), 0x0200);
  cr_expect_eq(sim_read(sim, SIM_REG(LOCAL_MAC_LO)), 0x00000002);
  cr_expect_eq(sim_read(sim, SIM_REG(MTU)), 1500, "not configured, so left alone");
  toe_sim_destroy(sim);
}

Test(sim_create, events_are_checked_when_asked_for) {
  const frame_path_t path = sim_bench_path();
  const frame_tcp_t nobody = {.src_port = 1, .dst_port = 2, .flags = FRAME_ACK};
  struct toe_sim_config config = sim_bench_config();
  frame_t frame;

  frame_build_tcp(&frame, &path, &nobody);
  for (int i = 0; i < 2; i++) {
    config.check = i != 0;
    struct toe_sim *sim = sim_bench_create(&config);
    sim_bench_enable(sim);
    cr_assert_eq(toe_sim_frame_in(sim, frame.data, frame.len, 0), 0);
    toe_sim_advance(sim, toe_sim_now(sim) + 1000, 0);
    cr_expect_eq(stats_of(sim).events_checked, i);
    toe_sim_destroy(sim);
  }
}

Test(sim_create, what_it_was_not_built_for_is_refused) {
  struct toe_sim *sim = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";
  struct toe_sim_config config = sim_bench_config();

  config.data_width = 128;
  cr_expect_eq(toe_sim_create(&config, &sim, message), TOE_ERR_RANGE);
  cr_expect_not_null(strstr(message, "built for 64 bits, 1024 connections"), "%s", message);
  config = sim_bench_config();
  config.num_conns = 16;
  cr_expect_eq(toe_sim_create(&config, &sim, NULL), TOE_ERR_RANGE);
  config = sim_bench_config();
  config.mtu = 575;
  cr_expect_eq(toe_sim_create(&config, &sim, message), TOE_ERR_RANGE);
  cr_expect_not_null(strstr(message, "575"), "%s", message);
  config = sim_bench_config();
  config.waveform = "/tmp/never.fst";
  cr_expect_eq(toe_sim_create(&config, &sim, message), TOE_ERR_LIBRARY);
  cr_expect_not_null(strstr(message, "_trace.so"), "%s", message);
}

/* --- Frames ---------------------------------------------------------------------------------- */

Test(sim_frames, arp_request_is_answered) {
  struct toe_sim *sim = create();
  frame_path_t path = sim_bench_path();

  memset(path.dst_mac, 0xff, 6);
  frame_build_arp(&request, &path, 1, NULL);
  frame_pad(&request, 60, 0);
  const uint64_t start_ns = toe_sim_now(sim);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  const uint64_t time_ns = sim_bench_next(sim, &answer);
  cr_expect_arr_eq(answer.data, kPeerMac, 6);
  cr_expect_eq(frame_get16(&answer, 20), 2, "a reply");
  cr_expect_eq(frame_get32(&answer, 28), OUR_IP);
  cr_expect_eq(time_ns, toe_sim_now(sim), "stopped at the very edge");
  cr_expect(time_ns > start_ns && time_ns < start_ns + 1000, "%lu", (unsigned long)time_ns);
  toe_sim_destroy(sim);
}

Test(sim_frames, ping_is_answered_with_its_data) {
  struct toe_sim *sim = create();
  frame_info_t info;

  for (uint32_t len = 0; len <= 1400; len += 350) {
    sim_bench_ping(&request, 7, len);
    cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
    do {
      sim_bench_next(sim, &answer); /* the first ping makes the engine ask for our address */
      frame_path_t path = sim_bench_path();
      if (frame_get16(&answer, 12) == FRAME_TYPE_ARP) {
        frame_build_arp(&request, &path, 2, kOurMac);
        cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
      }
    } while (frame_get16(&answer, 12) == FRAME_TYPE_ARP);
    cr_expect_null(frame_check(&answer, &info));
    cr_expect_eq(answer.data[info.layer4], 0, "echo reply");
    cr_expect_eq(info.payload_len, len);
    for (uint32_t i = 0; i < len; i++)
      cr_assert_eq(answer.data[info.payload + i], (uint8_t)(i + 4), "octet %u", i);
  }
  cr_expect_eq(stats_of(sim).mem_errors, 0);
  toe_sim_destroy(sim);
}

Test(sim_frames, bad_fcs_reaches_the_engine) {
  struct toe_sim *sim = create();

  sim_bench_ping(&request, 1, 56);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, TOE_SIM_BAD_FCS), 0);
  cr_expect_eq(toe_sim_advance(sim, toe_sim_now(sim) + 100000, TOE_SIM_FRAME), 0);
  cr_expect_eq(sim_read(sim, SIM_REG(COUNTERS.DROP_MAC_ERROR)), 1);
  toe_sim_destroy(sim);
}

Test(sim_frames, full_queue_takes_no_more_and_loses_nothing) {
  struct toe_sim_config config = sim_bench_config();

  config.in_queue_frames = 3;
  struct toe_sim *sim = sim_bench_create(&config);
  sim_bench_enable(sim);
  frame_path_t path = sim_bench_path();
  frame_build_arp(&request, &path, 1, NULL);
  for (size_t i = 3; i > 0; i--) {
    cr_expect_eq(toe_sim_frame_room(sim), i);
    cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  }
  cr_expect_eq(toe_sim_frame_in(sim, request.data, request.len, 0), TOE_ERR_AGAIN);
  cr_expect_eq(toe_sim_frame_room(sim), 0);
  for (int i = 0; i < 3; i++) sim_bench_next(sim, &answer);
  cr_expect_eq(stats_of(sim).frames_in, 3);
  cr_expect_eq(stats_of(sim).octets_in, UINT64_C(3) * request.len);
  cr_expect_eq(toe_sim_frame_in(sim, request.data, 0, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_sim_frame_in(sim, request.data, TOE_SIM_MAX_FRAME + 1, 0), TOE_ERR_RANGE);
  toe_sim_destroy(sim);
}

Test(sim_frames, frames_not_taken_stop_the_engine_and_are_not_lost) {
  struct toe_sim_config config = sim_bench_config();

  config.out_queue_frames = 2;
  struct toe_sim *sim = sim_bench_create(&config);
  sim_bench_enable(sim);
  frame_path_t path = sim_bench_path();
  frame_build_arp(&request, &path, 1, NULL);
  for (int i = 0; i < 4; i++) cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  const uint64_t start_ns = toe_sim_now(sim);
  cr_expect_eq(toe_sim_advance(sim, start_ns + 3600 * kSecondNs, 0), TOE_SIM_FRAME);
  cr_expect_lt(toe_sim_now(sim), start_ns + 1000);
  for (int i = 0; i < 200; i++) sim_read(sim, SIM_REG(ID)); /* clock cycles all the same */
  int frames = 0;
  for (int i = 0; i < 4; i++) {
    while (toe_sim_frame_out(sim, answer.data, sizeof answer.data, NULL) > 0) frames++;
    toe_sim_advance(sim, toe_sim_now(sim) + 1000, 0);
  }
  cr_expect_eq(frames, 4);
  toe_sim_destroy(sim);
}

Test(sim_frames, frame_that_does_not_fit_stays) {
  struct toe_sim *sim = create();
  frame_path_t path = sim_bench_path();

  frame_build_arp(&request, &path, 1, NULL);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  cr_assert_eq(toe_sim_advance(sim, toe_sim_now(sim) + 100000, TOE_SIM_FRAME), TOE_SIM_FRAME);
  cr_expect_eq(toe_sim_frame_out(sim, answer.data, 41, NULL), TOE_ERR_RANGE);
  cr_expect_gt(toe_sim_frame_out(sim, answer.data, sizeof answer.data, NULL), 0);
  cr_expect_eq(toe_sim_frame_out(sim, answer.data, sizeof answer.data, NULL), TOE_ERR_AGAIN);
  toe_sim_destroy(sim);
}

/* --- Time ------------------------------------------------------------------------------------ */

Test(sim_time, idle_hour_costs_few_cycles) {
  struct toe_sim *sim = create();
  const uint64_t cycles = stats_of(sim).cycles;
  const uint64_t start_ns = toe_sim_now(sim);

  cr_expect_eq(toe_sim_next_ns(sim), UINT64_MAX, "no timer runs");
  cr_expect_eq(toe_sim_advance(sim, start_ns + 3600 * kSecondNs, 0), 0);
  cr_expect_eq(toe_sim_now(sim), start_ns + 3600 * kSecondNs);
  cr_expect_lt(stats_of(sim).cycles - cycles, 1000);
  sim_bench_ping(&request, 1, 56);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  sim_bench_next(sim, &answer);
  toe_sim_destroy(sim);
}

Test(sim_time, advance_ends_at_the_very_nanosecond) {
  struct toe_sim *sim = create();
  uint64_t now_ns = toe_sim_now(sim);

  for (uint64_t i = 1; i < 200; i++) {
    now_ns += i;
    sim_bench_ping(&request, 1, 56);
    if (i == 100) cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
    cr_expect_eq(toe_sim_advance(sim, now_ns, 0), 0);
    cr_assert_eq(toe_sim_now(sim), now_ns);
  }
  const uint64_t cycles = stats_of(sim).cycles;
  cr_expect_eq(toe_sim_advance(sim, now_ns - 50, 0), TOE_SIM_FRAME & 0);
  cr_expect_eq(toe_sim_now(sim), now_ns, "time never goes back");
  cr_expect_eq(stats_of(sim).cycles, cycles);
  toe_sim_destroy(sim);
}

Test(sim_time, each_cycle_takes_one_clock_period) {
  struct toe_sim *sim = create();
  const uint64_t cycles = stats_of(sim).cycles;
  const uint64_t start_ns = toe_sim_now(sim);

  for (int i = 0; i < 5000; i++) sim_read(sim, SIM_REG(ID));
  const uint64_t expected_ns = (stats_of(sim).cycles - cycles) * 64 / 10;
  const uint64_t took_ns = toe_sim_now(sim) - start_ns;
  cr_expect(took_ns + 7 > expected_ns && took_ns < expected_ns + 7, "%lu for %lu",
            (unsigned long)took_ns, (unsigned long)expected_ns);
  toe_sim_destroy(sim);
}

/* The same work in one step or in many takes the same time. */
Test(sim_time, small_steps_and_a_large_one_agree) {
  uint64_t times_ns[2];

  for (int small = 0; small < 2; small++) {
    struct toe_sim *sim = create();
    frame_path_t path = sim_bench_path();
    frame_build_arp(&request, &path, 1, NULL);
    cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
    const uint64_t end_ns = toe_sim_now(sim) + 2000;
    for (uint64_t to_ns = small ? toe_sim_now(sim) + 1 : end_ns; to_ns <= end_ns; to_ns++)
      toe_sim_advance(sim, to_ns, 0);
    cr_assert_gt(toe_sim_frame_out(sim, answer.data, sizeof answer.data, &times_ns[small]), 0);
    toe_sim_destroy(sim);
  }
  cr_expect_eq(times_ns[0], times_ns[1]);
}

Test(sim_time, cycles_take_no_time_when_a_clock_is_followed) {
  struct toe_sim_config config = sim_bench_config();
  uint64_t time_ns = 0;

  config.follow_clock = true;
  config.start_ns = 5000;
  struct toe_sim *sim = sim_bench_create(&config);
  sim_bench_enable(sim);
  cr_expect_eq(toe_sim_advance(sim, 777000, 0), 0);
  frame_path_t path = sim_bench_path();
  frame_build_arp(&request, &path, 1, NULL);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  cr_expect(toe_sim_busy(sim));
  cr_expect_eq(toe_sim_advance(sim, 777000, 0), 0);
  cr_expect_not(toe_sim_busy(sim));
  cr_assert_gt(toe_sim_frame_out(sim, answer.data, sizeof answer.data, &time_ns), 0);
  cr_expect_eq(time_ns, 777000);
  cr_expect_eq(toe_sim_now(sim), 777000);
  cr_expect_eq(sim_read(sim, SIM_REG(NOW_US_LO)), 777);
  toe_sim_destroy(sim);
}

Test(sim_time, engine_sees_microseconds) {
  struct toe_sim *sim = create();

  cr_expect_eq(toe_sim_advance(sim, 5000 * kSecondNs, 0), 0);
  const uint32_t low = sim_read(sim, SIM_REG(NOW_US_LO));
  const uint64_t now_us = (uint64_t)sim_read(sim, SIM_REG(NOW_US_HI)) << 32 | low;
  cr_expect_eq(now_us, UINT64_C(5000000000));
  toe_sim_destroy(sim);
}

/* --- Stops ----------------------------------------------------------------------------------- */

Test(sim_stop, host_event_stops_at_its_edge) {
  struct toe_sim *sim = create();

  cr_expect_not(toe_sim_host_event(sim));
  sim_bench_cause_event(sim);
  const uint64_t start_ns = toe_sim_now(sim);
  cr_assert_eq(toe_sim_advance(sim, start_ns + kSecondNs, TOE_SIM_HOST_EVENT), TOE_SIM_HOST_EVENT);
  cr_expect_lt(toe_sim_now(sim), start_ns + 1000);
  const uint64_t cycles = stats_of(sim).cycles;
  cr_expect_eq(toe_sim_advance(sim, start_ns + kSecondNs, TOE_SIM_HOST_EVENT), TOE_SIM_HOST_EVENT);
  cr_expect_eq(stats_of(sim).cycles, cycles, "what waits stops at once");
  cr_expect_eq(toe_sim_advance(sim, start_ns + kSecondNs, TOE_SIM_FRAME), 0, "not asked for");
  cr_expect_eq(toe_sim_now(sim), start_ns + kSecondNs);
  sim_bench_drain(sim);
  cr_expect_not(toe_sim_host_event(sim));
  toe_sim_destroy(sim);
}

Test(sim_stop, each_frame_stops_at_its_own_edge) {
  struct toe_sim *sim = create();
  frame_path_t path = sim_bench_path();
  uint64_t last_ns = 0;

  frame_build_arp(&request, &path, 1, NULL);
  for (int i = 0; i < 5; i++) cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  for (int i = 0; i < 5; i++) {
    const uint64_t time_ns = sim_bench_next(sim, &answer);
    cr_expect_eq(time_ns, toe_sim_now(sim));
    cr_expect_gt(time_ns, last_ns);
    cr_expect_eq(toe_sim_frame_out(sim, answer.data, sizeof answer.data, NULL), TOE_ERR_AGAIN);
    last_ns = time_ns;
  }
  cr_expect_eq(toe_sim_advance(sim, last_ns + kSecondNs, 4), TOE_ERR_RANGE);
  toe_sim_destroy(sim);
}

/* --- Determinism and several engines --------------------------------------------------------- */

/* A fixed conversation; a sum over every frame, time and count that it gives. */
static uint64_t converse(struct toe_sim *sim) {
  uint64_t sum = 0;
  uint64_t time_ns;
  int len;

  for (uint16_t i = 0; i < 40; i++) {
    sim_bench_ping(&request, i, 10u * i);
    if (i % 3 == 0) request.data[request.len - 1] ^= 1;
    toe_sim_frame_in(sim, request.data, request.len, i % 7 == 0 ? TOE_SIM_BAD_FCS : 0);
    toe_sim_advance(sim, toe_sim_now(sim) + UINT64_C(777) * i, 0);
    while ((len = toe_sim_frame_out(sim, answer.data, sizeof answer.data, &time_ns)) > 0) {
      for (int octet = 0; octet < len; octet++) sum = sum * 31 + answer.data[octet];
      sum = sum * 31 + time_ns;
    }
  }
  return sum * 31 + stats_of(sim).cycles;
}

Test(sim_determinism, same_calls_same_frames_and_times) {
  uint64_t sums[2];

  for (int i = 0; i < 2; i++) {
    struct toe_sim *sim = create();
    sums[i] = converse(sim);
    toe_sim_destroy(sim);
  }
  cr_expect_eq(sums[0], sums[1]);
}

Test(sim_determinism, initial_register_values_change_nothing) {
  uint64_t sums[2];

  for (uint32_t i = 0; i < 2; i++) {
    struct toe_sim_config config = sim_bench_config();
    config.seed = 100 * i;
    struct toe_sim *sim = sim_bench_create(&config);
    sim_bench_enable(sim);
    sums[i] = converse(sim);
    toe_sim_destroy(sim);
  }
  cr_expect_eq(sums[0], sums[1]);
}

Test(sim_determinism, two_engines_do_not_meet) {
  struct toe_sim *alone = create();
  const uint64_t sum = converse(alone);
  toe_sim_destroy(alone);

  struct toe_sim *a = create();
  struct toe_sim *b = create();
  sim_bench_ping(&request, 1, 1000);
  cr_assert_eq(toe_sim_frame_in(b, request.data, request.len, 0), 0);
  toe_sim_advance(b, toe_sim_now(b) + 500, 0);
  const uint64_t b_ns = toe_sim_now(b);
  cr_expect_eq(converse(a), sum);
  cr_expect_eq(toe_sim_now(b), b_ns);
  sim_bench_next(b, &answer);
  toe_sim_destroy(a);
  toe_sim_destroy(b);
}

/* --- The host's side ------------------------------------------------------------------------- */

Test(sim_host, registers_are_checked) {
  struct toe_sim *sim = create();
  uint32_t values[8] = {0};

  cr_expect_eq(sim_read(sim, SIM_REG(ID)), 0x4f544f45);
  cr_assert_eq(toe_sim_reg_read(sim, SIM_REG(DATA_WIDTH), values, 4), 0);
  cr_expect_eq(values[0], 64);
  cr_expect_eq(values[1], 1024);
  cr_expect_eq(values[2], 16);
  cr_expect_eq(values[3], 16);
  cr_expect_eq(toe_sim_reg_read(sim, 2, values, 1), TOE_ERR_RANGE);
  cr_expect_eq(toe_sim_reg_read(sim, 0x10000, values, 1), TOE_ERR_RANGE);
  cr_expect_eq(toe_sim_reg_write(sim, 0xfffc, values, 2), TOE_ERR_RANGE);
  toe_sim_destroy(sim);
}

Test(sim_host, memory_has_an_end) {
  struct toe_sim *sim = create();
  const uint64_t size = UINT64_C(1024) * 2 * 65536;
  uint8_t octets[4] = {1, 2, 3, 4};

  cr_expect_eq(toe_sim_mem_write(sim, size - 4, octets, 4), 0);
  memset(octets, 0, sizeof octets);
  cr_expect_eq(toe_sim_mem_read(sim, size - 4, octets, 4), 0);
  cr_expect_eq(octets[3], 4);
  cr_expect_eq(toe_sim_mem_read(sim, size - 3, octets, 4), TOE_ERR_RANGE);
  cr_expect_eq(toe_sim_mem_write(sim, size + 1, octets, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_sim_mem_write(sim, UINT64_MAX - 1, octets, 4), TOE_ERR_RANGE);
  toe_sim_destroy(sim);
}

Test(sim_host, transport_with_timeout_0_never_moves_time) {
  struct toe_sim *sim = create();
  struct toe_transport transport;

  cr_assert_eq(toe_sim_transport(sim, NULL, NULL, &transport), 0);
  sim_bench_cause_event(sim);
  const uint64_t now_ns = toe_sim_now(sim);
  transport.wait(transport.ctx, 0);
  cr_expect_eq(toe_sim_now(sim), now_ns);
  cr_expect_eq(transport.fd(transport.ctx), -1);
  cr_expect_eq(transport.wait(transport.ctx, 1000), 1, "a longer wait does");
  cr_expect_lt(toe_sim_now(sim), now_ns + 1000000, "and stops at the event");
  sim_bench_drain(sim);
  const uint64_t before_us = transport.now_us(transport.ctx);
  cr_expect_eq(transport.wait(transport.ctx, 1000), 0);
  cr_expect_eq(transport.now_us(transport.ctx), before_us + 1000);
  cr_expect_eq(transport.wait(transport.ctx, -1), 0, "nothing can ever happen");
  transport.close(transport.ctx);
  cr_expect_eq(sim_read(sim, SIM_REG(ID)), 0x4f544f45, "the engine is still there");
  toe_sim_destroy(sim);
}

Test(sim_host, transport_on_a_followed_clock_works_but_does_not_wait) {
  struct toe_sim_config config = sim_bench_config();
  struct toe_transport transport;

  config.follow_clock = true;
  struct toe_sim *sim = sim_bench_create(&config);
  sim_bench_enable(sim);
  cr_assert_eq(toe_sim_transport(sim, NULL, NULL, &transport), 0);
  const uint64_t now_ns = toe_sim_now(sim);
  cr_expect_eq(transport.wait(transport.ctx, 1000000), 0);
  sim_bench_cause_event(sim);
  cr_expect_eq(transport.wait(transport.ctx, 0), 1);
  cr_expect_eq(toe_sim_now(sim), now_ns);
  transport.close(transport.ctx);
  toe_sim_destroy(sim);
}

static int own_wait(void *user, int64_t timeout_us) {
  *(int64_t *)user = timeout_us;
  return 1;
}

Test(sim_host, owner_may_wait_in_its_own_way) {
  struct toe_sim *sim = create();
  struct toe_transport transport;
  int64_t asked_us = 0;

  cr_assert_eq(toe_sim_transport(sim, own_wait, &asked_us, &transport), 0);
  cr_expect_eq(transport.wait(transport.ctx, 42), 1);
  cr_expect_eq(asked_us, 42);
  transport.close(transport.ctx);
  toe_sim_destroy(sim);
}

struct traced {
  unsigned events;
  uint64_t last_ns;
  size_t words;
};

static void count_event(void *user, uint64_t now_ns, const uint32_t *words, size_t count) {
  struct traced *traced = user;

  cr_expect_geq(now_ns, traced->last_ns);
  cr_expect_not_null(words);
  traced->events++;
  traced->last_ns = now_ns;
  traced->words = count;
}

/* A segment for no connection is one event of the pipeline. */
Test(sim_trace, every_event_is_shown) {
  struct toe_sim *sim = create();
  const frame_path_t path = sim_bench_path();
  const frame_tcp_t tcp = {.src_port = 1000, .dst_port = 80, .flags = FRAME_ACK};
  struct traced traced = {0};

  toe_sim_trace(sim, count_event, &traced);
  frame_build_tcp(&request, &path, &tcp);
  for (int i = 0; i < 3; i++) cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  toe_sim_advance(sim, toe_sim_now(sim) + 10000, 0);
  cr_expect_eq(traced.events, 3);
  cr_expect_gt(traced.words, 100);
  toe_sim_trace(sim, NULL, NULL);
  cr_assert_eq(toe_sim_frame_in(sim, request.data, request.len, 0), 0);
  toe_sim_advance(sim, toe_sim_now(sim) + 10000, 0);
  cr_expect_eq(traced.events, 3);
  toe_sim_destroy(sim);
}
