/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated engine with a network around it, behind a transport: what a `sim:` URI opens.
 */
#ifndef TOE_LIVE_H
#define TOE_LIVE_H
#include <toe/toe_net.h>
#include <toe/toe_sim.h>
#ifdef __cplusplus
extern "C" {
#endif

/** An engine and its network.  Zero in a field takes its default. */
struct toe_live_config {
  struct toe_sim_config sim; /**< start_ns and follow_clock are set by toe_live_open() */
  const char *tap;           /**< TAP device, NULL: none */
  uint32_t peer_ip;          /**< address for the machine's side of it, 0: leave it alone */
  unsigned peer_prefix_len;
  const char *pcap;   /**< capture to write: what enters and leaves the engine.  NULL: none */
  const char *states; /**< state log to write, as JSON lines (sim/live_log.h).  NULL: none */
  const char *stats;  /**< statistics to write at the end, as JSON.  NULL: none */
  const char *replay; /**< capture whose frames enter the engine, NULL: none */
  bool loop;          /**< what the engine sends comes back to it, as with a loopback plug */
  struct toe_link_config link; /**< between network and engine, each direction by itself */
};

/**
 * Creates engine and network, and a transport that owns both.
 *
 * With a TAP device the engine's time is the machine's monotonic clock: wait() passes frames, and
 * sleeps while the engine has nothing to do; fd() serves an event loop.  Without one time runs
 * free: wait() advances it, fd() is -1.  The frames of @c replay enter at the distances in time
 * that they were captured with, the first one at once.
 *
 * @param config  copied, with its strings.
 * @return 0, or a negative enum toe_err with out->message filled in: those of toe_sim_create(),
 *         toe_tap_open(), toe_pcap_create(), toe_pcap_open() and toe_link_create(), and TOE_ERR_IO
 * for a log that cannot be written.
 */
int toe_live_open(const struct toe_live_config *config, struct toe_transport *out);

/**
 * Creates two engines that are equal but for their seeds, and toe_pair_create() between them.  Both
 * transports are to be closed, in any order.
 *
 * @param config  copied.  Neither tap nor anything else of a network but pcap and link is taken; a
 *                link without delay has one of a microsecond.
 * @param out     out[2].
 * @return as toe_live_open(), with out[0].message; TOE_ERR_URI for a field that is not taken.
 */
int toe_live_open_pair(const struct toe_live_config *config, struct toe_transport *out);

/** The engine behind a transport of toe_live_open(), for its counts and its trace port. */
struct toe_sim *toe_live_sim(const struct toe_transport *transport);

#ifdef __cplusplus
}
#endif
#endif
