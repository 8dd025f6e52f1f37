#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints how the boards in boards/ are loaded, as JSON for `toectl program`."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def table():
    """Name of each board: its title, openFPGALoader's options and where its cable goes."""
    if not (ROOT / "boards").is_dir():
        return {}
    from boards.common import board as boards

    found = {name: boards.load(name) for name in boards.names()}
    return {
        name: {"title": board.title, "loader": list(board.loader), "cable": board.cable}
        for name, board in found.items()
    }


if __name__ == "__main__":
    print(json.dumps(table(), indent=2))
