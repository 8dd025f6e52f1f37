#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies RTL for a build that counts lines, with the functions of packages inside the modules.

  coverage_sources.py FOLDER    writes FOLDER/rtl/tcp/toe_flow.sv and so on

Verilator counts the lines of a module's functions, but not those of a package's.  So each module gets
a copy of the package functions that it calls, and that they call; `line directives say where they come
from.  It counts a block at its end, which one that returns never reaches; so every return gets a cover
of its own.  Files that are as they should be are left alone.
"""

import pathlib
import re
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["rtl/lib", "rtl/rx", "rtl/tcp", "rtl/tx", "rtl/host", "rtl", "boards/common", "sim", "tests/rtl"]
FUNCTION = re.compile(r"^  function automatic\b.*?^  endfunction$", re.MULTILINE | re.DOTALL)
ANY_FUNCTION = re.compile(r"\bfunction automatic\b.*?\bendfunction\b", re.DOTALL)
RETURN = re.compile(r"\breturn\b([^;]*);")
NAME = re.compile(r"(\w+)\s*\(")
PACKAGE_OF = re.compile(r"\b(\w+_pkg)::")
HEADER_END = re.compile(r"^(?:\);|module \w+;)$", re.MULTILINE)


class Function(NamedTuple):
    file: str
    line: int
    text: str
    calls: frozenset


class Package(NamedTuple):
    functions: dict  # name: Function, in their order
    imports: frozenset  # other packages


def read_packages(files):
    """Name: Package, in the order of compilation."""
    packages = {}
    for file in files:
        text = (ROOT / file).read_text(encoding="utf-8")
        functions = {}
        for match in FUNCTION.finditer(text):
            name = NAME.search(match[0])[1]
            calls = frozenset(NAME.findall(match[0])) - {name}
            functions[name] = Function(file, text[: match.start()].count("\n") + 1, match[0], calls)
        packages[pathlib.Path(file).stem] = Package(functions, frozenset(PACKAGE_OF.findall(text)))
    return packages


def reached(packages, names):
    """The packages of that name and all that they import, in the order of compilation."""
    found, waiting = set(), [name for name in names if name in packages]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += packages[name].imports & packages.keys()
    return [name for name in packages if name in found]


def called(packages, reach, text):
    """The functions of these packages that a text calls, directly or not."""
    every = {name: function for p in reach for name, function in packages[p].functions.items()}
    wanted, waiting = set(), [name for name in NAME.findall(text) if name in every]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [call for call in every[name].calls if call in every]
    return [function for name, function in every.items() if name in wanted]


def with_covers(text):
    """The text with a cover before every return of a function; the lines stay where they are."""
    return ANY_FUNCTION.sub(lambda f: RETURN.sub(r"begin cover (1'b1); return\1; end", f[0]), text)


def with_functions(packages, file, text):
    """The module's text with what it calls inside."""
    reach = reached(packages, PACKAGE_OF.findall(text))
    functions = called(packages, reach, text)
    end = HEADER_END.search(text)
    if not functions or not end:
        return f'`line 1 "{file}" 0\n{text}'
    own = {name for p in reach for name in packages[p].functions}
    body = re.sub(r"\b\w+_pkg::(\w+)(?=\s*\()", lambda m: m[1] if m[1] in own else m[0], text[end.end() :])
    lines = [f'`line 1 "{file}" 0', text[: end.end()]]
    lines += [f"import {name}::*;" for name in reach]
    for function in functions:
        lines += [f'`line {function.line} "{function.file}" 0', function.text]
    behind = text[: end.end()].count("\n") + 2  # the body begins on the line behind the header's end
    lines += [f'`line {behind} "{file}" 0', body.removeprefix("\n")]
    return "\n".join(lines)


def main():
    output = pathlib.Path(sys.argv[1])
    listed = (ROOT / "rtl/toe.f").read_text(encoding="utf-8").splitlines()
    packages = read_packages([line for line in listed if line.endswith("_pkg.sv") and "/gen/" not in line])
    for folder in FOLDERS:
        for source in sorted((ROOT / folder).glob("*.sv")):
            if source.stem.endswith("_pkg"):
                continue
            text = with_functions(packages, f"{folder}/{source.name}", source.read_text(encoding="utf-8"))
            text = with_covers(text)
            copy = output / folder / source.name
            if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
