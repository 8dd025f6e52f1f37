/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's frames, for the program and for who watches through the monitor: the transport calls
 * one function, which calls both.
 */
#include "host/src/internal.h"

static void on_frame(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len) {
  const struct toe_engine *engine = user;
  const struct capture *captures[] = {&engine->capture, &engine->monitor_capture};

  for (int i = 0; i < 2; i++)
    if (captures[i]->fn != NULL) captures[i]->fn(captures[i]->user, time_ns, sent, frame, len);
}

static int set(struct toe_engine *engine, struct capture *capture, toe_capture_fn *fn, void *user) {
  struct toe_transport *t = &engine->transport;

  if (engine->gone) return TOE_ERR_GONE;
  if (t->capture == NULL) return TOE_ERR_NO_TRACE;
  *capture = (struct capture){fn, user};
  const bool wanted = engine->capture.fn != NULL || engine->monitor_capture.fn != NULL;
  t->capture(t->ctx, wanted ? on_frame : NULL, engine);
  return 0;
}

int toe_capture(struct toe_engine *engine, toe_capture_fn *fn, void *user) {
  return set(engine, &engine->capture, fn, user);
}

int capture_for_monitor(struct toe_engine *engine, toe_capture_fn *fn, void *user) {
  return set(engine, &engine->monitor_capture, fn, user);
}
