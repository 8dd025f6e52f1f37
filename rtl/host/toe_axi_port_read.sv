// SPDX-License-Identifier: Apache-2.0
//
// The read half of toe_axi_port: one burst at a time, from registers beat by beat or from memory,
// whose wider beats are cut up.

module toe_axi_port_read #(
    parameter int unsigned AddrWidth = 24,
    parameter int unsigned DataWidth = 64,
    localparam int unsigned MemAddrWidth = AddrWidth - 1
) (
    input logic clk_i,
    input logic rst_i,

    // From the host.
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
    output logic        axil_arvalid_o,
    input  logic        axil_arready_i,
    output logic [15:0] axil_araddr_o,
    input  logic        axil_rvalid_i,
    output logic        axil_rready_o,
    input  logic [31:0] axil_rdata_i,
    input  logic [ 1:0] axil_rresp_i,

    // To the buffer memory.
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

  localparam int unsigned LaneWidth = $clog2(DataWidth / 32);
  localparam int unsigned LaneTop = LaneWidth + 2;
  localparam logic [1:0] RespDecerr = 2'b11;

  typedef enum logic [2:0] {
    ReadIdle,
    ReadRegAddr,
    ReadReg,
    ReadMemAddr,
    ReadMem,
    ReadNowhere
  } state_e;

  state_e state_q;
  logic [AddrWidth-1:2] addr_q;  // of the next beat; words
  logic [7:0] left_q;  // beats after the next one

  logic unused_octet;  // the whole word is read
  assign unused_octet = ^araddr_i[1:0];

  logic is_mem, is_reg;
  assign is_mem = araddr_i[AddrWidth-1];
  assign is_reg = araddr_i[AddrWidth-1:16] == '0;

  // The next beat is there, and the output register has room for it.
  logic room, beat, last;
  logic [LaneWidth-1:0] lane;
  assign room = !rvalid_o || rready_i;
  assign last = left_q == '0;
  assign lane = addr_q[LaneTop-1:2];

  always_comb begin
    unique case (state_q)
      ReadReg:     beat = room && axil_rvalid_i;
      ReadMem:     beat = room && mem_rvalid_i;
      ReadNowhere: beat = room;
      default:     beat = 1'b0;
    endcase
  end

  assign arready_o      = state_q == ReadIdle;
  assign axil_arvalid_o = state_q == ReadRegAddr;
  assign axil_araddr_o  = {addr_q[15:2], 2'b00};
  assign axil_rready_o  = state_q == ReadReg && room;
  assign mem_arvalid_o  = state_q == ReadMemAddr;
  assign mem_araddr_o   = {addr_q[MemAddrWidth-1:LaneTop], LaneTop'(0)};
  assign mem_arlen_o    = 8'((9'(lane) + 9'(left_q)) >> LaneWidth);
  assign mem_rready_o   = state_q == ReadMem && room && (lane == '1 || last);

  always_ff @(posedge clk_i) begin
    if (state_q == ReadIdle) begin
      addr_q <= araddr_i[AddrWidth-1:2];
      left_q <= arlen_i;
    end
    if (beat) begin
      addr_q  <= addr_q + 1'b1;
      left_q  <= left_q - 1'b1;
      rlast_o <= last;
      unique case (state_q)
        ReadReg: begin
          rdata_o <= axil_rdata_i;
          rresp_o <= axil_rresp_i;
        end
        ReadMem: begin
          rdata_o <= mem_rdata_i[32*lane+:32];
          rresp_o <= mem_rresp_i;
        end
        default: begin
          rdata_o <= '0;
          rresp_o <= RespDecerr;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q  <= ReadIdle;
      rvalid_o <= 1'b0;
    end else begin
      MemEndsWithBurst : assert (!(mem_rvalid_i && mem_rready_o) || mem_rlast_i == last);
      if (room) rvalid_o <= beat;
      unique case (state_q)
        ReadIdle: begin
          if (arvalid_i) begin
            state_q <= is_mem ? ReadMemAddr : (is_reg ? ReadRegAddr : ReadNowhere);
          end
        end
        ReadRegAddr: if (axil_arready_i) state_q <= ReadReg;
        ReadReg:     if (beat) state_q <= last ? ReadIdle : ReadRegAddr;
        ReadMemAddr: if (mem_arready_i) state_q <= ReadMem;
        default:     if (beat && last) state_q <= ReadIdle;
      endcase
    end
  end

endmodule
