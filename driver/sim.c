/* SPDX-License-Identifier: Apache-2.0
 *
 * `sim:` loads the simulated engine, a library for each width and number of connections, and lets
 * it run.  The options are listed in sim_uri.c.
 */
#include "driver/sim.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver/sim_uri.h"
#include "toe/toe_err.h"

enum { DEFAULT_CONNS = 1024 };

/* Where a library may lie, seen from the folder of the program or library that this code is in. */
static const char *const kPlaces[] = {"", "../lib/", "../../lib/"};

/* libtoe_sim_w64.so; _c16 when not for 1024 connections; _trace when it writes waveforms. */
static void library_name(const struct toe_sim_uri *uri, char *name, size_t capacity) {
  char conns[16] = "";

  if (uri->num_conns != DEFAULT_CONNS) snprintf(conns, sizeof conns, "_c%u", uri->num_conns);
  snprintf(name, capacity, "libtoe_sim_w%u%s%s.so", uri->width_bits, conns,
           uri->live.sim.waveform != NULL ? "_trace" : "");
}

/* Stays loaded: what it holds has no end, and the next open finds it. */
static void *load(const char *path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* Where @p name lies in one of kPlaces: @p path, of PATH_MAX octets. */
static bool path_near(const char *name, char *path) {
  char program[PATH_MAX];
  Dl_info self;

  if (dladdr((const void *)kPlaces, &self) == 0 || self.dli_fname == NULL) return false;
  const char *file = self.dli_fname;
  if (strchr(file, '/') == NULL) { /* a program that was found in PATH */
    const ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0) return false;
    program[len] = '\0';
    file = program;
  }
  const int folder_len = (int)(strrchr(file, '/') - file) + 1;
  for (size_t i = 0; i < sizeof kPlaces / sizeof kPlaces[0]; i++) {
    const int len = snprintf(path, PATH_MAX, "%.*s%s%s", folder_len, file, kPlaces[i], name);
    if (len < PATH_MAX && access(path, R_OK) == 0) return true;
  }
  return false;
}

/* Loads @p name from one of kPlaces. */
static void *load_near(const char *name) {
  char path[PATH_MAX];

  return path_near(name, path) ? load(path) : NULL;
}

/* The function @p symbol of the library that @p options name; NULL with @p message and *result. */
static void *find(const struct toe_sim_uri *options, const char *symbol, char *message,
                  int *result) {
  char name[64];
  void *library;

  *result = TOE_ERR_LIBRARY;
  library_name(options, name, sizeof name);
  if (options->library != NULL) {
    library = load(options->library);
  } else {
    library = load_near(name);
    if (library == NULL) library = load(name);
  }
  if (library == NULL) {
    const char *why = dlerror();
    snprintf(message, TOE_SIM_MESSAGE_LEN,
             "the simulated engine is not there: %.120s; `make build/lib/NAME.so` builds one, "
             "lib=PATH names another",
             why != NULL ? why : name);
    return NULL;
  }
  void *function = dlsym(library, symbol);
  if (function == NULL)
    snprintf(message, TOE_SIM_MESSAGE_LEN, "%.160s is not a simulated engine: it has no %s()",
             options->library != NULL ? options->library : name, symbol);
  return function;
}

int toe_sim_open(const char *uri, struct toe_transport *out) {
  struct toe_sim_uri options;

  *out = (struct toe_transport){0};
  int result = toe_sim_uri_parse(uri, &options, out->message);
  if (result != 0) return result;
  int (*open_live)(const struct toe_live_config *, struct toe_transport *);
  *(void **)&open_live = find(&options, "toe_live_open", out->message, &result);
  return open_live != NULL ? open_live(&options.live, out) : result;
}

int toe_sim_open_pair(const char *uri, struct toe_transport out[2]) {
  struct toe_sim_uri options;

  out[0] = out[1] = (struct toe_transport){0};
  int result = toe_sim_uri_parse(uri, &options, out[0].message);
  if (result != 0) return result;
  int (*open_pair)(const struct toe_live_config *, struct toe_transport *);
  *(void **)&open_pair = find(&options, "toe_live_open_pair", out[0].message, &result);
  return open_pair != NULL ? open_pair(&options.live, out) : result;
}

/* ---- What is installed ---------------------------------------------------------------------- */

int toe_sim_list(struct toe_transport_found *found, int max) {
  static const unsigned widths[] = {64, 128, 256, 512};
  int count = 0;

  for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
    for (unsigned conns = 16; conns <= 65536; conns *= 2) {
      const struct toe_sim_uri uri = {.width_bits = widths[i], .num_conns = conns};
      char name[64], path[PATH_MAX];
      library_name(&uri, name, sizeof name);
      if (!path_near(name, path)) continue;
      if (count < max) {
        struct toe_transport_found *entry = &found[count];
        snprintf(entry->uri, sizeof entry->uri, "sim:width=%u,conns=%u", widths[i], conns);
        snprintf(entry->text, sizeof entry->text, "simulated engine, %u bits, %u connections",
                 widths[i], conns);
      }
      count++;
    }
  }
  return count;
}
