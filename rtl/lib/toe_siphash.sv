// SPDX-License-Identifier: Apache-2.0
//
// SipHash-2-4 of a message of 8 to 15 octets, one round a cycle.
//
// Interval is the fewest cycles between two messages.  Each stage of the pipeline does that many
// rounds, so there are 8 / Interval stages.  The hash comes nine cycles after its message, eight
// with Interval 1, in order, with the tag that came with the message.  It waits in a register until
// it is taken, and what follows waits behind it.  The key must not change while messages are in
// the pipeline.
//
// in_ready_o depends on out_ready_i combinationally with Interval 1 only.

module toe_siphash #(
    parameter  int unsigned Interval  = 1,             // 1, 2, 4 or 8
    parameter  int unsigned TagWidth  = 1,
    parameter  int unsigned MsgOctets = 12,            // 8 to 15
    localparam int unsigned MsgWidth  = 8 * MsgOctets
) (
    input logic clk_i,
    input logic rst_i,

    input logic [127:0] key_i,  // octet 0 in bits 7:0

    input  logic                in_valid_i,
    output logic                in_ready_o,
    input  logic [MsgWidth-1:0] msg_i,       // octet 0 in bits 7:0
    input  logic [TagWidth-1:0] tag_i,

    output logic                out_valid_o,
    input  logic                out_ready_i,
    output logic [        63:0] hash_o,
    output logic [TagWidth-1:0] tag_o,

    output logic busy_o  // a message or a hash is in the pipeline
);

  localparam int unsigned NumRounds = 8;  // two for each of two words, four to end
  localparam int unsigned NumStages = NumRounds / Interval;
  typedef logic [$clog2(NumRounds)-1:0] round_t;

  typedef struct packed {
    logic [63:0] v0;
    logic [63:0] v1;
    logic [63:0] v2;
    logic [63:0] v3;
  } sip_t;

  // The second word of the message is what is left of its octets, and its length in octet 7.
  typedef logic [MsgWidth-1:0] msg_t;

  function automatic logic [63:0] last_word(msg_t msg);
    return {8'(MsgOctets), 56'(msg >> 64)};
  endfunction

  function automatic sip_t start(logic [127:0] key, logic [63:0] word0);
    sip_t s;
    s.v0 = key[63:0] ^ 64'h736f_6d65_7073_6575;
    s.v1 = key[127:64] ^ 64'h646f_7261_6e64_6f6d;
    s.v2 = key[63:0] ^ 64'h6c79_6765_6e65_7261;
    s.v3 = key[127:64] ^ 64'h7465_6462_7974_6573 ^ word0;
    return s;
  endfunction

  function automatic sip_t first_half(sip_t s);
    sip_t r;
    r.v0 = s.v0 + s.v1;
    r.v1 = {s.v1[50:0], s.v1[63:51]} ^ r.v0;
    r.v0 = {r.v0[31:0], r.v0[63:32]};
    r.v2 = s.v2 + s.v3;
    r.v3 = {s.v3[47:0], s.v3[63:48]} ^ r.v2;
    return r;
  endfunction

  function automatic sip_t second_half(sip_t s);
    sip_t r;
    r.v0 = s.v0 + s.v3;
    r.v3 = {s.v3[42:0], s.v3[63:43]} ^ r.v0;
    r.v2 = s.v2 + s.v1;
    r.v1 = {s.v1[46:0], s.v1[63:47]} ^ r.v2;
    r.v2 = {r.v2[31:0], r.v2[63:32]};
    return r;
  endfunction

  // One round, and what is mixed in behind it.
  function automatic sip_t next(sip_t s, msg_t msg, round_t index);
    sip_t r;
    r = second_half(first_half(s));
    unique case (index)
      3'd1: begin
        r.v0 ^= msg[63:0];
        r.v3 ^= last_word(msg);
      end
      3'd3: begin
        r.v0 ^= last_word(msg);
        r.v2 ^= 64'hff;
      end
      default: ;
    endcase
    return r;
  endfunction

  // v0 ^ v1 ^ v2 ^ v3 after the last round.  v0 cancels out, because it is in v3 too.
  function automatic logic [63:0] hash_after(sip_t s);
    /* verilator lint_off UNUSEDSIGNAL */
    sip_t h;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [63:0] sum;
    h   = first_half(s);
    sum = h.v2 + h.v1;
    return {h.v3[42:0], h.v3[63:43]} ^ {h.v1[46:0], h.v1[63:47]} ^ sum ^ {sum[31:0], sum[63:32]};
  endfunction

  // What each stage is given; the last entry is the end of the pipeline.
  logic [NumStages:0] valid, ready;
  sip_t [NumStages:0] state;
  /* verilator lint_off UNUSEDSIGNAL */
  msg_t [NumStages:0] msg;  // of no use after the last injection; synthesis removes it there
  /* verilator lint_on UNUSEDSIGNAL */
  logic [NumStages:0][TagWidth-1:0] tag;
  logic [NumStages-1:0] busy;
  sip_t last;  // before the last round

  assign valid[0]   = in_valid_i;
  assign in_ready_o = ready[0];
  assign state[0]   = start(key_i, msg_i[63:0]);
  assign msg[0]     = msg_i;
  assign tag[0]     = tag_i;

  for (genvar stage = 0; stage < NumStages; stage++) begin : gen_stage
    localparam round_t FirstRound = round_t'(stage * Interval);
    localparam round_t LastRound = round_t'((stage + 1) * Interval - 1);
    round_t round;
    sip_t   now;

    if (Interval == 1 && stage == 0) begin : gen_input
      assign valid[1] = valid[0];
      assign ready[0] = ready[1];
      assign busy[0]  = 1'b0;
      assign round    = FirstRound;
      assign now      = state[0];
      assign msg[1]   = msg[0];
      assign tag[1]   = tag[0];
    end else begin : gen_register
      logic valid_q;
      round_t round_q;
      sip_t state_q;
      /* verilator lint_off UNUSEDSIGNAL */
      msg_t msg_q;
      /* verilator lint_on UNUSEDSIGNAL */
      logic [TagWidth-1:0] tag_q;
      logic load;

      assign valid[stage+1] = valid_q && round == LastRound;
      assign ready[stage] = !valid_q || (round == LastRound && ready[stage+1]);
      assign busy[stage] = valid_q;
      assign load = valid[stage] && ready[stage];
      assign round = Interval == 1 ? FirstRound : round_q;
      assign now = state_q;
      assign msg[stage+1] = msg_q;
      assign tag[stage+1] = tag_q;

      always_ff @(posedge clk_i) begin
        if (rst_i) valid_q <= 1'b0;
        else if (ready[stage]) valid_q <= valid[stage];
      end

      // The last round is done on the way to the next stage.
      always_ff @(posedge clk_i) begin
        if (load) begin
          round_q <= FirstRound;
          state_q <= state[stage];
          msg_q   <= msg[stage];
          tag_q   <= tag[stage];
        end else if (round != LastRound) begin
          round_q <= round_q + 1'b1;
          state_q <= state[stage+1];
        end
      end
    end

    assign state[stage+1] = next(now, msg[stage+1], round);
    if (stage == NumStages - 1) begin : gen_last
      assign last = now;
    end
  end

  // ---- The hash --------------------------------------------------------------------------------

  logic out_valid_q;
  // A register alone decides where it can: with more than a cycle between two, the hash before is
  // usually gone.
  assign ready[NumStages] = !out_valid_q || (Interval == 1 && out_ready_i);

  always_ff @(posedge clk_i) begin
    if (rst_i) out_valid_q <= 1'b0;
    else if (ready[NumStages]) out_valid_q <= valid[NumStages];
    else if (out_ready_i) out_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (valid[NumStages] && ready[NumStages]) begin
      hash_o <= hash_after(last);
      tag_o  <= tag[NumStages];
    end
  end

  assign out_valid_o = out_valid_q;
  assign busy_o      = busy != '0 || out_valid_q;

endmodule
