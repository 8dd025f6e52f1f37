// SPDX-License-Identifier: Apache-2.0
//
// Reads the headers of each frame and decides what becomes of it.
//
// Ethernet with at most one 802.1Q tag, ARP, IPv4 with options skipped but for source routes, ICMP
// echo, ICMP errors and the segment that they quote, TCP; every length and every checksum.  One
// frame a cycle, in order, never stalls: who passes frames in has reserved room behind.
// desc_valid_o comes eight cycles after frame_valid_i, and with it seg_valid_o when the frame is a
// sound TCP segment or ICMP error, or else one bit of drop_o when a check has failed: the first one
// in the order of the headers.  arp_valid_o comes three cycles after frame_valid_i.  echo_take_o
// comes one cycle before desc_valid_o and only while echo_free_i; an echo request at another time,
// or one too long for the echo buffer, is dropped.  csum_i must hold the sum over the frame's IPv4
// packet in the fourth cycle after frame_valid_i.

module toe_rx_parse
  import toe_pkg::*;
  import toe_rx_pkg::*;
  import toe_csum_pkg::*;
#(
    parameter int unsigned EchoOctets = 2048  // size of the echo buffer
) (
    input logic clk_i,
    input logic rst_i,

    input mac_t  local_mac_i,
    input ipv4_t local_ip_i,
    input ipv4_t netmask_i,

    // From toe_rx_capture; header and length for one cycle only.
    input logic                      frame_valid_i,
    input logic [8*HeaderOctets-1:0] frame_header_i,
    input logic [              16:0] frame_len_i,
    input logic [              12:0] frame_beats_i,
    input logic                      frame_tagged_i,
    input logic [              16:0] frame_ip_end_i,
    input logic [              31:0] csum_i,

    output logic        desc_valid_o,
    output frame_desc_t desc_o,
    output logic        seg_valid_o,
    output rx_seg_t     seg_o,
    output logic        arp_valid_o,
    output arp_rx_t     arp_o,
    input  logic        echo_free_i,
    output logic        echo_take_o,
    output echo_t       echo_o,

    output drop_vec_t  drop_o,
    output count_vec_t count_o,
    output logic       idle_o
);

  localparam int unsigned Stages = 8;
  localparam mac_t Broadcast = '1;

  logic [Stages:1] valid_q;
  always_ff @(posedge clk_i) begin
    if (rst_i) valid_q <= '0;
    else valid_q <= {valid_q[Stages-1:1], frame_valid_i};
  end

  // ---- Stage 1: Ethernet header, tag taken out --------------------------------------------------

  localparam int unsigned Layer3Width = 8 * (60 + Layer4Octets);

  mac_t dst_mac_q1, src_mac_q1;
  logic        tagged_q1;
  logic [15:0] type_q1;
  logic [16:0] len_q1, ip_end_q1;
  logic [12:0] beats_q1;
  logic [Layer3Width-1:0] layer3_q1;

  always_ff @(posedge clk_i) begin
    if (frame_valid_i) begin
      dst_mac_q1 <= net48(frame_header_i[47:0]);
      src_mac_q1 <= net48(frame_header_i[95:48]);
      tagged_q1 <= frame_tagged_i;
      type_q1 <= net16(frame_tagged_i ? frame_header_i[8*16+:16] : frame_header_i[8*12+:16]);
      len_q1 <= frame_len_i;
      ip_end_q1 <= frame_ip_end_i;
      beats_q1 <= frame_beats_i;
      layer3_q1  <= frame_tagged_i ? frame_header_i[8*18+:Layer3Width] :
                                     frame_header_i[8*14+:Layer3Width];
    end
  end

  // ---- Stage 2: every check of Ethernet, ARP and IPv4; transport header found -------------------

  // Failed checks, in the order of the headers.
  typedef struct packed {
    logic runt;
    logic not_for_us;
    logic tag_runt;
    logic vlan_depth;
    logic ether_type;
    logic layer3_runt;
    logic arp_bad;
    logic ip_header;
    logic ip_checksum;
    logic ip_fragment;
    logic ip_dst;
    logic ip_src;
    logic ip_proto;
    logic icmp_short;
    logic tcp_header;
  } failed_t;

  // What the later stages carry.
  typedef struct packed {
    mac_t        src_mac;
    ipv4_t       src_ip;
    logic [12:0] beats;
    logic        is_tcp;
    logic        is_icmp;
  } common_t;

  logic [ 3:0] ihl;
  logic [15:0] total_len;
  logic [13:0] fragment;  // more-fragments bit and offset
  ipv4_t src_ip, dst_ip;
  logic [7:0] proto, layer2_len;
  logic is_ip, is_arp;
  assign ihl        = layer3_q1[3:0];
  assign total_len  = net16(layer3_q1[8*2+:16]);
  assign fragment   = 14'(net16(layer3_q1[8*6+:16]));
  assign proto      = layer3_q1[8*9+:8];
  assign src_ip     = net32(layer3_q1[8*12+:32]);
  assign dst_ip     = net32(layer3_q1[8*16+:32]);
  assign layer2_len = tagged_q1 ? 8'd18 : 8'd14;
  assign is_ip      = type_q1 == 16'h0800;
  assign is_arp     = type_q1 == 16'h0806;

  arp_rx_t arp;
  logic arp_sound;
  assign arp = '{
          is_request: layer3_q1[8*7+:8] == 8'd1,
          sender_mac: net48(layer3_q1[8*8+:48]),
          sender_ip: net32(layer3_q1[8*14+:32]),
          target_ip: net32(layer3_q1[8*24+:32])
      };
  assign arp_sound = layer3_q1[63:0] == 64'h0100_0406_0008_0100 ||
                     layer3_q1[63:0] == 64'h0200_0406_0008_0100;

  // Directed broadcast of this subnet; a /31 and a /32 have none (RFC 3021).
  logic src_is_net_broadcast, src_is_special;
  assign src_is_net_broadcast = (src_ip | netmask_i) == '1 && netmask_i[31:1] != '1 &&
                                (src_ip & netmask_i) == (local_ip_i & netmask_i);
  assign src_is_special = src_ip[31:24] == 8'd0 || src_ip[31:24] == 8'd127 ||
                          src_ip[31:29] == 3'b111 || src_ip == local_ip_i;

  failed_t failed, failed_q2, failed_q3;
  always_comb begin
    failed = '0;
    if (valid_q[1]) begin
      failed.runt        = len_q1 < 17'd14;
      failed.not_for_us  = dst_mac_q1 != local_mac_i && dst_mac_q1 != Broadcast;
      failed.tag_runt    = len_q1 < 17'(layer2_len);
      failed.vlan_depth  = type_q1 == 16'h88a8 || (tagged_q1 && type_q1 == 16'h8100);
      failed.ether_type  = !is_ip && !is_arp;
      failed.layer3_runt = len_q1 < 17'(layer2_len) + (is_arp ? 17'd28 : 17'd20);
      failed.arp_bad     = is_arp && (!arp_sound || arp.sender_mac[40]);
      if (is_ip) begin
        failed.ip_header = layer3_q1[7:4] != 4'd4 || ihl < 4'd5 || ip_end_q1 > len_q1 ||
                           total_len < {10'd0, ihl, 2'b00};
        failed.ip_fragment = fragment != '0;
        failed.ip_dst = dst_ip != local_ip_i || dst_mac_q1 == Broadcast;
        failed.ip_src = src_is_special || src_is_net_broadcast || src_mac_q1[40];
        failed.ip_proto = proto != 8'd1 && proto != 8'd6;
      end
    end
  end

  // Sum of the IPv4 header, options included.
  logic [4:0][18:0] ip_part, ip_part_q2;
  always_comb begin
    ip_part = '0;
    if (valid_q[1]) begin
      for (int unsigned i = 0; i < 15; i++) begin
        if (4'(i) < ihl) begin
          ip_part[i/3] += 19'(net16(layer3_q1[32*i+:16])) + 19'(net16(layer3_q1[32*i+16+:16]));
        end
      end
    end
  end

  common_t common_q2, common_q7;
  logic is_arp_q2, is_ip_q2, is_ip_q3;
  logic [7:0] layer4_off_q2;  // octets from the start of the frame
  logic [15:0] layer4_len_q2;  // octets, as the IPv4 header says
  ipv4_t dst_ip_q2;
  arp_rx_t arp_q2;
  logic [8*Layer4Octets-1:0] layer4_q2;

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      failed_q2 <= failed;
      ip_part_q2 <= ip_part;
      is_arp_q2 <= is_arp;
      arp_q2 <= arp;
      dst_ip_q2 <= dst_ip;
      layer4_q2 <= (8 * Layer4Octets)'(layer3_q1[8*20+:8*(40+Layer4Octets)] >>
                                       {4'(ihl - 4'd5), 5'd0});
      common_q2 <= '{
          src_mac: src_mac_q1,
          src_ip: src_ip,
          beats: beats_q1,
          is_tcp: is_ip && proto == 8'd6,
          is_icmp: is_ip && proto == 8'd1
      };
      is_ip_q2 <= is_ip;
      layer4_off_q2 <= layer2_len + {2'b00, ihl, 2'b00};
      layer4_len_q2 <= total_len - {10'd0, ihl, 2'b00};
    end
  end

  // ---- Stage 3: transport header; ARP is complete -----------------------------------------------

  typedef struct packed {
    port_t       src_port;
    port_t       dst_port;
    seq_t        seq;
    seq_t        ack;
    logic [3:0]  data_words;  // of the header
    logic [3:0]  reserved;
    tcp_flags_t  flags;
    logic [15:0] wnd;
    logic [15:0] checksum;
    logic [15:0] urg_ptr;
  } tcp_header_t;

  // What is left of it once it is checked.
  typedef struct packed {
    port_t       src_port;
    port_t       dst_port;
    seq_t        seq;
    seq_t        ack;
    tcp_flags_t  flags;
    logic [15:0] wnd;
    logic [15:0] urg_ptr;
    ipv4_t       remote_ip;    // ICMP error: where the quoted segment was going
    logic        is_echo;      // ICMP: an echo request
    icmp_error_t icmp;         // ICMP: an error
    logic        quote_bad;    // that quotes no TCP segment of ours
    logic [15:0] checksum;     // ICMP
    logic [7:0]  payload_off;  // octets from the start of the frame
    logic [15:0] payload_len;
  } transport_t;

  // verilator lint_off UNUSEDSIGNAL  // its checksum is in the sum, its reserved bits do not count
  tcp_header_t tcp;
  // verilator lint_on UNUSEDSIGNAL
  always_comb begin
    for (int unsigned i = 0; i < 20; i++) tcp[8*(19-i)+:8] = layer4_q2[8*i+:8];
  end

  // What an ICMP error quotes: our IPv4 header, and eight octets of what followed it.
  localparam int unsigned QuoteOctets = Layer4Octets - 8;
  // verilator lint_off UNUSEDSIGNAL  // its length, checksum and the like say nothing new
  logic [8*QuoteOctets-1:0] quote;
  // verilator lint_on UNUSEDSIGNAL
  logic [63:0] quoted;
  logic [3:0] quote_ihl;
  logic quote_bad;
  assign quote = layer4_q2[8*8+:8*QuoteOctets];
  assign quote_ihl = quote[3:0];
  assign quoted = 64'(quote[8*20+:8*(QuoteOctets-20)] >> {4'(quote_ihl - 4'd5), 5'd0});
  assign quote_bad = quote[7:4] != 4'd4 || quote_ihl < 4'd5 || quote[8*9+:8] != 8'd6 || 13'(net16(
      quote[8*6+:16]
  )) != '0 || net32(
      quote[8*12+:32]
  ) != local_ip_i || layer4_len_q2 < 16'd16 + {10'd0, quote_ihl, 2'b00};

  function automatic icmp_error_t icmp_error(logic [7:0] kind, logic [7:0] code, logic [15:0] mtu);
    icmp_error = '0;
    unique case (kind)
      8'd3:    if (code <= 8'd15) icmp_error.kind = IcmpUnreachable;
      8'd11:   if (code <= 8'd1) icmp_error.kind = IcmpTimeExceeded;
      8'd12:   if (code <= 8'd2) icmp_error.kind = IcmpParameter;
      default: ;
    endcase
    if (icmp_error.kind == IcmpNone) return icmp_error;
    icmp_error.code = code[3:0];
    if (kind == 8'd3 && code == 8'd4) icmp_error.mtu = mtu;
  endfunction

  logic [15:0] header_len;  // octets of the transport header
  assign header_len = common_q2.is_tcp ? {10'd0, tcp.data_words, 2'b00} : 16'd4;

  transport_t transport, transport_q7;
  logic [19:0] pseudo_q3;
  logic [21:0] ip_sum, ip_sum_q3;
  always_comb begin
    transport = '{
        src_port: tcp.src_port,
        dst_port: tcp.dst_port,
        seq: tcp.seq,
        ack: tcp.ack,
        flags: tcp.flags,
        wnd: tcp.wnd,
        urg_ptr: tcp.urg_ptr,
        remote_ip: common_q2.src_ip,
        is_echo: layer4_q2[15:0] == 16'h0008,
        icmp: '0,
        quote_bad: quote_bad,
        checksum: net16(layer4_q2[31:16]),
        payload_off: layer4_off_q2 + header_len[7:0],
        payload_len: layer4_len_q2 - header_len
    };
    if (common_q2.is_icmp) begin
      transport.icmp = icmp_error(layer4_q2[7:0], layer4_q2[15:8], net16(layer4_q2[8*6+:16]));
    end
    // The quoted segment was ours: its ports change sides.
    if (transport.icmp.kind != IcmpNone) begin
      transport.src_port    = net16(quoted[31:16]);
      transport.dst_port    = net16(quoted[15:0]);
      transport.seq         = net32(quoted[63:32]);
      transport.ack         = '0;
      transport.flags       = '0;
      transport.wnd         = '0;
      transport.urg_ptr     = '0;
      transport.remote_ip   = net32(quote[8*16+:32]);
      transport.payload_len = '0;
    end
  end

  always_comb begin
    ip_sum = '0;
    for (int unsigned i = 0; i < 5; i++) ip_sum += 22'(ip_part_q2[i]);
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      failed_q3 <= failed_q2;
      failed_q3.icmp_short <= common_q2.is_icmp && layer4_len_q2 < 16'd8;
      failed_q3.tcp_header <= common_q2.is_tcp && (layer4_len_q2 < 16'd20 ||
                              tcp.data_words < 4'd5 || header_len > layer4_len_q2);
      ip_sum_q3 <= ip_sum;
      is_ip_q3 <= is_ip_q2;
      // Pseudo-header (RFC 9293 section 3.1); ICMP has none.
      pseudo_q3 <= '0;
      if (common_q2.is_tcp) begin
        pseudo_q3 <= 20'(common_q2.src_ip[31:16]) + 20'(common_q2.src_ip[15:0]) +
                     20'(dst_ip_q2[31:16]) + 20'(dst_ip_q2[15:0]) + 20'd6 +
                     20'(layer4_len_q2);
      end
    end
  end

  // Headers wait for stage 7 in distributed RAM; at most five are on their way there.
  typedef struct packed {
    common_t    common;
    transport_t transport;
  } waiting_t;
  waiting_t waiting_q[8], waiting;
  logic [2:0] in_ptr_q, out_ptr_q;
  assign waiting = waiting_q[out_ptr_q];

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) waiting_q[in_ptr_q] <= {common_q2, transport};
    if (valid_q[6]) begin
      common_q7    <= waiting.common;
      transport_q7 <= waiting.transport;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      in_ptr_q  <= '0;
      out_ptr_q <= '0;
    end else begin
      in_ptr_q  <= in_ptr_q + 3'(valid_q[2]);
      out_ptr_q <= out_ptr_q + 3'(valid_q[6]);
    end
  end

  always_ff @(posedge clk_i) begin
    arp_valid_o <= valid_q[2] && is_arp_q2 && failed_q2 == '0 && !rst_i;
    if (valid_q[2] && is_arp_q2) arp_o <= arp_q2;
  end

  // ---- IPv4 options, beside stages 2 to 6 -------------------------------------------------------

  logic ip_opt_bad, ip_opt_route;  // in stage 6
  toe_rx_ip_options u_ip_options (
      .clk_i,
      .rst_i,
      .valid_i (valid_q[1]),
      .words_i (is_ip && ihl > 4'd5 ? ihl - 4'd5 : 4'd0),
      .octets_i(layer3_q1[8*20+:8*OptionOctets]),
      .bad_o   (ip_opt_bad),
      .route_o (ip_opt_route)
  );

  // ---- TCP options, beside stages 3 to 8 --------------------------------------------------------

  logic opt_bad;  // in stage 7
  tcp_options_t opt;  // in stage 8
  toe_rx_options u_options (
      .clk_i,
      .rst_i,
      .valid_i(valid_q[2] && common_q2.is_tcp),
      .words_i(tcp.data_words - 4'd5),
      .octets_i(layer4_q2[8*20+:8*OptionOctets]),
      .bad_o(opt_bad),
      .opt_o(opt)
  );

  // ---- Stage 4: the first check that failed -----------------------------------------------------

  logic fail_q4, fail_q5, fail_q6, fail_q7;
  drop_e why_q4, why_q5, why_q6, why_q7, why;
  failed_t failed3;
  logic ip_opt_fail;  // and nothing before the IPv4 options has
  logic [15:0] pseudo_q4, pseudo_q5, payload_sum_q5;
  logic sum_good_q6, sum_good_q7;

  always_comb begin
    failed3             = failed_q3;
    failed3.ip_checksum = is_ip_q3 && csum_fold(32'(ip_sum_q3)) != 16'hffff;
    why                 = DropTcpHeader;
    if (failed3.icmp_short) why = DropIcmpBad;
    if (failed3.ip_proto) why = DropIpProto;
    if (failed3.ip_src) why = DropIpSrc;
    if (failed3.ip_dst) why = DropIpDst;
    if (failed3.ip_fragment) why = DropIpFragment;
    if (failed3.ip_checksum) why = DropIpChecksum;
    if (failed3.ip_header) why = DropIpHeader;
    if (failed3.arp_bad) why = DropArpBad;
    if (failed3.layer3_runt) why = DropRunt;
    if (failed3.ether_type) why = DropEtherType;
    if (failed3.vlan_depth) why = DropVlanDepth;
    if (failed3.tag_runt) why = DropRunt;
    if (failed3.not_for_us) why = DropNotForUs;
    if (failed3.runt) why = DropRunt;
  end

  assign ip_opt_fail = (ip_opt_bad || ip_opt_route) &&
                       (!fail_q6 || why_q6 == DropTcpHeader || why_q6 == DropIcmpBad);

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      fail_q4   <= failed3 != '0;
      why_q4    <= why;
      pseudo_q4 <= csum_fold(32'(pseudo_q3));
    end
    if (valid_q[4]) begin
      fail_q5        <= fail_q4;
      why_q5         <= why_q4;
      pseudo_q5      <= pseudo_q4;
      payload_sum_q5 <= csum_fold(csum_i);
    end
    if (valid_q[5]) begin
      fail_q6     <= fail_q5;
      why_q6      <= why_q5;
      sum_good_q6 <= csum_add(payload_sum_q5, pseudo_q5) == 16'hffff;
    end
    if (valid_q[6]) begin
      fail_q7 <= fail_q6 || ip_opt_fail;
      why_q7  <= why_q6;
      if (ip_opt_fail) why_q7 <= ip_opt_bad ? DropIpHeader : DropIpSourceRoute;
      sum_good_q7 <= sum_good_q6;
    end
  end

  // ---- Stages 7 and 8: the outcome --------------------------------------------------------------

  logic fail, keep_tcp, keep_icmp, is_error, fits_echo;
  drop_e reason;
  assign fits_echo = echo_free_i && transport_q7.payload_len <= 16'(EchoOctets);
  assign is_error  = transport_q7.icmp.kind != IcmpNone;
  always_comb begin
    fail   = fail_q7;
    reason = why_q7;
    if (!fail_q7 && common_q7.is_tcp) begin
      fail   = !sum_good_q7 || opt_bad;
      reason = sum_good_q7 ? DropTcpOption : DropTcpChecksum;
    end
    if (!fail_q7 && common_q7.is_icmp) begin
      if (is_error) begin
        fail   = !sum_good_q7 || transport_q7.quote_bad;
        reason = DropIcmpQuote;
      end else begin
        fail   = !sum_good_q7 || !transport_q7.is_echo || !fits_echo;
        reason = transport_q7.is_echo ? DropEchoBusy : DropIcmpOther;
      end
      if (!sum_good_q7) reason = DropIcmpBad;
    end
  end
  assign keep_tcp = common_q7.is_tcp && !fail;
  assign keep_icmp = common_q7.is_icmp && is_error && !fail;
  assign echo_take_o = valid_q[7] && common_q7.is_icmp && !is_error && !fail;
  assign echo_o = '{
          src_mac: common_q7.src_mac,
          src_ip: common_q7.src_ip,
          checksum: transport_q7.checksum,
          len: transport_q7.payload_len
      };

  logic keep_q8;
  rx_seg_t seg_q8;  // without its options

  always_ff @(posedge clk_i) begin
    drop_o  <= '0;
    count_o <= '0;
    if (valid_q[7]) begin
      drop_o[reason] <= fail && !rst_i;
      count_o.rx_frame <= !fail && !rst_i;
      count_o.rx_segment <= keep_tcp && !rst_i;
      keep_q8 <= keep_tcp || keep_icmp;
      seg_q8 <= '{
          key: '{
              remote_ip: transport_q7.remote_ip,
              remote_port: transport_q7.src_port,
              local_port: transport_q7.dst_port
          },
          src_mac: common_q7.src_mac,
          seq: transport_q7.seq,
          ack: transport_q7.ack,
          flags: transport_q7.flags,
          wnd: transport_q7.wnd,
          urg_ptr: transport_q7.urg_ptr,
          payload_len: transport_q7.payload_len,
          opt: '0,
          icmp: transport_q7.icmp
      };
      desc_o <= '{
          kind: keep_tcp || keep_icmp ? FrameSegment : echo_take_o ? FrameEcho : FrameDiscard,
          beats: common_q7.beats,
          payload_off: transport_q7.payload_off,
          payload_len: transport_q7.payload_len
      };
    end
  end

  assign desc_valid_o = valid_q[8];
  assign seg_valid_o  = valid_q[8] && keep_q8;
  always_comb begin
    seg_o = seg_q8;
    if (seg_q8.icmp.kind == IcmpNone) seg_o.opt = opt;
  end
  assign idle_o = valid_q == '0 && !arp_valid_o;

endmodule
