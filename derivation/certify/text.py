"""Terms into core text, which the checker reads: no sugar, every bracket that matters.

Brackets round a first term or factor are left out: lines are compared by value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy

from derivation.certify.law_moves import HOLE
from derivation.terms import (
    HALF,
    MINUS_ONE,
    PI,
    REDUCTIONS,
    TRUE,
    Add,
    AllOf,
    AnyOf,
    Diff,
    Every,
    FunctionDerivative,
    IfElse,
    Index,
    Indexed,
    KroneckerDelta,
    Mul,
    Not,
    Partial,
    Pow,
    Rational,
    Reduction,
    Relation,
    Symbol,
    Term,
    function_name,
    name_of,
    split_function_derivative,
)

# how tightly a text binds, weakest first; more is asked for by brackets
_CHOICE, _OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _FACTOR, _POWER, _ATOM = range(10)
_KINDS: dict[Any, str] = {cls: name for name, cls in REDUCTIONS.items()} | {Every: "all"}
_Written = tuple[str, int]


class Writer:
    """Writes the terms of one certificate; each subterm once.

    ``renamed`` are names of the program that the core text has another meaning for.
    """

    def __init__(self, renamed: dict[str, str]) -> None:
        self.renamed = renamed
        self._known: dict[Any, _Written] = {}

    def text(self, t: Term) -> str:
        """The term or condition."""
        return self._text(t)[0]

    def name(self, name: str) -> str:
        """What the core text calls a name of the program."""
        return self.renamed.get(name, name)

    def sizes(self, letters: Iterable[Any]) -> dict[str, str]:
        """Letters with what they run over."""
        return {str(i.name): self.text(i.size) for i in letters}

    def _text(self, t: Any) -> _Written:
        found = self._known.get(t)
        if found is None:
            found = self._known[t] = self._compose(t)
        return found

    def _at(self, t: Any, least: int) -> str:
        text, binds = self._text(t)
        return text if binds >= least else f"({text})"

    def _list(self, args: Any, separator: str = ",") -> str:
        return separator.join([self._text(a)[0] for a in args])

    def _compose(self, t: Any) -> _Written:
        if isinstance(t, Indexed):
            return f"{self.name(name_of(t))}[{self._list(t.args[1:])}]", _ATOM
        if isinstance(t, Rational):
            return _rational(t)
        if isinstance(t, Symbol):
            return self._symbol(t), _ATOM
        if isinstance(t, Add):
            return self._sum(t), _SUM
        if isinstance(t, Mul):
            return self._product(t)
        if isinstance(t, Pow):
            return self._power(t)
        if isinstance(t, Reduction):
            return self._reduction(t), _ATOM
        if isinstance(t, IfElse):
            c, a, b = t.args
            return f"{self._at(a, _OR)} if {self._at(c, _OR)} else {self._text(b)[0]}", _CHOICE
        if isinstance(t, Relation):
            return f"{self._at(t.left, _SUM)} {t.op} {self._at(t.right, _SUM)}", _COMPARED
        if isinstance(t, (AllOf, AnyOf, Not)):
            return self._logic(t)
        return ("pi" if t == PI else self._call(t)), _ATOM

    def _symbol(self, t: Any) -> str:
        if t is HOLE or t == HOLE:
            return "(HOLE)"
        return str(t.name) if isinstance(t, Index) else self.name(str(t.name))

    def _sum(self, t: Any) -> str:
        parts = [self._at(t.args[0], _SUM)]
        for a in t.args[1:]:
            text = self._at(a, _PRODUCT)
            parts.append(f" - {text[1:]}" if text[0] == "-" else f" + {text}")
        return "".join(parts)

    def _product(self, t: Any) -> _Written:
        args = t.args
        sign = args[0] == MINUS_ONE
        text = ""
        for a in args[1:] if sign else args:
            below = self._below(a)
            if below is not None and text:
                text += f"/{below}"
            elif below is not None:
                text = f"1/{below}"
            else:
                text += f"*{self._at(a, _FACTOR)}" if text else self._at(a, _PRODUCT)
        if not sign:
            return text, _PRODUCT
        return (f"-({text})" if text[0] == "-" else f"-{text}"), _PRODUCT

    def _below(self, t: Any) -> str | None:
        """What stands below the line where a factor is written as a divisor."""
        if isinstance(t, Rational) and t.p == 1 and t.q != 1:
            return str(t.q)
        if isinstance(t, Pow) and isinstance(t.args[1], Rational) and t.args[1].p < 0:
            base, exponent = t.args
            if exponent == MINUS_ONE:
                return self._at(base, _POWER)
            if exponent.q == 1:
                return f"{self._at(base, _ATOM)}**{-exponent.p}"
        return None

    def _power(self, t: Any) -> _Written:
        base, exponent = t.args
        below = self._below(t)
        if below is not None:
            return f"1/{below}", _PRODUCT
        if exponent == HALF:
            return f"sqrt({self._text(base)[0]})", _ATOM
        return f"{self._at(base, _ATOM)}**{self._at(exponent, _ATOM)}", _POWER

    def _reduction(self, t: Any) -> str:
        kind, loops = type(t), []
        while True:
            own = f" for {t.index.name} in {self.text(t.index.size)}"
            loops.append(own if t.guard == TRUE else f"{own} if {self._at(t.guard, _OR)}")
            if type(t.body) is not kind:
                break
            t = t.body
        body = self._text(t.body)[0] if kind is Every else self._at(t.body, _SUM)
        return f"{_KINDS[kind]}({body}{''.join(loops)})"

    def _logic(self, t: Any) -> _Written:
        if not t.args:
            return ("true" if isinstance(t, AllOf) else "false"), _ATOM
        if isinstance(t, Not):
            return f"not {self._at(t.args[0], _COMPARED)}", _NOT
        word, binds = (" and ", _AND) if isinstance(t, AllOf) else (" or ", _OR)
        return word.join([self._at(c, binds + 1) for c in t.args]), binds

    def _call(self, t: Any) -> str:
        if isinstance(t, KroneckerDelta):
            return f"delta({self._list(t.args)})"
        if isinstance(t, (Diff, Partial)):
            return f"{'diff' if isinstance(t, Diff) else 'partial'}({self._list(t.args, ', ')})"
        if isinstance(t, FunctionDerivative):
            return self._function_derivative(t)
        name = function_name(t)
        if name is None:
            if t == sympy.E:
                return "exp(1)"
            raise TypeError(f"no core text for {type(t).__name__}: {t}")
        return f"{self.name(name)}({self._list(t.args, ', ')})"

    def _function_derivative(self, t: Any) -> str:
        name, orders, args = split_function_derivative(t)
        if len(orders) == 1:
            written = str(orders[0])
        else:
            slots = [f"{k}, {n}" for k, n in enumerate(orders, 1) if n]
            written = ", ".join(slots or ["1, 0"])
        return f"deriv({self.name(name)}, {written})({self._list(args, ', ')})"


def _rational(t: Any) -> _Written:
    text = str(t.p) if t.q == 1 else f"{t.p}/{t.q}"
    if t.p < 0:
        return text, _PRODUCT
    return text, _ATOM if t.q == 1 else _PRODUCT
