"""Facts about the user's definitions, found by unfolding once: sums to 1, to 0, symmetry."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from derivation.engine.arithmetic import same, split_product, sums_in
from derivation.engine.proof import Chain, Move, Proof, flip, join, rearranged
from derivation.engine.rewrites import Rewrite
from derivation.errors import KernelError, RuleRefused
from derivation.normal import normal_term
from derivation.problem import Definition
from derivation.terms import (
    HALF,
    ONE,
    TRUE,
    ZERO,
    Add,
    IfElse,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    Reduction,
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
    number,
    power,
    sigmoid,
    substitute,
    subterms,
    sum_over,
    value_of,
)
from derivation.theory import match

if TYPE_CHECKING:
    from derivation.engine.planner import Planner


def find_facts(planner: Planner) -> None:
    """Facts about the definitions, each proved by the kernel, for the planner's shortener."""
    for definition in planner.shortener.from_below:
        if not definition.params or definition.name in planner.shortener.cut:
            continue
        for k, over in enumerate(definition.params):
            whole = sum_over(definition.head, over)
            find = partial(_constant_sum, planner, definition, k)
            planner.shortener.may_be_fact(whole, find)
        fact = _normalised(planner, definition)
        if fact is not None:
            planner.shortener.add_fact(fact)
        if any(_is_root(planner, b, e) for b, e in split_product(definition.body)[1]):
            squares = sum_over(power(definition.head, number(2)), definition.params[-1])
            planner.shortener.may_be_fact(squares, partial(_fixed_length, planner, definition))
        fact = _symmetry(planner, definition) or _complement(planner, definition)
        if fact is not None:
            planner.shortener.add_fact(fact)


def _constant_sum(planner: Planner, definition: Definition, k: int) -> Rewrite | None:
    body, over = definition.body, definition.params[k]
    if not _may_be_constant(planner, definition, over):
        return None
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


def _may_be_constant(planner: Planner, definition: Definition, over: Any) -> bool:
    """Whether a sum over an index may come to a number at all: a cheap look before the search."""
    theory, body = planner.theory, definition.body
    parts = tuple(subterms(body))
    if not any(isinstance(s, SumOver) or _names_sum(planner, s) for s in parts):
        return False
    factors = tuple(_factors_with(body, over))
    if all(_is_free_input(planner, f) for f in factors):
        return False
    if len(factors) == 1 and isinstance(factors[0], Indexed):
        name = name_of(factors[0])
        entries = [s for s in parts if isinstance(s, Indexed) and name_of(s) == name]
        if (
            theory.defined(factors[0])
            and len(entries) == 1
            and name not in theory.below(names(body) - {name})
        ):
            whole = sum_over(factors[0], over)  # what is left of the sum: a number, or never
            planner.shortener.look_for_facts(whole)
            known = planner.shortener.rewrites
            return any(match(rw.pattern, whole, theory) is not None for rw in known)
    about = theory.below(names(body))
    bodies = [theory.definitions[n].body for n in about & set(theory.definitions)]
    inside = [s for t in bodies for s in subterms(t)]
    every = (*parts, *inside)
    return (
        any(isinstance(s, (Add, IfElse, KroneckerDelta)) for s in every)
        or (any(map(_divides, every)) and any(_sums_over(s, over.size) for s in every))
        or planner.shortener.knows_of(about)
    )


def _factors_with(t: Any, over: Any) -> Iterator[Any]:
    """What of a product, looked for under its sums as well, depends on an index."""
    if over not in free_indices(t):
        return
    if isinstance(t, Mul):
        for f in t.args:
            yield from _factors_with(f, over)
    elif isinstance(t, SumOver) and over not in free_indices(t.guard):
        yield from _factors_with(t.body, over)
    else:
        yield t


def _is_free_input(planner: Planner, t: Any) -> bool:
    """Whether a factor is an entry of an array of which nothing is known: no sum of it is fixed."""
    if not isinstance(t, Indexed) or planner.theory.defined(t):
        return False
    return not any(name_of(t) in names(g) for g in planner.problem.givens)


def _divides(s: Any) -> bool:
    """Whether a part is a denominator, or a power that may be one; not one that is a size."""
    if not isinstance(s, Pow) or isinstance(s.args[0], Size):
        return False
    return not (is_number(s.args[1]) and value_of(s.args[1]) > 0)


def _sums_over(s: Any, size: Any) -> bool:
    return isinstance(s, Reduction) and bool(s.index.size == size)


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


def _fixed_length(planner: Planner, definition: Definition) -> Rewrite | None:
    """h = x/r with r the root of a mean square: the squares of h add up to their number."""
    head, over = definition.head, definition.params[-1]
    unfold = Chain(sum_over(power(head, number(2)), over))
    unfold.splice(Move("definition", head, definition.body), (0, 0))
    try:
        best = planner.shortener.shorten(unfold.term, without=frozenset((definition.name,)))
        if names(best.after) - set(planner.problem.sizes):
            return None
        return planner.narrator.fact(join(unfold.proof(), best), definition.params[:-1], definition)
    except (RuleRefused, KernelError):
        return None


def _is_root(planner: Planner, base: Any, e: Any) -> bool:
    """Whether base**e is one over the square root of a sum, or over the name of one."""
    for _ in range(2):  # r = sqrt(v) where v = sum(...)/N
        if planner.theory.defined(base):
            base = planner.theory.unfold(base)
        if isinstance(base, Pow) and is_number(base.args[1]) and is_number(e):
            base, e = base.args[0], number(value_of(base.args[1]) * value_of(e))
    root = is_number(e) and value_of(e) == -value_of(HALF)
    return root and any(f.guard == TRUE for _, f in sums_in(base))


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
