/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around toe_host in its tests: a host on AXI4-Lite, a TCP core that takes commands and
 * offers notifications, each with its own idle or back-pressure pattern.
 */
#ifndef TOE_TESTS_HOST_BENCH_H
#define TOE_TESTS_HOST_BENCH_H

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tb.h"
#include "tb_toe_host.h"
#include "toe/toe_hw.h"
#include "toe/toe_regs.h"

#define REG(name) ((uint16_t)offsetof(toe_regs_t, name))
#define CQ_WORD(entry, word) \
  ((uint16_t)(REG(CQ) + ((entry) % TOE_CQ_DEPTH * TOE_NTF_WORDS + (word)) * 4))
#define SQ_WORD(entry, word) \
  ((uint16_t)(REG(SQ) + ((entry) % TOE_SQ_DEPTH * TOE_CMD_WORDS + (word)) * 4))

enum { NTF_PORT_WORDS = 17, NTF_REASON_BIT = 512, PATIENCE_CYCLES = 5000, MAX_COMMANDS = 70000 };

typedef struct host_bench {
  tb_toe_host_t *tb;
  tb_rng_t rng;
  tb_gate_t ask, answer;         /* the host: requests, and taking of answers */
  tb_gate_t take, notify;        /* the TCP core: commands, and notifications */
  uint32_t ntf_made, ntf_wanted; /* notifications taken from the core; how many it has to offer */
  bool stuck;                    /* the core takes no command */
  uint32_t commands;
  uint32_t first_cycle, last_cycle;     /* of commands */
  uint32_t command_words[MAX_COMMANDS]; /* word 4, the tag, of each command */
  uint32_t command[TOE_CMD_WORDS];      /* the last one whole */
} host_bench_t;

/* Word of notification number n; every word of every notification differs. */
static inline uint32_t ntf_word(uint32_t n, uint32_t word) {
  const uint32_t value = (n * TOE_NTF_WORDS + word) * 2654435761u;
  return word == TOE_NTF_REASON_WORD ? value & ~0xff0u : value;
}

static inline uint32_t ntf_reason(uint32_t n) {
  return (n * 37 + 1) & 0xff;
}

/* One cycle of the TCP core's side; the host's inputs are the caller's. */
static inline void bench_cycle(host_bench_t *b) {
  tb_toe_host_t *tb = b->tb;

  *tb->cmd_ready_i = !b->stuck && tb_gate_next(&b->take, &b->rng);
  if (!*tb->ntf_valid_i && b->ntf_made < b->ntf_wanted && tb_gate_next(&b->notify, &b->rng)) {
    *tb->ntf_valid_i = 1;
    for (uint32_t word = 0; word < TOE_NTF_WORDS; word++) {
      tb->ntf_i[word] = ntf_word(b->ntf_made, word);
    }
    tb->ntf_i[NTF_PORT_WORDS - 1] = ntf_reason(b->ntf_made);
  }
  tb_toe_host_eval(tb);
  const bool ntf_taken = *tb->ntf_valid_i && *tb->ntf_ready_o;
  if (*tb->cmd_valid_o && *tb->cmd_ready_i) {
    cr_assert_lt(b->commands, MAX_COMMANDS);
    memcpy(b->command, tb->cmd_o, sizeof(b->command));
    b->command_words[b->commands++] = b->command[TOE_CMD_TAG_WORD];
    if (b->commands == 1) b->first_cycle = (uint32_t)tb->cycles;
    b->last_cycle = (uint32_t)tb->cycles;
  }
  tb_toe_host_tick(tb);
  if (ntf_taken) {
    *tb->ntf_valid_i = 0;
    b->ntf_made++;
  }
}

static inline void bench_cycles(host_bench_t *b, unsigned count) {
  while (count-- != 0) bench_cycle(b);
}

