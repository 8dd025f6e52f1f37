/* SPDX-License-Identifier: Apache-2.0
 *
 * The host end of the byte-stream link, over a line in virtual time that damages, loses and invents
 * octets.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "driver/link.h"
#include "link_device.h"
#include "tb.h"
#include "toe/toe_err.h"

enum { LINE_OCTETS = 4096, MEMORY = LINK_DEVICE_MEMORY };

struct direction {
  uint8_t octets[LINE_OCTETS];
  size_t begin, end;
};

/* A line that carries `rate` octets each way in a step of a microsecond. */
struct line {
  struct link_device *device;
  tb_rng_t rng;
  uint64_t now_us;
  uint32_t bad_ppm;      /* octets that are changed, lost or doubled */
  bool cut;              /* carries nothing any more */
  unsigned drop_to_host; /* octets that get lost first */
  bool stuck;            /* takes nothing any more */
  bool unplugged;
  unsigned rate;
  struct direction to_device, to_host;
  uint64_t alarm_us;
  uint64_t octets_sent;
  bool closed;
};

static void put(struct line *line, struct direction *to, uint8_t octet) {
  unsigned copies = 1;

  if (line->cut) return;
  if (line->bad_ppm != 0 && tb_random_below(&line->rng, 1000000) < line->bad_ppm) {
    switch (tb_random_below(&line->rng, 3)) {
      case 0:
        octet ^= (uint8_t)(1 + tb_random_below(&line->rng, 255));
        break;
      case 1:
        copies = 0;
        break;
      default:
        copies = 2;
        break;
    }
  }
  while (copies-- != 0) to->octets[to->end++ % LINE_OCTETS] = octet;
}

static int line_send(void *ctx, const uint8_t *octets, size_t len) {
  struct line *line = ctx;
  size_t taken = 0;

  if (line->unplugged) return TOE_ERR_GONE;
  while (!line->stuck && taken < len &&
         line->to_device.end - line->to_device.begin < LINE_OCTETS - 1)
    put(line, &line->to_device, octets[taken++]);
  line->octets_sent += taken;
  return (int)taken;
}

static int line_receive(void *ctx, uint8_t *octets, size_t max) {
  struct line *line = ctx;
  size_t count = 0;

  if (line->unplugged) return TOE_ERR_GONE;
  while (count < max && line->to_host.begin != line->to_host.end)
    octets[count++] = line->to_host.octets[line->to_host.begin++ % LINE_OCTETS];
  return (int)count;
}

/* One microsecond at the least, and on to when something happens. */
static bool line_wait(void *ctx, bool for_room, uint64_t until_us) {
  struct line *line = ctx;
  uint8_t octets[64];
  size_t count;

  (void)for_room;
  for (unsigned i = 0; i < line->rate && line->to_device.begin != line->to_device.end; i++)
    link_device_in(line->device, line->now_us,
                   line->to_device.octets[line->to_device.begin++ % LINE_OCTETS]);
  line->now_us++;
  if (line->to_host.end - line->to_host.begin < LINE_OCTETS - 128) {
    count = line->rate < sizeof octets ? line->rate : sizeof octets;
    count = link_device_out(line->device, line->now_us, octets, count);
    for (size_t i = 0; i < count; i++) {
      if (line->drop_to_host != 0)
        line->drop_to_host--;
      else
        put(line, &line->to_host, octets[i]);
    }
  }
  if (line->to_device.begin == line->to_device.end && line->to_host.begin == line->to_host.end) {
    const uint64_t next_us = tb_earlier(until_us, link_device_due_us(line->device));
    if (next_us > line->now_us && next_us != UINT64_MAX) line->now_us = next_us;
  }
  return true;
}

static uint64_t line_now_us(void *ctx) {
  return ((struct line *)ctx)->now_us;
}

static int line_fd(void *ctx) {
  (void)ctx;
  return 99; /* never polled */
}

static void line_alarm(void *ctx, uint64_t when_us) {
  ((struct line *)ctx)->alarm_us = when_us;
}

static void line_close(void *ctx) {
  ((struct line *)ctx)->closed = true;
}

static const struct link_device_config kUsual = {
    .window = 8, .max_data = 1024, .max_window_data = 4096};

