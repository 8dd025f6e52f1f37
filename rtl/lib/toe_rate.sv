// SPDX-License-Identifier: Apache-2.0
//
// Pulses at RateHz on a clock of ClkHz, exact on average for any two whole numbers.
//
// tick_o is 1 for one cycle.  Pulses are ClkHz / RateHz cycles apart, rounded down or up so that no
// error adds up.  clear_i puts the next pulse half a period after it, which is where a receiver that
// saw an edge samples.

module toe_rate #(
    parameter int unsigned ClkHz  = 125_000_000,
    parameter int unsigned RateHz = 1_000_000     // at most ClkHz
) (
    input  logic clk_i,
    input  logic rst_i,
    input  logic clear_i,
    output logic tick_o
);

  // What the two have in common is taken out, so that round numbers need few bits.
  function automatic int unsigned common(int unsigned a, int unsigned b);
    int unsigned rest;
    while (b != 0) begin
      rest = a % b;
      a = b;
      b = rest;
    end
    return a;
  endfunction

  localparam int unsigned Common = common(ClkHz, RateHz);
  localparam int unsigned Period = ClkHz / Common;
  localparam int unsigned Step = RateHz / Common;
  localparam int unsigned Width = Period > 1 ? $clog2(Period) : 1;

  if (RateHz == 0 || RateHz > ClkHz) begin : gen_check
    $error("toe_rate: RateHz is 1 to ClkHz");
  end

  logic [Width-1:0] phase_q;  // in Step, modulo Period
  logic wrap;
  assign wrap = phase_q >= Width'(Period - Step);

  always_ff @(posedge clk_i) begin
    if (rst_i || clear_i) begin
      phase_q <= Width'(Period / 2);
      tick_o  <= 1'b0;
    end else begin
      phase_q <= wrap ? phase_q - Width'(Period - Step) : phase_q + Width'(Step);
      tick_o  <= wrap;
    end
  end

endmodule
