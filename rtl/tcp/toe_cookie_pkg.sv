// SPDX-License-Identifier: Apache-2.0
//
// SYN cookies (RFC 4987 section 3.6): what is in one, and what it is made of, as pure functions.
//
// A cookie is the initial sequence number of a SYN-ACK of which nothing is held:
//
//   31                                       4 3         1 0
//   +-----------------------------------------+-----------+-+
//   |                  MAC                    | MSS index |e|
//   +-----------------------------------------+-----------+-+
//
// e is the lowest bit of the number of the epoch in which it was made, one of 2**26 us.  The MAC is
// the low 28 bits of SipHash-2-4 under that epoch's key of fifteen octets: remote address, remote
// port, local port, the peer's initial sequence number, each as on the wire, seven bits of 0, fourteen
// of the epoch's number, three of the MSS index.
//
// An ACK is compared with one cookie alone: e says whether it is of this epoch or of the last, and
// everything else is in the segment.  So one that was not made here passes with probability 2**-28,
// less than one in 268 million, whatever its other fields are; and what was made two epochs ago is
// no better than that, because e names another epoch by then.

package toe_cookie_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_flow_pkg::*;

  localparam int unsigned EpochLog2Us = 26;  // 67 s
  localparam int unsigned EpochWidth = $bits(time_us_t) - EpochLog2Us;
  localparam int unsigned MsgOctets = 15;

  typedef logic [EpochWidth-1:0] epoch_t;
  typedef logic [2:0] mss_index_t;
  typedef logic [27:0] mac28_t;

  typedef struct packed {
    mac28_t     mac;
    mss_index_t mss;
    logic       parity;
  } cookie_t;

  function automatic epoch_t epoch_of(time_us_t now_us);
    return epoch_t'(now_us >> EpochLog2Us);
  endfunction

  // ---- MSS ---------------------------------------------------------------------------------

  // What the peer takes at least.  Index 0 is for the few that say less than 256, and gets the least
  // segment that the engine sends (cfg.min_mss).
  function automatic logic [15:0] mss_of(mss_index_t index);
    unique case (index)
      3'd1: return 16'd256;
      3'd2: return 16'd536;  // without the option
      3'd3: return 16'd1220;
      3'd4: return 16'd1360;
      3'd5: return 16'd1440;
      3'd6: return 16'd1460;
      3'd7: return 16'd8960;
      default: return 16'd0;
    endcase
  endfunction

  function automatic mss_index_t mss_index(logic [15:0] mss);
    mss_index_t index;
    index = '0;
    for (int unsigned i = 1; i < 8; i++) if (mss >= mss_of(3'(i))) index = 3'(i);
    return index;
  endfunction

  // ---- Cookie ------------------------------------------------------------------------------

  // Whole structures go in, and not every function reads every field.
  // verilator lint_off UNUSEDSIGNAL

  // What the cookie of a segment is a function of, but for the key: of a SYN the one to answer with, of
  // any other the one that it must acknowledge.
  typedef struct packed {
    logic            is_last;  // made in the epoch before this one, with the key of that
    epoch_t          epoch;
    mss_index_t      mss;
    seq_t            irs;
    flow_key_t flow;
  } origin_t;

  function automatic origin_t origin_of(rx_seg_t seg, epoch_t now);
    origin_t       o;
    logic    [3:0] low;  // of the cookie that an ACK acknowledges: the low bits need no long carry
    logic          is_syn;
    is_syn    = seg.flags.syn && !seg.flags.ack;
    low       = seg.ack[3:0] - 4'd1;
    o.is_last = !is_syn && low[0] != now[0];
    o.epoch   = now - EpochWidth'(o.is_last);
    o.mss     = is_syn ? mss_index(seg.opt.mss_valid ? seg.opt.mss : 16'd536) : low[3:1];
    o.irs     = seg.seq - 32'(!is_syn);
    o.flow    = seg.key;
    return o;
  endfunction

  function automatic logic [8*MsgOctets-1:0] message_of(origin_t o);
    logic [23:0] last;
    last = {7'd0, o.epoch, o.mss};
    return {
      last[7:0],
      net16(last[23:8]),
      net32(o.irs),
      net32({o.flow.remote_port, o.flow.local_port}),
      net32(o.flow.remote_ip)
    };
  endfunction

  // ---- Options -----------------------------------------------------------------------------

  // The five low bits of the timestamp in a cookie's SYN-ACK say what the SYN offered: SACK, and the
  // window's scale or 15 for none.  They come back with the ACK.  The rest is our clock, or less by
  // one: so what is sent is never ahead of the clock, and what the connection sends later not behind
  // it.
  function automatic logic [31:0] cookie_ts_val(time_us_t now_us, half_open_t h);
    logic [31:0] clock;
    logic [ 4:0] options;
    clock   = ts_clock(now_us);
    options = {h.sack_ok, h.wscale_ok ? h.snd_wscale : 4'd15};
    return {clock[31:5] - 27'(options > clock[4:0]), options};
  endfunction

  // The control block's beginning that the ACK alone gives.  Without a timestamp there are no options.
  function automatic tcb_open_t open_from_cookie(cfg_t cfg, rx_seg_t seg, seq_t cookie);
    tcb_open_t o;
    o            = '0;
    o.iss        = cookie;
    o.irs        = seg.seq - 32'd1;
    o.peer_mss   = mss_of(cookie[3:1]);
    o.ts_ok      = cfg.ts_enable && seg.opt.ts_valid;
    o.ts_recent  = seg.opt.ts_val;
    o.wscale_ok  = o.ts_ok && cfg.wscale_enable && seg.opt.ts_ecr[3:0] != 4'd15;
    o.snd_wscale = o.wscale_ok ? seg.opt.ts_ecr[3:0] : '0;
    o.sack_ok    = o.ts_ok && cfg.sack_enable && seg.opt.ts_ecr[4];
    return o;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

endpackage