static struct line line;
static struct toe_transport t;

static int open_line_with(const struct toe_link_host_config *config) {
  const struct toe_octet_stream stream = {.ctx = &line,
                                          .send = line_send,
                                          .receive = line_receive,
                                          .wait = line_wait,
                                          .now_us = line_now_us,
                                          .fd = line_fd,
                                          .alarm = line_alarm,
                                          .close = line_close};

  return toe_link_host_open(&stream, config, &t);
}

static int open_line(uint8_t session) {
  return open_line_with(&(struct toe_link_host_config){.session = session});
}

static void make_line(const struct link_device_config *config) {
  line = (struct line){
      .device = link_device_new(config), .rng = tb_rng(tb_seed()), .rate = 16, .now_us = 1000};
}

static void setup(void) {
  make_line(&kUsual);
}

static void teardown(void) {
  link_device_free(line.device);
}

static uint64_t frames_seen(void) {
  return link_device_stats(line.device)->requests;
}

TestSuite(link, .init = setup, .fini = teardown, .timeout = 60);

/* --- Accesses -------------------------------------------------------------------------------- */

Test(link, registers_are_read_and_written_in_order) {
  uint32_t values[4] = {0};

  link_device_regs(line.device)[3] = 0x12345678;
  cr_assert_eq(open_line(7), 0);
  cr_assert_eq(t.reg_read(t.ctx, 12, values, 1), 0);
  cr_expect_eq(values[0], 0x12345678);
  cr_assert_eq(t.reg_write(t.ctx, 16, (uint32_t[]){1, 0x7e7d7e7d, 3}, 3), 0);
  cr_assert_eq(t.reg_read(t.ctx, 12, values, 4), 0);
  cr_expect_arr_eq(values, ((uint32_t[]){0x12345678, 1, 0x7e7d7e7d, 3}), sizeof values);
  t.close(t.ctx);
  cr_expect(line.closed);
}

Test(link, memory_of_any_length_and_alignment) {
  static uint8_t data[70000], back[70000];

  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)tb_random(&line.rng);
  cr_assert_eq(open_line(7), 0);
  for (size_t len = 1, at = 3; len <= sizeof data; len = 3 * len + 1, at += 5) {
    cr_assert_eq(t.mem_write(t.ctx, at, data, len), 0);
    memset(back, 0, len);
    cr_assert_eq(t.mem_read(t.ctx, at, back, len), 0);
    cr_assert_arr_eq(back, data, len, "%zu octets at %zu", len, at);
  }
  cr_expect_eq(link_device_stats(line.device)->overruns, 0);
  t.close(t.ctx);
}

Test(link, several_requests_are_on_their_way_at_once) {
  static uint8_t data[65536];

  cr_assert_eq(open_line(7), 0);
  const uint64_t begin_us = line.now_us;
  cr_assert_eq(t.mem_read(t.ctx, 0, data, sizeof data), 0);
  /* The answers alone take 65536 / 16 microseconds; a request at a time would take twice that. */
  cr_expect_lt(line.now_us - begin_us, 65536 / 16 + 65536 / 64);
  t.close(t.ctx);
}

Test(link, a_write_returns_before_its_answer) {
  cr_assert_eq(open_line(7), 0);
  const uint64_t begin_us = line.now_us;
  cr_assert_eq(t.reg_write(t.ctx, 0, (uint32_t[]){1}, 1), 0);
  cr_expect_eq(line.now_us, begin_us);
  t.close(t.ctx);
  cr_expect_eq(link_device_regs(line.device)[0], 1, "carried out before the end");
}

Test(link, the_window_and_its_octets_are_kept) {
  const struct link_device_config small = {
      .window = 3, .max_data = 100, .max_window_data = 150, .request_us = 50};
  static uint8_t data[5000];

  link_device_free(line.device);
  make_line(&small);
  cr_assert_eq(open_line(7), 0);
  for (unsigned i = 0; i < 300; i++) cr_assert_eq(t.reg_write(t.ctx, 4, &(uint32_t){i}, 1), 0);
  cr_assert_eq(t.mem_write(t.ctx, 0, data, sizeof data), 0);
  cr_assert_eq(t.mem_read(t.ctx, 0, data, sizeof data), 0);
  cr_expect_eq(link_device_stats(line.device)->overruns, 0);
  cr_expect_eq(link_device_regs(line.device)[1], 299);
  t.close(t.ctx);
}

