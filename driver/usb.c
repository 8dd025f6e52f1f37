/* SPDX-License-Identifier: Apache-2.0
 *
 * `usb:` is an engine on a board behind an FT2232H.  The options are listed in usb_uri.c.
 */
#include "driver/usb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "driver/ftdi.h"
#include "driver/link.h"
#include "driver/usb_uri.h"
#include "toe/toe_boards.h"
#include "toe/toe_err.h"
#include "toe/toe_regs.h"

/* Data on its way on a UART takes half of the time after which it is sent again, at the most. */
enum { UART_BITS_PER_OCTET = 10, UART_SHARES_PER_SECOND = 20 };

static int say(char *message, size_t capacity, int result, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(message, capacity, format, arguments);
  va_end(arguments);
  return result;
}

static int no_usb(char *message, size_t capacity, int error) {
  if (error == LIBUSB_ERROR_NO_MEM)
    return say(message, capacity, TOE_ERR_NO_MEMORY, "out of memory");
  return say(message, capacity, TOE_ERR_IO, "the system's USB cannot be reached: %s",
             libusb_error_name(error));
}

/* --- Boards ---------------------------------------------------------------------------------- */

static void path_of(libusb_device *device, char *path, size_t capacity) {
  uint8_t ports[8];
  const int count = libusb_get_port_numbers(device, ports, sizeof ports);
  int used = snprintf(path, capacity, "%u", libusb_get_bus_number(device));

  for (int i = 0; i < count && used >= 0 && (size_t)used < capacity; i++)
    used += snprintf(path + used, capacity - (size_t)used, "%c%u", i == 0 ? '-' : '.', ports[i]);
}

static void read_string(libusb_device_handle *handle, uint8_t index, char *text, size_t capacity) {
  if (index == 0 ||
      libusb_get_string_descriptor_ascii(handle, index, (unsigned char *)text, (int)capacity) < 0)
    text[0] = '\0';
}

static int error_of(int error) {
  switch (error) {
    case 0:
      return 0;
    case LIBUSB_ERROR_ACCESS:
      return TOE_ERR_PERMISSION;
    case LIBUSB_ERROR_NO_MEM:
      return TOE_ERR_NO_MEMORY;
    default:
      return TOE_ERR_IO;
  }
}

/* A serial number with a comma cannot stand in a URI. */
static void name(struct toe_board *board, const struct libusb_device_descriptor *descriptor) {
  const bool by_serial = board->serial[0] != '\0' && strchr(board->serial, ',') == NULL;
  char chip[24] = "";

  if (descriptor->idVendor != 0x0403 || descriptor->idProduct != 0x6010)
    snprintf(chip, sizeof chip, "vid=%04x,pid=%04x,", descriptor->idVendor, descriptor->idProduct);
  snprintf(board->uri, sizeof board->uri, "usb:%s%s=%.60s", chip, by_serial ? "serial" : "path",
           by_serial ? board->serial : board->path);
}

static void describe(libusb_device *device, const struct libusb_device_descriptor *descriptor,
                     struct toe_board *board) {
  libusb_device_handle *handle;

  *board = (struct toe_board){.vid = descriptor->idVendor, .pid = descriptor->idProduct};
  path_of(device, board->path, sizeof board->path);
  board->error = error_of(libusb_open(device, &handle));
  if (board->error == 0) {
    read_string(handle, descriptor->iManufacturer, board->maker, sizeof board->maker);
    read_string(handle, descriptor->iProduct, board->product, sizeof board->product);
    read_string(handle, descriptor->iSerialNumber, board->serial, sizeof board->serial);
    libusb_close(handle);
  }
  name(board, descriptor);
}

struct found {
  struct toe_board board;
  libusb_device *device;
};

static int by_path(const void *a, const void *b) {
  return strverscmp(((const struct found *)a)->board.path, ((const struct found *)b)->board.path);
}

/* Every board with these numbers, in the order of their paths: how many, or an error of libusb.
 * *out is the caller's, and *list, which holds the devices. */
