/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_host: AXI4-Lite, reads and writes under way at once, every channel stalling in its own way.
 * tb: top=toe_host
 */
#include "host_bench.h"

#include <criterion/parameterized.h>

enum { OPERATIONS = 3000, COMPLETIONS = 20, CHANNELS = 5 };

/* Where reads go: what they must bring does not depend on when they are made. */
static uint16_t read_address(uint32_t n) {
  switch (n % 4) {
    case 0:
      return CQ_WORD(n * 7 % COMPLETIONS, n / 4 % TOE_NTF_WORDS);
    case 1:
      return REG(ID);
    case 2:
      return REG(COUNTERS.TX_FRAME);
    default:
      return REG(CQ_TAIL);
  }
}

static uint32_t read_value(uint32_t n) {
  const uint32_t entry = n * 7 % COMPLETIONS, word = n / 4 % TOE_NTF_WORDS;

  switch (n % 4) {
    case 0:
      return ntf_word(entry, word) |
             (word == TOE_NTF_REASON_WORD ? ntf_reason(entry) << TOE_NTF_REASON_LSB : 0);
    case 1:
      return TOE_REGS__ID__MAGIC_reset;
    case 2:
      return 3;
    default:
      return COMPLETIONS;
  }
}

/* Writes go round the configuration and the submission ring's first entries. */
static uint16_t write_address(uint32_t n) {
  return n % 2 == 0 ? SQ_WORD(0, n / 2 % (3 * TOE_CMD_WORDS)) : REG(RTO_MIN_US);
}

/* One stream of requests or answers of a channel: an offer stays until it is taken. */
static void offer(uint8_t *valid, bool more, tb_gate_t *gate, tb_rng_t *rng) {
  if (!*valid && more && tb_gate_next(gate, rng)) *valid = 1;
}

ParameterizedTestParameters(axil, reads_and_writes_at_once_are_all_answered) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

ParameterizedTest(tb_pattern_t *pattern, axil, reads_and_writes_at_once_are_all_answered) {
  host_bench_t *b = bench_new();
  tb_toe_host_t *tb = b->tb;
  tb_gate_t gates[CHANNELS] = {0};
  uint32_t asked = 0, read = 0, addressed = 0, data_sent = 0, written = 0;
  uint32_t stalled_read = 0;

  for (unsigned i = 0; i < CHANNELS; i++) {
    gates[i].pattern = (tb_pattern_t)((*pattern + i * (*pattern != TB_ALWAYS)) % TB_PATTERN_COUNT);
  }
  b->ntf_wanted = COMPLETIONS;
  *tb->count_i = 1 << 8; /* tx_frame, the third of eleven, first is highest */
  bench_cycles(b, 3);
  *tb->count_i = 0;
  bench_cycles(b, 100);

  for (unsigned patience = 100 * OPERATIONS; read < OPERATIONS || written < OPERATIONS;) {
    cr_assert_neq(patience--, 0, "%u reads and %u writes answered", read, written);
    offer(tb->axil_arvalid_i, asked < OPERATIONS, &gates[0], &b->rng);
    offer(tb->axil_awvalid_i, addressed < OPERATIONS, &gates[1], &b->rng);
    offer(tb->axil_wvalid_i, data_sent < OPERATIONS, &gates[2], &b->rng);
    *tb->axil_araddr_i = read_address(asked);
    *tb->axil_awaddr_i = write_address(addressed);
    *tb->axil_wdata_i = data_sent;
    *tb->axil_wstrb_i = 0xf;
    *tb->axil_rready_i = tb_gate_next(&gates[3], &b->rng);
    *tb->axil_bready_i = tb_gate_next(&gates[4], &b->rng);
    tb_toe_host_eval(tb);
    if (stalled_read != 0) {
      cr_assert(*tb->axil_rvalid_o, "an answer was taken back");
      cr_assert_eq(*tb->axil_rdata_o, read_value(read), "an answer changed");
    }
    stalled_read = *tb->axil_rvalid_o && !*tb->axil_rready_i;
    if (*tb->axil_rvalid_o && *tb->axil_rready_i) {
      cr_assert_eq(*tb->axil_rdata_o, read_value(read), "read %u of 0x%04x", read,
                   read_address(read));
      read++;
    }
    if (*tb->axil_bvalid_o && *tb->axil_bready_i) written++;
    const bool ar = *tb->axil_arvalid_i && *tb->axil_arready_o;
    const bool aw = *tb->axil_awvalid_i && *tb->axil_awready_o;
    const bool w = *tb->axil_wvalid_i && *tb->axil_wready_o;
    cr_assert_leq(written, addressed);
    cr_assert_leq(written, data_sent);
    bench_cycle(b);
    if (ar) *tb->axil_arvalid_i = 0;
    if (aw) *tb->axil_awvalid_i = 0;
    if (w) *tb->axil_wvalid_i = 0;
    asked += ar;
    addressed += aw;
    data_sent += w;
  }
  *tb->axil_rready_i = 0;
  *tb->axil_bready_i = 0;
  bench_cycles(b, 5);
  cr_expect_eq(*tb->idle_o, 1, "every access is accounted for");
  cr_expect_eq(bench_read(b, REG(RTO_MIN_US)), OPERATIONS - 1);

  /* The last write of each word of the first three commands counts. */
  bench_write(b, REG(SQ_TAIL), 3);
  bench_cycles(b, 100);
  cr_assert_eq(b->commands, 3);
  for (uint32_t word = 0; word < TOE_CMD_WORDS; word++) {
    uint32_t last = OPERATIONS;
    do {
      last--;
    } while (write_address(last) != SQ_WORD(2, word));
    cr_expect_eq(b->command[word], last, "word %u", word);
  }
  bench_delete(b);
}
