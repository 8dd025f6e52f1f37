#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ladder diagram of one TCP connection in a pcap file, in the terminal and as SVG.

The engine's states come from the state log that the simulated engine writes from its trace port
(option states=FILE of the sim: back end); the peer's follow from the segments that it sends and
receives, by RFC 9293 figure 5.
"""

import argparse
import html
import json
import struct
import sys

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def fail(message):
    print(f"ladder: {message}", file=sys.stderr)
    sys.exit(1)


def read_pcap(path):
    """Yields (time in ns, frame) of a classic pcap file of either byte order and resolution."""
    try:
        data = open(path, "rb").read()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    magics = {
        b"\xd4\xc3\xb2\xa1": ("<", 1000),
        b"\xa1\xb2\xc3\xd4": (">", 1000),
        b"\x4d\x3c\xb2\xa1": ("<", 1),
        b"\xa1\xb2\x3c\x4d": (">", 1),
    }
    if data[:4] not in magics:
        fail(f"{path} is not a pcap file")
    order, scale = magics[data[:4]]
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from(order + "IIII", data, at)
        at += 16
        yield seconds * 10**9 + fraction * scale, data[at : at + kept]
        at += kept


def address(octets):
    return ".".join(str(octet) for octet in octets)


def parse(ns, frame):
    """A TCP/IPv4 frame as a dict, or None for anything else."""
    at = 14
    if len(frame) < 54:
        return None
    kind = frame[12:14]
    if kind == b"\x81\x00":
        kind, at = frame[16:18], 18
    if kind != b"\x08\x00" or frame[at + 9] != 6:
        return None
    total = struct.unpack_from(">H", frame, at + 2)[0]
    tcp = at + (frame[at] & 15) * 4
    src, dst, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", frame, tcp)
    return {
        "ns": ns,
        "src": (address(frame[at + 12 : at + 16]), src),
        "dst": (address(frame[at + 16 : at + 20]), dst),
        "seq": seq,
        "ack": ack,
        "flags": flags,
        "window": window,
        "len": total - (tcp - at) - (offset >> 4) * 4,
    }


def connections(path, engine):
    """Segments by connection, keyed by (engine's port, peer address, peer port), in order."""
    found = {}
    for ns, frame in read_pcap(path):
        segment = parse(ns, frame)
        if not segment:
            continue
        if segment["src"][0] == engine:
            key = (segment["src"][1], *segment["dst"])
        elif segment["dst"][0] == engine:
            key = (segment["dst"][1], *segment["src"])
        else:
            continue
        runs = found.setdefault(key, [])
        # The same four-tuple again with a new SYN is another connection; the last one counts.
        if segment["flags"] & (SYN | ACK) == SYN and any(s["flags"] & FIN for s in runs):
            runs.clear()
        runs.append(segment)
    return found


class Side:
    """RFC 9293 figure 5, driven by what one side is seen to send and receive."""

    def __init__(self, listening):
        self.state = "LISTEN" if listening else "CLOSED"
        self.fin_end = None

    def sent(self, s):
        move = None
        if s["flags"] & RST:
            move = "CLOSED"
        elif s["flags"] & SYN:
            move = {"CLOSED": "SYN-SENT", "LISTEN": "SYN-RECEIVED"}.get(self.state)
        elif s["flags"] & FIN:
            self.fin_end = (s["seq"] + s["len"] + 1) & 0xFFFFFFFF
            move = {
                "ESTABLISHED": "FIN-WAIT-1",
                "SYN-RECEIVED": "FIN-WAIT-1",
                "CLOSE-WAIT": "LAST-ACK",
            }.get(self.state)
        self.state = move or self.state

    def received(self, s):
        acked = self.fin_end is not None and s["flags"] & ACK and s["ack"] == self.fin_end
        if s["flags"] & RST:
            self.state = "CLOSED"
            return
        if self.state == "LISTEN" and s["flags"] & SYN:
            self.state = "SYN-RECEIVED"
        elif self.state == "SYN-SENT" and s["flags"] & SYN:
            self.state = "ESTABLISHED" if s["flags"] & ACK else "SYN-RECEIVED"
        elif self.state == "SYN-RECEIVED" and s["flags"] & ACK:
            self.state = "ESTABLISHED"
        if acked:
            self.state = {
                "FIN-WAIT-1": "FIN-WAIT-2",
                "CLOSING": "TIME-WAIT",
                "LAST-ACK": "CLOSED",
            }.get(self.state, self.state)
        if s["flags"] & FIN:
            self.state = {
                "ESTABLISHED": "CLOSE-WAIT",
                "FIN-WAIT-1": "CLOSING",
                "FIN-WAIT-2": "TIME-WAIT",
            }.get(self.state, self.state)


def engine_states(path, key, first_ns, last_ns):
    """[(ns, state)] of this connection from the state log, oldest first."""
    moves = []
    try:
        lines = open(path, encoding="ascii").read().splitlines()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    for line in lines:
        move = json.loads(line)
        if (move["local_port"], move["remote_ip"], move["remote_port"]) != key:
            continue
        if first_ns <= move["ns"] <= last_ns + 10**9:
            moves.append((move["ns"], move["state"]))
    return moves


def describe(s, isn):
    names = [n for bit, n in ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"))
             if s["flags"] & bit]
    mine, other = (0, 1) if s["out"] else (1, 0)
    text = ",".join(names) + f" seq={(s['seq'] - isn[mine]) & 0xFFFFFFFF}"
    if s["flags"] & ACK:
        text += f" ack={(s['ack'] - isn[other]) & 0xFFFFFFFF}"
    return text + (f" len={s['len']}" if s["len"] else "")


def build_rows(segments, engine, moves):
    """Rows of (ms, engine state, peer state, outgoing?, text); text without arrow for a gap."""
    first = segments[0]
    for s in segments:
        s["out"] = s["src"][0] == engine
    isn = [0, 0]
    for s in segments:
        if s["flags"] & SYN:
            isn[0 if s["out"] else 1] = s["seq"]
    ours, peer = Side(not first["out"]), Side(first["out"])
    rows = []
    for s in segments:
        sender, receiver = (ours, peer) if s["out"] else (peer, ours)
        sender.sent(s)
        receiver.received(s)
        state = ours.state
        if moves:
            past = [name for ns, name in moves if ns <= s["ns"] + (0 if s["out"] else 2000)]
            state = past[-1] if past else state
        rows.append(((s["ns"] - first["ns"]) / 1e6, state, peer.state, s["out"], describe(s, isn),
                     s["len"], s["flags"]))
    return rows


def shorten(rows, keep=5):
    """Keeps what carries SYN, FIN or RST and its neighbourhood; sums up the rest."""
    marks = {i for i, row in enumerate(rows) if row[6] & (SYN | FIN | RST)}
    wanted = set(range(min(keep + 3, len(rows)))) | set(range(max(0, len(rows) - keep), len(rows)))
    for i in marks:
        wanted |= {i - 1, i, i + 1, i + 2}
    out, skipped, octets = [], 0, 0
    for i, row in enumerate(rows):
        if i in wanted:
            if skipped:
                out.append((None, "", "", None, f"{skipped} more segments, {octets} octets"))
                skipped = octets = 0
            out.append(row[:5])
        else:
            skipped += 1
            octets += row[5]
    return out


def print_terminal(rows, title):
    width = max(34, max(len(row[4]) for row in rows) + 6)
    print(title)
    print(f"{'ms':>10}  {'engine':<13} {'':{width}} {'peer':<13}")
    last = ("", "")
    for ms, ours, peer, out, text in rows:
        if ms is None:
            print(f"{'':>10}  {'':<13} {'... ' + text + ' ...':^{width}}")
            continue
        shown = (ours if ours != last[0] else "  |", peer if peer != last[1] else "  |")
        last = (ours, peer)
        line = f" {text} ".center(width - 2, "-")
        arrow = f"-{line}>" if out else f"<{line}-"
        print(f"{ms:10.3f}  {shown[0]:<13} {arrow} {shown[1]:<13}")


def write_svg(rows, title, path):
    step, left, right = 34, 230, 760
    height = 90 + step * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="{height}" '
        'font-family="monospace" font-size="13">',
        '<defs><marker id="a" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
        '<path d="M0,0 L9,4 L0,8 z"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="500" y="24" text-anchor="middle" font-size="15">{html.escape(title)}</text>',
        f'<text x="{left}" y="50" text-anchor="middle" font-weight="bold">engine</text>',
        f'<text x="{right}" y="50" text-anchor="middle" font-weight="bold">peer</text>',
    ]
    for x in (left, right):
        parts.append(f'<line x1="{x}" y1="58" x2="{x}" y2="{height - 10}" stroke="gray"/>')
    y, last = 80, ("", "")
    for ms, ours, peer, out, text in rows:
        if ms is None:
            parts.append(f'<text x="495" y="{y + 8}" text-anchor="middle" fill="gray">'
                         f"... {html.escape(text)} ...</text>")
            y += step
            continue
        x1, x2 = (left, right) if out else (right, left)
        parts.append(f'<text x="8" y="{y + 4}" fill="gray">{ms:.3f} ms</text>')
        parts.append(f'<line x1="{x1}" y1="{y}" x2="{x2}" y2="{y + 12}" stroke="black" '
                     'marker-end="url(#a)"/>')
        parts.append(f'<text x="495" y="{y - 3}" text-anchor="middle">{html.escape(text)}</text>')
        if ours != last[0]:
            parts.append(f'<text x="{left - 8}" y="{y + 18}" text-anchor="end" '
                         f'fill="darkblue">{ours}</text>')
        if peer != last[1]:
            parts.append(f'<text x="{right + 8}" y="{y + 18}" fill="darkgreen">{peer}</text>')
        last = (ours, peer)
        y += step
    parts.append("</svg>")
    with open(path, "w", encoding="utf-8") as out_file:
        out_file.write("\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pcap")
    parser.add_argument("--engine", required=True, help="IPv4 address of the engine")
    parser.add_argument("--port", type=int, help="either port of the wanted connection")
    parser.add_argument("--states", help="state log of the simulated engine")
    parser.add_argument("--svg", help="file to write")
    args = parser.parse_args()

    whole = {key: segments for key, segments in connections(args.pcap, args.engine).items()
             if segments[0]["flags"] & SYN and (args.port is None or args.port in (key[0], key[2]))}
    if not whole:
        fail("no connection from its SYN on with this address and port")
    key, segments = next(iter(whole.items()))
    moves = []
    if args.states:
        moves = engine_states(args.states, key, segments[0]["ns"], segments[-1]["ns"])
    rows = shorten(build_rows(segments, args.engine, moves))
    title = f"{args.engine}:{key[0]} and {key[1]}:{key[2]}"
    print_terminal(rows, title)
    if args.svg:
        write_svg(rows, title, args.svg)


if __name__ == "__main__":
    main()
