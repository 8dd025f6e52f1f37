// SPDX-License-Identifier: Apache-2.0
//
// Free list of control blocks.
//
// Numbers that were never used are handed out first, in order; then those given back, oldest first,
// so that a number rests as long as it can.  take_i is allowed under valid_o, at most every second
// cycle; the next number is offered at most two cycles later.  A number may be given back every
// second cycle, three cycles after it was taken at the earliest.  One that is not in use is ignored,
// so that no mistake of the host makes two connections share a block.

module toe_conn_alloc
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 1024
) (
    input logic clk_i,
    input logic rst_i,

    output logic     valid_o,
    output conn_id_t conn_o,
    input  logic     take_i,

    input  logic     free_valid_i,
    output logic     free_ready_o,
    input  conn_id_t free_conn_i,

    output logic [16:0] used_limit_o,  // numbers from here on were never used
    output logic [15:0] free_count_o   // saturates
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  typedef logic [ConnWidth-1:0] index_t;

  logic [ConnWidth:0] limit_q, free_count_q;
  logic fresh, returned_valid;
  index_t returned;
  assign fresh   = limit_q != (ConnWidth + 1)'(NumConns);
  assign valid_o = fresh || returned_valid;
  assign conn_o  = fresh ? conn_id_t'(limit_q[ConnWidth-1:0]) : conn_id_t'(returned);

  // A block given back is looked up in one cycle and taken in the next.
  logic free_q, in_use, put;
  index_t free_index_q;
  assign free_ready_o = !free_q;
  assign put          = free_q && in_use;

  logic free_start;
  assign free_start = free_valid_i && free_ready_o && ({1'b0, free_conn_i} < 17'(limit_q));

  // One bit a number: handed out and not given back.  The mark of a take waits for a put.
  logic   mark_q;
  index_t mark_index_q;
  toe_ram #(
      .Width(1),
      .Depth(NumConns)
  ) u_in_use (
      .clk_i,
      .wr_en_i  (mark_q || put),
      .wr_addr_i(put ? free_index_q : mark_index_q),
      .wr_data_i(!put),
      .rd_en_i  (free_start),
      .rd_addr_i(index_t'(free_conn_i)),
      .rd_data_o(in_use)
  );

  logic unused_ready;  // as many places as numbers
  logic [ConnWidth:0] unused_count;

  toe_fifo #(
      .Width(ConnWidth),
      .Depth(NumConns)
  ) u_returned (
      .clk_i,
      .rst_i,
      .in_valid_i (put),
      .in_ready_o (unused_ready),
      .in_data_i  (free_index_q),
      .out_valid_o(returned_valid),
      .out_ready_i(take_i && !fresh),
      .out_data_o (returned),
      .count_o    (unused_count)
  );

  always_ff @(posedge clk_i) begin
    if (free_start) free_index_q <= index_t'(free_conn_i);
    if (take_i) mark_index_q <= index_t'(conn_o);
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      limit_q      <= '0;
      free_count_q <= (ConnWidth + 1)'(NumConns);
      free_q       <= 1'b0;
      mark_q       <= 1'b0;
    end else begin
      free_q <= free_start;
      if (take_i) mark_q <= 1'b1;
      else if (!put) mark_q <= 1'b0;
      if (take_i && fresh) limit_q <= limit_q + 1'b1;
      free_count_q <= free_count_q + (ConnWidth + 1)'(put) - (ConnWidth + 1)'(take_i);
    end
  end

  assign used_limit_o = 17'(limit_q);
  assign free_count_o = free_count_q[ConnWidth] && ConnWidth == 16 ? 16'hffff : 16'(free_count_q);

endmodule
