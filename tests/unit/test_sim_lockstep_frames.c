/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments that events asked for, against frames that left.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "sim/lockstep.h"
#include "sim/lockstep_frames.h"

enum { ENGINE = 0x0a000002, PEER = 0x0a000001, OTHER = 0x0a000009, MTU = 1500 };

static const uint64_t kSecondNs = UINT64_C(1000000000);

static struct sim_awaited_list list;
static char *said;

static void end(void) {
  sim_awaited_free(&list);
  free(said);
}

static model_tx_seg_t segment(uint32_t remote_ip, uint32_t seq, uint16_t payload_len) {
  return (model_tx_seg_t){
      .key = {.remote_ip = remote_ip, .remote_port = 2000, .local_port = 80},
      .seq = seq,
      .ack = 500,
      .flags = {.ack = 1},
      .wnd = 4096,
      .payload_len = payload_len,
  };
}

static void ask(uint32_t remote_ip, uint32_t seq, uint16_t payload_len) {
  const model_tx_seg_t seg = segment(remote_ip, seq, payload_len);

  cr_assert(sim_awaited_add(&list, &seg, 0));
}

static frame_t frame_of(const model_tx_seg_t *seg) {
  static uint8_t zeros[FRAME_MAX_OCTETS];
  const frame_path_t path = {.src_ip = ENGINE,
                             .dst_ip = seg->key.remote_ip,
                             .tos = (uint8_t)(seg->dscp << 2),
                             .fragment = 0x4000}; /* DF */
  frame_tcp_t tcp = {.src_port = seg->key.local_port,
                     .dst_port = seg->key.remote_port,
                     .seq = seg->seq,
                     .ack = seg->ack,
                     .flags = (uint8_t)(seg->flags.ack ? FRAME_ACK : 0),
                     .wnd = seg->wnd,
                     .payload = zeros,
                     .payload_len = seg->payload_len};
  frame_t frame;

  if (seg->opt.ts_valid) frame_add_timestamps(&tcp, seg->opt.ts_val, seg->opt.ts_ecr);
  if (seg->opt.sack_count == 1) frame_add_sack(&tcp, &seg->opt.sack[0].left, 1);
  frame_pad_options(&tcp);
  frame_build_tcp(&frame, &path, &tcp);
  frame_pad(&frame, 60, 0);
  return frame;
}

static enum sim_awaited_result leave(const model_tx_seg_t *seg, uint64_t now_ns) {
  const frame_t frame = frame_of(seg);
  struct sim_segment left;
  size_t len = 0;

  free(said);
  FILE *out = open_memstream(&said, &len);
  cr_assert_eq(sim_frame_read(frame.data, frame.len, &left), SIM_FRAME_SEGMENT);
  const enum sim_awaited_result result = sim_awaited_take(&list, &left, MTU, now_ns, out);
  if (result == SIM_AWAITED_WRONG) sim_awaited_explain(&list, &left, MTU, out);
  fclose(out);
  return result;
}

static enum sim_awaited_result leaves(uint32_t remote_ip, uint32_t seq, uint16_t payload_len) {
  const model_tx_seg_t seg = segment(remote_ip, seq, payload_len);
  return leave(&seg, 1000);
}

Test(lockstep_frames, segment_leaves_once, .fini = end) {
  ask(PEER, 1, 100);
  cr_expect_eq(leaves(PEER, 1, 100), SIM_AWAITED_FOUND);
  cr_expect_eq(leaves(PEER, 1, 100), SIM_AWAITED_UNKNOWN);
}

Test(lockstep_frames, options_are_compared, .fini = end) {
  model_tx_seg_t seg = segment(PEER, 1, 0);

  seg.opt = (model_tcp_options_t){
      .ts_valid = 1, .ts_val = 7, .ts_ecr = 8, .sack_count = 1, .sack = {{100, 200}}};
  cr_assert(sim_awaited_add(&list, &seg, 0));
  seg.opt.sack[0].right = 201;
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_WRONG);
  cr_expect_not_null(strstr(said, "frame.opt.sack.right: rtl 201 (0xc9) model 200"), "%s", said);
  seg.opt.sack[0].right = 200;
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_FOUND, "%s", said);
}

