// SPDX-License-Identifier: Apache-2.0
//
// One AXI4 slave for all that a host reaches: registers in the lower half of its addresses, buffer
// memory in the upper half.
//
// 32 bits, incrementing bursts of full beats, one ID; strobes are honoured.  A burst stays within one half, as
// AXI's rule of 4 KiB has it.  Reads and writes are independent of each other, each one burst at a
// time.  A register is reached once for each beat, in ascending order; in memory one 32-bit beat moves in
// each cycle, and the burst on the memory's side has as few beats as hold it.  Registers end at 64 KiB: what
// lies between and the upper half is answered with DECERR, and nothing is done.

module toe_axi_port #(
    parameter int unsigned AddrWidth = 24,  // 17 or more: 64 KiB of registers and as much memory
    parameter int unsigned DataWidth = 64,  // of the memory, bits: 64, 128, 256 or 512
    localparam int unsigned MemAddrWidth = AddrWidth - 1,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    // From the host.
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

    // To the registers.
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
    input  logic [ 1:0] axil_rresp_i,

    // To the buffer memory.
    output logic                    mem_awvalid_o,
    input  logic                    mem_awready_i,
    output logic [MemAddrWidth-1:0] mem_awaddr_o,
    output logic [             7:0] mem_awlen_o,
    output logic                    mem_wvalid_o,
    input  logic                    mem_wready_i,
    output logic [   DataWidth-1:0] mem_wdata_o,
    output logic [   KeepWidth-1:0] mem_wstrb_o,
    output logic                    mem_wlast_o,
    input  logic                    mem_bvalid_i,
    output logic                    mem_bready_o,
    input  logic [             1:0] mem_bresp_i,
    output logic                    mem_arvalid_o,
    input  logic                    mem_arready_i,
    output logic [MemAddrWidth-1:0] mem_araddr_o,
    output logic [             7:0] mem_arlen_o,
    input  logic                    mem_rvalid_i,
    output logic                    mem_rready_o,
    input  logic [   DataWidth-1:0] mem_rdata_i,
    input  logic [             1:0] mem_rresp_i,
    input  logic                    mem_rlast_i
);

  toe_axi_port_write #(
      .AddrWidth(AddrWidth),
      .DataWidth(DataWidth)
  ) u_write (
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
      .mem_awvalid_o,
      .mem_awready_i,
      .mem_awaddr_o,
      .mem_awlen_o,
      .mem_wvalid_o,
      .mem_wready_i,
      .mem_wdata_o,
      .mem_wstrb_o,
      .mem_wlast_o,
      .mem_bvalid_i,
      .mem_bready_o,
      .mem_bresp_i
  );

  toe_axi_port_read #(
      .AddrWidth(AddrWidth),
      .DataWidth(DataWidth)
  ) u_read (
      .clk_i,
      .rst_i,
      .arvalid_i,
      .arready_o,
      .araddr_i,
      .arlen_i,
      .rvalid_o,
      .rready_i,
      .rdata_o,
      .rresp_o,
      .rlast_o,
      .axil_arvalid_o,
      .axil_arready_i,
      .axil_araddr_o,
      .axil_rvalid_i,
      .axil_rready_o,
      .axil_rdata_i,
      .axil_rresp_i,
      .mem_arvalid_o,
      .mem_arready_i,
      .mem_araddr_o,
      .mem_arlen_o,
      .mem_rvalid_i,
      .mem_rready_o,
      .mem_rdata_i,
      .mem_rresp_i,
      .mem_rlast_i
  );

endmodule
