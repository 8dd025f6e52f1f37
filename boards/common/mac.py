# SPDX-License-Identifier: Apache-2.0
"""LiteEth's MAC with the engine's streams: AXI4-Stream, one clock (sys), no preamble, no FCS.

LiteEth checks and makes preamble, FCS and gap octet by octet in the PHY's clocks, and crosses to the
64-bit stream through FIFOs of FIFO_BEATS.  The engine takes every received beat in its cycle, and a frame
that it has begun to send has no gap, so neither FIFO runs over or dry as long as DataWidth bits times the
sys clock exceed the line's rate: 15.7 MHz for a gigabit.
"""

from liteeth.mac.core import LiteEthMACCore
from litex.gen import LiteXModule
from migen import If, Signal

DATA_WIDTH = 64
KEEP_WIDTH = DATA_WIDTH // 8
# One distributed RAM deep: with two, and what chooses between them, grade 6 does not reach 125 MHz.
FIFO_BEATS = 16


class AxiStream:
    """The signals of one stream, named as toe_top's ports without their prefix."""

    def __init__(self):
        self.tvalid = Signal()
        self.tready = Signal()
        self.tdata = Signal(DATA_WIDTH)
        self.tkeep = Signal(KEEP_WIDTH)
        self.tlast = Signal()
        self.tuser = Signal()


class Mac(LiteXModule):
    """phy: as LiteEth's, with 8-bit sink and source.  rx: tready is not looked at.  tx: tuser is not."""

    def __init__(self, phy):
        self.rx = rx = AxiStream()
        self.tx = tx = AxiStream()
        # LiteEth's check of the FCS looks at its result where last_be is set, and 8-bit PHYs leave it clear.
        self.comb += phy.source.last_be.eq(phy.source.last)
        # The engine pads short frames itself.
        self.core = core = LiteEthMACCore(
            phy, dw=DATA_WIDTH, with_padding=False, tx_cdc_depth=FIFO_BEATS, rx_cdc_depth=FIFO_BEATS
        )

        # last_be marks the last octet; above it, octets and marks may be those of an earlier beat.
        source = core.source
        keep = Signal(KEEP_WIDTH)
        self.comb += [
            keep.eq(source.last_be ^ (source.last_be - 1)),
            source.ready.eq(1),
            rx.tvalid.eq(source.valid),
            rx.tdata.eq(source.data),
            rx.tkeep.eq(keep),
            rx.tlast.eq(source.last),
            rx.tuser.eq((source.error & keep) != 0),
        ]

        # Frames leave with one bit of last_be set, that of their last octet.
        sink = core.sink
        self.comb += [
            sink.valid.eq(tx.tvalid),
            sink.data.eq(tx.tdata),
            sink.last.eq(tx.tlast),
            If(tx.tlast, sink.last_be.eq(tx.tkeep & ~(tx.tkeep >> 1))),
            tx.tready.eq(sink.ready),
        ]
