# SPDX-License-Identifier: Apache-2.0
"""The checks that a fault meets, and the copies of the tree that they run in, for tools/mutate.py."""

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

# Compiled quickly rather than well, once, for any machine.
MAKE = [
    "make",
    "--silent",
    "--no-print-directory",
    "SETUP=true",
    "TRAINER_sim_w64=",
    "CXXFLAGS=-std=c++17 -O1 -fPIC",
]
# What is generated from enums and structs, which no fault changes.
UNCHANGED = ["-o", "build/regs.stamp", "-o", "build/gen/toe_structs.h"]
BUILD_LIMIT_S = 900
STAGES = ("lint", "block", "block, other seeds", "proof", "scenario", "scenario, other seeds", "synthesis")


class Check(NamedTuple):
    """One command; passed when it exits with 0."""

    name: str
    stage: int
    model: str | None  # the Verilated model that it runs, a folder of build/verilated
    program: str | None  # what make has to build
    command: tuple
    env: tuple = ()


class Outcome(NamedTuple):
    """Of a command in a workspace; status None: it took too long."""

    status: int | None
    seconds: float
    text: str


def clean_env():
    """Without what `make mutate SEED=n` would hand to tests and to other makes."""
    lost = ("SEED", "EVENTS", "ONLY", "FAULTS", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL")
    return {name: value for name, value in os.environ.items() if name not in lost}


class Workspace:
    """A copy of the tree with a build folder of its own; what it builds from is never the tree."""

    def __init__(self, root, path):
        self.path = path
        (path / "build").mkdir(parents=True, exist_ok=True)
        for name in ("venv", "verilator"):
            link = path / "build" / name
            if not link.is_symlink():
                link.symlink_to(root / "build" / name)

    def run(self, command, limit_s, env=(), cap=None):
        """Runs a command with its output in a log; cap bounds each file that it writes."""
        log = self.path / "build/mutate.log"

        def bounds():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if cap:
                resource.setrlimit(resource.RLIMIT_FSIZE, (cap, cap))

        start = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=self.path,
                env={**clean_env(), **dict(env)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=bounds,
            )
            try:
                status = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                # Whatever it left behind is of its session.
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
        with log.open("rb") as out:
            out.seek(max(0, log.stat().st_size - 4000))
            text = out.read().decode(errors="replace")
        return Outcome(status, time.monotonic() - start, text)

    def make(self, *targets, jobs=1, options=UNCHANGED):
        return self.run([*MAKE, *options, f"-j{jobs}", *targets], BUILD_LIMIT_S)

    def check(self, check, limit_s):
        return self.run(list(check.command), limit_s, check.env, cap=1 << 28)

    def model_changed(self, base, model):
        """Whether Verilator wrote other C++ than for the right source.

        Files that are the same get their old times back, so that make compiles the others only.
        """
        mine, right = (space.path / "build/verilated" / model for space in (self, base))
        changed = False
        for path in mine.iterdir():
            if path.suffix not in (".cpp", ".h", ".mk"):
                continue
            other = right / path.name
            if other.exists() and other.read_bytes() == path.read_bytes():
                stat = other.stat()
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            else:
                changed = True
        return changed


SKIPPED = {"build/venv", "build/verilator", "build/formal", "build/plain", "build/mutate.log"}


def mirror(source, target, below=""):
    """Makes target a copy of source, times included; touches only what differs."""
    here, there = (folder / below for folder in (source, target))
    there.mkdir(parents=True, exist_ok=True)
    wanted = {entry.name: entry for entry in os.scandir(here)}
    for entry in os.scandir(there):
        if entry.name not in wanted and f"{below}{entry.name}" not in SKIPPED:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    for name, entry in wanted.items():
        path = f"{below}{name}"
        if path in SKIPPED:
            continue
        if entry.is_dir(follow_symlinks=False):
            mirror(source, target, path + "/")
        elif not same(entry, there / name):
            # Never through what a program may still have open, or a link.
            (there / name).unlink(missing_ok=True)
            shutil.copy2(entry.path, there / name, follow_symlinks=False)


def same(entry, path):
    try:
        other = os.lstat(path)
    except FileNotFoundError:
        return False
    stat = entry.stat(follow_symlinks=False)
    return (stat.st_size, stat.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def prepare_base(root, base):
    """Brings the sources of base up to date; the first time it also takes what root has built."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    tracked = [name for name in tracked if (root / name).exists()]
    for path in sorted(base.path.rglob("*"), reverse=True):
        name = path.relative_to(base.path)
        if name.parts[0] != "build" and path.is_file() and str(name) not in tracked:
            path.unlink()
    for name in tracked:
        target = base.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != (root / name).read_bytes():
            shutil.copy2(root / name, target)
    if not (base.path / "build/obj").exists():
        for name in ("obj", "gen", "regs", "lib", "verilated", "tests"):
            if (root / "build" / name).exists():
                shutil.copytree(root / "build" / name, base.path / "build" / name, symlinks=True)
        if (root / "build/regs.stamp").exists():
            shutil.copy2(root / "build/regs.stamp", base.path / "build/regs.stamp")
            # The same sources, so that nothing is built again.
            for name in tracked:
                shutil.copy2(root / name, base.path / name)


def words_of(path):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)
    return set(re.findall(r"\w+", text))


class Sources:
    """Which files of rtl and boards a top is made of, by the names of modules and packages in them."""

    def __init__(self, root):
        self.root = root
        paths = sorted([*root.glob("rtl/**/*.sv"), *root.glob("boards/**/*.sv")])
        self.by_stem = {path.stem: path for path in paths}
        self.words = {stem: words_of(path) & set(self.by_stem) for stem, path in self.by_stem.items()}

    def below(self, path):
        """Paths below root of a source and of all that it names, directly or not."""
        todo = [stem for stem in words_of(path) | {path.stem} if stem in self.by_stem]
        found = set()
        while todo:
            stem = todo.pop()
            if stem not in found:
                found.add(stem)
                todo += self.words[stem]
        return {str(self.by_stem[stem].relative_to(self.root)) for stem in found}


def program_checks(root, sources):
    """Checks that are programs, and the files of rtl that each model is made of."""

    def listed(kind):
        done = subprocess.run(
            ["tools/list_tests.sh", kind], cwd=root, capture_output=True, text=True, check=True
        )
        return [line.split("|") for line in done.stdout.split()]

    checks, files = [], {}

    def add(program, model, stage):
        name = program.removeprefix("build/")
        command = (program, "--fail-fast")
        if name == "tests/rtl/test_lockstep_step":
            short = (("EVENTS", "20000"),)
            checks.append(Check(f"{name}, 20,000 events", stage, model, program, command, short))
        checks.append(Check(name, stage, model, program, command))
        # With this seed registers start at random values.
        seed = (("SEED", "1"),)
        checks.append(Check(f"{name}, SEED=1", stage + 1, model, program, command, seed))

    for test, top, width, params in listed("rtl"):
        parts = [top]
        parts += [] if width == "~" else [f"DataWidth{width}"]
        parts += [] if params == "~" else params.replace("=", "").split(",")
        model = ".".join(parts)
        path = root / "tests/rtl" / f"{top}.sv"
        files[model] = sources.below(path if path.exists() else sources.by_stem[top])
        add(f"build/tests/rtl/{test}" + ("" if width == "~" else f".w{width}"), model, 1)
    files["sim_w64"] = sources.below(sources.by_stem["toe_top"])
    for test, variant in listed("sim"):
        if variant == "w64" and test.split("/")[0] in ("scenario", "random"):
            add(f"build/tests/{test}.{variant}", f"sim_{variant}", 4)
    return checks, files


def static_checks(sources):
    """Checks that read the sources only, with the files of rtl that each is about."""
    python = "build/venv/bin/python"
    checks = [
        Check("lint resets", 0, None, None, (python, "tools/check_resets.py")),
        Check("latches", 6, None, None, (python, "tools/synth_check.py", "--no-map")),
    ]
    files = {str(path.relative_to(sources.root)) for path in sources.by_stem.values()}
    return checks, {check.name: files for check in checks}


def proof_checks(root, sources):
    """Checks that are proofs of one block, with the files of rtl that each is about."""
    checks, files = [], {}
    for path in sorted(root.glob("tests/formal/*_proof.sv")):
        tasks = re.findall(r"^// formal: .*$", path.read_text(), re.MULTILINE)
        if all("slow" in task for task in tasks):
            continue
        block = path.stem.removesuffix("_proof")
        name = f"formal {block}"
        command = ["build/venv/bin/python", "tools/formal.py", "--quick", "--jobs", "1", block]
        checks.append(Check(name, 3, None, None, tuple(command)))
        files[name] = sources.below(path)
    return checks, files


def run_seconds_limit(seconds):
    """A check that takes this much longer than with the right source hangs."""
    return max(60.0, 10 * seconds)


def build_guess(workspace, model):
    """Seconds that a model takes to be made, from the size of what Verilator wrote."""
    octets = sum(path.stat().st_size for path in (workspace / "build/verilated" / model).glob("*.cpp"))
    return 2 + octets / 150e3


def is_broken_proof(outcome):
    """Yosys refuses some sources that Verilator takes; that shows no fault."""
    return "Yosys FAILS" in outcome.text
