// SPDX-License-Identifier: Apache-2.0
//
// The state machine moves along the arrows of RFC 9293 figure 5 and nowhere else.
//
// fsm_edges_pkg has the arrows a second time, from the RFC's text.  One segment may do two
// things, and the host may have closed before the peer's SYN was acknowledged, so that a step may
// take up to three arrows.
//
// formal: edges depth=0 cover=1

module toe_fsm_proof
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;
  import fsm_edges_pkg::*;
(
    input tcp_state_e state_i,
    input fsm_event_t ev_i
);

  states_t may_enter;
  assign may_enter = reachable(state_i, ev_i);

  tcp_state_e next;
  assign next = fsm_next(state_i, ev_i);

  logic known, quiet;
  assign known = 32'(state_i) < NumStates && state_i != TcpListen;
  assign quiet = ev_i == '0;

  always_comb begin
    if (known) begin
      OnlyArrows : assert (32'(next) < NumStates && may_enter[next]);
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
