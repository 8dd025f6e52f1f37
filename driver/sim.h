/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of `sim:` URIs.  Inside libtoe.
 */
#ifndef TOE_DRIVER_SIM_H
#define TOE_DRIVER_SIM_H
#include "driver/toe_transport.h"

/** Results as toe_transport_open(), for a URI that begins with `sim:`. */
int toe_sim_open(const char *uri, struct toe_transport *out);

#endif
