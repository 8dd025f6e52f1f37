/* SPDX-License-Identifier: Apache-2.0
 *
 * Shows what an engine is doing: the engine itself, listeners, connections, counters.
 *
 * It reads the report that the program behind a socket gives (toe_monitor()), or opens an engine of
 * its own.  The report names its values, so this program knows nothing about them but which columns
 * come first.
 */
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/examples/cli.h"

enum { VALUES = 32 };

/* One line of a report: its word, then names and values. */
struct line {
  char *word;
  char *names[VALUES], *values[VALUES];
  size_t count;
};

static const char kUsage[] =
    "usage: toectl [--json] [--all] (--socket PATH | --uri URI) WHAT\n"
    "\n"
    "WHAT is info, listeners, connections or counters.\n"
    "\n"
    "  --socket PATH      of the program that has the engine (its --monitor)\n"
    "  --json             print JSON\n"
    "  --all              connections: every column; counters: those of 0 too\n" CLI_HELP_TEXT
    "                     --duration and --count have no meaning here\n";

/* ---- The report ----------------------------------------------------------------------------- */

static char *read_socket(const struct cli *cli, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char *text = NULL;
  size_t len = 0;
  ssize_t got;

  if (strlen(path) >= sizeof address.sun_path)
    cli_fail(cli, CLI_USAGE, "the path of the socket is too long");
  strcpy(address.sun_path, path);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
    cli_fail(cli, CLI_NO_ENGINE, "%s: %s; start the program with --monitor %s", path,
             strerror(errno), path);
  do {
    char *grown = realloc(text, len + 65536 + 1);
    if (grown == NULL) cli_fail(cli, CLI_FAILED, "out of memory");
    text = grown;
    got = read(fd, text + len, 65536);
    if (got > 0) len += (size_t)got;
  } while (got > 0);
  close(fd);
  text[len] = '\0';
  if (got < 0 || len == 0) cli_fail(cli, CLI_NO_ENGINE, "%s: no answer", path);
  return text;
}

static char *read_engine(const struct cli *cli) {
  struct toe_engine *engine = cli_open(cli);
  char *text;

  const int result = toe_report(engine, &text);
  if (result != 0) cli_fail(cli, CLI_NO_ENGINE, "%s", toe_strerror(result));
  toe_close(engine);
  return text;
}

/* Takes the next line off *text, and cuts it up in place.  False at the end. */
static bool next_line(char **text, struct line *line) {
  if (**text == '\0') return false;
  char *end = *text + strcspn(*text, "\n");
  char *rest = *text;

  *text = *end != '\0' ? end + 1 : end;
  *end = '\0';
  line->count = 0;
  line->word = strsep(&rest, " ");
  while (rest != NULL && line->count < VALUES) {
    char *value = strsep(&rest, " ");
    char *name = strsep(&value, "=");
    if (value == NULL) continue;
    line->names[line->count] = name;
    line->values[line->count++] = value;
  }
  return true;
}

static const char *value_of(const struct line *line, const char *name) {
  for (size_t i = 0; i < line->count; i++) {
    if (strcmp(line->names[i], name) == 0) return line->values[i];
  }
  return "-";
}

/* ---- Ways to show it ------------------------------------------------------------------------ */

static json_t *json_of(const struct line *line) {
  json_t *object = json_object();

  for (size_t i = 0; i < line->count; i++) {
    const char *value = line->values[i];
    json_t *entry = value[strspn(value, "0123456789")] == '\0'
                        ? json_integer((json_int_t)strtoull(value, NULL, 10))
                        : json_string(value);
    json_object_set_new(object, line->names[i], entry);
  }
  return object;
}

static void show_json(char *text, const char *word, bool single) {
  json_t *all = json_array();
  struct line line;

  while (next_line(&text, &line)) {
    if (strcmp(line.word, word) == 0) json_array_append_new(all, json_of(&line));
  }
  json_dumpf(single ? json_array_get(all, 0) : all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
  putchar('\n');
  json_decref(all);
}

static void show_list(char *text, const char *word) {
  struct line line;

  while (next_line(&text, &line)) {
    if (strcmp(line.word, word) != 0) continue;
    for (size_t i = 0; i < line.count; i++) printf("%-16s %s\n", line.names[i], line.values[i]);
  }
}

static void show_listeners(char *text) {
  struct line line;

  printf("%-22s %s\n", "local", "waiting");
  while (next_line(&text, &line)) {
    if (strcmp(line.word, "listener") == 0)
      printf("%-22s %s\n", value_of(&line, "local"), value_of(&line, "waiting"));
  }
}

static void show_connections(char *text, bool all) {
  struct line line;

  printf("%5s %-12s %-22s %-22s %10s %10s\n", "id", "state", "local", "remote", "recv_queue",
         "send_queue");
  while (next_line(&text, &line)) {
    if (strcmp(line.word, "connection") != 0) continue;
    printf("%5s %-12s %-22s %-22s %10s %10s\n", value_of(&line, "id"), value_of(&line, "state"),
           value_of(&line, "local"), value_of(&line, "remote"), value_of(&line, "recv_queue"),
           value_of(&line, "send_queue"));
    if (!all) continue;
    fputs("     ", stdout);
    for (size_t i = 4; i < line.count; i++) printf(" %s=%s", line.names[i], line.values[i]);
    putchar('\n');
  }
}

static void show_counters(char *text, bool all) {
  struct line line;

  while (next_line(&text, &line)) {
    if (strcmp(line.word, "counter") != 0) continue;
    if (all || strcmp(value_of(&line, "value"), "0") != 0)
      printf("%-24s %20s\n", value_of(&line, "name"), value_of(&line, "value"));
  }
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"all", no_argument, NULL, 'a'},
                                          CLI_LONG_OPTIONS};
  static const struct {
    const char *what, *word;
  } kinds[] = {{"info", "engine"},
               {"listeners", "listener"},
               {"connections", "connection"},
               {"counters", "counter"}};
  const char *path = NULL, *word = NULL;
  bool json = false, all = false;
  struct cli cli;
  int option;

  cli_init(&cli, argv[0]);
  while ((option = getopt_long(argc, argv, "s:ja", options, NULL)) != -1) {
    if (option == 's')
      path = optarg;
    else if (option == 'j')
      json = true;
    else if (option == 'a')
      all = true;
    else if (!cli_option(&cli, option, kUsage))
      return CLI_USAGE;
  }
  for (size_t i = 0; optind + 1 == argc && i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(argv[optind], kinds[i].what) == 0) word = kinds[i].word;
  }
  if (word == NULL)
    cli_fail(&cli, CLI_USAGE, "say what to show: info, listeners, connections or counters");
  if ((path == NULL) == (cli.uri == NULL))
    cli_fail(&cli, CLI_USAGE, "say where the engine is: --socket PATH or --uri URI");

  char *text = path != NULL ? read_socket(&cli, path) : read_engine(&cli);
  if (json)
    show_json(text, word, word[0] == 'e');
  else if (strcmp(word, "engine") == 0)
    show_list(text, word);
  else if (strcmp(word, "listener") == 0)
    show_listeners(text);
  else if (strcmp(word, "connection") == 0)
    show_connections(text, all);
  else
    show_counters(text, all);
  free(text);
  return CLI_OK;
}
