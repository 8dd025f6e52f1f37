// SPDX-License-Identifier: Apache-2.0
//
// Submission ring: commands from the host's window to the TCP core, in order.
//
// The host writes entries of CmdWords words into the window, then moves the tail.  A tail that
// passes head_o by more than SqDepth, or goes back, is refused: tail_error_o pulses, nothing moves.
// One command every nine cycles.  head_o moves when an entry has been read, before the command is
// taken.  Writing an entry between head and tail spoils that command and nothing else.

module toe_submission
  import toe_tcp_pkg::*;
  import toe_host_pkg::*;
#(
    localparam int unsigned AddrWidth = $clog2(SqDepth * CmdWords)
) (
    input logic clk_i,
    input logic rst_i,  // empties the ring

    // From the registers.
    input  logic                      wr_valid_i,
    input  logic      [AddrWidth-1:0] wr_addr_i,     // word
    input  logic      [         31:0] wr_data_i,
    input  logic                      tail_valid_i,
    input  ring_ptr_t                 tail_i,
    output logic                      tail_error_o,
    output ring_ptr_t                 tail_o,
    output ring_ptr_t                 head_o,

    // To the TCP core.
    output logic cmd_valid_o,
    input  logic cmd_ready_i,
    output cmd_t cmd_o,

    output logic idle_o
);

  localparam int unsigned WordWidth = $clog2(CmdWords);
  localparam int unsigned EntryWidth = $clog2(SqDepth);
  localparam logic [WordWidth-1:0] LastWord = WordWidth'(CmdWords - 1);

  ring_ptr_t head_q, tail_q;
  logic [WordWidth-1:0] word_q;  // next to read; 0 between commands
  logic read_q, last_q;  // a word leaves the RAM in this cycle; it is the last one
  logic cmd_valid_q;
  logic [CmdWords-1:0][31:0] cmd_q;
  logic [31:0] rd_data;

  // A command may be read over the one that leaves: the first word arrives a cycle later.
  logic start, rd_en;
  assign start = head_q != tail_q && !last_q && (!cmd_valid_q || cmd_ready_i);
  assign rd_en = word_q != '0 || start;

  logic tail_ok;
  assign tail_ok = ring_move_ok(tail_q, tail_i, ring_ptr_t'(SqDepth) - (tail_q - head_q));
  assign tail_error_o = tail_valid_i && !tail_ok;

  toe_ram #(
      .Width(32),
      .Depth(SqDepth * CmdWords)
  ) u_ram (
      .clk_i,
      .wr_en_i  (wr_valid_i),
      .wr_addr_i,
      .wr_data_i,
      .rd_en_i  (rd_en),
      .rd_addr_i({head_q[EntryWidth-1:0], word_q}),
      .rd_data_o(rd_data)
  );

  always_ff @(posedge clk_i) begin
    if (read_q) cmd_q <= {rd_data, cmd_q[CmdWords-1:1]};
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      head_q      <= '0;
      tail_q      <= '0;
      word_q      <= '0;
      read_q      <= 1'b0;
      last_q      <= 1'b0;
      cmd_valid_q <= 1'b0;
    end else begin
      if (tail_valid_i && tail_ok) tail_q <= tail_i;
      if (rd_en) word_q <= word_q + 1'b1;
      read_q <= rd_en;
      last_q <= rd_en && word_q == LastWord;
      if (last_q) head_q <= head_q + 1'b1;
      cmd_valid_q <= last_q || (cmd_valid_q && !cmd_ready_i);
    end
  end

  assign tail_o      = tail_q;
  assign head_o      = head_q;
  assign cmd_valid_o = cmd_valid_q;
  assign cmd_o       = cmd_t'(cmd_q);
  assign idle_o      = head_q == tail_q && !cmd_valid_q;

endmodule
