// SPDX-License-Identifier: Apache-2.0
//
// The Verilated toe_top behind the C functions of model.h.  All that is C++ in sim/.

#include "sim/model.h"

#include <memory>

#include "Vtoe_top.h"
#include "Vtoe_top___024root.h"
#include "verilated.h"
#if VM_COVERAGE
#include "sim/coverage_file.h"
#endif
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

#if !VM_TRACE
void Vtoe_top___024root___eval_ico(Vtoe_top___024root *root);
void Vtoe_top___024root___eval_nba(Vtoe_top___024root *root);
#endif

namespace {

struct Model : sim_model {
  VerilatedContext context;
  std::unique_ptr<Vtoe_top> top;
#if VM_TRACE
  VerilatedFstC fst;
#endif
};

void bind(Model *m) {
  Vtoe_top *t = m->top.get();
  m->beat_octets = sizeof t->rx_tdata_i;
  m->trace_words = sizeof t->trace_o / sizeof(uint32_t);
  m->rst = &t->rst_i;
  m->now_us = &t->now_us_i;
  m->idle = &t->idle_o;
  m->next_deadline_us = &t->next_deadline_us_o;
  m->rx_tvalid = &t->rx_tvalid_i;
  m->rx_tlast = &t->rx_tlast_i;
  m->rx_tuser = &t->rx_tuser_i;
  m->rx_tdata = &t->rx_tdata_i;
  m->rx_tkeep = &t->rx_tkeep_i;
  m->tx_tvalid = &t->tx_tvalid_o;
  m->tx_tlast = &t->tx_tlast_o;
  m->tx_tdata = &t->tx_tdata_o;
  m->tx_tkeep = &t->tx_tkeep_o;
  m->tx_tready = &t->tx_tready_i;
  m->awvalid = &t->axi_awvalid_o;
  m->awaddr = &t->axi_awaddr_o;
  m->awlen = &t->axi_awlen_o;
  m->awready = &t->axi_awready_i;
  m->wvalid = &t->axi_wvalid_o;
  m->wdata = &t->axi_wdata_o;
  m->wstrb = &t->axi_wstrb_o;
  m->wlast = &t->axi_wlast_o;
  m->wready = &t->axi_wready_i;
  m->bvalid = &t->axi_bvalid_i;
  m->bready = &t->axi_bready_o;
  m->arvalid = &t->axi_arvalid_o;
  m->araddr = &t->axi_araddr_o;
  m->arlen = &t->axi_arlen_o;
  m->arready = &t->axi_arready_i;
  m->rvalid = &t->axi_rvalid_i;
  m->rdata = &t->axi_rdata_i;
  m->rlast = &t->axi_rlast_i;
  m->rready = &t->axi_rready_o;
  m->axil_awvalid = &t->axil_awvalid_i;
  m->axil_awaddr = &t->axil_awaddr_i;
  m->axil_awready = &t->axil_awready_o;
  m->axil_wvalid = &t->axil_wvalid_i;
  m->axil_wdata = &t->axil_wdata_i;
  m->axil_wstrb = &t->axil_wstrb_i;
  m->axil_wready = &t->axil_wready_o;
  m->axil_bvalid = &t->axil_bvalid_o;
  m->axil_bresp = &t->axil_bresp_o;
  m->axil_bready = &t->axil_bready_i;
  m->axil_arvalid = &t->axil_arvalid_i;
  m->axil_araddr = &t->axil_araddr_i;
  m->axil_arready = &t->axil_arready_o;
  m->axil_rvalid = &t->axil_rvalid_o;
  m->axil_rdata = &t->axil_rdata_o;
  m->axil_rresp = &t->axil_rresp_o;
  m->axil_rready = &t->axil_rready_i;
  m->irq = &t->irq_o;
  m->trace_valid = &t->trace_valid_o;
  m->trace = t->trace_o.data();
}

#if VM_TRACE
void dump(Model *m) {
  if (m->fst.isOpen()) m->fst.dump(m->context.time());
  m->context.timeInc(1);
}
#endif

}  // namespace

bool sim_model_can_trace(void) {
  return VM_TRACE != 0;
}

sim_model *sim_model_new(uint32_t seed, const char *waveform) {
  auto m = std::make_unique<Model>();
  m->context.randReset(seed == 0 ? 0 : 2);
  m->context.randSeed(static_cast<int>(seed));
#if VM_TRACE
  m->context.traceEverOn(waveform != nullptr);
#endif
  m->top = std::make_unique<Vtoe_top>(&m->context, "toe_top");
  bind(m.get());
#if VM_TRACE
  if (waveform != nullptr) {
    m->top->trace(&m->fst, 99);
    m->fst.open(waveform);
    if (!m->fst.isOpen()) return nullptr;
  }
#endif
  // Registers pass the reset on, and until they do, random values look like work.
  m->context.assertOn(false);
  m->top->rst_i = 1;
  m->top->eval();
  for (int i = 0; i < 4; i++) sim_model_edge(m.get());
  m->context.assertOn(true);
  return m.release();
}

void sim_model_delete(sim_model *model) {
  Model *m = static_cast<Model *>(model);
  m->top->final();
#if VM_COVERAGE
  coverage_write(m->context);
#endif
  delete m;
}

#if VM_TRACE
void sim_model_settle(sim_model *model) {
  static_cast<Model *>(model)->top->eval();
}

void sim_model_edge(sim_model *model) {
  Model *m = static_cast<Model *>(model);
  m->top->clk_i = 1;
  m->top->eval();
  dump(m);
  m->top->clk_i = 0;
  m->top->eval();
  dump(m);
}
#else
// The two halves of a Verilated eval(), called one by one: what follows the inputs, and what
// follows the clock, the only trigger of the engine.  That spares half the work of a clock that
// really falls.  The build with waveforms takes the official way, and a test compares the two.
void sim_model_settle(sim_model *model) {
  Vtoe_top___024root *root = static_cast<Model *>(model)->top->rootp;
  root->__VicoTriggered[0] = 1;
  Vtoe_top___024root___eval_ico(root);
}

void sim_model_edge(sim_model *model) {
  Vtoe_top___024root *root = static_cast<Model *>(model)->top->rootp;
  root->__VnbaTriggered[0] = 1;
  Vtoe_top___024root___eval_nba(root);
}
#endif
