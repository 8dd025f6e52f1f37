/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine on a TAP device in real time, or on a capture in free time.
 */
#include <toe/toe_live.h>
#include "driver/toe_transport.h"
#include "sim/engine.h"
#include "sim/live_log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Clock cycles between two looks at the network and at the clock. */
static const uint64_t kSliceCycles = 512;
static const uint64_t kNsPerSecond = UINT64_C(1000000000);

struct live {
  struct toe_sim *sim;
  struct toe_tap *tap;
  struct toe_link *in, *out; /* NULL: a perfect link */
  struct toe_pcap_writer *pcap;
  void (*capture)(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len);
  void *capture_user;
  struct live_log *log;
  uint64_t pcap_offset_ns; /* from the engine's time to the time in captures */
  struct toe_pcap_reader *replay;
  uint64_t replay_offset_ns; /* from the capture's time to the engine's */
  uint64_t replay_ns;        /* when the frame in replay_frame enters, UINT64_MAX: no more */
  size_t replay_len;
  int epoll_fd, timer_fd;
  bool loop; /* the engine's own frames come back to it */
  bool fd_used;
  uint64_t timer_ns; /* what timer_fd is set to; UINT64_MAX: off */
  int error;         /* what ended the network */
  uint8_t frame[TOE_SIM_MAX_FRAME];
  uint8_t replay_frame[TOE_SIM_MAX_FRAME];
};

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;

  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * kNsPerSecond + (uint64_t)now.tv_nsec;
}

static struct timespec to_timespec(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / kNsPerSecond),
                           .tv_nsec = (long)(ns % kNsPerSecond)};
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t after(uint64_t now_ns, int64_t timeout_us) {
  if (timeout_us < 0 || (uint64_t)timeout_us > (UINT64_MAX - now_ns) / 1000) return UINT64_MAX;
  return now_ns + (uint64_t)timeout_us * 1000;
}

/* --- Frames ---------------------------------------------------------------------------------- */

static void record(struct live *live, uint64_t engine_ns, bool sent, const uint8_t *frame,
                   size_t len) {
  const uint64_t time_ns = engine_ns + live->pcap_offset_ns;

  if (live->pcap != NULL) toe_pcap_write(live->pcap, time_ns, frame, len);
  if (live->capture != NULL) live->capture(live->capture_user, time_ns, sent, frame, len);
}

static void enter(struct live *live, const uint8_t *frame, size_t len) {
  record(live, toe_sim_now(live->sim), false, frame, len);
  toe_sim_frame_in(live->sim, frame, len, 0);
}

static void arrive(struct live *live, uint64_t now_ns, const uint8_t *frame, size_t len) {
  if (live->in != NULL)
    toe_link_put(live->in, now_ns, frame, len);
  else
    enter(live, frame, len);
}

static void replay_next(struct live *live) {
  uint64_t time_ns = 0;
  int len;

  do {
    len = toe_pcap_read(live->replay, live->replay_frame, sizeof live->replay_frame, &time_ns);
  } while (len == TOE_ERR_RANGE);
  live->replay_len = len > 0 ? (size_t)len : 0;
  live->replay_ns = len > 0 ? time_ns + live->replay_offset_ns : UINT64_MAX;
}

/* Frames from the network, as many as the engine has room for. */
static void frames_in(struct live *live) {
  const uint64_t now_ns = toe_sim_now(live->sim);
  int len;

  while (live->replay_ns <= now_ns && toe_sim_frame_room(live->sim) != 0) {
    arrive(live, now_ns, live->replay_frame, live->replay_len);
    replay_next(live);
  }
  if (live->tap != NULL) {
    len = 0;
    for (size_t room = toe_sim_frame_room(live->sim); room != 0; room--) {
      len = toe_tap_read(live->tap, live->frame, sizeof live->frame);
      if (len <= 0) break;
      arrive(live, now_ns, live->frame, (size_t)len);
    }
    if (len < 0 && len != TOE_ERR_AGAIN) live->error = len;
  }
  while (live->in != NULL && toe_sim_frame_room(live->sim) != 0 &&
         (len = toe_link_get(live->in, now_ns, live->frame, sizeof live->frame, NULL)) > 0)
    enter(live, live->frame, (size_t)len);
}

