/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_tcb with the real step: rate, order, holding back, and that nothing is lost.  What the step
 * decides is tested elsewhere.
 * tb: top=tb_tcb
 */
#include "tcb_bench.h"

enum { REASON_BAD_CONN = 17 };

Test(tcb, passive_open_is_reported_and_counted) {
  struct bench *b = new_bench();
  uint32_t opened = 0;

  offer_open(b, 3);
  for (int n = 0; n < 60; n++) {
    cycle(b);
    opened += *b->tb->count_o >> 4 & 1; /* passive_open of count_vec_t */
  }
  cr_expect_eq(opened, 1u);
  cr_expect(b->seen[3].ntf_flags & NTF_ACCEPTED);
  cr_expect_eq(b->verdicts, 1u);
  cr_expect_eq(*b->tb->idle_o, 1);
  delete_bench(b);
}

Test(tcb, segments_of_many_connections_one_a_cycle) {
  struct bench *b = new_bench();
  uint32_t taken = 0, cycles = 900;

  open_all(b);
  /* Notifications of connections in strict rotation fall into step with their segments. */
  b->host_stalled = true;
  for (uint32_t n = 0; n < cycles; n++) {
    if (!*b->tb->rx_valid_i) {
      offer_data(b, taken % CONNS, 1);
      taken++;
    }
    cycle(b);
  }
  cr_expect_geq(taken, cycles * 8 / 9, "%u segments in %u cycles", taken, cycles);
  b->host_stalled = false;
  wait_idle(b);
  cr_expect_eq(b->verdicts, b->segments);
  delete_bench(b);
}

Test(tcb, segments_without_tcb_every_cycle) {
  struct bench *b = new_bench();

  for (uint16_t n = 0; n < 500; n++) {
    offer_segment(b, n & 1 ? EV_DISCARD : EV_NO_CONN, 0, 1000, 2000, ACK, 10);
    cycle(b);
    cr_assert_eq(*b->tb->rx_valid_i, 0, "cycle %u", n);
  }
  wait_idle(b);
  cr_expect_eq(b->verdicts, 500u);
  cr_expect_eq(b->keeps, 0u);
  delete_bench(b);
}

Test(tcb, segments_of_one_connection_as_near_as_forwarding_allows) {
  struct bench *b = new_bench();
  uint32_t taken = 0, cycles = 1000, age = *b->tb->write_stage_o - 2u;

  open_all(b);
  for (uint32_t n = 0; n < cycles; n++) {
    if (!*b->tb->rx_valid_i) {
      offer_data(b, 5, 1);
      taken++;
    }
    cycle(b);
  }
  /* At most one event of others for the connection to eight segments. */
  cr_expect_geq(taken, cycles / age * 8 / 10, "%u segments in %u cycles", taken, cycles);
  wait_idle(b);
  cr_expect_eq(b->seen[5].rcv_nxt, b->seen[5].peer_nxt);
  delete_bench(b);
}

/* RFC 9293 MUST-58, MUST-59: what waits is processed before it is acknowledged. */
Test(tcb, segments_that_wait_share_an_ack) {
  struct bench *b = new_bench();
  enum { COUNT = 32 };

  open_all(b);
  const uint32_t before = b->seen[5].segments;
  for (uint32_t n = 0; n < COUNT; n++) {
    offer_data(b, 5, 1);
    wait_taken(b);
  }
  wait_idle(b);
  const uint32_t acks = b->seen[5].segments - before;
  cr_expect_leq(acks, COUNT / 4 + 2, "%u ACKs for %u segments that waited", acks, COUNT);
  cr_expect_eq(b->seen[5].rcv_nxt, b->seen[5].peer_nxt);
  /* One at a time nothing waits: an ACK for every second segment. */
  const uint32_t then = b->seen[5].segments;
  for (uint32_t n = 0; n < COUNT; n++) {
    offer_data(b, 5, 1);
    wait_idle(b);
  }
  cr_expect_eq(b->seen[5].segments - then, COUNT / 2);
  delete_bench(b);
}

