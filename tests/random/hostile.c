/* SPDX-License-Identifier: Apache-2.0
 *
 * Somebody on the wire who means ill.  He hears every frame, and sends old ones again, changed
 * ones, scans and noise to both engines.  What he does below TCP is in hostile_ip.c.
 *
 * What TCP cannot withstand he does not do, or no stream could be checked: other octets inside the
 * window, a FIN there, an acknowledgement of what has not arrived, a later timestamp or a window
 * that closes.  A RST that must be obeyed he sends seldom, and the flow is marked.
 */
#include <string.h>

#include "hostile.h"

enum { MAX_ACTS = 4, GAP_NS = 60000, SPOILED = 14, FRAMES_OF_A_FLOW = 30 };

/* --- What he hears ---------------------------------------------------------------------------- */

flow_t *world_flow(world_t *world, unsigned side, uint16_t port, uint16_t other_port) {
  for (unsigned i = world->flow_count; i-- > 0;) {
    flow_t *flow = &world->flows[i];
    if (flow->ports[side] == port && flow->ports[1 - side] == other_port) return flow;
  }
  return NULL;
}

/* Where the two timestamps lie in the frame; 0: there are none. */
static uint32_t find_timestamps(const frame_t *frame, const frame_info_t *info) {
  uint32_t at = info->layer4 + 20;
  const uint32_t end = at + info->options_len;

  while (at < end && frame->data[at] != 0) {
    if (frame->data[at] == 8) return at + 2;
    at += frame->data[at] == 1 ? 1 : frame->data[at + 1];
  }
  return 0;
}

/* Every octet on the wire belongs where it is, sent for the first time or again. */
static void check_payload(side_t *side, const flow_t *flow, const frame_t *frame,
                          const frame_info_t *info) {
  static uint8_t expected[FRAME_MAX_OCTETS];
  const heard_t *heard = &flow->heard[side->number];
  const uint32_t place = info->seq - heard->iss - 1;

  if (info->payload_len == 0 || !heard->iss_known || (info->flags & FRAME_SYN) != 0) return;
  /* A probe of a closed window or an idle connection may carry one octet of before. */
  if (place == UINT32_MAX) return;
  /* What has been acknowledged meanwhile belongs to the host again, who may have written over it.
   */
  const uint32_t acked = flow->heard[1 - side->number].ack; /* the SYN counts as one */
  const uint32_t over = (int32_t)(acked - (place + 1)) > 0 ? acked - (place + 1) : 0;
  if (over >= info->payload_len) return;
  stream_fill(flow, side->number, place, expected, info->payload_len);
  if (memcmp(expected + over, frame->data + info->payload + over, info->payload_len - over) != 0)
    side_fail(side, "flow %u: engine %u sent wrong octets from %u on", flow->number, side->number,
              place);
  if (place + info->payload_len > flow->ends[side->number].sent)
    side_fail(side, "flow %u: engine %u sent what it was not given", flow->number, side->number);
}

void hostile_hear(side_t *side, const frame_t *frame, const frame_info_t *info) {
  if (info->type != FRAME_TYPE_IPV4 || info->proto != FRAME_TCP) return;
  if (info->dst_ip != side->world->sides[1 - side->number].config.ip) return;
  flow_t *flow = world_flow(side->world, side->number, info->src_port, info->dst_port);
  if (flow == NULL) return;
  heard_t *heard = &flow->heard[side->number];
  /* A SYN cache that has forgotten answers with another number.  So may an answer to an old SYN
   * later, which means nothing to the connection. */
  if ((info->flags & FRAME_SYN) != 0 && heard->seq_end <= 1) {
    heard->iss_known = true;
    heard->iss = info->seq;
    heard->seq_end = 0;
  }
  check_payload(side, flow, frame, info);
  const uint32_t end = info->seq + info->payload_len - heard->iss;
  if (info->payload_len != 0 && (int32_t)(end - heard->seq_end) > 0) heard->seq_end = end;
  const uint32_t ack = info->ack - flow->heard[1 - side->number].iss;
  if ((info->flags & (FRAME_ACK | FRAME_RST | FRAME_SYN)) == FRAME_ACK &&
      (int32_t)(ack - heard->ack) > 0)
    heard->ack = ack;
  heard->wnd = info->wnd;
  const uint32_t ts = find_timestamps(frame, info);
  heard->has_ts = ts != 0;
  if (heard->has_ts) {
    heard->ts_val = frame_get32(frame, ts);
    heard->ts_ecr = frame_get32(frame, ts + 4);
  }
  if (frame->len <= 1600) side->heard[side->heard_count++ % WORLD_HEARD] = *frame;
}

