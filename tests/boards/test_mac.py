#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frames of every length modulo the beat through the boards' MAC, both ways, simulated by migen.

Both clocks of the PHY and the engine's differ.  Received: octets, tkeep and tlast are the frame's, and
tuser marks the frames whose FCS is wrong and no others.  Sent: preamble, octets, FCS, gap.
"""

import pathlib
import sys
import zlib

from liteeth.common import eth_phy_description
from litex.gen.sim import passive, run_simulation
from litex.soc.interconnect import stream

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
from boards.common import mac  # noqa: E402

PREAMBLE = bytes([0x55] * 7 + [0xD5])
GAP_OCTETS = 12
LENGTHS = list(range(60, 68))
CLOCKS = {"sys": 20, "eth_rx": 8, "eth_tx": 8}


class Phy:
    """The PHY's side of the MAC, without pins."""

    dw = 8

    def __init__(self):
        self.sink = stream.Endpoint(eth_phy_description(8))
        self.source = stream.Endpoint(eth_phy_description(8))


def frames():
    """Octets of each frame, none like another."""
    return [bytes((7 * index + 3 * place) & 0xFF for place in range(n)) for index, n in enumerate(LENGTHS)]


def on_wire(frame, bad):
    """A frame as the PHY sees it; a bad one has a wrong bit in the middle."""
    octets = bytearray(frame + zlib.crc32(frame).to_bytes(4, "little"))
    if bad:
        octets[len(octets) // 2] ^= 0x10
    return PREAMBLE + octets


def feed_phy(phy, octet_rows):
    """Plays frames into the MAC, a gap after each; LiteEth's PHYs mark the octet after the last as well."""
    for octets in octet_rows:
        for place, octet in enumerate(octets):
            yield phy.source.valid.eq(1)
            yield phy.source.data.eq(octet)
            yield phy.source.last.eq(place == len(octets) - 1)
            yield
        yield phy.source.valid.eq(0)
        yield phy.source.last.eq(0)
        for _ in range(GAP_OCTETS):
            yield


@passive
def watch_engine(rx, found):
    """Collects (octets, tuser) of each frame that reaches the engine."""
    octets = bytearray()
    while True:
        if (yield rx.tvalid):
            keep = yield rx.tkeep
            last = yield rx.tlast
            assert last or keep == 0xFF, f"tkeep {keep:02x} within a frame"
            assert keep & (keep + 1) == 0 and keep, f"tkeep {keep:02x} is not contiguous from bit 0"
            octets += (yield rx.tdata).to_bytes(8, "little")[: keep.bit_length()]
            if last:
                found.append((bytes(octets), (yield rx.tuser)))
                octets.clear()
        yield


def feed_engine(tx, rows):
    """Sends frames back to back, as the engine does: no gap but tready's."""
    for frame in rows:
        for start in range(0, len(frame), 8):
            beat = frame[start : start + 8]
            yield tx.tvalid.eq(1)
            yield tx.tdata.eq(int.from_bytes(beat, "little"))
            yield tx.tkeep.eq((1 << len(beat)) - 1)
            yield tx.tlast.eq(start + 8 >= len(frame))
            yield
            while not (yield tx.tready):
                yield
    yield tx.tvalid.eq(0)


@passive
def watch_phy(phy, found):
    """Collects (octets, idle cycles before) of each run of valid octets that leaves."""
    octets, idle = bytearray(), 0
    while True:
        if (yield phy.sink.valid):
            octets.append((yield phy.sink.data))
        elif octets:
            found.append((bytes(octets), idle))
            octets, idle = bytearray(), 1
        else:
            idle += 1
        yield


def always_ready(phy):
    yield phy.sink.ready.eq(1)


def wait(cycles):
    for _ in range(cycles):
        yield


def main():
    rows = frames()
    bad = [index % 3 == 1 for index in range(len(rows))]
    phy = Phy()
    dut = mac.Mac(phy)
    received, sent = [], []
    octet_count = sum(len(row) + 24 for row in rows)
    run_simulation(
        dut,
        {
            "sys": [watch_engine(dut.rx, received), feed_engine(dut.tx, rows)],
            "eth_rx": [feed_phy(phy, [on_wire(*pair) for pair in zip(rows, bad)])],
            "eth_tx": [always_ready(phy), watch_phy(phy, sent), wait(octet_count + 150)],
        },
        clocks=CLOCKS,
    )

    failures = []
    wanted = [(row, flag) for row, flag in zip(rows, bad)]
    if len(received) != len(wanted):
        failures.append(f"{len(received)} frames received, {len(wanted)} expected")
    for (octets, user), (row, flag) in zip(received, wanted):
        if user != flag:
            failures.append(f"frame of {len(row)} octets: tuser is {user}, expected {int(flag)}")
        if not flag and octets != row:
            failures.append(f"frame of {len(row)} octets arrived as {len(octets)}, or with others in it")
    if len(sent) != len(rows):
        failures.append(f"{len(sent)} frames sent, {len(rows)} expected")
    for index, ((octets, idle), row) in enumerate(zip(sent, rows)):
        if octets != on_wire(row, False):
            failures.append(f"frame of {len(row)} octets left as {octets.hex()}")
        if index and idle < GAP_OCTETS:
            failures.append(f"only {idle} octets of gap before the frame of {len(row)} octets")
    print("\n".join(failures) or f"{len(rows)} frames each way")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
