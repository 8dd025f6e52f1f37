/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps on an engine that the library has opened: commands and their answers, frames.
 */
#include <string.h>

#include "host/tools/toectl/selftest.h"

enum {
  PORT = 9,      /* discard: nobody minds */
  LISTENS = 300, /* two commands each: both rings come round */
  REQUESTS = 4,  /* connects to addresses of which ARP asks for each */
  FRAME_WAIT_US = 2000000,
  SETTLE_US = 20000, /* in which what is under way arrives and the counters catch up */
};

/* Addresses of TEST-NET-1 (RFC 5737), which are nobody's: what leaves meets no host. */
static const uint32_t kOwnIp = 0xc0000202, kFirstPeerIp = 0xc0000210;

static uint64_t counter(struct toe_engine *engine, const char *name) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];
  const int count = toe_counters(engine, counters, TOE_HW_COUNTER_COUNT);

  for (int i = 0; i < count; i++)
    if (strcmp(counters[i].name, name) == 0) return counters[i].value;
  return 0;
}

/* ---- Commands ------------------------------------------------------------------------------- */

static void leave_open(void *ctx) {
  (void)ctx;
}

enum outcome selftest_commands(struct subject *s) {
  struct toe_transport transport = s->transport;
  struct toe_listener *listener, *second;
  struct toe_config config;

  transport.close = leave_open;
  toe_config_init(&config);
  config.ip = kOwnIp;
  config.prefix_len = 24;
  int result = toe_open_transport(&transport, &config, &s->engine);
  if (result != 0) return selftest_say(FAILED, s, "open: %s", toe_strerror(result));
  for (int i = 0; i < LISTENS; i++) {
    result = toe_listen(s->engine, PORT, 1, 0, &listener);
    if (result != 0)
      return selftest_say(FAILED, s, "listen number %d: %s", i + 1, toe_strerror(result));
    result = toe_listen(s->engine, PORT, 1, 0, &second);
    if (result != TOE_ERR_IN_USE)
      return selftest_say(FAILED, s, "listen number %d, on a port that is taken: %s", i + 1,
                          toe_strerror(result));
    toe_listener_close(listener);
  }
  return selftest_say(PASSED, s, "%d listens taken and as many refused, each answered", LISTENS);
}

/* ---- Frames --------------------------------------------------------------------------------- */

struct frames {
  uint64_t sent, received;
};

static int let_pass(struct toe_engine *engine, uint64_t us) {
  const uint64_t deadline_us = toe_now_us(engine) + us;
  int result = 0;

  while (result >= 0 && toe_now_us(engine) < deadline_us)
    result = toe_process(engine, (int64_t)(deadline_us - toe_now_us(engine)));
  return result < 0 ? result : 0;
}

static struct frames frames_since(struct toe_engine *engine, const struct frames *before) {
  return (struct frames){counter(engine, "tx_frame") - before->sent,
                         counter(engine, "rx_frame") - before->received};
}

/* Begins connections to addresses without a host, so that the engine asks ARP for each, and counts
 * what leaves and comes until *enough is reached or time is up.  0 or an error. */
static int send_requests(struct subject *s, struct frames *frames, const uint64_t *enough) {
  struct toe_conn *conns[REQUESTS];
  unsigned opened = 0;

  int result = let_pass(s->engine, SETTLE_US);
  const struct frames before = frames_since(s->engine, &(struct frames){0});
  for (; opened < REQUESTS && result == 0; s->next_peer++) {
    result = toe_connect(s->engine, kFirstPeerIp + s->next_peer, PORT, NULL, 0, &conns[opened]);
    if (result == 0) opened++;
  }
  *frames = (struct frames){0};
  const uint64_t deadline_us = toe_now_us(s->engine) + FRAME_WAIT_US;
  while (result == 0 && toe_now_us(s->engine) < deadline_us && *enough < REQUESTS) {
    result = let_pass(s->engine, SETTLE_US);
    *frames = frames_since(s->engine, &before);
  }
  while (opened > 0) toe_abort(conns[--opened]);
  if (result == 0) result = let_pass(s->engine, SETTLE_US);
  *frames = frames_since(s->engine, &before);
  return result;
}

enum outcome selftest_transmit(struct subject *s) {
  struct frames frames = {0};

  const int result = send_requests(s, &frames, &frames.sent);
  if (result != 0) return selftest_say(FAILED, s, "%s", toe_strerror(result));
  if (frames.sent < REQUESTS)
    return selftest_say(FAILED, s, "%llu of %d ARP requests left within %d ms: no transmit clock?",
                        (unsigned long long)frames.sent, REQUESTS, FRAME_WAIT_US / 1000);
  return selftest_say(PASSED, s, "%d ARP requests have left", REQUESTS);
}

/* On a wire with other hosts, a few frames come at any time; as many as leave come from a loop
 * only, twice in a row. */
enum outcome selftest_loopback(struct subject *s) {
  struct frames frames = {0};

  for (int round = 0; round < 2; round++) {
    const int result = send_requests(s, &frames, &frames.received);
    if (result != 0) return selftest_say(FAILED, s, "%s", toe_strerror(result));
    if (frames.received == 0)
      return selftest_say(SKIPPED, s,
                          "nothing came back: no loopback plug, nor loop=1 in a sim: URI");
    if (frames.received != frames.sent)
      return selftest_say(FAILED, s,
                          "%llu frames have left and %llu came: not a loop, or one that loses",
                          (unsigned long long)frames.sent, (unsigned long long)frames.received);
  }
  return selftest_say(PASSED, s, "each frame that left has come back");
}
