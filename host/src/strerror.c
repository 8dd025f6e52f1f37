/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors in words.
 */
#include "toe/toe.h"

const char *toe_strerror(int err) {
  switch (err) {
    case TOE_OK:
      return "success";
    case TOE_ERR_AGAIN:
      return "not possible now, try again after the next event";
    case TOE_ERR_RANGE:
      return "argument outside its range";
    case TOE_ERR_STATE:
      return "not possible in the connection's state";
    case TOE_ERR_GONE:
      return "the engine was lost";
    case TOE_ERR_NO_MEMORY:
      return "out of memory";
    case TOE_ERR_TIMEOUT:
      return "timed out";
    case TOE_ERR_IO:
      return "input/output error of the operating system";
    case TOE_ERR_SCHEME:
      return "the URI names no known back end";
    case TOE_ERR_URI:
      return "the URI has an unknown option or a bad value";
    case TOE_ERR_DEVICE:
      return "no such device, or it is in use";
    case TOE_ERR_PERMISSION:
      return "permission denied";
    case TOE_ERR_LIBRARY:
      return "the simulated engine could not be loaded";
    case TOE_ERR_VERSION:
      return "not an engine that this library knows";
    case TOE_ERR_FULL:
      return "every connection or listener is in use";
    case TOE_ERR_IN_USE:
      return "the address is in use";
    case TOE_ERR_RESET:
      return "connection reset by the peer";
    case TOE_ERR_REFUSED:
      return "connection refused by the peer";
    case TOE_ERR_ABORTED:
      return "connection aborted by this side";
    case TOE_ERR_ENGINE:
      return "the engine refused a command";
    case TOE_ERR_UNREACHABLE:
      return "protocol or port unreachable";
    case TOE_ERR_NO_TRACE:
      return "the engine has no trace port";
    default:
      return "unknown error";
  }
}
