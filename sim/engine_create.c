/* SPDX-License-Identifier: Apache-2.0
 *
 * Start and end of a simulated engine.
 */
#include <toe/toe_regs.h>
#include "sim/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESET_CYCLES = 4, READY_CYCLES = 1000000, MAX_QUEUE_FRAMES = 1 << 20 };

const struct toe_sim_config *toe_sim_config_get(const struct toe_sim *sim) {
  return &sim->config;
}

__attribute__((format(printf, 3, 4))) static int fail(char *message, int error, const char *format,
                                                      ...) {
  if (message != NULL) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, TOE_SIM_MESSAGE_LEN, format, arguments);
    va_end(arguments);
  }
  return error;
}

static void set_default(uint32_t *field, uint32_t value) {
  if (*field == 0) *field = value;
}

static int check_config(const struct toe_sim_config *config, char *message) {
  if (config->in_queue_frames > MAX_QUEUE_FRAMES || config->out_queue_frames > MAX_QUEUE_FRAMES)
    return fail(message, TOE_ERR_RANGE, "a queue of more than %d frames", (int)MAX_QUEUE_FRAMES);
  if (config->tx_stall_ppm > 1000000)
    return fail(message, TOE_ERR_RANGE, "tx_stall_ppm %u is beyond 1000000", config->tx_stall_ppm);
  if (config->mtu != 0 && (config->mtu < 576 || config->mtu > 9000))
    return fail(message, TOE_ERR_RANGE, "MTU %u is outside 576 to 9000", config->mtu);
  if (config->waveform == NULL) return 0;
  if (!sim_model_can_trace())
    return fail(message, TOE_ERR_LIBRARY,
                "this library writes no waveforms: use the one whose name ends in _trace.so");
  FILE *file = fopen(config->waveform, "wb");
  if (file == NULL)
    return fail(message, TOE_ERR_IO, "cannot write %s: %s", config->waveform, strerror(errno));
  fclose(file);
  return 0;
}

static struct sim_axi_ports memory_ports(const struct sim_model *m) {
  return (struct sim_axi_ports){
      .awvalid = m->awvalid,
      .awaddr = m->awaddr,
      .awlen = m->awlen,
      .awready = m->awready,
      .wvalid = m->wvalid,
      .wdata = m->wdata,
      .wstrb = m->wstrb,
      .wlast = m->wlast,
      .wready = m->wready,
      .bvalid = m->bvalid,
      .bready = m->bready,
      .arvalid = m->arvalid,
      .araddr = m->araddr,
      .arlen = m->arlen,
      .arready = m->arready,
      .rvalid = m->rvalid,
      .rdata = m->rdata,
      .rlast = m->rlast,
      .rready = m->rready,
  };
}

/* Fills in what is zero in @p wanted; false when it is something else than @p built. */
static bool match(uint32_t *wanted, uint32_t built) {
  if (*wanted == 0) *wanted = built;
  return *wanted == built;
}

/* Reads the sizes of the build and maps the buffer memory that they call for. */
static int size_up(struct toe_sim *sim, char *message) {
  struct toe_sim_config *config = &sim->config;
  uint32_t built[4] = {0}; /* DATA_WIDTH, NUM_CONNS, RX_RING_LOG2, TX_RING_LOG2 */

  if (toe_sim_reg_read(sim, offsetof(toe_regs_t, DATA_WIDTH), built, 4) != 0)
    return fail(message, TOE_ERR_GONE, "the engine's registers do not answer");
  if (!match(&config->data_width, built[0]) || !match(&config->num_conns, built[1]) ||
      !match(&config->rx_ring_log2, built[2]) || !match(&config->tx_ring_log2, built[3]))
    return fail(message, TOE_ERR_RANGE,
                "this library is built for %u bits, %u connections, rings of 2^%u and 2^%u octets: "
                "build another with mk/host.mk",
                built[0], built[1], built[2], built[3]);
  const uint64_t size = ((uint64_t)built[1] << built[2]) + ((uint64_t)built[1] << built[3]);
  if (!sim_axi_mem_map(&sim->mem, size))
    return fail(message, TOE_ERR_NO_MEMORY, "no %" PRIu64 " octets of address space", size);
  return 0;
}

static int write_register(struct toe_sim *sim, size_t offset, uint32_t value) {
  return toe_sim_reg_write(sim, (uint32_t)offset, &value, 1);
}

/* The addresses that the configuration names; the host library may write others. */
static int write_addresses(struct toe_sim *sim) {
  const struct toe_sim_config *config = &sim->config;
  const uint32_t mac_hi = (uint32_t)config->mac[0] << 8 | config->mac[1];
  const uint32_t mac_lo = (uint32_t)config->mac[2] << 24 | (uint32_t)config->mac[3] << 16 |
                          (uint32_t)config->mac[4] << 8 | config->mac[5];
  int result = 0;

  if ((mac_hi | mac_lo) != 0) {
    result |= write_register(sim, offsetof(toe_regs_t, LOCAL_MAC_HI), mac_hi);
    result |= write_register(sim, offsetof(toe_regs_t, LOCAL_MAC_LO), mac_lo);
  }
  if (config->ip != 0) result |= write_register(sim, offsetof(toe_regs_t, LOCAL_IP), config->ip);
  if (config->netmask != 0)
    result |= write_register(sim, offsetof(toe_regs_t, NETMASK), config->netmask);
  if (config->gateway != 0)
    result |= write_register(sim, offsetof(toe_regs_t, GATEWAY_IP), config->gateway);
  if (config->mtu != 0) result |= write_register(sim, offsetof(toe_regs_t, MTU), config->mtu);
  return result;
}

