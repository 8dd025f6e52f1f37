// SPDX-License-Identifier: Apache-2.0
//
// Moves a run of octets from one place in a beat to another: the byte shifter of both data paths.
//
// One item is item_len_i octets (at least 1).  They start at octet item_src_i of the first input
// beat and follow one another through the input beats; the first comes out at octet item_dst_i of
// the first output beat.  An item takes exactly ceil((src + len) / Lanes) input beats and gives
// exactly ceil((dst + len) / Lanes) output beats.  Octets of input beats outside the run are
// ignored, so beats of a memory or of a frame go in as they are.  out_strb_o marks the octets of
// the run (contiguous; full between first and last beat); the other octets of out_data_o are
// undefined: mask them before merging with something else.
//
// Rate: one beat a cycle, and items follow one another without a gap.  An item costs as many cycles
// as it has input or output beats, whichever is more.  With dst < src and as many output as input
// beats (more than one) its last output beat costs one cycle more, unless the next item has
// dst < src too.  Latency: one cycle from item_ready to the first in_ready, one cycle from an input
// beat to the output beat that it completes.  Input beats are taken only for an item already taken.
// in_ready_o and item_ready_o depend combinationally on out_ready_i, item_ready_o on in_valid_i.

module toe_realign #(
    parameter int unsigned DataWidth = 64,  // bits, 64 or more, a power of two
    parameter int unsigned LenWidth = 16,
    localparam int unsigned Lanes = DataWidth / 8,
    localparam int unsigned OffWidth = $clog2(Lanes)
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                item_valid_i,
    output logic                item_ready_o,
    input  logic [OffWidth-1:0] item_src_i,
    input  logic [OffWidth-1:0] item_dst_i,
    input  logic [LenWidth-1:0] item_len_i,

    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [DataWidth-1:0] in_data_i,

    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [DataWidth-1:0] out_data_o,
    output logic [    Lanes-1:0] out_strb_o,
    output logic                 out_last_o,   // last beat of the item

    output logic idle_o  // holds no item and no beat
);

  localparam int unsigned BeatWidth = LenWidth + 1 - OffWidth;
  typedef logic [OffWidth-1:0] off_t;
  typedef logic [BeatWidth-1:0] beats_t;
  typedef logic [LenWidth:0] pos_t;

  // The item being taken in.
  logic   item_q;
  logic   first_q;  // no output beat yet
  logic   prime_q;  // the next input beat fills only cur_q: the first output needs another
  logic   single_q;  // one input beat, moved down: the output comes from it alone
  off_t   rot_q;  // (dst - src) modulo Lanes
  off_t   dst_q;
  off_t   end_q;  // lane of the last octet in the last output beat
  beats_t ins_left_q;  // input beats after the next one
  logic   ins_end_q;  // there are none
  beats_t outs_left_q;  // output beats after the next one

  // Its last input beat is taken, and what is left of that makes one more output beat.
  logic   tail_q;
  off_t   tail_end_q;

  // Two consecutive input beats, rotated.  Lanes below rot of an output beat come from the older.
  logic [DataWidth-1:0] cur_q, prev_q, rotated;
  logic [Lanes-1:0] from_cur_q, strb_q;
  logic full_q, last_q;

  logic out_free, take, flush, done, emit;
  assign out_free     = !full_q || out_ready_i;
  assign take         = in_valid_i && in_ready_o;
  assign flush        = tail_q && out_free;
  assign done         = take && ins_end_q;
  assign emit         = flush || (take && !prime_q);

  // A beat that makes no output of its own can come in while a tail goes out.
  assign in_ready_o   = item_q && out_free && (!tail_q || prime_q);
  assign item_ready_o = !item_q || done;

  beats_t in_last;  // index of the last input beat
  pos_t   out_end;  // place of the last octet, counted from the first output beat
  assign in_last = beats_t'((pos_t'(item_len_i) + pos_t'(item_src_i) - pos_t'(1)) >> OffWidth);
  assign out_end = pos_t'(item_len_i) + pos_t'(item_dst_i) - pos_t'(1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      item_q <= 1'b0;
      tail_q <= 1'b0;
      full_q <= 1'b0;
    end else begin
      if (item_ready_o) item_q <= item_valid_i;
      if (take || flush) tail_q <= done && outs_left_q != '0;
      if (out_free) full_q <= emit;
    end
  end

  always_ff @(posedge clk_i) begin
    if (item_ready_o && item_valid_i) begin
      first_q     <= 1'b1;
      prime_q     <= item_dst_i < item_src_i && in_last != '0;
      single_q    <= item_dst_i < item_src_i && in_last == '0;
      rot_q       <= item_dst_i - item_src_i;
      dst_q       <= item_dst_i;
      end_q       <= out_end[OffWidth-1:0];
      ins_left_q  <= in_last;
      ins_end_q   <= in_last == '0;
      outs_left_q <= out_end[LenWidth:OffWidth];
    end else if (take) begin
      prime_q    <= 1'b0;
      ins_left_q <= ins_left_q - beats_t'(1);
      ins_end_q  <= ins_left_q == beats_t'(1);
      if (!prime_q) begin
        first_q     <= 1'b0;
        outs_left_q <= outs_left_q - beats_t'(1);
      end
    end
  end

  always_comb begin
    rotated = in_data_i;
    if (take && rot_q != '0) begin
      rotated = (in_data_i << {rot_q, 3'b000}) | (in_data_i >> {off_t'(-rot_q), 3'b000});
    end
  end

  always_ff @(posedge clk_i) begin
    if (take || flush) prev_q <= cur_q;
    if (take) begin
      cur_q      <= rotated;
      tail_end_q <= end_q;
    end
    if (flush) begin
      from_cur_q <= '0;
      strb_q     <= {Lanes{1'b1}} >> ~tail_end_q;
      last_q     <= 1'b1;
    end else if (take) begin
      from_cur_q <= single_q ? '1 : {Lanes{1'b1}} << rot_q;
      strb_q     <= (first_q ? {Lanes{1'b1}} << dst_q : '1) &
                    (outs_left_q == '0 ? {Lanes{1'b1}} >> ~end_q : '1);
      last_q <= outs_left_q == '0;
    end
  end

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      out_data_o[8*i+:8] = from_cur_q[i] ? cur_q[8*i+:8] : prev_q[8*i+:8];
    end
  end

  assign out_valid_o = full_q;
  assign out_strb_o  = strb_q;
  assign out_last_o  = last_q;
  assign idle_o      = !item_q && !tail_q && !full_q;

endmodule
