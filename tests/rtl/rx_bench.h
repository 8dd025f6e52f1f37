/* SPDX-License-Identifier: Apache-2.0
 *
 * A bench around toe_rx: sends frames, takes segments, gives verdicts, is the buffer memory, and
 * checks all that against what each frame should become.  Include it in one test_rx_*.c a program.
 */
#ifndef RX_BENCH_H
#define RX_BENCH_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "frame.h"
#include "tb.h"
#include "tb_tb_rx.h"

enum {
  LANES = DATA_WIDTH / 8,
  RING_LOG2 = 12,
  CONNS = 16,
  MEMORY_OCTETS = CONNS << RING_LOG2,
  MAX_FRAMES = 4096,
  MAX_BURSTS = 256,
  MAX_DROPS = 42
};

/* Index of a counter: order of drop_e in rtl/toe_pkg.sv. */
typedef enum drop {
  DROP_DISABLED,
  DROP_MAC_ERROR,
  DROP_RUNT,
  DROP_OVERSIZE,
  DROP_NOT_FOR_US,
  DROP_ETHER_TYPE,
  DROP_VLAN_DEPTH,
  DROP_ARP_BAD,
  DROP_IP_HEADER,
  DROP_IP_CHECKSUM,
  DROP_IP_FRAGMENT,
  DROP_IP_DST,
  DROP_IP_SRC,
  DROP_IP_PROTO,
  DROP_ICMP_BAD,
  DROP_ICMP_OTHER,
  DROP_ECHO_BUSY,
  DROP_TCP_HEADER,
  DROP_TCP_CHECKSUM,
  DROP_TCP_OPTION,
  DROP_RX_FULL,
  DROP_IP_SOURCE_ROUTE = 38,
  DROP_ICMP_QUOTE
} drop_t;

typedef enum outcome { TO_SEGMENT, TO_ARP, TO_ECHO, TO_NOTHING } outcome_t;

/* One frame of a test.  An ICMP error is TO_SEGMENT: info is what the quote says.  TO_NOTHING:
 * dropped for reason.  TO_ECHO may be dropped as busy too. */
typedef struct sent {
  frame_t *frame;
  frame_info_t info;
  outcome_t outcome;
  drop_t reason;
  bool mac_error;
  uint8_t icmp_kind, icmp_code; /* TO_SEGMENT: an ICMP error, kind as in icmp_kind_e */
  uint16_t icmp_mtu;
} sent_t;

typedef struct verdict {
  bool keep;
  uint16_t conn, skip, len;
  uint32_t seq;
} verdict_t;

/* One burst on its way through the memory. */
typedef struct burst {
  uint64_t addr;
  uint32_t beats;
} burst_t;

typedef struct rx_bench {
  tb_tb_rx_t *tb;
  tb_rng_t rng;
  tb_gate_t stream, seg, verdict, aw, w, b, echo, echo_data;
  bool may_lose; /* frames may be dropped as DROP_RX_FULL; losses are counted in lost */
  bool hold_verdicts;
  bool refuse_echo;
  /* Fills in the verdict on segment number index of frame sent. */
  void (*decide)(struct rx_bench *bench, const sent_t *sent, verdict_t *verdict);
  /* Sees the outputs of every cycle; may be NULL. */
  void (*watch)(struct rx_bench *bench);

  sent_t sent[MAX_FRAMES];
  bool joined[MAX_FRAMES]; /* the next entry of sent[] belongs to the same frame on the wire */
  uint32_t idle_after[MAX_FRAMES]; /* cycles without a beat before the next frame */
  uint32_t sent_count, sending, offset, idle_left;
  uint32_t next_segment, next_arp; /* sent[] from here on are candidates */
  uint32_t segments, errors, arps, echoes, frames_counted, segments_counted, lost;
  uint32_t drops[MAX_DROPS];
  uint64_t covered[COVERAGE_DROPS]; /* never taken back */

  verdict_t verdicts[MAX_FRAMES];
  uint32_t verdict_count, verdict_done, kept;
  bool verdict_on, b_on;

  const sent_t *echo_next; /* whose echo comes next; NULL: find it by its checksum */
  const sent_t *echo_of;
  uint32_t echo_at;

  uint8_t memory[MEMORY_OCTETS], expected[MEMORY_OCTETS];
  burst_t bursts[MAX_BURSTS];
  uint32_t aw_count, w_count, b_count; /* bursts addressed, written, answered */
  uint8_t beat_data[MAX_BURSTS][256][LANES];
  uint64_t beat_strb[MAX_BURSTS][256];
  uint32_t w_beats[MAX_BURSTS], w_beat;
  uint64_t last_beat_cycle;          /* when the last beat of the latest frame went in */
  uint64_t segment_cycle, arp_cycle; /* when the latest segment or ARP was first offered */
  bool segment_shown;
} rx_bench_t;

