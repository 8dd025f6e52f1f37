// SPDX-License-Identifier: Apache-2.0
//
// Which connection a flow belongs to: hash table with two choices of a bucket and four ways each.
//
// Lookup: one a cycle in order, result one cycle after it is taken.  The whole key is compared.  A
// result that waits is looked up again after every change, so when it is taken it is as true as
// the table is, apart from a write in that very cycle.
//
// Change: one at a time, three cycles, whatever lookups do; it takes one of their cycles.  op_done_o
// ends it and serves as ready of op_valid_i.  An insert goes to the emptier bucket and refuses a key
// that is there (op_exists_o) or finds both buckets full (op_full_o).  A delete of a key that is not
// there does nothing.
//
// After reset the table clears itself, one bucket a cycle; until ready_o nothing is taken.

module toe_flow_table
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 1024  // power of two; the table has twice as many entries
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

  typedef enum logic [1:0] {
    OpClear,
    OpIdle,
    OpMatch,
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
          .Depth(NumBuckets)
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

  // ---- Lookup ----------------------------------------------------------------------------------

  logic look_valid_q, fresh_q;
  flow_key_t look_key_q;
  logic [63:0] look_hash_q;
  logic op_read, look_free, look_start, look_again;

  assign op_read        = state_q == OpIdle && op_valid_i;
  assign look_free      = !look_valid_q || (result_valid_o && result_ready_i);
  assign lookup_ready_o = look_free && !op_read && ready_o;
  assign look_start     = lookup_valid_i && lookup_ready_o;
  assign look_again     = !look_free && !fresh_q && !op_read;

  assign rd_en          = op_read || look_start || look_again;
  always_comb begin
    for (int unsigned side = 0; side < NumSides; side++) begin
      rd_bucket[side] = bucket_t'(lookup_hash_i[side*16+:16]);
      if (op_read) rd_bucket[side] = op_bucket[side];
      else if (!look_free) rd_bucket[side] = bucket_t'(look_hash_q[side*16+:16]);
    end
  end

  always_comb begin
    result_hit_o  = 1'b0;
    result_conn_o = '0;
    if (look_valid_q) begin
      for (int unsigned side = 0; side < NumSides; side++) begin
        for (int unsigned way = 0; way < NumWays; way++) begin
          if (entry[side][way].valid && entry[side][way].key == look_key_q) begin
            result_hit_o = 1'b1;
            result_conn_o |= conn_id_t'(entry[side][way].conn);
          end
        end
      end
    end
  end
  assign result_valid_o = look_valid_q && fresh_q;
  assign result_hash_o  = look_hash_q;

  always_ff @(posedge clk_i) begin
    if (look_start) begin
      look_key_q  <= lookup_key_i;
      look_hash_q <= lookup_hash_i;
    end
  end

  logic wr_en;
  assign wr_en = wr_way != '0;
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      look_valid_q <= 1'b0;
      fresh_q      <= 1'b0;
    end else begin
      if (look_free) look_valid_q <= look_start;
      // A read in the cycle of a write may have missed it.
      if (look_start || look_again) fresh_q <= !wr_en;
      else if (wr_en || op_read) fresh_q <= 1'b0;
    end
  end

  // ---- Change ----------------------------------------------------------------------------------

  logic [NumSides-1:0][NumWays-1:0] match_d, match_q, valid_d, valid_q;

  always_comb begin
    match_d = match_q;
    valid_d = valid_q;
    if (state_q == OpMatch) begin
      for (int unsigned side = 0; side < NumSides; side++) begin
        for (int unsigned way = 0; way < NumWays; way++) begin
          valid_d[side][way] = entry[side][way].valid;
          match_d[side][way] = entry[side][way].valid && entry[side][way].key == op_key_i;
        end
      end
    end
  end

  // First empty way of the emptier side, side 0 when they are equal.
  logic insert_side;
  logic [NumWays-1:0] insert_way;
  assign insert_side = $countones(valid_q[1]) < $countones(valid_q[0]);
  assign insert_way  = ~valid_q[insert_side] & (valid_q[insert_side] + NumWays'(1));

  assign op_exists_o = op_insert_i && match_q != '0;
  assign op_full_o   = op_insert_i && match_q == '0 && &valid_q;

  always_comb begin
    wr_way    = '0;
    wr_bucket = op_bucket;
    wr_entry  = '0;
    unique case (state_q)
      OpClear: begin
        wr_way    = '1;
        wr_bucket = {NumSides{clear_bucket_q}};
      end
      OpWrite: begin
        if (!op_insert_i) begin
          wr_way = match_q;
        end else if (!op_exists_o && !op_full_o) begin
          wr_way[insert_side] = insert_way;
          wr_entry = '{valid: 1'b1, key: op_key_i, conn: ConnWidth'(op_conn_i)};
        end
      end
      default: ;
    endcase
  end

  assign ready_o   = state_q != OpClear;
  assign op_done_o = state_q == OpWrite;

  always_ff @(posedge clk_i) begin
    match_q <= match_d;
    valid_q <= valid_d;
    if (rst_i) begin
      state_q        <= OpClear;
      clear_bucket_q <= '0;
    end else begin
      unique case (state_q)
        OpClear: begin
          clear_bucket_q <= clear_bucket_q + 1'b1;
          if (clear_bucket_q == '1) state_q <= OpIdle;
        end
        OpIdle:  if (op_valid_i) state_q <= OpMatch;
        OpMatch: state_q <= OpWrite;
        OpWrite: state_q <= OpIdle;
        default: state_q <= OpClear;
      endcase
    end
  end

endmodule
