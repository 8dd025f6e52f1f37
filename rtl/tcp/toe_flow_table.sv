// SPDX-License-Identifier: Apache-2.0
//
// Which connection a flow belongs to: hash table with two choices of a bucket and four ways each.
//
// Lookup: one each LookupInterval cycles in order, result two cycles after it is taken: the RAM, then
// a comparison of the whole key with all eight ways.  Every change goes into a result that waits too,
// so when it is taken it is as true as the table is, apart from a write in that very cycle.
//
// Change: one at a time, four cycles, whatever lookups do; it takes one of their cycles.  op_done_o
// ends it and serves as ready of op_valid_i.  An insert goes to the emptier bucket and refuses a key
// that is there (op_exists_o) or finds both buckets full (op_full_o).  A delete of a key that is not
// there does nothing.
//
// After reset the table clears itself, one bucket a cycle; until ready_o nothing is taken.

module toe_flow_table
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 1024,  // power of two; the table has twice as many entries
    parameter int unsigned LookupInterval = 1
) (
    input logic clk_i,
    input logic rst_i,

    output logic ready_o,

    // Bits 31:0 of the hash are the two bucket numbers; the rest comes back with the result.
    input  logic             lookup_valid_i,
    output logic             lookup_ready_o,
    input  flow_key_t        lookup_key_i,
    input  logic      [63:0] lookup_hash_i,

    output logic            result_valid_o,
    input  logic            result_ready_i,
    output logic            result_hit_o,
    output conn_id_t        result_conn_o,
    output logic     [63:0] result_hash_o,

    input  logic             op_valid_i,
    input  logic             op_insert_i,  // 0: delete
    input  flow_key_t        op_key_i,
    input  logic      [31:0] op_hash_i,
    /* verilator lint_off UNUSEDSIGNAL */
    input  conn_id_t         op_conn_i,    // the low bits that NumConns needs
    /* verilator lint_on UNUSEDSIGNAL */
    output logic             op_done_o,
    output logic             op_exists_o,
    output logic             op_full_o
);

  localparam int unsigned NumWays = 4;
  localparam int unsigned NumSides = 2;
  // Small tables get more buckets than they need, because chance is rougher there.
  localparam int unsigned NumBuckets = NumConns > 64 ? NumConns / NumWays : 16;
  localparam int unsigned BucketWidth = $clog2(NumBuckets);
  localparam int unsigned ConnWidth = $clog2(NumConns);
  typedef logic [BucketWidth-1:0] bucket_t;

  typedef struct packed {
    logic                 valid;
    flow_key_t            key;
    logic [ConnWidth-1:0] conn;
  } entry_t;

  typedef enum logic [2:0] {
    OpClear,
    OpIdle,
    OpMatch,
    OpChoose,
    OpWrite
  } op_state_e;

  op_state_e state_q;
  bucket_t clear_bucket_q;

  // ---- The two sides, each way in a RAM of its own ---------------------------------------------

  logic rd_en;
  bucket_t [NumSides-1:0] rd_bucket, wr_bucket, op_bucket;
  logic [NumSides-1:0][NumWays-1:0] wr_way;
  entry_t wr_entry;
  entry_t [NumSides-1:0][NumWays-1:0] entry;

  for (genvar side = 0; side < NumSides; side++) begin : gen_side
    for (genvar way = 0; way < NumWays; way++) begin : gen_way
      toe_ram #(
          .Width($bits(entry_t)),
          .Depth(NumBuckets),
          .Collides(1'b0)  // what a write comes too late for is read again
      ) u_ram (
          .clk_i,
          .wr_en_i  (wr_way[side][way]),
          .wr_addr_i(wr_bucket[side]),
          .wr_data_i(wr_entry),
          .rd_en_i  (rd_en),
          .rd_addr_i(rd_bucket[side]),
          .rd_data_o(entry[side][way])
      );
    end
    assign op_bucket[side] = bucket_t'(op_hash_i[side*16+:16]);
  end

  // ---- Read: the buckets of a lookup or of a change -------------------------------------------

  logic look_valid_q;
  logic look_fresh_q;  // the RAMs' outputs are its buckets, as they are now
  flow_key_t look_key_q, cmp_key_q;
  logic [63:0] look_hash_q;
  logic op_read, look_leaves, look_free, look_start, look_again, wr_en;

  assign wr_en = state_q == OpWrite;
  assign op_read = state_q == OpIdle && op_valid_i;
  // A write may come too late for what was read; it is read again.  What result_ready_i says comes
  // late as well, and is needed for one lookup a cycle only.
  assign look_leaves    = look_valid_q && look_fresh_q && !wr_en &&
                          (!result_valid_o || (LookupInterval == 1 && result_ready_i));
  assign look_free = !look_valid_q || (LookupInterval == 1 && look_leaves);
  assign lookup_ready_o = look_free && !op_read && ready_o;
  assign look_start = lookup_valid_i && lookup_ready_o;
  assign look_again = look_valid_q && !look_fresh_q && !op_read;

  assign rd_en = op_read || look_start || look_again;
  always_comb begin
    for (int unsigned side = 0; side < NumSides; side++) begin
      rd_bucket[side] = bucket_t'(lookup_hash_i[side*16+:16]);
      if (op_read) rd_bucket[side] = op_bucket[side];
      else if (!look_free) rd_bucket[side] = bucket_t'(look_hash_q[side*16+:16]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (look_start) begin
      look_key_q  <= lookup_key_i;
      look_hash_q <= lookup_hash_i;
    end
    if (op_read) cmp_key_q <= op_key_i;
    else if (look_start) cmp_key_q <= lookup_key_i;
    else if (look_again) cmp_key_q <= look_key_q;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      look_valid_q <= 1'b0;
      look_fresh_q <= 1'b0;
    end else begin
      if (look_free) look_valid_q <= look_start;
      else if (look_leaves) look_valid_q <= 1'b0;
      if (look_start || look_again) look_fresh_q <= !wr_en;
      else if (wr_en || op_read) look_fresh_q <= 1'b0;
    end
  end

  // ---- Compare, for both -----------------------------------------------------------------------

  typedef logic [NumSides-1:0][NumWays-1:0] ways_t;
  ways_t match, match_q, valid_q;

  always_comb begin
    for (int unsigned side = 0; side < NumSides; side++) begin
      for (int unsigned way = 0; way < NumWays; way++) begin
        match[side][way] = entry[side][way].valid && entry[side][way].key == cmp_key_q;
      end
    end
  end

  // ---- Result ----------------------------------------------------------------------------------

  logic result_valid_q;
  flow_key_t result_key_q;
  logic [63:0] result_hash_q;
  ways_t result_match_q;
  logic [NumSides-1:0][NumWays-1:0][ConnWidth-1:0] result_conn_q;

  always_comb begin
    result_conn_o = '0;
    for (int unsigned side = 0; side < NumSides; side++) begin
      for (int unsigned way = 0; way < NumWays; way++) begin
        if (result_match_q[side][way]) result_conn_o |= conn_id_t'(result_conn_q[side][way]);
      end
    end
  end
  assign result_valid_o = result_valid_q;
  assign result_hit_o   = result_match_q != '0;
  assign result_hash_o  = result_hash_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) result_valid_q <= 1'b0;
    else if (look_leaves) result_valid_q <= 1'b1;
    else if (result_ready_i) result_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (look_leaves) begin
      result_key_q   <= look_key_q;
      result_hash_q  <= look_hash_q;
      result_match_q <= match;
      for (int unsigned side = 0; side < NumSides; side++) begin
        for (int unsigned way = 0; way < NumWays; way++) begin
          result_conn_q[side][way] <= entry[side][way].conn;
        end
      end
    end else if (wr_way != '0 && result_valid_q && result_key_q == op_key_i) begin
      // The one that waits was inserted or deleted; a key is in the table once.
      result_match_q      <= ways_t'(op_insert_i);
      result_conn_q[0][0] <= ConnWidth'(op_conn_i);
    end
  end

  // ---- Change ----------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (state_q == OpMatch) begin
      match_q <= match;
      for (int unsigned side = 0; side < NumSides; side++) begin
        for (int unsigned way = 0; way < NumWays; way++) begin
          valid_q[side][way] <= entry[side][way].valid;
        end
      end
    end
  end

  // First empty way of the emptier side, side 0 when they are equal.
  logic insert_side;
  logic [NumWays-1:0] insert_way;
  assign insert_side = $countones(valid_q[1]) < $countones(valid_q[0]);
  assign insert_way  = ~valid_q[insert_side] & (valid_q[insert_side] + NumWays'(1));

  logic exists, full;
  assign exists = op_insert_i && match_q != '0;
  assign full   = op_insert_i && match_q == '0 && &valid_q;

  // Where to write: nowhere, where the key is, or where there is room.
  ways_t chosen, chosen_q;
  always_comb begin
    chosen = '0;
    if (!op_insert_i) chosen = match_q;
    else if (!exists && !full) chosen[insert_side] = insert_way;
  end
  always_ff @(posedge clk_i) begin
    chosen_q    <= chosen;
    op_exists_o <= exists;
    op_full_o   <= full;
  end

  always_comb begin
    wr_way    = '0;
    wr_bucket = op_bucket;
    wr_entry  = '0;
    if (state_q == OpClear) begin
      wr_way    = '1;
      wr_bucket = {NumSides{clear_bucket_q}};
    end else if (state_q == OpWrite) begin
      wr_way = chosen_q;
      if (op_insert_i) wr_entry = '{valid: 1'b1, key: op_key_i, conn: ConnWidth'(op_conn_i)};
    end
  end

  assign ready_o   = state_q != OpClear;
  assign op_done_o = state_q == OpWrite;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q        <= OpClear;
      clear_bucket_q <= '0;
    end else begin
      unique case (state_q)
        OpClear: begin
          clear_bucket_q <= clear_bucket_q + 1'b1;
          if (clear_bucket_q == '1) state_q <= OpIdle;
        end
        OpIdle:   if (op_valid_i) state_q <= OpMatch;
        OpMatch:  state_q <= OpChoose;
        OpChoose: state_q <= OpWrite;
        OpWrite:  state_q <= OpIdle;
        default:  state_q <= OpClear;
      endcase
    end
  end

endmodule
