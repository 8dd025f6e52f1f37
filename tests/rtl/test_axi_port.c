/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_axi_port: registers below, memory of each width above, against arrays.
 * tb: top=tb_axi_port widths=64,128,512
 */
#include "axi_master.h"
#include "tb_tb_axi_port.h"

#include <criterion/parameterized.h>
#include <stdlib.h>

enum { WORD = 4, REG_OCTETS = 65536, MEM_OCTETS = 65536, MEMORY = 1 << 17, ROUNDS = 1500 };
enum { SLVERR = 2, BAD_REG = 0x8000 }; /* registers from there on refuse */

typedef struct bench {
  tb_tb_axi_port_t *tb;
  tb_rng_t rng;
  tb_gate_t reg_gate;
  axi_master_t master;
  uint32_t regs[REG_OCTETS / WORD], expected_regs[REG_OCTETS / WORD];
  uint8_t octets[MEM_OCTETS];
  bool have_addr, have_data;
  uint32_t addr, data, reg_strb;
  uint32_t reg_writes, reg_reads;
  uint32_t last_read, last_written;
} bench_t;

static void put_beat(axi_master_t *m, uint64_t data, uint32_t strb) {
  tb_tb_axi_port_t *tb = m->tb;
  *tb->wdata_i = (uint32_t)data;
  *tb->wstrb_i = (uint8_t)strb;
}

static uint64_t get_beat(const axi_master_t *m) {
  return *((tb_tb_axi_port_t *)m->tb)->rdata_o;
}

static bench_t *bench_new(tb_pattern_t pattern) {
  bench_t *b = calloc(1, sizeof *b);

  cr_assert_not_null(b);
  b->rng = tb_rng(tb_seed());
  b->reg_gate.pattern = pattern;
  tb_tb_axi_port_t *tb = b->tb = tb_tb_axi_port_new(tb_seed());
  b->master =
      (axi_master_t){.put_beat = put_beat,
                     .get_beat = get_beat,
                     .tb = tb,
                     .rng = &b->rng,
                     .port = {tb->awvalid_i, tb->wvalid_i, tb->bready_i, tb->arvalid_i,
                              tb->rready_i, tb->awready_o, tb->wready_o, tb->bvalid_o,
                              tb->arready_o, tb->rvalid_o, tb->bresp_o, tb->rresp_o, tb->rlast_o,
                              tb->awaddr_i, tb->araddr_i, tb->awlen_i, tb->arlen_i, tb->wlast_i}};
  axi_set_patterns(&b->master, pattern);
  *tb->awvalid_i = *tb->wvalid_i = *tb->arvalid_i = 0;
  *tb->axil_bvalid_i = *tb->axil_rvalid_i = 0;
  *tb->axil_bresp_i = *tb->axil_rresp_i = 0;
  tb_tb_axi_port_reset(tb);
  return b;
}

static void bench_delete(bench_t *b) {
  tb_tb_axi_port_delete(b->tb);
  free(b);
}

static uint32_t merged(uint32_t old, uint32_t data, uint32_t strb) {
  for (unsigned i = 0; i < WORD; i++) {
    const uint32_t mask = UINT32_C(0xff) << 8 * i;
    if ((strb >> i & 1) != 0) old = (old & ~mask) | (data & mask);
  }
  return old;
}

