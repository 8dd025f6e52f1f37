/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: how connections end.
 */
#include "api_pair.h"

static uint32_t free_conns(struct api_pair *p, int side) {
  struct toe_engine_info info;
  cr_assert_eq(toe_engine_info(p->engine[side], &info), 0);
  return info.free_conns;
}

Test(api_close, half_close_leaves_the_other_direction_open) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char buffer[16];

  api_connect(p, conns);
  cr_assert_eq(toe_send(conns[0], "question", 8, 0), 8);
  cr_assert_eq(toe_shutdown(conns[0]), 0);
  cr_expect_eq(toe_shutdown(conns[0]), TOE_ERR_STATE);
  cr_expect_eq(toe_send(conns[0], "x", 1, 0), TOE_ERR_STATE);
  cr_expect_eq(toe_conn_ready(conns[0]) & TOE_WRITABLE, 0);

  cr_expect_eq(toe_sock_recv(conns[1], buffer, sizeof buffer, SECOND_US), 8);
  cr_expect_eq(toe_sock_recv(conns[1], buffer, sizeof buffer, SECOND_US), 0);
  cr_expect_eq(toe_recv(conns[1], buffer, sizeof buffer, 0), 0);
  const uint32_t ready = toe_conn_ready(conns[1]);
  cr_expect_eq(ready, TOE_CONNECTED | TOE_WRITABLE | TOE_READABLE | TOE_PEER_CLOSED);

  cr_assert_eq(toe_send(conns[1], "answer", 6, 0), 6);
  cr_expect_eq(toe_sock_recv(conns[0], buffer, sizeof buffer, SECOND_US), 6);
  cr_assert_eq(toe_shutdown(conns[1]), 0);
  cr_expect_eq(toe_sock_recv(conns[0], buffer, sizeof buffer, SECOND_US), 0);
  cr_expect_eq(toe_sock_wait_closed(conns[0], SECOND_US), 0);
  cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
  for (int i = 0; i < 2; i++) {
    cr_expect_eq(toe_conn_error(conns[i]), 0);
    cr_expect_eq(toe_conn_ready(conns[i]), TOE_READABLE | TOE_PEER_CLOSED | TOE_CLOSED);
    cr_expect_eq(toe_recv(conns[i], buffer, sizeof buffer, 0), 0);
    cr_expect_eq(toe_send(conns[i], "x", 1, 0), TOE_ERR_STATE);
    cr_expect_eq(toe_set_option(conns[i], TOE_OPT_NODELAY, 1), TOE_ERR_STATE);
  }
  api_pair_delete(p);
}

Test(api_close, close_sends_what_is_queued_and_gives_the_connection_back) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  const uint32_t before[2] = {free_conns(p, 0), free_conns(p, 1)};
  static uint8_t buffer[40000];
  size_t received = 0;

  api_connect(p, conns);
  cr_expect_eq(free_conns(p, 0), before[0] - 1);
  for (size_t i = 0; i < sizeof buffer; i++) buffer[i] = api_octet(i);
  cr_assert_eq(toe_send(conns[0], buffer, sizeof buffer, 0), sizeof buffer);
  toe_conn_close(conns[0]);
  memset(buffer, 0, sizeof buffer);
  for (;;) {
    const ssize_t got = toe_sock_recv(conns[1], buffer, sizeof buffer, SECOND_US);
    cr_assert_geq(got, 0);
    if (got == 0) break;
    for (ssize_t i = 0; i < got; i++) cr_assert_eq(buffer[i], api_octet(received + (size_t)i));
    received += (size_t)got;
  }
  cr_expect_eq(received, sizeof buffer);
  cr_expect_eq(toe_drain(p->engine[0], 1000), TOE_ERR_TIMEOUT);
  toe_conn_close(conns[1]);
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  api_run(p, 100);
  cr_expect_eq(free_conns(p, 0), before[0]);
  cr_expect_eq(free_conns(p, 1), before[1]);
  api_pair_delete(p);
}

Test(api_close, unread_octets_make_it_a_reset) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char octet;

  api_connect(p, conns);
  cr_assert_eq(toe_send(conns[0], "unread", 6, 0), 6);
  cr_expect_eq(toe_sock_recv(conns[1], &octet, 1, SECOND_US), 1);
  toe_conn_close(conns[1]);
  cr_expect_eq(toe_sock_wait_closed(conns[0], SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conns[0]), TOE_ERR_RESET);
  api_pair_delete(p);
}

