/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl list: programs that show an engine, boards, and simulated engines.
 */
#include "driver/toe_transport.h"
#include "host/tools/toectl/toectl.h"
#include "toe/toe_boards.h"

enum { MANY = 64 };

static struct {
  char programs[MANY][SOURCE_NAME_LEN];
  struct toe_board boards[MANY];
  struct toe_transport_found engines[MANY];
  int program_count, board_count, engine_count;
} there;

static int at_most(int count) {
  return count > MANY ? MANY : count;
}

static void look(const struct ctl *ctl) {
  char message[256];

  there.program_count = source_list(there.programs, MANY);
  there.board_count = at_most(toe_list_boards(there.boards, MANY, message, sizeof message));
  if (there.board_count < 0) {
    /* No USB is no board; the reason may matter to who expects one. */
    fprintf(stderr, "%s: %s\n", ctl->cli.program, message);
    there.board_count = 0;
  }
  there.engine_count = at_most(toe_transport_list(there.engines, MANY));
}

static void show_json(void) {
  json_t *programs = json_array(), *boards = json_array(), *engines = json_array();

  for (int i = 0; i < there.program_count; i++)
    json_array_append_new(programs, json_pack("{s:s}", "socket", there.programs[i]));
  for (int i = 0; i < there.board_count; i++) {
    const struct toe_board *board = &there.boards[i];
    json_array_append_new(
        boards, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?}", "uri", board->uri, "path", board->path,
                          "serial", board->serial, "maker", board->maker, "product", board->product,
                          "error", board->error != 0 ? toe_strerror(board->error) : NULL));
  }
  for (int i = 0; i < there.engine_count; i++)
    json_array_append_new(engines, json_pack("{s:s, s:s}", "uri", there.engines[i].uri, "text",
                                             there.engines[i].text));
  ctl_print_json(
      json_pack("{s:o, s:o, s:o}", "running", programs, "boards", boards, "engines", engines),
      false);
}

static const char *board_text(const struct toe_board *board) {
  if (board->error != 0) return toe_strerror(board->error);
  return board->product[0] != '\0' ? board->product : "a board on USB";
}

static void show(const struct ctl *ctl) {
  for (int i = 0; i < there.program_count; i++)
    printf("--socket %-31s a running program's engine\n", there.programs[i]);
  for (int i = 0; i < there.board_count; i++)
    printf("--uri %-34s %s\n", there.boards[i].uri, board_text(&there.boards[i]));
  for (int i = 0; i < there.engine_count; i++)
    printf("--uri %-34s %s\n", there.engines[i].uri, there.engines[i].text);
  if (there.program_count + there.board_count + there.engine_count == 0)
    fprintf(stderr,
            "%s: no engine found: no board on USB, no running program with --monitor NAME, no "
            "simulated engine installed\n",
            ctl->cli.program);
}

static int run(struct ctl *ctl, int argc, char **argv) {
  ctl_arguments(ctl, argc, argv, ctl_options(ctl, argc, argv, command_list.usage), 0);
  look(ctl);
  if (ctl->json)
    show_json();
  else
    show(ctl);
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
