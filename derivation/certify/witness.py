"""A point at which all hypotheses of a certificate hold, in exact numbers.

The oracle has tried the steps at points that meet the givens; the smallest of them that meets the
conditions too is handed on. Where there is none, points are drawn under all hypotheses at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from derivation.errors import DerivationError
from derivation.oracle.evaluate import Program
from derivation.oracle.points import Sampler, Setting, assignments, combinations
from derivation.oracle.values import FAILURES, Exact, Floats, minus
from derivation.oracle.worlds import Key, extent
from derivation.problem import Definition, Problem
from derivation.terms import TRUE, Relation, Size, Term, conjuncts, is_number, name_of, value_of

MOST_ENTRIES = 20_000  # in all inputs together
MARGIN = 1e-8  # by which an inequality between numbers that are not exact must hold
_DIGITS = 40


class NotCertified(DerivationError):
    """A derivation cannot be said as a certificate (exit status 1); the message says why."""


def witness(
    problem: Problem,
    introduced: Sequence[Definition],
    hypotheses: Sequence[Any],
    visited: Iterable[Setting],
    case: Any = TRUE,
) -> Setting:
    """A point at which the hypotheses hold; ``visited`` are points that may be ones.

    Where the claim is about one case, that occurs there too.

    Raises:
        NotCertified: None has been found.
    """
    judge = _Judge(problem, introduced, hypotheses, case)
    at_hand = sorted(visited, key=_simplicity)
    for setting in itertools.chain(at_hand, _drawn(problem, judge, hypotheses)):
        if judge.meets(setting):
            return setting
    raise NotCertified("no point has been found at which all that is assumed holds")


class _Judge:
    """Evaluates hypotheses at points: exactly where they are rational."""

    def __init__(
        self,
        problem: Problem,
        introduced: Sequence[Definition],
        hypotheses: Sequence[Any],
        case: Any,
    ) -> None:
        self.definitions = {**problem.definitions, **{d.name: d for d in introduced}}
        self.inputs = [n for n in problem.shapes if n not in self.definitions]
        self.labels = problem.labels
        self.program = Program(self.definitions, problem.labels, Exact(_DIGITS))
        self.floats = Program(self.definitions, problem.labels, Floats())
        self.hypotheses, self.case = hypotheses, case

    def meets(self, setting: Setting) -> bool:
        """Whether the hypotheses hold at the point, and everything that is defined is so there."""
        if not self._is_exact(setting):
            return False
        world = self.program.world(setting.sizes, setting.arrays)
        try:
            return (
                all(
                    self._holds(h, at, world)
                    for h in self.hypotheses
                    for at in assignments(h, setting.sizes)
                )
                and any(self._occurs(at, world) for at in assignments(self.case, setting.sizes))
                and self._is_defined(setting)
            )
        except (*FAILURES, RecursionError):
            return False

    def _occurs(self, at: Mapping[Term, int], world: Any) -> bool:
        return all(self._holds(c, at, world) for c in conjuncts(self.case))

    def _is_defined(self, setting: Setting) -> bool:
        world = self.floats.world(setting.sizes, setting.arrays)
        for name, d in self.definitions.items():
            for entry in combinations(d.params, setting.sizes):
                _ = world[name][entry]
        return True

    def _is_exact(self, setting: Setting) -> bool:
        entries = (x for n in self.inputs for x in setting.arrays.get(n, {}).values())
        return all(n in setting.arrays for n in self.inputs) and all(
            isinstance(x, (int, Fraction)) for x in entries
        )

    def _holds(self, h: Any, at: Mapping[Term, int], world: Any) -> bool:
        if isinstance(h, Relation):
            sides = [self.program.value(s, world, at) for s in (h.left, h.right)]
            gap = minus(*sides)
            if isinstance(gap, (int, Fraction)):
                return _COMPARED[h.op](gap)
            scale = max(1.0, *(abs(float(s)) for s in sides))  # the checker computes with floats
            close = abs(gap) <= MARGIN * scale
            return close if h.op == "==" else not close and _COMPARED[h.op](gap)
        env = self.program.env()
        code = self.program.condition(h)
        for i, v in at.items():
            env[self.program.slot(i)] = v
        return bool(code(env, world))


_COMPARED: Mapping[str, Callable[[Any], bool]] = {
    "==": lambda gap: bool(gap == 0),
    "!=": lambda gap: bool(gap != 0),
    "<": lambda gap: bool(gap < 0),
    "<=": lambda gap: bool(gap <= 0),
    ">": lambda gap: bool(gap > 0),
    ">=": lambda gap: bool(gap >= 0),
}


def _simplicity(setting: Setting) -> tuple[bool, int, int]:
    """Small points first, but not those of a size 1, where sums and guards may be empty."""
    tables = setting.arrays.values()
    digits = sum(len(str(x)) for table in tables for x in table.values())
    return 1 in setting.sizes.values(), sum(map(len, tables)), digits


def _drawn(problem: Problem, judge: _Judge, hypotheses: Sequence[Any]) -> Iterator[Setting]:
    """Points drawn under all of the hypotheses, at small sizes first."""
    sampler = Sampler(problem, judge.definitions, hypotheses, judge.meets, patience=40)
    for sizes in _sizes(problem, hypotheses):
        if sampler.allows(sizes) and sampler.entries(sizes) <= MOST_ENTRIES:
            yield from sampler.points(sizes, 2)


def _sizes(problem: Problem, hypotheses: Sequence[Any]) -> Iterator[dict[str, int]]:
    """Sizes to try: all alike, all different, and what the hypotheses ask of one."""
    asked = {n: _asked(n, hypotheses) for n in problem.sizes}
    for start in (2, 3, 1, 4, 5):
        yield {n: max(start, asked[n]) for n in problem.sizes}
        if start == 2 and len(problem.sizes) > 1:
            yield {n: max(2 + k % 2, asked[n]) for k, n in enumerate(problem.sizes)}
            yield {n: max(2 + (k + 1) % 2, asked[n]) for k, n in enumerate(problem.sizes)}
    yield {n: asked[n] for n in problem.sizes}


def _asked(name: str, hypotheses: Sequence[Any]) -> int:
    least = 1
    for h in hypotheses:
        about = isinstance(h, Relation) and isinstance(h.left, Size) and is_number(h.right)
        if about and name_of(h.left) == name and h.op in (">", ">=", "=="):
            least = max(least, math.ceil(value_of(h.right)) + (h.op == ">"))
    return least


def as_data(setting: Setting, shapes: Mapping[str, Sequence[Term]]) -> dict[str, Any]:
    """The point as the certificate lists it: sizes by name, arrays as nested lists."""
    out: dict[str, Any] = dict(setting.sizes)
    for name, slots in shapes.items():
        out[name] = _nested(setting.arrays[name], [extent(s, setting.sizes) for s in slots], ())
    return out


def _nested(table: Mapping[Key, Any], shape: Sequence[int], at: Key) -> Any:
    if not shape:
        return _number(table[at])
    return [_nested(table, shape[1:], (*at, k)) for k in range(1, shape[0] + 1)]


def _number(x: Any) -> Any:
    value = Fraction(x)
    if value.denominator == 1:
        return int(value)
    return f"{value.numerator}/{value.denominator}"
