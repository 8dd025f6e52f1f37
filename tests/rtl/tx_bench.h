/* SPDX-License-Identifier: Apache-2.0
 *
 * Around the send path: a source of segments, a buffer memory, ARP and echo, and a MAC that takes
 * every frame apart.  Each must be the
 * next one wanted, built in C.
 */
#ifndef TOE_TESTS_TX_BENCH_H
#define TOE_TESTS_TX_BENCH_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "tb.h"
#include "tb_tb_tx.h"
#include "tx_frames.h"

enum {
  LANES = DATA_WIDTH / 8,
  CONNS = 16,
  MAX_WANTED = 8192,
  MAX_SEEN = 256,
  MAX_BURSTS = 64,
  IDLE_LIMIT = 200000,
};

#define SECOND UINT64_C(1000000)

struct arp_packet {
  uint64_t sender_mac;
  uint32_t sender_ip, target_ip;
  bool is_request;
};

struct seen {
  frame_t frame;
  uint64_t first_cycle, last_cycle; /* of the beats taken by the MAC */
};

struct burst {
  uint64_t address, ready_cycle;
  uint32_t left;
};

struct bench {
  tb_tb_tx_t *tb;
  tb_rng_t rng;
  tb_gate_t seg_gate, ar_gate, r_gate, mac_gate, echo_gate;
  uint32_t latency_min, latency_max; /* cycles from AR to the first beat */
  uint64_t now_us, cycle;
  uint8_t rx_ring_log2, tx_ring_log2;
  uint16_t mtu;
  bool mac_closed;

  struct seen now;     /* being received */
  struct seen *wanted; /* TCP and ICMP frames, in their order; checked and dropped */
  uint32_t wanted_head, wanted_tail;
  frame_t aside; /* one frame more, at any place among them */
  bool aside_wanted;
  frame_t arps[MAX_SEEN]; /* ARP frames seen */
  uint32_t arp_count;
  uint64_t last_seg_cycle; /* of the last segment offered and taken */

  struct burst bursts[MAX_BURSTS];
  uint32_t burst_head, burst_tail, most_bursts;
  bool r_offered;

  /* Held-back outputs must not change. */
  bool t_stalled, ar_stalled, tlast_before;
  uint8_t tdata_before[LANES];
  uint64_t tkeep_before, araddr_before, arlen_before;

  const uint8_t *echo_data; /* still to give */
  uint32_t echo_left;

  uint32_t drops_disabled, drops_no_arp, drops_arp_full, frames, segments, taken_segments;
  uint32_t gaps; /* cycles without a beat inside a frame while the MAC was ready */
};

/* Next place for a frame that must come. */
static inline frame_t *want(struct bench *b) {
  cr_assert_lt(b->wanted_tail, MAX_WANTED);
  return &b->wanted[b->wanted_tail++].frame;
}

/* The frame that @p s must become, sent to @p dst_mac. */
static inline void want_segment(struct bench *b, const struct segment *s, uint64_t dst_mac) {
  const uint64_t ring =
      ((uint64_t)CONNS << b->rx_ring_log2) + ((uint64_t)s->conn << b->tx_ring_log2);
  build_segment(want(b), s, dst_mac, b->mtu, ring, b->tx_ring_log2);
}

static inline struct bench *bench_new(uint8_t rx_ring_log2, uint8_t tx_ring_log2, uint16_t mtu) {
  struct bench *b = calloc(1, sizeof *b);
  b->wanted = calloc(MAX_WANTED, sizeof *b->wanted);
  b->tb = tb_tb_tx_new(tb_seed());
  b->rng = tb_rng(tb_seed());
  b->rx_ring_log2 = rx_ring_log2;
  b->tx_ring_log2 = tx_ring_log2;
  b->mtu = mtu;
  b->latency_min = b->latency_max = 20;
  *b->tb->local_mac_i = LOCAL_MAC;
  *b->tb->local_ip_i = LOCAL_IP;
  *b->tb->netmask_i = NETMASK;
  *b->tb->gateway_ip_i = GATEWAY_IP;
  *b->tb->mtu_i = mtu;
  *b->tb->ttl_i = TTL;
  *b->tb->default_dscp_i = DEFAULT_DSCP;
  *b->tb->rx_ring_log2_i = rx_ring_log2;
  *b->tb->tx_ring_log2_i = tx_ring_log2;
  *b->tb->enable_i = 0;
  *b->tb->seg_valid_i = *b->tb->arp_valid_i = 0;
  *b->tb->echo_valid_i = *b->tb->echo_data_valid_i = 0;
  *b->tb->axi_arready_i = *b->tb->axi_rvalid_i = *b->tb->tready_i = 0;
  b->now_us = 1000;
  *b->tb->now_us_i = b->now_us;
  tb_tb_tx_reset(b->tb);
  return b;
}

