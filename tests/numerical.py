"""Points of a problem as arrays, and its derivatives at them by differences of 40 digits.

What is compared with generated code comes from `independent`, which interprets the program's text
and knows no rule of calculus; the points meet the givens.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from mpmath import mp, mpf

from derivation.codegen.calling import Function
from derivation.engine import derive_outcome
from derivation.oracle import Oracle
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Index, Size, indices_of, name_of
from tests import independent
from tests.independent import Model, Point, Unclear, derivative, unknown

Arrays = dict[str, Any]


def with_digits(digits: int) -> Iterator[None]:
    """A fixture's body: the reference in so many digits, and up to numbers as long."""
    before = mp.dps, independent.HUGE
    mp.dps, independent.HUGE = digits, mpf(10) ** digits
    yield
    mp.dps, independent.HUGE = before


def differences(
    found: Sequence[Outcome], case: Case, values: Sequence[Any], limit: int = 40
) -> float:
    """The worst difference of a value and its gradients from the reference, or raises Unclear."""
    value, *gradients = values
    wanted = np.asarray(case.value())
    scale = max(1.0, float(np.max(np.abs(wanted))))
    gaps = [float(np.max(np.abs(np.asarray(value) - wanted))) / scale]
    for o, g in zip(found, gradients, strict=True):
        gaps.append(worst(g, case.slopes(o.wrt, limit)))
    return max(gaps)


def outcomes(problem: Problem) -> list[Outcome]:
    """Every gradient that the problem asks for, derived."""
    style = problem.style or "delta"
    return [derive_outcome(problem, wrt, style=style) for wrt in problem.wrt]


class Case:
    """One point of a problem: exact entries for the reference, arrays for generated code."""

    def __init__(self, problem: Problem, sizes: Mapping[str, int], setting: Any) -> None:
        self.problem, self.sizes = problem, dict(sizes)
        model = Model("\n".join(line.split("#")[0] for line in problem.text.splitlines()))
        tables: dict[str, Any] = {}
        self.arrays: Arrays = {}
        for name, slots in problem.shapes.items():
            if name in problem.definitions:
                continue
            shape = [self.length(s) for s in slots]
            keys = list(itertools.product(*[range(1, n + 1) for n in shape]))
            entries = setting.arrays[name]
            spelled = "lambda_" if name == "lambda" else name
            if name in problem.labels:
                tables[spelled] = {k: int(entries[k]) for k in keys}
                numbers = [int(entries[k]) - 1 for k in keys]
            else:
                # the reference starts from the very numbers that the code gets
                floats = {k: float(entries[k]) for k in keys}
                tables[spelled] = {k: mpf(x) for k, x in floats.items()}
                numbers = [floats[k] for k in keys]
            self.arrays[name] = np.array(numbers).reshape(shape)
        fixed = {
            str(s): int(s)
            for slots in problem.shapes.values()
            for s in slots
            if not isinstance(s, Size)
        }
        sizes = {**self.sizes, **fixed}
        self.point = Point(model, sizes, tables)
        try:
            self.point.entry(name_of(problem.objective), self._first())
        except Unclear as error:
            if "edge" in str(error):  # t[k] >= t[i] holds at k = i, whatever t is
                self.point = Point(model, sizes, tables, loose=True)

    def _first(self) -> tuple[int, ...]:
        return tuple(
            1 if isinstance(i, Index) else int(i) for i in indices_of(self.problem.objective)
        )

    def length(self, size: Any) -> int:
        return self.sizes[str(size)] if isinstance(size, Size) else int(size)

    def functions(self, names: Sequence[str]) -> Arrays:
        """Unknown functions and their derivatives, as the reference has them."""
        from derivation.codegen.lower import derivative_name

        found: Arrays = {}
        for name, count in self.problem.unknown.items():
            for orders in itertools.product(range(4), repeat=count):
                label = name if not any(orders) else derivative_name(name, orders)
                if label in names:
                    found[label] = np.vectorize(partial(_unknown, name, orders))
        return found

    def value(self) -> Any:
        """The objective, entry by entry."""
        objective = self.problem.objective
        found = self._table(objective)
        for places, at in self._places([objective]):
            found[places] = float(self.point.entry(name_of(objective), at[0]))
        return found[()] if found.ndim == 0 else found

    def slopes(self, wrt: Sequence[Any], limit: int = 40) -> dict[tuple[int, ...], float]:
        """Entries of the derivative by position; all of them, or some where there are many."""
        objective = self.problem.objective
        shapes = {n: [str(s) for s in slots] for n, slots in self.problem.shapes.items()}
        every = list(self._places([objective, *wrt]))
        step = max(1, math.ceil(len(every) / limit))
        found = {}
        for places, (at, *by) in every[::step]:
            variables = [(_spelled(name_of(v)), b) for v, b in zip(wrt, by, strict=True)]
            shapes["lambda_"] = shapes.get("lambda", [])
            slope = derivative(self.point, (name_of(objective), at), variables, shapes)
            found[places] = float(slope)
        return found

    def _table(self, *terms: Any) -> Any:
        letters = dict.fromkeys(i for t in terms for i in indices_of(t) if isinstance(i, Index))
        return np.zeros([self.length(i.size) for i in letters])

    def _places(self, terms: Sequence[Any]) -> Iterator[tuple[tuple[int, ...], list[Any]]]:
        letters = list(
            dict.fromkeys(i for t in terms for i in indices_of(t) if isinstance(i, Index))
        )
        for values in itertools.product(*[range(1, self.length(i.size) + 1) for i in letters]):
            env = dict(zip(letters, values, strict=True))
            at = [
                tuple(env[i] if isinstance(i, Index) else int(i) for i in indices_of(t))
                for t in terms
            ]
            yield tuple(v - 1 for v in values), at


def _unknown(name: str, orders: Sequence[int], *xs: Any) -> float:
    return float(unknown(name, orders, [mpf(float(x)) for x in xs]))


def _spelled(name: str) -> str:
    return "lambda_" if name == "lambda" else name


def cases(problem: Problem, found: Sequence[Outcome]) -> list[Case]:
    """Points that meet the givens and what the results ask for, one for each choice of sizes."""
    extra = [d for o in found for d in o.introduced]
    oracle = Oracle(problem, extra=extra)
    conditions = tuple(dict.fromkeys(c for o in found for c in o.conditions))
    settings = [p.setting for p in oracle.points(conditions)]
    by_sizes = {tuple(sorted(s.sizes.items())): s for s in settings}
    return [Case(problem, s.sizes, s) for s in by_sizes.values()]


def worst(found: Any, wanted: Mapping[tuple[int, ...], float]) -> float:
    """The largest difference, relative to the largest entry."""
    found = np.asarray(found)
    scale = max([1.0, *map(abs, wanted.values())])
    return max(abs(float(found[at]) - w) for at, w in wanted.items()) / scale


def called(function: Function, case: Case, arrays: Arrays | None = None) -> Any:
    """The function at a case's arrays, with stand-ins for unknown functions."""
    sizes = {z: case.sizes[z] for z in function.sizes}
    return function(**(arrays or case.arrays), **case.functions(function.arguments), **sizes)
