// SPDX-License-Identifier: Apache-2.0
//
// What the stages of step hand to each other.  toe_tcb_pipe keeps one of these in the register
// behind each stage.  A field means something only for the kind of event that it is listed under.

package toe_step_types_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;

  typedef logic [NumIntervals-1:0] intervals_t;  // one bit for each held interval

  // Stage 0: what follows from the segment alone.
  typedef struct packed {
    seq_t text_end;  // one past its payload
    seq_t seg_end;   // one past all that it takes of the sequence space
  } span_t;

  // Stage 1: every wide comparison with the control block as it was.
  typedef struct packed {
    logic same_key;  // EvSegment, EvIcmp: the connection is still the one looked up for it
    logic syn_sent;  // the state
    logic syn_rcvd;
    logic open;  // toe_fsm_pkg::is_open
    logic finished;  // toe_fsm_pkg::is_finished
    logic wants_text;  // the peer may send data, or its handshake's last ACK may bring some
    // EvSegment: sequence number, against the receive window (RFC 9293 section 3.10.7.4)
    logic acceptable;  // the acceptability test
    logic seq_exact;  // seq is rcv_nxt
    logic seq_in_wnd;  // seq is in the window
    logic seq_allowed;  // acceptable, or what else may pass the first check
    logic syn_again;  // the SYN of a simultaneous open, sent again, perhaps with the ACK
    // EvSegment: what may be answered that is not acceptable
    logic may_challenge;  // the span's challenge ACKs are not used up
    logic challenge_again;  // in the span of the last challenge ACK
    logic empty;  // neither text nor FIN: an ACK may have called it forth
    // EvSegment: timestamps (RFC 7323)
    logic ts_missing;  // no timestamp where there must be one
    logic ts_old;  // fails PAWS
    logic ts_take;  // ts_val becomes ts_recent
    // EvSegment: payload, cut to the window
    logic has_text;  // something is left
    logic ahead;  // seq is beyond rcv_nxt
    logic cut;  // the window's right edge, or a known FIN, cuts the segment
    seq_t text_left;  // [text_left, text_right) is left
    seq_t text_right;
    logic [15:0] skip;  // octets cut off at the left
    logic fin_fits;  // FIN is in the window
    seq_t fin_seq;
    intervals_t touches;  // a held interval overlaps or adjoins the segment
    intervals_t goes_further;  // and ends beyond it; at most one does
    intervals_t starts_before;  // and starts before it; at most one does
    // EvSegment: acknowledgement
    logic ack_new;  // snd_una < ack <= snd_max
    logic ack_dup;  // ack is snd_una
    logic ack_bad;  // outside the range of RFC 5961 section 5.2
    logic ack_all;  // ack is snd_max
    logic ack_tells;  // ack is snd_max, or in another eighth of the ring than snd_una
    logic acks_fin;  // ack covers our FIN
    logic ack_past_nxt;  // ack is beyond snd_nxt, while a timeout is being repaired
    logic ack_recovers;  // ack is at or beyond recover
    logic una_past_recover;  // recover lies behind snd_una
    wnd_t acked;  // ack - snd_una
    wnd_t left;  // snd_max - ack: what stays in flight
    logic wnd_newer;  // wl1, wl2 allow to take the window
    wnd_t seg_wnd;  // the window, scaled
    logic urgent_done;  // ack covers snd_up
    logic urgent_new;  // urgent pointer beyond rcv_up
    seq_t seg_up;
    logic rtt_done;  // ack covers the timed segment
    logic [31:0] rtt_us;  // since it was sent
    // EvSegment with SYN
    logic [15:0] syn_mss;  // snd_mss that follows from its options
    // EvIcmp
    logic icmp_in_flight;  // snd_una <= seq < snd_max
    logic [15:0] path_mss;  // snd_mss that follows from the path MTU
    logic path_shrinks;  // it is less than before
    // EvTimer
    logic rtx_due;
    logic delack_due;
    logic keep_due;
    logic user_due;
    // EvCommand
    logic send_fits;  // value lies within the transmit ring
    logic read_fits;  // value lies within what was received
    logic read_past_up;  // value lies beyond rcv_up
    // EvSend
    wnd_t limit;  // smaller of snd_wnd and the congestion window
    wnd_t in_flight;  // snd_nxt - snd_una
    wnd_t unsent;  // snd_end - snd_nxt, 0 when the FIN is sent
    logic fin_unsent;  // FIN is queued, and not sent since the last timeout
    logic fin_out;  // FIN was sent at least once
    logic idle_long;  // no data sent for longer than rto_us
    // All events but EvNotify
    wnd_t unacked;  // snd_max - snd_una
    seq_t edge_seq;  // right edge that the receive window could have now
    seq_t opened;  // edge_seq - rcv_adv
  } check_t;

  typedef struct packed {
    logic     valid;
    time_us_t us;
  } deadline_t;

  // What happens to the retransmission timer.
  typedef enum logic [1:0] {
    RtxKeep,
    RtxRestart,
    RtxStop
  } rtx_action_e;

  // What the round-trip estimate is made from.
  typedef enum logic [1:0] {
    RttKeep,
    RttFirst,   // RFC 6298 (2.2)
    RttNext,    // RFC 6298 (2.3)
    RttRestore  // no measurement: rto_us loses the back-off of window probes
  } rtt_action_e;

  typedef enum logic [2:0] {
    TxNone,
    TxAck,       // a segment without data, at once
    TxRstReply,  // RST that answers a segment, by the rules for CLOSED
    TxRstAbort,  // RST at snd_max
    TxSend       // EvSend: whatever is due
  } tx_kind_e;

  // How the congestion window grows with an ACK of new data.
  typedef enum logic [2:0] {
    GrowSlowStart,
    GrowRound,       // a window is acknowledged: one segment more
    GrowCount,       // count towards that
    GrowPartial,     // RFC 6582: the segment behind is lost too
    GrowSsthresh,    // leaves fast recovery, to ssthresh,
    GrowAfterFull,   // or to what stays in flight and a segment,
    GrowTwoSegments  // or to two segments
  } growth_e;

  // The event's kind, one bit each: they choose among thousands of bits.
  typedef struct packed {
    logic segment;
    logic command;
    logic icmp;
    logic timer;
    logic send;
    logic notify;
  } kinds_t;

  // Stage 2: what is to be done.
  typedef struct packed {
    kinds_t      on;
    fsm_event_t  fsm;            // for the state machine; kill: see reason
    reason_e     reason;         // why the connection ends, or the command is refused
    tx_kind_e    answer;         // what goes out with this event
    logic        drop_valid;
    drop_e       drop;
    logic        poke;           // something may have become sendable
    rtx_action_e rtx;
    rtt_action_e rtt;
    logic        heard;          // the peer is alive
    logic        free;
    logic        window_moves;   // rcv_adv goes to edge_seq with the next ACK
    // EvSegment
    logic        take_syn;       // of the peer, in SYN-SENT
    logic        resend_syn;     // ours, in SYN-RECEIVED
    logic        take_ts;        // ts_val becomes ts_recent
    logic        take_ack;
    logic        ack_new;        // it covers new octets
    logic        establish;      // among them our SYN
    logic        grow;           // of an open connection: cwnd grows
    growth_e     growth;
    wnd_t        after;          // GrowAfterFull, GrowPartial: cwnd, or what it grows from
    wnd_t        half_flight;    // ssthresh after a loss; for EvTimer too
    logic        full_acked;     // GrowSlowStart, GrowPartial: a segment at least is acknowledged
    logic [31:0] rtt_error_us;   // the measurement - srtt_us, signed
    logic        count_dup;      // a duplicate ACK
    logic        take_wnd;
    logic        raise_max_wnd;  // with take_wnd
    logic        challenged;     // the answer is a challenge ACK that counts
    logic        take_urgent;
    logic        take_text;
    seq_range_t  joined;         // the text with the held intervals that it meets
    logic        take_fin;       // a FIN becomes known
    // EvIcmp
    logic        note_icmp;
    logic        shrink_path;    // segments get smaller
    // EvCommand
    logic        refused;
    logic        take_send;
    logic        take_read;
    logic        queue_fin;
    logic        release_conn;
    logic        query;
    logic        set_opts;
    // EvTimer
    logic        retransmit;     // from snd_una on
    logic        back_off;       // rto_us doubles
    logic        probe;          // window or keep-alive
    logic        try_again;      // one more of the retries
    logic        keep_probed;    // a keep-alive interval has passed
    // EvSend
    logic        restart;        // idle for long: cwnd is the initial window at most
  } rule_t;

  // Stage 3: the control block after the event, its window and timers not yet worked out.
  typedef struct packed {
    tcb_t        tcb;
    tx_kind_e    tx_kind;
    logic        finished;           // entered CLOSED or TIME-WAIT
    logic        poke;               // something may have become sendable
    rtx_action_e rtx;
    rtt_action_e rtt;
    logic [31:0] rtt_us;             // RttFirst, RttNext: the measurement
    logic [31:0] rtt_error_us;       // RttNext: measurement - srtt_us, signed
    logic [31:0] rtt_error_size_us;  // without its sign
    logic        progress;           // snd_una has moved
    logic        heard;              // the peer is alive
    logic        keep_probed;        // a keep-alive interval has passed
    logic        host_read;          // rcv_read has moved
    logic        window_moves;       // rcv_adv goes to edge_seq with the next ACK
    seq_t        edge_seq;
    rx_verdict_t verdict;
    logic        refused;
    reason_e     refuse_reason;
    logic        free;
    logic        drop_valid;
    drop_e       drop;
    // EvSend
    wnd_t        usable;             // window left: limit - in_flight, at least 0
    wnd_t        unsent;
    logic        fin_unsent;
    logic        in_flight;          // something is
    logic        go_syn;
    logic        go_rexmit;          // the segment at snd_una, out of turn
    wnd_t        rexmit_len;         // data octets sent and not acknowledged
    logic        rexmit_fin;         // and the FIN
    logic        repeats;            // snd_nxt is behind snd_max
  } mid_t;

  // Stage 4: what to send, the new window and every timer's candidate.
  typedef struct packed {
    tcb_t        tcb;
    tx_kind_e    tx_kind;
    logic        finished;
    logic        enqueue_send;
    rtx_action_e rtx;
    rtt_action_e rtt;
    time_us_t    rtx_deadline_us;  // now + rto_us
    deadline_t   others;           // earlier of keep-alive and user timeout
    rx_verdict_t verdict;
    logic        refused;
    reason_e     refuse_reason;
    logic        free;
    logic        drop_valid;
    drop_e       drop;
    wnd_t        window;           // rcv_adv - rcv_nxt, after an ACK
    seq_t        new_adv;          // rcv_adv after an ACK
    // The segment of EvSend
    logic        go;
    logic        syn;
    logic        fin;
    logic        rexmit_one;       // from snd_una; else from snd_nxt
    logic        keep_probe;       // from snd_una - 1, empty
    logic        wnd_probe;        // one octet beyond the window: snd_nxt stays
    logic [15:0] len;
    logic        repeats;
    logic        last;             // nothing is queued behind it
    logic        more;             // another segment could follow at once
    logic        stuck;            // data waits, nothing is in flight: only the persist timer helps
  } plan_t;

  // Stage 5: step's result.
  typedef struct packed {
    tcb_t        after;
    tcb_action_t action;
  } result_t;

endpackage
