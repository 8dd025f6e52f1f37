// SPDX-License-Identifier: Apache-2.0
//
// Looks through the options of an IPv4 header (RFC 791 section 3.1) for a source route.
//
// One header a cycle, never stalls; the answers come five cycles after valid_i.  Every other option
// is skipped, whatever its kind.  bad_o: an option runs past the end of the header, or its length
// is below 2, so that nobody can say what follows it.  route_o: a loose or strict source route is
// among the options (RFC 7126 sections 4.3 and 4.4 advise to drop such packets).

module toe_rx_ip_options
  import toe_rx_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic                      valid_i,
    input logic [               3:0] words_i,  // 32-bit words of options, 0 to 10
    input logic [8*OptionOctets-1:0] octets_i, // first octet in bits 7:0

    output logic bad_o,
    output logic route_o
);

  localparam logic [7:0] EndOfList = 8'd0;
  localparam logic [7:0] NoOperation = 8'd1;
  localparam logic [7:0] LooseRoute = 8'd131;
  localparam logic [7:0] StrictRoute = 8'd137;

  // ---- Stage 1: every octet as if an option began there -----------------------------------------

  function automatic step_t read_option(logic [7:0] kind, logic [7:0] len, logic [5:0] at,
                                        logic [3:0] words);
    logic [8:0] next;
    next        = 9'(at) + 9'(len);
    read_option = '{bad: 1'b0, next: WalkDone};
    if (at[5:2] >= words || kind == EndOfList) return read_option;
    if (kind == NoOperation) read_option.next = at + 6'd1;
    else if (len < 8'd2 || next > {3'b000, words, 2'b00}) read_option.bad = 1'b1;
    else read_option.next = next[5:0];
  endfunction

  logic valid_q, valid_q2, valid_q3, valid_q4;
  steps_t step, step_q;
  set_t route, route_q, route_q2, route_q3, route_q4;
  logic [8*OptionOctets+7:0] padded;  // no octet follows the last
  assign padded = {8'd0, octets_i};

  always_comb begin
    step  = '0;
    route = '0;
    if (valid_i) begin
      for (int unsigned i = 0; i < OptionOctets; i++) begin
        step[i] = read_option(padded[8*i+:8], padded[8*(i+1)+:8], 6'(i), words_i);
        route[i] = 4'(i / 4) < words_i &&
                   (padded[8*i+:8] == LooseRoute || padded[8*i+:8] == StrictRoute);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) {valid_q, valid_q2, valid_q3, valid_q4} <= '0;
    else {valid_q, valid_q2, valid_q3, valid_q4} <= {valid_i, valid_q, valid_q2, valid_q3};
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      step_q  <= step;
      route_q <= route;
    end
    if (valid_q) route_q2 <= route_q;
    if (valid_q2) route_q3 <= route_q2;
    if (valid_q3) route_q4 <= route_q3;
  end

  // ---- Stages 2 to 5: which of them begin one ---------------------------------------------------

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
    if (valid_q4) begin
      bad_o   <= bad;
      route_o <= (begins & route_q4) != '0;
    end
  end

endmodule
