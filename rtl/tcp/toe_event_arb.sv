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
// Who may go in a cycle is known from the cycle before, so that a grant is quick: it reads a control
// block and moves a wide event at once.  Segments come through a register and so lose no cycle by
// that; each other source goes every second cycle at most.  room_i must say that there is a place
// besides the one that this cycle's grant takes.  ev_o.more looks at the segment behind in rx_ev_i.

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
    output tcb_event_t ev_o
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

  logic front_valid_q, front_free, rx_grant;
  // verilator lint_off UNUSEDSIGNAL  // as rx_ev_i
  tcb_event_t front_q;
  // verilator lint_on UNUSEDSIGNAL
  assign front_free = !front_valid_q || rx_grant;
  assign rx_ready_o = front_free;
  assign busy_o     = front_valid_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) front_valid_q <= 1'b0;
    else if (front_free) front_valid_q <= rx_valid_i;
  end

  always_ff @(posedge clk_i) if (front_free && rx_valid_i) front_q <= rx_ev_i;

  // ---- Who goes ------------------------------------------------------------------------------

  logic [NumOthers-1:0] valid, able_q, grant, winner;
  conn_t [NumOthers-1:0] conn;
  logic rx_able_q, rx_yields, rx_wants, any_able, front_uses_tcb;
  conn_t front_conn;

  run_t run_q;  // segments granted while another source waited
  logic run_full_q;  // as many as there may be
  run_t [NumOthers-1:0] same_run_q;  // the same, counting those of the waiting connection only
  logic [NumOthers-1:0] same_full_q;
  logic [NumOthers-1:0] same_conn_q;  // the source wants the connection in front, and has room
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

  always_comb begin
    rx_yields = 1'b0;
    for (int unsigned i = 0; i < NumOthers; i++) begin
      if (same_conn_q[i] && same_full_q[i]) rx_yields = 1'b1;
    end
  end

  assign any_able = able_q != '0;
  assign rx_wants = rx_able_q && !rx_yields;
  assign rx_grant = rx_wants && !(run_full_q && any_able);

  always_comb begin
    winner = able_q;
    if (any_able) begin
      for (int unsigned i = 0; i < NumOthers; i++) begin
        for (int unsigned j = 0; j < NumOthers; j++) begin
          if (i != j && able_q[j] && before_q[j][i]) winner[i] = 1'b0;
        end
      end
    end
  end

  assign grant          = rx_grant ? '0 : winner;
  assign cmd_ready_o    = grant[Cmd];
  assign timer_ready_o  = grant[Timer];
  assign send_ready_o   = grant[Send];
  assign notify_ready_o = grant[Notify];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      run_q       <= '0;
      run_full_q  <= 1'b0;
      same_run_q  <= '0;
      same_full_q <= '0;
    end else begin
      if (grant != '0 || valid == '0) begin
        run_q      <= '0;
        run_full_q <= 1'b0;
      end else if (rx_grant && !run_full_q) begin
        run_q      <= run_q + 1'b1;
        run_full_q <= run_q == RunFull - 1'b1;
      end
      for (int unsigned i = 0; i < NumOthers; i++) begin
        if (grant[i] || !valid[i]) begin
          same_run_q[i]  <= '0;
          same_full_q[i] <= 1'b0;
        end else if (rx_grant && front_uses_tcb && front_conn == conn[i] && !same_full_q[i]) begin
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
        else if (grant[i]) before_q[i][j] <= 1'b0;
        else if (grant[j]) before_q[i][j] <= 1'b1;
      end
    end
  end

  // ---- Who may go in the next cycle ----------------------------------------------------------

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

  // One granted in this cycle will.
  function automatic logic meets_grant(conn_t of, logic rx, conn_t rx_conn,
                                       logic [NumOthers-1:0] other,
                                       conn_t [NumOthers-1:0] other_conn);
    logic found;
    found = rx && rx_conn == of;
    for (int unsigned i = 0; i < NumOthers; i++) begin
      if (other[i] && other_conn[i] == of) found = 1'b1;
    end
    return found;
  endfunction

  function automatic logic has_room(tcb_event_e kind, outputs_t room);
    return (outputs_of(kind) & ~room) == '0;
  endfunction

  logic rx_uses, front_waits, next_may;
  logic [NumOthers-1:0] fits;
  assign rx_uses = rx_grant && front_uses_tcb;
  assign fits = {
    has_room(EvNotify, room_i) && notify_room_i,
    has_room(EvSend, room_i),
    has_room(EvTimer, room_i),
    has_room(EvCommand, room_i)
  };

  // The front of the next cycle: as it is, or the segment behind.
  always_comb begin
    front_waits = front_valid_q && has_room(front_q.kind, room_i);
    if (front_uses_tcb && (will_conflict(
            front_conn, recent_valid_q, recent_conn_q
        ) || meets_grant(
            front_conn, 1'b0, front_conn, grant, conn
        )))
      front_waits = 1'b0;
  end

  always_comb begin
    next_may = rx_valid_i && has_room(rx_ev_i.kind, room_i);
    if (uses_tcb(
            rx_ev_i.kind
        ) && (will_conflict(
            rx_ev_i.conn[ConnWidth-1:0], recent_valid_q, recent_conn_q
        ) || meets_grant(
            rx_ev_i.conn[ConnWidth-1:0], rx_uses, front_conn, grant, conn
        )))
      next_may = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i || hold_i) begin
      rx_able_q   <= 1'b0;
      able_q      <= '0;
      same_conn_q <= '0;
    end else begin
      rx_able_q <= front_free ? next_may : front_waits;
      for (int unsigned i = 0; i < NumOthers; i++) begin
        able_q[i] <= valid[i] && fits[i] && !will_conflict(
            conn[i], recent_valid_q, recent_conn_q
        ) && !meets_grant(
            conn[i], rx_uses, front_conn, grant, conn
        );
        same_conn_q[i] <= valid[i] && !grant[i] && fits[i] && (front_free ? uses_tcb(
            rx_ev_i.kind
        ) && rx_ev_i.conn[ConnWidth-1:0] == conn[i] : front_uses_tcb && front_conn == conn[i]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) recent_valid_q <= '0;
    else recent_valid_q <= {recent_valid_q[WriteStage-2:1], rx_grant ? front_uses_tcb : any_able};
  end

  always_ff @(posedge clk_i) begin
    recent_conn_q[1] <= ev_o.conn[ConnWidth-1:0];
    for (int unsigned age = 2; age < WriteStage; age++) begin
      if (recent_valid_q[age-1]) recent_conn_q[age] <= recent_conn_q[age-1];
    end
  end

  // ---- The event -----------------------------------------------------------------------------

  assign ev_valid_o = rx_wants || any_able;

  // What an event does not have is zero, so that a step depends on nothing else.
  always_comb begin
    ev_o      = '0;
    ev_o.kind = EvCommand;
    ev_o.conn = cmd_ev_i.conn;
    if (rx_grant) begin
      ev_o.kind = front_q.kind;
      ev_o.conn = front_q.conn;
      ev_o.seg = front_q.seg;
      ev_o.open_valid = front_q.open_valid;
      ev_o.open = front_q.open;
      ev_o.more       = front_q.kind == EvSegment && rx_valid_i && rx_ev_i.kind == EvSegment &&
          rx_ev_i.conn == front_q.conn;
    end else if (winner[Timer]) begin
      ev_o.kind = EvTimer;
      ev_o.conn = timer_conn_i;
    end else if (winner[Send]) begin
      ev_o.kind = EvSend;
      ev_o.conn = send_conn_i;
    end else if (winner[Notify]) begin
      ev_o.kind = EvNotify;
      ev_o.conn = notify_conn_i;
    end else if (winner[Cmd]) begin
      ev_o.cmd        = cmd_ev_i.cmd;
      ev_o.open_valid = cmd_ev_i.open_valid;
      ev_o.open       = cmd_ev_i.open;
    end
    ev_o.now_us = now_us_i;
  end

  assign take_o = ev_valid_o ? outputs_of(ev_o.kind) : '0;

endmodule
