/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>

uint16_t frame_get16(const frame_t *frame, uint32_t offset) {
  return (uint16_t)(frame->data[offset] << 8 | frame->data[offset + 1]);
}

uint32_t frame_get32(const frame_t *frame, uint32_t offset) {
  return (uint32_t)frame_get16(frame, offset) << 16 | frame_get16(frame, offset + 2);
}

void frame_put16(frame_t *frame, uint32_t offset, uint16_t value) {
  frame->data[offset] = (uint8_t)(value >> 8);
  frame->data[offset + 1] = (uint8_t)value;
}

void frame_put32(frame_t *frame, uint32_t offset, uint32_t value) {
  frame_put16(frame, offset, (uint16_t)(value >> 16));
  frame_put16(frame, offset + 2, (uint16_t)value);
}

uint16_t frame_csum(const uint8_t *data, uint32_t len, uint32_t sum) {
  uint64_t total = sum;

  for (uint32_t i = 0; i < len; i++) total += (uint64_t)data[i] << (i % 2 == 0 ? 8 : 0);
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return (uint16_t)~total;
}

static void append(frame_t *frame, const void *octets, uint32_t len) {
  if (len != 0) memcpy(frame->data + frame->len, octets, len);
  frame->len += len;
}

static void append16(frame_t *frame, uint16_t value) {
  frame_put16(frame, frame->len, value);
  frame->len += 2;
}

static void append32(frame_t *frame, uint32_t value) {
  append16(frame, (uint16_t)(value >> 16));
  append16(frame, (uint16_t)value);
}

void frame_build_raw(frame_t *frame, const frame_path_t *path, uint16_t type, const uint8_t *body,
                     uint32_t body_len) {
  frame->len = 0;
  append(frame, path->dst_mac, 6);
  append(frame, path->src_mac, 6);
  if (path->tagged) {
    append16(frame, FRAME_TYPE_VLAN);
    append16(frame, path->vlan_tci);
  }
  append16(frame, type);
  append(frame, body, body_len);
}

static void begin_ip(frame_t *frame, const frame_path_t *path, uint8_t proto, uint32_t body_len) {
  uint32_t header_len = 20u + path->ip_options_len;

  frame_build_raw(frame, path, FRAME_TYPE_IPV4, NULL, 0);
  append16(frame, (uint16_t)((0x40 | header_len / 4) << 8 | path->tos));
  append16(frame, (uint16_t)(header_len + body_len));
  append16(frame, path->ip_id);
  append16(frame, path->fragment);
  append16(frame, (uint16_t)((path->ttl != 0 ? path->ttl : 64) << 8 | proto));
  append16(frame, 0);
  append32(frame, path->src_ip);
  append32(frame, path->dst_ip);
  append(frame, path->ip_options, path->ip_options_len);
  frame_fix_ip(frame);
}

void frame_build_ip(frame_t *frame, const frame_path_t *path, uint8_t proto, const uint8_t *body,
                    uint32_t body_len) {
  begin_ip(frame, path, proto, body_len);
  append(frame, body, body_len);
}

void frame_build_tcp(frame_t *frame, const frame_path_t *path, const frame_tcp_t *tcp) {
  uint32_t header_len = 20u + tcp->options_len;

  begin_ip(frame, path, FRAME_TCP, header_len + tcp->payload_len);
  append16(frame, tcp->src_port);
  append16(frame, tcp->dst_port);
  append32(frame, tcp->seq);
  append32(frame, tcp->ack);
  append16(frame, (uint16_t)(header_len / 4 << 12 | tcp->flags));
  append16(frame, tcp->wnd);
  append16(frame, 0);
  append16(frame, tcp->urg_ptr);
  append(frame, tcp->options, tcp->options_len);
  append(frame, tcp->payload, tcp->payload_len);
  frame_fix_layer4(frame);
}

void frame_build_icmp(frame_t *frame, const frame_path_t *path, uint8_t type, uint8_t code,
                      const uint8_t *body, uint32_t body_len) {
  begin_ip(frame, path, FRAME_ICMP, 4 + body_len);
  append16(frame, (uint16_t)(type << 8 | code));
  append16(frame, 0);
  append(frame, body, body_len);
  frame_fix_layer4(frame);
}

