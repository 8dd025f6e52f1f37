/* SPDX-License-Identifier: Apache-2.0
 *
 * A line that carries octets both ways, as driver/link.c needs one: the FT2232H of a board, or a
 * simulated line in a test.  Inside libtoe.
 */
#ifndef TOE_DRIVER_OCTET_STREAM_H
#define TOE_DRIVER_OCTET_STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Every member takes @c ctx as its first argument; none but @c wait sleeps. */
struct toe_octet_stream {
  void *ctx;

  /** Takes the first of @p len octets: how many, 0 when there is no room now, or TOE_ERR_GONE. */
  int (*send)(void *ctx, const uint8_t *octets, size_t len);

  /** Fills in what has come, @p max octets at most: how many, or TOE_ERR_GONE. */
  int (*receive)(void *ctx, uint8_t *octets, size_t max);

  /**
   * Sleeps until octets have come, with @p for_room also until send() may have room again, or until
   * now_us() is @p until_us (UINT64_MAX: no limit).  It may return too early, but not without end.
   * False when a signal came.
   */
  bool (*wait)(void *ctx, bool for_room, uint64_t until_us);

  /** A monotonic clock. */
  uint64_t (*now_us)(void *ctx);

  /** A descriptor that poll() reports readable when receive() may have octets and from the time of
   * alarm() on; -1: none.  It belongs to the stream. */
  int (*fd)(void *ctx);

  /** Makes fd() readable from @p when_us on, until the next call; UINT64_MAX: off. */
  void (*alarm)(void *ctx, uint64_t when_us);

  void (*close)(void *ctx);
};

#endif
