// SPDX-License-Identifier: Apache-2.0
//
// toe_siphash with each number of half-rounds a stage, on the same input, for tests in C.

module tb_siphash (
    input logic clk_i,
    input logic rst_i,

    input logic [127:0] key_i,
    input logic         valid_i,
    input logic [ 95:0] msg_i,
    input logic [ 31:0] tag_i,

    output logic [2:0]       valid_o,  // 1, 2 and 4 half-rounds
    output logic [2:0][63:0] hash_o,
    output logic [2:0][31:0] tag_o,
    output logic [2:0]       busy_o
);

  for (genvar i = 0; i < 3; i++) begin : gen_variant
    toe_siphash #(
        .HalfRounds(1 << i),
        .TagWidth  (32)
    ) u_siphash (
        .clk_i,
        .rst_i,
        .key_i,
        .valid_i,
        .msg_i,
        .tag_i,
        .valid_o(valid_o[i]),
        .hash_o (hash_o[i]),
        .tag_o  (tag_o[i]),
        .busy_o (busy_o[i])
    );
  end

endmodule
