/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs have in common: the options that open an engine, and how they end.
 */
#ifndef TOE_CLI_H
#define TOE_CLI_H

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toe/toe.h"

/* Exit codes. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_NO_ENGINE = 3 };

/* Options of every program; a program's own are ordinary letters. */
enum {
  CLI_URI = 256,
  CLI_IP,
  CLI_GATEWAY,
  CLI_MTU,
  CLI_DURATION,
  CLI_COUNT,
  CLI_COOKIES,
  CLI_MONITOR,
  CLI_HELP
};

#define CLI_LONG_OPTIONS                                                                      \
  {"uri", required_argument, NULL, CLI_URI}, {"ip", required_argument, NULL, CLI_IP},         \
      {"gateway", required_argument, NULL, CLI_GATEWAY},                                      \
      {"mtu", required_argument, NULL, CLI_MTU},                                              \
      {"cookies", required_argument, NULL, CLI_COOKIES},                                      \
      {"duration", required_argument, NULL, CLI_DURATION},                                    \
      {"monitor", required_argument, NULL, CLI_MONITOR},                                      \
      {"count", required_argument, NULL, CLI_COUNT}, {"help", no_argument, NULL, CLI_HELP}, { \
    NULL, 0, NULL, 0                                                                          \
  }

#define CLI_HELP_TEXT                                                              \
  "  --uri URI          the engine, as sim:tap=toe0,peer=10.0.0.1/24 (required)\n" \
  "  --ip ADDR/PREFIX   its address, unless the URI has it\n"                      \
  "  --gateway ADDR     its router\n"                                              \
  "  --mtu OCTETS       576 to 9000\n"                                             \
  "  --cookies N        SYN cookies from N half-open connections on, 0: always\n"  \
  "  --duration SEC     end after so much time of the engine\n"                    \
  "  --count N          end after so many\n"                                       \
  "  --monitor NAME     lets toectl see the engine under this name\n"              \
  "  --help\n"

struct cli {
  const char *program;
  const char *uri;
  struct toe_config config;
  const char *monitor;  /* name or path of a socket, NULL: none */
  uint64_t duration_us; /* UINT64_MAX: no limit */
  uint64_t count;       /* UINT64_MAX: no limit */
};

static volatile sig_atomic_t cli_stopped;

static inline void cli_on_signal(int number) {
  (void)number;
  cli_stopped = 1;
}

__attribute__((format(printf, 3, 4), noreturn)) static inline void cli_fail(const struct cli *cli,
                                                                            int code,
                                                                            const char *format,
                                                                            ...) {
  va_list arguments;

  fprintf(stderr, "%s: ", cli->program);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(code);
}

/* A whole number from min to max, or the program ends. */
static inline uint64_t cli_number(const struct cli *cli, const char *option, const char *text,
                                  uint64_t min, uint64_t max) {
  char *end;

  errno = 0;
  const uint64_t value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < min || value > max)
    cli_fail(cli, CLI_USAGE, "%s takes a number from %llu to %llu, not \"%s\"", option,
             (unsigned long long)min, (unsigned long long)max, text);
  return value;
}

/* An IPv4 address at the start of text; its end in *end.  False when there is none. */
static inline bool cli_address(const char *text, uint32_t *ip, const char **end) {
  unsigned octets[4];
  int used = 0;

  if (text[0] < '0' || text[0] > '9') return false;
  if (sscanf(text, "%3u.%3u.%3u.%3u%n", &octets[0], &octets[1], &octets[2], &octets[3], &used) != 4)
    return false;
  *ip = 0;
  for (int i = 0; i < 4; i++) {
    if (octets[i] > 255) return false;
    *ip = *ip << 8 | octets[i];
  }
  *end = text + used;
  return true;
}

static inline void cli_init(struct cli *cli, const char *program) {
  const char *slash = strrchr(program, '/');

  *cli = (struct cli){.program = slash != NULL ? slash + 1 : program,
                      .duration_us = UINT64_MAX,
                      .count = UINT64_MAX};
  toe_config_init(&cli->config);
}

/* Takes one of the common options.  False for another one. */
static inline bool cli_option(struct cli *cli, int option, const char *usage) {
  const char *end = NULL;
  char *number_end;
  double seconds;

  switch (option) {
    case CLI_URI:
      cli->uri = optarg;
      return true;
    case CLI_IP:
      if (!cli_address(optarg, &cli->config.ip, &end) || *end != '/')
        cli_fail(cli, CLI_USAGE, "--ip takes an address as 10.0.0.2/24, not \"%s\"", optarg);
      cli->config.prefix_len = (uint8_t)cli_number(cli, "the prefix of --ip", end + 1, 1, 31);
      return true;
    case CLI_GATEWAY:
      if (!cli_address(optarg, &cli->config.gateway, &end) || *end != '\0')
        cli_fail(cli, CLI_USAGE, "--gateway takes an address as 10.0.0.1, not \"%s\"", optarg);
      return true;
    case CLI_MTU:
      cli->config.mtu = (uint16_t)cli_number(cli, "--mtu", optarg, 576, 9000);
      return true;
    case CLI_COOKIES:
      cli->config.cookies_from = (uint16_t)cli_number(cli, "--cookies", optarg, 0, UINT16_MAX);
      cli->config.cookies_until = cli->config.cookies_from / 2;
      return true;
    case CLI_DURATION:
      seconds = strtod(optarg, &number_end);
      if (number_end == optarg || *number_end != '\0' || !(seconds >= 0) || seconds > 1e9)
        cli_fail(cli, CLI_USAGE, "--duration takes seconds, not \"%s\"", optarg);
      cli->duration_us = (uint64_t)(seconds * 1e6);
      return true;
    case CLI_COUNT:
      cli->count = cli_number(cli, "--count", optarg, 1, UINT64_MAX - 1);
      return true;
    case CLI_MONITOR:
      cli->monitor = optarg;
      return true;
    case CLI_HELP:
      fputs(usage, stdout);
      exit(CLI_OK);
    default:
      return false;
  }
}

/* Opens the engine, or the program ends.  From here on SIGINT and SIGTERM set cli_stopped. */
static inline struct toe_engine *cli_open(const struct cli *cli) {
  const struct sigaction action = {.sa_handler = cli_on_signal};
  struct toe_engine *engine;
  char message[512];

  if (cli->uri == NULL) cli_fail(cli, CLI_USAGE, "which engine?  --uri sim:tap=toe0, or --help");
  const int result = toe_open(cli->uri, &cli->config, &engine, message, sizeof message);
  if (result != 0) cli_fail(cli, CLI_NO_ENGINE, "%s", message);
  if (cli->monitor != NULL) {
    const int monitored = toe_monitor(engine, cli->monitor);
    if (monitored != 0) cli_fail(cli, CLI_FAILED, "%s: %s", cli->monitor, toe_strerror(monitored));
  }
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return engine;
}

/* When a program with --duration has to end, in the engine's time. */
static inline uint64_t cli_deadline(const struct cli *cli, struct toe_engine *engine) {
  const uint64_t now_us = toe_now_us(engine);
  return cli->duration_us < UINT64_MAX - now_us ? now_us + cli->duration_us : UINT64_MAX;
}

/* How long to wait for events: until the deadline, and at most a second, to see a signal. */
static inline int64_t cli_timeout(struct toe_engine *engine, uint64_t deadline_us) {
  const uint64_t now_us = toe_now_us(engine);
  if (now_us >= deadline_us) return 0;
  return deadline_us - now_us < 1000000 ? (int64_t)(deadline_us - now_us) : 1000000;
}

#endif
