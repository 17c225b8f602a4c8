"""The signs that terms can have: exp > 0, a sum of positives > 0, sizes >= 1. Trusted.

A "no" costs at most a condition that the reader sees; only a "yes" must be right. The convention
of total functions is that 1/0 is 0, so that 1/x has the sign of x.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from operator import itemgetter
from typing import Any, Protocol

import sympy

from derivation.matching import Ranges, matched
from derivation.normal import form, normal_term, term_of
from derivation.terms import (
    MINUS_ONE,
    MIRROR,
    ONE,
    PI,
    TRUE,
    ZERO,
    Add,
    Detach,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Mul,
    Pow,
    ProductOver,
    Relation,
    Size,
    SumOver,
    Term,
    add,
    conjuncts,
    free_indices,
    is_element,
    is_number,
    name_of,
    names,
    neg,
    relation,
    relu,
    sigmoid,
    softplus,
    substitute,
    value_of,
)

NEG, ZER, POS = 1, 2, 4
ANY = NEG | ZER | POS
Used = frozenset[Any]  # givens that an answer rests on
NOTHING: Used = frozenset()
STRICT = {"<": 1, ">": -1}  # which side is the lower one
MOST_TERMS = 24  # of a sum in which squares are looked for


class Knowledge(Ranges, Protocol):
    """What signs rest on: a problem's givens and definitions."""

    facts: list[Any]  # relations

    def defined(self, t: Term) -> bool:
        """Whether the term is an entry of a defined name."""

    def unfold(self, t: Term) -> Any:
        """The definition's right side at the term's indices."""

    def unfold_needs(self, t: Term) -> Used:
        """What the unfolding rests on besides."""

    def reduced(self, t: Term) -> tuple[Any, Used]:
        """The normal form where it equals the term for certain, else the term itself."""


