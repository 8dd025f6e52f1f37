/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run of one test is repeated with a waveform: `make replay`, which sets WAVE.
 */
#ifndef TOE_TESTS_REPLAY_H
#define TOE_TESTS_REPLAY_H

#include <toe/toe_sim.h>

/**
 * Fills in @p config what engine number @p engine of this test writes and says: the waveform, when
 * WAVE names a file and WAVE_ENGINE (0 unless it is set) this engine, and the command that repeats
 * the test, with @p more in it ("ROUND=3", or "").  Both live until the process ends.
 */
void replay_set(struct toe_sim_config *config, unsigned engine, const char *more);

#endif
