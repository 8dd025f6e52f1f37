/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP errors for tests of toe_rx.
 */
#ifndef TOE_TESTS_RX_ICMP_H
#define TOE_TESTS_RX_ICMP_H

#include "rx_bench.h"

enum { ICMP_UNREACHABLE = 3, ICMP_QUENCH = 4, ICMP_EXCEEDED = 11, ICMP_PARAMETER = 12 };

/* A segment that we have sent, with random numbers and sometimes IPv4 options. */
static inline frame_quote_t rx_random_quote(rx_bench_t *bench) {
  frame_quote_t quote = {.src_ip = rx_path.dst_ip,
                         .dst_ip = 0x0b000000 + tb_random_below(&bench->rng, 1 << 20),
                         .src_port = (uint16_t)tb_random(&bench->rng),
                         .dst_port = (uint16_t)tb_random(&bench->rng),
                         .seq = tb_random(&bench->rng),
                         .fragment = 0x4000};

  if (tb_random_below(&bench->rng, 2) == 0)
    quote.ip_options_len = (uint8_t)(4 * tb_random_below(&bench->rng, 11));
  for (uint32_t i = 0; i < sizeof quote.ip_options; i++)
    quote.ip_options[i] = (uint8_t)tb_random(&bench->rng);
  return quote;
}

/* An error that reaches the TCP core. */
static inline void rx_send_icmp_error(rx_bench_t *bench, const frame_path_t *path, uint8_t type,
                                      uint8_t code, uint16_t mtu, const frame_quote_t *quote) {
  static frame_t frame;

  frame_build_icmp_error(&frame, path, type, code, mtu, quote,
                         tb_random_below(&bench->rng, 2) * tb_random_below(&bench->rng, 100));
  if (tb_random_below(&bench->rng, 2) == 0) frame_pad(&frame, 60, 0x77);
  sent_t *sent = rx_send(bench, &frame, TO_SEGMENT, 0);
  sent->icmp_kind = type == ICMP_UNREACHABLE ? 1 : type == ICMP_EXCEEDED ? 2 : 3;
  sent->icmp_code = code;
  sent->icmp_mtu = type == ICMP_UNREACHABLE && code == 4 ? mtu : 0;
  sent->info.src_ip = quote->dst_ip;
  sent->info.src_port = quote->dst_port;
  sent->info.dst_port = quote->src_port;
  sent->info.seq = quote->seq;
  sent->info.payload_len = 0;
}

#endif
