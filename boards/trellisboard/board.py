# SPDX-License-Identifier: Apache-2.0
"""TrellisBoard, a PCIe card with an 85F; its first user button is the reset."""

from boards.common.board import TOE_85F, Board


def platform():
    from litex_boards.platforms import trellisboard

    return trellisboard.Platform()


BOARD = Board(
    title="TrellisBoard",
    platform=platform,
    part="LFE5UM5G-85F-8BG756C",
    # The 100 MHz oscillator is LVDS, and not usable on revision 1.0.
    clock="clk12",
    clock_hz=12e6,
    reset="user_btn",
    reset_level=1,
    core_hz=50_000_000,
    baud=3_000_000,
    toe=TOE_85F,
    # LiteEth's defaults, as in LiteX's own design for this board.
    rgmii={"tx_delay": 2e-9, "rx_delay": 2e-9},
    loader=("--cable", "ft2232"),
    cable="the micro-USB socket of the FT2232H (channel A is JTAG, channel B the link)",
)
