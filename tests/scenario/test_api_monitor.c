/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: the report, and the socket that shows it to others.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api_pair.h"
#include "host/src/internal.h"

static char folder[] = "/tmp/toe_monitor.XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void setup(void) {
  cr_assert_not_null(mkdtemp(folder));
  snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
}

static void teardown(void) {
  unlink(address.sun_path);
  rmdir(folder);
}

static int ask(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* Everything that comes until the end, while the engine's owner goes on with its work. */
static char *answer(struct api_pair *p, int fd) {
  static char text[1 << 20];
  size_t len = 0;

  for (;;) {
    cr_assert_geq(toe_process(p->engine[0], 0), 0);
    const ssize_t got = recv(fd, text + len, sizeof text - 1 - len, MSG_DONTWAIT);
    if (got == 0) break;
    if (got > 0) len += (size_t)got;
  }
  close(fd);
  text[len] = '\0';
  return text;
}

static unsigned lines_with(const char *text, const char *word) {
  unsigned count = 0;

  for (const char *at = text; (at = strstr(at, word)) != NULL; at++) count++;
  return count;
}

Test(api_report, tells_of_engine_listeners_connections_and_counters) {
  struct api_pair *p = api_pair_new();
  struct toe_listener *listener;
  struct toe_conn *conns[2];
  char *text;

  api_connect(p, conns);
  cr_assert_eq(toe_listen(p->engine[1], PORT + 1, 16, 0, &listener), 0);
  cr_assert_eq(toe_send(conns[0], "12345", 5, 0), 5);
  api_run(p, 100);
  cr_assert_eq(toe_report(p->engine[1], &text), 0);
  cr_expect_eq(lines_with(text, "engine version=0.1 data_width="), 1);
  cr_expect_eq(lines_with(text, "\nlistener local=10.0.0.2:7001 waiting=0\n"), 1);
  cr_expect_eq(lines_with(text, "\nconnection id="), 1);
  cr_expect_eq(lines_with(text, " state=ESTABLISHED local=10.0.0.2:7000 remote=10.0.0.1:"), 1);
  cr_expect_eq(lines_with(text, " owner=program recv_queue=5 send_queue=0 "), 1);
  cr_expect_eq(lines_with(text, "\ncounter name="), TOE_HW_COUNTER_COUNT);
  cr_expect_eq(lines_with(text, "\ncounter name=passive_open value=1\n"), 1);
  free(text);
  toe_conn_close(conns[1]); /* with octets unread */
  cr_assert_eq(toe_report(p->engine[1], &text), 0);
  cr_expect_eq(lines_with(text, " state=ESTABLISHED "), 0);
  free(text);
  api_pair_delete(p);
}

Test(api_report, connection_that_ends_while_it_is_asked_about) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info before, after;
  struct toe_conn *conns[2];
  char *text;

  cr_assert_eq(toe_engine_info(p->engine[0], &before), 0);
  for (uint64_t delay_ns = 0; delay_ns < 4000; delay_ns += 100) {
    api_connect(p, conns);
    toe_conn_close(conns[0]);
    toe_conn_close(conns[1]);
    toe_pair_advance(p->pair, toe_pair_now(p->pair) + delay_ns, 0);
    cr_assert_eq(toe_report(p->engine[0], &text), 0);
    free(text);
    cr_assert_eq(toe_drain(p->engine[1], SECOND_US), 0);
    cr_assert_eq(toe_drain(p->engine[0], SECOND_US), 0);
  }
  api_run(p, 100);
  cr_assert_eq(toe_engine_info(p->engine[0], &after), 0);
  cr_expect_eq(after.free_conns, before.free_conns);
  api_pair_delete(p);
}

Test(api_report, release_waits_for_the_answer_to_a_query) {
  struct api_pair *p = api_pair_new();
  struct toe_engine_info before, after;
  struct toe_listener *listener;
  struct toe_conn *conns[2], *others[40];
  char *text;

  cr_assert_eq(toe_engine_info(p->engine[0], &before), 0);
  api_connect(p, conns); /* first in the pool, so the report begins with it */
  cr_assert_eq(toe_listen(p->engine[1], PORT, 64, 0, &listener), 0);
  for (size_t i = 0; i < 40; i++)
    cr_assert_eq(toe_sock_connect(p->engine[0], kIp[1], PORT, NULL, SECOND_US, &others[i]), 0);
  toe_conn_close(conns[0]);
  toe_conn_close(conns[1]);
  toe_pair_advance(p->pair, toe_pair_now(p->pair) + 100000, 0);
  /* The news of its end is there, and the query has to wait behind these. */
  for (size_t i = 0; i < 40; i++) conn_pend(others[i], PENDING_OPTS);
  cr_assert_eq(toe_report(p->engine[0], &text), 0);
  cr_expect_eq(lines_with(text, "\nconnection id="), 41);
  free(text);
  for (size_t i = 0; i < 40; i++) toe_abort(others[i]);
  cr_assert_eq(toe_drain(p->engine[0], SECOND_US), 0);
  api_run(p, 100);
  cr_assert_eq(toe_engine_info(p->engine[0], &after), 0);
  cr_expect_eq(after.free_conns, before.free_conns);
  api_pair_delete(p);
}

Test(api_monitor, who_connects_gets_the_report, .init = setup, .fini = teardown) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];
  struct stat status;

  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  cr_assert_eq(stat(address.sun_path, &status), 0);
  cr_expect_eq(status.st_mode & 0777, 0600);
  api_connect(p, conns);
  const int first = ask(), second = ask();
  cr_expect_eq(lines_with(answer(p, first), "\nconnection id="), 1);
  cr_expect_eq(lines_with(answer(p, second), "\nconnection id="), 1);
  api_pair_delete(p);
  cr_expect_eq(ask(), -1);
  cr_expect_neq(stat(address.sun_path, &status), 0);
}

Test(api_monitor, who_goes_away_or_does_not_read_stops_nothing, .init = setup, .fini = teardown) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  close(ask());
  const int silent = ask();
  api_connect(p, conns);
  api_run(p, 1000);
  close(silent);
  api_run(p, 1000);
  cr_expect_eq(lines_with(answer(p, ask()), "\nconnection id="), 1);
  api_pair_delete(p);
}

Test(api_monitor, path_in_use_is_refused_and_a_left_over_one_replaced, .init = setup,
     .fini = teardown) {
  struct api_pair *p = api_pair_new();
  char other[64], too_long[256];

  /* Left behind by a program that was killed. */
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  cr_assert_eq(bind(dead, (const struct sockaddr *)&address, sizeof address), 0);
  close(dead);
  cr_expect_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  cr_expect_eq(toe_monitor(p->engine[0], address.sun_path), TOE_ERR_STATE);
  cr_expect_eq(toe_monitor(p->engine[1], address.sun_path), TOE_ERR_IN_USE);
  snprintf(other, sizeof other, "%s/no/socket", folder);
  cr_expect_eq(toe_monitor(p->engine[1], other), TOE_ERR_IO);
  memset(too_long, 'x', sizeof too_long);
  too_long[sizeof too_long - 1] = '\0';
  cr_expect_eq(toe_monitor(p->engine[1], too_long), TOE_ERR_RANGE);
  api_pair_delete(p);
}
