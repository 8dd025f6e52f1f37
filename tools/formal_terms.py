#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Terms over words of bits, made simple when they are made, for formal_decide.py.

A sum is kept as multiples of some bases and the rest, so that a difference of two sums over the same
base has lost it.  Each step is an identity of arithmetic modulo a power of two.
"""

COMPARE = {"ult", "ulte", "ugt", "ugte", "slt", "slte", "sgt", "sgte"}
BITWISE = {"and", "or", "xor"}


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
