#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the statistics file of a simulated engine (option stats=FILE of sim:) says."""

import json
import sys


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        stats = json.load(file)
    frames = max(stats["frames_in"] + stats["frames_out"], 1)
    octets = max(stats["octets_in"], stats["octets_out"])
    seconds = max(stats["cpu_ns"], 1) / 1e9
    print(f"simulated: {stats['cycles']} cycles at {stats['cycles'] / seconds / 1e6:.2f} million a "
          f"second; {stats['frames_in']} frames in, {stats['frames_out']} out")
    print(f"cycles for each frame of the busier direction: "
          f"{stats['cycles'] / max(stats['frames_in'], stats['frames_out'], 1):.1f}; "
          f"{octets * 8 / stats['cycles']:.1f} bits a cycle of "
          f"{8 * stats['beat_octets']}; {frames} frames in all")
    if stats["events_checked"]:
        print(f"events equal to the reference model's: {stats['events_checked']}")


if __name__ == "__main__":
    main()
