/* SPDX-License-Identifier: Apache-2.0
 *
 * ARP: whom the engine answers and believes, and what it forgets.
 * tb: top=tb_tx widths=64,512 params=NumConns=16
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tx_arp_bench.h"

/* ---- Answers ------------------------------------------------------------------------------------
 */

Test(arp, enable_announces_the_address) {
  struct bench *b = bench_new(16, 16, 1500);

  run(b, 50);
  cr_assert_eq(b->arp_count, 0);
  cr_assert(*b->tb->idle_o);
  for (int i = 0; i < 2; i++) {
    *b->tb->enable_i = 1;
    run(b, 1);
    expect_arps(b, 1);
    check_request(&b->arps[0], LOCAL_IP);
    *b->tb->enable_i = 0;
    run(b, 50);
  }
  bench_delete(b);
}

Test(arp, request_for_us_is_answered) {
  struct bench *b = new_bench();

  request_from(b, PEER_IP, LOCAL_IP);
  expect_arps(b, 1);
  check_arp(&b->arps[0], mac_of(PEER_IP), 2, mac_of(PEER_IP), PEER_IP);
  bench_delete(b);
}

Test(arp, request_for_another_is_not_answered) {
  struct bench *b = new_bench();

  request_from(b, PEER_IP, PEER_IP + 1);
  answer(b, PEER_IP);
  expect_arps(b, 0);
  bench_delete(b);
}

/* More than the queue of headers holds, which is nine of them at 64 bits: the rest waits, while the
 * requests come slowly enough. */
Test(arp, answers_wait_for_a_closed_mac) {
  struct bench *b = new_bench();
  const uint32_t waiting = 24;

  b->mac_closed = true;
  for (uint32_t n = 0; n < waiting; n++) {
    request_from(b, PEER_IP + n, LOCAL_IP);
    run(b, 30);
  }
  b->mac_closed = false;
  expect_arps(b, waiting);
  bench_delete(b);
}

/* RFC 5227: a probe has no sender address yet.  It is answered; nothing is learnt from it. */
Test(arp, probe_is_answered_and_not_believed) {
  struct bench *b = new_bench();

  send_arp(b,
           &(struct arp_packet){
               .is_request = true, .sender_mac = PEER_MAC, .sender_ip = 0, .target_ip = LOCAL_IP});
  expect_arps(b, 1);
  check_arp(&b->arps[0], PEER_MAC, 2, PEER_MAC, 0);
  bench_delete(b);
}

/* ---- Whom to believe ----------------------------------------------------------------------------
 */

Test(arp, request_for_us_makes_the_sender_known) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  check_known(b, PEER_IP);
  bench_delete(b);
}

/* As many as the cache has entries. */
Test(arp, neighbours_in_a_row_are_known_together) {
  enum { NEIGHBOURS = 64 };
  const uint32_t first = (LOCAL_IP & NETMASK) | 0xa80;
  struct bench *b = new_bench();

  for (uint32_t n = 0; n < NEIGHBOURS; n++) make_known(b, first + n);
  for (uint32_t n = 0; n < NEIGHBOURS; n++) check_known(b, first + n);
  bench_delete(b);
}

struct stranger_case {
  const char why[32];
  struct arp_packet packet;
};

ParameterizedTestParameters(arp, unasked_packet_is_not_believed) {
  static struct stranger_case cases[] = {
      {"reply to another", {PEER_MAC, PEER_IP, PEER_IP + 1, false}},
      {"gratuitous request", {PEER_MAC, PEER_IP, PEER_IP, true}},
      {"request for another", {PEER_MAC, PEER_IP, PEER_IP + 1, true}},
      {"group address as sender", {BROADCAST, PEER_IP, LOCAL_IP, false}},
      {"our own MAC", {LOCAL_MAC, PEER_IP, LOCAL_IP, false}},
      {"no MAC", {0, PEER_IP, LOCAL_IP, false}},
  };
  return cr_make_param_array(struct stranger_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct stranger_case *c, arp, unasked_packet_is_not_believed) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(PEER_IP, 1, 0);

  send_arp(b, &c->packet);
  expect_arps(b, 0);
  send(b, &s);
  expect_arps(b, 1);
  check_request(&b->arps[0], PEER_IP);
  bench_delete(b);
}

/* Somebody else with our address: he is told, and his MAC is not taken for ours. */
Test(arp, our_own_address_is_not_learnt) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(LOCAL_IP, 1, 0);

  request_from(b, LOCAL_IP, LOCAL_IP);
  expect_arps(b, 1);
  check_arp(&b->arps[0], mac_of(LOCAL_IP), 2, mac_of(LOCAL_IP), LOCAL_IP);
  send(b, &s);
  run_to_idle(b);
  cr_assert_eq(b->frames, 3, "announcement, reply, question");
  bench_delete(b);
}

