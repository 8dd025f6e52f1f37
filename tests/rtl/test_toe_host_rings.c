/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_host: submission and completion ring.
 * tb: top=toe_host
 */
#include "host_bench.h"

#include <criterion/parameterized.h>

/* One pattern for the host's requests and one for the core, each other's complement in the list. */
ParameterizedTestParameters(submission, commands_arrive_whole_and_in_order) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

ParameterizedTest(tb_pattern_t *pattern, submission, commands_arrive_whole_and_in_order) {
  enum { COMMANDS = 300 };
  host_bench_t *b = bench_new();
  uint32_t posted = 0;

  b->ask.pattern = *pattern;
  b->answer.pattern = *pattern;
  b->take.pattern = (tb_pattern_t)(TB_PATTERN_COUNT - 1 - *pattern);
  while (posted < COMMANDS) {
    const uint32_t used = (uint16_t)(posted - bench_read(b, REG(SQ_HEAD)));
    uint32_t batch = 1 + tb_random_below(&b->rng, 20);
    for (; batch != 0 && used + batch <= TOE_SQ_DEPTH; batch--) bench_write_command(b, posted++);
    bench_write(b, REG(SQ_TAIL), posted & 0xffff);
  }
  bench_cycles(b, 100 * TOE_SQ_DEPTH);
  cr_assert_eq(b->commands, posted);
  for (uint32_t n = 0; n < posted; n++) {
    cr_assert_eq(b->command_words[n], n * TOE_CMD_WORDS + TOE_CMD_TAG_WORD);
  }
  for (uint32_t word = 0; word < TOE_CMD_WORDS; word++) {
    cr_expect_eq(b->command[word], (posted - 1) * TOE_CMD_WORDS + word);
  }
  cr_expect_eq(bench_read(b, REG(SQ_HEAD)), posted & 0xffff);
  cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__SQ_TAIL_ERROR_bm, 0);
  bench_delete(b);
}

Test(submission, command_costs_at_most_ten_cycles) {
  host_bench_t *b = bench_new();

  for (uint32_t n = 0; n < TOE_SQ_DEPTH; n++) bench_write_command(b, n);
  bench_write(b, REG(SQ_TAIL), TOE_SQ_DEPTH);
  bench_cycles(b, 20 * TOE_SQ_DEPTH);
  cr_assert_eq(b->commands, TOE_SQ_DEPTH);
  cr_expect_leq(b->last_cycle - b->first_cycle, 10 * (TOE_SQ_DEPTH - 1));
  bench_delete(b);
}

Test(submission, pointers_wrap_at_65536) {
  enum { COMMANDS = 65536 + 2 * TOE_SQ_DEPTH };
  host_bench_t *b = bench_new();

  for (uint32_t posted = 0; posted < COMMANDS;) {
    bench_write(b, SQ_WORD(posted, TOE_CMD_TAG_WORD), posted);
    bench_write(b, REG(SQ_TAIL), ++posted & 0xffff);
    while ((uint16_t)(posted - bench_read(b, REG(SQ_HEAD))) >= TOE_SQ_DEPTH) bench_cycle(b);
  }
  bench_cycles(b, 20 * TOE_SQ_DEPTH);
  cr_assert_eq(b->commands, COMMANDS);
  for (uint32_t n = 0; n < COMMANDS; n++) cr_assert_eq(b->command_words[n], n);
  bench_delete(b);
}

Test(submission, bad_doorbell_is_refused_and_flagged) {
  static const uint16_t bad[] = {TOE_SQ_DEPTH + 11, 9, 0, 0x8000, 0xffff};
  host_bench_t *b = bench_new();

  for (uint32_t n = 0; n < 10; n++) bench_write_command(b, n);
  bench_write(b, REG(SQ_TAIL), 10);
  bench_cycles(b, 200);
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    bench_write(b, REG(SQ_TAIL), bad[i]);
    bench_cycles(b, 200);
    cr_expect_eq(bench_read(b, REG(SQ_TAIL)), 10, "doorbell %u was believed", bad[i]);
    cr_expect_eq(b->commands, 10);
    cr_expect_neq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__SQ_TAIL_ERROR_bm, 0);
    cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__CQ_HEAD_ERROR_bm, 0);
    bench_write(b, REG(STATUS), TOE_REGS__STATUS__SQ_TAIL_ERROR_bm);
    cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__SQ_TAIL_ERROR_bm, 0);
  }
  bench_write(b, REG(SQ_TAIL), 10 + TOE_SQ_DEPTH);
  bench_cycles(b, 20 * TOE_SQ_DEPTH);
  cr_expect_eq(b->commands, 10 + TOE_SQ_DEPTH, "a full ring is no error");
  bench_delete(b);
}

Test(submission, error_flag_stays_until_cleared) {
  host_bench_t *b = bench_new();

  bench_write(b, REG(SQ_TAIL), TOE_SQ_DEPTH + 1);
  bench_write_command(b, 0);
  bench_write(b, REG(SQ_TAIL), 1);
  bench_write(b, REG(STATUS), TOE_REGS__STATUS__CQ_HEAD_ERROR_bm);
  cr_expect_neq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__SQ_TAIL_ERROR_bm, 0);
  bench_delete(b);
}

