// SPDX-License-Identifier: Apache-2.0
//
// The engine with everything around it that no board does differently: buffer memory in block RAM,
// the byte-stream link (docs/link.md), and time from the clock.
//
// A board adds a clock of ClkHz, a reset that is synchronous to it, a MAC at DataWidth (no preamble,
// no FCS, octet 0 in bits 7:0, never held back towards the engine), and something that carries octets
// to and from the host: toe_uart, toe_ft245 or what it has.  Everything here is on clk_i.
//
// With ExternalTime now_us_i is the time, for a simulation whose time is not its clock's; else it is
// not looked at, and microseconds are counted from the clock, exactly on average for any ClkHz.

module toe_board
  import toe_pkg::*;
#(
    parameter int unsigned DataWidth = 64,  // bits: 64, 128, 256 or 512
    parameter int unsigned NumConns = 32,  // this and the next six as in toe_top
    parameter int unsigned RxRingLog2 = 12,
    parameter int unsigned TxRingLog2 = 12,
    parameter int unsigned NumListeners = 16,
    parameter int unsigned SynCacheSize = 256,
    parameter int unsigned TimeWaitSize = 256,
    parameter int unsigned RxFifoOctets = 256 * DataWidth,
    parameter int unsigned ClkHz = 125_000_000,  // 1 MHz or more
    parameter bit ExternalTime = 1'b0,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input  logic [63:0] now_us_i,           // with ExternalTime; else any
    output logic        idle_o,             // nothing but time, a frame or an octet can make work
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

    // Octets from and to the host.
    input  logic       host_rx_valid_i,
    output logic       host_rx_ready_o,
    input  logic [7:0] host_rx_data_i,
    output logic       host_tx_valid_o,
    input  logic       host_tx_ready_i,
    output logic [7:0] host_tx_data_o,

    // For lamps.
    output logic session_o,  // a host has begun a session
    output logic irq_o       // the completion ring holds an entry
);

  localparam int unsigned MemOctets = NumConns * (2 ** RxRingLog2 + 2 ** TxRingLog2);
  localparam int unsigned MemAddrWidth = $clog2(MemOctets) > 16 ? $clog2(MemOctets) : 16;
  localparam int unsigned PortAddrWidth = MemAddrWidth + 1;

  typedef logic [MemAddrWidth-1:0] ram_addr_t;
  typedef logic [PortAddrWidth-1:0] port_addr_t;
  typedef logic [DataWidth-1:0] beat_t;
  typedef logic [KeepWidth-1:0] strb_t;

  // ---- Time ------------------------------------------------------------------------------------

  logic [63:0] now_us;

  if (ExternalTime) begin : gen_external_time
    assign now_us = now_us_i;
  end else begin : gen_own_time
    logic unused_time;
    assign unused_time = ^now_us_i;
    logic us;
    logic [63:0] now_us_q;

    toe_rate #(
        .ClkHz (ClkHz),
        .RateHz(1_000_000)
    ) u_rate (
        .clk_i,
        .rst_i,
        .clear_i(1'b0),
        .tick_o (us)
    );

    always_ff @(posedge clk_i) begin
      if (rst_i) now_us_q <= '0;
      else now_us_q <= now_us_q + 64'(us);
    end
    assign now_us = now_us_q;
  end

  // ---- Engine ----------------------------------------------------------------------------------

  logic axi_awvalid, axi_awready, axi_wvalid, axi_wready, axi_wlast, axi_bvalid, axi_bready;
  logic axi_arvalid, axi_arready, axi_rvalid, axi_rready, axi_rlast;
  mem_addr_t axi_awaddr, axi_araddr;
  logic [7:0] axi_awlen, axi_arlen;
  beat_t axi_wdata, axi_rdata;
  strb_t axi_wstrb;

  logic axil_awvalid, axil_awready, axil_wvalid, axil_wready, axil_bvalid, axil_bready;
  logic axil_arvalid, axil_arready, axil_rvalid, axil_rready;
  logic [15:0] axil_awaddr, axil_araddr;
  logic [31:0] axil_wdata, axil_rdata;
  logic [3:0] axil_wstrb;
  logic [1:0] axil_bresp, axil_rresp;

  logic unused_trace_valid;
  toe_tcp_pkg::trace_t unused_trace;

  logic toe_idle;
  logic [63:0] toe_deadline_us;

  toe_top #(
      .DataWidth   (DataWidth),
      .NumConns    (NumConns),
      .RxRingLog2  (RxRingLog2),
      .TxRingLog2  (TxRingLog2),
      .NumListeners(NumListeners),
      .SynCacheSize(SynCacheSize),
      .TimeWaitSize(TimeWaitSize),
      .RxFifoOctets(RxFifoOctets),
      .Trace       (1'b0)
  ) u_toe (
      .clk_i,
      .rst_i,
      .now_us_i          (now_us),
      .idle_o            (toe_idle),
      .next_deadline_us_o(toe_deadline_us),
      .rx_tvalid_i,
      .rx_tdata_i,
      .rx_tkeep_i,
      .rx_tlast_i,
      .rx_tuser_i,
      .tx_tvalid_o,
      .tx_tready_i,
      .tx_tdata_o,
      .tx_tkeep_o,
      .tx_tlast_o,
      .axi_awvalid_o     (axi_awvalid),
      .axi_awready_i     (axi_awready),
      .axi_awaddr_o      (axi_awaddr),
      .axi_awlen_o       (axi_awlen),
      .axi_wvalid_o      (axi_wvalid),
      .axi_wready_i      (axi_wready),
      .axi_wdata_o       (axi_wdata),
      .axi_wstrb_o       (axi_wstrb),
      .axi_wlast_o       (axi_wlast),
      .axi_bvalid_i      (axi_bvalid),
      .axi_bready_o      (axi_bready),
      .axi_arvalid_o     (axi_arvalid),
      .axi_arready_i     (axi_arready),
      .axi_araddr_o      (axi_araddr),
      .axi_arlen_o       (axi_arlen),
      .axi_rvalid_i      (axi_rvalid),
      .axi_rready_o      (axi_rready),
      .axi_rdata_i       (axi_rdata),
      .axi_rlast_i       (axi_rlast),
      .axil_awvalid_i    (axil_awvalid),
      .axil_awready_o    (axil_awready),
      .axil_awaddr_i     (axil_awaddr),
      .axil_wvalid_i     (axil_wvalid),
      .axil_wready_o     (axil_wready),
      .axil_wdata_i      (axil_wdata),
      .axil_wstrb_i      (axil_wstrb),
      .axil_bvalid_o     (axil_bvalid),
      .axil_bready_i     (axil_bready),
      .axil_bresp_o      (axil_bresp),
      .axil_arvalid_i    (axil_arvalid),
      .axil_arready_o    (axil_arready),
      .axil_araddr_i     (axil_araddr),
      .axil_rvalid_o     (axil_rvalid),
      .axil_rready_i     (axil_rready),
      .axil_rdata_o      (axil_rdata),
      .axil_rresp_o      (axil_rresp),
      .irq_o,
      .trace_valid_o     (unused_trace_valid),
      .trace_o           (unused_trace)
  );

  // ---- Host ------------------------------------------------------------------------------------

  logic link_awvalid, link_awready, link_wvalid, link_wready, link_wlast, link_bvalid, link_bready;
  logic link_arvalid, link_arready, link_rvalid, link_rready;
  port_addr_t link_awaddr, link_araddr;
  logic [7:0] link_awlen, link_arlen;
  logic [31:0] link_wdata, link_rdata;
  logic [3:0] link_wstrb;
  logic [1:0] link_bresp, link_rresp;
  logic unused_rlast;  // the link counts

  logic link_idle, link_deadline_valid;
  time_us_t link_deadline_us;

  toe_link #(
      .AddrWidth(PortAddrWidth),
      .MemOctets(MemOctets)
  ) u_link (
      .clk_i,
      .rst_i,
      .now_us_i        (now_us[39:0]),
      .irq_i           (irq_o),
      .session_o,
      .idle_o          (link_idle),
      .deadline_valid_o(link_deadline_valid),
      .deadline_us_o   (link_deadline_us),
      .rx_valid_i      (host_rx_valid_i),
      .rx_ready_o      (host_rx_ready_o),
      .rx_data_i       (host_rx_data_i),
      .tx_valid_o      (host_tx_valid_o),
      .tx_ready_i      (host_tx_ready_i),
      .tx_data_o       (host_tx_data_o),
      .axi_awvalid_o   (link_awvalid),
      .axi_awready_i   (link_awready),
      .axi_awaddr_o    (link_awaddr),
      .axi_awlen_o     (link_awlen),
      .axi_wvalid_o    (link_wvalid),
      .axi_wready_i    (link_wready),
      .axi_wdata_o     (link_wdata),
      .axi_wstrb_o     (link_wstrb),
      .axi_wlast_o     (link_wlast),
      .axi_bvalid_i    (link_bvalid),
      .axi_bready_o    (link_bready),
      .axi_bresp_i     (link_bresp),
      .axi_arvalid_o   (link_arvalid),
      .axi_arready_i   (link_arready),
      .axi_araddr_o    (link_araddr),
      .axi_arlen_o     (link_arlen),
      .axi_rvalid_i    (link_rvalid),
      .axi_rready_o    (link_rready),
      .axi_rdata_i     (link_rdata),
      .axi_rresp_i     (link_rresp)
  );

  logic mem_awvalid, mem_awready, mem_wvalid, mem_wready, mem_wlast, mem_bvalid, mem_bready;
  logic mem_arvalid, mem_arready, mem_rvalid, mem_rready, mem_rlast;
  ram_addr_t mem_awaddr, mem_araddr;
  logic [7:0] mem_awlen, mem_arlen;
  beat_t mem_wdata, mem_rdata;
  strb_t mem_wstrb;
  logic [1:0] mem_bresp, mem_rresp;

  toe_axi_port #(
      .AddrWidth(PortAddrWidth),
      .DataWidth(DataWidth)
  ) u_port (
      .clk_i,
      .rst_i,
      .awvalid_i     (link_awvalid),
      .awready_o     (link_awready),
      .awaddr_i      (link_awaddr),
      .awlen_i       (link_awlen),
      .wvalid_i      (link_wvalid),
      .wready_o      (link_wready),
      .wdata_i       (link_wdata),
      .wstrb_i       (link_wstrb),
      .wlast_i       (link_wlast),
      .bvalid_o      (link_bvalid),
      .bready_i      (link_bready),
      .bresp_o       (link_bresp),
      .arvalid_i     (link_arvalid),
      .arready_o     (link_arready),
      .araddr_i      (link_araddr),
      .arlen_i       (link_arlen),
      .rvalid_o      (link_rvalid),
      .rready_i      (link_rready),
      .rdata_o       (link_rdata),
      .rresp_o       (link_rresp),
      .rlast_o       (unused_rlast),
      .axil_awvalid_o(axil_awvalid),
      .axil_awready_i(axil_awready),
      .axil_awaddr_o (axil_awaddr),
      .axil_wvalid_o (axil_wvalid),
      .axil_wready_i (axil_wready),
      .axil_wdata_o  (axil_wdata),
      .axil_wstrb_o  (axil_wstrb),
      .axil_bvalid_i (axil_bvalid),
      .axil_bready_o (axil_bready),
      .axil_bresp_i  (axil_bresp),
      .axil_arvalid_o(axil_arvalid),
      .axil_arready_i(axil_arready),
      .axil_araddr_o (axil_araddr),
      .axil_rvalid_i (axil_rvalid),
      .axil_rready_o (axil_rready),
      .axil_rdata_i  (axil_rdata),
      .axil_rresp_i  (axil_rresp),
      .mem_awvalid_o (mem_awvalid),
      .mem_awready_i (mem_awready),
      .mem_awaddr_o  (mem_awaddr),
      .mem_awlen_o   (mem_awlen),
      .mem_wvalid_o  (mem_wvalid),
      .mem_wready_i  (mem_wready),
      .mem_wdata_o   (mem_wdata),
      .mem_wstrb_o   (mem_wstrb),
      .mem_wlast_o   (mem_wlast),
      .mem_bvalid_i  (mem_bvalid),
      .mem_bready_o  (mem_bready),
      .mem_bresp_i   (mem_bresp),
      .mem_arvalid_o (mem_arvalid),
      .mem_arready_i (mem_arready),
      .mem_araddr_o  (mem_araddr),
      .mem_arlen_o   (mem_arlen),
      .mem_rvalid_i  (mem_rvalid),
      .mem_rready_o  (mem_rready),
      .mem_rdata_i   (mem_rdata),
      .mem_rresp_i   (mem_rresp),
      .mem_rlast_i   (mem_rlast)
  );

  // ---- Buffer memory ---------------------------------------------------------------------------

  // Rings lie from address 0 on, so the address bits above the memory are 0.
  logic unused_addr;
  logic [1:0] unused_bresp, unused_rresp;
  assign unused_addr = ^{axi_awaddr[AxiAddrWidth-1:MemAddrWidth],
                         axi_araddr[AxiAddrWidth-1:MemAddrWidth]};

  toe_axi_ram #(
      .DataWidth(DataWidth),
      .Octets   (MemOctets),
      .AddrWidth(MemAddrWidth)
  ) u_ram (
      .clk_i,
      .rst_i,
      .a_awvalid_i(axi_awvalid),
      .a_awready_o(axi_awready),
      .a_awaddr_i (axi_awaddr[MemAddrWidth-1:0]),
      .a_awlen_i  (axi_awlen),
      .a_wvalid_i (axi_wvalid),
      .a_wready_o (axi_wready),
      .a_wdata_i  (axi_wdata),
      .a_wstrb_i  (axi_wstrb),
      .a_wlast_i  (axi_wlast),
      .a_bvalid_o (axi_bvalid),
      .a_bready_i (axi_bready),
      .a_bresp_o  (unused_bresp),
      .a_arvalid_i(axi_arvalid),
      .a_arready_o(axi_arready),
      .a_araddr_i (axi_araddr[MemAddrWidth-1:0]),
      .a_arlen_i  (axi_arlen),
      .a_rvalid_o (axi_rvalid),
      .a_rready_i (axi_rready),
      .a_rdata_o  (axi_rdata),
      .a_rresp_o  (unused_rresp),
      .a_rlast_o  (axi_rlast),
      .b_awvalid_i(mem_awvalid),
      .b_awready_o(mem_awready),
      .b_awaddr_i (mem_awaddr),
      .b_awlen_i  (mem_awlen),
      .b_wvalid_i (mem_wvalid),
      .b_wready_o (mem_wready),
      .b_wdata_i  (mem_wdata),
      .b_wstrb_i  (mem_wstrb),
      .b_wlast_i  (mem_wlast),
      .b_bvalid_o (mem_bvalid),
      .b_bready_i (mem_bready),
      .b_bresp_o  (mem_bresp),
      .b_arvalid_i(mem_arvalid),
      .b_arready_o(mem_arready),
      .b_araddr_i (mem_araddr),
      .b_arlen_i  (mem_arlen),
      .b_rvalid_o (mem_rvalid),
      .b_rready_i (mem_rready),
      .b_rdata_o  (mem_rdata),
      .b_rresp_o  (mem_rresp),
      .b_rlast_o  (mem_rlast)
  );

  // ---- Idleness --------------------------------------------------------------------------------

  // The link waits for memory and registers, which answer while toe_top says that it is idle.
  logic [63:0] link_deadline_64_us;
  time_us_t link_left_us;
  assign link_left_us = time_reached(
      now_us[39:0], link_deadline_us
  ) ? '0 : link_deadline_us - now_us[39:0];
  assign link_deadline_64_us = now_us + 64'(link_left_us);
  assign idle_o = toe_idle && link_idle && !host_rx_valid_i;

  always_comb begin
    next_deadline_us_o = toe_deadline_us;
    if (link_deadline_valid && link_deadline_64_us < toe_deadline_us) begin
      next_deadline_us_o = link_deadline_64_us;
    end
  end

endmodule
