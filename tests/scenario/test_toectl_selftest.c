/* SPDX-License-Identifier: Apache-2.0
 *
 * Each step of toectl selftest on a simulated engine: passed when it is whole, failed with the
 * reason when what the step is about is broken on the way to it.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/tools/toectl/selftest.h"
#include "toe/toe_regs.h"

#define REG(name) ((uint32_t)offsetof(toe_regs_t, name))

/* What is wrong between host and engine; zero: nothing. */
static struct {
  uint32_t offset, xor_read; /* this register reads with these bits turned over */
  uint32_t clear_read;       /* and these 0 */
  uint32_t lost;             /* writes of this register are lost */
  uint64_t alias;            /* this address bit of buffer memory is not connected */
  uint8_t stuck;             /* these bits of all octets of buffer memory read 1 */
} fault;

static struct toe_transport real;
static struct subject subject;

static int faulty_reg_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  const int result = real.reg_read(ctx, offset, values, count);

  if (fault.offset >= offset && fault.offset < offset + 4 * count) {
    uint32_t *value = &values[(fault.offset - offset) / 4];
    *value = (*value ^ fault.xor_read) & ~fault.clear_read;
  }
  return result;
}

static int faulty_reg_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  if (fault.lost != 0 && fault.lost == offset && count == 1) return 0;
  return real.reg_write(ctx, offset, values, count);
}

static int faulty_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  const int result = real.mem_read(ctx, address & ~fault.alias, buf, len);

  for (size_t i = 0; i < len; i++) ((uint8_t *)buf)[i] |= fault.stuck;
  return result;
}

static int faulty_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  return real.mem_write(ctx, address & ~fault.alias, buf, len);
}

static void open_uri(const char *uri) {
  cr_assert_eq(toe_transport_open(uri, &real), 0, "%s", real.message);
  subject = (struct subject){.transport = real};
  subject.transport.reg_read = faulty_reg_read;
  subject.transport.reg_write = faulty_reg_write;
  subject.transport.mem_read = faulty_mem_read;
  subject.transport.mem_write = faulty_mem_write;
  memset(&fault, 0, sizeof fault);
}

static void setup(void) {
  open_uri("sim:check=1");
}

static void teardown(void) {
  memset(&fault, 0, sizeof fault);
  toe_close(subject.engine);
  real.close(real.ctx);
}

static void expect(enum outcome (*step)(struct subject *), enum outcome outcome,
                   const char *detail) {
  const enum outcome got = step(&subject);

  cr_expect_eq(got, outcome, "%d: %s", got, subject.detail);
  cr_expect_not_null(strstr(subject.detail, detail), "\"%s\" is not in \"%s\"", detail,
                     subject.detail);
}

/* Each step of them up to this one. */
static void pass_until(enum outcome (*last)(struct subject *)) {
  static enum outcome (*const steps[])(struct subject *) = {
      selftest_identity, selftest_registers, selftest_reset,
      selftest_key,      selftest_memory,    selftest_commands,
  };

  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    expect(steps[i], PASSED, "");
    if (steps[i] == last) return;
  }
}

Test(toectl_selftest, whole_engine_passes_and_has_no_loop, .init = setup, .fini = teardown) {
  pass_until(selftest_commands);
  expect(selftest_transmit, PASSED, "4 ARP requests");
  expect(selftest_loopback, SKIPPED, "nothing came back");
}

Test(toectl_selftest, loop_brings_each_frame_back, .init = setup, .fini = teardown) {
  teardown();
  open_uri("sim:loop=1");
  pass_until(selftest_commands);
  expect(selftest_transmit, PASSED, "");
  expect(selftest_loopback, PASSED, "each frame");
}

Test(toectl_selftest, loop_that_loses_is_seen, .init = setup, .fini = teardown) {
  teardown();
  open_uri("sim:loop=1,loss=30%,seed=1");
  pass_until(selftest_commands);
  expect(selftest_transmit, PASSED, "");
  expect(selftest_loopback, FAILED, "frames have left and");
}

