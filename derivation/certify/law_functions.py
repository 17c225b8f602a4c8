"""What the variables of the laws of functions stand for in a move of the engine."""

from __future__ import annotations

from typing import Any

import sympy

from derivation.certify.law_algebra import (
    Moves,
    algebra,
    algebra_of,
    connected,
    flat_factors,
    flipped,
    positive_parts,
    within,
)
from derivation.certify.law_moves import HOLE, LawMove
from derivation.certify.law_sums import Args, Making
from derivation.errors import RuleRefused
from derivation.normal import E, difference_vanishes, normal, normal_term, text
from derivation.rules import REGISTRY
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Integer,
    Mul,
    Pow,
    Relation,
    apply,
    exp,
    function_name,
    inverse,
    is_number,
    mul,
    neg,
    number,
    power,
    rebuild,
    relation,
    value_of,
)
from derivation.theory import Theory


def _of_value(law: str) -> Making:
    def make(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
        return [LawMove(law, {"a": lhs.args[0]})]

    return make


def _by_name(ending: str) -> Making:
    def make(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
        return [LawMove(f"{function_name(lhs)}-{ending}", {"a": lhs.args[0]})]

    return make


def parity(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    even = isinstance(lhs, (sympy.cos, sympy.cosh, sympy.Abs))
    return _by_name("even" if even else "odd")(theory, lhs, rhs, args)


def known_value(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [LawMove(f"{function_name(lhs)}-at-{lhs.args[0]}")]


def max_definition(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """The comparison may be written either way round; what comes first is ``a``."""
    condition, first, second = rhs.args
    kind = "max" if isinstance(lhs, sympy.Max) else "min"
    law = f"{kind}-is" if condition.op in ("<", ">") else f"{kind}-is-or"
    return [LawMove(law, {"a": first, "b": second})]


# -- logarithms, exponentials and powers of products ----------------------------------------


def _inner_first(lhs: Any, theory: Theory) -> tuple[Moves, Any]:
    """The argument made normal, where that needs conditions of its own."""
    inner = lhs.args[0]
    _, needs = normal(inner)
    if not needs:
        return [], lhs
    target = normal_term(inner)
    rest = lhs.args[1:]
    return within(rebuild(lhs, (HOLE, *rest)), connected(theory, inner, target)), rebuild(
        lhs, (target, *rest)
    )


def log_expand(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    poly, _ = normal(lhs.args[0])
    in_factors = len(poly) != 1 and isinstance(lhs.args[0], Mul)
    moves, now = ([], lhs) if in_factors else _inner_first(lhs, theory)
    bases = [_base(f) for f in flat_factors(now.args[0])]
    positive = set().union(*(positive_parts(theory, b) for b in bases if not _positive_by_form(b)))
    if not positive:
        return moves  # log(exp(a)) is seen without a move
    return [*moves, algebra(now, rhs, (), positive)]


def _positive_by_form(t: Any) -> bool:
    return type(t) is sympy.exp or is_number(t)


def _base(f: Any) -> Any:
    """What must be positive for a factor to be."""
    return _base(f.args[0]) if isinstance(f, Pow) and is_number(f.args[1]) else f


def exp_of_log(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    moves, now = _inner_first(lhs, theory)
    poly, _ = normal(lhs.args[0])
    positive: set[Any] = set()
    for m in poly:
        logs = [a.args[0] for a, e in m if isinstance(a, sympy.log) and e == 1]
        if len(logs) == 1:
            positive |= positive_parts(theory, logs[0])
    return [*moves, algebra(now, rhs, (), positive)]


def power_of_product(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """Bases that may be 0 are taken out by the laws that hold there, then the rest by algebra."""
    rewrite = REGISTRY["power-of-product"].rewrite
    if rewrite is None:
        raise RuleRefused("power-of-product rewrites")
    _, conditions = rewrite(theory, lhs, args)
    edge = [c.left for c in conditions if isinstance(c, Relation) and c.op == ">="]
    edge = [t for t in edge if not theory.decide(relation(">", t, ZERO))[0]]
    if not edge:
        moves, now = _inner_first(lhs, theory)
        return [*moves, *_all_positive(theory, now, rhs, conditions)]
    return _at_edges(theory, lhs, rhs, edge)


def _all_positive(theory: Theory, lhs: Any, rhs: Any, conditions: Any) -> Moves:
    plain = [c for c in conditions if isinstance(c, Relation)]
    return [algebra_of(theory, lhs, rhs, plain)] if plain else connected(theory, lhs, rhs)


def _at_edges(theory: Theory, lhs: Any, rhs: Any, edge: list[Any]) -> Moves:
    """The power of each factor whose base may be 0 apart, and that power's two exponents as one."""
    poly, _ = normal(lhs.args[0])
    ((monomial, c),) = poly.items()
    exponent = lhs.args[1]
    items = sorted(monomial, key=lambda item: text(item[0]))
    apart = [(a, number(e)) for a, e in items if a in edge]
    others = [exp(number(e)) if a == E else power(a, number(e)) for a, e in items if a not in edge]
    rest = mul(*([number(c)] if c != 1 else []), *others)
    now = mul(rest, *[power(a, e) for a, e in apart])
    moves = within(power(HOLE, exponent), connected(theory, lhs.args[0], now))
    done: list[Any] = []
    for n, (a, e) in enumerate(apart):
        one = a if e == ONE else power(a, e)
        left = [power(b, f) for b, f in apart[n + 1 :]]
        if left or rest != ONE:
            put = {"a": one, "b": mul(rest, *left), "c": exponent}
            moves += within(mul(*done, HOLE), [LawMove("power-product", put)])
        after = [power(mul(rest, *left), exponent)] if left or rest != ONE else []
        if e != ONE:
            put = {"a": a, "b": e, "c": exponent}
            moves += within(mul(*done, HOLE, *after), [LawMove("power-power", put)])
        done.append(power(a, number(value_of(e) * value_of(exponent))))
    last = mul(*done, *([power(rest, exponent)] if rest != ONE else []))
    return [*moves, *connected(theory, last, rhs)]


# -- sign and size --------------------------------------------------------------------------


def sign_and_size(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """Both sides as a product with at most the square of the sign, then one like the other."""
    kinds = (sympy.Abs, sympy.sign)
    bases = [_base(f) for t in (lhs, rhs) for f in flat_factors(t)]
    for x in sorted({b.args[0] for b in bases if isinstance(b, kinds)}, key=text):
        if all(_agree(lhs, rhs, x, s) for s in (ONE, MINUS_ONE)):
            one, two = _Signed(lhs, x), _Signed(rhs, x)
            if one.signs == 2 and two.signs == 0:
                one.without_square()
            if two.signs == 2 and one.signs == 0:
                two.without_square()
            between = connected(theory, one.term(), two.term())
            return [*one.moves, *between, *flipped(two.moves)]
    raise RuleRefused("the two sides differ for one of the signs")


def _agree(lhs: Any, rhs: Any, x: Any, sign: Any) -> bool:
    return difference_vanishes(_of_sign(lhs, x, sign), _of_sign(rhs, x, sign)) is not None


def _of_sign(t: Any, x: Any, sign: Any) -> Any:
    """A product where x has a sign."""
    if isinstance(t, (Mul, Pow)):
        return rebuild(t, tuple(_of_sign(a, x, sign) for a in t.args))
    if isinstance(t, (sympy.Abs, sympy.sign)) and t.args[0] == x:
        return sign if isinstance(t, sympy.sign) else mul(sign, x)
    return t


class _Signed:
    """A product, made into other factors and a power of ``sign(x)`` from 0 to 2."""

    def __init__(self, t: Any, x: Any) -> None:
        self.x, self.sign = x, apply("sign", x)
        self.moves: Moves = []
        self.rest: list[Any] = []
        self.signs = 0  # how often the sign is a factor
        below = 0  # and how often it is divided by
        sizes: list[int] = []
        for f in flat_factors(t):
            base, e = f.args if isinstance(f, Pow) else (f, ONE)
            whole = isinstance(e, Integer)
            if whole and base == apply("abs", x):
                sizes.append(int(e))
            elif whole and base == self.sign:
                self.signs, below = self.signs + max(int(e), 0), below + max(-int(e), 0)
            else:
                self.rest.append(f)
        below = self._without_sizes(sizes, below)
        self._without_quotients(below)
        self._without_cubes()

    def term(self) -> Any:
        return mul(*self.rest, *self._signs(self.signs))

    def _signs(self, n: int) -> list[Any]:
        return [] if n == 0 else [self.sign if n == 1 else power(self.sign, number(n))]

    def _without_sizes(self, sizes: list[int], below: int) -> int:
        """|x| is x sign(x), one factor at a time. How often the sign is then divided by."""
        size, under = apply("abs", self.x), self._signs(-below)
        while sizes:
            e = sizes.pop()
            for n in range(abs(e)):  # so many of this factor are done
                left = abs(e) - n - 1
                now = HOLE if e > 0 else inverse(HOLE)
                still = [power(size, number(left if e > 0 else -left))] if left else []
                others = [power(size, number(s)) for s in sizes]
                around = mul(*self.rest, *self._signs(self.signs), *under, *still, *others, now)
                self.moves += within(around, [LawMove("size-is", {"a": self.x})])
                self.rest.append(self.x if e > 0 else inverse(self.x))
                if e > 0:
                    self.signs += 1
                else:
                    below += 1
                    under = self._signs(-below)
        return below

    def _without_quotients(self, below: int) -> None:
        """1/sign(x) is sign(x)."""
        for n in range(below):
            under = self._signs(n + 1 - below)
            around = mul(*self.rest, *self._signs(self.signs), *under, HOLE)
            self.moves += within(around, [LawMove("sign-inverse", {"a": self.x})])
            self.signs += 1

    def _without_cubes(self) -> None:
        while self.signs > 2:
            around = mul(*self.rest, *self._signs(self.signs - 3), HOLE)
            self.moves += within(around, [LawMove("sign-cube", {"a": self.x})])
            self.signs -= 2

    def without_square(self) -> None:
        """The square of the sign goes: beside x at once, else because x is not 0."""
        put = {"a": self.x}
        for n, f in enumerate(self.rest):
            left = self._beside(f)
            if left is not None:
                around = mul(*self.rest[:n], *left, *self.rest[n + 1 :], HOLE)
                self.moves += within(around, [LawMove("sign-square-of", put)])
                self.rest = [*self.rest[:n], *left, *self.rest[n + 1 :], self.x]
                self.signs = 0
                return
        self.moves += within(mul(*self.rest, HOLE), [LawMove("sign-square", put)])
        self.signs = 0

    def _beside(self, f: Any) -> list[Any] | None:
        """What is left of a factor without one x, where it is a power of x or -x."""
        base, e = f.args if isinstance(f, Pow) else (f, ONE)
        if not (isinstance(e, Integer) and int(e) > 0):
            return None
        for factor, y in (([], self.x), ([MINUS_ONE], neg(self.x))):
            if difference_vanishes(base, y) == frozenset():
                return [*factor, *([power(base, number(int(e) - 1))] if e != ONE else [])]
        return None


FUNCTIONS: dict[str, Making] = {
    "log-expand": log_expand,
    "exp-of-log": exp_of_log,
    "power-of-product": power_of_product,
    "sigmoid-definition": _of_value("sigmoid-is"),
    "sigmoid-reflection": _of_value("sigmoid-reflect"),
    "softplus-definition": _of_value("softplus-is"),
    "relu-definition": _of_value("relu-is"),
    "detach-value": _of_value("detach-value"),
    "tangent-definition": _by_name("is"),
    "parity": parity,
    "known-value": known_value,
    "max-definition": max_definition,
    "sign-and-size": sign_and_size,
}
