// SPDX-License-Identifier: Apache-2.0
//
// Memory of the ARP cache: sets of entries, written one entry at a time.
//
// Two reads a cycle: a lookup and the owner's; each sees only what it needs.  The Ethernet address is
// written only when there is a new one.
// A set comes one cycle after its enable and is kept until the next.  A lookup in the cycle of a
// write gives the old set; the owner does not read while it writes or clears.  Clearing a set makes
// all its entries unknown and goes before a write.

module toe_arp_cache
  import toe_pkg::mac_t;
  import toe_arp_pkg::*;
(
    input logic clk_i,

    input  logic          lookup_en_i,
    input  set_index_t    lookup_set_i,
    output arp_view_set_t lookup_o,

    input  logic       read_en_i,
    input  set_index_t read_set_i,
    output arp_set_t   read_o,

    input logic       write_en_i,
    input set_index_t write_set_i,
    input way_t       write_way_i,
    input arp_entry_t write_i,
    input logic       write_mac_en_i,
    input mac_t       write_mac_i,

    input logic       clear_en_i,
    input set_index_t clear_set_i
);

  set_index_t set;
  arp_entry_t entry;
  arp_known_t known;

  assign set = clear_en_i ? clear_set_i : write_set_i;

  always_comb begin
    entry = write_i;
    entry.known = write_i.known && !clear_en_i;
    known = '{
        known: entry.known,
        valid: entry.valid,
        tag: entry.tag,
        updated_us: entry.updated_us
    };
  end

  for (genvar i = 0; i < Ways; i++) begin : gen_way
    logic write;
    assign write = clear_en_i || (write_en_i && write_way_i == way_t'(i));

    toe_ram #(
        .Width($bits(arp_known_t)),
        .Depth(Sets)
    ) u_known (
        .clk_i,
        .wr_en_i  (write),
        .wr_addr_i(set),
        .wr_data_i(known),
        .rd_en_i  (lookup_en_i),
        .rd_addr_i(lookup_set_i),
        .rd_data_o(lookup_o[i].entry)
    );

    toe_ram #(
        .Width($bits(mac_t)),
        .Depth(Sets)
    ) u_mac (
        .clk_i,
        .wr_en_i  (write && write_mac_en_i),
        .wr_addr_i(set),
        .wr_data_i(write_mac_i),
        .rd_en_i  (lookup_en_i),
        .rd_addr_i(lookup_set_i),
        .rd_data_o(lookup_o[i].mac)
    );

    toe_ram #(
        .Width($bits(arp_entry_t)),
        .Depth(Sets),
        .Collides(1'b0)
    ) u_own (
        .clk_i,
        .wr_en_i  (write),
        .wr_addr_i(set),
        .wr_data_i(entry),
        .rd_en_i  (read_en_i),
        .rd_addr_i(read_set_i),
        .rd_data_o(read_o[i])
    );
  end

endmodule
