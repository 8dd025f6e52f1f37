#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads a board's bitstream with openFPGALoader: into its FPGA by JTAG, or into its flash where all it has is DFU.

Fails with what to do about it when there is no bitstream and when no board answers.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from boards.common import board as boards  # noqa: E402

LOADER = "openFPGALoader"
LIMIT_S = 120


def advice(name, board):
    """What a person can do when the loader did not reach the board."""
    return f"""{name} was not programmed: {LOADER} reached no {board.title}.
  1. Power the board, and join it to this machine: {board.cable}.
  2. `lsusb` must show it.  In a virtual machine or a container, pass the USB device on.
  3. Without the right to open it, run this as root or install udev rules for it (Debian's
     openfpgaloader brings some), then plug the board in again.
  4. End what else uses its JTAG or DFU: openocd, another {LOADER}.
{LOADER}'s own words are above."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", help=", ".join(boards.names()))
    parser.add_argument("--bitstream", type=pathlib.Path, help="default: what `make bitstream` wrote")
    args = parser.parse_args()
    os.chdir(ROOT)
    board = boards.load(args.board)
    bit = args.bitstream or pathlib.Path("build/boards") / args.board / f"{args.board}.bit"
    if not bit.is_file():
        makes = f"`make bitstream BOARD={args.board}` makes it" if board.holds_engine() else boards.too_small(board)
        sys.exit(f"{bit} is not there: {makes}")
    if shutil.which(LOADER) is None:
        sys.exit(f"{LOADER} is not installed: `make setup` installs Debian's package openfpgaloader")
    try:
        status = subprocess.run([LOADER, *board.loader, str(bit)], timeout=LIMIT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"{LOADER} did not end in {LIMIT_S} s", file=sys.stderr)
        status = 1
    if status != 0:
        sys.exit(advice(args.board, board))
    print(f"{board.title} runs {bit}")


if __name__ == "__main__":
    main()
