// SPDX-License-Identifier: Apache-2.0
//
// Receive path: frames from the MAC in, verified segments, ARP packets and echo requests out.
//
// Store and forward.  The MAC is never held back; a frame that cannot be taken whole is dropped
// whole.  Each dropped frame pulses exactly one bit of drop_o, the first check that fails in the
// order of the headers.  Rate: a frame for each of its beats, at every width, while segments are
// taken, verdicts come and buffer memory takes one beat a cycle.  Latency: seg_valid_o twelve cycles
// after the last beat, arp_valid_o four.
//
// Segments and ICMP errors, in their order, wait on seg_; their payload waits in the frame buffer
// for one verdict each, in the same order.  What a verdict keeps goes to (conn << rx_ring_log2) +
// (seq modulo ring), of its conn only as many bits count as NumConns needs; delivered_count_o
// counts those verdicts when memory has answered for the last of their octets.
//
// One echo request at a time is handed to the send path, up to 2048 octets of data; others are
// dropped meanwhile.  arp_valid_o is a pulse.  The first beat after reset begins a frame.

module toe_rx
  import toe_pkg::*;
  import toe_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned NumConns = 1024,
    parameter int unsigned FifoOctets = 256 * DataWidth,  // power of two, 16384 or more
    localparam int unsigned Lanes = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    // verilator lint_off UNUSEDSIGNAL  // most of the configuration is for the TCP core
    input cfg_t cfg_i,
    // verilator lint_on UNUSEDSIGNAL

    // Frames from the MAC.
    input logic                 tvalid_i,
    input logic [DataWidth-1:0] tdata_i,
    input logic [    Lanes-1:0] tkeep_i,
    input logic                 tlast_i,
    input logic                 tuser_i,

    // Segments to toe_tcp, verdicts back.
    output logic               seg_valid_o,
    input  logic               seg_ready_i,
    output rx_seg_t            seg_o,
    input  logic               verdict_valid_i,
    output logic               verdict_ready_o,
    input  rx_verdict_t        verdict_i,
    output logic        [15:0] delivered_count_o,

    // To toe_tx.
    output logic                    arp_valid_o,
    output arp_rx_t                 arp_o,
    output logic                    echo_valid_o,
    input  logic                    echo_ready_i,
    output echo_t                   echo_o,
    output logic                    echo_data_valid_o,
    input  logic                    echo_data_ready_i,
    output logic    [DataWidth-1:0] echo_data_o,

    // Receive rings.
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

    output drop_vec_t  drop_o,
    output count_vec_t count_o,
    output logic       idle_o
);

  localparam int unsigned FifoBeats = FifoOctets / Lanes;
  localparam int unsigned PtrWidth = $clog2(FifoBeats) + 1;
  localparam int unsigned IndexWidth = 16 - $clog2(Lanes);
  localparam int unsigned EchoOctets = 2048;
  localparam int unsigned FifoFrames = 256;  // frames between their last beat and their end
  localparam int unsigned FifoSegments = DataWidth > 256 ? 64 : 32;  // that toe_tcp has not taken

  // ---- Room -------------------------------------------------------------------------------------

  typedef logic [$clog2(FifoFrames):0] frames_t;
  typedef logic [$clog2(FifoSegments):0] segments_t;

  logic frame_valid, frame_last, frame_done, desc_valid, seg_valid, seg_go, room_q;
  frames_t   frames_q;
  segments_t segments_q;  // frames that may become one count too
  assign seg_go = seg_valid_o && seg_ready_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      frames_q   <= '0;
      segments_q <= '0;
    end else begin
      frames_q <= frames_q + frames_t'(frame_valid) - frames_t'(frame_done);
      segments_q <= segments_q + segments_t'(frame_valid) -
                    segments_t'(desc_valid && !seg_valid) - segments_t'(seg_go);
    end
  end

  // Known a cycle late, so that one place stays for a frame that came meanwhile.
  always_ff @(posedge clk_i) begin
    room_q <= frames_q < frames_t'(FifoFrames - 1) && segments_q < segments_t'(FifoSegments - 1);
  end

  // ---- Frames in --------------------------------------------------------------------------------

  logic                           wr_en;
  logic      [      PtrWidth-2:0] wr_addr;
  logic      [     DataWidth-1:0] wr_data;
  logic      [      PtrWidth-1:0] free_ptr;
  logic                           beat_valid;
  logic      [    IndexWidth-1:0] beat_index;
  logic      [     DataWidth-1:0] beat_data;
  logic                           has_tag;
  logic      [              16:0] ip_end;
  logic      [8*HeaderOctets-1:0] frame_header;
  logic      [              16:0] frame_len;
  logic      [              12:0] frame_beats;
  drop_vec_t                      capture_drop;
  logic                           capture_idle;

  toe_rx_capture #(
      .DataWidth(DataWidth),
      .FifoBeats(FifoBeats)
  ) u_capture (
      .clk_i,
      .rst_i,
      .enable_i(cfg_i.enable),
      .mtu_i(cfg_i.mtu),
      .tvalid_i,
      .tdata_i,
      .tkeep_i,
      .tlast_i,
      .tuser_i,
      .room_i(room_q),
      .free_ptr_i(free_ptr),
      .wr_en_o(wr_en),
      .wr_addr_o(wr_addr),
      .wr_data_o(wr_data),
      .beat_valid_o(beat_valid),
      .beat_index_o(beat_index),
      .beat_data_o(beat_data),
      .tagged_o(has_tag),
      .ip_end_o(ip_end),
      .frame_valid_o(frame_valid),
      .frame_last_o(frame_last),
      .frame_header_o(frame_header),
      .frame_len_o(frame_len),
      .frame_beats_o(frame_beats),
      .drop_o(capture_drop),
      .idle_o(capture_idle)
  );

  logic [31:0] csum;
  toe_rx_csum #(
      .DataWidth(DataWidth)
  ) u_csum (
      .clk_i,
      .beat_valid_i(beat_valid),
      .beat_index_i(beat_index),
      .beat_data_i(beat_data),
      .tagged_i(has_tag),
      .ip_end_i(ip_end),
      .sum_o(csum)
  );

  // Frame buffer.
  logic                 rd_en;
  logic [ PtrWidth-2:0] rd_addr;
  logic [DataWidth-1:0] rd_data;
  toe_ram #(
      .Width(DataWidth),
      .Depth(FifoBeats)
  ) u_frames (
      .clk_i,
      .wr_en_i  (wr_en),
      .wr_addr_i(wr_addr),
      .wr_data_i(wr_data),
      .rd_en_i  (rd_en),
      .rd_addr_i(rd_addr),
      .rd_data_o(rd_data)
  );

  // ---- Headers ----------------------------------------------------------------------------------

  frame_desc_t desc;
  rx_seg_t     seg;
  logic echo_free, echo_take;
  echo_t     echo;
  drop_vec_t parse_drop;
  logic      parse_idle;

  toe_rx_parse #(
      .EchoOctets(EchoOctets)
  ) u_parse (
      .clk_i,
      .rst_i,
      .local_mac_i(cfg_i.local_mac),
      .local_ip_i(cfg_i.local_ip),
      .netmask_i(cfg_i.netmask),
      .frame_valid_i(frame_valid),
      .frame_last_i(frame_last),
      .frame_header_i(frame_header),
      .frame_len_i(frame_len),
      .frame_beats_i(frame_beats),
      .frame_tagged_i(has_tag),
      .frame_ip_end_i(ip_end),
      .csum_i(csum),
      .desc_valid_o(desc_valid),
      .desc_o(desc),
      .seg_valid_o(seg_valid),
      .seg_o(seg),
      .arp_valid_o,
      .arp_o,
      .echo_free_i(echo_free),
      .echo_take_o(echo_take),
      .echo_o(echo),
      .drop_o(parse_drop),
      .count_o,
      .idle_o(parse_idle)
  );

  // Has room: see segments_q.
  logic segs_ready_unused;
  segments_t segs_count_unused;
  toe_fifo #(
      .Width($bits(rx_seg_t)),
      .Depth(FifoSegments)
  ) u_segs (
      .clk_i,
      .rst_i,
      .in_valid_i(seg_valid),
      .in_ready_o(segs_ready_unused),
      .in_data_i(seg),
      .out_valid_o(seg_valid_o),
      .out_ready_i(seg_ready_i),
      .out_data_o(seg_o),
      .count_o(segs_count_unused)
  );

  // ---- Payload ----------------------------------------------------------------------------------

  logic item_valid, item_ready;
  write_item_t item;
  logic move_valid, move_ready;
  logic [DataWidth-1:0] move_data;
  logic [    Lanes-1:0] move_strb;
  logic mover_idle, write_idle;
  logic echo_wr, echo_last;

  toe_rx_mover #(
      .DataWidth (DataWidth),
      .NumConns  (NumConns),
      .FifoBeats (FifoBeats),
      .FifoFrames(FifoFrames)
  ) u_mover (
      .clk_i,
      .rst_i,
      .rx_ring_log2_i(cfg_i.rx_ring_log2),
      .desc_valid_i(desc_valid),
      .desc_i(desc),
      .verdict_valid_i,
      .verdict_ready_o,
      .verdict_i,
      .rd_en_o(rd_en),
      .rd_addr_o(rd_addr),
      .rd_data_i(rd_data),
      .free_ptr_o(free_ptr),
      .frame_done_o(frame_done),
      .item_valid_o(item_valid),
      .item_ready_i(item_ready),
      .item_o(item),
      .out_valid_o(move_valid),
      .out_ready_i(move_ready),
      .out_data_o(move_data),
      .out_strb_o(move_strb),
      .idle_o(mover_idle)
  );

  toe_rx_write #(
      .DataWidth(DataWidth)
  ) u_write (
      .clk_i,
      .rst_i,
      .rx_ring_log2_i(cfg_i.rx_ring_log2),
      .item_valid_i(item_valid),
      .item_ready_o(item_ready),
      .item_i(item),
      .in_valid_i(move_valid),
      .in_ready_o(move_ready),
      .in_data_i(move_data),
      .in_strb_i(move_strb),
      .echo_wr_o(echo_wr),
      .echo_last_o(echo_last),
      .axi_awvalid_o,
      .axi_awready_i,
      .axi_awaddr_o,
      .axi_awlen_o,
      .axi_wvalid_o,
      .axi_wready_i,
      .axi_wdata_o,
      .axi_wstrb_o,
      .axi_wlast_o,
      .axi_bvalid_i,
      .axi_bready_o,
      .delivered_count_o,
      .idle_o(write_idle)
  );

  toe_rx_echo #(
      .DataWidth (DataWidth),
      .EchoOctets(EchoOctets)
  ) u_echo (
      .clk_i,
      .rst_i,
      .free_o(echo_free),
      .take_i(echo_take),
      .take_echo_i(echo),
      .wr_en_i(echo_wr),
      .wr_last_i(echo_last),
      .wr_data_i(move_data),
      .echo_valid_o,
      .echo_ready_i,
      .echo_o,
      .echo_data_valid_o,
      .echo_data_ready_i,
      .echo_data_o
  );

  assign drop_o = capture_drop | parse_drop;
  assign idle_o = capture_idle && parse_idle && drop_o == '0 && count_o == '0 &&
                  frames_q == '0 && segments_q == '0 && mover_idle && write_idle && echo_free;

endmodule
