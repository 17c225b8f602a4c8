"""Instances of a term, and what follows at once from a condition. Trusted."""

from __future__ import annotations

from typing import Any, Protocol

from derivation.normal import oriented, text
from derivation.terms import (
    ENGINE_LETTER,
    AllOf,
    AnyOf,
    Every,
    Index,
    Not,
    Reduction,
    Relation,
    Term,
    alpha_equal,
    any_of,
    conjuncts,
    free_indices,
    identical,
    index,
    negate,
    relation,
    substitute,
)


class Ranges(Protocol):
    """Knows which index terms run over which size."""

    def range_needs(self, i: Term, over: Term) -> frozenset[Any] | None:
        """What 1 <= i <= over rests on, where it is known: nothing, or a bound on the size."""

    def decide(self, condition: Term) -> tuple[bool, frozenset[Any]]:
        """Whether a condition is known to hold everywhere, and the givens used."""


def match(
    pattern: Term, t: Term, ranges: Ranges, bind: dict[Any, Any] | None = None
) -> dict[Any, Any] | None:
    """Values of the pattern's free indices that make it the term (up to bound letters), or None.

    A value that is a literal is in range by what ``matched`` tells.
    """
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
        if free_indices(t) & frozenset(bound.values()):
            return False  # one value for the whole pattern cannot be a letter bound in the term
        if p in bind:
            return bool(bind[p] == t)
        if ranges.range_needs(t, p.size) is None:
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


def matched(pattern: Term, t: Term, ranges: Ranges) -> frozenset[Any] | None:
    """What it rests on that some values of the pattern's free indices make it the term, or None.

    These are the givens by which a literal is in range: ``K >= 2`` for ``x[2]`` as an ``x[k]``.
    """
    values = match(pattern, t, ranges)
    if values is None:
        return None
    used: frozenset[Any] = frozenset()
    for i, value in values.items():
        for c in ranges.range_needs(value, i.size) or ():
            used |= ranges.decide(c)[1]
    return used


_IRREDUNDANT: dict[tuple[frozenset[Any], frozenset[Any]], frozenset[Any]] = {}


def irredundant(hypotheses: frozenset[Any], givens: frozenset[Any]) -> frozenset[Any]:
    """Hypotheses without those that another one implies as it stands. Givens stay.

    What is needed for every i, j says the same of i < j, and ``A`` the same as ``A or B``.
    """
    if len(hypotheses) < 2 or hypotheses <= givens:
        return hypotheses
    found = _IRREDUNDANT.get((hypotheses, givens))
    if found is None:
        clauses = {h: _clause(h) for h in sorted(hypotheses, key=text)}
        left = dict(clauses)
        for h, (_, parts) in clauses.items():
            if h in givens:
                continue
            if any(_implies(c, parts) for g, c in left.items() if g is not h):
                del left[h]
        if len(_IRREDUNDANT) > 4096:
            _IRREDUNDANT.clear()
        found = _IRREDUNDANT[hypotheses, givens] = frozenset(left)
    return found


Clause = tuple[frozenset[Any], tuple[Any, ...]]  # letters that stand for every value; one holds


def _clause(h: Any, taken: int = 0) -> Clause:
    """A hypothesis as conditions of which one holds, for every value of some letters."""
    if isinstance(h, Every):
        letter = index(f"{ENGINE_LETTER}e{taken}", h.index.size)
        swap = {h.index: letter}
        letters, parts = _clause(substitute(h.body, swap), taken + 1)
        guard = [oriented(negate(c)) for c in conjuncts(substitute(h.guard, swap))]
        return letters | {letter}, (*guard, *parts)
    if isinstance(h, AnyOf):
        letters, parts = frozenset(), ()
        for part in h.args:
            more, inside = _clause(part, taken + len(letters))
            letters, parts = letters | more, (*parts, *inside)
        return letters, parts
    if isinstance(h, Not) and isinstance(h.args[0], AllOf):
        return _clause(any_of(*map(negate, h.args[0].args)), taken)
    return frozenset(), (oriented(h),)


def _implies(clause: Clause, parts: tuple[Any, ...]) -> bool:
    """Whether one of ``parts`` holds where a clause does: each of the clause's is one of them."""
    letters, mine = clause
    return len(mine) <= len(parts) and _among(mine, parts, letters, {})


def _among(
    mine: tuple[Any, ...], parts: tuple[Any, ...], letters: frozenset[Any], bind: dict[Any, Any]
) -> bool:
    if not mine:
        return True
    for part in parts:
        tried = dict(bind)
        fits = _match(mine[0], part, _OnlyLetters, tried, {})
        fits = fits and all(i == v or i in letters for i, v in tried.items())
        if fits and _among(mine[1:], parts, letters, tried):
            return True
    return False


class _OnlyLetters:
    """No literal and no label stands for a letter here."""

    @staticmethod
    def range_needs(i: Term, over: Term) -> frozenset[Any] | None:
        return frozenset() if isinstance(i, Index) and identical(i.size, over) else None

    @staticmethod
    def decide(condition: Term) -> tuple[bool, frozenset[Any]]:
        return False, frozenset()


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
