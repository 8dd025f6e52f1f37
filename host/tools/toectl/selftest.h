/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of toectl selftest.
 */
#ifndef TOECTL_SELFTEST_H
#define TOECTL_SELFTEST_H

#include "driver/toe_transport.h"
#include "toe/toe.h"

enum outcome { PASSED, FAILED, SKIPPED };

enum { DETAIL_LEN = 200, SELFTEST_KEPT = 20 };

/* What is tried, and what is known of it. */
struct subject {
  struct toe_transport transport;
  uint32_t num_conns, rx_ring_log2, tx_ring_log2;
  struct toe_engine *engine;    /* on the transport; NULL before it is opened */
  uint32_t next_peer;           /* of the addresses that no ARP request was sent for yet */
  uint32_t kept[SELFTEST_KEPT]; /* the configuration registers, as they were found */
  bool kept_valid;
  char detail[DETAIL_LEN]; /* what a step has seen, or what is wrong */
};

/* Sets what the step has seen; the functions give their first argument back. */
__attribute__((format(printf, 3, 4))) enum outcome selftest_say(enum outcome outcome,
                                                                struct subject *subject,
                                                                const char *format, ...);

/* ---- selftest_registers.c: on the bare transport, with the engine disabled ------------------ */

/* Writes what the configuration registers held at first. */
void selftest_restore(struct subject *subject);
enum outcome selftest_identity(struct subject *subject);
enum outcome selftest_registers(struct subject *subject);
enum outcome selftest_reset(struct subject *subject);
enum outcome selftest_key(struct subject *subject);

/* ---- selftest_memory.c: the same ------------------------------------------------------------ */

enum outcome selftest_memory(struct subject *subject);

/* ---- selftest_engine.c: through the library ------------------------------------------------- */

enum outcome selftest_commands(struct subject *subject);
enum outcome selftest_transmit(struct subject *subject);
enum outcome selftest_loopback(struct subject *subject);

#endif
