/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffer memory behind AXI4: a master made of plain variables drives the slave cycle by cycle.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "sim/axi_mem.h"
#include "tb.h"

enum { SIZE = 65536 };

static struct {
  uint8_t awvalid, awlen, wvalid, wlast, bready, arvalid, arlen, rready;
  uint64_t awaddr, araddr;
  uint8_t wdata[SIM_AXI_MAX_BEAT];
  uint64_t wstrb;
  uint8_t awready, wready, bvalid, arready, rvalid, rlast;
  uint8_t rdata[SIM_AXI_MAX_BEAT];
} bus;
static struct sim_axi_mem mem;

static void open_mem(uint32_t beat_octets, uint32_t latency_cycles) {
  const struct sim_axi_ports ports = {
      .awvalid = &bus.awvalid,
      .awlen = &bus.awlen,
      .wvalid = &bus.wvalid,
      .wlast = &bus.wlast,
      .bready = &bus.bready,
      .arvalid = &bus.arvalid,
      .arlen = &bus.arlen,
      .rready = &bus.rready,
      .awaddr = &bus.awaddr,
      .araddr = &bus.araddr,
      .wdata = bus.wdata,
      .wstrb = &bus.wstrb,
      .awready = &bus.awready,
      .wready = &bus.wready,
      .bvalid = &bus.bvalid,
      .arready = &bus.arready,
      .rvalid = &bus.rvalid,
      .rlast = &bus.rlast,
      .rdata = bus.rdata,
  };

  memset(&bus, 0, sizeof bus);
  sim_axi_mem_init(&mem, &ports, beat_octets, latency_cycles);
  cr_assert(sim_axi_mem_map(&mem, SIZE));
}

/* One cycle with the master's ports as they are. */
static void cycle(void) {
  if (sim_axi_mem_sample(&mem)) sim_axi_mem_drive(&mem);
}

/* Cycles until a port is 1; fails after 100. */
static unsigned cycles_until(const uint8_t *port) {
  unsigned cycles = 0;

  for (; !*port; cycles++) {
    cr_assert_lt(cycles, 100);
    cycle();
  }
  return cycles;
}

static void send_address(uint64_t address, unsigned beats) {
  bus.awvalid = 1;
  bus.awaddr = address;
  bus.awlen = (uint8_t)(beats - 1);
  cycles_until(&bus.awready);
  cycle();
  bus.awvalid = 0;
}

static void send_beat(uint8_t fill, uint64_t strobe, bool last) {
  memset(bus.wdata, fill, sizeof bus.wdata);
  bus.wstrb = strobe;
  bus.wlast = last;
  bus.wvalid = 1;
  cycles_until(&bus.wready);
  cycle();
  bus.wvalid = 0;
}

Test(axi_mem, strobes_choose_octets) {
  open_mem(8, 1);
  memset(mem.octets, 0xee, 32);
  send_address(8, 2);
  send_beat(1, 0xf0, false);
  send_beat(2, 0x03, true);
  const uint8_t expected[24] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
                                0xee, 0xee, 0xee, 0xee, 1,    1,    1,    1,
                                2,    2,    0xee, 0xee, 0xee, 0xee, 0xee, 0xee};
  cr_expect_arr_eq(mem.octets, expected, sizeof expected);
  cr_expect_eq(mem.bursts_written, 1);
  cr_expect_eq(mem.errors, 0);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, write_is_answered_after_its_last_beat) {
  open_mem(8, 5);
  send_address(0, 2);
  send_beat(1, 0xff, false);
  for (int i = 0; i < 20; i++) cycle();
  cr_expect_not(bus.bvalid, "answered before the last beat");
  send_beat(1, 0xff, true);
  cr_expect_eq(cycles_until(&bus.bvalid), 4);
  cycle();
  cr_expect(bus.bvalid, "the answer waits until it is taken");
  bus.bready = 1;
  cycle();
  cr_expect_not(bus.bvalid);
  cr_expect_not(sim_axi_mem_busy(&mem));
  sim_axi_mem_free(&mem);
}

