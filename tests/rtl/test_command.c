/* SPDX-License-Identifier: Apache-2.0
 *
 * Host commands in toe_flow: active open, listening, refusals, and what is passed on.
 * tb: top=tb_flow
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "flow_bench.h"

enum { RPORT = 443, LPORT = 50000, TAG = 0xabcd, IRS = 0x1000 };

static uint64_t remote(uint16_t rport) {
  return key_of(PEER_IP, rport, LPORT);
}

static void expect_refused(bench_t *b, uint8_t reason, uint32_t tag) {
  const ntf_t n = bench_ntf(b);
  cr_expect(n.refused);
  cr_expect_not(n.opened);
  cr_expect_eq(n.reason, reason, "reason %u, expected %u", n.reason, reason);
  cr_expect_eq(n.tag, tag);
}

/* Connects and returns the connection. */
static uint16_t connect_to(bench_t *b, uint64_t key, uint32_t tag) {
  bench_command(b, CMD_CONNECT, 0, 0, key, tag);
  bench_settle(b);
  const ntf_t n = bench_ntf(b);
  cr_assert(n.opened, "refused: %u", n.reason);
  cr_expect_eq(n.tag, tag);
  const passed_t p = bench_passed(b);
  cr_expect_eq(p.op, CMD_CONNECT);
  cr_expect_eq(p.conn, n.conn);
  cr_expect_eq(p.key, key);
  cr_expect_gt(p.cycle, n.cycle, "the host knows before anything happens");
  return n.conn;
}

Test(command, connect_opens_and_its_segments_find_it) {
  bench_t *b = bench_new();
  const uint64_t hash = hash_of_key(remote(RPORT));

  bench_command(b, CMD_CONNECT, 0, 0, remote(RPORT), TAG);
  bench_settle(b);
  const ntf_t n = bench_ntf(b);
  cr_expect(n.opened);
  cr_expect_not(n.refused);
  cr_expect_eq(n.tag, TAG);
  const passed_t p = bench_passed(b);
  cr_expect_eq(p.op, CMD_CONNECT);
  cr_expect(p.open);
  cr_expect_not(p.passive);
  cr_expect_eq(p.conn, n.conn);
  cr_expect_eq(p.key, remote(RPORT));
  cr_expect_eq(p.hash, (uint32_t)hash);
  cr_expect_eq(p.iss, (uint32_t)((hash >> 32) + (0x123456789 >> 2)));
  cr_expect_eq(n.iss, p.iss);
  bench_send(b, (seg_t){.rport = RPORT, .lport = LPORT, .seq = 1, .flags = SYN | ACK});
  cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, n.conn);
  bench_send(b, (seg_t){.rport = RPORT + 1, .lport = LPORT, .seq = 1, .flags = SYN | ACK});
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

struct bad_connect {
  char why[40];
  uint64_t key;
  bool no_key, disabled;
  uint8_t reason;
};

#define KEY(ip, rport, lport) ((uint64_t)(ip) << 32 | (uint64_t)(rport) << 16 | (lport))

ParameterizedTestParameters(command, bad_connect_is_refused) {
  static struct bad_connect cases[] = {
      {"no key", KEY(PEER_IP, 80, 1), true, false, REASON_NO_KEY},
      {"not enabled", KEY(PEER_IP, 80, 1), false, true, REASON_BAD_STATE},
      {"address 0", KEY(0, 80, 1), false, false, REASON_BAD_VALUE},
      {"own address", KEY(LOCAL_IP, 80, 1), false, false, REASON_BAD_VALUE},
      {"loopback", KEY(0x7f000001, 80, 1), false, false, REASON_BAD_VALUE},
      {"multicast", KEY(0xe0000001, 80, 1), false, false, REASON_BAD_VALUE},
      {"broadcast", KEY(0xffffffff, 80, 1), false, false, REASON_BAD_VALUE},
      {"broadcast of the subnet", KEY(0x0a0000ff, 80, 1), false, false, REASON_BAD_VALUE},
      {"remote port 0", KEY(PEER_IP, 0, 1), false, false, REASON_BAD_VALUE},
      {"local port 0", KEY(PEER_IP, 80, 0), false, false, REASON_BAD_VALUE},
  };
  return cr_make_param_array(struct bad_connect, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_connect *c, command, bad_connect_is_refused) {
  bench_t *b = bench_new();

  *b->tb->cfg_key_valid_i = !c->no_key;
  *b->tb->cfg_enable_i = !c->disabled;
  bench_command(b, CMD_CONNECT, 0, 0, c->key, TAG);
  bench_settle(b);
  expect_refused(b, c->reason, TAG);
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS, "%s", c->why);
  bench_delete(b);
}

