// SPDX-License-Identifier: Apache-2.0
//
// Control blocks in block RAM, and the pipeline that carries one event through read, step, write.
//
// One event a cycle, never stalled; the results of an event appear WriteStage - 1 cycles after
// ev_valid_i and are written to the RAM in that cycle.  The arbiter keeps events of one connection
// apart as toe_tcb_pkg::age_conflicts says.  A connection that was never opened, or freed, or out of
// range, reads as all zeros, and is not written when out of range.  Clear every connection once after
// reset, before the first event: that writes the zeros.
//
// ev_i may hold more than its kind has (toe_event_arb).  trace_o shows an event one cycle after its
// results; tcb_before is the control block as read, all zeros for an event that opens it.
//
// To add a stage: its register, and WriteStage of toe_tcb_pkg; valid_q and the arbiter follow.

module toe_tcb_pipe
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_step_types_pkg::*;
  import toe_tcb_pkg::*;
#(
    parameter int unsigned NumConns = 1024,  // power of two
    parameter bit Trace = 1'b1,  // 0: the trace port is tied to zero
    localparam int unsigned ConnWidth = $clog2(NumConns)
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t cfg_i,

    // Start: one connection a cycle cleared.
    input logic                 clear_valid_i,
    input logic [ConnWidth-1:0] clear_conn_i,

    // From the event arbiter.
    input logic       ev_valid_i,
    input tcb_event_t ev_i,
    input logic       ev_forward_i, // one of the same connection was granted ForwardAge cycles ago

    output logic busy_o,  // an event is inside, or on the trace port

    // A cycle before the results: the connection asks for a turn to send.
    output logic     out_enqueue_send_o,
    output conn_id_t out_enqueue_conn_o,

    // Results.
    output logic               out_valid_o,
    output logic               out_write_o,      // the event writes the TCB of out_conn_o
    output tcb_event_e         out_kind_o,
    output conn_id_t           out_conn_o,
    output logic               out_opens_o,      // the event opened the connection
    output flow_key_t          out_key_o,
    output logic        [31:0] out_flow_hash_o,
    output tcb_action_t        out_action_o,

    output logic   trace_valid_o,
    output trace_t trace_o
);

  typedef logic [ConnWidth-1:0] conn_t;

  function automatic logic in_range(conn_id_t conn);
    return 32'(conn) < NumConns;
  endfunction

  // The event writes a control block.
  function automatic logic writes(tcb_event_e kind, conn_id_t conn);
    return uses_tcb(kind) && in_range(conn);
  endfunction

  // Stage k holds the event granted k - 1 cycles ago.
  logic [WriteStage:1] valid_q;
  tcb_event_t ev_q2, ev_q3, ev_q4, ev_q5, ev_q6, ev_q7;
  tcb_event_e kind_q8;
  conn_id_t conn_q8;
  logic opens_q8;

  assign valid_q[1] = ev_valid_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) valid_q[WriteStage:2] <= '0;
    else valid_q[WriteStage:2] <= valid_q[WriteStage-1:1];
  end

  // ---- Stage 1: read -----------------------------------------------------------------------

  logic write_q8;
  tcb_t    ram_tcb;
  // An array of one: everything leads back to it in the end, so a simulator must delay it, and it
  // copies an array only when it is written, but 3,000 bits at every clock.
  result_t result_q8[1];
  // verilator lint_off UNUSEDSIGNAL  // Trace = 0
  tcb_t after_q8;  // for the trace: the control block as step leaves it, freed or not
  // verilator lint_on UNUSEDSIGNAL

  toe_ram #(
      .Width($bits(tcb_t)),
      .Depth(NumConns),
      .Collides(1'b0)
  ) u_tcb_ram (
      .clk_i,
      .wr_en_i  (clear_valid_i || write_q8),
      .wr_addr_i(clear_valid_i ? clear_conn_i : conn_t'(conn_q8)),
      .wr_data_i(result_q8[0].after),
      .rd_en_i  (ev_valid_i),
      .rd_addr_i(conn_t'(ev_i.conn)),
      .rd_data_o(ram_tcb)
  );

  // These choose among 3,000 bits, and so come from a register.
  logic none_q2, forward_q2;

  always_ff @(posedge clk_i) begin
    if (rst_i) none_q2 <= 1'b0;
    else none_q2 <= ev_valid_i && !writes(ev_i.kind, ev_i.conn);
  end

  always_ff @(posedge clk_i) begin
    if (ev_valid_i) begin
      ev_q2      <= ev_i;
      forward_q2 <= ev_forward_i && valid_q[7] && writes(ev_q7.kind, ev_q7.conn);
    end
  end

  // ---- Stage 2: RAM output or what is being written ----------------------------------------

  tcb_event_t own_ev;
  tcb_t found, tcb_q3;
  span_t span_q3;
  assign own_ev = only_own(ev_q2);
  assign found  = forward_q2 ? result_q8[0].after : ram_tcb;

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      ev_q3   <= own_ev;
      tcb_q3  <= toe_step_pkg::tcb_load(cfg_i, found, ev_q2);
      span_q3 <= toe_step_check_pkg::tcb_span(ev_q2);
    end
    if (none_q2) tcb_q3 <= '0;
  end

  // ---- Stages 3 to 7: the step -------------------------------------------------------------

  tcb_t tcb_q4, tcb_q5;
  check_t check_q4, check_q5;
  rule_t rule_q5;
  mid_t  mid_q6;
  plan_t plan_q7;

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      ev_q4    <= ev_q3;
      tcb_q4   <= tcb_q3;
      check_q4 <= toe_step_check_pkg::tcb_check(cfg_i, tcb_q3, ev_q3, span_q3);
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[4]) begin
      ev_q5    <= ev_q4;
      tcb_q5   <= tcb_q4;
      check_q5 <= check_q4;
      rule_q5  <= toe_step_rule_pkg::tcb_rule(cfg_i, tcb_q4, ev_q4, check_q4);
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[5]) begin
      ev_q6  <= ev_q5;
      mid_q6 <= toe_step_pkg::tcb_update(cfg_i, tcb_q5, ev_q5, check_q5, rule_q5);
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[6]) begin
      ev_q7   <= ev_q6;
      plan_q7 <= toe_step_pkg::tcb_plan(cfg_i, ev_q6, mid_q6);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) write_q8 <= 1'b0;
    else write_q8 <= valid_q[7] && writes(ev_q7.kind, ev_q7.conn);
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[7]) begin : step_ends
      automatic result_t result = toe_step_output_pkg::tcb_output(cfg_i, ev_q7, plan_q7);
      kind_q8 <= ev_q7.kind;
      conn_q8 <= ev_q7.conn;
      opens_q8 <= ev_q7.open_valid;
      result_q8[0] <= result;
      after_q8 <= result.after;
    end
    // Zeros for the connections that are cleared, and for one that is freed.
    if (rst_i || (valid_q[7] && plan_q7.free)) result_q8[0].after <= '0;
  end

  // The send queue takes a cycle to show what enters it, so that the turn is granted when the results
  // can be read again.
  assign out_enqueue_send_o = valid_q[7] && toe_step_output_pkg::enqueues_send(plan_q7);
  assign out_enqueue_conn_o = ev_q7.conn;

  // ---- Stage 8: write ----------------------------------------------------------------------

  assign busy_o             = valid_q != '0 || trace_valid_o;
  assign out_valid_o        = valid_q[8];
  assign out_write_o        = write_q8;
  assign out_kind_o         = kind_q8;
  assign out_conn_o         = conn_q8;
  assign out_opens_o        = opens_q8;
  assign out_key_o          = result_q8[0].after.key;
  assign out_flow_hash_o    = result_q8[0].after.flow_hash;
  assign out_action_o       = result_q8[0].action;

  // ---- For the trace -----------------------------------------------------------------------

  if (Trace) begin : gen_trace
    tcb_event_t ev_q8;
    tcb_t before_q3, before_q4, before_q5, before_q6, before_q7, before_q8;

    always_ff @(posedge clk_i) begin
      // Last stage first: then a simulator needs no copies of what it still has to read.
      if (valid_q[7]) before_q8 <= before_q7;
      if (valid_q[6]) before_q7 <= before_q6;
      if (valid_q[5]) before_q6 <= before_q5;
      if (valid_q[4]) before_q5 <= before_q4;
      if (valid_q[3]) before_q4 <= before_q3;
      if (valid_q[2]) before_q3 <= none_q2 || ev_q2.open_valid ? '0 : found;
      if (valid_q[7]) ev_q8 <= ev_q7;
    end

    always_ff @(posedge clk_i) begin
      if (rst_i) trace_valid_o <= 1'b0;
      else trace_valid_o <= valid_q[8];
    end

    always_ff @(posedge clk_i) begin
      if (valid_q[8]) begin
        trace_o.ev         <= ev_q8;
        trace_o.tcb_before <= before_q8;
        trace_o.tcb_after  <= after_q8;
        trace_o.action     <= result_q8[0].action;
      end
    end
  end else begin : gen_no_trace
    assign trace_valid_o = 1'b0;
    assign trace_o       = '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i && ev_valid_i && uses_tcb(ev_i.kind) && !ev_i.open_valid && write_q8)
      NoCollision : assert (conn_t'(ev_i.conn) != conn_t'(conn_q8));
    if (!rst_i && valid_q[2] && !none_q2 && !ev_q2.open_valid)
      ForwardIsWritten :
      assert (forward_q2 == (write_q8 && conn_t'(conn_q8) == conn_t'(ev_q2.conn)));
    if (!rst_i) StagesAsDeclared : assert (WriteStage == 8);
    if (!rst_i && valid_q[8])
      OnlyOwnTcb : assert (result_q8[0].action.tcb_write == uses_tcb(kind_q8));
  end

endmodule
