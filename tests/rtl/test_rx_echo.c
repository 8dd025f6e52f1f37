/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx and ICMP echo: one request waits at a time, others are dropped and hold nothing up.
 */
/* tb: top=tb_rx widths=64,512 */
#include "rx_bench.h"

static frame_t frame;

static void send_echo(rx_bench_t *bench, uint32_t body_len, outcome_t outcome) {
  static uint8_t body[FRAME_MAX_OCTETS];

  for (uint32_t i = 0; i < body_len; i++) body[i] = (uint8_t)tb_random(&bench->rng);
  frame_build_icmp(&frame, &rx_path, 8, 0, body, body_len);
  frame_pad(&frame, 60, 0x77);
  rx_send(bench, &frame, outcome, DROP_ECHO_BUSY);
}

static void send_segment(rx_bench_t *bench) {
  rx_make_segment(bench, &frame, &rx_path, 100);
  rx_send(bench, &frame, TO_SEGMENT, 0);
}

Test(rx_echo, every_length_comes_back_whole) {
  for (uint32_t len = 4; len <= 2048; len += len < 150 || len > 2040 ? 1 : 97) {
    rx_bench_t *bench = rx_new();

    *bench->tb->mtu_i = 2100;
    bench->echo_data.pattern = (tb_pattern_t)(len % TB_PATTERN_COUNT);
    send_echo(bench, len, TO_ECHO);
    rx_run(bench);
    cr_expect_eq(bench->echoes, 1);
    rx_delete(bench);
  }
}

Test(rx_echo, second_request_is_dropped_while_the_first_waits) {
  rx_bench_t *bench = rx_new();

  send_echo(bench, 300, TO_ECHO);
  send_echo(bench, 300, TO_NOTHING);
  send_echo(bench, 4, TO_NOTHING);
  rx_run(bench);
  send_echo(bench, 500, TO_ECHO);
  rx_run(bench);
  cr_expect_eq(bench->echoes, 2);
  rx_delete(bench);
}

Test(rx_echo, request_longer_than_the_buffer_is_dropped) {
  rx_bench_t *bench = rx_new();

  *bench->tb->mtu_i = 9000;
  send_echo(bench, 2049, TO_NOTHING);
  rx_run(bench);
  send_echo(bench, 2048, TO_ECHO);
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_echo, send_path_that_never_takes_it_holds_up_no_segment) {
  rx_bench_t *bench = rx_new();

  bench->refuse_echo = true;
  send_echo(bench, 1000, TO_ECHO);
  for (uint32_t i = 0; i < 200; i++) send_segment(bench);
  while (bench->segments < 200) rx_cycle(bench);
  for (uint32_t i = 0; i < 2000; i++) rx_cycle(bench);
  cr_expect_eq(bench->verdict_done, 200);
  cr_expect_eq(*bench->tb->delivered_count_o, bench->kept);
  cr_expect_eq(*bench->tb->idle_o, 0, "an echo that waits is not idle");
  bench->refuse_echo = false;
  rx_run(bench);
  cr_expect_eq(bench->echoes, 1);
  rx_delete(bench);
}

Test(rx_echo, echo_behind_a_segment_waits_for_its_verdict) {
  rx_bench_t *bench = rx_new();

  bench->hold_verdicts = true;
  send_segment(bench);
  send_echo(bench, 100, TO_ECHO);
  for (uint32_t i = 0; i < 300; i++) rx_cycle(bench);
  cr_expect_eq(bench->echoes, 0);
  bench->hold_verdicts = false;
  rx_run(bench);
  cr_expect_eq(bench->echoes, 1);
  rx_delete(bench);
}
