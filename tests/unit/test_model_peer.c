/* SPDX-License-Identifier: Apache-2.0
 *
 * The model peer: two of them on one wire play what RFC 9293 describes, with the wire's faults, and
 * every octet arrives once and in order.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "model/toe_model_table.h"
#include "peer_pair.h"
#include "siphash.h"
#include "tb.h"

enum { PORT = 7, LOCAL = 40000 };

static peer_pair_t *pair;

static void start(const pair_faults_t *faults) {
  const model_peer_config_t config[2] = {pair_config(0), pair_config(1)};

  pair = pair_new(config, faults, tb_seed());
}

static void perfect(void) {
  start(NULL);
}

static void end(void) {
  pair_delete(pair);
}

static uint8_t state(int side, int conn) {
  const model_tcb_t *tcb = model_peer_tcb(pair->peer[side], conn);

  cr_assert_not_null(tcb);
  return tcb->state;
}

static int connect_to_1(uint16_t local) {
  return model_peer_connect(pair->peer[0], 0x0a000002, PORT, local);
}

/* One connection, open on both sides. */
static void opened(int *a, int *b) {
  model_peer_listen(pair->peer[1], PORT);
  *a = connect_to_1(LOCAL);
  pair_run(pair, 10000);
  *b = model_peer_accept(pair->peer[1]);
  cr_assert_geq(*b, 0, "nothing to accept");
  cr_assert_eq(state(0, *a), MODEL_ESTABLISHED);
  cr_assert_eq(state(1, *b), MODEL_ESTABLISHED);
}

Test(model_peer, opens_and_closes, .init = perfect, .fini = end) {
  int a, b;

  opened(&a, &b);
  model_peer_close(pair->peer[0], a);
  pair_run(pair, 100000);
  cr_expect_eq(state(0, a), MODEL_FIN_WAIT_2);
  cr_expect_eq(state(1, b), MODEL_CLOSE_WAIT);
  cr_expect(model_peer_at_end(pair->peer[1], b));
  model_peer_close(pair->peer[1], b);
  pair_run(pair, 100000);
  cr_expect_eq(state(0, a), MODEL_TIME_WAIT);
  cr_expect_eq(state(1, b), MODEL_CLOSED);
  model_peer_release(pair->peer[0], a);
  model_peer_release(pair->peer[1], b);
  cr_expect_null(model_peer_tcb(pair->peer[0], a));
}

Test(model_peer, both_open_and_both_close_at_once, .init = perfect, .fini = end) {
  const int a = model_peer_connect(pair->peer[0], 0x0a000002, PORT, LOCAL);
  const int b = model_peer_connect(pair->peer[1], 0x0a000001, LOCAL, PORT);

  pair_run(pair, 5000000);
  cr_assert_eq(state(0, a), MODEL_ESTABLISHED);
  cr_assert_eq(state(1, b), MODEL_ESTABLISHED);
  model_peer_close(pair->peer[0], a);
  model_peer_close(pair->peer[1], b);
  pair_run(pair, 5000000);
  cr_expect_eq(state(0, a), MODEL_TIME_WAIT);
  cr_expect_eq(state(1, b), MODEL_TIME_WAIT);
}

Test(model_peer, abort_is_heard_by_the_other_end, .init = perfect, .fini = end) {
  int a, b;

  opened(&a, &b);
  model_peer_abort(pair->peer[0], a);
  pair_run(pair, 10000);
  cr_expect_eq(state(1, b), MODEL_CLOSED);
  cr_expect_eq(model_peer_tcb(pair->peer[1], b)->reason, MODEL_REASON_PEER_RESET);
}

Test(model_peer, port_without_listener_refuses, .init = perfect, .fini = end) {
  const int a = connect_to_1(LOCAL);

  pair_run(pair, 10000);
  cr_expect_eq(state(0, a), MODEL_CLOSED);
  cr_expect_eq(model_peer_tcb(pair->peer[0], a)->reason, MODEL_REASON_CONN_REFUSED);
}

