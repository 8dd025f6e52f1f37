/* SPDX-License-Identifier: Apache-2.0
 *
 * A device end of docs/link.md in C, written from the page and not from driver/link*.c, with plain
 * memory behind it where a board has an engine.  It says what it was asked, so that a test sees a
 * request that got lost or was carried out twice.
 */
#ifndef TOE_TESTS_LINK_DEVICE_H
#define TOE_TESTS_LINK_DEVICE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_DEVICE_REGS = 64, LINK_DEVICE_MEMORY = 1 << 18 };

struct link_device;

struct link_device_config {
  unsigned version; /* 0: 1 */
  unsigned window;
  unsigned max_data;
  unsigned max_window_data;
  unsigned request_us; /* that carrying out one request takes */
};

struct link_device_stats {
  uint64_t requests;   /* carried out */
  uint64_t writes_sum; /* link_device_sum() over all WRITEs in order, those with an error too */
  unsigned resets;     /* sessions begun */
  unsigned damaged;    /* frames not looked at */
  unsigned repeated;   /* DATA taken before */
  unsigned overruns;   /* DATA beyond the window or its octets: the host has broken its word */
  unsigned in_flight;  /* most DATA ever held at once */
};

struct link_device *link_device_new(const struct link_device_config *config);
void link_device_free(struct link_device *device);

/** As after power-up: no session, but registers and memory stay. */
void link_device_reset(struct link_device *device);

/** One octet from the host. */
void link_device_in(struct link_device *device, uint64_t now_us, uint8_t octet);

/** Octets for the host: how many, @p max at most. */
size_t link_device_out(struct link_device *device, uint64_t now_us, uint8_t *octets, size_t max);

/** When the device does something though no octet comes; UINT64_MAX: never. */
uint64_t link_device_due_us(const struct link_device *device);

/** Whether the completion ring holds an entry. */
void link_device_completion(struct link_device *device, uint64_t now_us, bool holds_entry);

/** A frame without a message, as it would never say it by itself. */
void link_device_say(struct link_device *device, uint8_t type, uint8_t session, uint8_t nr);

/** From now on it carries out nothing, and sends EVENT for ever. */
void link_device_babble(struct link_device *device);

uint32_t *link_device_regs(struct link_device *device);
uint8_t *link_device_memory(struct link_device *device);
const struct link_device_stats *link_device_stats(const struct link_device *device);

/** Adds one WRITE to a sum that depends on order. */
uint64_t link_device_sum(uint64_t sum, uint64_t address, const void *data, size_t len);

#endif
