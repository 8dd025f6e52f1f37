// SPDX-License-Identifier: Apache-2.0
//
// Valid/ready rules for one stream: an item once offered stays offered, unchanged, until it is taken.
//
// For simulation and proof; it drives nothing.  Instantiate or bind it beside a stream, with the
// whole item on data_i.  Assume turns the rule into a constraint on an input, for the proof of the
// block behind it.

module toe_stream_check #(
    parameter int unsigned Width  = 1,
    parameter bit          Assume = 1'b0
) (
    input logic             clk_i,
    input logic             rst_i,
    input logic             valid_i,
    input logic             ready_i,
    input logic [Width-1:0] data_i
);

  logic             stalled_q;  // the last cycle offered an item that was not taken
  logic [Width-1:0] data_q;

  // Proofs begin without a reset; there is nothing to hold then.
  initial stalled_q = 1'b0;

  always_ff @(posedge clk_i) begin
    stalled_q <= !rst_i && valid_i && !ready_i;
    if (valid_i) data_q <= data_i;
  end

  logic held;
  assign held = !stalled_q || (valid_i && data_i == data_q);

  if (Assume) begin : gen_assume
    always_ff @(posedge clk_i) begin
      if (!rst_i) StreamHeld : assume (held);
    end
  end else begin : gen_assert
    always_ff @(posedge clk_i) begin
      if (!rst_i) StreamHeld : assert (held);
    end
  end

  // The rule is exercised: an item waits, then goes.
  always_ff @(posedge clk_i) begin
    if (!rst_i) StreamStalls : cover (stalled_q && valid_i && ready_i);
  end

endmodule
