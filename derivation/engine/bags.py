"""Sums and products that hold every term or factor of a definition: its name for them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.arithmetic import (
    beside,
    join_product,
    leading,
    same,
    scaled,
    split_product,
    tidy,
)
from derivation.engine.order import (
    in_order,
    written,
)
from derivation.engine.proof import Chain, Move, Proof, flip
from derivation.engine.rewrites import assignments, occurrences
from derivation.errors import RuleRefused
from derivation.normal import (
    is_whole,
    normal,
    normal_term,
)
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Mul,
    Term,
    add,
    exp,
    free_indices,
    inverse,
    is_element,
    is_number,
    mul,
    names,
    neg,
    number,
    power,
    relation,
    substitute,
    subterms,
    value_of,
)
from derivation.theory import Theory


def fold_sums(definition: Definition, t: Term, theory: Theory) -> Proof | None:
    """Inside every sum of terms, c times the definition's right side becomes c times its name."""
    if not names(definition.body) <= names(t):
        return None
    poly, _ = normal(definition.body)
    if len(poly) < 2:
        candidates = [_single_sum(definition, poly)]
    else:
        candidates = [(list(in_order(definition.body).args), definition.head)]
    chain = Chain(t)
    for found in candidates:
        if found is None:
            continue
        pattern, head = found
        for path, sub in list(occurrences(chain.term)):
            if not isinstance(sub, Add) or any(path[: len(p)] == p for p, _ in chain.items):
                continue
            proof = _fold_in_sum(definition, pattern, head, sub, theory)
            if proof is not None:
                chain.splice(proof, path)
    return chain.proof() if chain.items else None


def fold_products(definition: Definition, t: Term, theory: Theory) -> Proof | None:
    """In every product that holds all factors of the definition's right side, its name instead."""
    if not names(definition.body) <= names(t):
        return None
    meaning = _exponential(definition, theory)
    body = definition.body if meaning is None else meaning.after
    coefficient, pattern = split_product(body)
    if len(pattern) < 2 and not (
        pattern and is_element(pattern[0][0]) and pattern[0][1] == MINUS_ONE
    ):
        return None  # a power alone is a rewrite, but for v = 2/a
    chain = Chain(t)
    for path, sub in list(occurrences(t)):
        if isinstance(sub, Mul) and not any(path[: len(p)] == p for p, _ in chain.items):
            proof = _fold_in_product(definition, coefficient, pattern, sub, theory, meaning)
            if proof is not None and _keeps_signs(proof.after, sub, theory):
                chain.splice(proof, path)
    return chain.proof() if chain.items else None


def _fold_in_product(
    definition: Definition,
    coefficient: Any,
    pattern: list[Any],
    t: Term,
    theory: Theory,
    meaning: Proof | None = None,
) -> Proof | None:
    """The product with the name in it; with the name's exponential where ``meaning`` is that."""
    have_coefficient, have = split_product(t)
    for values in assignments(definition.params, t, theory):
        left = _divided(have, pattern, values)
        if left is not None:
            head = substitute(definition.head, values)
            if meaning is None:
                times, again = 1, _divided(left, pattern, values)
                while again is not None:
                    times, left, again = times + 1, again, _divided(again, pattern, values)
                c = have_coefficient / coefficient**times
                out = join_product(c, [*left, (head, number(times))])
                return _prove_by_unfolding(definition, values, t, out)
            power_of_e = exp(head)
            out, where = beside(have_coefficient / coefficient, left, power_of_e)
            chain = Chain(out)
            chain.splice(Move("definition", head, substitute(definition.body, values)), (*where, 0))
            at_values = substitute(meaning.after, values)
            chain.rule("exp-of-log", at_values, where)
            return flip(chain.algebra(t).proof())  # type: ignore[no-any-return]
    return None


def _keeps_signs(after: Any, before: Any, theory: Theory) -> bool:
    """Whether no power such as x**(K - 1), which is defined for every x, has become a division,
    as in L/x, where x may be 0."""
    for base, e in split_product(before)[1]:
        if is_number(e) or not is_whole(e) or theory.decide(relation("!=", base, ZERO))[0]:
            continue
        if any(same(b, base) and x != e for b, x in split_product(after)[1]):
            return False
    return True


