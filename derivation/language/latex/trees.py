"""What a formula is before its names mean anything: the tree of what stands on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Number:
    text: str
    pos: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Slot:
    """What stands in an index: a letter, a number, an element, or a step such as ``t-1``.

    ``kind`` is ``letter``, ``number``, ``element`` (a name with indices, as in ``p_{y_i}``) or
    ``step`` (then ``text`` is the letter and ``offset`` what is added).
    """

    kind: str
    text: str
    offset: int = 0
    element: Name | None = None
    above: bool = False  # written as x^{(i)}


@dataclass(frozen=True)
class Name:
    """A letter with accents, primes and labels, and its indices."""

    base: str
    marks: tuple[str, ...] = ()  # hat, bar, prime, star, script …
    label: str = ""
    slots: tuple[Slot, ...] = ()
    pos: int = field(default=0, compare=False)
    latex: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, tuple[str, ...], str]:
        return self.base, self.marks, self.label


@dataclass(frozen=True)
class Add:
    terms: tuple[tuple[str, Tree], ...]  # with their signs


@dataclass(frozen=True)
class Mul:
    factors: tuple[tuple[str, Tree], ...]  # each with what stands before it: "", "*", "/", "o"


@dataclass(frozen=True)
class Frac:
    above: Tree
    below: Tree


@dataclass(frozen=True)
class Power:
    base: Tree
    exponent: Tree


@dataclass(frozen=True)
class Bracket:
    inside: Tree


@dataclass(frozen=True)
class Call:
    """A name and a bracket after it: a function's value, or a product."""

    name: Name
    args: tuple[Tree, ...]
    bar: int  # how many arguments stand before a bar, 0 for none
    slots: tuple[Slot, ...] = ()
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Function:
    """A function with a name of its own; ``tight`` if its argument stands in brackets."""

    name: str
    args: tuple[Tree, ...]
    tight: bool = True
    slots: tuple[Slot, ...] = ()
    primes: int = 0
    pos: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Binder:
    letter: str
    upper: Tree | None = None
    lower: Tree | None = None  # None for 1
    within: str = ""  # the set in ``i \\in S``


@dataclass(frozen=True)
class Reduction:
    kind: str
    binders: tuple[Binder, ...]
    guards: tuple[Condition, ...]
    body: Tree
    pos: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Derivative:
    """``total`` for d, ∂ and δ alike; ``body`` None where it is an operator yet to be applied."""

    body: Tree
    by: tuple[Tree, ...]
    pos: int = field(default=0, compare=False)
    loose: bool = field(default=False, compare=False)  # an operator that may act on more


@dataclass(frozen=True)
class Delta:
    slots: tuple[Slot, Slot]


@dataclass(frozen=True)
class Choice:
    """``\\begin{cases}``; the last condition may be None (otherwise)."""

    cases: tuple[tuple[Tree, Condition | None], ...]


@dataclass(frozen=True)
class Transposed:
    base: Tree


@dataclass(frozen=True)
class Norm:
    inside: Tree
    kind: str  # "2", "1", "abs"


@dataclass(frozen=True)
class Condition:
    """``left op right`` over indices or values; ``also`` joins several by "and"."""

    op: str
    left: Tree
    right: Tree
    also: tuple[Condition, ...] = ()


Tree: TypeAlias = (
    Number
    | Name
    | Add
    | Mul
    | Frac
    | Power
    | Bracket
    | Call
    | Function
    | Reduction
    | Derivative
    | Delta
    | Choice
    | Transposed
    | Norm
)


def children(t: Any) -> Iterator[Any]:
    """The trees right below a tree or a condition."""
    for f in fields(t):
        value = getattr(t, f.name)
        if isinstance(value, tuple):
            for v in value:
                if isinstance(v, tuple):
                    yield from (x for x in v if is_dataclass(x))
                elif is_dataclass(v):
                    yield v
        elif is_dataclass(value):
            yield value


def walk(t: Any) -> Iterator[Any]:
    """A tree and all below it, from the outside in."""
    todo = [t]
    while todo:
        now = todo.pop()
        yield now
        todo.extend(reversed(list(children(now))))


def rebuilt(t: Any, change: Callable[[Any], Any]) -> Any:
    """The tree with every part changed, from the inside out."""

    def part(v: Any) -> Any:
        if isinstance(v, tuple):
            return tuple(part(x) for x in v)
        return rebuilt(v, change) if is_dataclass(v) and not isinstance(v, type) else v

    new = {f.name: part(getattr(t, f.name)) for f in fields(t)}
    same = all(new[f.name] is getattr(t, f.name) for f in fields(t))
    return change(t if same else replace(t, **new))


def free_letters(t: Any) -> set[str]:
    """The index letters that no sum in a tree binds."""
    out: set[str] = set()
    todo: list[tuple[Any, frozenset[str]]] = [(t, frozenset())]
    while todo:
        s, bound = todo.pop()
        if isinstance(s, Reduction):
            bound = bound | {b.letter for b in s.binders}
        if isinstance(s, Slot) and s.kind == "letter" and s.text not in bound:
            out.add(s.text)
        todo.extend((c, bound) for c in children(s))
    return out
