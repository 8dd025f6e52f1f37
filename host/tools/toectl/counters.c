/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl counters: since the engine was opened.
 */
#include "host/tools/toectl/toectl.h"

static void show(const struct ctl *ctl, char *text) {
  struct line line;

  while (line_next(&text, &line)) {
    if (strcmp(line.word, "counter") != 0) continue;
    if (ctl->all || strcmp(line_value(&line, "value"), "0") != 0)
      printf("%-24s %20s\n", line_value(&line, "name"), line_value(&line, "value"));
  }
}

static int run(struct ctl *ctl, int argc, char **argv) {
  return report_command(ctl, argc, argv, &command_counters, "counter", show);
}

const struct command command_counters = {
    .name = "counters",
    .summary = "frames, segments and drops by reason, since the engine was opened",
    .usage =
        "usage: toectl counters [--all] [OPTIONS]\n"
        "\n"
        "Shows what was counted since the engine was opened.\n"
        "\n"
        "  --all              those of 0 too\n",
    .run = run,
};
