/* SPDX-License-Identifier: Apache-2.0
 *
 * Attackers who are not on the path: they know addresses and ports, guess numbers, and see none of
 * the answers (RFC 5961, RFC 5927, RFC 7323).
 */
#include "wire.h"

#include <criterion/criterion.h>

enum { SPAN_US = 1 << 19, MOST_IN_SPAN = 7 };

typedef struct open {
  wire_t *w;
  wire_peer_t p;
  struct toe_conn *conn;
} open_t;

/* A connection at the beginning of a span of challenge ACKs. */
static open_t open_with(const char *options) {
  open_t o = {.w = wire_new(NULL, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.conn = wire_accept(&o.p, wire_listen(o.w, 80), options);
  wire_run(o.w, SPAN_US - wire_now_us(o.w) % SPAN_US);
  wire_mark(o.w);
  return o;
}

/* Segments that the engine sends to @p p from now on, within a millisecond. */
static unsigned answers(wire_peer_t *p) {
  unsigned count = 0;
  wire_seg_t seg;

  while (wire_next(p, 1000, &seg)) {
    cr_expect_eq(seg.flags, FRAME_ACK);
    count++;
  }
  return count;
}

/* Both ways, @p at octets have gone before in each. */
static void still_works(open_t *o, uint32_t at) {
  wire_in(&o->p, "P. %u:%u ack %u", at, at + 10, at);
  wire_read(o->conn, at, at + 10);
  wire_write(o->conn, at, at + 10);
  wire_out(&o->p, "P. %u:%u ack %u", at, at + 10, at + 10);
  wire_in(&o->p, ". %u:%u ack %u", at + 10, at + 10, at + 10);
  wire_run(o->w, 50);
}

/* --- RST, SYN, data (RFC 5961 sections 3, 4, 5) ---------------------------------------------- */

/* Who needs only to be in the window needs 65,537 guesses at the most; these are 1,000 right ones.
 */
Test(attack_blind, rst_that_sweeps_the_window_ends_nothing) {
  open_t o = open_with("mss 1460");

  for (uint32_t i = 0; i < 1000; i++) {
    wire_in(&o.p, "R %u:%u", 2 + 65 * i, 2 + 65 * i);
    wire_run(o.w, 2);
  }
  wire_drops(o.w, "drop_rst_blind", 1000);
  cr_expect_leq(answers(&o.p), MOST_IN_SPAN);
  still_works(&o, 1);
  wire_delete(o.w);
}

Test(attack_blind, rst_of_a_half_open_connection_must_be_exact) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_listener *listener = wire_listen(w, 80);
  struct toe_conn *conn;

  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  wire_in(&p, "R 2:2");
  wire_in(&p, "R 60000:60000");
  wire_in(&p, "R 1073741825:1073741825");
  wire_quiet(&p, 1000);
  wire_in(&p, ". 1:1 ack 1");
  cr_expect_eq(toe_sock_accept(listener, 1000, &conn), 0);
  wire_delete(w);
}

Test(attack_blind, syn_ends_nothing_and_is_answered_a_few_times) {
  open_t o = open_with("mss 1460");

  for (uint32_t i = 0; i < 100; i++) {
    wire_in(&o.p, "S %u:%u <mss 1460>", 1 + 600 * i, 1 + 600 * i);
    wire_run(o.w, 2);
  }
  const unsigned count = answers(&o.p);
  cr_expect(count >= 4 && count <= MOST_IN_SPAN, "%u answers", count);
  wire_drops(o.w, "drop_syn_blind", 100);
  still_works(&o, 1);
  wire_delete(o.w);
}

/* Data needs a number that the engine has sent, or one not older than the largest window. */
Test(attack_blind, data_with_a_guessed_acknowledgement_is_not_taken) {
  static const uint32_t guesses[] = {2,          1000,       65535,      1u << 20,
                                     1u << 30,   0x7fffffff, 0x80000000, 0xc0000000,
                                     0xfff00000, 0xfffe0000, 0xfffefffe};
  open_t o = open_with("mss 1460");
  const unsigned count = sizeof guesses / sizeof *guesses;

  for (unsigned i = 0; i < count; i++) {
    wire_in(&o.p, "P. 1:101 ack %u", guesses[i]);
    wire_run(o.w, 2);
  }
  cr_expect_leq(answers(&o.p), MOST_IN_SPAN);
  cr_expect_eq(toe_recv_waiting(o.conn), 0);
  wire_drops(o.w, "drop_bad_ack", count);
  still_works(&o, 1);
  wire_delete(o.w);
}

/* --- Challenge ACKs (RFC 5961 section 7) ----------------------------------------------------- */

/* One connection's challenge ACKs in each of four spans; with @p attack another one is made to use
 * up all of its own before. */
static void count_challenges(bool attack, unsigned counts[4]) {
  open_t o = open_with("mss 1460");
  wire_peer_t q = wire_peer(o.w, 4001, 80);

  wire_in(&q, "S 0:0 <mss 1460>");
  wire_out(&q, "S. 0:0 ack 1");
  wire_in(&q, ". 1:1 ack 1");
  for (unsigned span = 0; span < 4; span++) {
    wire_run(o.w, SPAN_US - wire_now_us(o.w) % SPAN_US);
    for (unsigned i = 0; attack && i < 50; i++) {
      wire_in(&q, "R 2:2");
      wire_run(o.w, 2);
    }
    for (unsigned i = 0; i < 50; i++) {
      wire_in(&o.p, "R 2:2");
      wire_run(o.w, 2);
    }
    counts[span] = answers(&o.p);
  }
  wire_delete(o.w);
}

/* With a limit that connections share, an attacker who has one of his own counts its challenge ACKs
 * and learns whether a guess at another one was right (CVE-2016-5696). */
Test(attack_blind, challenge_acks_of_one_connection_tell_nothing_of_another) {
  unsigned alone[4], beside[4];

  count_challenges(false, alone);
  count_challenges(true, beside);
  for (unsigned i = 0; i < 4; i++) {
    cr_expect_eq(alone[i], beside[i], "span %u: %u and %u", i, alone[i], beside[i]);
    cr_expect(alone[i] >= 4 && alone[i] <= MOST_IN_SPAN, "span %u: %u", i, alone[i]);
  }
  cr_expect(alone[0] != alone[1], "the limit is drawn anew for each span");
}

/* A peer that answers whatever it gets: ours is the end that stops. */
Test(attack_blind, ack_storm_ends) {
  open_t o = open_with("mss 1460");
  unsigned bounced = 0;
  wire_seg_t seg;

  wire_in(&o.p, ". 1073741825:1073741825 ack 1");
  while (wire_next(&o.p, 1000, &seg)) {
    cr_assert_lt(++bounced, 100, "it never ends");
    wire_in(&o.p, ". 1073741825:1073741825 ack 1");
  }
  cr_expect_leq(bounced, MOST_IN_SPAN);
  still_works(&o, 1);
  wire_delete(o.w);
}

/* --- Timestamps far ahead (RFC 7323 section 5) ----------------------------------------------- */

/* One that is believed would let PAWS refuse all that the peer sends. */
Test(attack_blind, timestamp_far_ahead_is_believed_only_of_what_is_next) {
  open_t o = open_with("mss 1460,ts 1 0");
  const uint32_t ahead = 1u << 30;

  wire_in(&o.p, "P. 1:101 ack 5000 <ts %u 0>", ahead); /* a guessed acknowledgement */
  wire_in(&o.p, "P. 501:601 ack 1 <ts %u 0>", ahead);  /* in the window, not next */
  wire_in(&o.p, "R 500:500 <ts %u 0>", ahead);
  wire_in(&o.p, ". 70000:70000 ack 1 <ts %u 0>", ahead); /* beyond the window */
  wire_run(o.w, 1000);
  cr_expect_eq(wire_count(o.w, "drop_paws"), 0);
  wire_in(&o.p, "P. 1:501 ack 1 <ts 3 0>");
  wire_read(o.conn, 1, 601);
  cr_expect_eq(wire_count(o.w, "drop_paws"), 0);
  wire_delete(o.w);
}

/* --- ICMP (RFC 5927) ------------------------------------------------------------------------- */

enum { UNREACHABLE = 3, NO_PORT = 3, TOO_BIG = 4 };

static void icmp_in(const wire_peer_t *p, uint8_t code, uint16_t mtu, uint32_t seq) {
  wire_icmp_error(p, UNREACHABLE, code, mtu, seq);
  wire_run(p->wire, 10);
}

Test(attack_blind, forged_icmp_neither_resets_nor_shrinks) {
  open_t o = open_with("mss 1460");
  struct toe_conn_info info;
  wire_seg_t seg;

  wire_write(o.conn, 1, 101);
  wire_out(&o.p, "P. 1:101 ack 1");
  for (uint32_t i = 0; i < 200; i++) { /* guesses all over the numbers */
    icmp_in(&o.p, NO_PORT, 0, 101 + i * 21000000);
    icmp_in(&o.p, TOO_BIG, 68, 101 + i * 21000000);
  }
  wire_drops(o.w, "drop_icmp_seq", 400);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  cr_expect_eq(info.snd_mss, 1460);
  cr_expect_eq(toe_conn_ready(o.conn) & (TOE_CLOSED | TOE_ERROR | TOE_TROUBLE), 0);
  /* A right guess ends nothing, and leaves segments of a useful size. */
  icmp_in(&o.p, NO_PORT, 0, 1);
  icmp_in(&o.p, TOO_BIG, 68, 1);
  cr_assert_eq(toe_conn_info(o.conn, &info), 0);
  cr_expect_eq(info.snd_mss, 576 - 40);
  cr_expect_eq(toe_conn_ready(o.conn) & (TOE_CLOSED | TOE_ERROR), 0);
  while (wire_next(&o.p, 1000, &seg)) {
  }
  wire_in(&o.p, ". 1:1 ack 101");
  wire_run(o.w, 100);
  cr_expect_eq(toe_send_unacked(o.conn), 0);
  wire_delete(o.w);
}
