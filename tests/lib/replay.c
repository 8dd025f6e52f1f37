/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tb.h"

enum { ENGINES = 4 };

void replay_set(struct toe_sim_config *config, unsigned engine, const char *more) {
  static char command[ENGINES][PATH_MAX + 512];
  char path[PATH_MAX] = "";
  const char *chosen = getenv("WAVE_ENGINE");
  char *text = command[engine % ENGINES];

  /* The name that the process goes by is Criterion's. */
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return;
  const char *program = strstr(path, "build/");
  if (criterion_current_test == NULL) return; /* a bench */
  snprintf(text, sizeof command[0],
           "make replay PROGRAM=%s TEST=%s/%s SEED=%u%s%s WAVE_ENGINE=%u WAVE=build/wave.fst",
           program != NULL ? program : path, criterion_current_test->category,
           criterion_current_test->name, tb_seed(), more[0] != '\0' ? " " : "", more, engine);
  config->replay = text;
  if (engine == (chosen != NULL ? strtoul(chosen, NULL, 0) : 0)) config->waveform = getenv("WAVE");
}
