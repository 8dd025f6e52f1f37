/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_fence: a core that is reset in the middle of everything, between a memory and a MAC that must
 * not notice.
 * tb: top=toe_fence
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "tb.h"
#include "tb_toe_fence.h"

enum { QUEUE = 256, MAX_BEATS = 12, FRAME_BEATS = 9, CYCLES = 60000 };

/* Bursts in their order: beats, and how many resets the core had had when it asked. */
struct queue {
  uint32_t beats[QUEUE], epoch[QUEUE];
  uint32_t in, out;
};

static void push(struct queue *q, uint32_t beats, uint32_t epoch) {
  cr_assert_lt(q->in - q->out, QUEUE);
  q->beats[q->in % QUEUE] = beats;
  q->epoch[q->in++ % QUEUE] = epoch;
}

/* The core's side: what it has begun and not finished. */
struct core {
  uint32_t length[QUEUE];    /* of write burst n modulo QUEUE */
  uint32_t beat, frame_beat; /* next of the burst, of the frame */
  uint32_t addressed, sent, decided;
};

struct bench {
  tb_toe_fence_t *tb;
  tb_rng_t rng;
  tb_gate_t core_gate, far_gate;
  struct core core;
  uint32_t epoch;
  bool slow_addresses, no_reads; /* so that write data is ahead; so that only writes are open */
  bool address_first;            /* the memory takes no data before their address */
  /* Memory's side. */
  struct queue addresses, reads, responses;
  uint32_t w_beats, bursts; /* beats of the burst under way; bursts whole */
  uint32_t read_beat;       /* of the oldest read */
  uint32_t frame_beat, frames;
  bool aw_held, w_held, ar_held, t_held;
};

static bool core_wants(struct bench *b) {
  return tb_gate_next(&b->core_gate, &b->rng);
}

static bool far_takes(struct bench *b) {
  return tb_gate_next(&b->far_gate, &b->rng);
}

/* What the core offers in this cycle; an offer stays. */
static void drive_core(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;
  struct core *c = &b->core;

  if (*tb->core_rst_o) {
    memset(c, 0, sizeof(*c));
    *tb->core_awvalid_i = *tb->core_wvalid_i = *tb->core_arvalid_i = *tb->core_tvalid_i = 0;
    return;
  }
  if (c->decided - c->addressed < 4 && c->decided - c->sent < 4 && core_wants(b)) {
    c->length[c->decided++ % QUEUE] = 1 + tb_random_below(&b->rng, MAX_BEATS);
  }
  if (!*tb->core_awvalid_i && c->addressed != c->decided) {
    *tb->core_awvalid_i =
        core_wants(b) && (!b->slow_addresses || tb_random_below(&b->rng, MAX_BEATS / 2) == 0);
  }
  if (!*tb->core_wvalid_i && c->sent != c->decided) *tb->core_wvalid_i = core_wants(b);
  if (!*tb->core_arvalid_i) *tb->core_arvalid_i = !b->no_reads && core_wants(b);
  if (!*tb->core_tvalid_i) *tb->core_tvalid_i = core_wants(b);
  *tb->wlast_i = c->sent != c->decided && c->beat + 1 == c->length[c->sent % QUEUE];
  *tb->tlast_i = c->frame_beat + 1 == FRAME_BEATS;
  *tb->core_bready_i = core_wants(b);
  *tb->core_rready_i = core_wants(b);
}

static void drive_far(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;

  *tb->awready_i = b->addresses.in - b->responses.out < 64 && far_takes(b);
  *tb->wready_i = (!b->address_first || b->addresses.in != b->bursts) && far_takes(b);
  *tb->arready_i = b->reads.in - b->reads.out < 64 && far_takes(b);
  *tb->tready_i = far_takes(b);
  /* A burst is answered when its address and all of its data are there. */
  if (!*tb->bvalid_i) *tb->bvalid_i = b->responses.out != b->addresses.out && far_takes(b);
  if (!*tb->rvalid_i) *tb->rvalid_i = b->reads.out != b->reads.in && far_takes(b);
  *tb->rlast_i =
      b->reads.out != b->reads.in && b->read_beat + 1 == b->reads.beats[b->reads.out % QUEUE];
}

static void check_held(bool *held, bool valid, bool ready, const char *what) {
  cr_assert(valid || !*held, "%s: an offer was taken back", what);
  *held = valid && !ready;
}

