// SPDX-License-Identifier: Apache-2.0
//
// SYN cookies: the cookie of every segment (toe_cookie_pkg).
//
// It is computed beside the flow's hash, from the same cycle on and as fast, and waits here until it
// is taken in the segment's turn; so nothing is later for it.  What decides that a SYN is answered
// with it, or an ACK accepted, is toe_classify.

module toe_syn_cookie
  import toe_pkg::*;
  import toe_flow_pkg::*;
  import toe_cookie_pkg::*;
#(
    parameter int unsigned SegInterval = 8  // 1, 2, 4 or 8
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t     cfg_i,
    input time_us_t now_us_i,

    input logic    start_i,  // seg_i's hash begins
    input rx_seg_t seg_i,

    // Of the oldest segment whose cookie was not taken.  It is there before the segment's turn.
    input  logic    take_i,
    output cookie_t cookie_o,

    input  logic [15:0] half_open_count_i,
    output logic        able_o,             // there is a key
    output logic        active_o,           // every SYN gets a cookie
    input  logic        sent_i,             // one was sent
    input  logic        sent_parity_i,
    output logic [ 1:0] out_o               // cookies of this parity may come back
);

  epoch_t epoch;
  logic [127:0] key, last_key;

  toe_cookie_epoch u_epoch (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .epoch_o   (epoch),
      .key_o     (key),
      .last_key_o(last_key),
      .half_open_count_i,
      .able_o,
      .active_o,
      .sent_i,
      .sent_parity_i,
      .out_o
  );

  // More than the segments between hash and turn: two wait, and one is offered, or as many as
  // toe_flow_hash's queue has.
  localparam int unsigned QueueDepth = SegInterval == 8 ? 4 : 32;

  origin_t origin;
  logic sip_ready, sip_valid, queue_ready, cookie_valid, unused_busy;
  logic [3:0] low;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [63:0] hash;  // the bits of a MAC
  /* verilator lint_on UNUSEDSIGNAL */
  logic [$clog2(QueueDepth):0] unused_count;

  assign origin = origin_of(seg_i, epoch);

  toe_siphash #(
      .Interval (SegInterval),
      .TagWidth (4),
      .MsgOctets(MsgOctets)
  ) u_siphash (
      .clk_i,
      .rst_i,
      .key_i      (origin.is_last ? last_key : key),
      .in_valid_i (start_i),
      .in_ready_o (sip_ready),
      .msg_i      (message_of(origin)),
      .tag_i      ({origin.mss, origin.epoch[0]}),
      .out_valid_o(sip_valid),
      .out_ready_i(1'b1),
      .hash_o     (hash),
      .tag_o      (low),
      .busy_o     (unused_busy)
  );

  toe_queue #(
      .Width($bits(cookie_t)),
      .Depth(QueueDepth)
  ) u_cookies (
      .clk_i,
      .rst_i,
      .in_valid_i (sip_valid),
      .in_ready_o (queue_ready),
      .in_data_i  ({hash[27:0], low}),
      .out_valid_o(cookie_valid),
      .out_ready_i(take_i),
      .out_data_o (cookie_o),
      .count_o    (unused_count)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      HashIsReady : assert (!start_i || sip_ready);
      CookieHasRoom : assert (!sip_valid || queue_ready);
      CookieIsThere : assert (!take_i || cookie_valid);
    end
  end

endmodule
