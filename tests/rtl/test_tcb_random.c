/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_tcb with the real step under random traffic, every output taken in every pattern: each
 * segment gives one verdict, in order, every octet is sent and reported once, and in the end the
 * engine is empty.  tb_tcb compares every control block read with the one last written.
 * tb: top=tb_tcb
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tcb_bench.h"

enum {
  CYCLES = 30000,
  PEER_MAX_UNREAD = 8000, /* octets that the peer sends ahead of the host's reading */
  HOST_MAX_QUEUED = 8000,
};

struct pattern_case {
  tb_pattern_t verdict, tx, ntf, ending;
  uint32_t conns; /* that all the traffic is for */
};

ParameterizedTestParameters(tcb_random, loses_nothing) {
  static struct pattern_case cases[] = {
      {TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, 1},
      {TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, 2},
      {TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, CONNS},
      {TB_RANDOM, TB_RANDOM, TB_RANDOM, TB_RANDOM, 3},
      {TB_BURSTS, TB_BURSTS, TB_BURSTS, TB_BURSTS, CONNS},
      {TB_RARELY, TB_ALWAYS, TB_ALWAYS, TB_ALWAYS, 4},
      {TB_ALWAYS, TB_RARELY, TB_ALWAYS, TB_ALWAYS, 4},
      {TB_ALWAYS, TB_ALWAYS, TB_RARELY, TB_ALWAYS, 4},
      {TB_RARELY, TB_RARELY, TB_RARELY, TB_RARELY, CONNS},
  };
  return cr_make_param_array(struct pattern_case, cases, sizeof cases / sizeof cases[0]);
}

/* What the host has read of each connection, and how far the peer has sent ACKs alone. */
static uint32_t host_read[CONNS], acked[CONNS];

static void offer_random_segment(struct bench *b, uint16_t conn) {
  switch (tb_random_below(&b->rng, 8)) {
    case 0:
      offer_segment(b, EV_NO_CONN, conn, tb_random(&b->rng), 0, RST, 0);
      break;
    case 1:
      offer_segment(b, EV_DISCARD, conn, tb_random(&b->rng), 0, ACK, 9);
      break;
    case 2: /* three alone that acknowledge nothing new would ask for a retransmission */
      if (acked[conn] == b->seen[conn].snd_nxt) break;
      acked[conn] = b->seen[conn].snd_nxt;
      offer_data(b, conn, 0);
      break;
    default:
      if (b->seen[conn].peer_nxt - host_read[conn] < PEER_MAX_UNREAD) {
        offer_data(b, conn, (uint16_t)(1 + tb_random_below(&b->rng, 600)));
      }
  }
}

static void offer_random_command(struct bench *b, uint16_t conn) {
  struct seen *seen = &b->seen[conn];
  switch (tb_random_below(&b->rng, 4)) {
    case 0:
      offer_command(b, CMD_QUERY, conn, 0);
      break;
    case 1:
      host_read[conn] = seen->rcv_nxt;
      offer_command(b, CMD_RECEIVED, conn, host_read[conn]);
      break;
    default:
      if (seen->snd_end - seen->snd_nxt < HOST_MAX_QUEUED) {
        offer_send(b, conn, 1 + tb_random_below(&b->rng, 2000));
      }
  }
}

/* The peer acknowledges and the host reads until nothing moves any more. */
static void finish(struct bench *b, uint32_t conns) {
  for (uint32_t round = 0; round < 200; round++) {
    bool done = true;
    for (uint16_t conn = 0; conn < conns; conn++) {
      offer_data(b, conn, 0);
      wait_taken(b);
      done = done && b->seen[conn].snd_nxt == b->seen[conn].snd_end;
    }
    wait_idle(b);
    if (done) return;
  }
}

ParameterizedTest(struct pattern_case *c, tcb_random, loses_nothing) {
  struct bench *b = new_bench();
  uint32_t segments = 0, commands = 0;

  open_all(b);
  for (uint16_t conn = 0; conn < CONNS; conn++) host_read[conn] = b->seen[conn].peer_nxt;
  b->verdict.pattern = c->verdict;
  b->tx.pattern = c->tx;
  b->ntf.pattern = c->ntf;
  b->ending.pattern = c->ending;
  for (uint32_t n = 0; n < CYCLES; n++) {
    uint16_t conn = (uint16_t)tb_random_below(&b->rng, c->conns);
    if (!*b->tb->rx_valid_i && tb_random_below(&b->rng, 4) != 0) {
      offer_random_segment(b, conn);
      segments++;
    }
    conn = (uint16_t)tb_random_below(&b->rng, c->conns);
    if (!*b->tb->cmd_valid_i && tb_random_below(&b->rng, 8) == 0) {
      offer_random_command(b, conn);
      commands++;
    }
    cycle(b);
  }
  wait_taken(b);
  finish(b, c->conns);

  cr_expect_gt(segments, 1000u);
  cr_expect_gt(commands, 100u);
  cr_expect_eq(b->verdicts, b->segments, "one verdict for each segment");
  cr_expect_eq(b->refused, 0u, "the host asked for nothing wrong");
  for (uint16_t conn = 0; conn < c->conns; conn++) {
    const struct seen *seen = &b->seen[conn];
    cr_expect_eq(seen->snd_nxt, seen->snd_end, "connection %u: sent in order, whole", conn);
    cr_expect_eq(seen->repeated, 0u, "connection %u: nothing sent twice", conn);
    cr_expect_eq(seen->rcv_nxt, seen->peer_nxt, "connection %u: all data reported", conn);
    cr_expect_eq(seen->rsts, 0u, "connection %u", conn);
  }
  cr_expect_eq(*b->tb->idle_o, 1);
  delete_bench(b);
}

/* Connections come and go: each is opened, reset by the peer and released, again and again. */
Test(tcb_random, numbers_are_given_again_and_again) {
  for (int pattern = 0; pattern < TB_PATTERN_COUNT; pattern++) {
    struct bench *b = new_bench();
    uint32_t rounds = 0;
    b->verdict.pattern = b->tx.pattern = b->ntf.pattern = b->ending.pattern = (tb_pattern_t)pattern;
    while (rounds < 300) {
      uint16_t conn = (uint16_t)tb_random_below(&b->rng, CONNS);
      offer_open(b, conn);
      wait_taken(b);
      offer_data(b, conn, 5);
      wait_taken(b);
      offer_segment(b, EV_SEGMENT, conn, b->seen[conn].peer_nxt, b->seen[conn].snd_nxt, RST | ACK,
                    0);
      wait_taken(b);
      for (int n = 0; !(b->seen[conn].ntf_flags & NTF_CLOSED); n++) {
        cr_assert_lt(n, TIMEOUT_CYCLES, "never closed");
        cycle(b);
      }
      offer_command(b, CMD_RELEASE, conn, 0);
      for (int n = 0; !b->seen[conn].freed; n++) {
        cr_assert_lt(n, TIMEOUT_CYCLES, "never freed");
        cycle(b);
      }
      rounds++;
    }
    wait_idle(b);
    cr_expect_eq(b->verdicts, b->segments);
    cr_expect_eq(b->refused, 0u);
    delete_bench(b);
  }
}
