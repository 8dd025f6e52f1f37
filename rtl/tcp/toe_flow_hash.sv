// SPDX-License-Identifier: Apache-2.0
//
// Hashes of flows: SipHash-2-4 of remote address, local address, remote port and local port, in
// that order and as they are on the wire.
//
// Segments: one a cycle.  Each waits in a queue while its hash is computed.  The hashes come out
// first, with their keys, nine cycles after the segments came; the segments come out at seg_o, in
// the same order, and each must be taken no earlier than its hash.  Commands: one at a time, which
// takes one cycle of the segments'; the hash comes eight cycles later, on a port of its own that
// never waits.

module toe_flow_hash
  import toe_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic          ready_i,     // segments may come in
    input logic  [127:0] hash_key_i,
    input ipv4_t         local_ip_i,

    input  logic    seg_valid_i,
    output logic    seg_ready_o,
    input  rx_seg_t seg_i,

    input  logic             cmd_valid_i,  // one cycle
    input  flow_key_t        cmd_key_i,
    output logic             cmd_valid_o,
    output logic      [63:0] cmd_hash_o,

    output logic             hash_valid_o,
    input  logic             hash_ready_i,
    output flow_key_t        hash_key_o,
    output logic      [63:0] hash_o,

    output logic    seg_valid_o,
    input  logic    seg_ready_i,
    output rx_seg_t seg_o,

    output logic idle_o
);

  // More than the cycles from a segment to its event, so that one a cycle can come.
  localparam int unsigned QueueDepth = 16;

  typedef struct packed {
    logic      is_command;
    flow_key_t key;
  } tag_t;

  typedef struct packed {
    flow_key_t   key;
    logic [63:0] hash;
  } hashed_t;

  function automatic logic [31:0] wire_order(logic [31:0] word);
    return {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction

  logic queue_ready, seg_taken, hash_valid, hash_busy, hash_room;
  logic [63:0] hash;
  tag_t tag_in, tag_out;
  hashed_t hashed;

  assign seg_ready_o       = ready_i && queue_ready && !cmd_valid_i;
  assign seg_taken         = seg_valid_i && seg_ready_o;
  assign tag_in.is_command = cmd_valid_i;
  assign tag_in.key        = cmd_valid_i ? cmd_key_i : seg_i.key;

  toe_siphash #(
      .TagWidth($bits(tag_t))
  ) u_siphash (
      .clk_i,
      .rst_i,
      .key_i(hash_key_i),
      .valid_i(seg_taken || cmd_valid_i),
      .msg_i({
        wire_order({tag_in.key.remote_port, tag_in.key.local_port}),
        wire_order(local_ip_i),
        wire_order(tag_in.key.remote_ip)
      }),
      .tag_i(tag_in),
      .valid_o(hash_valid),
      .hash_o(hash),
      .tag_o(tag_out),
      .busy_o(hash_busy)
  );

  assign cmd_valid_o = hash_valid && tag_out.is_command;
  assign cmd_hash_o  = hash;

  logic [$clog2(QueueDepth):0] unused_count, unused_hash_count;

  toe_fifo #(
      .Width($bits(rx_seg_t)),
      .Depth(QueueDepth)
  ) u_segments (
      .clk_i,
      .rst_i,
      .in_valid_i (seg_taken),
      .in_ready_o (queue_ready),
      .in_data_i  (seg_i),
      .out_valid_o(seg_valid_o),
      .out_ready_i(seg_ready_i),
      .out_data_o (seg_o),
      .count_o    (unused_count)
  );

  toe_fifo #(
      .Width($bits(hashed_t)),
      .Depth(QueueDepth)
  ) u_hashes (
      .clk_i,
      .rst_i,
      .in_valid_i (hash_valid && !tag_out.is_command),
      .in_ready_o (hash_room),
      .in_data_i  ({tag_out.key, hash}),
      .out_valid_o(hash_valid_o),
      .out_ready_i(hash_ready_i),
      .out_data_o (hashed),
      .count_o    (unused_hash_count)
  );

  assign hash_key_o = hashed.key;
  assign hash_o     = hashed.hash;
  assign idle_o     = !seg_valid_i && !seg_valid_o && !hash_busy;

  // The segments' queue is as deep and holds each longer, so there is always room for a hash.
  always_ff @(posedge clk_i) begin
    if (!rst_i && hash_valid && !tag_out.is_command) HashHasRoom : assert (hash_room);
  end

endmodule
