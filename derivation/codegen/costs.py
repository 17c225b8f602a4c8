"""What a computation costs, so that of two orders of the same sums the cheaper one is chosen.

Sizes are symbols, so costs are compared at several of them: all alike, and each size small or
large beside the others. The unit is one pass over an entry of an array. A product of matrices
takes far less than a pass for each of its multiplications, but no less than it takes to read its
factors; exponentials take several.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from derivation.codegen.nodes import Axis, Node, Statement, children, key

MULTIPLICATION = 0.03  # of a product of matrices, in passes
HALF = 0.5  # a pass that only reads
FUNCTION = 5.0
USUAL, SMALL, LARGE = 100, 16, 1000
CHEAPER, HARDLY_DEARER = 0.9999, 1.1
MOST_SIZES = 5  # of which all combinations are looked at

Sizes = Mapping[str, int]


class Costs:
    """Costs of lists of statements of one program; computations are known up to their letters."""

    def __init__(self, sizes: Iterable[str]) -> None:
        names = sorted(set(sizes))
        usual = dict.fromkeys(names, USUAL)
        corners = [
            dict.fromkeys(names, SMALL) | dict.fromkeys(chosen, LARGE)
            for n in ((1, 2) if len(names) > MOST_SIZES else range(1, len(names)))
            for chosen in itertools.combinations(names, n)
        ]
        self.sizes: list[Sizes] = [usual, *corners]
        self._keys: dict[Node, Any] = {}
        self._own: dict[Node, list[float]] = {}

    def key(self, n: Node) -> Any:
        """The computation up to letters."""
        found = self._keys.get(n)
        if found is None:
            found = self._keys[n] = key(n)[0]
        return found

    def of(self, statements: Sequence[Statement]) -> list[float]:
        """The cost at each of the sizes; what occurs twice is computed once."""
        total = [0.0] * len(self.sizes)
        seen: set[Any] = set()
        work = [s.node for s in statements]
        while work:
            n = work.pop()
            if n.op in ("const", "size", "pi", "inf"):
                continue
            if n.op != "array":
                label = self.key(n)
                if label in seen:
                    continue
                seen.add(label)
            for k, cost in enumerate(self._cost(n)):
                total[k] += cost
            work.extend(children(n))
        return total

    def _cost(self, n: Node) -> list[float]:
        found = self._own.get(n)
        if found is None:
            found = self._own[n] = [cost(n, at) for at in self.sizes]
        return found


def is_better(new: Sequence[float], old: Sequence[float]) -> bool:
    """Cheaper at the usual sizes, and hardly dearer at any others."""
    others = zip(new[1:], old[1:], strict=True)
    return new[0] <= CHEAPER * old[0] and all(a <= HARDLY_DEARER * b for a, b in others)


def length(axes: Iterable[Axis], at: Sizes) -> int:
    """The number of entries of an array with these axes."""
    return math.prod(_size(a.size, at) for a in axes)


def _size(size: Any, at: Sizes) -> int:
    return int(size) if getattr(size, "is_Integer", False) else at.get(str(size), USUAL)


def cost(n: Node, at: Sizes) -> float:
    """What this operation alone takes, its arguments being there."""
    if n.op == "array":
        gathered = any(isinstance(s, Node) for s in n.data[1])
        return float(length(n.axes, at)) if gathered else 0.0
    out = length(n.axes, at)
    if n.op == "contract":
        left, right = n.args
        everything = dict.fromkeys((*left.axes, *right.axes))
        whole = length(everything, at)
        read = HALF * (length(left.axes, at) + length(right.axes, at)) + out
        mine = [a for a in left.axes if a not in right.axes]
        yours = [a for a in right.axes if a not in left.axes]
        if mine and yours:
            return max(read, MULTIPLICATION * whole)
        return read if not n.axes or mine or yours else max(read, HALF * whole)
    if n.op == "reduce":
        return float(length(n.args[0].axes, at)) * HALF + out
    if n.op in ("add", "mul"):
        return float((len(n.args) - 1) * out)
    if n.op == "fn":
        return FUNCTION * out
    if n.op in ("softmax", "log_softmax"):
        return (FUNCTION + 2) * out
    if n.op == "pow":
        small = n.args[1].op == "const" and n.args[1].data == 2
        return (1.0 if small else FUNCTION) * out
    return float(out)
