"""What a term looks like on the page: sums in sums as one sum, conditions without a difference."""

from __future__ import annotations

from typing import Any

from derivation.engine.arithmetic import leading, negated, tidy
from derivation.engine.cost import cost
from derivation.engine.defined import defined_at
from derivation.engine.order import in_order
from derivation.engine.proof import Chain, Proof, flip
from derivation.engine.rewrites import occurrences
from derivation.engine.simplify import excluded, factors_of
from derivation.errors import RuleRefused
from derivation.normal import form
from derivation.terms import (
    MIRROR,
    ONE,
    TRUE,
    TWO,
    ZERO,
    Add,
    IfElse,
    Index,
    Mul,
    Relation,
    SumOver,
    Term,
    add,
    all_of,
    at,
    conjuncts,
    free_indices,
    fresh_index,
    identical,
    if_else,
    index_names,
    is_number,
    mul,
    neg,
    power,
    relation,
    substitute,
    sum_over,
)
from derivation.theory import Theory


def nested(t: Any, f: Any) -> Proof | None:
    """sum_i a_i*(sum_j b_ij) = sum_i sum_j a_i*b_ij, for the factor f of the body of t."""
    rest = [g for g in factors_of(t.body) if g is not f]
    chain = Chain(t)
    around = free_indices(mul(*rest)) | free_indices(t.guard) | {t.index}
    if f.index.name in {i.name for i in around}:
        letter = fresh_index(f.index, index_names(t))
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


def completed(t: Term, theory: Theory) -> Proof:
    """Every sum over i != j whose term at i = j is there, and 0, as a sum over all i."""
    chain = Chain(t)
    for path, sub in occurrences(t):
        here = at(chain.term, path) if isinstance(sub, SumOver) else None
        if here is not None and here.guard != TRUE:
            i, j = here.index, excluded(here.guard, here.index)
            if j is None or i in free_indices(j) or not theory.in_range(j, i.size):
                continue
            missing = tidy(substitute(here.body, {i: j}))
            if missing == ZERO and defined_at(theory, here.body, i, j, here):
                chain.rule("sum-guard", sum_over(here.body, i), path)
    return chain.proof()


def shared(t: Term) -> Proof:
    """x - x**2 as x*(1 - x), which is as long and shows where it is 0."""
    chain = Chain(t)
    for path, sub in occurrences(t):
        if isinstance(sub, Add) and len(sub.args) == 2:
            x, square = sorted(sub.args, key=lambda a: leading(a)[0], reverse=True)
            if identical(square, neg(power(x, TWO))):
                chain.algebra(mul(x, add(ONE, neg(x))), path)
    return chain.proof()


def conditions_shortened(t: Term) -> Proof:
    """a - b > 0 written as a > b, in cases and in the conditions of sums."""
    chain = Chain(t)
    for path, sub in list(occurrences(t)):
        if not isinstance(sub, (IfElse, SumOver)):
            continue
        here = at(chain.term, path)
        condition = here.args[0] if isinstance(here, IfElse) else here.guard
        parts = [_shortest_relation(c) for c in conjuncts(condition)]
        shorter = all_of(*parts)
        if parts == list(conjuncts(condition)):
            continue
        if isinstance(here, IfElse):
            after = if_else(shorter, *here.args[1:])
        else:
            after = sum_over(here.body, here.index, shorter)
        chain.rule("same-condition", after, path)
    return chain.proof()


def _shortest_relation(c: Any) -> Any:
    """The relation with its terms on the sides that make it shortest."""
    if not isinstance(c, Relation) or isinstance(c.left, Index) or isinstance(c.right, Index):
        return c
    gap = in_order(add(c.left, neg(c.right)))
    if form(add(c.left, neg(c.right)))[1] or is_number(gap):
        return c
    terms = gap.args if isinstance(gap, Add) else (gap,)
    positive = [a for a in terms if leading(a)[0] > 0]
    negative = [negated(a) for a in terms if leading(a)[0] < 0]
    left, right = tidy(add(*positive)), tidy(add(*negative))
    if is_number(left) or (is_number(right) and right != ZERO and len(positive) == 0):
        left, right, op = right, left, MIRROR[c.op]
    elif not positive:
        left, right, op = right, ZERO, MIRROR[c.op]
    else:
        op = c.op
    moved = relation(op, left, right)
    return moved if _size(moved) < _size(c) else c


def _size(c: Any) -> int:
    return cost(c.left) + cost(c.right)
