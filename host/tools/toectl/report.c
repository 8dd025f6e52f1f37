/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a report.  It names its values, so the commands know nothing about them but which columns
 * come first.
 */
#include "host/tools/toectl/toectl.h"

bool line_next(char **text, struct line *line) {
  if (**text == '\0') return false;
  char *end = *text + strcspn(*text, "\n");
  char *rest = *text;

  *text = *end != '\0' ? end + 1 : end;
  *end = '\0';
  line->count = 0;
  line->word = strsep(&rest, " ");
  while (rest != NULL && line->count < LINE_VALUES) {
    char *value = strsep(&rest, " ");
    char *name = strsep(&value, "=");
    if (value == NULL) continue;
    line->names[line->count] = name;
    line->values[line->count++] = value;
  }
  return true;
}

const char *line_value(const struct line *line, const char *name) {
  for (size_t i = 0; i < line->count; i++) {
    if (strcmp(line->names[i], name) == 0) return line->values[i];
  }
  return "-";
}

uint64_t line_number(const struct line *line, const char *name) {
  return strtoull(line_value(line, name), NULL, 10);
}

json_t *line_json(const struct line *line) {
  json_t *object = json_object();

  for (size_t i = 0; i < line->count; i++) {
    const char *value = line->values[i];
    json_t *entry = value[0] != '\0' && value[strspn(value, "0123456789")] == '\0'
                        ? json_integer((json_int_t)strtoull(value, NULL, 10))
                        : json_string(value);
    json_object_set_new(object, line->names[i], entry);
  }
  return object;
}

json_t *report_json(char *text, const char *word) {
  json_t *all = json_array();
  struct line line;

  while (line_next(&text, &line)) {
    if (strcmp(line.word, word) == 0) json_array_append_new(all, line_json(&line));
  }
  return all;
}

int report_command(struct ctl *ctl, int argc, char **argv, const struct command *command,
                   const char *word, void (*show)(const struct ctl *ctl, char *text)) {
  const int first = ctl_options(ctl, argc, argv, command->usage);

  ctl_arguments(ctl, argc, argv, first, 0);
  struct source *source = source_open(ctl);
  char *text = source_report(source);
  source_close(source);
  if (text == NULL) return CLI_FAILED;
  if (!ctl->json) {
    show(ctl, text);
  } else if (strcmp(word, "engine") == 0) {
    json_t *all = report_json(text, word);
    ctl_print_json(json_incref(json_array_get(all, 0)), false);
    json_decref(all);
  } else {
    ctl_print_json(report_json(text, word), false);
  }
  free(text);
  return CLI_OK;
}