Test(link, no_such_address_is_out_of_range) {
  uint8_t data[5000] = {1, 2, 3};
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  cr_expect_eq(t.reg_read(t.ctx, 4 * LINK_DEVICE_REGS, &value, 1), TOE_ERR_RANGE);
  cr_expect_eq(t.reg_read(t.ctx, 2, &value, 1), TOE_ERR_RANGE);
  cr_expect_eq(t.mem_read(t.ctx, UINT64_C(1) << 39, data, 1), TOE_ERR_RANGE);
  cr_expect_eq(t.mem_read(t.ctx, MEMORY - 4999, data, 5000), TOE_ERR_RANGE);
  cr_expect_eq(data[0], 1, "nothing was copied");
  cr_expect_eq(t.mem_read(t.ctx, MEMORY - 5000, data, 5000), 0, "the next call works");
  cr_expect_eq(data[0], 0);
  t.close(t.ctx);
}

Test(link, a_posted_write_out_of_range_fails_the_next_call_once) {
  uint32_t value = 0;

  cr_assert_eq(open_line(7), 0);
  cr_expect_eq(t.reg_write(t.ctx, 4 * LINK_DEVICE_REGS, &value, 1), 0);
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_RANGE);
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  cr_expect_eq(t.reg_write(t.ctx, 4 * LINK_DEVICE_REGS, &value, 1), 0);
  cr_expect_eq(t.wait(t.ctx, -1), TOE_ERR_RANGE);
  t.close(t.ctx);
}

Test(link, a_slow_line_carries_no_more_than_it_may) {
  static uint8_t data[3000];

  line.rate = 1;
  cr_assert_eq(open_line_with(&(struct toe_link_host_config){.session = 7, .line_octets = 256}), 0);
  cr_assert_eq(t.mem_write(t.ctx, 0, data, sizeof data), 0);
  cr_assert_eq(t.mem_read(t.ctx, 0, data, sizeof data), 0);
  cr_expect_leq(link_device_stats(line.device)->in_flight, 3);
  cr_expect_eq(frames_seen(), 2 * ((sizeof data + 127) / 128) + 1);
  t.close(t.ctx);
}

/* --- Completion ------------------------------------------------------------------------------ */

Test(link, wait_ends_with_an_event) {
  cr_assert_eq(open_line(7), 0);
  cr_expect_eq(t.wait(t.ctx, 0), 0);
  link_device_completion(line.device, line.now_us, true);
  cr_expect_eq(t.wait(t.ctx, -1), 1);
  cr_expect_eq(t.wait(t.ctx, 0), 1, "it still holds one");
  t.close(t.ctx);
}

Test(link, wait_ends_with_its_time) {
  cr_assert_eq(open_line(7), 0);
  const uint64_t begin_us = line.now_us;
  cr_expect_eq(t.wait(t.ctx, 5000000), 0);
  cr_expect_geq(line.now_us, begin_us + 5000000);
  cr_expect_leq(line.now_us, begin_us + 5000010);
  t.close(t.ctx);
}

Test(link, wait_knows_that_the_host_has_emptied_the_ring) {
  cr_assert_eq(open_line(7), 0);
  link_device_completion(line.device, line.now_us, true);
  cr_expect_eq(t.wait(t.ctx, -1), 1);
  link_device_completion(line.device, line.now_us, false); /* as writing CQ_HEAD does */
  cr_assert_eq(t.reg_write(t.ctx, 0, (uint32_t[]){1}, 1), 0);
  cr_expect_eq(t.wait(t.ctx, 1000), 0);
  t.close(t.ctx);
}

