// SPDX-License-Identifier: Apache-2.0
//
// Looks through the options of an IPv4 header (RFC 791 section 3.1) for a source route.
//
// One header a cycle, never stalls; the answers come six cycles after valid_i.  Every other option
// is skipped, whatever its kind.  bad_o: an option runs past the end of the header, or its length
// is below 2, so that nobody can say what follows it.  route_o: a loose or strict source route is
// among the options (RFC 7126 sections 4.3 and 4.4 advise to drop such packets).

module toe_rx_ip_options
  import toe_rx_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic                        valid_i,
    input words_t                      words_i,  // 32-bit words that hold options
    input logic   [8*OptionOctets-1:0] octets_i, // first octet in bits 7:0

    output logic bad_o,
    output logic route_o
);

  localparam logic [7:0] LooseRoute = 8'd131;
  localparam logic [7:0] StrictRoute = 8'd137;

  // ---- Stage 1: every octet as if an option began there -----------------------------------------

  logic valid_q, valid_q2, valid_q3, valid_q4, valid_q5;
  steps_t step_q;
  set_t route_q, route_q2, route_q3, route_q4, route_q5;
  logic [8*OptionOctets+7:0] padded;  // no octet follows the last
  assign padded = {8'd0, octets_i};

  always_ff @(posedge clk_i) begin
    if (rst_i) {valid_q, valid_q2, valid_q3, valid_q4, valid_q5} <= '0;
    else begin
      {valid_q, valid_q2, valid_q3, valid_q4, valid_q5} <= {
        valid_i, valid_q, valid_q2, valid_q3, valid_q4
      };
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      for (int unsigned i = 0; i < OptionOctets; i++) begin
        step_q[i] <= option_step(padded[8*i+:8], padded[8*(i+1)+:8], 1'b1, 6'(i), words_i);
        route_q[i] <= words_i[i/4] &&
            (padded[8*i+:8] == LooseRoute || padded[8*i+:8] == StrictRoute);
      end
    end
    if (valid_q) route_q2 <= route_q;
    if (valid_q2) route_q3 <= route_q2;
    if (valid_q3) route_q4 <= route_q3;
    if (valid_q4) route_q5 <= route_q4;
  end

  // ---- Stages 2 to 6: which of them begin one ---------------------------------------------------

  logic bad;
  set_t begins;
  toe_rx_walk u_walk (
      .clk_i,
      .rst_i,
      .valid_i (valid_q),
      .step_i  (step_q),
      .bad_o   (bad),
      .begins_o(begins)
  );

  always_ff @(posedge clk_i) begin
    if (valid_q5) begin
      bad_o   <= bad;
      route_o <= (begins & route_q5) != '0;
    end
  end

endmodule
