# SPDX-License-Identifier: Apache-2.0
"""Colorlight i5 7.0 on its extension board, whose USB socket carries JTAG (CMSIS-DAP) and a UART."""

from boards.common.board import Board


def platform():
    from litex_boards.platforms import colorlight_i5

    return colorlight_i5.Platform(board="i5", revision="7.0")


BOARD = Board(
    title="Colorlight i5 7.0",
    platform=platform,
    part="LFE5U-25F-6BG381C",
    clock="clk25",
    clock_hz=25e6,
    reset="cpu_reset_n",
    core_hz=25_000_000,
    baud=115_200,
    toe={
        "NumConns": 16,
        "RxRingLog2": 11,
        "TxRingLog2": 11,
        "NumListeners": 4,
        "SynCacheSize": 16,
        "TimeWaitSize": 16,
    },
    # Delays as in LiteX's own design for this board.
    rgmii={"tx_delay": 0, "rx_delay": 2e-9},
    loader=("--board", "colorlight-i5"),
    cable="the USB-C socket of the extension board (CMSIS-DAP is JTAG, its serial port the link)",
)
