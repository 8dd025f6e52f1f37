/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine that gets a new owner in the middle of a transfer: memory, network and peer must not be
 * disturbed by what the old owner left half done.
 */
#include "api_pair.h"

enum { OCTETS = 60000, TRIES = 40 };

/* Octets one way, sent and received as far as it goes now. */
struct flow {
  struct toe_conn *from, *to;
  size_t sent, received;
};

static void step(struct flow *flow) {
  uint8_t buffer[OCTETS];

  for (size_t i = flow->sent; i < OCTETS; i++) buffer[i] = api_octet(i);
  if (flow->sent < OCTETS) {
    const ssize_t sent = toe_send(flow->from, buffer + flow->sent, OCTETS - flow->sent, 0);
    if (sent > 0) flow->sent += (size_t)sent;
  }
  const ssize_t got = toe_recv(flow->to, buffer, sizeof buffer, 0);
  for (ssize_t i = 0; i < got; i++) {
    cr_assert_eq(buffer[i], api_octet(flow->received + (size_t)i), "octet %zu",
                 flow->received + (size_t)i);
  }
  if (got > 0) flow->received += (size_t)got;
}

Test(reset, in_the_middle_of_a_transfer_leaves_nothing_behind) {
  struct api_pair *p = api_pair_new();
  tb_rng_t rng = tb_rng(tb_seed());
  size_t cut = 0;

  for (unsigned n = 0; n < TRIES; n++) {
    struct toe_conn *conns[2];
    api_connect(p, conns);
    struct flow flows[2] = {{.from = conns[0], .to = conns[1]}, {.from = conns[1], .to = conns[0]}};

    /* Up to here everything must arrive, after whatever was cut before. */
    for (unsigned rounds = 0;
         rounds < 2000 && (flows[0].received < OCTETS || flows[1].received < OCTETS); rounds++) {
      for (int i = 0; i < 2; i++) step(&flows[i]);
      api_run(p, 20);
    }
    cr_assert_eq(flows[0].received, OCTETS, "try %u", n);
    cr_assert_eq(flows[1].received, OCTETS, "try %u", n);

    /* Twice as much, cut off at any instant. */
    flows[0].sent = flows[0].received = flows[1].sent = flows[1].received = 0;
    const unsigned rounds = 1 + tb_random_below(&rng, 8);
    for (unsigned i = 0; i < rounds; i++) {
      for (int j = 0; j < 2; j++) step(&flows[j]);
      api_run(p, tb_random_below(&rng, 12));
    }
    if (flows[0].received < OCTETS || flows[1].received < OCTETS) cut++;

    struct toe_transport transport;
    const struct toe_config config = api_config(0);
    struct toe_engine *again;
    cr_assert_eq(toe_pair_transport(p->pair, 0, &transport), 0);
    cr_assert_eq(toe_open_transport(&transport, &config, &again), 0);
    p->engine[0] = again;
    toe_abort(conns[1]);
    api_run(p, 100);

    for (int i = 0; i < 2; i++) {
      struct toe_sim_stats stats;
      toe_sim_stats_get(p->sim[i], &stats);
      cr_assert_eq(stats.mem_errors, 0);
    }
  }
  cr_expect_gt(cut, TRIES / 2, "too few were in the middle: %zu", cut);
  api_pair_delete(p);
}
