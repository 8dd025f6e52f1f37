// SPDX-License-Identifier: Apache-2.0
//
// The arrows of RFC 9293 figure 5, written down a second time from the RFC's text, for proofs.

package fsm_edges_pkg;
  import toe_tcp_pkg::*;
  import toe_fsm_pkg::*;

  localparam int unsigned NumStates = 11;
  typedef logic [NumStates-1:0] states_t;  // a set of states, bit index tcp_state_e

  function automatic states_t only(tcp_state_e state);
    return states_t'(1) << state;
  endfunction

  // One arrow, from a set of states.
  function automatic states_t arrow(states_t from, tcp_state_e tail, tcp_state_e head);
    return from[tail] ? only(head) : '0;
  endfunction

  // Everywhere that what has happened may lead, each thing at most once, in the order of section
  // 3.10.7.  An arrow may also find no state to leave.
  function automatic states_t reachable(tcp_state_e state, fsm_event_t ev);
    states_t from;
    if (ev.kill) return only(TcpClosed);
    from = only(state);
    // Section 3.10.7.3, and section 3.10.7.4 "fifth" in SYN-RECEIVED: the SYN exchange.
    if (ev.syn) from = from | arrow(from, TcpSynSent, TcpSynRcvd);
    if (ev.acks_syn) from = from | arrow(from, TcpSynRcvd, TcpEstablished);
    // Section 3.10.4: CLOSE.
    if (ev.user_close)
      from = from | arrow(
          from, TcpEstablished, TcpFinWait1
      ) | arrow(
          from, TcpCloseWait, TcpLastAck
      );
    // Section 3.10.7.4 "fifth": our FIN is acknowledged.
    if (ev.acks_fin)
      from = from | arrow(
          from, TcpFinWait1, TcpFinWait2
      ) | arrow(
          from, TcpClosing, TcpTimeWait
      ) | arrow(
          from, TcpLastAck, TcpClosed
      );
    // Section 3.10.7.4 "eighth": FIN.
    if (ev.fin)
      from = from | arrow(
          from, TcpEstablished, TcpCloseWait
      ) | arrow(
          from, TcpFinWait1, TcpClosing
      ) | arrow(
          from, TcpFinWait2, TcpTimeWait
      );
    return from;
  endfunction

endpackage
