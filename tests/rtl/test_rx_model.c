/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx against the reference model's parser: sound and spoiled frames of every kind, at any
 * spacing and with any configuration.  Each frame must become what the model says, in order: the
 * same segment, ARP packet or echo, octet for octet, or nothing, for the same reason.
 *
 *   FRAMES=n  frames of each test (default below), SEED=n another sequence
 *
 * What the fuzzer found is replayed first: every file of tests/fuzz/found/parse and of the folder
 * CORPUS, if it is set.
 */
/* tb: top=tb_rx widths=64,512 */
#include "rx_bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame_random.h"
#include "fuzz_input.h"
#include "model/toe_model_frame.h"
#include "sim/lockstep_compare.h"
#include "toe/toe_hw.h"

enum {
  BATCH = 2000,
  FRAMES = DATA_WIDTH == 64 ? 100000 : 40000,
  RUNT = 64 * DATA_WIDTH / 64, /* octets; shorter frames need a pause to stay within the rate */
  ECHO_LAG = 4                 /* cycles from the end of an echo to the last one refused for it */
};

/* The two lists of reasons are one. */
_Static_assert((int)MODEL_DROP_DISABLED == (int)TOE_DROP_DISABLED, "numbers as in drop_e");
_Static_assert((int)MODEL_DROP_OVERSIZE == (int)TOE_DROP_OVERSIZE, "numbers as in drop_e");
_Static_assert((int)MODEL_DROP_IP_PROTO == (int)TOE_DROP_IP_PROTO, "numbers as in drop_e");
_Static_assert((int)MODEL_DROP_TCP_OPTION == (int)TOE_DROP_TCP_OPTION, "numbers as in drop_e");

static frame_t frame;
static model_netif_t own;
static uint32_t next_captured, next_parsed; /* frames whose outcome has been seen */
static uint64_t echo_busy_cycle;
static bool echo_pending;
static uint32_t outcomes[4], drops[MAX_DROPS];

static bool dropped_before_parsing(const sent_t *sent) {
  return sent->outcome == TO_NOTHING &&
         (sent->reason == DROP_DISABLED || sent->reason == DROP_MAC_ERROR ||
          sent->reason == DROP_OVERSIZE);
}

static void print_frame(const sent_t *sent) {
  for (uint32_t i = 0; i < sent->frame->len && i < 256; i++)
    fprintf(stderr, "%02x%s", sent->frame->data[i], i % 32 == 31 ? "\n" : "");
  fprintf(stderr, "\n%u octets\n", sent->frame->len);
}

static const sent_t *next_sent(rx_bench_t *bench, uint32_t *index, bool before_parsing) {
  while (*index < bench->sending && dropped_before_parsing(&bench->sent[*index]) != before_parsing)
    ++*index;
  cr_assert_lt(*index, bench->sending, "an outcome without a frame");
  return &bench->sent[(*index)++];
}

/* RTL drops a frame for reason. */
static void see_drop(rx_bench_t *bench, uint32_t reason) {
  const bool before = reason <= DROP_MAC_ERROR || reason == DROP_OVERSIZE;
  const sent_t *sent = next_sent(bench, before ? &next_captured : &next_parsed, before);

  if (sent->outcome == TO_ECHO && reason == DROP_ECHO_BUSY) {
    cr_assert_leq(bench->tb->cycles - echo_busy_cycle, ECHO_LAG, "no echo was under way");
    return;
  }
  if (sent->outcome != TO_NOTHING || sent->reason != reason) print_frame(sent);
  cr_assert_eq(sent->outcome, TO_NOTHING, "RTL drops for reason %u, model: outcome %d", reason,
               (int)sent->outcome);
  cr_assert_eq(sent->reason, reason, "RTL drops for reason %u, model for %d", reason,
               (int)sent->reason);
}

static void watch(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;

  for (uint32_t reason = 0; reason < MAX_DROPS; reason++)
    if (*tb->drop_o >> reason & 1) see_drop(bench, reason);
  if (*tb->count_frame_o) {
    const sent_t *sent = next_sent(bench, &next_parsed, false);

    if (sent->outcome == TO_NOTHING) print_frame(sent);
    cr_assert_neq(sent->outcome, TO_NOTHING, "RTL keeps what the model drops for %d",
                  (int)sent->reason);
    const bool segment = sent->outcome == TO_SEGMENT && sent->icmp_kind == 0;
    if (*tb->count_segment_o != segment) print_frame(sent);
    cr_assert_eq(*tb->count_segment_o, segment);
    if (sent->outcome == TO_ECHO) {
      bench->echo_next = sent;
      echo_pending = true;
    }
  }
  if (echo_pending) echo_busy_cycle = tb->cycles;
  if (bench->echo_of != NULL) bench->echo_next = NULL;
  if (bench->echo_of == NULL && bench->echo_next == NULL) echo_pending = false;
}

