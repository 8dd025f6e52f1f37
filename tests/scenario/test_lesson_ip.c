/* SPDX-License-Identifier: Apache-2.0
 *
 * What TCP asks of IP, and what IP tells TCP (RFC 9293 section 3.9.2).
 */
#include <criterion/criterion.h>

#include "wire.h"

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
