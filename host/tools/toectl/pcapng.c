/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a capture as pcapng (draft-ietf-opsawg-pcapng), because that has a place for which way a
 * frame went and for how many were lost; libpcap reads that format and writes only the older one.
 */
#include "host/tools/toectl/toectl.h"

enum {
  SECTION_HEADER = 0x0a0d0d0a,
  INTERFACE = 1,
  ENHANCED_PACKET = 6,
  BYTE_ORDER_MAGIC = 0x1a2b3c4d,
  LINK_ETHERNET = 1,
  OPTION_END = 0,
  OPTION_IF_TSRESOL = 9,
  OPTION_EPB_FLAGS = 2,
  OPTION_EPB_DROPCOUNT = 4,
  TEN_TO_MINUS_9 = 9,
  INBOUND = 1,
  OUTBOUND = 2,
};

static bool put(FILE *file, const void *octets, size_t len) {
  return fwrite(octets, 1, len, file) == len;
}

bool pcapng_begin(FILE *file) {
  /* Numbers of the writer's own byte order, as the magic says. */
  static const uint32_t section[7] = {
      SECTION_HEADER, sizeof section, BYTE_ORDER_MAGIC, 1, /* version 1.0 */
      UINT32_MAX,     UINT32_MAX,                          /* length of the section is not known */
      sizeof section};
  struct {
    uint32_t type, length;
    uint16_t link, reserved;
    uint32_t snap_len;
    uint16_t option, option_len;
    uint8_t resolution[4];
    uint32_t end, length_again;
  } interface = {INTERFACE,        sizeof interface, LINK_ETHERNET,   0, 0, OPTION_IF_TSRESOL, 1,
                 {TEN_TO_MINUS_9}, OPTION_END,       sizeof interface};

  return put(file, section, sizeof section) && put(file, &interface, sizeof interface);
}

bool pcapng_frame(FILE *file, uint64_t time_ns, bool sent, uint64_t dropped, const void *frame,
                  size_t len) {
  static const uint8_t zeros[3] = {0};
  const size_t padding = (4 - len % 4) % 4;
  struct {
    uint16_t flags, flags_len;
    uint32_t direction;
    uint16_t drop, drop_len;
    uint32_t dropped[2]; /* one number of 64 bits, where a struct may put no padding */
    uint32_t end, length_again;
  } tail = {.flags = OPTION_EPB_FLAGS,
            .flags_len = 4,
            .direction = sent ? OUTBOUND : INBOUND,
            .drop = OPTION_EPB_DROPCOUNT,
            .drop_len = 8,
            .end = OPTION_END};
  uint32_t head[7] = {
      ENHANCED_PACKET, 0, 0, (uint32_t)(time_ns >> 32), (uint32_t)time_ns, (uint32_t)len,
      (uint32_t)len};

  memcpy(tail.dropped, &dropped, sizeof dropped);
  head[1] = tail.length_again = (uint32_t)(sizeof head + len + padding + sizeof tail);
  return put(file, head, sizeof head) && put(file, frame, len) && put(file, zeros, padding) &&
         put(file, &tail, sizeof tail);
}
