// SPDX-License-Identifier: Apache-2.0
//
// Hashes of flows: SipHash-2-4 of remote address, local address, remote port and local port, in
// that order and as they are on the wire.
//
// Segments: one each SegInterval cycles.  A segment's hash begins while it is still offered, and the
// segment waits here when there is room.  The hashes come out first, with their keys, nine cycles
// after the segments were offered; the segments come out at seg_o, in the same order, and each must be
// taken no earlier than its hash.  Commands: one at a time, in place of a segment; the hash comes on
// a port of its own that never waits.

module toe_flow_hash
  import toe_pkg::*;
#(
    parameter int unsigned SegInterval = 8  // 1, 2, 4 or 8
) (
    input logic clk_i,
    input logic rst_i,

    input logic          ready_i,     // segments may come in
    input logic  [127:0] hash_key_i,
    input ipv4_t         local_ip_i,

    input  logic    seg_valid_i,
    output logic    seg_ready_o,
    input  rx_seg_t seg_i,
    output logic    seg_starts_o,  // its hash begins

    input  logic             cmd_valid_i,
    output logic             cmd_ready_o,
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

  // ---- Hash ------------------------------------------------------------------------------------

  logic start_free;  // nothing but the hash before can keep a segment's from beginning
  logic begun_q;  // that of the segment offered
  logic seg_starts, sip_ready, sip_valid, sip_taken, sip_busy, queue_ready, queue_empty;
  logic [63:0] hash;
  tag_t tag_in, tag_out;

  assign start_free        = ready_i && !cmd_valid_i && !begun_q;
  assign seg_starts        = seg_valid_i && start_free && sip_ready;
  assign seg_ready_o       = queue_ready && (begun_q || (start_free && sip_ready));
  assign seg_starts_o      = seg_starts;
  assign cmd_ready_o       = sip_ready;
  assign tag_in.is_command = cmd_valid_i;
  assign tag_in.key        = cmd_valid_i ? cmd_key_i : seg_i.key;

  always_ff @(posedge clk_i) begin
    if (rst_i) begun_q <= 1'b0;
    else if (seg_valid_i && seg_ready_o) begun_q <= 1'b0;
    else if (seg_starts) begun_q <= 1'b1;
  end

  toe_siphash #(
      .Interval(SegInterval),
      .TagWidth($bits(tag_t))
  ) u_siphash (
      .clk_i,
      .rst_i,
      .key_i(hash_key_i),
      .in_valid_i(cmd_valid_i || (seg_valid_i && start_free)),
      .in_ready_o(sip_ready),
      .msg_i({
        net32({tag_in.key.remote_port, tag_in.key.local_port}),
        net32(local_ip_i),
        net32(tag_in.key.remote_ip)
      }),
      .tag_i(tag_in),
      .out_valid_o(sip_valid),
      .out_ready_i(sip_taken || tag_out.is_command),
      .hash_o(hash),
      .tag_o(tag_out),
      .busy_o(sip_busy)
  );

  assign cmd_valid_o = sip_valid && tag_out.is_command;
  assign cmd_hash_o  = hash;

  if (SegInterval == 1) begin : gen_hash_queue
    // A pipeline of one hash a cycle is never stopped: that would take an enable of all its stages.
    hashed_t hashed;
    logic    hash_room;
    logic [$clog2(QueueDepth):0] unused_count;

    toe_fifo #(
        .Width($bits(hashed_t)),
        .Depth(QueueDepth)
    ) u_hashes (
        .clk_i,
        .rst_i,
        .in_valid_i (sip_valid && !tag_out.is_command),
        .in_ready_o (hash_room),
        .in_data_i  ({tag_out.key, hash}),
        .out_valid_o(hash_valid_o),
        .out_ready_i(hash_ready_i),
        .out_data_o (hashed),
        .count_o    (unused_count)
    );

    assign sip_taken  = 1'b1;
    assign hash_key_o = hashed.key;
    assign hash_o     = hashed.hash;

    // The segments' queue is as deep and holds each longer, and one that has no room there has a
    // place in the flow table.
    always_ff @(posedge clk_i) begin
      if (!rst_i && sip_valid && !tag_out.is_command) HashHasRoom : assert (hash_room);
    end
  end else begin : gen_hash
    assign sip_taken    = hash_ready_i;
    assign hash_valid_o = sip_valid && !tag_out.is_command;
    assign hash_key_o   = tag_out.key;
    assign hash_o       = hash;
  end

  // ---- Segments --------------------------------------------------------------------------------

  if (SegInterval == 8) begin : gen_seg_registers
    // Two wait here for their events while the next one's hash is computed.  Two registers in a row
    // take no multiplexer and no RAM.
    logic [1:0] seg_valid_q;
    rx_seg_t first_q;

    assign queue_ready = !seg_valid_q[0];
    assign seg_valid_o = seg_valid_q[1];
    assign queue_empty = seg_valid_q == '0;

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        seg_valid_q <= '0;
      end else begin
        seg_valid_q[0] <= seg_valid_q[0] ? seg_valid_q[1] : seg_valid_i && seg_ready_o;
        seg_valid_q[1] <= seg_valid_q[1] ? !seg_ready_i : seg_valid_q[0];
      end
    end

    // Taken as long as there is room: whether it is one comes late for so many bits.
    always_ff @(posedge clk_i) begin
      if (!seg_valid_q[0]) first_q <= seg_i;
      if (!seg_valid_q[1]) seg_o <= first_q;
    end
  end else begin : gen_seg_queue
    logic [$clog2(QueueDepth):0] unused_count;

    toe_fifo #(
        .Width($bits(rx_seg_t)),
        .Depth(QueueDepth)
    ) u_segments (
        .clk_i,
        .rst_i,
        .in_valid_i (seg_valid_i && (begun_q || seg_starts)),
        .in_ready_o (queue_ready),
        .in_data_i  (seg_i),
        .out_valid_o(seg_valid_o),
        .out_ready_i(seg_ready_i),
        .out_data_o (seg_o),
        .count_o    (unused_count)
    );

    assign queue_empty = !seg_valid_o;
  end

  assign idle_o = !seg_valid_i && queue_empty && !sip_busy;

endmodule
