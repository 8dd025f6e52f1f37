// SPDX-License-Identifier: Apache-2.0
//
// The link with its port and a buffer memory, as on a board; the registers are the test's.

module tb_link #(
    parameter  int unsigned MemOctets = 24576,  // not a power of two: there is an end to pass
    localparam int unsigned AddrWidth = 17
) (
    input logic        clk_i,
    input logic        rst_i,
    input logic [39:0] now_us_i,
    input logic        irq_i,

    output logic        session_o,
    output logic        idle_o,
    output logic        deadline_valid_o,
    output logic [39:0] deadline_us_o,

    input  logic       rx_valid_i,
    output logic       rx_ready_o,
    input  logic [7:0] rx_data_i,
    output logic       tx_valid_o,
    input  logic       tx_ready_i,
    output logic [7:0] tx_data_o,

    output logic        axil_awvalid_o,
    input  logic        axil_awready_i,
    output logic [15:0] axil_awaddr_o,
    output logic        axil_wvalid_o,
    input  logic        axil_wready_i,
    output logic [31:0] axil_wdata_o,
    output logic [ 3:0] axil_wstrb_o,
    input  logic        axil_bvalid_i,
    output logic        axil_bready_o,
    input  logic [ 1:0] axil_bresp_i,
    output logic        axil_arvalid_o,
    input  logic        axil_arready_i,
    output logic [15:0] axil_araddr_o,
    input  logic        axil_rvalid_i,
    output logic        axil_rready_o,
    input  logic [31:0] axil_rdata_i,
    input  logic [ 1:0] axil_rresp_i
);

  localparam int unsigned DataWidth = 64;
  localparam int unsigned MemAddrWidth = AddrWidth - 1;

  logic awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic arvalid, arready, rvalid, rready, unused_rlast;
  logic [AddrWidth-1:0] awaddr, araddr;
  logic [7:0] awlen, arlen;
  logic [31:0] wdata, rdata;
  logic [3:0] wstrb;
  logic [1:0] bresp, rresp;

  toe_link #(
      .AddrWidth(AddrWidth),
      .MemOctets(MemOctets)
  ) u_link (
      .clk_i,
      .rst_i,
      .now_us_i,
      .irq_i,
      .session_o,
      .idle_o,
      .deadline_valid_o,
      .deadline_us_o,
      .rx_valid_i,
      .rx_ready_o,
      .rx_data_i,
      .tx_valid_o,
      .tx_ready_i,
      .tx_data_o,
      .axi_awvalid_o(awvalid),
      .axi_awready_i(awready),
      .axi_awaddr_o (awaddr),
      .axi_awlen_o  (awlen),
      .axi_wvalid_o (wvalid),
      .axi_wready_i (wready),
      .axi_wdata_o  (wdata),
      .axi_wstrb_o  (wstrb),
      .axi_wlast_o  (wlast),
      .axi_bvalid_i (bvalid),
      .axi_bready_o (bready),
      .axi_bresp_i  (bresp),
      .axi_arvalid_o(arvalid),
      .axi_arready_i(arready),
      .axi_araddr_o (araddr),
      .axi_arlen_o  (arlen),
      .axi_rvalid_i (rvalid),
      .axi_rready_o (rready),
      .axi_rdata_i  (rdata),
      .axi_rresp_i  (rresp)
  );

  toe_stream_check #(
      .Width(8)
  ) u_tx_check (
      .clk_i,
      .rst_i,
      .valid_i(tx_valid_o),
      .ready_i(tx_ready_i),
      .data_i (tx_data_o)
  );

  // No burst crosses 4 KiB.
  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      ReadInPage : assert (!arvalid || 32'(araddr[11:2]) + 32'(arlen) < 1024);
      WriteInPage : assert (!awvalid || 32'(awaddr[11:2]) + 32'(awlen) < 1024);
    end
  end

  logic mem_awvalid, mem_awready, mem_wvalid, mem_wready, mem_wlast, mem_bvalid, mem_bready;
  logic mem_arvalid, mem_arready, mem_rvalid, mem_rready, mem_rlast;
  logic [MemAddrWidth-1:0] mem_awaddr, mem_araddr;
  logic [7:0] mem_awlen, mem_arlen;
  logic [DataWidth-1:0] mem_wdata, mem_rdata;
  logic [DataWidth/8-1:0] mem_wstrb;
  logic [1:0] mem_bresp, mem_rresp;

  toe_axi_port #(
      .AddrWidth(AddrWidth),
      .DataWidth(DataWidth)
  ) u_port (
      .clk_i,
      .rst_i,
      .awvalid_i    (awvalid),
      .awready_o    (awready),
      .awaddr_i     (awaddr),
      .awlen_i      (awlen),
      .wvalid_i     (wvalid),
      .wready_o     (wready),
      .wdata_i      (wdata),
      .wstrb_i      (wstrb),
      .wlast_i      (wlast),
      .bvalid_o     (bvalid),
      .bready_i     (bready),
      .bresp_o      (bresp),
      .arvalid_i    (arvalid),
      .arready_o    (arready),
      .araddr_i     (araddr),
      .arlen_i      (arlen),
      .rvalid_o     (rvalid),
      .rready_i     (rready),
      .rdata_o      (rdata),
      .rresp_o      (rresp),
      .rlast_o      (unused_rlast),
      .axil_awvalid_o,
      .axil_awready_i,
      .axil_awaddr_o,
      .axil_wvalid_o,
      .axil_wready_i,
      .axil_wdata_o,
      .axil_wstrb_o,
      .axil_bvalid_i,
      .axil_bready_o,
      .axil_bresp_i,
      .axil_arvalid_o,
      .axil_arready_i,
      .axil_araddr_o,
      .axil_rvalid_i,
      .axil_rready_o,
      .axil_rdata_i,
      .axil_rresp_i,
      .mem_awvalid_o(mem_awvalid),
      .mem_awready_i(mem_awready),
      .mem_awaddr_o (mem_awaddr),
      .mem_awlen_o  (mem_awlen),
      .mem_wvalid_o (mem_wvalid),
      .mem_wready_i (mem_wready),
      .mem_wdata_o  (mem_wdata),
      .mem_wstrb_o  (mem_wstrb),
      .mem_wlast_o  (mem_wlast),
      .mem_bvalid_i (mem_bvalid),
      .mem_bready_o (mem_bready),
      .mem_bresp_i  (mem_bresp),
      .mem_arvalid_o(mem_arvalid),
      .mem_arready_i(mem_arready),
      .mem_araddr_o (mem_araddr),
      .mem_arlen_o  (mem_arlen),
      .mem_rvalid_i (mem_rvalid),
      .mem_rready_o (mem_rready),
      .mem_rdata_i  (mem_rdata),
      .mem_rresp_i  (mem_rresp),
      .mem_rlast_i  (mem_rlast)
  );

  // The engine's side is quiet.
  logic unused_awready, unused_wready, unused_bvalid, unused_arready, unused_rvalid, unused_last;
  logic [1:0] unused_bresp, unused_rresp;
  logic [DataWidth-1:0] unused_rdata;

  toe_axi_ram #(
      .DataWidth(DataWidth),
      .Octets   (MemOctets),
      .AddrWidth(MemAddrWidth)
  ) u_ram (
      .clk_i,
      .rst_i,
      .a_awvalid_i(1'b0),
      .a_awready_o(unused_awready),
      .a_awaddr_i ('0),
      .a_awlen_i  ('0),
      .a_wvalid_i (1'b0),
      .a_wready_o (unused_wready),
      .a_wdata_i  ('0),
      .a_wstrb_i  ('0),
      .a_wlast_i  (1'b0),
      .a_bvalid_o (unused_bvalid),
      .a_bready_i (1'b1),
      .a_bresp_o  (unused_bresp),
      .a_arvalid_i(1'b0),
      .a_arready_o(unused_arready),
      .a_araddr_i ('0),
      .a_arlen_i  ('0),
      .a_rvalid_o (unused_rvalid),
      .a_rready_i (1'b1),
      .a_rdata_o  (unused_rdata),
      .a_rresp_o  (unused_rresp),
      .a_rlast_o  (unused_last),
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

endmodule
