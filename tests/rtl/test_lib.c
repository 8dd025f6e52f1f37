/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocks of rtl/lib, under every idle and back-pressure pattern.
 * tb: top=tb_lib
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tb.h"
#include "tb_tb_lib.h"

enum { ITEMS = 4000, INPUTS = 3, DATA_MASK = 0xfffff };

static tb_tb_lib_t *new_tb(void) {
  tb_tb_lib_t *tb = tb_tb_lib_new(tb_seed());
  *tb->small_in_valid_i = *tb->small_out_ready_i = 0;
  *tb->large_in_valid_i = *tb->large_out_ready_i = 0;
  *tb->ram_wr_en_i = *tb->ram_rd_en_i = 0;
  *tb->arb_valid_i = *tb->arb_ready_i = 0;
  *tb->credit_take_i = *tb->credit_popped_i = *tb->credit_unused_i = 0;
  *tb->check_valid_i = *tb->check_ready_i = 0;
  tb_tb_lib_reset(tb);
  return tb;
}

/* Which data goes as number n of stream s: different for all, so that nothing is taken twice. */
static uint32_t item(uint32_t stream, uint32_t n) {
  return (n * INPUTS + stream) & DATA_MASK;
}

/* The ports of one queue of tb_lib. */
struct fifo {
  uint8_t *in_valid, *out_ready;
  const uint8_t *in_ready, *out_valid, *count;
  uint32_t *in_data;
  const uint32_t *out_data;
  uint32_t depth;
};

static struct fifo fifo_of(tb_tb_lib_t *tb, bool large) {
  struct fifo small_fifo = {
      tb->small_in_valid_i, tb->small_out_ready_i, tb->small_in_ready_o, tb->small_out_valid_o,
      tb->small_count_o,    tb->small_in_data_i,   tb->small_out_data_o, 2};
  struct fifo large_fifo = {
      tb->large_in_valid_i, tb->large_out_ready_i, tb->large_in_ready_o, tb->large_out_valid_o,
      tb->large_count_o,    tb->large_in_data_i,   tb->large_out_data_o, 16};
  return large ? large_fifo : small_fifo;
}

struct pattern_case {
  bool large;
  tb_pattern_t in, out;
};

ParameterizedTestParameters(fifo, keeps_order_and_loses_nothing) {
  static struct pattern_case cases[2 * TB_PATTERN_COUNT * TB_PATTERN_COUNT];
  size_t count = 0;
  for (int large = 0; large < 2; large++) {
    for (int in = 0; in < TB_PATTERN_COUNT; in++) {
      for (int out = 0; out < TB_PATTERN_COUNT; out++) {
        cases[count++] = (struct pattern_case){large != 0, (tb_pattern_t)in, (tb_pattern_t)out};
      }
    }
  }
  return cr_make_param_array(struct pattern_case, cases, count);
}

ParameterizedTest(struct pattern_case *c, fifo, keeps_order_and_loses_nothing) {
  tb_tb_lib_t *tb = new_tb();
  struct fifo fifo = fifo_of(tb, c->large);
  tb_rng_t rng = tb_rng(tb_seed());
  tb_gate_t in = {.pattern = c->in}, out = {.pattern = c->out};
  uint32_t sent = 0, received = 0, cycle = 0;

  while (received < ITEMS) {
    if (!*fifo.in_valid && sent < ITEMS && tb_gate_next(&in, &rng)) {
      *fifo.in_valid = 1;
      *fifo.in_data = item(0, sent);
    }
    *fifo.out_ready = tb_gate_next(&out, &rng);
    tb_tb_lib_eval(tb);
    cr_assert_eq(*fifo.count, sent - received, "%u sent, %u received, count_o is %u", sent,
                 received, *fifo.count);
    cr_assert_eq(*fifo.in_ready, *fifo.count < fifo.depth, "room is offered when there is some");
    bool pushed = *fifo.in_valid && *fifo.in_ready;
    if (*fifo.out_valid && *fifo.out_ready) {
      cr_assert_eq(*fifo.out_data, item(0, received), "item %u", received);
      received++;
    }
    tb_tb_lib_tick(tb);
    if (pushed) {
      sent++;
      *fifo.in_valid = 0;
    }
    cr_assert_lt(++cycle, 40u * ITEMS, "stuck after %u items", received);
  }
  tb_tb_lib_delete(tb);
}

