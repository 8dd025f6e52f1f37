// SPDX-License-Identifier: Apache-2.0
//
// Completion ring: notifications from the TCP core to the host's window, in order.
//
// A notification is written in two cycles; then tail_o moves, so what lies before it is whole.  A
// ring that is full holds ntf_ready_o low and loses nothing.  A head beyond the tail, or one that
// goes back, is refused: head_error_o pulses, nothing moves.
//
// A word is read in two steps: rd_fetch_i reads its row from the RAM, and rd_valid_i, in any later
// cycle before the next rd_fetch_i, brings the word to rd_data_o one cycle later.

module toe_completion
  import toe_tcp_pkg::*;
  import toe_host_pkg::*;
#(
    localparam int unsigned RowWords = NtfWords / 2,
    localparam int unsigned RowWidth = $clog2(CqDepth * 2),
    localparam int unsigned SelectWidth = $clog2(RowWords)
) (
    input logic clk_i,
    input logic rst_i,  // empties the ring

    // From the TCP core.
    input  logic ntf_valid_i,
    output logic ntf_ready_o,
    input  ntf_t ntf_i,

    // From the registers.
    input  logic                        rd_fetch_i,
    input  logic      [   RowWidth-1:0] rd_fetch_row_i,  // word address without its low bits
    input  logic                        rd_valid_i,
    input  logic      [SelectWidth-1:0] rd_select_i,     // low bits of the word address
    output logic      [           31:0] rd_data_o,
    input  logic                        head_valid_i,
    input  ring_ptr_t                   head_i,
    output logic                        head_error_o,
    output ring_ptr_t                   tail_o,
    output ring_ptr_t                   head_o,

    output logic empty_o,
    output logic idle_o    // nothing can be written now
);

  localparam int unsigned EntryWidth = $clog2(CqDepth);

  ring_ptr_t head_q, tail_q;
  logic upper_q;  // the lower half of a notification is written

  logic full, write;
  assign full        = tail_q - head_q == ring_ptr_t'(CqDepth);
  assign write       = ntf_valid_i && !full;
  assign ntf_ready_o = upper_q;  // a ring that had room for the lower half still has it

  ntf_entry_t entry;
  assign entry = ntf_entry(ntf_i);

  logic [RowWords-1:0][31:0] wr_row, rd_row;
  assign wr_row = upper_q ? entry[RowWords*32+:RowWords*32] : entry[0+:RowWords*32];

  toe_ram #(
      .Width(RowWords * 32),
      .Depth(CqDepth * 2)
  ) u_ram (
      .clk_i,
      .wr_en_i  (write),
      .wr_addr_i({tail_q[EntryWidth-1:0], upper_q}),
      .wr_data_i(wr_row),
      .rd_en_i  (rd_fetch_i),
      .rd_addr_i(rd_fetch_row_i),
      .rd_data_o(rd_row)
  );

  always_ff @(posedge clk_i) begin
    if (rd_valid_i) rd_data_o <= rd_row[rd_select_i];
  end

  logic head_ok;
  assign head_ok = ring_move_ok(head_q, head_i, tail_q - head_q);
  assign head_error_o = head_valid_i && !head_ok;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      head_q  <= '0;
      tail_q  <= '0;
      upper_q <= 1'b0;
    end else begin
      if (head_valid_i && head_ok) head_q <= head_i;
      if (write) upper_q <= !upper_q;
      if (write && upper_q) tail_q <= tail_q + 1'b1;
    end
  end

  assign tail_o  = tail_q;
  assign head_o  = head_q;
  assign empty_o = head_q == tail_q;
  assign idle_o  = !write;

endmodule
