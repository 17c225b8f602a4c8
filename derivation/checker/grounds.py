"""Conditions: what is known where a step is made, and whether a condition follows from it.

Known are the claim's stated hypotheses, the cases (guards) in which the step stands, and the signs
that terms have by their form: nothing else can be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, NamedTuple

from . import terms as t
from .terms import ONE, TRUE, ZERO, Letters, Term, enter, minus, negate, refuse, rel, show, subst
from .text import World
from .values import NoPoint, Points, divisors, is_whole, least_value, number

Signs = frozenset[int]  # a subset of -1, 0, 1
ANY, POSITIVE, NOT_NEGATIVE = frozenset((-1, 0, 1)), frozenset((1,)), frozenset((0, 1))
SIGNS: Mapping[str, Signs] = {">": POSITIVE, ">=": NOT_NEGATIVE, "==": frozenset((0,))}
SIGNS = {**SIGNS, **{t.NEGATED[op]: ANY - signs for op, signs in SIGNS.items()}}
Used = frozenset[object]  # numbers of hypotheses, names of definitions that were unfolded
NOTHING: Used = frozenset()
DETACHED = "detach()"  # among what is used: it may not be used under a derivative
Sure = tuple[Signs, Used]  # the signs that a term can have, and what that rests on
MAX_INSTANCES = 5000  # of one hypothesis at the places of one term
MAX_CASES = 4  # distinctions that are gone through, one inside the other
MAX_NUMBER = 10**9  # in the difference between a condition and what is known
FORMS = {"+": "_of_sum", "*": "_of_product", "**": "_of_power", "fn": "_of_function"}
FORMS = {**FORMS, "red": "_of_reduction"}


class Hypothesis(NamedTuple):
    """``says`` holds for every value of the letters where ``where`` does."""

    letters: tuple[Term, ...]
    where: Term
    says: Term
    text: str


class Fact(NamedTuple):
    """A term has one of the signs, where ``where`` holds; the term as ``Points.kind`` tells it."""

    kind: int
    gap: int
    worth: int
    signs: Signs
    where: Term
    used: Used


class Grounds:
    """What is known at one place, and in ``used`` what has been used of it.

    ``letters`` are those in scope, ``guards`` the conditions of the cases that the place stands in;
    of two places that these say are equal one stands for the other (``same``). ``stated`` are the
    numbers of the hypotheses that may be used; ``learned`` holds what moves show besides.
    """

    def __init__(
        self, world: World, points: Points, hypotheses: Sequence[Hypothesis], stated: Sequence[int]
    ) -> None:
        self.w, self.points, self.hypotheses, self.stated = world, points, hypotheses, stated
        self.letters: Letters = ()
        self.guards: list[Term] = []
        self.same: dict[Term, Term] = {}
        self.used: set[object] = set()
        self.cases = 0
        self.learned: list[tuple[Hypothesis, Used]] = []
        self._facts: dict[tuple[Hypothesis, Letters, Used], list[Fact]] = {}
        self._guard_facts: list[Fact] | None = None
        self._signs: dict[Term, Sure] = {}

    def at(self, letters: Letters, guards: Iterable[Term] = (), cases: int = 0) -> Grounds:
        """Another place, at which nothing has been used yet."""
        out = copy(self)
        out.letters, out.cases, out.learned = tuple(letters), cases, [*self.learned]
        out.guards, out.same, out.used, out._signs, out._guard_facts = [], {}, set(), {}, None
        for g in guards:
            out._assume(g)
        return out

    def inside(self, letters: Letters, *guards: Term, cases: int = 0) -> Grounds:
        """What is known further inside, under more letters and in a case."""
        return self.at((*self.letters, *letters), (*self.known(), *guards), self.cases + cases)

    def known(self) -> list[Term]:
        return [*[rel("==", a, b) for a, b in self.same.items()], *self.guards]

    def _assume(self, guard: Term) -> None:
        for c in t.conjuncts(subst(guard, self.same)):
            c = subst(c, self.same)
            pairs = (c.args[1:], c.args[:0:-1]) if c.args[:1] == ("==",) else ()
            equal = [(a, b) for a, b in pairs if a.op == "ix" and self.w.runs_over(b) is a.args[1]]
            put = next(({a: b} for a, b in equal if a not in b.free), {})
            self.same = {x: subst(y, put) for x, y in self.same.items()} | put
            self.guards = [subst(g, put) for g in self.guards]
            self.guards += [] if put or c is TRUE else [c]

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
        if c is TRUE or c in self.guards:
            return NOTHING
        if c.op == "and":
            return merged([self.holds(x) for x in c.args])
        if c.op == "or":
            return first(self.inside((), *others).holds(x) for x, others in alternatives(c))
        if c.op == "red":
            letter, guard, body = enter(c, self.letters)
            return self.inside((letter,), guard).holds(body)
        if c.op == "rel":
            x = minus(*c.args[1:])
            signs, used = self.signs(x)
            if len(signs) == 1 and not signs <= SIGNS[c.args[0]]:
                signs, used = self._by_facts(x, signs, used)  # they may exclude even that one
            if signs <= SIGNS[c.args[0]]:
                return used
        return self._by_cases(c)

    def _by_cases(self, c: Term) -> Used | None:
        """Through the cases of a guard that says "or", or of a distinction in the condition."""
        either = next((g for g in self.guards if g.op == "or"), None)
        d = t.distinction(c) if c.op == "rel" else None
        if self.cases >= MAX_CASES:
            return None
        if either is not None:
            outer = self.at(self.letters, [g for g in self.known() if g is not either], self.cases)
            return merged([outer.inside((), x, cases=1).holds(c) for x in either.args])
        if d is None:
            return None
        one, two = self.inside((), d, cases=1), self.inside((), negate(d), cases=1)
        return merged([one.holds(t.resolved(c, d, True)), two.holds(t.resolved(c, d, False))])

    def learn(self, letters: Letters, x: Term) -> None:
        """Notes the sign that a term has by its form, for every value of the letters."""
        inner = self.inside(letters)
        signs, used = inner.signs(subst(x, inner.same))
        op = next((op for op, s in SIGNS.items() if s == signs), None)
        if op is not None:
            says = rel(op, x, ZERO)
            self.learned.append((Hypothesis(tuple(letters), TRUE, says, show(says)), used))
            self._signs.clear()

    def signs(self, x: Term) -> Sure:
        if x not in self._signs:
            t.work()
            found = self._by_form(x)
            self._signs[x] = found if len(found[0]) == 1 else self._by_facts(x, *found)
        return self._signs[x]

    def _by_facts(self, x: Term, out: Signs, used: Used) -> Sure:
        try:
            kind, gap, worth = self.points.kind(x)
        except NoPoint:
            return out, used
        facts, prime = [f for f in self._facts_about(x) if f.kind == kind], self.points.one.P
        facts.sort(key=lambda f: 0 in f.signs)  # strict ones first: they hold under derivatives
        for f in facts:
            ratio = rational(gap * pow(f.gap, -1, prime), prime)
            more = rational(worth - number(ratio or 0, prime) * f.worth, prime)
            allowed = beyond(f.signs, ratio, more)
            if not out <= allowed:
                known = self._where(f.where)
                if known is not None:
                    out, used = out & allowed, used | f.used | known
        return out, used

    def _where(self, where: Term) -> Used | None:
        """Whether a fact's own condition is known: by the guards alone."""
        if where is TRUE or subst(where, self.same) in self.guards:
            return NOTHING
        alone, known = copy(self), [g for g in self.known() if g.op != "or"]
        alone.stated, alone.learned = (), []
        return alone.at(self.letters, known, MAX_CASES).holds(where)

    def _facts_about(self, x: Term) -> list[Fact]:
        """What the guards say, and the hypotheses at the places of x.

        A hypothesis that has another name in it than x is about something else.
        """
        if self._guard_facts is None:
            self._guard_facts = [f for g in self.guards for f in self._said(g, TRUE, NOTHING)]
        out, names, near = list(self._guard_facts), self.w.names(x), None
        stated = [(self.hypotheses[n], frozenset((n,))) for n in self.stated]
        for h, used in (*stated, *self.learned):
            if h.letters and near is None:
                near = sorted({*x.free, *t.places(x)}, key=show)
            if self.w.names(h.says) <= names or h.says.op in ("and", "or"):
                for at in self._choices(h, near or ()):
                    if (h, at, used) not in self._facts:
                        put = dict(zip(h.letters, at, strict=True))
                        says, where = subst(h.says, put), subst(h.where, put)
                        self._facts[h, at, used] = self._said(says, where, used)
                    out += self._facts[h, at, used]
        return out

    def _choices(self, h: Hypothesis, near: Letters) -> Sequence[Letters]:
        """Places for the letters: of the term asked about; any, if only ``where`` has it."""
        choices = []
        for letter in h.letters:
            pool = near if letter in h.says.free else dict.fromkeys((*near, *self.letters))
            choices.append([p for p in pool if self._runs(p, letter.args[1])])
        return [*product(*choices)] if prod(map(len, choices)) <= MAX_INSTANCES else []

    def _runs(self, place: Term, size: Term) -> bool:
        """Whether a place lies in 1..size, whatever the size is."""
        if place.op != "n":
            return self.w.runs_over(place) is size
        return place is ONE or (size.op == "n" and 1 <= place.args[0] <= size.args[0])

    def _said(self, says: Term, where: Term, used: Used) -> list[Fact]:
        """A condition's comparisons, as facts about differences and what divides them."""
        out = []
        for c in t.conjuncts(says):
            for x, others in alternatives(c) if c.op == "or" else ():
                out += self._said(x, t.both(where, *others), used)
            if c.op == "rel":
                x, signs = minus(*c.args[1:]), SIGNS[c.args[0]]
                about = [(x, signs)]
                about += [] if 0 in signs else [(d, SIGNS["!="]) for d in divisors(x)[1:]]
                for y, having in about:
                    with suppress(NoPoint):
                        out.append(Fact(*self.points.kind(y), having, where, used))
        return out

    def _by_form(self, x: Term) -> Sure:
        op, a = x.op, x.args
        if op in ("n", "sz", "ix", "pi"):
            return sign(a[0]) if op == "n" else POSITIVE, NOTHING
        if op == "del":
            return NOT_NEGATIVE, NOTHING
        if op == "inv":
            return self.signs(a[0])
        if op == "if":
            inner = (self.inside((), a[0]), a[1]), (self.inside((), negate(a[0])), a[2])
            (one, by), (two, also) = [g.signs(subst(y, g.same)) for g, y in inner]
            return one | two, by | also
        if self.w.defined(x):
            signs, used = self.signs(self.w.unfold(x))
            return (signs, used | {a[0]}) if signs != ANY else (ANY, NOTHING)
        of: Any = getattr(self, FORMS.get(op, ""), None)
        return of(x, *a) if of else (ANY, NOTHING)

    def _of_sum(self, x: Term, *terms: Term) -> Sure:
        try:
            if self.points.worth(x) == (0, 0):
                return SIGNS["=="], NOTHING
        except NoPoint:
            return ANY, NOTHING
        least = least_value(x) if is_whole(x) else None
        if least is not None and least >= 0:
            return (POSITIVE if least else NOT_NEGATIVE), NOTHING
        found = [self.signs(y) for y in terms]
        out = frozenset().union(*[signs for signs, _ in found])
        if {-1, 1} <= out:
            return ANY, NOTHING
        strict = any(0 not in signs for signs, _ in found)
        return out - {0} if strict else out, NOTHING.union(*[used for _, used in found])

    def _of_product(self, _: Term, *factors: Term) -> Sure:
        out, used = POSITIVE, NOTHING
        for signs, more in map(self.signs, factors):
            out, used = frozenset([s * r for s in out for r in signs]), used | more
        return out, used

    def _of_power(self, _: Term, base: Term, exponent: Term) -> Sure:
        signs, used = self.signs(base)
        e = exponent.args[0] if exponent.op == "n" else None
        if signs <= POSITIVE or e == 0:
            return POSITIVE, used
        if type(e) is int:
            return frozenset([s**2 if e % 2 == 0 else s for s in signs]), used
        if signs <= NOT_NEGATIVE and (is_whole(exponent) or (e is not None and e > 0)):
            return (signs if e is not None else NOT_NEGATIVE), used
        return ANY, NOTHING

    def _of_function(self, _: Term, name: str, *args: Term) -> Sure:
        if name in ("exp", "sigmoid", "softplus", "cosh"):
            return POSITIVE, NOTHING
        signs, used = self.signs(args[-1])
        if name in ("abs", "relu"):
            return frozenset([s * s if name == "abs" else max(s, 0) for s in signs]), used
        if name in ("sign", "tanh", "sinh", "asinh", "atan", "erf", "detach"):
            return signs, used | ({DETACHED} if name == "detach" else NOTHING)
        if name == "log":
            gap, by = self.signs(minus(args[0], ONE))
            return (gap, by) if gap <= NOT_NEGATIVE else (ANY, NOTHING)
        if name == "polygamma" and args[0] is ONE and signs <= POSITIVE:
            return POSITIVE, used
        if name in ("max", "min"):
            other, by = self.signs(args[0])
            pick = max if name == "max" else min
            return frozenset([pick(s, r) for s in signs for r in other]), used | by
        return ANY, NOTHING

    def _of_reduction(self, x: Term, kind: str, *_: Term) -> Sure:
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
        return first(self.holds(c) for c in ([TRUE] if guard is TRUE else near))


