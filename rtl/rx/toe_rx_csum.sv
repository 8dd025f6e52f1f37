// SPDX-License-Identifier: Apache-2.0
//
// Ones-complement sum of the IPv4 packet in each frame, as its beats pass.
//
// Covers the octets from the start of the IPv4 header to the end that its total length gives, so
// Ethernet padding does not count.  One beat a cycle.  sum_o (not folded) is there for one cycle,
// four cycles after beat_valid_i of the frame's last beat.  A good IPv4 header adds nothing to
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

  // Lanes of this beat that belong to the packet.
  logic [16:0] base;  // of the beat, octets from the start of the frame
  assign base = {1'b0, beat_index_i, OffWidth'(0)};

  logic [16:0] start, left;
  assign start = tagged_i ? 17'd18 : 17'd14;
  assign left  = ip_end_i - base;

  // Beats that end before octet 24 come before their frame's total length is known, or with it.
  logic open;
  if (24 / Lanes != 0) begin : gen_open
    assign open = beat_index_i < IndexWidth'(24 / Lanes);
  end else begin : gen_no_open
    assign open = 1'b0;
  end

  logic [Lanes-1:0] mask, mask_q;
  always_comb begin
    mask = '1;
    if (beat_valid_i) begin
      if (base < start) begin
        mask = start - base >= 17'(Lanes) ? '0 : {Lanes{1'b1}} << OffWidth'(start - base);
      end
      if (!open) begin
        if (ip_end_i <= base) mask = '0;
        else if (left < 17'(Lanes)) mask &= ~({Lanes{1'b1}} << left[OffWidth-1:0]);
      end
    end
  end

  logic valid_q, first_q, valid_q2, first_q2, valid_q3, first_q3;
  logic [DataWidth-1:0] data_q, masked;
  logic [Groups-1:0][17:0] part_q2;
  logic [21:0] total, total_q3;
  logic [31:0] sum_q;

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) masked[8*i+:8] = mask_q[i] ? data_q[8*i+:8] : 8'd0;
  end

  always_comb begin
    total = '0;
    for (int unsigned i = 0; i < Groups; i++) total += 22'(part_q2[i]);
  end

  always_ff @(posedge clk_i) begin
    valid_q  <= beat_valid_i;
    valid_q2 <= valid_q;
    valid_q3 <= valid_q2;
    if (beat_valid_i) begin
      data_q  <= beat_data_i;
      mask_q  <= mask;
      first_q <= beat_index_i == '0;
    end
    if (valid_q) begin
      first_q2 <= first_q;
      for (int unsigned i = 0; i < Groups; i++) part_q2[i] <= csum_words64(masked[64*i+:64]);
    end
    if (valid_q2) begin
      first_q3 <= first_q2;
      total_q3 <= total;
    end
    if (valid_q3) sum_q <= (first_q3 ? 32'd0 : sum_q) + 32'(total_q3);
  end

  assign sum_o = sum_q;

endmodule
