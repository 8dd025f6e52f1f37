/* SPDX-License-Identifier: Apache-2.0
 *
 * The host end of docs/link.md: an engine behind any line that carries octets.  Inside libtoe.
 */
#ifndef TOE_DRIVER_LINK_H
#define TOE_DRIVER_LINK_H
#include "driver/octet_stream.h"
#include "driver/toe_transport.h"

struct toe_link_host_config {
  uint8_t session;    /* 1 to 255, another one than that of the user before: draw it at random */
  size_t line_octets; /* data that may be on its way together, so that a slow line carries it well
                         within the time after which it is sent again; 0: as much as the device
                         takes */
};

/**
 * Begins a session with the engine at the other end of @p stream and fills in @p out.
 *
 * Writes are posted: reg_write and mem_write return when the octets are on their way, and a write
 * that the engine refuses is the result of a later call.  Reads of any length take one round trip.
 *
 * @return 0, and the stream is closed by out->close; or an error with out->message filled in, and
 *         the stream is still the caller's: TOE_ERR_DEVICE when nothing answers, TOE_ERR_VERSION,
 *         TOE_ERR_NO_MEMORY or TOE_ERR_GONE.
 */
int toe_link_host_open(const struct toe_octet_stream *stream,
                       const struct toe_link_host_config *config, struct toe_transport *out);

#endif
