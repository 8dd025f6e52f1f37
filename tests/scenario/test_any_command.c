/* SPDX-License-Identifier: Apache-2.0
 *
 * Any 32 octets as a command: sensible ones, spoiled ones and noise, on connections that live (the
 * model peer answers them) and on those that do not.  Every command is taken, and has one answer at
 * most: CmdConnect exactly one, what no engine knows exactly one refusal that says so.  Afterwards
 * the engine still works.  COMMANDS=n for more than the default, SEED=n for others.
 */
#include "peer_config.h"
#include "sim_bench.h"
#include "toe/toe_hw.h"

enum { COMMANDS = 8000, BATCH = 16, PORTS = 6, CONNS = 1024, LAST_OP = TOE_CMD_SET_OPTS };

/* What was asked with a tag, and what was answered. */
typedef struct asked {
  uint8_t op;
  uint8_t opened, refused;
  uint8_t reason;
} asked_t;

static struct toe_sim *sim;
static struct model_peer *peer;
static void *memory;
static asked_t *asked;
static uint32_t commands, count; /* to send, sent */
static uint32_t opens, refusals[256];
static tb_rng_t rng;

/* --- The peer, on a perfect wire ---------------------------------------------------------------
 */

static void carry(void) {
  uint8_t frame[TOE_SIM_MAX_FRAME];
  int len;

  model_peer_advance(peer, toe_sim_now(sim) / 1000);
  while ((len = toe_sim_frame_out(sim, frame, sizeof frame, NULL)) > 0)
    model_peer_frame_in(peer, frame, (size_t)len);
  for (size_t out; toe_sim_frame_room(sim) != 0 && (out = model_peer_frame_out(peer, frame)) != 0;)
    cr_assert_eq(toe_sim_frame_in(sim, frame, out, 0), 0);
}

static void pass(uint64_t span_ns) {
  const uint64_t until_ns = toe_sim_now(sim) + span_ns;

  while (toe_sim_now(sim) < until_ns) {
    toe_sim_advance(sim, until_ns, TOE_SIM_FRAME);
    carry();
  }
}

/* Whatever the peer has a say in: it accepts, sends, reads, closes, opens. */
static void peer_lives(void) {
  uint8_t octets[600] = {0};
  const int conn = (int)tb_random_below(&rng, 64);

  model_peer_accept(peer);
  switch (tb_random_below(&rng, 8)) {
    case 0:
      model_peer_connect(peer, OUR_IP, (uint16_t)(1 + tb_random_below(&rng, PORTS)),
                         (uint16_t)(1024 + tb_random_below(&rng, 60000)));
      break;
    case 1:
      model_peer_close(peer, conn);
      break;
    case 2:
      model_peer_abort(peer, conn);
      break;
    case 3:
      model_peer_release(peer, conn);
      break;
    default:
      model_peer_send(peer, conn, octets, sizeof octets);
      model_peer_receive(peer, conn, octets, sizeof octets);
      break;
  }
}

static model_peer_config_t peer_config(void) {
  model_peer_config_t config = peer_config_of(1);

  config.cfg.sack_enable = config.cfg.wscale_enable = 0;
  config.cfg.data_retries = 3;
  config.cfg.syn_retries = 2;
  config.cfg.rx_ring_log2 = config.cfg.tx_ring_log2 = 14;
  config.time_wait_us = 10000;
  return config;
}

static void begin(void) {
  const struct toe_sim_config config = sim_bench_config();
  const model_peer_config_t other = peer_config();
  const char *text = getenv("COMMANDS");

  rng = tb_rng(tb_seed());
  commands = text != NULL ? (uint32_t)strtoul(text, NULL, 0) : COMMANDS;
  asked = calloc(commands + 1, sizeof *asked);
  memory = malloc(model_peer_size(&other));
  cr_assert(asked != NULL && memory != NULL);
  peer = model_peer_new(&other, memory);
  for (unsigned port = 1; port <= PORTS; port++) model_peer_listen(peer, (uint16_t)port);
  sim = sim_bench_create(&config);
  sim_bench_enable(sim);
}

