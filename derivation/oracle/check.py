"""The oracle itself: tries equalities, and the steps of derivations, at many points."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from derivation.errors import DerivationError
from derivation.oracle.claims import NOT_THERE, UNCLEAR, Claim, Point
from derivation.oracle.evaluate import Program
from derivation.oracle.points import Draw, Sampler, Setting, by_name, combinations
from derivation.oracle.values import Exact, Floats, Number, minus, plain
from derivation.oracle.worlds import Key, extent
from derivation.problem import Definition, Problem
from derivation.steps import Checked, Step
from derivation.terms import (
    TRUE,
    Diff,
    Partial,
    Reduction,
    Size,
    Term,
    diff,
    free_indices,
    indices_of,
    is_element,
    is_number,
    name_of,
    names,
    subterms,
    value_of,
)

MANY_DIGITS = 1000  # for what fewer digits refute
CAP = 60  # combinations of free indices tried in a setting
BUDGET = 2_000_000  # about a tenth of a microsecond each
FIRST = 5  # how often the first point may exceed the budget, so that something is tried
MOST_ENTRIES = 2000  # in all inputs together
MOVE = 2  # the level of single moves


@dataclass(frozen=True)
class Witness:
    """A point at which two terms differ.

    Attributes:
        sizes: The sizes.
        indices: Values of the free indices by letter.
        arrays: The inputs' entries.
        left: Value of the left side.
        right: Value of the right side.
    """

    sizes: Mapping[str, int]
    indices: Mapping[str, int]
    arrays: Mapping[str, Mapping[Key, Any]]
    left: Any
    right: Any

    def __str__(self) -> str:
        place = [", ".join(f"{n} = {v}" for n, v in d.items()) for d in (self.sizes, self.indices)]
        where = "; ".join(filter(None, place)) or "one point"
        shown = ", ".join(f"{n} = {_nested(t)}" for n, t in self.arrays.items())
        sides = f"{_shown(self.left)} is not {_shown(self.right)}"
        return f"at {where}: {sides}" + (f"; {shown}" if shown else "")


@dataclass(frozen=True)
class Comparison:
    """What trying an equality gave: points that agree, points left out, a witness against it."""

    points: int
    skipped: int
    refuted: Witness | None


class Refuted(DerivationError):
    """A step that is false, with its number and a point at which its sides differ."""

    def __init__(self, number: str, witness: Witness) -> None:
        self.number, self.witness = number, witness
        super().__init__(f"step {number} is wrong {witness}")


class Oracle:
    """Tries equalities between terms of a problem at small sizes.

    Args:
        problem: The arrays with their shapes, the definitions and the givens.
        seed: The same seed tries the same points.
        extra: Definitions that a derivation brought in.
        budget: Upper limit of work for one call, in operations; sizes beyond it are skipped.
        entries: How to choose the entries of arrays, as in ``Sampler``.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        *,
        extra: Sequence[Definition] = (),
        budget: int = BUDGET,
        entries: Draw | None = None,
    ) -> None:
        self.problem, self.seed, self.budget, self.entries = problem, seed, budget, entries
        self.definitions = {**problem.definitions, **{d.name: d for d in extra}}
        self._by_digits: dict[int, Program] = {}
        self._points: dict[tuple[Term, ...], tuple[list[Point], tuple[str, ...]]] = {}

    def settings(self) -> tuple[Setting, ...]:
        """The points at which equalities are tried, each one meeting all the givens."""
        return tuple(p.setting for p in self.points())

    def skipped(self) -> tuple[str, ...]:
        """Why some sizes have no point."""
        return self._at(())[1]

    def points(self, conditions: tuple[Term, ...] = ()) -> list[Point]:
        """The points of the problem that meet further conditions."""
        return self._at(conditions)[0]

    def quickly(self, conditions: tuple[Term, ...]) -> Iterator[Point]:
        """Points that meet further conditions, drawn as they are asked for, without patience."""
        return self._drawn(conditions, [], patience=2, plans=8, most=3)

    def compare(
        self,
        left: Term,
        right: Term,
        assuming: Term = TRUE,
        conditions: Sequence[Term] = (),
    ) -> Comparison:
        """Tries ``left = right`` for all values of the free indices that meet ``assuming``.

        Args:
            left: One side.
            right: The other.
            assuming: A condition on the free indices.
            conditions: Further conditions; their free indices mean "for every", except that one
                on free indices of the two sides alone (``i != j``) is taken as ``assuming``.
        """
        claim = Claim(left, right, conditions, False, assuming)
        points = skipped = spent = 0
        for point in self.points(claim.everywhere):
            spent += self.cost(left, point) + self.cost(right, point)
            if spent > (self.budget if points else FIRST * self.budget):
                break
            tried, missing, witness = self.try_at(claim, point)
            points, skipped = points + tried, skipped + missing
            if witness is not None:
                return Comparison(points, skipped, witness)
        return Comparison(points, skipped, None)

    def confirm(self, steps: Sequence[Step]) -> Checked:
        """Tries every step and substep; raises `Refuted` at the first that is wrong.

        A condition of a step is about the values that its free indices have in the step.

        Returns what was tried: the sizes at which there were points, how many, and why some
        sizes or steps were left out.
        """
        claims = _claims(steps)
        trial = _Trial(self)
        trial.run(claims)
        again = [(n, c) for n, c in claims if not trial.tried[n] and c.local != TRUE]
        for _, claim in again:
            claim.everywhere, claim.local = claim.everywhere_all(), TRUE
        trial.run(again)
        return trial.checked()

    # -- points -----------------------------------------------------------------------------

    def programs(self, digits: int) -> Program:
        """The compiled terms over floats (0) or over numbers with so many digits."""
        found = self._by_digits.get(digits)
        if found is None:
            field = Exact(digits) if digits else Floats()
            found = Program(self.definitions, self.problem.labels, field, self.seed)
            self._by_digits[digits] = found
        return found

    def _at(self, conditions: tuple[Term, ...]) -> tuple[list[Point], tuple[str, ...]]:
        found = self._points.get(conditions)
        if found is None:
            found = self._meeting(conditions) if conditions else None
            found = self._points[conditions] = found or self._draw(conditions)
        return found

    def _meeting(self, conditions: tuple[Term, ...]) -> tuple[list[Point], tuple[str, ...]] | None:
        """The points of the problem that meet further conditions, if at least half of them do."""
        points, skipped = self._at(())
        met = [p for p in points if all(map(p.everywhere, conditions))]
        return (met, skipped) if met and 2 * len(met) >= len(points) else None

    def _draw(self, conditions: tuple[Term, ...]) -> tuple[list[Point], tuple[str, ...]]:
        skipped: list[str] = []
        patience = 6 if conditions else 60
        return list(self._drawn(conditions, skipped, patience)), tuple(skipped)

    def _drawn(
        self,
        conditions: tuple[Term, ...],
        skipped: list[str],
        patience: int,
        plans: int | None = None,
        most: int | None = None,
    ) -> Iterator[Point]:
        """The points one by one, at most so many sizes; notes the sizes that have none."""
        givens = (*self.problem.givens, *conditions)
        made: dict[int, Point] = {}

        def works(setting: Setting) -> bool:
            point = made[id(setting)] = Point(self.programs, setting, len(made))
            return self._works(point)

        how = (works, self.seed, patience, self.entries, plans)
        sampler = Sampler(self.problem, self.definitions, givens, *how)
        for sizes, count in itertools.islice(self._all_sizes(sampler.allows), most):
            if sampler.entries(sizes) > MOST_ENTRIES:
                skipped.append(f"{_sizes(sizes)}: arrays too large for the oracle")
                continue
            settings = sampler.points(sizes, count)
            yield from (made[id(s)] for s in settings)
            if not settings:
                skipped.append(f"{_sizes(sizes)}: no arrays found that meet the givens")

    def _all_sizes(
        self, allowed: Callable[[Mapping[str, int]], bool]
    ) -> Iterator[tuple[dict[str, int], int]]:
        """Sizes to try and how many points for each, the most telling first."""
        names = self.problem.sizes
        if not names:
            yield {}, 3
            return
        least = self._least_sizes()
        usual = [dict.fromkeys(names, 2)]
        if len(names) > 1:
            usual.append({s: 3 - k % 2 for k, s in enumerate(names)})
            usual.append({s: 1 + (k + 1) % 3 for k, s in enumerate(names)})
        usual += [dict.fromkeys(names, n) for n in (3, 1, 4)]
        found: list[dict[str, int]] = []
        for sizes in usual:
            sizes = {s: n if n >= least.get(s, 1) else least[s] + n % 2 for s, n in sizes.items()}
            if sizes not in found and allowed(sizes):
                found.append(sizes)
        if not found:
            larger = itertools.product(range(1, 13), repeat=min(len(names), 3))
            some = (dict(zip(names, [*n, *n[-1:] * len(names)], strict=False)) for n in larger)
            found = list(itertools.islice(filter(allowed, some), 4))
        for sizes in found:
            yield sizes, 2 if sizes == found[0] else 1

    def _least_sizes(self) -> dict[str, int]:
        """The sizes that entries with a fixed index, such as x[3], ask for."""
        least: dict[str, int] = {}
        terms = [self.problem.objective, *self.problem.givens, *itertools.chain(*self.problem.wrt)]
        terms += [d.body for d in self.definitions.values()]
        for s in itertools.chain.from_iterable(map(subterms, terms)):
            slots = self.problem.shapes.get(name_of(s), ()) if is_element(s) else ()
            for over, i in zip(slots, indices_of(s) if slots else (), strict=False):
                if isinstance(over, Size) and is_number(i):
                    name = name_of(over)
                    least[name] = max(least.get(name, 1), int(value_of(i)))
        return least

    def _works(self, point: Point) -> bool:
        """Whether the objective and its first derivatives are defined at the point."""
        objective = self.problem.objective
        terms = [objective, *(diff(objective, v[0]) for v in self.problem.wrt)]
        try:
            for t in terms:
                if self.cost(t, point) > self.budget:
                    continue
                free = tuple(by_name(free_indices(t)))
                value = point.value(t, free)
                for values in itertools.islice(combinations(free, point.sizes), 3):
                    value(values)
        except NOT_THERE:
            return False
        except UNCLEAR:
            return True
        return True

    # -- one equality at one point ------------------------------------------------------------

    def try_at(self, claim: Claim, point: Point) -> tuple[int, int, Witness | None]:
        """Points that agree, points left out, and a witness if one is found."""
        free = claim.free
        places: Iterable[Key] = combinations(free, point.sizes)
        if _entries(free, point.sizes) > CAP:
            places = random.Random(self.seed).sample(list(places), CAP)
        left, right = point.value(claim.left, free), point.value(claim.right, free)
        meets = None if claim.local == TRUE else point.condition(claim.local, free)
        points = skipped = 0
        for values in places:
            try:
                if meets is not None and not meets(values):
                    continue
                verdict = _agree(left, right, values) or self._decide(claim, values, point)
            except (*NOT_THERE, *UNCLEAR):
                verdict = None
            if verdict is None:
                skipped += 1
            elif verdict is True:
                points += 1
            else:
                return points, skipped, self._witness(claim, values, point, verdict)
        return points, skipped, None

    def _decide(
        self, claim: Claim, values: Key, point: Point
    ) -> Literal[True] | tuple[Any, Any] | None:
        """True, or None where nothing can be said, or the two values; with many digits."""
        a, b = (point.value(t, claim.free, 50)(values) for t in (claim.left, claim.right))
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return True if a == b else (a, b)
        c, d = (point.value(t, claim.free, 80)(values) for t in (claim.left, claim.right))
        if _near(c, d) or abs(minus(a, b)) < 1e-30 > 1e20 * abs(minus(c, d)):
            return True  # also where both are 0 but for rounding
        if not (_near(a, c) and _near(b, d)):
            return None  # noise, such as 0/0 in disguise
        e, f = (point.value(t, claim.free, MANY_DIGITS)(values) for t in (claim.left, claim.right))
        if _near(e, f):
            return True  # one side had lost all of its digits: 10**130 - 10**130 + 10**46
        if not (_near(c, e) and _near(d, f)):
            return None
        return float(a), float(b)

    def _witness(self, claim: Claim, at: Key, point: Point, values: tuple[Any, Any]) -> Witness:
        indices = {str(i.name): v for i, v in zip(claim.free, at, strict=True)}
        seen = self._names_below(names(claim.left) | names(claim.right))
        sizes = {n: v for n, v in point.sizes.items() if n in seen}
        arrays = {n: t for n, t in point.setting.arrays.items() if n in seen}
        return Witness(sizes, indices, arrays, *values)

    def _names_below(self, seen: frozenset[str]) -> set[str]:
        """The names, and those that their definitions depend on."""
        out, todo = set(seen), list(seen)
        while todo:
            d = self.definitions.get(todo.pop())
            if d is not None:
                new = names(d.body) - out
                out |= new
                todo.extend(new)
        return out

    # -- cost -------------------------------------------------------------------------------

    def cost(self, t: Term, point: Point) -> int:
        """About how many operations the term takes at all values of its free indices."""
        return min(_entries(free_indices(t), point.sizes), CAP) * self._loops(t, point)

    def _loops(self, t: Term, point: Point) -> int:
        if t in point.costs:
            return point.costs[t]
        found = 1
        if not is_element(t):
            found += sum(point.costs.of(t.args, lambda a: self._loops(a, point)))
            if isinstance(t, Reduction):
                found *= extent(t.index.size, point.sizes)
            elif isinstance(t, (Diff, Partial)):
                found = (found + self._below(t, point)) * 3 ** (len(t.args) - 1)
        point.costs[t] = found
        return found

    def _below(self, t: Term, point: Point) -> int:
        """The definitions under a derivative, evaluated anew for every entry of its variables."""
        if isinstance(t, Partial):
            return 0
        below = self._names_below(names(t.args[0]))
        total = 0
        for name in below & self.programs(0).dependents(name_of(t.args[1])):
            total += point.definition_costs.get(name) or self._definition_cost(name, point)
        return total

    def _definition_cost(self, name: str, point: Point) -> int:
        d = self.definitions[name]
        cost = _entries(d.params, point.sizes) * self._loops(d.body, point)
        point.definition_costs[name] = cost
        return cost


