/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around toe_link in its tests: registers behind the port, and a line to the host.
 */
#ifndef TOE_TESTS_LINK_BENCH_H
#define TOE_TESTS_LINK_BENCH_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tb.h"
#include "tb_tb_link.h"

/* JOURNAL keeps every value that is written to it; FLAG_DOWN lowers the interrupt. */
enum { JOURNAL = 0x100, FLAG_DOWN = 0x10c, REG_WORDS = 16384, JOURNAL_MAX = 1 << 18 };
enum { MEM_OCTETS = 24576, MAX_DATA = 512, WINDOW = 7, RESEND_US = 100000 };

#define MEMORY (UINT64_C(1) << 39)

typedef struct link_bench {
  tb_tb_link_t *tb;
  tb_rng_t rng;
  tb_gate_t reg_gate; /* how fast registers answer */
  bool regs_stuck;    /* they do not answer at all */
  uint32_t regs[REG_WORDS];
  uint32_t journal[JOURNAL_MAX];
  uint32_t journal_len;
  uint32_t reg_reads;
  bool have_addr, have_data;
  uint32_t addr, data;
} link_bench_t;

static inline link_bench_t *link_bench_new(void) {
  link_bench_t *b = calloc(1, sizeof *b);

  cr_assert_not_null(b);
  b->tb = tb_tb_link_new(tb_seed());
  b->rng = tb_rng(tb_seed());
  *b->tb->now_us_i = 5000;
  *b->tb->tx_ready_i = 1;
  *b->tb->rx_valid_i = *b->tb->irq_i = 0;
  *b->tb->axil_bvalid_i = *b->tb->axil_rvalid_i = 0;
  *b->tb->axil_bresp_i = *b->tb->axil_rresp_i = 0;
  tb_tb_link_reset(b->tb);
  return b;
}

static inline void link_bench_delete(link_bench_t *b) {
  tb_tb_link_delete(b->tb);
  free(b);
}

static inline void reg_written(link_bench_t *b) {
  b->regs[b->addr / 4] = b->data;
  if (b->addr == JOURNAL) {
    cr_assert_lt(b->journal_len, JOURNAL_MAX);
    b->journal[b->journal_len++] = b->data;
  }
  if (b->addr == FLAG_DOWN) *b->tb->irq_i = 0;
}

/* Registers: addresses and data in any order, answers when the gate opens. */
static inline void drive_regs(link_bench_t *b) {
  tb_tb_link_t *tb = b->tb;
  const bool open = !b->regs_stuck && tb_gate_next(&b->reg_gate, &b->rng);

  *tb->axil_awready_i = open && !b->have_addr && !*tb->axil_bvalid_i;
  *tb->axil_wready_i =
      !b->regs_stuck && !b->have_data && !*tb->axil_bvalid_i && tb_gate_next(&b->reg_gate, &b->rng);
  *tb->axil_arready_i = open && !*tb->axil_rvalid_i;
}

static inline void link_bench_cycle(link_bench_t *b) {
  tb_tb_link_t *tb = b->tb;

  drive_regs(b);
  tb_tb_link_eval(tb);
  const bool aw = *tb->axil_awvalid_o && *tb->axil_awready_i;
  const bool w = *tb->axil_wvalid_o && *tb->axil_wready_i;
  const bool ar = *tb->axil_arvalid_o && *tb->axil_arready_i;
  const bool written = *tb->axil_bvalid_i && *tb->axil_bready_o;
  const bool read = *tb->axil_rvalid_i && *tb->axil_rready_o;
  const uint32_t read_addr = *tb->axil_araddr_o;

  if (aw) b->addr = *tb->axil_awaddr_o;
  if (w) {
    b->data = *tb->axil_wdata_o;
    cr_assert_eq(*tb->axil_wstrb_o, 0xf, "registers are written whole");
  }
  tb_tb_link_tick(tb);
  if (written) *tb->axil_bvalid_i = 0;
  if (read) *tb->axil_rvalid_i = 0;
  b->have_addr = b->have_addr || aw;
  b->have_data = b->have_data || w;
  if (b->have_addr && b->have_data) {
    reg_written(b);
    b->have_addr = b->have_data = false;
    *tb->axil_bvalid_i = 1;
  }
  if (ar) {
    b->reg_reads++;
    *tb->axil_rvalid_i = 1;
    *tb->axil_rdata_i = b->regs[read_addr / 4];
  }
}

#endif
