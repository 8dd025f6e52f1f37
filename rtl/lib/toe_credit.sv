// SPDX-License-Identifier: Apache-2.0
//
// Free places of a queue that is filled some cycles after the decision to use it.
//
// take_i reserves a place, and is allowed only while count_o is not 0.  A place comes back when its
// item leaves the queue (popped_i) or when it turns out that no item comes (unused_i); both may
// happen in one cycle.  count_o shows a change one cycle later.

module toe_credit #(
    parameter int unsigned Depth = 16,  // places of the queue
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input logic clk_i,
    input logic rst_i,

    input logic take_i,
    input logic popped_i,
    input logic unused_i,

    output logic [CountWidth-1:0] count_o
);

  logic [CountWidth-1:0] count_q;

  assign count_o = count_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q <= CountWidth'(Depth);
    end else begin
      count_q <= count_q - CountWidth'(take_i) + CountWidth'(popped_i) + CountWidth'(unused_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i) NothingTakenTwice : assert (!take_i || count_q != '0);
  end

endmodule
