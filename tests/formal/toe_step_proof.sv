// SPDX-License-Identifier: Apache-2.0
//
// step() keeps the rules of step_rules_pkg and the promises of TCP, whatever the event.
//
// The rules hold of a control block that has just begun (Open), and if they hold before an event
// they hold after it: by induction over events they hold for ever.  One task for each kind of event;
// step has no state, so each property is one query over every control block, event and configuration.
//
// formal: segment params=Kind=0,Open=0 depth=0 cover=1 slow
// formal: accept  params=Kind=0,Open=1 depth=0 cover=1 slow
// formal: command params=Kind=3,Open=0 depth=0 cover=1 slow
// formal: connect params=Kind=3,Open=1 depth=0 cover=1 slow
// formal: timer   params=Kind=4,Open=0 depth=0 cover=1 slow
// formal: send    params=Kind=5,Open=0 depth=0 cover=1 slow
// formal: notify  params=Kind=6,Open=0 depth=0 cover=1 slow
// formal: no_conn params=Kind=1,Open=0 depth=0 cover=1 slow
// formal: discard params=Kind=2,Open=0 depth=0 cover=1 slow
// formal: icmp    params=Kind=7,Open=0 depth=0 cover=1 slow

module toe_step_proof
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import toe_step_types_pkg::*;
  import step_rules_pkg::*;
