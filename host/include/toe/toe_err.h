/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors of libtoe, of its transports and of the simulated engine: one list.
 */
#ifndef TOE_ERR_H
#define TOE_ERR_H

/** Negative results of every toe_*() call.  Text: toe_strerror(). */
enum toe_err {
  TOE_OK = 0,
  TOE_ERR_AGAIN = -1,        /**< full, or nothing there, now; retry after the next event */
  TOE_ERR_RANGE = -2,        /**< an argument is outside its documented range */
  TOE_ERR_STATE = -3,        /**< connection or engine cannot do this in its present state */
  TOE_ERR_GONE = -4,         /**< engine unplugged or reset; every handle is dead */
  TOE_ERR_NO_MEMORY = -5,    /**< the process is out of memory */
  TOE_ERR_TIMEOUT = -6,      /**< the caller's timeout, or TCP's patience with the peer, ran out */
  TOE_ERR_IO = -7,           /**< the operating system reported an error on a device or file */
  TOE_ERR_SCHEME = -8,       /**< URI names no known transport */
  TOE_ERR_URI = -9,          /**< URI has an unknown option or a value that cannot be read */
  TOE_ERR_DEVICE = -10,      /**< no such device, or it is in use */
  TOE_ERR_PERMISSION = -11,  /**< the operating system does not let this user do it */
  TOE_ERR_LIBRARY = -12,     /**< the simulated engine's library could not be loaded */
  TOE_ERR_VERSION = -13,     /**< what answers is not an engine that this library knows */
  TOE_ERR_FULL = -14,        /**< every connection or listener is in use */
  TOE_ERR_IN_USE = -15,      /**< the port or the four-tuple is taken */
  TOE_ERR_RESET = -16,       /**< the peer reset the connection */
  TOE_ERR_REFUSED = -17,     /**< the peer refused the connection */
  TOE_ERR_ABORTED = -18,     /**< this side aborted the connection */
  TOE_ERR_ENGINE = -19,      /**< the engine refused a command that it should have taken */
  TOE_ERR_UNREACHABLE = -20, /**< ICMP: the other end has no such protocol or port */
  TOE_ERR_NO_TRACE = -21,    /**< the engine is not one whose frames and events can be seen */
};

#endif