void frame_build_icmp_error(frame_t *frame, const frame_path_t *path, uint8_t type, uint8_t code,
                            uint16_t mtu, const frame_quote_t *quote, uint32_t more_len) {
  const frame_path_t quoted = {.src_ip = quote->src_ip,
                               .dst_ip = quote->dst_ip,
                               .fragment = quote->fragment,
                               .ttl = 1,
                               .ip_options_len = quote->ip_options_len};
  static frame_t inner;
  static uint8_t body[FRAME_MAX_OCTETS];
  frame_path_t with = quoted;

  memcpy(with.ip_options, quote->ip_options, sizeof with.ip_options);
  begin_ip(&inner, &with, quote->proto != 0 ? quote->proto : FRAME_TCP, 8 + more_len);
  append16(&inner, quote->src_port);
  append16(&inner, quote->dst_port);
  append32(&inner, quote->seq);
  for (uint32_t i = 0; i < more_len; i++) append(&inner, (const uint8_t[]){(uint8_t)i}, 1);
  memset(body, 0, 4);
  body[2] = (uint8_t)(mtu >> 8);
  body[3] = (uint8_t)mtu;
  memcpy(body + 4, inner.data + 14, inner.len - 14);
  frame_build_icmp(frame, path, type, code, body, 4 + inner.len - 14);
}

void frame_build_arp(frame_t *frame, const frame_path_t *path, uint16_t opcode,
                     const uint8_t *target_mac) {
  static const uint8_t zero[6];

  frame_build_raw(frame, path, FRAME_TYPE_ARP, NULL, 0);
  append16(frame, 1);
  append16(frame, FRAME_TYPE_IPV4);
  append16(frame, 0x0604);
  append16(frame, opcode);
  append(frame, path->src_mac, 6);
  append32(frame, path->src_ip);
  append(frame, target_mac != NULL ? target_mac : zero, 6);
  append32(frame, path->dst_ip);
}

void frame_pad(frame_t *frame, uint32_t len, uint8_t fill) {
  if (frame->len >= len) return;
  memset(frame->data + frame->len, fill, len - frame->len);
  frame->len = len;
}

uint32_t frame_layer3(const frame_t *frame) {
  return frame_get16(frame, 12) == FRAME_TYPE_VLAN ? 18 : 14;
}

static uint32_t ip_header_len(const frame_t *frame) {
  return 4u * (frame->data[frame_layer3(frame)] & 0xf);
}

uint32_t frame_layer4(const frame_t *frame) {
  return frame_layer3(frame) + ip_header_len(frame);
}

void frame_fix_ip(frame_t *frame) {
  uint32_t ip = frame_layer3(frame);

  frame_put16(frame, ip + 10, 0);
  frame_put16(frame, ip + 10, frame_csum(frame->data + ip, ip_header_len(frame), 0));
}

/* Octets of the packet after its IPv4 header, as total length says. */
static uint32_t layer4_len(const frame_t *frame) {
  return frame_get16(frame, frame_layer3(frame) + 2) - ip_header_len(frame);
}

/* Checksum of the packet's payload as it stands: 0 when the one that it holds is right. */
static uint16_t layer4_csum(const frame_t *frame) {
  uint32_t ip = frame_layer3(frame);
  uint32_t len = layer4_len(frame);
  uint32_t sum = 0;

  if (frame->data[ip + 9] == FRAME_TCP) {
    sum = FRAME_TCP + len + frame_get16(frame, ip + 12) + frame_get16(frame, ip + 14) +
          frame_get16(frame, ip + 16) + frame_get16(frame, ip + 18);
  }
  return frame_csum(frame->data + frame_layer4(frame), len, sum);
}

void frame_fix_layer4(frame_t *frame) {
  uint8_t proto = frame->data[frame_layer3(frame) + 9];
  uint32_t field = frame_layer4(frame) + (proto == FRAME_TCP ? 16 : 2);

  frame_put16(frame, field, 0);
  frame_put16(frame, field, layer4_csum(frame));
}