static void end(void) {
  toe_sim_destroy(sim);
  free(memory);
  free(asked);
}

/* --- Commands ----------------------------------------------------------------------------------
 */

static uint32_t small_or_any(uint32_t limit) {
  return tb_random_below(&rng, 4) != 0 ? tb_random_below(&rng, limit) : tb_random(&rng);
}

/* Noise, in which most commands have an operation, a connection, addresses and times that could be
 * meant.  Sequence numbers are not looked up, so hardly one is right. */
static void make_command(uint32_t words[TOE_CMD_WORDS]) {
  uint32_t op = 1 + tb_random_below(&rng, LAST_OP);

  for (uint32_t i = 0; i < TOE_CMD_WORDS; i++) words[i] = tb_random(&rng);
  if (tb_random_below(&rng, 8) == 0) op = tb_random(&rng) & 0xff;
  if (tb_random_below(&rng, 3) == 0) op = TOE_CMD_CONNECT;
  if (tb_random_below(&rng, 16) != 0) {
    words[TOE_CMD_OP_WORD] = (small_or_any(24) & 0xffff) << TOE_CMD_CONN_LSB |
                             (tb_random(&rng) & 3) << TOE_CMD_FLAGS_LSB;
    words[TOE_CMD_USER_TIMEOUT_US_WORD] = small_or_any(1000000);
    words[TOE_CMD_REMOTE_IP_WORD] = tb_random_below(&rng, 16) != 0 ? PEER_IP : tb_random(&rng);
    words[TOE_CMD_LOCAL_PORT_WORD] =
        small_or_any(PORTS + 1) << TOE_CMD_REMOTE_PORT_LSB | (tb_random(&rng) & 0xffff);
    words[TOE_CMD_VALUE_WORD] = small_or_any(100);
  }
  words[TOE_CMD_OP_WORD] = (words[TOE_CMD_OP_WORD] & ~UINT32_C(0xff)) | op;
  if (op == TOE_CMD_LISTEN || op == TOE_CMD_UNLISTEN)
    words[TOE_CMD_LOCAL_PORT_WORD] = 1 + tb_random_below(&rng, PORTS);
  words[TOE_CMD_TAG_WORD] = ++count;
  asked[count].op = (uint8_t)op;
}

static void post_batch(void (*make)(uint32_t words[TOE_CMD_WORDS])) {
  uint32_t tail = sim_read(sim, SIM_REG(SQ_TAIL));
  uint32_t words[TOE_CMD_WORDS];

  for (uint32_t i = 0; i < BATCH && count < commands; i++, tail = (tail + 1) & 0xffff) {
    make(words);
    cr_assert_eq(toe_sim_reg_write(sim, SIM_REG(SQ) + 4 * TOE_CMD_WORDS * (tail % TOE_SQ_DEPTH),
                                   words, TOE_CMD_WORDS),
                 0);
  }
  sim_write(sim, SIM_REG(SQ_TAIL), tail);
}

static void take_completion(const uint32_t *words) {
  const uint32_t tag = words[TOE_NTF_TAG_OR_SND_NXT_WORD];

  if ((words[0] & (TOE_NTF_OPENED | TOE_NTF_REFUSED)) == 0) return;
  cr_assert(tag >= 1 && tag <= count, "an answer with tag %u; %u were asked", tag, count);
  if ((words[0] & TOE_NTF_OPENED) != 0) {
    asked[tag].opened++;
    opens++;
    return;
  }
  asked[tag].refused++;
  asked[tag].reason = (uint8_t)(words[TOE_NTF_REASON_WORD] >> TOE_NTF_REASON_LSB);
  refusals[asked[tag].reason]++;
}

static void take_completions(void) {
  const uint32_t tail = sim_read(sim, SIM_REG(CQ_TAIL));
  uint32_t head = sim_read(sim, SIM_REG(CQ_HEAD));
  uint32_t words[TOE_NTF_WORDS];

  cr_assert_leq((uint16_t)(tail - head), TOE_CQ_DEPTH);
  for (; head != tail; head = (head + 1) & 0xffff) {
    cr_assert_eq(toe_sim_reg_read(sim, SIM_REG(CQ) + 4 * TOE_NTF_WORDS * (head % TOE_CQ_DEPTH),
                                  words, TOE_NTF_WORDS),
                 0);
    take_completion(words);
  }
  sim_write(sim, SIM_REG(CQ_HEAD), tail);
}