def alternatives(c: Term) -> list[tuple[Term, list[Term]]]:
    """The parts of an "or", each with the opposites of the others, where it is to hold."""
    return [(x, [negate(y) for y in c.args if y is not x]) for x in c.args]


def first(found: Iterable[Used | None]) -> Used | None:
    return next((used for used in found if used is not None), None)


def merged(found: Sequence[Used | None]) -> Used | None:
    """All together, if none is missing."""
    known = [x for x in found if x is not None]
    return NOTHING.union(*known) if len(known) == len(found) else None


def sign(value: int | Fraction) -> Signs:
    return frozenset(((value > 0) - (value < 0),))


def rational(value: int, prime: int) -> Fraction | None:
    """The number, its numerator and denominator not large, that is worth this modulo the prime.

    At most one is; a larger number looks like one with probability 10^18/2^125 only.
    """
    (a, b), (c, d) = (prime, 0), (value % prime, 1)
    while c > MAX_NUMBER:
        (a, b), (c, d) = (c, d), (a % c, b - a // c * d)
    return Fraction(c, d) if abs(d) <= MAX_NUMBER else None


def beyond(signs: Signs, ratio: Fraction | None, more: Fraction | None) -> Signs:
    """The signs that ratio*y + more can have where y has one of the given signs."""
    if ratio is None or more is None:
        return ANY
    signs = signs if ratio > 0 else frozenset([-s for s in signs])
    return signs if not more else sign(more) if signs <= {0} | sign(more) else ANY
