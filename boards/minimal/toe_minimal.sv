// SPDX-License-Identifier: Apache-2.0
//
// The least that makes toe_top a network interface: buffer memory in block RAM, and time from the clock.
//
// Everything is on clk_i, of ClkHz.  MAC: no preamble, no FCS, octet 0 in bits 7:0, never held back
// towards the engine, and tuser on the last beat of a frame that is bad.  Host: registers and rings on
// axil_ (rtl/toe_regs.rdl), octets of connections on mem_.  A whole board with a byte-stream link for the
// host is boards/common/toe_board.sv.

module toe_minimal
  import toe_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned NumConns = 16,
    parameter int unsigned RingLog2 = 11,  // of both rings of a connection
    parameter int unsigned ClkHz = 50_000_000,
    localparam int unsigned KeepWidth = DataWidth / 8,
    localparam int unsigned MemOctets = NumConns * 2 * 2 ** RingLog2,
    localparam int unsigned MemAddrWidth = $clog2(MemOctets)
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                 rx_tvalid_i,
    input  logic [DataWidth-1:0] rx_tdata_i,
    input  logic [KeepWidth-1:0] rx_tkeep_i,
    input  logic                 rx_tlast_i,
    input  logic                 rx_tuser_i,
    output logic                 tx_tvalid_o,
    input  logic                 tx_tready_i,
    output logic [DataWidth-1:0] tx_tdata_o,
    output logic [KeepWidth-1:0] tx_tkeep_o,
    output logic                 tx_tlast_o,

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

    input  logic                    mem_awvalid_i,
    output logic                    mem_awready_o,
    input  logic [MemAddrWidth-1:0] mem_awaddr_i,
    input  logic [             7:0] mem_awlen_i,
    input  logic                    mem_wvalid_i,
    output logic                    mem_wready_o,
    input  logic [   DataWidth-1:0] mem_wdata_i,
    input  logic [   KeepWidth-1:0] mem_wstrb_i,
    input  logic                    mem_wlast_i,
    output logic                    mem_bvalid_o,
    input  logic                    mem_bready_i,
    output logic [             1:0] mem_bresp_o,
    input  logic                    mem_arvalid_i,
    output logic                    mem_arready_o,
    input  logic [MemAddrWidth-1:0] mem_araddr_i,
    input  logic [             7:0] mem_arlen_i,
    output logic                    mem_rvalid_o,
    input  logic                    mem_rready_i,
    output logic [   DataWidth-1:0] mem_rdata_o,
    output logic [             1:0] mem_rresp_o,
    output logic                    mem_rlast_o
);

  // Time: counted up once a microsecond, exact on average for any ClkHz.
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

  logic unused_idle, unused_trace_valid;
  logic [63:0] unused_deadline_us;
  toe_tcp_pkg::trace_t unused_trace;
  logic [1:0] unused_bresp, unused_rresp;

  logic awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic arvalid, arready, rvalid, rready, rlast;
  mem_addr_t awaddr, araddr;
  logic [7:0] awlen, arlen;
  logic [DataWidth-1:0] wdata, rdata;
  logic [KeepWidth-1:0] wstrb;

  toe_top #(
      .DataWidth (DataWidth),
      .NumConns  (NumConns),
      .RxRingLog2(RingLog2),
      .TxRingLog2(RingLog2),
      .Trace     (1'b0)
  ) u_toe (
      .clk_i,
      .rst_i,
      .now_us_i          (now_us_q),
      .idle_o            (unused_idle),
      .next_deadline_us_o(unused_deadline_us),
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
      .axi_awvalid_o     (awvalid),
      .axi_awready_i     (awready),
      .axi_awaddr_o      (awaddr),
      .axi_awlen_o       (awlen),
      .axi_wvalid_o      (wvalid),
      .axi_wready_i      (wready),
      .axi_wdata_o       (wdata),
      .axi_wstrb_o       (wstrb),
      .axi_wlast_o       (wlast),
      .axi_bvalid_i      (bvalid),
      .axi_bready_o      (bready),
      .axi_arvalid_o     (arvalid),
      .axi_arready_i     (arready),
      .axi_araddr_o      (araddr),
      .axi_arlen_o       (arlen),
      .axi_rvalid_i      (rvalid),
      .axi_rready_o      (rready),
      .axi_rdata_i       (rdata),
      .axi_rlast_i       (rlast),
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
      .trace_valid_o     (unused_trace_valid),
      .trace_o           (unused_trace)
  );

  // The rings begin at address 0: bits above the memory are 0.
  logic unused_addr;
  assign unused_addr = ^{awaddr[AxiAddrWidth-1:MemAddrWidth], araddr[AxiAddrWidth-1:MemAddrWidth]};

  toe_axi_ram #(
      .DataWidth(DataWidth),
      .Octets   (MemOctets)
  ) u_ram (
      .clk_i,
      .rst_i,
      .a_awvalid_i(awvalid),
      .a_awready_o(awready),
      .a_awaddr_i (awaddr[MemAddrWidth-1:0]),
      .a_awlen_i  (awlen),
      .a_wvalid_i (wvalid),
      .a_wready_o (wready),
      .a_wdata_i  (wdata),
      .a_wstrb_i  (wstrb),
      .a_wlast_i  (wlast),
      .a_bvalid_o (bvalid),
      .a_bready_i (bready),
      .a_bresp_o  (unused_bresp),
      .a_arvalid_i(arvalid),
      .a_arready_o(arready),
      .a_araddr_i (araddr[MemAddrWidth-1:0]),
      .a_arlen_i  (arlen),
      .a_rvalid_o (rvalid),
      .a_rready_i (rready),
      .a_rdata_o  (rdata),
      .a_rresp_o  (unused_rresp),
      .a_rlast_o  (rlast),
      .b_awvalid_i(mem_awvalid_i),
      .b_awready_o(mem_awready_o),
      .b_awaddr_i (mem_awaddr_i),
      .b_awlen_i  (mem_awlen_i),
      .b_wvalid_i (mem_wvalid_i),
      .b_wready_o (mem_wready_o),
      .b_wdata_i  (mem_wdata_i),
      .b_wstrb_i  (mem_wstrb_i),
      .b_wlast_i  (mem_wlast_i),
      .b_bvalid_o (mem_bvalid_o),
      .b_bready_i (mem_bready_i),
      .b_bresp_o  (mem_bresp_o),
      .b_arvalid_i(mem_arvalid_i),
      .b_arready_o(mem_arready_o),
      .b_araddr_i (mem_araddr_i),
      .b_arlen_i  (mem_arlen_i),
      .b_rvalid_o (mem_rvalid_o),
      .b_rready_i (mem_rready_i),
      .b_rdata_o  (mem_rdata_o),
      .b_rresp_o  (mem_rresp_o),
      .b_rlast_o  (mem_rlast_o)
  );

endmodule
