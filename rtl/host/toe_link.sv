// SPDX-License-Identifier: Apache-2.0
//
// The device's end of the byte-stream link (docs/link.md): octets from and to a host become reads and
// writes on an AXI4 port, and irq_i becomes an event.
//
// rx_ready_o is low for a few cycles after each frame; it never waits for tx_ready_i or for the port.
// tx_data_o stays until it is taken.  The port is asked for one burst at a time, in order: a read or
// a write of at most MaxData octets, never across 4 KiB.  Both buffers are block RAM and hold a window of
// the longest messages each.

module toe_link
  import toe_link_pkg::*;
  import toe_pkg::time_us_t;
#(
    parameter int unsigned Window    = 7,        // frames, 1 to 7
    parameter int unsigned MaxData   = 512,      // octets of one message, a multiple of 4
    parameter int unsigned ResendUs  = 100_000,
    parameter int unsigned AddrWidth = 24,       // of the port: memory where the highest bit is 1
    parameter int unsigned MemOctets = 65536
) (
    input logic     clk_i,
    input logic     rst_i,
    input time_us_t now_us_i,
    input logic     irq_i,     // level: the completion ring holds an entry

    output logic     session_o,         // a host has begun one
    output logic     idle_o,            // nothing but time, an octet or irq_i can make work
    output logic     deadline_valid_o,
    output time_us_t deadline_us_o,     // when time can

    // From and to the host.
    input  logic       rx_valid_i,
    output logic       rx_ready_o,
    input  logic [7:0] rx_data_i,
    output logic       tx_valid_o,
    input  logic       tx_ready_i,
    output logic [7:0] tx_data_o,

    // To toe_axi_port.
    output logic                 axi_awvalid_o,
    input  logic                 axi_awready_i,
    output logic [AddrWidth-1:0] axi_awaddr_o,
    output logic [          7:0] axi_awlen_o,
    output logic                 axi_wvalid_o,
    input  logic                 axi_wready_i,
    output logic [         31:0] axi_wdata_o,
    output logic [          3:0] axi_wstrb_o,
    output logic                 axi_wlast_o,
    input  logic                 axi_bvalid_i,
    output logic                 axi_bready_o,
    input  logic [          1:0] axi_bresp_i,
    output logic                 axi_arvalid_o,
    input  logic                 axi_arready_i,
    output logic [AddrWidth-1:0] axi_araddr_o,
    output logic [          7:0] axi_arlen_o,
    input  logic                 axi_rvalid_i,
    output logic                 axi_rready_o,
    input  logic [         31:0] axi_rdata_i,
    input  logic [          1:0] axi_rresp_i
);

  // A frame that comes in brings its FCS along, and one octet stays free.
  localparam int unsigned InDepth = 2 ** $clog2(
      Window * (MaxData + RequestHeadOctets) + FcsOctets + 1
  );
  localparam int unsigned OutDepth = 2 ** $clog2(Window * (MaxData + AnswerHeadOctets));
  localparam int unsigned InAddrWidth = $clog2(InDepth);
  localparam int unsigned OutAddrWidth = $clog2(OutDepth);
  localparam int unsigned InCountWidth = $clog2(MaxData + RequestHeadOctets + 1);
  localparam int unsigned OutCountWidth = $clog2(MaxData + AnswerHeadOctets + 1);

  if (Window == 0 || Window > 7) begin : gen_check
    $error("toe_link: Window is 1 to 7");
  end

  logic item_valid, item_ready;
  item_t item;

  logic in_wr_en, in_rd_en, out_wr_en, out_rd_en;
  logic [InAddrWidth-1:0] in_wr_addr, in_rd_addr, in_end_addr, in_read_addr;
  logic [OutAddrWidth-1:0] out_wr_addr, out_rd_addr, put_addr;
  logic [7:0] in_wr_data, in_rd_data, out_wr_data, out_rd_data;

  logic msg_valid, msg_ready, put_valid, put_room;
  logic [ InCountWidth-1:0] msg_count;
  logic [OutCountWidth-1:0] put_count;

  logic restarting, restart, repeated, send_still, msg_still;
  logic [7:0] session, rcv_nxt, done_nr, nr, gone_session;
  logic nr_valid, nr_nak;
  want_t want;

  logic frame_valid, frame_ready, frame_last;
  logic [7:0] frame_data;

  logic receive_idle, send_idle, msg_idle, frame_idle;

  toe_link_deframe u_deframe (
      .clk_i,
      .rst_i,
      .rx_valid_i,
      .rx_ready_o,
      .rx_data_i,
      .out_valid_o(item_valid),
      .out_ready_i(item_ready),
      .out_o      (item)
  );

  toe_link_receive #(
      .Window   (Window),
      .MaxData  (MaxData),
      .AddrWidth(InAddrWidth)
  ) u_receive (
      .clk_i,
      .rst_i,
      .item_valid_i  (item_valid),
      .item_ready_o  (item_ready),
      .item_i        (item),
      .wr_en_o       (in_wr_en),
      .wr_addr_o     (in_wr_addr),
      .wr_data_o     (in_wr_data),
      .end_addr_o    (in_end_addr),
      .read_addr_i   (in_read_addr),
      .msg_valid_o   (msg_valid),
      .msg_ready_i   (msg_ready),
      .msg_count_o   (msg_count),
      .session_o     (session),
      .restarting_o  (restarting),
      .still_i       (send_still && msg_still),
      .restart_o     (restart),
      .repeat_o      (repeated),
      .rcv_nxt_o     (rcv_nxt),
      .nr_valid_o    (nr_valid),
      .nr_nak_o      (nr_nak),
      .nr_o          (nr),
      .want_o        (want),
      .gone_session_o(gone_session),
      .idle_o        (receive_idle)
  );

  // Octets are read when they count, and written behind those.
  toe_ram #(
      .Width   (8),
      .Depth   (InDepth),
      .Collides(1'b0)
  ) u_in_ram (
      .clk_i,
      .wr_en_i  (in_wr_en),
      .wr_addr_i(in_wr_addr),
      .wr_data_i(in_wr_data),
      .rd_en_i  (in_rd_en),
      .rd_addr_i(in_rd_addr),
      .rd_data_o(in_rd_data)
  );

  toe_link_message #(
      .MaxData     (MaxData),
      .InAddrWidth (InAddrWidth),
      .OutAddrWidth(OutAddrWidth),
      .AddrWidth   (AddrWidth),
      .MemOctets   (MemOctets)
  ) u_message (
      .clk_i,
      .rst_i,
      .irq_i,
      .restarting_i(restarting),
      .restart_i   (restart),
      .msg_valid_i (msg_valid),
      .msg_ready_o (msg_ready),
      .msg_count_i (msg_count),
      .end_addr_i  (in_end_addr),
      .read_addr_o (in_read_addr),
      .rd_en_o     (in_rd_en),
      .rd_addr_o   (in_rd_addr),
      .rd_data_i   (in_rd_data),
      .wr_en_o     (out_wr_en),
      .wr_addr_o   (out_wr_addr),
      .wr_data_o   (out_wr_data),
      .room_i      (put_room),
      .put_valid_o (put_valid),
      .put_addr_o  (put_addr),
      .put_count_o (put_count),
      .done_nr_o   (done_nr),
      .axi_awvalid_o,
      .axi_awready_i,
      .axi_awaddr_o,
      .axi_awlen_o,
      .axi_wvalid_o,
      .axi_wready_i,
      .axi_wdata_o,
      .axi_wstrb_o,
      .axi_wlast_o,
      .axi_bvalid_i,
      .axi_bready_o,
      .axi_bresp_i,
      .axi_arvalid_o,
      .axi_arready_i,
      .axi_araddr_o,
      .axi_arlen_o,
      .axi_rvalid_i,
      .axi_rready_o,
      .axi_rdata_i,
      .axi_rresp_i,
      .still_o     (msg_still),
      .idle_o      (msg_idle)
  );

  // An octet that is written while it is read belongs to a frame that the host has already
  // (toe_link_send).
  toe_ram #(
      .Width   (8),
      .Depth   (OutDepth),
      .Collides(1'b0)
  ) u_out_ram (
      .clk_i,
      .wr_en_i  (out_wr_en),
      .wr_addr_i(out_wr_addr),
      .wr_data_i(out_wr_data),
      .rd_en_i  (out_rd_en),
      .rd_addr_i(out_rd_addr),
      .rd_data_o(out_rd_data)
  );

  toe_link_send #(
      .Window   (Window),
      .MaxData  (MaxData),
      .AddrWidth(OutAddrWidth),
      .ResendUs (ResendUs)
  ) u_send (
      .clk_i,
      .rst_i,
      .now_us_i,
      .session_i     (session),
      .restarting_i  (restarting),
      .restart_i     (restart),
      .repeat_i      (repeated),
      .rcv_nxt_i     (rcv_nxt),
      .nr_valid_i    (nr_valid),
      .nr_nak_i      (nr_nak),
      .nr_i          (nr),
      .want_i        (want),
      .gone_session_i(gone_session),
      .room_o        (put_room),
      .put_valid_i   (put_valid),
      .put_addr_i    (put_addr),
      .put_count_i   (put_count),
      .done_nr_i     (done_nr),
      .rd_en_o       (out_rd_en),
      .rd_addr_o     (out_rd_addr),
      .rd_data_i     (out_rd_data),
      .out_valid_o   (frame_valid),
      .out_ready_i   (frame_ready),
      .out_data_o    (frame_data),
      .out_last_o    (frame_last),
      .still_o       (send_still),
      .idle_o        (send_idle),
      .deadline_valid_o,
      .deadline_us_o
  );

  toe_link_frame u_frame (
      .clk_i,
      .rst_i,
      .in_valid_i(frame_valid),
      .in_ready_o(frame_ready),
      .in_data_i (frame_data),
      .in_last_i (frame_last),
      .tx_valid_o,
      .tx_ready_i,
      .tx_data_o,
      .idle_o    (frame_idle)
  );

  assign session_o = session != '0;
  assign idle_o    = !rx_valid_i && receive_idle && msg_idle && send_idle && frame_idle;

endmodule