Test(lockstep_frames, other_window_is_wrong, .fini = end) {
  model_tx_seg_t seg = segment(PEER, 1, 100);

  ask(PEER, 1, 100);
  seg.wnd++;
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_WRONG);
  cr_expect_not_null(strstr(said, "frame.wnd: rtl 4097 (0x1001) model 4096"), "%s", said);
}

Test(lockstep_frames, other_dscp_is_wrong, .fini = end) {
  model_tx_seg_t seg = segment(PEER, 1, 100);

  seg.dscp = 46;
  cr_assert(sim_awaited_add(&list, &seg, 0));
  seg.dscp = 45;
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_WRONG);
  cr_expect_not_null(strstr(said, "frame.dscp: rtl 45 (0x2d) model 46"), "%s", said);
  seg.dscp = 46;
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_FOUND, "%s", said);
}

Test(lockstep_frames, doubt_is_not_on_the_wire, .fini = end) {
  model_tx_seg_t seg = segment(PEER, 1, 100);

  seg.doubt = 1;
  cr_assert(sim_awaited_add(&list, &seg, 0));
  cr_expect_eq(leave(&seg, 0), SIM_AWAITED_FOUND, "%s", said);
}

Test(lockstep_frames, segment_overtaken_by_a_later_one_is_missing, .fini = end) {
  ask(PEER, 1, 100);
  ask(PEER, 101, 100);
  cr_expect_eq(leaves(PEER, 101, 100), SIM_AWAITED_SKIPPED);
  cr_expect_not_null(strstr(said, "missing"), "%s", said);
}

Test(lockstep_frames, answer_to_a_frame_does_not_wait_for_an_address, .fini = end) {
  model_tx_seg_t answer = segment(PEER, 1, 0);

  answer.mac_valid = 1;
  cr_assert(sim_awaited_add(&list, &answer, 0));
  ask(OTHER, 1, 0);
  cr_expect_eq(leaves(OTHER, 1, 0), SIM_AWAITED_SKIPPED);
}

Test(lockstep_frames, segment_to_another_machine_waits_for_its_address, .fini = end) {
  ask(PEER, 1, 100);
  ask(OTHER, 1, 100);
  cr_expect_eq(leaves(OTHER, 1, 100), SIM_AWAITED_FOUND);
  cr_expect_eq(leaves(PEER, 1, 100), SIM_AWAITED_FOUND);
}

Test(lockstep_frames, segment_without_an_address_is_given_up_after_three_seconds, .fini = end) {
  const model_tx_seg_t again = segment(PEER, 101, 100);

  ask(PEER, 1, 100);
  cr_assert(sim_awaited_add(&list, &again, 3 * kSecondNs));
  cr_expect_eq(leave(&again, 3 * kSecondNs + 10), SIM_AWAITED_FOUND);
}

Test(lockstep_frames, crowd_that_waits_for_an_address_may_lose_the_last, .fini = end) {
  for (uint32_t seq = 1; seq <= 14; seq++) ask(PEER, seq, 0);
  for (uint32_t seq = 1; seq <= 12; seq++)
    cr_expect_eq(leaves(PEER, seq, 0), SIM_AWAITED_FOUND, "%s", said);
  cr_expect_eq(leaves(PEER, 14, 0), SIM_AWAITED_FOUND, "there was no place for 13: %s", said);
  for (uint32_t seq = 15; seq <= 28; seq++) ask(PEER, seq, 0);
  cr_expect_eq(leaves(PEER, 28, 0), SIM_AWAITED_SKIPPED, "the address is known by now");
}

