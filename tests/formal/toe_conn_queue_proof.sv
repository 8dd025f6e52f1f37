// SPDX-License-Identifier: Apache-2.0
//
// toe_conn_queue is never full while every connection is inside at most once, gives back exactly
// the connections that were pushed, and first come, first served.
//
// formal: four params=NumConns=4 depth=2 cover=12

module toe_conn_queue_proof
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 4
) (
    input logic     clk_i,
    input logic     rst_i,
    input logic     push_i,
    input conn_id_t conn_i,
    input logic     ready_i,
    input logic     mark_i    // follow the connection that goes in now
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  typedef logic [ConnWidth:0] count_t;
  typedef logic [ConnWidth-1:0] index_t;

  logic valid, empty;
  conn_id_t conn;

  toe_conn_queue #(
      .NumConns(NumConns)
  ) u_dut (
      .clk_i,
      .rst_i,
      .push_i,
      .conn_i,
      .valid_o(valid),
      .ready_i,
      .conn_o (conn),
      .empty_o(empty)
  );

  toe_stream_check #(
      .Width($bits(conn_id_t))
  ) u_out_check (
      .clk_i,
      .rst_i,
      .valid_i(valid),
      .ready_i,
      .data_i (conn)
  );

  logic started_q;
  initial started_q = 1'b0;

  logic [NumConns-1:0] inside_q;  // the flags of the TCBs: send_queued or notify_queued

  count_t waiting;
  always_comb begin
    waiting = '0;
    for (int unsigned i = 0; i < NumConns; i++) waiting = waiting + count_t'(inside_q[i]);
  end

  logic pop;
  assign pop = valid && ready_i;

  logic   follows;
  count_t ahead;
  index_t item;

  item_follower #(
      .Width     (ConnWidth),
      .CountWidth(ConnWidth + 1)
  ) u_follower (
      .clk_i,
      .rst_i,
      .push_i   (push_i),
      .pop_i    (pop),
      .data_i   (index_t'(conn_i)),
      .mark_i,
      .waiting_i(waiting),
      .follows_o(follows),
      .ahead_o  (ahead),
      .item_o   (item)
  );

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (push_i) PushedOnce : assume (32'(conn_i) < NumConns && !inside_q[index_t'(conn_i)]);
    if (rst_i) begin
      inside_q <= '0;
    end else begin
      if (pop) inside_q[index_t'(conn)] <= 1'b0;
      if (push_i) inside_q[index_t'(conn_i)] <= 1'b1;
    end
  end

  index_t [NumConns-1:0] places, mem;
  count_t placed;
  logic   sound;

  // A memory does not go through a port.
  always_comb begin
    for (int unsigned i = 0; i < NumConns; i++) mem[i] = u_dut.u_fifo.mem_q[i];
  end

  fifo_places #(
      .Width(ConnWidth),
      .Depth(NumConns)
  ) u_places (
      .out_valid_i(u_dut.u_fifo.state_q.out_valid),
      .out_i      (u_dut.u_fifo.out_q),
      .ram_valid_i(u_dut.u_fifo.state_q.ram_valid),
      .ram_i      (u_dut.u_fifo.ram_q),
      .rd_ptr_i   (u_dut.u_fifo.state_q.rd_ptr),
      .wr_ptr_i   (u_dut.u_fifo.state_q.wr_ptr),
      .stored_i   (u_dut.u_fifo.state_q.stored),
      .mem_i      (mem),
      .item_o     (places),
      .count_o    (placed),
      .sound_o    (sound)
  );

  logic distinct, known;
  always_comb begin
    distinct = 1'b1;
    known    = 1'b1;
    for (int unsigned i = 0; i < NumConns; i++) begin
      if (i < 32'(u_dut.count) && !inside_q[places[i]]) known = 1'b0;
      for (int unsigned j = 0; j < i; j++) begin
        if (i < 32'(u_dut.count) && places[i] == places[j]) distinct = 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      CountIsRight : assert (u_dut.count == waiting && empty == (waiting == '0));
      OnlyWhoWaits : assert (!valid || (32'(conn) < NumConns && inside_q[index_t'(conn)]));
      InOrder : assert (!(follows && ahead == '0 && valid) || conn == conn_id_t'(item));
      NotLost : assert (!follows || ahead < waiting);
      // What induction needs to know of the inside.
      ItemInPlace : assert (!follows || places[index_t'(ahead)] == item);
      EachOnce : assert (distinct && known);
      PlacesAddUp : assert (placed == waiting && sound);

      AllWait : cover (inside_q == '1);
      Leaves : cover (follows && ahead == '0 && pop && waiting > count_t'(1));
    end
  end

endmodule
