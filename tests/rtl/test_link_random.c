/* SPDX-License-Identifier: Apache-2.0
 *
 * Both ends of the link, driver/link.c and toe_link, on a line that damages, loses and invents
 * octets.  Nothing is lost and nothing done twice: a register keeps every value that it is written
 * with, and memory is compared with an array.  EVENTS=1000000 makes more than 100,000 commands.
 * tb: top=tb_link
 */
#include "link_bench.h"

#include <criterion/parameterized.h>
#include <stdio.h>

#include "driver/link.h"
#include "toe/toe_err.h"

enum { LINE_OCTETS = 1024, CYCLES_PER_US = 8, PENDING_MAX = 512, PIECE_MAX = 48 };

/* One direction: what is on its way. */
typedef struct line {
  uint8_t octets[LINE_OCTETS];
  uint32_t in, out;
} line_t;

struct fault_rates {
  char name[24];
  uint32_t commands;
  uint32_t damaged, lost, invented; /* of a million octets */
  uint32_t cut;                     /* of a million octets: begins a gap of up to 100 */
  uint32_t restart;                 /* of 10,000 commands */
};

typedef struct world {
  link_bench_t *b;
  tb_rng_t rng;
  const struct fault_rates *rates;
  line_t down, up; /* to the device, to the host */
  uint32_t gap_octets;
  uint32_t cycles; /* of the present microsecond */
  bool unplugged;
  struct toe_transport host;
  uint8_t session;

  /* What is asked of the engine: values of JOURNAL in order, from 0 on. */
  uint32_t asked;     /* next value */
  uint32_t confirmed; /* values before it are known to be written */
  uint32_t checked;   /* of the journal */
  uint8_t memory[MEM_OCTETS];
  struct {
    uint32_t at, len;
  } pending[PENDING_MAX]; /* memory writes that are not confirmed */
  uint32_t pending_len;
  uint32_t restarts, faults;
} world_t;

/* --- The line -------------------------------------------------------------------------------- */

static uint32_t line_len(const line_t *l) {
  return l->in - l->out;
}

static void line_put(line_t *l, uint8_t octet) {
  if (line_len(l) < LINE_OCTETS) l->octets[l->in++ % LINE_OCTETS] = octet;
}

static bool happens(world_t *w, uint32_t per_million) {
  const bool yes = per_million != 0 && tb_random_below(&w->rng, 1000000) < per_million;

  w->faults += yes;
  return yes;
}

static void carry(world_t *w, line_t *l, uint8_t octet) {
  const struct fault_rates *r = w->rates;

  if (happens(w, r->cut)) w->gap_octets = tb_random_below(&w->rng, 100);
  if (happens(w, r->invented)) line_put(l, (uint8_t)tb_random(&w->rng));
  if (happens(w, r->damaged)) octet ^= (uint8_t)(1 + tb_random_below(&w->rng, 255));
  if (w->gap_octets != 0)
    w->gap_octets--;
  else if (!happens(w, r->lost))
    line_put(l, octet);
}

static void cycle(world_t *w) {
  tb_tb_link_t *tb = w->b->tb;

  *tb->rx_valid_i = line_len(&w->down) != 0;
  *tb->rx_data_i = w->down.octets[w->down.out % LINE_OCTETS];
  *tb->tx_ready_i = line_len(&w->up) < LINE_OCTETS - 2;
  tb_tb_link_eval(tb);
  w->down.out += *tb->rx_valid_i && *tb->rx_ready_o;
  if (*tb->tx_valid_o && *tb->tx_ready_i) carry(w, &w->up, *tb->tx_data_o);
  link_bench_cycle(w->b);
  if (++w->cycles == CYCLES_PER_US) {
    w->cycles = 0;
    ++*tb->now_us_i;
  }
}

/* --- The line as the host sees it ------------------------------------------------------------ */

static int host_send(void *ctx, const uint8_t *octets, size_t len) {
  world_t *w = ctx;
  size_t n = 0;

  if (w->unplugged) return TOE_ERR_GONE;
  for (; n < len && line_len(&w->down) < LINE_OCTETS - 2; n++) carry(w, &w->down, octets[n]);
  return (int)n;
}

static int host_receive(void *ctx, uint8_t *octets, size_t max) {
  world_t *w = ctx;
  size_t n = 0;

  if (w->unplugged) return TOE_ERR_GONE;
  for (; n < max && line_len(&w->up) != 0; n++) octets[n] = w->up.octets[w->up.out++ % LINE_OCTETS];
  return (int)n;
}

static uint64_t host_now_us(void *ctx) {
  return *((world_t *)ctx)->b->tb->now_us_i;
}

