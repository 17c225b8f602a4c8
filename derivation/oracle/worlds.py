"""The tables of all arrays at a point, and at points where one variable is varied."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from derivation.oracle.values import FAILURES, Dual, Field, Number, Undefined
from derivation.terms import Size, Term

if TYPE_CHECKING:
    from derivation.oracle.evaluate import Program

Key: TypeAlias = tuple[int, ...]


def extent(size: Term, sizes: Mapping[str, int]) -> int:
    """The value of a symbolic or fixed size."""
    if isinstance(size, Size):
        return sizes[str(size.name)]
    return int(size)


class World(dict[str, dict[Key, Any]]):
    """The table of every array, at one point; a child differs from its parent by one variable.

    Attributes:
        affected: Names whose entries differ from the parent's.
        cut: Names whose definitions are out of force, since they are varied or held fixed.
        removed: Names that have no definition here at all, as they are varied by ``Diff``.
        frozen: Whether this is the world of a ``Partial``.
    """

    def __init__(
        self,
        program: Program,
        sizes: Mapping[str, int],
        parent: World | None,
        salt: int = 0,
    ) -> None:
        super().__init__(parent if parent is not None else {})
        self.program, self.sizes, self.parent, self.salt = program, sizes, parent, salt
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.memo: dict[Any, Any] = {}
        self.children: dict[Any, World] = {}
        self.affected: frozenset[str] = frozenset()
        self.cut: frozenset[str] = parent.cut if parent is not None else frozenset()
        self.removed: frozenset[str] = parent.removed if parent is not None else frozenset()
        self.frozen: bool = parent is not None and parent.frozen

    def __missing__(self, name: str) -> dict[Key, Any]:
        if self.parent is not None:
            return self.parent[name]
        table = self[name] = _Generic(name, self.program.field, self.salt)
        return table

    def vary(self, name: str, entry: Key, frozen: bool) -> World:
        """The world where this entry has a nilpotent part.

        Frozen (``Partial``): all other names keep their values. Otherwise all definitions but the
        entry's own go on depending on what they are defined by.
        """
        key = (name, entry, frozen)
        found = self.children.get(key)
        if found is None:
            _ = self[name][entry]  # undefined if there is no such entry
            found = self.children[key] = World(self.program, self.sizes, self)
            found[name] = _Varied(self[name], entry, found.depth, self.program.field.one)
            if frozen:
                found.frozen = True
                found.affected = frozenset((name,))
                found.cut = frozenset(self.program.definitions)
            else:
                below = self.program.dependents(name) - self.cut
                for d in below:
                    found[d] = Defined(d, found)
                found.affected = below | {name}
                found.cut = self.cut | {name}
                found.removed = self.removed | {name}
        return found


class Entries(dict[Key, Any]):
    """Entries of an input."""

    def __missing__(self, entry: Key) -> Any:
        raise Undefined("no such entry at these sizes")


class _Generic(dict[Key, Any]):
    """Entries of an array that nothing declares: random rationals, positive for an even salt."""

    def __init__(self, name: str, field: Field, salt: int) -> None:
        self.name, self.field, self.salt = name, field, salt

    def __missing__(self, entry: Key) -> Any:
        rng = random.Random(f"{self.name}{entry}{self.salt}")
        sign = rng.choice((-1, 1)) if self.salt % 2 else 1
        value = self[entry] = self.field.number(Fraction(sign * rng.randrange(5, 60, 2), 32))
        return value


class _Varied(dict[Key, Any]):
    """The parent's entries, one of them with a nilpotent part."""

    def __init__(self, above: dict[Key, Any], entry: Key, tag: int, one: Number) -> None:
        self.above, self.entry, self.tag, self.one = above, entry, tag, one

    def __missing__(self, entry: Key) -> Any:
        value = self.above[entry]
        if entry == self.entry:
            value = Dual(self.tag, value, self.one)
        self[entry] = value
        return value


class Defined(dict[Key, Any]):
    """Entries of a defined array, evaluated in a world when first looked up."""

    def __init__(self, name: str, world: World) -> None:
        self.name, self.world, self.prepared = name, world, False

    def __missing__(self, entry: Key) -> Any:
        program = self.world.program
        if not self.prepared:
            self.prepared = True
            for name in program.far_below(self.name):
                below = self.world[name]
                if isinstance(below, Defined):
                    below.complete()
        slots, body = program.body(self.name)
        env = program.env()
        for slot, i in zip(slots, entry, strict=True):
            env[slot] = i
        value = self[entry] = body(env, self.world)
        return value

    def complete(self) -> None:
        """Evaluates all entries that exist."""
        if self.prepared:
            return
        self.prepared = True
        params = self.world.program.definitions[self.name].params
        sizes = [extent(p.size, self.world.sizes) for p in params]
        for entry in itertools.product(*[range(1, n + 1) for n in sizes]):
            with contextlib.suppress(*FAILURES):
                _ = self[entry]
