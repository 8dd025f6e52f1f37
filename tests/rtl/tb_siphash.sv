// SPDX-License-Identifier: Apache-2.0
//
// toe_siphash with each interval between messages, for tests in C.

module tb_siphash (
    input logic clk_i,
    input logic rst_i,

    input logic [127:0] key_i,

    // One bit or word for each of the intervals 1, 2, 4 and 8.
    input  logic [3:0]       in_valid_i,
    output logic [3:0]       in_ready_o,
    input  logic [3:0][95:0] msg_i,
    input  logic [3:0][31:0] tag_i,

    output logic [3:0]       out_valid_o,
    input  logic [3:0]       out_ready_i,
    output logic [3:0][63:0] hash_o,
    output logic [3:0][31:0] tag_o,
    output logic [3:0]       busy_o
);

  for (genvar i = 0; i < 4; i++) begin : gen_variant
    toe_siphash #(
        .Interval(1 << i),
        .TagWidth(32)
    ) u_siphash (
        .clk_i,
        .rst_i,
        .key_i,
        .in_valid_i (in_valid_i[i]),
        .in_ready_o (in_ready_o[i]),
        .msg_i      (msg_i[i]),
        .tag_i      (tag_i[i]),
        .out_valid_o(out_valid_o[i]),
        .out_ready_i(out_ready_i[i]),
        .hash_o     (hash_o[i]),
        .tag_o      (tag_o[i]),
        .busy_o     (busy_o[i])
    );

    toe_stream_check #(
        .Width(96)
    ) u_check (
        .clk_i,
        .rst_i,
        .valid_i(out_valid_o[i]),
        .ready_i(out_ready_i[i]),
        .data_i ({hash_o[i], tag_o[i]})
    );
  end

endmodule
