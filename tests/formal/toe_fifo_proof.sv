// SPDX-License-Identifier: Apache-2.0
//
// toe_fifo loses, repeats, invents and reorders nothing: any one item, chosen when it goes in,
// comes out after exactly those before it, whatever the other side does meanwhile.
//
// formal: two   params=Depth=2,Width=2 depth=2 cover=12
// formal: four  params=Depth=4,Width=2 depth=2 cover=14
// formal: eight params=Depth=8,Width=3 depth=2 cover=20

module toe_fifo_proof #(
    parameter int unsigned Width = 2,
    parameter int unsigned Depth = 4,
    localparam int unsigned CountWidth = $clog2(Depth) + 1
) (
    input logic             clk_i,
    input logic             rst_i,
    input logic             in_valid_i,
    input logic [Width-1:0] in_data_i,
    input logic             out_ready_i,
    input logic             mark_i        // the item that goes in now is the one to follow
);

  localparam int unsigned AddrWidth = $clog2(Depth);
  typedef logic [CountWidth-1:0] count_t;
  typedef logic [AddrWidth-1:0] addr_t;

  logic in_ready, out_valid;
  logic [Width-1:0] out_data;
  count_t count;

  toe_fifo #(
      .Width(Width),
      .Depth(Depth)
  ) u_dut (
      .clk_i,
      .rst_i,
      .in_valid_i,
      .in_ready_o (in_ready),
      .in_data_i,
      .out_valid_o(out_valid),
      .out_ready_i,
      .out_data_o (out_data),
      .count_o    (count)
  );

  toe_stream_check #(
      .Width(Width)
  ) u_out_check (
      .clk_i,
      .rst_i,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );

  logic started_q;  // a proof begins in any state, so it begins with a reset
  initial started_q = 1'b0;

  count_t inside_q;  // items in, by the ports alone
  logic   idle_q;  // something was inside and nothing offered

  logic push, pop;
  assign push = in_valid_i && in_ready;
  assign pop  = out_valid && out_ready_i;

  logic follows;
  count_t ahead;
  logic [Width-1:0] item;

  item_follower #(
      .Width     (Width),
      .CountWidth(CountWidth)
  ) u_follower (
      .clk_i,
      .rst_i,
      .push_i   (push),
      .pop_i    (pop),
      .data_i   (in_data_i),
      .mark_i,
      .waiting_i(inside_q),
      .follows_o(follows),
      .ahead_o  (ahead),
      .item_o   (item)
  );

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (rst_i) begin
      inside_q <= '0;
      idle_q   <= 1'b0;
    end else begin
      inside_q <= inside_q + count_t'(push) - count_t'(pop);
      idle_q   <= !out_valid && inside_q != '0;
    end
  end

  logic [Depth-1:0][Width-1:0] places, mem;
  count_t placed;
  logic   sound;

  // A memory does not go through a port.
  always_comb begin
    for (int unsigned i = 0; i < Depth; i++) mem[i] = u_dut.mem_q[i];
  end

  fifo_places #(
      .Width(Width),
      .Depth(Depth)
  ) u_places (
      .out_valid_i(u_dut.state_q.out_valid),
      .out_i      (u_dut.out_q),
      .ram_valid_i(u_dut.state_q.ram_valid),
      .ram_i      (u_dut.ram_q),
      .rd_ptr_i   (u_dut.state_q.rd_ptr),
      .wr_ptr_i   (u_dut.state_q.wr_ptr),
      .stored_i   (u_dut.state_q.stored),
      .mem_i      (mem),
      .item_o     (places),
      .count_o    (placed),
      .sound_o    (sound)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      CountIsRight : assert (count == inside_q && 32'(inside_q) <= Depth);
      ReadyUnlessFull : assert (in_ready == (32'(inside_q) != Depth));
      NothingInvented : assert (!out_valid || inside_q != '0);
      InOrder : assert (!(follows && ahead == '0 && out_valid) || out_data == item);
      NotLost : assert (!follows || ahead < inside_q);
      NotIdleTwice : assert (!(idle_q && !out_valid && inside_q != '0));
      // What induction needs to know of the inside.
      ItemInPlace : assert (!follows || places[addr_t'(ahead)] == item);
      PlacesAddUp : assert (placed == inside_q && sound);
      RamIsRead : assert (u_dut.state_q.stored == '0 || u_dut.state_q.stored != placed);
      IdleEnds : assert (!idle_q || out_valid);

      Full : cover (32'(inside_q) == Depth && follows);
      Leaves : cover (follows && ahead == '0 && pop && inside_q != count_t'(1));
      WaitsForRam : cover (idle_q && u_dut.state_q.rd_ptr != '0);
    end
  end

endmodule
