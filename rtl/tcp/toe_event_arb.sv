// SPDX-License-Identifier: Apache-2.0
//
// Chooses the next event of the control-block pipeline and stamps it with the time.
//
// One event a cycle.  A source waits while an event of the same connection is too young
// (toe_tcb_pkg::age_conflicts), or while an output queue that its event may fill has no room; the
// other sources go ahead meanwhile.  Segments go first, but:
// - after MaxRxRun of them while another source waits, one event of the others goes;
// - after MaxRxRun segments of the very connection that another source waits for, the next one
//   waits for that source, because each of them keeps the connection busy.
// Among the others the one served longest ago goes first.  So each source is served after a bounded
// number of events, provided that its queues get room.
//
// Who goes in a cycle is decided in the cycle before: a grant reads a control block and moves a wide
// event at once, and so comes from a register.  Segments come through a register and lose no cycle by
// that; each other source goes every second cycle at most.  room_i must say that there is a place
// besides the one that this cycle's grant takes.  ev_o.more looks at the segment behind in rx_ev_i.
//
// For the same reason ev_o is not masked: its segment means something for events from toe_rx only,
// its command for EvCommand only (toe_tcb_pkg::only_own).

module toe_event_arb
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_tcb_pkg::*;
#(
    parameter int unsigned NumConns = 1024,  // power of two
    parameter int unsigned MaxRxRun = 8
) (
    input logic clk_i,
    input logic rst_i,

    input logic     hold_i,   // no grants
    input time_us_t now_us_i,

    // From toe_flow.  Their now_us is set here, a segment has no cmd and a command no seg.
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic       rx_valid_i,
    output logic       rx_ready_o,
    input  tcb_event_t rx_ev_i,
    input  logic       cmd_valid_i,
    output logic       cmd_ready_o,
    input  tcb_event_t cmd_ev_i,
    /* verilator lint_on UNUSEDSIGNAL */

    // From timers, send queue and notification queue.
    input  logic     timer_valid_i,
    output logic     timer_ready_o,
    input  conn_id_t timer_conn_i,
    input  logic     send_valid_i,
    output logic     send_ready_o,
    input  conn_id_t send_conn_i,
    input  logic     notify_valid_i,
    output logic     notify_ready_o,
    input  conn_id_t notify_conn_i,

    output logic busy_o,  // a segment has been taken, and not granted

    // Room in the output queues, and what the event granted in this cycle reserves.
    input  outputs_t room_i,
    input  logic     notify_room_i,  // room in the notification queue that a command does not need
    output outputs_t take_o,

    output logic       ev_valid_o,
    output tcb_event_t ev_o,
    output logic       ev_forward_o  // an event of the same connection went ForwardAge cycles ago
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  localparam int unsigned RunWidth = $clog2(MaxRxRun + 1);
  typedef logic [ConnWidth-1:0] conn_t;
  typedef logic [RunWidth-1:0] run_t;
  localparam run_t RunFull = run_t'(MaxRxRun);

  // The sources but for segments.
  localparam int unsigned NumOthers = 4;
  localparam int unsigned Cmd = 0;
  localparam int unsigned Timer = 1;
  localparam int unsigned Send = 2;
  localparam int unsigned Notify = 3;

  // ---- The segment in front ------------------------------------------------------------------

  logic front_valid_q, front_free, rx_grant_q;
  // verilator lint_off UNUSEDSIGNAL  // as rx_ev_i
  tcb_event_t front_q;
  // verilator lint_on UNUSEDSIGNAL
  assign front_free = !front_valid_q || rx_grant_q;
  assign rx_ready_o = front_free;
  assign busy_o     = front_valid_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) front_valid_q <= 1'b0;
    else if (front_free) front_valid_q <= rx_valid_i;
  end

  always_ff @(posedge clk_i) if (front_free && rx_valid_i) front_q <= rx_ev_i;

  // ---- Who goes ------------------------------------------------------------------------------

  logic [NumOthers-1:0] valid, grant_q;
  conn_t [NumOthers-1:0] conn;
  logic other_grant, run_full, front_uses_tcb;
  conn_t front_conn;

  run_t run_q;  // segments granted while another source waited
  logic run_full_q;  // as many as there may be
  run_t [NumOthers-1:0] same_run_q;  // the same, counting those of the waiting connection only
  logic [NumOthers-1:0] same_full_q;
  logic [NumOthers-1:0][NumOthers-1:0] before_q;  // [i][j]: i goes before j

  assign valid[Cmd] = cmd_valid_i;
  assign valid[Timer] = timer_valid_i;
  assign valid[Send] = send_valid_i;
  assign valid[Notify] = notify_valid_i;
  assign conn[Cmd] = cmd_ev_i.conn[ConnWidth-1:0];
  assign conn[Timer] = timer_conn_i[ConnWidth-1:0];
  assign conn[Send] = send_conn_i[ConnWidth-1:0];
  assign conn[Notify] = notify_conn_i[ConnWidth-1:0];
  assign front_conn = front_q.conn[ConnWidth-1:0];
  assign front_uses_tcb = uses_tcb(front_q.kind);

  assign other_grant = grant_q != '0;
  assign run_full = !other_grant && (run_full_q || (rx_grant_q && run_q == RunFull - 1'b1));
  assign cmd_ready_o = grant_q[Cmd];
  assign timer_ready_o = grant_q[Timer];
  assign send_ready_o = grant_q[Send];
  assign notify_ready_o = grant_q[Notify];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      run_q       <= '0;
      run_full_q  <= 1'b0;
      same_run_q  <= '0;
      same_full_q <= '0;
    end else begin
      run_full_q <= run_full && valid != '0;
      if (other_grant || valid == '0) run_q <= '0;
      else if (rx_grant_q && !run_full_q) run_q <= run_q + 1'b1;
      for (int unsigned i = 0; i < NumOthers; i++) begin
        if (grant_q[i] || !valid[i]) begin
          same_run_q[i]  <= '0;
          same_full_q[i] <= 1'b0;
        end else if (rx_grant_q && front_uses_tcb && front_conn == conn[i] && !same_full_q[i]) begin
          same_run_q[i]  <= same_run_q[i] + 1'b1;
          same_full_q[i] <= same_run_q[i] == RunFull - 1'b1;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < NumOthers; i++) begin
      for (int unsigned j = 0; j < NumOthers; j++) begin
        if (rst_i) before_q[i][j] <= i < j;
        else if (grant_q[i]) before_q[i][j] <= 1'b0;
        else if (grant_q[j]) before_q[i][j] <= 1'b1;
      end
    end
  end

  // ---- Who goes in the next cycle ------------------------------------------------------------

  // Connections of the events granted 1, 2, ... cycles ago.  The pipeline never stalls, so this is
  // where they are.
  logic  [WriteStage-1:1] recent_valid_q;
  conn_t [WriteStage-1:1] recent_conn_q;

  // An event granted before this cycle will be too young in the next one.
  function automatic logic will_conflict(conn_t of, logic [WriteStage-1:1] recent,
                                         conn_t [WriteStage-1:1] conns);
    logic found;
    found = 1'b0;
    for (int unsigned age = 1; age < WriteStage - 1; age++) begin
      if (age_conflicts(age + 1) && recent[age] && conns[age] == of) found = 1'b1;
    end
    return found;
  endfunction

  // What the event granted ForwardAge cycles before the next one writes is what that would read.
  function automatic logic will_forward(conn_t of, logic [WriteStage-1:1] recent,
                                        conn_t [WriteStage-1:1] conns);
    return recent[ForwardAge-1] && conns[ForwardAge-1] == of;
  endfunction

  // One of those marked is of this connection.
  function automatic logic meets(conn_t of, logic [NumOthers-1:0] marked,
                                 conn_t [NumOthers-1:0] conns);
    logic found;
    found = 1'b0;
    for (int unsigned i = 0; i < NumOthers; i++) begin
      if (marked[i] && conns[i] == of) found = 1'b1;
    end
    return found;
  endfunction

  function automatic logic has_room(tcb_event_e kind, outputs_t room);
    return (outputs_of(kind) & ~room) == '0;
  endfunction

  logic next_uses_tcb, front_may, next_may, rx_may, rx_goes, rx_forward_q;
  conn_t next_conn;
  logic [NumOthers-1:0] fits, waiting, may, goes, forward_q;
  assign next_uses_tcb = uses_tcb(rx_ev_i.kind);
  assign next_conn = rx_ev_i.conn[ConnWidth-1:0];
  assign fits = {
    has_room(EvNotify, room_i) && notify_room_i,
    has_room(EvSend, room_i),
    has_room(EvTimer, room_i),
    has_room(EvCommand, room_i)
  };
  // A segment must not go before these any more.
  assign waiting = valid & fits & same_full_q;

  // The front of the next cycle: as it is when nothing is taken from it, or the segment behind.
  always_comb begin
    front_may = front_valid_q && has_room(front_q.kind, room_i);
    if (front_uses_tcb && (will_conflict(
            front_conn, recent_valid_q, recent_conn_q
        ) || meets(
            front_conn, waiting | grant_q, conn
        )))
      front_may = 1'b0;
  end

  always_comb begin
    next_may = rx_valid_i && has_room(rx_ev_i.kind, room_i);
    if (next_uses_tcb && (will_conflict(
            next_conn, recent_valid_q, recent_conn_q
        ) || meets(
            next_conn, waiting | grant_q, conn
        ) || (rx_grant_q && front_uses_tcb && front_conn == next_conn)))
      next_may = 1'b0;
  end

  always_comb begin
    for (int unsigned i = 0; i < NumOthers; i++) begin
      may[i] = valid[i] && fits[i] && !will_conflict(conn[i], recent_valid_q, recent_conn_q) &&
          !meets(conn[i], grant_q, conn) &&
          !(rx_grant_q && front_uses_tcb && front_conn == conn[i]);
    end
  end

  assign rx_may  = front_free ? next_may : front_may;
  assign rx_goes = rx_may && !(run_full && may != '0);

  // One that is granted now may not go in the next cycle, so before_q holds for those that may.
  always_comb begin
    goes = rx_may && !run_full ? '0 : may;
    for (int unsigned i = 0; i < NumOthers; i++) begin
      for (int unsigned j = 0; j < NumOthers; j++) begin
        if (i != j && may[j] && before_q[j][i]) goes[i] = 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i || hold_i) begin
      ev_valid_o <= 1'b0;
      rx_grant_q <= 1'b0;
      grant_q    <= '0;
    end else begin
      ev_valid_o <= rx_may || may != '0;
      rx_grant_q <= rx_goes;
      grant_q    <= goes;
    end
  end

  always_ff @(posedge clk_i) begin
    rx_forward_q <= will_forward(
        front_free ? next_conn : front_conn, recent_valid_q, recent_conn_q
    );
    for (int unsigned i = 0; i < NumOthers; i++) begin
      forward_q[i] <= will_forward(conn[i], recent_valid_q, recent_conn_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) recent_valid_q <= '0;
    else
      recent_valid_q <= {recent_valid_q[WriteStage-2:1], rx_grant_q ? front_uses_tcb : other_grant};
  end

  always_ff @(posedge clk_i) begin
    recent_conn_q[1] <= ev_o.conn[ConnWidth-1:0];
    for (int unsigned age = 2; age < WriteStage; age++) begin
      if (recent_valid_q[age-1]) recent_conn_q[age] <= recent_conn_q[age-1];
    end
  end

  // ---- The event -----------------------------------------------------------------------------

  assign ev_forward_o = rx_grant_q ? rx_forward_q : (grant_q & forward_q) != '0;

  always_comb begin
    ev_o = front_q;
    ev_o.cmd = cmd_ev_i.cmd;
    ev_o.now_us = now_us_i;
    ev_o.more       = rx_grant_q && front_q.kind == EvSegment && rx_valid_i &&
        rx_ev_i.kind == EvSegment && rx_ev_i.conn == front_q.conn;
    if (!rx_grant_q) begin
      ev_o.kind       = EvCommand;
      ev_o.conn       = cmd_ev_i.conn;
      ev_o.open_valid = grant_q[Cmd] && cmd_ev_i.open_valid;
      ev_o.open       = cmd_ev_i.open;
      if (grant_q[Timer]) begin
        ev_o.kind = EvTimer;
        ev_o.conn = timer_conn_i;
      end
      if (grant_q[Send]) begin
        ev_o.kind = EvSend;
        ev_o.conn = send_conn_i;
      end
      if (grant_q[Notify]) begin
        ev_o.kind = EvNotify;
        ev_o.conn = notify_conn_i;
      end
    end
  end

  assign take_o = ev_valid_o ? outputs_of(ev_o.kind) : '0;

endmodule
