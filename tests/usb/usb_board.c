/* SPDX-License-Identifier: Apache-2.0
 *
 * See usb_board.h.
 */
#include "tests/usb/usb_board.h"

#include <errno.h>
#include <string.h>

enum { SLICE_OCTETS = 1024 };

void usb_board_init(struct usb_board *board, const struct ft2232h_config *config,
                    const struct usb_board_engine *engine) {
  *board = (struct usb_board){.chip = ft2232h_new(config),
                              .engine = *engine,
                              .channel = config->fifo ? 0 : 1,
                              .rng = tb_rng(tb_seed()),
                              .plugged = true};
  board->done_end = &board->done;
}

void usb_board_free(struct usb_board *board) {
  ft2232h_free(board->chip);
}

/* --- Transfers ------------------------------------------------------------------------------- */

static void end_urb(struct usb_board *board, struct usb_urb **place, int status) {
  struct usb_urb *urb = *place;

  *place = urb->next;
  urb->next = NULL;
  urb->status = status;
  *board->done_end = urb;
  board->done_end = &urb->next;
}

bool usb_board_submit(struct usb_board *board, uint64_t now_us, struct usb_urb *urb) {
  struct usb_urb **place = &board->pending;

  if (!board->plugged) return false;
  urb->actual = 0;
  urb->next = NULL;
  while (*place != NULL) place = &(*place)->next;
  *place = urb;
  if (urb->endpoint == 0) {
    const int len = ft2232h_control(board->chip, now_us, urb->setup, urb->data);
    urb->actual = len > 0 ? (size_t)len : 0;
    end_urb(board, place, len < 0 ? -EPIPE : 0);
  }
  return true;
}

void usb_board_cancel(struct usb_board *board, struct usb_urb *urb, int status) {
  for (struct usb_urb **place = &board->pending; *place != NULL; place = &(*place)->next) {
    if (*place != urb) continue;
    end_urb(board, place, status);
    return;
  }
}

struct usb_urb *usb_board_reap(struct usb_board *board) {
  struct usb_urb *urb = board->done;

  if (urb == NULL) return NULL;
  board->done = urb->next;
  if (board->done == NULL) board->done_end = &board->done;
  urb->next = NULL;
  return urb;
}

/* 0 when it goes on, else 1, or a negative errno. */
static int run_in(struct usb_board *board, uint64_t now_us, struct usb_urb *urb) {
  uint8_t packet[FT_PACKET_OCTETS];

  for (;;) {
    const int len = ft2232h_in(board->chip, now_us, urb->endpoint, packet);
    if (len == FT_NAK) return 0;
    if (len < 0) return -EPIPE;
    if ((size_t)len > urb->len - urb->actual) return -EOVERFLOW;
    memcpy(urb->data + urb->actual, packet, (size_t)len);
    urb->actual += (size_t)len;
    if (len < FT_PACKET_OCTETS || urb->actual == urb->len) return 1;
  }
}

static int run_out(struct usb_board *board, struct usb_urb *urb) {
  const int taken =
      ft2232h_out(board->chip, urb->endpoint, urb->data + urb->actual, urb->len - urb->actual);

  if (taken < 0) return -EPIPE;
  urb->actual += (size_t)taken;
  return urb->actual == urb->len;
}

/* In order at each endpoint: the first that has to wait holds those behind it. */
static void run_urbs(struct usb_board *board, uint64_t now_us) {
  uint32_t waits = 0;

  for (struct usb_urb **place = &board->pending; *place != NULL;) {
    struct usb_urb *urb = *place;
    const uint32_t bit = UINT32_C(1) << ((urb->endpoint & 15) + ((urb->endpoint & 0x80) >> 3));
    int result = 0;
    if ((waits & bit) == 0)
      result = (urb->endpoint & 0x80) != 0 ? run_in(board, now_us, urb) : run_out(board, urb);
    if (result == 0) {
      waits |= bit;
      place = &urb->next;
    } else {
      end_urb(board, place, result < 0 ? result : 0);
    }
  }
}

/* --- Line ------------------------------------------------------------------------------------ */

/* Octets as the line carries them, in place; at most twice as many. */
static size_t spoil(struct usb_board *board, uint8_t *octets, size_t len) {
  uint8_t clean[SLICE_OCTETS];
  size_t out = 0;

  if (board->bad_ppm == 0) return len;
  memcpy(clean, octets, len);
  for (size_t i = 0; i < len; i++) {
    const bool bad = tb_random_below(&board->rng, 1000000) < board->bad_ppm;
    const uint32_t how = bad ? tb_random_below(&board->rng, 3) : 3;
    if (how == 1) continue;
    octets[out++] =
        how == 0 ? clean[i] ^ (uint8_t)(1 + tb_random_below(&board->rng, 255)) : clean[i];
    if (how == 2) octets[out++] = clean[i];
  }
  return out;
}

void usb_board_run(struct usb_board *board, uint64_t now_us) {
  uint8_t octets[2 * SLICE_OCTETS];
  size_t len;

  if (!board->plugged) return;
  do {
    run_urbs(board, now_us);
    /* Twice as much may come of it when octets are doubled. */
    size_t room = board->engine.room(board->engine.ctx) / 2;
    if (room > SLICE_OCTETS) room = SLICE_OCTETS;
    len = ft2232h_take(board->chip, now_us, board->channel, octets, room);
    len = spoil(board, octets, len);
    board->octets_in += len;
    board->engine.in(board->engine.ctx, now_us, octets, len);
    room = ft2232h_room(board->chip, now_us, board->channel);
    if (room > SLICE_OCTETS) room = SLICE_OCTETS;
    size_t given = board->engine.out(board->engine.ctx, now_us, octets, room);
    board->octets_out += given;
    given = spoil(board, octets, given);
    if (given > room) given = room;
    ft2232h_give(board->chip, now_us, board->channel, octets, given);
    len += given;
  } while (len != 0);
  run_urbs(board, now_us);
}

/* --- Plug ------------------------------------------------------------------------------------ */

void usb_board_unplug(struct usb_board *board) {
  board->plugged = false;
  while (board->pending != NULL) end_urb(board, &board->pending, -ESHUTDOWN);
}

void usb_board_plug(struct usb_board *board) {
  ft2232h_plug(board->chip);
  board->plugged = true;
}
