/* SPDX-License-Identifier: Apache-2.0
 *
 * Where reports come from.  An engine belongs to one program; another one sees it through the
 * socket of toe_monitor(), and disturbs nothing.
 */
#include <dirent.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/tools/toectl/toectl.h"

/* A program answers at its next toe_process(). */
enum { ANSWER_PATIENCE_S = 10 };

struct source {
  const struct ctl *ctl;
  struct toe_engine *engine; /* NULL: behind a socket */
  struct sockaddr_un address;
};

/* ---- Sockets -------------------------------------------------------------------------------- */

static int connect_to(const struct sockaddr_un *address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Path of a name in toe_monitor_folder(). */
static bool named_path(const char *name, char *path, size_t len) {
  char folder[SOURCE_NAME_LEN];

  return toe_monitor_folder(folder, sizeof folder) == 0 &&
         (size_t)snprintf(path, len, "%s/%s", folder, name) < len;
}

int source_list(char (*names)[SOURCE_NAME_LEN], int max) {
  char folder[SOURCE_NAME_LEN];
  int count = 0;

  if (toe_monitor_folder(folder, sizeof folder) != 0) return 0;
  DIR *dir = opendir(folder);
  if (dir == NULL) return 0;
  for (struct dirent *entry; count < max && (entry = readdir(dir)) != NULL;) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (entry->d_name[0] == '.' || strlen(entry->d_name) >= SOURCE_NAME_LEN) continue;
    if (!named_path(entry->d_name, address.sun_path, sizeof address.sun_path)) continue;
    const int fd = connect_to(&address);
    if (fd < 0) continue;
    close(fd);
    strcpy(names[count++], entry->d_name);
  }
  closedir(dir);
  return count;
}

void source_find_socket(const struct ctl *ctl, char *path, size_t len) {
  char names[8][SOURCE_NAME_LEN];
  const char *name = ctl->socket;

  if (name == NULL) {
    const int count = source_list(names, 8);
    if (count == 0)
      cli_fail(&ctl->cli, CLI_NO_ENGINE,
               "no program shows its engine: start one with --monitor NAME, or open an engine with "
               "--uri URI (toectl list)");
    if (count > 1)
      cli_fail(&ctl->cli, CLI_USAGE,
               "more than one program shows its engine: choose with --socket, as --socket %s "
               "(toectl list)",
               names[0]);
    name = names[0];
  }
  const bool fits = strchr(name, '/') != NULL ? (size_t)snprintf(path, len, "%s", name) < len
                                              : named_path(name, path, len);
  if (!fits) cli_fail(&ctl->cli, CLI_USAGE, "the path of the socket is too long");
}

int source_connect(const struct ctl *ctl, const char *path, const char *request) {
  const struct timeval patience = {.tv_sec = ANSWER_PATIENCE_S};
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  strcpy(address.sun_path, path);
  const int fd = connect_to(&address);
  if (fd < 0)
    cli_fail(&ctl->cli, CLI_NO_ENGINE, "%s: %s; start the program with --monitor %s", path,
             strerror(errno), ctl->socket != NULL ? ctl->socket : path);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const size_t len = strlen(request);
  if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
    cli_fail(&ctl->cli, CLI_NO_ENGINE, "%s: %s", path, strerror(errno));
  return fd;
}

/* ---- Sources -------------------------------------------------------------------------------- */

struct source *source_open(const struct ctl *ctl) {
  struct source *source = calloc(1, sizeof *source);

  if (source == NULL) cli_fail(&ctl->cli, CLI_FAILED, "out of memory");
  source->ctl = ctl;
  if (ctl->socket != NULL && ctl->cli.uri != NULL)
    cli_fail(&ctl->cli, CLI_USAGE, "--socket or --uri, not both");
  if (ctl->cli.uri != NULL) {
    source->engine = ctl_open(ctl);
  } else {
    source->address.sun_family = AF_UNIX;
    source_find_socket(ctl, source->address.sun_path, sizeof source->address.sun_path);
  }
  return source;
}

const char *source_name(const struct source *source) {
  return source->engine != NULL ? source->ctl->cli.uri : source->address.sun_path;
}

static char *read_socket(const struct source *source) {
  const struct cli *cli = &source->ctl->cli;
  const char *path = source->address.sun_path;
  char *text = NULL;
  size_t len = 0;
  ssize_t got;

  const int fd = source_connect(source->ctl, path, "report\n");
  do {
    char *grown = realloc(text, len + 65536 + 1);
    if (grown == NULL) cli_fail(cli, CLI_FAILED, "out of memory");
    text = grown;
    got = read(fd, text + len, 65536);
    if (got > 0) len += (size_t)got;
  } while (got > 0 || (got < 0 && errno == EINTR && !ctl_stopped()));
  const int error = errno;
  close(fd);
  text[len] = '\0';
  if (got < 0 && error == EINTR) {
    free(text);
    return NULL;
  }
  if (got < 0 && error == EAGAIN)
    cli_fail(cli, CLI_NO_ENGINE, "%s: no answer in %d s: the program does not call toe_process()",
             path, ANSWER_PATIENCE_S);
  if (got < 0 || len == 0) cli_fail(cli, CLI_NO_ENGINE, "%s: no answer", path);
  if (strncmp(text, "error ", 6) == 0) {
    text[strcspn(text, "\n")] = '\0';
    cli_fail(cli, CLI_FAILED, "%s: %s", path, text + 6);
  }
  return text;
}

char *source_report(struct source *source) {
  char *text;

  if (source->engine == NULL) return read_socket(source);
  const int result = toe_report(source->engine, &text);
  if (result != 0) cli_fail(&source->ctl->cli, CLI_NO_ENGINE, "%s", toe_strerror(result));
  return text;
}

/* Time of an engine that is opened here passes in toe_process() only. */
static void let_work(struct source *source, uint64_t pause_us) {
  const uint64_t deadline_us = toe_now_us(source->engine) + pause_us;

  while (!ctl_stopped() && toe_now_us(source->engine) < deadline_us) {
    const uint64_t now_us = toe_now_us(source->engine);
    const int result = toe_process(source->engine, (int64_t)(deadline_us - now_us));
    if (result < 0) cli_fail(&source->ctl->cli, CLI_NO_ENGINE, "%s", toe_strerror(result));
  }
}

bool source_pause(struct source *source, uint64_t pause_us) {
  const struct timespec pause = {.tv_sec = (time_t)(pause_us / 1000000),
                                 .tv_nsec = (long)(pause_us % 1000000) * 1000};

  if (source->engine != NULL) {
    let_work(source, pause_us);
    /* Free time takes none of the machine's, and a screen that flies past helps nobody. */
    if (toe_fd(source->engine) >= 0) return !ctl_stopped();
  }
  return nanosleep(&pause, NULL) == 0 && !ctl_stopped();
}

void source_close(struct source *source) {
  toe_close(source->engine);
  free(source);
}