Test(tcb, one_connection_sends_every_eight_cycles) {
  struct bench *b = new_bench();
  struct seen *seen = &b->seen[2];

  open_all(b);
  offer_send(b, 2, 3 * 536);
  wait_idle(b);
  cr_assert_geq(seen->segments, 3u, "the initial window is three segments or more");
  for (int n = 0; n < 2; n++) {
    uint64_t loop = b->sends[n] - b->sends[n + 1];
    cr_expect_leq(loop, 8u, "%u cycles from segment to segment", (unsigned)loop);
  }
  delete_bench(b);
}

Test(tcb, stalled_host_stops_neither_segments_nor_sends) {
  struct bench *b = new_bench();

  open_all(b);
  uint32_t ntfs = b->ntfs;
  b->host_stalled = true;
  for (uint16_t n = 0; n < 10000; n++) {
    offer_data(b, n % CONNS, 3);
    wait_taken(b);
  }
  /* The last place for notifications is left to commands. */
  offer_send(b, 4, 300);
  for (int n = 0; n < 200; n++) cycle(b);
  cr_expect_eq(b->seen[4].snd_nxt, b->seen[4].snd_end, "a command that is not refused");
  cr_expect_eq(b->verdicts, b->segments);
  cr_expect_eq(b->ntfs, ntfs);
  cr_expect_eq(*b->tb->idle_o, 1, "only the host can go on");
  b->host_stalled = false;
  wait_idle(b);
  for (uint16_t conn = 0; conn < CONNS; conn++) {
    cr_expect_eq(b->seen[conn].rcv_nxt, b->seen[conn].peer_nxt, "connection %u", conn);
  }
  delete_bench(b);
}

Test(tcb, stalled_transmitter_loses_nothing) {
  struct bench *b = new_bench();

  b->mac_stalled = true;
  for (uint16_t n = 0; n < 400; n++) {
    if (!*b->tb->rx_valid_i) offer_segment(b, EV_NO_CONN, 0, n, n, ACK, 0);
    cycle(b);
  }
  uint32_t segments = b->segments;
  cr_expect_lt(segments, 30u, "held back by the RSTs that have nowhere to go");
  b->mac_stalled = false;
  wait_idle(b);
  cr_expect_eq(b->verdicts, segments);
  cr_expect_eq(b->seen[0].rsts, segments, "each of them is answered");
  delete_bench(b);
}

Test(tcb, notification_waits_for_payload_in_memory) {
  struct bench *b = new_bench();

  open_all(b);
  b->slow_memory = true;
  for (uint32_t round = 0; round < 3; round++) {
    uint32_t ntfs = b->ntfs;
    offer_data(b, 7, 100);
    wait_taken(b);
    for (int n = 0; n < 100; n++) cycle(b);
    cr_expect_eq(b->verdicts, b->segments);
    cr_expect_eq(b->ntfs, ntfs, "the octets are not there yet");
    *b->tb->delivered_count_i = (uint16_t)b->keeps;
    for (int n = 0; n < 4; n++) cycle(b);
    cr_expect_eq(b->ntfs, ntfs + 1);
    cr_expect_eq(b->seen[7].rcv_nxt, b->seen[7].peer_nxt);
  }
  delete_bench(b);
}

/* delivered_count_i has 16 bits; the host may sleep while it goes round. */
Test(tcb, notification_survives_a_count_that_wraps) {
  struct bench *b = new_bench();

  open_all(b);
  b->host_stalled = true;
  for (uint32_t n = 0; n < 40000; n++) {
    offer_data(b, (uint16_t)(n % CONNS), 1);
    wait_taken(b);
  }
  b->host_stalled = false;
  wait_idle(b);
  for (uint16_t conn = 0; conn < CONNS; conn++) {
    cr_expect_eq(b->seen[conn].rcv_nxt, b->seen[conn].peer_nxt, "connection %u", conn);
  }
  delete_bench(b);
}

Test(tcb, command_for_connection_never_opened_is_refused) {
  struct bench *b = new_bench();

  offer_command(b, CMD_QUERY, 9, 0);
  uint32_t tag = *b->tb->cmd_tag_i;
  wait_idle(b);
  cr_expect_eq(b->refused, 1u);
  cr_expect_eq(b->last_reason, REASON_BAD_CONN);
  cr_expect_eq(b->last_tag, tag);
  delete_bench(b);
}

