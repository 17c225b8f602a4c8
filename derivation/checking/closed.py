"""Numbers as a person writes them: rationals, and terms such as ``exp(1)/3`` with an enclosure.

A ``Closed`` number is an expression of the language without names, beside an interval that surely
holds its value. So a value is exact text and a sure bound at once: two values whose intervals do
not meet are different, whatever rounding does.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derivation.normal import normal_term
from derivation.oracle.values import Field, Imprecise, Number, Unary, Undefined
from derivation.terms import (
    PI,
    ZERO,
    Term,
    add,
    apply,
    is_number,
    mul,
    number,
    power,
    subterms,
    value_of,
)

DIGITS = 40
MOST_NODES = 600  # of a number's term
LARGEST = 10**4  # argument of a function


class Closed:
    """A number that is not known to be rational."""

    __slots__ = ("enclosure", "term")

    def __init__(self, term: Term, enclosure: Any) -> None:
        self.term, self.enclosure = term, enclosure

    def __repr__(self) -> str:
        return f"Closed({self.term})"

    def _with(self, other: Any, make: Any, combine: Any) -> Any:
        if isinstance(other, (int, Fraction)):
            other = Closed(number(Fraction(other)), _interval(Fraction(other)))
        elif not isinstance(other, Closed):
            return NotImplemented
        return tidied(make(self.term, other.term), combine(self.enclosure, other.enclosure))

    def __add__(self, other: Any) -> Any:
        return self._with(other, add, lambda a, b: a + b)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, mul, lambda a, b: a * b)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __pow__(self, n: int) -> Any:
        if n < 0 and sign(self) == 0:
            raise ZeroDivisionError
        return tidied(power(self.term, number(n)), self.enclosure**n)

    def __eq__(self, other: object) -> bool:
        return sign(self - other) == 0

    def __hash__(self) -> int:
        return hash(self.term)

    def __lt__(self, other: Any) -> bool:
        return sign(self - other) < 0

    def __gt__(self, other: Any) -> bool:
        return sign(self - other) > 0

    def __le__(self, other: Any) -> bool:
        return sign(self - other) <= 0

    def __ge__(self, other: Any) -> bool:
        return sign(self - other) >= 0

    def __bool__(self) -> bool:
        return sign(self) != 0

    def __float__(self) -> float:
        return float(self.enclosure.mid)


def _context() -> Any:
    from mpmath.ctx_iv import MPIntervalContext

    found = _CONTEXT.get("iv")
    if found is None:
        found = _CONTEXT["iv"] = MPIntervalContext()
        found.dps = DIGITS
    return found


_CONTEXT: dict[str, Any] = {}


def _interval(x: Fraction) -> Any:
    iv = _context()
    return iv.mpf(x.numerator) / iv.mpf(x.denominator)


def enclosure(x: Any) -> Any:
    """An interval that holds the number."""
    return x.enclosure if isinstance(x, Closed) else _interval(Fraction(x))


def term_of(x: Any) -> Any:
    """The number as a term."""
    return x.term if isinstance(x, Closed) else number(Fraction(x))


def tidied(term: Term, interval: Any) -> Any:
    """The number, as a Fraction where its normal form is one."""
    if sum(1 for _ in subterms(term)) > MOST_NODES:
        raise Undefined("too long to write down")
    short = normal_term(term)
    if is_number(short):
        return value_of(short)
    return Closed(short, interval)


def sign(x: Any) -> int:
    """-1, 0 or 1; raises `Imprecise` where the interval does not tell."""
    if isinstance(x, (int, Fraction)):
        return (x > 0) - (x < 0)
    if x.enclosure.a > 0:
        return 1
    if x.enclosure.b < 0:
        return -1
    if normal_term(x.term) == ZERO:
        return 0
    raise Imprecise


def differ(a: Any, b: Any) -> bool:
    """Whether two numbers are different for certain."""
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        return a != b
    one, two = enclosure(a), enclosure(b)
    return bool(one.b < two.a or two.b < one.a)


class ClosedForms(Field):
    """Fractions while they last, then closed forms with enclosures."""

    zero, one = Fraction(0), Fraction(1)

    def __init__(self) -> None:
        from mpmath.ctx_mp import MPContext

        self.iv = _context()
        self.mp: Any = MPContext()
        self.mp.dps = DIGITS
        for name, (special, outside) in _FUNCTIONS.items():
            setattr(self, name, self._named(name, special, outside))
        super().__init__()

    def _named(self, name: str, special: dict[int, Any], outside: Any) -> Unary:
        def value(x: Number) -> Number:
            if outside is not None and outside(x):
                raise Undefined(f"{name} where it is not defined")
            if type(x) is Fraction and x in special:
                return Fraction(special[int(x)])
            inside = enclosure(x)
            if abs(inside.mid) > LARGEST:
                raise Undefined("too large to evaluate")
            return tidied(apply(name, term_of(x)), self._enclose(name, inside))

        return value

    def _enclose(self, name: str, x: Any) -> Any:
        iv = self.iv
        if name in ("exp", "log", "sin", "cos"):
            return getattr(iv, name)(x)
        if name == "sigmoid":
            return 1 / (1 + iv.exp(-x))
        if name == "softplus":
            return iv.log(1 + iv.exp(x))
        if name == "sinh":
            return (iv.exp(x) - iv.exp(-x)) / 2
        if name == "cosh":
            return (iv.exp(x) + iv.exp(-x)) / 2
        if name == "tanh":
            return 1 - 2 / (iv.exp(2 * x) + 1)
        return self._widened(getattr(self.mp, "loggamma" if name == "lgamma" else name), x)

    def _widened(self, function: Any, x: Any) -> Any:
        """Values in the middle and at both ends, with far more room than rounding, or the curve
        over so small an interval, can take."""
        mp = self.mp
        ends = [function(mp.mpf(e)) for e in (x.a.a, x.mid.a, x.b.b)]
        room = mp.mpf(10) ** (12 - DIGITS) * (1 + max(map(abs, ends))) + 4 * (max(ends) - min(ends))
        return self.iv.mpf([min(ends) - room, max(ends) + room])

    def number(self, x: Any) -> Number:
        return x if isinstance(x, Closed) else Fraction(x)

    def pi(self) -> Number:
        return Closed(PI, self.iv.pi)

    def whole(self, n: Number) -> int | None:
        return int(n) if isinstance(n, (Fraction, int)) and n == int(n) else None

    def _root(self, x: Number, n: Number) -> Number:
        inside = self.iv.exp(enclosure(n) * self.iv.log(enclosure(x)))
        return tidied(power(term_of(x), term_of(n)), inside)

    def _side(self, x: Number) -> int:
        return sign(x)

    def _polygamma(self, n: int, x: Number) -> Number:
        if sign(x) <= 0:
            raise Undefined("polygamma of a number not positive")
        inside = self._widened(lambda y: self.mp.psi(n, y), enclosure(x))
        return tidied(apply("polygamma", number(n), term_of(x)), inside)


def _beyond_one(x: Number) -> bool:
    return sign(x - 1) > 0 or sign(x + 1) < 0


# name -> (exact values, where it is not defined)
_FUNCTIONS: dict[str, tuple[dict[int, Any], Any]] = {
    "exp": ({0: 1}, None),
    "log": ({1: 0}, lambda x: sign(x) <= 0),
    "sin": ({0: 0}, None),
    "cos": ({0: 1}, None),
    "tan": ({0: 0}, None),
    "asin": ({0: 0}, _beyond_one),
    "acos": ({1: 0}, _beyond_one),
    "atan": ({0: 0}, None),
    "sinh": ({0: 0}, None),
    "cosh": ({0: 1}, None),
    "tanh": ({0: 0}, None),
    "asinh": ({0: 0}, None),
    "acosh": ({1: 0}, lambda x: sign(x - 1) < 0),
    "atanh": ({0: 0}, lambda x: _beyond_one(x) or sign(x - 1) == 0 or sign(x + 1) == 0),
    "erf": ({0: 0}, None),
    "lgamma": ({1: 0, 2: 0}, lambda x: sign(x) <= 0),
    "sigmoid": ({0: Fraction(1, 2)}, None),
    "softplus": ({}, None),
}
