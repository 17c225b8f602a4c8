"""An equality to be tried, and a point to try it at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from derivation.oracle.evaluate import Program
from derivation.oracle.points import Setting, by_name, combinations
from derivation.oracle.values import Imprecise, Number, Undefined, plain
from derivation.oracle.worlds import Key, World
from derivation.terms import (
    ONE,
    ZERO,
    ByObject,
    Term,
    all_of,
    conjuncts,
    every,
    free_indices,
    if_else,
    is_element,
    subterms,
)

NOT_THERE = (Undefined, ZeroDivisionError)
UNCLEAR = (Imprecise, OverflowError, RecursionError)


class Claim:
    """An equality to be tried, with what is assumed for it.

    Attributes:
        free: The free indices.
        local: What is assumed of their values.
        everywhere: Conditions on the arrays alone; free indices mean "for every".
    """

    def __init__(
        self, left: Term, right: Term, conditions: Sequence[Term], pointwise: bool, *assuming: Term
    ) -> None:
        self.left, self.right = left, right
        sides = free_indices(left) | free_indices(right)
        local, everywhere = list(assuming), []
        for c in conditions:
            closed = c
            for i in by_name(free_indices(c) - sides):
                closed = every(closed, i)
            if free_indices(closed) and (pointwise or not any(map(is_element, subterms(c)))):
                local.append(closed)
            else:
                everywhere.append(c)
        self.local, self.everywhere = all_of(*local), tuple(everywhere)
        self.free = tuple(by_name(sides | free_indices(self.local)))

    def everywhere_all(self) -> tuple[Term, ...]:
        """All conditions, each one for every value of its indices."""
        return tuple(dict.fromkeys((*self.everywhere, *conjuncts(self.local))))


class Point:
    """A setting with its worlds: floats at once, exact ones when first needed."""

    def __init__(self, programs: Callable[[int], Program], setting: Setting, salt: int) -> None:
        self.salt = salt
        self.setting, self.sizes = setting, setting.sizes
        self._programs = programs
        self._worlds: dict[int, World] = {}
        self._values: dict[tuple[Term, int], dict[Key, Number]] = {}
        self.costs: ByObject[int] = ByObject()
        self.definition_costs: dict[str, int] = {}

    def value(
        self, t: Term, free: tuple[Any, ...], digits: int = 0
    ) -> Callable[[Sequence[int]], Number]:
        """The term as a function of the values of ``free``, which holds its free indices.

        In floats (digits 0) or with so many digits. Values are remembered.
        """
        known = self._values.setdefault((t, digits), {})
        program = self._programs(digits)
        world = self._worlds.get(digits)
        if world is None:
            world = self._worlds[digits] = program.world(self.sizes, self.setting.arrays, self.salt)
        code = program.code(t)
        own = [(k, program.slot(i)) for k, i in enumerate(free) if i in free_indices(t)]

        def at(values: Sequence[int]) -> Number:
            key = tuple([values[k] for k, _ in own])
            found = known.get(key)
            if found is None:
                env = program.env()
                for k, slot in own:
                    env[slot] = values[k]
                found = known[key] = plain(code(env, world))
            return found

        return at

    def condition(self, c: Term, free: tuple[Any, ...]) -> Callable[[Sequence[int]], bool]:
        """Whether the condition holds, as a function of the values of ``free``."""
        as_number = if_else(c, ONE, ZERO)
        value = self.value(as_number, free)

        def meets(values: Sequence[int]) -> bool:
            try:
                return bool(value(values))
            except UNCLEAR:
                return bool(self.value(as_number, free, 50)(values))

        return meets

    def everywhere(self, c: Term) -> bool:
        """Whether the condition holds for all values of its free indices."""
        free = tuple(by_name(free_indices(c)))
        try:
            return all(map(self.condition(c, free), combinations(free, self.sizes)))
        except (*NOT_THERE, *UNCLEAR):
            return False
