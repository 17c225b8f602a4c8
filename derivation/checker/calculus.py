"""The derivative of a term, the conditions under which it is the derivative, and the chain rule.

``diff(E, v)`` goes through all definitions, v's own cut; ``partial(E, v)`` (kind "fix") is that of E as
written, every defined name held fixed. A condition says that the term is smooth in v nearby: it is a
strict comparison of terms that are smooth themselves, so where it holds it holds around it, and
derivatives of every order exist there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from .terms import (
    MINUS_ONE,
    ONE,
    TRUE,
    ZERO,
    T,
    Term,
    add,
    bind,
    both,
    either,
    enter,
    fresh,
    is_condition,
    minus,
    mul,
    negate,
    num,
    opened,
    parts,
    rebuilt,
    refuse,
    rel,
    show,
    subst,
)
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


@lru_cache(maxsize=1)
def slopes() -> dict[str, tuple[str, str]]:
    rows = [row.partition(":") for row in SLOPES.strip().splitlines()]
    split = [(name, *body.partition("|")[::2]) for name, _, body in rows]
    return {name: (slope.strip(), condition.strip()) for name, slope, condition in split}


Derivative = tuple[Term, tuple[Term, ...]]  # the term, and the conditions


class Calculus:
    """Derivatives in one world; what has been worked out is kept."""

    def __init__(self, world: World, points: Points) -> None:
        self.w, self.points = world, points
        self._known: dict[tuple[Term, str, Term], Derivative] = {}
        self._table: dict[str, tuple[Term, Term]] = {}

    # -- every derivative in a term --------------------------------------------------------------

    def expand(self, t: Term) -> Derivative:
        """The term with every derivative taken, down to ``diff`` of defined names; the conditions.

        Conditions travel with the guards of the sums and cases in which they arise.
        """
        if t.op == "d":
            return self._expand_derivative(t)
        if t.op == "red":
            letter, guard, body = enter(t)
            inner, needs = self.expand(body)
            if inner is body:
                return t, ()
            return bind(t.args[0], letter, guard, inner), every(letter, guard, needs)
        if t.op == "if":
            (a, one), (b, two) = map(self.expand, t.args[1:])
            return T("if", t.args[0], a, b), in_cases(t.args[0], one, two)
        found: list[Term] = []

        def expanded(a: Term) -> Term:
            inner, more = self.expand(a)
            found.extend(more)
            return inner

        return rebuilt(t, expanded), tuple(found)

    def _expand_derivative(self, t: Term) -> Derivative:
        kind, body, v = t.args
        if kind == "diff" and self.w.defined(body) and body.args[0] != v.args[0]:
            if self.w.depends(body, v.args[0]):
                return t, ()
            return ZERO, ()
        inner, needs = self.expand(body) if body.op == "d" or has_derivative(body) else (body, ())
        out, more = self.of(inner, kind, v)
        return out, (*needs, *more)

    # -- the derivative of one term --------------------------------------------------------------

    def of(self, t: Term, kind: str, v: Term) -> Derivative:
        """The derivative of t by the entry v."""
        if not self.w.depends(t, v.args[0], kind == "fix"):
            return ZERO, ()
        key = (t, kind, v)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._of(t, kind, v)
        return found

    def _of(self, t: Term, kind: str, v: Term) -> Derivative:
        op, a = t.op, t.args
        if op == "get":
            return self._of_entry(t, kind, v)
        if op == "+":
            found = [self.of(x, kind, v) for x in a]
            return add(*[d for d, _ in found if d is not ZERO]), joined(found)
        if op == "*":
            found = [self.of(x, kind, v) for x in a]
            terms = [mul(*a[:n], d, *a[n + 1 :]) for n, (d, _) in enumerate(found) if d is not ZERO]
            return add(*terms), joined(found)
        if op == "inv":
            d, needs = self.of(a[0], kind, v)
            return mul(MINUS_ONE, d, T("inv", T("**", a[0], num(2)))), (*needs, unequal(a[0], ZERO))
        if op == "**":
            return self._of_power(t, kind, v)
        if op == "fn":
            return self._of_function(t, kind, v)
        if op == "un":
            return self._of_unknown(t, kind, v)
        if op == "red":
            return self._of_reduction(t, kind, v)
        if op == "if":
            return self._of_cases(t, kind, v)
        if op == "d" and kind == "diff":  # as smooth as what it is the derivative of
            one, two = (self.of(a[1], "diff", by)[1] for by in (a[2], v))
            return T("d", "diff", t, v), (*one, *two)
        refuse(f"no derivative of {show(t)} is known")

    def _of_entry(self, t: Term, kind: str, v: Term) -> Derivative:
        if t.args[0] == v.args[0]:
            same = [T("del", i, j) for i, j in zip(t.args[1:], v.args[1:]) if i is not j]  # noqa: B905
            return mul(*same), ()
        return T("d", "diff", t, v), self.of(self.w.unfold(t), kind, v)[1]

    def _of_power(self, t: Term, kind: str, v: Term) -> Derivative:
        base, e = t.args
        (db, one), (de, two) = self.of(base, kind, v), self.of(e, kind, v)
        terms = []
        if db is not ZERO:
            lower = num(e.args[0] - 1) if e.op == "n" else T("+", e, MINUS_ONE)
            terms.append(mul(e, base if lower is ONE else T("**", base, lower), db))
        if de is not ZERO:
            terms.append(mul(t, T("fn", "log", base), de))
        return add(*terms), (*one, *two, *self._power_needs(base, e, de is not ZERO))

    def _power_needs(self, base: Term, e: Term, varies: bool) -> tuple[Term, ...]:
        if varies or not is_whole(e):
            return (rel(">", base, ZERO),)
        if e.op == "n":
            return (unequal(base, ZERO),) if e.args[0] < 0 else ()
        least = least_value(e)
        return () if least is not None and least >= 1 else (unequal(base, ZERO),)

    def _of_function(self, t: Term, kind: str, v: Term) -> Derivative:
        name, *args = t.args
        x = args[-1]
        if name in ("max", "min"):
            return self.of(self._pick(name, *args), kind, v)
        if name == "polygamma":
            order = args[0]
            if order.op != "n" or type(order.args[0]) is not int or order.args[0] < 0:
                refuse(f"no derivative of {show(t)} is known")
            slope, condition = T("fn", name, num(order.args[0] + 1), x), rel(">", x, ZERO)
        else:
            slope, condition = self._slope(name, x)
        if name in KINKED:
            condition = self.edge(x, ZERO)
        d, needs = self.of(x, kind, v)
        return mul(slope, d), (*needs, condition)

    def _slope(self, name: str, x: Term) -> tuple[Term, Term]:
        found = self._table.get(name)
        if found is None:
            world = World()
            letter = T("ix", "x", ONE)
            texts = slopes().get(name)
            if texts is None:
                refuse(f"no derivative of {name} is known")
            one, two = (world.read(text, {"x": letter}).term for text in texts)
            found = self._table[name] = (one, two)
        return _put(found[0], x), _put(found[1], x)

    def _pick(self, name: str, a: Term, b: Term) -> Term:
        """The larger or smaller of two as a case, which is what it is."""
        return T("if", rel(">" if name == "max" else "<", a, b), a, b)

    def _of_unknown(self, t: Term, kind: str, v: Term) -> Derivative:
        name, orders, *args = t.args
        found = [self.of(x, kind, v) for x in args]
        terms = []
        for n, (d, _) in enumerate(found):
            if d is not ZERO:
                raised = (*orders[:n], orders[n] + 1, *orders[n + 1 :])
                terms.append(mul(T("un", name, raised, *args), d))
        return add(*terms), joined(found)

    def _of_reduction(self, t: Term, kind: str, v: Term) -> Derivative:
        reduction = t.args[0]
        letter, guard, body = enter(t, v.free)
        db, inner = self.of(body, kind, v)
        needs = every(letter, guard, inner)
        needs = (*needs, *every(letter, TRUE, self._edges(guard, kind, v)))
        if reduction == "all":
            refuse(f"no derivative of {show(t)} is known")
        if reduction == "prod":
            other = fresh(letter.args[1], t.free, v.free, (letter,))
            put = {letter: other}
            apart = both(subst(guard, put), rel("!=", other, letter))
            db = mul(db, bind("prod", other, apart, subst(body, put)))
        elif reduction in ("max", "min"):
            needs = (*needs, self._unique(letter, guard, body))
            guard = both(guard, rel("==", body, t))
        return bind("sum", letter, guard, db), needs

    def _unique(self, letter: Term, guard: Term, body: Term) -> Term:
        """That a maximum or minimum is taken at one place only."""
        other = fresh(letter.args[1], body.free, guard.free, (letter,))
        put = {letter: other}
        apart = both(subst(guard, put), rel("!=", other, letter))
        tie = rel("!=", body, subst(body, put))
        return bind("all", letter, guard, bind("all", other, apart, tie))

    # -- cases and their edges -------------------------------------------------------------------

    def _of_cases(self, t: Term, kind: str, v: Term) -> Derivative:
        """Case by case, not at the edge; where the two cases are one function there is none."""
        c, a, b = t.args
        lifted = self._lifted(c, a, b, kind, v)
        if lifted is not None:
            return self.of(lifted, kind, v)
        (da, one), (db, two) = self.of(a, kind, v), self.of(b, kind, v)
        needs = in_cases(c, one, two)
        if not self.points.equal(a, b):
            needs = (*needs, *self._edges(c, kind, v))
        return T("if", c, da, db), needs

    def _lifted(self, c: Term, a: Term, b: Term, kind: str, v: Term) -> Term | None:
        """``a if c else b``, where c compares a with b and one of these makes a distinction
        itself: that one is made first, so that cases in which a and b are one function are seen."""
        if c.op != "rel" or {c.args[1], c.args[2]} != {a, b} or not self._varies(c, kind, v):
            return None
        inner = self._distinction(a) or self._distinction(b)
        if inner is None:
            return None
        out = []
        for holds in (True, False):
            x, y = (self._resolved(s, inner, holds) for s in (a, b))
            swapped = rel(c.args[0], *((x, y) if c.args[1] is a else (y, x)))
            out.append(x if self.points.equal(x, y) else T("if", swapped, x, y))
        return T("if", inner, *out)

    def _distinction(self, t: Term) -> Term | None:
        """The condition of a distinction in t that no letter binds and no derivative covers."""
        if t.op == "if":
            return self._distinction(t.args[1]) or self._distinction(t.args[2]) or t.args[0]
        if t.op == "fn" and t.args[0] in ("max", "min", "relu"):
            inner = [self._distinction(x) for x in t.args[1:]]
            return next((x for x in inner if x is not None), self._own_condition(t))
        if t.op in ("red", "d", "get", "del") or is_condition(t):
            return None
        return next((x for a in parts(t) if (x := self._distinction(a)) is not None), None)

    def _own_condition(self, t: Term) -> Term:
        if t.args[0] == "relu":
            return rel(">", t.args[1], ZERO)
        return rel(">" if t.args[0] == "max" else "<", t.args[1], t.args[2])

    def _resolved(self, t: Term, c: Term, holds: bool) -> Term:
        """t where the condition of one of its distinctions holds or does not."""
        if t.op == "if" and t.args[0] is c:
            return self._resolved(t.args[1 if holds else 2], c, holds)
        if t.op == "fn" and t.args[0] in ("max", "min", "relu") and self._own_condition(t) is c:
            other = ZERO if t.args[0] == "relu" else t.args[2]
            return self._resolved(t.args[1] if holds else other, c, holds)
        if t.op in ("red", "d", "get", "del") or is_condition(t):
            return t
        return rebuilt(t, lambda a: self._resolved(a, c, holds))

    def _varies(self, c: Term, kind: str, v: Term) -> bool:
        return self.w.depends(c, v.args[0], kind == "fix")

    def _edges(self, c: Term, kind: str, v: Term) -> tuple[Term, ...]:
        """That no comparison in the condition is at its edge, if what it compares varies with v."""
        if not self._varies(c, kind, v):
            return ()
        if c.op in ("and", "or", "not"):
            return tuple([x for part in c.args for x in self._edges(part, kind, v)])
        if c.op != "rel":
            refuse(f"no derivative where {show(c)} varies is known")
        _, a, b = c.args
        if self.points.equal(a, b):
            return ()
        needs = [x for side in (a, b) for x in self.of(side, kind, v)[1]]
        if not (self._is_entry_of(a, b) or self._is_entry_of(b, a)):
            needs.append(self.edge(a, b))
        return tuple(needs)

    def _is_entry_of(self, value: Term, whole: Term) -> bool:
        """Whether ``whole`` is the maximum or minimum over all places k of f_k, and ``value`` an f_j.

        Where that is taken at one place only (a condition of its derivative), whether it is taken
        at j does not change nearby.
        """
        if whole.op != "red" or whole.args[0] not in ("max", "min") or whole.args[2] is not TRUE:
            return False
        size, body = whole.args[1], whole.args[3]
        return any(x.args[1] is size and opened(body, x) is value for x in value.free)

    def edge(self, a: Term, b: Term) -> Term:
        """a != b; or two letters are equal for which a - b vanishes, whatever the arrays hold."""
        gap = minus(a, b)
        letters = sorted(gap.free, key=lambda x: str(x.args[0]))
        same = []
        for n, i in enumerate(letters):
            for j in letters[n + 1 :]:
                if i.args[1] is j.args[1] and self.points.equal(subst(gap, {i: j}), ZERO):
                    same.append(rel("==", i, j))
        return either(unequal(a, b), *same)

    # -- the chain rule --------------------------------------------------------------------------

    def chain_rule(self, t: Term) -> Derivative:
        """diff(L, v) = partial(L, v) + the sum over every name m that v enters of diff(L, m)*partial(m, v)."""
        if t.op != "d" or t.args[0] != "diff" or not self.w.defined(t.args[1]):
            refuse("the chain rule is for the derivative of a defined name")
        entry, v = t.args[1:]
        objective, name = entry.args[0], v.args[0]
        if objective == name:
            refuse("the chain rule is not for a derivative by the name itself")
        terms = []
        if self.w.depends(self.w.definitions[objective][1], name, True):
            terms.append(T("d", "fix", self.w.unfold(entry), v))
        for m, (letters, body) in self.w.definitions.items():
            through = m not in (objective, name) and self.w.depends(body, name, True)
            if through and self.w.depends(self.w.unfold(entry), m):
                terms.append(self._through(entry, m, letters, v))
        return add(*terms), self.of(entry, "diff", v)[1]

    def _through(self, entry: Term, m: str, letters: Sequence[Term], v: Term) -> Term:
        own: list[Term] = []
        for letter in letters:
            own.append(fresh(letter.args[1], entry.free, v.free, own))
        at = T("get", m, *own)
        out = mul(T("d", "diff", entry, at), T("d", "fix", self.w.unfold(at), v))
        for letter in reversed(own):
            out = bind("sum", letter, TRUE, out)
        return out

    # -- what an equality of derivatives rests on --------------------------------------------------

    def reached(self, t: Term) -> set[str]:
        """The definitions that a ``diff`` in t goes through: cut one, and it is another."""
        out: set[str] = set()
        if t.op == "d" and t.args[0] == "diff":
            body, by = t.args[1], t.args[2].args[0]
            for n, (_, own) in self.w.definitions.items():
                if n != by and self.w.depends(body, n) and self.w.depends(own, by):
                    out.add(n)
        for a in parts(t):
            out |= self.reached(a)
        return out


def has_derivative(t: Term) -> bool:
    return t.op == "d" or any(map(has_derivative, parts(t)))


def _put(t: Term, x: Term) -> Term:
    """A slope at x: its one letter stands for the argument."""
    if t.op == "ix":
        return x
    return rebuilt(t, lambda a: _put(a, x))


def unequal(a: Term, b: Term) -> Term:
    return rel("!=", a, b)


def joined(found: Iterable[Derivative]) -> tuple[Term, ...]:
    return tuple([c for _, needs in found for c in needs])


def every(letter: Term, guard: Term, needs: Iterable[Term]) -> tuple[Term, ...]:
    """Conditions under a binder, as ones about every place where its guard holds."""
    return tuple([bind("all", letter, guard, c) for c in needs])


def in_cases(c: Term, one: Iterable[Term], two: Iterable[Term]) -> tuple[Term, ...]:
    """The conditions of both cases, each weakened by what its case says."""
    first = [either(negate(c), x) for x in one]
    return (*first, *[either(c, x) for x in two])
