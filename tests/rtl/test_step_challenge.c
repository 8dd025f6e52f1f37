/* SPDX-License-Identifier: Apache-2.0
 *
 * step(): how often it answers what it refuses.
 * tb: top=tb_step
 */
#include "step_bench.h"

enum { SPAN_US = 1 << 19 };

/* A connection at the beginning of a span. */
static bench_t at_span(void) {
  bench_t b = established();

  b.now_us = (b.now_us / SPAN_US + 1) * SPAN_US;
  return b;
}

/* Challenge ACKs for @p count segments like this one. */
static unsigned answers_to(bench_t *b, seg_t seg, unsigned count) {
  unsigned answers = 0;

  for (unsigned i = 0; i < count; i++) {
    rx_only_segment(b, seg);
    cr_assert(b->act.drop_valid);
    cr_assert_eq(b->act.tx_valid, b->act.tx.flags.ack);
    answers += b->act.tx_valid;
    b->sent_count = b->expected_count = 0;
  }
  return answers;
}

static void is_limited(seg_t seg) {
  bench_t b = at_span();
  unsigned first = 0;

  for (unsigned span = 0; span < 8; span++) {
    const unsigned answers = answers_to(&b, seg, 100);
    cr_assert(answers >= 4 && answers <= 7, "%u answers in a span", answers);
    if (span == 0) first = answers;
    b.now_us += SPAN_US;
    if (span == 1) cr_assert_neq(answers, first, "the limit is the same in two spans");
  }
}

Test(challenge, rst_in_the_window_is_limited) {
  is_limited((seg_t){.flags = "R", .seq = 2});
}

Test(challenge, syn_is_limited) {
  is_limited((seg_t){.flags = "S", .seq = 1});
}

Test(challenge, syn_with_text_is_limited) {
  is_limited((seg_t){.flags = "S", .seq = 5, .len = 10});
}

Test(challenge, ack_of_what_was_never_sent_is_limited) {
  is_limited((seg_t){.flags = "A", .seq = 1, .ack = 1000, .len = 10});
}

Test(challenge, empty_segment_outside_the_window_is_limited) {
  is_limited((seg_t){.flags = "A", .seq = 1u << 30, .ack = 1});
}

Test(challenge, all_kinds_share_the_limit) {
  bench_t b = at_span();
  unsigned answers = answers_to(&b, (seg_t){.flags = "R", .seq = 2}, 3);

  answers += answers_to(&b, (seg_t){.flags = "S", .seq = 1}, 3);
  answers += answers_to(&b, (seg_t){.flags = "A", .seq = 1, .ack = 1000}, 3);
  answers += answers_to(&b, (seg_t){.flags = "A", .seq = 1u << 30, .ack = 1}, 3);
  cr_expect(answers >= 4 && answers <= 7, "%u answers", answers);
}

/* What it repeats may be repeated because our ACK was lost. */
Test(challenge, text_and_fin_are_answered_however_often) {
  bench_t b = at_span();

  answers_to(&b, (seg_t){.flags = "R", .seq = 2}, 100);
  cr_expect_eq(answers_to(&b, (seg_t){.flags = "A", .seq = -10u, .ack = 1, .len = 10}, 50), 50);
  cr_expect_eq(answers_to(&b, (seg_t){.flags = "FA", .seq = -10u, .ack = 1}, 50), 50);
  cr_expect_eq(answers_to(&b, (seg_t){.flags = "R", .seq = 2}, 10), 0, "they gave others room");
}

/* Two ends that do not agree about their numbers, each with a limit of its own. */
Test(challenge, two_ends_do_not_keep_each_other_awake) {
  bench_t a = at_span(), b = at_span();
  unsigned bounced = 0;

  b.tcb.rcv_nxt += 1u << 30;
  b.tcb.rcv_adv += 1u << 30;
  b.tcb.rcv_read += 1u << 30;
  rx_only(&a, "A", .seq = 1u << 30, .ack = 1);
  for (bool to_b = true; (to_b ? a : b).act.tx_valid; to_b = !to_b) {
    bench_t *from = to_b ? &a : &b, *to = to_b ? &b : &a;
    cr_assert_lt(++bounced, 20, "it never ends");
    const seg_t ack = {.flags = "A", .seq = to_b ? 1 : 1u << 29, .ack = 1};
    from->sent_count = 0;
    rx_only_segment(to, ack);
  }
}

Test(challenge, connections_have_limits_of_their_own) {
  bench_t a = at_span(), b = at_span();

  answers_to(&a, (seg_t){.flags = "R", .seq = 2}, 100);
  cr_expect_geq(answers_to(&b, (seg_t){.flags = "R", .seq = 2}, 100), 4);
}

Test(challenge, muted_segment_of_no_connection_gets_no_rst) {
  bench_t b = established();

  b.ev = (rtl_tcb_event_t){.kind = EvNoConn, .seg = wire_segment(&b, (seg_t){.flags = "S"})};
  run_event(&b);
  cr_expect(b.act.tx_valid && b.act.tx.flags.rst);
  b.ev.muted = 1;
  run_event(&b);
  cr_expect_not(b.act.tx_valid);
  cr_expect_eq(b.act.drop, DropNoConn);
}