Test(link, the_descriptor_is_told_when_to_be_readable) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  cr_expect_eq(t.fd(t.ctx), 99);
  cr_expect_gt(line.alarm_us, line.now_us);
  cr_expect_leq(line.alarm_us, line.now_us + 1000000, "to see whether the engine is there");
  link_device_completion(line.device, line.now_us, true);
  cr_assert_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  cr_expect_leq(line.alarm_us, line.now_us, "an entry that nobody has been told of");
  link_device_completion(line.device, line.now_us, false);
  cr_assert_eq(t.reg_write(t.ctx, 0, &value, 1), 0);
  cr_expect_gt(line.alarm_us, line.now_us);
  cr_expect_leq(line.alarm_us, line.now_us + 100000, "to send again");
  t.close(t.ctx);
}

/* --- Faults ---------------------------------------------------------------------------------- */

/* Posted writes, long and short accesses; what the device did is what the host asked, in pieces of
 * @p piece_octets. */
static void stress(unsigned accesses, size_t piece_octets) {
  static uint8_t shadow[MEMORY], data[3000];
  uint64_t sum = 0, begin_sum = link_device_stats(line.device)->writes_sum;

  memcpy(shadow, link_device_memory(line.device), MEMORY);
  cr_assert_eq(begin_sum, 0);
  for (unsigned i = 0; i < accesses; i++) {
    const size_t len = 1 + tb_random_below(&line.rng, i % 16 == 0 ? sizeof data : 64);
    const size_t at = tb_random_below(&line.rng, (uint32_t)(MEMORY - len));
    if (tb_random_below(&line.rng, 3) == 0) {
      cr_assert_eq(t.mem_read(t.ctx, at, data, len), 0);
      cr_assert_arr_eq(data, shadow + at, len, "access %u", i);
      continue;
    }
    for (size_t k = 0; k < len; k++) data[k] = (uint8_t)tb_random(&line.rng);
    memcpy(shadow + at, data, len);
    for (size_t done = 0; done < len; done += piece_octets) {
      const size_t piece = len - done < piece_octets ? len - done : piece_octets;
      sum = link_device_sum(sum, (UINT64_C(1) << 39) + at + done, data + done, piece);
    }
    cr_assert_eq(t.mem_write(t.ctx, at, data, len), 0);
  }
  cr_assert_eq(t.wait(t.ctx, 0) < 0, 0);
  cr_assert_eq(t.mem_read(t.ctx, 0, data, 1), 0);
  cr_expect_arr_eq(link_device_memory(line.device), shadow, MEMORY);
  cr_expect_eq(link_device_stats(line.device)->writes_sum, sum, "in order, each once");
  cr_expect_eq(link_device_stats(line.device)->overruns, 0);
}

Test(link, a_clean_line_sends_nothing_twice) {
  cr_assert_eq(open_line(7), 0);
  stress(20000, kUsual.max_data);
  cr_expect_eq(link_device_stats(line.device)->repeated, 0);
  cr_expect_eq(link_device_stats(line.device)->damaged, 0);
  t.close(t.ctx);
}

Test(link, a_bad_line_loses_nothing_and_does_nothing_twice) {
  /* One octet in a hundred: a frame of 1,024 would never come through. */
  line.bad_ppm = 10000;
  cr_assert_eq(open_line_with(&(struct toe_link_host_config){.session = 7, .line_octets = 128}), 0);
  stress(5000, 64);
  cr_expect_gt(link_device_stats(line.device)->damaged, 100);
  cr_expect_gt(link_device_stats(line.device)->repeated, 100);
  t.close(t.ctx);
}

Test(link, the_last_answer_lost_comes_again) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  link_device_regs(line.device)[0] = 5;
  line.cut = true;
  cr_assert_eq(t.reg_write(t.ctx, 4, (uint32_t[]){1}, 1), 0);
  line.cut = false;
  const uint64_t begin_us = line.now_us;
  cr_assert_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  cr_expect_eq(value, 5);
  cr_expect_lt(line.now_us - begin_us, 1000, "NAK is quicker than time");
  line.cut = true;
  cr_assert_eq(t.reg_write(t.ctx, 4, (uint32_t[]){2}, 1), 0);
  line.cut = false;
  cr_expect_eq(t.wait(t.ctx, 150000), 0);
  cr_expect_eq(link_device_regs(line.device)[1], 2, "sent again after 100 ms");
  t.close(t.ctx);
}

