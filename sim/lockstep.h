/* SPDX-License-Identifier: Apache-2.0
 *
 * Lock-step: every event of the control-block pipeline goes through the reference model too, on a
 * control block that the model alone has written since the connection was opened.  What the RTL
 * read, what it wrote and what it asked for must be the same.  The frames that leave must be those
 * that were asked for, in order.
 */
#ifndef TOE_SIM_LOCKSTEP_H
#define TOE_SIM_LOCKSTEP_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <toe/toe_sim.h>

struct sim_lockstep;

/** When an event left the pipeline. */
struct sim_moment {
  uint64_t ns;
  uint64_t cycle;
};

/**
 * A checker for an engine that is out of reset.
 *
 * @param config  with the sizes of the build filled in.
 * @return NULL when there is no memory.
 */
struct sim_lockstep *sim_lockstep_new(const struct toe_sim_config *config);

/** NULL is allowed. */
void sim_lockstep_delete(struct sim_lockstep *lockstep);

/** The host is about to write a register: the model's configuration comes from these, and a soft
 * reset forgets every connection. */
void sim_lockstep_register(struct sim_lockstep *lockstep, uint32_t offset, uint32_t value);

/** A frame begins to enter the engine.  Every segment of an event must be one that model_parse
 * finds in a frame, in their order; frames that the engine has no room for are left out. */
void sim_lockstep_arrives(struct sim_lockstep *lockstep, const uint8_t *frame, size_t len,
                          bool fcs_good);

/**
 * Checks one event.
 *
 * @param words  of struct trace_t, as toe_sim_trace_fn has them.
 * @param out    where a difference is explained.
 * @return false when there is one; the checker is of no use afterwards.
 */
bool sim_lockstep_event(struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const uint32_t *words, FILE *out);

/**
 * Checks one frame that left: its octets are those that model_build_segment makes of the segment in
 * it (the payload is taken as it is), and it is the segment that an event asked for, after those
 * asked for before.  Without an event there are only SYN-ACKs, and answers of SYN cache and
 * TIME-WAIT, which carry no octets and come from no live connection.
 *
 * @return false when it is not so.
 */
bool sim_lockstep_frame(struct sim_lockstep *lockstep, const struct sim_moment *now,
                        const uint8_t *frame, size_t len, FILE *out);

/** How many SYN cookies were compared: sent, and come back to open a connection. */
uint64_t sim_lockstep_cookies(const struct sim_lockstep *lockstep);

#endif
