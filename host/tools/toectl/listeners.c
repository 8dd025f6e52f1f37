/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl listeners: the ports that are listened on.
 */
#include "host/tools/toectl/toectl.h"

static void show(const struct ctl *ctl, char *text) {
  struct line line;

  (void)ctl;
  printf("%-22s %s\n", "local", "waiting");
  while (line_next(&text, &line)) {
    if (strcmp(line.word, "listener") == 0)
      printf("%-22s %s\n", line_value(&line, "local"), line_value(&line, "waiting"));
  }
}

static int run(struct ctl *ctl, int argc, char **argv) {
  return report_command(ctl, argc, argv, &command_listeners, "listener", show);
}

const struct command command_listeners = {
    .name = "listeners",
    .summary = "ports that are listened on",
    .usage =
        "usage: toectl listeners [OPTIONS]\n"
        "\n"
        "Shows the ports that are listened on, and the connections that wait for accept.\n",
    .run = run,
};