Test(fifo, item_for_empty_queue_comes_out_one_cycle_later) {
  tb_tb_lib_t *tb = new_tb();

  *tb->large_in_valid_i = 1;
  *tb->large_in_data_i = 0x12345;
  tb_tb_lib_tick(tb);
  cr_expect_eq(*tb->large_out_valid_o, 1);
  cr_expect_eq(*tb->large_out_data_o, 0x12345u);
  tb_tb_lib_delete(tb);
}

Test(fifo, moves_one_item_a_cycle_from_every_fill) {
  for (uint32_t fill = 1; fill < 16; fill++) {
    tb_tb_lib_t *tb = new_tb();
    uint32_t moved = 0;
    *tb->large_in_valid_i = 1;
    for (uint32_t n = 0; n < fill; n++) tb_tb_lib_tick(tb);
    *tb->large_out_ready_i = 1;
    for (uint32_t n = 0; n < 100; n++) {
      tb_tb_lib_eval(tb);
      cr_assert_eq(*tb->large_in_ready_o, 1);
      moved += *tb->large_out_valid_o;
      tb_tb_lib_tick(tb);
    }
    cr_expect_geq(moved, 98u, "%u items in 100 cycles, %u inside at the start", moved, fill);
    tb_tb_lib_delete(tb);
  }
}

Test(fifo, reset_empties_it) {
  tb_tb_lib_t *tb = new_tb();

  *tb->large_in_valid_i = 1;
  for (int n = 0; n < 10; n++) tb_tb_lib_tick(tb);
  *tb->large_in_valid_i = 0;
  tb_tb_lib_reset(tb);
  for (int n = 0; n < 10; n++) {
    cr_expect_eq(*tb->large_out_valid_o, 0);
    cr_expect_eq(*tb->large_count_o, 0);
    tb_tb_lib_tick(tb);
  }
  tb_tb_lib_delete(tb);
}

Test(ram, reads_what_was_written_and_holds_it) {
  tb_tb_lib_t *tb = new_tb();
  tb_rng_t rng = tb_rng(tb_seed());
  uint32_t memory[16] = {0}, expected = 0;

  *tb->ram_wr_en_i = 1;
  for (uint8_t addr = 0; addr < 16; addr++) {
    *tb->ram_wr_addr_i = addr;
    *tb->ram_wr_data_i = 0;
    tb_tb_lib_tick(tb);
  }
  *tb->ram_rd_en_i = 1;
  tb_tb_lib_tick(tb);
  for (int n = 0; n < ITEMS; n++) {
    *tb->ram_wr_en_i = tb_random(&rng) & 1;
    *tb->ram_wr_addr_i = (uint8_t)tb_random_below(&rng, 16);
    *tb->ram_wr_data_i = tb_random(&rng) & DATA_MASK;
    *tb->ram_rd_en_i = tb_random(&rng) & 1;
    *tb->ram_rd_addr_i = (uint8_t)tb_random_below(&rng, 16);
    if (*tb->ram_rd_en_i) expected = memory[*tb->ram_rd_addr_i];
    if (*tb->ram_wr_en_i) memory[*tb->ram_wr_addr_i] = *tb->ram_wr_data_i;
    tb_tb_lib_tick(tb);
    cr_assert_eq(*tb->ram_rd_data_o, expected, "access %d", n);
  }
  tb_tb_lib_delete(tb);
}

ParameterizedTestParameters(stream_arb, keeps_order_and_is_fair) {
  static struct pattern_case cases[TB_PATTERN_COUNT * TB_PATTERN_COUNT];
  size_t count = 0;
  for (int in = 0; in < TB_PATTERN_COUNT; in++) {
    for (int out = 0; out < TB_PATTERN_COUNT; out++) {
      cases[count++] = (struct pattern_case){false, (tb_pattern_t)in, (tb_pattern_t)out};
    }
  }
  return cr_make_param_array(struct pattern_case, cases, count);
}