/* RFC 826: a packet of any kind from an address in the cache is news about it. */
Test(arp, known_sender_changes_its_mac) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(PEER_IP, 1, 0);

  make_known(b, PEER_IP);
  send_arp(b, &(struct arp_packet){.is_request = true,
                                   .sender_mac = PEER_MAC + 5,
                                   .sender_ip = PEER_IP,
                                   .target_ip = PEER_IP});
  expect_arps(b, 0);
  want_segment(b, &s, PEER_MAC + 5);
  send(b, &s);
  check_all_came(b);
  bench_delete(b);
}

/* Made-up senders who ask for us fill free places only: the fresh answers stay. */
Test(arp, flood_of_senders_pushes_out_no_fresh_answer) {
  struct bench *b = new_bench();
  const uint32_t friends = 4;

  for (uint32_t i = 0; i < friends; i++) {
    make_known(b, PEER_IP + 0x1000 * i);
  }
  for (uint32_t n = 0; n < 400; n++) {
    request_from(b, 0x0a008000 + n, LOCAL_IP);
    run(b, tb_random_below(&b->rng, 8));
    if (n % 20 == 0) {
      run_to_idle(b);
      b->arp_count = 0;
    }
  }
  run_to_idle(b);
  b->arp_count = 0;
  for (uint32_t i = 0; i < friends; i++) {
    check_known(b, PEER_IP + 0x1000 * i);
  }
  /* Our own questions find a place in a cache full of them. */
  const struct segment s = segment_to(0x0a00f123, 1, 0);
  want_segment(b, &s, mac_of(0x0a00f123));
  send(b, &s);
  expect_arps(b, 1);
  answer(b, 0x0a00f123);
  check_all_came(b);
  bench_delete(b);
}

ParameterizedTestParameters(arp, flood_at_wire_rate_does_not_stop_segments) {
  static bool many_senders[] = {false, true};
  return cr_make_param_array(bool, many_senders, 2);
}

/* A flood at the rate of the wire slows the segments, it does not stop them. */
ParameterizedTest(bool *many_senders, arp, flood_at_wire_rate_does_not_stop_segments) {
  struct bench *b = new_bench();
  uint32_t n = 0;

  b->mac_gate.pattern = TB_RANDOM; /* our answers alone would fill the wire */
  make_known(b, PEER_IP);
  const struct segment unknown = segment_to(PEER_IP + 1, 1, 0);
  send(b, &unknown);
  bool asked = false;
  const uint64_t start = b->cycle;
  while (n < 200) {
    cr_assert_lt(b->cycle - start, 200 * 80, "segments are stopped");
    if (!*b->tb->seg_valid_i) {
      const struct segment s = segment_to(PEER_IP, n, 0);
      want_segment(b, &s, mac_of(PEER_IP));
      offer(b, &s);
      n++;
    }
    request_from(b, PEER_IP + (*many_senders ? 0x4000 + (uint32_t)b->cycle : 0), LOCAL_IP);
    for (uint32_t i = 0; i < b->arp_count; i++) {
      asked = asked || frame_get16(&b->arps[i], 20) == 1;
    }
    b->arp_count = 0;
  }
  check_all_came(b);
  cr_assert(asked, "the flood kept our own question back");
  bench_delete(b);
}

Test(arp, disabling_forgets_everything) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(PEER_IP, 1, 0);

  make_known(b, PEER_IP);
  const struct segment waiting = segment_to(PEER_IP + 1, 1, 0);
  send(b, &waiting);
  expect_arps(b, 1);
  *b->tb->enable_i = 0;
  run(b, 40);
  set_now(b, b->now_us + SECOND);
  run(b, 40);
  cr_assert_eq(b->drops_disabled, 1, "the segment that waited");
  enable(b);
  send(b, &s);
  expect_arps(b, 1);
  bench_delete(b);
}

/* A short pause clears the cache as well: nothing old is found while the clearing goes on. */
Test(arp, nothing_is_found_before_the_cache_is_clear) {
  for (uint32_t set = 0; set < 16; set++) {
    struct bench *b = new_bench();
    const struct segment s = segment_to(PEER_IP + set, 1, 0);

    make_known(b, PEER_IP + set);
    *b->tb->enable_i = 0;
    run(b, 1);
    *b->tb->enable_i = 1;
    send(b, &s);
    run_to_idle(b);
    cr_assert_eq(b->frames, 4, "a question, and no segment");
    bench_delete(b);
  }
}