static void parse(const sent_t *sent, model_frame_t *parsed) {
  model_parse(&own, sent->frame->data, sent->frame->len, !sent->mac_error, parsed);
}

/* Every field of a segment, the options too. */
static void compare_segment(rx_bench_t *bench, const sent_t *sent, verdict_t *verdict) {
  const tb_tb_rx_t *tb = bench->tb;
  const uint8_t flags = *tb->seg_flags_o;
  rtl_tcp_options_t opt;
  model_frame_t parsed;
  model_rx_seg_t seg = {
      .key = {*tb->seg_remote_ip_o, *tb->seg_remote_port_o, *tb->seg_local_port_o},
      .src_mac = *tb->seg_src_mac_o,
      .seq = *tb->seg_seq_o,
      .ack = *tb->seg_ack_o,
      .flags = {flags >> 7 & 1, flags >> 6 & 1, flags >> 5 & 1, flags >> 4 & 1, flags >> 3 & 1,
                flags >> 2 & 1, flags >> 1 & 1, flags & 1},
      .wnd = *tb->seg_wnd_o,
      .urg_ptr = *tb->seg_urg_ptr_o,
      .payload_len = *tb->seg_payload_len_o,
      .icmp = {*tb->seg_icmp_kind_o, *tb->seg_icmp_code_o, *tb->seg_icmp_mtu_o}};

  parse(sent, &parsed);
  rtl_tcp_options_get(&opt, tb->seg_opt_o, 0);
  from_rtl_tcp_options(&opt, &seg.opt);
  forget_meaningless_options(&seg.opt);
  if (differ_rx_seg(stderr, &(path_t){NULL, "seg"}, &seg, &parsed.seg) != 0) {
    print_frame(sent);
    cr_assert_fail("segment differs from the model's");
  }
  if (seg.icmp.kind == 0) cr_assert_eq(parsed.payload_off, sent->info.payload);
  rx_decide_random(bench, sent, verdict);
}

/* What the bench itself compares. */
static void rx_expect_icmp_error(sent_t *sent, const model_rx_seg_t *seg) {
  sent->icmp_kind = seg->icmp.kind;
  sent->icmp_code = seg->icmp.code;
  sent->icmp_mtu = seg->icmp.mtu;
  sent->info = (frame_info_t){.src_ip = seg->key.remote_ip,
                              .src_port = seg->key.remote_port,
                              .dst_port = seg->key.local_port,
                              .seq = seg->seq};
}

static void send_frame(rx_bench_t *bench, bool mac_error) {
  static const outcome_t kinds[] = {[MODEL_FRAME_DROPPED] = TO_NOTHING,
                                    [MODEL_FRAME_SEGMENT] = TO_SEGMENT,
                                    [MODEL_FRAME_ARP] = TO_ARP,
                                    [MODEL_FRAME_ECHO] = TO_ECHO,
                                    [MODEL_FRAME_ICMP_ERROR] = TO_SEGMENT};
  model_frame_t parsed;

  model_parse(&own, frame.data, frame.len, !mac_error, &parsed);
  const outcome_t outcome = kinds[parsed.kind];
  bench->idle_after[bench->sent_count] = tb_random_below(&bench->rng, 3) == 0
                                             ? tb_random_below(&bench->rng, 64)
                                         : frame.len < RUNT ? RUNT / 4
                                                            : 0;
  sent_t *sent = rx_send(bench, &frame, outcome, (drop_t)parsed.drop);
  sent->mac_error = mac_error;
  if (parsed.kind == MODEL_FRAME_ICMP_ERROR) rx_expect_icmp_error(sent, &parsed.seg);
  outcomes[outcome]++;
  if (outcome == TO_NOTHING) drops[parsed.drop]++;
}

static void set_address(rx_bench_t *bench, const model_netif_t *netif) {
  own = *netif;
  *bench->tb->local_mac_i = own.mac;
  *bench->tb->local_ip_i = own.ip;
  *bench->tb->netmask_i = own.netmask;
  *bench->tb->mtu_i = own.mtu;
  *bench->tb->enable_i = own.enabled;
}

