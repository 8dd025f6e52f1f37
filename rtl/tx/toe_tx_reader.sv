// SPDX-License-Identifier: Apache-2.0
//
// Fetches payload: store and forward from transmit rings, and from the echo data stream.
//
// Requests are served in order.  The payload comes out with its first octet in the place of the
// beat that the request named, zeros around it, the last beat marked.  Its folded sum comes on a
// stream of its own when all of it is in the queue, so who has the sum can take the beats without
// a gap.  Several bursts are outstanding at a time: space for a payload is set aside before it is
// asked for, so the memory is never held back for longer than the byte shifter's extra cycles.  A
// payload is asked for when the largest one would find space.
//
// A beat that nobody asked for (asked for before a reset) is thrown away.

module toe_tx_reader
  import toe_pkg::*;
  import toe_tx_pkg::*;
  import toe_csum_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned BufferOctets = 16384,  // more than the largest payload, power of two
    parameter int unsigned MaxOutstanding = 16  // payloads, power of two
) (
    input logic clk_i,
    input logic rst_i,

    input mem_addr_t base_i,
    input logic [4:0] ring_log2_i,

    input  logic      req_valid_i,
    output logic      req_ready_o,
    input  read_req_t req_i,

    input  logic                 echo_valid_i,
    output logic                 echo_ready_o,
    input  logic [DataWidth-1:0] echo_data_i,

    output logic            axi_arvalid_o,
    input  logic            axi_arready_i,
    output mem_addr_t       axi_araddr_o,
    output logic      [7:0] axi_arlen_o,

    input  logic                 axi_rvalid_i,
    output logic                 axi_rready_o,
    input  logic [DataWidth-1:0] axi_rdata_i,

    output logic                 payload_valid_o,
    input  logic                 payload_ready_i,
    output logic [DataWidth-1:0] payload_data_o,
    output logic                 payload_last_o,

    output logic        sum_valid_o,
    input  logic        sum_ready_i,
    output logic [15:0] sum_o
);

  localparam int unsigned Lanes = DataWidth / 8;
  localparam int unsigned LaneBits = $clog2(Lanes);
  localparam int unsigned BufferBeats = BufferOctets / Lanes;
  localparam int unsigned MostBeats = MaxMtu / Lanes + 2;  // of one payload
  localparam int unsigned SpaceBits = $clog2(BufferBeats) + 1;
  localparam int unsigned CountBits = $clog2(MaxOutstanding) + 1;
  localparam int unsigned Words = DataWidth / 64;

  typedef logic [SpaceBits-1:0] space_t;

  typedef struct packed {
    logic                echo;
    logic [LaneBits-1:0] src;
    logic [LaneBits-1:0] dst;
    len_t                len;
  } plan_t;

  // Space for a payload is taken when it is asked for and given back beat by beat.
  logic plan_valid, plan_start, plan_fifo_ready, room_q;
  plan_t plan;
  logic [LenWidth-LaneBits:0] plan_beats;
  space_t used_q;
  logic left_q;  // a beat has left in the last cycle

  toe_tx_addr #(
      .DataWidth(DataWidth)
  ) u_addr (
      .clk_i,
      .rst_i,
      .base_i,
      .ring_log2_i,
      .req_valid_i,
      .req_ready_o,
      .req_i,
      .plan_valid_o(plan_valid),
      .plan_ready_i(room_q),
      .plan_echo_o(plan.echo),
      .plan_src_o(plan.src),
      .plan_dst_o(plan.dst),
      .plan_len_o(plan.len),
      .plan_out_beats_o(plan_beats),
      .axi_arvalid_o,
      .axi_arready_i,
      .axi_araddr_o,
      .axi_arlen_o
  );

  assign plan_start = plan_valid && room_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      used_q <= '0;
      left_q <= 1'b0;
      room_q <= 1'b0;
    end else begin
      used_q <= used_q + (plan_start ? space_t'(plan_beats) : '0) - space_t'(left_q);
      left_q <= payload_valid_o && payload_ready_i;
      if (plan_start) room_q <= 32'(used_q) + 32'(plan_beats) <= BufferBeats - MostBeats;
      else room_q <= 32'(used_q) <= BufferBeats - MostBeats;
    end
  end

  logic item_valid, item_ready;
  plan_t item;
  logic [CountBits-1:0] plan_count;

  toe_fifo #(
      .Width($bits(plan_t)),
      .Depth(MaxOutstanding)
  ) u_plans (
      .clk_i,
      .rst_i,
      .in_valid_i (plan_start),
      .in_ready_o (plan_fifo_ready),
      .in_data_i  (plan),
      .out_valid_o(item_valid),
      .out_ready_i(item_ready),
      .out_data_o (item),
      .count_o    (plan_count)
  );

  // Beats of the memory are registered before anything looks at them, and answered from a register.
  logic beat_valid, beat_ready;
  logic [DataWidth-1:0] beat;

  // verilator lint_off UNUSEDSIGNAL
  logic [2:0] beat_count;
  // verilator lint_on UNUSEDSIGNAL

  toe_queue #(
      .Width(DataWidth),
      .Depth(4)
  ) u_beats (
      .clk_i,
      .rst_i,
      .in_valid_i (axi_rvalid_i),
      .in_ready_o (axi_rready_o),
      .in_data_i  (axi_rdata_i),
      .out_valid_o(beat_valid),
      .out_ready_i(beat_ready),
      .out_data_o (beat),
      .count_o    (beat_count)
  );

  // The byte shifter takes beats of the item's own source.
  logic echo_q, shift_valid, shift_ready, shift_idle;
  logic [DataWidth-1:0] shift_data;

  always_ff @(posedge clk_i) begin
    if (item_valid && item_ready) echo_q <= item.echo;
  end

  assign shift_valid  = echo_q ? echo_valid_i : beat_valid;
  assign shift_data   = echo_q ? echo_data_i : beat;
  assign echo_ready_o = echo_q && shift_ready;
  assign beat_ready   = (!echo_q && shift_ready) || (plan_count == '0 && shift_idle);

  logic moved_valid, moved_last;
  logic [DataWidth-1:0] moved_data;
  logic [Lanes-1:0] moved_strb;

  toe_realign #(
      .DataWidth(DataWidth),
      .LenWidth (LenWidth)
  ) u_realign (
      .clk_i,
      .rst_i,
      .item_valid_i(item_valid),
      .item_ready_o(item_ready),
      .item_src_i  (item.src),
      .item_dst_i  (item.dst),
      .item_len_i  (item.len),
      .in_valid_i  (shift_valid),
      .in_ready_o  (shift_ready),
      .in_data_i   (shift_data),
      .out_valid_o (moved_valid),
      .out_ready_i (1'b1),
      .out_data_o  (moved_data),
      .out_strb_o  (moved_strb),
      .out_last_o  (moved_last),
      .idle_o      (shift_idle)
  );

  logic masked_valid_q, masked_last_q;
  logic [DataWidth-1:0] masked_q;

  always_ff @(posedge clk_i) begin
    if (moved_valid) begin
      for (int unsigned i = 0; i < Lanes; i++) begin
        masked_q[8*i+:8] <= moved_strb[i] ? moved_data[8*i+:8] : 8'd0;
      end
      masked_last_q <= moved_last;
    end
  end

  logic payload_fifo_ready;
  // verilator lint_off UNUSEDSIGNAL  // used_q counts, payloads under way included
  logic [SpaceBits-1:0] payload_count;
  // verilator lint_on UNUSEDSIGNAL

  toe_fifo #(
      .Width(DataWidth + 1),
      .Depth(BufferBeats)
  ) u_payload (
      .clk_i,
      .rst_i,
      .in_valid_i (masked_valid_q),
      .in_ready_o (payload_fifo_ready),
      .in_data_i  ({masked_last_q, masked_q}),
      .out_valid_o(payload_valid_o),
      .out_ready_i(payload_ready_i),
      .out_data_o ({payload_last_o, payload_data_o}),
      .count_o    (payload_count)
  );

  // Sums: eight octets at a time, then the beat, then the payload.
  logic parts_valid_q, parts_last_q, total_valid_q, folded_valid_q, first_q;
  logic [15:0] folded_q;
  logic [Words-1:0][17:0] parts_q;
  logic [31:0] total_q, beat_sum;

  always_comb begin
    beat_sum = '0;
    if (parts_valid_q) begin
      for (int unsigned i = 0; i < Words; i++) beat_sum += 32'(parts_q[i]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (masked_valid_q) begin
      for (int unsigned i = 0; i < Words; i++) parts_q[i] <= csum_words64(masked_q[64*i+:64]);
      parts_last_q <= masked_last_q;
    end
    if (parts_valid_q) total_q <= (first_q ? '0 : total_q) + beat_sum;
    folded_q <= csum_fold(total_q);
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      masked_valid_q <= 1'b0;
      parts_valid_q  <= 1'b0;
      total_valid_q  <= 1'b0;
      folded_valid_q <= 1'b0;
      first_q        <= 1'b1;
    end else begin
      masked_valid_q <= moved_valid;
      parts_valid_q  <= masked_valid_q;
      total_valid_q  <= parts_valid_q && parts_last_q;
      folded_valid_q <= total_valid_q;
      if (parts_valid_q) first_q <= parts_last_q;
    end
  end

  logic sum_fifo_ready;
  // verilator lint_off UNUSEDSIGNAL  // the neighbour counts its frames
  logic [CountBits-1:0] sum_count;
  // verilator lint_on UNUSEDSIGNAL

  toe_fifo #(
      .Width(16),
      .Depth(MaxOutstanding)
  ) u_sums (
      .clk_i,
      .rst_i,
      .in_valid_i (folded_valid_q),
      .in_ready_o (sum_fifo_ready),
      .in_data_i  (folded_q),
      .out_valid_o(sum_valid_o),
      .out_ready_i(sum_ready_i),
      .out_data_o (sum_o),
      .count_o    (sum_count)
  );

  // Space was set aside, and no more payloads are under way than the neighbour has frames.
  always_ff @(posedge clk_i) begin
    if (!rst_i && plan_start) PlanHasPlace : assert (plan_fifo_ready);
    if (!rst_i && masked_valid_q) BeatHasPlace : assert (payload_fifo_ready);
    if (!rst_i && folded_valid_q) SumHasPlace : assert (sum_fifo_ready);
  end

endmodule
