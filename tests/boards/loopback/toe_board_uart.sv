// SPDX-License-Identifier: Apache-2.0
//
// Stands where the engine does, with its ports and parameters: frames and octets go back where they
// came from.  Small enough to place and route in a test.

module toe_board_uart #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned NumConns = 16,
    parameter int unsigned RxRingLog2 = 11,
    parameter int unsigned TxRingLog2 = 11,
    parameter int unsigned NumListeners = 4,
    parameter int unsigned SynCacheSize = 16,
    parameter int unsigned TimeWaitSize = 16,
    parameter int unsigned ClkHz = 50_000_000,
    parameter int unsigned Baud = 3_000_000,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input logic                 rx_tvalid_i,
    input logic [DataWidth-1:0] rx_tdata_i,
    input logic [KeepWidth-1:0] rx_tkeep_i,
    input logic                 rx_tlast_i,
    input logic                 rx_tuser_i,

    output logic                 tx_tvalid_o,
    input  logic                 tx_tready_i,
    output logic [DataWidth-1:0] tx_tdata_o,
    output logic [KeepWidth-1:0] tx_tkeep_o,
    output logic                 tx_tlast_o,

    input  logic rxd_i,
    output logic txd_o
);

  logic ready, user;

  toe_fifo #(
      .Width(DataWidth + KeepWidth + 2),
      .Depth(256)
  ) u_frames (
      .clk_i,
      .rst_i,
      .in_valid_i(rx_tvalid_i),
      .in_ready_o(ready),
      .in_data_i({rx_tuser_i, rx_tlast_i, rx_tkeep_i, rx_tdata_i}),
      .out_valid_o(tx_tvalid_o),
      .out_ready_i(tx_tready_i),
      .out_data_o({user, tx_tlast_o, tx_tkeep_o, tx_tdata_o}),
      .count_o()
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) txd_o <= 1'b1;
    else txd_o <= rxd_i && !user && ready;
  end

endmodule
