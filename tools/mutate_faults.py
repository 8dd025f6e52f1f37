# SPDX-License-Identifier: Apache-2.0
"""Faults made from SystemVerilog sources, for tools/mutate.py.

Verible gives the syntax tree; a fault replaces one span of one file and leaves the number of lines
as it is.  What only simulation or elaboration reads (assertions, parameters, types, ranges of
declarations) gets no faults.
"""

import collections
import random
import re
from typing import NamedTuple

import syntax
from syntax import children, first, span

# Subtrees without faults.  Loop headers too: a wrong bound mostly hangs the compiler.
SKIP = {
    "kActualParameterList",
    "kAssertionStatement",
    "kAssumeStatement",
    "kCoverStatement",
    "kDeclarationDimensions",
    "kEventControl",
    "kFunctionHeader",
    "kGenerateIfHeader",
    "kInitialStatement",
    "kLoopHeader",
    "kModuleHeader",
    "kPackageImportDeclaration",
    "kParamDeclaration",
    "kSystemTFCall",
    "kTypeDeclaration",
}

BINARY = {
    "==": ("comparison", "!="),
    "!=": ("comparison", "=="),
    "<": ("comparison", "<="),
    "<=": ("comparison", "<"),
    ">": ("comparison", ">="),
    ">=": ("comparison", ">"),
    "+": ("arithmetic", "-"),
    "-": ("arithmetic", "+"),
    "&&": ("logic", "||"),
    "||": ("logic", "&&"),
    "&": ("bitwise", "|"),
    "|": ("bitwise", "&"),
    "^": ("bitwise", "|"),
}
BOOLEAN = {"==", "!=", "<", "<=", ">", ">=", "&&", "||"}
# What a branch must hold to do anything but to check.
DEEDS = {"kNonblockingAssignmentStatement", "kNetVariableAssignment", "kJumpStatement", "kAssignModifyStatement"}
LITERAL = re.compile(r"(\d*)'([bdh])([0-9a-fA-F]+)|(\d+)|'([01])")


class Fault(NamedTuple):
    """Octets start to end of a file become new."""

    file: str
    line: int
    operator: str
    start: int
    end: int
    old: str
    new: str
    text: str  # the whole first line, without indentation

    @property
    def name(self):
        return f"{self.file}:{self.line}:{self.operator}"

    @property
    def key(self):
        """What names a fault when lines have moved."""
        return (self.file, self.operator, self.text, *map(squeeze, (self.old, self.new)))


def squeeze(text):
    return " ".join(text.split())


def only_checks(node):
    """Whether a statement is there for its assertions alone."""
    return first(node, "kAssertionStatement") and not any(first(node, tag) for tag in DEEDS)


def off_by_one(literal):
    """The literal one higher, or lower when it is the highest; None when it is none of ours."""
    match = LITERAL.fullmatch(literal)
    if not match:
        return None
    width, base, digits, decimal, fill = match.groups()
    if fill:
        return "'1" if fill == "0" else "'0"
    if decimal:
        return str(int(decimal) + 1)
    radix = {"b": 2, "d": 10, "h": 16}[base]
    value = int(digits, radix) + 1
    if width and value >> int(width):
        value -= 2
    text = {"b": f"{value:b}", "d": f"{value}", "h": f"{value:x}"}[base]
    return f"{width}'{base}{text}"


