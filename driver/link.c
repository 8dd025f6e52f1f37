/* SPDX-License-Identifier: Apache-2.0
 *
 * The message layer: accesses of any length as requests, several on their way, answered in order.
 */
#include "driver/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/link_session.h"
#include "toe/toe_err.h"

enum {
  OP_READ = 0x01,
  OP_WRITE = 0x02,
  OP_READ_DONE = 0x81,
  OP_WRITE_DONE = 0x82,
  OP_EVENT = 0x90
};
enum { STATUS_DONE = 0, FLAG_COMPLETION = 1 << 0 };

/* Requests without an answer, at most: more than any window. */
enum { UNANSWERED = 256 };

/* Events instead of an answer, at most: one comes when the flag of the completion ring rises, and
 * it falls only by a request. */
enum { MAX_EVENTS = 256 };

static const uint64_t kMemoryBit = UINT64_C(1) << 39;

/* An engine that has been silent for so long while the host waits is asked whether it is there. */
static const uint64_t kSilenceUs = 1000000;

struct request {
  uint8_t op;
  size_t len;
  uint8_t *into; /* where the answer's data goes; NULL: nowhere */
};

struct link_host {
  struct link_session session;
  size_t line_octets;
  size_t octets_unanswered;            /* data of requests, and of answers to them */
  struct request requests[UNANSWERED]; /* by tag, and so in order */
  uint8_t oldest;                      /* tag of the first without an answer */
  uint8_t next_tag;
  unsigned events; /* since the last answer */
  int read_error;  /* of the read that goes on */
  int write_error; /* of a posted write, until a call returns it */
  bool completion; /* as the newest message of the device has it */
  bool fd_used;
};

/* --- Answers --------------------------------------------------------------------------------- */

/* The engine does not keep to the page: it has lost its mind, or is none. */
static void broken(struct link_host *link) {
  link->session.error = TOE_ERR_GONE;
}

static void answered(struct link_host *link, const uint8_t *message, size_t len) {
  const struct request *request = &link->requests[link->oldest];
  const bool done = message[2] == STATUS_DONE;
  const size_t data_len = request->op == OP_READ && done ? request->len : 0;

  if (link->session.awaited == 0 || message[0] != (request->op | 0x80) ||
      message[1] != link->oldest || len != LINK_ANSWER_LEN + data_len) {
    broken(link);
    return;
  }
  if (!done && request->op == OP_READ) link->read_error = TOE_ERR_RANGE;
  if (!done && request->op == OP_WRITE) link->write_error = TOE_ERR_RANGE;
  if (request->into != NULL && link->read_error == 0)
    memcpy(request->into, message + LINK_ANSWER_LEN, data_len);
  link->octets_unanswered -= request->len;
  link->oldest++;
  link->session.awaited--;
  link->events = 0;
}

static void deliver(void *user, const uint8_t *message, size_t len) {
  struct link_host *link = user;

  switch (message[0]) {
    case OP_READ_DONE:
    case OP_WRITE_DONE:
      answered(link, message, len);
      break;
    case OP_EVENT:
      if (link->session.awaited != 0 && ++link->events > MAX_EVENTS) broken(link);
      break;
    default:
      broken(link);
      break;
  }
  link->completion = (message[3] & FLAG_COMPLETION) != 0;
}

/* --- Requests -------------------------------------------------------------------------------- */

static bool has_room(const struct link_host *link, uint8_t op, size_t len) {
  if (link->session.awaited == UNANSWERED - 1) return false;
  if (link->line_octets != 0 && link->session.awaited != 0 &&
      link->octets_unanswered + len > link->line_octets)
    return false;
  return link_session_room(&link->session, op == OP_WRITE ? len : 0);
}

static void put_le(uint8_t *octets, uint64_t value, unsigned count) {
  for (unsigned i = 0; i < count; i++) octets[i] = (uint8_t)(value >> 8 * i);
}