/* Time passes at once when nothing but time can make work. */
static bool host_sleep(void *ctx, bool for_room, uint64_t until_us) {
  world_t *w = ctx;
  tb_tb_link_t *tb = w->b->tb;

  for (;;) {
    if (line_len(&w->up) != 0 || (for_room && line_len(&w->down) < LINE_OCTETS - 2)) return true;
    if (*tb->now_us_i >= until_us) return true;
    cycle(w);
    if (!*tb->idle_o || line_len(&w->down) != 0 || line_len(&w->up) != 0) continue;
    uint64_t next_us = until_us;
    if (*tb->deadline_valid_o && *tb->deadline_us_o < next_us) next_us = *tb->deadline_us_o;
    cr_assert_neq(next_us, UINT64_MAX, "both ends wait for each other for ever");
    if (next_us > *tb->now_us_i) *tb->now_us_i = next_us;
  }
}

static int no_fd(void *ctx) {
  (void)ctx;
  return -1;
}

static void no_alarm(void *ctx, uint64_t when_us) {
  (void)ctx;
  (void)when_us;
}

static void host_close(void *ctx) {
  (void)ctx;
}

static void open_host(world_t *w) {
  const struct toe_octet_stream stream = {.ctx = w,
                                          .send = host_send,
                                          .receive = host_receive,
                                          .wait = host_sleep,
                                          .now_us = host_now_us,
                                          .fd = no_fd,
                                          .alarm = no_alarm,
                                          .close = host_close};

  w->session = (uint8_t)(1 + (w->session + tb_random_below(&w->rng, 254)) % 255);
  const struct toe_link_host_config config = {.session = w->session};
  const int result = toe_link_host_open(&stream, &config, &w->host);
  cr_assert_eq(result, 0, "open: %d, %s", result, w->host.message);
}

/* --- Commands -------------------------------------------------------------------------------- */

/* Every value that the register has got, once and in order. */
static void check_journal(world_t *w) {
  const link_bench_t *b = w->b;

  for (; w->checked < b->journal_len; w->checked++)
    cr_assert_eq(b->journal[w->checked], w->checked, "value %u came at place %u",
                 b->journal[w->checked], w->checked);
  cr_assert_leq(b->journal_len, w->asked, "more values than were sent");
}

/* Everything asked before has been answered. */
static void confirm(world_t *w) {
  w->confirmed = w->asked;
  w->pending_len = 0;
  check_journal(w);
  cr_assert_eq(w->b->journal_len, w->asked, "a value was lost");
}

static int fill_memory(world_t *w, uint32_t at, uint32_t len) {
  uint8_t data[PIECE_MAX] = {0};

  for (uint32_t i = 0; i < len; i++) data[i] = (uint8_t)tb_random(&w->rng);
  memcpy(w->memory + at, data, len);
  return w->host.mem_write(w->host.ctx, at, data, len);
}

static int write_memory(world_t *w, uint32_t at, uint32_t len) {
  cr_assert_lt(w->pending_len, PENDING_MAX);
  w->pending[w->pending_len].at = at;
  w->pending[w->pending_len++].len = len;
  return fill_memory(w, at, len);
}

static int read_memory(world_t *w, uint32_t at, uint32_t len) {
  uint8_t data[PIECE_MAX];
  const int result = w->host.mem_read(w->host.ctx, at, data, len);

  if (result != 0) return result;
  confirm(w);
  cr_assert_arr_eq(data, w->memory + at, len, "%u octets at %u", len, at);
  return 0;
}

static int read_register(world_t *w) {
  uint32_t value;
  const int result = w->host.reg_read(w->host.ctx, JOURNAL, &value, 1);

  if (result != 0) return result;
  confirm(w);
  if (w->asked != 0) cr_assert_eq(value, w->asked - 1);
  return 0;
}

/* The interrupt rises, the host hears of it and lowers it, and then nothing is left of it. */
static int interrupt(world_t *w) {
  const uint32_t any = 1;
  int result = read_register(w);

  if (result != 0) return result;
  result = w->host.wait(w->host.ctx, 0);
  if (result < 0) return result;
  cr_assert_eq(result, 0, "an interrupt that was not");
  *w->b->tb->irq_i = 1;
  result = w->host.wait(w->host.ctx, 60000000);
  if (result < 0) return result;
  cr_assert_eq(result, 1, "the host never heard of the interrupt");
  result = w->host.reg_write(w->host.ctx, FLAG_DOWN, &any, 1);
  if (result == 0) result = read_register(w);
  if (result == 0) result = w->host.wait(w->host.ctx, 0);
  if (result > 0) cr_assert_fail("the interrupt is down");
  return result;
}

