"""Equations used as rewrites, wherever their pattern stands in a term.

A ``Rewrite`` finds its pattern in a term and puts the replacement there, with the proof. Those that
definitions and givens make are in ``folds``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from derivation.engine.order import (
    written,
)
from derivation.engine.proof import Chain, Proof
from derivation.normal import (
    difference_vanishes,
    normal,
    normal_term,
    text,
)
from derivation.terms import (
    ONE,
    Add,
    Condition,
    Diff,
    Index,
    Indexed,
    Partial,
    Reduction,
    Term,
    free_indices,
    indices_of,
    is_leaf,
    is_literal_place,
    memo,
    mul,
    name_of,
    names,
    substitute,
    subterms,
)
from derivation.theory import Theory, match


@dataclass(frozen=True)
class Rewrite:
    """``pattern = replacement`` for all values of ``params``.

    ``prove(values)`` gives the proof of ``pattern = replacement`` at these values.
    """

    name: str
    params: tuple[Any, ...]
    pattern: Any
    replacement: Any
    prove: Callable[[dict[Any, Any]], Any]
    kind: str = "fold"  # fold, given, fact

    @cached_property
    def brings(self) -> list[Any]:
        """The sums in the replacement, in the order in which they are compared."""
        return [normal_term(s) for s in subterms(self.replacement) if isinstance(s, Reduction)]

    def at(self, t: Term, theory: Theory) -> Proof | None:
        """The proof of ``t = replacement`` if t is the pattern at some values."""
        values = self._match(t, theory)
        if values is None:
            return None
        return self._proof(t, values)

    def _proof(self, t: Term, values: dict[Any, Any]) -> Proof:
        chain = Chain(t)
        chain.algebra(substitute(self.pattern, values))
        chain.splice(self.prove(values))
        return chain.proof()

    def _match(self, t: Term, theory: Theory) -> dict[Any, Any] | None:
        if type(t) is not type(self.pattern):
            return None
        if isinstance(t, Indexed) and name_of(t) != name_of(self.pattern):
            return None
        if names(self.pattern) != names(t):
            return None
        key = normal_term(t)
        for values in assignments(self.params, t, theory):
            if normal_term(substitute(self.pattern, values)) == key:
                return values
        return None


class ScaledRewrite(Rewrite):
    """A sum of terms found up to a factor: 1 + x/v where the pattern is v + x."""

    def at(self, t: Term, theory: Theory) -> Proof | None:
        if not isinstance(t, Add):
            return None
        key, one, shift = _primitive(t)
        for values in assignments(self.params, t, theory):
            pattern = substitute(self.pattern, values)
            if len(normal(pattern)[0]) != len(normal(t)[0]):
                return None
            other, two, back = _primitive(pattern)
            if other != key:
                continue
            gaps = {a: shift.get(a, 0) - back.get(a, 0) for a in {*shift, *back}}
            factor = written({frozenset((a, e) for a, e in gaps.items() if e): one / two}, t)
            needs = difference_vanishes(t, mul(factor, pattern))
            if factor == ONE or needs is None or not all(theory.decide(c)[0] for c in needs):
                return None
            chain = Chain(t).algebra(mul(factor, pattern))
            return chain.splice(self.prove(values), (1,)).proof()
        return None


def _primitive(t: Term) -> tuple[Any, Fraction, dict[Any, Any]]:
    """A sum's polynomial without the factor that its terms share, and that factor."""
    poly, _ = normal(t)
    shift: dict[Any, Any] = {}
    for k, monomial in enumerate(poly):
        own = {a: e for a, e in monomial if isinstance(e, (int, Fraction))}
        if not k:
            shift = own
        shift = {a: min(shift.get(a, 0), own.get(a, 0)) for a in {*shift, *own}}
    bare = {
        frozenset(
            (a, e)
            for a, e in (
                *((a, x - shift.get(a, 0) if isinstance(x, (int, Fraction)) else x) for a, x in m),
                *((a, -x) for a, x in shift.items() if a not in dict(m)),
            )
            if e != 0
        ): c
        for m, c in poly.items()
    }
    first = min(bare, key=lambda m: sorted((text(a), str(e)) for a, e in m))
    scale = Fraction(bare[first])
    return frozenset((m, c / scale) for m, c in bare.items()), scale, shift


