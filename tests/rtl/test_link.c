/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_link, the frame layer of docs/link.md: one frame at a time, and what comes back.
 * tb: top=tb_link
 */
#include "link_peer.h"

#include <criterion/parameterized.h>

/* --- Sessions -------------------------------------------------------------------------------- */

Test(link_session, reset_is_answered_with_what_the_device_can) {
  peer_t *p = peer_new();

  cr_expect_not(*p->b->tb->session_o);
  begin_session(p, 1);
  cr_expect(*p->b->tb->session_o);
  expect_quiet(p);
  begin_session(p, 255);
  peer_delete(p);
}

Test(link_session, frames_before_the_first_are_answered_with_gone) {
  peer_t *p = peer_new();

  p->session = 9;
  ask_journal(p, 1);
  expect(p, GONE);
  say(p, ACK, NULL, 0);
  expect(p, GONE);
  say(p, NAK, NULL, 0);
  cr_expect_eq(expect(p, GONE)->nr, 0);
  expect_quiet(p);
  cr_expect_eq(p->b->journal_len, 0);
  peer_delete(p);
}

Test(link_session, host_of_before_is_told_that_it_is_gone) {
  peer_t *p = peer_in_session(7);

  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  begin_session(p, 8);
  p->session = 7;
  p->ns = 1;
  ask_journal(p, 2);
  expect(p, GONE);
  cr_expect_eq(p->b->journal_len, 1, "the old host does nothing any more");
  p->session = 8;
  p->ns = p->nr = 0;
  ask_journal(p, 3);
  expect_answer(p, WRITE_DONE, 0, DONE);
  peer_delete(p);
}

Test(link_session, gone_and_ready_of_a_host_mean_nothing) {
  peer_t *p = peer_in_session(7);

  say(p, GONE, NULL, 0);
  expect(p, NAK);
  p->session = 20;
  say(p, RESET, (const uint8_t *)"1234", 4); /* RESET has no message */
  p->session = 7;
  expect_quiet(p);
  ask_journal(p, 3);
  expect_answer(p, WRITE_DONE, 0, DONE);
  peer_delete(p);
}

Test(link_session, number_0_is_none) {
  peer_t *p = peer_new();

  p->session = 0;
  say(p, RESET, NULL, 0);
  say(p, ACK, NULL, 0);
  expect_quiet(p);
  cr_expect_not(*p->b->tb->session_o);
  peer_delete(p);
}

Test(link_session, reset_waits_for_the_request_under_way_and_drops_its_answer) {
  peer_t *p = peer_in_session(3);

  p->b->regs_stuck = true;
  ask_journal(p, 1);
  ask_journal(p, 2);
  ask_journal(p, 3);
  p->session = 4;
  say(p, RESET, NULL, 0);
  expect_quiet(p);
  p->b->regs_stuck = false;
  expect(p, READY);
  cr_expect_eq(p->b->journal_len, 1, "what waited is forgotten");
  expect_quiet(p);
  cr_expect_eq(p->b->journal_len, 1);
  p->ns = p->nr = 0;
  ask_journal(p, 4);
  expect_answer(p, WRITE_DONE, 0, DONE);
  cr_expect_eq(p->b->journal[1], 4);
  peer_delete(p);
}

Test(link_session, reset_waits_for_the_frame_that_goes_out) {
  peer_t *p = peer_in_session(3);

  p->deafness = 800;
  ask(p, READ, MEMORY, 64, NULL);
  peer_cycles(p, 300);
  p->session = 4;
  say(p, RESET, NULL, 0);
  cr_assert_eq(p->heard_first, p->heard_end);
  const frame_t *f = hear(p);
  cr_assert_not_null(f);
  cr_expect_eq(f->type, DATA);
  cr_expect_eq(f->session, 3, "a header is of one session");
  expect(p, READY);
  expect_quiet(p);
  peer_delete(p);
}

Test(link_session, repeated_reset_forgets_nothing) {
  peer_t *p = peer_new();

  *p->b->tb->irq_i = 1;
  begin_session(p, 5);
  expect_message(p, EVENT, 0, DONE); /* number 0, and the host has it */
  p->nr = 0;
  *p->b->tb->irq_i = 0;   /* a session that began anew would tell nothing, and number 0 be free */
  say(p, RESET, NULL, 0); /* had been said before READY came */
  expect(p, READY);
  const frame_t *f = expect(p, DATA);
  cr_expect_eq(f->ns, 0);
  cr_expect_eq(f->message[0], EVENT, "the same as before");
  p->nr = 1;
  ask_journal(p, 1);
  cr_expect_eq(expect(p, DATA)->ns, 1, "a number that the host has taken is not used again");
  peer_delete(p);
}

