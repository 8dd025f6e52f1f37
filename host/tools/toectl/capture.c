/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl capture: the frames that an engine receives and sends, into a pcapng file.
 */
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/tools/toectl/toectl.h"

enum { MAX_FRAME = 65535, LINE_LEN = 128 };

struct capture {
  const struct ctl *ctl;
  const char *path; /* "-": standard output */
  FILE *file;
  uint64_t received, sent, dropped;
};

static void open_file(struct capture *capture) {
  const struct cli *cli = &capture->ctl->cli;
  const bool is_stdout = strcmp(capture->path, "-") == 0;

  if (is_stdout && isatty(STDOUT_FILENO))
    cli_fail(cli, CLI_USAGE, "a capture is not for terminals: name a file with --write");
  capture->file = is_stdout ? stdout : fopen(capture->path, "wb");
  if (capture->file == NULL || !pcapng_begin(capture->file) || fflush(capture->file) != 0)
    cli_fail(cli, CLI_FAILED, "%s: %s", capture->path, strerror(errno));
}

static bool enough(const struct capture *capture) {
  return capture->received + capture->sent >= capture->ctl->cli.count;
}

static void store(struct capture *capture, uint64_t time_ns, bool sent, uint64_t dropped,
                  const void *frame, size_t len) {
  if (enough(capture)) return;
  if (sent)
    capture->sent++;
  else
    capture->received++;
  capture->dropped += dropped;
  if (!pcapng_frame(capture->file, time_ns, sent, dropped, frame, len))
    cli_fail(&capture->ctl->cli, CLI_FAILED, "%s: %s", capture->path, strerror(errno));
}

/* ---- An engine of our own ------------------------------------------------------------------- */

static void on_frame(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len) {
  store(user, time_ns, sent, 0, frame, len);
}

static void refuse(const struct ctl *ctl, const char *where, const char *why) {
  cli_fail(&ctl->cli, CLI_FAILED,
           "%s: %s; frames can be seen on simulated engines only, and those of a board on its "
           "wire, with tcpdump on the other end",
           where, why);
}

static void capture_engine(struct capture *capture) {
  const struct cli *cli = &capture->ctl->cli;
  struct toe_engine *engine = ctl_open(capture->ctl);
  int result = toe_capture(engine, on_frame, capture);

  if (result == TOE_ERR_NO_TRACE) {
    toe_close(engine);
    refuse(capture->ctl, cli->uri, toe_strerror(result));
  }
  open_file(capture);
  const bool free_time = toe_fd(engine) < 0;
  const uint64_t deadline_us = cli_deadline(cli, engine);
  while (result >= 0 && !ctl_stopped() && !enough(capture) && toe_now_us(engine) < deadline_us) {
    int64_t timeout_us = cli_timeout(engine, deadline_us);
    if (free_time && deadline_us == UINT64_MAX) timeout_us = -1;
    result = toe_process(engine, timeout_us);
    fflush(capture->file);
    /* Free time without limit has come to where nothing can happen any more. */
    if (timeout_us < 0 && result == 0) break;
  }
  toe_capture(engine, NULL, NULL);
  toe_close(engine);
  if (result < 0) cli_fail(cli, CLI_NO_ENGINE, "%s", toe_strerror(result));
}

/* ---- Another program's engine --------------------------------------------------------------- */

/* How a wait for more ends. */
enum more { MORE, NOTHING_YET, ENDED };

static enum more fill(int fd, char *buffer, size_t capacity, size_t *len) {
  const ssize_t got = read(fd, buffer + *len, capacity - *len);

