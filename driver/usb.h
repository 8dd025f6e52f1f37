/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of `usb:` URIs.  Inside libtoe.
 */
#ifndef TOE_DRIVER_USB_H
#define TOE_DRIVER_USB_H
#include "driver/toe_transport.h"

/** Results as toe_transport_open(), for a URI that begins with `usb:`. */
int toe_usb_open(const char *uri, struct toe_transport *out);

#endif
