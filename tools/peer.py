#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Linux side of the tests: plain sockets of the kernel, each call bounded in time.

  peer.py echo ADDR PORT COUNT            echo server for COUNT connections; answers after the
                                          client's half-close, too
  peer.py half-close ADDR PORT OCTETS     sends, half-closes, then reads the echo and compares
  peer.py many ADDR PORT COUNT OCTETS     COUNT connections open at once, each echoing OCTETS
"""

import hashlib
import os
import selectors
import socket
import sys
import time

TIMEOUT_S = 60


def fail(message):
    print(f"peer: {message}", file=sys.stderr)
    sys.exit(1)


def pattern(seed, octets):
    """Octets that differ from connection to connection and do not repeat within one."""
    out = bytearray()
    block = seed.to_bytes(8, "big")
    while len(out) < octets:
        block = hashlib.sha256(block).digest()
        out += block
    return bytes(out[:octets])


def echo(addr, port, count):
    with socket.create_server((addr, port), backlog=128) as server:
        server.settimeout(TIMEOUT_S)
        print("ready", flush=True)
        for _ in range(count):
            conn, _ = server.accept()
            conn.settimeout(TIMEOUT_S)
            with conn:
                while octets := conn.recv(65536):
                    conn.sendall(octets)


def half_close(addr, port, octets):
    data = os.urandom(octets)
    with socket.create_connection((addr, port), timeout=TIMEOUT_S) as conn:
        conn.setblocking(False)
        back, sent, closed = bytearray(), 0, False
        end = time.monotonic() + TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(conn, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while time.monotonic() < end:
                selector.select(timeout=1)
                if sent < octets:
                    try:
                        sent += conn.send(data[sent : sent + 65536])
                    except BlockingIOError:
                        pass
                elif not closed:
                    conn.shutdown(socket.SHUT_WR)
                    closed = True
                    selector.modify(conn, selectors.EVENT_READ)
                try:
                    part = conn.recv(65536)
                except BlockingIOError:
                    continue
                if not part:
                    break
                back += part
    if bytes(back) != data:
        fail(f"{len(back)} of {octets} octets came back, or others than were sent")
    print(f"half-close: {octets} octets came back after the FIN was sent")


class Client:
    """One of many connections: sends its octets, reads them back, then closes."""

    def __init__(self, addr, port, number, octets):
        self.data = pattern(number, octets)
        self.sent = self.got = 0
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((addr, port))

    def wants(self):
        more = self.sent < len(self.data)
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if more else 0)

    def ready(self, mask):
        """Moves octets; true when all are back."""
        if mask & selectors.EVENT_WRITE and self.sent < len(self.data):
            try:
                self.sent += self.socket.send(self.data[self.sent : self.sent + 16384])
            except BlockingIOError:
                pass
        if mask & selectors.EVENT_READ:
            try:
                part = self.socket.recv(65536)
            except BlockingIOError:
                return False
            if not part or part != self.data[self.got : self.got + len(part)]:
                fail(f"wrong octets, or the end, after {self.got}")
            self.got += len(part)
        return self.got == len(self.data)


def many(addr, port, count, octets):
    start = time.monotonic()
    end = start + 10 * TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        # All are open before the first may send, so that the engine holds them all at once.
        clients = []
        for number in range(count):
            clients.append(Client(addr, port, number, octets))
            if number % 50 == 49:
                time.sleep(0.05)
        opened = set()
        for client in clients:
            selector.register(client.socket, selectors.EVENT_WRITE, client)
        while len(opened) < count:
            if time.monotonic() > end:
                fail(f"{len(opened)} of {count} connections opened")
            for key, _ in selector.select(timeout=1):
                error = key.data.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    fail(f"connect: {os.strerror(error)}")
                opened.add(key.data)
                selector.unregister(key.data.socket)
        print(f"{count} connections open at once", flush=True)
        for client in clients:
            selector.register(client.socket, client.wants(), client)
        left = count
        while left:
            if time.monotonic() > end:
                fail(f"{left} of {count} connections did not finish")
            for key, mask in selector.select(timeout=1):
                client = key.data
                if client.ready(mask):
                    selector.unregister(client.socket)
                    client.socket.close()
                    left -= 1
                elif client.wants() != key.events:
                    selector.modify(client.socket, client.wants(), client)
    seconds = time.monotonic() - start
    print(f"{count} connections echoed {octets} octets each in {seconds:.1f} s, all right")


def main():
    jobs = {"echo": (echo, 3), "half-close": (half_close, 3), "many": (many, 4)}
    if len(sys.argv) < 2 or sys.argv[1] not in jobs:
        fail(__doc__)
    job, arguments = jobs[sys.argv[1]]
    if len(sys.argv) != 2 + arguments:
        fail(__doc__)
    try:
        job(sys.argv[2], *map(int, sys.argv[3:]))
    except OSError as error:
        fail(error)


if __name__ == "__main__":
    main()
