/* SPDX-License-Identifier: Apache-2.0
 *
 * Go-back-N.  Messages wait as they are, and become frames when they are sent: each with the newest
 * nr, also when it is sent again.
 */
#include "driver/link_session.h"

#include <stdlib.h>
#include <string.h>

#include "toe/toe_err.h"

/* A frame that is not acknowledged for so long is sent again, and so is RESET. */
static const uint64_t kResendUs = 100000;

/* So often without any progress, and the device is lost. */
static const unsigned kPatience = 30;

/* RESETs, until a device is thought not to be there. */
static const unsigned kResets = 20;

static const uint8_t kVersion = 1;

enum { OUT_OCTETS = 8192, IN_OCTETS = 4096 };

static uint8_t distance(uint8_t from, uint8_t to) {
  return (uint8_t)(to - from);
}

static size_t message_capacity(const struct link_session *s) {
  return LINK_REQUEST_LEN + s->max_data;
}

static uint8_t *message_of(const struct link_session *s, uint8_t ns) {
  return s->messages + (size_t)(ns % s->places) * message_capacity(s);
}

static void progress(struct link_session *s) {
  s->period_us = s->stream.now_us(s->stream.ctx);
  s->periods = 0;
}

/* --- Sending --------------------------------------------------------------------------------- */

static bool out_has_room(const struct link_session *s, size_t message_len) {
  return s->out_capacity - s->out_len >= link_frame_capacity(message_len);
}

static void out_put(struct link_session *s, uint8_t type, uint8_t ns, const uint8_t *message,
                    size_t len) {
  const struct link_frame frame = {.type = type,
                                   .session = s->session,
                                   .ns = ns,
                                   .nr = s->expected,
                                   .message = message,
                                   .message_len = len};

  s->out_len += link_frame_encode(&frame, s->out + s->out_len);
}

/* NAK first: it begins what takes longest.  DATA says what an ACK would. */
static void out_fill(struct link_session *s) {
  if (s->owes_nak && out_has_room(s, 0)) {
    out_put(s, LINK_NAK, 0, NULL, 0);
    s->owes_nak = s->owes_ack = false;
  }
  for (; s->next != s->end && out_has_room(s, s->message_len[s->next]); s->next++) {
    out_put(s, LINK_DATA, s->next, message_of(s, s->next), s->message_len[s->next]);
    s->data_end = s->out_len;
    s->owes_ack = false;
    if (s->sent == s->next) s->sent++;
  }
  if (s->owes_ack && out_has_room(s, 0)) {
    out_put(s, LINK_ACK, 0, NULL, 0);
    s->owes_ack = false;
  }
}

