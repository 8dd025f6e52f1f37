// SPDX-License-Identifier: Apache-2.0
//
// step(tcb, event) -> (tcb', actions): the TCP of this engine as one pure function.
//
// toe_tcb_pipe computes it in six pieces with a register behind each, and the tests call all of it
// at once.  Where to read on:
//
//   toe_fsm_pkg           the state machine
//   toe_step_types_pkg    what the pieces hand to each other
//   toe_step_check_pkg    0  tcb_span     where a segment ends
//                         1  tcb_check    compares: windows, acknowledgements, deadlines
//   toe_step_rule_pkg     2  tcb_rule     decides: RFC 9293 section 3.10
//   toe_step_segment_pkg  3  tcb_update   a segment arrives
//   toe_step_icmp_pkg                     an ICMP error arrives
//   toe_step_host_pkg                     the host commands, a timer runs out
//   toe_step_send_pkg                     the send scheduler grants a turn (3 and 4)
//   toe_step_pkg          0  tcb_load     a connection begins
//                         4  tcb_plan     receive window, timers, round-trip time
//   toe_step_output_pkg   5  tcb_output   builds segment, notification, deadline
//
// Data, SYN and FIN go out on a grant only; pure ACKs and RSTs go out with the event that causes
// them.  Whatever becomes sendable puts the connection into the send queue, once.

