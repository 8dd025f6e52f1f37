// SPDX-License-Identifier: Apache-2.0
//
// toe_fence shows memory and MAC a core that never breaks off: no offer is taken back, no frame and
// no burst cut short, and every address has its data before the core is reset.  The core never sees an
// answer to what it asked before a reset, and everything while it runs.
//
// The rules of the core are assumed only while it is not in reset; those of the memory always.
//
// formal: small depth=3 cover=16

module toe_fence_proof (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,

    input logic core_awvalid_i,
    input logic awready_i,
    input logic core_wvalid_i,
    input logic wready_i,
    input logic wlast_i,
    input logic core_bready_i,
    input logic bvalid_i,
    input logic core_arvalid_i,
    input logic arready_i,
    input logic core_rready_i,
    input logic rvalid_i,
    input logic rlast_i,
    input logic core_tvalid_i,
    input logic tready_i,
    input logic tlast_i
);

  // The streams of the core: write addresses, write data, read addresses, frames.
  localparam int unsigned Aw = 0;
  localparam int unsigned W = 1;
  localparam int unsigned Ar = 2;
  localparam int unsigned T = 3;

  logic busy, core_rst;
  logic core_bvalid, bready, core_rvalid, rready;
  logic [3:0] core_valid, core_ready, valid, ready, last, taken;
  assign core_valid = {core_tvalid_i, core_arvalid_i, core_wvalid_i, core_awvalid_i};
  assign ready      = {tready_i, arready_i, wready_i, awready_i};
  assign last       = {tlast_i, 1'b1, wlast_i, 1'b1};
  assign taken      = valid & ready;

  toe_fence u_dut (
      .clk_i,
      .rst_i,
      .stop_i,
      .busy_o        (busy),
      .core_rst_o    (core_rst),
      .core_awvalid_i,
      .core_awready_o(core_ready[Aw]),
      .awvalid_o     (valid[Aw]),
      .awready_i,
      .core_wvalid_i,
      .core_wready_o (core_ready[W]),
      .wvalid_o      (valid[W]),
      .wready_i,
      .wlast_i,
      .core_bvalid_o (core_bvalid),
      .core_bready_i,
      .bvalid_i,
      .bready_o      (bready),
      .core_arvalid_i,
      .core_arready_o(core_ready[Ar]),
      .arvalid_o     (valid[Ar]),
      .arready_i,
      .core_rvalid_o (core_rvalid),
      .core_rready_i,
      .rvalid_i,
      .rready_o      (rready),
      .rlast_i,
      .core_tvalid_i,
      .core_tready_o (core_ready[T]),
      .tvalid_o      (valid[T]),
      .tready_i,
      .tlast_i
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  // ---- The rules of streams ----------------------------------------------------------------
  // What the core offers stays while the core is not in reset; what leaves the fence stays always.

  logic [3:0] stalled;  // offered to memory or MAC in the last cycle, and not taken
  for (genvar i = 0; i < 4; i++) begin : gen_stream
    toe_stream_check #(
        .Assume(1'b1)
    ) u_core (
        .clk_i,
        .rst_i  (core_rst),
        .valid_i(core_valid[i]),
        .ready_i(core_ready[i]),
        .data_i (last[i])
    );
    toe_stream_check u_out (
        .clk_i,
        .rst_i,
        .valid_i(valid[i]),
        .ready_i(ready[i]),
        .data_i (last[i])
    );
    assign stalled[i] = u_out.stalled_q;
  end

  toe_stream_check #(
      .Assume(1'b1)
  ) u_mem_b (
      .clk_i,
      .rst_i,
      .valid_i(bvalid_i),
      .ready_i(bready),
      .data_i (1'b0)
  );
  toe_stream_check #(
      .Assume(1'b1)
  ) u_mem_r (
      .clk_i,
      .rst_i,
      .valid_i(rvalid_i),
      .ready_i(rready),
      .data_i (rlast_i)
  );

  // ---- What memory and MAC have seen since the reset ---------------------------------------

  typedef logic [8:0] count_t;
  localparam count_t MostWaiting = 9'd255;  // contract of the fence

  count_t addrs_q, bursts_q;  // write addresses and whole bursts taken, not answered yet
  count_t reads_q;  // read addresses taken, not answered to the last beat
  logic in_burst_q, in_frame_q;

  logic b_taken, r_ended;
  assign b_taken = bvalid_i && bready;
  assign r_ended = rvalid_i && rready && rlast_i;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (started_q) OneReset : assume (!rst_i);
    AnswersWrites : assume (!bvalid_i || (addrs_q != '0 && bursts_q != '0));
    AnswersReads : assume (!rvalid_i || reads_q != '0);
    RoomForReads : assume (!arready_i || reads_q != MostWaiting);
    RoomForAddrs : assume (!awready_i || addrs_q != MostWaiting);
    RoomForData : assume (!wready_i || bursts_q != MostWaiting);
    if (rst_i) begin
      addrs_q    <= '0;
      bursts_q   <= '0;
      reads_q    <= '0;
      in_burst_q <= 1'b0;
      in_frame_q <= 1'b0;
    end else begin
      addrs_q  <= addrs_q + count_t'(taken[Aw]) - count_t'(b_taken);
      bursts_q <= bursts_q + count_t'(taken[W] && wlast_i) - count_t'(b_taken);
      reads_q  <= reads_q + count_t'(taken[Ar]) - count_t'(r_ended);
      if (taken[W]) in_burst_q <= !wlast_i;
      if (taken[T]) in_frame_q <= !tlast_i;
    end
  end

  logic core_rst_q, stop_q, ran_q;
  always_ff @(posedge clk_i) begin
    core_rst_q <= core_rst;
    stop_q     <= stop_i;
    if (rst_i) ran_q <= 1'b0;
    else if (!core_rst && taken[Aw]) ran_q <= 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      NothingCutShort : assert (!core_rst || (!in_burst_q && !in_frame_q && stalled == '0));
      AddressesHaveTheirData : assert (!core_rst || addrs_q == bursts_q);
      QuietInReset : assert (!core_rst || valid == '0);
      AnswersThrownAway : assert (!core_rst || (bready && rready && !core_bvalid && !core_rvalid));
      BeginsClean :
      assert (!(core_rst_q && !core_rst) || (addrs_q == '0 && bursts_q == '0 && reads_q == '0));
      StaysWhileStopped : assert (!(core_rst_q && stop_q) || core_rst);
      ReadyMeansDone : assert (!(core_rst && !busy) || (addrs_q == '0 && reads_q == '0));
      EveryAnswerPasses :
      assert (core_rst || (core_bvalid == bvalid_i && core_rvalid == rvalid_i &&
                           bready == core_bready_i && rready == core_rready_i));
      PassesWhole : assert ((valid & ~core_valid) == '0 && (core_valid & core_ready) == taken);
      Transparent : assert (core_rst || busy || (valid == core_valid && core_ready == ready));
      // What has begun is let on, so that busy_o ends when the core and the memory go on.
      BegunGoesOn :
      assert (core_rst || ((!in_frame_q || valid[T] == core_valid[T]) &&
                           (!(in_burst_q || addrs_q > bursts_q) || valid[W] == core_valid[W]) &&
                           (!(bursts_q > addrs_q) || valid[Aw] == core_valid[Aw])));
      StopsAtOnce :
      assert (!(busy && !core_rst && stalled == '0 && !in_burst_q && !in_frame_q &&
                addrs_q == bursts_q) || valid == '0);
      // What induction needs to know of the inside.
      CountsAgree :
      assert (count_t'(u_dut.reads_q) == reads_q && count_t'(u_dut.writes_q) == addrs_q &&
              addrs_q <= MostWaiting && bursts_q <= MostWaiting && reads_q <= MostWaiting);
      AheadAgrees :
      assert (addrs_q + count_t'(u_dut.data_ahead_q) == bursts_q + count_t'(u_dut.addrs_ahead_q) &&
              (u_dut.data_ahead_q == '0 || u_dut.addrs_ahead_q == '0));
      HeldAgrees :
      assert ({u_dut.t_held_q, u_dut.ar_held_q, u_dut.w_held_q, u_dut.aw_held_q} == stalled);
      BegunAgrees : assert (u_dut.in_burst_q == in_burst_q && u_dut.in_frame_q == in_frame_q);
      // 2 is FenceDrain: read_slang does not find a name of another module.
      StateAgrees : assert (core_rst == (u_dut.state_q == 2'd2) && u_dut.state_q <= 2'd2);

      StoppedWhileReadsWait : cover (core_rst && ran_q && reads_q == 9'd2 && addrs_q != '0);
      RunsAgain : cover (core_rst_q && !core_rst && ran_q);
      FrameEndsFirst : cover (busy && !core_rst && in_frame_q && taken[T] && tlast_i);
      DataWaitsForAddress : cover (busy && !core_rst && bursts_q > addrs_q && taken[Aw]);
    end
  end

endmodule
