"""Instances of a term, and what follows at once from a condition. Trusted."""

from __future__ import annotations

from typing import Any, Protocol

from derivation.normal import oriented
from derivation.terms import (
    AllOf,
    AnyOf,
    Index,
    Reduction,
    Relation,
    Term,
    alpha_equal,
    conjuncts,
    free_indices,
    identical,
    relation,
)


class Ranges(Protocol):
    """Knows which index terms run over which size."""

    def in_range(self, i: Term, over: Term) -> bool:
        """Whether 1 <= i <= over is known."""


def match(
    pattern: Term, t: Term, ranges: Ranges, bind: dict[Any, Any] | None = None
) -> dict[Any, Any] | None:
    """Values of the pattern's free indices that make it the term (up to bound letters), or None."""
    if not free_indices(pattern):
        return ({} if bind is None else bind) if alpha_equal(pattern, t) else None
    bind = {} if bind is None else bind
    return bind if _match(pattern, t, ranges, bind, {}) else None


def _match(
    p: Term,
    t: Term,
    ranges: Ranges,
    bind: dict[Any, Any],
    bound: dict[Any, Any],
) -> bool:
    if p in bound:
        return bool(bound[p] == t)
    if isinstance(p, Index):  # a free one
        if p in bind:
            return bool(bind[p] == t)
        if free_indices(t) & frozenset(bound.values()) or not ranges.in_range(t, p.size):
            return False
        bind[p] = t
        return True
    if type(p) is not type(t) or len(p.args) != len(t.args):
        return False
    if not p.args:
        return bool(p == t)
    if isinstance(p, Reduction):
        if not identical(p.index.size, t.index.size):
            return False
        # letters bound further out that the two inner ones hide can no longer be meant
        inner = {a: None if b == t.index else b for a, b in bound.items()}
        inner[p.index] = t.index
        return _match(p.body, t.body, ranges, bind, inner) and _match(
            p.guard, t.guard, ranges, bind, inner
        )
    return all(_match(a, t.args[k], ranges, bind, bound) for k, a in enumerate(p.args))


def matches(pattern: Term, t: Term, ranges: Ranges) -> bool:
    """Whether some values of the pattern's free indices make it the term."""
    return match(pattern, t, ranges) is not None


def entails(assumed: Term, condition: Term) -> bool:
    """Whether a condition follows at once from an assumed one.

    >>> from derivation.terms import index, size
    >>> i, j = index("i", size("K")), index("j", size("K"))
    >>> entails(relation("<", i, j), relation("!=", j, i))
    True
    """
    if isinstance(condition, AllOf):
        return all(entails(assumed, c) for c in condition.args)
    have = {oriented(c) for c in conjuncts(assumed)}
    wanted = oriented(condition)
    if wanted in have:
        return True
    if isinstance(condition, AnyOf):
        return any(entails(assumed, c) for c in condition.args)
    if isinstance(condition, Relation):
        a, b = condition.left, condition.right
        stronger = {
            "!=": [relation("<", a, b), relation("<", b, a)],
            "<=": [relation("<", a, b), relation("==", a, b)],
            ">=": [relation(">", a, b), relation("==", a, b)],
        }
        return any(oriented(c) in have for c in stronger.get(condition.op, []))
    return False
