/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of toe_flow_table, included by one test program for each size; NUM_CONNS is its NumConns.
 * A plain list is the judge of what is in the table.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "siphash.h"
#include "tb.h"
#include "tb_toe_flow_table.h"

/* A flow as the table knows it, and whether it is in it. */
struct flow {
  uint64_t key, hash;
  uint16_t conn;
  bool present;
};

/* The test bench and what it waits for. */
struct bench {
  tb_toe_flow_table_t *tb;
  tb_rng_t rng;
  tb_gate_t offer, take;
};

static struct bench new_bench(void) {
  struct bench b = {.tb = tb_toe_flow_table_new(tb_seed() + 1), .rng = tb_rng(tb_seed())};
  *b.tb->lookup_valid_i = *b.tb->op_valid_i = 0;
  *b.tb->result_ready_i = 0;
  tb_toe_flow_table_reset(b.tb);
  while (!*b.tb->ready_o) {
    cr_assert_lt(b.tb->cycles, NUM_CONNS + 100, "never ready");
    tb_toe_flow_table_tick(b.tb);
  }
  return b;
}

static struct flow random_flow(struct bench *b, uint32_t number) {
  static const uint8_t hash_key[16] = {7};
  struct flow f = {.key = (uint64_t)tb_random(&b->rng) << 32 | number, .conn = 0};
  uint8_t octets[8];

  for (unsigned i = 0; i < 8; i++) octets[i] = (uint8_t)(f.key >> (8 * i));
  f.hash = siphash_2_4(hash_key, octets, sizeof octets);
  return f;
}

enum outcome { DONE, EXISTS, FULL };

static void offer_change(struct bench *b, const struct flow *f, bool insert) {
  *b->tb->op_valid_i = 1;
  *b->tb->op_insert_i = insert;
  *b->tb->op_key_i = f->key;
  *b->tb->op_hash_i = (uint32_t)f->hash;
  *b->tb->op_conn_i = f->conn;
  tb_toe_flow_table_eval(b->tb);
}

static enum outcome outcome_of(const struct bench *b) {
  return *b->tb->op_exists_o ? EXISTS : *b->tb->op_full_o ? FULL : DONE;
}

/* Inserts or deletes @p f with nothing else going on. */
static enum outcome change(struct bench *b, const struct flow *f, bool insert) {
  const uint64_t start = b->tb->cycles;

  offer_change(b, f, insert);
  while (!*b->tb->op_done_o) {
    cr_assert_lt(b->tb->cycles, start + 5, "a change takes four cycles");
    tb_toe_flow_table_tick(b->tb);
  }
  const enum outcome outcome = outcome_of(b);
  tb_toe_flow_table_tick(b->tb);
  *b->tb->op_valid_i = 0;
  tb_toe_flow_table_eval(b->tb);
  return outcome;
}

static void offer_lookup(struct bench *b, const struct flow *f) {
  *b->tb->lookup_valid_i = 1;
  *b->tb->lookup_key_i = f->key;
  *b->tb->lookup_hash_i = f->hash;
}

/* Whether the table finds @p f, and that it is the right connection. */
static bool lookup(struct bench *b, const struct flow *f) {
  offer_lookup(b, f);
  *b->tb->result_ready_i = 1;
  tb_toe_flow_table_eval(b->tb);
  cr_assert(*b->tb->lookup_ready_o);
  tb_toe_flow_table_tick(b->tb);
  *b->tb->lookup_valid_i = 0;
  cr_assert_not(*b->tb->result_valid_o);
  tb_toe_flow_table_tick(b->tb);
  tb_toe_flow_table_eval(b->tb);
  cr_assert(*b->tb->result_valid_o, "two cycles");
  cr_expect_eq(*b->tb->result_hash_o, f->hash);
  const bool hit = *b->tb->result_hit_o;
  if (hit) cr_expect_eq(*b->tb->result_conn_o, f->conn);
  tb_toe_flow_table_tick(b->tb);
  *b->tb->result_ready_i = 0;
  return hit;
}

Test(flow_table, is_empty_after_reset) {
  struct bench b = new_bench();

  for (uint32_t i = 0; i < 500; i++) {
    const struct flow f = random_flow(&b, i);
    cr_expect_not(lookup(&b, &f));
  }
  tb_toe_flow_table_delete(b.tb);
}

