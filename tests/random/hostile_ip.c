/* SPDX-License-Identifier: Apache-2.0
 *
 * The hostile one below TCP: ICMP errors that nothing has caused, IPv4 options.
 */
#include <string.h>

#include "hostile.h"

enum {
  IP_HEADER = 20,
  QUOTE_OCTETS = IP_HEADER + 8, /* the least of a packet that an error quotes */
  UNREACHABLE = 3,
  SOURCE_QUENCH = 4,
  TIME_EXCEEDED = 11,
  PARAMETER_PROBLEM = 12,
  FRAGMENTATION_NEEDED = 4,
  MAX_OPTIONS = 40
};

/* --- ICMP errors ------------------------------------------------------------------------------ */

/* Codes that mean something, and one or two that do not. */
static uint8_t draw_code(world_t *world, uint8_t type) {
  const uint8_t strong[] = {2, 3, FRAGMENTATION_NEEDED, FRAGMENTATION_NEEDED};

  if (type == UNREACHABLE)
    return below(world, 2) == 0 ? strong[below(world, 4)] : (uint8_t)below(world, 17);
  return (uint8_t)below(world, type == PARAMETER_PROBLEM ? 4 : 3);
}

static uint16_t draw_mtu(world_t *world) {
  const uint16_t mtus[] = {0, 67, 68, 296, 576, 1006, 1492};
  const uint32_t choice = below(world, 10);

  return choice < 7 ? mtus[choice] : (uint16_t)tb_random(&world->rng);
}

/* Spoils the quoted packet @p ip of @p len octets, or leaves it as it is.  Returns its length. */
static uint32_t spoil_quote(side_t *side, uint8_t *ip, uint32_t len) {
  world_t *world = side->world;

  switch (below(world, 16)) {
    case 0:
      return below(world, QUOTE_OCTETS);
    case 1:
      ip[0] = (uint8_t)tb_random(&world->rng);
      break;
    case 2:
      ip[6 + below(world, 2)] = (uint8_t)tb_random(&world->rng); /* a fragment */
      break;
    case 3:
      ip[9] = (uint8_t)below(world, 20);
      break;
    case 4:
      ip[12 + below(world, 4)] ^= 1; /* the source */
      break;
    case 5:
      ip[16 + below(world, 8)] ^= 1; /* the destination, a port */
      break;
    case 6:
      ip[24 + below(world, 4)] ^= (uint8_t)(1 << below(world, 8)); /* the sequence number */
      break;
    default:
      break;
  }
  return below(world, 2) == 0 ? QUOTE_OCTETS : QUOTE_OCTETS + below(world, len - QUOTE_OCTETS + 1);
}

/* An end may be told of what was said about it, and of nothing else. */
static void note_error(side_t *side, uint8_t type, uint8_t code, uint16_t src_port,
                       uint16_t dst_port) {
  flow_t *flow = world_flow(side->world, side->number, src_port, dst_port);

  if (flow == NULL || code > 15) return;
  if (type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM)
    flow->ends[side->number].icmp_codes[type] |= (uint16_t)(1u << code);
}

void lie_about_path(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  static uint8_t body[FRAME_MAX_OCTETS];
  const uint8_t types[] = {UNREACHABLE,   UNREACHABLE,       UNREACHABLE,  TIME_EXCEEDED,
                           TIME_EXCEEDED, PARAMETER_PROBLEM, SOURCE_QUENCH};
  const frame_t *old = heard_frame(world, side);
  frame_path_t path = path_to(side);

  if (old == NULL) return;
  const uint8_t type = types[below(world, 7)], code = draw_code(world, type);
  const uint16_t mtu = draw_mtu(world);
  const uint32_t ip = frame_layer3(old), total = frame_get16(old, ip + 2);
  memset(body, 0, 2);
  body[2] = (uint8_t)(mtu >> 8);
  body[3] = (uint8_t)mtu;
  memcpy(body + 4, old->data + ip, total);
  const flow_t *flow =
      world_flow(world, side->number, frame_get16(old, ip + 20), frame_get16(old, ip + 22));
  /* The oldest octet in flight, as far as he knows: nothing was asked for again yet. */
  if (flow != NULL && below(world, 2) == 0) {
    const uint32_t seq = flow->heard[side->number].iss + flow->heard[1 - side->number].ack;
    for (int i = 0; i < 4; i++) body[4 + 24 + i] = (uint8_t)(seq >> (24 - 8 * i));
  }
  const uint32_t len = spoil_quote(side, body + 4, total);
  note_error(side, type, code, (uint16_t)(body[24] << 8 | body[25]),
             (uint16_t)(body[26] << 8 | body[27]));
  if (below(world, 2) == 0) path.src_ip = 0x0a000000 + 10 + below(world, 200); /* a router */
  frame_build_icmp(&frame, &path, type, code, body, 4 + len);
  send_to(side, &frame, 0);
}

/* --- IPv4 options ----------------------------------------------------------------------------- */

/* Options whose lengths are right, a source route among them or not. */
static void good_options(world_t *world, uint8_t *options, uint32_t len) {
  const uint8_t kinds[] = {7, 68, 130, 136, 148, 131, 137};

  for (uint32_t at = 0; at < len;) {
    const uint32_t left = len - at;
    if (left < 3 || below(world, 4) == 0) {
      options[at++] = below(world, 8) != 0; /* a no-operation, or the end */
      continue;
    }
    options[at] = kinds[below(world, 7)];
    options[at + 1] = (uint8_t)(3 + below(world, left - 2));
    at += options[at + 1];
  }
}

/* RFC 791 section 3.1: a list may be anything, and its end anywhere. */
void add_ip_options(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  frame_info_t info;
  const frame_t *old = heard_frame(world, &world->sides[1 - side->number]);

  if (old == NULL) return;
  frame_check(old, &info);
  mark_reset(side, &info);
  const uint32_t ip = frame_layer3(old), len = 4 + 4 * below(world, MAX_OPTIONS / 4);
  uint8_t *options = frame.data + ip + IP_HEADER;
  memcpy(frame.data, old->data, ip + IP_HEADER);
  memcpy(options + len, old->data + ip + IP_HEADER, old->len - ip - IP_HEADER);
  frame.len = old->len + len;
  for (uint32_t i = 0; i < len; i++) options[i] = (uint8_t)tb_random(&world->rng);
  if (below(world, 4) != 0) good_options(world, options, len);
  frame.data[ip] = (uint8_t)(0x40 | (IP_HEADER + len) / 4);
  frame_put16(&frame, ip + 2, (uint16_t)(frame_get16(old, ip + 2) + len));
  frame_fix_ip(&frame);
  send_to(side, &frame, 0);
}
