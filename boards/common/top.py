# SPDX-License-Identifier: Apache-2.0
"""A board's top: clocks, reset, RGMII, MAC and UART pins around toe_board_uart.  No processor.

Clocks: sys is the engine's, from a PLL; eth_rx is the PHY's receive clock, and eth_tx the same one, so
that the whole MAC runs with what the cable brings.  Gigabit only: LiteEth's RGMII has no slower mode.
"""

import contextlib
import logging
import pathlib

from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
from litex.gen import LiteXModule
from litex.soc.cores.clock import ECP5PLL
from migen import ClockDomain, ClockSignal, If, Instance, ResetSignal, Signal

from boards.common import mac

PHY_RESET_S = 0.01  # what PHYs want after power-up


class Clocks(LiteXModule):
    """sys from the board's oscillator; in reset after configuration, with the button, without lock."""

    def __init__(self, platform, board):
        self.cd_sys = ClockDomain()
        self.cd_por = ClockDomain()
        oscillator = platform.request(board.clock)
        button = platform.request(board.reset)

        # The PLL starts when the oscillator has run for a while.
        wait = Signal(16, reset=2**16 - 1)
        self.comb += self.cd_por.clk.eq(oscillator)
        self.sync.por += If(wait != 0, wait.eq(wait - 1))

        self.pll = pll = ECP5PLL()
        self.comb += pll.reset.eq((wait != 0) | (button == board.reset_level))
        pll.register_clkin(oscillator, board.clock_hz)
        pll.create_clkout(self.cd_sys, board.core_hz, margin=0)


class Top(LiteXModule):
    """The whole chip."""

    def __init__(self, platform, board):
        self.clocks = Clocks(platform, board)

        self.phy = phy = LiteEthPHYRGMII(
            clock_pads=platform.request("eth_clocks", 0),
            pads=platform.request("eth", 0),
            with_hw_init_reset=False,
            **board.rgmii,
        )
        cycles = int(PHY_RESET_S * board.core_hz)
        wait = Signal(max=cycles + 1, reset=cycles)
        self.sync += If(wait != 0, wait.eq(wait - 1))
        # The bit that software would set in a design with a processor.
        self.comb += phy.crg._reset.storage.eq(wait != 0)

        self.mac = ethernet = mac.Mac(phy)

        serial = platform.request("serial")
        self.specials += Instance(
            "toe_board_uart",
            i_clk_i=ClockSignal(),
            i_rst_i=ResetSignal(),
            i_rx_tvalid_i=ethernet.rx.tvalid,
            i_rx_tdata_i=ethernet.rx.tdata,
            i_rx_tkeep_i=ethernet.rx.tkeep,
            i_rx_tlast_i=ethernet.rx.tlast,
            i_rx_tuser_i=ethernet.rx.tuser,
            o_tx_tvalid_o=ethernet.tx.tvalid,
            i_tx_tready_i=ethernet.tx.tready,
            o_tx_tdata_o=ethernet.tx.tdata,
            o_tx_tkeep_o=ethernet.tx.tkeep,
            o_tx_tlast_o=ethernet.tx.tlast,
            i_rxd_i=serial.rx,
            o_txd_o=serial.tx,
        )


def write(board, folder):
    """Writes top.v and top.lpf of a board; toe_board_uart is left to who reads them."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.INFO)
    platform = board.platform()
    if platform.device != board.part:
        raise SystemExit(f"{board.title}: LiteX has {platform.device} on it, not {board.part}")
    top = Top(platform, board)
    fragment = top.get_fragment()
    platform.finalize(fragment)
    output = platform.get_verilog(fragment, name="top")
    output.write(str(folder / "top.v"))
    toolchain = platform.toolchain
    toolchain.named_sc, toolchain.named_pc = platform.resolve_signals(output.ns)
    toolchain._build_name = "top"
    with contextlib.chdir(folder):
        toolchain.build_io_constraints()
