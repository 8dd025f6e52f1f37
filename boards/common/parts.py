# SPDX-License-Identifier: Apache-2.0
"""The ECP5 parts on the boards: their names for nextpnr, and how much is in them."""

import dataclasses

# LUT4, registers, 18 Kbit block RAMs and 18-bit multipliers of each size, from Lattice's data sheet.
SIZES = {
    "25F": (24_288, 24_288, 56, 28),
    "45F": (43_848, 43_848, 108, 72),
    "85F": (83_640, 83_640, 208, 156),
}


@dataclasses.dataclass(frozen=True)
class Part:
    """One part, as nextpnr-ecp5 wants it."""

    nextpnr: str
    package: str
    speed: str
    size: str


def parse(name):
    """LFE5UM5G-85F-8BG554I and its like, taken apart."""
    family, size, rest = name.split("-")
    kind = family.removeprefix("LFE5").lower()
    return Part(
        nextpnr=f"--{'' if kind == 'u' else kind + '-'}{size.removesuffix('F')}k",
        package="CABGA" + rest.removeprefix(rest[0] + "BG").rstrip("CI"),
        speed=rest[0],
        size=size,
    )


def places(cells):
    """Places for LUT4 that a netlist takes: cells of each type, as Yosys counts them.

    A carry cell takes the place of two LUT4, a distributed RAM that of six (four for data, two to write).
    """
    return cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 6 * cells.get("TRELLIS_DPR16X4", 0)


def usage(name, cells):
    """(what, used, there) of a netlist."""
    luts, registers, rams, multipliers = SIZES[parse(name).size]
    block = cells.get("DP16KD", 0) + cells.get("PDPW16KD", 0)
    return [
        ("LUT4, carry and LUT RAM", places(cells), luts),
        ("registers", cells.get("TRELLIS_FF", 0), registers),
        ("block RAM (DP16KD)", block, rams),
        ("multipliers", cells.get("MULT18X18D", 0), multipliers),
    ]