Test(command, last_octet_255_of_another_subnet_is_fine) {
  bench_t *b = bench_new();

  connect_to(b, key_of(0x0a0001ff, RPORT, LPORT), TAG);
  bench_delete(b);
}

Test(command, connect_twice_is_address_in_use) {
  bench_t *b = bench_new();

  connect_to(b, remote(RPORT), 1);
  bench_command(b, CMD_CONNECT, 0, 0, remote(RPORT), 2);
  bench_settle(b);
  expect_refused(b, REASON_ADDR_IN_USE, 2);
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS - 1);
  bench_unlink(b, remote(RPORT));
  connect_to(b, remote(RPORT), 3);
  bench_delete(b);
}

Test(command, connect_to_a_half_open_peer_is_address_in_use) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint32_t iss = bench_half_open(b, RPORT, IRS);
  bench_command(b, CMD_CONNECT, 0, 0, peer_key(RPORT), TAG);
  bench_settle(b);
  expect_refused(b, REASON_ADDR_IN_USE, TAG);
  bench_complete(b, RPORT, IRS, iss);
  bench_delete(b);
}

/* One comes first, whatever the cycle: never a connection and a half-open one of the same flow. */
Test(command, connect_and_syn_of_the_same_flow_exclude_each_other) {
  unsigned opened = 0;

  for (unsigned delay = 0; delay < 30; delay++) {
    bench_t *b = bench_new();

    bench_listen(b, 8);
    if (delay >= 15) bench_offer(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
    for (unsigned i = 15; i < delay; i++) bench_tick(b);
    bench_command(b, CMD_CONNECT, 0, 0, peer_key(RPORT), TAG);
    for (unsigned i = delay; i < 15; i++) bench_tick(b);
    if (delay < 15) bench_offer(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
    bench_settle(b);
    const ntf_t n = bench_ntf(b);
    opened += n.opened;
    cr_expect_eq(*b->tb->half_open_count_o, !n.opened, "delay %u", delay);
    bench_expect_event(b, n.opened ? EV_SEGMENT : EV_DISCARD);
    if (n.opened) {
      bench_passed(b);
    } else {
      cr_expect_eq(n.reason, REASON_ADDR_IN_USE);
      bench_expect_syn_ack(b, RPORT, IRS);
    }
    bench_delete(b);
  }
  cr_expect_gt(opened, 0);
  cr_expect_lt(opened, 30);
}

Test(command, connect_in_time_wait_is_address_in_use) {
  bench_t *b = bench_new();

  bench_time_wait(b, remote(RPORT), 1, 2, false, 0);
  bench_command(b, CMD_CONNECT, 0, 0, remote(RPORT), 1);
  bench_settle(b);
  expect_refused(b, REASON_ADDR_IN_USE, 1);
  bench_wait_us(b, TIME_WAIT_US);
  connect_to(b, remote(RPORT), 2);
  bench_delete(b);
}

Test(command, connect_without_free_block_is_refused_until_one_is_back) {
  bench_t *b = bench_new();

  for (uint16_t i = 0; i < NUM_CONNS; i++) cr_expect_eq(connect_to(b, remote(i + 1), i), i);
  cr_expect_eq(*b->tb->free_count_o, 0);
  bench_command(b, CMD_CONNECT, 0, 0, remote(100), TAG);
  bench_settle(b);
  expect_refused(b, REASON_NO_CONN, TAG);
  bench_unlink(b, remote(7 + 1));
  bench_free(b, 7);
  bench_settle(b);
  cr_expect_eq(*b->tb->free_count_o, 1);
  cr_expect_eq(connect_to(b, remote(100), TAG), 7);
  bench_delete(b);
}

Test(command, blocks_come_back_oldest_first) {
  static const uint16_t order[] = {9, 3, 12, 0};
  bench_t *b = bench_new();

  for (uint16_t i = 0; i < NUM_CONNS; i++) connect_to(b, remote(i + 1), i);
  for (unsigned i = 0; i < 4; i++) {
    bench_unlink(b, remote(order[i] + 1));
    bench_free(b, order[i]);
  }
  for (unsigned i = 0; i < 4; i++)
    cr_expect_eq(connect_to(b, remote((uint16_t)(100 + i)), i), order[i]);
  bench_delete(b);
}

/* A host's second release must not make two connections of one block. */
Test(command, block_that_is_free_cannot_be_given_back) {
  bench_t *b = bench_new();

  connect_to(b, remote(1), 0);
  bench_unlink(b, remote(1));
  for (unsigned i = 0; i < 3; i++) bench_free(b, 0);
  bench_free(b, 5);
  bench_free(b, NUM_CONNS + 3);
  bench_settle(b);
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS);
  for (uint16_t i = 0; i < NUM_CONNS; i++) connect_to(b, remote(i + 10), i);
  cr_expect_eq(*b->tb->free_count_o, 0);
  bench_command(b, CMD_CONNECT, 0, 0, remote(100), TAG);
  bench_settle(b);
  expect_refused(b, REASON_NO_CONN, TAG);
  bench_delete(b);
}

Test(command, connect_into_full_buckets_is_refused) {
  enum { PLACES = 8 };
  const uint32_t buckets = hash_of_key(remote(1)) & 0x000f000f;
  bench_t *b = bench_new();
  unsigned found = 0;

  for (uint16_t port = 1; found <= PLACES; port++) {
    if ((hash_of_key(remote(port)) & 0x000f000f) != buckets) continue;
    if (found++ < PLACES) {
      connect_to(b, remote(port), port);
    } else {
      bench_command(b, CMD_CONNECT, 0, 0, remote(port), TAG);
      bench_settle(b);
      expect_refused(b, REASON_FLOW_FULL, TAG);
    }
  }
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS - PLACES);
  bench_delete(b);
}

