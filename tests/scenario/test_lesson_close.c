/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier engines got wrong when connections end, seen from the wire.
 */
#include "wire.h"

#include <criterion/criterion.h>

typedef struct open {
  wire_t *w;
  wire_peer_t p;
  struct toe_listener *listener;
  struct toe_conn *conn;
  uint32_t free_before; /* connections, before it was opened */
} open_t;

static struct toe_engine_info info_of(wire_t *w) {
  struct toe_engine_info info;

  cr_assert_eq(toe_engine_info(wire_engine(w), &info), 0);
  return info;
}

static open_t open_with(const struct toe_config *config) {
  open_t o = {.w = wire_new(config, 0)};

  o.p = wire_peer(o.w, 4000, 80);
  o.listener = wire_listen(o.w, 80);
  o.free_before = info_of(o.w).free_conns;
  o.conn = wire_accept(&o.p, o.listener, "mss 1460");
  return o;
}

/* The host closes, then the peer: a TIME-WAIT record stays. */
static void close_to_time_wait(open_t *o) {
  toe_conn_close(o->conn);
  wire_out(&o->p, "F. 1:1 ack 1");
  wire_in(&o->p, ". 1:1 ack 2");
  wire_in(&o->p, "F. 1:1 ack 2");
  wire_out_within(&o->p, 1000, ". 2:2 ack 2");
}

/* --- Half-close ------------------------------------------------------------------------------ */

Test(lesson_close, data_written_after_the_peers_fin_is_sent) {
  open_t o = open_with(NULL);
  char octet;

  wire_in(&o.p, "F. 1:11 ack 1");
  wire_out_within(&o.p, 1000, ". 1:1 ack 12");
  wire_quiet(&o.p, 5000000); /* no FIN before the host says so */
  wire_read(o.conn, 1, 11);
  cr_expect_eq(toe_recv(o.conn, &octet, 1, 0), 0);
  cr_expect_eq(toe_conn_ready(o.conn) & TOE_CLOSED, 0);
  wire_write(o.conn, 1, 2001);
  wire_out(&o.p, ". 1:1461 ack 12");
  wire_in(&o.p, ". 12:12 ack 1461");
  wire_out(&o.p, "P. 1461:2001 ack 12");
  cr_assert_eq(toe_shutdown(o.conn), 0);
  wire_in(&o.p, ". 12:12 ack 2001");
  wire_out(&o.p, "F. 2001:2001 ack 12");
  wire_in(&o.p, ". 12:12 ack 2002");
  cr_expect_eq(toe_sock_wait_closed(o.conn, 1000), 0);
  cr_expect_eq(toe_conn_error(o.conn), 0);
  cr_expect_eq(info_of(o.w).time_wait, 0, "the peer closed first");
  wire_delete(o.w);
}

Test(lesson_close, data_that_arrives_after_our_fin_is_received) {
  open_t o = open_with(NULL);

  cr_assert_eq(toe_shutdown(o.conn), 0);
  wire_out(&o.p, "F. 1:1 ack 1");
  wire_in(&o.p, "P. 1:101 ack 2");
  wire_read(o.conn, 1, 101);
  wire_out(&o.p, ". 2:2 ack 101");
  wire_in(&o.p, "F. 101:151 ack 2");
  wire_out(&o.p, ". 2:2 ack 152");
  wire_read(o.conn, 101, 151);
  cr_expect_eq(toe_sock_wait_closed(o.conn, 1000), 0);
  cr_expect_eq(toe_conn_error(o.conn), 0);
  wire_delete(o.w);
}

Test(lesson_close, lost_fin_is_sent_again) {
  open_t o = open_with(NULL);

  wire_write(o.conn, 1, 101);
  toe_conn_close(o.conn);
  wire_out(&o.p, "P. 1:101 ack 1");
  wire_out(&o.p, "F. 101:101 ack 1");
  wire_out_within(&o.p, 1500000, "FP. 1:101 ack 1");
  wire_in(&o.p, ". 1:1 ack 101"); /* everything but the FIN */
  wire_out_within(&o.p, 3000000, "F. 101:101 ack 1");
  wire_in(&o.p, "F. 1:1 ack 102");
  wire_out(&o.p, ". 102:102 ack 2");
  cr_expect_eq(toe_drain(wire_engine(o.w), 1000), 0);
  wire_delete(o.w);
}

/* --- TIME-WAIT ------------------------------------------------------------------------------- */

Test(lesson_close, fin_again_in_time_wait_is_acknowledged) {
  open_t o = open_with(NULL);

  close_to_time_wait(&o);
  for (int i = 0; i < 3; i++) {
    wire_run(o.w, 1000000);
    wire_in(&o.p, "F. 1:1 ack 2");
    wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  }
  wire_in(&o.p, ". 2:2 ack 2");
  wire_in(&o.p, "R 2:2");
  wire_quiet(&o.p, 1000);
  cr_expect_eq(info_of(o.w).time_wait, 1, "no assassination (RFC 1337)");
  wire_delete(o.w);
}

