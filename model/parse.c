/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a frame: RFC 894, 826, 791, 1122 section 3.2, 792, 1191 and 9293 section 3.1.
 */
#include <string.h>

#include "model/octets.h"
#include "model/toe_model_frame.h"

enum {
  ETHERNET = 14, /* octets of header */
  ARP = 28,
  IPV4 = 20,
  TCP = 20,
  ICMP = 8,      /* of an echo message */
  ICMP_DATA = 4, /* what follows the checksum */
  TYPE_IPV4 = 0x0800,
  TYPE_ARP = 0x0806,
  TYPE_CUSTOMER_TAG = 0x8100,
  TYPE_SERVICE_TAG = 0x88a8,
  PROTO_ICMP = 1,
  PROTO_TCP = 6,
  ECHO_REQUEST = 8,
  ECHO_OCTETS = 2048 /* Engine policy: a longer message after its checksum is not answered */
};

static const uint64_t kBroadcast = UINT64_C(0xffffffffffff);

/* One frame on its way through the headers. */
typedef struct reader {
  const model_netif_t *own;
  const uint8_t *octets; /* of the whole frame */
  size_t len;
  uint64_t dst_mac, src_mac;
  size_t layer3; /* octets before the network header */
  model_frame_t *frame;
} reader_t;

static void drop(reader_t *reader, model_drop_t why) {
  reader->frame->kind = MODEL_FRAME_DROPPED;
  reader->frame->drop = (uint8_t)why;
}

static bool is_group(uint64_t mac) {
  return mac >> 40 & 1;
}

/* RFC 1122 section 3.2.1.3: what must not be a source address.  A network of two addresses or one
 * has no broadcast address (RFC 3021).  Engine policy: class E and our own address too. */
static bool source_is_wrong(const model_netif_t *own, uint32_t ip) {
  const uint32_t host = ~own->netmask;
  const bool same_net = ((ip ^ own->ip) & own->netmask) == 0;

  return ip >> 24 == 0 || ip >> 24 == 127 || ip >> 29 == 7 || ip == own->ip ||
         (host > 1 && same_net && (ip & host) == host);
}

/* Whether @p len octets at @p octets sum up to zero, of which ones-complement arithmetic has two
 * (RFC 1071 section 1).  Engine policy: both are good; no echo request and no segment sums to
 * +0. */
static bool sums_to_zero(uint32_t sum, const uint8_t *octets, size_t len) {
  const uint16_t total = model_checksum_add(sum, octets, len);

  return total == 0xffff || total == 0;
}

/* RFC 826.  Engine policy: requests and replies only, and nobody's address is a group's. */
static void parse_arp(reader_t *reader) {
  const uint8_t *arp = reader->octets + reader->layer3;
  const uint16_t opcode = get16(arp + 6);
  const uint64_t sender_mac = get48(arp + 8);

  if (get16(arp) != 1 || get16(arp + 2) != TYPE_IPV4 || arp[4] != 6 || arp[5] != 4 ||
      (opcode != 1 && opcode != 2) || is_group(sender_mac)) {
    drop(reader, MODEL_DROP_ARP_BAD);
    return;
  }
  reader->frame->kind = MODEL_FRAME_ARP;
  reader->frame->arp = (model_arp_t){.is_request = opcode == 1,
                                     .sender_mac = sender_mac,
                                     .sender_ip = get32(arp + 14),
                                     .target_ip = get32(arp + 24)};
}

/* RFC 792: what a message of this type and code says about the segment that it quotes. */
static model_icmp_kind_t icmp_error_kind(uint8_t type, uint8_t code) {
  enum { UNREACHABLE = 3, TIME_EXCEEDED = 11, PARAMETER_PROBLEM = 12 };

  if (type == UNREACHABLE && code <= 15) return MODEL_ICMP_UNREACHABLE; /* RFC 1812 has the last */
  if (type == TIME_EXCEEDED && code <= 1) return MODEL_ICMP_TIME_EXCEEDED;
  if (type == PARAMETER_PROBLEM && code <= 2) return MODEL_ICMP_PARAMETER;
  return MODEL_ICMP_NONE;
}

/* RFC 792, RFC 1122 section 3.2.2: behind eight octets, the IPv4 header of a packet that we sent,
 * and at least eight octets of what it carried; RFC 1191: the MTU of the next hop. */