Test(link, a_lost_answer_is_asked_for_when_the_next_one_comes) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  line.drop_to_host = 12; /* the one answer, with its flags or without some */
  cr_assert_eq(t.reg_write(t.ctx, 4, (uint32_t[]){1}, 1), 0);
  const uint64_t begin_us = line.now_us;
  cr_assert_eq(t.reg_read(t.ctx, 4, &value, 1), 0);
  cr_expect_eq(value, 1);
  cr_expect_lt(line.now_us - begin_us, 1000);
  t.close(t.ctx);
}

Test(link, an_acknowledgement_of_what_was_not_sent_is_not_looked_at) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  line.cut = true;
  cr_assert_eq(t.reg_write(t.ctx, 4, (uint32_t[]){1}, 1), 0);
  line.cut = false;
  link_device_say(line.device, 2, 7, 100);
  link_device_say(line.device, 2, 7, 255);
  link_device_say(line.device, 3, 7, 50);
  cr_assert_eq(t.reg_read(t.ctx, 4, &value, 1), 0);
  cr_expect_eq(value, 1);
  cr_expect_eq(link_device_stats(line.device)->damaged, 0, "nothing odd came of it");
  t.close(t.ctx);
}

Test(link, garbage_before_the_session_is_nothing) {
  uint32_t value;

  for (unsigned i = 0; i < 1000; i++) {
    put(&line, &line.to_host, (uint8_t)tb_random(&line.rng));
    put(&line, &line.to_device, (uint8_t)tb_random(&line.rng));
  }
  cr_assert_eq(open_line(7), 0);
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  t.close(t.ctx);
}

/* --- Sessions -------------------------------------------------------------------------------- */

Test(link, a_second_session_takes_over_and_the_first_is_gone) {
  struct toe_transport first;
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  first = t;
  cr_assert_eq(open_line(8), 0);
  cr_assert_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  cr_expect_eq(first.reg_read(first.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(first.mem_read(first.ctx, 0, &value, 1), TOE_ERR_GONE, "for ever");
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  first.close(first.ctx);
  t.close(t.ctx);
}

Test(link, a_device_that_was_reset_is_gone_and_opens_again) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  link_device_reset(line.device);
  cr_expect_eq(t.wait(t.ctx, -1), TOE_ERR_GONE, "seen without any access");
  t.close(t.ctx);
  cr_assert_eq(open_line(9), 0);
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), 0);
  t.close(t.ctx);
}

Test(link, a_dead_line_is_gone_in_bounded_time) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  line.cut = true;
  const uint64_t begin_us = line.now_us;
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_lt(line.now_us - begin_us, 4000000);
  t.close(t.ctx);
  cr_expect_eq(open_line(8), TOE_ERR_DEVICE);
  cr_expect_not_null(strstr(t.message, "bitstream"));
}

Test(link, a_line_that_takes_nothing_is_gone_in_bounded_time) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  line.stuck = true;
  const uint64_t begin_us = line.now_us;
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_lt(line.now_us - begin_us, 4000000);
  t.close(t.ctx);
}

/* It has something to tell for ever, and no answer. */
Test(link, a_device_that_tells_news_instead_of_answering_is_gone) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  link_device_babble(line.device);
  const uint64_t begin_us = line.now_us;
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_lt(line.now_us - begin_us, 4000000);
  t.close(t.ctx);
}

Test(link, unplugged_is_gone_at_once) {
  uint32_t value;

  cr_assert_eq(open_line(7), 0);
  line.unplugged = true;
  const uint64_t begin_us = line.now_us;
  cr_expect_eq(t.reg_read(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.reg_write(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.mem_write(t.ctx, 0, &value, 1), TOE_ERR_GONE);
  cr_expect_eq(t.wait(t.ctx, -1), TOE_ERR_GONE);
  cr_expect_eq(line.now_us, begin_us);
  t.close(t.ctx);
}

Test(link, another_version_is_refused) {
  struct link_device_config other = kUsual;

  other.version = 2;
  link_device_free(line.device);
  make_line(&other);
  cr_expect_eq(open_line(7), TOE_ERR_VERSION);
  cr_expect_not_null(strstr(t.message, "bitstream of this release"));
}
