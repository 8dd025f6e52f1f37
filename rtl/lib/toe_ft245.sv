// SPDX-License-Identifier: Apache-2.0
//
// FT2232H (FT232H) in its 245 synchronous FIFO mode, as two octet streams on the core's clock.
//
// The chip gives the clock, 60 MHz, and only while the host has switched the mode on; until then and
// whenever it stops, the streams stand still and nothing is lost.  Every output to the chip comes from a register;
// inputs are looked at as the chip does: an octet has moved at a rising edge at which both flag and
// strobe are low.  Up to one octet a cycle of ft_clk_i; the directions take turns after BurstOctets.
//
// The board makes the pins: ft_data_o with ft_data_oe_o and ft_data_i are one bus; SIWU# is held high.

module toe_ft245 #(
    parameter int unsigned BurstOctets = 512  // before the other direction gets its turn
) (
    input logic clk_i,
    input logic rst_i,

    // To the chip, on its clock.
    input  logic       ft_clk_i,
    input  logic       ft_rxf_ni,    // it has an octet
    input  logic       ft_txe_ni,    // it has room
    output logic       ft_oe_no,     // it drives the bus
    output logic       ft_rd_no,
    output logic       ft_wr_no,
    input  logic [7:0] ft_data_i,
    output logic [7:0] ft_data_o,
    output logic       ft_data_oe_o,

    // From and to the host.
    output logic       rx_valid_o,
    input  logic       rx_ready_i,
    output logic [7:0] rx_data_o,
    input  logic       tx_valid_i,
    output logic       tx_ready_o,
    input  logic [7:0] tx_data_i
);

  localparam int unsigned Depth = 32;
  localparam int unsigned CountWidth = $clog2(Depth) + 1;
  localparam int unsigned BurstWidth = $clog2(BurstOctets + 1);

  // ---- Reset -----------------------------------------------------------------------------------

  // The other clock may not run now.  So the core's side stays in reset until the other side has
  // said that it is in reset too.
  logic core_rst_q, ask_q, ft_rst, answered;
  logic [2:0] ft_rst_q;  // the last bit is the answer
  logic [1:0] answer_q;
  assign ft_rst   = ft_rst_q[1];
  assign answered = answer_q[1];

  always_ff @(posedge clk_i) answer_q <= {answer_q[0], ft_rst_q[2]};
  always_ff @(posedge ft_clk_i) ft_rst_q <= {ft_rst_q[1:0], ask_q};

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      core_rst_q <= 1'b1;
      ask_q      <= 1'b0;
    end else begin
      if (core_rst_q && !answered) ask_q <= 1'b1;  // an answer of before has gone
      if (ask_q && answered) begin
        ask_q      <= 1'b0;
        core_rst_q <= 1'b0;
      end
    end
  end

  // ---- Queues ----------------------------------------------------------------------------------

  logic in_valid, out_valid, out_take, tx_room;
  logic unused_ready;  // the count says more
  logic [CountWidth-1:0] in_count, unused_count;
  logic [7:0] out_data;

  toe_async_fifo #(
      .Width(8),
      .Depth(Depth)
  ) u_rx (
      .wr_clk_i   (ft_clk_i),
      .wr_rst_i   (ft_rst),
      .in_valid_i (in_valid),
      .in_ready_o (unused_ready),
      .in_data_i  (ft_data_i),
      .wr_count_o (in_count),
      .rd_clk_i   (clk_i),
      .rd_rst_i   (core_rst_q),
      .out_valid_o(rx_valid_o),
      .out_ready_i(rx_ready_i),
      .out_data_o (rx_data_o)
  );

  toe_async_fifo #(
      .Width(8),
      .Depth(Depth)
  ) u_tx (
      .wr_clk_i   (clk_i),
      .wr_rst_i   (core_rst_q),
      .in_valid_i (tx_valid_i && !core_rst_q),
      .in_ready_o (tx_room),
      .in_data_i  (tx_data_i),
      .wr_count_o (unused_count),
      .rd_clk_i   (ft_clk_i),
      .rd_rst_i   (ft_rst),
      .out_valid_o(out_valid),
      .out_ready_i(out_take),
      .out_data_o (out_data)
  );

  assign tx_ready_o = tx_room && !core_rst_q;

  // ---- Bus -------------------------------------------------------------------------------------

  typedef enum logic [2:0] {
    BusIdle,
    BusOpen,   // OE# a cycle before RD#
    BusRead,
    BusClose,  // the chip leaves the bus before it is driven again
    BusWrite
  } bus_state_e;

  bus_state_e state_q;
  // Active high inside: what an FPGA holds before the first clock edge must not be a strobe.
  logic oe_q, rd_q, wr_q;
  assign ft_oe_no = !oe_q;
  assign ft_rd_no = !rd_q;
  assign ft_wr_no = !wr_q;

  logic held_q;  // ft_data_o is to be written
  logic write_next_q;  // whose turn it is when both could go
  logic [BurstWidth-1:0] left_q;

  logic room, moved_out, may_read, may_write, out_left;
  // RD# goes high a cycle after the decision, and one octet more comes with it.
  assign room = in_count < CountWidth'(Depth - 2);
  assign may_read = !ft_rxf_ni && room;
  assign may_write = !ft_txe_ni && (held_q || out_valid);
  assign in_valid = rd_q && !ft_rxf_ni;
  assign moved_out = wr_q && !ft_txe_ni;
  assign out_left = left_q != '0;
  // The register behind the queue is filled when the bus turns to writing, and after each octet.
  assign out_take  = out_valid && ((state_q == BusWrite && moved_out && out_left) ||
      (state_q == BusIdle && !held_q));

  always_ff @(posedge ft_clk_i) begin
    if (out_take) ft_data_o <= out_data;
  end

  always_ff @(posedge ft_clk_i) begin
    if (ft_rst) begin
      state_q      <= BusIdle;
      held_q       <= 1'b0;
      write_next_q <= 1'b0;
      left_q       <= '0;
      oe_q         <= 1'b0;
      rd_q         <= 1'b0;
      wr_q         <= 1'b0;
      ft_data_oe_o <= 1'b0;
    end else begin
      if (out_take) held_q <= 1'b1;
      else if (moved_out) held_q <= 1'b0;
      unique case (state_q)
        BusIdle: begin
          left_q <= BurstWidth'(BurstOctets);
          if (may_read && !(may_write && write_next_q)) begin
            state_q <= BusOpen;
            oe_q <= 1'b1;
          end else if (may_write) begin
            state_q      <= BusWrite;
            wr_q         <= 1'b1;
            ft_data_oe_o <= 1'b1;
          end
        end
        BusOpen: begin
          state_q <= BusRead;
          rd_q <= 1'b1;
        end
        BusRead: begin
          write_next_q <= 1'b1;
          if (in_valid && out_left) left_q <= left_q - 1'b1;
          if (!may_read || (!out_left && may_write)) begin
            state_q <= BusClose;
            rd_q <= 1'b0;
            oe_q <= 1'b0;
          end
        end
        BusWrite: begin
          write_next_q <= 1'b0;
          if (moved_out && out_left) left_q <= left_q - 1'b1;
          if (!(moved_out && out_take)) begin
            state_q      <= BusIdle;
            wr_q         <= 1'b0;
            ft_data_oe_o <= 1'b0;
          end
        end
        default: state_q <= BusIdle;
      endcase
    end
  end

endmodule
