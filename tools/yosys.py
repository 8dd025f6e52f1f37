# SPDX-License-Identifier: Apache-2.0
"""Yosys of build/venv: how a module is read, and how commands are run."""

import subprocess
import sys


def command(script):
    """Command line of a child that runs these Yosys commands, so that its log can be kept."""
    lines = "".join(f"ys.run_pass({line!r}, d)\n" for line in script)
    return [sys.executable, "-c", f"import sys; from pyosys import libyosys as ys\nd = ys.Design()\n{lines}"]


def run(script, log_path):
    """Runs them with their output in a file; the exit status."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("w") as log:
        return subprocess.run(command(script), stdout=log, stderr=log, check=False).returncode


def read(top, params, files):
    """Commands that read a module for synthesis: without assertions, which are for simulation and proof.

    params: NAME=VALUE each.  files: as read_slang takes them.
    """
    overrides = " ".join(f"-G {param}" for param in params)
    return [
        f"read_slang {overrides} --top {top} {files}",
        f"hierarchy -check -top {top}",
        "proc",
        "chformal -remove",
        "opt_clean",
    ]
