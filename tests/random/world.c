/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/toe_transport.h"
#include "replay.h"

enum { OPENING_NS = 20000, PLACES = 6, PACED_BPS = 1000000000 };

/* Says how to see each of the engines @p first to @p last again. */
static _Noreturn void fail(world_t *world, unsigned first, unsigned last, const char *text) {
  fprintf(stderr, "SEED=%u ROUND=%u (%s links%s%s), %" PRIu64 " ns: %s\n", tb_seed(), world->number,
          world->round.faults ? "bad" : "good", world->round.hostile ? ", hostile" : "",
          world->round.stalls ? ", slow memory" : "", world_now(world), text);
  for (unsigned i = first; i <= last; i++)
    fprintf(stderr, "again, with a waveform: %s\n",
            toe_sim_config_get(world->sides[i].sim)->replay);
  for (int i = 0; i < 2; i++) toe_sim_destroy(world->sides[i].sim); /* ends the waveform */
  cr_assert(false, "%s", text);
  abort();
}

_Noreturn void world_fail(world_t *world, const char *format, ...) {
  char text[512];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fail(world, 0, 1, text);
}

_Noreturn void side_fail(side_t *side, const char *format, ...) {
  char text[512];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fail(side->world, side->number, side->number, text);
}

bool world_chance(world_t *world, uint32_t ppm) {
  return tb_random_below(&world->rng, 1000000) < ppm;
}

uint64_t world_between(world_t *world, uint64_t low, uint64_t high) {
  const uint64_t draw = (uint64_t)tb_random(&world->rng) << 32 | tb_random(&world->rng);
  return low + (high - low == UINT64_MAX ? draw : draw % (high - low + 1));
}

/* All that is done from outside happens at whole multiples of a grid that fits the clock of rounds
 * that compare jumping with clocking: so both see the same edges. */
static uint64_t on_grid(uint64_t ns) {
  return ns > UINT64_MAX - WORLD_GRID_NS ? ns
                                         : (ns + WORLD_GRID_NS - 1) / WORLD_GRID_NS * WORLD_GRID_NS;
}

uint64_t world_now(const world_t *world) {
  return tb_earlier(toe_sim_now(world->sides[0].sim), toe_sim_now(world->sides[1].sim));
}

uint64_t world_next(world_t *world) {
  uint64_t next_ns = WORLD_NEVER;

  for (int i = 0; i < 2; i++) {
    next_ns = tb_earlier(next_ns, toe_sim_next_ns(world->sides[i].sim));
    next_ns = tb_earlier(next_ns, toe_link_next_ns(world->sides[i].link));
    next_ns = tb_earlier(next_ns, toe_link_next_ns(world->sides[i].arp_link));
  }
  return next_ns;
}

/* --- Frames ----------------------------------------------------------------------------------- */

static void digest(world_t *world, const frame_t *frame, uint64_t time_ns) {
  uint64_t sum = world->digest ^ time_ns;

  for (uint32_t i = 0; i < frame->len; i++) sum = (sum ^ frame->data[i]) * UINT64_C(0x100000001b3);
  world->digest = sum ^ sum >> 29;
}

/* What the engine has sent goes onto its links. */
static void collect(side_t *side) {
  world_t *world = side->world;
  frame_t *frame = &world->frame;
  uint64_t time_ns;
  int len;

  while ((len = toe_sim_frame_out(side->sim, frame->data, sizeof frame->data, &time_ns)) > 0) {
    frame_info_t info;
    frame->len = (uint32_t)len;
    const char *wrong = frame_check(frame, &info);
    if (wrong != NULL) side_fail(side, "engine %u sent a bad frame: %s", side->number, wrong);
    digest(world, frame, time_ns);
    audit_frame_out(side, frame, &info, time_ns);
    hostile_hear(side, frame, &info);
    struct toe_link *link = info.type == FRAME_TYPE_ARP ? side->arp_link : side->link;
    toe_link_put(link, time_ns, frame->data, frame->len);
  }
}

