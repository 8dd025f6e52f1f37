// SPDX-License-Identifier: Apache-2.0
//
// Stages 3 and 4 of step when the send scheduler grants a turn: which one segment goes out.
//
// In order of preference: a SYN; the segment that fast retransmit asks for; what the windows,
// Nagle and silly-window avoidance allow from snd_nxt on; a probe.  Nothing is a fine answer too.

package toe_step_send_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import toe_step_segment_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  function automatic mid_t update_send(mid_t mid_in, check_t chk, rule_t rule);
    // verilator no_inline_task
    mid_t mid;
    wnd_t restart;
    mid = mid_in;
    mid.tcb.send_queued = 1'b0;
    mid.usable = chk.limit > chk.in_flight ? chk.limit - chk.in_flight : '0;
    mid.unsent = chk.unsent;
    mid.fin_unsent = chk.fin_unsent;
    mid.in_flight = chk.in_flight != '0;
    mid.repeats = mid.tcb.snd_nxt != mid.tcb.snd_max;
    mid.go_syn = (chk.syn_sent || chk.syn_rcvd) && mid.tcb.snd_nxt == mid.tcb.iss;
    mid.go_rexmit = mid.tcb.rexmit_one && chk.open && chk.unacked != '0;
    mid.rexmit_fin = chk.fin_out;
    mid.rexmit_len = chk.unacked - wnd_t'(chk.fin_out);

    restart = initial_window(mid.tcb.snd_mss, 1'b0);
    if (rule.restart && restart < mid.tcb.cwnd) mid.tcb.cwnd = restart;
    return mid;
  endfunction

  // What goes out from snd_nxt on.  D, U and Fs are those of RFC 9293 section 3.8.6.2.1: data
  // waiting, window left, and one half.
  function automatic plan_t plan_send(plan_t plan_in, mid_t mid);
    // verilator no_inline_task
    plan_t plan;
    tcb_t  tcb;
    wnd_t mss, half;
    logic full, all, big, calm;
    logic waits;
    plan = plan_in;
    tcb = mid.tcb;
    mss = wnd_t'(tcb.snd_mss);
    half = tcb.max_snd_wnd >> 1;
    waits = is_open(tcb.state) && (mid.unsent != '0 || mid.fin_unsent);
    full = mid.unsent >= mss && mid.usable >= mss;
    all = mid.unsent <= mss && mid.unsent <= mid.usable;
    big = mid.unsent >= half && mid.usable >= half && mss >= half && half != '0;
    calm = !mid.in_flight || tcb.opts.nodelay;  // Nagle lets a small segment go
    plan.len = full ? tcb.snd_mss : 16'(mid.unsent <= mid.usable ? mid.unsent : mid.usable);
    plan.fin = mid.fin_unsent && all && mid.usable > mid.unsent;

    plan.go = 1'b0;
    if (waits && mid.usable != '0) begin
      if (full || (big && calm)) plan.go = 1'b1;
      if (mid.repeats && (all || !mid.in_flight)) plan.go = 1'b1;
      // The rest of what is queued.  A FIN behind it makes it the last: nothing to wait for.
      if (all && (mid.fin_unsent || (calm && (!tcb.opts.cork || tcb.push)))) plan.go = 1'b1;
    end
    if (!plan.go && waits && tcb.probe_now) begin
      // The window is closed or too small for too long.
      plan.go        = 1'b1;
      plan.wnd_probe = mid.usable == '0;
      if (plan.wnd_probe) plan.len = mid.unsent != '0 ? 16'd1 : 16'd0;
      if (plan.wnd_probe) plan.fin = mid.unsent == '0;
    end
    plan.stuck   = waits && !plan.go && !mid.in_flight;
    plan.last    = all && !plan.wnd_probe;
    plan.more    = plan.go && mid.unsent > mss && mid.usable > mss;
    plan.repeats = mid.repeats && plan.go;

    if (mid.go_rexmit) begin
      plan.go         = 1'b1;
      plan.rexmit_one = 1'b1;
      plan.wnd_probe  = 1'b0;
      plan.len        = mid.rexmit_len > mss ? tcb.snd_mss : 16'(mid.rexmit_len);
      plan.fin        = mid.rexmit_fin && mid.rexmit_len <= mss;
      plan.last       = plan.fin;
      plan.more       = waits;
      plan.stuck      = 1'b0;
      plan.repeats    = 1'b1;
    end else if (!plan.go && !waits && tcb.probe_now && is_open(tcb.state)) begin
      plan.go         = 1'b1;
      plan.keep_probe = 1'b1;
      plan.len        = '0;
      plan.fin        = 1'b0;
    end
    if (mid.go_syn) begin
      plan.go      = 1'b1;
      plan.syn     = 1'b1;
      plan.len     = '0;
      plan.fin     = 1'b0;
      plan.last    = 1'b0;  // what is queued waits, and so does its push
      plan.repeats = mid.repeats;
    end
    plan.tcb.rexmit_one = 1'b0;
    plan.tcb.probe_now  = 1'b0;
    return plan;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
