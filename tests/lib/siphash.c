/* SPDX-License-Identifier: Apache-2.0 */
#include "siphash.h"

struct sip {
  uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned bits) {
  return x << bits | x >> (64 - bits);
}

static uint64_t little_endian(const uint8_t *octets, size_t len) {
  uint64_t word = 0;

  for (size_t i = 0; i < len; i++) word |= (uint64_t)octets[i] << (8 * i);
  return word;
}

static void rounds(struct sip *s, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 = rotl(s->v2, 32);
  }
}

uint64_t siphash_2_4(const uint8_t key[16], const uint8_t *msg, size_t len) {
  const uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
  struct sip s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                  k1 ^ 0x7465646279746573};

  for (size_t at = 0; at <= len; at += 8) {
    const size_t left = len - at;
    uint64_t word = little_endian(msg + at, left < 8 ? left : 8);

    if (left < 8) word |= (uint64_t)len << 56;
    s.v3 ^= word;
    rounds(&s, 2);
    s.v0 ^= word;
  }
  s.v2 ^= 0xff;
  rounds(&s, 4);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
