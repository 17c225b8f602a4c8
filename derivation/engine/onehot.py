"""One-hot arrays, given as a[k]*a[l] == delta(k, l)*a[k]: beside a[j], a sum against a is one term.

From d = c*sum_k a_k f_k follows a_j f_j = a_j d/c, so products fold into names.
"""

from __future__ import annotations

from typing import Any

from derivation.engine.arithmetic import join_product, same, split_product, tidy
from derivation.engine.proof import Chain, Move, Proof, flip
from derivation.engine.rewrites import assignments, occurrences
from derivation.errors import RuleRefused
from derivation.problem import Definition
from derivation.terms import (
    ONE,
    TRUE,
    Indexed,
    KroneckerDelta,
    Mul,
    Relation,
    SumOver,
    Term,
    delta,
    fresh_index,
    index_names,
    indices_of,
    inverse,
    mul,
    name_of,
    names,
    substitute,
    sum_over,
)
from derivation.theory import Theory, match


def one_hot(given: Any) -> tuple[Any, Any, Any] | None:
    """(a[…, k], k, l) for a given a[…, k]*a[…, l] == delta(k, l)*a[…, k]."""
    if not isinstance(given, Relation) or given.op != "==":
        return None
    left, right = given.left, given.right
    if not isinstance(left, Mul) or len(left.args) != 2:
        return None
    one, two = left.args
    if not all(isinstance(f, Indexed) for f in (one, two)) or name_of(one) != name_of(two):
        return None
    unlike = [(k, m) for k, m in zip(indices_of(one), indices_of(two), strict=True) if k != m]
    if len(unlike) != 1 or not isinstance(right, Mul) or len(right.args) != 2:
        return None
    k, m = unlike[0]
    deltas = [f for f in right.args if isinstance(f, KroneckerDelta) and set(f.args) == {k, m}]
    others = [f for f in right.args if f in (one, two)]
    if len(deltas) != 1 or len(others) != 1:
        return None
    return one, k, m


def fold_one_hot(given: Any, definition: Definition, t: Term, theory: Theory) -> Proof | None:
    """In every product with a_j and f_j, the name of c*sum_k a_k f_k instead of f_j."""
    found = one_hot(given)
    c, parts = split_product(definition.body)
    if found is None or not names(definition.body) <= names(t) | {name_of(found[0])}:
        return None
    sums = [(b, e) for b, e in parts if isinstance(b, SumOver) and e == ONE]
    if len(sums) != 1 or sums[0][0].guard != TRUE:
        return None
    total = sums[0][0]
    outside = join_product(c, [p for p in parts if p[0] is not total])
    mark, k, _ = found
    factors = total.body.args if isinstance(total.body, Mul) else (total.body,)
    marks = [
        f
        for f in factors
        if isinstance(f, Indexed)
        and match(mark, f, theory) is not None
        and indices_of(f)[indices_of(mark).index(k)] == total.index
    ]
    if len(marks) != 1:
        return None
    rest = [f for f in factors if f is not marks[0]]
    chain = Chain(t)
    for path, sub in list(occurrences(t)):
        if isinstance(sub, Mul) and not any(path[: len(p)] == p for p, _ in chain.items):
            proof = _fold_here(
                given, found, definition, (total, marks[0], rest, outside), sub, theory
            )
            if proof is not None:
                chain.splice(proof, path)
    return chain.proof() if chain.items else None


def _fold_here(
    given: Any,
    found: tuple[Any, Any, Any],
    definition: Definition,
    parts: tuple[Any, Any, list[Any], Any],
    t: Any,
    theory: Theory,
) -> Proof | None:
    total, mark, rest, outside = parts
    i = total.index
    coefficient, have = split_product(t)
    for values in assignments((*definition.params, i), t, theory):
        a = substitute(mark, values)
        if not any(b == a for b, _ in have):
            continue
        left = list(have)
        for f in rest:
            wanted = substitute(f, values)
            place = next((n for n, (b, e) in enumerate(left) if e == ONE and same(b, wanted)), None)
            if place is None:
                break
            del left[place]
        else:
            if not rest:
                continue
            at_values = {p: v for p, v in values.items() if p != i}
            head = substitute(definition.head, at_values)
            away = [p for p in left if p[0] != a]
            out = join_product(
                coefficient, [*away, *_powers(a, left), (head, ONE), *_inverse(outside, at_values)]
            )
            try:
                return _proved(given, found, definition, parts, values, t, tidy(out))
            except RuleRefused:
                continue
    return None


def _powers(a: Any, left: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [p for p in left if p[0] == a]


def _inverse(outside: Any, values: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return split_product(inverse(substitute(outside, values)))[1] if outside != ONE else []


def _proved(
    given: Any,
    found: tuple[Any, Any, Any],
    definition: Definition,
    parts: tuple[Any, Any, list[Any], Any],
    values: dict[Any, Any],
    t: Any,
    out: Any,
) -> Proof:
    """t = out: the definition unfolded in out, a put into its sum, where one term survives."""
    total, mark, rest, _ = parts
    given_mark, _, m = found
    i = total.index
    j = values[i]
    at_values = {p: v for p, v in values.items() if p != i}
    head = substitute(definition.head, at_values)
    body = substitute(definition.body, at_values)
    letter = fresh_index(i, index_names(t) | index_names(out))
    inside = {**at_values, i: letter}
    whole = sum_over(mul(substitute(mark, inside), *[substitute(f, inside) for f in rest]), letter)
    a = substitute(mark, values)
    beside_a = tidy(mul(out, inverse(a), inverse(head)))
    front = tidy(mul(beside_a, body, inverse(substitute(total, at_values))))
    chain = Chain(out).algebra(mul(beside_a, a, head))
    chain.splice(Move("definition", head, body), (2,))
    chain.algebra(mul(front, mul(a, whole)))
    pair = mul(a, substitute(mark, inside))
    inner = sum_over(mul(pair, *[substitute(f, inside) for f in rest]), letter)
    chain.splice(flip(Chain(inner).rule("sum-factor", mul(a, whole)).proof()), (1,))
    slots = dict(zip(indices_of(given_mark), indices_of(a), strict=True))
    slots[m] = letter
    if given.left.args[0] != given_mark:
        raise RuleRefused("the given is written in another order")
    after = substitute(given.right, slots)
    use = Move("given", substitute(given.left, slots), after, {"given": given, "values": slots})
    chain.splice(use, (1, 0, 0))
    a_now = next(f for f in after.args if not isinstance(f, KroneckerDelta))
    sifted = mul(delta(j, letter), a_now, *[substitute(f, inside) for f in rest])
    chain.algebra(sum_over(sifted, letter), (1,))
    single = substitute(mul(a_now, *[substitute(f, inside) for f in rest]), {letter: j})
    chain.rule("sift-delta", single, (1,))
    chain.algebra(t)
    return flip(chain.proof())  # type: ignore[no-any-return]
