/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments whose next hop has no address yet: whom the engine asks, what waits, what is given up.
 * tb: top=tb_tx widths=64,512 params=NumConns=16
 */
#include <criterion/criterion.h>

#include "tx_arp_bench.h"

Test(arp_hold, unknown_next_hop_is_asked_and_segments_follow_in_order) {
  struct bench *b = new_bench();

  for (uint32_t n = 0; n < 10; n++) {
    const struct segment s = segment_to(PEER_IP, n, n % 2 == 0 ? 0 : 300);
    want_segment(b, &s, mac_of(PEER_IP));
    send(b, &s);
  }
  run(b, 300);
  cr_assert_eq(b->arp_count, 1, "one question for ten segments");
  check_request(&b->arps[0], PEER_IP);
  cr_assert_eq(b->wanted_head, 0);
  cr_assert(*b->tb->idle_o, "waiting for an answer is not work");
  cr_assert(*b->tb->deadline_valid_o);
  b->arp_count = 0;
  answer(b, PEER_IP);
  check_all_came(b);
  cr_assert_not(*b->tb->deadline_valid_o, "a filled cache needs no timer");
  check_known(b, PEER_IP);
  bench_delete(b);
}

Test(arp_hold, far_destination_asks_for_the_gateway) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(0x08080808, 1, 100);

  want_segment(b, &s, mac_of(GATEWAY_IP));
  send(b, &s);
  expect_arps(b, 1);
  check_request(&b->arps[0], GATEWAY_IP);
  answer(b, GATEWAY_IP);
  check_all_came(b);
  const struct segment other = segment_to(0x01010101, 2, 0);
  want_segment(b, &other, mac_of(GATEWAY_IP));
  send(b, &other);
  check_all_came(b);
  expect_arps(b, 0);
  bench_delete(b);
}

Test(arp_hold, far_destination_without_gateway_is_dropped) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(0x08080808, 1, 100);

  *b->tb->gateway_ip_i = 0;
  send(b, &s);
  expect_arps(b, 0);
  cr_assert_eq(b->drops_no_arp, 1);
  bench_delete(b);
}

/* LESSONS 16: the failure of one peer delays no other. */
Test(arp_hold, silent_peer_delays_no_other) {
  struct bench *b = new_bench();

  make_known(b, PEER_IP);
  for (uint32_t n = 0; n < 40; n++) {
    const struct segment lost = segment_to(PEER_IP + 1, n, 100);
    send(b, &lost);
    const struct segment s = segment_to(PEER_IP, n, 100);
    want_segment(b, &s, mac_of(PEER_IP));
    const uint64_t offered = b->cycle;
    send(b, &s);
    while (b->wanted_head != b->wanted_tail) {
      cycle(b);
    }
    cr_assert_lt(b->cycle - offered, 150, "delayed");
  }
  /* A third peer finds a place, too, though the silent one has filled its share. */
  const struct segment third = segment_to(PEER_IP + 2, 7, 100);
  want_segment(b, &third, mac_of(PEER_IP + 2));
  send(b, &third);
  expect_arps(b, 2);
  answer(b, PEER_IP + 2);
  check_all_came(b);
  cr_assert_gt(b->drops_arp_full, 0);
  cr_assert_eq(b->drops_no_arp, 0);
  bench_delete(b);
}

Test(arp_hold, silent_peer_is_asked_three_times_then_given_up) {
  struct bench *b = new_bench();
  const uint64_t start_us = b->now_us;

  for (uint32_t n = 0; n < 4; n++) {
    const struct segment s = segment_to(PEER_IP, n, 100);
    send(b, &s);
  }
  uint64_t asked_us[8] = {0};
  uint32_t asked = 0;
  run_to_idle(b);
  while (*b->tb->deadline_valid_o) {
    for (; asked < b->arp_count; asked++) {
      check_request(&b->arps[asked], PEER_IP);
      asked_us[asked] = b->now_us;
    }
    cr_assert_leq(*b->tb->deadline_us_o - b->now_us, SECOND);
    set_now(b, *b->tb->deadline_us_o);
    run(b, 2);
    run_to_idle(b);
  }
  cr_assert_eq(asked, 3);
  cr_assert_eq(b->arp_count, 3);
  for (uint32_t i = 1; i < 3; i++) {
    cr_assert_geq(asked_us[i] - asked_us[i - 1], SECOND);
    cr_assert_leq(asked_us[i] - asked_us[i - 1], SECOND * 3 / 2);
  }
  cr_assert_eq(b->drops_no_arp, 4);
  cr_assert_geq(b->now_us - start_us, 3 * SECOND);
  cr_assert_leq(b->now_us - start_us, SECOND * 7 / 2);
  cr_assert_eq(b->frames, 4, "announcement and questions only");
  bench_delete(b);
}

/* The clock may jump past everything at once. */
Test(arp_hold, jump_of_the_clock_gives_up_at_once) {
  struct bench *b = new_bench();
  const struct segment s = segment_to(PEER_IP, 1, 100);

  send(b, &s);
  expect_arps(b, 1);
  set_now(b, b->now_us + 3600 * SECOND);
  run(b, 2);
  run_to_idle(b);
  cr_assert_eq(b->drops_no_arp, 1);
  cr_assert_not(*b->tb->deadline_valid_o);
  bench_delete(b);
}

