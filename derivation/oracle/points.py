"""Points at small sizes that meet the givens exactly.

Linear equality givens are solved by elimination over all entries at once; for the others, arrays
of a special kind are tried (one-hot rows, signs, rational rotations …) or one array is solved for
with the others fixed. Whatever was constructed, every given is then verified.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from derivation.oracle.evaluate import Program
from derivation.oracle.values import FAILURES, Affine, Exact, Number, minus
from derivation.oracle.worlds import Key, World, extent
from derivation.problem import Problem
from derivation.terms import (
    MIRROR,
    TRUE,
    AllOf,
    Every,
    Index,
    Relation,
    Size,
    Term,
    free_indices,
    indices_of,
    is_element,
    is_number,
    name_of,
    names,
    subterms,
    value_of,
)

Arrays: TypeAlias = dict[str, dict[Key, Any]]
Entry: TypeAlias = tuple[str, Key]
Ground: TypeAlias = tuple[Relation, dict[Term, int]]
Draw: TypeAlias = Callable[[str, str, int, random.Random], list[Fraction]]
Kinds: TypeAlias = dict[str, str]  # how to fill the arrays that are not solved for


@dataclass(frozen=True)
class Setting:
    """Sizes and, for every input, its entries: one point at which equalities are tried.

    Attributes:
        sizes: The value of every symbolic size.
        arrays: Exact entries of the inputs by name and index tuple (label arrays: integers).
    """

    sizes: Mapping[str, int]
    arrays: Mapping[str, Mapping[Key, Any]]


def combinations(indices: Sequence[Term], sizes: Mapping[str, int]) -> Iterator[Key]:
    """Every combination of values of the indices."""
    return itertools.product(*[range(1, extent(i.size, sizes) + 1) for i in indices])


def assignments(t: Term, sizes: Mapping[str, int]) -> Iterator[dict[Term, int]]:
    """Every assignment of values to the term's free indices."""
    free = by_name(free_indices(t))
    for values in combinations(free, sizes):
        yield dict(zip(free, values, strict=True))


def by_name(indices: frozenset[Any]) -> list[Any]:
    """Indices in a fixed order."""
    return sorted(indices, key=lambda i: (i.name, _label(i.size)))


def _label(size: Term) -> str:
    return str(size.name if isinstance(size, Size) else int(size))


