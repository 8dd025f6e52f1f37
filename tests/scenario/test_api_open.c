/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: how connections begin.
 */
#include "api_pair.h"

/* Runs both sides until a connection has what mask asks for. */
static void run_until(struct api_pair *p, const struct toe_conn *conn, uint32_t mask) {
  for (int i = 0; i < 1000 && (toe_conn_ready(conn) & mask) == 0; i++) api_run(p, 1000);
  cr_assert_neq(toe_conn_ready(conn) & mask, 0);
}

Test(api_open, connect_is_accepted_with_both_addresses) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  uint32_t ip;
  uint16_t port;

  api_connect(p, conns);
  toe_conn_peer(conns[0], &ip, &port);
  cr_expect_eq(ip, kIp[1]);
  cr_expect_eq(port, PORT);
  toe_conn_peer(conns[1], &ip, &port);
  cr_expect_eq(ip, kIp[0]);
  cr_expect(port >= 32768 && port <= 60999);
  cr_expect_eq(toe_conn_ready(conns[0]), TOE_CONNECTED | TOE_WRITABLE);
  cr_expect_eq(toe_conn_ready(conns[1]), TOE_CONNECTED | TOE_WRITABLE);
  api_pair_delete(p);
}

Test(api_open, local_port_is_the_one_that_was_asked_for) {
  struct api_pair *p = api_pair_new();
  const struct toe_connect_opts opts = {.local_port = 1234};
  struct toe_listener *listener;
  struct toe_conn *client, *server;
  uint16_t port;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_expect_eq(toe_listener_port(listener), PORT);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, &opts, SECOND_US, &client), 0);
  cr_assert_eq(toe_sock_accept(listener, SECOND_US, &server), 0);
  toe_conn_peer(server, NULL, &port);
  cr_expect_eq(port, 1234);
  api_pair_delete(p);
}

Test(api_open, nobody_listens_is_refused) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conn;
  struct toe_event event;
  char octet;

  cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, NULL, 42, &conn), 0);
  cr_expect_eq(toe_conn_ready(conn), 0);
  cr_expect_eq(toe_send(conn, "x", 1, 0), TOE_ERR_STATE);
  cr_expect_eq(toe_recv(conn, &octet, 1, 0), TOE_ERR_STATE);
  cr_assert_eq(toe_wait(p->engine[0], &event, 1, SECOND_US), 1);
  cr_expect_eq(event.tag, 42);
  cr_expect_eq(event.conn, conn);
  cr_expect_eq(event.listener, NULL);
  cr_expect_eq(event.ready, TOE_CLOSED | TOE_ERROR);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_REFUSED);
  cr_expect_eq(toe_send(conn, "x", 1, 0), TOE_ERR_REFUSED);
  cr_expect_eq(toe_recv(conn, &octet, 1, 0), TOE_ERR_REFUSED);
  toe_conn_close(conn);
  cr_expect_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &conn),
               TOE_ERR_REFUSED);
  api_pair_delete(p);
}

Test(api_open, nobody_there_times_out_after_the_retries) {
  struct toe_config configs[2] = {api_config(0), api_config(1)};
  struct toe_conn *conn;

  configs[0].rto_initial_us = 500000;
  configs[0].syn_retries = 2;
  struct api_pair *p = api_pair_new_with(configs, NULL);
  const uint64_t start_us = toe_now_us(p->engine[0]);
  cr_expect_eq(toe_sock_connect(p->engine[0], kIp[1] + 1, PORT, NULL, -1, &conn), TOE_ERR_TIMEOUT);
  /* 0.5 s, 1 s and 2 s */
  const uint64_t took_us = toe_now_us(p->engine[0]) - start_us;
  cr_expect(took_us >= 3500000 && took_us < 3600000, "%llu", (unsigned long long)took_us);
  api_pair_delete(p);
}

Test(api_open, callers_timeout_ends_a_connect) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conn;

  const uint64_t start_us = toe_now_us(p->engine[0]);
  cr_expect_eq(toe_sock_connect(p->engine[0], kIp[1] + 1, PORT, NULL, 10000, &conn),
               TOE_ERR_TIMEOUT);
  const uint64_t took_us = toe_now_us(p->engine[0]) - start_us;
  cr_expect(took_us >= 10000 && took_us < 11000, "%llu", (unsigned long long)took_us);
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  api_pair_delete(p);
}

Test(api_open, four_tuple_in_use_is_the_connections_error) {
  struct api_pair *p = api_pair_new();
  const struct toe_connect_opts opts = {.local_port = 1234};
  struct toe_listener *listener;
  struct toe_conn *first, *second;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, &opts, 0, &first), 0);
  cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, &opts, 0, &second), 0);
  run_until(p, second, TOE_CLOSED);
  cr_expect_eq(toe_conn_error(second), TOE_ERR_IN_USE);
  run_until(p, first, TOE_CONNECTED);
  toe_conn_close(second);
  api_pair_delete(p);
}

Test(api_open, bad_destinations_are_out_of_range) {
  struct api_pair *p = api_pair_new();
  const uint32_t bad[] = {0, 0x00000001, 0x7f000001, kIp[0], 0x0a0000ff, 0xe0000001, 0xffffffff};
  struct toe_conn *conn;

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_expect_eq(toe_connect(p->engine[0], bad[i], PORT, NULL, 0, &conn), TOE_ERR_RANGE, "%zu", i);
  cr_expect_eq(toe_connect(p->engine[0], kIp[1], 0, NULL, 0, &conn), TOE_ERR_RANGE);
  api_pair_delete(p);
}

