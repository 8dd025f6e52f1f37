/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl: looks at engines, tries them, and puts them onto boards.  See toectl(1).
 */
#include "host/tools/toectl/toectl.h"

static const struct command *const kCommands[] = {
    &command_list,  &command_info,    &command_listeners, &command_connections, &command_counters,
    &command_watch, &command_capture, &command_selftest,  &command_bench,       &command_program,
};

static const size_t kCommandCount = sizeof kCommands / sizeof kCommands[0];

/* What --help prints; no engine is named before the command is known. */
static const char *general_usage(void) {
  static char text[2048];
  int len = snprintf(text, sizeof text,
                     "usage: toectl [OPTIONS] COMMAND [ARGUMENTS]\n"
                     "       toectl COMMAND --help\n"
                     "\n");

  for (size_t i = 0; i < kCommandCount; i++)
    len += snprintf(text + len, sizeof text - (size_t)len, "  %-12s  %s\n", kCommands[i]->name,
                    kCommands[i]->summary);
  return text;
}

static const struct command *find(const char *name) {
  for (size_t i = 0; i < kCommandCount; i++)
    if (strcmp(name, kCommands[i]->name) == 0) return kCommands[i];
  return NULL;
}

int main(int argc, char **argv) {
  static const struct option options[] = {CTL_LONG_OPTIONS};
  struct ctl ctl = {0};
  int option;

  cli_init(&ctl.cli, argv[0]);
  while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
    if (!ctl_option(&ctl, option, general_usage())) return CLI_USAGE;
  if (optind == argc) cli_fail(&ctl.cli, CLI_USAGE, "which command?  toectl --help lists them");
  const struct command *command = find(argv[optind]);
  if (command == NULL)
    cli_fail(&ctl.cli, CLI_USAGE, "there is no command \"%s\"; toectl --help lists them",
             argv[optind]);
  argc -= optind;
  argv += optind;
  optind = 0; /* getopt begins anew */
  const int code = command->run(&ctl, argc, argv);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "%s: standard output: %s\n", ctl.cli.program, strerror(errno));
    return CLI_FAILED;
  }
  return code;
}
