"""Facts about the user's definitions, found by unfolding once: sums to 1, to 0, symmetry."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from derivation.engine.arithmetic import same
from derivation.engine.proof import Chain, Move, Proof, flip, join, rearranged
from derivation.engine.rewrites import Rewrite
from derivation.errors import KernelError, RuleRefused
from derivation.normal import normal_term
from derivation.problem import Definition
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    IfElse,
    KroneckerDelta,
    Pow,
    Size,
    SumOver,
    add,
    element,
    free_indices,
    fresh_index,
    is_number,
    mul,
    name_of,
    names,
    neg,
    sigmoid,
    substitute,
    subterms,
    sum_over,
    value_of,
)

if TYPE_CHECKING:
    from derivation.engine.planner import Planner


def find_facts(planner: Planner) -> None:
    """Facts about the definitions, each proved by the kernel, for the planner's shortener."""
    for definition in planner.shortener.from_below:
        if not definition.params or definition.name in planner.shortener.cut:
            continue
        for k in range(len(definition.params)):
            fact = _constant_sum(planner, definition, k)
            if fact is not None:
                planner.shortener.add_fact(fact)
        fact = _normalised(planner, definition)
        if fact is not None:
            planner.shortener.add_fact(fact)
        fact = _symmetry(planner, definition) or _complement(planner, definition)
        if fact is not None:
            planner.shortener.add_fact(fact)


def _constant_sum(planner: Planner, definition: Definition, k: int) -> Rewrite | None:
    body = definition.body
    parts = tuple(subterms(body))
    if not any(isinstance(s, SumOver) or _names_sum(planner, s) for s in parts):
        return None
    below = planner.theory.below(names(body)) & set(planner.theory.definitions)
    inside = [s for n in below for s in subterms(planner.theory.definitions[n].body)]
    if not any(map(_may_cancel, (*parts, *inside))) and not planner.shortener.knows_of(
        planner.theory.below(names(body))
    ):
        return None
    over = definition.params[k]
    start = sum_over(definition.head, over)
    unfold = Chain(start).splice(Move("definition", definition.head, body), (0,))
    try:
        best = planner.shortener.shorten(unfold.term, without=frozenset((definition.name,)))
        if not is_number(best.after):
            opened = planner.shortener._expand(best.after)
            best = join(best, opened)
        if not is_number(best.after):
            return None
        proof = join(unfold.proof(), best)
        params = tuple(p for n, p in enumerate(definition.params) if n != k)
        return planner.narrator.fact(proof, params, definition)
    except (RuleRefused, KernelError):
        return None


def _may_cancel(s: Any) -> bool:
    """Whether a part may meet its like in a sum over it: a difference, a quotient, a case."""
    if isinstance(s, Pow):
        over = is_number(s.args[1]) and value_of(s.args[1]) > 0
        return not over and not isinstance(s.args[0], Size)
    return isinstance(s, Add | IfElse | KroneckerDelta)


def _normalised(planner: Planner, definition: Definition) -> Rewrite | None:
    """p = n/sum of n over some places: p adds up to 1 over these places."""
    body = definition.body
    for s in subterms(body):
        if not isinstance(s, SumOver) or (s.guard == TRUE and not isinstance(s.body, SumOver)):
            continue  # plain sums are found by _constant_sum
        binders, core = [], s
        while isinstance(core, SumOver):
            binders.append((core.index, core.guard))
            core = core.body
        above = normal_term(mul(body, s))
        for chosen in itertools.permutations(definition.params, len(binders)):
            swap = {p: i for p, (i, _) in zip(chosen, binders, strict=True)}
            if any(p.size != i.size for p, i in swap.items()) or not same(
                substitute(above, swap), core
            ):
                continue
            head = substitute(definition.head, swap)
            start, path = head, ()
            for i, guard in reversed(binders):
                start, path = sum_over(start, i, guard), (0, *path)
            unfold = Chain(start).splice(Move("definition", head, substitute(body, swap)), path)
            try:
                unfold.splice(planner.simplifier.simplify(unfold.term))
                unfold.splice(planner.simplifier.simplify(unfold.term))
                if unfold.term != ONE:
                    unfold.algebra(ONE)
                params = tuple(p for p in definition.params if p not in chosen)
                return planner.narrator.fact(unfold.proof(), params, definition)
            except (RuleRefused, KernelError):
                continue
    return None


def _names_sum(planner: Planner, s: Any) -> bool:
    theory = planner.theory
    return theory.defined(s) and any(
        isinstance(x, SumOver) for x in subterms(theory.definitions[name_of(s)].body)
    )


def _complement(planner: Planner, definition: Definition) -> Rewrite | None:
    """p[j,i] = 1 - p[i,j] or p[j,i] = -p[i,j]: what two say of each other."""
    params = definition.params
    if len(params) < 2 or params[-1].size != params[-2].size:
        return None
    i, j = params[-2], params[-1]
    if not {i, j} <= free_indices(definition.body):
        return None
    spare = fresh_index(i, {p.name for p in params})
    body = definition.body
    swapped = substitute(substitute(substitute(body, {i: spare}), {j: i}), {spare: j})
    turned = element(definition.name, *params[:-2], j, i)
    for total in (ONE, ZERO):
        other = neg(definition.head) if total == ZERO else add(total, neg(definition.head))
        place = (len(other.args) - 1,) + ((1,) if total == ONE else ())
        unfolding = Chain(other).splice(Move("definition", definition.head, body), place)
        if isinstance(body, sigmoid):
            reflected = add(ONE, neg(sigmoid(neg(body.args[0]))))
            unfolding.rule("sigmoid-reflection", reflected, place)
        finish = rearranged(unfolding.term, swapped)
        if finish is None:
            continue
        chain = Chain(turned).splice(Move("definition", turned, swapped))
        chain.splice(flip(finish)).splice(flip(unfolding.proof()))
        try:
            return planner.narrator.fact(chain.proof(), params, definition)
        except (RuleRefused, KernelError):
            return None
    return None


def _symmetry(planner: Planner, definition: Definition) -> Rewrite | None:
    params = definition.params
    if len(params) < 2 or params[-1].size != params[-2].size:
        return None
    i, j = params[-2], params[-1]
    spare = fresh_index(i, {p.name for p in params})
    body = definition.body
    swapped = substitute(substitute(substitute(body, {i: spare}), {j: i}), {spare: j})
    one = planner.shortener.turn_symmetric(body, params) or Proof(body, body)
    two = planner.shortener.turn_symmetric(swapped, params) or Proof(swapped, swapped)
    if not same(one.after, two.after):
        return None
    turned = element(definition.name, *params[:-2], j, i)
    chain = Chain(definition.head).splice(Move("definition", definition.head, body))
    chain.splice(one)
    chain.algebra(two.after)
    chain.splice(flip(two))
    chain.splice(Move("definition", swapped, turned, direction="rl"))
    try:
        return planner.narrator.fact(chain.proof(), params, definition)
    except (RuleRefused, KernelError):
        return None
