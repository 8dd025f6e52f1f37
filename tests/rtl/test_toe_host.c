/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_host: registers, configuration, counters.
 * tb: top=toe_host params=NumConns=4096,RxRingLog2=17,TxRingLog2=15,NumListeners=3,SynCacheSize=32
 */
#include "host_bench.h"

/* Members of cfg_t in rtl/toe_pkg.sv, in its order, and the register bits that they come from. */
static const struct cfg_field {
  char name[24];
  uint8_t width;
  uint16_t address[2]; /* low word first */
  uint8_t lsb;         /* in the register; 0 when there are two */
  uint64_t reset;
} kFields[] = {
    {"keep", 2, {0, 0}, 0, 0}, /* enable, key_valid: tests of their own */
    {"hash_key_hi", 64, {REG(HASH_KEY2), REG(HASH_KEY3)}, 0, 0},
    {"hash_key_lo", 64, {REG(HASH_KEY0), REG(HASH_KEY1)}, 0, 0},
    {"cookie_key_valid", 1, {0, 0}, 0, 0}, /* a test of its own */
    {"cookie_key_hi", 64, {REG(COOKIE_KEY2), REG(COOKIE_KEY3)}, 0, 0},
    {"cookie_key_lo", 64, {REG(COOKIE_KEY0), REG(COOKIE_KEY1)}, 0, 0},
    {"syn_cookies", 1, {REG(FEATURES), 0}, TOE_REGS__FEATURES__SYN_COOKIES_bp, 1},
    {"cookie_high", 16, {REG(SYN_COOKIES), 0}, TOE_REGS__SYN_COOKIES__HIGH_bp, 192},
    {"cookie_low", 16, {REG(SYN_COOKIES), 0}, TOE_REGS__SYN_COOKIES__LOW_bp, 128},
    {"local_mac", 48, {REG(LOCAL_MAC_LO), REG(LOCAL_MAC_HI)}, 0, 0},
    {"local_ip", 32, {REG(LOCAL_IP), 0}, 0, 0},
    {"netmask", 32, {REG(NETMASK), 0}, 0, 0xffffff00},
    {"gateway_ip", 32, {REG(GATEWAY_IP), 0}, 0, 0},
    {"mtu", 16, {REG(MTU), 0}, 0, 1500},
    {"min_mss", 16, {REG(MIN_MSS), 0}, 0, 64},
    {"ttl", 8, {REG(IP_HEADER), 0}, TOE_REGS__IP_HEADER__TTL_bp, 64},
    {"min_pmtu", 16, {REG(MIN_PMTU), 0}, 0, 576},
    {"dscp", 6, {REG(IP_HEADER), 0}, TOE_REGS__IP_HEADER__DSCP_bp, 0},
    {"ts_enable", 1, {REG(FEATURES), 0}, TOE_REGS__FEATURES__TS_bp, 1},
    {"sack_enable", 1, {REG(FEATURES), 0}, TOE_REGS__FEATURES__SACK_bp, 1},
    {"wscale_enable", 1, {REG(FEATURES), 0}, TOE_REGS__FEATURES__WSCALE_bp, 1},
    {"rto_initial_us", 32, {REG(RTO_INITIAL_US), 0}, 0, 1000000},
    {"rto_min_us", 32, {REG(RTO_MIN_US), 0}, 0, 200000},
    {"rto_max_us", 32, {REG(RTO_MAX_US), 0}, 0, 60000000},
    {"r1_retries", 4, {REG(RETRIES), 0}, TOE_REGS__RETRIES__R1_bp, 3},
    {"data_retries", 4, {REG(RETRIES), 0}, TOE_REGS__RETRIES__DATA_bp, 15},
    {"syn_retries", 4, {REG(RETRIES), 0}, TOE_REGS__RETRIES__SYN_bp, 7},
    {"time_wait_us", 32, {REG(TIME_WAIT_US), 0}, 0, 60000000},
    {"delack_us", 32, {REG(DELACK_US), 0}, 0, 40000},
    {"keepalive_us", 40, {REG(KEEPALIVE_US_LO), REG(KEEPALIVE_US_HI)}, 0, 7200000000},
    {"keepalive_interval_us", 32, {REG(KEEPALIVE_INTERVAL_US), 0}, 0, 75000000},
    {"rx_ring_log2", 5, {0, 0}, 0, 17},
    {"tx_ring_log2", 5, {0, 0}, 0, 15},
};

