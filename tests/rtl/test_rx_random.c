/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_rx under random traffic: whatever the patterns of the streams, every good frame becomes what
 * it should, every kept octet reaches its place in memory and nothing else is written.
 */
/* tb: top=tb_rx widths=64,128,256,512 */
#include "rx_icmp.h"

static frame_t frame;

/* Mostly options that follow each other as they should; what is left of the last is chance. */
static void random_ip_options(rx_bench_t *bench, frame_path_t *path) {
  uint32_t len = 4 * tb_random_below(&bench->rng, 11);

  path->ip_options_len = (uint8_t)len;
  for (uint32_t i = 0; i < len; i++) path->ip_options[i] = (uint8_t)tb_random(&bench->rng);
  for (uint32_t at = 0; at + 1 < len && tb_random_below(&bench->rng, 16) != 0;) {
    static const uint8_t kinds[] = {1, 1, 7, 68, 131, 136, 137, 148, 2, 0};
    uint8_t kind = kinds[tb_random_below(&bench->rng, sizeof kinds)];
    uint32_t left = len - at;

    if (kind > 1) path->ip_options[at + 1] = (uint8_t)(2 + tb_random_below(&bench->rng, left - 1));
    path->ip_options[at] = kind;
    at += kind > 1 ? path->ip_options[at + 1] : 1;
  }
}

static frame_path_t random_path(rx_bench_t *bench) {
  frame_path_t path = rx_path;

  path.tagged = tb_random_below(&bench->rng, 3) == 0;
  path.vlan_tci = (uint16_t)tb_random(&bench->rng);
  path.ip_id = (uint16_t)tb_random(&bench->rng);
  path.fragment = tb_random_below(&bench->rng, 2) == 0 ? 0x4000 : 0;
  path.tos = (uint8_t)tb_random(&bench->rng);
  path.src_mac[5] = (uint8_t)tb_random(&bench->rng);
  path.src_ip = 0x0a000001 + tb_random_below(&bench->rng, 1 << 20);
  if (tb_random_below(&bench->rng, 4) == 0) random_ip_options(bench, &path);
  return path;
}

/* The frame becomes @p outcome, unless its IPv4 options forbid it. */
static void send_over(rx_bench_t *bench, const frame_path_t *path, outcome_t outcome) {
  const uint32_t fault = rx_ip_options_fault(path->ip_options, path->ip_options_len);
  const bool passes = fault == IP_OPTIONS_PASS;

  rx_send(bench, &frame, passes ? outcome : TO_NOTHING, passes ? 0 : (drop_t)fault);
}

static uint32_t random_len(rx_bench_t *bench) {
  switch (tb_random_below(&bench->rng, 4)) {
    case 0:
      return 0;
    case 1:
      return tb_random_below(&bench->rng, 16);
    case 2:
      return tb_random_below(&bench->rng, 200);
    default:
      return tb_random_below(&bench->rng, 1380);
  }
}

static void send_segment(rx_bench_t *bench) {
  frame_path_t path = random_path(bench);
  frame_tcp_t tcp = {0};
  uint8_t payload[1400];

  tcp.src_port = (uint16_t)tb_random(&bench->rng);
  tcp.dst_port = (uint16_t)tb_random(&bench->rng);
  tcp.seq = tb_random(&bench->rng);
  tcp.ack = tb_random(&bench->rng);
  tcp.flags = (uint8_t)tb_random(&bench->rng);
  tcp.wnd = (uint16_t)tb_random(&bench->rng);
  tcp.urg_ptr = (uint16_t)tb_random(&bench->rng);
  if (tb_random_below(&bench->rng, 2) == 0) {
    frame_add_timestamps(&tcp, tb_random(&bench->rng), tb_random(&bench->rng));
    if (tb_random_below(&bench->rng, 2) == 0) {
      uint32_t edges[2] = {tb_random(&bench->rng), tb_random(&bench->rng)};

      frame_add_sack(&tcp, edges, 1);
    }
    frame_pad_options(&tcp);
  }
  tcp.payload = payload;
  tcp.payload_len = random_len(bench);
  for (uint32_t i = 0; i < tcp.payload_len; i++) payload[i] = (uint8_t)tb_random(&bench->rng);
  frame_build_tcp(&frame, &path, &tcp);
  if (tb_random_below(&bench->rng, 2) == 0) frame_pad(&frame, 60, (uint8_t)tb_random(&bench->rng));
  send_over(bench, &path, TO_SEGMENT);
}

static void send_echo(rx_bench_t *bench) {
  frame_path_t path = random_path(bench);
  uint8_t body[1400];
  uint32_t len = 4 + tb_random_below(&bench->rng, 1380);

  for (uint32_t i = 0; i < len; i++) body[i] = (uint8_t)tb_random(&bench->rng);
  frame_build_icmp(&frame, &path, 8, 0, body, len);
  frame_pad(&frame, 60, (uint8_t)tb_random(&bench->rng));
  send_over(bench, &path, TO_ECHO);
}