Test(flow_table, takes_as_many_flows_as_there_are_connections) {
  struct bench b = new_bench();
  struct flow *flows = calloc(NUM_CONNS, sizeof *flows);

  for (unsigned round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < NUM_CONNS; i++) {
      flows[i] = random_flow(&b, i);
      flows[i].conn = (uint16_t)i;
      cr_assert_eq(change(&b, &flows[i], true), DONE, "flow %u of %u", i, NUM_CONNS);
    }
    for (uint32_t i = 0; i < NUM_CONNS; i++) {
      cr_assert(lookup(&b, &flows[i]), "flow %u", i);
      cr_assert_eq(change(&b, &flows[i], true), EXISTS);
    }
    for (uint32_t i = 0; i < NUM_CONNS; i++) {
      cr_assert_eq(change(&b, &flows[i], false), DONE);
      cr_assert_not(lookup(&b, &flows[i]), "flow %u deleted", i);
    }
  }
  free(flows);
  tb_toe_flow_table_delete(b.tb);
}

Test(flow_table, both_buckets_full_refuses_and_keeps_the_others) {
  struct bench b = new_bench();
  struct flow flows[9];

  for (uint32_t i = 0; i < 9; i++) {
    flows[i] = random_flow(&b, i);
    flows[i].hash = flows[0].hash; /* as if the key had been guessed */
    flows[i].conn = (uint16_t)i;
    cr_expect_eq(change(&b, &flows[i], true), i < 8 ? DONE : FULL, "flow %u", i);
  }
  for (uint32_t i = 0; i < 9; i++) cr_expect_eq(lookup(&b, &flows[i]), i < 8);
  cr_expect_eq(change(&b, &flows[3], false), DONE);
  cr_expect_eq(change(&b, &flows[8], true), DONE, "the place of the one deleted");
  for (uint32_t i = 0; i < 9; i++) cr_expect_eq(lookup(&b, &flows[i]), i != 3);
  tb_toe_flow_table_delete(b.tb);
}

Test(flow_table, one_lookup_a_cycle_back_to_back) {
  enum { LOOKUPS = 64 };
  struct bench b = new_bench();
  struct flow flows[8];
  unsigned results = 0;

  for (uint32_t i = 0; i < 8; i++) {
    flows[i] = random_flow(&b, i);
    flows[i].conn = (uint16_t)(i + 1);
    flows[i].present = i % 3 != 0;
    if (flows[i].present) cr_assert_eq(change(&b, &flows[i], true), DONE);
  }
  *b.tb->result_ready_i = 1;
  for (unsigned i = 0; i <= LOOKUPS + 1; i++) {
    if (i < LOOKUPS)
      offer_lookup(&b, &flows[i % 8]);
    else
      *b.tb->lookup_valid_i = 0;
    tb_toe_flow_table_eval(b.tb);
    cr_assert(*b.tb->lookup_ready_o, "cycle %u", i);
    cr_assert_eq(*b.tb->result_valid_o, i > 1, "cycle %u", i);
    if (i > 1) {
      const struct flow *f = &flows[results++ % 8];
      cr_assert_eq(*b.tb->result_hit_o, f->present);
      if (f->present) cr_assert_eq(*b.tb->result_conn_o, f->conn);
    }
    tb_toe_flow_table_tick(b.tb);
  }
  tb_toe_flow_table_delete(b.tb);
}

/* A result that waits says what is true when it is taken, not when it was looked up. */
Test(flow_table, waiting_result_sees_insert_and_delete) {
  struct bench b = new_bench();
  struct flow f = random_flow(&b, 1);

  f.conn = 5;
  offer_lookup(&b, &f);
  tb_toe_flow_table_tick(b.tb);
  *b.tb->lookup_valid_i = 0;
  for (unsigned round = 0; round < 4; round++) {
    cr_assert_eq(change(&b, &f, round % 2 == 0), DONE);
    for (unsigned cycle = 0; !*b.tb->result_valid_o; cycle++) {
      cr_assert_lt(cycle, 3);
      tb_toe_flow_table_tick(b.tb);
    }
    cr_expect_eq(*b.tb->result_hit_o, round % 2 == 0, "round %u", round);
  }
  tb_toe_flow_table_delete(b.tb);
}

