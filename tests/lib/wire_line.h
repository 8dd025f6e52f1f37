/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of a packet trace, as wire.h describes them: read, written, compared.
 */
#ifndef TOE_TESTS_WIRE_LINE_H
#define TOE_TESTS_WIRE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "wire.h"

enum { WIRE_LINE_MAX_OCTETS = 9000 /**< of payload */ };

/** A line; what it does not say is false. */
typedef struct wire_line {
  frame_tcp_t tcp; /**< seq and ack relative, payload_len without payload, options built */
  bool has_ack, has_win, has_urg, has_options;
  wire_seg_t options; /**< the fields of the options only */
} wire_line_t;

/** Reads @p text; a mistake in it fails the test.  Edges of SACK are built from @p sack_base on. */
wire_line_t wire_line_read(const char *text, uint32_t sack_base);

/** Writes @p seg as a line. */
void wire_line_write(const wire_seg_t *seg, char *text, size_t size);

/** Fills in the fields of @p seg that follow from its option octets; options that lie fail the
 * test.  Edges of SACK become relative to @p sack_base. */
void wire_line_options(wire_seg_t *seg, uint32_t sack_base);

/** Whether @p seg has the options of @p want; a timestamp is compared by its echo. */
bool wire_line_options_match(const wire_seg_t *seg, const wire_seg_t *want);

#endif
