/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on a device that lies: each number that it gives is looked at before it is used.  Whatever
 * else such a device may say, tests/fuzz/fuzz_host.c says it.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/src/internal.h"

enum { CONNS = 4, RING_LOG2 = 12, RING = 1 << RING_LOG2, ISS = 1000, IRS = 5000, PORT = 80 };

/* The device: its registers, and the places in buffer memory that were asked for. */
static struct device {
  uint32_t words[0x10000 / 4];
  uint64_t memory_end;  /* of the highest access */
  uint32_t longest;     /* access to memory, octets */
  uint16_t commands_at; /* SQ_TAIL when it was looked at last */
} device;

static uint32_t *reg(uint32_t offset) {
  return &device.words[offset / 4];
}

static int device_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  (void)ctx;
  memcpy(values, reg(offset), 4 * count);
  return 0;
}

/* It refuses what is no operation, so that toe_listen() gets its answer. */
static void refuse_barriers(void) {
  for (; device.commands_at != (uint16_t)*reg(TOE_REG(SQ_TAIL)); device.commands_at++) {
    const uint32_t *command =
        reg(TOE_REG(SQ) + 4 * (uint32_t)(device.commands_at % TOE_SQ_DEPTH * TOE_CMD_WORDS));
    if ((command[TOE_CMD_OP_WORD] & 0xff) != 0xff) continue;
    uint32_t *tail = reg(TOE_REG(CQ_TAIL));
    uint32_t *ntf = reg(TOE_REG(CQ) + 4 * (*tail % TOE_CQ_DEPTH) * TOE_NTF_WORDS);
    memset(ntf, 0, TOE_NTF_WORDS * sizeof *ntf);
    ntf[0] = TOE_NTF_REFUSED;
    ntf[TOE_NTF_TAG_OR_SND_NXT_WORD] = command[TOE_CMD_TAG_WORD];
    ntf[TOE_NTF_REASON_WORD] = (uint32_t)TOE_REASON_BAD_OP << TOE_NTF_REASON_LSB;
    *tail = (*tail + 1) & 0xffff;
  }
  *reg(TOE_REG(SQ_HEAD)) = *reg(TOE_REG(SQ_TAIL));
}

static int device_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  (void)ctx;
  memcpy(reg(offset), values, 4 * count);
  if (offset == TOE_REG(SQ_TAIL)) refuse_barriers();
  *reg(TOE_REG(STATUS)) = TOE_REGS__STATUS__READY_bm | TOE_REGS__STATUS__IDLE_bm;
  return 0;
}

static int touch(uint64_t address, size_t len) {
  if (address + len > device.memory_end) device.memory_end = address + len;
  if (len > device.longest) device.longest = (uint32_t)len;
  return 0;
}

static int device_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  (void)ctx;
  memset(buf, 0x5a, len);
  return touch(address, len);
}

static int device_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  (void)ctx;
  (void)buf;
  return touch(address, len);
}

static int device_wait(void *ctx, int64_t timeout_us) {
  (void)ctx;
  (void)timeout_us;
  return *reg(TOE_REG(CQ_TAIL)) != *reg(TOE_REG(CQ_HEAD));
}

static uint64_t device_now_us(void *ctx) {
  (void)ctx;
  return 0;
}

static void device_close(void *ctx) {
  (void)ctx;
}

static const struct toe_transport kDevice = {.reg_read = device_read,
                                             .reg_write = device_write,
                                             .mem_read = device_mem_read,
                                             .mem_write = device_mem_write,
                                             .wait = device_wait,
                                             .now_us = device_now_us,
                                             .close = device_close};

static struct toe_engine *engine;
static struct toe_listener *listener;

static int open_device(void) {
  struct toe_config config;

  toe_config_init(&config);
  config.ip = 0x0a000002;
  config.prefix_len = 24;
  config.mtu = 1500;
  return toe_open_transport(&kDevice, &config, &engine);
}

