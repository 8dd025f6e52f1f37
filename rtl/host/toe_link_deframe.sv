// SPDX-License-Identifier: Apache-2.0
//
// From the line to frames: finds flags, takes octet stuffing out, checks the FCS.
//
// An octet a cycle; two cycles of latency.  Each octet between flags goes on, those of the FCS
// included, then an item that ends the frame.  Octets before the first flag are dropped, and empty frames
// are nothing.  Ready depends on out_ready_i combinationally.

module toe_link_deframe
  import toe_link_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic       rx_valid_i,
    output logic       rx_ready_o,
    input  logic [7:0] rx_data_i,

    output logic  out_valid_o,
    input  logic  out_ready_i,
    output item_t out_o
);

  logic advance;
  assign advance    = !out_valid_o || out_ready_i;
  assign rx_ready_o = advance;

  // First stage: stuffing.
  logic hunt_q;  // no flag has come yet
  logic escaped_q;  // the octet before was an escape
  logic any_q;  // the frame has an octet
  logic first_valid_q, first_end_q, first_abort_q;
  logic [7:0] first_data_q;

  logic flag, escape;
  assign flag   = rx_data_i == Flag;
  assign escape = rx_data_i == Escape && !escaped_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      hunt_q        <= 1'b1;
      escaped_q     <= 1'b0;
      any_q         <= 1'b0;
      first_valid_q <= 1'b0;
    end else if (advance) begin
      first_valid_q <= 1'b0;
      if (rx_valid_i && flag) begin
        hunt_q        <= 1'b0;
        escaped_q     <= 1'b0;
        any_q         <= 1'b0;
        first_valid_q <= any_q || escaped_q;
      end else if (rx_valid_i && !hunt_q) begin
        escaped_q     <= escape;
        first_valid_q <= !escape;
        if (!escape) any_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      first_end_q   <= flag;
      first_abort_q <= escaped_q;
      first_data_q  <= escaped_q ? rx_data_i ^ EscapeXor : rx_data_i;
    end
  end

  // Second stage: FCS.
  fcs_t fcs_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      out_valid_o <= 1'b0;
      fcs_q       <= FcsInit;
    end else if (advance) begin
      out_valid_o <= first_valid_q;
      if (first_valid_q) fcs_q <= first_end_q ? FcsInit : fcs_octet(fcs_q, first_data_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      out_o.data <= first_data_q;
      if (!first_end_q) out_o.kind <= ItemOctet;
      else if (first_abort_q) out_o.kind <= ItemAbort;
      else out_o.kind <= fcs_q == FcsGood ? ItemGood : ItemBad;
    end
  end

endmodule