package toe_step_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_check_pkg::*;
  import toe_step_rule_pkg::*;
  import toe_step_segment_pkg::*;
  import toe_step_icmp_pkg::*;
  import toe_step_host_pkg::*;
  import toe_step_send_pkg::*;
  import toe_step_output_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // The connection of a CmdConnect, in SYN-SENT, or of a handshake that toe_syn_cache has led as
  // far as the peer's ACK, in SYN-RECEIVED with its SYN-ACK in flight.
  function automatic tcb_t new_tcb(cfg_t cfg, tcb_event_t ev);
    // verilator no_inline_task
    tcb_t tcb;
    seq_t first;  // sequence number of the peer's first octet
    first         = ev.open.irs + seq_t'(1);
    tcb           = '0;
    tcb.in_use    = 1'b1;
    tcb.passive   = ev.open.passive;
    tcb.state     = ev.open.passive ? TcpSynRcvd : TcpSynSent;
    tcb.key       = ev.open.key;
    tcb.flow_hash = ev.open.flow_hash;
    tcb.iss       = ev.open.iss;
    tcb.snd_una   = ev.open.iss;
    tcb.snd_nxt   = ev.open.passive ? ev.open.iss + seq_t'(1) : ev.open.iss;
    tcb.snd_max   = tcb.snd_nxt;
    tcb.snd_end   = ev.open.iss + seq_t'(1);
    tcb.recover   = ev.open.iss;
    tcb.ssthresh  = 32'h7fff_ffff;
    tcb.rto_us    = cfg.rto_initial_us;
    if (ev.open.passive) begin
      tcb.snd_mss         = effective_mss(cfg, ev.open.peer_mss, ev.open.ts_ok);
      tcb.snd_wscale      = ev.open.snd_wscale;
      tcb.snd_wl1         = ev.open.irs;
      tcb.irs             = ev.open.irs;
      tcb.rcv_nxt         = first;
      tcb.rcv_read        = first;
      tcb.rcv_up          = first;
      tcb.rcv_adv         = first + seq_t'(own_syn_wnd(cfg));
      tcb.last_ack_sent   = first;
      tcb.rcv_wscale      = ev.open.wscale_ok ? own_wscale(cfg) : '0;
      tcb.ts_ok           = ev.open.ts_ok;
      tcb.ts_recent       = ev.open.ts_recent;
      tcb.sack_ok         = ev.open.sack_ok;
      tcb.rtx_mode        = RtxRetransmit;
      tcb.rtx_deadline_us = ev.now_us + time_us_t'(cfg.rto_initial_us);
      tcb.opts.dscp       = cfg.dscp;
    end else begin
      tcb.opts            = ev.cmd.opts;
      tcb.user_timeout_us = ev.cmd.user_timeout_us;
    end
    return tcb;
  endfunction

  // Stage 0, between the TCB RAM and the first register.
  function automatic tcb_t tcb_load(cfg_t cfg, tcb_t tcb, tcb_event_t ev);
    // verilator no_inline_task
    return ev.open_valid ? new_tcb(cfg, ev) : tcb;
  endfunction

  // Stage 3: the event in RFC 9293's terms.
  function automatic mid_t tcb_update(cfg_t cfg, tcb_t tcb, tcb_event_t ev, check_t chk,
                                      rule_t rule);
    // verilator no_inline_task
    mid_t mid;
    mid               = '0;
    mid.tcb           = tcb;
    mid.tx_kind       = rule.answer;
    mid.poke          = rule.poke;
    mid.rtx           = rule.rtx;
    mid.rtt           = rule.rtt;
    mid.heard         = rule.heard;
    mid.keep_probed   = rule.keep_probed;
    mid.window_moves  = rule.window_moves;
    mid.edge_seq      = chk.edge_seq;
    mid.refused       = rule.refused;
    mid.refuse_reason = rule.reason;
    mid.free          = rule.free;
    mid.drop_valid    = rule.drop_valid;
    mid.drop          = rule.drop;
    unique case (1'b1)
      rule.on.segment: mid = update_segment(mid, cfg, chk, rule, ev.seg, ev.conn, ev.now_us);
      rule.on.command: mid = update_command(mid, chk, rule, ev.cmd);
      rule.on.icmp:    mid.tcb = update_icmp(mid.tcb, chk, rule, ev.seg);
      rule.on.timer:   mid.tcb = update_timer(mid.tcb, cfg, chk, rule);
      rule.on.send:    mid = update_send(mid, chk, rule);
      rule.on.notify:  mid.tcb.notify_queued = 1'b0;
      default:         ;  // EvNoConn, EvDiscard
    endcase
    if (rule.free) mid.tcb.release_pending = 1'b0;
    if (rule.fsm.kill) mid.tcb.reason = rule.reason;
    mid.tcb.state = fsm_next(tcb.state, rule.fsm);
    mid.finished  = is_finished(mid.tcb.state) && !is_finished(tcb.state);
    return mid;
  endfunction

  // The receive window after an ACK.  When the host's reading moves it, and the peer may be waiting
  // for that because less than half is left, an ACK tells it at once.
  function automatic plan_t plan_window(plan_t plan_in, cfg_t cfg, mid_t mid);
    // verilator no_inline_task
    plan_t plan;
    wnd_t half, left;
    plan         = plan_in;
    half         = wnd_t'(1) << (window_log2(cfg, mid.tcb.rcv_wscale) - 5'd1);
    left         = mid.tcb.rcv_adv - mid.tcb.rcv_nxt;
    plan.new_adv = mid.window_moves ? mid.edge_seq : mid.tcb.rcv_adv;
    plan.window  = mid.window_moves ? mid.edge_seq - mid.tcb.rcv_nxt : left;
    if (mid.host_read && mid.window_moves && left < half && can_receive(mid.tcb.state))
      plan.tx_kind = TxAck;
    return plan;
  endfunction

  // Smoothed round-trip time (RFC 6298 (2.2), (2.3)).
  function automatic plan_t plan_rtt(plan_t plan_in, mid_t mid);
    // verilator no_inline_task
    plan_t plan;
    logic signed [31:0] excess_us;
    plan = plan_in;
    if (mid.rtt == RttFirst) begin
      plan.tcb.srtt_us   = mid.rtt_us;
      plan.tcb.rttvar_us = mid.rtt_us >> 1;
    end else if (mid.rtt == RttNext) begin
      excess_us          = signed'(mid.rtt_error_size_us - mid.tcb.rttvar_us);
      plan.tcb.srtt_us   = mid.tcb.srtt_us + unsigned'(signed'(mid.rtt_error_us) >>> 3);
      plan.tcb.rttvar_us = mid.tcb.rttvar_us + unsigned'(excess_us >>> 2);
    end
    return plan;
  endfunction

  // Which timers run.
  function automatic plan_t plan_timers(plan_t plan_in, cfg_t cfg, time_us_t now_us, mid_t mid,
                                        logic pending);
    // verilator no_inline_task
    plan_t    plan;
    time_us_t keep_us;
    plan = plan_in;
    plan.rtx_deadline_us = now_us + time_us_t'(mid.tcb.rto_us);
    if (mid.tcb.unacked_segs != '0 && !mid.tcb.delack_armed) begin
      plan.tcb.delack_armed       = 1'b1;
      plan.tcb.delack_deadline_us = now_us + time_us_t'(cfg.delack_us);
    end
    plan.tcb.keep_armed = mid.tcb.opts.keepalive && is_open(mid.tcb.state);
    if (plan.tcb.keep_armed && (mid.heard || mid.keep_probed || !mid.tcb.keep_armed)) begin
      keep_us = mid.keep_probed ? time_us_t'(cfg.keepalive_interval_us) : cfg.keepalive_us;
      plan.tcb.keep_deadline_us = now_us + keep_us;
    end
    plan.tcb.user_timeout_armed = mid.tcb.user_timeout_us != '0 && pending;
    if (mid.progress || !mid.tcb.user_timeout_armed)
      plan.tcb.user_deadline_us = now_us + time_us_t'(mid.tcb.user_timeout_us);
    return plan;
  endfunction

  // Stage 4.
  function automatic plan_t tcb_plan(cfg_t cfg, tcb_event_t ev, mid_t mid);
    // verilator no_inline_task
    plan_t plan;
    deadline_t keep, user;
    seq_t end_seq;  // one past everything the host has queued, FIN included
    logic pending;  // some of it is not acknowledged
    logic sendable;
    plan               = '0;
    plan.tcb           = mid.tcb;
    plan.tx_kind       = mid.tx_kind;
    plan.finished      = mid.finished;
    plan.rtx           = mid.rtx;
    plan.rtt           = mid.rtt;
    plan.verdict       = mid.verdict;
    plan.refused       = mid.refused;
    plan.refuse_reason = mid.refuse_reason;
    plan.free          = mid.free;
    plan.drop_valid    = mid.drop_valid;
    plan.drop          = mid.drop;

    end_seq            = mid.tcb.snd_end + seq_t'(mid.tcb.fin_queued);
    pending            = mid.tcb.snd_una != end_seq && !is_finished(mid.tcb.state);
    sendable           = mid.tcb.snd_nxt != end_seq || mid.tcb.rexmit_one || mid.tcb.probe_now;
    if (is_finished(mid.tcb.state)) sendable = 1'b0;
    else if (!is_open(mid.tcb.state)) sendable = mid.tcb.snd_nxt == mid.tcb.iss;
    plan.enqueue_send = mid.poke && sendable && !mid.tcb.send_queued;
    // Nothing to retransmit, nothing to probe with.
    if (!pending) begin
      plan.rtx = RtxStop;
      if (mid.tcb.rtx_mode == RtxPersist && mid.rtt == RttKeep) plan.rtt = RttRestore;
    end

    if (ev.kind inside {EvSegment, EvCommand, EvTimer, EvSend, EvIcmp}) begin
      plan = plan_window(plan, cfg, mid);
      plan = plan_timers(plan, cfg, ev.now_us, mid, pending);
    end
    if (mid.rtt != RttKeep) plan = plan_rtt(plan, mid);
    if (ev.kind == EvSend) plan = plan_send(plan, mid);
    keep        = '{valid: plan.tcb.keep_armed, us: plan.tcb.keep_deadline_us};
    user        = '{valid: plan.tcb.user_timeout_armed, us: plan.tcb.user_deadline_us};
    plan.others = is_earlier(keep, user) ? keep : user;

    if (mid.finished) begin
      plan.tcb.notify.closed = 1'b1;
      plan.tcb.unacked_segs  = '0;
      plan.tcb.delack_armed  = 1'b0;
      plan.tcb.rexmit_one    = 1'b0;
      plan.tcb.probe_now     = 1'b0;
    end
    return plan;
  endfunction

  function automatic result_t step(cfg_t cfg, tcb_t tcb, tcb_event_t ev);
    // verilator no_inline_task
    tcb_t   loaded;
    span_t  span;
    check_t chk;
    rule_t  rule;
    mid_t   mid;
    plan_t  plan;
    loaded = tcb_load(cfg, tcb, ev);
    span   = tcb_span(ev);
    chk    = tcb_check(cfg, loaded, ev, span);
    rule   = tcb_rule(cfg, loaded, ev, chk);
    mid    = tcb_update(cfg, loaded, ev, chk, rule);
    plan   = tcb_plan(cfg, ev, mid);
    return tcb_output(cfg, ev, plan);
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
