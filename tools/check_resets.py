#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that reset reaches every register of a process that has one.

A register that is assigned in the other branch of `if (rst_i)`, but not in that one, keeps what it
held before a reset, and what it holds at power-on: mostly a forgotten line, which simulation sees
by luck only.  Data that needs no reset belongs in a process without one; where it cannot go there,
its line says why:  // no reset: REASON
"""

import pathlib
import sys
import tempfile

import syntax

WAIVER = "// no reset: "

SAMPLE = """\
module sample;
  always_ff @(posedge clk_i) begin
    free_q <= a;
    if (rst_i) begin
      good_q <= '0;
      part_q.valid <= 1'b0;
    end else begin
      good_q <= b;
      part_q[1] <= c;
      if (d) bad_q <= e;
      item_q[3] <= f;  // no reset: an item
    end
  end
  always_ff @(posedge clk_i) begin
    if (rst_i) ;
    else lost_q <= g;
  end
  always_ff @(posedge clk_i) data_q <= h;
endmodule
"""
SAMPLE_FOUND = [(10, "bad_q"), (16, "lost_q")]


def assigned(node, source):
    """Registers that get a value below a node: name to octet of the first place."""
    found = {}
    for statement in syntax.every(node, "kNonblockingAssignmentStatement"):
        target = syntax.span(syntax.first(statement, "kUnqualifiedId"))
        found.setdefault(source[slice(*target)].decode(), target[0])
    return found


def not_reset(root, file, tree, source):
    """(line, register) of each register of a file that its reset leaves out."""
    lines = source.decode().split("\n")
    for conditional in syntax.every(tree, "kConditionalStatement"):
        reset, *other = syntax.children(conditional)
        if not syntax.is_reset(reset, source) or not other:
            continue
        cleared = assigned(reset, source)
        for name, place in assigned(other[0], source).items():
            line = source.count(b"\n", 0, place) + 1
            if name not in cleared and WAIVER not in lines[line - 1]:
                yield line, name


def check(root, files):
    """(file, line, register) of all files, which are paths below root."""
    return [
        (file, line, name)
        for file, (tree, source) in syntax.parse(root, files).items()
        for line, name in not_reset(root, file, tree, source)
    ]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "sample.sv").write_text(SAMPLE)
        found = [(line, name) for _, line, name in check(root, ["sample.sv"])]
    if found != SAMPLE_FOUND:
        sys.exit(f"check_resets: the self-test finds {found}, not {SAMPLE_FOUND}")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    self_test()
    files = sorted(str(path.relative_to(root)) for path in root.glob("rtl/**/*.sv") if "gen" not in path.parts)
    found = check(root, files)
    for file, line, name in found:
        print(f"{file}:{line}: {name} is not reset; reset it, or give it a process without reset", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
