/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of `sim:` URIs.  Inside libtoe.
 */
#ifndef TOE_DRIVER_SIM_H
#define TOE_DRIVER_SIM_H
#include "driver/toe_transport.h"

/** Results as toe_transport_open(), for a URI that begins with `sim:`. */
int toe_sim_open(const char *uri, struct toe_transport *out);

/** Results as toe_transport_open_pair(), for the same. */
int toe_sim_open_pair(const char *uri, struct toe_transport out[2]);

/** The libraries that `sim:` finds; as toe_transport_list(). */
int toe_sim_list(struct toe_transport_found *found, int max);

#endif
