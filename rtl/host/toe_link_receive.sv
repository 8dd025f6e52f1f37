// SPDX-License-Identifier: Apache-2.0
//
// The receiving end of the link: sessions, numbers, and messages into their buffer.
//
// The octets of a message are written behind those that wait, and count only when their frame turns out to
// be the one expected: so nothing is copied, and nothing of a bad frame stays.  A frame is judged in two
// cycles after its end, in which no item is taken.
//
// A new session begins when what is under way has ended: restart_o pulses when held_i says so; until then
// frames other than RESET are not looked at.

module toe_link_receive
  import toe_link_pkg::*;
#(
    parameter int unsigned Window = 7,
    parameter int unsigned MaxData = 512,
    parameter int unsigned AddrWidth = 12,  // of the message buffer
    localparam int unsigned CountWidth = $clog2(MaxData + RequestHeadOctets + 1)
) (
    input logic clk_i,
    input logic rst_i,

    // From toe_link_deframe.
    input  logic  item_valid_i,
    output logic  item_ready_o,
    input  item_t item_i,

    // Message buffer, and what toe_link_message reads: messages by length, in order.
    output logic                  wr_en_o,
    output logic [ AddrWidth-1:0] wr_addr_o,
    output logic [           7:0] wr_data_o,
    output logic [ AddrWidth-1:0] end_addr_o,   // behind the last message
    input  logic [ AddrWidth-1:0] read_addr_i,  // octets before this one have been read
    output logic                  msg_valid_o,
    input  logic                  msg_ready_i,
    output logic [CountWidth-1:0] msg_count_o,

    // Sessions.
    output logic [7:0] session_o,
    output logic       restarting_o,  // nothing new may begin
    input  logic       still_i,       // nothing is under way
    output logic       restart_o,     // session_o is new from the next cycle on
    output logic       repeat_o,      // send what is not acknowledged again

    // To toe_link_send.
    output logic  [7:0] rcv_nxt_o,
    output logic        nr_valid_o,
    output logic        nr_nak_o,
    output logic  [7:0] nr_o,
    output want_t       want_o,
    output logic  [7:0] gone_session_o,

    output logic idle_o
);

  localparam int unsigned MaxMessage = MaxData + RequestHeadOctets;
  localparam int unsigned MaxFrame = HeadOctets + MaxMessage + FcsOctets;
  localparam int unsigned PosWidth = $clog2(MaxFrame + 2);
  localparam int unsigned MinMessage = 4;

  typedef logic [AddrWidth-1:0] addr_t;
  typedef logic [PosWidth-1:0] pos_t;

  typedef enum logic [1:0] {
    ReceiveFrame,
    ReceiveCompare,  // what is to be known about the frame goes to registers
    ReceiveAct
  } state_e;

  state_e state_q;
  logic   good_q;
  logic [7:0] type_q, from_q, ns_q, nr_q;  // of the frame
  pos_t pos_q;  // octets of the frame so far; stops one above the most that a frame may have
  addr_t wr_addr_q, end_addr_q;
  logic spilled_q;  // an octet found no room

  logic [7:0] session_q, rcv_nxt_q, next_session_q;
  logic restarting_q, fresh_q, nak_said_q;  // fresh: only RESET has come from this session

  // ---- Octets ----------------------------------------------------------------------------------

  logic take, octet, room, body;
  assign item_ready_o = state_q == ReceiveFrame;
  assign take         = item_valid_i && item_ready_o;
  assign octet        = take && item_i.kind == ItemOctet;
  assign room         = wr_addr_q + 1'b1 != read_addr_i;
  assign body         = pos_q >= pos_t'(HeadOctets) && pos_q < pos_t'(MaxFrame);

  assign wr_en_o      = octet && body && room;
  assign wr_addr_o    = wr_addr_q;
  assign wr_data_o    = item_i.data;
  assign end_addr_o   = end_addr_q;

  always_ff @(posedge clk_i) begin
    if (octet) begin
      unique case (pos_q)
        pos_t'(0): type_q <= item_i.data;
        pos_t'(1): from_q <= item_i.data;
        pos_t'(2): ns_q <= item_i.data;
        pos_t'(3): nr_q <= item_i.data;
        default:   ;
      endcase
    end
    if (take) good_q <= item_i.kind == ItemGood;
  end

  // ---- Judgement -------------------------------------------------------------------------------

  logic sound_q;  // a frame that may be looked at
  logic is_data_q, is_reset_q, is_nak_q, ours_q, expected_q, behind_q;

  logic [7:0] ns_ahead;
  pos_t bare, smallest, largest;
  logic known, is_data;
  assign ns_ahead = ns_q - rcv_nxt_q;
  assign is_data  = type_q == FrameData;
  assign known    = type_q inside {FrameData, FrameAck, FrameNak, FrameReset};
  assign bare     = pos_t'(HeadOctets + FcsOctets);
  assign smallest = is_data ? pos_t'(HeadOctets + MinMessage + FcsOctets) : bare;
  assign largest  = is_data ? pos_t'(MaxFrame) : bare;

  always_ff @(posedge clk_i) begin
    sound_q    <= good_q && known && from_q != '0 && pos_q >= smallest && pos_q <= largest;
    is_data_q  <= is_data;
    is_reset_q <= type_q == FrameReset;
    is_nak_q   <= type_q == FrameNak;
    ours_q     <= from_q == session_q;
    expected_q <= ns_ahead == '0;
    behind_q   <= ns_ahead[7];
  end

  logic act, look, begin_anew, is_repeat, ours, stored, queue_ready;
  assign act        = state_q == ReceiveAct;
  assign look       = act && sound_q && !restarting_q;
  assign is_repeat  = act && sound_q && is_reset_q && !restarting_q && ours_q && fresh_q;
  assign begin_anew = act && sound_q && is_reset_q && !is_repeat;
  assign ours       = look && !is_reset_q && ours_q;
  assign stored     = ours && is_data_q && expected_q && !spilled_q && queue_ready;

  logic say_nak, spoiled, ahead;
  assign spoiled        = act && !sound_q && !restarting_q && session_q != '0;
  assign ahead          = ours && is_data_q && !expected_q && !behind_q;
  assign say_nak        = (spoiled || ahead) && !nak_said_q;

  assign want_o.ready   = restart_o || is_repeat;
  assign want_o.gone    = look && !is_reset_q && !ours_q;
  assign want_o.nak     = say_nak;
  assign want_o.ack     = ours && is_data_q && behind_q;
  assign gone_session_o = from_q;
  assign nr_valid_o     = ours;
  assign nr_nak_o       = is_nak_q;
  assign nr_o           = nr_q;
  assign repeat_o       = is_repeat;
  assign rcv_nxt_o      = rcv_nxt_q;
  assign session_o      = session_q;
  assign restarting_o   = restarting_q;
  assign restart_o      = restarting_q && still_i;

  addr_t message_end;  // without the FCS, which was written too
  assign message_end = wr_addr_q - addr_t'(FcsOctets);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q    <= ReceiveFrame;
      pos_q      <= '0;
      wr_addr_q  <= '0;
      end_addr_q <= '0;
      spilled_q  <= 1'b0;
    end else begin
      if (octet) begin
        if (pos_q != pos_t'(MaxFrame + 1)) pos_q <= pos_q + 1'b1;
        if (body && room) wr_addr_q <= wr_addr_q + 1'b1;
        if (body && !room) spilled_q <= 1'b1;
      end
      unique case (state_q)
        ReceiveFrame:   if (take && !octet) state_q <= ReceiveCompare;
        ReceiveCompare: state_q <= ReceiveAct;
        default:        state_q <= ReceiveFrame;
      endcase
      if (act || (take && item_i.kind == ItemAbort)) begin
        state_q   <= ReceiveFrame;
        pos_q     <= '0;
        spilled_q <= 1'b0;
        wr_addr_q <= stored ? message_end : end_addr_q;
      end
      if (stored) end_addr_q <= message_end;
    end
  end

  always_ff @(posedge clk_i) begin
    if (begin_anew) next_session_q <= from_q;
    if (rst_i) begin
      session_q    <= '0;
      restarting_q <= 1'b0;
      rcv_nxt_q    <= '0;
      fresh_q      <= 1'b0;
      nak_said_q   <= 1'b0;
    end else begin
      if (restart_o) begin
        session_q  <= next_session_q;
        rcv_nxt_q  <= '0;
        fresh_q    <= 1'b1;
        nak_said_q <= 1'b0;
      end
      if (begin_anew) restarting_q <= 1'b1;
      else if (restart_o) restarting_q <= 1'b0;
      if (ours) fresh_q <= 1'b0;
      if (say_nak) nak_said_q <= 1'b1;
      if (stored) begin
        rcv_nxt_q  <= rcv_nxt_q + 1'b1;
        nak_said_q <= 1'b0;
      end
    end
  end

  // ---- Messages that wait ----------------------------------------------------------------------

  localparam int unsigned QueueDepth = 2 ** $clog2(Window + 1);
  logic [$clog2(QueueDepth):0] unused_count;

  toe_queue #(
      .Width(CountWidth),
      .Depth(QueueDepth)
  ) u_queue (
      .clk_i,
      .rst_i      (rst_i || restart_o),
      .in_valid_i (stored),
      .in_ready_o (queue_ready),
      .in_data_i  (CountWidth'(pos_q - bare)),
      .out_valid_o(msg_valid_o),
      .out_ready_i(msg_ready_i),
      .out_data_o (msg_count_o),
      .count_o    (unused_count)
  );

  assign idle_o = !item_valid_i && state_q == ReceiveFrame && !restarting_q;

endmodule