Test(submission, doorbell_counts_room_from_the_head) {
  host_bench_t *b = bench_new();

  /* One command stands in front of the core, so its entry is free: room for one more. */
  b->stuck = true;
  for (uint32_t n = 0; n < TOE_SQ_DEPTH; n++) bench_write_command(b, n);
  bench_write(b, REG(SQ_TAIL), TOE_SQ_DEPTH);
  bench_cycles(b, 20);
  bench_write(b, REG(SQ_TAIL), TOE_SQ_DEPTH + 2);
  cr_expect_eq(bench_read(b, REG(SQ_TAIL)), TOE_SQ_DEPTH);
  bench_write_command(b, TOE_SQ_DEPTH);
  bench_write(b, REG(SQ_TAIL), TOE_SQ_DEPTH + 1);
  cr_expect_eq(bench_read(b, REG(SQ_TAIL)), TOE_SQ_DEPTH + 1);
  b->stuck = false;
  bench_cycles(b, 20 * TOE_SQ_DEPTH);
  cr_assert_eq(b->commands, TOE_SQ_DEPTH + 1);
  for (uint32_t n = 0; n <= TOE_SQ_DEPTH; n++) {
    cr_assert_eq(b->command_words[n], n * TOE_CMD_WORDS + TOE_CMD_TAG_WORD);
  }
  bench_delete(b);
}

Test(submission, partial_write_changes_nothing) {
  host_bench_t *b = bench_new();

  bench_write_command(b, 0);
  bench_write_octets(b, SQ_WORD(0, TOE_CMD_TAG_WORD), 0xffffffff, 0x7);
  bench_write_octets(b, REG(SQ_TAIL), 1, 0x1);
  bench_cycles(b, 50);
  cr_expect_eq(b->commands, 0);
  cr_expect_eq(bench_read(b, REG(SQ_TAIL)), 0);
  bench_write_octets(b, REG(SQ_TAIL), 1, 0x3);
  bench_cycles(b, 50);
  cr_assert_eq(b->commands, 1);
  cr_expect_eq(b->command_words[0], TOE_CMD_TAG_WORD);
  bench_delete(b);
}

Test(submission, command_waits_unchanged_until_taken) {
  host_bench_t *b = bench_new();

  b->stuck = true;
  for (uint32_t n = 0; n < 3; n++) bench_write_command(b, n);
  bench_write(b, REG(SQ_TAIL), 3);
  for (unsigned i = 0; i < 50; i++) {
    bench_cycle(b);
    if (i < 10) continue;
    cr_assert(*b->tb->cmd_valid_o);
    for (uint32_t word = 0; word < TOE_CMD_WORDS; word++) cr_assert_eq(b->tb->cmd_o[word], word);
  }
  cr_expect_eq(bench_read(b, REG(SQ_HEAD)), 1, "only what was read is free");
  b->stuck = false;
  bench_cycles(b, 50);
  cr_expect_eq(b->commands, 3);
  bench_delete(b);
}

ParameterizedTestParameters(completion, notifications_arrive_whole_and_in_order) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

ParameterizedTest(tb_pattern_t *pattern, completion, notifications_arrive_whole_and_in_order) {
  enum { NOTIFICATIONS = 600 };
  host_bench_t *b = bench_new();
  uint32_t head = 0;

  b->ask.pattern = *pattern;
  b->answer.pattern = *pattern;
  b->notify.pattern = (tb_pattern_t)(TB_PATTERN_COUNT - 1 - *pattern);
  b->ntf_wanted = NOTIFICATIONS;
  while (head < NOTIFICATIONS) {
    const uint16_t tail = (uint16_t)bench_read(b, REG(CQ_TAIL));
    cr_assert_leq((uint16_t)(tail - head), TOE_CQ_DEPTH);
    while ((uint16_t)head != tail) bench_expect_completion(b, head++);
    bench_write(b, REG(CQ_HEAD), head & 0xffff);
  }
  bench_cycles(b, 100);
  cr_expect_eq(bench_read(b, REG(CQ_TAIL)), NOTIFICATIONS);
  cr_expect_eq(bench_read(b, REG(CQ_HEAD)), NOTIFICATIONS);
  bench_delete(b);
}

Test(completion, full_ring_holds_back_and_loses_nothing) {
  host_bench_t *b = bench_new();
  uint32_t head = 0;

  b->ntf_wanted = TOE_CQ_DEPTH + 40;
  bench_cycles(b, 4 * TOE_CQ_DEPTH);
  cr_assert_eq(b->ntf_made, TOE_CQ_DEPTH);
  cr_expect_eq(bench_read(b, REG(CQ_TAIL)), TOE_CQ_DEPTH);
  bench_cycles(b, 100);
  cr_expect_eq(*b->tb->ntf_ready_o, 0);
  bench_expect_completion(b, 0);

  bench_write(b, REG(CQ_HEAD), ++head);
  bench_cycles(b, 10);
  cr_expect_eq(b->ntf_made, TOE_CQ_DEPTH + 1, "one entry freed, one written");
  for (; head < b->ntf_wanted; head++) {
    bench_expect_completion(b, head);
    bench_write(b, REG(CQ_HEAD), head + 1);
  }
  cr_expect_eq(bench_read(b, REG(CQ_TAIL)), TOE_CQ_DEPTH + 40);
  bench_delete(b);
}

