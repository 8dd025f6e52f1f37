/* SPDX-License-Identifier: Apache-2.0
 *
 * What TCP asks of IP, and what IP tells TCP (RFC 9293 section 3.9.2).
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <string.h>

/* --- Fields of the IPv4 header --------------------------------------------------------------- */

Test(lesson_ip, ttl_is_what_the_host_configured) {
  struct toe_config config = wire_config();
  config.ttl = 3;
  wire_t *w = wire_new(&config, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  wire_peer_t p = wire_peer(w, 4000, 80), stranger = wire_peer(w, 4001, 81);

  wire_in(&p, "S 0:0 <mss 1460>");
  cr_expect_eq(wire_out(&p, "S. 0:0 ack 1").ttl, 3, "SYN-ACK");
  wire_in(&p, ". 1:1 ack 1");
  wire_run(w, 100);
  struct toe_conn *conn;
  cr_assert_eq(toe_accept(listener, 0, &conn), 0);
  wire_write(conn, 1, 101);
  cr_expect_eq(wire_out(&p, "P. 1:101 ack 1").ttl, 3, "data");
  wire_in(&stranger, "S 0:0 <mss 1460>");
  cr_expect_eq(wire_out(&stranger, "R. 0:0 ack 1").ttl, 3, "RST of no connection");
  wire_delete(w);
}

Test(lesson_ip, dscp_is_set_for_each_connection_and_may_change) {
  enum { EXPEDITED = 46, LOW = 8, DEFAULT = 10 };
  struct toe_config config = wire_config();
  config.dscp = DEFAULT;
  wire_t *w = wire_new(&config, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  const struct toe_connect_opts opts = {.local_port = 5000, .dscp = EXPEDITED};
  wire_peer_t p = wire_peer(w, 4000, 80), q = wire_peer(w, 80, 5000);
  wire_peer_t stranger = wire_peer(w, 4001, 81);
  struct toe_conn *accepted, *connected;
  uint64_t value;

  wire_in(&p, "S 0:0 <mss 1460>");
  cr_expect_eq(wire_out(&p, "S. 0:0 ack 1").tos, DEFAULT << 2, "SYN-ACK");
  wire_in(&p, ". 1:1 ack 1");
  wire_run(w, 100);
  cr_assert_eq(toe_accept(listener, 0, &accepted), 0);
  wire_write(accepted, 1, 101);
  cr_expect_eq(wire_out(&p, "P. 1:101 ack 1").tos, DEFAULT << 2, "accepted");
  cr_assert_eq(toe_set_option(accepted, TOE_OPT_NODELAY, 1), 0);
  wire_write(accepted, 101, 201);
  cr_expect_eq(wire_out(&p, "P. 101:201 ack 1").tos, DEFAULT << 2, "another option changed");
  cr_assert_eq(toe_set_option(accepted, TOE_OPT_DSCP, LOW), 0);
  wire_write(accepted, 201, 301);
  cr_expect_eq(wire_out(&p, "P. 201:301 ack 1").tos, LOW << 2, "changed");
  cr_assert_eq(toe_get_option(accepted, TOE_OPT_DSCP, &value), 0);
  cr_expect_eq(value, LOW);
  cr_expect_eq(toe_set_option(accepted, TOE_OPT_DSCP, 64), TOE_ERR_RANGE);

  cr_assert_eq(toe_connect(wire_engine(w), q.ip, q.port, &opts, 0, &connected), 0);
  cr_expect_eq(wire_out(&q, "S 0:0").tos, EXPEDITED << 2, "SYN");
  wire_in(&stranger, "S 0:0 <mss 1460>");
  cr_expect_eq(wire_out(&stranger, "R. 0:0 ack 1").tos, DEFAULT << 2, "RST of no connection");
  const struct toe_connect_opts wrong = {.dscp = 64};
  cr_expect_eq(toe_connect(wire_engine(w), q.ip, q.port, &wrong, 0, &connected), TOE_ERR_RANGE);
  wire_delete(w);
}

Test(lesson_ip, source_routes_are_neither_taken_nor_sent) {
  static const uint8_t route[8] = {131, 7, 4, 10, 0, 0, 9, 0};
  wire_t *w = wire_new(NULL, 0);
  struct toe_listener *listener = wire_listen(w, 80);
  wire_peer_t p = wire_peer(w, 4000, 80);
  frame_path_t path = {.dst_mac = {2, 0, 10, 0, 0, 2},
                       .src_mac = {2, 0, 10, 0, 0, 1},
                       .src_ip = WIRE_PEER,
                       .dst_ip = WIRE_IP};
  const frame_tcp_t syn = {
      .src_port = 4000, .dst_port = 80, .seq = p.iss, .flags = FRAME_SYN, .wnd = 4000};
  frame_t frame;

  /* The same SYN without a route, with one, and with a list that cannot be read. */
  frame_build_tcp(&frame, &path, &syn);
  wire_frame_in(w, &frame, 0);
  wire_out(&p, "S. 0:0 ack 1");
  wire_mark(w);
  memcpy(path.ip_options, route, sizeof route);
  path.ip_options_len = sizeof route;
  frame_build_tcp(&frame, &path, &syn);
  wire_frame_in(w, &frame, 0);
  wire_quiet(&p, 100000);
  wire_drops(w, "drop_ip_source_route", 1);
  wire_mark(w);
  path.ip_options[1] = 0;
  frame_build_tcp(&frame, &path, &syn);
  wire_frame_in(w, &frame, 0);
  wire_quiet(&p, 100000);
  wire_drops(w, "drop_ip_header", 1);
  /* The handshake goes on, and no answer has a route: wire_t reads headers of 20 octets only. */
  wire_in(&p, ". 1:1 ack 1");
  wire_run(w, 100);
  struct toe_conn *conn;
  cr_assert_eq(toe_accept(listener, 0, &conn), 0);
  wire_delete(w);
}

/* --- ICMP errors ----------------------------------------------------------------------------- */

enum { UNREACHABLE = 3, QUENCH = 4, EXCEEDED = 11, PARAMETER = 12 };
enum { NO_HOST = 1, NO_PORT = 3, TOO_BIG = 4, ROUTE_FAILED = 5 };

/* A router between the engine and the peer complains about the segment at relative number seq. */
static void icmp_in(const wire_peer_t *p, uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq) {
  wire_icmp_error(p, type, code, mtu, seq);
  wire_run(p->wire, 100);
}

/* A connection with octets 1 to 100 in flight. */
static struct toe_conn *in_flight(wire_peer_t *p) {
  struct toe_conn *conn = wire_accept(p, wire_listen(p->wire, p->engine_port), "mss 1460");

  wire_write(conn, 1, 101);
  wire_out(p, "P. 1:101 ack 1");
  return conn;
}

Test(lesson_ip, unreachable_port_refuses_a_connection) {
  wire_t *w = wire_new(NULL, 0);
  const struct toe_connect_opts opts = {.local_port = 4000};
  wire_peer_t p = wire_peer(w, 80, 4000);
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), p.ip, p.port, &opts, 0, &conn), 0);
  wire_out(&p, "S 0:0");
  icmp_in(&p, UNREACHABLE, NO_PORT, 0, 1); /* not the number of the SYN */
  cr_expect_eq(toe_conn_ready(conn) & TOE_CLOSED, 0);
  icmp_in(&p, UNREACHABLE, NO_PORT, 0, 0);
  cr_expect_neq(toe_conn_ready(conn) & TOE_CLOSED, 0);
  cr_expect_eq(toe_conn_error(conn), TOE_ERR_UNREACHABLE);
  wire_quiet(&p, 3000000);
  wire_delete(w);
}

