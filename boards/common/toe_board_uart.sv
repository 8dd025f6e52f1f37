// SPDX-License-Identifier: Apache-2.0
//
// toe_board whose host is on a UART: what the boards with LiteEth's MAC are made of.
//
// The MAC as toe_board wants it: one clock, 64 bits, no preamble, no FCS.

module toe_board_uart #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned NumConns = 16,
    parameter int unsigned RxRingLog2 = 11,
    parameter int unsigned TxRingLog2 = 11,
    parameter int unsigned NumListeners = 4,
    parameter int unsigned SynCacheSize = 16,
    parameter int unsigned TimeWaitSize = 16,
    parameter int unsigned RxFifoOctets = 256 * DataWidth,
    parameter int unsigned ClkHz = 50_000_000,
    parameter int unsigned Baud = 3_000_000,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    // Frames from the MAC.
    input logic                 rx_tvalid_i,
    input logic [DataWidth-1:0] rx_tdata_i,
    input logic [KeepWidth-1:0] rx_tkeep_i,
    input logic                 rx_tlast_i,
    input logic                 rx_tuser_i,   // with tlast: the MAC found the frame bad

    // Frames to the MAC.
    output logic                 tx_tvalid_o,
    input  logic                 tx_tready_i,
    output logic [DataWidth-1:0] tx_tdata_o,
    output logic [KeepWidth-1:0] tx_tkeep_o,
    output logic                 tx_tlast_o,

    // Pins.
    input  logic rxd_i,
    output logic txd_o
);

  logic host_rx_valid, host_rx_ready, host_tx_valid, host_tx_ready;
  logic [7:0] host_rx_data, host_tx_data;
  logic unused_idle, unused_session, unused_irq;
  logic [63:0] unused_deadline_us;

  toe_uart #(
      .ClkHz(ClkHz),
      .Baud (Baud)
  ) u_uart (
      .clk_i,
      .rst_i,
      .rxd_i,
      .txd_o,
      .rx_valid_o(host_rx_valid),
      .rx_ready_i(host_rx_ready),
      .rx_data_o (host_rx_data),
      .tx_valid_i(host_tx_valid),
      .tx_ready_o(host_tx_ready),
      .tx_data_i (host_tx_data)
  );

  toe_board #(
      .DataWidth   (DataWidth),
      .NumConns    (NumConns),
      .RxRingLog2  (RxRingLog2),
      .TxRingLog2  (TxRingLog2),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize),
      .TimeWaitSize(TimeWaitSize),
      .RxFifoOctets(RxFifoOctets),
      .ClkHz       (ClkHz)
  ) u_board (
      .clk_i,
      .rst_i,
      .now_us_i          ('0),
      .idle_o            (unused_idle),
      .next_deadline_us_o(unused_deadline_us),
      .rx_tvalid_i,
      .rx_tdata_i,
      .rx_tkeep_i,
      .rx_tlast_i,
      .rx_tuser_i,
      .tx_tvalid_o,
      .tx_tready_i,
      .tx_tdata_o,
      .tx_tkeep_o,
      .tx_tlast_o,
      .host_rx_valid_i   (host_rx_valid),
      .host_rx_ready_o   (host_rx_ready),
      .host_rx_data_i    (host_rx_data),
      .host_tx_valid_o   (host_tx_valid),
      .host_tx_ready_i   (host_tx_ready),
      .host_tx_data_o    (host_tx_data),
      .session_o         (unused_session),
      .irq_o             (unused_irq)
  );

endmodule
