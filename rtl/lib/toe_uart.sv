// SPDX-License-Identifier: Apache-2.0
//
// UART: 8 data bits, no parity, one stop bit.
//
// The receiver samples in the middle of each bit, at a rate that is exact on average.  An octet whose
// stop bit is not 1 is dropped; after a line that stays 0 it waits for 1 before it looks for a start
// bit again.  An octet that comes while the one before has not been taken is lost: there is nobody on a
// UART to hold back.  The sender makes every bit as long as it should be, and a second of octets is a
// second.

module toe_uart #(
    parameter int unsigned ClkHz = 125_000_000,
    parameter int unsigned Baud  = 1_000_000     // at most a quarter of ClkHz
) (
    input logic clk_i,
    input logic rst_i,

    input  logic rxd_i,  // asynchronous
    output logic txd_o,

    output logic       rx_valid_o,
    input  logic       rx_ready_i,
    output logic [7:0] rx_data_o,

    input  logic       tx_valid_i,
    output logic       tx_ready_o,
    input  logic [7:0] tx_data_i
);

  if (Baud == 0 || Baud > ClkHz / 4) begin : gen_check
    $error("toe_uart: Baud is 1 to ClkHz / 4");
  end

  // ---- Receiver --------------------------------------------------------------------------------

  typedef enum logic [1:0] {
    RxBreak,  // waits for a line that is idle
    RxIdle,
    RxBits    // start, data and stop bit
  } rx_state_e;

  rx_state_e rx_state_q;
  logic [1:0] rxd_q;  // for metastability
  logic rxd, rx_start, rx_tick;
  logic [8:0] rx_shift_q;  // oldest bit lowest, the start bit first
  logic [3:0] rx_left_q;  // bits until the stop bit
  assign rxd      = rxd_q[1];
  assign rx_start = rx_state_q == RxIdle && !rxd;

  toe_rate #(
      .ClkHz (ClkHz),
      .RateHz(Baud)
  ) u_rx_rate (
      .clk_i,
      .rst_i,
      .clear_i(rx_start),
      .tick_o (rx_tick)
  );

  always_ff @(posedge clk_i) begin
    rxd_q <= {rxd_q[0], rxd_i};
    if (rx_tick) rx_shift_q <= {rxd, rx_shift_q[8:1]};
  end

  logic rx_stop, rx_whole;
  assign rx_stop  = rx_state_q == RxBits && rx_tick && rx_left_q == '0;
  // A start bit that was 1 in its middle was none.
  assign rx_whole = rx_stop && rxd && !rx_shift_q[0];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      rx_state_q <= RxBreak;
      rx_left_q  <= '0;
      rx_valid_o <= 1'b0;
    end else begin
      unique case (rx_state_q)
        RxBreak: if (rxd) rx_state_q <= RxIdle;
        RxIdle: begin
          rx_left_q <= 4'd9;
          if (rx_start) rx_state_q <= RxBits;
        end
        default: begin
          if (rx_tick) rx_left_q <= rx_left_q - 1'b1;
          if (rx_stop) rx_state_q <= rxd ? RxIdle : RxBreak;
          else if (rx_tick && rx_left_q == 4'd9 && rxd) rx_state_q <= RxIdle;
        end
      endcase
      if (rx_whole) rx_valid_o <= 1'b1;
      else if (rx_ready_i) rx_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rx_whole && (!rx_valid_o || rx_ready_i)) rx_data_o <= rx_shift_q[8:1];
  end

  // ---- Sender ----------------------------------------------------------------------------------

  logic tx_tick;
  logic [8:0] tx_shift_q;  // next bit lowest; ones follow
  logic [3:0] tx_left_q;  // bits that are not over yet, the present one included

  toe_rate #(
      .ClkHz (ClkHz),
      .RateHz(Baud)
  ) u_tx_rate (
      .clk_i,
      .rst_i,
      .clear_i(1'b0),
      .tick_o (tx_tick)
  );

  // An octet begins where a bit of the one before ends.
  assign tx_ready_o = tx_tick && (tx_left_q == '0 || tx_left_q == 4'd1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      tx_left_q  <= '0;
      tx_shift_q <= '1;
      txd_o      <= 1'b1;
    end else if (tx_valid_i && tx_ready_o) begin
      tx_left_q  <= 4'd10;
      tx_shift_q <= {1'b1, tx_data_i};
      txd_o      <= 1'b0;
    end else if (tx_tick) begin
      if (tx_left_q != '0) tx_left_q <= tx_left_q - 1'b1;
      tx_shift_q <= {1'b1, tx_shift_q[8:1]};
      txd_o      <= tx_shift_q[0];
    end
  end

endmodule
