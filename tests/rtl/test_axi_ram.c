/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_axi_ram: two masters in one memory, against an array.
 * tb: top=toe_axi_ram params=Octets=3072,AddrWidth=13
 */
#include "axi_master.h"
#include "tb_toe_axi_ram.h"

#include <criterion/parameterized.h>
#include <stdlib.h>

/* Addresses go on to 8192, twice the power of two above the memory's end. */
enum { OCTETS = 3072, SPACE = 8192, BEAT = 8, HALF = OCTETS / 2, ROUNDS = 1500 };

typedef struct bench {
  tb_toe_axi_ram_t *tb;
  tb_rng_t rng;
  axi_master_t master[2];
  uint8_t octets[OCTETS];
} bench_t;

static void put_a(axi_master_t *m, uint64_t data, uint32_t strb) {
  tb_toe_axi_ram_t *tb = m->tb;
  *tb->a_wdata_i = data;
  *tb->a_wstrb_i = (uint8_t)strb;
}

static void put_b(axi_master_t *m, uint64_t data, uint32_t strb) {
  tb_toe_axi_ram_t *tb = m->tb;
  *tb->b_wdata_i = data;
  *tb->b_wstrb_i = (uint8_t)strb;
}

static uint64_t get_a(const axi_master_t *m) {
  return *((tb_toe_axi_ram_t *)m->tb)->a_rdata_o;
}

static uint64_t get_b(const axi_master_t *m) {
  return *((tb_toe_axi_ram_t *)m->tb)->b_rdata_o;
}

/* The address ports have 13 bits; the master writes 32. */
static uint32_t addresses[4];

static bench_t *bench_new(tb_pattern_t pattern) {
  bench_t *b = calloc(1, sizeof *b);

  cr_assert_not_null(b);
  b->rng = tb_rng(tb_seed());
  tb_toe_axi_ram_t *tb = b->tb = tb_toe_axi_ram_new(tb_seed());
  b->master[0] = (axi_master_t){
      .put_beat = put_a,
      .get_beat = get_a,
      .port = {tb->a_awvalid_i, tb->a_wvalid_i, tb->a_bready_i, tb->a_arvalid_i, tb->a_rready_i,
               tb->a_awready_o, tb->a_wready_o, tb->a_bvalid_o, tb->a_arready_o, tb->a_rvalid_o,
               tb->a_bresp_o, tb->a_rresp_o, tb->a_rlast_o, &addresses[0], &addresses[1],
               tb->a_awlen_i, tb->a_arlen_i, tb->a_wlast_i}};
  b->master[1] = (axi_master_t){
      .put_beat = put_b,
      .get_beat = get_b,
      .port = {tb->b_awvalid_i, tb->b_wvalid_i, tb->b_bready_i, tb->b_arvalid_i, tb->b_rready_i,
               tb->b_awready_o, tb->b_wready_o, tb->b_bvalid_o, tb->b_arready_o, tb->b_rvalid_o,
               tb->b_bresp_o, tb->b_rresp_o, tb->b_rlast_o, &addresses[2], &addresses[3],
               tb->b_awlen_i, tb->b_arlen_i, tb->b_wlast_i}};
  for (unsigned i = 0; i < 2; i++) {
    axi_master_t *m = &b->master[i];
    m->tb = tb;
    m->rng = &b->rng;
    *m->port.awvalid = *m->port.wvalid = *m->port.arvalid = 0;
    axi_set_patterns(m, (tb_pattern_t)((pattern + i * (pattern != TB_ALWAYS)) % TB_PATTERN_COUNT));
  }
  tb_toe_axi_ram_reset(tb);
  return b;
}

static void bench_delete(bench_t *b) {
  tb_toe_axi_ram_delete(b->tb);
  free(b);
}

static void cycle(bench_t *b) {
  tb_toe_axi_ram_t *tb = b->tb;
  axi_moves_t moves[2];

  for (unsigned i = 0; i < 2; i++) axi_drive(&b->master[i]);
  *tb->a_awaddr_i = (uint16_t)addresses[0];
  *tb->a_araddr_i = (uint16_t)addresses[1];
  *tb->b_awaddr_i = (uint16_t)addresses[2];
  *tb->b_araddr_i = (uint16_t)addresses[3];
  tb_toe_axi_ram_eval(tb);
  for (unsigned i = 0; i < 2; i++) moves[i] = axi_look(&b->master[i]);
  tb_toe_axi_ram_tick(tb);
  for (unsigned i = 0; i < 2; i++) axi_moved(&b->master[i], moves[i]);
}

/* A write of random octets under random strobes; the array has it at once. */
static void begin_write(bench_t *b, axi_master_t *m, uint32_t addr, uint32_t beats) {
  for (uint32_t i = 0; i < beats; i++) {
    m->data[i] = (uint64_t)tb_random(&b->rng) << 32 | tb_random(&b->rng);
    m->strb[i] = (uint8_t)tb_random(&b->rng);
    for (uint32_t k = 0; k < BEAT; k++) {
      const uint32_t at = addr + i * BEAT + k;
      if ((m->strb[i] >> k & 1) != 0 && at < OCTETS) b->octets[at] = (uint8_t)(m->data[i] >> 8 * k);
    }
  }
  axi_write(m, addr, beats);
}

static void check_read(const bench_t *b, const axi_master_t *m, uint32_t addr) {
  for (uint32_t i = 0; i < m->read_beats; i++) {
    const uint32_t at = addr + i * BEAT;
    cr_assert_eq(m->read_resp[i], at < OCTETS ? 0 : AXI_DECERR, "octet %u", at);
    for (uint32_t k = 0; k < BEAT && at < OCTETS; k++)
      cr_assert_eq((uint8_t)(m->read[i] >> 8 * k), b->octets[at + k], "octet %u", at + k);
  }
}

