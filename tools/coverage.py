#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coverage of RTL and C by the test programs, in one HTML report.

  coverage.py            builds with COVERAGE=1, runs every test program, reports
  coverage.py --report   reports on the runs of before

Writes build/coverage/report/index.html: functional coverage here, lines and branches by lcov's
genhtml.  Fails below the limits of LIMITS, when a test fails, and when a bin of functional coverage
that can be reached was not.
"""

import argparse
import concurrent.futures
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys

import coverage_rtl
import functional
import programs

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build/coverage")
DATA = BUILD / "data"
REPORT = BUILD / "report"
LIMIT_S = 1800
JOBS = os.cpu_count() or 1

# Folder: least share of lines and branches, in percent.
LIMITS = {"rtl": (95, 90), "model": (95, None)}
# What is counted of the C sources; examples are for `make run`, which is not counted.
C_FOLDERS = ["model", "sim", "host/src", "host/tools", "driver"]
# Between the narrowest and the widest stream no other line runs.
SKIPPED = re.compile(r"\.w(128|256)$")
LCOV = ["--rc", "lcov_branch_coverage=1"]

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { border: 1px solid #ccc; padding: .1em .6em }
th { background: #eee; text-align: left } td.n { text-align: right } .bad { background: #fbb }
.no { color: #888 } .good { background: #cfc }
"""


def run(command, **options):
    """Runs a command that has to succeed."""
    subprocess.run(command, check=True, cwd=ROOT, **options)


def run_program(name):
    """Runs one program; its RTL counts end up in one file.  True when all its tests passed."""
    folder = DATA / name.removeprefix(f"{BUILD}/tests/").replace("/", ".")
    folder.mkdir(parents=True)
    good = programs.run([name], folder / "log", folder, LIMIT_S)
    coverage_rtl.merge(folder)
    print(f"{'ok  ' if good else 'FAIL'}  {name}", flush=True)
    return good


def run_all():
    """Builds and runs; the number of programs that failed."""
    names = [name for name in programs.compiled("COVERAGE=1") if not SKIPPED.search(name)]
    run(["make", "--no-print-directory", "-k", f"-j{JOBS}", "COVERAGE=1", *names])
    shutil.rmtree(DATA, ignore_errors=True)
    for counts in (ROOT / BUILD).rglob("*.gcda"):
        counts.unlink()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(run_program, names)).count(False)


def collect_c():
    """lcov's tracefile of the C sources."""
    everything, wanted = BUILD / "all.info", BUILD / "c.info"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run(["lcov", "--quiet", "--capture", "--directory", BUILD / "obj", "--base-directory", ".", "--output-file",
         everything, *LCOV], **quiet)
    patterns = [f"*/{folder}/*{ending}" for folder in C_FOLDERS for ending in (".c", ".h")]
    run(["lcov", "--quiet", "--extract", everything, *patterns, "--output-file", wanted, *LCOV], **quiet)
    return wanted


def totals(info):
    """Folder: [lines, lines hit, branches, branches hit] of a tracefile."""
    sums = {}
    row = None
    keys = {"LF": 0, "LH": 1, "BRF": 2, "BRH": 3}
    for line in pathlib.Path(info).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            path = pathlib.Path(value)
            path = path.relative_to(ROOT) if path.is_absolute() else path
            row = sums.setdefault(path.parts[0], [0, 0, 0, 0])
        elif key in keys:
            row[keys[key]] += int(value)
    return sums


def percent(hit, found):
    return 100 * hit / found if found else 100.0


def judge(sums):
    """What is below its limit, in words."""
    found = []
    for folder, limits in LIMITS.items():
        lines, hit, branches, taken = sums[folder]
        shares = (percent(hit, lines), percent(taken, branches))
        for what, share, limit in zip(("lines", "branches"), shares, limits):
            if limit is not None and share < limit:
                found.append(f"{folder}: {share:.1f} % of the {what}, {limit} % wanted")
    return found


def table(head, rows):
    """HTML of a table; a row is cells, or a class and cells."""
    text = "<table><tr>" + "".join(f"<th>{html.escape(cell)}" for cell in head) + "</tr>\n"
    for style, cells in rows:
        text += f"<tr class='{style}'>" + "".join(
            f"<td{' class=n' if cell.replace('.', '').replace('%', '').strip().isdigit() else ''}>{html.escape(cell)}"
            for cell in cells
        ) + "</tr>\n"
    return text + "</table>\n"


def write_index(sums, bins, stale, found):
    """The front page."""
    lines = []
    for folder, (count, hit, branches, taken) in sorted(sums.items()):
        lines.append(("", [folder, str(count), f"{percent(hit, count):.1f} %", str(branches),
                           f"{percent(taken, branches):.1f} %"]))
    groups = [("", [g, str(can), str(hit), str(cannot)]) for g, (can, hit, cannot) in functional.summary(bins).items()]
    every = [("good" if b.good and b.count else "no" if b.good else "bad", [b.name, str(b.count), b.reason or ""])
             for b in bins]
    wrong = functional.problems(bins, stale) + found
    text = (
        f"<!doctype html><meta charset=utf-8><title>OpenTOE coverage</title><style>{STYLE}</style>\n"
        "<h1>Coverage</h1>\n"
        + ("<p class=bad>" + "<br>".join(map(html.escape, wrong)) + "</p>" if wrong else "<p>Nothing is missing.</p>")
        + "<h2>Lines and branches</h2><p><a href=code/index.html>Every file</a></p>\n"
        + table(["folder", "lines", "hit", "branches", "hit"], lines)
        + "<h2>Functional coverage</h2>\n"
        + table(["group", "bins that can be reached", "reached", "cannot be reached"], groups)
        + table(["bin", "count", "cannot be reached, because"], every)
    )
    (REPORT / "index.html").write_text(text, encoding="utf-8")


def report():
    """Writes the report; what is wrong, in words."""
    rtl, c = BUILD / "rtl.info", collect_c()
    coverage_rtl.write_info(DATA, rtl)
    shutil.rmtree(REPORT, ignore_errors=True)
    REPORT.mkdir(parents=True)
    run(["genhtml", "--quiet", "--branch-coverage", "--prefix", ROOT, "--title", "OpenTOE", "--output-directory",
         REPORT / "code", rtl, c, *LCOV])
    sums = totals(rtl) | totals(c)
    bins, stale = functional.judge(functional.read_counts([DATA]))
    found = judge(sums)
    write_index(sums, bins, stale, found)
    print(f"\n{'folder':10}{'lines':>8}{'hit':>9}{'branches':>10}{'hit':>9}")
    for folder, (lines, hit, branches, taken) in sorted(sums.items()):
        print(f"{folder:10}{lines:8}{percent(hit, lines):7.1f} %{branches:10}{percent(taken, branches):7.1f} %")
    for group, (can, reached, _) in functional.summary(bins).items():
        print(f"{group:10}{can:8}{percent(reached, can):7.1f} %")
    return functional.problems(bins, stale) + found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="run nothing, report on the runs of before")
    args = parser.parse_args()
    os.chdir(ROOT)
    failed = 0 if args.report else run_all()
    wrong = report()
    print(*wrong, sep="\n")
    print(f"report: {REPORT}/index.html")
    if failed:
        print(f"{failed} programs failed")
    sys.exit(1 if wrong or failed else 0)


if __name__ == "__main__":
    main()