#(
    parameter int unsigned Kind = 0,
    parameter bit          Open = 1'b0
) (
    input cfg_t       cfg_i,
    // Sequence numbers in the others are distances from these.
    input seq_t       rcv_base_i,
    input seq_t       snd_base_i,
    input tcb_t       tcb_i,
    input tcb_event_t ev_i,
    input seq_t       octet_i      // any octet of the peer's
);

  // Properties read what they need of a message, and covers are chosen by kind.
  // verilator lint_off UNUSEDSIGNAL

  // The control block that the event finds, after a connection has begun.
  tcb_t found, tcb, after;
  tcb_event_t ev;
  seq_t octet;
  tcb_action_t act;
  result_t result;
  assign found = tcb_at(tcb_i, rcv_base_i, snd_base_i);
  always_comb begin
    ev            = event_at(ev_i, rcv_base_i, snd_base_i);
    ev.kind       = tcb_event_e'(Kind);
    ev.open_valid = Open;
  end
  assign octet  = rcv_base_i + octet_i;
  assign tcb    = toe_step_pkg::tcb_load(cfg_i, found, ev);
  assign result = toe_step_pkg::step(cfg_i, found, ev);
  assign after  = result.after;
  assign act    = result.action;

  rx_seg_t seg;
  assign seg = ev.seg;

  logic is_segment, is_command;
  assign is_segment = ev.kind == EvSegment;
  assign is_command = ev.kind == EvCommand;

  always_comb begin
    Configured : assume (cfg_ok(cfg_i));
    // toe_rx clamps the scale (RFC 7323 section 2.3), and so does the SYN cache's record of it.
    ScaleClamped : assume (seg.opt.wscale <= 4'd14 && ev.open.snd_wscale <= 4'd14);
    PayloadFitsMtu : assume (seg.payload_len <= cfg_i.mtu - 16'd40);
    // toe_command brings the one with the other.
    OpenBringsConnect : assume (!is_command || (ev.cmd.op == CmdConnect) == Open);
    PassiveIsBySegment : assume (!Open || ev.open.passive == is_segment);
    if (!Open) Hypothesis : assume (holds(cfg_i, tcb));
    BeginsWell : assert (holds(cfg_i, tcb));
  end

  // ---- The rules are kept -----------------------------------------------------------------------

  always_comb begin
    StateOk : assert (state_ok(after));
    SendSpaceOk : assert (send_space_ok(cfg_i, after));
    OpeningOk : assert (opening_ok(after));
    OurFinOk : assert (our_fin_ok(after));
    WndOk : assert (wnd_ok(after));
    ReceiveSpaceOk : assert (receive_space_ok(cfg_i, after));
    PeerFinOk : assert (peer_fin_ok(after));
    TimersOk : assert (timers_ok(after));
  end

  // ---- What the peer may rely on ------------------------------------------------------------------

  wnd_t wnd, una_moves, nxt_moves, adv_moves;
  assign wnd       = tcb.rcv_adv - tcb.rcv_nxt;
  assign una_moves = after.snd_una - tcb.snd_una;
  assign nxt_moves = after.rcv_nxt - tcb.rcv_nxt;
  assign adv_moves = after.rcv_adv - tcb.rcv_adv;

  logic had_syn;  // the peer's SYN has been taken
  assign had_syn = tcb.state != TcpSynSent;

  seq_t text_end;
  assign text_end = seg.seq + seq_t'(seg.payload_len);
  logic octet_in_text, octet_is_fin, octet_kept;
  assign octet_in_text = seq_in(octet, seg.seq, wnd_t'(seg.payload_len));
  assign octet_is_fin  = (tcb.fin_rcvd && octet == tcb.fin_seq) ||
      (seg.flags.fin && octet == text_end);
  assign octet_kept = act.verdict.keep && seq_in(octet, act.verdict.seq, wnd_t'(act.verdict.len));

  logic is_reply;  // RST for a segment, by the rules for CLOSED: numbers are the segment's own
  assign is_reply = act.tx_valid && act.tx.flags.rst;

  always_comb begin
    UnaOnlyForward : assert (una_moves <= tcb.snd_max - tcb.snd_una);
    UnaOnlyByAck :
    assert (una_moves == '0 || (is_segment && seg.flags.ack && after.snd_una == seg.ack));
    NxtStaysInWindow : assert (!had_syn || nxt_moves <= wnd);
    AdvOnlyForward : assert (!had_syn || adv_moves <= wnd_t'(1) << cfg_i.rx_ring_log2);
    // RFC 9293 section 3.10.7.4: what is kept was inside the window, and was in the segment.
    KeepsInsideWindow :
    assert (!act.verdict.keep || (is_segment && act.verdict.len != '0 &&
            act.verdict.seq - tcb.rcv_nxt <= wnd &&
            wnd_t'(act.verdict.len) <= wnd - (act.verdict.seq - tcb.rcv_nxt)));
    KeepsPartOfSegment :
    assert (!act.verdict.keep ||
            (act.verdict.seq == seg.seq + seq_t'(act.verdict.skip) &&
             17'(act.verdict.skip) + 17'(act.verdict.len) <= 17'(seg.payload_len)));
    // Any octet that becomes acknowledged has arrived, and stays acknowledged.
    AcksWhatArrived :
    assert (!had_syn || octet - tcb.rcv_nxt >= nxt_moves ||
            (is_segment && (octet_in_text || octet_is_fin)) || is_held(
        tcb, octet
    ) || octet_is_fin);
    AckIsRcvNxt :
    assert (!(act.tx_valid && act.tx.flags.ack) || is_reply || act.tx.ack == after.rcv_nxt);
    OnlyVerdictsOfSegments :
    assert (act.verdict_valid == (ev.kind inside {EvSegment, EvNoConn, EvDiscard, EvIcmp}));
  end

  // Held intervals one by one, because all at once are too much for a solver.
  logic is_taken, stays;  // the octet is acknowledged now; it waits
  assign is_taken = octet - tcb.rcv_nxt < nxt_moves;
  assign stays    = is_held(after, octet);
  always_comb begin
    KeptIsHeld : assert (!had_syn || !octet_kept || is_taken || stays);
  end
  wnd_t octet_off, seg_off, end_off;  // from rcv_nxt
  logic near;  // the segment is somewhere about the window
  assign octet_off = octet - tcb.rcv_nxt;
  assign seg_off   = seg.seq - tcb.rcv_nxt;
  assign end_off   = text_end - tcb.rcv_nxt;
  assign near      = seg_off + (wnd_t'(1) << 20) < wnd_t'(1) << 22;
  for (genvar i = 0; i < NumIntervals; i++) begin : gen_held
    wnd_t left, right;
    assign left  = tcb.ooo[i].left - tcb.rcv_nxt;
    assign right = tcb.ooo[i].right - tcb.rcv_nxt;
    always_comb begin
      // What is found by subtraction is an order: it makes the proofs of the rest short.
      LemmaOctet :
      assert (!tcb.ooo_valid[i] || holds_octet(
          tcb, i, octet
      ) == (left <= octet_off && octet_off < right));
      LemmaOrder :
      assert (!tcb.ooo_valid[i] || !near || (sign_is_order(
          end_off, right
      ) && sign_is_order(
          end_off, left
      ) && sign_is_order(
          right, seg_off
      ) && sign_is_order(
          left, seg_off
      )));
      Inside : assert (held_inside(after, i));
      HoldsWhatArrived :
      assert (!holds_octet(after, i, octet) || is_held(tcb, octet) || octet_kept);
      // Nothing that was held is forgotten.
      ForgetsNothing : assert (!had_syn || !holds_octet(tcb, i, octet) || is_taken || stays);
    end
    for (genvar j = 0; j < i; j++) begin : gen_other
      always_comb begin
        Apart : assert (held_apart(after, i, j));
      end
    end
  end

  // ---- RST (RFC 5961 section 3) and the state machine ---------------------------------------------

  fsm_event_t moved;
  always_comb begin
    moved            = '0;
    moved.syn        = is_segment && seg.flags.syn;
    moved.acks_syn   = una_moves != '0;
    moved.fin        = fin_taken(after) && !fin_taken(tcb);
    moved.acks_fin   = after.fin_queued && after.snd_una == after.snd_end + seq_t'(1);
    moved.user_close = after.fin_queued;
  end

  // Without anybody having ended the connection.
  fsm_edges_pkg::states_t may_enter;
  assign may_enter = fsm_edges_pkg::reachable(tcb.state, moved);

  logic closes, resets, host_ends, timer_ends, icmp_ends;
  assign closes = after.state == TcpClosed && tcb.state != TcpClosed;
  assign resets = is_segment && seg.flags.rst;
  assign host_ends  = is_command && (ev.cmd.op == CmdAbort ||
      (ev.cmd.op == CmdShutdown && tcb.state == TcpSynSent));
  assign timer_ends = ev.kind == EvTimer;
  assign icmp_ends = ev.kind == EvIcmp && tcb.state == TcpSynSent;

  always_comb begin
    OnlyArrows :
    assert (may_enter[after.state] || (closes && (resets || host_ends || timer_ends || icmp_ends)));
    ExactRstCloses :
    assert (!(closes && resets) ||
            (had_syn ? seg.seq == tcb.rcv_nxt
                     : seg.flags.ack && seg.ack - tcb.snd_una - 32'd1 <
                       tcb.snd_max - tcb.snd_una));
    RstChangesNothingElse : assert (!resets || Open || closes || after.state == tcb.state);
    FinishedStays : assert (!is_finished(tcb.state) || after.state == tcb.state);
  end

  // ---- ICMP errors (RFC 5927 section 4.1) ---------------------------------------------------------

  logic is_icmp, in_flight;
  assign is_icmp   = ev.kind == EvIcmp;
  assign in_flight = seg.seq - tcb.snd_una < tcb.snd_max - tcb.snd_una;

  always_comb begin
    ForgedErrorChangesNothing :
    assert (!is_icmp || (in_flight && seg.key == tcb.key) ||
            (act.drop_valid && !closes && !act.enqueue_send && after.snd_mss == tcb.snd_mss &&
             after.snd_nxt == tcb.snd_nxt && after.cwnd == tcb.cwnd &&
             after.notify == tcb.notify));
    ErrorSendsNothing : assert (!is_icmp || (!act.tx_valid && !act.verdict.keep));
    ErrorNeverGrowsSegments : assert (!is_icmp || after.snd_mss <= tcb.snd_mss);
  end

  // ---- Sending --------------------------------------------------------------------------------------

  // Octets from snd_una to behind the segment that goes out; a keep-alive probe begins before it.
  wnd_t tx_len, tx_from, snd_nxt_moves;
  logic sends, probes;
  assign sends         = ev.kind == EvSend && act.tx_valid && !act.tx.flags.syn;
  assign tx_len        = wnd_t'(act.tx.payload_len) + wnd_t'(act.tx.flags.fin);
  assign tx_from       = act.tx.seq - tcb.snd_una;
  assign snd_nxt_moves = after.snd_nxt - tcb.snd_nxt;
  assign probes        = after.snd_nxt == tcb.snd_nxt && tx_len == wnd_t'(1);

  always_comb begin
    WithinPeersWindow :
    assert (!sends || tx_len == '0 || tx_from + tx_len <= tcb.snd_wnd || probes ||
            tx_from + tx_len <= tcb.snd_max - tcb.snd_una);
    NxtWithinPeersWindow :
    assert (ev.kind != EvSend || is_opening(
        tcb.state
    ) || after.snd_nxt == tcb.snd_nxt || after.snd_nxt - tcb.snd_una <= tcb.snd_wnd);
    SendsOnlyQueued :
    assert (!sends || tx_len == '0 || (tx_from <= tcb.snd_nxt - tcb.snd_una &&
            wnd_t'(act.tx.payload_len) <= tcb.snd_end - act.tx.seq));
    SegmentsFit : assert (!sends || act.tx.payload_len <= tcb.snd_mss || probes);
    FinIsLast :
    assert (!(act.tx_valid && act.tx.flags.fin) || (after.fin_queued &&
            act.tx.seq + seq_t'(act.tx.payload_len) == after.snd_end));
    DataOnlyByGrant :
    assert (!act.tx_valid || ev.kind == EvSend || (act.tx.payload_len == '0 &&
            !act.tx.flags.fin && !act.tx.flags.syn));
  end

  // ---- Every kind of event does something -----------------------------------------------------------

  if (Kind == 0) begin : gen_segment
    always_comb begin
      Accepts : cover (act.verdict.keep && after.state != tcb.state);
      AcksNew : cover (una_moves != '0);
      if (!Open) begin
        JoinsHeld : cover (tcb.ooo_valid == '1 && after.ooo_valid == '0 && act.verdict.keep);
        Reassembles : cover (nxt_moves > wnd_t'(seg.payload_len));
        CutsBothEnds :
        cover (act.verdict.keep && act.verdict.skip != '0 &&
               17'(act.verdict.skip) + 17'(act.verdict.len) < 17'(seg.payload_len));
        Resets : cover (closes && resets && had_syn);
        Refused : cover (closes && resets && !had_syn);
        FinAndAck : cover (tcb.state == TcpFinWait1 && after.state == TcpTimeWait);
        FinLater : cover (moved.fin && !seg.flags.fin);
        Wraps : cover (act.verdict.keep && after.rcv_nxt < tcb.rcv_nxt);
      end
    end
  end else if (Kind == 3) begin : gen_command
    always_comb begin
      if (Open) Connects : cover (act.enqueue_send && after.state == TcpSynSent);
      if (!Open) begin
        Closes : cover (tcb.state == TcpCloseWait && after.state == TcpLastAck);
        Aborts : cover (act.tx_valid && act.tx.flags.rst);
        OpensWindow : cover (adv_moves != '0);
      end
    end
  end else if (Kind == 4) begin : gen_timer
    always_comb begin
      GoesBack : cover (after.snd_nxt != tcb.snd_nxt);
      GivesUp : cover (closes);
    end
  end else if (Kind == 5) begin : gen_send
    always_comb begin
      SendsData : cover (act.tx.payload_len != '0 && snd_nxt_moves != '0);
      SendsFin : cover (act.tx.flags.fin && act.tx.payload_len != '0);
      Probes : cover (sends && probes && tcb.snd_wnd == '0 && tcb.snd_una == tcb.snd_nxt);
      SendsSyn : cover (act.tx_valid && act.tx.flags.syn);
      SendsAgain : cover (act.tx_is_rexmit && tcb.rexmit_one);
    end
  end else if (Kind == 7) begin : gen_icmp
    always_comb begin
      Refuses : cover (closes && act.unlink);
      Shrinks : cover (after.snd_mss < tcb.snd_mss && act.enqueue_send);
      Noted : cover (after.notify.icmp_error && !tcb.notify.icmp_error && !closes);
      Forged : cover (act.drop_valid);
    end
  end else begin : gen_other
    always_comb begin
      Happens : cover (act.verdict_valid || act.ntf_valid);
    end
  end

  // verilator lint_on UNUSEDSIGNAL

endmodule