Test(tcb, command_for_connection_out_of_range_is_refused_and_harmless) {
  /* The first number that is out of range, and one within the range above. */
  for (uint16_t conn = 0; conn <= 2; conn += 2) {
    struct bench *b = new_bench();

    offer_open(b, conn);
    wait_idle(b);
    offer_command(b, CMD_SEND, CONNS + conn, b->seen[conn].snd_end + 10);
    wait_idle(b);
    cr_expect_eq(b->refused, 1u);
    cr_expect_eq(b->last_reason, REASON_BAD_CONN);
    offer_command(b, CMD_QUERY, conn, 0);
    wait_idle(b);
    cr_expect_eq(b->refused, 1u, "connection %u is as it was", conn);
    cr_expect(b->seen[conn].ntf_flags & NTF_INFO);
    delete_bench(b);
  }
}

Test(tcb, reset_by_peer_unlinks_and_release_frees) {
  struct bench *b = new_bench();

  open_all(b);
  offer_segment(b, EV_SEGMENT, 6, b->seen[6].peer_nxt, b->seen[6].snd_nxt, RST | ACK, 0);
  wait_idle(b);
  cr_expect(b->seen[6].ntf_flags & NTF_CLOSED);
  cr_expect(b->seen[6].unlinked && !b->seen[6].in_time_wait && !b->seen[6].freed);
  offer_command(b, CMD_RELEASE, 6, 0);
  wait_idle(b);
  cr_expect(b->seen[6].freed);
  offer_command(b, CMD_QUERY, 6, 0);
  wait_idle(b);
  cr_expect_eq(b->refused, 1u, "the number means nothing now");
  offer_open(b, 6);
  wait_idle(b);
  cr_expect(b->seen[6].ntf_flags & NTF_ACCEPTED, "until it is given again");
  delete_bench(b);
}

Test(tcb, active_close_inserts_time_wait_before_unlink) {
  struct bench *b = new_bench();
  struct seen *seen = &b->seen[8];

  open_all(b);
  b->ending.pattern = TB_RARELY;
  offer_command(b, CMD_SHUTDOWN, 8, 0);
  wait_idle(b);
  offer_segment(b, EV_SEGMENT, 8, seen->peer_nxt, seen->snd_nxt + 1, FIN | ACK, 0);
  wait_idle(b);
  cr_expect(seen->in_time_wait && seen->unlinked && !seen->freed);
  offer_command(b, CMD_RELEASE, 8, 0);
  wait_idle(b);
  cr_expect(seen->freed);
  delete_bench(b);
}

Test(tcb, unacknowledged_data_is_sent_again_at_the_deadline) {
  struct bench *b = new_bench();
  struct seen *seen = &b->seen[1];
  uint32_t counted = 0;

  open_all(b);
  offer_send(b, 1, 100);
  wait_idle(b);
  cr_assert_eq(*b->tb->deadline_valid_o, 1);
  uint64_t deadline_us = *b->tb->deadline_us_o;
  *b->tb->now_us_i = deadline_us - 1;
  for (int n = 0; n < 100; n++) {
    cycle(b);
    cr_assert_eq(*b->tb->idle_o, 1, "silent until then");
  }
  cr_expect_eq(seen->repeated, 0u);
  *b->tb->now_us_i = deadline_us + 1000000; /* the bound may be earlier than the timer */
  tb_tb_tcb_eval(b->tb);
  cr_expect_eq(*b->tb->idle_o, 0, "at that time");
  for (int n = 0; n < 200; n++) {
    cycle(b);
    counted += *b->tb->count_o >> 6 & 1; /* tx_retransmit of count_vec_t */
  }
  cr_expect_eq(seen->repeated, 1u);
  cr_expect_eq(counted, 1u);
  cr_expect_eq(*b->tb->idle_o, 1);
  delete_bench(b);
}

Test(tcb, reset_forgets_every_connection) {
  struct bench *b = new_bench();

  open_all(b);
  offer_data(b, 3, 50);
  cycle(b);
  start_bench(b);
  b->segments = b->verdicts = b->keeps = 0;
  for (int n = 0; n < 50; n++) {
    cycle(b);
    cr_assert_eq(*b->tb->idle_o, 1);
  }
  for (uint16_t conn = 0; conn < CONNS; conn++) {
    offer_command(b, CMD_QUERY, conn, 0);
    wait_idle(b);
    cr_expect_eq(b->refused, conn + 1u);
  }
  cr_expect_eq(b->verdicts, 0u);
  delete_bench(b);
}
