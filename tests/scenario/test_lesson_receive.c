/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier engines got wrong when segments arrive, seen from the wire.
 */
#include "wire.h"

#include <criterion/criterion.h>

/* One connection that a peer has opened with these options in its SYN. */
typedef struct open {
  wire_t *w;
  wire_peer_t p;
  struct toe_conn *conn;
} open_t;

static open_t open_with(const char *options) {
  open_t o = {.w = wire_new(NULL, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.conn = wire_accept(&o.p, wire_listen(o.w, 80), options);
  wire_mark(o.w);
  return o;
}

/* Octets go both ways: @p from_peer of the peer's, @p from_host of the host's, ten each. */
static void still_works(open_t *o, uint32_t from_peer, uint32_t from_host) {
  wire_in(&o->p, "P. %u:%u ack %u", from_peer, from_peer + 10, from_host);
  wire_read(o->conn, from_peer, from_peer + 10);
  wire_write(o->conn, from_host, from_host + 10);
  wire_out(&o->p, "P. %u:%u ack %u", from_host, from_host + 10, from_peer + 10);
}

/* --- Blind attacks --------------------------------------------------------------------------- */

Test(lesson_receive, rst_from_a_wrong_address_or_far_away_is_ignored) {
  open_t o = open_with("mss 1460");
  wire_peer_t other = o.p;

  other.ip = WIRE_PEER + 7;
  wire_in(&other, "R. 1:1 ack 1");
  wire_quiet(&other, 1000);
  wire_drops(o.w, "drop_no_conn", 1);
  wire_mark(o.w);
  wire_in(&o.p, "R 1073741825:1073741825");
  wire_in(&o.p, "R. -1:-1 ack 1");
  wire_quiet(&o.p, 1000);
  wire_drops(o.w, "drop_out_of_window", 2);
  wire_mark(o.w);
  wire_in(&o.p, "R 2:2");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_drops(o.w, "drop_rst_blind", 1);
  still_works(&o, 1, 1);
  wire_delete(o.w);
}

Test(lesson_receive, rst_at_the_expected_octet_ends_the_connection_with_a_reason) {
  open_t o = open_with("mss 1460");

  wire_in(&o.p, "R 1:1");
  cr_expect_eq(toe_sock_wait_closed(o.conn, 1000), 0);
  cr_expect_eq(toe_conn_error(o.conn), TOE_ERR_RESET);
  wire_quiet(&o.p, 1000);
  wire_drops(o.w, NULL, 0);
  wire_delete(o.w);
}

Test(lesson_receive, blind_fin_syn_and_data_are_answered_and_change_nothing) {
  open_t o = open_with("mss 1460");

  wire_in(&o.p, "F. 1073741825:1073741825 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_in(&o.p, "P. 1073741825:1073741925 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_drops(o.w, "drop_out_of_window", 2);
  wire_mark(o.w);
  wire_in(&o.p, "S 5:5");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_drops(o.w, "drop_syn_blind", 1);
  wire_mark(o.w);
  wire_in(&o.p, "P. 1:101 ack 1000");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  wire_drops(o.w, "drop_bad_ack", 1);
  wire_mark(o.w);
  wire_in(&o.p, "P 1:101");
  wire_quiet(&o.p, 1000);
  wire_drops(o.w, "drop_no_ack_bit", 1);
  still_works(&o, 1, 1);
  wire_delete(o.w);
}

/* --- Damage ---------------------------------------------------------------------------------- */

Test(lesson_receive, bad_checksum_under_a_good_fcs_is_neither_delivered_nor_acknowledged) {
  open_t o = open_with("mss 1460");
  frame_t frame;

  wire_build(&o.p, &frame, "P. 1:101 ack 1");
  frame.data[frame.len - 7] ^= 0x10;
  wire_frame_in(o.w, &frame, 0);
  wire_quiet(&o.p, 600000);
  cr_expect_eq(toe_recv_waiting(o.conn), 0);
  wire_drops(o.w, "drop_tcp_checksum", 1);
  still_works(&o, 1, 1);
  wire_delete(o.w);
}

Test(lesson_receive, frame_that_the_mac_found_bad_is_dropped) {
  open_t o = open_with("mss 1460");
  frame_t frame;

  wire_build(&o.p, &frame, "P. 1:101 ack 1");
  wire_frame_in(o.w, &frame, TOE_SIM_BAD_FCS);
  wire_quiet(&o.p, 600000);
  wire_drops(o.w, "drop_mac_error", 1);
  still_works(&o, 1, 1);
  wire_delete(o.w);
}

/* --- Order ----------------------------------------------------------------------------------- */

Test(lesson_receive, old_duplicate_is_acknowledged) {
  open_t o = open_with("mss 1460");

  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out(&o.p, ". 1:1 ack 101");
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 101");
  wire_drops(o.w, "drop_out_of_window", 1);
  wire_in(&o.p, "P. 51:151 ack 1"); /* half of it is new */
  wire_out(&o.p, ". 1:1 ack 151");
  wire_read(o.conn, 1, 151);
  cr_expect_eq(toe_recv_waiting(o.conn), 0);
  wire_delete(o.w);
}

Test(lesson_receive, out_of_order_is_kept_and_gives_duplicate_acks_with_sack) {
  open_t o = open_with("mss 1460,sackOK");

  wire_in(&o.p, "P. 101:201 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1 <sack 101:201>");
  wire_in(&o.p, "P. 301:401 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1 <sack 301:401 101:201>");
  wire_in(&o.p, "P. 501:601 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1 <sack 501:601 301:401 101:201>");
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 201 <sack 501:601 301:401>");
  wire_in(&o.p, "P. 201:501 ack 1");
  const wire_seg_t last = wire_out_within(&o.p, 1000, ". 1:1 ack 601");
  cr_expect_eq(last.sack_count, 0);
  wire_read(o.conn, 1, 601);
  wire_drops(o.w, NULL, 0);
  wire_delete(o.w);
}

Test(lesson_receive, out_of_order_without_sack_gives_plain_duplicate_acks) {
  open_t o = open_with("mss 1460");

  for (uint32_t i = 1; i <= 3; i++) {
    wire_in(&o.p, "P. %u:%u ack 1", 1 + 100 * i, 101 + 100 * i);
    const wire_seg_t ack = wire_out_within(&o.p, 1000, ". 1:1 ack 1");
    cr_expect_eq(ack.options_len, 0);
  }
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 401");
  wire_read(o.conn, 1, 401);
  wire_delete(o.w);
}

Test(lesson_receive, fin_before_missing_octets_waits_for_them) {
  open_t o = open_with("mss 1460");
  char octet;

  wire_in(&o.p, "F. 101:201 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 1");
  cr_expect_eq(toe_conn_ready(o.conn) & TOE_PEER_CLOSED, 0);
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 202");
  wire_read(o.conn, 1, 201);
  cr_expect_eq(toe_recv(o.conn, &octet, 1, 0), 0);
  wire_delete(o.w);
}

Test(lesson_receive, sequence_numbers_pass_zero) {
  wire_t *w = wire_new(NULL, 0);
  open_t o = {.w = w, .p = wire_peer(w, 4000, 80)};

  o.p.iss = 0xffffff00;
  o.conn = wire_accept(&o.p, wire_listen(w, 80), "mss 1460,sackOK");
  wire_in(&o.p, "P. 1:101 ack 1");
  wire_in(&o.p, "P. 401:501 ack 1"); /* beyond zero */
  wire_out(&o.p, ". 1:1 ack 101 <sack 401:501>");
  wire_in(&o.p, "P. 201:301 ack 1"); /* across it */
  wire_out(&o.p, ". 1:1 ack 101 <sack 201:301 401:501>");
  wire_in(&o.p, "R 0:0");
  wire_in(&o.p, "P. 301:401 ack 1");
  wire_out(&o.p, ". 1:1 ack 101 <sack 201:501>");
  wire_in(&o.p, "P. 101:201 ack 1");
  wire_out(&o.p, ". 1:1 ack 501");
  wire_read(o.conn, 1, 501);
  still_works(&o, 501, 1);
  wire_delete(w);
}

/* --- Acknowledgements ------------------------------------------------------------------------ */

Test(lesson_receive, ack_is_delayed_but_every_second_segment_has_one) {
  open_t o = open_with("mss 1460");

  const uint64_t start_us = wire_now_us(o.w);
  wire_in(&o.p, ". 1:1461 ack 1");
  wire_quiet(&o.p, 20000);
  const wire_seg_t ack = wire_out_within(&o.p, 480000, ". 1:1 ack 1461");
  cr_expect_leq(ack.time_us - start_us, 500000);
  for (uint32_t i = 1; i < 8; i += 2) {
    wire_in(&o.p, ". %u:%u ack 1", 1 + 1460 * i, 1461 + 1460 * i);
    wire_in(&o.p, ". %u:%u ack 1", 1461 + 1460 * i, 2921 + 1460 * i);
    wire_out_within(&o.p, 1000, ". 1:1 ack %u", 2921 + 1460 * i);
  }
  wire_quiet(&o.p, 600000);
  wire_delete(o.w);
}

/* --- Window ---------------------------------------------------------------------------------- */

/* Sends full segments until the window is closed; the sequence number where it is. */
static uint32_t fill_window(open_t *o) {
  uint32_t at = 1, edge = 65536;
  wire_seg_t ack = {0};

  while (at < edge) {
    const uint32_t len = edge - at < 1460 ? edge - at : 1460;
    wire_in(&o->p, ". %u:%u ack 1", at, at + len);
    at += len;
    while (wire_next(&o->p, at < edge ? 10 : 100000, &ack)) {
      cr_assert_eq(ack.flags, FRAME_ACK);
      cr_assert_geq(ack.ack + ack.wnd, edge, "the right edge never moves back");
      edge = ack.ack + ack.wnd;
    }
  }
  cr_expect_eq(ack.ack, edge);
  cr_expect_eq(ack.wnd, 0);
  return edge;
}

Test(lesson_receive, window_update_is_announced_at_once_when_the_host_reads) {
  open_t o = open_with("mss 1460");

  const uint32_t edge = fill_window(&o);
  wire_quiet(&o.p, 1000000);
  wire_read(o.conn, 1, 1001);
  wire_quiet(&o.p, 100000); /* too little to tell: silly window */
  wire_read(o.conn, 1001, edge);
  const wire_seg_t update = wire_out_within(&o.p, 1000, ". 1:1 ack %u", edge);
  cr_expect_geq(update.wnd, 1460);
  wire_in(&o.p, "P. %u:%u ack 1", edge, edge + 1000);
  wire_read(o.conn, edge, edge + 1000);
  wire_delete(o.w);
}

Test(lesson_receive, probe_of_a_closed_window_is_answered) {
  open_t o = open_with("mss 1460");
  const uint32_t edge = fill_window(&o);

  wire_mark(o.w);
  wire_in(&o.p, "P. %u:%u ack 1", edge, edge + 1);
  wire_out_within(&o.p, 1000, ". 1:1 ack %u win 0", edge);
  wire_drops(o.w, "drop_out_of_window", 1);
  wire_write(o.conn, 1, 11); /* the other direction is not closed */
  wire_out(&o.p, "P. 1:11 ack %u win 0", edge);
  wire_in(&o.p, ". %u:%u ack 11", edge, edge);
  wire_run(o.w, 100);
  cr_expect_eq(toe_send_unacked(o.conn), 0);
  wire_delete(o.w);
}

/* --- Urgent data ----------------------------------------------------------------------------- */

Test(lesson_receive, urgent_pointer_is_told_and_its_octets_stay_in_line) {
  open_t o = open_with("mss 1460");

  wire_in(&o.p, "PU. 1:101 ack 1 urg 50");
  wire_run(o.w, 100);
  cr_expect_neq(toe_conn_ready(o.conn) & TOE_URGENT_DATA, 0);
  wire_read(o.conn, 1, 101);
  const uint8_t octets[3] = {wire_octet(1), wire_octet(2), wire_octet(3)};
  cr_assert_eq(toe_send(o.conn, octets, 3, TOE_URGENT), 3);
  wire_out(&o.p, "PU. 1:4 urg 3");
  wire_delete(o.w);
}
