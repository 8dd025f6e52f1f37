# SPDX-License-Identifier: Apache-2.0
"""Line and branch counts of Verilated RTL: from Verilator's format to lcov's.

A line of Verilator's file is a point: C 'key<2>value<1>key<2>value...' count, with the file f, the
line l, the column n, what it is (o), the lines S that run with it, and the instance h.  A module
counts in every instance and in every program that has it.
"""

import collections
import pathlib
import re

MERGED = "rtl.points"
# `if` without else, and what is not an `else if` but a case item, are branches for lcov alike.
BRANCHES = {"if", "else", "elsif", "case", "cond_then", "cond_else"}
# rtl/gen is made by PeakRDL, and sim and tests are not the engine.
WANTED = re.compile(r"^rtl/(?!gen/)")


def read(file):
    """Point (the text between the quotes, without the instance): count."""
    counts = collections.Counter()
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("C '"):
                point, _, count = line[3:].rpartition("' ")
                counts[point.partition("\x01h\x02")[0]] += int(count)
    return counts


def merge(folder):
    """Replaces all *.dat of a folder by one file of their sums."""
    counts = collections.Counter()
    for file in sorted(folder.glob("*.dat")):
        counts.update(read(file))
        file.unlink()
    if counts:
        text = "".join(f"C '{point}' {count}\n" for point, count in counts.items())
        (folder / MERGED).write_text(text, encoding="utf-8")


def fields(point):
    """The keys and values of a point."""
    return dict(pair.partition("\x02")[::2] for pair in point.split("\x01") if pair)


def lines_of(text):
    """The numbers in 3-5,9."""
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def write_info(data, output):
    """Writes a tracefile of all that was merged below a folder."""
    counts = collections.Counter()
    for file in sorted(pathlib.Path(data).rglob(MERGED)):
        counts.update(read(file))
    points = [(fields(point), count) for point, count in counts.items()]
    points = [(f, count) for f, count in points if WANTED.match(f["f"])]
    returns = collections.Counter()
    for f, count in points:
        if "user" in f["t"]:
            returns[f["f"], int(f["l"])] += count
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(dict)
    for f, count in points:
        if "user" in f["t"]:
            continue
        own = list(lines_of(f.get("S", "")))
        # Who returns has been there; see coverage_sources.py.
        count = max([count, *(returns[f["f"], line] for line in own)])
        for line in own:
            lines[f["f"]][line] = max(lines[f["f"]][line], count)
        if f["o"] in BRANCHES:
            key = (int(f["l"]), int(f["n"]), f["o"])
            branches[f["f"]][key] = branches[f["f"]].get(key, 0) + count
    with open(output, "w", encoding="utf-8") as info:
        for name in sorted(lines.keys() | branches.keys()):
            write_file(info, name, lines[name], branches[name])


def write_file(info, name, lines, branches):
    """One source file of a tracefile."""
    numbers = collections.Counter()
    print(f"TN:\nSF:{pathlib.Path(name).absolute()}", file=info)
    for (line, _, _), count in sorted(branches.items()):
        print(f"BRDA:{line},0,{numbers[line]},{count or '-'}", file=info)
        numbers[line] += 1
    print(f"BRF:{len(branches)}\nBRH:{sum(map(bool, branches.values()))}", file=info)
    for line, count in sorted(lines.items()):
        print(f"DA:{line},{count}", file=info)
    print(f"LF:{len(lines)}\nLH:{sum(map(bool, lines.values()))}\nend_of_record", file=info)
