// SPDX-License-Identifier: Apache-2.0
//
// From frames to the line: appends the FCS, stuffs, puts flags around.
//
// Every frame has a flag of its own before it: it ends whatever the line has invented since the last one.
// An octet a cycle but for escapes, FCS and flags.  tx_data_o is a register.

module toe_link_frame
  import toe_link_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic       in_valid_i,
    output logic       in_ready_o,
    input  logic [7:0] in_data_i,
    input  logic       in_last_i,

    output logic       tx_valid_o,
    input  logic       tx_ready_i,
    output logic [7:0] tx_data_o,

    output logic idle_o
);

  typedef enum logic [1:0] {
    FrameIdle,
    FrameOctets,
    FrameFcs,
    FrameEnd
  } state_e;

  state_e state_q;
  logic escaped_q;  // the escape before this octet is out
  logic [1:0] fcs_index_q;
  fcs_t fcs_q;

  logic room, offered, escape_now, moved;
  logic [7:0] octet;
  assign room       = !tx_valid_o || tx_ready_i;

  // The octet of the frame that is next, before stuffing.
  assign octet      = state_q == FrameFcs ? ~fcs_q[7:0] : in_data_i;
  assign offered    = state_q == FrameFcs || (state_q == FrameOctets && in_valid_i);
  assign escape_now = !escaped_q && (octet == Flag || octet == Escape);
  assign moved      = room && offered && !escape_now;
  assign in_ready_o = state_q == FrameOctets && room && !escape_now;
  assign idle_o     = state_q == FrameIdle && !tx_valid_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q    <= FrameIdle;
      escaped_q  <= 1'b0;
      tx_valid_o <= 1'b0;
    end else if (room) begin
      tx_valid_o <= 1'b0;
      if (offered) begin
        tx_valid_o <= 1'b1;
        escaped_q  <= escape_now;
      end
      unique case (state_q)
        FrameIdle: begin
          if (in_valid_i) begin
            state_q    <= FrameOctets;
            tx_valid_o <= 1'b1;
          end
        end
        FrameOctets: if (moved && in_last_i) state_q <= FrameFcs;
        FrameFcs:    if (moved && fcs_index_q == '1) state_q <= FrameEnd;
        default: begin
          state_q    <= FrameIdle;
          tx_valid_o <= 1'b1;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (room) begin
      if (!offered) tx_data_o <= Flag;
      else if (escape_now) tx_data_o <= Escape;
      else tx_data_o <= escaped_q ? octet ^ EscapeXor : octet;
    end
    if (state_q == FrameIdle) begin
      fcs_q       <= FcsInit;
      fcs_index_q <= '0;
    end else if (moved) begin
      if (state_q == FrameFcs) begin
        fcs_q       <= fcs_q >> 8;
        fcs_index_q <= fcs_index_q + 1'b1;
      end else begin
        fcs_q <= fcs_octet(fcs_q, in_data_i);
      end
    end
  end

endmodule