static void fill(bench_t *b) {
  for (uint32_t at = 0; at < OCTETS; at += 1024) {
    axi_master_t *m = &b->master[0];
    for (uint32_t i = 0; i < 1024 / BEAT; i++) {
      m->data[i] = 0;
      m->strb[i] = 0xff;
    }
    axi_write(m, at, 1024 / BEAT);
    while (m->writing) cycle(b);
  }
}

ParameterizedTestParameters(axi_ram, masters_see_what_both_have_written) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

/* Each master writes into one half of the memory, then reads anywhere when both have written. */
ParameterizedTest(tb_pattern_t *pattern, axi_ram, masters_see_what_both_have_written) {
  bench_t *b = bench_new(*pattern);

  fill(b);
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint32_t addr[2];
    for (unsigned i = 0; i < 2; i++) {
      const uint32_t beats = 1 + tb_random_below(&b->rng, round % 8 == 0 ? 100 : 6);
      const uint32_t top = (i + 1) * HALF - beats * BEAT;
      addr[i] = i * HALF + tb_random_below(&b->rng, (top - i * HALF) / BEAT + 1) * BEAT;
      begin_write(b, &b->master[i], addr[i], beats);
    }
    while (b->master[0].writing || b->master[1].writing) cycle(b);
    for (unsigned i = 0; i < 2; i++) cr_assert_eq(b->master[i].write_resp, 0);
    for (unsigned i = 0; i < 2; i++) {
      const uint32_t beats = 1 + tb_random_below(&b->rng, 30);
      addr[i] = tb_random_below(&b->rng, OCTETS / BEAT - beats + 1) * BEAT;
      axi_read(&b->master[i], addr[i], beats);
    }
    while (b->master[0].reading || b->master[1].reading) cycle(b);
    for (unsigned i = 0; i < 2; i++) check_read(b, &b->master[i], addr[i]);
  }
  bench_delete(b);
}

/* Reads and writes of one master at once, to different places. */
Test(axi_ram, reads_go_on_while_writes_do) {
  bench_t *b = bench_new(TB_RANDOM);
  axi_master_t *m = &b->master[0];
  uint32_t addr = 0;

  fill(b);
  while (m->reads_done < ROUNDS) {
    if (!m->writing) begin_write(b, m, HALF + tb_random_below(&b->rng, 20) * BEAT, 5);
    if (!m->reading) {
      if (m->reads_done != 0) check_read(b, m, addr);
      addr = tb_random_below(&b->rng, (HALF - 40) / BEAT) * BEAT;
      axi_read(m, addr, 5);
    }
    cycle(b);
  }
  cr_expect_gt(m->writes_done, ROUNDS / 4);
  bench_delete(b);
}

Test(axi_ram, write_is_seen_as_soon_as_it_is_answered) {
  bench_t *b = bench_new(TB_ALWAYS);

  fill(b);
  for (unsigned round = 0; round < 200; round++) {
    axi_master_t *writer = &b->master[round % 2], *reader = &b->master[round / 2 % 2];
    const uint32_t addr = tb_random_below(&b->rng, OCTETS / BEAT) * BEAT;
    begin_write(b, writer, addr, 1);
    while (writer->writing) cycle(b);
    axi_read(reader, addr, 1);
    while (reader->reading) cycle(b);
    check_read(b, reader, addr);
  }
  bench_delete(b);
}

Test(axi_ram, beyond_the_end_is_refused_and_changes_nothing) {
  bench_t *b = bench_new(TB_ALWAYS);

  fill(b);
  for (uint32_t addr = OCTETS - 4 * BEAT; addr < SPACE - 8 * BEAT; addr += BEAT) {
    axi_master_t *m = &b->master[addr / BEAT % 2];
    begin_write(b, m, addr, 8);
    while (m->writing) cycle(b);
    cr_assert_eq(m->write_resp, AXI_DECERR, "octet %u", addr);
    axi_read(m, addr, 8);
    while (m->reading) cycle(b);
    check_read(b, m, addr);
    const uint32_t wrapped = addr % (SPACE / 2) % (OCTETS - 8 * BEAT);
    axi_read(m, wrapped, 8); /* where an address that wraps would have gone */
    while (m->reading) cycle(b);
    check_read(b, m, wrapped);
    begin_write(b, m, 512, 2);
    while (m->writing) cycle(b);
    cr_assert_eq(m->write_resp, 0, "the next burst is sound");
  }
  bench_delete(b);
}

/* A beat a cycle for whoever is alone, half of it for each of two. */
Test(axi_ram, beats_follow_each_other) {
  bench_t *b = bench_new(TB_ALWAYS);
  axi_master_t *m = b->master;
  enum { BEATS = 128, FIRST = 8 };

  fill(b);
  uint64_t start = b->tb->cycles;
  axi_read(&m[0], 0, BEATS);
  begin_write(b, &m[0], HALF, BEATS);
  while (m[0].reading || m[0].writing) cycle(b);
  cr_expect_leq(b->tb->cycles - start, BEATS + FIRST);
  check_read(b, &m[0], 0);

  start = b->tb->cycles;
  for (unsigned i = 0; i < 2; i++) {
    axi_read(&m[i], 0, BEATS);
    begin_write(b, &m[i], HALF, BEATS);
  }
  while (m[0].reading && m[1].reading) cycle(b);
  cr_expect_geq(b->tb->cycles - start, 2 * BEATS - 2, "they take turns");
  while (m[0].reading || m[1].reading || m[0].writing || m[1].writing) cycle(b);
  cr_expect_leq(b->tb->cycles - start, 2 * BEATS + FIRST);
  bench_delete(b);
}
