/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 for messages of any length, as its paper gives it; the tests' own judge of
 * toe_siphash and of hashes that toe_flow computes.
 */
#ifndef TOE_TESTS_SIPHASH_H
#define TOE_TESTS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/** Hash of @p len octets of @p msg under the 16 octets of @p key. */
uint64_t siphash_2_4(const uint8_t key[16], const uint8_t *msg, size_t len);

#endif
