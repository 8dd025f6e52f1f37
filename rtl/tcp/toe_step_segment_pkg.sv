// SPDX-License-Identifier: Apache-2.0
//
// Stage 3 of step when a segment arrives (RFC 9293 section 3.10.7).

package toe_step_segment_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_step_types_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // RFC 6928: min(10 * MSS, max(2 * MSS, 14600)); one segment when the SYN was lost (RFC 5681
  // section 3.1).
  function automatic wnd_t initial_window(logic [15:0] mss, logic syn_lost);
    if (syn_lost) return wnd_t'(mss);
    if (mss <= 16'd1460) return (wnd_t'(mss) << 3) + (wnd_t'(mss) << 1);
    return mss >= 16'd7300 ? wnd_t'(mss) << 1 : 32'd14600;
  endfunction

  // Our SYN is acknowledged: the congestion window and, after a lost SYN, the timeout that the data
  // begins with (RFC 6298 (5.7)).
  function automatic tcb_t establish(tcb_t tcb_in);
    tcb_t tcb;
    logic syn_lost;
    tcb      = tcb_in;
    syn_lost = tcb.retries != '0;
    tcb.cwnd = initial_window(tcb.snd_mss, syn_lost);
    if (syn_lost && tcb.rto_us < 32'd3000000) tcb.rto_us = 32'd3000000;
    if (tcb.passive) tcb.notify.accepted = 1'b1;
    else tcb.notify.connected = 1'b1;
    return tcb;
  endfunction

  // Window growth, and the exits of fast recovery, when an ACK covers new data (RFC 5681 section
  // 3.1, RFC 6582 section 3.2 step 3).
  function automatic tcb_t grow_cwnd(tcb_t tcb_in, check_t chk, rule_t rule);
    // verilator no_inline_task
    tcb_t tcb;
    wnd_t mss, base, more;
    tcb  = tcb_in;
    mss  = wnd_t'(tcb.snd_mss);
    base = tcb.cwnd;
    more = '0;
    unique case (rule.growth)
      GrowSlowStart:   more = rule.full_acked ? mss : chk.acked;
      // One segment more for each window acknowledged, without a division.
      GrowRound: begin
        if (!tcb.cwnd[30]) more = mss;
        tcb.cwnd_acked = chk.acked;
      end
      GrowCount:       tcb.cwnd_acked = tcb.cwnd_acked + chk.acked;
      GrowPartial: begin
        tcb.rexmit_one = 1'b1;
        base           = rule.after;
        if (rule.full_acked) more = mss;
      end
      GrowSsthresh:    base = tcb.ssthresh;
      GrowAfterFull:   base = rule.after;
      GrowTwoSegments: base = mss << 1;
      default:         ;
    endcase
    // No burst when little is left in flight.
    if (rule.growth inside {GrowSsthresh, GrowAfterFull, GrowTwoSegments}) begin
      tcb.in_recovery = 1'b0;
      tcb.cwnd_acked  = '0;
    end
    tcb.cwnd    = base + more;
    tcb.dupacks = '0;
    return tcb;
  endfunction

  // Third duplicate: fast retransmit.  Further ones: a segment has left the network (RFC 5681
  // section 3.2, RFC 6582 section 3.2 step 2).
  function automatic tcb_t count_dupack(tcb_t tcb_in, check_t chk, rule_t rule);
    // verilator no_inline_task
    tcb_t tcb;
    wnd_t mss;
    tcb = tcb_in;
    mss = wnd_t'(tcb.snd_mss);
    if (tcb.in_recovery) begin
      tcb.cwnd = tcb.cwnd[30] ? tcb.cwnd : tcb.cwnd + mss;
    end else if (tcb.dupacks == 4'd2 && chk.una_past_recover) begin
      tcb.ssthresh    = rule.half_flight;
      tcb.cwnd        = rule.half_flight + (mss << 1) + mss;
      tcb.recover     = tcb.snd_max;
      tcb.in_recovery = 1'b1;
      tcb.rexmit_one  = 1'b1;
    end
    if (tcb.dupacks != '1) tcb.dupacks = tcb.dupacks + 4'd1;
    return tcb;
  endfunction

  // The acknowledgement, which is in range, and the window.
  function automatic mid_t take_ack(mid_t mid_in, check_t chk, rule_t rule, rx_seg_t seg);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (rule.ack_new) begin
      if (rule.establish) mid.tcb = establish(mid.tcb);
      if (rule.grow) begin
        mid.tcb = grow_cwnd(mid.tcb, chk, rule);
        // News of every octet would cost an event for each acknowledgement.
        if (chk.ack_tells) mid.tcb.notify.room = 1'b1;
      end
      if (chk.ack_past_nxt) mid.tcb.snd_nxt = seg.ack;
      if (chk.urgent_done) mid.tcb.snd_urgent = 1'b0;
      if (chk.rtt_done) begin
        mid.rtt_us = chk.rtt_us;
        mid.rtt_error_us = rule.rtt_error_us;
        mid.rtt_error_size_us = rule.rtt_error_us[31] ? -rule.rtt_error_us : rule.rtt_error_us;
        mid.tcb.rtt_valid = 1'b1;
        mid.tcb.rtt_timing = 1'b0;
      end
      // Follows at a distance, so that it is not ahead again after 2**31 octets without a loss.
      if (chk.una_past_recover) mid.tcb.recover = mid.tcb.snd_una;
      mid.tcb.snd_una = seg.ack;
      mid.tcb.retries = '0;
      mid.progress    = 1'b1;
    end else if (rule.count_dup) begin
      mid.tcb = count_dupack(mid.tcb, chk, rule);
    end
    if (mid.tcb.rtx_mode != RtxRetransmit) mid.tcb.retries = '0;

    // The handshake's last ACK sets the window whatever its age (RFC 9293 section 3.10.7.4).
    if (rule.take_wnd) begin
      mid.tcb.snd_wnd = chk.seg_wnd;
      mid.tcb.snd_wl1 = seg.seq;
      mid.tcb.snd_wl2 = seg.ack;
      if (rule.raise_max_wnd) mid.tcb.max_snd_wnd = chk.seg_wnd;
    end
    return mid;
  endfunction

  // Held intervals after a segment with text: joined in front, if there is one, then those that it
  // does not touch, in their order.
  function automatic tcb_t hold(tcb_t tcb_in, check_t chk, logic new_valid, seq_range_t joined);
    // verilator no_inline_task
    tcb_t       tcb;
    logic [2:0] count;
    tcb           = tcb_in;
    tcb.ooo       = '0;
    tcb.ooo_valid = '0;
    count         = 3'(new_valid);
    if (new_valid) begin
      tcb.ooo[0]       = joined;
      tcb.ooo_valid[0] = 1'b1;
    end
    for (int i = 0; i < NumIntervals; i++) begin
      if (tcb_in.ooo_valid[i] && !chk.touches[i]) begin
        // A sum of products, because a write at a computed index costs three times as much.
        for (int k = 0; k < NumIntervals; k++) begin
          if (count == 3'(k)) begin
            tcb.ooo[k]       = tcb.ooo[k] | tcb_in.ooo[i];
            tcb.ooo_valid[k] = 1'b1;
          end
        end
        count = count + 3'd1;
      end
    end
    return tcb;
  endfunction

  // The text.  What now begins at rcv_nxt is received, anything else is held, newest first (RFC 2018
  // section 4).
  function automatic mid_t take_text(mid_t mid_in, check_t chk, rule_t rule, conn_id_t conn);
    // verilator no_inline_task
    mid_t mid;
    mid     = mid_in;
    mid.tcb = hold(mid.tcb, chk, chk.ahead, rule.joined);
    if (!chk.ahead) begin
      mid.tcb.rcv_nxt     = rule.joined.right;
      mid.tcb.notify.data = 1'b1;
    end
    if (mid.tcb.unacked_segs != '1) mid.tcb.unacked_segs = mid.tcb.unacked_segs + 2'd1;
    mid.verdict.keep = 1'b1;
    mid.verdict.conn = conn;
    mid.verdict.seq  = chk.text_left;
    mid.verdict.skip = chk.skip;
    mid.verdict.len  = 16'(chk.text_right - chk.text_left);
    return mid;
  endfunction

  // The peer's SYN, in SYN-SENT.
  function automatic tcb_t take_syn(tcb_t tcb_in, cfg_t cfg, check_t chk, rx_seg_t seg,
                                    logic acks_syn);
    // verilator no_inline_task
    tcb_t tcb;
    logic use_wscale;
    tcb             = tcb_in;
    use_wscale      = cfg.wscale_enable && seg.opt.wscale_valid;
    tcb.ts_ok       = cfg.ts_enable && seg.opt.ts_valid;
    tcb.sack_ok     = cfg.sack_enable && seg.opt.sack_permitted;
    tcb.snd_wscale  = use_wscale ? seg.opt.wscale : '0;
    tcb.rcv_wscale  = use_wscale ? own_wscale(cfg) : '0;
    tcb.ts_recent   = seg.opt.ts_val;
    tcb.irs         = seg.seq;
    tcb.rcv_nxt     = seg.seq + seq_t'(1);
    tcb.rcv_read    = tcb.rcv_nxt;
    tcb.rcv_up      = tcb.rcv_nxt;
    tcb.rcv_adv     = tcb.rcv_nxt + seq_t'(own_syn_wnd(cfg));
    tcb.snd_wnd     = chk.seg_wnd;
    tcb.max_snd_wnd = chk.seg_wnd;
    tcb.snd_wl1     = seg.seq;
    tcb.snd_wl2     = seg.flags.ack ? seg.ack : tcb.iss;
    tcb.snd_mss     = chk.syn_mss;
    if (!acks_syn) begin
      tcb.snd_nxt = tcb.iss;  // our SYN again, now with an ACK
      // Until that leaves, only what follows the SYN may change ts_recent (RFC 7323 section 4.3).
      tcb.last_ack_sent = tcb.rcv_nxt;
    end
    return tcb;
  endfunction

  function automatic mid_t update_segment(mid_t mid_in, cfg_t cfg, check_t chk, rule_t rule,
                                          rx_seg_t seg, conn_id_t conn, time_us_t now_us);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (rule.take_syn) mid.tcb = take_syn(mid.tcb, cfg, chk, seg, rule.fsm.acks_syn);
    if (rule.resend_syn) mid.tcb.snd_nxt = mid.tcb.iss;
    if (rule.take_ts) mid.tcb.ts_recent = seg.opt.ts_val;
    if (rule.take_ack) mid = take_ack(mid, chk, rule, seg);
    if (rule.challenged) begin
      mid.tcb.challenge_span  = challenge_span(now_us);
      mid.tcb.challenge_count = chk.challenge_again ? mid.tcb.challenge_count + 3'd1 : 3'd1;
    end
    if (rule.take_urgent) begin
      mid.tcb.rcv_up        = chk.seg_up;
      mid.tcb.notify.urgent = 1'b1;
    end
    if (rule.take_text) mid = take_text(mid, chk, rule, conn);
    if (rule.take_fin) begin
      mid.tcb.fin_rcvd = 1'b1;
      mid.tcb.fin_seq  = chk.fin_seq;
    end
    if (rule.fsm.fin) begin
      mid.tcb.rcv_nxt            = mid.tcb.fin_seq + seq_t'(1);
      mid.tcb.notify.peer_closed = 1'b1;
    end
    return mid;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
