/* SPDX-License-Identifier: Apache-2.0
 *
 * Two engines and two links in free virtual time.
 *
 * No frame arrives sooner than the shorter delay after it was sent, so for that long each engine
 * can run without knowing what the other one does.  Frames go onto the links, and into the pcap
 * file, in the order of their times.
 */
#include <toe/toe_net.h>
#include "driver/toe_transport.h"
#include "sim/frame_queue.h"

#include <stdlib.h>

enum { SENT_FRAMES = 4096 };

struct side {
  struct toe_pair *pair;
  struct toe_sim *sim;
  struct toe_link *link;       /* that it sends on */
  struct sim_frame_queue sent; /* not yet on the link: the other engine is not so far */
};

struct toe_pair {
  struct side sides[2];
  uint64_t window_ns;
  struct toe_pcap_writer *pcap;
  uint8_t frame[TOE_SIM_MAX_FRAME];
};

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

int toe_pair_create(struct toe_sim *a, struct toe_sim *b, const struct toe_link_config *a_to_b,
                    const struct toe_link_config *b_to_a, struct toe_pcap_writer *pcap,
                    struct toe_pair **out) {
  const struct toe_link_config perfect = {.delay_ns = 1000};
  const struct toe_link_config *configs[2] = {a_to_b != NULL ? a_to_b : &perfect,
                                              b_to_a != NULL ? b_to_a : &perfect};
  struct toe_sim *sims[2] = {a, b};

  for (int i = 0; i < 2; i++) {
    if (configs[i]->delay_ns < TOE_PAIR_MIN_DELAY_NS) return TOE_ERR_RANGE;
    if (toe_sim_config_get(sims[i])->follow_clock) return TOE_ERR_STATE;
  }
  struct toe_pair *pair = calloc(1, sizeof *pair);
  if (pair == NULL) return TOE_ERR_NO_MEMORY;
  pair->window_ns = earlier(configs[0]->delay_ns, configs[1]->delay_ns);
  pair->pcap = pcap;
  for (int i = 0; i < 2; i++) {
    struct side *side = &pair->sides[i];
    side->pair = pair;
    side->sim = sims[i];
    int result = toe_link_create(configs[i], &side->link);
    if (result == 0 && !sim_frame_queue_init(&side->sent, SENT_FRAMES)) result = TOE_ERR_NO_MEMORY;
    if (result != 0) {
      toe_pair_destroy(pair);
      return result;
    }
  }
  *out = pair;
  return 0;
}

void toe_pair_destroy(struct toe_pair *pair) {
  if (pair == NULL) return;
  for (int i = 0; i < 2; i++) {
    toe_link_destroy(pair->sides[i].link);
    sim_frame_queue_free(&pair->sides[i].sent);
  }
  free(pair);
}

uint64_t toe_pair_now(const struct toe_pair *pair) {
  return earlier(toe_sim_now(pair->sides[0].sim), toe_sim_now(pair->sides[1].sim));
}

/* --- Frames ---------------------------------------------------------------------------------- */

static void collect(struct side *side) {
  uint8_t *frame = side->pair->frame;
  uint64_t time_ns;
  int len;

  while (side->sent.count < side->sent.limit &&
         (len = toe_sim_frame_out(side->sim, frame, TOE_SIM_MAX_FRAME, &time_ns)) > 0)
    sim_frame_queue_put(&side->sent, frame, (size_t)len, time_ns, 0);
}

uint64_t toe_pair_next_ns(struct toe_pair *pair) {
  uint64_t next_ns = UINT64_MAX;

  for (int i = 0; i < 2; i++) {
    struct side *side = &pair->sides[i];
    /* The cycles of a register access may have sent frames too. */
    collect(side);
    const struct sim_frame *sent = sim_frame_queue_peek(&side->sent);
    next_ns = earlier(next_ns, toe_sim_next_ns(side->sim));
    next_ns = earlier(next_ns, toe_link_next_ns(side->link));
    if (sent != NULL) next_ns = earlier(next_ns, sent->time_ns);
  }
  return next_ns;
}

