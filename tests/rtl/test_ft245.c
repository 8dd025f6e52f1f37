/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_ft245 at a chip in the FT2232H's 245 synchronous FIFO mode: its flags come and go, its clock
 * stops, and every rule about the bus is checked at every edge.
 * tb: top=toe_ft245 params=BurstOctets=64
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "tb.h"
#include "tb_toe_ft245.h"

enum { OCTETS = 20000, BURST = 64 };

/* Clock periods in arbitrary units: 60 MHz, and cores around it. */
enum { FT_PERIOD = 1667 };

typedef struct bench {
  tb_toe_ft245_t *tb;
  tb_rng_t rng;
  uint64_t now, core_at, ft_at, core_period;
  tb_gate_t has_octet, has_room, core_takes, core_offers;
  bool begun;                /* the first reset is over */
  bool lossy;                /* a reset has come in between */
  bool silent;               /* nobody has anything to say */
  uint32_t ft_stopped_edges; /* the chip's clock stands still for so long */

  /* The chip. */
  uint32_t to_device, from_device; /* octets that have moved */
  bool oe_before, driven_before;
  uint32_t run_read, run_written; /* octets since the other direction was last possible */
  uint32_t longest_run;

  /* The core. */
  uint32_t heard, said;
} bench_t;

static uint8_t octet_down(uint32_t n) {
  return (uint8_t)(n * 151 + (n >> 8));
}

static uint8_t octet_up(uint32_t n) {
  return (uint8_t)(n * 77 + (n >> 8) + 5);
}

static bench_t *bench_new(tb_pattern_t pattern, uint64_t core_period) {
  bench_t *b = calloc(1, sizeof *b);
  const unsigned vary = pattern != TB_ALWAYS;

  cr_assert_not_null(b);
  b->rng = tb_rng(tb_seed());
  b->core_period = core_period;
  b->core_at = core_period;
  b->ft_at = FT_PERIOD;
  b->has_octet.pattern = pattern;
  b->has_room.pattern = (tb_pattern_t)((pattern + vary) % TB_PATTERN_COUNT);
  b->core_takes.pattern = (tb_pattern_t)((pattern + 2 * vary) % TB_PATTERN_COUNT);
  b->core_offers.pattern = pattern;
  b->silent = true;
  tb_toe_ft245_t *tb = b->tb = tb_toe_ft245_new(tb_seed());
  *tb->clk_i = *tb->ft_clk_i = 0;
  *tb->rst_i = 1;
  *tb->ft_rxf_ni = *tb->ft_txe_ni = 1;
  *tb->tx_valid_i = *tb->rx_ready_i = 0;
  tb_toe_ft245_eval(tb);
  return b;
}

static void bench_delete(bench_t *b) {
  tb_toe_ft245_delete(b->tb);
  free(b);
}

/* Rising edge of the core's clock; the falling edge is of no interest to anybody. */
static void core_edge(bench_t *b) {
  tb_toe_ft245_t *tb = b->tb;
  const bool heard = *tb->rx_valid_o && *tb->rx_ready_i && !*tb->rst_i;
  const bool said = *tb->tx_valid_i && *tb->tx_ready_o && !*tb->rst_i;

  if (heard && !b->lossy)
    cr_assert_eq(*tb->rx_data_o, octet_down(b->heard), "octet %u to the device", b->heard);
  *tb->clk_i = 1;
  tb_toe_ft245_eval(tb);
  *tb->clk_i = 0;
  tb_toe_ft245_eval(tb);
  b->heard += heard;
  b->said += said;
  *tb->rx_ready_i = tb_gate_next(&b->core_takes, &b->rng);
  if (!*tb->tx_valid_i || said)
    *tb->tx_valid_i = !b->silent && tb_gate_next(&b->core_offers, &b->rng);
  *tb->tx_data_i = octet_up(b->said);
  tb_toe_ft245_eval(tb);
}

static void ft_edge(bench_t *b) {
  tb_toe_ft245_t *tb = b->tb;
  const bool oe = !*tb->ft_oe_no, rd = !*tb->ft_rd_no, wr = !*tb->ft_wr_no;
  const bool driven = *tb->ft_data_oe_o;
  const bool rxf = !*tb->ft_rxf_ni, txe = !*tb->ft_txe_ni;

  if (b->begun) {
    cr_assert(!rd || (oe && b->oe_before), "RD# without OE# a clock before");
    cr_assert(!(oe && driven), "both drive the bus");
    cr_assert(!(oe && b->driven_before) && !(driven && b->oe_before), "no clock between drivers");
    cr_assert(!wr || driven, "WR# without data");
    cr_assert(!(rd && wr));
  }
  const bool down = rd && rxf, up = wr && txe;
  if (up && !b->lossy)
    cr_assert_eq(*tb->ft_data_o, octet_up(b->from_device), "octet %u", b->from_device);
  b->oe_before = oe;
  b->driven_before = driven;
  *tb->ft_clk_i = 1;
  tb_toe_ft245_eval(tb);
  *tb->ft_clk_i = 0;
  b->to_device += down;
  b->from_device += up;
  b->run_read = up || !txe ? 0 : b->run_read + down;
  b->run_written = down || !rxf ? 0 : b->run_written + up;
  if (b->run_read > b->longest_run) b->longest_run = b->run_read;
  if (b->run_written > b->longest_run) b->longest_run = b->run_written;
  /* After the edge the chip says what it can do next. */
  *tb->ft_rxf_ni = b->silent || b->to_device == OCTETS || !tb_gate_next(&b->has_octet, &b->rng);
  *tb->ft_txe_ni = b->silent || !tb_gate_next(&b->has_room, &b->rng);
  tb_toe_ft245_eval(tb);
}

