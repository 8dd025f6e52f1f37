# SPDX-License-Identifier: Apache-2.0
"""Logicbone rev0 with the 85F; its own USB socket has a DFU bootloader only, so the link is on header P9."""

from boards.common.board import TOE_85F, Board


def platform():
    from litex_boards.platforms import logicbone

    return logicbone.Platform(device="85F")


BOARD = Board(
    title="Logicbone rev0 85F",
    platform=platform,
    part="LFE5UM5G-85F-8BG381C",
    clock="clk25",
    clock_hz=25e6,
    reset="rst_n",
    core_hz=50_000_000,
    baud=3_000_000,
    toe=TOE_85F,
    # LiteEth's defaults, as in LiteX's own design for this board.
    rgmii={"tx_delay": 2e-9, "rx_delay": 2e-9},
    # The bootloader writes the flash's user part: what is loaded stays.
    loader=("--dfu", "--vid", "0x1d50", "--pid", "0x6130", "--altsetting", "0"),
    cable="the USB-C socket, with BOOT held at power-on (TinyDFU bootloader); for the link, channel B of an "
    "FT2232H module at 3.3 V on header P9: its RXD to pin 24, its TXD to pin 26, its ground to pin 1",
)
