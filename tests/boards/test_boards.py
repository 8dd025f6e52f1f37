#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The way from a board's description to a board that runs, as far as it goes without one.

For every board: LiteX's Verilog fits the engine's ports and parameters, and each of its pins has a place
of its own.  The wrapper of docs/integrate.md can be synthesized.  For one board: a bitstream, with a loop
where the engine belongs; the same asked to run too fast says so, fails and leaves none.  Whoever wants the
engine on a board that is too small is told which ones are not.  `make program` without a bitstream, without
an answer and without a loader fails with advice and no stack trace, and the loader knows every cable.
"""

import contextlib
import dataclasses
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.chdir(ROOT)
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import bitstream  # noqa: E402
import synth_check  # noqa: E402
import yosys  # noqa: E402
from boards.common import board as boards  # noqa: E402
from boards.common import top  # noqa: E402

SMALL = {"colorlight_i5", "versa_ecp5"}  # boards that do not hold the engine
LOOPBACK = "-f rtl/toe.f tests/boards/loopback/toe_board_uart.sv"
failures = []


def check(claim, held):
    """Counts a claim that does not hold."""
    if not held:
        failures.append(claim)
        print(f"FAILED: {claim}")


def pins(folder):
    """({port: width}, {port or port[i]: site}) of a generated top."""
    header = (folder / "top.v").read_text().split(");", 1)[0]
    ports = {
        name: int(high or 0) + 1
        for high, name in re.findall(r"(?:input|output|inout)\s+wire\s+(?:\[(\d+):0\])?\s*(\w+)", header)
    }
    sites = dict(re.findall(r'LOCATE COMP "(\S+)" SITE "(\S+)";', (folder / "top.lpf").read_text()))
    return ports, sites


def check_pins(name, board, folder):
    """Every bit of every port is on a pin, no pin has two, and the oscillator is as fast as we think."""
    ports, sites = pins(folder)
    bits = [port if width == 1 else f"{port}[{bit}]" for port, width in ports.items() for bit in range(width)]
    check(f"{name}: pins of {set(bits) ^ set(sites)} are unclear", sorted(bits) == sorted(sites))
    check(f"{name}: a pin has two signals", len(set(sites.values())) == len(sites))
    wanted = {board.clock, "eth_clocks0_tx", "eth_clocks0_rx", "eth0_tx_data", "eth0_rx_data", "serial_tx"}
    check(f"{name}: there is no {wanted - set(ports)}", wanted <= set(ports))
    lpf = (folder / "top.lpf").read_text()
    rates = dict(re.findall(r'FREQUENCY PORT "(\S+)" (\S+) MHz;', lpf))
    check(f"{name}: the oscillator's rate", float(rates[board.clock]) * 1e6 == board.clock_hz)
    check(f"{name}: the PHY's clock", float(rates["eth_clocks0_rx"]) == 125)


def check_ports(name, board, folder):
    """Yosys joins LiteX's top with the engine: ports, widths and parameters fit."""
    # read_slang passes over a parameter that is not there.
    shell = pathlib.Path("boards/common/toe_board_uart.sv").read_text()
    unknown = {param.split("=")[0] for param in board.params()} - set(re.findall(r"parameter .* (\w+) =", shell))
    check(f"{name}: the engine has no parameter {unknown}", not unknown)
    script = [
        "read_verilog -lib -specify +/ecp5/cells_sim.v +/ecp5/cells_bb.v",
        f"read_verilog {folder / 'top.v'}",
        f"read_slang {' '.join('-G ' + param for param in board.params())} --top {bitstream.ENGINE} "
        + bitstream.engine_sources(),
        f"rename -top {bitstream.ENGINE}",
        "hierarchy -check -top top",
    ]
    log = folder / "ports.log"
    check(f"{name}: LiteX's top and the engine do not fit: {log}", yosys.run(script, log) == 0)
    check(f"{name}: a port's width is wrong: {log}", "resizing" not in log.read_text().lower())


def check_minimal(folder):
    """The wrapper of docs/integrate.md: no latch, no loop, nothing undriven; the engine in it is check-synth's."""
    name = "toe_minimal"
    files = f"--blackboxed-module toe_top -f rtl/toe.f boards/minimal/{name}.sv"
    log = folder / f"{name}.log"
    check(f"{name} does not synthesize: {log}", yosys.run(synth_check.commands(name, [], files), log) == 0)


def build(name, board, folder):
    """Runs the flow on the loop: (exit status or message, what it printed)."""
    args = bitstream.arguments().parse_args([name])
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            bitstream.build(name, board, folder, LOOPBACK, args)
        except SystemExit as end:
            return end.code, output.getvalue()
    return 0, output.getvalue()


