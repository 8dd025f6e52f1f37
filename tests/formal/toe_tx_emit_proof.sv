// SPDX-License-Identifier: Apache-2.0
//
// toe_tx_emit keeps the rules of its stream, ends each frame after exactly its beats, and leaves no
// gap in a frame, when its header and its payload are there in time.
//
// formal: w64  params=DataWidth=64 depth=2 cover=16
// formal: w512 params=DataWidth=512 depth=2 cover=8 slow

module toe_tx_emit_proof
  import toe_pkg::*;
  import toe_tx_pkg::*;
#(
    parameter  int unsigned DataWidth = 64,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic                   clk_i,
    input logic                   rst_i,
    input logic                   frame_valid_i,
    input frame_t                 frame_i,
    input logic   [DataWidth-1:0] header_i,
    input logic                   sum_valid_i,
    input logic   [         15:0] sum_i,
    input logic   [DataWidth-1:0] payload_data_i,
    input logic                   payload_last_i,
    input logic                   tready_i
);

  localparam int unsigned LaneBits = $clog2(KeepWidth);
  localparam int unsigned BeatBits = LenWidth + 1 - LaneBits;
  typedef logic [BeatBits-1:0] beat_t;

  logic frame_ready, header_ready, sum_ready, payload_ready, tvalid, tlast, idle;
  // verilator lint_off UNUSEDSIGNAL  // the other counts are not its own
  count_vec_t count;
  // verilator lint_on UNUSEDSIGNAL
  logic [DataWidth-1:0] tdata;
  logic [KeepWidth-1:0] tkeep;

  toe_tx_emit #(
      .DataWidth(DataWidth)
  ) u_dut (
      .clk_i,
      .rst_i,
      .frame_valid_i,
      .frame_ready_o  (frame_ready),
      .frame_i,
      .header_valid_i (1'b1),
      .header_ready_o (header_ready),
      .header_i,
      .sum_valid_i,
      .sum_ready_o    (sum_ready),
      .sum_i,
      .payload_valid_i(1'b1),
      .payload_ready_o(payload_ready),
      .payload_data_i,
      .payload_last_i,
      .tvalid_o       (tvalid),
      .tready_i,
      .tdata_o        (tdata),
      .tkeep_o        (tkeep),
      .tlast_o        (tlast),
      .count_o        (count),
      .idle_o         (idle)
  );

  toe_stream_check #(
      .Width(DataWidth + KeepWidth + 1)
  ) u_out_check (
      .clk_i,
      .rst_i,
      .valid_i(tvalid),
      .ready_i(tready_i),
      .data_i ({tlast, tkeep, tdata})
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  beat_t beats_q, done_q;  // of the frame that goes out: beats but the last, beats made
  logic ends_q;  // the beat offered is the last one of its frame, by count
  logic in_frame_q;  // a beat was taken and its frame goes on
  logic counted_q;  // a frame was begun in the last cycle

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (frame_valid_i && frame_ready) begin
      beats_q <= frame_i.last[LenWidth:LaneBits];
      done_q  <= '0;
    end else if (u_dut.step) begin
      done_q <= done_q + beat_t'(1);
    end
    if (u_dut.step) ends_q <= done_q == beats_q;
    counted_q <= !rst_i && frame_valid_i && frame_ready;
    if (rst_i) in_frame_q <= 1'b0;
    else if (tvalid && tready_i) in_frame_q <= !tlast;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      EndsInTime : assert (!tvalid || tlast == ends_q);
      NoGap : assert (!in_frame_q || tvalid);
      WholeBeats : assert (!tvalid || tlast || tkeep == '1);
      LanesFromFirst : assert (!tvalid || (tkeep[0] && (tkeep & (tkeep + KeepWidth'(1))) == '0));
      PayloadOnlyOfFrames : assert (!payload_ready || u_dut.busy_q);
      HeaderOnlyOfFrames : assert (!header_ready || u_dut.busy_q);
      SumWithItsFrame : assert (sum_ready == (frame_valid_i && frame_ready && frame_i.has_payload));
      NothingBeforeItsSum : assert (!frame_ready || !frame_i.has_payload || sum_valid_i);
      FramesAreCounted : assert (count.tx_frame == counted_q);
      IdleMeansEmpty : assert (!idle || (!tvalid && !u_dut.busy_q && !in_frame_q));
      // What induction needs to know of the inside.
      BeatsAddUp :
      assert (!u_dut.busy_q || (done_q + u_dut.left_q == beats_q &&
              u_dut.end_q == (u_dut.left_q == '0)));
      GoesOn : assert (!(tvalid && !tlast) || u_dut.busy_q);
      NothingWithoutFrame : assert (u_dut.busy_q || u_dut.end_q);

      BackToBack : cover (tvalid && tlast && tready_i && in_frame_q && u_dut.busy_q);
      Waits : cover (tvalid && !tready_i && in_frame_q && payload_ready == 1'b0);
    end
  end

endmodule
