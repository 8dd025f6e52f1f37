/* SPDX-License-Identifier: Apache-2.0
 *
 * The Internet checksum (RFC 1071).
 */
#include "model/octets.h"
#include "model/toe_model_frame.h"

enum { PROTO_TCP = 6 };

uint16_t model_checksum_add(uint32_t sum, const uint8_t *octets, size_t len) {
  uint64_t total = sum;

  for (size_t i = 0; i + 1 < len; i += 2) total += get16(octets + i);
  if (len % 2 != 0) total += (uint32_t)octets[len - 1] << 8;
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return (uint16_t)total;
}

uint32_t model_checksum_pseudo(uint32_t src_ip, uint32_t dst_ip, uint16_t tcp_len) {
  return (src_ip >> 16) + (src_ip & 0xffff) + (dst_ip >> 16) + (dst_ip & 0xffff) + PROTO_TCP +
         tcp_len;
}
