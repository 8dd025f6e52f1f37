// SPDX-License-Identifier: Apache-2.0
//
// Lets the core be reset while memory and MAC go on: stands between them, on every handshake.
//
// While stop_i is 0 everything passes, combinationally.  With stop_i the frame and the bursts that
// have begun are finished and nothing new begins; then core_rst_o is raised, and answers that the
// memory still owes are taken and thrown away.  busy_o is 1 until that is done; core_rst_o stays
// for as long as stop_i does.  Memory and MAC never see an offer taken back, a burst cut short or a
// frame cut short, and the core never sees an answer to a question of before its reset.
//
// The core must not need a new address to end a frame that it has begun, nor an answer to end a
// burst of writes.  At most 255 bursts of each direction may wait for their answer.

module toe_fence (
    input logic clk_i,
    input logic rst_i,

    input  logic stop_i,
    output logic busy_o,
    output logic core_rst_o,

    // Write addresses, data and responses: core on the left, memory on the right.
    input  logic core_awvalid_i,
    output logic core_awready_o,
    output logic awvalid_o,
    input  logic awready_i,
    input  logic core_wvalid_i,
    output logic core_wready_o,
    output logic wvalid_o,
    input  logic wready_i,
    input  logic wlast_i,
    output logic core_bvalid_o,
    input  logic core_bready_i,
    input  logic bvalid_i,
    output logic bready_o,

    // Read addresses and data.
    input  logic core_arvalid_i,
    output logic core_arready_o,
    output logic arvalid_o,
    input  logic arready_i,
    output logic core_rvalid_o,
    input  logic core_rready_i,
    input  logic rvalid_i,
    output logic rready_o,
    input  logic rlast_i,

    // Frames to the MAC.
    input  logic core_tvalid_i,
    output logic core_tready_o,
    output logic tvalid_o,
    input  logic tready_i,
    input  logic tlast_i
);

  typedef enum logic [1:0] {
    FenceRun,
    FenceFinish,  // what has begun goes on, nothing begins
    FenceDrain    // core in reset
  } state_e;
  typedef logic [7:0] count_t;

  state_e state_q;
  count_t reads_q, writes_q;  // addresses taken and not answered
  count_t addrs_ahead_q, data_ahead_q;  // bursts with their address only; with their data only
  logic aw_held_q, ar_held_q, w_held_q;  // offered last cycle and not taken: stays offered
  logic in_burst_q, in_frame_q, t_held_q;

  logic core_rst_q;  // in FenceDrain, from a register of its own: it goes far

  logic run, finish, drain;
  assign run    = state_q == FenceRun;
  assign finish = state_q == FenceFinish;
  assign drain  = core_rst_q;

  logic w_begun, aw_pass, w_pass, ar_pass, t_pass;
  assign w_begun = in_burst_q || w_held_q;
  assign t_pass = run || (finish && (in_frame_q || t_held_q));
  assign ar_pass = run || (finish && (in_frame_q || ar_held_q));
  assign w_pass = run || (finish && (w_begun || addrs_ahead_q != '0));
  assign aw_pass = run ||
      (finish && (aw_held_q || data_ahead_q != '0 || (w_begun && addrs_ahead_q == '0)));

  assign awvalid_o = core_awvalid_i && aw_pass;
  assign core_awready_o = awready_i && aw_pass;
  assign wvalid_o = core_wvalid_i && w_pass;
  assign core_wready_o = wready_i && w_pass;
  assign arvalid_o = core_arvalid_i && ar_pass;
  assign core_arready_o = arready_i && ar_pass;
  assign tvalid_o = core_tvalid_i && t_pass;
  assign core_tready_o = tready_i && t_pass;
  assign core_bvalid_o = bvalid_i && !drain;
  assign bready_o = core_bready_i || drain;
  assign core_rvalid_o = rvalid_i && !drain;
  assign rready_o = core_rready_i || drain;

  logic aw_taken, w_taken, burst_taken, b_taken, ar_taken, read_done;
  assign aw_taken    = awvalid_o && awready_i;
  assign w_taken     = wvalid_o && wready_i;
  assign burst_taken = w_taken && wlast_i;
  assign b_taken     = bvalid_i && bready_o;
  assign ar_taken    = arvalid_o && arready_i;
  assign read_done   = rvalid_i && rready_o && rlast_i;

  // Nothing of the core's is half done; with finish, then nothing passes in this cycle either.
  logic finished, drained;
  assign finished = !aw_held_q && !ar_held_q && !w_begun && !in_frame_q && !t_held_q &&
      addrs_ahead_q == '0 && data_ahead_q == '0;
  assign drained = reads_q == '0 && writes_q == '0;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q       <= FenceDrain;
      core_rst_q    <= 1'b1;
      reads_q       <= '0;
      writes_q      <= '0;
      addrs_ahead_q <= '0;
      data_ahead_q  <= '0;
      aw_held_q     <= 1'b0;
      ar_held_q     <= 1'b0;
      w_held_q      <= 1'b0;
      t_held_q      <= 1'b0;
      in_burst_q    <= 1'b0;
      in_frame_q    <= 1'b0;
    end else begin
      unique case (state_q)
        FenceRun: if (stop_i) state_q <= FenceFinish;
        FenceFinish: begin
          if (finished) begin
            state_q    <= FenceDrain;
            core_rst_q <= 1'b1;
          end
        end
        default: begin
          if (drained && !stop_i) begin
            state_q    <= FenceRun;
            core_rst_q <= 1'b0;
          end
        end
      endcase
      aw_held_q <= awvalid_o && !awready_i;
      ar_held_q <= arvalid_o && !arready_i;
      w_held_q  <= wvalid_o && !wready_i;
      t_held_q  <= tvalid_o && !tready_i;
      if (w_taken) in_burst_q <= !wlast_i;
      if (tvalid_o && tready_i) in_frame_q <= !tlast_i;
      reads_q  <= reads_q + count_t'(ar_taken) - count_t'(read_done);
      writes_q <= writes_q + count_t'(aw_taken) - count_t'(b_taken);
      if (aw_taken && !burst_taken) begin
        if (data_ahead_q != '0) data_ahead_q <= data_ahead_q - 1'b1;
        else addrs_ahead_q <= addrs_ahead_q + 1'b1;
      end
      if (burst_taken && !aw_taken) begin
        if (addrs_ahead_q != '0) addrs_ahead_q <= addrs_ahead_q - 1'b1;
        else data_ahead_q <= data_ahead_q + 1'b1;
      end
    end
  end

  assign busy_o     = finish || (drain && !drained);
  assign core_rst_o = core_rst_q;

endmodule
