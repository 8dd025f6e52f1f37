/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_link, the message layer of docs/link.md: what requests do, and what the device tells.
 * tb: top=tb_link
 */
#include "link_peer.h"

#include <criterion/parameterized.h>

/* --- Requests -------------------------------------------------------------------------------- */

Test(link_request, registers_are_reached_once_in_ascending_order) {
  peer_t *p = peer_in_session(1);
  uint32_t values[MAX_DATA / 4];

  p->b->reg_gate.pattern = TB_RANDOM;
  for (uint32_t i = 0; i < MAX_DATA / 4; i++) values[i] = 0x7e7d0000 + i * 0x01010101;
  /* 0x8000 + 0x1000 - 256 on crosses 4 KiB. */
  ask(p, WRITE, 0x8f00, MAX_DATA, values);
  expect_answer(p, WRITE_DONE, 0, DONE);
  cr_expect_arr_eq(p->b->regs + 0x8f00 / 4, values, MAX_DATA);
  ask(p, READ, 0x8f00, MAX_DATA, NULL);
  const frame_t *f = expect_answer(p, READ_DONE, 1, DONE);
  cr_expect_eq(f->len, 4 + MAX_DATA);
  cr_expect_arr_eq(f->message + 4, values, MAX_DATA);
  cr_expect_eq(p->b->reg_reads, MAX_DATA / 4);
  peer_delete(p);
}

Test(link_request, memory_takes_any_place_and_length) {
  peer_t *p = peer_in_session(1);
  static uint8_t memory[MEM_OCTETS];
  uint8_t data[MAX_DATA] = {0};

  /* All of it, so that every octet is known. */
  for (uint32_t at = 0; at < MEM_OCTETS; at += MAX_DATA) {
    for (uint32_t i = 0; i < MAX_DATA; i++) memory[at + i] = (uint8_t)tb_random(&p->b->rng);
    ask(p, WRITE, MEMORY | at, MAX_DATA, memory + at);
    expect_message(p, WRITE_DONE, (uint8_t)(p->ns - 1), DONE);
  }
  for (uint32_t i = 0; i < 800; i++) {
    const uint32_t len = 1 + tb_random_below(&p->b->rng, i % 4 == 0 ? MAX_DATA : 20);
    uint32_t at = tb_random_below(&p->b->rng, MEM_OCTETS - len + 1);
    if (i % 3 == 0) at = 4096 * (1 + i / 3 % 5) - 1 - tb_random_below(&p->b->rng, len);
    if (i % 50 == 49) at = MEM_OCTETS - len;
    for (uint32_t k = 0; k < len; k++) data[k] = (uint8_t)tb_random(&p->b->rng);
    memcpy(memory + at, data, len);
    ask(p, WRITE, MEMORY | at, len, data);
    expect_message(p, WRITE_DONE, (uint8_t)(p->ns - 1), DONE);
    /* A little more than was written. */
    const uint32_t from = at > 9 ? at - 9 : 0;
    uint32_t count = len + 18 > MAX_DATA ? MAX_DATA : len + 18;
    if (count > MEM_OCTETS - from) count = MEM_OCTETS - from;
    ask(p, READ, MEMORY | from, count, NULL);
    const frame_t *f = expect_message(p, READ_DONE, (uint8_t)(p->ns - 1), DONE);
    cr_assert_eq(f->len, 4 + count);
    cr_assert_arr_eq(f->message + 4, memory + from, count, "%u octets at %u", len, at);
  }
  peer_delete(p);
}

/* Requests that change nothing. */
struct refused {
  char why[40];
  uint64_t address;
  uint32_t length; /* as the message says */
  uint32_t octets; /* of data that come */
  uint8_t op, status;
};

