// SPDX-License-Identifier: Apache-2.0
//
// toe_event_arb with the fields of its events as ports, for tests in C.  A mark travels with each
// event of toe_flow: the sequence number of a segment, the tag of a command.

module tb_tcb_arb
  import toe_pkg::*;
  import toe_tcp_pkg::*;
  import toe_tcb_pkg::*;
#(
    parameter int unsigned NumConns = 16
) (
    input logic clk_i,
    input logic rst_i,

    input logic     hold_i,
    input time_us_t now_us_i,

    input  logic            rx_valid_i,
    output logic            rx_ready_o,
    input  logic     [ 2:0] rx_kind_i,
    input  conn_id_t        rx_conn_i,
    input  logic     [31:0] rx_mark_i,
    input  logic            rx_open_i,
    input  logic            cmd_valid_i,
    output logic            cmd_ready_o,
    input  conn_id_t        cmd_conn_i,
    input  logic     [31:0] cmd_mark_i,
    input  logic            cmd_open_i,

    input  logic     timer_valid_i,
    output logic     timer_ready_o,
    input  conn_id_t timer_conn_i,
    input  logic     send_valid_i,
    output logic     send_ready_o,
    input  conn_id_t send_conn_i,
    input  logic     notify_valid_i,
    output logic     notify_ready_o,
    input  conn_id_t notify_conn_i,

    // Bits as in outputs_t: 3 tx, 2 verdict, 1 ntf, 0 ending.
    input  logic [3:0] room_i,
    input  logic       notify_room_i,
    output logic [3:0] take_o,

    output logic            ev_valid_o,
    output logic     [ 2:0] ev_kind_o,
    output conn_id_t        ev_conn_o,
    output time_us_t        ev_now_us_o,
    output logic     [31:0] ev_seg_mark_o,
    output logic     [31:0] ev_cmd_mark_o,
    output logic            ev_open_o,
    output logic     [31:0] ev_open_mark_o,
    output logic            ev_more_o,

    output logic busy_o,
    output logic [7:0] write_stage_o
);

  tcb_event_t rx_ev, cmd_ev, raw_ev, ev;
  logic unused_forward;
  outputs_t room, take;

  always_comb begin
    rx_ev            = '0;
    rx_ev.kind       = tcb_event_e'(rx_kind_i);
    rx_ev.conn       = rx_conn_i;
    rx_ev.seg.seq    = rx_mark_i;
    rx_ev.open_valid = rx_open_i;
    rx_ev.open.iss   = rx_mark_i;
  end

  always_comb begin
    cmd_ev            = '0;
    cmd_ev.kind       = EvCommand;
    cmd_ev.conn       = cmd_conn_i;
    cmd_ev.cmd.tag    = cmd_mark_i;
    cmd_ev.open_valid = cmd_open_i;
    cmd_ev.open.iss   = cmd_mark_i;
  end

  assign room   = outputs_t'(room_i);
  assign take_o = take;

  toe_event_arb #(
      .NumConns(NumConns)
  ) u_arb (
      .clk_i,
      .rst_i,
      .hold_i,
      .now_us_i,
      .rx_valid_i,
      .rx_ready_o,
      .rx_ev_i     (rx_ev),
      .cmd_valid_i,
      .cmd_ready_o,
      .cmd_ev_i    (cmd_ev),
      .timer_valid_i,
      .timer_ready_o,
      .timer_conn_i,
      .send_valid_i,
      .send_ready_o,
      .send_conn_i,
      .notify_valid_i,
      .notify_ready_o,
      .notify_conn_i,
      .busy_o,
      .room_i      (room),
      .notify_room_i,
      .take_o      (take),
      .ev_valid_o,
      .ev_o        (raw_ev),
      .ev_forward_o(unused_forward)
  );
  assign ev             = only_own(raw_ev);

  assign ev_kind_o      = ev.kind;
  assign ev_conn_o      = ev.conn;
  assign ev_now_us_o    = ev.now_us;
  assign ev_seg_mark_o  = ev.seg.seq;
  assign ev_cmd_mark_o  = ev.cmd.tag;
  assign ev_open_o      = ev.open_valid;
  assign ev_open_mark_o = ev.open.iss;
  assign ev_more_o      = ev.more;
  assign write_stage_o  = 8'(WriteStage);

endmodule
