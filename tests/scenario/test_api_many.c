/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: many connections under toe_wait().
 */
#include "api_pair.h"

enum { CONNS = 200, MESSAGE = 3000, EVENTS = 32 };

/* One end: sends a message, waits for its echo. */
struct client {
  struct toe_conn *conn;
  size_t sent, received;
  bool done;
};

static uint8_t octet_of(size_t client, size_t i) {
  return (uint8_t)(client * 7 + i + i / 256);
}

static void client_go_on(struct client *client, size_t number, uint32_t ready) {
  uint8_t buffer[MESSAGE];
  ssize_t result;

  cr_assert_eq(ready & TOE_ERROR, 0, "client %zu: %s", number,
               toe_strerror(toe_conn_error(client->conn)));
  for (size_t i = 0; i < MESSAGE; i++) buffer[i] = octet_of(number, i);
  if ((ready & TOE_WRITABLE) != 0 && client->sent < MESSAGE) {
    result = toe_send(client->conn, buffer + client->sent, MESSAGE - client->sent, 0);
    if (result > 0) client->sent += (size_t)result;
    if (client->sent == MESSAGE) cr_assert_eq(toe_shutdown(client->conn), 0);
  }
  while ((result = toe_recv(client->conn, buffer, sizeof buffer, 0)) > 0) {
    for (ssize_t i = 0; i < result; i++)
      cr_assert_eq(buffer[i], octet_of(number, client->received + (size_t)i));
    client->received += (size_t)result;
  }
  if (result == 0 && !client->done) {
    cr_assert_eq(client->received, MESSAGE, "client %zu", number);
    toe_conn_close(client->conn);
    client->done = true;
  }
}

static void serve(struct toe_conn *conn) {
  uint8_t buffer[1000];
  ssize_t result;

  while ((result = toe_recv(conn, buffer, sizeof buffer, 0)) > 0)
    cr_assert_eq(toe_send(conn, buffer, (size_t)result, 0), result);
  if (result != TOE_ERR_AGAIN) toe_conn_close(conn);
}

Test(api_many, two_hundred_connections_echo_at_once) {
  struct api_pair *p = api_pair_new();
  static struct client clients[CONNS];
  struct toe_listener *listener;
  struct toe_event events[EVENTS];
  struct toe_engine_info before, after;
  struct toe_conn *conn;
  size_t accepted = 0, done = 0;

  cr_assert_eq(toe_engine_info(p->engine[1], &before), 0);
  cr_assert_eq(toe_listen(p->engine[1], PORT, CONNS, 0, &listener), 0);
  for (size_t i = 0; i < CONNS; i++)
    cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, NULL, i, &clients[i].conn), 0);

  for (int rounds = 0; rounds < 20000 && done < CONNS; rounds++) {
    int count = toe_wait(p->engine[0], events, EVENTS, 1000);
    cr_assert_geq(count, 0);
    for (int i = 0; i < count; i++) {
      struct client *client = &clients[events[i].tag];
      cr_assert_eq(events[i].conn, client->conn);
      client_go_on(client, events[i].tag, events[i].ready);
      done += client->done;
    }
    count = toe_wait(p->engine[1], events, EVENTS, 1000);
    cr_assert_geq(count, 0);
    for (int i = 0; i < count; i++) {
      if (events[i].listener == NULL) {
        serve(events[i].conn);
        continue;
      }
      while (toe_accept(listener, 0, &conn) == 0) accepted++;
    }
  }
  cr_expect_eq(accepted, CONNS);
  cr_expect_eq(done, CONNS);
  toe_listener_close(listener);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  api_run(p, 100);
  cr_assert_eq(toe_engine_info(p->engine[1], &after), 0);
  cr_expect_eq(after.free_conns, before.free_conns);
  cr_expect_eq(after.half_open, 0);
  api_pair_delete(p);
}

Test(api_many, commands_that_find_the_ring_full_are_not_lost) {
  struct api_pair *p = api_pair_new();
  static struct toe_conn *conns[CONNS];
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(p->engine[1], PORT, CONNS, 0, &listener), 0);
  for (size_t i = 0; i < CONNS; i++)
    cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, NULL, i, &conns[i]), 0);
  /* Most SYNs find no room behind ARP, and are sent again. */
  api_run(p, 10 * SECOND_US);
  for (size_t i = 0; i < CONNS; i++)
    cr_expect_eq(toe_conn_ready(conns[i]) & TOE_CONNECTED, TOE_CONNECTED, "%zu", i);
  api_pair_delete(p);
}

