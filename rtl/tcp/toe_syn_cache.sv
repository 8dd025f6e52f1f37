// SPDX-License-Identifier: Apache-2.0
//
// Half-open connections: storage and deadlines; toe_classify decides.
//
// Sets of four ways, chosen by the low bits of the hash.  A request looks up a key, or the entry
// whose deadline has passed (req_due_i, under due_valid_o).  Two cycles later done_o rises with
// found_o and full_o, one more later entry_o and entry_key_o mean something; all stay until the next
// request.  Then at most one action: insert (not found, not full), update or remove (found).  A
// request comes only after the action of the last one, so nothing changes in between.
//
// After reset the tags clear themselves; until ready_o nothing may be asked.

module toe_syn_cache
  import toe_pkg::*;
  import toe_flow_pkg::*;
#(
    parameter int unsigned Size = 256  // entries, power of two, 16 or more
) (
    input logic clk_i,
    input logic rst_i,

    input time_us_t now_us_i,

    output logic ready_o,

    input logic             req_valid_i,
    input logic             req_due_i,
    input flow_key_t        req_key_i,
    /* verilator lint_off UNUSEDSIGNAL */
    input logic      [31:0] req_hash_i,   // the low bits that Size needs
    /* verilator lint_on UNUSEDSIGNAL */

    output logic       done_o,
    output logic       found_o,
    output logic       full_o,       // not found, and no way is free
    output flow_key_t  entry_key_o,  // after req_due_i
    output half_open_t entry_o,

    input logic       insert_i,        // key of the request, entry and deadline below
    input logic       update_i,        // entry, and deadline under set_deadline_i
    input logic       remove_i,
    input half_open_t entry_i,
    input logic       set_deadline_i,
    input time_us_t   deadline_us_i,

    output logic due_valid_o,

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

  logic [IndexWidth-1:0] due_index;

  // ---- Tags ------------------------------------------------------------------------------------

  logic clear_q;
  set_t set_q, req_set;
  flow_key_t key_q;
  tag_t [NumWays-1:0] tag;
  tag_t wr_tag;
  logic [NumWays-1:0] wr_way;
  logic [1:0] chosen_way;
  assign req_set = req_due_i ? due_index[IndexWidth-1:2] : set_t'(req_hash_i);

  always_comb begin
    wr_tag = '{valid: insert_i, key: key_q};
    wr_way = '0;
    if (clear_q) wr_way = '1;
    else if (insert_i || remove_i) wr_way[chosen_way] = 1'b1;
  end

  for (genvar way = 0; way < NumWays; way++) begin : gen_way
    toe_ram #(
        .Width($bits(tag_t)),
        .Depth(NumSets),
        .Collides(1'b0)  // a request comes only after the last one's action
    ) u_tag (
        .clk_i,
        .wr_en_i  (wr_way[way]),
        .wr_addr_i(set_q),
        .wr_data_i(wr_tag),
        .rd_en_i  (req_valid_i),
        .rd_addr_i(req_set),
        .rd_data_o(tag[way])
    );
  end

  // ---- Request: tags, then the way, then the entry ---------------------------------------------

  // Which ways match is registered bit by bit: comparing is as much as a cycle takes.
  logic match_q, done_q, due_q, found;
  logic [1:0] due_way_q;
  logic [NumWays-1:0] hit, hit_q, empty_q;

  always_comb begin
    for (int unsigned i = 0; i < NumWays; i++) begin
      hit[i] = tag[i].valid && (due_q ? due_way_q == 2'(i) : tag[i].key == key_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_valid_i) begin
      key_q     <= req_key_i;
      due_q     <= req_due_i;
      due_way_q <= due_index[1:0];
    end
    if (match_q) begin
      hit_q <= hit;
      for (int unsigned i = 0; i < NumWays; i++) empty_q[i] <= !tag[i].valid;
    end
  end

  // The way that was found, or the first that is empty.
  assign found = hit_q != '0;
  always_comb begin
    chosen_way = '0;
    for (int unsigned i = NumWays; i > 0; i--) begin
      if (found ? hit_q[i-1] : empty_q[i-1]) chosen_way = 2'(i - 1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      match_q <= 1'b0;
      done_q  <= 1'b0;
    end else begin
      match_q <= req_valid_i;
      if (req_valid_i) done_q <= 1'b0;
      else if (match_q) done_q <= 1'b1;
    end
  end

  logic read_q;  // done_q is new: the entry is being read
  always_ff @(posedge clk_i) begin
    if (rst_i) read_q <= 1'b0;
    else read_q <= match_q;
  end

  logic [IndexWidth-1:0] index;
  assign index = {set_q, chosen_way};

  toe_ram #(
      .Width($bits(half_open_t)),
      .Depth(Size),
      .Collides(1'b0)  // what is found is not inserted, and updated when it has been read
  ) u_entry (
      .clk_i,
      .wr_en_i  (insert_i || update_i),
      .wr_addr_i(index),
      .wr_data_i(entry_i),
      .rd_en_i  (read_q && found),
      .rd_addr_i(index),
      .rd_data_o(entry_o)
  );

  assign done_o      = done_q;
  assign found_o     = found;
  assign full_o      = !found && empty_q == '0;
  assign entry_key_o = tag[due_way_q].key;

  // ---- Clearing, deadlines, count --------------------------------------------------------------

  logic deadlines_ready;
  logic [16:0] count_q;
  assign ready_o = !clear_q && deadlines_ready;
  assign count_o = count_q[16] ? 16'hffff : count_q[15:0];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      clear_q <= 1'b1;
      set_q   <= '0;
      count_q <= '0;
    end else begin
      if (clear_q) begin
        set_q <= set_q + 1'b1;
        if (set_q == '1) clear_q <= 1'b0;
      end else if (req_valid_i) begin
        set_q <= req_set;
      end
      if (insert_i) count_q <= count_q + 1'b1;
      else if (remove_i) count_q <= count_q - 1'b1;
    end
  end

  toe_deadlines #(
      .Depth(Size)
  ) u_deadlines (
      .clk_i,
      .rst_i,
      .now_us_i,
      .ready_o         (deadlines_ready),
      .wr_valid_i      (insert_i || remove_i || (update_i && set_deadline_i)),
      .wr_index_i      (index),
      .wr_armed_i      (!remove_i),
      .wr_deadline_us_i(deadline_us_i),
      .due_valid_o,
      .due_index_o     (due_index),
      .idle_o,
      .bound_valid_o   (deadline_valid_o),
      .bound_us_o      (deadline_us_o)
  );

endmodule
