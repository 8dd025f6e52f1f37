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

    input  port_t                  lookup_port_i,
    output logic                   lookup_hit_o,
    output logic  [IndexWidth-1:0] lookup_index_o,
    output logic                   lookup_full_o,   // the backlog is full

    // A half-open connection began, or is gone.  Never both in one cycle.
    input logic                  inc_valid_i,
    input logic                  dec_valid_i,
    input logic [IndexWidth-1:0] change_index_i,

    input  logic           cmd_valid_i,
    input  logic           cmd_listen_i,   // 0: stop listening
    input  port_t          cmd_port_i,
    input  logic    [15:0] cmd_backlog_i,
    output reason_e        cmd_reason_o    // ReasonNone: done
);

  typedef struct packed {
    logic        active;
    port_t       port;
    logic [15:0] backlog;
    logic [15:0] half_open_count;
  } listener_t;

  listener_t [NumListeners-1:0] listener_q;

  always_comb begin
    lookup_hit_o   = 1'b0;
    lookup_index_o = '0;
    lookup_full_o  = 1'b0;
    for (int unsigned i = 0; i < NumListeners; i++) begin
      if (listener_q[i].active && listener_q[i].port == lookup_port_i) begin
        lookup_hit_o = 1'b1;
        lookup_index_o |= IndexWidth'(i);
        lookup_full_o |= listener_q[i].half_open_count >= listener_q[i].backlog;
      end
    end
  end

  // Where the command's port is, was, or can go.
  logic active_hit, place_hit;
  logic [IndexWidth-1:0] active_index, place_index;
  always_comb begin
    active_hit   = 1'b0;
    active_index = '0;
    place_hit    = 1'b0;
    place_index  = '0;
    if (cmd_valid_i) begin
      for (int unsigned i = NumListeners; i > 0; i--) begin
        if (!listener_q[i-1].active && listener_q[i-1].half_open_count == '0) begin
          place_hit   = 1'b1;
          place_index = IndexWidth'(i - 1);
        end
      end
      for (int unsigned i = 0; i < NumListeners; i++) begin
        if (listener_q[i].port == cmd_port_i && listener_q[i].active) begin
          active_hit   = 1'b1;
          active_index = IndexWidth'(i);
        end
        if (listener_q[i].port == cmd_port_i && listener_q[i].half_open_count != '0) begin
          place_hit   = 1'b1;
          place_index = IndexWidth'(i);
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
      listener_q <= '0;
    end else begin
      for (int unsigned i = 0; i < NumListeners; i++) begin
        if (change_index_i == IndexWidth'(i)) begin
          if (inc_valid_i) listener_q[i].half_open_count <= listener_q[i].half_open_count + 1'b1;
          if (dec_valid_i) listener_q[i].half_open_count <= listener_q[i].half_open_count - 1'b1;
        end
        if (cmd_valid_i && cmd_reason_o == ReasonNone) begin
          if (cmd_listen_i && place_index == IndexWidth'(i)) begin
            listener_q[i].active  <= 1'b1;
            listener_q[i].port    <= cmd_port_i;
            listener_q[i].backlog <= cmd_backlog_i;
          end else if (!cmd_listen_i && active_index == IndexWidth'(i)) begin
            listener_q[i].active <= 1'b0;
          end
        end
      end
    end
  end

endmodule
