#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the bench programs and puts their results together.

A bench program prints one JSON object a line for each result, with the keys name, width,
connections, octets, value, unit and limit; its other lines are shown as they come.  The results go
into build/bench.json as one list, and as a table to the terminal.  A figure over its limit is
marked and is no failure; fails when a program fails (a frame dropped, wrong octets) or prints no
result.
"""

import json
import pathlib
import subprocess
import sys

KEYS = ["name", "width", "connections", "octets", "value", "unit", "limit"]
OUTPUT = pathlib.Path("build/bench.json")
# The limit of cycles a segment is the beats of a frame, which nothing can beat.
ALLOWANCE = {"cycles/segment": 1.25}


def run(program):
    """Results of one program; None when it failed."""
    results = []
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("{"):
                result = json.loads(line)
                results.append({key: result[key] for key in KEYS})
            else:
                print(line, end="", flush=True)
    return results if process.returncode == 0 and results else None


def cell(value):
    """One field of the table."""
    if value is None:
        return "-"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


def is_over(result):
    """True when a result is worse than its limit allows."""
    if result["limit"] is None:
        return False
    return result["value"] > result["limit"] * ALLOWANCE.get(result["unit"], 1)


def print_table(results):
    """One row a result, columns as wide as they need to be."""
    rows = [KEYS] + [[cell(result[key]) for key in KEYS] for result in results]
    notes = [""] + ["  over limit" if is_over(result) else "" for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(KEYS))]
    for row, note in zip(rows, notes):
        left = row[0].ljust(widths[0])
        print("  ".join([left] + [text.rjust(size) for text, size in zip(row[1:], widths[1:])]) + note)


def main():
    results = []
    failed = []
    for program in sys.argv[1:]:
        found = run(program)
        if found is None:
            failed.append(program)
        results += found or []
    OUTPUT.write_text(json.dumps(results, indent=1) + "\n")
    print_table(results)
    print(f"{len(results)} results in {OUTPUT}")
    sys.exit(f"failed: {' '.join(failed)}" if failed or not results else 0)


if __name__ == "__main__":
    main()
