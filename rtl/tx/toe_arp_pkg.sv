// SPDX-License-Identifier: Apache-2.0
//
// The ARP cache's entry and the rules about its age.

package toe_arp_pkg;
  import toe_pkg::*;

  localparam int unsigned Ways = 4;
  localparam int unsigned Sets = 16;
  localparam int unsigned SetBits = $clog2(Sets);
  typedef logic [SetBits-1:0] set_index_t;
  typedef logic [$clog2(Ways)-1:0] way_t;

  localparam time_us_t FreshUs = 40'd60_000_000;  // an older answer is asked for again when used
  localparam time_us_t AskAgainUs = 40'd1_000_000;  // RFC 1122 section 2.3.2.1: one a second
  localparam time_us_t AbandonUs = 40'd4_000_000;  // a question that nobody has repeated since
  localparam logic [1:0] MaxTries = 2'd3;

  // The rest of an address: its set tells the last four bits.
  typedef logic [27:0] tag_t;

  // All but the Ethernet address, which only a lookup reads.
  typedef struct packed {
    logic       known;       // the address has a place; 0: nothing else means anything
    logic       valid;       // there is an answer; 0: only asked for
    logic [1:0] tries;       // questions since the last answer, saturates
    tag_t       tag;
    time_us_t   updated_us;  // of the last answer
    time_us_t   asked_us;    // of the last question
  } arp_entry_t;

  typedef arp_entry_t [Ways-1:0] arp_set_t;

  // What a lookup sees.
  typedef struct packed {
    logic     known;
    logic     valid;
    tag_t     tag;
    time_us_t updated_us;
  } arp_known_t;

  typedef struct packed {
    arp_known_t entry;
    mac_t       mac;
  } arp_view_t;

  typedef arp_view_t [Ways-1:0] arp_view_set_t;

  // Neighbours differ in their last bits.
  function automatic set_index_t set_of(logic [11:0] low_bits);
    return low_bits[3:0] ^ low_bits[7:4] ^ low_bits[11:8];
  endfunction

  // verilator lint_off UNUSEDSIGNAL
  function automatic tag_t tag_of(ipv4_t ip);
    // verilator lint_on UNUSEDSIGNAL
    return ip[31:4];
  endfunction

  // Whether the difference of two times, on the circle of time_us_t, is more than limit_us.  A time
  // just ahead counts as now: a question carries the time when its segment came, and may be dealt
  // with a little later.
  function automatic logic exceeds(time_us_t elapsed_us, time_us_t limit_us);
    return elapsed_us > limit_us && !(&elapsed_us[39:24]);
  endfunction

endpackage
