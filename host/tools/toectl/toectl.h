/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of toectl share.  Each command is one file, NAME.c, that defines command_NAME.
 */
#ifndef TOECTL_H
#define TOECTL_H

#include <jansson.h>

#include "host/examples/cli.h"

/* What every command can be told, before its name or behind it. */
struct ctl {
  struct cli cli;
  const char *socket; /* NULL: none given */
  bool json, all;
};

struct command {
  const char *name;
  const char *summary; /* one line of toectl --help */
  const char *usage;   /* its own --help, without CTL_HELP_TEXT */
  /* argv[0] is the name of the command.  Returns an exit code. */
  int (*run)(struct ctl *ctl, int argc, char **argv);
};

extern const struct command command_list, command_info, command_listeners, command_connections,
    command_counters, command_watch, command_selftest, command_program, command_capture,
    command_bench;

/* ---- options.c ------------------------------------------------------------------------------ */

#define CTL_LONG_OPTIONS                                                      \
  {"socket", required_argument, NULL, 'S'}, {"json", no_argument, NULL, 'J'}, \
      {"all", no_argument, NULL, 'A'}, CLI_LONG_OPTIONS

/* Takes one of the options above; false, after getopt's own message, for what is none. */
bool ctl_option(struct ctl *ctl, int option, const char *usage);
/* For commands without options of their own: takes all, and returns the index of the first
 * argument. */
int ctl_options(struct ctl *ctl, int argc, char **argv, const char *usage);
/* The program ends when more than most arguments begin at argv[first]. */
void ctl_arguments(const struct ctl *ctl, int argc, char **argv, int first, int most);

/* From here on SIGINT and SIGTERM set ctl_stopped(), and end no system call's restart. */
void ctl_catch_signals(void);
bool ctl_stopped(void);
/* cli_open() of cli.uri, which is not NULL. */
struct toe_engine *ctl_open(const struct ctl *ctl);

/* Prints it on one line, or over several; and releases it. */
void ctl_print_json(json_t *value, bool one_line);

/* ---- source.c ------------------------------------------------------------------------------- */

/* Where reports come from: the program that has the engine, or the engine itself, opened here. */
struct source;

/* By --socket or --uri, or without either the one program that shows an engine.  The program ends
 * when there is none. */
struct source *source_open(const struct ctl *ctl);
/* A string to be freed.  NULL: a signal came. */
char *source_report(struct source *source);
/* Lets so much time of the machine pass, or of an engine whose time runs free.  False: a signal. */
bool source_pause(struct source *source, uint64_t pause_us);
/* What it is called, for people. */
const char *source_name(const struct source *source);
void source_close(struct source *source);

/* The path of the socket that --socket names, or of the only one there is; path[len].  The program
 * ends when that is none. */
void source_find_socket(const struct ctl *ctl, char *path, size_t len);
/* Connected, and the request sent; the program ends when nobody answers. */
int source_connect(const struct ctl *ctl, const char *path, const char *request);
/* Names of the sockets in toe_monitor_folder() that somebody answers on, as many as there are of
 * names[max]. */
enum { SOURCE_NAME_LEN = 108 };
int source_list(char (*names)[SOURCE_NAME_LEN], int max);

/* ---- report.c ------------------------------------------------------------------------------- */

enum { LINE_VALUES = 40 };

/* One line of a report: its word, then names and values. */
struct line {
  char *word;
  char *names[LINE_VALUES], *values[LINE_VALUES];
  size_t count;
};

/* Takes the next line off *text, and cuts it up in place.  False at the end. */
bool line_next(char **text, struct line *line);
/* "-" when the line has none of this name. */
const char *line_value(const struct line *line, const char *name);
uint64_t line_number(const struct line *line, const char *name);
/* Its names and values as an object; digits are numbers. */
json_t *line_json(const struct line *line);
/* All lines with this word as an array of objects. */
json_t *report_json(char *text, const char *word);
/* A whole command: options, report, and then JSON or show(). */
int report_command(struct ctl *ctl, int argc, char **argv, const struct command *command,
                   const char *word, void (*show)(const struct ctl *ctl, char *text));

/* ---- screen.c ------------------------------------------------------------------------------- */

/* True when standard output is a terminal that can place its cursor. */
bool screen_can_place(void);
/* Shows text in place of what was there, cut off at the last row.  The first call takes over the
 * screen, which is given back when the program ends. */
void screen_show(const char *text);

/* ---- pcapng.c ------------------------------------------------------------------------------- */

/* The start of a capture of Ethernet frames.  False when it could not be written, as below. */
bool pcapng_begin(FILE *file);
/* One frame; dropped: so many were lost before it. */
bool pcapng_frame(FILE *file, uint64_t time_ns, bool sent, uint64_t dropped, const void *frame,
                  size_t len);

#endif