Test(lockstep_frames, doubted_address_may_be_forgotten_though_it_is_in_use, .fini = end) {
  model_tx_seg_t doubtful = segment(PEER, 1, 0);

  ask(PEER, 0, 0);
  cr_expect_eq(leaves(PEER, 0, 0), SIM_AWAITED_FOUND, "%s", said);
  doubtful.doubt = 1;
  cr_assert(sim_awaited_add(&list, &doubtful, 0));
  for (uint32_t seq = 2; seq <= 14; seq++) ask(PEER, seq, 0);
  for (uint32_t seq = 1; seq <= 12; seq++)
    cr_expect_eq(leaves(PEER, seq, 0), SIM_AWAITED_FOUND, "%s", said);
  cr_expect_eq(leaves(PEER, 14, 0), SIM_AWAITED_FOUND, "there was no place for 13: %s", said);
}

Test(lockstep_frames, payload_is_cut_to_the_mtu, .fini = end) {
  ask(PEER, 1, 2000);
  cr_expect_eq(leaves(PEER, 1, 1459), SIM_AWAITED_WRONG, "shorter than it must be");
  cr_expect_eq(leaves(PEER, 1, 1460), SIM_AWAITED_FOUND);
}

Test(lockstep_frames, disabled_engine_drops_segments, .fini = end) {
  ask(PEER, 1, 0);
  sim_awaited_disable(&list, true);
  ask(PEER, 2, 0);
  sim_awaited_disable(&list, false);
  ask(PEER, 3, 0);
  cr_expect_eq(leaves(PEER, 3, 0), SIM_AWAITED_FOUND);
}

static const struct toe_sim_config kConfig = {
    .ip = ENGINE, .num_conns = 16, .rx_ring_log2 = 16, .tx_ring_log2 = 16};

Test(lockstep_frames, without_an_event_there_is_no_data) {
  const struct sim_moment now = {.ns = 1, .cycle = 1};
  struct sim_lockstep *lockstep = sim_lockstep_new(&kConfig);
  model_tx_seg_t seg = segment(PEER, 1, 0);
  size_t len = 0;
  FILE *out = open_memstream(&said, &len);

  frame_t frame = frame_of(&seg);
  cr_expect(sim_lockstep_frame(lockstep, &now, frame.data, frame.len, out), "as of TIME-WAIT");
  seg.payload_len = 1;
  frame = frame_of(&seg);
  cr_expect(!sim_lockstep_frame(lockstep, &now, frame.data, frame.len, out));
  fclose(out);
  cr_expect_not_null(strstr(said, "no event asked for this frame"), "%s", said);
  sim_lockstep_delete(lockstep);
  free(said);
}

/* What the checker says of a frame. */
static const char *complaint_about(const frame_t *frame) {
  const struct sim_moment now = {.ns = 1, .cycle = 1};
  struct sim_lockstep *lockstep = sim_lockstep_new(&kConfig);
  size_t len = 0;

  free(said);
  FILE *out = open_memstream(&said, &len);
  const bool good = sim_lockstep_frame(lockstep, &now, frame->data, frame->len, out);
  fclose(out);
  sim_lockstep_delete(lockstep);
  cr_expect_eq(good, said[0] == 0, "%s", said);
  return said;
}

Test(lockstep_frames, every_octet_is_compared_with_what_the_model_builds, .fini = end) {
  const model_tx_seg_t seg = segment(PEER, 1, 0);
  frame_t frame = frame_of(&seg);

  cr_expect_str_empty(complaint_about(&frame));
  frame.data[22]--; /* TTL */
  frame_fix_ip(&frame);
  cr_expect_not_null(strstr(complaint_about(&frame), "from octet 22 on"), "%s", said);
  frame = frame_of(&seg);
  frame.data[59] = 1; /* padding */
  cr_expect_not_null(strstr(complaint_about(&frame), "from octet 59 on"), "%s", said);
  frame = frame_of(&seg);
  frame.len = 61;
  frame.data[60] = 0;
  cr_expect_not_null(strstr(complaint_about(&frame), "from octet 60 on"), "%s", said);
}

