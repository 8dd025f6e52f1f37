// SPDX-License-Identifier: Apache-2.0
//
// Host interface: registers, submission ring, completion ring and counters behind AXI4-Lite.
//
// rtl/toe_regs.rdl says what is where.  Reads and writes are answered in order; four cycles from
// address to data, and with requests back to back one cycle for a register and two for a word of
// the completion ring.  Commands go out one every nine cycles at most, in order, and wait as long
// as cmd_ready_i is low.  Notifications come in one every two cycles, and wait while the completion
// ring is full; ntf_i must stay until it is taken.
//
// CTRL.soft_reset holds soft_rst_o for eight cycles and as long as core_busy_i.  Rings and counters
// start again with it, and STATUS.ready is 0 until the TCP core has been idle after it.

module toe_host
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_host_pkg::*;
#(
    parameter int unsigned DataWidth    = 64,
    parameter int unsigned NumConns     = 1024,
    parameter int unsigned RxRingLog2   = 16,
    parameter int unsigned TxRingLog2   = 16,
    parameter int unsigned NumListeners = 16,
    parameter int unsigned SynCacheSize = 256
) (
    input logic clk_i,
    input logic rst_i,

    output cfg_t        cfg_o,
    output logic        soft_rst_o,
    input  logic [63:0] now_us_i,

    // From the host.
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
    output logic        irq_o,

    // To and from the TCP core.
    output logic cmd_valid_o,
    input  logic cmd_ready_i,
    output cmd_t cmd_o,
    input  logic ntf_valid_i,
    output logic ntf_ready_o,
    input  ntf_t ntf_i,

    // From everywhere, for the host to see.
    input drop_vec_t         drop_i,
    input count_vec_t        count_i,
    input logic       [15:0] half_open_count_i,
    input logic       [15:0] time_wait_count_i,
    input logic       [15:0] free_count_i,
    input logic              cookies_i,          // SYN cookies are in use
    input logic              tcp_idle_i,
    input logic              core_idle_i,        // receive path, TCP core and send path
    input logic              core_busy_i,        // soft_rst_o has not come to effect yet

    output logic idle_o
);

  localparam int unsigned NumCounts = $bits(count_vec_t);
  localparam int unsigned NumCounters = NumDrops + NumCounts;

  if (NumDrops != 32'(DropCount)) begin : gen_check_drops
    $error("toe_pkg::NumDrops is not the number of reasons in drop_e");
  end
  if (NumCounters > 64) begin : gen_check_counters
    $error("toe_counters holds 64 counters");
  end

  toe_regs_pkg::toe_regs__in_t  regs_in;
  toe_regs_pkg::toe_regs__out_t regs_out;

  // ---- Registers -----------------------------------------------------------------------------

  toe_regs u_regs (
      .clk           (clk_i),
      .rst           (rst_i),
      .s_axil_awready(axil_awready_o),
      .s_axil_awvalid(axil_awvalid_i),
      .s_axil_awaddr (axil_awaddr_i),
      .s_axil_awprot ('0),
      .s_axil_wready (axil_wready_o),
      .s_axil_wvalid (axil_wvalid_i),
      .s_axil_wdata  (axil_wdata_i),
      .s_axil_wstrb  (axil_wstrb_i),
      .s_axil_bready (axil_bready_i),
      .s_axil_bvalid (axil_bvalid_o),
      .s_axil_bresp  (axil_bresp_o),
      .s_axil_arready(axil_arready_o),
      .s_axil_arvalid(axil_arvalid_i),
      .s_axil_araddr (axil_araddr_i),
      .s_axil_arprot ('0),
      .s_axil_rready (axil_rready_i),
      .s_axil_rvalid (axil_rvalid_o),
      .s_axil_rdata  (axil_rdata_o),
      .s_axil_rresp  (axil_rresp_o),
      .hwif_in       (regs_in),
      .hwif_out      (regs_out)
  );

  assign regs_in.DATA_WIDTH.value.next      = DataWidth;
  assign regs_in.NUM_CONNS.value.next       = NumConns;
  assign regs_in.RX_RING_LOG2.value.next    = RxRingLog2;
  assign regs_in.TX_RING_LOG2.value.next    = TxRingLog2;
  assign regs_in.NUM_LISTENERS.value.next   = NumListeners;
  assign regs_in.SYN_CACHE_SIZE.value.next  = SynCacheSize;
  assign regs_in.SQ_DEPTH.value.next        = SqDepth;
  assign regs_in.CQ_DEPTH.value.next        = CqDepth;
  assign regs_in.HALF_OPEN.value.next       = half_open_count_i;
  assign regs_in.TIME_WAIT_COUNT.value.next = time_wait_count_i;
  assign regs_in.FREE_CONNS.value.next      = free_count_i;

  // ---- Reset and readiness -------------------------------------------------------------------

  localparam logic [3:0] HoldStart = 4'd15;

  logic [3:0] hold_q;  // cycles until readiness is looked at; reset while 8 or more
  logic ready_q, counters_ready;
  logic soft_rst, block_rst;
  assign soft_rst  = hold_q[3];
  assign block_rst = rst_i || soft_rst;

  always_ff @(posedge clk_i) begin
    if (rst_i || regs_out.CTRL.soft_reset.value) begin
      hold_q  <= HoldStart;
      ready_q <= 1'b0;
    end else begin
      if (core_busy_i) hold_q <= hold_q;
      else if (hold_q != '0) hold_q <= hold_q - 1'b1;
      else if (counters_ready && tcp_idle_i) ready_q <= 1'b1;
    end
  end

  assign soft_rst_o                         = soft_rst;
  assign regs_in.CTRL.enable.hwclr          = soft_rst;
  assign regs_in.CTRL.irq_enable.hwclr      = soft_rst;
  assign regs_in.STATUS.sq_tail_error.hwclr = soft_rst;
  assign regs_in.STATUS.cq_head_error.hwclr = soft_rst;
  assign regs_in.STATUS.ready.next          = ready_q;

  // ---- Time ----------------------------------------------------------------------------------

  logic [31:0] now_us_hi_q;
  always_ff @(posedge clk_i) begin
    if (regs_out.NOW_US_LO.value.swacc) now_us_hi_q <= now_us_i[63:32];
  end
  assign regs_in.NOW_US_LO.value.next = now_us_i[31:0];
  assign regs_in.NOW_US_HI.value.next = now_us_hi_q;

  // ---- Configuration -------------------------------------------------------------------------

  // A key is valid from the write of its last word to that of another.
  logic [1:0] key_part, key_done, key_valid_q;  // flow hash, SYN cookies
  assign key_part[0] = regs_out.HASH_KEY0.value.swmod || regs_out.HASH_KEY1.value.swmod ||
      regs_out.HASH_KEY2.value.swmod;
  assign key_done[0] = regs_out.HASH_KEY3.value.swmod;
  assign key_part[1] = regs_out.COOKIE_KEY0.value.swmod || regs_out.COOKIE_KEY1.value.swmod ||
      regs_out.COOKIE_KEY2.value.swmod;
  assign key_done[1] = regs_out.COOKIE_KEY3.value.swmod;
  always_ff @(posedge clk_i) begin
    if (rst_i) key_valid_q <= '0;
    else key_valid_q <= key_done | (key_valid_q & ~key_part);
  end
  assign regs_in.STATUS.key_valid.next   = key_valid_q[0];
  assign regs_in.STATUS.syn_cookies.next = cookies_i;

  always_comb begin
    cfg_o                       = '0;
    cfg_o.enable                = regs_out.CTRL.enable.value;
    cfg_o.key_valid             = key_valid_q[0];
    cfg_o.hash_key[31:0]        = regs_out.HASH_KEY0.value.value;
    cfg_o.hash_key[63:32]       = regs_out.HASH_KEY1.value.value;
    cfg_o.hash_key[95:64]       = regs_out.HASH_KEY2.value.value;
    cfg_o.hash_key[127:96]      = regs_out.HASH_KEY3.value.value;
    cfg_o.cookie_key_valid      = key_valid_q[1];
    cfg_o.cookie_key[31:0]      = regs_out.COOKIE_KEY0.value.value;
    cfg_o.cookie_key[63:32]     = regs_out.COOKIE_KEY1.value.value;
    cfg_o.cookie_key[95:64]     = regs_out.COOKIE_KEY2.value.value;
    cfg_o.cookie_key[127:96]    = regs_out.COOKIE_KEY3.value.value;
    cfg_o.syn_cookies           = regs_out.FEATURES.syn_cookies.value;
    cfg_o.cookie_high           = regs_out.SYN_COOKIES.high.value;
    cfg_o.cookie_low            = regs_out.SYN_COOKIES.low.value;
    cfg_o.local_mac[47:32]      = regs_out.LOCAL_MAC_HI.value.value;
    cfg_o.local_mac[31:0]       = regs_out.LOCAL_MAC_LO.value.value;
    cfg_o.local_ip              = regs_out.LOCAL_IP.value.value;
    cfg_o.netmask               = regs_out.NETMASK.value.value;
    cfg_o.gateway_ip            = regs_out.GATEWAY_IP.value.value;
    cfg_o.mtu                   = regs_out.MTU.value.value;
    cfg_o.min_mss               = regs_out.MIN_MSS.value.value;
    cfg_o.ttl                   = regs_out.IP_HEADER.ttl.value;
    cfg_o.min_pmtu              = regs_out.MIN_PMTU.value.value;
    cfg_o.dscp                  = regs_out.IP_HEADER.dscp.value;
    cfg_o.ts_enable             = regs_out.FEATURES.ts.value;
    cfg_o.sack_enable           = regs_out.FEATURES.sack.value;
    cfg_o.wscale_enable         = regs_out.FEATURES.wscale.value;
    cfg_o.rto_initial_us        = regs_out.RTO_INITIAL_US.value.value;
    cfg_o.rto_min_us            = regs_out.RTO_MIN_US.value.value;
    cfg_o.rto_max_us            = regs_out.RTO_MAX_US.value.value;
    cfg_o.r1_retries            = regs_out.RETRIES.r1.value;
    cfg_o.data_retries          = regs_out.RETRIES.data.value;
    cfg_o.syn_retries           = regs_out.RETRIES.syn.value;
    cfg_o.time_wait_us          = regs_out.TIME_WAIT_US.value.value;
    cfg_o.delack_us             = regs_out.DELACK_US.value.value;
    cfg_o.keepalive_us[31:0]    = regs_out.KEEPALIVE_US_LO.value.value;
    cfg_o.keepalive_us[39:32]   = regs_out.KEEPALIVE_US_HI.value.value;
    cfg_o.keepalive_interval_us = regs_out.KEEPALIVE_INTERVAL_US.value.value;
    cfg_o.rx_ring_log2          = 5'(RxRingLog2);
    cfg_o.tx_ring_log2          = 5'(TxRingLog2);
  end

  // ---- Submission ring -----------------------------------------------------------------------

  ring_ptr_t sq_head, sq_tail;
  logic sq_idle;

  toe_submission u_submission (
      .clk_i,
      .rst_i(block_rst),
      .wr_valid_i(regs_out.SQ.req && regs_out.SQ.wr_biten == '1),
      .wr_addr_i(regs_out.SQ.addr[10:2]),
      .wr_data_i(regs_out.SQ.wr_data),
      .tail_valid_i(regs_out.SQ_TAIL.req && regs_out.SQ_TAIL.req_is_wr &&
                  regs_out.SQ_TAIL.wr_biten.value == '1),
      .tail_i(regs_out.SQ_TAIL.wr_data.value),
      .tail_error_o(regs_in.STATUS.sq_tail_error.hwset),
      .tail_o(sq_tail),
      .head_o(sq_head),
      .cmd_valid_o,
      .cmd_ready_i,
      .cmd_o,
      .idle_o(sq_idle)
  );

  assign regs_in.SQ_HEAD.value.next = sq_head;
  assign regs_in.SQ_TAIL.rd_ack     = regs_out.SQ_TAIL.req && !regs_out.SQ_TAIL.req_is_wr;
  assign regs_in.SQ_TAIL.wr_ack     = regs_out.SQ_TAIL.req && regs_out.SQ_TAIL.req_is_wr;
  assign regs_in.SQ_TAIL.rd_data    = {16'd0, sq_tail};
  assign regs_in.SQ.wr_ack          = regs_out.SQ.req;
  assign regs_in.SQ.rd_ack          = 1'b0;
  assign regs_in.SQ.rd_data         = '0;

  // ---- Completion ring -----------------------------------------------------------------------

  ring_ptr_t cq_head, cq_tail;
  logic cq_empty, cq_idle, cq_rd_q;

  // The row is read while the register block takes the address in, so that a word costs one cycle
  // less and the way from RAM to the word still ends in a register.
  toe_completion u_completion (
      .clk_i,
      .rst_i(block_rst),
      .ntf_valid_i,
      .ntf_ready_o,
      .ntf_i,
      .rd_fetch_i(axil_arvalid_i && axil_arready_o),
      .rd_fetch_row_i(axil_araddr_i[13:5]),
      .rd_valid_i(regs_out.CQ.req),
      .rd_select_i(regs_out.CQ.addr[4:2]),
      .rd_data_o(regs_in.CQ.rd_data),
      .head_valid_i   (regs_out.CQ_HEAD.req && regs_out.CQ_HEAD.req_is_wr &&
                     regs_out.CQ_HEAD.wr_biten.value == '1),
      .head_i(regs_out.CQ_HEAD.wr_data.value),
      .head_error_o(regs_in.STATUS.cq_head_error.hwset),
      .tail_o(cq_tail),
      .head_o(cq_head),
      .empty_o(cq_empty),
      .idle_o(cq_idle)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) cq_rd_q <= 1'b0;
    else cq_rd_q <= regs_out.CQ.req;
  end

  assign regs_in.CQ.rd_ack              = cq_rd_q;
  assign regs_in.CQ.wr_ack              = 1'b0;
  assign regs_in.CQ_TAIL.value.next     = cq_tail;
  assign regs_in.CQ_HEAD.rd_ack         = regs_out.CQ_HEAD.req && !regs_out.CQ_HEAD.req_is_wr;
  assign regs_in.CQ_HEAD.wr_ack         = regs_out.CQ_HEAD.req && regs_out.CQ_HEAD.req_is_wr;
  assign regs_in.CQ_HEAD.rd_data        = {16'd0, cq_head};
  assign regs_in.STATUS.completion.next = !cq_empty;

  assign irq_o                          = regs_out.CTRL.irq_enable.value && !cq_empty;

  // ---- Counters ------------------------------------------------------------------------------

  // Counters of count_vec_t follow those of drop_e, its first member first; the host finds them
  // from word 64 on.
  logic [NumCounters-1:0] pulse;
  always_comb begin
    pulse[NumDrops-1:0] = drop_i;
    for (int unsigned i = 0; i < NumCounts; i++) begin
      pulse[NumDrops+i] = count_i[NumCounts-1-i];
    end
  end

  logic counter_rd, counter_hole, counter_hole_q, counter_done, counters_idle;
  logic [ 5:0] counter_word;
  logic [31:0] counter_data;
  assign counter_rd   = regs_out.COUNTERS.req && !regs_out.COUNTERS.req_is_wr;
  assign counter_word = regs_out.COUNTERS.addr[7:2];
  assign counter_hole = !regs_out.COUNTERS.addr[8] && counter_word >= 6'(NumDrops);

  toe_counters #(
      .NumCounters(NumCounters)
  ) u_counters (
      .clk_i,
      .rst_i,
      .clear_i   (soft_rst),
      .ready_o   (counters_ready),
      .pulse_i   (pulse),
      .rd_valid_i(counter_rd),
      .rd_index_i(regs_out.COUNTERS.addr[8] ? counter_word + 6'(NumDrops) : counter_word),
      .rd_done_o (counter_done),
      .rd_data_o (counter_data),
      .idle_o    (counters_idle)
  );

  always_ff @(posedge clk_i) begin
    if (counter_rd) counter_hole_q <= counter_hole;
  end

  assign regs_in.COUNTERS.rd_ack  = counter_done;
  assign regs_in.COUNTERS.rd_data = counter_hole_q ? '0 : counter_data;
  assign regs_in.COUNTERS.wr_ack  = regs_out.COUNTERS.req && regs_out.COUNTERS.req_is_wr;

  // ---- Idleness ------------------------------------------------------------------------------

  // Requests that are taken and not answered: addresses of reads, addresses and data of writes.
  logic [2:0] reads_q, write_addrs_q, writes_q;
  logic read_end, write_end;
  assign read_end  = axil_rvalid_o && axil_rready_i;
  assign write_end = axil_bvalid_o && axil_bready_i;
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      reads_q       <= '0;
      write_addrs_q <= '0;
      writes_q      <= '0;
    end else begin
      reads_q       <= reads_q + 3'(axil_arvalid_i && axil_arready_o) - 3'(read_end);
      write_addrs_q <= write_addrs_q + 3'(axil_awvalid_i && axil_awready_o) - 3'(write_end);
      writes_q      <= writes_q + 3'(axil_wvalid_i && axil_wready_o) - 3'(write_end);
    end
  end

  logic rings_idle, axil_idle;
  assign rings_idle = sq_idle && cq_idle && counters_idle && hold_q == '0;
  assign axil_idle  = !axil_arvalid_i && !axil_awvalid_i && !axil_wvalid_i && reads_q == '0 &&
      write_addrs_q == '0 && writes_q == '0;

  assign idle_o = rings_idle && axil_idle;
  assign regs_in.STATUS.idle.next = rings_idle && core_idle_i;

endmodule