Test(api_many, news_that_finds_the_completion_ring_full_is_not_lost) {
  enum { MANY = TOE_CQ_DEPTH + 200 };
  struct api_pair *p = api_pair_new();
  static struct toe_conn *clients[MANY];
  struct toe_listener *listener;
  struct toe_conn *server;
  char buffer[8] = "";

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  for (int i = 0; i < MANY; i++) {
    cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &clients[i]), 0);
    cr_assert_eq(toe_send(clients[i], "now", 3, TOE_URGENT), 3);
    toe_conn_close(clients[i]);
  }
  /* Engine 1 could tell of most; the rest begins, says all and ends in one notification each. */
  toe_pair_advance(p->pair, toe_pair_now(p->pair) + 1000000, 0);
  for (int i = 0; i < MANY; i++) {
    cr_assert_eq(toe_sock_accept(listener, SECOND_US, &server), 0, "%d", i);
    if (i >= MANY - 40) cr_expect_eq(toe_recv_waiting(server), 3, "%d", i);
    cr_expect_eq(toe_sock_recv(server, buffer, sizeof buffer, SECOND_US), 3, "%d", i);
    cr_expect_str_eq(buffer, "now", "%d", i);
    cr_expect_eq(toe_sock_recv(server, buffer, sizeof buffer, SECOND_US), 0, "%d", i);
    toe_conn_close(server);
  }
  cr_expect_eq(toe_drain(p->engine[0], SECOND_US), 0);
  cr_expect_eq(toe_drain(p->engine[1], SECOND_US), 0);
  api_pair_delete(p);
}

/* Jitter lets segments arrive in bunches, so that news of theirs follows closely. */
Test(api_many, opening_amid_other_news_is_announced) {
  enum { OPEN = 64, ROUNDS = 80, OPENINGS = 40, STEP_NS = 700 };
  const struct toe_config configs[2] = {api_config(0), api_config(1)};
  const struct toe_link_config link = {.delay_ns = 1000, .jitter_ns = 20000};
  struct api_pair *p = api_pair_new_with(configs, &link);
  struct toe_conn *servers[OPEN], *clients[OPEN], *conns[OPENINGS];
  struct toe_listener *listener;
  char octet;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  for (int i = 0; i < OPEN; i++) {
    cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &clients[i]), 0);
    cr_assert_eq(toe_sock_accept(listener, SECOND_US, &servers[i]), 0);
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < OPEN; i++) cr_assert_eq(toe_send(servers[i], "x", 1, 0), 1);
    for (int i = 0; i < OPENINGS; i++) {
      cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT + 1, NULL, 0, &conns[i]), 0);
      toe_pair_advance(p->pair, toe_pair_now(p->pair) + STEP_NS, 0);
    }
    for (int i = 0; i < OPENINGS; i++) {
      cr_assert_eq(toe_sock_wait_closed(conns[i], SECOND_US), 0, "%d, %d", round, i);
      cr_expect_eq(toe_conn_error(conns[i]), TOE_ERR_REFUSED);
      toe_conn_close(conns[i]);
    }
    for (int i = 0; i < OPEN; i++) cr_assert_eq(toe_sock_recv(clients[i], &octet, 1, SECOND_US), 1);
  }
  api_pair_delete(p);
}

Test(api_many, urgent_octet_that_came_with_the_connection_is_announced) {
  enum { MANY = TOE_CQ_DEPTH + 200 }; /* the ring and the queue before it are full */
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;
  struct toe_conn *client, *server = NULL;

  cr_assert_eq(toe_listen(p->engine[1], PORT, 16, 0, &listener), 0);
  for (int i = 0; i < MANY; i++)
    cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &client), 0);
  cr_assert_eq(toe_send(client, "now", 3, TOE_URGENT), 3);
  toe_pair_advance(p->pair, toe_pair_now(p->pair) + 1000000, 0);
  for (int i = 0; i < MANY; i++)
    cr_assert_eq(toe_sock_accept(listener, SECOND_US, &server), 0, "%d", i);
  cr_expect_eq(toe_recv_waiting(server), 3);
  cr_expect_eq(toe_conn_ready(server) & TOE_URGENT_DATA, TOE_URGENT_DATA);
  api_pair_delete(p);
}

Test(api_many, engine_without_a_free_connection_says_full) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info info;
  struct toe_conn *conn, *last = NULL;

  cr_assert_eq(toe_engine_info(p->engine[0], &info), 0);
  for (uint32_t i = 0; i < info.num_conns; i++) {
    cr_assert_eq(toe_connect(p->engine[0], kIp[1] + 1, PORT, NULL, 0, &last), 0);
    toe_process(p->engine[0], 0);
  }
  int result = toe_connect(p->engine[0], kIp[1], PORT, NULL, 0, &conn);
  if (result == 0) {
    cr_expect_eq(toe_sock_wait_closed(conn, 100000), 0);
    result = toe_conn_error(conn);
    toe_conn_close(conn);
  }
  cr_expect_eq(result, TOE_ERR_FULL, "%s", toe_strerror(result));
  /* One goes, one can come. */
  toe_abort(last);
  cr_expect_eq(toe_drain(p->engine[0], 100000), 0);
  cr_assert_eq(toe_connect(p->engine[0], kIp[1], PORT, NULL, 0, &conn), 0);
  cr_expect_eq(toe_sock_wait_closed(conn, 100000), 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_REFUSED);
  api_pair_delete(p);
}
