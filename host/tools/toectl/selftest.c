/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl selftest: tries every part of an engine that can be tried from the host, in the order in
 * which one needs the other.
 */
#include "host/tools/toectl/selftest.h"
#include "host/tools/toectl/toectl.h"

static const struct step {
  const char *name;
  enum outcome (*run)(struct subject *subject);
  bool vital; /* when it fails, the others say nothing */
} kSteps[] = {
    {"identity", selftest_identity, true},     {"registers", selftest_registers, false},
    {"reset", selftest_reset, true},           {"hash key", selftest_key, false},
    {"buffer memory", selftest_memory, false}, {"commands", selftest_commands, true},
    {"transmit", selftest_transmit, false},    {"loopback", selftest_loopback, false},
};

static const char *const kOutcomes[] = {"ok", "failed", "skipped"};

enum outcome selftest_say(enum outcome outcome, struct subject *subject, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(subject->detail, sizeof subject->detail, format, arguments);
  va_end(arguments);
  return outcome;
}

static int run(struct ctl *ctl, int argc, char **argv) {
  struct subject subject = {0};
  json_t *steps = json_array();
  const char *failed_vital = NULL;
  bool passed = true;

  const int first = ctl_options(ctl, argc, argv, command_selftest.usage);
  ctl_arguments(ctl, argc, argv, first, 0);
  if (ctl->cli.uri == NULL)
    cli_fail(&ctl->cli, CLI_USAGE,
             "which engine?  --uri URI; toectl list shows some.  It is reset by the test");
  if (toe_transport_open(ctl->cli.uri, &subject.transport) != 0)
    cli_fail(&ctl->cli, CLI_NO_ENGINE, "%s", subject.transport.message);
  for (size_t i = 0; i < sizeof kSteps / sizeof *kSteps; i++) {
    subject.detail[0] = '\0';
    const enum outcome outcome = failed_vital == NULL
                                     ? kSteps[i].run(&subject)
                                     : selftest_say(SKIPPED, &subject, "needs %s", failed_vital);
    if (outcome == FAILED) {
      passed = false;
      if (kSteps[i].vital) failed_vital = kSteps[i].name;
    }
    if (ctl->json) {
      json_array_append_new(steps, json_pack("{s:s, s:s, s:s}", "step", kSteps[i].name, "result",
                                             kOutcomes[outcome], "detail", subject.detail));
    } else {
      printf("%-14s %-8s %s\n", kSteps[i].name, kOutcomes[outcome], subject.detail);
      fflush(stdout);
    }
  }
  toe_close(subject.engine);
  selftest_restore(&subject);
  subject.transport.close(subject.transport.ctx);
  if (ctl->json)
    ctl_print_json(json_pack("{s:b, s:o}", "passed", passed, "steps", steps), false);
  else
    json_decref(steps);
  return passed ? CLI_OK : CLI_FAILED;
}

const struct command command_selftest = {
    .name = "selftest",
    .summary = "tries registers, buffer memory, rings and frames of an engine",
    .usage =
        "usage: toectl selftest --uri URI [OPTIONS]\n"
        "\n"
        "Tries an engine step by step.  It is reset: whoever uses it loses it.  Connections to\n"
        "addresses of its own subnet are begun and aborted, so ARP requests leave it.\n",
    .run = run,
};
