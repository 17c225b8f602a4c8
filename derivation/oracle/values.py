"""Numbers that the oracle computes with: dual numbers over floats, or over rationals and mpf.

``Dual`` is a number with a nilpotent part, so derivatives of any order come from arithmetic
alone. ``Floats`` is fast; ``Exact`` keeps rationals exact while only + - * / occur and goes on
with many digits after that. ``Affine`` stands for an unknown while givens are solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

Number: TypeAlias = Any  # float, Fraction, mpf, Dual or Affine
Unary: TypeAlias = Callable[[Number], Number]


class Undefined(Exception):
    """The value (or the derivative that is being taken) does not exist at this point."""


class Imprecise(Exception):
    """Floats cannot tell: the value is to be computed again with more digits."""


class NonLinear(Exception):
    """A given is not linear in its unknown entries."""


LARGEST_ARGUMENT = 10**7  # of exp, sin and so on: beyond it digits cost more than they tell
FAILURES = (Undefined, Imprecise, NonLinear, ZeroDivisionError, OverflowError)


class Dual:
    """``re + du*e`` with ``e*e = 0``; of two generators, the one with the larger tag is outside.

    >>> x = Dual(1, Fraction(3), Fraction(1))
    >>> (x**2 + 1).du
    Fraction(6, 1)
    """

    __slots__ = ("du", "re", "tag")

    def __init__(self, tag: int, re: Number, du: Number) -> None:
        self.tag, self.re, self.du = tag, re, du

    def __add__(self, other: Number) -> Dual:
        if type(other) is Dual:
            if other.tag == self.tag:
                return Dual(self.tag, self.re + other.re, self.du + other.du)
            if other.tag > self.tag:
                return Dual(other.tag, self + other.re, other.du)
        return Dual(self.tag, self.re + other, self.du)

    def __radd__(self, other: Number) -> Dual:
        return Dual(self.tag, other + self.re, self.du)

    def __mul__(self, other: Number) -> Dual:
        if type(other) is Dual:
            if other.tag == self.tag:
                return Dual(self.tag, self.re * other.re, self.re * other.du + self.du * other.re)
            if other.tag > self.tag:
                return Dual(other.tag, self * other.re, self * other.du)
        return Dual(self.tag, self.re * other, self.du * other)

    def __rmul__(self, other: Number) -> Dual:
        return Dual(self.tag, other * self.re, other * self.du)

    def __neg__(self) -> Dual:
        return Dual(self.tag, -self.re, -self.du)

    def __sub__(self, other: Number) -> Dual:
        return self.__add__(-other)

    def __rsub__(self, other: Number) -> Dual:
        return (-self).__radd__(other)

    def __pow__(self, n: int) -> Dual:
        """An integer power; a pole raises ZeroDivisionError."""
        if n == 2:
            return self * self
        if n == 0:
            return Dual(self.tag, self.re**0, self.du * 0)
        return Dual(self.tag, self.re**n, self.re ** (n - 1) * n * self.du)


def plain(x: Number) -> Number:
    """The value without its nilpotent parts."""
    while type(x) is Dual:
        x = x.re
    return x


def coefficient(x: Number, tag: int, zero: Number) -> Number:
    """The factor of the outermost generator."""
    return x.du if type(x) is Dual and x.tag == tag else zero


def _vanishes(x: Number) -> bool:
    while type(x) is Dual:
        if not _vanishes(x.du):
            return False
        x = x.re
    return bool(x == 0)


class Affine:
    """A constant plus rational multiples of unknown entries (at least one of them not zero)."""

    __slots__ = ("constant", "factors")

    def __init__(self, constant: Number, factors: dict[Any, Number]) -> None:
        self.constant, self.factors = constant, factors

    def __add__(self, other: Number) -> Number:
        if type(other) is Dual:
            return other + self
        if type(other) is not Affine:
            return Affine(self.constant + other, self.factors)
        factors = dict(self.factors)
        for key, c in other.factors.items():
            total = factors.get(key, 0) + c
            if total == 0:
                del factors[key]
            else:
                factors[key] = total
        constant = self.constant + other.constant
        return Affine(constant, factors) if factors else constant

    __radd__ = __add__

    def __mul__(self, other: Number) -> Number:
        if type(other) is Dual:
            return other * self
        if type(other) is Affine:
            raise NonLinear
        if other == 0:
            return Fraction(0)
        return Affine(self.constant * other, {k: c * other for k, c in self.factors.items()})

    __rmul__ = __mul__

    def __neg__(self) -> Number:
        return self * -1

    def __sub__(self, other: Number) -> Number:
        return self + -other

    def __rsub__(self, other: Number) -> Number:
        return -self + other

    def __pow__(self, n: int) -> Number:
        if n in (0, 1):
            return self if n else Fraction(1)
        raise NonLinear


def minus(a: Number, b: Number) -> Number:
    """a - b. Written this way, since an mpf cannot be taken from a Fraction."""
    return a + -b


class Field:
    """Arithmetic that the evaluator needs beside ``+ - *`` and integer powers.

    Subclasses say how a rational is represented and what the functions' plain values are; this
    class lifts them to dual numbers.
    """

    zero: Number
    one: Number

    def __init__(self) -> None:
        half = Fraction(1, 2)
        lift = self._lift
        f: dict[str, Unary] = {}
        self.functions = f
        f["exp"] = self._lift_exp()
        f["log"] = lift("log", lambda x: x**-1)
        f["sin"] = lift("sin", lambda x: f["cos"](x))
        f["cos"] = lift("cos", lambda x: -f["sin"](x))
        f["tan"] = lift("tan", lambda x: f["tan"](x) ** 2 + 1)
        f["asin"] = lift("asin", lambda x: self.root(1 - x * x, -half))
        f["acos"] = lift("acos", lambda x: -self.root(1 - x * x, -half))
        f["atan"] = lift("atan", lambda x: (x * x + 1) ** -1)
        f["sinh"] = lift("sinh", lambda x: f["cosh"](x))
        f["cosh"] = lift("cosh", lambda x: f["sinh"](x))
        f["tanh"] = lift("tanh", lambda x: 1 - f["tanh"](x) ** 2)
        f["asinh"] = lift("asinh", lambda x: self.root(x * x + 1, -half))
        f["acosh"] = lift("acosh", lambda x: self.root(x * x - 1, -half))
        f["atanh"] = lift("atanh", lambda x: (1 - x * x) ** -1)
        f["erf"] = lift("erf", lambda x: f["exp"](-(x * x)) * 2 * self.root(self.pi(), -half))
        f["sigmoid"] = lift("sigmoid", self._sigmoid_slope)
        f["softplus"] = lift("softplus", lambda x: f["sigmoid"](x))
        f["lgamma"] = lift("lgamma", lambda x: self.polygamma(0, x))
        f["abs"] = lambda x: -x if self.side(x) < 0 else x
        f["sign"] = lambda x: self.number(self.side(x, False))
        f["relu"] = lambda x: x if self.side(x) > 0 else self.zero
        f["detach"] = plain

    def _lift(self, name: str, slope: Unary) -> Unary:
        value: Unary = getattr(self, name)

        def function(x: Number) -> Number:
            if type(x) is Dual:
                return Dual(x.tag, function(x.re), slope(x.re) * x.du)
            return value(x)

        return function

    def _lift_exp(self) -> Unary:
        value: Unary = self.exp

        def function(x: Number) -> Number:
            if type(x) is Dual:
                y = function(x.re)
                return Dual(x.tag, y, y * x.du)
            return value(x)

        return function

    def _sigmoid_slope(self, x: Number) -> Number:
        y = self.functions["sigmoid"](x)
        return y * (1 - y)

    def polygamma(self, n: int, x: Number) -> Number:
        """The n-th derivative of digamma."""
        if type(x) is Dual:
            return Dual(x.tag, self.polygamma(n, x.re), self.polygamma(n + 1, x.re) * x.du)
        return self._polygamma(n, x)

    def power(self, x: Number, n: Number) -> Number:
        """x**n; a negative base needs an exponent that is an integer."""
        if type(n) is Dual:
            return self.functions["exp"](n * self.functions["log"](x))
        whole = self.whole(n)
        return self.root(x, n) if whole is None else self.integer_power(x, whole)

    def integer_power(self, x: Number, n: int) -> Number:
        return x**n

    def root(self, x: Number, n: Number) -> Number:
        """x**n for an exponent that is no integer: of a positive base, and 0**n = 0 for n > 0."""
        if type(x) is Dual:
            value = self.root(x.re, n)
            if self.side(x.re) == 0 and n < 1:
                raise Undefined("the derivative of a root of 0")
            return Dual(x.tag, value, self.root(x.re, n - 1) * n * x.du)
        if x < 0 or (x == 0 and n < 0):
            raise Undefined("a root of a negative number, or a negative power of 0")
        return self._root(x, n) if x else self.zero

    def side(self, x: Number, smooth: bool = True) -> int:
        """-1, 0 or 1; 0 with a nilpotent part is a kink, where derivatives do not exist.

        Where the function is continuous (``smooth``), a nilpotent part of 0 does no harm.
        """
        side = self._side(plain(x))
        if side == 0 and type(x) is Dual and not (smooth and _vanishes(x)):
            raise Undefined("a derivative at a kink")
        return side

    def number(self, x: Any) -> Number:
        raise NotImplementedError

    def pi(self) -> Number:
        raise NotImplementedError

    def whole(self, n: Number) -> int | None:
        raise NotImplementedError

    def exp(self, x: Number) -> Number:
        raise NotImplementedError

    def _root(self, x: Number, n: Number) -> Number:
        raise NotImplementedError

    def _side(self, x: Number) -> int:
        raise NotImplementedError

    def _polygamma(self, n: int, x: Number) -> Number:
        raise NotImplementedError


def _within(function: Unary, inside: Callable[[Number], bool], what: str) -> Unary:
    def value(x: Number) -> Number:
        if not inside(x):
            raise Undefined(what)
        return function(x)

    return value


def _positive(x: Number) -> bool:
    return bool(x > 0)


class Floats(Field):
    """Python floats: the first try at every point."""

    zero, one = 0.0, 1.0

    def __init__(self) -> None:
        for name in ("atan", "sinh", "cosh", "tanh", "asinh", "erf"):
            setattr(self, name, getattr(math, name))
        for name in ("sin", "cos", "tan"):  # of infinity, to which an entry may have overflowed
            setattr(self, name, _within(getattr(math, name), math.isfinite, f"{name} of infinity"))
        self.asin = _within(math.asin, lambda x: -1 <= x <= 1, "asin outside -1..1")
        self.acos = _within(math.acos, lambda x: -1 <= x <= 1, "acos outside -1..1")
        self.acosh = _within(math.acosh, lambda x: bool(x >= 1), "acosh below 1")
        self.atanh = _within(math.atanh, lambda x: -1 < x < 1, "atanh outside -1..1")
        self.lgamma = _within(math.lgamma, _positive, "lgamma of a number not positive")
        super().__init__()

    def number(self, x: Any) -> Number:
        return float(x)

    def pi(self) -> Number:
        return math.pi

    def whole(self, n: Number) -> int | None:
        return int(n) if float(n).is_integer() else None

    def exp(self, x: Number) -> Number:
        return math.exp(x)

    def log(self, x: Number) -> Number:
        if x <= 0:
            raise Undefined("the logarithm of a number not positive")
        return math.log(x)

    def sigmoid(self, x: Number) -> Number:
        if x < 0:
            y = math.exp(x)
            return y / (1 + y)
        return 1 / (1 + math.exp(-x))

    def softplus(self, x: Number) -> Number:
        return math.log1p(math.exp(-abs(x))) + max(x, 0.0)

    def _root(self, x: Number, n: Number) -> Number:
        return math.sqrt(x) if n == 0.5 else x ** float(n)

    def _side(self, x: Number) -> int:
        if x == 0:
            return 0
        if abs(x) < 1e-11:
            raise Imprecise
        return 1 if x > 0 else -1

    def _polygamma(self, n: int, x: Number) -> Number:
        if x <= 0:
            raise Undefined("polygamma of a number not positive")
        from mpmath import fp

        return float(fp.psi(n, float(x)))


class Exact(Field):
    """Fractions while they last, then floating point with the given number of digits."""

    zero, one = Fraction(0), Fraction(1)

    def __init__(self, digits: int = 50) -> None:
        from mpmath.ctx_mp import MPContext

        self.mp: Any = MPContext()
        self.mp.dps = digits
        self.noise = self.mp.mpf(10) ** (12 - digits)
        mp = self.mp
        at_zero = {"cos": 1, "cosh": 1}  # the others that are defined at 0 are 0 there
        for name in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "erf"):
            setattr(self, name, self._of(getattr(mp, name), {0: at_zero.get(name, 0)}))
        self._exp = self._of(mp.exp, {0: 1})
        log = self._of(mp.log, {1: 0})
        self.log = _within(log, self._above(0), "the logarithm of a number not positive")
        self.asin = _within(self._of(mp.asin, {0: 0}), self._between, "asin outside -1..1")
        self.acos = _within(self._of(mp.acos, {1: 0}), self._between, "acos outside -1..1")
        self.acosh = _within(
            self._of(mp.acosh, {1: 0}), lambda x: bool(self.real(x) >= 1), "acosh below 1"
        )
        self.atanh = _within(self._of(mp.atanh, {0: 0}), self._inside, "atanh outside -1..1")
        gamma = self._of(mp.loggamma, {1: 0, 2: 0})
        self.lgamma = _within(gamma, self._above(0), "lgamma of a number not positive")
        self.sigmoid = self._of(lambda x: 1 / (1 + mp.exp(-x)), {0: Fraction(1, 2)})
        self.softplus = self._of(lambda x: mp.log(1 + mp.exp(x)), {})
        super().__init__()

    def _of(self, function: Unary, special: dict[int, Any]) -> Unary:
        def value(x: Number) -> Number:
            if type(x) is Fraction and x in special:
                return Fraction(special[int(x)])
            argument = self.real(x)
            if abs(argument) > LARGEST_ARGUMENT:
                raise Undefined("too large to evaluate")
            return function(argument)

        return value

    def _above(self, bound: int) -> Callable[[Number], bool]:
        return lambda x: bool(self.real(self._tell_from_zero(x)) > bound)

    def _tell_from_zero(self, x: Number) -> Number:
        """The number, if it is not 0 but for rounding."""
        if not isinstance(x, (Fraction, int, Affine)) and abs(x) < self.noise:
            raise Undefined("too near to 0 to tell")
        return x

    def _between(self, x: Number) -> bool:
        return bool(-1 <= self.real(x) <= 1)

    def _inside(self, x: Number) -> bool:
        return bool(-1 < self.real(x) < 1)

    def exp(self, x: Number) -> Number:
        return self._exp(x)

    def real(self, x: Number) -> Any:
        """The number as an mpf."""
        if type(x) is Fraction:
            return self.mp.mpf(x.numerator) / x.denominator
        if type(x) is Affine:
            raise NonLinear
        return self.mp.mpf(x)

    def number(self, x: Any) -> Number:
        if isinstance(x, (int, Fraction)):
            return Fraction(x)
        return self.mp.mpf(x)

    def pi(self) -> Number:
        return +self.mp.pi

    def whole(self, n: Number) -> int | None:
        if type(n) is Fraction:
            return n.numerator if n.denominator == 1 else None
        if type(n) is Affine:
            raise NonLinear
        return None

    def integer_power(self, x: Number, n: int) -> Number:
        if abs(n) > 64:  # an exact power would have n times as many digits
            if type(x) is Fraction:
                return self.real(x) ** n
            x = self._rounded(x)
        if n < 0:
            self._tell_from_zero(plain(x))
        return x**n

    def _rounded(self, x: Number) -> Number:
        """A dual number with its fractions as mpf; 0, 1 and -1 stay exact, as their powers do."""
        if type(x) is Dual:
            return Dual(x.tag, self._rounded(x.re), self._rounded(x.du))
        return self.real(x) if type(x) is Fraction and x not in (0, 1, -1) else x

    def root(self, x: Number, n: Number) -> Number:
        if type(x) is Affine:
            raise NonLinear
        return super().root(x, n)

    def _root(self, x: Number, n: Number) -> Number:
        if type(x) is Fraction and type(n) is Fraction and n.denominator == 2:
            p, q = math.isqrt(x.numerator), math.isqrt(x.denominator)
            if p * p == x.numerator and q * q == x.denominator:
                return Fraction(p, q) ** n.numerator
        return self.real(self._tell_from_zero(x)) ** self.real(n)

    def _side(self, x: Number) -> int:
        if type(x) is Fraction or type(x) is int:
            return (x > 0) - (x < 0)
        if type(x) is Affine:
            raise NonLinear
        return 1 if self._tell_from_zero(x) > 0 else -1

    def _polygamma(self, n: int, x: Number) -> Number:
        if self.real(x) <= 0:
            raise Undefined("polygamma of a number not positive")
        return self.mp.psi(n, self.real(x))