/* Only what is new of a segment goes into the ring. */
Test(model_peer, overlapping_segment_is_cut, .init = perfect, .fini = end) {
  uint8_t frame[2048], octets[16];
  int a, b;

  opened(&a, &b);
  for (unsigned i = 0; i < sizeof octets; i++) octets[i] = pair_octet(1, i);
  model_peer_send(pair->peer[0], a, octets, 10);
  pair_run(pair, 100000); /* a delayed ACK has come */
  const model_tcb_t *from = model_peer_tcb(pair->peer[0], a);
  const model_netif_t netif = pair_config(0).netif;
  const model_tx_seg_t again = {.key = {0x0a000002, PORT, LOCAL},
                                .dst_mac = 0x020000000002,
                                .seq = from->snd_una - 4,
                                .ack = from->rcv_nxt,
                                .flags = {.ack = 1},
                                .wnd = 1000,
                                .opt = {.ts_valid = 1, .ts_val = (uint32_t)(pair->now_us >> 8)},
                                .payload_len = 10};
  const size_t len = model_build_segment(&netif, &again, octets + 6, frame);
  model_peer_frame_in(pair->peer[1], frame, len);
  uint8_t got[32];
  const size_t count = model_peer_receive(pair->peer[1], b, got, sizeof got);
  cr_assert_eq(count, sizeof octets, "%zu octets", count);
  cr_expect_arr_eq(got, octets, sizeof octets);
}

/* --- Half-open connections -------------------------------------------------------------------- */

/* Frames that peer 1 has sent by the end of @p span_us, with the wire towards it cut off. */
static uint64_t answers_within(uint64_t span_us) {
  const uint64_t before = pair->frames[1], until_us = pair->now_us + span_us;
  uint8_t frame[2048];

  while (model_peer_next_us(pair->peer[1]) <= until_us) {
    model_peer_advance(pair->peer[1], model_peer_next_us(pair->peer[1]));
    while (model_peer_frame_out(pair->peer[1], frame) != 0) pair->frames[1]++;
  }
  pair->now_us = until_us;
  model_peer_advance(pair->peer[1], until_us);
  return pair->frames[1] - before;
}

/* RFC 6298 (5.5): after 1, 2, 4, ... seconds, and no more than syn_retries times. */
Test(model_peer, syn_ack_is_sent_again_with_back_off, .init = perfect, .fini = end) {
  uint8_t frame[2048];
  static const model_netif_t nobody = {.mac = 0x02000000000a, .ip = 0x0a00000a, .mtu = 1500};
  const model_tx_seg_t syn = {
      .key = {0x0a000002, PORT, LOCAL}, .dst_mac = 0x020000000002, .flags = {.syn = 1}};

  model_peer_listen(pair->peer[1], PORT);
  const size_t len = model_build_segment(&nobody, &syn, NULL, frame);
  model_peer_frame_in(pair->peer[1], frame, len);
  cr_assert_neq(model_peer_frame_out(pair->peer[1], frame), 0, "no SYN-ACK");
  cr_expect_eq(answers_within(999999), 0);
  cr_expect_eq(answers_within(1), 1);
  cr_expect_eq(answers_within(1999999), 0);
  cr_expect_eq(answers_within(1), 1);
  cr_expect_eq(answers_within(1000000000), 4, "six in all");
  cr_expect_eq(model_peer_next_us(pair->peer[1]), UINT64_MAX, "not forgotten");
}

/* --- TIME-WAIT ------------------------------------------------------------------------------- */

Test(model_peer, time_wait_ends_after_2msl, .init = perfect, .fini = end) {
  int a, b;

  opened(&a, &b);
  model_peer_close(pair->peer[0], a);
  pair_run(pair, 1000000);
  model_peer_close(pair->peer[1], b);
  pair_run(pair, 1000000);
  model_peer_release(pair->peer[0], a);
  cr_expect_eq(connect_to_1(LOCAL), MODEL_PEER_NOBODY, "the four-tuple is still waiting");
  pair_run(pair, 60000000);
  cr_expect_neq(connect_to_1(LOCAL), MODEL_PEER_NOBODY);
}

