"""Algebra as the checker takes it: each cancellation where the terms that it needs are in scope.

``derivation.normal`` says under which conditions two terms are equal. A condition about a letter
that is bound inside them, or that is only needed in one of two cases, can be named inside alone:
there the rewriting is done first, in a context, and then what is left outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import sympy

from derivation.certify.law_moves import HOLE, LawMove
from derivation.errors import RuleRefused
from derivation.normal import difference_vanishes, form, normal_term, text
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    Condition,
    Diff,
    IfElse,
    Integer,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    alpha_equal,
    canonical,
    free_indices,
    fresh_index,
    identical,
    index_names,
    is_leaf,
    is_number,
    mul,
    number,
    power,
    rebuild,
    relation,
    replace_terms,
    substitute,
    subterms,
    symbol,
    value_of,
)
from derivation.theory import Theory

Moves = list[LawMove]
OTHER_WAY = {"lr": "rl", "rl": "lr"}
_EITHER_WAY = ("algebra", "differentiate")
MOST_REPEATED = 4  # a power of a product is taken apart up to this exponent


# -- lists of moves -------------------------------------------------------------------------


def filled(context: Any, t: Any) -> Any:
    """The context with a term in its hole. Letters that it binds there are meant to be caught."""
    if t is HOLE or context is HOLE:
        return context if t is HOLE else t
    return replace_terms(context, lambda s: t if identical(s, HOLE) else None)


def within(context: Any, moves: Moves) -> Moves:
    """The moves, done in the hole of a context."""
    return [replace(m, context=filled(context, m.context)) for m in moves]


def flipped(moves: Moves) -> Moves:
    """The way back. Moves that state both sides and hold either way exchange them."""
    return [
        replace(m, left=m.right, right=m.left)
        if m.law in _EITHER_WAY
        else replace(m, direction=OTHER_WAY[m.direction])
        for m in reversed(moves)
    ]


def body_of(t: Any) -> Any:
    """A sum, product, maximum or minimum with a hole for its body."""
    return rebuild(t, (HOLE, t.index, t.guard))


def in_letter(i: Any, t: Any) -> tuple[Any, Any]:
    """Body and guard of a reduction in the letter ``i``, which runs over the same places."""
    if t.index.size != i.size or i in free_indices(t):
        raise RuleRefused("they do not run over one size, or the letter is taken:", i, t)
    swap = {t.index: i}
    return substitute(t.body, swap), substitute(t.guard, swap)


def opened(t: Any, *others: Any) -> Any:
    """A reduction whose letter is free in none of the other terms."""
    taken = frozenset().union(*(index_names(o) for o in others))
    if t.index.name not in taken:
        return t
    letter = fresh_index(t.index, taken | index_names(t))
    body, guard = in_letter(letter, t)
    return rebuild(t, (body, letter, guard))


# -- from one term to another ---------------------------------------------------------------


def connected(theory: Theory, a: Any, b: Any) -> Moves:
    """The moves of algebra from one term to another; none where the checker sees that by itself.

    Raises:
        RuleRefused: They are not equal by algebra.
    """
    if alpha_equal(a, b):
        return []
    needs = _conditions(a, b)
    if not needs:
        return []
    if all(isinstance(c, Relation) for c in needs):
        return _outside(theory, a, b, needs)
    return _from_inside(theory, a, b)


def _conditions(a: Any, b: Any) -> frozenset[Any]:
    needs = difference_vanishes(a, b)
    if needs is None:
        raise RuleRefused("not equal by algebra:", a, "and", b)
    return needs


def _from_inside(theory: Theory, a: Any, b: Any) -> Moves:
    """What stands under binders and in cases first, on both sides, then what is left."""
    there, one = _cleared(theory, a, _Other(b))
    back, two = _cleared(theory, b, _Other(one))
    return [*there, *_between(theory, one, two), *flipped(back)]


def _between(theory: Theory, a: Any, b: Any) -> Moves:
    """What is left outside; what both sides have as it stands is not looked into."""
    if alpha_equal(a, b):
        return []
    shared = _Shared(a, b)
    needs = _conditions(shared.hidden(a), shared.hidden(b))
    plain = frozenset(shared.shown(c) for c in needs if isinstance(c, Relation))
    return _outside(theory, a, b, plain) if plain else []


def _has_inner(t: Any) -> bool:
    """Whether a condition for the normal form can only be named inside the term."""
    return not all(isinstance(c, Relation) for c in form(t)[1])


_NOT_OPENED = (Condition, KroneckerDelta, Diff, Partial)


def _closed(t: Any) -> bool:
    return is_leaf(t) or isinstance(t, _NOT_OPENED) or not _has_inner(t)


def _inner_places(t: Any) -> Iterator[Any]:
    """The outermost binders and cases that have conditions of their own."""
    if _closed(t):
        return
    if isinstance(t, (Reduction, IfElse)):
        yield t
        return
    for a in t.args:
        yield from _inner_places(a)


class _Other:
    """The other side: what of it is the same, and what comes to the same."""

    def __init__(self, t: Any) -> None:
        found = [s for s in subterms(t) if isinstance(s, (Reduction, IfElse))]
        found = [s for s in found if not isinstance(s, Condition)]
        self.same = {canonical(s) for s in found}
        self.alike = {normal_term(s): s for s in reversed(found)}


class _Shared:
    """Binders and cases that two terms have in common, each under a name of its own."""

    def __init__(self, a: Any, b: Any) -> None:
        other = {canonical(s) for s in _inner_places(b)}
        both = {canonical(s): s for s in _inner_places(a) if canonical(s) in other}
        self._names = {s: symbol(f"shared?{n}") for n, s in enumerate(both)}
        self._terms = {name: both[s] for s, name in self._names.items()}

    def hidden(self, t: Any) -> Any:
        if not self._names:
            return t
        kinds = (Reduction, IfElse)
        return replace_terms(
            t, lambda s: self._names.get(canonical(s)) if isinstance(s, kinds) else None
        )

    def shown(self, t: Any) -> Any:
        return replace_terms(t, self._terms.get) if self._names else t


def _cleared(theory: Theory, t: Any, other: _Other) -> tuple[Moves, Any]:
    """Moves inside of a term, after which no condition is about what it binds; the new term."""
    if _closed(t):
        return [], t
    if isinstance(t, (Reduction, IfElse)):
        if canonical(t) in other.same:
            return [], t
        return _cleared_inside(theory, t, other.alike.get(normal_term(t)))
    moves: Moves = []
    args = list(t.args)
    for k, a in enumerate(args):
        more, new = _cleared(theory, a, other)
        if more:
            moves += within(rebuild(t, (*args[:k], HOLE, *args[k + 1 :])), more)
            args[k] = new
    return moves, rebuild(t, tuple(args))


def _cleared_inside(theory: Theory, t: Any, like: Any) -> tuple[Moves, Any]:
    """A binder or cases made like what the other side has, or normal where it has none."""
    wanted = _parts_like(t, like)
    moves: Moves = []
    args = list(t.args)
    for k in (0,) if isinstance(t, Reduction) else (1, 2):
        more, new = _made(theory, args[k], wanted and wanted[k])
        if more:
            moves += within(rebuild(t, (*args[:k], HOLE, *args[k + 1 :])), more)
        args[k] = new
    return moves, rebuild(t, tuple(args))


def _parts_like(t: Any, like: Any) -> dict[int, Any] | None:
    """What the body (the two cases) should become."""
    if type(like) is not type(t):
        return None
    if isinstance(t, IfElse):
        same = alpha_equal(t.args[0], like.args[0])
        return {1: like.args[1], 2: like.args[2]} if same else None
    if like.index != t.index and t.index in free_indices(like):
        return None
    return {0: in_letter(t.index, like)[0]}


def _made(theory: Theory, t: Any, wanted: Any) -> tuple[Moves, Any]:
    """A part made what is wanted, or normal."""
    if wanted is not None:
        try:
            return connected(theory, t, wanted), wanted
        except RuleRefused:
            pass
    moves, new = _cleared(theory, t, _Other(ZERO))
    needs = form(new)[1]
    if not needs:
        return moves, new
    target = normal_term(new)
    return [*moves, *_between(theory, new, target)], target


# -- one move, with what it needs -----------------------------------------------------------


def _outside(theory: Theory, a: Any, b: Any, needs: Iterable[Any]) -> Moves:
    """One move of algebra, the roots that need no more than ``>= 0`` put together before it."""
    edge = [c.left for c in needs if c.op != "!=" and _may_vanish(theory, c)]
    if not edge:
        return [algebra_of(theory, a, b, needs)]
    there, one = _together(a, edge)
    back, two = _together(b, edge)
    left = _conditions(one, two)
    middle = [algebra_of(theory, one, two, left)] if left else []
    return [*there, *middle, *flipped(back)]


def _may_vanish(theory: Theory, c: Any) -> bool:
    """Whether a base is only known not to be negative: the laws of powers at 0 may be enough."""
    if _is_positive(theory, c.left):
        return False
    return c.op == ">=" or theory.decide(relation(">=", c.left, ZERO))[0]


def _is_positive(theory: Theory, t: Any) -> bool:
    return theory.decide(relation(">", t, ZERO))[0]


def algebra_of(theory: Theory, a: Any, b: Any, needs: Iterable[Any]) -> LawMove:
    """The move of algebra under these conditions."""
    positive: set[Any] = set()
    nonzero: set[Any] = set()
    for c in needs:
        if c.op == "!=":
            nonzero |= _factors_of(c.left)
        else:
            positive |= positive_parts(theory, c.left)
    return algebra(a, b, nonzero - positive, positive)


def algebra(a: Any, b: Any, nonzero: Iterable[Any], positive: Iterable[Any]) -> LawMove:
    """The move of algebra. What it lists is said as the two sides have it, where they do."""
    lists, because = [], set()
    for terms in (nonzero, positive):
        said = set()
        for t in terms:
            shown, others = _as_written((a, b), t)
            said.add(shown)
            because.update(others)
        lists.append(tuple(sorted(said, key=text)))
    also = tuple(sorted(because, key=text))
    return LawMove("algebra", left=a, right=b, nonzero=lists[0], positive=lists[1], because=also)


def _as_written(sides: Iterable[Any], t: Any) -> tuple[Any, list[Any]]:
    """A sum as it stands below a line, under a root or a logarithm; and what comes to it there up
    to a number.

    ``(a - b)**2 + 1`` is seen to be positive; multiplied out it is not.
    """
    if not isinstance(t, (Add, Reduction)):
        return t, []
    found = {
        canonical(s.args[0]): s.args[0]
        for side in sides
        for s in subterms(side)
        if isinstance(s, (Pow, sympy.log)) and not is_leaf(s.args[0])
    }
    poly = form(t)[0]
    alike = sorted((s for s in found.values() if form(s)[0].keys() == poly.keys()), key=text)
    for s in alike:
        if form(s)[0] == poly:
            return s, [u for u in alike if u is not s]
    return t, alike


def _factors_of(t: Any) -> set[Any]:
    """What must not be 0 for a product not to be 0."""
    if isinstance(t, Mul):
        return set().union(*map(_factors_of, t.args))
    if isinstance(t, Pow) and is_number(t.args[1]):
        return _factors_of(t.args[0])
    return set() if is_number(t) else {t}


def positive_parts(theory: Theory, t: Any) -> set[Any]:
    """The factors of a product where each is known to be positive, else the term itself."""
    if is_number(t):
        return set()
    if isinstance(t, Mul):
        parts = _factors_of(t)
        if all(_is_positive(theory, p) for p in parts):
            return parts
        rest = [f for f in t.args if not (is_number(f) and value_of(f) > 0)]
        return {mul(*rest)}
    return {t}


# -- roots where the base may be 0 ----------------------------------------------------------


def _together(t: Any, bases: list[Any]) -> tuple[Moves, Any]:
    """Powers of one base in a product put together, by the laws that hold at 0 as well."""
    if is_leaf(t) or isinstance(t, (*_NOT_OPENED, Reduction, IfElse)):
        return [], t
    moves: Moves = []
    args = list(t.args)
    for k, a in enumerate(args):
        more, new = _together(a, bases)
        if more:
            moves += within(rebuild(t, (*args[:k], HOLE, *args[k + 1 :])), more)
            args[k] = new
    t = rebuild(t, tuple(args))
    if isinstance(t, Pow):
        more, t = _power_of_power(t, bases)
        return [*moves, *more], t
    if isinstance(t, Mul):
        more, t = _in_product(t, bases)
        return [*moves, *more], t
    return moves, t


def _one_of(t: Any, bases: list[Any]) -> bool:
    return any(identical(normal_term(t), b) or alpha_equal(t, b) for b in bases)


def _is_root(t: Any, bases: list[Any]) -> bool:
    """A power of one of the bases with a positive exponent."""
    return (
        isinstance(t, Pow)
        and is_number(t.args[1])
        and value_of(t.args[1]) > 0
        and _one_of(t.args[0], bases)
    )


def _power_of_power(t: Any, bases: list[Any]) -> tuple[Moves, Any]:
    inner, c = t.args
    if not (_is_root(inner, bases) and is_number(c) and value_of(c) > 0):
        return [], t
    a, b = inner.args
    total = number(value_of(b) * value_of(c))
    law = LawMove("power-power", {"a": a, "b": b, "c": c})
    return [law], a if total == ONE else power(a, total)


def flat_factors(t: Any) -> Iterator[Any]:
    """The factors of a product, of products in it, and of small powers of products."""
    if isinstance(t, Mul):
        for a in t.args:
            yield from flat_factors(a)
    elif (
        isinstance(t, Pow)
        and isinstance(t.args[0], Mul)
        and isinstance(t.args[1], Integer)
        and 0 < int(t.args[1]) <= MOST_REPEATED
    ):
        for a in t.args[0].args:
            yield from (f for f in flat_factors(a) for _ in range(int(t.args[1])))
    else:
        yield t


def _in_product(t: Any, bases: list[Any]) -> tuple[Moves, Any]:
    """Factors with one base, two at a time."""
    moves: Moves = []
    factors = list(flat_factors(t))
    done: list[Any] = []
    while factors:
        f = factors.pop(0)
        g = next((g for g in factors if _meet(f, g, bases)), None)
        if g is None:
            done.append(f)
            continue
        factors.remove(g)
        (a, b), (_, c) = sorted((_power_of(f, bases), _power_of(g, bases)), key=lambda p: p[1] == 1)
        total = number(value_of(b) + value_of(c))
        law = LawMove("power-sum", {"a": a, "b": b, "c": c}, "rl")
        moves += within(mul(*done, HOLE, *factors), [law])
        factors.insert(0, a if total == ONE else power(a, total))
    return moves, mul(*done) if moves else t


def _power_of(f: Any, bases: list[Any]) -> tuple[Any, Any]:
    """A factor as a base and an exponent."""
    return f.args if _is_root(f, bases) else (f, ONE)


def _meet(f: Any, g: Any, bases: list[Any]) -> bool:
    """Whether two factors are powers of one of the bases, a root among them."""
    if not (_is_root(f, bases) or _is_root(g, bases)):
        return False
    a, b = _power_of(f, bases)[0], _power_of(g, bases)[0]
    return alpha_equal(a, b) or identical(normal_term(a), normal_term(b))
