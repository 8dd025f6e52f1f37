/* SPDX-License-Identifier: Apache-2.0
 *
 * The checker beside a running engine, on trace records made by hand.
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "sim/lockstep.h"
#include "toe/toe_regs.h"
#include "toe_structs.h"

static const struct toe_sim_config kConfig = {.mac = {2, 0, 0, 0, 0, 1},
                                              .ip = 0x0a000001,
                                              .num_conns = 16,
                                              .rx_ring_log2 = 16,
                                              .tx_ring_log2 = 16,
                                              .seed = 42};
static const struct sim_moment kNow = {.ns = 123456, .cycle = 789};

static struct sim_lockstep *lockstep;
static char *report;

static void create(void) {
  lockstep = sim_lockstep_new(&kConfig);
  cr_assert_not_null(lockstep);
}

static void destroy(void) {
  sim_lockstep_delete(lockstep);
  free(report);
}

static bool check(const rtl_trace_t *trace) {
  uint32_t words[RTL_TRACE_WORDS] = {0};
  size_t len = 0;

  free(report);
  FILE *out = open_memstream(&report, &len);
  rtl_trace_put(trace, words, 0);
  const bool equal = sim_lockstep_event(lockstep, &kNow, words, out);
  fclose(out);
  return equal;
}

/* A timer of a connection that is not open: nothing happens. */
static rtl_trace_t idle_timer(uint16_t conn) {
  return (rtl_trace_t){.ev = {.kind = EvTimer, .conn = conn}, .action = {.tcb_write = 1}};
}

/* A CmdConnect, for as long as nothing but the options of the SYN is looked at. */
static rtl_trace_t opened(uint16_t conn) {
  return (rtl_trace_t){
      .ev = {.kind = EvCommand,
             .conn = conn,
             .cmd = {.op = CmdConnect},
             .open_valid = 1,
             .open = {.key = {.remote_ip = 1, .remote_port = 2, .local_port = 3}, .iss = 1000}},
      .action = {.tcb_write = 1}};
}

Test(sim_lockstep, same_results_are_equal, .init = create, .fini = destroy) {
  const rtl_trace_t trace = idle_timer(3);

  cr_expect(check(&trace), "%s", report);
  cr_expect_str_empty(report);
}

Test(sim_lockstep, other_control_block_is_explained, .init = create, .fini = destroy) {
  rtl_trace_t trace = idle_timer(3);

  cr_assert(check(&trace), "%s", report);
  trace.tcb_after = (rtl_tcb_t){.in_use = 1, .snd_nxt = 77};
  cr_assert(!check(&trace));
  cr_expect_not_null(strstr(report, "at event 2, connection 3, cycle 789, 123456 ns"), "%s",
                     report);
  cr_expect_not_null(strstr(report, "seed 42"), "%s", report);
  cr_expect_not_null(strstr(report, "EvTimer"), "%s", report);
  cr_expect_not_null(strstr(report, "tcb_after.snd_nxt: rtl 77 (0x4d) model 0"), "%s", report);
}

Test(sim_lockstep, other_action_is_explained, .init = create, .fini = destroy) {
  rtl_trace_t trace = idle_timer(0);

  trace.action.tx_valid = 1;
  trace.action.tx.seq = 5;
  cr_assert(!check(&trace));
  cr_expect_not_null(strstr(report, "action.tx_valid: rtl 1"), "%s", report);
  cr_expect_not_null(strstr(report, "action.tx.seq: rtl 5"), "%s", report);
}

Test(sim_lockstep, control_block_that_changed_between_events_is_explained, .init = create,
     .fini = destroy) {
  rtl_trace_t trace = idle_timer(0);

  cr_assert(check(&trace), "%s", report);
  trace.tcb_before = trace.tcb_after = (rtl_tcb_t){.in_use = 1, .rcv_nxt = 9};
  cr_assert(!check(&trace));
  cr_expect_not_null(strstr(report, "tcb_before.rcv_nxt: rtl 9"), "%s", report);
}

