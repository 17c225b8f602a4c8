"""How a term is laid out as text: the decisions that the writer and the node count share.

The text must read back as the same term, so these mirror what ``reader`` builds: which powers are
denominators, where a leading minus is a sign, which nested sums share one ``for`` list.
"""

from __future__ import annotations

from typing import Any

from derivation.terms import (
    MINUS_ONE,
    TRUE,
    Mul,
    Pow,
    Rational,
    Symbol,
    free_indices,
    fresh_index,
    index_names,
    is_number,
    names,
    rebuild,
    substitute,
    subterms,
)


def is_below(t: Any) -> bool:
    """Whether a term is a power that is written below a fraction line (x**-2 is 1/x**2)."""
    if not isinstance(t, Pow):
        return False
    base, exponent = t.args
    if isinstance(exponent, Rational):
        if exponent.p >= 0:
            return False
        return exponent != MINUS_ONE or not (is_number(base) or isinstance(base, Pow))
    return has_sign(exponent) and (exponent.args[0] != MINUS_ONE or is_sign(exponent))


def has_sign(t: Any) -> bool:
    """Whether the text of a term starts with a minus that a sum can turn into a subtraction."""
    if isinstance(t, Rational):
        return bool(t.p < 0)
    return isinstance(t, Mul) and isinstance(t.args[0], Rational) and t.args[0].p < 0


def is_sign(t: Any) -> bool:
    """Whether the -1 in front of a product is written as a bare minus (-x, not -1*x)."""
    first, second = t.args[0], t.args[1]
    return first == MINUS_ONE and not isinstance(second, (Mul, Rational))


def is_unit_below(t: Any) -> bool:
    """Whether a number is written as a divisor (x*(1/2) is x/2)."""
    return isinstance(t, Rational) and t.p == 1 and t.q != 1


def opened(t: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The indices and guards of one ``for`` list, outermost first, and the body.

    Directly nested reductions of one kind share a list, unless a letter would be bound twice or a
    guard would see the wrong letter. Letters that would hide a scalar or another index of that
    name are renamed.
    """
    t = _unhidden(t)
    bound = [(t.index, t.guard)]
    while type(t.body) is type(t):
        inner = _unhidden(t.body)
        letter = inner.index.name
        if any(
            letter == over.name or (guard != TRUE and letter in index_names(guard))
            for over, guard in bound
        ):
            break
        t = inner
        bound.append((t.index, t.guard))
    return bound, t.body


def _unhidden(t: Any) -> Any:
    """The reduction, its letter renamed if the text would be read as something else."""
    over, letter = t.index, t.index.name
    inside = names(t.body) | names(t.guard)
    hidden = letter in inside and any(
        type(s) is Symbol and s.name == letter for part in (t.body, t.guard) for s in subterms(part)
    )
    if not hidden and not any(
        s.name == letter and s != over for s in free_indices(t.body) | free_indices(t.guard)
    ):
        return t
    fresh = fresh_index(over, inside | index_names(t))
    swap = {over: fresh}
    return rebuild(t, (substitute(t.body, swap), fresh, substitute(t.guard, swap)))
