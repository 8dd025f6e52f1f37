// SPDX-License-Identifier: Apache-2.0
//
// The write half of toe_axi_port: one burst at a time, to registers beat by beat or to memory packed
// into its wider beats.

module toe_axi_port_write #(
    parameter int unsigned AddrWidth = 24,
    parameter int unsigned DataWidth = 64,
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
    input  logic [             1:0] mem_bresp_i
);

  localparam int unsigned Lanes = DataWidth / 32;
  localparam int unsigned LaneWidth = $clog2(Lanes);
  localparam int unsigned LaneTop = LaneWidth + 2;
  localparam logic [1:0] RespDecerr = 2'b11;

  typedef enum logic [2:0] {
    WriteIdle,
    WriteRegBeat,  // waits for the beat
    WriteReg,      // address and data on their way
    WriteRegEnd,   // waits for the register's answer
    WriteMemAddr,
    WriteMem,
    WriteNowhere,
    WriteAnswer
  } state_e;

  state_e state_q;
  logic [AddrWidth-1:2] addr_q;  // of the next beat; words
  logic [7:0] len_q;
  logic last_q;
  logic [1:0] resp_q;

  logic unused_octet;  // strobes say which octets are meant
  assign unused_octet = ^awaddr_i[1:0];

  logic is_mem, is_reg;
  assign is_mem = awaddr_i[AddrWidth-1];
  assign is_reg = awaddr_i[AddrWidth-1:16] == '0;

  // ---- Registers -------------------------------------------------------------------------------

  assign axil_awaddr_o = {addr_q[15:2], 2'b00};
  assign axil_bready_o = state_q == WriteRegEnd;

  // ---- Memory: lanes are gathered until the beat is full or the burst ends ---------------------

  logic [LaneWidth-1:0] lane;
  logic gather_ready, gather, beat_done, begun_q;  // begun_q: lanes are held that no beat has taken
  assign lane          = addr_q[LaneTop-1:2];
  assign gather_ready  = state_q == WriteMem && !last_q && (!mem_wvalid_o || mem_wready_i);
  assign gather        = gather_ready && wvalid_i;
  assign beat_done     = lane == '1 || wlast_i;

  assign mem_awvalid_o = state_q == WriteMemAddr;
  assign mem_awaddr_o  = {addr_q[MemAddrWidth-1:LaneTop], LaneTop'(0)};
  assign mem_awlen_o   = 8'((9'(lane) + 9'(len_q)) >> LaneWidth);
  assign mem_wlast_o   = last_q;
  assign mem_bready_o  = state_q == WriteMem && last_q && !mem_wvalid_o;

  always_ff @(posedge clk_i) begin
    if (gather) begin
      if (!begun_q) mem_wstrb_o <= '0;
      for (int unsigned i = 0; i < Lanes; i++) begin
        if (lane == LaneWidth'(i)) begin
          mem_wdata_o[32*i+:32] <= wdata_i;
          mem_wstrb_o[4*i+:4]   <= wstrb_i;
        end
      end
    end
  end

  // ---- The burst -------------------------------------------------------------------------------

  assign awready_o = state_q == WriteIdle;
  assign wready_o  = state_q == WriteRegBeat || state_q == WriteNowhere || gather_ready;
  assign bvalid_o  = state_q == WriteAnswer;
  assign bresp_o   = resp_q;

  logic taken;
  assign taken = wvalid_i && wready_o;

  always_ff @(posedge clk_i) begin
    if (state_q == WriteIdle) begin
      addr_q <= awaddr_i[AddrWidth-1:2];
      len_q  <= awlen_i;
      last_q <= 1'b0;
      resp_q <= is_mem || is_reg ? 2'b00 : RespDecerr;
    end
    if (taken) last_q <= wlast_i;
    if (gather || (axil_bvalid_i && axil_bready_o)) addr_q <= addr_q + 1'b1;
    if (taken && !gather) begin
      axil_wdata_o <= wdata_i;
      axil_wstrb_o <= wstrb_i;
    end
    if (axil_bvalid_i && axil_bready_o) resp_q <= resp_q | axil_bresp_i;
    if (mem_bvalid_i && mem_bready_o) resp_q <= mem_bresp_i;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q        <= WriteIdle;
      axil_awvalid_o <= 1'b0;
      axil_wvalid_o  <= 1'b0;
      mem_wvalid_o   <= 1'b0;
      begun_q        <= 1'b0;
    end else begin
      if (mem_wready_i) mem_wvalid_o <= 1'b0;
      if (gather) begin
        mem_wvalid_o <= beat_done;
        begun_q      <= !beat_done;
      end
      unique case (state_q)
        WriteIdle: begin
          if (awvalid_i) begin
            state_q <= is_mem ? WriteMemAddr : (is_reg ? WriteRegBeat : WriteNowhere);
          end
        end
        WriteRegBeat: begin
          if (wvalid_i) begin
            state_q        <= WriteReg;
            axil_awvalid_o <= 1'b1;
            axil_wvalid_o  <= 1'b1;
          end
        end
        WriteReg: begin
          if (axil_awready_i) axil_awvalid_o <= 1'b0;
          if (axil_wready_i) axil_wvalid_o <= 1'b0;
          if ((axil_awready_i || !axil_awvalid_o) && (axil_wready_i || !axil_wvalid_o)) begin
            state_q <= WriteRegEnd;
          end
        end
        WriteRegEnd:  if (axil_bvalid_i) state_q <= last_q ? WriteAnswer : WriteRegBeat;
        WriteMemAddr: if (mem_awready_i) state_q <= WriteMem;
        WriteMem:     if (mem_bvalid_i && mem_bready_o) state_q <= WriteAnswer;
        WriteNowhere: if (wvalid_i && wlast_i) state_q <= WriteAnswer;
        default:      if (bready_i) state_q <= WriteIdle;
      endcase
    end
  end

endmodule
