// SPDX-License-Identifier: Apache-2.0
//
// Stage 5 of step: the segment, the notification, the deadline.

package toe_step_output_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_check_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // Where a segment without data belongs: at the highest octet sent, whatever is being repeated.
  // A probe's octet was most likely refused, and a closed window takes nothing but its left edge.
  function automatic seq_t empty_seq(tcb_t tcb);
    return tcb.rtx_mode == RtxPersist ? tcb.snd_nxt : tcb.snd_max;
  endfunction

  // SACK blocks, newest first: three fit beside timestamps, four without (RFC 2018 section 3).
  function automatic tcp_options_t with_sack(tcp_options_t opt_in, tcb_t tcb);
    tcp_options_t opt;
    opt = opt_in;
    if (tcb.sack_ok && tcb.ooo_valid[0]) begin
      opt.sack = tcb.ooo;
      for (int i = 0; i < NumIntervals; i++) begin
        if (tcb.ooo_valid[i] && (i < 3 || !tcb.ts_ok)) opt.sack_count = 3'(i + 1);
      end
    end
    return opt;
  endfunction

  function automatic tcp_options_t syn_options(cfg_t cfg, tcb_t tcb);
    tcp_options_t opt;
    logic         first;  // we offer; else we answer what was offered
    first              = tcb.state == TcpSynSent;
    opt                = '0;
    opt.mss_valid      = 1'b1;
    opt.mss            = own_mss(cfg);
    opt.wscale         = own_wscale(cfg);
    opt.wscale_valid   = first ? cfg.wscale_enable : tcb.snd_wscale != '0 || tcb.rcv_wscale != '0;
    opt.sack_permitted = first ? cfg.sack_enable : tcb.sack_ok;
    opt.ts_valid       = first ? cfg.ts_enable : tcb.ts_ok;
    return opt;
  endfunction

  // RFC 9293 section 3.10.7.1.
  function automatic tx_seg_t rst_reply(cfg_t cfg, rx_seg_t seg, conn_id_t conn);
    // verilator no_inline_task
    tx_seg_t tx;
    tx           = '0;
    tx.key       = seg.key;
    tx.mac_valid = 1'b1;
    tx.dst_mac   = seg.src_mac;
    tx.conn      = conn;
    tx.dscp      = cfg.dscp;
    tx.flags.rst = 1'b1;
    if (seg.flags.ack) begin
      tx.seq = seg.ack;
    end else begin
      tx.flags.ack = 1'b1;
      tx.ack       = seg.seq + seq_t'(segment_len(seg));
    end
    return tx;
  endfunction

  // The segment of a send grant.
  function automatic tx_seg_t sent_segment(cfg_t cfg, plan_t plan, tx_seg_t tx_in);
    // verilator no_inline_task
    tx_seg_t tx;
    seq_t    from;
    seq_t    urgent;  // octets from there to the end of urgent data
    tx     = tx_in;
    tx.seq = plan.tcb.snd_nxt;
    if (plan.rexmit_one) tx.seq = plan.tcb.snd_una;
    if (plan.keep_probe) tx.seq = plan.tcb.snd_una - seq_t'(1);
    tx.payload_len = plan.len;
    tx.flags.fin   = plan.fin;
    tx.flags.psh   = plan.last && plan.len != '0;
    from           = plan.rexmit_one ? plan.tcb.snd_una : plan.tcb.snd_nxt;
    urgent         = plan.tcb.snd_up - from;
    if (plan.tcb.snd_urgent && is_beyond(plan.tcb.snd_up, from)) begin
      tx.flags.urg = 1'b1;
      tx.urg_ptr   = urgent[31:16] != '0 ? 16'hffff : urgent[15:0];
    end
    if (plan.syn) begin
      tx.flags.syn = 1'b1;
      tx.flags.ack = plan.tcb.state != TcpSynSent;
      tx.flags.urg = 1'b0;
      tx.urg_ptr   = '0;
      tx.wnd       = own_syn_wnd(cfg);
      if (!tx.flags.ack) tx.ack = '0;
    end
    return tx;
  endfunction

  // The segment of this event, valid under plan.tx_kind and, for TxSend, plan.go.
  function automatic tx_seg_t make_segment(cfg_t cfg, tcb_event_t ev, plan_t plan);
    // verilator no_inline_task
    tx_seg_t tx;
    if (plan.tx_kind == TxRstReply) return rst_reply(cfg, ev.seg, ev.conn);
    tx      = '0;
    tx.key  = plan.tcb.key;
    tx.conn = ev.conn;
    tx.dscp = plan.tcb.opts.dscp;
    tx.seq  = empty_seq(plan.tcb);
    if (plan.tx_kind == TxRstAbort) begin
      // A RST says the time as well (RFC 7323 section 3.2), but without ACK there is no echo.
      tx.flags.rst    = 1'b1;
      tx.opt.ts_valid = plan.tcb.ts_ok;
      tx.opt.ts_val   = ts_clock(ev.now_us);
      return tx;
    end
    tx.ack       = plan.tcb.rcv_nxt;
    tx.flags.ack = 1'b1;
    tx.wnd       = 16'(plan.window >> plan.tcb.rcv_wscale);
    if (plan.tx_kind == TxSend) begin
      tx = sent_segment(cfg, plan, tx);
      tx.doubt = plan.tcb.rtx_mode == RtxRetransmit && cfg.r1_retries != '0 &&
          plan.tcb.retries >= cfg.r1_retries;
    end
    if (plan.syn) tx.opt = syn_options(cfg, plan.tcb);
    else tx.opt.ts_valid = plan.tcb.ts_ok;
    if (plan.tx_kind == TxAck) tx.opt = with_sack(tx.opt, plan.tcb);
    if (tx.opt.ts_valid) begin
      tx.opt.ts_val = ts_clock(ev.now_us);
      tx.opt.ts_ecr = tx.flags.ack ? plan.tcb.ts_recent : '0;
    end
    return tx;
  endfunction

  // The control block after a send grant.
  function automatic tcb_t after_send(plan_t plan, time_us_t now_us);
    // verilator no_inline_task
    tcb_t tcb;
    seq_t sent_end;
    tcb      = plan.tcb;
    sent_end = tcb.snd_nxt + seq_t'(plan.len) + seq_t'(plan.syn) + seq_t'(plan.fin);
    if (plan.go && !plan.keep_probe) begin
      if (!plan.rexmit_one) begin
        if (!plan.wnd_probe) tcb.snd_nxt = sent_end;
        tcb.snd_max = seq_max(tcb.snd_max, sent_end);
      end
      if (!plan.wnd_probe && tcb.rtx_mode != RtxRetransmit) begin
        tcb.rtx_mode = RtxRetransmit;
        tcb.retries  = '0;  // probes before it were no retransmissions of this segment
      end
      if (plan.last) tcb.push = 1'b0;
      tcb.last_send_us = now_us;
      // Karn: what was sent twice times nothing.
      if (plan.repeats) begin
        tcb.rtt_timing = 1'b0;
        if (tcb.retransmit_count != '1) tcb.retransmit_count = tcb.retransmit_count + 16'd1;
      end else if (!tcb.rtt_timing && !plan.wnd_probe) begin
        tcb.rtt_timing   = 1'b1;
        tcb.rtt_seq      = plan.tcb.snd_nxt;
        tcb.rtt_start_us = now_us;
      end
    end
    if (plan.stuck) tcb.rtx_mode = RtxPersist;
    return tcb;
  endfunction

  // The retransmission timer starts anew: as planned, or because it takes another meaning.
  function automatic logic restarts_rtx(plan_t plan);
    if (plan.tx_kind != TxSend) return plan.rtx == RtxRestart;
    if (plan.go && !plan.keep_probe && !plan.wnd_probe && plan.tcb.rtx_mode != RtxRetransmit)
      return 1'b1;
    return plan.stuck && plan.tcb.rtx_mode != RtxPersist;
  endfunction

  // RFC 6298 (2.2) to (2.5), with a clock granularity of 1 us.
  function automatic logic [31:0] timeout_of(cfg_t cfg, tcb_t tcb);
    logic [31:0] rto_us;
    if (!tcb.rtt_valid) return cfg.rto_initial_us;
    rto_us = tcb.srtt_us + (tcb.rttvar_us << 2);
    if (rto_us < cfg.rto_min_us) return cfg.rto_min_us;
    return rto_us > cfg.rto_max_us ? cfg.rto_max_us : rto_us;
  endfunction

  function automatic ntf_body_t make_body(conn_id_t conn, tcb_t tcb);
    ntf_body_t body;
    body = '0;
    body.retransmits = {tcb.retransmit_count, 12'd0, tcb.retries};
    body.mss_scales = {
      tcb.snd_mss,
      tcb.icmp_kind,
      tcb.icmp_code,
      tcb.sack_ok,
      tcb.ts_ok,
      tcb.snd_wscale,
      tcb.rcv_wscale
    };
    body.rto_us = tcb.rto_us;
    body.rttvar_us = tcb.rttvar_us;
    body.srtt_us = tcb.srtt_us;
    body.ssthresh = tcb.ssthresh;
    body.cwnd = tcb.cwnd;
    body.snd_wnd = tcb.snd_wnd;
    body.tag_or_snd_nxt = tcb.snd_nxt;
    body.irs_or_rcv_up   = tcb.notify.urgent && !tcb.notify.accepted && !tcb.notify.connected
                           ? tcb.rcv_up : tcb.irs;
    body.iss = tcb.iss;
    body.snd_una = tcb.snd_una;
    body.rcv_nxt = tcb.rcv_nxt;
    body.remote_ip = tcb.key.remote_ip;
    body.remote_port = tcb.key.remote_port;
    body.local_port = tcb.key.local_port;
    body.conn = conn;
    body.flags = tcb.notify;
    body.state = tcb.state;
    return body;
  endfunction

  function automatic logic is_earlier(deadline_t a, deadline_t b);
    return a.valid && (!b.valid || !time_reached(a.us, b.us));
  endfunction

  // Earliest of the running timers.  Every pair is compared at once, with the old and with the new
  // deadline of retransmission, so that no comparison waits for a decision.
  function automatic deadline_t first_deadline(plan_t plan, logic restarts, logic rtx_runs,
                                               logic delack_runs);
    time_us_t rtx_us;
    logic others_delack, delack_rtx, others_rtx;  // the one is not before the other
    logic delack_old, delack_new, others_old, others_new;
    others_delack = time_reached(plan.others.us, plan.tcb.delack_deadline_us);
    delack_old    = time_reached(plan.tcb.rtx_deadline_us, plan.tcb.delack_deadline_us);
    delack_new    = time_reached(plan.rtx_deadline_us, plan.tcb.delack_deadline_us);
    others_old    = time_reached(plan.others.us, plan.tcb.rtx_deadline_us);
    others_new    = time_reached(plan.others.us, plan.rtx_deadline_us);
    delack_rtx    = restarts ? delack_new : delack_old;
    others_rtx    = restarts ? others_new : others_old;
    rtx_us        = restarts ? plan.rtx_deadline_us : plan.tcb.rtx_deadline_us;
    if (rtx_runs && (!delack_runs || !delack_rtx)) begin
      if (plan.others.valid && !others_rtx) return plan.others;
      return '{valid: 1'b1, us: rtx_us};
    end
    if (plan.others.valid && (!delack_runs || !others_delack)) return plan.others;
    return '{valid: delack_runs, us: plan.tcb.delack_deadline_us};
  endfunction

  // The segment of this event acknowledges what has arrived.
  function automatic logic acknowledges(plan_t plan);
    if (plan.tx_kind == TxAck) return 1'b1;
    return plan.tx_kind == TxSend && plan.go && !(plan.syn && plan.tcb.state == TcpSynSent);
  endfunction

  function automatic logic enqueues_send(plan_t plan);
    return plan.enqueue_send || (plan.tx_kind == TxSend && plan.more);
  endfunction

  function automatic result_t tcb_output(cfg_t cfg, tcb_event_t ev, plan_t plan);
    // verilator no_inline_task
    result_t     result;
    tcb_t        tcb;
    tcb_action_t act;
    deadline_t   deadline;
    logic        restarts;
    act = '0;
    tcb = plan.tcb;

    if (plan.tx_kind != TxNone) begin
      act.tx_valid     = plan.tx_kind != TxSend || plan.go;
      act.tx           = make_segment(cfg, ev, plan);
      act.tx_is_rexmit = plan.tx_kind == TxSend && plan.go && plan.repeats;
    end
    if (plan.rtx == RtxStop) tcb.rtx_mode = RtxOff;
    if (plan.tx_kind == TxSend) tcb = after_send(plan, ev.now_us);
    restarts = restarts_rtx(plan);
    if (restarts) tcb.rtx_deadline_us = plan.rtx_deadline_us;
    if (acknowledges(plan)) begin
      if (!plan.syn) tcb.rcv_adv = plan.new_adv;
      tcb.last_ack_sent = tcb.rcv_nxt;
      tcb.delack_armed  = 1'b0;
      tcb.unacked_segs  = '0;
    end
    if (plan.rtt != RttKeep) tcb.rto_us = timeout_of(cfg, plan.tcb);

    act.enqueue_send = enqueues_send(plan);
    if (act.enqueue_send) tcb.send_queued = 1'b1;

    if (ev.kind == EvNotify) begin
      act.ntf_valid  = tcb.in_use && tcb.notify != '0;
      act.ntf.reason = tcb.reason;
      act.ntf.body   = make_body(ev.conn, tcb);
      tcb.notify     = '0;
    end else if (plan.refused) begin
      act.ntf_valid               = 1'b1;
      act.ntf.reason              = plan.refuse_reason;
      act.ntf.body                = make_body(ev.conn, tcb);
      act.ntf.body.flags          = '0;
      act.ntf.body.flags.refused  = 1'b1;
      act.ntf.body.tag_or_snd_nxt = ev.cmd.tag;
    end else if (tcb.in_use && tcb.notify != '0 && !tcb.notify_queued) begin
      act.enqueue_notify = 1'b1;
      tcb.notify_queued  = 1'b1;
    end

    act.verdict_valid = ev.kind inside {EvSegment, EvNoConn, EvDiscard, EvIcmp};
    act.verdict       = plan.verdict;
    act.tcb_write     = !(ev.kind inside {EvNoConn, EvDiscard});
    act.free          = plan.free;
    act.drop_valid    = plan.drop_valid;
    act.drop          = plan.drop;
    if (plan.finished) begin
      act.unlink = 1'b1;
      act.time_wait = tcb.state == TcpTimeWait;
      act.time_wait_rec = '{
          key: tcb.key,
          flow_hash: tcb.flow_hash,
          snd_nxt: tcb.snd_max,
          rcv_nxt: tcb.rcv_nxt,
          rcv_wnd: 16'(plan.window >> tcb.rcv_wscale),
          ts_ok: tcb.ts_ok,
          ts_recent: tcb.ts_recent
      };
    end
    deadline           = first_deadline(plan, restarts, tcb.rtx_mode != RtxOff, tcb.delack_armed);
    act.deadline_valid = deadline.valid && act.tcb_write;
    act.deadline_us    = deadline.us;

    result.after       = tcb;
    result.action      = act;
    return result;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
