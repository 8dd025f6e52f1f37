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
  char path[128];

  unlink(address.sun_path);
  snprintf(path, sizeof path, "%s/opentoe", folder);
  rmdir(path);
  rmdir(folder);
}

static int ask(const char *request) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
      send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
    return fd;
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
  const int first = ask("report\n"), second = ask("report\n");
  cr_expect_eq(lines_with(answer(p, first), "\nconnection id="), 1);
  cr_expect_eq(lines_with(answer(p, second), "\nconnection id="), 1);
  api_pair_delete(p);
  cr_expect_eq(ask("report\n"), -1);
  cr_expect_neq(stat(address.sun_path, &status), 0);
}

Test(api_monitor, who_goes_away_or_does_not_read_stops_nothing, .init = setup, .fini = teardown) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  close(ask("report\n"));
  const int silent = ask("report\n");
  api_connect(p, conns);
  api_run(p, 1000);
  close(silent);
  api_run(p, 1000);
  cr_expect_eq(lines_with(answer(p, ask("report\n")), "\nconnection id="), 1);
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

Test(api_monitor, request_in_pieces_is_one_and_another_is_an_error, .init = setup,
     .fini = teardown) {
  struct api_pair *p = api_pair_new();

  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  const int fd = ask("rep");
  api_run(p, 100);
  cr_assert_eq(send(fd, "ort\n", 4, MSG_NOSIGNAL), 4);
  cr_expect_eq(lines_with(answer(p, fd), "engine version="), 1);
  cr_expect_str_eq(answer(p, ask("reports\n")), "error argument outside its range\n");
  cr_expect_str_eq(answer(p, ask("a line that is longer than any request is")), "");
  api_pair_delete(p);
}

