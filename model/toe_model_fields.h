/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of every struct of the model, once: declaring them, converting them, comparing them
 * and printing them all read these lists.  Names are those of RFC 9293 section 3.3.1 and of
 * rtl/toe_pkg.sv and rtl/toe_tcp_pkg.sv; a comment gives the unit, and the range where it is
 * narrower than the type.
 *
 *   F(type, name)         a number
 *   S(kind, name)         a struct model_KIND_t
 *   A(kind, name, count)  an array of them
 */
#ifndef TOE_MODEL_FIELDS_H
#define TOE_MODEL_FIELDS_H

// clang-format off

/* What of the engine's configuration a connection depends on; constant while it lives. */
#define MODEL_CFG_FIELDS(F, S, A) \
  F(uint16_t, mtu)                     /* largest IPv4 packet, octets, 576 to 9000 */ \
  F(uint16_t, min_mss)                 /* a smaller MSS option is taken as this, octets */ \
  F(uint16_t, min_pmtu)                /* least path MTU, octets, at least 68 */ \
  F(uint8_t, dscp)                     /* of answers, and of passive opens at first: 0 to 63 */ \
  F(uint8_t, ts_enable)                /* offer RFC 7323 timestamps: 0, 1 */ \
  F(uint8_t, sack_enable)              /* offer RFC 2018 SACK: 0, 1 */ \
  F(uint8_t, wscale_enable)            /* offer RFC 7323 window scaling: 0, 1 */ \
  F(uint32_t, rto_initial_us)          /* RFC 6298 (2.1) */ \
  F(uint32_t, rto_min_us)              /* RFC 6298 (2.4) */ \
  F(uint32_t, rto_max_us)              /* RFC 6298 (2.5) */ \
  F(uint8_t, r1_retries)               /* R1 of RFC 9293 section 3.8.3: 0 to 15; 0: none */ \
  F(uint8_t, data_retries)             /* R2 of RFC 9293 section 3.8.3: 0 to 15 */ \
  F(uint8_t, syn_retries)              /* the same for SYN and SYN-ACK: 0 to 15 */ \
  F(uint32_t, delack_us)               /* longest delay of an ACK (RFC 9293 MUST-40) */ \
  F(uint64_t, keepalive_us)            /* idle time before the first keep-alive probe, 40 bits */ \
  F(uint32_t, keepalive_interval_us) \
  F(uint8_t, rx_ring_log2)             /* log2 of a receive ring's octets: 1 to 30 */ \
  F(uint8_t, tx_ring_log2)             /* log2 of a transmit ring's octets: 1 to 30 */

#define MODEL_FLOW_KEY_FIELDS(F, S, A) \
  F(uint32_t, remote_ip) \
  F(uint16_t, remote_port) \
  F(uint16_t, local_port)

/* Half-open interval [left, right) of sequence space. */
#define MODEL_SEQ_RANGE_FIELDS(F, S, A) \
  F(uint32_t, left) \
  F(uint32_t, right)

/* Control bits of RFC 9293 section 3.1: 0, 1. */
#define MODEL_TCP_FLAGS_FIELDS(F, S, A) \
  F(uint8_t, cwr) F(uint8_t, ece) F(uint8_t, urg) F(uint8_t, ack) \
  F(uint8_t, psh) F(uint8_t, rst) F(uint8_t, syn) F(uint8_t, fin)

/* A member means something only under its flag. */
#define MODEL_TCP_OPTIONS_FIELDS(F, S, A) \
  F(uint8_t, mss_valid) \
  F(uint16_t, mss) \
  F(uint8_t, wscale_valid) \
  F(uint8_t, wscale)                   /* 0 to 14 */ \
  F(uint8_t, sack_permitted) \
  F(uint8_t, ts_valid) \
  F(uint32_t, ts_val) \
  F(uint32_t, ts_ecr) \
  F(uint8_t, sack_count)               /* valid entries of sack: 0 to 4 */ \
  A(seq_range, sack, 4)

/* RFC 792: what an ICMP error says of a segment that was sent. */
#define MODEL_ICMP_ERROR_FIELDS(F, S, A) \
  F(uint8_t, kind)                     /* model_icmp_kind_t; 0: there is none */ \
  F(uint8_t, code)                     /* 0 to 15 */ \
  F(uint16_t, mtu)                     /* of the next hop, octets (RFC 1191); 0: not told */

