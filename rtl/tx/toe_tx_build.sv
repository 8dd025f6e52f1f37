// SPDX-License-Identifier: Apache-2.0
//
// Makes headers: Ethernet, then ARP, or IPv4 and TCP or ICMP, with their checksums.
//
// One frame a cycle, one cycle of latency (the checksums are folded on the way out).  A frame with
// payload waits for the payload's sum, which toe_tx_reader gives when all of it is there; so a
// frame is offered only when it can be sent without a gap.
//
// Every IPv4 packet is atomic: DF set, identification 0 (RFC 6864 section 4.1).

module toe_tx_build
  import toe_pkg::*;
  import toe_tx_pkg::*;
  import toe_csum_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input mac_t local_mac_i,
    input ipv4_t local_ip_i,
    input logic [7:0] ttl_i,  // of every packet

    input  logic        desc_valid_i,
    output logic        desc_ready_o,
    input  frame_desc_t desc_i,
    input  tcp_sums_t   desc_sums_i,

    // Sum of the payload of the next frame that has any, folded.
    input  logic        sum_valid_i,
    output logic        sum_ready_o,
    input  logic [15:0] sum_i,

    output logic       frame_valid_o,
    input  logic       frame_ready_i,
    output frame_t     frame_o,
    output count_vec_t count_o,

    output logic idle_o
);

  localparam logic [7:0] ProtoIcmp = 8'd1;
  localparam logic [7:0] ProtoTcp = 8'd6;

  // What never changes while the engine is enabled, added up beforehand.
  logic [15:0] src_ip_sum_q;
  always_ff @(posedge clk_i) src_ip_sum_q <= csum_add(local_ip_i[31:16], local_ip_i[15:0]);

  logic valid_q, is_tcp_q, is_ip_q;
  frame_t frame_q;  // checksums of IPv4 and TCP still zero
  logic [18:0] ip_sum_q;
  logic [22:0] tcp_sum_q;

  logic has_payload, advance, take;
  assign has_payload = desc_i.payload_len != '0;
  assign advance = !valid_q || frame_ready_i;
  assign take = advance && desc_valid_i && (!has_payload || sum_valid_i);
  assign desc_ready_o = take;
  assign sum_ready_o = take && has_payload;

  function automatic logic [20*8-1:0] ip_header(logic [7:0] tos, logic [15:0] total_len,
                                                logic [7:0] ttl, logic [7:0] protocol, ipv4_t src,
                                                ipv4_t dst);
    return {
      wire32(dst),
      wire32(src),
      16'd0,
      protocol,
      ttl,
      wire16(16'h4000),
      16'd0,
      wire16(total_len),
      tos,
      8'h45
    };
  endfunction

  frame_t frame_d;
  logic [15:0] total_len;
  logic [LenWidth:0] frame_len;
  logic [HeaderOctets*8-EthOctets*8-1:0] packet;
  logic [7:0] protocol, tos;
  assign tos = {desc_i.dscp, 2'b00};  // not ECN-capable (RFC 3168)

  always_comb begin
    frame_d   = '0;
    total_len = '0;
    frame_len = '0;
    packet    = '0;
    protocol  = desc_i.kind == FrameTcp ? ProtoTcp : ProtoIcmp;
    if (desc_valid_i) begin
      frame_d.header_len = header_len(desc_i.kind, desc_i.opt.count);
      frame_d.has_payload = has_payload;
      frame_len = (LenWidth + 1)'(frame_d.header_len) + (LenWidth + 1)'(desc_i.payload_len);
      frame_d.last = frame_len - (LenWidth + 1)'(1);
      if (frame_len < (LenWidth + 1)'(MinFrameOctets)) begin
        frame_d.last = (LenWidth + 1)'(MinFrameOctets - 1);
      end
      total_len = 16'(frame_len) - 16'(EthOctets);
      unique case (desc_i.kind)
        FrameTcp: begin
          packet = {
            desc_i.opt.words,
            wire16(desc_i.urg_ptr),
            16'd0,
            wire16(desc_i.wnd),
            desc_i.flags,
            4'd5 + desc_i.opt.count,
            4'd0,
            wire32(desc_i.ack),
            wire32(desc_i.seq),
            wire16(desc_i.dst_port),
            wire16(desc_i.src_port),
            ip_header(tos, total_len, ttl_i, protocol, local_ip_i, desc_i.dst_ip)
          };
        end
        FrameEcho: begin
          packet[24*8-1:0] = {
            wire16(desc_i.icmp_checksum),
            16'd0,
            ip_header(tos, total_len, ttl_i, protocol, local_ip_i, desc_i.dst_ip)
          };
        end
        default: begin
          packet[28*8-1:0] = {
            wire32(desc_i.dst_ip),
            desc_i.arp_request ? 48'd0 : wire48(desc_i.dst_mac),
            wire32(local_ip_i),
            wire48(local_mac_i),
            wire16(desc_i.arp_request ? 16'd1 : 16'd2),
            wire16({8'd6, 8'd4}),
            wire16(16'h0800),
            wire16(16'd1)
          };
        end
      endcase
      frame_d.header = {
        packet,
        wire16(desc_i.kind == FrameArp ? 16'h0806 : 16'h0800),
        wire48(local_mac_i),
        wire48(desc_i.dst_mac)
      };
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      frame_q <= frame_d;
      is_tcp_q <= desc_i.kind == FrameTcp;
      is_ip_q <= desc_i.kind != FrameArp;
      ip_sum_q <= 19'({8'h45, tos}) + 19'h04000 + 19'({ttl_i, protocol}) + 19'(src_ip_sum_q) +
                  19'(total_len) + 19'(desc_i.dst_ip[31:16]) + 19'(desc_i.dst_ip[15:0]);
      tcp_sum_q <= 23'(desc_sums_i[0]) + 23'(desc_sums_i[1]) + 23'(desc_sums_i[2]) +
                   23'(desc_sums_i[3]) + 23'(src_ip_sum_q) + 23'(ProtoTcp) +
                   (has_payload ? 23'(sum_i) : '0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) valid_q <= 1'b0;
    else if (advance) valid_q <= take;
  end

  localparam int unsigned IpChecksumAt = (EthOctets + 10) * 8;
  localparam int unsigned TcpChecksumAt = (EthOctets + 20 + 16) * 8;

  always_comb begin
    frame_o = frame_q;
    if (is_ip_q) frame_o.header[IpChecksumAt+:16] = wire16(~csum_fold(32'(ip_sum_q)));
    if (is_tcp_q) frame_o.header[TcpChecksumAt+:16] = wire16(~csum_fold(32'(tcp_sum_q)));
  end

  assign frame_valid_o = valid_q;
  assign idle_o = !valid_q;

  always_comb begin
    count_o = '0;
    count_o.tx_frame = valid_q && frame_ready_i;
    count_o.tx_segment = valid_q && frame_ready_i && is_tcp_q;
  end

endmodule