static void cycle(bench_t *b) {
  tb_tb_axi_port_t *tb = b->tb;

  axi_drive(&b->master);
  *tb->axil_awready_i = !b->have_addr && !*tb->axil_bvalid_i && tb_gate_next(&b->reg_gate, &b->rng);
  *tb->axil_wready_i = !b->have_data && !*tb->axil_bvalid_i && tb_gate_next(&b->reg_gate, &b->rng);
  *tb->axil_arready_i = !*tb->axil_rvalid_i && tb_gate_next(&b->reg_gate, &b->rng);
  tb_tb_axi_port_eval(tb);
  const axi_moves_t moves = axi_look(&b->master);
  const bool aw = *tb->axil_awvalid_o && *tb->axil_awready_i;
  const bool w = *tb->axil_wvalid_o && *tb->axil_wready_i;
  const bool ar = *tb->axil_arvalid_o && *tb->axil_arready_i;
  const bool written = *tb->axil_bvalid_i && *tb->axil_bready_o;
  const bool read = *tb->axil_rvalid_i && *tb->axil_rready_o;
  const uint32_t read_addr = *tb->axil_araddr_o;
  if (aw) b->addr = *tb->axil_awaddr_o;
  if (w) {
    b->data = *tb->axil_wdata_o;
    b->reg_strb = *tb->axil_wstrb_o;
  }
  tb_tb_axi_port_tick(tb);
  axi_moved(&b->master, moves);
  if (written) *tb->axil_bvalid_i = 0;
  if (read) *tb->axil_rvalid_i = 0;
  b->have_addr = b->have_addr || aw;
  b->have_data = b->have_data || w;
  if (b->have_addr && b->have_data) {
    uint32_t *reg = &b->regs[b->addr / WORD];
    if (b->addr < BAD_REG) *reg = merged(*reg, b->data, b->reg_strb);
    *tb->axil_bresp_i = b->addr < BAD_REG ? 0 : SLVERR;
    *tb->axil_bvalid_i = 1;
    b->have_addr = b->have_data = false;
    b->reg_writes++;
    b->last_written = b->addr;
  }
  if (ar) {
    *tb->axil_rvalid_i = 1;
    *tb->axil_rdata_i = b->regs[read_addr / WORD];
    *tb->axil_rresp_i = read_addr < BAD_REG ? 0 : SLVERR;
    b->reg_reads++;
    b->last_read = read_addr;
  }
}

static uint32_t half_start(bool memory) {
  return memory ? MEMORY : 0;
}

/* A place for a burst within 4 KiB, of registers that answer or of memory. */
static uint32_t place(bench_t *b, bool memory, uint32_t beats) {
  const uint32_t pages = memory ? MEM_OCTETS / 4096 : BAD_REG / 4096;

  return half_start(memory) + tb_random_below(&b->rng, pages) * 4096 +
         tb_random_below(&b->rng, 1024 - beats + 1) * WORD;
}

static void begin_write(bench_t *b, uint32_t addr, uint32_t beats, bool whole) {
  axi_master_t *m = &b->master;

  for (uint32_t i = 0; i < beats; i++) {
    m->data[i] = tb_random(&b->rng);
    m->strb[i] = whole ? 0xf : (uint8_t)(tb_random(&b->rng) & 0xf);
    if (addr >= MEMORY) {
      for (uint32_t k = 0; k < WORD; k++)
        if ((m->strb[i] >> k & 1) != 0)
          b->octets[addr - MEMORY + i * WORD + k] = (uint8_t)(m->data[i] >> 8 * k);
    } else if (addr < BAD_REG) {
      uint32_t *reg = &b->expected_regs[addr / WORD + i];
      *reg = merged(*reg, (uint32_t)m->data[i], m->strb[i]);
    }
  }
  axi_write(m, addr, beats);
}

static void check_read(const bench_t *b, uint32_t addr) {
  const axi_master_t *m = &b->master;

  for (uint32_t i = 0; i < m->read_beats; i++) {
    uint32_t expected = 0;
    if (addr < MEMORY) {
      expected = b->expected_regs[addr / WORD + i];
    } else {
      for (uint32_t k = 0; k < WORD; k++)
        expected |= (uint32_t)b->octets[addr - MEMORY + i * WORD + k] << 8 * k;
    }
    cr_assert_eq(m->read[i], expected, "beat %u from %05x", i, addr);
    cr_assert_eq(m->read_resp[i], 0);
  }
}

static void fill_memory(bench_t *b) {
  for (uint32_t at = 0; at < MEM_OCTETS; at += 1024) {
    begin_write(b, MEMORY + at, 256, true);
    while (b->master.writing) cycle(b);
  }
}

ParameterizedTestParameters(axi_port, reads_bring_what_writes_left) {
  static tb_pattern_t patterns[] = {TB_ALWAYS, TB_RANDOM, TB_BURSTS, TB_RARELY};
  return cr_make_param_array(tb_pattern_t, patterns, TB_PATTERN_COUNT);
}

