/* SPDX-License-Identifier: Apache-2.0
 *
 * Two engines on one wire behind two transports: toe_pair_*() with an owner, who is the last of the
 * two transports that is closed.
 */
#include <stdio.h>
#include <stdlib.h>

#include <toe/toe_live.h>
#include "driver/toe_transport.h"

struct live_pair;

struct side {
  struct toe_transport inner; /* of toe_pair_transport() */
  struct live_pair *owner;
};

struct live_pair {
  struct toe_sim *sims[2];
  struct toe_pair *pair;
  struct toe_pcap_writer *pcap;
  struct side sides[2];
  int open; /* transports not yet closed */
};

static void destroy(struct live_pair *live) {
  toe_pair_destroy(live->pair);
  for (int i = 0; i < 2; i++) toe_sim_destroy(live->sims[i]);
  if (live->pcap != NULL) toe_pcap_close(live->pcap);
  free(live);
}

/* --- Transport: the pair's own, but for close ------------------------------------------------- */

static int pair_reg_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->reg_read(inner->ctx, offset, values, count);
}

static int pair_reg_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->reg_write(inner->ctx, offset, values, count);
}

static int pair_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->mem_read(inner->ctx, address, buf, len);
}

static int pair_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->mem_write(inner->ctx, address, buf, len);
}

static int pair_wait(void *ctx, int64_t timeout_us) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->wait(inner->ctx, timeout_us);
}

static uint64_t pair_now_us(void *ctx) {
  const struct toe_transport *inner = &((struct side *)ctx)->inner;

  return inner->now_us(inner->ctx);
}

static int pair_fd(void *ctx) {
  (void)ctx;
  return -1;
}

static void pair_close(void *ctx) {
  struct side *side = ctx;
  struct live_pair *live = side->owner;

  side->inner.close(side->inner.ctx);
  if (--live->open == 0) destroy(live);
}

/* --- Opening --------------------------------------------------------------------------------- */

static const char *not_taken(const struct toe_live_config *config) {
  static const uint8_t none[6] = {0};

  if (config->tap != NULL) return "tap";
  if (config->sim.ip != 0) return "ip";
  if (config->sim.gateway != 0) return "gw";
  for (int i = 0; i < 6; i++)
    if (config->sim.mac[i] != none[i]) return "mac";
  if (config->replay != NULL) return "replay";
  if (config->states != NULL) return "states";
  if (config->stats != NULL) return "stats";
  if (config->sim.waveform != NULL) return "fst";
  return config->loop ? "loop" : NULL;
}

static int create(struct live_pair *live, const struct toe_live_config *config, char *message) {
  struct toe_link_config links[2] = {config->link, config->link};
  struct toe_sim_config sim = config->sim;
  int result = 0;

  if (config->pcap != NULL) result = toe_pcap_create(config->pcap, &live->pcap, message);
  for (uint32_t i = 0; i < 2 && result == 0; i++) {
    sim.seed = config->sim.seed == 0 ? 0 : 2 * config->sim.seed + i;
    result = toe_sim_create(&sim, &live->sims[i], message);
    links[i].seed = 2 * config->link.seed + i;
    if (links[i].delay_ns == 0) links[i].delay_ns = 1000;
  }
  if (result != 0) return result;
  result =
      toe_pair_create(live->sims[0], live->sims[1], &links[0], &links[1], live->pcap, &live->pair);
  if (result == TOE_ERR_RANGE)
    snprintf(message, TOE_SIM_MESSAGE_LEN, "the link between two engines: delay is below %d ns",
             TOE_PAIR_MIN_DELAY_NS);
  return result;
}

int toe_live_open_pair(const struct toe_live_config *config, struct toe_transport *out) {
  out[0] = out[1] = (struct toe_transport){0};
  const char *wrong = not_taken(config);
  if (wrong != NULL) {
    snprintf(out[0].message, sizeof out[0].message,
             "%s= means nothing to two engines on one wire: leave it out", wrong);
    return TOE_ERR_URI;
  }
  struct live_pair *live = calloc(1, sizeof *live);
  int result = live != NULL ? create(live, config, out[0].message) : TOE_ERR_NO_MEMORY;
  for (unsigned i = 0; i < 2 && result == 0; i++) {
    struct side *side = &live->sides[i];
    result = toe_pair_transport(live->pair, i, &side->inner);
    if (result != 0) continue;
    side->owner = live;
    live->open++;
    out[i].ctx = side;
    out[i].reg_read = pair_reg_read;
    out[i].reg_write = pair_reg_write;
    out[i].mem_read = pair_mem_read;
    out[i].mem_write = pair_mem_write;
    out[i].wait = pair_wait;
    out[i].now_us = pair_now_us;
    out[i].fd = pair_fd;
    out[i].close = pair_close;
  }
  if (result == 0) return 0;
  if (live != NULL) {
    if (live->open == 1) live->sides[0].inner.close(live->sides[0].inner.ctx);
    destroy(live);
  }
  if (out[0].message[0] == '\0') snprintf(out[0].message, sizeof out[0].message, "out of memory");
  return result;
}