Test(api_open, handle_closed_before_the_answer_leaves_nothing) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info before, after;
  struct toe_listener *listener;
  struct toe_conn *conn;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_engine_info(p->engine[0], &before), 0);
  for (int i = 0; i < 10; i++) {
    cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, NULL, 0, &conn), 0);
    toe_conn_close(conn);
  }
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  api_run(p, 1000);
  cr_assert_eq(toe_engine_info(p->engine[0], &after), 0);
  cr_expect_eq(after.free_conns, before.free_conns);
  api_pair_delete(p);
}

Test(api_listen, port_can_be_listened_on_once) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *first, *second;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &first), 0);
  cr_expect_eq(toe_listen(p->engine[1], PORT, 16, 0, &second), TOE_ERR_IN_USE);
  toe_listener_close(first);
  cr_expect_eq(toe_listen(p->engine[1], PORT, 16, 0, &second), 0);
  api_pair_delete(p);
}

Test(api_listen, every_listener_can_be_used_and_no_more) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info info;
  struct toe_listener *listener, *last = NULL;

  cr_assert_eq(toe_engine_info(p->engine[1], &info), 0);
  for (uint32_t i = 0; i < info.listeners; i++)
    cr_assert_eq(toe_listen(p->engine[1], (uint16_t)(PORT + i), 1, 0, &last), 0, "%u", i);
  cr_expect_eq(toe_listen(p->engine[1], PORT - 1, 1, 0, &listener), TOE_ERR_FULL);
  toe_listener_close(last);
  cr_expect_eq(toe_listen(p->engine[1], PORT - 1, 1, 0, &listener), 0);
  api_pair_delete(p);
}

Test(api_listen, arguments_out_of_range) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;

  cr_expect_eq(toe_listen(p->engine[1], 0, 16, 0, &listener), TOE_ERR_RANGE);
  cr_expect_eq(toe_listen(p->engine[1], PORT, 0, 0, &listener), TOE_ERR_RANGE);
  cr_expect_eq(toe_listen(p->engine[1], PORT, 65536, 0, &listener), TOE_ERR_RANGE);
  cr_expect_eq(toe_listen(p->engine[1], PORT, 65535, 0, &listener), 0);
  api_pair_delete(p);
}

Test(api_listen, accept_gives_the_oldest_first_then_says_again) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;
  struct toe_conn *clients[3], *server;
  struct toe_event event;
  uint16_t port;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 77, &listener), 0);
  cr_expect_eq(toe_accept(listener, 0, &server), TOE_ERR_AGAIN);
  for (uint16_t i = 0; i < 3; i++) {
    const struct toe_connect_opts opts = {.local_port = (uint16_t)(100 + i)};
    cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, &opts, SECOND_US, &clients[i]), 0);
    api_run(p, 100);
  }
  cr_assert_eq(toe_wait(p->engine[1], &event, 1, 0), 1);
  cr_expect_eq(event.listener, listener);
  cr_expect_eq(event.conn, NULL);
  cr_expect_eq(event.tag, 77);
  cr_expect_eq(event.ready, TOE_ACCEPTABLE);
  for (uint16_t i = 0; i < 3; i++) {
    cr_assert_eq(toe_accept(listener, i, &server), 0, "%u", i);
    toe_conn_peer(server, NULL, &port);
    cr_expect_eq(port, 100 + i);
    cr_expect_eq(toe_conn_tag(server), i);
  }
  cr_expect_eq(toe_accept(listener, 0, &server), TOE_ERR_AGAIN);
  cr_expect_eq(toe_sock_accept(listener, 1000, &server), TOE_ERR_TIMEOUT);
  api_pair_delete(p);
}

Test(api_listen, closing_resets_what_was_not_accepted) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;
  struct toe_conn *client, *kept_client, *kept;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &kept_client), 0);
  cr_assert_eq(toe_sock_accept(listener, SECOND_US, &kept), 0);
  cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &client), 0);
  api_run(p, 100);
  toe_listener_close(listener);
  run_until(p, client, TOE_CLOSED);
  cr_expect_eq(toe_conn_error(client), TOE_ERR_RESET);
  cr_expect_eq(toe_conn_ready(kept_client), TOE_CONNECTED | TOE_WRITABLE);
  toe_conn_close(client);
  cr_expect_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &client),
               TOE_ERR_REFUSED);
  api_pair_delete(p);
}

Test(api_engine, opens_again_after_a_user_that_vanished) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info fresh, info;
  struct toe_transport transport;
  struct toe_conn *conns[2];
  struct toe_engine *again;

  cr_assert_eq(toe_engine_info(p->engine[0], &fresh), 0);
  api_connect(p, conns);
  cr_assert_eq(toe_send(conns[0], "lost", 4, 0), 4);
  /* Engine 0 gets a second owner; the first never says another word to it. */
  const struct toe_config config = api_config(0);
  cr_assert_eq(toe_pair_transport(p->pair, 0, &transport), 0);
  cr_assert_eq(toe_open_transport(&transport, &config, &again), 0);
  cr_assert_eq(toe_engine_info(again, &info), 0);
  cr_expect_eq(info.free_conns, fresh.free_conns);
  cr_expect_eq(info.late_commands, 0);
  p->engine[0] = again;
  toe_abort(conns[1]);
  api_connect(p, conns);
  cr_expect_eq(toe_sock_send(conns[0], "hello", 5, SECOND_US), 5);
  api_pair_delete(p);
}

Test(api_engine, close_resets_connections) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  api_connect(p, conns);
  toe_close(p->engine[0]);
  cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conns[1]), TOE_ERR_RESET);
  p->engine[0] = NULL;
  api_pair_delete(p);
}
