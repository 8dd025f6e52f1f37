// SPDX-License-Identifier: Apache-2.0
//
// Round-robin arbiter over valid/ready streams, one item a grant.
//
// Combinational from valid_i to valid_o and from ready_i to ready_o.  An offered item is kept until
// it is taken: the grant does not move while valid_o waits for ready_i.  No input waits for more
// than NumInputs - 1 items of the others.

module toe_stream_arb #(
    parameter int unsigned Width     = 1,
    parameter int unsigned NumInputs = 2   // 2 to 16
) (
    input logic clk_i,
    input logic rst_i,

    input  logic [NumInputs-1:0]            valid_i,
    output logic [NumInputs-1:0]            ready_o,
    input  logic [NumInputs-1:0][Width-1:0] data_i,

    output logic             valid_o,
    input  logic             ready_i,
    output logic [Width-1:0] data_o
);

  localparam int unsigned IndexWidth = $clog2(NumInputs);
  typedef logic [IndexWidth-1:0] index_t;

  index_t grant, last_q, held_q;
  logic locked_q;

  // The first valid input after the one served last; a waiting item keeps its grant.
  always_comb begin
    grant = last_q;
    if (locked_q) begin
      grant = held_q;
    end else begin
      for (int unsigned i = NumInputs; i > 0; i--) begin
        if (valid_i[index_t'((32'(last_q)+i)%NumInputs)]) begin
          grant = index_t'((32'(last_q) + i) % NumInputs);
        end
      end
    end
  end

  assign valid_o = |valid_i;
  assign data_o  = data_i[grant];

  always_comb begin
    ready_o        = '0;
    ready_o[grant] = ready_i;
  end

  always_ff @(posedge clk_i) begin
    held_q <= grant;
    if (rst_i) begin
      last_q   <= '0;
      locked_q <= 1'b0;
    end else begin
      locked_q <= valid_o && !ready_i;
      if (valid_o && ready_i) last_q <= grant;
    end
  end

endmodule
