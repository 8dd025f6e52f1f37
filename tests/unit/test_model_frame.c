/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's frames: what it builds is sound, by a reader that is not the model's, and
 * is read back as what was asked for.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "frame_random.h"
#include "model/toe_model_frame.h"
#include "sim/lockstep_compare.h"

static const model_netif_t kA = {
    .mac = 0x02000000000a, .ip = 0x0a000001, .netmask = 0xffffff00, .mtu = 1500, .enabled = true};
static const model_netif_t kB = {
    .mac = 0x02000000000b, .ip = 0x0a000002, .netmask = 0xffffff00, .mtu = 1500, .enabled = true};

static frame_t frame;
static frame_info_t info;
static model_frame_t parsed;
static tb_rng_t rng;

static void seed(void) {
  rng = tb_rng(tb_seed());
}

static uint8_t coin(void) {
  return (uint8_t)tb_random_below(&rng, 2);
}

static void parse_at_b(void) {
  model_parse(&kB, frame.data, frame.len, true, &parsed);
}

static model_tx_seg_t random_segment(void) {
  model_tx_seg_t seg = {.key = {kB.ip, (uint16_t)tb_random(&rng), (uint16_t)tb_random(&rng)},
                        .dst_mac = kB.mac,
                        .seq = tb_random(&rng),
                        .ack = tb_random(&rng),
                        .flags = {coin(), coin(), coin(), coin(), coin(), coin(), coin(), coin()},
                        .wnd = (uint16_t)tb_random(&rng),
                        .urg_ptr = (uint16_t)tb_random(&rng),
                        .payload_len = (uint16_t)tb_random_below(&rng, coin() ? 8 : 1400)};
  model_tcp_options_t *opt = &seg.opt;

  if ((opt->ts_valid = coin()) != 0) opt->ts_val = tb_random(&rng), opt->ts_ecr = tb_random(&rng);
  if (coin()) {
    if ((opt->mss_valid = coin()) != 0) opt->mss = (uint16_t)tb_random(&rng);
    if ((opt->wscale_valid = coin()) != 0) opt->wscale = (uint8_t)tb_random_below(&rng, 15);
    opt->sack_permitted = coin();
  } else {
    opt->sack_count = (uint8_t)tb_random_below(&rng, opt->ts_valid ? 4 : 5);
    for (unsigned i = 0; i < opt->sack_count; i++)
      opt->sack[i] = (model_seq_range_t){tb_random(&rng), tb_random(&rng)};
  }
  return seg;
}

Test(model_frame, segment_is_read_back_as_it_was_built, .init = seed) {
  uint8_t payload[1400];

  for (size_t i = 0; i < sizeof payload; i++) payload[i] = (uint8_t)tb_random(&rng);
  for (uint32_t i = 0; i < 20000; i++) {
    const model_tx_seg_t seg = random_segment();
    const model_rx_seg_t want = {.key = {kA.ip, seg.key.local_port, seg.key.remote_port},
                                 .src_mac = kA.mac,
                                 .seq = seg.seq,
                                 .ack = seg.ack,
                                 .flags = seg.flags,
                                 .wnd = seg.wnd,
                                 .urg_ptr = seg.urg_ptr,
                                 .payload_len = seg.payload_len,
                                 .opt = seg.opt};

    frame.len = (uint32_t)model_build_segment(&kA, &seg, payload, frame.data);
    const char *wrong = frame_check(&frame, &info);
    cr_assert_null(wrong, "%s", wrong);
    cr_assert_geq(frame.len, MODEL_MIN_FRAME);
    parse_at_b();
    cr_assert_eq(parsed.kind, MODEL_FRAME_SEGMENT, "dropped for %u", parsed.drop);
    cr_assert_eq(differ_rx_seg(stderr, &(path_t){NULL, "seg"}, &parsed.seg, &want), 0,
                 "rtl: as read; model: as built");
    cr_assert_arr_eq(frame.data + parsed.payload_off, payload, seg.payload_len);
  }
}

