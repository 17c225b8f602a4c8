"""Size of a term in nodes of the input language, straight from the term.

It is the size of the text that ``write`` prints: names, numbers, operators, calls, subscripts,
sums and conditions; an index in a slot counts, brackets and what a ``for`` introduces do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derivation.language.layout import has_sign, is_below, is_sign, is_unit_below, opened
from derivation.terms import (
    FUNCTIONS,
    HALF,
    MINUS_ONE,
    ONE,
    REDUCTIONS,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Every,
    FunctionDerivative,
    Indexed,
    Mul,
    Pow,
    Rational,
    Relation,
    memo,
    split_function_derivative,
)

_SIZES: dict[Any, int] = memo()
_DEPTHS: dict[Any, int] = memo()


def nodes(t: Any) -> int:
    """The number of nodes of the text of a term, as a reader counts them.

    >>> from derivation.terms import add, element, index, neg, size
    >>> j = index("j", size("K"))
    >>> nodes(add(element("p", j), neg(element("y", j))))
    5
    """
    found = _SIZES.get(t)
    if found is None:
        found = _nodes(t)
        _SIZES[t] = found
    return found


def depth(t: Any) -> int:
    """How deep a term is nested (a leaf: 0)."""
    found = _DEPTHS.get(t)
    if found is None:
        found = 1 + max(map(depth, t.args)) if t.args else 0
        _DEPTHS[t] = found
    return found


def _nodes(t: Any) -> int:
    if not t.args:
        if isinstance(t, Rational):
            return (1 if t.q == 1 else 3) + int(t.p < 0)
        return 3 if isinstance(t, (AllOf, AnyOf)) else 1
    count = _COUNTS.get(type(t))
    return count(t) if count is not None else 1 + sum(map(nodes, t.args))


def _element(t: Any) -> int:
    return 1 + sum(map(nodes, t.args[1:]))


def _sum(t: Any) -> int:
    signs = sum(map(has_sign, t.args[1:]))
    return len(t.args) - 1 + sum(map(nodes, t.args)) - signs


def _reduction(t: Any) -> int:
    bound, body = opened(t)
    return 2 + nodes(body) + sum(nodes(guard) for _, guard in bound if guard != TRUE)


def _function_derivative(t: Any) -> int:
    _, orders, args = split_function_derivative(t)
    written = 1 if len(orders) == 1 else 2 * (sum(o != 0 for o in orders) or 1)
    return 3 + written + sum(map(nodes, args))


def _polygamma(t: Any) -> int:
    named = t.args[0] in (ZERO, ONE)  # digamma, trigamma
    return 1 + nodes(t.args[1]) + (0 if named else nodes(t.args[0]))


def _product(t: Any) -> int:
    args = t.args
    first = args[0]
    if first == MINUS_ONE and is_sign(t):  # -x*y, -1/x*y
        total = 2 + _divisor(args[1]) + 1 if is_divisor(args[1]) else 1 + nodes(args[1])
        rest = 2
    else:
        total = nodes(first)
        rest = 1
    for k in range(rest, len(args)):
        f = args[k]
        if is_divisor(f) and not (k == 1 and stays_factor(first, f)):
            total += 1 + _divisor(f)
        else:
            total += 1 + nodes(f)
    return total


def is_divisor(t: Any) -> bool:
    """Whether a factor is written after ``/``."""
    return is_unit_below(t) or is_below(t)


def stays_factor(first: Any, t: Any) -> bool:
    """Whether a divisor right after the first factor would merge with it: 2*(1/3), 1*(1/x)."""
    return isinstance(first, Rational) and (is_unit_below(t) or first == ONE)


def _divisor(t: Any) -> int:
    return 1 if isinstance(t, Rational) else _below(t)


def _below(t: Any) -> int:
    """The size of the denominator of a negative power."""
    base, exponent = t.args
    if exponent == MINUS_ONE:
        return nodes(base)
    if exponent == -HALF:
        return 1 + nodes(base)
    return 1 + nodes(base) + nodes(exponent) - 1


def _power(t: Any) -> int:
    if is_below(t):
        return 2 + _below(t)
    base, exponent = t.args
    return 1 + nodes(base) + (0 if exponent == HALF else nodes(exponent))


# by head; what is not here is its arguments and one more
_COUNTS: dict[Any, Callable[[Any], int]] = {
    Indexed: _element,
    Add: _sum,
    Mul: _product,
    Pow: _power,
    Relation: _element,  # the operator comes first and does not count
    FunctionDerivative: _function_derivative,
    FUNCTIONS["polygamma"][0]: _polygamma,
    Every: _reduction,
    **dict.fromkeys(REDUCTIONS.values(), _reduction),
}
