// SPDX-License-Identifier: Apache-2.0
//
// Connections in TIME-WAIT, as small records that need no control block.
//
// Sets of four ways, chosen by the low bits of the hash.  A record that finds its set full takes the
// place of the one that came longest ago (evicted_o).  Records go by themselves after 2MSL.
//
// Insert: always taken within a few cycles, whatever the other ports do, except between a request
// that found a record and its action, which toe_classify keeps to a few cycles.
// Request: at least three cycles later done_o rises with found_o, one more later record_o means
// something; all stay until the next request.  A record that was found stays as it is until
// action_valid_i, which must follow then and only then.
//
// After reset the table clears itself; until ready_o nothing may be asked.

module toe_time_wait
  import toe_pkg::*;
  import toe_tcp_pkg::time_wait_t;
  import toe_flow_pkg::*;
#(
    parameter int unsigned Size = 1024  // records, power of two, 16 or more
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t    now_us_i,
    input logic [31:0] time_wait_us_i,  // 2MSL

    output logic ready_o,

    input  logic       insert_valid_i,
    output logic       insert_ready_o,
    input  time_wait_t insert_i,

    input  logic              req_valid_i,     // one cycle
    input  flow_key_t         req_key_i,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic       [31:0] req_hash_i,      // the low bits that Size needs
    /* verilator lint_on UNUSEDSIGNAL */
    output logic              done_o,
    output logic              found_o,
    output tw_record_t        record_o,
    input  logic              action_valid_i,
    input  tw_action_e        action_i,
    input  logic       [31:0] ts_recent_i,

    output logic            evicted_o,
    output logic     [15:0] count_o,           // saturates
    output logic            idle_o,
    output logic            deadline_valid_o,
    output time_us_t        deadline_us_o
);

  localparam int unsigned NumWays = 4;
  localparam int unsigned NumSets = Size / NumWays;
  localparam int unsigned SetWidth = $clog2(NumSets);
  localparam int unsigned IndexWidth = SetWidth + 2;
  typedef logic [SetWidth-1:0] set_t;

  typedef struct packed {
    logic      valid;
    flow_key_t key;
  } tag_t;

  typedef enum logic [2:0] {
    TwClear,
    TwIdle,
    TwMatch,   // tags of the set are here
    TwInsert,
    TwAnswer,  // the request's answer is here
    TwHeld     // the record found waits for its action
  } state_e;

  state_e                     state_q;
  logic                       asked_q;  // a request waits
  logic                       inserting_q;  // TwMatch: for an insert, or for the request
  flow_key_t                  key_q;  // to compare, of the request that waits
  set_t                       req_set_q;
  set_t                       set_q;
  logic                       due_valid;
  logic      [IndexWidth-1:0] due_index;

  logic start_insert, start_request, start_due;
  assign start_due = state_q == TwIdle && due_valid;
  // The request goes first, because there is at most one until the insert has had its turn.
  assign start_request = state_q == TwIdle && !due_valid && asked_q;
  assign start_insert  = state_q == TwIdle && !due_valid && !asked_q && !req_valid_i &&
                         insert_valid_i;

  // ---- Tags ------------------------------------------------------------------------------------

  logic [1:0] chosen_way;
  tag_t [NumWays-1:0] tag;
  tag_t wr_tag;
  logic [NumWays-1:0] wr_way;
  set_t wr_set, rd_set;
  logic remove, restart;
  assign remove  = state_q == TwHeld && action_valid_i && action_i == TwRemove;
  assign restart = state_q == TwHeld && action_valid_i && action_i == TwRestart;
  assign rd_set  = asked_q ? req_set_q : set_t'(insert_i.flow_hash);

  always_comb begin
    wr_tag = '{valid: state_q == TwInsert, key: insert_i.key};
    wr_set = set_q;
    wr_way = '0;
    if (state_q == TwClear) begin
      wr_way = '1;
    end else if (start_due) begin
      wr_set = due_index[IndexWidth-1:2];
      wr_way[due_index[1:0]] = 1'b1;
    end else if (state_q == TwInsert || remove) begin
      wr_way[chosen_way] = 1'b1;
    end
  end

  for (genvar way = 0; way < NumWays; way++) begin : gen_way
    toe_ram #(
        .Width($bits(tag_t)),
        .Depth(NumSets),
        .Collides(1'b0)  // no state both reads and writes
    ) u_tag (
        .clk_i,
        .wr_en_i  (wr_way[way]),
        .wr_addr_i(wr_set),
        .wr_data_i(wr_tag),
        .rd_en_i  (start_request || start_insert),
        .rd_addr_i(rd_set),
        .rd_data_o(tag[way])
    );
  end

  // Way of each set that was filled longest ago.
  logic [1:0] oldest, insert_way;
  logic same;  // an insert's key is there already
  toe_ram #(
      .Width(2),
      .Depth(NumSets),
      .Collides(1'b0)
  ) u_oldest (
      .clk_i,
      .wr_en_i  (state_q == TwClear || state_q == TwInsert),
      .wr_addr_i(set_q),
      .wr_data_i(state_q == TwClear ? 2'd0 : same ? oldest : insert_way + 2'd1),
      .rd_en_i  (start_insert),
      .rd_addr_i(rd_set),
      .rd_data_o(oldest)
  );

  // Which ways match is registered bit by bit: comparing is as much as a cycle takes.
  logic [NumWays-1:0] hit, hit_q, empty_q;
  logic [NumWays-1:0] found_q;  // hit_q of the last request
  assign same = hit_q != '0;

  always_comb begin
    for (int unsigned i = 0; i < NumWays; i++) hit[i] = tag[i].valid && tag[i].key == key_q;
    // From the oldest on, so that the ways fill in the order that they are replaced in.
    insert_way = oldest;
    for (int unsigned i = NumWays; i > 0; i--) begin
      if (empty_q[2'(i-1)+oldest]) insert_way = 2'(i - 1) + oldest;
    end
    chosen_way = insert_way;
    for (int unsigned i = 0; i < NumWays; i++) if (hit_q[i]) chosen_way = 2'(i);
  end

  always_ff @(posedge clk_i) begin
    if (state_q == TwMatch) begin
      hit_q <= hit;
      for (int unsigned i = 0; i < NumWays; i++) empty_q[i] <= !tag[i].valid;
    end
  end

  // ---- Records ---------------------------------------------------------------------------------

  logic [IndexWidth-1:0] index;
  assign index = {set_q, chosen_way};

  tw_record_t wr_record;
  always_comb begin
    wr_record = '{
        snd_nxt: insert_i.snd_nxt,
        rcv_nxt: insert_i.rcv_nxt,
        rcv_wnd: insert_i.rcv_wnd,
        ts_ok: insert_i.ts_ok,
        ts_recent: insert_i.ts_recent
    };
    if (state_q == TwHeld) begin
      wr_record           = record_o;
      wr_record.ts_recent = ts_recent_i;
    end
  end

  toe_ram #(
      .Width($bits(tw_record_t)),
      .Depth(Size),
      .Collides(1'b0)
  ) u_record (
      .clk_i,
      .wr_en_i  (state_q == TwInsert || restart),
      .wr_addr_i(index),
      .wr_data_i(wr_record),
      .rd_en_i  (state_q == TwAnswer && found_o),
      .rd_addr_i(index),
      .rd_data_o(record_o)
  );

  // ---- Control ---------------------------------------------------------------------------------

  logic done_q, deadlines_ready;
  logic [16:0] count_q;
  assign count_o        = count_q[16] ? 16'hffff : count_q[15:0];
  assign done_o         = done_q;
  assign found_o        = found_q != '0;
  assign insert_ready_o = state_q == TwInsert;
  assign ready_o        = state_q != TwClear && deadlines_ready;
  assign evicted_o      = state_q == TwInsert && !same && empty_q == '0;

  always_ff @(posedge clk_i) begin
    if (req_valid_i) begin
      req_set_q <= set_t'(req_hash_i);
    end
    if (req_valid_i) key_q <= req_key_i;
    else if (start_insert) key_q <= insert_i.key;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q     <= TwClear;
      asked_q     <= 1'b0;
      inserting_q <= 1'b0;
      set_q       <= '0;
      found_q     <= '0;
      done_q      <= 1'b0;
      count_q     <= '0;
    end else begin
      if (req_valid_i) begin
        asked_q <= 1'b1;
        done_q  <= 1'b0;
      end
      unique case (state_q)
        TwClear: begin
          set_q <= set_q + 1'b1;
          if (set_q == '1) state_q <= TwIdle;
        end
        TwIdle: begin
          if (start_due) begin
            count_q <= count_q - 1'b1;
          end else if (start_request || start_insert) begin
            set_q       <= rd_set;
            inserting_q <= start_insert;
            state_q     <= TwMatch;
            if (start_request) asked_q <= 1'b0;
          end
        end
        TwMatch: begin
          state_q <= inserting_q ? TwInsert : TwAnswer;
          if (!inserting_q) begin
            found_q <= hit;
            done_q  <= 1'b1;
          end
        end
        TwInsert: begin
          if (!same && empty_q != '0) count_q <= count_q + 1'b1;
          state_q <= TwIdle;
        end
        TwAnswer: state_q <= found_o ? TwHeld : TwIdle;
        TwHeld: begin
          if (action_valid_i) state_q <= TwIdle;
          if (remove) count_q <= count_q - 1'b1;
        end
        default:  state_q <= TwClear;
      endcase
    end
  end

  logic scan_idle;
  assign idle_o = scan_idle && state_q == TwIdle && !asked_q && !insert_valid_i;

  toe_deadlines #(
      .Depth(Size)
  ) u_deadlines (
      .clk_i,
      .rst_i,
      .now_us_i,
      .ready_o         (deadlines_ready),
      .wr_valid_i      (start_due || state_q == TwInsert || remove || restart),
      .wr_index_i      (start_due ? due_index : index),
      .wr_armed_i      (state_q == TwInsert || restart),
      .wr_deadline_us_i(now_us_i + time_us_t'(time_wait_us_i)),
      .due_valid_o     (due_valid),
      .due_index_o     (due_index),
      .idle_o          (scan_idle),
      .bound_valid_o   (deadline_valid_o),
      .bound_us_o      (deadline_us_o)
  );

endmodule
