#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decides the properties of a module without state, each as one query over all its inputs.

  formal_decide.py FILE.btor LIMIT_S [NAME...]    prints "NAME RESULT SECONDS", one line a property

Reads what Yosys writes with write_btor, and says for each bad state, all of them or those named, if
some inputs lead there: sat (then the inputs follow), unsat, or unknown after LIMIT_S.  Properties
called Lemma... come first, and those that hold help with the others.

Sequence numbers make hard queries, because a solver that works with bits
finds (base + x) - (base + y) = x - y anew for every pair.  So a module says them as distances from
inputs called NAME_base_i, and here every sum is kept as a multiple of the bases and the rest: where
the design computes with distances only, the bases are gone before the solver sees the query.  Each
step is an identity of arithmetic modulo a power of two, so nothing is assumed.
"""

import sys
import time

import bitwuzla as bw
from formal_terms import BITWISE, COMPARE, Terms

COMPARE_KINDS = {
    "ult": bw.Kind.BV_ULT,
    "ulte": bw.Kind.BV_ULE,
    "ugt": bw.Kind.BV_UGT,
    "ugte": bw.Kind.BV_UGE,
    "slt": bw.Kind.BV_SLT,
    "slte": bw.Kind.BV_SLE,
    "sgt": bw.Kind.BV_SGT,
    "sgte": bw.Kind.BV_SGE,
}
BITWISE_KINDS = {"and": bw.Kind.BV_AND, "or": bw.Kind.BV_OR, "xor": bw.Kind.BV_XOR}
SHIFT = {"sll": bw.Kind.BV_SHL, "srl": bw.Kind.BV_SHR, "sra": bw.Kind.BV_ASHR}
REDUCE = {"redor": bw.Kind.BV_REDOR, "redand": bw.Kind.BV_REDAND, "redxor": bw.Kind.BV_REDXOR}
OTHER = {"add": bw.Kind.BV_ADD, "mul": bw.Kind.BV_MUL, "eq": bw.Kind.BV_COMP, "not": bw.Kind.BV_NOT}
PASSES = 3  # of given(): what one makes simpler, the next one finds known
SOLVER_KINDS = {**COMPARE_KINDS, **BITWISE_KINDS, **SHIFT, **REDUCE, **OTHER}


class Module:
    """The properties and constraints of a BTOR file, as terms."""

    def __init__(self, path):
        self.terms = Terms()
        self.inputs = {}  # term: name
        self.bad = {}
        self.bits = {}  # term of one bit: its place in masks
        self.masks = {}
        self.givens = {}
        self.constraints = []
        sys.setrecursionlimit(100000)
        self.nodes, sorts = {}, {}
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
                    if rest[1] in self.bad:
                        sys.exit(f"{path}: two properties {rest[1]}")
                    self.bad[rest[1]] = self.nodes[rest[0]]
                else:
                    if rest[0] not in sorts:
                        sys.exit(f"{path}: {line.strip()}: the module has a state")
                    self.nodes[nid] = self.read(nid, op, sorts[rest[0]], rest[1:])

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
        bad = self.bad[name]
        for _ in range(PASSES):
            bad = self.given(bad, 0, 0)
        result, solver, tm, done = self.solve([bad, *self.constraints], limit_s)
        if result == "unsat" and "Lemma" in name:
            self.constraints.append(self.terms.bit_not(self.bad[name]))
        return result, self.values(solver, tm, done) if result == "sat" else {}

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
    for name in sorted(names or module.bad, key=lambda name: "Lemma" not in name):
        start = time.monotonic()
        result, values = module.decide(name, float(limit_s))
        print(f"{name} {result} {time.monotonic() - start:.1f}", flush=True)
        for signal, value in values.items():
            print(f"  {signal} = {value:#x}")


if __name__ == "__main__":
    main()