static const frame_path_t rx_path = {.dst_mac = {2, 0, 0, 0, 0, 1},
                                     .src_mac = {2, 0, 0, 0, 0, 2},
                                     .src_ip = 0xc0a80109,
                                     .dst_ip = 0xc0a80101};

enum { IP_OPTIONS_PASS = MAX_DROPS };

/* Why a packet with these IPv4 options is dropped, or IP_OPTIONS_PASS. */
static inline uint32_t rx_ip_options_fault(const uint8_t *options, uint32_t len) {
  bool route = false;
  uint32_t at = 0;

  while (at < len && options[at] != 0) {
    uint32_t step = 1;
    if (options[at] != 1) {
      if (at + 1 == len || options[at + 1] < 2 || at + options[at + 1] > len) return DROP_IP_HEADER;
      route = route || options[at] == 131 || options[at] == 137;
      step = options[at + 1];
    }
    at += step;
  }
  return route ? DROP_IP_SOURCE_ROUTE : IP_OPTIONS_PASS;
}

/* Keeps a random part of the payload, or nothing. */
static inline void rx_decide_random(rx_bench_t *bench, const sent_t *sent, verdict_t *verdict) {
  uint32_t len = sent->info.payload_len;

  *verdict = (verdict_t){.seq = tb_random(&bench->rng)};
  if (len == 0 || len > 4096 || tb_random_below(&bench->rng, 8) == 0) return;
  verdict->keep = true;
  verdict->conn = (uint16_t)tb_random_below(&bench->rng, CONNS);
  if (tb_random_below(&bench->rng, 2) == 0) {
    verdict->skip = (uint16_t)tb_random_below(&bench->rng, len);
  }
  verdict->len = (uint16_t)(len - verdict->skip);
  if (tb_random_below(&bench->rng, 2) == 0) {
    verdict->len = (uint16_t)(1 + tb_random_below(&bench->rng, verdict->len));
  }
}

static inline rx_bench_t *rx_new(void) {
  rx_bench_t *bench = calloc(1, sizeof *bench);
  tb_tb_rx_t *tb = tb_tb_rx_new(tb_seed());

  bench->tb = tb;
  bench->rng = tb_rng(tb_seed());
  bench->decide = rx_decide_random;
  for (uint32_t i = 0; i < MEMORY_OCTETS; i++) {
    bench->memory[i] = bench->expected[i] = (uint8_t)(i * 37 + (i >> 8));
  }
  *tb->enable_i = 1;
  *tb->local_mac_i = 0x020000000001;
  *tb->local_ip_i = rx_path.dst_ip;
  *tb->netmask_i = 0xffffff00;
  *tb->mtu_i = 1500;
  *tb->rx_ring_log2_i = RING_LOG2;
  *tb->tvalid_i = *tb->seg_ready_i = *tb->verdict_valid_i = *tb->echo_ready_i = 0;
  *tb->echo_data_ready_i = *tb->axi_awready_i = *tb->axi_wready_i = *tb->axi_bvalid_i = 0;
  tb_tb_rx_reset(tb);
  return bench;
}

static inline void rx_delete(rx_bench_t *bench) {
  for (uint32_t i = 0; i < bench->sent_count; i++) free(bench->sent[i].frame);
  coverage_drops(bench->covered);
  tb_tb_rx_delete(bench->tb);
  free(bench);
}

