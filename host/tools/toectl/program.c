/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl program: a bitstream onto a board, by openFPGALoader.  What each board needs is in
 * boards.json, which the build makes from boards/.
 */
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/tools/toectl/toectl.h"

enum { MAX_OPTIONS = 16 };

static const char kLoader[] = "openFPGALoader";

/* ---- The table of boards -------------------------------------------------------------------- */

/* Beside the program, in the build as when installed; TOE_BOARDS names another file. */
static void table_path(const struct ctl *ctl, char *path, size_t len) {
  const char *named = getenv("TOE_BOARDS");
  char program[PATH_MAX];
  bool fits = true;

  if (named != NULL) {
    fits = (size_t)snprintf(path, len, "%s", named) < len;
  } else {
    const ssize_t got = readlink("/proc/self/exe", program, sizeof program - 1);
    if (got <= 0) cli_fail(&ctl->cli, CLI_FAILED, "/proc/self/exe: %s", strerror(errno));
    program[got] = '\0';
    *strrchr(program, '/') = '\0';
    fits = (size_t)snprintf(path, len, "%s/../share/opentoe/boards.json", program) < len;
  }
  if (!fits) cli_fail(&ctl->cli, CLI_FAILED, "the path of boards.json is too long");
}

static json_t *read_table(const struct ctl *ctl) {
  char path[PATH_MAX];
  json_error_t error;

  table_path(ctl, path, sizeof path);
  json_t *table = json_load_file(path, 0, &error);
  if (table == NULL) cli_fail(&ctl->cli, CLI_FAILED, "%s: %s", path, error.text);
  if (!json_is_object(table)) cli_fail(&ctl->cli, CLI_FAILED, "%s: no table of boards", path);
  return table;
}

__attribute__((noreturn)) static void list_boards(const struct ctl *ctl, json_t *table,
                                                  const char *wrong) {
  const char *name;
  json_t *board;

  if (wrong != NULL)
    fprintf(stderr, "%s: there is no board \"%s\".", ctl->cli.program, wrong);
  else
    fprintf(stderr, "%s: which board, and which file?", ctl->cli.program);
  fputs(json_object_size(table) == 0 ? "  None is known here.\n" : "  The boards are:\n", stderr);
  json_object_foreach(table, name, board) {
    const char *title = json_string_value(json_object_get(board, "title"));
    fprintf(stderr, "  %-16s %s\n", name, title != NULL ? title : "");
  }
  exit(CLI_USAGE);
}

/* The arguments of the loader for this board, behind its own name; NULL ends them. */
static void loader_arguments(const struct ctl *ctl, const char *name, const json_t *board,
                             const char **arguments) {
  const json_t *options = json_object_get(board, "loader");
  const size_t count = json_array_size(options);
  size_t used = 0;

  if (count == 0 || count > MAX_OPTIONS)
    cli_fail(&ctl->cli, CLI_FAILED, "boards.json does not say how to load %s", name);
  arguments[used++] = kLoader;
  for (size_t i = 0; i < count; i++) {
    const char *option = json_string_value(json_array_get(options, i));
    if (option == NULL)
      cli_fail(&ctl->cli, CLI_FAILED, "boards.json does not say how to load %s", name);
    arguments[used++] = option;
  }
  arguments[used] = NULL;
}

/* ---- Loading -------------------------------------------------------------------------------- */

/* The loader's own words go to standard error.  Its exit code, or 127 when it is not there. */
static int run_loader(const struct ctl *ctl, const char *const *arguments) {
  char *argv[MAX_OPTIONS + 5];
  size_t count = 0;
  int status;

  while (arguments[count] != NULL) {
    argv[count] = strdup(arguments[count]);
    if (argv[count++] == NULL) cli_fail(&ctl->cli, CLI_FAILED, "out of memory");
  }
  argv[count] = NULL;
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) cli_fail(&ctl->cli, CLI_FAILED, "fork: %s", strerror(errno));
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(argv[0], argv);
    _exit(errno == ENOENT ? 127 : 126);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) cli_fail(&ctl->cli, CLI_FAILED, "%s: %s", kLoader, strerror(errno));
  for (size_t i = 0; i < count; i++) free(argv[i]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void check_file(const struct ctl *ctl, const char *path) {
  struct stat status;

  if (access(path, R_OK) != 0 || stat(path, &status) != 0)
    cli_fail(&ctl->cli, CLI_FAILED, "%s: %s; `make bitstream BOARD=...` makes one", path,
             strerror(errno));
  if (!S_ISREG(status.st_mode) || status.st_size == 0)
    cli_fail(&ctl->cli, CLI_FAILED, "%s is no bitstream: it is not a file, or empty", path);
}

static int run(struct ctl *ctl, int argc, char **argv) {
  static const struct option options[] = {{"flash", no_argument, NULL, 'f'}, CTL_LONG_OPTIONS};
  const char *arguments[MAX_OPTIONS + 4];
  bool flash = false;
  int option;

  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'f')
      flash = true;
    else if (!ctl_option(ctl, option, command_program.usage))
      return CLI_USAGE;
  }
  ctl_arguments(ctl, argc, argv, optind, 2);
  json_t *table = read_table(ctl);
  if (argc - optind < 2) list_boards(ctl, table, NULL);
  const char *name = argv[optind], *file = argv[optind + 1];
  const json_t *board = json_object_get(table, name);
  if (board == NULL) list_boards(ctl, table, name);
  const char *cable = json_string_value(json_object_get(board, "cable"));
  check_file(ctl, file);
  loader_arguments(ctl, name, board, arguments);
  size_t used = 0;
  while (arguments[used] != NULL) used++;
  if (flash) arguments[used++] = "--write-flash";
  arguments[used++] = file;
  arguments[used] = NULL;

  const int code = run_loader(ctl, arguments);
  if (code == 127)
    cli_fail(&ctl->cli, CLI_FAILED,
             "%s is not installed: Debian's package is openfpgaloader (apt-get install "
             "openfpgaloader)",
             kLoader);
  if (code != 0)
    cli_fail(&ctl->cli, CLI_FAILED,
             "%s has not loaded %s (exit status %d): is the board switched on, and plugged in at "
             "%s?  May this user open it?",
             kLoader, name, code, cable != NULL ? cable : "its JTAG socket");
  if (ctl->json)
    ctl_print_json(json_pack("{s:s, s:s, s:b}", "board", name, "file", file, "flash", flash),
                   false);
  else
    printf("%s: %s is %s\n", name, file, flash ? "in its flash" : "loaded");
  json_decref(table);
  return CLI_OK;
}

const struct command command_program = {
    .name = "program",
    .summary = "loads a bitstream onto a board",
    .usage =
        "usage: toectl program [--flash] BOARD FILE\n"
        "\n"
        "Loads a bitstream with openFPGALoader.  Without arguments it names the boards.\n"
        "\n"
        "  --flash            into the board's flash, to stay\n",
    .run = run,
};
