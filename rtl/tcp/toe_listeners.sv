// SPDX-License-Identifier: Apache-2.0
//
// Listening ports: backlog and number of half-open connections of each.
//
// Lookup compares with every port at once, combinationally from lookup_port_i; register the result.
// A command is answered in the cycle it is offered.  After the end of listening the port's half-open
// connections are still counted here until each is gone, and only then the place is used again for
// another port; the same port may come back to it earlier.

module toe_listeners
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter  int unsigned NumListeners = 16,  // 1 to 64
    localparam int unsigned IndexWidth   = 6
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                   lookup_valid_i,
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

  logic [NumListeners-1:0] active_q;
  port_t port_q[NumListeners];
  logic [15:0] backlog_q[NumListeners], half_open_q[NumListeners];

  always_comb begin
    lookup_hit_o   = 1'b0;
    lookup_index_o = '0;
    lookup_full_o  = 1'b0;
    if (lookup_valid_i) begin
      for (int unsigned i = 0; i < NumListeners; i++) begin
        if (active_q[i] && port_q[i] == lookup_port_i) begin
          lookup_hit_o = 1'b1;
          lookup_index_o |= IndexWidth'(i);
          lookup_full_o |= half_open_q[i] >= backlog_q[i];
        end
      end
    end
  end

  // Where the command's port is, was, or can go.
  logic active_hit, place_hit;
  slot_t active_index, place_index;
  always_comb begin
    active_hit   = 1'b0;
    active_index = '0;
    place_hit    = 1'b0;
    place_index  = '0;
    if (cmd_valid_i) begin
      for (int unsigned i = NumListeners; i > 0; i--) begin
        if (!active_q[i-1] && half_open_q[i-1] == '0) begin
          place_hit   = 1'b1;
          place_index = slot_t'(i - 1);
        end
      end
      for (int unsigned i = 0; i < NumListeners; i++) begin
        if (port_q[i] == cmd_port_i && active_q[i]) begin
          active_hit   = 1'b1;
          active_index = slot_t'(i);
        end
        if (port_q[i] == cmd_port_i && half_open_q[i] != '0) begin
          place_hit   = 1'b1;
          place_index = slot_t'(i);
        end
      end
    end
  end

  always_comb begin
    cmd_reason_o = ReasonNone;
    if (!cmd_listen_i) begin
      if (!active_hit) cmd_reason_o = ReasonNotListening;
    end else if (active_hit) begin
      cmd_reason_o = ReasonAddrInUse;
    end else if (!place_hit) begin
      cmd_reason_o = ReasonListenFull;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      active_q    <= '0;
      half_open_q <= '{default: '0};
    end else begin
      if (inc_valid_i || dec_valid_i)
        half_open_q[slot_t'(change_index_i)] <= half_open_q[slot_t'(change_index_i)] +
            (inc_valid_i ? 16'd1 : 16'hffff);
      if (cmd_valid_i && cmd_reason_o == ReasonNone) begin
        if (cmd_listen_i) active_q[place_index] <= 1'b1;
        else active_q[active_index] <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (cmd_valid_i && cmd_listen_i && cmd_reason_o == ReasonNone) begin
      port_q[place_index]    <= cmd_port_i;
      backlog_q[place_index] <= cmd_backlog_i;
    end
  end

endmodule
