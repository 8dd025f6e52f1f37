/* SPDX-License-Identifier: Apache-2.0
 *
 * Octets of frames to send: RFC 894, 791, 9293 section 3.1, 792, 826.
 */
#include <string.h>

#include "model/octets.h"
#include "model/toe_model_frame.h"

enum {
  ETHERNET = 14, /* octets of header */
  IPV4 = 20,
  TCP = 20,
  ICMP = 4, /* type, code, checksum */
  TYPE_IPV4 = 0x0800,
  TYPE_ARP = 0x0806,
  PROTO_ICMP = 1,
  PROTO_TCP = 6,
  DONT_FRAGMENT = 0x4000,
  DEFAULT_TTL = 64
};

static uint8_t *build_ethernet(const model_netif_t *own, uint64_t dst_mac, uint16_t type,
                               uint8_t *at) {
  return put16(put48(put48(at, dst_mac), own->mac), type);
}

/* The ECN field is that of a sender that does not know ECN (RFC 3168 section 5). */
static uint8_t *build_ipv4(const model_netif_t *own, uint8_t dscp, uint8_t proto, uint32_t dst_ip,
                           size_t len, uint8_t *at) {
  uint8_t *const start = at;

  at = put8(put8(at, 0x45), (uint8_t)(dscp << 2));
  at = put16(at, (uint16_t)(IPV4 + len));
  at = put16(put16(at, 0), DONT_FRAGMENT);
  at = put8(put8(at, own->ttl != 0 ? own->ttl : DEFAULT_TTL), proto);
  at = put16(at, 0);
  at = put32(put32(at, own->ip), dst_ip);
  put16(start + 10, (uint16_t)~model_checksum_add(0, start, IPV4));
  return at;
}

static size_t padded(uint8_t *octets, size_t len) {
  if (len >= MODEL_MIN_FRAME) return len;
  memset(octets + len, 0, MODEL_MIN_FRAME - len);
  return MODEL_MIN_FRAME;
}

static uint8_t control_bits(const model_tcp_flags_t *flags) {
  return (uint8_t)(flags->cwr << 7 | flags->ece << 6 | flags->urg << 5 | flags->ack << 4 |
                   flags->psh << 3 | flags->rst << 2 | flags->syn << 1 | flags->fin);
}

size_t model_build_segment(const model_netif_t *own, const model_tx_seg_t *seg,
                           const uint8_t *payload, uint8_t *octets) {
  uint8_t options[40];
  const size_t options_len = model_build_options(&seg->opt, options);
  const size_t header_len = TCP + options_len;
  const size_t room = own->mtu - IPV4 - header_len;
  const size_t payload_len = seg->payload_len < room ? seg->payload_len : room;
  const uint16_t tcp_len = (uint16_t)(header_len + payload_len);
  uint8_t *at = build_ethernet(own, seg->dst_mac, TYPE_IPV4, octets);

  at = build_ipv4(own, seg->dscp, PROTO_TCP, seg->key.remote_ip, tcp_len, at);
  uint8_t *const tcp = at;
  at = put16(put16(at, seg->key.local_port), seg->key.remote_port);
  at = put32(put32(at, seg->seq), seg->ack);
  at = put8(put8(at, (uint8_t)(header_len / 4 << 4)), control_bits(&seg->flags));
  at = put16(put16(put16(at, seg->wnd), 0), seg->urg_ptr);
  memcpy(at, options, options_len);
  if (payload_len != 0) memcpy(at + options_len, payload, payload_len);
  const uint32_t pseudo = model_checksum_pseudo(own->ip, seg->key.remote_ip, tcp_len);
  put16(tcp + 16, (uint16_t)~model_checksum_add(pseudo, tcp, tcp_len));
  return padded(octets, ETHERNET + IPV4 + (size_t)tcp_len);
}

size_t model_build_arp(const model_netif_t *own, bool is_request, uint64_t dst_mac,
                       uint32_t target_ip, uint8_t *octets) {
  uint8_t *at = build_ethernet(own, dst_mac, TYPE_ARP, octets);

  at = put16(put16(at, 1), TYPE_IPV4);
  at = put16(put8(put8(at, 6), 4), is_request ? 1 : 2);
  at = put32(put48(at, own->mac), own->ip);
  at = put32(put48(at, is_request ? 0 : dst_mac), target_ip);
  return padded(octets, (size_t)(at - octets));
}

size_t model_build_echo(const model_netif_t *own, const model_echo_t *echo, const uint8_t *data,
                        uint8_t *octets) {
  const size_t len = ICMP + (size_t)echo->len;
  uint8_t *at = build_ethernet(own, echo->src_mac, TYPE_IPV4, octets);

  at = build_ipv4(own, own->dscp, PROTO_ICMP, echo->src_ip, len, at);
  memset(at, 0, ICMP); /* an echo reply is type 0, code 0 */
  memcpy(at + ICMP, data, echo->len);
  put16(at + 2, (uint16_t)~model_checksum_add(0, at, len));
  return padded(octets, ETHERNET + IPV4 + len);
}
