#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the random tests with many seeds, here or on a cluster.

  regress.py --seeds 200                   as many at a time as there are processors
  regress.py --seeds 200 --engine slurm    a Slurm job array, one task a seed
  regress.py --seed 7                      one seed: what each of the above runs

A seed runs each random program once; of one that is built in several variants, these in turn.

Everything lands in build/regress: SEED/PROGRAM.log, SEED/junit.xml, junit.xml with all of them.
Fails when a program fails, when a seed gives no result, and when a cell, transition or timer that can
be reached was not.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from typing import NamedTuple

import functional
import programs

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = "programs"  # in the folder of the results: what every seed runs
JOBS = os.cpu_count() or 1
LIMIT_S = 1800
# The programs whose stimuli come from the seed.
RANDOM = re.compile(r"random|lockstep_step|fuzz")
# Events of a program for one seed, where it has a default for `make test`.
EVENTS = {"test_lockstep_step": 100000, "test_random": 4000}
# What a program is called with: the tests that compare runs with each other are for `make test`.
ARGUMENTS = {"test_random": ["--filter", "random/engines_do_what_the_model_does"]}
EVENTS_OF = re.compile(r"(\d+) events equal")
POLL_S = 2
ARRAY_MAX = 1000  # Slurm's MaxArraySize is 1,001 unless the site says more


class Result(NamedTuple):
    seed: int
    program: str
    passed: bool
    seconds: float
    events: int


def fail(message):
    sys.exit(f"regress.py: {message}")


def random_programs():
    """Those whose stimuli come from the seed."""
    return [name for name in programs.compiled() if RANDOM.search(pathlib.Path(name).name)]


def write_programs(output, names):
    """Says in a file what every seed runs: on a cluster nothing may call make at the same time."""
    (output / PROGRAMS).write_text("\n".join(names or random_programs()) + "\n", encoding="utf-8")


# --- One seed ---------------------------------------------------------------------------------------


def stem(program):
    """test_random of build/tests/random/test_random.w64."""
    return pathlib.Path(program).name.partition(".")[0]


def chosen(seed, names):
    """Of a program that is built in several variants one, in turn."""
    variants = {}
    for name in names:
        variants.setdefault(stem(name), []).append(name)
    return [group[seed % len(group)] for group in variants.values()]


def environment(seed, program):
    """What a program gets, and what a replay needs."""
    name = stem(program)
    return {"SEED": str(seed)} | ({"EVENTS": str(EVENTS[name])} if name in EVENTS else {})


def replay(seed, program):
    """The command that runs a failure once more."""
    words = [f"{key}={value}" for key, value in environment(seed, program).items()]
    return " ".join([*words, program, *ARGUMENTS.get(stem(program), [])])


def run_program(seed, program, folder):
    """Runs one program with one seed."""
    log = folder / (pathlib.Path(program).name + ".log")
    start = time.monotonic()
    command = [program, *ARGUMENTS.get(stem(program), [])]
    good = programs.run(command, log, folder, LIMIT_S, environment(seed, program))
    events = sum(map(int, EVENTS_OF.findall(log.read_text(encoding="utf-8", errors="replace"))))
    return Result(seed, program, good, time.monotonic() - start, events)


def run_seed(seed, output):
    """All programs with one seed; leaves junit.xml."""
    names = (output / PROGRAMS).read_text(encoding="utf-8").split()
    folder = output / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    results = [run_program(seed, name, folder) for name in chosen(seed, names)]
    suite = xml.Element("testsuite", name=f"seed {seed}", tests=str(len(results)))
    suite.set("failures", str(sum(not r.passed for r in results)))
    for r in results:
        case = xml.SubElement(suite, "testcase", classname=f"seed.{seed}", name=r.program, time=f"{r.seconds:.3f}")
        properties = xml.SubElement(case, "properties")
        xml.SubElement(properties, "property", name="events", value=str(r.events))
        if not r.passed:
            log = (folder / (pathlib.Path(r.program).name + ".log")).read_text(encoding="utf-8", errors="replace")
            text = "".join(c for c in log[-4000:] if c.isprintable() or c in "\n\t")
            xml.SubElement(case, "failure", message=replay(seed, r.program)).text = text
    unfinished = folder / "junit.part"
    xml.ElementTree(suite).write(unfinished, encoding="utf-8", xml_declaration=True)
    unfinished.rename(folder / "junit.xml")
    return all(r.passed for r in results)


# --- Many -------------------------------------------------------------------------------------------


