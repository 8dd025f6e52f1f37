// SPDX-License-Identifier: Apache-2.0
//
// SipHash-2-4 of a 12-octet message, pipelined.
//
// One message a cycle, never stalled; the hash comes 16 / HalfRounds cycles later, in order, with
// the tag that came with its message.  HalfRounds is the number of half-rounds (one 64-bit addition
// each, in series) that a stage computes: 1 for the highest clock, 2 for the shortest pipeline that
// still meets 125 MHz on an ECP5.  The key must not change while messages are in the pipeline.

module toe_siphash #(
    parameter int unsigned HalfRounds = 2,  // 1, 2 or 4
    parameter int unsigned TagWidth   = 1
) (
    input logic clk_i,
    input logic rst_i,

    input logic [127:0] key_i,  // octet 0 in bits 7:0

    input logic                valid_i,
    input logic [        95:0] msg_i,    // octet 0 in bits 7:0
    input logic [TagWidth-1:0] tag_i,

    output logic                valid_o,
    output logic [        63:0] hash_o,
    output logic [TagWidth-1:0] tag_o,

    output logic busy_o  // a message is in the pipeline
);

  localparam int unsigned NumHalfRounds = 16;  // two rounds for each of two words, four to end
  localparam int unsigned NumStages = NumHalfRounds / HalfRounds;

  typedef struct packed {
    logic [63:0] v0;
    logic [63:0] v1;
    logic [63:0] v2;
    logic [63:0] v3;
  } sip_t;

  // The second word of the message is its last four octets, and its length in octet 7.
  typedef struct packed {
    logic [31:0] word1;
    logic [63:0] word0;
  } msg_t;

  function automatic logic [63:0] last_word(logic [31:0] word1);
    return {8'd12, 24'd0, word1};
  endfunction

  function automatic sip_t start(logic [127:0] key);
    sip_t s;
    s.v0 = key[63:0] ^ 64'h736f_6d65_7073_6575;
    s.v1 = key[127:64] ^ 64'h646f_7261_6e64_6f6d;
    s.v2 = key[63:0] ^ 64'h6c79_6765_6e65_7261;
    s.v3 = key[127:64] ^ 64'h7465_6462_7974_6573;
    return s;
  endfunction

  // What is mixed in between the rounds, before half-round number index.
  function automatic sip_t inject(sip_t s, msg_t msg, int unsigned index);
    unique case (index)
      0: s.v3 ^= msg.word0;
      4: begin
        s.v0 ^= msg.word0;
        s.v3 ^= last_word(msg.word1);
      end
      8: begin
        s.v0 ^= last_word(msg.word1);
        s.v2 ^= 64'hff;
      end
      default: ;
    endcase
    return s;
  endfunction

  function automatic sip_t half_round(sip_t s, logic second);
    sip_t r;
    if (!second) begin
      r.v0 = s.v0 + s.v1;
      r.v1 = {s.v1[50:0], s.v1[63:51]} ^ r.v0;
      r.v0 = {r.v0[31:0], r.v0[63:32]};
      r.v2 = s.v2 + s.v3;
      r.v3 = {s.v3[47:0], s.v3[63:48]} ^ r.v2;
    end else begin
      r.v0 = s.v0 + s.v3;
      r.v3 = {s.v3[42:0], s.v3[63:43]} ^ r.v0;
      r.v2 = s.v2 + s.v1;
      r.v1 = {s.v1[46:0], s.v1[63:47]} ^ r.v2;
      r.v2 = {r.v2[31:0], r.v2[63:32]};
    end
    return r;
  endfunction

  logic [NumStages:0] valid;
  sip_t [NumStages:0] state;
  /* verilator lint_off UNUSEDSIGNAL */
  msg_t [NumStages:0] msg;  // of no use after the last injection
  /* verilator lint_on UNUSEDSIGNAL */
  logic [NumStages:0][TagWidth-1:0] tag;

  assign valid[0] = valid_i;
  assign state[0] = start(key_i);
  assign msg[0]   = msg_i;
  assign tag[0]   = tag_i;

  for (genvar stage = 0; stage < NumStages; stage++) begin : gen_stage
    logic valid_q;
    sip_t state_d, state_q;
    /* verilator lint_off UNUSEDSIGNAL */
    msg_t msg_q;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [TagWidth-1:0] tag_q;

    always_comb begin
      state_d = state_q;
      if (valid[stage]) begin
        state_d = state[stage];
        for (int unsigned half = 0; half < HalfRounds; half++) begin
          state_d = inject(state_d, msg[stage], stage * HalfRounds + half);
          state_d = half_round(state_d, half[0] ^ (stage * HalfRounds % 2 == 1));
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (rst_i) valid_q <= 1'b0;
      else valid_q <= valid[stage];
    end

    // The message is needed up to the last injection; synthesis removes it from the later stages.
    always_ff @(posedge clk_i) begin
      if (valid[stage]) begin
        state_q <= state_d;
        tag_q   <= tag[stage];
        if (stage * HalfRounds < 8) msg_q <= msg[stage];
      end
    end

    assign valid[stage+1] = valid_q;
    assign state[stage+1] = state_q;
    assign tag[stage+1]   = tag_q;
    if (stage * HalfRounds < 8) begin : gen_msg
      assign msg[stage+1] = msg_q;
    end else begin : gen_no_msg
      assign msg[stage+1] = '0;
    end
  end

  sip_t last;
  assign last    = state[NumStages];
  assign valid_o = valid[NumStages];
  assign hash_o  = last.v0 ^ last.v1 ^ last.v2 ^ last.v3;
  assign tag_o   = tag[NumStages];
  assign busy_o  = |valid[NumStages:1];

endmodule
