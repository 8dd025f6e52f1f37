/* SPDX-License-Identifier: Apache-2.0
 *
 * The boards that are plugged in.
 */
#ifndef TOE_BOARDS_H
#define TOE_BOARDS_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/** One board on USB that may carry an engine.  Strings are UTF-8, and empty where nothing is known.
 */
struct toe_board {
  char uri[96];  /**< what toe_open() takes: usb:serial=FT6ABC, or usb:path=1-2.4 without serial */
  char path[32]; /**< bus and ports, as in 1-2.4 */
  char serial[64];   /**< of the USB chip */
  char maker[64];    /**< as the device says it */
  char product[64];  /**< as the device says it */
  uint16_t vid, pid; /**< of the USB chip */
  /** 0; or why it cannot be opened, and why the three strings are empty: TOE_ERR_PERMISSION,
   * TOE_ERR_IO. */
  int error;
};

/**
 * Finds the boards on USB: every FT2232H with FTDI's own numbers, 0403:6010.  None is disturbed,
 * and whether an engine answers behind one is seen when it is opened.
 *
 * Any thread, at any time.
 *
 * @param boards       boards[max] for the first @p max of them, in the order of their paths; may be
 *                     NULL when @p max is 0.
 * @param message      NULL or @p message_len octets: after a failure, one line of what went wrong.
 * @return how many there are, which may be more than @p max; TOE_ERR_IO when the operating system
 *         has no USB that can be reached, or TOE_ERR_NO_MEMORY.
 */
int toe_list_boards(struct toe_board *boards, int max, char *message, size_t message_len);

#ifdef __cplusplus
}
#endif
#endif