static void observe_writes(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;
  struct core *c = &b->core;

  cr_assert_eq(*tb->awvalid_o && *tb->awready_i, *tb->core_awvalid_i && *tb->core_awready_o);
  if (*tb->awvalid_o && *tb->awready_i) {
    push(&b->addresses, c->length[c->addressed++ % QUEUE], b->epoch);
  }
  cr_assert_eq(*tb->wvalid_o && *tb->wready_i, *tb->core_wvalid_i && *tb->core_wready_o);
  if (*tb->wvalid_o && *tb->wready_i) {
    b->w_beats++;
    c->beat++;
    if (*tb->wlast_i) {
      c->beat = 0;
      c->sent++;
      push(&b->responses, b->w_beats, b->epoch);
      b->w_beats = 0;
      b->bursts++;
    }
  }
  /* Address and data of one burst belong together, whichever came first. */
  while (b->addresses.out < b->addresses.in && b->addresses.out < b->bursts) {
    const uint32_t n = b->addresses.out++ % QUEUE;
    cr_assert_eq(b->addresses.beats[n], b->responses.beats[n], "a burst of another's length");
    cr_assert_eq(b->addresses.epoch[n], b->responses.epoch[n], "a burst over a reset");
  }
}

static void observe_answers(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;

  if (*tb->core_bvalid_o) {
    cr_assert_eq(b->responses.epoch[b->responses.out % QUEUE], b->epoch, "response of before");
  }
  if (*tb->bvalid_i && *tb->bready_o) b->responses.out++;
  if (*tb->core_rvalid_o) {
    cr_assert_eq(b->reads.epoch[b->reads.out % QUEUE], b->epoch, "data of before");
  }
  if (*tb->rvalid_i && *tb->rready_o &&
      b->read_beat++ + 1 == b->reads.beats[b->reads.out % QUEUE]) {
    b->reads.out++;
    b->read_beat = 0;
  }
  if (*tb->arvalid_o && *tb->arready_i) {
    push(&b->reads, 1 + tb_random_below(&b->rng, MAX_BEATS), b->epoch);
  }
}

static void observe_frames(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;

  if (!*tb->tvalid_o || !*tb->tready_i) return;
  cr_assert_eq(b->frame_beat, b->core.frame_beat, "a frame cut short");
  b->frame_beat = (b->frame_beat + 1) % FRAME_BEATS;
  b->core.frame_beat = b->frame_beat;
  if (*tb->tlast_i) b->frames++;
}

static void cycle(struct bench *b) {
  tb_toe_fence_t *tb = b->tb;

  tb_toe_fence_eval(tb);
  drive_core(b);
  drive_far(b);
  tb_toe_fence_eval(tb);
  check_held(&b->aw_held, *tb->awvalid_o, *tb->awready_i, "write address");
  check_held(&b->w_held, *tb->wvalid_o, *tb->wready_i, "write data");
  check_held(&b->ar_held, *tb->arvalid_o, *tb->arready_i, "read address");
  check_held(&b->t_held, *tb->tvalid_o, *tb->tready_i, "frame");
  observe_writes(b);
  observe_answers(b);
  observe_frames(b);
  const bool response = *tb->bvalid_i && *tb->bready_o, data = *tb->rvalid_i && *tb->rready_o;
  const bool aw = *tb->core_awvalid_i && *tb->core_awready_o;
  const bool w = *tb->core_wvalid_i && *tb->core_wready_o;
  const bool ar = *tb->core_arvalid_i && *tb->core_arready_o;
  const bool t = *tb->core_tvalid_i && *tb->core_tready_o;
  const bool was_reset = *tb->core_rst_o;
  tb_toe_fence_tick(tb);
  if (!was_reset && *tb->core_rst_o) {
    cr_assert_eq(b->addresses.out, b->addresses.in, "an address without data");
    cr_assert_eq(b->bursts, b->addresses.in, "data without an address");
    cr_assert_eq(b->w_beats, 0, "a burst cut short");
    cr_assert_eq(b->frame_beat, 0, "a frame cut short");
    b->epoch++;
  }
  if (response) *tb->bvalid_i = 0;
  if (data) *tb->rvalid_i = 0;
  if (aw) *tb->core_awvalid_i = 0;
  if (w) *tb->core_wvalid_i = 0;
  if (ar) *tb->core_arvalid_i = 0;
  if (t) *tb->core_tvalid_i = 0;
}

struct fence_case {
  tb_pattern_t core, far;
};

