# SPDX-License-Identifier: Apache-2.0
"""Lattice Versa ECP5-5G; the RJ45 socket is that of PHY 1."""

from boards.common.board import Board


def platform():
    from litex_boards.platforms import lattice_versa_ecp5

    return lattice_versa_ecp5.Platform(device="LFE5UM5G")


BOARD = Board(
    title="Lattice Versa ECP5-5G",
    platform=platform,
    part="LFE5UM5G-45F-8BG381C",
    clock="clk100",
    clock_hz=100e6,
    reset="rst_n",
    core_hz=50_000_000,
    baud=3_000_000,
    toe={
        "NumConns": 16,
        "RxRingLog2": 11,
        "TxRingLog2": 11,
        "NumListeners": 4,
        "SynCacheSize": 32,
        "TimeWaitSize": 32,
    },
    # Delays as in LiteX's own design for this board.
    rgmii={"tx_delay": 0, "rx_delay": 0},
    loader=("--cable", "ft2232"),
    cable="the mini-USB socket of the FT2232H (channel A is JTAG, channel B the link); "
    "J50 must leave the ispCLOCK out of the JTAG chain: pins 1-2 and 3-5 joined",
)
