// SPDX-License-Identifier: Apache-2.0
//
// Stage 3 of step when the host commands (RFC 9293 section 3.10.1 to 3.10.6) or a timer runs out
// (section 3.10.8, RFC 6298 section 5).

package toe_step_host_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;

  // Functions take whole messages and read what they need.
  // verilator lint_off UNUSEDSIGNAL

  function automatic mid_t update_command(mid_t mid_in, check_t chk, rule_t rule, cmd_t cmd);
    // verilator no_inline_task
    mid_t mid;
    mid = mid_in;
    if (rule.take_send) begin
      mid.tcb.snd_end = cmd.value;
      mid.tcb.push    = mid.tcb.push || cmd.flags[1];
      if (cmd.flags[0]) begin
        mid.tcb.snd_urgent = 1'b1;
        mid.tcb.snd_up     = cmd.value;
      end
    end
    if (rule.take_read) begin
      mid.tcb.rcv_read = cmd.value;
      if (chk.read_past_up) mid.tcb.rcv_up = cmd.value;  // follows, as recover does
      mid.host_read = 1'b1;
    end
    if (rule.queue_fin) mid.tcb.fin_queued = 1'b1;
    // Both queues must have let go of the connection before another may have its number.
    if (rule.release_conn) begin
      mid.tcb.in_use          = 1'b0;
      mid.tcb.release_pending = !rule.free;
    end
    if (rule.query) mid.tcb.notify.info = 1'b1;
    if (rule.set_opts) begin
      mid.tcb.opts               = cmd.opts;
      mid.tcb.user_timeout_us    = cmd.user_timeout_us;
      mid.tcb.user_timeout_armed = 1'b0;  // it counts from now
    end
    return mid;
  endfunction

  function automatic logic [31:0] back_off(cfg_t cfg, logic [31:0] rto_us);
    return rto_us >= (cfg.rto_max_us >> 1) ? cfg.rto_max_us : rto_us << 1;
  endfunction

  // RFC 6298 (5.4) to (5.7), RFC 5681 section 3.1, RFC 6582 section 4: back to snd_una, one
  // segment at a time.
  function automatic tcb_t retransmit_from_una(tcb_t tcb_in, check_t chk, rule_t rule);
    // verilator no_inline_task
    tcb_t tcb;
    tcb = tcb_in;
    if (tcb.retries == '0 && chk.open) tcb.ssthresh = rule.half_flight;
    tcb.cwnd        = wnd_t'(tcb.snd_mss);
    tcb.cwnd_acked  = '0;
    tcb.dupacks     = '0;
    tcb.in_recovery = 1'b0;
    tcb.rexmit_one  = 1'b0;
    tcb.recover     = tcb.snd_max;
    tcb.snd_nxt     = tcb.snd_una;
    return tcb;
  endfunction

  function automatic tcb_t update_timer(tcb_t tcb_in, cfg_t cfg, check_t chk, rule_t rule);
    // verilator no_inline_task
    tcb_t tcb;
    logic [3:0] again;
    tcb   = tcb_in;
    again = tcb.retries == '1 ? tcb.retries : tcb.retries + 4'd1;
    if (rule.retransmit) begin
      tcb = retransmit_from_una(tcb, chk, rule);
      if (again == cfg.r1_retries && again != tcb.retries) tcb.notify.retrying = 1'b1;
    end
    if (rule.back_off) tcb.rto_us = back_off(cfg, tcb.rto_us);
    if (rule.probe) tcb.probe_now = 1'b1;
    if (rule.try_again) tcb.retries = again;
    return tcb;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
