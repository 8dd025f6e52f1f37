#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesizes the engine for ECP5 with several numbers of connections: area, and which memory is block RAM.

Everything but NumConns stays as it is in PARAMS, so that the rows show what a connection costs.
Logs and lists of cells: build/area/NumConns/.
"""

import argparse
import collections
import dataclasses
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from boards.common import parts  # noqa: E402

import nextpnr  # noqa: E402
import synth_check  # noqa: E402
import yosys  # noqa: E402

BUILD = pathlib.Path("build/area")
TOP = "toe_top"
PARAMS = ["DataWidth=64", "Trace=0"]
CONNECTIONS = [16, 64, 256, 1024]


@dataclasses.dataclass(frozen=True)
class Family:
    """What Yosys calls the things that are counted."""

    synth: str  # the command, without -top
    block_rams: tuple  # cell types


ECP5 = Family("synth_ecp5", ("DP16KD", "PDPW16KD"))


def memory_of(cell):
    """Name of the memory in the source that a RAM cell is a part of; equal instances have one name.

    Yosys names such a cell after the memory, with its place in width and depth behind it.
    """
    name = re.sub(r"(\.\d+)+$", "", cell.split("/", 1)[1].replace("\\", "").strip())
    name = re.sub(r"(\.|^)(gen_old_word|gen_plain|mem_q)(?=\.|$)", "", name)
    return re.sub(r"\[\d+\]", "[*]", name)


def by_memory(listing):
    """{memory: cells} of Yosys's list of selected cells."""
    return collections.Counter(memory_of(line) for line in listing.splitlines() if "/" in line)


def measure(family, params, folder, top=TOP, files="-f rtl/toe.f"):
    """Synthesizes: ({cell type: number}, {memory: {cell type: number}} of what is in block RAM)."""
    lists = {kind: folder / f"{kind}.txt" for kind in family.block_rams}
    log = folder / "yosys.log"
    script = [
        *synth_check.commands(top, params, files),
        f"{family.synth} -top {top}",
        "stat",
        *(f"tee -q -o {path} select -list t:{kind}" for kind, path in lists.items()),
    ]
    if yosys.run(script, log) != 0:
        sys.exit(nextpnr.tail("Yosys", log))
    memories = collections.defaultdict(dict)
    for kind, path in lists.items():
        for memory, number in by_memory(path.read_text()).items():
            memories[memory][kind] = number
    return synth_check.cells(log.read_text()), dict(memories)


def table(rows):
    """Lines of a Markdown table whose first row is its head; numbers to the right."""
    text = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in text]
    rule = "|".join(["---"] + ["---:"] * (len(text[0]) - 1))
    return [lines[0], f"|{rule}|", *lines[1:]]


def area_rows(found):
    """Cells of each number of connections; found: {connections: (cells, memories)}."""
    head = ["connections", "LUT4", "carry (CCU2C)", "registers", "LUT RAM (DPR16X4)", "places of LUT4", "block RAM"]
    rows = [head]
    for connections, (cells, _) in found.items():
        kinds = [cells.get(kind, 0) for kind in ("LUT4", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4")]
        block = sum(cells.get(kind, 0) for kind in ECP5.block_rams)
        rows.append([f"{connections:,}", *kinds, parts.places(cells), block])
    return rows


def memory_rows(found):
    """Block RAMs of each memory, a column for each number of connections."""
    names = sorted({memory for _, memories in found.values() for memory in memories})
    columns = [{name: sum(memories.get(name, {}).values()) for name in names} for _, memories in found.values()]
    head = ["block RAMs of", *(f"{connections:,}" for connections in found)]
    return [head, *([f"`{name}`", *(column[name] for column in columns)] for name in names)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("connections", nargs="*", type=int, default=CONNECTIONS)
    parser.add_argument("--param", action="append", default=[], help="NAME=VALUE beside " + " ".join(PARAMS))
    args = parser.parse_args()
    os.chdir(ROOT)
    found = {}
    for connections in args.connections or CONNECTIONS:
        start = time.monotonic()
        params = [*PARAMS, *args.param, f"NumConns={connections}"]
        found[connections] = measure(ECP5, params, BUILD / str(connections))
        print(f"{' '.join(params)}: {time.monotonic() - start:.0f} s", flush=True)
    print(*table(area_rows(found)), "", *table(memory_rows(found)), sep="\n")


if __name__ == "__main__":
    main()
