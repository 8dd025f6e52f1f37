// SPDX-License-Identifier: Apache-2.0
//
// Finds the Ethernet address of every segment's next hop.
//
// Three cycles of latency, in order; a segment every cycle, or every second one.  A segment that names
// its address goes through as it is.  A segment without an answer in the ARP cache waits aside, so
// that it delays no other; while it waits, later segments to the same next hop wait behind it.
// Segments that wait are looked up again, one after the other in their order, when an answer comes and
// every half second.  After three seconds they are dropped (DropTxNoArp).  Places are bounded: the
// last quarter is for next hops that nobody waits for yet, what finds no place is dropped
// (DropTxArpFull), but asked for.  While the engine is not enabled everything is dropped
// (DropDisabled).
//
// A payload that the MTU does not hold is cut: the peer acknowledges less and gets the rest later.

module toe_tx_resolve
  import toe_pkg::*;
  import toe_tx_pkg::*;
  import toe_arp_pkg::*;
#(
    parameter int unsigned HoldDepth = 16,  // segments that wait for ARP, power of two
    parameter bit EveryCycle = 1'b1  // a segment every cycle; 0: every second, with shorter paths
) (
    input logic clk_i,
    input logic rst_i,

    input logic            enable_i,
    input ipv4_t           local_ip_i,
    input logic     [15:0] src_ip_sum_i,  // of its two halves, folded
    input ipv4_t           netmask_i,
    input ipv4_t           gateway_ip_i,
    input logic     [15:0] mtu_i,
    input time_us_t        now_us_i,

    input  logic    seg_valid_i,
    output logic    seg_ready_o,
    input  tx_seg_t seg_i,

    // toe_arp.
    output logic          lookup_en_o,
    output set_index_t    lookup_set_o,
    input  arp_view_set_t lookup_i,
    output logic          ask_valid_o,
    output ipv4_t         ask_ip_o,
    output time_us_t      ask_us_o,
    output logic          ask_doubt_o,
    input  logic          freeze_i,
    output logic          quiet_o,
    input  logic          retry_i,

    output logic      desc_valid_o,
    input  logic      desc_ready_i,
    output tcp_desc_t desc_o,
    output mac_t      dst_mac_o,
    output logic      payload_o,     // there is some
    output conn_id_t  conn_o,
    output tcp_sums_t sums_o,
    output sum4_t     ip_sum_o,

    output drop_vec_t drop_o,
    output logic      idle_o,
    output logic      deadline_valid_o,
    output time_us_t  deadline_us_o
);

  localparam time_us_t RetryUs = 40'd500_000;
  localparam time_us_t GiveUpUs = 40'd3_000_000;
  localparam int unsigned HoldBits = $clog2(HoldDepth) + 1;
  localparam int unsigned HoldUsual = HoldDepth * 3 / 4;
  typedef logic [HoldBits-1:0] hold_count_t;

  // A segment that waits.
  typedef struct packed {
    tcp_desc_t desc;
    conn_id_t  conn;
    logic      doubt;     // the next hop may be gone
    ipv4_t     next_hop;  // 0: there is none
    time_us_t  since_us;  // when it began to wait, set then
  } item_t;

  // ---- Stage A: the segment as it came; its next hop addresses the cache -----------------------

  logic a_valid_q, b_valid_q, c_valid_q;
  logic a_go, b_go, c_go;  // the stage is empty or moves on
  logic blocked;
  logic ask_q;  // a question is on its way to toe_arp
  tx_seg_t a_seg_q;
  logic a_near_q;  // on our subnet
  len_t mtu_room_q;  // for options and payload

  assign seg_ready_o = a_go && !blocked;

  always_ff @(posedge clk_i) begin
    mtu_room_q <= len_t'((mtu_i > 16'(MaxMtu) ? 16'(MaxMtu) : mtu_i) - 16'd40);
    if (a_go) begin
      a_seg_q  <= seg_i;
      a_near_q <= ((seg_i.key.remote_ip ^ local_ip_i) & netmask_i) == '0;
    end
  end

  item_t a_item;
  always_comb begin
    a_item.desc.dst_ip = a_seg_q.key.remote_ip;
    a_item.desc.src_port = a_seg_q.key.local_port;
    a_item.desc.dst_port = a_seg_q.key.remote_port;
    a_item.desc.seq = a_seg_q.seq;
    a_item.desc.ack = a_seg_q.ack;
    a_item.desc.flags = a_seg_q.flags;
    a_item.desc.wnd = a_seg_q.wnd;
    a_item.desc.urg_ptr = a_seg_q.urg_ptr;
    a_item.desc.dscp = a_seg_q.dscp;
    a_item.desc.opt = option_layout(a_seg_q.opt);
    a_item.desc.payload_len = len_t'(a_seg_q.payload_len);
    if (a_seg_q.payload_len[15:LenWidth] != '0) a_item.desc.payload_len = '1;  // cut in any case
    a_item.conn = a_seg_q.conn;
    a_item.doubt = a_seg_q.doubt;
    a_item.next_hop = a_near_q ? a_seg_q.key.remote_ip : gateway_ip_i;
    a_item.since_us = '0;
  end

  // ---- Segments that wait ----------------------------------------------------------------------

  // verilator lint_off UNUSEDSIGNAL  // a pass counts
  logic hold_valid;
  // verilator lint_on UNUSEDSIGNAL
  logic hold_push, hold_pop, hold_ready;
  item_t hold_in, hold_out;
  hold_count_t hold_count;

  toe_queue #(
      .Width($bits(item_t)),
      .Depth(HoldDepth)
  ) u_hold (
      .clk_i,
      .rst_i,
      .in_valid_i (hold_push),
      .in_ready_o (hold_ready),
      .in_data_i  (hold_in),
      .out_valid_o(hold_valid),
      .out_ready_i(hold_pop),
      .out_data_o (hold_out),
      .count_o    (hold_count)
  );

  // A pass looks up all of them once, the next one when the last one is through.  New segments stay
  // outside meanwhile.
  logic pass_q, wanted_q, timer_q, timer_due, timer_due_q, pass_start, feed_q;
  hold_count_t pass_left_q;
  time_us_t pass_us_q, timer_us_q, hold_age_us_q;

  assign timer_due = timer_q && time_reached(now_us_i, timer_us_q);
  assign quiet_o = !a_valid_q && !b_valid_q && !c_valid_q && !ask_q && !ask_valid_o && !pass_q;
  assign pass_start = quiet_o && !freeze_i && (wanted_q || timer_due_q);
  assign hold_pop = feed_q;
  assign blocked = freeze_i || pass_q || wanted_q || timer_due_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      pass_q      <= 1'b0;
      wanted_q    <= 1'b0;
      timer_q     <= 1'b0;
      timer_due_q <= 1'b0;
      feed_q      <= 1'b0;
    end else begin
      if (retry_i) wanted_q <= hold_count != '0;
      else if (pass_start) wanted_q <= 1'b0;
      if (pass_start) pass_q <= 1'b1;
      else if (pass_left_q == '0 && !b_valid_q && !c_valid_q) pass_q <= 1'b0;
      feed_q <= pass_q && pass_left_q != '0 && !feed_q && !b_valid_q && !c_valid_q;
      timer_due_q <= timer_due && !pass_start;
      if (pass_start) timer_q <= 1'b0;
      else if (hold_push) timer_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (pass_start) begin
      pass_left_q <= hold_count;
      pass_us_q   <= now_us_i;
    end else if (feed_q) begin
      pass_left_q <= pass_left_q - 1'b1;
    end
    hold_age_us_q <= now_us_i - hold_out.since_us;
    if (hold_push && !timer_q) timer_us_q <= (pass_q ? pass_us_q : now_us_i) + RetryUs;
  end

  // ---- Stage B: the set is there, compare ------------------------------------------------------

  item_t b_q;
  mac_t  b_mac_q;
  logic b_mac_known_q, b_held_q, b_late_q;
  len_t b_room_q;  // for payload, not yet cut
  logic found, valid;
  mac_t mac;
  time_us_t updated_us;

  assign lookup_en_o  = b_go;
  assign lookup_set_o = set_of(pass_q ? hold_out.next_hop[11:0] : a_item.next_hop[11:0]);

  always_ff @(posedge clk_i) begin
    if (b_go) begin
      b_q           <= pass_q ? hold_out : a_item;
      b_mac_q       <= a_seg_q.dst_mac;
      b_mac_known_q <= a_seg_q.mac_valid && !pass_q;
      b_held_q      <= pass_q;
      b_late_q      <= pass_q && exceeds(hold_age_us_q, GiveUpUs - 40'd1);
      b_room_q      <= pass_q ? '1 : mtu_room_q - len_t'({a_item.desc.opt.count, 2'b00});
    end
  end

  always_comb begin
    found      = 1'b0;
    valid      = 1'b0;
    mac        = b_mac_known_q ? b_mac_q : '0;
    updated_us = '0;
    for (int unsigned i = 0; i < Ways; i++) begin
      if (!b_mac_known_q && lookup_i[i].entry.known && lookup_i[i].entry.tag == tag_of(
              b_q.next_hop
          )) begin
        found = 1'b1;
        valid |= lookup_i[i].entry.valid;
        mac |= lookup_i[i].mac;
        updated_us |= lookup_i[i].entry.updated_us;
      end
    end
  end

  // ---- Stage C: where it goes ------------------------------------------------------------------

  // It goes out, or is lost for c_why_q, or else waits.
  logic c_out_q, c_lost_q, c_found_q, c_held_q, c_mac_known_q;
  item_t c_q;
  drop_e c_why_q;
  time_us_t c_updated_us_q;

  always_ff @(posedge clk_i) begin
    if (c_go) begin
      c_q <= b_q;
      if (b_q.desc.payload_len > b_room_q) c_q.desc.payload_len <= b_room_q;
      payload_o      <= b_q.desc.payload_len != '0 && b_room_q != '0;
      sums_o         <= tcp_sums(b_q.desc, src_ip_sum_i);
      ip_sum_o       <= ip_sum(b_q.desc.dst_ip, src_ip_sum_i, b_q.desc.dscp);
      dst_mac_o      <= mac;
      c_mac_known_q  <= b_mac_known_q;
      c_held_q       <= b_held_q;
      c_out_q        <= enable_i && (b_mac_known_q || valid);
      c_lost_q       <= !enable_i || b_q.next_hop == '0 || b_late_q;
      c_why_q        <= enable_i ? DropTxNoArp : DropDisabled;
      c_found_q      <= found;
      c_updated_us_q <= updated_us;
    end
  end

  logic c_leaves, room, waits;
  assign c_leaves     = c_valid_q && (!c_out_q || desc_ready_i);
  assign c_go         = !c_valid_q || c_leaves;
  assign b_go         = !b_valid_q || (EveryCycle && c_go);
  assign a_go         = !a_valid_q || b_go;

  assign waits        = c_valid_q && !c_out_q && !c_lost_q;
  assign room         = c_held_q || hold_count < hold_count_t'(c_found_q ? HoldUsual : HoldDepth);

  assign desc_valid_o = c_valid_q && c_out_q;
  assign desc_o       = c_q.desc;
  assign conn_o       = c_q.conn;
  assign hold_push    = waits && room;

  // What waits is asked for, and what went out to an old address, two cycles later.
  logic ask_anyway_q, ask_doubt_q;
  ipv4_t ask_ip_q;
  time_us_t ask_us_q, ask_age_us_q;

  always_ff @(posedge clk_i) begin
    ask_anyway_q <= !c_out_q || c_q.doubt;
    ask_doubt_q  <= c_out_q && c_q.doubt;
    ask_ip_q     <= c_q.next_hop;
    ask_us_q     <= pass_q ? pass_us_q : now_us_i;
    ask_age_us_q <= (pass_q ? pass_us_q : now_us_i) - c_updated_us_q;
    ask_doubt_o  <= ask_doubt_q;
    ask_ip_o     <= ask_ip_q;
    ask_us_o     <= ask_us_q;
  end

  always_comb begin
    hold_in = c_q;
    if (!c_held_q) hold_in.since_us = now_us_i;
  end

  always_comb begin
    drop_o = '0;
    if (c_valid_q && !c_out_q && c_lost_q) drop_o[c_why_q] = 1'b1;
    if (waits && !room) drop_o[DropTxArpFull] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      a_valid_q   <= 1'b0;
      b_valid_q   <= 1'b0;
      c_valid_q   <= 1'b0;
      ask_q       <= 1'b0;
      ask_valid_o <= 1'b0;
    end else begin
      if (a_go) a_valid_q <= seg_valid_i && !blocked;
      if (b_go) b_valid_q <= a_valid_q || feed_q;
      else if (c_go) b_valid_q <= 1'b0;
      if (c_go) c_valid_q <= b_valid_q;
      ask_valid_o <= ask_q && (ask_anyway_q || exceeds(ask_age_us_q, FreshUs));
      ask_q <= waits || (desc_valid_o && desc_ready_i && !c_mac_known_q);
    end
  end

  // A place that was given up in this pass is there for the segment to return to.
  always_ff @(posedge clk_i) begin
    if (!rst_i && hold_push) HoldHasPlace : assert (hold_ready);
  end

  assign idle_o = quiet_o && !seg_valid_i && !wanted_q && !timer_due;
  assign deadline_valid_o = timer_q;
  assign deadline_us_o = timer_us_q;

endmodule
