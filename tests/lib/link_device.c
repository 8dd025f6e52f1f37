/* SPDX-License-Identifier: Apache-2.0
 *
 * See link_device.h.
 */
#include "link_device.h"

#include <stdlib.h>
#include <string.h>

enum { DATA = 1, ACK, NAK, RESET, READY, GONE };
enum { READ = 1, WRITE = 2, ANSWER = 0x80, EVENT = 0x90 };

enum {
  MAX_MESSAGE = 12 + 65535,
  MAX_FRAME = 8 + MAX_MESSAGE,
  ANSWERS = 7, /* the most DATA on their way to the host */
  LINE_OCTETS = 1 << 20,
};

static const uint64_t kResendUs = 100000;
static const uint64_t kMemoryBit = UINT64_C(1) << 39;

struct message {
  size_t len;
  uint8_t octets[MAX_MESSAGE];
};

struct link_device {
  struct link_device_config config;
  struct link_device_stats stats;
  uint32_t regs[LINK_DEVICE_REGS];
  uint8_t memory[LINK_DEVICE_MEMORY];
  bool completion;
  bool babbles;

  uint8_t session;  /* 0: none */
  bool only_resets; /* nothing else has come in this session */
  bool nak_said;

  /* DATA from the host: taken up to `taken`, carried out up to `done`. */
  uint8_t taken, done;
  struct message requests[128];
  uint64_t work_us; /* when the next may be carried out */

  /* DATA to the host: acknowledged up to `acked`, made up to `made`. */
  uint8_t acked, made;
  struct message answers[ANSWERS + 1];
  bool event_owed;
  uint64_t since_us;

  uint8_t frame[MAX_FRAME];
  size_t frame_len;
  bool escaped;

  uint8_t line[LINE_OCTETS];
  size_t line_begin, line_end;
};

struct link_device *link_device_new(const struct link_device_config *config) {
  struct link_device *device = calloc(1, sizeof *device);

  if (device == NULL) abort();
  device->config = *config;
  if (device->config.version == 0) device->config.version = 1;
  return device;
}

void link_device_free(struct link_device *device) {
  free(device);
}

uint32_t *link_device_regs(struct link_device *device) {
  return device->regs;
}

uint8_t *link_device_memory(struct link_device *device) {
  return device->memory;
}

const struct link_device_stats *link_device_stats(const struct link_device *device) {
  return &device->stats;
}

uint64_t link_device_sum(uint64_t sum, uint64_t address, const void *data, size_t len) {
  const uint8_t *octets = data;

  sum = (sum ^ address) * UINT64_C(0x100000001b3) + len;
  for (size_t i = 0; i < len; i++) sum = (sum ^ octets[i]) * UINT64_C(0x100000001b3);
  return sum;
}

/* --- Line ------------------------------------------------------------------------------------ */

