// SPDX-License-Identifier: Apache-2.0
//
// toe_rx with its packed structs cut up into ports, so that tests in C can read them.

module tb_rx
  import toe_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Lanes = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input logic        enable_i,
    input logic [47:0] local_mac_i,
    input logic [31:0] local_ip_i,
    input logic [31:0] netmask_i,
    input logic [15:0] mtu_i,
    input logic [ 4:0] rx_ring_log2_i,

    input logic                 tvalid_i,
    input logic [DataWidth-1:0] tdata_i,
    input logic [    Lanes-1:0] tkeep_i,
    input logic                 tlast_i,
    input logic                 tuser_i,

    output logic         seg_valid_o,
    input  logic         seg_ready_i,
    output logic [ 31:0] seg_remote_ip_o,
    output logic [ 15:0] seg_remote_port_o,
    output logic [ 15:0] seg_local_port_o,
    output logic [ 47:0] seg_src_mac_o,
    output logic [ 31:0] seg_seq_o,
    output logic [ 31:0] seg_ack_o,
    output logic [  7:0] seg_flags_o,
    output logic [ 15:0] seg_wnd_o,
    output logic [ 15:0] seg_urg_ptr_o,
    output logic [ 15:0] seg_payload_len_o,
    output logic [  1:0] seg_icmp_kind_o,
    output logic [  3:0] seg_icmp_code_o,
    output logic [ 15:0] seg_icmp_mtu_o,
    output logic [346:0] seg_opt_o,

    input  logic        verdict_valid_i,
    output logic        verdict_ready_o,
    input  logic        verdict_keep_i,
    input  logic [15:0] verdict_conn_i,
    input  logic [31:0] verdict_seq_i,
    input  logic [15:0] verdict_skip_i,
    input  logic [15:0] verdict_len_i,
    output logic [15:0] delivered_count_o,

    output logic        arp_valid_o,
    output logic        arp_is_request_o,
    output logic [47:0] arp_sender_mac_o,
    output logic [31:0] arp_sender_ip_o,
    output logic [31:0] arp_target_ip_o,

    output logic                 echo_valid_o,
    input  logic                 echo_ready_i,
    output logic [         47:0] echo_src_mac_o,
    output logic [         31:0] echo_src_ip_o,
    output logic [         15:0] echo_checksum_o,
    output logic [         15:0] echo_len_o,
    output logic                 echo_data_valid_o,
    input  logic                 echo_data_ready_i,
    output logic [DataWidth-1:0] echo_data_o,

    output logic                 axi_awvalid_o,
    input  logic                 axi_awready_i,
    output logic [         39:0] axi_awaddr_o,
    output logic [          7:0] axi_awlen_o,
    output logic                 axi_wvalid_o,
    input  logic                 axi_wready_i,
    output logic [DataWidth-1:0] axi_wdata_o,
    output logic [    Lanes-1:0] axi_wstrb_o,
    output logic                 axi_wlast_o,
    input  logic                 axi_bvalid_i,
    output logic                 axi_bready_o,

    output logic [41:0] drop_o,
    output logic        count_frame_o,
    output logic        count_segment_o,
    output logic        idle_o
);

  cfg_t        cfg;
  rx_seg_t     seg;
  rx_verdict_t verdict;
  arp_rx_t     arp;
  echo_t       echo;
  count_vec_t  count;

  always_comb begin
    cfg              = '0;
    cfg.enable       = enable_i;
    cfg.local_mac    = local_mac_i;
    cfg.local_ip     = local_ip_i;
    cfg.netmask      = netmask_i;
    cfg.mtu          = mtu_i;
    cfg.rx_ring_log2 = rx_ring_log2_i;
  end

  assign seg_remote_ip_o = seg.key.remote_ip;
  assign seg_remote_port_o = seg.key.remote_port;
  assign seg_local_port_o = seg.key.local_port;
  assign seg_src_mac_o = seg.src_mac;
  assign seg_seq_o = seg.seq;
  assign seg_ack_o = seg.ack;
  assign seg_flags_o = seg.flags;
  assign seg_wnd_o = seg.wnd;
  assign seg_urg_ptr_o = seg.urg_ptr;
  assign seg_payload_len_o = seg.payload_len;
  assign seg_icmp_kind_o = seg.icmp.kind;
  assign seg_icmp_code_o = seg.icmp.code;
  assign seg_icmp_mtu_o = seg.icmp.mtu;
  assign seg_opt_o = seg.opt;

  assign verdict = '{
          keep: verdict_keep_i,
          conn: verdict_conn_i,
          seq: verdict_seq_i,
          skip: verdict_skip_i,
          len: verdict_len_i
      };

  assign arp_is_request_o = arp.is_request;
  assign arp_sender_mac_o = arp.sender_mac;
  assign arp_sender_ip_o = arp.sender_ip;
  assign arp_target_ip_o = arp.target_ip;

  assign echo_src_mac_o = echo.src_mac;
  assign echo_src_ip_o = echo.src_ip;
  assign echo_checksum_o = echo.checksum;
  assign echo_len_o = echo.len;

  assign count_frame_o = count.rx_frame;
  assign count_segment_o = count.rx_segment;

  toe_rx #(
      .DataWidth(DataWidth),
      .NumConns (16)
  ) u_rx (
      .clk_i,
      .rst_i,
      .cfg_i(cfg),
      .tvalid_i,
      .tdata_i,
      .tkeep_i,
      .tlast_i,
      .tuser_i,
      .seg_valid_o,
      .seg_ready_i,
      .seg_o(seg),
      .verdict_valid_i,
      .verdict_ready_o,
      .verdict_i(verdict),
      .delivered_count_o,
      .arp_valid_o,
      .arp_o(arp),
      .echo_valid_o,
      .echo_ready_i,
      .echo_o(echo),
      .echo_data_valid_o,
      .echo_data_ready_i,
      .echo_data_o,
      .axi_awvalid_o,
      .axi_awready_i,
      .axi_awaddr_o,
      .axi_awlen_o,
      .axi_wvalid_o,
      .axi_wready_i,
      .axi_wdata_o,
      .axi_wstrb_o,
      .axi_wlast_o,
      .axi_bvalid_i,
      .axi_bready_o,
      .drop_o,
      .count_o(count),
      .idle_o
  );

  // What is offered stays offered.
  toe_stream_check #(
      .Width($bits(rx_seg_t))
  ) u_check_seg (
      .clk_i,
      .rst_i,
      .valid_i(seg_valid_o),
      .ready_i(seg_ready_i),
      .data_i (seg)
  );
  toe_stream_check #(
      .Width($bits(echo_t))
  ) u_check_echo (
      .clk_i,
      .rst_i,
      .valid_i(echo_valid_o),
      .ready_i(echo_ready_i),
      .data_i (echo)
  );
  toe_stream_check #(
      .Width(DataWidth)
  ) u_check_echo_data (
      .clk_i,
      .rst_i,
      .valid_i(echo_data_valid_o),
      .ready_i(echo_data_ready_i),
      .data_i (echo_data_o)
  );
  toe_stream_check #(
      .Width(48)
  ) u_check_aw (
      .clk_i,
      .rst_i,
      .valid_i(axi_awvalid_o),
      .ready_i(axi_awready_i),
      .data_i ({axi_awaddr_o, axi_awlen_o})
  );
  toe_stream_check #(
      .Width(DataWidth + Lanes + 1)
  ) u_check_w (
      .clk_i,
      .rst_i,
      .valid_i(axi_wvalid_o),
      .ready_i(axi_wready_i),
      .data_i ({axi_wdata_o, axi_wstrb_o, axi_wlast_o})
  );

endmodule
