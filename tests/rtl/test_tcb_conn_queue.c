/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_conn_queue: connections come out in the order in which they went in, each once.
 * tb: top=toe_conn_queue params=NumConns=16
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tb.h"
#include "tb_toe_conn_queue.h"

enum { CONNS = 16 };

static tb_toe_conn_queue_t *new_tb(void) {
  tb_toe_conn_queue_t *tb = tb_toe_conn_queue_new(tb_seed());
  *tb->push_i = *tb->ready_i = 0;
  tb_toe_conn_queue_reset(tb);
  return tb;
}

static void push(tb_toe_conn_queue_t *tb, uint16_t conn) {
  *tb->push_i = 1;
  *tb->conn_i = conn;
  tb_toe_conn_queue_tick(tb);
  *tb->push_i = 0;
}

Test(conn_queue, holds_every_connection_once) {
  tb_toe_conn_queue_t *tb = new_tb();

  cr_expect_eq(*tb->empty_o, 1);
  for (uint16_t n = 0; n < CONNS; n++) {
    push(tb, (uint16_t)(n * 7 % CONNS));
    cr_expect_eq(*tb->empty_o, 0);
  }
  *tb->ready_i = 1;
  for (uint16_t n = 0; n < CONNS; n++) {
    tb_toe_conn_queue_eval(tb);
    cr_expect_eq(*tb->valid_o, 1, "number %u", n);
    cr_expect_eq(*tb->conn_o, n * 7 % CONNS, "number %u", n);
    tb_toe_conn_queue_tick(tb);
  }
  cr_expect_eq(*tb->valid_o, 0);
  cr_expect_eq(*tb->empty_o, 1);
  tb_toe_conn_queue_delete(tb);
}

Test(conn_queue, connection_is_offered_one_cycle_after_push) {
  tb_toe_conn_queue_t *tb = new_tb();

  push(tb, 9);
  cr_expect_eq(*tb->valid_o, 1);
  cr_expect_eq(*tb->conn_o, 9);
  tb_toe_conn_queue_delete(tb);
}

/* As the engine uses it: whoever came out may go in again at once. */
Test(conn_queue, turns_are_shared_fairly) {
  tb_rng_t rng = tb_rng(tb_seed());
  for (uint32_t members = 1; members <= CONNS; members++) {
    tb_toe_conn_queue_t *tb = new_tb();
    bool inside[CONNS] = {false};
    uint32_t last_turn[CONNS] = {0}, turn = 0;
    for (uint32_t cycle = 0; cycle < 4000; cycle++) {
      uint16_t candidate = (uint16_t)tb_random_below(&rng, members);
      *tb->push_i = !inside[candidate];
      *tb->conn_i = candidate;
      *tb->ready_i = tb_random(&rng) & 1;
      tb_toe_conn_queue_eval(tb);
      if (*tb->valid_o && *tb->ready_i) {
        uint16_t conn = *tb->conn_o;
        cr_assert(inside[conn], "%u is not inside", conn);
        cr_assert_leq(++turn - last_turn[conn], CONNS, "%u others went before %u", CONNS, conn);
        inside[conn] = false;
      }
      if (*tb->push_i) {
        inside[candidate] = true;
        last_turn[candidate] = turn;
      }
      tb_toe_conn_queue_tick(tb);
    }
    *tb->push_i = 0;
    *tb->ready_i = 1;
    for (uint32_t cycle = 0; cycle < 2 * CONNS; cycle++) {
      tb_toe_conn_queue_eval(tb);
      if (*tb->valid_o) inside[*tb->conn_o] = false;
      tb_toe_conn_queue_tick(tb);
    }
    for (uint32_t conn = 0; conn < members; conn++) cr_expect_not(inside[conn], "%u is lost", conn);
    cr_expect_eq(*tb->empty_o, 1);
    tb_toe_conn_queue_delete(tb);
  }
}

/* A failed assertion ends the process with exit status 1. */
// cppcheck-suppress unknownMacro
Test(conn_queue, more_than_all_connections_is_caught, .exit_code = 1) {
  tb_toe_conn_queue_t *tb = new_tb();

  for (uint16_t n = 0; n <= CONNS; n++) push(tb, n % CONNS);
}
