/* SPDX-License-Identifier: Apache-2.0
 *
 * How the input of a fuzzer names a frame and who receives it: eight octets, then the frame.
 */
#ifndef TOE_TESTS_FUZZ_INPUT_H
#define TOE_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/toe_model_frame.h"

enum { FUZZ_PARSE_HEADER = 8 };

/**
 * Reads the input of the parser's fuzzer.
 *
 * Octets 0 and 1: MTU above 576, cut to 9000.  2: prefix length, modulo 33.  3: bit 0 engine
 * disabled, bit 1 bad FCS.  4 to 7: own address; the Ethernet address is that of rx_path.
 *
 * @param octets  the input; afterwards the frame in it
 * @return octets of the frame; 0 when there is none
 */
static inline size_t fuzz_parse_input(const uint8_t **octets, size_t len, model_netif_t *own,
                                      bool *fcs_good) {
  const uint8_t *in = *octets;

  if (len <= FUZZ_PARSE_HEADER) return 0;
  const uint32_t mtu = 576u + (uint32_t)(in[0] << 8 | in[1]);
  const uint32_t prefix = in[2] % 33u;
  *own = (model_netif_t){
      .mac = 0x020000000001,
      .ip = (uint32_t)in[4] << 24 | (uint32_t)in[5] << 16 | (uint32_t)in[6] << 8 | in[7],
      .netmask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix),
      .mtu = (uint16_t)(mtu < 9000 ? mtu : 9000),
      .enabled = (in[3] & 1) == 0};
  *fcs_good = (in[3] & 2) == 0;
  *octets = in + FUZZ_PARSE_HEADER;
  return len - FUZZ_PARSE_HEADER;
}

#endif
