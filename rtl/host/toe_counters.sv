// SPDX-License-Identifier: Apache-2.0
//
// NumCounters counters of 32 bits that wrap, in one RAM.
//
// Each counter may be counted in every cycle.  A small sum beside the RAM takes the pulses; sums
// that are not zero are added to the RAM in turn, one every second cycle.  So the RAM lags by less
// than five cycles a counter, and is exact when idle_o is 1.  A read is answered within five
// cycles, one at a time: after rd_valid_i the caller waits for rd_done_o.  clear_i makes every
// counter 0, in 64 cycles; ready_o says when that is done, and reads wait for it.

module toe_counters #(
    parameter int unsigned NumCounters = 46  // 2 to 64
) (
    input logic clk_i,
    input logic rst_i,

    input  logic                   clear_i,
    output logic                   ready_o,
    input  logic [NumCounters-1:0] pulse_i,

    input  logic        rd_valid_i,
    input  logic [ 5:0] rd_index_i,
    output logic        rd_done_o,
    output logic [31:0] rd_data_o,

    output logic idle_o
);

  // A sum waits for at most two sweeps of two cycles a counter and one more.
  localparam int unsigned SumWidth = $clog2(4 * NumCounters + 8);
  typedef logic [5:0] index_t;
  typedef logic [SumWidth-1:0] sum_t;

  logic [NumCounters-1:0] open_q;  // sums that are not zero
  logic [NumCounters-1:0] sweep_q;  // those of them that have their turn in this sweep
  sum_t [NumCounters-1:0] sum_q;

  // Steps of one addition, of which one may begin every second cycle: choose a sum; take it and read
  // the RAM; keep what comes out; add and write.
  logic take_q, keep_q, add_q;
  index_t index_q, add_index_q;
  sum_t amount_q;

  logic clear_q;
  index_t clear_index_q;

  logic found;
  logic [NumCounters-1:0] lowest;  // of sweep_q, one hot
  index_t choice;
  assign found  = sweep_q != '0;
  assign lowest = sweep_q & (~sweep_q + 1'b1);

  // Counters whose number has this bit set.
  function automatic logic [NumCounters-1:0] with_bit(int unsigned index_bit);
    for (int unsigned i = 0; i < NumCounters; i++) with_bit[i] = (i >> index_bit) % 2 == 1;
  endfunction

  for (genvar i = 0; i < 6; i++) begin : gen_choice
    localparam logic [NumCounters-1:0] Mask = with_bit(i);
    assign choice[i] = (lowest & Mask) != '0;
  end

  // Reads of the host go between the others.
  logic rd_wait_q, rd_keep_q, rd_done_q;
  index_t rd_index_q;
  logic   rd_go;
  assign rd_go = rd_wait_q && !take_q && !clear_q;

  logic [31:0] ram_data, data_q;
  toe_ram #(
      .Width(32),
      .Depth(64)
  ) u_ram (
      .clk_i,
      .wr_en_i  (clear_q || add_q),
      .wr_addr_i(clear_q ? clear_index_q : add_index_q),
      .wr_data_i(clear_q ? '0 : data_q + 32'(amount_q)),
      .rd_en_i  (take_q || rd_go),
      .rd_addr_i(take_q ? index_q : rd_index_q),
      .rd_data_o(ram_data)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i || clear_i) begin
      open_q        <= '0;
      sweep_q       <= '0;
      sum_q         <= '0;
      take_q        <= 1'b0;
      keep_q        <= 1'b0;
      add_q         <= 1'b0;
      index_q       <= '0;
      clear_q       <= 1'b1;
      clear_index_q <= '0;
    end else begin
      take_q <= found && !take_q && !clear_q;
      if (!take_q && !clear_q) begin
        index_q <= choice;
        sweep_q <= found ? sweep_q & ~lowest : open_q;
      end
      keep_q <= take_q;
      add_q  <= keep_q;
      if (pulse_i != '0) begin
        open_q <= open_q | pulse_i;
        for (int unsigned i = 0; i < NumCounters; i++) begin
          if (pulse_i[i]) sum_q[i] <= sum_q[i] + 1'b1;
        end
      end
      if (take_q) begin
        sum_q[index_q]  <= sum_t'(pulse_i[index_q]);
        open_q[index_q] <= pulse_i[index_q];
      end
      if (clear_q) begin
        clear_index_q <= clear_index_q + 1'b1;
        clear_q       <= clear_index_q != '1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_q) begin
      add_index_q <= index_q;
      amount_q    <= sum_q[index_q];
    end
    if (keep_q || rd_keep_q) data_q <= ram_data;
  end

  always_ff @(posedge clk_i) begin
    if (rd_valid_i) rd_index_q <= rd_index_i;
    if (rst_i) begin
      rd_wait_q <= 1'b0;
      rd_keep_q <= 1'b0;
      rd_done_q <= 1'b0;
    end else begin
      rd_wait_q <= rd_valid_i || (rd_wait_q && !rd_go);
      rd_keep_q <= rd_go;
      rd_done_q <= rd_keep_q;
    end
  end

  assign ready_o   = !clear_q;
  assign rd_done_o = rd_done_q;
  assign rd_data_o = data_q;
  assign idle_o    = open_q == '0 && !take_q && !keep_q && !add_q && !clear_q && pulse_i == '0;

endmodule
