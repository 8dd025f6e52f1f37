// SPDX-License-Identifier: Apache-2.0
//
// Puts frames on the wire: header beats, then payload beats, the one in the middle from both.
//
// Payload beats come with their first octet behind the header and zero outside the payload; the
// last one of a frame is marked.  They are there when the frame is offered, so that a frame once
// begun has no gap but tready_i's.  Short frames are padded with zeros to 60 octets.  One beat a
// cycle, frame after frame; two cycles from frame_valid_i to the first beat.

module toe_tx_emit
  import toe_tx_pkg::*;
#(
    parameter  int unsigned DataWidth = 64,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input  logic   frame_valid_i,
    output logic   frame_ready_o,
    input  frame_t frame_i,

    input  logic                 payload_valid_i,
    output logic                 payload_ready_o,
    input  logic [DataWidth-1:0] payload_data_i,
    input  logic                 payload_last_i,

    output logic                 tvalid_o,
    input  logic                 tready_i,
    output logic [DataWidth-1:0] tdata_o,
    output logic [KeepWidth-1:0] tkeep_o,
    output logic                 tlast_o,

    output logic idle_o
);

  localparam int unsigned LaneBits = $clog2(KeepWidth);
  localparam int unsigned HeaderBeats = (HeaderOctets + KeepWidth - 1) / KeepWidth;
  localparam int unsigned VecWidth = HeaderBeats * DataWidth;
  localparam int unsigned BeatBits = LenWidth + 1 - LaneBits;

  typedef logic [BeatBits-1:0] beat_t;
  typedef logic [LaneBits-1:0] lane_t;

  // The frame being sent.  The header moves down by one beat a step.
  logic busy_q;
  logic end_q;  // no frame, or the last beat of one: the next header may come
  logic [VecWidth-1:0] header_q;
  beat_t left_q;  // beats after this one
  logic [6-LaneBits:0] before_q;  // beats before the first with payload
  logic payload_q;  // payload is still to come
  lane_t last_lane_q;

  logic out_free, payload_now, step, is_last, load;
  assign out_free = !tvalid_o || tready_i;
  assign payload_now = payload_q && before_q == '0;
  assign step = busy_q && out_free && (!payload_now || payload_valid_i);
  assign is_last = busy_q && end_q;
  assign frame_ready_o = !busy_q || (step && is_last);
  assign load = frame_ready_o && frame_valid_i;
  assign payload_ready_o = step && payload_now;

  always_ff @(posedge clk_i) begin
    if (!busy_q || step) begin
      header_q <= end_q ? VecWidth'(frame_i.header) : header_q >> DataWidth;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      left_q      <= frame_i.last[LenWidth:LaneBits];
      before_q    <= frame_i.header_len[6:LaneBits];
      payload_q   <= frame_i.has_payload;
      last_lane_q <= frame_i.last[LaneBits-1:0];
    end else if (step) begin
      left_q <= left_q - beat_t'(1);
      if (before_q != '0) before_q <= before_q - 1'b1;
      if (payload_now && payload_last_i) payload_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      tdata_o <= payload_now ? header_q[DataWidth-1:0] | payload_data_i : header_q[DataWidth-1:0];
      tkeep_o <= is_last ? {KeepWidth{1'b1}} >> ~last_lane_q : '1;
      tlast_o <= is_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      busy_q   <= 1'b0;
      end_q    <= 1'b1;
      tvalid_o <= 1'b0;
    end else begin
      if (frame_ready_o) begin
        busy_q <= frame_valid_i;
        end_q  <= !frame_valid_i || frame_i.last[LenWidth:LaneBits] == '0;
      end else if (step) begin
        end_q <= left_q == beat_t'(1);
      end
      if (out_free) tvalid_o <= step;
    end
  end

  // A frame without a gap: the payload of a frame that was begun is never late.
  always_ff @(posedge clk_i) begin
    if (!rst_i && busy_q && payload_now) PayloadInTime : assert (payload_valid_i);
  end

  assign idle_o = !busy_q && !tvalid_o;

endmodule
