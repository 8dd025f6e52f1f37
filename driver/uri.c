/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of URIs: NAME=VALUE with commas between them.
 */
#include "driver/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toe/toe_err.h"

bool uri_read_number(const char *value, uint64_t limit, uint64_t *out) {
  char *end;

  if (value[0] < '0' || value[0] > '9') return false;
  *out = strtoull(value, &end, 10);
  return *end == '\0' && *out <= limit;
}

bool uri_read_u32(const char *value, uint32_t *out) {
  uint64_t number;

  if (!uri_read_number(value, UINT32_MAX, &number)) return false;
  *out = (uint32_t)number;
  return true;
}

struct unit {
  const char *name;
  double factor;
};

/* A number that may have a fraction, then one of @p units. */
static bool read_scaled(const char *value, const struct unit *units, double limit, double *out) {
  char *end;

  if (value[0] < '0' || value[0] > '9') return false;
  *out = strtod(value, &end);
  for (; units->name != NULL; units++) {
    if (strcmp(end, units->name) == 0) {
      *out *= units->factor;
      return *out <= limit;
    }
  }
  return false;
}

bool uri_read_chance(const char *value, uint32_t *out_ppm) {
  static const struct unit units[] = {{"%", 1e4}, {"ppm", 1}, {NULL, 0}};
  double ppm;

  if (!read_scaled(value, units, 1e6, &ppm)) return false;
  *out_ppm = (uint32_t)(ppm + 0.5);
  return true;
}

bool uri_read_time(const char *value, uint64_t *out_ns) {
  static const struct unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
  double ns;

  if (!read_scaled(value, units, 1e15, &ns)) return false;
  *out_ns = (uint64_t)(ns + 0.5);
  return true;
}

bool uri_read_rate(const char *value, uint64_t *out_bps) {
  static const struct unit units[] = {
      {"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}, {NULL, 0}};
  double bps;

  if (!read_scaled(value, units, 1e12, &bps) || bps < 1) return false;
  *out_bps = (uint64_t)(bps + 0.5);
  return true;
}

bool uri_read_ip(const char *value, uint32_t *out) {
  unsigned octets[4];
  int used = 0;

  if (strspn(value, "0123456789.") != strlen(value) ||
      sscanf(value, "%3u.%3u.%3u.%3u%n", &octets[0], &octets[1], &octets[2], &octets[3], &used) !=
          4 ||
      value[used] != '\0')
    return false;
  *out = 0;
  for (int i = 0; i < 4; i++) {
    if (octets[i] > 255) return false;
    *out = *out << 8 | octets[i];
  }
  return true;
}

bool uri_split(const char *value, char *first, size_t capacity, const char **second) {
  const char *slash = strchr(value, '/');

  if (slash == NULL || (size_t)(slash - value) >= capacity) return false;
  memcpy(first, value, (size_t)(slash - value));
  first[slash - value] = '\0';
  *second = slash + 1;
  return true;
}

bool uri_read_ip_prefix(const char *value, uint32_t *out_ip, unsigned *out_len) {
  char ip[16];
  const char *rest;
  uint64_t len;

  if (!uri_split(value, ip, sizeof ip, &rest) || !uri_read_ip(ip, out_ip) ||
      !uri_read_number(rest, 31, &len) || len == 0)
    return false;
  *out_len = (unsigned)len;
  return true;
}

bool uri_read_mac(const char *value, uint8_t *out) {
  unsigned octets[6];
  int used = 0;

  if (strspn(value, "0123456789abcdefABCDEF:") != strlen(value) ||
      sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &octets[0], &octets[1], &octets[2], &octets[3],
             &octets[4], &octets[5], &used) != 6 ||
      value[used] != '\0' || (octets[0] & 1u) != 0)
    return false;
  for (int i = 0; i < 6; i++) out[i] = (uint8_t)octets[i];
  return true;
}

bool uri_read_string(const char *value, const char **out) {
  *out = value;
  return value[0] != '\0';
}

/* --- Options --------------------------------------------------------------------------------- */

static int complain_of_name(const struct uri_scheme *scheme, const char *name, char *message,
                            size_t capacity) {
  size_t used = 0;
  int more =
      snprintf(message, capacity, "%s has no option \"%.32s\"; it has", scheme->prefix, name);

  for (size_t i = 0; i < scheme->count && more > 0 && used + (size_t)more < capacity; i++) {
    used += (size_t)more;
    more = snprintf(message + used, capacity - used, " %s", scheme->options[i].name);
  }
  return TOE_ERR_URI;
}

static int set_option(const struct uri_scheme *scheme, void *target, char *text, char *message,
                      size_t capacity) {
  char *value = strchr(text, '=');

  if (value == NULL) {
    snprintf(message, capacity,
             "%s option \"%.32s\" has no value; write options as name=value,name=value",
             scheme->prefix, text);
    return TOE_ERR_URI;
  }
  *value++ = '\0';
  for (size_t i = 0; i < scheme->count; i++) {
    const struct uri_option *option = &scheme->options[i];
    if (strcmp(text, option->name) != 0) continue;
    if (option->set(target, value)) return 0;
    snprintf(message, capacity, "%s option %s cannot be \"%.64s\": it takes %s", scheme->prefix,
             text, value, option->wanted);
    return TOE_ERR_URI;
  }
  return complain_of_name(scheme, text, message, capacity);
}

int uri_parse(const struct uri_scheme *scheme, char *text, void *target, char *message,
              size_t capacity) {
  for (char *rest = text, *option; (option = strsep(&rest, ",")) != NULL;) {
    if (option[0] == '\0') continue;
    const int result = set_option(scheme, target, option, message, capacity);
    if (result != 0) return result;
  }
  return 0;
}
