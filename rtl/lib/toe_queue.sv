// SPDX-License-Identifier: Apache-2.0
//
// Short first-in first-out queue in registers or distributed RAM.
//
// One item in and one out a cycle; an item offered to an empty queue comes out in the next cycle,
// always.  For places where toe_fifo, whose items take longer now and then, would hold up the
// stream beside it.  in_ready_o does not depend on out_ready_i combinationally.

module toe_queue #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 4,  // power of two, 2 to 64
    localparam int unsigned CountWidth = $clog2(Depth) + 1
) (
    input logic clk_i,
    input logic rst_i,

    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,

    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o,

    output logic [CountWidth-1:0] count_o
);

  localparam int unsigned AddrWidth = $clog2(Depth);

  // Yosys would make the read pointer part of a block RAM.
  (* ram_style = "distributed" *) logic [Width-1:0] mem_q[Depth];
  logic [CountWidth-1:0] count_q;
  logic [AddrWidth-1:0] wr_ptr_q, rd_ptr_q;

  logic push, pop;
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;
  assign in_ready_o  = count_q != CountWidth'(Depth);
  assign out_valid_o = count_q != '0;
  assign out_data_o  = mem_q[rd_ptr_q];
  assign count_o     = count_q;

  always_ff @(posedge clk_i) begin
    if (push) mem_q[wr_ptr_q] <= in_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q  <= '0;
      wr_ptr_q <= '0;
      rd_ptr_q <= '0;
    end else begin
      count_q  <= count_q + CountWidth'(push) - CountWidth'(pop);
      wr_ptr_q <= wr_ptr_q + AddrWidth'(push);
      rd_ptr_q <= rd_ptr_q + AddrWidth'(pop);
    end
  end

endmodule