/* RFC 6191: the end in TIME-WAIT listens, and the other one connects from the same port. */
Test(model_peer, new_connection_takes_the_place_of_time_wait, .init = perfect, .fini = end) {
  int a, b;

  opened(&a, &b);
  const uint32_t old_end = model_peer_tcb(pair->peer[1], b)->snd_nxt + 1;
  model_peer_close(pair->peer[1], b);
  pair_run(pair, 1000000);
  model_peer_close(pair->peer[0], a);
  pair_run(pair, 1000000);
  cr_assert_eq(state(1, b), MODEL_TIME_WAIT);
  model_peer_release(pair->peer[0], a);
  model_peer_release(pair->peer[1], b);
  a = connect_to_1(LOCAL);
  cr_assert_geq(a, 0);
  pair_run(pair, 1000000);
  b = model_peer_accept(pair->peer[1]);
  cr_assert_geq(b, 0);
  cr_expect_eq(state(0, a), MODEL_ESTABLISHED);
  cr_expect_gt((int32_t)(model_peer_tcb(pair->peer[1], b)->iss - old_end), 0, "MAY-2");
}

/* --- Initial sequence numbers ----------------------------------------------------------------- */

Test(model_peer, siphash_is_that_of_its_paper) {
  uint8_t key[16], octets[40];

  for (unsigned i = 0; i < 16; i++) key[i] = (uint8_t)i;
  for (unsigned i = 0; i < sizeof octets; i++) octets[i] = (uint8_t)(i * 7);
  for (size_t len = 0; len <= sizeof octets; len++)
    cr_expect_eq(model_siphash(key, octets, len), siphash_2_4(key, octets, len));
}

Test(model_peer, isn_depends_on_key_four_tuple_and_time) {
  const uint8_t key[16] = {1}, other_key[16] = {2};
  const model_flow_key_t flow = {1, 2, 3}, other = {1, 2, 4};
  const uint32_t isn = model_isn(key, &flow, 9, 4000);

  cr_expect_eq(model_isn(key, &flow, 9, 4004), isn + 1, "a clock of 4 us");
  cr_expect_neq(model_isn(key, &other, 9, 4000), isn);
  cr_expect_neq(model_isn(key, &flow, 8, 4000), isn);
  cr_expect_neq(model_isn(other_key, &flow, 9, 4000), isn);
}

/* --- Streams ---------------------------------------------------------------------------------- */

/* One end of one stream in each direction. */
typedef struct stream {
  int conn;
  uint64_t sent, received, wanted;
} stream_t;

static stream_t streams[2][PAIR_CONNS];

/* As much as fits, in pieces of any size, then FIN; reads some, and checks each octet. */
static void serve(int side, uint32_t number, tb_rng_t *rng) {
  struct model_peer *peer = pair->peer[side];
  stream_t *stream = &streams[side][number];
  uint8_t octets[3000];
  const uint32_t own = 2 * number + (uint32_t)side;

  if (stream->sent < stream->wanted) {
    uint64_t len = 1 + tb_random_below(rng, sizeof octets);
    if (len > stream->wanted - stream->sent) len = stream->wanted - stream->sent;
    for (uint64_t i = 0; i < len; i++) octets[i] = pair_octet(own, stream->sent + i);
    stream->sent += model_peer_send(peer, stream->conn, octets, (size_t)len);
    if (stream->sent == stream->wanted) model_peer_close(peer, stream->conn);
  }
  const size_t got =
      model_peer_receive(peer, stream->conn, octets, 1 + tb_random_below(rng, sizeof octets));
  for (size_t i = 0; i < got; i++)
    cr_assert_eq(octets[i], pair_octet(own ^ 1, stream->received + i),
                 "octet %u of stream %u is wrong", (unsigned)(stream->received + i), own ^ 1);
  stream->received += got;
}

