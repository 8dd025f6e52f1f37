/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a `usb:` URI, each with one example:
 *
 *   serial=FT6ABC       the board, by the serial number of its USB chip
 *   path=1-2.4          the board, by bus and ports
 *   vid=0403 pid=6010   the USB chip, hexadecimal
 *   mode=uart           how the board has wired it: uart (channel B) or fifo (channel A)
 *   baud=3000000        of the UART: what the bitstream was made for
 *   ip=10.0.0.2/24      the engine's address and subnet
 *   gw=10.0.0.1         its router
 *   mac=02:00:00:00:00:02
 *   mtu=1500
 */
#include "driver/usb_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/uri.h"
#include "toe/toe_err.h"

static const uint16_t kFtdiVid = 0x0403;
static const uint16_t kFt2232Pid = 0x6010;
static const uint32_t kBaud = 3000000;

static bool read_hex16(const char *value, uint16_t *out) {
  char *end;

  if (strspn(value, "0123456789abcdefABCDEF") != strlen(value) || value[0] == '\0') return false;
  const unsigned long number = strtoul(value, &end, 16);
  *out = (uint16_t)number;
  return number <= UINT16_MAX;
}

static bool set_serial(void *target, const char *value) {
  return uri_read_string(value, &((struct toe_usb_uri *)target)->serial);
}

static bool set_path(void *target, const char *value) {
  return uri_read_string(value, &((struct toe_usb_uri *)target)->path) &&
         strspn(value, "0123456789-.") == strlen(value);
}

static bool set_vid(void *target, const char *value) {
  return read_hex16(value, &((struct toe_usb_uri *)target)->vid);
}

static bool set_pid(void *target, const char *value) {
  return read_hex16(value, &((struct toe_usb_uri *)target)->pid);
}

static bool set_mode(void *target, const char *value) {
  struct toe_usb_uri *uri = target;
  const bool fifo = strcmp(value, "fifo") == 0;

  uri->mode = fifo ? FTDI_FIFO : FTDI_UART;
  return fifo || strcmp(value, "uart") == 0;
}

static bool set_baud(void *target, const char *value) {
  struct toe_usb_uri *uri = target;

  return uri_read_u32(value, &uri->baud) && ftdi_can_make(uri->baud);
}

static bool set_ip(void *target, const char *value) {
  struct toe_usb_uri *uri = target;
  unsigned prefix_len;

  if (!uri_read_ip_prefix(value, &uri->ip, &prefix_len)) return false;
  uri->netmask = ~(UINT32_MAX >> prefix_len);
  return true;
}

static bool set_gateway(void *target, const char *value) {
  return uri_read_ip(value, &((struct toe_usb_uri *)target)->gateway);
}

static bool set_mac(void *target, const char *value) {
  return uri_read_mac(value, ((struct toe_usb_uri *)target)->mac);
}

static bool set_mtu(void *target, const char *value) {
  struct toe_usb_uri *uri = target;

  return uri_read_u32(value, &uri->mtu) && uri->mtu >= 576 && uri->mtu <= 9000;
}

static const struct uri_option kOptions[] = {
    {"serial", set_serial, "a serial number as `toectl list` shows it"},
    {"path", set_path, "bus and ports as 1-2.4"},
    {"vid", set_vid, "four hexadecimal digits as 0403"},
    {"pid", set_pid, "four hexadecimal digits as 6010"},
    {"mode", set_mode, "uart or fifo"},
    {"baud", set_baud, "a rate that the chip can make: 12000000 divided by 1, 1.5, or 2 and more"},
    {"ip", set_ip, "an address as 10.0.0.2/24"},
    {"gw", set_gateway, "an address as 10.0.0.1"},
    {"mac", set_mac, "a unicast address as 02:00:00:00:00:02"},
    {"mtu", set_mtu, "576 to 9000"},
};

static const struct uri_scheme kScheme = {
    .prefix = "usb:", .options = kOptions, .count = sizeof kOptions / sizeof kOptions[0]};

int toe_usb_uri_parse(const char *uri, struct toe_usb_uri *out, char *message, size_t capacity) {
  *out = (struct toe_usb_uri){.vid = kFtdiVid, .pid = kFt2232Pid, .mode = FTDI_UART, .baud = kBaud};
  if (strncmp(uri, "usb:", 4) != 0 || strlen(uri) >= sizeof out->text) {
    snprintf(message, capacity, "a URI of a board begins with usb: and has at most %d characters",
             TOE_USB_URI_LEN - 1);
    return TOE_ERR_URI;
  }
  strcpy(out->text, uri + 4);
  return uri_parse(&kScheme, out->text, out, message, capacity);
}
