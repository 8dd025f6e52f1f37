/* SPDX-License-Identifier: Apache-2.0
 *
 * SYN cookies, seen from the wire and from the host; the reference model makes every one of them
 * too.
 */
#include <criterion/criterion.h>

#include "wire.h"

enum { PORT = 80 };
#define EPOCH_US (UINT64_C(1) << 26)

/* An engine that listens on PORT and gives every SYN a cookie from so many half-open ones on. */
static wire_t *w;
static struct toe_listener *listener;

static void begin(uint16_t from, uint16_t until) {
  struct toe_config config = wire_config();

  config.cookies_from = from;
  config.cookies_until = until;
  w = wire_new(&config, 0);
  listener = wire_listen(w, PORT);
}

static void forced(void) {
  begin(0, 0);
}

static void end(void) {
  wire_delete(w);
}

static struct toe_engine_info info(void) {
  struct toe_engine_info now;

  cr_assert_eq(toe_engine_info(wire_engine(w), &now), 0);
  return now;
}

/* Cookies sent and come back, and each of them is the model's. */
static void counted(uint64_t sent, uint64_t accepted, uint64_t refused) {
  struct toe_sim_stats stats;

  cr_expect_eq(wire_count(w, "cookie_sent"), sent);
  cr_expect_eq(wire_count(w, "cookie_accepted"), accepted);
  cr_expect_eq(wire_count(w, "cookie_refused"), refused);
  toe_sim_stats_get(wire_sim(w), &stats);
  cr_expect_eq(stats.cookies_checked, sent + accepted);
}

static struct toe_conn *accepted(void) {
  struct toe_conn *conn = NULL;

  cr_assert_eq(toe_sock_accept(listener, 100000, &conn), 0);
  return conn;
}

Test(syn_cookie, connection_is_like_any_other, .init = forced, .fini = end) {
  wire_peer_t p = wire_peer(w, 4000, PORT);
  struct toe_conn_info now;

  cr_expect(info().syn_cookies);
  wire_in(&p, "S 0:0 win 1000 <mss 1400,sackOK,ts 700 0,wscale 7>");
  const wire_seg_t a = wire_out(&p, "S. 0:0 ack 1 <mss 1460,wscale 1,sackOK>");
  cr_assert(a.has_ts && a.ts_ecr == 700);
  cr_expect_eq(info().half_open, 0);
  wire_run(w, 20000000); /* nobody sends anything again */
  wire_in(&p, "P. 1:11 ack 1 win 1000 <ts 900 %u>", a.ts_val);
  struct toe_conn *conn = accepted();
  const wire_seg_t b = wire_out(&p, ". 1:1 ack 11");
  cr_expect(b.has_ts && b.ts_ecr == 900);
  cr_expect_geq((int32_t)(b.ts_val - a.ts_val), 0, "time never goes back");
  wire_read(conn, 1, 11);
  cr_assert_eq(toe_conn_info(conn, &now), 0);
  cr_expect_eq(now.snd_wscale, 7);
  cr_expect_eq(now.snd_wnd, 1000U << 7);
  cr_expect_eq(now.snd_mss, 1360 - 12, "1400 is 1360 at least; the timestamp takes 12");
  cr_expect(now.sack && now.timestamps);
  wire_write(conn, 1, 2697);
  wire_out(&p, ". 1:1349 ack 11");
  wire_out(&p, "P. 1349:2697 ack 11");
  counted(1, 1, 0);
}

Test(syn_cookie, without_timestamps_there_is_no_option, .init = forced, .fini = end) {
  wire_peer_t p = wire_peer(w, 4000, PORT);
  struct toe_conn_info now;

  wire_in(&p, "S 0:0 win 1000 <mss 600,sackOK,wscale 7>");
  const wire_seg_t a = wire_out(&p, "S. 0:0 ack 1 <mss 1460>");
  cr_expect(!a.has_wscale && !a.sack_ok && !a.has_ts);
  wire_in(&p, ". 1:1 ack 1 win 1000");
  cr_assert_eq(toe_conn_info(accepted(), &now), 0);
  cr_expect_eq(now.snd_wnd, 1000);
  cr_expect_eq(now.snd_mss, 536);
  cr_expect(!now.sack && !now.timestamps);
  counted(1, 1, 0);
}

