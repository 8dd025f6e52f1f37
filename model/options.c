/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of a TCP header (RFC 9293 section 3.1, RFC 7323 sections 2.2 and 3.2, RFC 2018).
 */
#include <string.h>

#include "model/octets.h"
#include "model/toe_model_frame.h"

enum { END = 0, NOP = 1, MSS = 2, WSCALE = 3, SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8 };

enum { MAX_WSCALE = 14, BLOCK = 8 };

/* RFC 9293 MUST-6: an option that is not known is skipped, whatever its length. */
static bool length_fits(uint8_t kind, uint8_t len) {
  switch (kind) {
    case MSS:
      return len == 4;
    case WSCALE:
      return len == 3;
    case SACK_PERMITTED:
      return len == 2;
    case SACK: /* 40 octets of options hold four blocks at most */
      return len > 2 && (len - 2) % BLOCK == 0 && len <= 2 + 4 * BLOCK;
    case TIMESTAMPS:
      return len == 10;
    default:
      return true;
  }
}

static void read_sack(const uint8_t *value, uint8_t count, model_tcp_options_t *opt) {
  opt->sack_count = count;
  for (size_t i = 0; i < count; i++)
    opt->sack[i] =
        (model_seq_range_t){get32(value + BLOCK * i), get32(value + BLOCK * i + BLOCK / 2)};
}

/* Engine policy: of several options of one kind the first counts. */
static void read_option(uint8_t kind, uint8_t len, const uint8_t *value, model_tcp_options_t *opt) {
  if (kind == MSS && !opt->mss_valid) {
    opt->mss_valid = 1;
    opt->mss = get16(value);
  } else if (kind == WSCALE && !opt->wscale_valid) {
    /* RFC 7323 section 2.3: a larger shift is taken as 14. */
    opt->wscale_valid = 1;
    opt->wscale = value[0] > MAX_WSCALE ? MAX_WSCALE : value[0];
  } else if (kind == SACK_PERMITTED) {
    opt->sack_permitted = 1;
  } else if (kind == SACK && opt->sack_count == 0) {
    read_sack(value, (uint8_t)(len / BLOCK), opt);
  } else if (kind == TIMESTAMPS && !opt->ts_valid) {
    opt->ts_valid = 1;
    opt->ts_val = get32(value);
    opt->ts_ecr = get32(value + 4);
  }
}

bool model_parse_options(const uint8_t *octets, size_t len, model_tcp_options_t *opt) {
  memset(opt, 0, sizeof *opt);
  while (len != 0 && octets[0] != END) {
    size_t step = 1;
    if (octets[0] != NOP) {
      if (len < 2 || octets[1] < 2 || octets[1] > len || !length_fits(octets[0], octets[1]))
        return false;
      step = octets[1];
      read_option(octets[0], octets[1], octets + 2, opt);
    }
    octets += step;
    len -= step;
  }
  return true;
}

/* Timestamps are ten octets; the two before them are SACK-permitted, or nothing. */
static uint8_t *build_timestamps(const model_tcp_options_t *opt, uint8_t *at) {
  at = opt->sack_permitted ? put8(put8(at, SACK_PERMITTED), 2) : put8(put8(at, NOP), NOP);
  at = put8(put8(at, TIMESTAMPS), 10);
  return put32(put32(at, opt->ts_val), opt->ts_ecr);
}

static uint8_t *build_sack(const model_tcp_options_t *opt, uint8_t *at) {
  const uint8_t room = opt->ts_valid ? 3 : 4;
  const uint8_t count = opt->sack_count < room ? opt->sack_count : room;

  at = put8(put8(at, NOP), NOP);
  at = put8(put8(at, SACK), (uint8_t)(2 + BLOCK * count));
  for (size_t i = 0; i < count; i++) at = put32(put32(at, opt->sack[i].left), opt->sack[i].right);
  return at;
}

size_t model_build_options(const model_tcp_options_t *opt, uint8_t *octets) {
  const bool of_syn = opt->mss_valid || opt->wscale_valid || opt->sack_permitted;
  uint8_t *at = octets;

  if (opt->mss_valid) at = put16(put8(put8(at, MSS), 4), opt->mss);
  if (opt->ts_valid)
    at = build_timestamps(opt, at);
  else if (opt->sack_permitted)
    at = put8(put8(put8(put8(at, NOP), NOP), SACK_PERMITTED), 2);
  if (opt->wscale_valid) at = put8(put8(put8(put8(at, NOP), WSCALE), 3), opt->wscale);
  if (!of_syn && opt->sack_count != 0) at = build_sack(opt, at);
  return (size_t)(at - octets);
}
