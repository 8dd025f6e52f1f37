#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks docs/rfc9293.toml and writes docs/rfc-coverage.md from it.

  rfc_coverage.py            checks and writes
  rfc_coverage.py --check    checks, and fails when the page is not what it would write

The page is Markdown and in git, so that it can be read without building anything; a requirement
without a test says **no test** in it.
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
STATUS = ("met", "part", "not met")

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
    if not (applies(row) and status(row) == "met" and row.get("tests")) and not row.get("note"):
        yield "not applicable, not met or without a test, and no note says why"
    for path in row.get("where", []):
        if not (ROOT / path).is_file():
            yield f"{path}: no such file"
    yield from filter(None, map(check_test, row.get("tests", [])))


def applies(row):
    return row.get("applies", "engine") != "no"


def status(row):
    return row.get("status", "met")


def is_open(row):
    """Applies, and is not met or not shown."""
    return applies(row) and (status(row) != "met" or not row.get("tests"))


def check(rows, gaps):
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
        if kind(name) == "MUST" and is_open(row) and not gaps.get(name):
            yield f"{name}: not met, or without a test, and not in [gaps]"
    for name in gaps:
        if kind(name) != "MUST" or name not in rows or not is_open(rows[name]):
            yield f"{name}: in [gaps], but it is no open MUST"


def verdict(row):
    return status(row) if applies(row) else "n/a"


def summary(rows):
    """One line for each level."""
    names = {"MUST": "MUST, MUST NOT", "SHLD": "SHOULD, SHOULD NOT", "REC": "RECOMMENDED", "MAY": "MAY"}
    yield "| level | all | met | in part | not met | not applicable | with a test |"
    yield "|---|---|---|---|---|---|---|"
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
    return "<br>".join(lines) or "**no test**"


def page(rows, gaps):
    """The page, line by line."""
    yield "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    yield f"<!-- Written by tools/rfc_coverage.py from {TABLE}; `make rfc-coverage`. -->"
    yield "# RFC 9293, requirement by requirement"
    yield ""
    yield "Every numbered requirement of RFC 9293, the file that does it and the test that shows it. The"
    yield "words are ours and short; the RFC rules. A requirement that nothing shows says **no test**."
    yield ""
    yield from summary(rows)
    yield ""
    yield "## Open MUSTs"
    yield ""
    yield "Not met, or in part only, or not shown by a test:"
    yield ""
    for name, reason in gaps.items():
        yield f"- {name} ({verdict(rows[name])}): {rows[name]['text']}. {reason}"
    for level, title in (("MUST", "MUST"), ("SHLD", "SHOULD"), ("REC", "RECOMMENDED"), ("MAY", "MAY")):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| id | section | requirement | status | file | test | note |"
        yield "|---|---|---|---|---|---|---|"
        for number in range(1, HIGHEST[level] + 1):
            row = rows[f"{level}-{number}"]
            where = "<br>".join(map(link, row.get("where", [])))
            cells = [row["section"], row["text"], verdict(row), where, tests_cell(row)]
            yield f"| {level}-{number} | {' | '.join(cells)} | {row.get('note', '')} |"


def main():
    with open(ROOT / TABLE, "rb") as file:
        rows = tomllib.load(file)
    gaps = rows.pop("gaps", {})
    complaints = list(check(rows, gaps))
    for complaint in complaints:
        print(f"{TABLE}: {complaint}", file=sys.stderr)
    if complaints:
        return 1
    text = "\n".join(page(rows, gaps)) + "\n"
    target = ROOT / PAGE
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
    elif not target.is_file() or target.read_text(encoding="utf-8") != text:
        print(f"{PAGE}: stale; run `make rfc-coverage` and commit the result", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
