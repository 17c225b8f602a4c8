"""Givens that exclude each other together, as linear inequalities in their monomials.

Eliminating one unknown after the other (Fourier and Motzkin) is complete for real unknowns; a
product of names counts as an unknown of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MOST = 14  # inequalities that are looked at together
MOST_MADE = 400  # that eliminating may make of them


@dataclass(frozen=True)
class Inequality:
    """``sum of c*u > -constant``, or ``>=``, and the numbers of the givens that it follows from."""

    terms: Mapping[Hashable, Fraction]
    constant: Fraction
    strict: bool
    since: frozenset[int]

    @property
    def never(self) -> bool:
        """Whether it can be seen not to hold."""
        return not self.terms and (self.constant < 0 or (self.strict and self.constant == 0))


# the terms and the constant of ``left - right``, the relation to 0, and the number of the given
Given = tuple[Mapping[Any, Fraction], Fraction, str, int]


def conflict(
    givens: Sequence[Given],
    least: Mapping[Hashable, Fraction],
) -> frozenset[int] | None:
    """The numbers of givens that no values meet together; None if that is not seen.

    Args:
        givens: Several may have one number: what a given presupposes besides.
        least: Unknowns that are known not to be below a number.

    >>> one = Fraction(1)
    >>> chain = [({"a": one, "b": -one}, 0 * one, ">", 0), ({"b": one, "c": -one}, 0 * one, ">", 1),
    ...          ({"c": one, "a": -one}, 0 * one, ">=", 2)]
    >>> sorted(conflict(chain, {}))
    [0, 1, 2]
    """
    for group in _connected(givens):
        made = [
            Inequality(terms, constant, strict, frozenset((givens[n][3],)))
            for n in group
            for terms, constant, strict in _as_inequalities(*givens[n][:3])
        ]
        unknowns = {u for i in made for u in i.terms}
        made += [
            Inequality({u: Fraction(1)}, -least[u], False, frozenset())
            for u in unknowns
            if u in least
        ]
        if not 2 <= len(group) <= MOST or len(made) > 2 * MOST:
            continue
        found = _infeasible(made)
        if found is not None:
            return found
        for n in group:
            terms, constant, op, number = givens[n]
            if op == "!=":
                sides = [
                    _infeasible([*made, Inequality(t, c, True, frozenset((number,)))])
                    for t, c in ((terms, constant), (_times(terms, Fraction(-1)), -constant))
                ]
                if sides[0] is not None and sides[1] is not None:
                    return sides[0] | sides[1]
    return None


def _as_inequalities(
    terms: Mapping[Hashable, Fraction], constant: Fraction, op: str
) -> list[tuple[Mapping[Hashable, Fraction], Fraction, bool]]:
    out: list[tuple[Mapping[Hashable, Fraction], Fraction, bool]] = []
    if op in (">", ">=", "=="):
        out.append((terms, constant, op == ">"))
    if op in ("<", "<=", "=="):
        out.append((_times(terms, Fraction(-1)), -constant, op == "<"))
    return out


def _times(terms: Mapping[Hashable, Fraction], c: Fraction) -> dict[Hashable, Fraction]:
    return {u: c * x for u, x in terms.items()}


def _connected(givens: Sequence[Given]) -> list[list[int]]:
    """The givens that are about the same unknowns, directly or through each other."""
    groups: list[tuple[set[Hashable], list[int]]] = []
    for n, (terms, *_) in enumerate(givens):
        unknowns, members = set(terms), [n]
        apart = []
        for group in groups:
            if unknowns & group[0]:
                unknowns |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (unknowns, members)]
    return [sorted(members) for _, members in groups]


def _infeasible(inequalities: Sequence[Inequality]) -> frozenset[int] | None:
    """What a contradiction that eliminating comes to follows from; None if it comes to none."""
    left = list(inequalities)
    while True:
        for i in left:
            if i.never:
                return i.since
        unknowns = {u for i in left for u in i.terms}
        if not unknowns:
            return None

        u, above, below = min(
            (
                (
                    u,
                    [i for i in left if i.terms.get(u, 0) > 0],
                    [i for i in left if i.terms.get(u, 0) < 0],
                )
                for u in sorted(unknowns, key=str)
            ),
            key=lambda found: len(found[1]) * len(found[2]),
        )
        left = [i for i in left if u not in i.terms]
        left += [_without(u, one, two) for one in above for two in below]
        if len(left) > MOST_MADE:
            return None


def _without(u: Hashable, above: Inequality, below: Inequality) -> Inequality:
    """The sum of two inequalities, each so often that the unknown drops out."""
    a, b = -below.terms[u], above.terms[u]
    terms = _times(above.terms, a)
    for v, c in below.terms.items():
        terms[v] = terms.get(v, Fraction(0)) + b * c
    return Inequality(
        {v: c for v, c in terms.items() if c},
        a * above.constant + b * below.constant,
        above.strict or below.strict,
        above.since | below.since,
    )