enum { FIELDS = sizeof(kFields) / sizeof(kFields[0]) };

/* The value of field number index on cfg_o. */
static uint64_t cfg_field(const host_bench_t *b, unsigned index) {
  unsigned lsb = 0;

  for (unsigned i = index + 1; i < FIELDS; i++) lsb += kFields[i].width;
  return tb_get_bits(b->tb->cfg_o, lsb, kFields[index].width);
}

Test(toe_host, identity_and_build_parameters_read_back) {
  host_bench_t *b = bench_new();

  cr_expect_eq(bench_read(b, REG(ID)), TOE_REGS__ID__MAGIC_reset);
  cr_expect_eq(bench_read(b, REG(VERSION)), TOE_REGS__VERSION__MINOR_reset << 16);
  cr_expect_eq(bench_read(b, REG(DATA_WIDTH)), 64);
  cr_expect_eq(bench_read(b, REG(NUM_CONNS)), 4096);
  cr_expect_eq(bench_read(b, REG(RX_RING_LOG2)), 17);
  cr_expect_eq(bench_read(b, REG(TX_RING_LOG2)), 15);
  cr_expect_eq(bench_read(b, REG(NUM_LISTENERS)), 3);
  cr_expect_eq(bench_read(b, REG(SYN_CACHE_SIZE)), 32);
  cr_expect_eq(bench_read(b, REG(SQ_DEPTH)), TOE_SQ_DEPTH);
  cr_expect_eq(bench_read(b, REG(CQ_DEPTH)), TOE_CQ_DEPTH);
  cr_expect_eq(bench_read(b, 0x0060), 0, "no register");
  cr_expect_eq(bench_read(b, REG(SQ)), 0, "write only");
  bench_delete(b);
}

Test(toe_host, live_numbers_read_back) {
  host_bench_t *b = bench_new();

  *b->tb->half_open_count_i = 0x1234;
  *b->tb->time_wait_count_i = 0x5678;
  *b->tb->free_count_i = 0x9abc;
  *b->tb->cookies_i = 1;
  cr_expect_eq(bench_read(b, REG(HALF_OPEN)), 0x1234);
  cr_expect_eq(bench_read(b, REG(TIME_WAIT_COUNT)), 0x5678);
  cr_expect_eq(bench_read(b, REG(FREE_CONNS)), 0x9abc);
  cr_expect_neq(bench_status(b) & TOE_REGS__STATUS__SYN_COOKIES_bm, 0);
  *b->tb->cookies_i = 0;
  cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__SYN_COOKIES_bm, 0);
  bench_delete(b);
}

Test(toe_host, high_half_of_time_is_kept_by_reading_the_low_half) {
  host_bench_t *b = bench_new();

  *b->tb->now_us_i = UINT64_C(0x11111111ffffffff);
  cr_expect_eq(bench_read(b, REG(NOW_US_LO)), 0xffffffff);
  *b->tb->now_us_i = UINT64_C(0x1111111200000000);
  bench_cycles(b, 5);
  cr_expect_eq(bench_read(b, REG(NOW_US_HI)), 0x11111111);
  cr_expect_eq(bench_read(b, REG(NOW_US_LO)), 0);
  cr_expect_eq(bench_read(b, REG(NOW_US_HI)), 0x11111112);
  bench_delete(b);
}

Test(toe_host, configuration_after_reset_is_as_documented) {
  host_bench_t *b = bench_new();

  for (unsigned i = 0; i < FIELDS; i++) {
    cr_expect_eq(cfg_field(b, i), kFields[i].reset, "%s is %llu", kFields[i].name,
                 (unsigned long long)cfg_field(b, i));
  }
  bench_delete(b);
}

