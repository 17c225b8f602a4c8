"""The layout tree: what a formula consists of once every bracket and sign is settled.

A format draws these and nothing else; ``notation`` makes them from terms.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Number(NamedTuple):
    """Digits."""

    text: str


class Name(NamedTuple):
    """An array, scalar, index, size or unknown function, with its indices."""

    name: str
    below: tuple[Layout, ...] = ()


class Bold(NamedTuple):
    """The name of a matrix, or 1 or I for the matrix of that entry, in bold type."""

    name: str


class Sign(NamedTuple):
    """``neg`` before a term; between two: ``+ - *`` (a product's dot), ``,`` and relations;
    of matrices ``odot oslash`` entry by entry, and ``top`` for a transpose."""

    token: str


class Space(NamedTuple):
    """Between factors side by side: ``thin``, ``none``, or ``number`` after a coefficient."""

    width: str


class Words(NamedTuple):
    """Plain words in a formula: "if", "and"."""

    text: str


class Function(NamedTuple):
    """The name of a known function, in the language's spelling (``log``), or π as ``pi``."""

    name: str


class Row(NamedTuple):
    """Side by side."""

    items: tuple[Layout, ...]


class Fence(NamedTuple):
    """In brackets: ``(``, ``[`` or ``|``."""

    body: Layout
    kind: str = "("


class Stack(NamedTuple):
    """A fraction, one part above the other."""

    top: Layout
    bottom: Layout


class Slash(NamedTuple):
    """A fraction on one line; its parts have their brackets."""

    top: Layout
    bottom: Layout
    tight: bool


class Script(NamedTuple):
    """A power, or (``order`` set) the order of a derivative, which is in brackets or primes."""

    base: Layout
    above: Layout
    order: bool = False


class Root(NamedTuple):
    """A square root."""

    body: Layout


class Big(NamedTuple):
    """``sum prod max min`` over an index; the size only where it is a fixed number."""

    kind: str
    over: Layout
    size: Layout
    guard: Layout | None
    body: Layout
    fixed: bool = False


class Slots(NamedTuple):
    """∂₁ and so on before a function of several arguments: (slot, order) pairs."""

    orders: tuple[tuple[int, int], ...]
    head: Layout


class Derivative(NamedTuple):
    """∂top/∂below; a compound body follows instead of a top."""

    top: Layout | None
    below: tuple[tuple[Layout, int], ...]
    order: int
    direct: bool
    body: Layout | None = None


class Cases(NamedTuple):
    """Values with their conditions (None: otherwise)."""

    rows: tuple[tuple[Layout, Layout | None], ...]


class Delta(NamedTuple):
    """Kronecker's δ."""

    below: tuple[Layout, ...]


class Mark(NamedTuple):
    """What a step has changed."""

    body: Layout


Layout: TypeAlias = (
    Number | Name | Bold | Sign | Space | Words | Function | Row | Fence | Stack | Slash | Script
    | Root | Big | Slots | Derivative | Cases | Delta | Mark
)  # fmt: skip