ParameterizedTestParameters(fence, reset_in_the_middle_is_not_noticed) {
  static struct fence_case cases[TB_PATTERN_COUNT * TB_PATTERN_COUNT];
  for (int i = 0; i < TB_PATTERN_COUNT * TB_PATTERN_COUNT; i++) {
    cases[i] = (struct fence_case){(tb_pattern_t)(i / TB_PATTERN_COUNT),
                                   (tb_pattern_t)(i % TB_PATTERN_COUNT)};
  }
  return cr_make_param_array(struct fence_case, cases, TB_PATTERN_COUNT * TB_PATTERN_COUNT);
}

ParameterizedTest(struct fence_case *which, fence, reset_in_the_middle_is_not_noticed) {
  struct bench *b = calloc(1, sizeof(*b));
  tb_toe_fence_t *tb;

  cr_assert_not_null(b);
  b->tb = tb = tb_toe_fence_new(tb_seed());
  b->rng = tb_rng(tb_seed());
  b->core_gate.pattern = which->core;
  b->far_gate.pattern = which->far;
  *tb->stop_i = *tb->bvalid_i = *tb->rvalid_i = 0;
  *tb->core_awvalid_i = *tb->core_wvalid_i = *tb->core_arvalid_i = *tb->core_tvalid_i = 0;
  tb_toe_fence_reset(tb);
  while (tb->cycles < CYCLES) {
    b->slow_addresses = tb_random_below(&b->rng, 2) == 0;
    b->no_reads = tb_random_below(&b->rng, 3) == 0;
    b->address_first = tb_random_below(&b->rng, 2) == 0;
    const uint32_t frames = b->frames, bursts = b->bursts, reads = b->reads.out;
    for (uint32_t i = 600 + tb_random_below(&b->rng, 300); i != 0; i--) cycle(b);
    cr_assert(b->frames != frames && b->bursts != bursts, "stuck");
    cr_assert(b->no_reads || b->reads.out != reads, "stuck");

    const uint32_t epoch = b->epoch;
    const bool early = tb_random_below(&b->rng, 4) == 0; /* a short request is one, too */
    *tb->stop_i = 1;
    cycle(b);
    for (unsigned patience = 10000; *tb->busy_o; patience--) {
      cr_assert_neq(patience, 0, "never stopped");
      if (early) *tb->stop_i = 0;
      cycle(b);
    }
    cr_assert_eq(b->epoch, epoch + 1);
    cr_assert_eq(b->reads.out, b->reads.in, "answers still to come");
    cr_assert_eq(b->responses.out, b->responses.in, "responses still to come");
    for (uint32_t i = early ? 0 : tb_random_below(&b->rng, 5); i != 0; i--) {
      cr_assert_eq(*tb->core_rst_o, 1);
      cycle(b);
    }
    *tb->stop_i = 0;
  }
  tb_toe_fence_delete(tb);
  free(b);
}

Test(fence, costs_no_cycle_while_it_is_open) {
  tb_toe_fence_t *tb = tb_toe_fence_new(tb_seed());

  *tb->stop_i = 0;
  *tb->core_awvalid_i = *tb->core_wvalid_i = *tb->core_arvalid_i = *tb->core_tvalid_i = 0;
  *tb->bvalid_i = *tb->rvalid_i = 0;
  tb_toe_fence_reset(tb);
  cr_expect_eq(*tb->core_rst_o, 1);
  tb_toe_fence_tick(tb);
  cr_expect_eq(*tb->core_rst_o, 0);
  *tb->core_awvalid_i = *tb->core_wvalid_i = *tb->core_arvalid_i = *tb->core_tvalid_i = 1;
  *tb->awready_i = *tb->wready_i = *tb->arready_i = *tb->tready_i = 1;
  *tb->bvalid_i = *tb->rvalid_i = *tb->core_bready_i = *tb->core_rready_i = 1;
  tb_toe_fence_eval(tb);
  cr_expect(*tb->awvalid_o && *tb->wvalid_o && *tb->arvalid_o && *tb->tvalid_o);
  cr_expect(*tb->core_awready_o && *tb->core_wready_o && *tb->core_arready_o && *tb->core_tready_o);
  cr_expect(*tb->core_bvalid_o && *tb->core_rvalid_o && *tb->bready_o && *tb->rready_o);
  cr_expect_eq(*tb->busy_o, 0);
  tb_toe_fence_delete(tb);
}