static void transmit(struct link_session *s) {
  const struct toe_octet_stream *stream = &s->stream;

  for (;;) {
    if (s->ready) out_fill(s);
    if (s->out_len == 0) return;
    const int taken = stream->send(stream->ctx, s->out + s->out_pos, s->out_len - s->out_pos);
    if (taken < 0) s->error = TOE_ERR_GONE;
    if (taken <= 0) return;
    /* Nobody waits for an acknowledgement of what has not left. */
    if (s->out_pos < s->data_end) s->period_us = stream->now_us(stream->ctx);
    s->out_pos += (size_t)taken;
    if (s->out_pos == s->out_len) s->out_pos = s->out_len = s->data_end = 0;
  }
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* The device has carried out everything before @p nr.  False when that was never sent. */
static bool acknowledge(struct link_session *s, uint8_t nr) {
  const uint8_t count = distance(s->una, nr);

  if (count > distance(s->una, s->sent)) return false;
  if (count == 0) return true;
  if (distance(s->una, s->next) < count) s->next = nr;
  for (; s->una != nr; s->una++) s->window_data -= s->message_data[s->una];
  progress(s);
  return true;
}

static void say_nak(struct link_session *s) {
  if (!s->ready || s->nak_said) return;
  s->owes_nak = s->nak_said = true;
}

static void on_data(struct link_session *s, const struct link_frame *frame) {
  const uint8_t ahead = distance(s->expected, frame->ns);

  if (ahead == 0) {
    s->expected++;
    s->nak_said = false;
    s->owes_ack = true;
    progress(s);
    s->deliver(s->user, frame->message, frame->message_len);
  } else if (ahead < 128) {
    say_nak(s);
  } else {
    s->owes_ack = true;
  }
}

static void on_ready(struct link_session *s, const uint8_t *message) {
  if (s->ready) return; /* the answer to a RESET that was sent again */
  s->ready = true;
  s->version = message[0];
  s->window = message[1];
  s->max_data = (size_t)(message[2] | message[3] << 8);
  s->max_window_data = (size_t)(message[4] | message[5] << 8);
}

static void on_frame(struct link_session *s, const struct link_frame *frame) {
  if (frame->session != s->session) return;
  s->heard_us = s->stream.now_us(s->stream.ctx);
  if (frame->type == LINK_READY) on_ready(s, frame->message);
  if (!s->ready) return;
  switch (frame->type) {
    case LINK_DATA:
      acknowledge(s, frame->nr);
      on_data(s, frame);
      break;
    case LINK_ACK:
      acknowledge(s, frame->nr);
      break;
    case LINK_NAK:
      if (acknowledge(s, frame->nr)) s->next = s->una;
      break;
    case LINK_GONE:
      s->error = TOE_ERR_GONE;
      break;
    default:
      break;
  }
}

static void receive(struct link_session *s) {
  uint8_t octets[IN_OCTETS];
  struct link_frame frame;
  int count;

  while (s->error == 0 && (count = s->stream.receive(s->stream.ctx, octets, sizeof octets)) != 0) {
    if (count < 0) s->error = TOE_ERR_GONE;
    for (int i = 0; i < count && s->error == 0; i++) {
      switch (link_decode(&s->decoder, octets[i], &frame)) {
        case LINK_FRAME:
          on_frame(s, &frame);
          break;
        case LINK_DAMAGED:
          say_nak(s);
          break;
        default:
          break;
      }
    }
  }
}

/* --- Time ------------------------------------------------------------------------------------ */

uint64_t link_session_due_us(const struct link_session *s) {
  const bool waits = s->una != s->end || s->awaited != 0;

  return waits ? s->period_us + kResendUs : UINT64_MAX;
}

/* Where only the answer is missing, an ACK makes a device that was reset say so.  A line that takes
 * nothing needs nothing twice. */
static void resend(struct link_session *s) {
  if (s->una == s->end) s->owes_ack = true;
  if (s->next == s->end && s->out_len == 0) s->next = s->una;
  s->period_us = s->stream.now_us(s->stream.ctx);
  if (++s->periods == kPatience) s->error = TOE_ERR_GONE;
}

int link_session_pump(struct link_session *s) {
  receive(s);
  if (s->error == 0 && s->stream.now_us(s->stream.ctx) >= link_session_due_us(s)) resend(s);
  if (s->error == 0) transmit(s);
  return s->error;
}

bool link_session_wait(struct link_session *s, uint64_t until_us) {
  const uint64_t due_us = link_session_due_us(s);

  return s->stream.wait(s->stream.ctx, s->out_len != 0, due_us < until_us ? due_us : until_us);
}

/* --- Messages -------------------------------------------------------------------------------- */

bool link_session_room(const struct link_session *s, size_t data_len) {
  return distance(s->una, s->end) < s->window && s->window_data + data_len <= s->max_window_data;
}

uint8_t *link_session_put(struct link_session *s, size_t len, size_t data_len) {
  const uint8_t ns = s->end++;

  if (s->una == ns && s->awaited == 0) progress(s);
  s->message_len[ns] = len;
  s->message_data[ns] = data_len;
  s->window_data += data_len;
  return message_of(s, ns);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static int reset(struct link_session *s) {
  for (unsigned tries = 0; tries < kResets && !s->ready; tries++) {
    const uint64_t until_us = s->stream.now_us(s->stream.ctx) + kResendUs;
    if (out_has_room(s, 0)) out_put(s, LINK_RESET, 0, NULL, 0);
    do {
      if (link_session_pump(s) != 0) return s->error;
      if (!s->ready) s->stream.wait(s->stream.ctx, s->out_len != 0, until_us);
    } while (!s->ready && s->stream.now_us(s->stream.ctx) < until_us);
  }
  if (!s->ready) return TOE_ERR_TIMEOUT;
  if (s->version != kVersion || s->window == 0 || s->window > 127 || s->max_data < 4 ||
      s->max_window_data < s->max_data)
    return TOE_ERR_VERSION;
  return 0;
}

static bool reserve(uint8_t **octets, size_t len) {
  uint8_t *larger = realloc(*octets, len);

  if (larger == NULL) return false;
  *octets = larger;
  return true;
}

int link_session_begin(struct link_session *s, const struct toe_octet_stream *stream,
                       uint8_t session, link_deliver_fn *deliver, void *user) {
  memset(s, 0, sizeof *s);
  s->stream = *stream;
  s->session = session;
  s->deliver = deliver;
  s->user = user;
  s->out_capacity = OUT_OCTETS;
  if (!reserve(&s->out, s->out_capacity)) return TOE_ERR_NO_MEMORY;
  int result = reset(s);
  if (result == 0) {
    s->out_capacity += link_frame_capacity(message_capacity(s));
    /* A power of two, so that numbers keep their places when they wrap. */
    for (s->places = 1; s->places < s->window;) s->places *= 2;
    if (!reserve(&s->out, s->out_capacity) ||
        !reserve(&s->messages, s->places * message_capacity(s)))
      result = TOE_ERR_NO_MEMORY;
  }
  if (result != 0) link_session_end(s);
  return result;
}

void link_session_end(struct link_session *s) {
  free(s->out);
  free(s->messages);
  s->out = s->messages = NULL;
}
