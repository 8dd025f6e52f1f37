/* SPDX-License-Identifier: Apache-2.0
 *
 * Initial sequence numbers: RFC 6528, with SipHash-2-4 as its function F.
 */
#include "model/octets.h"
#include "model/toe_model_table.h"

static uint64_t rotated(uint64_t x, unsigned by) {
  return x << by | x >> (64 - by);
}

static uint64_t little64(const uint8_t *octets) {
  uint64_t value = 0;

  for (unsigned i = 0; i < 8; i++) value |= (uint64_t)octets[i] << (8 * i);
  return value;
}

static void rounds(uint64_t v[4], unsigned count) {
  while (count-- != 0) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[2] = rotated(v[2], 32);
  }
}

static void absorb(uint64_t v[4], uint64_t word) {
  v[3] ^= word;
  rounds(v, 2);
  v[0] ^= word;
}

uint64_t model_siphash(const uint8_t key[16], const uint8_t *octets, size_t len) {
  const uint64_t k0 = little64(key), k1 = little64(key + 8);
  uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                   k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
  uint64_t last = (uint64_t)len << 56;
  size_t at = 0;

  for (; at + 8 <= len; at += 8) absorb(v, little64(octets + at));
  for (unsigned i = 0; at + i < len; i++) last |= (uint64_t)octets[at + i] << (8 * i);
  absorb(v, last);
  v[2] ^= 0xff;
  rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t model_isn(const uint8_t key[16], const model_flow_key_t *flow, uint32_t local_ip,
                   uint64_t now_us) {
  uint8_t octets[12];

  put16(put32(put16(put32(octets, local_ip), flow->local_port), flow->remote_ip),
        flow->remote_port);
  return (uint32_t)(model_siphash(key, octets, sizeof octets) >> 32) + (uint32_t)(now_us >> 2);
}
