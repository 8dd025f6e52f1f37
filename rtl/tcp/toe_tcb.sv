// SPDX-License-Identifier: Apache-2.0
//
// The connections: event arbiter, control-block pipeline, timers, send and notification queues, and
// the queues of what comes out.
//
// One event a cycle for different connections; events of one connection toe_tcb_pkg::ForwardAge
// cycles apart or more.  From the grant of an event to its segment, verdict or notification:
// WriteStage cycles (a notification one more); a segment is granted a cycle after it is taken at the
// earliest.  From EvSend to the next EvSend of the same connection: WriteStage cycles.
//
// Order.  Verdicts come in the order of rx_ev_i, one for each.  time_wait_o of an ending connection
// is taken before unlink is offered, and that before free.  A notification is offered once the
// payload of every verdict before it is in memory (delivered_count_i).
//
// Holding back.  An event enters only when every queue that it may fill has room, so nothing inside
// ever stalls or is lost.  The completion ring (ntf_ready_i) holds back EvNotify, and commands once
// one was refused, never segments, timers or sends.  tx_ready_i holds back everything but EvNotify,
// verdict_ready_i the segments.  toe_flow must always take time_wait, unlink and free in bounded
// time, whether or not its own rx_ev, cmd_ev, tx and ntf are taken: else both wait for each other.
// After reset no event is taken for NumConns cycles.
//
// trace_o shows an event one cycle after its results were written.

module toe_tcb
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_step_types_pkg::*;
  import toe_tcb_pkg::*;
