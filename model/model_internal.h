/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the model share.  One step_t is one call of model_step.
 */
#ifndef TOE_MODEL_INTERNAL_H
#define TOE_MODEL_INTERNAL_H

#include <stdbool.h>

#include "model/toe_model.h"

typedef struct step {
  const model_cfg_t *cfg;
  model_tcb_t *tcb;
  const model_tcb_event_t *ev;
  model_tcb_action_t *act;
  bool turn_wanted;     /* something happened that may let the connection send */
  bool window_may_move; /* the state before the event allows a new right edge */
  bool ack_due;         /* the segment must be acknowledged at once */
  bool heard;           /* the peer has proved itself alive */
  bool keep_alive_due;  /* an interval of keep-alive has passed */
  bool progress;        /* snd_una has moved */
  bool rtt_measured;
} step_t;

/* --- Sequence numbers (RFC 9293 section 3.4) and time --- */

static inline bool seq_lt(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

static inline bool seq_le(uint32_t a, uint32_t b) {
  return !seq_lt(b, a);
}

static inline uint32_t seq_max(uint32_t a, uint32_t b) {
  return seq_lt(a, b) ? b : a;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b) {
  return seq_lt(a, b) ? a : b;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

static inline uint64_t time_after(uint64_t time_us, uint64_t delay_us) {
  return (time_us + delay_us) & ((UINT64_C(1) << 40) - 1);
}

/* now_us is at or past deadline_us, on a circle of 2**40 microseconds. */
static inline bool time_reached(uint64_t now_us, uint64_t deadline_us) {
  return time_after(now_us, UINT64_C(0) - deadline_us) < UINT64_C(1) << 39;
}

/* --- connection.c: life and states --- */

/* Our end has queued everything up to here, FIN included. */
uint32_t model_send_end(const model_tcb_t *tcb);
/* Both SYNs are acknowledged, and the connection has not ended. */
bool model_is_open(const model_tcb_t *tcb);
/* ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2: the peer may still send text. */
bool model_receives_text(const model_tcb_t *tcb);
/* CLOSED or TIME-WAIT: only the host's release is missing. */
bool model_is_finished(const model_tcb_t *tcb);
void model_open(step_t *step);
uint8_t model_own_wscale(const model_cfg_t *cfg);
/* The peer's SYN: receive sequence space, options. */
void model_receive_syn(step_t *step);
/* The connection is over: CLOSED, or TIME-WAIT. */
void model_finish(step_t *step, uint8_t state, uint8_t reason);
void model_enter_time_wait(step_t *step);
/* Gives the control block back once both queues have let go of it. */
void model_free_if_released(step_t *step);

/* --- segment.c: RFC 9293 section 3.10.7 --- */

void model_drop(step_t *step, uint8_t drop);

void model_segment_arrives(step_t *step);
/* An ACK for a segment that is refused, unless too many went out of late. */
void model_challenge(step_t *step);
/* RST that answers the segment, by the rules for CLOSED (section 3.10.7.1). */
void model_answer_with_rst(step_t *step);
/* CLOSED (section 3.10.7.1): the answer of a connection that does not exist. */
void model_segment_arrives_closed(step_t *step);

/* --- syn_sent.c: RFC 9293 section 3.10.7.3 --- */

void model_segment_arrives_syn_sent(step_t *step);

/* --- icmp.c: RFC 9293 section 3.9.2.2 --- */

/* same_key: the error is about this connection. */
void model_icmp_arrives(step_t *step, bool same_key);

/* --- ack.c: fifth check of RFC 9293 section 3.10.7.4 --- */

/* False when the segment must not be looked at any further. */
bool model_check_ack(step_t *step);
/* What an acceptable ACK means. */
void model_take_ack(step_t *step);
/* Our SYN is acknowledged. */
void model_handshake_done(step_t *step);
/* Sending window from the segment, without the test for its age. */
void model_take_window(step_t *step);

/* --- text.c: sixth to eighth check of RFC 9293 section 3.10.7.4 --- */

void model_check_urg(step_t *step);
/* acceptable: what the segment carries may be taken. */
void model_segment_text(step_t *step, bool acceptable);
/* True unless text beyond the segment's FIN is held. */
bool model_fin_is_last(const step_t *step);
void model_check_fin(step_t *step, bool acceptable, bool fin_is_last);

/* --- reassembly.c: what is held beyond rcv_nxt --- */

/* Adds [left, right); false when there is no room for another interval. */
bool model_hold(model_tcb_t *tcb, uint32_t left, uint32_t right);
/* Moves rcv_nxt over everything held that it touches, and forgets that. */
void model_release_held(model_tcb_t *tcb);
/* Up to limit SACK blocks (RFC 2018 section 4). */
void model_sack_blocks(const model_tcb_t *tcb, model_tcp_options_t *opt, unsigned limit);

/* --- congestion.c: RFC 5681, 6582, 3042, 6928 --- */

uint32_t model_initial_window(const model_tcb_t *tcb);
void model_congestion_ack(model_tcb_t *tcb, uint32_t acked);
void model_congestion_dupack(model_tcb_t *tcb);
void model_congestion_timeout(model_tcb_t *tcb);
/* Segments of the old size were lost on a path that takes only smaller ones. */
void model_congestion_new_mss(model_tcb_t *tcb);
void model_congestion_restart_idle(step_t *step);
/* Octets that may be in flight. */
uint32_t model_congestion_allowance(const model_tcb_t *tcb);

/* --- rtt.c: RFC 6298 --- */

void model_rtt_ack(step_t *step);
/* The timeout without back-off. */
void model_rto_restore(step_t *step);
void model_rto_back_off(step_t *step);

/* --- command.c: RFC 9293 sections 3.10.1 to 3.10.6 --- */

void model_command(step_t *step);

/* --- timeout.c: RFC 9293 section 3.10.8 --- */

void model_timeouts(step_t *step);
/* ABORT, or a peer that does not answer: RST where the RFC wants one, then CLOSED. */
void model_give_up(step_t *step, uint8_t reason);
/* Which timers run after the event. */
void model_settle_timers(step_t *step);

/* --- send.c: a turn to send --- */

void model_send_turn(step_t *step);
bool model_has_something_to_send(const model_tcb_t *tcb);

/* --- transmit.c: making segments --- */

/* Window field as it would go onto the wire. */
uint16_t model_wire_window(const step_t *step);

/* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
void model_send_ack(step_t *step);
/* last: nothing is queued behind it, so PSH. */
void model_send_data(step_t *step, uint32_t seq, uint32_t len, bool fin, bool last);
void model_send_keep_alive(step_t *step);
/* SYN, or SYN-ACK in SYN-RECEIVED. */
void model_send_syn(step_t *step);
/* RST of a living connection. */
void model_send_rst(step_t *step);
/* Window update when the host's reading has made enough room for one. */
bool model_window_update_due(const step_t *step);

/* --- notify.c: news for the host --- */

void model_refuse(step_t *step, uint8_t reason);
void model_notify_turn(step_t *step);

#endif
