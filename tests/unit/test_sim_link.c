/* SPDX-License-Identifier: Apache-2.0
 *
 * The link model: what it is asked to do it does, about as often as asked, and always the same way.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tb.h"
#include "toe/toe_net.h"

enum { FRAMES = 20000, LEN = 100 };

static struct toe_link *make(struct toe_link_config config) {
  struct toe_link *link = NULL;

  cr_assert_eq(toe_link_create(&config, &link), 0);
  return link;
}

/* Sends FRAMES numbered frames, one each microsecond, and lets all of them arrive. */
static void put_all(struct toe_link *link) {
  uint8_t frame[LEN] = {0};

  for (uint32_t i = 0; i < FRAMES; i++) {
    memcpy(frame, &i, sizeof i);
    cr_assert_eq(toe_link_put(link, (uint64_t)i * 1000, frame, sizeof frame), 0);
  }
}

static struct toe_link_stats counts(const struct toe_link *link) {
  struct toe_link_stats stats;

  toe_link_stats_get(link, &stats);
  return stats;
}

/* Takes the next frame; its number, or UINT32_MAX when there is none. */
static uint32_t take(struct toe_link *link, uint64_t *time_ns) {
  uint8_t frame[TOE_SIM_MAX_FRAME];
  uint32_t number;

  if (toe_link_get(link, UINT64_MAX, frame, sizeof frame, time_ns) != LEN) return UINT32_MAX;
  memcpy(&number, frame, sizeof number);
  return number;
}

static void expect_about(uint64_t count, uint64_t wanted) {
  cr_expect(count > wanted * 8 / 10 && count < wanted * 12 / 10, "%lu, not about %lu",
            (unsigned long)count, (unsigned long)wanted);
}

Test(link, perfect_passes_everything_in_order_at_once) {
  struct toe_link *link = make((struct toe_link_config){.queue_frames = FRAMES});
  uint64_t time_ns = 0;

  put_all(link);
  for (uint32_t i = 0; i < FRAMES; i++) {
    cr_assert_eq(take(link, &time_ns), i);
    cr_assert_eq(time_ns, (uint64_t)i * 1000);
  }
  cr_expect_eq(take(link, &time_ns), UINT32_MAX);
  cr_expect_eq(toe_link_next_ns(link), UINT64_MAX);
  toe_link_destroy(link);
}

Test(link, frame_waits_for_its_time) {
  struct toe_link *link = make((struct toe_link_config){.delay_ns = 5000});
  uint8_t frame[LEN] = {0};
  uint64_t time_ns = 0;

  cr_assert_eq(toe_link_put(link, 1000, frame, sizeof frame), 0);
  cr_expect_eq(toe_link_next_ns(link), 6000);
  cr_expect_eq(toe_link_get(link, 5999, frame, sizeof frame, &time_ns), TOE_ERR_AGAIN);
  cr_expect_eq(toe_link_get(link, 6000, frame, sizeof frame - 1, &time_ns), TOE_ERR_RANGE);
  cr_expect_eq(toe_link_get(link, 6000, frame, sizeof frame, &time_ns), LEN);
  cr_expect_eq(time_ns, 6000);
  toe_link_destroy(link);
}

Test(link, losses_are_as_many_as_asked) {
  struct toe_link *link =
      make((struct toe_link_config){.seed = tb_seed(), .loss_ppm = 50000, .queue_frames = FRAMES});
  uint64_t arrived = 0;

  put_all(link);
  while (take(link, NULL) != UINT32_MAX) arrived++;
  expect_about(counts(link).lost, FRAMES / 20);
  cr_expect_eq(arrived + counts(link).lost, FRAMES);
  toe_link_destroy(link);
}

Test(link, burst_loses_neighbours) {
  struct toe_link *link = make((struct toe_link_config){
      .seed = tb_seed(), .burst_ppm = 5000, .burst_frames = 10, .queue_frames = FRAMES});
  uint32_t runs = 0;
  uint32_t expected = 0;
  uint32_t number;

  put_all(link);
  while ((number = take(link, NULL)) != UINT32_MAX) {
    if (number != expected) runs++;
    expected = number + 1;
  }
  expect_about(counts(link).lost, (uint64_t)runs * 10);
  cr_expect_gt(runs, 50);
  toe_link_destroy(link);
}

Test(link, corruption_flips_one_bit) {
  struct toe_link *link = make((struct toe_link_config){.seed = tb_seed(), .corrupt_ppm = 1000000});
  uint8_t frame[LEN] = {0};
  unsigned bits = 0;

  cr_assert_eq(toe_link_put(link, 0, frame, sizeof frame), 0);
  cr_assert_eq(toe_link_get(link, 0, frame, sizeof frame, NULL), LEN);
  for (size_t i = 0; i < sizeof frame; i++) bits += (unsigned)__builtin_popcount(frame[i]);
  cr_expect_eq(bits, 1);
  cr_expect_eq(counts(link).corrupted, 1);
  toe_link_destroy(link);
}