class Sampler:
    """Draws admissible points of a problem.

    Args:
        problem: Shapes, labels, definitions and givens.
        definitions: The problem's, and those that a derivation brought in.
        givens: Conditions to be met; free indices mean "for every".
        works: Whether a point is one at which the objective is defined.
        seed: The same seed draws the same points.
        patience: How often to draw where only luck can meet a given.
        entries: ``entries(name, mood, count, rng)``, values for the entries of an array; distinct
            dyadic rationals where nothing is said.
        plans: How many ways to meet givens that are not linear are tried; all if it is None.
    """

    def __init__(
        self,
        problem: Problem,
        definitions: Mapping[str, Any],
        givens: Sequence[Term],
        works: Callable[[Setting], bool],
        seed: int = 0,
        patience: int = 60,
        entries: Draw | None = None,
        plans: int | None = None,
    ) -> None:
        self.plans = plans
        self.works, self.seed, self.labels = works, seed, problem.labels
        self.draw: Draw = entries or (lambda name, *how: _generic(*how))
        self.shapes = {n: s for n, s in problem.shapes.items() if n not in definitions}
        self.exact = Exact(100)
        self.program = Program(definitions, problem.labels, self.exact, seed)
        flat = list(itertools.chain.from_iterable(map(_conjuncts, givens)))
        self.on_sizes = [g for g in flat if _sizes_only(g)]
        self.givens = [g for g in flat if not _sizes_only(g)]
        self.bounds = list(filter(None, map(self._bound, self.givens)))
        self.equalities = [g for g in self.givens if isinstance(g, Relation) and g.op == "=="]
        self.fixed = set().union(*map(self._inputs, self.equalities))
        by_luck = len(self.givens) > len(self.bounds) + len(self.equalities)
        self.attempts = list(range(patience if by_luck else 8 if self.equalities else 2))
        self.kinds: Kinds | None = None  # what worked last time

    def allows(self, sizes: Mapping[str, int]) -> bool:
        """Whether the givens about sizes hold."""
        world = self.program.world(sizes, {})
        return all(self.program.condition(g)(self.program.env(), world) for g in self.on_sizes)

    def entries(self, sizes: Mapping[str, int]) -> int:
        """The number of entries of all inputs."""
        return sum(math.prod(extent(s, sizes) for s in slots) for slots in self.shapes.values())

    def points(self, sizes: Mapping[str, int], count: int) -> list[Setting]:
        """Up to ``count`` points, where the objective is defined if that can be had."""
        found: list[Setting] = []
        spare: Setting | None = None
        for n in range(count):
            for mood in _MOODS[n % 2 :] + _MOODS[: n % 2]:
                rng = random.Random(f"{self.seed} {n} {mood} {sorted(sizes.items())}")
                setting = self._draw(sizes, mood, rng)
                if setting is None:
                    continue
                if self.works(setting):
                    found.append(setting)
                    break
                spare = spare or setting
            if not found and not spare:
                break
        return found or ([spare] if spare else [])

    # -- one point ----------------------------------------------------------------------

    def _draw(self, sizes: Mapping[str, int], mood: str, rng: random.Random) -> Setting | None:
        ground = [(g, a) for g in self.equalities for a in assignments(g, sizes)]
        for kinds in itertools.islice(self._plans(sizes, ground, rng), self.plans):
            for attempt in self.attempts:
                arrays = self._fill(sizes, mood, kinds, attempt % 8, rng)
                if not self._solve(sizes, arrays, kinds, ground):
                    continue
                if self._holds(sizes, arrays, mood):
                    self.kinds = kinds
                    self.attempts.remove(attempt)
                    self.attempts.insert(0, attempt)  # the scale that fits
                    return Setting(dict(sizes), arrays)
        return None

    def _plans(
        self, sizes: Mapping[str, int], ground: list[Ground], rng: random.Random
    ) -> Iterator[Kinds]:
        """Ways to fill the arrays that occur in givens which are not linear: array -> kind."""
        if self.kinds is not None:
            yield self.kinds
        world = self._symbolic(sizes, self._fill(sizes, "real", {}, 0, rng), {})
        involved: set[str] = set()
        for g, at in ground:
            try:
                self._residue(g, at, world)
            except FAILURES:
                involved |= self._inputs(g)
        if not involved:
            yield {}
            return
        some = sorted(involved)
        yield dict.fromkeys(some, "generic")  # it may hold everywhere
        for solved in some:
            yield {name: "generic" for name in some if name != solved}
        for kind in _SPECIAL:
            yield dict.fromkeys(some, kind)
        for solved in some:
            for kind in _SPECIAL:
                yield {name: kind for name in some if name != solved}
        if 1 < len(some) < 4:
            for several in itertools.product(("generic", *_SPECIAL), repeat=len(some)):
                yield dict(zip(some, several, strict=True))

    def _inputs(self, g: Term) -> set[str]:
        """The inputs that the given depends on, through definitions too."""
        todo, seen = list(names(g)), set()
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                d = self.program.definitions.get(name)
                if d is not None:
                    todo.extend(names(d.body))
        return {n for n in seen if n in self.shapes and n not in self.labels}

    def _fill(
        self,
        sizes: Mapping[str, int],
        mood: str,
        kinds: Kinds,
        attempt: int,
        rng: random.Random,
    ) -> Arrays:
        arrays: Arrays = {}
        for name, slots in self.shapes.items():
            shape = tuple(extent(s, sizes) for s in slots)
            entries = list(itertools.product(*[range(1, n + 1) for n in shape]))
            if name in self.labels:
                top = extent(self.labels[name], sizes)
                arrays[name] = {e: rng.randint(1, top) for e in entries}
                continue
            kind = kinds.get(name, "generic")
            own = mood if mood != "mixed" else rng.choice(("real", "positive", "unit", "above 1"))
            if kind != "generic":
                arrays[name] = _SPECIAL[kind](shape, entries, rng)
                continue
            scale = 2**attempt if name in self.fixed else 1
            for e, x in zip(entries, self.draw(name, own, len(entries), rng), strict=True):
                arrays.setdefault(name, {})[e] = self._inside(name, e, x / scale)
        return arrays

    def _inside(self, name: str, entry: Key, x: Fraction) -> Fraction:
        """The value, moved between the bounds that the givens set for the entry."""
        lows = [c for bound, lower, c in self.bounds if lower and _matches(bound, name, entry)]
        highs = [c for bound, lower, c in self.bounds if not lower and _matches(bound, name, entry)]
        if lows and highs:
            low, high = max(lows), min(highs)
            return x if low < x < high else low + (high - low) * (abs(x) % 1 or Fraction(1, 2))
        if lows:
            low = max(lows)
            return x if x > low else low + (abs(x) or Fraction(1, 2))
        if highs:
            high = min(highs)
            return x if x < high else high - (abs(x) or Fraction(1, 2))
        return x

    def _symbolic(self, sizes: Mapping[str, int], arrays: Arrays, kinds: Kinds) -> World:
        """The world in which every entry that is not of a special kind is an unknown."""
        world = self.program.world(sizes, arrays)
        for name, table in arrays.items():
            if name not in kinds and name not in self.labels:
                for e in table:
                    world[name][e] = Affine(Fraction(0), {(name, e): Fraction(1)})
        return world

    def _residue(self, g: Relation, at: dict[Term, int], world: World) -> Number:
        left = self.program.value(g.left, world, at)
        return minus(left, self.program.value(g.right, world, at))

    def _solve(
        self,
        sizes: Mapping[str, int],
        arrays: Arrays,
        kinds: Kinds,
        ground: list[Ground],
    ) -> bool:
        """Solves the linear givens for as many entries as they fix, in place."""
        if not ground:
            return True
        world = self._symbolic(sizes, arrays, kinds)
        solved: dict[Entry, Affine | Number] = {}
        for g, at in ground:
            try:
                row = self._residue(g, at, world)
            except FAILURES:
                continue  # verified in the end
            row = _put(row, solved)
            if type(row) is not Affine:
                if not self._is_zero(row):
                    return False
                continue
            pivot = max(row.factors)
            c = row.factors[pivot]
            rest = Affine(row.constant, {k: v for k, v in row.factors.items() if k != pivot})
            value = (rest if rest.factors else rest.constant) * -(c**-1)
            for other, x in solved.items():
                solved[other] = _put(x, {pivot: value})
            solved[pivot] = value
        for (name, e), x in solved.items():
            if type(x) is Affine:
                total = x.constant
                for (n2, e2), c in x.factors.items():
                    total = total + arrays[n2][e2] * c
                x = total
            arrays[name][e] = x
        return True

    def _is_zero(self, x: Number) -> bool:
        if isinstance(x, (Fraction, int)):
            return x == 0
        return bool(abs(x) < self.exact.noise)

    def _holds(self, sizes: Mapping[str, int], arrays: Arrays, mood: str) -> bool:
        if mood == "positive" and any(x < 0 for t in arrays.values() for x in t.values()):
            return False
        world = self.program.world(sizes, arrays)
        try:
            for g in self.givens:
                for at in assignments(g, sizes):
                    if not self._true(g, at, world):
                        return False
        except FAILURES:
            return False
        return True

    def _true(self, g: Term, at: dict[Term, int], world: World) -> bool:
        if isinstance(g, Relation) and g.op == "==":
            return self._is_zero(self._residue(g, at, world))
        code = self.program.condition(g)
        env = self.program.env()
        for i, v in at.items():
            env[self.program.slot(i)] = v
        return bool(code(env, world))

    def _bound(self, g: Term) -> tuple[Term, bool, Fraction] | None:
        """(element, whether it is a lower bound, bound) of a given such as ``x[i] > 0``."""
        if not isinstance(g, Relation) or g.op in ("==", "!="):
            return None
        op, left, right = g.op, g.left, g.right
        if is_number(left):
            op, left, right = MIRROR[op], right, left
        if not (is_element(left) and is_number(right) and name_of(left) in self.shapes):
            return None
        return left, op[0] == ">", value_of(right)