/* A segment received, checked as far as a header can be without its connection. */
#define MODEL_RX_SEG_FIELDS(F, S, A) \
  S(flow_key, key) \
  F(uint64_t, src_mac)                 /* 48 bits */ \
  F(uint32_t, seq) \
  F(uint32_t, ack) \
  S(tcp_flags, flags) \
  F(uint16_t, wnd)                     /* as on the wire, unscaled */ \
  F(uint16_t, urg_ptr) \
  F(uint16_t, payload_len)             /* octets */ \
  S(tcp_options, opt) \
  S(icmp_error, icmp)                  /* MODEL_EV_ICMP: about what we sent with key and seq */

/* Where the payload of a received segment goes; ring position is the sequence number's low bits. */
#define MODEL_RX_VERDICT_FIELDS(F, S, A) \
  F(uint8_t, keep)                     /* 0: the others mean nothing */ \
  F(uint16_t, conn) \
  F(uint32_t, seq)                     /* of the first octet kept */ \
  F(uint16_t, skip)                    /* octets of payload to leave out at the front */ \
  F(uint16_t, len)                     /* octets to keep, at least 1 */

/* A segment to send. */
#define MODEL_TX_SEG_FIELDS(F, S, A) \
  S(flow_key, key) \
  F(uint8_t, mac_valid)                /* dst_mac is known: an answer to a frame */ \
  F(uint64_t, dst_mac)                 /* 48 bits */ \
  F(uint32_t, seq) \
  F(uint32_t, ack) \
  S(tcp_flags, flags) \
  F(uint16_t, wnd)                     /* as on the wire, already scaled */ \
  F(uint16_t, urg_ptr) \
  F(uint8_t, dscp)                     /* RFC 2474: 0 to 63 */ \
  F(uint8_t, doubt)                    /* the next hop may be gone: 0, 1 */ \
  S(tcp_options, opt) \
  F(uint16_t, conn) \
  F(uint16_t, payload_len)             /* octets, from the transmit ring at seq */

#define MODEL_CONN_OPTS_FIELDS(F, S, A) \
  F(uint32_t, reserved)                /* 22 bits */ \
  F(uint8_t, dscp)                     /* RFC 9293 MUST-48: 0 to 63 */ \
  F(uint8_t, quickack)                 /* acknowledge every segment at once */ \
  F(uint8_t, keepalive) \
  F(uint8_t, cork)                     /* send full segments only */ \
  F(uint8_t, nodelay)                  /* no Nagle (RFC 9293 section 3.7.4) */

#define MODEL_CMD_FIELDS(F, S, A) \
  S(conn_opts, opts) \
  F(uint32_t, reserved) \
  F(uint32_t, value)                   /* CmdSend: new snd_end.  CmdReceived: new rcv_read */ \
  F(uint32_t, tag)                     /* comes back in a refusal */ \
  F(uint16_t, remote_port) \
  F(uint16_t, local_port) \
  F(uint32_t, remote_ip) \
  F(uint32_t, user_timeout_us)         /* 0: none */ \
  F(uint16_t, conn) \
  F(uint8_t, flags)                    /* CmdSend: bit 0 urgent, bit 1 push */ \
  F(uint8_t, op)                       /* model_cmd_op_t */

/* What changed since the host was last told. */
#define MODEL_NTF_FLAGS_FIELDS(F, S, A) \
  F(uint8_t, refused) F(uint8_t, opened) F(uint8_t, info) F(uint8_t, urgent) F(uint8_t, closed) \
  F(uint8_t, peer_closed) F(uint8_t, room) F(uint8_t, data) F(uint8_t, accepted) \
  F(uint8_t, connected) F(uint8_t, icmp_error) F(uint8_t, retrying)

/* Completion ring entry; its words are explained at ntf_body_t of rtl/toe_tcp_pkg.sv. */
#define MODEL_NTF_BODY_FIELDS(F, S, A) \
  F(uint32_t, retransmits) \
  F(uint32_t, mss_scales) \
  F(uint32_t, rto_us) \
  F(uint32_t, rttvar_us) \
  F(uint32_t, srtt_us) \
  F(uint32_t, ssthresh) \
  F(uint32_t, cwnd) \
  F(uint32_t, snd_wnd) \
  F(uint32_t, tag_or_snd_nxt) \
  F(uint32_t, irs_or_rcv_up) \
  F(uint32_t, iss) \
  F(uint32_t, snd_una) \
  F(uint32_t, rcv_nxt) \
  F(uint32_t, remote_ip) \
  F(uint16_t, remote_port) \
  F(uint16_t, local_port) \
  F(uint16_t, conn) \
  S(ntf_flags, flags) \
  F(uint8_t, state)

#define MODEL_NTF_FIELDS(F, S, A) \
  F(uint8_t, reason) \
  S(ntf_body, body)