/* --- What he sends ---------------------------------------------------------------------------- */

static void make_mac(const side_t *side, uint8_t mac[6]) {
  mac[0] = 0x02;
  mac[1] = 0;
  for (int i = 0; i < 4; i++) mac[2 + i] = (uint8_t)(side->config.ip >> (24 - 8 * i));
}

frame_path_t path_to(const side_t *side) {
  const side_t *other = &side->world->sides[1 - side->number];
  frame_path_t path = {.src_ip = other->config.ip, .dst_ip = side->config.ip};

  make_mac(side, path.dst_mac);
  make_mac(other, path.src_mac);
  return path;
}

void send_to(side_t *side, frame_t *frame, unsigned flags) {
  frame_pad(frame, 60, (uint8_t)tb_random(&side->world->rng));
  side->world->hostile_frames++;
  world_frame_in(side, frame, flags);
}

const frame_t *heard_frame(world_t *world, side_t *from) {
  const uint32_t count = from->heard_count < WORLD_HEARD ? from->heard_count : WORLD_HEARD;
  return count != 0 ? &from->heard[below(world, count)] : NULL;
}

void mark_reset(side_t *side, const frame_info_t *info) {
  if ((info->flags & FRAME_RST) == 0) return;
  flow_t *flow = world_flow(side->world, side->number, info->dst_port, info->src_port);
  if (flow != NULL) flow->attacked = true;
}

static void replay(side_t *side) {
  world_t *world = side->world;
  static frame_t copy;
  frame_info_t info;
  const frame_t *old = heard_frame(world, &world->sides[1 - side->number]);

  if (old == NULL) return;
  copy = *old;
  frame_check(&copy, &info);
  mark_reset(side, &info);
  send_to(side, &copy, below(world, 16) == 0 ? TOE_SIM_BAD_FCS : 0);
}

/* A number at an edge of the window that begins at @p edge and holds @p wnd octets. */
static uint32_t near(world_t *world, uint32_t edge, uint32_t wnd) {
  const uint32_t offsets[] = {0,       UINT32_MAX, 1,          2,          wnd,
                              wnd - 1, wnd + 1,    0x7fffffff, 0x80000000, 0U - wnd};
  return edge + offsets[below(world, 10)];
}

static void add_timestamps(world_t *world, frame_tcp_t *tcp, const heard_t *heard) {
  const uint32_t age = below(world, 3) == 0 ? 1 + below(world, 100000) : 0;

  if (!heard->has_ts || below(world, 8) == 0) return;
  frame_add_timestamps(tcp, heard->ts_val - age, heard->ts_ecr);
  frame_pad_options(tcp);
}

/* A segment without octets into a live connection. */
static void forge(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  const frame_path_t path = path_to(side);
  if (world->flow_count == 0) return;
  flow_t *flow =
      &world->flows[world->flow_first + below(world, world->flow_count - world->flow_first + 1)];
  if (flow >= world->flows + world->flow_count) return;
  const heard_t *peer = &flow->heard[1 - side->number], *own = &flow->heard[side->number];
  if (!peer->iss_known || !own->iss_known) return;
  const uint32_t rcv_nxt = peer->iss + own->ack; /* or a little more */
  const uint8_t kinds[] = {FRAME_ACK,
                           FRAME_RST,
                           FRAME_RST | FRAME_ACK,
                           FRAME_SYN,
                           FRAME_SYN | FRAME_ACK,
                           0,
                           FRAME_ACK | FRAME_PSH,
                           FRAME_ACK | FRAME_ECE | FRAME_CWR};
  frame_tcp_t tcp = {.src_port = flow->ports[1 - side->number],
                     .dst_port = flow->ports[side->number],
                     .flags = kinds[below(world, 8)],
                     .wnd = 0xffff};

  tcp.seq = near(world, rcv_nxt, own->wnd);
  /* Old acknowledgements, or of what was never sent; never of what may be missing. */
  tcp.ack = below(world, 2) == 0 ? own->iss + peer->ack - below(world, 3000)
                                 : own->iss + own->seq_end + 100000 + below(world, 1u << 30);
  if ((tcp.flags & FRAME_RST) != 0) {
    flow->attacked = true;
    if (below(world, 8) != 0 && tcp.seq == rcv_nxt) tcp.seq++;
  }
  /* A number ahead would make the window it brings the last word. */
  if ((tcp.flags & (FRAME_RST | FRAME_SYN)) == 0 && (int32_t)(tcp.seq - rcv_nxt) > 0 &&
      tcp.seq - rcv_nxt < 0x40000000)
    tcp.seq = rcv_nxt - 1;
  if (flow->heard[1 - side->number].ack == 0) return;
  add_timestamps(world, &tcp, peer);
  frame_build_tcp(&frame, &path, &tcp);
  send_to(side, &frame, 0);
}

