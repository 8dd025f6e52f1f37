// SPDX-License-Identifier: Apache-2.0
//
// Reads the options of a TCP header (RFC 9293 section 3.1, RFC 7323, RFC 2018).
//
// One header a cycle, never stalls.  bad_o comes five cycles after valid_i, opt_o six.  Options may
// stand at any octet and in any order; unknown kinds are skipped, the end-of-list option ends the
// reading, of several options of one kind the first counts.  bad_o: an option runs past the end of
// the header, its length is below 2, or it is not the length of its kind; then opt_o means nothing.
//
// Whatever can be computed for each octet as if an option began there is computed for all octets
// at once; what is left for the serial part is a table look-up for each group of four octets.

module toe_rx_options
  import toe_pkg::*;
  import toe_rx_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic                      valid_i,
    input logic [               3:0] words_i,  // 32-bit words of options, 0 to 10
    input logic [8*OptionOctets-1:0] octets_i, // first octet in bits 7:0

    output logic         bad_o,
    output tcp_options_t opt_o
);

  localparam int unsigned Groups = OptionOctets / 4;
  localparam logic [5:0] Done = 6'd63;  // next option: none

  typedef logic [8*OptionOctets-1:0] octets_t;
  typedef logic [OptionOctets-1:0] set_t;  // of octet positions

  typedef struct packed {
    logic       bad;
    logic [5:0] next;  // octet at which the next option begins
  } step_t;

  // Positions at which an option of this kind stands, if an option begins there at all.
  typedef struct packed {
    set_t mss;
    set_t wscale;
    set_t sack_permitted;
    set_t ts;
    set_t sack;
  } kinds_t;

  logic valid_q, valid_q2, valid_q3, valid_q4, valid_q5;
  octets_t octets_q5;
  kinds_t kinds_q, kinds_q2, kinds_q3, kinds_q4;

  always_ff @(posedge clk_i) begin
    if (rst_i) {valid_q, valid_q2, valid_q3, valid_q4, valid_q5} <= '0;
    else begin
      {valid_q, valid_q2, valid_q3, valid_q4, valid_q5} <= {
        valid_i, valid_q, valid_q2, valid_q3, valid_q4
      };
    end
  end

  // The octets wait for stage 5 in distributed RAM; at most five headers are on their way there.
  octets_t waiting_q[8];
  logic [2:0] in_ptr_q, out_ptr_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) waiting_q[in_ptr_q] <= octets_i;
    if (valid_q4) octets_q5 <= waiting_q[out_ptr_q];
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      in_ptr_q  <= '0;
      out_ptr_q <= '0;
    end else begin
      in_ptr_q  <= in_ptr_q + 3'(valid_i);
      out_ptr_q <= out_ptr_q + 3'(valid_q4);
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

  typedef struct packed {
    step_t step;
    logic  known;  // of the kinds below, and sound
  } guess_t;

  // The option that begins at octet at, if one does.  len is the octet after kind.
  function automatic guess_t read_option(logic [7:0] kind, logic [7:0] len, logic [5:0] at,
                                         logic [3:0] words);
    logic [8:0] next;
    next             = 9'(at) + 9'(len);
    read_option      = '0;
    read_option.step = '{bad: 1'b0, next: Done};
    if (at[5:2] >= words || kind == 8'd0) return read_option;  // past the header, or end of list
    if (kind == 8'd1) begin
      read_option.step.next = at + 6'd1;
    end else if (len < 8'd2 || next > {3'b000, words, 2'b00} || !length_fits(kind, len)) begin
      read_option.step.bad = 1'b1;
    end else begin
      read_option.step.next = next[5:0];
      read_option.known     = 1'b1;
    end
  endfunction

  step_t [OptionOctets-1:0] step, step_q;
  kinds_t kinds;
  logic [8*OptionOctets+7:0] padded;  // no octet follows the last
  assign padded = {8'd0, octets_i};

  guess_t guess;

  always_comb begin
    step  = '0;
    kinds = '0;
    guess = '0;
    if (valid_i) begin
      for (int unsigned i = 0; i < OptionOctets; i++) begin
        guess = read_option(padded[8*i+:8], padded[8*(i+1)+:8], 6'(i), words_i);
        step[i] = guess.step;
        kinds.mss[i] = guess.known && padded[8*i+:8] == 8'd2;
        kinds.wscale[i] = guess.known && padded[8*i+:8] == 8'd3;
        kinds.sack_permitted[i] = guess.known && padded[8*i+:8] == 8'd4;
        kinds.sack[i] = guess.known && padded[8*i+:8] == 8'd5;
        kinds.ts[i] = guess.known && padded[8*i+:8] == 8'd8;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      step_q  <= step;
      kinds_q <= kinds;
    end
  end

  // ---- Stage 2: for each place to enter a group of four octets, where and by which way it is left

  typedef struct packed {
    step_t      leave;
    logic [3:0] begins;  // octets of the group at which an option begins
  } path_t;
  typedef path_t [Groups-1:0][3:0] paths_t;

  paths_t path, path_q2;
  always_comb begin
    path = '0;
    if (valid_q) begin
      for (int unsigned g = 0; g < Groups; g++) begin
        for (int e = 3; e >= 0; e--) begin
          path[g][e].leave     = step_q[4*g+32'(e)];
          path[g][e].begins[e] = 1'b1;
          for (int t = e + 1; t < 4; t++) begin
            if (step_q[4*g+32'(e)].next == 6'(4 * g + 32'(t))) begin
              path[g][e]           = path[g][t];
              path[g][e].begins[e] = 1'b1;
            end
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q) begin
      path_q2  <= path;
      kinds_q2 <= kinds_q;
    end
  end

  // ---- Stages 3 to 5: from group to group -------------------------------------------------------

  typedef struct packed {
    step_t at;
    set_t  begins;
  } walk_t;

  function automatic walk_t walk_group(walk_t walk, path_t [3:0] paths, int unsigned group);
    path_t chosen;
    walk_group = walk;
    if (walk.at.next[5:2] == 4'(group)) begin
      chosen = paths[walk.at.next[1:0]];
      walk_group.at.next = chosen.leave.next;
      walk_group.at.bad = walk.at.bad || chosen.leave.bad;
      walk_group.begins[4*group+:4] = chosen.begins;
    end
  endfunction

  walk_t walk3, walk4, walk5, walk_q3, walk_q4;
  paths_t path_q3;
  path_t [1:0][3:0] path_q4;

  always_comb begin
    walk3 = '0;
    if (valid_q2) begin
      for (int unsigned g = 0; g < 4; g++) walk3 = walk_group(walk3, path_q2[g], g);
    end
  end

  always_comb begin
    walk4 = walk_q3;
    if (valid_q3) begin
      for (int unsigned g = 4; g < 8; g++) walk4 = walk_group(walk4, path_q3[g], g);
    end
  end

  always_comb begin
    walk5 = walk_q4;
    if (valid_q4) begin
      for (int unsigned g = 8; g < 10; g++) walk5 = walk_group(walk5, path_q4[g-8], g);
    end
  end

  // Timestamps and SACK are 10 octets at least: they begin in the first 31 octets.
  function automatic logic [4:0] first_of(logic [30:0] set);
    logic [30:0] first;
    first    = set & -set;
    first_of = '0;
    for (int unsigned i = 0; i < 31; i++) if (first[i]) first_of |= 5'(i);
  endfunction

  logic [30:0] ts_set, sack_set;
  assign ts_set   = walk_q4.begins[30:0] & kinds_q4.ts[30:0];
  assign sack_set = walk_q4.begins[30:0] & kinds_q4.sack[30:0];

  logic ts_valid_q5, sack_valid_q5, sack_permitted_q5;
  logic [4:0] ts_at_q5, sack_at_q5;
  set_t mss_set_q5, wscale_set_q5;

  always_ff @(posedge clk_i) begin
    if (valid_q2) begin
      walk_q3  <= walk3;
      path_q3  <= path_q2;
      kinds_q3 <= kinds_q2;
    end
    if (valid_q3) begin
      walk_q4  <= walk4;
      path_q4  <= path_q3[9:8];
      kinds_q4 <= kinds_q3;
    end
    if (valid_q4) begin
      bad_o             <= walk5.at.bad;
      ts_valid_q5       <= ts_set != '0;
      ts_at_q5          <= first_of(ts_set);
      sack_valid_q5     <= sack_set != '0;
      sack_at_q5        <= first_of(sack_set);
      sack_permitted_q5 <= (walk5.begins & kinds_q4.sack_permitted) != '0;
      mss_set_q5        <= walk5.begins & kinds_q4.mss;
      wscale_set_q5     <= walk5.begins & kinds_q4.wscale;
    end
  end

  // ---- Stage 6: fetch the values ----------------------------------------------------------------

  tcp_options_t opt;
  logic [63:0] ts;
  logic [8*32-1:0] sack;
  logic [7:0] shift;
  set_t mss_first, wscale_first;

  always_comb begin
    opt          = '0;
    ts           = '0;
    sack         = '0;
    shift        = '0;
    mss_first    = '0;
    wscale_first = '0;
    if (valid_q5) begin
      opt.sack_permitted = sack_permitted_q5;
      if (mss_set_q5 != '0) begin
        mss_first     = mss_set_q5 & -mss_set_q5;
        opt.mss_valid = 1'b1;
        for (int unsigned i = 0; i < OptionOctets - 3; i++) begin
          if (mss_first[i]) opt.mss |= net16(octets_q5[8*(i+2)+:16]);
        end
      end
      if (wscale_set_q5 != '0) begin
        wscale_first     = wscale_set_q5 & -wscale_set_q5;
        opt.wscale_valid = 1'b1;
        for (int unsigned i = 0; i < OptionOctets - 2; i++) begin
          if (wscale_first[i]) shift |= octets_q5[8*(i+2)+:8];
        end
        opt.wscale = shift > 8'd14 ? 4'd14 : shift[3:0];
      end
      if (ts_valid_q5) begin
        ts           = 64'(octets_q5 >> {ts_at_q5 + 6'd2, 3'b000});
        opt.ts_valid = 1'b1;
        opt.ts_val   = net32(ts[31:0]);
        opt.ts_ecr   = net32(ts[63:32]);
      end
      if (sack_valid_q5) begin
        sack           = 256'(octets_q5 >> {sack_at_q5 + 6'd2, 3'b000});
        opt.sack_count = 3'(octets_q5 >> {sack_at_q5 + 6'd1, 3'd3});  // length is 8 * count + 2
        for (int unsigned i = 0; i < 4; i++) begin
          opt.sack[i].left  = net32(sack[64*i+:32]);
          opt.sack[i].right = net32(sack[64*i+32+:32]);
        end
      end
    end
  end

  always_ff @(posedge clk_i) if (valid_q5) opt_o <= opt;

endmodule
