#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who may know whom.

C: every #include "..." of a folder must lead to a folder that it may know.  SystemVerilog: every
module that a folder instantiates must live in a folder that it may know.
"""

import pathlib
import re
import sys

# Folder: folders whose headers it may include.  A folder may always include its own.
C_MAY_KNOW = {
    "host": {"host", "driver/toe_transport.h"},
    "driver": {"host", "driver", "sim/include"},
    "model": {"model"},
    # The simulated engine fills in the transport's function table, and so knows its declaration.
    "sim": {"sim", "model", "verilated", "host/include", "driver/toe_transport.h"},
    "tests": {"host", "driver", "model", "sim", "tests", "verilated"},
}
# Where an #include "..." is looked up, as in mk/common.mk, after the file's own folder.
INCLUDE_PATH = ["host/include", "sim/include", ".", "tests/lib"]

# RTL folder: folders whose modules it may instantiate.
RTL_MAY_KNOW = {
    "rtl/lib": {"rtl/lib"},
    "rtl/rx": {"rtl/rx", "rtl/lib"},
    "rtl/tcp": {"rtl/tcp", "rtl/lib"},
    "rtl/tx": {"rtl/tx", "rtl/lib"},
    "rtl/host": {"rtl/host", "rtl/lib", "rtl/gen"},
    "rtl/gen": {"rtl/gen"},
    "rtl": {"rtl/rx", "rtl/tcp", "rtl/tx", "rtl/host", "rtl/lib"},
    # The engine, and the parts around it that no board does differently: link, UART, memory.
    "boards": {"boards", "rtl", "rtl/host", "rtl/lib"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)
INSTANCE = re.compile(r"^\s*(toe_\w+)\s+(?:#\s*\(|u_\w+)", re.MULTILINE)
MODULE = re.compile(r"^\s*module\s+(\w+)", re.MULTILINE)


def resolve(source, name):
    """The file that an include leads to; a generated model header; None for one of the system."""
    if re.fullmatch(r"(tb_|V)\w+\.h", pathlib.PurePath(name).name) and name != "tb.h":
        return pathlib.PurePath("verilated") / name
    for folder in [source.parent, *map(pathlib.Path, INCLUDE_PATH)]:
        if (folder / name).is_file():
            return pathlib.PurePath((folder / name).resolve().relative_to(pathlib.Path.cwd()))
    return None


def known(target, allowed):
    """True when a path lies in one of the allowed folders, or is an allowed file."""
    text = target.as_posix()
    return any(text == entry or text.startswith(entry + "/") for entry in allowed)


def check_c():
    """Complaints about #include lines."""
    for folder, allowed in C_MAY_KNOW.items():
        for source in sorted(pathlib.Path(folder).rglob("*.[ch]*")):
            for name in INCLUDE.findall(source.read_text()):
                target = resolve(source, name)
                if target and not known(target, allowed):
                    yield f"{source}: {folder}/ may not include {target}"


def folder_of(source):
    """The layout's name for the folder of an RTL file: all boards are one."""
    return "boards" if source.parts[0] == "boards" else source.parent.as_posix()


def check_rtl():
    """Complaints about instances."""
    home = {}
    sources = sorted(pathlib.Path("rtl").rglob("*.sv")) + sorted(pathlib.Path("boards").rglob("*.sv"))
    for source in sources:
        for module in MODULE.findall(source.read_text()):
            home[module] = folder_of(source)
    for source in sources:
        folder = folder_of(source)
        if folder not in RTL_MAY_KNOW:
            yield f"{source}: {folder}/ is not in the layout of tools/check_layers.py"
            continue
        for module in INSTANCE.findall(source.read_text()):
            if module in home and home[module] not in RTL_MAY_KNOW[folder]:
                yield f"{source}: {folder}/ may not instantiate {module} of {home[module]}/"


def main():
    complaints = [*check_c(), *check_rtl()]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
