"""The text of sums: reductions, products of matrices, ``einsum``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from derivation.codegen.dialects import Dialect
from derivation.codegen.nodes import Axis, Node, const, mul, power, walk
from derivation.codegen.program import natural

OR, COMPARED, SUM, PRODUCT, UNARY, POWER, ATOM = range(7)
Text = tuple[str, int]


class SumPrinter:
    """The part of a printer that knows of sums over axes."""

    dialect: Dialect
    name_of: Callable[[str], str]

    if TYPE_CHECKING:

        @property
        def np(self) -> str: ...
        def text(self, n: Node, order: tuple[Axis, ...]) -> Text: ...
        def at(self, text: Text, least: int) -> str: ...
        def _transposed(self, text: Text, own: Sequence[Axis], order: tuple[Axis, ...]) -> Text: ...

    def _reduce(self, n: Node, order: tuple[Axis, ...]) -> Text:
        kind, over = n.data
        inner = n.args[0]
        own = natural(inner)
        rest = tuple(a for a in own if a not in over)
        if all(len(m.axes) < len(own) for m in walk(inner) if m.op == "array"):
            own = (*order, *over)  # a wide product that is made for this sum alone
            rest = order
        if len(own) == 2 and rest != order:
            return self._transposed(self._reduce(n, rest), rest, order)
        text = self._reduced(kind, inner, own, over, False)
        return self._transposed(text, rest, order)

    def _kept(self, n: Node, order: tuple[Axis, ...]) -> Text | None:
        """A reduction that keeps its axes, where they stand just where the others are missing."""
        kind, over = n.data
        own = natural(n.args[0])
        if len(own) != len(order):
            return None
        for mine, there in zip(own, order, strict=True):
            if mine not in over and mine != there:
                return None
            if mine in over and there in n.axes:
                return None
        return self._reduced(kind, n.args[0], own, over, True)

    def _reduced(
        self, kind: str, inner: Node, own: tuple[Axis, ...], over: Sequence[Axis], keep: bool
    ) -> Text:
        if kind == "prod" and self.dialect.is_torch and len(over) > 1:
            first = Node(
                "reduce", (inner,), tuple(a for a in inner.axes if a != over[0]), (kind, over[:1])
            )
            return self._reduced(kind, first, natural(first), over[1:], keep)
        places = sorted(own.index(a) for a in over)
        options = []
        if len(places) < len(own) or keep:
            where = str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
            options.append(f"{self.dialect.axis}={where}")
        if keep:
            options.append(f"{self.dialect.keep}=True")
        function = self.dialect.reductions[kind]
        text = self.text(inner, own)
        if text[1] == ATOM and text[0].isidentifier():
            return f"{text[0]}.{function}({', '.join(options)})", ATOM
        return f"{self.np}.{function}({', '.join([text[0], *options])})", ATOM

    def _summed(self, n: Node) -> Node:
        """A product of entries that is summed along rows, as people write it where that is fast.

        NumPy would make an array of the product; ``einsum`` does not.
        """
        if n.op != "contract" or not n.axes or self.dialect.is_numpy:
            return n
        left, right = n.args
        if set(left.axes) != set(right.axes):
            return n
        product = power(left, const(2)) if left == right else mul(left, right)
        return Node("reduce", (product,), n.axes, ("sum", n.data))

    def _contract(self, n: Node, order: tuple[Axis, ...]) -> Text:
        plain = self._summed(n)
        if plain is not n:
            return self._reduce(plain, order)
        left, right = n.args
        over = n.data
        shared = [a for a in order if a in left.axes and a in right.axes]
        mine = [a for a in order if a in left.axes and a not in shared]
        yours = [a for a in order if a in right.axes and a not in shared]
        if len(over) == 1 and not shared and len(mine) <= 1 and len(yours) <= 1:
            return self._matrix_product(n, order, mine, yours)
        if not order and set(left.axes) == set(right.axes) and len(over) > 1:
            return self._inner_product(n)
        if len(over) == 1 and len(mine) == len(yours) == 1 and shared:
            a = self.at(self.text(left, (*shared, mine[0], over[0])), PRODUCT)
            b = self.at(self.text(right, (*shared, over[0], yours[0])), UNARY)
            return self._transposed((f"{a} @ {b}", PRODUCT), (*shared, mine[0], yours[0]), order)
        return self._einsum(n, order)

    def _matrix_product(
        self, n: Node, order: tuple[Axis, ...], mine: list[Axis], yours: list[Axis]
    ) -> Text:
        left, right = n.args
        (axis,) = n.data
        if (mine and yours and order[0] == yours[0]) or (
            not mine and yours and len(left.axes) == 1 and natural(right)[0] in yours
        ):
            left, right, mine, yours = right, left, yours, mine
        if self.dialect.name == "jax" and mine and not yours and natural(left)[0] == axis:
            left, right, mine, yours = right, left, yours, mine  # XLA would copy the transpose
        first = self.text(left, (*mine, axis))
        plain = first[1] == PRODUCT and "@" not in first[0]  # A * B @ C is right and misread
        a = self.at(first, ATOM if plain else PRODUCT)
        b = self.at(self.text(right, (axis, *yours)), UNARY)
        return f"{a} @ {b}", PRODUCT

    def _inner_product(self, n: Node) -> Text:
        left, right = n.args
        order = natural(left)
        a, b = self.text(left, order), self.text(right, order)
        if self.dialect.is_torch or not (a[0].isidentifier() and b[0].isidentifier()):
            return f"{self.np}.sum({self.at(a, PRODUCT)} * {self.at(b, UNARY)})", ATOM
        return f"{self.np}.vdot({a[0]}, {b[0]})", ATOM

    def _einsum(self, n: Node, order: tuple[Axis, ...]) -> Text:
        left, right = n.args
        a, b = natural(left), natural(right)
        letters = letters_for((*a, *b))
        spec = ",".join("".join(letters[x] for x in axes) for axes in (a, b))
        spec += "->" + "".join(letters[x] for x in order)
        texts = self.text(left, a)[0], self.text(right, b)[0]
        shared = set(left.axes) & set(right.axes) & set(order)
        free = bool(set(left.axes) - set(right.axes)) and bool(set(right.axes) - set(left.axes))
        fast = ", optimize=True" if self.dialect.is_numpy and free and not shared else ""
        return f'{self.np}.einsum("{spec}", {texts[0]}, {texts[1]}{fast})', ATOM


def letters_for(axes: Sequence[Axis]) -> dict[Axis, str]:
    """A letter for each axis, its own where that is free and one letter long."""
    found: dict[Axis, str] = {}
    pool = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for a in axes:
        if a in found:
            continue
        own = str(a.name)
        if len(own) != 1 or own not in pool or own in found.values():
            own = next(c for c in pool if c not in found.values())
        found[a] = own
    return found