Test(syn_cookie, forged_one_is_reset, .init = forced, .fini = end) {
  wire_peer_t p = wire_peer(w, 4000, PORT);
  wire_peer_t other = wire_peer(w, 4001, PORT);

  wire_in(&p, ". 1:1 ack 1"); /* no cookie is out */
  wire_out(&p, "R 1:1");
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  other.irs = p.irs;
  other.iss = p.iss;
  wire_in(&other, ". 1:1 ack 1");
  wire_out(&other, "R 1:1");
  wire_in(&p, ". 1:1 ack 17"); /* another MAC */
  wire_out(&p, "R 17:17");
  wire_in(&p, ". 2:2 ack 1");
  wire_out(&p, "R 1:1");
  counted(1, 0, 3);
  wire_in(&p, ". 1:1 ack 1");
  accepted();
  counted(1, 1, 3);
}

Test(syn_cookie, begins_and_ends_with_the_crowd, .fini = end) {
  wire_peer_t crowd[4];

  begin(4, 2);
  for (uint16_t i = 0; i < 4; i++) {
    cr_expect_not(info().syn_cookies);
    crowd[i] = wire_peer(w, (uint16_t)(5000 + i), PORT);
    wire_in(&crowd[i], "S 0:0 <mss 1460>");
    wire_out(&crowd[i], "S. 0:0 ack 1");
  }
  cr_expect(info().syn_cookies);
  wire_peer_t p = wire_peer(w, 4000, PORT);
  wire_in(&p, "S 0:0 <mss 1460>");
  wire_out(&p, "S. 0:0 ack 1");
  cr_expect_eq(info().half_open, 4);
  wire_in(&crowd[0], ". 1:1 ack 1");
  accepted();
  cr_expect(info().syn_cookies, "three are more than two");
  wire_in(&crowd[1], ". 1:1 ack 1");
  accepted();
  cr_expect_not(info().syn_cookies);
  wire_peer_t q = wire_peer(w, 4001, PORT);
  wire_in(&q, "S 0:0 <mss 1460>");
  wire_out(&q, "S. 0:0 ack 1");
  cr_expect_eq(info().half_open, 3);
  wire_in(&p, ". 1:1 ack 1");
  accepted();
  wire_in(&q, ". 1:1 ack 1");
  accepted();
  counted(1, 1, 0);
}

Test(syn_cookie, keys_change_and_a_replay_is_refused, .init = forced, .fini = end) {
  wire_peer_t first = wire_peer(w, 4000, PORT), second = wire_peer(w, 4001, PORT);

  wire_in(&first, "S 0:0 <mss 1460>");
  wire_out(&first, "S. 0:0 ack 1");
  wire_in(&second, "S 0:0 <mss 1460>");
  wire_out(&second, "S. 0:0 ack 1");
  cr_assert_eq(toe_renew_cookie_key(wire_engine(w)), 0);
  wire_run(w, EPOCH_US);
  wire_in(&first, ". 1:1 ack 1"); /* the key has changed once */
  accepted();
  cr_assert_eq(toe_renew_cookie_key(wire_engine(w)), 0);
  wire_run(w, EPOCH_US);
  wire_peer_t third = wire_peer(w, 4002, PORT);
  wire_in(&third, "S 0:0 <mss 1460>");
  wire_out(&third, "S. 0:0 ack 1");
  wire_in(&second, ". 1:1 ack 1");
  wire_out(&second, "R 1:1");
  wire_in(&third, ". 1:1 ack 1");
  accepted();
  counted(3, 2, 1);
}

/* More than the SYN cache holds: none is lost. */
Test(syn_cookie, thousand_open_at_once_without_a_place_for_any, .init = forced, .fini = end) {
  enum { PEERS = 1000 };
  static wire_peer_t peers[PEERS];

  for (unsigned i = 0; i < PEERS; i++) {
    peers[i] = wire_peer(w, (uint16_t)(1024 + i), PORT);
    peers[i].iss = 77777u * i;
    wire_in(&peers[i], "S 0:0 <mss 1460>");
    wire_out(&peers[i], "S. 0:0 ack 1");
  }
  cr_expect_eq(info().half_open, 0);
  for (unsigned i = 0; i < PEERS; i++) {
    wire_in(&peers[i], ". 1:1 ack 1");
    accepted();
  }
  cr_expect_eq(wire_count(w, "passive_open"), PEERS);
  counted(PEERS, PEERS, 0);
}