Test(api_close, octets_that_come_after_close_make_it_a_reset) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  toe_conn_close(conns[1]);
  api_run(p, 100);
  cr_assert_eq(toe_send(conns[0], "late", 4, 0), 4);
  api_run(p, 100);
  cr_expect_eq(toe_conn_error(conns[0]), TOE_ERR_RESET);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  api_pair_delete(p);
}

Test(api_close, linger_zero_makes_it_a_reset) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_LINGER_ZERO, 1), 0);
  toe_conn_close(conns[0]);
  cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conns[1]), TOE_ERR_RESET);
  api_pair_delete(p);
}

Test(api_close, octets_before_a_reset_can_be_read_then_it_is_reported) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  char buffer[16] = "";

  api_connect(p, conns);
  cr_assert_eq(toe_send(conns[0], "last words", 10, 0), 10);
  api_run(p, 100);
  toe_abort(conns[0]);
  cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
  cr_expect_eq(toe_conn_ready(conns[1]), TOE_READABLE | TOE_CLOSED | TOE_ERROR);
  cr_expect_eq(toe_recv(conns[1], buffer, 4, 0), 4);
  cr_expect_eq(toe_recv(conns[1], buffer + 4, 12, 0), 6);
  cr_expect_str_eq(buffer, "last words");
  cr_expect_eq(toe_recv(conns[1], buffer, 1, 0), TOE_ERR_RESET);
  cr_expect_eq(toe_send(conns[1], "x", 1, 0), TOE_ERR_RESET);
  toe_conn_close(conns[1]);
  api_pair_delete(p);
}

Test(api_close, abort_gives_the_connection_back) {
  struct api_pair *p = api_pair_new();
  const uint32_t before = free_conns(p, 0);
  struct toe_conn *conns[2];

  for (int i = 0; i < 5; i++) {
    api_connect(p, conns);
    toe_abort(conns[0]);
    cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
    toe_conn_close(conns[1]);
    cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  }
  api_run(p, 100);
  cr_expect_eq(free_conns(p, 0), before);
  api_pair_delete(p);
}

Test(api_close, closed_connection_does_not_wait_for_ever_for_the_peers_fin) {
  struct toe_config configs[2] = {api_config(0), api_config(1)};
  struct toe_conn *conns[2];

  configs[0].time_wait_us = 2 * SECOND_US;
  struct api_pair *p = api_pair_new_with(configs, NULL);
  api_connect(p, conns);
  const uint64_t start_us = toe_now_us(p->engine[0]);
  toe_conn_close(conns[0]); /* the other side never closes */
  cr_expect_eq(toe_drain(p->engine[0], 10 * SECOND_US), 0);
  const uint64_t took_us = toe_now_us(p->engine[0]) - start_us;
  cr_expect(took_us >= 2 * SECOND_US && took_us < 3 * SECOND_US, "%llu",
            (unsigned long long)took_us);
  api_run(p, 100);
  cr_expect_eq(toe_conn_error(conns[1]), TOE_ERR_RESET);
  api_pair_delete(p);
}

Test(api_close, both_sides_at_once) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  toe_conn_close(conns[0]);
  toe_conn_close(conns[1]);
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  api_pair_delete(p);
}

Test(api_close, null_is_nothing) {
  toe_conn_close(NULL);
  toe_abort(NULL);
  toe_listener_close(NULL);
  toe_close(NULL);
}

Test(api_close, a_life_that_is_over_before_it_is_accepted) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;
  struct toe_conn *client, *server;
  char buffer[8];

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &client), 0);
  cr_assert_eq(toe_send(client, "bye", 3, 0), 3);
  toe_conn_close(client);
  /* Engine 1 runs, but its news is not read until all has happened. */
  toe_pair_advance(p->pair, toe_pair_now(p->pair) + 1000000, 0);
  cr_assert_eq(toe_sock_accept(listener, SECOND_US, &server), 0);
  cr_expect_eq(toe_sock_recv(server, buffer, sizeof buffer, SECOND_US), 3);
  cr_expect_eq(toe_sock_recv(server, buffer, sizeof buffer, SECOND_US), 0);
  toe_conn_close(server);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  api_pair_delete(p);
}
