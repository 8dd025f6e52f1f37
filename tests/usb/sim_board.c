/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_board.h.
 */
#include "tests/usb/sim_board.h"

#include <stdlib.h>
#include <string.h>

#include "tb_toe_board.h"

/* Cycles in which it works before it says what it has. */
static const unsigned kSliceCycles = 1000;

enum { OCTETS = 4096, FRAMES = 64, BEAT_OCTETS = 8 };

struct octets {
  uint8_t octets[OCTETS];
  size_t begin, end;
};

struct frame {
  size_t len;
  uint8_t octets[SIM_BOARD_MAX_FRAME];
};

struct frames {
  struct frame frames[FRAMES];
  size_t begin, end;
};

struct sim_board {
  tb_toe_board_t *tb;
  struct octets in, out;
  struct frames rx, tx;
  size_t rx_pos, tx_len; /* of the frames that are under way */
};

struct sim_board *sim_board_new(void) {
  struct sim_board *board = calloc(1, sizeof *board);

  if (board == NULL) abort();
  tb_toe_board_t *tb = board->tb = tb_toe_board_new(tb_seed());
  *tb->rx_tvalid_i = *tb->rx_tuser_i = 0;
  *tb->host_rx_valid_i = 0;
  *tb->tx_tready_i = *tb->host_tx_ready_i = 1;
  *tb->now_us_i = 0;
  tb_toe_board_reset(tb);
  return board;
}

void sim_board_free(struct sim_board *board) {
  tb_toe_board_delete(board->tb);
  free(board);
}

uint64_t sim_board_cycles(const struct sim_board *board) {
  return board->tb->cycles;
}

/* --- Ports ----------------------------------------------------------------------------------- */

static void drive_rx(struct sim_board *board) {
  const tb_toe_board_t *tb = board->tb;

  *tb->rx_tvalid_i = board->rx.begin != board->rx.end;
  if (!*tb->rx_tvalid_i) return;
  const struct frame *frame = &board->rx.frames[board->rx.begin % FRAMES];
  size_t octets = frame->len - board->rx_pos;
  *tb->rx_tlast_i = octets <= BEAT_OCTETS;
  if (octets > BEAT_OCTETS) octets = BEAT_OCTETS;
  *tb->rx_tdata_i = 0;
  memcpy(tb->rx_tdata_i, frame->octets + board->rx_pos, octets);
  *tb->rx_tkeep_i = (uint8_t)(0xff >> (BEAT_OCTETS - octets));
}

static void take_tx(struct sim_board *board) {
  const tb_toe_board_t *tb = board->tb;
  struct frame *frame = &board->tx.frames[board->tx.end % FRAMES];
  const size_t octets = (size_t)__builtin_popcount(*tb->tx_tkeep_o);

  if (board->tx_len + octets > SIM_BOARD_MAX_FRAME) abort();
  memcpy(frame->octets + board->tx_len, tb->tx_tdata_o, octets);
  board->tx_len += octets;
  if (!*tb->tx_tlast_o) return;
  frame->len = board->tx_len;
  board->tx_len = 0;
  board->tx.end++;
}

static void cycle(struct sim_board *board) {
  tb_toe_board_t *tb = board->tb;

  drive_rx(board);
  *tb->tx_tready_i = board->tx.end - board->tx.begin < FRAMES;
  *tb->host_rx_valid_i = board->in.begin != board->in.end;
  *tb->host_rx_data_i = board->in.octets[board->in.begin % OCTETS];
  *tb->host_tx_ready_i = board->out.end - board->out.begin < OCTETS;
  tb_toe_board_eval(tb);
  const bool rx = *tb->rx_tvalid_i, last = *tb->rx_tlast_i;
  const bool in = *tb->host_rx_valid_i && *tb->host_rx_ready_o;
  if (*tb->tx_tvalid_o && *tb->tx_tready_i) take_tx(board);
  if (*tb->host_tx_valid_o && *tb->host_tx_ready_i)
    board->out.octets[board->out.end++ % OCTETS] = *tb->host_tx_data_o;
  tb_toe_board_tick(tb);
  board->in.begin += in;
  if (rx) board->rx_pos += BEAT_OCTETS;
  if (rx && last) {
    board->rx_pos = 0;
    board->rx.begin++;
  }
}

/* --- Time ------------------------------------------------------------------------------------ */

bool sim_board_busy(struct sim_board *board, uint64_t now_us) {
  tb_toe_board_t *tb = board->tb;

  if (*tb->now_us_i != now_us) *tb->now_us_i = now_us;
  if (board->in.begin != board->in.end || board->rx.begin != board->rx.end) return true;
  *tb->host_rx_valid_i = *tb->rx_tvalid_i = 0;
  tb_toe_board_eval(tb);
  return !*tb->idle_o || *tb->next_deadline_us_o <= now_us;
}

void sim_board_run(struct sim_board *board, uint64_t now_us) {
  for (unsigned i = 0; i < kSliceCycles && sim_board_busy(board, now_us); i++) cycle(board);
}

/* --- Octets ---------------------------------------------------------------------------------- */

static size_t room(void *ctx) {
  const struct sim_board *board = ctx;

  return OCTETS - (board->in.end - board->in.begin);
}

static void octets_in(void *ctx, uint64_t now_us, const uint8_t *octets, size_t len) {
  struct sim_board *board = ctx;

  (void)now_us;
  for (size_t i = 0; i < len; i++) board->in.octets[board->in.end++ % OCTETS] = octets[i];
}

static size_t octets_out(void *ctx, uint64_t now_us, uint8_t *octets, size_t max) {
  struct sim_board *board = ctx;
  size_t len = 0;

  sim_board_run(board, now_us);
  while (len < max && board->out.begin != board->out.end)
    octets[len++] = board->out.octets[board->out.begin++ % OCTETS];
  return len;
}

struct usb_board_engine sim_board_engine(struct sim_board *board) {
  return (struct usb_board_engine){.ctx = board, .room = room, .in = octets_in, .out = octets_out};
}

/* --- Frames ---------------------------------------------------------------------------------- */

bool sim_board_frame_room(const struct sim_board *board) {
  return board->rx.end - board->rx.begin < FRAMES;
}

void sim_board_frame_in(struct sim_board *board, const uint8_t *frame, size_t len) {
  struct frame *place = &board->rx.frames[board->rx.end++ % FRAMES];
  place->len = len;
  memcpy(place->octets, frame, len);
}

size_t sim_board_frame_out(struct sim_board *board, uint8_t frame[SIM_BOARD_MAX_FRAME]) {
  if (board->tx.begin == board->tx.end) return 0;
  const struct frame *oldest = &board->tx.frames[board->tx.begin++ % FRAMES];
  memcpy(frame, oldest->octets, oldest->len);
  return oldest->len;
}
