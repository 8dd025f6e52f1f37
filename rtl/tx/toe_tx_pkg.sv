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
  // Headers that wait for their payload or for the MAC, in beats, and the frames that they make:
  // the shortest header is that of an echo reply.
  localparam int unsigned QueueBeats = 64;

  function automatic int unsigned queue_frames(int unsigned keep_width);
    return 1 << $clog2(QueueBeats / ((EchoHeaderOctets + keep_width - 1) / keep_width));
  endfunction

  typedef logic [LenWidth-1:0] len_t;

  typedef logic [OptionWords-1:0][31:0] option_words_t;  // in wire order

  typedef struct packed {
    logic [3:0]    count;  // words in use
    option_words_t words;  // zero beyond count
  } tcp_option_words_t;

  // One segment to send, but for its next hop's address.
  typedef struct packed {
    ipv4_t             dst_ip;
    port_t             src_port;
    port_t             dst_port;
    seq_t              seq;
    seq_t              ack;
    tcp_flags_t        flags;
    logic [15:0]       wnd;
    logic [15:0]       urg_ptr;
    logic [5:0]        dscp;
    tcp_option_words_t opt;
    len_t              payload_len;  // octets that toe_tx_reader delivers
  } tcp_desc_t;

  // One ARP packet or echo reply to send.
  typedef struct packed {
    logic        is_arp;
    logic        is_request;     // ARP: 1 request, 0 reply
    logic [15:0] icmp_checksum;  // echo: of the reply
    mac_t        dst_mac;
    ipv4_t       dst_ip;         // ARP: target
    len_t        payload_len;    // octets that toe_tx_reader delivers, 0 for ARP
  } side_desc_t;

  // Sums of four 16-bit words each.
  localparam int unsigned TcpSums = 8;
  typedef logic [17:0] sum4_t;
  typedef sum4_t [TcpSums-1:0] tcp_sums_t;

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

  // Measures of one frame.  Its header is in the header queue, with a TCP checksum of zero.
  typedef struct packed {
    logic              is_tcp;
    logic [21:0]       tcp_sum;      // of all that the checksum covers but payload, not folded
    logic [3:0]        whole_beats;  // that the header fills; it always ends inside a beat
    logic              has_payload;
    logic [LenWidth:0] last;         // number of the frame's last octet, padding included
  } frame_t;

  // Options in the order and with the padding that Linux uses.  SACK blocks go into segments
  // without the options of a SYN only, three of them beside timestamps, four otherwise.
  function automatic tcp_option_words_t option_layout(tcp_options_t opt);
    tcp_option_words_t out;
    option_words_t w;
    logic [3:0] n, at;
    logic [2:0] blocks;
    logic handshake;

    // Counts are chosen, not added up: that is shallower.
    w = '0;
    handshake = opt.mss_valid || opt.wscale_valid || opt.sack_permitted;
    if (opt.ts_valid) at = opt.mss_valid ? 4'd4 : 4'd3;
    else if (opt.mss_valid && opt.sack_permitted) at = 4'd2;
    else at = {3'd0, opt.mss_valid || opt.sack_permitted};
    n = at;

    if (opt.mss_valid) w[0] = {8'd2, 8'd4, opt.mss};
    if (opt.ts_valid) begin
      // Two octets pair with the ten of the timestamps: SACK-permitted, or two NOPs.
      if (opt.mss_valid) begin
        w[3:1] = {opt.ts_ecr, opt.ts_val, opt.sack_permitted ? 16'h0402 : 16'h0101, 16'h080a};
      end else begin
        w[2:0] = {opt.ts_ecr, opt.ts_val, opt.sack_permitted ? 16'h0402 : 16'h0101, 16'h080a};
      end
    end else if (opt.sack_permitted) begin
      if (opt.mss_valid) w[1] = 32'h0101_0402;
      else w[0] = 32'h0101_0402;
    end
    if (opt.wscale_valid) begin
      for (int unsigned i = 0; i < 5; i++) begin
        if (at == 4'(i)) begin
          w[i] = {24'h01_0303, 4'd0, opt.wscale};
          n = 4'(i + 1);
        end
      end
    end
    if (!handshake && opt.sack_count != '0) begin
      blocks = opt.sack_count;
      if (opt.ts_valid) begin
        if (blocks > 3'd3) blocks = 3'd3;
        w[3] = {24'h01_0105, {2'd0, blocks, 3'd2}};
        for (int unsigned i = 0; i < 3; i++) begin
          if (blocks > 3'(i)) {w[5+2*i], w[4+2*i]} = {opt.sack[i].right, opt.sack[i].left};
        end
      end else begin
        if (blocks > 3'd4) blocks = 3'd4;
        w[0] = {24'h01_0105, {2'd0, blocks, 3'd2}};
        for (int unsigned i = 0; i < 4; i++) begin
          if (blocks > 3'(i)) {w[2+2*i], w[1+2*i]} = {opt.sack[i].right, opt.sack[i].left};
        end
      end
      for (int unsigned i = 1; i <= 4; i++) begin
        if (blocks == 3'(i)) n = opt.ts_valid ? 4'(4 + 2 * i) : 4'(1 + 2 * i);
      end
    end

    out.count = n;
    for (int unsigned i = 0; i < OptionWords; i++) out.words[i] = net32(w[i]);
    return out;
  endfunction

  // first + step * option_words, as a table: a carry chain takes longer than one lookup table.
  function automatic logic [6:0] option_table(logic [3:0] option_words, int unsigned first,
                                              int unsigned step);
    option_table = '0;
    for (int unsigned i = 0; i <= OptionWords; i++) begin
      if (option_words == 4'(i)) option_table = 7'(first + step * i);
    end
  endfunction

  // 16-bit word number i of the options, in network order.
  function automatic logic [15:0] option_half(option_words_t words, int unsigned i);
    return net16(words[i/2][16*(i%2)+:16]);
  endfunction

  // Sum of four words.  The upper bits of the first two sums change places, so that Yosys leaves
  // three carry chains; of one sum of four it makes full adders in lookup tables, twice as large.
  function automatic sum4_t sum4(logic [15:0] a, logic [15:0] b, logic [15:0] c, logic [15:0] d);
    logic [16:0] ab, cd;
    ab = 17'(a) + 17'(b);
    cd = 17'(c) + 17'(d);
    return 18'({cd[16], ab[15:0]}) + 18'({ab[16], cd[15:0]});
  endfunction

  // Sum of four such sums, in the same way.
  function automatic logic [19:0] sum4_sums(sum4_t a, sum4_t b, sum4_t c, sum4_t d);
    logic [18:0] ab, cd;
    ab = 19'(a) + 19'(b);
    cd = 19'(c) + 19'(d);
    return 20'({cd[18:16], ab[15:0]}) + 20'({ab[18:16], cd[15:0]});
  endfunction

  // Folds a sum whose upper bits are few: both ways to end are added up at once.
  function automatic logic [15:0] fold(logic [21:0] sum);
    logic [16:0] plain;
    // verilator lint_off UNUSEDSIGNAL
    logic [16:0] carried;  // bit 0 makes the carry
    // verilator lint_on UNUSEDSIGNAL
    plain   = 17'(sum[15:0]) + 17'(sum[21:16]);
    carried = {sum[15:0], 1'b1} + 17'({sum[21:16], 1'b1});
    return plain[16] ? carried[16:1] : plain[15:0];
  endfunction

  // All that the TCP checksum covers but payload, length and protocol.  src_ip_sum is the folded
  // sum of the source address.
  // verilator lint_off UNUSEDSIGNAL  // it does not cover all of a segment's description
  function automatic tcp_sums_t tcp_sums(tcp_desc_t desc, logic [15:0] src_ip_sum);
    // verilator lint_on UNUSEDSIGNAL
    tcp_sums_t sums;
    sums[0] = sum4(desc.src_port, desc.dst_port, desc.seq[31:16], desc.seq[15:0]);
    sums[1] = sum4(desc.ack[31:16], desc.ack[15:0], desc.wnd, desc.urg_ptr);
    sums[2] = sum4(
        desc.dst_ip[31:16],
        desc.dst_ip[15:0],
        src_ip_sum,
        {
          4'(option_table(desc.opt.count, 5, 1)), 4'd0, desc.flags
        }
    );
    for (int unsigned i = 0; i < 5; i++) begin
      sums[3+i] = sum4(
          option_half(
              desc.opt.words, 4 * i
          ),
          option_half(
              desc.opt.words, 4 * i + 1
          ),
          option_half(
              desc.opt.words, 4 * i + 2
          ),
          option_half(
              desc.opt.words, 4 * i + 3)
      );
    end
    return sums;
  endfunction

  // What varies in an IPv4 header but the length, and the source address.
  function automatic sum4_t ip_sum(ipv4_t dst_ip, logic [15:0] src_ip_sum, logic [5:0] dscp);
    return sum4(dst_ip[31:16], dst_ip[15:0], src_ip_sum, {8'h45, dscp, 2'b00});
  endfunction

endpackage