static int command(world_t *w) {
  const uint32_t len =
      1 + tb_random_below(&w->rng, tb_random_below(&w->rng, 8) == 0 ? PIECE_MAX : 8);
  const uint32_t at = tb_random_below(&w->rng, MEM_OCTETS - len + 1);

  if (w->pending_len > PENDING_MAX / 2) return read_register(w);
  switch (tb_random_below(&w->rng, 16)) {
    case 0:
      return read_register(w);
    case 1:
      return tb_random_below(&w->rng, 8) == 0 ? interrupt(w) : read_memory(w, at, len);
    case 2:
    case 3:
    case 4:
    case 5:
      return write_memory(w, at, len);
    default: {
      const uint32_t value = w->asked++;
      return w->host.reg_write(w->host.ctx, JOURNAL, &value, 1);
    }
  }
}

/* --- Restarts -------------------------------------------------------------------------------- */

/* The device loses power; its registers' other side, too, forgets what was under way. */
static void reset_device(world_t *w) {
  link_bench_t *b = w->b;

  *b->tb->axil_bvalid_i = *b->tb->axil_rvalid_i = 0;
  b->have_addr = b->have_data = false;
  tb_tb_link_reset(b->tb);
}

/* A new host finds out what became of what the old one had asked for. */
static void begin_again(world_t *w) {
  open_host(w);
  w->restarts++;
  check_journal(w);
  cr_assert_geq(w->b->journal_len, w->confirmed, "a value that was answered was lost");
  w->asked = w->confirmed = w->b->journal_len;
  *w->b->tb->irq_i = 0;
  /* Memory that may be old or new is written again. */
  for (uint32_t i = 0; i < w->pending_len; i++)
    cr_assert_eq(fill_memory(w, w->pending[i].at, w->pending[i].len), 0);
}

/* The cable is pulled in the middle of whatever is going on, or the device is reset, or both. */
static void restart(world_t *w) {
  const uint32_t how = tb_random_below(&w->rng, 3);

  for (uint32_t i = tb_random_below(&w->rng, 400); i != 0; i--) cycle(w);
  if (how != 0) reset_device(w);
  if (how != 1) {
    w->unplugged = true;
    w->down.in -= tb_random_below(&w->rng, line_len(&w->down) + 1);
    w->up.out = w->up.in;
  } else {
    int result = 0;
    for (uint32_t tries = 0; tries < 2 * PENDING_MAX && result == 0; tries++) result = command(w);
    cr_assert_eq(result, TOE_ERR_GONE, "the host knows of the reset: %d", result);
  }
  w->host.close(w->host.ctx);
  w->unplugged = false;
  begin_again(w);
}

/* --- The test -------------------------------------------------------------------------------- */

static uint32_t command_count(const struct fault_rates *rates) {
  const char *text = getenv("EVENTS");

  return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : rates->commands;
}

ParameterizedTestParameters(link_random, nothing_is_lost_and_nothing_done_twice) {
  static struct fault_rates rates[] = {
      {"1 % damaged", 100000, 10000, 0, 0, 0, 0},
      {"clean", 10000, 0, 0, 0, 0, 30},
      {"everything", 10000, 3000, 2000, 2000, 200, 30},
      {"restarts", 10000, 500, 500, 500, 500, 300},
  };
  return cr_make_param_array(struct fault_rates, rates, sizeof rates / sizeof rates[0]);
}

ParameterizedTest(struct fault_rates *rates, link_random, nothing_is_lost_and_nothing_done_twice) {
  world_t *w = calloc(1, sizeof *w);
  const uint32_t commands = command_count(rates);

  cr_assert_not_null(w);
  w->b = link_bench_new();
  w->b->reg_gate.pattern = TB_RANDOM;
  w->rng = tb_rng(tb_seed());
  w->rates = rates;
  open_host(w);
  for (uint32_t at = 0; at < MEM_OCTETS; at += PIECE_MAX) {
    cr_assert_eq(write_memory(w, at, PIECE_MAX), 0);
    if (w->pending_len > PENDING_MAX / 2) cr_assert_eq(read_register(w), 0);
  }
  for (uint32_t i = 0; i < commands; i++) {
    const int result = command(w);
    cr_assert_eq(result, 0, "command %u: %d", i, result);
    if (tb_random_below(&w->rng, 10000) < rates->restart) restart(w);
  }
  cr_assert_eq(read_register(w), 0);
  printf("%s: %u commands, %u faults, %u restarts, %.1f s on the line\n", rates->name, commands,
         w->faults, w->restarts, (double)*w->b->tb->now_us_i / 1e6);
  w->host.close(w->host.ctx);
  link_bench_delete(w->b);
  free(w);
}
