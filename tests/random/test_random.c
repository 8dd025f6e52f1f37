/* SPDX-License-Identifier: Apache-2.0
 *
 * sim: variants=w64,w512,w128_small,w64_board
 *
 * Whole engines under everything at once, against the reference model at every event.  EVENTS=n is
 * how many events are to be compared, ROUND=n runs one round alone.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

enum {
  DEFAULT_EVENTS = 120000,
  ROUND_CYCLES = 60000000,
  HOSTILE_REST_NS = 1000000,
  HOST_REST_NS = 50000000,
};

static const uint64_t kRoundNs = UINT64_C(2000000000000); /* of virtual time at most */
static const uint64_t kDrainNs = UINT64_C(80000000000);   /* longer than a SYN is repeated */

static uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t cycles_of(const world_t *world) {
  uint64_t cycles = 0;

  for (int i = 0; i < 2; i++) {
    struct toe_sim_stats stats;
    toe_sim_stats_get(world->sides[i].sim, &stats);
    cycles += stats.cycles;
  }
  return cycles;
}

static void check_limits(world_t *world, uint64_t start_ns) {
  if (cycles_of(world) < ROUND_CYCLES && world_now(world) - start_ns < kRoundNs) return;
  for (unsigned i = world->flow_first; i < world->flow_count; i++)
    for (int n = 0; n < 2; n++) {
      const end_t *end = &world->flows[i].ends[n];
      fprintf(stderr,
              "flow %u side %d: phase %d, %" PRIu64 " of %" PRIu64 " sent, %" PRIu64
              " received, ending %d\n",
              i, n, (int)end->phase, end->sent, end->goal, end->received, (int)end->ending);
    }
  world_fail(world, "the round does not end: %u of %u connections begun, %u not over",
             world->flow_count, world->round.flows, world->flow_live);
}

/* Until all is over, or time is up. */
static void play(world_t *world, uint64_t limit_ns) {
  const uint64_t start_ns = world_now(world);

  while (world_now(world) - start_ns < limit_ns) {
    hosts_open(world);
    host_act(&world->sides[0]);
    host_act(&world->sides[1]);
    if (hosts_done(world)) return;
    const uint64_t now_ns = world_now(world);
    if (world->next_hostile_ns <= now_ns) hostile_act(world);
    uint64_t next_ns = tb_earlier(world_next(world), hosts_next(world));
    /* Who does not stop would keep a round busy that waits for its timers. */
    if (next_ns > now_ns + HOSTILE_REST_NS && world->next_hostile_ns < next_ns)
      world->next_hostile_ns = next_ns;
    next_ns = tb_earlier(next_ns, world->next_hostile_ns);
    next_ns = tb_earlier(next_ns, now_ns + HOST_REST_NS);
    if (next_ns < now_ns) next_ns = now_ns;
    world_run(world, next_ns + world->round.window_ns);
    check_limits(world, start_ns);
  }
}

/* What the hosts have let go of ends by itself. */
static void drain(world_t *world) {
  const uint64_t end_ns = world_now(world) + kDrainNs;

  while (world_now(world) < end_ns) {
    for (int i = 0; i < 2; i++) {
      world->sides[i].stalled_until_ns = 0;
      host_act(&world->sides[i]);
    }
    const uint64_t now_ns = world_now(world);
    uint64_t next_ns = tb_earlier(world_next(world), now_ns + HOST_REST_NS);
    if (next_ns < now_ns) next_ns = now_ns;
    world_run(world, next_ns + world->round.window_ns);
  }
}

static void play_round(uint32_t number, totals_t *totals) {
  world_t *world = world_new(number, IDLE_ANY);

  play(world, WORLD_NEVER);
  drain(world);
  hosts_check(world);
  audit_end(world);
  for (int i = 0; i < 2; i++) {
    struct toe_sim_stats stats;
    toe_sim_stats_get(world->sides[i].sim, &stats);
    totals->events += stats.events_checked;
    totals->frames += stats.frames_out;
    totals->cycles += stats.cycles;
  }
  totals->rounds++;
  totals->flows += world->flow_count;
  totals->octets += world->octets;
  totals->broken += world->broken;
  totals->refused += world->refused;
  totals->hostile_frames += world->hostile_frames;
  totals->latencies += world->latencies;
  if (world->latency_worst > totals->latency_worst) totals->latency_worst = world->latency_worst;
  totals->digest = totals->digest * 31 + world->digest;
  world_delete(world);
}

static void report(const totals_t *t, double seconds) {
  fprintf(stderr,
          "SEED=%u: %" PRIu64 " events equal, %" PRIu64 " connections (%" PRIu64
          " ends told of an error, %" PRIu64 " of a refusal), %.2f MiB, %" PRIu64
          " rounds, %" PRIu64 " frames, %" PRIu64 " hostile, %" PRIu64 " answers within %" PRIu64
          " cycles, %" PRIu64 " cycles, %.0f events/s\n",
          tb_seed(), t->events, t->flows, t->broken, t->refused, (double)t->octets / 1048576,
          t->rounds, t->frames, t->hostile_frames, t->latencies, t->latency_worst, t->cycles,
          (double)t->events / seconds);
}

static double seconds_now(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

Test(random, engines_do_what_the_model_does) {
  const uint64_t budget = setting("EVENTS", DEFAULT_EVENTS);
  const double start = seconds_now();
  totals_t totals = {0};

  if (getenv("ROUND") != NULL) {
    play_round((uint32_t)setting("ROUND", 0), &totals);
  } else {
    for (uint32_t number = 0; totals.events < budget; number++) play_round(number, &totals);
  }
  report(&totals, seconds_now() - start);
}

Test(random, same_seed_gives_the_same_frames_at_the_same_times) {
  totals_t first = {0}, second = {0};

  play_round(1000, &first);
  play_round(1000, &second);
  cr_expect_eq(first.digest, second.digest);
  cr_expect_eq(first.cycles, second.cycles);
}

/* idle_o and next_deadline_us_o tell the truth. */
Test(random, clocking_through_idle_time_changes_nothing) {
  enum { ROUND_NS = 3000000, ROUNDS = 2 };

  for (uint32_t number = 2000; number < 2000 + ROUNDS; number++) {
    world_t *jumped = world_new(number, IDLE_JUMPED);
    world_t *clocked = world_new(number, IDLE_CLOCKED);

    play(jumped, ROUND_NS);
    play(clocked, ROUND_NS);
    cr_expect_eq(jumped->digest, clocked->digest, "round %u", number);
    cr_expect_neq(jumped->digest, 0);
    cr_expect_lt(cycles_of(jumped), cycles_of(clocked));
    world_delete(jumped);
    world_delete(clocked);
  }
}