ParameterizedTestParameters(link_request, refused_changes_nothing) {
  static struct refused cases[] = {
      {"op 0", 0x100, 4, 4, 0, NO_SENSE},
      {"op of an answer", 0x100, 4, 4, WRITE_DONE, NO_SENSE},
      {"no octets", MEMORY, 0, 0, WRITE, NO_SENSE},
      {"read of no octets", MEMORY, 0, 0, READ, NO_SENSE},
      {"read of too many", MEMORY, MAX_DATA + 4, 0, READ, NO_SENSE},
      {"read of very many", MEMORY, 0x8004, 0, READ, NO_SENSE},
      {"length above the data", MEMORY, 9, 8, WRITE, NO_SENSE},
      {"length below the data", MEMORY, 7, 8, WRITE, NO_SENSE},
      {"length far above the data", MEMORY, 0x408, 8, WRITE, NO_SENSE},
      {"read with data", MEMORY, 8, 8, READ, NO_SENSE},
      {"odd register", 0x102, 4, 4, WRITE, NO_SENSE},
      {"odd length of registers", 0x100, 6, 6, WRITE, NO_SENSE},
      {"odd register read", 0x101, 4, 0, READ, NO_SENSE},
      {"register beyond the end", 0x10000, 4, 4, WRITE, NO_ADDRESS},
      {"register far beyond the end", UINT64_C(1) << 38 | 0x100, 4, 4, WRITE, NO_ADDRESS},
      {"registers across the end", 0xfffc, 8, 8, WRITE, NO_ADDRESS},
      {"register read beyond the end", 0x10000, 4, 0, READ, NO_ADDRESS},
      {"memory beyond the end", MEMORY | MEM_OCTETS, 1, 1, WRITE, NO_ADDRESS},
      {"memory across the end", MEMORY | (MEM_OCTETS - 3), 4, 4, WRITE, NO_ADDRESS},
      {"memory far beyond the end", MEMORY | 0x10000, 4, 4, WRITE, NO_ADDRESS},
      {"memory read across the end", MEMORY | (MEM_OCTETS - 7), 8, 0, READ, NO_ADDRESS},
      {"address bit 40", UINT64_C(1) << 40 | 0x100, 4, 4, WRITE, NO_ADDRESS},
      {"address bit 63", UINT64_C(1) << 63 | MEMORY, 4, 4, WRITE, NO_ADDRESS},
  };
  return cr_make_param_array(struct refused, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct refused *c, link_request, refused_changes_nothing) {
  peer_t *p = peer_in_session(1);
  static const uint8_t old[16] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
  uint8_t message[FRAME_MAX] = {c->op, 1, (uint8_t)c->length, (uint8_t)(c->length >> 8)};

  ask(p, WRITE, MEMORY | (MEM_OCTETS - 16), 16, old);
  expect_message(p, WRITE_DONE, 0, DONE);
  for (unsigned i = 0; i < 8; i++) message[4 + i] = (uint8_t)(c->address >> 8 * i);
  memset(message + 12, 0x33, c->octets);
  say(p, DATA, message, 12 + c->octets);
  const frame_t *f = expect_answer(p, c->op == WRITE ? WRITE_DONE : READ_DONE, 1, c->status);
  cr_expect_eq(f->len, 4, "%s", c->why);
  cr_expect_eq(p->b->journal_len, 0, "%s", c->why);
  cr_expect_eq(p->b->reg_reads, 0, "%s", c->why);
  ask(p, READ, MEMORY | (MEM_OCTETS - 16), 16, NULL);
  cr_expect_arr_eq(expect_answer(p, READ_DONE, 2, DONE)->message + 4, old, 16, "%s", c->why);
  peer_delete(p);
}

Test(link_request, short_message_makes_no_sense) {
  peer_t *p = peer_in_session(1);

  for (uint32_t len = 4; len < 12; len++) {
    const uint8_t message[12] = {READ, (uint8_t)(len - 4), 4, 0};
    say(p, DATA, message, len);
    expect_answer(p, READ_DONE, (uint8_t)(len - 4), NO_SENSE);
  }
  ask_journal(p, 5);
  expect_answer(p, WRITE_DONE, 8, DONE);
  cr_expect_eq(p->b->journal[0], 5, "the rest of a message is not the next one's");
  peer_delete(p);
}

Test(link_request, refused_by_the_register_is_no_address) {
  peer_t *p = peer_in_session(1);

  *p->b->tb->axil_rresp_i = 2;
  ask(p, READ, 0x40, 8, NULL);
  cr_expect_eq(expect_answer(p, READ_DONE, 0, NO_ADDRESS)->len, 4);
  *p->b->tb->axil_rresp_i = 0;
  *p->b->tb->axil_bresp_i = 2;
  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 1, NO_ADDRESS);
  *p->b->tb->axil_bresp_i = 0;
  ask(p, READ, 0x40, 8, NULL);
  cr_expect_eq(expect_answer(p, READ_DONE, 2, DONE)->len, 12);
  peer_delete(p);
}

Test(link_request, every_octet_value_passes_both_ways) {
  peer_t *p = peer_in_session(ESCAPE); /* and a header that has to be escaped */
  uint8_t data[256];

  for (unsigned i = 0; i < 256; i++) data[i] = (uint8_t)i;
  ask(p, WRITE, MEMORY | 1, 256, data);
  expect_answer(p, WRITE_DONE, 0, DONE);
  ask(p, READ, MEMORY | 1, 256, NULL);
  cr_expect_arr_eq(expect_answer(p, READ_DONE, 1, DONE)->message + 4, data, 256);
  cr_expect_geq(p->escapes, 5, "both values and three headers");
  peer_delete(p);
}

ParameterizedTestParameters(link_request, streams_may_stall) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

ParameterizedTest(tb_pattern_t *pattern, link_request, streams_may_stall) {
  peer_t *p = peer_in_session(1);
  uint8_t data[300];

  p->say_gate.pattern = *pattern;
  p->hear_gate.pattern = (tb_pattern_t)((*pattern + 1) % TB_PATTERN_COUNT);
  p->b->reg_gate.pattern = (tb_pattern_t)((*pattern + 2) % TB_PATTERN_COUNT);
  for (uint32_t i = 0; i < 60; i += 3) {
    for (unsigned k = 0; k < sizeof data; k++) data[k] = (uint8_t)tb_random(&p->b->rng);
    ask(p, WRITE, MEMORY | (i * 5), sizeof data, data);
    ask_journal(p, i);
    ask(p, READ, MEMORY | (i * 5), sizeof data, NULL);
    expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
    expect_message(p, WRITE_DONE, (uint8_t)(i + 1), DONE);
    cr_assert_arr_eq(expect_message(p, READ_DONE, (uint8_t)(i + 2), DONE)->message + 4, data,
                     sizeof data);
  }
  cr_expect_eq(p->b->journal_len, 20);
  peer_delete(p);
}