static void all_are_taken(void) {
  for (unsigned i = 0; sim_read(sim, SIM_REG(SQ_HEAD)) != sim_read(sim, SIM_REG(SQ_TAIL)); i++) {
    cr_assert_lt(i, 1000, "a command is never taken");
    pass(10000);
    take_completions();
  }
}

static void check_answers(void) {
  for (uint32_t tag = 1; tag <= count; tag++) {
    const asked_t *a = &asked[tag];
    const bool known = a->op <= LAST_OP;

    cr_assert_leq(a->opened + a->refused, 1, "command %u, operation %u: two answers", tag, a->op);
    if (a->op == TOE_CMD_CONNECT) cr_assert_eq(a->opened + a->refused, 1, "no answer to %u", tag);
    if (a->op == TOE_CMD_NOP) cr_assert_eq(a->refused, 0);
    if (!known) cr_assert_eq(a->refused, 1, "operation %u was not refused", a->op);
    if (a->refused)
      cr_assert_eq(a->reason == TOE_REASON_BAD_OP, !known, "operation %u: reason %u", a->op,
                   a->reason);
  }
}

Test(any_command, has_one_answer_at_most_and_harms_nobody, .init = begin, .fini = end) {
  frame_t ping, reply;

  while (count < commands) {
    post_batch(make_command);
    peer_lives();
    pass(20000);
    take_completions();
    all_are_taken();
    if (tb_random_below(&rng, 64) == 0) pass(kSecondNs); /* timers run out */
  }
  for (unsigned i = 0; i < 50; i++) {
    pass(10000);
    take_completions();
  }
  check_answers();
  cr_expect_gt(opens, commands / 50);
  cr_expect_gt(refusals[TOE_REASON_BAD_VALUE], commands / 200);
  cr_expect_gt(refusals[TOE_REASON_BAD_CONN], commands / 200);
  cr_expect_gt(refusals[TOE_REASON_BAD_STATE], commands / 200);
  cr_expect_gt(refusals[TOE_REASON_BAD_OP], commands / 200);
  pass(kSecondNs);
  sim_bench_ping(&ping, 1, 32);
  cr_assert_eq(toe_sim_frame_in(sim, ping.data, ping.len, 0), 0);
  sim_bench_next(sim, &reply);
}

/* Connections to the peer first, then what the command path refuses itself and what a connection
 * answers, in any order. */
static void make_refused_or_query(uint32_t words[TOE_CMD_WORDS]) {
  static const uint8_t ops[] = {0xff, TOE_CMD_QUERY, TOE_CMD_QUERY, TOE_CMD_NOP};
  const uint8_t op = count < BATCH ? TOE_CMD_CONNECT : ops[tb_random_below(&rng, sizeof ops)];

  memset(words, 0, TOE_CMD_WORDS * sizeof *words);
  words[TOE_CMD_OP_WORD] = op | tb_random_below(&rng, BATCH) << TOE_CMD_CONN_LSB;
  words[TOE_CMD_REMOTE_IP_WORD] = PEER_IP;
  words[TOE_CMD_LOCAL_PORT_WORD] = 1u << TOE_CMD_REMOTE_PORT_LSB | (5000 + count);
  words[TOE_CMD_TAG_WORD] = ++count;
  asked[count].op = op;
}

/* The completion ring takes an entry in two cycles: news that came between them once gave one entry
 * the lower half of another. */
Test(any_command, refusal_beside_news_is_whole, .init = begin, .fini = end) {
  commands = 3000;
  while (count < commands) {
    post_batch(make_refused_or_query);
    pass(2000);
    take_completions();
    all_are_taken();
  }
  pass(10000);
  take_completions();
  check_answers();
}