Test(lockstep_frames, frame_that_no_receiver_takes_is_refused, .fini = end) {
  const model_tx_seg_t seg = segment(PEER, 1, 0);
  frame_t frame = frame_of(&seg);

  frame.data[50] ^= 1; /* TCP checksum */
  cr_expect_not_null(strstr(complaint_about(&frame), "no receiver would take"), "%s", said);
}

/* --- Received -------------------------------------------------------------------------------- */

static const model_netif_t kOwn = {
    .mac = 0, .ip = PEER, .netmask = 0xffffff00, .mtu = MTU, .enabled = true};

static struct sim_arrived_list arrived;

/* A frame of the machine ENGINE arrives at PEER. */
static model_rx_seg_t arrives(uint32_t seq, bool fcs_good) {
  const model_tx_seg_t seg = segment(PEER, seq, 0);
  const frame_t frame = frame_of(&seg);

  sim_arrived_add(&arrived, &kOwn, frame.data, frame.len, fcs_good);
  return (model_rx_seg_t){
      .key = {ENGINE, 80, 2000}, .seq = seq, .ack = seg.ack, .flags = seg.flags, .wnd = seg.wnd};
}

Test(lockstep_frames, event_takes_its_segment_once) {
  const model_rx_seg_t first = arrives(1, true);

  cr_expect(sim_arrived_take(&arrived, &first));
  cr_expect_not(sim_arrived_take(&arrived, &first));
}

Test(lockstep_frames, events_follow_in_the_order_of_their_frames) {
  const model_rx_seg_t first = arrives(1, true);
  const model_rx_seg_t second = arrives(2, true);

  cr_expect(sim_arrived_take(&arrived, &first));
  cr_expect(sim_arrived_take(&arrived, &second));
}

Test(lockstep_frames, event_with_another_field_has_no_frame) {
  model_rx_seg_t first = arrives(1, true);

  first.wnd++;
  cr_expect_not(sim_arrived_take(&arrived, &first));
}

Test(lockstep_frames, frame_may_be_lost_but_none_comes_late) {
  const model_rx_seg_t first = arrives(1, true);
  const model_rx_seg_t second = arrives(2, true);

  cr_expect(sim_arrived_take(&arrived, &second));
  cr_expect_not(sim_arrived_take(&arrived, &first));
}

Test(lockstep_frames, damaged_frame_is_no_event) {
  const model_rx_seg_t first = arrives(1, false);

  cr_expect_not(sim_arrived_take(&arrived, &first));
}

Test(lockstep_frames, icmp_error_takes_its_frame_once) {
  enum { UNREACHABLE = 3, TOO_BIG = 4 };
  const frame_path_t path = {.src_ip = OTHER, .dst_ip = PEER};
  const frame_quote_t quote = {
      .src_ip = PEER, .dst_ip = ENGINE, .src_port = 2000, .dst_port = 80, .seq = 77};
  model_rx_seg_t error = {
      .key = {ENGINE, 80, 2000}, .seq = 77, .icmp = {MODEL_ICMP_UNREACHABLE, TOO_BIG, 900}};
  frame_t frame;

  frame_build_icmp_error(&frame, &path, UNREACHABLE, TOO_BIG, 900, &quote, 0);
  sim_arrived_add(&arrived, &kOwn, frame.data, frame.len, true);
  error.icmp.mtu++;
  cr_expect_not(sim_arrived_take(&arrived, &error));
  error.icmp.mtu--;
  cr_expect(sim_arrived_take(&arrived, &error));
  cr_expect_not(sim_arrived_take(&arrived, &error));
}

Test(lockstep_frames, oldest_gives_way_when_more_are_lost_than_an_engine_holds) {
  const model_rx_seg_t first = arrives(1, true);
  model_rx_seg_t last = first;

  for (uint32_t i = 0; i < SIM_ARRIVED; i++) last = arrives(2 + i, true);
  cr_expect_not(sim_arrived_take(&arrived, &first));
  cr_expect(sim_arrived_take(&arrived, &last));
}