static void setup(void) {
  memset(&device, 0, sizeof device);
  *reg(TOE_REG(ID)) = TOE_REGS__ID__MAGIC_reset;
  *reg(TOE_REG(VERSION)) = TOE_REGS__VERSION__MAJOR_reset << TOE_REGS__VERSION__MAJOR_bp;
  *reg(TOE_REG(NUM_CONNS)) = CONNS;
  *reg(TOE_REG(RX_RING_LOG2)) = *reg(TOE_REG(TX_RING_LOG2)) = RING_LOG2;
  *reg(TOE_REG(SQ_DEPTH)) = TOE_SQ_DEPTH;
  *reg(TOE_REG(CQ_DEPTH)) = TOE_CQ_DEPTH;
  engine = NULL;
}

static void teardown(void) {
  toe_close(engine);
}

TestSuite(host_lies, .init = setup, .fini = teardown, .timeout = 60);

static void open_and_listen(void) {
  cr_assert_eq(open_device(), 0);
  cr_assert_eq(toe_listen(engine, PORT, 5, 0, &listener), 0);
}

/* The device says this of connection number @p id. */
static int say(uint32_t id, uint32_t flags, uint32_t snd_una, uint32_t rcv_nxt) {
  uint32_t *tail = reg(TOE_REG(CQ_TAIL));
  uint32_t *ntf = reg(TOE_REG(CQ) + 4 * (*tail % TOE_CQ_DEPTH) * TOE_NTF_WORDS);

  memset(ntf, 0, TOE_NTF_WORDS * sizeof *ntf);
  ntf[0] = flags | id << TOE_NTF_CONN_LSB;
  ntf[TOE_NTF_LOCAL_PORT_WORD] = PORT | 4000u << TOE_NTF_REMOTE_PORT_LSB;
  ntf[TOE_NTF_REMOTE_IP_WORD] = 0x0a000001;
  ntf[TOE_NTF_ISS_WORD] = ISS;
  ntf[TOE_NTF_IRS_OR_RCV_UP_WORD] = IRS;
  ntf[TOE_NTF_SND_UNA_WORD] = ISS + snd_una;
  ntf[TOE_NTF_RCV_NXT_WORD] = IRS + rcv_nxt;
  ntf[TOE_NTF_MSS_SCALES_WORD] = 1460u << 16;
  *tail = (*tail + 1) & 0xffff;
  return toe_process(engine, 0);
}

static struct toe_conn *accepted(uint32_t id) {
  struct toe_conn *conn = NULL;

  cr_assert_eq(say(id, TOE_NTF_ACCEPTED, 1, 1), 1);
  cr_assert_eq(toe_accept(listener, 0, &conn), 0);
  return conn;
}

/* --- What it says that it is ----------------------------------------------------------------- */

Test(host_lies, sizes_that_no_engine_has_are_refused) {
  static const struct {
    uint32_t offset, value;
  } lies[] = {{TOE_REG(NUM_CONNS), 0},        {TOE_REG(NUM_CONNS), 65537},
              {TOE_REG(NUM_CONNS), 1u << 31}, {TOE_REG(RX_RING_LOG2), 0},
              {TOE_REG(RX_RING_LOG2), 31},    {TOE_REG(TX_RING_LOG2), 9},
              {TOE_REG(TX_RING_LOG2), 255},   {TOE_REG(SQ_DEPTH), 32768},
              {TOE_REG(CQ_DEPTH), 0},         {TOE_REG(ID), 0xffffffff}};

  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    setup();
    *reg(lies[i].offset) = lies[i].value;
    cr_expect_eq(open_device(), TOE_ERR_VERSION, "lie %zu", i);
  }
}

/* --- Rings ----------------------------------------------------------------------------------- */

Test(host_lies, completion_pointer_beyond_the_ring_loses_the_engine) {
  cr_assert_eq(open_device(), 0);
  *reg(TOE_REG(CQ_TAIL)) = TOE_CQ_DEPTH + 1;
  cr_expect_eq(toe_process(engine, 0), TOE_ERR_GONE);
}

