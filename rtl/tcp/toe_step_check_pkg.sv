// SPDX-License-Identifier: Apache-2.0
//
// Stage 1 of step: every wide comparison, all in parallel, one carry chain deep nearly everywhere.
//
// Distances are taken from one point and their signs read, because everything that is compared lies
// within half the sequence circle (RFC 9293 section 3.4).

package toe_step_check_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // log2 of the receive window's size.  Without scaling only 32 KiB of a larger ring are used, so
  // that the window always fits its 16 bits.
  function automatic logic [4:0] window_log2(cfg_t cfg, logic [3:0] rcv_wscale);
    return cfg.rx_ring_log2 > 5'd15 && rcv_wscale == '0 ? 5'd15 : cfg.rx_ring_log2;
  endfunction

  // Octets of payload in a full segment: the peer's MSS and our MTU, less what options take.
  function automatic logic [15:0] effective_mss(cfg_t cfg, logic [15:0] peer_mss, logic ts_ok);
    logic [15:0] own, least, mss;
    own   = own_mss(cfg);
    least = cfg.min_mss > own ? own : cfg.min_mss;
    // Both bounds at once.
    mss   = peer_mss > own ? own : peer_mss < least ? least : peer_mss;
    return ts_ok ? mss - 16'd12 : mss;
  endfunction

  // size as a distance that is not behind: not negative as a signed number.
  function automatic logic not_behind(seq_t distance);
    return !distance[31];
  endfunction

  // a is beyond b.  Whether they are equal is seen beside the difference, not after it.
  function automatic logic is_beyond(seq_t a, seq_t b);
    return not_behind(a - b) && a != b;
  endfunction

  // Octets of sequence space that a segment takes.
  function automatic logic [16:0] segment_len(rx_seg_t seg);
    return 17'(seg.payload_len) + 17'(seg.flags.syn) + 17'(seg.flags.fin);
  endfunction

  // Stage 0.
  function automatic span_t tcb_span(tcb_event_t ev);
    span_t span;
    span.text_end = ev.seg.seq + seq_t'(ev.seg.payload_len);
    span.seg_end  = ev.seg.seq + seq_t'(segment_len(ev.seg));
    return span;
  endfunction

  // Acceptability, what the window leaves of the payload, and which held intervals it meets.
  function automatic check_t check_text(check_t before_chk, tcb_t tcb, rx_seg_t seg, span_t span);
    // verilator no_inline_task
    check_t chk;
    seq_t   from_nxt;  // seq - rcv_nxt
    seq_t   edge_seq;  // where payload must end
    logic   window_closed;  // rcv_adv is rcv_nxt
    logic   ends_beyond;
    chk = before_chk;
    from_nxt = seg.seq - tcb.rcv_nxt;
    edge_seq = tcb.fin_rcvd ? tcb.fin_seq : tcb.rcv_adv;

    chk.seq_exact = seg.seq == tcb.rcv_nxt;
    chk.syn_again   = tcb.state == TcpSynRcvd && seg.flags.syn && !seg.flags.rst &&
        seg.seq == tcb.irs;
    chk.seq_in_wnd = not_behind(from_nxt) && is_beyond(tcb.rcv_adv, seg.seq);
    window_closed = tcb.rcv_adv == tcb.rcv_nxt;
    if (seg.payload_len == '0 && !seg.flags.syn && !seg.flags.fin) begin
      chk.acceptable = window_closed ? chk.seq_exact : chk.seq_in_wnd;
    end else begin
      chk.acceptable = !window_closed &&
          (chk.seq_in_wnd ||
           (is_beyond(span.seg_end, tcb.rcv_nxt) && not_behind(tcb.rcv_adv - span.seg_end)));
    end
    // Zero windows take valid ACKs and RSTs.
    chk.seq_allowed = chk.acceptable || (window_closed && chk.seq_exact) || chk.syn_again;

    chk.ahead = is_beyond(seg.seq, tcb.rcv_nxt);
    chk.cut = !not_behind(edge_seq - span.text_end);
    chk.text_left = chk.ahead ? seg.seq : tcb.rcv_nxt;
    chk.text_right = chk.cut ? edge_seq : span.text_end;
    chk.skip = chk.ahead ? '0 : 16'(-from_nxt);
    chk.has_text = seg.payload_len != '0 && is_beyond(edge_seq, seg.seq) &&
        is_beyond(span.text_end, tcb.rcv_nxt);
    // FIN takes the octet behind the payload: it fits when that is still inside the window, and
    // when no octet beyond it has been received.
    chk.fin_fits = seg.flags.fin && is_beyond(tcb.rcv_adv, span.text_end);
    chk.fin_seq = span.text_end;

    for (int i = 0; i < NumIntervals; i++) begin
      ends_beyond = tcb.ooo_valid[i] && seq_lt(span.text_end, tcb.ooo[i].right);
      chk.touches[i] = tcb.ooo_valid[i] && seq_le(tcb.ooo[i].left, span.text_end) &&
          seq_le(seg.seq, tcb.ooo[i].right);
      chk.goes_further[i] = chk.touches[i] && ends_beyond;
      chk.starts_before[i] = chk.touches[i] && seq_lt(tcb.ooo[i].left, seg.seq);
      if (ends_beyond) chk.fin_fits = 1'b0;
    end
    return chk;
  endfunction

  // Whether to answer what is not acceptable.  An empty segment may be an answer itself, and two ends
  // that do not agree would go on for ever (RFC 9293 section 3.10.7.4, RFC 5961 section 7).  Four to
  // seven such ACKs go out in each span; how many, only who knows our numbers can tell.
  function automatic check_t check_challenge(check_t before_chk, tcb_t tcb, rx_seg_t seg,
                                             time_us_t now_us);
    // verilator no_inline_task
    check_t chk;
    logic   used_up;
    chk = before_chk;
    chk.challenge_again = tcb.challenge_span == challenge_span(now_us);
    used_up = tcb.challenge_count[2] &&
        tcb.challenge_count[1:0] >= (tcb.iss[1:0] ^ tcb.challenge_span[1:0]);
    chk.may_challenge = !chk.challenge_again || !used_up;
    chk.empty = seg.payload_len == '0 && !seg.flags.fin;
    return chk;
  endfunction

  // Acknowledgement, window, urgent pointer and timestamps.
  function automatic check_t check_ack(check_t before_chk, tcb_t tcb, rx_seg_t seg,
                                       time_us_t now_us);
    // verilator no_inline_task
    check_t        chk;
    logic   [31:0] ts_age;
    seq_t          to_max;  // snd_max - ack
    chk = before_chk;
    chk.acked = seg.ack - tcb.snd_una;
    to_max = tcb.snd_max - seg.ack;
    chk.left = to_max;
    chk.ack_dup = seg.ack == tcb.snd_una;
    chk.ack_all = seg.ack == tcb.snd_max;
    chk.ack_new = is_beyond(seg.ack, tcb.snd_una) && not_behind(to_max);
    chk.ack_bad = !not_behind(to_max) || !not_behind(chk.acked + tcb.max_snd_wnd);
    chk.acks_fin = tcb.fin_queued && tcb.snd_end - seg.ack == '1;
    chk.ack_past_nxt = seq_lt(tcb.snd_nxt, seg.ack);
    chk.ack_recovers = seq_le(tcb.recover, seg.ack);
    chk.una_past_recover = seq_lt(tcb.recover, tcb.snd_una);
    chk.wnd_newer = seq_lt(tcb.snd_wl1, seg.seq) ||
        (tcb.snd_wl1 == seg.seq && seq_le(tcb.snd_wl2, seg.ack));
    chk.seg_wnd = seg.flags.syn ? wnd_t'(seg.wnd) : wnd_t'(seg.wnd) << tcb.snd_wscale;
    chk.urgent_done = seq_le(tcb.snd_up, seg.ack);
    chk.seg_up = seg.seq + seq_t'(seg.urg_ptr);
    chk.urgent_new = seg.flags.urg && seq_lt(tcb.rcv_up, chk.seg_up);
    chk.rtt_done = tcb.rtt_timing && seq_lt(tcb.rtt_seq, seg.ack);
    chk.rtt_us = 32'(now_us - tcb.rtt_start_us);
    ts_age = seg.opt.ts_val - tcb.ts_recent;
    chk.ts_missing = tcb.ts_ok && !seg.flags.rst && !seg.opt.ts_valid;
    chk.ts_old = tcb.ts_ok && !seg.flags.rst && ts_age[31];
    chk.ts_take = !ts_age[31] && seq_le(seg.seq, tcb.last_ack_sent);
    return chk;
  endfunction

  // Room to send, for EvSend.
  function automatic check_t check_send(check_t before_chk, tcb_t tcb, time_us_t now_us);
    // verilator no_inline_task
    check_t          chk;
    wnd_t            cwnd;
    wnd_t            to_end;  // snd_end - snd_nxt: -1 when the FIN is sent too
    logic     [16:0] limited;  // limited transmit (RFC 3042)
    time_us_t        idle_us;
    chk     = before_chk;
    limited = '0;
    if (!tcb.in_recovery && tcb.dupacks == 4'd1) limited = 17'(tcb.snd_mss);
    if (!tcb.in_recovery && tcb.dupacks == 4'd2) limited = 17'(tcb.snd_mss) << 1;
    cwnd           = tcb.cwnd + wnd_t'(limited);
    chk.limit      = cwnd < tcb.snd_wnd ? cwnd : tcb.snd_wnd;
    chk.in_flight  = tcb.snd_nxt - tcb.snd_una;
    to_end         = tcb.snd_end - tcb.snd_nxt;
    chk.fin_unsent = tcb.fin_queued && to_end != '1;
    chk.fin_out    = tcb.fin_queued && tcb.snd_end - tcb.snd_max == '1;
    chk.unsent     = to_end == '1 ? '0 : to_end;
    idle_us        = now_us - tcb.last_send_us;
    chk.idle_long  = idle_us > time_us_t'(tcb.rto_us);
    return chk;
  endfunction

  function automatic check_t check_command(check_t before_chk, cfg_t cfg, tcb_t tcb, cmd_t cmd);
    // verilator no_inline_task
    check_t chk;
    wnd_t   most;  // from snd_una on: a ring, and our SYN, which is not in it
    logic   fin_taken;  // the octet before rcv_nxt is the peer's FIN, which is not in the ring
    chk = before_chk;
    most = (wnd_t'(1) << cfg.tx_ring_log2) | wnd_t'(!chk.open);
    chk.send_fits = seq_le(tcb.snd_end, cmd.value) && (cmd.value - tcb.snd_una) <= most;
    fin_taken = tcb.fin_rcvd && tcb.fin_seq - tcb.rcv_nxt == '1;
    chk.read_past_up = seq_lt(tcb.rcv_up, cmd.value);
    chk.read_fits = seq_le(tcb.rcv_read, cmd.value) &&
        (seq_lt(cmd.value, tcb.rcv_nxt) || (cmd.value == tcb.rcv_nxt && !fin_taken));
    return chk;
  endfunction

  function automatic check_t check_timers(check_t before_chk, tcb_t tcb, time_us_t now_us);
    // verilator no_inline_task
    check_t chk;
    chk            = before_chk;
    chk.rtx_due    = tcb.rtx_mode != RtxOff && time_reached(now_us, tcb.rtx_deadline_us);
    chk.delack_due = tcb.delack_armed && time_reached(now_us, tcb.delack_deadline_us);
    chk.keep_due   = tcb.keep_armed && time_reached(now_us, tcb.keep_deadline_us);
    chk.user_due   = tcb.user_timeout_armed && time_reached(now_us, tcb.user_deadline_us);
    return chk;
  endfunction

  // An ICMP error: the octet that it is about, and the path MTU (RFC 1191).
  function automatic check_t check_icmp(check_t before_chk, cfg_t cfg, tcb_t tcb, rx_seg_t seg);
    // verilator no_inline_task
    check_t        chk;
    logic   [15:0] mtu;
    chk                = before_chk;
    chk.icmp_in_flight = seq_le(tcb.snd_una, seg.seq) && seq_lt(seg.seq, tcb.snd_max);
    mtu                = seg.icmp.mtu < cfg.min_pmtu ? cfg.min_pmtu : seg.icmp.mtu;
    if (mtu < 16'd68) mtu = 16'd68;  // no link has a smaller one (RFC 791 section 3.2)
    chk.path_mss     = mtu - (tcb.ts_ok ? 16'd52 : 16'd40);
    chk.path_shrinks = chk.path_mss < tcb.snd_mss;
    return chk;
  endfunction

  // How far the receive window could reach, after what the host has read with this very event.
  function automatic check_t check_window(check_t before_chk, cfg_t cfg, tcb_t tcb, logic reads,
                                          seq_t read_value);
    // verilator no_inline_task
    check_t chk;
    chk = before_chk;
    chk.edge_seq = (reads ? read_value : tcb.rcv_read) +
        (wnd_t'(1) << window_log2(cfg, tcb.rcv_wscale));
    chk.opened = chk.edge_seq - tcb.rcv_adv;
    return chk;
  endfunction

  // News of another eighth of the transmit ring: the host may have room for much more.
  function automatic logic ack_tells(cfg_t cfg, seq_t ack, seq_t una);
    logic tells;
    tells = 1'b0;
    for (int unsigned i = 0; i < 32; i++) begin
      if (i + 3 >= 32'(cfg.tx_ring_log2) && ack[i] != una[i]) tells = 1'b1;
    end
    return tells;
  endfunction

  function automatic check_t tcb_check(cfg_t cfg, tcb_t tcb, tcb_event_t ev, span_t span);
    // verilator no_inline_task
    check_t chk;
    logic   use_ts;
    logic   reads;
    chk = '0;
    chk.syn_sent = tcb.state == TcpSynSent;
    chk.syn_rcvd = tcb.state == TcpSynRcvd;
    chk.open = is_open(tcb.state);
    chk.finished = is_finished(tcb.state);
    chk.wants_text = tcb.state == TcpSynRcvd || can_receive(tcb.state);
    chk.unacked = tcb.snd_max - tcb.snd_una;
    reads = ev.kind == EvCommand && ev.cmd.op == CmdReceived;
    if (ev.kind inside {EvSegment, EvCommand, EvTimer, EvSend, EvIcmp})
      chk = check_window(chk, cfg, tcb, reads, ev.cmd.value);
    unique case (ev.kind)
      EvSegment: begin
        chk = check_ack(check_text(chk, tcb, ev.seg, span), tcb, ev.seg, ev.now_us);
        chk = check_challenge(chk, tcb, ev.seg, ev.now_us);
        chk.same_key = ev.seg.key == tcb.key;
        chk.ack_tells = chk.ack_all || ack_tells(cfg, ev.seg.ack, tcb.snd_una);
        use_ts = cfg.ts_enable && ev.seg.opt.ts_valid;
        if (ev.seg.flags.syn)
          chk.syn_mss = effective_mss(cfg, ev.seg.opt.mss_valid ? ev.seg.opt.mss : 16'd536, use_ts);
      end
      EvIcmp: begin
        chk          = check_icmp(chk, cfg, tcb, ev.seg);
        chk.same_key = ev.seg.key == tcb.key;
      end
      EvCommand: chk = check_command(chk, cfg, tcb, ev.cmd);
      EvTimer:   chk = check_timers(chk, tcb, ev.now_us);
      EvSend:    chk = check_send(chk, tcb, ev.now_us);
      default: ;
    endcase
    return chk;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
