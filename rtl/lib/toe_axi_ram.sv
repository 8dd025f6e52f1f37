// SPDX-License-Identifier: Apache-2.0
//
// Buffer memory in block RAM behind two AXI4 slaves: the engine's and the host's.
//
// The RAM has one write port and one read port, which the slaves share beat by beat, in turn when both
// want it: reads and writes run at a beat a cycle at once, and so does one slave that is alone.  Incrementing
// bursts of full beats; one ID, so answers come in order.  A write is answered when a read that
// begins later sees it.  A beat beyond the end of the memory is not written, reads anything, and is
// answered with DECERR.
//
// Each octet of the beat has RAMs of its own, so strobes cost nothing, and an octet that is read while it is
// written (nobody may want it then) does not harm its neighbours.

module toe_axi_ram #(
    parameter int unsigned DataWidth = 64,  // bits: 32 or more, power of two
    parameter int unsigned Octets = 32768,  // a multiple of DataWidth / 8
    parameter int unsigned AddrWidth = $clog2(Octets),
    localparam int unsigned KeepWidth = DataWidth / 8
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                 a_awvalid_i,
    output logic                 a_awready_o,
    input  logic [AddrWidth-1:0] a_awaddr_i,
    input  logic [          7:0] a_awlen_i,
    input  logic                 a_wvalid_i,
    output logic                 a_wready_o,
    input  logic [DataWidth-1:0] a_wdata_i,
    input  logic [KeepWidth-1:0] a_wstrb_i,
    input  logic                 a_wlast_i,
    output logic                 a_bvalid_o,
    input  logic                 a_bready_i,
    output logic [          1:0] a_bresp_o,
    input  logic                 a_arvalid_i,
    output logic                 a_arready_o,
    input  logic [AddrWidth-1:0] a_araddr_i,
    input  logic [          7:0] a_arlen_i,
    output logic                 a_rvalid_o,
    input  logic                 a_rready_i,
    output logic [DataWidth-1:0] a_rdata_o,
    output logic [          1:0] a_rresp_o,
    output logic                 a_rlast_o,

    input  logic                 b_awvalid_i,
    output logic                 b_awready_o,
    input  logic [AddrWidth-1:0] b_awaddr_i,
    input  logic [          7:0] b_awlen_i,
    input  logic                 b_wvalid_i,
    output logic                 b_wready_o,
    input  logic [DataWidth-1:0] b_wdata_i,
    input  logic [KeepWidth-1:0] b_wstrb_i,
    input  logic                 b_wlast_i,
    output logic                 b_bvalid_o,
    input  logic                 b_bready_i,
    output logic [          1:0] b_bresp_o,
    input  logic                 b_arvalid_i,
    output logic                 b_arready_o,
    input  logic [AddrWidth-1:0] b_araddr_i,
    input  logic [          7:0] b_arlen_i,
    output logic                 b_rvalid_o,
    input  logic                 b_rready_i,
    output logic [DataWidth-1:0] b_rdata_o,
    output logic [          1:0] b_rresp_o,
    output logic                 b_rlast_o
);

  localparam int unsigned Depth = Octets / KeepWidth;
  localparam int unsigned LaneWidth = $clog2(KeepWidth);
  localparam int unsigned IndexWidth = $clog2(Depth);
  localparam int unsigned BeatAddrWidth = AddrWidth - LaneWidth;
  localparam logic [1:0] RespOkay = 2'b00;
  localparam logic [1:0] RespDecerr = 2'b11;

  typedef logic [BeatAddrWidth-1:0] beat_addr_t;
  typedef logic [DataWidth-1:0] beat_t;
  typedef logic [KeepWidth-1:0] strb_t;

  function automatic logic outside(beat_addr_t addr);
    return 32'(addr) >= Depth;
  endfunction

  // Octet addresses within a beat do not matter: strobes say which octets are meant.
  logic unused_lanes;
  assign unused_lanes = ^{a_awaddr_i[LaneWidth-1:0], a_araddr_i[LaneWidth-1:0],
                          b_awaddr_i[LaneWidth-1:0], b_araddr_i[LaneWidth-1:0]};

  // Index 0 is slave a, 1 is b.

  // ---- Write: address, then beats, then the answer -----------------------------------------------

  logic [1:0] awvalid, awready, wvalid, wready, wlast, bready;
  beat_addr_t [1:0] awaddr;
  beat_t [1:0] wdata;
  strb_t [1:0] wstrb;
  assign awvalid = {b_awvalid_i, a_awvalid_i};
  assign awaddr  = {b_awaddr_i[AddrWidth-1:LaneWidth], a_awaddr_i[AddrWidth-1:LaneWidth]};
  assign wvalid  = {b_wvalid_i, a_wvalid_i};
  assign wlast   = {b_wlast_i, a_wlast_i};
  assign wdata   = {b_wdata_i, a_wdata_i};
  assign wstrb   = {b_wstrb_i, a_wstrb_i};
  assign bready  = {b_bready_i, a_bready_i};

  logic unused_awlen;  // wlast says the same
  assign unused_awlen               = ^{a_awlen_i, b_awlen_i};

  assign {b_awready_o, a_awready_o} = awready;
  assign {b_wready_o, a_wready_o}   = wready;

  typedef struct packed {
    logic valid;
    logic side;
    logic last;
    beat_addr_t addr;
    beat_t data;
    strb_t strb;
  } write_t;

  write_t write_q;

  logic [1:0] writing_q;  // has an address, wants beats
  beat_addr_t [1:0] write_addr_q;
  logic [1:0] write_wants, bvalid_q, bad_q;
  logic write_b, write_turn_q;  // b's beat; b's turn when both want
  assign write_wants = writing_q & wvalid;
  assign write_b = write_wants[1] && (write_turn_q || !write_wants[0]);
  assign wready = {writing_q[1] && (write_turn_q || !write_wants[0]), writing_q[0] && !write_b};
  // One answer at a time: the next burst begins when the last one's has been taken.
  assign awready     = ~writing_q & ~bvalid_q & ~{write_q.valid && write_q.side,
                                                  write_q.valid && !write_q.side};

  always_ff @(posedge clk_i) begin
    write_q.side <= write_b;
    write_q.last <= wlast[write_b];
    write_q.addr <= write_addr_q[write_b];
    write_q.data <= wdata[write_b];
    write_q.strb <= wstrb[write_b];
    if (rst_i) write_q.valid <= 1'b0;
    else write_q.valid <= write_wants != '0;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      writing_q    <= '0;
      bvalid_q     <= '0;
      write_turn_q <= 1'b0;
    end else begin
      if (write_wants != '0) write_turn_q <= !write_b;
      for (int unsigned i = 0; i < 2; i++) begin
        if (awvalid[i] && awready[i]) writing_q[i] <= 1'b1;
        else if (wvalid[i] && wready[i] && wlast[i]) writing_q[i] <= 1'b0;
        if (write_q.valid && write_q.last && write_q.side == i[0]) bvalid_q[i] <= 1'b1;
        else if (bready[i]) bvalid_q[i] <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < 2; i++) begin
      if (awvalid[i] && awready[i]) write_addr_q[i] <= awaddr[i];
      else if (wvalid[i] && wready[i]) write_addr_q[i] <= write_addr_q[i] + 1'b1;
      if (awvalid[i] && awready[i]) bad_q[i] <= 1'b0;
      else if (write_q.valid && write_q.side == i[0] && outside(write_q.addr)) bad_q[i] <= 1'b1;
    end
  end

  assign {b_bvalid_o, a_bvalid_o} = bvalid_q;
  assign a_bresp_o                = bad_q[0] ? RespDecerr : RespOkay;
  assign b_bresp_o                = bad_q[1] ? RespDecerr : RespOkay;

  // ---- Read: addresses of beats, the RAM, a register, a queue for each slave ---------------------

  // Beats of a slave between its address and its answer: the RAM does not wait.
  localparam int unsigned QueueDepth = 8;
  localparam int unsigned CreditWidth = $clog2(QueueDepth) + 1;

  typedef struct packed {
    logic  last;
    logic  bad;
    beat_t data;
  } answer_t;

  typedef struct packed {
    logic valid;
    logic side;
    logic last;
    logic bad;
  } read_t;

  logic [1:0] arvalid, arready, rvalid, rready;
  beat_addr_t [1:0] araddr;
  logic [1:0][7:0] arlen;
  answer_t [1:0] answer;
  assign arvalid = {b_arvalid_i, a_arvalid_i};
  assign araddr = {b_araddr_i[AddrWidth-1:LaneWidth], a_araddr_i[AddrWidth-1:LaneWidth]};
  assign arlen = {b_arlen_i, a_arlen_i};
  assign rready = {b_rready_i, a_rready_i};

  assign {b_arready_o, a_arready_o} = arready;
  assign {b_rvalid_o, a_rvalid_o} = rvalid;

  logic [1:0] reading_q, read_wants, read_go;
  beat_addr_t [1:0] read_addr_q;
  logic [1:0][7:0] read_left_q;  // beats after the next one
  logic [1:0][CreditWidth-1:0] under_way_q;
  logic read_turn_q;
  always_comb begin
    for (int unsigned i = 0; i < 2; i++) begin
      read_wants[i] = reading_q[i] && under_way_q[i] != CreditWidth'(QueueDepth);
    end
    read_go[1] = read_wants[1] && (read_turn_q || !read_wants[0]);
    read_go[0] = read_wants[0] && !read_go[1];
    for (int unsigned i = 0; i < 2; i++) begin
      arready[i] = !reading_q[i] || (read_go[i] && read_left_q[i] == '0);
    end
  end

  read_t read_q, read_q2, read_q3;
  beat_addr_t ram_addr_q;
  beat_t ram_data, read_data_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      reading_q     <= '0;
      under_way_q   <= '0;
      read_turn_q   <= 1'b0;
      read_q.valid  <= 1'b0;
      read_q2.valid <= 1'b0;
      read_q3.valid <= 1'b0;
    end else begin
      if (read_go != '0) read_turn_q <= read_go[0];
      read_q.valid  <= read_go != '0;
      read_q2.valid <= read_q.valid;
      read_q3.valid <= read_q2.valid;
      for (int unsigned i = 0; i < 2; i++) begin
        if (arready[i]) reading_q[i] <= arvalid[i];
        under_way_q[i] <= under_way_q[i] + CreditWidth'(read_go[i]) -
            CreditWidth'(rvalid[i] && rready[i]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < 2; i++) begin
      if (arready[i]) begin
        read_addr_q[i] <= araddr[i];
        read_left_q[i] <= arlen[i];
      end else if (read_go[i]) begin
        read_addr_q[i] <= read_addr_q[i] + 1'b1;
        read_left_q[i] <= read_left_q[i] - 1'b1;
      end
    end
    ram_addr_q   <= read_addr_q[read_go[1]];
    read_q.side  <= read_go[1];
    read_q.last  <= read_left_q[read_go[1]] == '0;
    read_q.bad   <= outside(read_addr_q[read_go[1]]);
    read_q2.side <= read_q.side;
    read_q2.last <= read_q.last;
    read_q2.bad  <= read_q.bad;
    read_q3.side <= read_q2.side;
    read_q3.last <= read_q2.last;
    read_q3.bad  <= read_q2.bad;
    read_data_q  <= ram_data;
  end

  for (genvar i = 0; i < 2; i++) begin : gen_queue
    logic push, room;
    logic [CreditWidth-1:0] unused_count;
    assign push = read_q3.valid && read_q3.side == (i == 1);

    toe_queue #(
        .Width($bits(answer_t)),
        .Depth(QueueDepth)
    ) u_queue (
        .clk_i,
        .rst_i,
        .in_valid_i (push),
        .in_ready_o (room),
        .in_data_i  ({read_q3.last, read_q3.bad, read_data_q}),
        .out_valid_o(rvalid[i]),
        .out_ready_i(rready[i]),
        .out_data_o (answer[i]),
        .count_o    (unused_count)
    );

    always_ff @(posedge clk_i) begin
      if (!rst_i) RoomForAnswer : assert (!push || room);
    end
  end

  assign a_rdata_o = answer[0].data;
  assign a_rlast_o = answer[0].last;
  assign a_rresp_o = answer[0].bad ? RespDecerr : RespOkay;
  assign b_rdata_o = answer[1].data;
  assign b_rlast_o = answer[1].last;
  assign b_rresp_o = answer[1].bad ? RespDecerr : RespOkay;

  // ---- Memory ------------------------------------------------------------------------------------

  logic exists;
  assign exists = !outside(write_q.addr);

  for (genvar i = 0; i < KeepWidth; i++) begin : gen_octet
    toe_ram #(
        .Width   (8),
        .Depth   (Depth),
        .Collides(1'b0)
    ) u_ram (
        .clk_i,
        .wr_en_i  (write_q.valid && write_q.strb[i] && exists),
        .wr_addr_i(write_q.addr[IndexWidth-1:0]),
        .wr_data_i(write_q.data[8*i+:8]),
        .rd_en_i  (1'b1),
        .rd_addr_i(ram_addr_q[IndexWidth-1:0]),
        .rd_data_o(ram_data[8*i+:8])
    );
  end

endmodule
