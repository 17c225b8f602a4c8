"""Sums of products in the order that costs least, across all statements of a function.

``sum over c of G[n,c] O[n,c]`` with ``O = A @ V`` is also ``sum over m of A[n,m] (G @ V.T)[n,m]``;
where ``G @ V.T`` is computed anyhow and nothing else reads O, a product of matrices is saved.
So are products that are summed in two ways, and products of several matrices in the wrong order.
Every change is one of the order in which the same finite sums are taken; which is better is asked
of `costs`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from derivation.codegen import sums
from derivation.codegen.costs import Costs, is_better
from derivation.codegen.nodes import (
    ONE,
    Axis,
    Node,
    Statement,
    bound,
    const,
    div,
    mul,
    rebuilt,
    reduce,
    relabel,
    walk,
)
from derivation.terms import fresh_index

MOST_FACTORS = 5
MOST_COMBINATIONS = 100
MOST_ROUNDS = 20
MOST_STATEMENTS = 60  # a deep network is in the order of back-propagation already

Factors = tuple[list[Node], list[Axis]]


def reordered(
    statements: Sequence[Statement], needed: Callable[[Sequence[Statement]], list[Statement]]
) -> list[Statement]:
    """The statements with their sums of products in a better order.

    Args:
        statements: In an order in which they can run, the outputs among them.
        needed: Which of some statements the outputs take.
    """
    best = needed(statements)
    if len(best) > MOST_STATEMENTS:
        return best
    costs = Costs(str(a.size) for s in best for m in walk(s.node) for a in (*m.axes, *bound(m)))
    price = costs.of(best)
    for _ in range(MOST_ROUNDS):
        found = None
        for candidate in _candidates(best):
            kept = needed(candidate)
            new = costs.of(kept)
            if is_better(new, price) and (found is None or new[0] < found[1][0]):
                found = kept, new
        if found is None:
            break
        best, price = found
    return best


def _candidates(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    yield from _without_a_name(statements)
    yield from _one_sum_otherwise(statements)


def _without_a_name(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """A named sum of products put into the sums that read it, each taken in any order."""
    for s in statements:
        inside = _factors(s.node)
        if inside is None or not inside[1]:
            continue
        uses = list(dict.fromkeys(u for t in statements for u in _uses(t.node, s.name)))
        everywhere = sum(_count(t.node, s.name) for t in statements)
        if not uses or everywhere != sum(
            _count(u, s.name) * sum(_occurs(t.node, u) for t in statements) for u in uses
        ):
            continue
        options = [list(_orders(_opened(u, s))) for u in uses]
        size = 1
        for o in options:
            size *= len(o)
        if not 0 < size <= MOST_COMBINATIONS:
            continue
        for chosen in itertools.product(*options):
            yield _replaced(statements, dict(zip(uses, chosen, strict=True)))


def _one_sum_otherwise(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """One sum of products in another order."""
    found = dict.fromkeys(m for s in statements for m in walk(s.node) if _is_sum(m))
    for m in found:
        opened = _factors(m)
        if opened is None:
            continue
        for other in _orders(opened):
            if other != m:
                yield _replaced(statements, {m: other})


def _is_sum(n: Node) -> bool:
    return n.op == "contract" or (n.op == "reduce" and n.data[0] == "sum")


def _factors(n: Node) -> Factors | None:
    """A sum of products as its factors and the letters it is summed over; None for others."""
    found: list[Node] = []
    over: list[Axis] = []
    taken = {str(a.name) for m in walk(n) for a in (*m.axes, *bound(m))}

    def visit(m: Node) -> None:
        if m.op in ("mul", "neg"):
            found.extend([const(-1)] if m.op == "neg" else [])
            for f in m.args:
                visit(f)
            return
        if m.op == "div" and not m.args[1].axes:
            found.append(div(ONE, m.args[1]))
            visit(m.args[0])
            return
        if m.op == "contract" or (m.op == "reduce" and m.data[0] == "sum"):
            swap = {}
            for a in bound(m):
                new = fresh_index(a, taken) if a in over or a in n.axes else a
                taken.add(str(new.name))
                swap[a] = new
                over.append(new)
            for a in m.args:
                inner = sums.relabel_all(a, {k: v for k, v in swap.items() if k != v})
                if inner is None:
                    raise LookupError
                visit(inner)
            return
        found.append(m)

    if not _is_sum(n) and n.op not in ("mul", "div", "neg"):
        return None
    try:
        visit(n)
    except LookupError:
        return None
    if not over or any(m.op == "fn" and m.data == "exp" for f in found for m in walk(f)):
        return None  # exponentials stand where neither they nor their inverses overflow
    return found, over


def _uses(n: Node, name: str) -> Iterator[Node]:
    """The outermost sums of products that have the array among their factors."""
    if _is_sum(n):
        opened = _factors(n)
        if opened is not None and any(_reads(f, name) for f in opened[0]):
            yield n
            return
    for c in n.args:
        yield from _uses(c, name)


def _reads(f: Node, name: str) -> bool:
    return f.op == "array" and f.data[0] == name


def _count(n: Node, name: str) -> int:
    return sum(1 for m in walk(n) if _reads(m, name))


def _occurs(n: Node, part: Node) -> int:
    return sum(1 for m in walk(n) if m == part)


def _opened(use: Node, s: Statement) -> Factors:
    """The factors of a sum with those of the named sum of products put in."""
    opened = _factors(use)
    if opened is None:
        raise TypeError(f"no sum of products: {use.op}")
    found, over = opened
    taken = {str(a.name) for m in walk(use) for a in (*m.axes, *bound(m))}
    taken |= {str(a.name) for a in over}
    result: list[Node] = []
    for f in found:
        if not _reads(f, s.name):
            result.append(f)
            continue
        mine = {str(a.name) for m in walk(s.node) for a in (*m.axes, *bound(m))}
        rename: dict[Axis, Axis] = {}
        for a in dict.fromkeys((*s.axes, *(b for m in walk(s.node) for b in bound(m)))):
            rename[a] = fresh_index(a, taken | mine)
            taken.add(str(rename[a].name))
        body = renamed(s.node, rename)
        place = dict(zip((rename[a] for a in s.axes), f.data[1], strict=True))
        inner = _factors(body)
        if inner is None:
            raise TypeError("no sum of products")
        result += [relabel(g, place) for g in inner[0]]
        over = [*over, *inner[1]]
    return result, over


def renamed(n: Node, swap: dict[Axis, Axis]) -> Node:
    """The node with other letters, bound ones too; the new ones occur nowhere in it."""
    new = rebuilt(n, lambda m: renamed(m, swap))
    if n.op == "array":
        return relabel(new, swap)
    axes = tuple(swap.get(a, a) for a in n.axes)
    data = n.data
    if n.op == "reduce":
        data = (n.data[0], tuple(swap.get(a, a) for a in n.data[1]))
    elif n.op in ("contract", "softmax", "log_softmax"):
        data = tuple(swap.get(a, a) for a in n.data)
    return Node(n.op, new.args, axes, data)


def _orders(opened: Factors) -> Iterator[Node]:
    """The sum, each pair of its factors multiplied first, or in two stages."""
    factors, over = opened
    numbers = [f for f in factors if not f.axes]
    varying = [f for f in factors if f.axes]
    if not 2 <= len(varying) <= MOST_FACTORS:
        return
    for i, j in itertools.combinations(range(len(varying)), 2):
        a, b = varying[i], varying[j]
        rest = [f for k, f in enumerate(varying) if k not in (i, j)]
        gone = [x for x in over if not any(x in f.axes for f in rest)]
        left = [x for x in over if x not in gone]
        if gone and not all(x in a.axes or x in b.axes for x in gone):
            continue
        first = sums.plan([a, b], gone) if gone else mul(a, b)
        if rest:
            yield from (mul(*numbers, m) for m in _stages([first, *rest], left))
        elif not left:
            yield from (mul(*numbers, m) for m in _stages([a, b], gone))


def _stages(factors: Sequence[Node], over: Sequence[Axis]) -> Iterator[Node]:
    """The sum at once, of the product made before, and with one of its letters summed last."""
    if not over:
        yield mul(*factors)
        return
    yield sums.plan(factors, over)
    varying = [f for f in factors if f.axes]
    if len(varying) > 1 and all(set(f.axes) == set(varying[0].axes) for f in varying):
        yield reduce("sum", mul(*factors), over)
    if len(over) > 1:
        for x in over:
            part = sums.plan(factors, [y for y in over if y != x])
            if x in part.axes:
                yield reduce("sum", part, (x,))


def _replaced(statements: Sequence[Statement], swap: dict[Node, Node]) -> list[Statement]:
    def visit(m: Node) -> Node:
        found = swap.get(m)
        return found if found is not None else rebuilt(m, visit)

    return [replace(s, node=visit(s.node)) for s in statements]