/* A frame that the machine does not take is lost, as on any wire. */
static void leave(struct live *live, const uint8_t *frame, size_t len) {
  if (live->tap != NULL && toe_tap_write(live->tap, frame, len) == TOE_ERR_GONE)
    live->error = TOE_ERR_GONE;
  if (live->loop) arrive(live, toe_sim_now(live->sim), frame, len);
}

static void frames_out(struct live *live) {
  const uint64_t now_ns = toe_sim_now(live->sim);
  uint64_t time_ns;
  int len;

  while ((len = toe_sim_frame_out(live->sim, live->frame, sizeof live->frame, &time_ns)) > 0) {
    record(live, time_ns, true, live->frame, (size_t)len);
    if (live->out != NULL)
      toe_link_put(live->out, time_ns, live->frame, (size_t)len);
    else
      leave(live, live->frame, (size_t)len);
  }
  while (live->out != NULL &&
         (len = toe_link_get(live->out, now_ns, live->frame, sizeof live->frame, NULL)) > 0)
    leave(live, live->frame, (size_t)len);
}

/* When the network has something to do; frames that the engine has no room for do not count. */
static uint64_t network_next_ns(const struct live *live) {
  uint64_t next_ns = UINT64_MAX;

  if (toe_sim_frame_room(live->sim) != 0) {
    next_ns = live->replay_ns;
    if (live->in != NULL) next_ns = earlier(next_ns, toe_link_next_ns(live->in));
  }
  if (live->out != NULL) next_ns = earlier(next_ns, toe_link_next_ns(live->out));
  return next_ns;
}

static uint64_t next_ns(struct live *live) {
  return earlier(toe_sim_next_ns(live->sim), network_next_ns(live));
}

/* --- Real time ------------------------------------------------------------------------------- */

/* One slice of the engine at the present time, with frames in before and frames out after it. */
static void pump(struct live *live) {
  sim_set_time(live->sim, clock_ns(CLOCK_MONOTONIC));
  frames_in(live);
  sim_run(live->sim, kSliceCycles, TOE_SIM_HOST_EVENT);
  frames_out(live);
}

/* Sets timer_fd to @p when_ns; a time that has passed makes it readable at once. */
static void set_timer(struct live *live, uint64_t when_ns) {
  struct itimerspec setting = {0};

  if (live->timer_ns == when_ns) return;
  live->timer_ns = when_ns;
  if (when_ns != UINT64_MAX) setting.it_value = to_timespec(when_ns != 0 ? when_ns : 1);
  timerfd_settime(live->timer_fd, TFD_TIMER_ABSTIME, &setting, NULL);
}

/* Says through the descriptor when wait() has to be called again; 1 is long ago, hence now. */
static void set_timer_to_next(struct live *live) {
  const uint64_t when_ns = next_ns(live);

  set_timer(live, toe_sim_host_event(live->sim) || when_ns <= toe_sim_now(live->sim) ? 1 : when_ns);
}

/* Sleeps until the TAP device has a frame or @p until_ns.  False when a signal came. */
static bool sleep_until(struct live *live, uint64_t until_ns) {
  struct pollfd pollfd = {.fd = toe_tap_fd(live->tap), .events = POLLIN};
  const uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
  const struct timespec timeout = to_timespec(until_ns > now_ns ? until_ns - now_ns : 0);

  if (live->pcap != NULL) toe_pcap_flush(live->pcap);
  return ppoll(&pollfd, 1, until_ns == UINT64_MAX ? NULL : &timeout, NULL) >= 0 || errno != EINTR;
}

