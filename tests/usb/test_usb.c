/* SPDX-License-Identifier: Apache-2.0
 *
 * `usb:` against FT2232Hs that libusb finds and talks to as on any machine (mock_usb.h).
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver/toe_transport.h"
#include "link_device.h"
#include "tests/usb/mock_usb.h"
#include "toe/toe_boards.h"
#include "toe/toe_err.h"
#include "toe/toe_regs.h"

static const struct link_device_config kDevice = {
    .window = 8, .max_data = 1024, .max_window_data = 8192};

static const struct ft2232h_config kChip = {
    .maker = "LambdaConcept", .product = "ECPIX-5", .serial = "FT6ABC", .board_baud = 3000000};

static struct mock_usb *usb;
static struct link_device *device;
static struct toe_transport t;

static size_t device_room(void *ctx) {
  (void)ctx;
  return 4096;
}

static void device_in(void *ctx, uint64_t now_us, const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len; i++) link_device_in(ctx, now_us, octets[i]);
}

static size_t device_out(void *ctx, uint64_t now_us, uint8_t *octets, size_t max) {
  return link_device_out(ctx, now_us, octets, max);
}

static struct mock_board *add_chip(const char *port, const struct ft2232h_config *chip) {
  const struct mock_board_config config = {
      .port = port,
      .chip = *chip,
      .engine = {.ctx = device, .room = device_room, .in = device_in, .out = device_out}};

  return mock_usb_add(usb, &config);
}

static struct mock_board *add_board(const char *port, const char *serial) {
  struct ft2232h_config chip = kChip;

  chip.serial = serial;
  return add_chip(port, &chip);
}

static void setup(void) {
  device = link_device_new(&kDevice);
  usb = mock_usb_start();
}

static void teardown(void) {
  mock_usb_stop(usb);
  link_device_free(device);
}

static uint64_t clock_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Fails the test unless opening fails with @p error and words that hold @p hint. */
static void refuse(const char *uri, int error, const char *hint) {
  cr_assert_eq(toe_transport_open(uri, &t), error, "%s: %s", uri, t.message);
  cr_expect_not_null(strstr(t.message, hint), "%s", t.message);
  cr_expect_null(strchr(t.message, '\n'));
}

static void open_uri(const char *uri) {
  cr_assert_eq(toe_transport_open(uri, &t), 0, "%s: %s", uri, t.message);
}

/* It answers, and it is the engine of the test. */
static void expect_works(void) {
  uint32_t value = 0;

  link_device_regs(device)[5] = 0xcafe;
  cr_expect_eq(t.reg_read(t.ctx, 20, &value, 1), 0);
  cr_expect_eq(value, 0xcafe);
}

TestSuite(usb, .init = setup, .fini = teardown, .timeout = 60);

/* --- Finding boards -------------------------------------------------------------------------- */

Test(usb, no_board_is_said) {
  refuse("usb:", TOE_ERR_DEVICE, "plug it in");
  cr_expect_eq(toe_list_boards(NULL, 0, NULL, 0), 0);
}

Test(usb, the_only_board_needs_no_name) {
  add_board("1-2", "FT6ABC");
  open_uri("usb:");
  expect_works();
  t.close(t.ctx);
}

Test(usb, of_two_boards_one_must_be_named) {
  add_board("1-2", "FT6ABC");
  add_board("1-3.4", "FT6XYZ");
  refuse("usb:", TOE_ERR_DEVICE, "serial=FT6ABC or serial=FT6XYZ");
  open_uri("usb:serial=FT6XYZ");
  expect_works();
  t.close(t.ctx);
  open_uri("usb:path=1-2");
  t.close(t.ctx);
  refuse("usb:serial=FT6QQQ", TOE_ERR_DEVICE, "there is serial=FT6ABC");
  refuse("usb:path=1-9", TOE_ERR_DEVICE, "there is serial=FT6ABC");
}

Test(usb, other_chips_are_left_alone) {
  struct ft2232h_config old = kChip;

  old.release = 0x0500; /* FT2232D, whose numbers are the same */
  add_chip("1-2", &old);
  refuse("usb:", TOE_ERR_DEVICE, "no board");
  refuse("usb:vid=1234", TOE_ERR_DEVICE, "no board 1234:6010");
}

Test(usb, boards_are_listed_in_order_of_their_paths) {
  struct toe_board boards[4];

  add_board("1-10", "FT6ABC");
  add_board("1-9", "");
  cr_assert_eq(toe_list_boards(boards, 4, NULL, 0), 2);
  cr_expect_str_eq(boards[0].uri, "usb:path=1-9");
  cr_expect_str_eq(boards[0].serial, "");
  cr_expect_str_eq(boards[1].uri, "usb:serial=FT6ABC");
  cr_expect_str_eq(boards[1].path, "1-10");
  cr_expect_str_eq(boards[1].maker, "LambdaConcept");
  cr_expect_str_eq(boards[1].product, "ECPIX-5");
  cr_expect_eq(boards[1].vid, 0x0403);
  cr_expect_eq(boards[1].pid, 0x6010);
  cr_expect_eq(boards[1].error, 0);
  cr_expect_eq(toe_list_boards(boards, 1, NULL, 0), 2, "more than fit");
}

