/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rate, with a period that is no whole number of cycles.
 * tb: top=toe_rate params=ClkHz=62500000,RateHz=1000000
 */
#include <criterion/criterion.h>

#include "tb.h"
#include "tb_toe_rate.h"

/* Of 500 kHz each. */
enum { CLK = 125, RATE = 2, PERIODS = 1000 };

Test(rate, is_exact_over_any_time) {
  tb_toe_rate_t *tb = tb_toe_rate_new(tb_seed());
  uint64_t cycles = 0, pulses = 0, last = 0;

  *tb->clear_i = 0;
  tb_toe_rate_reset(tb);
  for (; cycles < PERIODS * CLK; cycles++) {
    if (*tb->tick_o) {
      const uint64_t apart = cycles - last;
      if (pulses != 0) cr_assert(apart == 62 || apart == 63, "%lu cycles apart", apart);
      pulses++;
      last = cycles;
      /* The number of pulses so far is the exact one, rounded. */
      const int64_t error = (int64_t)(cycles * RATE) - (int64_t)(pulses * CLK);
      cr_assert_leq(error < 0 ? -error : error, CLK);
    }
    tb_toe_rate_tick(tb);
  }
  cr_expect_eq(pulses, PERIODS * RATE);
  tb_toe_rate_delete(tb);
}

Test(rate, clear_puts_the_next_pulse_half_a_period_away) {
  tb_toe_rate_t *tb = tb_toe_rate_new(tb_seed());

  *tb->clear_i = 0;
  tb_toe_rate_reset(tb);
  for (unsigned at = 1; at < 200; at += 7) {
    for (unsigned i = 0; i < at; i++) tb_toe_rate_tick(tb);
    *tb->clear_i = 1;
    tb_toe_rate_tick(tb);
    *tb->clear_i = 0;
    unsigned cycles = 0;
    for (; !*tb->tick_o; cycles++) tb_toe_rate_tick(tb);
    cr_expect(cycles == 31 || cycles == 32, "%u cycles", cycles);
  }
  tb_toe_rate_delete(tb);
}
