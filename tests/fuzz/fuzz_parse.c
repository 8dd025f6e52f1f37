/* SPDX-License-Identifier: Apache-2.0
 *
 * Any octets as a frame for the model's parser.  Nothing beyond the frame is read (it lies in
 * memory of exactly its size), the same frame means the same twice, what a verdict speaks of lies
 * within the frame, and a segment that was read is built and read back without a change.
 *
 * Input: see fuzz_input.h.  The mutator makes sound frames, spoils them where a reader of headers
 * looks, and mends their checksums.
 */
#include <stdlib.h>
#include <string.h>

#include "frame_random.h"
#include "fuzz.h"
#include "fuzz_input.h"
#include "same.h"

/* Octets whose end the address sanitizer watches. */
static uint8_t *exactly(const uint8_t *octets, size_t len) {
  uint8_t *copy = malloc(len);

  FUZZ_CHECK(copy != NULL);
  memcpy(copy, octets, len);
  return copy;
}

/* The options that a builder can put beside each other are all but SACK in a SYN. */
static model_tcp_options_t buildable(model_tcp_options_t opt) {
  const uint8_t room = opt.ts_valid ? 3 : 4;

  if (opt.mss_valid || opt.wscale_valid || opt.sack_permitted) opt.sack_count = 0;
  if (opt.sack_count > room) opt.sack_count = room;
  for (unsigned i = opt.sack_count; i < 4; i++) opt.sack[i] = (model_seq_range_t){0};
  return opt;
}

/* Builds what was read, as its sender would, and reads it again. */
static void check_rebuilt(const model_netif_t *own, const uint8_t *octets,
                          const model_frame_t *parsed) {
  static uint8_t rebuilt[MODEL_MAX_HEADERS + UINT16_MAX];
  const model_rx_seg_t *seg = &parsed->seg;
  model_netif_t peer = *own;
  model_frame_t again;

  peer.ip = seg->key.remote_ip;
  peer.mac = seg->src_mac;
  /* The builder's options may be longer than those received: their padding. */
  peer.mtu = 9100;
  model_tx_seg_t out = {.key = {own->ip, seg->key.local_port, seg->key.remote_port},
                        .dst_mac = own->mac,
                        .seq = seg->seq,
                        .ack = seg->ack,
                        .flags = seg->flags,
                        .wnd = seg->wnd,
                        .urg_ptr = seg->urg_ptr,
                        .opt = buildable(seg->opt),
                        .payload_len = seg->payload_len};
  const size_t len = model_build_segment(&peer, &out, octets + parsed->payload_off, rebuilt);
  model_netif_t large = *own;
  large.mtu = 9100;
  model_parse(&large, rebuilt, len, true, &again);
  FUZZ_CHECK(again.kind == MODEL_FRAME_SEGMENT);
  model_rx_seg_t want = *seg;
  want.opt = out.opt;
  FUZZ_CHECK(same_rx_seg(&again.seg, &want));
  FUZZ_CHECK(memcmp(rebuilt + again.payload_off, octets + parsed->payload_off, seg->payload_len) ==
             0);
}

static void check(const model_netif_t *own, const uint8_t *octets, size_t len,
                  const model_frame_t *parsed) {
  switch (parsed->kind) {
    case MODEL_FRAME_SEGMENT:
      FUZZ_CHECK(parsed->payload_off + parsed->seg.payload_len <= len);
      check_rebuilt(own, octets, parsed);
      break;
    case MODEL_FRAME_ECHO:
      FUZZ_CHECK(parsed->payload_off + parsed->echo.len <= len);
      break;
    case MODEL_FRAME_ARP:
      FUZZ_CHECK(parsed->payload_off == 0);
      break;
    case MODEL_FRAME_ICMP_ERROR:
      FUZZ_CHECK(parsed->seg.icmp.kind != MODEL_ICMP_NONE && parsed->seg.payload_len == 0);
      break;
    default:
      FUZZ_CHECK(parsed->kind == MODEL_FRAME_DROPPED);
      FUZZ_CHECK(parsed->drop <= MODEL_DROP_TCP_OPTION ||
                 parsed->drop == MODEL_DROP_IP_SOURCE_ROUTE ||
                 parsed->drop == MODEL_DROP_ICMP_QUOTE);
      break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  model_frame_t first, second;
  model_netif_t own;
  bool fcs_good;
  const size_t len = fuzz_parse_input(&data, size, &own, &fcs_good);

  if (len == 0) return 0;
  uint8_t *octets = exactly(data, len);
  model_parse(&own, octets, len, fcs_good, &first);
  memset(&second, 0xa5, sizeof second);
  model_parse(&own, octets, len, fcs_good, &second);
  FUZZ_CHECK(same_frame(&first, &second));
  check(&own, octets, len, &first);
  free(octets);
  return 0;
}

static frame_path_t path_to(const model_netif_t *own, tb_rng_t *rng) {
  return (frame_path_t){.dst_mac = {2, 0, 0, 0, 0, 1},
                        .src_mac = {2, 0, 0, 0, 0, 2},
                        .src_ip = own->ip ^ (1 + tb_random_below(rng, 255)),
                        .dst_ip = own->ip};
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
  static frame_t frame;
  tb_rng_t rng = tb_rng(seed);
  const uint8_t *octets = data;
  model_netif_t own;
  bool fcs_good;

  if (max_size < FUZZ_PARSE_HEADER + 14) return LLVMFuzzerMutate(data, size, max_size);
  if (size <= FUZZ_PARSE_HEADER || tb_random_below(&rng, 16) == 0) {
    const uint8_t header[FUZZ_PARSE_HEADER] = {3, 0x9c, 24, 0, 10, 1, 2, 3};
    memcpy(data, header, sizeof header);
    size = FUZZ_PARSE_HEADER + 1;
  }
  size_t len = fuzz_parse_input(&octets, size, &own, &fcs_good);
  const size_t room = max_size - FUZZ_PARSE_HEADER;
  if (len > sizeof frame.data) len = sizeof frame.data;
  memset(&frame, 0, sizeof frame);
  memcpy(frame.data, octets, len);
  frame.len = (uint32_t)len;
  if (len < 14 || tb_random_below(&rng, 16) == 0) {
    const frame_path_t path = path_to(&own, &rng);
    frame_random(&frame, &path, &rng);
  } else if (tb_random_below(&rng, 8) == 0) {
    return LLVMFuzzerMutate(data, size, max_size); /* addresses, MTU and all */
  } else if (tb_random_below(&rng, 4) == 0) {
    frame.len = (uint32_t)LLVMFuzzerMutate(frame.data, len, room < 4096 ? room : 4096);
  } else {
    frame_mutate(&frame, room < 4096 ? (uint32_t)room : 4096, &rng);
  }
  if (tb_random_below(&rng, 8) != 0) frame_fix(&frame);
  const size_t kept = frame.len < room ? frame.len : room;
  memcpy(data + FUZZ_PARSE_HEADER, frame.data, kept);
  return FUZZ_PARSE_HEADER + kept;
}
