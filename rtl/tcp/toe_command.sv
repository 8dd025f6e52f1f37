// SPDX-License-Identifier: Apache-2.0
//
// Host commands: checks them, opens connections, starts and ends listening, and passes the rest on
// as EvCommand.
//
// One command at a time, in order: one that is passed on takes two cycles, CmdConnect about thirty.
// A refused command gives a notification with its tag and the reason; one that is passed on may be
// refused later.  NtfOpened of a connection is taken by the host's stream before the event that
// opens it is offered, so nothing about the connection overtakes it.
//
// CmdUnlisten answers at once.  Half-open connections of the port get no further SYN-ACK; each goes
// at its next segment (answered by RST) or deadline.

module toe_command
  import toe_pkg::*;
  import toe_tcp_pkg::*;
#(
    parameter int unsigned NumConns = 1024
) (
    input logic clk_i,
    input logic rst_i,

    input cfg_t cfg_i,
    input logic ready_i, // every table is clear

    input  logic cmd_valid_i,
    output logic cmd_ready_o,
    input  cmd_t cmd_i,

    output logic       cmd_ev_valid_o,
    input  logic       cmd_ev_ready_i,
    output tcb_event_t cmd_ev_o,

    output logic ntf_valid_o,
    input  logic ntf_ready_i,
    output ntf_t ntf_o,

    // Hash of a flow; it comes back some cycles later.
    output logic             hash_req_valid_o,
    input  logic             hash_req_ready_i,
    output flow_key_t        key_o,
    input  logic             hash_valid_i,
    input  logic      [63:0] hash_i,

    // To toe_classify: key_o gets a control block and its place in the flow table.
    output logic            connect_valid_o,
    output logic     [63:0] connect_hash_o,
    input  logic            connect_done_i,
    input  reason_e         connect_reason_i,
    input  conn_id_t        connect_conn_i,
    input  seq_t            connect_iss_i,

    output logic           listen_valid_o,
    output logic           listen_start_o,    // 0: stop listening
    output port_t          listen_port_o,
    output logic    [15:0] listen_backlog_o,
    input  reason_e        listen_reason_i,

    input logic [16:0] used_limit_i,  // connections from here on were never opened

    output logic idle_o
);

  typedef enum logic [3:0] {
    CommandIdle,
    CommandCheck,
    CommandListen,
    CommandAsk,      // waits until the hash begins
    CommandHash,     // waits for the hash
    CommandConnect,  // waits for the connection
    CommandOpened,   // NtfOpened waits
    CommandRefused,  // the refusal waits
    CommandPass      // the event waits
  } state_e;

  state_e state_q, state_d;
  cmd_t cmd_q;
  logic [63:0] hash_q;
  conn_id_t conn_q;
  seq_t iss_q;
  reason_e reason_q, reason_d;

  // An address that no connection can have (RFC 1122 section 3.2.1.3).
  function automatic logic is_bad_remote(ipv4_t ip, ipv4_t local_ip, ipv4_t netmask);
    logic subnet_broadcast;
    subnet_broadcast = ((ip ^ local_ip) & netmask) == '0 && (ip | netmask) == '1 &&
                       netmask[1:0] == '0;  // subnets of one or two addresses have none
    return ip[31:24] == 8'd0 || ip[31:24] == 8'd127 || ip[31:29] == 3'b111 ||
           ip == local_ip || subnet_broadcast;
  endfunction

  // verilator lint_off UNUSEDSIGNAL
  // What can be said of a command without looking further; ReasonNone: go on.
  function automatic reason_e check(cfg_t cfg, cmd_t cmd, logic [16:0] used_limit);
    unique case (cmd.op)
      CmdConnect: begin
        if (!cfg.enable) return ReasonBadState;
        if (!cfg.key_valid) return ReasonNoKey;
        if (cmd.remote_port == '0 || cmd.local_port == '0) return ReasonBadValue;
        if (is_bad_remote(cmd.remote_ip, cfg.local_ip, cfg.netmask)) return ReasonBadValue;
      end
      CmdListen: begin
        if (cmd.local_port == '0) return ReasonBadValue;
        if (cmd.value == '0 || cmd.value[31:16] != '0) return ReasonBadValue;
      end
      CmdUnlisten: ;
      CmdSend, CmdReceived, CmdShutdown, CmdAbort, CmdRelease, CmdQuery, CmdSetOpts: begin
        if ({1'b0, cmd.conn} >= 17'(NumConns) || {1'b0, cmd.conn} >= used_limit)
          return ReasonBadConn;
      end
      default: return ReasonBadOp;
    endcase
    return ReasonNone;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  assign cmd_ready_o = ready_i && (state_q == CommandIdle ||
                                   (state_q == CommandPass && cmd_ev_ready_i));

  assign key_o = '{
          remote_ip: cmd_q.remote_ip,
          remote_port: cmd_q.remote_port,
          local_port: cmd_q.local_port
      };

  assign hash_req_valid_o = state_q == CommandAsk;
  assign listen_valid_o = state_q == CommandListen;
  assign listen_start_o = cmd_q.op == CmdListen;
  assign listen_port_o = cmd_q.local_port;
  assign listen_backlog_o = cmd_q.value[15:0];
  assign connect_hash_o = hash_q;
  assign connect_valid_o = state_q == CommandConnect;
  assign idle_o = state_q == CommandIdle && !cmd_valid_i;

  always_comb begin
    state_d  = state_q;
    reason_d = reason_q;
    unique case (state_q)
      CommandIdle:    ;
      CommandCheck: begin
        reason_d = check(cfg_i, cmd_q, used_limit_i);
        if (reason_d != ReasonNone) begin
          state_d = CommandRefused;
        end else if (cmd_q.op == CmdConnect) begin
          state_d = CommandAsk;
        end else if (cmd_q.op == CmdListen || cmd_q.op == CmdUnlisten) begin
          state_d = CommandListen;
        end else begin
          state_d = CommandPass;
        end
      end
      CommandListen: begin
        reason_d = listen_reason_i;
        state_d  = listen_reason_i == ReasonNone ? CommandIdle : CommandRefused;
      end
      CommandAsk:     if (hash_req_ready_i) state_d = CommandHash;
      CommandHash:    if (hash_valid_i) state_d = CommandConnect;
      CommandConnect: begin
        if (connect_done_i) begin
          reason_d = connect_reason_i;
          state_d  = connect_reason_i == ReasonNone ? CommandOpened : CommandRefused;
        end
      end
      CommandOpened:  if (ntf_ready_i) state_d = CommandPass;
      CommandRefused: if (ntf_ready_i) state_d = CommandIdle;
      CommandPass:    if (cmd_ev_ready_i) state_d = CommandIdle;
      default:        state_d = CommandIdle;
    endcase
    if (cmd_valid_i && cmd_ready_o && cmd_i.op != CmdNop) state_d = CommandCheck;
  end

  assign ntf_valid_o = state_q == CommandOpened || state_q == CommandRefused;
  always_comb begin
    ntf_o        = '0;
    ntf_o.reason = ReasonNone;
    if (ntf_valid_o) begin
      ntf_o.body.remote_ip      = cmd_q.remote_ip;
      ntf_o.body.remote_port    = cmd_q.remote_port;
      ntf_o.body.local_port     = cmd_q.local_port;
      ntf_o.body.tag_or_snd_nxt = cmd_q.tag;
      if (state_q == CommandOpened) begin
        ntf_o.body.flags.opened = 1'b1;
        ntf_o.body.state        = TcpSynSent;
        ntf_o.body.conn         = conn_q;
        ntf_o.body.iss          = iss_q;
        ntf_o.body.snd_una      = iss_q;
      end else begin
        ntf_o.body.flags.refused = 1'b1;
        ntf_o.body.conn          = cmd_q.op == CmdConnect ? '0 : cmd_q.conn;
        ntf_o.reason             = reason_q;
      end
    end
  end

  // Without an open_valid nobody reads the open.
  assign cmd_ev_valid_o = state_q == CommandPass;
  always_comb begin
    cmd_ev_o                = '0;
    cmd_ev_o.kind           = EvCommand;
    cmd_ev_o.conn           = cmd_q.op == CmdConnect ? conn_q : cmd_q.conn;
    cmd_ev_o.cmd            = cmd_q;
    cmd_ev_o.open_valid     = cmd_q.op == CmdConnect;
    cmd_ev_o.open.key       = key_o;
    cmd_ev_o.open.flow_hash = hash_q[31:0];
    cmd_ev_o.open.iss       = iss_q;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) state_q <= CommandIdle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    reason_q <= reason_d;
    if (cmd_valid_i && cmd_ready_o) cmd_q <= cmd_i;
    if (hash_valid_i) hash_q <= hash_i;
    if (connect_done_i) begin
      conn_q <= connect_conn_i;
      iss_q  <= connect_iss_i;
    end
  end

endmodule
