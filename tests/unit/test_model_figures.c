/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model alone: two ends of it play the figures of RFC 9293 sections 3.5 and 3.6.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "model/toe_model.h"

enum { A_ISS = 100, B_ISS = 300 };

typedef struct end {
  model_tcb_t tcb;
  model_tcb_action_t act; /* of the last event */
  model_tx_seg_t sent;    /* last segment */
  bool has_sent;          /* and the other end has not got it yet */
} end_t;

static const model_cfg_t CFG = {
    .mtu = 1500,
    .min_mss = 64,
    .rto_initial_us = 1000000,
    .rto_min_us = 200000,
    .rto_max_us = 60000000,
    .data_retries = 5,
    .syn_retries = 3,
    .delack_us = 40000,
    .keepalive_us = 7200000,
    .keepalive_interval_us = 75000,
    .rx_ring_log2 = 16,
    .tx_ring_log2 = 16,
};

/* One event, and the turn to send that it asks for. */
static void event(end_t *end, model_tcb_event_t ev) {
  ev.now_us = 1000;
  model_step(&CFG, &end->tcb, &ev, &end->act);
  if (end->act.tx_valid) {
    end->sent = end->act.tx;
    end->has_sent = true;
  }
  if (!end->tcb.send_queued) return;
  const model_tcb_event_t turn = {.kind = MODEL_EV_SEND, .now_us = 1000};
  model_tcb_action_t act;
  model_step(&CFG, &end->tcb, &turn, &act);
  if (act.tx_valid) {
    end->sent = act.tx;
    end->has_sent = true;
  }
}

static void command(end_t *end, uint8_t op) {
  event(end, (model_tcb_event_t){.kind = MODEL_EV_COMMAND, .cmd = {.op = op}});
}

static void connects(end_t *end, uint32_t iss) {
  event(end, (model_tcb_event_t){.kind = MODEL_EV_COMMAND,
                                 .cmd = {.op = MODEL_CMD_CONNECT},
                                 .open_valid = 1,
                                 .open = {.iss = iss}});
}

static model_rx_seg_t received(const model_tx_seg_t *tx) {
  return (model_rx_seg_t){.key = tx->key,
                          .seq = tx->seq,
                          .ack = tx->ack,
                          .flags = tx->flags,
                          .wnd = tx->wnd,
                          .payload_len = tx->payload_len,
                          .opt = tx->opt};
}

static void arrives(end_t *at, model_rx_seg_t seg) {
  event(at, (model_tcb_event_t){.kind = MODEL_EV_SEGMENT, .seg = seg});
}

/* The last segment of one end reaches the other. */
static void carry(end_t *from, end_t *to) {
  cr_assert(from->has_sent);
  from->has_sent = false;
  arrives(to, received(&from->sent));
}

/* The last segment of an end, as the figures write it: <SEQ><ACK><CTL>. */
static void sent_is(const end_t *end, uint32_t seq, uint32_t ack, const char *ctl) {
  const model_tcp_flags_t *flags = &end->sent.flags;

  cr_assert(end->has_sent);
  cr_expect_eq(end->sent.seq, seq, "SEQ=%u", end->sent.seq);
  if (flags->ack) cr_expect_eq(end->sent.ack, ack, "ACK=%u", end->sent.ack);
  cr_expect_eq(flags->syn, strstr(ctl, "SYN") != NULL);
  cr_expect_eq(flags->fin, strstr(ctl, "FIN") != NULL);
  cr_expect_eq(flags->rst, strstr(ctl, "RST") != NULL);
  cr_expect_eq(flags->ack, strstr(ctl, "ACK") != NULL);
}

/* Both ends of a connection in ESTABLISHED with A's next octet 100 and B's 300. */
static void established(end_t *a, end_t *b) {
  memset(a, 0, sizeof *a);
  memset(b, 0, sizeof *b);
  connects(a, A_ISS - 1);
  connects(b, B_ISS - 1);
  a->has_sent = false;
  arrives(a, received(&b->sent));
  b->has_sent = false;
  arrives(b, (model_rx_seg_t){
                 .seq = A_ISS - 1, .ack = B_ISS, .flags = {.syn = 1, .ack = 1}, .wnd = 9999});
  carry(b, a);
  a->has_sent = b->has_sent = false;
  cr_assert_eq(a->tcb.state, MODEL_ESTABLISHED);
  cr_assert_eq(b->tcb.state, MODEL_ESTABLISHED);
}

Test(figure_6, three_way_handshake) {
  end_t a = {0}, b = {0};
  connects(&a, A_ISS);
  sent_is(&a, 100, 0, "SYN");
  /* The SYN cache of B has answered; B begins with the ACK of the handshake. */
  arrives(&a, (model_rx_seg_t){.seq = 300, .ack = 101, .flags = {.syn = 1, .ack = 1}, .wnd = 9999});
  cr_assert_eq(a.tcb.state, MODEL_ESTABLISHED);
  sent_is(&a, 101, 301, "ACK");
  event(&b, (model_tcb_event_t){
                .kind = MODEL_EV_SEGMENT,
                .seg = received(&a.sent),
                .open_valid = 1,
                .open = {.passive = 1, .iss = B_ISS, .irs = A_ISS, .peer_mss = 1460},
            });
  cr_assert_eq(b.tcb.state, MODEL_ESTABLISHED);
  cr_assert_not(b.has_sent, "an ACK is not acknowledged");
  cr_assert(b.tcb.notify.accepted && a.tcb.notify.connected);
}