Test(link, truncation_cuts_the_end) {
  struct toe_link *link =
      make((struct toe_link_config){.seed = tb_seed(), .truncate_ppm = 1000000});
  uint8_t sent[LEN];
  uint8_t frame[LEN] = {0};

  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)i;
  for (int i = 0; i < 100; i++) {
    cr_assert_eq(toe_link_put(link, 0, sent, sizeof sent), 0);
    const int len = toe_link_get(link, 0, frame, sizeof frame, NULL);
    cr_assert(len > 0 && len < LEN);
    cr_assert_arr_eq(frame, sent, (size_t)len);
  }
  toe_link_destroy(link);
}

Test(link, duplicate_comes_twice) {
  struct toe_link *link = make((struct toe_link_config){.duplicate_ppm = 1000000});
  uint8_t frame[LEN] = {0};

  cr_assert_eq(toe_link_put(link, 0, frame, sizeof frame), 0);
  cr_expect_eq(take(link, NULL), 0);
  cr_expect_eq(take(link, NULL), 0);
  cr_expect_eq(take(link, NULL), UINT32_MAX);
  toe_link_destroy(link);
}

Test(link, reordered_frame_is_overtaken) {
  struct toe_link *link = make((struct toe_link_config){
      .seed = tb_seed(), .reorder_ppm = 100000, .reorder_ns = 2500, .queue_frames = FRAMES});
  uint64_t overtaken = 0;
  uint32_t highest = 0;
  uint32_t number;

  put_all(link);
  while ((number = take(link, NULL)) != UINT32_MAX) {
    if (number < highest) overtaken++;
    if (number > highest) highest = number;
  }
  expect_about(overtaken, FRAMES / 10);
  toe_link_destroy(link);
}

Test(link, rate_spaces_frames) {
  /* 124 octets with what surrounds a frame, at 1 Gbit/s: 992 ns. */
  struct toe_link *link = make((struct toe_link_config){.rate_bps = 1000000000});
  uint8_t frame[LEN] = {0};

  for (int i = 0; i < 3; i++) cr_assert_eq(toe_link_put(link, 0, frame, sizeof frame), 0);
  for (uint64_t i = 1; i <= 3; i++) {
    uint64_t time_ns = 0;
    cr_assert_eq(take(link, &time_ns), 0);
    cr_expect_eq(time_ns, i * 992);
  }
  toe_link_destroy(link);
}

Test(link, jitter_keeps_the_order) {
  struct toe_link *link =
      make((struct toe_link_config){.seed = tb_seed(), .jitter_ns = 50000, .queue_frames = FRAMES});

  put_all(link);
  for (uint32_t i = 0; i < FRAMES; i++) cr_assert_eq(take(link, NULL), i);
  toe_link_destroy(link);
}

Test(link, full_link_loses_and_counts) {
  struct toe_link *link = make((struct toe_link_config){.queue_frames = 2});
  uint8_t frame[LEN] = {0};

  for (int i = 0; i < 3; i++) cr_assert_eq(toe_link_put(link, 0, frame, sizeof frame), 0);
  cr_expect_eq(counts(link).overflowed, 1);
  toe_link_destroy(link);
}

Test(link, same_seed_same_fate) {
  const struct toe_link_config config = {.seed = tb_seed() + 1,
                                         .loss_ppm = 30000,
                                         .duplicate_ppm = 30000,
                                         .reorder_ppm = 30000,
                                         .reorder_ns = 9000,
                                         .jitter_ns = 700,
                                         .queue_frames = 2 * FRAMES};
  struct toe_link *links[3] = {make(config), make(config), NULL};
  struct toe_link_config other = config;
  bool differs = false;

  other.seed++;
  links[2] = make(other);
  for (int i = 0; i < 3; i++) put_all(links[i]);
  for (;;) {
    uint64_t times_ns[3] = {0};
    uint32_t numbers[3];
    for (int i = 0; i < 3; i++) numbers[i] = take(links[i], &times_ns[i]);
    cr_assert_eq(numbers[0], numbers[1]);
    cr_assert_eq(times_ns[0], times_ns[1]);
    if (numbers[0] != numbers[2] || times_ns[0] != times_ns[2]) differs = true;
    if (numbers[0] == UINT32_MAX) break;
  }
  cr_expect(differs, "another seed gave the same");
  for (int i = 0; i < 3; i++) toe_link_destroy(links[i]);
}

Test(link, impossible_requests_are_refused) {
  struct toe_link *link = NULL;
  uint8_t frame[1] = {0};

  cr_expect_eq(toe_link_create(&(struct toe_link_config){.loss_ppm = 1000001}, &link),
               TOE_ERR_RANGE);
  cr_expect_eq(toe_link_create(&(struct toe_link_config){.burst_ppm = 1}, &link), TOE_ERR_RANGE);
  link = make((struct toe_link_config){0});
  cr_expect_eq(toe_link_put(link, 0, frame, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_link_put(link, 0, frame, TOE_SIM_MAX_FRAME + 1), TOE_ERR_RANGE);
  toe_link_destroy(link);
}
