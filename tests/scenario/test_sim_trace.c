/* SPDX-License-Identifier: Apache-2.0
 *
 * sim: variants=w64_trace
 *
 * The build of the engine that writes waveforms.  It is clocked in Verilator's official way, the
 * one without waveforms in a shorter one (sim/verilator_shim.cpp): both must do the same.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sim_bench.h"

/* The functions of one build. */
struct build {
  __typeof__(toe_sim_create) *create;
  __typeof__(toe_sim_destroy) *destroy;
  __typeof__(toe_sim_advance) *advance;
  __typeof__(toe_sim_now) *now;
  __typeof__(toe_sim_frame_in) *frame_in;
  __typeof__(toe_sim_frame_out) *frame_out;
  __typeof__(toe_sim_reg_write) *reg_write;
  __typeof__(toe_sim_stats_get) *stats_get;
};

static const struct build kTraced = {toe_sim_create,    toe_sim_destroy,  toe_sim_advance,
                                     toe_sim_now,       toe_sim_frame_in, toe_sim_frame_out,
                                     toe_sim_reg_write, toe_sim_stats_get};

static void *find(void *library, const char *name) {
  void *symbol = dlsym(library, name);

  cr_assert_not_null(symbol, "%s", name);
  return symbol;
}

static struct build load_fast(void) {
  void *library = dlopen("libtoe_sim_w64.so", RTLD_NOW | RTLD_LOCAL);
  struct build build;

  cr_assert_not_null(library, "%s", dlerror());
  *(void **)&build.create = find(library, "toe_sim_create");
  *(void **)&build.destroy = find(library, "toe_sim_destroy");
  *(void **)&build.advance = find(library, "toe_sim_advance");
  *(void **)&build.now = find(library, "toe_sim_now");
  *(void **)&build.frame_in = find(library, "toe_sim_frame_in");
  *(void **)&build.frame_out = find(library, "toe_sim_frame_out");
  *(void **)&build.reg_write = find(library, "toe_sim_reg_write");
  *(void **)&build.stats_get = find(library, "toe_sim_stats_get");
  cr_assert_neq(build.create, kTraced.create, "two builds, not one");
  return build;
}

/* Pings, ARP and segments for nobody; a sum over all frames that come back, their times and the
 * number of cycles. */
static uint64_t converse(const struct build *build, const char *waveform) {
  static frame_t request;
  static uint8_t answer[TOE_SIM_MAX_FRAME];
  struct toe_sim_config config = sim_bench_config();
  const frame_path_t path = sim_bench_path();
  struct toe_sim *sim = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";
  const uint32_t key[4] = {1, 2, 3, 4};
  const uint32_t enable = TOE_REGS__CTRL__ENABLE_bm;
  struct toe_sim_stats stats;
  tb_rng_t rng = tb_rng(tb_seed());
  uint64_t sum = 0;
  uint64_t time_ns;
  int len;

  config.waveform = waveform;
  cr_assert_eq(build->create(&config, &sim, message), 0, "%s", message);
  build->reg_write(sim, SIM_REG(HASH_KEY0), key, 4);
  build->reg_write(sim, SIM_REG(CTRL), &enable, 1);
  for (uint16_t i = 0; i < 200; i++) {
    const frame_tcp_t tcp = {
        .src_port = i, .dst_port = 80, .flags = (uint8_t)tb_random_below(&rng, 64)};
    switch (tb_random_below(&rng, 3)) {
      case 0:
        sim_bench_ping(&request, i, tb_random_below(&rng, 1400));
        break;
      case 1:
        frame_build_arp(&request, &path, 1, NULL);
        break;
      default:
        frame_build_tcp(&request, &path, &tcp);
    }
    build->frame_in(sim, request.data, request.len, 0);
    build->advance(sim, build->now(sim) + tb_random_below(&rng, 3000), 0);
    while ((len = build->frame_out(sim, answer, sizeof answer, &time_ns)) > 0) {
      for (int octet = 0; octet < len; octet++) sum = sum * 31 + answer[octet];
      sum = sum * 31 + time_ns;
    }
  }
  build->stats_get(sim, &stats);
  cr_assert_gt(stats.frames_out, 100);
  build->destroy(sim);
  return sum * 31 + stats.cycles;
}

Test(sim_trace, fast_clock_does_what_the_official_one_does) {
  const struct build fast = load_fast();

  cr_expect_eq(converse(&fast, NULL), converse(&kTraced, NULL));
}

Test(sim_trace, waveform_is_written) {
  char path[] = "/tmp/toe_wave_XXXXXX";
  struct stat status;
  unsigned char magic[1] = {1};

  close(mkstemp(path));
  converse(&kTraced, path);
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file);
  cr_assert_eq(fread(magic, 1, 1, file), 1);
  cr_expect_eq(magic[0], 0, "an FST file begins with its header block");
  cr_assert_eq(fstat(fileno(file), &status), 0);
  cr_expect_gt(status.st_size, 10000);
  fclose(file);
  unlink(path);
}

Test(sim_trace, waveform_that_cannot_be_written_is_named) {
  struct toe_sim_config config = sim_bench_config();
  struct toe_sim *sim = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";

  config.waveform = "/nonexistent/wave.fst";
  cr_expect_eq(toe_sim_create(&config, &sim, message), TOE_ERR_IO);
  cr_expect_not_null(strstr(message, "/nonexistent/wave.fst"), "%s", message);
}