void world_frame_in(side_t *side, const frame_t *frame, unsigned flags) {
  if (toe_sim_frame_room(side->sim) == 0) return;
  audit_frame_in(side, frame->data, frame->len);
  toe_sim_frame_in(side->sim, frame->data, frame->len, flags);
}

static uint64_t arrival(const side_t *from) {
  return tb_earlier(toe_link_next_ns(from->link), toe_link_next_ns(from->arp_link));
}

static void deliver(side_t *side, side_t *from) {
  const uint64_t now_ns = toe_sim_now(side->sim);
  frame_t *frame = &side->world->frame;

  while (toe_sim_frame_room(side->sim) != 0 && arrival(from) <= now_ns) {
    struct toe_link *link = toe_link_next_ns(from->arp_link) < toe_link_next_ns(from->link)
                                ? from->arp_link
                                : from->link;
    frame->len = (uint32_t)toe_link_get(link, now_ns, frame->data, sizeof frame->data, NULL);
    world_frame_in(side, frame, 0);
  }
}

static void run_side(side_t *side, side_t *from, uint64_t end_ns) {
  for (;;) {
    deliver(side, from);
    const uint64_t now_ns = toe_sim_now(side->sim);
    if (now_ns >= end_ns) return;
    uint64_t to_ns = tb_earlier(end_ns, on_grid(arrival(from)));
    /* A frame that has arrived and found no room gets it when some beats have gone in. */
    if (to_ns <= now_ns) to_ns = tb_earlier(end_ns, on_grid(now_ns + 100));
    toe_sim_advance(side->sim, to_ns, 0);
    collect(side);
  }
}

void world_run(world_t *world, uint64_t until_ns) {
  until_ns = on_grid(until_ns);
  for (uint64_t now_ns; (now_ns = world_now(world)) < until_ns;) {
    uint64_t next_ns = world_next(world);
    if (next_ns < now_ns) next_ns = now_ns;
    uint64_t end_ns = until_ns;
    if (next_ns < until_ns)
      end_ns = tb_earlier(until_ns, on_grid(next_ns + 1) + world->round.window_ns);
    run_side(&world->sides[0], &world->sides[1], end_ns);
    run_side(&world->sides[1], &world->sides[0], end_ns);
  }
}

/* --- What a round is like --------------------------------------------------------------------- */

static bool one_in(world_t *world, uint32_t count) {
  return tb_random_below(&world->rng, count) == 0;
}

static uint64_t pick(world_t *world, const uint64_t *values, uint32_t count) {
  return values[tb_random_below(&world->rng, count)];
}

static struct toe_link_config draw_link(world_t *world) {
  const uint64_t delays[] = {1000, 1000, 2000, 5000, 20000, 200000};
  const uint64_t rates[] = {0, 0, 10000000000, 1000000000, 100000000};
  struct toe_link_config link = {.seed = tb_random(&world->rng),
                                 .delay_ns = pick(world, delays, 6),
                                 .rate_bps = pick(world, rates, 5)};

  if (one_in(world, 2)) link.jitter_ns = world_between(world, 0, 20000);
  if (!world->round.faults) return link;
  if (one_in(world, 2)) link.loss_ppm = tb_random_below(&world->rng, 60000);
  if (one_in(world, 3)) {
    link.burst_ppm = tb_random_below(&world->rng, 10000);
    link.burst_frames = 1 + tb_random_below(&world->rng, 8);
  }
  if (one_in(world, 2)) {
    link.reorder_ppm = tb_random_below(&world->rng, 200000);
    link.reorder_ns = world_between(world, 1000, 100000);
  }
  if (one_in(world, 2)) link.duplicate_ppm = tb_random_below(&world->rng, 100000);
  if (one_in(world, 2)) link.corrupt_ppm = tb_random_below(&world->rng, 50000);
  if (one_in(world, 2)) link.truncate_ppm = tb_random_below(&world->rng, 30000);
  if (one_in(world, 4)) link.queue_frames = 4 + tb_random_below(&world->rng, 12);
  return link;
}