/* A lookup whose result has not come, and what that may be: what was in the table when the lookup
 * was taken, or came and went since. */
struct look {
  const struct flow *flow;
  bool may_hit, may_miss;
};

/* Lookups and changes at once, under every pattern, against the list. */
static void run_random(struct bench *b, struct flow *flows, uint32_t count, unsigned cycles) {
  struct look looks[2];
  struct flow *changed = NULL;
  bool inserting = false;
  uint32_t present = 0, waiting = 0;

  for (unsigned cycle = 0; cycle < cycles; cycle++) {
    if (changed == NULL && tb_random_below(&b->rng, 3) == 0) {
      changed = &flows[tb_random_below(&b->rng, count)];
      inserting = !changed->present && present < NUM_CONNS;
      if (inserting) changed->conn = (uint16_t)tb_random_below(&b->rng, NUM_CONNS);
      offer_change(b, changed, inserting);
    }
    if (!*b->tb->lookup_valid_i && tb_gate_next(&b->offer, &b->rng)) {
      offer_lookup(b, &flows[tb_random_below(&b->rng, count)]);
    }
    *b->tb->result_ready_i = tb_gate_next(&b->take, &b->rng);
    tb_toe_flow_table_eval(b->tb);

    if (*b->tb->result_valid_o && *b->tb->result_ready_i) {
      cr_assert_neq(waiting, 0, "a result that nobody asked for");
      const bool hit = *b->tb->result_hit_o;
      cr_assert(hit ? looks[0].may_hit : looks[0].may_miss, "cycle %u: %s", cycle,
                hit ? "hit" : "missed");
      cr_assert_eq(*b->tb->result_hash_o, looks[0].flow->hash, "cycle %u", cycle);
      if (hit) cr_assert_eq(*b->tb->result_conn_o, looks[0].flow->conn, "cycle %u", cycle);
      looks[0] = looks[1];
      waiting--;
    }
    if (*b->tb->lookup_valid_i && *b->tb->lookup_ready_o) {
      const struct flow *f = flows;
      while (f->key != *b->tb->lookup_key_i) f++;
      cr_assert_lt(waiting, 2, "two lookups at a time wait");
      looks[waiting++] = (struct look){.flow = f, .may_hit = f->present, .may_miss = !f->present};
    }
    const bool accepted = *b->tb->lookup_valid_i && *b->tb->lookup_ready_o;
    if (changed != NULL && *b->tb->op_done_o) {
      const enum outcome outcome = outcome_of(b);
      if (inserting) cr_assert_neq(outcome, EXISTS);
      if (outcome == DONE && inserting != changed->present) {
        changed->present = inserting;
        present += inserting ? 1u : -1u;
      }
      /* A result taken in the write's own cycle was judged above, before it; from the next cycle
       * on only the new state counts. */
      for (uint32_t i = 0; i < waiting; i++) {
        if (looks[i].flow != changed) continue;
        looks[i].may_hit = changed->present;
        looks[i].may_miss = !changed->present;
      }
    }
    const bool done = changed != NULL && *b->tb->op_done_o;
    tb_toe_flow_table_tick(b->tb);
    if (accepted) *b->tb->lookup_valid_i = 0;
    if (done) {
      *b->tb->op_valid_i = 0;
      changed = NULL;
    }
  }
}

Test(flow_table, random_changes_and_lookups_match_the_list) {
  const uint32_t count = NUM_CONNS + NUM_CONNS / 4 + 4;

  for (unsigned take = 0; take < TB_PATTERN_COUNT; take++) {
    struct bench b = new_bench();
    struct flow *flows = calloc(count, sizeof *flows);
    b.take.pattern = (tb_pattern_t)take;
    b.offer.pattern = take % 2 == 0 ? TB_ALWAYS : TB_BURSTS;
    for (uint32_t i = 0; i < count; i++) flows[i] = random_flow(&b, i);
    run_random(&b, flows, count, 20000);
    free(flows);
    tb_toe_flow_table_delete(b.tb);
  }
}