def evaluate(
    term: Term, problem: Problem, setting: Setting, indices: Mapping[Term, int] | None = None
) -> Any:
    """The value of a term at a point: a Fraction where it is rational, else a float.

    >>> from derivation.terms import element, index, mul, size, sum_over
    >>> K = size("K"); i = index("i", K)
    >>> problem = Problem("", {}, element("z", i), (), {"z": (K,)}, ("K",))
    >>> point = Setting({"K": 2}, {"z": {(1,): Fraction(1, 2), (2,): Fraction(3)}})
    >>> evaluate(sum_over(mul(i, element("z", i)), i), problem, point)
    Fraction(13, 2)
    """
    program = Program(problem.definitions, problem.labels, Exact(50))
    world = program.world(setting.sizes, setting.arrays)
    value = plain(program.value(term, world, indices or {}))
    return value if isinstance(value, Fraction) else float(value)


class _Trial:
    """Claims tried at one point after the other, within the budget."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.spent, self.points = oracle, 0, 0
        self.sizes: list[dict[str, int]] = []
        self.skipped = list(oracle.skipped())
        self.tried: dict[str, int] = {}
        self.why: dict[str, str] = {}  # why a step has not been tried
        self.settings: list[Setting] = []

    def run(self, claims: Sequence[tuple[str, Claim]]) -> None:
        """Tries the claims, all of them at small sizes before any at larger ones."""
        groups: dict[tuple[Term, ...], list[tuple[str, Claim]]] = {}
        for number, claim in claims:
            groups.setdefault(claim.everywhere, []).append((number, claim))
            self.tried.setdefault(number, 0)
        tables = [(self.oracle.points(c), members) for c, members in groups.items()]
        for points, members in tables:
            what = "not defined at any point" if points else "no point meets its conditions"
            self.why.update((n, what) for n, _ in members)
        for rank in range(max((len(points) for points, _ in tables), default=0)):
            for points, members in tables:
                if rank < len(points):
                    self._at(points[rank], members)

    def _at(self, point: Point, claims: list[tuple[str, Claim]]) -> None:
        terms = {t for _, c in claims for t in (c.left, c.right)}
        cost = sum(self.oracle.cost(t, point) for t in terms)
        if self.spent + cost > self.oracle.budget * (1 if self.sizes else FIRST):
            reason = "too many terms for the oracle's budget"
            self.why.update((n, reason) for n, _ in claims)
            reason = f"{_sizes(point.sizes)}: {reason}"
            self.skipped += [reason] if reason not in self.skipped else []
            return
        self.spent += cost
        before = self.points
        for number, claim in claims:
            count, _, witness = self.oracle.try_at(claim, point)
            if witness is not None:
                raise Refuted(number, witness)
            self.tried[number] += count
            self.points += count
        if self.points > before:
            self.settings.append(point.setting)
            if dict(point.sizes) not in self.sizes:
                self.sizes.append(dict(point.sizes))

    def checked(self) -> Checked:
        """What has been tried."""
        untried = [f"step {n}: {self.why[n]}" for n, count in self.tried.items() if not count]
        skipped = (*self.skipped, *untried)
        return Checked(tuple(self.sizes), self.points, skipped, tuple(self.settings))


def _claims(steps: Sequence[Step]) -> list[tuple[str, Claim]]:
    """The equalities of all steps and substeps that a reader is shown, each once, with its number.

    What a step assumes, its substeps assume too. Single moves (level 2) are not tried: the checker
    has judged each, and they are most of the work.
    """
    out = []
    seen = set()
    todo = [(step, step.conditions) for step in reversed(steps)]
    while todo:
        step, conditions = todo.pop()
        for sub in reversed([s for s in step.substeps if s.level < MOVE]):
            todo.append((sub, tuple(dict.fromkeys((*conditions, *sub.conditions)))))
        what = (step.before, step.after, conditions)
        if step.before != step.after and what not in seen:
            seen.add(what)
            out.append((step.number, Claim(*what, True)))
    return out


def _agree(
    left: Callable[[Sequence[int]], Number], right: Callable[[Sequence[int]], Number], at: Key
) -> bool:
    """Whether the values agree in floats; if not, they are to be looked at with more digits."""
    try:
        a, b = left(at), right(at)
    except UNCLEAR:
        return False
    return bool(abs(a - b) <= 1e-9 * abs(a) + 1e-13 and abs(a) < 1e200)


def _entries(indices: Iterable[Term], sizes: Mapping[str, int]) -> int:
    return int(math.prod(extent(i.size, sizes) for i in indices))


def _near(a: Any, b: Any) -> bool:
    return bool(abs(minus(a, b)) * 10**25 <= abs(a) + abs(b))


def _sizes(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{n}={v}" for n, v in sizes.items()) or "the only size"


def _shown(x: Any) -> str:
    return str(x) if isinstance(x, (Fraction, int)) else f"{float(x):.12g}"


def _nested(table: Mapping[Key, Any]) -> str:
    """The entries as nested lists; of many, their number."""
    if () in table:
        return _shown(table[()])
    if len(table) > 16:
        return f"({len(table)} entries)"
    rows: dict[int, dict[Key, Any]] = {}
    for (first, *rest), x in table.items():
        rows.setdefault(first, {})[tuple(rest)] = x
    return f"[{', '.join(map(_nested, rows.values()))}]"