static void send_bad(rx_bench_t *bench) {
  frame_path_t path = random_path(bench);

  if (rx_ip_options_fault(path.ip_options, path.ip_options_len) != IP_OPTIONS_PASS)
    path.ip_options_len = 0;
  rx_make_segment(bench, &frame, &path, random_len(bench));
  switch (tb_random_below(&bench->rng, 4)) {
    case 0:
      frame.data[frame_layer4(&frame) + 4] ^= 0x10;
      rx_send(bench, &frame, TO_NOTHING, DROP_TCP_CHECKSUM);
      break;
    case 1:
      frame.data[frame_layer3(&frame) + 8] ^= 0x10;
      rx_send(bench, &frame, TO_NOTHING, DROP_IP_CHECKSUM);
      break;
    case 2:
      frame.data[0] ^= 0x10;
      rx_send(bench, &frame, TO_NOTHING, DROP_NOT_FOR_US);
      break;
    default:
      rx_send(bench, &frame, TO_NOTHING, DROP_MAC_ERROR)->mac_error = true;
      break;
  }
}

static void send_any(rx_bench_t *bench) {
  uint32_t dice = tb_random_below(&bench->rng, 16);

  if (dice < 11) {
    send_segment(bench);
  } else if (dice < 13) {
    send_bad(bench);
  } else if (dice < 14) {
    send_echo(bench);
  } else if (dice < 15) {
    const frame_path_t path = random_path(bench);
    const frame_quote_t quote = rx_random_quote(bench);

    if (rx_ip_options_fault(path.ip_options, path.ip_options_len) == IP_OPTIONS_PASS)
      rx_send_icmp_error(bench, &path, ICMP_PARAMETER, 0, 0, &quote);
  } else {
    frame_path_t path = random_path(bench);

    memset(path.dst_mac, 0xff, 6);
    frame_build_arp(&frame, &path, (uint16_t)(1 + tb_random_below(&bench->rng, 2)), NULL);
    rx_send(bench, &frame, TO_ARP, 0);
  }
}

/* Stream patterns that leave the block time enough, so that nothing is lost. */
static void run_mix(tb_pattern_t stream, tb_pattern_t core, tb_pattern_t memory) {
  rx_bench_t *bench = rx_new();

  bench->stream.pattern = stream;
  bench->seg.pattern = bench->verdict.pattern = core;
  bench->aw.pattern = bench->w.pattern = bench->b.pattern = memory;
  bench->echo.pattern = bench->echo_data.pattern = core;
  for (uint32_t i = 0; i < 150; i++) send_any(bench);
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_random, every_octet_reaches_its_place_under_every_pattern) {
  for (int core = 0; core < TB_PATTERN_COUNT; core++) {
    for (int memory = 0; memory < TB_PATTERN_COUNT - 1; memory++) {
      run_mix(TB_RARELY, (tb_pattern_t)core, (tb_pattern_t)memory);
    }
  }
}

Test(rx_random, frames_with_and_without_gaps) {
  for (int stream = 0; stream < TB_PATTERN_COUNT; stream++) {
    run_mix((tb_pattern_t)stream, TB_ALWAYS, TB_ALWAYS);
  }
}

/* Every octet of every ring can be the first and the last of a segment. */
static void decide_at_wrap(rx_bench_t *bench, const sent_t *sent, verdict_t *verdict) {
  uint32_t index = bench->verdict_count - 1;

  *verdict = (verdict_t){.keep = true,
                         .conn = (uint16_t)(index % CONNS),
                         .len = (uint16_t)sent->info.payload_len,
                         .seq = (index << RING_LOG2) - index};
}

Test(rx_random, segment_across_the_end_of_its_ring_wraps) {
  rx_bench_t *bench = rx_new();

  bench->decide = decide_at_wrap;
  bench->stream.pattern = TB_RANDOM;
  for (uint32_t i = 0; i < 400; i++) {
    rx_make_segment(bench, &frame, &rx_path, 1 + i);
    rx_send(bench, &frame, TO_SEGMENT, 0);
  }
  rx_run(bench);
  rx_delete(bench);
}

Test(rx_random, segment_as_long_as_the_mtu_at_every_alignment) {
  rx_bench_t *bench = rx_new();

  *bench->tb->mtu_i = 4136;
  bench->decide = decide_at_wrap;
  bench->stream.pattern = TB_RANDOM;
  for (uint32_t i = 0; i < 2 * LANES; i++) {
    rx_make_segment(bench, &frame, &rx_path, 4096);
    rx_send(bench, &frame, TO_SEGMENT, 0);
  }
  rx_run(bench);
  rx_delete(bench);
}
