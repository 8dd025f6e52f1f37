#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesizes the engine for ECP5 and prints its area.

Fails when Yosys cannot read or synthesize it, or when it finds a latch.  A small engine is enough
to see both, and takes minutes less; --param sets another size.  --no-map looks for latches only.
"""

import argparse
import os
import pathlib
import re
import sys
import time

import yosys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOG = pathlib.Path("build/synth.log")
DEFAULT_PARAMS = ["DataWidth=64", "NumConns=64"]


def commands(top, params, files):
    """The Yosys script: read, look for latches.

    read_slang makes a latch of always_comb a combinational loop, which `check` finds while the
    cells are still generic.
    """
    return [
        *yosys.read(top, params, files),
        "check -assert",
        "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr",
    ]


def cells(log):
    """Number of each cell type in the last `stat` table of the log."""
    table = log[log.rfind("Number of cells") :] if "Number of cells" in log else log[log.rfind("=== ") :]
    found = {}
    for line in table.splitlines():
        match = re.fullmatch(r"\s*(?:(\d+)\s+(?:-\s+)?([A-Z]\w+)|([A-Z]\w+)\s+(\d+))\s*", line)
        if match:
            name = match.group(2) or match.group(3)
            found[name] = int(match.group(1) or match.group(4))
    return found


def report(count):
    """The figures that people compare."""
    rows = [
        ("cells", sum(count.values())),
        ("LUT4", count.get("LUT4", 0)),
        ("carry (CCU2C)", count.get("CCU2C", 0)),
        ("registers", count.get("TRELLIS_FF", 0)),
        ("block RAM (DP16KD)", count.get("DP16KD", 0) + count.get("PDPW16KD", 0)),
        ("distributed RAM (DPR16X4)", count.get("TRELLIS_DPR16X4", 0)),
        ("multipliers", count.get("MULT18X18D", 0)),
    ]
    for name, number in rows:
        print(f"  {name:<28}{number:>9}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", default="toe_top")
    parser.add_argument("--param", action="append", help="NAME=VALUE; default " + " ".join(DEFAULT_PARAMS))
    parser.add_argument("--no-map", action="store_true", help="look for latches only")
    parser.add_argument("--files", default="-f rtl/toe.f", help="as read_slang takes them")
    args = parser.parse_args()
    os.chdir(ROOT)
    params = DEFAULT_PARAMS if args.param is None else args.param

    start = time.monotonic()
    mapped = [] if args.no_map else [f"synth_ecp5 -top {args.top}", "stat"]
    status = yosys.run(commands(args.top, params, args.files) + mapped, LOG)
    log = LOG.read_text()
    if status != 0:
        print("\n".join(log.splitlines()[-30:]), file=sys.stderr)
        sys.exit(f"synthesis of {args.top} failed; the whole log is in {LOG}")
    # Yosys's own model of the distributed RAM cell, which abc9 reads for its timing, has latches.
    latches = sorted(
        line
        for line in set(re.findall(r"[Ll]atch inferred for signal .*", log))
        if "\\TRELLIS_DPR16X4." not in line
    )
    if latches:
        sys.exit("\n".join(["latches:", *latches]))
    if args.no_map:
        return
    print(f"{args.top} {' '.join(params)} on ECP5, {time.monotonic() - start:.0f} s:")
    report(cells(log))


if __name__ == "__main__":
    main()
