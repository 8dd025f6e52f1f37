/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffer memory: a plain array behind an AXI4 slave of incrementing, full-width bursts and one ID.
 *
 * Each clock cycle, sim_axi_mem_sample() looks at the settled ports before the edge, and
 * sim_axi_mem_drive() sets this side's ports after it.  One beat a cycle each way; the first beat
 * of a read, and the answer to a write, come latency_cycles after the address or the last beat.
 */
#ifndef TOE_SIM_AXI_MEM_H
#define TOE_SIM_AXI_MEM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_AXI_QUEUE = 16, SIM_AXI_EARLY_BEATS = 32, SIM_AXI_MAX_BEAT = 64 };

/* A burst whose address has been taken. */
struct sim_axi_burst {
  uint64_t address;
  uint32_t beats_left;
  uint64_t ready_cycle; /* when its first beat, or its answer, may come */
};

struct sim_axi_bursts {
  struct sim_axi_burst slots[SIM_AXI_QUEUE];
  uint32_t head, count;
};

/* The master's ports, read, and the slave's, written. */
struct sim_axi_ports {
  const uint8_t *awvalid, *awlen, *wvalid, *wlast, *bready, *arvalid, *arlen, *rready;
  const uint64_t *awaddr, *araddr;
  const void *wdata, *wstrb;
  uint8_t *awready, *wready, *bvalid, *arready, *rvalid, *rlast;
  void *rdata;
};

struct sim_axi_mem {
  uint8_t *octets;
  uint64_t size;
  uint32_t beat_octets;
  uint32_t latency_cycles;
  uint32_t jitter_cycles; /* up to so much more for each burst, may be set after init */
  uint64_t random;        /* that it is drawn from */
  struct sim_axi_ports ports;
  uint64_t cycle;

  struct sim_axi_bursts writes;  /* waiting for data, oldest first */
  struct sim_axi_bursts answers; /* waiting for the B channel */
  struct sim_axi_bursts reads;
  /* Beats that came before their address. */
  struct {
    uint8_t data[SIM_AXI_MAX_BEAT];
    uint64_t strobe;
    bool last;
  } early[SIM_AXI_EARLY_BEATS];
  uint32_t early_head, early_count;

  uint64_t bursts_read, bursts_written, errors;
};

/** A memory of no octets yet, on these ports.  @p latency_cycles is at least 1. */
void sim_axi_mem_init(struct sim_axi_mem *mem, const struct sim_axi_ports *ports,
                      uint32_t beat_octets, uint32_t latency_cycles);

/** Maps @p size octets of zeros.  Physical memory is used as it is touched.  False when refused. */
bool sim_axi_mem_map(struct sim_axi_mem *mem, uint64_t size);

/** Unmaps the memory. */
void sim_axi_mem_free(struct sim_axi_mem *mem);

/** Before an edge: takes and counts what the master hands over.  True: drive must follow. */
bool sim_axi_mem_sample(struct sim_axi_mem *mem);

/** After that edge: the slave's ports of the next cycle.  True when one of them changed. */
bool sim_axi_mem_drive(struct sim_axi_mem *mem);

/** True while a burst is on its way. */
static inline bool sim_axi_mem_busy(const struct sim_axi_mem *mem) {
  return (mem->writes.count | mem->answers.count | mem->reads.count | mem->early_count) != 0;
}

#endif
