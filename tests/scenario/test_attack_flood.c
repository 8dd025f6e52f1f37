/* SPDX-License-Identifier: Apache-2.0
 *
 * Attackers who send much: what it costs, and that nobody else pays.  Floods of SYNs are elsewhere.
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <string.h>

#include "siphash.h"

enum { RST_SPAN_US = 1 << 14, RST_LEAST = 64, RST_MOST = 127 };

static const uint8_t kBroadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static frame_path_t path_of(uint32_t ip) {
  return (frame_path_t){.dst_mac = {2, 0, 0x0a, 0, 0, 2},
                        .src_mac = {6, 0, 0, 0, 0, (uint8_t)ip},
                        .src_ip = ip,
                        .dst_ip = WIRE_IP};
}

/* --- Port scans ------------------------------------------------------------------------------ */

/* RSTs for @p count SYNs to closed ports. */
static unsigned scan(wire_t *w, unsigned count) {
  const uint64_t before = wire_count(w, "tx_rst");

  for (unsigned i = 0; i < count; i++) {
    const wire_peer_t p = wire_peer(w, (uint16_t)(20000 + i), (uint16_t)(1000 + i));
    wire_in(&p, "S 0:0 <mss 1460>");
    wire_run(w, 2);
  }
  wire_run(w, 20);
  return (unsigned)(wire_count(w, "tx_rst") - before);
}

static void next_rst_span(wire_t *w) {
  wire_run(w, RST_SPAN_US - wire_now_us(w) % RST_SPAN_US);
}

Test(attack_flood, port_scan_gets_few_answers_and_delays_nobody) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80), late = wire_peer(w, 4001, 90);
  struct toe_conn *conn = wire_accept(&p, wire_listen(w, 80), "mss 1460");

  wire_mark(w);
  next_rst_span(w);
  const unsigned resets = scan(w, 1000);
  cr_expect(resets >= RST_LEAST && resets <= RST_MOST, "%u RSTs", resets);
  wire_drops(w, "drop_no_conn", 1000);
  wire_talk(&p, conn, 1);
  next_rst_span(w);
  wire_in(&late, "S 0:0 <mss 1460>");
  wire_out(&late, "R. 0:0 ack 1");
  wire_delete(w);
}

/* Whether somebody else's segment took one of a span's RSTs must not be told by how many are left
 * (as CVE-2020-25705 did with ICMP). */
Test(attack_flood, rst_limit_is_drawn_anew_for_each_span) {
  wire_t *w = wire_new(NULL, 0);
  unsigned seen[8], different = 0;

  for (unsigned i = 0; i < 8; i++) {
    next_rst_span(w);
    seen[i] = scan(w, 150);
    cr_expect(seen[i] >= RST_LEAST && seen[i] <= RST_MOST, "%u RSTs", seen[i]);
    bool is_new = true;
    for (unsigned k = 0; k < i; k++) is_new = is_new && seen[k] != seen[i];
    different += is_new;
  }
  cr_expect_geq(different, 4, "only %u different limits in 8 spans", different);
  wire_delete(w);
}

Test(attack_flood, datagrams_get_no_answer) {
  wire_t *w = wire_new(NULL, 0);
  const frame_path_t path = path_of(WIRE_PEER);
  const uint64_t sent = wire_count(w, "tx_frame");
  uint8_t udp[16] = {0x10, 0, 0, 53, 0, 16};
  frame_t frame;

  wire_mark(w);
  for (unsigned i = 0; i < 200; i++) {
    udp[3] = (uint8_t)i;
    frame_build_ip(&frame, &path, 17, udp, sizeof udp);
    frame_pad(&frame, 60, 0);
    wire_frame_in(w, &frame, 0);
    wire_run(w, 2);
  }
  wire_drops(w, "drop_ip_proto", 200);
  cr_expect_eq(wire_count(w, "tx_frame"), sent, "no ICMP port unreachable");
  wire_delete(w);
}

/* --- Hash flooding --------------------------------------------------------------------------- */

