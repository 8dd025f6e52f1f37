#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the boards: part, what is built for it, and what the last build here used and reached."""

import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from boards.common import board as boards  # noqa: E402
from boards.common import parts  # noqa: E402


def last_build(name, board):
    """Lines about the last build, whatever step it came to."""
    path = pathlib.Path("build/boards") / name / "result.json"
    if not path.exists():
        return [f"not built here; `make bitstream BOARD={name}`"] if board.holds_engine() else []
    result = json.loads(path.read_text())
    lines = [f"{used} of {there} {what}" for what, used, there in parts.usage(board.part, result["cells"])]
    lines += [
        f"{clock}: {reached:.1f} MHz reached, {wanted:.1f} wanted"
        for clock, wanted, reached in result.get("clocks", [])
    ]
    minutes = ", ".join(f"{step} {spent:.1f}" for step, spent in result["minutes"].items())
    return [*lines, f"minutes: {minutes}"]


def main():
    os.chdir(ROOT)
    for name in boards.names():
        board = boards.load(name)
        _, _, rams, _ = parts.SIZES[parts.parse(board.part).size]
        print(f"{name}: {board.title}, {board.part}: {board.luts()} LUT4, {rams} block RAMs of 18 Kbit")
        print(
            f"  engine: {board.toe['NumConns']} connections, rings of {2 ** board.toe['RxRingLog2']} octets in "
            f"and {2 ** board.toe['TxRingLog2']} out ({board.payload_octets() // 1024} KiB), "
            f"{board.core_hz / 1e6:g} MHz; link {board.baud} baud"
        )
        if not board.holds_engine():
            print(f"  {boards.too_small(board)}")
        for line in last_build(name, board):
            print(f"  {line}")


if __name__ == "__main__":
    main()
