/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_random.h"

#include <string.h>

enum { MAX_OPTIONS = 40 };

static uint8_t any8(tb_rng_t *rng) {
  return (uint8_t)tb_random(rng);
}

static uint16_t any16(tb_rng_t *rng) {
  return (uint16_t)tb_random(rng);
}

static bool one_in(tb_rng_t *rng, uint32_t n) {
  return tb_random_below(rng, n) == 0;
}

static void fill(uint8_t *octets, uint32_t len, tb_rng_t *rng) {
  for (uint32_t i = 0; i < len; i++) octets[i] = any8(rng);
}

static void add_sack(frame_tcp_t *tcp, tb_rng_t *rng) {
  const uint32_t room = (MAX_OPTIONS - 2u - tcp->options_len) / 8;
  const uint32_t count = 1 + tb_random_below(rng, room);
  uint32_t edges[8];

  for (uint32_t i = 0; i < 2 * count; i++) edges[i] = tb_random(rng);
  frame_add_sack(tcp, edges, count);
}

/* Each option or none, in any order, twice at times. */
static void add_options(frame_tcp_t *tcp, tb_rng_t *rng) {
  const uint8_t body[8] = {any8(rng), any8(rng), any8(rng), any8(rng)};

  while (!one_in(rng, 4) && tcp->options_len <= MAX_OPTIONS - 10) {
    switch (tb_random_below(rng, 8)) {
      case 0:
        frame_add_mss(tcp, any16(rng));
        break;
      case 1:
        frame_add_wscale(tcp, (uint8_t)tb_random_below(rng, 18));
        break;
      case 2:
        frame_add_sack_permitted(tcp);
        break;
      case 3:
        frame_add_timestamps(tcp, tb_random(rng), tb_random(rng));
        break;
      case 4:
        add_sack(tcp, rng);
        break;
      case 5:
        frame_add_option(tcp, (uint8_t)(9 + tb_random_below(rng, 247)), body,
                         (uint8_t)(2 + tb_random_below(rng, 9)));
        break;
      case 6:
        frame_add_option(tcp, 0, NULL, 1); /* what follows means nothing */
        break;
      default:
        frame_add_option(tcp, 1, NULL, 1);
        break;
    }
  }
  frame_pad_options(tcp);
}

static uint32_t any_len(tb_rng_t *rng) {
  switch (tb_random_below(rng, 4)) {
    case 0:
      return 0;
    case 1:
      return tb_random_below(rng, 16);
    case 2:
      return tb_random_below(rng, 200);
    default:
      return tb_random_below(rng, 1380);
  }
}

static void random_segment(frame_t *frame, const frame_path_t *path, tb_rng_t *rng) {
  uint8_t payload[1400];
  frame_tcp_t tcp = {.src_port = any16(rng),
                     .dst_port = any16(rng),
                     .seq = tb_random(rng),
                     .ack = tb_random(rng),
                     .flags = any8(rng),
                     .wnd = any16(rng),
                     .urg_ptr = any16(rng),
                     .payload = payload,
                     .payload_len = any_len(rng)};

  if (!one_in(rng, 3)) add_options(&tcp, rng);
  fill(payload, tcp.payload_len, rng);
  frame_build_tcp(frame, path, &tcp);
}

/* About a segment that dst_ip of the path could have sent. */
static void random_icmp_error(frame_t *frame, const frame_path_t *path, tb_rng_t *rng) {
  static const uint8_t kTypes[] = {3, 3, 4, 5, 11, 12};
  frame_quote_t quote = {
      .src_ip = path->dst_ip,
      .dst_ip = tb_random(rng),
      .src_port = any16(rng),
      .dst_port = any16(rng),
      .seq = tb_random(rng),
      .fragment = one_in(rng, 8) ? any16(rng) : 0x4000,
      .proto = one_in(rng, 8) ? any8(rng) : 0,
      .ip_options_len = (uint8_t)(one_in(rng, 2) ? 4 * tb_random_below(rng, 11) : 0)};

  fill(quote.ip_options, sizeof quote.ip_options, rng);
  if (one_in(rng, 8)) quote.src_ip ^= 1U << tb_random_below(rng, 32);
  frame_build_icmp_error(frame, path, kTypes[tb_random_below(rng, sizeof kTypes)],
                         (uint8_t)tb_random_below(rng, one_in(rng, 4) ? 256 : 6), any16(rng),
                         &quote, one_in(rng, 2) ? tb_random_below(rng, 100) : 0);
}

/* A list of IPv4 options of random kinds, source routes now and then; the end may lie before len.
 */
