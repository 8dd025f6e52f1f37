// SPDX-License-Identifier: Apache-2.0
//
// Goes from option to option through a list of TCP or IPv4 options.
//
// Told for each octet where the next option would begin if one began here, it says at which octets
// options do begin, from octet 0 on, and whether one of them is bad.  One list a cycle, never
// stalls; the answer is there four cycles after valid_i.  A step always leads
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

  function automatic paths_t paths_of(steps_t step);
    for (int unsigned g = 0; g < Groups; g++) begin
      for (int e = 3; e >= 0; e--) begin
        paths_of[g][e].leave     = step[4*g+32'(e)];
        paths_of[g][e].begins    = '0;
        paths_of[g][e].begins[e] = 1'b1;
        for (int t = e + 1; t < 4; t++) begin
          if (step[4*g+32'(e)].next == 6'(4 * g + 32'(t))) begin
            paths_of[g][e]           = paths_of[g][t];
            paths_of[g][e].begins[e] = 1'b1;
          end
        end
      end
    end
  endfunction

  paths_t path_q;

  always_ff @(posedge clk_i) if (valid_i) path_q <= paths_of(step_i);

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

  function automatic walk_t walk_groups(walk_t walk, paths_t paths, int unsigned first,
                                        int unsigned last);
    walk_groups = walk;
    for (int unsigned g = first; g <= last; g++) walk_groups = walk_group(walk_groups, paths[g], g);
  endfunction

  walk_t walk_q2, walk_q3, walk_q4;
  paths_t path_q2, path_q3;

  always_ff @(posedge clk_i) begin
    if (valid_q) begin
      walk_q2 <= walk_groups('0, path_q, 0, 3);  // the first is entered at its first octet
      path_q2 <= path_q;
    end
    if (valid_q2) begin
      walk_q3 <= walk_groups(walk_q2, path_q2, 4, 6);
      path_q3 <= path_q2;
    end
    if (valid_q3) walk_q4 <= walk_groups(walk_q3, path_q3, 7, 9);
  end

  assign bad_o    = walk_q4.at.bad;
  assign begins_o = walk_q4.begins;

endmodule
