// SPDX-License-Identifier: Apache-2.0
//
// The TCP state machine: every arrow of RFC 9293 figure 5, and nothing else.
//
// A pure function of a state and of what has happened.  What is checked, sent and counted on the
// way is in toe_step_pkg and the packages that it names.

package toe_fsm_pkg;
  import toe_tcp_pkg::*;

  // What has happened, after all checks of RFC 9293 section 3.10.7.  One segment may set several.
  typedef struct packed {
    logic syn;         // SYN of the peer, in SYN-SENT
    logic acks_syn;    // our SYN is acknowledged
    logic fin;         // the peer's FIN is next in sequence: everything before it has arrived
    logic acks_fin;    // our FIN is acknowledged
    logic user_close;  // the host has shut down its direction; stays set (tcb_t.fin_queued)
    logic kill;        // acceptable RST, abort by the host, or retransmissions used up
  } fsm_event_t;

  // Each function reads its own part of what has happened.
  // verilator lint_off UNUSEDSIGNAL

  // LISTEN has no arrow here: toe_syn_cache holds half-open passive connections, and their TCB
  // begins in SYN-RECEIVED with the segment that completes the handshake.
  function automatic tcp_state_e open_next(tcp_state_e state, fsm_event_t ev);
    unique case (state)
      TcpSynSent: begin
        if (ev.syn && ev.acks_syn) return TcpEstablished;
        if (ev.syn) return TcpSynRcvd;  // both ends open at once
      end
      TcpSynRcvd: if (ev.acks_syn) return TcpEstablished;
      default: ;
    endcase
    return state;
  endfunction

  // The host closes.  In SYN-RECEIVED the FIN is "queued for processing after entering
  // ESTABLISHED" (RFC 9293 section 3.10.4), which spares a FIN-WAIT-1 with an open SYN.
  function automatic tcp_state_e user_close_next(tcp_state_e state, fsm_event_t ev);
    if (ev.user_close) begin
      unique case (state)
        TcpEstablished: return TcpFinWait1;
        TcpCloseWait: return TcpLastAck;
        default: ;
      endcase
    end
    return state;
  endfunction

  // The peer closes, or acknowledges that we did.
  function automatic tcp_state_e peer_close_next(tcp_state_e state, fsm_event_t ev);
    unique case (state)
      TcpEstablished: if (ev.fin) return TcpCloseWait;
      TcpFinWait1: begin
        if (ev.fin && ev.acks_fin) return TcpTimeWait;
        if (ev.fin) return TcpClosing;  // both ends close at once
        if (ev.acks_fin) return TcpFinWait2;
      end
      TcpFinWait2: if (ev.fin) return TcpTimeWait;
      TcpClosing: if (ev.acks_fin) return TcpTimeWait;
      TcpLastAck: if (ev.acks_fin) return TcpClosed;
      default: ;
    endcase
    return state;
  endfunction

  // verilator lint_on UNUSEDSIGNAL

  function automatic tcp_state_e fsm_next(tcp_state_e state, fsm_event_t ev);
    if (ev.kill) return TcpClosed;
    return peer_close_next(user_close_next(open_next(state, ev), ev), ev);
  endfunction

  // Both SYNs are acknowledged, and the connection has not ended.
  function automatic logic is_open(tcp_state_e state);
    return state inside {TcpEstablished, TcpFinWait1, TcpFinWait2, TcpCloseWait, TcpClosing,
                         TcpLastAck};
  endfunction

  // The peer may still send data.
  function automatic logic can_receive(tcp_state_e state);
    return state inside {TcpEstablished, TcpFinWait1, TcpFinWait2};
  endfunction

  // Only the host's release is still to come.
  function automatic logic is_finished(tcp_state_e state);
    return state inside {TcpClosed, TcpTimeWait};
  endfunction

endpackage