Test(lesson_ip, soft_errors_are_reported_and_end_nothing) {
  static const uint8_t errors[][2] = {
      {UNREACHABLE, 0}, {UNREACHABLE, NO_HOST}, {UNREACHABLE, ROUTE_FAILED},
      {EXCEEDED, 0},    {EXCEEDED, 1},          {PARAMETER, 0},
      {UNREACHABLE, 2}, {UNREACHABLE, NO_PORT}};
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = in_flight(&p);
  struct toe_trouble trouble;
  struct toe_conn_info info;

  cr_expect_not(toe_conn_trouble(conn, &trouble));
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    icmp_in(&p, errors[i][0], errors[i][1], 0, 1);
    cr_expect_neq(toe_conn_ready(conn) & TOE_TROUBLE, 0, "error %zu", i);
    cr_expect_eq(toe_conn_ready(conn) & (TOE_CLOSED | TOE_ERROR), 0, "error %zu", i);
    cr_expect(toe_conn_trouble(conn, &trouble));
    cr_expect_eq(trouble.icmp_type, errors[i][0]);
    cr_expect_eq(trouble.icmp_code, errors[i][1]);
    cr_expect_eq(toe_conn_ready(conn) & TOE_TROUBLE, 0, "told once");
    cr_assert_eq(toe_conn_info(conn, &info), 0);
    cr_expect_eq(info.icmp_type, errors[i][0]);
    cr_expect_eq(info.icmp_code, errors[i][1]);
  }
  icmp_in(&p, EXCEEDED, 0, 0, 100); /* nobody asks, and all goes on */
  wire_in(&p, ". 1:1 ack 101");
  wire_write(conn, 101, 201);
  wire_out(&p, "P. 101:201 ack 1");
  wire_delete(w);
}

