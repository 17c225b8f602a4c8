"""Exact normal form of terms as generalised polynomials: what "equal by algebra" means. Trusted.

A term becomes a finite sum of monomials with rational coefficients. A monomial maps atoms to
exponents, which may be rational or symbolic: exp(f) is the atom e with exponent f, so that
exp(a)*exp(b) and exp(a + b) are one. Atoms (array entries, sums, logarithms …) are normal inside
and named up to their bound letters, so equality is decided under sums too.

Every use of a law that needs a condition (x/x = 1 needs x != 0) records it; the kernel consumes
what is recorded. Terms that are equal as polynomials have equal normal forms; with denominators
that are sums, ``difference_vanishes`` clears them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd, lcm, prod
from typing import Any

import sympy

from derivation.errors import RuleRefused
from derivation.terms import (
    MIRROR,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Condition,
    Diff,
    Function,
    FunctionDerivative,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Rational,
    Reduction,
    Relation,
    Size,
    Term,
    add,
    any_of,
    canonical,
    delta,
    every,
    exp,
    function_derivative,
    if_else,
    is_leaf,
    memo,
    mul,
    negate,
    number,
    power,
    rebuild,
    relation,
    replace_terms,
    split_function_derivative,
)

Monomial = frozenset[tuple[Any, Any]]
Poly = dict[Monomial, Any]  # coefficients are int or Fraction
Conditions = frozenset[Any]

E = sympy.E
UNIT: Monomial = frozenset()
MAX_TERMS = 3000
MAX_TEXT = 4000  # characters of a term's text; of a longer one a digest stands for the rest
# a product of so many brackets that would come to so many terms is left in factors
MANY_BRACKETS, MAX_OPENED = 4, 64
MAX_POWER = 12
MAX_BITS = 13_000  # of a power of a number: what Python still writes out

_WHOLES: dict[Any, None] = memo()  # sums that were left as atoms
_MEMO: dict[Term, tuple[Poly, Conditions]] = memo()
_TEXT: dict[Term, str] = memo()
_TERMS: dict[Term, Any] = memo()


def text(t: Term) -> str:
    """A total order on terms, the same in every run."""
    found = _TEXT.get(t)
    if found is None:
        if not t.args:
            if isinstance(t, sympy.Symbol):
                found = f"{t.name}:{type(t).__name__}"
            elif isinstance(t, Integer):
                found = f"{type(t).__name__}:{t.p}"
            else:
                found = f"{type(t).__name__}:{t}"
        else:
            inner = ",".join(map(text, t.args))
            if len(inner) > MAX_TEXT:  # what stands in many places would be written as often
                inner = f"{inner[:80]}…{_digest(inner)}"
            found = f"{type(t).__name__}({inner})"
        _TEXT[t] = found
    return found


def _digest(s: str) -> str:
    from hashlib import sha256

    return sha256(s.encode()).hexdigest()


def _coefficient(c: Any) -> Any:
    return c.numerator if isinstance(c, Fraction) and c.denominator == 1 else c


def normal(t: Term) -> tuple[Poly, Conditions]:
    """The normal form and the conditions under which the term equals it.

    Raises:
        RuleRefused: It would be too long.
    """
    found = form(t)
    if any(isinstance(a, _Whole) for m in found[0] for a, _ in m):
        raise RuleRefused("too many terms to multiply out")
    return found


def form(t: Term) -> tuple[Poly, Conditions]:
    """The same, products that would be too long left in factors."""
    found = _MEMO.get(t)
    if found is None:
        needs: set[Any] = set()
        poly = _normal(t, needs)
        found = _MEMO[t] = (poly, frozenset(map(_bare, needs)))
    return found


def _bare(c: Any) -> Any:
    """A condition about a sum that was an atom, in terms of the sum."""
    if not _WHOLES:
        return c
    return replace_terms(c, lambda s: s.args[0] if isinstance(s, _Whole) else None)


def _poly(t: Term, needs: set[Any]) -> Poly:
    poly, conditions = form(t)
    needs.update(conditions)
    return poly


def _normal(t: Term, needs: set[Any]) -> Poly:
    if isinstance(t, Rational):
        value = _coefficient(Fraction(int(t.p), int(t.q)))
        return {UNIT: value} if value else {}
    if isinstance(t, Add):
        out: Poly = {}
        for a in t.args:
            for m, c in _poly(a, needs).items():
                accumulate(out, m, c)
        return out
    if isinstance(t, Mul):
        factors = list(_flat_factors(t))
        polys = [_poly(f, needs) for f in factors]
        most = MAX_OPENED if sum(len(p) > 1 for p in polys) >= MANY_BRACKETS else MAX_TERMS
        product = _product(polys, most, needs)
        if product is None:
            product = _product([_whole(f, needs) for f in factors], MAX_TERMS, needs)
        if product is None:
            raise RuleRefused("too many terms to multiply out")
        return product
    if isinstance(t, Pow):
        base, exponent = t.args
        if isinstance(exponent, Integer):  # denominators stay factored
            if isinstance(base, Mul):
                return _normal(mul(*[power(f, exponent) for f in base.args]), needs)
            if isinstance(base, Pow) and isinstance(base.args[1], Integer):
                return _poly(power(base.args[0], number(int(base.args[1]) * int(exponent))), needs)
        return _power(_poly(base, needs), exponent, needs)
    if type(t) is sympy.exp:
        exponent = term_of(_poly(t.args[0], needs))
        return {UNIT: 1} if exponent == ZERO else {frozenset(((E, _exponent(exponent)),)): 1}
    return _atom(t, needs)


def _atom(t: Term, needs: set[Any]) -> Poly:
    if is_leaf(t):
        return {frozenset(((t, 1),)): 1}
    if isinstance(t, KroneckerDelta):
        i, j = sorted(t.args, key=text)
        if i == j:
            return {UNIT: 1}
        if isinstance(i, Integer) and isinstance(j, Integer):
            return {}
        return {frozenset(((delta(i, j), 1),)): 1}
    if isinstance(t, Reduction):
        if isinstance(t, Condition):
            raise RuleRefused("a condition is not a value")
        atom = _reduction(t, needs)
    elif isinstance(t, IfElse):
        condition = oriented(t.args[0])
        branches = []
        for branch, assumed in ((t.args[1], t.args[0]), (t.args[2], negate(t.args[0]))):
            inner: set[Any] = set()
            branches.append(term_of(_poly(branch, inner)))
            needs.update(guarded(c, assumed) for c in inner)
        if branches[0] == branches[1]:
            return _poly(branches[0], needs)
        atom = if_else(condition, *branches)
    elif isinstance(t, (Diff, Partial)):
        atom = canonical(t)
    elif isinstance(t, (sympy.Max, sympy.Min)):
        atom = rebuild(t, tuple(sorted((term_of(_poly(a, needs)) for a in t.args), key=text)))
    elif isinstance(t, FunctionDerivative):
        name, orders, xs = split_function_derivative(t)
        atom = function_derivative(name, orders, *[term_of(_poly(x, needs)) for x in xs])
    elif isinstance(t, Function):
        atom = rebuild(t, tuple(term_of(_poly(a, needs)) for a in t.args))
    else:
        atom = canonical(t)
    return {frozenset(((atom, 1),)): 1}


def _reduction(t: Any, needs: set[Any]) -> Term:
    """Normal inside, the bound index named by height."""
    out = canonical(t)
    inner: set[Any] = set()
    for k in range(4):  # what becomes of the body may change the height, and so the order of terms
        body = term_of(_poly(out.body, set() if k else inner))
        again = rebuild(out, (body, out.index, oriented(out.guard)))
        named = canonical(again)
        if not k:
            needs.update(every(c, out.index, out.guard) for c in inner)
        out = named
        if named == again:
            break
    return out


def oriented(c: Term) -> Any:
    """A condition with each relation written one way round, and its parts in one order."""
    if isinstance(c, Relation):
        left, right = canonical(c.left), canonical(c.right)
        if c.op in (">", ">=") or (c.op in ("==", "!=") and text(right) < text(left)):
            return relation(MIRROR[c.op], right, left)
        return relation(c.op, left, right)
    if isinstance(c, Reduction):
        return canonical(c)
    parts = tuple(sorted({oriented(a) for a in c.args}, key=text))
    if len(parts) == 1 and isinstance(c, (AllOf, AnyOf)):
        return parts[0]
    return rebuild(c, parts)


def guarded(condition: Term, assumed: Term) -> Any:
    """``condition`` wherever ``assumed`` holds."""
    return condition if assumed == TRUE else any_of(negate(assumed), condition)


def accumulate(poly: Poly, m: Monomial, c: Any) -> None:
    """Adds one monomial to a polynomial in place."""
    total = poly.get(m, 0) + c
    if total:
        poly[m] = _coefficient(total)
    else:
        poly.pop(m, None)


def _exponent(t: Any) -> Any:
    if isinstance(t, Rational):
        return _coefficient(Fraction(int(t.p), int(t.q)))
    return t


def _as_term(e: Any) -> Any:
    return number(e) if isinstance(e, (int, Fraction)) else e


def _add_exponents(a: Any, b: Any, needs: set[Any]) -> Any:
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        return _coefficient(a + b)
    return _exponent(term_of(_poly(add(_as_term(a), _as_term(b)), needs)))


_COMPOSITE = (Add, Mul, Pow, Rational)


def _composite(atom: Any) -> bool:
    return isinstance(atom, _COMPOSITE)


def times(m1: Monomial, m2: Monomial, needs: set[Any]) -> Monomial:
    """The product of two monomials; may leave a composite atom with a whole exponent."""
    if not m1:
        return m2
    if not m2:
        return m1
    out = dict(m1)
    _meet(out, m2, needs)
    return frozenset(out.items())


def _meet(powers: dict[Any, Any], m: Monomial, needs: set[Any]) -> None:
    """Multiplies powers of atoms by a monomial, in place."""
    for atom, e in m:
        have = powers.get(atom)
        if have is None:
            powers[atom] = e
            continue
        if atom != E:
            _needed(atom, have, e, needs)
        total = _add_exponents(have, e, needs)
        if isinstance(total, int) and total == 0:
            del powers[atom]
        else:
            powers[atom] = total


def _needed(atom: Any, a: Any, b: Any, needs: set[Any]) -> None:
    """What x**a * x**b = x**(a + b) needs."""
    if isinstance(a, int) and isinstance(b, int):
        if (a < 0) != (b < 0):
            needs.add(relation("!=", atom, ZERO))
    elif isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        needs.add(relation(">=" if a > 0 and b > 0 else ">", atom, ZERO))
    elif is_whole(_as_term(a)) and is_whole(_as_term(b)):  # x**0 = 1 for x = 0 too
        if not (never_negative(_as_term(a)) and never_negative(_as_term(b))):
            needs.add(relation("!=", atom, ZERO))
    else:
        needs.add(relation(">", atom, ZERO))


def is_whole(t: Term) -> bool:
    """Whether the term is an integer by its form: of sizes, indices and whole numbers."""
    if isinstance(t, (Add, Mul)):
        return all(map(is_whole, t.args))
    return isinstance(t, (Integer, Size, Index))


def never_negative(t: Term) -> bool:
    """Whether a whole term cannot be negative, sizes and indices being at least 1."""
    least = _least(t)
    return least is not None and least >= 0


def _least(t: Term) -> int | None:
    """A whole number that a whole term is not below; None where none is seen."""
    if isinstance(t, Integer):
        return int(t)
    if isinstance(t, (Size, Index)):
        return 1
    if not isinstance(t, (Add, Mul)):
        return None
    bounds = [b for b in map(_least, t.args) if b is not None]
    if len(bounds) < len(t.args):
        return None
    if isinstance(t, Add):
        return sum(bounds)
    return prod(bounds) if min(bounds) >= 0 else None


def _plain_product(polys: list[Poly], needs: set[Any]) -> tuple[Poly, int]:
    """The product of the first factors that are single powers of plain atoms; how many these are.

    What ``multiply`` would make of them, in one pass.
    """
    out: dict[Any, Any] = {}
    c: Any = 1
    count = 0
    for poly in polys:
        if len(poly) != 1:
            break
        ((m, d),) = poly.items()
        if any(_composite(atom) for atom, _ in m):
            break
        _meet(out, m, needs)
        c *= d
        count += 1
    return {frozenset(out.items()): _coefficient(c)}, count


def _product(polys: list[Poly], most: int, needs: set[Any]) -> Poly | None:
    """The product of polynomials; None if it would come to more terms than that."""
    product, rest = _plain_product(polys, needs)
    for k in range(rest, len(polys)):
        if len(product) * len(polys[k]) > most:
            return None
        product = multiply(product, polys[k], needs)
    return product


def whole_power(value: Fraction, n: int) -> Fraction:
    """``value**n``, unless that is a number too long to be worth having.

    >>> whole_power(Fraction(2, 3), 4)
    Fraction(16, 81)
    """
    bits = (max(abs(value.numerator), value.denominator, 1) - 1).bit_length()  # 0 of 0, 1 and -1
    if bits * abs(n) > MAX_BITS:
        raise RuleRefused("a power comes to a number of thousands of digits")
    return value**n


def multiply(p: Poly, q: Poly, needs: set[Any]) -> Poly:
    """The product, with composite atoms of whole exponent multiplied out again."""
    if len(p) * len(q) > MAX_TERMS:
        raise RuleRefused("too many terms to multiply out")
    out: Poly = {}
    again: list[tuple[Monomial, Any]] = []
    for m1, c1 in p.items():
        for m2, c2 in q.items():
            m = times(m1, m2, needs)
            if any(_expands(a, e) for a, e in m):
                again.append((m, c1 * c2))
            else:
                accumulate(out, m, c1 * c2)
    for m, c in again:
        product: Poly = {frozenset((a, e) for a, e in m if not _expands(a, e)): c}
        for a, e in m:
            if isinstance(a, Rational) and _expands(a, e):
                value = whole_power(Fraction(int(a.p), int(a.q)), e)
                product = {n: _coefficient(x * value) for n, x in product.items()}
            elif _expands(a, e):
                if isinstance(a, (Mul, Pow)):
                    product = multiply(product, _power(_poly(a, needs), number(e), needs), needs)
                    continue
                for _ in range(e):
                    product = multiply(product, _poly(a, needs), needs)
        for m2, c2 in product.items():
            accumulate(out, m2, c2)
    return out


def _expands(atom: Any, e: Any) -> bool:
    """Whether an atom of a monomial has become an ordinary factor again."""
    if isinstance(atom, Rational):
        return isinstance(e, int) and atom != ZERO
    if isinstance(atom, (Mul, Pow)) and isinstance(e, int):
        return True  # a power of a product is one of its factors
    return _composite(atom) and isinstance(e, int) and 0 < e <= MAX_POWER


def _power(base: Poly, exponent: Term, needs: set[Any]) -> Poly:
    e = _exponent(term_of(_poly(exponent, needs)))
    if e == 0 and isinstance(e, int):
        return {UNIT: 1}
    if len(base) > 1 and isinstance(e, int) and 0 < e <= MAX_POWER and len(base) ** e <= MAX_TERMS:
        out: Poly = {UNIT: 1}
        for _ in range(e):
            out = multiply(out, base, needs)
        return out
    if not base:
        if isinstance(e, int) and e > 0:
            return {}
        return {frozenset(((ZERO, e),)): 1}  # 0**e: left alone
    if len(base) == 1:
        ((m, c),) = base.items()
        if isinstance(e, int):
            return multiply(
                {_scale(m, e, needs): _coefficient(whole_power(Fraction(c), e))}, {UNIT: 1}, needs
            )
        if c == 1 and len(m) == 1:
            ((atom, inner),) = m
            if atom == E or inner == 1:
                return {_scale(m, e, needs): 1}
        if not m:
            root = _exact_root(c, e)
            if root is not None:
                return {UNIT: root}
    content, primitive = (1, base) if not isinstance(e, int) else _content(base)
    common = UNIT
    if isinstance(e, int):
        common, primitive = _common_monomial(primitive, needs)
    atom = term_of(primitive)
    if not isinstance(atom, Add) and isinstance(e, int):
        return multiply(
            {_scale(common, e, needs): _coefficient(whole_power(Fraction(content), e))},
            _power(primitive, number(e), needs) if len(primitive) == 1 else {UNIT: 1},
            needs,
        )
    return {
        times(_scale(common, e, needs), frozenset(((atom, e),)), needs): (
            _coefficient(whole_power(Fraction(content), e)) if isinstance(e, int) else 1
        )
    }


def _scale(m: Monomial, e: Any, needs: set[Any]) -> Monomial:
    """The monomial to a power."""
    out = []
    for atom, inner in m:
        if isinstance(inner, (int, Fraction)) and isinstance(e, (int, Fraction)):
            total = _coefficient(inner * e)
        else:
            total = _exponent(term_of(_poly(mul(_as_term(inner), _as_term(e)), needs)))
        if atom != E and not isinstance(inner, int):
            needs.add(relation(">", atom, ZERO))
        out.append((atom, total))
    return frozenset(out)


def _exact_root(c: Any, e: Any) -> Any:
    """c**e for a rational exponent where it is rational."""
    if not isinstance(e, Fraction) or c <= 0 or e.denominator > 12 or abs(e.numerator) > 12:
        return None
    value = whole_power(Fraction(c), abs(e.numerator))
    roots = []
    for part in (value.numerator, value.denominator):
        root = sympy.integer_nthroot(part, e.denominator)
        if not root[1]:
            return None
        roots.append(int(root[0]))
    out = Fraction(roots[0], roots[1])
    return _coefficient(out if e > 0 else 1 / out)


def _content(poly: Poly) -> tuple[Any, Poly]:
    """The rational content, with the sign of the first term, and what is left."""
    values = [Fraction(c) for c in poly.values()]
    content = Fraction(gcd(*[v.numerator for v in values]), lcm(*[v.denominator for v in values]))
    first = min(poly, key=_monomial_text)
    if poly[first] < 0:
        content = -content
    return content, {m: _coefficient(Fraction(c) / content) for m, c in poly.items()}


def _common_monomial(poly: Poly, needs: set[Any]) -> tuple[Monomial, Poly]:
    """The largest monomial with whole exponents that divides all: no law of powers is needed."""
    first, *rest = poly
    shared: dict[Any, Any] = {}
    for atom, e in first:
        if atom == E or not isinstance(e, int) or _composite(atom):
            continue
        lowest = e
        for m in rest:
            other = dict(m).get(atom, 0)
            lowest = min(lowest, other) if isinstance(other, int) else 0
        if lowest > 0:
            shared[atom] = lowest
    if not shared:
        return UNIT, poly
    divisor = frozenset((a, -e) for a, e in shared.items())
    out: Poly = {}
    silent: set[Any] = set()
    for m, c in poly.items():
        accumulate(out, times(m, divisor, silent), c)
    return frozenset(shared.items()), out


def _monomial_text(m: Monomial) -> str:
    return "*".join(
        sorted(f"{text(a)}^{e if isinstance(e, (int, Fraction)) else text(e)}" for a, e in m)
    )


def term_of(poly: Poly) -> Any:
    """The canonical term of a polynomial."""
    if not poly:
        return ZERO
    if len(poly) == 1:
        ((m, c),) = poly.items()
        return _monomial_term(m, c)
    return add(*[_monomial_term(m, poly[m]) for m in sorted(poly, key=_monomial_text)])


class _Whole(sympy.Expr):  # type: ignore[misc]
    """A sum of terms as an atom: what has it for a factor is too long to be multiplied out."""

    __slots__ = ()


def _flat_factors(t: Any) -> Iterator[Any]:
    """The factors of a product, those of the products in it too."""
    for f in t.args:
        if isinstance(f, Mul):
            yield from _flat_factors(f)
        elif isinstance(f, Pow) and isinstance(f.args[0], Mul) and isinstance(f.args[1], Integer):
            yield from (power(g, f.args[1]) for g in _flat_factors(f.args[0]))
        else:
            yield f


def _whole(f: Any, needs: set[Any]) -> Poly:
    """A factor as one monomial, its first term with the coefficient 1."""
    n = 1
    if isinstance(f, Pow) and isinstance(f.args[0], Add) and isinstance(f.args[1], Integer):
        f, n = (f.args[0], int(f.args[1])) if f.args[1] > 0 else (f, 1)
    poly = _poly(f, needs)
    if len(poly) < 2:
        return poly if n == 1 else _power(poly, number(n), needs)
    c = Fraction(poly[min(poly, key=_monomial_text)])
    atom = _Whole(term_of({m: _coefficient(x / c) for m, x in poly.items()}))
    _WHOLES[atom] = None
    return {frozenset(((atom, n),)): _coefficient(whole_power(c, n))}


def _monomial_term(m: Monomial, c: Any) -> Any:
    factors = []
    for a, e in sorted(m, key=lambda item: text(item[0])):
        if a is E:
            factors.append(exp(_as_term(e)))
        elif isinstance(a, _Whole):
            factors.append(a.args[0] if e == 1 else power(a.args[0], _as_term(e)))
        elif isinstance(e, int) and e == 1:
            factors.append(a)
        else:
            factors.append(power(a, _as_term(e)))
    if c != 1 or not factors:
        factors.insert(0, number(c))
    return mul(*factors)


def normal_term(t: Term) -> Any:
    """The normal form as a term."""
    if is_leaf(t) and t is not E:
        return t
    found = _TERMS.get(t)
    if found is None:
        found = _TERMS[t] = term_of(form(t)[0])
    return found


def difference_vanishes(a: Term, b: Term) -> Conditions | None:
    """The conditions under which a = b by algebra, or None if algebra does not show it.

    >>> from derivation.terms import symbol, inverse, add, ONE
    >>> e = symbol("e"); d = add(ONE, e)
    >>> sorted(map(str, difference_vanishes(add(inverse(d), mul(e, inverse(d))), ONE)))
    ['Relation(!=, e + 1, 0)']
    """
    (p, need_p), (q, need_q) = form(a), form(b)
    needs: set[Any] = set(need_p | need_q)
    if p == q:
        return frozenset(needs)
    poly = dict(p)
    for m, c in q.items():
        accumulate(poly, m, -c)
    for _ in range(12):
        lowest: dict[Any, int] = {}
        for m in poly:
            for atom, e in m:
                if isinstance(atom, Add) and isinstance(e, (int, Fraction)) and e < 0:
                    lowest[atom] = min(lowest.get(atom, 0), -ceil(-e))
        if not lowest:
            break
        atom = min(lowest, key=text)
        needs.add(relation("!=", atom, ZERO))
        poly = multiply(poly, {frozenset(((atom, -lowest[atom]),)): 1}, needs)
    if poly:
        poly = _symbolic_powers_cleared(poly, needs)
    return frozenset(map(_bare, needs)) if not poly else None


def _symbolic_powers_cleared(poly: Poly, needs: set[Any]) -> Poly:
    """A**(s + n) as A**s times A**n multiplied out, for sums A and symbolic s."""
    out: Poly = {}
    lowest: dict[tuple[Any, Any], int] = {}
    split: list[tuple[Monomial, Any, list[tuple[Any, Any, int]]]] = []
    for m, c in poly.items():
        parts = []
        for atom, e in m:
            if isinstance(atom, Add) and not isinstance(e, int):
                if isinstance(e, Fraction):
                    whole, key = floor(e), number(e - floor(e))
                else:
                    inner = dict(form(e)[0])
                    whole, key = inner.pop(UNIT, 0), ZERO
                    key = term_of(inner)
                if isinstance(whole, int):
                    lowest[atom, key] = min(lowest.get((atom, key), whole), whole)
                    parts.append((atom, key, whole))
        split.append((m, c, parts))
    if not lowest:
        return poly
    for m, c, parts in split:
        atoms = {a for a, _, _ in parts}
        product: Poly = {frozenset((a, e) for a, e in m if a not in atoms): c}
        for atom, key, whole in parts:
            needs.add(relation(">", atom, ZERO))
            extra = whole - lowest[atom, key]
            if extra > MAX_POWER:
                return poly
            product = multiply(product, {frozenset(((atom, _exponent(key)),)): 1}, needs)
            for _ in range(extra):
                product = multiply(product, _poly(atom, needs), needs)
        for m2, c2 in product.items():
            accumulate(out, m2, c2)
    return out
