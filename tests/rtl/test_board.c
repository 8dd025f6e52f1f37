/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_board: its host reaches registers and memory over the link, its time is the clock's, and its
 * frames are the engine's.
 * tb: top=toe_board params=NumConns=16,SynCacheSize=16,TimeWaitSize=16,ClkHz=62500000
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "driver/link.h"
#include "frame.h"
#include "tb.h"
#include "tb_toe_board.h"
#include "toe/toe_err.h"
#include "toe/toe_regs.h"

#define REG(name) ((uint32_t)offsetof(toe_regs_t, name))

enum { BEAT = 8, MEM_OCTETS = 16 * (4096 + 4096), LINE_OCTETS = 4096 };

typedef struct board {
  tb_toe_board_t *tb;
  struct toe_transport host;
  uint8_t down[LINE_OCTETS], up[LINE_OCTETS]; /* octets on their way to the board, to the host */
  uint32_t down_in, down_out, up_in, up_out;
  frame_t sent; /* the last frame to the MAC; len counts up while it comes */
  uint32_t frames;
} board_t;

/* --- The line -------------------------------------------------------------------------------- */

static void cycle(board_t *b) {
  tb_toe_board_t *tb = b->tb;

  *tb->host_rx_valid_i = b->down_in != b->down_out;
  *tb->host_rx_data_i = b->down[b->down_out % LINE_OCTETS];
  *tb->host_tx_ready_i = b->up_in - b->up_out < LINE_OCTETS;
  tb_toe_board_eval(tb);
  b->down_out += *tb->host_rx_valid_i && *tb->host_rx_ready_o;
  if (*tb->host_tx_valid_o && *tb->host_tx_ready_i)
    b->up[b->up_in++ % LINE_OCTETS] = *tb->host_tx_data_o;
  if (*tb->tx_tvalid_o) {
    for (unsigned i = 0; i < BEAT; i++)
      if ((*tb->tx_tkeep_o >> i & 1) != 0)
        b->sent.data[b->sent.len++] = (uint8_t)(*tb->tx_tdata_o >> 8 * i);
    b->frames += *tb->tx_tlast_o;
  }
  tb_toe_board_tick(tb);
}

static int line_send(void *ctx, const uint8_t *octets, size_t len) {
  board_t *b = ctx;
  size_t n = 0;

  for (; n < len && b->down_in - b->down_out < LINE_OCTETS; n++)
    b->down[b->down_in++ % LINE_OCTETS] = octets[n];
  return (int)n;
}

static int line_receive(void *ctx, uint8_t *octets, size_t max) {
  board_t *b = ctx;
  size_t n = 0;

  for (; n < max && b->up_in != b->up_out; n++) octets[n] = b->up[b->up_out++ % LINE_OCTETS];
  return (int)n;
}

static uint64_t line_now_us(void *ctx) {
  return ((board_t *)ctx)->tb->cycles * 2 / 125;
}

static bool line_wait(void *ctx, bool for_room, uint64_t until_us) {
  board_t *b = ctx;

  do cycle(b);
  while (b->up_in == b->up_out && !for_room && line_now_us(b) < until_us);
  return true;
}

static int line_fd(void *ctx) {
  (void)ctx;
  return -1;
}

static void line_alarm(void *ctx, uint64_t when_us) {
  (void)ctx;
  (void)when_us;
}

static void line_close(void *ctx) {
  (void)ctx;
}

static board_t *board_new(void) {
  static const struct toe_link_host_config config = {.session = 17};
  board_t *b = calloc(1, sizeof *b);

  cr_assert_not_null(b);
  b->tb = tb_toe_board_new(tb_seed());
  *b->tb->now_us_i = 0;
  *b->tb->rx_tvalid_i = *b->tb->rx_tuser_i = *b->tb->host_rx_valid_i = 0;
  *b->tb->tx_tready_i = 1;
  tb_toe_board_reset(b->tb);
  cr_assert_not(*b->tb->session_o);
  const struct toe_octet_stream stream = {b,           line_send, line_receive, line_wait,
                                          line_now_us, line_fd,   line_alarm,   line_close};
  cr_assert_eq(toe_link_host_open(&stream, &config, &b->host), 0, "%s", b->host.message);
  cr_assert(*b->tb->session_o);
  return b;
}

static void board_delete(board_t *b) {
  b->host.close(b->host.ctx);
  tb_toe_board_delete(b->tb);
  free(b);
}

static uint32_t reg_read(board_t *b, uint32_t offset) {
  uint32_t value;

  cr_assert_eq(b->host.reg_read(b->host.ctx, offset, &value, 1), 0);
  return value;
}

