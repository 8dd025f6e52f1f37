/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe: places in the submission ring, and sequence numbers, where they wrap.  The registers
 * behind it are an array; what an engine does with them is tested with an engine (tests/scenario).
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/src/internal.h"

struct registers {
  uint32_t words[0x10000 / 4];
  unsigned tail_writes;
};

static int array_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  memcpy(values, ((struct registers *)ctx)->words + offset / 4, 4 * count);
  return 0;
}

static int array_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  struct registers *registers = ctx;

  cr_assert_leq(offset + 4 * count, TOE_REG(SQ) + 4 * TOE_SQ_DEPTH * TOE_CMD_WORDS);
  memcpy(registers->words + offset / 4, values, 4 * count);
  registers->tail_writes += offset == TOE_REG(SQ_TAIL);
  return 0;
}

static struct registers registers;
static struct toe_engine engine;

static void start_at(uint16_t pointer) {
  memset(&registers, 0, sizeof registers);
  memset(&engine, 0, sizeof engine);
  engine.transport =
      (struct toe_transport){.ctx = &registers, .reg_read = array_read, .reg_write = array_write};
  engine.sq_tail = engine.sq_head = engine.sq_rung = pointer;
  registers.words[TOE_REG(SQ_HEAD) / 4] = pointer;
}

static const uint32_t *entry(uint16_t pointer) {
  return registers.words + TOE_REG(SQ) / 4 + (size_t)(pointer % TOE_SQ_DEPTH) * TOE_CMD_WORDS;
}

Test(host_rings, fields_of_a_command_go_to_their_words) {
  const struct command command = {.op = TOE_CMD_CONNECT,
                                  .flags = 0x5a,
                                  .conn = 0x1234,
                                  .user_timeout_us = 1,
                                  .remote_ip = 0x0a000001,
                                  .remote_port = 0x5678,
                                  .local_port = 0x9abc,
                                  .tag = 4,
                                  .value = 5,
                                  .opts = 7};
  const uint32_t expected[TOE_CMD_WORDS] = {0x12345a01, 1, 0x0a000001, 0x56789abc, 4, 5, 0, 7};

  start_at(0);
  cr_expect(sq_put(&engine, &command));
  cr_expect_eq(sq_ring(&engine), 0);
  cr_expect_arr_eq(entry(0), expected, sizeof expected);
  cr_expect_eq(registers.words[TOE_REG(SQ_TAIL) / 4], 1);
}

Test(host_rings, full_ring_takes_nothing_until_the_head_moves) {
  const uint16_t starts[] = {0, 1, 63, 65500, 65535};

  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
    const uint16_t start = starts[s];
    struct command command = {.op = TOE_CMD_SEND};
    start_at(start);
    for (uint32_t i = 0; i < TOE_SQ_DEPTH; i++) {
      command.value = i;
      cr_assert(sq_put(&engine, &command), "%u: %u", start, i);
    }
    cr_expect_not(sq_put(&engine, &command), "%u", start);
    cr_expect_eq(sq_ring(&engine), 0);
    cr_expect_eq(registers.tail_writes, 1);
    cr_expect_eq(registers.words[TOE_REG(SQ_TAIL) / 4], (uint16_t)(start + TOE_SQ_DEPTH));
    for (uint32_t i = 0; i < TOE_SQ_DEPTH; i++)
      cr_expect_eq(entry((uint16_t)(start + i))[TOE_CMD_VALUE_WORD], i, "%u: %u", start, i);

    registers.words[TOE_REG(SQ_HEAD) / 4] = (uint16_t)(start + 2);
    cr_expect(sq_put(&engine, &command));
    cr_expect(sq_put(&engine, &command));
    cr_expect_not(sq_put(&engine, &command));
  }
}

Test(host_rings, nothing_new_rings_no_bell) {
  start_at(9);
  cr_expect_eq(sq_ring(&engine), 0);
  cr_expect_eq(registers.tail_writes, 0);
}

Test(host_rings, sequence_numbers_are_compared_on_the_circle) {
  cr_expect(seq_lt(0, 1));
  cr_expect_not(seq_lt(1, 0));
  cr_expect_not(seq_lt(7, 7));
  cr_expect(seq_lt(0xffffffff, 0));
  cr_expect(seq_lt(0xfffffff0, 0x10));
  cr_expect_not(seq_lt(0x10, 0xfffffff0));
  cr_expect(seq_lt(0x80000000, 0xffffffff));
}

static void thread(struct link *head, struct link *links, int count) {
  list_init(head);
  for (int i = 0; i < count; i++) list_append(head, &links[i]);
}

Test(host_rings, list_keeps_its_order_and_removes_once) {
  struct link head, links[3] = {{0}};

  thread(&head, links, 3);
  list_remove(&links[1]);
  list_remove(&links[1]);
  cr_expect_not(list_linked(&links[1]));
  cr_expect_eq(head.next, &links[0]);
  cr_expect_eq(links[0].next, &links[2]);
  list_remove(&links[0]);
  list_remove(&links[2]);
  cr_expect(list_empty(&head));
}
