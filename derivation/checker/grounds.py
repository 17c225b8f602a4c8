"""Conditions: what is known where a step is made, and whether a condition follows from it.

Known are the claim's stated hypotheses, the cases (guards) in which the step stands, and the signs
that terms have by their form. Nothing else can be used, so nothing can be used and not be stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import NamedTuple

from . import terms as t
from .terms import TRUE, Term, conjuncts, enter, minus, negate, num, refuse, rel, show, subst
from .text import World
from .values import NoPoint, Pair, Points, divisors, is_whole, least_value

Signs = frozenset[int]  # a subset of -1, 0, 1
SIGNS: Mapping[str, Signs] = {
    op: frozenset(signs)
    for op, signs in {
        "==": (0,),
        "!=": (-1, 1),
        "<": (-1,),
        "<=": (-1, 0),
        ">": (1,),
        ">=": (0, 1),
    }.items()
}
ANY, POSITIVE, NOT_NEGATIVE = frozenset((-1, 0, 1)), SIGNS[">"], SIGNS[">="]
Used = frozenset[object]  # numbers of hypotheses, names of definitions that were unfolded
NOTHING: Used = frozenset()
MAX_INSTANCES = 5000  # of one hypothesis at the places of one term
MAX_CASES = 4  # distinctions that are gone through, one inside the other


class Hypothesis(NamedTuple):
    """``says`` holds for every value of the letters where ``where`` does."""

    letters: tuple[Term, ...]
    where: Term
    says: Term
    text: str


class Fact(NamedTuple):
    """x + shift has one of the signs, where ``where`` holds; ``key`` is the worth of x."""

    key: Pair
    shift: int | Fraction
    signs: Signs
    where: Term
    used: Used


class Knowledge:
    """What is the same for every step: the hypotheses, and what they say at the places asked for."""

    def __init__(self, world: World, points: Points, hypotheses: Sequence[Hypothesis]) -> None:
        self.world, self.points, self.hypotheses = world, points, hypotheses
        self._facts: dict[tuple[Hypothesis, tuple[Term, ...], Used], list[Fact]] = {}

    def facts(self, h: Hypothesis, at: tuple[Term, ...], used: Used) -> list[Fact]:
        """What a hypothesis says with its letters at these places."""
        key, put = (h, at, used), dict(zip(h.letters, at))
        if key not in self._facts:
            self._facts[key] = self.said(subst(h.says, put), subst(h.where, put), used)
        return self._facts[key]

    def said(self, says: Term, where: Term, used: Used) -> list[Fact]:
        """The comparisons that a condition consists of, as facts about differences."""
        out = []
        for c in conjuncts(says):
            if c.op == "or":
                for x, others in alternatives(c):
                    out += self.said(x, t.both(where, *others), used)
            elif c.op == "rel":
                op, a, b = c.args
                out += self.about(minus(a, b), SIGNS[op], where, used)
                out += self.about(minus(b, a), frozenset([-s for s in SIGNS[op]]), where, used)
        return out

    def about(self, x: Term, signs: Signs, where: Term, used: Used) -> list[Fact]:
        """That x has one of the signs; if it is not 0, nor is what divides it."""
        others = divisors(x)[1:] if 0 not in signs else []
        try:
            about = [(x, signs), *[(d, SIGNS["!="]) for d in others]]
            return [Fact(*self.key(y), s, where, used) for y, s in about]
        except NoPoint:
            return []

    def key(self, x: Term) -> tuple[Pair, int | Fraction]:
        """The worth of x without its constant term, and that constant."""
        shift = constant(x)
        if not shift:
            return self.points.worth(x), 0
        prime = self.points.one.P
        less = shift.numerator * pow(shift.denominator, -1, prime)
        one, two = self.points.worth(x)
        return ((one - less) % prime, (two - less) % prime), shift


class Grounds:
    """What is known at one place, and in ``used`` what has been used of it.

    ``letters`` are those in scope, ``guards`` the conditions of the cases that the place stands in,
    ``stated`` the numbers of the hypotheses that may be used; ``learned`` holds what moves show besides.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        letters: Iterable[Term],
        guards: Iterable[Term] = (),
        stated: Sequence[int] = (),
        learned: Sequence[tuple[Hypothesis, Used]] = (),
        cases: int = 0,
    ) -> None:
        self.k, self.w, self.points = knowledge, knowledge.world, knowledge.points
        self.letters, self.stated, self.cases = tuple(letters), stated, cases
        self.learned = list(learned)
        self.used: set[object] = set()
        self.same: dict[Term, Term] = {}  # of two places that are equal one stands for the other
        self.guards: list[Term] = []
        for g in guards:
            self._assume(g)
        self._guard_facts: list[Fact] | None = None
        self._signs: dict[Term, tuple[Signs, Used]] = {}

    def inside(self, letters: Iterable[Term], *guards: Term, cases: int = 0) -> Grounds:
        """What is known further inside, under more letters and in a case."""
        known, inner = [*self.known(), *guards], (*self.letters, *letters)
        return Grounds(self.k, inner, known, self.stated, self.learned, self.cases + cases)

    def known(self) -> list[Term]:
        return [*[rel("==", a, b) for a, b in self.same.items()], *self.guards]

    def _assume(self, guard: Term) -> None:
        for c in conjuncts(subst(guard, self.same)):
            c = subst(c, self.same)
            pairs = (c.args[1:], c.args[:0:-1]) if c.args[:1] == ("==",) else ()
            equal = [(a, b) for a, b in pairs if a.op == "ix" and self.w.runs_over(b) is a.args[1]]
            put = next(({a: b} for a, b in equal if a not in b.free), {})
            self.same = {x: subst(y, put) for x, y in self.same.items()} | put
            self.guards = [
                *[subst(g, put) for g in self.guards],
                *([] if put or c is TRUE else [c]),
            ]

    # -- conditions ----------------------------------------------------------------------------

    def need(self, condition: Term) -> None:
        """Refuses unless the condition is known to hold."""
        found = self.holds(condition)
        if found is None:
            where = f" where {', '.join(map(show, self.guards))}" if self.guards else ""
            refuse(f"{show(condition)} is not known{where}")
        self.used |= found

    def holds(self, c: Term) -> Used | None:
        """What the condition rests on, if it is known to hold; else None."""
        c = subst(c, self.same)
        if c is TRUE:
            return NOTHING
        if c.op == "and":
            return merged([self.holds(x) for x in c.args])
        if c.op == "or":
            found = (self.inside((), *others).holds(x) for x, others in alternatives(c))
            return next((used for used in found if used is not None), None)
        if c.op == "red":
            letter, guard, body = enter(c, self.letters)
            return self.inside((letter,), guard).holds(body)
        if c.op == "rel":
            signs, used = self.signs(minus(*c.args[1:]))
            if signs <= SIGNS[c.args[0]]:
                return used
        return self._by_cases(c)

    def _by_cases(self, c: Term) -> Used | None:
        """Through the alternatives of a guard that says "or", or of a distinction in the condition."""
        either = next((g for g in self.guards if g.op == "or"), None)
        d = t.distinction(c) if c.op == "rel" else None
        if self.cases >= MAX_CASES or (either is None and d is None):
            return None
        if either is not None:
            rest = [g for g in self.known() if g is not either]
            outer = Grounds(self.k, self.letters, rest, self.stated, self.learned, self.cases)
            return merged([outer.inside((), x, cases=1).holds(c) for x in either.args])
        cases = ((d, True), (negate(d), False))
        return merged([self.inside((), x, cases=1).holds(t.resolved(c, d, y)) for x, y in cases])

    # -- signs ---------------------------------------------------------------------------------

    def learn(self, letters: Sequence[Term], x: Term) -> None:
        """Notes the sign that a term has by its form for every value of the letters, for all that
        is equal to it."""
        inner = self.inside(letters)
        signs, used = inner.signs(subst(x, inner.same))
        op = next((op for op, s in SIGNS.items() if s == signs), None)
        if op is not None:
            says = rel(op, x, t.ZERO)
            self.learned.append((Hypothesis(tuple(letters), TRUE, says, show(says)), used))
            self._signs.clear()

    def signs(self, x: Term) -> tuple[Signs, Used]:
        """The signs that x can have, and what that rests on."""
        if x not in self._signs:
            found = self._by_form(x)
            self._signs[x] = found if len(found[0]) == 1 else self._by_facts(x, *found)
        return self._signs[x]

    def _by_facts(self, x: Term, out: Signs, used: Used) -> tuple[Signs, Used]:
        try:
            key, shift = self.k.key(x)
        except NoPoint:
            return out, used
        facts = [f for f in self._facts_about(x) if f.key == key]
        facts.sort(key=lambda f: 0 in f.signs)  # strict ones first: they hold under derivatives
        for f in facts:
            allowed = beyond(f.signs, shift - f.shift)
            if not out <= allowed:
                known = NOTHING if f.where is TRUE else self._where(f.where)
                if known is not None:
                    out, used = out & allowed, used | f.used | known
        return out, used

    def _where(self, where: Term) -> Used | None:
        """Whether a fact's own condition is known: by the guards alone."""
        known = [g for g in self.known() if g.op != "or"]
        return Grounds(self.k, self.letters, known, cases=MAX_CASES).holds(where)

    def _facts_about(self, x: Term) -> list[Fact]:
        """What the guards say, and the hypotheses at the places of x.

        A hypothesis that has another name in it than x is about something else.
        """
        if self._guard_facts is None:
            self._guard_facts = [f for g in self.guards for f in self.k.said(g, TRUE, NOTHING)]
        out, names, near = list(self._guard_facts), self.w.names(x), None
        known = [(self.k.hypotheses[n], frozenset((n,))) for n in self.stated]
        for h, used in (*known, *self.learned):
            if h.letters and near is None:
                near = sorted({*x.free, *t.places(x)}, key=show)
            if self.w.names(h.says) <= names or h.says.op in ("and", "or"):
                for at in self._choices(h, near or ()):
                    out += self.k.facts(h, at, used)
        return out

    def _choices(self, h: Hypothesis, near: Sequence[Term]) -> list[tuple[Term, ...]]:
        """Places for the letters: those of the term that is asked about, or for a letter that
        stands in the hypothesis's own condition only, any."""
        choices, many = [], 1
        for letter in h.letters:
            pool = near if letter in h.says.free else dict.fromkeys((*near, *self.letters))
            choices.append([p for p in pool if self._runs(p, letter.args[1])])
            many *= len(choices[-1])
        return list(product(*choices)) if many <= MAX_INSTANCES else []

    def _runs(self, place: Term, size: Term) -> bool:
        """Whether a place lies in 1..size, whatever the size is."""
        if place.op != "n":
            return self.w.runs_over(place) is size
        return place is t.ONE or (size.op == "n" and 1 <= place.args[0] <= size.args[0])

    def _by_form(self, x: Term) -> tuple[Signs, Used]:
        op, a = x.op, x.args
        if op in ("n", "sz", "ix", "pi"):
            return sign(a[0]) if op == "n" else POSITIVE, NOTHING
        if op == "del":
            return NOT_NEGATIVE, NOTHING
        if op == "+":
            return self._of_sum(x)
        if op == "*":
            return self._of_product(a)
        if op == "inv":
            return self.signs(a[0])
        if op == "**":
            return self._of_power(*a)
        if op == "fn":
            return self._of_function(*a)
        if op == "red":
            return self._of_reduction(x)
        if op == "if":
            inner = (self.inside((), a[0]), a[1]), (self.inside((), negate(a[0])), a[2])
            (one, by), (two, also) = [g.signs(subst(y, g.same)) for g, y in inner]
            return one | two, by | also
        if self.w.defined(x):
            signs, used = self.signs(self.w.unfold(x))
            return (signs, used | {a[0]}) if signs != ANY else (ANY, NOTHING)
        return ANY, NOTHING

    def _of_sum(self, x: Term) -> tuple[Signs, Used]:
        try:
            if self.points.worth(x) == (0, 0):
                return SIGNS["=="], NOTHING
        except NoPoint:
            return ANY, NOTHING
        least = least_value(x) if is_whole(x) else None
        if least is not None and least >= 0:
            return (POSITIVE if least else NOT_NEGATIVE), NOTHING
        numbers = num(sum([y.args[0] for y in x.args if y.op == "n"]))
        found = [self.signs(y) for y in (numbers, *x.args) if y.op != "n" or y is numbers]
        signs = added([s for s, _ in found])
        return signs, NOTHING.union(*[used for _, used in found]) if signs != ANY else NOTHING

    def _of_product(self, factors: Sequence[Term]) -> tuple[Signs, Used]:
        found = [self.signs(y) for y in factors]
        signs = {prod(pick) for pick in product(*[s for s, _ in found])}
        return frozenset(signs), NOTHING.union(*[used for _, used in found])

    def _of_power(self, base: Term, exponent: Term) -> tuple[Signs, Used]:
        signs, used = self.signs(base)
        if signs <= POSITIVE:
            return POSITIVE, used
        e = exponent.args[0] if exponent.op == "n" else None
        if type(e) is int and e % 2 == 0:
            return (frozenset([s * s for s in signs]), used) if e else (POSITIVE, NOTHING)
        if type(e) is int or e is not None and e > 0 and signs <= NOT_NEGATIVE:
            return signs, used
        return (
            (NOT_NEGATIVE, used) if is_whole(exponent) and signs <= NOT_NEGATIVE else (ANY, NOTHING)
        )

    def _of_function(self, name: str, *args: Term) -> tuple[Signs, Used]:
        if name in ("exp", "sigmoid", "softplus", "cosh"):
            return POSITIVE, NOTHING
        signs, used = self.signs(args[-1])
        if name == "abs":
            return frozenset([s * s for s in signs]), used
        if name == "relu":
            return frozenset([max(s, 0) for s in signs]), used
        if name in ("sign", "tanh", "sinh", "asinh", "atan", "erf", "detach"):
            return signs, used
        if name == "log":
            gap, by = self.signs(minus(args[0], num(1)))
            return (gap, by) if gap <= NOT_NEGATIVE else (ANY, NOTHING)
        if name == "polygamma" and args[0] is t.ONE and signs <= POSITIVE:
            return POSITIVE, used
        if name in ("max", "min"):
            other, by = self.signs(args[0])
            pick = max if name == "max" else min
            return frozenset([pick(s, r) for s in signs for r in other]), used | by
        return ANY, NOTHING

    def _of_reduction(self, x: Term) -> tuple[Signs, Used]:
        kind = x.args[0]
        letter, guard, body = enter(x, self.letters)
        inner = self.inside((letter,), guard)
        signs, used = inner.signs(subst(body, inner.same))
        if kind == "prod":
            return (signs | POSITIVE, used) if signs <= NOT_NEGATIVE else (ANY, NOTHING)
        if kind == "sum" and {-1, 1} <= signs:
            return ANY, NOTHING
        known = self._not_empty(letter, guard)
        if known is not None:
            return signs, used | known
        return (signs | {0}, used) if kind == "sum" else (ANY, NOTHING)

    def _not_empty(self, letter: Term, guard: Term) -> Used | None:
        """What it rests on that the guard holds at some place, if that is known."""
        places = [p for p in (*self.letters, *t.places(guard)) if p is not letter]
        near = [subst(guard, {letter: p}) for p in places if self.w.runs_over(p) is letter.args[1]]
        found = (self.holds(c) for c in ([TRUE] if guard is TRUE else near))
        return next((used for used in found if used is not None), None)


def alternatives(c: Term) -> list[tuple[Term, list[Term]]]:
    """The parts of an "or", each with the opposites of the others: it may be taken to hold where
    these do."""
    return [(x, [negate(y) for y in c.args if y is not x]) for x in c.args]


def merged(found: Sequence[Used | None]) -> Used | None:
    """All together, if none is missing."""
    known = [x for x in found if x is not None]
    return NOTHING.union(*known) if len(known) == len(found) else None


def constant(x: Term) -> int | Fraction:
    """The constant term of x as a polynomial in all else."""
    if x.op in ("+", "*"):
        return (sum if x.op == "+" else prod)([constant(y) for y in x.args])
    return x.args[0] if x.op == "n" else 0


def sign(value: int | Fraction) -> Signs:
    return frozenset(((value > 0) - (value < 0),))


def added(signs: Sequence[Signs]) -> Signs:
    """The signs of a sum of terms with these signs."""
    out = frozenset().union(*signs)
    if {-1, 1} <= out:
        return ANY
    return out - {0} if any(0 not in s for s in signs) else out


def beyond(signs: Signs, more: int | Fraction) -> Signs:
    """The signs that y + more can have where y has one of the given signs."""
    return signs if not more else sign(more) if signs <= {0} | sign(more) else ANY