/* Puts on the links what was sent by the time that both engines have reached, oldest first. */
static void release(struct toe_pair *pair) {
  const uint64_t now_ns = toe_pair_now(pair);

  for (;;) {
    const struct sim_frame *a = sim_frame_queue_peek(&pair->sides[0].sent);
    const struct sim_frame *b = sim_frame_queue_peek(&pair->sides[1].sent);
    const bool b_first = a == NULL || (b != NULL && b->time_ns < a->time_ns);
    const struct sim_frame *first = b_first ? b : a;
    if (first == NULL || first->time_ns > now_ns) return;
    if (pair->pcap != NULL) toe_pcap_write(pair->pcap, first->time_ns, first->octets, first->len);
    struct side *side = &pair->sides[b_first];
    toe_link_put(side->link, first->time_ns, first->octets, first->len);
    sim_frame_queue_drop(&side->sent);
  }
}

/* Hands over what has arrived, as far as the engine takes it. */
static void deliver(struct side *side, struct toe_link *from) {
  const uint64_t now_ns = toe_sim_now(side->sim);
  int len;

  while (toe_sim_frame_room(side->sim) != 0 &&
         (len = toe_link_get(from, now_ns, side->pair->frame, TOE_SIM_MAX_FRAME, NULL)) > 0)
    toe_sim_frame_in(side->sim, side->pair->frame, (size_t)len, 0);
}

/* --- Time ------------------------------------------------------------------------------------ */

/* One engine up to @p end_ns.  It stops early for an event, or when its frames fill the queue. */
static void run_side(struct side *side, struct toe_link *from, uint64_t end_ns,
                     bool stop_on_event) {
  const unsigned stop_on = stop_on_event ? TOE_SIM_HOST_EVENT : 0;

  for (;;) {
    deliver(side, from);
    const uint64_t now_ns = toe_sim_now(side->sim);
    if (now_ns >= end_ns) return;
    /* A frame that has arrived and found no room gets it when some beats have gone in. */
    uint64_t to_ns = earlier(end_ns, toe_link_next_ns(from));
    if (to_ns <= now_ns) to_ns = earlier(end_ns, now_ns + TOE_PAIR_MIN_DELAY_NS);
    const int why = toe_sim_advance(side->sim, to_ns, stop_on);
    collect(side);
    if (why != 0) return;
  }
}

static unsigned events(const struct toe_pair *pair, unsigned stop_on) {
  return ((stop_on & 1u) != 0 && toe_sim_host_event(pair->sides[0].sim) ? 1u : 0u) |
         ((stop_on & 2u) != 0 && toe_sim_host_event(pair->sides[1].sim) ? 2u : 0u);
}

unsigned toe_pair_advance(struct toe_pair *pair, uint64_t until_ns, unsigned stop_on) {
  struct side *sides = pair->sides;

  for (;;) {
    const unsigned why = events(pair, stop_on);
    const uint64_t now_ns = toe_pair_now(pair);
    if (why != 0 || now_ns >= until_ns) return why;
    uint64_t next_ns = toe_pair_next_ns(pair);
    if (next_ns < now_ns) next_ns = now_ns;
    const uint64_t end_ns = next_ns >= until_ns || until_ns - next_ns < pair->window_ns
                                ? until_ns
                                : next_ns + pair->window_ns;
    run_side(&sides[0], sides[1].link, end_ns, (stop_on & 1u) != 0);
    run_side(&sides[1], sides[0].link, end_ns, (stop_on & 2u) != 0);
    release(pair);
  }
}

/* --- Transport ------------------------------------------------------------------------------- */

static int side_wait(void *user, int64_t timeout_us) {
  const struct side *side = user;
  struct toe_pair *pair = side->pair;
  const unsigned self = side == &pair->sides[1] ? 2u : 1u;

  if (timeout_us >= 0) {
    const uint64_t now_ns = toe_pair_now(pair);
    const uint64_t limit_us = (UINT64_MAX - now_ns) / 1000;
    const uint64_t us = earlier((uint64_t)timeout_us, limit_us);
    return toe_pair_advance(pair, now_ns + us * 1000, self) != 0;
  }
  /* Without a limit, time goes on as long as anything can happen. */
  while (events(pair, self) == 0) {
    uint64_t next_ns = toe_pair_next_ns(pair);
    if (next_ns == UINT64_MAX) return 0;
    if (next_ns < toe_pair_now(pair)) next_ns = toe_pair_now(pair);
    toe_pair_advance(pair, next_ns + 1000, self);
  }
  return 1;
}

int toe_pair_transport(struct toe_pair *pair, unsigned side, struct toe_transport *out) {
  if (side > 1) return TOE_ERR_RANGE;
  return toe_sim_transport(pair->sides[side].sim, side_wait, &pair->sides[side], out);
}

const struct toe_link *toe_pair_link(const struct toe_pair *pair, unsigned from) {
  return pair->sides[from != 0].link;
}
