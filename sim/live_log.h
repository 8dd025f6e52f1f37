/* SPDX-License-Identifier: Apache-2.0
 *
 * What a live engine writes down beside its capture: how its connections change state, and what
 * the simulation cost.
 */
#ifndef TOE_SIM_LIVE_LOG_H
#define TOE_SIM_LIVE_LOG_H
#include <stdint.h>
#include <toe/toe_sim.h>

struct live_log;

/**
 * Starts to write.
 *
 * @param states          file for one JSON object a line for each change of a connection's state
 *                        (ns, state, local_port, remote_ip, remote_port), NULL: none.
 * @param stats           file for one JSON object at the end, with the counts of toe_sim_stats,
 *                        beat_octets and cpu_ns (of the whole process meanwhile), NULL: none.
 * @param time_offset_ns  from the engine's time to the time in both files.
 * @param message         TOE_SIM_MESSAGE_LEN octets.
 * @return 0, TOE_ERR_IO when a file cannot be written, TOE_ERR_NO_MEMORY.
 */
int live_log_open(struct toe_sim *sim, const char *states, const char *stats,
                  uint64_t time_offset_ns, struct live_log **out, char *message);

/** Writes the statistics and closes the files, before the engine ends.  NULL is allowed. */
void live_log_close(struct live_log *log);

#endif
