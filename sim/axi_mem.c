/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/axi_mem.h"

#include <string.h>
#include <sys/mman.h>

#include "sim/random.h"

static const uint8_t kNowhere[SIM_AXI_MAX_BEAT]; /* read past the end of the memory */

void sim_axi_mem_init(struct sim_axi_mem *mem, const struct sim_axi_ports *ports,
                      uint32_t beat_octets, uint32_t latency_cycles) {
  memset(mem, 0, sizeof *mem);
  mem->beat_octets = beat_octets;
  mem->latency_cycles = latency_cycles;
  mem->ports = *ports;
  *ports->awready = *ports->wready = *ports->arready = 1;
  *ports->bvalid = *ports->rvalid = *ports->rlast = 0;
}

bool sim_axi_mem_map(struct sim_axi_mem *mem, uint64_t size) {
  void *octets =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (octets == MAP_FAILED) return false;
  mem->octets = octets;
  mem->size = size;
  return true;
}

void sim_axi_mem_free(struct sim_axi_mem *mem) {
  if (mem->octets != NULL) munmap(mem->octets, mem->size);
  mem->octets = NULL;
}

static struct sim_axi_burst *front(struct sim_axi_bursts *bursts) {
  return bursts->count == 0 ? NULL : &bursts->slots[bursts->head];
}

static void pop(struct sim_axi_bursts *bursts) {
  bursts->head = (bursts->head + 1) % SIM_AXI_QUEUE;
  bursts->count--;
}

static void push(struct sim_axi_bursts *bursts, struct sim_axi_burst burst) {
  bursts->slots[(bursts->head + bursts->count++) % SIM_AXI_QUEUE] = burst;
}

static uint64_t latency(struct sim_axi_mem *mem) {
  if (mem->jitter_cycles == 0) return mem->latency_cycles;
  return mem->latency_cycles + sim_random_below(&mem->random, (uint64_t)mem->jitter_cycles + 1);
}

/* Takes an address; counts a burst that breaks the rules, and serves it as well as it can. */
static void take_address(struct sim_axi_mem *mem, struct sim_axi_bursts *bursts, uint64_t address,
                         uint32_t beats) {
  const uint64_t end = address + (uint64_t)beats * mem->beat_octets;

  if (end > mem->size || address / 4096 != (end - 1) / 4096 || address % mem->beat_octets != 0)
    mem->errors++;
  push(bursts,
       (struct sim_axi_burst){
           .address = address, .beats_left = beats, .ready_cycle = mem->cycle + latency(mem)});
}

/* One beat of the oldest write. */
static void write_beat(struct sim_axi_mem *mem, const uint8_t *data, uint64_t strobe, bool last) {
  struct sim_axi_burst *burst = front(&mem->writes);
  const uint64_t address = burst->address;
  const uint64_t all = ~UINT64_C(0) >> (64 - mem->beat_octets);

  if (address + mem->beat_octets <= mem->size) {
    if (strobe == all) {
      memcpy(mem->octets + address, data, mem->beat_octets);
    } else {
      for (uint32_t i = 0; i < mem->beat_octets; i++) {
        if ((strobe >> i) & 1u) mem->octets[address + i] = data[i];
      }
    }
  }
  burst->address += mem->beat_octets;
  burst->beats_left--;
  if (last != (burst->beats_left == 0)) mem->errors++;
  if (last || burst->beats_left == 0) {
    pop(&mem->writes);
    push(&mem->answers, (struct sim_axi_burst){.ready_cycle = mem->cycle + latency(mem)});
    mem->bursts_written++;
  }
}

static void take_beat(struct sim_axi_mem *mem) {
  const struct sim_axi_ports *p = &mem->ports;
  uint64_t strobe = 0;

  memcpy(&strobe, p->wstrb, (mem->beat_octets + 7) / 8);
  if (mem->writes.count != 0 && mem->early_count == 0) {
    write_beat(mem, p->wdata, strobe, *p->wlast);
    return;
  }
  const uint32_t slot = (mem->early_head + mem->early_count++) % SIM_AXI_EARLY_BEATS;
  memcpy(mem->early[slot].data, p->wdata, mem->beat_octets);
  mem->early[slot].strobe = strobe;
  mem->early[slot].last = *p->wlast != 0;
}

bool sim_axi_mem_sample(struct sim_axi_mem *mem) {
  const struct sim_axi_ports *p = &mem->ports;

  mem->cycle++;
  if ((*p->awvalid | *p->wvalid | *p->arvalid) == 0 && !sim_axi_mem_busy(mem)) return false;

  if (*p->bvalid && *p->bready) pop(&mem->answers);
  if (*p->rvalid && *p->rready) {
    struct sim_axi_burst *burst = front(&mem->reads);
    burst->address += mem->beat_octets;
    if (--burst->beats_left == 0) {
      pop(&mem->reads);
      mem->bursts_read++;
    }
  }
  if (*p->awvalid && *p->awready)
    take_address(mem, &mem->writes, *p->awaddr, (uint32_t)*p->awlen + 1);
  if (*p->arvalid && *p->arready)
    take_address(mem, &mem->reads, *p->araddr, (uint32_t)*p->arlen + 1);
  if (*p->wvalid && *p->wready) take_beat(mem);
  while (mem->early_count != 0 && mem->writes.count != 0 && mem->answers.count < SIM_AXI_QUEUE) {
    const uint32_t slot = mem->early_head;
    write_beat(mem, mem->early[slot].data, mem->early[slot].strobe, mem->early[slot].last);
    mem->early_head = (slot + 1) % SIM_AXI_EARLY_BEATS;
    mem->early_count--;
  }
  return true;
}

static bool set(uint8_t *port, bool value) {
  const bool changed = *port != (uint8_t)value;

  *port = value;
  return changed;
}

bool sim_axi_mem_drive(struct sim_axi_mem *mem) {
  const struct sim_axi_ports *p = &mem->ports;
  const struct sim_axi_burst *answer = front(&mem->answers);
  const struct sim_axi_burst *read = front(&mem->reads);
  bool changed = false;

  changed |= set(p->awready, mem->writes.count < SIM_AXI_QUEUE);
  changed |= set(p->arready, mem->reads.count < SIM_AXI_QUEUE);
  changed |=
      set(p->wready, mem->early_count < SIM_AXI_EARLY_BEATS && mem->answers.count < SIM_AXI_QUEUE);
  changed |= set(p->bvalid, answer != NULL && answer->ready_cycle <= mem->cycle + 1);
  const bool data = read != NULL && read->ready_cycle <= mem->cycle + 1;
  changed |= set(p->rvalid, data);
  if (data) {
    const bool inside = read->address + mem->beat_octets <= mem->size;
    memcpy(p->rdata, inside ? mem->octets + read->address : kNowhere, mem->beat_octets);
    changed |= set(p->rlast, read->beats_left == 1);
  }
  return changed;
}
