/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: octets, rings, readiness.
 */
#include "api_pair.h"

enum { CHUNK = 5000 };

/* Octets of a stream that tells its place, sent and checked on both sides as far as they go. */
struct flow {
  struct toe_conn *from, *to;
  uint64_t sent, received, total;
};

static void push(struct flow *flow) {
  uint8_t buffer[CHUNK];

  while (flow->sent < flow->total) {
    size_t len = flow->total - flow->sent < CHUNK ? (size_t)(flow->total - flow->sent) : CHUNK;
    for (size_t i = 0; i < len; i++) buffer[i] = api_octet(flow->sent + i);
    const ssize_t sent = toe_send(flow->from, buffer, len, 0);
    if (sent == TOE_ERR_AGAIN) return;
    cr_assert_gt(sent, 0, "%s", toe_strerror((int)sent));
    flow->sent += (uint64_t)sent;
  }
}

static void pull(struct flow *flow) {
  uint8_t buffer[CHUNK];
  ssize_t got;

  while ((got = toe_recv(flow->to, buffer, sizeof buffer, 0)) > 0) {
    for (ssize_t i = 0; i < got; i++)
      cr_assert_eq(buffer[i], api_octet(flow->received + (uint64_t)i), "octet %llu",
                   (unsigned long long)(flow->received + (uint64_t)i));
    flow->received += (uint64_t)got;
  }
  cr_assert(got == TOE_ERR_AGAIN || got == 0, "%s", toe_strerror((int)got));
}

static void transfer(struct api_pair *p, struct flow *flow, int flows) {
  for (int rounds = 0; rounds < 100000; rounds++) {
    bool done = true;
    for (int i = 0; i < flows; i++) {
      push(&flow[i]);
      pull(&flow[i]);
      done = done && flow[i].received == flow[i].total;
    }
    if (done) return;
    api_run(p, 20);
  }
  cr_assert_fail("%llu of %llu octets", (unsigned long long)flow->received,
                 (unsigned long long)flow->total);
}

Test(api_data, stream_arrives_whole_over_several_turns_of_the_rings) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  struct flow flow = {.from = conns[0], .to = conns[1], .total = 300001};
  transfer(p, &flow, 1);
  api_pair_delete(p);
}

Test(api_data, both_directions_at_once) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  struct flow flows[2] = {{.from = conns[0], .to = conns[1], .total = 150000},
                          {.from = conns[1], .to = conns[0], .total = 200000}};
  transfer(p, flows, 2);
  api_pair_delete(p);
}

Test(api_data, lossy_link_loses_nothing) {
  const struct toe_config configs[2] = {api_config(0), api_config(1)};
  const struct toe_link_config link = {.loss_ppm = 20000,
                                       .duplicate_ppm = 10000,
                                       .reorder_ppm = 10000,
                                       .reorder_ns = 50000,
                                       .delay_ns = 10000};
  struct api_pair *p = api_pair_new_with(configs, &link);
  struct toe_conn *conns[2];
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, 60 * SECOND_US, &conns[0]), 0);
  cr_assert_eq(toe_sock_accept(listener, 60 * SECOND_US, &conns[1]), 0);
  struct flow flow = {.from = conns[0], .to = conns[1], .total = 200000};
  for (int rounds = 0; rounds < 10000 && flow.received < flow.total; rounds++) {
    push(&flow);
    pull(&flow);
    api_run(p, 1000);
  }
  cr_expect_eq(flow.received, flow.total);
  api_pair_delete(p);
}