def _conjuncts(g: Term) -> list[Term]:
    """The given as several, free indices meaning "for every"."""
    if isinstance(g, AllOf):
        return [c for a in g.args for c in _conjuncts(a)]
    if isinstance(g, Every) and g.guard == TRUE:
        return _conjuncts(g.body)
    return [g]


def _matches(bound: Term, name: str, entry: Key) -> bool:
    """Whether the entry is one of those that the element with its free indices stands for."""
    if name_of(bound) != name:
        return False
    seen: dict[Term, int] = {}
    for i, v in zip(indices_of(bound), entry, strict=True):
        if isinstance(i, Index):
            if seen.setdefault(i, v) != v:
                return False
        elif not is_number(i) or value_of(i) != v:
            return False
    return True


def _sizes_only(g: Term) -> bool:
    return not any(is_element(s) or isinstance(s, Index) for s in subterms(g))


def _put(row: Number, values: Mapping[Entry, Number]) -> Number:
    """The affine form with unknowns replaced."""
    if type(row) is not Affine or not any(k in values for k in row.factors):
        return row
    kept = {k: c for k, c in row.factors.items() if k not in values}
    out: Number = Affine(row.constant, kept) if kept else row.constant
    for k, c in row.factors.items():
        if k in values:
            out = out + values[k] * c
    return out


