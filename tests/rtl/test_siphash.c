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

enum { VARIANTS = 3, OCTETS = 12 };

static tb_tb_siphash_t *new_tb(const uint8_t key[16]) {
  tb_tb_siphash_t *tb = tb_tb_siphash_new(tb_seed());

  memcpy(tb->key_i, key, 16);
  *tb->valid_i = 0;
  tb_tb_siphash_reset(tb);
  return tb;
}

static uint64_t hash_of(const tb_tb_siphash_t *tb, unsigned variant) {
  return tb_get_bits(tb->hash_o, 64 * variant, 64);
}

/* Cycles from a message to its hash. */
static unsigned latency(unsigned variant) {
  return 16u >> variant;
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
  memcpy(tb->msg_i, octets, OCTETS);
  *tb->valid_i = 1;
  for (unsigned cycle = 1; cycle <= 16; cycle++) {
    tb_tb_siphash_tick(tb);
    *tb->valid_i = 0;
    for (unsigned v = 0; v < VARIANTS; v++) {
      const bool valid = (*tb->valid_o >> v & 1) != 0;
      cr_assert_eq(valid, cycle == latency(v), "variant %u, cycle %u", v, cycle);
      if (valid) cr_expect_eq(hash_of(tb, v), 0x751e8fbc860ee5fb, "variant %u", v);
    }
  }
  tb_tb_siphash_tick(tb);
  cr_expect_eq(*tb->busy_o, 0, "nothing left");
  tb_tb_siphash_delete(tb);
}

Test(siphash, random_messages_one_a_cycle_and_with_gaps) {
  enum { MESSAGES = 2000 };
  static uint64_t expected[MESSAGES];
  unsigned received[VARIANTS] = {0}, sent = 0;
  tb_rng_t rng = tb_rng(tb_seed());
  tb_gate_t gate = {0};
  uint8_t key[16];

  for (unsigned i = 0; i < sizeof key; i++) key[i] = (uint8_t)tb_random(&rng);
  tb_tb_siphash_t *tb = new_tb(key);
  while (received[0] < MESSAGES) {
    gate.pattern = sent < MESSAGES / 2 ? TB_ALWAYS : TB_BURSTS;
    *tb->valid_i = sent < MESSAGES && tb_gate_next(&gate, &rng);
    if (*tb->valid_i) {
      uint8_t msg[OCTETS];
      for (unsigned i = 0; i < OCTETS; i++) msg[i] = (uint8_t)tb_random(&rng);
      memcpy(tb->msg_i, msg, OCTETS);
      *tb->tag_i = sent;
      expected[sent++] = siphash_2_4(key, msg, OCTETS);
    }
    tb_tb_siphash_tick(tb);
    for (unsigned v = 0; v < VARIANTS; v++) {
      if ((*tb->valid_o >> v & 1) == 0) continue;
      cr_assert_eq(tb->tag_o[v], received[v], "order");
      cr_assert_eq(hash_of(tb, v), expected[received[v]], "variant %u, message %u", v, received[v]);
      received[v]++;
    }
    cr_assert_lt(tb->cycles, 20 * MESSAGES, "a message was lost");
  }
  for (unsigned v = 0; v < VARIANTS; v++) cr_expect_eq(received[v], MESSAGES);
  tb_tb_siphash_delete(tb);
}