#(
    parameter int unsigned NumConns = 1024,  // power of two, 16 to 65536
    parameter bit          Trace    = 1'b1
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t     cfg_i,
    input time_us_t now_us_i,

    // From toe_flow.
    input  logic       rx_ev_valid_i,
    output logic       rx_ev_ready_o,
    input  tcb_event_t rx_ev_i,
    input  logic       cmd_ev_valid_i,
    output logic       cmd_ev_ready_o,
    input  tcb_event_t cmd_ev_i,

    // Verdicts to toe_rx, and how many of those with keep are in memory.
    output logic               verdict_valid_o,
    input  logic               verdict_ready_i,
    output rx_verdict_t        verdict_o,
    input  logic        [15:0] delivered_count_i,

    // Segments to send.
    output logic    tx_valid_o,
    input  logic    tx_ready_i,
    output tx_seg_t tx_o,

    // Notifications to the host.
    output logic ntf_valid_o,
    input  logic ntf_ready_i,
    output ntf_t ntf_o,

    // Ends of connections, to toe_flow.
    output logic              unlink_valid_o,
    input  logic              unlink_ready_i,
    output flow_key_t         unlink_key_o,
    output logic       [31:0] unlink_hash_o,
    output logic              time_wait_valid_o,
    input  logic              time_wait_ready_i,
    output time_wait_t        time_wait_o,
    output logic              free_valid_o,
    input  logic              free_ready_i,
    output conn_id_t          free_conn_o,

    // Status.
    output drop_vec_t  drop_o,
    output count_vec_t count_o,
    output logic       idle_o,
    output logic       deadline_valid_o,
    output time_us_t   deadline_us_o,

    output logic   trace_valid_o,
    output trace_t trace_o
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  localparam int unsigned TxDepth = 16;
  localparam int unsigned VerdictDepth = 16;
  localparam int unsigned NtfDepth = 16;
  localparam int unsigned EndingDepth = 16;

  // ---- After reset: forget every connection ------------------------------------------------

  logic [ConnWidth:0] clear_q;  // next connection; the top bit says that all are done
  logic clearing;
  assign clearing = !clear_q[ConnWidth];

  always_ff @(posedge clk_i) begin
    if (rst_i) clear_q <= '0;
    else if (clearing) clear_q <= clear_q + 1'b1;
  end

  // ---- Events ------------------------------------------------------------------------------

  logic timer_valid, timer_ready, timer_done, timers_idle;
  logic send_valid, send_ready, send_empty;
  logic notify_valid, notify_ready, notify_empty;
  conn_id_t timer_conn, send_conn, notify_conn;

  outputs_t room, take;
  logic notify_room;
  logic ev_valid, ev_forward, arb_busy;
  tcb_event_t ev;

  toe_event_arb #(
      .NumConns(NumConns)
  ) u_arb (
      .clk_i,
      .rst_i,
      .hold_i        (clearing),
      .now_us_i,
      .rx_valid_i    (rx_ev_valid_i),
      .rx_ready_o    (rx_ev_ready_o),
      .rx_ev_i,
      .cmd_valid_i   (cmd_ev_valid_i),
      .cmd_ready_o   (cmd_ev_ready_o),
      .cmd_ev_i,
      .timer_valid_i (timer_valid),
      .timer_ready_o (timer_ready),
      .timer_conn_i  (timer_conn),
      .send_valid_i  (send_valid),
      .send_ready_o  (send_ready),
      .send_conn_i   (send_conn),
      .notify_valid_i(notify_valid),
      .notify_ready_o(notify_ready),
      .notify_conn_i (notify_conn),
      .busy_o        (arb_busy),
      .room_i        (room),
      .notify_room_i (notify_room),
      .take_o        (take),
      .ev_valid_o    (ev_valid),
      .ev_o          (ev),
      .ev_forward_o  (ev_forward)
  );

  logic pipe_busy;
  logic done_valid, done_write, done_opens;
  tcb_event_e         done_kind;
  conn_id_t           done_conn;
  logic               enqueue_send;
  conn_id_t           enqueue_conn;
  flow_key_t          done_key;
  logic        [31:0] done_flow_hash;
  tcb_action_t        action;

  toe_tcb_pipe #(
      .NumConns(NumConns),
      .Trace(Trace)
  ) u_pipe (
      .clk_i,
      .rst_i,
      .cfg_i,
      .clear_valid_i     (clearing),
      .clear_conn_i      (clear_q[ConnWidth-1:0]),
      .ev_valid_i        (ev_valid),
      .ev_i              (ev),
      .ev_forward_i      (ev_forward),
      .busy_o            (pipe_busy),
      .out_enqueue_send_o(enqueue_send),
      .out_enqueue_conn_o(enqueue_conn),
      .out_valid_o       (done_valid),
      .out_write_o       (done_write),
      .out_kind_o        (done_kind),
      .out_conn_o        (done_conn),
      .out_opens_o       (done_opens),
      .out_key_o         (done_key),
      .out_flow_hash_o   (done_flow_hash),
      .out_action_o      (action),
      .trace_valid_o,
      .trace_o
  );

  assign timer_done = done_valid && done_kind == EvTimer;

  toe_timers #(
      .NumConns(NumConns)
  ) u_timers (
      .clk_i,
      .rst_i,
      .now_us_i,
      .clear_valid_i      (clearing),
      .clear_conn_i       (clear_q[ConnWidth-1:0]),
      .wr_valid_i         (done_write),
      .wr_conn_i          (done_conn[ConnWidth-1:0]),
      .wr_opens_i         (done_opens),
      .wr_deadline_valid_i(action.deadline_valid),
      .wr_deadline_us_i   (action.deadline_us),
      .timer_valid_o      (timer_valid),
      .timer_ready_i      (timer_ready),
      .timer_conn_o       (timer_conn),
      .timer_done_i       (timer_done),
      .idle_o             (timers_idle),
      .deadline_valid_o,
      .deadline_us_o
  );

  toe_conn_queue #(
      .NumConns(NumConns)
  ) u_send_queue (
      .clk_i,
      .rst_i,
      .push_i (enqueue_send),
      .conn_i (enqueue_conn),
      .valid_o(send_valid),
      .ready_i(send_ready),
      .conn_o (send_conn),
      .empty_o(send_empty)
  );

  toe_conn_queue #(
      .NumConns(NumConns)
  ) u_notify_queue (
      .clk_i,
      .rst_i,
      .push_i (done_valid && action.enqueue_notify),
      .conn_i (done_conn),
      .valid_o(notify_valid),
      .ready_i(notify_ready),
      .conn_o (notify_conn),
      .empty_o(notify_empty)
  );

  // ---- Room in the output queues -----------------------------------------------------------

  outputs_t used, unused, popped;
  logic [$clog2(TxDepth+1)-1:0] tx_room;
  logic [$clog2(VerdictDepth+1)-1:0] verdict_room;
  logic [$clog2(NtfDepth+1)-1:0] ntf_room;
  logic [$clog2(EndingDepth+1)-1:0] ending_room;

  assign used.tx      = done_valid && action.tx_valid;
  assign used.verdict = done_valid && action.verdict_valid;
  assign used.ntf     = done_valid && action.ntf_valid;
  assign used.ending  = done_valid && (action.time_wait || action.unlink || action.free);
  assign unused       = done_valid ? outputs_of(done_kind) & ~used : '0;

  // Known a cycle late, so places besides those that the grants of two cycles may be taking.  What a
  // command needs is left by notifications, because it needs room in the segment queue at the same
  // time and might never find both.
  logic notify_fits;
  assign notify_fits = ntf_room > 4;
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      room        <= '0;
      notify_room <= 1'b0;
    end else begin
      room.tx      <= tx_room > 2;
      room.verdict <= verdict_room > 2;
      room.ntf     <= ntf_room > 2;
      room.ending  <= ending_room > 2;
      notify_room  <= notify_fits;
    end
  end

  toe_credit #(
      .Depth(TxDepth)
  ) u_tx_credit (
      .clk_i,
      .rst_i,
      .take_i  (take.tx),
      .popped_i(popped.tx),
      .unused_i(unused.tx),
      .count_o (tx_room)
  );

  toe_credit #(
      .Depth(VerdictDepth)
  ) u_verdict_credit (
      .clk_i,
      .rst_i,
      .take_i  (take.verdict),
      .popped_i(popped.verdict),
      .unused_i(unused.verdict),
      .count_o (verdict_room)
  );

  toe_credit #(
      .Depth(NtfDepth)
  ) u_ntf_credit (
      .clk_i,
      .rst_i,
      .take_i  (take.ntf),
      .popped_i(popped.ntf),
      .unused_i(unused.ntf),
      .count_o (ntf_room)
  );

  toe_credit #(
      .Depth(EndingDepth)
  ) u_ending_credit (
      .clk_i,
      .rst_i,
      .take_i  (take.ending),
      .popped_i(popped.ending),
      .unused_i(unused.ending),
      .count_o (ending_room)
  );

  // ---- Output queues -----------------------------------------------------------------------

  logic tx_in_ready, verdict_in_ready, ntf_in_ready, stamp_in_ready, ending_in_ready;
  logic [$clog2(TxDepth):0] tx_count;
  logic [$clog2(VerdictDepth):0] verdict_count;
  logic [$clog2(NtfDepth):0] ntf_count;
  logic [$clog2(NtfDepth):0] stamp_count;
  logic [$clog2(EndingDepth):0] ending_count;

  toe_fifo #(
      .Width($bits(tx_seg_t)),
      .Depth(TxDepth)
  ) u_tx_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (used.tx),
      .in_ready_o (tx_in_ready),
      .in_data_i  (action.tx),
      .out_valid_o(tx_valid_o),
      .out_ready_i(tx_ready_i),
      .out_data_o (tx_o),
      .count_o    (tx_count)
  );

  toe_fifo #(
      .Width($bits(rx_verdict_t)),
      .Depth(VerdictDepth)
  ) u_verdict_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (used.verdict),
      .in_ready_o (verdict_in_ready),
      .in_data_i  (action.verdict),
      .out_valid_o(verdict_valid_o),
      .out_ready_i(verdict_ready_i),
      .out_data_o (verdict_o),
      .count_o    (verdict_count)
  );

  assign popped.tx      = tx_valid_o && tx_ready_i;
  assign popped.verdict = verdict_valid_o && verdict_ready_i;

  // Notifications, and beside each the number of verdicts with keep before it.  The numbers are
  // compared as soon as they come out of their queue, whether or not the host takes anything, so
  // that they never grow older than the payload on its way; released_q counts those that passed.
  logic ntf_fifo_valid, stamp_valid, stamp_pass;
  logic [15:0] keep_count_q, stamp;
  logic [$clog2(NtfDepth):0] released_q;
  logic released_some_q;  // released_q is not 0

  toe_fifo #(
      .Width($bits(ntf_t)),
      .Depth(NtfDepth)
  ) u_ntf_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (used.ntf),
      .in_ready_o (ntf_in_ready),
      .in_data_i  (action.ntf),
      .out_valid_o(ntf_fifo_valid),
      .out_ready_i(popped.ntf),
      .out_data_o (ntf_o),
      .count_o    (ntf_count)
  );

  toe_fifo #(
      .Width(16),
      .Depth(NtfDepth)
  ) u_stamp_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (used.ntf),
      .in_ready_o (stamp_in_ready),
      .in_data_i  (keep_count_q),
      .out_valid_o(stamp_valid),
      .out_ready_i(stamp_pass),
      .out_data_o (stamp),
      .count_o    (stamp_count)
  );

  assign stamp_pass  = stamp_valid && signed'(delivered_count_i - stamp) >= 0;
  assign ntf_valid_o = ntf_fifo_valid && released_some_q;
  assign popped.ntf  = ntf_valid_o && ntf_ready_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      keep_count_q    <= '0;
      released_q      <= '0;
      released_some_q <= 1'b0;
    end else begin
      if (used.verdict && action.verdict.keep) keep_count_q <= keep_count_q + 1'b1;
      released_some_q <= stamp_pass || !(released_q == '0 || (released_q == 1 && popped.ntf));
      released_q <= released_q + ($clog2(
          NtfDepth
      ) + 1)'(stamp_pass) - ($clog2(
          NtfDepth
      ) + 1)'(popped.ntf);
    end
  end

  // ---- Ends of connections -----------------------------------------------------------------

  ending_t ending_in, ending;
  logic ending_valid;

  assign ending_in.time_wait     = action.time_wait;
  assign ending_in.unlink        = action.unlink;
  assign ending_in.free          = action.free;
  assign ending_in.conn          = done_conn;
  assign ending_in.key           = done_key;
  assign ending_in.flow_hash     = done_flow_hash;
  assign ending_in.time_wait_rec = action.time_wait_rec;

  toe_fifo #(
      .Width($bits(ending_t)),
      .Depth(EndingDepth)
  ) u_ending_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (used.ending),
      .in_ready_o (ending_in_ready),
      .in_data_i  (ending_in),
      .out_valid_o(ending_valid),
      .out_ready_i(popped.ending),
      .out_data_o (ending),
      .count_o    (ending_count)
  );

  // What is left of the oldest one, to be offered in this order.  Beside it, so that what toe_flow
  // takes does not move a wide queue in the same cycle.
  logic begun_q, time_wait_left_q, unlink_left_q, free_left_q;

  assign time_wait_valid_o = time_wait_left_q;
  assign unlink_valid_o    = !time_wait_left_q && unlink_left_q;
  assign free_valid_o      = !time_wait_left_q && !unlink_left_q && free_left_q;
  assign time_wait_o       = ending.time_wait_rec;
  assign unlink_key_o      = ending.key;
  assign unlink_hash_o     = ending.flow_hash;
  assign free_conn_o       = ending.conn;
  assign popped.ending     = begun_q && !time_wait_left_q && !unlink_left_q && !free_left_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      begun_q          <= 1'b0;
      time_wait_left_q <= 1'b0;
      unlink_left_q    <= 1'b0;
      free_left_q      <= 1'b0;
    end else if (!begun_q) begin
      begun_q          <= ending_valid;
      time_wait_left_q <= ending_valid && ending.time_wait;
      unlink_left_q    <= ending_valid && ending.unlink;
      free_left_q      <= ending_valid && ending.free;
    end else begin
      if (popped.ending) begun_q <= 1'b0;
      if (time_wait_valid_o && time_wait_ready_i) time_wait_left_q <= 1'b0;
      if (unlink_valid_o && unlink_ready_i) unlink_left_q <= 1'b0;
      if (free_valid_o && free_ready_i) free_left_q <= 1'b0;
    end
  end

  // ---- Status ------------------------------------------------------------------------------

  always_comb begin
    drop_o  = '0;
    count_o = '0;
    if (done_valid) begin
      if (action.drop_valid) drop_o[action.drop] = 1'b1;
      count_o.tx_retransmit = action.tx_valid && action.tx_is_rexmit;
      count_o.tx_rst        = action.tx_valid && action.tx.flags.rst;
      count_o.passive_open  = done_kind == EvSegment && done_opens;
      count_o.active_open   = done_kind == EvCommand && done_opens;
    end
  end

  // Notifications that only the host can move are no work.
  logic notify_idle, ntf_idle;
  assign notify_idle = notify_empty || !(notify_room || notify_fits);
  assign ntf_idle = ntf_count == '0 || (ntf_valid_o && !ntf_ready_i);

  assign idle_o = !clearing && !rx_ev_valid_i && !arb_busy && !cmd_ev_valid_i && !pipe_busy &&
      timers_idle && send_empty && notify_idle && tx_count == '0 && verdict_count == '0 &&
      ntf_idle && ending_count == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_i && done_valid) begin
      OnlyReserved : assert ((used & ~outputs_of(done_kind)) == '0);
      QueuedIsRecorded :
      assert (!(action.enqueue_send || action.enqueue_notify) || action.tcb_write);
      OneVerdict : assert (used.verdict == outputs_of(done_kind).verdict);
    end
    if (!rst_i) begin
      TxRoom : assert (!used.tx || tx_in_ready);
      VerdictRoom : assert (!used.verdict || verdict_in_ready);
      NtfRoom : assert (!used.ntf || (ntf_in_ready && stamp_in_ready && stamp_count <= ntf_count));
      EndingRoom : assert (!used.ending || ending_in_ready);
    end
  end

endmodule