/* A beat of the port for four octets of the line, and not more than five cycles for it. */
Test(link_request, line_is_carried_at_four_fifths_of_the_clock) {
  peer_t *p = peer_in_session(1);
  static const uint8_t data[MAX_DATA] = {1};
  enum { ROUNDS = 20 };

  const uint64_t start = p->b->tb->cycles;
  for (uint8_t i = 0; i <= ROUNDS; i++) {
    if (i != ROUNDS) {
      ask(p, WRITE, MEMORY, MAX_DATA, data);
      ask(p, READ, MEMORY, MAX_DATA, NULL);
    }
    if (i == 0) continue;
    expect_message(p, WRITE_DONE, (uint8_t)(2 * i - 2), DONE);
    expect_message(p, READ_DONE, (uint8_t)(2 * i - 1), DONE);
  }
  const uint64_t cycles = p->b->tb->cycles - start;
  cr_expect_lt(cycles, ROUNDS * 2 * (MAX_DATA * 5 / 4 + 100), "%lu cycles", cycles);
  peer_delete(p);
}

/* --- Events ---------------------------------------------------------------------------------- */

Test(link_event, flag_that_rises_is_told_once) {
  peer_t *p = peer_in_session(1);

  for (unsigned round = 0; round < 3; round++) {
    *p->b->tb->irq_i = 1;
    const frame_t *f = expect_message(p, EVENT, 0, DONE);
    cr_expect_eq(f->len, 4);
    cr_expect_eq(f->message[3], 1);
    cr_expect_eq(f->nr, 0, "an event is not the answer to anything");
    say(p, ACK, NULL, 0);
    expect_quiet(p);
    *p->b->tb->irq_i = 0;
    expect_quiet(p);
  }
  peer_delete(p);
}

Test(link_event, answers_show_the_flag_as_the_request_left_it) {
  peer_t *p = peer_in_session(1);
  const uint32_t any = 0;

  *p->b->tb->irq_i = 1;
  expect_message(p, EVENT, 0, DONE);
  ask_journal(p, 1);
  cr_expect_eq(expect_answer(p, WRITE_DONE, 0, DONE)->message[3], 1);
  ask(p, WRITE, FLAG_DOWN, 4, &any);
  cr_expect_eq(expect_answer(p, WRITE_DONE, 1, DONE)->message[3], 0);
  ask(p, READ, MEMORY, 8, NULL);
  cr_expect_eq(expect_answer(p, READ_DONE, 2, DONE)->message[3], 0);
  expect_quiet(p);
  *p->b->tb->irq_i = 1;
  expect_message(p, EVENT, 0, DONE);
  peer_delete(p);
}

Test(link_event, answer_that_shows_it_is_told_for_it) {
  peer_t *p = peer_in_session(1);

  p->b->regs_stuck = true;
  ask_journal(p, 1);
  peer_cycles(p, 200);
  *p->b->tb->irq_i = 1;
  p->b->regs_stuck = false;
  cr_expect_eq(expect_answer(p, WRITE_DONE, 0, DONE)->message[3], 1);
  expect_quiet(p);
  peer_delete(p);
}

Test(link_event, flag_that_is_up_is_told_to_a_new_host) {
  peer_t *p = peer_new();

  *p->b->tb->irq_i = 1;
  expect_quiet(p);
  for (uint8_t session = 1; session < 4; session++) {
    begin_session(p, session);
    expect_message(p, EVENT, 0, DONE);
    ask_journal(p, 1);
    expect_answer(p, WRITE_DONE, 0, DONE);
  }
  peer_delete(p);
}

Test(link_event, event_waits_for_room_in_the_window) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < WINDOW; i++) ask_journal(p, i);
  for (uint32_t i = 0; i < WINDOW; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  *p->b->tb->irq_i = 1;
  expect_quiet(p);
  say(p, ACK, NULL, 0);
  expect_message(p, EVENT, 0, DONE);
  peer_delete(p);
}

Test(link_event, event_is_sent_again_like_any_other) {
  peer_t *p = peer_in_session(1);

  *p->b->tb->irq_i = 1;
  expect_message(p, EVENT, 0, DONE);
  p->nr = 0;
  say(p, NAK, NULL, 0);
  expect_message(p, EVENT, 0, DONE);
  pass_time(p, RESEND_US);
  p->nr = 0;
  expect_message(p, EVENT, 0, DONE);
  say(p, ACK, NULL, 0);
  pass_time(p, RESEND_US);
  expect_quiet(p);
  peer_delete(p);
}
