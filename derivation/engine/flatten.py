"""Sums in sums written as one sum over several indices, as they are printed."""

from __future__ import annotations

from typing import Any

from derivation.engine.cost import cost
from derivation.engine.proof import Chain, Proof, flip
from derivation.engine.rewrites import occurrences
from derivation.engine.simplify import factors_of
from derivation.errors import RuleRefused
from derivation.terms import (
    Mul,
    SumOver,
    Term,
    free_indices,
    fresh_index,
    index_names,
    mul,
    substitute,
    sum_over,
)


def nested(t: Any, f: Any) -> Proof | None:
    """sum_i a_i*(sum_j b_ij) = sum_i sum_j a_i*b_ij, for the factor f of the body of t."""
    rest = [g for g in factors_of(t.body) if g is not f]
    chain = Chain(t)
    if f.index in free_indices(mul(*rest)) or f.index == t.index:
        letter = fresh_index(f.index, index_names(t.body) | {t.index.name})
        swap = {f.index: letter}
        f = sum_over(substitute(f.body, swap), letter, substitute(f.guard, swap))
    if not rest:
        return chain.proof()
    inner = sum_over(mul(*rest, *factors_of(f.body)), f.index, f.guard)
    try:
        chain.algebra(mul(*rest, f), (0,))
        chain.splice(flip(Chain(inner).rule("sum-factor", mul(*rest, f)).proof()), (0,))
    except RuleRefused:
        return None
    return chain.proof()


def flattened(t: Term) -> Proof:
    """Every sum that holds a sum as a factor as one over both indices, where that is shorter."""
    chain = Chain(t)
    for _ in range(12):
        for path, sub in occurrences(chain.term):
            if isinstance(sub, SumOver) and isinstance(sub.body, Mul):
                sums = [f for f in sub.body.args if isinstance(f, SumOver)]
                if len(sums) != 1:
                    continue
                flat = nested(sub, sums[0])
                if flat is not None and cost(flat.after) < cost(sub):
                    chain.splice(flat, path)
                    break
        else:
            break
    return chain.proof()
