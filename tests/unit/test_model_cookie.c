/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's SYN cookies by themselves, and where the checker of a running engine knows
 * one.
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "model/toe_model_cookie.h"
#include "sim/lockstep_cookies.h"
#include "siphash.h"
#include "tb.h"
#include "toe/toe_regs.h"

enum { SCALE = 7, TS = 70 };
#define IRS 1000u
#define EPOCH_US (UINT64_C(1) << 26)
#define START_US (5 * EPOCH_US + 12345)

static const model_cfg_t kCfg = {.mtu = 1500,
                                 .ts_enable = 1,
                                 .sack_enable = 1,
                                 .wscale_enable = 1,
                                 .rto_initial_us = 1000000,
                                 .rx_ring_log2 = 16};
static const model_rx_seg_t kSyn = {.key = {0x0a000001, 4000, 80},
                                    .src_mac = 9,
                                    .seq = IRS,
                                    .flags = {.syn = 1},
                                    .opt = {.mss_valid = 1,
                                            .mss = 1400,
                                            .wscale_valid = 1,
                                            .wscale = SCALE,
                                            .sack_permitted = 1,
                                            .ts_valid = 1,
                                            .ts_val = TS}};

static model_cookies_t cookies;
static model_tcb_open_t open_as;

static void start(void) {
  cookies = (model_cookies_t){.enabled = true, .high = 4, .low = 2};
  for (unsigned i = 0; i < 16; i++) cookies.loaded[i] = (uint8_t)(0x40 + i);
  model_cookies_time(&cookies, START_US);
}

/* The segment that ends the handshake of @p syn, whose SYN-ACK left at @p now_us. */
static model_rx_seg_t last_of(const model_rx_seg_t *syn, uint64_t now_us) {
  model_tx_seg_t answer;

  model_cookies_time(&cookies, now_us);
  model_cookie_answer(&kCfg, &cookies, syn, now_us, &answer);
  cr_expect(answer.flags.syn && answer.flags.ack);
  cr_expect_eq(answer.ack, syn->seq + 1);
  return (model_rx_seg_t){
      .key = syn->key,
      .seq = syn->seq + 1,
      .ack = answer.seq + 1,
      .flags = {.ack = 1},
      .opt = {.ts_valid = answer.opt.ts_valid, .ts_val = TS + 1, .ts_ecr = answer.opt.ts_val}};
}

static bool arrives(model_rx_seg_t seg) {
  return model_cookie_arrives(&kCfg, &cookies, &seg, &open_as);
}

/* Octets written down by hand: address, ports, number, then seven bits of 0, epoch 5, MSS index 4.
 */
Test(model_cookie, is_what_is_documented, .init = start) {
  static const uint8_t octets[15] = {10, 0, 0, 1, 0x0f, 0xa0, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0x2c};
  const uint32_t mac = (uint32_t)siphash_2_4(cookies.now.key, octets, sizeof octets);

  cr_expect_eq(last_of(&kSyn, START_US).ack - 1, mac << 4 | 4 << 1 | 1);
}

Test(model_cookie, brings_everything_back, .init = start) {
  cr_assert(arrives(last_of(&kSyn, START_US)));
  cr_expect_eq(open_as.irs, IRS);
  cr_expect_eq(open_as.peer_mss, 1360);
  cr_expect(open_as.passive && open_as.wscale_ok && open_as.sack_ok && open_as.ts_ok);
  cr_expect_eq(open_as.snd_wscale, SCALE);
  cr_expect_eq(open_as.ts_recent, TS + 1);
}

