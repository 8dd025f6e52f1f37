// SPDX-License-Identifier: Apache-2.0
//
// Goes from option to option through a list of TCP or IPv4 options.
//
// Told for each octet where the next option would begin if one began here, it says at which octets
// options do begin, from octet 0 on, and whether one of them is bad.  One list a cycle, never
// stalls; the answer is there, combinationally, three cycles after valid_i.  A step always leads
// forward: next is beyond its own octet, or WalkDone.
//
// What is left for the serial part is a table look-up for each group of four octets.

module toe_rx_walk
  import toe_rx_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic   valid_i,
    input steps_t step_i,

    output logic bad_o,
    output set_t begins_o
);

  localparam int unsigned Groups = OptionOctets / 4;

  logic valid_q, valid_q2, valid_q3;

  always_ff @(posedge clk_i) begin
    if (rst_i) {valid_q, valid_q2, valid_q3} <= '0;
    else {valid_q, valid_q2, valid_q3} <= {valid_i, valid_q, valid_q2};
  end

  // ---- Stage 1: for each place to enter a group of four octets, where and by which way it is left

  typedef struct packed {
    step_t      leave;
    logic [3:0] begins;  // octets of the group at which an option begins
  } path_t;
  typedef path_t [Groups-1:0][3:0] paths_t;

  paths_t path, path_q;
  always_comb begin
    path = '0;
    if (valid_i) begin
      for (int unsigned g = 0; g < Groups; g++) begin
        for (int e = 3; e >= 0; e--) begin
          path[g][e].leave     = step_i[4*g+32'(e)];
          path[g][e].begins[e] = 1'b1;
          for (int t = e + 1; t < 4; t++) begin
            if (step_i[4*g+32'(e)].next == 6'(4 * g + 32'(t))) begin
              path[g][e]           = path[g][t];
              path[g][e].begins[e] = 1'b1;
            end
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) if (valid_i) path_q <= path;

  // ---- Stages 2 to 4: from group to group -------------------------------------------------------

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

  walk_t walk2, walk3, walk4, walk_q2, walk_q3;
  paths_t path_q2;
  path_t [1:0][3:0] path_q3;

  always_comb begin
    walk2 = '0;
    if (valid_q) begin
      for (int unsigned g = 0; g < 4; g++) walk2 = walk_group(walk2, path_q[g], g);
    end
  end

  always_comb begin
    walk3 = walk_q2;
    if (valid_q2) begin
      for (int unsigned g = 4; g < 8; g++) walk3 = walk_group(walk3, path_q2[g], g);
    end
  end

  always_comb begin
    walk4 = walk_q3;
    if (valid_q3) begin
      for (int unsigned g = 8; g < 10; g++) walk4 = walk_group(walk4, path_q3[g-8], g);
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q) begin
      walk_q2 <= walk2;
      path_q2 <= path_q;
    end
    if (valid_q2) begin
      walk_q3 <= walk3;
      path_q3 <= path_q2[9:8];
    end
  end

  assign bad_o    = walk4.at.bad;
  assign begins_o = walk4.begins;

endmodule
