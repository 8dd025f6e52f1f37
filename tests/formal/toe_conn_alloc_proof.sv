// SPDX-License-Identifier: Apache-2.0
//
// toe_conn_alloc never offers a number that is in use, loses none that is given back, takes none
// back that was not handed out, and offers one again within two cycles, whatever is taken and given
// back at the same time.
//
// formal: four  params=NumConns=4 depth=2 cover=20
// formal: eight params=NumConns=8 depth=2 cover=30

module toe_conn_alloc_proof
  import toe_pkg::*;
#(
    parameter int unsigned NumConns = 4
) (
    input logic     clk_i,
    input logic     rst_i,
    input logic     take_i,
    input logic     free_valid_i,
    input conn_id_t free_conn_i
);

  localparam int unsigned ConnWidth = $clog2(NumConns);
  typedef logic [ConnWidth:0] count_t;
  typedef logic [ConnWidth-1:0] index_t;

  logic valid, free_ready;
  conn_id_t conn;
  logic [16:0] used_limit;
  logic [15:0] free_count;

  toe_conn_alloc #(
      .NumConns(NumConns)
  ) u_dut (
      .clk_i,
      .rst_i,
      .valid_o     (valid),
      .conn_o      (conn),
      .take_i,
      .free_valid_i,
      .free_ready_o(free_ready),
      .free_conn_i,
      .used_limit_o(used_limit),
      .free_count_o(free_count)
  );

  logic started_q;
  initial started_q = 1'b0;

  // By the ports alone: who is in use, what was taken in the last two cycles, whether the number
  // given back in the last cycle was in use, whether there were numbers and none was offered.
  logic [NumConns-1:0] used_q;
  logic [1:0][ConnWidth:0] taken_q;  // highest bit: taken
  logic back_q;
  logic dry_q;
  logic [16:0] limit_q;

  index_t free_index;
  logic back;
  assign free_index = index_t'(free_conn_i);
  assign back = free_valid_i && free_ready && 32'(free_conn_i) < NumConns && used_q[free_index];

  count_t left;  // numbers that are not in use
  always_comb begin
    left = '0;
    for (int unsigned i = 0; i < NumConns; i++) left = left + count_t'(!used_q[i]);
  end

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) BeginsInReset : assume (rst_i);
    if (!rst_i) begin
      TakesWhatIsOffered : assume (!take_i || (valid && !taken_q[0][ConnWidth]));
      // A connection lives for longer than its number takes to be marked.
      RestsInUse :
      assume (!(back && (taken_q[0] == {1'b1, free_index} || taken_q[1] == {1'b1, free_index})));
    end
    if (rst_i) begin
      used_q  <= '0;
      taken_q <= '0;
      back_q  <= 1'b0;
      dry_q   <= 1'b0;
      limit_q <= '0;
    end else begin
      if (back) used_q[free_index] <= 1'b0;
      if (take_i) used_q[index_t'(conn)] <= 1'b1;
      taken_q <= {taken_q[0], take_i, index_t'(conn)};
      back_q  <= back;
      dry_q   <= !valid && free_count != '0;
      limit_q <= used_limit;
    end
  end

  index_t [NumConns-1:0] places, mem;
  count_t placed;
  logic   sound;

  // A memory does not go through a port.
  always_comb begin
    for (int unsigned i = 0; i < NumConns; i++) mem[i] = u_dut.u_returned.mem_q[i];
  end

  fifo_places #(
      .Width(ConnWidth),
      .Depth(NumConns)
  ) u_places (
      .out_valid_i(u_dut.u_returned.state_q.out_valid),
      .out_i      (u_dut.u_returned.out_q),
      .ram_valid_i(u_dut.u_returned.state_q.ram_valid),
      .ram_i      (u_dut.u_returned.ram_q),
      .rd_ptr_i   (u_dut.u_returned.state_q.rd_ptr),
      .wr_ptr_i   (u_dut.u_returned.state_q.wr_ptr),
      .stored_i   (u_dut.u_returned.state_q.stored),
      .mem_i      (mem),
      .item_o     (places),
      .count_o    (placed),
      .sound_o    (sound)
  );

  // Marks in the RAM are those in use but for the one take and the one put that wait.  What waits in
  // the queue was handed out once, is not in use, and waits there once.
  logic marked, waits_once;
  always_comb begin
    marked     = 1'b1;
    waits_once = 1'b1;
    for (int unsigned i = 0; i < NumConns; i++) begin
      if (u_dut.mark_q && u_dut.mark_index_q == index_t'(i)) begin
        if (!used_q[i]) marked = 1'b0;
      end else if (back_q && u_dut.free_index_q == index_t'(i)) begin
        if (used_q[i] || !u_dut.u_in_use.gen_old_word.mem_q[i]) marked = 1'b0;
      end else if (32'(i) < 32'(u_dut.limit_q)) begin
        if (used_q[i] != u_dut.u_in_use.gen_old_word.mem_q[i]) marked = 1'b0;
      end
      if (32'(i) >= 32'(u_dut.limit_q) && used_q[i]) marked = 1'b0;
      if (i < 32'(placed)) begin
        if (used_q[places[i]] || 32'(places[i]) >= 32'(u_dut.limit_q)) waits_once = 1'b0;
        if (back_q && u_dut.free_index_q == places[i]) waits_once = 1'b0;
        for (int unsigned j = 0; j < i; j++) if (places[i] == places[j]) waits_once = 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_i) begin
      OffersUnused : assert (!valid || (32'(conn) < NumConns && !used_q[index_t'(conn)]));
      FreshFirst : assert (!valid || 32'(used_limit) == NumConns || 17'(conn) == used_limit);
      CountIsRight : assert (32'(free_count) + 32'(back_q) == 32'(left));
      OffersSoon : assert (!dry_q || valid);
      LimitNeverFalls : assert (used_limit >= limit_q && 32'(used_limit) <= NumConns);
      // What induction needs to know of the inside.
      PutIsBack : assert (u_dut.put == back_q);
      MarkIsTake :
      assert (!taken_q[0][ConnWidth] ||
              (u_dut.mark_q && u_dut.mark_index_q == index_t'(taken_q[0])));
      MarkWaitsOnce :
      assert (!u_dut.mark_q || taken_q[0][ConnWidth] ||
              (taken_q[1] == {1'b1, u_dut.mark_index_q} && !u_dut.free_q));
      MarksAreRight : assert (marked);
      PutWasTaken :
      assert (!back_q ||
              (32'(u_dut.free_index_q) < 32'(u_dut.limit_q) && !used_q[u_dut.free_index_q]));
      WaitsOnce : assert (waits_once);
      QueueIsSound : assert (sound && u_dut.u_returned.state_q.count == placed);
      RamIsRead :
      assert (u_dut.u_returned.state_q.stored == '0 || u_dut.u_returned.state_q.stored != placed);
      AddsUp : assert (32'(placed) + 32'(back_q) + NumConns == 32'(left) + 32'(u_dut.limit_q));

      AllInUse : cover (used_q == '1 && !valid);
      ReturnedOffered : cover (valid && used_limit == 17'(NumConns) && take_i);
      TakenAndGivenBack : cover (take_i && back);
      TakeWaitsForPut : cover (u_dut.mark_q && u_dut.put);
      Refused : cover (free_valid_i && free_ready && !back && 32'(free_conn_i) < NumConns);
    end
  end

endmodule
