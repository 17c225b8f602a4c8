"""Smart arithmetic: like terms and like powers collected, factors kept, the order of terms kept.

Nothing here is trusted or proved; every function returns a term equal to its argument by algebra,
and callers record one move for it.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Any

import sympy

from derivation.engine.order import in_order
from derivation.normal import form, normal_term, whole_power
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    SumOver,
    Term,
    add,
    exp,
    identical,
    is_number,
    memo,
    mul,
    neg,
    number,
    power,
    value_of,
)

Factors = tuple[Fraction, list[tuple[Any, Any]]]

PLAIN = Fraction(1)  # the coefficient of a term that shows none

_TIDY: dict[Term, Any] = memo()
_SPLIT: dict[Term, Factors] = memo()
_LEADING: dict[Term, tuple[Fraction, Any]] = memo()


def tidy(t: Term) -> Any:
    """The arithmetic on top of a term tidied; what stands inside other heads is left alone.

    >>> from derivation.terms import symbol
    >>> x = symbol("x")
    >>> tidy(add(mul(x, x), mul(number(2), power(x, number(2)))))
    3*x**2
    """
    found = _TIDY.get(t)
    if found is None:
        found = _TIDY[t] = _tidy(t)
    return found


def _tidy(t: Term) -> Any:
    if isinstance(t, Add):
        return sum_of([tidy(a) for a in t.args])
    if isinstance(t, Mul):
        return product_of([tidy(a) for a in t.args])
    if isinstance(t, Pow):
        return product_of([power(tidy(t.args[0]), _tidy_exponent(t.args[1]))])
    if type(t) is sympy.exp:
        return product_of([t])
    return t


def _tidy_exponent(e: Term) -> Any:
    tidied = tidy(e)
    if isinstance(tidied, Add) and not isinstance(normal_term(tidied), Add):
        return in_order(tidied)
    return tidied


def split_product(t: Term) -> Factors:
    """The rational coefficient and the (base, exponent) pairs, like bases collected, in order."""
    found = _SPLIT.get(t)
    if found is None:
        found = _SPLIT[t] = _split_product(t)
    return found[0], list(found[1])


def _split_product(t: Term) -> Factors:
    coefficient = PLAIN
    bases: dict[Any, list[Any]] = {}

    def take(f: Any, e: Any) -> None:
        nonlocal coefficient
        whole = isinstance(e, Integer)
        if whole and is_number(f) and (f is not ZERO or e > 0):
            coefficient *= whole_power(value_of(f), int(e))
        elif whole and isinstance(f, Mul):
            for g in f.args:
                take(g, e)
        elif isinstance(f, Pow) and (whole or f.args[1] is ONE):
            take(f.args[0], _times(f.args[1], e))
        elif type(f) is sympy.exp and is_number(e):
            scale, core = _exponent_core(f.args[0])
            if core is None:
                return
            put(exp(core), _times(number(scale), e))
        else:
            put(f, e)

    def put(base: Any, e: Any) -> None:
        nonlocal coefficient
        opposite = isinstance(base, Add) and isinstance(e, Integer)
        if opposite:
            sign, base = _primitive(base)
            coefficient *= sign ** int(e)
            opposite = isinstance(base, Add)
        key = normal_term(base)
        if opposite and key not in bases:
            turned = normal_term(negated(base))
            if turned in bases:  # (a - b) beside (b - a)
                coefficient *= (-1) ** int(e)
                key = turned
        elif (
            type(base) is sympy.exp
            and key not in bases
            and any(type(x[0]) is sympy.exp for x in bases.values())
        ):
            turned = normal_term(exp(negated(base.args[0])))
            if turned in bases:  # exp(a - b) beside exp(b - a)
                key, e = turned, _times(MINUS_ONE, e)
        if key in bases:
            if isinstance(base, KroneckerDelta):
                bases[key].append(e)
                return
            bases[key][1] = _plus(bases[key][1], e)
        else:
            bases[key] = [base, e]

    take(t, ONE)
    if not coefficient:
        return coefficient, []
    out = []
    for entry in bases.values():
        base, e, *again = entry
        if e is ZERO:
            continue
        if is_number(base) and isinstance(e, Integer) and (base is not ZERO or e > 0):
            coefficient *= whole_power(value_of(base), int(e))
            continue
        out.append((base, e))
        out.extend((base, a) for a in again)
    return coefficient, out


def _primitive(t: Any) -> tuple[Fraction, Any]:
    """A numeric factor common to all terms of a sum, and the rest; the first term gets sign +."""
    coefficients = [leading(a)[0] for a in t.args]
    if all(c.denominator == 1 and abs(c) == 1 for c in coefficients[:1]) and coefficients[0] > 0:
        return Fraction(1), t
    content = Fraction(
        gcd(*[c.numerator for c in coefficients]), lcm(*[c.denominator for c in coefficients])
    )
    if all(c < 0 for c in coefficients):
        content = -content
    if content == 1:
        return content, t
    return content, add(*[scaled(a, 1 / content) for a in t.args])


def leading(t: Term) -> tuple[Fraction, Any]:
    """The numeric coefficient of a term and the rest."""
    found = _LEADING.get(t)
    if found is None:
        found = _LEADING[t] = _leading(t)
    return found


def _leading(t: Term) -> tuple[Fraction, Any]:
    if is_number(t):
        return value_of(t), ONE
    if isinstance(t, Mul):
        c = PLAIN
        rest = []
        for f in t.args:
            if is_number(f):
                c *= value_of(f)
            else:
                rest.append(f)
        return c, mul(*rest) if len(rest) < len(t.args) else t
    return PLAIN, t


def scaled(t: Term, c: Fraction) -> Any:
    """c*t, the coefficients multiplied."""
    have, rest = leading(t)
    if have is not PLAIN:
        c = have * c
    if not c:
        return ZERO
    if rest is ONE:
        return number(c)
    if c is PLAIN or c == 1:
        return rest
    return mul(number(c), *(rest.args if isinstance(rest, Mul) else (rest,)))


def _times(a: Any, b: Any) -> Any:
    if a is ONE:
        return b
    if b is ONE:
        return a
    if is_number(a) and is_number(b):
        return number(value_of(a) * value_of(b))
    return in_order(mul(a, b))


def _plus(a: Any, b: Any) -> Any:
    if is_number(a) and is_number(b):
        return number(value_of(a) + value_of(b))
    return in_order(add(a, b))


def _exponent_core(x: Term) -> tuple[Fraction, Any]:
    """x as a number times a term; the first term of a sum gets sign +."""
    poly = form(x)[0]
    if not poly:
        return Fraction(1), None
    if len(poly) == 1:
        c, rest = leading(tidy(x))
        return c, rest
    if leading(in_order(x).args[0])[0] < 0:
        return Fraction(-1), negated(tidy(x))
    return Fraction(1), tidy(x)


def negated(t: Any) -> Any:
    """-t, the sign put into the terms of a sum; what becomes positive stands first."""
    if isinstance(t, Add):
        terms = [scaled(a, Fraction(-1)) for a in t.args]
        return add(*sorted(terms, key=lambda a: leading(a)[0] < 0))
    return scaled(t, Fraction(-1))


def _is_below(factor: tuple[Any, Any]) -> bool:
    base, e = factor
    return isinstance(e, Rational) and e.p < 0 and type(base) is not sympy.exp


def join_product(coefficient: Fraction, factors: list[tuple[Any, Any]]) -> Any:
    """The product of a coefficient and powers."""
    if not coefficient:
        return ZERO
    out = []
    for base, e in sorted(factors, key=_is_below) if len(factors) > 1 else factors:
        if type(base) is sympy.exp and is_number(e):
            arg = base.args[0]
            if e is not ONE:
                arg = (
                    negated(arg)
                    if e is MINUS_ONE
                    else scaled(arg, value_of(e))
                    if not isinstance(arg, Add)
                    else (add(*[scaled(a, value_of(e)) for a in arg.args]))
                )
            out.append(exp(arg))
        else:
            out.append(base if e is ONE else power(base, e))
    if not out or (coefficient is not PLAIN and coefficient != 1):
        out.insert(0, number(coefficient))
    return mul(*out)


def product_of(factors: list[Any]) -> Any:
    """The product with like powers collected and numbers in front."""
    coefficient, parts = split_product(mul(*factors))
    return join_product(coefficient, parts)


def sum_of(terms: list[Any]) -> Any:
    """The sum with like terms collected, in order of first appearance."""
    coefficients: dict[Any, Fraction] = {}
    shown: dict[Any, Any] = {}

    def take(t: Any, c: Fraction) -> None:
        have, rest = leading(t)
        if have is not PLAIN:
            c = c * have
        if isinstance(rest, Add):
            for a in rest.args:
                take(a, c)
            return
        key = normal_term(rest)
        inner = PLAIN
        if not isinstance(key, Add):  # else it multiplies out: kept as written
            inner, key = leading(key)
        if inner is not PLAIN:
            c = c * inner
        if key in shown:
            coefficients[key] += c
        else:
            shown[key] = rest if inner is PLAIN or not inner else scaled(rest, 1 / inner)
            coefficients[key] = c

    for t in terms:
        take(t, PLAIN)
    return add(*[scaled(shown[k], c) for k, c in coefficients.items() if c])


def expanded(t: Term) -> Any:
    """Products multiplied out over sums at the top of a term, like terms collected."""
    if isinstance(t, Add):
        return sum_of([expanded(a) for a in t.args])
    if isinstance(t, Mul):
        coefficient, parts = split_product(t)
        terms: list[list[Any]] = [[]]
        for base, e in parts:
            times = int(value_of(e)) if is_number(e) and value_of(e).denominator == 1 else 0
            inner = expanded(base) if isinstance(base, (Add, Mul)) else base
            if (
                isinstance(inner, Add)
                and 0 < times <= 4
                and len(terms) * len(inner.args) ** times <= 400
            ):
                for _ in range(times):
                    terms = [[*have, a] for have in terms for a in inner.args]
            else:
                factor = base if e is ONE else power(base, e)
                terms = [[*have, factor] for have in terms]
        return sum_of([scaled(product_of(have), coefficient) for have in terms])
    if isinstance(t, Pow) and is_number(t.args[1]) and t.args[1] in (number(2), number(3)):
        inner = expanded(t.args[0])
        if isinstance(inner, Add):
            return expanded(mul(*[inner] * int(value_of(t.args[1]))))
    return t


def exponent_of(base: Any, parts: list[tuple[Any, Any]]) -> Any:
    """The exponent of a base among powers, where it may stand with the opposite sign; or None."""
    key = normal_term(base)
    turned = normal_term(negated(base)) if isinstance(base, Add) else None
    for b, e in parts:
        if b is base:
            return e
        own = normal_term(b)
        if own is key or own is turned or (type(own) is type(key) and own in (key, turned)):
            return e
    return None


def shared_powers(split: list[list[tuple[Any, Any]]]) -> list[tuple[Any, Any]]:
    """The powers that several products have in common, each with the exponent nearest to 0."""
    shared: list[tuple[Any, Any]] = []
    for base, e in split[0]:
        exps = [exponent_of(base, parts) for parts in split]
        if None in exps:
            continue
        if not is_number(e):
            gaps = [tidy(add(x, neg(e))) for x in exps]
            if all(map(is_number, gaps)):
                shared.append((base, tidy(add(e, number(min(map(value_of, gaps)))))))
        elif all(map(is_number, exps)):
            values = [value_of(x) for x in exps]
            low = min(values, key=abs)
            if all(v * low > 0 for v in values):
                shared.append((base, number(low)))
    return shared


def in_front(t: Term) -> Any:
    """A sum of terms with the factors that all of them have in front: s - s*r as s*(1 - r)."""
    if not isinstance(t, Add):
        return t
    powers = shared_powers([split_product(a)[1] for a in t.args])
    shared = [(b, e) for b, e in powers if is_number(e) and value_of(e) > 0]
    if not shared:
        return t
    below = [(b, number(-value_of(e))) for b, e in shared]
    inner = add(*[tidy(mul(a, join_product(PLAIN, below))) for a in t.args])
    return mul(join_product(PLAIN, shared), inner)


def same(a: Term, b: Term) -> bool:
    """Equal as polynomials."""
    return identical(a, b) or bool(form(a)[0] == form(b)[0])


def sums_in(t: Any) -> list[tuple[Any, Any]]:
    """(outside, sum) for each indexed sum that is a factor of the term."""
    c, parts = split_product(t)
    out = []
    for k, (base, e) in enumerate(parts):
        if isinstance(base, SumOver) and e is ONE:
            rest = parts[:k] + parts[k + 1 :]
            out.append((join_product(c, rest), base))
    return out


def beside(c: Fraction, parts: list[tuple[Any, Any]], last: Any) -> tuple[Any, tuple[int, ...]]:
    """c times powers times one factor that stays as it is, and the place of that factor."""
    front = join_product(c, parts)
    if front is ONE:
        return last, ()
    whole = mul(*(front.args if isinstance(front, Mul) else (front,)), last)
    return whole, (len(whole.args) - 1,)


def over_one_denominator(t: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """A sum of terms as (numerator, powers below); no powers below if there are no denominators."""
    split = [split_product(a) for a in t.args]
    below: dict[Any, tuple[Any, Fraction]] = {}
    for _, parts in split:
        for b, e in parts:
            if is_number(e) and value_of(e) < 0 and type(b) is not sympy.exp:
                key = normal_term(b)
                if key not in below or below[key][1] < -value_of(e):
                    below[key] = (b, -value_of(e))
    numeric = lcm(*[c.denominator for c, _ in split])
    powers = [(b, number(e)) for b, e in below.values()]
    if not powers and numeric == 1:
        return t, []
    front = join_product(Fraction(numeric), powers)
    top = sum_of([expanded(tidy(mul(front, a))) for a in t.args])
    return top, [*powers, *([(number(numeric), ONE)] if numeric != 1 else [])]