class Maker:
    """Collects the faults of one file."""

    def __init__(self, file, source, neighbours):
        self.file = file
        self.source = source
        self.neighbours = neighbours
        self.faults = []

    def text(self, where):
        return self.source[where[0] : where[1]].decode()

    def add(self, operator, where, new):
        old = self.text(where)
        if new is None or squeeze(new) == squeeze(old):
            return
        # As many lines as before, so that messages of assertions stay the same.
        new += "\n" * (old.count("\n") - new.count("\n"))
        line = self.source.count(b"\n", 0, where[0]) + 1
        text = self.source.split(b"\n")[line - 1].decode().strip()
        self.faults.append(Fault(self.file, line, operator, *where, old, new, text))

    def walk(self, node, reset=False):
        """Faults of a subtree; reset: within the branch of rst_i."""
        if node is None or node["tag"] in SKIP or "children" not in node:
            return
        if node["tag"] == "kConditionalStatement" and only_checks(node):
            return
        handler = getattr(self, node["tag"], None)
        if handler:
            handler(node, reset)
        nodes = node["children"]
        if node["tag"] == "kCast":
            nodes = nodes[1:]  # the width stays
        for child in nodes:
            inside = child is not None and child["tag"] == "kIfBody" and syntax.is_reset(node, self.source)
            self.walk(child, reset or inside)

    def kBinaryExpression(self, node, reset):
        for child in children(node):
            if child["tag"] in BINARY and "children" not in child:
                operator, new = BINARY[child["tag"]]
                self.add(operator, span(child), new)

    def kUnaryPrefixExpression(self, node, reset):
        sign = children(node)[0]
        if sign["tag"] in ("!", "~"):
            self.add("negation", span(sign), "")

    def kConditionExpression(self, node, reset):
        parts = children(node)
        if len(parts) == 5:
            question, yes, colon, no = map(span, parts[1:])
            middle = self.text((yes[1], no[0]))
            self.add("ternary", (yes[0], no[1]), self.text(no) + middle + self.text(yes))

    def kIfClause(self, node, reset):
        condition = first(first(node, "kIfHeader"), "kExpression")
        where = span(condition)
        self.add("condition", where, f"!({self.text(where)})")
        self.add("branch", where, "1'b0")
        if not syntax.is_reset(node, self.source):
            self.add("always", where, "1'b1")

    def kCaseItemList(self, node, reset):
        items = children(node, "kCaseItem")
        for item in items:
            self.add("case", span(item), "")
        bodies = [span(children(item)[-1]) for item in items]
        for one, two in zip(bodies, bodies[1:]):
            between = self.text((one[1], two[0]))
            self.add("arms", (one[0], two[1]), self.text(two) + between + self.text(one))

    def assignment(self, node, reset):
        self.add("reset" if reset else "assignment", span(node), ";")

    def kNonblockingAssignmentStatement(self, node, reset):
        self.assignment(node, reset)
        self.constant(node)

    def kNetVariableAssignment(self, node, reset):
        self.constant(node)
        # Blocking: the semicolon is its own.
        if children(node)[-1]["tag"] == ";":
            self.assignment(node, reset)

    def constant(self, node):
        """A signal of one bit that is stuck, as far as its expression shows that it is one."""
        value = [child for child in children(node) if child["tag"] == "kExpression"]
        inner = children(value[-1])[0] if value else None
        if inner is None:
            return
        signs = {child["tag"] for child in children(inner) if "children" not in child}
        if inner["tag"] == "kBinaryExpression" and signs & BOOLEAN or signs & {"!"}:
            self.add("stuck", span(value[-1]), "1'b0")
            self.add("stuck", span(value[-1]), "1'b1")

    def kNumber(self, node, reset):
        where = span(node)
        self.add("reset" if reset else "number", where, off_by_one(self.text(where)))

    def kUnqualifiedId(self, node, reset):
        name = self.text(span(node))
        self.add("reset" if reset else "enum", span(node), self.neighbours.get(name))

    def kDimensionRange(self, node, reset):
        high, low = children(node, "kExpression")
        self.add(
            "slice",
            (span(high)[0], span(low)[1]),
            f"({self.text(span(high))})-1:({self.text(span(low))})-1"
            if self.text(span(low)) != "0"
            else f"({self.text(span(high))})+1:1",
        )

    def kDimensionSlice(self, node, reset):
        base = children(node, "kExpression")[0]
        self.add("slice", span(base), f"({self.text(span(base))})+1")


def enum_neighbours(parsed):
    """Each enum value, and the one that follows it in its enum."""
    neighbours = {}
    for tree, source in parsed.values():
        for names_node in syntax.every(tree, "kEnumNameList"):
            spans = [span(children(item)[0]) for item in children(names_node, "kEnumName")]
            names = [source[slice(*where)].decode() for where in spans]
            neighbours.update(zip(names, names[1:] + names[:1]))
    return neighbours


def all_faults(root, files):
    """Every fault of the files, which are paths below root."""
    parsed = syntax.parse(root, files)
    neighbours = enum_neighbours(parsed)
    faults = []
    for file, (tree, source) in parsed.items():
        maker = Maker(file, source, neighbours)
        maker.walk(tree)
        faults += maker.faults
    return faults


def code_lines(source):
    return sum(
        1 for line in source.splitlines() if line.strip() and not line.strip().startswith("//")
    )


def draw(root, faults, seed):
    """The faults in a random order: the file by its lines of code, then the operator, then one."""
    rng = random.Random(seed)
    pool = collections.defaultdict(lambda: collections.defaultdict(list))
    for fault in faults:
        pool[fault.file][fault.operator].append(fault)
    weights = {file: code_lines((root / file).read_text()) for file in sorted(pool)}
    while weights:
        file = rng.choices(list(weights), list(weights.values()))[0]
        operator = rng.choice(sorted(pool[file]))
        choices = pool[file][operator]
        yield choices.pop(rng.randrange(len(choices)))
        if not choices:
            del pool[file][operator]
            if not pool[file]:
                del weights[file]


def apply(root, fault):
    """Writes the faulty file below root."""
    path = root / fault.file
    source = path.read_bytes()
    if source[fault.start : fault.end].decode() != fault.old:
        raise ValueError(f"{fault.name}: the source is not the one that the fault was made from")
    path.write_bytes(source[: fault.start] + fault.new.encode() + source[fault.end :])
