"""Looks for a small point at which two sides differ for certain."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from derivation.checking.assumptions import Assumption
from derivation.checking.closed import Closed, ClosedForms, differ, term_of
from derivation.language import nodes, write
from derivation.oracle import Oracle, Setting
from derivation.oracle.claims import NOT_THERE, UNCLEAR, Claim, Point
from derivation.oracle.evaluate import Program
from derivation.oracle.points import combinations
from derivation.oracle.values import Floats, minus, plain
from derivation.problem import Definition, Problem
from derivation.terms import TRUE, Pow, Term, is_element, is_number, name_of, names, subterms

ENOUGH = 4  # points at which a wrong derivative is compared with a line
QUICK = 3  # points that are tried before a proof is looked for
SEEDS = 3  # families of simple points


@dataclass(frozen=True)
class Counterexample:
    """A point at which the two sides of a line differ, exactly.

    Attributes:
        sizes: The sizes.
        indices: The values of the free indices.
        arrays: The entries of all inputs that matter, by index tuple.
        left, right: Both values: rationals, or closed forms such as ``exp(1)/3``.
    """

    sizes: Mapping[str, int]
    indices: Mapping[str, int]
    arrays: Mapping[str, Mapping[tuple[int, ...], Any]]
    left: Any
    right: Any

    def to_json(self) -> dict[str, Any]:
        """The point in the schema of a report."""
        return {
            "sizes": dict(self.sizes),
            "indices": dict(self.indices),
            "arrays": {name: nested(table) for name, table in self.arrays.items()},
            "left": {"exact": write(term_of(self.left)), "float": float(self.left)},
            "right": {"exact": write(term_of(self.right)), "float": float(self.right)},
        }


def nested(table: Mapping[tuple[int, ...], Any]) -> Any:
    """Entries as nested lists of exact texts; a scalar is its text."""
    if () in table:
        return _entry(table[()])
    rows: dict[int, dict[tuple[int, ...], Any]] = {}
    for (first, *rest), x in sorted(table.items()):
        rows.setdefault(first, {})[tuple(rest)] = x
    return [nested(row) for row in rows.values()]


def _entry(x: Any) -> Any:
    if isinstance(x, int):
        return x
    if isinstance(x, Fraction):
        return int(x) if x.denominator == 1 else str(x)
    return str(x)


class Refuter:
    """Tries equalities of one problem at points with small numbers, then at general ones."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._curved = _curved(problem)
        self._zero = _zero(problem, self._curved)
        self._simple = [Oracle(problem, seed, entries=self._entries(seed)) for seed in range(SEEDS)]
        self._general: Oracle | None = None
        self._program: Program | None = None
        self._worlds: dict[int, Any] = {}

    @property
    def general(self) -> Oracle:
        """Points with nothing special about them."""
        if self._general is None:
            self._general = Oracle(self.problem)
        return self._general

    def settings(self) -> tuple[Setting, ...]:
        """Points with small numbers that meet the givens."""
        return self._simple[0].settings()

    def quick(self, left: Term, right: Term, condition: Term = TRUE) -> Counterexample | None:
        """A counterexample, if one of the first points is one."""
        claim = Claim(left, right, (), False, condition)
        return self._among(claim, itertools.islice(self._points(), QUICK))

    def refute(
        self, left: Term, right: Term, condition: Term = TRUE
    ) -> tuple[Counterexample | None, int]:
        """A counterexample, or None and the number of points at which the two sides agree."""
        claim = Claim(left, right, (), False, condition)
        found = self._among(claim, self._points())
        if found is not None:
            return found, 0
        comparison = self.general.compare(left, right, condition)
        if comparison.refuted is not None:
            for point in self.general.points():
                found = self._at(claim, point)
                if found is not None:
                    return found, 0
            return None, 0
        return None, comparison.points

    def agrees(self, left: Term, right: Term, condition: Term = TRUE, points: int = 4) -> bool:
        """Whether nothing at a few points, in floats, speaks against the equality."""
        claim = Claim(left, right, (), False, condition)
        tried = 0
        first = itertools.islice(self._points(), points // 2)
        others = self.general.points()[1 : 2 + points // 2]  # the sizes of 0 and 1 are the same
        for point in itertools.chain(first, others or self.general.points()):
            for values in itertools.islice(combinations(claim.free, point.sizes), 6):
                verdict = self._floats(claim, point, values)
                if verdict is False and not self._nearly(claim, point, values):
                    return False
                tried += verdict is not None
        return tried > 0

    def yields(
        self, left: Term, definitions: Mapping[str, Definition], right: Term, condition: Term = TRUE
    ) -> bool:
        """Whether the left side, by other definitions, has the right side's value at a few points.

        The other definitions have the values of the problem's own and differ in derivatives only.
        """
        claim = Claim(left, right, (), False, condition)
        program = Program(definitions, self.problem.labels, Floats())
        agreed = points = 0
        for point in self.general.points()[:ENOUGH]:
            world = program.world(point.sizes, point.setting.arrays, point.salt)
            before = agreed
            for values in itertools.islice(combinations(claim.free, point.sizes), 8):
                try:
                    if not self._meets(claim, point, values):
                        continue
                    b = point.value(right, claim.free)(values)
                    a = plain(
                        program.value(left, world, dict(zip(claim.free, values, strict=True)))
                    )
                except (*NOT_THERE, *UNCLEAR):
                    continue
                if not _close(a, b):
                    return False
                agreed += 1
            points += agreed > before
        return points > 1 and agreed > 2

    def agrees_with(
        self, assumed: Assumption, left: Term, right: Term, condition: Term = TRUE
    ) -> bool:
        """Whether the sides agree, in floats, at points made to meet one condition more."""
        claim = Claim(left, right, (), False, condition)
        agreed = 0
        for point in self.general.points()[:ENOUGH]:
            arrays = point.setting.arrays
            if assumed.name not in arrays:
                continue
            changed = {**arrays, assumed.name: assumed.meet(arrays[assumed.name])}
            setting = Setting(point.sizes, changed)
            moved = Point(self.general.programs, setting, point.salt)
            if not all(map(moved.everywhere, self.problem.givens)):
                continue
            for values in itertools.islice(combinations(claim.free, point.sizes), 8):
                verdict = self._floats(claim, moved, values)
                if verdict is False:
                    return False
                agreed += verdict is True
        return agreed > 0

    def cost(self, t: Term) -> int:
        """About how many operations the term takes at the first point, and to look at at all."""
        oracle = self._simple[0]
        points = oracle.points()
        return 20 * nodes(t) + (oracle.cost(t, points[0]) if points else 0)

    # -- points -----------------------------------------------------------------------------

    def _points(self) -> Iterator[Point]:
        rounds = [oracle.points for oracle in self._simple]
        for points in rounds:
            yield from points()

    def _entries(self, seed: int) -> Any:
        """Small whole numbers and fractions; the first points make exponentials rational."""

        def entries(name: str, mood: str, count: int, rng: random.Random) -> list[Fraction]:
            if mood == "unit":
                return [rng.choice(_UNIT) for _ in range(count)]
            if name in self._zero and seed == 0 and mood == "real":
                return [Fraction(0)] * count
            pool = [n for n in range(1, 4 + count) if n != count + 3]
            if mood in ("real", "mixed") and name not in self._curved:
                pool = [*pool, *(-n for n in pool[: len(pool) // 2])]
            if name in self._curved and mood == "real":
                pool = [0, 1, -1, 2] if seed == 1 else [0, 1]
                return [Fraction(rng.choice(pool)) for _ in range(count)]
            if mood == "above 1":
                pool = [n + 1 for n in pool]
            chosen = rng.sample(pool, count) if len(pool) >= count else rng.choices(pool, k=count)
            scale = 4 if mood == "small" else 1
            return [Fraction(n, scale) for n in chosen]

        return entries

    # -- one point ----------------------------------------------------------------------------

    def _among(self, claim: Claim, points: Any) -> Counterexample | None:
        for point in points:
            found = self._at(claim, point)
            if found is not None:
                return found
        return None

    def _at(self, claim: Claim, point: Point) -> Counterexample | None:
        for values in itertools.islice(combinations(claim.free, point.sizes), 40):
            if self._floats(claim, point, values) is False:
                found = self._exactly(claim, point, values)
                if found is not None:
                    return found
        return None

    def _floats(self, claim: Claim, point: Point, values: Sequence[int]) -> bool | None:
        """Whether the sides agree in floats; None where they cannot be compared."""
        try:
            if not self._meets(claim, point, values):
                return None
            a = point.value(claim.left, claim.free)(values)
            b = point.value(claim.right, claim.free)(values)
        except (*NOT_THERE, *UNCLEAR):
            return None
        if isinstance(a, complex) or isinstance(b, complex) or a != a or b != b:
            return None
        return _close(a, b)

    def _nearly(self, claim: Claim, point: Point, values: Sequence[int]) -> bool:
        """Whether sides that differ in floats do so by rounding, as h - h**2 may for h near 1."""
        a, b = (point.value(t, claim.free)(values) for t in (claim.left, claim.right))
        if abs(a - b) > 1e-3 * max(abs(a), abs(b), 1e-3):
            return False
        try:
            a, b = (point.value(t, claim.free, 50)(values) for t in (claim.left, claim.right))
        except (*NOT_THERE, *UNCLEAR):
            return False
        scale = max(float(abs(a)), float(abs(b)), 1e-20)
        return bool(abs(minus(a, b)) <= 1e-9 * scale)

    def _meets(self, claim: Claim, point: Point, values: Sequence[int]) -> bool:
        return claim.local == TRUE or point.condition(claim.local, claim.free)(values)

    def _exactly(self, claim: Claim, point: Point, values: Sequence[int]) -> Counterexample | None:
        """The counterexample, established without rounding, or None."""
        program = self._program
        if program is None:
            program = self._program = Program(
                self.problem.definitions, self.problem.labels, ClosedForms()
            )
        key = id(point)
        if key not in self._worlds:
            made = program.world(point.sizes, point.setting.arrays, point.salt)
            self._worlds[key] = (point, made)
        world = self._worlds[key][1]
        at = dict(zip(claim.free, values, strict=True))
        try:
            a, b = (plain(program.value(t, world, at)) for t in (claim.left, claim.right))
            if not differ(a, b):
                return None
        except (*NOT_THERE, *UNCLEAR, TypeError, AttributeError, ValueError):
            return None
        seen = self._below(names(claim.left) | names(claim.right))
        return Counterexample(
            {n: v for n, v in point.sizes.items() if n in seen},
            {str(i.name): v for i, v in at.items()},
            {n: t for n, t in point.setting.arrays.items() if n in seen},
            a,
            b,
        )

    def _below(self, seen: frozenset[str]) -> set[str]:
        out, todo = set(seen), list(seen)
        while todo:
            d = self.problem.definitions.get(todo.pop())
            if d is not None:
                new = names(d.body) - out
                out |= new
                todo.extend(new)
        return out


def _close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-4))


_UNIT = [Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(1, 4), Fraction(3, 4)]


def _curved(problem: Problem) -> frozenset[str]:
    """Inputs that stand in an exponential or the like: at 0 its value is rational."""
    found: set[str] = set()
    for d in problem.definitions.values():
        for s in subterms(d.body):
            curved = isinstance(s, sympy.Function) and not isinstance(s, sympy.log)
            if curved or (isinstance(s, Pow) and not is_number(s.args[1])):
                found |= names(s)
    grown = True
    while grown:
        grown = False
        for name in found & set(problem.definitions):
            inside = {name_of(x) for x in subterms(problem.definitions[name].body) if is_element(x)}
            if not inside <= found:
                found |= inside
                grown = True
    return frozenset(n for n in found if n not in problem.definitions)


def _zero(problem: Problem, curved: frozenset[str]) -> frozenset[str]:
    """Those that are put as 0 at the first points: not data such as X[n,d] in exp(sum(X*w)).

    A derivative by w is 0 where X is; a weight that is 0 makes exponentials rational as well.
    """
    varied = {name_of(v) for entry in problem.wrt for v in entry}
    data = {n for n in curved - varied if len(problem.shapes.get(n, ())) > 1}
    return curved - data if curved & varied else curved


__all__ = ["Closed", "Counterexample", "Refuter", "nested"]
