/* SPDX-License-Identifier: Apache-2.0
 *
 * An FT2232H as the USB sees it: descriptors, FTDI's vendor requests, bulk endpoints with status
 * octets and latency timer; behind it two channels that carry octets.  Written from FTDI's data
 * sheet and application notes AN 120, AN 135 and AN232B-04, -05, and not from driver/ftdi.c.
 *
 * No threads; time comes from the caller.
 */
#ifndef TOE_TESTS_FT2232H_H
#define TOE_TESTS_FT2232H_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  FT_CHANNELS = 2,
  FT_PACKET_OCTETS = 512,
  FT_SETUP_OCTETS = 8,
  FT_STALL = -1,
  FT_NAK = -2,
};

struct ft2232h;

struct ft2232h_config {
  const char *maker, *product, *serial; /* ASCII; serial "": none */
  uint16_t release;                     /* 0: that of an FT2232H */
  bool fifo; /* channel A is wired as 245 FIFO, and the EEPROM says so; else its pins are JTAG */
  uint32_t board_baud; /* of the UART at the other end of channel B */
};

/** What the host has set, of one channel. */
struct ft2232h_channel {
  uint32_t baud;
  uint16_t format;
  uint8_t latency_ms;
  uint16_t bit_mode; /* mode in bits 15:8 */
  uint16_t flow_control;
  unsigned purges;
  unsigned overruns; /* octets that the host did not fetch in time */
};

struct ft2232h *ft2232h_new(const struct ft2232h_config *config);
void ft2232h_free(struct ft2232h *chip);

/** As plugged in anew: addresses, modes and octets are forgotten. */
void ft2232h_plug(struct ft2232h *chip);

const struct ft2232h_channel *ft2232h_channel(const struct ft2232h *chip, int channel);

/** The descriptors as sysfs has them: device, then configuration. */
size_t ft2232h_descriptors(const struct ft2232h *chip, uint8_t *octets, size_t max);

/**
 * A control transfer.  @p data is what the host sends, or where the answer goes, as bit 7 of
 * setup[0] says.  Returns the octets of the answer, or FT_STALL.
 */
int ft2232h_control(struct ft2232h *chip, uint64_t now_us, const uint8_t setup[FT_SETUP_OCTETS],
                    uint8_t *data);

/** Octets of a packet to an OUT endpoint: how many found room (the rest is not acknowledged), or
 * FT_STALL. */
int ft2232h_out(struct ft2232h *chip, uint8_t endpoint, const uint8_t *octets, size_t len);

/** One packet of an IN endpoint: its octets, FT_NAK when there is none now, or FT_STALL. */
int ft2232h_in(struct ft2232h *chip, uint64_t now_us, uint8_t endpoint,
               uint8_t packet[FT_PACKET_OCTETS]);

/** When ft2232h_in() has something though no octet comes. */
uint64_t ft2232h_due_us(const struct ft2232h *chip, uint8_t endpoint);

/** Octets that reach the board on a channel: how many, @p max at most. */
size_t ft2232h_take(struct ft2232h *chip, uint64_t now_us, int channel, uint8_t *octets,
                    size_t max);

/** How many octets the board can send on a channel now.  A UART cannot be held back. */
size_t ft2232h_room(const struct ft2232h *chip, uint64_t now_us, int channel);

/** Octets from the board, no more than there is room for. */
void ft2232h_give(struct ft2232h *chip, uint64_t now_us, int channel, const uint8_t *octets,
                  size_t len);

#endif