ParameterizedTest(tb_pattern_t *pattern, axi_port, reads_bring_what_writes_left) {
  bench_t *b = bench_new(*pattern);
  uint32_t writes = 0, reads = 0;

  fill_memory(b);
  for (unsigned round = 0; round < ROUNDS; round++) {
    const uint32_t beats = 1 + tb_random_below(&b->rng, round % 16 == 0 ? 256 : 12);
    const bool memory = tb_random_below(&b->rng, 2) != 0;
    const uint32_t addr = place(b, memory, beats);
    begin_write(b, addr, beats, false);
    if (!memory) writes += beats;
    while (b->master.writing) cycle(b);
    cr_assert_eq(b->master.write_resp, 0);
    /* Around what was written. */
    const uint32_t from = (addr & 0xfff) >= 8 ? addr - 8 : addr;
    const uint32_t count =
        beats < 200 && (from & 0xfff) + (beats + 4) * WORD <= 4096 ? beats + 4 : 2;
    axi_read(&b->master, from, count);
    if (!memory) reads += count;
    while (b->master.reading) cycle(b);
    check_read(b, from);
    cr_assert_eq(b->reg_writes, writes, "each register once");
    cr_assert_eq(b->reg_reads, reads, "each register once");
  }
  bench_delete(b);
}

Test(axi_port, reads_and_writes_go_on_beside_each_other) {
  bench_t *b = bench_new(TB_BURSTS);
  uint32_t addr = 0;

  fill_memory(b);
  const uint32_t before = b->master.writes_done;
  while (b->master.reads_done < ROUNDS) {
    const bool memory = tb_random_below(&b->rng, 2) != 0;
    /* Written below the middle of a half, read above. */
    if (!b->master.writing)
      begin_write(b, half_start(memory) + tb_random_below(&b->rng, 1000) * WORD, 8, true);
    if (!b->master.reading) {
      if (b->master.reads_done != 0) check_read(b, addr);
      addr = half_start(memory) + 0x4000 + tb_random_below(&b->rng, 900) * WORD;
      axi_read(&b->master, addr, 1 + tb_random_below(&b->rng, 20));
    }
    cycle(b);
  }
  cr_expect_gt(b->master.writes_done - before, ROUNDS / 4);
  bench_delete(b);
}

Test(axi_port, between_registers_and_memory_is_nothing) {
  bench_t *b = bench_new(TB_RANDOM);

  for (uint32_t addr = REG_OCTETS; addr < MEMORY; addr += 0x3f40) {
    axi_read(&b->master, addr, 5);
    begin_write(b, addr, 7, true);
    while (b->master.reading || b->master.writing) cycle(b);
    cr_assert_eq(b->master.write_resp, AXI_DECERR);
    for (unsigned i = 0; i < 5; i++) {
      cr_assert_eq(b->master.read_resp[i], AXI_DECERR);
      cr_assert_eq(b->master.read[i], 0);
    }
  }
  cr_expect_eq(b->reg_reads + b->reg_writes, 0);
  bench_delete(b);
}

Test(axi_port, refusal_of_one_beat_is_the_burst_s) {
  bench_t *b = bench_new(TB_RANDOM);

  begin_write(b, BAD_REG, 3, true);
  while (b->master.writing) cycle(b);
  cr_expect_eq(b->master.write_resp, SLVERR);
  axi_read(&b->master, BAD_REG, 2);
  while (b->master.reading) cycle(b);
  cr_expect_eq(b->master.read_resp[0], SLVERR);
  begin_write(b, 0x20, 1, true);
  while (b->master.writing) cycle(b);
  cr_expect_eq(b->master.write_resp, 0, "the next burst is sound");
  bench_delete(b);
}

/* A word of memory moves in each cycle, once a burst flows. */
Test(axi_port, memory_burst_flows) {
  bench_t *b = bench_new(TB_ALWAYS);
  enum { BEATS = 256, FIRST = 16 };

  fill_memory(b);
  uint64_t start = b->tb->cycles;
  begin_write(b, MEMORY + 0x1000, BEATS, true);
  while (b->master.writing) cycle(b);
  cr_expect_leq(b->tb->cycles - start, BEATS + FIRST);
  start = b->tb->cycles;
  axi_read(&b->master, MEMORY + 0x1000, BEATS);
  while (b->master.reading) cycle(b);
  cr_expect_leq(b->tb->cycles - start, BEATS + FIRST);
  check_read(b, MEMORY + 0x1000);
  bench_delete(b);
}