static void random_address(rx_bench_t *bench) {
  static const uint8_t odd[] = {0, 1, 8, 24, 30, 31, 32};
  const uint32_t prefix = tb_random_below(&bench->rng, 2) == 0
                              ? odd[tb_random_below(&bench->rng, sizeof odd)]
                              : 8 + tb_random_below(&bench->rng, 23);

  const uint32_t max_mtu = tb_random_below(&bench->rng, 4) == 0 ? 9000 : 1500;

  set_address(bench,
              &(model_netif_t){.mac = 0x020000000000 | tb_random(&bench->rng),
                               .ip = 0x0a000000 | tb_random_below(&bench->rng, 1 << 24),
                               .netmask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix),
                               .mtu = (uint16_t)(576 + tb_random_below(&bench->rng, max_mtu - 576)),
                               .enabled = tb_random_below(&bench->rng, 16) != 0});
}

static frame_path_t path_to_us(rx_bench_t *bench) {
  frame_path_t path = {.dst_ip = own.ip,
                       .src_ip = 0x0b000000 | tb_random_below(&bench->rng, 1 << 24)};

  for (unsigned i = 0; i < 6; i++) path.dst_mac[i] = (uint8_t)(own.mac >> (40 - 8 * i));
  path.src_mac[5] = (uint8_t)tb_random(&bench->rng);
  if (tb_random_below(&bench->rng, 4) == 0) path.src_ip = own.ip ^ 1; /* a neighbour */
  return path;
}

static rx_bench_t *start(void) {
  rx_bench_t *bench = rx_new();

  bench->decide = compare_segment;
  bench->watch = watch;
  return bench;
}

static void run_batch(rx_bench_t *bench) {
  next_captured = next_parsed = 0;
  rx_run(bench);
  rx_restart(bench);
}

static uint32_t frames_wanted(void) {
  const char *text = getenv("FRAMES");

  return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : FRAMES;
}

/* Random frames, most of them spoiled by one to four mutations and then given good checksums, so
 * that checks behind the checksums are reached as well. */
Test(rx_model, spoiled_frames_become_what_the_model_says) {
  rx_bench_t *bench = start();
  const uint32_t frames = frames_wanted();

  for (uint32_t sent = 0; sent < frames; sent += BATCH) {
    random_address(bench);
    for (uint32_t i = 0; i < BATCH; i++) {
      const frame_path_t path = path_to_us(bench);
      const uint32_t mutations = tb_random_below(&bench->rng, 5);

      frame_random(&frame, &path, &bench->rng);
      for (uint32_t m = 0; m < mutations; m++) frame_mutate(&frame, own.mtu + 40u, &bench->rng);
      if (tb_random_below(&bench->rng, 4) != 0) frame_fix(&frame);
      send_frame(bench, tb_random_below(&bench->rng, 64) == 0);
    }
    run_batch(bench);
  }
  for (unsigned i = 0; i < 4; i++) cr_expect_gt(outcomes[i], frames / 500, "outcome %u", i);
  for (unsigned i = 0; i < DROP_RX_FULL; i++)
    cr_expect_gt(drops[i], frames / 20000, "reason %u is hardly ever met", i);
  rx_delete(bench);
}

/* --- What was found --------------------------------------------------------------------------- */

static void replay_file(rx_bench_t *bench, const char *folder, const char *name) {
  char path[1024];
  uint8_t input[FRAME_MAX_OCTETS];

  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file, "cannot read %s", path);
  const size_t len = fread(input, 1, sizeof input, file);
  fclose(file);
  model_netif_t netif;
  bool fcs_good;
  const uint8_t *octets = input;
  const size_t octets_len = fuzz_parse_input(&octets, len, &netif, &fcs_good);
  if (octets_len == 0 || octets_len > FRAME_MAX_OCTETS) return;
  set_address(bench, &netif);
  memcpy(frame.data, octets, octets_len);
  frame.len = (uint32_t)octets_len;
  send_frame(bench, !fcs_good);
  run_batch(bench);
}

static uint32_t replay(rx_bench_t *bench, const char *folder) {
  DIR *dir = opendir(folder);
  uint32_t files = 0;

  if (dir == NULL) return 0;
  for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    replay_file(bench, folder, entry->d_name);
    files++;
  }
  closedir(dir);
  return files;
}

Test(rx_model, what_the_fuzzer_found_becomes_what_the_model_says) {
  rx_bench_t *bench = start();
  const char *corpus = getenv("CORPUS");

  cr_expect_gt(replay(bench, "tests/fuzz/found/parse"), 0, "nothing to replay");
  if (corpus != NULL) cr_expect_gt(replay(bench, corpus), 0, "nothing to replay in %s", corpus);
  rx_delete(bench);
}
