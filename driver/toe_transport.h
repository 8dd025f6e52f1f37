/* SPDX-License-Identifier: Apache-2.0
 *
 * How the host library reaches an engine, whatever lies between: a simulation, USB or PCIe.
 */
#ifndef TOE_TRANSPORT_H
#define TOE_TRANSPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * One engine, reached.  Every member takes @c ctx as its first argument.
 *
 * One thread at a time.  No member calls back, but to the function of @c capture.  Accesses take
 * effect in the order in which they are made: octets written by @c mem_write are in memory before a
 * later @c reg_write is seen, and @c mem_read sees everything that the engine announced before.  A
 * write may be posted: it returns before it has taken effect, and what is wrong with it is the
 * result of a later member.  Errors are values of enum toe_err; after TOE_ERR_GONE only @c close is
 * of use.
 */
struct toe_transport {
  void *ctx;

  /**
   * Reads @p count registers from byte @p offset on (a multiple of 4) into @p values, in ascending
   * order, each exactly once.  Returns 0, TOE_ERR_RANGE when the engine has no such register, or
   * TOE_ERR_GONE.
   */
  int (*reg_read)(void *ctx, uint32_t offset, uint32_t *values, size_t count);

  /** Writes @p count registers, in ascending order, each exactly once.  Results as reg_read. */
  int (*reg_write)(void *ctx, uint32_t offset, const uint32_t *values, size_t count);

  /**
   * Copies @p len octets of buffer memory, from octet @p address on, into @p buf.  Any alignment.
   * Returns 0, TOE_ERR_RANGE when the end of the memory is passed (nothing is copied then), or
   * TOE_ERR_GONE.
   */
  int (*mem_read)(void *ctx, uint64_t address, void *buf, size_t len);

  /** Copies @p len octets of @p buf into buffer memory; @p buf is the caller's again on return. */
  int (*mem_write)(void *ctx, uint64_t address, const void *buf, size_t len);

  /**
   * Lets the engine work until its completion ring holds an entry or @p timeout_us of the engine's
   * time has passed.  @p timeout_us 0 does what can be done now and never sleeps; negative: no
   * limit.  Returns 1 when the completion ring holds an entry, 0 when time ran out (or, without a
   * limit, when nothing can ever happen or a signal came), or a negative error.
   */
  int (*wait)(void *ctx, int64_t timeout_us);

  /** The engine's time in microseconds: what timeouts are measured in.  Never goes back. */
  uint64_t (*now_us)(void *ctx);

  /**
   * A descriptor that poll() and epoll report readable when wait(ctx, 0) has something to do, or
   * -1 when there is none.  It belongs to the transport: the caller only polls it, and calls
   * wait(ctx, 0) when it is readable and before it polls again.
   */
  int (*fd)(void *ctx);

  /** Lets go of the engine and frees @c ctx. */
  void (*close)(void *ctx);

  /**
   * From now on calls @p fn with @p user for each frame that the engine receives (@c sent false) or
   * has sent, from inside the other members; @p fn NULL ends that.  Times in nanoseconds as in the
   * captures of the back end.  NULL where frames cannot be seen from the host.
   */
  void (*capture)(void *ctx,
                  void (*fn)(void *user, uint64_t time_ns, bool sent, const void *frame,
                             size_t len),
                  void *user);

  /** After a failed open: what went wrong and what to do about it, one line.  Else empty. */
  char message[256];
};

/**
 * Opens the engine that @p uri names and fills in @p out.
 *
 * The scheme, up to the first colon, chooses the transport.  `sim:` is the simulated engine and
 * `usb:` a board; their options are listed in driver/sim_uri.c and driver/usb_uri.c.
 *
 * @return 0, or a negative enum toe_err with out->message filled in: TOE_ERR_SCHEME for an unknown
 *         scheme, TOE_ERR_URI for a bad option, TOE_ERR_LIBRARY, TOE_ERR_DEVICE,
 *         TOE_ERR_PERMISSION, TOE_ERR_IO or TOE_ERR_NO_MEMORY when the engine cannot be reached.
 */
int toe_transport_open(const char *uri, struct toe_transport *out);

/** An engine that toe_transport_open() can try. */
struct toe_transport_found {
  char uri[128];  /**< what opens it */
  char text[128]; /**< what it is, in words */
};

/**
 * Looks for engines: the simulated ones that are installed.
 *
 * @param found  found[max], filled from index 0; may be NULL when max is 0.
 * @return how many there are, however small @p max is.
 */
int toe_transport_list(struct toe_transport_found *found, int max);

/**
 * Opens two simulated engines of one kind, joined by a wire, in one virtual time.  What @p uri says
 * of a link counts for each direction.  Waiting on one of them lets both work.
 *
 * @param uri  `sim:` without tap, peer, ip, gw, mac, replay, states, stats, fst and loop.
 * @param out  both are to be closed; on failure out[0].message says why.
 * @return as toe_transport_open(); TOE_ERR_URI for another scheme.
 */
int toe_transport_open_pair(const char *uri, struct toe_transport out[2]);

#ifdef __cplusplus
}
#endif
#endif
