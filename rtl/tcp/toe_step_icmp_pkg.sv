// SPDX-License-Identifier: Apache-2.0
//
// Stage 3 of step when an ICMP error arrives (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191).

package toe_step_icmp_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_step_types_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  // Segments get smaller, and everything from snd_una on is sent again, one segment at first (RFC
  // 1191 section 6.4, 6.5): no sign of congestion, so neither ssthresh nor the timeout changes.
  function automatic tcb_t take_path_mtu(tcb_t tcb_in, check_t chk);
    // verilator no_inline_task
    tcb_t tcb;
    tcb             = tcb_in;
    tcb.snd_mss     = chk.path_mss;
    tcb.cwnd        = wnd_t'(chk.path_mss);
    tcb.cwnd_acked  = '0;
    tcb.dupacks     = '0;
    tcb.in_recovery = 1'b0;
    tcb.rexmit_one  = 1'b0;
    tcb.recover     = tcb.snd_max;
    tcb.snd_nxt     = tcb.snd_una;
    return tcb;
  endfunction

  function automatic tcb_t update_icmp(tcb_t tcb_in, check_t chk, rule_t rule, rx_seg_t seg);
    // verilator no_inline_task
    tcb_t tcb;
    tcb = tcb_in;
    if (rule.shrink_path) tcb = take_path_mtu(tcb, chk);
    if (rule.note_icmp) begin
      tcb.icmp_kind         = seg.icmp.kind;
      tcb.icmp_code         = seg.icmp.code;
      tcb.notify.icmp_error = 1'b1;
    end
    return tcb;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
