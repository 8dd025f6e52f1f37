// SPDX-License-Identifier: Apache-2.0
//
// Turns payload requests into AXI4 read bursts.
//
// The ring of a connection begins at base_i + (conn << ring_log2_i).  A request becomes one burst
// of whole beats, and one more at every 4 KiB boundary, at every 256 beats and at the ring's end.
// Requests are started when plan_ready_i says that their beats will have a place: then plan_o tells
// the block behind what will come.  One request a cycle when each is one burst; three cycles from
// req_valid_i to axi_arvalid_o.  The length of a burst is known before the burst is asked for.

module toe_tx_addr
  import toe_pkg::*;
  import toe_tx_pkg::*;
#(
    parameter  int unsigned DataWidth = 64,
    localparam int unsigned LaneBits  = $clog2(DataWidth / 8)
) (
    input logic clk_i,
    input logic rst_i,

    input mem_addr_t base_i,
    input logic [4:0] ring_log2_i,

    input  logic      req_valid_i,
    output logic      req_ready_o,
    input  read_req_t req_i,

    // The request being started, in order; out_beats of space are then in use.
    output logic                       plan_valid_o,
    input  logic                       plan_ready_i,
    output logic                       plan_echo_o,
    output logic [       LaneBits-1:0] plan_src_o,
    output logic [       LaneBits-1:0] plan_dst_o,
    output len_t                       plan_len_o,
    output logic [LenWidth-LaneBits:0] plan_out_beats_o,

    output logic            axi_arvalid_o,
    input  logic            axi_arready_i,
    output mem_addr_t       axi_araddr_o,
    output logic      [7:0] axi_arlen_o
);

  // Bursts end where this many address bits turn over: 4 KiB, or 256 beats where that is less.
  localparam int unsigned SplitBits = LaneBits + 8 < 12 ? LaneBits + 8 : 12;
  localparam int unsigned BeatBits = LenWidth + 1 - LaneBits;
  localparam int unsigned BurstBits = SplitBits - LaneBits + 1;

  typedef logic [BeatBits-1:0] beat_t;
  typedef logic [BurstBits-1:0] burst_t;
  typedef logic [RingBits-1:0] offset_t;
  typedef logic [LaneBits-1:0] lane_t;

  offset_t ring_mask_q;
  always_ff @(posedge clk_i) ring_mask_q <= ~({RingBits{1'b1}} << ring_log2_i);

  function automatic beat_t beats(lane_t first, len_t len);
    return beat_t'(((LenWidth + 1)'(len) + (LenWidth + 1)'(first) - 1'b1) >> LaneBits) + 1'b1;
  endfunction

  // Stage 1: where it lies and how much it is.
  logic one_valid_q, one_echo_q;
  mem_addr_t one_base_q;
  offset_t one_offset_q;
  lane_t one_dst_q;
  len_t one_len_q;
  beat_t one_in_q, one_out_q;

  logic start, one_free;
  lane_t src;
  assign src = req_i.echo ? '0 : req_i.offset[LaneBits-1:0];
  assign one_free = !one_valid_q || start;
  assign req_ready_o = one_free;

  always_ff @(posedge clk_i) begin
    if (one_free && req_valid_i) begin
      one_echo_q   <= req_i.echo;
      one_base_q   <= base_i + (mem_addr_t'(req_i.conn) << ring_log2_i);
      one_offset_q <= req_i.echo ? '0 : req_i.offset & ring_mask_q;
      one_dst_q    <= req_i.dst[LaneBits-1:0];
      one_len_q    <= req_i.len;
      one_in_q     <= beats(src, req_i.len);
      one_out_q    <= beats(req_i.dst[LaneBits-1:0], req_i.len);
    end
  end

  // Stage 2: bursts still to ask for.
  logic two_valid_q, two_last_q, two_step;
  mem_addr_t two_base_q;
  offset_t two_offset_q, next_offset;
  beat_t two_left_q, next_left;
  burst_t two_burst_q, next_split;
  logic next_last;

  assign two_step = two_valid_q && (!axi_arvalid_o || axi_arready_i);

  // The burst after the one that is being asked for: the first one of a request, or the next one,
  // which starts where the last one was split.
  always_comb begin
    next_offset = (two_offset_q + (offset_t'(two_burst_q) << LaneBits)) & ring_mask_q;
    next_left   = two_left_q - beat_t'(two_burst_q);
    if (start) begin
      next_offset = {one_offset_q[RingBits-1:LaneBits], {LaneBits{1'b0}}};
      next_left   = one_in_q;
    end
    next_split = burst_t'(1 << (SplitBits - LaneBits));
    if (start) next_split -= burst_t'(one_offset_q[SplitBits-1:LaneBits]);
    next_last = 32'(next_left) <= 32'(next_split);
  end

  assign plan_valid_o = one_valid_q && (!two_valid_q || (two_step && two_last_q));
  assign start = plan_valid_o && plan_ready_i;
  assign plan_echo_o = one_echo_q;
  assign plan_src_o = one_offset_q[LaneBits-1:0];
  assign plan_dst_o = one_dst_q;
  assign plan_len_o = one_len_q;
  assign plan_out_beats_o = one_out_q;

  always_ff @(posedge clk_i) begin
    if (start) two_base_q <= one_base_q;
    if (start || two_step) begin
      two_offset_q <= next_offset;
      two_left_q   <= next_left;
      two_burst_q  <= next_last ? burst_t'(next_left) : next_split;
      two_last_q   <= next_last;
    end
  end

  // Stage 3: the address channel.
  always_ff @(posedge clk_i) begin
    if (two_step) begin
      axi_araddr_o <= two_base_q + mem_addr_t'(two_offset_q);
      axi_arlen_o  <= 8'(two_burst_q - burst_t'(1));
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      one_valid_q   <= 1'b0;
      two_valid_q   <= 1'b0;
      axi_arvalid_o <= 1'b0;
    end else begin
      if (one_free) one_valid_q <= req_valid_i;
      if (start) two_valid_q <= !one_echo_q;
      else if (two_step && two_last_q) two_valid_q <= 1'b0;
      if (!axi_arvalid_o || axi_arready_i) axi_arvalid_o <= two_valid_q;
    end
  end

endmodule
