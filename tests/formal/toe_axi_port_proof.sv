// SPDX-License-Identifier: Apache-2.0
//
// toe_axi_port answers each burst once: a write when its last beat has come, a read with as many beats
// as were asked for and the last one marked.  What leaves it keeps AXI's rules: offers stay, a burst to
// memory has as many beats as its address said, and a register gets one address with one word at a time.
//
// formal: w64  params=DataWidth=64 depth=2 cover=30
// formal: w128 params=DataWidth=128 depth=2 cover=40

module toe_axi_port_proof #(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned AddrWidth = 18,
    localparam int unsigned MemAddrWidth = AddrWidth - 1,
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input logic                 awvalid_i,
    input logic [AddrWidth-1:0] awaddr_i,
    input logic [          7:0] awlen_i,
    input logic                 wvalid_i,
    input logic [         31:0] wdata_i,
    input logic [          3:0] wstrb_i,
    input logic                 wlast_i,
    input logic                 bready_i,
    input logic                 arvalid_i,
    input logic [AddrWidth-1:0] araddr_i,
    input logic [          7:0] arlen_i,
    input logic                 rready_i,

    input logic        axil_awready_i,
    input logic        axil_wready_i,
    input logic        axil_bvalid_i,
    input logic [ 1:0] axil_bresp_i,
    input logic        axil_arready_i,
    input logic        axil_rvalid_i,
    input logic [31:0] axil_rdata_i,
    input logic [ 1:0] axil_rresp_i,

    input logic                 mem_awready_i,
    input logic                 mem_wready_i,
    input logic                 mem_bvalid_i,
    input logic [          1:0] mem_bresp_i,
    input logic                 mem_arready_i,
    input logic                 mem_rvalid_i,
    input logic [DataWidth-1:0] mem_rdata_i,
    input logic [          1:0] mem_rresp_i,
    input logic                 mem_rlast_i
);

  localparam int unsigned LaneWidth = $clog2(DataWidth / 32);

  // As in toe_axi_port_write and _read: read_slang does not find a name of another module.
  localparam logic [2:0] WriteIdle = 3'd0;
  localparam logic [2:0] WriteRegBeat = 3'd1;
  localparam logic [2:0] WriteReg = 3'd2;
  localparam logic [2:0] WriteRegEnd = 3'd3;
  localparam logic [2:0] WriteMemAddr = 3'd4;
  localparam logic [2:0] WriteMem = 3'd5;
  localparam logic [2:0] WriteNowhere = 3'd6;
  localparam logic [2:0] WriteAnswer = 3'd7;
  localparam logic [2:0] ReadIdle = 3'd0;
  localparam logic [2:0] ReadReg = 3'd2;
  localparam logic [2:0] ReadMemAddr = 3'd3;
  localparam logic [2:0] ReadMem = 3'd4;
  localparam logic [2:0] ReadNowhere = 3'd5;

  logic awready, wready, bvalid, arready, rvalid, rlast;
  logic [1:0] bresp, rresp;
  logic [31:0] rdata;
  logic axil_awvalid, axil_wvalid, axil_bready, axil_arvalid, axil_rready;
  logic [15:0] axil_awaddr, axil_araddr;
  logic [31:0] axil_wdata;
  logic [ 3:0] axil_wstrb;
  logic mem_awvalid, mem_wvalid, mem_wlast, mem_bready, mem_arvalid, mem_rready;
  logic [MemAddrWidth-1:0] mem_awaddr, mem_araddr;
  logic [7:0] mem_awlen, mem_arlen;
  logic [DataWidth-1:0] mem_wdata;
  logic [KeepWidth-1:0] mem_wstrb;

  toe_axi_port #(
      .AddrWidth(AddrWidth),
      .DataWidth(DataWidth)
  ) u_dut (
      .clk_i,
      .rst_i,
      .awvalid_i,
      .awready_o     (awready),
      .awaddr_i,
      .awlen_i,
      .wvalid_i,
      .wready_o      (wready),
      .wdata_i,
      .wstrb_i,
      .wlast_i,
      .bvalid_o      (bvalid),
      .bready_i,
      .bresp_o       (bresp),
      .arvalid_i,
      .arready_o     (arready),
      .araddr_i,
      .arlen_i,
      .rvalid_o      (rvalid),
      .rready_i,
      .rdata_o       (rdata),
      .rresp_o       (rresp),
      .rlast_o       (rlast),
      .axil_awvalid_o(axil_awvalid),
      .axil_awready_i,
      .axil_awaddr_o (axil_awaddr),
      .axil_wvalid_o (axil_wvalid),
      .axil_wready_i,
      .axil_wdata_o  (axil_wdata),
      .axil_wstrb_o  (axil_wstrb),
      .axil_bvalid_i,
      .axil_bready_o (axil_bready),
      .axil_bresp_i,
      .axil_arvalid_o(axil_arvalid),
      .axil_arready_i,
      .axil_araddr_o (axil_araddr),
      .axil_rvalid_i,
      .axil_rready_o (axil_rready),
      .axil_rdata_i,
      .axil_rresp_i,
      .mem_awvalid_o (mem_awvalid),
      .mem_awready_i,
      .mem_awaddr_o  (mem_awaddr),
      .mem_awlen_o   (mem_awlen),
      .mem_wvalid_o  (mem_wvalid),
      .mem_wready_i,
      .mem_wdata_o   (mem_wdata),
      .mem_wstrb_o   (mem_wstrb),
      .mem_wlast_o   (mem_wlast),
      .mem_bvalid_i,
      .mem_bready_o  (mem_bready),
      .mem_bresp_i,
      .mem_arvalid_o (mem_arvalid),
      .mem_arready_i,
      .mem_araddr_o  (mem_araddr),
      .mem_arlen_o   (mem_arlen),
      .mem_rvalid_i,
      .mem_rready_o  (mem_rready),
      .mem_rdata_i,
      .mem_rresp_i,
      .mem_rlast_i
  );

  // ---- Offers stay -----------------------------------------------------------------------------

  toe_stream_check #(
      .Width (AddrWidth + 8),
      .Assume(1'b1)
  ) u_aw (
      .clk_i,
      .rst_i,
      .valid_i(awvalid_i),
      .ready_i(awready),
      .data_i ({awaddr_i, awlen_i})
  );
  toe_stream_check #(
      .Width (37),
      .Assume(1'b1)
  ) u_w (
      .clk_i,
      .rst_i,
      .valid_i(wvalid_i),
      .ready_i(wready),
      .data_i ({wdata_i, wstrb_i, wlast_i})
  );
  toe_stream_check #(
      .Width(2)
  ) u_b (
      .clk_i,
      .rst_i,
      .valid_i(bvalid),
      .ready_i(bready_i),
      .data_i (bresp)
  );
  toe_stream_check #(
      .Width (AddrWidth + 8),
      .Assume(1'b1)
  ) u_ar (
      .clk_i,
      .rst_i,
      .valid_i(arvalid_i),
      .ready_i(arready),
      .data_i ({araddr_i, arlen_i})
  );
  toe_stream_check #(
      .Width(35)
  ) u_r (
      .clk_i,
      .rst_i,
      .valid_i(rvalid),
      .ready_i(rready_i),
      .data_i ({rdata, rresp, rlast})
  );
  toe_stream_check #(
      .Width(16)
  ) u_axil_aw (
      .clk_i,
      .rst_i,
      .valid_i(axil_awvalid),
      .ready_i(axil_awready_i),
      .data_i (axil_awaddr)
  );
  toe_stream_check #(
      .Width(36)
  ) u_axil_w (
      .clk_i,
      .rst_i,
      .valid_i(axil_wvalid),
      .ready_i(axil_wready_i),
      .data_i ({axil_wdata, axil_wstrb})
  );
  toe_stream_check #(
      .Width(16)
  ) u_axil_ar (
      .clk_i,
      .rst_i,
      .valid_i(axil_arvalid),
      .ready_i(axil_arready_i),
      .data_i (axil_araddr)
  );
  toe_stream_check #(
      .Width(MemAddrWidth + 8)
  ) u_mem_aw (
      .clk_i,
      .rst_i,
      .valid_i(mem_awvalid),
      .ready_i(mem_awready_i),
      .data_i ({mem_awaddr, mem_awlen})
  );
  toe_stream_check #(
      .Width(DataWidth + KeepWidth + 1)
  ) u_mem_w (
      .clk_i,
      .rst_i,
      .valid_i(mem_wvalid),
      .ready_i(mem_wready_i),
      .data_i ({mem_wdata, mem_wstrb, mem_wlast})
  );
  toe_stream_check #(
      .Width(MemAddrWidth + 8)
  ) u_mem_ar (
      .clk_i,
      .rst_i,
      .valid_i(mem_arvalid),
      .ready_i(mem_arready_i),
      .data_i ({mem_araddr, mem_arlen})
  );

  // ---- What all sides have seen ----------------------------------------------------------------

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  typedef logic [8:0] count_t;
  count_t w_left_q, r_left_q;  // beats of the host's burst that have not been taken
  count_t mem_w_left_q, mem_r_left_q;  // of the memory's
  logic write_open_q;  // the host waits for an answer
  logic before_q;  // the beat that is offered is the last one of the burst before
  logic mem_write_open_q;
  logic axil_addr_q, axil_data_q, axil_read_q;  // taken by the registers and not answered

  logic w_taken, mem_w_taken, r_taken, mem_r_taken;
  assign w_taken     = wvalid_i && wready;
  assign r_taken     = rvalid && rready_i;
  assign mem_w_taken = mem_wvalid && mem_wready_i;
  assign mem_r_taken = mem_rvalid_i && mem_rready;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (started_q) OneReset : assume (!rst_i);
    if (!rst_i) begin
      LastIsLast : assume (!(wvalid_i && write_open_q) || wlast_i == (w_left_q == 9'd1));
      RegisterAnswersWrite : assume (!axil_bvalid_i || (axil_addr_q && axil_data_q));
      RegisterAnswersRead : assume (!axil_rvalid_i || axil_read_q);
      MemoryAnswersWrite : assume (!mem_bvalid_i || (mem_write_open_q && mem_w_left_q == '0));
      MemoryAnswersRead :
      assume (!mem_rvalid_i || (mem_r_left_q != '0 && mem_rlast_i == (mem_r_left_q == 9'd1)));
    end
    if (rst_i) begin
      w_left_q         <= '0;
      r_left_q         <= '0;
      mem_w_left_q     <= '0;
      mem_r_left_q     <= '0;
      write_open_q     <= 1'b0;
      before_q         <= 1'b0;
      mem_write_open_q <= 1'b0;
      axil_addr_q      <= 1'b0;
      axil_data_q      <= 1'b0;
      axil_read_q      <= 1'b0;
    end else begin
      if (awvalid_i && awready) begin
        write_open_q <= 1'b1;
        w_left_q     <= count_t'(awlen_i) + 1'b1;
      end else begin
        if (bvalid && bready_i) write_open_q <= 1'b0;
        if (w_taken) w_left_q <= w_left_q - 1'b1;
      end
      if (arvalid_i && arready) begin
        r_left_q <= count_t'(arlen_i) + 1'b1;
        before_q <= rvalid && !rready_i;
      end else if (r_taken) begin
        before_q <= 1'b0;
        if (!before_q) r_left_q <= r_left_q - 1'b1;
      end
      if (mem_awvalid && mem_awready_i) begin
        mem_write_open_q <= 1'b1;
        mem_w_left_q     <= count_t'(mem_awlen) + 1'b1;
      end else begin
        if (mem_bvalid_i && mem_bready) mem_write_open_q <= 1'b0;
        if (mem_w_taken) mem_w_left_q <= mem_w_left_q - 1'b1;
      end
      if (mem_arvalid && mem_arready_i) mem_r_left_q <= count_t'(mem_arlen) + 1'b1;
      else if (mem_r_taken) mem_r_left_q <= mem_r_left_q - 1'b1;
      if (axil_awvalid && axil_awready_i) axil_addr_q <= 1'b1;
      else if (axil_bvalid_i && axil_bready) axil_addr_q <= 1'b0;
      if (axil_wvalid && axil_wready_i) axil_data_q <= 1'b1;
      else if (axil_bvalid_i && axil_bready) axil_data_q <= 1'b0;
      if (axil_arvalid && axil_arready_i) axil_read_q <= 1'b1;
      else if (axil_rvalid_i && axil_rready) axil_read_q <= 1'b0;
    end
  end

  // ---- Writes ----------------------------------------------------------------------------------

  logic [2:0] write_state;
  assign write_state = u_dut.u_write.state_q;

  // Beats that the memory will still get: the one that waits, and those of the lanes that are left.
  logic [LaneWidth-1:0] lane;
  count_t lanes_left, beats_left;
  assign lane       = u_dut.u_write.lane;
  assign lanes_left = count_t'(lane) + w_left_q + count_t'(DataWidth / 32 - 1);
  assign beats_left = (w_left_q == '0 ? '0 : lanes_left >> LaneWidth) + count_t'(mem_wvalid);

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      OneAnswer : assert (!bvalid || (write_open_q && w_left_q == '0));
      OneBurst : assert (!(awready && write_open_q));
      BeatsOfTheBurst : assert (!wready || (write_open_q && w_left_q != '0));
      OneRegister : assert (!axil_awvalid || (!axil_addr_q && write_open_q));
      OneWord : assert (!axil_wvalid || (!axil_data_q && write_open_q));
      NoWriteLost : assert (!axil_bready || (axil_addr_q && axil_data_q));
      MemOneBurst : assert (!mem_awvalid || !mem_write_open_q);
      MemLastBeat : assert (!mem_wvalid || mem_wlast == (mem_w_left_q == 9'd1));
      MemBeatsOfTheBurst : assert (!mem_wvalid || (mem_write_open_q && mem_w_left_q != '0));
      MemWaits : assert (!mem_bready || (mem_write_open_q && mem_w_left_q == '0));
      // What induction needs to know of the inside.
      WriteOpens : assert (write_open_q == (write_state != WriteIdle));
      WriteEnds :
      assert ((w_left_q == '0) == (write_state inside {WriteIdle, WriteAnswer} ||
              (write_state inside {WriteReg, WriteRegEnd, WriteMem} && u_dut.u_write.last_q)));
      WriteBegins :
      assert (write_state != WriteMemAddr || w_left_q == count_t'(u_dut.u_write.len_q) + 1'b1);
      WriteCounts : assert (w_left_q <= 9'd256 && mem_w_left_q <= 9'd256);
      MemOpens : assert (mem_write_open_q == (write_state == WriteMem));
      MemCounts : assert (mem_write_open_q ? mem_w_left_q == beats_left : !mem_wvalid);
      MemIdle :
      assert ((write_state == WriteMem && !u_dut.u_write.last_q) || !u_dut.u_write.begun_q);
      MemLaneBegins : assert (!mem_wvalid || mem_wlast || lane == '0);
      RegisterTaken :
      assert (write_state inside {WriteReg, WriteRegEnd} ?
              (axil_addr_q == !axil_awvalid && axil_data_q == !axil_wvalid) :
              !(axil_addr_q || axil_data_q || axil_awvalid || axil_wvalid));
      RegisterEnds : assert (write_state != WriteRegEnd || (axil_addr_q && axil_data_q));
      LastKnown :
      assert (!(write_state inside {WriteReg, WriteRegEnd, WriteMem}) ||
              u_dut.u_write.last_q == (w_left_q == '0));
      LastNot :
      assert (!(write_state inside {WriteRegBeat, WriteMemAddr, WriteNowhere}) ||
              !u_dut.u_write.last_q);

      RegistersWritten : cover (bvalid && bready_i && $past(axil_bvalid_i) && bresp == 2'b10);
      MemoryWritten : cover (mem_w_taken && mem_wlast && mem_awlen == 8'd2);
      NothingWritten : cover (bvalid && bready_i && bresp == 2'b11);
    end
  end

  // ---- Reads -----------------------------------------------------------------------------------

  logic [2:0] read_state;
  count_t inside_left, read_lanes, mem_beats_left;
  logic [LaneWidth-1:0] read_lane;
  assign read_state = u_dut.u_read.state_q;
  assign read_lane = u_dut.u_read.lane;
  assign inside_left = read_state == ReadIdle ? '0 : count_t'(u_dut.u_read.left_q) + 1'b1;
  assign read_lanes = count_t'(read_lane) + count_t'(u_dut.u_read.left_q);
  assign mem_beats_left = (read_lanes >> LaneWidth) + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_i && started_q) begin
      AsManyBeats : assert (!rvalid || before_q || r_left_q != '0);
      LastBeat : assert (!rvalid || rlast == (before_q || r_left_q == 9'd1));
      InOrder : assert (!(arready && rvalid) || rlast);
      OneRead : assert (!axil_arvalid || !axil_read_q);
      NoReadLost : assert (!axil_rready || axil_read_q);
      MemOneRead : assert (!mem_arvalid || mem_r_left_q == '0);
      MemReadTaken : assert (!mem_rready || mem_r_left_q != '0);
      // What induction needs to know of the inside.
      ReadState : assert (read_state <= ReadNowhere);
      ReadCounts : assert (r_left_q == inside_left + count_t'(rvalid && !before_q));
      BeforeStands : assert (!before_q || rvalid);
      MemReadCounts : assert (mem_r_left_q == (read_state == ReadMem ? mem_beats_left : '0));
      RegisterReads : assert (axil_read_q == (read_state == ReadReg));

      RegistersRead : cover (axil_rready && axil_rvalid_i && r_left_q == 9'd1 && $past(r_taken, 2));
      MemoryRead : cover (mem_r_taken && mem_rlast_i && $past(r_taken, 2));
      NothingRead : cover (r_taken && rlast && rresp == 2'b11);
    end
  end

endmodule
