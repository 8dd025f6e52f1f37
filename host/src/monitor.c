/* SPDX-License-Identifier: Apache-2.0
 *
 * A UNIX socket on which the program that owns an engine tells others about it.  A client writes
 * one line and gets
 *
 *   report    toe_report(), then the end of the stream;
 *   capture   a line "capture", then a line and the octets of each frame,
 *             "frame ns=TIME sent=0 len=OCTETS dropped=FRAMES": so many were left out before it;
 *   another   a line "error TEXT", then the end of the stream.
 *
 * Nothing here waits for a client.  What one has not taken stays in memory, up to a limit.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/src/internal.h"

enum { CLIENTS = 16, REQUEST_LEN = 32, RECORD_LINE_LEN = 128 };

/* Octets of frames that wait for a client: some milliseconds of a busy wire. */
static const size_t kCaptureLimit = 4 << 20;

struct client {
  int fd; /* -1: none */
  char request[REQUEST_LEN];
  size_t request_len;
  bool answered, capturing;
  char *out; /* out[capacity]; sent of len octets have left */
  size_t len, sent, capacity;
  uint64_t dropped;
};

struct toe_monitor {
  int listener;
  struct client clients[CLIENTS];
  struct sockaddr_un address;
};

static int error_of_errno(int error) {
  if (error == EACCES || error == EPERM) return TOE_ERR_PERMISSION;
  return error == EADDRINUSE ? TOE_ERR_IN_USE : TOE_ERR_IO;
}

/* ---- Opening -------------------------------------------------------------------------------- */

int toe_monitor_folder(char *path, size_t path_len) {
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  int len;

  if (runtime != NULL && runtime[0] == '/')
    len = snprintf(path, path_len, "%s/opentoe", runtime);
  else
    len = snprintf(path, path_len, "/tmp/opentoe-%u", (unsigned)geteuid());
  return len < 0 || (size_t)len >= path_len ? TOE_ERR_RANGE : 0;
}

/* The path of a socket.  In /tmp, somebody else may have made the folder first. */
static int make_path(const char *name, char *path, size_t path_len) {
  char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
  struct stat status;
  int len;

  if (name[0] == '\0') return TOE_ERR_RANGE;
  if (strchr(name, '/') != NULL) {
    len = snprintf(path, path_len, "%s", name);
  } else {
    if (toe_monitor_folder(folder, sizeof folder) != 0) return TOE_ERR_RANGE;
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) return error_of_errno(errno);
    if (lstat(folder, &status) != 0) return error_of_errno(errno);
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & S_IRWXO) != 0)
      return TOE_ERR_PERMISSION;
    len = snprintf(path, path_len, "%s/%s", folder, name);
  }
  return len < 0 || (size_t)len >= path_len ? TOE_ERR_RANGE : 0;
}

/* A socket that a killed program left behind has nobody behind it. */
static bool is_left_over(const struct sockaddr_un *address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct stat status;

  if (fd < 0) return false;
  const bool refused =
      connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused && lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode);
}

int toe_monitor(struct toe_engine *engine, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  if (engine->gone) return TOE_ERR_GONE;
  if (engine->monitor != NULL) return TOE_ERR_STATE;
  int result = make_path(name, address.sun_path, sizeof address.sun_path);
  if (result != 0) return result;
  struct toe_monitor *monitor = calloc(1, sizeof *monitor);
  if (monitor == NULL) return TOE_ERR_NO_MEMORY;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (is_left_over(&address)) unlink(address.sun_path);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
      chmod(address.sun_path, S_IRUSR | S_IWUSR) != 0 || listen(fd, CLIENTS) != 0) {
    result = error_of_errno(errno);
    if (fd >= 0) close(fd);
    free(monitor);
    return result;
  }
  monitor->listener = fd;
  monitor->address = address;
  for (int i = 0; i < CLIENTS; i++) monitor->clients[i].fd = -1;
  engine->monitor = monitor;
  return 0;
}

/* ---- Capture -------------------------------------------------------------------------------- */

/* Room for so many octets more, with what has been sent moved away.  False when out of memory. */
static bool make_room(struct client *client, size_t more) {
  if (client->sent != 0) {
    memmove(client->out, client->out + client->sent, client->len - client->sent);
    client->len -= client->sent;
    client->sent = 0;
  }
  if (client->capacity - client->len >= more) return true;
  const size_t capacity = 2 * (client->len + more);
  char *grown = realloc(client->out, capacity);
  if (grown == NULL) return false;
  client->out = grown;
  client->capacity = capacity;
  return true;
}

