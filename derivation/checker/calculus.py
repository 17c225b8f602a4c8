"""The derivative of a term, the conditions under which it is the derivative, and the chain rule.

Conditions say that the term is smooth in the variable nearby: each is a strict comparison of terms
that are smooth themselves, so where it holds it holds around it, and derivatives of every order
exist there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from . import terms as t
from .terms import MINUS_ONE, ONE, TRUE, ZERO, T, Term, add, bind, mul, power, refuse, rel, subst
from .text import World
from .values import Points, is_whole, least_value

# function: its derivative at x | the condition on x
SLOPES = """
exp: exp(x)                     | true
log: 1/x                        | x > 0
sin: cos(x)                     | true
cos: -sin(x)                    | true
tan: 1/cos(x)**2                | cos(x) != 0
asin: (1 - x**2)**(-1/2)        | 1 - x**2 > 0
acos: -(1 - x**2)**(-1/2)       | 1 - x**2 > 0
atan: 1/(1 + x**2)              | true
sinh: cosh(x)                   | true
cosh: sinh(x)                   | true
tanh: 1 - tanh(x)**2            | true
asinh: (x**2 + 1)**(-1/2)       | true
acosh: (x**2 - 1)**(-1/2)       | x - 1 > 0
atanh: 1/(1 - x**2)             | 1 - x**2 > 0
erf: 2*pi**(-1/2)*exp(-x**2)    | true
sigmoid: sigmoid(x)*(1 - sigmoid(x)) | true
softplus: sigmoid(x)            | true
lgamma: digamma(x)              | x > 0
relu: 1 if x > 0 else 0         | x != 0
abs: sign(x)                    | x != 0
sign: 0                         | x != 0
"""
KINKED = ("relu", "abs", "sign")
Needs = tuple[Term, ...]  # conditions
Derivative = tuple[Term, Needs]


class Calculus:
    """Derivatives in one world; what has been worked out is kept."""

    def __init__(self, world: World, points: Points) -> None:
        self.w, self.points = world, points
        self._known: dict[tuple[Term, str, Term], Derivative] = {}
        self._slopes: dict[str, tuple[Term, Term]] = {}

    def slope(self, name: str, x: Term) -> tuple[Term, Term]:
        """A function's derivative at x, and the condition on x."""
        if not self._slopes:
            world, scope = World(), (T("ix", "x", ONE),)
            for row in SLOPES.strip().splitlines():
                key, *texts = re.split("[:|]", row)
                slope, condition = [world.read(text, scope).term for text in texts]
                self._slopes[key] = slope, condition
        if name not in self._slopes:
            refuse(f"no derivative of {name} is known")
        slope, condition = self._slopes[name]
        return put(slope, x), put(condition, x)

    def expand(self, x: Term) -> Derivative:
        """The term with every derivative taken, down to ``diff`` of defined names; the conditions.

        Conditions travel with the guards of the sums and cases in which they arise.
        """
        if x.op == "d":
            kind, body, v = x.args
            if kind == "diff" and self.w.defined(body) and body.args[0] != v.args[0]:
                return (x if self.w.depends(body, v.args[0]) else ZERO), ()
            inner, needs = self.expand(body)
            out, more = self.of(inner, kind, v)
            nearby = [e for c in needs for e in self._edges(c, kind, v)]  # they hold where v moves
            return out, (*needs, *nearby, *more)
        if not has_derivative(x):
            return x, ()
        if x.op == "red":
            letter, guard, body = t.enter(x)
            inner, needs = self.expand(body)
            return bind(x.args[0], letter, guard, inner), every(letter, guard, needs)
        found = [self.expand(a) for a in t.parts(x)]
        inners = iter([y for y, _ in found])
        needs = joined(found)
        if x.op == "if":
            needs = found[0][1] + in_cases(x.args[0], *found[1:])
        return t.rebuilt(x, lambda _: next(inners)), needs

    def of(self, x: Term, kind: str, v: Term) -> Derivative:
        """The derivative of x by the entry v."""
        if not self._varies(x, kind, v):
            return ZERO, ()
        key = (x, kind, v)
        if key not in self._known:
            self._known[key] = self._of(x, kind, v)
        return self._known[key]

    def _varies(self, x: Term, kind: str, v: Term) -> bool:
        return self.w.depends(x, v.args[0], kind == "fix")

    def _of(self, x: Term, kind: str, v: Term) -> Derivative:
        op, a = x.op, x.args
        if op == "get":
            if a[0] == v.args[0]:
                at = zip(a[1:], v.args[1:], strict=True)
                return mul(*[T("del", i, j) for i, j in at if i is not j]), ()
            return T("d", "diff", x, v), self.of(self.w.unfold(x), kind, v)[1]
        if op in ("+", "*", "un"):  # one part after the other
            inner = t.parts(x)
            slopes = [mul(*inner[:n], *inner[n + 1 :]) for n in range(len(inner))]
            if op == "un":
                raised = [(*a[1][:n], k + 1, *a[1][n + 1 :]) for n, k in enumerate(a[1])]
                slopes = [T("un", a[0], orders, *inner) for orders in raised]
            found = [self.of(y, kind, v) for y in inner]
            pairs = zip([ONE] * len(inner) if op == "+" else slopes, found, strict=True)
            terms = [mul(s, d) for s, (d, _) in pairs if d is not ZERO]
            return add(*terms), joined(found)
        if op == "inv":
            d, needs = self.of(a[0], kind, v)
            slope = mul(MINUS_ONE, d, T("inv", power(a[0], t.num(2))))
            return slope, (*needs, rel("!=", a[0], ZERO))
        if op == "**":
            return self._of_power(x, kind, v)
        if op == "fn":
            return self._of_function(x, kind, v)
        if op == "red" and a[0] != "all":
            return self._of_reduction(x, kind, v)
        if op == "if":
            return self._of_cases(x, kind, v)
        if op == "d" and kind == "diff":  # as smooth as what it is the derivative of
            return T("d", "diff", x, v), joined([self.of(a[1], "diff", by) for by in (a[2], v)])
        refuse(f"no derivative of {x} is known")

    def _of_power(self, x: Term, kind: str, v: Term) -> Derivative:
        base, e = x.args
        (db, one), (de, two) = self.of(base, kind, v), self.of(e, kind, v)
        terms = [mul(e, power(base, add(e, MINUS_ONE)), db)] if db is not ZERO else []
        terms += [mul(x, T("fn", "log", base), de)] if de is not ZERO else []
        least = least_value(e) if is_whole(e) else None
        if de is not ZERO or not is_whole(e):
            own: Needs = (rel(">", base, ZERO),)
        else:  # x**0 has the derivative 0*x**(-1), which is one for x != 0, unless it is a number
            own = () if least is not None and least >= (e.op != "n") else (rel("!=", base, ZERO),)
        return add(*terms), (*one, *two, *own)

    def _of_function(self, x: Term, kind: str, v: Term) -> Derivative:
        name, *args = x.args
        y = args[-1]
        if name in ("max", "min"):
            return self.of(t.as_cases(x), kind, v)
        if name == "polygamma" and args[0].op == "n" and args[0].args[0] in range(100):
            slope, condition = T("fn", name, add(args[0], ONE), y), rel(">", y, ZERO)
        else:
            slope, condition = self.slope(name, y)
        d, needs = self.of(y, kind, v)
        return mul(slope, d), (*needs, self.edge(y, ZERO) if name in KINKED else condition)

    def _of_reduction(self, x: Term, kind: str, v: Term) -> Derivative:
        letter, guard, body = t.enter(x, v.free)
        db, inner = self.of(body, kind, v)
        needs = every(letter, guard, inner) + every(letter, TRUE, self._edges(guard, kind, v))
        if x.args[0] in ("max", "min") and letter not in body.free and guard is TRUE:
            return db, needs
        if x.args[0] != "sum":
            other = t.fresh(letter.args[1], x.free, v.free, (letter,))
            put = {letter: other}
            apart = t.both(subst(guard, put), rel("!=", other, letter))
            if x.args[0] == "prod":
                db = mul(db, bind("prod", other, apart, subst(body, put)))
            else:  # a maximum or minimum: it is to be taken at one place only
                tie = bind("all", other, apart, rel("!=", body, subst(body, put)))
                needs += every(letter, guard, (tie,))
                guard = t.both(guard, rel("==", body, x))
        return bind("sum", letter, guard, db), needs

    def _of_cases(self, x: Term, kind: str, v: Term) -> Derivative:
        """Case by case, not at the edge; where the two cases are one function there is none.

        If the condition compares the two cases and one of these makes a distinction itself, the
        conditions are found by making that one first: so such cases are seen.
        """
        c, a, b = x.args
        one, two = self.of(a, kind, v), self.of(b, kind, v)
        slope = T("if", c, one[0], two[0])
        compares = c.op == "rel" and {*c.args[1:]} == {a, b} and self._varies(c, kind, v)
        inner = (t.distinction(a) or t.distinction(b)) if compares else None
        if inner is None:
            edges = () if self.points.equal(a, b) else self._edges(c, kind, v)
            return slope, in_cases(c, one, two) + edges
        found = [self.of(t.resolved(x, inner, holds), kind, v) for holds in (True, False)]
        return slope, in_cases(inner, *found) + self._edges(inner, kind, v)

    def _edges(self, c: Term, kind: str, v: Term) -> Needs:
        """That no comparison in the condition is at its edge, if what it compares varies with v."""
        if not self._varies(c, kind, v):
            return ()
        if c.op in ("and", "or", "not"):
            return tuple([x for part in c.args for x in self._edges(part, kind, v)])
        if c.op == "red":
            letter, guard, body = t.enter(c, v.free)
            inner = every(letter, guard, self._edges(body, kind, v))
            return inner + every(letter, TRUE, self._edges(guard, kind, v))
        if c.op != "rel":
            refuse(f"no derivative where {c} varies is known")
        a, b = c.args[1:]
        if self.points.equal(a, b):
            return ()
        own = () if self._is_entry_of(a, b) or self._is_entry_of(b, a) else (self.edge(a, b),)
        return joined([self.of(a, kind, v), self.of(b, kind, v)]) + own

    def _is_entry_of(self, value: Term, whole: Term) -> bool:
        """Whether ``whole`` is the maximum or minimum of all f_k, and ``value`` an f_j.

        Where that is taken at one place only (a condition of its derivative), whether it is taken
        at j does not change nearby.
        """
        if whole.op != "red" or whole.args[0] not in ("max", "min") or whole.args[2] is not TRUE:
            return False
        size, body = whole.args[1], whole.args[3]
        return any(x.args[1] is size and t.opened(body, x) is value for x in value.free)

    def edge(self, a: Term, b: Term) -> Term:
        """a != b, or a letter is a place for which a - b vanishes anyway: nothing changes there."""
        gap = t.minus(a, b)
        near = sorted({*gap.free, *t.places(gap)}, key=str)
        pairs = [(i, p) if i.op == "ix" else (p, i) for i, p in combinations(near, 2)]
        same = [
            rel("==", i, p)
            for i, p in pairs
            if i.op == "ix" and (p.op == "n" or self.w.runs_over(p) is i.args[1])
            if self.points.equal(subst(gap, {i: p}), ZERO)
        ]
        return TRUE if self.points.equal(a, b) else t.either(rel("!=", a, b), *same)

    def chain_rule(self, x: Term) -> Derivative:
        """diff(L, v): partial(L, v) + the sum over all names m of diff(L, m)*partial(m, v)."""
        if x.op != "d" or x.args[0] != "diff" or not self.w.defined(x.args[1]):
            refuse("the chain rule is for the derivative of a defined name")
        entry, v = x.args[1:]
        objective, name = entry.args[0], v.args[0]
        if objective == name:
            refuse("the chain rule is not for a derivative by the name itself")
        own = self.w.unfold(entry)
        terms = [T("d", "fix", own, v)] if self.w.depends(own, name, True) else []
        for m, (letters, body) in self.w.definitions.items():
            through = m not in (objective, name) and self.w.depends(body, name, True)
            if through and self.w.depends(own, m):
                at: list[Term] = []
                for letter in letters:
                    at.append(t.fresh(letter.args[1], entry.free, v.free, at))
                inner = T("get", m, *at)
                term = mul(T("d", "diff", entry, inner), T("d", "fix", self.w.unfold(inner), v))
                for letter in reversed(at):
                    term = bind("sum", letter, TRUE, term)
                terms.append(term)
        return add(*terms), self.of(entry, "diff", v)[1]

    def reached(self, x: Term) -> set[str]:
        """The definitions that a ``diff`` in x goes through: cut one, and it is another."""
        out: set[str] = set()
        if x.op == "d" and x.args[0] == "diff":
            body, by = x.args[1], x.args[2].args[0]
            for n, (_, own) in self.w.definitions.items():
                if n != by and self.w.depends(body, n) and self.w.depends(own, by):
                    out.add(n)
        return out.union(*map(self.reached, t.parts(x)))


def has_derivative(x: Term) -> bool:
    return x.op == "d" or any(map(has_derivative, t.parts(x)))


def put(slope: Term, x: Term) -> Term:
    """A slope at x: its one letter stands for the argument."""
    return x if slope.op == "ix" else t.rebuilt(slope, lambda a: put(a, x))


def joined(found: Iterable[Derivative]) -> Needs:
    return tuple([c for _, needs in found for c in needs])


def every(letter: Term, guard: Term, needs: Iterable[Term]) -> Needs:
    """Conditions under a binder, as ones about every place where its guard holds."""
    return tuple([bind("all", letter, guard, c) for c in needs])


def in_cases(c: Term, one: Derivative, two: Derivative) -> Needs:
    """The conditions of both cases, each weakened by what its case says."""
    first = [t.either(t.negate(c), x) for x in one[1]]
    return (*first, *[t.either(c, x) for x in two[1]])