Test(link_session, same_number_of_another_host_begins_anew) {
  peer_t *p = peer_in_session(5);

  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  begin_session(p, 5);
  ask_journal(p, 2);
  expect_answer(p, WRITE_DONE, 0, DONE);
  cr_expect_eq(p->b->journal_len, 2);
  peer_delete(p);
}

/* --- Frames that are none -------------------------------------------------------------------- */

Test(link_frame, nothing_answers_nothing) {
  peer_t *p = peer_new();

  for (unsigned i = 0; i < 300; i++) say_octet(p, (uint8_t)(i % 0x7d)); /* before the first flag */
  begin_session(p, 1);
  for (unsigned i = 0; i < 20; i++) say_octet(p, FLAG);
  say_octet(p, 0x55); /* aborted */
  say_octet(p, ESCAPE);
  say_octet(p, FLAG);
  say_octet(p, ESCAPE);
  say_octet(p, FLAG);
  expect_quiet(p);
  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  peer_delete(p);
}

Test(link_frame, aborted_frame_is_nothing) {
  peer_t *p = peer_in_session(1);
  uint8_t line[LINE_MAX];
  const uint8_t octets[] = {DATA, 1, 0, 0, WRITE, 0, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
  const uint32_t n = frame_octets(octets, sizeof octets, 0, line);

  for (uint32_t i = 0; i < n - 1; i++) say_octet(p, line[i]);
  say_octet(p, ESCAPE);
  say_octet(p, FLAG);
  expect_quiet(p);
  cr_expect_eq(p->b->journal_len, 0);
  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  peer_delete(p);
}

/* Frames that may not be looked at: octets, and what is wrong. */
struct spoiled {
  char why[40];
  uint8_t octets[FRAME_MAX];
  uint32_t len, damage;
};

ParameterizedTestParameters(link_frame, spoiled_is_answered_with_nak_once) {
  static struct spoiled cases[] = {
      {"FCS", {ACK, 1, 0, 0}, 4, 1},
      {"last bit of FCS", {ACK, 1, 0, 0}, 4, UINT32_C(1) << 31},
      {"type 0", {0, 1, 0, 0}, 4, 0},
      {"type 7", {7, 1, 0, 0}, 4, 0},
      {"READY at the device", {READY, 1, 0, 0}, 4, 0},
      {"session 0", {ACK, 0, 0, 0}, 4, 0},
      {"ACK with a message", {ACK, 1, 0, 0, 9}, 5, 0},
      {"NAK with a message", {NAK, 1, 0, 0, 9}, 5, 0},
      {"short", {ACK, 1, 0}, 3, 0},
      {"one octet and FCS", {ACK}, 1, 0},
      {"DATA of 3 octets", {DATA, 1, 0, 0, WRITE, 0, 4}, 7, 0},
      {"DATA too long", {DATA, 1, 0, 0, WRITE, 0, 4}, 4 + 12 + MAX_DATA + 1, 0},
      {"DATA much too long", {DATA, 1, 0, 0, WRITE, 0, 4}, FRAME_MAX - 10, 0},
  };
  return cr_make_param_array(struct spoiled, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct spoiled *c, link_frame, spoiled_is_answered_with_nak_once) {
  peer_t *p = peer_in_session(1);

  for (unsigned i = 0; i < 3; i++) {
    say_raw(p, c->octets, c->len, c->damage);
    if (i == 0) cr_expect_eq(expect(p, NAK)->nr, 0, "%s", c->why);
    expect_quiet(p);
  }
  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  say_raw(p, c->octets, c->len, c->damage);
  cr_expect_eq(expect(p, NAK)->nr, 1, "%s, after DATA", c->why);
  peer_delete(p);
}

Test(link_frame, spoiled_before_the_first_session_is_not_answered) {
  peer_t *p = peer_new();

  say_raw(p, (const uint8_t[]){ACK, 1, 0, 0}, 4, 1);
  expect_quiet(p);
  peer_delete(p);
}

Test(link_frame, cut_frame_harms_no_other) {
  peer_t *p = peer_in_session(1);
  uint8_t line[LINE_MAX], octets[4 + 12 + MAX_DATA] = {DATA, 1, 0, 0, WRITE, 0, 0, 2};
  const uint32_t n = frame_octets(octets, sizeof octets, 0, line);

  /* So often that what was not taken would fill the buffer. */
  for (unsigned round = 0; round < 20; round++) {
    uint32_t end = n - 2 - round;
    while (line[end - 1] == ESCAPE) end--; /* that would abort it */
    for (uint32_t i = 0; i < end; i++) say_octet(p, line[i]);
    p->nr = 0;
    ask_journal(p, round);
    expect(p, NAK); /* the flag before the journal's frame ended the cut one */
    expect(p, DATA);
    begin_session(p, 1);
  }
  cr_expect_eq(p->b->journal_len, 20);
  peer_delete(p);
}

/* --- Numbers --------------------------------------------------------------------------------- */

Test(link_number, data_ahead_is_answered_with_nak_once) {
  peer_t *p = peer_in_session(1);

  p->ns = 1;
  ask_journal(p, 1);
  cr_expect_eq(expect(p, NAK)->nr, 0);
  ask_journal(p, 2);
  p->ns = 127;
  ask_journal(p, 3);
  expect_quiet(p);
  p->ns = 0;
  for (uint32_t i = 0; i < 4; i++) {
    ask_journal(p, 100 + i);
    expect_answer(p, WRITE_DONE, (uint8_t)i, DONE);
  }
  cr_expect_eq(p->b->journal_len, 4);
  p->ns = 5;
  ask_journal(p, 4);
  cr_expect_eq(expect(p, NAK)->nr, 4);
  peer_delete(p);
}

Test(link_number, nak_waits_for_what_has_come) {
  peer_t *p = peer_in_session(1);

  p->b->regs_stuck = true;
  ask_journal(p, 0);
  ask_journal(p, 1);
  p->ns = 3;
  ask_journal(p, 3);
  expect_quiet(p);
  p->b->regs_stuck = false;
  expect_answer(p, WRITE_DONE, 0, DONE);
  cr_expect_eq(expect(p, NAK)->nr, 2, "what is here is not asked for");
  expect_answer(p, WRITE_DONE, 1, DONE);
  peer_delete(p);
}

Test(link_number, data_behind_is_acknowledged_and_not_done_twice) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < 300; i++) {
    ask_journal(p, i);
    expect_answer(p, WRITE_DONE, (uint8_t)i, DONE);
  }
  for (uint8_t back = 1; back <= 128; back += 127) {
    p->ns = (uint8_t)(300 - back);
    ask_journal(p, 1000);
    cr_expect_eq(expect(p, ACK)->nr, (uint8_t)300);
  }
  expect_quiet(p);
  cr_assert_eq(p->b->journal_len, 300);
  for (uint32_t i = 0; i < 300; i++) cr_assert_eq(p->b->journal[i], i);
  peer_delete(p);
}

