#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesizes the engine for Xilinx's 7 series with Yosys, and prints its area beside published engines'.

Only to compare: nothing is placed, and no vendor tool has seen it.  Two sizes, the smallest, for engines of
one connection, and the default of toe_top.  Logs: build/xilinx/NumConns/.
"""

import argparse
import os
import pathlib
import sys
import time

import area

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build/xilinx")
XC7 = area.Family("synth_xilinx -family xc7 -flatten -noiopad -noclkbuf", ("RAMB36E1", "RAMB18E1"))

SMALLEST = ["NumListeners=1", "SynCacheSize=16", "TimeWaitSize=16"]
SIZES = {16: SMALLEST, 1024: []}

# LUT6 that a cell takes.  Carry, MUXF7 and MUXF8 are beside the LUTs.
LUTS = {
    **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
    **{"INV": 1, "SRL16E": 1, "SRLC32E": 1},
    **{"RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4},
    **{"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4},
}
REGISTERS = ("FDRE", "FDSE", "FDCE", "FDPE")
REST = {"CARRY4", "MUXF7", "MUXF8", "DSP48E1", "BUFG", "VCC", "GND"}

# (who, connections, LUT6, registers, block RAM) as they publish them.  None: not said.
PUBLISHED = [
    ("COM-5502", "1", 12_082, None, None),
    ("ETH datasheet", "10,000", 13_600, None, 508),
]


def figures(cells):
    """(LUT6, of them RAM and shift registers, registers, block RAM of 36 Kbit) of a netlist."""
    unknown = set(cells) - set(LUTS) - set(REGISTERS) - REST - set(XC7.block_rams)
    if unknown:
        sys.exit(f"how many LUT6 are {', '.join(sorted(unknown))}?")
    luts = {kind: LUTS[kind] * number for kind, number in cells.items() if kind in LUTS}
    memory = sum(number for kind, number in luts.items() if kind.startswith(("RAM", "SRL")))
    block = cells.get("RAMB36E1", 0) + cells.get("RAMB18E1", 0) / 2
    return sum(luts.values()), memory, sum(cells.get(kind, 0) for kind in REGISTERS), block


def rows(found):
    """The table: found is {connections: cells}."""
    lines = [["7 series, LUT6", "connections", "LUT6", "registers", "block RAM", "LUT6 that are memory"]]
    for connections, cells in found.items():
        luts, memory, registers, block = figures(cells)
        lines.append(["OpenTOE, 64 bits", f"{connections:,}", luts, registers, f"{block:g}", memory])
    for who, connections, *numbers in PUBLISHED:
        lines.append([who, connections, *("" if number is None else number for number in numbers), ""])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("connections", nargs="*", type=int, help=f"of {', '.join(map(str, SIZES))}; all unless given")
    args = parser.parse_args()
    if set(args.connections) - set(SIZES):
        parser.error("no such size")
    os.chdir(ROOT)
    found = {}
    for connections in args.connections or SIZES:
        start = time.monotonic()
        params = [*area.PARAMS, *SIZES[connections], f"NumConns={connections}"]
        found[connections], _ = area.measure(XC7, params, BUILD / str(connections))
        print(f"{' '.join(params)}: {time.monotonic() - start:.0f} s", flush=True)
    print(*area.table(rows(found)), sep="\n")


if __name__ == "__main__":
    main()
