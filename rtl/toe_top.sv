// SPDX-License-Identifier: Apache-2.0
//
// The engine: wiring only.
//
// Receive path, TCP core, send path and host interface, between one Ethernet MAC (AXI4-Stream, no
// preamble, no FCS), one buffer memory (AXI4) and one host (AXI4-Lite).  The receive stream is
// never held back: what the engine cannot take it drops whole and counts.  Time is an input.
//
// Octet 0 of a beat is in bits 7:0, as AXI4-Stream has it.  tkeep is all ones except on the last
// beat, where it is contiguous from bit 0.

module toe_top
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter int unsigned DataWidth = 64,  // bits: 64, 128, 256 or 512
    parameter int unsigned NumConns = 1024,  // power of two, 16 to 65536
    parameter int unsigned RxRingLog2 = 16,  // log2 of octets, 12 to 20; 11 too at 64 bits
    parameter int unsigned TxRingLog2 = 16,  // log2 of octets, 12 to 20; 11 too at 64 bits
    parameter int unsigned NumListeners = 16,  // listening ports, 1 to 64
    parameter int unsigned SynCacheSize = 256,  // half-open connections, power of two, 16 or more
    parameter int unsigned TimeWaitSize = 1024,  // TIME-WAIT records, power of two, 16 or more
    parameter int unsigned RxFifoOctets = 256 * DataWidth,  // frames waiting for a verdict
    parameter bit Trace = 1'b1,  // 0: the trace port is tied to zero
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    // Time, from a divider on a board, from the testbench in simulation.  Never goes back.
    input  logic [63:0] now_us_i,
    output logic        idle_o,             // nothing but time, a frame or the host can make work
    output logic [63:0] next_deadline_us_o, // lower bound of the next timer; all ones: none

    // Frames from the MAC.
    input logic                 rx_tvalid_i,
    input logic [DataWidth-1:0] rx_tdata_i,
    input logic [KeepWidth-1:0] rx_tkeep_i,
    input logic                 rx_tlast_i,
    input logic                 rx_tuser_i,   // with tlast: the MAC found the frame bad

    // Frames to the MAC.
    output logic                 tx_tvalid_o,
    input  logic                 tx_tready_i,
    output logic [DataWidth-1:0] tx_tdata_o,
    output logic [KeepWidth-1:0] tx_tkeep_o,
    output logic                 tx_tlast_o,

    // Buffer memory: receive rings are written, transmit rings are read.  Incrementing bursts of
    // full beats that never cross 4 KiB; one ID, so answers come in order.
    output logic                      axi_awvalid_o,
    input  logic                      axi_awready_i,
    output mem_addr_t                 axi_awaddr_o,
    output logic      [          7:0] axi_awlen_o,
    output logic                      axi_wvalid_o,
    input  logic                      axi_wready_i,
    output logic      [DataWidth-1:0] axi_wdata_o,
    output logic      [KeepWidth-1:0] axi_wstrb_o,
    output logic                      axi_wlast_o,
    input  logic                      axi_bvalid_i,
    output logic                      axi_bready_o,
    output logic                      axi_arvalid_o,
    input  logic                      axi_arready_i,
    output mem_addr_t                 axi_araddr_o,
    output logic      [          7:0] axi_arlen_o,
    input  logic                      axi_rvalid_i,
    output logic                      axi_rready_o,
    input  logic      [DataWidth-1:0] axi_rdata_i,
    input  logic                      axi_rlast_i,

    // Registers, submission ring and completion ring (rtl/toe_regs.rdl).
    input  logic        axil_awvalid_i,
    output logic        axil_awready_o,
    input  logic [15:0] axil_awaddr_i,
    input  logic        axil_wvalid_i,
    output logic        axil_wready_o,
    input  logic [31:0] axil_wdata_i,
    input  logic [ 3:0] axil_wstrb_i,
    output logic        axil_bvalid_o,
    input  logic        axil_bready_i,
    output logic [ 1:0] axil_bresp_o,
    input  logic        axil_arvalid_i,
    output logic        axil_arready_o,
    input  logic [15:0] axil_araddr_i,
    output logic        axil_rvalid_o,
    input  logic        axil_rready_i,
    output logic [31:0] axil_rdata_o,
    output logic [ 1:0] axil_rresp_o,
    output logic        irq_o,           // level: the completion ring holds an entry

    // One record for every event that leaves the control-block pipeline.
    output logic   trace_valid_o,
    output trace_t trace_o
);

  cfg_t cfg;
  logic soft_rst, core_rst;

  time_us_t now_us;
  assign now_us = now_us_i[39:0];

  logic seg_valid, seg_ready;
  rx_seg_t seg;
  logic verdict_valid, verdict_ready;
  rx_verdict_t        verdict;
  logic        [15:0] delivered_count;

  logic               arp_valid;
  arp_rx_t            arp;
  logic echo_valid, echo_ready;
  echo_t echo;
  logic echo_data_valid, echo_data_ready;
  logic [DataWidth-1:0] echo_data;

  logic tx_valid, tx_ready;
  tx_seg_t tx;

  logic cmd_valid, cmd_ready;
  cmd_t cmd;
  logic ntf_valid, ntf_ready;
  ntf_t ntf;

  drop_vec_t rx_drop, tcp_drop, tx_drop;
  count_vec_t rx_count, tcp_count, tx_count;
  logic rx_idle, tcp_idle, tx_idle, host_idle;
  logic tcp_deadline_valid, tx_deadline_valid;
  time_us_t tcp_deadline_us, tx_deadline_us;
  logic [15:0] half_open_count, time_wait_count, free_count;
  logic cookies;

  // The host can put everything but its own registers back to the start (CTRL.soft_reset).  Memory
  // and MAC do not notice.
  logic core_busy;
  logic core_awvalid, core_awready, core_wvalid, core_wready, core_bvalid, core_bready;
  logic core_arvalid, core_arready, core_rvalid, core_rready;
  logic core_tvalid, core_tready;

  toe_fence u_fence (
      .clk_i,
      .rst_i,
      .stop_i(soft_rst),
      .busy_o(core_busy),
      .core_rst_o(core_rst),
      .core_awvalid_i(core_awvalid),
      .core_awready_o(core_awready),
      .awvalid_o(axi_awvalid_o),
      .awready_i(axi_awready_i),
      .core_wvalid_i(core_wvalid),
      .core_wready_o(core_wready),
      .wvalid_o(axi_wvalid_o),
      .wready_i(axi_wready_i),
      .wlast_i(axi_wlast_o),
      .core_bvalid_o(core_bvalid),
      .core_bready_i(core_bready),
      .bvalid_i(axi_bvalid_i),
      .bready_o(axi_bready_o),
      .core_arvalid_i(core_arvalid),
      .core_arready_o(core_arready),
      .arvalid_o(axi_arvalid_o),
      .arready_i(axi_arready_i),
      .core_rvalid_o(core_rvalid),
      .core_rready_i(core_rready),
      .rvalid_i(axi_rvalid_i),
      .rready_o(axi_rready_o),
      .rlast_i(axi_rlast_i),
      .core_tvalid_i(core_tvalid),
      .core_tready_o(core_tready),
      .tvalid_o(tx_tvalid_o),
      .tready_i(tx_tready_i),
      .tlast_i(tx_tlast_o)
  );

  toe_rx #(
      .DataWidth (DataWidth),
      .NumConns  (NumConns),
      .FifoOctets(RxFifoOctets)
  ) u_rx (
      .clk_i,
      .rst_i(core_rst),
      .cfg_i(cfg),
      .tvalid_i(rx_tvalid_i),
      .tdata_i(rx_tdata_i),
      .tkeep_i(rx_tkeep_i),
      .tlast_i(rx_tlast_i),
      .tuser_i(rx_tuser_i),
      .seg_valid_o(seg_valid),
      .seg_ready_i(seg_ready),
      .seg_o(seg),
      .verdict_valid_i(verdict_valid),
      .verdict_ready_o(verdict_ready),
      .verdict_i(verdict),
      .delivered_count_o(delivered_count),
      .arp_valid_o(arp_valid),
      .arp_o(arp),
      .echo_valid_o(echo_valid),
      .echo_ready_i(echo_ready),
      .echo_o(echo),
      .echo_data_valid_o(echo_data_valid),
      .echo_data_ready_i(echo_data_ready),
      .echo_data_o(echo_data),
      .axi_awvalid_o(core_awvalid),
      .axi_awready_i(core_awready),
      .axi_awaddr_o,
      .axi_awlen_o,
      .axi_wvalid_o(core_wvalid),
      .axi_wready_i(core_wready),
      .axi_wdata_o,
      .axi_wstrb_o,
      .axi_wlast_o,
      .axi_bvalid_i(core_bvalid),
      .axi_bready_o(core_bready),
      .drop_o(rx_drop),
      .count_o(rx_count),
      .idle_o(rx_idle)
  );

  toe_tcp #(
      .NumConns(NumConns),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize),
      .TimeWaitSize(TimeWaitSize),
      .SegInterval(512 / DataWidth),  // beats of a frame of 60 octets, the smallest
      .Trace(Trace)
  ) u_tcp (
      .clk_i,
      .rst_i(core_rst),
      .cfg_i(cfg),
      .now_us_i(now_us),
      .seg_valid_i(seg_valid),
      .seg_ready_o(seg_ready),
      .seg_i(seg),
      .verdict_valid_o(verdict_valid),
      .verdict_ready_i(verdict_ready),
      .verdict_o(verdict),
      .delivered_count_i(delivered_count),
      .cmd_valid_i(cmd_valid),
      .cmd_ready_o(cmd_ready),
      .cmd_i(cmd),
      .ntf_valid_o(ntf_valid),
      .ntf_ready_i(ntf_ready),
      .ntf_o(ntf),
      .tx_valid_o(tx_valid),
      .tx_ready_i(tx_ready),
      .tx_o(tx),
      .drop_o(tcp_drop),
      .count_o(tcp_count),
      .half_open_count_o(half_open_count),
      .time_wait_count_o(time_wait_count),
      .free_count_o(free_count),
      .cookies_o(cookies),
      .idle_o(tcp_idle),
      .deadline_valid_o(tcp_deadline_valid),
      .deadline_us_o(tcp_deadline_us),
      .trace_valid_o,
      .trace_o
  );

  toe_tx #(
      .DataWidth(DataWidth),
      .NumConns (NumConns)
  ) u_tx (
      .clk_i,
      .rst_i(core_rst),
      .cfg_i(cfg),
      .now_us_i(now_us),
      .seg_valid_i(tx_valid),
      .seg_ready_o(tx_ready),
      .seg_i(tx),
      .arp_valid_i(arp_valid),
      .arp_i(arp),
      .echo_valid_i(echo_valid),
      .echo_ready_o(echo_ready),
      .echo_i(echo),
      .echo_data_valid_i(echo_data_valid),
      .echo_data_ready_o(echo_data_ready),
      .echo_data_i(echo_data),
      .axi_arvalid_o(core_arvalid),
      .axi_arready_i(core_arready),
      .axi_araddr_o,
      .axi_arlen_o,
      .axi_rvalid_i(core_rvalid),
      .axi_rready_o(core_rready),
      .axi_rdata_i,
      .axi_rlast_i,
      .tvalid_o(core_tvalid),
      .tready_i(core_tready),
      .tdata_o(tx_tdata_o),
      .tkeep_o(tx_tkeep_o),
      .tlast_o(tx_tlast_o),
      .drop_o(tx_drop),
      .count_o(tx_count),
      .idle_o(tx_idle),
      .deadline_valid_o(tx_deadline_valid),
      .deadline_us_o(tx_deadline_us)
  );

  toe_host #(
      .DataWidth(DataWidth),
      .NumConns(NumConns),
      .RxRingLog2(RxRingLog2),
      .TxRingLog2(TxRingLog2),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize)
  ) u_host (
      .clk_i,
      .rst_i,
      .cfg_o(cfg),
      .soft_rst_o(soft_rst),
      .now_us_i,
      .axil_awvalid_i,
      .axil_awready_o,
      .axil_awaddr_i,
      .axil_wvalid_i,
      .axil_wready_o,
      .axil_wdata_i,
      .axil_wstrb_i,
      .axil_bvalid_o,
      .axil_bready_i,
      .axil_bresp_o,
      .axil_arvalid_i,
      .axil_arready_o,
      .axil_araddr_i,
      .axil_rvalid_o,
      .axil_rready_i,
      .axil_rdata_o,
      .axil_rresp_o,
      .irq_o,
      .cmd_valid_o(cmd_valid),
      .cmd_ready_i(cmd_ready),
      .cmd_o(cmd),
      .ntf_valid_i(ntf_valid),
      .ntf_ready_o(ntf_ready),
      .ntf_i(ntf),
      .drop_i(rx_drop | tcp_drop | tx_drop),
      .count_i(rx_count | tcp_count | tx_count),
      .half_open_count_i(half_open_count),
      .time_wait_count_i(time_wait_count),
      .free_count_i(free_count),
      .cookies_i(cookies),
      .tcp_idle_i(tcp_idle),
      .core_idle_i(rx_idle && tcp_idle && tx_idle),
      .core_busy_i(core_busy),
      .idle_o(host_idle)
  );

  assign idle_o = rx_idle && tcp_idle && tx_idle && host_idle && !core_rst;

  // The earlier of two lower bounds, widened to the 64-bit clock; a bound that has passed is now.
  time_us_t tcp_left_us, tx_left_us, left_us;
  always_comb begin
    tcp_left_us = time_reached(now_us, tcp_deadline_us) ? '0 : tcp_deadline_us - now_us;
    tx_left_us  = time_reached(now_us, tx_deadline_us) ? '0 : tx_deadline_us - now_us;
    left_us     = tcp_left_us;
    if (!tcp_deadline_valid || (tx_deadline_valid && tx_left_us < tcp_left_us)) begin
      left_us = tx_left_us;
    end
    next_deadline_us_o = '1;
    if (tcp_deadline_valid || tx_deadline_valid) next_deadline_us_o = now_us_i + 64'(left_us);
  end

endmodule