  if (got > 0) {
    *len += (size_t)got;
    return MORE;
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? NOTHING_YET : ENDED;
}

/* The first line is whole: whether the program captures. */
static void check_answer(const struct ctl *ctl, const char *path, const char *line) {
  if (strcmp(line, "capture") == 0) return;
  if (strncmp(line, "error ", 6) == 0 && strcmp(line + 6, toe_strerror(TOE_ERR_NO_TRACE)) == 0)
    refuse(ctl, path, line + 6);
  cli_fail(&ctl->cli, CLI_FAILED, "%s: %s", path, line);
}

/* Takes one whole record off buffer[len]: its octets, 0 when it is not whole. */
static size_t take_record(struct capture *capture, const char *path, const char *buffer,
                          size_t len) {
  const char *end = memchr(buffer, '\n', len < LINE_LEN ? len : LINE_LEN);
  uint64_t time_ns, dropped;
  size_t frame_len;
  int sent;

  if (end == NULL && len < LINE_LEN) return 0;
  if (end == NULL ||
      sscanf(buffer, "frame ns=%" SCNu64 " sent=%d len=%zu dropped=%" SCNu64 "\n", &time_ns, &sent,
             &frame_len, &dropped) != 4 ||
      frame_len > MAX_FRAME)
    cli_fail(&capture->ctl->cli, CLI_FAILED, "%s: the program does not speak as this toectl", path);
  const size_t line_len = (size_t)(end - buffer) + 1;
  if (len < line_len + frame_len) return 0;
  store(capture, time_ns, sent != 0, dropped, buffer + line_len, frame_len);
  return line_len + frame_len;
}

static uint64_t clock_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Stops at --count, at --duration, at a signal, and when the program ends. */
static void capture_socket(struct capture *capture) {
  static char buffer[2 * (LINE_LEN + MAX_FRAME) + 1];
  const struct timeval look = {.tv_usec = 100000};
  const struct cli *cli = &capture->ctl->cli;
  char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
  bool answered = false;
  size_t len = 0;

  source_find_socket(capture->ctl, path, sizeof path);
  const int fd = source_connect(capture->ctl, path, "capture\n");
  ctl_catch_signals();
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
  const uint64_t start_us = clock_us();
  while (!ctl_stopped() && clock_us() - start_us < cli->duration_us && !enough(capture)) {
    const enum more more = fill(fd, buffer, sizeof buffer - 1, &len);
    size_t used = 0, record = 0;
    buffer[len] = '\0';
    if (!answered && len != 0 && strchr(buffer, '\n') != NULL) {
      used = strcspn(buffer, "\n") + 1;
      buffer[used - 1] = '\0';
      check_answer(capture->ctl, path, buffer);
      answered = true;
      open_file(capture);
    }
    while (answered && len > used &&
           (record = take_record(capture, path, buffer + used, len - used)) != 0)
      used += record;
    memmove(buffer, buffer + used, len - used);
    len -= used;
    if (more == NOTHING_YET && capture->file != NULL) fflush(capture->file);
    if (more == ENDED) break;
  }
  close(fd);
  if (!answered) cli_fail(cli, CLI_NO_ENGINE, "%s: no answer", path);
}

static int run(struct ctl *ctl, int argc, char **argv) {
  static const struct option options[] = {{"write", required_argument, NULL, 'w'},
                                          CTL_LONG_OPTIONS};
  struct capture capture = {.ctl = ctl};
  int option;

  while ((option = getopt_long(argc, argv, "w:", options, NULL)) != -1) {
    if (option == 'w')
      capture.path = optarg;
    else if (!ctl_option(ctl, option, command_capture.usage))
      return CLI_USAGE;
  }
  ctl_arguments(ctl, argc, argv, optind, 0);
  if (capture.path == NULL)
    cli_fail(&ctl->cli, CLI_USAGE, "where to?  --write FILE, or --write - for standard output");
  if (ctl->json && strcmp(capture.path, "-") == 0)
    cli_fail(&ctl->cli, CLI_USAGE, "--json and --write - both want standard output");
  if (ctl->socket != NULL && ctl->cli.uri != NULL)
    cli_fail(&ctl->cli, CLI_USAGE, "--socket or --uri, not both");
  if (ctl->cli.uri != NULL)
    capture_engine(&capture);
  else
    capture_socket(&capture);
  const bool written = !ferror(capture.file) && fflush(capture.file) == 0;
  if (capture.file != stdout && fclose(capture.file) != 0)
    cli_fail(&ctl->cli, CLI_FAILED, "%s: %s", capture.path, strerror(errno));
  if (!written) cli_fail(&ctl->cli, CLI_FAILED, "%s: %s", capture.path, strerror(errno));
  if (ctl->json)
    ctl_print_json(json_pack("{s:s, s:I, s:I, s:I}", "file", capture.path, "received",
                             (json_int_t)capture.received, "sent", (json_int_t)capture.sent,
                             "dropped", (json_int_t)capture.dropped),
                   false);
  else
    fprintf(stderr, "%" PRIu64 " frames received, %" PRIu64 " sent, %" PRIu64 " lost\n",
            capture.received, capture.sent, capture.dropped);
  return CLI_OK;
}

const struct command command_capture = {
    .name = "capture",
    .summary = "the frames that a simulated engine receives and sends, as pcapng",
    .usage =
        "usage: toectl capture --write FILE [--count N] [--duration SECONDS] [OPTIONS]\n"
        "\n"
        "Writes the frames that the engine receives and sends, until SIGINT.\n"
        "\n"
        "  -w, --write FILE   pcapng; - is standard output\n"
        "  --count N          end after so many frames\n"
        "  --duration SECONDS end after so much time\n",
    .run = run,
};
