"""Givens that can never hold, and terms without a value: both are bad input.

Sides and arguments are compared as polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from derivation.language.lexer import Token, fail
from derivation.language.scope import constant_value
from derivation.language.systems import Given, conflict
from derivation.terms import (
    HALF,
    MIRROR,
    Add,
    Index,
    KroneckerDelta,
    Mul,
    Pow,
    Size,
    SumOver,
    add,
    canonical,
    free_indices,
    function_name,
    index,
    mul,
    number,
    substitute,
    subterms,
    sum_over,
)

_MAX_MONOMIALS, _MAX_DEGREE = 200, 16
_Poly = dict[tuple[Any, ...], Fraction]


def check_given(op: str, left: Any, right: Any, token: Token) -> None:
    """Refuse ``left op right`` if it is false whatever the arrays and sizes are."""
    difference = _add(_poly(left), _poly(right), -1)
    if difference is None or _possible(op, difference):
        return
    fail(token, "this given can never hold")


def check_givens(givens: Sequence[tuple[Any, Token]]) -> None:
    """Refuse a given that cannot hold beside the ones before it, as far as bounds show it.

    Each given bounds a polynomial without its constant term; two that bound the same one, up to a
    factor and the letters of indices, must leave it a value.
    """
    known: dict[Any, _Bounds] = {}
    together: list[Given] = []
    tokens: list[Token] = []
    for relation_, token in givens:
        difference = _add(_poly(relation_.left), _poly(relation_.right), -1)
        rest = {m: c for m, c in (difference or {}).items() if m}
        if difference is None or not rest:
            continue
        term = _generic(add(*[mul(number(c), *m) for m, c in rest.items()]))
        poly = _poly(term) or {}
        together.append((poly, difference.get((), Fraction(0)), relation_.op, len(tokens)))
        together += [(*c, len(tokens)) for c in _presupposed(term)]
        tokens.append(token)
        first = min(poly, key=str)
        slope = poly[first]
        bound = -difference.get((), Fraction(0)) / slope
        op = relation_.op if slope > 0 else MIRROR[relation_.op]
        key = frozenset((m, c / slope) for m, c in poly.items())
        whole = len(first) == 1 and isinstance(first[0], Size) and len(poly) == 1
        bounds = known.setdefault(key, _Bounds(whole))
        if not bounds.take(op, bound):
            fail(
                token,
                f"this given contradicts the one in line {bounds.lines[-1]}"
                if bounds.lines[-1] != token.line.number
                else "this given contradicts one before it",
                "no values meet both, so that nothing can be said under them",
            )
        bounds.lines.append(token.line.number)
    _check_together(together, tokens)


def _presupposed(t: Any) -> Iterator[tuple[dict[Any, Fraction], Fraction, str]]:
    """What has to hold for a term to have a value: a > 0 where it has log(a)."""
    for s in subterms(t):
        root = isinstance(s, Pow) and s.args[1] == HALF
        name = "sqrt" if root else function_name(s)
        if name in _ABOVE:
            op, bound = _ABOVE[name]
            poly = _poly(s.args[0])
            if poly is not None:
                rest = {m: c for m, c in poly.items() if m}
                yield rest, poly.get((), Fraction(0)) - bound, op


# functions whose arguments have to be above a number
_ABOVE = {"log": (">", 0), "lgamma": (">", 0), "sqrt": (">=", 0), "acosh": (">=", 1)}


def _check_together(givens: Sequence[Given], tokens: Sequence[Token]) -> None:
    """Refuse givens that exclude each other in a chain: a > b, b > c and c > a."""
    if len(givens) < 2:
        return
    unknowns: set[Any] = {m for poly, *_ in givens for m in poly}
    sizes = [m for m in unknowns if len(m) == 1 and isinstance(m[0], Size)]
    found = conflict(givens, dict.fromkeys(sizes, Fraction(1)))
    if found and len(found) > 1:
        *others, last = sorted(found)
        lines = [str(tokens[n].line.number) for n in others]
        fail(
            tokens[last],
            f"this given contradicts those in lines {' and '.join(dict.fromkeys(lines))}"
            if len(set(lines)) > 1
            else "this given contradicts those before it",
            "no values meet all of them, so that nothing can be said under them",
        )


def _generic(t: Any) -> Any:
    """The term with its free indices named in the order in which they occur."""
    letters: dict[Any, Any] = {}
    free = free_indices(t)
    for s in subterms(t):
        if isinstance(s, Index) and s in free and s not in letters:
            letters[s] = index(f"_g{len(letters)}", s.size)
    return substitute(t, letters)


class _Bounds:
    """The values that are left to a term; of a size, whole numbers."""

    def __init__(self, whole: bool) -> None:
        self.whole = whole
        self.low: tuple[Fraction, bool] | None = (Fraction(1), True) if whole else None
        self.high: tuple[Fraction, bool] | None = None  # the value, and whether it is left itself
        self.never: set[Fraction] = set()
        self.lines: list[int | None] = []

    def take(self, op: str, bound: Fraction) -> bool:
        """Whether a value is left under one more relation."""
        if op == "!=":
            self.never.add(bound)
        if op in (">", ">=", "=="):
            low = (bound, op != ">")
            if self.whole:
                low = (Fraction(floor(bound) + 1 if op == ">" else ceil(bound)), True)
            if self.low is None or (low[0], not low[1]) > (self.low[0], not self.low[1]):
                self.low = low
        if op in ("<", "<=", "=="):
            high = (bound, op != "<")
            if self.whole:
                high = (Fraction(ceil(bound) - 1 if op == "<" else floor(bound)), True)
            if self.high is None or high < self.high:
                self.high = high
        if self.low is None or self.high is None or self.low[0] < self.high[0]:
            return True
        closed = self.low[1] and self.high[1]
        return self.low[0] == self.high[0] and closed and self.low[0] not in self.never


def settled(t: Any) -> Fraction | None:
    """The value of a term that is the same number whatever the arrays are, as far as can be seen.

    >>> from derivation.terms import add, neg, symbol
    >>> settled(add(symbol("x"), neg(symbol("x"))))
    Fraction(0, 1)
    """
    poly = _poly(t)
    if poly is None or any(poly.keys() - {()}):
        return None
    return poly.get((), Fraction(0))


def check_argument(function: str, argument: Any, token: Token) -> None:
    """Refuse a function at a constant where it has no real value: ``log(0)``, ``sqrt(-1)``."""
    outside = _OUTSIDE.get(function)
    if outside is None:
        return
    value = settled(argument)
    if value is not None and outside[0](value):
        fail(token, f"`{function}` has no value at {value}", f"it needs {outside[1]}")


_OUTSIDE: dict[str, tuple[Callable[[Fraction], bool], str]] = {
    "log": (lambda c: c <= 0, "an argument above 0"),
    "sqrt": (lambda c: c < 0, "an argument of at least 0"),
    "asin": (lambda c: abs(c) > 1, "an argument from -1 to 1"),
    "acos": (lambda c: abs(c) > 1, "an argument from -1 to 1"),
    "atanh": (lambda c: abs(c) >= 1, "an argument between -1 and 1"),
    "acosh": (lambda c: c < 1, "an argument of at least 1"),
    **dict.fromkeys(
        ("lgamma", "digamma", "trigamma", "polygamma"),
        (lambda c: c <= 0 and c.denominator == 1, "an argument other than 0, -1, -2, …"),
    ),
}


def _possible(op: str, difference: _Poly) -> bool:
    constant = difference.get((), Fraction(0))
    rest = {m: c for m, c in difference.items() if m}
    if not rest:
        return _holds(op, constant)
    (monomial, slope), *more = rest.items()
    if more or len(monomial) != 1:
        return True
    if not isinstance(monomial[0], Size):
        return _within(op if slope > 0 else MIRROR[op], -constant / slope, _range(monomial[0]))
    root = -constant / slope
    if op == "==":
        return root.denominator == 1 and root >= 1
    if op == "!=":
        return True
    grows = slope > 0
    if (op in (">", ">=")) == grows:
        return True  # holds for large sizes
    return _holds(op, slope + constant)  # best at size 1


def _range(t: Any) -> tuple[Fraction | None, bool, Fraction | None, bool]:
    """The values that a function takes: from, whether that one too, to, whether that one too."""
    if isinstance(t, Pow) and t.args[1] == HALF:
        return Fraction(0), True, None, False
    return _RANGES.get(function_name(t) or "", (None, False, None, False))


_ONE = Fraction(1)
_RANGES: dict[str, tuple[Fraction | None, bool, Fraction | None, bool]] = {
    **dict.fromkeys(("sigmoid",), (Fraction(0), False, _ONE, False)),
    **dict.fromkeys(("tanh", "erf"), (-_ONE, False, _ONE, False)),
    **dict.fromkeys(("sin", "cos", "sign"), (-_ONE, True, _ONE, True)),
    **dict.fromkeys(("softplus", "exp"), (Fraction(0), False, None, False)),
    **dict.fromkeys(("abs", "relu", "acosh"), (Fraction(0), True, None, False)),
    "cosh": (_ONE, True, None, False),
}


def _within(
    op: str, bound: Fraction, values: tuple[Fraction | None, bool, Fraction | None, bool]
) -> bool:
    """Whether some of the values is in the relation to a number."""
    low, at_low, high, at_high = values
    too_high = high is not None and (
        bound > high or (bound == high and not (at_high and op != ">"))
    )
    if too_high and op in (">", ">=", "=="):
        return False
    if op in ("<", "<=", "==") and low is not None:
        return not (bound < low or (bound == low and not (at_low and op != "<")))
    return True


def _holds(op: str, value: Fraction) -> bool:
    return {
        "==": value == 0, "!=": value != 0, "<": value < 0,
        "<=": value <= 0, ">": value > 0, ">=": value >= 0,
    }[op]  # fmt: skip


def _add(a: _Poly | None, b: _Poly | None, factor: int = 1) -> _Poly | None:
    if a is None or b is None:
        return None
    out = dict(a)
    for m, c in b.items():
        total = out.get(m, Fraction(0)) + factor * c
        if total:
            out[m] = total
        else:
            out.pop(m, None)
    return out if len(out) <= _MAX_MONOMIALS else None


def _times(a: _Poly | None, b: _Poly | None) -> _Poly | None:
    if a is None or b is None or len(a) * len(b) > _MAX_MONOMIALS:
        return None
    out: _Poly = {}
    for m, c in a.items():
        for n, d in b.items():
            if len(m) + len(n) > _MAX_DEGREE:
                return None
            key = tuple(sorted((*m, *n), key=hash))
            out[key] = out.get(key, Fraction(0)) + c * d
    return {m: c for m, c in out.items() if c}


def _poly(t: Any) -> _Poly | None:
    """The term as a polynomial in its atoms; None where that would be too long."""
    constant = constant_value(t)
    if constant is not None:
        return {(): constant} if constant else {}
    if isinstance(t, KroneckerDelta) and t.args[0] == t.args[1]:
        return {(): Fraction(1)}
    if isinstance(t, Add):
        total: _Poly | None = {}
        for a in t.args:
            total = _add(total, _poly(a))
            if total is None:
                return None
        return total
    if isinstance(t, Mul):
        product: _Poly | None = {(): Fraction(1)}
        for a in t.args:
            product = _times(product, _poly(a))
            if product is None:
                return None
        return product
    if isinstance(t, SumOver):
        inside = _poly(t.body)
        if inside == {}:
            return {}
        if inside is not None and len(inside) == 1:
            ((monomial, c),) = inside.items()
            if monomial and c != 1:  # a number in the sum, in front of it
                return {(canonical(sum_over(mul(*monomial), t.index, t.guard)),): c}
    if isinstance(t, Pow) and t.args[1].is_Integer and 0 <= t.args[1] <= 8:
        product = {(): Fraction(1)}
        base = _poly(t.args[0])
        for _ in range(int(t.args[1])):
            product = _times(product, base)
        return product
    return {(canonical(t),): Fraction(1)}