static void ip_options(uint8_t *octets, uint32_t len, tb_rng_t *rng) {
  static const uint8_t kKinds[] = {7, 68, 148, 134, 136, 30};

  memset(octets, (int)tb_random_below(rng, 2), len);
  for (uint32_t at = 0; at + 2 <= len;) {
    const uint32_t size = 2 + tb_random_below(rng, len - at - 1);
    if (one_in(rng, 3)) {
      octets[at++] = 1;
      continue;
    }
    fill(octets + at, size, rng);
    octets[at] = kKinds[tb_random_below(rng, sizeof kKinds)];
    if (one_in(rng, 16)) octets[at] = one_in(rng, 2) ? 131 : 137;
    octets[at + 1] = (uint8_t)size;
    at += size;
    if (one_in(rng, 4)) break;
  }
}

void frame_random(frame_t *frame, const frame_path_t *path, tb_rng_t *rng) {
  frame_path_t way = *path;
  uint8_t body[2200];
  const uint32_t len = one_in(rng, 32) ? (uint32_t)sizeof body : 4 + any_len(rng);

  fill(body, len, rng);
  way.tagged = one_in(rng, 3);
  way.vlan_tci = any16(rng);
  way.ip_id = any16(rng);
  way.fragment = one_in(rng, 2) ? 0x4000 : 0;
  way.tos = any8(rng);
  way.ttl = any8(rng);
  if (one_in(rng, 4)) {
    way.ip_options_len = (uint8_t)(4 * tb_random_below(rng, 11));
    ip_options(way.ip_options, way.ip_options_len, rng);
  }
  const uint32_t dice = tb_random_below(rng, 32);
  if (dice < 23) {
    random_segment(frame, &way, rng);
  } else if (dice < 24) {
    random_icmp_error(frame, &way, rng);
  } else if (dice < 28) {
    frame_build_icmp(frame, &way, one_in(rng, 4) ? any8(rng) : 8, one_in(rng, 8) ? any8(rng) : 0,
                     body, len);
  } else if (dice < 30) {
    if (one_in(rng, 2)) memset(way.dst_mac, 0xff, sizeof way.dst_mac);
    frame_build_arp(frame, &way, (uint16_t)(1 + tb_random_below(rng, 2)), body);
  } else if (dice < 31) {
    frame_build_ip(frame, &way, any8(rng), body, len);
  } else {
    frame_build_raw(frame, &way, any16(rng), body, len);
  }
  if (one_in(rng, 2)) frame_pad(frame, 60, any8(rng));
}

/* --- Mutations ------------------------------------------------------------------------------- */

static uint8_t odd8(tb_rng_t *rng) {
  static const uint8_t odd[] = {0, 1, 2, 3, 4, 5, 8, 10, 18, 34, 0x7f, 0x80, 0xfe, 0xff};

  return one_in(rng, 4) ? any8(rng) : odd[tb_random_below(rng, sizeof odd)];
}

/* Where the transport header seems to begin; within any frame's array. */
static uint32_t transport(const frame_t *frame) {
  return frame_layer4(frame);
}

/* An octet that a reader of headers looks at. */
static uint32_t header_octet(const frame_t *frame, tb_rng_t *rng) {
  switch (tb_random_below(rng, 4)) {
    case 0:
      return tb_random_below(rng, 18);
    case 1:
      return frame_layer3(frame) + tb_random_below(rng, 20);
    case 2:
      return transport(frame) + tb_random_below(rng, 20);
    default:
      return transport(frame) + 20 + tb_random_below(rng, MAX_OPTIONS);
  }
}

/* A length field moves by a little, or anywhere. */
static void mutate_length(frame_t *frame, tb_rng_t *rng) {
  const uint32_t at = frame_layer3(frame) + 2;
  const uint16_t by = (uint16_t)(tb_random_below(rng, 9) - 4u);

  frame_put16(frame, at, one_in(rng, 4) ? any16(rng) : (uint16_t)(frame_get16(frame, at) + by));
}

static void mutate_address(frame_t *frame, tb_rng_t *rng) {
  static const uint32_t odd[] = {0,          0xffffffff, 0x7f000001, 0xe0000001,
                                 0xf0000001, 0x00000001, 0xdfffffff, 0x80000000};
  const uint32_t ip = frame_layer3(frame);
  const uint32_t own = frame_get32(frame, ip + 16);
  const uint32_t at = ip + (one_in(rng, 4) ? 16 : 12);

  switch (tb_random_below(rng, 4)) {
    case 0:
      frame_put32(frame, at, own);
      break;
    case 1: /* all ones behind a prefix of any length */
      frame_put32(frame, at, own | ((UINT32_C(1) << tb_random_below(rng, 32)) - 1));
      break;
    default:
      frame_put32(frame, at, odd[tb_random_below(rng, sizeof odd / sizeof odd[0])]);
      break;
  }
}