static int find_boards(libusb_context *usb, uint16_t vid, uint16_t pid, struct found **out,
                       libusb_device ***list) {
  const ssize_t count = libusb_get_device_list(usb, list);
  int found = 0;

  if (count < 0) return (int)count;
  *out = calloc((size_t)count + 1, sizeof **out);
  if (*out == NULL) {
    libusb_free_device_list(*list, 1);
    return LIBUSB_ERROR_NO_MEM;
  }
  for (ssize_t i = 0; i < count; i++) {
    struct libusb_device_descriptor descriptor;
    if (libusb_get_device_descriptor((*list)[i], &descriptor) != 0 || descriptor.idVendor != vid ||
        descriptor.idProduct != pid || descriptor.bcdDevice != FTDI_FT2232H_RELEASE)
      continue;
    (*out)[found].device = (*list)[i];
    describe((*list)[i], &descriptor, &(*out)[found].board);
    found++;
  }
  qsort(*out, (size_t)found, sizeof **out, by_path);
  return found;
}

int toe_list_boards(struct toe_board *boards, int max, char *message, size_t message_len) {
  libusb_context *usb;
  libusb_device **list;
  struct found *found;

  if (message != NULL && message_len != 0) message[0] = '\0';
  const int error = libusb_init(&usb);
  if (error != 0) return no_usb(message, message != NULL ? message_len : 0, error);
  int count = find_boards(usb, 0x0403, 0x6010, &found, &list);
  if (count >= 0) {
    for (int i = 0; i < count && i < max; i++) boards[i] = found[i].board;
    free(found);
    libusb_free_device_list(list, 1);
  } else {
    count = no_usb(message, message != NULL ? message_len : 0, count);
  }
  libusb_exit(usb);
  return count;
}

/* --- Choosing one ---------------------------------------------------------------------------- */

static int no_permission(const struct toe_board *board, char *message, size_t capacity) {
  return say(message, capacity, TOE_ERR_PERMISSION,
             "no permission for the board at %s: `sudo make install` puts the udev rule "
             "60-opentoe.rules in place; then plug the board in again",
             board->path);
}

/* The boards that there are, for somebody who has to name one. */
static void add_names(const struct found *found, int count, char *message, size_t capacity) {
  for (int i = 0; i < count; i++) {
    const size_t used = strlen(message);
    snprintf(message + used, capacity - used, "%s %s", i == 0 ? "" : " or",
             found[i].board.uri + strlen("usb:"));
  }
}

static bool matches(const struct toe_usb_uri *uri, const struct toe_board *board) {
  return (uri->serial == NULL || strcmp(uri->serial, board->serial) == 0) &&
         (uri->path == NULL || strcmp(uri->path, board->path) == 0);
}

/* The index of the board that the URI means, or an error. */
static int choose(const struct toe_usb_uri *uri, const struct found *found, int count,
                  char *message, size_t capacity) {
  int chosen = -1, matching = 0, secret = -1;

  for (int i = 0; i < count; i++) {
    if (matches(uri, &found[i].board)) {
      chosen = i;
      matching++;
    } else if (found[i].board.error == TOE_ERR_PERMISSION && uri->path == NULL) {
      secret = i;
    }
  }
  if (matching == 1) {
    if (found[chosen].board.error != TOE_ERR_PERMISSION) return chosen;
    return no_permission(&found[chosen].board, message, capacity);
  }
  if (count == 0)
    return say(message, capacity, TOE_ERR_DEVICE,
               "no board %04x:%04x on USB: plug it in; `lsusb` shows what is there", uri->vid,
               uri->pid);
  /* The board that is meant may be one whose serial number cannot be read. */
  if (matching == 0 && secret >= 0) return no_permission(&found[secret].board, message, capacity);
  if (matching == 0)
    say(message, capacity, 0, "no such board on USB; there is");
  else
    say(message, capacity, 0, "%d boards on USB; say which:", matching);
  add_names(found, count, message, capacity);
  return TOE_ERR_DEVICE;
}

