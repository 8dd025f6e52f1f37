// SPDX-License-Identifier: Apache-2.0
//
// The state machine moves along the arrows of RFC 9293 figure 5 and nowhere else.
//
// The arrows are written down here a second time, from the RFC's text.  One segment may do two
// things, and the host may have closed before the peer's SYN was acknowledged, so that a step may
// take up to three arrows.
//
// formal: edges depth=0 cover=1

module toe_fsm_proof
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
(
    input tcp_state_e state_i,
    input fsm_event_t ev_i
);

  localparam int unsigned NumStates = 11;
  typedef logic [NumStates-1:0] states_t;  // a set of states, bit index tcp_state_e

  function automatic states_t only(tcp_state_e state);
    return states_t'(1) << state;
  endfunction

  // One arrow out of every state of a set, for each thing that has happened alone.
  function automatic states_t arrow(states_t from, tcp_state_e tail, tcp_state_e head);
    return from[tail] ? only(head) : '0;
  endfunction

  // Section 3.10.7.3, 3.10.7.4 "fifth": the SYN exchange.
  function automatic states_t after_syn(states_t from);
    return arrow(from, TcpSynSent, TcpSynRcvd);
  endfunction
  function automatic states_t after_ack_of_syn(states_t from);
    return arrow(from, TcpSynRcvd, TcpEstablished);
  endfunction
  // Section 3.10.4: CLOSE.
  function automatic states_t after_close(states_t from);
    return arrow(from, TcpEstablished, TcpFinWait1) | arrow(from, TcpCloseWait, TcpLastAck);
  endfunction
  // Section 3.10.7.4 "fifth": our FIN is acknowledged.
  function automatic states_t after_ack_of_fin(states_t from);
    return arrow(from, TcpFinWait1, TcpFinWait2) | arrow(from, TcpClosing, TcpTimeWait) |
        arrow(from, TcpLastAck, TcpClosed);
  endfunction
  // Section 3.10.7.4 "eighth": FIN.
  function automatic states_t after_fin(states_t from);
    return arrow(from, TcpEstablished, TcpCloseWait) | arrow(from, TcpFinWait1, TcpClosing) |
        arrow(from, TcpFinWait2, TcpTimeWait);
  endfunction

  // Everything reachable by what has happened, each at most once, in the RFC's order; an arrow may
  // also find no state to leave.
  states_t syn, acked, closed, fin_acked, reachable;
  always_comb begin
    syn = only(state_i);
    if (ev_i.syn) syn = syn | after_syn(syn);
    acked     = ev_i.acks_syn ? syn | after_ack_of_syn(syn) : syn;
    closed    = ev_i.user_close ? acked | after_close(acked) : acked;
    fin_acked = ev_i.acks_fin ? closed | after_ack_of_fin(closed) : closed;
    reachable = ev_i.fin ? fin_acked | after_fin(fin_acked) : fin_acked;
    if (ev_i.kill) reachable = only(TcpClosed);
  end

  tcp_state_e next;
  assign next = fsm_next(state_i, ev_i);

  logic known, quiet;
  assign known = 32'(state_i) < NumStates && state_i != TcpListen;
  assign quiet = ev_i == '0;

  always_comb begin
    if (known) begin
      OnlyArrows : assert (32'(next) < NumStates && reachable[next]);
      NeverListen : assert (next != TcpListen);
      NothingByItself : assert (!quiet || next == state_i);
      ResetCloses : assert (!ev_i.kill || next == TcpClosed);
      ClosedIsFinal : assert (state_i != TcpClosed || next == TcpClosed);
      TimeWaitStays : assert (state_i != TcpTimeWait || ev_i.kill || next == TcpTimeWait);
      NotBeforeAck :
      assert (!(state_i inside {TcpSynSent, TcpSynRcvd}) || ev_i.acks_syn || ev_i.kill ||
              next inside {TcpSynSent, TcpSynRcvd});
      // It goes as far as it may: nothing that has happened is forgotten.
      TakesFin :
      assert (ev_i.kill || !ev_i.fin ||
              !(state_i inside {TcpEstablished, TcpFinWait1, TcpFinWait2}) ||
              next inside {TcpCloseWait, TcpClosing, TcpTimeWait, TcpLastAck});

      TakesAckOfFin :
      assert (ev_i.kill || !ev_i.acks_fin || state_i != TcpFinWait1 ||
              next inside {TcpFinWait2, TcpTimeWait});

      SynSentToRcvd : cover (state_i == TcpSynSent && next == TcpSynRcvd);
      SynSentToOpen : cover (state_i == TcpSynSent && next == TcpEstablished);
      OpenAndClosing : cover (state_i == TcpSynRcvd && next == TcpFinWait1);
      OpenThenFin : cover (state_i == TcpSynRcvd && next == TcpCloseWait);
      FinAndAck : cover (state_i == TcpFinWait1 && next == TcpTimeWait);
      BothClose : cover (state_i == TcpFinWait1 && next == TcpClosing);
      Dies : cover (state_i == TcpLastAck && next == TcpClosed && !ev_i.kill);
    end
  end

endmodule
