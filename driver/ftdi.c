/* SPDX-License-Identifier: Apache-2.0
 *
 * Several transfers are on their way in both directions, each direction in a ring: transfers of one
 * endpoint end in the order in which they were handed in.
 *
 * The chip heads each packet to the host with two octets of status, also where there is nothing
 * else, which it sends whenever the latency timer has run out.
 */
#include "driver/ftdi.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "toe/toe_err.h"

enum { TRANSFERS = 4, IN_OCTETS = 8192, OUT_OCTETS = 4096, STATUS_OCTETS = 2 };

/* Vendor requests, as FTDI's drivers use them; wIndex has the channel, from 1, in its low octet. */
enum {
  REQUEST_RESET = 0x00,
  REQUEST_FLOW_CONTROL = 0x02,
  REQUEST_BAUD = 0x03,
  REQUEST_FORMAT = 0x04,
  REQUEST_LATENCY = 0x09,
  REQUEST_BIT_MODE = 0x0b,
};
enum { RESET_ALL = 0, RESET_PURGE_RX = 1, RESET_PURGE_TX = 2 };
enum { FORMAT_8N1 = 8, BIT_MODE_NONE = 0x0000, BIT_MODE_SYNC_FIFO = 0x40ff, LATENCY_MS = 1 };

static const unsigned kRequestMs = 1000;
static const uint64_t kCloseUs = 1000000;

enum state {
  IDLE,   /* ours */
  FLYING, /* libusb's */
  FULL,   /* in: holds octets that nobody has taken */
};

struct port;

struct slot {
  struct port *port;
  struct libusb_transfer *transfer;
  enum state state;
  size_t pos; /* in: octets of the transfer that were taken, status included */
};

struct port {
  libusb_context *usb;
  libusb_device_handle *handle;
  int interface;
  bool claimed;
  bool gone;
  enum ftdi_mode mode;
  size_t packet_octets;
  struct slot in[TRANSFERS], out[TRANSFERS];
  unsigned in_next, out_next; /* slot whose turn it is */
  unsigned flying;
  int epoll_fd, timer_fd;
  bool pollable; /* epoll takes all of libusb's descriptors */
  uint64_t alarm_us;
  uint8_t octets[TRANSFERS * (IN_OCTETS + OUT_OCTETS)];
};

