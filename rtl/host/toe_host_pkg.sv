// SPDX-License-Identifier: Apache-2.0
//
// Layout of the two rings between host and engine.  tools/gen_enums.py makes C constants of it.

package toe_host_pkg;
  import toe_tcp_pkg::*;

  localparam int unsigned SqDepth = 64;  // commands; as SQ in rtl/toe_regs.rdl
  localparam int unsigned CqDepth = 256;  // completions; as CQ in rtl/toe_regs.rdl

  localparam int unsigned CmdWords = 8;  // 32-bit words of a command
  localparam int unsigned NtfWords = 16;  // 32-bit words of a completion

  localparam int unsigned NtfReasonWord = 15;  // where the reason lies in a completion
  localparam int unsigned NtfReasonLsb = 4;

  typedef logic [15:0] ring_ptr_t;  // free running; entry = pointer modulo depth
  typedef logic [NtfWords*32-1:0] ntf_entry_t;  // word 0 in bits 31:0

  // A notification as it lies in the completion ring.
  function automatic ntf_entry_t ntf_entry(ntf_t ntf);
    ntf_entry_t entry;
    entry = ntf.body;
    entry[NtfReasonWord*32+NtfReasonLsb+:8] = ntf.reason;
    return entry;
  endfunction

  // A pointer of the other side moves from old_ptr to new_ptr: forward by no more than room.
  function automatic logic ring_move_ok(ring_ptr_t old_ptr, ring_ptr_t new_ptr, ring_ptr_t room);
    return ring_ptr_t'(new_ptr - old_ptr) <= room;
  endfunction

endpackage
