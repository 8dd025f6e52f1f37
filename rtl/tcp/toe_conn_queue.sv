// SPDX-License-Identifier: Apache-2.0
//
// Connections that wait for their turn, first come, first served.
//
// Holds every connection once, so that it can never be full: whoever pushes keeps a flag for each
// connection that says it is inside (send_queued, notify_queued of the TCB).  One in and one out a
// cycle; one cycle from push_i to valid_o when empty.

module toe_conn_queue
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 1024  // power of two
) (
    input logic clk_i,
    input logic rst_i,

    input logic     push_i,
    input conn_id_t conn_i,

    output logic     valid_o,
    input  logic     ready_i,
    output conn_id_t conn_o,

    output logic empty_o  // nothing inside, not even on its way to the output
);

  localparam int unsigned ConnWidth = $clog2(NumConns);

  logic                 room;
  logic [ConnWidth-1:0] head;
  logic [  ConnWidth:0] count;

  toe_fifo #(
      .Width(ConnWidth),
      .Depth(NumConns)
  ) u_fifo (
      .clk_i,
      .rst_i,
      .in_valid_i (push_i),
      .in_ready_o (room),
      .in_data_i  (conn_i[ConnWidth-1:0]),
      .out_valid_o(valid_o),
      .out_ready_i(ready_i),
      .out_data_o (head),
      .count_o    (count)
  );

  assign conn_o  = conn_id_t'(head);
  assign empty_o = count == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_i) EachConnectionOnce : assert (!push_i || room);
    if (!rst_i && push_i) ConnectionExists : assert (32'(conn_i) < NumConns);
  end

endmodule
