/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_deadlines against a plain array of deadlines.
 * tb: top=toe_deadlines params=Depth=16
 */
#include <criterion/criterion.h>

#include "tb.h"
#include "tb_toe_deadlines.h"

enum { DEPTH = 16 };

struct bench {
  tb_toe_deadlines_t *tb;
  tb_rng_t rng;
  bool armed[DEPTH];
  uint64_t deadline_us[DEPTH];
};

/* Time begins just before it wraps. */
static struct bench new_bench(void) {
  struct bench b = {.tb = tb_toe_deadlines_new(tb_seed() + 1), .rng = tb_rng(tb_seed())};

  *b.tb->now_us_i = (UINT64_C(1) << 40) - 5000;
  *b.tb->wr_valid_i = 0;
  tb_toe_deadlines_reset(b.tb);
  while (!*b.tb->ready_o) {
    cr_assert_lt(b.tb->cycles, DEPTH + 10);
    tb_toe_deadlines_tick(b.tb);
  }
  return b;
}

static uint64_t later(uint64_t us, uint64_t by_us) {
  return (us + by_us) & ((UINT64_C(1) << 40) - 1);
}

/* How far ahead of now, negative when it has passed. */
static int64_t ahead_us(const struct bench *b, uint64_t deadline_us) {
  return (int64_t)((deadline_us - *b->tb->now_us_i) << 24) >> 24;
}

static void set_write(struct bench *b, unsigned index, bool armed, uint64_t deadline_us) {
  *b->tb->wr_valid_i = 1;
  *b->tb->wr_index_i = (uint8_t)index;
  *b->tb->wr_armed_i = armed;
  *b->tb->wr_deadline_us_i = deadline_us;
  b->armed[index] = armed;
  b->deadline_us[index] = deadline_us;
}

static void write_one(struct bench *b, unsigned index, bool armed, uint64_t deadline_us) {
  set_write(b, index, armed, deadline_us);
  tb_toe_deadlines_tick(b->tb);
  *b->tb->wr_valid_i = 0;
  cr_expect_not(*b->tb->idle_o, "what was written does not count yet");
  tb_toe_deadlines_tick(b->tb);
}

/* The bound is never later than a deadline that is armed, once what was written counts. */
static void check_bound(const struct bench *b) {
  if (*b->tb->wr_valid_i) return;
  for (unsigned i = 0; i < DEPTH; i++) {
    if (!b->armed[i]) continue;
    cr_assert(*b->tb->bound_valid_o);
    cr_assert_leq(ahead_us(b, *b->tb->bound_us_o),
                  ahead_us(b, b->deadline_us[i]) < 0 ? 0 : ahead_us(b, b->deadline_us[i]));
  }
}

Test(deadlines, nothing_armed_is_idle_for_ever) {
  struct bench b = new_bench();

  for (unsigned i = 0; i < 100; i++) {
    cr_assert(*b.tb->idle_o);
    cr_assert_not(*b.tb->bound_valid_o);
    *b.tb->now_us_i = later(*b.tb->now_us_i, 1000000);
    tb_toe_deadlines_tick(b.tb);
  }
  tb_toe_deadlines_delete(b.tb);
}

Test(deadlines, before_the_bound_it_is_idle_then_offers_the_one_due) {
  struct bench b = new_bench();
  const uint64_t due_us = later(*b.tb->now_us_i, 100);

  write_one(&b, 3, true, later(due_us, 50));
  write_one(&b, 9, true, due_us);
  cr_expect_eq(*b.tb->bound_us_o, due_us);
  for (unsigned i = 0; i < 99; i++) {
    *b.tb->now_us_i = later(*b.tb->now_us_i, 1);
    tb_toe_deadlines_tick(b.tb);
    cr_assert(*b.tb->idle_o);
  }
  *b.tb->now_us_i = due_us;
  tb_toe_deadlines_eval(b.tb);
  cr_expect_not(*b.tb->idle_o);
  for (unsigned i = 0; !*b.tb->due_valid_o; i++) {
    cr_assert_lt(i, DEPTH + 4);
    tb_toe_deadlines_tick(b.tb);
  }
  cr_expect_eq(*b.tb->due_index_o, 9);
  write_one(&b, 9, false, 0);
  for (unsigned i = 0; !*b.tb->idle_o; i++) {
    cr_assert_lt(i, DEPTH + 4);
    cr_assert_not(*b.tb->due_valid_o);
    tb_toe_deadlines_tick(b.tb);
  }
  cr_expect_eq(*b.tb->bound_us_o, later(due_us, 50), "exact after a pass");
  tb_toe_deadlines_delete(b.tb);
}

Test(deadlines, offer_waits_for_its_owner_and_for_nobody_else) {
  struct bench b = new_bench();

  write_one(&b, 0, true, *b.tb->now_us_i);
  while (!*b.tb->due_valid_o) tb_toe_deadlines_tick(b.tb);
  for (unsigned i = 1; i < 10; i++) {
    write_one(&b, i, true, later(*b.tb->now_us_i, 10));
    cr_expect(*b.tb->due_valid_o);
    cr_expect_eq(*b.tb->due_index_o, 0);
  }
  write_one(&b, 0, true, later(*b.tb->now_us_i, 20));
  cr_expect_not(*b.tb->due_valid_o);
  tb_toe_deadlines_delete(b.tb);
}

/* Writes come at any time; offers are answered late, or made stale by another write.  Each offer
 * must be true when it is made, and each deadline be offered within two passes. */
Test(deadlines, random_writes_match_the_array) {
  struct bench b = new_bench();
  unsigned overdue_cycles[DEPTH] = {0}, offers = 0;

  for (unsigned cycle = 0; cycle < 200000; cycle++) {
    if (tb_random_below(&b.rng, 4) == 0)
      *b.tb->now_us_i = later(*b.tb->now_us_i, tb_random_below(&b.rng, 4));
    *b.tb->wr_valid_i = 0;
    if (*b.tb->due_valid_o && tb_random_below(&b.rng, 4) == 0) {
      offers++;
      set_write(&b, *b.tb->due_index_o, tb_random_below(&b.rng, 2) == 0,
                later(*b.tb->now_us_i, tb_random_below(&b.rng, 100)));
    } else if (tb_random_below(&b.rng, 8) == 0) {
      set_write(&b, tb_random_below(&b.rng, DEPTH), tb_random_below(&b.rng, 3) != 0,
                later(*b.tb->now_us_i, tb_random_below(&b.rng, 100)));
    }
    if (*b.tb->wr_valid_i) overdue_cycles[*b.tb->wr_index_i] = 0;
    tb_toe_deadlines_tick(b.tb);
    check_bound(&b);
    if (*b.tb->due_valid_o) {
      const unsigned index = *b.tb->due_index_o;
      cr_assert(b.armed[index], "cycle %u", cycle);
      cr_assert_leq(ahead_us(&b, b.deadline_us[index]), 0, "cycle %u", cycle);
    }
    for (unsigned i = 0; i < DEPTH; i++) {
      if (!b.armed[i] || ahead_us(&b, b.deadline_us[i]) > 0) continue;
      cr_assert_not(*b.tb->idle_o && !*b.tb->wr_valid_i, "cycle %u: %u is overdue", cycle, i);
      cr_assert_lt(++overdue_cycles[i], 600, "cycle %u: %u was forgotten", cycle, i);
    }
  }
  cr_expect_gt(offers, 1000);
  tb_toe_deadlines_delete(b.tb);
}
