// SPDX-License-Identifier: Apache-2.0
//
// The message layer of the link: carries requests out on an AXI4 master, one after the other, and puts
// answers and events into the replay buffer.
//
// A request begins when the replay buffer has room for its answer, so nothing waits half-way.  What a request
// asks for is looked at before anything is done: an address beyond the registers or the memory, or a request
// that makes no sense, changes nothing.  An octet of data a cycle towards the host, and four in five
// cycles from it.
//
// The answer is written behind its data, when the effect is complete: its flag is irq_i as the request
// left it.

module toe_link_message
  import toe_link_pkg::*;
#(
    parameter int unsigned MaxData = 512,
    parameter int unsigned InAddrWidth = 12,  // of the message buffer
    parameter int unsigned OutAddrWidth = 12,  // of the replay buffer
    parameter int unsigned AddrWidth = 24,  // of the AXI4 port: memory where the highest bit is 1
    parameter int unsigned MemOctets = 65536,
    localparam int unsigned InCountWidth = $clog2(MaxData + RequestHeadOctets + 1),
    localparam int unsigned OutCountWidth = $clog2(MaxData + AnswerHeadOctets + 1)
) (
    input logic clk_i,
    input logic rst_i,
    input logic irq_i,

    // From toe_link_receive.
    input  logic                    restarting_i,
    input  logic                    restart_i,
    input  logic                    msg_valid_i,
    output logic                    msg_ready_o,
    input  logic [InCountWidth-1:0] msg_count_i,
    input  logic [ InAddrWidth-1:0] end_addr_i,
    output logic [ InAddrWidth-1:0] read_addr_o,

    // Message buffer.
    output logic                   rd_en_o,
    output logic [InAddrWidth-1:0] rd_addr_o,
    input  logic [            7:0] rd_data_i,

    // Replay buffer, and to toe_link_send.
    output logic                     wr_en_o,
    output logic [ OutAddrWidth-1:0] wr_addr_o,
    output logic [              7:0] wr_data_o,
    input  logic                     room_i,
    output logic                     put_valid_o,
    output logic [ OutAddrWidth-1:0] put_addr_o,
    output logic [OutCountWidth-1:0] put_count_o,
    output logic [              7:0] done_nr_o,

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
    input  logic [          1:0] axi_rresp_i,

    output logic still_o,  // between requests
    output logic idle_o
);

  localparam int unsigned HalfWidth = AddrWidth - 1;
  localparam int unsigned RegOctets = 65536;
  localparam int unsigned WordsWidth = $clog2(MaxData / 4 + 2);
  localparam int unsigned LengthWidth = $clog2(MaxData + 1);
  localparam int unsigned MemBit = 39;  // of the address in a message

  if (MaxData % 4 != 0 || MaxData > 1016) begin : gen_check
    $error("toe_link_message: MaxData is a multiple of 4, and one burst holds it");
  end

  typedef logic [WordsWidth-1:0] words_t;
  typedef logic [LengthWidth-1:0] length_t;
  typedef logic [HalfWidth-1:0] half_t;

  typedef enum logic [3:0] {
    MsgIdle,
    MsgHead,  // the request's header comes in
    MsgRange,  // where it ends
    MsgJudge,  // whether it can be done
    MsgPlan,  // how long the next burst is
    MsgAddr,
    MsgRead,
    MsgWrite,  // octets into the word
    MsgBeat,  // the word to memory or register
    MsgWritten,
    MsgSettle,  // irq_i follows
    MsgAnswer
  } state_e;

  state_e state_q;
  logic [1:0] count_q;  // cycles of MsgSettle, octets of MsgAnswer

  words_t words_q;  // of the request that are left
  words_t burst_q;  // of the burst
  words_t beat_q;  // of the burst that are left
  logic burst_end;

  // ---- The request -----------------------------------------------------------------------------

  logic is_event_q;
  logic [7:0] op_q, tag_q;
  logic [15:0] length_q;
  logic [MemBit:0] addr_q;
  logic addr_high_q;  // bits above MemBit
  logic [3:0] head_index_q;
  logic [InCountWidth-1:0] msg_count_q;

  logic octet_valid, octet_take, octet_last;
  logic [7:0] octet;

  logic active_q;  // there is a host: the first session has begun
  logic begin_request, begin_event, shown_q;
  assign begin_request = state_q == MsgIdle && msg_valid_i && room_i && !restarting_i;
  // Requests go first: their answers show the flag as well.
  assign begin_event   = state_q == MsgIdle && !msg_valid_i && irq_i && !shown_q && room_i &&
      !restarting_i && active_q;
  assign msg_ready_o = begin_request;

  always_ff @(posedge clk_i) begin
    if (rst_i) active_q <= 1'b0;
    else if (restart_i) active_q <= 1'b1;
  end

  toe_link_fetch #(
      .AddrWidth (InAddrWidth),
      .CountWidth(InCountWidth)
  ) u_fetch (
      .clk_i,
      .rst_i,
      .start_i(begin_request),
      .addr_i (read_addr_o),
      .count_i(msg_count_i),
      .rd_en_o,
      .rd_addr_o,
      .rd_data_i,
      .valid_o(octet_valid),
      .ready_i(octet_take),
      .data_o (octet),
      .last_o (octet_last)
  );

  logic head_take, head_end;
  assign head_take  = state_q == MsgHead && octet_valid;
  assign head_end   = octet_last || head_index_q == 4'(RequestHeadOctets - 1);
  assign octet_take = head_take || (state_q == MsgWrite && octet_valid);

  always_ff @(posedge clk_i) begin
    if (begin_request) begin
      msg_count_q  <= msg_count_i;
      head_index_q <= '0;
      addr_high_q  <= 1'b0;
    end
    if (state_q == MsgIdle) is_event_q <= !msg_valid_i;
    if (head_take) begin
      head_index_q <= head_index_q + 1'b1;
      unique case (head_index_q)
        4'd0: op_q <= octet;
        4'd1: tag_q <= octet;
        4'd2: length_q[7:0] <= octet;
        4'd3: length_q[15:8] <= octet;
        4'd4: addr_q[7:0] <= octet;
        4'd5: addr_q[15:8] <= octet;
        4'd6: addr_q[23:16] <= octet;
        4'd7: addr_q[31:24] <= octet;
        4'd8: addr_q[39:32] <= octet;
        default: if (octet != '0) addr_high_q <= 1'b1;
      endcase
    end
    if (burst_end) addr_q[HalfWidth-1:2] <= addr_q[HalfWidth-1:2] + (HalfWidth - 2)'(burst_q);
  end

  // ---- Whether it can be done ------------------------------------------------------------------

  logic is_write, is_mem, far_q, no_sense_q, past;
  logic [HalfWidth:0] end_q, limit;
  logic [InCountWidth-1:0] count_wanted;
  assign is_write = op_q == OpWrite;
  assign is_mem = addr_q[MemBit];
  assign limit = is_mem ? (HalfWidth + 1)'(MemOctets) : (HalfWidth + 1)'(RegOctets);
  assign count_wanted = InCountWidth'(RequestHeadOctets) +
      (is_write ? InCountWidth'(length_q) : InCountWidth'(0));

  always_ff @(posedge clk_i) begin
    if (state_q == MsgRange) begin
      far_q <= addr_high_q || addr_q[MemBit-1:HalfWidth] != '0;
      end_q <= {1'b0, addr_q[HalfWidth-1:0]} + (HalfWidth + 1)'(length_q);
      no_sense_q <= !(op_q inside {OpRead, OpWrite}) || msg_count_q != count_wanted ||
          length_q == '0 || length_q > 16'(MaxData) ||
          (!is_mem && (addr_q[1:0] != '0 || length_q[1:0] != '0));
    end
  end
  assign past = end_q > limit;

  // ---- Bursts: none crosses 4 KiB --------------------------------------------------------------

  length_t left_q;  // octets of the request that are left
  logic bad_q;  // a part of the request was refused

  logic [10:0] page_words;
  assign page_words = 11'd1024 - {1'b0, addr_q[11:2]};

  logic beat_end, octet_moves;
  logic [1:0] lane_q;
  logic lane_end;
  assign lane_end = lane_q == '1 || left_q == length_t'(1);
  assign beat_end  = (state_q == MsgRead && octet_moves && lane_end) ||
      (state_q == MsgBeat && axi_wready_i);
  assign burst_end = beat_end && beat_q == words_t'(1);
  assign octet_moves = (state_q == MsgRead && axi_rvalid_i) || (state_q == MsgWrite && octet_valid);

  always_ff @(posedge clk_i) begin
    if (state_q == MsgJudge) begin
      words_q <= words_t'((length_t'(addr_q[1:0]) + length_t'(length_q) + length_t'(3)) >> 2);
      left_q  <= length_t'(length_q);
      lane_q  <= addr_q[1:0];
    end
    if (state_q == MsgPlan) begin
      burst_q <= 11'(words_q) < page_words ? words_q : words_t'(page_words);
      beat_q  <= 11'(words_q) < page_words ? words_q : words_t'(page_words);
    end
    if (octet_moves) begin
      left_q <= left_q - 1'b1;
      lane_q <= lane_q + 1'b1;
    end
    if (beat_end) begin
      beat_q  <= beat_q - 1'b1;
      words_q <= words_q - 1'b1;
    end
  end

  logic unused_resp;  // EXOKAY does not occur, so the high bit says all
  assign unused_resp = axi_bresp_i[0] ^ axi_rresp_i[0];

  always_ff @(posedge clk_i) begin
    if (begin_request || begin_event) bad_q <= 1'b0;
    if (axi_rvalid_i && axi_rready_o && axi_rresp_i[1]) bad_q <= 1'b1;
    if (axi_bvalid_i && axi_bready_o && axi_bresp_i[1]) bad_q <= 1'b1;
  end

  assign axi_awvalid_o = state_q == MsgAddr && is_write;
  assign axi_arvalid_o = state_q == MsgAddr && !is_write;
  assign axi_awaddr_o  = {is_mem, addr_q[HalfWidth-1:2], 2'b00};
  assign axi_araddr_o  = axi_awaddr_o;
  assign axi_awlen_o   = 8'(burst_q) - 1'b1;
  assign axi_arlen_o   = axi_awlen_o;
  assign axi_rready_o  = state_q == MsgRead && lane_end;
  assign axi_wvalid_o  = state_q == MsgBeat;
  assign axi_wlast_o   = beat_q == words_t'(1);
  assign axi_bready_o  = state_q == MsgWritten;

  always_ff @(posedge clk_i) begin
    if (state_q == MsgAddr || (axi_wvalid_o && axi_wready_i)) axi_wstrb_o <= '0;
    if (state_q == MsgWrite) begin
      axi_wdata_o[8*lane_q+:8] <= octet;
      axi_wstrb_o[lane_q]      <= octet_valid;
    end
  end

  // ---- The answer ------------------------------------------------------------------------------

  logic [OutAddrWidth-1:0] base_q, data_addr_q;
  logic [OutCountWidth-1:0] answer_count;
  logic flag_q, answer_end, with_data;
  status_e status_q;
  assign with_data = !is_event_q && !is_write && status_q == StatusDone;
  assign answer_count = OutCountWidth'(AnswerHeadOctets) +
      (with_data ? OutCountWidth'(length_q) : OutCountWidth'(0));
  assign answer_end = state_q == MsgAnswer && count_q == '1;

  assign wr_en_o = (state_q == MsgRead && axi_rvalid_i) || state_q == MsgAnswer;
  assign wr_addr_o = state_q == MsgAnswer ? base_q + OutAddrWidth'(count_q) : data_addr_q;

  always_comb begin
    wr_data_o = axi_rdata_i[8*lane_q+:8];
    if (state_q == MsgAnswer) begin
      unique case (count_q)
        2'd0: begin
          if (is_event_q) wr_data_o = OpEvent;
          else wr_data_o = is_write ? OpWriteAnswer : OpReadAnswer;
        end
        2'd1: wr_data_o = is_event_q ? '0 : tag_q;
        2'd2: wr_data_o = status_q;
        default: wr_data_o = {7'd0, flag_q};
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == MsgIdle) data_addr_q <= base_q + OutAddrWidth'(AnswerHeadOctets);
    else if (wr_en_o) data_addr_q <= data_addr_q + 1'b1;
    if (state_q == MsgSettle) begin
      flag_q <= irq_i || is_event_q;
      if (is_event_q) status_q <= StatusDone;
      else if (no_sense_q) status_q <= StatusNoSense;
      else status_q <= far_q || past || bad_q ? StatusNoAddress : StatusDone;
    end
  end

  assign put_valid_o = answer_end;
  assign put_addr_o  = base_q;
  assign put_count_o = answer_count;

  always_ff @(posedge clk_i) begin
    if (rst_i || restart_i) begin
      shown_q   <= 1'b0;
      done_nr_o <= '0;
    end else begin
      if (!irq_i) shown_q <= 1'b0;
      else if (answer_end && flag_q) shown_q <= 1'b1;
      if (answer_end && !is_event_q) done_nr_o <= done_nr_o + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      base_q      <= '0;
      read_addr_o <= '0;
    end else begin
      if (answer_end) base_q <= base_q + OutAddrWidth'(answer_count);
      if (restart_i) read_addr_o <= end_addr_i;
      else if (answer_end && !is_event_q) read_addr_o <= read_addr_o + InAddrWidth'(msg_count_q);
    end
  end

  // ---- Course ----------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= MsgIdle;
      count_q <= '0;
    end else begin
      count_q <= state_q == MsgSettle || state_q == MsgAnswer ? count_q + 1'b1 : '0;
      unique case (state_q)
        MsgIdle: begin
          if (begin_request) state_q <= MsgHead;
          else if (begin_event) state_q <= MsgSettle;
        end
        MsgHead:   if (head_take && head_end) state_q <= MsgRange;
        MsgRange:  state_q <= MsgJudge;
        MsgJudge:  state_q <= no_sense_q || far_q || past ? MsgSettle : MsgPlan;
        MsgPlan:   state_q <= MsgAddr;
        MsgAddr: begin
          if (is_write ? axi_awready_i : axi_arready_i) state_q <= is_write ? MsgWrite : MsgRead;
        end
        MsgRead:   if (burst_end) state_q <= words_q == words_t'(1) ? MsgSettle : MsgPlan;
        MsgWrite:  if (octet_valid && lane_end) state_q <= MsgBeat;
        MsgBeat:   if (axi_wready_i) state_q <= burst_end ? MsgWritten : MsgWrite;
        MsgWritten: begin
          if (axi_bvalid_i) state_q <= words_q == '0 ? MsgSettle : MsgPlan;
        end
        MsgSettle: if (count_q == '1) state_q <= MsgAnswer;
        default:   if (answer_end) state_q <= MsgIdle;
      endcase
    end
  end

  assign still_o = state_q == MsgIdle;
  assign idle_o  = still_o && !begin_request && !begin_event;

endmodule
