/* SPDX-License-Identifier: Apache-2.0
 *
 * A board on USB: the transfers of a host on one side, an FT2232H, and the octets of whatever is
 * behind it on the other, over a line that may damage them.
 *
 * No threads; time comes from the caller.
 */
#ifndef TOE_TESTS_USB_BOARD_H
#define TOE_TESTS_USB_BOARD_H
#include "tests/lib/tb.h"
#include "tests/usb/ft2232h.h"

/** One transfer of the host; everything belongs to who submitted it. */
struct usb_urb {
  uint8_t endpoint; /* 0: control, and `setup` counts */
  uint8_t setup[FT_SETUP_OCTETS];
  uint8_t *data;
  size_t len;
  size_t actual; /* octets that went over */
  int status;    /* 0 or a negative errno of the kernel's */
  void *user;
  struct usb_urb *next;
};

/** What is behind the chip. */
struct usb_board_engine {
  void *ctx;
  size_t (*room)(void *ctx); /* for octets of the host */
  void (*in)(void *ctx, uint64_t now_us, const uint8_t *octets, size_t len);
  size_t (*out)(void *ctx, uint64_t now_us, uint8_t *octets, size_t max);
};

struct usb_board {
  struct ft2232h *chip;
  struct usb_board_engine engine;
  int channel;      /* that the engine is wired to */
  uint32_t bad_ppm; /* octets that the line changes, drops or doubles, both ways */
  tb_rng_t rng;
  bool plugged;
  uint64_t octets_in, octets_out; /* that the engine was given, and gave */
  struct usb_urb *pending, *done, **done_end;
};

void usb_board_init(struct usb_board *board, const struct ft2232h_config *config,
                    const struct usb_board_engine *engine);
void usb_board_free(struct usb_board *board);

/** False when the board is not plugged in. */
bool usb_board_submit(struct usb_board *board, uint64_t now_us, struct usb_urb *urb);

/** Ends @p urb with @p status, unless it has ended. */
void usb_board_cancel(struct usb_board *board, struct usb_urb *urb, int status);

/** Lets octets flow, and ends transfers. */
void usb_board_run(struct usb_board *board, uint64_t now_us);

/** A transfer that has ended, in the order of their ends; NULL: none. */
struct usb_urb *usb_board_reap(struct usb_board *board);

/** Every transfer ends, and none begins. */
void usb_board_unplug(struct usb_board *board);
void usb_board_plug(struct usb_board *board);

#endif