/* Reads count words from address on, one after the other or as fast as they are taken. */
static inline void bench_read_many(host_bench_t *b, uint16_t address, uint32_t *values,
                                   unsigned count) {
  tb_toe_host_t *tb = b->tb;
  unsigned asked = 0, answered = 0;

  for (unsigned patience = PATIENCE_CYCLES; answered < count; patience--) {
    cr_assert_neq(patience, 0, "read of 0x%04x never answered", address);
    if (!*tb->axil_arvalid_i && asked < count && tb_gate_next(&b->ask, &b->rng)) {
      *tb->axil_arvalid_i = 1;
      *tb->axil_araddr_i = (uint16_t)(address + 4 * asked);
    }
    *tb->axil_rready_i = tb_gate_next(&b->answer, &b->rng);
    tb_toe_host_eval(tb);
    const bool taken = *tb->axil_arvalid_i && *tb->axil_arready_o;
    if (*tb->axil_rvalid_o && *tb->axil_rready_i) {
      cr_assert_lt(answered, asked, "answer without a question");
      cr_assert_eq(*tb->axil_rresp_o, 0);
      values[answered++] = *tb->axil_rdata_o;
    }
    bench_cycle(b);
    if (taken) {
      *tb->axil_arvalid_i = 0;
      asked++;
    }
  }
  *tb->axil_rready_i = 0;
}

static inline uint32_t bench_read(host_bench_t *b, uint16_t address) {
  uint32_t value = 0;

  bench_read_many(b, address, &value, 1);
  return value;
}

/* Writes one word; strobe says which octets.  Address and data go their own ways. */
static inline void bench_write_octets(host_bench_t *b, uint16_t address, uint32_t value,
                                      uint8_t strobe) {
  tb_toe_host_t *tb = b->tb;
  bool addressed = false, written = false;

  for (unsigned patience = PATIENCE_CYCLES;; patience--) {
    cr_assert_neq(patience, 0, "write of 0x%04x never answered", address);
    if (!addressed && !*tb->axil_awvalid_i && tb_gate_next(&b->ask, &b->rng)) {
      *tb->axil_awvalid_i = 1;
      *tb->axil_awaddr_i = address;
    }
    if (!written && !*tb->axil_wvalid_i && tb_gate_next(&b->ask, &b->rng)) {
      *tb->axil_wvalid_i = 1;
      *tb->axil_wdata_i = value;
      *tb->axil_wstrb_i = strobe;
    }
    *tb->axil_bready_i = tb_gate_next(&b->answer, &b->rng);
    tb_toe_host_eval(tb);
    const bool address_taken = *tb->axil_awvalid_i && *tb->axil_awready_o;
    const bool data_taken = *tb->axil_wvalid_i && *tb->axil_wready_o;
    const bool answered = *tb->axil_bvalid_o && *tb->axil_bready_i;
    if (answered) {
      cr_assert(addressed && written, "answer before the question");
      cr_assert_eq(*tb->axil_bresp_o, 0);
    }
    bench_cycle(b);
    if (address_taken) {
      *tb->axil_awvalid_i = 0;
      addressed = true;
    }
    if (data_taken) {
      *tb->axil_wvalid_i = 0;
      written = true;
    }
    if (answered) break;
  }
  *tb->axil_bready_i = 0;
}

static inline void bench_write(host_bench_t *b, uint16_t address, uint32_t value) {
  bench_write_octets(b, address, value, 0xf);
}

/* Writes command number n into its entry: word w is 8 n + w. */
static inline void bench_write_command(host_bench_t *b, uint32_t n) {
  for (uint32_t word = 0; word < TOE_CMD_WORDS; word++) {
    bench_write(b, SQ_WORD(n, word), n * TOE_CMD_WORDS + word);
  }
}

