#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of `make area` and `make synth-xilinx`: what is counted, under which name, and how it is added up.

One block with a memory of known size goes through both ways of synthesis; the sums are checked with made-up
netlists.
"""

import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.chdir(ROOT)
sys.path.insert(0, str(ROOT / "tools"))

import area  # noqa: E402
import synth_xilinx  # noqa: E402

failures = []


def check(claim, found, wanted):
    """Counts a claim that does not hold."""
    if found != wanted:
        failures.append(claim)
        print(f"FAILED: {claim}: {found}, expected {wanted}")


def exit_of(work):
    """The message a function ends the program with; None when it does not."""
    try:
        work()
    except SystemExit as end:
        return str(end)
    return None


def check_names():
    """A cell is counted for its memory, whatever part of it, and whichever of equal instances."""
    for cell, memory in (
        (r"toe_top/u_tcp.u_flow.u_table.gen_side[1].gen_way[3].u_ram.gen_plain.mem_q.0.12",
         "u_tcp.u_flow.u_table.gen_side[*].gen_way[*].u_ram"),
        ("toe_top/u_rx.u_frames.gen_old_word.mem_q.0.0", "u_rx.u_frames"),
        ("toe_top/u_rx.u_mover.u_descs.mem_q.3.0.1", "u_rx.u_mover.u_descs"),
        ("toe_top/u_mem_q_like.mem_q.0.0", "u_mem_q_like"),
    ):
        check(f"the memory of {cell}", area.memory_of(cell), memory)
    listing = "a/u_x.mem_q.0.0\na/u_x.mem_q.0.1\n\na/u_y[0].mem_q.0.0\na/u_y[1].mem_q.0.0\n"
    check("cells of each memory", dict(area.by_memory(listing)), {"u_x": 2, "u_y[*]": 2})


def check_measure(folder):
    """1,024 words of 50 bits are three block RAMs of 18 Kbit, in both families."""
    files = "-f rtl/toe.f"
    for name, family, wanted in (
        ("ecp5", area.ECP5, {"DP16KD": 3}),
        ("xc7", synth_xilinx.XC7, {"RAMB18E1": 3}),
    ):
        cells, memories = area.measure(family, ["Depth=1024", "Width=50"], folder / name, "toe_ram", files)
        check(f"{name}: the memory", memories, {"": wanted})
        check(f"{name}: block RAMs among the cells", {kind: cells.get(kind) for kind in wanted}, wanted)
    message = exit_of(lambda: area.measure(area.ECP5, [], folder / "none", "toe_nothing", files))
    check("an unknown block is no failure", message is not None and "Yosys failed" in message, True)


def check_tables():
    """Sums, separators, empty fields."""
    small = {"LUT4": 1000, "CCU2C": 2, "TRELLIS_FF": 3, "TRELLIS_DPR16X4": 4, "DP16KD": 5, "PDPW16KD": 1}
    found = {16: (small, {"u_a": {"DP16KD": 5}}), 1024: ({"LUT4": 7}, {"u_b": {"DP16KD": 2, "PDPW16KD": 1}})}
    check("area", area.area_rows(found)[1:], [["16", 1000, 2, 3, 4, 1028, 6], ["1,024", 7, 0, 0, 0, 7, 0]])
    check("memories", area.memory_rows(found)[1:], [["`u_a`", 5, 0], ["`u_b`", 0, 3]])
    check("a table", area.table([["a", "b"], ["x", 1234]]), ["| a | b |", "|---|---:|", "| x | 1,234 |"])

    cells = {"LUT1": 1, "LUT6": 10, "INV": 1, "RAM64M": 2, "RAM32X1D": 1, "SRL16E": 3, "FDRE": 7, "FDSE": 1,
             "RAMB18E1": 3, "RAMB36E1": 1, "CARRY4": 9, "MUXF7": 9}
    check("LUT6, memory, registers, block RAM", synth_xilinx.figures(cells), (25, 13, 8, 2.5))
    message = exit_of(lambda: synth_xilinx.figures({"RAM512X1S": 1}))
    check("an unknown cell is counted as nothing", message is not None and "RAM512X1S" in message, True)
    rows = synth_xilinx.rows({16: cells})
    check("the engine's row", rows[1], ["OpenTOE, 64 bits", "16", 25, 8, "2.5", 13])
    check("a column is missing", {len(row) for row in rows}, {6})


def main():
    folder = pathlib.Path("build/test-area")
    shutil.rmtree(folder, ignore_errors=True)
    check_names()
    check_tables()
    check_measure(folder)
    print(f"{len(failures)} failed" if failures else "the tables add up")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
