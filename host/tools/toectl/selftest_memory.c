/* SPDX-License-Identifier: Apache-2.0
 *
 * The step on buffer memory: octets at both borders of every ring.
 */
#include "host/tools/toectl/selftest.h"

/* Octets on each side of a border, and one more to come off any alignment. */
enum { REACH = 33 };

/* Depends on every bit of the address, so that memory that answers at two addresses shows. */
static uint8_t octet_of(uint64_t address, unsigned round) {
  uint64_t x = address * UINT64_C(0x9e3779b97f4a7c15);

  x ^= x >> 29;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  return (uint8_t)((x >> 56) ^ (round == 0 ? 0 : 0xff));
}

/* Border number i, of 2 num_conns + 1: the rings lie one behind the other, receive rings first. */
static uint64_t border(const struct subject *s, uint32_t i) {
  const uint64_t rx_end = (uint64_t)s->num_conns << s->rx_ring_log2;

  if (i < s->num_conns) return (uint64_t)i << s->rx_ring_log2;
  return rx_end + ((uint64_t)(i - s->num_conns) << s->tx_ring_log2);
}

/* The octets around a border that are in the memory. */
static size_t around(const struct subject *s, uint32_t i, uint64_t *first) {
  const uint64_t at = border(s, i);

  *first = i == 0 ? 0 : at - REACH;
  return i == 0 || i == 2 * s->num_conns ? REACH : 2 * REACH;
}

static enum outcome gone(struct subject *s, uint64_t address, int result) {
  return selftest_say(FAILED, s, "address 0x%llx: %s", (unsigned long long)address,
                      toe_strerror(result));
}

/* Writes all, then reads all. */
static enum outcome walk(struct subject *s, unsigned round) {
  const struct toe_transport *t = &s->transport;
  uint8_t octets[2 * REACH];
  uint64_t first;

  for (uint32_t i = 0; i <= 2 * s->num_conns; i++) {
    const size_t len = around(s, i, &first);
    for (size_t n = 0; n < len; n++) octets[n] = octet_of(first + n, round);
    const int result = t->mem_write(t->ctx, first, octets, len);
    if (result != 0) return gone(s, first, result);
  }
  for (uint32_t i = 0; i <= 2 * s->num_conns; i++) {
    const size_t len = around(s, i, &first);
    const int result = t->mem_read(t->ctx, first, octets, len);
    if (result != 0) return gone(s, first, result);
    for (size_t n = 0; n < len; n++) {
      if (octets[n] != octet_of(first + n, round))
        return selftest_say(FAILED, s, "address 0x%llx holds 0x%02x and not 0x%02x",
                            (unsigned long long)first + n, octets[n], octet_of(first + n, round));
    }
  }
  return PASSED;
}

enum outcome selftest_memory(struct subject *s) {
  const uint64_t octets = border(s, 2 * s->num_conns);

  if (walk(s, 0) != PASSED || walk(s, 1) != PASSED) return FAILED;
  return selftest_say(PASSED, s, "%u rings, %llu octets: each border keeps both of two patterns",
                      2 * s->num_conns, (unsigned long long)octets);
}
