/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps on the registers of an engine that is not enabled.
 */
#include "host/tools/toectl/selftest.h"
#include "toe/toe_regs.h"

#define REG(name) ((uint32_t)offsetof(toe_regs_t, name))

/* Reads of STATUS until an engine must be ready after a reset. */
enum { PATIENCE = 200000 };

static enum outcome gone(struct subject *s, uint32_t offset, int result) {
  return selftest_say(FAILED, s, "register 0x%04x: %s", offset, toe_strerror(result));
}

static int read1(struct subject *s, uint32_t offset, uint32_t *value) {
  return s->transport.reg_read(s->transport.ctx, offset, value, 1);
}

static int write1(struct subject *s, uint32_t offset, uint32_t value) {
  return s->transport.reg_write(s->transport.ctx, offset, &value, 1);
}

/* ---- Identity ------------------------------------------------------------------------------- */

static bool is_power(uint32_t value, uint32_t least, uint32_t most) {
  return value >= least && value <= most && (value & (value - 1)) == 0;
}

enum outcome selftest_identity(struct subject *s) {
  enum { COUNT = REG(CQ_DEPTH) / 4 + 1 };
  uint32_t v[COUNT], again[COUNT];

  int result = s->transport.reg_read(s->transport.ctx, REG(ID), v, COUNT);
  /* One at a time and together is the same. */
  for (uint32_t i = 0; i < COUNT && result == 0; i++) result = read1(s, REG(ID) + 4 * i, &again[i]);
  if (result != 0) return gone(s, REG(ID), result);
  for (uint32_t i = 0; i < COUNT; i++)
    if (v[i] != again[i])
      return selftest_say(FAILED, s, "register 0x%04x reads 0x%08x, then 0x%08x", 4 * i, v[i],
                          again[i]);
  if (v[0] != TOE_REGS__ID__MAGIC_reset)
    return selftest_say(FAILED, s, "ID is 0x%08x and not 0x%08x: no engine, or none awake", v[0],
                        TOE_REGS__ID__MAGIC_reset);
  if (v[1] >> TOE_REGS__VERSION__MAJOR_bp != TOE_REGS__VERSION__MAJOR_reset)
    return selftest_say(FAILED, s,
                        "register map %u, and this toectl knows %d: load another bitstream",
                        v[1] >> TOE_REGS__VERSION__MAJOR_bp, TOE_REGS__VERSION__MAJOR_reset);
  const uint32_t width = v[REG(DATA_WIDTH) / 4];
  s->num_conns = v[REG(NUM_CONNS) / 4];
  s->rx_ring_log2 = v[REG(RX_RING_LOG2) / 4];
  s->tx_ring_log2 = v[REG(TX_RING_LOG2) / 4];
  if (!is_power(width, 64, 512)) return selftest_say(FAILED, s, "streams of %u bits", width);
  if (!is_power(s->num_conns, 1, 65536))
    return selftest_say(FAILED, s, "%u connections", s->num_conns);
  if (s->rx_ring_log2 < 10 || s->rx_ring_log2 > 30 || s->tx_ring_log2 < 10 || s->tx_ring_log2 > 30)
    return selftest_say(FAILED, s, "rings of 2^%u and 2^%u octets", s->rx_ring_log2,
                        s->tx_ring_log2);
  if (v[REG(SQ_DEPTH) / 4] != TOE_SQ_DEPTH || v[REG(CQ_DEPTH) / 4] != TOE_CQ_DEPTH)
    return selftest_say(FAILED, s, "rings of %u commands and %u completions, not %d and %d",
                        v[REG(SQ_DEPTH) / 4], v[REG(CQ_DEPTH) / 4], TOE_SQ_DEPTH, TOE_CQ_DEPTH);
  return selftest_say(PASSED, s, "register map %u.%u, %u bits, %u connections",
                      v[1] >> TOE_REGS__VERSION__MAJOR_bp,
                      v[1] >> TOE_REGS__VERSION__MINOR_bp & 0xff, width, s->num_conns);
}

/* ---- Registers ------------------------------------------------------------------------------ */

/* The configuration: every register that keeps what is written, with the bits that it has. */
static const struct {
  uint32_t offset, bits;
} kKept[SELFTEST_KEPT] = {
    {REG(LOCAL_MAC_HI), 0xffff},
    {REG(LOCAL_MAC_LO), UINT32_MAX},
    {REG(LOCAL_IP), UINT32_MAX},
    {REG(NETMASK), UINT32_MAX},
    {REG(GATEWAY_IP), UINT32_MAX},
    {REG(MTU), 0xffff},
    {REG(MIN_MSS), 0xffff},
    {REG(FEATURES), 0xf},
    {REG(RTO_INITIAL_US), UINT32_MAX},
    {REG(RTO_MIN_US), UINT32_MAX},
    {REG(RTO_MAX_US), UINT32_MAX},
    {REG(RETRIES), 0xfff},
    {REG(TIME_WAIT_US), UINT32_MAX},
    {REG(DELACK_US), UINT32_MAX},
    {REG(KEEPALIVE_US_LO), UINT32_MAX},
    {REG(KEEPALIVE_US_HI), 0xff},
    {REG(KEEPALIVE_INTERVAL_US), UINT32_MAX},
    {REG(IP_HEADER), 0x3fff},
    {REG(MIN_PMTU), 0xffff},
    {REG(SYN_COOKIES), UINT32_MAX},
};

/* Another number for each register and round; each bit of a register is 0 and 1 in some round. */
static uint32_t pattern(uint32_t offset, unsigned round) {
  const uint32_t mixed = offset * UINT32_C(0x9e3779b1) ^ UINT32_C(0xa5a5a5a5);

  return (round & 1) == 0 ? mixed : ~mixed;
}

