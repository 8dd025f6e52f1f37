/* SPDX-License-Identifier: Apache-2.0
 *
 * Chooses the transport for a URI.
 */
#include "driver/toe_transport.h"

#include <stdio.h>
#include <string.h>

#include "driver/sim.h"
#include "driver/usb.h"
#include "toe/toe_err.h"

int toe_transport_open(const char *uri, struct toe_transport *out) {
  *out = (struct toe_transport){0};
  if (strncmp(uri, "sim:", 4) == 0) return toe_sim_open(uri, out);
  if (strncmp(uri, "usb:", 4) == 0) return toe_usb_open(uri, out);
  snprintf(out->message, sizeof out->message,
           "\"%.64s\" names no transport: a URI begins with sim: or usb:, as in sim:tap=toe0", uri);
  return TOE_ERR_SCHEME;
}

int toe_transport_list(struct toe_transport_found *found, int max) {
  return toe_sim_list(found, max);
}

int toe_transport_open_pair(const char *uri, struct toe_transport out[2]) {
  out[0] = out[1] = (struct toe_transport){0};
  if (strncmp(uri, "sim:", 4) == 0) return toe_sim_open_pair(uri, out);
  snprintf(out[0].message, sizeof out[0].message,
           "\"%.64s\" is not two engines on one wire: only sim: gives those", uri);
  return TOE_ERR_URI;
}