# -- entries --------------------------------------------------------------------------------

_MOODS = ("real", "positive", "unit", "above 1", "mixed", "small")


def _generic(mood: str, count: int, rng: random.Random) -> list[Fraction]:
    """Distinct rationals of the mood's range; dyadic, so that floats hold them exactly."""
    scale = 16
    while scale < 8 * count:
        scale *= 2
    pool = rng.sample(range(scale // 8, scale), count) if count else []
    unit = [Fraction(n, scale) for n in pool]
    if mood == "unit":
        return unit
    if mood == "small":
        return [u / 8 for u in unit]
    if mood == "above 1":
        return [1 + u for u in unit]
    if mood == "positive":
        return [2 * u for u in unit]
    return [2 * u * rng.choice((-1, 1)) for u in unit]


Shape: TypeAlias = tuple[int, ...]
Places: TypeAlias = list[Key]


def _one_hot_rows(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    if not shape:
        return {(): Fraction(1)}
    hot = {e[:-1]: rng.randint(1, shape[-1]) for e in entries}
    return {e: Fraction(hot[e[:-1]] == e[-1]) for e in entries}


def _one_hot(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    chosen = rng.choice(entries)
    return {e: Fraction(e == chosen) for e in entries}


def _binary(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    return {e: Fraction(rng.randint(0, 1)) for e in entries}


def _signs(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    return {e: Fraction(rng.choice((-1, 1))) for e in entries}


def _zeros(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    return {e: Fraction(0) for e in entries}


def _permutation(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    if len(shape) < 2:
        return _one_hot(shape, entries, rng)
    to = rng.sample(range(1, max(shape[-2:]) + 1), max(shape[-2:]))
    return {e: Fraction(to[e[-2] - 1] == e[-1]) for e in entries}


def _sphere(count: int, rng: random.Random) -> list[Fraction]:
    """A rational point of the unit sphere, by stereographic projection."""
    if count == 1:
        return [Fraction(rng.choice((-1, 1)))]
    t = [Fraction(rng.randrange(1, 8), 4) * rng.choice((-1, 1)) for _ in range(count - 1)]
    square = sum((x * x for x in t), Fraction(0))
    return [(square - 1) / (square + 1), *(2 * x / (square + 1) for x in t)]


def _unit_rows(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    if not shape:
        return _signs(shape, entries, rng)
    rows = {e[:-1]: None for e in entries}
    points = {row: _sphere(shape[-1], rng) for row in rows}
    return {e: points[e[:-1]][e[-1] - 1] for e in entries}


def _unit_all(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    return dict(zip(entries, _sphere(len(entries), rng), strict=True))


def _orthogonal(shape: Shape, entries: Places, rng: random.Random) -> dict[Key, Any]:
    """Orthonormal rows or columns of the last two slots: a product of rational reflections."""
    if len(shape) < 2:
        return _unit_all(shape, entries, rng)
    n = max(shape[-2:])
    matrix = [[Fraction(i == j) for j in range(n)] for i in range(n)]
    for _ in range(2):
        u = _sphere(n, rng)
        for row in matrix:
            along = sum((x * y for x, y in zip(row, u, strict=True)), Fraction(0))
            row[:] = [x - 2 * along * y for x, y in zip(row, u, strict=True)]
    return {e: matrix[e[-2] - 1][e[-1] - 1] for e in entries}


# from the least to the most special, so that a point shows no more than the givens say
_SPECIAL: dict[str, Callable[[Shape, Places, random.Random], dict[Key, Any]]] = {
    "unit": _unit_all,
    "unit rows": _unit_rows,
    "orthogonal": _orthogonal,
    "signs": _signs,
    "binary": _binary,
    "one-hot rows": _one_hot_rows,
    "permutation": _permutation,
    "one-hot": _one_hot,
    "zeros": _zeros,
}