/* ---- Age ----------------------------------------------------------------------------------------
 */

Test(arp, old_answer_is_used_while_it_is_asked_for_again) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  set_now(b, b->now_us + 59 * SECOND);
  check_known(b, PEER_IP);
  set_now(b, b->now_us + 2 * SECOND);
  const struct segment s = segment_to(PEER_IP, 1, 0);
  want_segment(b, &s, mac_of(PEER_IP));
  send(b, &s);
  check_all_came(b);
  cr_assert_not(*b->tb->deadline_valid_o, "age matters only to who uses it");
  expect_arps(b, 1);
  check_request(&b->arps[0], PEER_IP);
  check_known(b, PEER_IP); /* not again within a second */
  answer(b, PEER_IP);
  run_to_idle(b);
  set_now(b, b->now_us + 30 * SECOND);
  check_known(b, PEER_IP);
  bench_delete(b);
}

/* However often: an answer makes up for the questions before it. */
Test(arp, old_answer_can_be_confirmed_for_ever) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  for (uint32_t n = 0; n < 6; n++) {
    set_now(b, b->now_us + 61 * SECOND);
    const struct segment s = segment_to(PEER_IP, n, 0);
    want_segment(b, &s, mac_of(PEER_IP));
    send(b, &s);
    expect_arps(b, 1);
    check_known(b, PEER_IP);
    answer(b, PEER_IP);
    check_all_came(b);
  }
  bench_delete(b);
}

Test(arp, old_answer_that_nobody_confirms_is_dropped) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  set_now(b, b->now_us + 61 * SECOND);
  for (uint32_t n = 0; n < 3; n++) {
    const struct segment s = segment_to(PEER_IP, n, 0);
    want_segment(b, &s, mac_of(PEER_IP));
    send(b, &s);
    check_all_came(b);
    expect_arps(b, 1);
    set_now(b, b->now_us + SECOND);
  }
  /* The next use finds three questions unanswered and asks afresh; who comes then has to wait. */
  const struct segment last = segment_to(PEER_IP, 3, 0);
  want_segment(b, &last, mac_of(PEER_IP));
  send(b, &last);
  check_all_came(b);
  expect_arps(b, 1);
  const struct segment waits = segment_to(PEER_IP, 4, 0);
  want_segment(b, &waits, mac_of(PEER_IP));
  send(b, &waits);
  run_to_idle(b);
  cr_assert_eq(b->wanted_head, 4, "sent to a MAC that is not believed any more");
  answer(b, PEER_IP);
  check_all_came(b);
  bench_delete(b);
}

/* Half the circle of the 40-bit clock: an entry must neither look fresh nor be beyond asking. */
Test(arp, very_old_answer_is_asked_for_again) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  set_now(b, b->now_us + (UINT64_C(7) << 37));
  const struct segment s = segment_to(PEER_IP, 1, 0);
  want_segment(b, &s, mac_of(PEER_IP));
  send(b, &s);
  check_all_came(b);
  expect_arps(b, 1);
  bench_delete(b);
}

/* ---- Doubt (RFC 9293 section 3.8.3, MUST-20) ----------------------------------------------------
 */

static void send_doubting(struct bench *b, uint32_t n) {
  struct segment s = segment_to(PEER_IP, n, 0);

  s.doubt = true;
  want_segment(b, &s, mac_of(PEER_IP));
  send(b, &s);
}

Test(arp, fresh_answer_that_is_doubted_is_used_and_asked_for_again) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  check_known(b, PEER_IP);
  send_doubting(b, 1);
  expect_arps(b, 1);
  check_request(&b->arps[0], PEER_IP);
  send_doubting(b, 2); /* once a second is enough */
  expect_arps(b, 0);
  answer(b, PEER_IP);
  check_known(b, PEER_IP);
  bench_delete(b);
}

Test(arp, doubted_answer_ends_after_three_questions) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  for (uint32_t n = 1; n <= 3; n++) {
    send_doubting(b, n);
    expect_arps(b, 1);
    set_now(b, b->now_us + SECOND);
  }
  send_doubting(b, 4);
  expect_arps(b, 1);
  set_now(b, b->now_us + SECOND);
  const struct segment s = segment_to(PEER_IP, 5, 0);
  send(b, &s); /* waits: there is no answer any more */
  expect_arps(b, 1);
  check_request(&b->arps[0], PEER_IP);
  bench_delete(b);
}