/* Octets of the stream again, cut as nobody has cut them before. */
static void repeat(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  static uint8_t octets[1400];
  const frame_path_t path = path_to(side);
  if (world->flow_count == 0) return;
  const flow_t *flow = &world->flows[below(world, world->flow_count)];
  const heard_t *peer = &flow->heard[1 - side->number], *own = &flow->heard[side->number];
  if (!peer->iss_known || !own->iss_known || peer->ack == 0 || peer->seq_end < 2) return;
  const uint32_t sent = peer->seq_end - 1;
  const uint32_t len = 1 + below(world, sent < sizeof octets ? sent : (uint32_t)sizeof octets);
  const uint32_t newest = below(world, 4) != 0 ? 3000 : sent;
  uint32_t from = sent - len;
  from -= below(world, (from < newest ? from : newest) + 1);
  frame_tcp_t tcp = {.src_port = flow->ports[1 - side->number],
                     .dst_port = flow->ports[side->number],
                     .seq = peer->iss + 1 + from,
                     .ack = own->iss + peer->ack,
                     .flags = FRAME_ACK | (below(world, 2) != 0 ? FRAME_PSH : 0),
                     .wnd = peer->wnd,
                     .payload = octets,
                     .payload_len = len};

  stream_fill(flow, 1 - side->number, from, octets, len);
  if (peer->has_ts) {
    frame_add_timestamps(&tcp, peer->ts_val, peer->ts_ecr);
    frame_pad_options(&tcp);
  }
  frame_build_tcp(&frame, &path, &tcp);
  send_to(side, &frame, 0);
}

/* SYNs from addresses that are nobody's, and segments for ports and connections that are not. */
static void scan(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  frame_path_t path = path_to(side);
  const uint8_t kinds[] = {FRAME_SYN, FRAME_SYN, FRAME_ACK, FRAME_RST, FRAME_FIN, 0, 0x3f};
  frame_tcp_t tcp = {.src_port = (uint16_t)below(world, 9000),
                     .dst_port = (uint16_t)(WORLD_FIRST_PORT + below(world, 5)),
                     .seq = tb_random(&world->rng),
                     .ack = tb_random(&world->rng),
                     .flags = kinds[below(world, 7)],
                     .wnd = (uint16_t)tb_random(&world->rng)};

  path.src_ip = 0x0a000000 + 10 + below(world, 200);
  if (below(world, 2) == 0) frame_add_mss(&tcp, (uint16_t)tb_random(&world->rng));
  if (below(world, 2) == 0) frame_add_wscale(&tcp, (uint8_t)below(world, 20));
  if (below(world, 2) == 0) frame_add_timestamps(&tcp, tb_random(&world->rng), 0);
  if (below(world, 2) == 0) frame_add_sack_permitted(&tcp);
  frame_pad_options(&tcp);
  frame_build_tcp(&frame, &path, &tcp);
  send_to(side, &frame, 0);
}

static void noise_arp(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  frame_path_t path = path_to(side);

  if (below(world, 2) == 0) {
    path.src_ip = 0x0a000000 + 10 + below(world, 200);
    path.src_mac[5] = (uint8_t)path.src_ip;
  }
  if (below(world, 3) == 0) path.dst_ip = path.src_ip; /* gratuitous */
  if (below(world, 2) == 0) memset(path.dst_mac, 0xff, 6);
  frame_build_arp(&frame, &path, (uint16_t)below(world, 4), NULL);
  if (below(world, 4) == 0) frame.data[14 + below(world, 6)] ^= 1;
  send_to(side, &frame, 0);
}

