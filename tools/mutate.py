#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts faults into the RTL, one at a time, and says which of them lint, tests, proofs and synthesis
catch.

Faults are made from the sources (tools/mutate_faults.py) and drawn with a seed.  Each one goes into
a copy of the tree below build/mutate, where it meets the checks that depend on its file, cheapest
first, until one fails or hangs (tools/mutate_checks.py).  A fault that Verilator refuses does not
count, nor does one that changes nothing but assertions; others are drawn in their place.
tests/mutation/equivalent.toml names faults that no check can see, with the reason.

Writes build/mutate/report.md and report.json.  Exits with 1 when fewer than 95 % are caught, with 2
when the tree cannot be judged: it has changes, or a check fails without a fault.
"""

import argparse
import concurrent.futures
import difflib
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import tomllib

import mutate_checks as checks_of
import mutate_faults as faults_of
from mutate_selftest import self_test

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build/mutate"
EQUIVALENT = ROOT / "tests/mutation/equivalent.toml"
NEEDED_PERCENT = 95
# Simulation checks only.
LEFT_OUT = ("rtl/gen/", "rtl/lib/toe_stream_check.sv")


def refuse(message):
    print(f"mutate: {message}", file=sys.stderr)
    sys.exit(2)


def rtl_files():
    lines = (ROOT / "rtl/toe.f").read_text().splitlines()
    files = [line.strip() for line in lines if line.strip().endswith(".sv")]
    return [file for file in files if not file.startswith(LEFT_OUT)]


def equivalent_faults(faults):
    """The faults that equivalent.toml names, with their reasons; refuses what it names in vain."""
    by_key = {}
    for fault in faults:
        by_key.setdefault(fault.key, []).append(fault)
    reasons = {}
    for entry in tomllib.loads(EQUIVALENT.read_text()).get("fault", []):
        try:
            key = tuple(entry[name] for name in ("file", "operator", "text", "old", "new"))
            reason = entry["reason"]
        except KeyError as error:
            refuse(f"{EQUIVALENT.name}: {entry}: {error} is missing")
        found = by_key.get(key, [])
        nth = entry.get("nth", 1 if len(found) == 1 else 0)
        if not 1 <= nth <= len(found):
            refuse(f"{EQUIVALENT.name}: {key} stands for {len(found)} faults: stale, or nth is missing")
        reasons[found[nth - 1]] = reason
    return reasons


def tree_key(base):
    """What a baseline holds for: every source, and how it is built."""
    digest = hashlib.sha256(repr(checks_of.MAKE).encode())
    for path in sorted(base.path.rglob("*")):
        name = path.relative_to(base.path)
        if name.parts[0] != "build" and path.is_file():
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


class Run:
    """One run: the checks, what they cost, and the faults tried so far."""

    def __init__(self, args):
        self.args = args
        self.base = checks_of.Workspace(ROOT, FOLDER / "base")
        self.lock = threading.Lock()
        self.rows = []
        self.refused = []  # faults that do not compile
        self.unseen = []  # faults that change no logic
        self.busy = 0
        sources = checks_of.Sources(ROOT)
        programs, self.files = checks_of.program_checks(ROOT, sources)
        statics, static_files = checks_of.static_checks(sources)
        proofs, proof_files = checks_of.proof_checks(ROOT, sources)
        self.files.update(static_files | proof_files)
        self.checks = statics + programs + proofs
        self.seconds = {}  # of a check, without a fault
        self.build_seconds = {}  # of a model

    # --- Without a fault -------------------------------------------------------------------------

    def baseline(self):
        """Builds everything and runs every check on the right source; all must pass."""
        checks_of.prepare_base(ROOT, self.base)
        programs = list(dict.fromkeys(check.program for check in self.checks if check.program))
        print(f"baseline: builds {len(programs)} programs", flush=True)
        built = self.base.make(*programs, jobs=self.args.jobs, options=[])
        if built.status != 0:
            refuse(f"the baseline does not build:\n{built.text}")
        key, cache = tree_key(self.base), FOLDER / "baseline.json"
        if cache.exists() and (known := json.loads(cache.read_text()))["key"] == key:
            self.seconds = known["seconds"]
        if set(self.seconds) != {check.name for check in self.checks}:
            self.seconds = {}
            print(f"baseline: runs {len(self.checks)} checks", flush=True)
            for check in self.checks:
                outcome = self.base.check(check, 600)
                if outcome.status != 0:
                    refuse(f"without a fault {check.name} fails:\n{outcome.text}")
                self.seconds[check.name] = outcome.seconds
            cache.write_text(json.dumps({"key": key, "seconds": self.seconds}, indent=1))
        models = {check.model for check in self.checks if check.model}
        self.build_seconds = {model: checks_of.build_guess(self.base.path, model) for model in models}
        print(f"baseline: {len(self.checks)} checks pass in {sum(self.seconds.values()):.0f} s", flush=True)

    # --- One fault -------------------------------------------------------------------------------

    def attempt(self, space, fault):
        """Tries one fault; its row, or None when it does not count."""
        start = time.monotonic()
        checks_of.mirror(self.base.path, space.path)
        faults_of.apply(space.path, fault)
        left = [
            check
            for check in self.checks
            if fault.file in self.files[check.model or check.name]
        ]
        built, same, met = set(), set(), 0
        while left:
            check = min(left, key=lambda check: self.cost(check, built))
            left.remove(check)
            if check.model in same:
                continue
            if check.model and check.model not in built:
                changed = self.verilate(space, check.model)
                if changed is None:
                    return self.reject(self.refused, fault)
                if not changed:
                    same.add(check.model)
                    continue
            if check.program and not self.build(space, check, built):
                return self.reject(self.refused, fault)
            outcome = space.check(check, checks_of.run_seconds_limit(self.seconds[check.name]))
            if checks_of.is_broken_proof(outcome):
                continue
            met += 1
            if outcome.status != 0:
                how = "hangs" if outcome.status is None else "fails"
                return self.row(fault, start, met, check, how)
        if not self.changes_logic(space):
            return self.reject(self.unseen, fault)
        return self.row(fault, start, met, None, "survives")

    def cost(self, check, built):
        """The stage first; within it, seconds of the model if it has yet to be made, and of the run."""
        build = 0 if check.model is None or check.model in built else self.build_seconds[check.model]
        return check.stage, build + self.seconds[check.name], check.name

    @staticmethod
    def reject(where, fault):
        where.append(fault)

    def verilate(self, space, model):
        """Whether the model has changed; None when Verilator refuses the source."""
        outcome = space.make(f"build/verilated/{model}/stamp")
        return space.model_changed(self.base, model) if outcome.status == 0 else None

    def build(self, space, check, built):
        outcome = space.make(check.program)
        if check.model not in built:
            self.build_seconds[check.model] = (self.build_seconds[check.model] + outcome.seconds) / 2
            built.add(check.model)
        return outcome.status == 0

    def changes_logic(self, space):
        """Whether Verilator writes other C++ for the engine, of any width, without its assertions."""
        for width in (64, 128, 256, 512):
            texts = [self.engine_text(where, width) for where in (self.base, space)]
            if texts[0] != texts[1]:
                return True
        return False

    def engine_text(self, space, width):
        folder = f"build/plain/{width}"
        with self.lock if space is self.base else threading.Lock():
            if not (space is self.base and (space.path / folder / "done").exists()):
                (space.path / folder).mkdir(parents=True, exist_ok=True)
                for path in (space.path / folder).iterdir():
                    path.unlink()
                command = [
                    "build/verilator/bin/verilator", "--cc", "-O3", "--no-assert", "--no-timing", "--no-skip-identical",
                    "-Wno-fatal", "-Wno-lint", "-Wno-style", "--Mdir", folder, f"-GDataWidth={width}",
                    "--top-module", "toe_top", "-f", "rtl/toe.f",
                ]  # fmt: skip
                env = (("VERILATOR_ROOT", str(ROOT / "build/verilator")),)
                outcome = space.run(command, checks_of.BUILD_LIMIT_S, env)
                if outcome.status != 0:
                    return outcome.text
                (space.path / folder / "done").touch()
        return {
            path.name: path.read_text()
            for path in (space.path / folder).iterdir()
            if path.suffix in (".cpp", ".h")
        }

    def row(self, fault, start, met, check, how):
        return {
            "name": fault.name,
            **dict(zip(("file", "operator", "text", "old", "new"), fault.key)),
            "how": how,
            "check": check.name if check else None,
            "stage": checks_of.STAGES[check.stage] if check else None,
            "checks": met,
            "seconds": round(time.monotonic() - start, 1),
            "diff": diff_of(fault),
        }

    # --- All of them -----------------------------------------------------------------------------

    def work(self, number, order, wanted):
        """One worker: takes faults until enough of them count."""
        space = checks_of.Workspace(ROOT, FOLDER / f"w{number}")
        while True:
            with self.lock:
                fault = next(order, None) if len(self.rows) + self.busy < wanted else None
                if fault is None:
                    return
                self.busy += 1
            row = self.attempt(space, fault)
            with self.lock:
                self.busy -= 1
                if row is None:
                    why = "changes no logic" if fault in self.unseen else "does not compile"
                    print(f"        -  {fault.name}: {why}", flush=True)
                    continue
                self.rows.append(row)
                what = f"{row['how']}: {row['check']}" if row["check"] else "SURVIVES"
                print(f"{len(self.rows):>4}/{wanted} {row['seconds']:>6.0f} s  {fault.name}  {what}", flush=True)

    def all(self, order, wanted):
        order = iter(order)
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            for done in [pool.submit(self.work, n, order, wanted) for n in range(self.args.jobs)]:
                done.result()


def diff_of(fault):
    source = (ROOT / fault.file).read_bytes()
    faulty = source[: fault.start] + fault.new.encode() + source[fault.end :]
    lines = [text.decode().splitlines() for text in (source, faulty)]
    return "\n".join(difflib.unified_diff(*lines, fault.file, "fault", n=2, lineterm=""))


def report(run, seconds):
    """Writes report.json and report.md; the share of faults caught, in percent."""
    rows = sorted(run.rows, key=lambda row: row["name"])
    survivors = [row for row in rows if row["check"] is None]
    caught = len(rows) - len(survivors)
    percent = 100 * caught / len(rows) if rows else 0
    dirty = " The tree may have changes." if run.args.dirty else ""
    drawn = "Survivors of the run before" if run.args.survivors else f"Seed {run.args.seed}"
    lines = [
        "# Faults in the RTL",
        "",
        f"{drawn}: {caught} of {len(rows)} caught, {percent:.1f} %, in {seconds / 60:.0f} min.{dirty}",
        f"Drawn beside them: {len(run.refused)} that do not compile, {len(run.unseen)} that change no logic.",
        f"The {len(run.checks)} checks pass without a fault.",
        "",
        "| caught by | faults | of them hung |",
        "|---|---|---|",
    ]
    for stage in checks_of.STAGES:
        of_stage = [row for row in rows if row["stage"] == stage]
        hung = sum(row["how"] == "hangs" for row in of_stage)
        lines.append(f"| {stage} | {len(of_stage)} | {hung} |")
    lines += ["", f"## Survivors: {len(survivors)}", ""]
    for row in survivors:
        lines += [f"### {row['name']}", "", "```diff", row["diff"], "```", ""]
    lines += ["## All", "", "| fault | change | caught by | checks met | s |", "|---|---|---|---|---|"]
    for row in rows:
        change = f"`{row['old'][:50]}` to `{row['new'][:50]}`".replace("|", "\\|")
        by = f"{row['check']} {row['how']}" if row["check"] else "**survives**"
        lines.append(f"| {row['name']} | {change} | {by} | {row['checks']} | {row['seconds']} |")
    (FOLDER / "report.md").write_text("\n".join(lines) + "\n")
    document = {
        "seed": run.args.seed,
        "percent": percent,
        "seconds": seconds,
        "refused": [fault.name for fault in run.refused],
        "unseen": [fault.name for fault in run.unseen],
        "faults": rows,
    }
    (FOLDER / "report.json").write_text(json.dumps(document, indent=1))
    print(f"\n{caught} of {len(rows)} caught, {percent:.1f} %; {len(run.refused)} did not compile, ", end="")
    print(f"{len(run.unseen)} changed no logic; {seconds / 60:.0f} min; {FOLDER.relative_to(ROOT)}/report.md")
    for row in survivors:
        print(f"\nsurvivor {row['name']}\n{row['diff']}")
    return percent


def survivors_of_last(faults):
    """The faults that survived the last run, for another try."""
    path = FOLDER / "report.json"
    if not path.exists():
        refuse("--survivors: there is no report yet")
    rows = [row for row in json.loads(path.read_text())["faults"] if row["check"] is None]
    diffs = {row["diff"] for row in rows}
    files = {row["file"] for row in rows}
    return [fault for fault in faults if fault.file in files and diff_of(fault) in diffs]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=80, help="how many count")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="faults of files with this word in their path")
    parser.add_argument("--survivors", action="store_true", help="those of the last run once more")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--list", action="store_true", help="print the faults, try none")
    parser.add_argument("--dirty", action="store_true", help="take a tree with changes; the report says so")
    parser.add_argument("--check", action="store_true", help="test the maker of faults and equivalent.toml")
    args = parser.parse_args()
    if args.faults < 1 or args.jobs < 1:
        parser.error("--faults and --jobs are 1 or more")
    return args


def main():
    args = arguments()
    os.chdir(ROOT)
    faults = faults_of.all_faults(ROOT, rtl_files())
    equivalent = equivalent_faults(faults)
    if args.check:
        self_test()
        print(f"{len(faults)} faults can be made; {len(equivalent)} are listed as equivalent")
        return
    drawn = faults_of.draw(ROOT, [fault for fault in faults if args.only in fault.file], args.seed)
    order = [fault for fault in drawn if fault not in equivalent]
    if args.survivors:
        order = [fault for fault in survivors_of_last(faults) if fault not in equivalent]
    if not order:
        refuse("no fault to try")
    if args.list:
        for fault in order[: args.faults]:
            print(f"{fault.name}  {fault.text}\n    {fault.key[3]}  ->  {fault.key[4]}")
        return
    changes = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    if changes and not args.dirty:
        refuse(f"the tree has changes; commit them, or --dirty:\n{changes}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    run = Run(args)
    run.baseline()
    run.all(order, min(args.faults, len(order)))
    sys.exit(report(run, time.monotonic() - start) < NEEDED_PERCENT)


if __name__ == "__main__":
    main()
