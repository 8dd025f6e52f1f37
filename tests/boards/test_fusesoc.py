#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""opentoe.core names the files of rtl/toe.f in their order, and FuseSoC's lint target passes.

A parameter given on FuseSoC's command line must reach Verilator: one that the engine refuses fails.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORE = "opentoe:opentoe:toe_top"


def files_of(path, pattern):
    """Sources that a list names, in order."""
    return re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)


def lint(folder, *params):
    """FuseSoC's exit status and output."""
    bin_folder = pathlib.Path(sys.executable).parent
    command = [sys.executable, "-m", "fusesoc.main", "--cores-root", ROOT, "run", "--build-root", folder]
    done = subprocess.run(
        [*map(str, command), "--target", "lint", CORE, *params],
        cwd=folder, env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )
    return done.returncode, done.stdout


def main():
    if files_of("opentoe.core", r"^ +- (rtl/\S+)$") != files_of("rtl/toe.f", r"^(rtl/\S+)$"):
        sys.exit("opentoe.core and rtl/toe.f name different files, or another order")
    with tempfile.TemporaryDirectory() as folder:
        status, output = lint(folder, "--NumConns", "64", "--Trace", "0")
        if status != 0:
            sys.exit(f"FuseSoC's lint target fails:\n{output}")
        status, output = lint(folder, "--DataWidth", "60")
        if status == 0:
            sys.exit(f"DataWidth=60 does not reach Verilator:\n{output}")
    print("opentoe.core is as rtl/toe.f, and lints")


if __name__ == "__main__":
    main()
