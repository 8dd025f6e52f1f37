/* SPDX-License-Identifier: Apache-2.0
 *
 * One channel of an FT2232H as a line that carries octets.  Inside libtoe.
 */
#ifndef TOE_DRIVER_FTDI_H
#define TOE_DRIVER_FTDI_H
#include <libusb-1.0/libusb.h>
#include <stdint.h>

#include "driver/octet_stream.h"

enum ftdi_mode {
  FTDI_UART, /* channel B: 8 bits, no parity, 1 stop bit, no flow control */
  FTDI_FIFO, /* channel A: the synchronous 245 FIFO, which the board's EEPROM has to choose */
};

/** The release number of the chip in its device descriptor. */
enum { FTDI_FT2232H_RELEASE = 0x0700 };

/** True when the chip can make a rate within 2 % of @p baud. */
bool ftdi_can_make(uint32_t baud);

/**
 * Takes a channel of the board behind @p handle for this program alone and fills in @p out.
 *
 * @param usb  a context of its own for this handle; both belong to the stream when the result is 0.
 * @return 0, or an error and one line in @p message: TOE_ERR_DEVICE when another program has the
 *         channel, TOE_ERR_PERMISSION, TOE_ERR_GONE, TOE_ERR_IO or TOE_ERR_NO_MEMORY.
 */
int ftdi_open(libusb_context *usb, libusb_device_handle *handle, enum ftdi_mode mode, uint32_t baud,
              struct toe_octet_stream *out, char *message, size_t capacity);

#endif
