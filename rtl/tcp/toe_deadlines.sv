// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of the records of a table, one each, looked at only when one may have passed.
//
// bound_us_o is never later than the earliest deadline.  When it is reached, all are read, one a
// cycle.  A record whose deadline has passed is offered on due_index_o, and the pass waits, until
// its owner writes that record's deadline: a later one, or disarmed.  What is offered is never a
// deadline that was already replaced.  The pass leaves an exact bound, apart from what was written
// meanwhile.  With nothing armed, and before the bound, nothing is read.  What is written counts from
// the next cycle on, in idle_o too.
//
// After reset all are disarmed, one a cycle; until ready_o nothing may be written.

module toe_deadlines
  import toe_pkg::*;
#(
    parameter int unsigned Depth = 256,  // power of two
    localparam int unsigned IndexWidth = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t now_us_i,

    output logic ready_o,

    input logic                      wr_valid_i,
    input logic     [IndexWidth-1:0] wr_index_i,
    input logic                      wr_armed_i,
    input time_us_t                  wr_deadline_us_i,

    output logic                  due_valid_o,
    output logic [IndexWidth-1:0] due_index_o,

    output logic     idle_o,
    output logic     bound_valid_o,
    output time_us_t bound_us_o
);

  typedef logic [IndexWidth-1:0] index_t;

  typedef struct packed {
    logic     armed;
    time_us_t deadline_us;
  } slot_t;

  typedef enum logic [1:0] {
    ScanClear,
    ScanIdle,
    ScanRun,
    ScanDue
  } scan_e;

  function automatic logic is_earlier(slot_t slot, slot_t bound);
    return slot.armed && (!bound.armed || time_reached(bound.deadline_us, slot.deadline_us));
  endfunction

  function automatic logic reached(time_us_t now_us, slot_t slot);
    return slot.armed && time_reached(now_us, slot.deadline_us);
  endfunction

  scan_e  state_q;
  index_t read_index_q;  // ScanClear: to clear; ScanRun: to read
  logic   read_done_q;  // the last index was read

  // Two stages behind the read: RAM output, comparison.  Stale: written since it was read.
  logic out_valid_q, out_stale_q, cmp_valid_q, cmp_stale_q;
  index_t out_index_q, cmp_index_q;
  slot_t out_slot, cmp_slot_q;

  // Over what was written since the pass began, and what it has passed by.
  slot_t  bound_q;

  // The owner decides late what it writes.
  logic   wr_valid_q;
  index_t wr_index_q;
  slot_t wr_slot_q, bounding;

  logic wr_hits_read, wr_hits_out, wr_hits_cmp;
  assign wr_hits_read = wr_valid_q && wr_index_q == read_index_q;
  assign wr_hits_out  = wr_valid_q && wr_index_q == out_index_q;
  assign wr_hits_cmp  = wr_valid_q && wr_index_q == cmp_index_q;

  logic read, redo, due, pause, passes, start;
  assign redo = cmp_valid_q && (cmp_stale_q || wr_hits_cmp);
  assign due = cmp_valid_q && !redo && reached(now_us_i, cmp_slot_q);
  // The bound takes one deadline at a time, and what is written goes first.
  assign bounding = wr_valid_q ? wr_slot_q : cmp_slot_q;
  assign pause = cmp_valid_q && wr_valid_q;
  assign passes = cmp_valid_q && !redo && !due && !pause;
  assign read = state_q == ScanRun && !read_done_q && !pause;
  assign start = state_q == ScanIdle && reached(now_us_i, bound_q);

  toe_ram #(
      .Width($bits(slot_t)),
      .Depth(Depth),
      .Collides(1'b0)  // what is written while it is read is read again
  ) u_ram (
      .clk_i,
      .wr_en_i  (wr_valid_q || state_q == ScanClear),
      .wr_addr_i(state_q == ScanClear ? read_index_q : wr_index_q),
      .wr_data_i({wr_slot_q.armed && state_q != ScanClear, wr_slot_q.deadline_us}),
      .rd_en_i  (read),
      .rd_addr_i(read_index_q),
      .rd_data_o(out_slot)
  );

  always_ff @(posedge clk_i) begin
    wr_index_q            <= wr_index_i;
    wr_slot_q.armed       <= wr_armed_i;
    wr_slot_q.deadline_us <= wr_deadline_us_i;
    if (read) begin
      out_index_q <= read_index_q;
      out_stale_q <= wr_hits_read;
    end else if (wr_hits_out) begin
      out_stale_q <= 1'b1;
    end
    if (out_valid_q && state_q == ScanRun && !redo && !due && !pause) begin
      cmp_index_q <= out_index_q;
      cmp_slot_q  <= out_slot;
      cmp_stale_q <= out_stale_q || wr_hits_out;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q      <= ScanClear;
      read_index_q <= '0;
      read_done_q  <= 1'b0;
      out_valid_q  <= 1'b0;
      cmp_valid_q  <= 1'b0;
      wr_valid_q   <= 1'b0;
      bound_q      <= '0;
    end else begin
      wr_valid_q <= wr_valid_i;
      if ((wr_valid_q || passes) && is_earlier(bounding, bound_q)) bound_q <= bounding;
      unique case (state_q)
        ScanClear: begin
          read_index_q <= read_index_q + 1'b1;
          if (read_index_q == '1) state_q <= ScanIdle;
        end
        ScanIdle: begin
          if (start) begin
            state_q <= ScanRun;
            bound_q.armed <= 1'b0;  // what was written so far is read in this pass
          end
        end
        ScanRun: begin
          if (!pause) begin
            out_valid_q <= read;
            cmp_valid_q <= out_valid_q;
          end
          if (read) begin
            read_index_q <= read_index_q + 1'b1;
            read_done_q  <= read_index_q == '1;
          end
          if (redo || due) begin
            // What was read behind it is read again.
            read_index_q <= cmp_index_q;
            read_done_q  <= 1'b0;
            out_valid_q  <= 1'b0;
            cmp_valid_q  <= 1'b0;
            if (due) state_q <= ScanDue;
          end else if (passes && cmp_index_q == '1) begin
            state_q     <= ScanIdle;
            read_done_q <= 1'b0;
            cmp_valid_q <= 1'b0;
          end
        end
        // Its record is read again when the owner has written it.
        ScanDue: if (wr_hits_cmp) state_q <= ScanRun;
        default: state_q <= ScanClear;
      endcase
    end
  end

  assign ready_o       = state_q != ScanClear;
  assign due_valid_o   = state_q == ScanDue && !wr_valid_q;
  assign due_index_o   = cmp_index_q;
  assign idle_o        = state_q == ScanIdle && !start && !wr_valid_q;
  assign bound_valid_o = bound_q.armed || state_q == ScanRun || state_q == ScanDue;
  assign bound_us_o    = state_q == ScanIdle ? bound_q.deadline_us : now_us_i;

endmodule
