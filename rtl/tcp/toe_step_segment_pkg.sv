// SPDX-License-Identifier: Apache-2.0
//
// Stage 2 of step when a segment arrives: RFC 9293 section 3.10.7, in the order of that section.

package toe_step_segment_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_check_pkg::*;

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
  function automatic tcb_t grow_cwnd(tcb_t tcb_in, check_t chk);
    // verilator no_inline_task
    tcb_t tcb;
    wnd_t mss, after_full, base, more;
    tcb        = tcb_in;
    mss        = wnd_t'(tcb.snd_mss);
    after_full = chk.left + mss;
    base       = tcb.cwnd;
    more       = '0;
    if (tcb.in_recovery && chk.ack_recovers) begin
      // Full: no burst when little is left in flight.  ssthresh is two segments at least.
      tcb.in_recovery = 1'b0;
      tcb.cwnd_acked  = '0;
      base            = after_full < tcb.ssthresh ? after_full : tcb.ssthresh;
      if (chk.left < mss) base = mss << 1;
    end else if (tcb.in_recovery) begin
      // Partial: the segment behind it is lost too.
      tcb.rexmit_one = 1'b1;
      base           = chk.acked < tcb.cwnd ? tcb.cwnd - chk.acked : '0;
      if (chk.acked >= mss || chk.acked >= tcb.cwnd) more = mss;
    end else if (tcb.cwnd < tcb.ssthresh) begin
      more = chk.acked < mss ? chk.acked : mss;
    end else if (tcb.cwnd_acked >= tcb.cwnd) begin
      // One segment more for each window acknowledged, without a division.
      if (!tcb.cwnd[30]) more = mss;
      tcb.cwnd_acked = chk.acked;
    end else begin
      tcb.cwnd_acked = tcb.cwnd_acked + chk.acked;
    end
    tcb.cwnd    = base + more;
    tcb.dupacks = '0;
    return tcb;
  endfunction

  // Third duplicate: fast retransmit.  Further ones: a segment has left the network (RFC 5681
  // section 3.2, RFC 6582 section 3.2 step 2).
  function automatic tcb_t count_dupack(tcb_t tcb_in, check_t chk);
    // verilator no_inline_task
    tcb_t tcb;
    wnd_t mss;
    tcb = tcb_in;
    mss = wnd_t'(tcb.snd_mss);
    if (tcb.in_recovery) begin
      tcb.cwnd = tcb.cwnd[30] ? tcb.cwnd : tcb.cwnd + mss;
    end else if (tcb.dupacks == 4'd2 && chk.una_past_recover) begin
      tcb.ssthresh    = chk.half_flight;
      tcb.cwnd        = chk.half_flight + (mss << 1) + mss;
      tcb.recover     = tcb.snd_max;
      tcb.in_recovery = 1'b1;
      tcb.rexmit_one  = 1'b1;
    end
    if (tcb.dupacks != '1) tcb.dupacks = tcb.dupacks + 4'd1;
    return tcb;
  endfunction

  // Fifth: the acknowledgement, which is in range.
  function automatic mid_t take_ack(mid_t mid_in, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (chk.ack_new) begin
      if (!is_open(mid.tcb.state)) begin
        mid.tcb = establish(mid.tcb);
      end else begin
        mid.tcb = grow_cwnd(mid.tcb, chk);
        // News of every octet would cost an event for each acknowledgement.
        if (chk.ack_tells) mid.tcb.notify.room = 1'b1;
      end
      if (chk.ack_past_nxt) mid.tcb.snd_nxt = seg.ack;
      if (chk.urgent_done) mid.tcb.snd_urgent = 1'b0;
      if (chk.rtt_done) begin
        mid.rtt = mid.tcb.rtt_valid ? RttNext : RttFirst;
        mid.rtt_us = chk.rtt_us;
        mid.rtt_error_us = chk.rtt_us - mid.tcb.srtt_us;
        mid.rtt_error_size_us = mid.rtt_error_us[31] ? mid.tcb.srtt_us - chk.rtt_us
                                                     : mid.rtt_error_us;
        mid.tcb.rtt_valid = 1'b1;
        mid.tcb.rtt_timing = 1'b0;
      end
      // Follows at a distance, so that it is not ahead again after 2**31 octets without a loss.
      if (chk.una_past_recover) mid.tcb.recover = mid.tcb.snd_una;
      mid.tcb.snd_una = seg.ack;
      mid.tcb.retries = '0;
      mid.progress    = 1'b1;
      if (mid.tcb.rtx_mode != RtxPersist) mid.rtx = chk.ack_all ? RtxStop : RtxRestart;
    end else if (chk.ack_dup && mid.tcb.rtx_mode == RtxRetransmit && seg.payload_len == '0 &&
                 !seg.flags.fin && chk.seg_wnd == mid.tcb.snd_wnd) begin
      mid.tcb = count_dupack(mid.tcb, chk);
    end
    if (mid.tcb.rtx_mode != RtxRetransmit) mid.tcb.retries = '0;

    // The handshake's last ACK sets the window whatever its age (RFC 9293 section 3.10.7.4).
    if ((chk.wnd_newer || !is_open(mid.tcb.state)) && (chk.ack_new || chk.ack_dup)) begin
      mid.tcb.snd_wnd = chk.seg_wnd;
      mid.tcb.snd_wl1 = seg.seq;
      mid.tcb.snd_wl2 = seg.ack;
      if (chk.seg_wnd > mid.tcb.max_snd_wnd) mid.tcb.max_snd_wnd = chk.seg_wnd;
      // The next timeout measures the path again, not the peer's patience.
      if (mid.tcb.rtx_mode == RtxPersist && chk.seg_wnd != '0 && mid.rtt == RttKeep)
        mid.rtt = RttRestore;
    end
    return mid;
  endfunction

  // A segment that changes nothing, and its answer.
  function automatic mid_t refuse(mid_t mid_in, tx_kind_e answer, drop_e drop);
    // verilator no_inline_task
    mid_t mid;
    mid            = mid_in;
    mid.tx_kind    = answer;
    mid.drop_valid = 1'b1;
    mid.drop       = drop;
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

  // Seventh: the text.  Joins it with the held intervals that it meets; what then begins at
  // rcv_nxt is received, anything else is held, newest first (RFC 2018 section 4).
  function automatic mid_t take_text(mid_t mid_in, check_t chk, conn_id_t conn);
    // verilator no_inline_task
    mid_t       mid;
    seq_range_t joined;
    mid = mid_in;
    // At once: a gap that opens, lasts or closes (RFC 5681 section 4.2), text beyond the window,
    // the fourth segment.
    if (chk.ahead || chk.cut || mid.tcb.ooo_valid != '0 || mid.tcb.opts.quickack ||
        mid.tcb.unacked_segs == '1)
      mid.tx_kind = TxAck;
    if (chk.ahead && mid.tcb.ooo_valid == '1 && chk.touches == '0)
      return refuse(mid, TxAck, DropReassembly);

    joined.left  = chk.text_left;
    joined.right = chk.text_right;
    for (int i = 0; i < NumIntervals; i++) begin
      if (chk.starts_before[i]) joined.left = mid.tcb.ooo[i].left;
      if (chk.goes_further[i]) joined.right = mid.tcb.ooo[i].right;
    end
    mid.tcb = hold(mid.tcb, chk, chk.ahead, joined);
    if (!chk.ahead) begin
      mid.tcb.rcv_nxt     = joined.right;
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

  // For no connection (RFC 9293 section 3.10.7.1).
  function automatic mid_t refuse_no_conn(mid_t mid_in, rx_seg_t seg);
    return refuse(mid_in, seg.flags.rst ? TxNone : TxRstReply, DropNoConn);
  endfunction

  // CLOSED for the wire, not yet released by the host, or TIME-WAIT, reached by a segment that was
  // on its way here when toe_time_wait took over.
  function automatic mid_t update_finished(mid_t mid_in, rx_seg_t seg);
    // verilator no_inline_task
    if (mid_in.tcb.state == TcpTimeWait) begin
      if (!seg.flags.rst && (seg.flags.syn || seg.flags.fin || seg.payload_len != '0))
        return refuse(mid_in, TxAck, DropAfterClose);
      return refuse(mid_in, TxNone, DropAfterClose);
    end
    return refuse_no_conn(mid_in, seg);
  endfunction

  // RFC 9293 section 3.10.7.3.  Text on a SYN is left for the peer to send again.
  function automatic mid_t update_syn_sent(mid_t mid_in, cfg_t cfg, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    mid_t       mid;
    fsm_event_t ev;
    logic       use_wscale;
    logic       acks_syn;
    mid      = mid_in;
    acks_syn = seg.flags.ack && chk.ack_new;
    // First, second: a wrong ACK, a RST.
    if (seg.flags.ack && !acks_syn)
      return refuse(mid, seg.flags.rst ? TxNone : TxRstReply, DropBadAck);
    if (seg.flags.rst) begin
      if (!acks_syn) return refuse(mid, TxNone, DropRstBlind);
      mid.tcb.state  = TcpClosed;
      mid.tcb.reason = ReasonConnRefused;
      return mid;
    end
    // Fourth, fifth: SYN, or nothing.
    if (!seg.flags.syn) return refuse(mid, TxNone, DropNoAckBit);
    ev                  = '0;
    ev.syn              = 1'b1;
    ev.acks_syn         = acks_syn;
    ev.user_close       = mid.tcb.fin_queued;

    use_wscale          = cfg.wscale_enable && seg.opt.wscale_valid;
    mid.tcb.ts_ok       = cfg.ts_enable && seg.opt.ts_valid;
    mid.tcb.sack_ok     = cfg.sack_enable && seg.opt.sack_permitted;
    mid.tcb.snd_wscale  = use_wscale ? seg.opt.wscale : '0;
    mid.tcb.rcv_wscale  = use_wscale ? own_wscale(cfg) : '0;
    mid.tcb.ts_recent   = seg.opt.ts_val;
    mid.tcb.irs         = seg.seq;
    mid.tcb.rcv_nxt     = seg.seq + seq_t'(1);
    mid.tcb.rcv_read    = mid.tcb.rcv_nxt;
    mid.tcb.rcv_up      = mid.tcb.rcv_nxt;
    mid.tcb.rcv_adv     = mid.tcb.rcv_nxt + seq_t'(own_syn_wnd(cfg));
    mid.tcb.snd_wnd     = chk.seg_wnd;
    mid.tcb.max_snd_wnd = chk.seg_wnd;
    mid.tcb.snd_wl1     = seg.seq;
    mid.tcb.snd_wl2     = seg.flags.ack ? seg.ack : mid.tcb.iss;
    mid.tcb.snd_mss     = chk.syn_mss;
    mid.heard           = 1'b1;
    mid.poke            = 1'b1;
    if (acks_syn) begin
      mid         = take_ack(mid, chk, seg);
      mid.tx_kind = TxAck;
    end else begin
      mid.tcb.snd_nxt = mid.tcb.iss;  // our SYN again, now with an ACK
      // Until that leaves, only what follows the SYN may change ts_recent (RFC 7323 section 4.3).
      mid.tcb.last_ack_sent = mid.tcb.rcv_nxt;
    end
    mid.tcb.state = fsm_next(mid.tcb.state, ev);
    return mid;
  endfunction

  // RFC 9293 section 3.10.7.4: SYN-RECEIVED and all later states.
  function automatic mid_t update_segment(mid_t mid_in, check_t chk, rx_seg_t seg, conn_id_t conn,
                                          logic more);
    // verilator no_inline_task
    mid_t       mid;
    fsm_event_t ev;
    logic       syn_again;  // the SYN of a simultaneous open, sent again, perhaps with the ACK
    logic       wants_text;
    mid       = mid_in;
    ev        = '0;
    syn_again = mid.tcb.state == TcpSynRcvd && seg.flags.syn && chk.syn_again && !seg.flags.rst;

    // First: sequence number, timestamp before it.  Zero windows take valid ACKs and RSTs.
    if (mid.tcb.ts_ok && !seg.flags.rst) begin
      if (!seg.opt.ts_valid) return refuse(mid, TxNone, DropPaws);
      if (chk.ts_old) return refuse(mid, TxAck, DropPaws);
    end
    if (!chk.acceptable && !(chk.window_closed && chk.seq_exact) && !syn_again)
      return refuse(mid, seg.flags.rst ? TxNone : TxAck, DropOutOfWindow);

    // Second: RST (RFC 5961 section 3).
    if (seg.flags.rst) begin
      if (!chk.seq_exact) return refuse(mid, chk.seq_in_wnd ? TxAck : TxNone, DropRstBlind);
      mid.tcb.reason = mid.tcb.state == TcpSynRcvd && !mid.tcb.passive ? ReasonConnRefused
                                                                        : ReasonPeerReset;
      ev.kill = 1'b1;
      mid.tcb.state = fsm_next(mid.tcb.state, ev);
      return mid;
    end

    // Fourth: SYN (RFC 5961 section 4).
    if (seg.flags.syn && !syn_again) return refuse(mid, TxAck, DropSynBlind);

    // Fifth: ACK.
    if (!seg.flags.ack) begin
      if (!syn_again) return refuse(mid, TxNone, DropNoAckBit);
      mid.tcb.snd_nxt = mid.tcb.iss;
      mid.poke        = 1'b1;
      return mid;
    end
    if (mid.tcb.state == TcpSynRcvd) begin
      if (!chk.ack_new) return refuse(mid, TxRstReply, DropBadAck);
      ev.acks_syn = 1'b1;
    end else if (chk.ack_bad) begin
      return refuse(mid, TxAck, DropBadAck);  // RFC 5961 section 5
    end
    if (mid.tcb.ts_ok && chk.ts_take) mid.tcb.ts_recent = seg.opt.ts_val;
    mid        = take_ack(mid, chk, seg);
    mid.heard  = 1'b1;
    mid.poke   = 1'b1;

    // Sixth: URG.
    wants_text = mid.tcb.state == TcpSynRcvd || can_receive(mid.tcb.state);
    if (chk.urgent_new && wants_text) begin
      mid.tcb.rcv_up        = chk.seg_up;
      mid.tcb.notify.urgent = 1'b1;
    end

    // Seventh: text.
    if (wants_text && chk.acceptable && chk.has_text && !seg.flags.syn) begin
      mid = take_text(mid, chk, conn);
    end else if (seg.payload_len != '0) begin
      mid = refuse(mid, TxAck, wants_text ? DropOutOfWindow : DropAfterClose);
    end

    // Eighth: FIN, remembered when text before it is still missing.  One beside a SYN comes again.
    if (wants_text && chk.acceptable && chk.fin_fits && !seg.flags.syn && !mid.tcb.fin_rcvd) begin
      mid.tcb.fin_rcvd = 1'b1;
      mid.tcb.fin_seq  = chk.fin_seq;
    end
    if (wants_text && mid.tcb.fin_rcvd && mid.tcb.rcv_nxt == mid.tcb.fin_seq) begin
      mid.tcb.rcv_nxt            = mid.tcb.fin_seq + seq_t'(1);
      mid.tcb.notify.peer_closed = 1'b1;
      ev.fin                     = 1'b1;
    end
    if (seg.flags.fin || ev.fin || syn_again) mid.tx_kind = TxAck;
    // Every second segment, but what waits is processed first (RFC 9293 MUST-58, MUST-59).
    if (mid.tcb.unacked_segs[1] && !more) mid.tx_kind = TxAck;

    ev.acks_fin   = chk.acks_fin;
    ev.user_close = mid.tcb.fin_queued;
    mid.tcb.state = fsm_next(mid.tcb.state, ev);
    return mid;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
