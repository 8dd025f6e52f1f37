// SPDX-License-Identifier: Apache-2.0
//
// Reads the options of a TCP header (RFC 9293 section 3.1, RFC 7323, RFC 2018).
//
// One header a cycle, never stalls.  bad_o comes six cycles after valid_i, opt_o seven, and zero
// where no header came.  Options may
// stand at any octet and in any order; unknown kinds are skipped, the end-of-list option ends the
// reading, of several options of one kind the first counts.  bad_o: an option runs past the end of
// the header, its length is below 2, or it is not the length of its kind; then opt_o means nothing.
//
// Whatever can be computed for each octet as if an option began there is computed for all octets
// at once; toe_rx_walk then goes from option to option.

module toe_rx_options
  import toe_pkg::*;
  import toe_rx_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic                        valid_i,
    input words_t                      words_i,  // 32-bit words that hold options
    input logic   [8*OptionOctets-1:0] octets_i, // first octet in bits 7:0

    output logic         bad_o,
    output tcp_options_t opt_o
);

  typedef logic [8*OptionOctets-1:0] octets_t;

  // Positions at which an option of this kind stands, if an option begins there at all.
  typedef struct packed {
    set_t mss;
    set_t wscale;
    set_t sack_permitted;
    set_t ts;
    set_t sack;
  } kinds_t;

  logic valid_q, valid_q2, valid_q3, valid_q4, valid_q5, valid_q6;
  octets_t octets_q6;
  kinds_t kinds_q, kinds_q2, kinds_q3, kinds_q4, kinds_q5;

  always_ff @(posedge clk_i) begin
    if (rst_i) {valid_q, valid_q2, valid_q3, valid_q4, valid_q5, valid_q6} <= '0;
    else begin
      {valid_q, valid_q2, valid_q3, valid_q4, valid_q5, valid_q6} <= {
        valid_i, valid_q, valid_q2, valid_q3, valid_q4, valid_q5
      };
    end
  end

  // The octets wait for stage 6 in distributed RAM; at most six headers are on their way there.
  octets_t waiting_q[8];
  logic [2:0] in_ptr_q, out_ptr_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) waiting_q[in_ptr_q] <= octets_i;
    if (valid_q5) octets_q6 <= waiting_q[out_ptr_q];
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      in_ptr_q  <= '0;
      out_ptr_q <= '0;
    end else begin
      in_ptr_q  <= in_ptr_q + 3'(valid_i);
      out_ptr_q <= out_ptr_q + 3'(valid_q5);
    end
  end

  // ---- Stage 1: every octet as if an option began there -----------------------------------------

  // Whether len fits kind; kinds that are not known here fit any length.
  function automatic logic length_fits(logic [7:0] kind, logic [7:0] len);
    unique case (kind)
      8'd2:    return len == 8'd4;
      8'd3:    return len == 8'd3;
      8'd4:    return len == 8'd2;
      8'd5:    return len == 8'd10 || len == 8'd18 || len == 8'd26 || len == 8'd34;
      8'd8:    return len == 8'd10;
      default: return 1'b1;
    endcase
  endfunction

  steps_t step_q;
  logic [8*OptionOctets+7:0] padded;  // no octet follows the last
  assign padded = {8'd0, octets_i};

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      for (int unsigned i = 0; i < OptionOctets; i++) begin : at_octet
        automatic logic [7:0] kind = padded[8*i+:8];
        automatic logic fits = length_fits(kind, padded[8*(i+1)+:8]);
        automatic logic known = fits && words_i[i/4];
        step_q[i]                 <= option_step(kind, padded[8*(i+1)+:8], fits, 6'(i), words_i);
        kinds_q.mss[i]            <= known && kind == 8'd2;
        kinds_q.wscale[i]         <= known && kind == 8'd3;
        kinds_q.sack_permitted[i] <= known && kind == 8'd4;
        kinds_q.sack[i]           <= known && kind == 8'd5;
        kinds_q.ts[i]             <= known && kind == 8'd8;
      end
    end
    if (valid_q) kinds_q2 <= kinds_q;
    if (valid_q2) kinds_q3 <= kinds_q2;
    if (valid_q3) kinds_q4 <= kinds_q3;
    if (valid_q4) kinds_q5 <= kinds_q4;
  end

  // ---- Stages 2 to 5: which of them begin one ---------------------------------------------------

  logic walk_bad;
  set_t begins;  // beside stage 6
  toe_rx_walk u_walk (
      .clk_i,
      .rst_i,
      .valid_i (valid_q),
      .step_i  (step_q),
      .bad_o   (walk_bad),
      .begins_o(begins)
  );

  // ---- Stage 6: where the first of each kind stands ---------------------------------------------

  // Timestamps and SACK are 10 octets at least: they begin in the first 31 octets.
  function automatic logic [4:0] first_of(logic [30:0] set);
    logic [30:0] first;
    first    = set & -set;
    first_of = '0;
    for (int unsigned i = 0; i < 31; i++) if (first[i]) first_of |= 5'(i);
  endfunction

  // The lowest position alone.
  function automatic set_t lowest(set_t set);
    return set & -set;
  endfunction

  logic [30:0] ts_set, sack_set;
  assign ts_set   = begins[30:0] & kinds_q5.ts[30:0];
  assign sack_set = begins[30:0] & kinds_q5.sack[30:0];

  logic ts_valid_q6, sack_valid_q6, sack_permitted_q6;
  logic [4:0] ts_at_q6, sack_at_q6;
  set_t mss_first_q6, wscale_first_q6;

  always_ff @(posedge clk_i) begin
    if (valid_q5) begin
      bad_o             <= walk_bad;
      ts_valid_q6       <= ts_set != '0;
      ts_at_q6          <= first_of(ts_set);
      sack_valid_q6     <= sack_set != '0;
      sack_at_q6        <= first_of(sack_set);
      sack_permitted_q6 <= (begins & kinds_q5.sack_permitted) != '0;
      mss_first_q6      <= lowest(begins & kinds_q5.mss);
      wscale_first_q6   <= lowest(begins & kinds_q5.wscale);
    end
  end

  // ---- Stage 7: fetch the values ----------------------------------------------------------------

  tcp_options_t opt;
  logic [63:0] ts;
  logic [8*32-1:0] sack;
  logic [7:0] shift;

  always_comb begin
    opt   = '0;
    ts    = '0;
    sack  = '0;
    shift = '0;
    if (valid_q6) begin
      opt.sack_permitted = sack_permitted_q6;
      opt.mss_valid      = mss_first_q6 != '0;
      for (int unsigned i = 0; i < OptionOctets - 3; i++) begin
        if (mss_first_q6[i]) opt.mss |= net16(octets_q6[8*(i+2)+:16]);
      end
      opt.wscale_valid = wscale_first_q6 != '0;
      for (int unsigned i = 0; i < OptionOctets - 2; i++) begin
        if (wscale_first_q6[i]) shift |= octets_q6[8*(i+2)+:8];
      end
      opt.wscale = shift > 8'd14 ? 4'd14 : shift[3:0];
      if (ts_valid_q6) begin
        ts           = 64'(octets_q6 >> {ts_at_q6 + 6'd2, 3'b000});
        opt.ts_valid = 1'b1;
        opt.ts_val   = net32(ts[31:0]);
        opt.ts_ecr   = net32(ts[63:32]);
      end
      if (sack_valid_q6) begin
        sack           = 256'(octets_q6 >> {sack_at_q6 + 6'd2, 3'b000});
        opt.sack_count = 3'(octets_q6 >> {sack_at_q6 + 6'd1, 3'd3});  // length is 8 * count + 2
        for (int unsigned i = 0; i < 4; i++) begin
          opt.sack[i].left  = net32(sack[64*i+:32]);
          opt.sack[i].right = net32(sack[64*i+32+:32]);
        end
      end
    end
  end

  always_ff @(posedge clk_i) opt_o <= opt;

endmodule