static struct toe_config draw_config(side_t *side) {
  world_t *world = side->world;
  const uint64_t mtus[] = {1500, 1500, 576, 600, 800, 1499, 9000};
  struct toe_config config;

  toe_config_init(&config);
  config.ip = 0x0a000001 + side->number;
  config.prefix_len = 24;
  config.mtu = (uint16_t)pick(world, mtus, 7);
  if (one_in(world, 3)) config.min_mss = (uint16_t)world_between(world, 1, 600);
  if (one_in(world, 4)) config.min_pmtu = (uint16_t)world_between(world, 68, 1500);
  config.ttl = (uint8_t)world_between(world, 1, 255);
  config.dscp = (uint8_t)tb_random_below(&world->rng, 64);
  config.timestamps = !one_in(world, 3);
  config.sack = !one_in(world, 3);
  config.window_scale = !one_in(world, 3);
  config.rto_min_us = (uint32_t)world_between(world, 1000, 50000);
  config.rto_initial_us = (uint32_t)world_between(world, config.rto_min_us, 200000);
  config.rto_max_us = (uint32_t)world_between(world, config.rto_initial_us, 800000);
  config.data_retries = (uint8_t)world_between(world, 6, 12);
  config.r1_retries = (uint8_t)world_between(world, 0, 8);
  config.syn_retries = (uint8_t)world_between(world, 4, 8);
  config.time_wait_us = (uint32_t)world_between(world, 1000, 60000);
  config.delack_us = (uint32_t)world_between(world, 100, 40000);
  config.keepalive_us = world_between(world, 5000, 2000000);
  config.keepalive_interval_us = (uint32_t)world_between(world, 1000, 100000);
  if (world->round.repeatable) { /* what is clocked through is short, and timers run out in it */
    config.rto_min_us = config.rto_initial_us = (uint32_t)world_between(world, 150, 400);
    config.delack_us = (uint32_t)world_between(world, 50, 120);
    config.keepalive_us = world_between(world, 200, 2000);
  }
  config.has_key = true;
  for (int i = 0; i < 16; i++) config.key[i] = (uint8_t)tb_random(&world->rng);
  return config;
}

/* Places at which a clock of the engine turns over: timestamps and time itself (2^40 us), their
 * sign (2^39), the clock of initial sequence numbers (2^34) and its sign, the low half of the time.
 */
static uint64_t draw_start(world_t *world) {
  const unsigned bits[PLACES] = {40, 39, 34, 33, 32, 31};
  const uint32_t place = tb_random_below(&world->rng, PLACES + 2);

  if (place == PLACES) return 0;
  if (place > PLACES) return world_between(world, 0, UINT64_C(1) << 40) * 1000;
  return ((UINT64_C(1) << bits[place]) - world_between(world, 100, 100000)) * 1000;
}

static void draw_round(world_t *world) {
  round_t *round = &world->round;
  const uint64_t periods[] = {6400, 6400, 3200, 8000, 10000};

  round->paced = true;
  round->faults = !one_in(world, 4);
  round->hostile = one_in(world, 2);
  round->stalls = one_in(world, 3);
  round->period_ps = (uint32_t)pick(world, periods, 5);
  round->flows = 8 + tb_random_below(&world->rng, WORLD_FLOWS - 8);
  round->flows_live = 1 + tb_random_below(&world->rng, 48);
  if (round->repeatable) {
    round->stalls = false;
    round->period_ps = 1000 * WORLD_GRID_NS;
  }
}

/* --- Life ------------------------------------------------------------------------------------- */

/* Of the host library: only calls that wait come here. */
static int host_wait(void *user, int64_t timeout_us) {
  side_t *side = user;

  if (timeout_us > 0) world_run(side->world, toe_sim_now(side->sim) + (uint64_t)timeout_us * 1000);
  return toe_sim_host_event(side->sim) ? 1 : 0;
}

