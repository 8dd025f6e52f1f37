/* SPDX-License-Identifier: Apache-2.0
 *
 * The USB of a machine that has none, for libusb in the same process: umockdev shows it sysfs, udev
 * and a device node for each board, and what it asks of the node goes to a usb_board here.
 *
 * A thread lets time pass for the boards.
 */
#ifndef TOE_TESTS_MOCK_USB_H
#define TOE_TESTS_MOCK_USB_H
#include "tests/usb/usb_board.h"

struct mock_usb;
struct mock_board;

struct mock_board_config {
  const char *port; /* of bus 1, as 1-2.4 */
  struct ft2232h_config chip;
  struct usb_board_engine engine;
};

struct mock_usb *mock_usb_start(void);
void mock_usb_stop(struct mock_usb *usb);

struct mock_board *mock_usb_add(struct mock_usb *usb, const struct mock_board_config *config);

/** For what follows until mock_usb_unlock() the boards stand still. */
struct usb_board *mock_board_lock(struct mock_board *board);
void mock_board_unlock(struct mock_board *board);

void mock_board_unplug(struct mock_board *board);
/** Plugs it in again; it gets another number on the bus, as it does from a kernel. */
void mock_board_plug(struct mock_board *board);

/** Unplugs it as soon as its engine has been given so many octets more. */
void mock_board_unplug_after(struct mock_board *board, uint64_t octets);

/** The kernel's driver of its second interface; NULL: none. */
void mock_board_set_driver(struct mock_board *board, const char *driver);
bool mock_board_has_driver(struct mock_board *board);

/** Another program has claimed its interfaces. */
void mock_board_set_busy(struct mock_board *board, bool busy);

/** Nobody may open its node any more, but root; all else of the mock is open to every user. */
void mock_board_deny(struct mock_board *board);

#endif
