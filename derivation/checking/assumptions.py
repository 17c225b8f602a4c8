"""Side conditions that a line may silently rest on: sums to 1, symmetric, one-hot, positive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from derivation.language import write
from derivation.problem import Problem
from derivation.terms import (
    ONE,
    ZERO,
    Term,
    delta,
    element,
    index,
    mul,
    name_of,
    relation,
    sum_over,
)

Table = Mapping[tuple[int, ...], Any]


@dataclass(frozen=True)
class Assumption:
    """A condition on one input.

    Attributes:
        given: The condition; free indices mean "for every".
        said: The condition in words.
        name: The input.
        meet: Entries made to meet it.
    """

    given: Term
    said: str
    name: str
    meet: Callable[[Table], Table]


def likely(problem: Problem, below: frozenset[str]) -> Iterator[Assumption]:
    """The conditions that are worth a try, likely ones first, for the inputs among some names.

    An input that is differentiated by can only be positive: no other condition may be used then.
    """
    varied = {name_of(v) for w in problem.wrt for v in w}
    inputs = [
        (name, [index(c, s) for c, s in zip("ijklmn", slots, strict=False)])
        for name, slots in problem.shapes.items()
        if name in below and name not in problem.definitions and name not in problem.labels
    ]
    for name, letters in inputs:
        if not letters or name in varied:
            continue
        e = element(name, *letters)
        total = sum_over(e, letters[-1])
        yield Assumption(relation("==", total, ONE), f"{write(e)} sums to 1", name, _normalised)
        if len(letters) == 2 and letters[0].size == letters[1].size:
            turned = element(name, letters[1], letters[0])
            yield Assumption(relation("==", e, turned), f"{name} is symmetric", name, _symmetric)
    for name, letters in inputs:
        e = element(name, *letters)
        if letters and name not in varied:
            other = index("q", letters[-1].size)
            both = mul(e, element(name, *letters[:-1], other))
            alone = relation("==", both, mul(delta(letters[-1], other), e))
            yield Assumption(alone, f"{name} is one-hot", name, _one_hot)
        yield Assumption(relation(">", e, ZERO), f"{write(e)} is positive", name, _positive)


def _normalised(table: Table) -> Table:
    totals: dict[tuple[int, ...], Any] = {}
    for key, x in table.items():
        totals[key[:-1]] = totals.get(key[:-1], 0) + x
    return {
        key: x / totals[key[:-1]] if totals[key[:-1]] else int(key[-1] == 1)
        for key, x in table.items()
    }


def _symmetric(table: Table) -> Table:
    return {(i, j): table.get((min(i, j), max(i, j)), x) for (i, j), x in table.items()}


def _one_hot(table: Table) -> Table:
    width = max(key[-1] for key in table)
    return {key: int(key[-1] == sum(key[:-1]) % width + 1) for key in table}


def _positive(table: Table) -> Table:
    return {key: abs(x) or 1 for key, x in table.items()}
