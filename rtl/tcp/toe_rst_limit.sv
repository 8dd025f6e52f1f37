// SPDX-License-Identifier: Apache-2.0
//
// Limits the RSTs that answer segments of no connection (RFC 9293 section 3.10.7.1), so that a port
// scan, or a flood with forged sources, gets few of them: 64 to 127 in each span of 2**14 us, 4,000 to
// 7,800 a second.  Whoever is refused in earnest asks again and hears it then.
//
// All peers share the limit, so whoever counts the answers to segments of his own could learn
// whether others used some up.  Therefore each span's number is drawn anew, from a register that runs
// freely and into which the keyed hash of every segment goes.
//
// muted_o does not change while hold_i is set.

module toe_rst_limit
  import toe_pkg::*;
#(
    parameter int unsigned LeastLog2 = 6  // log2 of the fewest RSTs of a span, 15 at most
) (
    input logic clk_i,
    input logic rst_i,

    // verilator lint_off UNUSEDSIGNAL  // a few of its bits number the spans
    input time_us_t now_us_i,
    // verilator lint_on UNUSEDSIGNAL

    input logic        salt_valid_i,
    input logic [15:0] salt_i,        // secret bits of a hash

    input  logic spend_i,  // a RST is answered with; only while muted_o is not set
    input  logic hold_i,   // muted_o is being looked at
    output logic muted_o
);

  localparam int unsigned SpanLog2Us = 14;

  logic [7:0] span, span_q;
  logic [LeastLog2:0] left_q;
  logic [15:0] noise_q;
  assign span = now_us_i[SpanLog2Us+:8];

  // x**16 + x**15 + x**13 + x**4 + 1: every state but 0, which only salt can make.
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      noise_q <= 16'h0001;
    end else begin
      noise_q <= {noise_q[14:0], noise_q[15] ^ noise_q[14] ^ noise_q[12] ^ noise_q[3]} ^
          (salt_valid_i ? salt_i : 16'd0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      span_q <= '0;
      left_q <= '1;
    end else if (spend_i) begin
      left_q <= left_q - 1'b1;
    end else if (!hold_i && span != span_q) begin
      span_q <= span;
      left_q <= {1'b1, noise_q[LeastLog2-1:0]};
    end
  end

  assign muted_o = left_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_i) SpentIsThere : assert (!spend_i || !muted_o);
  end

endmodule
