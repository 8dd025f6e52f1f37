/* SPDX-License-Identifier: Apache-2.0
 *
 * A UNIX socket on which the program that owns an engine tells others about it.  Who connects gets
 * one report, then the end of the stream.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/src/internal.h"

struct toe_monitor {
  int listener;
  int client; /* -1: none */
  char *report;
  size_t len, sent;
  struct sockaddr_un address;
};

static int error_of_errno(int error) {
  if (error == EACCES || error == EPERM) return TOE_ERR_PERMISSION;
  return error == EADDRINUSE ? TOE_ERR_IN_USE : TOE_ERR_IO;
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

int toe_monitor(struct toe_engine *engine, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  if (engine->gone) return TOE_ERR_GONE;
  if (engine->monitor != NULL) return TOE_ERR_STATE;
  if (strlen(path) >= sizeof address.sun_path || path[0] == '\0') return TOE_ERR_RANGE;
  strcpy(address.sun_path, path);
  struct toe_monitor *monitor = malloc(sizeof *monitor);
  if (monitor == NULL) return TOE_ERR_NO_MEMORY;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (is_left_over(&address)) unlink(path);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
      chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, 8) != 0) {
    const int result = error_of_errno(errno);
    if (fd >= 0) close(fd);
    free(monitor);
    return result;
  }
  *monitor = (struct toe_monitor){.listener = fd, .client = -1, .address = address};
  engine->monitor = monitor;
  return 0;
}

static void end_client(struct toe_monitor *monitor) {
  close(monitor->client);
  free(monitor->report);
  monitor->client = -1;
  monitor->report = NULL;
}

void monitor_close(struct toe_engine *engine) {
  struct toe_monitor *monitor = engine->monitor;

  if (monitor == NULL) return;
  if (monitor->client >= 0) end_client(monitor);
  close(monitor->listener);
  unlink(monitor->address.sun_path);
  free(monitor);
  engine->monitor = NULL;
}

void monitor_serve(struct toe_engine *engine) {
  struct toe_monitor *monitor = engine->monitor;

  if (monitor == NULL) return;
  if (monitor->client < 0) {
    monitor->client = accept4(monitor->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (monitor->client < 0) return;
    if (toe_report(engine, &monitor->report) != 0) {
      end_client(monitor);
      return;
    }
    monitor->len = strlen(monitor->report);
    monitor->sent = 0;
  }
  while (monitor->sent < monitor->len) {
    const ssize_t sent = send(monitor->client, monitor->report + monitor->sent,
                              monitor->len - monitor->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) break;
    monitor->sent += (size_t)sent;
  }
  end_client(monitor);
}
