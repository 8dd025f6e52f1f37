#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes toe_hw.h: what RTL and C must agree on, taken from the SystemVerilog packages.

Enums, the layout of commands and completions in their rings, and the table of counters.  Fails when
the counters of rtl/toe_regs.rdl are not those of drop_e and count_vec_t, or when a layout does not
fit its entry.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["rtl/toe_pkg.sv", "rtl/toe_tcp_pkg.sv", "rtl/host/toe_host_pkg.sv"]
RDL = "rtl/toe_regs.rdl"

# SystemVerilog enum: C enum, prefix of the values there, prefix here.
ENUMS = [
    ("tcp_state_e", "toe_tcp_state", "Tcp", "TOE_TCP_"),
    ("reason_e", "toe_reason", "Reason", "TOE_REASON_"),
    ("cmd_op_e", "toe_cmd_op", "Cmd", "TOE_CMD_"),
    ("drop_e", "toe_drop", "Drop", "TOE_DROP_"),
]
# What RFC 9293 calls the states, where a dash stands other than between words.
STATE_TEXT = {
    "TcpSynRcvd": "SYN-RECEIVED",
    "TcpFinWait1": "FIN-WAIT-1",
    "TcpFinWait2": "FIN-WAIT-2",
}


def words_of(name):
    """SynCacheFull as ["Syn", "Cache", "Full"]."""
    return re.findall(r"[A-Z][a-z0-9]*", name)


class Packages:
    """Enums, structs, widths and constants of the packages."""

    def __init__(self, text):
        self.constants = {
            name: int(value)
            for name, value in re.findall(r"localparam int unsigned (\w+)\s*=\s*(\d+);", text)
        }
        self.widths = {}
        for msb, name in re.findall(r"typedef logic \[(\d+):0\] (\w+);", text):
            self.widths[name] = int(msb) + 1
        self.enums = {}
        pattern = r"typedef enum logic \[(\d+):0\] \{([^}]*)\} (\w+);"
        for msb, body, name in re.findall(pattern, text):
            self.widths[name] = int(msb) + 1
            self.enums[name] = list(self._values(body))
        self.structs = {
            name: list(self._members(body))
            for body, name in re.findall(r"typedef struct packed \{([^}]*)\} (\w+);", text)
        }

    @staticmethod
    def _values(body):
        """(name, number, comment) of each value; numbers count up where none is given."""
        number = 0
        pattern = r"^ *(\w+)(?: *= *\d+'d(\d+))?,? *(?://(.*))?$"
        for name, given, comment in re.findall(pattern, body, re.MULTILINE):
            number = int(given) if given else number
            yield name, number, comment.strip()
            number += 1

    @staticmethod
    def _members(body):
        """(type, bits or None, name, comment) of each member, most significant first."""
        pattern = r"^ *(\w+) *(?:\[(\d+):0\])? *(\w+); *(?://(.*))?$"
        for kind, msb, name, comment in re.findall(pattern, body, re.MULTILINE):
            bits = int(msb) + 1 if msb else 1 if kind == "logic" else None
            yield kind, bits, name, comment.strip()

    def width(self, kind):
        """Bits of a named type."""
        if kind not in self.widths:
            self.widths[kind] = sum(bits or self.width(member) for member, bits, _, _ in self.structs[kind])
        return self.widths[kind]

    def layout(self, kind):
        """(name, lsb, bits, comment) of each member of a struct, least significant first."""
        lsb = 0
        for member, bits, name, comment in reversed(self.structs[kind]):
            size = bits or self.width(member)
            yield name, lsb, size, comment
            lsb += size


def enum_lines(packages, kind, c_name, old, new):
    """A C enum, and a function from value to text."""
    values = packages.enums[kind]
    yield f"/** {kind} of the RTL. */"
    yield f"enum {c_name} {{"
    for name, number, comment in values:
        note = f" /**< {comment} */" if comment else ""
        yield f"  {new}{'_'.join(words_of(name.removeprefix(old))).upper()} = {number},{note}"
    yield "};"
    yield ""
    yield f"/** Name of an enum {c_name}; \"?\" for any other number. */"
    yield f"static inline const char *{c_name}_name(unsigned value) {{"
    yield "  switch (value) {"
    for name, _, _ in values:
        if name == "DropCount":
            continue
        words = words_of(name.removeprefix(old))
        text = "-".join(words).upper() if kind == "tcp_state_e" else "_".join(words).lower()
        text = STATE_TEXT.get(name, text)
        yield f"    case {new}{'_'.join(words).upper()}:"
        yield f'      return "{text}";'
    yield "    default:"
    yield '      return "?";'
    yield "  }"
    yield "}"
    yield ""


def flag_lines(packages, kind, prefix, offset, what):
    """One bit mask for each single-bit member, lowest bit and width of each wider one."""
    yield f"/** {what} */"
    yield "enum {"
    for name, lsb, bits, comment in packages.layout(kind):
        if bits == 1:
            text = re.sub(r"^bit \d+: ", "", comment)
            note = f" /**< {text} */" if text else ""
            yield f"  {prefix}{name.upper()} = 1 << {lsb + offset},{note}"
        elif name != "reserved":
            yield f"  {prefix}{name.upper()}_LSB = {lsb + offset}, /**< {comment} */"
            yield f"  {prefix}{name.upper()}_WIDTH = {bits},"
    yield "};"
    yield ""