Test(arp_hold, segment_that_finds_no_place_is_asked_for_all_the_same) {
  struct bench *b = new_bench();

  for (uint32_t n = 0; n < 20; n++) {
    const struct segment s = segment_to(PEER_IP + n, n, 0);
    send(b, &s);
    run_to_idle(b);
  }
  cr_assert_eq(b->drops_arp_full, 4, "sixteen places");
  expect_arps(b, 20);
  answer(b, PEER_IP + 19);
  run_to_idle(b);
  check_known(b, PEER_IP + 19);
  bench_delete(b);
}

/* Answers come at any moment, while segments come all the time: the order stays. */
Test(arp_hold, answer_at_any_moment_keeps_the_order) {
  for (uint32_t delay = 0; delay < 120; delay++) {
    struct bench *b = new_bench();
    const bool unasked = delay % 2 != 0; /* a request from the peer, perhaps before we ask */
    uint32_t n = 0;

    b->mac_gate.pattern = delay % 3 == 0 ? TB_RANDOM : TB_ALWAYS;
    const uint64_t start = b->cycle;
    bool told = false;
    for (uint32_t i = 0; i < 120 + delay; i++) {
      if (!*b->tb->seg_valid_i && n - b->wanted_head < 12) {
        struct segment s = segment_to(PEER_IP, n, n % 4 == 3 ? 50 : 0);
        want_segment(b, &s, mac_of(PEER_IP));
        offer(b, &s);
        n++;
      }
      set_now(b, b->now_us + 1);
      if (!told && b->cycle - start >= delay / 4) {
        told = true;
        if (unasked) {
          request_from(b, PEER_IP, LOCAL_IP);
        } else {
          answer(b, PEER_IP);
        }
      } else {
        cycle(b);
      }
    }
    run_to_idle(b);
    if (*b->tb->deadline_valid_o) {
      answer(b, PEER_IP); /* the first one came before the question */
    }
    check_all_came(b);
    uint32_t questions = 0;
    for (uint32_t i = 0; i < b->arp_count; i++) {
      questions += frame_get16(&b->arps[i], 20) == 1;
    }
    cr_assert_leq(questions, 1, "asked again at once");
    cr_assert_gt(n, 11);
    cr_assert_eq(b->drops_arp_full, 0);
    bench_delete(b);
  }
}

/* Without a pause between the segments of others, an answer is heard, and who waited goes. */
Test(arp_hold, answer_is_heard_while_segments_keep_coming) {
  struct bench *b = new_bench();
  const struct segment waits = segment_to(PEER_IP, 1, 0);
  bool answered = false;

  send(b, &waits);
  expect_arps(b, 1);
  const uint64_t start = b->cycle;
  while (!answered || b->aside_wanted) {
    cr_assert_lt(b->cycle - start, 2000, "never heard");
    if (!*b->tb->seg_valid_i) {
      struct segment s = segment_to(PEER_IP + 1, (uint32_t)b->cycle, 0);
      s.dst_mac = mac_of(s.remote_ip);
      if (b->cycle - start >= 200 && !answered) {
        answered = true;
        answer(b, PEER_IP);
        build_segment(&b->aside, &waits, mac_of(PEER_IP), b->mtu, 0, b->tx_ring_log2);
        b->aside_wanted = true;
      }
      want_segment(b, &s, s.dst_mac);
      offer(b, &s);
    }
    cycle(b);
  }
  check_all_came(b);
  bench_delete(b);
}

/* Addresses that share a set of the cache. */
static uint32_t same_set(uint32_t n) {
  return PEER_IP + 0x1000 * n;
}

/* A fifth address has to wait until one of the four has its answer, and is asked for then. */
Test(arp_hold, question_does_not_push_out_another) {
  struct bench *b = new_bench();

  for (uint32_t n = 0; n < 5; n++) {
    const struct segment s = segment_to(same_set(n), n, 0);
    send(b, &s);
    run_to_idle(b);
  }
  expect_arps(b, 4);
  for (uint32_t n = 0; n < 4; n++) {
    const struct segment s = segment_to(same_set(n), n, 0);
    want_segment(b, &s, mac_of(same_set(n)));
    answer(b, same_set(n));
    run_to_idle(b);
  }
  set_now(b, *b->tb->deadline_us_o);
  run(b, 1);
  expect_arps(b, 1);
  check_request(&b->arps[0], same_set(4));
  const struct segment s = segment_to(same_set(4), 4, 0);
  want_segment(b, &s, mac_of(same_set(4)));
  answer(b, same_set(4));
  check_all_came(b);
  bench_delete(b);
}

/* Questions that were given up leave their places to others. */
Test(arp_hold, question_given_up_makes_room) {
  struct bench *b = new_bench();

  for (uint32_t n = 0; n < 4; n++) {
    const struct segment s = segment_to(same_set(n), n, 0);
    send(b, &s);
    run_to_idle(b);
  }
  expect_arps(b, 4);
  set_now(b, b->now_us + 5 * SECOND);
  run(b, 2);
  run_to_idle(b);
  cr_assert_eq(b->drops_no_arp, 4);
  b->arp_count = 0;
  const struct segment s = segment_to(same_set(4), 4, 0);
  send(b, &s);
  expect_arps(b, 1);
  check_request(&b->arps[0], same_set(4));
  bench_delete(b);
}
