// SPDX-License-Identifier: Apache-2.0
//
// toe_rst_limit lets no span have twice its fewest RSTs, every span have its fewest, and changes its
// mind about none that is being looked at.
//
// formal: four params=LeastLog2=2 depth=2 cover=24

module toe_rst_limit_proof
  import toe_pkg::*;
#(
    parameter int unsigned LeastLog2 = 2
) (
    input logic        clk_i,
    input logic        rst_i,
    input logic [ 7:0] span_i,
    input logic        salt_valid_i,
    input logic [15:0] salt_i,
    input logic        valid_i,       // a segment of no connection waits
    input logic        ready_i        // and goes
);

  localparam int unsigned Least = 1 << LeastLog2;

  logic muted, spend;
  assign spend = valid_i && ready_i && !muted;

  toe_rst_limit #(
      .LeastLog2(LeastLog2)
  ) u_dut (
      .clk_i,
      .rst_i,
      .now_us_i(40'({span_i, 14'd0})),
      .salt_valid_i,
      .salt_i,
      .spend_i (spend),
      .hold_i  (valid_i),
      .muted_o (muted)
  );

  logic started_q, waited_q, muted_q;
  initial started_q = 1'b0;

  logic [7:0] span_q;
  int unsigned spent_q;  // since the block has seen another span

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    waited_q  <= valid_i && !ready_i && !rst_i;
    muted_q   <= muted;
    span_q    <= u_dut.span_q;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (started_q && waited_q) StreamKept : assume (valid_i || rst_i);
    if (rst_i || (!valid_i && span_i != u_dut.span_q)) spent_q <= '0;
    else if (spend) spent_q <= spent_q + 1;

    if (started_q && !rst_i) begin
      AtMostTwice : assert (spent_q + 32'(u_dut.left_q) < 2 * Least);
      AtLeastTheFewest : assert (spent_q + 32'(u_dut.left_q) >= Least);
      MutedAfterThem : assert (!muted || spent_q >= Least);
      if (waited_q) MindKept : assert (muted == muted_q);
      if (u_dut.span_q == span_q && spent_q == Least) UsedUp : cover (muted);
      OneMore : cover (spent_q == 2 * Least - 1);
    end
  end

endmodule
