// SPDX-License-Identifier: Apache-2.0
//
// The send path with its structs taken apart into ports, for tests in C.

module tb_tx
  import toe_pkg::*;
#(
    parameter  int unsigned DataWidth = 64,
    parameter  int unsigned NumConns  = 16,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,
    input logic [39:0] now_us_i,

    // Configuration.
    input logic        enable_i,
    input logic [47:0] local_mac_i,
    input logic [31:0] local_ip_i,
    input logic [31:0] netmask_i,
    input logic [31:0] gateway_ip_i,
    input logic [15:0] mtu_i,
    input logic [ 7:0] ttl_i,
    input logic [ 5:0] default_dscp_i,
    input logic [ 4:0] rx_ring_log2_i,
    input logic [ 4:0] tx_ring_log2_i,

    // A segment.
    input  logic              seg_valid_i,
    output logic              seg_ready_o,
    input  logic [31:0]       remote_ip_i,
    input  logic [15:0]       remote_port_i,
    input  logic [15:0]       local_port_i,
    input  logic              mac_valid_i,
    input  logic [47:0]       dst_mac_i,
    input  logic [31:0]       seq_i,
    input  logic [31:0]       ack_i,
    input  logic [ 7:0]       flags_i,
    input  logic [15:0]       wnd_i,
    input  logic [15:0]       urg_ptr_i,
    input  logic [ 5:0]       dscp_i,
    input  logic              doubt_i,
    input  logic [15:0]       conn_i,
    input  logic [15:0]       payload_len_i,
    input  logic              mss_valid_i,
    input  logic [15:0]       mss_i,
    input  logic              wscale_valid_i,
    input  logic [ 3:0]       wscale_i,
    input  logic              sack_permitted_i,
    input  logic              ts_valid_i,
    input  logic [31:0]       ts_val_i,
    input  logic [31:0]       ts_ecr_i,
    input  logic [ 2:0]       sack_count_i,
    input  logic [ 7:0][31:0] sack_i,            // left, right, left ...

    // An ARP packet.
    input logic        arp_valid_i,
    input logic        arp_is_request_i,
    input logic [47:0] arp_sender_mac_i,
    input logic [31:0] arp_sender_ip_i,
    input logic [31:0] arp_target_ip_i,

    // An echo request.
    input  logic                 echo_valid_i,
    output logic                 echo_ready_o,
    input  logic [         47:0] echo_src_mac_i,
    input  logic [         31:0] echo_src_ip_i,
    input  logic [         15:0] echo_checksum_i,
    input  logic [         15:0] echo_len_i,
    input  logic                 echo_data_valid_i,
    output logic                 echo_data_ready_o,
    input  logic [DataWidth-1:0] echo_data_i,

    output logic                 axi_arvalid_o,
    input  logic                 axi_arready_i,
    output logic [         39:0] axi_araddr_o,
    output logic [          7:0] axi_arlen_o,
    input  logic                 axi_rvalid_i,
    output logic                 axi_rready_o,
    input  logic [DataWidth-1:0] axi_rdata_i,
    input  logic                 axi_rlast_i,

    output logic                 tvalid_o,
    input  logic                 tready_i,
    output logic [DataWidth-1:0] tdata_o,
    output logic [KeepWidth-1:0] tkeep_o,
    output logic                 tlast_o,

    output logic        drop_disabled_o,
    output logic        drop_no_arp_o,
    output logic        drop_arp_full_o,
    output logic        other_drop_o,
    output logic        count_frame_o,
    output logic        count_segment_o,
    output logic        other_count_o,
    output logic        idle_o,
    output logic        deadline_valid_o,
    output logic [39:0] deadline_us_o
);

  cfg_t cfg;
  tx_seg_t seg;
  drop_vec_t drop, other_drop;
  count_vec_t count, other_count;

  always_comb begin
    cfg = '0;
    cfg.enable = enable_i;
    cfg.local_mac = local_mac_i;
    cfg.local_ip = local_ip_i;
    cfg.netmask = netmask_i;
    cfg.gateway_ip = gateway_ip_i;
    cfg.mtu = mtu_i;
    cfg.ttl = ttl_i;
    cfg.dscp = default_dscp_i;
    cfg.rx_ring_log2 = rx_ring_log2_i;
    cfg.tx_ring_log2 = tx_ring_log2_i;

    seg = '0;
    seg.key = '{remote_ip: remote_ip_i, remote_port: remote_port_i, local_port: local_port_i};
    seg.mac_valid = mac_valid_i;
    seg.dst_mac = dst_mac_i;
    seg.seq = seq_i;
    seg.ack = ack_i;
    seg.flags = flags_i;
    seg.wnd = wnd_i;
    seg.urg_ptr = urg_ptr_i;
    seg.dscp = dscp_i;
    seg.doubt = doubt_i;
    seg.conn = conn_i;
    seg.payload_len = payload_len_i;
    seg.opt.mss_valid = mss_valid_i;
    seg.opt.mss = mss_i;
    seg.opt.wscale_valid = wscale_valid_i;
    seg.opt.wscale = wscale_i;
    seg.opt.sack_permitted = sack_permitted_i;
    seg.opt.ts_valid = ts_valid_i;
    seg.opt.ts_val = ts_val_i;
    seg.opt.ts_ecr = ts_ecr_i;
    seg.opt.sack_count = sack_count_i;
    for (int unsigned i = 0; i < 4; i++) begin
      seg.opt.sack[i] = '{left: sack_i[2*i], right: sack_i[2*i+1]};
    end

    other_drop = drop;
    other_drop[DropDisabled] = 1'b0;
    other_drop[DropTxNoArp] = 1'b0;
    other_drop[DropTxArpFull] = 1'b0;

    other_count = count;
    other_count.tx_frame = 1'b0;
    other_count.tx_segment = 1'b0;
  end

  assign drop_disabled_o = drop[DropDisabled];
  assign drop_no_arp_o = drop[DropTxNoArp];
  assign drop_arp_full_o = drop[DropTxArpFull];
  assign other_drop_o = |other_drop;
  assign other_count_o = |other_count;
  assign count_frame_o = count.tx_frame;
  assign count_segment_o = count.tx_segment;

  toe_tx #(
      .DataWidth(DataWidth),
      .NumConns (NumConns)
  ) u_tx (
      .clk_i,
      .rst_i,
      .cfg_i  (cfg),
      .now_us_i,
      .seg_valid_i,
      .seg_ready_o,
      .seg_i  (seg),
      .arp_valid_i,
      .arp_i  ({arp_is_request_i, arp_sender_mac_i, arp_sender_ip_i, arp_target_ip_i}),
      .echo_valid_i,
      .echo_ready_o,
      .echo_i ({echo_src_mac_i, echo_src_ip_i, echo_checksum_i, echo_len_i}),
      .echo_data_valid_i,
      .echo_data_ready_o,
      .echo_data_i,
      .axi_arvalid_o,
      .axi_arready_i,
      .axi_araddr_o,
      .axi_arlen_o,
      .axi_rvalid_i,
      .axi_rready_o,
      .axi_rdata_i,
      .axi_rlast_i,
      .tvalid_o,
      .tready_i,
      .tdata_o,
      .tkeep_o,
      .tlast_o,
      .drop_o (drop),
      .count_o(count),
      .idle_o,
      .deadline_valid_o,
      .deadline_us_o
  );

endmodule