class Signs:
    """Signs in a problem."""

    def __init__(self, theory: Knowledge) -> None:
        self.theory = theory
        self._known: dict[Term, tuple[int, Used]] = {}
        self._bounds: dict[str, list[tuple[int, Any]]] = {}  # of one name's entries, by name
        self._others: list[tuple[int, Any]] = []
        self._sorted = 0  # facts, of which none is ever taken away

    def forget(self) -> None:
        """Forgets what was worked out: a condition has been added."""
        self._known.clear()

    def facts_about(self, t: Term) -> list[Any]:
        """The facts in their order, without those that bound entries of names not in the term."""
        facts = self.theory.facts
        for n in range(self._sorted, len(facts)):
            a, b = facts[n].left, facts[n].right
            about = a if is_number(b) else b if is_number(a) else None
            key = name_of(about) if about is not None and is_element(about) else None
            kept = self._others if key is None else self._bounds.setdefault(key, [])
            kept.append((n, facts[n]))
        self._sorted = len(facts)
        if not self._bounds:
            return facts
        found = [pair for key in names(t) for pair in self._bounds.get(key, ())]
        return [given for _, given in sorted([*self._others, *found], key=itemgetter(0))]

    def sign(self, t: Term) -> tuple[int, Used]:
        """The signs that a term can have, as a set of bits, and the givens that this rests on."""
        found = self._known.get(t)
        if found is None:
            self._known[t] = (ANY, NOTHING)  # while it is being worked out
            found = self._known[t] = self._sign_of(t)
        return found

    def _sign_of(self, t: Term) -> tuple[int, Used]:
        signs, used = self._sign_by_structure(t)
        for given in self.facts_about(t):
            bits = {">": POS, "!=": POS | NEG}.get(given.op, ANY)
            if given.right == ZERO and signs & bits != signs:
                by = self._says(given.left, t)
                if by is not None:
                    signs, used = signs & bits, used | by | {given}
            elif given.right != ZERO and given.op in STRICT and names(given) == names(t):
                low, high = (given.left, given.right)[:: STRICT[given.op]]
                for about, bits in ((add(high, neg(low)), POS), (add(low, neg(high)), NEG)):
                    by = self._says(about, t) if signs & bits != signs else None
                    if by is not None:
                        signs, used = signs & bits, used | by | {given}
        return signs, used

    def _says(self, about: Term, t: Term) -> Used | None:
        """What it rests on that a condition about one term is about the other, as they stand or
        rearranged; None if it is not."""
        by = matched(about, t, self.theory)
        if by is not None or form(about)[1] or form(t)[1]:
            return by
        return matched(normal_term(about), normal_term(t), self.theory)

    def _sign_by_structure(self, t: Term) -> tuple[int, Used]:
        if is_number(t):
            v = value_of(t)
            return (POS if v > 0 else NEG if v < 0 else ZER), NOTHING
        if isinstance(t, (Size, Index)) or t == PI:
            return POS, NOTHING
        if is_element(t):
            return self._sign_of_element(t)
        if isinstance(t, Add):
            return self._sign_of_sum(t)
        if isinstance(t, Mul):
            signs, used = POS, NOTHING
            for a in t.args:
                s, by = self.sign(a)
                signs, used = _product(signs, s), used | by
            return signs, used
        if isinstance(t, Pow):
            return self._sign_of_power(t)
        if isinstance(t, (SumOver, ProductOver, MaxOver, MinOver)):
            return self._sign_of_reduction(t)
        if isinstance(t, (sympy.exp, sigmoid, softplus, sympy.cosh)):
            return POS, NOTHING
        if isinstance(t, sympy.Abs):
            s, by = self.sign(t.args[0])
            return (POS if not s & ZER else POS | ZER), by
        if isinstance(t, relu):
            s, by = self.sign(t.args[0])
            return (POS if s == POS else POS | ZER), by
        if isinstance(
            t, sympy.tanh | sympy.sinh | sympy.asinh | sympy.atan | sympy.erf | sympy.sign | Detach
        ):
            return self.sign(t.args[0])
        if isinstance(t, sympy.polygamma) and t.args[0] == ONE:
            s, by = self.sign(t.args[1])
            return (POS, by) if s == POS else (ANY, NOTHING)
        if isinstance(t, sympy.log):
            gap, also = self.theory.reduced(add(t.args[0], MINUS_ONE))
            s, by = self.sign(gap)
            return (s, by | also) if s in (POS, POS | ZER) else (ANY, NOTHING)
        if isinstance(t, IfElse):
            (a, by_a), (b, by_b) = self.sign(t.args[1]), self.sign(t.args[2])
            return a | b, by_a | by_b
        if isinstance(t, KroneckerDelta):
            return POS | ZER, NOTHING
        if isinstance(t, (sympy.Max, sympy.Min)):
            (a, by_a), (b, by_b) = self.sign(t.args[0]), self.sign(t.args[1])
            return a | b, by_a | by_b
        return ANY, NOTHING

    def _sign_of_element(self, t: Term) -> tuple[int, Used]:
        signs, used = ANY, NOTHING
        for given in self.facts_about(t):
            for c in (given, relation(MIRROR[given.op], given.right, given.left)):
                allowed = _signs_beyond(c.op, value_of(c.right)) if is_number(c.right) else ANY
                by = matched(c.left, t, self.theory) if allowed & signs != signs else None
                if by is not None:
                    signs, used = signs & allowed, used | by | {given}
        if self.theory.defined(t):
            inner, by = self.sign(self.theory.unfold(t))
            if inner & signs != signs:
                for c in self.theory.unfold_needs(t):
                    by |= self.theory.decide(c)[1]
                return inner & signs, used | by
        return signs, used

    def _sign_of_sum(self, t: Term) -> tuple[int, Used]:
        signs, used = ZER, NOTHING
        for a in t.args:
            s, by = self.sign(a)
            signs, used = _total(signs, s), used | by
        return (signs, used) if signs != ANY else self._sign_with_squares(t)

    def _sign_with_squares(self, t: Term) -> tuple[int, Used]:
        """p*a**2 + q*a*b + r*b**2 >= 0 where p, r > 0 and q**2 <= 4*p*r: squares multiplied out."""
        poly, needs = form(t)
        if needs or len(poly) > MOST_TERMS:
            return ANY, NOTHING
        rest = dict(poly)
        halves = {m: h for m, c in rest.items() if c > 0 and (h := _half(m)) is not None}
        signs, used = ZER, NOTHING
        for one, two in itertools.combinations(sorted(halves, key=len, reverse=True), 2):
            both = _times(halves[one], halves[two])
            if not {one, two, both} <= rest.keys():
                continue
            completing = Fraction(rest[both] ** 2) / (4 * rest[one])
            if completing <= rest[two]:  # what is left of the second may be a constant > 0
                rest[two] -= completing
                for m in (one, both, *((two,) if not rest[two] else ())):
                    del rest[m]
                signs = POS | ZER
        if len(rest) == len(poly):
            return ANY, NOTHING
        for m, c in rest.items():
            s, by = self.sign(term_of({m: c}))
            signs, used = _total(signs, s), used | by
        return signs, used

    def _sign_of_power(self, t: Term) -> tuple[int, Used]:
        base, exponent = t.args
        s, by = self.sign(base)
        if s == POS:
            return POS, by
        if isinstance(exponent, Integer):
            if int(exponent) % 2 == 0:
                return (POS if not s & ZER else POS | ZER), by
            return s, by
        if is_number(exponent) and not s & NEG:
            return s, by
        return ANY, NOTHING

    def _sign_of_reduction(self, t: Any) -> tuple[int, Used]:
        s, by = self.sign(t.body)
        if isinstance(t, ProductOver):
            return (
                (POS, by) if s == POS else ((POS | ZER, by) if s == POS | ZER else (ANY, NOTHING))
            )
        if isinstance(t, SumOver) and s & POS and s & NEG:
            return ANY, NOTHING
        if self.never_empty(t):
            return s, by
        return (s | ZER, by) if isinstance(t, SumOver) else (ANY, NOTHING)

    def never_empty(self, t: Any) -> bool:
        """Whether the reduction's guard holds for at least one value of its index."""
        if t.guard == TRUE:
            return True
        for candidate in free_indices(t.guard) - {t.index}:
            if candidate.size == t.index.size:
                at_candidate = substitute(t.guard, {t.index: candidate})
                if all(
                    isinstance(c, Relation) and c.left == c.right and c.op in ("==", "<=", ">=")
                    for c in conjuncts(at_candidate)
                ):
                    return True
        return False


