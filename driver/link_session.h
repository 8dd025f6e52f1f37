/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame layer of docs/link.md, at the host: messages in order, each once, over a line that
 * damages, loses and invents octets.  No threads; time comes from the stream.  Inside libtoe.
 */
#ifndef TOE_DRIVER_LINK_SESSION_H
#define TOE_DRIVER_LINK_SESSION_H
#include "driver/link_frame.h"
#include "driver/octet_stream.h"

/** Takes one message of the device, which is the session's again on return. */
typedef void link_deliver_fn(void *user, const uint8_t *message, size_t len);

struct link_session {
  struct toe_octet_stream stream;
  link_deliver_fn *deliver;
  void *user;
  unsigned awaited;  /* answers that the user waits for; kept by the user */
  int error;         /* what ended the session, 0: nothing */
  uint64_t heard_us; /* when the last sound frame came */

  /* What READY said. */
  bool ready;
  uint8_t version, window;
  size_t max_data;        /* octets, in one message */
  size_t max_window_data; /* octets, in all messages that are not acknowledged */

  /* Frames on their way to the device: una <= next <= sent <= end, modulo 256. */
  uint8_t session;
  uint8_t una;       /* the oldest that is not acknowledged */
  uint8_t next;      /* to be sent next */
  uint8_t sent;      /* one past the last that was ever sent */
  uint8_t end;       /* one past the last that waits to be sent */
  uint8_t *messages; /* places, one for each frame of the window */
  size_t places;
  size_t message_len[256];  /* by number */
  size_t message_data[256]; /* octets of data in it */
  size_t window_data;       /* sum of those that are not acknowledged */
  uint64_t period_us;       /* when waiting for an acknowledgement began */
  unsigned periods;         /* since there was one */

  /* Frames from the device. */
  uint8_t expected;
  bool nak_said; /* since the last frame that was taken */
  bool owes_ack, owes_nak;
  struct link_decoder decoder;

  /* Octets for the line. */
  uint8_t *out;
  size_t out_capacity, out_pos, out_len;
  size_t data_end; /* the last DATA ends there */
};

/**
 * Begins a session over @p stream: everything on its way is forgotten at both ends.
 *
 * @param session  1 to 255; another one than the last, as a random number most often is.
 * @return 0, TOE_ERR_TIMEOUT when nothing answers, TOE_ERR_VERSION when what answers speaks another
 *         version of the link, TOE_ERR_NO_MEMORY or TOE_ERR_GONE.
 *         The stream stays the caller's, then and after link_session_end().
 */
int link_session_begin(struct link_session *s, const struct toe_octet_stream *stream,
                       uint8_t session, link_deliver_fn *deliver, void *user);

/** Frees what the session holds. */
void link_session_end(struct link_session *s);

/** True when a message with @p data_len octets of data can be put now. */
bool link_session_room(const struct link_session *s, size_t data_len);

/** The place of the next message, of @p len octets of which @p data_len are data.  There is room.
 */
uint8_t *link_session_put(struct link_session *s, size_t len, size_t data_len);

/** Receives, delivers, sends and sends again what can be now.  0 or TOE_ERR_GONE, for ever. */
int link_session_pump(struct link_session *s);

/** When link_session_pump() has to be called again if no octet comes; UINT64_MAX: never. */
uint64_t link_session_due_us(const struct link_session *s);

/** Sleeps until pumping may be of use, or until @p until_us.  False when a signal came. */
bool link_session_wait(struct link_session *s, uint64_t until_us);

#endif