/* Puts a request on its way as soon as there is room. */
static int ask(struct link_host *link, uint8_t op, uint64_t address, const uint8_t *data,
               size_t len, uint8_t *into) {
  struct link_session *session = &link->session;
  const size_t data_len = op == OP_WRITE ? len : 0;

  for (;;) {
    const int result = link_session_pump(session);
    if (result != 0) return result;
    if (has_room(link, op, len)) break;
    link_session_wait(session, UINT64_MAX);
  }
  uint8_t *message = link_session_put(session, LINK_REQUEST_LEN + data_len, data_len);
  message[0] = op;
  message[1] = link->next_tag;
  put_le(message + 2, len, 2);
  put_le(message + 4, address, 8);
  if (data_len != 0) memcpy(message + LINK_REQUEST_LEN, data, data_len);
  link->requests[link->next_tag++] = (struct request){.op = op, .len = len, .into = into};
  link->octets_unanswered += len;
  session->awaited++;
  return link_session_pump(session);
}

static int await_all(struct link_host *link) {
  int result;

  while ((result = link_session_pump(&link->session)) == 0 && link->session.awaited != 0)
    link_session_wait(&link->session, UINT64_MAX);
  return result;
}

/* The most octets of one message; a multiple of 4, because registers are. */
static size_t piece_octets(const struct link_host *link) {
  size_t octets = link->session.max_data;

  if (link->line_octets != 0 && octets > link->line_octets / 2) octets = link->line_octets / 2;
  return octets < 4 ? 4 : octets / 4 * 4;
}

/* When the descriptor has to become readable without any octet: at once for an entry that nobody
 * has been told of. */
static void set_alarm(struct link_host *link) {
  const struct link_session *session = &link->session;
  uint64_t when_us = link_session_due_us(session);

  if (!link->fd_used) return;
  if (session->awaited == 0) when_us = session->heard_us + kSilenceUs;
  if ((link->completion && session->awaited == 0) || session->error != 0) when_us = 0;
  session->stream.alarm(session->stream.ctx, when_us);
}

/* The error of a write that was posted before belongs to this call. */
static int end_call(struct link_host *link, int result) {
  if (result == 0) result = link->write_error;
  link->write_error = 0;
  set_alarm(link);
  return result;
}

static int write_pieces(struct link_host *link, uint64_t address, const uint8_t *data, size_t len) {
  const size_t most = piece_octets(link);
  int result = 0;

  for (size_t done = 0; done < len && result == 0;) {
    const size_t piece = len - done < most ? len - done : most;
    result = ask(link, OP_WRITE, address + done, data + done, piece, NULL);
    done += piece;
  }
  return end_call(link, result);
}

static int read_pieces(struct link_host *link, uint64_t address, uint8_t *into, size_t len) {
  const size_t most = piece_octets(link);
  int result = 0;

  link->read_error = 0;
  /* Whether the end exists is known before the first octet is copied. */
  if (len > most && (address & kMemoryBit) != 0)
    result = ask(link, OP_READ, address + len - 1, NULL, 1, NULL);
  for (size_t done = 0; done < len && result == 0;) {
    const size_t piece = len - done < most ? len - done : most;
    result = ask(link, OP_READ, address + done, NULL, piece, into + done);
    done += piece;
  }
  if (result == 0) result = await_all(link);
  if (result == 0) result = link->read_error;
  return end_call(link, result);
}

/* --- Transport ------------------------------------------------------------------------------- */

static bool is_register_range(uint32_t offset, size_t count) {
  return offset % 4 == 0 && count <= UINT32_MAX / 4 && offset <= UINT32_MAX - 4 * count;
}

static int host_reg_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  uint8_t *octets = (uint8_t *)values;

  if (!is_register_range(offset, count)) return TOE_ERR_RANGE;
  const int result = read_pieces(ctx, offset, octets, 4 * count);
  for (size_t i = 0; i < count && result == 0; i++)
    values[i] = (uint32_t)octets[4 * i] | (uint32_t)octets[4 * i + 1] << 8 |
                (uint32_t)octets[4 * i + 2] << 16 | (uint32_t)octets[4 * i + 3] << 24;
  return result;
}

static int host_reg_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  uint8_t octets[1024];
  int result = 0;

  if (!is_register_range(offset, count)) return TOE_ERR_RANGE;
  for (size_t done = 0; done < count && result == 0;) {
    size_t some = 0;
    for (; some < sizeof octets / 4 && done + some < count; some++)
      put_le(octets + 4 * some, values[done + some], 4);
    result = write_pieces(ctx, offset + 4 * (uint32_t)done, octets, 4 * some);
    done += some;
  }
  return result;
}

