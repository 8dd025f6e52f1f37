/* SPDX-License-Identifier: Apache-2.0
 *
 * The Verilated board shell: octets of the host on one side, frames on the other.  Its time is the
 * caller's clock, and it works when it is asked for octets.
 */
#ifndef TOE_TESTS_SIM_BOARD_H
#define TOE_TESTS_SIM_BOARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/usb/usb_board.h"

enum { SIM_BOARD_MAX_FRAME = 2048 };

struct sim_board;

struct sim_board *sim_board_new(void);
void sim_board_free(struct sim_board *board);

/** What stands behind the chip: the board's octets. */
struct usb_board_engine sim_board_engine(struct sim_board *board);

/** True when it has something to do at @p now_us. */
bool sim_board_busy(struct sim_board *board, uint64_t now_us);

/** Works for a while, if there is something to do. */
void sim_board_run(struct sim_board *board, uint64_t now_us);

/** True when a frame from the network can enter. */
bool sim_board_frame_room(const struct sim_board *board);

/** A frame from the network, when there is room. */
void sim_board_frame_in(struct sim_board *board, const uint8_t *frame, size_t len);

/** A frame for the network: its length, or 0 when there is none. */
size_t sim_board_frame_out(struct sim_board *board, uint8_t frame[SIM_BOARD_MAX_FRAME]);

uint64_t sim_board_cycles(const struct sim_board *board);

#endif