struct bad_listen {
  uint16_t port;
  uint32_t backlog;
  uint8_t op, reason;
};

ParameterizedTestParameters(command, bad_listen_is_refused) {
  static struct bad_listen cases[] = {
      {0, 1, CMD_LISTEN, REASON_BAD_VALUE},        {81, 0, CMD_LISTEN, REASON_BAD_VALUE},
      {81, 65536, CMD_LISTEN, REASON_BAD_VALUE},   {PORT, 1, CMD_LISTEN, REASON_ADDR_IN_USE},
      {81, 0, CMD_UNLISTEN, REASON_NOT_LISTENING}, {0, 0, CMD_UNLISTEN, REASON_NOT_LISTENING},
  };
  return cr_make_param_array(struct bad_listen, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_listen *c, command, bad_listen_is_refused) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  bench_command(b, c->op, 0, c->backlog, c->port, TAG);
  bench_settle(b);
  expect_refused(b, c->reason, TAG);
  bench_half_open(b, RPORT, IRS); /* the listener is as it was */
  bench_delete(b);
}

Test(command, every_listener_can_be_used_and_used_again) {
  bench_t *b = bench_new();

  for (unsigned round = 0; round < 3; round++) {
    const uint16_t first = (uint16_t)(1000 * (round + 1));
    for (uint16_t i = 0; i < NUM_LISTENERS; i++)
      bench_command(b, CMD_LISTEN, 0, 65535, first + i, i);
    bench_command(b, CMD_LISTEN, 0, 1, first + NUM_LISTENERS, TAG);
    bench_settle(b);
    expect_refused(b, REASON_LISTEN_FULL, TAG);
    for (uint16_t i = 0; i < NUM_LISTENERS; i++) {
      bench_send(b, (seg_t){.rport = RPORT, .lport = first + i, .seq = IRS, .flags = SYN});
      bench_expect_event(b, EV_DISCARD);
      bench_sent(b);
      bench_send(b, (seg_t){.rport = RPORT, .lport = first + i, .seq = IRS + 1, .flags = RST});
      bench_expect_event(b, EV_DISCARD);
      bench_command(b, CMD_UNLISTEN, 0, 0, first + i, i);
      bench_settle(b);
      bench_send(b, (seg_t){.rport = RPORT, .lport = first + i, .seq = IRS, .flags = SYN});
      bench_expect_event(b, EV_NO_CONN);
    }
  }
  bench_delete(b);
}

/* A SYN that is answered while its port is given up still counts where the port was, and nowhere
 * else. */