Test(link_number, request_counts_when_it_is_done) {
  peer_t *p = peer_in_session(1);

  p->b->regs_stuck = true;
  ask_journal(p, 1);
  p->ns = 0;
  ask_journal(p, 1);
  cr_expect_eq(expect(p, ACK)->nr, 0, "it is here, but nr is credit");
  p->b->regs_stuck = false;
  expect_answer(p, WRITE_DONE, 0, DONE);
  cr_expect_eq(p->b->journal_len, 1);
  peer_delete(p);
}

Test(link_number, frames_beyond_the_window_are_dropped) {
  peer_t *p = peer_in_session(1);
  static const uint8_t zeros[MAX_DATA];
  enum { ASKED = 12 };

  p->b->regs_stuck = true;
  ask_journal(p, 0);
  /* The most that the buffer holds, and more than a host may send. */
  for (unsigned i = 1; i < ASKED; i++) ask(p, WRITE, MEMORY, MAX_DATA, zeros);
  p->b->regs_stuck = false;
  for (const frame_t *f; (f = hear(p)) != NULL;) {
    if (f->type == NAK) continue;
    cr_assert_eq(f->type, DATA);
    cr_assert_eq(f->ns, p->nr);
    cr_assert_eq(f->message[2], DONE);
    p->nr++;
    say(p, ACK, NULL, 0);
  }
  cr_expect_geq(p->nr, WINDOW);
  cr_assert_lt(p->nr, ASKED, "more than the buffer holds was taken");
  p->ns = p->nr;
  while (p->ns != ASKED) {
    ask(p, WRITE, MEMORY, MAX_DATA, zeros);
    expect_answer(p, WRITE_DONE, (uint8_t)(p->ns - 1), DONE);
  }
  cr_expect_eq(p->b->journal_len, 1);
  peer_delete(p);
}

/* --- Sending --------------------------------------------------------------------------------- */

