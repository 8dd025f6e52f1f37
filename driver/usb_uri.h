/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a `usb:` URI.  Inside libtoe.
 */
#ifndef TOE_DRIVER_USB_URI_H
#define TOE_DRIVER_USB_URI_H
#include "driver/ftdi.h"

enum { TOE_USB_URI_LEN = 512 };

struct toe_usb_uri {
  uint16_t vid, pid;
  const char *serial, *path; /* NULL: any */
  enum ftdi_mode mode;
  uint32_t baud;
  uint32_t ip, netmask, gateway; /* 0: as the engine has them */
  uint8_t mac[6];
  uint32_t mtu;
  char text[TOE_USB_URI_LEN]; /* what the strings point into */
};

/**
 * Reads `usb:` and options NAME=VALUE with commas between them into @p out.
 *
 * @param message  @p capacity octets for what cannot be read and what would be.
 * @return 0 or TOE_ERR_URI.
 */
int toe_usb_uri_parse(const char *uri, struct toe_usb_uri *out, char *message, size_t capacity);

#endif