Test(usb, listing_does_not_disturb_an_open_board) {
  struct toe_board board;

  add_board("1-2", "FT6ABC");
  open_uri("usb:");
  cr_assert_eq(toe_list_boards(&board, 1, NULL, 0), 1);
  cr_expect_str_eq(board.serial, "FT6ABC");
  expect_works();
  t.close(t.ctx);
}

/* --- What stands in the way ------------------------------------------------------------------ */

Test(usb, no_permission_names_the_rule) {
  struct toe_board listed;
  struct mock_board *board = add_board("1-2", "FT6ABC");

  mock_board_deny(board);
  cr_assert(geteuid() != 0 || seteuid(65534) == 0);
  refuse("usb:", TOE_ERR_PERMISSION, "60-opentoe.rules");
  refuse("usb:serial=FT6ABC", TOE_ERR_PERMISSION, "60-opentoe.rules");
  cr_assert_eq(toe_list_boards(&listed, 1, NULL, 0), 1);
  cr_expect_eq(listed.error, TOE_ERR_PERMISSION);
  cr_expect_str_eq(listed.uri, "usb:path=1-2");
  cr_assert(getuid() != 0 || seteuid(0) == 0);
}

Test(usb, a_busy_board_is_said_and_opens_when_free) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  mock_board_set_busy(board, true);
  refuse("usb:", TOE_ERR_DEVICE, "in use");
  mock_board_set_busy(board, false);
  open_uri("usb:");
  t.close(t.ctx);
}

Test(usb, the_kernels_driver_gives_way_and_comes_back) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  mock_board_set_driver(board, "ftdi_sio");
  open_uri("usb:");
  cr_expect_not(mock_board_has_driver(board));
  expect_works();
  t.close(t.ctx);
  cr_expect(mock_board_has_driver(board));
}

Test(usb, a_board_without_an_engine_is_said) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  mock_board_lock(board)->channel = 0; /* nothing is wired to the UART */
  mock_board_unlock(board);
  refuse("usb:", TOE_ERR_DEVICE, "load its bitstream");
}

Test(usb, another_baud_rate_does_not_reach_the_engine) {
  add_board("1-2", "FT6ABC");
  refuse("usb:baud=1000000", TOE_ERR_DEVICE, "baud=");
  open_uri("usb:baud=3000000");
  t.close(t.ctx);
}

/* --- The chip -------------------------------------------------------------------------------- */

Test(usb, the_uart_is_set_up) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  const struct ft2232h_channel *channel = ft2232h_channel(mock_board_lock(board)->chip, 1);
  cr_expect_eq(channel->baud, 3000000);
  cr_expect_eq(channel->format, 8);
  cr_expect_eq(channel->latency_ms, 1);
  cr_expect_eq(channel->bit_mode, 0);
  cr_expect_eq(channel->purges, 4);
  mock_board_unlock(board);
  t.close(t.ctx);
}

Test(usb, the_fifo_is_set_up) {
  struct ft2232h_config chip = kChip;

  chip.fifo = true;
  struct mock_board *board = add_chip("1-2", &chip);
  open_uri("usb:mode=fifo");
  const struct ft2232h_channel *channel = ft2232h_channel(mock_board_lock(board)->chip, 0);
  cr_expect_eq(channel->latency_ms, 1);
  cr_expect_eq(channel->bit_mode, 0x40ff);
  mock_board_unlock(board);
  expect_works();
  t.close(t.ctx);
  cr_expect_eq(channel->bit_mode >> 8, 0, "JTAG works again");
}

static uint32_t register_at(size_t offset) {
  return link_device_regs(device)[offset / 4];
}

Test(usb, what_the_uri_says_of_the_network_is_written) {
  add_board("1-2", "FT6ABC");
  open_uri("usb:ip=10.1.2.3/20,gw=10.1.0.1,mac=02:11:22:33:44:55,mtu=1400");
  expect_works();
  cr_expect_eq(register_at(offsetof(toe_regs_t, LOCAL_IP)), 0x0a010203);
  cr_expect_eq(register_at(offsetof(toe_regs_t, NETMASK)), 0xfffff000);
  cr_expect_eq(register_at(offsetof(toe_regs_t, GATEWAY_IP)), 0x0a010001);
  cr_expect_eq(register_at(offsetof(toe_regs_t, LOCAL_MAC_HI)), 0x0211);
  cr_expect_eq(register_at(offsetof(toe_regs_t, LOCAL_MAC_LO)), 0x22334455);
  cr_expect_eq(register_at(offsetof(toe_regs_t, MTU)), 1400);
  t.close(t.ctx);
}

/* --- Data ------------------------------------------------------------------------------------ */

/* Octets there and back; how many of them went over the line. */
static void move_data(unsigned rounds) {
  static uint8_t data[20000], back[20000];
  tb_rng_t rng = tb_rng(tb_seed());

  for (unsigned i = 0; i < rounds; i++) {
    for (size_t k = 0; k < sizeof data; k++) data[k] = (uint8_t)tb_random(&rng);
    cr_assert_eq(t.mem_write(t.ctx, i, data, sizeof data), 0);
    cr_assert_eq(t.mem_read(t.ctx, i, back, sizeof back), 0);
    cr_assert_arr_eq(back, data, sizeof data, "round %u", i);
  }
  cr_expect_eq(link_device_stats(device)->overruns, 0);
}