Test(axi_mem, data_may_come_before_its_address) {
  open_mem(16, 1);
  bus.bready = 1;
  send_beat(3, 0xffff, false);
  send_beat(4, 0xffff, true);
  cr_expect(sim_axi_mem_busy(&mem));
  send_address(4096, 2);
  cycle();
  cr_expect_eq(mem.octets[4096], 3);
  cr_expect_eq(mem.octets[4096 + 31], 4);
  cr_expect_eq(mem.bursts_written, 1);
  cr_expect_eq(mem.errors, 0);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, reads_stream_without_gaps) {
  open_mem(8, 6);
  for (int i = 0; i < 256; i++) mem.octets[i] = (uint8_t)i;
  bus.rready = 1;
  bus.arvalid = 1;
  bus.arlen = 3;
  bus.araddr = 64;
  cycle();
  bus.araddr = 128;
  cycle();
  bus.arvalid = 0;
  cr_expect_eq(cycles_until(&bus.rvalid), 4, "first beat after the latency");
  for (unsigned i = 0; i < 8; i++) {
    cr_assert(bus.rvalid, "gap at beat %u", i);
    cr_expect_eq(bus.rdata[0], (i < 4 ? 64 : 128 - 32) + 8 * i);
    cr_expect_eq(bus.rlast, i % 4 == 3);
    cycle();
  }
  cr_expect_not(bus.rvalid);
  cr_expect_eq(mem.bursts_read, 2);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, latency_of_each_burst_is_drawn) {
  unsigned seen = 0;

  open_mem(8, 3);
  mem.jitter_cycles = 4;
  bus.rready = 1;
  for (int i = 0; i < 100; i++) {
    bus.arvalid = 1;
    bus.arlen = 0;
    cycle();
    bus.arvalid = 0;
    const unsigned cycles = (unsigned)cycles_until(&bus.rvalid);
    cr_assert_leq(cycles, 6);
    seen |= 1u << cycles;
    cycle();
  }
  cr_expect_eq(seen, 0x7c, "2 to 6 cycles more, 0x%x", seen);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, read_beat_waits_for_ready) {
  open_mem(8, 1);
  mem.octets[0] = 9;
  mem.octets[8] = 10;
  bus.arvalid = 1;
  bus.arlen = 1;
  cycle();
  bus.arvalid = 0;
  cycles_until(&bus.rvalid);
  for (int i = 0; i < 5; i++) cycle();
  cr_expect(bus.rvalid);
  cr_expect_eq(bus.rdata[0], 9);
  bus.rready = 1;
  cycle();
  cr_expect_eq(bus.rdata[0], 10);
  cr_expect(bus.rlast);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, full_queues_hold_back) {
  open_mem(8, 1);
  bus.arvalid = 1;
  for (int i = 0; i < 100; i++) cycle();
  cr_expect_not(bus.arready);
  cr_expect_eq(mem.reads.count, SIM_AXI_QUEUE);
  bus.wvalid = 1;
  bus.wstrb = 0xff;
  for (int i = 0; i < 100; i++) cycle();
  cr_expect_not(bus.wready);
  cr_expect_eq(mem.early_count, SIM_AXI_EARLY_BEATS);
  sim_axi_mem_free(&mem);
}

Test(axi_mem, bursts_against_the_rules_are_counted) {
  open_mem(8, 1);
  bus.bready = 1;
  send_address(4096 - 8, 2);
  send_beat(1, 0xff, false);
  send_beat(1, 0xff, true);
  cr_expect_eq(mem.errors, 1, "crosses 4 KiB");
  send_address(SIZE, 1);
  send_beat(1, 0xff, true);
  cr_expect_eq(mem.errors, 2, "outside");
  send_address(0, 2);
  send_beat(1, 0xff, true);
  cr_expect_eq(mem.errors, 3, "last too early");
  sim_axi_mem_free(&mem);
}

/* Random bursts at every width against a plain copy of the memory. */
Test(axi_mem, random_writes_end_up_in_place) {
  static uint8_t copy[SIZE];
  tb_rng_t rng = tb_rng(tb_seed());

  for (uint32_t beat_octets = 8; beat_octets <= 64; beat_octets *= 2) {
    open_mem(beat_octets, 1 + tb_random_below(&rng, 8));
    memset(copy, 0, sizeof copy);
    bus.bready = 1;
    for (int i = 0; i < 300; i++) {
      const unsigned beats =
          1 + tb_random_below(&rng, 4096 / beat_octets < 8 ? 4096 / beat_octets : 8);
      const uint64_t page = 4096 * (uint64_t)tb_random_below(&rng, SIZE / 4096);
      const uint64_t address =
          page + (uint64_t)beat_octets * tb_random_below(&rng, 4096 / beat_octets - beats + 1);
      send_address(address, beats);
      for (unsigned beat = 0; beat < beats; beat++) {
        const uint8_t fill = (uint8_t)tb_random(&rng);
        const uint64_t strobe = (uint64_t)tb_random(&rng) << 32 | tb_random(&rng);
        send_beat(fill, strobe & (~UINT64_C(0) >> (64 - beat_octets)), beat + 1 == beats);
        for (uint32_t octet = 0; octet < beat_octets; octet++) {
          if ((strobe >> octet) & 1u) copy[address + (uint64_t)beat * beat_octets + octet] = fill;
        }
      }
    }
    cr_expect_arr_eq(mem.octets, copy, sizeof copy, "width %u", 8 * beat_octets);
    cr_expect_eq(mem.errors, 0);
    sim_axi_mem_free(&mem);
  }
}