Test(figure_7, simultaneous_open) {
  end_t a = {0}, b = {0};
  connects(&a, A_ISS);
  connects(&b, B_ISS);
  const model_rx_seg_t syn_of_a = received(&a.sent);
  carry(&b, &a);
  cr_assert_eq(a.tcb.state, MODEL_SYN_RECEIVED);
  sent_is(&a, 100, 301, "SYN ACK");
  arrives(&b, syn_of_a);
  cr_assert_eq(b.tcb.state, MODEL_SYN_RECEIVED);
  sent_is(&b, 300, 101, "SYN ACK");
  carry(&a, &b);
  cr_assert_eq(b.tcb.state, MODEL_ESTABLISHED);
  arrives(&a, (model_rx_seg_t){.seq = 300, .ack = 101, .flags = {.syn = 1, .ack = 1}, .wnd = 9999});
  cr_assert_eq(a.tcb.state, MODEL_ESTABLISHED);
}

Test(figure_8, old_duplicate_syn_is_answered_by_rst) {
  end_t a = {0};
  connects(&a, A_ISS);
  arrives(&a, (model_rx_seg_t){.seq = 300, .ack = 91, .flags = {.syn = 1, .ack = 1}});
  sent_is(&a, 91, 0, "RST");
  cr_assert_eq(a.tcb.state, MODEL_SYN_SENT);
  arrives(&a, (model_rx_seg_t){.seq = 400, .ack = 101, .flags = {.syn = 1, .ack = 1}, .wnd = 9999});
  sent_is(&a, 101, 401, "ACK");
  cr_assert_eq(a.tcb.state, MODEL_ESTABLISHED);
}

Test(figure_9, half_open_connection_is_discovered) {
  end_t a, b;
  established(&a, &b);
  end_t reborn = {0}; /* A has crashed and connects anew */
  connects(&reborn, 400);
  sent_is(&reborn, 400, 0, "SYN");
  carry(&reborn, &b);
  sent_is(&b, 300, 100, "ACK");
  carry(&b, &reborn);
  sent_is(&reborn, 100, 0, "RST");
  carry(&reborn, &b);
  cr_assert_eq(b.tcb.state, MODEL_CLOSED);
  cr_assert_eq(b.tcb.reason, MODEL_REASON_PEER_RESET);
}

Test(figure_10, data_for_no_connection_is_answered_by_rst) {
  end_t a, b;
  established(&a, &b);
  memset(&a.tcb, 0, sizeof a.tcb);
  event(&b, (model_tcb_event_t){.kind = MODEL_EV_COMMAND,
                                .cmd = {.op = MODEL_CMD_SEND, .value = B_ISS + 10}});
  b.has_sent = false;
  event(&a, (model_tcb_event_t){.kind = MODEL_EV_NO_CONN, .seg = received(&b.sent)});
  sent_is(&a, 100, 0, "RST");
  carry(&a, &b);
  cr_assert_eq(b.tcb.state, MODEL_CLOSED);
}

Test(figure_12, normal_close) {
  end_t a, b;
  established(&a, &b);
  command(&a, MODEL_CMD_SHUTDOWN);
  cr_assert_eq(a.tcb.state, MODEL_FIN_WAIT_1);
  sent_is(&a, 100, 300, "FIN ACK");
  carry(&a, &b);
  cr_assert_eq(b.tcb.state, MODEL_CLOSE_WAIT);
  sent_is(&b, 300, 101, "ACK");
  carry(&b, &a);
  cr_assert_eq(a.tcb.state, MODEL_FIN_WAIT_2);
  command(&b, MODEL_CMD_SHUTDOWN);
  cr_assert_eq(b.tcb.state, MODEL_LAST_ACK);
  sent_is(&b, 300, 101, "FIN ACK");
  carry(&b, &a);
  cr_assert_eq(a.tcb.state, MODEL_TIME_WAIT);
  cr_assert(a.act.time_wait && a.act.time_wait_rec.rcv_nxt == 301);
  sent_is(&a, 101, 301, "ACK");
  carry(&a, &b);
  cr_assert_eq(b.tcb.state, MODEL_CLOSED);
  cr_assert_eq(b.tcb.reason, MODEL_REASON_NONE);
}

Test(figure_13, simultaneous_close) {
  end_t a, b;
  established(&a, &b);
  command(&a, MODEL_CMD_SHUTDOWN);
  command(&b, MODEL_CMD_SHUTDOWN);
  sent_is(&a, 100, 300, "FIN ACK");
  sent_is(&b, 300, 100, "FIN ACK");
  const model_rx_seg_t fin_of_a = received(&a.sent);
  carry(&b, &a);
  arrives(&b, fin_of_a);
  cr_assert_eq(a.tcb.state, MODEL_CLOSING);
  cr_assert_eq(b.tcb.state, MODEL_CLOSING);
  sent_is(&a, 101, 301, "ACK");
  sent_is(&b, 301, 101, "ACK");
  const model_rx_seg_t ack_of_a = received(&a.sent);
  carry(&b, &a);
  arrives(&b, ack_of_a);
  cr_assert_eq(a.tcb.state, MODEL_TIME_WAIT);
  cr_assert_eq(b.tcb.state, MODEL_TIME_WAIT);
}
