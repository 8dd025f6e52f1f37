/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_siphash against published vectors and against the plain form of tests/lib/siphash.c.
 * tb: top=tb_siphash
 */
#include <criterion/criterion.h>
#include <string.h>

#include "siphash.h"
#include "tb.h"
#include "tb_tb_siphash.h"

/* Variant v takes a message every 1 << v cycles. */
enum { VARIANTS = 4, OCTETS = 12 };

static tb_tb_siphash_t *new_tb(const uint8_t key[16]) {
  tb_tb_siphash_t *tb = tb_tb_siphash_new(tb_seed());

  memcpy(tb->key_i, key, 16);
  *tb->in_valid_i = *tb->out_ready_i = 0;
  tb_tb_siphash_reset(tb);
  return tb;
}

static void set_msg(tb_tb_siphash_t *tb, unsigned variant, const uint8_t msg[OCTETS]) {
  for (unsigned i = 0; i < OCTETS; i++) tb_set_bits(tb->msg_i, 96 * variant + 8 * i, 8, msg[i]);
}

static uint64_t hash_of(const tb_tb_siphash_t *tb, unsigned variant) {
  return tb_get_bits(tb->hash_o, 64 * variant, 64);
}

/* Cycles from a message to its hash. */
static unsigned latency(unsigned variant) {
  return variant == 0 ? 8 : 9;
}

/* The vectors published with SipHash: key 00 to 0f, message 00, 01, 02... of each length. */
Test(siphash, plain_form_gives_published_vectors) {
  static const struct {
    size_t len;
    uint64_t hash;
  } vectors[] = {
      {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
      {8, 0x93f5f5799a932462}, {12, 0x751e8fbc860ee5fb}, {15, 0xa129ca6149be45e5},
  };
  uint8_t octets[16];

  for (unsigned i = 0; i < sizeof octets; i++) octets[i] = (uint8_t)i;
  for (unsigned i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    cr_expect_eq(siphash_2_4(octets, octets, vectors[i].len), vectors[i].hash, "%zu octets",
                 vectors[i].len);
}

Test(siphash, twelve_octets_give_published_vector) {
  uint8_t octets[16];

  for (unsigned i = 0; i < sizeof octets; i++) octets[i] = (uint8_t)i;
  tb_tb_siphash_t *tb = new_tb(octets);
  for (unsigned v = 0; v < VARIANTS; v++) set_msg(tb, v, octets);
  *tb->in_valid_i = *tb->out_ready_i = (1 << VARIANTS) - 1;
  for (unsigned cycle = 1; cycle <= 16; cycle++) {
    tb_tb_siphash_tick(tb);
    *tb->in_valid_i = 0;
    for (unsigned v = 0; v < VARIANTS; v++) {
      const bool valid = (*tb->out_valid_o >> v & 1) != 0;
      cr_assert_eq(valid, cycle == latency(v), "variant %u, cycle %u", v, cycle);
      if (valid) cr_expect_eq(hash_of(tb, v), 0x751e8fbc860ee5fb, "variant %u", v);
    }
  }
  tb_tb_siphash_tick(tb);
  cr_expect_eq(*tb->busy_o, 0, "nothing left");
  tb_tb_siphash_delete(tb);
}

enum { MESSAGES = 2000 };

/* One variant, its messages in and its hashes out. */
struct stream {
  tb_gate_t offer, take;
  bool offered;
  unsigned sent, received;
  uint64_t expected[MESSAGES];
};

static void offer(tb_tb_siphash_t *tb, struct stream *s, unsigned v, const uint8_t key[16],
                  tb_rng_t *rng) {
  uint8_t msg[OCTETS];

  if (s->offered || s->sent == MESSAGES || !tb_gate_next(&s->offer, rng)) return;
  for (unsigned i = 0; i < OCTETS; i++) msg[i] = (uint8_t)tb_random(rng);
  set_msg(tb, v, msg);
  tb->tag_i[v] = s->sent;
  s->expected[s->sent] = siphash_2_4(key, msg, OCTETS);
  s->offered = true;
}

static void take(const tb_tb_siphash_t *tb, struct stream *s, unsigned v) {
  cr_assert_eq(tb->tag_o[v], s->received, "order");
  cr_assert_eq(hash_of(tb, v), s->expected[s->received], "variant %u, message %u", v, s->received);
  s->received++;
}

/* Runs all variants to their last message, and says in which cycle that came. */
static void run(tb_pattern_t offers, tb_pattern_t takes, uint64_t cycles[VARIANTS]) {
  static struct stream streams[VARIANTS];
  tb_rng_t rng = tb_rng(tb_seed() + 16 * offers + takes);
  uint8_t key[16];
  unsigned done = 0;

  memset(streams, 0, sizeof streams);
  for (unsigned i = 0; i < sizeof key; i++) key[i] = (uint8_t)tb_random(&rng);
  tb_tb_siphash_t *tb = new_tb(key);
  const uint64_t start = tb->cycles;
  for (unsigned v = 0; v < VARIANTS; v++) {
    streams[v].offer.pattern = offers;
    streams[v].take.pattern = takes;
  }
  while (done < VARIANTS) {
    *tb->in_valid_i = *tb->out_ready_i = 0;
    for (unsigned v = 0; v < VARIANTS; v++) {
      offer(tb, &streams[v], v, key, &rng);
      *tb->in_valid_i |= (uint8_t)(streams[v].offered << v);
      *tb->out_ready_i |= (uint8_t)(tb_gate_next(&streams[v].take, &rng) << v);
    }
    tb_tb_siphash_eval(tb);
    for (unsigned v = 0; v < VARIANTS; v++) {
      struct stream *s = &streams[v];
      if (s->offered && *tb->in_ready_o >> v & 1) {
        s->offered = false;
        s->sent++;
      }
      if ((*tb->out_valid_o & *tb->out_ready_i) >> v & 1) {
        take(tb, s, v);
        if (s->received == MESSAGES) {
          cycles[v] = tb->cycles - start;
          done++;
        }
      }
    }
    tb_tb_siphash_tick(tb);
    cr_assert_lt(tb->cycles, 20 * MESSAGES, "a message was lost");
  }
  cr_expect_eq(*tb->busy_o, 0);
  tb_tb_siphash_delete(tb);
}

Test(siphash, random_messages_at_full_rate) {
  uint64_t cycles[VARIANTS];

  run(TB_ALWAYS, TB_ALWAYS, cycles);
  for (unsigned v = 0; v < VARIANTS; v++)
    cr_expect_eq(cycles[v], ((uint64_t)(MESSAGES - 1) << v) + latency(v), "variant %u", v);
}

Test(siphash, random_messages_with_gaps_and_waiting_hashes) {
  uint64_t cycles[VARIANTS];

  run(TB_BURSTS, TB_ALWAYS, cycles);
  run(TB_ALWAYS, TB_BURSTS, cycles);
  run(TB_ALWAYS, TB_RARELY, cycles);
  run(TB_RANDOM, TB_RANDOM, cycles);
}
