// SPDX-License-Identifier: Apache-2.0
//
// Finds, opens and forgets connections: wiring only.
//
// Every segment is hashed while it waits (toe_flow_hash), looked up in the flow table, and leaves in
// order as exactly one event (toe_classify): one each SegInterval cycles for known flows, eleven
// cycles after it was offered; a few cycles more for the others, four of them from there to an answer.
// Commands come in through toe_command.
//
// What the control blocks give back is always taken within some cycles, whatever the other streams
// do.  They offer, for each connection, the TIME-WAIT record first, then the flow table's entry when
// that is in, then the number: so a flow is never without one of table and record, and a number is
// not used again while a flow leads to it.

module toe_flow
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_flow_pkg::*;
  import toe_cookie_pkg::*;
#(
    parameter int unsigned NumConns = 1024,
    parameter int unsigned NumListeners = 16,
    parameter int unsigned SynCacheSize = 256,
    parameter int unsigned TimeWaitSize = 1024,
    parameter int unsigned SegInterval = 8  // cycles between segments at full rate: 1, 2, 4 or 8
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t     cfg_i,
    input time_us_t now_us_i,

    // Segments from the receive path, host commands.
    input  logic    seg_valid_i,
    output logic    seg_ready_o,
    input  rx_seg_t seg_i,
    input  logic    cmd_valid_i,
    output logic    cmd_ready_o,
    input  cmd_t    cmd_i,

    // Events for the control blocks.
    output logic       rx_ev_valid_o,
    input  logic       rx_ev_ready_i,
    output tcb_event_t rx_ev_o,
    output logic       cmd_ev_valid_o,
    input  logic       cmd_ev_ready_i,
    output tcb_event_t cmd_ev_o,

    // NtfOpened and refusals to the host, SYN-ACK and ACK to the wire.
    output logic    ntf_valid_o,
    input  logic    ntf_ready_i,
    output ntf_t    ntf_o,
    output logic    tx_valid_o,
    input  logic    tx_ready_i,
    output tx_seg_t tx_o,

    // What the control blocks give back, in this order.
    input  logic              unlink_valid_i,
    output logic              unlink_ready_o,
    input  flow_key_t         unlink_key_i,
    input  logic       [31:0] unlink_hash_i,
    input  logic              time_wait_valid_i,
    output logic              time_wait_ready_o,
    input  time_wait_t        time_wait_i,
    input  logic              free_valid_i,
    output logic              free_ready_o,
    input  conn_id_t          free_conn_i,

    // Status.
    output drop_vec_t         drop_o,
    output count_vec_t        count_o,
    output logic       [15:0] half_open_count_o,
    output logic       [15:0] time_wait_count_o,
    output logic       [15:0] free_count_o,
    output logic              cookies_o,          // SYN cookies are in use
    output logic              idle_o,
    output logic              deadline_valid_o,
    output time_us_t          deadline_us_o
);

  logic table_ready, sc_ready, tw_ready, ready_q;
  always_ff @(posedge clk_i) begin
    if (rst_i) ready_q <= 1'b0;
    else ready_q <= table_ready && sc_ready && tw_ready;
  end

  // ---- Hash ------------------------------------------------------------------------------------

  logic seg_hashed_valid, seg_hashed_ready, seg_starts, front_valid, hash_idle;
  flow_key_t seg_hashed_key;
  logic [63:0] seg_hash;
  rx_seg_t front_seg;

  logic cmd_hash_req, cmd_hash_ready, cmd_hash_valid;
  flow_key_t cmd_key;
  logic [63:0] cmd_hash, connect_hash;

  toe_flow_hash #(
      .SegInterval(SegInterval)
  ) u_hash (
      .clk_i,
      .rst_i,
      .ready_i     (ready_q),
      .hash_key_i  (cfg_i.hash_key),
      .local_ip_i  (cfg_i.local_ip),
      .seg_valid_i,
      .seg_ready_o,
      .seg_i,
      .seg_starts_o(seg_starts),
      .cmd_valid_i (cmd_hash_req),
      .cmd_ready_o (cmd_hash_ready),
      .cmd_key_i   (cmd_key),
      .cmd_valid_o (cmd_hash_valid),
      .cmd_hash_o  (cmd_hash),
      .hash_valid_o(seg_hashed_valid),
      .hash_ready_i(seg_hashed_ready),
      .hash_key_o  (seg_hashed_key),
      .hash_o      (seg_hash),
      .seg_valid_o (front_valid),
      .seg_ready_i (rx_ev_valid_o && rx_ev_ready_i),
      .seg_o       (front_seg),
      .idle_o      (hash_idle)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_i && rx_ev_valid_o) SegmentIsThere : assert (front_valid);
  end

  // ---- Flow table ------------------------------------------------------------------------------

  logic result_valid, result_ready, result_hit;
  conn_id_t result_conn;
  logic [63:0] result_hash;
  logic op_valid, op_done, op_insert, op_exists, op_full;
  flow_key_t op_key, insert_key;
  logic [31:0] op_hash, insert_hash;
  conn_id_t insert_conn;
  logic insert_valid;

  toe_flow_table #(
      .NumConns(NumConns),
      .LookupInterval(SegInterval)
  ) u_table (
      .clk_i,
      .rst_i,
      .ready_o       (table_ready),
      .lookup_valid_i(seg_hashed_valid),
      .lookup_ready_o(seg_hashed_ready),
      .lookup_key_i  (seg_hashed_key),
      .lookup_hash_i (seg_hash),
      .result_valid_o(result_valid),
      .result_ready_i(result_ready),
      .result_hit_o  (result_hit),
      .result_conn_o (result_conn),
      .result_hash_o (result_hash),
      .op_valid_i    (op_valid),
      .op_insert_i   (op_insert),
      .op_key_i      (op_key),
      .op_hash_i     (op_hash),
      .op_conn_i     (insert_conn),
      .op_done_o     (op_done),
      .op_exists_o   (op_exists),
      .op_full_o     (op_full)
  );

  // Inserts go first: there is at most one in a few cycles.  What was begun is finished.
  logic op_running_q, op_insert_q;
  assign op_insert      = op_running_q ? op_insert_q : insert_valid;
  assign op_valid       = op_running_q || insert_valid || unlink_valid_i;
  assign op_key         = op_insert ? insert_key : unlink_key_i;
  assign op_hash        = op_insert ? insert_hash : unlink_hash_i;
  assign unlink_ready_o = op_done && !op_insert_q;

  always_ff @(posedge clk_i) begin
    op_insert_q <= op_insert;
    if (rst_i) op_running_q <= 1'b0;
    else op_running_q <= op_valid && !op_done;
  end

  logic alloc_valid, alloc_take;
  conn_id_t alloc_conn;
  logic [16:0] used_limit;

  toe_conn_alloc #(
      .NumConns(NumConns)
  ) u_alloc (
      .clk_i,
      .rst_i,
      .valid_o     (alloc_valid),
      .conn_o      (alloc_conn),
      .take_i      (alloc_take),
      .free_valid_i,
      .free_ready_o,
      .free_conn_i,
      .used_limit_o(used_limit),
      .free_count_o
  );

  // ---- Listeners, half-open connections, TIME-WAIT ---------------------------------------------

  port_t lookup_port;
  logic lookup_hit, lookup_full, listener_inc, listener_dec;
  listener_t lookup_index, listener_change;
  logic listen_valid, listen_start;
  port_t listen_port;
  logic [15:0] listen_backlog;
  reason_e listen_reason;

  toe_listeners #(
      .NumListeners(NumListeners),
      .MaxHalfOpen (SynCacheSize)
  ) u_listeners (
      .clk_i,
      .rst_i,
      .lookup_port_i (lookup_port),
      .lookup_hit_o  (lookup_hit),
      .lookup_index_o(lookup_index),
      .lookup_full_o (lookup_full),
      .inc_valid_i   (listener_inc),
      .dec_valid_i   (listener_dec),
      .change_index_i(listener_change),
      .cmd_valid_i   (listen_valid),
      .cmd_listen_i  (listen_start),
      .cmd_port_i    (listen_port),
      .cmd_backlog_i (listen_backlog),
      .cmd_reason_o  (listen_reason)
  );

  logic sc_req_valid, sc_req_due, sc_done, sc_found, sc_full, sc_insert, sc_update, sc_remove;
  logic sc_set_deadline, sc_due_valid, sc_idle, sc_deadline_valid;
  flow_key_t sc_req_key, sc_key;
  logic [31:0] sc_req_hash;
  half_open_t sc_entry, sc_wr_entry;
  time_us_t sc_wr_deadline_us, sc_deadline_us;

  toe_syn_cache #(
      .Size(SynCacheSize)
  ) u_syn_cache (
      .clk_i,
      .rst_i,
      .now_us_i,
      .ready_o         (sc_ready),
      .req_valid_i     (sc_req_valid),
      .req_due_i       (sc_req_due),
      .req_key_i       (sc_req_key),
      .req_hash_i      (sc_req_hash),
      .done_o          (sc_done),
      .found_o         (sc_found),
      .full_o          (sc_full),
      .entry_key_o     (sc_key),
      .entry_o         (sc_entry),
      .insert_i        (sc_insert),
      .update_i        (sc_update),
      .remove_i        (sc_remove),
      .entry_i         (sc_wr_entry),
      .set_deadline_i  (sc_set_deadline),
      .deadline_us_i   (sc_wr_deadline_us),
      .due_valid_o     (sc_due_valid),
      .count_o         (half_open_count_o),
      .idle_o          (sc_idle),
      .deadline_valid_o(sc_deadline_valid),
      .deadline_us_o   (sc_deadline_us)
  );

  logic tw_req_valid, tw_done, tw_found, tw_action_valid, tw_evicted, tw_idle, tw_deadline_valid;
  flow_key_t tw_req_key;
  logic [31:0] tw_req_hash, tw_ts_recent;
  tw_record_t tw_record;
  tw_action_e tw_action;
  time_us_t   tw_deadline_us;

  toe_time_wait #(
      .Size(TimeWaitSize)
  ) u_time_wait (
      .clk_i,
      .rst_i,
      .now_us_i,
      .time_wait_us_i  (cfg_i.time_wait_us),
      .ready_o         (tw_ready),
      .insert_valid_i  (time_wait_valid_i),
      .insert_ready_o  (time_wait_ready_o),
      .insert_i        (time_wait_i),
      .req_valid_i     (tw_req_valid),
      .req_key_i       (tw_req_key),
      .req_hash_i      (tw_req_hash),
      .done_o          (tw_done),
      .found_o         (tw_found),
      .record_o        (tw_record),
      .action_valid_i  (tw_action_valid),
      .action_i        (tw_action),
      .ts_recent_i     (tw_ts_recent),
      .evicted_o       (tw_evicted),
      .count_o         (time_wait_count_o),
      .idle_o          (tw_idle),
      .deadline_valid_o(tw_deadline_valid),
      .deadline_us_o   (tw_deadline_us)
  );

  logic cookie_take, cookie_able, cookie_sent, cookie_parity, cookie_accepted, cookie_refused;
  logic [1:0] cookie_out;
  cookie_t cookie;

  toe_syn_cookie #(
      .SegInterval(SegInterval)
  ) u_syn_cookie (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .start_i          (seg_starts),
      .seg_i,
      .take_i           (cookie_take),
      .cookie_o         (cookie),
      .half_open_count_i(half_open_count_o),
      .able_o           (cookie_able),
      .active_o         (cookies_o),
      .sent_i           (cookie_sent),
      .sent_parity_i    (cookie_parity),
      .out_o            (cookie_out)
  );

  // ---- Segments and commands -------------------------------------------------------------------

  logic connect_valid, connect_done;
  reason_e connect_reason;
  conn_id_t connect_conn;
  seq_t connect_iss;
  answer_t answer;
  tcb_event_t classified;
  logic rst_spend, rst_muted;
  drop_vec_t classify_drop;
  logic retransmit, classify_idle, command_idle;

  toe_classify #(
      .SegInterval(SegInterval)
  ) u_classify (
      .clk_i,
      .rst_i,
      .cfg_i,
      .now_us_i,
      .result_valid_i   (result_valid),
      .result_ready_o   (result_ready),
      .result_hit_i     (result_hit),
      .result_conn_i    (result_conn),
      .result_hash_i    (result_hash),
      .seg_i            (front_seg),
      .rx_ev_valid_o,
      .rx_ev_ready_i,
      .rx_ev_o          (classified),
      .op_valid_o       (insert_valid),
      .op_key_o         (insert_key),
      .op_hash_o        (insert_hash),
      .op_conn_o        (insert_conn),
      .op_done_i        (op_done && op_insert_q),
      .op_exists_i      (op_exists),
      .op_full_i        (op_full),
      .alloc_valid_i    (alloc_valid),
      .alloc_conn_i     (alloc_conn),
      .alloc_take_o     (alloc_take),
      .listener_port_o  (lookup_port),
      .listener_hit_i   (lookup_hit),
      .listener_index_i (lookup_index),
      .listener_full_i  (lookup_full),
      .listener_inc_o   (listener_inc),
      .listener_dec_o   (listener_dec),
      .listener_change_o(listener_change),
      .sc_req_valid_o   (sc_req_valid),
      .sc_req_due_o     (sc_req_due),
      .sc_req_key_o     (sc_req_key),
      .sc_req_hash_o    (sc_req_hash),
      .sc_done_i        (sc_done),
      .sc_found_i       (sc_found),
      .sc_full_i        (sc_full),
      .sc_key_i         (sc_key),
      .sc_entry_i       (sc_entry),
      .sc_insert_o      (sc_insert),
      .sc_update_o      (sc_update),
      .sc_remove_o      (sc_remove),
      .sc_entry_o       (sc_wr_entry),
      .sc_set_deadline_o(sc_set_deadline),
      .sc_deadline_us_o (sc_wr_deadline_us),
      .sc_due_valid_i   (sc_due_valid),
      .tw_req_valid_o   (tw_req_valid),
      .tw_req_key_o     (tw_req_key),
      .tw_req_hash_o    (tw_req_hash),
      .tw_done_i        (tw_done),
      .tw_found_i       (tw_found),
      .tw_record_i      (tw_record),
      .tw_action_valid_o(tw_action_valid),
      .tw_action_o      (tw_action),
      .tw_ts_recent_o   (tw_ts_recent),
      .cookie_take_o    (cookie_take),
      .cookie_i         (cookie),
      .cookie_able_i    (cookie_able),
      .cookie_active_i  (cookies_o),
      .cookie_out_i     (cookie_out),
      .cookie_sent_o    (cookie_sent),
      .cookie_parity_o  (cookie_parity),
      .cookie_accepted_o(cookie_accepted),
      .cookie_refused_o (cookie_refused),
      .connect_valid_i  (connect_valid),
      .connect_key_i    (cmd_key),
      .connect_hash_i   (connect_hash),
      .connect_done_o   (connect_done),
      .connect_reason_o (connect_reason),
      .connect_conn_o   (connect_conn),
      .connect_iss_o    (connect_iss),
      .tx_valid_o,
      .tx_ready_i,
      .tx_o             (answer),
      .drop_o           (classify_drop),
      .retransmit_o     (retransmit),
      .idle_o           (classify_idle)
  );

  toe_command #(
      .NumConns(NumConns)
  ) u_command (
      .clk_i,
      .rst_i,
      .cfg_i,
      .ready_i         (ready_q),
      .cmd_valid_i,
      .cmd_ready_o,
      .cmd_i,
      .cmd_ev_valid_o,
      .cmd_ev_ready_i,
      .cmd_ev_o,
      .ntf_valid_o,
      .ntf_ready_i,
      .ntf_o,
      .hash_req_valid_o(cmd_hash_req),
      .hash_req_ready_i(cmd_hash_ready),
      .key_o           (cmd_key),
      .hash_valid_i    (cmd_hash_valid),
      .hash_i          (cmd_hash),
      .connect_valid_o (connect_valid),
      .connect_hash_o  (connect_hash),
      .connect_done_i  (connect_done),
      .connect_reason_i(connect_reason),
      .connect_conn_i  (connect_conn),
      .connect_iss_i   (connect_iss),
      .listen_valid_o  (listen_valid),
      .listen_start_o  (listen_start),
      .listen_port_o   (listen_port),
      .listen_backlog_o(listen_backlog),
      .listen_reason_i (listen_reason),
      .used_limit_i    (used_limit),
      .idle_o          (command_idle)
  );

  assign tx_o = answer_segment(cfg_i, answer);

  assign rst_spend = rx_ev_valid_o && rx_ev_ready_i && classified.kind == EvNoConn &&
                     !classified.seg.flags.rst && !rst_muted;

  toe_rst_limit u_rst_limit (
      .clk_i,
      .rst_i,
      .now_us_i,
      .salt_valid_i(result_valid && result_ready),
      .salt_i      (result_hash[31:16]),
      .spend_i     (rst_spend),
      .hold_i      (rx_ev_valid_o),
      .muted_o     (rst_muted)
  );

  always_comb begin
    rx_ev_o       = classified;
    rx_ev_o.muted = rst_muted;  // read for EvNoConn only
  end

  // ---- Status ----------------------------------------------------------------------------------

  always_comb begin
    drop_o                    = classify_drop;
    drop_o[DropTimeWaitEvict] = tw_evicted;
    count_o                   = '0;
    count_o.tx_retransmit     = retransmit;
    count_o.cookie_sent       = cookie_sent;
    count_o.cookie_accepted   = cookie_accepted;
    count_o.cookie_refused    = cookie_refused;
  end

  assign idle_o = ready_q && !seg_valid_i && hash_idle && classify_idle &&
                  command_idle && sc_idle && tw_idle && !op_running_q && !unlink_valid_i &&
                  !free_valid_i;

  assign deadline_valid_o = sc_deadline_valid || tw_deadline_valid;
  always_comb begin
    deadline_us_o = sc_deadline_us;
    if (!sc_deadline_valid || (tw_deadline_valid && time_reached(sc_deadline_us, tw_deadline_us)))
      deadline_us_o = tw_deadline_us;
  end

endmodule