Test(sim_lockstep, soft_reset_forgets_connections_when_enabled_again, .init = create,
     .fini = destroy) {
  const uint32_t ctrl = offsetof(toe_regs_t, CTRL);
  const rtl_trace_t open = opened(0);
  const rtl_trace_t timer = idle_timer(0);

  check(&open);
  cr_expect(!check(&timer), "the model has opened it");
  sim_lockstep_register(lockstep, ctrl, TOE_REGS__CTRL__SOFT_RESET_bm);
  cr_expect(!check(&timer), "it may still be in the pipeline");
  sim_lockstep_register(lockstep, ctrl, TOE_REGS__CTRL__ENABLE_bm);
  cr_expect(check(&timer), "%s", report);
}

Test(sim_lockstep, registers_are_the_configuration, .init = create, .fini = destroy) {
  const rtl_trace_t open = opened(0);

  check(&open);
  cr_expect_not_null(strstr(report, "tcb_after.rto_us: rtl 0 (0x0) model 1000000"), "%s", report);
  sim_lockstep_register(lockstep, offsetof(toe_regs_t, RTO_INITIAL_US), 3000000);
  check(&open);
  cr_expect_not_null(strstr(report, "tcb_after.rto_us: rtl 0 (0x0) model 3000000"), "%s", report);
}

Test(sim_lockstep, segment_that_no_frame_held_is_explained, .init = create, .fini = destroy) {
  rtl_trace_t trace = {.ev = {.kind = EvDiscard}, .action = {.verdict_valid = 1}};

  cr_assert(!check(&trace));
  cr_expect_not_null(strstr(report, "no frame that arrived holds the segment of event 1"), "%s",
                     report);
}

Test(sim_lockstep, icmp_error_that_no_frame_held_is_explained, .init = create, .fini = destroy) {
  rtl_trace_t trace = {.ev = {.kind = EvIcmp, .seg = {.icmp = {.kind = IcmpUnreachable}}},
                       .action = {.verdict_valid = 1}};

  cr_assert(!check(&trace));
  cr_expect_not_null(strstr(report, "no frame that arrived holds the segment of event 1"), "%s",
                     report);
}

/* An answer that needs no event, so that only its IPv4 header can be wrong. */
static bool leaves(uint8_t mac, uint8_t ttl, uint8_t tos) {
  const frame_path_t path = {.src_mac = {2, 0, 0, 0, 0, mac},
                             .dst_mac = {2, 0, 0, 0, 0, 2},
                             .src_ip = 0x0a000001,
                             .dst_ip = 0x0a000002,
                             .ttl = ttl,
                             .tos = tos,
                             .fragment = 0x4000};
  const frame_tcp_t tcp = {.flags = FRAME_RST, .src_port = 80, .dst_port = 2000};
  frame_t frame;
  size_t len = 0;

  free(report);
  FILE *out = open_memstream(&report, &len);
  frame_build_tcp(&frame, &path, &tcp);
  frame_pad(&frame, 60, 0);
  const bool right = sim_lockstep_frame(lockstep, &kNow, frame.data, frame.len, out);
  fclose(out);
  return right;
}

Test(sim_lockstep, ttl_dscp_ecn_and_sender_are_as_configured, .init = create, .fini = destroy) {
  cr_expect(leaves(1, 64, 0), "%s", report);
  cr_expect_not(leaves(1, 63, 0));
  cr_expect_not_null(strstr(report, "from octet 22 on"), "%s", report);
  cr_expect_not(leaves(1, 64, 1), "ECN");
  cr_expect_not(leaves(3, 64, 0), "somebody else's Ethernet address");
  cr_expect_not(leaves(1, 64, 4), "DSCP of no connection");
  sim_lockstep_register(lockstep, offsetof(toe_regs_t, IP_HEADER),
                        9U | 46U << TOE_REGS__IP_HEADER__DSCP_bp);
  cr_expect(leaves(1, 9, 46 << 2), "%s", report);
  cr_expect_not(leaves(1, 64, 46 << 2));
  cr_expect_not(leaves(1, 9, 0));
}