static void mutate_mac(frame_t *frame, tb_rng_t *rng) {
  switch (tb_random_below(rng, 3)) {
    case 0:
      memset(frame->data, 0xff, 6);
      break;
    case 1:
      frame->data[one_in(rng, 2) ? 0 : 6] ^= 1; /* group bit */
      break;
    default:
      frame->data[tb_random_below(rng, 12)] ^= (uint8_t)(1u << tb_random_below(rng, 8));
      break;
  }
}

static void mutate_type(frame_t *frame, tb_rng_t *rng) {
  static const uint16_t types[] = {0x0800, 0x0806, 0x8100, 0x88a8, 0x86dd, 46, 0x0801};

  frame_put16(frame, one_in(rng, 4) ? 16 : frame_layer3(frame) - 2,
              types[tb_random_below(rng, sizeof types / sizeof types[0])]);
}

static void mutate_option(frame_t *frame, tb_rng_t *rng) {
  static const uint8_t kinds[] = {0, 1, 2, 3, 4, 5, 8, 30};
  const uint32_t at = transport(frame) + 20 + tb_random_below(rng, MAX_OPTIONS - 1);

  frame->data[at] = kinds[tb_random_below(rng, sizeof kinds)];
  if (!one_in(rng, 3)) frame->data[at + 1] = odd8(rng);
}

static void mutate_nibble(frame_t *frame, tb_rng_t *rng) {
  const uint8_t nibble = (uint8_t)tb_random_below(rng, 16);
  uint8_t *octet = frame->data + (one_in(rng, 3) ? frame_layer3(frame) : transport(frame) + 12);

  if (octet == frame->data + frame_layer3(frame))
    *octet = (uint8_t)((*octet & 0xf0) | nibble);
  else
    *octet = (uint8_t)((*octet & 0x0f) | nibble << 4);
}

static void mutate_end(frame_t *frame, uint32_t max_len, tb_rng_t *rng) {
  if (one_in(rng, 2)) {
    const uint32_t len = frame->len;

    frame->len = 1 + tb_random_below(rng, len < 160 || one_in(rng, 4) ? len : 160);
  } else {
    const uint32_t longer = frame->len + 1 + tb_random_below(rng, one_in(rng, 8) ? max_len : 8);

    frame_pad(frame, longer < max_len ? longer : max_len, any8(rng));
  }
}

void frame_mutate(frame_t *frame, uint32_t max_len, tb_rng_t *rng) {
  /* Octets behind the end do not count, but the frame must not depend on what was there before. */
  memset(frame->data + frame->len, 0, frame->len + 160 < FRAME_MAX_OCTETS ? 160 : 0);
  switch (tb_random_below(rng, 10)) {
    case 0:
      frame->data[header_octet(frame, rng)] ^= (uint8_t)(1u << tb_random_below(rng, 8));
      break;
    case 1:
      frame->data[header_octet(frame, rng)] = odd8(rng);
      break;
    case 2:
      mutate_length(frame, rng);
      break;
    case 3:
      mutate_address(frame, rng);
      break;
    case 4:
      mutate_mac(frame, rng);
      break;
    case 5:
      mutate_type(frame, rng);
      break;
    case 6:
      mutate_option(frame, rng);
      break;
    case 7:
      mutate_nibble(frame, rng);
      break;
    case 8:
      frame->data[tb_random_below(rng, frame->len)] ^= (uint8_t)(1u << tb_random_below(rng, 8));
      break;
    default:
      mutate_end(frame, max_len, rng);
      break;
  }
}

void frame_fix(frame_t *frame) {
  if (frame->len < 14) return;
  const uint32_t ip = frame_layer3(frame);
  if (frame->len < ip + 20 || frame_get16(frame, ip - 2) != FRAME_TYPE_IPV4) return;
  const uint32_t header_len = 4u * (frame->data[ip] & 0xf);
  if (header_len < 20 || frame->len < ip + header_len) return;
  frame_fix_ip(frame);
  const uint32_t total_len = frame_get16(frame, ip + 2);
  const uint32_t least = frame->data[ip + 9] == FRAME_TCP ? 18 : 4;
  if (total_len < header_len + least || ip + total_len > frame->len) return;
  if (frame->data[ip + 9] == FRAME_TCP || frame->data[ip + 9] == FRAME_ICMP)
    frame_fix_layer4(frame);
}
