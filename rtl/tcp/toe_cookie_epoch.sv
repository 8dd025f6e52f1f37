// SPDX-License-Identifier: Apache-2.0
//
// SYN cookies: epochs, their keys, and when cookies are used.
//
// The first key that the host has loaded whole is used at once.  After that keys change at the
// beginning of an epoch: the one before stays for the cookies of the last epoch, and the one that is
// loaded by then begins.  An epoch's number is in its cookies' MAC as well, so under one key, too, they
// end with the epoch after theirs.

module toe_cookie_epoch
  import toe_pkg::*;
  import toe_cookie_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // verilator lint_off UNUSEDSIGNAL
    input cfg_t     cfg_i,
    input time_us_t now_us_i, // the bits that tell the epoch
    // verilator lint_on UNUSEDSIGNAL

    output epoch_t         epoch_o,
    output logic   [127:0] key_o,
    output logic   [127:0] last_key_o, // of the epoch before this one

    input  logic [15:0] half_open_count_i,
    output logic        able_o,             // there is a key
    output logic        active_o,           // every SYN gets a cookie
    input  logic        sent_i,             // one was sent
    input  logic        sent_parity_i,
    output logic [ 1:0] out_o               // cookies of this parity may come back
);

  epoch_t epoch_q, epoch_now, epoch_next;
  logic [127:0] key_q, last_key_q;
  logic able_q, active_q, begins;
  logic [1:0] out_q;

  assign epoch_now  = epoch_of(now_us_i);
  assign epoch_next = epoch_q + 1'b1;
  assign begins     = epoch_now != epoch_q;

  always_ff @(posedge clk_i) begin
    epoch_q <= epoch_now;
    if (begins) last_key_q <= key_q;
    if (!able_q || (begins && cfg_i.cookie_key_valid)) key_q <= cfg_i.cookie_key;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      able_q   <= 1'b0;
      active_q <= 1'b0;
      out_q    <= '0;
    end else begin
      if (cfg_i.cookie_key_valid) able_q <= 1'b1;
      active_q <= half_open_count_i >= cfg_i.cookie_high ||
                  (active_q && half_open_count_i > cfg_i.cookie_low);
      // The epoch that begins takes the place of the one before the last.
      if (begins) out_q[epoch_now[0]] <= 1'b0;
      if (begins && epoch_now != epoch_next) out_q <= '0;
      if (sent_i) out_q[sent_parity_i] <= 1'b1;
    end
  end

  assign epoch_o    = epoch_q;
  assign key_o      = key_q;
  assign last_key_o = last_key_q;
  assign able_o     = able_q && cfg_i.syn_cookies;
  assign active_o   = able_o && active_q;
  assign out_o      = out_q;

endmodule
