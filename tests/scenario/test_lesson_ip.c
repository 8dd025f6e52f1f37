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
