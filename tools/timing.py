#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Places and routes one block alone on an ECP5, and prints its clock rate and critical path.

Every port gets registers, so that what is measured lies between registers, as inside the engine;
the area counts them (two for each output, one for each input).
Each seed is a placement of its own; the median of them is the block's figure.

Files of a run: build/timing/BLOCK/, with Yosys's logs, nextpnr's log and report of each seed, and
result.json.  Fails when Yosys or nextpnr does, and when the median is below the wanted rate.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import nextpnr
import synth_check
import yosys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build/timing")
TOP = "registered"
CLOCK = "clk_i"


def run_yosys(script, log):
    """Runs Yosys commands, their output in a log."""
    if yosys.run(script, log) != 0:
        sys.exit(nextpnr.tail("Yosys", log))


def wrapper(ports):
    """Verilog of the block between registers, on three pins.  ports: of Yosys's JSON.

    The registers in front of the inputs are one shift register, and those behind the outputs end in
    another that each of them is mixed into: nothing is constant, nothing is left out, and a clock and a
    reset of many loads get a global net, which they would not without pins.
    """
    pins = [f".{CLOCK}({CLOCK})"]
    count = {"input": 0, "output": 0}
    for name, port in ports.items():
        if name == CLOCK:
            continue
        way, low = port["direction"], count[port["direction"]]
        count[way] += len(port["bits"])
        pins.append(f".{name}({'q_in' if way == 'input' else 'd_out'}[{count[way] - 1}:{low}])")
    last_in, last_out = count["input"] - 1, count["output"] - 1
    return f"""module {TOP}(input {CLOCK}, input scan_i, output scan_o);
(* keep *) reg [{last_in}:0] q_in;
wire [{last_out}:0] d_out;
reg [{last_out}:0] q_out, scan_q;
assign scan_o = scan_q[{last_out}];
always @(posedge {CLOCK}) begin
  q_in <= {{q_in, scan_i}};
  q_out <= d_out;
  scan_q <= {{scan_q, scan_i}} ^ q_out;
end
block u_block({", ".join(pins)});
endmodule
"""


def synthesize(block, params, folder):
    """Writes the netlist; the number of each cell type."""
    design = folder / "block.il"
    run_yosys(
        [
            *yosys.read(block, params, "-f rtl/toe.f"),
            "rename -top block",
            f"write_json {folder / 'ports.json'}",
            f"write_rtlil {design}",
        ],
        folder / "read.log",
    )
    modules = json.loads((folder / "ports.json").read_text())["modules"]
    ports = next(module["ports"] for name, module in modules.items() if name == "block")
    (folder / "top.v").write_text(wrapper(ports))
    script = [
        f"read_rtlil {design}",
        f"read_verilog {folder / 'top.v'}",
        f"hierarchy -check -top {TOP}",
        f"synth_ecp5 -top {TOP} -json {folder / 'netlist.json'}",
        "stat",
    ]
    run_yosys(script, folder / "yosys.log")
    return synth_check.cells((folder / "yosys.log").read_text())


def place(folder, seed, args):
    """Places and routes with one seed: (MHz, critical path)."""
    options = [f"--{args.device}", "--speed", args.speed, "--freq", args.target_mhz, "--seed", seed]
    report = nextpnr.place(
        folder / "netlist.json",
        folder / f"seed{seed}.json",
        folder / f"seed{seed}.log",
        options,
        args.limit_s,
        f"nextpnr with seed {seed}",
    )
    name = next(name for name in report["fmax"] if CLOCK in name)
    return report["fmax"][name]["achieved"], nextpnr.path_of(report, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("block", help="a module of rtl/, as toe_flow_table")
    parser.add_argument("--param", action="append", default=[], help="NAME=VALUE of the module")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--target-mhz", type=float, default=156.25, help="what the placer works for")
    parser.add_argument("--wanted-mhz", type=float, default=125, help="below that it fails")
    parser.add_argument("--device", default="um5g-85k", help="of nextpnr-ecp5")
    parser.add_argument("--speed", default="8", help="grade of the device")
    parser.add_argument("--limit-s", type=int, default=3600, help="for each seed")
    args = parser.parse_args()
    os.chdir(ROOT)
    folder = BUILD / args.block

    start = time.monotonic()
    cells = synthesize(args.block, args.param, folder)
    print(f"{args.block} {' '.join(args.param)}, synthesized in {time.monotonic() - start:.0f} s:")
    synth_check.report(cells)
    rates = {}
    for seed in range(1, args.seeds + 1):
        start = time.monotonic()
        rates[seed], path = place(folder, seed, args)
        print(f"seed {seed}: {rates[seed]:7.2f} MHz, {time.monotonic() - start:.0f} s", flush=True)
        if rates[seed] == min(rates.values()) and path:
            print(*nextpnr.describe(path), sep="\n", flush=True)
    median = statistics.median(rates.values())
    (folder / "result.json").write_text(
        json.dumps({"block": args.block, "params": args.param, "mhz": rates, "median_mhz": median, "cells": cells})
    )
    good = median >= args.wanted_mhz
    print(f"median {median:.2f} MHz, {'at least' if good else 'BELOW'} {args.wanted_mhz:g}")
    sys.exit(not good)


if __name__ == "__main__":
    main()
