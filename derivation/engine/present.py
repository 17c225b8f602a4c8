"""The order a person writes: numbers in front, one fraction, positive terms first."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.arithmetic import join_product, leading, scaled, split_product
from derivation.engine.cost import cost
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    Condition,
    Diff,
    Index,
    Mul,
    Partial,
    Pow,
    Reduction,
    Size,
    SumOver,
    Symbol,
    add,
    inverse,
    is_leaf,
    is_number,
    mul,
    number,
    power,
    rebuild,
    value_of,
)


def presented(t: Any) -> Any:
    """The same term, by algebra, in the order a person writes it."""
    if is_leaf(t) or isinstance(t, (Diff, Partial, Condition)):
        return t
    if isinstance(t, Add):
        if _in_ratio(t) is not None:
            return _product(t)
        return _sum([_term(a) for a in t.args])
    if isinstance(t, Mul):
        return _product(t)
    if isinstance(t, Pow):
        base, e = presented(t.args[0]), t.args[1]
        if is_number(e) and value_of(e) < 0 and isinstance(base, Mul):
            return inverse(power(base, -e)) if e != -ONE else inverse(base)
        return rebuild(t, (base, presented(e)))
    if isinstance(t, Reduction):
        return rebuild(t, (presented(t.body), t.index, t.guard))
    return rebuild(t, tuple(presented(a) for a in t.args))


def _term(t: Any) -> Any:
    """A term of a sum, which may keep its minus sign: a - (1 - y)/b, not a + (y - 1)/b."""
    return _product(t, signs=False) if isinstance(t, Mul) else presented(t)


def _sum(terms: list[Any]) -> Any:
    flat: list[Any] = []
    for a in terms:
        flat.extend(a.args if isinstance(a, Add) else (a,))
    positive = [a for a in flat if leading(a)[0] > 0]
    negative = [a for a in flat if leading(a)[0] <= 0]
    if positive and all(is_number(a) for a in positive) and any(not is_number(a) for a in negative):
        return add(*positive, *negative)
    numbers = [a for a in positive if is_number(a)]
    others = [a for a in positive if not is_number(a)]
    if negative:
        return add(*others, *numbers, *negative)
    return add(*sorted(positive, key=is_number) if not numbers else [*others, *numbers])


def _rank(base: Any) -> int:
    """Scalars in front, indexed sums last, the others as they came: error before input."""
    if isinstance(base, (Size, Index)) or (type(base) is Symbol):
        return 0
    return 2 if isinstance(base, SumOver) else 1


def _product(t: Any, signs: bool = True) -> Any:
    coefficient, parts = split_product(t)
    if not coefficient:
        return ZERO
    for base, e in parts:
        alike = _in_ratio(base) if e == ONE else None
        if alike is not None:
            others = [alike[0] if p[0] is base else p for p in parts]
            coefficient, parts = split_product(join_product(coefficient, [*others, alike[1]]))
            break
    above: list[tuple[Any, Any]] = []
    below: list[tuple[Any, Any]] = []
    for base, e in parts:
        if type(base) is sympy.exp and is_number(e) and value_of(e) > 0:
            above.append((_exponential(base, e), ONE))
            continue
        base = presented(base)
        if not is_number(e):
            e = presented(e)
        if is_number(e) and value_of(e) < 0:
            below.append((base, number(-value_of(e))))
        elif leading(e)[0] < 0 and type(base) is not sympy.exp:
            below.append((base, scaled(e, Fraction(-1))))
        else:
            above.append((base, e))
    above, below = _ratios(above, below)
    if abs(coefficient.numerator) == 1 and not above:  # exp(-x)/b, not 1/(exp(x)*b)
        for k, (base, e) in enumerate(below):
            if type(base) is sympy.exp:
                above.append((_exponential(base, -e), ONE))
                del below[k]
                break
    if coefficient < 0 and signs:
        for k, (base, e) in enumerate(above):
            if (
                isinstance(base, Add)
                and is_number(e)
                and value_of(e).denominator == 1
                and value_of(e) % 2 == 1
            ):
                flipped = _sum([scaled(a, Fraction(-1)) for a in base.args])
                if leading(flipped.args[0])[0] > 0:
                    above[k] = (flipped, e)
                    coefficient = -coefficient
                    break
    above.sort(key=lambda item: _rank(item[0]))
    top = join_product(Fraction(coefficient.numerator), above)
    bottom = join_product(Fraction(coefficient.denominator), below)
    if bottom == ONE:
        return top
    if is_number(bottom):
        return (
            mul(*_factors(top), inverse(bottom))
            if not is_number(top)
            else number(value_of(top) / value_of(bottom))
        )
    if top == ONE:
        return inverse(bottom)
    return mul(*_factors(top), inverse(bottom))


def _exponential(base: Any, e: Any) -> Any:
    """exp(x) to a power, as one exponential, its argument as a person writes it."""
    joined = join_product(Fraction(1), [(base, e)])
    return rebuild(joined, (presented(joined.args[0]),))


def _ratios(
    above: list[tuple[Any, Any]], below: list[tuple[Any, Any]]
) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    """a**n/b**n as (a/b)**n."""
    for k, (a, n) in enumerate(above):
        for m, (b, e) in enumerate(below):
            if n == e != ONE and is_number(n) and value_of(n).denominator == 1:
                ratio = (mul(*_factors(a), inverse(b)), n)
                return _ratios([*above[:k], ratio, *above[k + 1 :]], below[:m] + below[m + 1 :])
    return above, below


def _in_ratio(t: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]] | None:
    """s**6/r**7 - 2*s**12/r**13 is (s**6/r**6 - 2*s**12/r**12) times r**(-1)."""
    if not isinstance(t, Add):
        return None
    split = [split_product(a) for a in t.args]
    first = [(b, value_of(e)) for b, e in split[0][1] if _whole(e)]
    for (x, e), (y, f) in itertools.permutations(first, 2):
        outside = 1 + cost(y) + (2 if abs(e + f) > 1 else 0)
        if not e > 1 or not f < -1 or e + f == 0 or outside > 2 * len(split):
            continue
        inner = []
        for c, parts in split:
            have = {b: value_of(n) for b, n in parts if _whole(n)}
            if have.get(x, 0) < 2 or have[x] + have.get(y, 0) != e + f:
                break
            rest = [p for p in parts if p[0] != y]
            inner.append(join_product(c, [*rest, (y, number(-have[x]))]))
        else:
            return (add(*inner), ONE), (y, number(e + f))
    return None


def _whole(e: Any) -> bool:
    return is_number(e) and bool(value_of(e).denominator == 1)


def _factors(t: Any) -> tuple[Any, ...]:
    return t.args if isinstance(t, Mul) else (t,)
