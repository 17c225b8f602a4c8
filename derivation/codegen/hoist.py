"""Arrays that are others times a narrower factor, for libraries that fuse what is done entrywise.

With ``h = (x - mu) / s`` and s a number, ``g @ h`` is ``g @ (x - mu) / s`` and ``L * h`` is
``L / s * (x - mu)``: numbers are divided instead of arrays. Where every use of an array is such a
one, it is not made at all. (NumPy makes every array it is asked for, and then h serves as well.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from derivation.codegen import sums
from derivation.codegen.nodes import (
    Axis,
    Node,
    Statement,
    bound,
    contract,
    mul,
    rebuilt,
    relabel,
    walk,
)

Definitions = dict[str, tuple[tuple[Axis, ...], Node]]


class _Unsuited(Exception):
    """The array is used in a way that its factor cannot leave."""


def hoisted(
    definitions: Mapping[str, tuple[tuple[Axis, ...], Node]], outputs: Sequence[Statement]
) -> tuple[Definitions, list[Statement]]:
    """Definitions and outputs without the scaled arrays whose factors can leave every use."""
    found, results = dict(definitions), list(outputs)
    for name in definitions:
        scaled = _Scaled.of(name, *found[name])
        if scaled is None:
            continue
        try:
            others = {k: (a, scaled.taken_apart(n)) for k, (a, n) in found.items() if k != name}
            results = [replace(s, node=scaled.taken_apart(s.node)) for s in results]
        except _Unsuited:
            continue
        found = others
    return found, results


class _Scaled:
    """A named array as a narrower factor times an array of its own width."""

    def __init__(self, name: str, axes: tuple[Axis, ...], scale: Node, rest: Node) -> None:
        self.name, self.axes, self.scale, self.rest = name, axes, scale, rest

    @classmethod
    def of(cls, name: str, axes: tuple[Axis, ...], node: Node) -> _Scaled | None:
        parts = list(walk(node))
        if any(bound(m) or (m.op == "fn" and m.data == "exp") for m in parts):
            return None
        factors = sums.flat([node])
        wide = [f for f in factors if set(f.axes) == set(axes)]
        narrow = [f for f in factors if set(f.axes) < set(axes)]
        if len(wide) != 1 or wide[0].op != "add" or all(f.op == "const" for f in narrow):
            return None
        return cls(name, axes, mul(*narrow), wide[0])

    def taken_apart(self, n: Node) -> Node:
        """The node with each use of the array as its factor and the rest, the factor in front."""
        if n.op == "contract":
            factors = [f for a in n.args for f in sums.flat([a])]
            for f in factors:
                if self._is_read(f):
                    scale, rest = self._at(f)
                    if set(scale.axes) & set(n.data):
                        raise _Unsuited
                    return mul(scale, self.taken_apart(_contract_with(n, f, rest)))
        elif n.op in ("mul", "div"):
            factors = sums.flat([n])
            for k, f in enumerate(factors):
                if self._is_read(f):
                    scale, rest = self._at(f)
                    others = [*factors[:k], *factors[k + 1 :]]
                    if not any(set(g.axes) <= set(scale.axes) and g.op != "const" for g in others):
                        raise _Unsuited
                    return self.taken_apart(mul(*others, scale, rest))
        if self._is_read(n):
            raise _Unsuited
        return rebuilt(n, self.taken_apart)

    def _is_read(self, n: Node) -> bool:
        return n.op == "array" and bool(n.data[0] == self.name)

    def _at(self, n: Node) -> tuple[Node, Node]:
        """Factor and rest with the letters that the array is read with."""
        slots = n.data[1]
        if any(isinstance(s, (int, Node)) for s in slots):
            raise _Unsuited
        swap = dict(zip(self.axes, slots, strict=True))
        return relabel(self.scale, swap), relabel(self.rest, swap)


def _contract_with(n: Node, old: Node, new: Node) -> Node:
    """A contraction with one factor, where it occurs first, replaced."""
    left, right = (sums.flat([a]) for a in n.args)
    side = left if old in left else right
    side[side.index(old)] = new
    return contract(mul(*left), mul(*right), n.data)
