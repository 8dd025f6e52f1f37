/* SPDX-License-Identifier: Apache-2.0
 *
 * Octet stuffing and FCS as in RFC 1662, section 4.2 and appendix C.3.
 */
#include "driver/link_frame.h"

static const uint8_t kFlag = 0x7e;
static const uint8_t kEscape = 0x7d;
static const uint8_t kEscapeXor = 0x20;

/* The remainder of any octets followed by their FCS (RFC 1662, appendix C.3). */
static const uint32_t kGoodFcs = UINT32_C(0xdebb20e3);

/* The remainders of sixteen: an octet takes two steps, and nothing has to be made at run time. */
static const uint32_t kRemainders[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t fcs_add(uint32_t fcs, uint8_t octet) {
  fcs ^= octet;
  fcs = fcs >> 4 ^ kRemainders[fcs & 15];
  return fcs >> 4 ^ kRemainders[fcs & 15];
}

/* --- Encode ---------------------------------------------------------------------------------- */

static uint8_t *stuff(uint8_t *out, uint8_t octet) {
  if (octet == kFlag || octet == kEscape) {
    *out++ = kEscape;
    octet ^= kEscapeXor;
  }
  *out++ = octet;
  return out;
}

size_t link_frame_encode(const struct link_frame *frame, uint8_t *out) {
  const uint8_t header[LINK_HEADER_LEN] = {frame->type, frame->session, frame->ns, frame->nr};
  uint32_t fcs = UINT32_MAX;
  uint8_t *end = out;

  *end++ = kFlag;
  for (size_t i = 0; i < LINK_HEADER_LEN; i++) {
    fcs = fcs_add(fcs, header[i]);
    end = stuff(end, header[i]);
  }
  for (size_t i = 0; i < frame->message_len; i++) {
    fcs = fcs_add(fcs, frame->message[i]);
    end = stuff(end, frame->message[i]);
  }
  for (unsigned shift = 0; shift < 32; shift += 8) end = stuff(end, (uint8_t)(~fcs >> shift));
  *end++ = kFlag;
  return (size_t)(end - out);
}

/* --- Decode ---------------------------------------------------------------------------------- */

static bool length_fits(uint8_t type, size_t message_len) {
  switch (type) {
    case LINK_DATA:
      return message_len >= LINK_ANSWER_LEN;
    case LINK_READY:
      return message_len == LINK_READY_LEN;
    case LINK_ACK:
    case LINK_NAK:
    case LINK_RESET:
    case LINK_GONE:
      return message_len == 0;
    default:
      return false;
  }
}

static enum link_decoded end_frame(const struct link_decoder *decoder, size_t len,
                                   struct link_frame *frame) {
  const uint8_t *octets = decoder->octets;
  uint32_t fcs = UINT32_MAX;

  if (len == 0) return LINK_NOTHING;
  if (len < LINK_HEADER_LEN + LINK_FCS_LEN || len > LINK_MAX_FRAME) return LINK_DAMAGED;
  for (size_t i = 0; i < len; i++) fcs = fcs_add(fcs, octets[i]);
  const size_t message_len = len - LINK_HEADER_LEN - LINK_FCS_LEN;
  if (fcs != kGoodFcs || octets[1] == 0 || !length_fits(octets[0], message_len))
    return LINK_DAMAGED;
  *frame = (struct link_frame){.type = octets[0],
                               .session = octets[1],
                               .ns = octets[2],
                               .nr = octets[3],
                               .message = octets + LINK_HEADER_LEN,
                               .message_len = message_len};
  return LINK_FRAME;
}

enum link_decoded link_decode(struct link_decoder *decoder, uint8_t octet,
                              struct link_frame *frame) {
  if (octet == kFlag) {
    const size_t len = decoder->escaped ? 0 : decoder->len;
    decoder->len = 0;
    decoder->escaped = false;
    return end_frame(decoder, len, frame);
  }
  if (octet == kEscape && !decoder->escaped) {
    decoder->escaped = true;
    return LINK_NOTHING;
  }
  if (decoder->escaped) octet ^= kEscapeXor;
  decoder->escaped = false;
  if (decoder->len < LINK_MAX_FRAME) decoder->octets[decoder->len] = octet;
  if (decoder->len <= LINK_MAX_FRAME) decoder->len++;
  return LINK_NOTHING;
}
