// SPDX-License-Identifier: Apache-2.0
//
// A SYN cookie that was made is accepted in its time: to the end of the epoch after its own, whatever
// the host does with the keys meanwhile.
//
// What is hashed is the same under the same key, so the MAC is: it is a free constant here, and
// SipHash has its own tests.  Epochs are counted as they pass, up to all of time_us_t.
//
// formal: accepted depth=2 cover=8

module toe_cookie_epoch_proof
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_cookie_pkg::*;
(
    input logic            clk_i,
    input logic            rst_i,
    input cfg_t            cfg_i,
    input time_us_t        now_us_i,
    input rx_seg_t         syn_i,
    input rx_seg_t         ack_i,             // numbers, flags and flow are not read
    input mac28_t          mac_i,
    input logic            make_i,            // the hash of syn_i begins
    input logic            send_i,            // its cookie is sent
    input logic     [15:0] half_open_count_i
);

  localparam int unsigned NumEpochs = 1 << EpochWidth;
  typedef logic [EpochWidth:0] distance_t;

  epoch_t epoch;
  logic [127:0] key, last_key;
  logic able, active;
  logic [1:0] out;

  rx_seg_t syn_q;
  mac28_t mac_q;
  epoch_t made_epoch_q;
  logic [127:0] made_key_q;
  logic started_q, made_q, sent_q;
  distance_t distance_q;  // epochs that have begun since it was made

  initial started_q = 1'b0;

  toe_cookie_epoch u_dut (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .epoch_o      (epoch),
      .key_o        (key),
      .last_key_o   (last_key),
      .half_open_count_i,
      .able_o       (able),
      .active_o     (active),
      .sent_i       (send_i),
      .sent_parity_i(made_epoch_q[0]),
      .out_o        (out)
  );

  // ---- Made, and brought back ------------------------------------------------------------------

  origin_t made, back;
  cookie_t cookie, expected;
  rx_seg_t ack;
  distance_t begun;
  logic in_time;

  always_comb begin
    made          = origin_of(syn_q, made_epoch_q);
    cookie        = '{mac: mac_q, mss: made.mss, parity: made.epoch[0]};
    ack           = ack_i;
    ack.key       = syn_q.key;
    ack.seq       = syn_q.seq + 32'd1;
    ack.ack       = cookie + 32'd1;
    ack.flags.ack = 1'b1;
    ack.flags.syn = 1'b0;
    back          = origin_of(ack, epoch);
    expected      = '{mac: mac_q, mss: back.mss, parity: back.epoch[0]};
  end

  assign begun   = distance_t'(epoch_t'(epoch_of(now_us_i) - epoch));
  assign in_time = made_q && distance_q <= 1;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    ResetAtTheStart : assume (rst_i == !started_q);
    SwitchedOn : assume (cfg_i.syn_cookies);
    AnswersSyns : assume (!make_i || (able && syn_i.flags.syn && !syn_i.flags.ack));
    SentOnceMade : assume (!send_i || made_q);
    TimeIsShorterThanItsNumbers : assume (!made_q || distance_q + begun < distance_t'(NumEpochs));

    if (rst_i) begin
      made_q <= 1'b0;
      sent_q <= 1'b0;
    end else begin
      if (make_i && !made_q) begin
        made_q       <= 1'b1;
        syn_q        <= syn_i;
        mac_q        <= mac_i;
        made_epoch_q <= epoch;
        made_key_q   <= key;
        distance_q   <= begun;
      end else begin
        distance_q <= distance_q + begun;
      end
      if (send_i) sent_q <= 1'b1;

      EpochsAreCounted : assert (!made_q || epoch == made_epoch_q + epoch_t'(distance_q));
      ItWasASyn : assert (!made_q || (syn_q.flags.syn && !syn_q.flags.ack));
      SentIsMade : assert (made_q || !sent_q);
      CountsNoFarther : assert (!made_q || distance_q < distance_t'(NumEpochs));
      StaysAble : assert (!made_q || able);
      if (in_time) begin
        SameKey : assert ((back.is_last ? last_key : key) == made_key_q);
        SameMessage : assert (message_of(back) == message_of(made));
        SameNumber : assert (expected == cookie);
        IsLookedFor : assert (!sent_q || out[cookie.parity]);
      end

      AcceptedInItsEpoch : cover (sent_q && distance_q == 0);
      AcceptedInTheNext : cover (sent_q && distance_q == 1 && key != made_key_q);
      TooOldUnderTheSameName : cover (sent_q && distance_q == 2 && !back.is_last);
      AllAreAnsweredSo : cover (active);
    end
  end

endmodule
