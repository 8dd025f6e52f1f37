// SPDX-License-Identifier: Apache-2.0
//
// What toe_link_frame puts on a line that does no harm, toe_link_deframe takes off it: the same
// octets in their order, the FCS behind them, and every frame ends as a good one.
//
// formal: line depth=2 cover=40

module toe_link_frame_proof
  import toe_link_pkg::*;
(
    input logic       clk_i,
    input logic       rst_i,
    input logic       in_valid_i,
    input logic [7:0] in_data_i,
    input logic       in_last_i,
    input logic       out_ready_i
);

  // As in toe_link_frame: read_slang does not find a name of another module.
  localparam logic [1:0] FrameIdle = 2'd0;
  localparam logic [1:0] FrameOctets = 2'd1;
  localparam logic [1:0] FrameFcs = 2'd2;
  localparam logic [1:0] FrameEnd = 2'd3;

  logic in_ready, tx_valid, tx_ready, out_valid, idle;
  logic [7:0] tx_data;
  item_t out;

  toe_link_frame u_frame (
      .clk_i,
      .rst_i,
      .in_valid_i,
      .in_ready_o(in_ready),
      .in_data_i,
      .in_last_i,
      .tx_valid_o(tx_valid),
      .tx_ready_i(tx_ready),
      .tx_data_o (tx_data),
      .idle_o    (idle)
  );

  toe_link_deframe u_deframe (
      .clk_i,
      .rst_i,
      .rx_valid_i (tx_valid),
      .rx_ready_o (tx_ready),
      .rx_data_i  (tx_data),
      .out_valid_o(out_valid),
      .out_ready_i,
      .out_o      (out)
  );

  toe_stream_check #(
      .Width (9),
      .Assume(1'b1)
  ) u_in (
      .clk_i,
      .rst_i,
      .valid_i(in_valid_i),
      .ready_i(in_ready),
      .data_i ({in_last_i, in_data_i})
  );
  toe_stream_check #(
      .Width(8)
  ) u_tx (
      .clk_i,
      .rst_i,
      .valid_i(tx_valid),
      .ready_i(tx_ready),
      .data_i (tx_data)
  );
  toe_stream_check #(
      .Width($bits(item_t))
  ) u_out (
      .clk_i,
      .rst_i,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out)
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  // ---- Octets that are in the framer's or the deframer's registers, oldest first ---------------

  typedef logic [7:0] octet_t;
  octet_t [3:0] line_q;
  logic   [2:0] count_q;
  logic push, pop;
  assign push = u_frame.moved;
  assign pop  = out_valid && out_ready_i && out.kind == ItemOctet;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (started_q) OneReset : assume (!rst_i);
    if (rst_i) begin
      count_q <= '0;
    end else begin
      count_q <= count_q + 3'(push) - 3'(pop);
      if (pop) line_q <= {octet_t'(0), line_q[3:1]};
      if (push) line_q[2'(count_q-3'(pop))] <= u_frame.octet;
    end
  end

  // Where they are now.
  logic at_out, at_first, at_tx;
  octet_t tx_octet;
  assign at_out   = out_valid && out.kind == ItemOctet;
  assign at_first = u_deframe.first_valid_q && !u_deframe.first_end_q;
  assign at_tx    = tx_valid && tx_data != Flag && tx_data != Escape;
  assign tx_octet = u_deframe.escaped_q ? tx_data ^ EscapeXor : tx_data;

  // ---- FCS -------------------------------------------------------------------------------------

  // What the deframer's FCS will be when it has seen all that has gone out; a flag begins anew.
  fcs_t behind_first, behind_tx;
  logic first_ends, flag_out;
  assign first_ends = u_deframe.first_valid_q && u_deframe.first_end_q;
  assign flag_out   = tx_valid && tx_data == Flag;

  always_comb begin
    behind_first = u_deframe.fcs_q;
    if (first_ends) behind_first = FcsInit;
    else if (at_first) behind_first = fcs_octet(u_deframe.fcs_q, u_deframe.first_data_q);
    behind_tx = behind_first;
    if (flag_out) behind_tx = FcsInit;
    else if (at_tx) behind_tx = fcs_octet(behind_first, tx_octet);
  end

  // The FCS of a frame and n octets of its FCS differs from the rest of that FCS by a constant.
  function automatic fcs_t residue(int unsigned octets);
    fcs_t left;
    left = '0;
    for (int unsigned i = 0; i < octets; i++) left = fcs_octet(left, 8'hff);
    return left;
  endfunction

  fcs_t wanted;
  logic [5:0] fcs_left_bits;
  assign fcs_left_bits = 6'd32 - 6'd8 * 6'(u_frame.fcs_index_q);
  always_comb begin
    unique case (u_frame.fcs_index_q)
      2'd0: wanted = u_frame.fcs_q ^ residue(0);
      2'd1: wanted = u_frame.fcs_q ^ residue(1);
      2'd2: wanted = u_frame.fcs_q ^ residue(2);
      default: wanted = u_frame.fcs_q ^ residue(3);
    endcase
  end

  // ---- Claims ----------------------------------------------------------------------------------

  logic in_frame;  // between flags that have gone out
  assign in_frame = u_frame.state_q != FrameIdle;

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      SameOctet : assert (!at_out || (count_q != '0 && out.data == line_q[0]));
      AlwaysGood : assert (!out_valid || out.kind inside {ItemOctet, ItemGood});
      NothingLost : assert (3'(at_out) + 3'(at_first) + 3'(at_tx) == count_q);
      // What induction needs to know of the inside.
      FirstInPlace : assert (!at_first || u_deframe.first_data_q == line_q[2'(at_out)]);
      TxInPlace : assert (!at_tx || tx_octet == line_q[2'(at_out)+2'(at_first)]);
      NoAbort : assert (!first_ends || !u_deframe.first_abort_q);
      EscapeAgrees :
      assert (u_frame.escaped_q ==
              ((u_deframe.escaped_q && !at_tx) || (tx_valid && tx_data == Escape)));
      EscapedIsStuffed :
      assert (!u_deframe.escaped_q || !(tx_valid && tx_data inside {Flag, Escape}));
      EscapeHasOctet :
      assert (!u_frame.escaped_q || (u_frame.offered && u_frame.octet inside {Flag, Escape}));
      FcsFromStart : assert (u_frame.state_q != FrameOctets || u_frame.fcs_index_q == '0);
      FcsLeft : assert (u_frame.state_q != FrameFcs || (u_frame.fcs_q >> fcs_left_bits) == '0);
      HuntEnds :
      assert (!u_deframe.hunt_q || ((flag_out || !(tx_valid || in_frame)) &&
                                    !u_deframe.any_q && !u_deframe.escaped_q && !first_ends));
      NoneSoFar : assert (u_deframe.any_q || behind_first == FcsInit);
      OutOfFrame :
      assert (in_frame || flag_out || !(u_deframe.any_q || u_deframe.escaped_q || tx_valid));
      GoodEnds : assert (!first_ends || u_deframe.fcs_q == FcsGood);
      GoodFlag : assert (!(flag_out && u_deframe.any_q) || behind_first == FcsGood);
      OneFlag : assert (!(in_frame && flag_out) || !u_deframe.any_q);
      FcsSoFar : assert (u_frame.state_q != FrameOctets || behind_tx == u_frame.fcs_q);
      FcsEnds : assert (u_frame.state_q != FrameFcs || behind_tx == wanted);
      FcsWhole : assert (u_frame.state_q != FrameEnd || behind_tx == FcsGood);
      FcsHasFrame :
      assert (!(u_frame.state_q inside {FrameFcs, FrameEnd}) ||
              (!flag_out && (at_tx || u_deframe.any_q)));

      Ends : cover (out_valid && out.kind == ItemGood);
      FcsStuffed :
      cover (out_valid && out.kind == ItemGood && $past(out_valid && out.data == Flag));
    end
  end

  logic unused_idle;
  assign unused_idle = idle;

endmodule
