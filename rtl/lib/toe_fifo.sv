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

  typedef logic [CountWidth-1:0] count_t;
  typedef logic [AddrWidth-1:0] addr_t;

  // The output register holds the oldest item.  A RAM read takes a cycle, so the item behind it is
  // either in the RAM's output or still to be read.
  typedef struct packed {
    count_t count;
    count_t stored;  // items in the RAM whose read has not started
    addr_t wr_ptr;
    addr_t rd_ptr;
    logic out_valid;
    logic ram_valid;
  } state_t;

  // An item is read after the cycle in which it was written, so the RAM need not settle that.
  (* no_rw_check *) logic [Width-1:0] mem_q[Depth];
  logic [Width-1:0] out_q, ram_q;
  state_t state_q;

  logic   ram_start;
  assign ram_start   = state_q.stored != '0 &&
      (!state_q.ram_valid || !state_q.out_valid || out_ready_i);
  assign in_ready_o = state_q.count != count_t'(Depth);
  assign out_valid_o = state_q.out_valid;
  assign out_data_o = out_q;
  assign count_o = state_q.count;

  // What moves the items asks no more than it must: an item that goes past the RAM is written to it
  // too, and the output register takes what is there when it is free.
  always_ff @(posedge clk_i) begin
    if (in_valid_i && in_ready_o) mem_q[state_q.wr_ptr] <= in_data_i;
    if (ram_start) ram_q <= mem_q[state_q.rd_ptr];
    // The select is a register on purpose: with bypass in its place each bit costs several times
    // as many lookup tables.
    if ((in_valid_i || state_q.ram_valid) && (!state_q.out_valid || out_ready_i))
      out_q <= state_q.ram_valid ? ram_q : in_data_i;
  end

  // One register for the state, and no signals between: an engine has many queues, most of them
  // empty, and a simulator soon passes by an empty one here.
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= '0;
    end else if (in_valid_i || state_q.count != '0) begin : move
      automatic logic push = in_valid_i && in_ready_o;
      automatic logic pop = state_q.out_valid && out_ready_i;
      automatic logic out_free = !state_q.out_valid || pop;
      automatic logic ram_take = state_q.ram_valid && out_free;
      automatic logic bypass = push && out_free && !state_q.ram_valid && state_q.stored == '0;
      automatic logic store = push && !bypass;

      state_q.count  <= state_q.count + count_t'(push) - count_t'(pop);
      state_q.stored <= state_q.stored + count_t'(store) - count_t'(ram_start);
      if (store) state_q.wr_ptr <= state_q.wr_ptr + 1'b1;
      if (ram_start) begin
        NoCollision : assert (!(store && state_q.wr_ptr == state_q.rd_ptr));
        state_q.rd_ptr <= state_q.rd_ptr + 1'b1;
      end
      if (ram_start) state_q.ram_valid <= 1'b1;
      else if (ram_take) state_q.ram_valid <= 1'b0;
      if (bypass || ram_take) state_q.out_valid <= 1'b1;
      else if (pop) state_q.out_valid <= 1'b0;
    end
  end

endmodule