/* u_arb_check sees to it that a waiting item keeps its grant. */
ParameterizedTest(struct pattern_case *c, stream_arb, keeps_order_and_is_fair) {
  tb_tb_lib_t *tb = new_tb();
  tb_rng_t rng = tb_rng(tb_seed());
  tb_gate_t in[INPUTS] = {{.pattern = c->in}, {.pattern = c->in}, {.pattern = c->in}};
  tb_gate_t out = {.pattern = c->out};
  uint32_t sent[INPUTS] = {0}, overtaken[INPUTS] = {0}, received = 0, cycle = 0;

  while (received < ITEMS) {
    uint32_t valid = *tb->arb_valid_i;
    for (uint32_t i = 0; i < INPUTS; i++) {
      if (!(valid >> i & 1) && tb_gate_next(&in[i], &rng)) {
        valid |= 1u << i;
        *tb->arb_data_i &= ~((uint64_t)DATA_MASK << 20 * i);
        *tb->arb_data_i |= (uint64_t)item(i, sent[i]) << 20 * i;
      }
    }
    *tb->arb_valid_i = (uint8_t)valid;
    *tb->arb_ready_i = tb_gate_next(&out, &rng);
    tb_tb_lib_eval(tb);
    cr_assert_eq(*tb->arb_valid_o, valid != 0);
    uint32_t taken = valid & *tb->arb_ready_o;
    if (*tb->arb_valid_o && *tb->arb_ready_i) {
      uint32_t from = *tb->arb_data_o % INPUTS;
      cr_assert_eq(taken, 1u << from, "input %u was taken, mask %u", from, taken);
      cr_assert_eq(*tb->arb_data_o, item(from, sent[from]), "input %u", from);
      for (uint32_t i = 0; i < INPUTS; i++) {
        if (!(valid >> i & 1) || i == from)
          overtaken[i] = 0;
        else
          cr_assert_lt(++overtaken[i], INPUTS, "input %u waits too long", i);
      }
      sent[from]++;
      received++;
    } else {
      cr_assert_eq(taken, 0u, "nothing is taken");
    }
    tb_tb_lib_tick(tb);
    *tb->arb_valid_i = (uint8_t)(valid & ~taken);
    cr_assert_lt(++cycle, 40u * ITEMS, "stuck after %u items", received);
  }
  tb_tb_lib_delete(tb);
}

Test(credit, counts_what_is_free) {
  tb_tb_lib_t *tb = new_tb();
  tb_rng_t rng = tb_rng(tb_seed());
  uint32_t free_places = 5, reserved = 0;

  for (int n = 0; n < ITEMS; n++) {
    cr_assert_eq(*tb->credit_count_o, free_places, "step %d", n);
    bool take = (tb_random(&rng) & 1) && free_places > 0;
    bool popped = (tb_random(&rng) & 1) && reserved > 0;
    bool unused = (tb_random(&rng) & 1) && reserved > (popped ? 1u : 0u);
    *tb->credit_take_i = take;
    *tb->credit_popped_i = popped;
    *tb->credit_unused_i = unused;
    uint32_t given = (popped ? 1u : 0u) + (unused ? 1u : 0u);
    reserved = reserved + (take ? 1u : 0u) - given;
    free_places = free_places - (take ? 1u : 0u) + given;
    tb_tb_lib_tick(tb);
  }
  tb_tb_lib_delete(tb);
}

/* A failed assertion ends the process with exit status 1. */
// cppcheck-suppress unknownMacro
Test(credit, taking_what_is_not_there_is_caught, .exit_code = 1) {
  tb_tb_lib_t *tb = new_tb();

  *tb->credit_take_i = 1;
  for (int n = 0; n < 6; n++) tb_tb_lib_tick(tb);
}

Test(stream_check, item_that_waits_and_goes_is_accepted) {
  tb_tb_lib_t *tb = new_tb();

  for (uint32_t n = 0; n < 100; n++) {
    *tb->check_valid_i = 1;
    *tb->check_data_i = n;
    *tb->check_ready_i = 0;
    tb_tb_lib_tick(tb);
    *tb->check_ready_i = 1;
    tb_tb_lib_tick(tb);
    *tb->check_valid_i = n & 1;
    *tb->check_data_i = n + 1;
    tb_tb_lib_tick(tb);
  }
  tb_tb_lib_delete(tb);
}

/* One item is offered and not taken, then the stream shows this. */
static void offer_then(bool valid, uint32_t data) {
  tb_tb_lib_t *tb = new_tb();

  *tb->check_valid_i = 1;
  *tb->check_data_i = 1;
  tb_tb_lib_tick(tb);
  *tb->check_valid_i = valid;
  *tb->check_data_i = data;
  tb_tb_lib_tick(tb);
}

// cppcheck-suppress unknownMacro
Test(stream_check, item_that_is_withdrawn_is_caught, .exit_code = 1) {
  offer_then(false, 1);
}

// cppcheck-suppress unknownMacro
Test(stream_check, item_that_changes_is_caught, .exit_code = 1) {
  offer_then(true, 2);
}
