/* SPDX-License-Identifier: Apache-2.0
 *
 * See ft2232h.h.
 */
#include "tests/usb/ft2232h.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_OCTETS = 4096, STATUS_OCTETS = 2, CONFIG_OCTETS = 9 + FT_CHANNELS * (9 + 2 * 7) };
enum { STRING_LANGUAGES, STRING_MAKER, STRING_PRODUCT, STRING_SERIAL };
enum { MODE_SERIAL = 0x00, MODE_SYNC_FIFO = 0x40, DEFAULT_LATENCY_MS = 16 };

/* Octets in the order in which they came. */
struct queue {
  uint8_t octets[BUFFER_OCTETS];
  size_t begin, end;
};

/* What a line has carried up to a time, in millionths of an octet. */
struct pace {
  uint64_t since_us;
  uint64_t saved;
};

struct channel {
  struct ft2232h_channel set;
  struct queue to_board, to_host;
  struct pace out, in;
  uint64_t packet_us; /* when the latency timer was started last */
};

struct ft2232h {
  struct ft2232h_config config;
  struct channel channels[FT_CHANNELS];
  uint8_t configuration;
};

static size_t queued(const struct queue *queue) {
  return queue->end - queue->begin;
}

static void queue_put(struct queue *queue, uint8_t octet) {
  queue->octets[queue->end++ % BUFFER_OCTETS] = octet;
}

static uint8_t queue_get(struct queue *queue) {
  return queue->octets[queue->begin++ % BUFFER_OCTETS];
}

void ft2232h_plug(struct ft2232h *chip) {
  memset(chip->channels, 0, sizeof chip->channels);
  for (int i = 0; i < FT_CHANNELS; i++) chip->channels[i].set.latency_ms = DEFAULT_LATENCY_MS;
  chip->configuration = 0;
}

struct ft2232h *ft2232h_new(const struct ft2232h_config *config) {
  struct ft2232h *chip = malloc(sizeof *chip);

  if (chip == NULL) abort();
  chip->config = *config;
  if (chip->config.release == 0) chip->config.release = 0x0700;
  ft2232h_plug(chip);
  return chip;
}

void ft2232h_free(struct ft2232h *chip) {
  free(chip);
}

const struct ft2232h_channel *ft2232h_channel(const struct ft2232h *chip, int channel) {
  return &chip->channels[channel].set;
}

/* --- Descriptors ----------------------------------------------------------------------------- */

static void device_descriptor(const struct ft2232h *chip, uint8_t out[18]) {
  const uint16_t release = chip->config.release;
  const uint8_t serial = chip->config.serial[0] != '\0' ? STRING_SERIAL : 0;
  const uint8_t octets[18] = {18,
                              1,
                              0x00,
                              0x02,
                              0,
                              0,
                              0,
                              64,
                              0x03,
                              0x04,
                              0x10,
                              0x60,
                              (uint8_t)release,
                              (uint8_t)(release >> 8),
                              STRING_MAKER,
                              STRING_PRODUCT,
                              serial,
                              1};

  memcpy(out, octets, sizeof octets);
}

static uint8_t *append(uint8_t *out, const uint8_t *octets, size_t len) {
  memcpy(out, octets, len);
  return out + len;
}

static void config_descriptor(uint8_t out[CONFIG_OCTETS]) {
  out = append(out, (uint8_t[]){9, 2, CONFIG_OCTETS, 0, FT_CHANNELS, 1, 0, 0x80, 250}, 9);
  for (int i = 0; i < FT_CHANNELS; i++) {
    const uint8_t in_endpoint = (uint8_t)(0x81 + 2 * i), out_endpoint = (uint8_t)(0x02 + 2 * i);
    out = append(out, (uint8_t[]){9, 4, (uint8_t)i, 0, 2, 0xff, 0xff, 0xff, STRING_PRODUCT}, 9);
    out = append(out, (uint8_t[]){7, 5, in_endpoint, 2, 0x00, 0x02, 0}, 7);
    out = append(out, (uint8_t[]){7, 5, out_endpoint, 2, 0x00, 0x02, 0}, 7);
  }
}

size_t ft2232h_descriptors(const struct ft2232h *chip, uint8_t *octets, size_t max) {
  if (max < 18 + CONFIG_OCTETS) return 0;
  device_descriptor(chip, octets);
  config_descriptor(octets + 18);
  return 18 + CONFIG_OCTETS;
}

static int string_descriptor(const struct ft2232h *chip, uint8_t index, uint8_t out[256]) {
  const char *texts[] = {"", chip->config.maker, chip->config.product, chip->config.serial};

  out[1] = 3;
  if (index == STRING_LANGUAGES) {
    out[0] = 4;
    out[2] = 0x09; /* English, United States */
    out[3] = 0x04;
    return out[0];
  }
  if (index > STRING_SERIAL || texts[index][0] == '\0') return FT_STALL;
  out[0] = (uint8_t)(2 + 2 * strlen(texts[index]));
  for (size_t i = 0; texts[index][i] != '\0'; i++) {
    out[2 + 2 * i] = (uint8_t)texts[index][i];
    out[3 + 2 * i] = 0;
  }
  return out[0];
}