Test(link_send, window_is_never_exceeded) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < WINDOW; i++) ask_journal(p, i);
  for (uint32_t i = 0; i < WINDOW; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  p->nr = 0; /* nothing of it is acknowledged */
  for (uint32_t i = WINDOW; i < 2 * WINDOW; i++) ask_journal(p, i);
  expect_quiet(p);
  cr_expect_eq(p->b->journal_len, WINDOW, "nothing is done whose answer has no room");
  p->nr = 3;
  say(p, ACK, NULL, 0);
  p->nr = WINDOW;
  for (uint32_t i = WINDOW; i < WINDOW + 3; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  expect_quiet(p);
  cr_expect_eq(p->b->journal_len, WINDOW + 3);
  say(p, ACK, NULL, 0);
  for (uint32_t i = WINDOW + 3; i < 2 * WINDOW; i++)
    expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  peer_delete(p);
}

Test(link_send, everything_goes_again_after_100_ms) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < 3; i++) ask_journal(p, i);
  for (uint32_t i = 0; i < 3; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  cr_expect(*p->b->tb->deadline_valid_o);
  cr_expect_eq(*p->b->tb->deadline_us_o, *p->b->tb->now_us_i + RESEND_US);
  pass_time(p, RESEND_US - 1);
  expect_quiet(p);
  for (unsigned round = 0; round < 3; round++) {
    pass_time(p, round == 0 ? 1 : RESEND_US);
    for (uint8_t i = 0; i < 3; i++) {
      const frame_t *f = expect(p, DATA);
      cr_expect_eq(f->ns, i);
      cr_expect_eq(f->message[1], i);
      cr_expect_eq(f->nr, 3, "nr is the newest");
    }
    expect_quiet(p);
  }
  /* A sign of life starts the time again. */
  pass_time(p, RESEND_US - 1);
  p->nr = 1;
  say(p, ACK, NULL, 0);
  expect_quiet(p);
  pass_time(p, RESEND_US - 1);
  expect_quiet(p);
  pass_time(p, 1);
  cr_expect_eq(expect(p, DATA)->ns, 1);
  cr_expect_eq(expect(p, DATA)->ns, 2);
  p->nr = 3;
  say(p, ACK, NULL, 0);
  pass_time(p, 10 * RESEND_US);
  expect_quiet(p);
  cr_expect_not(*p->b->tb->deadline_valid_o);
  cr_expect(*p->b->tb->idle_o);
  peer_delete(p);
}

Test(link_send, nak_makes_it_go_back) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < 5; i++) ask_journal(p, i);
  for (uint32_t i = 0; i < 5; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  p->nr = 2;
  say(p, NAK, NULL, 0);
  for (uint32_t i = 2; i < 5; i++) expect_message(p, WRITE_DONE, (uint8_t)i, DONE);
  expect_quiet(p);
  p->nr = 5;
  say(p, NAK, NULL, 0);
  expect_quiet(p);
  peer_delete(p);
}

Test(link_send, nr_of_what_was_not_sent_is_not_looked_at) {
  peer_t *p = peer_in_session(1);

  ask_journal(p, 0);
  ask_journal(p, 1);
  expect_answer(p, WRITE_DONE, 0, DONE);
  expect_answer(p, WRITE_DONE, 1, DONE);
  const uint8_t wrong[] = {3, 4, 8, 130, 255};
  for (unsigned i = 0; i < sizeof wrong; i++) {
    p->nr = wrong[i];
    say(p, NAK, NULL, 0);
    say(p, ACK, NULL, 0);
  }
  expect_quiet(p);
  pass_time(p, RESEND_US);
  cr_expect_eq(expect(p, DATA)->ns, 0);
  cr_expect_eq(expect(p, DATA)->ns, 1);
  peer_delete(p);
}

Test(link_send, acknowledgement_overtakes_what_is_sent_again) {
  peer_t *p = peer_in_session(1);

  for (uint32_t i = 0; i < 4; i++) ask(p, READ, MEMORY, 200, NULL);
  for (uint32_t i = 0; i < 4; i++) expect_message(p, READ_DONE, (uint8_t)i, DONE);
  p->deafness = 200;
  p->nr = 0;
  say(p, NAK, NULL, 0); /* frame 0 begins again and is stuck */
  p->nr = 3;
  say(p, ACK, NULL, 0);
  cr_expect_eq(expect(p, DATA)->ns, 0);
  cr_expect_eq(expect(p, DATA)->ns, 3, "what has been acknowledged is not sent again");
  expect_quiet(p);
  peer_delete(p);
}

Test(link_send, numbers_and_buffers_wrap) {
  peer_t *p = peer_in_session(1);
  uint8_t data[MAX_DATA];

  p->hear_gate.pattern = TB_BURSTS;
  for (uint32_t i = 0; i < 600; i++) {
    const uint32_t len = 1 + tb_random_below(&p->b->rng, MAX_DATA);
    for (uint32_t k = 0; k < len; k++) data[k] = (uint8_t)tb_random(&p->b->rng);
    ask(p, WRITE, MEMORY | (i * 37 % 20000), len, data);
    expect_answer(p, WRITE_DONE, (uint8_t)(2 * i), DONE);
    ask(p, READ, MEMORY | (i * 37 % 20000), len, NULL);
    const frame_t *f = expect_answer(p, READ_DONE, (uint8_t)(2 * i + 1), DONE);
    cr_assert_eq(f->len, 4 + len);
    cr_assert_arr_eq(f->message + 4, data, len, "round %u", i);
  }
  peer_delete(p);
}
