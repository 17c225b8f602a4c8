"""What names stand for while an expression is read, and what its literals are worth."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from derivation.language.lexer import Token
from derivation.language.syntax import Expression
from derivation.terms import (
    Add,
    Indexed,
    Mul,
    Pow,
    Rational,
    Symbol,
    name_of,
    number,
    value_of,
)

# difflib's time grows with the square of the length
_LONG_NAME, _MANY_NAMES = 40, 2000
_MAX_BITS = 20_000
_NOTHING: Mapping[str, Any] = {}


class UserFunction(NamedTuple):
    """``f(x) = expr``, kept as a tree and unfolded at each call."""

    name: str
    params: tuple[str, ...]
    body: Expression
    token: Token


class Scope(NamedTuple):
    """What the names in an expression stand for.

    Attributes:
        source: The expression that is read (a function's body has its own).
        letters: Indices by letter, bound or free.
        weak: Letters that give way to a scalar of the same name where they stand as a value.
        values: Arguments of the function being unfolded.
        avoid: Letters that a binder must not take, since they occur free in those arguments.
        derivatives: Whether ``diff`` and ``partial`` may stand here.
    """

    source: Expression
    letters: Mapping[str, Any] = _NOTHING
    weak: frozenset[str] = frozenset()
    values: Mapping[str, Any] = _NOTHING
    avoid: frozenset[str] = frozenset()
    derivatives: bool = False

    def token(self, node: ast.AST) -> Token:
        return self.source.token(node)


class Vocabulary:
    """The names of a program, and what each one is.

    Attributes:
        scalars: Names without indices, as far as they are known.
        names: Every name that a fresh letter must not take.
        closed: Whether a scalar or an array that was not met before is refused.
    """

    def __init__(
        self,
        sizes: Iterable[str],
        functions: Mapping[str, UserFunction],
        unknown: Mapping[str, int],
        labels: Mapping[str, Any],
        arrays: Iterable[str],
        names: Iterable[str],
    ) -> None:
        self.sizes, self.arrays, self.names = frozenset(sizes), frozenset(arrays), frozenset(names)
        self.functions, self.unknown, self.labels = functions, unknown, labels
        self.scalars: frozenset[str] = frozenset()
        self.closed = False


def plain(t: Any) -> str:
    """An index term as it is written."""
    if isinstance(t, Indexed):
        return f"{name_of(t)}[{','.join(map(plain, t.args[1:]))}]"
    return str(t.name) if isinstance(t, Symbol) else str(t)


def exact(text: str) -> Any:
    """The number that a literal stands for, exactly (0.5 is 1/2).

    >>> exact("0.1"), exact("1e-3"), exact("7")
    (1/10, 1/1000, 7)
    """
    return number(int(text)) if text.isdecimal() else number(Fraction(text))


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """ "did you mean …?" for the nearest known name, if one is near."""
    import difflib  # only where something is wrong

    if len(name) > _LONG_NAME:
        return None
    known = sorted(k for k in known if len(k) <= _LONG_NAME)[:_MANY_NAMES]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if not near:
        lowered = {k.lower(): k for k in known}
        near = [lowered[name.lower()]] if name.lower() in lowered else []
    return f"did you mean `{near[0]}`?" if near else None


def constant_value(t: Any) -> Fraction | None:
    """The value of a term that is arithmetic of literals only, None for any other term.

    >>> from derivation.terms import add, mul
    >>> constant_value(add(number(1), mul(number(2), number(3))))
    Fraction(7, 1)
    """
    if isinstance(t, Rational):
        return value_of(t)
    if not isinstance(t, (Add, Mul)):
        if not isinstance(t, Pow):
            return None
        n = constant_value(t.args[1])
        base = None if n is None or n.denominator != 1 else constant_value(t.args[0])
        if n is None or base is None or (base == 0 and n < 0):
            return None  # an irrational number, or none
        if max(abs(base.numerator), base.denominator).bit_length() * abs(n) > _MAX_BITS:
            return None  # too long to be worth writing out
        return Fraction(base ** int(n))
    total = Fraction(0 if isinstance(t, Add) else 1)
    for a in t.args:
        value = constant_value(a)
        if value is None:
            return None
        total = total + value if isinstance(t, Add) else total * value
        if max(total.numerator.bit_length(), total.denominator.bit_length()) > _MAX_BITS:
            return None
    return total


def written_bits(t: Any, known: dict[Any, int]) -> int:
    """A bound on the length in bits of the numbers that arise when t is multiplied out.

    The literals of a product multiply, and those of a base as often as its integer exponent says.
    ``known`` keeps what was counted before.

    >>> from derivation.terms import mul, power, symbol
    >>> written_bits(power(mul(number(2), symbol("x")), number(100)), {})
    100
    """
    if isinstance(t, Rational):
        value = value_of(t)
        longest = max(abs(value.numerator), value.denominator)
        return (longest - 1).bit_length()  # log2, rounded up
    if not isinstance(t, (Add, Mul, Pow)):
        return 0
    bits = known.get(t)
    if bits is None:
        if isinstance(t, Pow):
            n = constant_value(t.args[1])
            whole = n is not None and n.denominator == 1
            bits = written_bits(t.args[0], known) * abs(int(n)) if n is not None and whole else 0
        else:
            each = [written_bits(a, known) for a in t.args]
            bits = max(each, default=0) if isinstance(t, Add) else sum(each)
        known[t] = bits
    return bits