Test(host_lies, submission_pointer_ahead_of_the_host_loses_the_engine) {
  struct toe_conn *conn;
  int result = 0;

  cr_assert_eq(open_device(), 0);
  for (unsigned i = 0; i < 2 * TOE_SQ_DEPTH && result == 0; i++) {
    *reg(TOE_REG(SQ_HEAD)) = (engine->sq_tail + 1u) & 0xffff;
    const struct command command = {.op = TOE_CMD_NOP};
    if (!sq_put(engine, &command)) result = TOE_ERR_AGAIN;
  }
  cr_expect_neq(result, 0, "it is believed");
  cr_expect_eq(toe_process(engine, 0), TOE_ERR_GONE);
  cr_expect_eq(toe_connect(engine, 0x0a000001, 80, NULL, 0, &conn), TOE_ERR_GONE);
}

/* --- Connections ----------------------------------------------------------------------------- */

Test(host_lies, number_of_no_connection_loses_the_engine) {
  static const uint32_t numbers[] = {CONNS, CONNS + 1, 0x7fff, 0xffff};
  static const uint32_t flags[] = {TOE_NTF_ACCEPTED, TOE_NTF_DATA, TOE_NTF_REFUSED, TOE_NTF_OPENED,
                                   TOE_NTF_CLOSED};

  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
      setup();
      open_and_listen();
      struct toe_conn *conn = accepted(numbers[i] % CONNS); /* that it might be taken for */
      say(numbers[i], flags[k], 1, 1);
      cr_expect_eq(toe_process(engine, 0), TOE_ERR_GONE, "number %u, flags %x", numbers[i],
                   flags[k]);
      cr_expect_eq(toe_conn_error(conn), TOE_ERR_GONE);
      toe_close(engine);
    }
  }
  engine = NULL;
}

Test(host_lies, number_given_twice_loses_the_engine) {
  open_and_listen();
  accepted(1);
  say(1, TOE_NTF_ACCEPTED, 1, 1);
  cr_expect_eq(toe_process(engine, 0), TOE_ERR_GONE);
}

Test(host_lies, connected_again_ends_the_connection_with_an_error) {
  uint8_t octets[RING];

  open_and_listen();
  struct toe_conn *conn = accepted(2), *other = accepted(3);
  say(2, TOE_NTF_DATA, 1, 101);
  cr_expect_eq(toe_recv(conn, octets, 40, 0), 40);
  say(2, TOE_NTF_CONNECTED, 1, 1);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_ENGINE);
  cr_expect_eq(toe_recv(conn, octets, sizeof octets, 0), 60, "what was there is still there");
  cr_expect_eq(toe_conn_error(other), 0);
}

/* More octets than the ring holds; acknowledged what was never sent. */
Test(host_lies, impossible_numbers_end_the_connection_and_reach_no_other_memory) {
  static const struct {
    uint32_t snd_una, rcv_nxt;
  } lies[] = {{1, RING + 2}, {1, 0x40000000}, {1, 0x7fffffff}, {2, 1}, {RING, 1}, {0x7fffffff, 1}};
  uint8_t octets[2 * RING];

  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    setup();
    open_and_listen();
    struct toe_conn *conn = accepted(CONNS - 1);
    say(CONNS - 1, TOE_NTF_DATA | TOE_NTF_ROOM, lies[i].snd_una, lies[i].rcv_nxt);
    cr_expect_eq(toe_conn_error(conn), TOE_ERR_ENGINE, "lie %zu", i);
    cr_expect_leq(toe_recv_waiting(conn), RING);
    cr_expect_leq(toe_send_room(conn), RING);
    toe_recv(conn, octets, sizeof octets, 0);
    toe_send(conn, octets, sizeof octets, 0);
    cr_expect_leq(device.longest, RING);
    cr_expect_leq(device.memory_end, (uint64_t)2 * CONNS * RING);
    toe_close(engine);
  }
  engine = NULL;
}
