// SPDX-License-Identifier: Apache-2.0
//
// A run of octets from a RAM, as a stream.
//
// start_i names the run and forgets what is left of the one before; the first octet comes three cycles
// later, then one a cycle.  addr_i wraps with the RAM.  The stream comes from a register.

module toe_link_fetch #(
    parameter int unsigned AddrWidth  = 12,
    parameter int unsigned CountWidth = 10
) (
    input logic clk_i,
    input logic rst_i,

    input logic                  start_i,
    input logic [ AddrWidth-1:0] addr_i,
    input logic [CountWidth-1:0] count_i,

    output logic                 rd_en_o,
    output logic [AddrWidth-1:0] rd_addr_o,
    input  logic [          7:0] rd_data_i,

    output logic       valid_o,
    input  logic       ready_i,
    output logic [7:0] data_o,
    output logic       last_o
);

  logic [CountWidth-1:0] left_q;  // not read from the RAM yet
  logic ram_valid_q, ram_last_q;
  logic move;  // from the RAM's output to the register
  assign move    = ram_valid_q && (!valid_o || ready_i);
  assign rd_en_o = left_q != '0 && (!ram_valid_q || move);

  always_ff @(posedge clk_i) begin
    if (rst_i || start_i) begin
      ram_valid_q <= 1'b0;
      valid_o     <= 1'b0;
    end else begin
      if (rd_en_o) ram_valid_q <= 1'b1;
      else if (move) ram_valid_q <= 1'b0;
      if (move) valid_o <= 1'b1;
      else if (ready_i) valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) left_q <= '0;
    else if (start_i) left_q <= count_i;
    else if (rd_en_o) left_q <= left_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) rd_addr_o <= addr_i;
    else if (rd_en_o) rd_addr_o <= rd_addr_o + 1'b1;
    if (rd_en_o) ram_last_q <= left_q == CountWidth'(1);
    if (move) begin
      data_o <= rd_data_i;
      last_o <= ram_last_q;
    end
  end

endmodule
