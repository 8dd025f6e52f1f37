// SPDX-License-Identifier: Apache-2.0
//
// What the blocks of the send path tell each other, and how headers are laid out.
//
// Octets of a header are in wire order, octet 0 in bits 7:0, as on a stream.

package toe_tx_pkg;
  import toe_pkg::*;

  localparam mac_t BroadcastMac = 48'hffff_ffff_ffff;

  localparam int unsigned OptionWords = 10;  // of 32 bits, at most
  localparam int unsigned EthOctets = 14;
  localparam int unsigned TcpHeaderOctets = EthOctets + 20 + 20;  // without options
  localparam int unsigned EchoHeaderOctets = EthOctets + 20 + 4;  // the message's first four
  localparam int unsigned ArpOctets = EthOctets + 28;
  localparam int unsigned MinFrameOctets = 60;  // without FCS
  localparam int unsigned HeaderOctets = TcpHeaderOctets + 4 * OptionWords;

  localparam int unsigned MaxMtu = 9000;
  localparam int unsigned LenWidth = 14;  // a payload in octets
  localparam int unsigned RingBits = 20;  // log2 of the largest ring
  localparam int unsigned QueueDepth = 32;  // frames between resolution and the wire

  typedef logic [LenWidth-1:0] len_t;

  typedef enum logic [1:0] {
    FrameTcp,
    FrameEcho,
    FrameArp
  } frame_kind_e;

  typedef logic [OptionWords-1:0][31:0] option_words_t;  // in wire order

  typedef struct packed {
    logic [3:0]    count;  // words in use
    option_words_t words;  // zero beyond count
  } tcp_option_words_t;

  // One frame to build.  Which fields mean something depends on kind.
  typedef struct packed {
    frame_kind_e       kind;
    logic              arp_request;    // FrameArp: 1 request, 0 reply
    logic [15:0]       icmp_checksum;  // FrameEcho: of the reply
    mac_t              dst_mac;
    ipv4_t             dst_ip;         // FrameArp: target
    port_t             src_port;
    port_t             dst_port;
    seq_t              seq;
    seq_t              ack;
    tcp_flags_t        flags;
    logic [15:0]       wnd;
    logic [15:0]       urg_ptr;
    logic [5:0]        dscp;           // FrameTcp, FrameEcho
    tcp_option_words_t opt;
    len_t              payload_len;    // octets that toe_tx_reader delivers
  } frame_desc_t;

  // Sums of 16-bit words of the TCP header and of what varies in its pseudo-header, not folded.
  typedef logic [3:0][19:0] tcp_sums_t;

  // Payload to fetch: from a transmit ring, or with echo set from the echo data stream.
  typedef struct packed {
    logic                echo;
    conn_id_t            conn;
    logic [RingBits-1:0] offset;  // of the first octet in its ring, taken modulo the ring's size
    len_t                len;     // octets, at least 1
    logic [5:0]          dst;     // octet of a beat that the first one goes to
  } read_req_t;

  // ARP packet to send.
  typedef struct packed {
    logic is_request;
    mac_t dst_mac;  // the target's hardware address too, in a reply
    ipv4_t target_ip;
  } arp_tx_t;

  // One frame's header, whole, and the frame's measures.
  typedef struct packed {
    logic [HeaderOctets*8-1:0] header;       // zero beyond header_len
    logic [6:0]                header_len;   // octets
    logic                      has_payload;
    logic [LenWidth:0]         last;         // number of the frame's last octet, padding included
  } frame_t;

  function automatic logic [15:0] wire16(logic [15:0] x);
    return {x[7:0], x[15:8]};
  endfunction

  function automatic logic [31:0] wire32(logic [31:0] x);
    return {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  function automatic logic [47:0] wire48(logic [47:0] x);
    return {wire32(x[31:0]), wire16(x[47:32])};
  endfunction

  // Options in the order and with the padding that Linux uses.  SACK blocks go into segments
  // without the options of a SYN only, three of them beside timestamps, four otherwise.
  function automatic tcp_option_words_t option_layout(tcp_options_t opt);
    tcp_option_words_t out;
    option_words_t w;
    logic [3:0] n;
    logic [2:0] blocks;
    logic handshake;

    w = '0;
    n = '0;
    handshake = opt.mss_valid || opt.wscale_valid || opt.sack_permitted;
    if (opt.mss_valid) begin
      w[0] = {8'd2, 8'd4, opt.mss};
      n    = 4'd1;
    end
    if (opt.ts_valid) begin
      // Two octets pair with the ten of the timestamps: SACK-permitted, or two NOPs.
      if (opt.mss_valid) begin
        w[3:1] = {opt.ts_ecr, opt.ts_val, opt.sack_permitted ? 16'h0402 : 16'h0101, 16'h080a};
      end else begin
        w[2:0] = {opt.ts_ecr, opt.ts_val, opt.sack_permitted ? 16'h0402 : 16'h0101, 16'h080a};
      end
      n += 4'd3;
    end else if (opt.sack_permitted) begin
      if (opt.mss_valid) w[1] = 32'h0101_0402;
      else w[0] = 32'h0101_0402;
      n += 4'd1;
    end
    if (opt.wscale_valid) begin
      for (int unsigned i = 0; i < 5; i++) begin
        if (n == 4'(i)) w[i] = {24'h01_0303, 4'd0, opt.wscale};
      end
      n += 4'd1;
    end
    if (!handshake && opt.sack_count != '0) begin
      blocks = opt.sack_count;
      if (opt.ts_valid) begin
        if (blocks > 3'd3) blocks = 3'd3;
        w[3] = {24'h01_0105, 8'd2 + {2'd0, blocks, 3'd0}};
        for (int unsigned i = 0; i < 3; i++) begin
          if (blocks > 3'(i)) {w[5+2*i], w[4+2*i]} = {opt.sack[i].right, opt.sack[i].left};
        end
      end else begin
        if (blocks > 3'd4) blocks = 3'd4;
        w[0] = {24'h01_0105, 8'd2 + {2'd0, blocks, 3'd0}};
        for (int unsigned i = 0; i < 4; i++) begin
          if (blocks > 3'(i)) {w[2+2*i], w[1+2*i]} = {opt.sack[i].right, opt.sack[i].left};
        end
      end
      n += 4'd1 + {blocks, 1'b0};
    end

    out.count = n;
    for (int unsigned i = 0; i < OptionWords; i++) out.words[i] = wire32(w[i]);
    return out;
  endfunction

  function automatic logic [6:0] header_len(frame_kind_e kind, logic [3:0] option_words);
    unique case (kind)
      FrameTcp:  return 7'(TcpHeaderOctets) + {1'b0, option_words, 2'b00};
      FrameEcho: return 7'(EchoHeaderOctets);
      default:   return 7'(ArpOctets);
    endcase
  endfunction

  // 16-bit word number i of the options, in network order.
  function automatic logic [19:0] option_half(option_words_t words, int unsigned i);
    return 20'(wire16(words[i/2][16*(i%2)+:16]));
  endfunction

  // Everything that the TCP checksum covers but payload, source address and protocol.
  // verilator lint_off UNUSEDSIGNAL  // the checksum does not cover all of a frame
  function automatic tcp_sums_t tcp_sums(frame_desc_t desc);
    // verilator lint_on UNUSEDSIGNAL
    tcp_sums_t sums;
    sums[0] = 20'(desc.src_port) + 20'(desc.dst_port) + 20'(desc.seq[31:16]) +
              20'(desc.seq[15:0]) + 20'(desc.ack[31:16]) + 20'(desc.ack[15:0]) +
              20'(desc.wnd) + 20'(desc.urg_ptr) +
              20'({4'd5 + desc.opt.count, 4'd0, desc.flags});
    sums[1] = 20'(desc.dst_ip[31:16]) + 20'(desc.dst_ip[15:0]) +
              20'(desc.payload_len) + 20'd20 + {14'd0, desc.opt.count, 2'b00};
    sums[2] = '0;
    sums[3] = '0;
    for (int unsigned i = 0; i < 6; i++) sums[1] += option_half(desc.opt.words, i);
    for (int unsigned i = 6; i < 13; i++) sums[2] += option_half(desc.opt.words, i);
    for (int unsigned i = 13; i < 20; i++) sums[3] += option_half(desc.opt.words, i);
    return sums;
  endfunction

endpackage