/* Puts a copy of @p frame into the queue. */
static inline sent_t *rx_send(rx_bench_t *bench, const frame_t *frame, outcome_t outcome,
                              drop_t reason) {
  sent_t *sent = &bench->sent[bench->sent_count++];

  cr_assert_leq(bench->sent_count, MAX_FRAMES);
  *sent = (sent_t){.outcome = outcome, .reason = reason};
  sent->frame = malloc(offsetof(frame_t, data) + frame->len + LANES);
  memcpy(sent->frame, frame, offsetof(frame_t, data) + frame->len);
  if (outcome != TO_NOTHING) {
    const char *wrong = frame_check(sent->frame, &sent->info);

    cr_assert_null(wrong, "the test's own frame: %s", wrong);
  }
  return sent;
}

static inline uint8_t *rx_lanes(const void *port) {
  return (uint8_t *)(uintptr_t)port; /* little endian, as Verilator's words on this machine */
}

static inline void rx_drive_stream(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;
  const sent_t *sent = &bench->sent[bench->sending];
  uint32_t left, octets;

  *tb->tvalid_i = bench->sending < bench->sent_count && bench->idle_left == 0 &&
                  tb_gate_next(&bench->stream, &bench->rng);
  if (bench->idle_left > 0) bench->idle_left--;
  if (!*tb->tvalid_i) return;
  left = sent->frame->len - bench->offset;
  octets = left < LANES ? left : LANES;
  memset(rx_lanes(tb->tdata_i), 0xee, LANES);
  memcpy(rx_lanes(tb->tdata_i), sent->frame->data + bench->offset, octets);
  for (uint32_t lane = 0; lane < LANES; lane += 8) {
    uint32_t here = octets > lane ? octets - lane : 0;

    rx_lanes(tb->tkeep_i)[lane / 8] = here >= 8 ? 0xff : (uint8_t)((1u << here) - 1);
  }
  *tb->tlast_i = left <= LANES && !bench->joined[bench->sending];
  *tb->tuser_i = *tb->tlast_i && sent->mac_error;
  bench->offset += octets;
  if (left <= LANES) {
    bench->idle_left = bench->idle_after[bench->sending++];
    bench->offset = 0;
    bench->last_beat_cycle = tb->cycles;
  }
}

static inline void rx_drive(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;

  rx_drive_stream(bench);
  *tb->seg_ready_i = tb_gate_next(&bench->seg, &bench->rng);
  *tb->echo_ready_i = tb_gate_next(&bench->echo, &bench->rng) && !bench->refuse_echo;
  *tb->echo_data_ready_i = tb_gate_next(&bench->echo_data, &bench->rng);
  *tb->axi_awready_i =
      tb_gate_next(&bench->aw, &bench->rng) && bench->aw_count < bench->b_count + 64;
  *tb->axi_wready_i = tb_gate_next(&bench->w, &bench->rng) && bench->w_count < bench->b_count + 64;
  bench->verdict_on =
      bench->verdict_on || (!bench->hold_verdicts && bench->verdict_done < bench->verdict_count &&
                            tb_gate_next(&bench->verdict, &bench->rng));
  *tb->verdict_valid_i = bench->verdict_on;
  if (bench->verdict_on) {
    const verdict_t *verdict = &bench->verdicts[bench->verdict_done];

    *tb->verdict_keep_i = verdict->keep;
    *tb->verdict_conn_i = verdict->conn;
    *tb->verdict_seq_i = verdict->seq;
    *tb->verdict_skip_i = verdict->skip;
    *tb->verdict_len_i = verdict->len;
  }
  bench->b_on =
      bench->b_on || (bench->b_count < bench->aw_count && bench->b_count < bench->w_count &&
                      tb_gate_next(&bench->b, &bench->rng));
  *tb->axi_bvalid_i = bench->b_on;
}

/* The next frame from *index on that should become outcome; frames may be missing when full. */
static inline const sent_t *rx_next(rx_bench_t *bench, uint32_t *index, outcome_t outcome) {
  while (*index < bench->sending && bench->sent[*index].outcome != outcome) (*index)++;
  cr_assert_lt(*index, bench->sending, "something came that was not sent");
  return &bench->sent[(*index)++];
}

