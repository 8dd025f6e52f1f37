// SPDX-License-Identifier: Apache-2.0
//
// toe_event_arb grants one event a cycle, to who offers one and has room for all that it may cause;
// the event comes out whole; two events of one connection are never so near to each
// other that the second would miss what the first writes; and every source is served in bounded time.
//
// The bounds are ranks: numbers made of the arbiter's state that fall in every cycle in which the
// source waits although nothing holds it, its queues have room, and (segments only) those of the
// other sources too.
//
// formal: two  params=NumConns=2,MaxRxRun=2 depth=2 cover=16
// formal: four params=NumConns=4,MaxRxRun=8 depth=2 cover=60

module toe_event_arb_proof
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_tcb_pkg::*;
#(
    parameter int unsigned NumConns = 2,
    parameter int unsigned MaxRxRun = 2
) (
    input logic             clk_i,
    input logic             rst_i,
    input logic             hold_i,
    input time_us_t         now_us_i,
    input logic             rx_valid_i,
    input tcb_event_t       rx_ev_i,
    input tcb_event_t       cmd_ev_i,
    input logic       [3:0] valid_i,       // command, timer, send, notify
    input conn_id_t   [3:0] conn_i,
    input outputs_t         room_i,
    input logic             notify_room_i
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  typedef logic [ConnWidth-1:0] conn_t;
  typedef logic [11:0] rank_t;

  logic rx_ready, ev_valid, forward, busy;
  logic [3:0] ready;
  outputs_t take;
  tcb_event_t ev;

  tcb_event_t cmd_ev;
  always_comb begin
    cmd_ev = cmd_ev_i;
    cmd_ev.conn = conn_i[0];
  end

  toe_event_arb #(
      .NumConns(NumConns),
      .MaxRxRun(MaxRxRun)
  ) u_dut (
      .clk_i,
      .rst_i,
      .hold_i,
      .now_us_i,
      .rx_valid_i,
      .rx_ready_o    (rx_ready),
      .rx_ev_i,
      .cmd_valid_i   (valid_i[0]),
      .cmd_ready_o   (ready[0]),
      .cmd_ev_i      (cmd_ev),
      .timer_valid_i (valid_i[1]),
      .timer_ready_o (ready[1]),
      .timer_conn_i  (conn_i[1]),
      .send_valid_i  (valid_i[2]),
      .send_ready_o  (ready[2]),
      .send_conn_i   (conn_i[2]),
      .notify_valid_i(valid_i[3]),
      .notify_ready_o(ready[3]),
      .notify_conn_i (conn_i[3]),
      .busy_o        (busy),
      .room_i,
      .notify_room_i,
      .take_o        (take),
      .ev_valid_o    (ev_valid),
      .ev_o          (ev),
      .ev_forward_o  (forward)
  );

  // ---- What sources may do -----------------------------------------------------------------

  toe_stream_check #(
      .Width ($bits(tcb_event_t)),
      .Assume(1'b1)
  ) u_rx_check (
      .clk_i,
      .rst_i,
      .valid_i(rx_valid_i),
      .ready_i(rx_ready),
      .data_i (rx_ev_i)
  );
  for (genvar i = 0; i < 4; i++) begin : gen_check
    toe_stream_check #(
        .Width ($bits(conn_id_t)),
        .Assume(1'b1)
    ) u_check (
        .clk_i,
        .rst_i,
        .valid_i(valid_i[i]),
        .ready_i(ready[i]),
        .data_i (conn_i[i])
    );
  end

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    KindOfSegments : assume (rx_ev_i.kind inside {EvSegment, EvNoConn, EvDiscard, EvIcmp});
  end

  // ---- What has been granted, by the ports alone -------------------------------------------

  localparam tcb_event_e KindOf[4] = '{EvCommand, EvTimer, EvSend, EvNotify};

  // The segment that was taken and waits, and what a grant goes by: the cycle before.
  logic front_valid_q, hold_q, notify_room_q;
  // verilator lint_off UNUSEDSIGNAL  // a segment has no cmd, and no time yet
  tcb_event_t front_q;
  // verilator lint_on UNUSEDSIGNAL
  outputs_t room_q;
  logic [3:0] waited_q;
  always_ff @(posedge clk_i) begin
    if (rst_i) front_valid_q <= 1'b0;
    else if (rx_ready) front_valid_q <= rx_valid_i;
    if (rx_ready && rx_valid_i) front_q <= rx_ev_i;
    hold_q        <= hold_i || rst_i;
    room_q        <= room_i;
    notify_room_q <= notify_room_i;
    waited_q      <= rst_i ? '0 : valid_i & ~ready;
    // As u_check says, but of the cycle that induction begins in too.
    OffersStay : assume ((waited_q & ~valid_i) == '0);
  end

  logic rx_granted;
  tcb_event_t expected;  // what is granted now
  always_comb begin
    rx_granted = ev_valid && ready == '0;
    expected   = '0;
    if (rx_granted) begin
      expected.kind       = front_q.kind;
      expected.conn       = front_q.conn;
      expected.seg        = front_q.seg;
      expected.open_valid = front_q.open_valid;
      expected.open       = front_q.open;
      expected.muted      = front_q.muted;
    end
    for (int unsigned i = 0; i < 4; i++) begin
      if (ready[i]) begin
        expected.kind = KindOf[i];
        expected.conn = conn_i[i];
      end
    end
    if (ready[0]) begin
      expected.cmd        = cmd_ev.cmd;
      expected.open_valid = cmd_ev.open_valid;
      expected.open       = cmd_ev.open;
    end
    expected.now_us = now_us_i;
  end

  logic  [WriteStage-1:1] used_q;  // a TCB was given to an event 1, 2, ... cycles ago
  conn_t [WriteStage-1:1] used_conn_q;
  always_ff @(posedge clk_i) begin
    used_conn_q <= {used_conn_q[WriteStage-2:1], conn_t'(expected.conn)};
    used_q      <= rst_i ? '0 : {used_q[WriteStage-2:1], ev_valid && uses_tcb(expected.kind)};
  end

  logic whole;
  always_comb begin
    tcb_event_t shown;
    shown = only_own(ev);
    shown.more = 1'b0;  // MoreIsNext
    whole = shown == only_own(expected);
  end

  // Cycles until nothing of this connection is in the pipeline.
  function automatic rank_t busy_cycles(conn_t conn);
    rank_t most;
    most = '0;
    for (int unsigned age = WriteStage - 1; age >= 1; age--) begin
      if (used_q[age] && used_conn_q[age] == conn) most = rank_t'(WriteStage - age);
    end
    return most;
  endfunction

  // An event of this connection would be too near to one before.
  function automatic logic near(conn_t conn);
    logic found;
    found = 1'b0;
    for (int unsigned age = 1; age < WriteStage; age++) begin
      if (used_q[age] && used_conn_q[age] == conn && age_conflicts(age)) found = 1'b1;
    end
    return found;
  endfunction

  logic history_agrees;
  always_comb begin
    history_agrees = u_dut.recent_valid_q == used_q;
    for (int unsigned age = 1; age < WriteStage; age++) begin
      if (used_q[age] && used_conn_q[age] != u_dut.recent_conn_q[age]) history_agrees = 1'b0;
    end
  end

  // Who goes is known exactly.
  logic rx_may, rx_first;
  logic [3:0] may, first;
  always_comb begin
    for (int unsigned i = 0; i < 4; i++) begin
      may[i] = waited_q[i] && (outputs_of(KindOf[i]) & ~room_q) == '0 &&
          !near(conn_t'(conn_i[i])) && (i != 3 || notify_room_q) && !hold_q;
    end
    rx_may = front_valid_q && (outputs_of(front_q.kind) & ~room_q) == '0 &&
        !(uses_tcb(front_q.kind) && near(conn_t'(front_q.conn))) && !hold_q;
    // A source that has waited long enough for the segment's connection, and has room.
    for (int unsigned i = 0; i < 4; i++) begin
      if (waited_q[i] && 32'(u_dut.same_run_q[i]) == MaxRxRun && (outputs_of(
              KindOf[i]
          ) & ~room_q) == '0 && (i != 3 || notify_room_q) && uses_tcb(
              front_q.kind
          ) && conn_t'(front_q.conn) == conn_t'(conn_i[i]))
        rx_may = 1'b0;
    end
    rx_first = rx_may && !(32'(u_dut.run_q) == MaxRxRun && may != '0);
    first = rx_first ? '0 : may;
    for (int unsigned i = 0; i < 4; i++) begin
      for (int unsigned j = 0; j < 4; j++) begin
        if (i != j && may[j] && u_dut.before_q[j][i]) first[i] = 1'b0;
      end
    end
  end

  // ---- Ranks -------------------------------------------------------------------------------

  // One event of the connection costs at most the pipeline and the run of segments after it; the
  // slack of WriteStage lets the rank of segments fall when such an event goes.
  localparam rank_t EventCost = rank_t'(MaxRxRun + 2 * WriteStage);

  logic [3:0] has_room;
  always_comb begin
    for (int unsigned i = 0; i < 4; i++)
    has_room[i] = (outputs_of(KindOf[i]) & ~(room_i & room_q)) == '0;
    if (!notify_room_i || !notify_room_q) has_room[3] = 1'b0;
  end

  rank_t [3:0] rank;
  rank_t rx_rank;
  always_comb begin
    for (int unsigned i = 0; i < 4; i++) begin
      rank[i] = rank_t'(MaxRxRun) - rank_t'(u_dut.same_run_q[i]);
      for (int unsigned j = 0; j < 4; j++) begin
        if (j != i && u_dut.before_q[j][i]) rank[i] = rank[i] + 1'b1;
      end
      rank[i] = rank_t'(rank[i] * EventCost);
      // One that is new may be overtaken once by whom it will go before.
      if (!waited_q[i]) rank[i] = rank[i] + rank_t'(MaxRxRun + WriteStage);
      else if (busy_cycles(conn_t'(conn_i[i])) != '0)
        rank[i] = rank[i] + rank_t'(MaxRxRun) + busy_cycles(conn_t'(conn_i[i]));
      else rank[i] = rank[i] + rank_t'(MaxRxRun) - rank_t'(u_dut.run_q);
    end
    rx_rank = busy_cycles(conn_t'(front_q.conn));
    if (32'(u_dut.run_q) == MaxRxRun) rx_rank = rx_rank + rank_t'(WriteStage + 1);
    for (int unsigned i = 0; i < 4; i++) begin
      if (valid_i[i] && conn_t'(conn_i[i]) == conn_t'(front_q.conn) &&
          32'(u_dut.same_run_q[i]) == MaxRxRun)
        rx_rank = rx_rank + rank[i] + rank_t'(WriteStage + 1);
    end
  end

  // The largest that the ranks can be, and so the longest wait in cycles.
  localparam rank_t MostWait = rank_t'((MaxRxRun + 3) * EventCost + MaxRxRun + WriteStage);
  localparam rank_t
      MostRxWait = rank_t'(4 * (3 * EventCost + MaxRxRun + 2 * WriteStage) + 2 * WriteStage);

  logic [3:0] waits, waits_q;
  logic rx_waits, rx_waits_q;
  rank_t [3:0] rank_q, wait_q;
  rank_t rx_rank_q, rx_wait_q;
  always_comb begin
    waits = hold_i || hold_q ? '0 : valid_i & ~ready & has_room;
    rx_waits = front_valid_q && !rx_granted && !hold_i && !hold_q && (room_i & room_q) == '1 &&
        notify_room_i && notify_room_q;
  end
  always_ff @(posedge clk_i) begin
    waits_q    <= rst_i ? '0 : waits;
    rx_waits_q <= !rst_i && rx_waits;
    rank_q     <= rank;
    rx_rank_q  <= rx_rank;
    for (int unsigned i = 0; i < 4; i++) begin
      wait_q[i] <= rst_i || !waits[i] ? '0 : wait_q[i] + 1'b1;
    end
    rx_wait_q <= rst_i || !rx_waits ? '0 : rx_wait_q + 1'b1;
  end

  logic [3:0] falls, in_time;
  logic order, yielded, counted, full_agrees;
  always_comb begin
    for (int unsigned i = 0; i < 4; i++) begin
      falls[i]   = !waits_q[i] || rank[i] < rank_q[i];
      in_time[i] = 32'(wait_q[i]) + 32'(rank[i]) <= 32'(MostWait);
    end
    // The order of service is one: of two, one goes first; and no three go round in a circle.
    order = 1'b1;
    for (int unsigned i = 0; i < 4; i++) begin
      for (int unsigned j = 0; j < 4; j++) begin
        if (i != j && u_dut.before_q[i][j] == u_dut.before_q[j][i]) order = 1'b0;
        for (int unsigned k = 0; k < 4; k++) begin
          if (i != j && j != k && i != k && u_dut.before_q[i][j] && u_dut.before_q[j][k] &&
              !u_dut.before_q[i][k])
            order = 1'b0;
        end
      end
    end
    counted = 1'b1;
    full_agrees = u_dut.run_full_q == (32'(u_dut.run_q) == MaxRxRun);
    for (int unsigned i = 0; i < 4; i++) begin
      if (u_dut.same_full_q[i] != (32'(u_dut.same_run_q[i]) == MaxRxRun)) full_agrees = 1'b0;
    end
    for (int unsigned i = 0; i < 4; i++) begin
      if (u_dut.same_run_q[i] != '0 && !waited_q[i]) counted = 1'b0;
    end
    yielded = 1'b0;
    for (int unsigned i = 0; i < 4; i++) begin
      if (ready[i] && 32'(u_dut.same_run_q[i]) == MaxRxRun) yielded = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      OneGrant : assert ($onehot0(ready) && (ready == '0 || ev_valid));
      OnlyWhoOffers : assert ((ready & ~valid_i) == '0 && (front_valid_q || !rx_granted));
      NothingWhenHeld : assert (!hold_q || !ev_valid);
      TakesItsRoom :
      assert (take == (ev_valid ? outputs_of(expected.kind) : '0) && (take & ~room_q) == '0);
      NotifyRoom : assert (!ready[3] || notify_room_q);
      NeverTooNear :
      assert (!(ev_valid && uses_tcb(expected.kind) && near(conn_t'(expected.conn))));
      ForwardsWhatIsWritten :
      assert (!(ev_valid && uses_tcb(
          expected.kind
      )) || forward == (used_q[ForwardAge] && used_conn_q[ForwardAge] == conn_t'(expected.conn)));
      NothingLost : assert (rx_ready == (!front_valid_q || rx_granted));
      Busy : assert (busy == front_valid_q);
      ComesOutWhole : assert (!ev_valid || whole);
      MoreIsNext :
      assert (!ev.more || (ev_valid && ev.kind == EvSegment && rx_valid_i &&
                           rx_ev_i.kind == EvSegment && rx_ev_i.conn == ev.conn));
      OthersRankFalls : assert (falls == '1);
      SegmentsRankFalls : assert (!rx_waits_q || rx_rank < rx_rank_q);
      NobodyStarves : assert (in_time == '1);
      SegmentsDoNotStarve : assert (32'(rx_wait_q) + 32'(rx_rank) <= 32'(MostRxWait));
      // What induction needs to know of the inside.
      OrderIsOne : assert (order);
      RunsInRange :
      assert (32'(u_dut.run_q) <= MaxRxRun && 32'(u_dut.same_run_q[0]) <= MaxRxRun &&
              32'(u_dut.same_run_q[1]) <= MaxRxRun && 32'(u_dut.same_run_q[2]) <= MaxRxRun &&
              32'(u_dut.same_run_q[3]) <= MaxRxRun);
      HistoryAgrees : assert (history_agrees);
      FrontAgrees :
      assert (u_dut.front_valid_q == front_valid_q && (!front_valid_q || u_dut.front_q == front_q));
      GrantsAgree :
      assert (u_dut.rx_grant_q == rx_first && ready == first && ev_valid == (rx_may || may != '0));
      FrontIsSegment :
      assert (!front_valid_q || front_q.kind inside {EvSegment, EvNoConn, EvDiscard, EvIcmp});
      OnlyWaitingCount : assert (counted);
      FullIsFull : assert (full_agrees);

      SegmentYields : cover (yielded);
      RunEnds : cover (front_valid_q && ready != '0 && 32'(u_dut.run_q) == MaxRxRun);
      NearestAllowed :
      cover (ev_valid && uses_tcb(
          expected.kind
      ) && used_q[ForwardAge] && used_conn_q[ForwardAge] == conn_t'(expected.conn));
      LastOfFour : cover (ready[3] && wait_q[3] > rank_t'(2) && valid_i[2:0] == '1);
    end
  end

endmodule