Test(api_monitor, name_without_slash_is_a_socket_in_the_users_folder, .init = setup,
     .fini = teardown) {
  struct api_pair *p = api_pair_new();
  char path[128];

  setenv("XDG_RUNTIME_DIR", folder, 1);
  cr_assert_eq(toe_monitor_folder(path, sizeof path), 0);
  cr_expect_eq(strncmp(path, folder, strlen(folder)), 0);
  cr_expect_str_eq(path + strlen(folder), "/opentoe");
  cr_expect_eq(toe_monitor_folder(path, strlen(path)), TOE_ERR_RANGE);
  cr_assert_eq(toe_monitor(p->engine[0], "one"), 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s/opentoe/one", folder);
  cr_expect_eq(lines_with(answer(p, ask("report\n")), "engine version="), 1);
  /* Anybody could put a socket of theirs into a folder like this. */
  snprintf(path, sizeof path, "%s/opentoe", folder);
  cr_assert_eq(chmod(path, 0777), 0);
  cr_expect_eq(toe_monitor(p->engine[1], "two"), TOE_ERR_PERMISSION);
  api_pair_delete(p);
  unsetenv("XDG_RUNTIME_DIR");
  cr_assert_eq(toe_monitor_folder(path, sizeof path), 0);
  cr_expect_eq(strncmp(path, "/tmp/opentoe-", 13), 0);
}

/* ---- Capture -------------------------------------------------------------------------------- */

typedef void frame_fn(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len);

/* Stands in for a transport that sees frames: the test tells of them. */
static struct {
  frame_fn *fn;
  void *user;
  unsigned calls;
} port;

static void capture_port(void *ctx, frame_fn *fn, void *user) {
  (void)ctx;
  port.fn = fn;
  port.user = user;
  port.calls++;
}

static void count_frame(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len) {
  (void)time_ns;
  (void)frame;
  (void)len;
  ((unsigned *)user)[sent]++;
}

Test(api_capture, engine_whose_frames_nobody_sees_says_so, .init = setup, .fini = teardown) {
  struct api_pair *p = api_pair_new();

  cr_expect_eq(toe_capture(p->engine[0], count_frame, NULL), TOE_ERR_NO_TRACE);
  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  cr_expect_str_eq(answer(p, ask("capture\n")), "error the engine has no trace port\n");
  api_pair_delete(p);
}

/* What a capturing client gets while the owner works, until so many octets have come. */
static void expect_stream(struct api_pair *p, int fd, const char *wanted, size_t len) {
  char got[256];
  size_t had = 0;

  cr_assert_leq(len, sizeof got);
  for (int i = 0; i < 1000 && had < len; i++) {
    cr_assert_geq(toe_process(p->engine[0], 0), 0);
    const ssize_t some = recv(fd, got + had, sizeof got - had, MSG_DONTWAIT);
    cr_assert_neq(some, 0);
    if (some > 0) had += (size_t)some;
  }
  cr_assert_eq(had, len);
  cr_expect_arr_eq(got, wanted, len);
}

Test(api_capture, program_and_clients_get_each_frame, .init = setup, .fini = teardown) {
  static const char first[] = "frame ns=5 sent=0 len=3 dropped=0\na\0b";
  static const char second[] = "frame ns=6 sent=1 len=1 dropped=0\nc";
  struct api_pair *p = api_pair_new();
  unsigned counts[2] = {0, 0};

  p->engine[0]->transport.capture = capture_port;
  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  cr_assert_eq(toe_capture(p->engine[0], count_frame, counts), 0);
  const int fd = ask("capture\n");
  expect_stream(p, fd, "capture\n", 8);
  port.fn(port.user, 5, false, "a\0b", 3);
  expect_stream(p, fd, first, sizeof first - 1);
  cr_expect_eq(lines_with(answer(p, ask("report\n")), "engine version="), 1);
  cr_assert_eq(toe_capture(p->engine[0], NULL, NULL), 0);
  port.fn(port.user, 6, true, "c", 1);
  expect_stream(p, fd, second, sizeof second - 1);
  cr_expect_eq(counts[0], 1);
  cr_expect_eq(counts[1], 0);
  /* When the last one goes away, nobody listens any more. */
  close(fd);
  api_run(p, 100);
  cr_expect_null(port.fn);
  api_pair_delete(p);
}

/* Everything that is there for a client, while the owner works. */
static size_t drain(struct api_pair *p, int fd, char *into, size_t capacity) {
  size_t len = 0;

  for (int quiet = 0; quiet < 10; quiet++) {
    cr_assert_geq(toe_process(p->engine[0], 0), 0);
    const ssize_t got = recv(fd, into + len, capacity - len, MSG_DONTWAIT);
    if (got <= 0) continue;
    len += (size_t)got;
    quiet = 0;
  }
  return len;
}

Test(api_capture, slow_client_loses_frames_that_are_counted, .init = setup, .fini = teardown) {
  enum { FRAME = 10000, FRAMES = 1000, CAPACITY = 8 << 20 };
  static char frame[FRAME], stream[CAPACITY];
  struct api_pair *p = api_pair_new();
  unsigned got = 0, lost = 0;

  p->engine[0]->transport.capture = capture_port;
  cr_assert_eq(toe_monitor(p->engine[0], address.sun_path), 0);
  const int fd = ask("capture\n");
  expect_stream(p, fd, "capture\n", 8);
  for (int i = 0; i < FRAMES; i++) port.fn(port.user, 0, true, frame, sizeof frame);
  size_t len = drain(p, fd, stream, CAPACITY);
  /* The next one that finds room says how many did not. */
  port.fn(port.user, 0, true, frame, sizeof frame);
  len += drain(p, fd, stream + len, CAPACITY - len);
  for (size_t at = 0; at < len; got++) {
    unsigned long long dropped = 0;
    cr_assert_eq(sscanf(stream + at, "frame ns=0 sent=1 len=10000 dropped=%llu\n", &dropped), 1);
    at += strcspn(stream + at, "\n") + 1 + FRAME;
    lost += (unsigned)dropped;
  }
  cr_expect_geq(got, 400, "%u", got);
  cr_expect_gt(lost, 0);
  cr_expect_eq(got + lost, FRAMES + 1);
  close(fd);
  api_pair_delete(p);
}