/* Compares completion number n as it lies in the ring with what the core said. */
static inline void bench_expect_completion(host_bench_t *b, uint32_t n) {
  uint32_t entry[TOE_NTF_WORDS];

  bench_read_many(b, CQ_WORD(n, 0), entry, TOE_NTF_WORDS);
  for (uint32_t word = 0; word < TOE_NTF_WORDS; word++) {
    uint32_t expected = ntf_word(n, word);
    if (word == TOE_NTF_REASON_WORD) expected |= ntf_reason(n) << TOE_NTF_REASON_LSB;
    cr_assert_eq(entry[word], expected, "completion %u word %u: %08x, not %08x", n, word,
                 entry[word], expected);
  }
}

/* Waits for STATUS.ready. */
static inline void bench_wait_ready(host_bench_t *b) {
  unsigned patience = 100;

  while ((bench_read(b, REG(STATUS)) & TOE_REGS__STATUS__READY_bm) == 0) {
    cr_assert_neq(patience--, 0, "never ready");
  }
}

static inline uint64_t bench_ones(unsigned width) {
  return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static inline uint32_t bench_status(host_bench_t *b) {
  return bench_read(b, REG(STATUS));
}

#define COUNTER_NAME(NAME, text, address, meaning) text,
#define COUNTER_ADDRESS(NAME, text, address, meaning) address,
static const char *const kCounterNames[] = {TOE_HW_COUNTERS(COUNTER_NAME)};
static const uint16_t kCounterAddresses[] = {TOE_HW_COUNTERS(COUNTER_ADDRESS)};

enum { COUNTS = TOE_HW_COUNTER_COUNT - TOE_DROP_COUNT };

/* Raises the pulses of a set of counters, bit 0 the first row of TOE_HW_COUNTERS. */
static inline void bench_pulses(host_bench_t *b, uint64_t counters) {
  uint16_t counts = 0;

  for (unsigned i = 0; i < COUNTS; i++) {
    const unsigned bit = (unsigned)(counters >> (TOE_DROP_COUNT + i)) & 1;
    counts = (uint16_t)(counts | bit << (COUNTS - 1 - i)); /* the first member is the highest bit */
  }
  *b->tb->drop_i = counters & bench_ones(TOE_DROP_COUNT);
  *b->tb->count_i = counts;
}

/* Lets the sums drain, then compares every counter. */
static inline void bench_expect_counters(host_bench_t *b,
                                         const uint32_t expected[TOE_HW_COUNTER_COUNT]) {
  for (unsigned patience = 200; !*b->tb->idle_o; patience--) {
    cr_assert_neq(patience, 0, "never idle");
    bench_cycle(b);
  }
  for (unsigned i = 0; i < TOE_HW_COUNTER_COUNT; i++) {
    const uint32_t value = bench_read(b, kCounterAddresses[i]);
    cr_assert_eq(value, expected[i], "%s is %u, not %u", kCounterNames[i], value, expected[i]);
  }
}

/* A bench after reset, everything offered and taken at once. */
static inline host_bench_t *bench_new(void) {
  host_bench_t *b = calloc(1, sizeof(*b));

  cr_assert_not_null(b);
  b->tb = tb_toe_host_new(tb_seed());
  b->rng = tb_rng(tb_seed());
  *b->tb->axil_awvalid_i = 0;
  *b->tb->axil_wvalid_i = 0;
  *b->tb->axil_bready_i = 0;
  *b->tb->axil_arvalid_i = 0;
  *b->tb->axil_rready_i = 0;
  *b->tb->ntf_valid_i = 0;
  *b->tb->cmd_ready_i = 0;
  *b->tb->drop_i = 0;
  *b->tb->count_i = 0;
  *b->tb->now_us_i = 0;
  *b->tb->tcp_idle_i = 1;
  *b->tb->core_idle_i = 1;
  *b->tb->core_busy_i = 0;
  tb_toe_host_reset(b->tb);
  bench_wait_ready(b);
  return b;
}

static inline void bench_delete(host_bench_t *b) {
  tb_toe_host_delete(b->tb);
  free(b);
}

#endif