static uint64_t clock_us(void *ctx) {
  struct timespec now;

  (void)ctx;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- Transfers ------------------------------------------------------------------------------- */

static void LIBUSB_CALL transfer_done(struct libusb_transfer *transfer) {
  struct slot *slot = transfer->user_data;
  struct port *port = slot->port;
  const bool in = (transfer->endpoint & LIBUSB_ENDPOINT_IN) != 0;

  port->flying--;
  slot->state = IDLE;
  if (transfer->status == LIBUSB_TRANSFER_COMPLETED) {
    if (in) slot->state = FULL;
    slot->pos = 0;
  } else if (transfer->status != LIBUSB_TRANSFER_CANCELLED) {
    port->gone = true;
  }
}

static void submit(struct slot *slot) {
  struct port *port = slot->port;

  slot->state = IDLE;
  if (port->gone) return;
  if (libusb_submit_transfer(slot->transfer) != 0) {
    port->gone = true;
    return;
  }
  slot->state = FLYING;
  port->flying++;
}

/* What has ended is seen, and what has not is not waited for. */
static void look(struct port *port) {
  struct timeval none = {0};

  const int result = libusb_handle_events_timeout_completed(port->usb, &none, NULL);
  if (result != 0 && result != LIBUSB_ERROR_INTERRUPTED) port->gone = true;
}

/* The slot whose turn it is, with its position past any status; NULL when no octet has come.  Those
 * that hold no more go back to the chip. */
static struct slot *slot_with_octets(struct port *port) {
  for (;;) {
    struct slot *slot = &port->in[port->in_next];
    if (slot->state != FULL) return NULL;
    if (slot->pos % port->packet_octets == 0) slot->pos += STATUS_OCTETS;
    if (slot->pos < (size_t)slot->transfer->actual_length) return slot;
    submit(slot);
    port->in_next = (port->in_next + 1) % TRANSFERS;
  }
}

/* --- Stream ---------------------------------------------------------------------------------- */

static int port_send(void *ctx, const uint8_t *octets, size_t len) {
  struct port *port = ctx;
  struct slot *slot = &port->out[port->out_next];

  if (port->gone) return TOE_ERR_GONE;
  if (slot->state == FLYING) look(port);
  if (slot->state == FLYING) return 0;
  if (len > OUT_OCTETS) len = OUT_OCTETS;
  memcpy(slot->transfer->buffer, octets, len);
  slot->transfer->length = (int)len;
  submit(slot);
  port->out_next = (port->out_next + 1) % TRANSFERS;
  return port->gone ? TOE_ERR_GONE : (int)len;
}

static int port_receive(void *ctx, uint8_t *octets, size_t max) {
  struct port *port = ctx;
  struct slot *slot;
  size_t count = 0;

  look(port);
  while (count < max && (slot = slot_with_octets(port)) != NULL) {
    const size_t in_packet = port->packet_octets - slot->pos % port->packet_octets;
    size_t some = (size_t)slot->transfer->actual_length - slot->pos;
    if (some > in_packet) some = in_packet;
    if (some > max - count) some = max - count;
    memcpy(octets + count, slot->transfer->buffer + slot->pos, some);
    slot->pos += some;
    count += some;
  }
  return count == 0 && port->gone ? TOE_ERR_GONE : (int)count;
}

static bool port_wait(void *ctx, bool for_room, uint64_t until_us) {
  static const uint64_t longest_us = UINT64_C(3600) * 1000000;
  struct port *port = ctx;
  uint64_t now_us;

  while (slot_with_octets(port) == NULL && !port->gone && (now_us = clock_us(NULL)) < until_us &&
         !(for_room && port->out[port->out_next].state != FLYING)) {
    const uint64_t left_us = until_us - now_us < longest_us ? until_us - now_us : longest_us;
    struct timeval left = {.tv_sec = (time_t)(left_us / 1000000),
                           .tv_usec = (suseconds_t)(left_us % 1000000)};
    const int result = libusb_handle_events_timeout_completed(port->usb, &left, NULL);
    if (result == LIBUSB_ERROR_INTERRUPTED) return false;
    if (result != 0) port->gone = true;
  }
  return true;
}

static int port_fd(void *ctx) {
  const struct port *port = ctx;

  return port->pollable ? port->epoll_fd : -1;
}

/* 1 ns after the machine's start is long ago: readable at once. */
static void port_alarm(void *ctx, uint64_t when_us) {
  struct port *port = ctx;
  struct itimerspec setting = {0};

  if (port->alarm_us == when_us) return;
  port->alarm_us = when_us;
  if (when_us == 0) setting.it_value.tv_nsec = 1;
  if (when_us != 0 && when_us != UINT64_MAX)
    setting.it_value = (struct timespec){.tv_sec = (time_t)(when_us / 1000000),
                                         .tv_nsec = (long)(when_us % 1000000) * 1000};
  timerfd_settime(port->timer_fd, TFD_TIMER_ABSTIME, &setting, NULL);
}

/* --- Descriptors ----------------------------------------------------------------------------- */

static void LIBUSB_CALL pollfd_added(int fd, short events, void *user_data) {
  struct port *port = user_data;
  struct epoll_event event = {0};

  if ((events & POLLIN) != 0) event.events |= EPOLLIN;
  if ((events & POLLOUT) != 0) event.events |= EPOLLOUT;
  if (epoll_ctl(port->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) port->pollable = false;
}

static void LIBUSB_CALL pollfd_removed(int fd, void *user_data) {
  struct port *port = user_data;

  epoll_ctl(port->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static bool open_descriptors(struct port *port) {
  struct epoll_event event = {.events = EPOLLIN};

  port->alarm_us = UINT64_MAX;
  port->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  port->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (port->timer_fd < 0 || port->epoll_fd < 0 ||
      epoll_ctl(port->epoll_fd, EPOLL_CTL_ADD, port->timer_fd, &event) != 0)
    return false;
  const struct libusb_pollfd **pollfds = libusb_get_pollfds(port->usb);
  if (pollfds == NULL) return false;
  /* Without a timer of libusb's own the descriptors would not say all. */
  port->pollable = libusb_pollfds_handle_timeouts(port->usb) != 0;
  for (size_t i = 0; pollfds[i] != NULL; i++)
    pollfd_added(pollfds[i]->fd, pollfds[i]->events, port);
  libusb_free_pollfds(pollfds);
  libusb_set_pollfd_notifiers(port->usb, pollfd_added, pollfd_removed, port);
  return true;
}

/* --- Chip ------------------------------------------------------------------------------------ */

/* Eighths of the divisor of the chip's 12 MHz. */
static uint32_t divisor_eighths(uint32_t baud) {
  return (uint32_t)((UINT64_C(96000000) + baud / 2) / baud);
}

/* Divisors are 1, 1.5 and from 2 on every eighth (FTDI AN232B-05, for 12 MHz as in AN 120). */
bool ftdi_can_make(uint32_t baud) {
  if (baud == 0) return false;
  const uint32_t eighths = divisor_eighths(baud);
  if (eighths != 8 && eighths != 12 && (eighths < 16 || eighths >> 3 > 0x3fff)) return false;
  const uint64_t made = UINT64_C(96000000) / eighths;
  return 50 * (made > baud ? made - baud : baud - made) <= baud;
}

/* The chip's own order of the eighths in bits 16:14; bit 17 chooses 12 MHz rather than 3. */
static uint32_t divisor_code(uint32_t baud) {
  static const uint8_t eighth_codes[8] = {0, 3, 2, 4, 1, 5, 6, 7};
  const uint32_t eighths = divisor_eighths(baud);
  uint32_t code = eighths >> 3 | (uint32_t)eighth_codes[eighths & 7] << 14;

  if (eighths == 8) code = 0;
  if (eighths == 12) code = 1;
  return code | UINT32_C(1) << 17;
}

static int request(struct port *port, uint8_t number, uint16_t value, uint16_t index_high) {
  const uint8_t type = LIBUSB_ENDPOINT_OUT | LIBUSB_REQUEST_TYPE_VENDOR | LIBUSB_RECIPIENT_DEVICE;

  return libusb_control_transfer(port->handle, type, number, value,
                                 (uint16_t)(index_high | (port->interface + 1)), NULL, 0,
                                 kRequestMs);
}

static int set_up(struct port *port, uint32_t baud) {
  const uint32_t code = divisor_code(baud);

  int result = request(port, REQUEST_RESET, RESET_ALL, 0);
  if (result >= 0) result = request(port, REQUEST_BIT_MODE, BIT_MODE_NONE, 0);
  if (result >= 0 && port->mode == FTDI_UART)
    result = request(port, REQUEST_BAUD, (uint16_t)code, (uint16_t)(code >> 8 & 0xff00));
  if (result >= 0 && port->mode == FTDI_UART) result = request(port, REQUEST_FORMAT, FORMAT_8N1, 0);
  if (result >= 0) result = request(port, REQUEST_FLOW_CONTROL, 0, 0);
  if (result >= 0) result = request(port, REQUEST_LATENCY, LATENCY_MS, 0);
  if (result >= 0 && port->mode == FTDI_FIFO)
    result = request(port, REQUEST_BIT_MODE, BIT_MODE_SYNC_FIFO, 0);
  if (result >= 0) result = request(port, REQUEST_RESET, RESET_PURGE_RX, 0);
  if (result >= 0) result = request(port, REQUEST_RESET, RESET_PURGE_TX, 0);
  return result;
}

/* --- Opening and closing --------------------------------------------------------------------- */

/* The endpoints of the channel, which the device itself says. */
static int find_endpoints(struct port *port, uint8_t *in, uint8_t *out) {
  struct libusb_config_descriptor *config;

  *in = *out = 0;
  const int result = libusb_get_active_config_descriptor(libusb_get_device(port->handle), &config);
  if (result != 0) return result;
  for (int i = 0; i < config->bNumInterfaces; i++) {
    const struct libusb_interface_descriptor *interface = config->interface[i].altsetting;
    if (config->interface[i].num_altsetting == 0 || interface->bInterfaceNumber != port->interface)
      continue;
    for (int k = 0; k < interface->bNumEndpoints; k++) {
      const struct libusb_endpoint_descriptor *endpoint = &interface->endpoint[k];
      if ((endpoint->bEndpointAddress & LIBUSB_ENDPOINT_IN) == 0) {
        *out = endpoint->bEndpointAddress;
      } else {
        *in = endpoint->bEndpointAddress;
        port->packet_octets = endpoint->wMaxPacketSize;
      }
    }
  }
  libusb_free_config_descriptor(config);
  if (*in == 0 || *out == 0 || port->packet_octets <= STATUS_OCTETS ||
      IN_OCTETS % port->packet_octets != 0)
    return LIBUSB_ERROR_NOT_FOUND;
  return 0;
}

static bool make_slots(struct port *port, uint8_t in, uint8_t out) {
  uint8_t *octets = port->octets;

  for (unsigned i = 0; i < TRANSFERS; i++) {
    struct slot *slots[2] = {&port->in[i], &port->out[i]};
    for (unsigned k = 0; k < 2; k++) {
      const int capacity = k == 0 ? IN_OCTETS : OUT_OCTETS;
      slots[k]->port = port;
      slots[k]->transfer = libusb_alloc_transfer(0);
      if (slots[k]->transfer == NULL) return false;
      libusb_fill_bulk_transfer(slots[k]->transfer, port->handle, k == 0 ? in : out, octets,
                                capacity, transfer_done, slots[k], 0);
      octets += capacity;
    }
  }
  return true;
}

/* Frees everything but what the caller of ftdi_open() brought. */
static void free_port(struct port *port) {
  libusb_set_pollfd_notifiers(port->usb, NULL, NULL, NULL);
  if (port->claimed) libusb_release_interface(port->handle, port->interface);
  for (unsigned i = 0; i < TRANSFERS; i++) {
    libusb_free_transfer(port->in[i].transfer);
    libusb_free_transfer(port->out[i].transfer);
  }
  if (port->epoll_fd >= 0) close(port->epoll_fd);
  if (port->timer_fd >= 0) close(port->timer_fd);
  free(port);
}

/* What was sent leaves first. */
static void port_close(void *ctx) {
  struct port *port = ctx;
  libusb_context *usb = port->usb;
  libusb_device_handle *handle = port->handle;
  const uint64_t until_us = clock_us(NULL) + kCloseUs;
  struct timeval slice = {.tv_usec = 10000};

  for (unsigned i = 0; i < TRANSFERS; i++) {
    while (!port->gone && port->out[i].state == FLYING && clock_us(NULL) < until_us)
      libusb_handle_events_timeout_completed(usb, &slice, NULL);
  }
  for (unsigned i = 0; i < TRANSFERS; i++) {
    if (port->in[i].state == FLYING) libusb_cancel_transfer(port->in[i].transfer);
    if (port->out[i].state == FLYING) libusb_cancel_transfer(port->out[i].transfer);
  }
  while (port->flying != 0 && clock_us(NULL) < until_us + kCloseUs)
    libusb_handle_events_timeout_completed(usb, &slice, NULL);
  /* What libusb does not give back it may still write to. */
  if (port->flying != 0) return;
  if (port->mode == FTDI_FIFO && !port->gone) request(port, REQUEST_BIT_MODE, BIT_MODE_NONE, 0);
  free_port(port);
  libusb_close(handle);
  libusb_exit(usb);
}

static int fail(int error, char *message, size_t capacity) {
  switch (error) {
    case LIBUSB_ERROR_BUSY:
      snprintf(message, capacity,
               "the board is in use: end the other program, or open the board that is meant with "
               "serial=");
      return TOE_ERR_DEVICE;
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_IO:
    case LIBUSB_ERROR_PIPE:
    case LIBUSB_ERROR_TIMEOUT:
      snprintf(message, capacity, "the board does not answer on USB: plug it in again (%s)",
               libusb_error_name(error));
      return error == LIBUSB_ERROR_NO_DEVICE ? TOE_ERR_GONE : TOE_ERR_IO;
    case LIBUSB_ERROR_ACCESS:
      snprintf(message, capacity,
               "the system's driver ftdi_sio has the board and does not let go: sudo rmmod "
               "ftdi_sio");
      return TOE_ERR_PERMISSION;
    case LIBUSB_ERROR_NO_MEM:
      snprintf(message, capacity, "out of memory");
      return TOE_ERR_NO_MEMORY;
    default:
      snprintf(message, capacity, "the board is no FT2232H (%s)", libusb_error_name(error));
      return TOE_ERR_DEVICE;
  }
}

int ftdi_open(libusb_context *usb, libusb_device_handle *handle, enum ftdi_mode mode, uint32_t baud,
              struct toe_octet_stream *out, char *message, size_t capacity) {
  uint8_t in_endpoint, out_endpoint;
  struct port *port = calloc(1, sizeof *port);

  if (port == NULL) return fail(LIBUSB_ERROR_NO_MEM, message, capacity);
  port->usb = usb;
  port->handle = handle;
  port->mode = mode;
  port->interface = mode == FTDI_FIFO ? 0 : 1;
  port->epoll_fd = port->timer_fd = -1;
  int result = find_endpoints(port, &in_endpoint, &out_endpoint);
  if (result == 0) {
    libusb_set_auto_detach_kernel_driver(handle, 1);
    result = libusb_claim_interface(handle, port->interface);
    port->claimed = result == 0;
  }
  if (result == 0) result = set_up(port, baud);
  if (result >= 0 && (!make_slots(port, in_endpoint, out_endpoint) || !open_descriptors(port)))
    result = LIBUSB_ERROR_NO_MEM;
  if (result < 0) {
    free_port(port);
    return fail(result, message, capacity);
  }
  for (unsigned i = 0; i < TRANSFERS; i++) submit(&port->in[i]);
  *out = (struct toe_octet_stream){
      .ctx = port,
      .send = port_send,
      .receive = port_receive,
      .wait = port_wait,
      .now_us = clock_us,
      .fd = port_fd,
      .alarm = port_alarm,
      .close = port_close,
  };
  return 0;
}