/* How a control block starts: CmdConnect, or a handshake that the SYN cache has completed. */
#define MODEL_TCB_OPEN_FIELDS(F, S, A) \
  F(uint8_t, passive) \
  S(flow_key, key) \
  F(uint32_t, flow_hash) \
  F(uint32_t, iss) \
  F(uint32_t, irs)                     /* this and what follows: passive only */ \
  F(uint16_t, peer_mss)                /* octets, as received, or 536 */ \
  F(uint8_t, wscale_ok) \
  F(uint8_t, snd_wscale)               /* 0 to 14 */ \
  F(uint8_t, sack_ok) \
  F(uint8_t, ts_ok) \
  F(uint32_t, ts_recent)

/* The transmission control block.  Times are microseconds modulo 2**40. */
#define MODEL_TCB_FIELDS(F, S, A) \
  F(uint8_t, in_use)                   /* from open to release */ \
  F(uint8_t, passive)                  /* the peer opened */ \
  F(uint8_t, state)                    /* model_state_t */ \
  S(flow_key, key) \
  F(uint32_t, flow_hash) \
  F(uint32_t, iss) \
  F(uint32_t, snd_una)                 /* oldest octet sent and not acknowledged */ \
  F(uint32_t, snd_nxt)                 /* next octet to send */ \
  F(uint32_t, snd_max)                 /* highest snd_nxt ever */ \
  F(uint32_t, snd_end)                 /* one past the last octet queued; FIN not counted */ \
  F(uint32_t, snd_up)                  /* under snd_urgent */ \
  F(uint32_t, snd_wnd)                 /* octets */ \
  F(uint32_t, max_snd_wnd)             /* octets; largest snd_wnd seen */ \
  F(uint32_t, snd_wl1) \
  F(uint32_t, snd_wl2) \
  F(uint16_t, snd_mss)                 /* octets of payload in a full segment */ \
  F(uint8_t, snd_wscale)               /* 0 to 14 */ \
  F(uint8_t, snd_urgent) \
  F(uint8_t, fin_queued)               /* FIN follows the octet before snd_end */ \
  F(uint32_t, irs) \
  F(uint32_t, rcv_nxt) \
  F(uint32_t, rcv_read)                /* one past the last octet the host has read */ \
  F(uint32_t, rcv_adv)                 /* right edge of the window as last advertised */ \
  F(uint32_t, rcv_up) \
  F(uint32_t, last_ack_sent)           /* Last.ACK.sent of RFC 7323 */ \
  F(uint8_t, challenge_span)           /* 0 to 63: half second of the last challenge ACK */ \
  F(uint8_t, challenge_count)          /* 0 to 7: challenge ACKs in it */ \
  F(uint8_t, rcv_wscale)               /* 0 to 14 */ \
  F(uint8_t, fin_rcvd)                 /* a FIN is known, perhaps ahead of rcv_nxt */ \
  F(uint32_t, fin_seq) \
  F(uint8_t, ooo_valid)                /* bit i: ooo[i] holds; compact from bit 0 */ \
  A(seq_range, ooo, MODEL_INTERVALS)   /* disjoint, beyond rcv_nxt; 0 is the newest */ \
  F(uint8_t, ts_ok) \
  F(uint8_t, sack_ok) \
  F(uint32_t, ts_recent) \
  F(uint8_t, rtt_valid)                /* srtt_us and rttvar_us hold a measurement */ \
  F(uint32_t, srtt_us) \
  F(uint32_t, rttvar_us) \
  F(uint32_t, rto_us)                  /* back-off included */ \
  F(uint8_t, rtt_timing) \
  F(uint32_t, rtt_seq)                 /* timed until snd_una passes this */ \
  F(uint64_t, rtt_start_us) \
  F(uint32_t, cwnd)                    /* octets */ \
  F(uint32_t, ssthresh)                /* octets */ \
  F(uint32_t, cwnd_acked)              /* octets acknowledged since cwnd grew */ \
  F(uint64_t, last_send_us)            /* of data */ \
  F(uint8_t, dupacks)                  /* 0 to 15, saturates */ \
  F(uint8_t, in_recovery) \
  F(uint32_t, recover)                 /* RFC 6582 */ \
  F(uint8_t, rexmit_one)               /* send one segment at snd_una, go on at snd_nxt */ \
  F(uint8_t, rtx_mode)                 /* model_rtx_mode_t */ \
  F(uint64_t, rtx_deadline_us) \
  F(uint8_t, retries)                  /* 0 to 15; since the last progress */ \
  F(uint8_t, delack_armed) \
  F(uint64_t, delack_deadline_us) \
  F(uint8_t, unacked_segs)             /* 0 to 3; received, not acknowledged */ \
  F(uint8_t, keep_armed) \
  F(uint64_t, keep_deadline_us) \
  F(uint8_t, user_timeout_armed) \
  F(uint64_t, user_deadline_us) \
  F(uint32_t, user_timeout_us)         /* 0: none */ \
  F(uint8_t, probe_now)                /* the next turn sends a probe */ \
  F(uint8_t, push)                     /* what is queued goes out although corked */ \
  F(uint8_t, send_queued)              /* waits for a turn to send */ \
  F(uint8_t, notify_queued)            /* waits for a turn to notify */ \
  F(uint8_t, release_pending)          /* freed when both queues have let go */ \
  S(ntf_flags, notify) \
  F(uint8_t, reason)                   /* model_reason_t */ \
  S(conn_opts, opts) \
  F(uint16_t, retransmit_count)        /* segments sent again in all, saturates */ \
  F(uint8_t, icmp_kind)                /* last ICMP error noted, model_icmp_kind_t */ \
  F(uint8_t, icmp_code)