Test(api_data, full_rings_hold_back_and_room_is_announced) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info info;
  struct toe_conn *conns[2];
  struct toe_event events[4];

  api_connect(p, conns);
  toe_conn_set_tag(conns[0], 5);
  cr_assert_eq(toe_engine_info(p->engine[0], &info), 0);
  struct flow flow = {.from = conns[0], .to = conns[1], .total = UINT64_MAX};
  /* The last octets, less than a segment, go when the sender's patience ends (RFC 9293 section
   * 3.8.6.2.1). */
  for (int i = 0; i < 30; i++) {
    push(&flow);
    api_run(p, 100000);
  }
  /* Nobody reads: one receive ring and one transmit ring are full, and not an octet more.  The
   * window is told in pairs of octets (RFC 7323 section 2), so one may be left. */
  const size_t waiting = toe_recv_waiting(conns[1]);
  cr_expect(waiting == info.rx_ring_octets || waiting == info.rx_ring_octets - 1, "%zu", waiting);
  cr_expect_eq(flow.sent, waiting + info.tx_ring_octets);
  cr_expect_eq(toe_send_unacked(conns[0]), info.tx_ring_octets);
  cr_expect_eq(toe_send_room(conns[0]), 0);
  cr_expect_eq(toe_conn_ready(conns[0]) & TOE_WRITABLE, 0);
  cr_expect_eq(toe_send(conns[0], "x", 1, 0), TOE_ERR_AGAIN);

  while (toe_wait(p->engine[0], events, 4, 0) > 0) continue;
  flow.total = flow.sent;
  pull(&flow);
  toe_process(p->engine[1], 0); /* tells the engine */
  const int count = toe_wait(p->engine[0], events, 4, SECOND_US);
  cr_assert_eq(count, 1);
  cr_expect_eq(events[0].tag, 5);
  cr_expect_eq(events[0].ready & TOE_WRITABLE, TOE_WRITABLE);
  transfer(p, &flow, 1);
  api_pair_delete(p);
}

Test(api_data, send_takes_what_fits) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info info;
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_engine_info(p->engine[0], &info), 0);
  uint8_t *buffer = calloc(1, info.tx_ring_octets + 1);
  cr_expect_eq(toe_send(conns[0], buffer, info.tx_ring_octets + 1, 0), info.tx_ring_octets);
  cr_expect_eq(toe_send(conns[0], buffer, 1, 0), TOE_ERR_AGAIN);
  free(buffer);
  api_pair_delete(p);
}

Test(api_data, receive_takes_what_is_asked_for_and_peek_takes_nothing) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char buffer[16] = "";

  api_connect(p, conns);
  cr_expect_eq(toe_recv(conns[1], buffer, sizeof buffer, 0), TOE_ERR_AGAIN);
  cr_assert_eq(toe_send(conns[0], "abcdefgh", 8, 0), 8);
  cr_expect_eq(toe_sock_recv(conns[1], buffer, 3, SECOND_US), 3);
  cr_expect_eq(toe_conn_ready(conns[1]) & TOE_READABLE, TOE_READABLE);
  cr_expect_eq(toe_recv(conns[1], buffer + 3, 2, TOE_PEEK), 2);
  cr_expect_eq(toe_recv(conns[1], buffer + 3, 13, TOE_PEEK), 5);
  cr_expect_eq(toe_recv_waiting(conns[1]), 5);
  cr_expect_eq(toe_recv(conns[1], buffer + 3, 13, 0), 5);
  cr_expect_str_eq(buffer, "abcdefgh");
  cr_expect_eq(toe_recv(conns[1], buffer, 1, 0), TOE_ERR_AGAIN);
  cr_expect_eq(toe_conn_ready(conns[1]) & TOE_READABLE, 0);
  api_pair_delete(p);
}

Test(api_data, arguments_out_of_range) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char octet = 0;

  api_connect(p, conns);
  cr_expect_eq(toe_send(conns[0], &octet, 0, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_send(conns[0], &octet, 1, TOE_PEEK), TOE_ERR_RANGE);
  cr_expect_eq(toe_recv(conns[0], &octet, 0, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_recv(conns[0], &octet, 1, TOE_MORE), TOE_ERR_RANGE);
  api_pair_delete(p);
}

Test(api_data, more_holds_back_until_the_last_piece) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char buffer[16] = "";

  api_connect(p, conns);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_NODELAY, 1), 0);
  cr_assert_eq(toe_send(conns[0], "head", 4, TOE_MORE), 4);
  api_run(p, 5000);
  cr_expect_eq(toe_recv_waiting(conns[1]), 0);
  cr_assert_eq(toe_send(conns[0], "tail", 4, 0), 4);
  api_run(p, 100);
  cr_expect_eq(toe_recv(conns[1], buffer, sizeof buffer, 0), 8);
  cr_expect_str_eq(buffer, "headtail");
  api_pair_delete(p);
}

