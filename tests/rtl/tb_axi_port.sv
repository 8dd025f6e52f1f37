// SPDX-License-Identifier: Apache-2.0
//
// toe_axi_port with a buffer memory of each width; the registers are the test's.

module tb_axi_port #(
    parameter  int unsigned DataWidth = 64,
    localparam int unsigned AddrWidth = 18,
    localparam int unsigned MemOctets = 65536
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                 awvalid_i,
    output logic                 awready_o,
    input  logic [AddrWidth-1:0] awaddr_i,
    input  logic [          7:0] awlen_i,
    input  logic                 wvalid_i,
    output logic                 wready_o,
    input  logic [         31:0] wdata_i,
    input  logic [          3:0] wstrb_i,
    input  logic                 wlast_i,
    output logic                 bvalid_o,
    input  logic                 bready_i,
    output logic [          1:0] bresp_o,
    input  logic                 arvalid_i,
    output logic                 arready_o,
    input  logic [AddrWidth-1:0] araddr_i,
    input  logic [          7:0] arlen_i,
    output logic                 rvalid_o,
    input  logic                 rready_i,
    output logic [         31:0] rdata_o,
    output logic [          1:0] rresp_o,
    output logic                 rlast_o,

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

  localparam int unsigned MemAddrWidth = AddrWidth - 1;

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
      .awvalid_i,
      .awready_o,
      .awaddr_i,
      .awlen_i,
      .wvalid_i,
      .wready_o,
      .wdata_i,
      .wstrb_i,
      .wlast_i,
      .bvalid_o,
      .bready_i,
      .bresp_o,
      .arvalid_i,
      .arready_o,
      .araddr_i,
      .arlen_i,
      .rvalid_o,
      .rready_i,
      .rdata_o,
      .rresp_o,
      .rlast_o,
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
