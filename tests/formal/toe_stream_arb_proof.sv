// SPDX-License-Identifier: Apache-2.0
//
// toe_stream_arb grants one input at a time, offers what that input offers and keeps offering it,
// and lets no input wait for more than NumInputs - 1 items of the others.
//
// formal: two   params=NumInputs=2 depth=2 cover=10
// formal: three params=NumInputs=3 depth=2 cover=10
// formal: five  params=NumInputs=5 depth=2 cover=12

module toe_stream_arb_proof #(
    parameter int unsigned NumInputs = 3,
    parameter int unsigned Width = 2
) (
    input logic                            clk_i,
    input logic                            rst_i,
    input logic [NumInputs-1:0]            valid_i,
    input logic [NumInputs-1:0][Width-1:0] data_i,
    input logic                            ready_i
);

  logic [NumInputs-1:0] ready;
  logic valid;
  logic [Width-1:0] data;

  toe_stream_arb #(
      .Width(Width),
      .NumInputs(NumInputs)
  ) u_dut (
      .clk_i,
      .rst_i,
      .valid_i,
      .ready_o(ready),
      .data_i,
      .valid_o(valid),
      .ready_i,
      .data_o (data)
  );

  logic started_q;
  initial started_q = 1'b0;

  logic [NumInputs-1:0] offered_q;  // in the last cycle, and not taken
  logic [NumInputs-1:0][Width-1:0] offer_q;

  // Inputs keep the rule of a stream, and so does the output.
  for (genvar i = 0; i < NumInputs; i++) begin : gen_in_check
    toe_stream_check #(
        .Width (Width),
        .Assume(1'b1)
    ) u_in_check (
        .clk_i,
        .rst_i,
        .valid_i(valid_i[i]),
        .ready_i(ready[i]),
        .data_i (data_i[i])
    );
    assign offered_q[i] = u_in_check.stalled_q;
    assign offer_q[i]   = u_in_check.data_q;
  end

  toe_stream_check #(
      .Width(Width)
  ) u_out_check (
      .clk_i,
      .rst_i,
      .valid_i(valid),
      .ready_i,
      .data_i (data)
  );

  // Inputs from one to another in the order of service: 1 for the next, NumInputs for itself.
  function automatic int unsigned distance(int unsigned from, int unsigned to);
    return to > from ? to - from : to + NumInputs - from;
  endfunction

  int unsigned waits_q[NumInputs];  // items of others since this input began to offer its item

  logic turn, held_turn, held_valid;
  always_comb begin
    turn       = 1'b1;
    held_turn  = 1'b1;
    held_valid = !u_dut.locked_q;
    for (int unsigned i = 0; i < NumInputs; i++) begin
      if (waits_q[i] + distance(32'(u_dut.last_q), i) > NumInputs) turn = 1'b0;
      // An item that holds the grant was chosen in turn, unless nobody else offered one then.
      if (u_dut.locked_q && waits_q[i] != 0 && distance(
              32'(u_dut.last_q), 32'(u_dut.held_q)
          ) > distance(
              32'(u_dut.last_q), i
          ))
        held_turn = 1'b0;
      if (32'(u_dut.held_q) == i && offered_q[i] && offer_q[i] == u_out_check.data_q)
        held_valid = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    for (int unsigned i = 0; i < NumInputs; i++) begin
      if (rst_i || !valid_i[i] || ready[i]) waits_q[i] <= 0;
      else if (valid && ready_i) waits_q[i] <= waits_q[i] + 1;
    end
  end

  logic passes, bounded, waited_long;
  always_comb begin
    passes      = !(valid && ready_i);
    bounded     = 1'b1;
    waited_long = 1'b0;
    for (int unsigned i = 0; i < NumInputs; i++) begin
      if (valid_i[i] && ready[i] && data_i[i] == data) passes = 1'b1;
      if (waits_q[i] > NumInputs - 1) bounded = 1'b0;
      if (waits_q[i] == NumInputs - 1 && valid_i[i] && ready[i]) waited_long = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      OneGrant : assert ($onehot0(ready) && (ready == '0 || ready_i));
      PassesItsItem : assert (passes && valid == (valid_i != '0));
      NobodyStarves : assert (bounded);
      // What induction needs to know of the inside.
      InTurn : assert (turn);
      HeldInTurn : assert (held_turn);
      HeldIsOffered : assert (held_valid);
      IndexInRange : assert (32'(u_dut.last_q) < NumInputs);
      CheckAgrees : assert (u_out_check.stalled_q == u_dut.locked_q);

      WaitsForAll : cover (waited_long);
      LateInputWaits :
      cover (u_dut.locked_q && valid_i[1] && 32'(u_dut.held_q) == 0 && 32'(u_dut.last_q) == 0);
    end
  end

endmodule