static uint32_t low_hash(const uint8_t key[16], uint32_t ip, uint16_t port) {
  const uint8_t msg[12] = {(uint8_t)(ip >> 24),
                           (uint8_t)(ip >> 16),
                           (uint8_t)(ip >> 8),
                           (uint8_t)ip,
                           10,
                           0,
                           0,
                           2,
                           (uint8_t)(port >> 8),
                           (uint8_t)port,
                           0,
                           80};

  return (uint32_t)siphash_2_4(key, msg, sizeof msg);
}

/* The @p n-th four-tuple, from *at on, that meets buckets 0 to 1 under @p key. */
static wire_peer_t colliding(wire_t *w, const uint8_t key[16], uint32_t *at) {
  wire_peer_t p = wire_peer(w, 0, 80);

  for (;; ++*at) {
    p.ip = WIRE_PEER - 1 + 3 + *at % 200;
    p.port = (uint16_t)(1024 + *at / 200);
    const uint32_t hash = low_hash(key, p.ip, p.port);
    if ((hash & 0xfe) == 0 && (hash >> 16 & 0xfe) == 0) break;
  }
  ++*at;
  return p;
}

enum { ATTACKERS = 40, BUCKETS_HOLD = 16 };

/* Connections that ATTACKERS peers get, chosen to meet in two of 256 buckets if the key were
 * @p guess. */
static unsigned get_in(wire_t *w, const uint8_t guess[16]) {
  const uint64_t before = wire_count(w, "passive_open");
  uint32_t at = 0;

  for (unsigned i = 0; i < ATTACKERS; i++) {
    wire_peer_t p = colliding(w, guess, &at);
    wire_seg_t seg;
    wire_in(&p, "S 0:0 <mss 1460>");
    if (!wire_next(&p, 20, &seg)) continue;
    wire_in(&p, ". 1:1 ack 1");
    wire_run(w, 10);
  }
  return (unsigned)(wire_count(w, "passive_open") - before);
}

Test(attack_flood, who_does_not_know_the_key_cannot_aim_at_a_bucket) {
  static const uint8_t guess[16] = {0};
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(wire_engine(w), 80, 100, 0, &listener), 0);
  wire_mark(w);
  cr_expect_eq(get_in(w, guess), ATTACKERS);
  wire_drops(w, NULL, 0);
  wire_delete(w);
}

/* Even with the key: two buckets of each side of the flow table and two sets of the SYN cache are
 * full, and that is all. */
Test(attack_flood, full_buckets_refuse_and_slow_nobody_down) {
  const struct toe_config config = wire_config();
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_listener *listener;

  cr_assert_eq(toe_listen(wire_engine(w), 80, 100, 0, &listener), 0);
  struct toe_conn *conn = wire_accept(&p, listener, "mss 1460");
  wire_mark(w);
  const unsigned in = get_in(w, config.key);
  cr_expect_leq(in, BUCKETS_HOLD);
  cr_expect_gt(wire_count(w, "drop_flow_full"), 0);
  cr_expect_eq(wire_count(w, "drop_flow_full") + wire_count(w, "drop_syn_cache_full"),
               ATTACKERS - in);
  wire_talk(&p, conn, 1);
  const uint64_t before = wire_count(w, "passive_open");
  unsigned newcomers = 0;
  for (uint16_t port = 4100; newcomers < 20; port++) {
    wire_peer_t q = wire_peer(w, port, 80);
    if ((low_hash(config.key, q.ip, q.port) & 0x3e) == 0) continue; /* one of the two sets */
    newcomers++;
    wire_in(&q, "S 0:0 <mss 1460>");
    wire_out(&q, "S. 0:0 ack 1");
    wire_in(&q, ". 1:1 ack 1");
    wire_run(w, 10);
  }
  cr_expect_eq(wire_count(w, "passive_open") - before, 20);
  wire_delete(w);
}

/* --- IPv4 ------------------------------------------------------------------------------------ */

