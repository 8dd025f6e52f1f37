// SPDX-License-Identifier: Apache-2.0
//
// Stage 2 of step when an ICMP error arrives (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191).

package toe_step_icmp_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_segment_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // No such protocol or port at the other end (RFC 1122 section 4.2.3.9).
  function automatic logic is_hard(icmp_error_t icmp);
    return icmp.kind == IcmpUnreachable && icmp.code inside {4'd2, 4'd3};
  endfunction

  function automatic logic is_too_big(icmp_error_t icmp);
    return icmp.kind == IcmpUnreachable && icmp.code == 4'd4;
  endfunction

  // Segments get smaller, and everything from snd_una on is sent again, one segment at first (RFC
  // 1191 section 6.4, 6.5): no sign of congestion, so neither ssthresh nor the timeout changes.
  function automatic mid_t take_path_mtu(mid_t mid_in, check_t chk);
    // verilator no_inline_task
    mid_t mid;
    mid                 = mid_in;
    mid.tcb.snd_mss     = chk.path_mss;
    mid.tcb.cwnd        = wnd_t'(chk.path_mss);
    mid.tcb.cwnd_acked  = '0;
    mid.tcb.dupacks     = '0;
    mid.tcb.in_recovery = 1'b0;
    mid.tcb.rexmit_one  = 1'b0;
    mid.tcb.recover     = mid.tcb.snd_max;
    mid.tcb.snd_nxt     = mid.tcb.snd_una;
    if (mid.tcb.rtx_mode == RtxRetransmit) mid.rtx = RtxRestart;
    mid.poke = 1'b1;
    return mid;
  endfunction

  function automatic mid_t update_icmp(mid_t mid_in, check_t chk, rx_seg_t seg);
    // verilator no_inline_task
    mid_t       mid;
    fsm_event_t ev;
    mid = mid_in;
    if (!chk.same_key || is_finished(mid.tcb.state)) return refuse(mid, TxNone, DropIcmpNoConn);
    if (!chk.icmp_in_flight) return refuse(mid, TxNone, DropIcmpSeq);
    if (is_too_big(seg.icmp) && is_open(mid.tcb.state)) begin
      if (chk.path_shrinks) mid = take_path_mtu(mid, chk);
      return mid;
    end
    mid.tcb.icmp_kind         = seg.icmp.kind;
    mid.tcb.icmp_code         = seg.icmp.code;
    mid.tcb.notify.icmp_error = 1'b1;
    // Whoever has the peer's SYN knows better than a router (RFC 5927 section 5.2).
    if (is_hard(seg.icmp) && mid.tcb.state == TcpSynSent) begin
      ev             = '0;
      ev.kill        = 1'b1;
      mid.tcb.state  = fsm_next(mid.tcb.state, ev);
      mid.tcb.reason = ReasonUnreachable;
    end
    return mid;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