/* --- Control transfers ----------------------------------------------------------------------- */

static int answer(const uint8_t *octets, int len, const uint8_t *setup, uint8_t *data) {
  const int wanted = setup[6] | setup[7] << 8;

  if (len < 0) return len;
  if (len > wanted) len = wanted;
  memcpy(data, octets, (size_t)len);
  return len;
}

static int get_descriptor(const struct ft2232h *chip, const uint8_t *setup, uint8_t *data) {
  uint8_t octets[256];

  switch (setup[3]) {
    case 1:
      device_descriptor(chip, octets);
      return answer(octets, 18, setup, data);
    case 2:
      config_descriptor(octets);
      return answer(octets, CONFIG_OCTETS, setup, data);
    case 3:
      return answer(octets, string_descriptor(chip, setup[2], octets), setup, data);
    default:
      return FT_STALL;
  }
}

/* Chapter 9 of the USB specification. */
static int standard_request(struct ft2232h *chip, const uint8_t *setup, uint8_t *data) {
  static const uint8_t none[2] = {0};

  switch (setup[1]) {
    case 0: /* GET_STATUS */
      return answer(none, 2, setup, data);
    case 1:  /* CLEAR_FEATURE */
    case 3:  /* SET_FEATURE */
    case 5:  /* SET_ADDRESS */
    case 11: /* SET_INTERFACE */
      return 0;
    case 6:
      return get_descriptor(chip, setup, data);
    case 8:
      return answer(&chip->configuration, 1, setup, data);
    case 9:
      chip->configuration = setup[2];
      return 0;
    case 10: /* GET_INTERFACE */
      return answer(none, 1, setup, data);
    default:
      return FT_STALL;
  }
}

/* Bits 13:0 of the divisor and three of its eighths, in the order of AN232B-05; bit 17 is AN 120's
 * choice of 12 MHz. */
static uint32_t baud_of(uint32_t code) {
  static const uint8_t eighths[8] = {0, 4, 2, 1, 3, 5, 6, 7};
  const uint32_t clock = (code & UINT32_C(1) << 17) != 0 ? 12000000 : 3000000;
  uint32_t divisor = (code & 0x3fff) * 8 + eighths[code >> 14 & 7];

  if ((code & 0x1ffff) == 0) divisor = 8;
  if ((code & 0x1ffff) == 1) divisor = 12;
  return (uint32_t)((uint64_t)clock * 8 / divisor);
}

static void purge(struct queue *queue, struct ft2232h_channel *set) {
  queue->begin = queue->end;
  set->purges++;
}

static int vendor_request(struct ft2232h *chip, uint64_t now_us, const uint8_t *setup,
                          uint8_t *data) {
  const uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
  const int number = setup[4] - 1;
  static const uint8_t modem_status[2] = {0x01, 0x60};

  if (number < 0 || number >= FT_CHANNELS) return FT_STALL;
  struct channel *channel = &chip->channels[number];
  switch (setup[1]) {
    case 0x00:
      if (value == 0 || value == 1) purge(&channel->to_host, &channel->set);
      if (value == 0 || value == 2) purge(&channel->to_board, &channel->set);
      return value <= 2 ? 0 : FT_STALL;
    case 0x02:
      channel->set.flow_control = (uint16_t)(setup[5] << 8 | setup[4]);
      return 0;
    case 0x03:
      channel->set.baud = baud_of((uint32_t)value | (uint32_t)setup[5] << 16);
      return 0;
    case 0x04:
      channel->set.format = value;
      return 0;
    case 0x05:
      return answer(modem_status, 2, setup, data);
    case 0x09:
      if (value == 0 || value > 255) return FT_STALL;
      channel->set.latency_ms = (uint8_t)value;
      channel->packet_us = now_us;
      return 0;
    case 0x0a:
      return answer(&channel->set.latency_ms, 1, setup, data);
    case 0x0b:
      channel->set.bit_mode = value;
      return 0;
    default:
      return FT_STALL;
  }
}

int ft2232h_control(struct ft2232h *chip, uint64_t now_us, const uint8_t setup[FT_SETUP_OCTETS],
                    uint8_t *data) {
  switch (setup[0] >> 5 & 3) {
    case 0:
      return standard_request(chip, setup, data);
    case 2:
      return vendor_request(chip, now_us, setup, data);
    default:
      return FT_STALL;
  }
}

/* --- Bulk endpoints -------------------------------------------------------------------------- */

static struct channel *channel_of(struct ft2232h *chip, uint8_t endpoint) {
  switch (endpoint) {
    case 0x81:
    case 0x02:
      return &chip->channels[0];
    case 0x83:
    case 0x04:
      return &chip->channels[1];
    default:
      return NULL;
  }
}

