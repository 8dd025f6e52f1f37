// SPDX-License-Identifier: Apache-2.0
//
// Takes frames out of the frame buffer in the order in which they came, and sends on what is kept.
//
// One descriptor for each frame: discarded, echoed, or a segment that waits for its verdict (one
// verdict each, in order).  Reads only the beats that hold octets to keep, one a cycle, without a
// gap between frames.  For each such frame one item goes out on item_, and its octets, moved to
// their place in a beat of memory or to lane 0 (echo), on out_.  free_ptr_o passes a frame when its
// last beat has been read.  skip + len of a verdict must not exceed the segment's payload.

module toe_rx_mover
  import toe_pkg::*;
  import toe_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned NumConns = 1024,  // power of two
    parameter int unsigned FifoBeats = 2048,
    parameter int unsigned FifoFrames = 256,  // descriptors that can wait
    localparam int unsigned Lanes = DataWidth / 8,
    localparam int unsigned OffWidth = $clog2(Lanes),
    localparam int unsigned PtrWidth = $clog2(FifoBeats) + 1
) (
    input logic clk_i,
    input logic rst_i,

    input logic [4:0] rx_ring_log2_i,

    // No ready: toe_rx lets no more than FifoFrames frames in.
    input logic        desc_valid_i,
    input frame_desc_t desc_i,

    input  logic        verdict_valid_i,
    output logic        verdict_ready_o,
    input  rx_verdict_t verdict_i,

    // Frame buffer.
    output logic                 rd_en_o,
    output logic [ PtrWidth-2:0] rd_addr_o,
    input  logic [DataWidth-1:0] rd_data_i,
    output logic [ PtrWidth-1:0] free_ptr_o,
    output logic                 frame_done_o, // one frame has left

    // To toe_rx_write: what comes on out_.
    output logic        item_valid_o,
    input  logic        item_ready_i,
    output write_item_t item_o,

    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [DataWidth-1:0] out_data_o,
    output logic [    Lanes-1:0] out_strb_o,

    output logic idle_o
);

  typedef logic [PtrWidth-1:0] ptr_t;
  typedef logic [OffWidth-1:0] off_t;

  // ---- Descriptor meets verdict -----------------------------------------------------------------

  logic desc_valid, desc_ready, desc_full_unused_n;
  frame_desc_t desc;
  logic [$clog2(FifoFrames):0] desc_count;
  toe_fifo #(
      .Width($bits(frame_desc_t)),
      .Depth(FifoFrames)
  ) u_descs (
      .clk_i,
      .rst_i,
      .in_valid_i(desc_valid_i),
      .in_ready_o(desc_full_unused_n),
      .in_data_i(desc_i),
      .out_valid_o(desc_valid),
      .out_ready_i(desc_ready),
      .out_data_o(desc),
      .count_o(desc_count)
  );

  // What a frame and its verdict come to.
  typedef struct packed {
    logic        keep;
    logic        is_echo;
    ptr_t        start;
    ptr_t        next;     // where the next frame starts
    logic [15:0] first;    // octet to keep first, from the start of the frame
    logic [15:0] len;
    conn_id_t    conn;
    logic [19:0] place;    // in the largest ring that there is
  } move_t;

  ptr_t  start_q;  // of the frame whose descriptor comes next
  move_t met;
  logic is_segment, meet_valid, meet_ready;
  assign is_segment = desc.kind == FrameSegment;
  assign meet_valid = desc_valid && (!is_segment || verdict_valid_i);
  assign desc_ready = meet_ready && (!is_segment || verdict_valid_i);
  assign verdict_ready_o = meet_ready && desc_valid && is_segment;

  assign met = '{
          keep: is_segment ? verdict_i.keep : desc.kind == FrameEcho,
          is_echo: !is_segment,
          start: start_q,
          next: start_q + ptr_t'(desc.beats),
          first: 16'(desc.payload_off) + (is_segment ? verdict_i.skip : 16'd0),
          len: is_segment ? verdict_i.len : desc.payload_len,
          conn: verdict_i.conn & conn_id_t'(NumConns - 1),
          place: is_segment ? verdict_i.seq[19:0] : '0
      };

  always_ff @(posedge clk_i) begin
    if (rst_i) start_q <= '0;
    else if (meet_valid && meet_ready) start_q <= met.next;
  end

  // ---- Stage 1: a short queue, so that no ready goes through from the read to the verdicts --------

  logic move_valid, move_ready;
  move_t move;
  logic [1:0] move_count;
  toe_queue #(
      .Width($bits(move_t)),
      .Depth(2)
  ) u_moves (
      .clk_i,
      .rst_i,
      .in_valid_i(meet_valid),
      .in_ready_o(meet_ready),
      .in_data_i(met),
      .out_valid_o(move_valid),
      .out_ready_i(move_ready),
      .out_data_o(move),
      .count_o(move_count)
  );

  // ---- Stage 2: beats to read -------------------------------------------------------------------

  logic job_valid_q, job_keep_q, job_done, job_free;
  ptr_t job_ptr_q, job_end_q;
  logic [16:0] job_left_q;  // beats to read after the next one

  logic [16:0] last_octet;  // from the start of the first beat read
  assign last_octet = 17'(move.len) + 17'(move.first[OffWidth-1:0]) - 17'd1;

  // Who move the octets and who write them are told of the job when it begins, so that they are
  // ready for its first beat.
  logic shift_valid, shift_ready, tell;
  assign job_free = !job_valid_q || job_done;
  assign move_ready = job_free && (!move.keep || (item_ready_i && shift_ready));
  assign tell = move_valid && move.keep && job_free;
  assign shift_valid = tell && item_ready_i;
  assign item_valid_o = tell && shift_ready;
  assign item_o = '{
          is_echo: move.is_echo,
          ring: mem_addr_t'(move.conn) << rx_ring_log2_i,
          off: move.place & ~(20'hfffff << rx_ring_log2_i),
          len: move.len
      };

  always_ff @(posedge clk_i) begin
    if (rst_i) job_valid_q <= 1'b0;
    else if (job_free) job_valid_q <= move_valid && move_ready;
  end

  always_ff @(posedge clk_i) begin
    if (move_ready && move_valid) begin
      job_keep_q <= move.keep;
      job_ptr_q  <= move.start + ptr_t'(move.first[15:OffWidth]);
      job_end_q  <= move.next;
      job_left_q <= last_octet >> OffWidth;
    end else if (rd_en_o) begin
      job_ptr_q  <= job_ptr_q + ptr_t'(1);
      job_left_q <= job_left_q - 17'd1;
    end
  end

  // ---- Stage 3: read ----------------------------------------------------------------------------

  logic beat_valid_q, beat_ready;
  assign rd_en_o   = job_valid_q && job_keep_q && (!beat_valid_q || beat_ready);
  assign rd_addr_o = job_ptr_q[PtrWidth-2:0];
  assign job_done  = job_valid_q && (!job_keep_q || (rd_en_o && job_left_q == '0));

  always_ff @(posedge clk_i) begin
    frame_done_o <= job_done && !rst_i;
    if (rst_i) begin
      beat_valid_q <= 1'b0;
      free_ptr_o   <= '0;
    end else begin
      if (rd_en_o) beat_valid_q <= 1'b1;
      else if (beat_ready) beat_valid_q <= 1'b0;
      if (job_done) free_ptr_o <= job_end_q;
    end
  end

  // ---- Stage 4: move to place -------------------------------------------------------------------

  typedef struct packed {
    off_t        src;
    off_t        dst;
    logic [15:0] len;
  } shift_t;

  logic place_valid, place_ready, shift_idle;
  shift_t place;
  logic [2:0] shift_count;
  toe_queue #(
      .Width($bits(shift_t)),
      .Depth(4)
  ) u_shifts (
      .clk_i,
      .rst_i,
      .in_valid_i(shift_valid),
      .in_ready_o(shift_ready),
      .in_data_i({move.first[OffWidth-1:0], item_o.off[OffWidth-1:0], move.len}),
      .out_valid_o(place_valid),
      .out_ready_i(place_ready),
      .out_data_o(place),
      .count_o(shift_count)
  );

  // The queue behind keeps the way from the memory's ready to the first stage short.
  logic placed_valid, placed_ready, placed_last_unused;
  logic [DataWidth-1:0] placed_data;
  logic [Lanes-1:0] placed_strb;
  logic [2:0] out_count;
  toe_realign #(
      .DataWidth(DataWidth)
  ) u_realign (
      .clk_i,
      .rst_i,
      .item_valid_i(place_valid),
      .item_ready_o(place_ready),
      .item_src_i(place.src),
      .item_dst_i(place.dst),
      .item_len_i(place.len),
      .in_valid_i(beat_valid_q),
      .in_ready_o(beat_ready),
      .in_data_i(rd_data_i),
      .out_valid_o(placed_valid),
      .out_ready_i(placed_ready),
      .out_data_o(placed_data),
      .out_strb_o(placed_strb),
      .out_last_o(placed_last_unused),
      .idle_o(shift_idle)
  );

  toe_queue #(
      .Width(DataWidth + Lanes),
      .Depth(4)
  ) u_out (
      .clk_i,
      .rst_i,
      .in_valid_i(placed_valid),
      .in_ready_o(placed_ready),
      .in_data_i({placed_data, placed_strb}),
      .out_valid_o,
      .out_ready_i,
      .out_data_o({out_data_o, out_strb_o}),
      .count_o(out_count)
  );

  assign idle_o = desc_count == '0 && move_count == '0 && !job_valid_q && shift_count == '0 &&
                  !beat_valid_q && shift_idle && out_count == '0 && !frame_done_o;

endmodule
