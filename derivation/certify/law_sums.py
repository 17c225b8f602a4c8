"""What the variables of the laws of sums and products stand for in a move of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from derivation.certify.law_algebra import (
    Moves,
    body_of,
    connected,
    flipped,
    in_letter,
    within,
)
from derivation.certify.law_moves import HOLE, Abstraction, LawMove
from derivation.errors import RuleRefused
from derivation.normal import difference_vanishes, oriented
from derivation.rules.sums import factored, joined_guard, set_apart, sifted
from derivation.terms import (
    TRUE,
    ZERO,
    Add,
    MaxOver,
    Mul,
    Relation,
    SumOver,
    add,
    all_of,
    any_of,
    conjuncts,
    free_indices,
    if_else,
    inverse,
    mul,
    negate,
    reduction,
    relation,
    substitute,
    sum_over,
)
from derivation.theory import Theory

Args = Mapping[str, Any]
Making = Callable[[Theory, Any, Any, Args], Moves]


def at_places(i: Any, /, **what: Any) -> dict[str, Any]:
    """Values and conditions that depend on a place; a condition that is always true is left out."""
    return {n: Abstraction((i,), t) for n, t in what.items() if t != TRUE}


def over(i: Any, /, **what: Any) -> dict[str, Any]:
    """The size that a letter runs over, and what depends on it."""
    return {"K": i.size, **at_places(i, **what)}


def sum_add(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return _apart(theory, lhs, rhs, Add, add, "sum-add")


def prod_factor(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return _apart(theory, lhs, rhs, Mul, mul, "prod-factor")


def _apart(theory: Theory, lhs: Any, rhs: Any, kind: Any, put: Any, law: str) -> Moves:
    """One reduction as several over the same places, one set apart at a time."""
    i, guard = lhs.index, lhs.guard
    parts = rhs.args if isinstance(rhs, kind) else (rhs,)
    bodies = [in_letter(i, part)[0] for part in parts]
    moves = within(body_of(lhs), connected(theory, lhs.body, put(*bodies)))
    for n in range(len(parts) - 1):
        what = over(i, F=bodies[n], G=put(*bodies[n + 1 :]), C=guard)
        moves += within(put(*parts[:n], HOLE), [LawMove(law, what)])
    return moves


def sum_factor(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    outside, body, _ = factored(lhs, rhs)
    i = lhs.index
    moves = within(body_of(lhs), connected(theory, lhs.body, mul(outside, body)))
    return [*moves, LawMove("sum-factor", {**over(i, F=body, C=lhs.guard), "a": outside})]


def sum_product(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """The engine reads it as sum-factor from right to left."""
    return flipped(sum_factor(theory, rhs, lhs, args))


def sum_constant(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [LawMove("sum-constant", {"K": lhs.index.size, "a": lhs.body})]


def sum_zero(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [LawMove("sum-zero", over(lhs.index, C=lhs.guard))]


def max_constant(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    kind = "max" if isinstance(lhs, MaxOver) else "min"
    return [LawMove(f"{kind}-constant", {"K": lhs.index.size, "a": lhs.body})]


def prod_constant(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [LawMove("prod-constant", {"K": lhs.index.size, "a": lhs.body})]


def log_of_product(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    product = lhs.args[0]
    return [LawMove("log-of-product", over(product.index, F=product.body, C=product.guard))]


def sift_delta(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    j, rest, value, _ = sifted(lhs, rhs)
    law = LawMove("sift-delta", {**over(lhs.index, F=rest, C=lhs.guard), "j": j})
    return [law, *connected(theory, value, rhs)]


def sum_swap(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    inner = lhs.body
    i, j = lhs.index, inner.index
    outer = all_of(*[c for c in conjuncts(inner.guard) if i not in free_indices(c)])
    mixed = all_of(*[c for c in conjuncts(inner.guard) if i in free_indices(c)])
    put = {"K": i.size, "M": j.size, "F": Abstraction((i, j), inner.body)}
    put |= {**at_places(i, C=lhs.guard), **at_places(j, D=outer)}
    if mixed != TRUE:
        put["E"] = Abstraction((i, j), mixed)
    return [LawMove("sum-swap", put)]


def split_term(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    j, _ = set_apart(theory, lhs, rhs)
    if isinstance(rhs, SumOver):
        return flipped(split_term(theory, rhs, lhs, args))
    law, apart = _one_apart(lhs, j)
    return [law, *connected(theory, apart, rhs)]


def _one_apart(t: Any, j: Any) -> tuple[LawMove, Any]:
    """The law that sets the term at a place apart from a sum over every place; what comes of it."""
    i = t.index
    rest = sum_over(t.body, i, relation("!=", i, j))
    law = LawMove("split-term", {**over(i, F=t.body), "j": j})
    return law, add(substitute(t.body, {i: j}), rest)


def sum_cases(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """Both cases; a sum of zeros then goes."""
    i, where = lhs.index, lhs.guard
    c, a, b = lhs.body.args
    moves = [LawMove("sum-cases", over(i, F=a, G=b, C=c, D=where))]
    guards = [all_of(*([] if where == TRUE else [where]), k) for k in (c, negate(c))]
    sums = [sum_over(t, i, guard) for t, guard in zip((a, b), guards, strict=True)]
    for n in (0, 1):
        if sums[n].body == ZERO:
            zero = LawMove("sum-zero", over(i, C=guards[n]))
            other = [] if sums[1 - n] == ZERO else [sums[1 - n]]
            moves += within(add(*other, HOLE), [zero])
            sums[n] = ZERO
    left = [s for s in sums if s != ZERO]
    return [*moves, *connected(theory, add(*left), rhs)]


def _places_of(c: Any, op: str, i: Any) -> Iterator[Any]:
    """The j of a condition ``i op j``, written either way round."""
    if isinstance(c, Relation) and c.op == op and i in (c.left, c.right):
        j = c.right if c.left == i else c.left
        if i not in free_indices(j):
            yield j


def sum_one_place(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    i = lhs.index
    for c in conjuncts(lhs.guard):
        others = all_of(*[g for g in conjuncts(lhs.guard) if g != c])
        for j in _places_of(c, "==", i):
            value = substitute(lhs.body, {i: j})
            if others != TRUE:
                value = if_else(substitute(others, {i: j}), value, ZERO)
            if theory.in_range(j, i.size) and difference_vanishes(value, rhs) is not None:
                law = LawMove("sum-one-place", {**over(i, F=lhs.body, C=others), "j": j})
                return [law, *connected(theory, value, rhs)]
    raise RuleRefused("the condition does not fix the index")


def sum_guard(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """The places of the one side are those of the other, or what is left out is 0.

    Where a single place is left out of all, its term is set apart: that it is 0 is seen there.
    """
    i = lhs.index
    body, guard = in_letter(i, rhs)
    moves = within(body_of(lhs), connected(theory, lhs.body, body))
    if oriented(guard) == oriented(lhs.guard):
        return moves
    one = sum_over(body, i, lhs.guard)
    for small, large, back in ((one, guard, True), (rhs, lhs.guard, False)):
        if large != TRUE:
            continue
        small_body, small_guard = in_letter(i, small)
        for j in _places_of(small_guard, "!=", i):
            if difference_vanishes(substitute(small_body, {i: j}), ZERO) is None:
                continue
            law, apart = _one_apart(sum_over(small_body, i), j)
            way = [law, *connected(theory, apart, sum_over(small_body, i, small_guard))]
            return [*moves, *(flipped(way) if back else way)]
    return [*moves, LawMove("sum-guard", over(i, F=body, C=lhs.guard, D=guard))]


def sum_join(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """Two cases of one condition are ``sum-cases`` where the cases have the same term."""
    i, body = rhs.index, rhs.body
    guards = [in_letter(i, s)[1] for s in lhs.args]
    moves = connected(theory, lhs, add(*[sum_over(body, i, g) for g in guards]))
    keys = [{oriented(c): c for c in conjuncts(g)} for g in guards]
    shared = [c for k, c in keys[0].items() if k in keys[1]]
    only = [[c for k, c in own.items() if k not in keys[1 - n]] for n, own in enumerate(keys)]
    if all(len(own) == 1 for own in only) and oriented(negate(only[0][0])) == oriented(only[1][0]):
        what = over(i, F=body, G=body, C=only[0][0], D=all_of(*shared))
        return [*moves, LawMove("sum-cases", what, "rl")]
    moves.append(LawMove("sum-join", over(i, F=body, C=guards[0], D=guards[1])))
    joined_guard(*guards)  # refused unless they exclude each other
    last = over(i, F=body, C=any_of(*guards), D=rhs.guard)
    return [*moves, LawMove("sum-guard", last)]


def prod_split(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """The missing factor is put beside the product and divided out; then it joins the product."""
    i = lhs.index
    whole = reduction("prod", lhs.body, i)
    for j in _places_of(lhs.guard, "!=", i):
        there = substitute(lhs.body, {i: j})
        result = mul(whole, inverse(there))
        if not theory.in_range(j, i.size) or difference_vanishes(result, rhs) is None:
            continue
        law = LawMove("prod-split", {**over(i, F=lhs.body), "j": j}, "rl")
        return [
            *connected(theory, lhs, mul(there, lhs, inverse(there))),
            *within(mul(HOLE, inverse(there)), [law]),
            *connected(theory, result, rhs),
        ]
    raise RuleRefused("no single factor is left out")


SUMS: dict[str, Making] = {
    "sum-add": sum_add,
    "sum-factor": sum_factor,
    "sum-product": sum_product,
    "sum-constant": sum_constant,
    "sum-zero": sum_zero,
    "sum-swap": sum_swap,
    "sum-cases": sum_cases,
    "sum-one-place": sum_one_place,
    "sum-guard": sum_guard,
    "sum-join": sum_join,
    "sift-delta": sift_delta,
    "split-term": split_term,
    "max-constant": max_constant,
    "prod-constant": prod_constant,
    "prod-split": prod_split,
    "prod-factor": prod_factor,
    "log-of-product": log_of_product,
}
