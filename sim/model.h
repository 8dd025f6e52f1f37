/* SPDX-License-Identifier: Apache-2.0
 *
 * The Verilated toe_top as C sees it: its ports and its clock.  Implemented by verilator_shim.cpp,
 * once for each build of the engine; ports whose type depends on the width are untyped, octet 0 of
 * a beat at the lowest address.
 */
#ifndef TOE_SIM_MODEL_H
#define TOE_SIM_MODEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

struct sim_model {
  size_t beat_octets;
  size_t trace_words;

  uint8_t *rst;
  uint64_t *now_us;
  const uint8_t *idle;
  const uint64_t *next_deadline_us;

  uint8_t *rx_tvalid, *rx_tlast, *rx_tuser;
  void *rx_tdata, *rx_tkeep;
  const uint8_t *tx_tvalid, *tx_tlast;
  const void *tx_tdata, *tx_tkeep;
  uint8_t *tx_tready;

  const uint8_t *awvalid, *awlen, *wvalid, *wlast, *bready, *arvalid, *arlen, *rready;
  const uint64_t *awaddr, *araddr;
  const void *wdata, *wstrb;
  uint8_t *awready, *wready, *bvalid, *arready, *rvalid, *rlast;
  void *rdata;

  uint8_t *axil_awvalid, *axil_wvalid, *axil_wstrb, *axil_bready, *axil_arvalid, *axil_rready;
  uint16_t *axil_awaddr, *axil_araddr;
  uint32_t *axil_wdata;
  const uint8_t *axil_awready, *axil_wready, *axil_bvalid, *axil_bresp;
  const uint8_t *axil_arready, *axil_rvalid, *axil_rresp;
  const uint32_t *axil_rdata;
  const uint8_t *irq;

  const uint8_t *trace_valid;
  const uint32_t *trace;
};

/** True when the model can write a waveform. */
bool sim_model_can_trace(void);

/**
 * A new model, clock low.  @p seed 0 starts every register at zero, another one at random values.
 * @p waveform is the FST file to write, or NULL.  NULL when the file cannot be written.
 */
struct sim_model *sim_model_new(uint32_t seed, const char *waveform);

/** Ends the model and closes its waveform. */
void sim_model_delete(struct sim_model *model);

/** Settles the outputs after a change of the inputs, without a clock edge. */
void sim_model_settle(struct sim_model *model);

/** One rising edge with the inputs as they are; settles the outputs after it. */
void sim_model_edge(struct sim_model *model);

#ifdef __cplusplus
}
#endif
#endif