static const char *check_tcp(const frame_t *frame, frame_info_t *info, uint32_t len) {
  uint32_t tcp = info->layer4;
  uint32_t header_len;

  if (len < 20) return "TCP header cut short";
  header_len = 4u * (frame->data[tcp + 12] >> 4);
  info->src_port = frame_get16(frame, tcp);
  info->dst_port = frame_get16(frame, tcp + 2);
  info->seq = frame_get32(frame, tcp + 4);
  info->ack = frame_get32(frame, tcp + 8);
  info->flags = frame->data[tcp + 13];
  info->wnd = frame_get16(frame, tcp + 14);
  info->urg_ptr = frame_get16(frame, tcp + 18);
  if (header_len < 20 || header_len > len) return "TCP data offset lies";
  info->options_len = header_len - 20;
  info->payload = tcp + header_len;
  info->payload_len = len - header_len;
  return layer4_csum(frame) == 0 ? NULL : "TCP checksum wrong";
}

static const char *check_ip(const frame_t *frame, frame_info_t *info) {
  uint32_t ip = info->layer3;
  uint32_t total_len;

  if (frame->len < ip + 20) return "IPv4 header cut short";
  total_len = frame_get16(frame, ip + 2);
  info->layer4 = frame_layer4(frame);
  info->proto = frame->data[ip + 9];
  info->src_ip = frame_get32(frame, ip + 12);
  info->dst_ip = frame_get32(frame, ip + 16);
  if (frame->data[ip] >> 4 != 4 || ip_header_len(frame) < 20) return "IPv4 version or length lies";
  if (total_len < ip_header_len(frame) || ip + total_len > frame->len) return "total length lies";
  if (frame_csum(frame->data + ip, ip_header_len(frame), 0) != 0) return "IPv4 checksum wrong";
  if (info->proto == FRAME_TCP) return check_tcp(frame, info, layer4_len(frame));
  if (info->proto != FRAME_ICMP) return NULL;
  if (layer4_len(frame) < 8) return "ICMP message cut short";
  info->payload = info->layer4 + 8;
  info->payload_len = layer4_len(frame) - 8;
  return layer4_csum(frame) == 0 ? NULL : "ICMP checksum wrong";
}

const char *frame_check(const frame_t *frame, frame_info_t *info) {
  memset(info, 0, sizeof *info);
  if (frame->len < 18) return "Ethernet header cut short";
  info->layer3 = frame_layer3(frame);
  info->type = frame_get16(frame, info->layer3 - 2);
  if (info->type == FRAME_TYPE_IPV4) return check_ip(frame, info);
  if (info->type == FRAME_TYPE_ARP && frame->len < info->layer3 + 28) return "ARP cut short";
  return NULL;
}

void frame_add_option(frame_tcp_t *tcp, uint8_t kind, const uint8_t *body, uint8_t len) {
  tcp->options[tcp->options_len++] = kind;
  if (kind <= 1) return;
  tcp->options[tcp->options_len++] = len;
  if (len > 2) memcpy(tcp->options + tcp->options_len, body, len - 2u);
  tcp->options_len = (uint8_t)(tcp->options_len + (len > 2 ? len - 2 : 0));
}

static void put32(uint8_t *octets, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) octets[i] = (uint8_t)(value >> (24 - 8 * i));
}

void frame_add_mss(frame_tcp_t *tcp, uint16_t mss) {
  uint8_t body[2] = {(uint8_t)(mss >> 8), (uint8_t)mss};

  frame_add_option(tcp, 2, body, 4);
}

void frame_add_wscale(frame_tcp_t *tcp, uint8_t shift) {
  frame_add_option(tcp, 3, &shift, 3);
}

void frame_add_sack_permitted(frame_tcp_t *tcp) {
  frame_add_option(tcp, 4, NULL, 2);
}

void frame_add_timestamps(frame_tcp_t *tcp, uint32_t ts_val, uint32_t ts_ecr) {
  uint8_t body[8];

  put32(body, ts_val);
  put32(body + 4, ts_ecr);
  frame_add_option(tcp, 8, body, 10);
}

void frame_add_sack(frame_tcp_t *tcp, const uint32_t *edges, unsigned count) {
  uint8_t body[32];

  for (unsigned i = 0; i < 2 * count; i++) put32(body + (size_t)4 * i, edges[i]);
  frame_add_option(tcp, 5, body, (uint8_t)(2 + 8 * count));
}

void frame_pad_options(frame_tcp_t *tcp) {
  while (tcp->options_len % 4 != 0) tcp->options[tcp->options_len++] = 1;
}
