#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decides the properties of a module without state, each as one query over all its inputs.

  formal_decide.py FILE.btor LIMIT_S [NAME...]    prints "NAME RESULT SECONDS", one line a property

Reads what Yosys writes with write_btor, and says for each bad state, all of them or those named, if
some inputs lead there: sat (then the inputs follow), unsat, or unknown after LIMIT_S.  What is not
decided at once is tried for both values of the bits of signals called case_NAME, a few bits at a
time: so cases are complete whatever they are.

Sequence numbers make hard queries, because a solver that works with bits
finds (base + x) - (base + y) = x - y anew for every pair.  So a module says them as distances from
inputs called NAME_base_i, and here every sum is kept as a multiple of the bases and the rest: where
the design computes with distances only, the bases are gone before the solver sees the query.  Each
step is an identity of arithmetic modulo a power of two, so nothing is assumed.
"""

import itertools
import sys
import time

import bitwuzla as bw

COMPARE = {
    "ult": bw.Kind.BV_ULT,
    "ulte": bw.Kind.BV_ULE,
    "ugt": bw.Kind.BV_UGT,
    "ugte": bw.Kind.BV_UGE,
    "slt": bw.Kind.BV_SLT,
    "slte": bw.Kind.BV_SLE,
    "sgt": bw.Kind.BV_SGT,
    "sgte": bw.Kind.BV_SGE,
}
BITWISE = {"and": bw.Kind.BV_AND, "or": bw.Kind.BV_OR, "xor": bw.Kind.BV_XOR}
SHIFT = {"sll": bw.Kind.BV_SHL, "srl": bw.Kind.BV_SHR, "sra": bw.Kind.BV_ASHR}
REDUCE = {"redor": bw.Kind.BV_REDOR, "redand": bw.Kind.BV_REDAND, "redxor": bw.Kind.BV_REDXOR}
OTHER = {"add": bw.Kind.BV_ADD, "mul": bw.Kind.BV_MUL, "eq": bw.Kind.BV_COMP, "not": bw.Kind.BV_NOT}
TRY_S = 8  # before a case is split
SPLIT_BITS = 3
PASSES = 3  # of given(): what one makes simpler, the next one finds known
SOLVER_KINDS = {**COMPARE, **BITWISE, **SHIFT, **REDUCE, **OTHER}


def once(method):
    """Remembers results: recursion over shared terms would not end otherwise."""
    known = {}

    def wrapped(self, *args):
        key = (id(self), *args)
        if key not in known:
            known[key] = method(self, *args)
        return known[key]

    return wrapped


class Terms:
    """Terms, each made once; a term is its index.

    op is "input", "const" (args: value), "lin" (args: bases, rest; the sum of multiples of bases
    and of a term without them), "slice" (args: term, lsb), or an operator of BTOR.
    """

    def __init__(self):
        self.op, self.width, self.args = [], [], []
        self.known = {}

    def make(self, op, width, *args):
        key = (op, width, args)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.op)
            self.op.append(op)
            self.width.append(width)
            self.args.append(args)
        return found

    def const(self, width, value):
        return self.make("const", width, value % (1 << width))

    def value(self, term):
        return self.args[term][0] if self.op[term] == "const" else None

    # ---- Sums --------------------------------------------------------------------------------------

    def parts(self, term):
        """Multiples of bases, and the rest."""
        return self.args[term] if self.op[term] == "lin" else ((), term)

    def lin(self, bases, rest):
        bases = tuple(sorted((b, k % (1 << 32)) for b, k in bases if k % (1 << 32)))
        if not bases:
            return rest
        return self.make("lin", self.width[rest], bases, rest)

    def classes(self, term):
        """(multiples of bases, condition, rest) of each sum that the term may be."""
        if self.op[term] == "select":
            return self.args[term]
        bases, rest = self.parts(term)
        return ((bases, self.const(1, 1), rest),)

    def select(self, classes):
        """One of several sums; conditions exclude each other, and one of them holds."""
        merged = {}
        for bases, c, rest in classes:
            if self.value(c) == 0:
                continue
            if bases in merged:
                before = merged[bases]
                merged[bases] = (self.bitwise("or", before[0], c), self.ite(c, rest, before[1]))
            else:
                merged[bases] = (c, rest)
        if len(merged) == 1:
            ((bases, (c, rest)),) = merged.items()
            return self.lin(bases, rest)
        classes = tuple((bases, *merged[bases]) for bases in sorted(merged))
        return self.make("select", self.width[classes[0][2]], *classes)

    def pairs(self, a, b):
        """Every sum that a may be, with every sum that b may be."""
        for bases_a, c_a, rest_a in self.classes(a):
            for bases_b, c_b, rest_b in self.classes(b):
                c = self.bitwise("and", c_a, c_b)
                if self.value(c) != 0:
                    yield c, bases_a, rest_a, bases_b, rest_b

    @once
    def add(self, a, b):
        found = []
        for c, bases_a, rest_a, bases_b, rest_b in self.pairs(a, b):
            sums = dict(bases_a)
            for base, k in bases_b:
                sums[base] = (sums.get(base, 0) + k) % (1 << 32)
            bases = tuple(sorted((base, k) for base, k in sums.items() if k))
            found.append((bases, c, self.plain_add(rest_a, rest_b)))
        return self.select(found)

    def plain_add(self, a, b):
        width = self.width[a]
        if self.value(a) is not None:
            a, b = b, a
        if self.value(b) is not None:
            if self.value(b) == 0:
                return a
            if self.value(a) is not None:
                return self.const(width, self.value(a) + self.value(b))
            if self.op[a] == "add" and self.value(self.args[a][1]) is not None:
                total = self.const(width, self.value(self.args[a][1]) + self.value(b))
                return self.plain_add(self.args[a][0], total)
        elif self.op[b] == "add" and self.value(self.args[b][1]) is not None:
            return self.plain_add(self.plain_add(a, self.args[b][0]), self.args[b][1])
        elif self.op[a] == "add" and self.value(self.args[a][1]) is not None:
            return self.plain_add(self.plain_add(self.args[a][0], b), self.args[a][1])
        if self.is_opposite(a, b):
            return self.const(width, 0)
        if self.value(b) is None and a > b:
            a, b = b, a
        return self.make("add", width, a, b)

    def is_opposite(self, a, b):
        return (self.op[a] == "neg" and self.args[a][0] == b) or (
            self.op[b] == "neg" and self.args[b][0] == a
        )

    @once
    def neg(self, a):
        return self.select(
            (tuple((base, -k % (1 << 32)) for base, k in bases), c, self.plain_neg(rest))
            for bases, c, rest in self.classes(a)
        )

    @once
    def plain_neg(self, a):
        if self.value(a) is not None:
            return self.const(self.width[a], -self.value(a))
        if self.op[a] == "neg":
            return self.args[a][0]
        if self.op[a] == "add":
            return self.plain_add(self.plain_neg(self.args[a][0]), self.plain_neg(self.args[a][1]))
        return self.make("neg", self.width[a], a)

    # ---- Choices and comparisons ---------------------------------------------------------------------

    @once
    def ite(self, c, yes, no):
        if self.value(c) is not None:
            return yes if self.value(c) else no
        if yes == no:
            return yes
        if self.op[c] == "not":
            return self.ite(self.args[c][0], no, yes)
        if self.width[yes] == 1:
            if self.value(yes) == 1 and self.value(no) == 0:
                return c
            if self.value(yes) == 0 and self.value(no) == 1:
                return self.bit_not(c)
            if self.value(no) == 0:
                return self.bitwise("and", c, yes)
            if self.value(yes) == 1:
                return self.bitwise("or", c, no)
            if self.value(yes) == 0:
                return self.bitwise("and", self.bit_not(c), no)
            if self.value(no) == 1:
                return self.bitwise("or", self.bit_not(c), yes)
        if self.op[yes] == "ite" and self.args[yes][0] == c:
            return self.ite(c, self.args[yes][1], no)
        if self.op[no] == "ite" and self.args[no][0] == c:
            return self.ite(c, yes, self.args[no][2])
        # A sum gathered with or, from choices of which at most one is taken.
        if self.op[yes] == "or" and self.width[yes] == 32 and no in self.args[yes]:
            added = self.args[yes][self.args[yes][0] == no]
            both = self.bitwise("and", c, self.taken(no))
            if both != c:
                return self.choose(both, yes, self.choose(c, added, no))
        return self.choose(c, yes, no)

    def choose(self, c, yes, no):
        """ite, where nothing is left to make simpler but sums."""
        yes, no = self.like(yes, no), self.like(no, yes)
        classes_y, classes_n = self.classes(yes), self.classes(no)
        if len(classes_y) == 1 and not classes_y[0][0] and classes_y[0][0] == classes_n[0][0]:
            if len(classes_n) == 1:
                return self.make("ite", self.width[yes], c, yes, no)
        not_c = self.bit_not(c)
        rests_y, rests_n = {k: r for k, _, r in classes_y}, {k: r for k, _, r in classes_n}
        found = []
        for bases in sorted({**rests_y, **rests_n}):
            ways = [self.bitwise("and", c, w) for k, w, _ in classes_y if k == bases]
            ways += [self.bitwise("and", not_c, w) for k, w, _ in classes_n if k == bases]
            way = ways[0] if len(ways) == 1 else self.bitwise("or", *ways)
            rest_y, rest_n = rests_y.get(bases), rests_n.get(bases)
            if rest_y is None or rest_n is None:
                rest = rest_n if rest_y is None else rest_y
            else:
                same = rest_y == rest_n
                rest = rest_y if same else self.make("ite", self.width[yes], c, rest_y, rest_n)
            found.append((bases, way, rest))
        return self.select(found)

    @once
    def taken(self, term):
        """A bit that is 1 whenever term is not 0, for choices that end in 0."""
        if self.value(term) == 0:
            return self.const(1, 0)
        if self.op[term] == "select":
            found = self.const(1, 0)
            for bases, c, rest in self.args[term]:
                bit = self.const(1, 1) if bases else self.taken(rest)
                found = self.bitwise("or", found, self.bitwise("and", c, bit))
            return found
        if self.op[term] != "ite":
            return self.const(1, 1)
        c, yes, no = self.args[term]
        return self.ite(c, self.taken(yes), self.taken(no))

    def like(self, a, b):
        """a, or where a is any value and b a sum, any value said as such a sum."""
        if not self.is_any(a) or self.op[b] != "lin":
            return a
        bases = self.args[b][0]
        return self.lin(bases, self.make("input", self.width[a], f"x{a}.{bases}"))

    def is_any(self, a):
        if self.op[a] == "slice":
            a = self.args[a][0]
        return self.op[a] == "input" and self.args[a][0].startswith("x")

    @once
    def eq(self, a, b):
        found = self.const(1, 0)
        for c, bases_a, rest_a, bases_b, rest_b in self.pairs(a, b):
            one, other = rest_a, rest_b
            if bases_a != bases_b:
                one = self.add(self.lin(bases_a, rest_a), self.neg(self.lin(bases_b, rest_b)))
                other = self.const(self.width[a], 0)
            found = self.bitwise("or", found, self.bitwise("and", c, self.plain_eq(one, other)))
        return found

    def plain_eq(self, a, b):
        if a == b:
            return self.const(1, 1)
        if self.value(a) is not None and self.value(b) is not None:
            return self.const(1, self.value(a) == self.value(b))
        if self.width[a] == 1:
            for one, other in ((a, b), (b, a)):
                if self.value(one) is not None:
                    return other if self.value(one) else self.bit_not(other)
        if a > b:
            a, b = b, a
        return self.make("eq", 1, a, b)

    @once
    def compare(self, op, a, b):
        found = self.const(1, 0)
        for c, bases_a, rest_a, bases_b, rest_b in self.pairs(a, b):
            one, other = self.lin(bases_a, rest_a), self.lin(bases_b, rest_b)
            found = self.bitwise(
                "or", found, self.bitwise("and", c, self.plain_compare(op, one, other))
            )
        return found

    def plain_compare(self, op, a, b):
        if self.value(a) is not None and self.value(b) is not None and op[0] == "u":
            x, y = self.value(a), self.value(b)
            return self.const(1, {"ult": x < y, "ulte": x <= y, "ugt": x > y, "ugte": x >= y}[op])
        return self.make(op, 1, a, b)

    def bit_not(self, a):
        if self.value(a) is not None:
            return self.const(self.width[a], ~self.value(a))
        if self.op[a] == "not":
            return self.args[a][0]
        return self.make("not", self.width[a], a)

    def bitwise(self, op, a, b):
        width = self.width[a]
        if self.value(a) is not None:
            a, b = b, a
        if self.value(b) is not None:
            ones = (1 << width) - 1
            if self.value(a) is not None:
                x, y = self.value(a), self.value(b)
                return self.const(width, {"and": x & y, "or": x | y, "xor": x ^ y}[op])
            if self.value(b) == 0:
                return b if op == "and" else a
            if self.value(b) == ones:
                return {"and": a, "or": b}.get(op) or self.bit_not(a)
        if a == b and op != "xor":
            return a
        if self.value(b) is None and a > b:
            a, b = b, a
        return self.make(op, width, a, b)

    # ---- Fields of wide terms --------------------------------------------------------------------------

    @once
    def slice(self, a, high, low):
        width = high - low + 1
        op, args = self.op[a], self.args[a]
        if width == self.width[a]:
            return a
        if op == "const":
            return self.const(width, args[0] >> low)
        if op == "concat":
            split = self.width[args[1]]
            if low >= split:
                return self.slice(args[0], high - split, low - split)
            if high < split:
                return self.slice(args[1], high, low)
            left = self.slice(args[0], high - split, 0)
            return self.concat(left, self.slice(args[1], split - 1, low))
        if op == "ite":
            return self.ite(args[0], self.slice(args[1], high, low), self.slice(args[2], high, low))
        if op == "slice":
            return self.slice(args[0], high + args[1], low + args[1])
        if op == "select":
            found = None
            for bases, c, rest in args:
                part = self.slice(self.lin(bases, rest), high, low)
                found = part if found is None else self.ite(c, part, found)
            return found
        if op in BITWISE:
            return self.bitwise(op, self.slice(args[0], high, low), self.slice(args[1], high, low))
        if op == "not":
            return self.bit_not(self.slice(args[0], high, low))
        return self.make("slice", width, a, low)

    def concat(self, a, b):
        if self.value(a) is not None and self.value(b) is not None:
            width = self.width[b]
            return self.const(self.width[a] + width, self.value(a) << width | self.value(b))
        if self.op[a] == "slice" and self.op[b] == "slice" and self.args[a][0] == self.args[b][0]:
            low = self.args[b][1]
            if self.args[a][1] == low + self.width[b]:
                return self.slice(self.args[a][0], low + self.width[b] + self.width[a] - 1, low)
        return self.make("concat", self.width[a] + self.width[b], a, b)


class Module:
    """The properties and constraints of a BTOR file, as terms."""

    def __init__(self, path):
        self.terms = Terms()
        self.inputs = {}  # term: name
        self.bad = {}
        self.bits = {}  # term of one bit: its place in masks
        self.masks = {}
        self.givens = {}
        self.cases = []  # bits, those to split first in front
        self.constraints = []
        sys.setrecursionlimit(100000)
        self.nodes, sorts, named = {}, {}, {}
        with open(path) as lines:
            for line in lines:
                words = line.partition(" ; ")[0].partition("\n")[0].split()
                if not words or words[0] == ";":
                    continue
                nid, op, rest = words[0], words[1], words[2:]
                if op == "sort":
                    sorts[nid] = int(rest[1])
                elif op == "constraint":
                    self.constraints.append(self.nodes[rest[0]])
                elif op == "bad":
                    self.bad[rest[1]] = self.nodes[rest[0]]
                else:
                    if rest[0] not in sorts:
                        sys.exit(f"{path}: {line.strip()}: the module has a state")
                    self.nodes[nid] = self.read(nid, op, sorts[rest[0]], rest[1:])
                    if op == "uext" and len(rest) > 3 and rest[3].startswith("case_"):
                        named[rest[3]] = self.nodes[nid]
        for name in sorted(named):
            for bit in range(self.terms.width[named[name]]):
                self.cases.append(self.terms.slice(named[name], bit, bit))

    def read(self, nid, op, width, rest):
        """The term of one line."""
        t = self.terms
        if op == "input":
            name = rest[0] if rest else f"x{nid}"
            term = t.make("input", width, name)
            if name.endswith("_base_i"):
                term = t.make("lin", width, ((term, 1),), t.const(width, 0))
            self.inputs[term] = name
            return term
        if op == "const":
            return t.const(width, int(rest[0], 2))
        if op in ("zero", "one", "ones"):
            return t.const(width, {"zero": 0, "one": 1, "ones": -1}[op])
        args = [self.nodes[a] for a in rest[:3] if a in self.nodes]
        if op == "slice":
            return t.slice(args[0], int(rest[1]), int(rest[2]))
        if op in ("uext", "sext"):
            return self.extend(op, args[0], int(rest[1]))
        return self.apply(op, width, args)

    def extend(self, op, a, more):
        t = self.terms
        if more == 0:
            return a
        if op == "uext":
            return t.concat(t.const(more, 0), a)
        sign = t.slice(a, t.width[a] - 1, t.width[a] - 1)
        return t.concat(t.ite(sign, t.const(more, -1), t.const(more, 0)), a)

    def apply(self, op, width, args):
        t = self.terms
        if op == "add":
            return t.add(*args)
        if op == "sub":
            return t.add(args[0], t.neg(args[1]))
        if op == "neg":
            return t.neg(*args)
        if op == "ite":
            return t.ite(*args)
        if op == "eq":
            return t.eq(*args)
        if op == "neq":
            return t.bit_not(t.eq(*args))
        if op == "not":
            return t.bit_not(*args)
        if op == "redor":
            return t.bit_not(t.eq(args[0], t.const(t.width[args[0]], 0)))
        if op == "redand":
            return t.eq(args[0], t.const(t.width[args[0]], -1))
        if op == "concat":
            return t.concat(*args)
        if op in BITWISE:
            return t.bitwise(op, *args)
        if op == "implies":
            return t.bitwise("or", t.bit_not(args[0]), args[1])
        if op in COMPARE:
            return t.compare(op, *args)
        if op in SHIFT or op in REDUCE or op == "mul":
            return t.make(op, width, *args)
        sys.exit(f"BTOR operator {op} is not known")

    # ---- What a condition makes known -----------------------------------------------------------------

    def tests(self, term):
        """Bits in the term, as a mask."""
        t = self.terms
        stack = [term]
        while stack:
            top = stack[-1]
            needs = self.needs(t.op[top], t.args[top])
            missing = [n for n in needs if n not in self.masks]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            mask = 0
            for need in needs:
                mask |= self.masks[need]
            if t.width[top] == 1 and t.op[top] not in ("const", "not"):
                mask |= 1 << self.bits.setdefault(top, len(self.bits))
            self.masks[top] = mask
        return self.masks[term]

    def assume(self, bit, value, yes, no):
        """The masks of what is known when bit has the value, too."""
        t = self.terms
        op = t.op[bit]
        if op == "not":
            return self.assume(t.args[bit][0], not value, yes, no)
        if (op == "and" and value) or (op == "or" and not value):
            for arg in t.args[bit]:
                yes, no = self.assume(arg, value, yes, no)
        if op != "const":
            self.tests(bit)
            place = 1 << self.bits[bit]
            yes, no = (yes | place, no) if value else (yes, no | place)
        return yes, no

    def given(self, term, yes, no):
        """The term where the bits of yes are 1 and those of no are 0."""
        t = self.terms
        mask = self.tests(term)
        yes, no = yes & mask, no & mask
        if t.op[term] in ("const", "input") and term not in self.bits:
            return term
        key = (term, yes, no)
        found = self.givens.get(key)
        if found is None:
            found = self.givens[key] = self.new_given(term, yes, no)
        return found

    def new_given(self, term, yes, no):
        t = self.terms
        op, args = t.op[term], t.args[term]
        place = self.bits.get(term)
        if place is not None and (yes | no) >> place & 1:
            return t.const(1, yes >> place & 1)
        if op in ("const", "input"):
            return term
        if op == "ite" or (op in ("and", "or") and t.width[term] == 1):
            first = self.given(args[0], yes, no)
            if op == "ite":
                if t.value(first) is not None:
                    return self.given(args[1] if t.value(first) else args[2], yes, no)
                one = self.given(args[1], *self.assume(args[0], True, yes, no))
                return t.ite(first, one, self.given(args[2], *self.assume(args[0], False, yes, no)))
            if t.value(first) is not None and t.value(first) == (op == "or"):
                return first
            second = self.given(args[1], *self.assume(args[0], op == "and", yes, no))
            return t.bitwise(op, first, second)
        if op == "lin":
            return t.lin(args[0], self.given(args[1], yes, no))
        if op == "select":
            classes = []
            for bases, c, rest in args:
                given = self.given(c, yes, no)
                if t.value(given) != 0:
                    rest = self.given(rest, *self.assume(c, True, yes, no))
                    classes.append((bases, given, rest))
            return t.select(classes)
        if op == "slice":
            return t.slice(self.given(args[0], yes, no), args[1] + t.width[term] - 1, args[1])
        return self.apply(op, t.width[term], [self.given(a, yes, no) for a in args])

    # ---- Queries ---------------------------------------------------------------------------------------

    def solve(self, bits, limit_s):
        """Whether all bits can be 1 at once: sat, unsat or unknown; and the solver's terms."""
        tm = bw.TermManager()
        options = bw.Options()
        options.set(bw.Option.PRODUCE_MODELS, True)
        options.set(bw.Option.TIME_LIMIT_PER, int(limit_s * 1000))
        solver = bw.Bitwuzla(tm, options)
        done = {}
        one = tm.mk_bv_one(tm.mk_bv_sort(1))
        for bit in bits:
            solver.assert_formula(tm.mk_term(bw.Kind.EQUAL, [self.emit(tm, bit, done), one]))
        result = solver.check_sat()
        text = {bw.Result.SAT: "sat", bw.Result.UNSAT: "unsat"}.get(result, "unknown")
        return text, solver, tm, done

    def emit(self, tm, root, done):
        """The solver's term."""
        t = self.terms
        stack = [root]
        while stack:
            term = stack[-1]
            if term in done:
                stack.pop()
                continue
            op, width, args = t.op[term], t.width[term], t.args[term]
            missing = [n for n in self.needs(op, args) if n not in done]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            done[term] = self.emit_one(tm, term, op, width, args, done)
        return done[root]

    @staticmethod
    def needs(op, args):
        if op in ("input", "const"):
            return []
        if op == "lin":
            return [base for base, _ in args[0]] + [args[1]]
        if op == "select":
            return [n for bases, c, rest in args for n in (c, rest, *(base for base, _ in bases))]
        if op == "slice":
            return [args[0]]
        return list(args)

    def emit_one(self, tm, term, op, width, args, done):
        sort = tm.mk_bv_sort(width)
        if op == "input":
            return tm.mk_const(sort, args[0])
        if op == "const":
            return tm.mk_bv_value(sort, args[0])
        if op == "lin":
            return self.emit_sum(tm, *args, done)
        if op == "select":
            total = None
            one = tm.mk_bv_one(tm.mk_bv_sort(1))
            for bases, c, rest in args:
                part = self.emit_sum(tm, bases, rest, done)
                test = tm.mk_term(bw.Kind.EQUAL, [done[c], one])
                total = part if total is None else tm.mk_term(bw.Kind.ITE, [test, part, total])
            return total
        terms = [done[a] for a in self.needs(op, args)]
        if op == "slice":
            return tm.mk_term(bw.Kind.BV_EXTRACT, terms, [args[1] + width - 1, args[1]])
        if op == "ite":
            one = tm.mk_bv_one(tm.mk_bv_sort(1))
            test = tm.mk_term(bw.Kind.EQUAL, [terms[0], one])
            return tm.mk_term(bw.Kind.ITE, [test, *terms[1:]])
        if op == "concat":
            return tm.mk_term(bw.Kind.BV_CONCAT, terms)
        if op == "neg":
            return tm.mk_term(bw.Kind.BV_NEG, terms)
        found = tm.mk_term(SOLVER_KINDS[op], terms)
        if op in COMPARE:
            one, zero = tm.mk_bv_one(tm.mk_bv_sort(1)), tm.mk_bv_zero(tm.mk_bv_sort(1))
            found = tm.mk_term(bw.Kind.ITE, [found, one, zero])
        return found

    @staticmethod
    def emit_sum(tm, bases, rest, done):
        total = done[rest]
        for base, k in bases:
            times = tm.mk_bv_value(tm.mk_bv_sort(32), k)
            product = tm.mk_term(bw.Kind.BV_MUL, [done[base], times])
            total = tm.mk_term(bw.Kind.BV_ADD, [total, product])
        return total

    def decide(self, name, limit_s):
        """sat, unsat or unknown, and the inputs that lead there."""
        deadline = time.monotonic() + limit_s
        bad = self.bad[name]
        for _ in range(PASSES):
            bad = self.given(bad, 0, 0)
        waiting = [()]
        while waiting:
            known = waiting.pop()
            left_s = max(0.1, deadline - time.monotonic())
            more = self.cases[len(known) : len(known) + SPLIT_BITS]
            bits = [bad, *known, *self.constraints]
            result, solver, tm, done = self.solve(bits, min(TRY_S, left_s) if more else left_s)
            if result == "sat":
                return result, self.values(solver, tm, done)
            if result == "unknown":
                if not more or left_s <= TRY_S:
                    return result, {}
                for values in itertools.product((0, 1), repeat=len(more)):
                    chosen = [b if v else self.terms.bit_not(b) for b, v in zip(more, values)]
                    waiting.append((*known, *chosen))
        return "unsat", {}

    def values(self, solver, tm, done):
        """What the inputs are."""
        found = {}
        for term, signal in self.inputs.items():
            if not signal.startswith("x"):
                self.emit(tm, term, done)
                found[signal] = int(solver.get_value(done[term]).value(16), 16)
        return found


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    path, limit_s, *names = sys.argv[1:]
    module = Module(path)
    for name in names or module.bad:
        start = time.monotonic()
        result, values = module.decide(name, float(limit_s))
        print(f"{name} {result} {time.monotonic() - start:.1f}", flush=True)
        for signal, value in values.items():
            print(f"  {signal} = {value:#x}")


if __name__ == "__main__":
    main()