static inline void rx_take_segment(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;
  const sent_t *sent;
  const frame_info_t *info;
  verdict_t *verdict = &bench->verdicts[bench->verdict_count++];

  do {
    sent = rx_next(bench, &bench->next_segment, TO_SEGMENT);
    info = &sent->info;
    if (bench->may_lose && info->seq != *tb->seg_seq_o) bench->lost++;
  } while (bench->may_lose && info->seq != *tb->seg_seq_o);
  bench->segments++;
  bench->errors += sent->icmp_kind != 0;
  cr_assert_eq(*tb->seg_icmp_kind_o, sent->icmp_kind);
  cr_assert_eq(*tb->seg_icmp_code_o, sent->icmp_code);
  cr_assert_eq(*tb->seg_icmp_mtu_o, sent->icmp_mtu);
  cr_assert_eq(*tb->seg_seq_o, info->seq, "segment %u is not the one sent; %u dropped when full",
               bench->segments, bench->drops[DROP_RX_FULL]);
  cr_assert_eq(*tb->seg_ack_o, info->ack);
  cr_assert_eq(*tb->seg_remote_ip_o, info->src_ip);
  cr_assert_eq(*tb->seg_remote_port_o, info->src_port);
  cr_assert_eq(*tb->seg_local_port_o, info->dst_port);
  cr_assert_eq(*tb->seg_src_mac_o >> 32, frame_get16(sent->frame, 6));
  cr_assert_eq(*tb->seg_src_mac_o & 0xffffffff, frame_get32(sent->frame, 8));
  cr_assert_eq(*tb->seg_flags_o, info->flags);
  cr_assert_eq(*tb->seg_wnd_o, info->wnd);
  cr_assert_eq(*tb->seg_urg_ptr_o, info->urg_ptr);
  cr_assert_eq(*tb->seg_payload_len_o, info->payload_len, "%u octets of payload, not %u",
               *tb->seg_payload_len_o, info->payload_len);
  bench->decide(bench, sent, verdict);
  for (uint32_t i = 0; verdict->keep && i < verdict->len; i++) {
    uint32_t place = (verdict->seq + i) % (1u << RING_LOG2);

    bench->expected[((uint32_t)verdict->conn << RING_LOG2) + place] =
        sent->frame->data[info->payload + verdict->skip + i];
  }
}

static inline void rx_take_echo(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;

  if (*tb->echo_valid_o && *tb->echo_ready_i) {
    uint32_t index = 0;

    bench->echo_of = bench->echo_next;
    /* Which of those sent: the test numbers them in their checksums. */
    while (bench->echo_of == NULL ||
           frame_get16(bench->echo_of->frame, bench->echo_of->info.layer4 + 2) !=
               *tb->echo_checksum_o) {
      bench->echo_of = rx_next(bench, &index, TO_ECHO);
    }
    cr_assert_eq(*tb->echo_len_o, bench->echo_of->info.payload_len + 4);
    cr_assert_eq(*tb->echo_src_ip_o, bench->echo_of->info.src_ip);
    cr_assert_eq(*tb->echo_src_mac_o >> 32, frame_get16(bench->echo_of->frame, 6));
    cr_assert_eq(*tb->echo_src_mac_o & 0xffffffff, frame_get32(bench->echo_of->frame, 8));
    bench->echo_at = 0;
    bench->echoes++;
  }
  if (*tb->echo_data_valid_o && *tb->echo_data_ready_i) {
    const sent_t *sent = bench->echo_of;
    uint32_t len;

    cr_assert_not_null(sent, "echo data before the echo");
    len = sent->info.payload_len + 4;
    cr_assert_lt(bench->echo_at, len, "echo data too long");
    for (uint32_t lane = 0; lane < LANES && bench->echo_at < len; lane++, bench->echo_at++) {
      cr_assert_eq(rx_lanes(tb->echo_data_o)[lane],
                   sent->frame->data[sent->info.layer4 + 4 + bench->echo_at]);
    }
    if (bench->echo_at == len) bench->echo_of = NULL;
  }
}

