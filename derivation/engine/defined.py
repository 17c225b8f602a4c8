"""Where a term is defined: a place may join a sum only if its term means something there."""

from __future__ import annotations

from typing import Any

import sympy

from derivation.normal import normal_term
from derivation.terms import (
    TRUE,
    ZERO,
    Condition,
    Diff,
    IfElse,
    Indexed,
    Partial,
    Pow,
    Reduction,
    Term,
    every,
    free_indices,
    is_leaf,
    is_number,
    name_of,
    relation,
    substitute,
    value_of,
)
from derivation.theory import Theory

# functions that have a value at every real number
TOTAL = (
    sympy.exp, sympy.sin, sympy.cos, sympy.atan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh,
    sympy.erf, sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.Add, sympy.Mul,
)  # fmt: skip


def defined_at(theory: Theory, t: Term, i: Any, j: Any, beside: Term) -> bool:
    """Whether t at i = j is defined wherever ``beside`` is, which holds t for other values of i.

    The derivative of a distance, (x_i - x_k)/d_ik, is not: at k = i it is 0/0, though algebra
    makes it 0.
    """
    conditions = _conditions(theory, t, frozenset())
    if None in conditions:
        return False
    around = _conditions(theory, beside, frozenset()) - {None}
    everywhere = {normal_term(c.left) for c in around}
    for c in conditions:
        if i not in free_indices(c) or theory.decide(c)[0]:
            continue
        there = substitute(c, {i: j})
        if not theory.decide(there)[0] and normal_term(there.left) not in everywhere:
            return False
    return True


def _conditions(theory: Theory, t: Any, seen: frozenset[str]) -> set[Any]:
    """What t needs to be defined, as relations with 0; None stands for what is not known."""
    out: set[Any] = set()
    if isinstance(t, (Diff, Partial)):
        return {None}
    if isinstance(t, (Indexed, sympy.Symbol)):
        if theory.defined(t) and name_of(t) not in seen:
            return _conditions(theory, theory.unfold(t), seen | {name_of(t)})
        return out
    if is_leaf(t) or isinstance(t, Condition):
        return out
    if isinstance(t, Pow):
        base, e = t.args
        if not is_number(e) or value_of(e).denominator != 1:
            positive = is_number(e) and value_of(e) > 0
            out.add(relation(">=" if positive else ">", base, ZERO))
        elif value_of(e) < 0:
            out.add(relation("!=", base, ZERO))
    elif isinstance(t, sympy.log):
        out.add(relation(">", t.args[0], ZERO))
    elif isinstance(t, sympy.Function) and not isinstance(t, TOTAL):
        name = type(t).__name__
        if name not in {"sigmoid", "softplus", "relu", "Detach", "detach", "KroneckerDelta"}:
            return {None}
    if isinstance(t, Reduction):
        inner = _conditions(theory, t.body, seen)
        out |= {c if c is None or t.index not in free_indices(c) else None for c in inner} - (
            {None} if _holds_inside(theory, t, inner) else set()
        )
        return out
    for a in t.args[1:] if isinstance(t, IfElse) else t.args:
        out |= _conditions(theory, a, seen)
    return out


def _holds_inside(theory: Theory, t: Any, inner: set[Any]) -> bool:
    """Whether every condition about the bound index is known to hold."""
    return None not in inner and all(
        t.index not in free_indices(c) or theory.decide(every(c, t.index, TRUE))[0] for c in inner
    )