static void parse_icmp_error(reader_t *reader, model_icmp_kind_t kind, size_t at, size_t len) {
  enum { QUOTE = 8, QUOTED_DATA = 8, FRAGMENTATION_NEEDED = 4 };
  const uint8_t *icmp = reader->octets + at;
  const uint8_t *ip = icmp + QUOTE;
  model_rx_seg_t *seg = &reader->frame->seg;

  if (len < QUOTE + IPV4 + QUOTED_DATA) {
    drop(reader, MODEL_DROP_ICMP_QUOTE);
    return;
  }
  const size_t header_len = (size_t)(ip[0] & 15) * 4;
  if (ip[0] >> 4 != 4 || header_len < IPV4 || len < QUOTE + header_len + QUOTED_DATA ||
      ip[9] != PROTO_TCP || (get16(ip + 6) & 0x1fff) != 0 || get32(ip + 12) != reader->own->ip) {
    drop(reader, MODEL_DROP_ICMP_QUOTE);
    return;
  }
  const uint8_t *tcp = ip + header_len;
  reader->frame->kind = MODEL_FRAME_ICMP_ERROR;
  seg->key = (model_flow_key_t){get32(ip + 16), get16(tcp + 2), get16(tcp)};
  seg->src_mac = reader->src_mac;
  seg->seq = get32(tcp + 4);
  seg->icmp.kind = (uint8_t)kind;
  seg->icmp.code = icmp[1];
  if (kind == MODEL_ICMP_UNREACHABLE && icmp[1] == FRAGMENTATION_NEEDED)
    seg->icmp.mtu = get16(icmp + 6);
}

static void parse_icmp(reader_t *reader, uint32_t src_ip, size_t at, size_t len) {
  const uint8_t *icmp = reader->octets + at;

  if (len < ICMP || !sums_to_zero(0, icmp, len)) {
    drop(reader, MODEL_DROP_ICMP_BAD);
  } else if (icmp_error_kind(icmp[0], icmp[1]) != MODEL_ICMP_NONE) {
    parse_icmp_error(reader, icmp_error_kind(icmp[0], icmp[1]), at, len);
  } else if (icmp[0] != ECHO_REQUEST || icmp[1] != 0) {
    drop(reader, MODEL_DROP_ICMP_OTHER);
  } else if (len - ICMP_DATA > ECHO_OCTETS) {
    drop(reader, MODEL_DROP_ECHO_BUSY);
  } else {
    reader->frame->kind = MODEL_FRAME_ECHO;
    reader->frame->payload_off = at + ICMP_DATA;
    reader->frame->echo = (model_echo_t){.src_mac = reader->src_mac,
                                         .src_ip = src_ip,
                                         .checksum = get16(icmp + 2),
                                         .len = (uint16_t)(len - ICMP_DATA)};
  }
}

static uint8_t bit(uint8_t octet, unsigned number) {
  return octet >> number & 1;
}

static void parse_tcp(reader_t *reader, uint32_t src_ip, size_t at, size_t len) {
  const uint8_t *tcp = reader->octets + at;
  model_rx_seg_t *seg = &reader->frame->seg;

  if (len < TCP || (size_t)(tcp[12] >> 4) * 4 < TCP || (size_t)(tcp[12] >> 4) * 4 > len) {
    drop(reader, MODEL_DROP_TCP_HEADER);
    return;
  }
  const size_t header_len = (size_t)(tcp[12] >> 4) * 4;
  if (!sums_to_zero(model_checksum_pseudo(src_ip, reader->own->ip, (uint16_t)len), tcp, len)) {
    drop(reader, MODEL_DROP_TCP_CHECKSUM);
    return;
  }
  if (!model_parse_options(tcp + TCP, header_len - TCP, &seg->opt)) {
    seg->opt = (model_tcp_options_t){0};
    drop(reader, MODEL_DROP_TCP_OPTION);
    return;
  }
  reader->frame->kind = MODEL_FRAME_SEGMENT;
  reader->frame->payload_off = at + header_len;
  seg->key = (model_flow_key_t){src_ip, get16(tcp), get16(tcp + 2)};
  seg->src_mac = reader->src_mac;
  seg->seq = get32(tcp + 4);
  seg->ack = get32(tcp + 8);
  seg->flags = (model_tcp_flags_t){.cwr = bit(tcp[13], 7),
                                   .ece = bit(tcp[13], 6),
                                   .urg = bit(tcp[13], 5),
                                   .ack = bit(tcp[13], 4),
                                   .psh = bit(tcp[13], 3),
                                   .rst = bit(tcp[13], 2),
                                   .syn = bit(tcp[13], 1),
                                   .fin = bit(tcp[13], 0)};
  seg->wnd = get16(tcp + 14);
  seg->urg_ptr = get16(tcp + 18);
  seg->payload_len = (uint16_t)(len - header_len);
}

typedef enum ip_options { OPTIONS_PASS, OPTIONS_LIE, OPTIONS_ROUTE } ip_options_t;

/* RFC 791 section 3.1.  Engine policy: options are skipped, but a source route is not followed
 * (RFC 7126 sections 4.3 and 4.4), nor a list whose end cannot be found. */
static ip_options_t read_ip_options(const uint8_t *octets, size_t len) {
  enum { END = 0, NOP = 1, LOOSE_ROUTE = 131, STRICT_ROUTE = 137 };
  ip_options_t found = OPTIONS_PASS;

  for (size_t at = 0; at < len && octets[at] != END;) {
    if (octets[at] == NOP) {
      at++;
      continue;
    }
    if (at + 1 >= len || octets[at + 1] < 2 || octets[at + 1] > len - at) return OPTIONS_LIE;
    if (octets[at] == LOOSE_ROUTE || octets[at] == STRICT_ROUTE) found = OPTIONS_ROUTE;
    at += octets[at + 1];
  }
  return found;
}

