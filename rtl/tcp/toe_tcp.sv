// SPDX-License-Identifier: Apache-2.0
//
// TCP core: wiring only.
//
// toe_flow finds, opens and forgets connections (flow table, listeners, SYN cache, TIME-WAIT);
// toe_tcb runs one event at a time through read, check, step, write (the state machine itself is
// tcp/toe_step_pkg.sv).  Every segment taken from the receive path gives exactly one verdict, in
// order.

module toe_tcp
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter int unsigned NumConns = 1024,
    parameter int unsigned NumListeners = 16,
    parameter int unsigned SynCacheSize = 256,
    parameter int unsigned TimeWaitSize = 1024,
    parameter int unsigned SegInterval = 8,  // cycles between segments at full rate, as toe_flow
    parameter bit Trace = 1'b1
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t     cfg_i,
    input time_us_t now_us_i,

    // Segments in, verdicts on their payload out.
    input  logic               seg_valid_i,
    output logic               seg_ready_o,
    input  rx_seg_t            seg_i,
    output logic               verdict_valid_o,
    input  logic               verdict_ready_i,
    output rx_verdict_t        verdict_o,
    input  logic        [15:0] delivered_count_i, // verdicts with keep whose octets are in memory

    // Host commands in, notifications out.
    input  logic cmd_valid_i,
    output logic cmd_ready_o,
    input  cmd_t cmd_i,
    output logic ntf_valid_o,
    input  logic ntf_ready_i,
    output ntf_t ntf_o,

    // Segments to send.
    output logic    tx_valid_o,
    input  logic    tx_ready_i,
    output tx_seg_t tx_o,

    // Status.
    output drop_vec_t         drop_o,
    output count_vec_t        count_o,
    output logic       [15:0] half_open_count_o,
    output logic       [15:0] time_wait_count_o,
    output logic       [15:0] free_count_o,       // TCBs not in use, saturates
    output logic              cookies_o,          // SYN cookies are in use
    output logic              idle_o,
    output logic              deadline_valid_o,
    output time_us_t          deadline_us_o,

    output logic   trace_valid_o,
    output trace_t trace_o
);

  logic rx_ev_valid, rx_ev_ready;
  tcb_event_t rx_ev;
  logic cmd_ev_valid, cmd_ev_ready;
  tcb_event_t cmd_ev;

  logic direct_valid, direct_ready;
  ntf_t direct_ntf;
  logic notify_valid, notify_ready;
  ntf_t notify_ntf;

  logic flow_tx_valid, flow_tx_ready;
  tx_seg_t flow_tx;
  logic tcb_tx_valid, tcb_tx_ready;
  tx_seg_t tcb_tx;

  logic unlink_valid, unlink_ready;
  flow_key_t unlink_key;
  logic [31:0] unlink_hash;
  logic time_wait_valid, time_wait_ready;
  time_wait_t time_wait;
  logic free_valid, free_ready;
  conn_id_t free_conn;

  drop_vec_t flow_drop, tcb_drop;
  count_vec_t flow_count, tcb_count;
  logic flow_idle, tcb_idle;
  logic flow_deadline_valid, tcb_deadline_valid;
  time_us_t flow_deadline_us, tcb_deadline_us;

  toe_flow #(
      .NumConns(NumConns),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize),
      .TimeWaitSize(TimeWaitSize),
      .SegInterval(SegInterval)
  ) u_flow (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .seg_valid_i,
      .seg_ready_o,
      .seg_i,
      .cmd_valid_i,
      .cmd_ready_o,
      .cmd_i,
      .rx_ev_valid_o(rx_ev_valid),
      .rx_ev_ready_i(rx_ev_ready),
      .rx_ev_o(rx_ev),
      .cmd_ev_valid_o(cmd_ev_valid),
      .cmd_ev_ready_i(cmd_ev_ready),
      .cmd_ev_o(cmd_ev),
      .ntf_valid_o(direct_valid),
      .ntf_ready_i(direct_ready),
      .ntf_o(direct_ntf),
      .tx_valid_o(flow_tx_valid),
      .tx_ready_i(flow_tx_ready),
      .tx_o(flow_tx),
      .unlink_valid_i(unlink_valid),
      .unlink_ready_o(unlink_ready),
      .unlink_key_i(unlink_key),
      .unlink_hash_i(unlink_hash),
      .time_wait_valid_i(time_wait_valid),
      .time_wait_ready_o(time_wait_ready),
      .time_wait_i(time_wait),
      .free_valid_i(free_valid),
      .free_ready_o(free_ready),
      .free_conn_i(free_conn),
      .drop_o(flow_drop),
      .count_o(flow_count),
      .half_open_count_o,
      .time_wait_count_o,
      .free_count_o,
      .cookies_o,
      .idle_o(flow_idle),
      .deadline_valid_o(flow_deadline_valid),
      .deadline_us_o(flow_deadline_us)
  );

  toe_tcb #(
      .NumConns(NumConns),
      .Trace(Trace)
  ) u_tcb (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .rx_ev_valid_i(rx_ev_valid),
      .rx_ev_ready_o(rx_ev_ready),
      .rx_ev_i(rx_ev),
      .cmd_ev_valid_i(cmd_ev_valid),
      .cmd_ev_ready_o(cmd_ev_ready),
      .cmd_ev_i(cmd_ev),
      .verdict_valid_o,
      .verdict_ready_i,
      .verdict_o,
      .delivered_count_i,
      .tx_valid_o(tcb_tx_valid),
      .tx_ready_i(tcb_tx_ready),
      .tx_o(tcb_tx),
      .ntf_valid_o(notify_valid),
      .ntf_ready_i(notify_ready),
      .ntf_o(notify_ntf),
      .unlink_valid_o(unlink_valid),
      .unlink_ready_i(unlink_ready),
      .unlink_key_o(unlink_key),
      .unlink_hash_o(unlink_hash),
      .time_wait_valid_o(time_wait_valid),
      .time_wait_ready_i(time_wait_ready),
      .time_wait_o(time_wait),
      .free_valid_o(free_valid),
      .free_ready_i(free_ready),
      .free_conn_o(free_conn),
      .drop_o(tcb_drop),
      .count_o(tcb_count),
      .idle_o(tcb_idle),
      .deadline_valid_o(tcb_deadline_valid),
      .deadline_us_o(tcb_deadline_us),
      .trace_valid_o,
      .trace_o
  );

  // NtfOpened of a connection is taken here before its first event enters the pipeline, and the
  // direct stream goes first, so no notification of a connection overtakes it.  One that has been
  // offered is kept until it is taken.
  logic direct_turn, notify_offered_q;
  assign direct_turn  = direct_valid && !notify_offered_q;
  assign ntf_valid_o  = direct_valid || notify_valid;
  assign ntf_o        = direct_turn ? direct_ntf : notify_ntf;
  assign direct_ready = ntf_ready_i && direct_turn;
  assign notify_ready = ntf_ready_i && !direct_turn;

  always_ff @(posedge clk_i) begin
    if (rst_i) notify_offered_q <= 1'b0;
    else notify_offered_q <= notify_valid && !direct_turn && !ntf_ready_i;
  end

  // The ring takes an item in two halves.
  toe_stream_check #(
      .Width($bits(ntf_t))
  ) u_ntf_check (
      .clk_i,
      .rst_i,
      .valid_i(ntf_valid_o),
      .ready_i(ntf_ready_i),
      .data_i (ntf_o)
  );

  toe_stream_arb #(
      .Width($bits(tx_seg_t)),
      .NumInputs(2)
  ) u_tx_arb (
      .clk_i,
      .rst_i,
      .valid_i({flow_tx_valid, tcb_tx_valid}),
      .ready_o({flow_tx_ready, tcb_tx_ready}),
      .data_i ({flow_tx, tcb_tx}),
      .valid_o(tx_valid_o),
      .ready_i(tx_ready_i),
      .data_o (tx_o)
  );

  assign drop_o  = flow_drop | tcb_drop;
  assign count_o = flow_count | tcb_count;
  assign idle_o  = flow_idle && tcb_idle && !tx_valid_o && !(ntf_valid_o && ntf_ready_i);

  logic flow_first;
  assign deadline_valid_o = flow_deadline_valid || tcb_deadline_valid;
  always_comb begin
    deadline_us_o = tcb_deadline_us;
    flow_first = flow_deadline_valid && time_reached(tcb_deadline_us, flow_deadline_us);
    if (!tcb_deadline_valid || flow_first) deadline_us_o = flow_deadline_us;
  end

endmodule
