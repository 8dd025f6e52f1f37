// SPDX-License-Identifier: Apache-2.0
//
// Takes frames from the MAC: writes their beats to the frame buffer and collects their headers.
//
// Never holds the MAC back.  A frame is kept whole or not at all: when it is not (engine disabled,
// MAC error, too long, no room), its beats are given up and one bit of drop_o pulses.  One cycle
// after the last beat of a frame that is kept, frame_valid_o pulses and the frame_ outputs describe
// it for that cycle only: the next frame may overwrite them.  beat_valid_o shows every beat, kept
// or not, one cycle after it came, for the checksum; tagged_o and ip_end_o belong to the frame of
// that beat, once the beat with octet 21 of the frame has come.

module toe_rx_capture
  import toe_pkg::*;
  import toe_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned FifoBeats = 2048,  // power of two
    localparam int unsigned Lanes = DataWidth / 8,
    localparam int unsigned OffWidth = $clog2(Lanes),
    localparam int unsigned PtrWidth = $clog2(FifoBeats) + 1,  // one bit more than an address
    localparam int unsigned HeaderBeats = (HeaderOctets + Lanes - 1) / Lanes,
    localparam int unsigned IndexWidth = 16 - OffWidth  // of a beat in its frame
) (
    input logic clk_i,
    input logic rst_i,

    input logic        enable_i,
    input logic [15:0] mtu_i,

    input logic                 tvalid_i,
    input logic [DataWidth-1:0] tdata_i,
    input logic [    Lanes-1:0] tkeep_i,
    input logic                 tlast_i,
    input logic                 tuser_i,

    // Room for one more frame: in the queues behind, and beats from free_ptr_i on in the buffer.
    input logic                room_i,
    input logic [PtrWidth-1:0] free_ptr_i,

    // Frame buffer.
    output logic                 wr_en_o,
    output logic [ PtrWidth-2:0] wr_addr_o,
    output logic [DataWidth-1:0] wr_data_o,

    // Every beat.
    output logic                  beat_valid_o,
    output logic [IndexWidth-1:0] beat_index_o,
    output logic [ DataWidth-1:0] beat_data_o,
    output logic                  tagged_o,
    output logic [          16:0] ip_end_o,      // octet after the IPv4 packet, if it is one

    // A frame that is kept; frame_last_o shows the end of others too.
    output logic                      frame_valid_o,
    output logic                      frame_last_o,
    output logic [8*HeaderOctets-1:0] frame_header_o,
    output logic [              16:0] frame_len_o,     // octets
    output logic [              12:0] frame_beats_o,

    output drop_vec_t drop_o,
    output logic      idle_o   // no frame is under way
);

  typedef logic [PtrWidth-1:0] ptr_t;
  typedef logic [IndexWidth-1:0] index_t;
  typedef logic [OffWidth:0] count_t;

  // ---- Cycle 0 to 1: register the beat ----------------------------------------------------------

  index_t index_q;  // of the next beat, stays at the last value of a frame that never ends
  logic valid_q, last_q, error_q, first_q, enable_q, mid_frame_q;
  index_t beat_index_q;
  count_t count_q;  // octets in the beat
  logic [16:0] len_q;  // octets of the frame up to the end of the beat
  logic [DataWidth-1:0] data_q;
  // verilator lint_off UNUSEDSIGNAL  // whole beats: a few octets more than the headers
  logic [HeaderBeats-1:0][DataWidth-1:0] header_q;
  // verilator lint_on UNUSEDSIGNAL

  logic [16:0] limit_q;  // octets of the longest frame
  logic beyond_q, at_limit_q;  // the beat begins beyond that, or it ends there at best

  function automatic count_t octets(logic last, logic [Lanes-1:0] keep);
    count_t count;
    count = count_t'(Lanes);
    if (last) begin
      count = '0;
      for (int unsigned i = 0; i < Lanes; i++) begin
        if (keep[i]) count = count_t'(i + 1);
      end
    end
    return count;
  endfunction

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      valid_q     <= 1'b0;
      mid_frame_q <= 1'b0;
      index_q     <= '0;
    end else begin
      valid_q <= tvalid_i;
      if (tvalid_i) begin
        mid_frame_q <= !tlast_i;
        if (tlast_i) index_q <= '0;
        else if (index_q != '1) index_q <= index_q + index_t'(1);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    limit_q <= 17'(mtu_i) + 17'd18;
    if (tvalid_i) begin
      data_q       <= tdata_i;
      count_q      <= octets(tlast_i, tkeep_i);
      beyond_q     <= index_q > index_t'(limit_q >> OffWidth);
      at_limit_q   <= index_q == index_t'(limit_q >> OffWidth);
      len_q        <= {1'b0, index_q, OffWidth'(0)} + 17'(octets(tlast_i, tkeep_i));
      last_q       <= tlast_i;
      error_q      <= tuser_i;
      first_q      <= !mid_frame_q;
      beat_index_q <= index_q;
      if (!mid_frame_q) enable_q <= enable_i;
      for (int unsigned i = 0; i < HeaderBeats; i++) begin
        if (index_q == index_t'(i)) header_q[i] <= tdata_i;
      end
    end
  end

  // ---- Cycle 1: keep or drop --------------------------------------------------------------------

  logic [15:0] header_type, total_len;
  assign header_type = net16(frame_header_o[8*12+:16]);
  assign tagged_o    = header_type == 16'h8100;
  assign total_len   = net16(tagged_o ? frame_header_o[8*20+:16] : frame_header_o[8*16+:16]);
  assign ip_end_o    = 17'(total_len) + (tagged_o ? 17'd18 : 17'd14);

  ptr_t start_q, wr_ptr_q;
  logic lost_q, lost, full, oversize, finish, commit;
  assign full     = wr_ptr_q[PtrWidth-2:0] == free_ptr_i[PtrWidth-2:0] &&
                    wr_ptr_q[PtrWidth-1] != free_ptr_i[PtrWidth-1];
  assign lost = full || (lost_q && !first_q);
  assign oversize = beyond_q || (at_limit_q && count_q > count_t'(limit_q[OffWidth-1:0]));
  assign finish = valid_q && last_q;
  assign commit = finish && enable_q && !error_q && !oversize && !lost && room_i;

  always_ff @(posedge clk_i) begin
    if (valid_q) lost_q <= lost;
    if (rst_i) begin
      start_q  <= '0;
      wr_ptr_q <= '0;
    end else if (commit) begin
      start_q  <= wr_ptr_q + ptr_t'(1);
      wr_ptr_q <= wr_ptr_q + ptr_t'(1);
    end else if (finish) begin
      wr_ptr_q <= start_q;
    end else if (wr_en_o) begin
      wr_ptr_q <= wr_ptr_q + ptr_t'(1);
    end
  end

  logic dropped_q, drop_enable_q, drop_error_q, drop_oversize_q;

  always_ff @(posedge clk_i) begin
    dropped_q       <= finish && !commit && !rst_i;
    drop_enable_q   <= enable_q;
    drop_error_q    <= error_q;
    drop_oversize_q <= oversize;
    drop_o          <= '0;
    if (dropped_q && !rst_i) begin
      if (!drop_enable_q) drop_o[DropDisabled] <= 1'b1;
      else if (drop_error_q) drop_o[DropMacError] <= 1'b1;
      else if (drop_oversize_q) drop_o[DropOversize] <= 1'b1;
      else drop_o[DropRxFull] <= 1'b1;
    end
  end

  assign wr_en_o   = valid_q && !lost;
  assign wr_addr_o = wr_ptr_q[PtrWidth-2:0];
  assign wr_data_o = data_q;

  assign beat_valid_o = valid_q;
  assign beat_index_o = beat_index_q;
  assign beat_data_o  = data_q;

  assign frame_valid_o  = commit;
  assign frame_last_o   = finish;
  assign frame_header_o = (8 * HeaderOctets)'(header_q);
  assign frame_len_o    = len_q;
  assign frame_beats_o  = 13'(beat_index_q) + 13'd1;

  assign idle_o = !mid_frame_q && !valid_q && !dropped_q && drop_o == '0;

endmodule