Test(attack_flood, fragments_take_no_memory_and_no_turn) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = wire_accept(&p, wire_listen(w, 80), "mss 1460");
  frame_path_t path = path_of(WIRE_PEER);
  uint8_t payload[1400] = {0};
  const frame_tcp_t tcp = {.src_port = 4000,
                           .dst_port = 80,
                           .seq = p.iss + 1,
                           .ack = p.irs + 1,
                           .flags = FRAME_ACK,
                           .wnd = 4000,
                           .payload = payload,
                           .payload_len = sizeof payload};
  frame_t frame;

  wire_mark(w);
  for (unsigned i = 0; i < 300; i++) { /* first, middle and last ones, never a whole */
    static const uint16_t places[3] = {0x2000, 0x2000 | 100, 200};
    path.fragment = places[i % 3];
    path.ip_id = (uint16_t)i;
    frame_build_tcp(&frame, &path, &tcp);
    wire_frame_in(w, &frame, 0);
    wire_run(w, 12);
  }
  wire_drops(w, "drop_ip_fragment", 300);
  cr_expect_eq(toe_recv_waiting(conn), 0);
  wire_talk(&p, conn, 1);
  wire_delete(w);
}

/* From our address and port to the same. */
Test(attack_flood, land_gets_no_answer) {
  wire_t *w = wire_new(NULL, 0);
  const uint64_t sent = wire_count(w, "tx_frame");
  wire_peer_t self = wire_peer(w, 80, 80);

  wire_listen(w, 80);
  wire_mark(w);
  self.ip = WIRE_IP;
  for (unsigned i = 0; i < 50; i++) {
    wire_in(&self, "S 0:0 <mss 1460>");
    wire_run(w, 2);
  }
  wire_drops(w, "drop_ip_src", 50);
  cr_expect_eq(wire_count(w, "tx_frame"), sent);
  wire_delete(w);
}

/* --- ARP ------------------------------------------------------------------------------------- */

static void arp_in(wire_t *w, const frame_path_t *path, uint16_t opcode) {
  frame_t frame;

  frame_build_arp(&frame, path, opcode, NULL);
  frame_pad(&frame, 60, 0);
  wire_frame_in(w, &frame, 0);
  wire_run(w, 2);
}

/* Every address of the subnet asks for ours, several times: four times what the cache holds. */
Test(attack_flood, made_up_arp_senders_push_out_no_address_in_use) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = wire_accept(&p, wire_listen(w, 80), "mss 1460");

  wire_talk(&p, conn, 1);
  const unsigned asked = wire_arp_requests(w, WIRE_PEER);
  for (unsigned i = 0; i < 1000; i++) {
    const frame_path_t path = path_of(0x0a000000 | (3 + i % 250));
    arp_in(w, &path, 1);
  }
  wire_talk(&p, conn, 101);
  cr_expect_eq(wire_arp_requests(w, WIRE_PEER), asked, "the address was forgotten");
  wire_delete(w);
}

/* An answer that nobody asked for, to somebody else; one that names a group. */
Test(attack_flood, arp_that_is_not_for_us_or_names_a_group_is_not_believed) {
  enum { VICTIM = 0x0a000009 };
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 80, 5000), q = wire_peer(w, 80, 5001);
  frame_path_t path = path_of(VICTIM);

  path.src_mac[5] = 0x66; /* the attacker's */
  path.dst_ip = 0x0a000033;
  arp_in(w, &path, 2);
  p.ip = VICTIM;
  struct toe_conn *conn = wire_connect(&p, 65535, "mss 1460"); /* wire_t checks where frames go */
  cr_expect_eq(wire_arp_requests(w, VICTIM), 1, "it asks");
  path.dst_ip = WIRE_IP;
  memcpy(path.src_mac, kBroadcast, 6);
  arp_in(w, &path, 2);
  path.src_mac[0] = 0x01;
  arp_in(w, &path, 2);
  wire_talk(&p, conn, 1);
  q.ip = VICTIM;
  wire_connect(&q, 65535, "mss 1460");
  wire_delete(w);
}
