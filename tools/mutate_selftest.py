# SPDX-License-Identifier: Apache-2.0
"""A test of the maker of faults, on a source of its own."""

import pathlib
import sys
import tempfile

import mutate_faults

SOURCE = """\
module sample (
    input logic clk_i
);
  typedef enum logic {
    ModeOff,
    ModeOn
  } mode_e;
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      a_q <= '0;
    end else if (b && !c) begin
      a_q <= d ? e[3:1] : f + 1;
    end
    if (!rst_i) NotMutated : assert (a_q == 3'd4);
  end
  always_comb begin
    unique case (mode_q)
      ModeOff: g = x < y;
      default: g = 1'b0;
    endcase
  end
endmodule
"""

# Line, operator, what it replaces, what it becomes.
EXPECTED = {
    (9, "branch", "rst_i", "1'b0"),
    (9, "condition", "rst_i", "!(rst_i)"),
    (10, "reset", "'0", "'1"),
    (10, "reset", "a_q <= '0;", ";"),
    (11, "always", "b && !c", "1'b1"),
    (11, "branch", "b && !c", "1'b0"),
    (11, "condition", "b && !c", "!(b && !c)"),
    (11, "logic", "&&", "||"),
    (11, "negation", "!", ""),
    (12, "arithmetic", "+", "-"),
    (12, "assignment", "a_q <= d ? e[3:1] : f + 1;", ";"),
    (12, "number", "1", "2"),
    (12, "number", "3", "4"),
    (12, "slice", "3:1", "(3)-1:(1)-1"),
    (12, "ternary", "e[3:1] : f + 1", "f + 1 : e[3:1]"),
    (18, "assignment", "g = x < y;", ";"),
    (18, "case", "ModeOff: g = x < y;", ""),
    (18, "comparison", "<", "<="),
    (18, "enum", "ModeOff", "ModeOn"),
    (18, "stuck", "x < y", "1'b0"),
    (18, "stuck", "x < y", "1'b1"),
    (19, "assignment", "g = 1'b0;", ";"),
    (19, "number", "1'b0", "1'b1"),
}


def self_test():
    """Exits with a message when the faults of SOURCE are others than EXPECTED."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "sample.sv").write_text(SOURCE)
        faults = mutate_faults.all_faults(root, ["sample.sv"])
        found = {(fault.line, fault.operator, *fault.key[3:]) for fault in faults}
        if found != EXPECTED:
            for row in sorted(found - EXPECTED):
                print(f"made, not expected: {row}", file=sys.stderr)
            for row in sorted(EXPECTED - found):
                print(f"expected, not made: {row}", file=sys.stderr)
            sys.exit("mutate: the self-test fails")
        order = [list(mutate_faults.draw(root, faults, seed)) for seed in (1, 1, 2)]
        if order[0] != order[1] or order[0] == order[2] or sorted(order[0]) != sorted(faults):
            sys.exit("mutate: a draw depends on more than its seed, or loses faults")
        mutate_faults.apply(root, order[0][0])
        if len((root / "sample.sv").read_text().splitlines()) != len(SOURCE.splitlines()):
            sys.exit("mutate: a fault moves lines")