Test(toe_host, each_configuration_register_reaches_its_field_only) {
  host_bench_t *b = bench_new();
  uint64_t expected[FIELDS];

  b->ask.pattern = TB_RANDOM;
  b->answer.pattern = TB_RANDOM;
  for (unsigned i = 0; i < FIELDS; i++) expected[i] = kFields[i].reset;
  for (unsigned round = 0; round < 20 * FIELDS; round++) {
    const unsigned i = tb_random_below(&b->rng, FIELDS);
    const struct cfg_field *f = &kFields[i];
    if (f->address[0] == 0) continue;

    const uint64_t value =
        ((uint64_t)tb_random(&b->rng) << 32 | tb_random(&b->rng)) & bench_ones(f->width);
    expected[i] = value;
    if (f->width > 32) {
      bench_write(b, f->address[0], (uint32_t)value);
      bench_write(b, f->address[1], (uint32_t)(value >> 32));
    } else {
      const uint32_t mask = (uint32_t)bench_ones(f->width) << f->lsb;
      const uint32_t old = bench_read(b, f->address[0]);
      bench_write(b, f->address[0], (old & ~mask) | (uint32_t)value << f->lsb);
      cr_assert_eq((bench_read(b, f->address[0]) & mask) >> f->lsb, value, "%s", f->name);
    }
    expected[0] = cfg_field(b, 0); /* writing a key changes its validity */
    expected[3] = cfg_field(b, 3);
    for (unsigned j = 0; j < FIELDS; j++) {
      cr_assert_eq(cfg_field(b, j), expected[j], "%s after a write of %s", kFields[j].name,
                   f->name);
    }
  }
  bench_delete(b);
}

Test(toe_host, octets_of_a_register_can_be_written_alone) {
  host_bench_t *b = bench_new();

  bench_write(b, REG(LOCAL_IP), 0x0a0b0c0d);
  bench_write_octets(b, REG(LOCAL_IP), 0x11223344, 0x4);
  cr_expect_eq(bench_read(b, REG(LOCAL_IP)), 0x0a220c0d);
  bench_delete(b);
}

Test(toe_host, key_is_valid_from_its_last_word_on) {
  host_bench_t *b = bench_new();

  for (uint16_t i = 0; i < 4; i++) {
    cr_expect_eq(cfg_field(b, 0), 0, "valid before word %u", i);
    cr_expect_eq(bench_status(b) & TOE_REGS__STATUS__KEY_VALID_bm, 0);
    bench_write(b, (uint16_t)(REG(HASH_KEY0) + 4 * i), 0x1000u + i);
  }
  cr_expect_eq(cfg_field(b, 0), 1);
  cr_expect_neq(bench_status(b) & TOE_REGS__STATUS__KEY_VALID_bm, 0);
  cr_expect_eq(cfg_field(b, 1), UINT64_C(0x0000100300001002));
  cr_expect_eq(cfg_field(b, 2), UINT64_C(0x0000100100001000));
  for (uint16_t i = 0; i < 4; i++) {
    cr_expect_eq(bench_read(b, (uint16_t)(REG(HASH_KEY0) + 4 * i)), 0, "the key is secret");
  }
  for (uint16_t i = 0; i < 3; i++) {
    bench_write(b, REG(HASH_KEY3), 7);
    cr_expect_eq(cfg_field(b, 0), 1);
    bench_write(b, (uint16_t)(REG(HASH_KEY0) + 4 * i), 7);
    cr_expect_eq(cfg_field(b, 0), 0, "a key half written is no key");
  }
  bench_delete(b);
}

Test(toe_host, cookie_key_is_whole_from_its_last_word_on) {
  host_bench_t *b = bench_new();

  for (uint16_t i = 0; i < 4; i++) {
    cr_expect_eq(cfg_field(b, 3), 0, "valid before word %u", i);
    bench_write(b, (uint16_t)(REG(COOKIE_KEY0) + 4 * i), 0x1000u + i);
  }
  cr_expect_eq(cfg_field(b, 3), 1);
  cr_expect_eq(cfg_field(b, 0), 0, "another key than that of the flows");
  for (uint16_t i = 0; i < 4; i++)
    cr_expect_eq(bench_read(b, (uint16_t)(REG(COOKIE_KEY0) + 4 * i)), 0, "the key is secret");
  for (uint16_t i = 0; i < 3; i++) {
    bench_write(b, REG(COOKIE_KEY3), 7);
    cr_expect_eq(cfg_field(b, 3), 1);
    bench_write(b, (uint16_t)(REG(COOKIE_KEY0) + 4 * i), 7);
    cr_expect_eq(cfg_field(b, 3), 0, "a key half written is no key");
  }
  bench_delete(b);
}

