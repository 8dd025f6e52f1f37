/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl list: programs that show an engine, and engines that could be opened.
 */
#include "driver/toe_transport.h"
#include "host/tools/toectl/toectl.h"

enum { MANY = 64 };

static int run(struct ctl *ctl, int argc, char **argv) {
  static char names[MANY][SOURCE_NAME_LEN];
  static struct toe_transport_found found[MANY];

  ctl_arguments(ctl, argc, argv, ctl_options(ctl, argc, argv, command_list.usage), 0);
  const int running = source_list(names, MANY);
  int engines = toe_transport_list(found, MANY);
  if (engines > MANY) engines = MANY;
  if (ctl->json) {
    json_t *programs = json_array(), *openable = json_array();
    for (int i = 0; i < running; i++)
      json_array_append_new(programs, json_pack("{s:s}", "socket", names[i]));
    for (int i = 0; i < engines; i++)
      json_array_append_new(openable,
                            json_pack("{s:s, s:s}", "uri", found[i].uri, "text", found[i].text));
    ctl_print_json(json_pack("{s:o, s:o}", "running", programs, "engines", openable), false);
    return CLI_OK;
  }
  for (int i = 0; i < running; i++) printf("--socket %-31s a running program's engine\n", names[i]);
  for (int i = 0; i < engines; i++) printf("--uri %-34s %s\n", found[i].uri, found[i].text);
  if (running + engines == 0)
    fprintf(stderr,
            "%s: no engine found: no board, no running program with --monitor NAME, no "
            "simulated engine installed\n",
            ctl->cli.program);
  return CLI_OK;
}

const struct command command_list = {
    .name = "list",
    .summary = "running programs' engines, boards, simulated engines",
    .usage =
        "usage: toectl list [--json]\n"
        "\n"
        "Shows the engines of running programs that --socket names, and those that --uri can\n"
        "open.  Nothing is opened.\n",
    .run = run,
};
