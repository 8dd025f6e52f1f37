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

  logic is_segment, meet_valid, meet_ready;
  assign is_segment      = desc.kind == FrameSegment;
  assign meet_valid      = desc_valid && (!is_segment || verdict_valid_i);
  assign desc_ready      = meet_ready && (!is_segment || verdict_valid_i);
  assign verdict_ready_o = meet_ready && desc_valid && is_segment;

  // ---- Stage 1: where the octets begin ----------------------------------------------------------

  ptr_t start_q;  // of the frame whose descriptor comes next

  logic move_valid_q, move_ready, move_keep_q, move_is_echo_q;
  ptr_t move_start_q, move_end_q;
  logic [15:0] move_first_q;  // octet to keep first, from the start of the frame
  logic [15:0] move_len_q;
  conn_id_t    move_conn_q;
  logic [19:0] move_place_q;  // in the largest ring that there is

  assign meet_ready = !move_valid_q || move_ready;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      move_valid_q <= 1'b0;
      start_q      <= '0;
    end else if (meet_ready) begin
      move_valid_q <= meet_valid;
      if (meet_valid) start_q <= start_q + ptr_t'(desc.beats);
    end
  end

  always_ff @(posedge clk_i) begin
    if (meet_ready && meet_valid) begin
      move_keep_q    <= is_segment ? verdict_i.keep : desc.kind == FrameEcho;
      move_is_echo_q <= !is_segment;
      move_start_q   <= start_q;
      move_end_q     <= start_q + ptr_t'(desc.beats);
      move_first_q   <= 16'(desc.payload_off) + (is_segment ? verdict_i.skip : 16'd0);
      move_len_q     <= is_segment ? verdict_i.len : desc.payload_len;
      move_conn_q    <= verdict_i.conn & conn_id_t'(NumConns - 1);
      move_place_q   <= is_segment ? verdict_i.seq[19:0] : '0;
    end
  end

  // ---- Stage 2: beats to read -------------------------------------------------------------------

  logic job_valid_q, job_keep_q, job_done, job_free;
  ptr_t job_ptr_q, job_end_q;
  logic [16:0] job_left_q;  // beats to read after the next one

  logic [16:0] last_octet;  // from the start of the first beat read
  assign last_octet = 17'(move_len_q) + 17'(move_first_q[OffWidth-1:0]) - 17'd1;

  // Who move the octets and who write them are told of the job when it begins, so that they are
  // ready for its first beat.
  logic shift_valid, shift_ready, tell;
  assign job_free = !job_valid_q || job_done;
  assign move_ready = job_free && (!move_keep_q || (item_ready_i && shift_ready));
  assign tell = move_valid_q && move_keep_q && job_free;
  assign shift_valid = tell && item_ready_i;
  assign item_valid_o = tell && shift_ready;
  assign item_o = '{
          is_echo: move_is_echo_q,
          ring: mem_addr_t'(move_conn_q) << rx_ring_log2_i,
          off: move_place_q & ~(20'hfffff << rx_ring_log2_i),
          len: move_len_q
      };

  always_ff @(posedge clk_i) begin
    if (rst_i) job_valid_q <= 1'b0;
    else if (job_free) job_valid_q <= move_valid_q && move_ready;
  end

  always_ff @(posedge clk_i) begin
    if (move_ready && move_valid_q) begin
      job_keep_q <= move_keep_q;
      job_ptr_q  <= move_start_q + ptr_t'(move_first_q[15:OffWidth]);
      job_end_q  <= move_end_q;
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
      .in_data_i({move_first_q[OffWidth-1:0], item_o.off[OffWidth-1:0], move_len_q}),
      .out_valid_o(place_valid),
      .out_ready_i(place_ready),
      .out_data_o(place),
      .count_o(shift_count)
  );

  logic out_last_unused;
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
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .out_strb_o,
      .out_last_o(out_last_unused),
      .idle_o(shift_idle)
  );

  assign idle_o = desc_count == '0 && !move_valid_q && !job_valid_q && shift_count == '0 &&
                  !beat_valid_q && shift_idle && !frame_done_o;

endmodule
