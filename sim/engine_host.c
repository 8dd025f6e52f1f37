/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's side of a simulated engine: registers through AXI4-Lite, buffer memory directly, and
 * the transport that the host library uses.
 */
#include "driver/toe_transport.h"
#include "sim/engine.h"

#include <stdlib.h>
#include <string.h>

/* An access that takes longer never ends. */
static const unsigned kPatienceCycles = 10000;

static bool valid_range(uint32_t offset, size_t count) {
  return offset % 4 == 0 && count <= 0x4000 && offset + 4 * count <= 0x10000;
}

/* Addresses go out as fast as they are taken, and answers come back behind them. */
int toe_sim_reg_read(struct toe_sim *sim, uint32_t offset, uint32_t *values, size_t count) {
  struct sim_model *m = sim->model;
  size_t asked = 0, answered = 0;
  int result = 0;

  if (!valid_range(offset, count)) return TOE_ERR_RANGE;
  *m->axil_rready = 1;
  for (unsigned patience = kPatienceCycles; answered < count && patience != 0; patience--) {
    *m->axil_arvalid = asked < count;
    *m->axil_araddr = (uint16_t)(offset + 4 * (asked < count ? asked : 0));
    sim->unsettled = true;
    sim_settle(sim);
    if (*m->axil_rvalid) {
      if (*m->axil_rresp != 0) result = TOE_ERR_RANGE;
      values[answered++] = *m->axil_rdata;
      patience = kPatienceCycles;
    }
    if (*m->axil_arvalid && *m->axil_arready) asked++;
    sim_cycle(sim);
  }
  *m->axil_arvalid = 0;
  *m->axil_rready = 0;
  sim->unsettled = true;
  return answered == count ? result : TOE_ERR_GONE;
}

int toe_sim_reg_write(struct toe_sim *sim, uint32_t offset, const uint32_t *values, size_t count) {
  struct sim_model *m = sim->model;
  size_t addressed = 0, written = 0, answered = 0;
  int result = 0;

  if (!valid_range(offset, count)) return TOE_ERR_RANGE;
  if (sim->lockstep != NULL)
    for (size_t i = 0; i < count; i++)
      sim_lockstep_register(sim->lockstep, offset + 4 * (uint32_t)i, values[i]);
  *m->axil_bready = 1;
  *m->axil_wstrb = 0xf;
  for (unsigned patience = kPatienceCycles; answered < count && patience != 0; patience--) {
    *m->axil_awvalid = addressed < count;
    *m->axil_awaddr = (uint16_t)(offset + 4 * (addressed < count ? addressed : 0));
    *m->axil_wvalid = written < count;
    *m->axil_wdata = values[written < count ? written : 0];
    sim->unsettled = true;
    sim_settle(sim);
    if (*m->axil_bvalid) {
      if (*m->axil_bresp != 0) result = TOE_ERR_RANGE;
      answered++;
      patience = kPatienceCycles;
    }
    if (*m->axil_awvalid && *m->axil_awready) addressed++;
    if (*m->axil_wvalid && *m->axil_wready) written++;
    sim_cycle(sim);
  }
  *m->axil_awvalid = 0;
  *m->axil_wvalid = 0;
  *m->axil_bready = 0;
  sim->unsettled = true;
  return answered == count ? result : TOE_ERR_GONE;
}

static bool inside(const struct toe_sim *sim, uint64_t address, size_t len) {
  return address <= sim->mem.size && len <= sim->mem.size - address;
}

int toe_sim_mem_read(struct toe_sim *sim, uint64_t address, void *buf, size_t len) {
  if (!inside(sim, address, len)) return TOE_ERR_RANGE;
  memcpy(buf, sim->mem.octets + address, len);
  return 0;
}

int toe_sim_mem_write(struct toe_sim *sim, uint64_t address, const void *buf, size_t len) {
  if (!inside(sim, address, len)) return TOE_ERR_RANGE;
  memcpy(sim->mem.octets + address, buf, len);
  return 0;
}

/* --- Transport ------------------------------------------------------------------------------- */

struct attached {
  struct toe_sim *sim;
  toe_sim_wait_fn *wait;
  void *user;
};

static int attached_reg_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  return toe_sim_reg_read(((struct attached *)ctx)->sim, offset, values, count);
}

static int attached_reg_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  return toe_sim_reg_write(((struct attached *)ctx)->sim, offset, values, count);
}

static int attached_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  return toe_sim_mem_read(((struct attached *)ctx)->sim, address, buf, len);
}

static int attached_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  return toe_sim_mem_write(((struct attached *)ctx)->sim, address, buf, len);
}

static int attached_wait(void *ctx, int64_t timeout_us) {
  const struct attached *attached = ctx;
  struct toe_sim *sim = attached->sim;

  if (attached->wait != NULL) return attached->wait(attached->user, timeout_us);
  uint64_t until_ns = toe_sim_now(sim);
  if (!sim->config.follow_clock) {
    const uint64_t room_ns = UINT64_MAX - until_ns;
    const bool endless = timeout_us < 0 || (uint64_t)timeout_us > room_ns / 1000;
    until_ns = endless ? UINT64_MAX : until_ns + (uint64_t)timeout_us * 1000;
  }
  /* Without a limit, time goes from deadline to deadline, and stays when there is none. */
  int why;
  do {
    const uint64_t next_ns = toe_sim_next_ns(sim);
    if (until_ns == UINT64_MAX && next_ns == UINT64_MAX) break;
    uint64_t to_ns = until_ns;
    if (until_ns == UINT64_MAX) to_ns = next_ns + 1000;
    why = toe_sim_advance(sim, to_ns, TOE_SIM_HOST_EVENT);
  } while (why == 0 && until_ns == UINT64_MAX);
  return toe_sim_host_event(sim) ? 1 : 0;
}

static uint64_t attached_now_us(void *ctx) {
  return toe_sim_now(((struct attached *)ctx)->sim) / 1000;
}

static int attached_fd(void *ctx) {
  (void)ctx;
  return -1;
}

int toe_sim_transport(struct toe_sim *sim, toe_sim_wait_fn *wait, void *user,
                      struct toe_transport *out) {
  struct attached *attached = malloc(sizeof *attached);

  if (attached == NULL) return TOE_ERR_NO_MEMORY;
  *attached = (struct attached){.sim = sim, .wait = wait, .user = user};
  *out = (struct toe_transport){
      .ctx = attached,
      .reg_read = attached_reg_read,
      .reg_write = attached_reg_write,
      .mem_read = attached_mem_read,
      .mem_write = attached_mem_write,
      .wait = attached_wait,
      .now_us = attached_now_us,
      .fd = attached_fd,
      .close = free,
  };
  return 0;
}