/* Writes all, then reads all, so that two registers in one place show. */
static enum outcome walk(struct subject *s, unsigned round) {
  int result = 0;

  for (size_t i = 0; i < SELFTEST_KEPT; i++) {
    result = write1(s, kKept[i].offset, pattern(kKept[i].offset, round));
    if (result != 0) return gone(s, kKept[i].offset, result);
  }
  for (size_t i = 0; i < SELFTEST_KEPT; i++) {
    const uint32_t wanted = pattern(kKept[i].offset, round) & kKept[i].bits;
    uint32_t value;
    result = read1(s, kKept[i].offset, &value);
    if (result != 0) return gone(s, kKept[i].offset, result);
    if (value != wanted)
      return selftest_say(FAILED, s, "register 0x%04x keeps 0x%08x and not 0x%08x", kKept[i].offset,
                          value, wanted);
  }
  return PASSED;
}

/* One bit at a time through one register: wires that are joined or broken. */
static enum outcome walk_bits(struct subject *s) {
  for (unsigned bit = 0; bit < 32; bit++) {
    uint32_t value;
    int result = write1(s, REG(LOCAL_IP), UINT32_C(1) << bit);
    if (result == 0) result = read1(s, REG(LOCAL_IP), &value);
    if (result != 0) return gone(s, REG(LOCAL_IP), result);
    if (value != UINT32_C(1) << bit)
      return selftest_say(FAILED, s, "register 0x%04x: bit %u written, 0x%08x read", REG(LOCAL_IP),
                          bit, value);
  }
  return PASSED;
}

void selftest_restore(struct subject *s) {
  if (!s->kept_valid) return;
  for (size_t i = 0; i < SELFTEST_KEPT; i++) write1(s, kKept[i].offset, s->kept[i]);
}

enum outcome selftest_registers(struct subject *s) {
  int result = write1(s, REG(CTRL), 0);

  for (size_t i = 0; i < SELFTEST_KEPT && result == 0; i++)
    result = read1(s, kKept[i].offset, &s->kept[i]);
  if (result != 0) return gone(s, REG(CTRL), result);
  s->kept_valid = true;
  if (walk(s, 0) != PASSED || walk(s, 1) != PASSED || walk_bits(s) != PASSED) return FAILED;
  selftest_restore(s);
  return selftest_say(PASSED, s, "%d registers keep both of two patterns", SELFTEST_KEPT);
}

/* ---- Reset ---------------------------------------------------------------------------------- */

static enum outcome wants(struct subject *s, uint32_t offset, uint32_t bits, uint32_t wanted) {
  uint32_t value;
  const int result = read1(s, offset, &value);

  if (result != 0) return gone(s, offset, result);
  if ((value & bits) == wanted) return PASSED;
  return selftest_say(FAILED, s, "register 0x%04x is 0x%08x after a soft reset", offset, value);
}

enum outcome selftest_reset(struct subject *s) {
  static const struct {
    uint32_t offset, bits, wanted;
  } after[] = {
      {REG(CTRL), UINT32_MAX, 0},      {REG(STATUS), TOE_REGS__STATUS__COMPLETION_bm, 0},
      {REG(HALF_OPEN), UINT32_MAX, 0}, {REG(TIME_WAIT_COUNT), UINT32_MAX, 0},
      {REG(SQ_TAIL), UINT32_MAX, 0},   {REG(SQ_HEAD), UINT32_MAX, 0},
      {REG(CQ_TAIL), UINT32_MAX, 0},   {REG(CQ_HEAD), UINT32_MAX, 0},
  };
  uint32_t status = 0;
  unsigned reads = 0;

  int result = write1(s, REG(CTRL), TOE_REGS__CTRL__ENABLE_bm);
  if (result == 0) result = write1(s, REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  while (result == 0 && reads < PATIENCE && (status & TOE_REGS__STATUS__READY_bm) == 0) {
    result = read1(s, REG(STATUS), &status);
    reads++;
  }
  if (result != 0) return gone(s, REG(CTRL), result);
  if ((status & TOE_REGS__STATUS__READY_bm) == 0)
    return selftest_say(FAILED, s, "not ready after %u reads of STATUS: 0x%08x", reads, status);
  for (size_t i = 0; i < sizeof after / sizeof *after; i++)
    if (wants(s, after[i].offset, after[i].bits, after[i].wanted) != PASSED) return FAILED;
  const uint32_t free_conns = s->num_conns < 0xffff ? s->num_conns : 0xffff;
  if (wants(s, REG(FREE_CONNS), UINT32_MAX, free_conns) != PASSED) return FAILED;
  return selftest_say(PASSED, s, "ready after %u reads of STATUS, everything forgotten", reads);
}

/* ---- Key ------------------------------------------------------------------------------------ */

enum outcome selftest_key(struct subject *s) {
  for (unsigned word = 0; word < 4; word++) {
    uint32_t status;
    int result = write1(s, REG(HASH_KEY0) + 4 * word, pattern(word, 0));
    if (result == 0) result = read1(s, REG(STATUS), &status);
    if (result != 0) return gone(s, REG(HASH_KEY0), result);
    const bool valid = (status & TOE_REGS__STATUS__KEY_VALID_bm) != 0;
    if (valid != (word == 3))
      return selftest_say(FAILED, s, "STATUS.key_valid is %d after word %u of 4", valid, word + 1);
  }
  return selftest_say(PASSED, s, "valid with its last word and not before");
}
