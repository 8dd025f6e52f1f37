#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functional coverage: adds up what test programs wrote, and says what was never reached.

  functional.py FOLDER...    every file *.func in the folders: lines "GROUP.NAME<tab>COUNT"

Bins that cannot be reached are in tests/coverage.toml, with the reason.  Fails when a bin that can
be reached was not, when one that cannot was, and when an entry of the table matches no bin.
"""

import argparse
import collections
import fnmatch
import pathlib
import sys
import tomllib
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/coverage.toml"


class Bin(NamedTuple):
    name: str
    count: int
    reason: str | None  # why it cannot be reached

    @property
    def good(self):
        return (self.count == 0) == (self.reason is not None)


def read_counts(folders):
    """The sum of all files: bin, count."""
    counts = collections.Counter()
    files = [file for folder in folders for file in sorted(pathlib.Path(folder).rglob("*.func"))]
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            name, tab, count = line.partition("\t")
            if not tab or not count.isdigit():
                raise ValueError(f"{file}:{number}: not a bin and a count: {line!r}")
            counts[name] += int(count)
    if not counts:
        raise ValueError(f"no counts in {' '.join(map(str, folders))}: did the programs run with COVERAGE_DIR?")
    return counts


def unreachable():
    """Pattern, reason."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [(pattern, entry["reason"]) for entry in table["unreachable"] for pattern in entry["bins"]]


def judge(counts):
    """All bins in order, and what is wrong with the table itself."""
    patterns = unreachable()
    used = set()
    bins = []
    for name in counts:
        reason = None
        for pattern, why in patterns:
            if fnmatch.fnmatchcase(name, pattern):
                used.add(pattern)
                reason = reason or why
        bins.append(Bin(name, counts[name], reason))
    stale = [pattern for pattern, _ in patterns if pattern not in used]
    return bins, stale


def problems(bins, stale):
    """What fails the run, in words."""
    found = [f"never reached: {b.name}" for b in bins if b.count == 0 and b.reason is None]
    found += [
        f"reached {b.count} times: {b.name}, of which {TABLE.name} says: {b.reason}"
        for b in bins
        if b.count and b.reason is not None
    ]
    found += [f"{TABLE.name}: no bin has a name like {pattern}" for pattern in stale]
    return found


def summary(bins):
    """Group: bins that can be reached, of them reached, bins that cannot."""
    groups = {}
    for b in bins:
        row = groups.setdefault(b.name.partition(".")[0], [0, 0, 0])
        if b.reason is None:
            row[0] += 1
            row[1] += b.count > 0
        else:
            row[2] += 1
    return groups


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    args = parser.parse_args()
    try:
        bins, stale = judge(read_counts(args.folders))
    except (OSError, ValueError) as error:
        sys.exit(f"functional.py: {error}")
    print(f"{'group':10}{'can be':>8}{'reached':>9}{'cannot':>8}")
    for group, (can, reached, cannot) in summary(bins).items():
        print(f"{group:10}{can:8}{reached:9}{cannot:8}")
    found = problems(bins, stale)
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