Test(command, new_port_does_not_count_the_old_ones_half_open) {
  for (unsigned delay = 0; delay < 24; delay++) {
    bench_t *b = bench_new();

    bench_listen(b, 8);
    bench_offer(b, (seg_t){.rport = RPORT, .seq = 1, .flags = SYN});
    for (unsigned i = 0; i < delay; i++) bench_tick(b);
    bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
    bench_command(b, CMD_LISTEN, 0, 1, PORT + 1, 0);
    bench_settle(b);
    b->next_event = b->num_events;
    b->next_sent = b->num_sent;
    bench_send(b, (seg_t){.rport = RPORT, .lport = PORT + 1, .seq = 1, .flags = SYN});
    bench_expect_event(b, EV_DISCARD);
    cr_assert_eq(b->num_sent - b->next_sent, 1, "delay %u", delay);
    cr_expect_eq(bench_sent(b).flags, SYN | ACK);
    bench_delete(b);
  }
}

Test(command, others_are_passed_on_for_connections_that_exist) {
  bench_t *b = bench_new();

  for (uint16_t i = 0; i < 3; i++) connect_to(b, remote(i + 1), i);
  for (uint8_t op = CMD_SEND; op <= CMD_SET_OPTS; op++) {
    bench_command(b, op, 2, 0, 0, op);
    bench_settle(b);
    const passed_t p = bench_passed(b);
    cr_expect_eq(p.op, op);
    cr_expect_eq(p.conn, 2);
    cr_expect_not(p.open);
    bench_command(b, op, 3, 0, 0, op); /* never opened */
    bench_command(b, op, NUM_CONNS, 0, 0, op);
    bench_command(b, op, 65535, 0, 0, op);
    bench_settle(b);
    for (unsigned i = 0; i < 3; i++) expect_refused(b, REASON_BAD_CONN, op);
  }
  bench_delete(b);
}

Test(command, unknown_is_refused_nop_is_not) {
  bench_t *b = bench_new();

  bench_command(b, CMD_NOP, 0, 0, 0, 1);
  bench_command(b, CMD_SET_OPTS + 1, 0, 0, 0, 2);
  bench_command(b, 255, 0, 0, 0, 3);
  bench_settle(b);
  expect_refused(b, REASON_BAD_OP, 2);
  expect_refused(b, REASON_BAD_OP, 3);
  bench_delete(b);
}

Test(command, two_cycles_each_when_passed_on) {
  enum { COMMANDS = 50 };
  bench_t *b = bench_new();

  connect_to(b, remote(1), 0);
  for (unsigned i = 0; i < COMMANDS; i++) bench_command(b, CMD_SEND, 0, i, 0, 0);
  bench_settle(b);
  cr_assert_eq(b->num_passed - b->next_passed, COMMANDS);
  const uint64_t first = b->passed[b->next_passed].cycle;
  cr_expect_eq(b->passed[b->num_passed - 1].cycle - first, 2 * (COMMANDS - 1));
  b->next_passed = b->num_passed;
  bench_delete(b);
}

Test(command, held_notifications_hold_commands_not_segments) {
  bench_t *b = bench_new();

  bench_listen(b, 8);
  const uint16_t conn = bench_open(b, RPORT, IRS);
  b->hold_ntf = true;
  bench_command(b, CMD_CONNECT, 0, 0, remote(RPORT), TAG);
  for (unsigned i = 0; i < 100; i++) bench_tick(b);
  cr_expect_eq(b->num_passed, 0, "not before the host has the number");
  for (uint32_t i = 0; i < 100; i++)
    bench_offer(b, (seg_t){.rport = RPORT, .seq = i, .flags = ACK});
  for (unsigned i = 0; i < 30; i++) bench_tick(b);
  for (uint32_t i = 0; i < 100; i++) {
    const event_t ev = bench_expect_event(b, EV_SEGMENT);
    cr_expect_eq(ev.conn, conn);
    cr_expect_eq(ev.seq, i);
  }
  bench_offer(b, (seg_t){.rport = RPORT + 1, .seq = IRS, .flags = SYN});
  for (unsigned i = 0; i < 30; i++) bench_tick(b);
  bench_expect_event(b, EV_DISCARD);
  bench_expect_syn_ack(b, RPORT + 1, IRS);
  b->hold_ntf = false;
  bench_settle(b);
  cr_expect(bench_ntf(b).opened);
  cr_expect(bench_passed(b).open);
  bench_delete(b);
}
