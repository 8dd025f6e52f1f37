// SPDX-License-Identifier: Apache-2.0
//
// Chooses the next event of the control-block pipeline and stamps it with the time.
//
// One event a cycle; it appears on ev_o one cycle after its grant.  A source waits while an event
// of the same connection is too young (toe_tcb_pkg::age_conflicts), or while an output queue that
// its event may fill has no room; the other sources go ahead meanwhile.  Segments go first, but:
// - after MaxRxRun of them while another source waits, one event of the others goes;
// - after MaxRxRun segments of the very connection that another source waits for, the next one
//   waits for that source, because each of them keeps the connection busy.
// Among the others the one served longest ago goes first.  So each source is served after a bounded
// number of events, provided that its queues get room.
// rx_ready_o and cmd_ready_o depend on rx_ev_i and cmd_ev_i combinationally, and so does ev_o.more:
// it looks at the segment that waits when the event appears.

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

  // ---- Who may go --------------------------------------------------------------------------

  // Connections of the events granted 1, 2, ... cycles ago.  The pipeline never stalls, so this is
  // where they are.
  logic  [WriteStage-1:1] recent_valid_q;
  conn_t [WriteStage-1:1] recent_conn_q;

  function automatic logic busy(conn_t conn, logic [WriteStage-1:1] valid,
                                conn_t [WriteStage-1:1] conns);
    logic found;
    found = 1'b0;
    for (int unsigned age = 1; age < WriteStage; age++) begin
      if (age_conflicts(age) && valid[age] && conns[age] == conn) found = 1'b1;
    end
    return found;
  endfunction

  logic [NumOthers-1:0] valid, fits, able, grant;
  conn_t [NumOthers-1:0] conn;
  logic rx_able, rx_yields, rx_grant, rx_uses_tcb;
  conn_t rx_conn;

  run_t run_q;  // segments granted while another source waited
  run_t [NumOthers-1:0] same_run_q;  // the same, counting those of the waiting connection only
  logic [NumOthers-1:0][NumOthers-1:0] before_q;  // [i][j]: i goes before j

  assign valid[Cmd] = cmd_valid_i;
  assign valid[Timer] = timer_valid_i;
  assign valid[Send] = send_valid_i;
  assign valid[Notify] = notify_valid_i;
  assign conn[Cmd] = cmd_ev_i.conn[ConnWidth-1:0];
  assign conn[Timer] = timer_conn_i[ConnWidth-1:0];
  assign conn[Send] = send_conn_i[ConnWidth-1:0];
  assign conn[Notify] = notify_conn_i[ConnWidth-1:0];
  assign rx_conn = rx_ev_i.conn[ConnWidth-1:0];
  assign rx_uses_tcb = uses_tcb(rx_ev_i.kind);

  always_comb begin
    fits[Cmd]    = (outputs_of(EvCommand) & ~room_i) == '0;
    fits[Timer]  = (outputs_of(EvTimer) & ~room_i) == '0;
    fits[Send]   = (outputs_of(EvSend) & ~room_i) == '0;
    fits[Notify] = (outputs_of(EvNotify) & ~room_i) == '0 && notify_room_i;
  end

  always_comb begin
    able      = '0;
    rx_able   = 1'b0;
    rx_yields = 1'b0;
    if (!hold_i) begin
      for (int unsigned i = 0; i < NumOthers; i++) begin
        if (valid[i] && fits[i]) begin
          able[i] = !busy(conn[i], recent_valid_q, recent_conn_q);
          if (conn[i] == rx_conn && same_run_q[i] == RunFull) rx_yields = rx_uses_tcb;
        end
      end
      if (rx_valid_i) begin
        rx_able = (outputs_of(rx_ev_i.kind) & ~room_i) == '0 &&
            !(rx_uses_tcb && busy(rx_conn, recent_valid_q, recent_conn_q));
      end
    end
  end

  // ---- Who goes ----------------------------------------------------------------------------
  // The winner of the others is found beside the decision whether they or the segment go, so that
  // only the last choice waits for both.

  logic [NumOthers-1:0] winner;
  logic any_able, rx_wants, granted;
  tcb_event_e winner_kind, kind;
  conn_id_t winner_conn, granted_conn;

  assign any_able = able != '0;
  assign rx_wants = rx_able && !rx_yields;
  assign rx_grant = rx_wants && !(run_q == RunFull && any_able);
  assign granted  = rx_wants || any_able;

  always_comb begin
    winner = able;
    if (any_able) begin
      for (int unsigned i = 0; i < NumOthers; i++) begin
        for (int unsigned j = 0; j < NumOthers; j++) begin
          if (i != j && able[j] && before_q[j][i]) winner[i] = 1'b0;
        end
      end
    end
  end

  always_comb begin
    winner_kind = EvCommand;
    winner_conn = cmd_ev_i.conn;
    unique case (1'b1)
      winner[Timer]: begin
        winner_kind = EvTimer;
        winner_conn = timer_conn_i;
      end
      winner[Send]: begin
        winner_kind = EvSend;
        winner_conn = send_conn_i;
      end
      winner[Notify]: begin
        winner_kind = EvNotify;
        winner_conn = notify_conn_i;
      end
      default: ;
    endcase
  end

  assign kind           = rx_grant ? rx_ev_i.kind : winner_kind;
  assign granted_conn   = rx_grant ? rx_ev_i.conn : winner_conn;
  assign grant          = rx_grant ? '0 : winner;

  assign rx_ready_o     = rx_grant;
  assign cmd_ready_o    = grant[Cmd];
  assign timer_ready_o  = grant[Timer];
  assign send_ready_o   = grant[Send];
  assign notify_ready_o = grant[Notify];

  always_comb begin
    take_o = '0;
    if (rx_grant) take_o = outputs_of(rx_ev_i.kind);
    else if (any_able) take_o = outputs_of(winner_kind);
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      run_q      <= '0;
      same_run_q <= '0;
    end else begin
      if (grant != '0 || valid == '0) run_q <= '0;
      else if (rx_grant && run_q != RunFull) run_q <= run_q + 1'b1;
      for (int unsigned i = 0; i < NumOthers; i++) begin
        if (grant[i] || !valid[i]) begin
          same_run_q[i] <= '0;
        end else if (rx_grant && rx_uses_tcb && rx_conn == conn[i]) begin
          if (same_run_q[i] != RunFull) same_run_q[i] <= same_run_q[i] + 1'b1;
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

  // ---- The event ---------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      recent_valid_q <= '0;
      ev_valid_o     <= 1'b0;
    end else begin
      recent_valid_q <= {recent_valid_q[WriteStage-2:1], rx_grant ? rx_uses_tcb : any_able};
      ev_valid_o     <= granted;
    end
  end

  always_ff @(posedge clk_i) begin
    if (granted) recent_conn_q[1] <= granted_conn[ConnWidth-1:0];
    for (int unsigned age = 2; age < WriteStage; age++) begin
      if (recent_valid_q[age-1]) recent_conn_q[age] <= recent_conn_q[age-1];
    end
  end

  // The wide parts are taken whenever they are offered, because a grant comes too late to choose
  // among so many bits; what they are is known a cycle later.
  tcb_event_e kind_q;
  conn_id_t   conn_q;
  time_us_t   now_us_q;
  logic is_rx_q, is_cmd_q, rx_opens_q, cmd_opens_q;
  rx_seg_t seg_q;
  cmd_t cmd_q;
  tcb_open_t rx_open_q, cmd_open_q;

  always_ff @(posedge clk_i) begin
    kind_q   <= kind;
    conn_q   <= granted_conn;
    now_us_q <= now_us_i;
    is_rx_q  <= rx_grant;
    is_cmd_q <= grant[Cmd];
    if (rx_valid_i) begin
      seg_q      <= rx_ev_i.seg;
      rx_opens_q <= rx_ev_i.open_valid;
      rx_open_q  <= rx_ev_i.open;
    end
    if (cmd_valid_i) begin
      cmd_q       <= cmd_ev_i.cmd;
      cmd_opens_q <= cmd_ev_i.open_valid;
      cmd_open_q  <= cmd_ev_i.open;
    end
  end

  // What an event does not have is zero, so that a step depends on nothing else.
  always_comb begin
    ev_o            = '0;
    ev_o.kind       = kind_q;
    ev_o.conn       = conn_q;
    ev_o.now_us     = now_us_q;
    ev_o.open_valid = (is_rx_q && rx_opens_q) || (is_cmd_q && cmd_opens_q);
    if (is_rx_q) begin
      ev_o.seg  = seg_q;
      ev_o.open = rx_open_q;
    end
    if (is_cmd_q) begin
      ev_o.cmd  = cmd_q;
      ev_o.open = cmd_open_q;
    end
    ev_o.more = ev_valid_o && kind_q == EvSegment && rx_valid_i && rx_ev_i.kind == EvSegment &&
        rx_ev_i.conn == conn_q;
  end

endmodule
