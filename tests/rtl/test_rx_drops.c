/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx and bad frames: each is dropped whole, counted once and for the first thing that is wrong
 * with it, and the frames before and after it are not touched.
 */
/* tb: top=tb_rx widths=64,128,256,512 */
#include "rx_bench.h"

static frame_t frame;

/* Offsets in an IPv4 header and in a TCP header. */
enum { IP_LEN = 2, IP_FRAGMENT = 6, IP_PROTO = 9, IP_SRC = 12, IP_DST = 16, TCP_OFFSET = 12 };

/* The path of the frame that is being spoiled. */
static const frame_path_t *path;

/* What a case does to the frame in frame, which is a sound segment of 101 octets over path. */
typedef void (*spoil_t)(void);

typedef struct drop_case {
  const char *why;
  spoil_t spoil;
  drop_t reason;
} drop_case_t;

static uint8_t *ip(void) {
  return frame.data + frame_layer3(&frame);
}

static void put_ip16(uint32_t offset, uint16_t value) {
  frame_put16(&frame, frame_layer3(&frame) + offset, value);
  frame_fix_ip(&frame);
}

static void put_address(uint32_t offset, uint32_t value) {
  frame_put32(&frame, frame_layer3(&frame) + offset, value);
  frame_fix_ip(&frame);
  frame_fix_layer4(&frame);
}

static void put_tcp8(uint32_t offset, uint8_t value) {
  frame.data[frame_layer4(&frame) + offset] = value;
  frame_fix_layer4(&frame);
}

static uint16_t total_len(void) {
  return frame_get16(&frame, frame_layer3(&frame) + IP_LEN);
}

/* A segment with these options, wrong as they may be. */
static void put_options(const char *octets, uint8_t len) {
  frame_tcp_t tcp = {.src_port = 1, .dst_port = 2, .flags = FRAME_ACK, .options_len = len};

  memcpy(tcp.options, octets, len);
  frame_build_tcp(&frame, path, &tcp);
}

