// SPDX-License-Identifier: Apache-2.0
//
// toe_tcb with one configuration and the fields of its messages as ports, for tests in C, and
// toe_stream_check on every stream that it drives.  TcbAsLastWritten sees to it that every event
// reads what the last event of its connection wrote.

module tb_tcb
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter int unsigned NumConns = 16
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t now_us_i,

    // Segments; with open the connection starts with these initial sequence numbers.
    input  logic            rx_valid_i,
    output logic            rx_ready_o,
    input  logic     [ 2:0] rx_kind_i,
    input  conn_id_t        rx_conn_i,
    input  logic            rx_open_i,
    input  seq_t            rx_iss_i,
    input  seq_t            rx_irs_i,
    input  seq_t            rx_seq_i,
    input  seq_t            rx_ack_i,
    input  logic     [ 7:0] rx_flags_i,
    input  logic     [15:0] rx_len_i,

    input  logic            cmd_valid_i,
    output logic            cmd_ready_o,
    input  logic     [ 7:0] cmd_op_i,
    input  conn_id_t        cmd_conn_i,
    input  logic     [31:0] cmd_value_i,
    input  logic     [31:0] cmd_tag_i,

    output logic            verdict_valid_o,
    input  logic            verdict_ready_i,
    output logic            verdict_keep_o,
    output conn_id_t        verdict_conn_o,
    output seq_t            verdict_seq_o,
    output logic     [15:0] verdict_skip_o,
    output logic     [15:0] verdict_len_o,
    input  logic     [15:0] delivered_count_i,

    output logic            tx_valid_o,
    input  logic            tx_ready_i,
    output conn_id_t        tx_conn_o,
    output seq_t            tx_seq_o,
    output seq_t            tx_ack_o,
    output logic     [ 7:0] tx_flags_o,
    output logic     [15:0] tx_len_o,

    output logic            ntf_valid_o,
    input  logic            ntf_ready_i,
    output conn_id_t        ntf_conn_o,
    output logic     [11:0] ntf_flags_o,
    output logic     [ 3:0] ntf_state_o,
    output logic     [ 7:0] ntf_reason_o,
    output logic     [31:0] ntf_tag_o,
    output seq_t            ntf_rcv_nxt_o,

    output logic            unlink_valid_o,
    input  logic            unlink_ready_i,
    output port_t           unlink_port_o,
    output logic     [31:0] unlink_hash_o,
    output logic            time_wait_valid_o,
    input  logic            time_wait_ready_i,
    output port_t           time_wait_port_o,
    output logic            free_valid_o,
    input  logic            free_ready_i,
    output conn_id_t        free_conn_o,

    output drop_vec_t  drop_o,
    output count_vec_t count_o,
    output logic       idle_o,
    output logic       deadline_valid_o,
    output time_us_t   deadline_us_o,

    output logic           trace_valid_o,
    output logic     [2:0] trace_kind_o,
    output conn_id_t       trace_conn_o,
    output logic           trace_open_o,
    output logic           trace_write_o,
    output tcb_t           trace_before_o,
    output tcb_t           trace_after_o,

    output logic [7:0] write_stage_o
);

  localparam int unsigned ConnWidth = $clog2(NumConns);

  cfg_t cfg;
  tcb_event_t rx_ev, cmd_ev;

  always_comb begin
    cfg                       = '0;
    cfg.enable                = 1'b1;
    cfg.key_valid             = 1'b1;
    cfg.mtu                   = 16'd1500;
    cfg.min_mss               = 16'd64;
    cfg.rto_initial_us        = 32'd1_000_000;
    cfg.rto_min_us            = 32'd200_000;
    cfg.rto_max_us            = 32'd60_000_000;
    cfg.data_retries          = 4'd3;
    cfg.syn_retries           = 4'd3;
    cfg.time_wait_us          = 32'd60_000_000;
    cfg.delack_us             = 32'd40_000;
    cfg.keepalive_us          = 40'd7_200_000_000;
    cfg.keepalive_interval_us = 32'd75_000_000;
    cfg.rx_ring_log2          = 5'd16;
    cfg.tx_ring_log2          = 5'd16;
  end

  // Each connection has a remote port of its own.
  always_comb begin
    rx_ev                     = '0;
    rx_ev.kind                = tcb_event_e'(rx_kind_i);
    rx_ev.conn                = rx_conn_i;
    rx_ev.seg.key.remote_ip   = 32'h0a00_0001;
    rx_ev.seg.key.remote_port = 16'd1000 + rx_conn_i;
    rx_ev.seg.key.local_port  = 16'd80;
    rx_ev.seg.seq             = rx_seq_i;
    rx_ev.seg.ack             = rx_ack_i;
    rx_ev.seg.flags           = rx_flags_i;
    rx_ev.seg.wnd             = 16'hffff;
    rx_ev.seg.payload_len     = rx_len_i;
    rx_ev.open_valid          = rx_open_i;
    rx_ev.open.passive        = 1'b1;
    rx_ev.open.key            = rx_ev.seg.key;
    rx_ev.open.flow_hash      = {16'hbeef, rx_conn_i};
    rx_ev.open.iss            = rx_iss_i;
    rx_ev.open.irs            = rx_irs_i;
    rx_ev.open.peer_mss       = 16'd536;
  end

  always_comb begin
    cmd_ev           = '0;
    cmd_ev.kind      = EvCommand;
    cmd_ev.conn      = cmd_conn_i;
    cmd_ev.cmd.op    = cmd_op_e'(cmd_op_i);
    cmd_ev.cmd.conn  = cmd_conn_i;
    cmd_ev.cmd.value = cmd_value_i;
    cmd_ev.cmd.tag   = cmd_tag_i;
  end

  rx_verdict_t verdict;
  tx_seg_t     tx;
  ntf_t        ntf;
  flow_key_t   unlink_key;
  time_wait_t  time_wait;
  trace_t      trace_rec;

  toe_tcb #(
      .NumConns(NumConns)
  ) u_tcb (
      .clk_i,
      .rst_i,
      .cfg_i(cfg),
      .now_us_i,
      .rx_ev_valid_i(rx_valid_i),
      .rx_ev_ready_o(rx_ready_o),
      .rx_ev_i(rx_ev),
      .cmd_ev_valid_i(cmd_valid_i),
      .cmd_ev_ready_o(cmd_ready_o),
      .cmd_ev_i(cmd_ev),
      .verdict_valid_o,
      .verdict_ready_i,
      .verdict_o(verdict),
      .delivered_count_i,
      .tx_valid_o,
      .tx_ready_i,
      .tx_o(tx),
      .ntf_valid_o,
      .ntf_ready_i,
      .ntf_o(ntf),
      .unlink_valid_o,
      .unlink_ready_i,
      .unlink_key_o(unlink_key),
      .unlink_hash_o,
      .time_wait_valid_o,
      .time_wait_ready_i,
      .time_wait_o(time_wait),
      .free_valid_o,
      .free_ready_i,
      .free_conn_o,
      .drop_o,
      .count_o,
      .idle_o,
      .deadline_valid_o,
      .deadline_us_o,
      .trace_valid_o,
      .trace_o(trace_rec)
  );

  assign verdict_keep_o   = verdict.keep;
  assign verdict_conn_o   = verdict.conn;
  assign verdict_seq_o    = verdict.seq;
  assign verdict_skip_o   = verdict.skip;
  assign verdict_len_o    = verdict.len;
  assign tx_conn_o        = tx.conn;
  assign tx_seq_o         = tx.seq;
  assign tx_ack_o         = tx.ack;
  assign tx_flags_o       = tx.flags;
  assign tx_len_o         = tx.payload_len;
  assign ntf_conn_o       = ntf.body.conn;
  assign ntf_flags_o      = ntf.body.flags;
  assign ntf_state_o      = ntf.body.state;
  assign ntf_reason_o     = ntf.reason;
  assign ntf_tag_o        = ntf.body.tag_or_snd_nxt;
  assign ntf_rcv_nxt_o    = ntf.body.rcv_nxt;
  assign unlink_port_o    = unlink_key.remote_port;
  assign time_wait_port_o = time_wait.key.remote_port;
  assign trace_kind_o     = trace_rec.ev.kind;
  assign trace_conn_o     = trace_rec.ev.conn;
  assign write_stage_o    = 8'(toe_tcb_pkg::WriteStage);

  logic [NumConns-1:0] known_q;
  tcb_t last_q[NumConns];
  logic in_range;
  assign in_range = 32'(trace_conn_o) < NumConns;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      known_q <= '0;
    end else if (trace_valid_o && in_range && toe_tcb_pkg::uses_tcb(trace_rec.ev.kind)) begin
      TcbAsLastWritten :
      assert (trace_rec.tcb_before ==
              (known_q[trace_conn_o[ConnWidth-1:0]] && !trace_rec.ev.open_valid ?
               last_q[trace_conn_o[ConnWidth-1:0]] : '0));
      if (trace_rec.action.tcb_write) begin
        known_q[trace_conn_o[ConnWidth-1:0]] <= !trace_rec.action.free;
        last_q[trace_conn_o[ConnWidth-1:0]]  <= trace_rec.tcb_after;
      end
    end
  end

  toe_stream_check #(
      .Width($bits(rx_verdict_t))
  ) u_verdict_check (
      .clk_i,
      .rst_i,
      .valid_i(verdict_valid_o),
      .ready_i(verdict_ready_i),
      .data_i (verdict)
  );

  toe_stream_check #(
      .Width($bits(tx_seg_t))
  ) u_tx_check (
      .clk_i,
      .rst_i,
      .valid_i(tx_valid_o),
      .ready_i(tx_ready_i),
      .data_i (tx)
  );

  toe_stream_check #(
      .Width($bits(ntf_t))
  ) u_ntf_check (
      .clk_i,
      .rst_i,
      .valid_i(ntf_valid_o),
      .ready_i(ntf_ready_i),
      .data_i (ntf)
  );

  toe_stream_check #(
      .Width($bits(flow_key_t) + 32)
  ) u_unlink_check (
      .clk_i,
      .rst_i,
      .valid_i(unlink_valid_o),
      .ready_i(unlink_ready_i),
      .data_i ({unlink_key, unlink_hash_o})
  );

  toe_stream_check #(
      .Width($bits(time_wait_t))
  ) u_time_wait_check (
      .clk_i,
      .rst_i,
      .valid_i(time_wait_valid_o),
      .ready_i(time_wait_ready_i),
      .data_i (time_wait)
  );

  toe_stream_check #(
      .Width($bits(conn_id_t))
  ) u_free_check (
      .clk_i,
      .rst_i,
      .valid_i(free_valid_o),
      .ready_i(free_ready_i),
      .data_i (free_conn_o)
  );

endmodule
