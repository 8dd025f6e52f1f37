/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_host: soft reset and idleness.
 * tb: top=toe_host
 */
#include "host_bench.h"

/* ---- Soft reset ------------------------------------------------------------------------------ */

Test(soft_reset, empties_the_engine_and_keeps_the_configuration) {
  host_bench_t *b = bench_new();
  uint32_t expected[TOE_HW_COUNTER_COUNT] = {0};

  bench_write(b, REG(LOCAL_IP), 0x0a000001);
  bench_write(b, REG(HASH_KEY0), 1);
  bench_write(b, REG(HASH_KEY3), 2);
  bench_write(b, REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
  bench_pulses(b, bench_ones(TOE_HW_COUNTER_COUNT));
  bench_cycles(b, 10);
  bench_pulses(b, 0);
  b->ntf_wanted = 5;
  b->stuck = true;
  for (uint32_t n = 0; n < 3; n++) bench_write_command(b, n);
  bench_write(b, REG(SQ_TAIL), 3);
  bench_cycles(b, 30);
  bench_write(b, REG(SQ_TAIL), 2);
  bench_write(b, REG(CQ_HEAD), 6);
  bench_write(b, REG(CQ_HEAD), 2);
  cr_assert_eq(*b->tb->cmd_valid_o, 1);
  cr_assert_eq(*b->tb->irq_o, 1);

  bench_write(
      b, REG(CTRL),
      TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm | TOE_REGS__CTRL__SOFT_RESET_bm);
  bench_wait_ready(b);
  b->stuck = false;
  cr_expect_eq(bench_read(b, REG(CTRL)), 0);
  cr_expect_eq(bench_read(b, REG(SQ_TAIL)), 0);
  cr_expect_eq(bench_read(b, REG(SQ_HEAD)), 0);
  cr_expect_eq(bench_read(b, REG(CQ_TAIL)), 0);
  cr_expect_eq(bench_read(b, REG(CQ_HEAD)), 0);
  cr_expect_eq(bench_status(b), TOE_REGS__STATUS__READY_bm | TOE_REGS__STATUS__IDLE_bm |
                                    TOE_REGS__STATUS__KEY_VALID_bm);
  cr_expect_eq(*b->tb->irq_o, 0);
  cr_expect_eq(bench_read(b, REG(LOCAL_IP)), 0x0a000001);
  bench_cycles(b, 100);
  cr_expect_eq(b->commands, 0, "commands of before are forgotten");
  bench_expect_counters(b, expected);

  bench_write_command(b, 0);
  bench_write(b, REG(SQ_TAIL), 1);
  b->ntf_made = 0;
  b->ntf_wanted = 1;
  bench_cycles(b, 30);
  cr_expect_eq(b->commands, 1);
  bench_expect_completion(b, 0);
  bench_delete(b);
}

Test(soft_reset, resets_the_core_for_eight_cycles) {
  host_bench_t *b = bench_new();
  unsigned cycles = 0;

  bench_write(b, REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  for (unsigned i = 0; i < 100; i++) {
    tb_toe_host_eval(b->tb);
    if (*b->tb->soft_rst_o) cycles++;
    bench_cycle(b);
  }
  /* The answer to the write arrives in the first of them or later. */
  cr_expect_geq(cycles, 4);
  cr_expect_leq(cycles, 8);
  cr_expect_eq(*b->tb->soft_rst_o, 0);
  bench_delete(b);
}

Test(soft_reset, holds_everything_while_the_core_is_busy) {
  host_bench_t *b = bench_new();

  bench_write(b, REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  *b->tb->core_busy_i = 1;
  b->ntf_wanted = 3;
  for (unsigned i = 0; i < 300; i++) {
    bench_cycle(b);
    cr_assert_eq(*b->tb->soft_rst_o, 1);
    cr_assert_eq(*b->tb->idle_o, 0);
  }
  cr_expect_eq(b->ntf_made, 0, "news of before");
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__READY_bm, 0);
  *b->tb->ntf_valid_i = 0; /* the core is reset at last */
  b->ntf_wanted = 0;
  *b->tb->core_busy_i = 0;
  bench_cycles(b, 10);
  cr_expect_eq(*b->tb->soft_rst_o, 0);
  bench_wait_ready(b);
  cr_expect_eq(bench_read(b, REG(CQ_TAIL)), 0);
  bench_delete(b);
}

Test(soft_reset, is_not_ready_before_the_core_was_idle) {
  host_bench_t *b = bench_new();

  *b->tb->tcp_idle_i = 0;
  bench_write(b, REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  bench_cycles(b, 500);
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__READY_bm, 0);
  *b->tb->tcp_idle_i = 1;
  bench_cycle(b);
  *b->tb->tcp_idle_i = 0;
  cr_expect_neq(bench_status(b) & TOE_REGS__STATUS__READY_bm, 0, "work after that is not reset's");
  bench_delete(b);
}

Test(soft_reset, is_not_ready_before_the_counters_are_clear) {
  host_bench_t *b = bench_new();

  bench_pulses(b, bench_ones(TOE_HW_COUNTER_COUNT));
  bench_cycles(b, 200);
  bench_pulses(b, 0);
  bench_write(b, REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__READY_bm, 0);
  /* A read in between waits for the clearing, and is answered. */
  cr_expect_eq(bench_read(b, kCounterAddresses[TOE_HW_COUNTER_COUNT - 1]), 0);
  bench_delete(b);
}

Test(soft_reset, answers_a_counter_read_that_is_under_way) {
  for (unsigned delay = 0; delay < 12; delay++) {
    host_bench_t *b = bench_new();
    tb_toe_host_t *tb = b->tb;

    /* The write and then, delay cycles later, the read, without waiting for the write's answer. */
    *tb->axil_awvalid_i = 1;
    *tb->axil_awaddr_i = REG(CTRL);
    *tb->axil_wvalid_i = 1;
    *tb->axil_wdata_i = TOE_REGS__CTRL__SOFT_RESET_bm;
    *tb->axil_wstrb_i = 0xf;
    *tb->axil_bready_i = 1;
    bench_cycle(b);
    *tb->axil_awvalid_i = 0;
    *tb->axil_wvalid_i = 0;
    bench_cycles(b, delay);
    cr_expect_eq(bench_read(b, kCounterAddresses[3]), 0);
    bench_delete(b);
  }
}

/* ---- Idleness -------------------------------------------------------------------------------- */

Test(idle, waits_for_an_access_to_be_answered) {
  host_bench_t *b = bench_new();
  tb_toe_host_t *tb = b->tb;

  bench_cycles(b, 100);
  tb_toe_host_eval(tb);
  cr_assert_eq(*tb->idle_o, 1);
  *tb->axil_arvalid_i = 1;
  *tb->axil_araddr_i = REG(ID);
  tb_toe_host_eval(tb);
  cr_expect_eq(*tb->idle_o, 0, "a request");
  bench_cycle(b);
  *tb->axil_arvalid_i = 0;
  for (unsigned i = 0; i < 20; i++) {
    tb_toe_host_eval(tb);
    cr_assert_eq(*tb->idle_o, 0, "an answer not taken");
    bench_cycle(b);
  }
  *tb->axil_rready_i = 1;
  bench_cycle(b);
  *tb->axil_rready_i = 0;
  tb_toe_host_eval(tb);
  cr_expect_eq(*tb->idle_o, 1);

  *tb->axil_wvalid_i = 1;
  *tb->axil_wdata_i = 0;
  *tb->axil_wstrb_i = 0;
  bench_cycle(b);
  *tb->axil_wvalid_i = 0;
  bench_cycles(b, 3);
  cr_expect_eq(*tb->idle_o, 0, "data without an address");
  *tb->axil_awvalid_i = 1;
  *tb->axil_awaddr_i = REG(LOCAL_IP);
  bench_cycle(b);
  *tb->axil_awvalid_i = 0;
  bench_cycles(b, 3);
  cr_expect_eq(*tb->idle_o, 0);
  *tb->axil_bready_i = 1;
  bench_cycle(b);
  tb_toe_host_eval(tb);
  cr_expect_eq(*tb->idle_o, 1);
  bench_delete(b);
}

Test(idle, waits_for_a_command_to_be_taken) {
  host_bench_t *b = bench_new();

  b->stuck = true;
  bench_write_command(b, 0);
  bench_write(b, REG(SQ_TAIL), 1);
  for (unsigned i = 0; i < 40; i++) {
    bench_cycle(b);
    cr_assert_eq(*b->tb->idle_o, 0);
  }
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__IDLE_bm, 0);
  b->stuck = false;
  bench_cycles(b, 10);
  cr_expect_eq(b->commands, 1);
  cr_expect_eq(*b->tb->idle_o, 1);
  cr_expect_neq(bench_status(b) & TOE_REGS__STATUS__IDLE_bm, 0);
  bench_delete(b);
}

Test(idle, waits_for_a_completion_that_has_room_only) {
  host_bench_t *b = bench_new();

  b->ntf_wanted = TOE_CQ_DEPTH + 1;
  for (unsigned i = 0; i < TOE_CQ_DEPTH; i++) {
    bench_cycle(b);
    tb_toe_host_eval(b->tb);
    cr_assert(*b->tb->idle_o == 0 || !*b->tb->ntf_valid_i);
  }
  bench_cycles(b, 2 * TOE_CQ_DEPTH);
  cr_expect_eq(*b->tb->ntf_valid_i, 1);
  cr_expect_eq(*b->tb->idle_o, 1, "only the host can end this");
  bench_delete(b);
}

Test(idle, waits_for_the_counters) {
  host_bench_t *b = bench_new();

  bench_cycles(b, 10);
  bench_pulses(b, 1);
  tb_toe_host_eval(b->tb);
  cr_expect_eq(*b->tb->idle_o, 0);
  bench_cycle(b);
  bench_pulses(b, 0);
  tb_toe_host_eval(b->tb);
  cr_expect_eq(*b->tb->idle_o, 0);
  bench_cycles(b, 5);
  cr_expect_eq(*b->tb->idle_o, 1);
  bench_delete(b);
}

Test(idle, status_says_whether_the_core_is_idle_too) {
  host_bench_t *b = bench_new();

  cr_expect_neq(bench_status(b) & TOE_REGS__STATUS__IDLE_bm, 0);
  *b->tb->core_idle_i = 0;
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__IDLE_bm, 0);
  bench_delete(b);
}

/* ---- Reset ----------------------------------------------------------------------------------- */

Test(reset, of_one_cycle_forgets_the_read_of_an_entry) {
  for (unsigned asked = 0; asked < 8; asked++) {
    host_bench_t *b = bench_new();
    *b->tb->axil_arvalid_i = 1;
    *b->tb->axil_araddr_i = CQ_WORD(0, 0);
    *b->tb->axil_rready_i = 1;
    for (unsigned i = 0; i < asked; i++) {
      tb_toe_host_eval(b->tb);
      const bool taken = *b->tb->axil_arvalid_i && *b->tb->axil_arready_o;
      bench_cycle(b);
      if (taken) *b->tb->axil_arvalid_i = 0;
    }
    *b->tb->axil_arvalid_i = 0;
    *b->tb->rst_i = 1;
    bench_cycle(b);
    *b->tb->rst_i = 0;
    for (unsigned i = 0; i < 30; i++) {
      tb_toe_host_eval(b->tb);
      cr_assert_eq(*b->tb->axil_rvalid_o, 0, "an answer after the reset, asked %u cycles before",
                   asked);
      bench_cycle(b);
    }
    bench_delete(b);
  }
}
