#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the bitstream of a board: LiteX's Verilog around the engine, Yosys, nextpnr, ecppack.

Writes build/boards/BOARD/: top.v and top.lpf (LiteX), netlist.json, report.json and BOARD.config
(nextpnr), BOARD.bit, result.json (the table, for `make boards`), and a log of each tool.

Fails when the design does not fit the part, and when a clock is slower than the board needs: then it
shows the critical path and leaves no bitstream, unless --keep.
"""

import argparse
import json
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from boards.common import board as boards  # noqa: E402
from boards.common import parts  # noqa: E402

import nextpnr  # noqa: E402
import synth_check  # noqa: E402
import yosys  # noqa: E402

BUILD = pathlib.Path("build/boards")
ENGINE = "toe_board_uart"


class Watch:
    """Minutes of each step, for the table."""

    def __init__(self):
        self.minutes = {}

    def step(self, name, work):
        """Runs a step and says how long it took."""
        print(f"{name} ...", flush=True)
        start = time.monotonic()
        result = work()
        self.minutes[name] = (time.monotonic() - start) / 60
        print(f"{name}: {self.minutes[name]:.1f} minutes", flush=True)
        return result


def run_yosys(script, log):
    """Runs Yosys commands; ends with the end of their log when they fail."""
    if yosys.run(script, log) != 0:
        sys.exit(nextpnr.tail("Yosys", log))


def generate(board, folder):
    """LiteX's part.  Imported here, so that whoever only lists boards need not wait for it."""
    from boards.common import top

    top.write(board, folder)


def engine_sources():
    """The engine and the shell around it, as read_slang takes them."""
    return "-f rtl/toe.f " + " ".join(map(str, sorted(pathlib.Path("boards/common").glob("*.sv"))))


def synthesize(board, folder, sources):
    """Writes the netlist of the whole chip; the number of each cell type."""
    engine = folder / "engine.il"
    run_yosys(
        [*yosys.read(ENGINE, board.params(), sources), f"rename -top {ENGINE}", f"write_rtlil {engine}"],
        folder / "read.log",
    )
    run_yosys(
        [
            f"read_rtlil {engine}",
            f"read_verilog {folder / 'top.v'}",
            f"synth_ecp5 -top top -json {folder / 'netlist.json'}",
            "stat",
        ],
        folder / "yosys.log",
    )
    return synth_check.cells((folder / "yosys.log").read_text())


def check_fit(board, cells):
    """Ends when the netlist is larger than the part, with what is too many."""
    rows = parts.usage(board.part, cells)
    for name, used, there in rows:
        print(f"  {name:<28}{used:>8} of {there:>6}  {100 * used / there:5.1f} %")
    too_many = [name for name, used, there in rows if used > there]
    if too_many:
        advice = "" if board.holds_engine() else f"; {boards.too_small(board)}"
        sys.exit(f"does not fit {board.part}: too many of {', '.join(too_many)}{advice}")


def place(name, board, folder, args):
    """Places and routes; nextpnr's report."""
    device = parts.parse(board.part)
    options = [
        device.nextpnr, "--package", device.package, "--speed", device.speed, "--seed", args.seed,
        "--lpf", folder / "top.lpf", "--textcfg", folder / f"{name}.config",
    ]
    log = folder / "nextpnr.log"
    print(f"  its log: {log}", flush=True)
    return nextpnr.place(folder / "netlist.json", folder / "report.json", log, options, args.limit_s)


def clock_rows(report):
    """(name, wanted, reached) in MHz of each clock."""
    return [
        (name.removeprefix("$glbnet$").removesuffix("$TRELLIS_IO_IN"), rate["constraint"], rate["achieved"])
        for name, rate in sorted(report["fmax"].items())
    ]


def print_clocks(report):
    """Prints the rate of each clock; nextpnr's names of those that are too slow."""
    print(f"  {'clock':<28}{'wanted':>10}{'reached':>10}  MHz")
    for name, wanted, reached in clock_rows(report):
        print(f"  {name:<28}{wanted:>10.2f}{reached:>10.2f}{'' if reached >= wanted else '  TOO SLOW'}")
    return [name for name, rate in report["fmax"].items() if rate["achieved"] < rate["constraint"]]


def build(name, board, folder, sources, args):
    """Every step.  Ends the program when one fails, the design does not fit, or a clock is too slow."""
    folder.mkdir(parents=True, exist_ok=True)
    bit = folder / f"{name}.bit"
    bit.unlink(missing_ok=True)
    watch = Watch()

    print(f"{board.title}, {board.part}: " + " ".join(board.params()))
    watch.step("LiteX", lambda: generate(board, folder))
    cells = watch.step("Yosys", lambda: synthesize(board, folder, sources))
    result = {"params": board.params(), "cells": cells, "minutes": watch.minutes}
    (folder / "result.json").write_text(json.dumps(result))
    check_fit(board, cells)
    if args.synth_only:
        return

    report = watch.step("nextpnr", lambda: place(name, board, folder, args))
    result["clocks"] = clock_rows(report)
    (folder / "result.json").write_text(json.dumps(result))
    slow = print_clocks(report)
    for clock in slow:
        print(f"critical path of {clock}:", *nextpnr.describe(nextpnr.path_of(report, clock)), sep="\n")
    if not slow or args.keep:
        pack = [nextpnr.ECPPACK, "--compress", folder / f"{name}.config", bit]
        watch.step("ecppack", lambda: nextpnr.run(pack, folder / "ecppack.log", args.limit_s, "ecppack"))
        print(f"{bit}: {bit.stat().st_size} octets; `make program BOARD={name}` loads it")
    if slow:
        sys.exit("timing is NOT met" + ("" if args.keep else "; with --keep (make: KEEP=1) the bitstream is written"))


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", help=", ".join(boards.names()))
    parser.add_argument("--seed", default="1", help="of the placement")
    parser.add_argument("--limit-s", type=int, default=6 * 3600, help="for place and route")
    parser.add_argument("--synth-only", action="store_true", help="stop when it is known whether it fits")
    parser.add_argument("--keep", action="store_true", help="write the bitstream of a design that is too slow")
    return parser


def main():
    args = arguments().parse_args()
    os.chdir(ROOT)
    board = boards.load(args.board)
    if not board.holds_engine():
        print(f"{boards.too_small(board)}.  This ends after synthesis, which says by how much.", flush=True)
    build(args.board, board, BUILD / args.board, engine_sources(), args)


if __name__ == "__main__":
    main()
