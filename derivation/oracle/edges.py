"""An equality tried on edges: where a comparison is an equality, two branches tie, an input is 0.

Points drawn at random hardly ever lie there, and what is false may be so there only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeAlias

import sympy

from derivation.oracle.check import Oracle, Witness
from derivation.oracle.claims import Claim, Point
from derivation.problem import Problem
from derivation.terms import (
    TRUE,
    ZERO,
    Index,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Relation,
    Term,
    element,
    free_indices,
    index,
    is_element,
    is_number,
    names,
    number,
    relation,
    relu,
    substitute,
    subterms,
)

Edge: TypeAlias = tuple[Term, ...]  # conditions; a point that meets one of them lies on the edge
POINTS = 2  # tried on each edge
BUDGET = 20  # times what the oracle may spend elsewhere, for all edges together


@dataclass(frozen=True)
class Tried:
    """What trying an equality gave.

    Attributes:
        points: How many points agree.
        sizes: At which sizes.
        edges: On how many edges there was such a point.
        missed: Edges on which there was none.
        refuted: A point at which the two sides differ.
    """

    points: int
    sizes: tuple[Mapping[str, int], ...]
    edges: int
    missed: tuple[Edge, ...]
    refuted: Witness | None


def tried(problem: Problem, left: Term, right: Term, assuming: Term = TRUE) -> Tried:
    """Tries ``left = right`` at points that meet the givens, then on every edge.

    Args:
        problem: Says what the names mean; its givens hold at every point.
        left: One side.
        right: The other.
        assuming: A condition on the free indices.

    >>> from derivation.language import read_expression, read_problem
    >>> problem = read_problem("L = (x if s > 0 else x**2); wrt x")
    >>> claimed = read_expression("1 if s >= 0 else 2*x", problem)
    >>> wrong = read_expression("diff(L, x)", problem)
    >>> tried(problem, wrong, claimed).refuted.arrays["s"]
    {(): Fraction(0, 1)}
    """
    oracle = Oracle(problem)
    claim = Claim(left, right, (), False, assuming)
    trial = _Trial(oracle, claim)
    trial.at(oracle.points(), oracle.budget)
    met, missed = 0, []
    for edge in edges(problem, reached(problem, (left, right, assuming))):
        if trial.refuted:
            break
        if trial.on(edge):
            met += 1
        else:
            missed.append(edge)
    return Tried(trial.points, tuple(trial.sizes), met, tuple(missed), trial.refuted)


class _Trial:
    """One equality, at one point after the other."""

    def __init__(self, oracle: Oracle, claim: Claim) -> None:
        self.oracle, self.claim = oracle, claim
        self.points = self.spent = 0
        self.sizes: list[Mapping[str, int]] = []
        self.refuted: Witness | None = None

    def at(self, points: Iterable[Point], budget: int) -> None:
        """Goes on until the points or the budget are at an end, or one point refutes."""
        for point in points:
            sides = (self.claim.left, self.claim.right)
            self.spent += sum([self.oracle.cost(t, point) for t in sides])
            if self.refuted or (self.points and self.spent > budget):
                return
            count, _, self.refuted = self.oracle.try_at(self.claim, point)
            self.points += count
            if count and dict(point.sizes) not in self.sizes:
                self.sizes.append(dict(point.sizes))

    def on(self, edge: Edge) -> bool:
        """Whether there is a point on the edge that agrees."""
        before = self.points
        for condition in edge:
            points = islice(self.oracle.quickly((condition,)), POINTS)
            self.at(points, BUDGET * self.oracle.budget)
            if self.refuted or self.points > before:
                break
        return self.points > before


def reached(problem: Problem, terms: Sequence[Term]) -> list[Term]:
    """The terms, the definitions that they rest on, and the givens."""
    out, done = [*terms, *problem.givens], set()
    todo = list(chain.from_iterable(map(names, out)))
    while todo:
        definition = problem.definitions.get(todo.pop())
        if definition is not None and definition.name not in done:
            done.add(definition.name)
            out.append(definition.body)
            todo += names(definition.body)
    return out


def edges(problem: Problem, terms: Iterable[Term]) -> list[Edge]:
    """The edges of all comparisons in the terms, and those where an input is 0."""
    found: dict[Edge, None] = {}
    for s in chain.from_iterable(map(subterms, terms)):
        for sides in _compared(s):
            edge = tuple(dict.fromkeys(_at_places(*sides)))
            if edge:
                found[edge] = None
    for name, slots in problem.shapes.items():
        if name not in problem.definitions and name not in problem.labels:
            letters = [index(f"_{k}", over) for k, over in enumerate(slots)]
            vanishes = relation("==", element(name, *letters), ZERO)
            edge = (vanishes, *_at_places(element(name, *letters), ZERO))
            found[tuple(dict.fromkeys(edge))] = None
    return list(found)


def _compared(s: Any) -> Iterator[tuple[Term, Term]]:
    """The two sides that are equal on the edge that a term has."""
    if isinstance(s, Relation):
        yield s.left, s.right
    elif isinstance(s, (sympy.Max, sympy.Min, KroneckerDelta)):
        yield s.args[0], s.args[1]
    elif isinstance(s, (relu, sympy.Abs, sympy.sign)):
        yield s.args[0], ZERO
    elif isinstance(s, (MaxOver, MinOver)):
        one, two = (substitute(s.body, {s.index: number(k)}) for k in (1, 2))
        yield one, two


def _at_places(left: Any, right: Any) -> Iterator[Term]:
    """``left == right`` at one place: different ones for different letters, else all the first.

    Between letters the edge is met by itself; between a letter and a number it takes a size.
    """
    if not any(map(is_element, chain(subterms(left), subterms(right)))):
        for letter, place in ((left, right), (right, left)):
            if isinstance(letter, Index) and is_number(place) and not is_number(letter.size):
                yield relation(">=", letter.size, place)
        return
    letters = sorted(free_indices(left) | free_indices(right), key=lambda i: (str(i.size), i.name))
    before: dict[Any, int] = {}
    apart = {}
    for i in letters:
        before[i.size] = before.get(i.size, 0) + 1
        apart[i] = number(before[i.size])
    for put in (apart, {i: number(1) for i in letters}):
        one, two = (substitute(side, put) for side in (left, right))
        if one != two:
            yield relation("==", one, two)