Test(model_frame, options_lie_as_common_stacks_lay_them) {
  static const uint8_t syn[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
  const model_tcp_options_t opt = {.mss_valid = 1,
                                   .mss = 1460,
                                   .sack_permitted = 1,
                                   .ts_valid = 1,
                                   .ts_val = 1,
                                   .wscale_valid = 1,
                                   .wscale = 7};
  uint8_t octets[40];

  cr_assert_eq(model_build_options(&opt, octets), sizeof syn);
  cr_expect_arr_eq(octets, syn, sizeof syn);
}

Test(model_frame, payload_beyond_the_mtu_is_cut) {
  static const uint8_t payload[2000];
  const model_tx_seg_t seg = {.key = {kB.ip, 1, 2}, .dst_mac = kB.mac, .payload_len = 2000};

  frame.len = (uint32_t)model_build_segment(&kA, &seg, payload, frame.data);
  cr_expect_eq(frame.len, 14 + kA.mtu);
  parse_at_b();
  cr_expect_eq(parsed.seg.payload_len, kA.mtu - 40);
}

Test(model_frame, echo_is_answered_with_its_own_octets, .init = seed) {
  frame_path_t path = {.dst_mac = {2, 0, 0, 0, 0, 10},
                       .src_mac = {2, 0, 0, 0, 0, 11},
                       .src_ip = kB.ip,
                       .dst_ip = kA.ip};
  uint8_t body[101];
  frame_t reply;

  for (size_t i = 0; i < sizeof body; i++) body[i] = (uint8_t)tb_random(&rng);
  for (uint32_t len = 4; len <= sizeof body; len++) {
    frame_build_icmp(&frame, &path, 8, 0, body, len);
    model_parse(&kA, frame.data, frame.len, true, &parsed);
    cr_assert_eq(parsed.kind, MODEL_FRAME_ECHO);
    cr_assert_eq(parsed.echo.len, len);
    reply.len =
        (uint32_t)model_build_echo(&kA, &parsed.echo, frame.data + parsed.payload_off, reply.data);
    cr_assert_null(frame_check(&reply, &info));
    cr_assert_eq(reply.data[info.layer4], 0, "not a reply");
    cr_assert_eq(info.dst_ip, kB.ip);
    cr_assert_eq(frame_get32(&reply, 2), (uint32_t)kB.mac);
    cr_assert_arr_eq(reply.data + info.layer4 + 4, body, len);
  }
}

Test(model_frame, arp_is_read_back_as_it_was_built) {
  frame.len = (uint32_t)model_build_arp(&kA, true, 0xffffffffffff, kB.ip, frame.data);
  parse_at_b();
  cr_assert_eq(parsed.kind, MODEL_FRAME_ARP);
  cr_expect_eq(parsed.arp.is_request, 1);
  cr_expect_eq(parsed.arp.sender_mac, kA.mac);
  cr_expect_eq(parsed.arp.sender_ip, kA.ip);
  cr_expect_eq(parsed.arp.target_ip, kB.ip);
  frame.len = (uint32_t)model_build_arp(&kA, false, kB.mac, kB.ip, frame.data);
  parse_at_b();
  cr_expect_eq(parsed.arp.is_request, 0);
  cr_expect_eq(frame_get32(&frame, 14 + 20), (uint32_t)kB.mac, "target's address");
}

/* The example of RFC 1071 section 3. */
Test(model_frame, checksum_is_that_of_the_rfc) {
  static const uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

  cr_expect_eq(model_checksum_add(0, octets, sizeof octets), 0xddf2);
  cr_expect_eq(model_checksum_add(0, octets, 3), 0x01 + 0xf200);
}

/* A parser that reads behind the frame is seen by the fuzzer, which has the means; here: no frame
 * is too short for it. */
Test(model_frame, every_beginning_of_a_frame_is_refused, .init = seed) {
  for (uint32_t i = 0; i < 200; i++) {
    const model_tx_seg_t seg = random_segment();
    static const uint8_t payload[1400];
    const uint32_t len = (uint32_t)model_build_segment(&kA, &seg, payload, frame.data);
    const uint32_t packet = 14u + frame_get16(&frame, 16);

    for (frame.len = 0; frame.len < len; frame.len++) {
      parse_at_b();
      cr_assert_eq(parsed.kind == MODEL_FRAME_SEGMENT, frame.len >= packet);
    }
  }
}