def _half(m: Any) -> dict[Any, int] | None:
    """The exponents of the monomial's square root, where each is a whole number above 0."""
    if all(isinstance(e, int) and e >= 2 and e % 2 == 0 for _, e in m):
        return {a: e // 2 for a, e in m}
    return None


def _times(a: dict[Any, int], b: dict[Any, int]) -> frozenset[Any]:
    return frozenset((x, a.get(x, 0) + b.get(x, 0)) for x in {*a, *b})


def _product(a: int, b: int) -> int:
    out = 0
    if (a | b) & ZER:
        out |= ZER
    if (a & POS and b & POS) or (a & NEG and b & NEG):
        out |= POS
    if (a & POS and b & NEG) or (a & NEG and b & POS):
        out |= NEG
    return out


def _total(a: int, b: int) -> int:
    if a == ZER:
        return b
    if b == ZER:
        return a
    if (a | b) & POS and (a | b) & NEG:
        return ANY
    side = a & (POS | NEG)
    return side | (ZER if a & ZER and b & ZER else 0)


def _signs_beyond(op: str, value: Any) -> int:
    """The signs of x where ``x op value``."""
    if op == ">":
        return POS if value >= 0 else ANY
    if op == ">=":
        return POS if value > 0 else POS | ZER if value == 0 else ANY
    if op == "<":
        return NEG if value <= 0 else ANY
    if op == "<=":
        return NEG if value < 0 else NEG | ZER if value == 0 else ANY
    return ANY
