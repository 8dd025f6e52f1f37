// SPDX-License-Identifier: Apache-2.0
//
// Writes payload to the receive rings through AXI4, or hands it to the echo buffer.
//
// For each item, in order, the beats on in_: the first begins at the octet item.off modulo the
// beat, strobes say which octets count.  A write is split into bursts where the ring wraps, at
// every 4 KiB and after 256 beats.  One burst address and one data beat a cycle; MaxBursts bursts
// may wait for their response.  delivered_count_o counts the items whose last response has come. 
// Data of a burst may be offered before its address is taken, as AXI4 asks of a master. 
// in_ready_o depends combinationally on axi_wready_i.  A reset in the middle of a burst leaves it
// unfinished.

module toe_rx_write
  import toe_pkg::*;
  import toe_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned MaxBursts = 64,  // power of two, 64 at most
    localparam int unsigned Lanes = DataWidth / 8,
    localparam int unsigned OffWidth = $clog2(Lanes)
) (
    input logic clk_i,
    input logic rst_i,

    input logic [4:0] rx_ring_log2_i,

    input  logic        item_valid_i,
    output logic        item_ready_o,
    input  write_item_t item_i,

    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [DataWidth-1:0] in_data_i,
    input  logic [    Lanes-1:0] in_strb_i,

    // To the echo buffer, which always has room.
    output logic echo_wr_o,
    output logic echo_last_o,

    output logic                      axi_awvalid_o,
    input  logic                      axi_awready_i,
    output mem_addr_t                 axi_awaddr_o,
    output logic      [          7:0] axi_awlen_o,
    output logic                      axi_wvalid_o,
    input  logic                      axi_wready_i,
    output logic      [DataWidth-1:0] axi_wdata_o,
    output logic      [    Lanes-1:0] axi_wstrb_o,
    output logic                      axi_wlast_o,
    input  logic                      axi_bvalid_i,
    output logic                      axi_bready_o,

    output logic [15:0] delivered_count_o,
    output logic        idle_o
);

  // A burst ends at the latest where this many beats begin anew: 4 KiB or 256 beats.
  localparam int unsigned SpanWidth = OffWidth >= 4 ? 12 - OffWidth : 8;
  localparam int unsigned PlaceWidth = 20 - OffWidth;  // of a beat in its ring
  typedef logic [PlaceWidth-1:0] place_t;
  typedef logic [SpanWidth:0] span_t;
  typedef logic [16:0] beats_t;

  // ---- Items waiting ----------------------------------------------------------------------------

  logic item_valid, item_ready;
  write_item_t item;
  logic [2:0] item_count;
  toe_queue #(
      .Width($bits(write_item_t)),
      .Depth(4)
  ) u_items (
      .clk_i,
      .rst_i,
      .in_valid_i(item_valid_i),
      .in_ready_o(item_ready_o),
      .in_data_i(item_i),
      .out_valid_o(item_valid),
      .out_ready_i(item_ready),
      .out_data_o(item),
      .count_o(item_count)
  );

  // ---- Bursts of the present item ---------------------------------------------------------------

  logic cut_valid_q, cut_is_echo_q, cut, cut_last;
  mem_addr_t cut_ring_q;
  place_t cut_place_q, ring_mask_q;
  beats_t cut_left_q;
  logic [17:0] cut_end;  // beats from the last place that bursts may not cross
  span_t cut_room, cut_beats;

  assign cut_end   = 18'(cut_left_q) + 18'(cut_place_q[SpanWidth-1:0]);
  assign cut_room  = span_t'(1 << SpanWidth) - span_t'(cut_place_q[SpanWidth-1:0]);
  assign cut_last  = cut_end <= 18'(1 << SpanWidth);
  assign cut_beats = cut_last ? cut_left_q[SpanWidth:0] : cut_room;

  logic part_valid_q, part_free, cut_go;
  assign part_free  = !part_valid_q || cut;
  assign cut_go     = cut_valid_q && part_free;
  assign item_ready = !cut_valid_q || (part_free && cut_last);

  always_ff @(posedge clk_i) begin
    ring_mask_q <= ~({PlaceWidth{1'b1}} << (rx_ring_log2_i - 5'(OffWidth)));
  end

  beats_t item_beats;
  assign item_beats = ((beats_t'(item.len) + beats_t'(item.off[OffWidth-1:0]) - 17'd1) >> OffWidth)
                      + 17'd1;

  always_ff @(posedge clk_i) begin
    if (rst_i) cut_valid_q <= 1'b0;
    else if (item_ready) cut_valid_q <= item_valid;
  end

  always_ff @(posedge clk_i) begin
    if (item_ready && item_valid) begin
      cut_is_echo_q <= item.is_echo;
      cut_ring_q    <= item.ring;
      cut_place_q   <= item.off[19:OffWidth];
      cut_left_q    <= item_beats;
    end else if (cut_go) begin  // not the last burst: the next begins where this may not cross
      cut_place_q <= {cut_place_q[PlaceWidth-1:SpanWidth] + 1'b1, SpanWidth'(0)} & ring_mask_q;
      cut_left_q  <= beats_t'(cut_end - 18'(1 << SpanWidth));
    end
  end

  // The burst that is next.
  logic part_is_echo_q, part_last_q;
  mem_addr_t part_addr_q;
  span_t part_beats_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) part_valid_q <= 1'b0;
    else if (part_free) part_valid_q <= cut_valid_q;
  end

  always_ff @(posedge clk_i) begin
    if (part_free) begin
      part_is_echo_q <= cut_is_echo_q;
      part_last_q    <= cut_last;
      part_beats_q   <= cut_beats;
      part_addr_q    <= cut_ring_q + mem_addr_t'({cut_place_q, OffWidth'(0)});
    end
  end

  // A burst is announced to the data side, to the response side, and on the address channel.
  typedef struct packed {
    logic       is_echo;
    logic [8:0] beats;    // 1 to 256
  } burst_t;

  logic burst_in_ready, burst_valid, burst_ready, resp_in_ready, resp_valid, resp_is_last;
  burst_t burst;
  logic [3:0] burst_count;
  logic [$clog2(MaxBursts):0] resp_count;

  logic aw_free;
  assign aw_free = !axi_awvalid_o || axi_awready_i;
  assign cut     = part_valid_q && burst_in_ready && (part_is_echo_q || (aw_free && resp_in_ready));

  always_ff @(posedge clk_i) begin
    if (rst_i) axi_awvalid_o <= 1'b0;
    else if (aw_free) axi_awvalid_o <= cut && !part_is_echo_q;
  end

  always_ff @(posedge clk_i) begin
    if (aw_free) begin
      axi_awaddr_o <= part_addr_q;
      axi_awlen_o  <= 8'(part_beats_q - span_t'(1));
    end
  end

  toe_queue #(
      .Width($bits(burst_t)),
      .Depth(8)
  ) u_bursts (
      .clk_i,
      .rst_i,
      .in_valid_i(cut),
      .in_ready_o(burst_in_ready),
      .in_data_i({part_is_echo_q, 9'(part_beats_q)}),
      .out_valid_o(burst_valid),
      .out_ready_i(burst_ready),
      .out_data_o(burst),
      .count_o(burst_count)
  );

  toe_queue #(
      .Width(1),
      .Depth(MaxBursts)
  ) u_responses (
      .clk_i,
      .rst_i,
      .in_valid_i(cut && !part_is_echo_q),
      .in_ready_o(resp_in_ready),
      .in_data_i(part_last_q),
      .out_valid_o(resp_valid),
      .out_ready_i(axi_bvalid_i),
      .out_data_o(resp_is_last),
      .count_o(resp_count)
  );

  // ---- Data -------------------------------------------------------------------------------------

  logic [8:0] sent_q;  // beats of the present burst already gone
  logic beat_last, beat_go;
  assign beat_last    = sent_q + 9'd1 == burst.beats;
  assign in_ready_o   = burst_valid && (burst.is_echo || axi_wready_i);
  assign beat_go      = in_valid_i && in_ready_o;
  assign burst_ready  = beat_go && beat_last;

  assign axi_wvalid_o = burst_valid && !burst.is_echo && in_valid_i;
  assign axi_wdata_o  = in_data_i;
  assign axi_wstrb_o  = in_strb_i;
  assign axi_wlast_o  = beat_last;
  assign echo_wr_o    = beat_go && burst.is_echo;
  assign echo_last_o  = beat_last;

  always_ff @(posedge clk_i) begin
    if (rst_i) sent_q <= '0;
    else if (beat_go) sent_q <= beat_last ? 9'd0 : sent_q + 9'd1;
  end

  // ---- Responses --------------------------------------------------------------------------------

  // An answer to a burst of before a reset is taken and forgotten.
  assign axi_bready_o = 1'b1;

  always_ff @(posedge clk_i) begin
    if (rst_i) delivered_count_o <= '0;
    else if (axi_bvalid_i && resp_valid && resp_is_last) begin
      delivered_count_o <= delivered_count_o + 16'd1;
    end
  end

  assign idle_o = item_count == '0 && !cut_valid_q && !part_valid_q && burst_count == '0 &&
                  resp_count == '0;

endmodule
