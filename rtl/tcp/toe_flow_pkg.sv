// SPDX-License-Identifier: Apache-2.0
//
// What to do with a segment that belongs to no control block: half-open connections (SYN-RECEIVED),
// TIME-WAIT and LISTEN of RFC 9293 section 3.10.7, as pure functions, and the messages between the
// blocks of toe_flow.

package toe_flow_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;

  // Whole structures go in, and not every function reads every field.
  // verilator lint_off UNUSEDSIGNAL

  typedef logic [5:0] listener_t;  // index in toe_listeners

  // A half-open connection, apart from its key and its deadline.
  typedef struct packed {
    seq_t        irs;
    seq_t        iss;
    logic [15:0] peer_mss;    // as received, or 536 (RFC 9293 section 3.7.1, MUST-15)
    logic        wscale_ok;
    logic [3:0]  snd_wscale;
    logic        sack_ok;
    logic        ts_ok;
    logic [31:0] ts_recent;
    mac_t        mac;         // where the SYN-ACK goes: the source of the SYN's frame
    listener_t   listener;
    logic [3:0]  retries;     // SYN-ACKs sent again because of the deadline
    logic [31:0] rto_us;      // time to the next one, back-off included
  } half_open_t;

  // A TIME-WAIT record, apart from its key and its deadline.
  typedef struct packed {
    seq_t        snd_nxt;
    seq_t        rcv_nxt;
    logic [15:0] rcv_wnd;
    logic        ts_ok;
    logic [31:0] ts_recent;
  } tw_record_t;

  typedef enum logic [1:0] {
    TwKeep,     // the record stays as it is
    TwRestart,  // 2MSL starts again, ts_recent is written
    TwRemove
  } tw_action_e;

  // An answer that needs no control block: SYN-ACK or ACK, never with payload.
  typedef struct packed {
    flow_key_t   key;
    mac_t        mac;
    seq_t        seq;
    seq_t        ack;
    logic        syn;
    logic [15:0] wnd;
    logic        wscale_ok;
    logic        sack_ok;
    logic        ts_valid;
    logic [31:0] ts_val;
    logic [31:0] ts_ecr;
  } answer_t;

  function automatic tx_seg_t answer_segment(cfg_t cfg, answer_t a);
    tx_seg_t tx;
    tx                    = '0;
    tx.dscp               = cfg.dscp;
    tx.key                = a.key;
    tx.mac_valid          = 1'b1;
    tx.dst_mac            = a.mac;
    tx.seq                = a.seq;
    tx.ack                = a.ack;
    tx.flags.ack          = 1'b1;
    tx.flags.syn          = a.syn;
    tx.wnd                = a.wnd;
    tx.opt.mss_valid      = a.syn;
    tx.opt.mss            = own_mss(cfg);
    tx.opt.wscale_valid   = a.syn && a.wscale_ok;
    tx.opt.wscale         = own_wscale(cfg);
    tx.opt.sack_permitted = a.syn && a.sack_ok;
    tx.opt.ts_valid       = a.ts_valid;
    tx.opt.ts_val         = a.ts_val;
    tx.opt.ts_ecr         = a.ts_ecr;
    return tx;
  endfunction

  // ---- LISTEN ------------------------------------------------------------------------------

  // ISN = M + F(four-tuple, key) of RFC 6528 section 3, M a clock of 4 us.
  function automatic seq_t initial_seq(logic [63:0] hash, time_us_t now_us);
    return hash[63:32] + 32'(now_us >> 2);
  endfunction

  function automatic half_open_t half_open_new(cfg_t cfg, rx_seg_t seg, seq_t iss,
                                               listener_t listener);
    half_open_t h;
    h.irs        = seg.seq;
    h.iss        = iss;
    h.peer_mss   = seg.opt.mss_valid ? seg.opt.mss : 16'd536;
    h.wscale_ok  = cfg.wscale_enable && seg.opt.wscale_valid;
    h.snd_wscale = h.wscale_ok ? seg.opt.wscale : '0;
    h.sack_ok    = cfg.sack_enable && seg.opt.sack_permitted;
    h.ts_ok      = cfg.ts_enable && seg.opt.ts_valid;
    h.ts_recent  = seg.opt.ts_val;
    h.mac        = seg.src_mac;
    h.listener   = listener;
    h.retries    = '0;
    h.rto_us     = cfg.rto_initial_us;
    return h;
  endfunction

  // SYN-ACK, or the ACK that says what is expected.  An option is answered only when the peer offered
  // it (RFC 7323 sections 2.2 and 3.2, RFC 2018).
  function automatic answer_t half_open_answer(cfg_t cfg, time_us_t now_us, flow_key_t key,
                                               half_open_t h, logic syn);
    answer_t a;
    a.key       = key;
    a.mac       = h.mac;
    a.seq       = h.iss + 32'(!syn);
    a.ack       = h.irs + 32'd1;
    a.syn       = syn;
    a.wnd       = own_syn_wnd(cfg) >> (!syn && h.wscale_ok ? own_wscale(cfg) : 4'd0);
    a.wscale_ok = h.wscale_ok;
    a.sack_ok   = h.sack_ok;
    a.ts_valid  = h.ts_ok;
    a.ts_val    = ts_clock(now_us);
    a.ts_ecr    = h.ts_recent;
    return a;
  endfunction

  typedef enum logic [1:0] {
    ListenNoConn,  // CLOSED of RFC 9293 section 3.10.7.1 answers it
    ListenDrop,
    ListenAnswer,  // SYN-ACK, and a new entry
    ListenCookie   // SYN-ACK whose number is a cookie, and no entry
  } listen_e;

  typedef struct packed {
    listen_e what;
    drop_e   drop;  // under ListenDrop
  } listen_decision_t;

  // RFC 9293 section 3.10.7.2 (LISTEN) for a port that is listened on, else section 3.10.7.1.
  function automatic listen_decision_t listen_decide(tcp_flags_t flags, logic listening,
                                                     logic key_valid, logic backlog_full,
                                                     logic cache_full, logic use_cookie);
    listen_decision_t d;
    d.what = ListenNoConn;
    d.drop = DropNoAckBit;
    if (listening && !flags.rst && !flags.ack) begin
      d.what = ListenDrop;
      if (flags.syn) begin
        // A SYN without room for it, and without a cookie, is dropped, because an answer that is not
        // remembered could not be recognized when it comes back.
        if (!key_valid) d.drop = DropSynNoKey;
        else if (use_cookie) d.what = ListenCookie;
        else if (backlog_full) d.drop = DropSynBacklog;
        else if (cache_full) d.drop = DropSynCacheFull;
        else d.what = ListenAnswer;
      end
    end
    return d;
  endfunction

  // Back-off of RFC 6298 (5.5).
  function automatic logic [31:0] rto_doubled(cfg_t cfg, logic [31:0] rto_us);
    logic [32:0] twice;
    twice = {rto_us, 1'b0};
    return twice > {1'b0, cfg.rto_max_us} ? cfg.rto_max_us : twice[31:0];
  endfunction

  // ---- What is compared, a stage ahead of what is decided ------------------------------------

  typedef struct packed {
    logic same_syn;   // the SYN that began it, again
    logic seq_exact;  // at rcv_nxt
    logic in_window;  // acceptable (RFC 9293 section 3.10.7.4, first check)
    logic ack_exact;  // acknowledges our SYN and nothing else
    logic ts_old;     // fails PAWS
    logic has_ts;
    logic newer;      // a SYN that TIME-WAIT gives way to (RFC 6191, RFC 9293 MAY-2)
    logic fin_again;  // the FIN that ended the peer's data
    logic occupies;   // data or FIN
  } seg_check_t;

  function automatic logic occupies_space(rx_seg_t seg);
    return seg.payload_len != '0 || seg.flags.fin;
  endfunction

  // What follows the segment's last octet.
  function automatic seq_t seg_next(rx_seg_t seg);
    return seg.seq + 32'(seg.payload_len) + 32'(seg.flags.fin);
  endfunction

  function automatic seg_check_t half_open_check(cfg_t cfg, rx_seg_t seg, seq_t next,
                                                 half_open_t h);
    seg_check_t c;
    seq_t ahead, next_ahead;  // of rcv_nxt, which is irs + 1
    ahead = seg.seq + ~h.irs;
    next_ahead = next + ~h.irs;
    c = '0;
    c.same_syn = seg.flags.syn && !seg.flags.ack && seg.seq == h.irs;
    c.seq_exact = ahead == '0;
    // A first octet before the window may have a last one inside.
    c.in_window = ahead < {16'd0, own_syn_wnd(cfg)} ||
        (occupies_space(seg) && next_ahead != '0 && next_ahead <= {16'd0, own_syn_wnd(cfg)});
    c.ack_exact = seg.ack == h.iss + 32'd1;
    c.has_ts = h.ts_ok && seg.opt.ts_valid;
    c.ts_old = h.ts_ok && seg.opt.ts_valid && seq_lt(seg.opt.ts_val, h.ts_recent);
    return c;
  endfunction

  function automatic seg_check_t time_wait_check(rx_seg_t seg, seq_t next, tw_record_t r);
    seg_check_t c;
    logic seq_newer;
    seq_newer = seq_lt(r.rcv_nxt, seg.seq);
    c = '0;
    c.seq_exact = seg.seq == r.rcv_nxt;
    c.has_ts = r.ts_ok && seg.opt.ts_valid;
    c.ts_old = r.ts_ok && seg.opt.ts_valid && seq_lt(seg.opt.ts_val, r.ts_recent);
    c.fin_again = seg.flags.fin && !seg.flags.syn && next == r.rcv_nxt;
    c.occupies = occupies_space(seg);
    // RFC 6191 section 2.
    if (r.ts_ok && seg.opt.ts_valid) begin
      c.newer = seq_lt(r.ts_recent, seg.opt.ts_val) || (seg.opt.ts_val == r.ts_recent && seq_newer);
    end else begin
      c.newer = (!r.ts_ok && seg.opt.ts_valid) || seq_newer;
    end
    return c;
  endfunction

  // ---- SYN-RECEIVED ------------------------------------------------------------------------

  typedef enum logic [2:0] {
    HalfOpenIgnore,
    HalfOpenRepeat,   // SYN-ACK again
    HalfOpenAck,      // an ACK says what is expected
    HalfOpenRemove,   // reset
    HalfOpenBadAck,   // RST, which EvNoConn gives; the entry stays
    HalfOpenComplete
  } half_open_e;

  typedef struct packed {
    half_open_e what;
    logic       drop_valid;
    drop_e      drop;
  } half_open_decision_t;

  // RFC 9293 section 3.10.7.4, SYN-RECEIVED after a passive open, in its order of checks.
  function automatic half_open_decision_t half_open_decide(tcp_flags_t flags, seg_check_t c);
    half_open_decision_t d;
    d.what       = HalfOpenIgnore;
    d.drop_valid = 1'b1;
    d.drop       = DropNoAckBit;
    if (flags.rst) begin
      // Only the RST that fits exactly counts (RFC 5961 section 3.2).
      d.drop = DropRstBlind;
      if (c.seq_exact) begin
        d.what       = HalfOpenRemove;
        d.drop_valid = 1'b0;
      end
    end else if (c.same_syn) begin
      d.what       = HalfOpenRepeat;
      d.drop_valid = 1'b0;
    end else if (flags.syn) begin
      d.what = HalfOpenAck;  // RFC 5961 section 4.2
      d.drop = DropSynBlind;
    end else if (c.ts_old) begin
      d.what = HalfOpenAck;
      d.drop = DropPaws;
    end else if (!c.in_window) begin
      d.what = HalfOpenAck;
      d.drop = DropOutOfWindow;
    end else if (!flags.ack) begin
      d.drop = DropNoAckBit;
    end else if (!c.ack_exact) begin
      d.what       = HalfOpenBadAck;
      d.drop_valid = 1'b0;
    end else begin
      d.what       = HalfOpenComplete;
      d.drop_valid = 1'b0;
    end
    return d;
  endfunction

  // ---- TIME-WAIT ---------------------------------------------------------------------------

  typedef enum logic [1:0] {
    TimeWaitIgnore,
    TimeWaitAck,
    TimeWaitFin,  // ACK, and 2MSL starts again
    TimeWaitReuse  // a new connection begins
  } time_wait_e;

  typedef struct packed {
    time_wait_e what;
    logic       drop_valid;
    drop_e      drop;
  } time_wait_decision_t;

  // RFC 9293 section 3.10.7.4, TIME-WAIT.  An empty segment is never answered, so that two ends in
  // TIME-WAIT can't keep each other awake; RST is ignored (RFC 1337).
  function automatic time_wait_decision_t time_wait_decide(tcp_flags_t flags, seg_check_t c,
                                                           logic listening);
    time_wait_decision_t d;
    d.what       = TimeWaitIgnore;
    d.drop_valid = 1'b1;
    d.drop       = DropAfterClose;
    if (flags.rst) begin
      d.drop = DropRstBlind;
    end else if (flags.syn) begin
      d.what = TimeWaitAck;
      d.drop = DropSynBlind;
      if (!flags.ack && c.newer && listening) begin
        d.what       = TimeWaitReuse;
        d.drop_valid = 1'b0;
      end
    end else if (!flags.ack) begin
      d.drop = DropNoAckBit;
    end else if (c.fin_again) begin
      d.what       = TimeWaitFin;
      d.drop_valid = 1'b0;
    end else if (c.occupies) begin
      d.what = TimeWaitAck;
      d.drop = c.ts_old ? DropPaws : DropOutOfWindow;
      if (!c.ts_old && c.seq_exact) d.drop = DropAfterClose;
    end
    return d;
  endfunction

  function automatic answer_t time_wait_answer(time_us_t now_us, rx_seg_t seg, tw_record_t r);
    answer_t a;
    a          = '0;
    a.key      = seg.key;
    a.mac      = seg.src_mac;
    a.seq      = r.snd_nxt;
    a.ack      = r.rcv_nxt;
    a.wnd      = r.rcv_wnd;
    a.ts_valid = r.ts_ok;
    a.ts_val   = ts_clock(now_us);
    a.ts_ecr   = r.ts_recent;
    return a;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
