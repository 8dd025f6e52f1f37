// SPDX-License-Identifier: Apache-2.0
//
// Vocabulary of the byte-stream link (docs/link.md): frame types, operations, octet stuffing, FCS.

package toe_link_pkg;

  typedef enum logic [7:0] {
    FrameData  = 8'd1,
    FrameAck   = 8'd2,
    FrameNak   = 8'd3,
    FrameReset = 8'd4,
    FrameReady = 8'd5,
    FrameGone  = 8'd6
  } frame_e;

  typedef enum logic [7:0] {
    OpRead        = 8'h01,
    OpWrite       = 8'h02,
    OpReadAnswer  = 8'h81,
    OpWriteAnswer = 8'h82,
    OpEvent       = 8'h90
  } op_e;

  typedef enum logic [7:0] {
    StatusDone      = 8'd0,
    StatusNoAddress = 8'd1,
    StatusNoSense   = 8'd2
  } status_e;

  // verilator lint_off UNUSEDPARAM  // toe_top is read with this package and has no link
  localparam logic [7:0] LinkVersion = 8'd1;

  localparam int unsigned HeadOctets = 4;  // type, session, ns, nr
  localparam int unsigned FcsOctets = 4;
  localparam int unsigned RequestHeadOctets = 12;  // op, tag, length, address
  localparam int unsigned AnswerHeadOctets = 4;  // op, tag, status, flags

  // Octet stuffing, RFC 1662 section 4.2.
  localparam logic [7:0] Flag = 8'h7e;
  localparam logic [7:0] Escape = 8'h7d;
  localparam logic [7:0] EscapeXor = 8'h20;

  // FCS, RFC 1662 section C.3: reflected CRC-32, sent complemented, least significant octet first.
  // Over a whole frame with a right FCS it comes to FcsGood.
  typedef logic [31:0] fcs_t;
  localparam fcs_t FcsInit = '1;
  localparam fcs_t FcsGood = 32'hdebb20e3;
  // verilator lint_on UNUSEDPARAM

  function automatic fcs_t fcs_octet(fcs_t fcs, logic [7:0] octet);
    fcs_t next;
    next = fcs ^ 32'(octet);
    for (int unsigned i = 0; i < 8; i++) next = (next >> 1) ^ (next[0] ? 32'hedb88320 : '0);
    return next;
  endfunction

  // What toe_link_deframe makes of the line.
  typedef enum logic [1:0] {
    ItemOctet,
    ItemGood,   // a frame ends, its FCS is right
    ItemBad,    // a frame ends, its FCS is wrong
    ItemAbort   // the octets since the last end are none
  } item_e;

  typedef struct packed {
    item_e kind;
    logic [7:0] data;  // with ItemOctet
  } item_t;

  // What toe_link_receive asks toe_link_send to say.
  typedef struct packed {
    logic ready;
    logic gone;
    logic nak;
    logic ack;
  } want_t;

endpackage