#define MODEL_TCB_EVENT_FIELDS(F, S, A) \
  F(uint8_t, kind)                     /* model_event_kind_t */ \
  F(uint16_t, conn) \
  F(uint64_t, now_us) \
  S(rx_seg, seg) \
  S(cmd, cmd) \
  F(uint8_t, open_valid)               /* start from open, whatever was held before */ \
  S(tcb_open, open) \
  F(uint8_t, more)                     /* another segment of the connection waits behind it */ \
  F(uint8_t, muted)                    /* MODEL_EV_NO_CONN: the RSTs of this while are used up */

/* What the TIME-WAIT table needs to know of a connection. */
#define MODEL_TIME_WAIT_FIELDS(F, S, A) \
  S(flow_key, key) \
  F(uint32_t, flow_hash) \
  F(uint32_t, snd_nxt) \
  F(uint32_t, rcv_nxt) \
  F(uint16_t, rcv_wnd)                 /* as on the wire */ \
  F(uint8_t, ts_ok) \
  F(uint32_t, ts_recent)

#define MODEL_TCB_ACTION_FIELDS(F, S, A) \
  F(uint8_t, tcb_write)                /* 0: the event touched no control block */ \
  F(uint8_t, tx_valid) \
  S(tx_seg, tx) \
  F(uint8_t, tx_is_rexmit) \
  F(uint8_t, verdict_valid)            /* 1 for what came from the wire */ \
  S(rx_verdict, verdict) \
  F(uint8_t, enqueue_send) \
  F(uint8_t, enqueue_notify) \
  F(uint8_t, ntf_valid) \
  S(ntf, ntf) \
  F(uint8_t, deadline_valid)           /* 0: no timer runs */ \
  F(uint64_t, deadline_us)             /* earliest of the running timers */ \
  F(uint8_t, unlink)                   /* take key out of the flow table */ \
  F(uint8_t, time_wait)                /* insert time_wait_rec */ \
  S(time_wait, time_wait_rec) \
  F(uint8_t, free)                     /* conn goes back to the free list */ \
  F(uint8_t, drop_valid) \
  F(uint8_t, drop)                     /* model_drop_t */

/* All structs, the ones that others hold first. */
#define MODEL_STRUCTS(X) \
  X(cfg, MODEL_CFG_FIELDS) \
  X(flow_key, MODEL_FLOW_KEY_FIELDS) \
  X(seq_range, MODEL_SEQ_RANGE_FIELDS) \
  X(tcp_flags, MODEL_TCP_FLAGS_FIELDS) \
  X(tcp_options, MODEL_TCP_OPTIONS_FIELDS) \
  X(icmp_error, MODEL_ICMP_ERROR_FIELDS) \
  X(rx_seg, MODEL_RX_SEG_FIELDS) \
  X(rx_verdict, MODEL_RX_VERDICT_FIELDS) \
  X(tx_seg, MODEL_TX_SEG_FIELDS) \
  X(conn_opts, MODEL_CONN_OPTS_FIELDS) \
  X(cmd, MODEL_CMD_FIELDS) \
  X(ntf_flags, MODEL_NTF_FLAGS_FIELDS) \
  X(ntf_body, MODEL_NTF_BODY_FIELDS) \
  X(ntf, MODEL_NTF_FIELDS) \
  X(tcb_open, MODEL_TCB_OPEN_FIELDS) \
  X(tcb, MODEL_TCB_FIELDS) \
  X(tcb_event, MODEL_TCB_EVENT_FIELDS) \
  X(time_wait, MODEL_TIME_WAIT_FIELDS) \
  X(tcb_action, MODEL_TCB_ACTION_FIELDS)

// clang-format on

#endif
