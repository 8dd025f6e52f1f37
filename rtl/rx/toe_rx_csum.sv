// SPDX-License-Identifier: Apache-2.0
//
// Ones-complement sum of the IPv4 packet in each frame, as its beats pass.
//
// Covers the octets from the start of the IPv4 header to the end that its total length gives, so
// Ethernet padding does not count.  One beat a cycle.  sum_o (not folded) is there for one cycle,
// five cycles after beat_valid_i of the frame's last beat.  A good IPv4 header adds nothing to
// a ones-complement sum (it sums to 16'hffff), so sum_o stands for the payload of the packet.
// Means nothing for other frames and for total lengths below 10.

module toe_rx_csum
  import toe_csum_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Lanes = DataWidth / 8,
    localparam int unsigned OffWidth = $clog2(Lanes),
    localparam int unsigned IndexWidth = 16 - OffWidth
) (
    input logic clk_i,

    input logic                  beat_valid_i,
    input logic [IndexWidth-1:0] beat_index_i,
    input logic [ DataWidth-1:0] beat_data_i,
    input logic                  tagged_i,
    input logic [          16:0] ip_end_i,

    output logic [31:0] sum_o
);

  localparam int unsigned Groups = DataWidth / 64;

  // ---- Stage 1: where the packet begins and ends, seen from the beat ------------------------------

  logic [16:0] base;  // of the beat, octets from the start of the frame
  assign base = {1'b0, beat_index_i, OffWidth'(0)};

  logic [16:0] start;
  assign start = tagged_i ? 17'd18 : 17'd14;

  // Beats that end before octet 24 come before their frame's total length is known, or with it.
  logic open;
  if (24 / Lanes != 0) begin : gen_open
    assign open = beat_index_i < IndexWidth'(24 / Lanes);
  end else begin : gen_no_open
    assign open = 1'b0;
  end

  logic valid_q, first_q, valid_q2, first_q2, valid_q3, first_q3, valid_q4, first_q4;
  logic before_q, open_q;  // the beat begins before the packet; the packet goes on behind it
  logic [ 4:0] skip_q;  // octets to its start
  logic [17:0] left_q;  // octets to its end, negative when passed
  logic [DataWidth-1:0] data_q, data_q2;

  always_ff @(posedge clk_i) begin
    valid_q <= beat_valid_i;
    if (beat_valid_i) begin
      data_q   <= beat_data_i;
      first_q  <= beat_index_i == '0;
      before_q <= base < start;
      skip_q   <= 5'(start - base);
      open_q   <= open;
      left_q   <= 18'(ip_end_i) - 18'(base);
    end
  end

  // ---- Stage 2: lanes of the beat that belong to the packet ---------------------------------------

  logic [Lanes-1:0] mask, mask_q2;
  always_comb begin
    mask = '1;
    if (valid_q) begin
      if (before_q) begin
        mask = 32'(skip_q) >= Lanes ? '0 : {Lanes{1'b1}} << OffWidth'(skip_q);
      end
      if (!open_q) begin
        if (left_q[17]) mask = '0;
        else if (left_q < 18'(Lanes)) mask &= ~({Lanes{1'b1}} << left_q[OffWidth-1:0]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q2 <= valid_q;
    if (valid_q) begin
      data_q2  <= data_q;
      mask_q2  <= mask;
      first_q2 <= first_q;
    end
  end

  // ---- Stages 3 to 5: sum -------------------------------------------------------------------------

  logic [DataWidth-1:0] masked;
  logic [Groups-1:0][17:0] part_q3;
  logic [21:0] total, total_q4;
  logic [31:0] sum_q;

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) masked[8*i+:8] = mask_q2[i] ? data_q2[8*i+:8] : 8'd0;
  end

  always_comb begin
    total = '0;
    for (int unsigned i = 0; i < Groups; i++) total += 22'(part_q3[i]);
  end

  always_ff @(posedge clk_i) begin
    valid_q3 <= valid_q2;
    valid_q4 <= valid_q3;
    if (valid_q2) begin
      first_q3 <= first_q2;
      for (int unsigned i = 0; i < Groups; i++) part_q3[i] <= csum_words64(masked[64*i+:64]);
    end
    if (valid_q3) begin
      first_q4 <= first_q3;
      total_q4 <= total;
    end
    if (valid_q4) sum_q <= (first_q4 ? 32'd0 : sum_q) + 32'(total_q4);
  end

  assign sum_o = sum_q;

endmodule
