// SPDX-License-Identifier: Apache-2.0
//
// Vocabulary of the whole engine: addresses, time, configuration, and the messages that pass
// between receive path, TCP core, send path and host interface.

package toe_pkg;

  typedef logic [47:0] mac_t;  // first octet on the wire in bits 47:40
  typedef logic [31:0] ipv4_t;  // first octet on the wire in bits 31:24
  typedef logic [15:0] port_t;
  typedef logic [31:0] seq_t;  // octet number, modulo 2**32
  typedef logic [31:0] wnd_t;  // window in octets, window scaling already applied
  typedef logic [15:0] conn_id_t;  // index of a control block, 0 to NumConns - 1
  typedef logic [39:0] time_us_t;  // microseconds modulo 2**40: compare with time_reached only

  localparam int unsigned AxiAddrWidth = 40;
  typedef logic [AxiAddrWidth-1:0] mem_addr_t;  // octet address in buffer memory

  // What names a connection on the one local address that an engine has.
  typedef struct packed {
    ipv4_t remote_ip;
    port_t remote_port;
    port_t local_port;
  } flow_key_t;

  // now is at or past deadline, on the circle of time_us_t (half of it is six days).
  function automatic logic time_reached(time_us_t now_us, time_us_t deadline_us);
    return signed'(now_us - deadline_us) >= 0;
  endfunction

  // Set by the host before CTRL.enable, constant while the engine is enabled.
  typedef struct packed {
    logic enable;  // 0: every frame is dropped (DropDisabled)
    logic key_valid;  // the host has loaded hash_key; no key, no connection (RFC 6528)
    logic [127:0] hash_key;  // SipHash-2-4 key, octet 0 in bits 7:0
    logic cookie_key_valid;  // the host has loaded cookie_key; may change while enabled
    logic [127:0] cookie_key;  // SipHash-2-4 key of SYN cookies, from the next epoch on
    logic syn_cookies;  // answer with cookies where a SYN would be dropped (RFC 4987 section 3.6)
    logic [15:0] cookie_high;  // half-open connections from which on every SYN gets a cookie
    logic [15:0] cookie_low;  // and down to which that lasts
    mac_t local_mac;
    ipv4_t local_ip;
    ipv4_t netmask;
    ipv4_t gateway_ip;  // 0: none
    logic [15:0] mtu;  // largest IPv4 packet in octets, 576 to 9000
    logic [15:0] min_mss;  // a smaller MSS option is taken as this many octets
    logic [7:0] ttl;  // time to live of every IPv4 packet that is sent
    logic [15:0] min_pmtu;  // a path MTU below this is taken as this many octets, 68 or more
    logic [5:0] dscp;  // DSCP of packets of no connection, and what a passive open begins with
    logic ts_enable;  // offer and accept RFC 7323 timestamps
    logic sack_enable;  // offer and accept RFC 2018 SACK
    logic wscale_enable;  // offer and accept RFC 7323 window scaling
    logic [31:0] rto_initial_us;  // RFC 6298 (2.1)
    logic [31:0] rto_min_us;
    logic [31:0] rto_max_us;
    logic [3:0] r1_retries;  // R1 (RFC 9293 section 3.8.3): retransmissions that are told; 0: never
    logic [3:0] data_retries;  // R2: retransmissions of a segment before giving up
    logic [3:0] syn_retries;  // the same for SYN and SYN-ACK
    logic [31:0] time_wait_us;  // 2MSL
    logic [31:0] delack_us;  // longest delay of an ACK, below 500000 (RFC 9293 MUST-40)
    logic [39:0] keepalive_us;  // idle time before the first keep-alive probe
    logic [31:0] keepalive_interval_us;
    logic [4:0] rx_ring_log2;  // log2 of a receive ring's octets, a constant of the build
    logic [4:0] tx_ring_log2;  // log2 of a transmit ring's octets, a constant of the build
  } cfg_t;

  // TCP header control bits, in header order (RFC 9293 section 3.1).
  typedef struct packed {
    logic cwr;
    logic ece;
    logic urg;
    logic ack;
    logic psh;
    logic rst;
    logic syn;
    logic fin;
  } tcp_flags_t;

  // Half-open interval [left, right) of sequence space.
  typedef struct packed {
    seq_t left;
    seq_t right;
  } seq_range_t;

  // Options, received or to send.  A field means something only under its flag.
  typedef struct packed {
    logic             mss_valid;
    logic [15:0]      mss;
    logic             wscale_valid;
    logic [3:0]       wscale;          // clamped to 14 (RFC 7323 section 2.3)
    logic             sack_permitted;
    logic             ts_valid;
    logic [31:0]      ts_val;
    logic [31:0]      ts_ecr;
    logic [2:0]       sack_count;      // valid entries of sack, from index 0
    seq_range_t [3:0] sack;            // in the order of the option
  } tcp_options_t;

  // What an ICMP error says (RFC 792).  Source quench says nothing any more (RFC 6633).
  typedef enum logic [1:0] {
    IcmpNone,
    IcmpUnreachable,   // type 3
    IcmpTimeExceeded,  // type 11
    IcmpParameter      // type 12
  } icmp_kind_e;

  typedef struct packed {
    icmp_kind_e  kind;
    logic [3:0]  code;
    logic [15:0] mtu;   // IcmpUnreachable with code 4: of the next hop (RFC 1191), 0: not told
  } icmp_error_t;

  // One verified TCP segment, from toe_rx to toe_tcp.  Its payload waits in toe_rx for a verdict.
  typedef struct packed {
    flow_key_t    key;
    mac_t         src_mac;
    seq_t         seq;
    seq_t         ack;
    tcp_flags_t   flags;
    logic [15:0]  wnd;          // as on the wire, unscaled
    logic [15:0]  urg_ptr;
    logic [15:0]  payload_len;  // octets
    tcp_options_t opt;
    icmp_error_t  icmp;         // not IcmpNone: an error about a segment that we sent with this key
                                // and this seq; the other fields are 0
  } rx_seg_t;

  // Where the payload of one segment goes.  Exactly one verdict for each rx_seg_t, in their order.
  typedef struct packed {
    logic        keep;  // 0: payload is discarded, the other fields mean nothing
    conn_id_t    conn;
    seq_t        seq;   // sequence number of the first octet kept; ring position is its low bits
    logic [15:0] skip;  // octets of payload to leave out at the front
    logic [15:0] len;   // octets to keep, at least 1
  } rx_verdict_t;

  // One TCP segment to send, from toe_tcp to toe_tx.
  typedef struct packed {
    flow_key_t    key;
    logic         mac_valid;    // dst_mac is known (an answer to a frame); 0: ask ARP
    mac_t         dst_mac;
    seq_t         seq;
    seq_t         ack;
    tcp_flags_t   flags;
    logic [15:0]  wnd;          // as on the wire, already scaled
    logic [15:0]  urg_ptr;
    logic [5:0]   dscp;         // of the IPv4 header (RFC 2474)
    logic         doubt;        // retransmissions have reached R1: ask ARP for the next hop again
    tcp_options_t opt;
    conn_id_t     conn;         // whose transmit ring holds the payload
    logic [15:0]  payload_len;  // octets; 0: no payload.  First octet at ring position of seq
  } tx_seg_t;

  // ARP packet for or from this subnet, checked (RFC 826): Ethernet, IPv4, opcode 1 or 2.
  typedef struct packed {
    logic  is_request;
    mac_t  sender_mac;
    ipv4_t sender_ip;
    ipv4_t target_ip;
  } arp_rx_t;

  // ICMP echo request to answer.  Its message from the fifth octet on (identifier, sequence, data)
  // follows on the echo data stream, first octet in lane 0.
  typedef struct packed {
    mac_t        src_mac;
    ipv4_t       src_ip;
    logic [15:0] checksum;  // of the request; the reply's differs by the type octet only
    logic [15:0] len;       // octets on the echo data stream, at least 4
  } echo_t;

  // Why a frame or a segment was dropped: index of its counter.
  typedef enum logic [5:0] {
    DropDisabled,       // engine not enabled
    DropMacError,       // the MAC flagged the frame
    DropRunt,           // shorter than its headers say
    DropOversize,       // longer than the MTU allows
    DropNotForUs,       // destination MAC is neither ours nor broadcast
    DropEtherType,      // neither IPv4 nor ARP
    DropVlanDepth,      // more than one 802.1Q tag
    DropArpBad,         // malformed ARP
    DropIpHeader,       // version, header length, total length or an option's length lies
    DropIpChecksum,
    DropIpFragment,
    DropIpDst,          // destination address is not ours
    DropIpSrc,          // source is broadcast, multicast, loopback, zero or ours (land)
    DropIpProto,        // neither ICMP nor TCP
    DropIcmpBad,        // truncated or bad checksum
    DropIcmpOther,      // neither an echo request nor an error
    DropEchoBusy,       // an earlier echo is still being answered
    DropTcpHeader,      // data offset lies
    DropTcpChecksum,
    DropTcpOption,      // option length lies
    DropRxFull,         // frame buffer or descriptor queue full
    DropNoConn,         // segment for no connection (answered by RST where RFC 9293 says so)
    DropSynNoKey,       // SYN before the host loaded the hash key
    DropSynCacheFull,   // no room for another half-open connection
    DropSynBacklog,     // the listener's backlog is full
    DropNoFreeConn,     // handshake complete but every TCB is in use
    DropFlowFull,       // handshake complete but the flow table has no room
    DropOutOfWindow,    // fails the acceptability test (RFC 9293 section 3.10.7.4)
    DropPaws,           // RFC 7323 section 5
    DropBadAck,         // acknowledges what was never sent
    DropNoAckBit,
    DropReassembly,     // out of order and every interval is in use
    DropRstBlind,       // RST not exactly at rcv_nxt: challenge ACK (RFC 5961)
    DropSynBlind,       // SYN in a synchronized state: challenge ACK (RFC 5961)
    DropAfterClose,     // data after the host closed or for a finished connection
    DropTxNoArp,        // nobody answered for the next hop
    DropTxArpFull,      // too many segments wait for ARP
    DropTimeWaitEvict,  // a TIME-WAIT record gave way to a newer one
    DropIpSourceRoute,  // a source route is among the IPv4 options (RFC 7126)
    DropIcmpQuote,      // ICMP error that quotes no TCP segment of ours
    DropIcmpNoConn,     // ICMP error about a segment of no open connection
    DropIcmpSeq,        // ICMP error about an octet that is not in flight (RFC 5927)
    DropCount           // number of reasons; not a reason
  } drop_e;

  localparam int unsigned NumDrops = 42;
  typedef logic [NumDrops-1:0] drop_vec_t;  // one pulse a frame, bit index drop_e

  // What happened, for the performance counters.
  typedef struct packed {
    logic rx_frame;  // frame whole and well formed
    logic rx_segment;  // TCP segment passed to toe_tcp
    logic tx_frame;
    logic tx_segment;
    logic tx_retransmit;  // data, SYN or FIN sent again, the SYN cache's SYN-ACK included
    logic tx_rst;
    logic passive_open;
    logic active_open;
    logic cookie_sent;  // SYN answered with a cookie
    logic cookie_accepted;  // connection opened from a cookie that came back
    logic cookie_refused;  // ACK that no cookie of this epoch or the last has
  } count_vec_t;

  // ---- Byte order --------------------------------------------------------------------------

  // A number as its octets on the wire, the first in bits 7:0, and back.
  function automatic logic [15:0] net16(logic [15:0] x);
    return {x[7:0], x[15:8]};
  endfunction

  function automatic logic [31:0] net32(logic [31:0] x);
    return {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  function automatic logic [47:0] net48(logic [47:0] x);
    return {net32(x[31:0]), net16(x[47:32])};
  endfunction

endpackage
