/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx: ICMP errors and what they quote (RFC 792, RFC 1191).
 */
/* tb: top=tb_rx widths=64,512 */
#include "rx_icmp.h"

static frame_t frame;

Test(rx_icmp, errors_become_events_of_the_segment_quoted) {
  static const struct {
    uint8_t type, codes;
  } kinds[] = {{ICMP_UNREACHABLE, 16}, {ICMP_EXCEEDED, 2}, {ICMP_PARAMETER, 3}};
  rx_bench_t *bench = rx_new();
  frame_path_t path = rx_path;

  for (uint32_t kind = 0; kind < 3; kind++) {
    for (uint8_t code = 0; code < kinds[kind].codes; code++) {
      for (uint8_t words = 0; words <= 10; words += 5) {
        frame_quote_t quote = rx_random_quote(bench);
        quote.ip_options_len = (uint8_t)(4 * words);
        path.tagged = tb_random_below(&bench->rng, 2) == 0;
        path.ip_options_len = (uint8_t)(4 * tb_random_below(&bench->rng, 11));
        memset(path.ip_options, 1, sizeof path.ip_options);
        rx_send_icmp_error(bench, &path, kinds[kind].type, code, (uint16_t)tb_random(&bench->rng),
                           &quote);
      }
    }
  }
  rx_run(bench);
  cr_expect_eq(bench->errors, (16 + 2 + 3) * 3);
  rx_delete(bench);
}

Test(rx_icmp, every_length_of_both_headers) {
  rx_bench_t *bench = rx_new();
  frame_path_t path = rx_path;

  memset(path.ip_options, 1, sizeof path.ip_options);
  for (uint8_t outer = 0; outer <= 10; outer++) {
    for (uint8_t inner = 0; inner <= 10; inner++) {
      frame_quote_t quote = rx_random_quote(bench);
      quote.ip_options_len = (uint8_t)(4 * inner);
      path.ip_options_len = (uint8_t)(4 * outer);
      path.tagged = inner % 2 != 0;
      rx_send_icmp_error(bench, &path, ICMP_UNREACHABLE, 1, 0, &quote);
    }
  }
  rx_run(bench);
  rx_delete(bench);
}

/* One octet of the quote, counted from its IPv4 header, replaced. */
static void spoil(rx_bench_t *bench, uint32_t at, uint8_t value, const frame_quote_t *quote) {
  frame_build_icmp_error(&frame, &rx_path, ICMP_UNREACHABLE, 1, 0, quote, 0);
  frame.data[frame_layer4(&frame) + 8 + at] = value;
  frame_fix_layer4(&frame);
  rx_send(bench, &frame, TO_NOTHING, DROP_ICMP_QUOTE);
}

Test(rx_icmp, quotes_of_what_we_never_sent_are_dropped) {
  rx_bench_t *bench = rx_new();

  for (uint8_t words = 0; words <= 10; words++) {
    frame_quote_t quote = rx_random_quote(bench), other;
    quote.ip_options_len = (uint8_t)(4 * words);
    spoil(bench, 0, (uint8_t)(0x65 + words), &quote); /* version */
    spoil(bench, 0, 0x44, &quote);                    /* header of 16 octets */
    spoil(bench, 0, 0x40, &quote);
    spoil(bench, 9, 17, &quote);                        /* UDP */
    spoil(bench, 15, (uint8_t)~rx_path.dst_ip, &quote); /* another's address */
    spoil(bench, 12, (uint8_t)(~rx_path.dst_ip >> 24), &quote);
    other = quote;
    other.fragment = 0x0001; /* not the first fragment: these are no ports */
    spoil(bench, 8, 1, &other);
    other.fragment = 0x1000;
    spoil(bench, 8, 1, &other);
    rx_send_icmp_error(bench, &rx_path, ICMP_UNREACHABLE, 1, 0, &quote);
  }
  rx_run(bench);
  cr_expect_eq(bench->errors, 11);
  rx_delete(bench);
}

Test(rx_icmp, quote_cut_short_is_dropped_whatever_lies_behind_it) {
  rx_bench_t *bench = rx_new();

  for (uint8_t words = 0; words <= 10; words += 2) {
    frame_quote_t quote = rx_random_quote(bench);
    quote.ip_options_len = (uint8_t)(4 * words);
    /* From all of it down to nothing; what is cut off stays in the frame as padding. */
    for (uint32_t cut = 1; cut <= 28u + quote.ip_options_len; cut++) {
      frame_build_icmp_error(&frame, &rx_path, ICMP_EXCEEDED, 0, 0, &quote, 0);
      const uint32_t total = frame_get16(&frame, frame_layer3(&frame) + 2) - cut;
      frame_put16(&frame, frame_layer3(&frame) + 2, (uint16_t)total);
      frame_fix_ip(&frame);
      frame_fix_layer4(&frame);
      rx_send(bench, &frame, TO_NOTHING, DROP_ICMP_QUOTE);
    }
    rx_send_icmp_error(bench, &rx_path, ICMP_EXCEEDED, 0, 0, &quote);
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_icmp, other_messages_and_bad_checksums_are_dropped) {
  static const struct {
    uint8_t type, code;
  } others[] = {{ICMP_QUENCH, 0},
                {5, 1},
                {0, 0},
                {13, 0},
                {255, 255},
                {ICMP_UNREACHABLE, 16},
                {ICMP_EXCEEDED, 2},
                {ICMP_PARAMETER, 3}};
  rx_bench_t *bench = rx_new();

  for (uint32_t i = 0; i < sizeof others / sizeof *others; i++) {
    const frame_quote_t quote = rx_random_quote(bench);
    frame_build_icmp_error(&frame, &rx_path, others[i].type, others[i].code, 0, &quote, 8);
    rx_send(bench, &frame, TO_NOTHING, DROP_ICMP_OTHER);
    frame_build_icmp_error(&frame, &rx_path, ICMP_UNREACHABLE, (uint8_t)i, 0, &quote, 8);
    frame.data[frame.len - 1] ^= 1;
    rx_send(bench, &frame, TO_NOTHING, DROP_ICMP_BAD);
    rx_send_icmp_error(bench, &rx_path, ICMP_UNREACHABLE, (uint8_t)i, 0, &quote);
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_icmp, errors_as_fast_as_the_wire_and_among_segments) {
  rx_bench_t *bench = rx_new();

  for (uint32_t i = 0; i < 400; i++) {
    const frame_quote_t quote = rx_random_quote(bench);
    if (tb_random_below(&bench->rng, 3) == 0) {
      rx_make_segment(bench, &frame, &rx_path, tb_random_below(&bench->rng, 300));
      rx_send(bench, &frame, TO_SEGMENT, 0);
    } else {
      rx_send_icmp_error(bench, &rx_path, ICMP_UNREACHABLE, 4, (uint16_t)i, &quote);
    }
  }
  rx_run(bench);
  rx_delete(bench);
}
