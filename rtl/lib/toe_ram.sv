// SPDX-License-Identifier: Apache-2.0
//
// Simple dual-port RAM: one write port, one read port with registered output (block RAM).
//
// rd_data_o holds the word one cycle after rd_en_i and keeps it until the next read.  A read in the
// cycle of a write to the same word gives the old word; that costs two registers and a LUT a bit
// beside the block RAM.  With Collides = 0 it costs nothing, and the neighbour never does it.
// Contents are undefined until written.

module toe_ram #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,
    parameter bit Collides = 1'b1,
    localparam int unsigned AddrWidth = Depth > 1 ? $clog2(Depth) : 1
) (
    input logic clk_i,

    input logic                 wr_en_i,
    input logic [AddrWidth-1:0] wr_addr_i,
    input logic [    Width-1:0] wr_data_i,

    input  logic                 rd_en_i,
    input  logic [AddrWidth-1:0] rd_addr_i,
    output logic [    Width-1:0] rd_data_o
);

  if (Collides) begin : gen_old_word
    logic [Width-1:0] mem_q[Depth];

    always_ff @(posedge clk_i) begin
      if (wr_en_i) mem_q[wr_addr_i] <= wr_data_i;
      if (rd_en_i) rd_data_o <= mem_q[rd_addr_i];
    end
  end else begin : gen_plain
    (* no_rw_check *) logic [Width-1:0] mem_q[Depth];

    always_ff @(posedge clk_i) begin
      if (wr_en_i) mem_q[wr_addr_i] <= wr_data_i;
      if (rd_en_i) rd_data_o <= mem_q[rd_addr_i];
    end
  end

endmodule