/* Octets of one whole burst go to memory when it is answered. */
static inline void rx_write_burst(rx_bench_t *bench, uint32_t slot) {
  const burst_t *burst = &bench->bursts[slot];

  cr_assert_eq(bench->w_beats[slot], burst->beats, "wlast in the wrong beat");
  for (uint32_t beat = 0; beat < burst->beats; beat++) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
      if ((bench->beat_strb[slot][beat] >> lane & 1) == 0) continue;
      bench->memory[burst->addr + beat * LANES + lane] = bench->beat_data[slot][beat][lane];
    }
  }
}

static inline void rx_take_axi(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;

  if (*tb->axi_awvalid_o && *tb->axi_awready_i) {
    burst_t burst = {.addr = *tb->axi_awaddr_o, .beats = *tb->axi_awlen_o + 1u};
    uint64_t end = burst.addr + burst.beats * LANES;

    cr_assert_eq(burst.addr % LANES, 0);
    cr_assert_leq(end, MEMORY_OCTETS);
    cr_assert_eq(burst.addr >> 12, (end - 1) >> 12, "burst crosses 4 KiB");
    bench->bursts[bench->aw_count++ % MAX_BURSTS] = burst;
  }
  if (*tb->axi_wvalid_o && *tb->axi_wready_i) {
    uint32_t slot = bench->w_count % MAX_BURSTS;

    cr_assert_lt(bench->w_beat, 256);
    memcpy(bench->beat_data[slot][bench->w_beat], rx_lanes(tb->axi_wdata_o), LANES);
    bench->beat_strb[slot][bench->w_beat] = 0;
    memcpy(&bench->beat_strb[slot][bench->w_beat], rx_lanes(tb->axi_wstrb_o), LANES / 8);
    bench->w_beats[slot] = ++bench->w_beat;
    if (*tb->axi_wlast_o) {
      bench->w_count++;
      bench->w_beat = 0;
    }
  }
  if (*tb->axi_bvalid_i && *tb->axi_bready_o) {
    rx_write_burst(bench, bench->b_count++ % MAX_BURSTS);
    bench->b_on = false;
  }
}

/* One clock cycle. */
static inline void rx_cycle(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;

  rx_drive(bench);
  tb_tb_rx_eval(tb);
  for (uint32_t i = 0; i < MAX_DROPS; i++) {
    bench->drops[i] += *tb->drop_o >> i & 1;
    bench->covered[i] += *tb->drop_o >> i & 1;
  }
  bench->frames_counted += *tb->count_frame_o;
  bench->segments_counted += *tb->count_segment_o;
  if (bench->watch != NULL) bench->watch(bench);
  if (*tb->seg_valid_o && !bench->segment_shown) bench->segment_cycle = tb->cycles;
  bench->segment_shown = *tb->seg_valid_o && !*tb->seg_ready_i;
  if (*tb->seg_valid_o && *tb->seg_ready_i) rx_take_segment(bench);
  if (*tb->arp_valid_o) {
    const sent_t *sent = rx_next(bench, &bench->next_arp, TO_ARP);
    uint32_t arp = sent->info.layer3;

    bench->arps++;
    bench->arp_cycle = tb->cycles;
    cr_assert_eq(*tb->arp_is_request_o, frame_get16(sent->frame, arp + 6) == 1);
    cr_assert_eq(*tb->arp_sender_mac_o >> 32, frame_get16(sent->frame, arp + 8));
    cr_assert_eq(*tb->arp_sender_mac_o & 0xffffffff, frame_get32(sent->frame, arp + 10));
    cr_assert_eq(*tb->arp_sender_ip_o, frame_get32(sent->frame, arp + 14));
    cr_assert_eq(*tb->arp_target_ip_o, frame_get32(sent->frame, arp + 24));
  }
  rx_take_echo(bench);
  rx_take_axi(bench);
  if (*tb->verdict_valid_i && *tb->verdict_ready_o) {
    bench->kept += bench->verdicts[bench->verdict_done++].keep;
    bench->verdict_on = false;
  }
  cr_assert_leq((uint16_t)*tb->delivered_count_o, bench->kept);
  tb_tb_rx_tick(tb);
}