static inline void bench_delete(struct bench *b) {
  uint64_t drops[COVERAGE_DROPS] = {0};

  drops[DropTxNoArp] = b->drops_no_arp;
  drops[DropTxArpFull] = b->drops_arp_full;
  coverage_drops(drops);
  tb_tb_tx_delete(b->tb);
  free(b->wanted);
  free(b);
}

/* A whole frame came out: it is an ARP frame, kept, or the next of those wanted. */
static inline void check_frame(struct bench *b) {
  const frame_t *f = &b->now.frame;

  b->frames++;
  if (frame_get16(f, 12) == FRAME_TYPE_ARP) {
    cr_assert_lt(b->arp_count, MAX_SEEN);
    b->arps[b->arp_count++] = *f;
    return;
  }
  frame_info_t info;
  const char *wrong = frame_check(f, &info);
  cr_assert_null(wrong, "%s", wrong);
  if (b->aside_wanted && f->len == b->aside.len && memcmp(f->data, b->aside.data, f->len) == 0) {
    b->aside_wanted = false;
    return;
  }
  cr_assert_lt(b->wanted_head, b->wanted_tail, "a frame that nobody sent");
  struct seen *w = &b->wanted[b->wanted_head++];
  cr_assert_eq(f->len, w->frame.len, "frame %u: %u octets, not %u", b->wanted_head, f->len,
               w->frame.len);
  for (uint32_t i = 0; i < f->len; i++) {
    cr_assert_eq(f->data[i], w->frame.data[i], "frame %u (%u octets), octet %u: %02x, not %02x",
                 b->wanted_head, f->len, i, f->data[i], w->frame.data[i]);
  }
  w->first_cycle = b->now.first_cycle;
  w->last_cycle = b->now.last_cycle;
}

static inline void mac_side(struct bench *b) {
  tb_tb_tx_t *tb = b->tb;
  uint64_t keep = 0;

  memcpy(&keep, tb->tkeep_o, (LANES + 7) / 8);
  if (b->t_stalled) {
    cr_assert(*tb->tvalid_o && *tb->tlast_o == b->tlast_before && keep == b->tkeep_before &&
                  memcmp(tb->tdata_o, b->tdata_before, LANES) == 0,
              "a beat changed while it waited");
  }
  b->t_stalled = *tb->tvalid_o && !*tb->tready_i;
  b->tlast_before = *tb->tlast_o;
  b->tkeep_before = keep;
  memcpy(b->tdata_before, tb->tdata_o, LANES);
  if (!*tb->tvalid_o || !*tb->tready_i) {
    b->gaps += b->now.frame.len != 0 && !*tb->tvalid_o;
    return;
  }
  uint32_t octets = 0;
  while (octets < LANES && (keep >> octets & 1) != 0) {
    octets++;
  }
  const uint64_t full = LANES == 64 ? ~UINT64_C(0) : (UINT64_C(1) << (LANES % 64)) - 1;
  cr_assert_eq(keep, octets == LANES ? full : (UINT64_C(1) << octets) - 1, "tkeep has a hole");
  cr_assert(octets == LANES || (*tb->tlast_o && octets != 0), "a beat in the middle is not full");
  cr_assert_leq(b->now.frame.len + octets, FRAME_MAX_OCTETS);
  if (b->now.frame.len == 0) {
    b->now.first_cycle = b->cycle;
  }
  memcpy(b->now.frame.data + b->now.frame.len, tb->tdata_o, octets);
  b->now.frame.len += octets;
  b->now.last_cycle = b->cycle;
  if (*tb->tlast_o) {
    check_frame(b);
    b->now.frame.len = 0;
  }
}

