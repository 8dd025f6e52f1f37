// SPDX-License-Identifier: Apache-2.0
//
// Follows one item through a queue, by the queue's ports alone: any item, chosen when it goes in,
// until as many have left as were in front of it.

module item_follower #(
    parameter int unsigned Width = 2,
    parameter int unsigned CountWidth = 3
) (
    input logic clk_i,
    input logic rst_i,

    input logic                  push_i,
    input logic                  pop_i,
    input logic [     Width-1:0] data_i,
    input logic                  mark_i,    // the item that goes in now is the one to follow
    input logic [CountWidth-1:0] waiting_i, // items inside

    output logic                  follows_o,
    output logic [CountWidth-1:0] ahead_o,    // items that leave before the followed one
    output logic [     Width-1:0] item_o
);

  typedef logic [CountWidth-1:0] count_t;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      follows_o <= 1'b0;
    end else begin
      if (follows_o && pop_i) begin
        ahead_o <= ahead_o - count_t'(1);
        if (ahead_o == '0) follows_o <= 1'b0;
      end
      if (!follows_o && mark_i && push_i) begin
        follows_o <= 1'b1;
        ahead_o   <= waiting_i - count_t'(pop_i);
        item_o    <= data_i;
      end
    end
  end

endmodule
