/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers in network order.
 */
#ifndef TOE_MODEL_OCTETS_H
#define TOE_MODEL_OCTETS_H

#include <stdint.h>

static inline uint16_t get16(const uint8_t *octets) {
  return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline uint32_t get32(const uint8_t *octets) {
  return (uint32_t)get16(octets) << 16 | get16(octets + 2);
}

static inline uint64_t get48(const uint8_t *octets) {
  return (uint64_t)get16(octets) << 32 | get32(octets + 2);
}

/* The put functions return where the next octet goes. */
static inline uint8_t *put8(uint8_t *octets, uint8_t value) {
  *octets = value;
  return octets + 1;
}

static inline uint8_t *put16(uint8_t *octets, uint16_t value) {
  return put8(put8(octets, (uint8_t)(value >> 8)), (uint8_t)value);
}

static inline uint8_t *put32(uint8_t *octets, uint32_t value) {
  return put16(put16(octets, (uint16_t)(value >> 16)), (uint16_t)value);
}

static inline uint8_t *put48(uint8_t *octets, uint64_t value) {
  return put32(put16(octets, (uint16_t)(value >> 32)), (uint32_t)value);
}

#endif
