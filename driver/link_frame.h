/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of docs/link.md as octets, and octets as frames.  Inside libtoe.
 */
#ifndef TOE_DRIVER_LINK_FRAME_H
#define TOE_DRIVER_LINK_FRAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_frame_type {
  LINK_DATA = 1,
  LINK_ACK = 2,
  LINK_NAK = 3,
  LINK_RESET = 4,
  LINK_READY = 5,
  LINK_GONE = 6,
};

enum {
  LINK_HEADER_LEN = 4,
  LINK_FCS_LEN = 4,
  LINK_MAX_DATA = 65535,
  LINK_REQUEST_LEN = 12, /* of a request without its data */
  LINK_ANSWER_LEN = 4,   /* of an answer without its data */
  LINK_READY_LEN = 6,
  LINK_MAX_FRAME = LINK_HEADER_LEN + LINK_ANSWER_LEN + LINK_MAX_DATA + LINK_FCS_LEN,
};

struct link_frame {
  uint8_t type, session, ns, nr;
  const uint8_t *message;
  size_t message_len;
};

/** The most octets that link_frame_encode() makes of a message of @p message_len octets. */
static inline size_t link_frame_capacity(size_t message_len) {
  return 2 + 2 * (LINK_HEADER_LEN + message_len + LINK_FCS_LEN);
}

/** Writes @p frame with its FCS, stuffed, between two flags.  Returns how many octets it takes. */
size_t link_frame_encode(const struct link_frame *frame, uint8_t *out);

/** All zero is a decoder that has seen nothing. */
struct link_decoder {
  uint8_t octets[LINK_MAX_FRAME];
  size_t len; /* above LINK_MAX_FRAME: too long to be a frame */
  bool escaped;
};

enum link_decoded {
  LINK_NOTHING, /* the frame is not complete, or was empty or aborted */
  LINK_FRAME,
  LINK_DAMAGED, /* wrong FCS, unknown type, session 0, or a length that no such frame of a device
                   has */
};

/** Takes one octet of the line.  After LINK_FRAME *@p frame points into the decoder, until the next
 * call. */
enum link_decoded link_decode(struct link_decoder *decoder, uint8_t octet,
                              struct link_frame *frame);

#endif
