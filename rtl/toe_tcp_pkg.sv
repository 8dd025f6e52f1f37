// SPDX-License-Identifier: Apache-2.0
//
// TCP vocabulary: connection state, control block, events, actions, host messages.
// Field names are those of RFC 9293 section 3.3.1, so RTL, model and RFC read alike.

package toe_tcp_pkg;
  import toe_pkg::*;

  typedef enum logic [3:0] {
    TcpClosed,
    TcpListen,  // listeners live in toe_listeners; no TCB is ever in this state
    TcpSynSent,
    TcpSynRcvd,
    TcpEstablished,
    TcpFinWait1,
    TcpFinWait2,
    TcpCloseWait,
    TcpClosing,
    TcpLastAck,
    TcpTimeWait  // the TCB only waits for the host's release; toe_time_wait answers the wire
  } tcp_state_e;

  // Why a connection ended or a command was refused.  Shared with C: host/include/toe/toe_hw.h.
  typedef enum logic [7:0] {
    ReasonNone         = 8'd0,
    ReasonPeerReset    = 8'd1,   // RST from the peer
    ReasonConnRefused  = 8'd2,   // RST in SYN-SENT
    ReasonTimeout      = 8'd3,   // retransmissions or keep-alive probes used up
    ReasonAborted      = 8'd4,   // the host asked
    ReasonUserTimeout  = 8'd5,
    ReasonUnreachable  = 8'd6,   // ICMP said so in SYN-SENT: no such protocol or port there
    ReasonBadOp        = 8'd16,  // unknown command
    ReasonBadConn      = 8'd17,  // connection number out of range or not in use
    ReasonBadState     = 8'd18,  // the connection's state forbids it
    ReasonBadValue     = 8'd19,  // a sequence number outside the ring, a port of 0
    ReasonNoConn       = 8'd20,  // every TCB is in use
    ReasonFlowFull     = 8'd21,  // both buckets of the flow table are full
    ReasonAddrInUse    = 8'd22,  // the four-tuple or the listening port is taken
    ReasonNoKey        = 8'd23,  // hash key not loaded
    ReasonListenFull   = 8'd24,  // every listener is in use
    ReasonNotListening = 8'd25
  } reason_e;

  // ---- Host commands -----------------------------------------------------------------------

  typedef enum logic [7:0] {
    CmdNop      = 8'd0,
    CmdConnect  = 8'd1,  // remote_ip, remote_port, local_port, opts; answered by NtfOpened
    CmdListen   = 8'd2,  // local_port, value = backlog (half-open connections), 1 to 65535
    CmdUnlisten = 8'd3,  // local_port
    CmdSend     = 8'd4,  // value = new snd_end: one past the last octet written to the ring
    CmdReceived = 8'd5,  // value = new rcv_read: one past the last octet the host has read
    CmdShutdown = 8'd6,  // FIN after everything queued
    CmdAbort    = 8'd7,  // RST now
    CmdRelease  = 8'd8,  // give the TCB back; only in CLOSED or TIME-WAIT
    CmdQuery    = 8'd9,  // answered by NtfInfo with every field filled in
    CmdSetOpts  = 8'd10  // opts
  } cmd_op_e;

  // Per-connection options, set by CmdConnect and CmdSetOpts.
  typedef struct packed {
    logic [21:0] reserved;
    logic [5:0]  dscp;       // of every segment (RFC 9293 MUST-48)
    logic        quickack;   // acknowledge every segment at once
    logic        keepalive;
    logic        cork;       // send full segments only
    logic        nodelay;    // no Nagle
  } conn_opts_t;

  // Submission ring entry: eight 32-bit words, word 0 in bits 31:0.
  typedef struct packed {
    conn_opts_t  opts;             // word 7
    logic [31:0] reserved;         // word 6
    logic [31:0] value;            // word 5
    logic [31:0] tag;              // word 4: comes back in NtfOpened and NtfRefused
    port_t       remote_port;      // word 3, bits 31:16
    port_t       local_port;       // word 3, bits 15:0
    ipv4_t       remote_ip;        // word 2
    logic [31:0] user_timeout_us;  // word 1: 0: none
    conn_id_t    conn;             // word 0, bits 31:16
    logic [7:0]  flags;            // word 0, bits 15:8: bit 0 urgent (CmdSend), bit 1 push
    cmd_op_e     op;               // word 0, bits 7:0
  } cmd_t;

  // ---- Host notifications ------------------------------------------------------------------

  // What changed.  A connection has at most one notification waiting; what happens meanwhile is
  // added to it, so that a completion ring that is full delays news but loses none.
  typedef struct packed {
    logic refused;      // bit 11: command with this tag was refused, see reason
    logic opened;       // bit 10: CmdConnect with this tag got this conn; SYN is on its way
    logic info;         // bit 9: answer to CmdQuery
    logic urgent;       // bit 8: rcv_up moved
    logic closed;       // bit 7: both directions done, or reset: see reason; release it
    logic peer_closed;  // bit 6: FIN received; data ends at rcv_nxt - 1
    logic room;         // bit 5: snd_una moved
    logic data;         // bit 4: rcv_nxt moved
    logic accepted;     // bit 3: passive open complete
    logic connected;    // bit 2: active open complete
    logic icmp_error;   // bit 1: ICMP reported trouble on the way; see mss_scales
    logic retrying;     // bit 0: retransmissions have reached R1
  } ntf_flags_t;

  // Completion ring entry: sixteen 32-bit words, word 0 in bits 31:0.  Words 0 to 7 hold what
  // every notification needs, the rest is for NtfInfo.
  typedef struct packed {
    logic [31:0] retransmits;  // word 15: bits 31:16 segments sent again in all, 3:0 retries now
    // word 14: snd_mss 31:16, last ICMP error: icmp_kind_e 15:14, code 13:10; bit 9 SACK, bit 8
    // timestamps, snd_wscale 7:4, rcv_wscale 3:0
    logic [31:0] mss_scales;
    logic [31:0] rto_us;  // word 13
    logic [31:0] rttvar_us;  // word 12
    logic [31:0] srtt_us;  // word 11
    logic [31:0] ssthresh;  // word 10
    logic [31:0] cwnd;  // word 9
    logic [31:0] snd_wnd;  // word 8
    logic [31:0] tag_or_snd_nxt;  // word 7: tag in opened and refused, else snd_nxt
    logic [31:0] irs_or_rcv_up; // word 6: rcv_up when urgent is set and accepted, connected are not
    seq_t iss;  // word 5
    seq_t snd_una;  // word 4
    seq_t rcv_nxt;  // word 3
    ipv4_t remote_ip;  // word 2
    port_t remote_port;  // word 1, bits 31:16
    port_t local_port;  // word 1, bits 15:0
    conn_id_t conn;  // word 0, bits 31:16
    ntf_flags_t flags;  // word 0, bits 15:4
    tcp_state_e state;  // word 0, bits 3:0
  } ntf_body_t;

  typedef struct packed {
    reason_e   reason;  // stored in word 15 bits 11:4 of the ring entry
    ntf_body_t body;
  } ntf_t;

  // ---- Control block -----------------------------------------------------------------------

  localparam int unsigned NumIntervals = 4;  // out-of-order intervals held for one connection

  typedef enum logic [1:0] {
    RtxOff,
    RtxRetransmit,  // snd_una is overdue at the deadline (RFC 6298)
    RtxPersist      // zero-window probe at the deadline (RFC 9293 section 3.8.6.1)
  } rtx_mode_e;

  // How a TCB starts: from a CmdConnect, or from a SYN cache entry whose handshake is complete.
  typedef struct packed {
    logic        passive;
    flow_key_t   key;
    logic [31:0] flow_hash;
    seq_t        iss;
    seq_t        irs;         // this and what follows: passive only
    logic [15:0] peer_mss;    // as received, or 536
    logic        wscale_ok;
    logic [3:0]  snd_wscale;
    logic        sack_ok;
    logic        ts_ok;
    logic [31:0] ts_recent;
  } tcb_open_t;

  // One connection.  Written only by toe_tcb_pipe; every other block gets a copy.
  typedef struct packed {
    logic in_use;  // from open to release; 0 in a RAM of zeros
    logic passive;  // the peer opened
    tcp_state_e state;
    flow_key_t key;
    logic [31:0] flow_hash;  // low half of SipHash(key): the flow table's two bucket numbers
    // Send sequence space
    seq_t iss;
    seq_t snd_una;  // oldest octet sent and not acknowledged
    seq_t snd_nxt;  // next octet to send
    seq_t snd_max;  // highest snd_nxt ever; differs while a timeout is repaired
    seq_t snd_end;  // one past the last octet the host has queued (FIN not counted)
    seq_t snd_up;  // send urgent pointer; meaningful under snd_urgent
    wnd_t snd_wnd;
    wnd_t max_snd_wnd;  // largest snd_wnd seen, for silly-window avoidance
    seq_t snd_wl1;
    seq_t snd_wl2;
    logic [15:0] snd_mss;  // octets of payload in a full segment, options already taken off
    logic [3:0] snd_wscale;
    logic snd_urgent;
    logic fin_queued;  // the host has shut down: FIN follows the octet before snd_end
    // Receive sequence space
    seq_t irs;
    seq_t rcv_nxt;
    seq_t rcv_read;  // one past the last octet the host has read
    seq_t rcv_adv;  // right edge of the window as last advertised; never moves back
    seq_t rcv_up;
    seq_t last_ack_sent;  // Last.ACK.sent of RFC 7323
    logic [5:0] challenge_span;  // number of the half second of the last challenge ACK
    logic [2:0] challenge_count;  // challenge ACKs in it
    logic [3:0] rcv_wscale;
    logic fin_rcvd;  // a FIN is known, at fin_seq, perhaps ahead of rcv_nxt
    seq_t fin_seq;
    logic [NumIntervals-1:0] ooo_valid;
    seq_range_t [NumIntervals-1:0] ooo;  // disjoint, beyond rcv_nxt; index 0 is the newest
    // Negotiated
    logic ts_ok;
    logic sack_ok;
    logic [31:0] ts_recent;
    // Round-trip time (RFC 6298), Karn's rule: one segment timed at a time, never a repeated one
    logic rtt_valid;  // srtt_us and rttvar_us hold a measurement
    logic [31:0] srtt_us;
    logic [31:0] rttvar_us;
    logic [31:0] rto_us;  // back-off included
    logic rtt_timing;
    seq_t rtt_seq;  // the timed segment is acknowledged when snd_una passes this
    time_us_t rtt_start_us;
    // Congestion control (RFC 5681, 6582)
    wnd_t cwnd;
    wnd_t ssthresh;
    wnd_t cwnd_acked;  // octets acknowledged since cwnd last grew in congestion avoidance
    time_us_t last_send_us;  // of data: a connection idle for longer than rto_us starts anew
    logic [3:0] dupacks;  // saturates
    logic in_recovery;
    seq_t recover;
    logic rexmit_one;  // send one segment at snd_una, then go on at snd_nxt
    // Timers
    rtx_mode_e rtx_mode;
    time_us_t rtx_deadline_us;
    logic [3:0] retries;  // retransmissions or probes since the last progress
    logic delack_armed;
    time_us_t delack_deadline_us;
    logic [1:0] unacked_segs;  // segments with data received and not acknowledged; 3 at most
    logic keep_armed;
    time_us_t keep_deadline_us;
    logic user_timeout_armed;  // data waits for acknowledgement
    time_us_t user_deadline_us;
    logic [31:0] user_timeout_us;  // 0: none
    // Towards scheduler and host
    logic probe_now;  // the next grant sends a window or keep-alive probe
    logic push;  // what is queued goes out although the connection is corked
    logic send_queued;  // waits in the send scheduler
    logic notify_queued;  // waits in the notification queue
    logic release_pending;  // released by the host; freed when both queues have let go
    ntf_flags_t notify;  // what the next notification says
    reason_e reason;
    conn_opts_t opts;
    logic [15:0] retransmit_count;  // segments sent again in all, saturates
    icmp_kind_e icmp_kind;  // last ICMP error that was noted
    logic [3:0] icmp_code;
  } tcb_t;

  // ---- Events and actions ------------------------------------------------------------------

  typedef enum logic [2:0] {
    EvSegment,  // seg, for conn; with open_valid the TCB starts from open first
    EvNoConn,   // seg, for no connection: CLOSED of RFC 9293 section 3.10.7.1; no TCB touched
    EvDiscard,  // seg, already dealt with by SYN cache or TIME-WAIT: only its payload goes
    EvCommand,  // cmd; CmdConnect brings open_valid
    EvTimer,    // a deadline of conn may have passed
    EvSend,     // the send scheduler's turn for conn
    EvNotify,   // the completion ring has room for conn's notification
    EvIcmp      // seg: an ICMP error about a segment of conn
  } tcb_event_e;

  typedef struct packed {
    tcb_event_e kind;
    conn_id_t   conn;
    time_us_t   now_us;      // set when the event enters the pipeline
    rx_seg_t    seg;
    cmd_t       cmd;
    logic       open_valid;  // start from open, whatever the TCB held before
    tcb_open_t  open;
    logic       more;        // EvSegment: another segment of conn waits right behind it
    logic       muted;       // EvNoConn: the RSTs of this while are used up
  } tcb_event_t;

  // Record of a connection in TIME-WAIT, for toe_time_wait.
  typedef struct packed {
    flow_key_t   key;
    logic [31:0] flow_hash;
    seq_t        snd_nxt;
    seq_t        rcv_nxt;
    logic [15:0] rcv_wnd;    // as on the wire
    logic        ts_ok;
    logic [31:0] ts_recent;
  } time_wait_t;

  typedef struct packed {
    logic        tcb_write;       // 0 for EvNoConn and EvDiscard
    logic        tx_valid;
    tx_seg_t     tx;
    logic        tx_is_rexmit;    // for the counter
    logic        verdict_valid;   // for what toe_rx has passed: the three segment events, EvIcmp
    rx_verdict_t verdict;
    logic        enqueue_send;
    logic        enqueue_notify;
    logic        ntf_valid;       // EvNotify: goes to the completion ring.  EvCommand: refused
    ntf_t        ntf;
    logic        deadline_valid;  // 0: no timer runs
    time_us_t    deadline_us;     // earliest of the running timers
    logic        unlink;          // take key out of the flow table
    logic        time_wait;       // insert time_wait_rec
    time_wait_t  time_wait_rec;
    logic        free;            // conn goes back to the free list
    logic        drop_valid;
    drop_e       drop;
  } tcb_action_t;

  // What the trace port shows for every event that leaves the pipeline.
  typedef struct packed {
    tcb_event_t  ev;
    tcb_t        tcb_before;
    tcb_t        tcb_after;
    tcb_action_t action;
  } trace_t;

  // ---- Sequence arithmetic -----------------------------------------------------------------

  // a before b on the sequence circle.  Undefined when they are 2**31 apart (RFC 9293 section 3.4).
  function automatic logic seq_lt(seq_t a, seq_t b);
    return signed'(a - b) < 0;
  endfunction

  function automatic logic seq_le(seq_t a, seq_t b);
    return !seq_lt(b, a);
  endfunction

  function automatic seq_t seq_max(seq_t a, seq_t b);
    return seq_lt(a, b) ? b : a;
  endfunction

  // ---- What both ends of the core must compute alike ---------------------------------------------

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // Spans in which the challenge ACKs of a connection are counted: 2**19 us, about half a second.
  function automatic logic [5:0] challenge_span(time_us_t now_us);
    return now_us[24:19];
  endfunction

  // Our timestamp clock (RFC 7323 section 4): 256 us a tick, the slowest that fills 32 bits of
  // time_us_t, so that it wraps when and only when it should.
  function automatic logic [31:0] ts_clock(time_us_t now_us);
    return now_us[39:8];
  endfunction

  // RCV.WND.SHIFT of RFC 7323 section 2.2: the smallest that lets 16 bits say the whole ring.
  function automatic logic [3:0] own_wscale(cfg_t cfg);
    return cfg.rx_ring_log2 > 5'd15 ? 4'(cfg.rx_ring_log2 - 5'd15) : 4'd0;
  endfunction

  // Window of a segment with SYN, which is never scaled.
  function automatic logic [15:0] own_syn_wnd(cfg_t cfg);
    return cfg.rx_ring_log2 > 5'd15 ? 16'hffff : 16'd1 << cfg.rx_ring_log2[3:0];
  endfunction

  // MSS option of the engine (RFC 9293 section 3.7.1): IPv4 and TCP headers without options.
  function automatic logic [15:0] own_mss(cfg_t cfg);
    return cfg.mtu - 16'd40;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
