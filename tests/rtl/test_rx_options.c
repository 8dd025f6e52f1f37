/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx_options against a reader that goes from option to option: sound lists, garbage, and sound
 * lists with one octet changed; one header a cycle.
 */
/* tb: top=toe_rx_options */
#include <criterion/criterion.h>
#include <string.h>

#include "frame.h"
#include "tb.h"
#include "tb_toe_rx_options.h"

enum { OCTETS = 40, BAD_CYCLES = 6, OPT_CYCLES = 7, WAYS = 8 };

typedef struct options {
  bool bad;
  bool mss_valid, wscale_valid, sack_permitted, ts_valid;
  uint32_t mss, wscale, ts_val, ts_ecr, sack_count;
  uint32_t edges[8]; /* left, right, left, ... */
} options_t;

typedef struct header {
  bool valid;
  uint8_t octets[OCTETS]; /* what follows the options is payload, that is, anything */
  uint32_t words;
  options_t want;
} header_t;

static uint32_t get32(const uint8_t *octets) {
  return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
         octets[3];
}

static bool length_is_wrong(uint8_t kind, uint32_t len) {
  switch (kind) {
    case 2:
      return len != 4;
    case 3:
      return len != 3;
    case 4:
      return len != 2;
    case 5:
      return len < 10 || len > 34 || (len - 2) % 8 != 0;
    case 8:
      return len != 10;
    default:
      return false;
  }
}

static options_t read_options(const uint8_t *octets, uint32_t end) {
  options_t options = {0};

  for (uint32_t at = 0; at < end;) {
    const uint8_t *body = octets + at + 2;
    uint8_t kind = octets[at];
    uint32_t len;

    if (kind == 0) break;
    if (kind == 1) {
      at++;
      continue;
    }
    len = at + 1 < end ? octets[at + 1] : 0;
    if (len < 2 || at + len > end || length_is_wrong(kind, len)) return (options_t){.bad = true};
    if (kind == 2 && !options.mss_valid) {
      options.mss_valid = true;
      options.mss = get32(body) >> 16;
    } else if (kind == 3 && !options.wscale_valid) {
      options.wscale_valid = true;
      options.wscale = body[0] > 14 ? 14 : body[0];
    } else if (kind == 4) {
      options.sack_permitted = true;
    } else if (kind == 5 && options.sack_count == 0) {
      options.sack_count = (len - 2) / 8;
      for (uint32_t i = 0; i < 2 * options.sack_count; i++) options.edges[i] = get32(body + 4 * i);
    } else if (kind == 8 && !options.ts_valid) {
      options.ts_valid = true;
      options.ts_val = get32(body);
      options.ts_ecr = get32(body + 4);
    }
    at += len;
  }
  return options;
}

/* A list of sound options, known and unknown, in any order, some more than once. */
static uint32_t sound_list(tb_rng_t *rng, uint8_t *octets) {
  static const uint8_t lengths[] = {4, 3, 2, 10, 18, 26, 34, 10, 2, 5, 12};
  static const uint8_t kinds[] = {2, 3, 4, 5, 5, 5, 5, 8, 30, 254, 19};
  uint32_t at = 0, limit = 4 * tb_random_below(rng, OCTETS / 4 + 1);

  while (at < limit) {
    uint32_t pick = tb_random_below(rng, sizeof kinds + 4);

    if (pick >= sizeof kinds) {
      octets[at++] = 1;
      continue;
    }
    if (at + lengths[pick] > limit) {
      octets[at++] = (uint8_t)tb_random_below(rng, 2);
      continue;
    }
    octets[at] = kinds[pick];
    octets[at + 1] = lengths[pick];
    at += lengths[pick];
  }
  return at;
}

static header_t make_header(tb_rng_t *rng) {
  header_t header = {.valid = tb_random_below(rng, 4) != 0};
  uint32_t way = tb_random_below(rng, WAYS);
  uint32_t used = 0;

  for (uint32_t i = 0; i < OCTETS; i++) header.octets[i] = (uint8_t)tb_random(rng);
  if (way < 3) {
    used = sound_list(rng, header.octets);
    header.words = used / 4;
  } else if (way < 6) {
    used = sound_list(rng, header.octets);
    header.words = tb_random_below(rng, 2) == 0 ? used / 4 : tb_random_below(rng, 11);
    header.octets[tb_random_below(rng, OCTETS)] = (uint8_t)tb_random_below(rng, 12);
  } else {
    for (uint32_t i = 0; i < OCTETS && way == 7; i++) {
      header.octets[i] = (uint8_t)tb_random_below(rng, 6);
    }
    header.words = tb_random_below(rng, 11);
  }
  header.want = read_options(header.octets, 4 * header.words);
  return header;
}

