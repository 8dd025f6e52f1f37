/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_event_arb: nothing lost, events of one connection apart, nobody waits for ever.
 * tb: top=tb_tcb_arb
 */
#include <criterion/criterion.h>

#include "tb.h"
#include "tb_tb_tcb_arb.h"

/* Sources, and the kinds of their events, numbered as in tcb_event_e. */
enum source { RX, CMD, TIMER, SEND, NOTIFY, SOURCES, NONE = -1 };
enum kind { EV_SEGMENT, EV_NO_CONN, EV_DISCARD, EV_COMMAND, EV_TIMER, EV_SEND, EV_NOTIFY, EV_ICMP };
/* Output queues, as in outputs_t. */
enum { ROOM_ENDING = 1, ROOM_NTF = 2, ROOM_VERDICT = 4, ROOM_TX = 8, ROOM_ALL = 15 };
enum { CONNS = 16, MAX_RX_RUN = 8 };

/* A test bench that offers events and checks every one that comes out. */
struct bench {
  tb_tb_tcb_arb_t *tb;
  bool valid[SOURCES];
  uint16_t conn[SOURCES];
  uint8_t rx_kind;
  uint32_t mark[SOURCES]; /* of the event offered now; counts them */
  bool front;             /* a segment was taken, and waits for its grant: */
  uint16_t front_conn;
  uint8_t front_kind;
  uint32_t front_mark;
  uint8_t room; /* one cycle ago: what a grant goes by */
  bool notify_room;
  uint64_t granted_at[CONNS];     /* last event that uses the TCB, cycle + 1 */
  uint32_t overtaken_by[SOURCES]; /* events granted while this source waited */
};

static struct bench new_bench(void) {
  struct bench b = {.tb = tb_tb_tcb_arb_new(tb_seed())};
  *b.tb->hold_i = *b.tb->rx_valid_i = *b.tb->cmd_valid_i = *b.tb->timer_valid_i = 0;
  *b.tb->send_valid_i = *b.tb->notify_valid_i = 0;
  *b.tb->room_i = ROOM_ALL;
  *b.tb->notify_room_i = 1;
  *b.tb->now_us_i = 1;
  tb_tb_tcb_arb_reset(b.tb);
  b.room = ROOM_ALL;
  b.notify_room = true;
  return b;
}

static void offer(struct bench *b, enum source source, uint16_t conn) {
  b->valid[source] = true;
  b->conn[source] = conn;
}

static uint8_t kind_of(const struct bench *b, enum source source) {
  static const uint8_t kinds[SOURCES] = {0, EV_COMMAND, EV_TIMER, EV_SEND, EV_NOTIFY};
  return source == RX ? b->front_kind : kinds[source];
}

/* What the contract of toe_tcb says, written a second time. */
static uint8_t outputs_of(uint8_t kind) {
  switch (kind) {
    case EV_SEGMENT:
      return ROOM_TX | ROOM_VERDICT | ROOM_ENDING;
    case EV_NO_CONN:
    case EV_DISCARD:
      return ROOM_TX | ROOM_VERDICT;
    case EV_ICMP:
      return ROOM_VERDICT | ROOM_ENDING;
    case EV_COMMAND:
      return ROOM_TX | ROOM_NTF | ROOM_ENDING;
    case EV_NOTIFY:
      return ROOM_NTF | ROOM_ENDING;
    default:
      return ROOM_TX | ROOM_ENDING;
  }
}

static bool uses_tcb(uint8_t kind) {
  return kind != EV_NO_CONN && kind != EV_DISCARD;
}

static uint16_t conn_of(const struct bench *b, enum source source) {
  return source == RX ? b->front_conn : b->conn[source];
}

static void check_spacing(struct bench *b, enum source source) {
  uint64_t *last = &b->granted_at[conn_of(b, source) % CONNS];
  if (!uses_tcb(kind_of(b, source))) return;
  if (*last != 0) {
    uint64_t age = b->tb->cycles + 1 - *last;
    uint64_t stage = *b->tb->write_stage_o;
    cr_assert(age >= stage || age == stage - 2, "events of one connection %u cycles apart",
              (unsigned)age);
  }
  *last = b->tb->cycles + 1;
}

static void check_event(struct bench *b, enum source source) {
  tb_tb_tcb_arb_t *tb = b->tb;
  if (source == NONE) return;
  const uint32_t mark = source == RX ? b->front_mark : b->mark[source];
  cr_assert_eq(*tb->ev_kind_o, kind_of(b, source));
  cr_assert_eq(*tb->ev_conn_o, conn_of(b, source));
  cr_assert_eq(*tb->ev_now_us_o, *tb->now_us_i);
  cr_assert_eq(*tb->ev_seg_mark_o, source == RX ? mark : 0);
  cr_assert_eq(*tb->ev_cmd_mark_o, source == CMD ? mark : 0);
  bool opens = source <= CMD && mark % 2;
  cr_assert_eq(*tb->ev_open_o, opens);
  cr_assert_eq(*tb->ev_open_mark_o, opens ? mark : 0);
}

