// SPDX-License-Identifier: Apache-2.0
//
// In-order dispatch of segments, and everything that is done one at a time beside the flow table.
//
// A segment whose flow is in the table becomes its event in the next cycle, one each SegInterval
// cycles.  Any other holds up those behind it for some cycles, while SYN cache, TIME-WAIT records and
// listeners are asked; so what it changes is seen by the next segment.  The flow table offers its result again
// after a change, so a segment behind a finished handshake finds the new connection.
//
// A SYN for which SYN cache or backlog have no room, or more than the threshold wants, is answered with
// a cookie, and nothing is held (toe_syn_cookie).  An ACK that no one knows and that brings one back
// opens the connection as the one that ends a handshake in the SYN cache does.
//
// An ICMP error is for a flow in the table, or dropped: half-open connections and TIME-WAIT records
// have nothing to learn from it.
//
// Between segments, at most one after each: a new connection for toe_command, and the SYN cache
// entry whose deadline has passed.  seg_i is the segment of the oldest result not yet sent on.
//
// A full answer register holds back segments that are not in the flow table and SYN-ACKs to repeat,
// nothing else.  What is begun ends within some cycles, whatever the neighbours do.

module toe_classify
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_flow_pkg::*;
  import toe_cookie_pkg::*;
#(
    parameter int unsigned SegInterval = 8  // cycles between segments at full rate
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t     cfg_i,
    input time_us_t now_us_i,

    // From the flow table's lookup and the segment queue.
    input  logic            result_valid_i,
    output logic            result_ready_o,
    input  logic            result_hit_i,
    input  conn_id_t        result_conn_i,
    input  logic     [63:0] result_hash_i,
    input  rx_seg_t         seg_i,

    // To the control blocks; also takes seg_i from its queue.
    output logic       rx_ev_valid_o,
    input  logic       rx_ev_ready_i,
    output tcb_event_t rx_ev_o,

    // Insert into the flow table.
    output logic             op_valid_o,
    output flow_key_t        op_key_o,
    output logic      [31:0] op_hash_o,
    output conn_id_t         op_conn_o,
    input  logic             op_done_i,
    input  logic             op_exists_i,
    input  logic             op_full_i,

    input  logic     alloc_valid_i,
    input  conn_id_t alloc_conn_i,
    output logic     alloc_take_o,

    output port_t     listener_port_o,
    input  logic      listener_hit_i,
    input  listener_t listener_index_i,
    input  logic      listener_full_i,
    output logic      listener_inc_o,
    output logic      listener_dec_o,
    output listener_t listener_change_o,

    output logic              sc_req_valid_o,
    output logic              sc_req_due_o,
    output flow_key_t         sc_req_key_o,
    output logic       [31:0] sc_req_hash_o,
    input  logic              sc_done_i,
    input  logic              sc_found_i,
    input  logic              sc_full_i,
    input  flow_key_t         sc_key_i,
    input  half_open_t        sc_entry_i,
    output logic              sc_insert_o,
    output logic              sc_update_o,
    output logic              sc_remove_o,
    output half_open_t        sc_entry_o,
    output logic              sc_set_deadline_o,
    output time_us_t          sc_deadline_us_o,
    input  logic              sc_due_valid_i,

    output logic              tw_req_valid_o,
    output flow_key_t         tw_req_key_o,
    output logic       [31:0] tw_req_hash_o,
    input  logic              tw_done_i,
    input  logic              tw_found_i,
    input  tw_record_t        tw_record_i,
    output logic              tw_action_valid_o,
    output tw_action_e        tw_action_o,
    output logic       [31:0] tw_ts_recent_o,

    output logic          cookie_take_o,
    input  cookie_t       cookie_i,
    input  logic          cookie_able_i,
    input  logic          cookie_active_i,
    input  logic    [1:0] cookie_out_i,
    output logic          cookie_sent_o,
    output logic          cookie_parity_o,    // under cookie_sent_o
    output logic          cookie_accepted_o,
    output logic          cookie_refused_o,

    // New connection for toe_command: refused unless connect_reason_o is ReasonNone.
    input  logic             connect_valid_i,
    input  flow_key_t        connect_key_i,
    input  logic      [63:0] connect_hash_i,
    output logic             connect_done_o,
    output reason_e          connect_reason_o,
    output conn_id_t         connect_conn_o,
    output seq_t             connect_iss_o,

    output logic    tx_valid_o,
    input  logic    tx_ready_i,
    output answer_t tx_o,

    output drop_vec_t drop_o,
    output logic      retransmit_o,  // a SYN-ACK was sent again
    output logic      idle_o
);

  typedef enum logic [2:0] {
    SlowIdle,
    SlowFind,    // SYN cache and TIME-WAIT search
    SlowRead,    // what they found is here: compare
    SlowDecide,
    SlowInsert   // the flow table takes the new connection
  } slow_e;

  typedef enum logic [1:0] {
    WorkSegment,
    WorkConnect,
    WorkDue
  } work_e;

  // ---- The segment at the front ----------------------------------------------------------------

  logic front_valid_q;
  logic front_known_q;  // its event is decided
  logic front_open_q;
  tcb_event_e front_kind_q;
  conn_id_t front_conn_q;
  logic [63:0] front_hash_q;
  cookie_t front_cookie_q;
  tcb_open_t front_opening_q;  // what SYN cache or cookie say; the rest is in the segment

  slow_e state_q, state_d;
  work_e work_q;
  logic  background_turn_q;
  logic  tx_valid_q;
  answer_t tx_q, tx_d;

  logic front_is_icmp, front_is_unknown, icmp_stray;
  logic due_able_q;  // a due entry has had room for its SYN-ACK
  logic background_valid, start_segment, start_background;
  logic front_leaves, front_free, front_loads;
  assign background_valid = connect_valid_i || due_able_q;
  assign front_is_icmp = seg_i.icmp.kind != IcmpNone;
  assign front_is_unknown = state_q == SlowIdle && front_valid_q && !front_known_q;
  assign icmp_stray = front_is_unknown && front_is_icmp;
  assign start_segment = front_is_unknown && !front_is_icmp && !tx_valid_q;
  assign start_background = state_q == SlowIdle && !front_valid_q &&
                            (connect_valid_i || (due_able_q && sc_due_valid_i));

  assign rx_ev_valid_o = front_valid_q && front_known_q;
  assign front_leaves = rx_ev_valid_o && rx_ev_ready_i;
  // What the control blocks' arbiter says comes late, and is needed for one a cycle only.
  assign front_free = !front_valid_q || (SegInterval == 1 && front_leaves);
  // Background work keeps background_valid until it is done, so nothing is loaded meanwhile.
  assign result_ready_o = front_free &&
      !(background_valid && (background_turn_q || !front_valid_q));
  assign front_loads = result_valid_i && result_ready_o;

  // Without an open_valid nobody reads the open.
  always_comb begin
    rx_ev_o                = '0;
    rx_ev_o.kind           = front_is_icmp && front_kind_q == EvSegment ? EvIcmp : front_kind_q;
    rx_ev_o.conn           = front_conn_q;
    rx_ev_o.seg            = seg_i;
    rx_ev_o.cmd.op         = CmdNop;
    rx_ev_o.open_valid     = front_open_q;
    rx_ev_o.open           = front_opening_q;
    rx_ev_o.open.passive   = 1'b1;
    rx_ev_o.open.key       = seg_i.key;
    rx_ev_o.open.flow_hash = front_hash_q[31:0];
  end

  // ---- What was found --------------------------------------------------------------------------

  logic find_done, find_hit;
  logic listening_q, backlog_full_q;
  listener_t  listener_q;
  seg_check_t check_q;
  seq_t iss_q, seg_next_q, seg_acked_q;
  logic cookie_good_q;
  logic [31:0] cookie_ts_q;
  logic [31:0] rto_q;

  assign find_done = sc_done_i && (work_q == WorkDue || tw_done_i);
  assign find_hit = sc_found_i || (work_q != WorkDue && tw_found_i);

  assign sc_req_valid_o = start_segment || start_background;
  // Background work begins without a segment at the front only.
  assign sc_req_due_o = !front_valid_q && !connect_valid_i;
  assign sc_req_key_o = front_valid_q ? seg_i.key : connect_key_i;
  assign sc_req_hash_o = front_valid_q ? front_hash_q[31:0] : connect_hash_i[31:0];
  assign tw_req_valid_o = start_segment || (start_background && connect_valid_i);
  assign tw_req_key_o = sc_req_key_o;
  assign tw_req_hash_o = sc_req_hash_o;

  assign listener_port_o = work_q == WorkDue ? sc_key_i.local_port : seg_i.key.local_port;

  always_ff @(posedge clk_i) begin
    if (start_segment) iss_q <= initial_seq(front_hash_q, now_us_i);
    if (start_background) iss_q <= initial_seq(connect_hash_i, now_us_i);
    if (state_q == SlowFind || state_q == SlowRead) begin
      listening_q    <= listener_hit_i;
      listener_q     <= listener_index_i;
      backlog_full_q <= listener_full_i;
    end
    seg_next_q    <= seg_next(seg_i);
    seg_acked_q   <= seg_i.ack - 32'd1;
    cookie_good_q <= front_cookie_q == seg_acked_q;
    cookie_ts_q   <= cookie_ts_val(now_us_i, half_open_new(cfg_i, seg_i, '0, '0));
    if (state_q == SlowRead) begin
      check_q <= sc_found_i ? half_open_check(
          cfg_i, seg_i, seg_next_q, sc_entry_i
      ) : time_wait_check(
          seg_i, seg_next_q, tw_record_i
      );
      rto_q <= rto_doubled(cfg_i, sc_entry_i.rto_us);
      // The new incarnation's numbers begin beyond the old one's (RFC 9293 section 3.10.7.4, MAY-2).
      if (!sc_found_i && seq_le(iss_q, tw_record_i.snd_nxt))
        iss_q <= tw_record_i.snd_nxt + 32'h0001_0000;
    end
  end

  // ---- Decision --------------------------------------------------------------------------------

  listen_decision_t    listen;
  half_open_decision_t half_open;
  time_wait_decision_t time_wait;

  logic                front_decided;
  tcb_event_e          front_kind_d;
  logic                front_open_d;
  logic drop_valid, drop_valid_q;
  drop_e drop, drop_q;
  logic tx_load, try_listen, gone, insert_failed;
  logic use_cookie, cookie_back, cookie_ends;

  assign insert_failed = op_exists_i || op_full_i;

  // What each would say of the segment at the front; which of them counts is decided below.
  assign half_open = half_open_decide(seg_i.flags, check_q);
  assign time_wait = time_wait_decide(seg_i.flags, check_q, listening_q);
  assign listen = listen_decide(
      seg_i.flags, listening_q, cfg_i.key_valid, backlog_full_q, sc_full_i, use_cookie
  );

  // The number that takes the place of a TIME-WAIT record's must be beyond that, and no cookie is.
  assign use_cookie = state_q == SlowFind && cookie_able_i &&
                      (cookie_active_i || backlog_full_q || sc_full_i);
  assign cookie_back = listening_q && seg_i.flags.ack && !seg_i.flags.syn && !seg_i.flags.rst &&
                       cookie_out_i[front_cookie_q.parity];

  always_comb begin
    state_d           = state_q;
    front_decided     = 1'b0;
    front_kind_d      = EvDiscard;
    front_open_d      = 1'b0;
    drop_valid        = 1'b0;
    drop              = DropNoConn;
    tx_load           = 1'b0;
    try_listen        = 1'b0;
    sc_insert_o       = 1'b0;
    sc_update_o       = 1'b0;
    sc_remove_o       = 1'b0;
    sc_set_deadline_o = 1'b0;
    tw_action_valid_o = 1'b0;
    tw_action_o       = TwKeep;
    alloc_take_o      = 1'b0;
    connect_done_o    = 1'b0;
    connect_reason_o  = ReasonNone;
    retransmit_o      = 1'b0;
    gone              = 1'b0;
    cookie_ends       = 1'b0;
    cookie_sent_o     = 1'b0;
    cookie_accepted_o = 1'b0;
    cookie_refused_o  = 1'b0;

    unique case (state_q)
      SlowIdle: if (start_segment || start_background) state_d = SlowFind;

      SlowFind: begin
        if (find_done) begin
          if (find_hit) begin
            state_d = SlowRead;
          end else begin
            state_d = SlowIdle;
            if (work_q == WorkSegment) begin
              if (cookie_back && cookie_good_q) begin
                cookie_ends = 1'b1;
              end else begin
                try_listen       = 1'b1;
                cookie_refused_o = cookie_back;
              end
            end else if (work_q == WorkConnect) begin
              if (alloc_valid_i) begin
                state_d = SlowInsert;
              end else begin
                connect_done_o   = 1'b1;
                connect_reason_o = ReasonNoConn;
              end
            end
          end
        end
      end

      SlowRead: state_d = SlowDecide;

      SlowDecide: begin
        state_d           = SlowIdle;
        tw_action_valid_o = work_q != WorkDue && tw_found_i;
        if (work_q == WorkConnect) begin
          connect_done_o   = 1'b1;
          connect_reason_o = ReasonAddrInUse;
        end else if (work_q == WorkDue) begin
          if (!listening_q || sc_entry_i.retries >= cfg_i.syn_retries) begin
            sc_remove_o = 1'b1;
          end else begin
            sc_update_o       = 1'b1;
            sc_set_deadline_o = 1'b1;
            retransmit_o      = 1'b1;
            tx_load           = 1'b1;
          end
        end else if (sc_found_i) begin
          front_decided = 1'b1;
          drop_valid    = half_open.drop_valid;
          drop          = half_open.drop;
          // An entry whose port is not listened on any more only waits to be found.
          gone          = !listening_q;
          unique case (half_open.what)
            HalfOpenRepeat: begin
              if (gone) begin
                front_kind_d = EvNoConn;
                sc_remove_o  = 1'b1;
              end else begin
                sc_update_o  = 1'b1;
                retransmit_o = 1'b1;
                tx_load      = 1'b1;
              end
            end
            HalfOpenAck:    tx_load = 1'b1;
            HalfOpenRemove: sc_remove_o = 1'b1;
            HalfOpenBadAck: front_kind_d = EvNoConn;
            HalfOpenComplete: begin
              if (gone) begin
                front_kind_d = EvNoConn;
                sc_remove_o  = 1'b1;
              end else if (!alloc_valid_i) begin
                drop_valid = 1'b1;
                drop       = DropNoFreeConn;
              end else begin
                state_d           = SlowInsert;
                front_decided     = 1'b0;
                tw_action_valid_o = 1'b0;
              end
            end
            default:        ;
          endcase
        end else begin
          unique case (time_wait.what)
            TimeWaitReuse: try_listen = 1'b1;
            default: begin
              front_decided = 1'b1;
              drop_valid    = time_wait.drop_valid;
              drop          = time_wait.drop;
              tx_load       = time_wait.what != TimeWaitIgnore;
              if (time_wait.what == TimeWaitFin) tw_action_o = TwRestart;
            end
          endcase
        end
      end

      SlowInsert: begin
        if (op_done_i) begin
          state_d = SlowIdle;
          if (work_q == WorkConnect) begin
            connect_done_o = 1'b1;
            alloc_take_o   = !insert_failed;
            if (op_exists_i) connect_reason_o = ReasonAddrInUse;
            else if (op_full_i) connect_reason_o = ReasonFlowFull;
          end else begin
            front_decided     = 1'b1;
            tw_action_valid_o = tw_found_i;
            if (insert_failed) begin
              drop_valid = 1'b1;
              drop       = DropFlowFull;
            end else begin
              front_kind_d = EvSegment;
              front_open_d = 1'b1;
              alloc_take_o = 1'b1;
              tw_action_o  = TwRemove;
              if (sc_found_i) sc_remove_o = 1'b1;
              else cookie_accepted_o = 1'b1;
            end
          end
        end
      end

      default: state_d = SlowIdle;
    endcase

    if (icmp_stray) begin
      front_decided = 1'b1;
      drop_valid    = 1'b1;
      drop          = DropIcmpNoConn;
    end

    if (cookie_ends) begin
      if (alloc_valid_i) begin
        state_d = SlowInsert;
      end else begin
        front_decided = 1'b1;
        drop_valid    = 1'b1;
        drop          = DropNoFreeConn;
      end
    end

    if (try_listen) begin
      front_decided = 1'b1;
      unique case (listen.what)
        ListenAnswer: begin
          sc_insert_o = 1'b1;
          tx_load     = 1'b1;
        end
        ListenCookie: begin
          cookie_sent_o = 1'b1;
          tx_load       = 1'b1;
        end
        ListenDrop: begin
          drop_valid = 1'b1;
          drop       = listen.drop;
        end
        default: front_kind_d = EvNoConn;
      endcase
    end
  end

  // What would be written and answered, whether it is or not.
  logic half_open_found, take_ts;
  logic [31:0] rto_us;
  assign half_open_found = state_q == SlowDecide && (work_q == WorkDue || sc_found_i);
  assign rto_us          = half_open_found ? rto_q : cfg_i.rto_initial_us;
  assign take_ts         = check_q.has_ts && !check_q.ts_old;
  assign tw_ts_recent_o  = take_ts ? seg_i.opt.ts_val : tw_record_i.ts_recent;

  always_comb begin
    sc_entry_o       = half_open_new(cfg_i, seg_i, iss_q, listener_q);
    sc_deadline_us_o = now_us_i + time_us_t'(rto_us);
    if (half_open_found) begin
      sc_entry_o = sc_entry_i;
      if (work_q == WorkDue) begin
        sc_entry_o.retries = sc_entry_i.retries + 4'd1;
        sc_entry_o.rto_us  = rto_q;
      end else begin
        sc_entry_o.mac = seg_i.src_mac;
        if (take_ts && check_q.same_syn) sc_entry_o.ts_recent = seg_i.opt.ts_val;
      end
    end

    // A half-open connection's answer is made of what is written of it; for a plain ACK that is what
    // was read.
    tx_d = half_open_answer(
      cfg_i,
      now_us_i,
      work_q == WorkDue ? sc_key_i : seg_i.key,
      sc_entry_o,
      !half_open_found || work_q == WorkDue || check_q.same_syn
    );
    if (state_q == SlowDecide && !half_open_found && time_wait.what != TimeWaitReuse)
      tx_d = time_wait_answer(now_us_i, seg_i, tw_record_i);
    if (use_cookie) begin
      tx_d.seq       = front_cookie_q;
      tx_d.ts_val    = cookie_ts_q;
      // Nothing is offered that only an entry would remember.
      tx_d.wscale_ok = tx_d.wscale_ok && tx_d.ts_valid;
      tx_d.sack_ok   = tx_d.sack_ok && tx_d.ts_valid;
    end
  end

  assign cookie_take_o   = front_loads;
  assign cookie_parity_o = front_cookie_q.parity;

  // What opens a connection acknowledges our SYN alone, whichever of the two it is.
  tcb_open_t opening;
  always_comb begin
    opening = open_from_cookie(cfg_i, seg_i, seg_acked_q);
    if (sc_found_i) begin
      opening.irs        = sc_entry_i.irs;
      opening.peer_mss   = sc_entry_i.peer_mss;
      opening.wscale_ok  = sc_entry_i.wscale_ok;
      opening.snd_wscale = sc_entry_i.snd_wscale;
      opening.sack_ok    = sc_entry_i.sack_ok;
      opening.ts_ok      = sc_entry_i.ts_ok;
      opening.ts_recent  = sc_entry_i.ts_recent;
    end
  end

  assign op_valid_o = state_q == SlowInsert;
  assign op_key_o = work_q == WorkConnect ? connect_key_i : seg_i.key;
  assign op_hash_o = work_q == WorkConnect ? connect_hash_i[31:0] : front_hash_q[31:0];
  assign op_conn_o = alloc_conn_i;

  assign connect_conn_o = alloc_conn_i;
  assign connect_iss_o = iss_q;

  assign listener_inc_o = sc_insert_o;
  assign listener_dec_o = sc_remove_o;
  assign listener_change_o = sc_insert_o ? listener_q : sc_entry_i.listener;

  // ---- Registers -------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q           <= SlowIdle;
      work_q            <= WorkSegment;
      background_turn_q <= 1'b0;
      due_able_q        <= 1'b0;
      front_valid_q     <= 1'b0;
      tx_valid_q        <= 1'b0;
      drop_valid_q      <= 1'b0;
    end else begin
      state_q    <= state_d;
      due_able_q <= sc_due_valid_i && !tx_valid_q && !tx_load;
      if (start_segment) begin
        work_q <= WorkSegment;
      end else if (start_background) begin
        work_q            <= connect_valid_i ? WorkConnect : WorkDue;
        background_turn_q <= 1'b0;
      end
      if (front_loads) begin
        front_valid_q     <= 1'b1;
        background_turn_q <= 1'b1;
      end else if (front_leaves) begin
        front_valid_q <= 1'b0;
      end
      if (tx_load) tx_valid_q <= 1'b1;
      else if (tx_ready_i) tx_valid_q <= 1'b0;
      drop_valid_q <= drop_valid;
    end
  end

  always_ff @(posedge clk_i) begin
    drop_q <= drop;
    if (front_loads) begin
      front_known_q  <= result_hit_i;
      front_kind_q   <= EvSegment;
      front_conn_q   <= result_conn_i;
      front_hash_q   <= result_hash_i;
      front_open_q   <= 1'b0;
      front_cookie_q <= cookie_i;
    end else if (front_decided) begin
      front_known_q <= 1'b1;
      front_kind_q  <= front_kind_d;
      front_conn_q  <= front_open_d ? alloc_conn_i : '0;
      front_open_q  <= front_open_d;
    end
    // The flow table is asked in between, so what the entry says is here by the time it counts.
    if (!front_known_q) front_opening_q <= opening;
    // It is empty when something is decided, and whether that is an answer comes late for so many bits.
    if (!tx_valid_q) tx_q <= tx_d;
  end

  always_comb begin
    drop_o         = '0;
    drop_o[drop_q] = drop_valid_q;
  end

  assign tx_valid_o = tx_valid_q;
  assign tx_o = tx_q;
  assign idle_o     = state_q == SlowIdle && !front_valid_q && !result_valid_i &&
                      !connect_valid_i && !tx_valid_q && !drop_valid_q;

endmodule