Test(toectl_selftest, wrong_id_is_no_engine, .init = setup, .fini = teardown) {
  fault.offset = REG(ID);
  fault.xor_read = 1 << 4;
  expect(selftest_identity, FAILED, "ID is 0x4f544f55");
}

Test(toectl_selftest, other_register_map_is_refused, .init = setup, .fini = teardown) {
  fault.offset = REG(VERSION);
  fault.xor_read = UINT32_C(5) << TOE_REGS__VERSION__MAJOR_bp;
  expect(selftest_identity, FAILED, "register map 5, and this toectl knows 0");
}

Test(toectl_selftest, impossible_sizes_are_refused, .init = setup, .fini = teardown) {
  fault.offset = REG(DATA_WIDTH);
  fault.xor_read = 1;
  expect(selftest_identity, FAILED, "streams of 65 bits");
  fault.offset = REG(NUM_CONNS);
  expect(selftest_identity, FAILED, "1025 connections");
  fault.offset = REG(RX_RING_LOG2);
  fault.xor_read = 32;
  expect(selftest_identity, FAILED, "rings of 2^48 and 2^16");
  fault.offset = REG(SQ_DEPTH);
  expect(selftest_identity, FAILED, "96 commands and 256 completions");
}

Test(toectl_selftest, register_bit_that_turns_over_is_named, .init = setup, .fini = teardown) {
  pass_until(selftest_identity);
  fault.offset = REG(GATEWAY_IP);
  fault.xor_read = UINT32_C(1) << 31;
  expect(selftest_registers, FAILED, "register 0x0090 keeps");
}

Test(toectl_selftest, register_that_forgets_is_named, .init = setup, .fini = teardown) {
  pass_until(selftest_identity);
  fault.lost = REG(MIN_PMTU);
  expect(selftest_registers, FAILED, "register 0x00c8 keeps");
}

Test(toectl_selftest, configuration_is_put_back, .init = setup, .fini = teardown) {
  const uint32_t value = 0x0a0b0c0d;
  uint32_t after = 0;

  cr_assert_eq(real.reg_write(real.ctx, REG(LOCAL_IP), &value, 1), 0);
  pass_until(selftest_commands);
  toe_close(subject.engine);
  subject.engine = NULL;
  selftest_restore(&subject);
  cr_assert_eq(real.reg_read(real.ctx, REG(LOCAL_IP), &after, 1), 0);
  cr_expect_eq(after, value);
}

Test(toectl_selftest, reset_that_does_not_come_is_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_registers);
  fault.offset = REG(STATUS);
  fault.clear_read = TOE_REGS__STATUS__READY_bm;
  expect(selftest_reset, FAILED, "not ready after");
}

Test(toectl_selftest, reset_that_forgets_nothing_is_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_registers);
  fault.offset = REG(FREE_CONNS);
  fault.xor_read = 1;
  expect(selftest_reset, FAILED, "register 0x0050 is 0x00000401 after a soft reset");
}

Test(toectl_selftest, key_that_is_never_valid_is_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_reset);
  fault.lost = REG(HASH_KEY3);
  expect(selftest_key, FAILED, "key_valid is 0 after word 4 of 4");
}

Test(toectl_selftest, memory_bit_that_is_stuck_is_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_key);
  fault.stuck = 1 << 3;
  expect(selftest_memory, FAILED, "address 0x");
}

Test(toectl_selftest, memory_at_two_addresses_is_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_key);
  fault.alias = 1 << 26;
  expect(selftest_memory, FAILED, "holds 0x");
}

Test(toectl_selftest, commands_that_nobody_takes_are_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_memory);
  fault.lost = REG(SQ_TAIL);
  expect(selftest_commands, FAILED, "listen number 1: ");
}

Test(toectl_selftest, frames_that_do_not_leave_are_seen, .init = setup, .fini = teardown) {
  pass_until(selftest_commands);
  fault.lost = REG(SQ_TAIL);
  expect(selftest_transmit, FAILED, "0 of 4 ARP requests");
}