int ft2232h_out(struct ft2232h *chip, uint8_t endpoint, const uint8_t *octets, size_t len) {
  struct channel *channel = channel_of(chip, endpoint);
  size_t taken = 0;

  if (channel == NULL) return FT_STALL;
  while (taken < len && queued(&channel->to_board) < BUFFER_OCTETS)
    queue_put(&channel->to_board, octets[taken++]);
  return (int)taken;
}

uint64_t ft2232h_due_us(const struct ft2232h *chip, uint8_t endpoint) {
  const struct channel *channel = channel_of((struct ft2232h *)chip, endpoint);

  return channel == NULL ? 0 : channel->packet_us + 1000 * (uint64_t)channel->set.latency_ms;
}

int ft2232h_in(struct ft2232h *chip, uint64_t now_us, uint8_t endpoint,
               uint8_t packet[FT_PACKET_OCTETS]) {
  struct channel *channel = channel_of(chip, endpoint);
  size_t len = STATUS_OCTETS;

  if (channel == NULL) return FT_STALL;
  const bool full = queued(&channel->to_host) >= FT_PACKET_OCTETS - STATUS_OCTETS;
  if (!full && now_us < ft2232h_due_us(chip, endpoint)) return FT_NAK;
  packet[0] = 0x01;
  packet[1] = 0x60;
  while (len < FT_PACKET_OCTETS && queued(&channel->to_host) != 0)
    packet[len++] = queue_get(&channel->to_host);
  channel->packet_us = now_us;
  return (int)len;
}

/* --- The board's side ------------------------------------------------------------------------ */

/* Whether the host has chosen what the board has wired. */
static bool is_fifo(const struct ft2232h *chip, int number) {
  return number == 0 && chip->config.fifo && chip->channels[0].set.bit_mode >> 8 == MODE_SYNC_FIFO;
}

static bool is_uart(const struct ft2232h *chip, int number) {
  const struct ft2232h_channel *set = &chip->channels[number].set;

  return number == 1 && set->bit_mode >> 8 == MODE_SERIAL && set->baud != 0 && set->format == 8;
}

/* How many octets a line may carry up to now; a line that was idle does not save. */
static size_t allowed(const struct ft2232h *chip, int number, const struct pace *pace,
                      uint64_t now_us) {
  if (is_fifo(chip, number)) return BUFFER_OCTETS;
  if (!is_uart(chip, number)) return 0;
  return (
      size_t)((pace->saved + (now_us - pace->since_us) * (chip->channels[number].set.baud / 10)) /
              1000000);
}

static void spend(const struct ft2232h *chip, int number, struct pace *pace, uint64_t now_us,
                  size_t octets, bool idle) {
  const uint64_t rate = chip->channels[number].set.baud / 10;

  pace->saved += (now_us - pace->since_us) * rate;
  pace->saved -= is_uart(chip, number) ? (uint64_t)octets * 1000000 : pace->saved;
  if (idle) pace->saved %= 1000000;
  pace->since_us = now_us;
}

/* A UART at another rate than the board's reads something else. */
static uint8_t carried(const struct ft2232h *chip, int number, uint8_t octet) {
  const uint32_t baud = chip->channels[number].set.baud, board = chip->config.board_baud;
  const uint32_t apart = baud > board ? baud - board : board - baud;

  return is_uart(chip, number) && apart > board / 30 ? (uint8_t)(octet << 3 | 5) : octet;
}

size_t ft2232h_take(struct ft2232h *chip, uint64_t now_us, int channel, uint8_t *octets,
                    size_t max) {
  struct channel *c = &chip->channels[channel];
  size_t count = allowed(chip, channel, &c->out, now_us);

  if (count > max) count = max;
  if (count > queued(&c->to_board)) count = queued(&c->to_board);
  for (size_t i = 0; i < count; i++) octets[i] = carried(chip, channel, queue_get(&c->to_board));
  spend(chip, channel, &c->out, now_us, count, queued(&c->to_board) == 0);
  return count;
}

size_t ft2232h_room(const struct ft2232h *chip, uint64_t now_us, int channel) {
  const struct channel *c = &chip->channels[channel];
  const size_t count = allowed(chip, channel, &c->in, now_us);
  const size_t room = BUFFER_OCTETS - queued(&c->to_host);

  return is_fifo(chip, channel) && room < count ? room : count;
}

void ft2232h_give(struct ft2232h *chip, uint64_t now_us, int channel, const uint8_t *octets,
                  size_t len) {
  struct channel *c = &chip->channels[channel];
  const bool idle = len < allowed(chip, channel, &c->in, now_us);

  for (size_t i = 0; i < len; i++) {
    if (queued(&c->to_host) == BUFFER_OCTETS)
      c->set.overruns++;
    else
      queue_put(&c->to_host, carried(chip, channel, octets[i]));
  }
  spend(chip, channel, &c->in, now_us, len, idle);
}
