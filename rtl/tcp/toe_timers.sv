// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of all connections, one for each: the earliest of its running timers.
//
// Every event writes its connection's deadline.  The earliest of all is known as a lower bound; at
// that time, and only then, a pass reads the deadlines of all connections opened so far, one a
// cycle, offers those reached on timer_conn_o, and finds the new bound.  An offered connection stays
// offered until taken and holds the pass back.  timer_done_i says that the event of one taken
// connection has written its deadline; no new pass starts before that, so each expiry is offered
// once.  A deadline that was moved meanwhile may be offered early: the step looks again.
// deadline_us_o is never later than the earliest deadline written, and now while a pass runs.
// Hold the first write back until every connection was cleared once after reset.

module toe_timers
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 1024,  // power of two
    localparam int unsigned ConnWidth = $clog2(NumConns)
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t now_us_i,

    // Start: one connection a cycle without a deadline.  Not together with wr_valid_i.
    input logic                 clear_valid_i,
    input logic [ConnWidth-1:0] clear_conn_i,

    // Results of an event.
    input logic                     wr_valid_i,
    input logic     [ConnWidth-1:0] wr_conn_i,
    input logic                     wr_opens_i,           // the event opened the connection
    input logic                     wr_deadline_valid_i,  // 0: no timer runs
    input time_us_t                 wr_deadline_us_i,

    // Timers that ran out, for the event arbiter.
    output logic     timer_valid_o,
    input  logic     timer_ready_i,
    output conn_id_t timer_conn_o,
    input  logic     timer_done_i,

    output logic     idle_o,
    output logic     deadline_valid_o,
    output time_us_t deadline_us_o
);

  typedef logic [ConnWidth-1:0] conn_t;

  typedef struct packed {
    logic     valid;
    time_us_t us;
  } deadline_t;

  // The earlier of two deadlines.
  function automatic deadline_t earlier(deadline_t a, deadline_t b);
    if (!a.valid) return b;
    if (b.valid && time_reached(a.us, b.us)) return b;
    return a;
  endfunction

  deadline_t wr_deadline, written_q, scanned_q;
  assign wr_deadline.valid = wr_valid_i && wr_deadline_valid_i;
  assign wr_deadline.us    = wr_deadline_us_i;

  logic start, running, reached;
  logic  advance;

  // ---- The pass ----------------------------------------------------------------------------
  // Read, RAM output, comparison, offer.

  conn_t highest_q;  // highest connection opened since reset
  conn_t read_conn_q, ram_conn_q, cmp_conn_q, fire_conn;
  logic read_valid_q, ram_valid_q, cmp_valid_q;
  logic [ConnWidth:0] taken_q;  // offers taken whose event has not written yet
  deadline_t ram_deadline, cmp_deadline_q;
  logic cmp_reached;

  assign cmp_reached = time_reached(now_us_i, cmp_deadline_q.us);
  assign running = read_valid_q || ram_valid_q || cmp_valid_q || timer_valid_o || taken_q != '0;
  assign reached = (written_q.valid && time_reached(
      now_us_i, written_q.us
  )) || (scanned_q.valid && time_reached(
      now_us_i, scanned_q.us
  ));
  assign start = reached && !running;

  toe_ram #(
      .Width($bits(deadline_t)),
      .Depth(NumConns)
  ) u_ram (
      .clk_i,
      .wr_en_i  (clear_valid_i || wr_valid_i),
      .wr_addr_i(clear_valid_i ? clear_conn_i : wr_conn_i),
      .wr_data_i(clear_valid_i ? '0 : wr_deadline),
      .rd_en_i  (read_valid_q && advance),
      .rd_addr_i(read_conn_q),
      .rd_data_o(ram_deadline)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      read_valid_q <= 1'b0;
      ram_valid_q  <= 1'b0;
      cmp_valid_q  <= 1'b0;
      taken_q      <= '0;
      highest_q    <= '0;
    end else begin
      taken_q <= taken_q + (ConnWidth + 1)'(timer_valid_o && timer_ready_i) -
          (ConnWidth + 1)'(timer_done_i);
      if (wr_valid_i && wr_opens_i && wr_conn_i > highest_q) highest_q <= wr_conn_i;
      if (start) begin
        read_valid_q <= 1'b1;
      end else if (advance) begin
        if (read_conn_q == highest_q) read_valid_q <= 1'b0;
        ram_valid_q <= read_valid_q;
        cmp_valid_q <= ram_valid_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      read_conn_q <= '0;
    end else if (advance) begin
      if (read_valid_q) begin
        read_conn_q <= read_conn_q + 1'b1;
        ram_conn_q  <= read_conn_q;
      end
      if (ram_valid_q) begin
        cmp_conn_q     <= ram_conn_q;
        cmp_deadline_q <= ram_deadline;
      end
    end
  end

  logic [1:0] fire_count_unused;
  toe_queue #(
      .Width(ConnWidth),
      .Depth(2)
  ) u_fire (
      .clk_i,
      .rst_i,
      .in_valid_i (cmp_valid_q && cmp_deadline_q.valid && cmp_reached),
      .in_ready_o (advance),
      .in_data_i  (cmp_conn_q),
      .out_valid_o(timer_valid_o),
      .out_ready_i(timer_ready_i),
      .out_data_o (fire_conn),
      .count_o    (fire_count_unused)
  );

  assign timer_conn_o = conn_id_t'(fire_conn);

  // ---- The bound ---------------------------------------------------------------------------
  // Two: over the deadlines written since the pass began, and over those that it passed by.

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      written_q.valid <= 1'b0;
      scanned_q.valid <= 1'b0;
    end else if (start) begin
      // What is written in this very cycle is read by the pass.
      written_q.valid <= 1'b0;
      scanned_q.valid <= 1'b0;
    end else begin
      if (wr_deadline.valid) written_q <= earlier(written_q, wr_deadline);
      if (cmp_valid_q && advance && !cmp_reached) scanned_q <= earlier(scanned_q, cmp_deadline_q);
    end
  end

  deadline_t bound;
  assign bound            = earlier(written_q, scanned_q);
  assign idle_o           = !running && !reached;
  assign deadline_valid_o = running || bound.valid;
  assign deadline_us_o    = running ? now_us_i : bound.us;

  always_ff @(posedge clk_i) begin
    if (!rst_i) OneWriter : assert (!(clear_valid_i && wr_valid_i));
    if (!rst_i) NothingDoneTwice : assert (!timer_done_i || taken_q != '0);
  end

endmodule
