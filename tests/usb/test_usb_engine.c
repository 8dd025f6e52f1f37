/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe through libusb to the Verilated board shell: everything that a board runs, but its pins.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/usb/mock_usb.h"
#include "tests/usb/sim_board.h"
#include "toe/toe.h"

static const struct ft2232h_config kChip = {
    .maker = "LambdaConcept", .product = "ECPIX-5", .serial = "FT6ABC", .board_baud = 3000000};

static struct mock_usb *usb;
static struct sim_board *shell;
static struct mock_board *board;
static struct toe_engine *engine;

static void plug_in(bool fifo) {
  struct mock_board_config config = {
      .port = "1-2", .chip = kChip, .engine = sim_board_engine(shell)};

  config.chip.fifo = fifo;
  board = mock_usb_add(usb, &config);
}

static void setup(void) {
  shell = sim_board_new();
  usb = mock_usb_start();
}

static void teardown(void) {
  mock_usb_stop(usb);
  sim_board_free(shell);
}

TestSuite(usb_engine, .init = setup, .fini = teardown, .timeout = 120);

static void open_engine(const char *uri) {
  char message[256];

  struct toe_config config;
  toe_config_init(&config);
  cr_assert_eq(toe_open(uri, &config, &engine, message, sizeof message), 0, "%s", message);
}

/* What it says of itself, and a command and its answer through both rings. */
static void expect_works(void) {
  struct toe_engine_info info;
  struct toe_counter counters[64];
  struct toe_listener *listener;

  cr_assert_eq(toe_engine_info(engine, &info), 0);
  cr_expect_eq(info.data_width, 64);
  cr_expect_eq(info.num_conns, 16);
  cr_expect_eq(info.rx_ring_octets, 16384);
  cr_expect_eq(info.free_conns, 16);
  cr_expect_gt(toe_counters(engine, counters, 64), 0);
  cr_expect_eq(toe_listen(engine, 80, 4, 0, &listener), 0);
  cr_expect_eq(toe_listen(engine, 80, 4, 0, &listener), TOE_ERR_IN_USE);
}

Test(usb_engine, opens_and_answers_over_the_uart) {
  plug_in(false);
  open_engine("usb:ip=10.0.0.2/24");
  expect_works();
  toe_close(engine);
}

Test(usb_engine, opens_and_answers_over_the_fifo) {
  plug_in(true);
  open_engine("usb:mode=fifo,ip=10.0.0.2/24");
  expect_works();
  toe_close(engine);
}

/* ARP request of @p frame for the peer, from the engine's address of that test. */
static bool asks_for_peer(const uint8_t *frame, size_t len) {
  return len >= 42 && memcmp(frame, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x07\x08\x06", 14) == 0 &&
         frame[21] == 1 && memcmp(frame + 38, "\x0a\0\0\x01", 4) == 0;
}

Test(usb_engine, a_connect_reaches_the_network) {
  struct toe_conn *conn;
  uint8_t frame[SIM_BOARD_MAX_FRAME];
  bool asked = false;

  plug_in(false);
  open_engine("usb:ip=10.0.0.2/24,mac=02:00:00:00:00:07");
  cr_assert_eq(toe_connect(engine, 0x0a000001, 80, NULL, 0, &conn), 0);
  for (int i = 0; i < 100 && !asked; i++) {
    cr_assert_geq(toe_process(engine, 10000), 0);
    mock_board_lock(board);
    for (size_t len; !asked && (len = sim_board_frame_out(shell, frame)) != 0;)
      asked = asks_for_peer(frame, len);
    mock_board_unlock(board);
  }
  cr_expect(asked);
  toe_close(engine);
}

Test(usb_engine, a_bad_line_is_not_seen_above_it) {
  plug_in(false);
  mock_board_lock(board)->bad_ppm = 500;
  mock_board_unlock(board);
  open_engine("usb:ip=10.0.0.2/24");
  expect_works();
  toe_close(engine);
}

Test(usb_engine, every_handle_is_gone_with_the_board_and_a_new_open_works) {
  struct toe_conn *conn, *other;
  struct toe_listener *listener;
  struct toe_engine_info info;

  plug_in(false);
  open_engine("usb:ip=10.0.0.2/24");
  cr_assert_eq(toe_listen(engine, 80, 4, 0, &listener), 0);
  cr_assert_eq(toe_connect(engine, 0x0a000001, 80, NULL, 0, &conn), 0);
  mock_board_unplug(board);
  cr_expect_eq(toe_process(engine, -1), TOE_ERR_GONE);
  cr_expect_eq(toe_engine_info(engine, &info), TOE_ERR_GONE);
  cr_expect_eq(toe_connect(engine, 0x0a000001, 81, NULL, 0, &other), TOE_ERR_GONE);
  cr_expect_eq(toe_accept(listener, 0, &other), TOE_ERR_GONE);
  cr_expect_eq(toe_shutdown(conn), TOE_ERR_GONE);
  toe_close(engine);
  mock_board_plug(board);
  open_engine("usb:ip=10.0.0.2/24");
  expect_works();
  toe_close(engine);
}
