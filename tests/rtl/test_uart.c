/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_uart, at 10.85 cycles a bit.
 * tb: top=toe_uart params=ClkHz=10000000,Baud=921600
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

#include "tb.h"
#include "tb_toe_uart.h"

enum { OCTETS = 400 };

static const double kBitCycles = 10000000.0 / 921600.0;

static tb_toe_uart_t *uart_new(void) {
  tb_toe_uart_t *tb = tb_toe_uart_new(tb_seed());

  *tb->rxd_i = 1;
  *tb->rx_ready_i = 1;
  *tb->tx_valid_i = 0;
  tb_toe_uart_reset(tb);
  for (unsigned i = 0; i < 10; i++) tb_toe_uart_tick(tb);
  return tb;
}

/* A line that another UART drives, whose bits last @p bit_cycles. */
typedef struct line {
  tb_toe_uart_t *tb;
  double bit_cycles, now; /* cycles */
  uint8_t heard[OCTETS];
  unsigned heard_len;
} line_t;

/* The level for so many bits; what the receiver gives is kept. */
static void hold(line_t *line, bool level, double bits) {
  *line->tb->rxd_i = level;
  for (line->now += bits * line->bit_cycles; line->now >= 1; line->now -= 1) {
    tb_toe_uart_eval(line->tb);
    if (*line->tb->rx_valid_o && *line->tb->rx_ready_i) {
      cr_assert_lt(line->heard_len, OCTETS);
      line->heard[line->heard_len++] = *line->tb->rx_data_o;
    }
    tb_toe_uart_tick(line->tb);
  }
}

static void send_octet(line_t *line, uint8_t octet, bool stop) {
  hold(line, false, 1);
  for (unsigned i = 0; i < 8; i++) hold(line, (octet >> i & 1) != 0, 1);
  hold(line, stop, 1);
}

ParameterizedTestParameters(uart, receiver_follows_a_clock_that_is_off) {
  static int off_per_mille[] = {0, -20, 20};
  return cr_make_param_array(int, off_per_mille, 3);
}

ParameterizedTest(int *off, uart, receiver_follows_a_clock_that_is_off) {
  line_t line = {.tb = uart_new(), .bit_cycles = kBitCycles * (1 + *off / 1000.0)};
  tb_rng_t rng = tb_rng(tb_seed());
  uint8_t octets[OCTETS];

  for (unsigned i = 0; i < OCTETS; i++) {
    octets[i] = (uint8_t)tb_random(&rng);
    send_octet(&line, octets[i], true);
    if (i % 3 == 0) hold(&line, true, tb_random_below(&rng, 40) / 10.0);
  }
  hold(&line, true, 2);
  cr_assert_eq(line.heard_len, OCTETS, "%u octets", line.heard_len);
  cr_expect_arr_eq(line.heard, octets, OCTETS);
  tb_toe_uart_delete(line.tb);
}

Test(uart, octet_without_stop_bit_is_dropped) {
  line_t line = {.tb = uart_new(), .bit_cycles = kBitCycles};

  send_octet(&line, 0x11, true);
  send_octet(&line, 0x22, false);
  hold(&line, true, 1);
  send_octet(&line, 0x33, true);
  hold(&line, false, 35); /* a break: no octet, however long */
  hold(&line, true, 1);
  send_octet(&line, 0x44, true);
  hold(&line, true, 1);
  const uint8_t expected[] = {0x11, 0x33, 0x44};
  cr_assert_eq(line.heard_len, sizeof expected);
  cr_expect_arr_eq(line.heard, expected, sizeof expected);
  tb_toe_uart_delete(line.tb);
}

Test(uart, short_pulse_is_no_start_bit) {
  line_t line = {.tb = uart_new(), .bit_cycles = kBitCycles};

  for (unsigned i = 0; i < 20; i++) {
    hold(&line, false, 0.3);
    hold(&line, true, 1);
    send_octet(&line, (uint8_t)(0x50 + i), true); /* right behind it */
    hold(&line, true, 1);
    cr_assert_eq(line.heard_len, i + 1);
    cr_expect_eq(line.heard[i], 0x50 + i);
  }
  tb_toe_uart_delete(line.tb);
}

Test(uart, octet_that_nobody_takes_stays_and_the_next_is_lost) {
  line_t line = {.tb = uart_new(), .bit_cycles = kBitCycles};

  *line.tb->rx_ready_i = 0;
  send_octet(&line, 0x01, true);
  send_octet(&line, 0x02, true);
  hold(&line, true, 1);
  cr_expect(*line.tb->rx_valid_o);
  *line.tb->rx_ready_i = 1;
  hold(&line, true, 1);
  send_octet(&line, 0x03, true);
  hold(&line, true, 1);
  cr_assert_eq(line.heard_len, 2);
  cr_expect_eq(line.heard[0], 0x01);
  cr_expect_eq(line.heard[1], 0x03);
  tb_toe_uart_delete(line.tb);
}

/* Every bit is sampled a little after its beginning and a little before its end. */
Test(uart, sender_keeps_time) {
  tb_toe_uart_t *tb = uart_new();
  static bool level[OCTETS * 130];
  uint8_t octets[OCTETS] = {0};
  unsigned sent = 0, cycles = 0;

  while (cycles < sizeof level) {
    *tb->tx_valid_i = sent < OCTETS;
    if (sent < OCTETS) *tb->tx_data_i = octets[sent] = (uint8_t)(sent * 37 + tb_seed());
    tb_toe_uart_eval(tb);
    const bool taken = *tb->tx_valid_i && *tb->tx_ready_o;
    level[cycles++] = *tb->txd_o;
    tb_toe_uart_tick(tb);
    sent += taken;
  }
  cr_assert_eq(sent, OCTETS);
  unsigned start = 0;
  while (level[start]) start++;
  for (unsigned i = 0; i < OCTETS; i++) {
    for (unsigned bit = 0; bit < 10; bit++) {
      const bool expected = bit == 9 || (bit != 0 && (octets[i] >> (bit - 1) & 1) != 0);
      const double begin = start + (10.0 * i + bit) * kBitCycles;
      cr_assert_eq(level[(unsigned)ceil(begin + 1)], expected, "octet %u bit %u", i, bit);
      cr_assert_eq(level[(unsigned)floor(begin + kBitCycles - 2)], expected, "octet %u bit %u", i,
                   bit);
    }
  }
  tb_toe_uart_delete(tb);
}

Test(uart, two_of_them_understand_each_other) {
  tb_toe_uart_t *tb = uart_new();
  unsigned sent = 0, heard = 0;

  for (unsigned cycles = 0; cycles < OCTETS * 120; cycles++) {
    *tb->rxd_i = *tb->txd_o;
    *tb->tx_valid_i = sent < OCTETS;
    *tb->tx_data_i = (uint8_t)(sent * 73);
    tb_toe_uart_eval(tb);
    sent += *tb->tx_valid_i && *tb->tx_ready_o;
    if (*tb->rx_valid_o) cr_assert_eq(*tb->rx_data_o, (uint8_t)(heard++ * 73));
    tb_toe_uart_tick(tb);
  }
  cr_expect_eq(heard, OCTETS);
  tb_toe_uart_delete(tb);
}