static void one_octet(void) {
  frame.len = 1;
}
static void thirteen_octets(void) {
  frame.len = 13;
}
static void ends_in_ip_header(void) {
  frame.len = frame_layer3(&frame) + 19;
}
static void arp_cut_short(void) {
  frame_build_arp(&frame, path, 1, NULL);
  frame.len--;
}
static void other_mac(void) {
  frame.data[5] ^= 1;
}
static void multicast_mac(void) {
  frame.data[0] |= 1;
}
static void other_type(void) {
  frame_put16(&frame, frame_layer3(&frame) - 2, 0x86dd);
}
static void two_tags(void) {
  frame_path_t inner = *path;

  inner.tagged = true;
  frame_build_raw(&frame, &inner, FRAME_TYPE_VLAN, ip(), 60);
}
static void service_tag(void) {
  frame_build_raw(&frame, path, 0x88a8, ip(), 60);
}
static void arp_other_hardware(void) {
  frame_build_arp(&frame, path, 1, NULL);
  ip()[1] = 6;
}
static void arp_other_protocol(void) {
  frame_build_arp(&frame, path, 1, NULL);
  ip()[2] = 9;
}
static void arp_other_sizes(void) {
  frame_build_arp(&frame, path, 1, NULL);
  ip()[4] = 8;
}
static void arp_other_opcode(void) {
  frame_build_arp(&frame, path, 3, NULL);
}
static void arp_sender_is_group(void) {
  frame_build_arp(&frame, path, 2, NULL);
  ip()[8] |= 1;
}
static void ip_version(void) {
  ip()[0] = 0x65;
  frame_fix_ip(&frame);
}
static void ip_header_too_short(void) {
  ip()[0] = 0x44;
  frame_fix_ip(&frame);
}
static void ip_header_past_packet(void) {
  ip()[0] = 0x4f;
  put_ip16(IP_LEN, 59);
}
static void ip_longer_than_frame(void) {
  put_ip16(IP_LEN, (uint16_t)(total_len() + 1));
}
static void ip_longest(void) {
  put_ip16(IP_LEN, 0xffff);
}
static void ip_length_zero(void) {
  put_ip16(IP_LEN, 0);
}
static void ip_checksum(void) {
  ip()[11] ^= 1;
}
static void ip_checksum_of_options(void) {
  frame_path_t longer = *path;

  longer.ip_options_len = 40;
  rx_make_segment(&(rx_bench_t){.rng = tb_rng(1)}, &frame, &longer, 10);
  ip()[59] ^= 0x80;
}
static void first_fragment(void) {
  put_ip16(IP_FRAGMENT, 0x2000);
}
static void last_fragment(void) {
  put_ip16(IP_FRAGMENT, 0x0001);
}
static void other_ip(void) {
  put_address(IP_DST, rx_path.dst_ip + 1);
}
static void broadcast_ip(void) {
  put_address(IP_DST, 0xffffffff);
}
static void broadcast_mac(void) {
  memset(frame.data, 0xff, 6);
}
static void from_our_address(void) {
  put_address(IP_SRC, rx_path.dst_ip);
}
static void from_loopback(void) {
  put_address(IP_SRC, 0x7f000001);
}
static void from_zero(void) {
  put_address(IP_SRC, 0);
}
static void from_multicast(void) {
  put_address(IP_SRC, 0xe0000001);
}
static void from_class_e(void) {
  put_address(IP_SRC, 0xf0000001);
}
static void from_broadcast(void) {
  put_address(IP_SRC, 0xffffffff);
}
static void from_net_broadcast(void) {
  put_address(IP_SRC, rx_path.dst_ip | 0xff);
}
static void from_group_mac(void) {
  frame.data[6] |= 1;
}
static void udp(void) {
  ip()[IP_PROTO] = 17;
  frame_fix_ip(&frame);
}
static void icmp_seven_octets(void) {
  frame_build_icmp(&frame, path, 8, 0, ip(), 3);
}
static void icmp_checksum(void) {
  frame_build_icmp(&frame, path, 8, 0, ip(), 40);
  frame.data[frame.len - 1] ^= 1;
}
static void icmp_reply(void) {
  frame_build_icmp(&frame, path, 0, 0, ip(), 40);
}
static void icmp_code(void) {
  frame_build_icmp(&frame, path, 8, 1, ip(), 40);
}
static void tcp_nineteen_octets(void) {
  frame_build_ip(&frame, path, FRAME_TCP, ip(), 19);
}
static void tcp_offset_small(void) {
  put_tcp8(TCP_OFFSET, 0x40);
}
static void tcp_offset_past_segment(void) {
  frame_tcp_t tcp = {.options_len = 36};

  frame_build_tcp(&frame, path, &tcp);
  put_tcp8(TCP_OFFSET, 0xf0);
}
static void tcp_checksum(void) {
  frame.data[frame.len - 1] ^= 1;
}
static void total_len_one_less(void) {
  /* A sum that forgot where the segment ends would not see this: an octet moves into the padding.
   */
  put_ip16(IP_LEN, (uint16_t)(total_len() - 1));
}
/* The TCP checksum is wrong too: of two faults the one in front counts. */
static void put_ip_options(const char *octets, uint8_t len) {
  frame_path_t with = *path;
  frame_tcp_t tcp = {.flags = FRAME_ACK};

  with.ip_options_len = len;
  memcpy(with.ip_options, octets, len);
  frame_build_tcp(&frame, &with, &tcp);
  frame.data[frame.len - 1] ^= 1;
}
static void loose_route(void) {
  put_ip_options("\x83\x07\x04\x0a\x00\x00\x09\x00", 8);
}
static void strict_route_last(void) {
  put_ip_options("\x01\x94\x04\x00\x00\x01\x01\x01\x89\x04\x04\x00", 12);
}
static void route_without_room(void) {
  put_ip_options("\x01\x01\x83\x02", 4);
}
static void route_in_a_longest_list(void) {
  put_ip_options(
      "\x44\x24\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x89\x03\x04\x00",
      40);
}
static void route_and_data_offset(void) {
  loose_route();
  frame.data[frame_layer4(&frame) + TCP_OFFSET] = 0x40;
}
static void ip_option_length_zero(void) {
  put_ip_options("\x01\x83\x00\x01", 4);
}
static void ip_option_length_one(void) {
  put_ip_options("\x94\x01\x01\x01", 4);
}
static void ip_option_past_header(void) {
  put_ip_options("\x94\x04\x00\x00\x01\x01\x83\x03", 8);
}
static void ip_option_without_length(void) {
  put_ip_options("\x01\x01\x01\x94", 4);
}
static void option_length_zero(void) {
  put_options("\x01\x63\x00\x01", 4);
}
static void option_length_one(void) {
  put_options("\x01\x63\x01\x01", 4);
}
static void option_past_header(void) {
  put_options("\x01\x01\x63\x03", 4);
}
static void option_without_length(void) {
  put_options("\x01\x01\x01\x63", 4);
}
static void option_mss_length(void) {
  put_options("\x02\x03\x05\x00", 4);
}
static void option_sack_length(void) {
  put_options("\x05\x0b\x01\x02\x03\x04\x05\x06\x07\x08\x09\x01", 12);
}

