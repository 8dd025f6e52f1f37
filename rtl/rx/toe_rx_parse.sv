// SPDX-License-Identifier: Apache-2.0
//
// Reads the headers of each frame and decides what becomes of it.
//
// Ethernet with at most one 802.1Q tag, ARP, IPv4 with options skipped but for source routes, ICMP
// echo, ICMP errors and the segment that they quote, TCP; every length and every checksum.  One
// frame a cycle, in order, never stalls: who passes frames in has reserved room behind.
// desc_valid_o comes ten cycles after frame_valid_i, and with it seg_valid_o when the frame is a
// sound TCP segment or ICMP error, or else one bit of drop_o when a check has failed: the first one
// in the order of the headers.  arp_valid_o comes three cycles after frame_valid_i.  echo_take_o
// comes one cycle before desc_valid_o and only while echo_free_i; an echo request at another time,
// or one too long for the echo buffer, is dropped.  csum_i must hold the sum over the frame's IPv4
// packet in the fifth cycle after frame_valid_i.

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
    input logic                      frame_last_i,    // with frame_valid_i, and at other times
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

  localparam int unsigned Stages = 10;
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
  logic [Layer3Width-1:0] layer3, layer3_q1;
  words_t ip_words_q1;  // of options
  assign layer3 = frame_tagged_i ? frame_header_i[8*18+:Layer3Width] :
                                   frame_header_i[8*14+:Layer3Width];

  always_ff @(posedge clk_i) begin
    if (frame_last_i) begin
      dst_mac_q1 <= net48(frame_header_i[47:0]);
      src_mac_q1 <= net48(frame_header_i[95:48]);
      tagged_q1 <= frame_tagged_i;
      type_q1 <= net16(frame_tagged_i ? frame_header_i[8*16+:16] : frame_header_i[8*12+:16]);
      len_q1 <= frame_len_i;
      ip_end_q1 <= frame_ip_end_i;
      beats_q1 <= frame_beats_i;
      layer3_q1 <= layer3;
      ip_words_q1 <= first_words(layer3[3:0] - 4'd5);
    end
  end

  // ---- Stage 2: every check of Ethernet, ARP and IPv4 ---------------------------------------------

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

  failed_t failed, failed_q2, failed_q3, failed_q4;
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

  // Sum of the IPv4 header, options included: pairs of words first.
  logic [7:0][17:0] ip_pair, ip_pair_q2;
  always_comb begin
    ip_pair = '0;
    if (valid_q[1]) begin
      for (int unsigned i = 0; i < 15; i++) begin
        if (4'(i) < ihl) begin
          ip_pair[i/2] += 18'(net16(layer3_q1[32*i+:16])) + 18'(net16(layer3_q1[32*i+16+:16]));
        end
      end
    end
  end

  // The transport header begins 5 to 15 words into the packet: it moves by whole four words here, by
  // what is left in stage 3.
  localparam int unsigned NearWidth = 8 * (Layer4Octets + 12);

  common_t common_q2, common_q3, common_q9;
  logic is_arp_q2, is_ip_q2, is_ip_q3, is_ip_q4;
  logic [7:0] layer4_off_q2, layer4_off_q3;  // octets from the start of the frame
  logic [15:0] layer4_len_q2, layer4_len_q3;  // octets, as the IPv4 header says
  ipv4_t dst_ip_q2, dst_ip_q3;
  arp_rx_t arp_q2;
  logic [1:0] near_q2;  // words left to move
  logic [NearWidth-1:0] layer4_near_q2;
  logic [3:0] far;
  assign far = ihl - 4'd5;

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      failed_q2 <= failed;
      ip_pair_q2 <= ip_pair;
      is_arp_q2 <= is_arp;
      arp_q2 <= arp;
      dst_ip_q2 <= dst_ip;
      layer4_near_q2 <= NearWidth'(layer3_q1[8*20+:8*(40+Layer4Octets)] >> {far[3:2], 7'd0});
      near_q2 <= far[1:0];
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

  // ---- Stage 3: ARP is complete; transport header in its place ------------------------------------

  // Kinds of ICMP errors, by type and code.
  typedef struct packed {
    logic unreachable;
    logic too_big;  // one of those
    logic time_exceeded;
    logic parameter_problem;
  } icmp_kinds_t;

  function automatic icmp_kinds_t icmp_kinds(logic [7:0] kind, logic [7:0] code);
    icmp_kinds.unreachable       = kind == 8'd3 && code <= 8'd15;
    icmp_kinds.too_big           = kind == 8'd3 && code == 8'd4;
    icmp_kinds.time_exceeded     = kind == 8'd11 && code <= 8'd1;
    icmp_kinds.parameter_problem = kind == 8'd12 && code <= 8'd2;
  endfunction

  logic [1:0][19:0] ip_part, ip_part_q3;
  logic [8*Layer4Octets-1:0] layer4, layer4_q3;
  words_t tcp_words_q3;  // of options
  icmp_kinds_t icmp_q3;
  assign layer4 = (8 * Layer4Octets)'(layer4_near_q2 >> {near_q2, 5'd0});

  always_comb begin
    ip_part = '0;
    for (int unsigned i = 0; i < 8; i++) ip_part[i/4] += 20'(ip_pair_q2[i]);
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      failed_q3     <= failed_q2;
      ip_part_q3    <= ip_part;
      dst_ip_q3     <= dst_ip_q2;
      layer4_q3     <= layer4;
      icmp_q3       <= icmp_kinds(layer4[7:0], layer4[15:8]);
      tcp_words_q3  <= first_words(layer4[8*12+4+:4] - 4'd5);
      common_q3     <= common_q2;
      is_ip_q3      <= is_ip_q2;
      layer4_off_q3 <= layer4_off_q2;
      layer4_len_q3 <= layer4_len_q2;
    end
  end

  // ---- Stage 4: transport header ----------------------------------------------------------------

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
    for (int unsigned i = 0; i < 20; i++) tcp[8*(19-i)+:8] = layer4_q3[8*i+:8];
  end

  // What an ICMP error quotes: our IPv4 header, and eight octets of what followed it.
  localparam int unsigned QuoteOctets = Layer4Octets - 8;
  // verilator lint_off UNUSEDSIGNAL  // its length, checksum and the like say nothing new
  logic [8*QuoteOctets-1:0] quote;
  // verilator lint_on UNUSEDSIGNAL
  logic [63:0] quoted;
  logic [3:0] quote_ihl;
  logic quote_bad;
  assign quote = layer4_q3[8*8+:8*QuoteOctets];
  assign quote_ihl = quote[3:0];
  assign quoted = 64'(quote[8*20+:8*(QuoteOctets-20)] >> {4'(quote_ihl - 4'd5), 5'd0});
  assign quote_bad = quote[7:4] != 4'd4 || quote_ihl < 4'd5 || quote[8*9+:8] != 8'd6 || 13'(net16(
      quote[8*6+:16]
  )) != '0 || net32(
      quote[8*12+:32]
  ) != local_ip_i || layer4_len_q3 < 16'd16 + {10'd0, quote_ihl, 2'b00};

  logic [15:0] header_len;  // octets of the transport header
  assign header_len = common_q3.is_tcp ? {10'd0, tcp.data_words, 2'b00} : 16'd4;

  transport_t transport, transport_q9;
  logic [19:0] pseudo_q4;
  logic [21:0] ip_sum, ip_sum_q4;
  always_comb begin
    transport = '{
        src_port: tcp.src_port,
        dst_port: tcp.dst_port,
        seq: tcp.seq,
        ack: tcp.ack,
        flags: tcp.flags,
        wnd: tcp.wnd,
        urg_ptr: tcp.urg_ptr,
        remote_ip: common_q3.src_ip,
        is_echo: layer4_q3[15:0] == 16'h0008,
        icmp: '0,
        quote_bad: quote_bad,
        checksum: net16(layer4_q3[31:16]),
        payload_off: layer4_off_q3 + header_len[7:0],
        payload_len: layer4_len_q3 - header_len
    };
    // The quoted segment was ours: its ports change sides.
    if (common_q3.is_icmp && (icmp_q3.unreachable || icmp_q3.time_exceeded ||
                              icmp_q3.parameter_problem)) begin
      transport.icmp.kind   = icmp_q3.unreachable ? IcmpUnreachable :
                              icmp_q3.time_exceeded ? IcmpTimeExceeded : IcmpParameter;
      transport.icmp.code = layer4_q3[11:8];
      transport.icmp.mtu = icmp_q3.too_big ? net16(layer4_q3[8*6+:16]) : '0;
      transport.src_port = net16(quoted[31:16]);
      transport.dst_port = net16(quoted[15:0]);
      transport.seq = net32(quoted[63:32]);
      transport.ack = '0;
      transport.flags = '0;
      transport.wnd = '0;
      transport.urg_ptr = '0;
      transport.remote_ip = net32(quote[8*16+:32]);
      transport.payload_len = '0;
    end
  end

  always_comb begin
    ip_sum = '0;
    for (int unsigned i = 0; i < 2; i++) ip_sum += 22'(ip_part_q3[i]);
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      failed_q4 <= failed_q3;
      failed_q4.icmp_short <= common_q3.is_icmp && layer4_len_q3 < 16'd8;
      failed_q4.tcp_header <= common_q3.is_tcp && (layer4_len_q3 < 16'd20 ||
                              tcp.data_words < 4'd5 || header_len > layer4_len_q3);
      ip_sum_q4 <= ip_sum;
      is_ip_q4 <= is_ip_q3;
      // Pseudo-header (RFC 9293 section 3.1); ICMP has none.
      pseudo_q4 <= '0;
      if (common_q3.is_tcp) begin
        pseudo_q4 <= 20'(common_q3.src_ip[31:16]) + 20'(common_q3.src_ip[15:0]) +
                     20'(dst_ip_q3[31:16]) + 20'(dst_ip_q3[15:0]) + 20'd6 +
                     20'(layer4_len_q3);
      end
    end
  end

  // Headers wait for stage 9 in distributed RAM; at most six are on their way there.
  typedef struct packed {
    common_t    common;
    transport_t transport;
  } waiting_t;
  waiting_t waiting_q[8], waiting;
  logic short_q9;  // fits into the echo buffer
  logic [2:0] in_ptr_q, out_ptr_q;
  assign waiting = waiting_q[out_ptr_q];

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) waiting_q[in_ptr_q] <= {common_q3, transport};
    if (valid_q[8]) begin
      common_q9    <= waiting.common;
      transport_q9 <= waiting.transport;
      short_q9     <= waiting.transport.payload_len <= 16'(EchoOctets);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      in_ptr_q  <= '0;
      out_ptr_q <= '0;
    end else begin
      in_ptr_q  <= in_ptr_q + 3'(valid_q[3]);
      out_ptr_q <= out_ptr_q + 3'(valid_q[8]);
    end
  end

  always_ff @(posedge clk_i) begin
    arp_valid_o <= valid_q[2] && is_arp_q2 && failed_q2 == '0 && !rst_i;
    if (valid_q[2] && is_arp_q2) arp_o <= arp_q2;
  end

  // ---- IPv4 options, beside stages 2 to 7 -------------------------------------------------------

  logic ip_opt_bad, ip_opt_route;  // in stage 7
  toe_rx_ip_options u_ip_options (
      .clk_i,
      .rst_i,
      .valid_i (valid_q[1]),
      .words_i (ip_words_q1),
      .octets_i(layer3_q1[8*20+:8*OptionOctets]),
      .bad_o   (ip_opt_bad),
      .route_o (ip_opt_route)
  );

  // ---- TCP options, beside stages 4 to 10 --------------------------------------------------------

  logic opt_bad;  // in stage 9
  tcp_options_t opt;  // in stage 10
  toe_rx_options u_options (
      .clk_i,
      .rst_i,
      .valid_i(valid_q[3] && common_q3.is_tcp),
      .words_i(tcp_words_q3),
      .octets_i(layer4_q3[8*20+:8*OptionOctets]),
      .bad_o(opt_bad),
      .opt_o(opt)
  );

  // ---- Stages 5 and 6: the first check that failed ----------------------------------------------

  failed_t failed_q5, failed6;
  logic is_ip_q5;
  logic [15:0] ip_fold_q5;

  always_ff @(posedge clk_i) begin
    if (valid_q[4]) begin
      failed_q5  <= failed_q4;
      is_ip_q5   <= is_ip_q4;
      ip_fold_q5 <= csum_fold(32'(ip_sum_q4));
    end
  end

  logic fail_q6, fail_q7, fail_q8, fail_q9;
  drop_e why_q6, why_q7, why_q8, why_q9, why;

  always_comb begin
    failed6             = failed_q5;
    failed6.ip_checksum = is_ip_q5 && ip_fold_q5 != 16'hffff;
    why                 = DropTcpHeader;
    if (failed6.icmp_short) why = DropIcmpBad;
    if (failed6.ip_proto) why = DropIpProto;
    if (failed6.ip_src) why = DropIpSrc;
    if (failed6.ip_dst) why = DropIpDst;
    if (failed6.ip_fragment) why = DropIpFragment;
    if (failed6.ip_checksum) why = DropIpChecksum;
    if (failed6.ip_header) why = DropIpHeader;
    if (failed6.arp_bad) why = DropArpBad;
    if (failed6.layer3_runt) why = DropRunt;
    if (failed6.ether_type) why = DropEtherType;
    if (failed6.vlan_depth) why = DropVlanDepth;
    if (failed6.tag_runt) why = DropRunt;
    if (failed6.not_for_us) why = DropNotForUs;
    if (failed6.runt) why = DropRunt;
  end

  // ---- Stages 5 to 8: the checksum, and the IPv4 options after the checks -------------------------

  logic [15:0] pseudo_q5, pseudo_q6, payload_sum_q6;
  logic sum_good_q7, sum_good_q8, sum_good_q9;
  logic ip_opt_bad_q8, ip_opt_route_q8;
  logic ip_opt_fail;  // and nothing before the IPv4 options has
  assign ip_opt_fail = (ip_opt_bad_q8 || ip_opt_route_q8) &&
                       (waiting.common.is_tcp || waiting.common.is_icmp) &&
                       (!fail_q8 || why_q8 == DropTcpHeader || why_q8 == DropIcmpBad);

  always_ff @(posedge clk_i) begin
    if (valid_q[4]) pseudo_q5 <= csum_fold(32'(pseudo_q4));
    if (valid_q[5]) begin
      fail_q6        <= failed6 != '0;
      why_q6         <= why;
      pseudo_q6      <= pseudo_q5;
      payload_sum_q6 <= csum_fold(csum_i);
    end
    if (valid_q[6]) begin
      fail_q7     <= fail_q6;
      why_q7      <= why_q6;
      sum_good_q7 <= csum_add(payload_sum_q6, pseudo_q6) == 16'hffff;
    end
    if (valid_q[7]) begin
      fail_q8         <= fail_q7;
      why_q8          <= why_q7;
      sum_good_q8     <= sum_good_q7;
      ip_opt_bad_q8   <= ip_opt_bad;
      ip_opt_route_q8 <= ip_opt_route;
    end
    if (valid_q[8]) begin
      fail_q9 <= fail_q8 || ip_opt_fail;
      why_q9  <= why_q8;
      if (ip_opt_fail) why_q9 <= ip_opt_bad_q8 ? DropIpHeader : DropIpSourceRoute;
      sum_good_q9 <= sum_good_q8;
    end
  end

  // ---- Stages 9 and 10: the outcome -------------------------------------------------------------

  logic fail, keep_tcp, keep_icmp, is_error, fits_echo;
  drop_e reason;
  assign fits_echo = echo_free_i && short_q9;
  assign is_error  = transport_q9.icmp.kind != IcmpNone;
  always_comb begin
    fail   = fail_q9;
    reason = why_q9;
    if (!fail_q9 && common_q9.is_tcp) begin
      fail   = !sum_good_q9 || opt_bad;
      reason = sum_good_q9 ? DropTcpOption : DropTcpChecksum;
    end
    if (!fail_q9 && common_q9.is_icmp) begin
      if (is_error) begin
        fail   = !sum_good_q9 || transport_q9.quote_bad;
        reason = DropIcmpQuote;
      end else begin
        fail   = !sum_good_q9 || !transport_q9.is_echo || !fits_echo;
        reason = transport_q9.is_echo ? DropEchoBusy : DropIcmpOther;
      end
      if (!sum_good_q9) reason = DropIcmpBad;
    end
  end
  assign keep_tcp = common_q9.is_tcp && !fail;
  assign keep_icmp = common_q9.is_icmp && is_error && !fail;
  assign echo_take_o = valid_q[9] && common_q9.is_icmp && !is_error && !fail;
  assign echo_o = '{
          src_mac: common_q9.src_mac,
          src_ip: common_q9.src_ip,
          checksum: transport_q9.checksum,
          len: transport_q9.payload_len
      };

  rx_seg_t seg_q10;  // without its options

  always_ff @(posedge clk_i) begin
    drop_o <= '0;
    count_o <= '0;
    seg_valid_o <= valid_q[9] && (keep_tcp || keep_icmp) && !rst_i;
    if (valid_q[9]) begin
      drop_o[reason] <= fail && !rst_i;
      count_o.rx_frame <= !fail && !rst_i;
      count_o.rx_segment <= keep_tcp && !rst_i;
      seg_q10 <= '{
          key: '{
              remote_ip: transport_q9.remote_ip,
              remote_port: transport_q9.src_port,
              local_port: transport_q9.dst_port
          },
          src_mac: common_q9.src_mac,
          seq: transport_q9.seq,
          ack: transport_q9.ack,
          flags: transport_q9.flags,
          wnd: transport_q9.wnd,
          urg_ptr: transport_q9.urg_ptr,
          payload_len: transport_q9.payload_len,
          opt: '0,
          icmp: transport_q9.icmp
      };
      desc_o <= '{
          kind: keep_tcp || keep_icmp ? FrameSegment : echo_take_o ? FrameEcho : FrameDiscard,
          beats: common_q9.beats,
          payload_off: transport_q9.payload_off,
          payload_len: transport_q9.payload_len
      };
    end
  end

  assign desc_valid_o = valid_q[10];
  always_comb begin
    seg_o     = seg_q10;
    seg_o.opt = opt;
  end
  assign idle_o = valid_q == '0 && !arp_valid_o;

endmodule
