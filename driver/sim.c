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

/* Loads @p name from one of kPlaces. */
static void *load_near(const char *name) {
  char path[PATH_MAX];
  Dl_info self;

  if (dladdr((const void *)kPlaces, &self) == 0 || self.dli_fname == NULL) return NULL;
  const char *slash = strrchr(self.dli_fname, '/');
  const int folder_len = slash == NULL ? 0 : (int)(slash - self.dli_fname) + 1;
  for (size_t i = 0; i < sizeof kPlaces / sizeof kPlaces[0]; i++) {
    snprintf(path, sizeof path, "%.*s%s%s", folder_len, self.dli_fname, kPlaces[i], name);
    void *library = strchr(path, '/') != NULL ? load(path) : NULL;
    if (library != NULL) return library;
  }
  return NULL;
}

int toe_sim_open(const char *uri, struct toe_transport *out) {
  struct toe_sim_uri options;
  char name[64];

  *out = (struct toe_transport){0};
  const int result = toe_sim_uri_parse(uri, &options, out->message);
  if (result != 0) return result;
  void *library;
  if (options.library != NULL) {
    library = load(options.library);
  } else {
    library_name(&options, name, sizeof name);
    library = load_near(name);
    if (library == NULL) library = load(name);
  }
  if (library == NULL) {
    const char *why = dlerror();
    snprintf(out->message, sizeof out->message,
             "the simulated engine is not there: %.120s; `make build/lib/NAME.so` builds one, "
             "lib=PATH names another",
             why != NULL ? why : name);
    return TOE_ERR_LIBRARY;
  }
  int (*open_live)(const struct toe_live_config *, struct toe_transport *);
  *(void **)&open_live = dlsym(library, "toe_live_open");
  if (open_live == NULL) {
    snprintf(out->message, sizeof out->message,
             "%.160s is not a simulated engine: it has no toe_live_open()",
             options.library != NULL ? options.library : name);
    return TOE_ERR_LIBRARY;
  }
  return open_live(&options.live, out);
}