Test(completion, notification_costs_two_cycles) {
  host_bench_t *b = bench_new();

  b->ntf_wanted = 100;
  bench_cycles(b, 200);
  cr_expect_eq(b->ntf_made, 100);
  bench_delete(b);
}

Test(completion, word_costs_at_most_three_cycles) {
  host_bench_t *b = bench_new();
  uint32_t words[64 * TOE_NTF_WORDS];

  b->ntf_wanted = 64;
  bench_cycles(b, 300);
  const uint64_t start = b->tb->cycles;
  bench_read_many(b, REG(CQ), words, 64 * TOE_NTF_WORDS);
  cr_expect_leq(b->tb->cycles - start, 3 * 64 * TOE_NTF_WORDS);
  for (uint32_t i = 0; i < 64 * TOE_NTF_WORDS; i++) {
    const uint32_t n = i / TOE_NTF_WORDS, word = i % TOE_NTF_WORDS;
    const uint32_t reason = word == TOE_NTF_REASON_WORD ? ntf_reason(n) << TOE_NTF_REASON_LSB : 0;
    cr_assert_eq(words[i], ntf_word(n, word) | reason);
  }
  bench_delete(b);
}

Test(completion, pointers_wrap_at_65536) {
  enum { NOTIFICATIONS = 65536 + 2 * TOE_CQ_DEPTH };
  host_bench_t *b = bench_new();

  b->ntf_wanted = NOTIFICATIONS;
  for (uint32_t head = 0; head < NOTIFICATIONS;) {
    const uint16_t tail = (uint16_t)bench_read(b, REG(CQ_TAIL));
    for (; (uint16_t)head != tail; head++) {
      cr_assert_eq(bench_read(b, CQ_WORD(head, 9)), ntf_word(head, 9), "completion %u", head);
    }
    bench_write(b, REG(CQ_HEAD), head & 0xffff);
  }
  cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__CQ_HEAD_ERROR_bm, 0);
  bench_delete(b);
}

Test(completion, bad_head_is_refused_and_flagged) {
  static const uint16_t bad[] = {21, 4, 0, 0x8005, 0xffff};
  host_bench_t *b = bench_new();

  b->ntf_wanted = 20;
  bench_cycles(b, 60);
  bench_write(b, REG(CQ_HEAD), 5);
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    bench_write(b, REG(CQ_HEAD), bad[i]);
    cr_expect_eq(bench_read(b, REG(CQ_HEAD)), 5, "head %u was believed", bad[i]);
    cr_expect_neq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__CQ_HEAD_ERROR_bm, 0);
    cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__SQ_TAIL_ERROR_bm, 0);
    bench_write(b, REG(STATUS), TOE_REGS__STATUS__CQ_HEAD_ERROR_bm);
    cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__CQ_HEAD_ERROR_bm, 0);
  }
  bench_write_octets(b, REG(CQ_HEAD), 20, 0x1);
  cr_expect_eq(bench_read(b, REG(CQ_HEAD)), 5, "partial write");
  bench_write(b, REG(CQ_HEAD), 20);
  cr_expect_eq(bench_read(b, REG(CQ_HEAD)), 20);
  cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__CQ_HEAD_ERROR_bm, 0);
  bench_delete(b);
}

Test(completion, writes_to_the_window_change_nothing) {
  host_bench_t *b = bench_new();

  b->ntf_wanted = 1;
  bench_cycles(b, 10);
  bench_write(b, CQ_WORD(0, 3), 0x12345678);
  bench_expect_completion(b, 0);
  bench_delete(b);
}

Test(completion, interrupt_is_the_level_of_a_ring_that_is_not_empty) {
  host_bench_t *b = bench_new();

  b->ntf_wanted = 2;
  bench_cycles(b, 10);
  cr_expect_neq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__COMPLETION_bm, 0);
  cr_expect_eq(*b->tb->irq_o, 0, "not enabled");
  bench_write(b, REG(CTRL), TOE_REGS__CTRL__IRQ_ENABLE_bm);
  cr_expect_eq(*b->tb->irq_o, 1);
  bench_write(b, REG(CQ_HEAD), 1);
  cr_expect_eq(*b->tb->irq_o, 1);
  bench_write(b, REG(CQ_HEAD), 2);
  cr_expect_eq(*b->tb->irq_o, 0);
  cr_expect_eq(bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__COMPLETION_bm, 0);
  b->ntf_wanted = 3;
  bench_cycles(b, 10);
  cr_expect_eq(*b->tb->irq_o, 1);
  bench_delete(b);
}