/* Until everything has been sent and has left the block; then checks every count. */
static inline void rx_run(rx_bench_t *bench) {
  tb_tb_rx_t *tb = bench->tb;
  uint32_t want[MAX_DROPS] = {0}, segments = 0, arps = 0, echoes = 0;
  uint64_t quiet = 0, start = tb->cycles;

  while (quiet < 64) {
    bool busy = bench->sending < bench->sent_count || *tb->tvalid_i;

    cr_assert_lt(tb->cycles - start, 4000000, "never idle again");
    rx_cycle(bench);
    tb_tb_rx_eval(tb);
    if (busy) {
      quiet = 0;
    } else if (quiet > 0) {
      cr_assert_eq(*tb->idle_o, 1, "idle for %u cycles, then not", (unsigned)quiet);
      quiet++;
    } else if (*tb->idle_o) {
      cr_assert_eq(bench->b_count, bench->aw_count, "idle with a write under way");
      cr_assert_eq(bench->verdict_done, bench->segments, "idle with a verdict missing");
      quiet = 1;
    }
  }
  for (uint32_t i = 0; i < bench->sent_count; i++) {
    const sent_t *sent = &bench->sent[i];

    segments += sent->outcome == TO_SEGMENT;
    arps += sent->outcome == TO_ARP;
    echoes += sent->outcome == TO_ECHO;
    if (sent->outcome == TO_NOTHING && !bench->joined[i]) want[sent->reason]++;
  }
  if (!bench->may_lose) {
    want[DROP_ECHO_BUSY] += echoes - bench->echoes;
    for (uint32_t i = 0; i < MAX_DROPS; i++) {
      cr_assert_eq(bench->drops[i], want[i], "drop reason %u: %u times, not %u", i, bench->drops[i],
                   want[i]);
    }
    cr_assert_eq(bench->segments, segments);
    cr_assert_eq(bench->arps, arps);
    cr_assert_eq(bench->frames_counted, segments + arps + bench->echoes);
  }
  cr_assert_eq(bench->segments_counted, bench->segments - bench->errors);
  cr_assert_eq(*tb->delivered_count_o, (uint16_t)bench->kept);
  cr_assert_null(bench->echo_of, "echo data missing");
  for (uint32_t i = 0; i < MEMORY_OCTETS; i++) {
    cr_assert_eq(bench->memory[i], bench->expected[i], "octet %#x of memory is %#x, not %#x", i,
                 bench->memory[i], bench->expected[i]);
  }
}

/* Forgets what was sent and counted, but not what is in memory. */
static inline void rx_restart(rx_bench_t *bench) {
  for (uint32_t i = 0; i < bench->sent_count; i++) free(bench->sent[i].frame);
  bench->sent_count = bench->sending = bench->next_segment = bench->next_arp = 0;
  bench->segments = bench->errors = bench->arps = bench->echoes = bench->lost = 0;
  bench->frames_counted = bench->segments_counted = 0;
  bench->verdict_count = bench->verdict_done = 0;
  memset(bench->drops, 0, sizeof bench->drops);
  memset(bench->joined, 0, sizeof bench->joined);
}

/* A segment of len octets of random payload, numbered by seq. */
static inline void rx_make_segment(rx_bench_t *bench, frame_t *frame, const frame_path_t *path,
                                   uint32_t len) {
  static uint8_t payload[FRAME_MAX_OCTETS];
  frame_tcp_t tcp = {.src_port = (uint16_t)tb_random(&bench->rng),
                     .dst_port = 80,
                     .seq = bench->sent_count << 16 | tb_random_below(&bench->rng, 65536),
                     .ack = tb_random(&bench->rng),
                     .flags = (uint8_t)tb_random(&bench->rng),
                     .wnd = (uint16_t)tb_random(&bench->rng),
                     .urg_ptr = (uint16_t)tb_random(&bench->rng),
                     .payload = payload,
                     .payload_len = len};

  for (uint32_t i = 0; i < len; i++) payload[i] = (uint8_t)tb_random(&bench->rng);
  frame_build_tcp(frame, path, &tcp);
}

#endif
