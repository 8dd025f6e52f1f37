/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl info: the engine itself.
 */
#include "host/tools/toectl/toectl.h"

static void show(const struct ctl *ctl, char *text) {
  struct line line;

  (void)ctl;
  while (line_next(&text, &line)) {
    if (strcmp(line.word, "engine") != 0) continue;
    for (size_t i = 0; i < line.count; i++) printf("%-16s %s\n", line.names[i], line.values[i]);
  }
}

static int run(struct ctl *ctl, int argc, char **argv) {
  return report_command(ctl, argc, argv, &command_info, "engine", show);
}

const struct command command_info = {
    .name = "info",
    .summary = "what the engine is: version, width, sizes, what is in use",
    .usage =
        "usage: toectl info [OPTIONS]\n"
        "\n"
        "Shows what the engine is and what of it is in use.\n",
    .run = run,
};