static inline void memory_side(struct bench *b) {
  tb_tb_tx_t *tb = b->tb;

  if (b->ar_stalled) {
    cr_assert(*tb->axi_arvalid_o && *tb->axi_araddr_o == b->araddr_before &&
                  *tb->axi_arlen_o == b->arlen_before,
              "a read address changed while it waited");
  }
  b->ar_stalled = *tb->axi_arvalid_o && !*tb->axi_arready_i;
  b->araddr_before = *tb->axi_araddr_o;
  b->arlen_before = *tb->axi_arlen_o;
  if (*tb->axi_rvalid_i && *tb->axi_rready_o) {
    struct burst *r = &b->bursts[b->burst_head % MAX_BURSTS];
    r->address += LANES;
    b->r_offered = false;
    if (--r->left == 0) {
      b->burst_head++;
    }
  }
  if (*tb->axi_arvalid_o && *tb->axi_arready_i) {
    const uint64_t address = *tb->axi_araddr_o;
    const uint32_t beats = *tb->axi_arlen_o + 1u;
    const uint64_t base = (uint64_t)CONNS << b->rx_ring_log2;
    cr_assert_eq(address % LANES, 0);
    cr_assert_eq(address / 4096, (address + beats * LANES - 1) / 4096, "burst crosses 4 KiB");
    cr_assert(address >= base && address < base + ((uint64_t)CONNS << b->tx_ring_log2));
    b->bursts[b->burst_tail++ % MAX_BURSTS] = (struct burst){
        .address = address,
        .left = beats,
        .ready_cycle = b->cycle + b->latency_min +
                       tb_random_below(&b->rng, b->latency_max - b->latency_min + 1)};
    const uint32_t open = b->burst_tail - b->burst_head;
    b->most_bursts = open > b->most_bursts ? open : b->most_bursts;
  }
}

/* One clock cycle; what to offer on the segment, ARP and echo ports is set already. */
static inline void cycle(struct bench *b) {
  tb_tb_tx_t *tb = b->tb;

  if (!b->r_offered && b->burst_head != b->burst_tail) {
    const struct burst *r = &b->bursts[b->burst_head % MAX_BURSTS];
    b->r_offered = b->cycle >= r->ready_cycle && tb_gate_next(&b->r_gate, &b->rng);
    if (b->r_offered) {
      uint8_t beat[LANES] = {0};
      for (uint32_t i = 0; i < LANES; i++) {
        beat[i] = octet_at(r->address + i);
      }
      memcpy(tb->axi_rdata_i, beat, LANES);
      *tb->axi_rlast_i = r->left == 1;
    }
  }
  *tb->axi_rvalid_i = b->r_offered;
  *tb->axi_arready_i =
      b->burst_tail - b->burst_head < MAX_BURSTS && tb_gate_next(&b->ar_gate, &b->rng);
  *tb->tready_i = !b->mac_closed && tb_gate_next(&b->mac_gate, &b->rng);
  if (b->echo_left != 0 && !*tb->echo_data_valid_i && tb_gate_next(&b->echo_gate, &b->rng)) {
    uint8_t beat[LANES];
    memset(beat, 0xee, sizeof beat);
    memcpy(beat, b->echo_data, b->echo_left < LANES ? b->echo_left : LANES);
    memcpy(tb->echo_data_i, beat, LANES);
    *tb->echo_data_valid_i = 1;
  }
  tb_tb_tx_eval(tb);

  memory_side(b);
  mac_side(b);
  const bool seg_taken = *tb->seg_valid_i && *tb->seg_ready_o;
  const bool echo_taken = *tb->echo_valid_i && *tb->echo_ready_o;
  const bool echo_beat = *tb->echo_data_valid_i && *tb->echo_data_ready_o;
  b->drops_disabled += *tb->drop_disabled_o;
  b->drops_no_arp += *tb->drop_no_arp_o;
  b->drops_arp_full += *tb->drop_arp_full_o;
  cr_assert_not(*tb->other_drop_o || *tb->other_count_o);
  b->segments += *tb->count_segment_o;
  tb_tb_tx_tick(tb);

  if (seg_taken) {
    *tb->seg_valid_i = 0;
    b->last_seg_cycle = b->cycle;
    b->taken_segments++;
  }
  if (echo_taken) {
    *tb->echo_valid_i = 0;
  }
  if (echo_beat) {
    const uint32_t octets = b->echo_left < LANES ? b->echo_left : LANES;
    b->echo_data += octets;
    b->echo_left -= octets;
    *tb->echo_data_valid_i = 0;
  }
  *tb->arp_valid_i = 0;
  b->cycle++;
}

