// SPDX-License-Identifier: Apache-2.0
//
// Stage 2 of step: what is to be done.  Every check of RFC 9293 section 3.10, in the order of that
// section, ends here; stage 3 only does it.

package toe_step_rule_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_check_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // A segment that changes nothing, and its answer.
  function automatic rule_t refuse(tx_kind_e answer, drop_e drop);
    rule_t rule;
    rule            = '0;
    rule.answer     = answer;
    rule.drop_valid = 1'b1;
    rule.drop       = drop;
    return rule;
  endfunction

  // Refuses the segment, with an ACK that says where we are unless limited ones are used up.
  function automatic rule_t challenge(check_t chk, logic limited, drop_e drop);
    rule_t rule;
    rule            = refuse(limited && !chk.may_challenge ? TxNone : TxAck, drop);
    rule.challenged = limited && chk.may_challenge;
    return rule;
  endfunction

  // Ends the connection.
  function automatic rule_t kill(reason_e reason, tx_kind_e answer);
    rule_t rule;
    rule          = '0;
    rule.answer   = answer;
    rule.fsm.kill = 1'b1;
    rule.reason   = reason;
    return rule;
  endfunction

  // Ends it from this side, with a RST where the peer knows of it.
  function automatic rule_t give_up(tcp_state_e state, reason_e reason);
    logic known;
    known = state inside {TcpSynRcvd, TcpEstablished, TcpFinWait1, TcpFinWait2, TcpCloseWait};
    return kill(reason, known ? TxRstAbort : TxNone);
  endfunction

  // ---- A segment arrives -------------------------------------------------------------------

  // Fifth: an acknowledgement in range.
  function automatic rule_t rule_ack(rule_t rule_in, tcb_t tcb, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    rule_t rule;
    rule = rule_in;
    rule.take_ack = 1'b1;
    rule.ack_new = chk.ack_new;
    rule.establish = chk.ack_new && !chk.open;
    rule.grow = chk.ack_new && chk.open;
    rule.count_dup     = !chk.ack_new && chk.ack_dup && tcb.rtx_mode == RtxRetransmit &&
        seg.payload_len == '0 && !seg.flags.fin && chk.seg_wnd == tcb.snd_wnd;
    rule.take_wnd = (chk.wnd_newer || !chk.open) && (chk.ack_new || chk.ack_dup);
    if (chk.ack_new && chk.rtt_done) rule.rtt = tcb.rtt_valid ? RttNext : RttFirst;
    // The next timeout measures the path again, not the peer's patience.
    else if (rule.take_wnd && tcb.rtx_mode == RtxPersist && chk.seg_wnd != '0)
      rule.rtt = RttRestore;
    if (chk.ack_new && tcb.rtx_mode != RtxPersist) rule.rtx = chk.ack_all ? RtxStop : RtxRestart;
    return rule;
  endfunction

  // Half of what is in flight, at least two segments (RFC 5681 equation 4).  For duplicate ACKs
  // without what limited transmit has sent (section 3.2 step 2), which is all beyond cwnd.
  function automatic wnd_t half_flight(tcb_t tcb, wnd_t flight, logic dupacks);
    wnd_t least;
    least = wnd_t'(tcb.snd_mss) << 1;
    if (dupacks && flight > tcb.cwnd) return (tcb.cwnd >> 1) < least ? least : tcb.cwnd >> 1;
    return (flight >> 1) < least ? least : flight >> 1;
  endfunction

  // What counts only when ACK or text are taken, and so need not wait for that decision: the growth
  // of the window (RFC 5681 section 3.1, RFC 6582 section 3.2 step 3), the round-trip time, and the
  // text joined with the held intervals that it meets.
  function automatic rule_t with_amounts(rule_t rule_in, tcb_t tcb, check_t chk);
    // verilator no_inline_task
    rule_t rule;
    wnd_t mss, after_full;
    logic mss_acked, cwnd_acked;
    rule               = rule_in;
    mss                = wnd_t'(tcb.snd_mss);
    after_full         = chk.left + mss;
    mss_acked          = chk.acked >= mss;
    cwnd_acked         = chk.acked >= tcb.cwnd;
    rule.growth        = GrowCount;
    rule.after         = after_full;
    rule.full_acked    = mss_acked;
    rule.raise_max_wnd = chk.seg_wnd > tcb.max_snd_wnd;
    rule.rtt_error_us  = chk.rtt_us - tcb.srtt_us;
    if (tcb.in_recovery && chk.ack_recovers) begin
      rule.growth = chk.left < mss ? GrowTwoSegments :
          after_full < tcb.ssthresh ? GrowAfterFull : GrowSsthresh;
    end else if (tcb.in_recovery) begin
      rule.growth     = GrowPartial;
      rule.after      = cwnd_acked ? '0 : tcb.cwnd - chk.acked;
      rule.full_acked = mss_acked || cwnd_acked;
    end else if (tcb.cwnd < tcb.ssthresh) begin
      rule.growth = GrowSlowStart;
    end else if (tcb.cwnd_acked >= tcb.cwnd) begin
      rule.growth = GrowRound;
    end

    rule.joined = '{right: chk.text_right, left: chk.text_left};
    for (int i = 0; i < NumIntervals; i++) begin
      if (chk.starts_before[i]) rule.joined.left = tcb.ooo[i].left;
      if (chk.goes_further[i]) rule.joined.right = tcb.ooo[i].right;
    end
    return rule;
  endfunction

  // Seventh and eighth: text and FIN, of a segment whose ACK was taken.
  function automatic rule_t rule_text(rule_t rule_in, tcb_t tcb, check_t chk, rx_seg_t seg,
                                      logic more);
    // verilator no_inline_task
    rule_t rule;
    logic  at_once;  // acknowledged without waiting for a second segment
    logic  takes_fin;
    seq_t  fin_seq;
    logic  reached;  // rcv_nxt after the text is fin_seq
    rule             = rule_in;
    at_once          = 1'b0;
    rule.take_urgent = chk.urgent_new && chk.wants_text;
    if (chk.wants_text && chk.acceptable && chk.has_text && !seg.flags.syn) begin
      // A gap that opens, lasts or closes (RFC 5681 section 4.2), text beyond the window, the fourth
      // segment.
      at_once = chk.ahead || chk.cut || tcb.ooo_valid != '0 || tcb.opts.quickack ||
          tcb.unacked_segs == '1;
      if (chk.ahead && tcb.ooo_valid == '1 && chk.touches == '0) begin
        rule.drop_valid = 1'b1;
        rule.drop       = DropReassembly;
      end else begin
        rule.take_text = 1'b1;
      end
    end else if (seg.payload_len != '0) begin
      at_once         = 1'b1;
      rule.drop_valid = 1'b1;
      rule.drop       = chk.wants_text ? DropOutOfWindow : DropAfterClose;
    end

    // FIN, remembered when text before it is still missing.  One beside a SYN comes again.
    takes_fin = chk.wants_text && chk.acceptable && chk.fin_fits && !seg.flags.syn;
    rule.take_fin = takes_fin && !tcb.fin_rcvd;
    fin_seq = tcb.fin_rcvd ? tcb.fin_seq : chk.fin_seq;
    reached = rule.take_text && !chk.ahead ? rule.joined.right == fin_seq : tcb.rcv_nxt == fin_seq;
    rule.fsm.fin = chk.wants_text && (takes_fin || tcb.fin_rcvd) && reached;

    // Every second segment, but what waits is processed first (RFC 9293 MUST-58, MUST-59).
    if (!more && tcb.unacked_segs >= (rule.take_text ? 2'd1 : 2'd2)) at_once = 1'b1;
    if (at_once || seg.flags.fin || rule.fsm.fin || seg.flags.syn) rule.answer = TxAck;
    return rule;
  endfunction

  // RFC 9293 section 3.10.7.4: SYN-RECEIVED and all later states.
  function automatic rule_t rule_segment(rule_t amounts, tcb_t tcb, check_t chk, rx_seg_t seg,
                                         logic more);
    // verilator no_inline_task
    rule_t rule;
    rule = amounts;

    // First: sequence number, timestamp before it.
    if (chk.ts_missing) return refuse(TxNone, DropPaws);
    if (chk.ts_old) return challenge(chk, chk.empty, DropPaws);
    if (!chk.seq_allowed && seg.flags.rst) return refuse(TxNone, DropOutOfWindow);
    if (!chk.seq_allowed) return challenge(chk, chk.empty, DropOutOfWindow);

    // Second: RST (RFC 5961 section 3).
    if (seg.flags.rst) begin
      if (!chk.seq_exact && !chk.seq_in_wnd) return refuse(TxNone, DropRstBlind);
      if (!chk.seq_exact) return challenge(chk, 1'b1, DropRstBlind);
      return kill(chk.syn_rcvd && !tcb.passive ? ReasonConnRefused : ReasonPeerReset, TxNone);
    end

    // Fourth: SYN (RFC 5961 section 4).
    if (seg.flags.syn && !chk.syn_again) return challenge(chk, 1'b1, DropSynBlind);

    // Fifth: ACK.
    if (!seg.flags.ack) begin
      if (!chk.syn_again) return refuse(TxNone, DropNoAckBit);
      rule.resend_syn = 1'b1;
      rule.poke       = 1'b1;
      return rule;
    end
    if (chk.syn_rcvd) begin
      if (!chk.ack_new) return refuse(TxRstReply, DropBadAck);
      rule.fsm.acks_syn = 1'b1;
    end else if (chk.ack_bad) begin
      return challenge(chk, 1'b1, DropBadAck);  // RFC 5961 section 5
    end
    rule.take_ts        = tcb.ts_ok && chk.ts_take;
    rule.heard          = 1'b1;
    rule.poke           = 1'b1;
    rule.fsm.acks_fin   = chk.acks_fin;
    rule.fsm.user_close = tcb.fin_queued;
    return rule_text(rule_ack(rule, tcb, chk, seg), tcb, chk, seg, more);
  endfunction

  // RFC 9293 section 3.10.7.3.  Text on a SYN is left for the peer to send again.
  function automatic rule_t rule_syn_sent(tcb_t tcb, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    rule_t rule;
    logic  acks_syn;
    rule     = '0;
    acks_syn = seg.flags.ack && chk.ack_new;
    // First, second: a wrong ACK, a RST.
    if (seg.flags.ack && !acks_syn) return refuse(seg.flags.rst ? TxNone : TxRstReply, DropBadAck);
    if (seg.flags.rst) begin
      if (!acks_syn) return refuse(TxNone, DropRstBlind);
      return kill(ReasonConnRefused, TxNone);
    end
    // Fourth, fifth: SYN, or nothing.
    if (!seg.flags.syn) return refuse(TxNone, DropNoAckBit);
    rule.take_syn       = 1'b1;
    rule.heard          = 1'b1;
    rule.poke           = 1'b1;
    rule.fsm.syn        = 1'b1;
    rule.fsm.acks_syn   = acks_syn;
    rule.fsm.user_close = tcb.fin_queued;
    if (!acks_syn) return rule;
    rule.answer = TxAck;
    return rule_ack(rule, tcb, chk, seg);
  endfunction

  // For no connection (RFC 9293 section 3.10.7.1).
  function automatic rule_t rule_no_conn(rx_seg_t seg, logic muted);
    return refuse(seg.flags.rst || muted ? TxNone : TxRstReply, DropNoConn);
  endfunction

  // CLOSED for the wire, not yet released by the host, or TIME-WAIT, reached by a segment that was
  // on its way here when toe_time_wait took over.
  function automatic rule_t rule_finished(tcp_state_e state, rx_seg_t seg);
    if (state != TcpTimeWait) return rule_no_conn(seg, 1'b0);
    if (!seg.flags.rst && (seg.flags.syn || seg.flags.fin || seg.payload_len != '0))
      return refuse(TxAck, DropAfterClose);
    return refuse(TxNone, DropAfterClose);
  endfunction

  // ---- An ICMP error arrives (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191) ------------------

  // No such protocol or port at the other end (RFC 1122 section 4.2.3.9).
  function automatic logic is_hard(icmp_error_t icmp);
    return icmp.kind == IcmpUnreachable && icmp.code inside {4'd2, 4'd3};
  endfunction

  function automatic logic is_too_big(icmp_error_t icmp);
    return icmp.kind == IcmpUnreachable && icmp.code == 4'd4;
  endfunction

  function automatic rule_t rule_icmp(tcb_t tcb, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    rule_t rule;
    rule = '0;
    if (!chk.same_key || chk.finished) return refuse(TxNone, DropIcmpNoConn);
    if (!chk.icmp_in_flight) return refuse(TxNone, DropIcmpSeq);
    if (is_too_big(seg.icmp) && chk.open) begin
      rule.shrink_path = chk.path_shrinks;
      rule.poke        = chk.path_shrinks;
      if (chk.path_shrinks && tcb.rtx_mode == RtxRetransmit) rule.rtx = RtxRestart;
      return rule;
    end
    // Whoever has the peer's SYN knows better than a router (RFC 5927 section 5.2).
    if (is_hard(seg.icmp) && chk.syn_sent) rule = kill(ReasonUnreachable, TxNone);
    rule.note_icmp = 1'b1;
    return rule;
  endfunction

  // ---- The host commands (RFC 9293 section 3.10.1 to 3.10.6) ---------------------------------

  function automatic rule_t refuse_command(reason_e reason);
    rule_t rule;
    rule         = '0;
    rule.refused = 1'b1;
    rule.reason  = reason;
    return rule;
  endfunction

  function automatic rule_t rule_command(tcb_t tcb, check_t chk, cmd_t cmd);
    // verilator no_inline_task
    rule_t rule;
    logic  finished;
    rule     = '0;
    finished = chk.finished;
    if (!(cmd.op inside {CmdNop, CmdConnect, CmdSend, CmdReceived, CmdShutdown, CmdAbort,
                         CmdRelease, CmdQuery, CmdSetOpts}))
      return refuse_command(ReasonBadOp);
    if (!tcb.in_use && cmd.op != CmdNop) return refuse_command(ReasonBadConn);
    unique case (cmd.op)
      CmdConnect: rule.poke = 1'b1;  // tcb_load has begun the connection; its SYN is due
      CmdSend: begin
        if (tcb.fin_queued || finished) return refuse_command(ReasonBadState);
        if (!chk.send_fits) return refuse_command(ReasonBadValue);
        rule.take_send = 1'b1;
        rule.poke      = 1'b1;
      end
      CmdReceived: begin
        if (!chk.read_fits) return refuse_command(ReasonBadValue);
        rule.take_read = 1'b1;
      end
      CmdShutdown: begin
        if (tcb.fin_queued || finished) return refuse_command(ReasonBadState);
        if (chk.syn_sent) return give_up(tcb.state, ReasonAborted);
        rule.queue_fin      = 1'b1;
        rule.fsm.user_close = 1'b1;
        rule.poke           = 1'b1;
      end
      CmdAbort: begin
        if (finished) return refuse_command(ReasonBadState);
        return give_up(tcb.state, ReasonAborted);
      end
      CmdRelease: begin
        if (!finished) return refuse_command(ReasonBadState);
        rule.release_conn = 1'b1;
        rule.free         = !tcb.send_queued && !tcb.notify_queued;
      end
      CmdQuery:   rule.query = 1'b1;
      CmdSetOpts: begin
        rule.set_opts = 1'b1;
        rule.poke     = 1'b1;
      end
      default:    ;
    endcase
    return rule;
  endfunction

  // ---- A timer runs out (RFC 9293 section 3.10.8, RFC 6298 section 5) ------------------------

  function automatic rule_t rule_timer(cfg_t cfg, tcb_t tcb, check_t chk);
    // verilator no_inline_task
    rule_t rule;
    logic opening, used_up, keep_probe;
    rule       = '0;
    opening    = chk.syn_sent || chk.syn_rcvd;
    used_up    = tcb.retries >= (opening ? cfg.syn_retries : cfg.data_retries);
    keep_probe = chk.keep_due && tcb.rtx_mode == RtxOff;
    if (chk.user_due) return give_up(tcb.state, ReasonUserTimeout);
    // A user timeout is the connection's own R2, sooner or later (RFC 9293 MUST-21).
    if (chk.rtx_due && used_up && (opening || tcb.user_timeout_us == '0))
      return give_up(tcb.state, ReasonTimeout);
    // A connection with something in flight proves itself alive by retransmission.
    if (keep_probe && used_up) return give_up(tcb.state, ReasonTimeout);
    rule.retransmit  = chk.rtx_due && tcb.rtx_mode == RtxRetransmit;
    rule.back_off    = chk.rtx_due;
    rule.probe       = (chk.rtx_due && tcb.rtx_mode != RtxRetransmit) || keep_probe;
    rule.try_again   = chk.rtx_due || keep_probe;
    rule.keep_probed = chk.keep_due;
    rule.poke        = rule.try_again;
    if (chk.rtx_due) rule.rtx = RtxRestart;
    if (chk.delack_due) rule.answer = TxAck;
    return rule;
  endfunction

  // ---- Turns -------------------------------------------------------------------------------

  function automatic rule_t rule_send(tcb_t tcb, check_t chk);
    // verilator no_inline_task
    rule_t rule;
    rule         = '0;
    rule.answer  = TxSend;
    rule.free    = tcb.release_pending && !tcb.notify_queued;
    // Idle for longer than the timeout: begin with the initial window again (RFC 5681 section 4.1).
    rule.restart = chk.idle_long && chk.unacked == '0;
    return rule;
  endfunction

  // Whether the window's right edge moves with the next ACK: only by half the window or by a segment
  // at least, and never back (RFC 9293 section 3.8.6.2.2).  The window of a SYN stands until the
  // ACK after it, when scaling is agreed.
  function automatic logic window_moves(cfg_t cfg, tcb_t tcb, check_t chk);
    wnd_t half, mss;
    logic enough;
    half   = wnd_t'(1) << (window_log2(cfg, tcb.rcv_wscale) - 5'd1);
    mss    = wnd_t'(own_mss(cfg));
    enough = not_behind(chk.opened) && (chk.opened >= half || chk.opened >= mss);
    return enough && !chk.syn_sent && !chk.finished;
  endfunction

  function automatic rule_t tcb_rule(cfg_t cfg, tcb_t tcb, tcb_event_t ev, check_t chk);
    // verilator no_inline_task
    rule_t rule;
    rule = '0;
    unique case (ev.kind)
      EvSegment: begin
        // Another connection may have got the number while the segment waited for its turn.
        if (!chk.same_key) rule = rule_no_conn(ev.seg, 1'b0);
        else if (chk.finished) rule = rule_finished(tcb.state, ev.seg);
        else if (chk.syn_sent) rule = rule_syn_sent(tcb, chk, ev.seg);
        else rule = rule_segment(with_amounts('0, tcb, chk), tcb, chk, ev.seg, ev.more);
      end
      EvNoConn:  rule = rule_no_conn(ev.seg, ev.muted);
      EvCommand: rule = rule_command(tcb, chk, ev.cmd);
      EvIcmp:    rule = rule_icmp(tcb, chk, ev.seg);
      EvTimer:   rule = rule_timer(cfg, tcb, chk);
      EvSend:    rule = rule_send(tcb, chk);
      EvNotify:  rule.free = tcb.release_pending && !tcb.send_queued;
      default:   ;  // EvDiscard
    endcase
    rule.on = '{
        segment: ev.kind == EvSegment,
        command: ev.kind == EvCommand,
        icmp: ev.kind == EvIcmp,
        timer: ev.kind == EvTimer,
        send: ev.kind == EvSend,
        notify: ev.kind == EvNotify
    };
    rule.window_moves = window_moves(cfg, tcb, chk);
    if (ev.kind == EvSegment) rule = with_amounts(rule, tcb, chk);
    rule.half_flight = half_flight(tcb, chk.unacked, ev.kind == EvSegment);
    return rule;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
