"""Names that are put in before a derivative is taken, since their cases are compared."""

from __future__ import annotations

from typing import Any

from sympy import Max, Min

from derivation.terms import (
    IfElse,
    Relation,
    Term,
    free_indices,
    is_element,
    name_of,
    replace_terms,
    subterms,
)
from derivation.theory import Theory, distinction


def opened_names(theory: Theory, objective: Any, by: str) -> frozenset[str]:
    """The names that a comparison holds whose sides are one function in some case only if the
    definitions are put in: min(r*A, c*A), where c = max(min(r, 2), 1); and the names on the way
    from the objective to there.

    Args:
        theory: What is known.
        objective: A defined name.
        by: What it is differentiated by.
    """
    below = theory.below(frozenset((name_of(objective),)), cut=by)
    bodies = {n: d.body for n, d in theory.definitions.items() if n in below}
    cases = frozenset(
        n
        for n in below - {name_of(objective)}
        if n in theory.definitions and distinction(theory.definitions[n].body) is not None
    )
    found: set[str] = set()
    for n, body in bodies.items() if cases else ():
        for a, b in _comparisons(body):
            names = _names(a, cases) | _names(b, cases)
            names = {m for m in names if theory.depends(theory.definitions[m].body, by)}
            if names and not theory.meet(a, b):
                one, two = (_put_in(theory, t, cases) for t in (a, b))
                if theory.meet(one, two):
                    found |= names
                    found |= {m for m in bodies if n in theory.below(frozenset((m,)))}
    return frozenset(found - {name_of(objective)}) if found else frozenset()


def _comparisons(t: Term) -> list[tuple[Any, Any]]:
    """The pairs of values of which the larger or smaller is taken."""
    out = []
    for s in subterms(t):
        if isinstance(s, (Max, Min)):
            out.append(s.args)
        elif isinstance(s, IfElse) and isinstance(s.args[0], Relation):
            out.append((s.args[0].left, s.args[0].right))
    return out


def _names(t: Term, wanted: frozenset[str]) -> set[str]:
    return {name_of(s) for s in subterms(t) if is_element(s) and name_of(s) in wanted}


def _put_in(theory: Theory, t: Term, wanted: frozenset[str]) -> Any:
    """The term with the names unfolded outside sums, where no letter of theirs is bound."""

    def swap(s: Any) -> Any:
        if is_element(s) and name_of(s) in wanted and free_indices(s) <= free_indices(t):
            return _put_in(theory, theory.unfold(s), wanted)
        return None

    return replace_terms(t, swap)