/* One cycle; returns the source whose event was granted in it. */
static enum source cycle(struct bench *b) {
  tb_tb_tcb_arb_t *tb = b->tb;
  uint8_t *valid_ports[SOURCES] = {tb->rx_valid_i, tb->cmd_valid_i, tb->timer_valid_i,
                                   tb->send_valid_i, tb->notify_valid_i};
  uint16_t *conn_ports[SOURCES] = {tb->rx_conn_i, tb->cmd_conn_i, tb->timer_conn_i, tb->send_conn_i,
                                   tb->notify_conn_i};
  const uint8_t *ready_ports[SOURCES] = {tb->rx_ready_o, tb->cmd_ready_o, tb->timer_ready_o,
                                         tb->send_ready_o, tb->notify_ready_o};
  enum source granted = NONE;

  for (int s = 0; s < SOURCES; s++) {
    *valid_ports[s] = b->valid[s];
    *conn_ports[s] = b->conn[s];
  }
  *tb->rx_kind_i = b->rx_kind;
  *tb->rx_mark_i = b->mark[RX];
  *tb->rx_open_i = b->mark[RX] % 2;
  *tb->cmd_mark_i = b->mark[CMD];
  *tb->cmd_open_i = b->mark[CMD] % 2;
  *tb->now_us_i += 3;
  tb_tb_tcb_arb_eval(tb);
  cr_assert_eq(*tb->ev_more_o, *tb->ev_valid_o && *tb->ev_kind_o == EV_SEGMENT && b->valid[RX] &&
                                   b->rx_kind == EV_SEGMENT && b->conn[RX] == *tb->ev_conn_o);
  for (int s = CMD; s < SOURCES; s++) {
    if (!*ready_ports[s]) continue;
    cr_assert(b->valid[s], "source %d offers nothing", s);
    cr_assert_eq(granted, NONE, "two events in one cycle");
    granted = (enum source)s;
  }
  cr_assert_eq(*tb->busy_o, b->front);
  if (*tb->ev_valid_o && granted == NONE) {
    cr_assert(b->front, "an event of nobody");
    granted = RX;
  }
  cr_assert_eq(*tb->ev_valid_o, granted != NONE);
  uint8_t taken = granted == NONE ? 0 : outputs_of(kind_of(b, granted));
  cr_assert_eq(*tb->take_o, taken);
  cr_assert_eq(taken & ~b->room, 0, "no room for source %d", granted);
  if (granted == NOTIFY) cr_assert(b->notify_room);
  if (granted != NONE) check_spacing(b, granted);
  check_event(b, granted);
  const bool rx_taken = b->valid[RX] && *tb->rx_ready_o;
  b->room = *tb->room_i;
  b->notify_room = *tb->notify_room_i;
  tb_tb_tcb_arb_tick(tb);
  for (int s = 0; s < SOURCES; s++) {
    if (!(s == RX ? b->front : b->valid[s]) || s == (int)granted)
      b->overtaken_by[s] = 0;
    else if (granted != NONE)
      b->overtaken_by[s]++;
  }
  if (granted == RX) b->front = false;
  if (rx_taken) {
    cr_assert(!b->front, "a segment overwritten");
    b->front = true;
    b->front_conn = b->conn[RX];
    b->front_kind = b->rx_kind;
    b->front_mark = b->mark[RX];
  }
  if (rx_taken || granted > RX) {
    const enum source gone = rx_taken ? RX : granted;
    b->valid[gone] = false;
    b->mark[gone]++;
  }
  if (rx_taken && granted > RX) {
    b->valid[granted] = false;
    b->mark[granted]++;
  }
  return granted;
}

/* The next event, within the cycles that who may go needs to become known. */
static enum source next(struct bench *b) {
  enum source granted = NONE;
  for (int n = 0; n < 2 && granted == NONE; n++) granted = cycle(b);
  return granted;
}