Test(toe_host, enable_reaches_the_core) {
  host_bench_t *b = bench_new();

  cr_expect_eq(cfg_field(b, 0), 0);
  bench_write(b, REG(CTRL), TOE_REGS__CTRL__ENABLE_bm);
  cr_expect_eq(cfg_field(b, 0), 2);
  cr_expect_eq(bench_read(b, REG(CTRL)), TOE_REGS__CTRL__ENABLE_bm);
  cr_expect_eq(*b->tb->soft_rst_o, 0);
  bench_write(b, REG(CTRL), 0);
  cr_expect_eq(cfg_field(b, 0), 0);
  bench_delete(b);
}

/* ---- Counters -------------------------------------------------------------------------------- */

Test(counters, each_counts_its_own_pulse_only) {
  host_bench_t *b = bench_new();
  uint32_t expected[TOE_HW_COUNTER_COUNT] = {0};

  bench_expect_counters(b, expected);
  for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++) {
    bench_pulses(b, UINT64_C(1) << i);
    bench_cycles(b, i + 1);
    bench_pulses(b, 0);
    expected[i] = i + 1;
    bench_expect_counters(b, expected);
  }
  bench_delete(b);
}

Test(counters, all_count_in_every_cycle) {
  host_bench_t *b = bench_new();
  uint32_t expected[TOE_HW_COUNTER_COUNT];

  bench_pulses(b, bench_ones(TOE_HW_COUNTER_COUNT));
  bench_cycles(b, 5000);
  bench_pulses(b, 0);
  for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++) expected[i] = 5000;
  bench_expect_counters(b, expected);
  bench_delete(b);
}

Test(counters, random_pulses_under_random_reads_are_exact) {
  host_bench_t *b = bench_new();
  uint32_t expected[TOE_HW_COUNTER_COUNT] = {0};

  for (unsigned round = 0; round < 4000; round++) {
    uint64_t set = (uint64_t)tb_random(&b->rng) << 32 | tb_random(&b->rng);
    if (round % 3 != 0) set &= tb_random(&b->rng) & tb_random(&b->rng);
    const uint64_t start = b->tb->cycles;
    bench_pulses(b, set & bench_ones(TOE_HW_COUNTER_COUNT));
    if (tb_random_below(&b->rng, 4) == 0) {
      bench_read(b, kCounterAddresses[tb_random_below(&b->rng, TOE_HW_COUNTER_COUNT)]);
    } else {
      bench_cycle(b);
    }
    const uint32_t cycles = (uint32_t)(b->tb->cycles - start);
    bench_pulses(b, 0);
    for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++)
      expected[i] += (set >> i & 1) != 0 ? cycles : 0;
  }
  bench_expect_counters(b, expected);
  bench_delete(b);
}

Test(counters, reads_between_additions_bring_their_own_counter) {
  host_bench_t *b = bench_new();

  bench_pulses(b, UINT64_MAX / 3 & bench_ones(TOE_HW_COUNTER_COUNT)); /* every second one */
  bench_cycles(b, 1000);
  for (unsigned i = 0; i < 10 * TOE_HW_COUNTER_COUNT; i++) {
    const unsigned counter = i % TOE_HW_COUNTER_COUNT;
    const uint32_t cycles = (uint32_t)b->tb->cycles;
    const uint32_t value = bench_read(b, kCounterAddresses[counter]);
    if (counter % 2 != 0) {
      cr_assert_eq(value, 0, "%s", kCounterNames[counter]);
    } else {
      cr_assert_leq(value, cycles + 10);
      cr_assert_geq(value, cycles - 350, "%s", kCounterNames[counter]);
    }
    bench_cycles(b, i % 7);
  }
  bench_delete(b);
}

Test(counters, gap_between_the_groups_reads_zero) {
  host_bench_t *b = bench_new();

  bench_pulses(b, bench_ones(TOE_HW_COUNTER_COUNT));
  bench_cycles(b, 100);
  bench_pulses(b, 0);
  for (uint16_t a = (uint16_t)(kCounterAddresses[TOE_DROP_COUNT - 1] + 4);
       a < kCounterAddresses[TOE_DROP_COUNT]; a = (uint16_t)(a + 4)) {
    cr_expect_eq(bench_read(b, a), 0, "0x%04x", a);
  }
  bench_delete(b);
}

Test(counters, writes_change_nothing) {
  host_bench_t *b = bench_new();
  uint32_t expected[TOE_HW_COUNTER_COUNT] = {0};

  for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++) bench_write(b, kCounterAddresses[i], 77);
  bench_expect_counters(b, expected);
  bench_delete(b);
}
