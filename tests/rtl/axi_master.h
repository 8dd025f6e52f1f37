/* SPDX-License-Identifier: Apache-2.0
 *
 * An AXI4 master for tests: bursts of random length from queues that the test fills, each channel
 * stalling in its own way, and the answers in their order.
 *
 * A bench connects it to the ports of its block with struct axi_ports; beats have up to 64 bits.
 */
#ifndef TOE_TESTS_AXI_MASTER_H
#define TOE_TESTS_AXI_MASTER_H

#include <criterion/criterion.h>
#include <string.h>

#include "tb.h"

enum { AXI_BURST_MAX = 256, AXI_DECERR = 3 };

typedef struct axi_ports {
  uint8_t *awvalid, *wvalid, *bready, *arvalid, *rready;
  const uint8_t *awready, *wready, *bvalid, *arready, *rvalid, *bresp, *rresp, *rlast;
  uint32_t *awaddr, *araddr;
  uint8_t *awlen, *arlen, *wlast;
} axi_ports_t;

/* What the block shows of a beat, and how it is given one: their width depends on the block. */
typedef struct axi_master axi_master_t;
struct axi_master {
  axi_ports_t port;
  tb_rng_t *rng;
  tb_gate_t aw, w, b, ar, r;
  void (*put_beat)(axi_master_t *m, uint64_t data, uint32_t strb);
  uint64_t (*get_beat)(const axi_master_t *m);
  void *tb;

  /* The write burst under way. */
  bool writing, addressed;
  uint32_t beats, next_beat, write_resp;
  uint64_t data[AXI_BURST_MAX];
  uint8_t strb[AXI_BURST_MAX];

  /* The read burst under way. */
  bool reading;
  uint32_t read_beats, got;
  uint64_t read[AXI_BURST_MAX];
  uint8_t read_resp[AXI_BURST_MAX];

  uint32_t writes_done, reads_done;
  bool held; /* an answer was offered and not taken */
  uint64_t held_data;
};

static inline void axi_write(axi_master_t *m, uint32_t addr, uint32_t beats) {
  cr_assert_not(m->writing);
  m->writing = true;
  m->addressed = false;
  m->beats = beats;
  m->next_beat = 0;
  *m->port.awaddr = addr;
  *m->port.awlen = (uint8_t)(beats - 1);
}

static inline void axi_read(axi_master_t *m, uint32_t addr, uint32_t beats) {
  cr_assert_not(m->reading);
  m->reading = true;
  m->read_beats = beats;
  m->got = 0;
  *m->port.araddr = addr;
  *m->port.arlen = (uint8_t)(beats - 1);
  while (!tb_gate_next(&m->ar, m->rng)) continue;
  *m->port.arvalid = 1;
}

/* Before the cycle: offers, and readiness. */
static inline void axi_drive(axi_master_t *m) {
  if (m->writing && !m->addressed && !*m->port.awvalid)
    *m->port.awvalid = tb_gate_next(&m->aw, m->rng);
  if (m->writing && m->next_beat < m->beats && !*m->port.wvalid && tb_gate_next(&m->w, m->rng)) {
    *m->port.wvalid = 1;
    *m->port.wlast = m->next_beat + 1 == m->beats;
    m->put_beat(m, m->data[m->next_beat], m->strb[m->next_beat]);
  }
  *m->port.bready = tb_gate_next(&m->b, m->rng);
  *m->port.rready = tb_gate_next(&m->r, m->rng);
}

/* What the rising edge will take; call after eval, and act on it after the tick. */
typedef struct axi_moves {
  bool aw, w, b, ar, r;
} axi_moves_t;

static inline axi_moves_t axi_look(axi_master_t *m) {
  const axi_moves_t moves = {
      .aw = *m->port.awvalid && *m->port.awready,
      .w = *m->port.wvalid && *m->port.wready,
      .b = *m->port.bvalid && *m->port.bready,
      .ar = *m->port.arvalid && *m->port.arready,
      .r = *m->port.rvalid && *m->port.rready,
  };

  if (m->held) {
    cr_assert(*m->port.rvalid, "an answer was taken back");
    cr_assert_eq(m->get_beat(m), m->held_data, "an answer changed");
  }
  m->held = *m->port.rvalid && !*m->port.rready;
  m->held_data = m->get_beat(m);
  if (*m->port.bvalid) {
    cr_assert(m->writing && m->addressed && m->next_beat == m->beats, "an answer to no write");
    m->write_resp = *m->port.bresp;
  }
  if (moves.r) {
    cr_assert(m->reading && !*m->port.arvalid, "an answer to no read");
    m->read[m->got] = m->get_beat(m);
    m->read_resp[m->got] = *m->port.rresp;
    cr_assert_eq(*m->port.rlast, m->got + 1 == m->read_beats, "last beat");
  }
  return moves;
}

static inline void axi_moved(axi_master_t *m, axi_moves_t moves) {
  if (moves.aw) {
    *m->port.awvalid = 0;
    m->addressed = true;
  }
  if (moves.w) {
    *m->port.wvalid = 0;
    m->next_beat++;
  }
  if (moves.b) {
    m->writing = false;
    m->writes_done++;
  }
  if (moves.ar) *m->port.arvalid = 0;
  if (moves.r && ++m->got == m->read_beats) {
    m->reading = false;
    m->reads_done++;
  }
}

static inline void axi_set_patterns(axi_master_t *m, tb_pattern_t pattern) {
  const bool vary = pattern != TB_ALWAYS;

  m->aw.pattern = pattern;
  m->w.pattern = (tb_pattern_t)((pattern + vary) % TB_PATTERN_COUNT);
  m->b.pattern = (tb_pattern_t)((pattern + 2 * vary) % TB_PATTERN_COUNT);
  m->ar.pattern = (tb_pattern_t)((pattern + vary) % TB_PATTERN_COUNT);
  m->r.pattern = (tb_pattern_t)((pattern + 3 * vary) % TB_PATTERN_COUNT);
}

#endif