Test(event_arb, segments_of_different_connections_go_every_cycle) {
  struct bench b = new_bench();

  for (uint16_t n = 0; n < 200; n++) {
    offer(&b, RX, n % CONNS);
    cr_assert_eq(cycle(&b), n == 0 ? NONE : RX, "cycle %u", n);
  }
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, segments_that_touch_no_tcb_go_every_cycle) {
  struct bench b = new_bench();

  for (uint16_t n = 0; n < 200; n++) {
    b.rx_kind = n & 1 ? EV_NO_CONN : EV_DISCARD;
    offer(&b, RX, 0);
    cr_assert_eq(cycle(&b), n == 0 ? NONE : RX, "cycle %u", n);
  }
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, segment_that_touches_no_tcb_neither_waits_nor_lets_wait) {
  struct bench b = new_bench();

  offer(&b, RX, 0);
  cr_assert_eq(next(&b), RX);
  b.rx_kind = EV_DISCARD;
  offer(&b, RX, 0);
  cr_expect_eq(next(&b), RX, "behind one that does");
  for (int n = 0; n < 20; n++) cycle(&b);
  offer(&b, RX, 0);
  cr_assert_eq(next(&b), RX);
  b.rx_kind = EV_SEGMENT;
  offer(&b, RX, 0);
  cr_expect_eq(next(&b), RX, "before one that does");
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, segments_of_one_connection_go_as_soon_as_results_can_be_forwarded) {
  struct bench b = new_bench();
  unsigned forward_age = *b.tb->write_stage_o - 2u;
  unsigned granted = 0;

  for (unsigned n = 0; n < 20 * forward_age; n++) {
    offer(&b, RX, 3);
    granted += cycle(&b) == RX;
  }
  cr_expect_eq(granted, 20u);
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, busy_connection_holds_back_its_own_source_only) {
  for (int blocked = RX; blocked < SOURCES; blocked++) {
    struct bench b = new_bench();
    offer(&b, TIMER, 3);
    cr_assert_eq(next(&b), TIMER);
    offer(&b, (enum source)blocked, 3);
    int other = blocked == SEND ? NOTIFY : SEND;
    offer(&b, (enum source)other, 4);
    cr_expect_eq(cycle(&b), NONE, "nobody is known to be able");
    cr_expect_eq(cycle(&b), other, "source %d waits, %d goes ahead", blocked, other);
    for (unsigned age = 3; age < *b.tb->write_stage_o - 2u; age++)
      cr_expect_eq(cycle(&b), NONE, "age %u", age);
    cr_expect_eq(cycle(&b), blocked);
    tb_tb_tcb_arb_delete(b.tb);
  }
}

Test(event_arb, segments_go_first_but_eight_in_a_row_at_most) {
  struct bench b = new_bench();

  offer(&b, RX, 0);
  offer(&b, SEND, 15);
  cr_expect_eq(cycle(&b), NONE);
  for (uint16_t n = 1; n <= MAX_RX_RUN; n++) {
    offer(&b, RX, n);
    cr_expect_eq(cycle(&b), RX, "segment %u", n);
  }
  cr_expect_eq(cycle(&b), SEND);
  cr_expect_eq(cycle(&b), RX);
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, stalled_host_holds_back_commands_and_notifications_only) {
  struct bench b = new_bench();

  *b.tb->room_i = ROOM_ALL & ~ROOM_NTF;
  *b.tb->notify_room_i = 0;
  for (uint16_t s = 0; s < SOURCES; s++) offer(&b, (enum source)s, s);
  unsigned granted = 0;
  for (int n = 0; n < 20; n++) {
    enum source source = cycle(&b);
    cr_expect(source != CMD && source != NOTIFY);
    if (source != NONE) granted |= 1u << source;
  }
  cr_expect_eq(granted, 1u << RX | 1u << TIMER | 1u << SEND);
  for (uint16_t n = 0; n < 100; n++) {
    offer(&b, RX, n % CONNS);
    cr_assert_eq(cycle(&b), n == 0 ? NONE : RX, "segments go on, cycle %u", n);
  }
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, last_place_for_notifications_is_left_to_commands) {
  struct bench b = new_bench();

  *b.tb->notify_room_i = 0;
  offer(&b, NOTIFY, 1);
  for (int n = 0; n < 5; n++) cr_expect_eq(cycle(&b), NONE);
  offer(&b, CMD, 2);
  cr_expect_eq(next(&b), CMD);
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, stalled_transmitter_holds_back_all_but_notifications) {
  struct bench b = new_bench();

  *b.tb->room_i = ROOM_ALL & ~ROOM_TX;
  for (uint16_t s = 0; s < SOURCES; s++) offer(&b, (enum source)s, s);
  cr_expect_eq(next(&b), NOTIFY);
  for (int n = 0; n < 20; n++) cr_expect_eq(cycle(&b), NONE);
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, hold_stops_everything) {
  struct bench b = new_bench();

  *b.tb->hold_i = 1;
  for (uint16_t s = 0; s < SOURCES; s++) offer(&b, (enum source)s, s);
  for (int n = 0; n < 20; n++) cr_expect_eq(cycle(&b), NONE);
  *b.tb->hold_i = 0;
  for (int n = 0; n < SOURCES; n++) cr_expect_neq(next(&b), NONE);
  tb_tb_tcb_arb_delete(b.tb);
}

