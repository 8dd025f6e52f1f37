# SPDX-License-Identifier: Apache-2.0
"""The compiled test programs: which there are, and how one is run."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def compiled(*variables):
    """Every compiled test program that make knows with these variables, as build/tests/rtl/test_x."""
    command = ["make", "-s", "--no-print-directory", *variables, "list-tests"]
    listed = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    return [name for name in listed.split() if name.startswith("build/")]


def run(command, log, coverage, limit_s, environment=None):
    """Runs a program, its path from the root first; True when all its tests passed.

    log: file for what it prints.  coverage: folder for its counts.  environment: more variables.
    """
    variables = {**os.environ, **(environment or {}), "COVERAGE_DIR": str(coverage.absolute())}
    with open(log, "w", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                [ROOT / command[0], *command[1:]],
                stdout=output, stderr=output, env=variables, cwd=ROOT, timeout=limit_s, check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error, file=output)
            return False
    return done.returncode == 0
