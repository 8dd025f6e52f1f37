// SPDX-License-Identifier: Apache-2.0
//
// What holds of every control block between two events: the induction hypothesis of the proofs of
// step.  Distances are unsigned and taken from one point, so that sizes compare as numbers.

package step_rules_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // point inside [base, base + size), which may wrap through zero.
  function automatic logic seq_in(seq_t point, seq_t base, wnd_t size);
    return (point - base) < size;
  endfunction

  // The registers' documented ranges; toe_top builds rings of 4 KiB to 1 MiB.
  function automatic logic cfg_ok(cfg_t cfg);
    return cfg.mtu >= 16'd576 && cfg.mtu <= 16'd9000 && cfg.min_pmtu >= 16'd68 &&
        cfg.min_mss >= 16'd64 &&
        cfg.min_mss <= 16'd536 && cfg.rx_ring_log2 >= 5'd12 && cfg.rx_ring_log2 <= 5'd20 &&
        cfg.tx_ring_log2 >= 5'd12 && cfg.tx_ring_log2 <= 5'd20;
  endfunction

  function automatic logic is_opening(tcp_state_e state);
    return state inside {TcpSynSent, TcpSynRcvd};
  endfunction

  function automatic logic state_ok(tcb_t tcb);
    return tcb.state <= TcpTimeWait && tcb.state != TcpListen &&
        (tcb.in_use || is_finished(tcb.state));
  endfunction

  // snd_una <= snd_nxt <= snd_max <= snd_end + FIN <= snd_una + ring + SYN + FIN.
  function automatic logic send_space_ok(cfg_t cfg, tcb_t tcb);
    wnd_t nxt, most, queued, ring;
    nxt    = tcb.snd_nxt - tcb.snd_una;
    most   = tcb.snd_max - tcb.snd_una;
    queued = tcb.snd_end - tcb.snd_una + wnd_t'(tcb.fin_queued);
    ring   = wnd_t'(1) << cfg.tx_ring_log2;
    return nxt <= most && most <= queued && queued <= ring + wnd_t'(!is_open(
        tcb.state
    )) + wnd_t'(tcb.fin_queued);
  endfunction

  // Before it is open only the SYN may have been sent.
  function automatic logic opening_ok(tcb_t tcb);
    return !is_opening(tcb.state) ||
        (tcb.snd_una == tcb.iss && tcb.snd_max - tcb.snd_una <= wnd_t'(1) &&
         tcb.snd_end - tcb.snd_una - wnd_t'(1) <= wnd_t'(1) << 20);
  endfunction

  // Which states have our FIN queued, and acknowledged.
  function automatic logic our_fin_ok(tcb_t tcb);
    logic acked;
    acked = tcb.snd_una == tcb.snd_end + seq_t'(1);
    unique case (tcb.state)
      TcpSynSent, TcpEstablished, TcpCloseWait: return !tcb.fin_queued;
      TcpFinWait1, TcpClosing, TcpLastAck:      return tcb.fin_queued && !acked;
      TcpFinWait2, TcpTimeWait:                 return tcb.fin_queued && acked;
      default:                                  return 1'b1;
    endcase
  endfunction

  function automatic logic wnd_ok(tcb_t tcb);
    return tcb.snd_wscale <= 4'd14 && tcb.snd_wnd <= tcb.max_snd_wnd &&
        tcb.max_snd_wnd < wnd_t'(1) << 30;
  endfunction

  // rcv_read <= rcv_nxt <= rcv_adv <= rcv_read + ring.
  function automatic logic receive_space_ok(cfg_t cfg, tcb_t tcb);
    return tcb.rcv_nxt - tcb.rcv_read <= tcb.rcv_adv - tcb.rcv_read &&
        tcb.rcv_adv - tcb.rcv_read <= wnd_t'(1) << cfg.rx_ring_log2;
  endfunction

  // A held interval: behind another in the list or the first, beyond rcv_nxt, inside the window.
  function automatic logic held_inside(tcb_t tcb, int i);
    wnd_t left, right;
    left  = tcb.ooo[i].left - tcb.rcv_nxt;
    right = tcb.ooo[i].right - tcb.rcv_nxt;
    if (!tcb.ooo_valid[i]) return 1'b1;
    if (i > 0 && !tcb.ooo_valid[i-1]) return 1'b0;
    if (tcb.fin_rcvd && right > tcb.fin_seq - tcb.rcv_nxt) return 1'b0;
    return left != '0 && left < right && right <= tcb.rcv_adv - tcb.rcv_nxt;
  endfunction

  // Neither in nor beside each other.
  function automatic logic held_apart(tcb_t tcb, int i, int j);
    return !tcb.ooo_valid[i] || !tcb.ooo_valid[j] ||
        tcb.ooo[i].right - tcb.rcv_nxt < tcb.ooo[j].left - tcb.rcv_nxt ||
        tcb.ooo[j].right - tcb.rcv_nxt < tcb.ooo[i].left - tcb.rcv_nxt;
  endfunction

  function automatic logic held_ok(tcb_t tcb);
    logic ok;
    ok = 1'b1;
    for (int i = 0; i < NumIntervals; i++) begin
      if (!held_inside(tcb, i)) ok = 1'b0;
      for (int j = 0; j < i; j++) if (!held_apart(tcb, i, j)) ok = 1'b0;
    end
    return ok;
  endfunction

  function automatic logic fin_taken(tcb_t tcb);
    return tcb.fin_rcvd && tcb.fin_seq + seq_t'(1) == tcb.rcv_nxt;
  endfunction

  // The peer's FIN is taken, or known and ahead with octets missing before it.
  function automatic logic peer_fin_ok(tcb_t tcb);
    logic ahead;
    ahead = tcb.fin_seq != tcb.rcv_nxt && tcb.fin_seq - tcb.rcv_nxt < tcb.rcv_adv - tcb.rcv_nxt;
    if (tcb.fin_rcvd && !fin_taken(tcb) && !ahead) return 1'b0;
    if (fin_taken(tcb) && (tcb.ooo_valid != '0 || tcb.rcv_nxt == tcb.rcv_read)) return 1'b0;
    unique case (tcb.state)
      TcpSynSent, TcpSynRcvd: return !tcb.fin_rcvd && tcb.ooo_valid == '0;
      TcpCloseWait, TcpClosing, TcpLastAck, TcpTimeWait: return fin_taken(tcb);
      TcpEstablished, TcpFinWait1, TcpFinWait2: return !fin_taken(tcb);
      default: return 1'b1;
    endcase
  endfunction

  function automatic logic timers_ok(tcb_t tcb);
    return !is_finished(tcb.state) ||
        (!tcb.delack_armed && tcb.unacked_segs == '0 && !tcb.keep_armed &&
         !tcb.user_timeout_armed && tcb.rtx_mode == RtxOff);
  endfunction

  function automatic logic holds(cfg_t cfg, tcb_t tcb);
    return state_ok(tcb) && send_space_ok(cfg, tcb) && opening_ok(tcb) && our_fin_ok(tcb) && wnd_ok(
        tcb) && receive_space_ok(cfg, tcb) && held_ok(tcb) && peer_fin_ok(tcb) && timers_ok(tcb);
  endfunction

  // ---- Sequence numbers as distances --------------------------------------------------------------
  // Any control block and any event can be said so: nothing is left out.  tools/formal_decide.py
  // takes the two bases out of sums.

  function automatic tcb_t tcb_at(tcb_t distances, seq_t rcv, seq_t snd);
    tcb_t tcb;
    tcb               = distances;
    tcb.iss           = snd + distances.iss;
    tcb.snd_una       = snd;
    tcb.snd_nxt       = snd + distances.snd_nxt;
    tcb.snd_max       = snd + distances.snd_max;
    tcb.snd_end       = snd + distances.snd_end;
    tcb.snd_up        = snd + distances.snd_up;
    tcb.snd_wl2       = snd + distances.snd_wl2;
    tcb.rtt_seq       = snd + distances.rtt_seq;
    tcb.recover       = snd + distances.recover;
    tcb.irs           = rcv + distances.irs;
    tcb.snd_wl1       = rcv + distances.snd_wl1;
    tcb.rcv_nxt       = rcv;
    tcb.rcv_read      = rcv + distances.rcv_read;
    tcb.rcv_adv       = rcv + distances.rcv_adv;
    tcb.rcv_up        = rcv + distances.rcv_up;
    tcb.last_ack_sent = rcv + distances.last_ack_sent;
    tcb.fin_seq       = rcv + distances.fin_seq;
    for (int i = 0; i < NumIntervals; i++) begin
      tcb.ooo[i].left  = rcv + distances.ooo[i].left;
      tcb.ooo[i].right = rcv + distances.ooo[i].right;
    end
    return tcb;
  endfunction

  function automatic tcb_event_t event_at(tcb_event_t distances, seq_t rcv, seq_t snd);
    tcb_event_t ev;
    ev           = distances;
    ev.seg.seq   = rcv + distances.seg.seq;
    ev.seg.ack   = snd + distances.seg.ack;
    ev.cmd.value = distances.cmd.value + (distances.cmd.op == CmdReceived ? rcv : snd);
    ev.open.iss  = snd + distances.open.iss;
    ev.open.irs  = rcv + distances.open.irs;
    return ev;
  endfunction

  // a - b is negative when, as signed numbers, a < b.
  function automatic logic sign_is_order(wnd_t a, wnd_t b);
    logic less;
    wnd_t distance;
    less     = signed'(a) < signed'(b);
    distance = a - b;
    return less == seq_lt(a, b) && less == distance[31];
  endfunction

  // The octet waits in held interval i; in any.
  function automatic logic holds_octet(tcb_t tcb, int i, seq_t octet);
    return tcb.ooo_valid[i] && seq_in(octet, tcb.ooo[i].left, tcb.ooo[i].right - tcb.ooo[i].left);
  endfunction

  function automatic logic is_held(tcb_t tcb, seq_t octet);
    logic held;
    held = 1'b0;
    for (int i = 0; i < NumIntervals; i++) if (holds_octet(tcb, i, octet)) held = 1'b1;
    return held;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
