// SPDX-License-Identifier: Apache-2.0
//
// What the control-block pipeline, its arbiter and its output queues agree on: how long an event
// takes, which events may follow each other, and what room each kind of event needs.

package toe_tcb_pkg;
  import toe_pkg::*;
  import toe_tcp_pkg::*;

  // The stage in which an event's results are written.  Stage 1 is its grant and the RAM read, 2 the
  // RAM's output and tcb_load, then one for each further function of toe_step_pkg.
  localparam int unsigned WriteStage = 8;

  // An event whose RAM output appears in the cycle of an earlier event's write takes what is being
  // written in place of it: ForwardAge cycles lie between the two grants.
  localparam int unsigned ForwardAge = WriteStage - 2;

  // Two events of one connection may not be granted this many cycles apart: the second would read
  // what the first has not yet written, or in the very cycle of the write.
  function automatic logic age_conflicts(int unsigned age);
    return age < WriteStage && age != ForwardAge;
  endfunction

  // The event reads and writes the TCB of its connection.
  function automatic logic uses_tcb(tcb_event_e kind);
    return kind != EvNoConn && kind != EvDiscard;
  endfunction

  // What an event of this kind does not have is zero, so that a step depends on nothing else.
  function automatic tcb_event_t only_own(tcb_event_t ev_in);
    tcb_event_t ev;
    ev = ev_in;
    if (ev.kind inside {EvCommand, EvTimer, EvSend, EvNotify}) ev.seg = '0;
    if (ev.kind != EvCommand) ev.cmd = '0;
    if (!ev.open_valid) ev.open = '0;
    if (ev.kind != EvNoConn) ev.muted = 1'b0;
    return ev;
  endfunction

  // One bit for each output queue.
  typedef struct packed {
    logic tx;       // segments to send
    logic verdict;  // verdicts on payload
    logic ntf;      // notifications to the host
    logic ending;   // time_wait, unlink, free
  } outputs_t;

  // The queues that an event of this kind may put something into.
  function automatic outputs_t outputs_of(tcb_event_e kind);
    outputs_t outputs;
    outputs.tx      = kind != EvNotify && kind != EvIcmp;
    outputs.verdict = kind inside {EvSegment, EvNoConn, EvDiscard, EvIcmp};
    outputs.ntf     = kind == EvNotify || kind == EvCommand;
    outputs.ending  = uses_tcb(kind);
    return outputs;
  endfunction

  // The end of a connection, for toe_flow, in this order: time_wait, unlink, free.
  typedef struct packed {
    logic        time_wait;
    logic        unlink;
    logic        free;
    conn_id_t    conn;
    flow_key_t   key;
    logic [31:0] flow_hash;
    time_wait_t  time_wait_rec;
  } ending_t;

endpackage