Test(lesson_close, time_wait_ends_after_its_time) {
  struct toe_config config = wire_config();
  config.time_wait_us = 2000000;
  open_t o = open_with(&config);

  close_to_time_wait(&o);
  wire_run(o.w, 1900000);
  wire_in(&o.p, "F. 1:1 ack 2"); /* 2MSL begins again */
  wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  wire_run(o.w, 1900000);
  cr_expect_eq(info_of(o.w).time_wait, 1);
  wire_run(o.w, 200000);
  cr_expect_eq(info_of(o.w).time_wait, 0);
  wire_in(&o.p, "F. 1:1 ack 2");
  wire_out_within(&o.p, 1000, "R 2:2");
  wire_delete(o.w);
}

Test(lesson_close, connection_is_free_at_once_while_time_wait_lasts) {
  open_t o = open_with(NULL);

  cr_expect_eq(info_of(o.w).free_conns, o.free_before - 1);
  close_to_time_wait(&o);
  cr_expect_eq(toe_drain(wire_engine(o.w), 100), 0, "close is complete");
  wire_run(o.w, 100);
  cr_expect_eq(info_of(o.w).free_conns, o.free_before);
  cr_expect_eq(info_of(o.w).time_wait, 1);
  wire_delete(o.w);
}

Test(lesson_close, newer_syn_reuses_time_wait) {
  open_t o = open_with(NULL);

  close_to_time_wait(&o);
  wire_peer_t old = o.p;
  wire_in(&old, "S -5:-5 <mss 1460>"); /* an old duplicate */
  wire_out_within(&old, 1000, ". 2:2 ack 2");
  const uint32_t old_end = o.p.irs + 2;
  o.p.iss += 100;
  o.conn = wire_accept(&o.p, o.listener, "mss 1460");
  cr_expect_gt((int32_t)(o.p.irs - old_end), 0, "our sequence numbers go on");
  wire_in(&o.p, "P. 1:11 ack 1");
  wire_read(o.conn, 1, 11);
  cr_expect_eq(info_of(o.w).time_wait, 0);
  wire_delete(o.w);
}

Test(lesson_close, hundreds_of_connections_a_second) {
  open_t o = open_with(NULL);
  const uint64_t start_us = wire_now_us(o.w);

  close_to_time_wait(&o);
  for (uint16_t i = 1; i <= 300; i++) {
    o.p = wire_peer(o.w, (uint16_t)(4000 + i), 80);
    o.conn = wire_accept(&o.p, o.listener, "mss 1460");
    close_to_time_wait(&o);
  }
  cr_expect_eq(toe_drain(wire_engine(o.w), 100), 0);
  wire_run(o.w, 100);
  cr_expect_lt(wire_now_us(o.w) - start_us, 1000000);
  cr_expect_eq(info_of(o.w).free_conns, o.free_before);
  /* A record may give way to a newer one, and then it is counted. */
  cr_expect_gt(info_of(o.w).time_wait, 280);
  cr_expect_eq(info_of(o.w).time_wait + wire_count(o.w, "drop_time_wait_evict"), 301);
  wire_delete(o.w);
}

/* --- Both at once, and violently ------------------------------------------------------------- */

Test(lesson_close, both_sides_at_once) {
  open_t o = open_with(NULL);

  toe_conn_close(o.conn);
  wire_out(&o.p, "F. 1:1 ack 1");
  wire_in(&o.p, "F. 1:1 ack 1");
  wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  cr_expect_eq(toe_drain(wire_engine(o.w), 1000), TOE_ERR_TIMEOUT, "CLOSING");
  wire_in(&o.p, ". 2:2 ack 2");
  cr_expect_eq(toe_drain(wire_engine(o.w), 1000), 0);
  cr_expect_eq(info_of(o.w).time_wait, 1);
  wire_in(&o.p, "F. 1:1 ack 2");
  wire_out_within(&o.p, 1000, ". 2:2 ack 2");
  wire_delete(o.w);
}

Test(lesson_close, abort_sends_a_reset_that_the_peer_believes) {
  open_t o = open_with(NULL);

  wire_write(o.conn, 1, 101);
  wire_out(&o.p, "P. 1:101");
  toe_abort(o.conn);
  wire_run(o.w, 10);
  wire_out_within(&o.p, 1000, "R 101:101");
  wire_in(&o.p, "P. 1:11 ack 101");
  wire_out_within(&o.p, 1000, "R 101:101");
  wire_run(o.w, 100);
  cr_expect_eq(info_of(o.w).free_conns, o.free_before);
  wire_delete(o.w);
}

Test(lesson_close, close_with_unread_octets_is_a_reset) {
  open_t o = open_with(NULL);

  wire_in(&o.p, "P. 1:101 ack 1");
  wire_run(o.w, 100);
  toe_conn_close(o.conn);
  wire_out(&o.p, "R 1:1");
  wire_delete(o.w);
}

Test(lesson_close, reset_while_closing_gives_the_connection_back) {
  open_t o = open_with(NULL);

  wire_write(o.conn, 1, 101);
  toe_conn_close(o.conn);
  wire_out(&o.p, "P. 1:101 ack 1");
  wire_out(&o.p, "F. 101:101 ack 1");
  wire_in(&o.p, "R 1:1");
  cr_expect_eq(toe_drain(wire_engine(o.w), 1000), 0);
  wire_run(o.w, 100);
  cr_expect_eq(info_of(o.w).free_conns, o.free_before);
  wire_quiet(&o.p, 10000000);
  wire_delete(o.w);
}
