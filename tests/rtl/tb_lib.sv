// SPDX-License-Identifier: Apache-2.0
//
// The blocks of rtl/lib side by side, each with ports of its own, for tests in C.

module tb_lib #(
    localparam int unsigned Width = 20,
    localparam int unsigned NumInputs = 3
) (
    input logic clk_i,
    input logic rst_i,

    // The smallest queue, and one whose items pass the RAM.
    input  logic             small_in_valid_i,
    output logic             small_in_ready_o,
    input  logic [Width-1:0] small_in_data_i,
    output logic             small_out_valid_o,
    input  logic             small_out_ready_i,
    output logic [Width-1:0] small_out_data_o,
    output logic [      1:0] small_count_o,
    input  logic             large_in_valid_i,
    output logic             large_in_ready_o,
    input  logic [Width-1:0] large_in_data_i,
    output logic             large_out_valid_o,
    input  logic             large_out_ready_i,
    output logic [Width-1:0] large_out_data_o,
    output logic [      4:0] large_count_o,

    input  logic             ram_wr_en_i,
    input  logic [      3:0] ram_wr_addr_i,
    input  logic [Width-1:0] ram_wr_data_i,
    input  logic             ram_rd_en_i,
    input  logic [      3:0] ram_rd_addr_i,
    output logic [Width-1:0] ram_rd_data_o,

    input  logic [NumInputs-1:0]            arb_valid_i,
    output logic [NumInputs-1:0]            arb_ready_o,
    input  logic [NumInputs-1:0][Width-1:0] arb_data_i,
    output logic                            arb_valid_o,
    input  logic                            arb_ready_i,
    output logic [    Width-1:0]            arb_data_o,

    input  logic       credit_take_i,
    input  logic       credit_popped_i,
    input  logic       credit_unused_i,
    output logic [2:0] credit_count_o,

    input logic             check_valid_i,
    input logic             check_ready_i,
    input logic [Width-1:0] check_data_i
);

  toe_fifo #(
      .Width(Width),
      .Depth(2)
  ) u_small (
      .clk_i,
      .rst_i,
      .in_valid_i (small_in_valid_i),
      .in_ready_o (small_in_ready_o),
      .in_data_i  (small_in_data_i),
      .out_valid_o(small_out_valid_o),
      .out_ready_i(small_out_ready_i),
      .out_data_o (small_out_data_o),
      .count_o    (small_count_o)
  );

  toe_stream_check #(
      .Width(Width)
  ) u_small_check (
      .clk_i,
      .rst_i,
      .valid_i(small_out_valid_o),
      .ready_i(small_out_ready_i),
      .data_i (small_out_data_o)
  );

  toe_fifo #(
      .Width(Width),
      .Depth(16)
  ) u_large (
      .clk_i,
      .rst_i,
      .in_valid_i (large_in_valid_i),
      .in_ready_o (large_in_ready_o),
      .in_data_i  (large_in_data_i),
      .out_valid_o(large_out_valid_o),
      .out_ready_i(large_out_ready_i),
      .out_data_o (large_out_data_o),
      .count_o    (large_count_o)
  );

  toe_stream_check #(
      .Width(Width)
  ) u_large_check (
      .clk_i,
      .rst_i,
      .valid_i(large_out_valid_o),
      .ready_i(large_out_ready_i),
      .data_i (large_out_data_o)
  );

  toe_ram #(
      .Width(Width),
      .Depth(16)
  ) u_ram (
      .clk_i,
      .wr_en_i  (ram_wr_en_i),
      .wr_addr_i(ram_wr_addr_i),
      .wr_data_i(ram_wr_data_i),
      .rd_en_i  (ram_rd_en_i),
      .rd_addr_i(ram_rd_addr_i),
      .rd_data_o(ram_rd_data_o)
  );

  toe_stream_arb #(
      .Width(Width),
      .NumInputs(NumInputs)
  ) u_arb (
      .clk_i,
      .rst_i,
      .valid_i(arb_valid_i),
      .ready_o(arb_ready_o),
      .data_i (arb_data_i),
      .valid_o(arb_valid_o),
      .ready_i(arb_ready_i),
      .data_o (arb_data_o)
  );

  toe_stream_check #(
      .Width(Width)
  ) u_arb_check (
      .clk_i,
      .rst_i,
      .valid_i(arb_valid_o),
      .ready_i(arb_ready_i),
      .data_i (arb_data_o)
  );

  toe_credit #(
      .Depth(5)
  ) u_credit (
      .clk_i,
      .rst_i,
      .take_i  (credit_take_i),
      .popped_i(credit_popped_i),
      .unused_i(credit_unused_i),
      .count_o (credit_count_o)
  );

  toe_stream_check #(
      .Width(Width)
  ) u_check (
      .clk_i,
      .rst_i,
      .valid_i(check_valid_i),
      .ready_i(check_ready_i),
      .data_i (check_data_i)
  );

endmodule
