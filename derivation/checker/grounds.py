"""Conditions: what is known where a step is made, and whether a condition follows from it.

Known are the claim's stated hypotheses, the cases (guards) in which the step stands, and the signs
that terms have by their form. Nothing else can be used, so nothing can be used and not be stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from .terms import (
    TRUE,
    Term,
    enter,
    minus,
    negate,
    num,
    places,
    refuse,
    rel,
    show,
    subst,
)
from .text import World
from .values import NoPoint, Pair, Points, is_whole, least_value

Signs = frozenset[int]  # a subset of -1, 0, 1
SIGNS: Mapping[str, Signs] = {
    "==": frozenset((0,)),
    "!=": frozenset((-1, 1)),
    "<": frozenset((-1,)),
    "<=": frozenset((-1, 0)),
    ">": frozenset((1,)),
    ">=": frozenset((0, 1)),
}
ANY, POSITIVE, NOT_NEGATIVE = frozenset((-1, 0, 1)), frozenset((1,)), frozenset((0, 1))
Used = frozenset[object]  # numbers of hypotheses, names of definitions that were unfolded
NOTHING: Used = frozenset()
MAX_INSTANCES = 4000  # of one hypothesis at the places in sight
MAX_CASES = 3  # alternatives that are gone through, one inside the other


class Hypothesis(NamedTuple):
    """``says`` holds for every value of the letters where ``where`` does."""

    letters: tuple[Term, ...]
    where: Term
    says: Term
    text: str


class Fact(NamedTuple):
    """x + shift has one of the signs, for the term x whose worth the fact is filed under."""

    signs: Signs
    shift: int | Fraction
    used: Used


class Knowledge:
    """What is the same for every step of a certificate."""

    def __init__(self, world: World, points: Points, hypotheses: Sequence[Hypothesis]) -> None:
        self.world, self.points, self.hypotheses = world, points, hypotheses


class Grounds:
    """What is known at one place, and in ``used`` what has been used of it.

    ``letters`` are those in scope, ``guards`` the conditions of the cases that the place stands in,
    ``stated`` the numbers of the hypotheses that may be used.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        letters: Iterable[Term],
        guards: Iterable[Term] = (),
        stated: Iterable[int] = (),
        cases: int = 0,
    ) -> None:
        self.k, self.w, self.points = knowledge, knowledge.world, knowledge.points
        self.letters, self.stated, self.cases = tuple(letters), tuple(stated), cases
        self.used: set[object] = set()
        self.same: dict[Term, Term] = {}
        self.guards: list[Term] = []
        for g in guards:
            self._assume(g)
        self._signs: dict[Term, tuple[Signs, Used]] = {}
        self._facts: dict[Pair, list[Fact]] = {}
        self._truths: dict[Pair, Used] = {}
        self._seen: set[Term] = set()  # places at which the hypotheses have been taken

    # -- what is known -------------------------------------------------------------------------

    def inside(self, letters: Iterable[Term], *guards: Term) -> Grounds:
        """What is known further inside, under more letters and in a case."""
        inner = (*self.letters, *letters), (*self.guards, *self._equations(), *guards)
        return Grounds(self.k, *inner, self.stated, self.cases)

    def _equations(self) -> Iterator[Term]:
        for a, b in self.same.items():
            yield rel("==", a, b)

    def _assume(self, guard: Term) -> None:
        """Takes a guard in; of two places that it says are equal one stands for the other."""
        for c in conjuncts(guard):
            c = subst(c, self.same)
            if c.op == "rel" and c.args[0] == "==":
                for a, b in (c.args[1:], c.args[:0:-1]):
                    if a.op == "ix" and self.w.runs_over(b) is a.args[1] and a not in b.free:
                        put = {a: b}
                        self.same = {x: subst(y, put) for x, y in self.same.items()} | put
                        self.guards = [subst(g, put) for g in self.guards]
                        c = TRUE
                        break
            if c is not TRUE:
                self.guards.append(c)

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
        if c.op == "and":
            return merged([self.holds(x) for x in c.args])
        if c.op == "or":
            return self._one_of(c.args)
        if c.op == "red":
            letter, guard, body = enter(c, self.letters)
            return self.inside((letter,), guard).holds(body)
        if c is TRUE:
            return NOTHING
        found = self._comparison(c) if c.op == "rel" else None
        if found is None:
            found = self._said(c)
        return found if found is not None else self._by_cases(c)

    def _one_of(self, alternatives: Sequence[Term]) -> Used | None:
        """One of several holds, where the others do not."""
        for n, c in enumerate(alternatives):
            others = [negate(x) for m, x in enumerate(alternatives) if m != n]
            found = self.inside((), *others).holds(c)
            if found is not None:
                return found
        return None

    def _comparison(self, c: Term) -> Used | None:
        signs, used = self.signs(minus(c.args[1], c.args[2]))
        return used if signs <= SIGNS[c.args[0]] else None

    def _said(self, c: Term) -> Used | None:
        """A condition that is known as it stands."""
        self._take(places(c))
        try:
            return self._truths.get(self.points.truth(c))
        except NoPoint:
            return None

    def _by_cases(self, c: Term) -> Used | None:
        """Through the alternatives of a guard that says "or"."""
        if self.cases < MAX_CASES:
            for g in self.guards:
                if g.op == "or":
                    rest = [x for x in self.guards if x is not g]
                    found = []
                    for case in g.args:
                        inner = [*rest, *self._equations(), case]
                        at = Grounds(self.k, self.letters, inner, self.stated, self.cases + 1)
                        found.append(at.holds(c))
                    return merged(found)
        return None

    # -- facts, filed under what they are about ------------------------------------------------

    def _take(self, more: set[Term]) -> None:
        """Files what guards and hypotheses say, these at every place in sight."""
        new = {p for p in more if self.w.runs_over(p) is not None or p.op == "n"} - self._seen
        first = not self._seen and not self._facts and not self._truths
        if first:
            for g in self.guards:
                self._file(g, NOTHING)
            new |= {letter for letter in self.letters if letter not in self.same}
        if not (new or first):
            return
        self._seen |= new
        self._signs.clear()
        for n in self.stated:
            h = self.k.hypotheses[n]
            if first or h.letters:
                for at in self._instances(h, new, first):
                    self._hypothesis(h, at, frozenset((n,)))

    def _instances(self, h: Hypothesis, new: set[Term], first: bool) -> Iterator[dict[Term, Term]]:
        """Values of a hypothesis's letters, one of them new unless this is the first time."""
        sizes = [letter.args[1] for letter in h.letters]
        choices = [[p for p in self._seen if self._runs(p, size)] for size in sizes]
        many = 1
        for c in choices:
            many *= len(c)
        if many > MAX_INSTANCES:
            return
        for pick in product(*choices):
            if first or not new.isdisjoint(pick):
                yield dict(zip(h.letters, pick))  # noqa: B905

    def _runs(self, place: Term, size: Term) -> bool:
        over = self.w.runs_over(place)
        if over is None:  # a number: it must be in range whatever the size is
            return place.args[0] == 1 or size.op == "n" and 1 <= place.args[0] <= size.args[0]
        return over is size

    def _hypothesis(self, h: Hypothesis, at: dict[Term, Term], used: Used) -> None:
        where = subst(subst(h.where, at), self.same)
        if where is not TRUE:
            known = Grounds(self.k, self.letters, [*self.guards, *self._equations()]).holds(where)
            if known is None:
                return
            used |= known
        self._file(subst(subst(h.says, at), self.same), used)

    def _file(self, says: Term, used: Used) -> None:
        for c in conjuncts(says):
            try:
                self._truths.setdefault(self.points.truth(c), used)
                if c.op == "rel":
                    for a, b, turn in ((c.args[1], c.args[2], 1), (c.args[2], c.args[1], -1)):
                        signs = frozenset([turn * s for s in SIGNS[c.args[0]]])
                        self._note(minus(a, b), signs, used)
                elif c.op == "or":  # one that is left when the others cannot be
                    left = [x for x in c.args if self._excluded(x) is None]
                    if len(left) == 1:
                        out = [self._excluded(x) or NOTHING for x in c.args if x is not left[0]]
                        self._file(left[0], used.union(*out))
            except NoPoint:
                continue

    def _excluded(self, c: Term) -> Used | None:
        bare = Grounds(
            self.k, self.letters, [*[g for g in self.guards if g.op != "or"], *self._equations()]
        )
        return bare.holds(negate(c)) if self.guards or self.same else None

    def _note(self, t: Term, signs: Signs, used: Used) -> None:
        key, shift = self._key(t)
        filed = self._facts.setdefault(key, [])
        fact = Fact(signs, shift, used)
        if 0 in signs:
            filed.append(fact)
        else:  # strict ones first: they may be used under a derivative
            filed.insert(0, fact)

    def _key(self, t: Term) -> tuple[Pair, int | Fraction]:
        """The worth of t without its constant term, and that constant."""
        terms = t.args if t.op == "+" else (t,)
        shift = sum([x.args[0] for x in terms if x.op == "n"])
        one, two = self.points.worth(t)
        prime = self.points.one.P
        scaled = shift.numerator * pow(shift.denominator, -1, prime)
        return ((one - scaled) % prime, (two - scaled) % prime), shift

    # -- signs ---------------------------------------------------------------------------------

    def learn(self, t: Term) -> None:
        """Files the sign that a term has by its form, for all that is equal to it."""
        t = subst(t, self.same)
        signs, used = self.signs(t)
        self._take(set())
        try:
            self._note(t, signs, used)
        except NoPoint:
            refuse(f"{show(t)} has no value")
        self._signs.clear()

    def signs(self, t: Term) -> tuple[Signs, Used]:
        """The signs that t can have, and what that rests on."""
        found = self._signs.get(t)
        if found is None:
            out, used = self._by_form(t)
            if len(out) > 1:
                out, used = self._by_facts(t, out, used)
            found = self._signs[t] = (out, used)
        return found

    def _by_facts(self, t: Term, out: Signs, used: Used) -> tuple[Signs, Used]:
        self._take(places(t))
        try:
            key, shift = self._key(t)
        except NoPoint:
            return out, used
        for fact in self._facts.get(key, ()):
            allowed = beyond(fact.signs, shift - fact.shift)
            if not out <= allowed:
                out, used = out & allowed, used | fact.used
        return out, used

    def _by_form(self, t: Term) -> tuple[Signs, Used]:
        op, a = t.op, t.args
        if op == "n":
            return frozenset(((a[0] > 0) - (a[0] < 0),)), NOTHING
        if op in ("sz", "ix", "bd", "pi"):
            return POSITIVE, NOTHING
        if op == "+":
            return self._of_sum(t)
        if op == "*":
            return self._of_product(a)
        if op == "inv":
            return self.signs(a[0])
        if op == "**":
            return self._of_power(*a)
        if op == "fn":
            return self._of_function(a[0], a[1:])
        if op == "del":
            return (POSITIVE if a[0] is a[1] else NOT_NEGATIVE), NOTHING
        if op == "if":
            one = self.inside((), a[0]).signs_of(a[1])
            two = self.inside((), negate(a[0])).signs_of(a[2])
            return one[0] | two[0], one[1] | two[1]
        if op == "red":
            return self._of_reduction(t)
        if self.w.defined(t):
            signs, used = self.signs(self.w.unfold(t))
            return (signs, used | {a[0]}) if signs != ANY else (ANY, NOTHING)
        return ANY, NOTHING

    def signs_of(self, t: Term) -> tuple[Signs, Used]:
        return self.signs(subst(t, self.same))

    def _of_sum(self, t: Term) -> tuple[Signs, Used]:
        try:
            if self.points.worth(t) == (0, 0):
                return frozenset((0,)), NOTHING
        except NoPoint:
            return ANY, NOTHING
        if is_whole(t):
            least = least_value(t)
            if least is not None and least >= 0:
                return (POSITIVE if least else NOT_NEGATIVE), NOTHING
        out, used = frozenset((0,)), NOTHING
        for x in t.args:
            signs, by = self.signs(x)
            out, used = added(out, signs), used | by
        return (out, used) if out != ANY else (ANY, NOTHING)

    def _of_product(self, factors: Sequence[Term]) -> tuple[Signs, Used]:
        out, used = POSITIVE, NOTHING
        for x in factors:
            signs, by = self.signs(x)
            out, used = frozenset([s * r for s in out for r in signs]), used | by
        return (out, used) if out != ANY else (ANY, NOTHING)

    def _of_power(self, base: Term, exponent: Term) -> tuple[Signs, Used]:
        signs, used = self.signs(base)
        if signs <= POSITIVE:
            return POSITIVE, used
        if exponent.op == "n":
            e = exponent.args[0]
            if type(e) is int and e % 2 == 0:
                return (frozenset([s * s for s in signs]), used) if e else (POSITIVE, NOTHING)
            if type(e) is int or signs <= NOT_NEGATIVE and e > 0:
                return signs, used
        if is_whole(exponent) and signs <= NOT_NEGATIVE:
            return NOT_NEGATIVE, used
        return ANY, NOTHING

    def _of_function(self, name: str, args: Sequence[Term]) -> tuple[Signs, Used]:
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
        if name == "polygamma" and args[0] is num(1) and signs <= POSITIVE:
            return POSITIVE, used
        if name in ("max", "min"):
            other, by = self.signs(args[0])
            pick = max if name == "max" else min
            return frozenset([pick(s, r) for s in signs for r in other]), used | by
        return ANY, NOTHING

    def _of_reduction(self, t: Term) -> tuple[Signs, Used]:
        kind = t.args[0]
        letter, guard, body = enter(t, self.letters)
        signs, used = self.inside((letter,), guard).signs_of(body)
        if kind == "prod":
            return (signs | POSITIVE, used) if signs <= NOT_NEGATIVE else (ANY, NOTHING)
        if kind == "sum" and not (signs <= NOT_NEGATIVE or signs <= frozenset((-1, 0))):
            return ANY, NOTHING
        known = self._not_empty(t, letter, guard)
        if known is not None:
            return signs, used | known
        return (signs | {0}, used) if kind == "sum" else (ANY, NOTHING)

    def _not_empty(self, t: Term, letter: Term, guard: Term) -> Used | None:
        """What it rests on that the guard holds at some place, if that is known."""
        if guard is TRUE:
            return NOTHING
        for place in (*self.letters, *places(guard)):
            if self.w.runs_over(place) is t.args[1] and place is not letter:
                known = self.holds(subst(guard, {letter: place}))
                if known is not None:
                    return known
        return None


def conjuncts(c: Term) -> Iterator[Term]:
    """The conditions that an "and" joins."""
    for x in c.args if c.op == "and" else (c,):
        if c.op == "and":
            yield from conjuncts(x)
        else:
            yield x


def merged(found: Sequence[Used | None]) -> Used | None:
    """All together, if none is missing."""
    known = [x for x in found if x is not None]
    return NOTHING.union(*known) if len(known) == len(found) else None


def added(a: Signs, b: Signs) -> Signs:
    """The signs of a sum of two."""
    if a == {0} or b == {0}:
        return a | b if a == b else (b if a == {0} else a)
    if a | b <= NOT_NEGATIVE or a | b <= frozenset((-1, 0)):
        strict = 0 not in a or 0 not in b
        return (a | b) - {0} if strict else a | b
    return ANY


def beyond(signs: Signs, more: int | Fraction) -> Signs:
    """The signs that y + more can have where y has one of the given signs."""
    if more == 0:
        return signs
    if len(signs) == 1 and 0 in signs:
        return frozenset(((more > 0) - (more < 0),))
    if more > 0 and signs <= NOT_NEGATIVE:
        return POSITIVE
    if more < 0 and signs <= frozenset((-1, 0)):
        return frozenset((-1,))
    return ANY
