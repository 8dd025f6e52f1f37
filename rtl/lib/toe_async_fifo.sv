// SPDX-License-Identifier: Apache-2.0
//
// Queue between two clocks that know nothing of each other.
//
// Gray-coded pointers pass through two registers each.  An item comes out two to three cycles of the
// reader's clock after it went in; room comes back to the writer likewise.  in_ready_o does not depend on
// what the reader does in the same cycle.  wr_count_o is what the writer knows to be inside: never less than
// there is.
//
// Both sides are reset together: neither may be used before the other has been in reset.

module toe_async_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 32,  // power of two, 4 or more
    localparam int unsigned CountWidth = $clog2(Depth) + 1
) (
    input  logic                  wr_clk_i,
    input  logic                  wr_rst_i,
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [     Width-1:0] in_data_i,
    output logic [CountWidth-1:0] wr_count_o,

    input  logic             rd_clk_i,
    input  logic             rd_rst_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);

  localparam int unsigned AddrWidth = $clog2(Depth);
  typedef logic [CountWidth-1:0] ptr_t;

  function automatic ptr_t to_gray(ptr_t binary);
    return binary ^ (binary >> 1);
  endfunction

  function automatic ptr_t from_gray(ptr_t gray);
    ptr_t binary;
    binary = gray;
    for (int unsigned i = 1; i < CountWidth; i++) binary ^= gray >> i;
    return binary;
  endfunction

  logic [Width-1:0] mem_q[Depth];

  // ---- Writer ----------------------------------------------------------------------------------

  ptr_t wr_ptr_q, wr_ptr_d, wr_gray_q;
  ptr_t rd_gray_q;
  ptr_t rd_seen_q, rd_seen_q2;  // the reader's pointer, in the writer's clock
  logic push;

  assign wr_count_o = wr_ptr_q - from_gray(rd_seen_q2);
  assign in_ready_o = wr_count_o != ptr_t'(Depth);
  assign push       = in_valid_i && in_ready_o;
  assign wr_ptr_d   = wr_ptr_q + ptr_t'(push);

  always_ff @(posedge wr_clk_i) begin
    if (push) mem_q[wr_ptr_q[AddrWidth-1:0]] <= in_data_i;
  end

  always_ff @(posedge wr_clk_i) begin
    if (wr_rst_i) begin
      wr_ptr_q   <= '0;
      wr_gray_q  <= '0;
      rd_seen_q  <= '0;
      rd_seen_q2 <= '0;
    end else begin
      wr_ptr_q   <= wr_ptr_d;
      wr_gray_q  <= to_gray(wr_ptr_d);
      rd_seen_q  <= rd_gray_q;
      rd_seen_q2 <= rd_seen_q;
    end
  end

  // ---- Reader ----------------------------------------------------------------------------------

  ptr_t rd_ptr_q, rd_ptr_d;
  ptr_t wr_seen_q, wr_seen_q2;  // the writer's pointer, in the reader's clock

  // The item was written at least a cycle of this clock before its pointer is seen.
  assign out_valid_o = rd_gray_q != wr_seen_q2;
  assign out_data_o  = mem_q[rd_ptr_q[AddrWidth-1:0]];
  assign rd_ptr_d    = rd_ptr_q + ptr_t'(out_valid_o && out_ready_i);

  always_ff @(posedge rd_clk_i) begin
    if (rd_rst_i) begin
      rd_ptr_q   <= '0;
      rd_gray_q  <= '0;
      wr_seen_q  <= '0;
      wr_seen_q2 <= '0;
    end else begin
      rd_ptr_q   <= rd_ptr_d;
      rd_gray_q  <= to_gray(rd_ptr_d);
      wr_seen_q  <= wr_gray_q;
      wr_seen_q2 <= wr_seen_q;
    end
  end

endmodule
