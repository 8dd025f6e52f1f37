/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model's half-open connections and TIME-WAIT, one segment at a time.
 */
#include <criterion/criterion.h>

#include "model/toe_model_table.h"

enum { IRS = 1000, ISS = 5000, OWN_WSCALE = 5, TS = 70 };

static const model_cfg_t kCfg = {.mtu = 1500,
                                 .ts_enable = 1,
                                 .sack_enable = 1,
                                 .wscale_enable = 1,
                                 .rto_initial_us = 1000000,
                                 .rto_max_us = 3000000,
                                 .syn_retries = 3,
                                 .rx_ring_log2 = 20};

static model_half_open_t entry;
static model_tx_seg_t answer;
static model_tcb_open_t open_as;

static void syn_arrives(void) {
  const model_rx_seg_t syn = {.key = {1, 2, 3},
                              .src_mac = 9,
                              .seq = IRS,
                              .flags = {.syn = 1},
                              .opt = {.mss_valid = 1,
                                      .mss = 1400,
                                      .wscale_valid = 1,
                                      .wscale = 7,
                                      .sack_permitted = 1,
                                      .ts_valid = 1,
                                      .ts_val = TS}};

  model_half_open_begin(&kCfg, &syn, ISS, 512, &entry, &answer);
}

/* The segment that ends the handshake, to be spoiled. */
static model_rx_seg_t last(void) {
  return (model_rx_seg_t){.key = {1, 2, 3},
                          .src_mac = 8,
                          .seq = IRS + 1,
                          .ack = ISS + 1,
                          .flags = {.ack = 1},
                          .opt = {.ts_valid = 1, .ts_val = TS}};
}

static model_half_open_result_t arrives(model_rx_seg_t seg) {
  return model_half_open_arrives(&kCfg, &entry, &seg, 1024, &answer, &open_as);
}

static void answer_is_a_plain_ack(void) {
  cr_expect_eq(answer.seq, ISS + 1);
  cr_expect_eq(answer.ack, IRS + 1);
  cr_expect(answer.flags.ack && !answer.flags.syn);
  cr_expect_eq(answer.wnd, 65535 >> OWN_WSCALE);
  cr_expect_eq(answer.dst_mac, 8);
}

Test(model_half_open, syn_is_answered_with_what_it_offered, .init = syn_arrives) {
  cr_expect(answer.flags.syn && answer.flags.ack);
  cr_expect_eq(answer.seq, ISS);
  cr_expect_eq(answer.ack, IRS + 1);
  cr_expect_eq(answer.dst_mac, 9);
  cr_expect_eq(answer.wnd, 65535);
  cr_expect_eq(answer.opt.mss, 1460);
  cr_expect(answer.opt.wscale_valid && answer.opt.wscale == OWN_WSCALE);
  cr_expect(answer.opt.sack_permitted);
  cr_expect(answer.opt.ts_valid && answer.opt.ts_val == 2 && answer.opt.ts_ecr == TS);
}

Test(model_half_open, option_that_was_not_offered_is_not_answered) {
  const model_rx_seg_t syn = {.seq = IRS, .flags = {.syn = 1}};

  model_half_open_begin(&kCfg, &syn, ISS, 0, &entry, &answer);
  cr_expect(!answer.opt.wscale_valid && !answer.opt.sack_permitted && !answer.opt.ts_valid);
  cr_expect_eq(entry.peer_mss, 536, "MUST-15");
}

Test(model_half_open, last_segment_opens, .init = syn_arrives) {
  cr_assert_eq(arrives(last()), MODEL_HALF_OPEN_COMPLETE);
  cr_expect_eq(open_as.iss, ISS);
  cr_expect_eq(open_as.irs, IRS);
  cr_expect_eq(open_as.peer_mss, 1400);
  cr_expect(open_as.passive && open_as.wscale_ok && open_as.sack_ok && open_as.ts_ok);
  cr_expect_eq(open_as.snd_wscale, 7);
  cr_expect_eq(open_as.ts_recent, TS);
}

Test(model_half_open, ack_of_anything_else_is_refused, .init = syn_arrives) {
  model_rx_seg_t seg = last();

  seg.ack = ISS;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_REFUSED);
  seg.ack = ISS + 2;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_REFUSED);
  cr_expect(entry.in_use);
}

Test(model_half_open, segment_without_ack_is_ignored, .init = syn_arrives) {
  model_rx_seg_t seg = last();

  seg.flags.ack = 0;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_IGNORED);
}

Test(model_half_open, only_the_exact_reset_counts, .init = syn_arrives) {
  model_rx_seg_t seg = last();

  seg.flags.rst = 1;
  seg.seq = IRS + 2;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_IGNORED);
  cr_expect(entry.in_use);
  seg.seq = IRS + 1;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_RESET);
  cr_expect_not(entry.in_use);
}

Test(model_half_open, same_syn_gets_syn_ack_again, .init = syn_arrives) {
  model_rx_seg_t seg = last();

  seg.flags = (model_tcp_flags_t){.syn = 1};
  seg.seq = IRS;
  seg.opt.ts_val = TS + 1;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_ANSWERED);
  cr_expect(answer.flags.syn && answer.seq == ISS && answer.dst_mac == 8);
  cr_expect_eq(answer.opt.ts_ecr, TS + 1);
}