Test(model_cookie, any_peer_gets_what_it_offered, .init = start) {
  tb_rng_t rng = tb_rng(tb_seed());
  uint64_t now_us = START_US;

  for (unsigned i = 0; i < 5000; i++) {
    model_rx_seg_t syn = kSyn;
    syn.key.remote_ip = tb_random(&rng);
    syn.seq = tb_random(&rng);
    syn.opt.mss = (uint16_t)tb_random(&rng);
    syn.opt.ts_valid = tb_random_below(&rng, 4) != 0;
    syn.opt.sack_permitted = (uint8_t)tb_random_below(&rng, 2);
    syn.opt.wscale_valid = (uint8_t)tb_random_below(&rng, 2);
    syn.opt.wscale = (uint8_t)tb_random_below(&rng, 15);
    now_us += tb_random_below(&rng, 100000);
    const model_rx_seg_t ack = last_of(&syn, now_us);
    if (ack.opt.ts_valid)
      cr_assert_lt((uint32_t)(now_us >> 8) - ack.opt.ts_ecr, 32, "not ahead, and little behind");
    model_cookies_time(&cookies, now_us + tb_random_below(&rng, EPOCH_US));
    cr_assert(arrives(ack));
    model_cookies_time(&cookies, now_us);
    cr_assert_leq(open_as.peer_mss, syn.opt.mss);
    cr_assert_eq(open_as.ts_ok, syn.opt.ts_valid);
    cr_assert_eq(open_as.sack_ok, syn.opt.ts_valid && syn.opt.sack_permitted);
    cr_assert_eq(open_as.wscale_ok, syn.opt.ts_valid && syn.opt.wscale_valid);
    cr_assert_eq(open_as.snd_wscale, open_as.wscale_ok ? syn.opt.wscale : 0);
    start();
  }
}

Test(model_cookie, every_bit_counts, .init = start) {
  const model_rx_seg_t good = last_of(&kSyn, START_US);
  model_rx_seg_t bad;

  for (unsigned bit = 0; bit < 32; bit++) {
    bad = good;
    bad.ack = ((good.ack - 1) ^ 1u << bit) + 1;
    cr_expect_not(arrives(bad), "bit %u", bit);
    bad = good;
    bad.seq ^= 1u << bit;
    cr_expect_not(arrives(bad));
    bad = good;
    bad.key.remote_ip ^= 1u << bit;
    cr_expect_not(arrives(bad));
    bad = good;
    bad.key.local_port ^= (uint16_t)(1u << bit % 16);
    cr_expect_not(arrives(bad));
  }
  cr_expect_eq(cookies.refused, 4 * 32 - 1, "bit 0 names an epoch with no cookie out");
  bad = good;
  bad.flags.syn = 1;
  cr_expect_not(arrives(bad));
  bad.flags = (model_tcp_flags_t){.rst = 1, .ack = 1};
  cr_expect_not(arrives(bad));
  bad.flags = (model_tcp_flags_t){.fin = 1};
  cr_expect_not(arrives(bad));
  cr_expect(arrives(good));
}

Test(model_cookie, lasts_to_the_end_of_the_next_epoch, .init = start) {
  const model_rx_seg_t ack = last_of(&kSyn, START_US);

  memset(cookies.loaded, 1, sizeof cookies.loaded);
  model_cookies_time(&cookies, 7 * EPOCH_US - 1);
  cr_expect(arrives(ack), "with the key of then");
  model_cookies_time(&cookies, 7 * EPOCH_US);
  last_of(&kSyn, 7 * EPOCH_US);
  cr_expect_not(arrives(ack));
  cr_expect_eq(cookies.refused, 1);
}

Test(model_cookie, jump_of_time_ends_it, .init = start) {
  const model_rx_seg_t ack = last_of(&kSyn, START_US);

  model_cookies_time(&cookies, 8 * EPOCH_US); /* the last epoch is no neighbour of this one */
  cr_expect_not(arrives(ack));
}

Test(model_cookie, begins_at_the_high_mark_and_ends_at_the_low_one, .init = start) {
  cr_expect_not(model_cookies_wanted(&cookies, 3, true));
  cr_expect(model_cookies_wanted(&cookies, 3, false), "no room");
  cr_expect(model_cookies_wanted(&cookies, 4, true));
  cr_expect(model_cookies_wanted(&cookies, 3, true));
  cr_expect_not(model_cookies_wanted(&cookies, 2, true));
  cr_expect_not(model_cookies_wanted(&cookies, 3, true));
  cookies.enabled = false;
  cr_expect_not(model_cookies_wanted(&cookies, 9, false));
}

