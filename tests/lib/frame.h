/* SPDX-License-Identifier: Apache-2.0
 *
 * Ethernet frames for tests: built from a few fields, spoiled where a test wants them wrong, and
 * checked.  Frames have no preamble and no FCS.  Addresses and ports are in host byte order.
 */
#ifndef TOE_TESTS_FRAME_H
#define TOE_TESTS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  FRAME_MAX_OCTETS = 16384,

  FRAME_FIN = 0x01,
  FRAME_SYN = 0x02,
  FRAME_RST = 0x04,
  FRAME_PSH = 0x08,
  FRAME_ACK = 0x10,
  FRAME_URG = 0x20,
  FRAME_ECE = 0x40,
  FRAME_CWR = 0x80,

  FRAME_ICMP = 1,
  FRAME_TCP = 6,

  FRAME_TYPE_IPV4 = 0x0800,
  FRAME_TYPE_ARP = 0x0806,
  FRAME_TYPE_VLAN = 0x8100
};

/** One frame. */
typedef struct frame {
  uint32_t len; /**< octets */
  uint8_t data[FRAME_MAX_OCTETS];
} frame_t;

/** Who sends to whom, and how IPv4 says so.  Zero is a good value for every field but the
 * addresses. */
typedef struct frame_path {
  uint8_t dst_mac[6];
  uint8_t src_mac[6];
  uint32_t src_ip;
  uint32_t dst_ip;
  bool tagged; /**< one 802.1Q tag, with vlan_tci */
  uint16_t vlan_tci;
  uint16_t ip_id;
  uint16_t fragment; /**< flags and offset, as in the header */
  uint8_t ttl;       /**< 0: 64 */
  uint8_t tos;
  uint8_t ip_options_len; /**< octets, a multiple of 4, up to 40 */
  uint8_t ip_options[40];
} frame_path_t;

/** A TCP segment. */
typedef struct frame_tcp {
  uint16_t src_port;
  uint16_t dst_port;
  uint32_t seq;
  uint32_t ack;
  uint8_t flags; /**< FRAME_SYN and so on */
  uint16_t wnd;
  uint16_t urg_ptr;
  uint8_t options_len; /**< octets, a multiple of 4, up to 40 */
  uint8_t options[40];
  const uint8_t *payload; /**< payload_len octets, read before the call returns */
  uint32_t payload_len;
} frame_tcp_t;

/** Where the parts of a frame begin, and what its header fields say. */
typedef struct frame_info {
  uint16_t type;        /**< after the tag */
  uint32_t layer3;      /**< octets from the start of the frame */
  uint32_t layer4;      /**< IPv4 only, as the rest */
  uint32_t payload;     /**< after the TCP header, or after the first eight octets of ICMP */
  uint32_t payload_len; /**< without padding */
  uint8_t proto;
  uint32_t src_ip;
  uint32_t dst_ip;
  uint16_t src_port; /**< TCP only, as the rest */
  uint16_t dst_port;
  uint32_t seq;
  uint32_t ack;
  uint8_t flags;
  uint16_t wnd;
  uint16_t urg_ptr;
  uint32_t options_len;
} frame_info_t;

/** Frame with @p tcp over @p path, every length and checksum right; not padded. */
void frame_build_tcp(frame_t *frame, const frame_path_t *path, const frame_tcp_t *tcp);

/** Frame with an ICMP message of @p type and @p code, whose octets from the fifth on are @p body.
 */
void frame_build_icmp(frame_t *frame, const frame_path_t *path, uint8_t type, uint8_t code,
                      const uint8_t *body, uint32_t body_len);

/** The part of a segment that an ICMP error quotes.  Zero is a good value for every field but
 * addresses, ports and seq. */
typedef struct frame_quote {
  uint32_t src_ip, dst_ip;
  uint16_t src_port, dst_port;
  uint32_t seq;
  uint16_t fragment;      /**< flags and offset, as in the header */
  uint8_t proto;          /**< 0: TCP */
  uint8_t ip_options_len; /**< octets, a multiple of 4, up to 40 */
  uint8_t ip_options[40];
} frame_quote_t;

/** Frame with an ICMP error that quotes @p quote and @p more_len further octets; @p mtu of the next
 * hop (RFC 1191). */
void frame_build_icmp_error(frame_t *frame, const frame_path_t *path, uint8_t type, uint8_t code,
                            uint16_t mtu, const frame_quote_t *quote, uint32_t more_len);

/** Frame with an IPv4 packet of protocol @p proto that carries @p body. */
void frame_build_ip(frame_t *frame, const frame_path_t *path, uint8_t proto, const uint8_t *body,
                    uint32_t body_len);

/**
 * ARP packet: the MAC and IP addresses of @p path are those of the sender, and the target's IP.
 *
 * @param opcode      1 request, 2 reply
 * @param target_mac  in the packet; NULL: zero
 */
void frame_build_arp(frame_t *frame, const frame_path_t *path, uint16_t opcode,
                     const uint8_t *target_mac);

/** Ethernet header of @p path with EtherType @p type, then @p body. */
void frame_build_raw(frame_t *frame, const frame_path_t *path, uint16_t type, const uint8_t *body,
                     uint32_t body_len);

/** Lengthens @p frame with octets of value @p fill up to @p len octets; never shortens. */
void frame_pad(frame_t *frame, uint32_t len, uint8_t fill);

/** 16 bits at @p offset, in network order. */
uint16_t frame_get16(const frame_t *frame, uint32_t offset);
uint32_t frame_get32(const frame_t *frame, uint32_t offset);
void frame_put16(frame_t *frame, uint32_t offset, uint16_t value);
void frame_put32(frame_t *frame, uint32_t offset, uint32_t value);

/** Octets from the start of @p frame to its network header: 14, or 18 with a tag. */
uint32_t frame_layer3(const frame_t *frame);

/** Octets from the start of an IPv4 @p frame to what its packet carries. */
uint32_t frame_layer4(const frame_t *frame);

/** Makes the IPv4 header checksum right again after a change, whatever the header says. */
void frame_fix_ip(frame_t *frame);

/** Makes the checksum of the TCP segment or the ICMP message right again after a change. */
void frame_fix_layer4(frame_t *frame);

/**
 * Reads and checks a whole frame: lengths, IPv4, TCP and ICMP checksums.
 *
 * @param info  filled in as far as the frame could be read.
 * @return NULL when all is well, or what is wrong, in words.
 */
const char *frame_check(const frame_t *frame, frame_info_t *info);

/** Internet checksum (RFC 1071) of @p len octets, with @p sum added. */
uint16_t frame_csum(const uint8_t *data, uint32_t len, uint32_t sum);

/** Appends an option of @p kind with @p len - 2 octets from @p body; kinds 0 and 1 are one octet.
 */
void frame_add_option(frame_tcp_t *tcp, uint8_t kind, const uint8_t *body, uint8_t len);

/** Appends MSS, window scale, SACK permitted, timestamps. */
void frame_add_mss(frame_tcp_t *tcp, uint16_t mss);
void frame_add_wscale(frame_tcp_t *tcp, uint8_t shift);
void frame_add_sack_permitted(frame_tcp_t *tcp);
void frame_add_timestamps(frame_tcp_t *tcp, uint32_t ts_val, uint32_t ts_ecr);

/** Appends SACK blocks: @p count pairs of left and right edge. */
void frame_add_sack(frame_tcp_t *tcp, const uint32_t *edges, unsigned count);

/** Fills the options up to a multiple of four octets with no-operations. */
void frame_pad_options(frame_tcp_t *tcp);

#endif
