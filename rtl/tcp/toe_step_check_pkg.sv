// SPDX-License-Identifier: Apache-2.0
//
// Stage 1 of step: every wide comparison, all in parallel, at most two carry chains deep.
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
    logic [15:0] mss;
    mss = peer_mss < cfg.min_mss ? cfg.min_mss : peer_mss;
    if (mss > own_mss(cfg)) mss = own_mss(cfg);
    return ts_ok ? mss - 16'd12 : mss;
  endfunction

  // size as a distance that is not behind: not negative as a signed number.
  function automatic logic not_behind(seq_t distance);
    return !distance[31];
  endfunction

  function automatic logic is_ahead(seq_t distance);
    return !distance[31] && distance != '0;
  endfunction

  // Octets of sequence space that a segment takes.
  function automatic logic [16:0] segment_len(rx_seg_t seg);
    return 17'(seg.payload_len) + 17'(seg.flags.syn) + 17'(seg.flags.fin);
  endfunction

  // Half of what is in flight, at least two segments (RFC 5681 equation 4).  For duplicate ACKs
  // without what limited transmit has sent (section 3.2 step 2), which is all beyond cwnd.
  function automatic wnd_t half_flight(tcb_t tcb, logic dupacks);
    wnd_t flight, least;
    flight = tcb.snd_max - tcb.snd_una;
    least  = wnd_t'(tcb.snd_mss) << 1;
    if (dupacks && flight > tcb.cwnd) return (tcb.cwnd >> 1) < least ? least : tcb.cwnd >> 1;
    return (flight >> 1) < least ? least : flight >> 1;
  endfunction

  // Acceptability, what the window leaves of the payload, and which held intervals it meets.
  function automatic check_t check_text(check_t before_chk, tcb_t tcb, rx_seg_t seg);
    // verilator no_inline_task
    check_t        chk;
    logic   [16:0] seg_len;
    seq_t          from_nxt;  // seq - rcv_nxt
    seq_t          to_adv;  // window's right edge - seq
    seq_t          edge_seq;  // where payload must end
    seq_t          to_edge;
    seq_t          text_end;
    logic          ends_beyond;
    chk               = before_chk;
    seg_len           = segment_len(seg);
    from_nxt          = seg.seq - tcb.rcv_nxt;
    to_adv            = tcb.rcv_adv - seg.seq;
    edge_seq          = tcb.fin_rcvd ? tcb.fin_seq : tcb.rcv_adv;
    to_edge           = edge_seq - seg.seq;
    text_end          = seg.seq + seq_t'(seg.payload_len);

    chk.seq_exact     = seg.seq == tcb.rcv_nxt;
    chk.syn_again     = seg.seq == tcb.irs;
    chk.window_closed = tcb.rcv_adv == tcb.rcv_nxt;
    chk.seq_in_wnd    = not_behind(from_nxt) && is_ahead(to_adv);
    if (seg_len == '0) begin
      chk.acceptable = chk.window_closed ? chk.seq_exact : chk.seq_in_wnd;
    end else begin
      chk.acceptable = !chk.window_closed &&
          (chk.seq_in_wnd ||
           (is_ahead(from_nxt + seq_t'(seg_len)) && not_behind(to_adv - seq_t'(seg_len))));
    end

    chk.ahead = is_ahead(from_nxt);
    chk.cut = !not_behind(to_edge - seq_t'(seg.payload_len));
    chk.text_left = chk.ahead ? seg.seq : tcb.rcv_nxt;
    chk.text_right = chk.cut ? edge_seq : text_end;
    chk.skip = chk.ahead ? '0 : 16'(-from_nxt);
    chk.has_text = seg.payload_len != '0 && is_ahead(to_edge) &&
        is_ahead(from_nxt + seq_t'(seg.payload_len));
    // FIN takes the octet behind the payload: it fits when that is still inside the window, and
    // when no octet beyond it has been received.
    chk.fin_fits = seg.flags.fin && is_ahead(to_adv - seq_t'(seg.payload_len));
    chk.fin_seq = text_end;

    for (int i = 0; i < NumIntervals; i++) begin
      ends_beyond = tcb.ooo_valid[i] && seq_lt(text_end, tcb.ooo[i].right);
      chk.touches[i] = tcb.ooo_valid[i] && seq_le(tcb.ooo[i].left, text_end) &&
          seq_le(seg.seq, tcb.ooo[i].right);
      chk.goes_further[i] = chk.touches[i] && ends_beyond;
      chk.starts_before[i] = chk.touches[i] && seq_lt(tcb.ooo[i].left, seg.seq);
      if (ends_beyond) chk.fin_fits = 1'b0;
    end
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
    chk.half_flight = half_flight(tcb, 1'b1);
    chk.ack_dup = seg.ack == tcb.snd_una;
    chk.ack_all = seg.ack == tcb.snd_max;
    chk.ack_new = is_ahead(chk.acked) && not_behind(to_max);
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
    chk.ts_old = ts_age[31];
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
    chk.unacked    = tcb.snd_max - tcb.snd_una;
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
    most = (wnd_t'(1) << cfg.tx_ring_log2) | wnd_t'(!is_open(tcb.state));
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
    chk             = before_chk;
    chk.half_flight = half_flight(tcb, 1'b0);
    chk.rtx_due     = tcb.rtx_mode != RtxOff && time_reached(now_us, tcb.rtx_deadline_us);
    chk.delack_due  = tcb.delack_armed && time_reached(now_us, tcb.delack_deadline_us);
    chk.keep_due    = tcb.keep_armed && time_reached(now_us, tcb.keep_deadline_us);
    chk.user_due    = tcb.user_timeout_armed && time_reached(now_us, tcb.user_deadline_us);
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

  function automatic check_t tcb_check(cfg_t cfg, tcb_t tcb, tcb_event_t ev);
    // verilator no_inline_task
    check_t chk;
    logic   use_ts;
    logic   reads;
    chk   = '0;
    reads = ev.kind == EvCommand && ev.cmd.op == CmdReceived;
    if (ev.kind inside {EvSegment, EvCommand, EvTimer, EvSend, EvIcmp})
      chk = check_window(chk, cfg, tcb, reads, ev.cmd.value);
    unique case (ev.kind)
      EvSegment: begin
        chk = check_ack(check_text(chk, tcb, ev.seg), tcb, ev.seg, ev.now_us);
        chk.same_key = ev.seg.key == tcb.key;
        chk.ack_tells = chk.ack_all ||
            ((ev.seg.ack ^ tcb.snd_una) >> (cfg.tx_ring_log2 - 5'd3)) != '0;
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