static const drop_case_t drop_cases[] = {
    {"frame of one octet", one_octet, DROP_RUNT},
    {"frame of 13 octets", thirteen_octets, DROP_RUNT},
    {"frame that ends in the IPv4 header", ends_in_ip_header, DROP_RUNT},
    {"ARP cut short", arp_cut_short, DROP_RUNT},
    {"another's MAC address", other_mac, DROP_NOT_FOR_US},
    {"multicast MAC address", multicast_mac, DROP_NOT_FOR_US},
    {"IPv6", other_type, DROP_ETHER_TYPE},
    {"two tags", two_tags, DROP_VLAN_DEPTH},
    {"802.1ad tag", service_tag, DROP_VLAN_DEPTH},
    {"ARP for other hardware", arp_other_hardware, DROP_ARP_BAD},
    {"ARP for another protocol", arp_other_protocol, DROP_ARP_BAD},
    {"ARP with other address sizes", arp_other_sizes, DROP_ARP_BAD},
    {"ARP with another opcode", arp_other_opcode, DROP_ARP_BAD},
    {"ARP from a group address", arp_sender_is_group, DROP_ARP_BAD},
    {"IP version 6", ip_version, DROP_IP_HEADER},
    {"IPv4 header of 16 octets", ip_header_too_short, DROP_IP_HEADER},
    {"IPv4 header longer than its packet", ip_header_past_packet, DROP_IP_HEADER},
    {"IPv4 packet longer than its frame", ip_longer_than_frame, DROP_IP_HEADER},
    {"IPv4 total length 65535", ip_longest, DROP_IP_HEADER},
    {"IPv4 total length 0", ip_length_zero, DROP_IP_HEADER},
    {"IPv4 checksum", ip_checksum, DROP_IP_CHECKSUM},
    {"IPv4 checksum over the last option", ip_checksum_of_options, DROP_IP_CHECKSUM},
    {"IPv4 option of length 0", ip_option_length_zero, DROP_IP_HEADER},
    {"IPv4 option of length 1", ip_option_length_one, DROP_IP_HEADER},
    {"IPv4 option past the header", ip_option_past_header, DROP_IP_HEADER},
    {"IPv4 option without its length", ip_option_without_length, DROP_IP_HEADER},
    {"loose source route", loose_route, DROP_IP_SOURCE_ROUTE},
    {"strict source route behind other options", strict_route_last, DROP_IP_SOURCE_ROUTE},
    {"source route without addresses", route_without_room, DROP_IP_SOURCE_ROUTE},
    {"source route at the end of 40 octets", route_in_a_longest_list, DROP_IP_SOURCE_ROUTE},
    {"source route before a TCP header that lies", route_and_data_offset, DROP_IP_SOURCE_ROUTE},
    {"first fragment", first_fragment, DROP_IP_FRAGMENT},
    {"last fragment", last_fragment, DROP_IP_FRAGMENT},
    {"another's IP address", other_ip, DROP_IP_DST},
    {"broadcast IP address", broadcast_ip, DROP_IP_DST},
    {"IPv4 to the broadcast MAC address", broadcast_mac, DROP_IP_DST},
    {"land attack", from_our_address, DROP_IP_SRC},
    {"from loopback", from_loopback, DROP_IP_SRC},
    {"from zero", from_zero, DROP_IP_SRC},
    {"from multicast", from_multicast, DROP_IP_SRC},
    {"from class E", from_class_e, DROP_IP_SRC},
    {"from broadcast", from_broadcast, DROP_IP_SRC},
    {"from the subnet's broadcast", from_net_broadcast, DROP_IP_SRC},
    {"from a group MAC address", from_group_mac, DROP_IP_SRC},
    {"UDP", udp, DROP_IP_PROTO},
    {"ICMP of seven octets", icmp_seven_octets, DROP_ICMP_BAD},
    {"ICMP checksum", icmp_checksum, DROP_ICMP_BAD},
    {"echo reply", icmp_reply, DROP_ICMP_OTHER},
    {"echo with another code", icmp_code, DROP_ICMP_OTHER},
    {"TCP of 19 octets", tcp_nineteen_octets, DROP_TCP_HEADER},
    {"data offset 4", tcp_offset_small, DROP_TCP_HEADER},
    {"data offset past the segment", tcp_offset_past_segment, DROP_TCP_HEADER},
    {"TCP checksum", tcp_checksum, DROP_TCP_CHECKSUM},
    {"last octet left out by the total length", total_len_one_less, DROP_TCP_CHECKSUM},
    {"option of length 0", option_length_zero, DROP_TCP_OPTION},
    {"option of length 1", option_length_one, DROP_TCP_OPTION},
    {"option past the header", option_past_header, DROP_TCP_OPTION},
    {"option without its length", option_without_length, DROP_TCP_OPTION},
    {"MSS option of 3 octets", option_mss_length, DROP_TCP_OPTION},
    {"SACK option of 11 octets", option_sack_length, DROP_TCP_OPTION},
};

