"""Other ways to write a term, for the search: multiplied out, and common factors out again.

A term becomes a list of monomials (bound indices, factors); two monomials merge where factors
agree after renaming bound indices: sum a*b + sum a*c is sum a*(b + c). Nothing here is trusted:
whatever comes of it is proved equal to the term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any, NamedTuple

from derivation.terms import (
    ONE,
    TRUE,
    Add,
    IfElse,
    Index,
    KroneckerDelta,
    Mul,
    Pow,
    Relation,
    SumOver,
    Term,
    add,
    delta,
    free_indices,
    fresh_index,
    index_names,
    is_number,
    mul,
    neg,
    substitute,
    sum_over,
    value_of,
)

MOST = 40  # monomials
MOST_TRIED = 80  # of the merged forms


class Monomial(NamedTuple):
    """The sum over the bound indices of the product of the factors."""

    bound: tuple[Any, ...]
    factors: tuple[Any, ...]

    @property
    def term(self) -> Any:
        out = mul(*self.factors)
        for k in reversed(self.bound):
            out = sum_over(out, k)
        return out


class _TooMany(Exception):
    pass


def variants(t: Any, cost: Callable[[Any], float | None]) -> Iterator[Any]:
    """The term as it is, multiplied out, and merged by common factors, as cost tells."""
    yield t
    if not _worth_it(t):
        return
    try:
        monos = monomials(t, set(index_names(t)))
    except _TooMany:
        return
    opened = add(*[m.term for m in monos])
    if opened != t:
        yield opened
    budget = [MOST_TRIED]
    merged = _merge(monos, cost, budget)
    if merged != monos:
        yield add(*[m.term for m in merged])


def _worth_it(t: Any) -> bool:
    """Whether there are sums, deltas or cases to move about."""
    if isinstance(t, (SumOver, KroneckerDelta, IfElse)):
        return True
    return any(_worth_it(a) for a in t.args if a.args)


def monomials(t: Any, taken: set[str]) -> list[Monomial]:
    """The term multiplied out."""
    if isinstance(t, Add):
        out = [m for a in t.args for m in monomials(a, taken)]
    elif isinstance(t, Mul):
        out = [Monomial((), ())]
        for f in t.args:
            out = [_times(a, b, taken) for a in out for b in monomials(f, taken)]
            if len(out) > MOST:
                raise _TooMany
    elif isinstance(t, Pow) and t.args[1] in (2, 3) and _has_sum(t.args[0]):
        return monomials(mul(*[t.args[0]] * int(t.args[1])), taken)
    elif isinstance(t, SumOver) and t.guard == TRUE:
        out = []
        for m in monomials(t.body, taken):
            if t.index in free_indices(mul(*m.factors)):
                out.append(_sifted(Monomial((t.index, *m.bound), m.factors), t.index))
            else:
                out.append(Monomial(m.bound, (t.index.size, *m.factors)))
    elif isinstance(t, IfElse) and _is_equality(t.args[0]):
        condition, a, b = t.args
        mark = delta(condition.left, condition.right)
        there = substitute(a, {condition.right: condition.left})
        here = substitute(b, {condition.right: condition.left})
        out = [
            *monomials(mul(mark, there), taken),
            *monomials(mul(neg(ONE), mark, here), taken),
            *monomials(b, taken),
        ]
    else:
        out = [Monomial((), (t,))]
    if len(out) > MOST:
        raise _TooMany
    return _collected(out)


def _is_equality(c: Any) -> bool:
    return (
        isinstance(c, Relation)
        and c.op == "=="
        and isinstance(c.left, Index)
        and isinstance(c.right, Index)
    )


def _has_sum(t: Any) -> bool:
    return isinstance(t, (Add, SumOver)) or any(_has_sum(a) for a in t.args if a.args)


def _times(a: Monomial, b: Monomial, taken: set[str]) -> Monomial:
    bound, factors = list(b.bound), list(b.factors)
    for n, k in enumerate(bound):
        used = index_names(mul(*a.factors)) | {i.name for i in a.bound}
        if k.name in used:
            fresh = fresh_index(k, taken | used)
            taken.add(fresh.name)
            factors = [substitute(f, {k: fresh}) for f in factors]
            bound[n] = fresh
    return Monomial((*a.bound, *bound), (*a.factors, *factors))


def _sifted(m: Monomial, k: Any) -> Monomial:
    for n, f in enumerate(m.factors):
        if isinstance(f, KroneckerDelta) and k in f.args:
            other = f.args[1] if f.args[0] == k else f.args[0]
            rest = [g for i, g in enumerate(m.factors) if i != n]
            swap = {k: other}
            return Monomial(
                tuple(b for b in m.bound if b != k), tuple(substitute(g, swap) for g in rest)
            )
    return m


def _collected(monos: list[Monomial]) -> list[Monomial]:
    """Numbers joined, monomials that differ in their number only added up."""
    out: dict[Any, tuple[Any, Monomial]] = {}
    for m in monos:
        value: Any = ONE
        rest: list[Any] = []
        for f in m.factors:
            if is_number(f):
                value = value * f
            else:
                rest.append(f)
        rest = _cancelled(rest)
        key = (m.bound, tuple(sorted(map(repr, rest))))
        have = out.get(key)
        total = value if have is None else have[0] + value
        out[key] = (total, Monomial(m.bound, tuple(rest)))
    kept = []
    for value, m in out.values():
        if value != 0:
            kept.append(m if value == ONE and m.factors else Monomial(m.bound, (value, *m.factors)))
    return kept


def _cancelled(factors: list[Any]) -> list[Any]:
    """x * 1/x left out (whether that is right is the proof's business)."""
    out: list[Any] = []
    for f in factors:
        other = f.args[0] if isinstance(f, Pow) and f.args[1] == -1 else None
        match = next(
            (
                g
                for g in out
                if g == other or (isinstance(g, Pow) and g.args[1] == -1 and g.args[0] == f)
            ),
            None,
        )
        if match is not None:
            out.remove(match)
        else:
            out.append(f)
    return out


# -- merging --------------------------------------------------------------------------------


def _merge(
    monos: list[Monomial], cost: Callable[[Any], float | None], budget: list[int]
) -> list[Monomial]:
    """Hill climbing: as long as putting two together makes it cheaper."""

    def price(state: list[Monomial]) -> float:
        budget[0] -= 1
        found = cost(add(*[m.term for m in state]))
        return 1e9 if found is None else found

    state, best = monos, price(monos)
    while len(state) > 1 and budget[0] > 0:
        found: list[Monomial] | None = None
        for a in range(len(state)):
            for b in range(len(state)):
                if a == b:
                    continue
                for together in _together(state[a], state[b]):
                    if budget[0] <= 0:
                        break
                    rest = [m for n, m in enumerate(state) if n not in (a, b)]
                    place = min(a, b)
                    now = [*rest[:place], together, *rest[place:]]
                    value = price(now)
                    if value < best - 1e-9:
                        found, best = now, value
        if found is None:
            break
        state = found
    return state


def _together(a: Monomial, b: Monomial) -> Iterator[Monomial]:
    """The two with common factors out, for every way to identify their bound indices."""
    for swap in _identifications(a.bound, b.bound):
        taken = {i.name for i in a.bound} | index_names(mul(*a.factors, *b.factors))
        apart = {}
        for k in b.bound:
            if k not in swap:
                fresh = fresh_index(k, taken)
                taken.add(fresh.name)
                apart[k] = fresh
        renamed = [substitute(f, {**swap, **apart}) for f in b.factors]
        common: list[Any] = []
        left, right = list(a.factors), list(renamed)
        for f in a.factors:
            if not is_number(f) and f in right:
                common.append(f)
                left.remove(f)
                right.remove(f)
        if not common:
            continue
        shared = set(swap.values())
        held = free_indices(mul(*common))
        if not shared <= held:
            continue
        one = Monomial(tuple(k for k in a.bound if k not in shared), tuple(left))
        two = Monomial(tuple(apart[k] for k in b.bound if k in apart), tuple(right))
        if any(k in held for k in (*one.bound, *two.bound)):
            continue
        outer = tuple(k for k in a.bound if k in shared)
        first, second = one.term, two.term
        if _negative(first) and not _negative(second):
            first, second = second, first
        elif _negative(first) and _negative(second):
            common = [neg(ONE), *common]
            first, second = neg(first), neg(second)
        yield Monomial(outer, (*common, add(first, second)))


def _negative(t: Any) -> bool:
    return isinstance(t, Mul) and is_number(t.args[0]) and value_of(t.args[0]) < 0


def _identifications(a: tuple[Any, ...], b: tuple[Any, ...]) -> Iterator[dict[Any, Any]]:
    """Ways to read some bound indices of b as bound indices of a, over the same sizes."""
    if len(a) > 4 or len(b) > 4:
        return
    for count in range(min(len(a), len(b)), -1, -1):
        for chosen in permutations(b, count):
            if list(chosen) != sorted(chosen, key=b.index):
                continue
            for targets in permutations(a, count):
                if all(x.size == y.size for x, y in zip(chosen, targets, strict=True)):
                    yield dict(zip(chosen, targets, strict=True))


__all__ = ["Monomial", "Term", "monomials", "variants"]
