// SPDX-License-Identifier: Apache-2.0
//
// Send path: segments, echo replies and ARP in, Ethernet frames out.
//
// Segments leave in their order, except that one whose next hop has no Ethernet address yet waits
// aside (toe_tx_resolve).  Frames leave without gaps and one after the other without a bubble: a
// frame costs as many cycles as it has beats.  An idle engine puts the first beat of a segment
// without payload on the stream seven cycles after seg_valid_i; with payload, all of it is read
// from the transmit ring first, while headers wait as beats (toe_tx_build).  The stream may be held
// back for any time: nothing is lost.
//
// Transmit ring of a connection: (NumConns << rx_ring_log2) + (conn << tx_ring_log2); the octet
// with sequence number seq is at seq modulo the ring's size.  Reads are whole beats and may touch
// octets of the ring beside the payload.

module toe_tx
  import toe_pkg::*;
#(
    parameter int unsigned DataWidth = 64,  // bits: 64, 128, 256 or 512
    parameter int unsigned NumConns = 1024,
    parameter int unsigned HoldDepth = 16,  // segments that wait for ARP, power of two
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic     clk_i,
    input logic     rst_i,
    // verilator lint_off UNUSEDSIGNAL  // most of the configuration is for the TCP core
    input cfg_t     cfg_i,
    // verilator lint_on UNUSEDSIGNAL
    input time_us_t now_us_i,

    // From toe_tcp.
    input  logic    seg_valid_i,
    output logic    seg_ready_o,
    input  tx_seg_t seg_i,

    // From toe_rx.
    input  logic                    arp_valid_i,
    input  arp_rx_t                 arp_i,
    input  logic                    echo_valid_i,
    output logic                    echo_ready_o,
    input  echo_t                   echo_i,
    input  logic                    echo_data_valid_i,
    output logic                    echo_data_ready_o,
    input  logic    [DataWidth-1:0] echo_data_i,

    // Buffer memory.
    output logic                      axi_arvalid_o,
    input  logic                      axi_arready_i,
    output mem_addr_t                 axi_araddr_o,
    output logic      [          7:0] axi_arlen_o,
    input  logic                      axi_rvalid_i,
    output logic                      axi_rready_o,
    input  logic      [DataWidth-1:0] axi_rdata_i,
    // verilator lint_off UNUSEDSIGNAL  // the beats of a payload are counted
    input  logic                      axi_rlast_i,
    // verilator lint_on UNUSEDSIGNAL

    // To the MAC.
    output logic                 tvalid_o,
    input  logic                 tready_i,
    output logic [DataWidth-1:0] tdata_o,
    output logic [KeepWidth-1:0] tkeep_o,
    output logic                 tlast_o,

    output drop_vec_t  drop_o,
    output count_vec_t count_o,
    output logic       idle_o,
    output logic       deadline_valid_o,
    output time_us_t   deadline_us_o
);

  import toe_tx_pkg::*;
  import toe_arp_pkg::*;
  import toe_csum_pkg::*;

  localparam int unsigned QueueFrames = queue_frames(KeepWidth);

  // What never changes while the engine is enabled.
  mem_addr_t tx_base_q;
  logic [15:0] src_ip_sum_q;
  always_ff @(posedge clk_i) begin
    tx_base_q    <= mem_addr_t'(NumConns) << cfg_i.rx_ring_log2;
    src_ip_sum_q <= csum_add(cfg_i.local_ip[31:16], cfg_i.local_ip[15:0]);
  end

  // ---- Next hops -----------------------------------------------------------------------------

  logic lookup_en, ask_valid, freeze, quiet, retry;
  set_index_t lookup_set;
  ipv4_t ask_ip;
  time_us_t ask_us;
  logic ask_doubt;
  arp_view_set_t lookup;
  logic tcp_valid, tcp_ready;
  tcp_desc_t tcp_desc;
  mac_t tcp_dst_mac;
  logic tcp_payload;
  conn_id_t tcp_conn;
  tcp_sums_t tcp_parts;
  sum4_t tcp_ip_sum;
  logic arp_valid, arp_ready;
  arp_tx_t arp;
  logic resolve_idle, arp_idle;

  toe_tx_resolve #(
      .HoldDepth (HoldDepth),
      .EveryCycle(DataWidth > 256)  // frames of one beat
  ) u_resolve (
      .clk_i,
      .rst_i,
      .enable_i    (cfg_i.enable),
      .local_ip_i  (cfg_i.local_ip),
      .src_ip_sum_i(src_ip_sum_q),
      .netmask_i   (cfg_i.netmask),
      .gateway_ip_i(cfg_i.gateway_ip),
      .mtu_i       (cfg_i.mtu),
      .now_us_i,
      .seg_valid_i,
      .seg_ready_o,
      .seg_i,
      .lookup_en_o (lookup_en),
      .lookup_set_o(lookup_set),
      .lookup_i    (lookup),
      .ask_valid_o (ask_valid),
      .ask_ip_o    (ask_ip),
      .ask_us_o    (ask_us),
      .ask_doubt_o (ask_doubt),
      .freeze_i    (freeze),
      .quiet_o     (quiet),
      .retry_i     (retry),
      .desc_valid_o(tcp_valid),
      .desc_ready_i(tcp_ready),
      .desc_o      (tcp_desc),
      .dst_mac_o   (tcp_dst_mac),
      .payload_o   (tcp_payload),
      .conn_o      (tcp_conn),
      .sums_o      (tcp_parts),
      .ip_sum_o    (tcp_ip_sum),
      .drop_o,
      .idle_o      (resolve_idle),
      .deadline_valid_o,
      .deadline_us_o
  );

  toe_arp u_arp (
      .clk_i,
      .rst_i,
      .enable_i    (cfg_i.enable),
      .local_mac_i (cfg_i.local_mac),
      .local_ip_i  (cfg_i.local_ip),
      .netmask_i   (cfg_i.netmask),
      .now_us_i,
      .lookup_en_i (lookup_en),
      .lookup_set_i(lookup_set),
      .lookup_o    (lookup),
      .ask_valid_i (ask_valid),
      .ask_ip_i    (ask_ip),
      .ask_us_i    (ask_us),
      .ask_doubt_i (ask_doubt),
      .freeze_o    (freeze),
      .quiet_i     (quiet),
      .retry_o     (retry),
      .arp_valid_i,
      .arp_i,
      .tx_valid_o  (arp_valid),
      .tx_ready_i  (arp_ready),
      .tx_o        (arp),
      .idle_o      (arp_idle)
  );

  // ---- ARP and echo: one at a time, ARP first ----------------------------------------------------

  logic side_valid_q, side_ready, side_free;
  side_desc_t side_q;
  sum4_t side_ip_sum_q;

  assign side_free    = !side_valid_q || side_ready;
  assign arp_ready    = side_free;
  assign echo_ready_o = side_free && !arp_valid;

  always_ff @(posedge clk_i) begin
    if (side_free) begin
      side_q.is_arp        <= arp_valid;
      side_q.is_request    <= arp.is_request;
      // The type octet of an echo falls from 8 to 0, its checksum rises.
      side_q.icmp_checksum <= csum_add(echo_i.checksum, 16'h0800);
      side_q.dst_mac       <= arp_valid ? arp.dst_mac : echo_i.src_mac;
      side_q.dst_ip        <= arp_valid ? arp.target_ip : echo_i.src_ip;
      side_q.payload_len   <= arp_valid ? '0 : len_t'(echo_i.len);
      side_ip_sum_q        <= ip_sum(echo_i.src_ip, src_ip_sum_q, cfg_i.dscp);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) side_valid_q <= 1'b0;
    else if (side_free) side_valid_q <= arp_valid || echo_valid_i;
  end

  // ---- Headers, in the order of the wire ---------------------------------------------------------

  logic start, start_side;
  logic frame_valid, frame_ready, header_ready, build_idle;
  logic header_valid;
  logic [DataWidth-1:0] header;
  frame_t frame;

  toe_tx_build #(
      .DataWidth(DataWidth)
  ) u_build (
      .clk_i,
      .rst_i,
      .local_mac_i   (cfg_i.local_mac),
      .local_ip_i    (cfg_i.local_ip),
      .ttl_i         (cfg_i.ttl == '0 ? 8'd64 : cfg_i.ttl),
      .dscp_i        (cfg_i.dscp),
      .tcp_valid_i   (tcp_valid),
      .tcp_ready_o   (tcp_ready),
      .tcp_i         (tcp_desc),
      .tcp_dst_mac_i (tcp_dst_mac),
      .tcp_payload_i (tcp_payload),
      .tcp_sums_i    (tcp_parts),
      .tcp_ip_sum_i  (tcp_ip_sum),
      .side_valid_i  (side_valid_q),
      .side_ready_o  (side_ready),
      .side_i        (side_q),
      .side_ip_sum_i (side_ip_sum_q),
      .start_o       (start),
      .start_side_o  (start_side),
      .frame_valid_o (frame_valid),
      .frame_ready_i (frame_ready),
      .frame_o       (frame),
      .header_valid_o(header_valid),
      .header_ready_i(header_ready),
      .header_o      (header),
      .idle_o        (build_idle)
  );

  // ---- Payload ---------------------------------------------------------------------------------

  logic put, req_ready, req_valid, req_take;
  read_req_t req, req_out;
  logic [$clog2(QueueFrames):0] req_count;

  assign put = start && (start_side ? !side_q.is_arp : tcp_payload);
  assign req.echo = start_side;
  assign req.conn = tcp_conn;
  assign req.offset = tcp_desc.seq[RingBits-1:0];
  assign req.len = start_side ? side_q.payload_len : tcp_desc.payload_len;
  assign req.dst = start_side ? 6'(EchoHeaderOctets) : 6'(option_table(
      tcp_desc.opt.count, TcpHeaderOctets, 4
  ));

  toe_fifo #(
      .Width($bits(read_req_t)),
      .Depth(QueueFrames)
  ) u_reqs (
      .clk_i,
      .rst_i,
      .in_valid_i (put),
      .in_ready_o (req_ready),
      .in_data_i  (req),
      .out_valid_o(req_valid),
      .out_ready_i(req_take),
      .out_data_o (req_out),
      .count_o    (req_count)
  );

  // A payload is asked for when its header has found room.
  always_ff @(posedge clk_i) begin
    if (!rst_i && put) RequestHasPlace : assert (req_ready);
  end

  logic payload_valid, payload_ready, payload_last, sum_valid, sum_ready;
  logic [DataWidth-1:0] payload_data;
  logic [15:0] sum;

  toe_tx_reader #(
      .DataWidth(DataWidth),
      .MaxOutstanding(QueueFrames)
  ) u_reader (
      .clk_i,
      .rst_i,
      .base_i         (tx_base_q),
      .ring_log2_i    (cfg_i.tx_ring_log2),
      .req_valid_i    (req_valid),
      .req_ready_o    (req_take),
      .req_i          (req_out),
      .echo_valid_i   (echo_data_valid_i),
      .echo_ready_o   (echo_data_ready_o),
      .echo_data_i,
      .axi_arvalid_o,
      .axi_arready_i,
      .axi_araddr_o,
      .axi_arlen_o,
      .axi_rvalid_i,
      .axi_rready_o,
      .axi_rdata_i,
      .payload_valid_o(payload_valid),
      .payload_ready_i(payload_ready),
      .payload_data_o (payload_data),
      .payload_last_o (payload_last),
      .sum_valid_o    (sum_valid),
      .sum_ready_i    (sum_ready),
      .sum_o          (sum)
  );

  // ---- Wire --------------------------------------------------------------------------------------

  logic emit_idle;

  toe_tx_emit #(
      .DataWidth(DataWidth)
  ) u_emit (
      .clk_i,
      .rst_i,
      .frame_valid_i  (frame_valid),
      .frame_ready_o  (frame_ready),
      .frame_i        (frame),
      .header_valid_i (header_valid),
      .header_ready_o (header_ready),
      .header_i       (header),
      .sum_valid_i    (sum_valid),
      .sum_ready_o    (sum_ready),
      .sum_i          (sum),
      .payload_valid_i(payload_valid),
      .payload_ready_o(payload_ready),
      .payload_data_i (payload_data),
      .payload_last_i (payload_last),
      .tvalid_o,
      .tready_i,
      .tdata_o,
      .tkeep_o,
      .tlast_o,
      .count_o,
      .idle_o         (emit_idle)
  );

  // A frame with payload is in the queue until its payload is whole: the reader needs no say.
  assign idle_o = resolve_idle && arp_idle && build_idle && emit_idle &&
                  req_count == '0 && !echo_valid_i;

endmodule
