// SPDX-License-Identifier: Apache-2.0
//
// Holds one ICMP echo request until the send path has taken it.
//
// take_i reserves the buffer (only while free_o, which falls in the next cycle).  Then the beats of
// its data come on wr_, in order, the last with wr_last_i; then echo_o is offered, then its data,
// one beat a cycle, and the buffer is free again with the last of them.

module toe_rx_echo
  import toe_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned EchoOctets = 2048,
    localparam int unsigned Beats = EchoOctets / (DataWidth / 8),
    localparam int unsigned AddrWidth = $clog2(Beats)
) (
    input logic clk_i,
    input logic rst_i,

    output logic  free_o,
    input  logic  take_i,
    input  echo_t take_echo_i,

    input logic                 wr_en_i,
    input logic                 wr_last_i,
    input logic [DataWidth-1:0] wr_data_i,

    output logic                  echo_valid_o,
    input  logic                  echo_ready_i,
    output echo_t                 echo_o,
    output logic                  echo_data_valid_o,
    input  logic                  echo_data_ready_i,
    output logic  [DataWidth-1:0] echo_data_o
);

  typedef logic [AddrWidth-1:0] addr_t;

  typedef enum logic [1:0] {
    EchoFree,
    EchoFill,   // data is on its way to the buffer
    EchoOffer,
    EchoSend
  } echo_state_e;

  echo_state_e state_q, state_d;
  addr_t wr_addr_q, rd_addr_q, last_q;
  logic read, loaded_q, all_read_q, data_go;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      EchoFree:  if (take_i) state_d = EchoFill;
      EchoFill:  if (wr_en_i && wr_last_i) state_d = EchoOffer;
      EchoOffer: if (echo_ready_i) state_d = EchoSend;
      EchoSend:  if (data_go && all_read_q) state_d = EchoFree;
      default:   state_d = EchoFree;
    endcase
  end

  assign data_go = echo_data_valid_o && echo_data_ready_i;
  assign read    = state_q == EchoSend && !all_read_q && (!loaded_q || data_go);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q  <= EchoFree;
      loaded_q <= 1'b0;
    end else begin
      state_q <= state_d;
      if (read) loaded_q <= 1'b1;
      else if (data_go) loaded_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == EchoFree) begin
      wr_addr_q  <= '0;
      rd_addr_q  <= '0;
      all_read_q <= 1'b0;
      echo_o     <= take_echo_i;  // what it is when it is taken stays
    end
    if (wr_en_i) begin
      wr_addr_q <= wr_addr_q + addr_t'(1);
      last_q    <= wr_addr_q;
    end
    if (read) begin
      rd_addr_q  <= rd_addr_q + addr_t'(1);
      all_read_q <= rd_addr_q == last_q;
    end
  end

  toe_ram #(
      .Width(DataWidth),
      .Depth(Beats)
  ) u_ram (
      .clk_i,
      .wr_en_i,
      .wr_addr_i(wr_addr_q),
      .wr_data_i,
      .rd_en_i  (read),
      .rd_addr_i(rd_addr_q),
      .rd_data_o(echo_data_o)
  );

  assign free_o            = state_q == EchoFree;
  assign echo_valid_o      = state_q == EchoOffer;
  assign echo_data_valid_o = state_q == EchoSend && loaded_q;

endmodule