static void side_create(side_t *side, uint64_t start_ns) {
  world_t *world = side->world;
  struct toe_sim_config config = {.seed = tb_random(&world->rng),
                                  .start_ns = start_ns,
                                  .clock_period_ps = world->round.period_ps,
                                  .in_queue_frames = 256,
                                  .mem_latency_cycles = 1 + tb_random_below(&world->rng, 16),
                                  .clock_idle = world->round.clock_idle,
                                  .check = true};
  char message[TOE_SIM_MESSAGE_LEN] = "", more[32];

  if (world->round.stalls) {
    config.mem_latency_cycles = 1 + tb_random_below(&world->rng, 100);
    config.mem_jitter_cycles = tb_random_below(&world->rng, 100);
    config.tx_stall_ppm = tb_random_below(&world->rng, 60000);
  }
  snprintf(more, sizeof more, "ROUND=%u", world->number);
  replay_set(&config, side->number, more);
  cr_assert_eq(toe_sim_create(&config, &side->sim, message), 0, "%s", message);
  side->config = draw_config(side);
}

static void side_open(side_t *side) {
  world_t *world = side->world;
  struct toe_link_config link = draw_link(world);
  const struct toe_link_config arp_link = {
      .seed = link.seed, .loss_ppm = link.loss_ppm, .delay_ns = link.delay_ns};
  struct toe_transport transport;
  struct toe_engine_info info;

  if (link.rate_bps == 0 || link.rate_bps > PACED_BPS) world->round.paced = false;
  world->round.window_ns = tb_earlier(world->round.window_ns, link.delay_ns);
  cr_assert_eq(toe_link_create(&link, &side->link), 0);
  cr_assert_eq(toe_link_create(&arp_link, &side->arp_link), 0);
  cr_assert_eq(toe_sim_transport(side->sim, host_wait, side, &transport), 0);
  cr_assert_eq(toe_open_transport(&transport, &side->config, &side->engine), 0);
  audit_attach(side);
  cr_assert_eq(toe_engine_info(side->engine, &info), 0);
  side->free_conns = info.free_conns;
  for (int i = 0; i < WORLD_LISTENERS; i++)
    cr_assert_eq(toe_listen(side->engine, (uint16_t)(WORLD_FIRST_PORT + i),
                            1 + tb_random_below(&world->rng, 40), 0, &side->listeners[i]),
                 0);
}

world_t *world_new(uint32_t number, idle_mode_t idle) {
  world_t *world = calloc(1, sizeof *world);

  cr_assert_not_null(world);
  world->number = number;
  world->rng = tb_rng(tb_seed() * 0x10001 + number);
  world->round.repeatable = idle != IDLE_ANY;
  world->round.clock_idle = idle == IDLE_CLOCKED;
  draw_round(world);
  world->round.window_ns = 20000;
  const uint64_t start_ns = draw_start(world);
  for (unsigned i = 0; i < 2; i++) {
    side_t *side = &world->sides[i];
    side->world = world;
    side->number = i;
    side->heard = calloc(WORLD_HEARD, sizeof *side->heard);
    cr_assert_not_null(side->heard);
    side_create(side, start_ns);
  }
  for (unsigned i = 0; i < 2; i++) side_open(&world->sides[i]);
  world->round.window_ns = tb_earlier(world->round.window_ns, 2000);
  world->next_hostile_ns = world->round.hostile ? world_now(world) + OPENING_NS : WORLD_NEVER;
  return world;
}

void world_delete(world_t *world) {
  for (int i = 0; i < 2; i++) {
    side_t *side = &world->sides[i];
    toe_close(side->engine);
    toe_link_destroy(side->link);
    toe_link_destroy(side->arp_link);
    toe_sim_destroy(side->sim);
    free(side->owners);
    free(side->heard);
  }
  free(world);
}