def run_here(seeds, output):
    """One thread for each processor; each waits for its programs."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        futures = {pool.submit(run_seed, seed, output): seed for seed in seeds}
        for count, future in enumerate(concurrent.futures.as_completed(futures), 1):
            verdict = "ok" if future.result() else "FAILED"
            print(f"seed {futures[future]:6} {verdict:7} {count} of {len(seeds)}", flush=True)


def slurm(*command):
    """Output of one of Slurm's commands."""
    if shutil.which(command[0]) is None:
        fail(f"{command[0]} is missing: install Debian's slurm-client, or leave ENGINE=slurm out")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def run_on_slurm(seeds, output):
    """Job arrays; the nodes see this folder under this path."""
    # By its name, because a job that is long done has no number any more.
    name = f"opentoe-regress-{os.getpid()}"
    for first in range(0, len(seeds), ARRAY_MAX):
        chunk = seeds[first : first + ARRAY_MAX]
        # Task numbers have a highest one, seeds have not.
        command = (f"exec {sys.executable} tools/regress.py --output {output} "
                   f"--seed $((SLURM_ARRAY_TASK_ID + {chunk[0] - 1}))")
        job = slurm("sbatch", "--parsable", f"--job-name={name}", "--cpus-per-task=1",
                    f"--chdir={ROOT}", f"--array=1-{len(chunk)}",
                    f"--output={output}/slurm.%A.%a.log", f"--wrap={command}").partition(";")[0]
        print(f"submitted job array {job}: seeds {chunk[0]} to {chunk[-1]}", flush=True)
    try:
        while slurm("squeue", "--noheader", "--format=%i", f"--name={name}"):
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        slurm("scancel", f"--name={name}")
        raise


def collect(seeds, output):
    """All results of the seeds, and the seeds that have none."""
    results, missing = [], []
    suites = xml.Element("testsuites", name="regress")
    for seed in seeds:
        file = output / str(seed) / "junit.xml"
        if not file.is_file():
            missing.append(seed)
            suite = xml.SubElement(suites, "testsuite", name=f"seed {seed}", tests="1", errors="1")
            case = xml.SubElement(suite, "testcase", classname=f"seed.{seed}", name="result")
            xml.SubElement(case, "error", message="the job left no result")
            continue
        suite = xml.parse(file).getroot()
        suites.append(suite)
        for case in suite.iter("testcase"):
            events = int(case.find("properties/property[@name='events']").get("value"))
            passed = case.find("failure") is None
            results.append(Result(seed, case.get("name"), passed, float(case.get("time")), events))
    xml.ElementTree(suites).write(output / "junit.xml", encoding="utf-8", xml_declaration=True)
    return results, missing


def report(seeds, results, missing, output):
    """Prints the sums; the number of things that are wrong."""
    failures = [r for r in results if not r.passed]
    events = sum(r.events for r in results)
    wrong = [f"seed {r.seed}: {r.program} failed; again: {replay(r.seed, r.program)}" for r in failures]
    wrong += [f"seed {seed}: no result; see {output}/slurm.*.log" for seed in missing]
    if events:
        bins, _ = functional.judge(functional.read_counts([output]))
        bins = [b for b in bins if not b.name.startswith("counter.")]  # those of the wire: `make test`
        for group, (can, reached, _) in functional.summary(bins).items():
            print(f"{group:8} {reached} of {can} bins reached")
        wrong += functional.problems(bins, [])
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(seeds)} seeds, {len(results) - len(failures)} runs passed, {len(failures) + len(missing)} failed, "
          f"{events} events in lock-step")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=int, metavar="N", help="seeds FIRST to FIRST + N - 1")
    what.add_argument("--seed", type=int, metavar="N", help="this one alone")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--engine", choices=["local", "slurm"], default="local")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/regress", metavar="FOLDER")
    parser.add_argument("--program", action="append", metavar="FILE", help="run this one; may be repeated")
    args = parser.parse_args()
    output = args.output.absolute()
    os.chdir(ROOT)
    if args.seed is not None:
        output.mkdir(parents=True, exist_ok=True)
        if args.program or not (output / PROGRAMS).exists():
            write_programs(output, args.program)
        sys.exit(0 if run_seed(args.seed, output) else 1)
    if args.seeds < 1 or args.first < 0:
        fail("a number of seeds is 1 or more, and the first is not negative")
    seeds = list(range(args.first, args.first + args.seeds))
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    write_programs(output, args.program)
    run = run_on_slurm if args.engine == "slurm" else run_here
    run(seeds, output)
    sys.exit(1 if report(seeds, *collect(seeds, output), output) else 0)


if __name__ == "__main__":
    main()