def field_lines(packages, kind, prefix, words):
    """Word, lowest bit and width of each member of a ring entry."""
    members = [member for member in packages.layout(kind) if member[0] != "reserved"]
    if packages.width(kind) != 32 * words:
        sys.exit(f"{kind} has {packages.width(kind)} bits, its ring entry {32 * words}")
    if kind == "ntf_body_t":
        lsb = 32 * packages.constants["NtfReasonWord"] + packages.constants["NtfReasonLsb"]
        members.append(("reason", lsb, packages.width("reason_e"), ""))
    yield f"/** Ring entry {kind}: word, lowest bit in it and width of each field. */"
    yield "enum {"
    yield f"  {prefix}WORDS = {words},"
    for name, lsb, bits, _ in members:
        if lsb // 32 != (lsb + bits - 1) // 32:
            sys.exit(f"{kind}.{name} lies in two words")
        yield f"  {prefix}{name.upper()}_WORD = {lsb // 32},"
        yield f"  {prefix}{name.upper()}_LSB = {lsb % 32},"
        yield f"  {prefix}{name.upper()}_WIDTH = {bits},"
    yield "};"
    yield ""


def counters(packages, rdl):
    """(name, register offset, text) of each counter, checked against the packages."""
    base = int(re.search(r"\} COUNTERS @ (0x\w+);", rdl).group(1), 16)
    found = [
        (name, int(offset, 16), " ".join(text.split()))
        for name, offset, text in re.findall(
            r"counter (\w+) @ (0x\w+);\s*\1->desc = \"([^\"]*)\";", rdl
        )
    ]
    drops = ["_".join(words_of(name)).upper() for name, _, _ in packages.enums["drop_e"]][:-1]
    counts = [name.upper() for _, _, name, _ in packages.structs["count_vec_t"]]
    wanted = {name: 4 * i for i, name in enumerate(drops)}
    wanted |= {name: 0x100 + 4 * i for i, name in enumerate(counts)}
    if {name: offset for name, offset, _ in found} != wanted:
        wrong = set(wanted.items()) ^ {(name, offset) for name, offset, _ in found}
        sys.exit(f"{RDL}: counters differ from drop_e and count_vec_t: {sorted(wrong)}")
    if len(drops) != packages.constants["NumDrops"]:
        sys.exit(f"NumDrops is {packages.constants['NumDrops']}, drop_e has {len(drops)} reasons")
    return [(name, base + offset, text) for name, offset, text in found]


def counter_lines(table):
    """The counters as a list macro: data, to be expanded into whatever table is needed."""
    yield "/**"
    yield " * Every counter: X(NAME, name as text, register offset, meaning).  Drop reasons come first, in"
    yield " * the order of enum toe_drop."
    yield " */"
    yield "#define TOE_HW_COUNTERS(X) \\"
    rows = [f'  X({name}, "{name.lower()}", 0x{offset:04x}, "{text}")' for name, offset, text in table]
    yield " \\\n".join(rows)
    yield ""
    yield "enum {"
    yield f"  TOE_HW_COUNTER_COUNT = {len(table)}, /**< rows of TOE_HW_COUNTERS */"
    yield "};"
    yield ""


def header(packages, rdl):
    """The text of toe_hw.h."""
    constants = packages.constants
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0",
        " *",
        " * What the RTL and C must agree on.  Generated by tools/gen_enums.py from the packages in rtl/",
        " * and from rtl/toe_regs.rdl; `make regs` writes it again.  Registers are in toe_regs.h.",
        " */",
        "#ifndef TOE_HW_H",
        "#define TOE_HW_H",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "/* clang-format off */",
        "",
    ]
    for entry in ENUMS:
        lines += enum_lines(packages, *entry)
    lines += [
        "/** The two rings. */",
        "enum {",
        f"  TOE_SQ_DEPTH = {constants['SqDepth']}, /**< commands */",
        f"  TOE_CQ_DEPTH = {constants['CqDepth']}, /**< completions */",
        "};",
        "",
        *field_lines(packages, "cmd_t", "TOE_CMD_", constants["CmdWords"]),
        *flag_lines(packages, "conn_opts_t", "TOE_OPTS_", 0, "Bits of the opts field of a command."),
        *field_lines(packages, "ntf_body_t", "TOE_NTF_", constants["NtfWords"]),
    ]
    flags_lsb = next(lsb for name, lsb, _, _ in packages.layout("ntf_body_t") if name == "flags")
    lines += flag_lines(
        packages, "ntf_flags_t", "TOE_NTF_", flags_lsb, "What changed: bits of word 0 of a completion."
    )
    lines += counter_lines(counters(packages, rdl))
    lines += ["/* clang-format on */", "#ifdef __cplusplus", "}", "#endif", "#endif", ""]
    return "\n".join(lines)


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} OUTPUT")
    text = "".join((ROOT / path).read_text() for path in PACKAGES)
    output = header(Packages(text), (ROOT / RDL).read_text())
    pathlib.Path(sys.argv[1]).write_text(output)


if __name__ == "__main__":
    main()