static uint32_t crc_of(const uint8_t *octets, size_t len) {
  uint32_t crc = UINT32_MAX;

  for (size_t i = 0; i < len; i++) {
    crc ^= octets[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

static void line_put(struct link_device *device, uint8_t octet) {
  device->line[device->line_end++ % LINE_OCTETS] = octet;
}

static void line_put_stuffed(struct link_device *device, const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len; i++) {
    const bool special = octets[i] == 0x7d || octets[i] == 0x7e;
    if (special) line_put(device, 0x7d);
    line_put(device, special ? octets[i] ^ 0x20 : octets[i]);
  }
}

static void say(struct link_device *device, uint8_t type, uint8_t session, uint8_t ns, uint8_t nr,
                const struct message *message) {
  static uint8_t frame[MAX_FRAME];
  size_t len = 4;

  memcpy(frame, (uint8_t[]){type, session, ns, nr}, 4);
  if (message != NULL) {
    memcpy(frame + len, message->octets, message->len);
    len += message->len;
  }
  const uint32_t crc = crc_of(frame, len);
  for (int i = 0; i < 4; i++) frame[len++] = (uint8_t)(crc >> 8 * i);
  line_put(device, 0x7e);
  line_put_stuffed(device, frame, len);
  line_put(device, 0x7e);
}

void link_device_say(struct link_device *device, uint8_t type, uint8_t session, uint8_t nr) {
  say(device, type, session, 0, nr, NULL);
}

static void say_answer(struct link_device *device, uint8_t ns) {
  say(device, DATA, device->session, ns, device->done, &device->answers[ns % (ANSWERS + 1)]);
}

static void say_again(struct link_device *device, uint64_t now_us) {
  for (uint8_t ns = device->acked; ns != device->made; ns++) say_answer(device, ns);
  device->since_us = now_us;
}

/* --- Requests -------------------------------------------------------------------------------- */

static uint8_t answer_room(const struct link_device *device) {
  return (uint8_t)(ANSWERS - (uint8_t)(device->made - device->acked));
}

static struct message *new_answer(struct link_device *device, uint64_t now_us, uint8_t op,
                                  uint8_t tag, uint8_t status) {
  struct message *answer = &device->answers[device->made % (ANSWERS + 1)];

  if (device->made == device->acked) device->since_us = now_us;
  *answer = (struct message){.len = 4, .octets = {op, tag, status, device->completion}};
  device->event_owed = false;
  return answer;
}

static void send_answer(struct link_device *device) {
  device->made++;
  say_answer(device, (uint8_t)(device->made - 1));
}

static uint64_t number(const uint8_t *octets, unsigned count) {
  uint64_t value = 0;

  for (unsigned i = 0; i < count; i++) value |= (uint64_t)octets[i] << 8 * i;
  return value;
}

/* 0, 1 or 2, as the page has them; *at is where the octets are. */
static uint8_t find(struct link_device *device, const struct message *request, uint8_t **at) {
  const uint8_t op = request->octets[0];
  const size_t len = number(request->octets + 2, 2);
  const uint64_t address = number(request->octets + 4, 8);
  const bool memory = (address & kMemoryBit) != 0;
  const uint64_t offset = address & ~kMemoryBit;
  const uint64_t size = memory ? LINK_DEVICE_MEMORY : sizeof device->regs;

  if (request->len != 12 + (op == WRITE ? len : 0) || (op != READ && op != WRITE)) return 2;
  if (len == 0 || len > device->config.max_data || address >> 40 != 0) return 2;
  if (!memory && (offset % 4 != 0 || len % 4 != 0)) return 2;
  if (offset > size || len > size - offset) return 1;
  *at = (memory ? device->memory : (uint8_t *)device->regs) + offset;
  return 0;
}

static void carry_out(struct link_device *device, uint64_t now_us, const struct message *request) {
  const uint8_t op = request->octets[0];
  const size_t len = number(request->octets + 2, 2);
  uint8_t *at = NULL;
  const uint8_t status = find(device, request, &at);

  device->stats.requests++;
  if (op == WRITE)
    device->stats.writes_sum = link_device_sum(
        device->stats.writes_sum, number(request->octets + 4, 8), request->octets + 12, len);
  if (op == WRITE && status == 0) memcpy(at, request->octets + 12, len);
  struct message *answer = new_answer(device, now_us, op | ANSWER, request->octets[1], status);
  if (op == READ && status == 0) {
    memcpy(answer->octets + 4, at, len);
    answer->len += len;
  }
  device->done++;
  send_answer(device);
}

static void work(struct link_device *device, uint64_t now_us) {
  while (device->session != 0 && answer_room(device) != 0) {
    if (!device->babbles && device->done != device->taken && now_us >= device->work_us) {
      device->work_us = now_us + device->config.request_us;
      carry_out(device, now_us, &device->requests[device->done % 128]);
    } else if (device->babbles || device->event_owed) {
      new_answer(device, now_us, EVENT, 0, 0);
      send_answer(device);
    } else {
      break;
    }
  }
}

void link_device_completion(struct link_device *device, uint64_t now_us, bool holds_entry) {
  if (holds_entry && !device->completion) device->event_owed = true;
  if (!holds_entry) device->event_owed = false;
  device->completion = holds_entry;
  work(device, now_us);
}

void link_device_babble(struct link_device *device) {
  device->babbles = true;
}

static uint64_t resend_us(const struct link_device *device) {
  if (device->session == 0 || device->acked == device->made) return UINT64_MAX;
  return device->since_us + kResendUs;
}

size_t link_device_out(struct link_device *device, uint64_t now_us, uint8_t *octets, size_t max) {
  size_t len = 0;

  work(device, now_us);
  if (now_us >= resend_us(device)) say_again(device, now_us);
  while (len < max && device->line_begin != device->line_end)
    octets[len++] = device->line[device->line_begin++ % LINE_OCTETS];
  return len;
}

uint64_t link_device_due_us(const struct link_device *device) {
  uint64_t due_us = resend_us(device);

  if (device->done != device->taken && answer_room(device) != 0 && device->work_us < due_us)
    due_us = device->work_us;
  return due_us;
}

/* --- Frames ---------------------------------------------------------------------------------- */

void link_device_reset(struct link_device *device) {
  device->session = 0;
  device->taken = device->done = device->acked = device->made = 0;
  device->nak_said = false;
  device->event_owed = device->completion;
}

static void say_ready(struct link_device *device) {
  const struct link_device_config *config = &device->config;
  const struct message ready = {
      .len = 6,
      .octets = {(uint8_t)config->version, (uint8_t)config->window, (uint8_t)config->max_data,
                 (uint8_t)(config->max_data >> 8), (uint8_t)config->max_window_data,
                 (uint8_t)(config->max_window_data >> 8)}};

  say(device, READY, device->session, 0, 0, &ready);
}

static void on_reset(struct link_device *device, uint64_t now_us, uint8_t session) {
  if (session != device->session || !device->only_resets) {
    link_device_reset(device);
    device->session = session;
    device->only_resets = true;
    device->stats.resets++;
    say_ready(device);
  } else {
    say_ready(device);
    say_again(device, now_us);
  }
}

/* False when nr acknowledges what was not sent. */
static bool on_nr(struct link_device *device, uint64_t now_us, uint8_t nr) {
  if ((uint8_t)(nr - device->acked) > (uint8_t)(device->made - device->acked)) return false;
  if (nr != device->acked) device->since_us = now_us;
  device->acked = nr;
  return true;
}

static void say_nak(struct link_device *device) {
  if (device->session == 0 || device->nak_said) return;
  device->nak_said = true;
  say(device, NAK, device->session, 0, device->done, NULL);
}

static unsigned held(const struct link_device *device) {
  return (uint8_t)(device->taken - device->done);
}

static size_t held_data(const struct link_device *device) {
  size_t octets = 0;

  for (uint8_t ns = device->done; ns != device->taken; ns++)
    octets += device->requests[ns % 128].len - 12;
  return octets;
}

static void on_data(struct link_device *device, uint8_t ns, const uint8_t *message, size_t len) {
  const uint8_t ahead = (uint8_t)(ns - device->taken);

  if (ahead >= 128) {
    device->stats.repeated++;
    say(device, ACK, device->session, 0, device->done, NULL);
  } else if (ahead != 0) {
    say_nak(device);
  } else if (held(device) >= device->config.window ||
             held_data(device) + len - 12 > device->config.max_window_data) {
    device->stats.overruns++;
  } else {
    struct message *request = &device->requests[device->taken++ % 128];
    request->len = len;
    memcpy(request->octets, message, len);
    device->nak_said = false;
    if (held(device) > device->stats.in_flight) device->stats.in_flight = held(device);
  }
}

static bool sound(const struct link_device *device, const uint8_t *frame, size_t len) {
  if (len < 8 || len > MAX_FRAME || frame[1] == 0) return false;
  if (crc_of(frame, len - 4) != number(frame + len - 4, 4)) return false;
  if (frame[0] == DATA) return len >= 12 && len <= 8 + 12 + device->config.max_data;
  return (frame[0] == ACK || frame[0] == NAK || frame[0] == RESET) && len == 8;
}

static void on_frame(struct link_device *device, uint64_t now_us, const uint8_t *frame,
                     size_t len) {
  if (!sound(device, frame, len)) {
    device->stats.damaged++;
    say_nak(device);
    return;
  }
  if (frame[0] == RESET) {
    on_reset(device, now_us, frame[1]);
    work(device, now_us);
    return;
  }
  if (frame[1] != device->session) {
    say(device, GONE, frame[1], 0, 0, NULL);
    return;
  }
  device->only_resets = false;
  const bool valid = on_nr(device, now_us, frame[3]);
  if (frame[0] == DATA) on_data(device, frame[2], frame + 4, len - 8);
  if (frame[0] == NAK && valid) say_again(device, now_us);
  work(device, now_us);
}

void link_device_in(struct link_device *device, uint64_t now_us, uint8_t octet) {
  if (octet == 0x7e) {
    if (!device->escaped && device->frame_len != 0)
      on_frame(device, now_us, device->frame, device->frame_len);
    device->frame_len = 0;
    device->escaped = false;
  } else if (octet == 0x7d && !device->escaped) {
    device->escaped = true;
  } else {
    if (device->frame_len < MAX_FRAME)
      device->frame[device->frame_len] = device->escaped ? octet ^ 0x20 : octet;
    if (device->frame_len <= MAX_FRAME) device->frame_len++;
    device->escaped = false;
  }
}