static bool done(uint32_t count) {
  for (int side = 0; side < 2; side++)
    for (uint32_t i = 0; i < count; i++)
      if (streams[side][i].received != streams[1 - side][i].wanted ||
          !model_peer_at_end(pair->peer[side], streams[side][i].conn))
        return false;
  return true;
}

/* Peer 1's ends of the connections that peer 0 opened. */
static void accept_all(void) {
  for (int conn; (conn = model_peer_accept(pair->peer[1])) >= 0;)
    streams[1][model_peer_tcb(pair->peer[1], conn)->key.remote_port - LOCAL].conn = conn;
}

static void all_streams_arrive(uint32_t count, uint64_t wanted, const pair_faults_t *faults) {
  tb_rng_t rng = tb_rng(tb_seed());

  start(faults);
  model_peer_listen(pair->peer[1], PORT);
  for (uint32_t i = 0; i < count; i++) {
    streams[0][i] = (stream_t){.conn = connect_to_1((uint16_t)(LOCAL + i)), .wanted = wanted};
    streams[1][i] = (stream_t){.conn = MODEL_PEER_NOBODY, .wanted = wanted / 2};
  }
  while (!done(count)) {
    cr_assert_lt(pair->now_us, 3600000000u, "an hour, and it has not ended");
    pair_step(pair, pair->now_us + 10000);
    accept_all();
    for (uint32_t i = 0; i < count; i++) {
      serve(0, i, &rng);
      serve(1, i, &rng);
    }
  }
  pair_run(pair, 200000000);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t a = state(0, streams[0][i].conn), b = state(1, streams[1][i].conn);
    cr_expect(a == MODEL_CLOSED || a == MODEL_TIME_WAIT, "state %u", a);
    cr_expect(b == MODEL_CLOSED || b == MODEL_TIME_WAIT, "state %u", b);
    cr_expect_eq(model_peer_tcb(pair->peer[0], streams[0][i].conn)->reason, MODEL_REASON_NONE);
  }
  end();
}

Test(model_peer, streams_arrive_over_a_perfect_wire) {
  all_streams_arrive(8, 200000, NULL);
}

Test(model_peer, streams_arrive_over_a_wire_with_every_fault) {
  const pair_faults_t faults = {.loss_ppm = 20000,
                                .reorder_ppm = 50000,
                                .duplicate_ppm = 20000,
                                .corrupt_ppm = 10000,
                                .truncate_ppm = 5000};

  all_streams_arrive(PAIR_CONNS, 50000, &faults);
}

/* A window that closes, because nobody reads, opens again when somebody does. */
Test(model_peer, closed_window_opens_again, .init = perfect, .fini = end) {
  uint8_t octets[1 << 17];
  int a, b;
  size_t sent, got = 0;

  opened(&a, &b);
  for (size_t i = 0; i < sizeof octets; i++) octets[i] = pair_octet(1, i);
  sent = model_peer_send(pair->peer[0], a, octets, sizeof octets);
  pair_run(pair, 1000000);
  sent += model_peer_send(pair->peer[0], a, octets + sent, sizeof octets - sent);
  pair_run(pair, 10000000);
  /* The SYN's window; one octet more is not worth an announcement. */
  cr_expect_eq(model_peer_readable(pair->peer[1], b), 65535);
  cr_expect_eq(model_peer_tcb(pair->peer[0], a)->snd_wnd, 0);
  while (got < sent) {
    uint8_t octet;
    if (model_peer_receive(pair->peer[1], b, &octet, 1) == 0) {
      pair_run(pair, 1000000);
      cr_assert_lt(pair->now_us, 300000000u, "stuck after %zu octets", got);
      continue;
    }
    cr_assert_eq(octet, octets[got]);
    got++;
  }
}
