// SPDX-License-Identifier: Apache-2.0
//
// toe_rx_options reads no octet behind the options when it decides if they are sound, whatever the
// octets: two parsers that get the same header, and behind it different octets, decide alike.
//
// Every header has its outcome after as many cycles as the registers are deep; nothing in the block
// can hold it up, and headers one after the other do not mix.
//
// formal: twins depth=9 cover=11 slow
//
// open: SameOptions that the values are alike too: not decided in 120 s

module toe_rx_options_proof
  import toe_pkg::*;
  import toe_rx_pkg::*;
(
    input logic                      clk_i,
    input logic                      rst_i,
    input logic                      valid_i,
    input logic [               3:0] words_i,
    input logic [8*OptionOctets-1:0] octets_i,
    input logic [8*OptionOctets-1:0] behind_i   // octets of the second parser behind the options
);

  localparam int unsigned BadStage = 6;
  localparam int unsigned OptStage = 7;

  logic [8*OptionOctets-1:0] other;
  always_comb begin
    other = behind_i;
    for (int unsigned i = 0; i < OptionOctets; i++) begin
      if (i < 4 * 32'(words_i)) other[8*i+:8] = octets_i[8*i+:8];
    end
  end

  // verilator lint_off UNUSEDSIGNAL
  logic bad, bad_other;
  tcp_options_t opt, opt_other;
  // verilator lint_on UNUSEDSIGNAL

  toe_rx_options u_one (
      .clk_i,
      .rst_i,
      .valid_i,
      .words_i(toe_rx_pkg::first_words(words_i)),
      .octets_i,
      .bad_o  (bad),
      .opt_o  (opt)
  );
  toe_rx_options u_other (
      .clk_i,
      .rst_i,
      .valid_i,
      .words_i (toe_rx_pkg::first_words(words_i)),
      .octets_i(other),
      .bad_o   (bad_other),
      .opt_o   (opt_other)
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  logic [OptStage:1] valid_q;  // headers on their way
  logic bad_q;  // of the header whose options come now

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    WordsOfHeader : assume (words_i <= 4'd10);
    valid_q <= rst_i ? '0 : {valid_q[OptStage-1:1], valid_i};
    bad_q   <= bad;
  end

  logic [2:0] on_the_way;  // headers whose octets wait in the RAM
  assign on_the_way = 3'(u_one.valid_q) + 3'(u_one.valid_q2) + 3'(u_one.valid_q3) +
      3'(u_one.valid_q4) + 3'(u_one.valid_q5);

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      SameBad : assert (!valid_q[BadStage] || bad == bad_other);
      ScaleClamped : assert (!valid_q[OptStage] || opt.wscale <= 4'd14);
      AtMostFourBlocks : assert (!valid_q[OptStage] || bad_q || opt.sack_count <= 3'd4);
      // What induction needs to know of the inside.
      PlacesAddUp :
      assert (u_one.in_ptr_q - u_one.out_ptr_q == on_the_way &&
              u_one.in_ptr_q == u_other.in_ptr_q && u_one.out_ptr_q == u_other.out_ptr_q);
      StagesInStep :
      assert ({u_one.valid_q6, u_one.valid_q5, u_one.valid_q4, u_one.valid_q3, u_one.valid_q2,
               u_one.valid_q} ==
              valid_q[BadStage:1] &&
              {u_other.valid_q6, u_other.valid_q5, u_other.valid_q4, u_other.valid_q3,
               u_other.valid_q2, u_other.valid_q} == valid_q[BadStage:1]);

      Finds : cover (valid_q[OptStage] && !bad_q && opt.ts_valid && opt.sack_count == 3'd2);
      Refuses : cover (valid_q[BadStage] && bad && valid_q[OptStage] && !bad_q);
    end
  end

endmodule
