/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl connections: one line for each, in the manner of ss(8).
 */
#include "host/tools/toectl/toectl.h"

static void show(const struct ctl *ctl, char *text) {
  struct line line;

  printf("%5s %-12s %-22s %-22s %10s %10s\n", "id", "state", "local", "remote", "recv_queue",
         "send_queue");
  while (line_next(&text, &line)) {
    if (strcmp(line.word, "connection") != 0) continue;
    printf("%5s %-12s %-22s %-22s %10s %10s\n", line_value(&line, "id"), line_value(&line, "state"),
           line_value(&line, "local"), line_value(&line, "remote"), line_value(&line, "recv_queue"),
           line_value(&line, "send_queue"));
    if (!ctl->all) continue;
    fputs("     ", stdout);
    for (size_t i = 4; i < line.count; i++) printf(" %s=%s", line.names[i], line.values[i]);
    putchar('\n');
  }
}

static int run(struct ctl *ctl, int argc, char **argv) {
  return report_command(ctl, argc, argv, &command_connections, "connection", show);
}

const struct command command_connections = {
    .name = "connections",
    .summary = "each connection with state, addresses and queues",
    .usage =
        "usage: toectl connections [--all] [OPTIONS]\n"
        "\n"
        "Shows each connection: state, addresses, octets not read and not acknowledged.\n"
        "\n"
        "  --all              and all else that the engine knows of it\n",
    .run = run,
};
