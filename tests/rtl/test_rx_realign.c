/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_realign: every octet of every item comes out at its place, with the right strobes, under any
 * pattern of offers and takes; and without a gap where the contract promises none.
 */
/* tb: top=toe_realign widths=64,128,256,512 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tb.h"
#include "tb_toe_realign.h"

enum { LANES = DATA_WIDTH / 8, ITEMS = 400, MAX_LEN = 6 * LANES };

typedef struct item {
  uint32_t src, dst, len;
  uint8_t octets[MAX_LEN];
} item_t;

static uint8_t *lanes(const void *port) {
  return (uint8_t *)(uintptr_t)port; /* little endian, as Verilator's words on this machine */
}

static uint32_t in_beats(const item_t *item) {
  return (item->src + item->len + LANES - 1) / LANES;
}

static uint32_t out_beats(const item_t *item) {
  return (item->dst + item->len + LANES - 1) / LANES;
}

/* Runs all items; returns the cycles from the first item to the last output beat. */
static uint64_t run(item_t *items, uint32_t count, const tb_pattern_t patterns[3]) {
  tb_toe_realign_t *tb = tb_toe_realign_new(tb_seed());
  tb_rng_t rng = tb_rng(tb_seed() + 1);
  tb_gate_t item_gate = {.pattern = patterns[0]};
  tb_gate_t in_gate = {.pattern = patterns[1]};
  tb_gate_t out_gate = {.pattern = patterns[2]};
  uint32_t offered = 0, feeding = 0, in_beat = 0, leaving = 0, out_beat = 0;
  bool item_on = false, in_on = false;
  uint64_t start;

  *tb->item_valid_i = 0;
  *tb->in_valid_i = 0;
  *tb->out_ready_i = 0;
  tb_toe_realign_reset(tb);
  start = tb->cycles;
  while (leaving < count) {
    cr_assert_lt(tb->cycles - start, 100000, "stuck at item %u of %u", leaving, count);
    item_on = item_on || (offered < count && tb_gate_next(&item_gate, &rng));
    in_on = in_on || (feeding < count && tb_gate_next(&in_gate, &rng));
    *tb->item_valid_i = item_on;
    if (item_on) {
      *tb->item_src_i = (uint8_t)items[offered].src;
      *tb->item_dst_i = (uint8_t)items[offered].dst;
      *tb->item_len_i = (uint16_t)items[offered].len;
    }
    *tb->in_valid_i = in_on;
    if (in_on) {
      const item_t *item = &items[feeding];

      for (uint32_t lane = 0; lane < LANES; lane++) {
        uint32_t at = in_beat * LANES + lane;
        bool inside = at >= item->src && at < item->src + item->len;

        lanes(tb->in_data_i)[lane] =
            inside ? item->octets[at - item->src] : (uint8_t)tb_random(&rng);
      }
    }
    *tb->out_ready_i = tb_gate_next(&out_gate, &rng);
    tb_toe_realign_eval(tb);

    if (*tb->out_valid_o && *tb->out_ready_i) {
      const item_t *item = &items[leaving];

      for (uint32_t lane = 0; lane < LANES; lane++) {
        uint32_t at = out_beat * LANES + lane;
        bool inside = at >= item->dst && at < item->dst + item->len;
        bool strobe = (lanes(tb->out_strb_o)[lane / 8] >> (lane % 8)) & 1;

        cr_assert_eq(strobe, inside, "item %u beat %u lane %u", leaving, out_beat, lane);
        if (inside) {
          cr_assert_eq(lanes(tb->out_data_o)[lane], item->octets[at - item->dst],
                       "item %u (src %u dst %u len %u) beat %u lane %u", leaving, item->src,
                       item->dst, item->len, out_beat, lane);
        }
      }
      out_beat++;
      cr_assert_eq(*tb->out_last_o, out_beat == out_beats(item), "item %u beat %u", leaving,
                   out_beat);
      if (*tb->out_last_o) {
        leaving++;
        out_beat = 0;
      }
    }
    if (*tb->item_valid_i && *tb->item_ready_o) {
      offered++;
      item_on = false;
    }
    if (*tb->in_valid_i && *tb->in_ready_o) {
      cr_assert_lt(feeding, offered, "beat taken before its item");
      if (++in_beat == in_beats(&items[feeding])) {
        feeding++;
        in_beat = 0;
      }
      in_on = false;
    }
    tb_toe_realign_tick(tb);
  }
  tb_toe_realign_eval(tb);
  cr_assert_eq(*tb->idle_o, 1, "idle when everything has left");
  start = tb->cycles - start;
  tb_toe_realign_delete(tb);
  return start;
}

static item_t *random_items(tb_rng_t *rng) {
  item_t *items = calloc(ITEMS, sizeof *items);

  for (uint32_t i = 0; i < ITEMS; i++) {
    items[i].src = tb_random_below(rng, LANES);
    items[i].dst = tb_random_below(rng, LANES);
    items[i].len = 1 + tb_random_below(rng, tb_random_below(rng, 2) == 0 ? LANES : MAX_LEN);
    for (uint32_t k = 0; k < items[i].len; k++) items[i].octets[k] = (uint8_t)tb_random(rng);
  }
  return items;
}

Test(rx_realign, octets_reach_their_place_under_every_pattern) {
  tb_rng_t rng = tb_rng(tb_seed());

  for (int a = 0; a < TB_PATTERN_COUNT; a++) {
    for (int b = 0; b < TB_PATTERN_COUNT; b++) {
      for (int c = 0; c < TB_PATTERN_COUNT; c++) {
        item_t *items = random_items(&rng);

        run(items, ITEMS / 8, (tb_pattern_t[]){(tb_pattern_t)a, (tb_pattern_t)b, (tb_pattern_t)c});
        free(items);
      }
    }
  }
}

Test(rx_realign, every_pair_of_offsets_and_short_length) {
  tb_rng_t rng = tb_rng(tb_seed());
  item_t *items = random_items(&rng);

  for (uint32_t src = 0; src < LANES; src += LANES / 8) {
    for (uint32_t dst = 0; dst < LANES; dst += LANES / 8) {
      for (uint32_t i = 0; i < 3 * LANES; i++) {
        items[i].src = src;
        items[i].dst = dst;
        items[i].len = 1 + i;
      }
      run(items, 3 * LANES, (tb_pattern_t[]){TB_ALWAYS, TB_ALWAYS, TB_ALWAYS});
    }
  }
  free(items);
}

Test(rx_realign, items_follow_without_a_gap) {
  tb_rng_t rng = tb_rng(tb_seed());
  item_t *items = random_items(&rng);
  uint64_t bound = 4; /* the way through */

  for (uint32_t i = 0; i < ITEMS; i++) {
    uint32_t in = in_beats(&items[i]), out = out_beats(&items[i]);
    bool next_primes =
        i + 1 < ITEMS && items[i + 1].dst < items[i + 1].src && in_beats(&items[i + 1]) > 1;

    bound += in > out ? in : out;
    if (items[i].dst < items[i].src && in == out && in > 1 && !next_primes) bound++;
  }
  cr_expect_leq(run(items, ITEMS, (tb_pattern_t[]){TB_ALWAYS, TB_ALWAYS, TB_ALWAYS}), bound);
  free(items);
}
