// SPDX-License-Identifier: Apache-2.0
//
// ARP (RFC 826): a cache of 64 addresses in 16 sets of 4, and who may write it.
//
// Lookup: one a cycle, the whole set one cycle after lookup_en_i, kept until the next.  The block
// behind compares (toe_tx_resolve).  Everything else is done one at a time, in a few cycles:
// - A question (ask) gets its address a place and sends a request, at most once a second.
// - A packet from an address that has a place updates it.  Another address is taken up only when
//   the packet was for us, and never in the place of a fresh answer: a flood of made-up senders
//   cannot push out the addresses in use.
// - A request for our address is answered.
// - When the engine is enabled it announces its address.  Until the cache is clear lookups stop.
// An answer older than 60 s, or one that TCP doubts, is used on while it is asked for again; three
// questions without an answer end it.  Only use asks: the cache has no timer.
//
// An address that begins to have an answer could let a later segment overtake an earlier one that
// waits for it.  So such a write stops the lookups (freeze_o), waits until none is under way
// (quiet_i) and has the waiting segments looked up again first (retry_o).  Between two such stops
// are as many cycles as in one, so that a flood slows the segments and does not stop them.

module toe_arp
  import toe_pkg::*;
  import toe_tx_pkg::*;
  import toe_arp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Constant while enable_i is set.  While it is not, the cache is emptied.
    input logic     enable_i,
    input mac_t     local_mac_i,
    input ipv4_t    local_ip_i,
    input ipv4_t    netmask_i,
    input time_us_t now_us_i,

    input  logic          lookup_en_i,
    input  set_index_t    lookup_set_i,
    output arp_view_set_t lookup_o,

    // Questions: an address without an answer or with an old one, and when it was wanted.  May be
    // refused: whoever still wants the address asks again.
    input logic     ask_valid_i,
    input ipv4_t    ask_ip_i,
    input time_us_t ask_us_i,
    input logic     ask_doubt_i,  // an answer that is fresh does not do

    output logic freeze_o,
    input  logic quiet_i,
    output logic retry_o,

    // Checked packets from toe_rx.  Those that come too fast are lost.
    input logic    arp_valid_i,
    input arp_rx_t arp_i,

    output logic    tx_valid_o,
    input  logic    tx_ready_i,
    output arp_tx_t tx_o,

    output logic idle_o
);

  localparam int unsigned AskDepth = 32;
  localparam int unsigned RxDepth = 8;

  typedef struct packed {
    ipv4_t    ip;
    time_us_t at_us;
    logic     doubt;
  } ask_t;

  typedef enum logic [3:0] {
    StClear,   // emptying the cache, one set a cycle; stays while the engine is disabled
    StIdle,
    StRead,
    StAge,     // the set is there: find the address, how old everything is
    StJudge,   // the places; when the address was last asked for
    StPick,    // the address's own place, or the best one to give up
    StDecide,
    StFreeze,  // wait until the write cannot change the order of segments
    StWrite    // if there is anything to write
  } state_e;

  state_e state_q, state_d;
  set_index_t clear_q;
  logic announce_q;

  // ---- Work waiting ------------------------------------------------------------------------

  // verilator lint_off UNUSEDSIGNAL  // what finds no room is lost
  logic ask_room, rx_room;
  // verilator lint_on UNUSEDSIGNAL

  logic ask_valid, ask_pop;
  ask_t ask;
  logic [$clog2(AskDepth):0] ask_count;

  toe_queue #(
      .Width($bits(ask_t)),
      .Depth(AskDepth)
  ) u_asks (
      .clk_i,
      .rst_i,
      .in_valid_i (ask_valid_i),
      .in_ready_o (ask_room),
      .in_data_i  ({ask_ip_i, ask_us_i, ask_doubt_i}),
      .out_valid_o(ask_valid),
      .out_ready_i(ask_pop),
      .out_data_o (ask),
      .count_o    (ask_count)
  );

  logic rx_valid, rx_pop;
  arp_rx_t rx;
  logic [$clog2(RxDepth):0] rx_count;

  toe_queue #(
      .Width($bits(arp_rx_t)),
      .Depth(RxDepth)
  ) u_rx (
      .clk_i,
      .rst_i,
      .in_valid_i (arp_valid_i),
      .in_ready_o (rx_room),
      .in_data_i  (arp_i),
      .out_valid_o(rx_valid),
      .out_ready_i(rx_pop),
      .out_data_o (rx),
      .count_o    (rx_count)
  );

  // One of the two, in turn when both wait.
  logic is_ask_q, is_ask_d;
  ipv4_t subject_ip, subject_ip_q;
  time_us_t at_us_q;
  assign is_ask_d   = ask_valid && !(rx_valid && is_ask_q);
  assign subject_ip = is_ask_q ? ask.ip : rx.sender_ip;

  // What is worked on stands still from StRead on.
  logic for_us_q, sender_is_us_q, sender_no_mac_q, sender_good_q, sender_near_q;

  always_ff @(posedge clk_i) begin
    subject_ip_q    <= subject_ip;
    at_us_q         <= is_ask_q ? ask.at_us : now_us_i;
    for_us_q        <= rx.target_ip == local_ip_i;
    sender_is_us_q  <= rx.sender_ip == local_ip_i || rx.sender_mac == local_mac_i;
    sender_no_mac_q <= rx.sender_mac == '0 || rx.sender_mac[40];
    sender_good_q   <= !sender_is_us_q && !sender_no_mac_q;
    sender_near_q   <= ((rx.sender_ip ^ local_ip_i) & netmask_i) == '0;
  end

  // ---- The cache -----------------------------------------------------------------------------

  logic write_q;  // whether to write, what and where
  way_t entry_way_q;
  arp_entry_t entry_q, entry_d;  // as it was read; as it is written
  arp_set_t set_read;

  toe_arp_cache u_cache (
      .clk_i,
      .lookup_en_i,
      .lookup_set_i,
      .lookup_o,
      .read_en_i     (state_q == StRead),
      .read_set_i    (set_of(subject_ip[11:0])),
      .read_o        (set_read),
      .write_en_i    (state_q == StWrite && write_q),
      .write_set_i   (set_of(subject_ip_q[11:0])),
      .write_way_i   (entry_way_q),
      .write_i       (entry_d),
      .write_mac_en_i(!is_ask_q),
      .write_mac_i   (rx.sender_mac),
      .clear_en_i    (state_q == StClear),
      .clear_set_i   (clear_q)
  );

  // ---- StAge, StJudge: which place -----------------------------------------------------------

  typedef enum logic [1:0] {
    PlaceAsked,  // a question that still matters
    PlaceFresh,
    PlaceOld,
    PlaceFree    // or a question that nobody repeats
  } place_e;

  logic found_d, found_q;
  way_t way_d, way_q;
  place_e [Ways-1:0] place_d, place_q;
  time_us_t [Ways-1:0] age_us_q;
  time_us_t asked_age_us_q;

  always_comb begin
    found_d = 1'b0;
    way_d   = '0;
    place_d = '{default: PlaceFree};
    for (int unsigned i = 0; i < Ways; i++) begin
      if (set_read[i].known && set_read[i].tag == tag_of(subject_ip_q)) begin
        found_d = 1'b1;
        way_d   = way_t'(i);
      end
      if (set_read[i].known && set_read[i].valid) begin
        place_d[i] = exceeds(age_us_q[i], FreshUs) ? PlaceOld : PlaceFresh;
      end else if (set_read[i].known && !exceeds(age_us_q[i], AbandonUs - 40'd1)) begin
        place_d[i] = PlaceAsked;
      end
    end
  end

  // ---- StPick: the place to work on ----------------------------------------------------------

  way_t victim_q, spare_way;  // victim_q breaks ties
  place_e spare, entry_place_q;

  always_comb begin
    spare_way = victim_q;
    spare     = place_q[victim_q];
    if (state_q == StPick) begin
      for (int unsigned i = 0; i < Ways; i++) begin
        if (place_q[i] > spare) begin
          spare_way = way_t'(i);
          spare     = place_q[i];
        end
      end
    end
  end

  // ---- StDecide: what becomes of it ----------------------------------------------------------

  logic do_write, do_freeze, freeze_retry_d, freeze_retry_q, do_tx;
  logic due_q;
  arp_tx_t decide_tx;

  always_comb begin
    do_write       = 1'b0;
    do_freeze      = 1'b0;
    freeze_retry_d = 1'b0;
    do_tx          = 1'b0;
    decide_tx      = '{is_request: 1'b1, dst_mac: BroadcastMac, target_ip: subject_ip_q};
    if (state_q == StDecide) begin
      if (is_ask_q && found_q) begin
        // An answer in use is asked for again when it is old or doubted; a question is repeated
        // when it is due.
        if (!entry_q.valid || entry_place_q == PlaceOld || ask.doubt) begin
          if (due_q || entry_q.tries == '0) begin
            do_write = 1'b1;
            do_tx    = 1'b1;
          end
        end
      end else if (is_ask_q) begin
        if (entry_place_q != PlaceAsked) begin
          do_write = 1'b1;
          do_tx    = 1'b1;
        end
      end else begin
        if (rx.is_request && for_us_q) begin
          do_tx     = 1'b1;
          decide_tx = '{is_request: 1'b0, dst_mac: rx.sender_mac, target_ip: rx.sender_ip};
        end
        if (sender_good_q && found_q) begin
          do_write       = 1'b1;
          do_freeze      = !entry_q.valid;
          freeze_retry_d = 1'b1;
        end else if (sender_good_q && for_us_q && sender_near_q && entry_place_q >= PlaceOld) begin
          do_write  = 1'b1;
          do_freeze = 1'b1;
        end
      end
    end
  end

  // What is written if anything is: the entry after a question, or after an answer.
  always_comb begin
    entry_d       = entry_q;
    entry_d.known = 1'b1;
    entry_d.tag   = tag_of(subject_ip_q);
    if (!is_ask_q) begin
      entry_d.valid = 1'b1;
      entry_d.tries = '0;
    end else if (!found_q) begin
      entry_d.valid = 1'b0;
      entry_d.tries = 2'd1;
    end else if (entry_q.tries == MaxTries) begin
      entry_d.valid = 1'b0;
    end else begin
      entry_d.tries = entry_q.tries + 2'd1;
    end
    if (is_ask_q || !found_q) entry_d.asked_us = at_us_q;
    if (!is_ask_q || !found_q) entry_d.updated_us = at_us_q;
  end

  // ---- Packets to send -------------------------------------------------------------------------

  logic send_valid, send_ready, announce;
  arp_tx_t send;
  logic [3:0] tx_count;

  assign announce = announce_q && enable_i && state_q == StIdle;
  assign send_valid = announce || do_tx;
  assign send = announce ?
      '{is_request: 1'b1, dst_mac: BroadcastMac, target_ip: local_ip_i}
      : decide_tx;

  toe_queue #(
      .Width($bits(arp_tx_t)),
      .Depth(8)
  ) u_tx (
      .clk_i,
      .rst_i,
      .in_valid_i (send_valid),
      .in_ready_o (send_ready),
      .in_data_i  (send),
      .out_valid_o(tx_valid_o),
      .out_ready_i(tx_ready_i),
      .out_data_o (tx_o),
      .count_o    (tx_count)
  );

  // ---- State ---------------------------------------------------------------------------------

  logic done, decided;
  assign decided = state_q == StDecide && (!do_tx || send_ready);

  always_comb begin
    state_d = state_q;
    done    = 1'b0;
    unique case (state_q)
      StClear: if (enable_i && clear_q == set_index_t'(Sets - 1)) state_d = StIdle;
      StIdle:  if (!announce_q && (ask_valid || rx_valid)) state_d = StRead;
      StRead:  state_d = StAge;
      StAge:   state_d = StJudge;
      StJudge: state_d = StPick;
      StPick:  state_d = StDecide;
      StDecide: begin
        if (decided) begin
          state_d = do_freeze ? StFreeze : StWrite;
        end
      end
      StFreeze: if (quiet_i) state_d = StWrite;
      StWrite: begin
        state_d = StIdle;
        done    = 1'b1;
      end
      default: state_d = StIdle;
    endcase
    if (!enable_i && state_q != StClear) state_d = StClear;
  end

  // While the cache is emptied, what waits is thrown away.
  assign ask_pop = (done && is_ask_q) || state_q == StClear;
  assign rx_pop  = (done && !is_ask_q) || state_q == StClear;

  logic froze_q;  // this write needs the stop that is being held
  assign freeze_o = state_q == StFreeze || froze_q || (state_q == StClear && enable_i);
  assign retry_o  = froze_q && (freeze_retry_q || ask_count != '0);

  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) is_ask_q <= is_ask_d;
    if (state_q == StAge) begin
      found_q <= found_d;
      way_q   <= way_d;
      for (int unsigned i = 0; i < Ways; i++) begin
        age_us_q[i] <=
            at_us_q - (set_read[i].valid ? set_read[i].updated_us : set_read[i].asked_us);
      end
    end
    if (state_q == StJudge) begin
      place_q        <= place_d;
      asked_age_us_q <= at_us_q - set_read[way_q].asked_us;
    end
    if (state_q == StPick) begin
      due_q         <= exceeds(asked_age_us_q, AskAgainUs - 40'd1);
      entry_way_q   <= found_q ? way_q : spare_way;
      entry_place_q <= found_q ? place_q[way_q] : spare;
    end
    // Of an address without a place nothing is kept.
    if (state_q == StJudge) entry_q <= set_read[way_q];
    if (decided) begin
      write_q        <= do_write;
      freeze_retry_q <= freeze_retry_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q    <= StClear;
      clear_q    <= '0;
      announce_q <= 1'b1;
      froze_q    <= 1'b0;
      victim_q   <= '0;
    end else begin
      state_q <= state_d;
      froze_q <= state_q == StFreeze && state_d == StWrite;
      if (state_q != StClear) clear_q <= '0;
      else if (clear_q != set_index_t'(Sets - 1)) clear_q <= clear_q + 1'b1;
      if (!enable_i) announce_q <= 1'b1;
      else if (announce && send_ready) announce_q <= 1'b0;
      if (decided && do_write && !found_q) victim_q <= victim_q + 1'b1;
    end
  end

  assign idle_o = ask_count == '0 && rx_count == '0 && tx_count == '0 && !arp_valid_i &&
      (state_q == StIdle ? !announce_q :
       state_q == StClear && !enable_i && clear_q == set_index_t'(Sets - 1));

endmodule
