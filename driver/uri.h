/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of URIs: NAME=VALUE with commas between them.  Inside libtoe.
 */
#ifndef TOE_DRIVER_URI_H
#define TOE_DRIVER_URI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uri_option {
  const char *name;
  bool (*set)(void *target, const char *value); /* false: the value cannot be read */
  const char *wanted;                           /* what it takes, in words */
};

struct uri_scheme {
  const char *prefix; /* with its colon, as sim: */
  const struct uri_option *options;
  size_t count;
};

/**
 * Sets the options in @p text, which comes after the prefix and is cut to pieces that values may
 * point into.  Returns 0, or TOE_ERR_URI with what cannot be read and what would be in @p message.
 */
int uri_parse(const struct uri_scheme *scheme, char *text, void *target, char *message,
              size_t capacity);

/* Readers of one value: true when all of it was understood. */

bool uri_read_number(const char *value, uint64_t limit, uint64_t *out);
bool uri_read_u32(const char *value, uint32_t *out);
bool uri_read_chance(const char *value, uint32_t *out_ppm);
bool uri_read_time(const char *value, uint64_t *out_ns);
bool uri_read_rate(const char *value, uint64_t *out_bps);
bool uri_read_ip(const char *value, uint32_t *out);
bool uri_read_ip_prefix(const char *value, uint32_t *out_ip, unsigned *out_len);
bool uri_read_mac(const char *value, uint8_t *out);

/** Any text but none; *@p out points to it. */
bool uri_read_string(const char *value, const char **out);

/** Splits "first/second" into the copy @p first and the rest; false without a slash. */
bool uri_split(const char *value, char *first, size_t capacity, const char **second);

#endif
