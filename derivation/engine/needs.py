"""What a term must hold before a name or fact can be found in it: looked at before a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from derivation.engine.rewrites import Rewrite
from derivation.terms import (
    Add,
    Indexed,
    Mul,
    Pow,
    SumOver,
    Term,
    free_indices,
    memo,
    name_of,
    subterms,
)

# the names in what may be found, it itself, and for each sum in it the names summed over
Needs = tuple[frozenset[str], Any, Counter[frozenset[str]]]


@dataclass(frozen=True, eq=False)
class Possible:
    """A sum that may turn out to be a number; ``find`` looks whether it does."""

    pattern: Any
    needs: frozenset[str]  # the names in it
    find: Callable[[], Rewrite | None]


def parts_of(t: Any) -> Iterator[Any]:
    """The factors and terms that a definition may be solved for, the ones inside them too."""
    inside = isinstance(t, (Add, Mul, Pow, sympy.log, sympy.exp))
    if not inside or type(t) is sympy.exp:
        yield t
    if inside:
        for a in t.args:
            yield from parts_of(a)


_SUMMED: dict[Term, Counter[frozenset[str]]] = memo()


def summed_names(t: Term) -> Counter[frozenset[str]]:
    """For each sum in a term, the names of all that depends on its index."""
    found = _SUMMED.get(t)
    if found is None:
        found = _SUMMED[t] = Counter(names_over(s) for s in subterms(t) if isinstance(s, SumOver))
    return found


def names_over(t: Any) -> frozenset[str]:
    """The names of all in a sum that depends on its index."""
    return frozenset(
        name_of(e)
        for e in subterms(t.body)
        if isinstance(e, Indexed) and t.index in free_indices(e)
    )