Test(api_data, cork_holds_back_until_it_is_drawn) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_CORK, 1), 0);
  cr_assert_eq(toe_send(conns[0], "one", 3, 0), 3);
  cr_assert_eq(toe_send(conns[0], "two", 3, TOE_MORE), 3);
  api_run(p, 5000);
  cr_expect_eq(toe_recv_waiting(conns[1]), 0);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_CORK, 0), 0);
  api_run(p, 100);
  cr_expect_eq(toe_recv_waiting(conns[1]), 6);
  api_pair_delete(p);
}

Test(api_data, urgent_octet_is_announced_until_it_is_read) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char buffer[16];

  api_connect(p, conns);
  cr_assert_eq(toe_send(conns[0], "stop", 4, TOE_URGENT), 4);
  api_run(p, 100);
  cr_expect_eq(toe_conn_ready(conns[1]) & TOE_URGENT_DATA, TOE_URGENT_DATA);
  cr_expect_eq(toe_recv(conns[1], buffer, 3, 0), 3);
  cr_expect_eq(toe_conn_ready(conns[1]) & TOE_URGENT_DATA, TOE_URGENT_DATA);
  cr_expect_eq(toe_recv(conns[1], buffer, sizeof buffer, 0), 1);
  cr_expect_eq(toe_conn_ready(conns[1]) & TOE_URGENT_DATA, 0);
  api_pair_delete(p);
}

Test(api_data, each_arrival_is_one_event) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  struct toe_event events[4];
  char octet;

  api_connect(p, conns);
  toe_conn_set_tag(conns[1], 9);
  while (toe_wait(p->engine[1], events, 4, 1000) > 0) continue;
  for (int i = 0; i < 3; i++) {
    cr_assert_eq(toe_send(conns[0], "x", 1, 0), 1);
    cr_assert_eq(toe_wait(p->engine[1], events, 4, SECOND_US), 1);
    cr_expect_eq(events[0].tag, 9);
    cr_expect_eq(events[0].conn, conns[1]);
    cr_expect_eq(events[0].ready, TOE_CONNECTED | TOE_WRITABLE | TOE_READABLE);
    cr_expect_eq(toe_wait(p->engine[1], events, 4, 1000), 0);
  }
  cr_expect_eq(toe_recv(conns[1], &octet, 1, 0), 1);
  cr_expect_eq(toe_wait(p->engine[1], events, 0, 0), TOE_ERR_RANGE);
  api_pair_delete(p);
}

Test(api_data, blocking_receive_ends_at_its_timeout) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char octet;

  api_connect(p, conns);
  const uint64_t start_us = toe_now_us(p->engine[1]);
  cr_expect_eq(toe_sock_recv(conns[1], &octet, 1, 50000), TOE_ERR_TIMEOUT);
  const uint64_t took_us = toe_now_us(p->engine[1]) - start_us;
  /* A wait of the pair counts from the engine that is behind, by less than a link's delay. */
  cr_expect(took_us >= 49999 && took_us < 51000, "%llu", (unsigned long long)took_us);
  api_pair_delete(p);
}

Test(api_data, blocking_send_says_how_much_went_before_its_timeout) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info info;
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_engine_info(p->engine[0], &info), 0);
  const size_t room = info.tx_ring_octets + info.rx_ring_octets;
  uint8_t *buffer = calloc(1, room + 1);
  const ssize_t sent = toe_sock_send(conns[0], buffer, room + 1, 3 * SECOND_US);
  cr_expect(sent == (ssize_t)room || sent == (ssize_t)room - 1, "%zd", sent);
  cr_expect_eq(toe_sock_send(conns[0], buffer, 1, 1000), TOE_ERR_TIMEOUT);
  free(buffer);
  api_pair_delete(p);
}
