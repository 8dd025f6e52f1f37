/* SPDX-License-Identifier: Apache-2.0
 *
 * Options that every command takes, and how toectl ends.
 */
#include "host/tools/toectl/toectl.h"

static const char kHelp[] =
    "\n"
    "Which engine:\n"
    "  --socket NAME      that of the program with this --monitor; without --socket and --uri, "
    "the\n"
    "                     only one there is\n"
    "  --uri URI          this engine, opened and reset by toectl: toe-uri(7)\n"
    "  --ip ADDR/PREFIX, --gateway ADDR, --mtu OCTETS   what the URI does not say\n"
    "\n"
    "  --json             print JSON\n"
    "  --help\n";

bool ctl_option(struct ctl *ctl, int option, const char *usage) {
  switch (option) {
    case 'S':
      ctl->socket = optarg;
      return true;
    case 'J':
      ctl->json = true;
      return true;
    case 'A':
      ctl->all = true;
      return true;
    case CLI_HELP:
      fputs(usage, stdout);
      fputs(kHelp, stdout);
      exit(CLI_OK);
    default:
      return cli_option(&ctl->cli, option, usage);
  }
}

int ctl_options(struct ctl *ctl, int argc, char **argv, const char *usage) {
  static const struct option options[] = {CTL_LONG_OPTIONS};
  int option;

  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
    if (!ctl_option(ctl, option, usage)) exit(CLI_USAGE);
  return optind;
}

void ctl_arguments(const struct ctl *ctl, int argc, char **argv, int first, int most) {
  if (argc - first > most)
    cli_fail(&ctl->cli, CLI_USAGE, "\"%s\" is one argument too many", argv[first + most]);
}

void ctl_catch_signals(void) {
  const struct sigaction action = {.sa_handler = cli_on_signal};

  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

bool ctl_stopped(void) {
  return cli_stopped != 0;
}

struct toe_engine *ctl_open(const struct ctl *ctl) {
  return cli_open(&ctl->cli);
}

void ctl_print_json(json_t *value, bool one_line) {
  json_dumpf(
      value, stdout,
      JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9) | (one_line ? JSON_COMPACT : JSON_INDENT(2)));
  putchar('\n');
  fflush(stdout);
  json_decref(value);
}