/* --- The checker -------------------------------------------------------------------------------
 */

static struct sim_cookies checker;

/* It has seen the key written, word by word. */
static void watch(void) {
  start();
  checker = (struct sim_cookies){0};
  for (uint32_t word = 0; word < 4; word++)
    sim_cookies_register(&checker, (uint32_t)offsetof(toe_regs_t, COOKIE_KEY0) + 4 * word,
                         0x43424140u + 0x04040404u * word);
}

static model_tx_seg_t cookie_at(uint64_t now_us) {
  model_tx_seg_t answer;

  model_cookie_answer(&kCfg, &cookies, &kSyn, now_us, &answer);
  return answer;
}

Test(sim_cookies, knows_a_cookie_when_it_leaves, .init = watch) {
  model_tx_seg_t seg = cookie_at(START_US);

  cr_expect_null(sim_cookies_sent(&checker, &seg, START_US));
  cr_expect_eq(checker.checked, 1);
  seg.opt.sack_permitted = 0;
  cr_expect_not_null(sim_cookies_sent(&checker, &seg, START_US), "SACK is in the timestamp");
  seg = cookie_at(START_US);
  seg.opt.wscale_valid = 0;
  cr_expect_not_null(sim_cookies_sent(&checker, &seg, START_US), "and the scale");
  seg = cookie_at(START_US);
  seg.opt.ts_val += 32;
  cr_expect_not_null(sim_cookies_sent(&checker, &seg, START_US), "ahead of the clock");
  seg.opt.ts_valid = 0;
  cr_expect_not_null(sim_cookies_sent(&checker, &seg, START_US), "nothing brings them back");
  cr_expect_eq(checker.checked, 5);
  seg.seq ^= 16;
  cr_expect_null(sim_cookies_sent(&checker, &seg, START_US), "of an entry of the SYN cache");
  cr_expect_eq(checker.checked, 5);
}

static model_tcb_event_t opening(void) {
  model_tcb_event_t ev = {
      .kind = MODEL_EV_SEGMENT, .now_us = START_US, .seg = last_of(&kSyn, START_US)};

  cr_assert(model_cookie_arrives(&kCfg, &cookies, &ev.seg, &ev.open));
  return ev;
}

Test(sim_cookies, knows_what_a_cookie_opens, .init = watch) {
  const model_tcb_event_t good = opening();
  model_tcb_event_t bad = good;

  cr_expect_null(sim_cookies_opened(&checker, &kCfg, &good));
  cr_expect_eq(checker.checked, 1);
  bad.open.irs++;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.open.peer_mss++;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.open.ts_recent++;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.open.sack_ok = 0;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.open.snd_wscale++;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.seg.flags.syn = 1;
  cr_expect_not_null(sim_cookies_opened(&checker, &kCfg, &bad));
  bad = good;
  bad.seg.ack += 16;
  cr_expect_null(sim_cookies_opened(&checker, &kCfg, &bad), "the SYN cache knew it");
}

Test(sim_cookies, reset_takes_the_key_that_is_loaded, .init = watch) {
  const model_tx_seg_t seg = cookie_at(START_US);

  cr_expect_null(sim_cookies_sent(&checker, &seg, START_US));
  for (uint32_t word = 0; word < 4; word++)
    sim_cookies_register(&checker, (uint32_t)offsetof(toe_regs_t, COOKIE_KEY0) + 4 * word, word);
  sim_cookies_sent(&checker, &seg, START_US);
  cr_expect_eq(checker.checked, 2, "until the epoch ends");
  sim_cookies_reset(&checker);
  sim_cookies_sent(&checker, &seg, START_US);
  cr_expect_eq(checker.checked, 2, "it is no cookie under the new key");
}