Test(model_half_open, other_syn_old_timestamp_and_wrong_number_get_an_ack, .init = syn_arrives) {
  model_rx_seg_t seg = last();

  seg.flags.syn = 1;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_ANSWERED);
  answer_is_a_plain_ack();
  seg = last();
  seg.opt.ts_val = TS - 1;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_ANSWERED);
  answer_is_a_plain_ack();
  seg = last();
  seg.seq = IRS + 1 + 65535;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_ANSWERED);
  answer_is_a_plain_ack();
  seg.seq--;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_COMPLETE, "the last octet of the window");
  seg.seq = IRS - 9;
  seg.payload_len = 10;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_ANSWERED, "all of it is old");
  seg.flags.fin = 1;
  cr_expect_eq(arrives(seg), MODEL_HALF_OPEN_COMPLETE, "its FIN is not");
}

Test(model_half_open, back_off_has_a_limit_and_an_end, .init = syn_arrives) {
  cr_expect(model_half_open_timeout(&kCfg, &entry, 1000000, &answer));
  cr_expect_eq(entry.deadline_us, 3000000);
  cr_expect(answer.flags.syn);
  cr_expect(model_half_open_timeout(&kCfg, &entry, 3000000, &answer));
  cr_expect_eq(entry.deadline_us, 6000000, "not four seconds: rto_max_us");
  cr_expect(model_half_open_timeout(&kCfg, &entry, 6000000, &answer));
  cr_expect_not(model_half_open_timeout(&kCfg, &entry, 9000000, &answer));
  cr_expect_not(entry.in_use);
}

/* --- TIME-WAIT ------------------------------------------------------------------------------- */

enum { SND_NXT = 300, RCV_NXT = 800, MSL2 = 60000000 };

static model_waiting_t waiting;

static void wait_with_timestamps(void) {
  waiting = (model_waiting_t){
      .in_use = true,
      .rec = {.snd_nxt = SND_NXT, .rcv_nxt = RCV_NXT, .rcv_wnd = 77, .ts_ok = 1, .ts_recent = TS},
      .deadline_us = 1};
}

static model_waiting_result_t reaches(model_rx_seg_t seg, bool listening) {
  return model_waiting_arrives(&waiting, &seg, listening, 1024, MSL2, &answer);
}

/* The peer's FIN again. */
static model_rx_seg_t fin(void) {
  return (model_rx_seg_t){.seq = RCV_NXT - 1,
                          .ack = SND_NXT,
                          .flags = {.ack = 1, .fin = 1},
                          .opt = {.ts_valid = 1, .ts_val = TS}};
}

Test(model_waiting, fin_again_is_acknowledged_and_starts_2msl_again, .init = wait_with_timestamps) {
  cr_expect_eq(reaches(fin(), false), MODEL_WAITING_ANSWERED);
  cr_expect_eq(answer.seq, SND_NXT);
  cr_expect_eq(answer.ack, RCV_NXT);
  cr_expect_eq(answer.wnd, 77);
  cr_expect_eq(waiting.deadline_us, 1024 + MSL2);
}

Test(model_waiting, other_text_is_acknowledged_only, .init = wait_with_timestamps) {
  model_rx_seg_t seg = fin();

  seg.flags.fin = 0;
  seg.payload_len = 1;
  cr_expect_eq(reaches(seg, false), MODEL_WAITING_ANSWERED);
  cr_expect_eq(waiting.deadline_us, 1);
}

Test(model_waiting, reset_and_empty_segment_are_ignored, .init = wait_with_timestamps) {
  model_rx_seg_t seg = fin();

  seg.flags = (model_tcp_flags_t){.ack = 1};
  cr_expect_eq(reaches(seg, false), MODEL_WAITING_IGNORED);
  seg.flags.rst = 1;
  cr_expect_eq(reaches(seg, false), MODEL_WAITING_IGNORED, "RFC 1337");
}

/* RFC 6191 section 2. */
Test(model_waiting, newer_syn_begins_anew, .init = wait_with_timestamps) {
  model_rx_seg_t syn = {
      .seq = RCV_NXT - 100, .flags = {.syn = 1}, .opt = {.ts_valid = 1, .ts_val = TS + 1}};

  cr_expect_eq(reaches(syn, true), MODEL_WAITING_REUSE, "newer timestamp");
  cr_expect_eq(reaches(syn, false), MODEL_WAITING_ANSWERED, "nobody listens");
  syn.opt.ts_val = TS;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_ANSWERED, "same timestamp, old number");
  syn.seq = RCV_NXT + 1;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_REUSE, "same timestamp, newer number");
  syn.opt.ts_val = TS - 1;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_ANSWERED, "older timestamp");
  syn.opt.ts_valid = 0;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_REUSE, "no timestamp, newer number");
  syn.seq = RCV_NXT;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_ANSWERED, "no timestamp, old number");
  waiting.rec.ts_ok = 0;
  syn.opt.ts_valid = 1;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_REUSE, "timestamps are new");
  syn.flags.ack = 1;
  cr_expect_eq(reaches(syn, true), MODEL_WAITING_ANSWERED, "SYN-ACK opens nothing");
}

/* RFC 9293 MAY-2 */
Test(model_waiting, new_numbers_begin_beyond_the_old_ones, .init = wait_with_timestamps) {
  cr_expect_eq(model_waiting_next_iss(&waiting, SND_NXT + 1), SND_NXT + 1);
  cr_expect_gt(model_waiting_next_iss(&waiting, SND_NXT), SND_NXT);
  cr_expect_gt(model_waiting_next_iss(&waiting, SND_NXT - 9), SND_NXT);
}
