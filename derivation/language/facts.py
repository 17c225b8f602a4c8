"""A given that can never hold is bad input: both sides are compared as polynomials."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derivation.language.lexer import Token, fail
from derivation.language.scope import constant_value
from derivation.terms import Add, KroneckerDelta, Mul, Pow, Size, canonical

_MAX_MONOMIALS, _MAX_DEGREE = 200, 16
_Poly = dict[tuple[Any, ...], Fraction]


def check_given(op: str, left: Any, right: Any, token: Token) -> None:
    """Refuse ``left op right`` if it is false whatever the arrays and sizes are."""
    difference = _add(_poly(left), _poly(right), -1)
    if difference is None or _possible(op, difference):
        return
    fail(token, "this given can never hold")


def _possible(op: str, difference: _Poly) -> bool:
    constant = difference.get((), Fraction(0))
    rest = {m: c for m, c in difference.items() if m}
    if not rest:
        return _holds(op, constant)
    (monomial, slope), *more = rest.items()
    if more or len(monomial) != 1 or not isinstance(monomial[0], Size):
        return True
    root = -constant / slope
    if op == "==":
        return root.denominator == 1 and root >= 1
    if op == "!=":
        return True
    grows = slope > 0
    if (op in (">", ">=")) == grows:
        return True  # holds for large sizes
    return _holds(op, slope + constant)  # best at size 1


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
    if isinstance(t, Pow) and t.args[1].is_Integer and 0 <= t.args[1] <= 8:
        product = {(): Fraction(1)}
        for _ in range(int(t.args[1])):
            product = _times(product, _poly(t.args[0]))
        return product
    return {(canonical(t),): Fraction(1)}