def _divided(have: list[Any], pattern: list[Any], values: dict[Any, Any]) -> list[Any] | None:
    """What is left of a product's powers without those of the pattern, if it holds them."""
    left = list(have)
    for base, e in pattern:
        wanted = substitute(base, values)
        place = next(
            (k for k, (b, x) in enumerate(left) if same(b, wanted) and _covers(x, e)), None
        )
        if place is None:
            return None
        b, x = left[place]
        rest = tidy(add(x, neg(e)))
        left[place : place + 1] = [] if rest == ZERO else [(b, rest)]
    return left


def _exponential(definition: Definition, theory: Theory) -> Proof | None:
    """exp(a + log(b)) = exp(a)*b for a definition that is a sum with logarithms in it."""
    body = definition.body
    if not isinstance(body, Add) or not any(
        isinstance(leading(a)[1], sympy.log) and abs(leading(a)[0]) == 1 for a in body.args
    ):
        return None
    try:
        after, needs = REGISTRY["exp-of-log"].rewrite(theory, exp(body), {})  # type: ignore[misc]
    except RuleRefused:
        return None
    if not all(theory.decide(c)[0] for c in needs):
        return None
    return Chain(exp(body)).rule("exp-of-log", after).proof()


def _covers(have: Any, wanted: Any) -> bool:
    """Whether a power holds another of the same base without dividing."""
    if is_number(have) and is_number(wanted):
        h, w = value_of(have), value_of(wanted)
        return h == w or (h * w > 0 and abs(h) > abs(w) and (h - w).denominator == 1)
    if is_number(wanted):
        return False
    return is_number(tidy(add(have, neg(wanted))))


def _single_sum(definition: Definition, poly: Any) -> tuple[list[Any], Any] | None:
    """p = c*S**k with S a sum of terms: the terms of S, and S in terms of p."""
    ((monomial, c),) = poly.items() if poly else ((frozenset(), 1),)
    sums = [(a, e) for a, e in monomial if isinstance(a, Add) and isinstance(e, (int, Fraction))]
    if len(sums) != 1:
        return None
    atom, e = sums[0]
    rest = written({frozenset((a, x) for a, x in monomial if a != atom): c}, definition.body)
    solved = tidy(power(mul(definition.head, inverse(rest)), number(1 / Fraction(e))))
    return list(atom.args), solved


def _fold_in_sum(
    definition: Definition, pattern: list[Any], head: Any, t: Any, theory: Theory
) -> Proof | None:
    params = definition.params
    need = set(params)
    if not need <= set().union(*map(free_indices, pattern)) or len(t.args) < len(pattern):
        return None
    keys, shown = {}, {}
    for a in t.args:
        c, core = leading(normal_term(a))
        if isinstance(core, Add):
            return None
        keys[core], shown[core] = c, leading(in_order(a))[1]
    anchor = max(pattern, key=lambda p: (len(free_indices(p)), not is_number(leading(p)[1])))
    for values in assignments(params, t, theory):
        concrete = [substitute(p, values) for p in pattern]
        ac, acore = leading(in_order(substitute(anchor, values)))
        for core, c in keys.items():
            ratio = tidy(mul(shown[core], inverse(acore))) if acore != ONE else shown[core]
            if not _simple_ratio(ratio):
                continue
            factor = scaled(ratio, c / ac)
            used = set()
            for p in concrete:
                x, w = leading(normal_term(mul(factor, p)))
                if isinstance(w, Add) or keys.get(w) != x:
                    break
                used.add(w)
            else:
                kept = [a for a in t.args if leading(normal_term(a))[1] not in used]
                place = next(k for k, a in enumerate(t.args) if leading(normal_term(a))[1] in used)
                folded = tidy(mul(factor, substitute(head, values)))
                before_place = [a for a in t.args[:place] if leading(normal_term(a))[1] not in used]
                after_place = kept[len(before_place) :]
                out = add(*before_place, folded, *after_place)
                return _prove_by_unfolding(definition, values, t, out)
    return None


def _simple_ratio(t: Any) -> bool:
    return not any(isinstance(s, Add) for s in subterms(t))


def _prove_by_unfolding(
    definition: Definition, values: dict[Any, Any], before: Any, after: Any
) -> Proof | None:
    target = substitute(definition.head, values)
    body = substitute(definition.body, values)
    unfolding = Chain(after)
    for path, sub in list(occurrences(after)):
        if sub == target and not any(path[: len(p)] == p for p, _ in unfolding.items):
            unfolding.splice(Move("definition", target, body), path)
    try:
        unfolding.algebra(before)
    except RuleRefused:
        return None
    return flip(unfolding.proof())  # type: ignore[no-any-return]
