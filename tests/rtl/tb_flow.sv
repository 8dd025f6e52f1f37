// SPDX-License-Identifier: Apache-2.0
//
// toe_flow with the fields that its tests use as ports of their own, for tests in C, and
// toe_stream_check on every stream that it drives.

module tb_flow
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter int unsigned DataWidth    = 64,
    parameter int unsigned NumConns     = 16,
    parameter int unsigned NumListeners = 4,
    parameter int unsigned SynCacheSize = 16,
    parameter int unsigned TimeWaitSize = 16
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t now_us_i,

    input logic         cfg_enable_i,
    input logic         cfg_key_valid_i,
    input logic         cfg_options_i,           // timestamps, SACK and window scaling
    input logic [  3:0] cfg_syn_retries_i,
    input logic [ 31:0] cfg_rto_initial_us_i,
    input logic [ 31:0] cfg_rto_max_us_i,
    input logic [ 31:0] cfg_time_wait_us_i,
    input logic [  4:0] cfg_rx_ring_log2_i,
    input logic         cfg_syn_cookies_i,
    input logic         cfg_cookie_key_valid_i,
    input logic [127:0] cfg_cookie_key_i,
    input logic [ 15:0] cfg_cookie_high_i,
    input logic [ 15:0] cfg_cookie_low_i,

    input  logic              seg_valid_i,
    output logic              seg_ready_o,
    input  ipv4_t             seg_remote_ip_i,
    input  port_t             seg_remote_port_i,
    input  port_t             seg_local_port_i,
    input  mac_t              seg_src_mac_i,
    input  seq_t              seg_seq_i,
    input  seq_t              seg_ack_i,
    input  tcp_flags_t        seg_flags_i,
    input  logic       [15:0] seg_payload_len_i,
    input  logic              seg_mss_valid_i,
    input  logic       [15:0] seg_mss_i,
    input  logic              seg_wscale_valid_i,
    input  logic       [ 3:0] seg_wscale_i,
    input  logic              seg_sack_permitted_i,
    input  logic              seg_ts_valid_i,
    input  logic       [31:0] seg_ts_val_i,
    input  logic       [31:0] seg_ts_ecr_i,

    output logic              rx_ev_valid_o,
    input  logic              rx_ev_ready_i,
    output tcb_event_e        rx_ev_kind_o,
    output conn_id_t          rx_ev_conn_o,
    output seq_t              rx_ev_seq_o,
    output logic       [15:0] rx_ev_payload_len_o,
    output logic              rx_ev_open_valid_o,
    output logic              open_passive_o,
    output flow_key_t         open_key_o,
    output logic       [31:0] open_flow_hash_o,
    output seq_t              open_iss_o,
    output seq_t              open_irs_o,
    output logic       [15:0] open_peer_mss_o,
    output logic              open_wscale_ok_o,
    output logic       [ 3:0] open_snd_wscale_o,
    output logic              open_sack_ok_o,
    output logic              open_ts_ok_o,
    output logic       [31:0] open_ts_recent_o,

    input  logic            cmd_valid_i,
    output logic            cmd_ready_o,
    input  logic     [ 7:0] cmd_op_i,
    input  conn_id_t        cmd_conn_i,
    input  logic     [31:0] cmd_tag_i,
    input  logic     [31:0] cmd_value_i,
    input  ipv4_t           cmd_remote_ip_i,
    input  port_t           cmd_remote_port_i,
    input  port_t           cmd_local_port_i,

    output logic             cmd_ev_valid_o,
    input  logic             cmd_ev_ready_i,
    output logic      [ 7:0] cmd_ev_op_o,
    output conn_id_t         cmd_ev_conn_o,
    output logic             cmd_ev_open_valid_o,
    output logic             cmd_ev_passive_o,
    output flow_key_t        cmd_ev_key_o,
    output logic      [31:0] cmd_ev_flow_hash_o,
    output seq_t             cmd_ev_iss_o,

    output logic            ntf_valid_o,
    input  logic            ntf_ready_i,
    output logic            ntf_opened_o,
    output logic            ntf_refused_o,
    output logic     [ 7:0] ntf_reason_o,
    output logic     [31:0] ntf_tag_o,
    output conn_id_t        ntf_conn_o,
    output seq_t            ntf_iss_o,

    output logic              tx_valid_o,
    input  logic              tx_ready_i,
    output flow_key_t         tx_key_o,
    output logic              tx_mac_valid_o,
    output mac_t              tx_dst_mac_o,
    output seq_t              tx_seq_o,
    output seq_t              tx_ack_o,
    output tcp_flags_t        tx_flags_o,
    output logic       [15:0] tx_wnd_o,
    output logic       [15:0] tx_payload_len_o,
    output logic              tx_mss_valid_o,
    output logic       [15:0] tx_mss_o,
    output logic              tx_wscale_valid_o,
    output logic       [ 3:0] tx_wscale_o,
    output logic              tx_sack_permitted_o,
    output logic              tx_ts_valid_o,
    output logic       [31:0] tx_ts_val_o,
    output logic       [31:0] tx_ts_ecr_o,

    input  logic             unlink_valid_i,
    output logic             unlink_ready_o,
    input  flow_key_t        unlink_key_i,
    input  logic      [31:0] unlink_hash_i,
    input  logic             time_wait_valid_i,
    output logic             time_wait_ready_o,
    input  flow_key_t        time_wait_key_i,
    input  logic      [31:0] time_wait_hash_i,
    input  seq_t             time_wait_snd_nxt_i,
    input  seq_t             time_wait_rcv_nxt_i,
    input  logic             time_wait_ts_ok_i,
    input  logic      [31:0] time_wait_ts_recent_i,
    input  logic             free_valid_i,
    output logic             free_ready_o,
    input  conn_id_t         free_conn_i,

    output drop_vec_t        drop_o,
    output logic             retransmit_o,
    output logic             cookie_sent_o,
    output logic             cookie_accepted_o,
    output logic             cookie_refused_o,
    output logic             cookies_o,
    output logic      [15:0] half_open_count_o,
    output logic      [15:0] time_wait_count_o,
    output logic      [15:0] free_count_o,
    output logic             idle_o,
    output logic             deadline_valid_o,
    output time_us_t         deadline_us_o
);

  cfg_t cfg;
  always_comb begin
    cfg                  = '0;
    cfg.enable           = cfg_enable_i;
    cfg.key_valid        = cfg_key_valid_i;
    cfg.hash_key         = 128'h0f0e_0d0c_0b0a_0908_0706_0504_0302_0100;
    cfg.local_mac        = 48'h0200_0000_0001;
    cfg.local_ip         = 32'h0a00_0001;
    cfg.netmask          = 32'hffff_ff00;
    cfg.mtu              = 16'd1500;
    cfg.min_mss          = 16'd64;
    cfg.ts_enable        = cfg_options_i;
    cfg.sack_enable      = cfg_options_i;
    cfg.wscale_enable    = cfg_options_i;
    cfg.rto_initial_us   = cfg_rto_initial_us_i;
    cfg.rto_max_us       = cfg_rto_max_us_i;
    cfg.syn_retries      = cfg_syn_retries_i;
    cfg.time_wait_us     = cfg_time_wait_us_i;
    cfg.rx_ring_log2     = cfg_rx_ring_log2_i;
    cfg.syn_cookies      = cfg_syn_cookies_i;
    cfg.cookie_key_valid = cfg_cookie_key_valid_i;
    cfg.cookie_key       = cfg_cookie_key_i;
    cfg.cookie_high      = cfg_cookie_high_i;
    cfg.cookie_low       = cfg_cookie_low_i;
  end

  rx_seg_t seg;
  always_comb begin
    seg                    = '0;
    seg.key.remote_ip      = seg_remote_ip_i;
    seg.key.remote_port    = seg_remote_port_i;
    seg.key.local_port     = seg_local_port_i;
    seg.src_mac            = seg_src_mac_i;
    seg.seq                = seg_seq_i;
    seg.ack                = seg_ack_i;
    seg.flags              = seg_flags_i;
    seg.wnd                = 16'd4096;
    seg.payload_len        = seg_payload_len_i;
    seg.opt.mss_valid      = seg_mss_valid_i;
    seg.opt.mss            = seg_mss_i;
    seg.opt.wscale_valid   = seg_wscale_valid_i;
    seg.opt.wscale         = seg_wscale_i;
    seg.opt.sack_permitted = seg_sack_permitted_i;
    seg.opt.ts_valid       = seg_ts_valid_i;
    seg.opt.ts_val         = seg_ts_val_i;
    seg.opt.ts_ecr         = seg_ts_ecr_i;
  end

  cmd_t cmd;
  always_comb begin
    cmd             = '0;
    cmd.op          = cmd_op_e'(cmd_op_i);
    cmd.conn        = cmd_conn_i;
    cmd.tag         = cmd_tag_i;
    cmd.value       = cmd_value_i;
    cmd.remote_ip   = cmd_remote_ip_i;
    cmd.remote_port = cmd_remote_port_i;
    cmd.local_port  = cmd_local_port_i;
  end

  time_wait_t time_wait;
  always_comb begin
    time_wait           = '0;
    time_wait.key       = time_wait_key_i;
    time_wait.flow_hash = time_wait_hash_i;
    time_wait.snd_nxt   = time_wait_snd_nxt_i;
    time_wait.rcv_nxt   = time_wait_rcv_nxt_i;
    time_wait.rcv_wnd   = 16'd1234;
    time_wait.ts_ok     = time_wait_ts_ok_i;
    time_wait.ts_recent = time_wait_ts_recent_i;
  end

  tcb_event_t rx_ev, cmd_ev;
  ntf_t       ntf;
  tx_seg_t    tx;
  count_vec_t count;

  toe_flow #(
      .NumConns    (NumConns),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize),
      .TimeWaitSize(TimeWaitSize),
      .SegInterval (512 / DataWidth)
  ) u_flow (
      .cfg_i      (cfg),
      .seg_i      (seg),
      .cmd_i      (cmd),
      .rx_ev_o    (rx_ev),
      .cmd_ev_o   (cmd_ev),
      .ntf_o      (ntf),
      .tx_o       (tx),
      .time_wait_i(time_wait),
      .count_o    (count),
      .*
  );

  assign rx_ev_kind_o        = rx_ev.kind;
  assign rx_ev_conn_o        = rx_ev.conn;
  assign rx_ev_seq_o         = rx_ev.seg.seq;
  assign rx_ev_payload_len_o = rx_ev.seg.payload_len;
  assign rx_ev_open_valid_o  = rx_ev.open_valid;
  assign open_passive_o      = rx_ev.open.passive;
  assign open_key_o          = rx_ev.open.key;
  assign open_flow_hash_o    = rx_ev.open.flow_hash;
  assign open_iss_o          = rx_ev.open.iss;
  assign open_irs_o          = rx_ev.open.irs;
  assign open_peer_mss_o     = rx_ev.open.peer_mss;
  assign open_wscale_ok_o    = rx_ev.open.wscale_ok;
  assign open_snd_wscale_o   = rx_ev.open.snd_wscale;
  assign open_sack_ok_o      = rx_ev.open.sack_ok;
  assign open_ts_ok_o        = rx_ev.open.ts_ok;
  assign open_ts_recent_o    = rx_ev.open.ts_recent;

  assign cmd_ev_op_o         = cmd_ev.cmd.op;
  assign cmd_ev_conn_o       = cmd_ev.conn;
  assign cmd_ev_open_valid_o = cmd_ev.open_valid;
  assign cmd_ev_passive_o    = cmd_ev.open.passive;
  assign cmd_ev_key_o        = cmd_ev.open.key;
  assign cmd_ev_flow_hash_o  = cmd_ev.open.flow_hash;
  assign cmd_ev_iss_o        = cmd_ev.open.iss;

  assign ntf_opened_o        = ntf.body.flags.opened;
  assign ntf_refused_o       = ntf.body.flags.refused;
  assign ntf_reason_o        = ntf.reason;
  assign ntf_tag_o           = ntf.body.tag_or_snd_nxt;
  assign ntf_conn_o          = ntf.body.conn;
  assign ntf_iss_o           = ntf.body.iss;

  assign tx_key_o            = tx.key;
  assign tx_mac_valid_o      = tx.mac_valid;
  assign tx_dst_mac_o        = tx.dst_mac;
  assign tx_seq_o            = tx.seq;
  assign tx_ack_o            = tx.ack;
  assign tx_flags_o          = tx.flags;
  assign tx_wnd_o            = tx.wnd;
  assign tx_payload_len_o    = tx.payload_len;
  assign tx_mss_valid_o      = tx.opt.mss_valid;
  assign tx_mss_o            = tx.opt.mss;
  assign tx_wscale_valid_o   = tx.opt.wscale_valid;
  assign tx_wscale_o         = tx.opt.wscale;
  assign tx_sack_permitted_o = tx.opt.sack_permitted;
  assign tx_ts_valid_o       = tx.opt.ts_valid;
  assign tx_ts_val_o         = tx.opt.ts_val;
  assign tx_ts_ecr_o         = tx.opt.ts_ecr;

  assign retransmit_o        = count.tx_retransmit;
  assign cookie_sent_o       = count.cookie_sent;
  assign cookie_accepted_o   = count.cookie_accepted;
  assign cookie_refused_o    = count.cookie_refused;

  toe_stream_check #(
      .Width($bits(tcb_event_t))
  ) u_check_rx_ev (
      .clk_i,
      .rst_i,
      .valid_i(rx_ev_valid_o),
      .ready_i(rx_ev_ready_i),
      .data_i (rx_ev)
  );

  toe_stream_check #(
      .Width($bits(tcb_event_t))
  ) u_check_cmd_ev (
      .clk_i,
      .rst_i,
      .valid_i(cmd_ev_valid_o),
      .ready_i(cmd_ev_ready_i),
      .data_i (cmd_ev)
  );

  toe_stream_check #(
      .Width($bits(ntf_t))
  ) u_check_ntf (
      .clk_i,
      .rst_i,
      .valid_i(ntf_valid_o),
      .ready_i(ntf_ready_i),
      .data_i (ntf)
  );

  toe_stream_check #(
      .Width($bits(tx_seg_t))
  ) u_check_tx (
      .clk_i,
      .rst_i,
      .valid_i(tx_valid_o),
      .ready_i(tx_ready_i),
      .data_i (tx)
  );

endmodule
