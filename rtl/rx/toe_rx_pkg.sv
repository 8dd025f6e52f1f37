// SPDX-License-Identifier: Apache-2.0
//
// Messages held the receive path.

package toe_rx_pkg;

  localparam int unsigned HeaderOctets = 154;  // Ethernet 14, tag 4, IPv4 60, and more: see below
  localparam int unsigned Layer4Octets = 76;  // TCP 60, or ICMP 8 with IPv4 60 and TCP 8 in it
  localparam int unsigned OptionOctets = 40;

  // Options of a TCP or IPv4 header: what would follow if one began at an octet.
  typedef struct packed {
    logic       bad;
    logic [5:0] next;  // octet at which the next option begins
  } step_t;

  localparam logic [5:0] WalkDone = 6'd63;  // next option: none

  typedef step_t [OptionOctets-1:0] steps_t;
  typedef logic [OptionOctets-1:0] set_t;  // of octet positions
  typedef logic [OptionOctets/4-1:0] words_t;  // 32-bit words of the options that the header has

  // The step of an octet at which an option may begin.  fits: len may go with kind.  An option that
  // runs past the header leads to one of the octets behind it.
  function automatic step_t option_step(logic [7:0] kind, logic [7:0] len, logic fits,
                                        logic [5:0] at, words_t held);
    logic [7:0] room;  // octets from here to the end of the longest header
    logic at_end;  // nothing but the end of the header is here
    room        = 8'(OptionOctets) - 8'(at);
    at_end      = at == '0 || (at[1:0] == '0 && held[at[5:2]-4'd1]);
    option_step = '{bad: 1'b0, next: WalkDone};
    if (!held[at[5:2]]) option_step.bad = !at_end;
    else if (kind == 8'd0) return option_step;  // end of list
    else if (kind == 8'd1) option_step.next = at + 6'd1;  // no operation
    else if (!fits || len < 8'd2 || len > room || (len == room && !held[OptionOctets/4-1]))
      option_step.bad = 1'b1;
    else option_step.next = at + len[5:0];
  endfunction

  // The first so many words.
  function automatic words_t first_words(logic [3:0] count);
    for (int unsigned i = 0; i < OptionOctets / 4; i++) first_words[i] = 4'(i) < count;
  endfunction

  // What the mover does with a frame that waits in the frame buffer.
  typedef enum logic [1:0] {
    FrameDiscard,
    FrameEcho,  // payload goes to the echo buffer
    FrameSegment  // payload goes where a verdict says
  } frame_kind_e;

  // One frame in the frame buffer, for the mover.
  typedef struct packed {
    frame_kind_e kind;
    logic [12:0] beats;        // that the frame takes in the frame buffer
    logic [7:0]  payload_off;  // octets from the start of the frame
    logic [15:0] payload_len;  // octets; FrameEcho only: a verdict brings its own length
  } frame_desc_t;

  // A run of octets on its way out of the frame buffer.
  typedef struct packed {
    logic               is_echo;  // to the echo buffer, else to buffer memory
    toe_pkg::mem_addr_t ring;     // address of the receive ring
    logic [19:0]        off;      // place in the ring of the first octet
    logic [15:0]        len;      // octets, at least 1
  } write_item_t;

endpackage