static void ping(side_t *side) {
  static frame_t frame;
  static const uint8_t body[1200];
  const frame_path_t path = path_to(side);

  frame_build_icmp(&frame, &path, below(side->world, 4) == 0 ? 13 : 8, 0, body,
                   4 + below(side->world, 1100));
  send_to(side, &frame, 0);
}

/* A good frame with one thing wrong: each thing has its drop reason. */
static void spoil(side_t *side) {
  world_t *world = side->world;
  static frame_t frame;
  const frame_t *old = heard_frame(world, &world->sides[1 - side->number]);

  if (old == NULL) return;
  frame = *old;
  const uint32_t ip = frame_layer3(&frame), tcp = frame_layer4(&frame);
  const uint16_t total = frame_get16(&frame, ip + 2);
  switch (below(world, SPOILED)) {
    case 0:
      frame_put16(&frame, ip - 2, (uint16_t)(0x86dd + below(world, 2)));
      break;
    case 1:
      frame.data[ip + 9] = 17; /* UDP */
      frame_fix_ip(&frame);
      break;
    case 2:
      frame_put16(&frame, ip + 6, 0x2000);
      frame_fix_ip(&frame);
      break;
    case 3:
      frame.data[ip] = (uint8_t)(0x40 + below(world, 5));
      frame_fix_ip(&frame);
      break;
    case 4:
      frame.data[ip + 10] ^= 0x10;
      break;
    case 5:
      frame_put32(&frame, ip + 16, 0x0a000063);
      frame_fix_ip(&frame);
      break;
    case 6:
      frame_put32(&frame, ip + 12, below(world, 2) != 0 ? 0xe0000001 : side->config.ip);
      frame_fix_ip(&frame);
      break;
    case 7:
      frame_put16(&frame, ip + 2, (uint16_t)(total + 1 + below(world, 2000)));
      frame_fix_ip(&frame);
      break;
    case 8:
      /* Fifteen words are a lie only where so many are not there: else octets of the stream would
       * pass for options, and the rest would be a sound segment that nobody sent. */
      frame.data[tcp + 12] =
          (uint8_t)(below(world, 2) != 0 || ip + total - tcp >= 60 ? 0x40 : 0xf0);
      frame_fix_layer4(&frame);
      break;
    case 9:
      frame.data[tcp + 16] ^= 0x80;
      break;
    case 10:
      frame.data[0] ^= 0x04;
      break;
    case 11: {
      const frame_path_t path = path_to(side);
      const uint8_t tags[8] = {0, 1, 0x81, 0, 0, 1, 8, 0};
      frame_build_raw(&frame, &path, FRAME_TYPE_VLAN, tags, sizeof tags);
      break;
    }
    case 12: {
      const frame_path_t path = path_to(side);
      frame_tcp_t bad = {.src_port = 1, .dst_port = WORLD_FIRST_PORT, .flags = FRAME_SYN};
      bad.options_len = 4;
      bad.options[0] = 2; /* MSS with a length that passes the end */
      bad.options[1] = 40;
      frame_build_tcp(&frame, &path, &bad);
      break;
    }
    default:
      frame.len = 14 + below(world, 30);
      world->hostile_frames++;
      world_frame_in(side, &frame, 0); /* as short as it is */
      return;
  }
  send_to(side, &frame, 0);
}

/* So many frames for each connection on average. */
static uint64_t budget(const world_t *world) {
  return (uint64_t)FRAMES_OF_A_FLOW * (world->flow_count + 1);
}

void hostile_act(world_t *world) {
  typedef void act_fn(side_t *);
  static act_fn *const acts[] = {replay, replay, forge,          forge,          forge,
                                 repeat, repeat, scan,           noise_arp,      ping,
                                 spoil,  spoil,  lie_about_path, lie_about_path, add_ip_options};

  uint32_t left = world->hostile_frames < budget(world) ? 1 + below(world, MAX_ACTS) : 0;
  for (; left != 0; left--) {
    side_t *side = &world->sides[below(world, 2)];
    acts[below(world, sizeof acts / sizeof *acts)](side);
  }
  world->next_hostile_ns = world_now(world) + world_between(world, 100, GAP_NS);
}
