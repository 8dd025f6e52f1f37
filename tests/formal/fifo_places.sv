// SPDX-License-Identifier: Apache-2.0
//
// The items inside a toe_fifo in the order in which they leave, from its inside: the output register
// first, the RAM's output next, then the RAM.  What induction needs to know of a queue.

module fifo_places #(
    parameter int unsigned Width = 2,
    parameter int unsigned Depth = 4
) (
    input logic out_valid_i,
    input logic [Width-1:0] out_i,
    input logic ram_valid_i,
    input logic [Width-1:0] ram_i,
    input logic [$clog2(Depth)-1:0] rd_ptr_i,
    input logic [$clog2(Depth)-1:0] wr_ptr_i,
    input logic [$clog2(Depth):0] stored_i,
    input logic [Depth-1:0][Width-1:0] mem_i,

    output logic [Depth-1:0][Width-1:0] item_o,  // the first count_o are inside
    output logic [$clog2(Depth):0] count_o,
    output logic sound_o  // pointers and counts agree
);

  typedef logic [$clog2(Depth)-1:0] addr_t;
  typedef logic [$clog2(Depth):0] count_t;

  logic [1:0] before_ram;
  assign before_ram = 2'(out_valid_i) + 2'(ram_valid_i);

  always_comb begin
    for (int unsigned i = 0; i < Depth; i++) begin
      item_o[i] = mem_i[addr_t'(32'(rd_ptr_i)+i-32'(before_ram))];
      if (i == 0 && out_valid_i) item_o[i] = out_i;
      else if (i < 32'(before_ram)) item_o[i] = ram_i;
    end
  end

  assign count_o = stored_i + count_t'(before_ram);
  assign sound_o = 32'(stored_i) + 32'(before_ram) <= Depth &&
                   addr_t'(stored_i) == wr_ptr_i - rd_ptr_i;

endmodule