Test(lesson_ip, errors_about_nothing_in_flight_are_dropped_and_counted) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80), stranger = wire_peer(w, 4001, 80);
  struct toe_conn *conn = in_flight(&p);
  static const uint32_t forged[] = {0, 101, 0x7fffffff, 0x80000000, 0xffffff00};
  const uint32_t ready = toe_conn_ready(conn);

  for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
    wire_mark(w);
    icmp_in(&p, UNREACHABLE, NO_PORT, 0, forged[i]);
    wire_drops(w, "drop_icmp_seq", 1);
  }
  wire_mark(w);
  stranger.irs = p.irs;
  icmp_in(&stranger, UNREACHABLE, NO_PORT, 0, 1);
  wire_drops(w, "drop_icmp_no_conn", 1);
  wire_mark(w);
  icmp_in(&p, QUENCH, 0, 0, 1); /* RFC 6633 */
  wire_drops(w, "drop_icmp_other", 1);
  cr_expect_eq(toe_conn_ready(conn), ready);
  /* Half-open connections hear nothing. */
  wire_in(&stranger, "S 0:0 <mss 1460>");
  wire_out(&stranger, "S. 0:0 ack 1");
  wire_mark(w);
  icmp_in(&stranger, UNREACHABLE, NO_PORT, 0, 0);
  wire_drops(w, "drop_icmp_no_conn", 1);
  wire_in(&stranger, ". 1:1 ack 1");
  wire_quiet(&stranger, 100);
  wire_delete(w);
}

Test(lesson_ip, path_mtu_is_found_and_what_was_too_big_goes_again) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = in_flight(&p);
  struct toe_conn_info info;

  wire_in(&p, ". 1:1 ack 101");
  wire_write(conn, 101, 3021);
  wire_out(&p, ". 101:1561 ack 1");
  wire_out(&p, "P. 1561:3021 ack 1");
  icmp_in(&p, UNREACHABLE, TOO_BIG, 1000, 101);
  wire_out(&p, ". 101:1061 ack 1");
  wire_in(&p, ". 1:1 ack 1061");
  wire_out(&p, ". 1061:2021 ack 1");
  wire_out(&p, ". 2021:2981 ack 1");
  wire_in(&p, ". 1:1 ack 2981");
  wire_out(&p, "P. 2981:3021 ack 1");
  cr_assert_eq(toe_conn_info(conn, &info), 0);
  cr_expect_eq(info.snd_mss, 960);
  wire_in(&p, ". 1:1 ack 3021");
  wire_write(conn, 3021, 5000);
  wire_out(&p, ". 3021:3981 ack 1");
  icmp_in(&p, UNREACHABLE, TOO_BIG, 100, 3021); /* below the least */
  wire_out(&p, ". 3981:4941 ack 1");            /* was on its way */
  wire_out(&p, ". 3021:3557 ack 1");
  wire_delete(w);
}

/* --- Trouble before the end (RFC 9293 section 3.8.3) -------------------------------------------
 */

Test(lesson_ip, silent_next_hop_is_asked_for_again_and_the_host_hears_of_it) {
  wire_t *w = wire_new(NULL, 0);
  wire_peer_t p = wire_peer(w, 4000, 80);
  struct toe_conn *conn = in_flight(&p);
  struct toe_trouble trouble;
  const unsigned asked = wire_arp_requests(w, WIRE_PEER);

  for (unsigned i = 1; i <= 5; i++) {
    wire_out_within(&p, 20000000, "P. 1:101 ack 1");
    wire_run(w, 100);
    const bool told = (toe_conn_ready(conn) & TOE_TROUBLE) != 0;
    cr_expect_eq(told, i == 3, "retransmission %u", i);
    cr_expect_eq(toe_conn_trouble(conn, &trouble), i == 3);
    cr_expect_eq(trouble.retrying, i == 3);
    cr_expect_eq(trouble.icmp_type, 0);
    cr_expect_eq(wire_arp_requests(w, WIRE_PEER) > asked, i >= 3, "retransmission %u", i);
  }
  wire_in(&p, ". 1:1 ack 101");
  wire_write(conn, 101, 201);
  wire_out(&p, "P. 101:201 ack 1");
  wire_delete(w);
}

/* Both want to be woken; the engine must name the earlier one, or the question comes late. */
Test(lesson_ip, question_is_repeated_in_time_while_a_later_timer_runs) {
  struct toe_config config = wire_config();
  config.rto_initial_us = 10000000;
  wire_t *w = wire_new(&config, 0);
  struct toe_conn *conn;

  cr_assert_eq(toe_connect(wire_engine(w), WIRE_DEAD_IP, 80, NULL, 0, &conn), 0);
  for (unsigned asked = 1; asked <= 3; asked++) {
    wire_run(w, 900000);
    cr_expect_eq(wire_arp_requests(w, WIRE_DEAD_IP), asked);
    wire_run(w, 100000);
  }
  wire_delete(w);
}