static void reg_write(board_t *b, uint32_t offset, uint32_t value) {
  cr_assert_eq(b->host.reg_write(b->host.ctx, offset, &value, 1), 0);
}

/* --- Tests ----------------------------------------------------------------------------------- */

Test(board, host_reads_what_the_engine_is) {
  board_t *b = board_new();

  cr_expect_eq(reg_read(b, REG(ID)), TOE_REGS__ID__MAGIC_reset);
  cr_expect_eq(reg_read(b, REG(DATA_WIDTH)), 64);
  cr_expect_eq(reg_read(b, REG(NUM_CONNS)), 16);
  uint32_t value;
  cr_expect_eq(b->host.reg_read(b->host.ctx, 0x10000, &value, 1), TOE_ERR_RANGE);
  board_delete(b);
}

Test(board, host_reaches_all_of_the_memory) {
  board_t *b = board_new();
  static uint8_t octets[MEM_OCTETS], back[MEM_OCTETS];
  tb_rng_t rng = tb_rng(tb_seed());

  for (uint32_t i = 0; i < MEM_OCTETS; i++) octets[i] = (uint8_t)tb_random(&rng);
  cr_assert_eq(b->host.mem_write(b->host.ctx, 0, octets, MEM_OCTETS), 0);
  cr_assert_eq(b->host.mem_read(b->host.ctx, 0, back, MEM_OCTETS), 0);
  cr_expect_arr_eq(back, octets, MEM_OCTETS);
  cr_expect_eq(b->host.mem_read(b->host.ctx, MEM_OCTETS - 1, back, 2), TOE_ERR_RANGE);
  board_delete(b);
}

Test(board, microseconds_are_the_clock_s) {
  board_t *b = board_new();

  for (unsigned round = 0; round < 3; round++) {
    /* The read takes place between two cycles that are known. */
    const uint64_t before = b->tb->cycles;
    const uint32_t now_us = reg_read(b, REG(NOW_US_LO));
    cr_expect_geq(now_us + 1, before * 2 / 125);
    cr_expect_leq(now_us, b->tb->cycles * 2 / 125);
    for (unsigned i = 0; i < 100000; i++) cycle(b);
  }
  board_delete(b);
}

Test(board, engine_answers_on_its_wire) {
  board_t *b = board_new();
  static const frame_path_t path = {.dst_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                    .src_mac = {2, 0, 0, 0, 0, 9},
                                    .src_ip = 0x0a000009,
                                    .dst_ip = 0x0a000001};
  static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
  frame_t question = {0};

  while ((reg_read(b, REG(STATUS)) & TOE_REGS__STATUS__READY_bm) == 0) continue;
  reg_write(b, REG(LOCAL_MAC_HI), 0x0211);
  reg_write(b, REG(LOCAL_MAC_LO), 0x22334455);
  reg_write(b, REG(LOCAL_IP), path.dst_ip);
  reg_write(b, REG(NETMASK), 0xffffff00);
  reg_write(b, REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
  reg_read(b, REG(CTRL));
  /* An announcement, perhaps. */
  for (unsigned i = 0; i < 1000; i++) cycle(b);
  b->frames = b->sent.len = 0;
  frame_build_arp(&question, &path, 1, NULL);
  frame_pad(&question, 60, 0);
  for (uint32_t at = 0; at < question.len; at += BEAT) {
    uint64_t beat = 0;
    const uint32_t count = question.len - at < BEAT ? question.len - at : BEAT;
    for (uint32_t i = 0; i < count; i++) beat |= (uint64_t)question.data[at + i] << 8 * i;
    *b->tb->rx_tvalid_i = 1;
    *b->tb->rx_tdata_i = beat;
    *b->tb->rx_tkeep_i = (uint8_t)((1u << count) - 1);
    *b->tb->rx_tlast_i = at + BEAT >= question.len;
    cycle(b);
  }
  *b->tb->rx_tvalid_i = 0;
  for (unsigned i = 0; i < 1000 && b->frames == 0; i++) cycle(b);
  cr_assert_eq(b->frames, 1);
  cr_expect_arr_eq(b->sent.data, path.src_mac, 6);
  cr_expect_arr_eq(b->sent.data + 6, mac, 6);
  cr_expect_eq(frame_get16(&b->sent, 12), FRAME_TYPE_ARP);
  cr_expect_eq(frame_get16(&b->sent, 20), 2, "a reply");
  cr_expect_eq(frame_get32(&b->sent, 28), path.dst_ip);
  cr_expect_eq(reg_read(b, REG(COUNTERS.RX_FRAME)), 1);
  board_delete(b);
}