def assignments(params: tuple[Any, ...], t: Term, theory: Theory) -> Iterator[dict[Any, Any]]:
    """All ways to put the index terms of t for the parameters."""
    if not params:
        yield {}
        return
    pool = index_terms(t)
    choices = [[i for i in pool if theory.in_range(i, p.size)] for p in params]
    total = 1
    for c in choices:
        total *= len(c)
    if total > 600:
        return
    for values in itertools.product(*choices):
        yield dict(zip(params, values, strict=True))


_POOLS: dict[Term, tuple[Any, ...]] = memo()


def index_terms(t: Term) -> tuple[Any, ...]:
    """What stands in slots, in order of appearance: free indices, numbers and label elements."""
    found = _POOLS.get(t)
    if found is None:
        seen: dict[Any, None] = {}
        for a in t.args:
            seen.update(dict.fromkeys(index_terms(a)))
        if isinstance(t, Index):
            seen[t] = None
        elif isinstance(t, Indexed):
            seen.update((i, None) for i in indices_of(t) if not isinstance(i, Index))
        elif isinstance(t, Reduction):
            seen = {i: None for i in seen if t.index not in free_indices(i)}
        found = _POOLS[t] = tuple(seen)
    return found


def apply_everywhere(rw: Rewrite, t: Term, theory: Theory) -> Proof | None:
    """The pattern replaced wherever it occurs (not under derivatives), or None if nowhere."""
    if not names(rw.pattern) <= names(t) or type(rw.pattern) not in heads(t):
        return None
    chain = Chain(t)
    shielded: list[tuple[int, ...]] = []
    inner = rw.brings
    for path, sub in occurrences(t):
        if type(sub) is not type(rw.pattern) and not (inner and isinstance(sub, Reduction)):
            continue
        done = [*shielded, *(place for place, _ in chain.items)]
        if done and any(path[: len(p)] == p for p in done):
            continue
        if (
            inner
            and isinstance(sub, Reduction)
            and any(match(s, normal_term(sub), theory) is not None for s in inner)
        ):
            shielded.append(path)  # the replacement brings this in: leave it whole
            continue
        proof = rw.at(sub, theory)
        if proof is not None:
            chain.splice(proof, path)
    return chain.proof() if chain.items else None


Places = tuple[tuple[tuple[int, ...], Any], ...]
_PLACES: dict[Term, Places] = memo()
_HEADS: dict[Term, frozenset[type]] = memo()


def occurrences(t: Term) -> Places:
    """Subterms with their places, outermost first; not inside derivatives and conditions."""
    found = _PLACES.get(t)
    if found is None:
        out: list[tuple[tuple[int, ...], Any]] = [((), t)]
        if not is_leaf(t) and not isinstance(t, (Diff, Partial, Condition)):
            for k, a in enumerate(t.args[:1] if isinstance(t, Reduction) else t.args):
                if not is_literal_place(t, k):
                    out.extend(((k, *path), s) for path, s in occurrences(a))
        found = _PLACES[t] = tuple(out)
    return found


def binds(t: Term, i: Any) -> bool:
    """Whether some sum in a term has an index for its own."""
    return any(isinstance(s, Reduction) and s.index == i for s in subterms(t))


def heads(t: Term) -> frozenset[type]:
    """The kinds of subterms that occur in a term."""
    found = _HEADS.get(t)
    if found is None:
        found = _HEADS[t] = frozenset(type(s) for _, s in occurrences(t))
    return found