static int wait_real(struct live *live, int64_t timeout_us) {
  const uint64_t deadline_ns = after(clock_ns(CLOCK_MONOTONIC), timeout_us);

  while (!toe_sim_host_event(live->sim)) {
    pump(live);
    if (live->error != 0) return live->error;
    if (toe_sim_host_event(live->sim) || toe_sim_now(live->sim) >= deadline_ns) break;
    const uint64_t next = next_ns(live);
    if (next > toe_sim_now(live->sim) && !sleep_until(live, earlier(next, deadline_ns))) break;
    if (timeout_us == 0) break;
  }
  if (live->fd_used) set_timer_to_next(live);
  return toe_sim_host_event(live->sim) ? 1 : 0;
}

/* --- Free time ------------------------------------------------------------------------------- */

static int wait_free(struct live *live, int64_t timeout_us) {
  struct toe_sim *sim = live->sim;
  const uint64_t until_ns = after(toe_sim_now(sim), timeout_us);

  while (!toe_sim_host_event(sim)) {
    frames_in(live);
    const uint64_t network_ns = network_next_ns(live);
    const uint64_t sim_ns = toe_sim_next_ns(sim);
    if (until_ns == UINT64_MAX && network_ns == UINT64_MAX && sim_ns == UINT64_MAX) break;
    uint64_t to_ns = earlier(until_ns, network_ns);
    if (to_ns == UINT64_MAX) to_ns = sim_ns + 1000;
    toe_sim_advance(sim, to_ns, TOE_SIM_HOST_EVENT | TOE_SIM_FRAME);
    frames_out(live);
    if (toe_sim_now(sim) >= until_ns) break;
  }
  return toe_sim_host_event(sim) ? 1 : 0;
}

/* --- Transport ------------------------------------------------------------------------------- */

static int live_reg_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  return toe_sim_reg_read(((struct live *)ctx)->sim, offset, values, count);
}

/* A register that is written may give the engine work that no wait() knows of yet. */
static int live_reg_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  struct live *live = ctx;

  if (live->fd_used) set_timer(live, 1);
  return toe_sim_reg_write(live->sim, offset, values, count);
}

static int live_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  return toe_sim_mem_read(((struct live *)ctx)->sim, address, buf, len);
}

static int live_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  return toe_sim_mem_write(((struct live *)ctx)->sim, address, buf, len);
}

static int live_wait(void *ctx, int64_t timeout_us) {
  struct live *live = ctx;

  return live->tap != NULL ? wait_real(live, timeout_us) : wait_free(live, timeout_us);
}

static uint64_t live_now_us(void *ctx) {
  const struct live *live = ctx;

  return (live->tap != NULL ? clock_ns(CLOCK_MONOTONIC) : toe_sim_now(live->sim)) / 1000;
}

static int live_fd(void *ctx) {
  struct live *live = ctx;

  if (live->tap == NULL) return -1;
  if (!live->fd_used) {
    live->fd_used = true;
    set_timer_to_next(live);
  }
  return live->epoll_fd;
}

static void live_capture(void *ctx,
                         void (*fn)(void *user, uint64_t time_ns, bool sent, const void *frame,
                                    size_t len),
                         void *user) {
  struct live *live = ctx;

  live->capture = fn;
  live->capture_user = user;
}

static void live_close(void *ctx) {
  struct live *live = ctx;

  if (live->epoll_fd >= 0) close(live->epoll_fd);
  if (live->timer_fd >= 0) close(live->timer_fd);
  toe_tap_close(live->tap);
  if (live->pcap != NULL) toe_pcap_close(live->pcap);
  toe_pcap_reader_close(live->replay);
  toe_link_destroy(live->in);
  toe_link_destroy(live->out);
  live_log_close(live->log);
  toe_sim_destroy(live->sim);
  free(live);
}

/* --- Opening --------------------------------------------------------------------------------- */

static bool perfect(const struct toe_link_config *link) {
  return (link->loss_ppm | link->burst_ppm | link->corrupt_ppm | link->truncate_ppm |
          link->duplicate_ppm | link->reorder_ppm) == 0 &&
         (link->delay_ns | link->jitter_ns | link->rate_bps) == 0;
}