static void capture_for(struct client *client, uint64_t time_ns, bool sent, const void *frame,
                        size_t len) {
  if (client->len - client->sent + len > kCaptureLimit ||
      (client->capacity - client->len < RECORD_LINE_LEN + len &&
       !make_room(client, RECORD_LINE_LEN + len))) {
    client->dropped++;
    return;
  }
  client->len += (size_t)snprintf(client->out + client->len, RECORD_LINE_LEN,
                                  "frame ns=%" PRIu64 " sent=%d len=%zu dropped=%" PRIu64 "\n",
                                  time_ns, sent, len, client->dropped);
  memcpy(client->out + client->len, frame, len);
  client->len += len;
  client->dropped = 0;
}

static void on_frame(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len) {
  struct toe_monitor *monitor = user;

  for (int i = 0; i < CLIENTS; i++) {
    struct client *client = &monitor->clients[i];
    if (client->fd >= 0 && client->capturing) capture_for(client, time_ns, sent, frame, len);
  }
}

static int choose_capture(struct toe_engine *engine) {
  struct toe_monitor *monitor = engine->monitor;
  bool wanted = false;

  for (int i = 0; i < CLIENTS; i++)
    wanted = wanted || (monitor->clients[i].fd >= 0 && monitor->clients[i].capturing);
  return capture_for_monitor(engine, wanted ? on_frame : NULL, monitor);
}

/* ---- Clients -------------------------------------------------------------------------------- */

static void end_client(struct toe_engine *engine, struct client *client) {
  const bool capturing = client->capturing;

  close(client->fd);
  free(client->out);
  *client = (struct client){.fd = -1};
  if (capturing) choose_capture(engine);
}

void monitor_close(struct toe_engine *engine) {
  struct toe_monitor *monitor = engine->monitor;

  if (monitor == NULL) return;
  for (int i = 0; i < CLIENTS; i++)
    if (monitor->clients[i].fd >= 0) end_client(engine, &monitor->clients[i]);
  close(monitor->listener);
  unlink(monitor->address.sun_path);
  free(monitor);
  engine->monitor = NULL;
}

/* False when the client is to be dropped without an answer. */
static bool answer(struct toe_engine *engine, struct client *client) {
  char *text = NULL;
  int result;

  client->answered = true;
  if (strcmp(client->request, "report") == 0) {
    result = toe_report(engine, &text);
  } else if (strcmp(client->request, "capture") == 0) {
    client->capturing = true;
    result = choose_capture(engine);
    if (result == 0) text = strdup("capture\n");
    client->capturing = result == 0;
  } else {
    result = TOE_ERR_RANGE;
  }
  if (result != 0 && asprintf(&text, "error %s\n", toe_strerror(result)) < 0) text = NULL;
  if (text == NULL) return false;
  client->out = text;
  client->len = client->capacity = strlen(text);
  return true;
}

/* Reads the request, and later whether the client is still there. */
static bool receive(struct toe_engine *engine, struct client *client) {
  char spare[64];
  char *to = client->answered ? spare : client->request + client->request_len;
  const size_t room = client->answered ? sizeof spare : REQUEST_LEN - 1 - client->request_len;

  const ssize_t got = recv(client->fd, to, room, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return client->answered && !client->capturing; /* it may have shut down writing */
  if (client->answered) return true;
  client->request_len += (size_t)got;
  char *end = memchr(client->request, '\n', client->request_len);
  if (end == NULL) return client->request_len < REQUEST_LEN - 1;
  *end = '\0';
  return answer(engine, client);
}

/* False when it has gone, or has everything. */
static bool transmit(struct client *client) {
  while (client->sent < client->len) {
    const ssize_t sent =
        send(client->fd, client->out + client->sent, client->len - client->sent, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client->sent += (size_t)sent;
  }
  client->sent = client->len = 0;
  return !client->answered || client->capturing;
}

void monitor_serve(struct toe_engine *engine) {
  struct toe_monitor *monitor = engine->monitor;

  if (monitor == NULL) return;
  for (int i = 0; i < CLIENTS; i++) {
    struct client *client = &monitor->clients[i];
    if (client->fd < 0)
      client->fd = accept4(monitor->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client->fd < 0) continue;
    if (!receive(engine, client) || !transmit(client)) end_client(engine, client);
  }
}