/* Results as ftdi_open(); *stream is the caller's then. */
static int open_board(const struct toe_usb_uri *uri, struct toe_octet_stream *stream, char *message,
                      size_t capacity) {
  libusb_context *usb;
  libusb_device **list;
  libusb_device_handle *handle = NULL;
  struct found *found;

  const int error = libusb_init(&usb);
  if (error != 0) return no_usb(message, capacity, error);
  const int count = find_boards(usb, uri->vid, uri->pid, &found, &list);
  if (count < 0) {
    libusb_exit(usb);
    return no_usb(message, capacity, count);
  }
  int result = choose(uri, found, count, message, capacity);
  if (result >= 0 && libusb_open(found[result].device, &handle) != 0)
    result = say(message, capacity, TOE_ERR_DEVICE, "the board at %s has just gone away",
                 found[result].board.path);
  free(found);
  libusb_free_device_list(list, 1);
  if (result >= 0) result = ftdi_open(usb, handle, uri->mode, uri->baud, stream, message, capacity);
  if (result != 0) {
    if (handle != NULL) libusb_close(handle);
    libusb_exit(usb);
  }
  return result;
}

/* --- Opening --------------------------------------------------------------------------------- */

/* 1 to 255; most likely not the last user's. */
static uint8_t draw_session(void) {
  uint8_t session = 0;

  if (getrandom(&session, sizeof session, 0) != (ssize_t)sizeof session) session = 0;
  return session == 0 ? 1 : session;
}

static int write_register(struct toe_transport *t, size_t offset, uint32_t value) {
  return t->reg_write(t->ctx, (uint32_t)offset, &value, 1);
}

/* What the URI says of the network becomes the engine's own, where the host library finds it. */
static int configure(struct toe_transport *t, const struct toe_usb_uri *uri) {
  static const uint8_t none[6] = {0};
  const uint8_t *mac = uri->mac;
  int result = 0;

  if (memcmp(mac, none, sizeof none) != 0) {
    result = write_register(t, offsetof(toe_regs_t, LOCAL_MAC_HI), (uint32_t)mac[0] << 8 | mac[1]);
    if (result == 0)
      result = write_register(
          t, offsetof(toe_regs_t, LOCAL_MAC_LO),
          (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5]);
  }
  if (result == 0 && uri->ip != 0)
    result = write_register(t, offsetof(toe_regs_t, LOCAL_IP), uri->ip);
  if (result == 0 && uri->ip != 0)
    result = write_register(t, offsetof(toe_regs_t, NETMASK), uri->netmask);
  if (result == 0 && uri->gateway != 0)
    result = write_register(t, offsetof(toe_regs_t, GATEWAY_IP), uri->gateway);
  if (result == 0 && uri->mtu != 0) result = write_register(t, offsetof(toe_regs_t, MTU), uri->mtu);
  return result;
}

int toe_usb_open(const char *uri_text, struct toe_transport *out) {
  struct toe_usb_uri uri;
  struct toe_octet_stream stream;
  char message[sizeof out->message] = "";

  *out = (struct toe_transport){0};
  int result = toe_usb_uri_parse(uri_text, &uri, message, sizeof message);
  if (result == 0) result = open_board(&uri, &stream, message, sizeof message);
  if (result != 0) {
    memcpy(out->message, message, sizeof message);
    return result;
  }
  struct toe_link_host_config config = {.session = draw_session()};
  if (uri.mode == FTDI_UART)
    config.line_octets = uri.baud / UART_BITS_PER_OCTET / UART_SHARES_PER_SECOND;
  result = toe_link_host_open(&stream, &config, out);
  if (result != 0) {
    stream.close(stream.ctx);
    return result;
  }
  result = configure(out, &uri);
  if (result != 0) {
    out->close(out->ctx);
    snprintf(out->message, sizeof out->message, "the board went away while it was opened");
  }
  return result;
}
