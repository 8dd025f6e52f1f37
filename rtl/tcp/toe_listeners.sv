// SPDX-License-Identifier: Apache-2.0
//
// Listening ports: backlog and number of half-open connections of each.
//
// Lookup compares with every port at once, combinationally from lookup_port_i; register the result.
// What changes the number of half-open connections is seen two cycles later.
// A command is answered in the cycle it is offered; its port is there a cycle earlier.  After the end
// of listening the port's half-open connections are still counted here until each is gone, and only
// then the place is used again for another port; the same port may come back to it earlier.

module toe_listeners
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter  int unsigned NumListeners = 16,   // 1 to 64
    parameter  int unsigned MaxHalfOpen  = 256,  // half-open connections there is room for
    localparam int unsigned IndexWidth   = 6
) (
    input logic clk_i,
    input logic rst_i,

    input  port_t                  lookup_port_i,
    output logic                   lookup_hit_o,
    output logic  [IndexWidth-1:0] lookup_index_o,
    output logic                   lookup_full_o,   // the backlog is full

    // A half-open connection began, or is gone.  Never both in one cycle.
    input logic                  inc_valid_i,
    input logic                  dec_valid_i,
    // verilator lint_off UNUSEDSIGNAL  // fewer listeners need fewer bits
    input logic [IndexWidth-1:0] change_index_i,
    // verilator lint_on UNUSEDSIGNAL

    input  logic           cmd_valid_i,
    input  logic           cmd_listen_i,   // 0: stop listening
    input  port_t          cmd_port_i,
    input  logic    [15:0] cmd_backlog_i,
    output reason_e        cmd_reason_o    // ReasonNone: done
);

  typedef logic [(NumListeners > 1 ? $clog2(NumListeners) : 1)-1:0] slot_t;
  typedef logic [$clog2(MaxHalfOpen):0] count_t;

  logic [NumListeners-1:0] active_q;
  logic change_valid_q, change_is_inc_q;
  slot_t change_index_q;
  port_t port_q[NumListeners];
  count_t backlog_q[NumListeners], half_open_q[NumListeners];

  // A backlog beyond what there is room for is never reached.
  count_t backlog;
  assign backlog = {1'b0, cmd_backlog_i} > 17'(MaxHalfOpen) ? count_t'(MaxHalfOpen)
                                                    : count_t'(cmd_backlog_i);

  always_comb begin
    lookup_hit_o   = 1'b0;
    lookup_index_o = '0;
    lookup_full_o  = 1'b0;
    for (int unsigned i = 0; i < NumListeners; i++) begin
      if (active_q[i] && port_q[i] == lookup_port_i) begin
        lookup_hit_o = 1'b1;
        lookup_index_o |= IndexWidth'(i);
        lookup_full_o |= half_open_q[i] >= backlog_q[i];
      end
    end
  end

  // A half-open connection may be about to be counted.
  logic [NumListeners-1:0] is_counted;
  always_comb begin
    for (int unsigned i = 0; i < NumListeners; i++) begin
      is_counted[i] = half_open_q[i] != '0 || (change_valid_q && change_index_q == slot_t'(i));
    end
  end

  // Where the command's port is, was, or can go.
  logic active_hit, place_hit, active_hit_q, place_hit_q;
  slot_t active_index, place_index, active_index_q, place_index_q;
  always_comb begin
    active_hit   = 1'b0;
    active_index = '0;
    place_hit    = 1'b0;
    place_index  = '0;
    for (int unsigned i = NumListeners; i > 0; i--) begin
      if (!active_q[i-1] && !is_counted[i-1]) begin
        place_hit   = 1'b1;
        place_index = slot_t'(i - 1);
      end
    end
    for (int unsigned i = 0; i < NumListeners; i++) begin
      if (port_q[i] == cmd_port_i && active_q[i]) begin
        active_hit   = 1'b1;
        active_index = slot_t'(i);
      end
      if (port_q[i] == cmd_port_i && is_counted[i]) begin
        place_hit   = 1'b1;
        place_index = slot_t'(i);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    active_hit_q   <= active_hit;
    active_index_q <= active_index;
    place_hit_q    <= place_hit;
    place_index_q  <= place_index;
  end

  always_comb begin
    cmd_reason_o = ReasonNone;
    if (!cmd_listen_i) begin
      if (!active_hit_q) cmd_reason_o = ReasonNotListening;
    end else if (active_hit_q) begin
      cmd_reason_o = ReasonAddrInUse;
    end else if (!place_hit_q) begin
      cmd_reason_o = ReasonListenFull;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      active_q       <= '0;
      half_open_q    <= '{default: '0};
      change_valid_q <= 1'b0;
    end else begin
      change_valid_q <= inc_valid_i || dec_valid_i;
      if (change_valid_q)
        half_open_q[change_index_q] <= half_open_q[change_index_q] +
            (change_is_inc_q ? count_t'(1) : ~count_t'(0));
      if (cmd_valid_i && cmd_reason_o == ReasonNone) begin
        if (cmd_listen_i) active_q[place_index_q] <= 1'b1;
        else active_q[active_index_q] <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    change_is_inc_q <= inc_valid_i;
    change_index_q  <= slot_t'(change_index_i);
    if (cmd_valid_i && cmd_listen_i && cmd_reason_o == ReasonNone) begin
      port_q[place_index_q]    <= cmd_port_i;
      backlog_q[place_index_q] <= backlog;
    end
  end

endmodule