static void send_good(rx_bench_t *bench, const frame_path_t *over) {
  frame_t good;

  rx_make_segment(bench, &good, over, tb_random_below(&bench->rng, 100));
  rx_send(bench, &good, TO_SEGMENT, 0);
}

static void spoil_frame(rx_bench_t *bench, const drop_case_t *c, const frame_path_t *over) {
  path = over;
  rx_make_segment(bench, &frame, over, 101);
  c->spoil();
}

Test(rx_drops, each_bad_frame_is_counted_once_and_its_neighbours_pass) {
  for (uint32_t i = 0; i < sizeof drop_cases / sizeof drop_cases[0]; i++) {
    const drop_case_t *c = &drop_cases[i];
    rx_bench_t *bench = rx_new();
    frame_path_t over = rx_path;

    for (uint32_t round = 0; round < 4; round++) {
      over.tagged = round % 2 != 0;
      send_good(bench, &over);
      spoil_frame(bench, c, &over);
      if (round >= 2 && c->reason != DROP_RUNT) frame_pad(&frame, frame.len + 7, 0);
      /* Padding makes room for a total length that was one too many. */
      if (c->spoil == ip_longer_than_frame && round >= 2) continue;
      rx_send(bench, &frame, TO_NOTHING, c->reason);
    }
    send_good(bench, &over);
    cr_log_info("%s", c->why);
    rx_run(bench);
    cr_assert_neq(bench->drops[c->reason], 0, "%s", c->why);
    rx_delete(bench);
  }
}

