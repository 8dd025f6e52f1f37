// SPDX-License-Identifier: Apache-2.0
//
// Makes headers, a beat a cycle: Ethernet, then ARP, or IPv4 and TCP or ICMP, with their checksums.
//
// A header is never whole anywhere: its beats are picked out of the description of the segment,
// which waits at the port meanwhile, and go to a queue.  A frame costs as many cycles as its header
// has beats, which is no more than the frame has.  A header is begun only when all of it finds
// room, so it is never interrupted, and whoever finds its first beat in the queue finds the others
// in time.  Two cycles from a description to header and measures.
//
// The checksum of TCP also covers the payload, whose sum may be late: it is left zero, and what is
// known of it goes with the measures.
//
// Segments and the rest (ARP, echo) take turns when both wait.  Every IPv4 packet is atomic: DF
// set, identification 0 (RFC 6864 section 4.1).

module toe_tx_build
  import toe_pkg::*;
  import toe_tx_pkg::*;
#(
    parameter int unsigned DataWidth = 64
) (
    input logic clk_i,
    input logic rst_i,

    input mac_t local_mac_i,
    input ipv4_t local_ip_i,
    input logic [7:0] ttl_i,  // of every packet
    input logic [5:0] dscp_i,  // of an echo reply

    input  logic      tcp_valid_i,
    output logic      tcp_ready_o,
    input  tcp_desc_t tcp_i,
    input  mac_t      tcp_dst_mac_i,
    input  logic      tcp_payload_i,  // it has payload
    input  tcp_sums_t tcp_sums_i,
    input  sum4_t     tcp_ip_sum_i,

    input  logic       side_valid_i,
    output logic       side_ready_o,
    input  side_desc_t side_i,
    input  sum4_t      side_ip_sum_i,

    output logic start_o,      // a header is begun
    output logic start_side_o, // that of side_i

    output logic   frame_valid_o,
    input  logic   frame_ready_i,
    output frame_t frame_o,

    output logic                 header_valid_o,
    input  logic                 header_ready_i,
    output logic [DataWidth-1:0] header_o,

    output logic idle_o
);

  localparam logic [7:0] ProtoIcmp = 8'd1;
  localparam logic [7:0] ProtoTcp = 8'd6;

  localparam int unsigned Lanes = DataWidth / 8;
  localparam int unsigned LaneBits = $clog2(Lanes);
  localparam int unsigned HeaderBeats = (HeaderOctets + Lanes - 1) / Lanes;
  localparam bit OneBeat = EchoHeaderOctets < Lanes;  // a header may have no more
  localparam int unsigned VecWidth = HeaderBeats * DataWidth;
  localparam int unsigned QueueFrames = queue_frames(Lanes);
  localparam int unsigned IpLengthAt = EthOctets + 2;
  localparam int unsigned IpChecksumAt = EthOctets + 10;

  typedef logic [$clog2(HeaderBeats)-1:0] beat_t;
  typedef logic [VecWidth-1:0] vec_t;
  typedef logic [6:0] header_len_t;

  // ---- Whose turn it is, and which beat --------------------------------------------------------

  logic side_q;  // the turn is side_i's
  logic first_q, final_q;  // the next beat is the first one of a header, the last one but not first
  logic  room_q;  // for a whole header
  beat_t beat_q;

  logic valid, go, step, at_end, is_ip;
  header_len_t header_len, packet_len;  // the packet's is without payload
  beat_t last_beat;

  assign is_ip = !side_q || !side_i.is_arp;
  always_comb begin
    header_len = option_table(tcp_i.opt.count, TcpHeaderOctets, 4);
    packet_len = option_table(tcp_i.opt.count, TcpHeaderOctets - EthOctets, 4);
    if (side_q) begin
      header_len = header_len_t'(side_i.is_arp ? ArpOctets : EchoHeaderOctets);
      packet_len = header_len_t'((side_i.is_arp ? ArpOctets : EchoHeaderOctets) - EthOctets);
    end
  end
  // No header ends with a beat, so this is the number of its whole beats, too.
  assign last_beat = beat_t'(header_len >> LaneBits);

  assign valid = side_q ? side_valid_i : tcp_valid_i;
  assign go = !first_q || room_q;
  assign at_end = first_q ? OneBeat && last_beat == '0 : final_q;
  assign step = valid && go;
  assign tcp_ready_o = go && at_end && !side_q;
  assign side_ready_o = go && at_end && side_q;
  assign start_o = step && first_q;
  assign start_side_o = side_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      side_q  <= 1'b0;
      first_q <= 1'b1;
      final_q <= 1'b0;
      beat_q  <= '0;
    end else begin
      if (step) begin
        first_q <= at_end;
        final_q <= !at_end && last_beat == beat_q + beat_t'(1);
        beat_q  <= at_end ? '0 : beat_q + beat_t'(1);
      end
      if (step && at_end) side_q <= side_valid_i && !side_q;
      else if (first_q && !tcp_valid_i) side_q <= side_valid_i;
    end
  end

  // ---- The header's octets ---------------------------------------------------------------------

  // Length and checksum are put in one cycle later.
  function automatic logic [20*8-1:0] ip_header(logic [5:0] dscp, logic [7:0] ttl,
                                                logic [7:0] protocol, ipv4_t src, ipv4_t dst);
    return {
      net32(dst),
      net32(src),
      16'd0,
      protocol,
      ttl,
      net16(16'h4000),
      16'd0,
      16'd0,
      {dscp, 2'b00},  // not ECN-capable (RFC 3168)
      8'h45
    };
  endfunction

  // verilator lint_off UNUSEDSIGNAL  // the payload's length is put in later
  function automatic vec_t tcp_header(tcp_desc_t desc, logic [7:0] ttl, ipv4_t src);
    return vec_t'({
      desc.opt.words,
      net16(desc.urg_ptr),
      16'd0,
      net16(desc.wnd),
      desc.flags,
      4'(option_table(desc.opt.count, 5, 1)),
      4'd0,
      net32(desc.ack),
      net32(desc.seq),
      net16(desc.dst_port),
      net16(desc.src_port),
      ip_header(desc.dscp, ttl, ProtoTcp, src, desc.dst_ip)
    });
  endfunction

  function automatic vec_t echo_header(side_desc_t desc, logic [5:0] dscp, logic [7:0] ttl,
                                       ipv4_t src);
    return vec_t'({
      net16(desc.icmp_checksum), 16'd0, ip_header(dscp, ttl, ProtoIcmp, src, desc.dst_ip)
    });
  endfunction

  function automatic vec_t arp_packet(side_desc_t desc, mac_t src_mac, ipv4_t src);
    return vec_t'({
      net32(desc.dst_ip),
      desc.is_request ? 48'd0 : net48(desc.dst_mac),
      net32(src),
      net48(src_mac),
      net16(desc.is_request ? 16'd1 : 16'd2),
      net16({8'd6, 8'd4}),
      net16(16'h0800),
      net16(16'd1)
    });
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  vec_t packet, header;
  always_comb begin
    packet = tcp_header(tcp_i, ttl_i, local_ip_i);
    if (side_q) begin
      packet = side_i.is_arp ? arp_packet(side_i, local_mac_i, local_ip_i) :
          echo_header(side_i, dscp_i, ttl_i, local_ip_i);
    end
    header = (packet << (8 * EthOctets)) |
        vec_t'({net16(is_ip ? 16'h0800 : 16'h0806), net48(local_mac_i),
                net48(side_q ? side_i.dst_mac : tcp_dst_mac_i)});
  end

  // ---- One beat, and the sums ------------------------------------------------------------------

  logic h_valid_q, h_first_q, h_length_q, h_checksum_q, h_tcp_q, h_payload_q;
  logic [DataWidth-1:0] h_beat_q;
  logic [3:0] h_whole_q;
  logic [15:0] h_total_q, h_tcp_len_q;  // of the packet; of the segment, and the protocol number
  logic [19:0] h_ip_sum_q;
  logic [1:0][19:0] h_tcp_sums_q;

  len_t payload_len;
  sum4_t ip_part;
  assign payload_len = side_q ? side_i.payload_len : tcp_i.payload_len;
  assign ip_part = side_q ? side_ip_sum_i : tcp_ip_sum_i;

  always_ff @(posedge clk_i) begin
    h_first_q <= first_q;
    h_length_q <= is_ip && beat_q == beat_t'(IpLengthAt / Lanes);
    h_checksum_q <= is_ip && beat_q == beat_t'(IpChecksumAt / Lanes);
    h_tcp_q <= !side_q;
    h_payload_q <= side_q ? !side_i.is_arp : tcp_payload_i;
    h_beat_q <= header[beat_q*DataWidth+:DataWidth];
    h_whole_q <= 4'(last_beat);
    h_total_q <= 16'(packet_len) + 16'(payload_len);
    h_tcp_len_q <= 16'(option_table(tcp_i.opt.count, 20 + 32'(ProtoTcp), 4)) + 16'(payload_len);
    h_ip_sum_q <= sum4_sums(
        ip_part,
        18'({
          ttl_i, side_q ? ProtoIcmp : ProtoTcp
        }),
        {
          11'h080, packet_len
        },  // DF, 4000 hexadecimal
        18'(payload_len)
    );
    h_tcp_sums_q[0] <= sum4_sums(tcp_sums_i[0], tcp_sums_i[1], tcp_sums_i[2], tcp_sums_i[3]);
    h_tcp_sums_q[1] <= sum4_sums(tcp_sums_i[4], tcp_sums_i[5], tcp_sums_i[6], tcp_sums_i[7]);
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) h_valid_q <= 1'b0;
    else h_valid_q <= step;
  end

  logic [DataWidth-1:0] beat;
  always_comb begin
    beat = h_beat_q;
    if (h_length_q) beat[8*(IpLengthAt%Lanes)+:16] = net16(h_total_q);
    if (h_checksum_q) beat[8*(IpChecksumAt%Lanes)+:16] = net16(~fold(22'(h_ip_sum_q)));
  end

  frame_t frame;
  logic [20:0] tcp_sum;
  assign tcp_sum = 21'(h_tcp_sums_q[0]) + 21'(h_tcp_sums_q[1]);

  always_comb begin
    frame.is_tcp      = h_tcp_q;
    frame.tcp_sum     = 22'(tcp_sum) + 22'(h_tcp_len_q);
    frame.whole_beats = h_whole_q;
    frame.has_payload = h_payload_q;
    frame.last        = (LenWidth + 1)'(h_total_q) + (LenWidth + 1)'(EthOctets - 1);
    if (h_total_q < 16'(MinFrameOctets - EthOctets)) begin
      frame.last = (LenWidth + 1)'(MinFrameOctets - 1);
    end
  end

  // ---- What waits for payload and MAC ----------------------------------------------------------

  logic [ $clog2(QueueBeats):0] beat_count;
  logic [$clog2(QueueFrames):0] frame_count;
  logic beat_room, frame_room;

  toe_queue #(
      .Width(DataWidth),
      .Depth(QueueBeats)
  ) u_header (
      .clk_i,
      .rst_i,
      .in_valid_i (h_valid_q),
      .in_ready_o (beat_room),
      .in_data_i  (beat),
      .out_valid_o(header_valid_o),
      .out_ready_i(header_ready_i),
      .out_data_o (header_o),
      .count_o    (beat_count)
  );

  toe_fifo #(
      .Width($bits(frame_t)),
      .Depth(QueueFrames)
  ) u_frames (
      .clk_i,
      .rst_i,
      .in_valid_i (h_valid_q && h_first_q),
      .in_ready_o (frame_room),
      .in_data_i  (frame),
      .out_valid_o(frame_valid_o),
      .out_ready_i(frame_ready_i),
      .out_data_o (frame_o),
      .count_o    (frame_count)
  );

  // The counts do not show the beats of this cycle and the one before.
  always_ff @(posedge clk_i) begin
    if (rst_i) room_q <= 1'b0;
    else begin
      room_q <= 32'(beat_count) <= QueueBeats - HeaderBeats - 2 &&
          32'(frame_count) <= QueueFrames - 3;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i && h_valid_q) HeaderHasPlace : assert (beat_room);
    if (!rst_i && h_valid_q && h_first_q) FrameHasPlace : assert (frame_room);
  end

  assign idle_o = !side_valid_i && !h_valid_q && beat_count == '0 && frame_count == '0;

endmodule
