"""A computation as a list of statements: each array once, only what is needed, in order.

What occurs twice, whatever letters it is read with, becomes a statement of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from derivation.codegen.nodes import (
    Axis,
    Node,
    Statement,
    add,
    array,
    children,
    key,
    neg,
    rebuilt,
    walk,
)
from derivation.codegen.reorder import reordered

MOST_TERMS = 6  # of a sum that is looked through for parts


class Program:
    """Statements in an order in which they can run.

    Args:
        definitions: Arrays by name, each with its axes.
        outputs: What is asked for, in the same form.
        taken: Names that a new statement may not have.
    """

    def __init__(
        self,
        definitions: Mapping[str, tuple[tuple[Axis, ...], Node]],
        outputs: Iterable[Statement],
        taken: Iterable[str],
    ) -> None:
        found = [Statement(n, axes, node) for n, (axes, node) in definitions.items()]
        outputs = list(outputs)
        self.outputs = [o.name for o in outputs]
        self.statements = [*found, *outputs]
        self.taken = set(taken) | {s.name for s in self.statements}
        self.own: set[str] = set()  # arrays that have no name in the formulas
        self.made: dict[str, str] = {}  # names of new statements, with what they are called after
        self._drop_unused()
        self.statements = reordered(self.statements, self._kept)
        self._sort()
        self._nest()
        self._share()

    def names_in(self, name: str) -> set[str]:
        """The arrays that a statement reads."""
        return arrays(self.statement(name).node)

    def statement(self, name: str) -> Statement:
        return next(s for s in self.statements if s.name == name)

    def needed(self, wanted: Iterable[str]) -> list[Statement]:
        """The statements that some of the outputs take, in order."""
        return _reached(self.statements, wanted)

    def _kept(self, statements: Sequence[Statement]) -> list[Statement]:
        return _reached(statements, self.outputs)

    def split(self, part: Node) -> None:
        """Makes a statement of its own for a part of some statement."""
        self._extract(part)

    def settle(self) -> None:
        """Gives the new statements their names, numbered in the order in which they run."""
        swap: dict[str, str] = {}
        for s in self.statements:
            if s.name in self.made:
                swap[s.name] = self._fresh(self.made[s.name])
                self.own.add(swap[s.name])

        def renamed(m: Node) -> Node:
            m = rebuilt(m, renamed)
            if m.op == "array" and m.data[0] in swap:
                return array(swap[m.data[0]], m.data[1])
            return m

        self.statements = [
            Statement(swap.get(s.name, s.name), s.axes, renamed(s.node)) for s in self.statements
        ]
        self.made = {}

    # -- what is used -----------------------------------------------------------------------

    def _drop_unused(self) -> None:
        self.statements = self.needed(self.outputs)

    def _sort(self) -> None:
        by_name = {s.name: s for s in self.statements}
        done: dict[str, Statement] = {}

        def visit(s: Statement) -> None:
            if s.name in done:
                return
            for m in walk(s.node):
                if m.op == "array" and m.data[0] in by_name:
                    visit(by_name[m.data[0]])
            done[s.name] = s

        for s in self.statements:
            visit(s)
        self.statements = list(done.values())

    # -- what occurs more than once ---------------------------------------------------------

    def _nest(self) -> None:
        """Sums of which a part is a sum elsewhere begin with that part, so that it is shared."""
        sums = [m for s in self.statements for m in walk(s.node) if m.op == "add" and is_work(m)]
        known = {(len(m.args), key(m)[0]) for m in sums}
        lengths = sorted({n for n, _ in known}, reverse=True)

        def nested(m: Node) -> Node:
            m = rebuilt(m, nested)
            if m.op != "add" or len(m.args) > MOST_TERMS:
                return m
            for n in (n for n in lengths if n < len(m.args)):
                for places in combinations(range(len(m.args)), n):
                    chosen = [m.args[k] for k in places]
                    rest = [a for k, a in enumerate(m.args) if k not in places]
                    part = add(*chosen)
                    if part.op == "add" and (n, key(part)[0]) in known:
                        return Node("add", (nested(part), *rest), m.axes)
                    part = add(*map(neg, chosen))
                    if part.op == "add" and (n, key(part)[0]) in known:
                        part = nested(part)
                        return Node("add", (*rest, Node("neg", (part,), part.axes)), m.axes)
            return m

        self.statements = [replace(s, node=nested(s.node)) for s in self.statements]

    def _share(self) -> None:
        while True:
            counts: Counter[Any] = Counter()
            examples: dict[Any, Node] = {}
            for s in self.statements:
                for m in walk(s.node):
                    if is_work(m):
                        found = key(m)[0]
                        counts[found] += 1
                        examples.setdefault(found, m)
            repeated = [k for k, n in counts.items() if n > 1]
            if not repeated:
                return
            best = max(repeated, key=lambda k: _weight(examples[k]))
            part = examples[best]
            whole = next(
                (s for s in self.statements if self._is_whole(s, best)),
                None,
            )
            if whole is not None:
                self._replace(whole.node, whole.name, whole.axes, keep=whole.name)
                self._sort()
                continue
            self._extract(part)

    def _extract(self, part: Node) -> None:
        name = f" {len(self.made)}"  # no name of a problem begins so
        order = self._order(part)
        self.made[name] = self._called(part)
        self.statements.append(Statement(name, order, part))
        self._replace(part, name, order, keep=name)
        self._sort()

    def _order(self, part: Node) -> tuple[Axis, ...]:
        """The order of axes that suits the place where the part stands first."""
        for s in self.statements:
            for m in walk(s.node):
                if m.op in ("where", "and") and part in m.args and is_mask(part):
                    return tuple(a for a in natural(m) if a in part.axes)
                if m == part and set(part.axes) <= set(s.axes):
                    order = tuple(a for a in s.axes if a in part.axes)
                    if bends(part, order):
                        return order
        for s in self.statements:
            for order in _beside(s.node, part):
                if bends(part, order):
                    return order
        return natural(part)

    def _called(self, part: Node) -> str:
        logits = any(
            m.op == "fn"
            and m.data in ("sigmoid", "softplus")
            and part in (m.args[0], *m.args[0].args)
            for s in self.statements
            for m in walk(s.node)
        )
        return (
            "logits" if logits and part.op in ("add", "contract", "mul", "div") else name_for(part)
        )

    @staticmethod
    def _is_whole(s: Statement, wanted: Any) -> bool:
        """Whether the statement is that computation, so that its name may stand for it."""
        return key(s.node)[0] == wanted and len(set(s.axes)) == len(s.node.axes)

    def _replace(
        self, part: Node, name: str, axes: tuple[Axis, ...], keep: str | None = None
    ) -> None:
        """Reads the named array wherever the part is computed, with the letters of the place."""
        wanted, letters = key(part)
        places = [letters.index(a) for a in axes]

        def swap(m: Node) -> Node:
            if (len(m.axes) == len(letters) and is_work(m)) or m == part:
                found, here = key(m)
                if found == wanted:
                    return array(name, [here[p] for p in places])
            return rebuilt(m, swap)

        self.statements = [
            s if s.name in (keep, name) else replace(s, node=swap(s.node)) for s in self.statements
        ]

    def _fresh(self, base: str) -> str:
        name, k = base, 1
        while name in self.taken:
            k += 1
            name = f"{base}{k}"
        self.taken.add(name)
        return name


def _reached(statements: Sequence[Statement], wanted: Iterable[str]) -> list[Statement]:
    by_name = {s.name: s for s in statements}
    reached: set[str] = set()
    work = [n for n in wanted if n in by_name]
    while work:
        name = work.pop()
        if name not in reached:
            reached.add(name)
            work.extend(n for n in arrays(by_name[name].node) if n in by_name)
    return [s for s in statements if s.name in reached]


def arrays(n: Node) -> set[str]:
    """The names of the arrays that a node reads."""
    return {m.data[0] for m in walk(n) if m.op == "array"}


def is_work(n: Node) -> bool:
    """Whether the node is worth a name where it occurs twice."""
    if n.op in ("fn", "reduce", "contract", "call", "softmax", "log_softmax"):
        return bool(arrays(n))
    if n.op in ("cmp", "and", "or", "not", "eye"):
        return len(n.axes) > 0
    if n.op in ("add", "mul", "div", "pow", "where"):
        read = sum(m.op == "array" and bool(m.axes) for m in walk(n))
        return len(n.axes) > 0 and read > (n.op != "add")
    return False


def _weight(n: Node) -> int:
    return sum(1 for _ in walk(n))


def is_mask(n: Node) -> bool:
    return n.op in ("cmp", "and", "or", "not")


def natural(n: Node) -> tuple[Axis, ...]:
    """The order of axes in which a node is computed without transposing its widest part."""
    if n.op == "array":
        return n.axes
    if n.op == "contract":
        left, right = n.args
        outer = [a for a in (*natural(left), *natural(right)) if a in n.axes]
        shared = [a for a in outer if a in left.axes and a in right.axes]
        return tuple(dict.fromkeys([*shared, *outer]))
    if n.op == "reduce":
        return tuple(a for a in natural(n.args[0]) if a in n.axes)
    if not n.args or len(n.axes) < 2:
        return n.axes
    parts = (*n.args[1:], n.args[0]) if n.op == "where" else children(n)
    ranked = sorted(parts, key=lambda c: (-len(c.axes), c.op in ("eye", "cmp")))
    order: tuple[Axis, ...] = tuple(dict.fromkeys(a for c in ranked for a in natural(c)))
    leaves = [m for m in walk(n) if m.op == "array" and len(m.axes) > 1]
    if leaves and all(len(m.axes) < len(order) for m in leaves):
        # made by broadcasting: what all have in common keeps its end, so that memory is read along
        common = [a for a in order if all(a in m.axes for m in leaves)]
        last = [a for a in common if all(natural(m)[-1] == a for m in leaves)]
        first = [a for a in common if a not in last]
        order = (*first, *(a for a in order if a not in common), *last)
    return order


def _beside(n: Node, part: Node) -> Iterator[tuple[Axis, ...]]:
    """The orders of axes of the arrays that the part meets entry by entry."""
    if n.op in ELEMENTWISE:
        leaves = _leaves(n)
        if part in leaves:
            for m in leaves:
                if m.op == "array" and m != part and set(m.axes) == set(part.axes):
                    yield natural(m)
        for m in leaves:
            yield from _beside(m, part)
        return
    for m in children(n):
        yield from _beside(m, part)


def _leaves(n: Node) -> list[Node]:
    """What a tree of entrywise operations is computed from."""
    return [x for m in n.args for x in (_leaves(m) if m.op in ELEMENTWISE else [m])]


ELEMENTWISE = ("add", "mul", "div", "pow", "neg", "fn", "where", "call")


def bends(n: Node, order: tuple[Axis, ...]) -> bool:
    """Whether the node comes out with this order of axes without transposing a wide array."""
    if len(n.axes) < len(order):
        return True
    if n.op == "contract":
        return True
    if n.op in ELEMENTWISE:
        return all(bends(a, order) for a in n.args)
    return n.op in ("eye", "cmp") or natural(n) == order


_REDUCED = {"max": "max", "min": "min", "sum": "sum", "mean": "mean", "prod": "prod"}


def name_for(n: Node) -> str:
    """What a person would call it, from the operation and the one array that it is about."""
    about = _about(n)
    if n.op == "fn" and n.data in ("max", "min") and n.args[1].op == "const":
        return name_for(n.args[0])
    if n.op == "fn":
        base = {"sigmoid": "sigma", "softplus": "soft"}.get(n.data, str(n.data))
        return f"{base}_{about}" if about else f"{base}s"
    if n.op == "reduce":
        kind = _REDUCED[n.data[0]]
        return f"{about}_{kind}" if about else {"max": "top", "min": "low"}.get(kind, f"{kind}s")
    if n.op == "contract":
        parts = [_about(a) for a in n.args]
        if all(parts) and parts[0] != parts[1]:
            return f"{parts[0]}_{parts[1]}"
        return f"{about}_squares" if about and n.args[0] == n.args[1] else "product"
    if is_mask(n):
        return "mask"
    if n.op == "add":
        if (
            any(
                a.op == "neg" and a.args[0].op in ("reduce", "array") and len(a.axes) < len(n.axes)
                for a in n.args
            )
            and about
        ):
            return f"{about}_shifted"
        return "diff" if any(a.op == "neg" for a in n.args) else "total"
    if n.op == "pow" and about:
        return f"{about}_power" if n.args[1].data != 2 else f"{about}_squared"
    names = {"where": "masked", "softmax": "probs", "log_softmax": "log_probs", "eye": "eye"}
    return names.get(n.op, f"{about}_scaled" if about else "part")


def _about(n: Node) -> str:
    """The one array of the node's own width that it is computed from, or nothing."""
    if n.op == "array":
        found = {n.data[0]}
    else:
        inner = max((len(m.axes) for m in walk(n) if m.op == "array"), default=0)
        found = {m.data[0] for m in walk(n) if m.op == "array" and len(m.axes) == inner}
    if len(found) != 1:
        return ""
    name = str(next(iter(found))).removesuffix(" masked")
    return "" if name.startswith(" ") or len(name) > 8 else name
