// SPDX-License-Identifier: Apache-2.0
//
// First-in first-out queue on a synchronous-read RAM, first word falls through.
//
// One item in and one out a cycle.  An item offered to an empty queue comes out one cycle later
// (registered bypass); one that passes the RAM takes three at least, so a queue that ran nearly
// empty while its reader waited may show up to two idle cycles before it flows again.  Holds Depth
// items; count_o says how many.  in_ready_o does not depend on out_ready_i combinationally.  Items
// are not reset, validity is.

module toe_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,  // power of two, 2 or more
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

  // An item is read after the cycle in which it was written, so the RAM need not settle that.
  (* no_rw_check *) logic [Width-1:0] mem_q[Depth];
  logic [CountWidth-1:0] count_q;
  logic [AddrWidth-1:0] wr_ptr_q, rd_ptr_q;

  // The output register holds the oldest item.  A RAM read takes a cycle, so the item behind it is
  // either in the RAM's output (ram_valid_q) or still to be read.
  logic [Width-1:0] out_q, ram_q;
  logic out_valid_q, ram_valid_q;
  logic [CountWidth-1:0] stored_q;  // items in the RAM whose read has not started

  logic push, pop, out_free, bypass, ram_start, ram_take, moves;
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_q && out_ready_i;
  assign out_free    = !out_valid_q || pop;

  assign ram_take    = ram_valid_q && out_free;
  assign bypass      = push && out_free && !ram_valid_q && stored_q == '0;
  assign ram_start   = stored_q != '0 && (!ram_valid_q || ram_take);
  assign moves       = push || pop || ram_start || ram_take;

  assign in_ready_o  = count_q != CountWidth'(Depth);
  assign out_valid_o = out_valid_q;
  assign out_data_o  = out_q;
  assign count_o     = count_q;

  always_ff @(posedge clk_i) begin
    if (push && !bypass) mem_q[wr_ptr_q] <= in_data_i;
    if (ram_start) ram_q <= mem_q[rd_ptr_q];
    // The select is a register on purpose: with bypass in its place each bit costs several times
    // as many lookup tables.
    if (bypass || ram_take) out_q <= ram_valid_q ? ram_q : in_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q     <= '0;
      stored_q    <= '0;
      wr_ptr_q    <= '0;
      rd_ptr_q    <= '0;
      out_valid_q <= 1'b0;
      ram_valid_q <= 1'b0;
    end else if (moves) begin
      count_q  <= count_q + CountWidth'(push) - CountWidth'(pop);
      stored_q <= stored_q + CountWidth'(push && !bypass) - CountWidth'(ram_start);
      if (push && !bypass) wr_ptr_q <= wr_ptr_q + 1'b1;
      if (ram_start) rd_ptr_q <= rd_ptr_q + 1'b1;
      if (ram_start) ram_valid_q <= 1'b1;
      else if (ram_take) ram_valid_q <= 1'b0;
      if (bypass || ram_take) out_valid_q <= 1'b1;
      else if (pop) out_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i && ram_start) begin
      NoCollision : assert (!(push && !bypass && wr_ptr_q == rd_ptr_q));
    end
  end

endmodule
