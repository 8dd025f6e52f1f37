# SPDX-License-Identifier: Apache-2.0
"""What makes one board different from another, and the list of those there are.

Each board is a file boards/NAME/board.py with one constant, BOARD.  Pins come from the board's LiteX
platform and are read only when a design is made for it.
"""

import dataclasses
import importlib
import pathlib
from collections.abc import Callable

from boards.common import parts

BOARDS = pathlib.Path(__file__).resolve().parent.parent

# Places for LUT4 (parts.places) that the engine takes at least: `make area`.
ENGINE_LUTS = 60_000

# Parameters of toe_board on an 85F.  Block RAM is what bounds them: 128 of 208 hold the rings, 45 the control
# blocks.  Tables of 32 entries are the largest that Yosys keeps out of it.
TOE_85F = {
    "NumConns": 64,
    "RxRingLog2": 11,
    "TxRingLog2": 11,
    "NumListeners": 8,
    "SynCacheSize": 32,
    "TimeWaitSize": 32,
}


@dataclasses.dataclass(frozen=True)
class Board:
    """Everything about one board that a build, a list and a programmer need."""

    title: str
    # Makes the LiteX platform: pins, part, frequencies of the pins that are clocks.
    platform: Callable
    part: str  # as Lattice writes it: device, size, speed grade, package
    clock: str  # name of the oscillator's pin in the platform
    clock_hz: float
    reset: str  # name of the reset button
    core_hz: int  # the engine, the link and the host side of the MAC
    baud: int
    toe: dict  # parameters of toe_board
    rgmii: dict  # delays of LiteEthPHYRGMII
    loader: tuple  # openFPGALoader's options that name board or cable
    cable: str  # what to plug in where, for a person
    reset_level: int = 0  # of the button, pressed

    def params(self):
        """Parameters of toe_board_uart as Yosys and Verilator take them."""
        every = {"DataWidth": 64, **self.toe, "ClkHz": self.core_hz, "Baud": self.baud}
        return [f"{name}={value}" for name, value in every.items()]

    def payload_octets(self):
        """Octets of block RAM that hold the rings."""
        return self.toe["NumConns"] * (2 ** self.toe["RxRingLog2"] + 2 ** self.toe["TxRingLog2"])

    def luts(self):
        """Places for LUTs of its part."""
        return parts.SIZES[parts.parse(self.part).size][0]

    def holds_engine(self):
        """False: its bitstream can't be made, only synthesized."""
        return self.luts() >= ENGINE_LUTS


def names():
    """Names of all boards."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.py") if path.parent.name != "common")


def load(name):
    """The board of this name; ends with the list of names when there is none."""
    if name not in names():
        raise SystemExit(f"no board {name!r}; there are: " + ", ".join(names()))
    return importlib.import_module(f"boards.{name}.board").BOARD


def too_small(board):
    """What to tell who wants the engine on a board that does not hold it."""
    larger = [name for name in names() if load(name).holds_engine()]
    return (
        f"the engine does not fit: it needs {ENGINE_LUTS} places for LUTs or more, and {board.part} has "
        f"{board.luts()}.  Boards that hold it: {', '.join(larger)}"
    )
