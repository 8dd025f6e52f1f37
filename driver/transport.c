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