static int open_links(struct live *live, const struct toe_live_config *config, char *message) {
  struct toe_link_config link = config->link;

  if (perfect(&link)) return 0;
  link.seed = 2 * config->link.seed;
  int result = toe_link_create(&link, &live->in);
  link.seed++;
  if (result == 0) result = toe_link_create(&link, &live->out);
  if (result != 0)
    snprintf(message, TOE_SIM_MESSAGE_LEN,
             "the link: a probability is above 100 %%, or a burst of 0");
  return result;
}

static int open_descriptors(struct live *live, char *message) {
  struct epoll_event event = {.events = EPOLLIN};

  live->timer_ns = UINT64_MAX;
  live->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  live->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (live->timer_fd < 0 || live->epoll_fd < 0 ||
      epoll_ctl(live->epoll_fd, EPOLL_CTL_ADD, live->timer_fd, &event) != 0 ||
      epoll_ctl(live->epoll_fd, EPOLL_CTL_ADD, toe_tap_fd(live->tap), &event) != 0) {
    snprintf(message, TOE_SIM_MESSAGE_LEN, "epoll and timerfd: %s", strerror(errno));
    return TOE_ERR_IO;
  }
  return 0;
}

static int open_network(struct live *live, const struct toe_live_config *config, char *message) {
  const uint64_t real_ns = clock_ns(CLOCK_REALTIME);
  int result = open_links(live, config, message);

  live->replay_ns = UINT64_MAX;
  live->loop = config->loop;
  if (result == 0 && config->pcap != NULL)
    result = toe_pcap_create(config->pcap, &live->pcap, message);
  if (result == 0 && config->replay != NULL)
    result = toe_pcap_open(config->replay, &live->replay, message);
  if (result == 0 && config->tap != NULL)
    result =
        toe_tap_open(config->tap, config->peer_ip, config->peer_prefix_len, &live->tap, message);
  if (result == 0 && live->tap != NULL) result = open_descriptors(live, message);
  if (result != 0) return result;
  if (live->tap != NULL) live->pcap_offset_ns = real_ns - clock_ns(CLOCK_MONOTONIC);
  return 0;
}

static int open_engine(struct live *live, const struct toe_live_config *config, char *message) {
  struct toe_sim_config sim = config->sim;

  sim.follow_clock = live->tap != NULL;
  sim.start_ns = live->tap != NULL ? clock_ns(CLOCK_MONOTONIC) : 0;
  int result = toe_sim_create(&sim, &live->sim, message);
  if (result == 0 && (config->states != NULL || config->stats != NULL))
    result = live_log_open(live->sim, config->states, config->stats, live->pcap_offset_ns,
                           &live->log, message);
  if (result == 0 && live->replay != NULL) {
    replay_next(live);
    if (live->replay_len != 0) {
      live->replay_offset_ns = toe_sim_now(live->sim) - live->replay_ns;
      live->replay_ns = toe_sim_now(live->sim);
    }
  }
  return result;
}

int toe_live_open(const struct toe_live_config *config, struct toe_transport *out) {
  *out = (struct toe_transport){0};
  struct live *live = calloc(1, sizeof *live);
  if (live == NULL) {
    snprintf(out->message, sizeof out->message, "out of memory");
    return TOE_ERR_NO_MEMORY;
  }
  live->epoll_fd = live->timer_fd = -1;
  int result = open_network(live, config, out->message);
  if (result == 0) result = open_engine(live, config, out->message);
  if (result != 0) {
    live_close(live);
    if (out->message[0] == '\0') snprintf(out->message, sizeof out->message, "out of memory");
    return result;
  }
  out->ctx = live;
  out->reg_read = live_reg_read;
  out->reg_write = live_reg_write;
  out->mem_read = live_mem_read;
  out->mem_write = live_mem_write;
  out->wait = live_wait;
  out->now_us = live_now_us;
  out->fd = live_fd;
  out->close = live_close;
  out->capture = live_capture;
  return 0;
}

struct toe_sim *toe_live_sim(const struct toe_transport *transport) {
  return transport->reg_read == live_reg_read ? ((struct live *)transport->ctx)->sim : NULL;
}
