#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks docs/rfc9293.toml and writes docs/rfc-coverage.md from it.

  rfc_coverage.py            checks and writes
  rfc_coverage.py --check    checks, and fails when the page is not what it would write

The page is Markdown and in git, so that it can be read without building anything; what is not
met, and what no test shows, is red in it.
"""

import functools
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = "docs/rfc9293.toml"
PAGE = "docs/rfc-coverage.md"

# The highest number of each kind in RFC 9293; all below it exist.
HIGHEST = {"MUST": 69, "SHLD": 31, "REC": 1, "MAY": 18}
KEYS = {"section", "text", "applies", "status", "where", "tests", "note"}
APPLIES = ("engine", "host", "no")
STATUS = ("met", "departs", "part", "not met")
RED = "\N{LARGE RED SQUARE}"

# Test(suite, name, ...) and ParameterizedTest(type *c, suite, name, ...)
TEST = re.compile(r"^Test\(\s*(\w+)\s*,\s*(\w+)", re.MULTILINE)
PARAMETERIZED = re.compile(r"^ParameterizedTest\([^,]+,\s*(\w+)\s*,\s*(\w+)", re.MULTILINE)


def kind(name):
    """MUST of MUST-7."""
    return name.split("-")[0]


@functools.cache
def tests_of(path):
    """The tests of a file as suite.test; None when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    return {".".join(match) for match in TEST.findall(text) + PARAMETERIZED.findall(text)}


def check_test(entry):
    """What is wrong with file:suite.test, or None."""
    path, _, name = entry.partition(":")
    path = f"tests/{path}"
    known = tests_of(path)
    if known is None:
        return f"{path}: no such file"
    if name not in known:
        return f"{path}: no test {name}"
    return None


def check_row(row):
    """Complaints about one requirement."""
    for key in sorted(row.keys() - KEYS):
        yield f"unknown key {key}"
    for key in ("section", "text"):
        if not row.get(key):
            yield f"no {key}"
    if not re.fullmatch(r"3\.\d+(\.\d+)*", row.get("section", "")):
        yield "section is not one of RFC 9293 section 3"
    if row.get("applies", "engine") not in APPLIES:
        yield f"applies is not one of {', '.join(APPLIES)}"
    if row.get("status", "met") not in STATUS:
        yield f"status is not one of {', '.join(STATUS)}"
    if applies(row) and status(row) == "met" and not row.get("where"):
        yield "met, but no file does it"
    if not applies(row) and ("status" in row or "tests" in row):
        yield "does not apply, but has a status or tests"
    if not (applies(row) and status(row) == "met") and not row.get("note"):
        yield "not applicable or not met, and no note says why"
    if status(row) == "departs" and not row.get("tests"):
        yield "departs, but no test shows what happens instead"
    if applies(row) and status(row) in ("met", "part") and not row.get("tests"):
        yield f"{status(row)}, but no test shows it"
    for path in row.get("where", []):
        if not (ROOT / path).is_file():
            yield f"{path}: no such file"
    yield from filter(None, map(check_test, row.get("tests", [])))


def applies(row):
    return row.get("applies", "engine") != "no"


def status(row):
    return row.get("status", "met")


def is_red(row):
    """Applies, and is not met, met in part only, or not shown."""
    return applies(row) and (status(row) in ("part", "not met") or not row.get("tests"))


def check(rows):
    """All complaints."""
    for level, highest in HIGHEST.items():
        for number in range(1, highest + 1):
            if f"{level}-{number}" not in rows:
                yield f"{level}-{number}: missing"
    for name, row in rows.items():
        level, _, number = name.partition("-")
        if not (number.isdigit() and 1 <= int(number) <= HIGHEST.get(level, 0)):
            yield f"{name}: RFC 9293 has no such requirement"
        for complaint in check_row(row):
            yield f"{name}: {complaint}"
        if kind(name) == "MUST" and is_red(row):
            yield f"{name}: a MUST is not met: meet it, or say in a departure why not"


def verdict(row):
    return status(row) if applies(row) else "n/a"


def summary(rows):
    """One line for each level."""
    names = {"MUST": "MUST, MUST NOT", "SHLD": "SHOULD, SHOULD NOT", "REC": "RECOMMENDED", "MAY": "MAY"}
    yield "| level | all | met | departs | in part | not met | not applicable | with a test |"
    yield "|---|---|---|---|---|---|---|---|"
    for level, title in names.items():
        some = [row for name, row in rows.items() if kind(name) == level]
        verdicts = [verdict(row) for row in some]
        counts = [verdicts.count(word) for word in (*STATUS, "n/a")]
        tested = sum(bool(row.get("tests")) for row in some)
        yield f"| {title} | {len(some)} | {' | '.join(map(str, counts))} | {tested} |"


def link(path):
    return f"[{pathlib.PurePath(path).name}](../{path})"


def tests_cell(row):
    if not applies(row):
        return ""
    lines = []
    for entry in row.get("tests", []):
        path, _, name = entry.partition(":")
        lines.append(f"{link(f'tests/{path}')} `{name}`")
    return "<br>".join(lines) or f"{RED} **no test**"


def status_cell(row):
    return f"{RED} **{verdict(row)}**" if verdict(row) in ("part", "not met") else verdict(row)


def departures(rows):
    """What is done otherwise on purpose."""
    yield "## Departures"
    yield ""
    yield "Not obeyed on purpose. The test shows what happens instead."
    yield ""
    yield "| id | section | requirement | why, and what happens instead | test |"
    yield "|---|---|---|---|---|"
    for name, row in rows.items():
        if status(row) == "departs":
            yield f"| {name} | {row['section']} | {row['text']} | {row['note']} | {tests_cell(row)} |"


def page(rows):
    """The page, line by line."""
    yield "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    yield f"<!-- Written by tools/rfc_coverage.py from {TABLE}; `make rfc-coverage`. -->"
    yield "# RFC 9293, requirement by requirement"
    yield ""
    yield "Every numbered requirement of RFC 9293, the file that does it and the test that shows it. The"
    yield "words are ours and short; the RFC rules. What is not met, or what no test shows, has a red square."
    yield ""
    yield from summary(rows)
    yield ""
    red = [name for name, row in rows.items() if kind(name) == "MUST" and is_red(row)]
    yield f"Red MUSTs: {', '.join(red) or 'none'}."
    yield ""
    yield from departures(rows)
    for level, title in (("MUST", "MUST"), ("SHLD", "SHOULD"), ("REC", "RECOMMENDED"), ("MAY", "MAY")):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| id | section | requirement | status | file | test | note |"
        yield "|---|---|---|---|---|---|---|"
        for number in range(1, HIGHEST[level] + 1):
            row = rows[f"{level}-{number}"]
            where = "<br>".join(map(link, row.get("where", [])))
            cells = [row["section"], row["text"], status_cell(row), where, tests_cell(row)]
            yield f"| {level}-{number} | {' | '.join(cells)} | {row.get('note', '')} |"


def main():
    with open(ROOT / TABLE, "rb") as file:
        rows = tomllib.load(file)
    complaints = list(check(rows))
    for complaint in complaints:
        print(f"{TABLE}: {complaint}", file=sys.stderr)
    if complaints:
        return 1
    text = "\n".join(page(rows)) + "\n"
    target = ROOT / PAGE
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
    elif not target.is_file() or target.read_text(encoding="utf-8") != text:
        print(f"{PAGE}: stale; run `make rfc-coverage` and commit the result", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
