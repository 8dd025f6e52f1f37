// SPDX-License-Identifier: Apache-2.0
//
// Stage 2 of step when the host commands (RFC 9293 section 3.10.1 to 3.10.6) or a timer runs out
// (section 3.10.8, RFC 6298 section 5).

package toe_step_host_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_segment_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // Ends the connection from this side, with a RST where the peer knows of it.
  function automatic mid_t give_up(mid_t mid_in, reason_e reason);
    // verilator no_inline_task
    mid_t       mid;
    fsm_event_t ev;
    mid         = mid_in;
    ev          = '0;
    ev.kill     = 1'b1;
    mid.tx_kind = TxNone;
    if (mid.tcb.state inside {TcpSynRcvd, TcpEstablished, TcpFinWait1, TcpFinWait2, TcpCloseWait})
      mid.tx_kind = TxRstAbort;
    mid.tcb.reason = reason;
    mid.tcb.state  = fsm_next(mid.tcb.state, ev);
    return mid;
  endfunction

  function automatic mid_t refuse_command(mid_t mid_in, reason_e reason);
    // verilator no_inline_task
    mid_t mid;
    mid               = mid_in;
    mid.refused       = 1'b1;
    mid.refuse_reason = reason;
    return mid;
  endfunction

  function automatic mid_t take_send(mid_t mid_in, check_t chk, cmd_t cmd);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (mid.tcb.fin_queued || is_finished(mid.tcb.state))
      return refuse_command(mid, ReasonBadState);
    if (!chk.send_fits) return refuse_command(mid, ReasonBadValue);
    mid.tcb.snd_end = cmd.value;
    mid.tcb.push    = mid.tcb.push || cmd.flags[1];
    if (cmd.flags[0]) begin
      mid.tcb.snd_urgent = 1'b1;
      mid.tcb.snd_up     = cmd.value;
    end
    mid.poke = 1'b1;
    return mid;
  endfunction

  function automatic mid_t take_shutdown(mid_t mid_in);
    // verilator no_inline_task
    mid_t       mid;
    fsm_event_t ev;
    mid = mid_in;
    if (mid.tcb.fin_queued || is_finished(mid.tcb.state))
      return refuse_command(mid, ReasonBadState);
    if (mid.tcb.state == TcpSynSent) return give_up(mid, ReasonAborted);
    ev                 = '0;
    ev.user_close      = 1'b1;
    mid.tcb.fin_queued = 1'b1;
    mid.tcb.state      = fsm_next(mid.tcb.state, ev);
    mid.poke           = 1'b1;
    return mid;
  endfunction

  // Both queues must have let go of the connection before another may have its number.
  function automatic mid_t take_release(mid_t mid_in);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (!is_finished(mid.tcb.state)) return refuse_command(mid, ReasonBadState);
    mid.tcb.in_use          = 1'b0;
    mid.free                = !mid.tcb.send_queued && !mid.tcb.notify_queued;
    mid.tcb.release_pending = !mid.free;
    return mid;
  endfunction

  function automatic mid_t update_command(mid_t mid_in, check_t chk, cmd_t cmd);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (!(cmd.op inside {CmdNop, CmdConnect, CmdSend, CmdReceived, CmdShutdown, CmdAbort,
                         CmdRelease, CmdQuery, CmdSetOpts}))
      return refuse_command(mid, ReasonBadOp);
    if (!mid.tcb.in_use && cmd.op != CmdNop) return refuse_command(mid, ReasonBadConn);
    unique case (cmd.op)
      CmdConnect:  mid.poke = 1'b1;  // tcb_load has begun the connection; its SYN is due
      CmdSend:     mid = take_send(mid, chk, cmd);
      CmdReceived: begin
        if (!chk.read_fits) return refuse_command(mid, ReasonBadValue);
        mid.tcb.rcv_read = cmd.value;
        if (chk.read_past_up) mid.tcb.rcv_up = cmd.value;  // follows, as recover does
        mid.host_read = 1'b1;
      end
      CmdShutdown: mid = take_shutdown(mid);
      CmdAbort: begin
        if (is_finished(mid.tcb.state)) return refuse_command(mid, ReasonBadState);
        mid = give_up(mid, ReasonAborted);
      end
      CmdRelease:  mid = take_release(mid);
      CmdQuery:    mid.tcb.notify.info = 1'b1;
      CmdSetOpts: begin
        mid.tcb.opts               = cmd.opts;
        mid.tcb.user_timeout_us    = cmd.user_timeout_us;
        // It counts from now.
        mid.tcb.user_timeout_armed = 1'b0;
        mid.poke                   = 1'b1;
      end
      default:     ;
    endcase
    return mid;
  endfunction

  function automatic logic [31:0] back_off(cfg_t cfg, logic [31:0] rto_us);
    return rto_us >= (cfg.rto_max_us >> 1) ? cfg.rto_max_us : rto_us << 1;
  endfunction

  // RFC 6298 (5.4) to (5.7), RFC 5681 section 3.1, RFC 6582 section 4: back to snd_una, one
  // segment at a time.
  function automatic tcb_t retransmit_from_una(cfg_t cfg, tcb_t tcb_in, check_t chk);
    // verilator no_inline_task
    tcb_t tcb;
    tcb = tcb_in;
    if (tcb.retries == '0 && is_open(tcb.state)) tcb.ssthresh = chk.half_flight;
    tcb.cwnd        = wnd_t'(tcb.snd_mss);
    tcb.cwnd_acked  = '0;
    tcb.dupacks     = '0;
    tcb.in_recovery = 1'b0;
    tcb.rexmit_one  = 1'b0;
    tcb.recover     = tcb.snd_max;
    tcb.snd_nxt     = tcb.snd_una;
    tcb.rto_us      = back_off(cfg, tcb.rto_us);
    return tcb;
  endfunction

  function automatic mid_t update_timer(mid_t mid_in, cfg_t cfg, check_t chk);
    // verilator no_inline_task
    mid_t mid;
    logic [3:0] most, again;
    logic opening, used_up;
    mid     = mid_in;
    opening = mid.tcb.state inside {TcpSynSent, TcpSynRcvd};
    most    = opening ? cfg.syn_retries : cfg.data_retries;
    used_up = mid.tcb.retries >= most;
    again   = mid.tcb.retries == '1 ? mid.tcb.retries : mid.tcb.retries + 4'd1;
    if (chk.user_due) return give_up(mid, ReasonUserTimeout);

    if (chk.rtx_due) begin
      // A user timeout is the connection's own R2, sooner or later (RFC 9293 MUST-21).
      if (used_up && (opening || mid.tcb.user_timeout_us == '0)) return give_up(mid, ReasonTimeout);
      if (mid.tcb.rtx_mode == RtxRetransmit) begin
        mid.tcb = retransmit_from_una(cfg, mid.tcb, chk);
        if (again == cfg.r1_retries && again != mid.tcb.retries) mid.tcb.notify.retrying = 1'b1;
      end else begin
        mid.tcb.probe_now = 1'b1;
        mid.tcb.rto_us    = back_off(cfg, mid.tcb.rto_us);
      end
      mid.tcb.retries = again;
      mid.rtx         = RtxRestart;
      mid.poke        = 1'b1;
    end

    // A connection with something in flight proves itself alive by retransmission.
    if (chk.keep_due) begin
      mid.keep_probed = 1'b1;
      if (mid.tcb.rtx_mode == RtxOff) begin
        if (used_up) return give_up(mid, ReasonTimeout);
        mid.tcb.retries   = again;
        mid.tcb.probe_now = 1'b1;
        mid.poke          = 1'b1;
      end
    end

    if (chk.delack_due) mid.tx_kind = TxAck;
    return mid;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