/* RFC 791 section 3.1, RFC 1122 section 3.2.1.  Octets after the packet are padding of the network
 * below.  Engine policy: fragments are dropped; a packet for us in a frame for everybody is not for
 * us (RFC 1122 section 3.3.6). */
static void parse_ipv4(reader_t *reader) {
  const uint8_t *ip = reader->octets + reader->layer3;
  const size_t header_len = (size_t)(ip[0] & 15) * 4;
  const size_t total_len = get16(ip + 2);
  const uint32_t src_ip = get32(ip + 12);
  const size_t layer4 = reader->layer3 + header_len;

  if (ip[0] >> 4 != 4 || header_len < IPV4 || total_len < header_len ||
      reader->layer3 + total_len > reader->len) {
    drop(reader, MODEL_DROP_IP_HEADER);
    return;
  }
  const ip_options_t options = read_ip_options(ip + IPV4, header_len - IPV4);
  if (!sums_to_zero(0, ip, header_len)) {
    drop(reader, MODEL_DROP_IP_CHECKSUM);
  } else if ((get16(ip + 6) & 0x3fff) != 0) {
    drop(reader, MODEL_DROP_IP_FRAGMENT);
  } else if (get32(ip + 16) != reader->own->ip || reader->dst_mac == kBroadcast) {
    drop(reader, MODEL_DROP_IP_DST);
  } else if (source_is_wrong(reader->own, src_ip) || is_group(reader->src_mac)) {
    drop(reader, MODEL_DROP_IP_SRC);
  } else if (ip[9] != PROTO_ICMP && ip[9] != PROTO_TCP) {
    drop(reader, MODEL_DROP_IP_PROTO);
  } else if (options == OPTIONS_LIE) {
    drop(reader, MODEL_DROP_IP_HEADER);
  } else if (options == OPTIONS_ROUTE) {
    drop(reader, MODEL_DROP_IP_SOURCE_ROUTE);
  } else if (ip[9] == PROTO_ICMP) {
    parse_icmp(reader, src_ip, layer4, total_len - header_len);
  } else {
    parse_tcp(reader, src_ip, layer4, total_len - header_len);
  }
}

/* Finds the type field, behind one 802.1Q tag at most.  False when the frame is dropped. */
static bool parse_ethernet(reader_t *reader, uint16_t *type) {
  const uint8_t *octets = reader->octets;

  if (reader->len < ETHERNET) {
    drop(reader, MODEL_DROP_RUNT);
    return false;
  }
  reader->dst_mac = get48(octets);
  reader->src_mac = get48(octets + 6);
  if (reader->dst_mac != reader->own->mac && reader->dst_mac != kBroadcast) {
    drop(reader, MODEL_DROP_NOT_FOR_US);
    return false;
  }
  const bool tagged = get16(octets + 12) == TYPE_CUSTOMER_TAG;
  reader->layer3 = ETHERNET + (tagged ? MODEL_TAG_OCTETS : 0);
  if (reader->len < reader->layer3) {
    drop(reader, MODEL_DROP_RUNT);
    return false;
  }
  *type = get16(octets + reader->layer3 - 2);
  if (*type == TYPE_SERVICE_TAG || *type == TYPE_CUSTOMER_TAG) {
    drop(reader, MODEL_DROP_VLAN_DEPTH);
    return false;
  }
  if (*type != TYPE_IPV4 && *type != TYPE_ARP) {
    drop(reader, MODEL_DROP_ETHER_TYPE);
    return false;
  }
  if (reader->len < reader->layer3 + (*type == TYPE_ARP ? ARP : IPV4)) {
    drop(reader, MODEL_DROP_RUNT);
    return false;
  }
  return true;
}

void model_parse(const model_netif_t *own, const uint8_t *octets, size_t len, bool fcs_good,
                 model_frame_t *frame) {
  reader_t reader = {.own = own, .octets = octets, .len = len, .frame = frame};
  uint16_t type;

  memset(frame, 0, sizeof *frame);
  if (!own->enabled) {
    drop(&reader, MODEL_DROP_DISABLED);
  } else if (!fcs_good) {
    drop(&reader, MODEL_DROP_MAC_ERROR);
  } else if (len > (size_t)own->mtu + ETHERNET + MODEL_TAG_OCTETS) {
    /* Engine policy: the room of a tag is allowed, tag or not. */
    drop(&reader, MODEL_DROP_OVERSIZE);
  } else if (parse_ethernet(&reader, &type)) {
    if (type == TYPE_ARP)
      parse_arp(&reader);
    else
      parse_ipv4(&reader);
  }
}