static void check_options(const uint32_t *opt, const options_t *want) {
  cr_assert_eq(tb_get_bits(opt, 346, 1), want->mss_valid);
  cr_assert_eq(tb_get_bits(opt, 329, 1), want->wscale_valid);
  cr_assert_eq(tb_get_bits(opt, 324, 1), want->sack_permitted);
  cr_assert_eq(tb_get_bits(opt, 323, 1), want->ts_valid);
  cr_assert_eq(tb_get_bits(opt, 256, 3), want->sack_count);
  if (want->mss_valid) cr_assert_eq(tb_get_bits(opt, 330, 16), want->mss);
  if (want->wscale_valid) cr_assert_eq(tb_get_bits(opt, 325, 4), want->wscale);
  if (want->ts_valid) {
    cr_assert_eq(tb_get_bits(opt, 291, 32), want->ts_val);
    cr_assert_eq(tb_get_bits(opt, 259, 32), want->ts_ecr);
  }
  for (uint32_t i = 0; i < want->sack_count; i++) {
    cr_assert_eq(tb_get_bits(opt, 64 * i + 32, 32), want->edges[2 * i]);
    cr_assert_eq(tb_get_bits(opt, 64 * i, 32), want->edges[2 * i + 1]);
  }
}

Test(rx_options, agree_with_a_reader_that_goes_from_option_to_option) {
  tb_toe_rx_options_t *tb = tb_toe_rx_options_new(tb_seed());
  tb_rng_t rng = tb_rng(tb_seed());
  header_t history[WAYS] = {0};
  uint32_t bad = 0, good = 0, with_sack = 0;

  *tb->valid_i = 0;
  tb_toe_rx_options_reset(tb);
  for (uint32_t cycle = 0; cycle < 200000; cycle++) {
    const header_t *late = &history[(cycle + WAYS - BAD_CYCLES) % WAYS];
    const header_t *later = &history[(cycle + WAYS - OPT_CYCLES) % WAYS];
    header_t *now = &history[cycle % WAYS];

    *now = make_header(&rng);
    *tb->valid_i = now->valid;
    *tb->words_i = (uint16_t)((1u << now->words) - 1);
    memcpy(tb->octets_i, now->octets, OCTETS);
    tb_toe_rx_options_eval(tb);
    if (late->valid) {
      cr_assert_eq(*tb->bad_o, late->want.bad);
      bad += late->want.bad;
    }
    if (later->valid && !later->want.bad) {
      check_options(tb->opt_o, &later->want);
      good++;
      with_sack += later->want.sack_count != 0;
    }
    tb_toe_rx_options_tick(tb);
  }
  cr_expect_gt(bad, 10000);
  cr_expect_gt(good, 10000);
  cr_expect_gt(with_sack, 1000);
  tb_toe_rx_options_delete(tb);
}

/* Lists as Linux, FreeBSD and Windows send them. */
Test(rx_options, usual_lists_are_read) {
  static const char *lists[] = {
      "\x02\x04\x05\xb4\x04\x02\x08\x0a\x01\x02\x03\x04\x00\x00\x00\x00\x01\x03\x03\x07",
      "\x02\x04\x05\xb4\x01\x03\x03\x06\x04\x02\x08\x0a\x01\x02\x03\x04\x00\x00\x00\x00",
      "\x02\x04\x05\xb4\x01\x03\x03\x08\x01\x01\x04\x02\x01\x01\x01\x01\x01\x01\x01\x00",
  };
  static const uint32_t shift[] = {7, 6, 8};

  for (uint32_t i = 0; i < 3; i++) {
    tb_toe_rx_options_t *tb = tb_toe_rx_options_new(tb_seed());
    options_t want = read_options((const uint8_t *)lists[i], 20);

    cr_assert(want.mss_valid && want.mss == 1460 && want.wscale == shift[i] && want.sack_permitted);
    *tb->valid_i = 0;
    tb_toe_rx_options_reset(tb);
    memcpy(tb->octets_i, lists[i], 20);
    *tb->words_i = (1u << 5) - 1;
    *tb->valid_i = 1;
    for (uint32_t cycle = 0; cycle < OPT_CYCLES; cycle++) tb_toe_rx_options_tick(tb);
    tb_toe_rx_options_eval(tb);
    cr_expect_eq(*tb->bad_o, 0);
    check_options(tb->opt_o, &want);
    tb_toe_rx_options_delete(tb);
  }
}