Test(usb, data_over_the_uart) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  move_data(4);
  cr_expect_eq(ft2232h_channel(mock_board_lock(board)->chip, 1)->overruns, 0);
  mock_board_unlock(board);
  cr_expect_eq(link_device_stats(device)->damaged, 0);
  cr_expect_eq(link_device_stats(device)->repeated, 0, "nothing is sent twice for slowness");
  t.close(t.ctx);
}

Test(usb, data_over_the_fifo) {
  struct ft2232h_config chip = kChip;

  chip.fifo = true;
  add_chip("1-2", &chip);
  open_uri("usb:mode=fifo");
  move_data(20);
  cr_expect_eq(link_device_stats(device)->damaged, 0);
  t.close(t.ctx);
}

Test(usb, data_over_a_bad_line) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  mock_board_lock(board)->bad_ppm = 200;
  mock_board_unlock(board);
  move_data(2);
  cr_expect_gt(link_device_stats(device)->damaged, 0);
  t.close(t.ctx);
}

Test(usb, a_new_session_ends_the_one_before) {
  uint32_t value;

  add_board("1-2", "FT6ABC");
  open_uri("usb:");
  expect_works();
  t.close(t.ctx);
  open_uri("usb:");
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  t.close(t.ctx);
  cr_expect_eq(link_device_stats(device)->resets, 2);
}

/* --- Waiting --------------------------------------------------------------------------------- */

static void set_completion(struct mock_board *board, bool holds_entry) {
  mock_board_lock(board);
  link_device_completion(device, clock_us(), holds_entry);
  mock_board_unlock(board);
}

Test(usb, wait_sleeps_until_its_time_or_an_event) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  const uint64_t begin_us = clock_us();
  cr_expect_eq(t.wait(t.ctx, 50000), 0);
  cr_expect_geq(clock_us(), begin_us + 50000);
  set_completion(board, true);
  cr_expect_eq(t.wait(t.ctx, 10000000), 1);
  cr_expect_lt(clock_us(), begin_us + 5000000);
  t.close(t.ctx);
}

Test(usb, the_descriptor_is_readable_for_an_event) {
  struct mock_board *board = add_board("1-2", "FT6ABC");
  int result = 0;

  open_uri("usb:");
  struct pollfd pollfd = {.fd = t.fd(t.ctx), .events = POLLIN};
  cr_assert_geq(pollfd.fd, 0);
  set_completion(board, true);
  for (int i = 0; i < 1000 && result == 0; i++) {
    cr_assert_eq(poll(&pollfd, 1, 5000), 1);
    result = t.wait(t.ctx, 0);
  }
  cr_expect_eq(result, 1);
  t.close(t.ctx);
}

/* --- Unplugging ------------------------------------------------------------------------------ */

static void expect_gone(void) {
  uint32_t value;
  const uint64_t begin_us = clock_us();

  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.reg_write(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.mem_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.mem_write(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.wait(t.ctx, -1), TOE_ERR_GONE);
  cr_expect_lt(clock_us(), begin_us + 1000000);
}

Test(usb, unplugged_while_idle_is_gone_and_opens_again) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  expect_works();
  mock_board_unplug(board);
  expect_gone();
  t.close(t.ctx);
  refuse("usb:", TOE_ERR_DEVICE, "plug it in");
  mock_board_plug(board);
  open_uri("usb:");
  expect_works();
  t.close(t.ctx);
}

Test(usb, unplugging_ends_a_wait) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  open_uri("usb:");
  expect_works();
  const uint64_t begin_us = clock_us();
  mock_board_unplug(board);
  cr_expect_eq(t.wait(t.ctx, -1), TOE_ERR_GONE);
  cr_expect_lt(clock_us(), begin_us + 500000, "before the engine is missed");
  t.close(t.ctx);
}

Test(usb, unplugged_in_the_middle_of_a_transfer_is_gone_and_opens_again) {
  static uint8_t data[100000];
  struct mock_board *board = add_board("1-2", "FT6ABC");
  int result = 0;

  open_uri("usb:");
  mock_board_unplug_after(board, 3 * sizeof data / 2);
  for (int i = 0; i < 10 && result == 0; i++) result = t.mem_write(t.ctx, 0, data, sizeof data);
  cr_expect_eq(result, TOE_ERR_GONE);
  mock_board_unplug(board);
  expect_gone();
  t.close(t.ctx);
  mock_board_plug(board);
  open_uri("usb:");
  move_data(1);
  t.close(t.ctx);
}

Test(usb, the_other_board_stays_when_one_is_unplugged) {
  struct mock_board *board = add_board("1-2", "FT6ABC");

  add_board("1-3", "FT6XYZ");
  open_uri("usb:serial=FT6XYZ");
  mock_board_unplug(board);
  expect_works();
  t.close(t.ctx);
}