Test(rx_drops, bad_frames_in_any_order_back_to_back) {
  rx_bench_t *bench = rx_new();
  frame_path_t over = rx_path;

  for (uint32_t i = 0; i < 1500; i++) {
    uint32_t pick = tb_random_below(&bench->rng, sizeof drop_cases / sizeof drop_cases[0]);

    over.tagged = tb_random_below(&bench->rng, 2) == 0;
    if (tb_random_below(&bench->rng, 4) == 0) {
      send_good(bench, &over);
    } else {
      spoil_frame(bench, &drop_cases[pick], &over);
      rx_send(bench, &frame, TO_NOTHING, drop_cases[pick].reason);
    }
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_drops, octets_that_only_look_like_a_source_route_pass) {
  static const struct {
    uint8_t len;
    const char *octets;
  } lists[] = {
      {4, "\x00\x83\x07\x04"},                 /* behind the end of the list */
      {8, "\x94\x08\x83\x89\x83\x89\x83\x89"}, /* inside another option */
      {8, "\x01\x01\x94\x06\x83\x07\x04\x0a"},
      {4, "\x01\x01\x01\x00"},
  };
  rx_bench_t *bench = rx_new();

  for (uint32_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    frame_path_t over = rx_path;
    over.ip_options_len = lists[i].len;
    memcpy(over.ip_options, lists[i].octets, lists[i].len);
    send_good(bench, &over);
    send_good(bench, &rx_path); /* payload that begins like one, behind a header without options */
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_drops, tagged_frame_that_ends_in_its_tag_is_a_runt) {
  rx_bench_t *bench = rx_new();
  frame_path_t over = rx_path;

  over.tagged = true;
  for (uint32_t len = 14; len < 18; len++) {
    rx_make_segment(bench, &frame, &over, 10);
    frame.len = len;
    rx_send(bench, &frame, TO_NOTHING, DROP_RUNT);
    send_good(bench, &over);
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_drops, longest_frame_passes_and_one_octet_more_does_not) {
  rx_bench_t *bench = rx_new();
  frame_path_t tagged = rx_path;

  tagged.tagged = true;
  *bench->tb->mtu_i = 1000;
  for (uint32_t i = 0; i < 3; i++) {
    rx_make_segment(bench, &frame, &tagged, 960);
    cr_assert_eq(frame.len, 1018);
    rx_send(bench, &frame, TO_SEGMENT, 0);
    frame_pad(&frame, 1019, 0);
    rx_send(bench, &frame, TO_NOTHING, DROP_OVERSIZE);
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_drops, endless_frame_is_one_oversize_frame) {
  rx_bench_t *bench = rx_new();
  static frame_t part;

  send_good(bench, &rx_path);
  rx_make_segment(bench, &part, &rx_path, 100);
  frame_pad(&part, FRAME_MAX_OCTETS, 0x5a);
  /* 640 KiB on the wire before its end: more than the length counter and the buffer hold. */
  for (uint32_t i = 0; i < 40; i++) {
    bench->joined[bench->sent_count] = true;
    rx_send(bench, &part, TO_NOTHING, DROP_OVERSIZE);
  }
  /* Its end looks like a sound frame to a counter that has wrapped. */
  rx_make_segment(bench, &part, &rx_path, 100);
  rx_send(bench, &part, TO_NOTHING, DROP_OVERSIZE);
  send_good(bench, &rx_path);
  rx_run(bench);
  cr_expect_eq(bench->drops[DROP_OVERSIZE], 1);
  rx_delete(bench);
}

Test(rx_drops, mac_error_and_disabled_engine_go_before_all_else) {
  rx_bench_t *bench = rx_new();

  send_good(bench, &rx_path);
  rx_make_segment(bench, &frame, &rx_path, 1460);
  frame_pad(&frame, 2000, 0);
  rx_send(bench, &frame, TO_NOTHING, DROP_MAC_ERROR)->mac_error = true;
  rx_make_segment(bench, &frame, &rx_path, 100);
  rx_send(bench, &frame, TO_NOTHING, DROP_MAC_ERROR)->mac_error = true;
  send_good(bench, &rx_path);
  rx_run(bench);
  *bench->tb->enable_i = 0;
  rx_send(bench, &frame, TO_NOTHING, DROP_DISABLED)->mac_error = true;
  rx_send(bench, &frame, TO_NOTHING, DROP_DISABLED);
  rx_run(bench);
  *bench->tb->enable_i = 1;
  send_good(bench, &rx_path);
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_drops, full_buffer_drops_whole_frames_and_recovers) {
  for (uint32_t len = 0; len < 1400; len += 333) {
    rx_bench_t *bench = rx_new();

    bench->may_lose = true;
    bench->hold_verdicts = true;
    for (uint32_t i = 0; i < 600; i++) {
      rx_make_segment(bench, &frame, &rx_path, len);
      rx_send(bench, &frame, TO_SEGMENT, 0);
    }
    while (bench->sending < bench->sent_count) rx_cycle(bench);
    bench->hold_verdicts = false;
    rx_run(bench);
    cr_expect_gt(bench->drops[DROP_RX_FULL], 0, "payload of %u octets", len);
    cr_expect_eq(bench->drops[DROP_RX_FULL] + bench->segments, 600);

    rx_restart(bench);
    bench->may_lose = false;
    for (uint32_t i = 0; i < 20; i++) send_good(bench, &rx_path);
    rx_run(bench);
    rx_delete(bench);
  }
}

Test(rx_drops, segments_not_taken_fill_the_queue_and_nothing_is_lost_half) {
  rx_bench_t *bench = rx_new();

  bench->may_lose = true;
  bench->seg.pattern = TB_RARELY;
  bench->verdict.pattern = TB_RARELY;
  bench->b.pattern = TB_RARELY;
  for (uint32_t i = 0; i < 3000; i++) {
    rx_make_segment(bench, &frame, &rx_path, tb_random_below(&bench->rng, 20));
    rx_send(bench, &frame, TO_SEGMENT, 0);
  }
  rx_run(bench);
  cr_expect_eq(bench->drops[DROP_RX_FULL] + bench->segments, 3000);
  rx_delete(bench);
}

Test(rx_drops, room_that_appears_in_the_middle_of_a_frame_does_not_save_it) {
  rx_bench_t *bench = rx_new();

  bench->may_lose = true;
  bench->w.pattern = TB_RARELY;
  for (uint32_t i = 0; i < 1000; i++) {
    rx_make_segment(bench, &frame, &rx_path, tb_random_below(&bench->rng, 1460));
    rx_send(bench, &frame, TO_SEGMENT, 0);
  }
  rx_run(bench);
  cr_expect_gt(bench->drops[DROP_RX_FULL], 10);
  cr_expect_eq(bench->drops[DROP_RX_FULL] + bench->segments, 1000);
  rx_delete(bench);
}
