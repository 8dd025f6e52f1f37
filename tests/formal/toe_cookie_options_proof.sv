// SPDX-License-Identifier: Apache-2.0
//
// What the peer offered in its SYN comes back with the timestamp of a SYN cookie's SYN-ACK, and that
// timestamp is never ahead of the engine's clock and less than 32 ticks behind it.
//
// formal: options depth=0 cover=1

module toe_cookie_options_proof
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_flow_pkg::*;
  import toe_cookie_pkg::*;
(
    input cfg_t     cfg_i,
    input rx_seg_t  syn_i,
    input time_us_t now_us_i,
    input mac28_t   mac_i,
    input logic     parity_i,
    input rx_seg_t  ack_i
);

  half_open_t half_open;
  cookie_t    cookie;
  rx_seg_t    ack;
  /* verilator lint_off UNUSEDSIGNAL */
  tcb_open_t open;  // the flow and its hash are the segment's
  /* verilator lint_on UNUSEDSIGNAL */
  logic [31:0] ts_val, behind;
  logic sound;

  always_comb begin
    half_open        = half_open_new(cfg_i, syn_i, '0, '0);
    ts_val           = cookie_ts_val(now_us_i, half_open);
    behind           = ts_clock(now_us_i) - ts_val;
    cookie           = '{mac: mac_i, mss: mss_index(half_open.peer_mss), parity: parity_i};
    ack              = ack_i;
    ack.seq          = syn_i.seq + 32'd1;
    ack.ack          = cookie + 32'd1;
    ack.opt.ts_valid = half_open.ts_ok;
    ack.opt.ts_ecr   = ts_val;
    open             = open_from_cookie(cfg_i, ack, ack.ack - 32'd1);
    // The parser takes a scale above 14 as 14 (RFC 7323 section 2.3).
    sound            = syn_i.opt.wscale <= 4'd14;

    if (sound) begin
      NeverAhead : assert (behind < 32'd32);
      Numbers : assert (open.iss == cookie && open.irs == syn_i.seq);
      Timestamps : assert (open.ts_ok == half_open.ts_ok);
      if (half_open.ts_ok) begin
        Sack : assert (open.sack_ok == half_open.sack_ok);
        Scale :
        assert (open.wscale_ok == half_open.wscale_ok && open.snd_wscale == half_open.snd_wscale);
      end else begin
        NoOptions : assert (!open.sack_ok && !open.wscale_ok && open.snd_wscale == '0);
      end
      NotTooLong : assert (open.peer_mss <= half_open.peer_mss);
      TheNextIsTooLong :
      assert (cookie.mss == 3'd7 || mss_of(cookie.mss + 3'd1) > half_open.peer_mss);

      ScaleOfFourteen : cover (half_open.ts_ok && open.wscale_ok && open.snd_wscale == 4'd14);
      BorrowsFromTheClock : cover (half_open.ts_ok && behind == 32'd31);
      Unscaled : cover (half_open.ts_ok && open.sack_ok && !open.wscale_ok);
    end
  end

endmodule
