// SPDX-License-Identifier: Apache-2.0
//
// The sending end of the link: what goes out next, messages from the replay buffer until they are
// acknowledged, and the timer that sends them again.
//
// READY goes before GONE, NAK, ACK and DATA.  NAK waits until every message that came has been carried out, so
// that nr asks for no frame that is here.  A frame that has begun is finished, with the header that it
// began with.  It may be acknowledged meanwhile, from a copy sent before, and its place be written over: then
// it is one that the host has and drops by its number.

module toe_link_send
  import toe_link_pkg::*;
  import toe_pkg::time_us_t;
  import toe_pkg::time_reached;
#(
    parameter int unsigned Window = 7,
    parameter int unsigned MaxData = 512,
    parameter int unsigned AddrWidth = 12,  // of the replay buffer
    parameter int unsigned ResendUs = 100_000,
    localparam int unsigned CountWidth = $clog2(MaxData + AnswerHeadOctets + 1)
) (
    input logic     clk_i,
    input logic     rst_i,
    input time_us_t now_us_i,

    // From toe_link_receive.
    input logic  [7:0] session_i,
    input logic        restarting_i,
    input logic        restart_i,
    input logic        repeat_i,
    input logic  [7:0] rcv_nxt_i,
    input logic        nr_valid_i,
    input logic        nr_nak_i,
    input logic  [7:0] nr_i,
    input want_t       want_i,
    input logic  [7:0] gone_session_i,

    // From toe_link_message: what it has put into the replay buffer, and how many requests it is
    // through with.
    output logic                  room_o,
    input  logic                  put_valid_i,
    input  logic [ AddrWidth-1:0] put_addr_i,
    input  logic [CountWidth-1:0] put_count_i,
    input  logic [           7:0] done_nr_i,

    // Replay buffer.
    output logic                 rd_en_o,
    output logic [AddrWidth-1:0] rd_addr_o,
    input  logic [          7:0] rd_data_i,

    // To toe_link_frame.
    output logic       out_valid_o,
    input  logic       out_ready_i,
    output logic [7:0] out_data_o,
    output logic       out_last_o,

    output logic     still_o,           // no frame has begun
    output logic     idle_o,
    output logic     deadline_valid_o,
    output time_us_t deadline_us_o
);

  localparam int unsigned SlotWidth = $clog2(Window + 1);
  localparam logic [15:0] ReadyData = 16'(MaxData);
  localparam logic [15:0] ReadyTotal = 16'(MaxData * Window);
  localparam logic [5:0][7:0] ReadyMessage = {ReadyTotal, ReadyData, 8'(Window), LinkVersion};

  typedef struct packed {
    logic [AddrWidth-1:0]  addr;
    logic [CountWidth-1:0] count;
  } slot_t;

  // ---- Numbers ---------------------------------------------------------------------------------

  // Frames from una on, which is the oldest that is not acknowledged: how many have gone out since the
  // sender last went back, have ever gone out, and are in the buffer.
  typedef logic [SlotWidth-1:0] count_t;
  logic [7:0] una_q;
  count_t out_q, sent_q, held_q;
  slot_t slot_q[2**SlotWidth];  // by the low bits of the number

  logic begin_data;  // the frame after those that have gone out begins
  count_t next_slot, put_slot;
  assign next_slot = count_t'(una_q) + out_q;
  assign put_slot  = count_t'(una_q) + held_q;
  assign room_o    = held_q != count_t'(Window);

  // nr_i is there two cycles before nr_valid_i.
  logic [7:0] nr_ahead_q;
  always_ff @(posedge clk_i) nr_ahead_q <= nr_i - una_q;

  logic nr_ok, back, timed_out;
  count_t acked;
  assign nr_ok = nr_valid_i && nr_ahead_q <= 8'(sent_q);
  assign acked = nr_ok ? count_t'(nr_ahead_q) : '0;
  assign back  = (nr_ok && nr_nak_i) || timed_out || repeat_i;

  always_ff @(posedge clk_i) begin
    if (put_valid_i) slot_q[put_slot] <= '{addr: put_addr_i, count: put_count_i};
  end

  always_ff @(posedge clk_i) begin
    if (rst_i || restart_i) begin
      una_q  <= '0;
      out_q  <= '0;
      sent_q <= '0;
      held_q <= '0;
    end else begin
      WindowKept : assert (out_q <= sent_q && sent_q <= held_q);
      RoomWasThere : assert (!put_valid_i || room_o);
      una_q  <= una_q + 8'(acked);
      sent_q <= sent_q - acked + count_t'(begin_data && out_q == sent_q);
      held_q <= held_q - acked + count_t'(put_valid_i);
      // What has been acknowledged is not sent again.
      if (back || out_q < acked) out_q <= '0;
      else out_q <= out_q - acked + count_t'(begin_data);
    end
  end

  // ---- Timer: from the last sign of life about the oldest frame --------------------------------

  time_us_t deadline_us_q;
  logic reached_q, waiting, start_timer;
  assign waiting     = out_q != '0;
  assign start_timer = acked != '0 || back || (begin_data && out_q == '0);
  assign timed_out   = reached_q && waiting && !nr_valid_i;

  always_ff @(posedge clk_i) begin
    if (start_timer) deadline_us_q <= now_us_i + time_us_t'(ResendUs);
    reached_q <= time_reached(now_us_i, deadline_us_q) && !start_timer;
  end

  assign deadline_valid_o = waiting;
  assign deadline_us_o    = deadline_us_q;

  // ---- What next -------------------------------------------------------------------------------

  typedef enum logic [1:0] {
    SendIdle,
    SendHead,
    SendReady,
    SendMessage
  } state_e;

  state_e state_q;
  want_t want_q;
  logic [7:0] gone_session_q;
  frame_e pick;
  logic pick_any;

  always_comb begin
    pick     = FrameData;
    pick_any = 1'b1;
    if (want_q.ready) pick = FrameReady;
    else if (want_q.gone) pick = FrameGone;
    else if (want_q.nak && done_nr_i == rcv_nxt_i) pick = FrameNak;
    else if (want_q.ack) pick = FrameAck;
    else pick_any = out_q != held_q && !back;
  end

  logic begin_frame;
  assign begin_frame = state_q == SendIdle && pick_any && !restarting_i;
  assign begin_data  = begin_frame && pick == FrameData;

  always_ff @(posedge clk_i) begin
    if (want_i.gone) gone_session_q <= gone_session_i;
    if (rst_i) begin
      want_q <= '0;
    end else begin
      if (begin_frame) begin
        unique case (pick)
          FrameReady: want_q.ready <= 1'b0;
          FrameGone: want_q.gone <= 1'b0;
          FrameNak: begin
            want_q.nak <= 1'b0;
            want_q.ack <= 1'b0;
          end
          default: want_q.ack <= 1'b0;  // DATA says nr too
        endcase
      end
      if (restart_i) want_q <= '0;
      if (want_i.ready) want_q.ready <= 1'b1;
      if (want_i.gone) want_q.gone <= 1'b1;
      if (want_i.nak) want_q.nak <= 1'b1;
      if (want_i.ack) want_q.ack <= 1'b1;
    end
  end

  // ---- The frame -------------------------------------------------------------------------------

  frame_e type_q;
  logic [7:0] head_session_q, ns_q, nr_q;
  logic [2:0] index_q;  // of the octet in header or READY
  logic out_moved, head_end;
  assign out_moved = out_valid_o && out_ready_i;
  assign head_end  = out_moved && state_q == SendHead && index_q[1:0] == '1;

  slot_t slot;
  assign slot = slot_q[next_slot];

  logic msg_valid, msg_last;
  logic [7:0] msg_data;

  toe_link_fetch #(
      .AddrWidth (AddrWidth),
      .CountWidth(CountWidth)
  ) u_fetch (
      .clk_i,
      .rst_i,
      .start_i(begin_data),
      .addr_i (slot.addr),
      .count_i(slot.count),
      .rd_en_o,
      .rd_addr_o,
      .rd_data_i,
      .valid_o(msg_valid),
      .ready_i(out_ready_i && state_q == SendMessage),
      .data_o (msg_data),
      .last_o (msg_last)
  );

  always_ff @(posedge clk_i) begin
    if (begin_frame) begin
      type_q         <= pick;
      head_session_q <= pick == FrameGone ? gone_session_q : session_i;
      ns_q           <= pick == FrameData ? una_q + 8'(out_q) : '0;
      nr_q           <= pick == FrameReady || pick == FrameGone ? '0 : done_nr_i;
    end
    if (begin_frame || head_end) index_q <= '0;
    else if (out_moved) index_q <= index_q + 1'b1;
  end

  always_comb begin
    out_valid_o = 1'b1;
    out_last_o  = 1'b0;
    out_data_o  = msg_data;
    unique case (state_q)
      SendHead: begin
        unique case (index_q[1:0])
          2'd0: out_data_o = type_q;
          2'd1: out_data_o = head_session_q;
          2'd2: out_data_o = ns_q;
          default: begin
            out_data_o = nr_q;
            out_last_o = type_q != FrameData && type_q != FrameReady;
          end
        endcase
      end
      SendReady: begin
        out_data_o = ReadyMessage[index_q];
        out_last_o = index_q == 3'd5;
      end
      SendMessage: begin
        out_valid_o = msg_valid;
        out_last_o  = msg_last;
      end
      default: out_valid_o = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= SendIdle;
    end else begin
      unique case (state_q)
        SendIdle: if (begin_frame) state_q <= SendHead;
        SendHead: begin
          if (head_end) begin
            unique case (type_q)
              FrameData:  state_q <= SendMessage;
              FrameReady: state_q <= SendReady;
              default:    state_q <= SendIdle;
            endcase
          end
        end
        default:  if (out_moved && out_last_o) state_q <= SendIdle;
      endcase
    end
  end

  assign still_o = state_q == SendIdle;
  assign idle_o  = state_q == SendIdle && !pick_any && want_i == '0 && !put_valid_i && !timed_out;

endmodule