static inline void set_now(struct bench *b, uint64_t now_us) {
  b->now_us = now_us;
  *b->tb->now_us_i = now_us & ((UINT64_C(1) << 40) - 1);
}

/* Puts a segment on the port; it is taken in one of the next cycles. */
static inline void offer(struct bench *b, const struct segment *s) {
  tb_tb_tx_t *tb = b->tb;

  *tb->seg_valid_i = 1;
  *tb->remote_ip_i = s->remote_ip;
  *tb->remote_port_i = s->remote_port;
  *tb->local_port_i = s->local_port;
  *tb->mac_valid_i = s->dst_mac != 0;
  *tb->dst_mac_i = s->dst_mac;
  *tb->seq_i = s->seq;
  *tb->ack_i = s->ack;
  *tb->flags_i = s->flags;
  *tb->wnd_i = s->wnd;
  *tb->urg_ptr_i = s->urg_ptr;
  *tb->dscp_i = s->dscp;
  *tb->doubt_i = s->doubt;
  *tb->conn_i = s->conn;
  *tb->payload_len_i = s->payload_len;
  *tb->mss_valid_i = s->mss_valid;
  *tb->mss_i = s->mss;
  *tb->wscale_valid_i = s->wscale_valid;
  *tb->wscale_i = s->wscale;
  *tb->sack_permitted_i = s->sack_permitted;
  *tb->ts_valid_i = s->ts_valid;
  *tb->ts_val_i = s->ts_val;
  *tb->ts_ecr_i = s->ts_ecr;
  *tb->sack_count_i = s->sack_count;
  memcpy(tb->sack_i, s->sack, sizeof s->sack);
}

/* Offers a segment, by the gate's pattern, until it is taken. */
static inline void send(struct bench *b, const struct segment *s) {
  while (!tb_gate_next(&b->seg_gate, &b->rng)) {
    cycle(b);
  }
  offer(b, s);
  for (uint32_t i = 0; *b->tb->seg_valid_i; i++) {
    cr_assert_lt(i, IDLE_LIMIT, "a segment is never taken");
    cycle(b);
  }
}

static inline void run(struct bench *b, uint32_t cycles) {
  while (cycles-- != 0) {
    cycle(b);
  }
}

/* Until the engine says that it is idle; its word is checked: nothing may come afterwards. */
static inline void run_to_idle(struct bench *b) {
  tb_tb_tx_eval(b->tb);
  for (uint32_t i = 0; !*b->tb->idle_o; i++) {
    cr_assert_lt(i, IDLE_LIMIT, "never idle");
    cycle(b);
    tb_tb_tx_eval(b->tb);
  }
  cr_assert_eq(b->now.frame.len, 0, "idle in the middle of a frame");
  const uint32_t frames = b->frames;
  run(b, 20);
  cr_assert_eq(b->frames, frames, "idle, and then a frame");
  cr_assert(*b->tb->idle_o, "idle for a moment only");
}

static inline void send_arp(struct bench *b, const struct arp_packet *p) {
  tb_tb_tx_t *tb = b->tb;

  *tb->arp_valid_i = 1;
  *tb->arp_is_request_i = p->is_request;
  *tb->arp_sender_mac_i = p->sender_mac;
  *tb->arp_sender_ip_i = p->sender_ip;
  *tb->arp_target_ip_i = p->target_ip;
  cycle(b);
}

/* Enables the engine; the announcement is taken off the list of ARP frames. */
static inline void enable(struct bench *b) {
  *b->tb->enable_i = 1;
  run(b, 2);
  run_to_idle(b);
  cr_assert_eq(b->arp_count, 1, "one announcement");
  b->arp_count = 0;
}

/* Everything that was wanted came, no more. */
static inline void check_all_came(struct bench *b) {
  run_to_idle(b);
  cr_assert_eq(b->wanted_head, b->wanted_tail, "%u frames of %u came", b->wanted_head,
               b->wanted_tail);
  cr_assert_not(b->aside_wanted, "the frame aside never came");
  cr_assert_eq(b->burst_head, b->burst_tail, "reads are outstanding");
}

#endif
