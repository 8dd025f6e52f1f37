# SPDX-License-Identifier: Apache-2.0
"""LambdaConcept ECPIX-5 with the 85F."""

from boards.common.board import TOE_85F, Board


def platform():
    from litex_boards.platforms import lambdaconcept_ecpix5

    return lambdaconcept_ecpix5.Platform(device="85F")


BOARD = Board(
    title="LambdaConcept ECPIX-5 85F",
    platform=platform,
    part="LFE5UM5G-85F-8BG554I",
    clock="clk100",
    clock_hz=100e6,
    reset="rst_n",
    core_hz=50_000_000,
    baud=3_000_000,
    toe=TOE_85F,
    # Delays as in LiteX's own design for this board.
    rgmii={"tx_delay": 2e-9, "rx_delay": 0},
    loader=("--board", "ecpix5"),
    cable="the micro-USB socket of the FT2232H (channel A is JTAG, channel B the link)",
)
