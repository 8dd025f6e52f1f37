// SPDX-License-Identifier: Apache-2.0
//
// toe_rx_parse says of every frame, whatever its octets, what becomes of it: once, after ten cycles,
// for one reason; and no segment or echo reaches past the end of its frame.
//
// formal: outcome depth=12 cover=13 slow

module toe_rx_parse_proof
  import toe_pkg::*;
  import toe_rx_pkg::*;
(
    input logic                       clk_i,
    input logic                       rst_i,
    input mac_t                       local_mac_i,
    input ipv4_t                      local_ip_i,
    input ipv4_t                      netmask_i,
    input logic                       frame_valid_i,
    input logic                       other_last_i,    // a frame that is not kept ends
    input logic  [8*HeaderOctets-1:0] frame_header_i,
    input logic  [              16:0] frame_len_i,
    input logic  [              12:0] frame_beats_i,
    input logic                       frame_tagged_i,
    input logic  [              31:0] csum_i,
    input logic                       echo_free_i
);

  localparam int unsigned Stages = 10;

  // toe_rx_capture finds the end of the IPv4 packet in the header.
  logic [16:0] ip_end;
  assign ip_end = frame_tagged_i ? 17'd18 + 17'(net16(
      frame_header_i[8*20+:16]
  )) : 17'd14 + 17'(net16(
      frame_header_i[8*16+:16]
  ));

  logic desc_valid, seg_valid, arp_valid, echo_take, idle;
  drop_vec_t drop;
  count_vec_t count;

  // verilator lint_off UNUSEDSIGNAL
  frame_desc_t desc;
  rx_seg_t seg;
  arp_rx_t arp;
  echo_t echo;
  // verilator lint_on UNUSEDSIGNAL

  toe_rx_parse u_dut (
      .clk_i,
      .rst_i,
      .local_mac_i,
      .local_ip_i,
      .netmask_i,
      .frame_valid_i,
      .frame_last_i  (frame_valid_i || other_last_i),
      .frame_header_i,
      .frame_len_i,
      .frame_beats_i,
      .frame_tagged_i,
      .frame_ip_end_i(ip_end),
      .csum_i,
      .desc_valid_o  (desc_valid),
      .desc_o        (desc),
      .seg_valid_o   (seg_valid),
      .seg_o         (seg),
      .arp_valid_o   (arp_valid),
      .arp_o         (arp),
      .echo_free_i,
      .echo_take_o   (echo_take),
      .echo_o        (echo),
      .drop_o        (drop),
      .count_o       (count),
      .idle_o        (idle)
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  logic [Stages:1] valid_q;  // frames on their way
  logic [Stages:1][16:0] len_q;
  logic echo_taken_q;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    valid_q      <= rst_i ? '0 : {valid_q[Stages-1:1], frame_valid_i};
    len_q        <= {len_q[Stages-1:1], frame_len_i};
    echo_taken_q <= echo_take && !rst_i;
  end

  logic [16:0] reaches;  // one past the last octet of payload
  assign reaches = 17'(desc.payload_off) + 17'(desc.payload_len);

  logic [2:0] on_the_way;  // frames whose headers wait in the RAM
  assign on_the_way = 3'(valid_q[4]) + 3'(valid_q[5]) + 3'(valid_q[6]) + 3'(valid_q[7]) +
                    3'(valid_q[8]);

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      OneOutcomeEach : assert (desc_valid == valid_q[Stages]);
      OneReason : assert ((drop & (drop - drop_vec_t'(1))) == '0);
      OnlyOfFrames : assert (desc_valid || (!seg_valid && drop == '0 && count == '0));
      SegmentIsSegment : assert (!desc_valid || seg_valid == (desc.kind == FrameSegment));
      EchoIsEcho : assert (!desc_valid || echo_taken_q == (desc.kind == FrameEcho));
      DroppedIsDropped : assert (drop == '0 || desc.kind == FrameDiscard);
      CountedOrDropped : assert (!desc_valid || count.rx_frame == (drop == '0));
      // No octet of payload that the frame does not have.
      InsideFrame : assert (!desc_valid || desc.kind == FrameDiscard || reaches <= len_q[Stages]);
      SameLength : assert (!seg_valid || seg.payload_len == desc.payload_len);
      IdleMeansEmpty : assert (!idle || (valid_q == '0 && !arp_valid));
      // What induction needs to know of the inside.
      StagesInStep : assert (u_dut.valid_q == valid_q);
      PlacesAddUp : assert (u_dut.in_ptr_q - u_dut.out_ptr_q == on_the_way);

      Segment : cover (seg_valid && seg.payload_len == 16'd2 && len_q[Stages] == 17'd60);
      Echo : cover (desc_valid && desc.kind == FrameEcho);
      TwoInARow : cover (seg_valid && valid_q[9] && !valid_q[8]);
      Drops : cover (drop[DropTcpOption]);
    end
  end

endmodule