static int host_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  if (address >= kMemoryBit || len > kMemoryBit - address) return TOE_ERR_RANGE;
  return read_pieces(ctx, address | kMemoryBit, buf, len);
}

static int host_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  if (address >= kMemoryBit || len > kMemoryBit - address) return TOE_ERR_RANGE;
  return write_pieces(ctx, address | kMemoryBit, buf, len);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* Until everything is answered the flag may be about to fall: the host may just have emptied the
 * ring. */
static int host_wait(void *ctx, int64_t timeout_us) {
  struct link_host *link = ctx;
  struct link_session *session = &link->session;
  const struct toe_octet_stream *stream = &session->stream;
  const uint64_t begin_us = stream->now_us(stream->ctx);
  const uint64_t until_us = timeout_us < 0 || (uint64_t)timeout_us > UINT64_MAX - begin_us
                                ? UINT64_MAX
                                : begin_us + (uint64_t)timeout_us;
  bool ready = false;
  int result;

  while ((result = link_session_pump(session)) == 0) {
    ready = link->completion && session->awaited == 0;
    const uint64_t now_us = stream->now_us(stream->ctx);
    const uint64_t silent_us = session->heard_us + kSilenceUs;
    if (ready || link->write_error != 0) break;
    if (session->awaited == 0 && now_us >= silent_us) {
      link->read_error = 0;
      result = ask(link, OP_READ, 0, NULL, 4, NULL);
      if (result != 0) break;
    }
    if (now_us >= until_us) break;
    if (!link_session_wait(session,
                           session->awaited == 0 ? earlier(until_us, silent_us) : until_us))
      break;
  }
  result = end_call(link, result);
  return result != 0 ? result : ready ? 1 : 0;
}

static uint64_t host_now_us(void *ctx) {
  const struct toe_octet_stream *stream = &((struct link_host *)ctx)->session.stream;

  return stream->now_us(stream->ctx);
}

static int host_fd(void *ctx) {
  struct link_host *link = ctx;
  const struct toe_octet_stream *stream = &link->session.stream;
  const int fd = stream->fd(stream->ctx);

  if (fd >= 0) {
    link->fd_used = true;
    set_alarm(link);
  }
  return fd;
}

/* What was posted is carried out, if there is still somebody to do it. */
static void host_close(void *ctx) {
  struct link_host *link = ctx;
  const struct toe_octet_stream stream = link->session.stream;

  await_all(link);
  link_session_end(&link->session);
  free(link);
  stream.close(stream.ctx);
}

/* --- Opening --------------------------------------------------------------------------------- */

static const char *complaint(int result) {
  switch (result) {
    case TOE_ERR_TIMEOUT:
      return "no engine answers on this line: load its bitstream, and see that mode= and baud= are "
             "the board's";
    case TOE_ERR_VERSION:
      return "what answers speaks another version of the link: load a bitstream of this release";
    case TOE_ERR_GONE:
      return "the device went away while it was opened";
    default:
      return "out of memory";
  }
}

int toe_link_host_open(const struct toe_octet_stream *stream,
                       const struct toe_link_host_config *config, struct toe_transport *out) {
  struct link_host *link = calloc(1, sizeof *link);

  *out = (struct toe_transport){0};
  int result = TOE_ERR_NO_MEMORY;
  if (link != NULL)
    result = link_session_begin(&link->session, stream, config->session, deliver, link);
  if (result != 0) {
    free(link);
    snprintf(out->message, sizeof out->message, "%s", complaint(result));
    return result == TOE_ERR_TIMEOUT ? TOE_ERR_DEVICE : result;
  }
  link->line_octets = config->line_octets;
  *out = (struct toe_transport){
      .ctx = link,
      .reg_read = host_reg_read,
      .reg_write = host_reg_write,
      .mem_read = host_mem_read,
      .mem_write = host_mem_write,
      .wait = host_wait,
      .now_us = host_now_us,
      .fd = host_fd,
      .close = host_close,
  };
  return 0;
}