/* Every source always offers, connections from a pool of `conns`: the worst that a source may wait
 * for is bounded, whatever the others do. */
static void check_bounded_wait(uint32_t conns, uint32_t limit) {
  struct bench b = new_bench();
  tb_rng_t rng = tb_rng(tb_seed());
  uint32_t worst[SOURCES] = {0}, count[SOURCES] = {0};

  for (int n = 0; n < 50000; n++) {
    for (int s = 0; s < SOURCES; s++) {
      if (!b.valid[s]) offer(&b, (enum source)s, (uint16_t)tb_random_below(&rng, conns));
    }
    enum source granted = cycle(&b);
    if (granted != NONE) count[granted]++;
    for (int s = 0; s < SOURCES; s++) {
      if (b.overtaken_by[s] > worst[s]) worst[s] = b.overtaken_by[s];
    }
  }
  for (int s = 0; s < SOURCES; s++) {
    cr_expect_leq(worst[s], limit, "source %d saw %u others go first, %u connections", s, worst[s],
                  conns);
    cr_expect_gt(count[s], 100u, "source %d", s);
  }
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, nobody_waits_for_ever_one_connection) {
  check_bounded_wait(1, 4 * (MAX_RX_RUN + 1));
}

Test(event_arb, nobody_waits_for_ever_two_connections) {
  check_bounded_wait(2, 8 * (MAX_RX_RUN + 1));
}

Test(event_arb, nobody_waits_for_ever_all_connections) {
  check_bounded_wait(CONNS, 8 * (MAX_RX_RUN + 1));
}

/* A command for a connection that receives without a pause, while others send. */
Test(event_arb, command_for_the_busiest_connection_is_served) {
  struct bench b = new_bench();
  uint32_t commands = 0;

  for (int n = 0; n < 4000; n++) {
    if (!b.valid[RX]) offer(&b, RX, 5);
    if (!b.valid[SEND]) offer(&b, SEND, (uint16_t)(6 + b.mark[SEND] % 8));
    if (!b.valid[CMD]) offer(&b, CMD, 5);
    commands += cycle(&b) == CMD;
    cr_assert_leq(b.overtaken_by[CMD], 8u * (MAX_RX_RUN + 1), "cycle %d", n);
  }
  cr_expect_gt(commands, 20u);
  tb_tb_tcb_arb_delete(b.tb);
}

Test(event_arb, segments_do_not_take_every_place_that_gets_free) {
  struct bench b = new_bench();

  for (uint16_t n = 0; n < 4000; n++) {
    if (!b.valid[RX]) offer(&b, RX, n % 8);
    if (!b.valid[SEND]) offer(&b, SEND, 9);
    *b.tb->room_i = n % 4 == 0 ? ROOM_ALL : ROOM_ALL & ~ROOM_TX;
    cycle(&b);
    cr_assert_leq(b.overtaken_by[SEND], MAX_RX_RUN, "cycle %u", n);
  }
  tb_tb_tcb_arb_delete(b.tb);
}

/* cycle() compares every event with what was offered. */
Test(event_arb, random_traffic_and_room_lose_nothing) {
  struct bench b = new_bench();
  tb_rng_t rng = tb_rng(tb_seed());
  tb_gate_t gates[SOURCES];
  uint32_t count[SOURCES] = {0};

  for (int s = 0; s < SOURCES; s++) gates[s] = (tb_gate_t){.pattern = TB_BURSTS};
  for (int n = 0; n < 100000; n++) {
    for (int s = 0; s < SOURCES; s++) {
      if (b.valid[s] || !tb_gate_next(&gates[s], &rng)) continue;
      if (s == RX) b.rx_kind = (uint8_t)tb_random_below(&rng, 3);
      offer(&b, (enum source)s, (uint16_t)tb_random_below(&rng, n < 50000 ? 4 : CONNS));
    }
    *b.tb->room_i = (uint8_t)(tb_random(&rng) | tb_random(&rng)) & ROOM_ALL;
    *b.tb->notify_room_i = tb_random(&rng) & 1;
    enum source granted = cycle(&b);
    if (granted != NONE) count[granted]++;
  }
  for (int s = 0; s < SOURCES; s++) cr_expect_gt(count[s], 1000u, "source %d", s);
  tb_tb_tcb_arb_delete(b.tb);
}