/* Clocks until the engine has finished what it does after reset. */
static bool wait_ready(struct toe_sim *sim) {
  for (int i = 0; i < READY_CYCLES / 1000; i++) {
    uint32_t status = 0;
    if (toe_sim_reg_read(sim, offsetof(toe_regs_t, STATUS), &status, 1) != 0) return false;
    if ((status & TOE_REGS__STATUS__READY_bm) != 0) return true;
    for (int cycle = 0; cycle < 1000; cycle++) sim_cycle(sim);
  }
  return false;
}

/* Reset, sizes, addresses: all before time begins. */
static int start(struct toe_sim *sim, char *message) {
  struct sim_model *m = sim->model;
  const struct sim_axi_ports ports = memory_ports(m);

  sim_axi_mem_init(&sim->mem, &ports, (uint32_t)m->beat_octets, sim->config.mem_latency_cycles);
  sim->mem.jitter_cycles = sim->config.mem_jitter_cycles;
  sim->mem.random = sim->config.seed;
  sim->now_ns = sim->edge_ns = sim->config.start_ns;
  *m->now_us = sim->now_us = sim->config.start_ns / 1000;
  /* A seed makes ports random too. */
  *m->rx_tvalid = *m->rx_tlast = *m->rx_tuser = 0;
  *m->axil_awvalid = *m->axil_wvalid = *m->axil_bready = 0;
  *m->axil_arvalid = *m->axil_rready = 0;
  *m->rst = 1;
  *m->tx_tready = 1;
  sim->unsettled = true;
  sim->config.follow_clock = true;
  for (int i = 0; i < RESET_CYCLES; i++) sim_cycle(sim);
  *m->rst = 0;
  sim->unsettled = true;
  const int result = size_up(sim, message);
  if (result != 0) return result;
  if (sim->config.check) {
    sim->lockstep = sim_lockstep_new(&sim->config);
    if (sim->lockstep == NULL) return fail(message, TOE_ERR_NO_MEMORY, "out of memory");
  }
  if (write_addresses(sim) != 0 || !wait_ready(sim))
    return fail(message, TOE_ERR_GONE, "the engine does not get ready");
  sim->stats = (struct toe_sim_stats){0};
  return 0;
}

int toe_sim_create(const struct toe_sim_config *config, struct toe_sim **out, char *message) {
  const struct toe_sim_config defaults = {0};

  if (message != NULL) message[0] = '\0';
  if (config == NULL) config = &defaults;
  int result = check_config(config, message);
  if (result != 0) return result;

  struct toe_sim *sim = calloc(1, sizeof *sim);
  if (sim == NULL) return fail(message, TOE_ERR_NO_MEMORY, "out of memory");
  sim->config = *config;
  set_default(&sim->config.clock_period_ps, 6400);
  set_default(&sim->config.mem_latency_cycles, 4);
  set_default(&sim->config.in_queue_frames, 64);
  set_default(&sim->config.out_queue_frames, 4096);
  if (config->waveform != NULL) sim->waveform = strdup(config->waveform);
  if (config->replay != NULL) sim->replay = strdup(config->replay);
  sim->config.waveform = sim->waveform;
  sim->config.replay = sim->replay;
  sim->tx_random = config->seed;
  if ((config->waveform != NULL && sim->waveform == NULL) ||
      (config->replay != NULL && sim->replay == NULL) ||
      !sim_frame_queue_init(&sim->in, sim->config.in_queue_frames) ||
      !sim_frame_queue_init(&sim->out, sim->config.out_queue_frames)) {
    result = fail(message, TOE_ERR_NO_MEMORY, "out of memory");
  } else {
    sim->model = sim_model_new(config->seed, sim->waveform);
    if (sim->model == NULL)
      result = fail(message, TOE_ERR_IO, "cannot write %s", sim->waveform);
    else
      result = start(sim, message);
    sim->config.follow_clock = config->follow_clock;
  }
  if (result != 0) {
    toe_sim_destroy(sim);
    return result;
  }
  *out = sim;
  return 0;
}

void toe_sim_destroy(struct toe_sim *sim) {
  if (sim == NULL) return;
  if (sim->model != NULL) sim_model_delete(sim->model);
  sim_lockstep_delete(sim->lockstep);
  sim_axi_mem_free(&sim->mem);
  sim_frame_queue_free(&sim->in);
  sim_frame_queue_free(&sim->out);
  free(sim->waveform);
  free(sim->replay);
  free(sim);
}
