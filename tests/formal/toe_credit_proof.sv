// SPDX-License-Identifier: Apache-2.0
//
// toe_credit's count is the places nobody has taken: it neither wraps nor exceeds the queue's depth,
// as long as places are taken only when there are some, and only taken ones come back.
//
// formal: four    params=Depth=4 depth=2 cover=12
// formal: sixteen params=Depth=16 depth=2 cover=36

module toe_credit_proof #(
    parameter int unsigned Depth = 4,
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input logic clk_i,
    input logic rst_i,
    input logic take_i,
    input logic popped_i,
    input logic unused_i
);

  logic [CountWidth-1:0] count;

  toe_credit #(
      .Depth(Depth)
  ) u_dut (
      .clk_i,
      .rst_i,
      .take_i,
      .popped_i,
      .unused_i,
      .count_o(count)
  );

  logic started_q;
  initial started_q = 1'b0;

  int unsigned taken_q, most_q;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    TakesWhatIsThere : assume (!take_i || count != '0);
    ReturnsWhatWasTaken : assume (32'(popped_i) + 32'(unused_i) <= taken_q);
    if (rst_i) begin
      taken_q <= '0;
      most_q  <= '0;
    end else begin
      taken_q <= taken_q + 32'(take_i) - 32'(popped_i) - 32'(unused_i);
      if (taken_q > most_q) most_q <= taken_q;

      NeverWraps : assert (taken_q <= Depth && 32'(count) == Depth - taken_q);
      AllTaken : cover (count == '0);
      AllBack : cover (most_q == Depth && 32'(count) == Depth);
      TwoBackOneTaken : cover (take_i && popped_i && unused_i);
    end
  end

endmodule
