// SPDX-License-Identifier: Apache-2.0
//
// Send path: segments, echo replies and ARP in, Ethernet frames out.
//
// Segments leave in their order, except that one whose next hop has no Ethernet address yet waits
// aside (toe_tx_resolve).  Frames leave without gaps and one after the other without a bubble: a
// frame costs as many cycles as it has beats.  An idle engine puts the first beat of a segment
// without payload on the stream seven cycles after seg_valid_i; with payload, all of it is read
// from the transmit ring first.  The stream may be held back for any time: nothing is lost.
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

  mem_addr_t tx_base_q;
  always_ff @(posedge clk_i) tx_base_q <= mem_addr_t'(NumConns) << cfg_i.rx_ring_log2;

  // ---- Next hops -----------------------------------------------------------------------------

  logic lookup_en, ask_valid, freeze, quiet, retry;
  set_index_t lookup_set;
  ipv4_t ask_ip;
  time_us_t ask_us;
  logic ask_doubt;
  arp_view_set_t lookup;
  logic tcp_valid, tcp_ready;
  frame_desc_t tcp_desc;
  conn_id_t tcp_conn;
  logic arp_valid, arp_ready;
  arp_tx_t arp;
  logic resolve_idle, arp_idle;

  toe_tx_resolve #(
      .HoldDepth(HoldDepth)
  ) u_resolve (
      .clk_i,
      .rst_i,
      .enable_i    (cfg_i.enable),
      .local_ip_i  (cfg_i.local_ip),
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
      .conn_o      (tcp_conn),
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

  // ---- One queue of frames, in the order of the wire -------------------------------------------

  // Segments and the rest in turn when both wait, ARP before echo.
  logic rest_last_q, take_rest;
  logic queue_ready, queue_free, req_ready, put;
  frame_desc_t desc;
  read_req_t   req;

  assign take_rest = (arp_valid || echo_valid_i) && !(tcp_valid && rest_last_q);
  assign queue_ready = queue_free && req_ready;
  assign tcp_ready = queue_ready && !take_rest;
  assign arp_ready = queue_ready && take_rest;
  assign echo_ready_o = queue_ready && take_rest && !arp_valid;
  assign put = queue_ready && (tcp_valid || take_rest);

  always_comb begin
    desc = tcp_desc;
    if (take_rest) begin
      if (arp_valid) begin
        desc.kind = FrameArp;
        desc.dst_mac = arp.dst_mac;
        desc.dst_ip = arp.target_ip;
        desc.payload_len = '0;
      end else begin
        desc.kind = FrameEcho;
        desc.dst_mac = echo_i.src_mac;
        desc.dst_ip = echo_i.src_ip;
        desc.dscp = cfg_i.dscp;
        desc.payload_len = len_t'(echo_i.len);
      end
    end
    // For these kinds only.  The type octet of an echo falls from 8 to 0, its checksum rises.
    desc.arp_request   = arp.is_request;
    desc.icmp_checksum = csum_add(echo_i.checksum, 16'h0800);
  end

  assign req.echo = take_rest;
  assign req.conn = tcp_conn;
  assign req.offset = desc.seq[RingBits-1:0];
  assign req.len = desc.payload_len;
  assign req.dst = 6'(header_len(desc.kind, desc.opt.count));

  always_ff @(posedge clk_i) begin
    if (rst_i) rest_last_q <= 1'b0;
    else if (put) rest_last_q <= take_rest;
  end

  logic desc_valid, desc_ready;
  frame_desc_t desc_out;
  tcp_sums_t sums_out, sums;
  logic [$clog2(QueueDepth):0] queue_count;

  always_comb begin
    sums = '0;
    if (tcp_valid) sums = tcp_sums(tcp_desc);
  end

  toe_fifo #(
      .Width($bits(frame_desc_t) + $bits(tcp_sums_t)),
      .Depth(QueueDepth)
  ) u_queue (
      .clk_i,
      .rst_i,
      .in_valid_i (put),
      .in_ready_o (queue_free),
      .in_data_i  ({desc, sums}),
      .out_valid_o(desc_valid),
      .out_ready_i(desc_ready),
      .out_data_o ({desc_out, sums_out}),
      .count_o    (queue_count)
  );

  // ---- Payload ---------------------------------------------------------------------------------

  logic req_valid, req_take;
  read_req_t req_out;
  logic [$clog2(QueueDepth):0] req_count;

  toe_fifo #(
      .Width($bits(read_req_t)),
      .Depth(QueueDepth)
  ) u_reqs (
      .clk_i,
      .rst_i,
      .in_valid_i (put && desc.payload_len != '0),
      .in_ready_o (req_ready),
      .in_data_i  (req),
      .out_valid_o(req_valid),
      .out_ready_i(req_take),
      .out_data_o (req_out),
      .count_o    (req_count)
  );

  logic payload_valid, payload_ready, payload_last, sum_valid, sum_ready;
  logic [DataWidth-1:0] payload_data;
  logic [15:0] sum;

  toe_tx_reader #(
      .DataWidth(DataWidth)
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

  // ---- Header and wire -------------------------------------------------------------------------

  logic frame_valid, frame_ready, build_idle, emit_idle;
  frame_t frame;

  toe_tx_build u_build (
      .clk_i,
      .rst_i,
      .local_mac_i  (cfg_i.local_mac),
      .local_ip_i   (cfg_i.local_ip),
      .ttl_i        (cfg_i.ttl == '0 ? 8'd64 : cfg_i.ttl),
      .desc_valid_i (desc_valid),
      .desc_ready_o (desc_ready),
      .desc_i       (desc_out),
      .desc_sums_i  (sums_out),
      .sum_valid_i  (sum_valid),
      .sum_ready_o  (sum_ready),
      .sum_i        (sum),
      .frame_valid_o(frame_valid),
      .frame_ready_i(frame_ready),
      .frame_o      (frame),
      .count_o,
      .idle_o       (build_idle)
  );

  toe_tx_emit #(
      .DataWidth(DataWidth)
  ) u_emit (
      .clk_i,
      .rst_i,
      .frame_valid_i  (frame_valid),
      .frame_ready_o  (frame_ready),
      .frame_i        (frame),
      .payload_valid_i(payload_valid),
      .payload_ready_o(payload_ready),
      .payload_data_i (payload_data),
      .payload_last_i (payload_last),
      .tvalid_o,
      .tready_i,
      .tdata_o,
      .tkeep_o,
      .tlast_o,
      .idle_o         (emit_idle)
  );

  // A frame with payload is in the queue until its payload is whole: the reader needs no say.
  assign idle_o = resolve_idle && arp_idle && build_idle && emit_idle &&
                  queue_count == '0 && req_count == '0 && !echo_valid_i;

endmodule
