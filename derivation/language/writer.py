"""Terms into text of the input language, so that reading the text gives the same term."""

from __future__ import annotations

from typing import Any

import sympy

from derivation.language.layout import (
    has_sign,
    is_below,
    is_sign,
    opened,
)
from derivation.language.measure import is_divisor, stays_factor
from derivation.problem import Definition
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
    memo,
    mul,
    name_of,
    neg,
    number,
    power,
    split_function_derivative,
)

# How tightly a text binds, weakest first. A text is put in brackets where more is asked for.
_CHOICE, _OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _FACTOR, _POWER, _ATOM = range(10)

_KINDS: dict[Any, str] = {cls: name for name, cls in REDUCTIONS.items()} | {Every: "all"}
_TEXTS: dict[Any, tuple[str, int]] = memo()


def write(term: Term) -> str:
    """The term, or condition, as text of the input language.

    Raises:
        TypeError: If the term holds something that the language has no words for.

    >>> from derivation.terms import add, element, exp, index, neg, size, sum_over
    >>> k = index("k", size("K"))
    >>> write(add(exp(element("z", k)), neg(sum_over(element("y", k), k))))
    'exp(z[k]) - sum(y[k] for k in K)'
    """
    return _text(term)[0]


def write_condition(condition: Term) -> str:
    """A condition as text of the input language; what holds always is ``0 == 0``.

    >>> from derivation.terms import element, relation, ZERO
    >>> write_condition(relation(">", element("s"), ZERO))
    's > 0'
    """
    return _text(condition)[0]


def write_definition(definition: Definition) -> str:
    """A definition as a statement.

    >>> from derivation.terms import element, exp, index, size
    >>> i = index("i", size("K"))
    >>> write_definition(Definition("p", (i,), exp(element("z", i))))
    'p[i] = exp(z[i])'
    """
    return f"{write(definition.head)} = {write(definition.body)}"


def _text(t: Any) -> tuple[str, int]:
    found = _TEXTS.get(t)
    if found is None:
        found = _compose(t)
        _TEXTS[t] = found
    return found


def _at(t: Any, least: int) -> str:
    """The text of a subterm, in brackets unless it binds at least this tightly."""
    text, binds = _text(t)
    return text if binds >= least else f"({text})"


def _list(args: Any, separator: str = ", ") -> str:
    return separator.join([_text(a)[0] for a in args])


def _compose(t: Any) -> tuple[str, int]:
    if isinstance(t, Indexed):
        return f"{name_of(t)}[{_list(t.args[1:], ',')}]", _ATOM
    if isinstance(t, Rational):
        return _rational(t)
    if isinstance(t, Symbol):
        return str(t.name), _ATOM
    if isinstance(t, Add):
        return _sum(t), _SUM
    if isinstance(t, Mul):
        return _product(t)
    if isinstance(t, Pow):
        return _power(t)
    if isinstance(t, Reduction):
        return _reduction(t), _ATOM
    if isinstance(t, IfElse):
        condition, a, b = t.args
        return f"{_at(a, _OR)} if {_at(condition, _OR)} else {_text(b)[0]}", _CHOICE
    if isinstance(t, Relation):
        return f"{_at(t.left, _SUM)} {t.op} {_at(t.right, _SUM)}", _COMPARED
    if isinstance(t, (AllOf, AnyOf, Not)):
        return _logic(t)
    if t is PI or t == PI:
        return "pi", _ATOM
    return _call(t), _ATOM


def _rational(t: Any) -> tuple[str, int]:
    text = str(t.p) if t.q == 1 else f"{t.p}/{t.q}"
    if t.p < 0:
        return text, _PRODUCT if t.q != 1 else _FACTOR
    return text, _ATOM if t.q == 1 else _PRODUCT


def _sum(t: Any) -> str:
    parts = [_at(t.args[0], _PRODUCT if isinstance(t.args[0], Add) else _SUM)]
    for a in t.args[1:]:
        if has_sign(a):
            parts.append(f" - {_unsigned(a)}")
        else:
            parts.append(f" + {_at(a, _PRODUCT)}")
    return "".join(parts)


def _unsigned(t: Any) -> str:
    """The text after a minus sign that reads back as the negative term t."""
    if isinstance(t, Rational):
        return _text(-t)[0]
    if is_sign(t):
        return _at(mul(*t.args[1:]), _PRODUCT)
    return _product(mul(-t.args[0], *t.args[1:]))[0]


def _product(t: Any) -> tuple[str, int]:
    args = t.args
    first = args[0]
    rest = 1
    if first == MINUS_ONE and is_sign(t):
        rest = 2
        text = f"-1/{_divisor(args[1])}" if is_divisor(args[1]) else f"-{_at(args[1], _FACTOR)}"
    else:
        text = _at(first, _POWER if isinstance(first, Mul) else _PRODUCT)
    for k in range(rest, len(args)):
        f = args[k]
        if is_divisor(f) and not (k == 1 and stays_factor(first, f)):
            text += f"/{_divisor(f)}"
        else:
            text += f"*{_at(f, _POWER)}"
    return text, _PRODUCT


def _divisor(t: Any) -> str:
    """What stands below the fraction line."""
    if isinstance(t, Rational):
        return str(t.q)
    base, exponent = t.args
    return _at(base if exponent == MINUS_ONE else power(base, neg(exponent)), _POWER)


def _power(t: Any) -> tuple[str, int]:
    base, exponent = t.args
    if is_below(t):
        return f"1/{_divisor(t)}", _PRODUCT
    if exponent == HALF:
        return f"sqrt({_text(base)[0]})", _ATOM
    return f"{_at(base, _ATOM)}**{_at(exponent, _ATOM)}", _POWER


def _reduction(t: Any) -> str:
    bound, body = opened(t)
    parts = [_at(body, _SUM) if not isinstance(t, Every) else _text(body)[0]]
    for over, guard in bound:
        parts.append(f" for {over.name} in {_text(over.size)[0]}")
        if guard != TRUE:
            parts.append(f" if {_at(guard, _OR)}")
    return f"{_KINDS[type(t)]}({''.join(parts)})"


def _logic(t: Any) -> tuple[str, int]:
    if not t.args:
        return ("0 == 0" if t == TRUE else "0 != 0"), _COMPARED
    if isinstance(t, Not):
        return f"not {_at(t.args[0], _COMPARED)}", _NOT
    word, binds = ("and", _AND) if isinstance(t, AllOf) else ("or", _OR)
    return f" {word} ".join([_at(c, _NOT) for c in t.args]), binds


def _call(t: Any) -> str:
    if isinstance(t, KroneckerDelta):
        return f"delta({_list(t.args, ',')})"
    if isinstance(t, (Diff, Partial)):
        return f"{'diff' if isinstance(t, Diff) else 'partial'}({_list(t.args)})"
    if isinstance(t, FunctionDerivative):
        return _function_derivative(t)
    name = function_name(t)
    if name is None:
        if t == sympy.E:
            return "exp(1)"
        raise TypeError(f"the language has no words for {type(t).__name__}: {t}")
    if name == "polygamma" and t.args[0] in (number(0), number(1)):
        return f"{'digamma' if t.args[0] == 0 else 'trigamma'}({_text(t.args[1])[0]})"
    return f"{name}({_list(t.args)})"


def _function_derivative(t: Any) -> str:
    name, orders, args = split_function_derivative(t)
    if len(orders) == 1:
        written = [str(orders[0])]
    else:
        written = [f"{k}, {n}" for k, n in enumerate(orders, 1) if n] or ["1, 0"]
    return f"deriv({name}, {', '.join(written)})({_list(args)})"