/* The bus while the chip drives it; else anything. */
static void drive_bus(bench_t *b) {
  tb_toe_ft245_t *tb = b->tb;

  *tb->ft_data_i =
      *tb->ft_oe_no || *tb->ft_rxf_ni ? (uint8_t)tb_random(&b->rng) : octet_down(b->to_device);
  tb_toe_ft245_eval(tb);
}

static void step(bench_t *b) {
  drive_bus(b);
  if (b->core_at < b->ft_at) {
    b->now = b->core_at;
    b->core_at += b->core_period;
    core_edge(b);
    return;
  }
  b->now = b->ft_at;
  b->ft_at += FT_PERIOD;
  if (b->ft_stopped_edges != 0)
    b->ft_stopped_edges--;
  else
    ft_edge(b);
}

/* Until both ends are through with a reset; what was under way is lost with it. */
static void begin_anew(bench_t *b) {
  b->silent = true;
  *b->tb->tx_valid_i = 0;
  for (unsigned patience = 10000; !*b->tb->tx_ready_o; patience--) {
    cr_assert_neq(patience, 0);
    step(b);
  }
  for (unsigned i = 0; i < 20; i++) step(b);
  cr_assert_not(*b->tb->rx_valid_o);
  b->silent = b->lossy = false;
  b->begun = true;
  b->heard = b->to_device;
  b->said = b->from_device;
}

static void reset(bench_t *b) {
  *b->tb->rst_i = 1;
  for (unsigned i = 0; i < 10; i++) step(b);
  *b->tb->rst_i = 0;
  begin_anew(b);
}

static void move_everything(bench_t *b) {
  for (uint64_t patience = 1000 * OCTETS; b->heard < OCTETS || b->from_device < OCTETS;
       patience--) {
    cr_assert_neq(patience, 0, "%u octets down, %u up", b->heard, b->from_device);
    step(b);
  }
}

struct variant {
  tb_pattern_t pattern;
  uint64_t core_period; /* 125 MHz, the same as the chip's, 25 MHz */
};

ParameterizedTestParameters(ft245, octets_pass_both_ways) {
  static struct variant variants[] = {
      {TB_ALWAYS, 800},  {TB_RANDOM, 800},  {TB_BURSTS, 801},       {TB_RARELY, 797},
      {TB_BURSTS, 4000}, {TB_ALWAYS, 4001}, {TB_ALWAYS, FT_PERIOD}, {TB_RANDOM, FT_PERIOD},
  };
  return cr_make_param_array(struct variant, variants, sizeof variants / sizeof variants[0]);
}

ParameterizedTest(struct variant *v, ft245, octets_pass_both_ways) {
  bench_t *b = bench_new(v->pattern, v->core_period);

  reset(b);
  move_everything(b);
  bench_delete(b);
}

/* 60 million octets a second in one direction; turns when both want. */
Test(ft245, one_direction_alone_has_the_whole_bus) {
  bench_t *b = bench_new(TB_ALWAYS, 800);

  b->core_offers.pattern = TB_ALWAYS;
  reset(b);
  *b->tb->tx_valid_i = 0;
  while (b->to_device == 0) step(b);
  const uint64_t start = b->now;
  const uint32_t both = b->to_device + b->from_device;
  while (b->now - start < 4000 * FT_PERIOD) step(b);
  cr_expect_gt(b->to_device + b->from_device - both, 4000 * 9 / 10, "%u octets",
               b->to_device + b->from_device - both);
  cr_expect_leq(b->longest_run, BURST + 2, "a turn of %u octets", b->longest_run);
  bench_delete(b);
}

Test(ft245, clock_that_stops_loses_nothing) {
  bench_t *b = bench_new(TB_RANDOM, 800);

  b->ft_stopped_edges = 500; /* the host has not switched the mode on */
  *b->tb->rst_i = 1;
  for (unsigned i = 0; i < 10; i++) step(b);
  *b->tb->rst_i = 0;
  for (unsigned i = 0; i < 300; i++) {
    step(b);
    cr_assert_not(*b->tb->tx_ready_o, "nothing is taken that could be lost");
  }
  begin_anew(b);
  for (unsigned i = 0; i < 200; i++) {
    for (unsigned k = tb_random_below(&b->rng, 300); k != 0; k--) step(b);
    b->ft_stopped_edges = tb_random_below(&b->rng, 100);
  }
  move_everything(b);
  bench_delete(b);
}

/* A reset in the middle, long and short ones one after the other: then both ends begin anew. */
Test(ft245, reset_leaves_no_octet_of_before) {
  bench_t *b = bench_new(TB_BURSTS, 800);

  reset(b);
  for (unsigned round = 0; round < 300; round++) {
    b->lossy = true;
    for (unsigned k = tb_random_below(&b->rng, 600); k != 0; k--) step(b);
    for (unsigned again = tb_random_below(&b->rng, 3) + 1; again != 0; again--) {
      for (unsigned i = tb_random_below(&b->rng, 40); i != 0; i--) step(b);
      b->ft_stopped_edges = tb_random_below(&b->rng, 2) * tb_random_below(&b->rng, 40);
      *b->tb->rst_i = 1;
      for (unsigned i = 0; i < 2 + tb_random_below(&b->rng, 20); i++) step(b);
      *b->tb->rst_i = 0;
    }
    begin_anew(b);
  }
  move_everything(b);
  bench_delete(b);
}
