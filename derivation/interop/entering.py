"""SymPy to the input language: what comes in is written as text, and read like any other."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterator
from typing import Any

from sympy import (
    Add,
    And,
    Basic,
    Dummy,
    E,
    Expr,
    Float,
    Idx,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Not,
    Or,
    Piecewise,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
    pi,
    polygamma,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.core.sorting import default_sort_key
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from derivation import terms
from derivation.errors import InputError
from derivation.interop.building import IndexedMax, IndexedMin, expression
from derivation.interop.leaving import REDUCTIONS, RELATIONS

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)  # how tightly a piece of text binds
_WORDS: dict[Any, str] = {
    Sum: "sum",
    Product: "prod",
    IndexedMax: "max",
    IndexedMin: "min",
}
_NEUTRAL: dict[Any, Any] = dict(REDUCTIONS.values())
_OPERATORS: dict[Any, str] = {cls: op for op, cls in RELATIONS.items()}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


def to_text(t: Basic) -> str:
    """A SymPy expression, or a relation such as ``Eq(a, b)``, in the input language.

    Sums, products, `IndexedMax` and `IndexedMin` run from 1 to a size; a ``Piecewise`` whose other
    value is neutral becomes the condition of the sum.

    Raises:
        InputError: for what the language does not have, with the way round it.

    >>> from sympy import IndexedBase, Ne, Piecewise, Sum, symbols
    >>> x, (i, j, K) = IndexedBase("x"), symbols("i j K")
    >>> to_text(Sum(Piecewise((x[i], Ne(i, j)), (0, True)), (i, 1, K))/2 - 1)
    'sum(x[i] for i in K if i != j)/2 - 1'
    """
    writer = _Writer(expression(t))
    return (
        writer.condition(t)
        if isinstance(t, Boolean) and not isinstance(t, Symbol)
        else writer.expression(t)
    )


def unknown_functions(t: Expr) -> dict[str, int]:
    """The unknown functions in a SymPy expression, with their number of arguments.

    >>> from sympy import Function, Symbol
    >>> unknown_functions(Function("g")(Symbol("x")))
    {'g': 1}
    """
    return {str(f.func.__name__): len(f.args) for f in sorted(t.atoms(AppliedUndef), key=str)}


def head_text(name: Any, value: Expr) -> str:
    """The left side of a definition, for a key of ``where``: a name, ``"p[i]"``, or ``p[i]``.

    A bare name for an expression with one free index gets that index.

    >>> from sympy import IndexedBase, symbols
    >>> z, i = IndexedBase("z"), symbols("i")
    >>> head_text("p", z[i]**2), head_text(z[i], z[i]), head_text("L", z[1])
    ('p[i]', 'z[i]', 'L')
    """
    if isinstance(name, IndexedBase):
        name = str(name)
    if isinstance(name, Basic):
        return to_text(name)
    if not isinstance(name, str):
        raise InputError(f"a name in `where` is a string or a SymPy symbol, not {name!r}")
    if not _NAME.match(name.strip()):
        return name.strip()
    letters = sorted(free_indices(value))
    if len(letters) > 1:
        example = f"{name}[{','.join(letters)}]"
        raise InputError(
            f"the expression for `{name}` has the free indices {', '.join(letters)}",
            hint=f"name them in the order of its slots, for example where={{'{example}': …}}",
        )
    return f"{name}[{letters[0]}]" if letters else name


def free_indices(t: Any) -> set[str]:
    """The names of symbols that stand in slots and are not bound."""
    if isinstance(t, ExprWithLimits):
        return free_indices(t.function) - {str(v.name) for v in t.variables}
    here: set[str] = set()
    if isinstance(t, (Indexed, KroneckerDelta)):
        slots = t.indices if isinstance(t, Indexed) else t.args
        here = {str(s.name) for s in slots if isinstance(s, (Symbol, Idx))}
    return here.union(*map(free_indices, t.args)) if t.args else here


_MAX_BITS = 13_000  # what Python writes out


class _Writer:
    """Writes one SymPy expression; knows which names its bound variables go by."""

    def __init__(self, whole: Any) -> None:
        self.names: dict[Any, str] = {}
        self.taken = {str(s.name) for s in whole.atoms(Symbol) if not isinstance(s, Dummy)}
        by_name: dict[str, Any] = {}
        for s in sorted(whole.free_symbols, key=default_sort_key):
            if isinstance(s, Symbol) and by_name.setdefault(str(s.name), s) != s:
                raise InputError(
                    f"two different symbols are called `{s.name}` (their assumptions differ)",
                    hint="make each symbol once and use it everywhere",
                )

    def expression(self, t: Any) -> str:
        return self.write(t)[0]

    def inside(self, t: Any, least: int) -> str:
        """The text in brackets, unless it binds at least as tightly as that."""
        text, strength = self.write(t)
        return text if strength >= least else f"({text})"

    def write(self, t: Any) -> tuple[str, int]:
        if isinstance(t, (Symbol, Idx)):  # a Symbol is a Boolean to SymPy as well
            text = self.name(t)
            if text == "pi":
                raise InputError(
                    "a symbol called `pi` would be read as the number 3.14…",
                    hint="give it another name, or write SymPy's own `pi`",
                )
            return text, _ATOM
        if isinstance(t, (Rational, Float)):
            return self.number(t)
        if t == pi:
            return "pi", _ATOM
        if t == E:
            return "exp(1)", _ATOM
        if isinstance(t, Indexed):
            slots = ",".join(self.slot(s, t) for s in t.indices)
            return f"{self.name(t.base.label)}[{slots}]", _ATOM
        if isinstance(t, Add):
            return self.sum_of_terms(t), _SUM
        if isinstance(t, Mul):
            return self.product(t)
        if isinstance(t, Pow):
            return self.power(t)
        if type(t) in _WORDS:
            return self.reduction(t), _ATOM
        if isinstance(t, Piecewise):
            return self.cases(t), _ATOM
        if isinstance(t, KroneckerDelta):
            return f"delta({self.slot(t.args[0], t)}, {self.slot(t.args[1], t)})", _ATOM
        return self.call(t), _ATOM

    def name(self, s: Any) -> str:
        text = self.names.get(s) or str(s.name)
        if not _NAME.match(text) or (keyword.iskeyword(text) and text != "lambda"):
            raise InputError(
                f"`{text}` cannot be a name in the input language",
                hint="names are ASCII letters, digits and underscores, such as `yhat`",
            )
        return text

    def number(self, t: Any) -> tuple[str, int]:
        if isinstance(t, Float):
            text = repr(float(t))
            if not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text):
                raise InputError(f"`{t}` is not a finite number")
        else:
            if max(abs(t.p), t.q).bit_length() > _MAX_BITS:
                raise InputError("a number of thousands of digits is not part of the language")
            text = str(t)
        return text, _SUM if text.startswith("-") else _PRODUCT if "/" in text else _ATOM

    def slot(self, s: Any, of: Any) -> str:
        if isinstance(s, (Symbol, Idx, Indexed)) or (isinstance(s, Integer) and s > 0):
            return self.expression(s)
        raise InputError(
            f"`{s}` cannot be an index in `{of}`: index arithmetic is not part of the language",
            hint="an index is a name or a positive integer; an array of its own can hold a shift",
        )

    def sum_of_terms(self, t: Any) -> str:
        text = ""
        for part in t.as_ordered_terms():
            piece = self.inside(part, _SUM)
            if not text:
                text = piece
            elif piece.startswith("-"):
                text += f" - {piece[1:]}"
            else:
                text += f" + {piece}"
        return text

    def product(self, t: Any) -> tuple[str, int]:
        above: list[Any] = []
        below: list[Any] = []
        sign = ""
        for factor in t.as_ordered_factors():
            if isinstance(factor, Rational):
                if factor < 0:
                    sign, factor = ("" if sign else "-"), -factor
                above += [Integer(factor.p)] if factor.p != 1 else []
                below += [Integer(factor.q)] if factor.q != 1 else []
            elif isinstance(factor, Pow) and factor.exp.could_extract_minus_sign():
                below.append(Pow(factor.base, -factor.exp))
            else:
                above.append(factor)
        text = "*".join(self.inside(f, _PRODUCT) for f in above) or "1"
        if len(below) == 1:
            text += f"/{self.inside(below[0], _UNARY)}"
        elif below:
            text += f"/({'*'.join(self.inside(f, _PRODUCT) for f in below)})"
        return sign + text, _SUM if sign else _PRODUCT

    def power(self, t: Any) -> tuple[str, int]:
        if t.base == E:
            return f"exp({self.expression(t.exp)})", _ATOM
        if t.exp == Rational(1, 2):
            return f"sqrt({self.expression(t.base)})", _ATOM
        if t.exp.could_extract_minus_sign():
            return f"1/{self.inside(Pow(t.base, -t.exp), _UNARY)}", _PRODUCT
        return f"{self.inside(t.base, _ATOM)}**{self.inside(t.exp, _ATOM)}", _POWER

    def reduction(self, t: Any) -> str:
        body, condition, loops = t.function, None, []
        outer = dict(self.names)
        for variable, low, high in t.limits:
            if low != 1 or not isinstance(high, (Symbol, Integer)):
                raise InputError(
                    f"`{t.func.__name__}` over `{variable}` from {low} to {high}: indices run "
                    "from 1 to a size",
                    hint=f"write ({variable}, 1, K), and a condition as a Piecewise inside",
                )
            self.names[variable] = self.bound_name(variable, high)
            loops.append(f"for {self.names[variable]} in {self.expression(high)}")
        if isinstance(body, Piecewise) and len(body.args) == 2:
            (inner, guard), (other, rest) = body.args
            if other == _NEUTRAL[type(t)] and rest == True:  # noqa: E712 (SymPy's true)
                body, condition = inner, guard
        text = f"{_WORDS[type(t)]}({self.inside(body, _SUM)} {' '.join(loops)}"
        text += f" if {self.condition(condition)})" if condition is not None else ")"
        self.names = outer
        return text

    def bound_name(self, variable: Any, high: Any) -> str:
        """A Dummy gets a letter of its own, and so does a letter that the size has too."""
        name = str(variable.name)
        if not isinstance(variable, Dummy) and name != str(high):
            return name
        letters: Iterator[str] = itertools.chain(
            name, "ijklmnpqrst", (f"i{n}" for n in itertools.count(1))
        )
        name = next(c for c in letters if c not in self.taken)
        self.taken.add(name)
        return name

    def cases(self, t: Any) -> str:
        *pieces, (value, rest) = t.args
        if rest != True:  # noqa: E712 (SymPy's true)
            raise InputError(
                f"`{t}` has no value where none of its conditions holds",
                hint="end the Piecewise with (value, True)",
            )
        text = self.inside(value, _SUM)
        for value, condition in reversed(pieces):
            text = f"({self.inside(value, _SUM)} if {self.condition(condition)} else {text})"
        return text

    def condition(self, c: Any) -> str:
        if isinstance(c, (And, Or)):
            word = " and " if isinstance(c, And) else " or "
            parts = sorted(c.args, key=default_sort_key)
            return word.join(
                f"({self.condition(p)})" if isinstance(p, (And, Or)) else self.condition(p)
                for p in parts
            )
        if isinstance(c, Not):
            return f"not ({self.condition(c.args[0])})"
        if isinstance(c, Relational) and c.func in _OPERATORS:
            left, right = self.inside(c.lhs, _SUM), self.inside(c.rhs, _SUM)
            return f"{left} {_OPERATORS[c.func]} {right}"
        if isinstance(c, (BooleanTrue, BooleanFalse)):
            return "1 == 1" if c else "1 == 0"
        raise InputError(f"`{c}` is not a condition of the input language")

    def call(self, t: Any) -> str:
        if isinstance(t, AppliedUndef):
            return self.applied(self.name(Symbol(t.func.__name__)), t.args)
        if isinstance(t, (Max, Min)):
            word = "max" if isinstance(t, Max) else "min"
            first, *rest = sorted(t.args, key=default_sort_key)
            text = self.expression(first)
            for other in rest:
                text = f"{word}({text}, {self.expression(other)})"
            return text
        if isinstance(t, polygamma) and t.args[0] in (0, 1):
            return self.applied("trigamma" if t.args[0] == 1 else "digamma", t.args[1:])
        name = terms.FUNCTION_NAMES.get(type(t))
        if name is None:
            raise InputError(
                f"`{type(t).__name__}` (in `{str(t)[:60]}`) is not part of the input language",
                hint="matrices are written with indices, for example Sum(A[i, j]*x[j], (j, 1, N))",
            )
        return self.applied(name, t.args)

    def applied(self, name: str, args: Any) -> str:
        return f"{name}({', '.join(map(self.expression, args))})"
