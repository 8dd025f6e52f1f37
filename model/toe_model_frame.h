/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's frames: what is in one that arrived, and the octets of one to send.
 *
 * Written from RFC 791, 792, 826, 894, 1071, 1122, 2018, 7323 and 9293.  Where they leave a choice,
 * the comment at the place says what this engine chooses ("Engine policy").  Like the rest of the
 * model: no state, no allocation, no clock.
 */
#ifndef TOE_MODEL_FRAME_H
#define TOE_MODEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "model/toe_model.h"

enum {
  MODEL_MIN_FRAME = 60,    /* octets, without FCS */
  MODEL_MAX_HEADERS = 114, /* octets before the payload of a frame that is sent */
  MODEL_TAG_OCTETS = 4     /* of 802.1Q */
};

/** What a network interface knows of itself. */
typedef struct model_netif {
  uint64_t mac;     /**< 48 bits, first octet on the wire highest */
  uint32_t ip;      /**< as all addresses: first octet on the wire highest */
  uint32_t netmask; /**< ones, then zeros */
  uint16_t mtu;     /**< largest IPv4 packet, octets, 576 to 9000 */
  uint8_t ttl;      /**< of packets that are sent; 0: 64 */
  uint8_t dscp;     /**< of those that belong to no connection, 0 to 63 */
  bool enabled;     /**< false: nothing is received */
} model_netif_t;

/** ARP packet for IPv4 over Ethernet (RFC 826). */
typedef struct model_arp {
  uint8_t is_request; /**< 1 request, 0 reply */
  uint64_t sender_mac;
  uint32_t sender_ip;
  uint32_t target_ip;
} model_arp_t;

/** ICMP echo request (RFC 792). */
typedef struct model_echo {
  uint64_t src_mac;
  uint32_t src_ip;
  uint16_t checksum; /**< of the request */
  uint16_t len;      /**< octets of the message after its checksum, at least 4 */
} model_echo_t;

typedef enum model_frame_kind {
  MODEL_FRAME_DROPPED,   /**< drop says why */
  MODEL_FRAME_SEGMENT,   /**< seg; its payload begins at payload_off */
  MODEL_FRAME_ARP,       /**< arp */
  MODEL_FRAME_ECHO,      /**< echo; its octets after the checksum begin at payload_off */
  MODEL_FRAME_ICMP_ERROR /**< seg.icmp, about a segment of ours with seg.key and seg.seq */
} model_frame_kind_t;

/** What is in a frame; only the members that belong to kind are not zero. */
typedef struct model_frame {
  uint8_t kind; /**< model_frame_kind_t */
  uint8_t drop; /**< model_drop_t */
  model_rx_seg_t seg;
  model_arp_t arp;
  model_echo_t echo;
  size_t payload_off; /**< octets from the start of the frame */
} model_frame_t;

/**
 * Reads a frame that arrived.
 *
 * Of several reasons to drop it the first in the order of the headers counts; checksums of TCP and
 * ICMP come after the lengths in their headers, TCP options last.
 *
 * @param own       who receives
 * @param octets    len octets from the destination address on, without FCS; nothing else is read
 * @param fcs_good  false: the MAC found the frame damaged
 * @param frame     filled in completely
 */
void model_parse(const model_netif_t *own, const uint8_t *octets, size_t len, bool fcs_good,
                 model_frame_t *frame);

/**
 * Reads the options of a TCP header (RFC 9293 section 3.1).
 *
 * @param octets  len octets after the urgent pointer, 0 to 40
 * @param opt     filled in completely
 * @return false when an option's length lies.  Engine policy: such a segment is dropped.
 */
bool model_parse_options(const uint8_t *octets, size_t len, model_tcp_options_t *opt);

/**
 * Writes a TCP segment as an Ethernet frame, padded to MODEL_MIN_FRAME octets with zeros.
 *
 * Engine policy: DF set and identification 0 (RFC 6864 section 4.1); a payload that the MTU does
 * not hold is cut at its end.
 *
 * @param own      who sends
 * @param seg      dst_mac counts, mac_valid and conn do not
 * @param payload  seg->payload_len octets; may be NULL when that is 0
 * @param octets   room for MODEL_MAX_HEADERS octets and the payload
 * @return octets of the frame
 */
size_t model_build_segment(const model_netif_t *own, const model_tx_seg_t *seg,
                           const uint8_t *payload, uint8_t *octets);

/**
 * Writes the options of a segment and pads them to whole words.
 *
 * Engine policy: in the order MSS, SACK-permitted, timestamps, window scale, each at the place that
 * aligns its values, as common stacks do.  SACK blocks go into segments without SYN options only,
 * as many as fit: four, or three beside timestamps (RFC 2018 section 3).
 *
 * @param octets  room for 40
 * @return octets written, a multiple of 4
 */
size_t model_build_options(const model_tcp_options_t *opt, uint8_t *octets);

/**
 * Writes an ARP packet as an Ethernet frame of MODEL_MIN_FRAME octets.
 *
 * @param dst_mac  where the frame goes; in a reply it is the target's address as well
 */
size_t model_build_arp(const model_netif_t *own, bool is_request, uint64_t dst_mac,
                       uint32_t target_ip, uint8_t *octets);

/**
 * Writes the reply to an ICMP echo request as an Ethernet frame.
 *
 * @param data    echo->len octets of the request after its checksum
 * @param octets  room for MODEL_MAX_HEADERS octets and the data
 * @return octets of the frame
 */
size_t model_build_echo(const model_netif_t *own, const model_echo_t *echo, const uint8_t *data,
                        uint8_t *octets);

/**
 * Ones-complement sum of 16-bit words in network order (RFC 1071), folded to 16 bits.
 *
 * @param sum     what came before, folded or not
 * @param octets  len of them; after an odd number a zero octet is taken to follow
 */
uint16_t model_checksum_add(uint32_t sum, const uint8_t *octets, size_t len);

/** Sum of the pseudo-header that TCP's checksum covers (RFC 9293 section 3.1), not folded. */
uint32_t model_checksum_pseudo(uint32_t src_ip, uint32_t dst_ip, uint16_t tcp_len);

#endif