def check_flow(folder):
    """A bitstream when timing is met; when it is not, the critical path and none."""
    name = "colorlight_i5"
    board = boards.load(name)
    bit = folder / f"{name}.bit"
    status, text = build(name, board, folder)
    check(f"the flow fails: {status}\n{text}", status == 0)
    check("there is no bitstream", bit.exists() and bit.stat().st_size > 50_000)
    check("the table lacks the PHY's clock", re.search(r"eth_clocks0_rx +125\.00 ", text) is not None)

    status, text = build(name, dataclasses.replace(board, core_hz=400_000_000), folder)
    check("400 MHz on grade 6 is no failure", "timing is NOT met" in str(status))
    check("the critical path is not shown", re.search(r"critical path of \S*clkout", text) is not None)
    check("there is a bitstream of a design that is too slow", not bit.exists())


def check_small():
    """`make boards`, `make bitstream` and `make program` say that a board is too small, and which ones are not."""
    listed = subprocess.run(
        [sys.executable, "tools/board_list.py"], capture_output=True, text=True, check=True
    ).stdout
    told = dict(re.findall(r"^(\w+): (.*\n(?: .*\n)*)", listed, re.MULTILINE))
    check("`make boards` leaves one out, or adds one", sorted(told) == boards.names())
    large = ", ".join(name for name in boards.names() if name not in SMALL)
    for name, text in told.items():
        advice = "the engine does not fit" in text and text.rstrip().endswith(large)
        check(f"`make boards` is wrong about the size of {name}", advice == (name in SMALL))
        message = ""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                bitstream.check_fit(boards.load(name), {"LUT4": 100_000})
        except SystemExit as end:
            message = str(end)
        check(f"{name} holds 100,000 LUT4", message.startswith("does not fit"))
        check(f"{name}: what to do is missing: {message}", message.endswith(large) == (name in SMALL))


def check_loader():
    """The installed openFPGALoader knows the boards and cables that it is asked for."""
    known = {
        option: [
            line.split()[0]
            for line in subprocess.run(
                ["openFPGALoader", f"--list-{option}s"], capture_output=True, text=True, check=True
            ).stdout.splitlines()
            if line
        ]
        for option in ("board", "cable")
    }
    for name in boards.names():
        options = [*boards.load(name).loader, None]
        asked = [(option.removeprefix("--"), value) for option, value in zip(options, options[1:])]
        wanted = [pair for pair in asked if pair[0] in known] or [("cable", "dfu")]
        check(f"openFPGALoader does not know {name}'s {wanted}", all(v in known[o] for o, v in wanted))


def program(*args, path=os.environ["PATH"]):
    """(exit status, everything printed) of tools/program.py."""
    done = subprocess.run(
        [sys.executable, "tools/program.py", *args],
        env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60, check=False,
    )
    return done.returncode, done.stdout + done.stderr


def check_program(folder):
    """tools/program.py with and without a board, a bitstream and a loader."""
    bit = folder / "some.bit"
    bit.write_text("not a bitstream")
    for name in boards.names():
        status, text = program(name, "--bitstream", str(bit))
        told = boards.load(name).cable in text and "lsusb" in text
        check(f"program {name}, no board: {text}", status != 0 and told and "Traceback" not in text)
    status, text = program("ecpix5", "--bitstream", str(folder / "none.bit"))
    check(f"program without a bitstream: {text}", status != 0 and "make bitstream BOARD=ecpix5" in text)
    status, text = program("versa_ecp5", "--bitstream", str(folder / "none.bit"))
    check(f"program for a board that is too small: {text}", status != 0 and "does not fit" in text)
    status, text = program("nothing")
    check(f"program without such a board: {text}", status != 0 and "versa_ecp5" in text and "Traceback" not in text)
    status, text = program("ecpix5", "--bitstream", str(bit), path=str(folder))
    check(f"program without openFPGALoader: {text}", status != 0 and "make setup" in text)

    loader = folder / "openFPGALoader"
    loader.write_text('#!/bin/sh\necho "loaded: $*"\n')
    loader.chmod(0o755)
    status, text = program("ecpix5", "--bitstream", str(bit), path=f"{folder}:{os.environ['PATH']}")
    check(f"program with a board: {text}", status == 0 and f"loaded: --board ecpix5 {bit}" in text)


def main():
    folder = pathlib.Path("build/test-boards")  # YoWASP's tools see nothing above the project
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in boards.names():
        board = boards.load(name)
        top.write(board, folder / name)
        check_pins(name, board, folder / name)
        check_ports(name, board, folder / name)
    check_minimal(folder)
    check_flow(folder / "flow")
    check_small()
    check_loader()
    check_program(folder)
    print(f"{len(failures)} failed" if failures else f"{len(boards.names())} boards")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
