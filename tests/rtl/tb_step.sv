// SPDX-License-Identifier: Apache-2.0
//
// The step function with ports, so that tests in C can call it.  Combinational.

module tb_step
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_step_types_pkg::*;
(
    input  cfg_t        cfg_i,
    input  tcb_t        tcb_i,
    input  tcb_event_t  ev_i,
    output tcb_t        after_o,
    output tcb_action_t action_o
);

  result_t result;
  assign result   = toe_step_pkg::step(cfg_i, tcb_i, ev_i);
  assign after_o  = result.after;
  assign action_o = result.action;

endmodule
