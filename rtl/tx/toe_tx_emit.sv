// SPDX-License-Identifier: Apache-2.0
//
// Puts frames on the wire: header beats, then payload beats, the one in the middle from both.
//
// A frame with payload waits for the payload's sum, which toe_tx_reader gives when all of it is
// there; so a frame once begun has no gap but tready_i's.  The checksum of TCP is put in on the
// way.  Payload beats come with their first octet behind the header and zero outside the payload;
// the last one of a frame is marked.  Header beats are zero behind the header.  Short frames are
// padded with zeros to 60 octets.  One beat a cycle, frame after frame; two cycles from
// frame_valid_i to the first beat.

module toe_tx_emit
  import toe_pkg::*;
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

    // The headers of these frames.  All beats of one come a beat a cycle from the frame on.
    input  logic                 header_valid_i,
    output logic                 header_ready_o,
    input  logic [DataWidth-1:0] header_i,

    // Sum of the payload of the next frame that has any, folded.
    input  logic        sum_valid_i,
    output logic        sum_ready_o,
    input  logic [15:0] sum_i,

    input  logic                 payload_valid_i,
    output logic                 payload_ready_o,
    input  logic [DataWidth-1:0] payload_data_i,
    input  logic                 payload_last_i,

    output logic                 tvalid_o,
    input  logic                 tready_i,
    output logic [DataWidth-1:0] tdata_o,
    output logic [KeepWidth-1:0] tkeep_o,
    output logic                 tlast_o,

    output count_vec_t count_o,
    output logic       idle_o
);

  localparam int unsigned LaneBits = $clog2(KeepWidth);
  localparam int unsigned BeatBits = LenWidth + 1 - LaneBits;
  localparam int unsigned TcpChecksumAt = EthOctets + 20 + 16;
  localparam int unsigned ChecksumBeat = TcpChecksumAt / KeepWidth;
  localparam int unsigned ChecksumLane = TcpChecksumAt % KeepWidth;

  typedef logic [BeatBits-1:0] beat_t;
  typedef logic [LaneBits-1:0] lane_t;

  // The frame being sent.  What is in its next beat is always known a cycle before.
  logic busy_q;
  logic end_q;  // no frame, or the last beat of one: the next frame may come
  logic header_q, payload_q;  // the next beat has octets of the header, of the payload
  logic [ChecksumBeat:0] checksum_q;  // bit 0: the next beat has the checksum; bit 1: the one after
  beat_t left_q;  // beats after the next one
  logic [3:0] before_q;  // before the beat in which the header ends and the payload begins
  logic has_payload_q;
  lane_t last_lane_q;
  logic [21:0] sum_q;

  logic out_free, step, is_last, frame_good, load;
  assign out_free = !tvalid_o || tready_i;
  assign step = busy_q && out_free && (!payload_q || payload_valid_i);
  assign is_last = busy_q && end_q;
  assign frame_good = frame_valid_i && (!frame_i.has_payload || sum_valid_i);
  assign load = frame_good && (!busy_q || (step && end_q));
  assign frame_ready_o = load;
  assign sum_ready_o = load && frame_i.has_payload;
  assign header_ready_o = step && header_q;
  assign payload_ready_o = step && payload_q;

  always_ff @(posedge clk_i) begin
    if (load) begin
      left_q        <= frame_i.last[LenWidth:LaneBits];
      before_q      <= frame_i.whole_beats;
      header_q      <= 1'b1;
      payload_q     <= frame_i.has_payload && frame_i.whole_beats == '0;
      checksum_q    <= (ChecksumBeat + 1)'(frame_i.is_tcp) << ChecksumBeat;
      has_payload_q <= frame_i.has_payload;
      last_lane_q   <= frame_i.last[LaneBits-1:0];
      sum_q         <= frame_i.tcp_sum + (frame_i.has_payload ? 22'(sum_i) : '0);
    end else if (step) begin
      left_q <= left_q - beat_t'(1);
      if (before_q != '0) before_q <= before_q - 4'd1;
      header_q   <= before_q != '0;
      payload_q  <= payload_q ? !payload_last_i : has_payload_q && before_q == 4'd1;
      checksum_q <= checksum_q >> 1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      tdata_o <= (header_q ? header_i : '0) | (payload_q ? payload_data_i : '0);
      if (checksum_q[0]) tdata_o[8*ChecksumLane+:16] <= net16(~fold(sum_q));
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
      if (!busy_q || (step && end_q)) begin
        busy_q <= load;
        end_q  <= !load || frame_i.last[LenWidth:LaneBits] == '0;
      end else if (step) begin
        end_q <= left_q == beat_t'(1);
      end
      if (out_free) tvalid_o <= step;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_o <= '0;
    end else begin
      count_o.tx_frame   <= load;
      count_o.tx_segment <= load && frame_i.is_tcp;
    end
  end

  // A frame without a gap: header and payload of a frame that was begun are never late.
  always_ff @(posedge clk_i) begin
    if (!rst_i && busy_q && header_q) HeaderInTime : assert (header_valid_i);
    if (!rst_i && busy_q && payload_q) PayloadInTime : assert (payload_valid_i);
  end

  assign idle_o = !busy_q && !tvalid_o;

endmodule
